//! Jupiter v6: routes over other programs' pools.
//!
//! Source: the program's interface as sevenlabs-hq/carbon decoders/jupiter-swap-decoder @9dc3c3a has
//! it, and transactions of mainnet (facts/dex.md 20).
//!
//! | instruction | discriminator | numbers | user, source, destination, mints |
//! |---|---|---|---|
//! | route | e517cb977ae3ad2a | tail | 1, 2, 3, - 5 |
//! | route_with_token_ledger | 96564774a75d0e68 | tail, no amount | 1, 2, 3, - 5 |
//! | exact_out_route | d033ef977b2bed5c | tail | 1, 2, 3, 5 6 |
//! | shared_accounts_route | c1209b3341d69c81 | tail | 2, 3, 6, 7 8 |
//! | shared_accounts_exact_out_route | b0d169a89a7d453e | tail | 2, 3, 6, 7 8 |
//! | shared_accounts_route_with_token_ledger | e6798f50779f6aaa | tail, no amount | 2, 3, 6, 7 8 |
//! | route_v2, exact_out_route_v2 | bb64facc31c4af14, 9d8ab85215f4f324 | 8 | 0, 1, 2, 3 4 |
//! | shared_accounts_route_v2, .._exact_out_route_v2 | d19853937cfed8e9, 3560e5cad8bbfa18 | 9 | 1, 2, 5, 6 7 |
//!
//! The plan of a route stands before its numbers in the first forms, and a swap that is not known
//! cannot be skipped: their numbers are found from the end (amount u64@-19, quote u64@-11, slippage
//! u16@-3, platform fee u8@-1), so bytes behind them would be taken for them. The v2 forms have
//! amount, quote and slippage first. Account 4 of route, where it is not the program itself, receives
//! instead of account 3; account 7 of route_v2 likewise instead of account 2.
//!
//! | event | fields |
//! |---|---|
//! | SwapEvent | program@8, mint in@40, in u64@72, mint out@80, out u64@112 |
//! | SwapsEvent | count u32@8, then records of mint in, in u64, mint out, out u64, program: 112 bytes |
//!
//! DFlow writes the same SwapEvent. The limit of a route is that of its quote and slippage, floored
//! (a most of input: raised by it, floored).

use super::event::{Channel, Event, Leg, Legs, anchor};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::{key_at, u16_at, u32_at, u64_at};
use crate::ids::Venue;
use crate::math::muldiv::mul_div_floor;
use crate::record::Exact;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::None },
    decode,
    event,
    ..VenueSpec::of(Venue::JupiterV6)
};

/// Parts of a slippage: 100 %.
const BPS: u64 = 10_000;

/// Where a route has its numbers.
#[derive(Clone, Copy, Debug)]
enum Numbers {
    /// Behind the plan.
    Tail,
    /// Behind the plan, without the amount that goes in: a ledger account has it.
    Ledger,
    /// From this byte on.
    At(usize),
}

/// How an instruction lays a route out.
#[derive(Clone, Copy, Debug)]
struct Shape {
    exact: Exact,
    numbers: Numbers,
    accounts_min: usize,
    user: usize,
    source: usize,
    target: usize,
    /// An account that receives instead of `target`, unless it is the program itself.
    target_instead: Option<usize>,
    mint_in: Option<usize>,
    mint_out: usize,
}

const ROUTE: Shape = Shape {
    exact: Exact::In,
    numbers: Numbers::Tail,
    accounts_min: 9,
    user: 1,
    source: 2,
    target: 3,
    target_instead: Some(4),
    mint_in: None,
    mint_out: 5,
};
const EXACT_OUT_ROUTE: Shape =
    Shape { exact: Exact::Out, accounts_min: 11, mint_in: Some(5), mint_out: 6, ..ROUTE };
