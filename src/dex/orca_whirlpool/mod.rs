//! Orca Whirlpool: concentrated liquidity.
//!
//! Source: orca-so/whirlpools, programs/whirlpool/src/{instructions,state,math,manager} (facts/dex.md
//! 5; the rules of a swap read at 964f84d, Apache-2.0).
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount u64@8, threshold u64@16, sqrt_limit u128@24, is_input u8@40, a_to_b u8@41 | 11 |
//! | swap_v2 | 2b04ed0b1ac91e62 | the same, then an option @42 | 15 |
//! | two_hop_swap | c360ed6c44a2dbe6 | amount u64@8, threshold u64@16, is_input u8@24, a_to_b u8@25 u8@26, sqrt_limit u128@27 u128@43 | 20 |
//! | two_hop_swap_v2 | ba8fd11dfe02c275 | the same, then an option @59 | 24 |
//!
//! Changes of liquidity are in `liquidity`, events in `event`.
//!
//! Pools whose fee follows volatility (they have an oracle account) are not modelled: their record
//! is unsupported.

mod account;
mod array;
mod build;
mod event;
mod liquidity;
mod names;
mod swap;
mod tick;

pub use build::tick_array_address;
pub(super) use swap::Orca;
pub use tick::{
    SQRT_PRICE_MAX, SQRT_PRICE_MIN, TICK_MAX, TICK_MIN, sqrt_price_at_tick, tick_at_sqrt_price,
};

use crate::ids::Venue;
use crate::record::{Direction, Exact};

use super::change;
use super::instruction::{Decoded, Hops, Instruction, IxFault, SwapIx};
use super::ranges;
use super::{Coverage, Grade, VenueSpec};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    venue: Venue::OrcaWhirlpool,
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Live },
    decode,
    event: event::event,
    pools: account::pools,
    swap: ranges::swap::<Orca>,
    segment: ranges::segment::<Orca>,
    build: build::build,
    ..VenueSpec::of(Venue::OrcaWhirlpool)
};

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const SWAP_V2: [u8; 8] = [0x2b, 0x04, 0xed, 0x0b, 0x1a, 0xc9, 0x1e, 0x62];
const TWO_HOP_SWAP: [u8; 8] = [0xc3, 0x60, 0xed, 0x6c, 0x44, 0xa2, 0xdb, 0xe6];
const TWO_HOP_SWAP_V2: [u8; 8] = [0xba, 0x8f, 0xd1, 0x1d, 0xfe, 0x02, 0xc2, 0x75];

/// Ticks with a place in one tick array.
const ARRAY_TICKS: i32 = 88;

/// Tick arrays that one swap can walk, however many are passed to it.
const ARRAYS_A_SWAP: i32 = 3;

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => swap_ix(ix, false).map(Decoded::One),
        SWAP_V2 => swap_ix(ix, true).map(Decoded::One),
        TWO_HOP_SWAP => two_hop(ix, false).map(|_| hops(|ix, n| hop(ix, false, n))),
        TWO_HOP_SWAP_V2 => two_hop(ix, true).map(|_| hops(|ix, n| hop(ix, true, n))),
        _ => change::decode(Venue::OrcaWhirlpool, ix, &liquidity::CHANGES, &names::INSTRUCTIONS),
    }
}

fn hops<'a>(hop: for<'b> fn(&Instruction<'b>, u8) -> Option<SwapIx<'b>>) -> Decoded<'a> {
    Decoded::Hops(Hops::first(2, hop))
}

fn hop<'a>(ix: &Instruction<'a>, v2: bool, n: u8) -> Option<SwapIx<'a>> {
    two_hop(ix, v2).ok()?.get(usize::from(n)).copied()
}

/// A swap of `exact` side in direction `a_to_b`; a limit of 0 is none.
fn directed<'a>(exact: Exact, a_to_b: bool, sqrt_limit: u128) -> SwapIx<'a> {
    let mut swap = SwapIx::new(Venue::OrcaWhirlpool, exact);
    swap.direction = if a_to_b { Direction::AToB } else { Direction::BToA };
    swap.sqrt_limit = (sqrt_limit != 0).then_some(sqrt_limit);
    swap
}

fn exact_side(is_input: bool) -> Exact {
    if is_input { Exact::In } else { Exact::Out }
}

/// Of the two keys of tokens a and b, the one that goes in and the one that comes out.
fn sides<T>(a_to_b: bool, a: T, b: T) -> (T, T) {
    if a_to_b { (a, b) } else { (b, a) }
}

