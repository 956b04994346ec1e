//! Statistics: counters of a run and the latency of its records.

use super::Frame;
use super::detect::is_recent;
use super::gauges::Gauges;
use crate::error::Result;
use crate::time::{Stopwatch, now_ns};
use hdrhistogram::Histogram;
use std::fmt::Write;
use std::sync::Arc;

/// Counters as one JSON object, in the order they were added.
#[derive(Debug, Default)]
pub struct Stats {
    json: String,
}

impl Stats {
    /// Adds `name` with a number.
    pub fn number(&mut self, name: &str, value: u64) -> &mut Self {
        let _ = write!(self.json, ",\"{name}\":{value}");
        self
    }

    /// Adds `name` with a text that needs no escape.
    pub fn text(&mut self, name: &str, value: &'static str) -> &mut Self {
        let _ = write!(self.json, ",\"{name}\":\"{value}\"");
        self
    }

    /// Adds `name` with an object of counts; zero counts are left out.
    pub fn counts<'a>(
        &mut self,
        name: &str,
        counts: impl IntoIterator<Item = (&'a str, u64)>,
    ) -> &mut Self {
        let _ = write!(self.json, ",\"{name}\":{{");
        let mut first = true;
        for (reason, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            let _ = write!(self.json, "{}\"{reason}\":{count}", if first { "" } else { "," });
            first = false;
        }
        self.json.push('}');
        self
    }

    /// Adds what the frame measured: records in and out, elapsed time, latency percentiles.
    pub fn flow(&mut self, flow: &Flow) -> &mut Self {
        self.number("records_in", flow.records_in).number("records_out", flow.records_out);
        if flow.left_out > 0 {
            self.number("records_left_out", flow.left_out);
        }
        self.number("elapsed_ns", flow.elapsed.elapsed_ns());
        let latency = &flow.latency;
        let at = |quantile: f64| latency.value_at_quantile(quantile);
        let rows = [
            ("p50", at(0.5)),
            ("p90", at(0.9)),
            ("p99", at(0.99)),
            ("p999", at(0.999)),
            ("max", latency.max()),
        ];
        let _ = write!(self.json, ",\"latency_ns\":{{\"count\":{}", latency.len());
        for (name, value) in rows {
            let _ = write!(self.json, ",\"{name}\":{value}");
        }
        self.json.push('}');
        self.text("latency_from", if flow.from_wire == Some(true) { "wire" } else { "read" })
    }

    /// The JSON object, without a line end.
    pub fn line(&self, tool: &str) -> String {
        format!("{{\"tool\":\"{tool}\"{}}}", self.json)
    }
}

/// What the frame measures of a run.
///
/// Latency is that of an input record that was consumed: from its receive stamp, when the input is
/// a pipe whose first record is less than a minute old ("wire"), else from its read ("read"), until
/// everything it led to was handed to the output. Above a million records a second, one in 64 is
/// measured.
#[derive(Debug)]
pub struct Flow {
    /// Records read, those passed through included.
    pub records_in: u64,
    /// Records written.
    pub records_out: u64,
    /// Records of kinds that were not to be written, under `--only` or as Parquet.
    pub left_out: u64,
    /// Since the run began.
    pub elapsed: Stopwatch,
    latency: Histogram<u64>,
    from_wire: Option<bool>,
    every: u64,
    gauges: Option<Arc<Gauges>>,
}

impl Default for Flow {
    fn default() -> Self {
        Self::new()
    }
}

impl Flow {
    /// Starts the clock.
    pub fn new() -> Self {
        // Three digits up to an hour: construction fails only on bounds that are out of order.
        let latency = Histogram::new_with_bounds(1, 3_600_000_000_000, 3)
            .unwrap_or_else(|_| unreachable!("constant bounds are in order"));
        let (records_in, records_out, left_out) = (0, 0, 0);
        let elapsed = Stopwatch::start();
        Self {
            records_in,
            records_out,
            left_out,
            elapsed,
            latency,
            from_wire: None,
            every: 1,
            gauges: None,
        }
    }

    /// Starts the clock, and serves what is counted under `--metrics`.
    ///
    /// # Errors
    /// Status 2 in a build without the gateway; status 5 when the system refuses the address.
    pub fn open(frame: &Frame) -> Result<Self> {
        Ok(Self { gauges: Gauges::serve(frame)?, ..Self::new() })
    }

    /// Counts a record that came in and starts its clock, if it is one of those measured.
    #[inline]
    pub fn take(&mut self, piped: bool, rx_ns: u64) -> Option<Stopwatch> {
        self.records_in += 1;
        if let Some(gauges) = &self.gauges {
            gauges.set(self.records_in, rx_ns);
        }
        if self.from_wire.is_none() {
            self.from_wire = Some(piped && is_recent(rx_ns));
        }
        if self.records_in.is_multiple_of(1 << 16) {
            let per_second = u128::from(self.records_in) * 1_000_000_000
                / u128::from(self.elapsed.elapsed_ns().max(1));
            self.every = if per_second > 1_000_000 { 64 } else { 1 };
        }
        self.records_in.is_multiple_of(self.every).then(Stopwatch::start)
    }

    /// Stops the clock of the record that came in last.
    #[inline]
    pub fn done(&mut self, clock: Option<Stopwatch>, rx_ns: u64) {
        if let Some(clock) = clock {
            let spent_ns = match self.from_wire {
                Some(true) => now_ns().saturating_sub(rx_ns),
                _ => clock.elapsed_ns(),
            };
            self.latency.saturating_record(spent_ns.max(1));
            if let Some(gauges) = &self.gauges {
                gauges.took(spent_ns);
            }
        }
    }

    /// Counts a record of kind `kind` that was written, where somebody is told.
    #[inline]
    pub fn wrote(&self, kind: u16) {
        if let Some(gauges) = &self.gauges {
            gauges.wrote(kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stats_are_one_json_object() {
        let mut flow = Flow::new();
        let clock = flow.take(false, 0);
        flow.done(clock, 0);
        let mut stats = Stats::default();
        stats.number("swaps", 3).counts("refused", [("too_short", 2), ("none", 0)]).flow(&flow);
        let line: serde_json::Value = serde_json::from_str(&stats.line("mev-parse")).unwrap();
        assert_eq!(line["tool"], "mev-parse");
        assert_eq!(line["refused"], serde_json::json!({"too_short": 2}));
        assert_eq!(line["latency_from"], "read");
        assert_eq!(line["latency_ns"]["count"], 1);
    }

    #[test]
    fn piped_records_of_this_minute_count_from_the_wire() {
        let mut live = Flow::new();
        live.take(true, now_ns());
        assert_eq!(live.from_wire, Some(true));
        let mut old = Flow::new();
        old.take(true, 1);
        assert_eq!(old.from_wire, Some(false));
    }
}
