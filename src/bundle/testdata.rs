//! Accounts and opportunities for the tests: pools of SPL tokens in round numbers.

use super::{BASE_FEE_LAMPORTS, priority_fee};
use crate::dex::{AccountBook, Clock, Found, TickRange, quote_in};
use crate::ids::{Key, RAYDIUM_AMM_V4, RAYDIUM_CPMM, TOKEN, Venue, WSOL};
use crate::record::{Direction, Opportunity, Pool, Slot};

/// A key that shows its number.
pub(super) fn key(number: u8) -> Key {
    [number; 32]
}

/// Account bytes: zeros of length `len`, with `parts` written at their offsets.
fn bytes(len: usize, parts: &[(usize, &[u8])]) -> Vec<u8> {
    let mut data = vec![0; len];
    for (at, part) in parts {
        data[*at..][..part.len()].copy_from_slice(part);
    }
    data
}

fn vault(book: &mut AccountBook, at: Key, mint: Key, amount: u64) {
    let parts: [(usize, &[u8]); 3] = [(0, &mint), (64, &amount.to_le_bytes()), (108, &[1])];
    book.insert(at, TOKEN, bytes(165, &parts), 0);
}

/// Adds the mint `mint` with 6 decimals.
pub(super) fn add_mint(book: &mut AccountBook, mint: Key) {
    book.insert(mint, TOKEN, bytes(82, &[(36, &9u64.to_le_bytes()), (44, &[6, 1])]), 0);
}

/// Adds an AMM v4 pool of `mints` with a fee of 25 bps; its keys begin at `first`.
pub(super) fn add_amm_v4(
    book: &mut AccountBook,
    first: u8,
    mints: [Key; 2],
    reserves: [u64; 2],
) -> Key {
    let [pool, vault_a, vault_b] = [first, first + 1, first + 2].map(key);
    let parts: [(usize, &[u8]); 9] = [
        (0, &6u64.to_le_bytes()),
        (32, &9u64.to_le_bytes()),
        (40, &6u64.to_le_bytes()),
        (176, &25u64.to_le_bytes()),
        (184, &10_000u64.to_le_bytes()),
        (336, &vault_a),
        (368, &vault_b),
        (400, &mints[0]),
        (432, &mints[1]),
    ];
    book.insert(pool, RAYDIUM_AMM_V4, bytes(752, &parts), 0);
    vault(book, vault_a, mints[0], reserves[0]);
    vault(book, vault_b, mints[1], reserves[1]);
    pool
}

/// Adds a CPMM pool of `mints` with a fee of 2500 ppm; its keys begin at `first`.
pub(super) fn add_cpmm(
    book: &mut AccountBook,
    first: u8,
    mints: [Key; 2],
    reserves: [u64; 2],
) -> Key {
    let [pool, vault_a, vault_b, config, observation] =
        [first, first + 1, first + 2, first + 3, first + 4].map(key);
    let parts: [(usize, &[u8]); 11] = [
        (0, &[0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46]),
        (8, &config),
        (72, &vault_a),
        (104, &vault_b),
        (168, &mints[0]),
        (200, &mints[1]),
        (232, &TOKEN),
        (264, &TOKEN),
        (296, &observation),
        (331, &[9]),
        (332, &[6]),
    ];
    book.insert(pool, RAYDIUM_CPMM, bytes(637, &parts), 0);
    let rates: [(usize, &[u8]); 2] =
        [(0, &[0xda, 0xf4, 0x21, 0x68, 0xcb, 0xcb, 0x2b, 0x6f]), (12, &2500u64.to_le_bytes())];
    book.insert(config, RAYDIUM_CPMM, bytes(236, &rates), 0);
    vault(book, vault_a, mints[0], reserves[0]);
    vault(book, vault_b, mints[1], reserves[1]);
    pool
}

/// A complete slot that ends in `hash`.
pub(super) fn ended(slot: u64, hash: [u8; 32]) -> Slot {
    let mut made = Slot::new(0);
    (made.slot, made.complete, made.blockhash, made.present) = (slot, 1, hash, Slot::BLOCKHASH);
    made
}

