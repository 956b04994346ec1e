//! Signals: the first one asks to stop, the second one kills.

use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// Whether a signal has asked to stop.
pub fn stop_requested() -> bool {
    STOP.load(Ordering::Relaxed)
}
