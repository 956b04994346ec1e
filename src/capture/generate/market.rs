//! The pools as they trade: what `mev-parse` will read from the account file, moved on by every
//! swap that executes.

use crate::dex::{
    self, AccountBook, Clock, Cursor, Entries, Fault, Found, Order, Quote, TickRange,
};
use crate::record::{Pool, Tick};
use std::cmp::Ordering;

use super::accounts::Account;

/// One pool's state.
#[derive(Clone, Debug)]
pub struct Live {
    /// The state.
    pub pool: Pool,
    start: Pool,
    ticks: Vec<Tick>,
    first_tick: i32,
    end_tick: i32,
}

impl Live {
    /// The pool's ticks.
    pub fn ticks(&self) -> TickRange<'_> {
        let (first_tick, end_tick) = (self.first_tick, self.end_tick);
        TickRange { ticks: &self.ticks, first_tick, end_tick }
    }

    /// Raw units of the token that goes in that a constant product of the current depth has.
    pub fn depth(&self, a_to_b: bool) -> u64 {
        let mut cursor = Cursor::start(&self.pool);
        let segment = dex::segment(&self.pool, self.ticks(), a_to_b, &mut cursor);
        segment.map_or(0, |segment| u64::try_from(segment.reserves().0).unwrap_or(u64::MAX))
    }

    /// The price of a in b, against the one at the start.
    pub fn against_start(&self) -> Ordering {
        let (now, start) = (&self.pool, &self.start);
        if now.present & Pool::SQRT_PRICE != 0 {
            return now.sqrt_price.cmp(&start.sqrt_price);
        }
        let product = |b: u64, a: u64| u128::from(b) * u128::from(a);
        product(now.reserve_b, start.reserve_a).cmp(&product(start.reserve_b, now.reserve_a))
    }

    /// What `amount_in` gives now, when all of it can be swapped.
    pub fn quote(&self, a_to_b: bool, amount_in: u64) -> Option<Quote> {
        let quote = dex::quote_in(&self.pool, self.ticks(), a_to_b, amount_in).ok()?;
        (quote.complete && quote.amount_out > 0).then_some(quote)
    }

    /// Executes `order` as the program would.
    ///
    /// # Errors
    /// The first rule that forbids it; the pool is unchanged then.
    pub fn apply(&mut self, order: &Order) -> Result<Quote, Fault> {
        let range =
            TickRange { ticks: &self.ticks, first_tick: self.first_tick, end_tick: self.end_tick };
        dex::apply(&mut self.pool, range, order)
    }
}

/// Every pool that trades, and the accounts that instructions are built from.
#[derive(Clone, Debug)]
pub struct Market {
    /// The accounts at the start.
    pub book: AccountBook,
    /// The pools, in the order in which the account book gives them.
    pub pools: Vec<Live>,
}

