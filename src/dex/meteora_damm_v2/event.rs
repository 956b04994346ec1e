//! Events: what a swap or a change moved.
//!
//! | event | fields |
//! |---|---|
//! | EvtSwap2 | pool@8, direction u8@40, fee mode u8@41, referral u8@42, arguments @43 (17 bytes), in with fee u64@60, in without u64@68, left u64@76, out u64@84, next square root u128@92, claiming fee u64@108, protocol u64@116, compounding u64@124, referral u64@132, in with transfer fee u64@140, out with u64@148, out without u64@156, time u64@164, a held u64@172, b held u64@180 |
//! | EvtSwap, until 0.1.5 | pool@8, direction u8@40, referral u8@41, amount_in u64@42, min_out u64@50, out u64@58, next square root u128@66, lp fee u64@82, protocol u64@90, partner u64@98, referral u64@106, in without transfer fee u64@114, time u64@122 |
//! | EvtLiquidityChange | pool@8, two keys, a u64@104, b u64@112, with transfer fee u64@120 u64@128, held u64@136 u64@144, liquidity u128@152 |
//! | EvtAddLiquidity, until 0.1.5 | pool@8, two keys, liquidity u128@104, limits, a u64@136, b u64@144, with transfer fee u64@152 u64@160 |
//! | EvtRemoveLiquidity, until 0.1.5 | the same up to b |
//! | EvtClaimPositionFee | pool@8, two keys, a u64@104, b u64@112 |
//!
//! Version 0.1.5 emits both swap events. The direction is 0 from a to b. The fee is taken from the
//! output, but in the modes "only b" (1) and "compounding" (2) always from b. A swap cannot be
//! reckoned again: neither liquidity nor the price before it is told, and its two amounts just
//! suffice to find both.
//!
//! Source: MeteoraAg/damm-v2 programs/cp-amm/src/{event.rs, state/{pool,fee}.rs,
//! instructions/swap/ix_p_swap.rs} @a3d3827; EvtSwap and its like @689a326.

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, anchor};
use super::names::{
    EVENTS, EVT_ADD_LIQUIDITY_EVENT, EVT_CLAIM_POSITION_FEE_EVENT, EVT_CLAIM_PROTOCOL_FEE2_EVENT,
    EVT_CLAIM_REWARD_EVENT, EVT_INITIALIZE_POOL_EVENT, EVT_LIQUIDITY_CHANGE_EVENT,
    EVT_REMOVE_LIQUIDITY_EVENT, EVT_SET_POOL_STATUS_EVENT, EVT_SWAP_EVENT, EVT_SWAP2_EVENT,
    EVT_UPDATE_POOL_FEES_EVENT,
};
use crate::bytes::{key_at, u8_at, u64_at, u128_at};
use crate::record::Direction;

pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    let Some(hash) = bytes.first_chunk() else { return Event::Unknown };
    let liquidity = |moved: Option<_>| moved.map_or(Event::Unknown, Event::Liquidity);
    match *hash {
        EVT_SWAP2_EVENT => swap2(bytes).map_or(Event::Unknown, Event::Swap),
        EVT_SWAP_EVENT => swap(bytes).map_or(Event::Unknown, Event::Swap),
        EVT_LIQUIDITY_CHANGE_EVENT => liquidity(moved(bytes, [120, 128], Some(152))),
        EVT_ADD_LIQUIDITY_EVENT => liquidity(moved(bytes, [152, 160], Some(104))),
        EVT_REMOVE_LIQUIDITY_EVENT => liquidity(moved(bytes, [136, 144], Some(104))),
        EVT_CLAIM_POSITION_FEE_EVENT => liquidity(moved(bytes, [104, 112], None)),
        EVT_INITIALIZE_POOL_EVENT => liquidity(created(bytes)),
        EVT_CLAIM_REWARD_EVENT
        | EVT_CLAIM_PROTOCOL_FEE2_EVENT
        | EVT_SET_POOL_STATUS_EVENT
        | EVT_UPDATE_POOL_FEES_EVENT => {
            let pool = key_at(bytes, 8);
            liquidity(pool.map(|pool| Moved { pool: Some(pool), ..Moved::default() }))
        }
        _ if EVENTS.iter().any(|(_, known)| known == hash) => Event::Other,
        _ => Event::Unknown,
    }
}

fn direction(byte: u8) -> Direction {
    if byte == 0 { Direction::AToB } else { Direction::BToA }
}

