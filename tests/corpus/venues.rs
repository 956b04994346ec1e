//! Inputs for the bodies of venues, made from what the venues' decoders know.

use crate::known::{Known, known};
use crate::random::Random;
use mev::ids::Venue;
use mev::record::{Layout, Pool};

/// The number of a venue of the bodies.
fn number(venue: Venue) -> u8 {
    u8::try_from(venue as usize - 1).unwrap()
}

/// One of `all`, or else any byte.
fn opening(all: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    if all.is_empty() || random.below(32) == 0 {
        vec![random.byte()]
    } else {
        random.of(all).clone()
    }
}

/// An instruction's data.
fn data(of: &Known, random: &mut Random) -> Vec<u8> {
    let swaps = random.below(2) == 0 && !of.swaps.is_empty();
    let mut data = opening(if swaps { &of.swaps } else { &of.instructions }, random);
    let most = *random.of(&[8, 32, 64, 200]);
    let len = random.below(most);
    data.extend(random.fill(len));
    data
}

/// An event, and the number of its channel.
fn told(of: &Known, random: &mut Random) -> (u8, Vec<u8>) {
    let (channel, mut told) = match of.events.as_slice() {
        [] => (random.byte() % 3, vec![random.byte()]),
        events => random.of(events).clone(),
    };
    if random.below(16) > 0 {
        let most = *random.of(&[64, 200, 300, 700]);
        let len = random.below(most);
        told.extend(random.fill(len));
    }
    (channel, told)
}

/// Every program with every beginning that it knows: with much behind it and many accounts.
pub(crate) fn instructions() -> Vec<Vec<u8>> {
    let of = |known: &Known| {
        let full =
            |opening: &Vec<u8>| [&[known.program, 40, 0, 1][..], opening, &[1; 120]].concat();
        known.instructions.iter().map(full).collect::<Vec<_>>()
    };
    known().iter().flat_map(of).collect()
}

/// Every venue with every beginning of an event that it knows, with much behind it.
pub(crate) fn events() -> Vec<Vec<u8>> {
    let of = |known: &Known| {
        let venue = number(known.venue);
        let full = |(channel, told): &(u8, Vec<u8>)| {
            let one: Vec<u8> = [1, 0, 0, 0, 0, 0, 0, 0].repeat(80);
            [&[venue, *channel][..], told, &one].concat()
        };
        known.events.iter().map(full).collect::<Vec<_>>()
    };
    known().iter().flat_map(of).collect()
}

pub(crate) fn instruction(random: &mut Random) -> Vec<u8> {
    let of = random.of(known());
    let count = u8::try_from(random.below(48)).unwrap();
    let (first, step) = match random.below(8) {
        0 => (random.byte(), random.byte()),
        _ => (random.byte() % 32, 1),
    };
    [&[of.program, count, first, step][..], &data(of, random)].concat()
}

pub(crate) fn event(random: &mut Random) -> Vec<u8> {
    let of = random.of(known());
    let (channel, told) = told(of, random);
    [&[number(of.venue), channel][..], &told].concat()
}

/// Bytes behind their length.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let [low, high, ..] = bytes.len().to_le_bytes();
    if bytes.len() < 128 {
        [&[low][..], bytes].concat()
    } else {
        [&[128 | high, low][..], bytes].concat()
    }
}

/// A pool's account, what it may need, and what its vaults hold.
pub(crate) fn accounts(random: &mut Random) -> Vec<u8> {
    let with_pools: Vec<&Known> = known().iter().filter(|of| !of.pools.is_empty()).collect();
    let of = *random.of(&with_pools);
    let mut input = vec![of.program, random.byte()];
    input.extend(random.number().to_le_bytes());
    input.extend(random.number().to_le_bytes());
    input.extend(of.mints_at.iter().flat_map(|at| at.to_le_bytes()));
    let (pool, len) = random.of(&of.pools).clone();
    let mut accounts = vec![(pool, len)];
    if !of.parts.is_empty() {
        accounts.extend((0..3).map(|_| random.of(&of.parts).clone()));
    }
    for (opening, len) in accounts {
        let rest = random.account(len.saturating_sub(opening.len()));
        input.extend(sized(&[opening, rest].concat()));
    }
    input
}

/// Bytes of which a few pools and their rows are made.
pub(crate) fn history(random: &mut Random) -> Vec<u8> {
    let len = 200 + random.below(1800);
    (0..len).map(|_| random.byte()).collect()
}

