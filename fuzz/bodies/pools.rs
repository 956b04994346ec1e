//! Accounts of every venue into pools, and what pools are quoted at.

use super::{Input, met, program};
use mev::bytes::key_at;
use mev::dex::{
    self, AccountBook, Around, AroundMut, BinRange, Build, Clock, Cursor, Depth, DepthMut, Fault,
    Found, Levels, Moment, Order, Part, Quote, TickRange, Unsupported,
};
use mev::ids::{Key, TOKEN, TOKEN_2022, Venue};
use mev::record::{self, Bin, Exact, Layout, Level, Pool, PoolStatus, Record, Tick};

/// What quotes are asked for beside what the input asks.
const AMOUNTS: [u64; 4] = [1, 999, 1_000_000_007, u64::MAX];

/// Rounds in which missing parts are brought: what a part names is missing one round later.
const ROUNDS: usize = 4;

/// Accounts: a program, how they are completed, what the vaults hold and where the pool has their
/// mints (asked for where no mint is missing), then parts behind their lengths. The first part is a pool, the others are its parts in the order in which they are found
/// missing; vaults and mints are made. What comes out holds its own rules and is priced and called without a contradiction.
pub(crate) fn accounts(bytes: &[u8]) {
    join(bytes);
}

/// The same, and the book in which no pool lacks anything any more, if it came to that.
pub(crate) fn join(bytes: &[u8]) -> AccountBook {
    let mut input = Input(bytes);
    let (program, how) = (*program(input.u8()), input.u8());
    let amounts = [input.u64(), input.u64()];
    let mints_at = [input.array(), input.array()].map(|at| usize::from(u16::from_le_bytes(at)));
    let clock = Clock { epoch: Some(700), unix_s: (how & 1 != 0).then_some(1_700_000_000) };
    let mut book = AccountBook::new();
    let pool = input.sized();
    book.insert([1; 32], program, pool.to_vec(), 9);
    let mut mints = mints_at.map(|at| key_at(pool, at).copied().unwrap_or([1; 32]));
    for _ in 0..ROUNDS {
        let mut wanted: Vec<(Part, Key)> = Vec::new();
        look(&book, clock, &mut |part, key| wanted.push((part, key)));
        for (part, key) in &wanted {
            match part {
                Part::MintA => mints[0] = *key,
                Part::MintB => mints[1] = *key,
                _ => {}
            }
        }
        if wanted.is_empty() {
            break;
        }
        for (part, key) in wanted {
            let (owner, data) = match part {
                Part::MintA | Part::MintB => (token_program(how), mint(how)),
                Part::VaultA => (token_program(how), held(&mints[0], amounts[0])),
                Part::VaultB => (token_program(how), held(&mints[1], amounts[1])),
                _ => (program, input.sized().to_vec()),
            };
            book.insert(key, owner, data, 9);
        }
    }
    book
}

fn token_program(how: u8) -> Key {
    if how & 2 == 0 { TOKEN } else { TOKEN_2022 }
}

/// A mint of 6 decimals; under Token-2022 with a transfer fee, if `how` says so.
fn mint(how: u8) -> Vec<u8> {
    let mut data = vec![0; 82];
    (data[44], data[45]) = (6, 1);
    if how & 6 == 6 {
        data.resize(165, 0);
        // Account type mint, extension 1 of 108 bytes: the older and the newer fee, maximum and bps.
        data.extend([1, 1, 0, 108, 0]);
        data.extend([0; 72]);
        for _ in 0..2 {
            data.extend(0u64.to_le_bytes());
            data.extend(5_000u64.to_le_bytes());
            data.extend(u16::from(how).to_le_bytes());
        }
    }
    data
}

/// A token account that holds `amount` of `mint`.
fn held(mint: &Key, amount: u64) -> Vec<u8> {
    let mut data = mint.to_vec();
    data.extend([5; 32]);
    data.extend(amount.to_le_bytes());
    data.resize(165, 0);
    data[108] = 1;
    data
}

