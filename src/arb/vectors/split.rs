//! Two pools that sell for one that buys back: what one cycle, cycles one after the other and both
//! at once can gain.

use super::super::cost::Flash;
use super::super::size::{self, Limits, Plan};
use super::cycle::{hop, read_pool, reason};
use super::{Case, Odd, number};
use crate::dex::{Around, Order, apply, quote_in};
use crate::record::{Pool, Refusal};
use serde_json::Value;

/// Inputs below which every pair was tried.
const MOST: u64 = 1500;

/// Exact enough to be the best on these sizes.
const LIMITS: Limits = Limits { flash: Flash::Own, cap: MOST, reach: 2000, cost: 0, step_cost: 0 };

/// `split_parallel_exhaustive`.
pub(super) fn case(case: &mut Case<'_>) -> Result<(), Odd> {
    let read = |field: &str| {
        read_pool(case.value.get(field).ok_or_else(|| format!("{field} is missing"))?)
    };
    let (sellers, buyer) = ([read("b1")?, read("b2")?], read("a1")?);
    let (gain, inputs) = both_at_once(&sellers, &buyer);
    case.check("best_profit", gain);
    let [x1, x2] = inputs;
    case.check("x1", x1);
    case.check("x2", x2);
    for (field, seller) in ["best_single_b1", "best_single_b2"].iter().zip(&sellers) {
        let plan = single(seller, &buyer)?.ok_or("a single cycle does not gain")?;
        let want = case.value.get(field).cloned().unwrap_or_default();
        for (name, got) in [("x", i128::from(first(&plan))), ("profit", plan.gain)] {
            let want = want.get(name).ok_or_else(|| format!("{field}.{name} is missing"))?;
            case.compare(&format!("{field}.{name}"), want, got);
        }
    }
    greedy(case, sellers, buyer)
}

fn first(plan: &Plan) -> u64 {
    plan.legs.first().copied().unwrap_or(0)
}

/// Both sell, then the buyer takes all at once: every pair of inputs.
fn both_at_once(sellers: &[Pool; 2], buyer: &Pool) -> (i128, [u64; 2]) {
    let out = |pool: &Pool, amount| {
        quote_in(pool, Around::NONE, true, amount).map_or(0, |quote| quote.amount_out)
    };
    let outs: Vec<[u64; 2]> = (0..MOST)
        .map(|input| {
            let [b1, b2] = sellers;
            [out(b1, input), out(b2, input)]
        })
        .collect();
    let mut best = (0, [0; 2]);
    for (x1, [one, _]) in (0_u64..).zip(&outs) {
        for (x2, [_, two]) in (0..MOST.saturating_sub(x1)).zip(&outs) {
            let back = out(buyer, one.saturating_add(*two));
            let gain =
                i128::from(back).saturating_sub(i128::from(x1)).saturating_sub(i128::from(x2));
            if gain > best.0 {
                best = (gain, [x1, x2]);
            }
        }
    }
    best
}

/// The best cycle through one seller.
fn single(seller: &Pool, buyer: &Pool) -> Result<Option<Plan>, Odd> {
    match size::size(&[hop(seller), hop(buyer)], &LIMITS) {
        Ok(sizing) => Ok(Some(sizing.plan)),
        Err(Refusal::NotProfitable | Refusal::BelowCost | Refusal::ZeroSize) => Ok(None),
        Err(refusal) => Err(reason(refusal).to_owned()),
    }
}

/// The best cycle, then the best on what it leaves, until none gains.
fn greedy(case: &mut Case<'_>, mut sellers: [Pool; 2], mut buyer: Pool) -> Result<(), Odd> {
    let log = case.value.get("greedy_log").cloned().unwrap_or_default();
    let log: Vec<Value> = log.as_array().cloned().unwrap_or_default();
    let mut whole = 0_i128;
    for want in &log {
        let seller: usize =
            want.get(0).and_then(Value::as_u64).and_then(|at| at.try_into().ok()).unwrap_or(9);
        let mut best: Option<(usize, Plan)> = None;
        for (at, seller) in sellers.iter().enumerate() {
            let Some(plan) = single(seller, &buyer)? else { continue };
            if best.is_none_or(|(_, held)| plan.gain > held.gain) {
                best = Some((at, plan));
            }
        }
        let (at, _) = best.ok_or("the log goes on where nothing gains")?;
        case.holds("greedy_log: another pool gains more", at == seller);
        // The log's own sizes: more than one input gives the same.
        let input = want.get(1).and_then(Value::as_u64).ok_or("greedy_log: no input")?;
        let held = sellers.get_mut(at).ok_or("greedy_log: no such pool")?;
        let plan = size::plan(&[hop(held), hop(&buyer)], input, Flash::Own).map_err(reason)?;
        let gain = want.get(2).cloned().unwrap_or_default();
        case.compare("greedy_log.gain", &gain, plan.gain);
        let (_, most) = best.ok_or("nothing gains")?;
        case.holds("greedy_log: there is a better size", plan.gain >= most.gain);
        whole = whole.saturating_add(plan.gain);
        let mut amount = input;
        for pool in [held, &mut buyer] {
            let quote = apply(pool, Around::NONE, &Order::exact_in(true, amount));
            amount = quote.map_err(|fault| fault.name().to_owned())?.amount_out;
        }
    }
    case.check("greedy_sequential_profit", whole);
    let _: u64 = number(case.value, "best_profit")?;
    Ok(())
}
