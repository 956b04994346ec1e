//! Events: what a swap or a change moved.
//!
//! | event | fields |
//! |---|---|
//! | Swap | in u64@8, out u64@16, makers' fee u64@24, protocol u64@32, host u64@40 |
//! | AddLiquidity, RemoveLiquidity, BootstrapLiquidity | pool tokens u64@8, a u64@16, b u64@24 |
//! | ClaimFee | pool@8, owner@40, pool tokens u64@72, a u64@80, b u64@88 |
//! | PartnerClaimFees, WithdrawProtocolFees | pool@8, a u64@40, b u64@48 |
//! | PoolCreated pool@105, SetPoolFees pool@40, OverrideCurveParam pool@24, PoolEnabled pool@8 | |
//!
//! `Swap` is known and not read: its `in` is what the vault credits, which by the rounding of vault
//! shares is often a little less than what the user gave (a mainnet event of 99 999 999 in has a fee
//! of 10 000 at 1 bp, that of 100 000 000), and it names no pool. The transfers below the call tell
//! both amounts to the unit.
//!
//! Source: MeteoraAg/damm-v1-sdk programs/dynamic-amm/src/event.rs @02c66a3.

use super::super::event::{Channel, Event, Moved, anchor};
use super::names::{
    ADD_LIQUIDITY_EVENT, BOOTSTRAP_LIQUIDITY_EVENT, CLAIM_FEE_EVENT, EVENTS,
    OVERRIDE_CURVE_PARAM_EVENT, PARTNER_CLAIM_FEES_EVENT, POOL_CREATED_EVENT, POOL_ENABLED_EVENT,
    REMOVE_LIQUIDITY_EVENT, SET_POOL_FEES_EVENT, SWAP_EVENT, WITHDRAW_PROTOCOL_FEES_EVENT,
};
use crate::bytes::{key_at, u64_at};

pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    let Some(hash) = bytes.first_chunk() else { return Event::Unknown };
    let named = |at| key_at(bytes, at).map(|pool| Moved { pool: Some(pool), ..Moved::default() });
    let moved = match *hash {
        SWAP_EVENT => return Event::Other,
        ADD_LIQUIDITY_EVENT | REMOVE_LIQUIDITY_EVENT | BOOTSTRAP_LIQUIDITY_EVENT => {
            pool_tokens(bytes)
        }
        CLAIM_FEE_EVENT => claimed(bytes, [80, 88]),
        PARTNER_CLAIM_FEES_EVENT | WITHDRAW_PROTOCOL_FEES_EVENT => claimed(bytes, [40, 48]),
        POOL_CREATED_EVENT => named(105),
        SET_POOL_FEES_EVENT => named(40),
        OVERRIDE_CURVE_PARAM_EVENT => named(24),
        POOL_ENABLED_EVENT => named(8),
        _ if EVENTS.iter().any(|(_, known)| known == hash) => return Event::Other,
        _ => return Event::Unknown,
    };
    moved.map_or(Event::Unknown, Event::Liquidity)
}

fn pool_tokens(bytes: &[u8]) -> Option<Moved<'static>> {
    Some(Moved {
        pool: None,
        amount_a: Some(u64_at(bytes, 16)?),
        amount_b: Some(u64_at(bytes, 24)?),
        liquidity: Some(u64_at(bytes, 8)?.into()),
    })
}

fn claimed(bytes: &[u8], amounts: [usize; 2]) -> Option<Moved<'_>> {
    let [amount_a, amount_b] = amounts.map(|at| u64_at(bytes, at));
    let pool = Some(key_at(bytes, 8)?);
    Some(Moved { pool, amount_a: Some(amount_a?), amount_b: Some(amount_b?), liquidity: None })
}

#[cfg(test)]
mod tests {
    use super::super::super::accounts::tests::put;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_swap_is_left_to_its_transfers() {
        let mut bytes = [0; 48];
        put(&mut bytes, 0, &SWAP_EVENT);
        assert!(matches!(event(Channel::Data, &bytes), Event::Other));
    }

    #[test]
    fn changes_tell_what_was_moved() {
        let made = |hash: [u8; 8], len, fields: &[(usize, u64)]| {
            let mut bytes = vec![0; len];
            put(&mut bytes, 0, &hash);
            for (at, value) in fields {
                put(&mut bytes, *at, &value.to_le_bytes());
            }
            bytes
        };
        let read = |bytes: &[u8]| match event(Channel::Data, bytes) {
            Event::Liquidity(moved) => {
                let pool = moved.pool.and_then(|pool| u64_at(pool, 0));
                Some((pool, moved.amount_a, moved.amount_b, moved.liquidity))
            }
            _ => None,
        };
        for (hash, len, fields, expected) in [
            (
                ADD_LIQUIDITY_EVENT,
                32,
                &[(8, 5), (16, 6), (24, 7)][..],
                (None, Some(6), Some(7), Some(5)),
            ),
            (CLAIM_FEE_EVENT, 96, &[(8, 9), (80, 6), (88, 7)], (Some(9), Some(6), Some(7), None)),
            (
                PARTNER_CLAIM_FEES_EVENT,
                56,
                &[(8, 9), (40, 6), (48, 7)],
                (Some(9), Some(6), Some(7), None),
            ),
            (POOL_CREATED_EVENT, 137, &[(105, 9)], (Some(9), None, None, None)),
            (SET_POOL_FEES_EVENT, 72, &[(40, 9)], (Some(9), None, None, None)),
            (OVERRIDE_CURVE_PARAM_EVENT, 56, &[(24, 9)], (Some(9), None, None, None)),
            (POOL_ENABLED_EVENT, 40, &[(8, 9)], (Some(9), None, None, None)),
        ] {
            let full = made(hash, len, fields);
            assert_eq!(read(&full), Some(expected));
            assert!((0..len).all(|len| read(full.get(..len).unwrap()).is_none()));
        }
        assert!(EVENTS.iter().all(|(_, hash)| matches!(event(Channel::Data, hash), Event::Other)));
        assert!(matches!(event(Channel::Data, &[9; 300]), Event::Unknown));
    }

    proptest! {
        #[test]
        fn hostile_events_never_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            bytes.iter_mut().zip(CLAIM_FEE_EVENT).for_each(|(byte, known)| *byte = known);
            let _ = event(Channel::Data, &bytes);
        }
    }
}
