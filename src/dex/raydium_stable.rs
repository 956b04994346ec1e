//! Raydium's stable AMM: the order-book form of AMM v4 on a stable curve.
//!
//! Source: carbon, decoders/raydium-stable-swap-decoder @1251d59 (facts/dex.md 1). The first byte of
//! an instruction is its tag.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 9, 11 | SwapBaseIn, SwapBaseOut | u64@1, u64@9 | 18, as of AMM v4 |
//! | 0, 3, 4, 10 | Initialize, Deposit, Withdraw, PreInitialize | | |
//!
//! Accounts and curve of a pool are not covered; fills come from transfers.

use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx};
use super::raydium_amm_v4::swap_of_book;
use super::{Coverage, Grade, VenueSpec};
use crate::ids::Venue;
use crate::record::{Action, Exact};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::None },
    decode,
    ..VenueSpec::of(Venue::RaydiumStable)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let exact = match ix.data.first().ok_or(IxFault::ShortData)? {
        9 => Exact::In,
        11 => Exact::Out,
        // Which of their accounts is the pool is told differently by two versions of the source.
        0 => return Ok(change(Action::Create)),
        3 => return Ok(change(Action::Add)),
        4 => return Ok(change(Action::Remove)),
        10 => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    // Always with target orders: 17 accounts are not seen here.
    ix.u64(9)?;
    ix.at_least(18)?;
    swap_of_book(ix, Venue::RaydiumStable, exact).map(Decoded::One)
}

fn change<'a>(action: Action) -> Decoded<'a> {
    Decoded::Liquidity(LiquidityIx::new(Venue::RaydiumStable, action))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::decode;
    use super::*;
    use crate::ids::Key;

    #[test]
    fn swaps_are_read_at_every_length() {
        let keys: Vec<Key> = (0..18).map(|n| [n; 32]).collect();
        let indices: Vec<u8> = (0..18).collect();
        let program = &Venue::RaydiumStable.programs()[0];
        for (tag, exact, amount, limit) in [(9, Exact::In, 5, 7), (11, Exact::Out, 7, 5)] {
            let mut data = vec![tag];
            data.extend([5u64, 7].iter().flat_map(|word| word.to_le_bytes()));
            let ix =
                Instruction { program, data: &data, indices: &indices, keys: &keys, loaded: &[] };
            let Some(Decoded::One(swap)) = decode(&ix) else { panic!("{tag}") };
            assert_eq!((swap.venue, swap.exact), (Venue::RaydiumStable, exact));
            assert_eq!((swap.amount, swap.limit), (Some(amount), Some(limit)));
            let places =
                [swap.pool, swap.vault_a, swap.vault_b, swap.user_in, swap.user_out, swap.owner];
            assert_eq!(places.map(|key| key.unwrap()[0]), [1, 5, 6, 15, 16, 17]);
            for len in 0..17 {
                let short = Instruction { data: &data[..len], ..ix };
                assert!(matches!(decode(&short), Some(Decoded::Refused(IxFault::ShortData))));
            }
            for few in 0..18 {
                let few = Instruction { indices: &indices[..few], ..ix };
                assert!(matches!(decode(&few), Some(Decoded::Refused(IxFault::FewAccounts))));
            }
        }
    }

    #[test]
    fn every_tag_is_known_or_told() {
        for tag in 0..=255 {
            let data = [tag];
            let program = &Venue::RaydiumStable.programs()[0];
            let ix = Instruction { program, data: &data, indices: &[], keys: &[], loaded: &[] };
            let action = match decode(&ix).unwrap() {
                Decoded::Liquidity(change) => Some(change.action),
                Decoded::NotSwap => None,
                Decoded::Refused(fault) => {
                    let short = matches!(tag, 9 | 11);
                    assert_eq!(fault, if short { IxFault::ShortData } else { IxFault::Unknown });
                    continue;
                }
                other => panic!("{other:?}"),
            };
            let expected = match tag {
                0 => Some(Action::Create),
                3 => Some(Action::Add),
                4 => Some(Action::Remove),
                _ => None,
            };
            assert_eq!(action, expected, "{tag}");
        }
    }
}
