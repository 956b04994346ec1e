//! A replay as tables.

use super::args::Show;
use super::explain::id;
use super::replay::{Delay, Landed, Outcome, Replay};
use super::show::sol;
use crate::cli::{Format, Frame, Table};
use crate::error::Result;
use hdrhistogram::Histogram;
use std::fmt::Write;

/// A row of profit and loss.
struct Row {
    delay: Delay,
    outcome: Outcome,
}

/// A row of the funnel.
struct Stage {
    name: String,
    count: u64,
}

/// Writes all tables for people, or the one that a program asked for.
pub(super) fn write(frame: &Frame, replay: &Replay, delays: &[Delay], table: Show) -> Result<()> {
    let rows: Vec<Row> = delays
        .iter()
        .zip(&replay.outcomes)
        .map(|(delay, outcome)| Row { delay: *delay, outcome: *outcome })
        .collect();
    let funnel = funnel(replay);
    if matches!(frame.common.format, Format::Bin | Format::Text) {
        let mut text = String::new();
        let _ = writeln!(text, "profit and loss, lamports");
        text.push_str(&money(&rows).render_text());
        let _ = writeln!(text, "\nfunnel");
        text.push_str(&stages(&funnel).render_text());
        spread(&mut text, "\na cycle kept paying, us", &replay.lifetime_us);
        spread(&mut text, "a cycle kept paying, slots", &replay.lifetime_slots);
        spread(&mut text, "near misses lacked, lamports", &replay.missed_by);
        concentration(&mut text, &replay.landed);
        return frame.write_text(&text);
    }
    match table {
        Show::Money => money(&rows).write(frame),
        Show::Funnel => stages(&funnel).write(frame),
        Show::Landed => landed(&replay.landed).write(frame),
    }
}

fn money(rows: &[Row]) -> Table<'_, Row> {
    Table::new("replay", rows)
        .unsigned("latency_us", |row| row.delay.latency_ns.checked_div(1000))
        .unsigned("tried", |row| Some(row.outcome.tried))
        .unsigned("outbid", |row| Some(row.outcome.outbid))
        .unsigned("unlucky", |row| Some(row.outcome.unlucky))
        .unsigned("moved", |row| Some(row.outcome.moved))
        .unsigned("landed", |row| Some(row.outcome.landed))
        .signed("promised", |row| Some(row.outcome.promised))
        .signed("gross", |row| Some(row.outcome.gross))
        .unsigned("flash", |row| Some(row.outcome.flash))
        .unsigned("base", |row| Some(row.outcome.base))
        .unsigned("priority", |row| Some(row.outcome.priority))
        .unsigned("tip", |row| Some(row.outcome.tip))
        .signed("net", |row| Some(row.outcome.net))
}

fn stages(funnel: &[Stage]) -> Table<'_, Stage> {
    Table::new("funnel", funnel)
        .text("stage", |stage| Some(stage.name.clone()))
        .unsigned("count", |stage| Some(stage.count))
}

fn landed(landed: &[Landed]) -> Table<'_, Landed> {
    Table::new("landed", landed)
        .text("id", |one| Some(id(&one.record)))
        .unsigned("slot", |one| Some(one.record.slot))
        .unsigned("at_ns", |one| Some(one.at_ns))
        .unsigned("hops", |one| Some(u64::from(one.record.hops)))
        .signed("promised", |one| Some(one.record.net))
        .signed("net", |one| Some(one.net))
}

/// From what came in to what landed by each delay; reasons that did not occur are left out.
fn funnel(replay: &Replay) -> Vec<Stage> {
    let counters = replay.counters();
    let stage = |name: &str, count| Stage { name: name.to_owned(), count };
    let mut stages: Vec<Stage> =
        counters.numbers().into_iter().map(|(name, count)| stage(name, count)).collect();
    let some = |(_, count): &(&str, u64)| *count > 0;
    let dropped = counters.dropped().filter(some);
    stages.extend(dropped.map(|(name, count)| stage(&format!("dropped: {name}"), count)));
    let refused = counters.refused().filter(some);
    stages.extend(refused.map(|(name, count)| stage(&format!("refused: {name}"), count)));
    stages.push(stage("in conflict with a better one", replay.conflicting));
    stages.push(stage("no room to follow", replay.crowded));
    stages
}

fn spread(text: &mut String, name: &str, values: &Histogram<u64>) {
    let at = |quantile| values.value_at_quantile(quantile);
    let _ = writeln!(
        text,
        "{name}: {} seen, p10 {}, p50 {}, p90 {}, p99 {}, most {}",
        values.len(),
        at(0.1),
        at(0.5),
        at(0.9),
        at(0.99),
        values.max()
    );
}

/// How much of the net the best few are.
fn concentration(text: &mut String, landed: &[Landed]) {
    let mut nets: Vec<i64> = landed.iter().map(|one| one.net.max(0)).collect();
    nets.sort_unstable_by_key(|net| std::cmp::Reverse(*net));
    let sum = |count: usize| nets.iter().take(count).map(|net| i128::from(*net)).sum::<i128>();
    let whole = sum(nets.len());
    let _ = write!(text, "of {} SOL that landed", sol(whole));
    for (name, count) in [("the best is", 1), ("the best 10 are", 10), ("the best 100 are", 100)] {
        let ppm = sum(count).saturating_mul(1_000).checked_div(whole).unwrap_or(0);
        let (percent, part) = (ppm.checked_div(10), ppm.checked_rem(10));
        let _ = write!(text, ", {name} {}.{} %", percent.unwrap_or(0), part.unwrap_or(0));
    }
    text.push('\n');
}
