//! Cycles of constant products: composition, closed form, trim, coarse walk, bounds.

use serde_json::{Map, Value};

use super::super::cost::Flash;
use super::super::decide::PoolHop;
use super::super::moebius::{Moebius, Wide, rounding_bound};
use super::super::size::{self, Hop, Limits, MAX_HOPS, Plan};
use super::{Case, Odd, number, parse};
use crate::dex::Around;
use crate::ids::Venue;
use crate::record::{Pool, Refusal};

/// A constant product whose token a goes in.
pub(super) fn pool(r_in: u64, r_out: u64, fee: u64, den: u64) -> Pool {
    let mut pool = Pool::new(0);
    pool.venue = Venue::Feed as u16;
    (pool.reserve_a, pool.reserve_b, pool.present) = (r_in, r_out, Pool::RESERVES);
    (pool.fee_num, pool.fee_den) = (fee, den);
    pool
}

/// Token a of `pool` goes in.
pub(super) fn hop(pool: &Pool) -> PoolHop<'_> {
    PoolHop::new(pool, Around::NONE, true)
}

/// One pool as the file writes it.
pub(super) fn read_pool(value: &Value) -> Result<Pool, Odd> {
    let [r_in, r_out, fee, den] = ["rin", "rout", "fee", "den"].map(|field| number(value, field));
    Ok(pool(r_in?, r_out?, fee?, den?))
}

/// The loan: `[num, den]` of the principal, or none.
pub(super) fn read_flash(value: &Value) -> Result<Flash, Odd> {
    let Some(flash) = value.get("flash") else { return Ok(Flash::Own) };
    let (num, den) = match flash.as_array().map(Vec::as_slice) {
        Some([num, den]) => (parse(num), parse(den)),
        _ => (None, None),
    };
    match (num, den) {
        (Some(0), Some(_)) => Ok(Flash::Own),
        (Some(num), Some(den)) if den > 0 => Ok(Flash::Share { num, den }),
        _ => Err(format!("flash is {flash}, not [num, den]")),
    }
}

/// Checks one case. One that names no pools is about those of the group it is named after.
pub(super) fn case(case: &mut Case<'_>, groups: &Map<String, Value>) -> Result<(), Odd> {
    let owner = if case.has("pools") {
        case.value
    } else {
        let family = case.name.split('_').next().unwrap_or_default();
        groups.get(family).filter(|_| case.has("cap")).unwrap_or(case.value)
    };
    let pools = owner.get("pools").ok_or("pools is missing")?;
    let pools = pools.as_array().ok_or("pools is no list")?;
    if pools.is_empty() || pools.len() > MAX_HOPS {
        return Err(if pools.is_empty() { "pools is empty" } else { "too many pools" }.to_owned());
    }
    let pools = pools.iter().map(read_pool).collect::<Result<Vec<_>, _>>()?;
    let hops: Vec<_> = pools.iter().map(hop).collect();
    let flash = read_flash(case.value)?;
    if case.has("cap") {
        return capped(case, &hops, flash);
    }
    composition(case, &hops, flash)?;
    let walk = size::walk(&hops, flash, 0);
    let input = match walk {
        Ok(walk) => walk.input,
        Err(Refusal::NotProfitable | Refusal::BelowCost) => 0,
        Err(refusal) => return Err(format!("no walk: {}", reason(refusal))),
    };
    case.check("closed_form_x", input);
    if input > 0 {
        sizes(case, &hops, flash, input)?;
    }
    best(case, &hops, flash, input)
}

pub(super) fn reason(refusal: Refusal) -> &'static str {
    refusal.name()
}

/// K, M, N and what follows from them alone.
fn composition(case: &mut Case<'_>, hops: &[PoolHop<'_>], flash: Flash) -> Result<(), Odd> {
    let curves = size::curves_at_zero(hops).map_err(reason)?;
    let cycle = Moebius::of(&curves).ok_or("the composition does not fit")?;
    case.check("K", cycle.k);
    case.check("M", cycle.m);
    case.check("N", cycle.n);
    if let Some(bits) = case.value.get("bits").cloned() {
        let product: Wide = cycle.k.checked_mul(cycle.m).unwrap_or_default();
        let sizes = [("K", cycle.k), ("M", cycle.m), ("N", cycle.n), ("KM", product)];
        for (name, wide) in sizes {
            if let Some(want) = bits.get(name) {
                case.compare(&format!("bits.{name}"), want, wide.bit_len());
            }
        }
    }
    let rate = flash.rate();
    let gains = cycle.gains(rate).ok_or("the test of the margin does not fit")?;
    case.check("profitable_at_margin", gains);
    case.check("K_gt_M", gains);
    case.check("rounding_bound_E", rounding_bound(&curves, &[1; MAX_HOPS]));
    let above = |cost: u64| cycle.gains_above(rate, u128::from(cost)) == Some(true);
    let test = case.value.get("fixed_cost_test").cloned().unwrap_or_default();
    for (holder, field) in [(&test, "largest_C_that_passes"), (case.value, "real_max_profit_floor")]
    {
        if holder.get(field).is_some() {
            let most: u64 = number(holder, field)?;
            let next = most.checked_add(1).ok_or_else(|| format!("{field} is too large"))?;
            case.holds(&format!("{field}: a cost of {most} does not pass"), above(most));
            case.holds(&format!("{field}: a cost of {next} passes"), !above(next));
        }
    }
    Ok(())
}