/// An account file: every account handed out was read whole and counted, and joining them keeps to
/// its rules.
pub(crate) fn accounts_file(bytes: &[u8]) {
    let (mut taken, mut book) = (0u64, AccountBook::new());
    let read = dex::accounts_file::read(bytes, &mut |entry| {
        taken += 1;
        match entry.contents {
            Some(contents) => book.insert(entry.key, contents.owner, contents.data, entry.slot),
            None => book.insert_absent(entry.key),
        }
    });
    if let Ok(count) = read {
        assert_eq!(count, taken);
    }
    look(&book, Clock::default(), &mut |_, _| {});
}

/// Joins the accounts of `book`, holds what is found to its rules and names what is missing.
fn look(book: &AccountBook, clock: Clock, missing: &mut dyn FnMut(Part, Key)) {
    let mut last = None;
    book.pools(clock, &mut |found| match found {
        Found::Pool { pool, unsupported } => {
            met((pool.venue, "pool", pool.status, unsupported.map(Unsupported::name)));
            assert_eq!(pool.invalid(), None);
            assert!(record::check(Record::of(pool)).is_ok());
            let is_unsupported = pool.status == PoolStatus::Unsupported as u8;
            assert!(unsupported.is_none() || is_unsupported, "a reason without its status");
            assert_ne!(pool.mint_a, pool.mint_b, "a pool of one token");
            let venue = Venue::from_number(pool.venue).expect("a pool's venue is known");
            assert!(venue.programs().contains(&pool.program));
            for amount in AMOUNTS {
                hold_quotes(pool, &Held::Ticks(Vec::new(), 0, 0), amount);
            }
            hold_call(book, pool);
            last = Some(pool.pool);
        }
        Found::Ticks { ticks, .. } => {
            met(("ticks", ticks.count.min(3)));
            assert_eq!(ticks.invalid(), None);
            assert_eq!(Some(ticks.pool), last, "ticks follow their pool");
        }
        Found::Missing { venue, part, key, .. } => {
            met((venue, part.name()));
            missing(part, *key);
        }
        Found::Refused { venue, fault, pool, key } => met((venue, fault.name(), pool == key)),
    });
}

/// An instruction that is built says, when it is decoded, what it was to say.
fn hold_call(book: &AccountBook, pool: &Pool) {
    let (owner, user_in, user_out) = (&[21; 32], &[22; 32], &[23; 32]);
    let (a_to_b, amount_in, min_out) = (true, 77, 7);
    let request = Build { pool, a_to_b, amount_in, min_out, owner, user_in, user_out };
    let Ok(built) = dex::build(book, &request) else { return };
    let keys: Vec<Key> = built.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect();
    let indices: Vec<u8> = (0u8..).take(keys.len()).collect();
    let (program, data) = (&built.program_id.to_bytes(), built.data.as_slice());
    let ix = dex::Instruction { program, data, indices: &indices, keys: &keys, loaded: &[] };
    let decoded = dex::decode(&ix).expect("a venue's program");
    let swap = decoded.swap(&ix, 0).expect("what is built is a swap");
    assert_eq!((swap.venue as u16, swap.pool), (pool.venue, Some(&pool.pool)));
    assert_eq!((swap.owner, swap.amount, swap.limit), (Some(owner), Some(77), Some(7)));
    assert_eq!((swap.user_in, swap.user_out), (Some(user_in), Some(user_out)));
}

/// What lies around a pool's price, owned.
enum Held {
    Ticks(Vec<Tick>, i32, i32),
    Bins(Vec<Bin>, i32, i32),
    Levels(Vec<Level>, Vec<Level>),
}

