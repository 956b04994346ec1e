//! Raydium CLMM's own router: several swaps in one instruction.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/instructions/swap_router_base_in.rs @03b44b7
//! (facts/dex.md 3).
//!
//! Accounts: 0 payer (signs), 1 user in, 2 mint in, 3 to 5 programs, then hop after hop:
//!
//! ```text
//! +0 config  +1 pool  +2 user out  +3 vault in  +4 vault out  +5 mint out  +6 observation  +7.. tick arrays
//! ```
//!
//! The program tells where a hop begins by the length of an account's data, which is not at hand.
//! A config's address is: it derives from its number. A hop has at least one tick array, so a hop
//! whose config is not in the table makes the one before it at least 16 accounts long. Only when
//! all are shorter is the instruction taken apart; else it is a route of which the ends are known.

use super::super::instruction::{Decoded, Hops, Instruction, IxFault, SwapIx};
use super::name_mints;
use crate::ids::{Key, Venue};
use crate::record::Exact;
use five8_const::decode_32_const as key;

/// Where the first hop begins.
const FIRST: usize = 6;
/// Accounts of a hop with one tick array.
const HOP_MIN: usize = 8;
/// Accounts of a hop that cannot be two.
const HOP_MAX: usize = 15;

/// The configs of Raydium CLMM by number: `["amm_config", number u16 big-endian]`
/// (instructions/admin/create_amm_config.rs).
const CONFIGS: [Key; 32] = [
    key("4BLNHtVe942GSs4teSZqGX24xwKNkqU7bGgNn3iUiUpw"),
    key("E64NGkDLLCdQ2yFNPcavaKptrEgmiQaNykUuLC1Qgwyp"),
    key("HfERMT5DRA6C1TAqecrJQFpmkf3wsWTMncqnj3RDg5aw"),
    key("A1BBtTYJd4i3xU8D6Tc2FzU6ZN4oXZWXKZnCxwbHXr8x"),
    key("9iFER3bpjf1PTTCQCfTRu17EJgvsxo9pVyA9QWwEuX4x"),
    key("3XCQJQryqpDvvZBfGxR7CLAw5dpGJ9aa7kt1jRLdyxuZ"),
    key("EdPxg8QaeFSrTYqdWJn6Kezwy9McWncTYueD9eMGCuzR"),
    key("9EeWRCL8CJnikDFCDzG8rtmBs5KQR1jEYKCR5rRZ2NEi"),
    key("3h2e43PunVA5K34vwKCLHWhZF4aZpyaC9RmxvshGAQpL"),
    key("Gex2NJRS3jVLPfbzSFM5d5DRsNoL5ynnwT1TXoDEhanz"),
    key("DrdecJVzkaRsf1TQu1g7iFncaokikVTHqpzPjenjRySY"),
    key("J8u7HvA1g1p2CdhBFdsnTxDzGkekRpdw4GrL9MKU2D3U"),
    key("RPxHtdN5V7ajwkoG6NnwSBAeaX5k9giY37dpp98xTjD"),
    key("9WjDVMHWCirG9jkchbetHTnSzdXbAPnD9bsoGRcz1xUw"),
    key("FMrUDGjEe1izXPbn8SZPNjMfB5JvvhVq5ymmpZDebB5R"),
    key("Y6YhgJbt9FRk3JVjwdZtsioVCJwCKhy1hum8HMDYyB1"),
    key("47Nq74YtwjVeTQF6KFKRKU4cY1Vd5AXBHpYRkubkDLZi"),
    key("DQeN7dZyQvXKT7YwmgqyuC7AYFkwMoP7RwtucsDEdfYZ"),
    key("CDpiwv9eLsRvvuzZEJ8CBtK14wdvkSnkub4vmGtzzdK8"),
    key("6tBc3ABLaYTTWu94DiRD5PWi92HML34UpAQ8pPTYgudw"),
    key("HH4gP3a2edTL8hwTcN5qjxkPbGKNpKSHkCbmWpzH5HTT"),
    key("4ry6BAkPz9Eum8MEub98bQR1bJRwAdfuTdSWwo58D39x"),
    key("8UBcf735UuY1k3KMMwwxnTyuGNykQizt91bm5U9xmdHP"),
    key("DCwvBTJ5p9FBPnEeLkbGbwKWpm1x5WWXymM9kd9LTJJM"),
    key("FtMkSsjmvU1WrActkBfXc72CkorN5F1ttnLCBYEmYugi"),
    key("GcCX6PFiXqQAQoT3B4FsMso67ZH8H4LqQcb1oPX1bLAu"),
    key("5twhVsKGrRyq5V1xPPovsiSwdGsABcYCkmNM87v7BfZK"),
    key("FenEyyoBKFXj1z5uKDpZGmgTj4EvaWPubzRt3eoK79JM"),
    key("BdeUL2CM7cbfwhcq1udLjoRJQQMJFUtD3FPG5fUdZSTm"),
    key("BXHWALaiDbDpjojfpTJmPfbCzmJE3dvNxgvT4uYtJvLz"),
    key("HR7yrHmaov7f7RNZjrXnNX5zvqpQmbNxRtmcRrS4z6ZF"),
    key("8ZwBocXHkPTsWc2B9d2AC5Rktsm426Y22x63z1EaB5Ca"),
];