const SHARED: Shape = Shape {
    exact: Exact::In,
    numbers: Numbers::Tail,
    accounts_min: 13,
    user: 2,
    source: 3,
    target: 6,
    target_instead: None,
    mint_in: Some(7),
    mint_out: 8,
};
const ROUTE_V2: Shape = Shape {
    exact: Exact::In,
    numbers: Numbers::At(8),
    accounts_min: 10,
    user: 0,
    source: 1,
    target: 2,
    target_instead: Some(7),
    mint_in: Some(3),
    mint_out: 4,
};
const SHARED_V2: Shape = Shape {
    exact: Exact::In,
    numbers: Numbers::At(9),
    accounts_min: 12,
    user: 1,
    source: 2,
    target: 5,
    target_instead: None,
    mint_in: Some(6),
    mint_out: 7,
};

type Hash = [u8; 8];

const ROUTES: [(&str, Hash, Shape); 10] = [
    ("route", [0xe5, 0x17, 0xcb, 0x97, 0x7a, 0xe3, 0xad, 0x2a], ROUTE),
    (
        "route_with_token_ledger",
        [0x96, 0x56, 0x47, 0x74, 0xa7, 0x5d, 0x0e, 0x68],
        Shape { numbers: Numbers::Ledger, accounts_min: 10, ..ROUTE },
    ),
    ("exact_out_route", [0xd0, 0x33, 0xef, 0x97, 0x7b, 0x2b, 0xed, 0x5c], EXACT_OUT_ROUTE),
    ("shared_accounts_route", [0xc1, 0x20, 0x9b, 0x33, 0x41, 0xd6, 0x9c, 0x81], SHARED),
    (
        "shared_accounts_exact_out_route",
        [0xb0, 0xd1, 0x69, 0xa8, 0x9a, 0x7d, 0x45, 0x3e],
        Shape { exact: Exact::Out, ..SHARED },
    ),
    (
        "shared_accounts_route_with_token_ledger",
        [0xe6, 0x79, 0x8f, 0x50, 0x77, 0x9f, 0x6a, 0xaa],
        Shape { numbers: Numbers::Ledger, accounts_min: 14, ..SHARED },
    ),
    ("route_v2", [0xbb, 0x64, 0xfa, 0xcc, 0x31, 0xc4, 0xaf, 0x14], ROUTE_V2),
    (
        "exact_out_route_v2",
        [0x9d, 0x8a, 0xb8, 0x52, 0x15, 0xf4, 0xf3, 0x24],
        Shape { exact: Exact::Out, ..ROUTE_V2 },
    ),
    ("shared_accounts_route_v2", [0xd1, 0x98, 0x53, 0x93, 0x7c, 0xfe, 0xd8, 0xe9], SHARED_V2),
    (
        "shared_accounts_exact_out_route_v2",
        [0x35, 0x60, 0xe5, 0xca, 0xd8, 0xbb, 0xfa, 0x18],
        Shape { exact: Exact::Out, ..SHARED_V2 },
    ),
];

/// The program's other instructions.
const OTHERS: [(&str, Hash); 6] = [
    ("claim", [0x3e, 0xc6, 0xd6, 0xc1, 0xd5, 0x9f, 0x6c, 0xd2]),
    ("claim_token", [0x74, 0xce, 0x1b, 0xbf, 0xa6, 0x13, 0x00, 0x49]),
    ("close_token", [0x1a, 0x4a, 0xec, 0x97, 0x68, 0x40, 0xb7, 0xf9]),
    ("create_token_account", [0x93, 0xf1, 0x7b, 0x64, 0xf4, 0x84, 0xae, 0x76]),
    ("create_token_ledger", [0xe8, 0xf2, 0xc5, 0xfd, 0xf0, 0x8f, 0x81, 0x34]),
    ("set_token_ledger", [0xe4, 0x55, 0xb9, 0x70, 0x4e, 0x4f, 0x4d, 0x02]),
];

