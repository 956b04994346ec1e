//! What Raydium CLMM tells of a swap and of changes of liquidity, in log lines.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/states/{pool.rs, personal_position.rs,
//! protocol_position.rs} and instructions/swap_v2.rs @03b44b7 (facts/dex.md 3).
//!
//! | event | fields |
//! |---|---|
//! | SwapEvent | pool@8, sender@40, user's accounts@72 @104, amount_0 u64@136, transfer fee u64@144, amount_1 u64@152, transfer fee u64@160, zero for one u8@168, sqrt price u128@169, liquidity u128@185, tick i32@201 |
//! | since fee sides | trade fees u64@205 u64@213 |
//! | CreatePersonalPositionEvent | pool@8, minter@40, owner@72, ticks i32@104 i32@108, liquidity u128@112, amounts u64@128 u64@136 |
//! | IncreaseLiquidityEvent | position@8, liquidity u128@40, amounts u64@56 u64@64 |
//! | DecreaseLiquidityEvent | position@8, liquidity u128@40, amounts u64@56 u64@64, fees, rewards, transfer fees |
//! | PoolCreatedEvent | mints@8 @40, spacing u16@72, pool@74 |
//!
//! Unlike in CPMM, the amount of SwapEvent that comes out has its transfer fee deducted already,
//! and the one that goes in does not hold it (`exact_internal_v2`): both are the smaller ones.
//! A swap tells the price after it, not before: nothing can be reckoned again.

use crate::bytes::{key_at, u8_at, u64_at, u128_at};
use crate::record::Direction;

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, anchor};
use super::names::OTHER_EVENTS;

const SWAP: [u8; 8] = [0x40, 0xc6, 0xcd, 0xe8, 0x26, 0x08, 0x71, 0xe2];
const CREATE_POSITION: [u8; 8] = [0x64, 0x1e, 0x57, 0xf9, 0xc4, 0xdf, 0x9a, 0xce];
const INCREASE: [u8; 8] = [0x31, 0x4f, 0x69, 0xd4, 0x20, 0x22, 0x1e, 0x54];
const DECREASE: [u8; 8] = [0x3a, 0xde, 0x56, 0x3a, 0x44, 0x32, 0x55, 0x38];
const POOL_CREATED: [u8; 8] = [0x19, 0x5e, 0x4b, 0x2f, 0x70, 0x63, 0x35, 0x3f];

/// Reads an event.
pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let known = anchor(channel, bytes).and_then(|bytes| match *bytes.first_chunk()? {
        SWAP => swap(bytes).map(Event::Swap),
        CREATE_POSITION => moved(bytes, Some(8), 112).map(Event::Liquidity),
        INCREASE | DECREASE => moved(bytes, None, 40).map(Event::Liquidity),
        POOL_CREATED => {
            let pool = Some(key_at(bytes, 74)?);
            Some(Event::Liquidity(Moved { pool, ..Moved::default() }))
        }
        other => OTHER_EVENTS.iter().any(|(_, known)| *known == other).then_some(Event::Other),
    });
    known.unwrap_or(Event::Unknown)
}

/// SwapEvent.
fn swap(bytes: &[u8]) -> Option<Filled<'_>> {
    let word = |at| u64_at(bytes, at);
    let (amounts, transfer_fees) = ([word(136)?, word(152)?], [word(144)?, word(160)?]);
    let trade_fees = word(205).zip(word(213));
    let zero_for_one = u8_at(bytes, 168)? != 0;
    // The last field of the older form.
    bytes.get(201..205)?;
    let sides = |[a, b]: [u64; 2]| if zero_for_one { (a, b) } else { (b, a) };
    let (reached, received) = sides(amounts);
    let (transfer_fee_in, transfer_fee_out) = sides(transfer_fees);
    let fee = trade_fees.map(|(a, b)| match sides([a, b]) {
        // A pool takes its fee from one side of a swap.
        (0, fee_out) if fee_out > 0 => (fee_out, FeeSide::Out),
        (fee_in, _) => (fee_in, FeeSide::In),
    });
    Some(Filled {
        fee,
        transfer_fee_in: Some(transfer_fee_in),
        transfer_fee_out: Some(transfer_fee_out),
        direction: if zero_for_one { Direction::AToB } else { Direction::BToA },
        pool: Some(key_at(bytes, 8)?),
        ..Filled::new(reached.checked_add(transfer_fee_in)?, received)
    })
}

