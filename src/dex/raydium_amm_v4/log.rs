//! `ray_log`: what Raydium AMM v4 tells of a swap, a deposit, a withdrawal and a new pool.
//!
//! Source: raydium-io/raydium-amm, program/src/log.rs @27f461d (facts/dex.md 1); packed, the first
//! byte is the type.
//!
//! | type | log | fields |
//! |---|---|---|
//! | 0 | Init | time u64@1, decimals u8@9 u8@10, lots u64@11 u64@19, pc u64@27, coin u64@35, market@43 |
//! | 1 | Deposit | limits u64@1 u64@9, side u64@17, pool u64@25.., pnl u128@49.., coin u64@81, pc u64@89, lp u64@97 |
//! | 2 | Withdraw | lp u64@1, user's lp u64@9, pool u64@17.., pnl u128@41.., coin u64@73, pc u64@81 |
//! | 3 | SwapBaseIn | in u64@1, min_out u64@9, direction u64@17, user's u64@25, pool_coin u64@33, pool_pc u64@41, out u64@49 |
//! | 4 | SwapBaseOut | max_in u64@1, out u64@9, direction u64@17, user's u64@25, pool_coin u64@33, pool_pc u64@41, in u64@49 |
//!
//! Direction 1 is pc to coin, 2 coin to pc. `pool_coin` and `pool_pc` are the reserves before the
//! swap, less what is owed. A log names neither pool nor fee rate.

use crate::bytes::u64_at;
use crate::math::muldiv::mul_div_ceil;
use crate::record::{Direction, Exact};

use super::super::event::{Channel, Event, Filled, Moved, Rederived};
use super::super::product;

/// The swap fee that the program gives every new pool (state.rs `Fees::initialize`). A pool with
/// another rate shows as a difference: the log does not tell it.
const FEE: (u64, u64) = (25, 10_000);

/// A swap's log.
#[derive(Clone, Copy, Debug)]
struct Swap {
    exact: Exact,
    amount_in: u64,
    amount_out: u64,
    direction: Direction,
    pool_coin: u64,
    pool_pc: u64,
}

impl Swap {
    /// `None` when it is no swap's log, too short, or names no direction.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (exact, in_at, out_at) = match bytes.first()? {
            3 => (Exact::In, 1, 49),
            4 => (Exact::Out, 49, 9),
            _ => return None,
        };
        // `u64_at(bytes, 49)` is read either way: a shorter log is none.
        let direction = match u64_at(bytes, 17)? {
            1 => Direction::BToA,
            2 => Direction::AToB,
            _ => return None,
        };
        Some(Self {
            exact,
            amount_in: u64_at(bytes, in_at)?,
            amount_out: u64_at(bytes, out_at)?,
            direction,
            pool_coin: u64_at(bytes, 33)?,
            pool_pc: u64_at(bytes, 41)?,
        })
    }

    /// processor.rs `process_swap_base_in_v2`, `process_swap_base_out_v2`.
    fn rederive(&self) -> Option<(u64, u64)> {
        let (r_in, r_out) = if self.direction == Direction::AToB {
            (self.pool_coin, self.pool_pc)
        } else {
            (self.pool_pc, self.pool_coin)
        };
        let (num, den) = FEE;
        match self.exact {
            Exact::In => {
                let net = self.amount_in.checked_sub(mul_div_ceil(self.amount_in, num, den)?)?;
                Some((self.amount_in, product::out_for(r_in, r_out, net).ok()?))
            }
            Exact::Out => {
                let net = product::in_for(r_in, r_out, self.amount_out).ok()?;
                Some((mul_div_ceil(net, den, den.checked_sub(num)?)?, self.amount_out))
            }
        }
    }
}

/// Reads a log.
pub(super) fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    if channel != Channel::RayLog {
        return Event::Unknown;
    }
    if let Some(swap) = Swap::read(bytes) {
        let direction = swap.direction;
        return Event::Swap(Filled { direction, ..Filled::new(swap.amount_in, swap.amount_out) });
    }
    moved(bytes).map_or(Event::Unknown, Event::Liquidity)
}

fn moved(bytes: &[u8]) -> Option<Moved<'_>> {
    let (coin_at, pc_at, lp_at) = match bytes.first()? {
        0 => (35, 27, None),
        1 => (81, 89, Some(97)),
        2 => (73, 81, Some(1)),
        _ => return None,
    };
    let liquidity = match lp_at {
        Some(at) => Some(u64_at(bytes, at)?.into()),
        None => None,
    };
    let (amount_a, amount_b) = (Some(u64_at(bytes, coin_at)?), Some(u64_at(bytes, pc_at)?));
    Some(Moved { pool: None, amount_a, amount_b, liquidity })
}

