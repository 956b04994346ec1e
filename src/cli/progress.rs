//! The progress bar of long work.

use super::{Common, When};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// A bar over the bytes of the inputs or over items to be made, or nothing.
pub struct Progress {
    bar: Option<ProgressBar>,
    calls: u32,
}

impl Progress {
    /// A bar of `total_len` bytes, if the options and the terminal want one.
    pub fn new(common: &Common, total_len: Option<u64>) -> Self {
        let template = if total_len.is_some() {
            "{bytes:>12} of {total_bytes} [{wide_bar}] {bytes_per_sec} {eta}"
        } else {
            "{bytes:>12} {bytes_per_sec} {elapsed}"
        };
        Self::drawn(common, total_len, template)
    }

    /// A bar of `total` items, if the options and the terminal want one.
    pub fn of_items(common: &Common, total: u64) -> Self {
        Self::drawn(
            common,
            Some(total),
            "{human_pos:>12} of {human_len} [{wide_bar}] {per_sec} {eta}",
        )
    }

    fn drawn(common: &Common, total: Option<u64>, template: &str) -> Self {
        let wanted = match common.progress {
            When::Always => true,
            When::Never => false,
            When::Auto => std::io::stderr().is_terminal() && total.is_some(),
        };
        let bar = (wanted && !common.quiet).then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template(template);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, calls: 0 }
    }

    /// Moves the bar to `position` bytes; cheap enough for every record.
    #[inline]
    pub fn at(&mut self, position: u64) {
        self.calls = self.calls.wrapping_add(1);
        if self.calls.is_multiple_of(1024)
            && let Some(bar) = &self.bar
        {
            bar.set_position(position);
        }
    }

    /// Moves the bar to `position`, at once: for items that take a while.
    pub fn set(&self, position: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
