//! A small market: every cycle there is, those that gain, and that the detector lists just these.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::cost::Flash;
use super::super::decide::log2_rate;
use super::super::detect::{Found, Graph, Room};
use super::super::moebius::{Moebius, Rate};
use super::super::size::{self, Hop};
use super::cycle::{hop, pool, reason};
use super::{Case, Odd, number};
use crate::ids::Key;
use crate::record::Pool;

/// A pool of the file.
struct Edge {
    tokens: [usize; 2],
    reserves: [u64; 2],
    fee: u64,
}

impl Edge {
    /// The pool with the token that goes in first.
    fn from(&self, first: bool) -> Pool {
        let [a, b] = self.reserves;
        let (r_in, r_out) = if first { (a, b) } else { (b, a) };
        pool(r_in, r_out, self.fee, 1_000_000)
    }
}

/// A cycle: pools, each with whether its token a goes in.
type Walk = Vec<(usize, bool)>;

/// Every simple cycle of two to four hops from token 0.
fn cycles(edges: &[Edge]) -> Vec<Walk> {
    fn follow(edges: &[Edge], tokens: &mut Vec<usize>, walk: &mut Walk, all: &mut Vec<Walk>) {
        let Some(at) = tokens.last().copied() else { return };
        for (pool, edge) in edges.iter().enumerate() {
            let [a, b] = edge.tokens;
            if walk.iter().any(|(held, _)| *held == pool) || (a != at && b != at) {
                continue;
            }
            let to = if a == at { b } else { a };
            walk.push((pool, a == at));
            if to == 0 && walk.len() > 1 {
                all.push(walk.clone());
            } else if walk.len() < 4 && !tokens.contains(&to) {
                tokens.push(to);
                follow(edges, tokens, walk, all);
                tokens.pop();
            }
            walk.pop();
        }
    }
    let mut all = Vec::new();
    follow(edges, &mut vec![0], &mut Vec::new(), &mut all);
    all
}

/// Checks the group.
pub(super) fn case(case: &mut Case<'_>) -> Result<(), Odd> {
    let list = |field: &str| {
        case.value
            .get(field)
            .and_then(Value::as_array)
            .cloned()
            .ok_or(format!("{field} is no list"))
    };
    let names = list("tokens")?;
    let token = |pool: &Value, field: &str| {
        let name = pool.get(field);
        names.iter().position(|held| Some(held) == name).ok_or(format!("{field} is no token"))
    };
    let edge = |pool: &Value| {
        Ok(Edge {
            tokens: [token(pool, "a")?, token(pool, "b")?],
            reserves: [number(pool, "ra")?, number(pool, "rb")?],
            fee: number(pool, "fee_1e6")?,
        })
    };
    let edges = list("pools")?.iter().map(edge).collect::<Result<Vec<_>, Odd>>()?;
    let profitable = case.value.get("profitable").and_then(Value::as_array).cloned();
    let all = cycles(&edges);
    case.check("cycles_total", all.len());
    let by_hops = case.value.get("by_hops").cloned().unwrap_or_default();
    for (hops, want) in by_hops.as_object().into_iter().flatten() {
        let count = all.iter().filter(|walk| walk.len().to_string() == *hops).count();
        case.compare(&format!("by_hops.{hops}"), want, count);
    }
    let gains: BTreeSet<Walk> =
        all.into_iter().filter(|walk| gains(&edges, walk) == Some(true)).collect();
    case.check("cycles_with_K_gt_M", gains.len());
    let listed = listed(&edges)?;
    case.holds("the detector misses a cycle that gains", gains.is_subset(&listed));
    let also = listed.difference(&gains);
    let near = also.into_iter().all(|walk| gains_nearly(&edges, walk));
    case.holds("the detector lists a cycle that is far from gaining", near);
    for row in profitable.into_iter().flatten() {
        sizes(case, &edges, &gains, &row)?;
    }
    Ok(())
}

/// One profitable cycle as the file sizes it.
fn sizes(
    case: &mut Case<'_>,
    edges: &[Edge],
    gains: &BTreeSet<Walk>,
    row: &Value,
) -> Result<(), Odd> {
    let pools = row.get("pools").and_then(Value::as_array).ok_or("pools is no list")?;
    let pools: Vec<usize> =
        pools.iter().filter_map(Value::as_u64).filter_map(|at| at.try_into().ok()).collect();
    let is_it = |walk: &&Walk| walk.iter().map(|(pool, _)| *pool).eq(pools.iter().copied());
    let Some(walk) = gains.iter().find(is_it) else {
        case.holds(&format!("{pools:?} does not gain"), false);
        return Ok(());
    };
    let held = held(edges, walk);
    let hops: Vec<_> = held.iter().map(hop).collect();
    let found = size::walk(&hops, Flash::Own, 0).map_err(reason)?;
    let trimmed = size::trimmed(&hops, found.input, Flash::Own).map_err(reason)?;
    let first = trimmed.legs.first().copied().unwrap_or(0);
    let got = [
        ("closed_form_x", i128::from(found.input)),
        ("trimmed_x", i128::from(first)),
        ("trimmed_profit", trimmed.gain),
    ];
    for (field, got) in got {
        if let Some(want) = row.get(field) {
            case.compare(&format!("{pools:?}.{field}"), want, got);
        }
    }
    Ok(())
}

fn held(edges: &[Edge], walk: &Walk) -> Vec<Pool> {
    walk.iter().filter_map(|(at, first)| Some(edges.get(*at)?.from(*first))).collect()
}

fn gains(edges: &[Edge], walk: &Walk) -> Option<bool> {
    let held = held(edges, walk);
    let hops: Vec<_> = held.iter().map(hop).collect();
    Moebius::of(&size::curves_at_zero(&hops).ok()?)?.gains(Rate::FREE)
}

/// Whether the sum of rounded-down logarithms is one that can hide a gain.
fn gains_nearly(edges: &[Edge], walk: &Walk) -> bool {
    let rate = |pool: &Pool| {
        let hop = hop(pool);
        log2_rate(&hop.segment(&mut hop.start())?)
    };
    let sum = held(edges, walk).iter().try_fold(0_i32, |sum, pool| sum.checked_add(rate(pool)?));
    sum.is_some_and(|sum| sum.saturating_add_unsigned(4) >= 0)
}

/// What the detector lists after every pool's rates were set, through any of them.
fn listed(edges: &[Edge]) -> Result<BTreeSet<Walk>, Odd> {
    let mint = |token: usize| -> Key { [u8::try_from(token).unwrap_or(u8::MAX); 32] };
    let room = Room { tokens: 256, pools: 256, visits: u32::MAX };
    let mut graph = Graph::new(&[mint(0)], room);
    for edge in edges {
        let [a, b] = edge.tokens;
        let number = graph.add(&mint(a), &mint(b)).map_err(|full| format!("{full:?}"))?;
        let rate = |first: bool| {
            let pool = edge.from(first);
            let hop = hop(&pool);
            log2_rate(&hop.segment(&mut hop.start())?)
        };
        graph.set(number, rate(true), rate(false));
    }
    let mut all = BTreeSet::new();
    let mut found = Found::new(10_000);
    for pool in 0..u32::try_from(edges.len()).unwrap_or(0) {
        for a_to_b in [true, false] {
            found.clear();
            graph.search(pool, a_to_b, &mut found);
            let walks = found.list().iter().map(|one| {
                let steps = one.steps().iter();
                steps.map(|step| (step.pool as usize, step.a_to_b)).collect::<Walk>()
            });
            all.extend(walks);
        }
    }
    Ok(all)
}
