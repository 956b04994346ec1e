//! The arithmetic that Pump's curves and PumpSwap's pools share.
//!
//! Source: sol-trade-sdk 11.0.1 src/utils/calc/{pumpfun,pumpswap}.rs and pump-fun/pump-public-docs
//! @8cda1fa (facts/dex.md 10 and 11). `B` and `Q` are the reserves of base and quote, virtual ones
//! added; a fee is `ceil(quote * bps / 10000)`, each rounded up by itself.
//!
//! | what is exact | other side |
//! |---|---|
//! | quote `n`, fees taken off, buys | base `floor(B * (n - 1) / (Q + n - 1))` |
//! | base `t`, sold | quote `floor(Q * t / (B + t))` |
//! | base `t`, bought | quote: the two programs differ, see there |

use crate::math::muldiv::mul_div_floor_u128;

const BPS: u128 = 10_000;

/// `ceil(quote * bps / 10000)`.
pub(in super::super) fn fee(quote: u64, bps: u64) -> Option<u64> {
    let product = u128::from(quote).checked_mul(bps.into())?;
    product.div_ceil(BPS).try_into().ok()
}

/// The sum of the fees of `quote` at each of `bps`.
pub(in super::super) fn fees(quote: u64, bps: &[u64]) -> Option<u64> {
    bps.iter().try_fold(0u64, |sum, bps| sum.checked_add(fee(quote, *bps)?))
}

/// The part of `paid` that reaches the curve, so that it and its fees are at most that:
/// `floor(paid * 10000 / (10000 + sum of bps))`, less what the rounded fees are over.
pub(in super::super) fn net_of(paid: u64, bps: &[u64]) -> Option<u64> {
    let sum = bps.iter().try_fold(0u64, |sum, bps| sum.checked_add(*bps))?;
    let whole = BPS.checked_add(sum.into())?;
    let net: u64 = mul_div_floor_u128(paid.into(), BPS, whole)?.try_into().ok()?;
    let over = net.checked_add(fees(net, bps)?)?.saturating_sub(paid);
    net.checked_sub(over)
}

/// What a buyer gets for `net` of quote: `floor(B * (net - 1) / (Q + net - 1))`.
pub(in super::super) fn base_for(net: u64, base: u128, quote: u128) -> Option<u64> {
    let net = u128::from(net.checked_sub(1)?);
    mul_div_floor_u128(base, net, quote.checked_add(net)?)?.try_into().ok()
}

/// What `sold` of base gives before fees: `floor(Q * sold / (B + sold))`.
pub(in super::super) fn proceeds(sold: u64, base: u128, quote: u128) -> Option<u64> {
    let sold = u128::from(sold);
    mul_div_floor_u128(quote, sold, base.checked_add(sold)?)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_round_up_one_by_one() {
        assert_eq!(fee(1, 95), Some(1));
        assert_eq!(fee(10_000, 95), Some(95));
        assert_eq!(fees(10_001, &[95, 30, 0]), Some(96 + 31));
        assert_eq!(fee(u64::MAX, 20_000), None);
    }

    /// The unit values of facts/dex.md 22, which the SDK's own tests hold.
    #[test]
    fn golden_values_of_the_sdk() {
        let (base, quote) = (800_000_000_000_000, 105_000_000_000);
        let sold = proceeds(123_456_789_000, base, quote).unwrap();
        assert_eq!(sold, 16_201_203);
        assert_eq!(sold - fees(sold, &[20, 5, 30]).unwrap(), 16_112_095);
        // One less than 1.5e9 * 10000 / 10055, with whose fees more than 1.5e9 would be paid.
        let net = 1_491_795_125;
        assert_eq!(net + fees(net, &[20, 5, 30]).unwrap(), 1_500_000_000);
        assert_eq!(net_of(1_500_000_000, &[20, 5, 30]), Some(net));
        assert_eq!(base_for(net, base, quote), Some(11_206_836_149_304));
    }

    #[test]
    fn edges_have_no_answer_or_nothing() {
        assert_eq!(base_for(0, 5, 5), None);
        assert_eq!(base_for(1, 5, 5), Some(0));
        assert_eq!(base_for(1, 0, 0), None);
        assert_eq!(proceeds(0, 0, 5), None);
        assert_eq!(proceeds(1, u128::MAX, 5), None);
    }
}