pub(super) const SWAP_EVENT: Hash = [0x40, 0xc6, 0xcd, 0xe8, 0x26, 0x08, 0x71, 0xe2];
const SWAPS_EVENT: Hash = [0x98, 0x2f, 0x4e, 0xeb, 0xc0, 0x60, 0x6e, 0x6a];
pub(super) const FEE_EVENT: Hash = [0x49, 0x4f, 0x4e, 0x7f, 0xb8, 0xd5, 0x0d, 0xdc];
/// The program's other events.
const OTHER_EVENTS: [(&str, Hash); 2] = [
    ("BestSwapOutAmountViolation", [0x7c, 0x42, 0xc4, 0x33, 0xda, 0xad, 0x2e, 0x5d]),
    ("CandidateSwapResults", [0x2d, 0x09, 0xf4, 0x1e, 0xe5, 0x34, 0xa8, 0x7b]),
];

/// The least that must come out, or the most that may go in, for what was quoted; nothing where the
/// slippage is above 100 %.
pub(super) fn limit(exact: Exact, quoted: u64, slippage_bps: u16) -> Option<u64> {
    let slippage = u64::from(slippage_bps);
    let kept = match exact {
        Exact::In => BPS.checked_sub(slippage)?,
        Exact::Out => BPS.checked_add(slippage)?,
    };
    mul_div_floor(quoted, kept, BPS)
}

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let hash = ix.discriminator().ok_or(IxFault::ShortData)?;
    let Some((_, _, shape)) = ROUTES.iter().find(|(_, known, _)| *known == hash) else {
        let known = OTHERS.iter().any(|(_, known)| *known == hash);
        return if known { Ok(Decoded::NotSwap) } else { Err(IxFault::Unknown) };
    };
    shape.read(ix).map(Decoded::Route)
}

impl Shape {
    fn read<'a>(&self, ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
        let (amount, quoted, slippage) = self.numbers(ix.data).ok_or(IxFault::ShortData)?;
        ix.at_least(self.accounts_min)?;
        let mut swap = SwapIx::new(Venue::JupiterV6, self.exact);
        (swap.amount, swap.limit) = (amount, limit(self.exact, quoted, slippage));
        (swap.owner, swap.user_in) = (ix.account(self.user), ix.account(self.source));
        swap.user_out = match self.target_instead.map(|at| ix.account(at)) {
            None => ix.account(self.target),
            Some(Some(own)) if own == ix.program => ix.account(self.target),
            Some(other) => other,
        };
        swap.mint_in = self.mint_in.and_then(|at| ix.account(at));
        swap.mint_out = ix.account(self.mint_out);
        Ok(swap)
    }

    /// Amount, quote and slippage; nothing where the data ends before them.
    fn numbers(&self, data: &[u8]) -> Option<(Option<u64>, u64, u16)> {
        let from_end = |past: usize| {
            // The hash and the length of the plan stand before the numbers.
            data.len().checked_sub(past).filter(|at| *at >= 12)
        };
        match self.numbers {
            Numbers::Tail => {
                let at = from_end(19)?;
                Some((Some(u64_at(data, at)?), quote(data, at, 8)?, slippage(data, at, 16)?))
            }
            Numbers::Ledger => {
                let at = from_end(11)?;
                Some((None, u64_at(data, at)?, slippage(data, at, 8)?))
            }
            Numbers::At(at) => {
                slippage(data, at, 24)?; // the length of the plan, behind them
                Some((Some(u64_at(data, at)?), quote(data, at, 8)?, slippage(data, at, 16)?))
            }
        }
    }
}

fn quote(data: &[u8], at: usize, past: usize) -> Option<u64> {
    u64_at(data, at.checked_add(past)?)
}

fn slippage(data: &[u8], at: usize, past: usize) -> Option<u16> {
    u16_at(data, at.checked_add(past)?)
}

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    let legs = |legs: Option<_>| legs.map_or(Event::Unknown, Event::Legs);
    match bytes.first_chunk() {
        Some(&SWAP_EVENT) => legs(one_leg(bytes)),
        Some(&SWAPS_EVENT) => legs(many_legs(bytes)),
        Some(&FEE_EVENT) => Event::Other,
        Some(hash) if OTHER_EVENTS.iter().any(|(_, known)| known == hash) => Event::Other,
        _ => Event::Unknown,
    }
}