fn swap2(bytes: &[u8]) -> Option<Filled<'_>> {
    let n = |at| u64_at(bytes, at);
    n(180)?; // the last field
    let (direction, mode) = (direction(u8_at(bytes, 40)?), u8_at(bytes, 41)?);
    let fees = [n(108)?, n(116)?, n(124)?, n(132)?];
    let fee = fees.into_iter().try_fold(0u64, u64::checked_add)?;
    let on_input = mode != 0 && direction == Direction::BToA;
    let mut filled = Filled::new(n(140)?, n(156)?);
    filled.rank = 1;
    filled.fee = Some((fee, if on_input { FeeSide::In } else { FeeSide::Out }));
    filled.transfer_fee_in = Some(n(140)?.checked_sub(n(60)?)?);
    filled.transfer_fee_out = Some(n(148)?.checked_sub(n(156)?)?);
    (filled.pool, filled.direction) = (Some(key_at(bytes, 8)?), direction);
    Some(filled)
}

/// The early event: it tells neither the transfer fee on the output nor the mode of the fee.
fn swap(bytes: &[u8]) -> Option<Filled<'_>> {
    let n = |at| u64_at(bytes, at);
    n(122)?; // the last field
    let direction = direction(u8_at(bytes, 40)?);
    let fees = [n(82)?, n(90)?, n(98)?, n(106)?];
    let fee = fees.into_iter().try_fold(0u64, u64::checked_add)?;
    let mut filled = Filled::new(n(42)?, n(58)?);
    // From b to a it is the input's in the mode "only b", else the output's.
    filled.fee = (direction == Direction::AToB).then_some((fee, FeeSide::Out));
    filled.transfer_fee_in = Some(n(42)?.checked_sub(n(114)?)?);
    (filled.pool, filled.direction) = (Some(key_at(bytes, 8)?), direction);
    Some(filled)
}

fn moved(bytes: &[u8], amounts: [usize; 2], liquidity: Option<usize>) -> Option<Moved<'_>> {
    let [amount_a, amount_b] = amounts.map(|at| u64_at(bytes, at));
    Some(Moved {
        pool: Some(key_at(bytes, 8)?),
        amount_a: Some(amount_a?),
        amount_b: Some(amount_b?),
        liquidity: match liquidity {
            Some(at) => Some(u128_at(bytes, at)?),
            None => None,
        },
    })
}