/// What a swap_router_base_in is.
pub(super) fn decode<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (amount, limit) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(FIRST)?;
    if venue == Venue::RaydiumClmm
        && let Some(count) = hop_count(ix)
    {
        return Ok(Decoded::Hops(Hops::first(count, hop)));
    }
    Ok(Decoded::Route(SwapIx {
        amount: Some(amount),
        limit: Some(limit),
        owner: ix.account(0),
        user_in: ix.account(1),
        mint_in: ix.account(2),
        ..SwapIx::new(venue, Exact::In)
    }))
}

/// Where hops begin, from the account at `from` on; `None` stands for an account that is not known.
fn starts(ix: &Instruction<'_>, from: usize) -> impl Iterator<Item = Option<usize>> {
    (from..ix.account_count()).filter_map(move |at| match ix.account(at) {
        None => Some(None),
        Some(key) => CONFIGS.contains(key).then_some(Some(at)),
    })
}

/// How many hops there are; `None` when that is not certain.
fn hop_count(ix: &Instruction<'_>) -> Option<u8> {
    let mut starts = starts(ix, FIRST);
    let mut start = starts.next()??;
    if start != FIRST {
        return None;
    }
    let whole = |from: usize, to: usize| {
        to.checked_sub(from).filter(|len| (HOP_MIN..=HOP_MAX).contains(len))
    };
    let mut count = 1u8;
    for next in starts {
        let next = next?;
        whole(start, next)?;
        start = next;
        count = count.checked_add(1)?;
    }
    whole(start, ix.account_count())?;
    Some(count)
}

