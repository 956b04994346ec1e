//! DFlow v4: routes over other programs' pools.
//!
//! Source: sevenlabs-hq/carbon decoders/dflow-aggregator-v4-decoder @9dc3c3a, and transactions of
//! mainnet (facts/dex.md 21).
//!
//! | instruction | discriminator | tail | receives |
//! |---|---|---|---|
//! | swap | f8c69e91e17587c8 | quoted u64@-12, slippage u16@-4, platform fee u16@-2 | |
//! | swap2 | 414b3f4ceb5b5b88 | quoted u64@-13, slippage u16@-5, platform fee u16@-3, u8@-1 | |
//! | swap(2)_with_destination | a8ac184dc59c8765, 5f7bd5f67a0156e7 | as swap(2) | account 4, mint 6 |
//! | swap(2)_with_destination_native | cd4d7f6cf120c4c3, de64b892bac469a5 | as swap(2) | account 4, lamports |
//! | fill_order | e87a7319c78f88a2 | | account 2, mint 8 |
//!
//! Account 3 signs (of fill_order account 9, which fills from vault 1 of mint 6). What goes in stands
//! in the actions, a list of growing kinds before the tail: it is not read, the events tell it. They
//! are those of Jupiter: SwapEvent for each leg.

use super::change::Name;
use super::event::{Channel, Event, anchor};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec, jupiter};
use crate::bytes::{u16_at, u64_at};
use crate::ids::{Key, Venue, WSOL};
use crate::record::Exact;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::None },
    decode,
    event,
    ..VenueSpec::of(Venue::Dflow)
};

const SWAP: [u8; 8] = [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8];
const SWAP2: [u8; 8] = [0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88];
const SWAP_TO: [u8; 8] = [0xa8, 0xac, 0x18, 0x4d, 0xc5, 0x9c, 0x87, 0x65];
const SWAP2_TO: [u8; 8] = [0x5f, 0x7b, 0xd5, 0xf6, 0x7a, 0x01, 0x56, 0xe7];
const SWAP_TO_NATIVE: [u8; 8] = [0xcd, 0x4d, 0x7f, 0x6c, 0xf1, 0x20, 0xc4, 0xc3];
const SWAP2_TO_NATIVE: [u8; 8] = [0xde, 0x64, 0xb8, 0x92, 0xba, 0xc4, 0x69, 0xa5];
const FILL_ORDER: [u8; 8] = [0xe8, 0x7a, 0x73, 0x19, 0xc7, 0x8f, 0x88, 0xa2];

/// The program's other instructions.
const OTHERS: [Name; 8] = [
    ("close_order", [0x5a, 0x67, 0xd1, 0x1c, 0x07, 0x3f, 0xa8, 0x04]),
    ("open_order", [0xce, 0x58, 0x58, 0x8f, 0x26, 0x88, 0x32, 0xe0]),
    ("create_referral_token_account_idempotent", [0x2e, 0xe8, 0x29, 0x90, 0x55, 0x25, 0xaa, 0xaf]),
    ("transfer_fee", [0x81, 0xa4, 0xc4, 0x15, 0xb1, 0x30, 0xb4, 0xa2]),
    ("transfer_sol", [0x4e, 0x0a, 0xec, 0xf7, 0x6d, 0x75, 0x15, 0x4c]),
    ("transfer_to_sponsor", [0x9b, 0xb3, 0x82, 0x97, 0xc4, 0x8b, 0xfd, 0xa3]),
    ("unwrap_sol", [0x63, 0x28, 0x0e, 0x69, 0x2d, 0x6b, 0xac, 0xc9]),
    ("wrap_sol", [0x2f, 0x3e, 0x9b, 0xac, 0x83, 0xcd, 0x25, 0xc9]),
];

/// Who receives what comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    User,
    Account,
    Lamports,
}

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (second, to) = match ix.discriminator().ok_or(IxFault::ShortData)? {
        SWAP => (false, To::User),
        SWAP2 => (true, To::User),
        SWAP_TO => (false, To::Account),
        SWAP2_TO => (true, To::Account),
        SWAP_TO_NATIVE => (false, To::Lamports),
        SWAP2_TO_NATIVE => (true, To::Lamports),
        FILL_ORDER => return fill_order(ix).map(Decoded::Route),
        hash if OTHERS.iter().any(|(_, known)| *known == hash) => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    let mut swap = SwapIx::new(Venue::Dflow, Exact::In);
    swap.limit = limit(ix.data, if second { 13 } else { 12 })?;
    ix.at_least(match to {
        To::User => 6,
        To::Account => 9,
        To::Lamports => 7,
    })?;
    swap.owner = ix.account(3);
    match to {
        To::User => {}
        To::Account => (swap.user_out, swap.mint_out) = (ix.account(4), ix.account(6)),
        To::Lamports => swap.mint_out = Some(&WSOL),
    }
    Ok(Decoded::Route(swap))
}

/// The least that must come out: quote and slippage stand `tail` bytes before the end.
fn limit(data: &[u8], tail: usize) -> Result<Option<u64>, IxFault> {
    // The hash and the length of the list of actions stand before them.
    let at = data.len().checked_sub(tail).filter(|at| *at >= 12).ok_or(IxFault::ShortData)?;
    let quoted = u64_at(data, at).ok_or(IxFault::ShortData)?;
    let slippage = u16_at(data, at.saturating_add(8)).ok_or(IxFault::ShortData)?;
    Ok(jupiter::limit(Exact::In, quoted, slippage))
}

