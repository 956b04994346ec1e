//! What `--metrics` serves: the counters that every run has.

use super::Frame;
use crate::error::Result;
use crate::net::metrics::{self, Kind, Sample};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of a run that another thread reads.
#[derive(Debug, Default)]
pub(super) struct Gauges {
    records_in: AtomicU64,
    newest_rx_ns: AtomicU64,
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
        let render = move |text: &mut String| metrics::encode(&prefix, &shown.samples(), text);
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

    fn samples(&self) -> [Sample; 2] {
        let sample = |name, help, kind, value: &AtomicU64| Sample {
            name,
            help,
            kind,
            label: None,
            value: value.load(Ordering::Relaxed),
        };
        [
            sample("records_in", "Records read", Kind::Counter, &self.records_in),
            sample(
                "newest_rx_ns",
                "Receive time of the newest record, CLOCK_REALTIME ns",
                Kind::Gauge,
                &self.newest_rx_ns,
            ),
        ]
    }
}
