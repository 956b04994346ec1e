//! The toolkit's own feed: swaps and pool states as datagrams, and the directory of the pools.
//!
//! Pools come in pairs and more of the same tokens, so that a second pool can be traded against.
//! Every swap is drawn against the true state, and its pool's new state follows it:
//!
//! | kind | amount | limit |
//! |---|---|---|
//! | large | the least that moves the price past the fees of a second pool, and some more | the quote less the slippage |
//! | small | below the least amount, log-uniform | the quote less the slippage |
//! | tight | log-uniform share of the reserve | one unit more than a front-run would leave |
//!
//! "Past the fees of a second pool": after the swap, one unit can be taken around the two pools at
//! a gain, at the margin and after both fees; before the last unit of the least amount, it could
//! not. "A front-run would leave": what the swap gets behind another one, in its direction, of the
//! given share of the reserve.

use crate::bytes::base58;
use crate::dex::{self, Order, TickRange};
use crate::ids::Venue;
use crate::record::{Pool, PoolStatus};
use crate::wire::feed::{DexSwapTx, PoolStateUpdate};

use super::edge::{behind, least_past, quote};
use super::rng::Rng;
use super::share::Share;
use super::world::Token;

/// What a swap of the feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It moves the price past the fees of a second pool.
    Large,
    /// Its amount is below the least amount.
    Small,
    /// A front-run would break its limit.
    Tight,
}

/// What a feed is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Shares of large, small and tight swaps; the whole together.
    pub shares: [Share; 3],
    /// Large: how much more than the least amount, at most; drawn evenly.
    pub beyond: Share,
    /// Small: every amount is below it; at least 2.
    pub min_amount: u64,
    /// Tight: size, as a share of the reserve that goes in; drawn log-uniformly.
    pub size: (Share, Share),
    /// Tight: the front-run that breaks the limit, as a share of the reserve that goes in.
    pub front_run: Share,
    /// Large and small: the slippage allowed.
    pub slippage: Share,
    /// Slots for which a swap stays valid.
    pub valid_slots: u64,
}

/// A pool of the feed.
#[derive(Clone, Debug)]
pub struct FeedPool {
    /// Its state, as `mev-parse` makes it from the feed.
    pub pool: Pool,
    /// Its fee.
    pub fee_bps: u16,
    /// States sent so far.
    sequence: u64,
}

/// A swap, and the state it leaves.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What it was drawn as.
    pub kind: Kind,
    /// The swap.
    pub swap: DexSwapTx,
    /// Its pool's state after it.
    pub update: PoolStateUpdate,
}

/// Draws the feed.
pub struct Feed {
    /// The pools, by number less one.
    pub pools: Vec<FeedPool>,
    shape: Shape,
    rng: Rng,
    sequence: u64,
}

/// Fees that pools have, bps.
const FEES_BPS: [u16; 4] = [5, 25, 30, 100];
/// What each side of a pool is worth at least and at most, dollars.
const DEPTH_USD: (u64, u64) = (100_000, 5_000_000);
/// How far apart the start prices of a pair's pools are at most, ppm: less than the least fees.
const SPREAD_PPM: u64 = 500;

impl Feed {
    /// The feed of `seed` over `tokens`: each with the next one, around the circle, in `per_pair`
    /// pools each (at least 2).
    pub fn new(seed: u64, tokens: &[Token], per_pair: u32, shape: Shape) -> Self {
        let mut rng = Rng::of(seed, "feed");
        let next = tokens.iter().cycle().skip(1);
        // Two tokens are one pair, more of them a circle.
        let pairs = if tokens.len() == 2 { 1 } else { tokens.len() };
        let mut pools = Vec::new();
        for pair in tokens.iter().zip(next).take(pairs) {
            for _ in 0..per_pair.max(2) {
                let number = u64::try_from(pools.len()).unwrap_or(0) + 1;
                pools.push(FeedPool::draw(&mut rng, number, pair));
            }
        }
        Self { pools, shape, rng, sequence: 0 }
    }

    /// The state of every pool, before the first swap.
    pub fn start(&mut self, slot: u64, sent_ns: u64) -> Vec<PoolStateUpdate> {
        self.pools.iter_mut().map(|pool| pool.update(slot, sent_ns)).collect()
    }

