//! OKX's routers, v1 and v2: routes over other programs' pools.
//!
//! Source: okxlabs/DEX-Router-Solana-V1 programs/dex-solana/src @3da3822 (v1), sevenlabs-hq/carbon
//! decoders/okx-dex-decoder @9dc3c3a (earlier forms of v1); v2 is closed: facts/dex.md 21 and one
//! transaction of mainnet.
//!
//! | router | data | accounts of all forms |
//! |---|---|---|
//! | v1 | amount_in u64@8, quoted u64@16, min_out u64@24, then the plan | 0 payer (signs), 1 user in, 2 user out, 3 mint in, 4 mint out |
//! | v2 | order u64@8, amount_in u64@16, quoted u64@24, slippage u16@32, then the plan | the same |
//!
//! | event of v2 | fields |
//! |---|---|
//! | SwapCpiEvent | order u64@8, mint in@16, mint out@48, owners @80 @112, given u64@144, got u64@152 |
//! | SwapWithFeesCpiEvent2 | the same up to u64@144, given u64@152, got u64@160, then fees |
//!
//! Both tell of the whole route. What tells of one hop (SwapEvent) names no token and is not read;
//! neither is SwapWithFeesCpiEvent, whose layout is not known.

use super::change::Name;
use super::event::{Channel, Event, Filled, anchor};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec, jupiter};
use crate::bytes::{key_at, u16_at, u64_at};
use crate::ids::Venue;
use crate::record::Exact;

/// The line of v2 in the table.
pub(super) const V2: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::None },
    decode: |ix| decode(Venue::OkxV2, ix),
    event,
    ..VenueSpec::of(Venue::OkxV2)
};

/// The line of v1 in the table.
pub(super) const V1: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::None, pools: Grade::None },
    decode: |ix| decode(Venue::OkxV1, ix),
    event,
    ..VenueSpec::of(Venue::OkxV1)
};

const ROUTES_V2: [Name; 7] = [
    ("swap", [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8]),
    ("proxy_swap", [0x13, 0x2c, 0x82, 0x94, 0x48, 0x38, 0x2c, 0xee]),
    ("swap_tob", [0xaa, 0x29, 0x55, 0xb1, 0x84, 0x50, 0x1f, 0x35]),
    ("swap_tob_enhanced", [0xbe, 0x9c, 0xa9, 0xb0, 0x95, 0x9a, 0xa1, 0x6c]),
    ("swap_tob_with_receiver", [0xdf, 0xaa, 0xd8, 0xea, 0xcc, 0x06, 0xf1, 0x19]),
    ("swap_toc", [0xbb, 0xc9, 0xd4, 0x33, 0x10, 0x9b, 0xec, 0x3c]),
    ("swap_toc_v2", [0x7f, 0xd6, 0x6b, 0xbd, 0x17, 0x5a, 0x2f, 0x68]),
];

const ROUTES_V1: [Name; 18] = [
    ("swap", [0xf8, 0xc6, 0x9e, 0x91, 0xe1, 0x75, 0x87, 0xc8]),
    ("swap2", [0x41, 0x4b, 0x3f, 0x4c, 0xeb, 0x5b, 0x5b, 0x88]),
    ("commission_spl_swap", [0xeb, 0x47, 0xd3, 0xc4, 0x72, 0xc7, 0x8f, 0x5c]),
    ("commission_spl_swap2", [0xad, 0x83, 0x4e, 0x26, 0x96, 0xa5, 0x7b, 0x0f]),
    ("commission_sol_swap", [0x51, 0x80, 0x86, 0x49, 0x72, 0x49, 0x2d, 0x5e]),
    ("commission_sol_swap2", [0x71, 0x84, 0x1f, 0x4a, 0x63, 0xa9, 0x39, 0x92]),
    ("proxy_swap", [0x13, 0x2c, 0x82, 0x94, 0x48, 0x38, 0x2c, 0xee]),
    ("commission_sol_proxy_swap", [0x1e, 0x21, 0xd0, 0x5b, 0x1f, 0x9d, 0x25, 0x12]),
    ("commission_spl_proxy_swap", [0x60, 0x43, 0x0c, 0x97, 0x81, 0xa4, 0x12, 0x47]),
    ("platform_fee_sol_proxy_swap_v2", [0x45, 0xc8, 0xfe, 0xf7, 0x28, 0x34, 0x76, 0xca]),
    ("platform_fee_spl_proxy_swap_v2", [0x45, 0xa4, 0xd2, 0x59, 0x92, 0xd6, 0xad, 0x43]),
    ("swap_v3", [0xf0, 0xe0, 0x26, 0x21, 0xb0, 0x1f, 0xf1, 0xaf]),
    ("swap_tob_v3", [0x0e, 0xbf, 0x2c, 0xf6, 0x8e, 0xe1, 0xe0, 0x9d]),
    ("swap_tob_v3_with_receiver", [0x3f, 0x72, 0xf6, 0x83, 0x33, 0x02, 0xf7, 0x1d]),
    ("swap_tob_v3_enhanced", [0xec, 0x47, 0x9b, 0x44, 0xc6, 0x62, 0x0e, 0x76]),
    ("from_swap_log", [0x85, 0xba, 0x0f, 0x69, 0x1f, 0x4c, 0x1f, 0x70]),
    ("commission_sol_from_swap", [0x81, 0x3b, 0x45, 0x0a, 0x84, 0x4c, 0x23, 0x14]),
    ("commission_spl_from_swap", [0x05, 0x4d, 0x90, 0x32, 0xde, 0xe4, 0xe9, 0xab]),
];