/// EvtInitializePool: the parameters of a volatility fee, 32 bytes, are there or not (u8@230).
fn created(bytes: &[u8]) -> Option<Moved<'_>> {
    let after_fees = match u8_at(bytes, 230)? {
        0 => 231usize,
        _ => 263,
    };
    let at = |past: usize| after_fees.checked_add(past);
    Some(Moved {
        pool: Some(key_at(bytes, 8)?),
        amount_a: Some(u64_at(bytes, at(92)?)?),
        amount_b: Some(u64_at(bytes, at(100)?)?),
        liquidity: Some(u128_at(bytes, at(34)?)?),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::*;
    use proptest::prelude::*;

    fn made(hash: [u8; 8], len: usize, fields: &[(usize, u64)]) -> Vec<u8> {
        let mut bytes = vec![0; len];
        put(&mut bytes, 0, &hash);
        put(&mut bytes, 8, &[7; 32]);
        for (at, value) in fields {
            put(&mut bytes, *at, &value.to_le_bytes());
        }
        bytes
    }

    fn filled(bytes: &[u8]) -> Filled<'_> {
        match event(Channel::Data, bytes) {
            Event::Swap(filled) => filled,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_swap_with_transfer_fees_on_both_sides() {
        let fields = [(60, 990), (68, 990), (84, 480), (108, 16), (116, 3), (124, 2), (132, 1)];
        let mut bytes = made(EVT_SWAP2_EVENT, 188, &fields);
        for (at, value) in [(140, 1000u64), (148, 480), (156, 475)] {
            put(&mut bytes, at, &value.to_le_bytes());
        }
        let swap = filled(&bytes);
        assert_eq!((swap.amount_in, swap.amount_out, swap.rank), (1000, 475, 1));
        assert_eq!((swap.transfer_fee_in, swap.transfer_fee_out), (Some(10), Some(5)));
        assert_eq!((swap.fee, swap.pool), (Some((22, FeeSide::Out)), Some(&[7; 32])));
        for (direction, mode, side) in [
            (0, 1, FeeSide::Out),
            (0, 2, FeeSide::Out),
            (1, 0, FeeSide::Out),
            (1, 1, FeeSide::In),
            (1, 2, FeeSide::In),
        ] {
            put(&mut bytes, 40, &[direction, mode]);
            let swap = filled(&bytes);
            assert_eq!(swap.fee, Some((22, side)));
            assert_eq!(swap.direction == Direction::AToB, direction == 0);
        }
        // More transfer fee than amount contradicts itself.
        put(&mut bytes, 140, &989u64.to_le_bytes());
        assert!(matches!(event(Channel::Data, &bytes), Event::Unknown));
    }

    #[test]
    fn the_early_swap_counts_less() {
        let fields = [(42, 1000), (58, 480), (82, 9), (90, 2), (98, 1), (106, 1), (114, 990)];
        let mut bytes = made(EVT_SWAP_EVENT, 130, &fields);
        let swap = filled(&bytes);
        assert_eq!((swap.amount_in, swap.amount_out, swap.rank), (1000, 480, 0));
        assert_eq!((swap.fee, swap.transfer_fee_in), (Some((13, FeeSide::Out)), Some(10)));
        put(&mut bytes, 40, &[1]);
        assert_eq!((filled(&bytes).fee, filled(&bytes).direction), (None, Direction::BToA));
    }

    #[test]
    fn changes_tell_what_was_moved() {
        let read = |hash, len, fields: &[_]| {
            let bytes = made(hash, len, fields);
            let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
            assert_eq!(moved.pool, Some(&[7; 32]));
            (moved.amount_a, moved.amount_b, moved.liquidity)
        };
        let told = (Some(5), Some(6), Some(7));
        let change = [(120, 5), (128, 6), (152, 7)];
        assert_eq!(read(EVT_LIQUIDITY_CHANGE_EVENT, 185, &change), told);
        assert_eq!(read(EVT_ADD_LIQUIDITY_EVENT, 168, &[(152, 5), (160, 6), (104, 7)]), told);
        assert_eq!(read(EVT_REMOVE_LIQUIDITY_EVENT, 152, &[(136, 5), (144, 6), (104, 7)]), told);
        let claimed = read(EVT_CLAIM_POSITION_FEE_EVENT, 120, &[(104, 5), (112, 6)]);
        assert_eq!(claimed, (Some(5), Some(6), None));
        let plain = [(231 + 92, 5), (231 + 100, 6), (231 + 34, 7)];
        assert_eq!(read(EVT_INITIALIZE_POOL_EVENT, 340, &plain), told);
        let volatile = [(230, 1), (263 + 92, 5), (263 + 100, 6), (263 + 34, 7)];
        assert_eq!(read(EVT_INITIALIZE_POOL_EVENT, 372, &volatile), told);
        assert_eq!(read(EVT_SET_POOL_STATUS_EVENT, 41, &[]), (None, None, None));
    }

    #[test]
    fn events_are_read_at_every_length() {
        for (hash, len) in [
            (EVT_SWAP2_EVENT, 188),
            (EVT_SWAP_EVENT, 130),
            (EVT_LIQUIDITY_CHANGE_EVENT, 168),
            (EVT_CLAIM_POSITION_FEE_EVENT, 120),
            (EVT_INITIALIZE_POOL_EVENT, 339),
        ] {
            let full = made(hash, len + 8, &[]);
            for len in 0..len {
                let cut = full.get(..len).unwrap();
                assert!(matches!(event(Channel::Data, cut), Event::Unknown), "{len}");
            }
            assert!(!matches!(event(Channel::Data, &full), Event::Unknown | Event::Other));
        }
        assert!(EVENTS.iter().all(|(_, hash)| matches!(event(Channel::Data, hash), Event::Other)));
        assert!(matches!(event(Channel::Data, &[9; 300]), Event::Unknown));
    }

    proptest! {
        #[test]
        fn hostile_events_never_panic(
            which in 0usize..4,
            mut bytes in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let hashes = [
                EVT_SWAP2_EVENT, EVT_SWAP_EVENT, EVT_LIQUIDITY_CHANGE_EVENT,
                EVT_INITIALIZE_POOL_EVENT,
            ];
            let hash = hashes.into_iter().nth(which).unwrap();
            bytes.iter_mut().zip(hash).for_each(|(byte, known)| *byte = known);
            let _ = event(Channel::Data, &bytes);
        }
    }
}
