//! What `--metrics` serves: the counters that every run has.

use super::Frame;
use crate::error::Result;
use crate::net::metrics::{self, Kind, Sample, Times};
use crate::record;
use crate::sys::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a run that another thread reads.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    records_in: AtomicU64,
    newest_rx_ns: AtomicU64,
    /// By the kind's place among all; what is none of ours comes last.
    records_out: [AtomicU64; record::ALL.len() + 1],
    times: Times,
}

impl Gauges {
    /// Serves them at the address of `--metrics`; `None` without the option.
    ///
    /// # Errors
    /// Status 2 in a build without the gateway; status 5 when the system refuses the address.
    pub(super) fn serve(frame: &Frame) -> Result<Option<Arc<Self>>> {
        let Some(address) = frame.common.metrics else { return Ok(None) };
        let gauges = Arc::new(Self::default());
        let shown = Arc::clone(&gauges);
        let prefix = frame.tool.name.replace('-', "_");
        let render = move |text: &mut String| {
            let help = "Input to output of a record, or from its receive stamp if live";
            let spread = shown.times.spread("latency_seconds", help, None);
            metrics::encode_all(&prefix, &shown.samples(), &[spread], text);
        };
        let bound = metrics::serve(address, Arc::new(render))?;
        frame.note(&format!("metrics at http://{bound}/metrics"));
        Ok(Some(gauges))
    }

    /// Takes the counters of the moment.
    #[inline]
    pub(super) fn set(&self, records_in: u64, newest_rx_ns: u64) {
        self.records_in.store(records_in, Ordering::Relaxed);
        self.newest_rx_ns.store(newest_rx_ns, Ordering::Relaxed);
    }

    /// A record of kind `kind` was written.
    #[inline]
    pub(super) fn wrote(&self, kind: u16) {
        let at = record::ALL.iter().position(|schema| schema.kind == kind);
        if let Some(count) = self.records_out.get(at.unwrap_or(record::ALL.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A record took `ns` nanoseconds.
    #[inline]
    pub(super) fn took(&self, ns: u64) {
        self.times.record(ns);
    }

    fn samples(&self) -> Vec<Sample> {
        let sample = |name, help, kind, value: &AtomicU64| Sample {
            name,
            help,
            kind,
            label: None,
            value: value.load(Ordering::Relaxed),
        };
        let mut samples = vec![
            sample("records_in", "Records read", Kind::Counter, &self.records_in),
            sample(
                "newest_rx_ns",
                "Receive time of the newest record, CLOCK_REALTIME ns",
                Kind::Gauge,
                &self.newest_rx_ns,
            ),
        ];
        let names = record::ALL.iter().map(|schema| schema.name).chain(["other"]);
        for (name, count) in names.zip(&self.records_out) {
            let label = Some(("kind", name));
            let written = sample("records_out", "Records written", Kind::Counter, count);
            samples.push(Sample { label, ..written });
        }
        samples.extend(process_samples());
        samples
    }
}

/// What this process uses, as metrics of every program.
pub fn process_samples() -> [Sample; 4] {
    let used = process::usage();
    let sample = |name, help, kind, value| Sample { name, help, kind, label: None, value };
    let cpu = "Processor time of all threads, in hundredths of a second";
    [
        sample("cpu_ticks", cpu, Kind::Counter, used.cpu_ticks),
        sample("resident_bytes", "Bytes in memory", Kind::Gauge, used.resident_bytes),
        sample("threads", "Threads", Kind::Gauge, used.threads),
        sample("open_files", "Open descriptors", Kind::Gauge, used.open_files),
    ]
}