/// swap: 0 token program, 1 authority (signs), 2 pool, 3 user a, 4 vault a, 5 user b, 6 vault b,
/// 7-9 tick arrays, 10 oracle. swap_v2: 0 and 1 token programs, 2 memo, 3 authority, 4 pool,
/// 5 mint a, 6 mint b, 7 user a, 8 vault a, 9 user b, 10 vault b, 11-13 tick arrays, 14 oracle.
fn swap_ix<'a>(ix: &Instruction<'a>, v2: bool) -> Result<SwapIx<'a>, IxFault> {
    let (amount, threshold, sqrt_limit) = (ix.u64(8)?, ix.u64(16)?, ix.u128(24)?);
    let (is_input, a_to_b) = (ix.flag(40)?, ix.flag(41)?);
    if v2 {
        ix.flag(42)?; // an option's tag
    }
    ix.at_least(if v2 { 15 } else { 11 })?;
    let mut swap = directed(exact_side(is_input), a_to_b, sqrt_limit);
    (swap.amount, swap.limit) = (Some(amount), Some(threshold));
    let (user_a, user_b);
    if v2 {
        (swap.owner, swap.pool) = (ix.account(3), ix.account(4));
        (swap.mint_in, swap.mint_out) = sides(a_to_b, ix.account(5), ix.account(6));
        (user_a, swap.vault_a) = (ix.account(7), ix.account(8));
        (user_b, swap.vault_b) = (ix.account(9), ix.account(10));
    } else {
        (swap.owner, swap.pool) = (ix.account(1), ix.account(2));
        (user_a, swap.vault_a) = (ix.account(3), ix.account(4));
        (user_b, swap.vault_b) = (ix.account(5), ix.account(6));
    }
    (swap.user_in, swap.user_out) = sides(a_to_b, user_a, user_b);
    Ok(swap)
}

