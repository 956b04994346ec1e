//! What is plotted: a profit curve, money over time, latencies.

use super::explain::Explained;
use super::show::{sol, symbol, units};
use crate::cli::svg::Plot;
use crate::record::Opportunity;
use crate::time::rfc3339;
use hdrhistogram::Histogram;

/// The gain over the input of one opportunity, where pieces of its hops end, and the size taken.
pub(super) fn profit(one: &Explained) -> String {
    let most = one.curve.iter().map(|(input, _)| *input).max().unwrap_or(0);
    let low = one.curve.iter().map(|(_, gain)| *gain).min().unwrap_or(0);
    let high = one.curve.iter().map(|(_, gain)| *gain).max().unwrap_or(0);
    let token = symbol(&one.record.base_mint);
    let title = format!("{}: gain in SOL over {token} that goes in", one.id());
    let into = |value: i128| units(u64::try_from(value).unwrap_or(0), 9);
    let mut plot = Plot::new(&title, ((0, i128::from(most)), into), ((low.min(0), high), sol));
    plot.line(one.curve.iter().map(|(input, gain)| (i128::from(*input), *gain)));
    for end in &one.ends {
        plot.mark(i128::from(*end), "piece ends");
    }
    let taken = one.record.amounts.first().copied().unwrap_or(0);
    plot.mark(i128::from(taken), "taken");
    plot.finish()
}

/// The net of all opportunities so far, over the time at which their triggers came.
pub(super) fn money(found: &[Opportunity]) -> String {
    let mut sum = 0_i128;
    let mut points: Vec<(i128, i128)> = Vec::with_capacity(found.len());
    for one in found {
        sum = sum.saturating_add(i128::from(one.net));
        points.push((i128::from(one.head.rx_ns), sum));
    }
    let first = points.first().map_or(0, |(at, _)| *at);
    let last = points.last().map_or(0, |(at, _)| *at);
    let low = points.iter().map(|(_, sum)| *sum).min().unwrap_or(0).min(0);
    let high = points.iter().map(|(_, sum)| *sum).max().unwrap_or(0);
    let clock = |at: i128| {
        let time = rfc3339(u64::try_from(at).unwrap_or(0));
        time.get(11..19).unwrap_or_default().to_owned()
    };
    let title = format!("net in SOL of {} opportunities, one upon the other", found.len());
    let mut plot = Plot::new(&title, ((first, last), clock), ((low, high), sol));
    plot.line(std::iter::once((first, 0)).chain(points));
    plot.finish()
}

/// How often a step took how long, ns, in powers of two.
pub(super) fn latency(steps: &Histogram<u64>) -> String {
    let bars: Vec<(i128, i128, i128)> = (0_u32..40)
        .map(|power| {
            let (low, high) =
                (1_u64 << power, (1_u64 << power.saturating_add(1)).saturating_sub(1));
            let count = steps.count_between(low, high);
            let (from, to) = (i128::from(power), i128::from(power.saturating_add(1)));
            (from, to, i128::from(count))
        })
        .collect();
    let filled = |bar: &&(i128, i128, i128)| bar.2 > 0;
    let first = bars.iter().find(filled).map_or(0, |bar| bar.0);
    let last = bars.iter().rfind(filled).map_or(1, |bar| bar.1);
    let most = bars.iter().map(|bar| bar.2).max().unwrap_or(1);
    let title = format!(
        "ns a record took, of {}: p50 {}, p99 {}, p99.9 {}",
        steps.len(),
        steps.value_at_quantile(0.5),
        steps.value_at_quantile(0.99),
        steps.value_at_quantile(0.999)
    );
    let power = |value: i128| format!("2^{value}");
    let count = |value: i128| value.to_string();
    let mut plot = Plot::new(&title, ((first, last), power), ((0, most), count));
    plot.bars(bars.into_iter().filter(|bar| bar.2 > 0));
    plot.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_rises_from_nothing() {
        let one = |net, rx_ns| {
            let mut one = Opportunity::new(rx_ns);
            one.net = net;
            one
        };
        let text = money(&[one(100, 5), one(300, 10)]);
        assert!(text.contains("net in SOL of 2 opportunities"));
        assert!(text.contains("M120 408L120 318L920 48"), "{text}");
        assert!(money(&[]).contains("</svg>"));
    }

    #[test]
    fn latencies_are_bars_by_power() {
        let mut steps = Histogram::new(3).unwrap();
        for ns in [100, 100, 120, 300] {
            steps.record(ns).unwrap();
        }
        let text = latency(&steps);
        assert_eq!(text.matches("<rect").count(), 3, "a ground and two bars");
        assert!(text.contains(">2^6<") && text.contains(">2^9<"), "{text}");
        assert!(latency(&Histogram::new(3).unwrap()).contains("</svg>"));
    }
}
