//! What Raydium CPMM tells of a swap and of a change of liquidity, in log lines.
//!
//! Source: raydium-io/raydium-cp-swap, programs/cp-swap/src/states/events.rs @609780f
//! (facts/dex.md 2).
//!
//! | event | discriminator | fields |
//! |---|---|---|
//! | SwapEvent | 40c6cde8260871e2 | pool@8, r_in u64@40, r_out u64@48, in u64@56, out u64@64, transfer fees u64@72 u64@80, exact in u8@88 |
//! | since creator fees | | mints@89 @121, trade fee u64@153, creator's u64@161, on the input u8@169 |
//! | LpChangeEvent | 79a3cdc939da753c | pool@8, lp u64@40, vaults u64@48 u64@56, amounts u64@64 u64@72, transfer fees u64@80 u64@88, type u8@96 |
//!
//! `in` is what reached the pool, the transfer fee deducted; `out` is what left it, the transfer
//! fee not yet deducted. `r_in` and `r_out` are the reserves before, less what is owed.

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::Key;
use crate::record::Direction;

use super::super::event::{Channel, Event, FeeSide, Filled, Moved, Rederived, anchor};
use super::super::product;

const SWAP: [u8; 8] = [0x40, 0xc6, 0xcd, 0xe8, 0x26, 0x08, 0x71, 0xe2];
const LP_CHANGE: [u8; 8] = [0x79, 0xa3, 0xcd, 0xc9, 0x39, 0xda, 0x75, 0x3c];

/// SwapEvent.
#[derive(Clone, Copy, Debug)]
struct Swap<'a> {
    pool: &'a Key,
    r_in: u64,
    r_out: u64,
    amount_in: u64,
    amount_out: u64,
    transfer_fee_in: u64,
    transfer_fee_out: u64,
    exact_in: bool,
    fees: Option<Fees<'a>>,
}

/// What SwapEvent tells since there are creator fees.
#[derive(Clone, Copy, Debug)]
struct Fees<'a> {
    mint_in: &'a Key,
    mint_out: &'a Key,
    trade: u64,
    creator: u64,
    creator_on_in: bool,
}

impl<'a> Swap<'a> {
    /// `bytes` with the discriminator.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(Self {
            pool: key_at(bytes, 8)?,
            r_in: u64_at(bytes, 40)?,
            r_out: u64_at(bytes, 48)?,
            amount_in: u64_at(bytes, 56)?,
            amount_out: u64_at(bytes, 64)?,
            transfer_fee_in: u64_at(bytes, 72)?,
            transfer_fee_out: u64_at(bytes, 80)?,
            exact_in: u8_at(bytes, 88)? != 0,
            fees: Fees::read(bytes),
        })
    }

    /// What the user's accounts gave and received.
    fn of_user(&self, amount_in: u64, amount_out: u64) -> Option<(u64, u64)> {
        let gave = amount_in.checked_add(self.transfer_fee_in)?;
        Some((gave, amount_out.checked_sub(self.transfer_fee_out)?))
    }

    fn filled(&self) -> Option<Filled<'a>> {
        let (amount_in, amount_out) = self.of_user(self.amount_in, self.amount_out)?;
        let mut filled = Filled {
            transfer_fee_in: Some(self.transfer_fee_in),
            transfer_fee_out: Some(self.transfer_fee_out),
            pool: Some(self.pool),
            ..Filled::new(amount_in, amount_out)
        };
        if let Some(fees) = &self.fees {
            (filled.mint_in, filled.mint_out) = (Some(fees.mint_in), Some(fees.mint_out));
            // Token 0 has the smaller key (instructions/initialize.rs).
            filled.direction =
                if fees.mint_in < fees.mint_out { Direction::AToB } else { Direction::BToA };
            // A creator's fee on the output is of the other token and cannot be added.
            filled.fee = Some((fees.on_in()?, FeeSide::In));
        }
        Some(filled)
    }

    /// curve/calculator.rs: the amounts follow from the reserves and the fees that were taken.
    fn rederive(&self, fees: &Fees<'_>) -> Option<(u64, u64)> {
        let (on_in, on_out) = (fees.on_in()?, fees.on_out());
        let (amount_in, amount_out) = if self.exact_in {
            let net = self.amount_in.checked_sub(on_in)?;
            let swapped = product::out_for(self.r_in, self.r_out, net).ok()?;
            (self.amount_in, swapped.checked_sub(on_out)?)
        } else {
            let swapped = self.amount_out.checked_add(on_out)?;
            let net = product::in_for(self.r_in, self.r_out, swapped).ok()?;
            (net.checked_add(on_in)?, self.amount_out)
        };
        self.of_user(amount_in, amount_out)
    }
}