impl Market {
    /// The pools that `accounts` hold at `slot`.
    pub fn open(accounts: &[Account], slot: u64) -> Self {
        let mut book = AccountBook::new();
        for account in accounts {
            book.insert(account.key, account.owner, account.data.clone(), slot);
        }
        let mut pools: Vec<Live> = Vec::new();
        book.pools(Clock::default(), &mut |found| match found {
            Found::Pool { pool, unsupported: None } => {
                let pool = *pool;
                pools.push(Live {
                    pool,
                    start: pool,
                    ticks: Vec::new(),
                    first_tick: 0,
                    end_tick: 0,
                });
            }
            Found::Ticks { ticks, entries: Entries::Ticks(entries) } => {
                if let Some(live) = pools.last_mut().filter(|live| live.pool.pool == ticks.pool) {
                    if live.ticks.is_empty() && live.first_tick == live.end_tick {
                        live.first_tick = ticks.start_tick;
                    }
                    live.end_tick = ticks.start_tick.saturating_add_unsigned(ticks.span_ticks);
                    live.ticks.extend_from_slice(entries);
                }
            }
            Found::Pool { .. }
            | Found::Ticks { .. }
            | Found::Missing { .. }
            | Found::Refused { .. } => {
                debug_assert!(false, "the world's own accounts are refused: {found:?}");
            }
        });
        Self { book, pools }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts;
    use super::super::pools::Site;
    use super::super::share::Share;
    use super::super::world::{Scale, World};
    use super::*;
    use crate::ids::Venue;

    fn world(seed: u64) -> World {
        let spread: Share = "500ppm".parse().unwrap();
        World::new(seed, &Scale { tokens: 6, pools_per_pair: 6, wallets: 2, spread })
    }

    #[test]
    fn the_account_book_reads_what_the_world_says() {
        for seed in 0..4 {
            let world = world(seed);
            let accounts = accounts::all(&world);
            let market = Market::open(&accounts, 77);
            assert_eq!(market.pools.len(), world.pools.len());
            assert_eq!(market.pools.len(), 9 * 6);
            for live in &market.pools {
                let plan = world.pools.iter().find(|plan| plan.address == live.pool.pool).unwrap();
                let pool = &live.pool;
                assert_eq!([pool.mint_a, pool.mint_b], [plan.tokens[0].mint, plan.tokens[1].mint]);
                assert_eq!([pool.vault_a, pool.vault_b], plan.vaults);
                assert_eq!([pool.reserve_a, pool.reserve_b], plan.reserves);
                let decimals = [&plan.tokens[0], &plan.tokens[1]].map(|token| token.decimals);
                assert_eq!([pool.decimals_a, pool.decimals_b], decimals);
                assert_eq!(pool.slot, 77);
                match &plan.venue {
                    Site::AmmV4(_) => {
                        assert_eq!(pool.venue, Venue::RaydiumAmmV4 as u16);
                        assert_eq!((pool.fee_num, pool.fee_den), (25, 10_000));
                    }
                    Site::Cpmm(cpmm) => {
                        assert_eq!(pool.venue, Venue::RaydiumCpmm as u16);
                        let (config, _) = cpmm.config;
                        let fee = (config.trade_ppm, 1_000_000);
                        assert_eq!((pool.fee_num, pool.fee_den), fee);
                        assert_eq!(u64::from(pool.creator_ppm), config.creator_ppm);
                        assert_eq!(pool.creator_side, cpmm.creator_side);
                    }
                    Site::Whirlpool(orca) => {
                        assert_eq!(pool.venue, Venue::OrcaWhirlpool as u16);
                        assert_eq!(pool.fee_num, u64::from(orca.fee_ppm));
                        assert_eq!((pool.sqrt_price, pool.tick), (orca.sqrt_price, orca.tick));
                        assert_eq!(pool.liquidity, orca.positions.liquidity);
                        let ticks: Vec<Tick> =
                            orca.positions.ticks.iter().map(|(tick, _)| *tick).collect();
                        assert_eq!(live.ticks, ticks);
                        let edges = (orca.positions.first_tick, orca.positions.end_tick);
                        assert_eq!((live.first_tick, live.end_tick), edges);
                    }
                }
            }
        }
    }

    #[test]
    fn a_swap_moves_the_price_against_the_start_and_back() {
        for live in &mut Market::open(&accounts::all(&world(6)), 1).pools {
            assert_eq!(live.against_start(), Ordering::Equal);
            let amount = live.depth(true) / 1000;
            live.apply(&Order::exact_in(true, amount)).unwrap();
            assert_eq!(live.against_start(), Ordering::Less);
            let amount = live.depth(false) / 500;
            live.apply(&Order::exact_in(false, amount)).unwrap();
            assert_eq!(live.against_start(), Ordering::Greater);
        }
    }

    #[test]
    fn start_prices_of_a_pair_differ_by_no_more_than_the_spread() {
        let world = world(5);
        let market = Market::open(&accounts::all(&world), 1);
        for live in &market.pools {
            let pool = &live.pool;
            let near = |other: &&Live| {
                (other.pool.mint_a, other.pool.mint_b) == (pool.mint_a, pool.mint_b)
            };
            for other in market.pools.iter().filter(near) {
                // What a millionth of the depth gives, per unit, after fees of at most 1.25 %.
                let rate = |live: &Live| {
                    let amount = live.depth(true) / 1_000_000;
                    let out = u128::from(live.quote(true, amount).unwrap().amount_out);
                    out * 1_000_000_000 / u128::from(amount)
                };
                let (mine, theirs) = (rate(live), rate(other));
                let off = mine.abs_diff(theirs) * 1_000_000 / mine.max(theirs);
                assert!(off < 1000 + 12_500 + 500, "{off} ppm");
            }
        }
    }
}