/// The closed form's plan, trimmed, walked.
fn sizes(case: &mut Case<'_>, hops: &[PoolHop<'_>], flash: Flash, input: u64) -> Result<(), Odd> {
    let plain = size::plan(hops, input, flash).map_err(reason)?;
    let outputs = plain.legs.get(1..=hops.len()).unwrap_or_default();
    case.check_list("closed_form_legs", outputs);
    case.check("closed_form_profit", plain.gain);
    let trimmed = size::trimmed(hops, input, flash).map_err(reason)?;
    case.check("trimmed_x", first(&trimmed));
    case.check("trimmed_profit", trimmed.gain);
    let coarsest = outputs.iter().enumerate().min_by_key(|(_, out)| **out);
    case.check("coarse_hop_index", coarsest.map_or(0, |(at, _)| at));
    let walks = case.value.get("coarse_stair_walk").cloned().unwrap_or_default();
    for (reach, want) in walks.as_object().into_iter().flatten() {
        let name = format!("coarse_stair_walk.{reach}");
        let reach = reach.parse().map_err(|_| format!("{name}: is no number"))?;
        let found = size::refine(
            hops,
            trimmed,
            &Limits { flash, cap: u64::MAX, reach, cost: 0, step_cost: 0 },
        );
        for (field, got) in [("x", i128::from(first(&found))), ("profit", found.gain)] {
            let want = want.get(field).ok_or_else(|| format!("{name}.{field} is missing"))?;
            case.compare(&format!("{name}.{field}"), want, got);
        }
    }
    Ok(())
}

fn first(plan: &Plan) -> u64 {
    plan.legs.first().copied().unwrap_or(0)
}

/// The certified optimum: it is what the quotes give, no plan of ours beats it, and the closed form
/// misses it by no more than the bound.
pub(super) fn best(
    case: &mut Case<'_>,
    hops: &[PoolHop<'_>],
    flash: Flash,
    input: u64,
) -> Result<(), Odd> {
    if case.has("best_x") {
        let plan = size::plan(hops, case.number("best_x")?, flash).map_err(reason)?;
        case.check_list("best_legs", plan.legs.get(1..=hops.len()).unwrap_or_default());
        case.check("best_profit", plan.gain);
    }
    if case.has("best_profit") && input > 0 {
        let most: i128 = case.number("best_profit")?;
        let walk = size::walk(hops, flash, 0).map_err(reason)?;
        let plain = size::plan(hops, input, flash).map_err(reason)?;
        let bounded = plain.gain.saturating_add(i128::from(walk.bound)) >= most;
        case.holds("the closed form misses the best by more than E", bounded);
        let limits = Limits { flash, cap: u64::MAX, reach: 128, cost: 0, step_cost: 0 };
        let refined = size::size(hops, &limits).map_err(reason)?;
        case.holds("a plan beats the certified best", refined.plan.gain <= most);
    }
    if case.has("exhaustive_best_profit") {
        exhaustive(case, hops, flash);
    }
    Ok(())
}

/// Tries every input up to what the vectors scanned.
fn exhaustive(case: &mut Case<'_>, hops: &[PoolHop<'_>], flash: Flash) {
    const MOST: u64 = 60_000;
    let gain = |input| size::plan(hops, input, flash).map_or(0, |plan| plan.gain);
    let (mut most, mut low, mut high) = (0, 0, 0);
    for input in 1..=MOST {
        let gain = gain(input);
        if gain > most {
            (most, low, high) = (gain, input, input);
        } else if gain == most {
            high = input;
        }
    }
    case.check("exhaustive_best_profit", most);
    case.check("exhaustive_best_x_min", low);
    case.check("exhaustive_x_max_with_best", high);
}

/// The optimum of a concave gain under a cap is the cap.
fn capped(case: &mut Case<'_>, hops: &[PoolHop<'_>], flash: Flash) -> Result<(), Odd> {
    let walk = size::walk(hops, flash, 0).map_err(reason)?;
    let input = walk.input.min(case.number("cap")?);
    let plan = size::trimmed(hops, input, flash).map_err(reason)?;
    case.check("x", first(&plan));
    case.check_list("legs", plan.legs.get(1..=hops.len()).unwrap_or_default());
    case.check("profit", plan.gain);
    Ok(())
}

/// What a cycle of any hops gives at `input`, as the file writes it: outputs and gain.
pub(super) fn outcome<H: Hop>(hops: &[H], input: u64) -> Result<(Vec<u64>, i128), Odd> {
    let plan = size::plan(hops, input, Flash::Own).map_err(reason)?;
    Ok((plan.legs.get(1..=hops.len()).unwrap_or_default().to_vec(), plan.gain))
}
