//! Titan: routes over other programs' pools.
//!
//! Source: transactions of mainnet; the program is closed and the names of its fields are inferred
//! (facts/dex.md 21).
//!
//! | tag | data | accounts |
//! |---|---|---|
//! | 42 | u8@1, amount_in u64@2, quoted u64@10, slippage u16@18, then the plan | 0 payer (signs), 1 user, 2 authority, 3 user in, 4 user out, 5 and 6 token programs, 7 system, 8 token accounts' program |
//!
//! | event (a log line) | fields |
//! |---|---|
//! | 4f3ef9573ed9881e, the whole | in u64@8, out u64@16 |
//! | 65ccefa2fc2edc8a, one step | u8@8, in u64@9, out u64@17: no token is named, it is not read |
//!
//! The limit of a route is that of its quote and slippage, floored.

use super::event::{Channel, Event, Filled, anchor};
use super::instruction::{Decoded, Instruction, IxFault, SwapIx};
use super::{Coverage, Grade, VenueSpec, jupiter};
use crate::bytes::{u16_at, u64_at};
use crate::ids::Venue;
use crate::record::Exact;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::None },
    decode,
    event,
    ..VenueSpec::of(Venue::Titan)
};

const ROUTE: u8 = 42;
const WHOLE: [u8; 8] = [0x4f, 0x3e, 0xf9, 0x57, 0x3e, 0xd9, 0x88, 0x1e];
const STEP: [u8; 8] = [0x65, 0xcc, 0xef, 0xa2, 0xfc, 0x2e, 0xdc, 0x8a];

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    if *ix.data.first().ok_or(IxFault::ShortData)? != ROUTE {
        return Err(IxFault::Unknown);
    }
    let (amount, quoted) = (ix.u64(2)?, ix.u64(10)?);
    let slippage = u16_at(ix.data, 18).ok_or(IxFault::ShortData)?;
    ix.at_least(9)?;
    let mut swap = SwapIx::new(Venue::Titan, Exact::In);
    (swap.amount, swap.limit) = (Some(amount), jupiter::limit(Exact::In, quoted, slippage));
    swap.owner = ix.account(0);
    (swap.user_in, swap.user_out) = (ix.account(3), ix.account(4));
    Ok(Decoded::Route(swap))
}

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let Some(bytes) = anchor(channel, bytes) else { return Event::Unknown };
    match bytes.first_chunk() {
        Some(&WHOLE) => match (u64_at(bytes, 8), u64_at(bytes, 16)) {
            (Some(given), Some(got)) => Event::Swap(Filled::new(given, got)),
            _ => Event::Unknown,
        },
        Some(&STEP) => Event::Other,
        _ => Event::Unknown,
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::change::tests::read_numbered;
    use super::*;
    use crate::bytes::hex;
    use crate::ids::Key;
    use base64::Engine;
    use proptest::prelude::*;

    fn read(data: &[u8], accounts: u8) -> Result<(Option<u64>, Option<u64>), IxFault> {
        let mut result = Err(IxFault::Unknown);
        read_numbered(Venue::Titan, data, accounts, |_, decoded| {
            result = match decoded {
                Decoded::Route(swap) => {
                    let keys = [swap.owner, swap.user_in, swap.user_out];
                    let number = |key: Option<&Key>| key.map(|key| key[0]);
                    assert_eq!(keys.map(number), [0, 3, 4].map(Some));
                    Ok((swap.amount, swap.limit))
                }
                Decoded::Refused(fault) => Err(fault),
                other => panic!("{other:?}"),
            }
        });
        result
    }

    /// Route and last log line of 4pp8WNL491e8134fxkLh.. and of 4v27ccyrAgpCdCHLvjvn..: the users'
    /// balances changed by just these amounts.
    const LIVE: [(&str, &str, u64, u64, u64); 2] = [
        (
            "2a128813000000000000434bae3b00000000c800040000000300000024000100ca9a3b0924010200ca9a3b092701020300ca9a3b13",
            "Tz75Vz7ZiB6IEwAAAAAAAENLrjsAAAAAQ0uuOwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            5_000,
            1_001_278_275,
            200,
        ),
        (
            "2a0060e3160000000000d0ccee0000000000320004a41f00040000000a0001c4a818220e0a000200ca9a3b0e0a020100ca9a3b0e3583f3ca288c9d9afa620000000c00000001010300ca9a3b0e",
            "Tz75Vz7ZiB5g4xYAAAAAANDM7gAAAAAA0MzuAAAAAAB2LwAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            1_500_000,
            15_650_000,
            50,
        ),
    ];

    #[test]
    fn routes_of_mainnet() {
        for (route, line, amount_in, amount_out, slippage) in LIVE {
            let data = hex::decode(route).unwrap();
            let limit = amount_out * (10_000 - slippage) / 10_000;
            assert_eq!(read(&data, 9), Ok((Some(amount_in), Some(limit))));
            for len in 0..20 {
                assert_eq!(read(&data[..len], 9), Err(IxFault::ShortData), "{len}");
            }
            for count in 0..9 {
                assert_eq!(read(&data, count), Err(IxFault::FewAccounts));
            }
            let bytes = base64::engine::general_purpose::STANDARD.decode(line).unwrap();
            let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!() };
            assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
            for len in 0..24 {
                assert!(matches!(event(Channel::Data, &bytes[..len]), Event::Unknown), "{len}");
            }
        }
        assert_eq!(read(&[41; 30], 9), Err(IxFault::Unknown));
        assert!(matches!(event(Channel::Data, &STEP), Event::Other));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            mut data in proptest::collection::vec(any::<u8>(), 0..60),
            accounts in 0u8..12,
        ) {
            data.iter_mut().take(1).for_each(|byte| *byte = ROUTE);
            let _ = read(&data, accounts);
            data.iter_mut().zip(WHOLE).for_each(|(byte, known)| *byte = known);
            let _ = event(Channel::Data, &data);
        }
    }
}