    /// The directory: one JSON line a pool.
    pub fn directory(&self) -> String {
        let line = |pool: &Pool| {
            format!(
                "{{\"pool_id\":\"{}\",\"venue\":\"{}\",\"mint_0\":\"{}\",\"mint_1\":\"{}\",\
                 \"pool\":\"{}\"}}\n",
                pool.pool_id,
                Venue::Feed.name(),
                base58::Key(&pool.mint_a),
                base58::Key(&pool.mint_b),
                base58::Key(&pool.pool)
            )
        };
        self.pools.iter().map(|pool| line(&pool.pool)).collect()
    }

    /// The next swap and its pool's state after it, both sent in `slot` at `sent_ns`; `None` in a
    /// feed without pools, or when no swap of the drawn kind exists any more.
    pub fn next(&mut self, slot: u64, sent_ns: u64) -> Option<Event> {
        let [large, small, _] = self.shape.shares.map(|share| u64::from(share.ppm()));
        let drawn = self.rng.below(1_000_000);
        let kind = match drawn {
            _ if drawn < large => Kind::Large,
            _ if drawn < large + small => Kind::Small,
            _ => Kind::Tight,
        };
        (0..64).find_map(|_| {
            let index = self.rng.index(self.pools.len());
            let a_to_b = self.rng.chance(500_000);
            let (amount, limit) = match kind {
                Kind::Large => self.large(index, a_to_b),
                Kind::Small => self.small(index, a_to_b),
                Kind::Tight => self.tight(index, a_to_b),
            }?;
            let order = Order { limit: Some(limit), ..Order::exact_in(a_to_b, amount) };
            let pool = self.pools.get_mut(index)?;
            dex::apply(&mut pool.pool, TickRange::NONE, &order).ok()?;
            self.sequence += 1;
            let swap = DexSwapTx {
                pool_id: pool.pool.pool_id,
                amount_in: amount,
                min_amount_out: limit,
                sequence: self.sequence,
                deadline_slot: slot.saturating_add(self.shape.valid_slots),
                fee_bps: pool.fee_bps,
                direction: u8::from(!a_to_b),
                flags: 0,
                zero: 0,
            };
            Some(Event { kind, swap, update: pool.update(slot, sent_ns) })
        })
    }

    fn large(&mut self, index: usize, a_to_b: bool) -> Option<(u64, u64)> {
        let pool = &self.pools.get(index)?.pool;
        let same = |other: &&FeedPool| {
            let other = &other.pool;
            other.pool_id != pool.pool_id
                && (other.mint_a, other.mint_b) == (pool.mint_a, pool.mint_b)
        };
        let second = self.pools.iter().filter(same).nth(0)?.pool;
        let least = least_past(pool, &second, a_to_b)?;
        let more = self.shape.beyond.of(least);
        let amount = least.saturating_add(self.rng.between(0, more));
        let out = quote(pool, a_to_b, amount)?;
        Some((amount, out - self.shape.slippage.of(out)))
    }

    fn small(&mut self, index: usize, a_to_b: bool) -> Option<(u64, u64)> {
        let amount = self.rng.log_between(1, self.shape.min_amount.saturating_sub(1));
        let out = quote(&self.pools.get(index)?.pool, a_to_b, amount)?;
        Some((amount, out - self.shape.slippage.of(out)))
    }

    fn tight(&mut self, index: usize, a_to_b: bool) -> Option<(u64, u64)> {
        let pool = &self.pools.get(index)?.pool;
        let reserve = if a_to_b { pool.reserve_a } else { pool.reserve_b };
        let (low, high) = self.shape.size;
        let amount = self.rng.log_between(low.of(reserve), high.of(reserve));
        let out = quote(pool, a_to_b, amount)?;
        let left = behind(pool, a_to_b, self.shape.front_run.of(reserve), amount)?;
        // Where rounding swallows the front-run, no limit would notice it.
        (left < out).then(|| (amount, left + 1))
    }
}

