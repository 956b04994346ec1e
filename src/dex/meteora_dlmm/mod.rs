//! Meteora DLMM: liquidity in bins of one price each.
//!
//! Source: MeteoraAg/dlmm-sdk idls/dlmm.json 0.12.0 and commons/src/{quote.rs, extensions, math}
//! @fb02e51 (facts/dex.md 6); the program itself is closed.
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount_in u64@8, min_out u64@16 | 15 |
//! | swap2 | 414b3f4ceb5b5b88 | the same, then accounts info @24 | 16 |
//! | swap_exact_out | fa49652126cf4bb8 | max_in u64@8, amount_out u64@16 | 15 |
//! | swap_exact_out2 | 2bd7f784893cf351 | the same, then accounts info @24 | 16 |
//! | swap_with_price_impact | 38ade6d0ade49ccd | amount_in u64@8, active bin option i32@16, bps u16 | 15 |
//! | swap_with_price_impact2 | 4a62c0d6b1334b33 | the same, then accounts info | 16 |
//!
//! Accounts: 0 pair, 1 bitmap extension, 2 reserve x, 3 reserve y, 4 user in, 5 user out, 6 mint x,
//! 7 mint y, 8 oracle, 9 host fee, 10 user (signs), 11 and 12 token programs, memo in the second
//! forms, event authority, program, then bin arrays. Token a is x, token b is y. The direction is
//! not in the instruction, and a limit on the price's move is not one on an amount.
//!
//! `build` asks for a swap, which walks over bins (`walk`); `account` and `array` say what pairs and bins are.

mod account;
mod array;
mod build;
mod event;
mod liquidity;
mod names;
mod price;
mod raw;
mod swap;
#[cfg(test)]
mod tests_accounts;
#[cfg(test)]
mod tests_swap;
mod walk;

use super::change::{self, Hash};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::Exact;
use names::{
    SWAP, SWAP_EXACT_OUT, SWAP_EXACT_OUT2, SWAP_WITH_PRICE_IMPACT, SWAP_WITH_PRICE_IMPACT2, SWAP2,
};
pub(super) use price::power;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Live },
    decode,
    event: event::event,
    rederive: event::rederive,
    pools: account::pools,
    swap: swap::swap,
    settle: swap::settle,
    segment: swap::segment,
    build: build::build,
    ..VenueSpec::of(Venue::MeteoraDlmm)
};

/// How an instruction's two numbers are meant, and its accounts up to its program.
fn shape(hash: Hash) -> Option<(Exact, bool, usize)> {
    match hash {
        SWAP => Some((Exact::In, true, 15)),
        SWAP2 => Some((Exact::In, true, 16)),
        SWAP_EXACT_OUT => Some((Exact::Out, true, 15)),
        SWAP_EXACT_OUT2 => Some((Exact::Out, true, 16)),
        SWAP_WITH_PRICE_IMPACT => Some((Exact::In, false, 15)),
        SWAP_WITH_PRICE_IMPACT2 => Some((Exact::In, false, 16)),
        _ => None,
    }
}

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let hash = ix.discriminator().ok_or(IxFault::ShortData)?;
    let Some((exact, limited, accounts)) = shape(hash) else {
        return change::decode(Venue::MeteoraDlmm, ix, &names::CHANGES, &names::INSTRUCTIONS);
    };
    let mut swap = SwapIx::new(Venue::MeteoraDlmm, exact);
    let first = ix.u64(8)?;
    (swap.amount, swap.limit) = match exact {
        Exact::In if limited => (Some(first), Some(ix.u64(16)?)),
        Exact::In => (Some(first), price_impact(ix)?),
        Exact::Out => (Some(ix.u64(16)?), Some(first)),
    };
    ix.at_least(accounts)?;
    (swap.pool, swap.owner) = (ix.account(0), ix.account(10));
    (swap.vault_a, swap.vault_b) = (ix.account(2), ix.account(3));
    (swap.user_in, swap.user_out) = (ix.account(4), ix.account(5));
    (swap.mint_a, swap.mint_b) = (ix.account(6), ix.account(7));
    Ok(Decoded::One(swap))
}

/// Holds the option at 16 and the bps behind it to their length; they limit no amount.
fn price_impact(ix: &Instruction<'_>) -> Result<Option<u64>, IxFault> {
    let end = if ix.flag(16)? { 23 } else { 19 };
    if ix.data.len() < end { Err(IxFault::ShortData) } else { Ok(None) }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::read_numbered;
    use super::*;
    use crate::ids::Key;
    use crate::record::Direction;

    type Read = (Exact, Option<u64>, Option<u64>, [Option<u8>; 8]);

    fn read(data: &[u8], accounts: u8) -> Result<Read, IxFault> {
        let mut result = Err(IxFault::Unknown);
        read_numbered(Venue::MeteoraDlmm, data, accounts, |ix, decoded| {
            result = match decoded {
                Decoded::One(swap) => {
                    assert_eq!(swap.direction, Direction::Unknown);
                    assert_eq!(Decoded::One(swap).swap(ix, 0), Some(swap));
                    let keys = [
                        swap.pool,
                        swap.owner,
                        swap.vault_a,
                        swap.vault_b,
                        swap.user_in,
                        swap.user_out,
                        swap.mint_a,
                        swap.mint_b,
                    ];
                    let number = |key: Option<&Key>| key.map(|key| key[0]);
                    Ok((swap.exact, swap.amount, swap.limit, keys.map(number)))
                }
                Decoded::Refused(fault) => Err(fault),
                other => panic!("{other:?}"),
            }
        });
        result
    }

    #[test]
    fn every_swap_is_read_at_every_length() {
        let places = [0, 10, 2, 3, 4, 5, 6, 7].map(Some);
        let body = |hash: Hash, rest: &[u8]| [&hash[..], &7u64.to_le_bytes(), rest].concat();
        let second = 9u64.to_le_bytes();
        let some = [1, 5, 0, 0, 0, 50, 0];
        for (data, accounts, expected) in [
            (body(SWAP, &second), 15, (Exact::In, Some(7), Some(9), places)),
            (body(SWAP2, &second), 16, (Exact::In, Some(7), Some(9), places)),
            (body(SWAP_EXACT_OUT, &second), 15, (Exact::Out, Some(9), Some(7), places)),
            (body(SWAP_EXACT_OUT2, &second), 16, (Exact::Out, Some(9), Some(7), places)),
            (body(SWAP_WITH_PRICE_IMPACT, &[0, 50, 0]), 15, (Exact::In, Some(7), None, places)),
            (body(SWAP_WITH_PRICE_IMPACT, &some), 15, (Exact::In, Some(7), None, places)),
            (body(SWAP_WITH_PRICE_IMPACT2, &some), 16, (Exact::In, Some(7), None, places)),
        ] {
            assert_eq!(read(&data, accounts), Ok(expected));
            assert_eq!(read(&[&data[..], &[3; 9]].concat(), accounts + 9), Ok(expected));
            for len in 0..data.len() {
                assert_eq!(read(&data[..len], accounts), Err(IxFault::ShortData), "{len}");
            }
            for count in 0..accounts {
                assert_eq!(read(&data, count), Err(IxFault::FewAccounts));
            }
        }
        assert_eq!(read(&body(SWAP_WITH_PRICE_IMPACT, &[2; 7]), 15), Err(IxFault::Flag));
        assert_eq!(read(&[9; 24], 15), Err(IxFault::Unknown));
    }
}
