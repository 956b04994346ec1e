//! States and swaps of a few pools, sound or not, through the three stages of `mev-arb`.

use super::{Input, met};
use mev::arb::{Economics, Engine, Exposer, Findings, FindingsOptions, Levels, Options};
use mev::ids::{Key, Venue, WSOL};
use mev::record::{
    self, Direction, Exact, Exposure, Finding, Gap, Liquidity, Opportunity, Pool, Record, Role,
    Swap,
};
use mev::stream::{Arena, Stage};

/// Venues of the pools: curves of every kind that need nothing beside the record.
const VENUES: [Venue; 12] = [
    Venue::Feed,
    Venue::RaydiumAmmV4,
    Venue::RaydiumCpmm,
    Venue::PumpSwap,
    Venue::Pump,
    Venue::RaydiumLaunchlab,
    Venue::MeteoraDammV2,
    Venue::MeteoraDbc,
    Venue::Saber,
    Venue::TokenSwap,
    Venue::StabbleStable,
    Venue::OrcaWhirlpool,
];

/// Rows of one input, at most.
const ROWS: usize = 48;

/// Pools, then rows of all kinds about them. Every stage gives records that hold their rules, the same
/// ones each time, and what an opportunity says adds up.
pub(crate) fn history(bytes: &[u8]) {
    seen(bytes);
}

/// The same, and a number for each record that came out.
pub(crate) fn seen(bytes: &[u8]) -> Vec<u64> {
    let mut input = Input(bytes);
    let rows = rows(&mut input);
    let options = Options {
        pools: 8,
        tokens: 16,
        deep_pools: 1,
        entries: 8,
        plan: 2,
        ref_size: if input.u8() & 1 == 0 { 0 } else { 1_000_000 },
        explain: true,
        ..Options::default()
    };
    let economics = Economics { attack_cost: 15_000, part_cost: 5000, most_parts: 3 };
    let engine = || Engine::new(options.clone());
    let exposer = || Exposer::new(options.clone(), economics);
    let (levels, window) = (Levels::Both, u64::from(input.u8() % 20));
    let small =
        FindingsOptions { window, levels, swaps: 32, pools: 8, ..FindingsOptions::default() };
    let small = FindingsOptions { explain: true, deep_pools: 1, entries: 8, ..small };
    let mut arena = Arena::with_room(1 << 14);
    let mut seen = through(&mut engine(), &rows, Engine::MAX_OUT, &mut arena);
    assert_eq!(seen, through(&mut engine(), &rows, Engine::MAX_OUT, &mut arena));
    seen.extend(through(&mut exposer(), &rows, Exposer::MAX_OUT, &mut arena));
    seen.extend(through(&mut Findings::new(small), &rows, Findings::MAX_OUT, &mut arena));
    seen
}

/// Drives `stage` and holds all that it puts; how much that was, by kind and reason.
fn through(stage: &mut impl Stage, rows: &[Vec<u8>], most: usize, arena: &mut Arena) -> Vec<u64> {
    let mut seen = Vec::new();
    for row in rows.iter().map(Some).chain([None]) {
        match row {
            Some(row) => stage.step(Record::new(row).expect("a row is a record"), arena),
            None => stage.finish(arena),
        }
        let bytes: usize = arena.records().map(|one| one.bytes().len()).sum();
        assert!(bytes <= most || row.is_none(), "{bytes} of {most} bytes");
        for one in arena.records() {
            assert!(record::check(one).is_ok(), "{:?}", record::check(one));
            let number = hold(one);
            met((one.kind(), number));
            seen.push(number);
        }
        arena.clear();
    }
    seen
}