/// The pools that `book` describes.
pub(super) fn pools(book: &AccountBook) -> Vec<Pool> {
    let mut pools = Vec::new();
    book.pools(Clock::default(), &mut |found| match found {
        Found::Pool { pool, .. } => pools.push(*pool),
        Found::Ticks { .. } => {}
        Found::Missing { .. } | Found::Refused { .. } => panic!("{found:?}"),
    });
    pools
}

/// The opportunity to take `amount` of wrapped SOL along `route`, as the pools of constant product
/// quote it: gross is what it is, the tip half of what is left.
pub(super) fn opportunity(book: &AccountBook, route: &[Key], amount: u64) -> Opportunity {
    let pools = pools(book);
    let mut made = Opportunity::new(77);
    (made.slot, made.ordinal, made.state_hash) = (1000, 5, 0x1234_5678);
    (made.base_mint, made.hops) = (WSOL, u8::try_from(route.len()).unwrap());
    (made.compute_units, made.cu_price_micro) = (300_000, 1_234);
    let (mut mint, mut amount) = (WSOL, amount);
    made.amounts[0] = amount;
    for (at, pool) in route.iter().enumerate() {
        let pool = pools.iter().find(|known| known.pool == *pool).unwrap();
        let a_to_b = pool.mint_a == mint;
        let quote = quote_in(pool, TickRange::NONE, a_to_b, amount).unwrap();
        (made.pools[at], made.venues[at], made.mints[at]) = (pool.pool, pool.venue, mint);
        made.directions[at] = if a_to_b { Direction::AToB } else { Direction::BToA } as u8;
        mint = if a_to_b { pool.mint_b } else { pool.mint_a };
        amount = quote.amount_out;
        made.amounts[at + 1] = amount;
    }
    settle(&mut made);
    made
}

/// Fills in what follows from the amounts: gross, fees, tip, net and the limits.
pub(super) fn settle(made: &mut Opportunity) {
    let last = usize::from(made.hops) - 1;
    made.gross =
        i64::try_from(made.amounts[last + 1]).unwrap() - i64::try_from(made.amounts[0]).unwrap();
    made.base_fee = BASE_FEE_LAMPORTS;
    made.priority_fee = priority_fee(made.cu_price_micro, made.compute_units).unwrap();
    let left = made.gross - i64::try_from(made.base_fee + made.priority_fee).unwrap();
    made.tip = u64::try_from(left / 2).unwrap_or(0);
    made.net = left - i64::try_from(made.tip).unwrap();
    for at in 0..last {
        made.min_out[at] = made.amounts[at + 1];
    }
    made.min_out[last] = made.amounts[0] + made.base_fee + made.priority_fee + made.tip;
}

/// A book with two AMM v4 pools and a CPMM pool of SOL and token 0xf0, priced apart, and a pool
/// that leads over token 0xf1.
pub(super) fn book() -> AccountBook {
    let (mut book, token, other) = (AccountBook::new(), key(0xf0), key(0xf1));
    add_mint(&mut book, WSOL);
    add_mint(&mut book, token);
    add_mint(&mut book, other);
    add_amm_v4(&mut book, AMM, [WSOL, token], [1_000_000_000_000, 150_000_000_000]);
    add_amm_v4(&mut book, AMM_2, [WSOL, token], [1_000_000_000_000, 160_000_000_000]);
    add_cpmm(&mut book, CPMM, [WSOL, token], [2_000_000_000_000, 260_000_000_000]);
    add_cpmm(&mut book, CPMM_OTHER, [token, other], [100_000_000_000, 400_000_000_000]);
    add_cpmm(&mut book, CPMM_BACK, [WSOL, other], [2_000_000_000_000, 1_000_000_000_000]);
    book
}

/// Keys of the pools of [`book`].
pub(super) const AMM: u8 = 0x10;
pub(super) const AMM_2: u8 = 0x20;
pub(super) const CPMM: u8 = 0x30;
pub(super) const CPMM_OTHER: u8 = 0x40;
pub(super) const CPMM_BACK: u8 = 0x50;

/// A pool of the feed, which has no program.
pub(super) fn on_feed(made: &mut Opportunity, hop: usize) {
    made.venues[hop] = Venue::Feed as u16;
}
