//! What a pending swap lets others take: the largest front-run, its gain, the safe limit.

use super::super::book::{Book, BookRoom};
use super::super::exposure::{Case as Pending, Economics, Market, front, limit};
use super::cycle::read_pool;
use super::{Case, Odd, group_rows};
use crate::dex::{Around, Fault, Moment, Order, Quote};
use crate::record::Pool;
use serde_json::Value;

fn reason(fault: Fault) -> Odd {
    fault.name().to_owned()
}

/// A book of one pool, token a of which goes in.
fn book(value: &Value) -> Result<(Book, Pool), Odd> {
    let pool = read_pool(value.get("pool").ok_or("pool is missing")?)?;
    let pool = Pool { mint_a: [1; 32], mint_b: [2; 32], ..pool };
    let mut book = Book::new(BookRoom { pools: 1, deep_pools: 0, entries: 0 });
    book.put_pool(&pool, |_| true);
    Ok((book, pool))
}

fn market(book: &mut Book) -> Market<'_> {
    Market { book, number: 0, now: Moment::default() }
}

/// The victim of a group, without a limit, and what it gives alone.
fn victim(case: &Case<'_>, market: &mut Market<'_>) -> Result<(Order, Quote), Odd> {
    let order = Order::exact_in(true, case.number("victim_in")?);
    let alone = market.behind(&order, 0).map_err(reason)?;
    Ok((order, alone))
}

/// `sandwich_exposure`: a row for each tolerance.
pub(super) fn case(case: &mut Case<'_>) -> Result<(), Odd> {
    let (mut book, pool) = book(case.value)?;
    let (order, alone) = victim(case, &mut market(&mut book))?;
    case.check("quote_without_attack", alone.amount_out);
    let rows = group_rows(case.value)?;
    for (at, value) in rows.as_array().ok_or("rows is no list")?.iter().enumerate() {
        let name = format!("{} row {at}", case.name);
        let mut row = Case { name, value, report: case.report };
        let ppm = row.number::<u32>("slippage_bps")?.saturating_mul(100);
        row.check("min_out", limit(&order, &alone, ppm));
        let order = Order { limit: Some(row.number("min_out")?), ..order };
        let guess = front(&pool, Around::NONE, &order).ok_or("no bound")?;
        row.check("quadratic_bound", guess);
        let mut market = market(&mut book);
        let most = market.largest(&order, guess).map_err(reason)?;
        row.check("max_front_run_in", most.amount);
        row.check("victim_out", most.victim.amount_out);
        row.check("victim_loss_tokens", alone.amount_out.saturating_sub(most.victim.amount_out));
        let attack = market.attack(&order, most.amount).map_err(reason)?;
        row.check("attacker_gross", attack.gain);
        row.check("back_run_out", attack.gain.saturating_add(i128::from(most.amount)));
        let bought = market.behind(&Order::exact_in(true, most.amount), 0).map_err(reason)?;
        row.check("front_tokens", bought.amount_out);
        let best = market.best(&order, most.amount).ok_or("no attack")?;
        row.check("best_gross_on_grid", best.gain);
        row.check("best_x_on_grid", best.front);
    }
    Ok(())
}

/// `sandwich_break_even`: the first tolerance at which an attack pays, in the pool of
/// `sandwich_exposure`.
pub(super) fn break_even(case: &mut Case<'_>, group: Option<&Value>) -> Result<(), Odd> {
    let group = group.ok_or("the pool of sandwich_exposure is missing")?;
    let (mut book, _) = book(group)?;
    let of_group = Case { name: String::new(), value: group, report: case.report };
    let mut market = market(&mut book);
    let (victim, alone) = victim(&of_group, &mut market)?;
    let attack_cost = case.number("cost")?;
    let economics = Economics { attack_cost, part_cost: 5000, most_parts: 1 };
    let mut pending = Pending { market: &mut market, victim, base_in: true, economics };
    let safe = pending.measure().map_err(reason)?.safe_ppm.ok_or("no limit is safe")?;
    case.check("slippage_1e6", safe.saturating_add(1));
    case.check("safe_min_out", limit(&victim, &alone, safe));
    Ok(())
}

/// `sandwich_tiny_exhaustive`: every front-run tried.
pub(super) fn tiny(case: &mut Case<'_>) -> Result<(), Odd> {
    const MOST: u64 = 3000;
    let (mut book, _) = book(case.value)?;
    let mut market = market(&mut book);
    let (order, alone) = victim(case, &mut market)?;
    case.check("quote", alone.amount_out);
    let order = Order { limit: Some(case.number("min_out")?), ..order };
    let most = market.largest(&order, 1).map_err(reason)?;
    case.check("max_front_run_in", most.amount);
    let best = market.best(&order, most.amount).ok_or("no attack")?;
    case.check("best_profit", best.gain);
    case.check("best_x_first", best.front);
    let (mut last, mut larger, mut better) = (0, false, false);
    for front in 1..=MOST {
        let quote = market.behind(&order, front).map_err(reason)?;
        let fills = order.limit.is_some_and(|limit| quote.amount_out >= limit);
        let gain = market.attack(&order, front).map_or(0, |attack| attack.gain);
        larger |= fills && front > most.amount;
        better |= fills && gain > best.gain;
        if fills && gain == best.gain {
            last = front;
        }
    }
    case.holds("a larger front-run fills", !larger);
    case.holds("another front-run gains more", !better);
    case.check("best_x_last", last);
    Ok(())
}
