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
//! | account | bytes | fields |
//! |---|---|---|
//! | pool | 1232 | swap fee u64@208 of u64@216, owed base and quote u64@224 and @232, open time u64@256, vaults @368 and @400, mints @432 and @464 |
//!
//! Source: raydium-io/raydium-sdk-V2, src/raydium/liquidity/{layout.ts `liquidityStateV5Layout`,
//! stable.ts} @124c625. The price is looked up in a table of 50 000 rows that all pools share: no
//! record tells it, so no pool is traded. What lies in open orders is not added to the reserves.
//! Fills come from transfers.

use super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys, Unsupported};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx};
use super::join;
use super::raydium_amm_v4::swap_of_book;
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::u64_at;
use crate::ids::Venue;
use crate::record::{Action, Curve, Exact, Pool};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::ThirdParty, fills: Grade::None, pools: Grade::ThirdParty },
    decode,
    pools,
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

const POOL_LEN: usize = 1232;

/// Accounts of another length are the table, or a pool's target orders.
fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::RaydiumStable;
    join::each(book, venue, out, &mut |key, account, out| {
        let data = &account.data;
        if data.len() != POOL_LEN {
            return Ok(());
        }
        let keys = PoolKeys::at(key, venue, data, [432, 464], [368, 400]);
        let keys = keys.ok_or(AccountFault::WrongLen)?;
        join::pool(book, clock, &keys, account.slot, out, |pool| fill(pool, data));
        Ok(())
    });
}

fn fill(pool: &mut Pool, data: &[u8]) -> Result<Option<Unsupported>, AccountFault> {
    let word = |at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    (pool.fee_num, pool.fee_den) = (word(208)?, word(216)?);
    if pool.fee_num >= pool.fee_den {
        return Err(AccountFault::Fee);
    }
    let less = |held: u64, owed: u64| held.checked_sub(owed).ok_or(AccountFault::Owed);
    pool.reserve_a = less(pool.reserve_a, word(224)?)?;
    pool.reserve_b = less(pool.reserve_b, word(232)?)?;
    pool.open_time = word(256)?;
    pool.present |= Pool::OPEN_TIME;
    pool.curve = Curve::Closed as u8;
    Ok(Some(Unsupported::CurveKind))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::decode;
    use super::super::model::{join, pool_book};
    use super::*;
    use crate::ids::Key;
    use crate::record::{Layout, PoolStatus};

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

    #[test]
    fn pools_are_read_and_never_traded() {
        let mut data = vec![0; POOL_LEN];
        for (at, n) in [(368, 2), (400, 3), (432, 4), (464, 5)] {
            put(&mut data, at, &[n; 32]);
        }
        for (at, value) in [(208, 2u64), (216, 10_000), (224, 10), (232, 80), (256, 500)] {
            put(&mut data, at, &value.to_le_bytes());
        }
        let joined = |data: &[u8]| join(&pool_book(Venue::RaydiumStable, data), Clock::default());
        let (pool, unsupported) = joined(&data).pools[0];
        assert_eq!((unsupported, pool.invalid()), (Some(Unsupported::CurveKind), None));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.open_time), (60, 0, 500));
        assert_eq!((pool.fee_num, pool.fee_den, pool.mint_b), (2, 10_000, [5; 32]));
        for len in (0..POOL_LEN).chain([POOL_LEN + 1]) {
            let mut other = data.clone();
            other.resize(len, 0);
            let joined = joined(&other);
            assert!(joined.pools.is_empty() && joined.wrong.is_empty(), "{len}");
        }
        let wrong = |at: usize, bytes: &[u8]| {
            let mut data = data.clone();
            put(&mut data, at, bytes);
            joined(&data).wrong[0].1
        };
        assert_eq!(wrong(216, &2u64.to_le_bytes()), "bad_fee");
        assert_eq!(wrong(232, &81u64.to_le_bytes()), "owed_exceeds_vault");
        assert_eq!(wrong(400, &[33; 32]), "vault_b");
        assert_eq!(wrong(464, &[4; 32]), "same_mint");
    }
}