impl Held {
    /// Ticks, bins or levels: as `how` says, whatever they say, in the order that their owner keeps.
    fn read(how: u8, input: &mut Input<'_>) -> Self {
        let (first, end) = (i32::from_le_bytes(input.array()), i32::from_le_bytes(input.array()));
        let (mut ticks, mut bins, mut bids, mut asks) = (vec![], vec![], vec![], vec![]);
        let most = |count: usize| count < 64;
        while !input.0.is_empty() && most(ticks.len() + bins.len() + bids.len() + asks.len()) {
            let (number, wide) = (i32::from_le_bytes(input.array()), input.array::<16>());
            let [low, high] = bytemuck::cast::<_, [u64; 2]>(wide);
            match how >> 1 & 3 {
                1 => bins.push(Bin {
                    price: u128::from(high).max(1) << (how & 31),
                    amount_a: low,
                    amount_b: high,
                    orders: low ^ high,
                    bin: number,
                    orders_of_a: u32::from(how >> 7),
                }),
                2 => {
                    let (price, is_bid) = (u128::from(high), u64::from(number & 1 == 1));
                    let level = Level { price, base: low, sequence: 0, expires: 0, is_bid };
                    if is_bid == 1 { &mut bids } else { &mut asks }.push(level);
                }
                _ => ticks.push(Tick {
                    liquidity_net: i128::from_le_bytes(wide),
                    tick: number,
                    orders: u32::from(how >> 7),
                    _zero: [0; 8],
                }),
            }
        }
        match how >> 1 & 3 {
            1 => {
                bins.sort_unstable_by_key(|bin| bin.bin);
                bins.dedup_by_key(|bin| bin.bin);
                Self::Bins(bins, first, end)
            }
            2 => {
                bids.sort_unstable_by_key(|level| std::cmp::Reverse(level.price));
                asks.sort_unstable_by_key(|level| level.price);
                Self::Levels(bids, asks)
            }
            _ => {
                ticks.sort_unstable_by_key(|tick| tick.tick);
                ticks.dedup_by_key(|tick| tick.tick);
                Self::Ticks(ticks, first, end)
            }
        }
    }

    fn around(&self, now: Moment) -> Around<'_> {
        let depth = match self {
            Self::Ticks(ticks, first_tick, end_tick) => {
                Depth::Ticks(TickRange { ticks, first_tick: *first_tick, end_tick: *end_tick })
            }
            Self::Bins(bins, first_bin, end_bin) => {
                Depth::Bins(BinRange { bins, first_bin: *first_bin, end_bin: *end_bin })
            }
            Self::Levels(bids, asks) => Depth::Levels(Levels { bids, asks }),
        };
        Around { depth, now }
    }

    /// How many of them there are.
    fn len(&self) -> usize {
        match self {
            Self::Ticks(ticks, ..) => ticks.len(),
            Self::Bins(bins, ..) => bins.len(),
            Self::Levels(bids, asks) => bids.len() + asks.len(),
        }
    }

    /// What `order` makes of copies of `pool` and of these: the answer, and whether anything changed.
    fn apply(&self, pool: &Pool, now: Moment, order: &Order) -> (Result<Quote, Fault>, bool) {
        let mut after = *pool;
        match self {
            Self::Ticks(..) => {
                let applied = dex::apply(&mut after, self.around(now), order);
                (applied, after != *pool)
            }
            Self::Bins(bins, first_bin, end_bin) => {
                let mut copy = bins.clone();
                let (first_bin, end_bin) = (*first_bin, *end_bin);
                let depth = DepthMut::Bins { bins: &mut copy, first_bin, end_bin };
                let applied = dex::apply(&mut after, AroundMut { depth, now }, order);
                (applied, after != *pool || copy != *bins)
            }
            Self::Levels(bids, asks) => {
                let (mut left, mut right) = (bids.clone(), asks.clone());
                let depth = DepthMut::Levels { bids: &mut left, asks: &mut right };
                let applied = dex::apply(&mut after, AroundMut { depth, now }, order);
                (applied, after != *pool || left != *bids || right != *asks)
            }
        }
    }
}

