//! For the tests: the pricing rules of facts/dex.md once more, in big integers, and the accounts
//! of the shared data.
//!
//! Written from the text of the rules and not from the code they check; nothing here is fast.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a model is written plainly; a panic in it is a failed test"
)]

use base64::Engine;
use num_bigint::BigInt;

use crate::bytes::base58;
use crate::ids::{Key, TOKEN, Venue};
use crate::record::{Bin, Level, Pool, PoolStatus, Tick, Ticks};

use super::accounts::{AccountBook, Clock, Entries, Found, Unsupported};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::orca_whirlpool::{sqrt_price_at_tick, tick_at_sqrt_price};
use super::token::tests::{account_bytes, mint_bytes};

/// The events of a file of testdata/events: signature and bytes.
pub(super) fn events(text: &'static str) -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (signature, bytes) = line.split_once(' ').unwrap();
        (signature, crate::bytes::hex::decode(bytes).unwrap())
    })
}

/// `floor(n / d)` of what is not negative.
pub(super) fn fl(n: impl Into<BigInt>, d: impl Into<BigInt>) -> BigInt {
    n.into() / d.into()
}

/// `ceil(n / d)` of what is not negative.
pub(super) fn ce(n: impl Into<BigInt>, d: impl Into<BigInt>) -> BigInt {
    let (n, d) = (n.into(), d.into());
    (n + &d - 1) / d
}

pub(super) fn big(n: impl Into<BigInt>) -> BigInt {
    n.into()
}

/// A model's number as the 64 bits it must fit into.
pub(super) fn narrow(n: &BigInt) -> Option<u64> {
    u64::try_from(n).ok()
}

/// Token-2022 fee on a transfer (facts 0.4).
pub(super) fn t22_fee(pre: &BigInt, bps: u16, max: u64) -> BigInt {
    if bps == 0 { big(0) } else { ce(pre * bps, 10_000).min(big(max)) }
}

/// The smallest transfer that leaves `net` (facts 0.4).
pub(super) fn t22_pre(net: &BigInt, bps: u16, max: u64) -> BigInt {
    if bps == 0 || *net == big(0) {
        return net.clone();
    }
    if bps == 10_000 {
        return net + max;
    }
    let r = ce(net * 10_000, 10_000 - i32::from(bps));
    if &r - net >= big(max) { net + max } else { r }
}

/// Constant product with the fee on the input that stays (facts 1): `(out, fee)`.
pub(super) fn v4_in(pool: &Pool, a_to_b: bool, amount: u64) -> (BigInt, BigInt) {
    let (r_in, r_out) = reserves(pool, a_to_b);
    let fee = ce(big(amount) * pool.fee_num, pool.fee_den);
    let net = big(amount) - &fee;
    (fl(&r_out * &net, &r_in + &net), fee)
}

/// The same backwards: the input for `out`, which is below the reserve.
pub(super) fn v4_out(pool: &Pool, a_to_b: bool, out: u64) -> BigInt {
    let (r_in, r_out) = reserves(pool, a_to_b);
    let x = ce(&r_in * out, r_out - out);
    ce(x * pool.fee_den, pool.fee_den - pool.fee_num)
}

/// Reserves of the token that goes in and of the one that comes out.
pub(super) fn reserves(pool: &Pool, a_to_b: bool) -> (BigInt, BigInt) {
    let (a, b) = (big(pool.reserve_a), big(pool.reserve_b));
    if a_to_b { (a, b) } else { (b, a) }
}

/// What a CPMM swap moves: user in, user out, fee on the input, then both reserves after it.
pub(super) type Cpmm = (BigInt, BigInt, BigInt, BigInt, BigInt);

/// Raydium CPMM (facts 2), exact in or exact out.
pub(super) fn cpmm(pool: &Pool, a_to_b: bool, exact_in: bool, amount: u64) -> Cpmm {
    let m = 1_000_000;
    let (r_in, r_out) = reserves(pool, a_to_b);
    let (bps_in, max_in, bps_out, max_out) = sides(pool, a_to_b);
    let (trade, cr) = (big(pool.fee_num), big(pool.creator_ppm));
    let on_input = pool.creator_side == 0 || (pool.creator_side == 1) == a_to_b;
    let (user_in, user_out, a, total_fee, sw, out);
    if exact_in {
        user_in = big(amount);
        a = &user_in - t22_fee(&user_in, bps_in, max_in);
        let rate = if on_input { &trade + &cr } else { trade.clone() };
        total_fee = ce(&a * &rate, m);
        let net = &a - &total_fee;
        sw = fl(&net * &r_out, &r_in + &net);
        out = if on_input { sw.clone() } else { &sw - ce(&sw * &cr, m) };
        user_out = &out - t22_fee(&out, bps_out, max_out);
    } else {
        user_out = big(amount);
        out = t22_pre(&user_out, bps_out, max_out);
        sw = if on_input { out.clone() } else { ce(&out * m, m - &cr) };
        let x = ce(&r_in * &sw, &r_out - &sw);
        let rate = if on_input { &trade + &cr } else { trade.clone() };
        a = ce(&x * m, m - &rate);
        total_fee = &a - x;
        user_in = t22_pre(&a, bps_in, max_in);
    }
    let creator_in = if on_input { fl(&total_fee * &cr, &trade + &cr) } else { big(0) };
    let trade_fee = &total_fee - &creator_in;
    let protocol = fl(&trade_fee * pool.protocol_ppm, m);
    let fund = fl(&trade_fee * pool.fund_ppm, m);
    let after_in = r_in + a - protocol - fund - creator_in;
    (user_in, user_out, total_fee, after_in, r_out - sw)
}