/// Instructions of v1 that are no route.
const OTHERS_V1: [Name; 6] = [
    ("commission_wrap_unwrap", [0x0c, 0x49, 0x9c, 0x47, 0xe9, 0xac, 0xbd, 0xc5]),
    ("platform_fee_sol_wrap_unwrap_v2", [0xc4, 0xac, 0x98, 0x5c, 0x3c, 0xba, 0x40, 0xe3]),
    ("wrap_unwrap_v3", [0xb4, 0xb2, 0xbf, 0x36, 0x46, 0x08, 0x0d, 0xe0]),
    ("create_token_account", [0x93, 0xf1, 0x7b, 0x64, 0xf4, 0x84, 0xae, 0x76]),
    ("create_token_account_with_seed", [0x7d, 0xbf, 0xef, 0x8c, 0x42, 0x08, 0x09, 0xe4]),
    ("claim", [0x3e, 0xc6, 0xd6, 0xc1, 0xd5, 0x9f, 0x6c, 0xd2]),
];

const SWAP_CPI_EVENT: [u8; 8] = [0x55, 0x51, 0x95, 0xef, 0xa3, 0x4a, 0x9e, 0x6f];
const SWAP_WITH_FEES_CPI_EVENT2: [u8; 8] = [0x0c, 0x86, 0x26, 0x5d, 0xa7, 0x97, 0x2a, 0x45];
const OTHER_EVENTS: [Name; 2] = [
    ("SwapEvent", [0x40, 0xc6, 0xcd, 0xe8, 0x26, 0x08, 0x71, 0xe2]),
    ("SwapWithFeesCpiEvent", [0xbd, 0x61, 0x43, 0x0c, 0x25, 0xd1, 0xf7, 0x1d]),
];

fn decode<'a>(venue: Venue, ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let hash = ix.discriminator().ok_or(IxFault::ShortData)?;
    let known = |names: &[Name]| names.iter().any(|(_, known)| *known == hash);
    let mut swap = SwapIx::new(venue, Exact::In);
    (swap.amount, swap.limit) = match venue {
        Venue::OkxV2 if known(&ROUTES_V2) => {
            let (amount, quoted) = (ix.u64(16)?, ix.u64(24)?);
            let slippage = u16_at(ix.data, 32).ok_or(IxFault::ShortData)?;
            (Some(amount), jupiter::limit(Exact::In, quoted, slippage))
        }
        Venue::OkxV1 if known(&ROUTES_V1) => (Some(ix.u64(8)?), Some(ix.u64(24)?)),
        Venue::OkxV1 if known(&OTHERS_V1) => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    ix.at_least(5)?;
    swap.owner = ix.account(0);
    (swap.user_in, swap.user_out) = (ix.account(1), ix.account(2));
    (swap.mint_in, swap.mint_out) = (ix.account(3), ix.account(4));
    Ok(Decoded::Route(swap))
}

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    let whole = |amounts| whole(bytes, amounts).map_or(Event::Unknown, Event::Swap);
    match bytes.first_chunk() {
        Some(&SWAP_CPI_EVENT) => whole([144, 152]),
        Some(&SWAP_WITH_FEES_CPI_EVENT2) => whole([152, 160]),
        Some(hash) if OTHER_EVENTS.iter().any(|(_, known)| known == hash) => Event::Other,
        _ => Event::Unknown,
    }
}