impl<'a> Fees<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        Some(Self {
            mint_in: key_at(bytes, 89)?,
            mint_out: key_at(bytes, 121)?,
            trade: u64_at(bytes, 153)?,
            creator: u64_at(bytes, 161)?,
            creator_on_in: u8_at(bytes, 169)? != 0,
        })
    }

    /// Taken from the input.
    fn on_in(&self) -> Option<u64> {
        self.trade.checked_add(if self.creator_on_in { self.creator } else { 0 })
    }

    /// Taken from the output.
    fn on_out(&self) -> u64 {
        if self.creator_on_in { 0 } else { self.creator }
    }
}

/// Reads an event.
pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    let known = anchor(channel, bytes).and_then(|bytes| match *bytes.first_chunk()? {
        SWAP => Swap::read(bytes)?.filled().map(Event::Swap),
        LP_CHANGE => moved(bytes).map(Event::Liquidity),
        _ => None,
    });
    known.unwrap_or(Event::Unknown)
}

fn moved(bytes: &[u8]) -> Option<Moved<'_>> {
    // The amounts are the pool's: deposit.rs and withdraw.rs tell transfer fees beside them.
    u8_at(bytes, 96)?;
    Some(Moved {
        pool: Some(key_at(bytes, 8)?),
        amount_a: Some(u64_at(bytes, 64)?),
        amount_b: Some(u64_at(bytes, 72)?),
        liquidity: None,
    })
}

/// Reckons a swap again.
pub(super) fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let swap = anchor(channel, bytes).filter(|bytes| bytes.starts_with(&SWAP)).and_then(Swap::read);
    let Some((swap, fees)) = swap.and_then(|swap| Some((swap, swap.fees?))) else {
        return Rederived::StateUnknown;
    };
    swap.rederive(&fees).map_or(Rederived::Refused, |(amount_in, amount_out)| Rederived::Both {
        amount_in,
        amount_out,
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "test fixtures")]
mod tests {
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    #[test]
    fn hashes_are_those_of_the_names() {
        assert_eq!(SWAP, anchor_hash("event", "SwapEvent"));
        assert_eq!(LP_CHANGE, anchor_hash("event", "LpChangeEvent"));
    }

    /// Events of mainnet with what the user gave, received and paid:
    /// MV2m3VVecjTcT7UqmaL1SVMMVkGNRedffSuts1XSXxkPnMVFkgVy5U5hZtU96PyXSaQYCS3MoWHcnfjnNTcB6xb,
    /// 2EawktQ9j6pfLt6FdwJJd6Yyp7thyQMyuW3wUrjqvbRGgRCJ327quX9xhf1Cdqc3tHSPQapEHTDHmpPwXJpqkMJB (creator's fee on the output),
    /// 213kMyMK4VvHXcmSPUgicgZLXMLvLn6CqLKAuN4p8cir2rwjPNSxw4tpJFAxjHqUtexFuPBhgAQzn7mNmmtHi6qt (the same),
    /// 2LMzxp9Y9YE7Adw8SK5jY1EGtSnCmBY7LS6u4BuC9VWTruGoiokzMUM5wEZ5oDwmAb3XjDk4zcvSAXc5RSbe5o63.
    const LIVE: [(&str, u64, u64, u64); 4] = [
        (
            "40c6cde8260871e29ba056c48571b4809e7b5934c3f7c785bcdf94e4d4297b08f6ff9138f08d81a2f5ec837be1f60300f619c272313100001e25d02c3e000000028bb1f90200000000000000000000006aced91600000000014e5413fa0d1ea32238f52611c127b5c3acf7a24449c95db59a5fbaef202c77e96e479df710a379c873d0493fb6bd2eb316d4f26033c905f037930fb00bea782ba8c2ca27000000009c0a2b9f0000000001",
            267_039_810_846,
            12_395_723_928,
            3_337_997_636,
        ),
        (
            "40c6cde8260871e29ba056c48571b4809e7b5934c3f7c785bcdf94e4d4297b08f6ff9138f08d81a282fe55ddfc300000fa510a361efb03009c683252000000004e429c9806000000d1cb8a02000000000000000000000000016e479df710a379c873d0493fb6bd2eb316d4f26033c905f037930fb00bea782b4e5413fa0d1ea32238f52611c127b5c3acf7a24449c95db59a5fbaef202c77e9259b340000000000f7810e110000000000",
            1_421_685_869,
            28_330_181_198,
            3_447_589,
        ),
        (
            "40c6cde8260871e20b96ba0070edad25dcb1e240f9dae56cd9559be2bb6b915925cefefeed1a3a2a9ec3bf7e886900001aa19f443a000000007e5c84140000006ea42d0b0000000000000000000000000000000000000000019239836d5e6b81bce9c90e1e02442c06f99e81e4febb997f061d7bb76cb74b38069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f00000000001e082210d00000000cee71c000000000000",
            88_120_000_000,
            187_540_590,
            220_300_000,
        ),
        (
            "40c6cde8260871e2e4587ec9009213484ad7097694244c352726117c80f649af2334d7cd7db576b77aa4d0d605000000eb69701fec3b00002b08570000000000e540c771030000000000000000000000405ad108000000000107e8039bb4ad4cf79c383e43c0c51dd1853740512b79d0f94212923451d00383b870e63f27aeb5d5b11f9e1898f519ac9ca0e4e9fda12855650c1e8456d2ce4fb437000000000000cdde00000000000001",
            5_703_723,
            14_645_847_717,
            71_297,
        ),
    ];