/// Transfer fees on the way in and on the way out: bps and cap of each.
fn sides(pool: &Pool, a_to_b: bool) -> (u16, u64, u16, u64) {
    let (a, a_max) = (pool.transfer_fee_bps_a, pool.transfer_fee_max_a);
    let (b, b_max) = (pool.transfer_fee_bps_b, pool.transfer_fee_max_b);
    if a_to_b { (a, a_max, b, b_max) } else { (b, b_max, a, a_max) }
}

/// What a concentrated swap moves (before transfer fees) and where it ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Clmm {
    pub(super) amount_in: BigInt,
    pub(super) amount_out: BigInt,
    pub(super) fee: BigInt,
    pub(super) sqrt_price: BigInt,
    pub(super) liquidity: BigInt,
    pub(super) tick: i32,
    pub(super) crossed: u16,
    /// All of the amount was traded.
    pub(super) filled: bool,
}

/// Amount of a (or b) between two prices (facts 3: d0, d1).
pub(super) fn between(of_a: bool, p: &BigInt, q: &BigInt, liquidity: &BigInt, up: bool) -> BigInt {
    let (lo, hi) = if p < q { (p, q) } else { (q, p) };
    let (n, d) = if of_a {
        ((liquidity << 64) * (hi - lo), lo * hi)
    } else {
        (liquidity * (hi - lo), big(1) << 64)
    };
    if up { ce(n, d) } else { fl(n, d) }
}

/// Orca Whirlpool (facts 5), from the initialised ticks of the pool up to `edge`, the last tick that
/// the instruction's arrays hold: a walk that finds none before it ends there. `None` when an amount
/// leaves 64 bits.
pub(super) fn clmm(
    pool: &Pool,
    ticks: &[Tick],
    edge: i32,
    a_to_b: bool,
    exact_in: bool,
    amount: u64,
) -> Option<Clmm> {
    let (m, f) = (1_000_000, pool.fee_num);
    let mut at = Clmm {
        amount_in: big(0),
        amount_out: big(0),
        fee: big(0),
        sqrt_price: big(pool.sqrt_price),
        liquidity: big(pool.liquidity),
        tick: pool.tick,
        crossed: 0,
        filled: false,
    };
    let end = big(sqrt_price_at_tick(edge)?);
    let mut left = big(amount);
    while left > big(0) && at.sqrt_price != end {
        let mut listed: Vec<_> = ticks.iter().map(|t| (t.tick, t.liquidity_net)).collect();
        listed.sort_unstable();
        let next = if a_to_b {
            listed.iter().rev().find(|(tick, _)| (edge..=at.tick).contains(tick))
        } else {
            listed.iter().find(|(tick, _)| *tick > at.tick && *tick <= edge)
        };
        let stop = next.map_or(edge, |(tick, _)| *tick);
        let target = big(sqrt_price_at_tick(stop)?);
        let (p, l) = (at.sqrt_price.clone(), at.liquidity.clone());
        // Token a moves in when a goes in, out when b does.
        let exact_is_a = a_to_b == exact_in;
        let usable = if exact_in { fl(&left * (m - f), m) } else { left.clone() };
        let whole = between(exact_is_a, &p, &target, &l, exact_in);
        let reached = whole <= usable;
        let p2 = if reached {
            target.clone()
        } else {
            let x = &usable;
            match (exact_is_a, exact_in) {
                (true, true) => ce((&l << 64) * &p, (&l << 64) + x * &p),
                (true, false) => ce((&l << 64) * &p, (&l << 64) - x * &p),
                (false, true) => &p + fl(x << 64, l.clone()),
                (false, false) => &p - ce(x << 64, l.clone()),
            }
        };
        let step_in = between(a_to_b, &p, &p2, &l, true);
        let step_out = between(!a_to_b, &p, &p2, &l, false);
        let step_out = if exact_in { step_out } else { step_out.min(left.clone()) };
        let fee = if exact_in && p2 != target { &left - &step_in } else { ce(&step_in * f, m - f) };
        left -= if exact_in { &step_in + &fee } else { step_out.clone() };
        at.amount_in += &step_in + &fee;
        at.amount_out += step_out;
        at.fee += fee;
        if p2 == target {
            if let Some((_, net)) = next {
                at.liquidity += if a_to_b { -big(*net) } else { big(*net) };
                at.crossed += 1;
            }
            at.tick = if a_to_b { stop - 1 } else { stop };
        } else if p2 != p {
            at.tick = tick_at_sqrt_price(u128::try_from(&p2).ok()?)?;
        }
        at.sqrt_price = p2;
    }
    at.filled = left == big(0);
    narrow(&at.amount_in).and(narrow(&at.amount_out)).map(|_| at)
}