/// SwapEvent, as Jupiter and DFlow write it; nothing where it is too short.
pub(super) fn one_leg(bytes: &[u8]) -> Option<Legs<'_>> {
    fn leg(bytes: &[u8], n: u16) -> Option<Leg<'_>> {
        let leg = Leg {
            amm: Some(key_at(bytes, 8)?),
            mint_in: key_at(bytes, 40)?,
            amount_in: u64_at(bytes, 72)?,
            mint_out: key_at(bytes, 80)?,
            amount_out: u64_at(bytes, 112)?,
        };
        (n == 0).then_some(leg)
    }
    leg(bytes, 0)?;
    Some(Legs { count: 1, bytes, leg })
}

/// Bytes of a record of SwapsEvent.
const LEG_LEN: usize = 112;

fn many_legs(bytes: &[u8]) -> Option<Legs<'_>> {
    fn leg(bytes: &[u8], n: u16) -> Option<Leg<'_>> {
        let at = LEG_LEN.checked_mul(n.into())?.checked_add(12)?;
        let record = bytes.get(at..at.checked_add(LEG_LEN)?)?;
        Some(Leg {
            amm: Some(key_at(record, 80)?),
            mint_in: key_at(record, 0)?,
            amount_in: u64_at(record, 32)?,
            mint_out: key_at(record, 40)?,
            amount_out: u64_at(record, 72)?,
        })
    }
    let count = u16::try_from(u32_at(bytes, 8)?).ok()?;
    // Every record must be there.
    if let Some(last) = count.checked_sub(1) {
        leg(bytes, last)?;
    }
    Some(Legs { count, bytes, leg })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::read_numbered;
    use super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use crate::dex::decode;
    use crate::ids::Key;
    use proptest::prelude::*;

    type Read = (Exact, Option<u64>, Option<u64>);

    fn read(data: &[u8], accounts: u8) -> Result<Read, IxFault> {
        let mut result = Err(IxFault::Unknown);
        read_numbered(Venue::JupiterV6, data, accounts, |_, decoded| {
            result = match decoded {
                Decoded::Route(swap) => {
                    assert_eq!((swap.pool, swap.vault_a), (None, None));
                    Ok((swap.exact, swap.amount, swap.limit))
                }
                Decoded::Refused(fault) => Err(fault),
                other => panic!("{other:?}"),
            }
        });
        result
    }

    #[test]
    fn hashes_are_those_of_the_names() {
        let all = ROUTES.iter().map(|(name, hash, _)| (name, hash));
        for (name, hash) in all.chain(OTHERS.iter().map(|(name, hash)| (name, hash))) {
            assert_eq!(*hash, anchor_hash("global", name), "{name}");
        }
        for (name, hash) in OTHER_EVENTS {
            assert_eq!(hash, anchor_hash("event", name), "{name}");
        }
        assert_eq!(SWAP_EVENT, anchor_hash("event", "SwapEvent"));
        assert_eq!(SWAPS_EVENT, anchor_hash("event", "SwapsEvent"));
        assert_eq!(FEE_EVENT, anchor_hash("event", "FeeEvent"));
    }

    #[test]
    fn routes_of_mainnet() {
        // 3a51pehetTqQpEXwAfWx.., instruction 7; rNMFZpBmbr6R8g4hStbC.., 2; 2MESm4QxomDhMF9q2ix7.., 8;
        // eEWaGsbRPoiD36Xf3epz.., 3: each amount is that of the first transfer.
        for (text, amount, quoted, slippage) in [
            (
                "e517cb977ae3ad2a020000006d6400012864010200180d8f000000006bd41500000000002c0100",
                2_400_000_000,
                1_430_635u64,
                300,
            ),
            (
                "c1209b3341d69c81020300000007640001266401023d006402038182bbd0930000006731d6020000000032003c",
                634_862_142_081,
                47_591_783,
                50,
            ),
            (
                "bb64facc31c4af14b123cb0200000000ddd266d301000000f401320000000300000097001027000192020000000b102700000a0000000000001e04102701029310270203",
                46_867_377,
                7_841_698_525,
                500,
            ),
            (
                "d19853937cfed8e908c12615d61adb1700ece64e7800000000dc050a000000040000001a102700012f00003c12010426d41401038d0010270304",
                6_714_832_771_688_129,
                2_018_436_844,
                1_500,
            ),
        ] {
            let limit = u128::from(10_000u64 - slippage) * u128::from(quoted) / 10_000;
            let expected = (Exact::In, Some(amount), u64::try_from(limit).ok());
            assert_eq!(read(&hex::decode(text).unwrap(), 20), Ok(expected));
        }
    }

    #[test]
    fn every_route_names_its_accounts_and_numbers() {
        for (name, hash, shape) in ROUTES {
            let numbers = [&50u64.to_le_bytes()[..], &1000u64.to_le_bytes(), &[100, 0]].concat();
            let plan = [2, 0, 0, 0, 7, 100, 0, 1, 7, 100, 1, 2];
            let shared = name.starts_with("shared").then_some(9u8);
            let data = match shape.numbers {
                Numbers::Tail => [&hash[..], shared.as_slice(), &plan, &numbers, &[5]].concat(),
                Numbers::Ledger => {
                    [&hash[..], shared.as_slice(), &plan, &numbers[8..], &[5]].concat()
                }
                Numbers::At(_) => [&hash[..], shared.as_slice(), &numbers, &[0; 4], &plan].concat(),
            };
            let limit = if shape.exact == Exact::In { 990 } else { 1010 };
            let amount = (!matches!(shape.numbers, Numbers::Ledger)).then_some(50);
            let full = u8::try_from(shape.accounts_min).unwrap();
            assert_eq!(read(&data, full), Ok((shape.exact, amount, Some(limit))), "{name}");
            read_numbered(Venue::JupiterV6, &data, full, |_, decoded| {
                let Decoded::Route(swap) = decoded else { panic!() };
                let number = |key: Option<&Key>| key.map(|key| usize::from(key[0]));
                assert_eq!(number(swap.owner), Some(shape.user));
                assert_eq!(number(swap.user_in), Some(shape.source));
                let target = shape.target_instead.unwrap_or(shape.target);
                assert_eq!(number(swap.user_out), Some(target));
                assert_eq!(number(swap.mint_in), shape.mint_in);
                assert_eq!(number(swap.mint_out), Some(shape.mint_out));
            });
            for fewer in 0..full {
                assert_eq!(read(&data, fewer), Err(IxFault::FewAccounts), "{name}");
            }
            // Up to the numbers of a tail, or up to the plan.
            let least = match shape.numbers {
                Numbers::Tail => 12 + 19,
                Numbers::Ledger => 12 + 11,
                Numbers::At(at) => at + 26,
            };
            for len in 0..least {
                assert_eq!(read(&data[..len], full), Err(IxFault::ShortData), "{name} {len}");
            }
        }
    }

    #[test]
    fn an_absent_account_is_the_program() {
        let program = Venue::JupiterV6.programs()[0];
        let keys: Vec<Key> = (0..9).map(|n| if n == 4 { program } else { [n; 32] }).collect();
        let indices: Vec<u8> = (0..9).collect();
        let data = [&ROUTES[0].1[..], &[0; 4], &[0; 19]].concat();
        let ix = Instruction {
            program: &program,
            data: &data,
            indices: &indices,
            keys: &keys,
            loaded: &[],
        };
        let Some(Decoded::Route(swap)) = decode(&ix) else { panic!() };
        assert_eq!(swap.user_out, Some(&[3; 32]));
    }

    #[test]
    fn a_slippage_above_all_has_no_limit() {
        assert_eq!(limit(Exact::In, 1000, 10_000), Some(0));
        assert_eq!(limit(Exact::In, 1000, 10_001), None);
        assert_eq!(limit(Exact::Out, u64::MAX, 1), None);
    }

    /// SwapsEvent of 2WCbtfv7GbAeBN7aMYHF..: 2 USDC to another dollar, that in two parts to SOL;
    /// the amounts are those of its transfers.
    const SWAPS: &str = "e445a52e51cb9a1d982f4eebc0606e6a03000000c6fa7af3bedbad3a3d65f36aabc97431b1bbe4c2d2f6e0e47ca60203452f5d6180841e0000000000ce010e60afedb22717bd63192f54145a3f965a33bb82d2c7029eb2ce1e208264d6861e0000000000b89258789c952e0f14bdab2a705585135da2b43447b210b4754cd2c15d2110a0ce010e60afedb22717bd63192f54145a3f965a33bb82d2c7029eb2ce1e208264a6121a0000000000069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f000000000012e25e000000000000e03685f8e909053e458121c66f5a76aedc7706aa11c82f8aa952a8f2b7879a9ce010e60afedb22717bd63192f54145a3f965a33bb82d2c7029eb2ce1e2082643074040000000000069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f00000000001c34a260000000000a5d5ca9e04cf5db590b714ba2fe32cb159133fc1c192b72257fd07d39cb0401e";
    /// SwapEvent of 3a51pehetTqQpEXwAfWx..: 2.4 SOL to 250 USDC.
    const SWAP: &str = "e445a52e51cb9a1d40c6cde8260871e2f06b836245fa463674a002608d8edcd4e84affb0a4bc9271d2e4991bc0108aab069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f0000000000100180d8f00000000c6fa7af3bedbad3a3d65f36aabc97431b1bbe4c2d2f6e0e47ca60203452f5d616ee0ec0e00000000";

    #[test]
    fn legs_of_mainnet() {
        let bytes = hex::decode(SWAPS).unwrap();
        let Event::Legs(legs) = event(Channel::SelfCall, &bytes) else { panic!() };
        let amounts: Vec<_> = legs.iter().map(|leg| (leg.amount_in, leg.amount_out)).collect();
        let told = [(2_000_000, 2_000_598), (1_708_710, 14_689_582), (291_888, 2_509_507)];
        assert_eq!(amounts, told);
        let legs: Vec<_> = legs.iter().collect();
        // The second and third leg split what the first gave.
        assert_eq!(amounts[1].0 + amounts[2].0, amounts[0].1);
        assert_eq!((legs[0].mint_in, legs[1].mint_out), (&crate::ids::USDC, &crate::ids::WSOL));
        assert_eq!((legs[0].mint_out, legs[2].mint_out), (legs[1].mint_in, legs[1].mint_out));
        assert_eq!(legs[1].amm, Some(&crate::ids::ORCA_WHIRLPOOL));
        let bytes = hex::decode(SWAP).unwrap();
        let Event::Legs(legs) = event(Channel::SelfCall, &bytes) else { panic!() };
        let legs: Vec<_> = legs.iter().collect();
        assert_eq!(legs.len(), 1);
        assert_eq!((legs[0].amount_in, legs[0].amount_out), (2_400_000_000, 250_404_974));
        assert_eq!((legs[0].mint_in, legs[0].mint_out), (&crate::ids::WSOL, &crate::ids::USDC));
    }

    #[test]
    fn events_are_read_at_every_length() {
        for text in [SWAPS, SWAP] {
            let full = hex::decode(text).unwrap();
            for len in 0..full.len() {
                assert!(matches!(event(Channel::SelfCall, &full[..len]), Event::Unknown), "{len}");
            }
        }
        assert!(matches!(event(Channel::Data, &FEE_EVENT), Event::Other));
        assert!(matches!(event(Channel::Data, &[7; 200]), Event::Unknown));
        let none = [&SWAPS_EVENT[..], &[0; 4]].concat();
        let Event::Legs(legs) = event(Channel::Data, &none) else { panic!() };
        assert_eq!(legs.iter().count(), 0);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            which in 0usize..10,
            mut data in proptest::collection::vec(any::<u8>(), 0..300),
            accounts in 0u8..20,
        ) {
            let hash = ROUTES[which].1;
            data.iter_mut().zip(hash).for_each(|(byte, known)| *byte = known);
            let _ = read(&data, accounts);
            data.iter_mut().zip(SWAPS_EVENT).for_each(|(byte, known)| *byte = known);
            if let Event::Legs(legs) = event(Channel::Data, &data) {
                let _ = legs.iter().count();
            }
        }
    }
}
