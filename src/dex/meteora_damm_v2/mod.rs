//! Meteora DAMM v2 (cp-amm): liquidity in one range of the square-root price, or a plain product.
//!
//! Source: MeteoraAg/damm-v2 programs/cp-amm/src @a3d3827 and its interface 0.2.5 (facts/dex.md 7).
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | amount_in u64@8, min_out u64@16 | 14 |
//! | swap2 | 414b3f4ceb5b5b88 | u64@8, u64@16, mode u8@24 | 14 |
//!
//! Modes of swap2: 0 exact in and 1 partial fill (amount_in, min_out), 2 exact out (amount_out,
//! max_in). Accounts: 0 authority, 1 pool, 2 user in, 3 user out, 4 vault a, 5 vault b, 6 mint a,
//! 7 mint b, 8 payer (signs), 9 and 10 token programs, 11 referral, 12 event authority, 13 program,
//! then those of rate limiter and transfer hooks. The direction is not in the instruction.
//!
//! | change | data |
//! |---|---|
//! | add_liquidity, remove_liquidity | liquidity u128@8, limits of a u64@24 and b u64@32 |
//! | remove_all_liquidity | limits of a u64@8 and b u64@16 |
//! | initialize_pool | liquidity u128@8, square root of the price u128@24 |
//!
//! Quotes: `quote`; instructions: `build`.

pub(super) mod account;
mod build;
mod event;
pub(super) mod fee;
mod names;
pub(super) mod quote;
#[cfg(test)]
mod tests_accounts;

use super::change;
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::u8_at;
use crate::ids::Venue;
use crate::record::Exact;
use names::{SWAP, SWAP2};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::Source, pools: Grade::Source },
    decode,
    event: event::event,
    pools: account::pools,
    swap: quote::swap,
    settle: fee::settle,
    segment: quote::segment,
    build: build::build,
    ..VenueSpec::of(Venue::MeteoraDammV2)
};

/// The mode byte of swap2, as both DAMM v2 and DBC have it.
pub(super) fn mode(ix: &Instruction<'_>) -> Result<Exact, IxFault> {
    match u8_at(ix.data, 24).ok_or(IxFault::ShortData)? {
        0 | 1 => Ok(Exact::In),
        2 => Ok(Exact::Out),
        _ => Err(IxFault::Flag),
    }
}

/// Amount and limit of swap and swap2, exact side first: the forms are the same in DBC.
pub(super) fn amounts<'a>(
    venue: Venue,
    ix: &Instruction<'a>,
    exact: Exact,
) -> Result<SwapIx<'a>, IxFault> {
    let mut swap = SwapIx::new(venue, exact);
    (swap.amount, swap.limit) = (Some(ix.u64(8)?), Some(ix.u64(16)?));
    Ok(swap)
}

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let exact = match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => Exact::In,
        SWAP2 => mode(ix)?,
        _ => {
            return change::decode(Venue::MeteoraDammV2, ix, &names::CHANGES, &names::INSTRUCTIONS);
        }
    };
    let mut swap = amounts(Venue::MeteoraDammV2, ix, exact)?;
    ix.at_least(14)?;
    (swap.pool, swap.owner) = (ix.account(1), ix.account(8));
    (swap.user_in, swap.user_out) = (ix.account(2), ix.account(3));
    (swap.vault_a, swap.vault_b) = (ix.account(4), ix.account(5));
    (swap.mint_a, swap.mint_b) = (ix.account(6), ix.account(7));
    Ok(Decoded::One(swap))
}

/// Arguments: liquidity u128@8, square root of the price u128@24.
fn initial<'a>(ix: &Instruction<'a>, to: &mut LiquidityIx<'a>) -> Result<(), IxFault> {
    to.liquidity = Some(ix.u128(8)?);
    ix.u128(24).map(|_| ())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::{numbers, read_numbered, swap_is_read_at_every_length};
    use super::super::instruction::tests::anchor_hash;
    use super::*;

    fn data(hash: [u8; 8], words: [u64; 2], mode: Option<u8>) -> Vec<u8> {
        let [first, second] = words.map(u64::to_le_bytes);
        [&hash[..], &first, &second, mode.as_slice()].concat()
    }

    #[test]
    fn every_swap_is_read_at_every_length() {
        for (data, exact) in [
            (data(SWAP, [7, 9], None), Exact::In),
            (data(SWAP2, [7, 9], Some(0)), Exact::In),
            (data(SWAP2, [7, 9], Some(1)), Exact::In),
            (data(SWAP2, [7, 9], Some(2)), Exact::Out),
        ] {
            swap_is_read_at_every_length(Venue::MeteoraDammV2, &data, exact, 14, |swap| {
                let keys = [swap.pool, swap.owner, swap.user_in, swap.user_out];
                let pools = [swap.vault_a, swap.vault_b, swap.mint_a, swap.mint_b];
                assert_eq!((numbers(keys), numbers(pools)), ([1, 8, 2, 3], [4, 5, 6, 7]));
            });
        }
        let refused = |data: &[u8], expected: IxFault| {
            read_numbered(Venue::MeteoraDammV2, data, 14, |_, decoded| {
                assert!(matches!(decoded, Decoded::Refused(why) if why == expected));
            });
        };
        refused(&data(SWAP2, [7, 9], Some(3)), IxFault::Flag);
        refused(&[9; 24], IxFault::Unknown);
    }

    #[test]
    fn changes_tell_liquidity_and_limits() {
        let words = |words: &[u64]| words.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        for (name, args, expected) in [
            ("add_liquidity", words(&[5, 1, 7, 8]), (Some((1 << 64) + 5), Some(7), Some(8))),
            ("remove_liquidity", words(&[5, 0, 7, 8]), (Some(5), Some(7), Some(8))),
            ("remove_all_liquidity", words(&[7, 8]), (None, Some(7), Some(8))),
            ("initialize_pool", words(&[5, 0, 1, 2]), (Some(5), None, None)),
        ] {
            let data = [&anchor_hash("global", name)[..], &args].concat();
            read_numbered(Venue::MeteoraDammV2, &data, 21, |_, decoded| {
                let Decoded::Liquidity(change) = decoded else { panic!("{name}") };
                assert_eq!((change.liquidity, change.limit_a, change.limit_b), expected, "{name}");
            });
        }
    }
}