impl FeedPool {
    /// Pool `number` of two tokens, near their price.
    fn draw(rng: &mut Rng, number: u64, (a, b): (&Token, &Token)) -> Self {
        let depth = rng.log_between(DEPTH_USD.0, DEPTH_USD.1) * 1_000_000;
        let off = 1_000_000 - SPREAD_PPM / 2 + rng.between(0, SPREAD_PPM);
        let reserve_b = u128::from(b.raw(depth)) * u128::from(off) / 1_000_000;
        let fee_bps = rng.pick(&FEES_BPS).copied().unwrap_or(30);
        let mut pool = Pool::new(0);
        (pool.pool, pool.mint_a, pool.mint_b) = (rng.key(), a.mint, b.mint);
        pool.reserve_a = a.raw(depth).max(1);
        pool.reserve_b = u64::try_from(reserve_b).unwrap_or(u64::MAX).max(1);
        (pool.fee_num, pool.fee_den) = (u64::from(fee_bps), 10_000);
        (pool.pool_id, pool.venue) = (number, Venue::Feed as u16);
        (pool.decimals_a, pool.decimals_b) = (a.decimals, b.decimals);
        pool.status = PoolStatus::Open as u8;
        pool.present =
            Pool::RESERVES | Pool::RESERVE_B | Pool::POOL_ID | Pool::DECIMALS | Pool::DECIMALS_B;
        Self { pool, fee_bps, sequence: 0 }
    }

