//! Events, which the program writes as log lines `Program data: `.
//!
//! Source: programs/whirlpool/src/{events.rs, pinocchio/events.rs} @630c0e0.
//!
//! | event | discriminator | fields after the pool @8 |
//! |---|---|---|
//! | Traded | e1ca49af932ba096 | a_to_b u8@40, sqrt_price before u128@41 and after u128@57, in u64@73, out u64@81, transfer fee on the input u64@89 and on the output u64@97, lp_fee u64@105, protocol_fee u64@113 |
//! | LiquidityIncreased | 1e0790b566fe9ba1 | position@40, ticks i32@72 i32@76, liquidity u128@80, a u64@96, b u64@104, transfer fees u64@112 u64@120 |
//! | LiquidityDecreased | a601244770cab5ab | the same |
//! | LiquidityRepositioned | 5f82b584fb32c326 | position@40, old ticks @72 @76, new @80 @84, liquidity before u128@88, after u128@104, .., a moved u64@152, b moved u64@169 |
//! | PoolInitialized | 6476ad570cc6fee5 | config@40, .. |
//! | PositionOpened | edaff3e693756579 | position@40, ticks i32@72 i32@76 |
//!
//! What goes in stands with its transfer fee, what comes out as it leaves the vault: the user's
//! account receives it less the transfer fee. The swap fee is the liquidity providers' part and the
//! protocol's, which are disjoint (manager/swap_manager.rs), and is taken from the input.
//!
//! No event tells of the liquidity that a swap met: nothing is derived again.

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, anchor};
use crate::bytes::{key_at, u8_at, u64_at, u128_at};
use crate::ids::Key;
use crate::record::Direction;

const TRADED: [u8; 8] = [0xe1, 0xca, 0x49, 0xaf, 0x93, 0x2b, 0xa0, 0x96];
const INCREASED: [u8; 8] = [0x1e, 0x07, 0x90, 0xb5, 0x66, 0xfe, 0x9b, 0xa1];
const DECREASED: [u8; 8] = [0xa6, 0x01, 0x24, 0x47, 0x70, 0xca, 0xb5, 0xab];
const REPOSITIONED: [u8; 8] = [0x5f, 0x82, 0xb5, 0x84, 0xfb, 0x32, 0xc3, 0x26];
const INITIALIZED: [u8; 8] = [0x64, 0x76, 0xad, 0x57, 0x0c, 0xc6, 0xfe, 0xe5];
const OPENED: [u8; 8] = [0xed, 0xaf, 0xf3, 0xe6, 0x93, 0x75, 0x65, 0x79];

/// What an event tells.
pub(in super::super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    read(channel, bytes).unwrap_or(Event::Unknown)
}

fn read(channel: Channel, bytes: &[u8]) -> Option<Event<'_>> {
    let bytes = anchor(channel, bytes)?;
    Some(match *bytes.first_chunk()? {
        TRADED => Event::Swap(traded(bytes)?),
        INCREASED | DECREASED => Event::Liquidity(Moved {
            pool: key_at(bytes, 8),
            liquidity: Some(u128_at(bytes, 80)?),
            amount_a: Some(u64_at(bytes, 96)?),
            amount_b: Some(u64_at(bytes, 104)?),
        }),
        REPOSITIONED => Event::Liquidity(Moved {
            pool: key_at(bytes, 8),
            liquidity: Some(u128_at(bytes, 104)?),
            amount_a: Some(u64_at(bytes, 152)?),
            amount_b: Some(u64_at(bytes, 169)?),
        }),
        INITIALIZED | OPENED => {
            Event::Liquidity(Moved { pool: Some(pool(bytes)?), ..Moved::default() })
        }
        _ => return None,
    })
}

fn pool(bytes: &[u8]) -> Option<&Key> {
    key_at(bytes, 8)
}