fn fill_order<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    ix.at_least(15)?;
    let named = |key: Option<&'a Key>| key.filter(|key| *key != ix.program);
    let mut swap = SwapIx::new(Venue::Dflow, Exact::In);
    swap.owner = ix.account(9);
    (swap.user_in, swap.user_out) = (ix.account(1), ix.account(2));
    (swap.mint_in, swap.mint_out) = (named(ix.account(6)), named(ix.account(8)));
    Ok(swap)
}

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    match bytes.first_chunk() {
        Some(&jupiter::SWAP_EVENT) => jupiter::one_leg(bytes).map_or(Event::Unknown, Event::Legs),
        Some(&jupiter::FEE_EVENT) => Event::Other,
        _ => Event::Unknown,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::{hold_names, read_numbered};
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    type Read = (Option<u64>, [Option<u8>; 5]);

    fn read(data: &[u8], accounts: u8) -> Result<Read, IxFault> {
        let mut result = Err(IxFault::Unknown);
        read_numbered(Venue::Dflow, data, accounts, |_, decoded| {
            result = match decoded {
                Decoded::Route(swap) => {
                    let keys =
                        [swap.owner, swap.user_in, swap.user_out, swap.mint_in, swap.mint_out];
                    assert_eq!(swap.amount, None);
                    Ok((swap.limit, keys.map(|key| key.map(|key| key[0]))))
                }
                Decoded::Refused(fault) => Err(fault),
                Decoded::NotSwap => Ok((None, [None; 5])),
                other => panic!("{other:?}"),
            }
        });
        result
    }

    #[test]
    fn hashes_are_those_of_the_names() {
        let routes = [
            ("swap", SWAP),
            ("swap2", SWAP2),
            ("swap_with_destination", SWAP_TO),
            ("swap2_with_destination", SWAP2_TO),
            ("swap_with_destination_native", SWAP_TO_NATIVE),
            ("swap2_with_destination_native", SWAP2_TO_NATIVE),
            ("fill_order", FILL_ORDER),
        ];
        hold_names(&[], &OTHERS, &routes);
    }

    /// swap of 3dfNgmZpxmbMDa8iYvtG..: at least 65 % of 14 928 197.
    const ROUTE: &str = "f8c69e91e17587c8060000002594e8753e6fd0977568a0aad44d6fc685fa8e223e3b2cde68c574399ade12093dd1c163e3074cf8ecc3a5fdd5456eb6aad8c808711b1dfe9e6a446377ca34fe028e525b1b0000766c9a000000324e3c5358dd4e304300000000184749420000000000010045c9e30000000000ac0d0000";

    #[test]
    fn a_route_of_mainnet() {
        let data = hex::decode(ROUTE).unwrap();
        let limit = Some(14_928_197 * 6_500 / 10_000);
        assert_eq!(read(&data, 46), Ok((limit, [Some(3), None, None, None, None])));
        for len in 0..24 {
            assert_eq!(read(&data[..len], 46), Err(IxFault::ShortData), "{len}");
        }
    }

    #[test]
    fn every_form_names_who_receives() {
        let native = Some(WSOL[0]);
        for (hash, tail, accounts, keys) in [
            (SWAP, 12, 6, [Some(3), None, None, None, None]),
            (SWAP2, 13, 6, [Some(3), None, None, None, None]),
            (SWAP_TO, 12, 9, [Some(3), None, Some(4), None, Some(6)]),
            (SWAP2_TO, 13, 9, [Some(3), None, Some(4), None, Some(6)]),
            (SWAP_TO_NATIVE, 12, 7, [Some(3), None, None, None, native]),
            (SWAP2_TO_NATIVE, 13, 7, [Some(3), None, None, None, native]),
        ] {
            let numbers = [&1000u64.to_le_bytes()[..], &[100, 0], &[0; 3]].concat();
            let data = [&hash[..], &[0; 4], &numbers[..tail]].concat();
            assert_eq!(read(&data, accounts), Ok((Some(990), keys)));
            assert_eq!(read(&data, accounts - 1), Err(IxFault::FewAccounts));
            for len in 0..data.len() {
                assert_eq!(read(&data[..len], accounts), Err(IxFault::ShortData), "{len}");
            }
        }
        let filled = [Some(9), Some(1), Some(2), Some(6), Some(8)];
        assert_eq!(read(&FILL_ORDER, 15), Ok((None, filled)));
        assert_eq!(read(&FILL_ORDER, 14), Err(IxFault::FewAccounts));
        assert_eq!(read(&OTHERS[0].1, 3), Ok((None, [None; 5])));
        assert_eq!(read(&[7; 40], 20), Err(IxFault::Unknown));
    }

    #[test]
    fn a_leg_of_mainnet() {
        // Of the same transaction, as its first two transfers are.
        let text = "e445a52e51cb9a1d40c6cde8260871e20c14defc825ec67694250818bb654065f4298d3156d571b4d4f8090c18e9a86388fd79ddd34a3bffa5cff0cf3a0ffbe335d38ad97e61f5e99ae25534e8bbe3af58dd4e304300000007e8a07b56ce9266b992aa5fd6445c3c7798b2ebb7333c1e7ede062c6b8607e54749420000000000";
        let bytes = hex::decode(text).unwrap();
        let Event::Legs(legs) = event(Channel::SelfCall, &bytes) else { panic!() };
        let legs: Vec<_> = legs.iter().map(|leg| (leg.amount_in, leg.amount_out)).collect();
        assert_eq!(legs, [(288_573_283_672, 4_344_135)]);
        assert!(matches!(event(Channel::Data, &jupiter::FEE_EVENT), Event::Other));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            second in any::<bool>(),
            mut data in proptest::collection::vec(any::<u8>(), 0..200),
            accounts in 0u8..12,
        ) {
            let hash = if second { SWAP2_TO } else { SWAP };
            data.iter_mut().zip(hash).for_each(|(byte, known)| *byte = known);
            let _ = read(&data, accounts);
            let _ = event(Channel::Data, &data);
        }
    }
}