fn whole(bytes: &[u8], [given_at, got_at]: [usize; 2]) -> Option<Filled<'_>> {
    let mut filled = Filled::new(u64_at(bytes, given_at)?, u64_at(bytes, got_at)?);
    (filled.mint_in, filled.mint_out) = (Some(key_at(bytes, 16)?), Some(key_at(bytes, 48)?));
    Some(filled)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::{hold_hashes, hold_names, read_numbered};
    use super::*;
    use crate::bytes::hex;
    use crate::ids::{Key, USDC};
    use proptest::prelude::*;

    fn read(
        venue: Venue,
        data: &[u8],
        accounts: u8,
    ) -> Result<(Option<u64>, Option<u64>), IxFault> {
        let mut result = Err(IxFault::Unknown);
        read_numbered(venue, data, accounts, |_, decoded| {
            result = match decoded {
                Decoded::Route(swap) => {
                    let keys =
                        [swap.owner, swap.user_in, swap.user_out, swap.mint_in, swap.mint_out];
                    let number = |key: Option<&Key>| key.map(|key| key[0]);
                    assert_eq!(keys.map(number), [0, 1, 2, 3, 4].map(Some));
                    Ok((swap.amount, swap.limit))
                }
                Decoded::Refused(fault) => Err(fault),
                Decoded::NotSwap => Ok((None, None)),
                other => panic!("{other:?}"),
            }
        });
        result
    }

    #[test]
    fn hashes_are_those_of_the_names() {
        hold_names(&[], &OTHERS_V1, &ROUTES_V1);
        hold_names(&[], &[], &ROUTES_V2);
        hold_hashes("event", &OTHER_EVENTS);
        hold_hashes("event", &[("SwapCpiEvent", SWAP_CPI_EVENT)]);
        hold_hashes("event", &[("SwapWithFeesCpiEvent2", SWAP_WITH_FEES_CPI_EVENT2)]);
    }

    #[test]
    fn routes_of_mainnet() {
        // swap_tob of MV2m3VVecjTcT7UqmaL1.. (v2) and commission_sol_swap2 of 3DZuPoKRrxLrb1rqaccg..
        // (v1): each amount is that of the first transfer.
        let tob = "aa2955b184501f3558beb73b00000000d003bf0300000000a5025aea02000000e803050000000b8813012ea00f0110e803010eac26122e64001200000000000000";
        let limit = 12_521_702_053 * 9_000 / 10_000;
        let tob = hex::decode(tob).unwrap();
        assert_eq!(read(Venue::OkxV2, &tob, 9), Ok((Some(62_850_000), Some(limit))));
        let sol = "71841f4a63a939920fe7ca030000000038ef403801000000d0a0d13401000000010000000fe7ca0300000000010000000100000001000000040100000064550001fd9a010000000000";
        let sol = hex::decode(sol).unwrap();
        let expected = Ok((Some(63_629_071), Some(5_181_120_720)));
        assert_eq!(read(Venue::OkxV1, &sol, 9), expected);
        for len in 0..34 {
            assert_eq!(read(Venue::OkxV2, &tob[..len], 9), Err(IxFault::ShortData), "{len}");
        }
        for len in 0..32 {
            assert_eq!(read(Venue::OkxV1, &sol[..len], 9), Err(IxFault::ShortData), "{len}");
        }
        for count in 0..5 {
            assert_eq!(read(Venue::OkxV2, &tob, count), Err(IxFault::FewAccounts));
        }
        assert_eq!(read(Venue::OkxV1, &OTHERS_V1[0].1, 9), Ok((None, None)));
        assert_eq!(read(Venue::OkxV2, &OTHERS_V1[0].1, 9), Err(IxFault::Unknown));
    }

    /// SwapWithFeesCpiEvent2 of MV2m3VVecjTcT7UqmaL1..; the user's balances changed by just these
    /// amounts.
    const WHOLE: &str = "e445a52e51cb9a1d0c86265da7972a4558beb73b00000000c6fa7af3bedbad3a3d65f36aabc97431b1bbe4c2d2f6e0e47ca60203452f5d616e479df710a379c873d0493fb6bd2eb316d4f26033c905f037930fb00bea782b2d0c4b05f928d9b198ca7ee8e2772845a08097946730b7fa5de82547bdb011aa2d0c4b05f928d9b198ca7ee8e2772845a08097946730b7fa5de82547bdb011aad003bf0300000000d003bf03000000000a364fea02000000";

    #[test]
    fn the_whole_of_a_route() {
        let bytes = hex::decode(WHOLE).unwrap();
        let Event::Swap(filled) = event(Channel::SelfCall, &bytes) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (62_850_000, 12_520_994_314));
        assert_eq!(filled.mint_in, Some(&USDC));
        assert_eq!(filled.mint_out.map(|mint| mint[0]), Some(0x6e));
        for len in 0..bytes.len() {
            assert!(matches!(event(Channel::SelfCall, &bytes[..len]), Event::Unknown), "{len}");
        }
        let mut plain = bytes;
        plain[8..16].copy_from_slice(&SWAP_CPI_EVENT);
        let Event::Swap(filled) = event(Channel::SelfCall, &plain) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (62_850_000, 62_850_000));
        assert!(matches!(event(Channel::Data, &OTHER_EVENTS[0].1), Event::Other));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            mut data in proptest::collection::vec(any::<u8>(), 0..200),
            accounts in 0u8..9,
        ) {
            data.iter_mut().zip(ROUTES_V2[0].1).for_each(|(byte, known)| *byte = known);
            let _ = read(Venue::OkxV2, &data, accounts);
            data.iter_mut().zip(SWAP_CPI_EVENT).for_each(|(byte, known)| *byte = known);
            let _ = event(Channel::Data, &data);
        }
    }
}
