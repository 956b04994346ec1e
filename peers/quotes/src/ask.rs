//! A state and an order to both sides, drawn from a seed; and our answer.

use mev::dex::{
    Around, BinRange, Depth, Moment, Order, Quote, TickRange, apply, quote_in, quote_out,
};
use mev::ids::Venue;
use mev::record::{Bin, Curve, Exact, Pool, PoolStatus, Tick};
use std::collections::BTreeMap;

use crate::tally::Answer;

/// Steele, Lea and Flood's splitmix64: the same cases from the same seed, everywhere.
#[derive(Clone, Debug)]
pub struct Rng(pub u64);

impl Rng {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `low` to `high`, both included.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        let width = u128::from(high.abs_diff(low)) + 1;
        let drawn = (u128::from(self.next()) * width) >> 64;
        low + i64::try_from(drawn).expect("below the width")
    }

    /// The same for what is not negative.
    pub fn pick(&mut self, low: u64, high: u64) -> u64 {
        let width = u128::from(high - low) + 1;
        low + u64::try_from((u128::from(self.next()) * width) >> 64).expect("below the width")
    }

    /// A number with `low` to `high` bits, each length as often as another.
    pub fn bits(&mut self, low: u32, high: u32) -> u64 {
        let bits = u32::try_from(self.pick(low.into(), high.into())).expect("at most 64");
        (self.next() | 1 << 63) >> (64 - bits.clamp(1, 64))
    }

    /// True once in `n`.
    pub fn one_in(&mut self, n: u64) -> bool {
        self.pick(1, n) == 1
    }
}

/// Where liquidity lies beside the record.
#[derive(Clone, Debug)]
pub enum Places {
    /// Nowhere.
    None,
    /// Between ticks, known in `first..end`.
    Ticks(Vec<Tick>, i32, i32),
    /// In bins, known in `first..end`.
    Bins(Vec<Bin>, i32, i32),
}

/// A state and an order.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Our record of the pool.
    pub pool: Pool,
    /// What lies around its price.
    pub places: Places,
    /// Unix seconds of the swap.
    pub unix_s: u64,
    /// What is asked for.
    pub order: Order,
}

impl Ask {
    /// What a quote of ours is given beside the record.
    pub fn around(&self) -> Around<'_> {
        let depth = match &self.places {
            Places::None => Depth::None,
            Places::Ticks(ticks, first_tick, end_tick) => {
                Depth::Ticks(TickRange { ticks, first_tick: *first_tick, end_tick: *end_tick })
            }
            Places::Bins(bins, first_bin, end_bin) => {
                Depth::Bins(BinRange { bins, first_bin: *first_bin, end_bin: *end_bin })
            }
        };
        Around { depth, now: Moment { slot: 0, unix_s: self.unix_s } }
    }

    /// Our quote.
    pub fn quote(&self) -> Result<Quote, mev::dex::Fault> {
        let Order { a_to_b, exact, amount, .. } = self.order;
        match exact {
            Exact::In => quote_in(&self.pool, self.around(), a_to_b, amount),
            Exact::Out => quote_out(&self.pool, self.around(), a_to_b, amount),
        }
    }

    /// Our answer: the quote, and the record that the swap leaves.
    pub fn ours(&self) -> Result<Answer, String> {
        let quote = self.quote().map_err(|fault| fault.name().to_owned())?;
        let mut after = self.pool;
        let left = apply(&mut after, self.around(), &self.order);
        if quote.complete {
            assert_eq!(left, Ok(quote), "a swap gives what its quote says");
        }
        Ok(Answer {
            amount_in: Some(quote.amount_in),
            amount_out: quote.amount_out,
            fee: Some(quote.fee),
            complete: quote.complete,
            // A swap that is cut leaves nothing behind.
            reserves: quote.complete.then_some((after.reserve_a, after.reserve_b)),
            range: quote.complete.then_some((after.sqrt_price, after.liquidity, after.tick)),
        })
    }

    /// The same order for less, so that it ends within what is known.
    pub fn halved(mut self) -> Self {
        self.order.amount = (self.order.amount / 2).max(1);
        self
    }
}