/// Stable-swap curves (facts 15 and the programs' sources), with what is rounded written out.
pub(super) mod big_stable {
    use super::{BigInt, big, ce};

    /// Newton's steps until two values are within `near`, or `rounds` of them.
    fn steps(
        mut at: BigInt,
        rounds: u32,
        near: u32,
        step: impl Fn(&BigInt) -> BigInt,
    ) -> (BigInt, bool) {
        for _ in 0..rounds {
            let next = step(&at);
            let moved = if next > at { &next - &at } else { &at - &next };
            at = next;
            if moved <= big(near) {
                return (at, true);
            }
        }
        (at, false)
    }

    /// `(Ann S + 2 P) D / ((Ann - 1) D + 3 P)`.
    fn next_d(ann: &BigInt, sum: &BigInt, part: &BigInt, d: &BigInt) -> BigInt {
        (ann * sum + part * 2) * d / ((ann - 1) * d + part * 3)
    }

    /// The new balance of what comes out when `amount` goes into Saber's curve.
    pub(in super::super) fn saber(amp: u64, x: u64, y: u64, amount: u64) -> BigInt {
        let (ann, sum) = (big(amp) * 2, big(x) + y);
        let (d, _) = steps(sum.clone(), 256, 1, |d| {
            let part = d * d / (big(x) * 2) * d / (big(y) * 2);
            next_d(&ann, &sum, &part, d)
        });
        let x = big(x) + amount;
        let c = &d * &d / (&x * 2) * &d / (&ann * 2);
        let b = &x + &d / &ann;
        steps(d.clone(), 256, 1, |y| (y * y + &c) / (y * 2 + &b - &d)).0
    }

    /// The same of SPL token-swap.
    pub(in super::super) fn spl(amp: u64, x: u64, y: u64, amount: u64) -> BigInt {
        let (ann, sum) = (big(amp) * 2, big(x) + y);
        let (d, _) = steps(sum.clone(), 32, 0, |d| {
            let part = d * d / (big(x) * 2 + 1) * d / (big(y) * 2 + 1);
            next_d(&ann, &sum, &part, d)
        });
        let x = big(x) + amount;
        let c = &d * &d * &d / (&x * 4 * &ann);
        let b = &x + &d / &ann;
        steps(d.clone(), 32, 0, |y| (y * y + &c) / (y * 2 + &b - &d)).0
    }

    /// The same of Stabble, whose amplification is in thousandths; `None` when it does not end.
    pub(in super::super) fn stabble(amp: u64, x: u64, y: u64, amount: u64) -> Option<BigInt> {
        let (ann, sum) = (big(amp) * 2, big(x) + y);
        let (d, near) = steps(sum.clone(), 64, 100, |d| {
            let part = d * d / (big(x) * 2) * d / (big(y) * 2);
            (&ann * &sum / 1000 + &part * 2) * d / ((&ann - 1000) * d / 1000 + &part * 3)
        });
        let x = big(x) + amount;
        let p = &x * 2 * (big(y) * 2) / &d;
        let c = ce(&d * &d * 1000, &ann * p) * y;
        let b = &d * 1000 / &ann + &x;
        let start = ce(&d * &d + &c, &d + &b);
        let (y, ended) = steps(start, 64, 1, |y| ce(y * y + &c, y * 2 + &b - &d));
        (near && ended).then_some(y)
    }
}

/// A constant-product pool of `venue` with a fee of `fee_num / fee_den`.
pub(super) fn product_pool(venue: Venue, a: u64, b: u64, fee_num: u64, fee_den: u64) -> Pool {
    let mut pool = Pool::new(0);
    pool.venue = venue as u16;
    (pool.reserve_a, pool.reserve_b) = (a, b);
    (pool.fee_num, pool.fee_den) = (fee_num, fee_den);
    pool.status = PoolStatus::Open as u8;
    pool.present = Pool::RESERVES;
    pool
}

