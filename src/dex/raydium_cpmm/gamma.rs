//! Pools of GAMMA: a PoolState of the same length and name, read in another way from its middle on.
//!
//! What GAMMA added: it keeps its reserves itself, token_0_vault_amount u64@477 and
//! token_1_vault_amount u64@485, for part of the tokens may be lent out; and a fee that follows the
//! prices of its observation account, which is not modelled. Of AmmConfig the three rates are where
//! they were. Source: GooseFX1/gamma-swap, programs/gamma/src/{states/pool.rs, states/config.rs,
//! fees/dynamic_fee.rs} @2d26a7f.

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, Venue};
use crate::record::{Pool, PoolStatus};

use super::super::accounts::{
    AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported,
};
use super::super::join;
use super::account::{AMM_CONFIG, POOL_STATE, POOL_STATE_LEN, config_rates};

/// The program's other accounts.
const OTHER_ACCOUNTS: [(&str, [u8; 8]); 5] = [
    ("AmmConfig", AMM_CONFIG),
    ("ObservationState", [0x7a, 0xae, 0xc5, 0x35, 0x81, 0x09, 0xa5, 0x84]),
    ("RewardInfo", [0x27, 0x07, 0x81, 0x16, 0xf1, 0x60, 0x53, 0x85]),
    ("UserPoolLiquidity", [0x00, 0x8d, 0x59, 0x1d, 0xec, 0x06, 0x0e, 0x0f]),
    ("UserRewardInfo", [0x6e, 0x39, 0xfb, 0x8b, 0xfa, 0xec, 0xd5, 0xb2]),
];
const PPM: u64 = 1_000_000;

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::Gamma;
    join::each(book, venue, out, &mut |key, account, out| {
        let (data, short) = (&account.data, AccountFault::WrongLen);
        let kind = data.first_chunk::<8>();
        if OTHER_ACCOUNTS.iter().any(|(_, other)| Some(other) == kind) {
            return Ok(());
        }
        if kind != Some(&POOL_STATE) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() != POOL_STATE_LEN {
            return Err(short);
        }
        let keys = PoolKeys::at(key, venue, data, [168, 200], [72, 104]).ok_or(short)?;
        let config = key_at(data, 8).ok_or(short)?;
        let parts = [
            (Part::Config, config),
            (Part::VaultA, keys.vaults[0]),
            (Part::VaultB, keys.vaults[1]),
            (Part::MintA, keys.mints[0]),
            (Part::MintB, keys.mints[1]),
        ];
        if book.complete(key, venue, &parts, out) {
            let rates = rates(book, &keys.program, config).map_err(|fault| (*config, fault));
            let joined = rates.and_then(|rates| {
                join::joined(book, clock, &keys, account.slot, |pool| {
                    fill(pool, data, rates, clock)
                })
            });
            match joined {
                Ok((pool, unsupported)) => out(Found::Pool { pool: &pool, unsupported }),
                Err((part, fault)) => out(Found::Refused { pool: key, key: &part, venue, fault }),
            }
        }
        Ok(())
    });
}

/// Rates of the configuration, ppm: of a trade, and the protocol's and the fund's of its fee.
fn rates(book: &AccountBook, program: &Key, config: &Key) -> Result<[u32; 3], AccountFault> {
    let account = book.get(config).ok_or(AccountFault::NotInitialised)?;
    if account.owner != *program {
        return Err(AccountFault::Owner);
    }
    let [trade, protocol, fund, _] = config_rates(&account.data)?;
    let below_one = trade < PPM && protocol.checked_add(fund).is_some_and(|both| both <= PPM);
    let rate = |rate: u64| u32::try_from(rate).ok().filter(|_| below_one).ok_or(AccountFault::Fee);
    Ok([rate(trade)?, rate(protocol)?, rate(fund)?])
}