/// A pool with reserves, fees and a price of all sizes, and ticks around it.
pub(crate) fn quote(random: &mut Random) -> Vec<u8> {
    let venue = random.of(known()).venue;
    let mut pool = Pool::new(0);
    (pool.reserve_a, pool.reserve_b) = (random.number(), random.number());
    (pool.fee_num, pool.fee_den) = (random.next() % 40_000, 1_000_000);
    pool.tick_spacing = u16::from(random.byte());
    pool.tick = i32::try_from(random.below(887_272)).unwrap() - 443_636;
    pool.sqrt_price = mev::dex::sqrt_price_at_tick(pool.tick).unwrap_or(1 << 64);
    pool.liquidity = u128::from(random.number()) << random.below(40);
    (pool.amp, pool.amp_target) = (random.number() % 10_000, random.number() % 10_000);
    (pool.decimals_a, pool.decimals_b) = (random.byte() % 20, random.byte() % 20);
    (pool.left_a, pool.left_b) = (random.number(), random.number());
    [pool.lp_bps, pool.protocol_bps, pool.creator_bps] =
        std::array::from_fn(|_| u16::from(random.byte()));
    (pool.virtual_a, pool.virtual_b) =
        (i64::from(random.byte()) << 30, i64::from(random.byte()) << 30);
    (pool.lot_a, pool.lot_b) = (1 + random.number() % 1000, 1 + random.number() % 1000);
    (pool.lots_per_unit, pool.price_step) = (1, 1);
    (pool.bin_step_bps, pool.curve) = (u16::from(random.byte()), random.byte() % 5);
    (pool.sqrt_min, pool.sqrt_max) = (pool.sqrt_price / 9, pool.sqrt_price.saturating_mul(9));
    if random.below(2) == 0 {
        (pool.transfer_fee_bps_a, pool.transfer_fee_max_a) =
            (random.byte().into(), random.number());
        (pool.protocol_ppm, pool.fund_ppm) = (120_000, 40_000);
        pool.creator_ppm = u32::try_from(random.below(20_000)).unwrap();
    }
    let mut bytes = bytemuck::bytes_of(&pool)[16..].to_vec();
    for _ in 0..random.below(3) {
        let at = random.below(bytes.len());
        let with = random.number().to_le_bytes();
        for (to, from) in bytes.iter_mut().skip(at).zip(with) {
            *to = from;
        }
    }
    let mut input = vec![number(venue), random.byte()];
    input.extend(random.number().to_le_bytes());
    input.extend(bytes);
    let (tick, width) = (pool.tick, i32::from(random.byte()) * i32::from(pool.tick_spacing));
    input.extend((tick - width).to_le_bytes());
    input.extend((tick + width).to_le_bytes());
    for _ in 0..random.below(8) {
        let offset = i32::try_from(random.below(512)).unwrap() - 256;
        input.extend((tick + offset * i32::from(pool.tick_spacing)).to_le_bytes());
        let net = i128::from(random.number()) << random.below(40);
        input.extend(if random.below(2) == 0 { net } else { -net }.to_le_bytes());
    }
    assert!(input.len() > Pool::SCHEMA.size);
    input
}

/// A call: which program (0 and 1 are the token programs, 2 to 4 the venues'), its accounts, data.
fn call(random: &mut Random, all: &[&Known; 3]) -> Vec<u8> {
    let which = random.below(3);
    let program = u8::try_from(2 + which).unwrap();
    let data = data(all[which], random);
    let count = u8::try_from(random.below(32)).unwrap();
    [&[program, random.byte() % 24, 1, count][..], &sized(&data)].concat()
}

/// A token transfer between plain accounts.
fn transfer(random: &mut Random) -> Vec<u8> {
    let amount = random.number().to_le_bytes();
    let data = match random.below(3) {
        0 => [&[3][..], &amount].concat(),
        1 => [&[12][..], &amount, &[6]].concat(),
        _ => [&[26, 1][..], &amount, &[6], &(random.number() >> 40).to_le_bytes()].concat(),
    };
    let program = random.byte() % 2;
    [&[program, random.byte() % 20, 1 + random.byte() % 5, 4][..], &sized(&data)].concat()
}

/// An executed transaction: venues' instructions, and below them transfers, calls and events.
pub(crate) fn rows(random: &mut Random) -> Vec<u8> {
    let all = [(); 3].map(|()| random.of(known()));
    let how = if random.below(4) == 0 { random.byte() } else { random.byte() & 0xf8 };
    // Of a transaction with one swap that tells and transfers nothing the balances tell.
    let is_alone = random.below(4) == 0;
    let count = if is_alone { 0 } else { random.byte() % 3 };
    let mut input = all.map(|of| of.program).to_vec();
    input.extend([how, count]);
    for _ in 0..=count {
        input.extend(call(random, &all));
    }
    let inner = random.byte() % if is_alone { 2 } else { 12 };
    input.push(inner);
    for _ in 0..inner {
        input.extend([random.byte() % (count + 1), random.byte() % 3]);
        match random.below(4) {
            0 => input.extend(call(random, &all)),
            1 => {
                let which = random.below(3);
                let told = told(all[which], random).1;
                input.extend([u8::try_from(2 + which).unwrap(), 0, 1, 1]);
                input.extend(sized(&told));
            }
            _ => input.extend(transfer(random)),
        }
    }
    let lines = random.byte() % 12;
    input.push(lines);
    for _ in 0..lines {
        let which = random.below(3);
        let (channel, told) = told(all[which], random);
        // Lines of calls, and lines of events: 3 of data, 4 of a ray log.
        let (any, event) = (random.byte(), 3 + channel / 2);
        let kind = *random.of(&[0, 0, 1, 2, event, event, any]);
        input.extend([kind, u8::try_from(2 + which).unwrap() + 6 * (random.byte() % 3)]);
        if kind % 6 > 2 {
            input.extend(sized(&told));
        }
    }
    let tokens = if is_alone { 2 } else { random.byte() % 6 };
    input.push(tokens);
    let owner = random.byte() % 8;
    for number in 0..tokens {
        let one = if is_alone { owner } else { random.byte() % 17 };
        input.extend([3 * number + random.byte() % 3, number + random.byte() % 2, one]);
        let (before, after) = (random.number(), random.number());
        let (less, more) = (before.min(after), before.max(after));
        let (before, after) = if number % 2 == 0 { (more, less) } else { (less, more) };
        input.extend([before.to_le_bytes(), after.to_le_bytes()].concat());
    }
    input
}
