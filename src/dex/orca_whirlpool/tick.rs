//! Ticks and square-root prices: `sqrt(1.0001^tick)` in Q64.64, as the program rounds it.
//!
//! Source: math/tick_math.rs (facts/dex.md 5 and 22). Other venues' tables differ in the low bits.

use crate::math::wide::{mul_wide, to_u128};

use super::super::ranges::tick_at;

/// The lowest tick.
pub const TICK_MIN: i32 = -443_636;
/// The highest tick.
pub const TICK_MAX: i32 = 443_636;
/// Square-root price of the lowest tick, Q64.64.
pub const SQRT_PRICE_MIN: u128 = 4_295_048_016;
/// Square-root price of the highest tick, Q64.64.
pub const SQRT_PRICE_MAX: u128 = 79_226_673_515_401_279_992_447_579_055;

/// `sqrt(1.0001^(2^bit))` in Q32.96, one for each bit of a tick above zero.
const UP_X96: [u128; 19] = [
    79_232_123_823_359_799_118_286_999_567,
    79_236_085_330_515_764_027_303_304_731,
    79_244_008_939_048_815_603_706_035_061,
    79_259_858_533_276_714_757_314_932_305,
    79_291_567_232_598_584_799_939_703_904,
    79_355_022_692_464_371_645_785_046_466,
    79_482_085_999_252_804_386_437_311_141,
    79_736_823_300_114_093_921_829_183_326,
    80_248_749_790_819_932_309_965_073_892,
    81_282_483_887_344_747_381_513_967_011,
    83_390_072_131_320_151_908_154_831_281,
    87_770_609_709_833_776_024_991_924_138,
    97_234_110_755_111_693_312_479_820_773,
    119_332_217_159_966_728_226_237_229_890,
    179_736_315_981_702_064_433_883_588_727,
    407_748_233_172_238_350_107_850_275_304,
    2_098_478_828_474_011_932_436_660_412_517,
    55_581_415_166_113_811_149_459_800_483_533,
    38_992_368_544_603_139_932_233_054_999_993_551,
];

/// `sqrt(1.0001^-(2^bit))` in Q0.64, one for each bit of a tick below zero.
const DOWN_X64: [u64; 19] = [
    18_445_821_805_675_392_311,
    18_444_899_583_751_176_498,
    18_443_055_278_223_354_162,
    18_439_367_220_385_604_838,
    18_431_993_317_065_449_817,
    18_417_254_355_718_160_513,
    18_387_811_781_193_591_352,
    18_329_067_761_203_520_168,
    18_212_142_134_806_087_854,
    17_980_523_815_641_551_639,
    17_526_086_738_831_147_013,
    16_651_378_430_235_024_244,
    15_030_750_278_693_429_944,
    12_247_334_978_882_834_399,
    8_131_365_268_884_726_200,
    3_584_323_654_723_342_297,
    696_457_651_847_595_233,
    26_294_789_957_452_057,
    37_481_735_321_082,
];

/// The square-root price of `tick`, Q64.64; `None` outside [`TICK_MIN`], [`TICK_MAX`].
pub fn sqrt_price_at_tick(tick: i32) -> Option<u128> {
    if !(TICK_MIN..=TICK_MAX).contains(&tick) {
        return None;
    }
    let bits = tick.unsigned_abs();
    let set = |bit: usize| u32::try_from(bit).is_ok_and(|bit| bits.wrapping_shr(bit) & 1 == 1);
    if tick < 0 {
        let factors = DOWN_X64.iter().enumerate().filter(|(bit, _)| set(*bit));
        factors.map(|(_, factor)| u128::from(*factor)).try_fold(1u128 << 64, |ratio, factor| {
            // The first factor meets 2^64 exactly; from then on both are below 2^64.
            Some(if ratio == 1 << 64 { factor } else { ratio.checked_mul(factor)? >> 64 })
        })
    } else {
        let factors = UP_X96.iter().enumerate().filter(|(bit, _)| set(*bit));
        let ratio = factors.map(|(_, factor)| *factor).try_fold(1u128 << 96, |ratio, factor| {
            to_u128(&mul_wide(ratio, factor).wrapping_shr(96))
        })?;
        Some(ratio >> 32)
    }
}

/// The highest tick whose square-root price is not above `sqrt_price`, Q64.64; `None` outside
/// [`SQRT_PRICE_MIN`], [`SQRT_PRICE_MAX`].
///
/// The logarithm with 14 binary digits leaves at most two candidates; the table decides.
pub fn tick_at_sqrt_price(sqrt_price: u128) -> Option<i32> {
    let inside = (SQRT_PRICE_MIN..=SQRT_PRICE_MAX).contains(&sqrt_price);
    if inside { tick_at(sqrt_price, 14, sqrt_price_at_tick) } else { None }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "the model is written plainly")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn golden_table() {
        // facts/dex.md 22
        for (tick, sqrt_price) in [
            (-443_636, 4_295_048_016),
            (-100_000, 124_324_258_982_887_573),
            (-1, 18_445_821_805_675_392_311),
            (0, 18_446_744_073_709_551_616),
            (1, 18_447_666_387_855_959_850),
            (10, 18_455_969_290_605_290_427),
            (60, 18_502_164_624_211_761_447),
            (71_168, 647_494_289_224_386_340_453),
            (100_000, 2_737_055_259_406_582_257_880),
            (443_636, 79_226_673_515_401_279_992_447_579_055),
        ] {
            assert_eq!(sqrt_price_at_tick(tick), Some(sqrt_price), "{tick}");
            assert_eq!(tick_at_sqrt_price(sqrt_price), Some(tick), "{tick}");
        }
        assert_eq!(sqrt_price_at_tick(TICK_MAX + 1), None);
        assert_eq!(sqrt_price_at_tick(TICK_MIN - 1), None);
        assert_eq!(tick_at_sqrt_price(SQRT_PRICE_MIN - 1), None);
        assert_eq!(tick_at_sqrt_price(SQRT_PRICE_MAX + 1), None);
    }

    #[test]
    fn prices_rise_and_every_tick_is_the_floor_of_its_interval() {
        let mut before = 0;
        // Every tick near the ends and the middle, every 7th between.
        let dense = |tick: &i32| tick % 7 == 0 || tick.abs() < 3000 || tick.abs() > TICK_MAX - 3000;
        for tick in (TICK_MIN..=TICK_MAX).filter(dense) {
            let price = sqrt_price_at_tick(tick).unwrap();
            assert!(price > before, "{tick}");
            assert_eq!(tick_at_sqrt_price(price), Some(tick));
            if tick > TICK_MIN {
                assert_eq!(tick_at_sqrt_price(price - 1), Some(tick - 1), "below {tick}");
            }
            before = price;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_price_lies_between_its_tick_and_the_next(wide: u128, cut in 0u32..64) {
            let price = SQRT_PRICE_MIN + (wide >> cut) % (SQRT_PRICE_MAX - SQRT_PRICE_MIN + 1);
            let tick = tick_at_sqrt_price(price).unwrap();
            prop_assert!(sqrt_price_at_tick(tick).unwrap() <= price);
            prop_assert!(sqrt_price_at_tick(tick + 1).is_none_or(|next| next > price));
        }
    }
}
