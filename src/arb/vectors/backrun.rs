//! Swaps that open a cycle: the victim is applied, then the cycle behind it is sized.

use super::super::cost::Flash;
use super::super::size;
use super::cycle::{best, hop, read_pool, reason};
use super::{Case, Odd};
use crate::dex::{Around, Order, apply};
use crate::record::{Pool, Refusal};
use serde_json::Value;

/// The pool of `field`.
fn read(value: &Value, field: &str) -> Result<Pool, Odd> {
    read_pool(value.get(field).ok_or_else(|| format!("{field} is missing"))?)
}

/// Token a of `pool` goes in; what comes out.
fn sell(pool: &mut Pool, amount: u64) -> Result<u64, Odd> {
    apply(pool, Around::NONE, &Order::exact_in(true, amount))
        .map(|quote| quote.amount_out)
        .map_err(|fault| fault.name().to_owned())
}

/// The same pool with its tokens named the other way round.
fn turned(pool: &Pool) -> Pool {
    Pool { reserve_a: pool.reserve_b, reserve_b: pool.reserve_a, ..*pool }
}

/// `backrun_after_victim`: the victim sells in pool a, the cycle buys in b and sells back in a.
pub(super) fn after_victim(case: &mut Case<'_>) -> Result<(), Odd> {
    let (mut a, b) = (read(case.value, "pool_a_before")?, read(case.value, "pool_b")?);
    let before = size::walk(&[hop(&b), hop(&turned(&a))], Flash::Own, 0);
    case.check("before_victim_profitable", before.is_ok());
    let out = sell(&mut a, case.number("victim_in")?)?;
    case.check("victim_out", out);
    let after = read(case.value, "pool_a_after")?;
    let same = (a.reserve_a, a.reserve_b) == (after.reserve_a, after.reserve_b);
    case.holds("the pool after the victim is another", same);
    let back = turned(&a);
    let hops = [hop(&b), hop(&back)];
    let walk = size::walk(&hops, Flash::Own, 0).map_err(reason)?;
    case.check("closed_form_x", walk.input);
    let plain = size::plan(&hops, walk.input, Flash::Own).map_err(reason)?;
    case.check("closed_form_profit", plain.gain);
    best(case, &hops, Flash::Own, walk.input)
}

/// `backrun_threshold`: a victim that leaves more than 30 000 lamports, of which
/// one unit less leaves them not, in the pools of
/// `backrun_after_victim`.
pub(super) fn threshold(case: &mut Case<'_>, pools: Option<&Value>) -> Result<(), Odd> {
    const COST: i128 = 30_000;
    const STAIRS: u64 = 1 << 14;
    let pools = pools.ok_or("the pools of backrun_after_victim are missing")?;
    let (a, b) = (read(pools, "pool_a_before")?, read(pools, "pool_b")?);
    let gross = |victim: u64| -> Result<i128, Odd> {
        let mut a = a;
        sell(&mut a, victim)?;
        let back = turned(&a);
        let hops = [hop(&b), hop(&back)];
        match size::walk(&hops, Flash::Own, 0) {
            Ok(walk) => {
                let plan = size::trimmed(&hops, walk.input, Flash::Own).map_err(reason)?;
                Ok(plan.gain)
            }
            Err(Refusal::NotProfitable | Refusal::BelowCost) => Ok(0),
            Err(refusal) => Err(reason(refusal).to_owned()),
        }
    };
    // Rounding makes stairs of the gain: around the threshold it is passed more than once.
    let victim: u64 = case.number("victim_in")?;
    case.check("gross", gross(victim)?);
    case.holds("it leaves too little", gross(victim)? > COST);
    case.holds("one unit less leaves as much", gross(victim.saturating_sub(1))? <= COST);
    case.holds("much less leaves as much", gross(victim.saturating_sub(STAIRS))? <= COST);
    Ok(())
}