/// Holds one record; a number that tells it from most others.
fn hold(record: Record<'_>) -> u64 {
    if let Some(one) = record.typed::<Opportunity>() {
        let hops = usize::from(one.hops);
        if one.head.flags & Opportunity::REFUSED != 0 {
            return u64::from(one.reason);
        }
        assert!((2..=4).contains(&hops) && one.net > 0, "{hops} hops, net {}", one.net);
        let into = one.amounts.first().copied().unwrap_or(0);
        let out = one.amounts.get(hops).copied().unwrap_or(0);
        assert_eq!(i128::from(out) - i128::from(into), i128::from(one.gross), "what is earned");
        assert!(i128::from(one.net) <= i128::from(one.gross), "costs are not negative");
        return 1000 + hops as u64;
    }
    if let Some(one) = record.typed::<Exposure>() {
        let safe = one.safe_limit <= one.amount_out || one.exact == Exact::Out as u8;
        assert!(safe || one.head.flags & Exposure::REFUSED != 0, "{one:?}");
        return 2000 + u64::from(one.reason);
    }
    if let Some(one) = record.typed::<Finding>() {
        assert!(one.fronts <= 64 && one.backs <= 64, "{} fronts, {} backs", one.fronts, one.backs);
        return 3000 + u64::from(one.what) * 16 + u64::from(one.loss_unknown);
    }
    4000 + u64::from(record.kind())
}

/// A mint: the first is wrapped SOL.
fn mint(number: u8) -> Key {
    if number.is_multiple_of(5) { WSOL } else { [number % 5; 32] }
}

/// A number as often small as large.
fn number(input: &mut Input<'_>) -> u64 {
    let shift = input.u8() % 64;
    input.u64() >> shift
}

fn rows(input: &mut Input<'_>) -> Vec<Vec<u8>> {
    let mut rows = Vec::new();
    let pools = 2 + input.u8() % 7;
    for pool in 0..pools {
        rows.push(state(input, pool));
    }
    let count = usize::from(input.u8()) % ROWS;
    let mut slot = 10;
    for _ in 0..count {
        let kind = input.u8();
        slot += u64::from(kind >> 6 == 3);
        let row = match kind % 16 {
            0 => state(input, kind / 16 % pools),
            1 => bytemuck::bytes_of(&Gap::new(slot)).to_vec(),
            2 => change(input, kind / 16 % pools, slot),
            3 => {
                rows.extend(around(input, kind / 16 % pools, slot));
                continue;
            }
            _ => swap(input, pools, slot),
        };
        rows.push(row);
    }
    rows
}

/// A pool of reserves and every rate, sound as often as not.
fn state(input: &mut Input<'_>, number: u8) -> Vec<u8> {
    let how = input.u8();
    let mut pool = Pool::new(0);
    pool.pool = [100 + number; 32];
    (pool.mint_a, pool.mint_b) = (mint(input.u8()), mint(input.u8()));
    if pool.mint_a == pool.mint_b {
        pool.mint_b = [9; 32];
    }
    let venue = VENUES[usize::from(input.u8()) % VENUES.len()];
    pool.venue = venue as u16;
    (pool.reserve_a, pool.reserve_b) = (self::number(input), self::number(input));
    (pool.fee_num, pool.fee_den) = (u64::from(input.u8()), 10_000);
    (pool.slot, pool.sequence) = (u64::from(how >> 4), 1 + u64::from(number));
    pool.present = Pool::RESERVES;
    if how & 1 == 0 {
        (pool.reserve_a, pool.reserve_b) = (pool.reserve_a | 1 << 40, pool.reserve_b | 1 << 40);
    }
    if how & 2 != 0 {
        (pool.sqrt_price, pool.liquidity) = (1 << 64, u128::from(self::number(input)) << 64);
        (pool.sqrt_min, pool.sqrt_max) = (1 << 62, 1 << 66);
        pool.curve = record::Curve::Range as u8;
        (pool.left_b, pool.fee_den) = (self::number(input), 1_000_000_000);
        pool.present |= Pool::SQRT_PRICE | Pool::LIQUIDITY | Pool::SQRT_RANGE | Pool::LEFT_B;
    }
    if matches!(venue, Venue::Pump | Venue::PumpSwap) {
        (pool.lp_bps, pool.protocol_bps) = (20, u16::from(input.u8()));
        pool.present |= Pool::SPLIT_FEES;
    }
    if how & 4 != 0 {
        (pool.amp, pool.amp_target) = (100, 100);
        pool.curve = record::Curve::Stable as u8;
        pool.present |= Pool::STABLE;
    }
    bytemuck::bytes_of(&pool).to_vec()
}