fn fill(
    pool: &mut Pool,
    data: &[u8],
    [trade, protocol, fund]: [u32; 3],
    clock: Clock,
) -> Result<Option<Unsupported>, AccountFault> {
    let word = |at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    (pool.fee_num, pool.fee_den) = (trade.into(), PPM);
    (pool.protocol_ppm, pool.fund_ppm) = (protocol, fund);
    (pool.reserve_a, pool.reserve_b) = (word(477)?, word(485)?);
    if pool.reserve_a == 0 || pool.reserve_b == 0 {
        return Err(AccountFault::ZeroReserve);
    }
    pool.open_time = word(373)?;
    pool.present |= Pool::OPEN_TIME;
    // pool.rs `PoolStatusBitIndex::Swap` is bit 2; a set bit switches off.
    if u8_at(data, 329).ok_or(AccountFault::WrongLen)? & 4 != 0 {
        pool.status = PoolStatus::Disabled as u8;
    } else if clock.unix_s.is_some_and(|now| now < pool.open_time) {
        pool.status = PoolStatus::Waiting as u8;
    }
    Ok(Some(Unsupported::AdaptiveFee))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::super::super::instruction::tests::anchor_hash;
    use super::super::super::model::{self, join, pool_book};
    use super::*;
    use crate::record::Layout;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::Gamma;

    #[test]
    fn hashes_are_those_of_the_names() {
        for (name, hash) in OTHER_ACCOUNTS {
            assert_eq!(hash, anchor_hash("account", name), "{name}");
        }
    }

    fn config(rates: [u64; 3]) -> Vec<u8> {
        let mut data = vec![0; 236];
        put(&mut data, 0, &AMM_CONFIG);
        put(&mut data, 12, &rates.map(u64::to_le_bytes).concat());
        data
    }

    fn pool_state() -> Vec<u8> {
        let mut data = vec![0; POOL_STATE_LEN];
        put(&mut data, 0, &POOL_STATE);
        for (at, n) in [(8, 7), (72, 2), (104, 3), (168, 4), (200, 5)] {
            put(&mut data, at, &[n; 32]);
        }
        for (at, value) in [(373, 500u64), (477, 1000), (485, 2000)] {
            put(&mut data, at, &value.to_le_bytes());
        }
        data
    }

    type Change<'a> = &'a dyn Fn(&mut AccountBook, &mut Vec<u8>);

    fn with(change: Change<'_>) -> model::Joined {
        let mut data = pool_state();
        let mut book = pool_book(VENUE, &data);
        book.insert([7; 32], VENUE.programs()[0], config([3000, 120_000, 40_000]), 1);
        change(&mut book, &mut data);
        book.insert([1; 32], VENUE.programs()[0], data, 99);
        join(&book, Clock { epoch: None, unix_s: Some(500) })
    }

    #[test]
    fn a_pool_has_its_own_reserves_and_a_fee_that_is_not_modelled() {
        let joined = with(&|_, _| {});
        assert_eq!(joined.wrong, []);
        let (pool, unsupported) = joined.pools[0];
        assert_eq!((unsupported, pool.invalid()), (Some(Unsupported::AdaptiveFee), None));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.slot), (1000, 2000, 9));
        assert_eq!((pool.fee_num, pool.protocol_ppm, pool.fund_ppm), (3000, 120_000, 40_000));
        assert_eq!((pool.open_time, pool.decimals_a, pool.decimals_b), (500, 9, 6));
        assert_eq!((pool.mint_a, pool.vault_b), ([4; 32], [3; 32]));
    }

    #[test]
    fn every_broken_part_is_named() {
        let wrong = |change: Change<'_>| {
            let joined = with(change);
            joined.wrong.iter().map(|(key, name)| (key[0], *name)).collect::<Vec<_>>()
        };
        for len in (0..POOL_STATE_LEN).chain([POOL_STATE_LEN + 1]) {
            let name = if len < 8 { "wrong_discriminator" } else { "wrong_len" };
            assert_eq!(wrong(&|_, d| d.resize(len, 0)), [(1, name)], "{len}");
        }
        assert_eq!(wrong(&|_, d| put(d, 485, &[0; 8])), [(1, "zero_reserve")]);
        let all: Change<'_> = &|_, d| {
            for at in [8, 72, 104, 168, 200] {
                put(d, at, &[77; 32]);
            }
        };
        let names = ["config", "vault_a", "vault_b", "mint_a", "mint_b"];
        assert_eq!(wrong(all), names.map(|name| (77, name)));
        let program = VENUE.programs()[0];
        for rates in [[PPM, 0, 0], [0, PPM, 1], [0, u64::MAX, 1]] {
            let bad = wrong(&|book, _| book.insert([7; 32], program, config(rates), 9));
            assert_eq!(bad, [(7, "bad_fee")]);
        }
        let foreign = wrong(&|book, _| book.insert([7; 32], [9; 32], config([0; 3]), 9));
        assert_eq!(foreign, [(7, "wrong_owner")]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_accounts_never_panic(data in proptest::collection::vec(any::<u8>(), POOL_STATE_LEN)) {
            let joined = with(&|_, honest| {
                let mut data = data.clone();
                data[..328].copy_from_slice(&honest[..328]);
                *honest = data;
            });
            for (pool, _) in joined.pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
