//! What Raydium LaunchLab tells of a trade: an event sent to itself, and a log line beside it.
//!
//! Source: the interface description of the deployed program, version 0.2.0 (facts/dex.md 4).
//!
//! TradeEvent, bddb7fd34ee661ee: pool@8, base on sale u64@40, virtual base u64@48, virtual quote
//! u64@56, real base and quote before u64@64 u64@72 and after u64@80 u64@88, in u64@96, out u64@104,
//! fees of protocol, platform, creator and sharer u64@112 to @136, direction u8@144 (0 buys),
//! status u8@145, exact in u8@146: 147 bytes. Before creators had a fee there were 138: without it,
//! direction u8@136, status u8@137, and nothing of which side was exact.
//!
//! All fees are of the quote: of the input when it buys, of the output when it sells. The event
//! does not name the curve. A constant product has `virtual quote + real quote` against `virtual
//! base - real base`, its virtual base above all that is on sale; a fixed price has the two equal,
//! a linear one has no virtual quote (raydium-sdk-V2 @0268671, src/raydium/launchpad/curve,
//! `getInitParam`). Only constant products are reckoned again.

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::Key;
use crate::record::Direction;

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, Rederived, anchor};
use super::super::product;

const TRADE: [u8; 8] = [0xbd, 0xdb, 0x7f, 0xd3, 0x4e, 0xe6, 0x61, 0xee];
const POOL_CREATE: [u8; 8] = [0x97, 0xd7, 0xe2, 0x09, 0x76, 0xa1, 0x73, 0xae];

/// Events that move no pool.
const OTHER_EVENTS: [(&str, [u8; 8]); 2] = [
    ("ClaimVestedEvent", [0x15, 0xc2, 0x72, 0x57, 0x78, 0xd3, 0xe2, 0x20]),
    ("CreateVestingEvent", [0x96, 0x98, 0x0b, 0xb3, 0x34, 0xd2, 0xbf, 0x7d]),
];

/// TradeEvent.
#[derive(Clone, Copy, Debug)]
struct Trade<'a> {
    pool: &'a Key,
    on_sale: u64,
    virtual_base: u64,
    virtual_quote: u64,
    real_base: u64,
    real_quote: u64,
    amount_in: u64,
    amount_out: u64,
    fee: u64,
    buys: bool,
    /// Absent in the older form.
    exact_in: Option<bool>,
}

impl<'a> Trade<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let word = |at| u64_at(bytes, at);
        let exact_in = u8_at(bytes, 146);
        let fees = [word(112)?, word(120)?, word(128)?];
        // The older form has the direction where the sharer's fee is now.
        let (share, direction_at) = if exact_in.is_some() { (word(136)?, 144) } else { (0, 136) };
        u8_at(bytes, 137)?;
        let buys = match u8_at(bytes, direction_at)? {
            0 => true,
            1 => false,
            _ => return None,
        };
        Some(Self {
            pool: key_at(bytes, 8)?,
            on_sale: word(40)?,
            virtual_base: word(48)?,
            virtual_quote: word(56)?,
            real_base: word(64)?,
            real_quote: word(72)?,
            amount_in: word(96)?,
            amount_out: word(104)?,
            fee: fees.iter().try_fold(share, |sum, fee| sum.checked_add(*fee))?,
            buys,
            exact_in: exact_in.map(|exact_in| exact_in != 0),
        })
    }

    fn filled(&self) -> Filled<'a> {
        let (direction, side) = if self.buys {
            (Direction::BToA, FeeSide::In)
        } else {
            (Direction::AToB, FeeSide::Out)
        };
        Filled {
            fee: Some((self.fee, side)),
            direction,
            pool: Some(self.pool),
            ..Filled::new(self.amount_in, self.amount_out)
        }
    }

    /// Whether the event tells all that the rule needs.
    fn is_whole(&self) -> bool {
        let product = self.virtual_quote > 0 && self.virtual_base > self.on_sale;
        // The last buyer pays what is missing to the funds to be raised, which are not told.
        let last = self.real_base.saturating_add(self.amount_out) >= self.on_sale;
        // Of what a sale for an exact output takes the fee, only the closed program tells: the SDK
        // left it out of the curve @0268671 and has it in @124c625, as `quote` does.
        let side = match self.exact_in {
            Some(true) => true,
            Some(false) => self.buys,
            None => false,
        };
        product && side && !(self.buys && last)
    }

    /// The amounts follow from the reserves and the fees that were taken.
    fn rederive(&self) -> Option<(u64, u64)> {
        let base = self.virtual_base.checked_sub(self.real_base)?;
        let quote = self.virtual_quote.checked_add(self.real_quote)?;
        match (self.buys, self.exact_in) {
            (true, Some(true)) => {
                let net = self.amount_in.checked_sub(self.fee)?;
                Some((self.amount_in, product::out_for(quote, base, net).ok()?))
            }
            (true, _) => {
                let net = product::in_for(quote, base, self.amount_out).ok()?;
                Some((net.checked_add(self.fee)?, self.amount_out))
            }
            (false, _) => {
                let gross = product::out_for(base, quote, self.amount_in).ok()?;
                Some((self.amount_in, gross.checked_sub(self.fee)?))
            }
        }
    }
}