    #[test]
    fn swaps_of_mainnet_are_read_and_reckoned_again() {
        for (text, amount_in, amount_out, fee) in LIVE {
            let bytes = hex::decode(text).unwrap();
            let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!("{text}") };
            assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
            assert_eq!(filled.fee, Some((fee, FeeSide::In)));
            let a_to_b = filled.mint_in < filled.mint_out;
            assert_eq!(filled.direction == Direction::AToB, a_to_b);
            let both = Rederived::Both { amount_in, amount_out };
            assert_eq!(rederive(Channel::Data, &bytes), both);
            let longer = [bytes.clone(), vec![9; 8]].concat();
            assert_eq!(rederive(Channel::Data, &longer), both);
            for len in 0..bytes.len() {
                let short = &bytes[..len];
                // The older form ends at 89.
                assert_eq!(matches!(event(Channel::Data, short), Event::Swap(_)), len >= 89);
                assert_eq!(rederive(Channel::Data, short), Rederived::StateUnknown);
            }
        }
    }

    /// The rules of facts/dex.md 2 for what no sample has: transfer fees on both sides, the
    /// creator's fee on the output.
    #[test]
    fn fees_on_the_output_and_transfer_fees_are_outside_the_curve() {
        let mut bytes = SWAP.to_vec();
        bytes.extend([7; 32]);
        // 1000003 in, 2501 trade fee: 7980016 swapped, of which the creator has 16.
        let words = [123_456_789_012_345u64, 987_654_321_098_765, 1_000_003, 7_980_000, 11, 13];
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes.push(1);
        bytes.extend([[2; 32], [1; 32]].concat());
        bytes.extend([2501u64, 16].iter().flat_map(|word| word.to_le_bytes()));
        bytes.push(0);
        let Event::Swap(filled) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (1_000_014, 7_979_987));
        assert_eq!((filled.transfer_fee_in, filled.transfer_fee_out), (Some(11), Some(13)));
        assert_eq!((filled.fee, filled.direction), (Some((2501, FeeSide::In)), Direction::BToA));
        let both = Rederived::Both { amount_in: 1_000_014, amount_out: 7_979_987 };
        assert_eq!(rederive(Channel::Data, &bytes), both);
        bytes[56..64].copy_from_slice(&2500u64.to_le_bytes());
        assert_eq!(rederive(Channel::Data, &bytes), Rederived::Refused, "less than its fee");
    }

    /// No exact output of mainnet is at hand: ceil(1000 * 101 / 1899) is 54, and fees of 2 and 1.
    #[test]
    fn an_exact_output_takes_what_it_needs() {
        for (creator_on_in, out, paid) in [(1, 101, 57), (0, 100, 56)] {
            let mut bytes = SWAP.to_vec();
            bytes.extend([7; 32]);
            for word in [1000u64, 2000, paid, out, 0, 0] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.push(0);
            bytes.extend([[1; 32], [2; 32]].concat());
            bytes.extend([2u64, 1].iter().flat_map(|word| word.to_le_bytes()));
            bytes.push(creator_on_in);
            let both = Rederived::Both { amount_in: paid, amount_out: out };
            assert_eq!(rederive(Channel::Data, &bytes), both);
            bytes[64..72].copy_from_slice(&2000u64.to_le_bytes());
            assert_eq!(rederive(Channel::Data, &bytes), Rederived::Refused);
        }
    }

    #[test]
    fn a_change_of_liquidity_is_read_at_every_length() {
        let mut bytes = LP_CHANGE.to_vec();
        bytes.extend([7; 32]);
        bytes.extend((1..8u64).flat_map(u64::to_le_bytes));
        bytes.push(1);
        let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
        assert_eq!(moved.pool, Some(&[7; 32]));
        assert_eq!((moved.amount_a, moved.amount_b), (Some(4), Some(5)));
        for len in 0..bytes.len() {
            assert!(matches!(event(Channel::Data, &bytes[..len]), Event::Unknown));
        }
        assert_eq!(rederive(Channel::Data, &bytes), Rederived::StateUnknown);
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..3) {
            let head = match kind { 0 => SWAP, 1 => LP_CHANGE, _ => [0; 8] };
            let bytes = [head.to_vec(), bytes].concat();
            let _ = (event(Channel::Data, &bytes), rederive(Channel::Data, &bytes));
        }
    }
}
