//! Ticks and square-root prices as this program rounds them: Orca's table differs in the low bits.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/libraries/tick_math.rs @03b44b7; the forks' are
//! the same (facts/dex.md 3 and 22).

use super::super::orca_whirlpool::{SQRT_PRICE_MIN, TICK_MAX, TICK_MIN};
use super::super::ranges::tick_at;

/// Square-root price of the highest tick, Q64.64; no pool ever reaches it.
pub(super) const SQRT_PRICE_MAX: u128 = 79_226_673_521_066_979_257_578_248_091;

/// `sqrt(1.0001^-(2^bit))` in Q0.64, one for each bit of a tick.
const DOWN_X64: [u64; 19] = [
    0xfffc_b933_bd6f_b800,
    0xfff9_7272_373d_4000,
    0xfff2_e50f_5f65_7000,
    0xffe5_caca_7e10_f000,
    0xffcb_9843_d60f_7000,
    0xff97_3b41_fa98_e800,
    0xff2e_a164_66c9_b000,
    0xfe5d_ee04_6a9a_3800,
    0xfcbe_86c7_900b_b000,
    0xf987_a725_3ac6_5800,
    0xf339_2b08_22bb_6000,
    0xe715_9475_a2ca_f000,
    0xd097_f3bd_fd2f_2000,
    0xa9f7_4646_2d9f_8000,
    0x70d8_69a1_56f3_1c00,
    0x31be_135f_97ed_3200,
    0x09aa_508b_5b85_a500,
    0x005d_6af8_dedc_582c,
    0x0000_2216_e584_f5fa,
];

/// The square-root price of `tick`, Q64.64; `None` outside the range of ticks.
pub(super) fn sqrt_price_at_tick(tick: i32) -> Option<u128> {
    if !(TICK_MIN..=TICK_MAX).contains(&tick) {
        return None;
    }
    let (mut bits, mut product) = (tick.unsigned_abs(), 1u128 << 64);
    for factor in DOWN_X64 {
        if bits & 1 == 1 {
            // The first factor meets 2^64 exactly; from then on both are below 2^64.
            product = product.checked_mul(factor.into())? >> 64;
        }
        bits >>= 1;
    }
    if tick > 0 { u128::MAX.checked_div(product) } else { Some(product) }
}

/// The highest tick whose square-root price is not above `sqrt_price`, Q64.64; `None` outside the
/// prices that a pool can be at.
pub(super) fn tick_at_sqrt_price(sqrt_price: u128) -> Option<i32> {
    let inside = (SQRT_PRICE_MIN..SQRT_PRICE_MAX).contains(&sqrt_price);
    if inside { tick_at(sqrt_price, 16, sqrt_price_at_tick) } else { None }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;

    #[test]
    fn golden_table() {
        // facts/dex.md 22
        for (tick, sqrt_price) in [
            (-443_636, 4_295_048_016),
            (-100_000, 124_324_258_983_086_206),
            (-1, 18_445_821_805_675_395_072),
            (0, 18_446_744_073_709_551_616),
            (1, 18_447_666_387_855_957_090),
            (10, 18_455_969_290_605_287_889),
            (60, 18_502_164_624_211_742_928),
            (71_168, 647_494_289_223_650_217_435),
            (100_000, 2_737_055_259_402_209_284_734),
            (443_636, SQRT_PRICE_MAX),
        ] {
            assert_eq!(sqrt_price_at_tick(tick), Some(sqrt_price), "{tick}");
            let at = Some(tick).filter(|tick| *tick < TICK_MAX);
            assert_eq!(tick_at_sqrt_price(sqrt_price), at, "{tick}");
        }
        assert_eq!(sqrt_price_at_tick(TICK_MAX + 1), None);
        assert_eq!(sqrt_price_at_tick(TICK_MIN - 1), None);
        assert_eq!(tick_at_sqrt_price(SQRT_PRICE_MIN - 1), None);
        assert_eq!(tick_at_sqrt_price(SQRT_PRICE_MAX - 1), Some(TICK_MAX - 1));
    }

    #[test]
    fn prices_rise_and_every_tick_is_the_floor_of_its_interval() {
        let mut before = 0;
        // Every tick near the ends and the middle, every 7th between.
        let dense = |tick: &i32| tick % 7 == 0 || tick.abs() < 3000 || tick.abs() > TICK_MAX - 3000;
        for tick in (TICK_MIN..TICK_MAX).filter(dense) {
            let price = sqrt_price_at_tick(tick).unwrap();
            assert!(price > before, "{tick}");
            assert_eq!(tick_at_sqrt_price(price), Some(tick));
            if tick > TICK_MIN {
                assert_eq!(tick_at_sqrt_price(price - 1), Some(tick - 1), "below {tick}");
            }
            before = price;
        }
    }
}