    /// The state as a datagram, with the next number of its pool.
    fn update(&mut self, slot: u64, sent_ns: u64) -> PoolStateUpdate {
        self.sequence += 1;
        PoolStateUpdate {
            sequence: self.sequence.into(),
            slot: slot.into(),
            pool_id: self.pool.pool_id.into(),
            reserve_0: self.pool.reserve_a.into(),
            reserve_1: self.pool.reserve_b.into(),
            fee_bps: self.fee_bps.into(),
            decimals_0: self.pool.decimals_a,
            decimals_1: self.pool.decimals_b,
            zero: 0.into(),
            sent_ns: sent_ns.into(),
            checksum: 0.into(),
        }
        .sealed()
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::wire::feed::Datagram;
    use std::collections::HashMap;

    fn share(text: &str) -> Share {
        text.parse().unwrap()
    }

    fn tokens() -> Vec<Token> {
        let token = |n: u8, decimals, micro_usd| Token { mint: [n; 32], decimals, micro_usd };
        vec![token(1, 9, 150_000_000), token(2, 6, 1_000_000), token(3, 5, 20_000)]
    }

    fn feed(seed: u64, shares: [&str; 3]) -> Feed {
        let shape = Shape {
            shares: shares.map(share),
            beyond: share("50%"),
            min_amount: 10_000,
            size: (share("10ppm"), share("1%")),
            front_run: share("100ppm"),
            slippage: share("1%"),
            valid_slots: 32,
        };
        Feed::new(seed, &tokens(), 2, shape)
    }

    /// The pools as a reader of the datagrams alone knows them.
    fn known(feed: &Feed) -> HashMap<u64, Pool> {
        feed.pools.iter().map(|pool| (pool.pool.pool_id, pool.pool)).collect()
    }

    #[test]
    fn a_reader_that_applies_every_swap_arrives_at_every_state() {
        let mut feed = feed(1, ["20%", "50%", "30%"]);
        let mut pools = known(&feed);
        let mut sequences: HashMap<u64, u64> = HashMap::new();
        for update in feed.start(10, 5) {
            assert!(matches!(Datagram::check(update.bytes()), Ok(Datagram::Pool(_))));
            sequences.insert(update.pool_id.get(), update.sequence.get());
        }
        let mut counts = [0; 3];
        for at in 1..=600 {
            let event = feed.next(11, 6).unwrap();
            counts[event.kind as usize] += 1;
            assert!(matches!(Datagram::check(event.swap.bytes()), Ok(Datagram::Swap(_))));
            assert!(matches!(Datagram::check(event.update.bytes()), Ok(Datagram::Pool(_))));
            let (swap, update) = (event.swap, event.update);
            assert_eq!((swap.sequence, swap.deadline_slot), (at, 43));
            let pool = pools.get_mut(&swap.pool_id).unwrap();
            let order = Order::exact_in(swap.direction == 0, swap.amount_in);
            let order = Order { limit: Some(swap.min_amount_out), ..order };
            dex::apply(pool, TickRange::NONE, &order).unwrap();
            let reserves = (update.reserve_0.get(), update.reserve_1.get());
            assert_eq!(reserves, (pool.reserve_a, pool.reserve_b));
            let before = sequences.insert(swap.pool_id, update.sequence.get()).unwrap();
            assert_eq!(before + 1, update.sequence.get());
            assert_eq!(u64::from(swap.fee_bps), pool.fee_num);
        }
        for (count, about) in counts.into_iter().zip([120i32, 300, 180]) {
            assert!(i32::abs_diff(count, about) < 50, "{counts:?}");
        }
    }

    #[test]
    fn large_swaps_open_a_gain_that_was_not_there() {
        let mut feed = feed(2, ["100%", "0%", "0%"]);
        for _ in 0..200 {
            let before = known(&feed);
            let event = feed.next(1, 1).unwrap();
            let after = known(&feed);
            let (id, a_to_b) = (event.swap.pool_id, event.swap.direction == 0);
            let second = before
                .values()
                .find(|pool| pool.pool_id != id && pool.mint_a == before[&id].mint_a);
            let second = second.unwrap();
            // With quotes instead of the formula: some amount comes back as more.
            let around = |pool: &Pool, amount| {
                quote(second, a_to_b, quote(pool, !a_to_b, amount)?).map(|out| out > amount)
            };
            let some = |pool: &Pool| {
                let reserve = if a_to_b { pool.reserve_b } else { pool.reserve_a };
                (0..40).any(|halvings| around(pool, reserve >> halvings) == Some(true))
            };
            assert!(!some(&before[&id]));
            // At the least amount the gain may be less than a unit; a little beyond, it is one.
            let mut further = after[&id];
            let more = Order::exact_in(a_to_b, event.swap.amount_in / 20 + 1);
            dex::apply(&mut further, TickRange::NONE, &more).unwrap();
            assert!(some(&further), "{event:?}");
        }
    }

    #[test]
    fn small_swaps_stay_below_the_least_amount() {
        let mut feed = feed(3, ["0%", "100%", "0%"]);
        let amounts: Vec<u64> = (0..500).map(|_| feed.next(1, 1).unwrap().swap.amount_in).collect();
        assert!(amounts.iter().all(|amount| (1..10_000).contains(amount)));
        assert!(amounts.iter().any(|amount| *amount > 5000));
    }

    #[test]
    fn a_front_run_of_the_given_size_breaks_a_tight_limit() {
        let mut feed = feed(4, ["0%", "0%", "100%"]);
        let mut breakable = 0;
        for _ in 0..300 {
            let before = known(&feed);
            let swap = feed.next(1, 1).unwrap().swap;
            let (pool, a_to_b) = (&before[&swap.pool_id], swap.direction == 0);
            assert!(quote(pool, a_to_b, swap.amount_in).unwrap() >= swap.min_amount_out);
            let reserve = if a_to_b { pool.reserve_a } else { pool.reserve_b };
            let left = behind(pool, a_to_b, share("100ppm").of(reserve), swap.amount_in).unwrap();
            breakable += u32::from(left < swap.min_amount_out);
        }
        assert_eq!(breakable, 300);
    }

    #[test]
    fn the_seed_decides_and_the_directory_names_every_pool() {
        let run = |seed| {
            let mut feed = feed(seed, ["20%", "50%", "30%"]);
            let start = feed.start(1, 1).len();
            let swaps: Vec<_> = (0..50).map(|_| feed.next(1, 1).unwrap().swap).collect();
            (feed.directory(), start, swaps)
        };
        assert_eq!(run(5), run(5));
        assert_ne!(run(5).2, run(6).2);
        let (directory, pools, _) = run(5);
        assert_eq!((directory.lines().count(), pools), (6, 6));
        for (at, line) in directory.lines().enumerate() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["pool_id"], (at + 1).to_string());
            assert_eq!(line["venue"], "feed");
            for key in ["mint_0", "mint_1", "pool"] {
                assert!(base58::key(line[key].as_str().unwrap()).is_some());
            }
        }
    }
}
