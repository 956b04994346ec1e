//! Compute units as measured: who runs transactions before they are signed, and tells what they used.

/// Runs transactions.
pub trait Meter {
    /// Whether it measures at all.
    const MEASURES: bool;

    /// The compute units that each of `transactions` used, run one after the other in `slot` as of
    /// `rx_ns`; `None` when not all of them ran and succeeded. Nothing is left behind.
    fn units(&mut self, slot: u64, rx_ns: u64, transactions: &[&[u8]]) -> Option<Vec<u64>>;
}

/// Nobody: the opportunity's units stand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmeasured;

impl Meter for Unmeasured {
    const MEASURES: bool = false;

    fn units(&mut self, _: u64, _: u64, _: &[&[u8]]) -> Option<Vec<u64>> {
        None
    }
}

/// The limit for a transaction that used `units`: `margin_percent` more, rounded up.
pub(super) fn with_margin(units: u64, margin_percent: u32) -> u32 {
    let more = u128::from(units).saturating_mul(u128::from(margin_percent)).div_ceil(100);
    u32::try_from(u128::from(units).saturating_add(more)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_rounded_up() {
        let cases =
            [(0, 10, 0), (1, 10, 2), (100, 10, 110), (101, 0, 101), (u64::MAX, 1, u32::MAX)];
        for (units, percent, limit) in cases {
            assert_eq!(with_margin(units, percent), limit);
        }
    }
}