fn change(input: &mut Input<'_>, pool: u8, slot: u64) -> Vec<u8> {
    let mut row = Liquidity::new(slot);
    (row.slot, row.pool, row.present) = (slot, [100 + pool; 32], Liquidity::POOL);
    row.head.flags = input.u8() & Liquidity::LAST_OF_TX;
    bytemuck::bytes_of(&row).to_vec()
}

fn swap(input: &mut Input<'_>, pools: u8, slot: u64) -> Vec<u8> {
    let (how, who) = (input.u8(), input.u8());
    let mut row = Swap::new(1_700_000_000_000_000_000 + slot * 400_000_000);
    row.head.flags = if how & 1 == 0 { Swap::LAST_OF_TX } else { 0 };
    (row.slot, row.pool) = (slot, [100 + who % (pools + 1); 32]);
    row.signature = [input.u8() % 16; 64];
    (row.owner, row.fee_payer) = ([who / 32; 32], [who / 32; 32]);
    row.ix_outer = u16::from(input.u8() % 4);
    row.tx_index = u32::from(row.signature[0]);
    row.role = if how & 2 == 0 { Role::Fill } else { Role::Intent } as u8;
    row.exact = if how & 0x0c == 0x0c { Exact::Out } else { Exact::In } as u8;
    row.direction = match how >> 6 {
        0 => Direction::AToB,
        1 => Direction::BToA,
        _ => Direction::Unknown,
    } as u8;
    (row.mint_in, row.mint_out) = (mint(input.u8()), mint(input.u8()));
    row.failed = u8::from(how & 0x30 == 0x30);
    (row.amount_in, row.amount_out) = (number(input), number(input));
    row.limit = number(input);
    row.present = Swap::POOL
        | Swap::SIGNATURE
        | Swap::OWNER
        | Swap::FEE_PAYER
        | Swap::TX_INDEX
        | Swap::MINT_IN
        | Swap::MINT_OUT
        | Swap::AMOUNT_IN
        | Swap::AMOUNT_OUT
        | Swap::LIMIT;
    bytemuck::bytes_of(&row).to_vec()
}

/// A purchase, another one, and a sale of what the first one bought by the same owner.
fn around(input: &mut Input<'_>, pool: u8, slot: u64) -> [Vec<u8>; 3] {
    let (how, paid, bought) = (input.u8(), number(input), number(input));
    let owners = [1, 2, if how & 1 == 0 { 1 } else { 3 }];
    let amounts =
        [(paid, bought), (number(input), number(input)), (bought, paid.saturating_add(9))];
    let mut index = 0;
    [0, 1, 2].map(|part| {
        let mut row = Swap::new(1_700_000_000_000_000_000 + slot * 400_000_000);
        row.head.flags = Swap::LAST_OF_TX;
        (row.slot, row.pool) = (slot, [100 + pool; 32]);
        index += 1 + u32::from(how >> 6);
        (row.tx_index, row.signature) = (index, [20 + how % 64 * 3 + part; 64]);
        let who = owners[usize::from(part)];
        (row.owner, row.fee_payer) = ([who; 32], [who; 32]);
        (row.role, row.exact) = (Role::Fill as u8, Exact::In as u8);
        let sells = part == 2;
        row.direction = if sells { Direction::BToA } else { Direction::AToB } as u8;
        (row.mint_in, row.mint_out) = (mint(0), mint(1));
        if sells {
            (row.mint_in, row.mint_out) = (row.mint_out, row.mint_in);
        }
        (row.amount_in, row.amount_out) = amounts[usize::from(part)];
        row.present = Swap::POOL
            | Swap::SIGNATURE
            | Swap::OWNER
            | Swap::FEE_PAYER
            | Swap::TX_INDEX
            | Swap::MINT_IN
            | Swap::MINT_OUT
            | Swap::AMOUNT_IN
            | Swap::AMOUNT_OUT;
        bytemuck::bytes_of(&row).to_vec()
    })
}