/// Reckons a logged swap again.
pub(super) fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let swap = if channel == Channel::RayLog { Swap::read(bytes) } else { None };
    let Some(swap) = swap else { return Rederived::StateUnknown };
    swap.rederive().map_or(Rederived::Refused, |(amount_in, amount_out)| Rederived::Both {
        amount_in,
        amount_out,
    })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::*;
    use crate::bytes::hex;
    use proptest::prelude::*;

    /// Logs of mainnet: 4pp8WNL491e8134fxkLhdeLkVWtH3FJoXo2p1HL9dEXWiFj96FsN25qeCH2QZMvHUBZ97AyEJVcWpGZ63NPg9Rgb
    /// (two), and slots 302096845 and 306350139.
    const LIVE: [(&str, Direction, u64, u64); 4] = [
        (
            "03881300000000000000000000000000000100000000000000ed7cbca10000000014d91f0d0000000051cd1200000000000d8b0d0000000000",
            Direction::BToA,
            5_000,
            887_565,
        ),
        (
            "030d8b0d0000000000000000000000000002000000000000000d8b0d0000000000a36c7f060000000054d6030000000000e907000000000000",
            Direction::AToB,
            887_565,
            2_025,
        ),
        (
            "038182bbd093000000000000000000000001000000000000008182bbd09300000037dc390d120000000dc518a58ae10000fd63c50b00000000",
            Direction::BToA,
            634_862_142_081,
            197_485_565,
        ),
        (
            "030084d71700000000000000000000000002000000000000000084d7170000000004ea117c0d000000c5e8516d4b01020008a3811483030000",
            Direction::AToB,
            400_000_000,
            3_861_519_639_304,
        ),
    ];

    #[test]
    fn swaps_of_mainnet_are_read_and_reckoned_again() {
        for (text, direction, amount_in, amount_out) in LIVE {
            let bytes = hex::decode(text).unwrap();
            let Event::Swap(filled) = event(Channel::RayLog, &bytes) else { panic!("{text}") };
            assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
            assert_eq!((filled.direction, filled.fee), (direction, None));
            let both = Rederived::Both { amount_in, amount_out };
            assert_eq!(rederive(Channel::RayLog, &bytes), both);
            assert!(matches!(event(Channel::Data, &bytes), Event::Unknown));
            for len in 0..bytes.len() {
                assert!(matches!(event(Channel::RayLog, &bytes[..len]), Event::Unknown), "{len}");
            }
            let longer = [bytes, vec![7; 8]].concat();
            assert_eq!(rederive(Channel::RayLog, &longer), both);
        }
    }

    /// No swap of an exact output is at hand: the log is written as log.rs says, with the numbers
    /// of facts/dex.md 22.
    #[test]
    fn an_exact_output_takes_what_was_deducted() {
        let mut bytes = vec![4];
        for word in
            [u64::MAX, 1_000_000_000, 2, 9, 123_456_789_012_345, 987_654_321_098_765, 125_313_410]
        {
            bytes.extend(u64::to_le_bytes(word));
        }
        let Event::Swap(filled) = event(Channel::RayLog, &bytes) else { panic!() };
        assert_eq!((filled.amount_in, filled.amount_out), (125_313_410, 1_000_000_000));
        let both = Rederived::Both { amount_in: 125_313_410, amount_out: 1_000_000_000 };
        assert_eq!(rederive(Channel::RayLog, &bytes), both);
        // More than the pool holds.
        bytes[9..17].copy_from_slice(&u64::MAX.to_le_bytes());
        assert_eq!(rederive(Channel::RayLog, &bytes), Rederived::Refused);
        bytes[17] = 3;
        assert!(matches!(event(Channel::RayLog, &bytes), Event::Unknown), "no such direction");
    }

    #[test]
    fn liquidity_is_read_at_every_length() {
        let words = |kind: u8, len: usize| -> Vec<u8> {
            let body = (1..len).map(|at| u8::try_from(at % 8).unwrap());
            std::iter::once(kind).chain(body).collect()
        };
        for (kind, len, needs) in [(0, 75, 43), (1, 105, 105), (2, 89, 89)] {
            let bytes = words(kind, len);
            let (coin, pc, lp) = match kind {
                0 => (35, 27, None),
                1 => (81, 89, Some(97)),
                _ => (73, 81, Some(1)),
            };
            let Event::Liquidity(moved) = event(Channel::RayLog, &bytes) else { panic!("{kind}") };
            assert_eq!(
                (moved.amount_a, moved.amount_b),
                (u64_at(&bytes, coin), u64_at(&bytes, pc))
            );
            assert_eq!(moved.liquidity, lp.and_then(|at| u64_at(&bytes, at)).map(u128::from));
            for len in 0..needs {
                assert!(matches!(event(Channel::RayLog, &bytes[..len]), Event::Unknown));
            }
            assert_eq!(rederive(Channel::RayLog, &bytes), Rederived::StateUnknown);
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(kind in 0u8..6, bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let bytes = [vec![kind], bytes].concat();
            let _ = (event(Channel::RayLog, &bytes), rederive(Channel::RayLog, &bytes));
        }

        /// The default fee leaves the pool no poorer.
        #[test]
        fn the_product_never_falls(amount in any::<u64>(), out in any::<bool>(), a in 1..u64::MAX, b in 1..u64::MAX) {
            let swap = Swap {
                exact: if out { Exact::Out } else { Exact::In },
                amount_in: amount,
                amount_out: amount,
                direction: Direction::AToB,
                pool_coin: a,
                pool_pc: b,
            };
            if let Some((paid, got)) = swap.rederive() {
                let before = u128::from(a).checked_mul(b.into()).unwrap();
                let after = u128::from(a).checked_add(paid.into()).unwrap()
                    .checked_mul(b.checked_sub(got).unwrap().into());
                prop_assert!(after.is_none_or(|after| after >= before));
            }
        }
    }
}