/// A file or folder of the shared data; `None`, said aloud, when it is not here.
pub(super) fn shared_path(path: &str) -> Option<std::path::PathBuf> {
    let root = std::env::var("MEV_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let found = std::path::Path::new(&root).join(path);
    if !found.exists() {
        println!("skipped: no {path} in MEV_SHARED");
        return None;
    }
    Some(found)
}

/// The text of a file of the shared data; `None`, said aloud, when it is not here.
pub(super) fn shared(path: &str) -> Option<String> {
    shared_path(path).map(|found| std::fs::read_to_string(found).unwrap())
}

/// The key that `text` spells.
pub(super) fn key(text: &str) -> Key {
    base58::key(text).unwrap()
}

/// The accounts of a file with one `{"pubkey","account"}` a line.
pub(super) fn book(text: &str) -> AccountBook {
    let mut book = AccountBook::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let account = &row["account"];
        let data = account["data"][0].as_str().unwrap_or_default();
        let data = base64::engine::general_purpose::STANDARD.decode(data).unwrap();
        let slot = row["slot"].as_u64().unwrap_or(0);
        let text = |value: &serde_json::Value| key(value.as_str().unwrap());
        book.insert(text(&row["pubkey"]), text(&account["owner"]), data, slot);
    }
    book
}

/// Everything that joining a book finds, owned.
#[derive(Default)]
pub(super) struct Joined {
    pub(super) pools: Vec<(Pool, Option<Unsupported>)>,
    pub(super) arrays: Vec<(Ticks, Vec<Tick>)>,
    pub(super) bins: Vec<(Ticks, Vec<Bin>)>,
    pub(super) levels: Vec<(Ticks, Vec<Level>)>,
    /// Missing parts and refusals: the account and the name of what is wrong with it.
    pub(super) wrong: Vec<(Key, &'static str)>,
}

pub(super) fn join(book: &AccountBook, clock: Clock) -> Joined {
    let mut joined = Joined::default();
    book.pools(clock, &mut |found| match found {
        Found::Pool { pool, unsupported } => joined.pools.push((*pool, unsupported)),
        Found::Ticks { ticks, entries } => match entries {
            Entries::Ticks(entries) => joined.arrays.push((*ticks, entries.to_vec())),
            Entries::Bins(entries) => joined.bins.push((*ticks, entries.to_vec())),
            Entries::Levels(entries) => joined.levels.push((*ticks, entries.to_vec())),
        },
        Found::Missing { part, key, .. } => joined.wrong.push((*key, part.name())),
        Found::Refused { key, fault, .. } => joined.wrong.push((*key, fault.name())),
    });
    joined
}

/// What an instruction of `venue` is whose accounts are the keys 0, 1, 2 and so on.
pub(super) fn instruction(venue: Venue, data: &[u8], accounts: u8) -> Decoded<'static> {
    let keys: &'static [Key] = Box::leak((0..accounts).map(|n| [n; 32]).collect());
    let indices: &'static [u8] = Box::leak((0..accounts).collect());
    let data: &'static [u8] = Box::leak(data.into());
    let program = venue.programs().first().unwrap();
    super::decode(&Instruction { program, data, indices, keys, loaded: &[] }).unwrap()
}

/// Why the instruction that [`instruction`] makes is refused.
pub(super) fn refused(venue: Venue, data: &[u8], accounts: u8) -> Option<IxFault> {
    match instruction(venue, data, accounts) {
        Decoded::Refused(fault) => Some(fault),
        _ => None,
    }
}

/// Which accounts are a swap's pool, owner, user's source, user's destination, vaults of a and b.
pub(super) fn places(swap: &SwapIx<'_>) -> [Option<u8>; 6] {
    [swap.pool, swap.owner, swap.user_in, swap.user_out, swap.vault_a, swap.vault_b]
        .map(|key| key.map(|key| key[0]))
}

/// `tag`, then numbers of 64 bits.
pub(super) fn tagged(tag: &[u8], values: &[u64]) -> Vec<u8> {
    let mut data = tag.to_vec();
    for value in values {
        data.extend(value.to_le_bytes());
    }
    data
}

/// A pool account 1 of `venue` with its vaults 2 and 3, which hold 70 and 80, and mints 4 and 5.
pub(super) fn pool_book(venue: Venue, data: &[u8]) -> AccountBook {
    let mut book = AccountBook::new();
    book.insert([1; 32], venue.programs()[0], data.to_vec(), 9);
    for (vault, mint, amount, decimals) in [(2, 4, 70, 9), (3, 5, 80, 6)] {
        book.insert([vault; 32], TOKEN, account_bytes(&[mint; 32], &[9; 32], amount), 9);
        book.insert([mint; 32], TOKEN, mint_bytes(decimals, &[]), 9);
    }
    book
}