/// two_hop_swap: 0 token program, 1 authority, 2 and 3 pools, then user a, vault a, user b, vault b
/// of each at 4 and 8. two_hop_swap_v2: 0 and 1 pools, 2-4 mints in, between and out, 8 user in,
/// 9 and 10 vaults of the first pool in the order of its swap, 11 and 12 of the second, 13 user
/// out, 14 authority.
fn two_hop<'a>(ix: &Instruction<'a>, v2: bool) -> Result<[SwapIx<'a>; 2], IxFault> {
    let (amount, threshold) = (ix.u64(8)?, ix.u64(16)?);
    let exact = exact_side(ix.flag(24)?);
    let a_to_b = [ix.flag(25)?, ix.flag(26)?];
    let limits = [ix.u128(27)?, ix.u128(43)?];
    if v2 {
        ix.flag(59)?;
    }
    ix.at_least(if v2 { 24 } else { 20 })?;
    let mut first = directed(exact, a_to_b[0], limits[0]);
    let mut second = directed(exact, a_to_b[1], limits[1]);
    // What passes between the pools is known to neither side.
    match exact {
        Exact::In => (first.amount, second.limit) = (Some(amount), Some(threshold)),
        Exact::Out => (second.amount, first.limit) = (Some(amount), Some(threshold)),
    }
    if v2 {
        (first.pool, second.pool) = (ix.account(0), ix.account(1));
        (first.owner, second.owner) = (ix.account(14), ix.account(14));
        (first.mint_in, first.mint_out) = (ix.account(2), ix.account(3));
        (second.mint_in, second.mint_out) = (ix.account(3), ix.account(4));
        (first.user_in, second.user_out) = (ix.account(8), ix.account(13));
        let of_first = (ix.account(9), ix.account(10));
        let of_second = (ix.account(11), ix.account(12));
        (first.vault_a, first.vault_b) = sides(a_to_b[0], of_first.0, of_first.1);
        (second.vault_a, second.vault_b) = sides(a_to_b[1], of_second.0, of_second.1);
    } else {
        (first.pool, second.pool) = (ix.account(2), ix.account(3));
        (first.owner, second.owner) = (ix.account(1), ix.account(1));
        (first.vault_a, first.vault_b) = (ix.account(5), ix.account(7));
        (second.vault_a, second.vault_b) = (ix.account(9), ix.account(11));
        (first.user_in, first.user_out) = sides(a_to_b[0], ix.account(4), ix.account(6));
        (second.user_in, second.user_out) = sides(a_to_b[1], ix.account(8), ix.account(10));
    }
    Ok([first, second])
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::decode;
    use super::*;
    use crate::ids::Key;

    const KEYS: [Key; 24] = {
        let mut keys = [[0; 32]; 24];
        let mut n = 0u8;
        while n < 24 {
            keys[n as usize] = [n; 32];
            n += 1;
        }
        keys
    };

    /// The keys of a swap as the positions of its accounts.
    type Places = [Option<u8>; 8];

    fn read(data: &[u8], accounts: u8) -> Result<Vec<(SwapIx<'static>, Places)>, &'static str> {
        let indices: Vec<u8> = (0..accounts).collect();
        let ix = Instruction {
            program: &crate::ids::ORCA_WHIRLPOOL,
            data,
            indices: &indices,
            keys: &KEYS,
            loaded: &[],
        };
        match decode(&ix).unwrap() {
            Decoded::Refused(fault) => Err(fault.name()),
            Decoded::NotSwap => Err("not a swap"),
            decoded => {
                let places = |swap: &SwapIx<'_>| {
                    let SwapIx { pool, owner, user_in, user_out, mint_in, mint_out, .. } = *swap;
                    let vaults = [swap.vault_a, swap.vault_b];
                    let [a, b] = vaults.map(|key| key.map(|key| key[0]));
                    let [c, d, e, f, g, h] = [pool, owner, user_in, user_out, mint_in, mint_out]
                        .map(|key| key.map(|key| key[0]));
                    [c, d, e, f, g, h, a, b]
                };
                let swaps = (0..decoded.swap_count()).filter_map(|n| decoded.swap(&ix, n));
                Ok(swaps.map(|swap| (bare(&swap), places(&swap))).collect())
            }
        }
    }

    /// A swap without its keys.
    fn bare(swap: &SwapIx<'_>) -> SwapIx<'static> {
        let SwapIx { exact, amount, limit, sqrt_limit, direction, .. } = *swap;
        let blank = SwapIx::new(Venue::OrcaWhirlpool, exact);
        SwapIx { amount, limit, sqrt_limit, direction, ..blank }
    }

    fn one(discriminator: [u8; 8], limit: u128, flags: &[u8]) -> Vec<u8> {
        let amounts = [7u64.to_le_bytes(), 9u64.to_le_bytes()].concat();
        [&discriminator[..], &amounts, &limit.to_le_bytes(), flags].concat()
    }

    fn two(discriminator: [u8; 8], flags: &[u8], limits: [u128; 2], tail: &[u8]) -> Vec<u8> {
        let amounts = [7u64.to_le_bytes(), 9u64.to_le_bytes()].concat();
        let limits = limits.map(u128::to_le_bytes).concat();
        [&discriminator[..], &amounts, flags, &limits, tail].concat()
    }

    #[test]
    fn swaps_of_both_versions() {
        let places = |numbers: [i8; 8]| numbers.map(|n| u8::try_from(n).ok());
        let swap = read(&one(SWAP, 5, &[1, 1]), 11).unwrap()[0];
        let expected = SwapIx { amount: Some(7), limit: Some(9), ..directed(Exact::In, true, 5) };
        assert_eq!(swap, (expected, places([2, 1, 3, 5, -1, -1, 4, 6])));
        let swap = read(&one(SWAP, 0, &[0, 0, 99]), 20).unwrap()[0];
        let expected = SwapIx { amount: Some(7), limit: Some(9), ..directed(Exact::Out, false, 0) };
        assert_eq!((expected.sqrt_limit, expected.direction), (None, Direction::BToA));
        assert_eq!(swap, (expected, places([2, 1, 5, 3, -1, -1, 4, 6])));
        let swap = read(&one(SWAP_V2, 5, &[1, 0, 0]), 15).unwrap()[0];
        let expected = SwapIx { amount: Some(7), limit: Some(9), ..directed(Exact::In, false, 5) };
        assert_eq!(swap, (expected, places([4, 3, 9, 7, 6, 5, 8, 10])));
    }

    #[test]
    fn two_hops_are_two_swaps() {
        let places = |numbers: [i8; 8]| numbers.map(|n| u8::try_from(n).ok());
        let swaps = read(&two(TWO_HOP_SWAP, &[1, 1, 0], [3, 4], &[]), 20).unwrap();
        let first = SwapIx { amount: Some(7), ..directed(Exact::In, true, 3) };
        let second = SwapIx { limit: Some(9), ..directed(Exact::In, false, 4) };
        assert_eq!(swaps[0], (first, places([2, 1, 4, 6, -1, -1, 5, 7])));
        assert_eq!(swaps[1], (second, places([3, 1, 10, 8, -1, -1, 9, 11])));
        let swaps = read(&two(TWO_HOP_SWAP_V2, &[0, 0, 1], [0, 4], &[0]), 24).unwrap();
        let first = SwapIx { limit: Some(9), ..directed(Exact::Out, false, 0) };
        let second = SwapIx { amount: Some(7), ..directed(Exact::Out, true, 4) };
        assert_eq!(swaps[0], (first, places([0, 14, 8, -1, 2, 3, 10, 9])));
        assert_eq!(swaps[1], (second, places([1, 14, -1, 13, 3, 4, 11, 12])));
    }

    #[test]
    fn every_shorter_length_is_refused_and_every_flag_checked() {
        for (data, accounts) in [
            (one(SWAP, 5, &[1, 1]), 11),
            (one(SWAP_V2, 5, &[1, 1, 1]), 15),
            (two(TWO_HOP_SWAP, &[1, 1, 1], [0; 2], &[]), 20),
            (two(TWO_HOP_SWAP_V2, &[1, 1, 1], [0; 2], &[1]), 24),
        ] {
            assert!(read(&data, accounts).is_ok());
            for len in 0..data.len() {
                assert_eq!(read(&data[..len], accounts), Err("short_data"));
            }
            for count in 0..accounts {
                assert_eq!(read(&data, count), Err("few_accounts"));
            }
            for at in 24..data.len() {
                let mut odd = data.clone();
                odd[at] = 2;
                if data[at] == 1 {
                    assert_eq!(read(&odd, accounts), Err("bad_flag"), "{at}");
                }
            }
        }
        for (name, hash) in names::INSTRUCTIONS {
            assert_eq!(read(&hash, 0), Err("not a swap"), "{name}");
        }
        assert_eq!(read(&[0; 60], 24), Err("unknown_instruction"));
    }
}