fn traded(bytes: &[u8]) -> Option<Filled<'_>> {
    let direction = match u8_at(bytes, 40)? {
        0 => Direction::BToA,
        1 => Direction::AToB,
        _ => return None,
    };
    let (sent, fee_out) = (u64_at(bytes, 81)?, u64_at(bytes, 97)?);
    let fee = u64_at(bytes, 105)?.checked_add(u64_at(bytes, 113)?)?;
    Some(Filled {
        pool: Some(pool(bytes)?),
        direction,
        fee: Some((fee, FeeSide::In)),
        transfer_fee_in: Some(u64_at(bytes, 89)?),
        transfer_fee_out: Some(fee_out),
        ..Filled::new(u64_at(bytes, 73)?, sent.checked_sub(fee_out)?)
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    /// Of transaction 2LMzxp9Y9YE7Adw8SK5jY1EGtSnCmBY7LS6u4BuC9VWTruGoiokzMUM5wEZ5oDwmAb3XjDk4zcvSAXc5RSbe5o63.
    const REAL_IN_B: &str = concat!(
        "e1ca49af932ba0968c2bf74aaf03cce8ab76df91dcd98751d4573510234d8ba2d62bceac4cdbe42300b5e53b24d70f",
        "3e440100000000000000a8a6e6f3b7133e440100000000000000d7af8b00000000002b085700000000000000000000",
        "00000000000000000000008f0f0000000000005302000000000000"
    );

    /// Of transaction 2WCbtfv7GbAeBN7aMYHFH2znDSHbeuPXjmYHZi2kEHzZPketmVUceVGa8Fyyii6tSK9K1ETTNmrPSkkKkukoQnbrf.
    const REAL_IN_A: &str = concat!(
        "e1ca49af932ba09690268eeb9ad93d539bb575ff8311dbb96eb271d5717318bd35ff34e0fc360d9f00c85048c21929",
        "4e570000000000000000c252dffbd9e14e570000000000000000a6121a00000000002e25e000000000000000000000",
        "0000000000000000000000aa000000000000000100000000000000"
    );

    /// What the deployed program wrote when it was run on accounts of mainnet (sol-parser-sdk 0.11.0,
    /// tests/fixtures/whirlpool_liquidity_20261008.json).
    const RUN_INCREASED: &str = concat!(
        "1e0790b566fe9ba190268eeb9ad93d539bb575ff8311dbb96eb271d5717318bd35ff34e0fc360d9fc30437780f0973",
        "ec0f0f61663f5d203f35d73278d7c64250f6524728b65b7ffe40aaffff80abffffd0ee460000000000000000000000",
        "00006e84010000000000643500000000000000000000000000000000000000000000"
    );

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    #[test]
    fn hashes_are_those_of_the_names() {
        for (name, hash) in [
            ("Traded", TRADED),
            ("LiquidityIncreased", INCREASED),
            ("LiquidityDecreased", DECREASED),
            ("LiquidityRepositioned", REPOSITIONED),
            ("PoolInitialized", INITIALIZED),
            ("PositionOpened", OPENED),
        ] {
            assert_eq!(hash, anchor_hash("event", name), "{name}");
        }
    }

    #[test]
    fn real_swaps_with_their_fees() {
        let data = bytes(REAL_IN_B);
        let Event::Swap(filled) = event(Channel::Data, &data) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (9_154_519, 5_703_723));
        assert_eq!((filled.direction, filled.fee), (Direction::BToA, Some((4578, FeeSide::In))));
        // 5 bps of the input, rounded up, of which the protocol has 13 %.
        assert_eq!(9_154_519u64.div_ceil(2000), 4578);
        assert_eq!((filled.transfer_fee_in, filled.transfer_fee_out), (Some(0), Some(0)));
        assert_eq!(filled.pool.map(|key| key[..4].to_vec()), Some(vec![0x8c, 0x2b, 0xf7, 0x4a]));
        let data = bytes(REAL_IN_A);
        let Event::Swap(filled) = event(Channel::Data, &data) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (1_708_710, 14_689_582));
        assert_eq!(filled.fee, Some((1_708_710u64.div_ceil(10_000), FeeSide::In)));
    }

    #[test]
    fn a_transfer_fee_is_in_the_input_and_out_of_the_output() {
        let mut data = bytes(REAL_IN_B);
        data[89..97].copy_from_slice(&7u64.to_le_bytes());
        data[97..105].copy_from_slice(&3u64.to_le_bytes());
        let Event::Swap(filled) = event(Channel::Data, &data) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (9_154_519, 5_703_720));
        assert_eq!((filled.transfer_fee_in, filled.transfer_fee_out), (Some(7), Some(3)));
        // More than was sent: no event of this program.
        data[97..105].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(matches!(event(Channel::Data, &data), Event::Unknown));
        data[40] = 2;
        assert!(matches!(event(Channel::Data, &data), Event::Unknown));
    }

    #[test]
    fn liquidity_events_tell_what_moved() {
        let mut data = bytes(RUN_INCREASED);
        for kind in [INCREASED, DECREASED] {
            data[..8].copy_from_slice(&kind);
            let Event::Liquidity(moved) = event(Channel::Data, &data) else { panic!() };
            let amounts = (moved.amount_a, moved.amount_b);
            assert_eq!((moved.liquidity, amounts), (Some(4_648_656), (Some(99_438), Some(13_668))));
        }
        // 8 + keys, four ticks, two liquidities, four amounts, then what was transferred.
        let mut data = [&REPOSITIONED[..], &[5; 178]].concat();
        data[104..120].copy_from_slice(&11u128.to_le_bytes());
        data[152..160].copy_from_slice(&12u64.to_le_bytes());
        data[169..177].copy_from_slice(&13u64.to_le_bytes());
        let Event::Liquidity(moved) = event(Channel::Data, &data) else { panic!() };
        assert_eq!((moved.pool, moved.liquidity), (Some(&[5; 32]), Some(11)));
        assert_eq!((moved.amount_a, moved.amount_b), (Some(12), Some(13)));
    }

    #[test]
    fn every_shorter_length_is_no_event() {
        let needs = [
            (TRADED, 121),
            (INCREASED, 112),
            (DECREASED, 112),
            (REPOSITIONED, 177),
            (INITIALIZED, 40),
            (OPENED, 40),
        ];
        for (kind, needed) in needs {
            for len in 0..200 {
                let mut data = vec![0; len];
                let head = len.min(8);
                data[..head].copy_from_slice(&kind[..head]);
                let known = !matches!(event(Channel::Data, &data), Event::Unknown);
                assert_eq!(known, len >= needed, "{kind:x?} {len}");
            }
        }
        assert!(matches!(event(Channel::RayLog, &bytes(REAL_IN_A)), Event::Unknown));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(kind in 0usize..6, tail: Vec<u8>) {
            let kinds = [TRADED, INCREASED, DECREASED, REPOSITIONED, INITIALIZED, OPENED];
            let data = [&kinds[kind][..], &tail].concat();
            let _ = (event(Channel::Data, &data), event(Channel::SelfCall, &data));
        }
    }
}
