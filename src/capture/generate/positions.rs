//! Concentrated liquidity: positions around a price, the ticks they leave, what they hold.

use crate::dex::{TICK_MAX, TICK_MIN, sqrt_price_at_tick};
use crate::math::wide::U256;
use crate::record::Tick;

use super::rng::Rng;

/// Tick spacings that one array covers.
pub const ARRAY_TICKS: i32 = 88;
/// Arrays on either side of the one that holds the start price.
pub const ARRAYS_ASIDE: i32 = 10;
/// Positions around the price besides the one over all arrays.
const NARROW: u64 = 7;
/// Liquidity is that of a constant-product pool this many times as deep.
const CONCENTRATION: u64 = 4;

/// A pool's positions, added up.
#[derive(Clone, Debug)]
pub struct Positions {
    /// First tick of the lowest array.
    pub first_tick: i32,
    /// First tick after the highest array.
    pub end_tick: i32,
    /// Liquidity at the start price.
    pub liquidity: u128,
    /// Ticks at which a position begins or ends, lowest first, with their gross liquidity.
    pub ticks: Vec<(Tick, u128)>,
    /// Each position: its ticks and its liquidity.
    ranges: Vec<(i32, i32, u128)>,
}

impl Positions {
    /// Positions around `sqrt_price`, about as deep as `depth_a` raw units of token a would make a
    /// constant product: one over all arrays, the others over log-uniform widths on either side.
    pub fn draw(rng: &mut Rng, spacing: u16, sqrt_price: u128, tick: i32, depth_a: u64) -> Self {
        let spacing = i32::from(spacing);
        let span = spacing * ARRAY_TICKS;
        let home = tick.div_euclid(span) * span;
        let whole = |tick: i32| tick.div_euclid(spacing) * spacing;
        let low = (home - ARRAYS_ASIDE * span).max(whole(TICK_MIN).saturating_add(spacing));
        let high = (home + (ARRAYS_ASIDE + 1) * span).min(whole(TICK_MAX));
        let deep = U256::from(depth_a) * U256::from(CONCENTRATION) * U256::from(sqrt_price);
        let share = u128::try_from((deep >> 64) / U256::from(NARROW + 1)).unwrap_or(1).max(1);
        // The arrays may end inside the range of ticks; positions leave out their last tick.
        let mut ranges = vec![(low, high - spacing, share)];
        let widest = u64::try_from(4 * ARRAY_TICKS).unwrap_or(1);
        for _ in 0..NARROW {
            let width = |drawn: u64| i32::try_from(drawn).unwrap_or(1) * spacing;
            let below = whole(tick) - width(rng.log_between(4, widest));
            let above = whole(tick) + width(rng.log_between(4, widest));
            ranges.push((below.max(low), above.min(high - spacing), share));
        }
        let first_tick = low.div_euclid(span) * span;
        let end_tick = (high - 1).div_euclid(span) * span + span;
        let liquidity = ranges.iter().map(|(_, _, liquidity)| liquidity).sum();
        Self { first_tick, end_tick, liquidity, ticks: ticks(&ranges), ranges }
    }

    /// Raw units of a and b that the positions hold at `sqrt_price`, rounded up.
    pub fn amounts(&self, sqrt_price: u128) -> [u64; 2] {
        let (mut a, mut b) = (U256::ZERO, U256::ZERO);
        for (low, high, liquidity) in &self.ranges {
            let [low, high] =
                [*low, *high].map(|tick| sqrt_price_at_tick(tick).unwrap_or(sqrt_price));
            let price = sqrt_price.clamp(low, high);
            let [low, high, price, liquidity] = [low, high, price, *liquidity].map(U256::from);
            // L * (1/sqrt(p) - 1/sqrt(high)) and L * (sqrt(p) - sqrt(low)), Whirlpool token_math.
            let per_price: U256 = (liquidity << 64) * (high - price) / high;
            a += per_price.div_ceil(price);
            let scaled: U256 = liquidity * (price - low);
            b += scaled.div_ceil(U256::from(1) << 64);
        }
        [a, b].map(|amount| u64::try_from(amount).unwrap_or(u64::MAX).max(1))
    }
}

/// The ticks at which `ranges` begin and end, with the liquidity that enters and all that refers
/// to them. A tick at which as much enters as leaves stays initialised, as in the program.
fn ticks(ranges: &[(i32, i32, u128)]) -> Vec<(Tick, u128)> {
    let mut ticks: Vec<(Tick, u128)> = Vec::new();
    let mut edges: Vec<(i32, i128, u128)> = ranges
        .iter()
        .flat_map(|(low, high, liquidity)| {
            let net = i128::try_from(*liquidity).unwrap_or(i128::MAX);
            [(*low, net, *liquidity), (*high, -net, *liquidity)]
        })
        .collect();
    edges.sort_unstable_by_key(|(tick, ..)| *tick);
    for (tick, net, gross) in edges {
        match ticks.last_mut() {
            Some((last, total)) if last.tick == tick => {
                last.liquidity_net += net;
                *total += gross;
            }
            _ => ticks.push((Tick { liquidity_net: net, tick, orders: 0, _zero: [0; 8] }, gross)),
        }
    }
    ticks
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn liquidity_at_the_price_is_what_entered_below_it() {
        for (seed, spacing) in [(1, 1u16), (2, 8), (3, 64), (4, 16)] {
            for tick in [-300_000, -70_001, -1, 0, 5, 88 * 64, 350_000] {
                let sqrt_price = sqrt_price_at_tick(tick).unwrap() + 5;
                let mut rng = Rng::new(seed);
                let drawn = Positions::draw(&mut rng, spacing, sqrt_price, tick, 1_000_000_000);
                let entered: i128 = drawn
                    .ticks
                    .iter()
                    .filter(|(edge, _)| edge.tick <= tick)
                    .map(|(edge, _)| edge.liquidity_net)
                    .sum();
                assert_eq!(u128::try_from(entered).unwrap(), drawn.liquidity);
                assert_eq!(drawn.ticks.iter().map(|(t, _)| t.liquidity_net).sum::<i128>(), 0);
                assert!(drawn.ticks.windows(2).all(|pair| pair[0].0.tick < pair[1].0.tick));
                for (edge, gross) in &drawn.ticks {
                    assert_eq!(edge.tick % i32::from(spacing), 0);
                    assert!((drawn.first_tick..drawn.end_tick).contains(&edge.tick));
                    assert!(*gross >= edge.liquidity_net.unsigned_abs());
                }
                assert!(drawn.amounts(sqrt_price).iter().all(|amount| *amount > 1));
            }
        }
    }

    #[test]
    fn amounts_are_those_of_the_formula() {
        // One position over [0, inf-like): a holds L*(1 - 1/s) at price 1, b nothing below it.
        let ranges = vec![(0, 64, 1u128 << 64)];
        let (first_tick, end_tick, liquidity) = (0, 88, 1 << 64);
        let all = Positions { first_tick, end_tick, liquidity, ticks: ticks(&ranges), ranges };
        let top = sqrt_price_at_tick(64).unwrap();
        let [a, b] = all.amounts(1 << 64);
        assert_eq!(b, 1);
        let exact = (1u128 << 64) - ((1u128 << 127) / top) * 2;
        assert!(u128::from(a).abs_diff(exact) <= 2, "{a} {exact}");
        let [a, b] = all.amounts(top);
        assert_eq!((a, u128::from(b)), (1, top - (1 << 64)));
    }
}