/// Liquidity u128 at `at`, both amounts behind it.
fn moved(bytes: &[u8], pool_at: Option<usize>, at: usize) -> Option<Moved<'_>> {
    let pool = match pool_at {
        Some(pool_at) => Some(key_at(bytes, pool_at)?),
        None => None,
    };
    let amount = |past| u64_at(bytes, at.checked_add(past)?);
    let (amount_a, amount_b) = (Some(amount(16)?), Some(amount(24)?));
    Some(Moved { pool, amount_a, amount_b, liquidity: Some(u128_at(bytes, at)?) })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    #[test]
    fn hashes_are_those_of_the_names() {
        let names = [
            ("SwapEvent", SWAP),
            ("CreatePersonalPositionEvent", CREATE_POSITION),
            ("IncreaseLiquidityEvent", INCREASE),
            ("DecreaseLiquidityEvent", DECREASE),
            ("PoolCreatedEvent", POOL_CREATED),
        ];
        for (name, hash) in names {
            assert_eq!(hash, anchor_hash("event", name), "{name}");
        }
    }

    /// Events of mainnet: 4ARos3Yq1SMNE3izDpy9YdKrRgMmD7UCDxvnVrBRaGCJHiifPHSmQWc4DPfjUaEUcxS7puGmEN64K7EZdeXLJaj2,
    /// 2WCbtfv7GbAeBN7aMYHFH2znDSHbeuPXjmYHZi2kEHzZPketmVUceVGa8Fyyii6tSK9K1ETTNmrPSkkKukoQnbrf,
    /// eEWaGsbRPoiD36Xf3epzSMmdtXX36va76b13YfsDV3ncsxQHBTjC68zZ8mbzFXTNWy3n3qKUAHjgHBconX4Gu1i.
    /// An event in hexadecimal, and what it tells.
    type Live = (&'static str, Direction, u64, u64, (u64, FeeSide));
    const LIVE: [Live; 3] = [
        (
            "40c6cde8260871e22b319360bfa2cecb92c4b0a460409a0f0428033f601300b8b3fcf99cf3602e872e11c38a8ed6a895aa430c19dcba7fd1dfc74a8bf9c5c71c88b4e3b356c064dce996cf0713ac2ae53a526287cf6e613df1883e6ad2a28e838c51757a29a217bfdbeb31670e0e61457376359cbb3858b957a1997a5018f4d59b261eabe12c394557a142df0000000000000000000000005d8dd116000000000000000000000000001aa809cb008ad3510000000000000000ecd001d3299a00000000000000000000e3a6ffff00000000000000002d56020000000000",
            Direction::BToA,
            382_831_965,
            3_745_685_847,
            (153_133, FeeSide::In),
        ),
        (
            "40c6cde8260871e2556bdf8724378d7f3ccd846d3ac160307df73616b2d3701b0c24ffb175174821513e2c5dba42c3bd8330dabd834ee997e5503589fa0055f5e090e4e72ecc03126741040fe407aab05046a07e71b31f6198d765c4def6bf827dd6e0ba2acbf0fe3801c89173fe8c8978d0216097e7edead366ceb12478e7b80574bff72e1fa890c34a26000000000000000000000000003074040000000000000000000000000000a39628fc607849570000000000000000ea3b97fe090000000000000000000000efabffff00000000000000009200000000000000",
            Direction::BToA,
            291_888,
            2_509_507,
            (146, FeeSide::In),
        ),
        (
            "40c6cde8260871e26c33e42d1958c16f98edaa89a5b0c015f59265080596b0bb5a502f247abbf563f188505e87a48bd9d99ec11ce618a8ccf4b5b6bae1325cb329e9c543368ed01d1a4fc012d0aac055afff641562ee517192b9a633a3fc877093e53ef3966fce0b665af02e2455ee18fc18411f20013107338accd7758c8c5a51f483aaa6f1bf6a05a81732010000000000000000000000c12615d61adb1700000000000000000000bfea42e7953c673368040000000000009a1e34890288010000000000000000001e25020056fcc00c000000000000000000000000",
            Direction::BToA,
            6_714_832_771_688_129,
            5_135_378_437,
            (213_974_102, FeeSide::Out),
        ),
    ];

    #[test]
    fn swaps_of_mainnet_are_read_at_every_length() {
        for (text, direction, amount_in, amount_out, fee) in LIVE {
            let bytes = hex::decode(text).unwrap();
            let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!("{text}") };
            assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
            assert_eq!((filled.direction, filled.fee), (direction, Some(fee)));
            assert_eq!(filled.pool.map(<[u8; 32]>::as_slice), Some(&bytes[8..40]));
            for len in 0..bytes.len() {
                match event(Channel::Data, &bytes[..len]) {
                    Event::Swap(older) => assert!(len >= 205 && older.fee.is_none()),
                    _ => assert!(len < 205),
                }
            }
        }
    }

    #[test]
    fn transfer_fees_are_the_input_s_only() {
        let mut bytes = hex::decode(LIVE[0].0).unwrap();
        for (at, word) in [(136, 1000u64), (144, 10), (152, 500), (160, 5)] {
            bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        }
        for (zero_for_one, amounts, fees) in [(1, (1010, 500), (10, 5)), (0, (505, 1000), (5, 10))]
        {
            bytes[168] = zero_for_one;
            let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!() };
            assert_eq!((filled.amount_in, filled.amount_out), amounts);
            let (fee_in, fee_out) = fees;
            let told = (filled.transfer_fee_in, filled.transfer_fee_out);
            assert_eq!(told, (Some(fee_in), Some(fee_out)));
        }
    }

    #[test]
    fn liquidity_is_read_at_every_length() {
        let cases = [
            (CREATE_POSITION, 144, Some(8), 112),
            (INCREASE, 72, None, 40),
            (DECREASE, 72, None, 40),
        ];
        for (hash, needs, pool_at, at) in cases {
            let bytes: Vec<u8> = hash.into_iter().chain((8..200).map(|n| n % 100)).collect();
            let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
            assert_eq!(moved.pool, pool_at.and_then(|at| key_at(&bytes, at)));
            assert_eq!(moved.liquidity, u128_at(&bytes, at));
            assert_eq!(moved.amount_b, u64_at(&bytes, needs - 8));
            assert!(
                (0..needs).all(|len| matches!(event(Channel::Data, &bytes[..len]), Event::Unknown))
            );
        }
        let bytes: Vec<u8> = POOL_CREATED.into_iter().chain((8..110).map(|n| n % 100)).collect();
        let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!(moved.pool, key_at(&bytes, 74));
        assert!(matches!(event(Channel::Data, &OTHER_EVENTS[0].1), Event::Other));
        assert!(matches!(event(Channel::Data, &[0; 300]), Event::Unknown));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..230), kind in 0usize..5) {
            let head = [SWAP, CREATE_POSITION, INCREASE, POOL_CREATED, [0; 8]][kind];
            let bytes = [head.to_vec(), bytes].concat();
            let _ = event(Channel::Data, &bytes);
        }
    }
}
