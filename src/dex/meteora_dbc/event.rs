//! Events: what a swap or a change moved.
//!
//! | event | fields |
//! |---|---|
//! | EvtSwap2, EvtSwap2WithTransferHook | pool@8, config@40, direction u8@72, referral u8@73, arguments @74 (17 bytes), in with fee u64@91, in without u64@99, left u64@107, out u64@115, next square root u128@123, trading fee u64@139, protocol u64@147, referral u64@155, quote held u64@163, threshold u64@171, time u64@179 |
//! | EvtSwap | pool@8, config@40, direction u8@72, referral u8@73, arguments @74 (16 bytes), in without fee u64@90, out u64@98, next square root u128@106, trading fee u64@122, protocol u64@130, referral u64@138, in with fee u64@146, time u64@154 |
//! | EvtClaimTradingFee, EvtClaimCreatorTradingFee | pool@8, base u64@40, quote u64@48 |
//! | EvtInitializePool, EvtCurveComplete and their forms with a hook | pool@8 |
//!
//! Every swap emits both swap events. The direction is 0 from base to quote. Where what goes in
//! differs with and without the fee, the fee is the input's. A swap cannot be reckoned again: the
//! curve is in the configuration, the price before it nowhere.
//!
//! Source: MeteoraAg/dynamic-bonding-curve programs/dynamic-bonding-curve/src/{event.rs,
//! state/virtual_pool.rs, instructions/swap/ix_swap.rs} @b4f9547.

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, anchor};
use super::names::{
    EVENTS, EVT_CLAIM_CREATOR_TRADING_FEE_EVENT, EVT_CLAIM_TRADING_FEE_EVENT,
    EVT_CURVE_COMPLETE_EVENT, EVT_CURVE_COMPLETE_WITH_TRANSFER_HOOK_EVENT,
    EVT_INITIALIZE_POOL_EVENT, EVT_INITIALIZE_POOL_WITH_TRANSFER_HOOK_EVENT, EVT_SWAP_EVENT,
    EVT_SWAP2_EVENT, EVT_SWAP2_WITH_TRANSFER_HOOK_EVENT,
};
use crate::bytes::{key_at, u8_at, u64_at};
use crate::record::Direction;

pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    let Some(hash) = bytes.first_chunk() else { return Event::Unknown };
    match *hash {
        EVT_SWAP2_EVENT | EVT_SWAP2_WITH_TRANSFER_HOOK_EVENT => {
            let places =
                Places { with: 91, without: 99, out: 115, fees: [139, 147, 155], last: 179 };
            swap(bytes, 1, &places).map_or(Event::Unknown, Event::Swap)
        }
        EVT_SWAP_EVENT => {
            let places =
                Places { with: 146, without: 90, out: 98, fees: [122, 130, 138], last: 154 };
            swap(bytes, 0, &places).map_or(Event::Unknown, Event::Swap)
        }
        EVT_CLAIM_TRADING_FEE_EVENT | EVT_CLAIM_CREATOR_TRADING_FEE_EVENT => {
            claimed(bytes).map_or(Event::Unknown, Event::Liquidity)
        }
        EVT_INITIALIZE_POOL_EVENT
        | EVT_INITIALIZE_POOL_WITH_TRANSFER_HOOK_EVENT
        | EVT_CURVE_COMPLETE_EVENT
        | EVT_CURVE_COMPLETE_WITH_TRANSFER_HOOK_EVENT => key_at(bytes, 8)
            .map_or(Event::Unknown, |pool| {
                Event::Liquidity(Moved { pool: Some(pool), ..Moved::default() })
            }),
        _ if EVENTS.iter().any(|(_, known)| known == hash) => Event::Other,
        _ => Event::Unknown,
    }
}

/// Where a swap event has its numbers.
struct Places {
    with: usize,
    without: usize,
    out: usize,
    fees: [usize; 3],
    last: usize,
}

fn swap<'a>(bytes: &'a [u8], rank: u8, places: &Places) -> Option<Filled<'a>> {
    let n = |at| u64_at(bytes, at);
    n(places.last)?;
    let fee = places.fees.into_iter().try_fold(0u64, |sum, at| sum.checked_add(n(at)?))?;
    let (with, without) = (n(places.with)?, n(places.without)?);
    let mut filled = Filled::new(with, n(places.out)?);
    filled.rank = rank;
    filled.fee = Some((fee, if with == without { FeeSide::Out } else { FeeSide::In }));
    let base_in = u8_at(bytes, 72)? == 0;
    filled.direction = if base_in { Direction::AToB } else { Direction::BToA };
    filled.pool = Some(key_at(bytes, 8)?);
    Some(filled)
}

fn claimed(bytes: &[u8]) -> Option<Moved<'_>> {
    Some(Moved {
        pool: Some(key_at(bytes, 8)?),
        amount_a: Some(u64_at(bytes, 40)?),
        amount_b: Some(u64_at(bytes, 48)?),
        liquidity: None,
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

    #[test]
    fn both_events_of_a_swap_tell_the_same() {
        let second = [(91, 1000), (99, 990), (115, 70), (139, 8), (147, 1), (155, 1)];
        let first = [(146, 1000), (90, 990), (98, 70), (122, 8), (130, 1), (138, 1)];
        let mut told = Vec::new();
        for (hash, len, fields) in [
            (EVT_SWAP_EVENT, 162, first),
            (EVT_SWAP2_EVENT, 187, second),
            (EVT_SWAP2_WITH_TRANSFER_HOOK_EVENT, 187, second),
        ] {
            for direction in [0, 1] {
                let mut bytes = made(hash, len, &fields);
                put(&mut bytes, 72, &[direction]);
                let Event::Swap(swap) = event(Channel::Data, &bytes) else { panic!() };
                assert_eq!((swap.amount_in, swap.amount_out), (1000, 70));
                assert_eq!((swap.fee, swap.pool), (Some((10, FeeSide::In)), Some(&[7; 32])));
                assert_eq!(swap.direction == Direction::AToB, direction == 0);
                told.push(swap.rank);
            }
        }
        assert_eq!(told, [0, 0, 1, 1, 1, 1]);
        // The fee on the output: what goes in is the same with and without it.
        let bytes = made(EVT_SWAP2_EVENT, 187, &[(91, 5), (99, 5), (115, 70), (139, 8)]);
        let Event::Swap(swap) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!(swap.fee, Some((8, FeeSide::Out)));
    }

    #[test]
    fn changes_name_their_pool() {
        let bytes = made(EVT_CLAIM_TRADING_FEE_EVENT, 56, &[(40, 5), (48, 6)]);
        let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!(
            (moved.pool, moved.amount_a, moved.amount_b),
            (Some(&[7; 32]), Some(5), Some(6))
        );
        let bytes = made(EVT_CURVE_COMPLETE_EVENT, 88, &[]);
        let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!((moved.pool, moved.amount_a), (Some(&[7; 32]), None));
    }

    #[test]
    fn events_are_read_at_every_length() {
        for (hash, len) in [
            (EVT_SWAP_EVENT, 162),
            (EVT_SWAP2_EVENT, 187),
            (EVT_CLAIM_TRADING_FEE_EVENT, 56),
            (EVT_INITIALIZE_POOL_EVENT, 40),
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
            second in any::<bool>(),
            mut bytes in proptest::collection::vec(any::<u8>(), 0..220),
        ) {
            let hash = if second { EVT_SWAP2_EVENT } else { EVT_SWAP_EVENT };
            bytes.iter_mut().zip(hash).for_each(|(byte, known)| *byte = known);
            let _ = event(Channel::Data, &bytes);
        }
    }
}