/// An open pool without fees.
pub fn pool(venue: Venue, curve: Curve) -> Pool {
    let mut pool = Pool::new(0);
    pool.venue = venue as u16;
    pool.curve = curve as u8;
    pool.status = PoolStatus::Open as u8;
    pool.fee_den = 1;
    pool
}

/// An order of any size, in any direction.
pub fn order(rng: &mut Rng, bits: u32, exact_out: bool) -> Order {
    let (a_to_b, amount) = (rng.one_in(2), rng.bits(1, bits));
    if exact_out && rng.one_in(2) {
        Order::exact_out(a_to_b, amount)
    } else {
        Order::exact_in(a_to_b, amount)
    }
}

/// Transfer fees on either side, now and then.
pub fn taxes(rng: &mut Rng, pool: &mut Pool) {
    if rng.one_in(4) {
        pool.transfer_fee_bps_a = u16::try_from(rng.pick(1, 1_000)).expect("small");
        pool.transfer_fee_max_a = rng.bits(1, 64);
    }
    if rng.one_in(4) {
        pool.transfer_fee_bps_b = u16::try_from(rng.pick(1, 1_000)).expect("small");
        pool.transfer_fee_max_b = rng.bits(1, 64);
    }
}

/// A pool of ranges: a few positions around a price, in five arrays of `array` spacings each, all known.
/// `price` is the venue's own square root of the price of a tick.
pub fn ranges(
    rng: &mut Rng,
    venue: Venue,
    array: i32,
    spacings: &[u16],
    ppm_max: u64,
    price: impl Fn(i32) -> u128,
) -> Ask {
    let spacing = spacings[usize::try_from(rng.pick(0, spacings.len() as u64 - 1)).expect("few")];
    let span = array * i32::from(spacing);
    let reach = (430_000 / span - 3).min(if rng.one_in(4) { i32::MAX } else { 60_000 / span + 1 });
    let centre = span * small(rng.within(-i64::from(reach), reach.into()));
    let at = small(rng.within(centre.into(), (centre + span - 1).into()));
    let (first, end) = (centre - 2 * span, centre + 3 * span);
    let step = i32::from(spacing);
    let mut pool = pool(venue, Curve::Range);
    let mut nets = BTreeMap::<i32, i128>::new();
    for n in 0..rng.pick(1, 10) {
        let (mut low, mut high) = (
            small(rng.within((first / step).into(), (end / step - 2).into())),
            small(rng.within((first / step).into(), (end / step - 2).into())),
        );
        if n == 0 {
            // One that the price lies in.
            (low, high) = (low.min(at.div_euclid(step)), high.max(at.div_euclid(step) + 1));
        }
        let (low, high) = (low.min(high) * step, (low.max(high) + i32::from(low == high)) * step);
        let size = i128::from(rng.bits(10, 56));
        *nets.entry(low).or_default() += size;
        *nets.entry(high).or_default() -= size;
        if (low..high).contains(&at) {
            pool.liquidity += size.unsigned_abs();
        }
    }
    let inside = if rng.one_in(8) { 0 } else { u128::from(rng.next()) };
    pool.sqrt_price = price(at) + inside % (price(at + 1) - price(at));
    (pool.tick, pool.tick_spacing) = (at, spacing);
    (pool.fee_num, pool.fee_den) =
        (if rng.one_in(8) { 0 } else { rng.pick(1, ppm_max) }, 1_000_000);
    pool.present = Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::TICK | Pool::TICK_SPACING;
    let tick = |(tick, liquidity_net)| Tick { liquidity_net, tick, orders: 0, _zero: [0; 8] };
    let ticks = nets.into_iter().map(tick).collect();
    let order = order(rng, 60, true);
    Ask { pool, places: Places::Ticks(ticks, first, end), unix_s: 0, order }
}

/// Bounds were given as i32.
fn small(n: i64) -> i32 {
    i32::try_from(n).expect("within 32 bits")
}