/// A quote: a venue, an amount, a pool's record from byte 16 on, then ticks, bins or levels. Whatever
/// the record says, quotes keep to what they promise.
pub(crate) fn quote(bytes: &[u8]) {
    let mut input = Input(bytes);
    let (venue, how, amount) = (input.u8(), input.u8(), input.u64());
    let mut pool = Pool::new(1);
    let fields = bytemuck::bytes_of_mut(&mut pool).get_mut(16..).unwrap_or_default();
    for (to, from) in fields.iter_mut().zip(input.take(size_of::<Pool>() - 16)) {
        *to = *from;
    }
    pool.venue = Venue::ALL[usize::from(venue) % Venue::ALL.len()] as u16;
    if how & 1 == 0 {
        (pool.status, pool.present) = (PoolStatus::Open as u8, u32::MAX);
    }
    let held = Held::read(how, &mut input);
    hold_quotes(&pool, &held, amount);
}

/// What every quote of `pool` holds.
fn hold_quotes(pool: &Pool, held: &Held, amount: u64) {
    let now = Moment { slot: 9, unix_s: 1_700_000_000 };
    let ticks = held.around(now);
    for a_to_b in [false, true] {
        let forward = dex::quote_in(pool, ticks, a_to_b, amount);
        let crossed = forward.map(|quote| (quote.complete, quote.ticks_crossed.min(3)));
        met((pool.venue, a_to_b, crossed.map_err(Fault::name)));
        if let Ok(quote) = forward {
            assert!(quote.amount_in <= amount && quote.fee <= quote.amount_in, "{quote:?}");
        }
        let back = dex::quote_out(pool, ticks, a_to_b, amount);
        let crossed = back.map(|quote| (quote.complete, quote.ticks_crossed.min(3)));
        met((pool.venue, a_to_b, crossed.map_err(Fault::name), "out"));
        if let Ok(quote) = back {
            assert!(quote.fee <= quote.amount_in, "{quote:?}");
            assert!(!quote.complete || quote.amount_out >= amount, "{quote:?}");
        }
        if let Ok(least) = dex::min_in(pool, ticks, a_to_b, amount) {
            let got = dex::quote_in(pool, ticks, a_to_b, least);
            assert!(got.is_ok_and(|quote| quote.amount_out >= amount), "{least} gives {got:?}");
            let less = least.checked_sub(1).map(|less| dex::quote_in(pool, ticks, a_to_b, less));
            let less = less.and_then(Result::ok).map(|quote| quote.amount_out);
            assert!(less.is_none_or(|out| out < amount), "less than {least} is enough");
        }
        for exact in [Exact::In, Exact::Out] {
            let order = Order { a_to_b, exact, amount, limit: None, sqrt_limit: None };
            let (applied, changed) = held.apply(pool, now, &order);
            let quoted = if exact == Exact::In { forward } else { back };
            match (applied, quoted) {
                (Ok(applied), Ok(quoted)) => assert_eq!(applied, quoted),
                (Err(Fault::Incomplete), Ok(quoted)) => assert!(!quoted.complete),
                (Err(applied), Err(quoted)) => assert_eq!(applied, quoted),
                // What volatility becomes takes a moment, and a price that is not all prices away.
                (Err(Fault::Moment | Fault::Overflow), Ok(_)) => {
                    assert!(pool.present & Pool::VOL_SQRT != 0);
                }
                (applied, quoted) => panic!("{applied:?} applied, {quoted:?} quoted"),
            }
            if applied.is_err() {
                assert!(!changed, "what is refused changes nothing");
            }
        }
        let mut cursor = Cursor::start(pool);
        let mut pieces = 0;
        while let Some(piece) = dex::segment(pool, ticks, a_to_b, &mut cursor) {
            let _ = (piece.reserves(), piece.room());
            pieces += 1;
            // A stable curve is shown as 24 chords; a fee that follows volatility cuts ranges into
            // groups of ticks, at most so many.
            let groups = if pool.present & Pool::VOLATILITY == 0 { 0 } else { 4096 };
            assert!(pieces <= held.len() + 24 + groups, "a curve without end");
        }
    }
}