/// Hop number `n`.
fn hop<'a>(ix: &Instruction<'a>, n: u8) -> Option<SwapIx<'a>> {
    let count = hop_count(ix)?;
    let start_of = |n: u8| starts(ix, FIRST).nth(n.into())?;
    let at = |start: usize, past: usize| start.checked_add(past).and_then(|at| ix.account(at));
    let start = start_of(n)?;
    let (user_in, mint_in) = match n.checked_sub(1) {
        None => (ix.account(1), ix.account(2)),
        Some(before) => {
            let before = start_of(before)?;
            (at(before, 2), at(before, 5))
        }
    };
    let last = n.checked_add(1)? == count;
    let mut swap = SwapIx {
        amount: if n == 0 { ix.u64(8).ok() } else { None },
        limit: if last { ix.u64(16).ok() } else { None },
        owner: ix.account(0),
        pool: at(start, 1),
        user_in,
        user_out: at(start, 2),
        ..SwapIx::new(Venue::RaydiumClmm, Exact::In)
    };
    name_mints(&mut swap, [mint_in, at(start, 5)], [at(start, 3), at(start, 4)]);
    Some(swap)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::decode;
    use super::super::SWAP_ROUTER_BASE_IN;
    use super::*;
    use crate::record::Direction;
    use solana_sdk::pubkey::Pubkey;

    #[test]
    fn configs_derive_from_their_numbers() {
        let program = Pubkey::from(Venue::RaydiumClmm.programs()[0]);
        for (number, config) in (0u16..).zip(CONFIGS) {
            let seeds: [&[u8]; 2] = [b"amm_config", &number.to_be_bytes()];
            assert_eq!(Pubkey::find_program_address(&seeds, &program).0.to_bytes(), config);
        }
    }

    /// Keys of an instruction whose hops have these numbers of tick arrays; place `n` holds key
    /// `n`, but configs.
    fn keys(arrays: &[usize]) -> Vec<Key> {
        let mut keys: Vec<Key> = (0..6).map(|n| [n; 32]).collect();
        for (hop, arrays) in arrays.iter().enumerate() {
            keys.push(CONFIGS[hop + 1]);
            let from = u8::try_from(keys.len()).unwrap();
            keys.extend((0..6 + u8::try_from(*arrays).unwrap()).map(|n| [from + n; 32]));
        }
        keys
    }

    fn read(keys: &[Key], hidden: Option<u8>, check: impl Fn(Decoded<'_>, &Instruction<'_>)) {
        let mut data = SWAP_ROUTER_BASE_IN.to_vec();
        data.extend([7u64, 5].iter().flat_map(|word| word.to_le_bytes()));
        let mut indices: Vec<u8> = (0..u8::try_from(keys.len()).unwrap()).collect();
        if let Some(at) = hidden {
            indices[usize::from(at)] = 250;
        }
        let program = &Venue::RaydiumClmm.programs()[0];
        let ix = Instruction { program, data: &data, indices: &indices, keys, loaded: &[] };
        check(decode(&ix).unwrap(), &ix);
        for len in 8..data.len() {
            let ix = Instruction { data: &data[..len], ..ix };
            assert!(matches!(decode(&ix), Some(Decoded::Refused(IxFault::ShortData))));
        }
    }

    #[test]
    fn hops_are_found_by_their_configs() {
        let place = |key: Option<&Key>| key.map(|key| key[0]);
        let keys = keys(&[1, 8, 3]);
        // Hop 0 at 6..14, hop 1 at 14..29, hop 2 at 29..39.
        read(&keys, None, |decoded, ix| {
            assert_eq!(decoded.swap_count(), 3);
            let hops: Vec<SwapIx<'_>> = (0..3).map(|n| decoded.swap(ix, n).unwrap()).collect();
            assert_eq!(
                hops.iter().map(|h| place(h.pool)).collect::<Vec<_>>(),
                [7, 15, 30].map(Some)
            );
            let users = |h: &SwapIx<'_>| (place(h.user_in), place(h.user_out));
            assert_eq!(users(&hops[0]), (Some(1), Some(8)));
            assert_eq!(users(&hops[1]), (Some(8), Some(16)));
            let mints = |h: &SwapIx<'_>| (place(h.mint_in), place(h.mint_out));
            assert_eq!(mints(&hops[0]), (Some(2), Some(11)));
            assert_eq!(mints(&hops[2]), (Some(19), Some(34)));
            assert_eq!(hops[1].direction, Direction::AToB, "11 is below 19");
            assert_eq!((place(hops[1].vault_a), place(hops[1].vault_b)), (Some(17), Some(18)));
            let amounts = |h: &SwapIx<'_>| (h.amount, h.limit);
            assert_eq!(amounts(&hops[0]), (Some(7), None));
            assert_eq!((amounts(&hops[1]), amounts(&hops[2])), ((None, None), (None, Some(5))));
            assert!(decoded.swap(ix, 3).is_none());
        });
    }

    #[test]
    fn what_is_not_certain_is_a_route() {
        let route = |keys: &[Key], hidden| {
            read(keys, hidden, |decoded, _| {
                let Decoded::Route(whole) = decoded else { panic!("{decoded:?}") };
                assert_eq!((whole.amount, whole.limit, whole.pool), (Some(7), Some(5), None));
                assert_eq!(whole.mint_in, Some(&[2; 32]));
            });
        };
        // A config that is not in the table, in the first place and in the second.
        let mut strange = keys(&[1, 1]);
        strange[14] = [99; 32];
        route(&strange, None);
        strange[6] = [98; 32];
        route(&strange, None);
        // Nine tick arrays might hide a hop; none at all is no hop; one account is hidden.
        route(&keys(&[9]), None);
        route(&keys(&[0]), None);
        route(&keys(&[1, 1]), Some(17));
        route(&keys(&[]), None);
        let ours = keys(&[1]);
        read(&ours, None, |decoded, _| assert_eq!(decoded.swap_count(), 1));
    }
}