/// Reads an event.
pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let known = anchor(channel, bytes).and_then(|bytes| match *bytes.first_chunk()? {
        TRADE => Trade::read(bytes).map(|trade| Event::Swap(trade.filled())),
        POOL_CREATE => {
            let pool = Some(key_at(bytes, 8)?);
            Some(Event::Liquidity(Moved { pool, ..Moved::default() }))
        }
        other => OTHER_EVENTS.iter().any(|(_, known)| *known == other).then_some(Event::Other),
    });
    known.unwrap_or(Event::Unknown)
}

/// Reckons a trade again.
pub(super) fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let trade =
        anchor(channel, bytes).filter(|bytes| bytes.starts_with(&TRADE)).and_then(Trade::read);
    let Some(trade) = trade.filter(Trade::is_whole) else { return Rederived::StateUnknown };
    trade.rederive().map_or(Rederived::Refused, |(amount_in, amount_out)| Rederived::Both {
        amount_in,
        amount_out,
    })
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::event::SELF_CALL;
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(TRADE, anchor_hash("event", "TradeEvent"));
        assert_eq!(POOL_CREATE, anchor_hash("event", "PoolCreateEvent"));
        for (name, hash) in OTHER_EVENTS {
            assert_eq!(hash, anchor_hash("event", name), "{name}");
        }
    }

    /// Events of mainnet: 4pp8WNL491e8134fxkLhdeLkVWtH3FJoXo2p1HL9dEXWiFj96FsN25qeCH2QZMvHUBZ97AyEJVcWpGZ63NPg9Rgb,
    /// 2gwebAhYsshZC3pMt4adnvdRPyZCAoB3uNBuHGGTqAmuizA5nJWjADsz7dnGkbT8WL5DYfNwi5ANvZwAdZba5Ag4.
    const LIVE: [(&str, u64, u64, u64); 2] = [
        (
            "bddb7fd34ee661eedcc831c7ef36e5f35512543c129dd7c860be11376caf6fa26c457c89a23d2c330078c5fb51d102003b9c0e3ee9cf030005814475000000003dc44a5cf42300009b527c040000000002639398f42300006a5a7c0400000000e907000000000000c59e483c000000000600000000000000140000000000000000000000000000000000000000000000000001",
            2_025,
            1_011_392_197,
            26,
        ),
        (
            "bddb7fd34ee661eedcc831c7ef36e5f35512543c129dd7c860be11376caf6fa26c457c89a23d2c330078c5fb51d102003b9c0e3ee9cf0300058144750000000002639398f42300006a5a7c04000000009e18bdd4f423000035627c0400000000e5070000000000009cb5293c000000000600000000000000140000000000000000000000000000000000000000000000000001",
            2_021,
            1_009_366_428,
            26,
        ),
    ];

    #[test]
    fn buys_of_mainnet_are_read_and_reckoned_again() {
        for (text, amount_in, amount_out, fee) in LIVE {
            let bytes = hex::decode(text).unwrap();
            let sent = [SELF_CALL.to_vec(), bytes.clone()].concat();
            for (channel, bytes) in [(Channel::Data, &bytes), (Channel::SelfCall, &sent)] {
                let Event::Swap(filled) = event(channel, bytes) else { panic!("{text}") };
                assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
                assert_eq!(
                    (filled.fee, filled.direction),
                    (Some((fee, FeeSide::In)), Direction::BToA)
                );
                let both = Rederived::Both { amount_in, amount_out };
                assert_eq!(rederive(channel, bytes), both);
                let longer = [bytes.clone(), vec![1; 8]].concat();
                assert_eq!(rederive(channel, &longer), both);
                for len in 0..bytes.len() {
                    let head = bytes.len() - 147;
                    let read = matches!(event(channel, &bytes[..len]), Event::Swap(_));
                    assert_eq!(read, len >= head + 138, "the older form");
                    assert_eq!(rederive(channel, &bytes[..len]), Rederived::StateUnknown);
                }
            }
        }
    }

    /// A buy exact in becomes each other trade of the same state by the rules of facts/dex.md 4.
    #[test]
    fn each_kind_of_trade_follows_its_rule() {
        let mut bytes = hex::decode(LIVE[0].0).unwrap();
        let mut put = |at: usize, word: u64| bytes[at..at + 8].copy_from_slice(&word.to_le_bytes());
        // 900 base of 1000 virtual ones left against 500 quote, 3 of all fees.
        for (at, word) in [(40, 800), (48, 1000), (56, 400), (64, 100), (72, 100)] {
            put(at, word);
        }
        for (at, word) in [(112, 1), (120, 1), (128, 1), (136, 0)] {
            put(at, word);
        }
        let check = |buys: bool, exact_in: bool, given: (u64, u64), expected: (u64, u64)| {
            let mut bytes = bytes.clone();
            bytes[96..104].copy_from_slice(&given.0.to_le_bytes());
            bytes[104..112].copy_from_slice(&given.1.to_le_bytes());
            (bytes[144], bytes[146]) = (u8::from(!buys), u8::from(exact_in));
            let (amount_in, amount_out) = expected;
            let both = Rederived::Both { amount_in, amount_out };
            assert_eq!(rederive(Channel::Data, &bytes), both);
            let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!() };
            let side = if buys { FeeSide::In } else { FeeSide::Out };
            assert_eq!(filled.fee, Some((3, side)));
        };
        // 900 * 100 / 600, and back: ceil(500 * 150 / 750).
        check(true, true, (103, 150), (103, 150));
        check(true, false, (103, 150), (103, 150));
        // 500 * 100 / 1000 - 3.
        check(false, true, (100, 47), (100, 47));
        // What the event says is not what the rule says.
        check(true, true, (103, 149), (103, 150));
        check(true, false, (104, 150), (103, 150));
        check(false, true, (100, 48), (100, 47));
        // The last buyer, a sale for an exact output.
        let mut last = bytes.clone();
        last[104..112].copy_from_slice(&700u64.to_le_bytes());
        assert_eq!(rederive(Channel::Data, &last), Rederived::StateUnknown);
        last[104..112].copy_from_slice(&699u64.to_le_bytes());
        assert!(matches!(rederive(Channel::Data, &last), Rederived::Both { .. }));
        (last[144], last[146]) = (1, 0);
        assert_eq!(rederive(Channel::Data, &last), Rederived::StateUnknown);
        // A fixed price, a linear one, and a direction that there is not.
        let mut fixed = bytes.clone();
        fixed[48..56].copy_from_slice(&800u64.to_le_bytes());
        assert_eq!(rederive(Channel::Data, &fixed), Rederived::StateUnknown);
        let mut linear = bytes.clone();
        linear[56..64].copy_from_slice(&[0; 8]);
        assert_eq!(rederive(Channel::Data, &linear), Rederived::StateUnknown);
        bytes[144] = 2;
        assert!(matches!(event(Channel::Data, &bytes), Event::Unknown));
    }

    /// 3id9uWwwuMkthuS7W4tAHkN3UV6FYUvTYyGGkX4NacGGsFnh2NhUKa3hxWYZyAMBYkFuCN79uDU8xnE1ocTqvdS3.
    #[test]
    fn a_sale_of_mainnet_pays_its_fee_from_the_output() {
        let text = "bddb7fd34ee661eec9b65745b595ea6fbce96d27af88bb894759f99a876857624df8d11bd6709ae20078c5fb51d10200d460463fe9cf0300cbcd3400000000007a5824138596000027a1090000000000f2a29b9c3d8a0000deb608000000000088b58876470c00005be70000000000009600000000000000580200000000000000000000000000000000000000000000010001";
        let bytes = hex::decode(text).unwrap();
        let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!() };
        let (amount_in, amount_out) = (13_501_070_882_184, 59_227);
        assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
        assert_eq!((filled.fee, filled.direction), (Some((750, FeeSide::Out)), Direction::AToB));
        let both = Rederived::Both { amount_in, amount_out };
        assert_eq!(rederive(Channel::Data, &bytes), both);
    }

    /// mqSGNwKK8GZW7PztnYDat3F85BWf7JRWfm5k4ToKpKzkoGmQgyr2bwpm47md7jLck4Yc7pmXuciE73Tf8dT74u8 (2025).
    #[test]
    fn the_older_form_is_read_at_every_length() {
        let text = "bddb7fd34ee661ee5facc2fa6e605ff92f5c60637838a6ca95d6240e8245d7294df7953d1b53c9a70000d28398d70200aaaac2af20ca030000e40b54020000000000000000000000000000000000000043da7d14645700008033023b0000000000ca9a3b0000000043da7d1464570000a025260000000000e07072000000000000000000000000000000";
        let bytes = hex::decode(text).unwrap();
        let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (1_000_000_000, 96_087_352_138_307));
        let fee = Some((10_000_000, FeeSide::In));
        assert_eq!((filled.fee, filled.direction), (fee, Direction::BToA));
        assert_eq!(rederive(Channel::Data, &bytes), Rederived::StateUnknown);
        for len in 0..bytes.len() {
            assert!(matches!(event(Channel::Data, &bytes[..len]), Event::Unknown));
        }
    }

    #[test]
    fn other_events_are_known() {
        let created = [POOL_CREATE.to_vec(), vec![7; 32]].concat();
        let Event::Liquidity(moved) = event(Channel::Data, &created) else { panic!() };
        assert_eq!(moved.pool, Some(&[7; 32]));
        assert!(matches!(event(Channel::Data, &created[..39]), Event::Unknown));
        assert!(matches!(event(Channel::Data, &OTHER_EVENTS[0].1), Event::Other));
        assert!(matches!(event(Channel::RayLog, &created), Event::Unknown));
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..180), kind in 0usize..3) {
            let head = [TRADE, POOL_CREATE, [0; 8]][kind];
            let bytes = [head.to_vec(), bytes].concat();
            let _ = (event(Channel::Data, &bytes), rederive(Channel::Data, &bytes));
        }
    }
}
