//! Gavel (Plasma): constant product with a virtual order at the price that a window of four slots
//! began with, so that a price moved within the window cannot be sandwiched.
//!
//! Source: Ellipsis-Labs/plasma, program/src/program/{instruction,events,accounts}.rs,
//! program/src/program/processor, crates/plasma_state/src/amm.rs @01e7737. Not an Anchor program:
//! the first byte of an instruction is its tag. No transaction of mainnet was at hand.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 0 | Swap | side u8@1 (0 buys base, 1 sells it), type u8@2 (0 exact in, 1 exact out), exact u64@3, limit u64@11 | 9 |
//! | 1 | AddLiquidity | most base u64@1, most quote u64@9, first shares an option @17 | 10 |
//! | 2 | RemoveLiquidity | shares u64@1 | 10 |
//! | 3, 5, 9 | RenounceLiquidity, InitializeLpPosition, TransferLiquidity | | |
//! | 4 | WithdrawLpFees | | 9 |
//! | 6 | InitializePool | fee_bps u64@1, .. | 10 |
//! | 7 | WithdrawProtocolFees | | 7 |
//! | 8 | Log, which the program sends to itself | an event @1 | 1 |
//!
//! Accounts: 0 program, 1 log authority, 2 pool, 3 trader (signs); of a swap 4 user base, 5 user
//! quote, 6 base vault, 7 quote vault, 8 token program; of a change of liquidity 4 position and then
//! the same one later; of InitializePool 4 base mint, 5 quote mint.
//!
//! An event is written twice, as a log line and as a call of itself, with equal content:
//!
//! | @ | field |
//! |---|---|
//! | 0 | kind u8, the tag of its instruction |
//! | 1, 9, 17 | sequence u64, slot u64, timestamp i64 |
//! | 25, 57, 89, 90 | pool, signer, base decimals u8, quote decimals u8 |
//! | 91 | Swap: sequence u64, base and quote before u64@99 u64@107, after @115 @123, in the snapshot @131 @139, side u8@147, base u64@148, quote u64@156, by the order @164 @172, by the curve @180 @188, fee in quote u64@196 |
//! | 91 | AddLiquidity, RemoveLiquidity: five u64 of the pool, shares u64@131, three u64, base u64@163, quote u64@171 |
//!
//! PoolAccount, 624 bytes, discriminator 74d2bb77c4c43489: base mint@24, base vault@56, quote
//! mint@96, quote vault@128, decimals u32@16 u32@88, fee_bps u32@528, protocol_pct u32@532, shares
//! u64@560, base u64@592, quote u64@600. The fee is always taken in quote and lies beside the
//! reserves.
//!
//! A pool's record does not hold the snapshot: its pools are unsupported, never quoted.

use super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys, Unsupported};
use super::event::{Channel, Event, FeeSide, Filled, Moved, Rederived};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::join;
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::{key_at, u8_at, u32_at, u64_at};
use crate::ids::{Key, Venue};
use crate::math::muldiv::div_ceil;
use crate::record::{Action, Curve, Direction, Exact, Pool};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::Source, pools: Grade::Source },
    decode,
    event,
    rederive,
    pools,
    ..VenueSpec::of(Venue::Gavel)
};

const LOG: u8 = 8;

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let mut change = match *ix.data.first().ok_or(IxFault::ShortData)? {
        0 => return swap(ix).map(Decoded::One),
        1 => {
            let mut change = changed(ix, Action::Add, 10)?;
            (change.limit_a, change.limit_b) = (Some(ix.u64(1)?), Some(ix.u64(9)?));
            change
        }
        2 => {
            let mut change = changed(ix, Action::Remove, 10)?;
            change.liquidity = Some(ix.u64(1)?.into());
            change
        }
        4 => changed(ix, Action::Collect, 9)?,
        6 => {
            let mut change = changed(ix, Action::Create, 10)?;
            (change.mint_a, change.mint_b) = (ix.account(4), ix.account(5));
            change.value = Some(ix.u64(1)?);
            change
        }
        7 => changed(ix, Action::Collect, 7)?,
        3 | 5 | LOG | 9 => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    (change.pool, change.owner) = (ix.account(2), ix.account(3));
    Ok(Decoded::Liquidity(change))
}

fn changed<'a>(
    ix: &Instruction<'a>,
    action: Action,
    accounts: usize,
) -> Result<LiquidityIx<'a>, IxFault> {
    ix.at_least(accounts)?;
    Ok(LiquidityIx::new(Venue::Gavel, action))
}

fn swap<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    let (sells, exact_out) = (ix.flag(1)?, ix.flag(2)?);
    let (amount, limit) = (ix.u64(3)?, ix.u64(11)?);
    ix.at_least(9)?;
    let mut swap = SwapIx::new(Venue::Gavel, if exact_out { Exact::Out } else { Exact::In });
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(2), ix.account(3));
    (swap.vault_a, swap.vault_b) = (ix.account(6), ix.account(7));
    let (base, quote) = (ix.account(4), ix.account(5));
    if sells {
        (swap.direction, swap.user_in, swap.user_out) = (Direction::AToB, base, quote);
    } else {
        (swap.direction, swap.user_in, swap.user_out) = (Direction::BToA, quote, base);
    }
    Ok(swap)
}

/// The event itself, whichever way it came.
fn told(channel: Channel, bytes: &[u8]) -> Option<&[u8]> {
    match channel {
        Channel::SelfCall => bytes.strip_prefix(&[LOG]),
        Channel::Data => Some(bytes),
        Channel::RayLog => None,
    }
}

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    told(channel, bytes).and_then(read).unwrap_or(Event::Unknown)
}

fn read(bytes: &[u8]) -> Option<Event<'_>> {
    let pool = Some(key_at(bytes, 25)?);
    Some(match u8_at(bytes, 0)? {
        0 => Event::Swap(Swapped::read(bytes)?.filled(pool)),
        1 | 2 => Event::Liquidity(Moved {
            pool,
            liquidity: Some(u64_at(bytes, 131)?.into()),
            amount_a: Some(u64_at(bytes, 163)?),
            amount_b: Some(u64_at(bytes, 171)?),
        }),
        4 => {
            Event::Liquidity(Moved { pool, amount_b: Some(u64_at(bytes, 91)?), ..Moved::default() })
        }
        6 => Event::Liquidity(Moved { pool, ..Moved::default() }),
        // After the key of who receives it.
        7 => Event::Liquidity(Moved {
            pool,
            amount_b: Some(u64_at(bytes, 123)?),
            ..Moved::default()
        }),
        3 | 5 | 9 => Event::Other,
        _ => return None,
    })
}

/// A swap as its event tells of it: raw units, base first.
#[derive(Clone, Copy, Debug)]
struct Swapped {
    sells: bool,
    before: [u64; 2],
    snapshot: [u64; 2],
    moved: [u64; 2],
    fee: u64,
}

impl Swapped {
    fn read(bytes: &[u8]) -> Option<Self> {
        let sells = match u8_at(bytes, 147)? {
            0 => false,
            1 => true,
            _ => return None,
        };
        Some(Self {
            sells,
            before: [u64_at(bytes, 99)?, u64_at(bytes, 107)?],
            snapshot: [u64_at(bytes, 131)?, u64_at(bytes, 139)?],
            moved: [u64_at(bytes, 148)?, u64_at(bytes, 156)?],
            fee: u64_at(bytes, 196)?,
        })
    }

    fn filled(self, pool: Option<&Key>) -> Filled<'_> {
        let [base, quote] = self.moved;
        let filled = if self.sells { Filled::new(base, quote) } else { Filled::new(quote, base) };
        let (direction, side) = if self.sells {
            (Direction::AToB, FeeSide::Out)
        } else {
            (Direction::BToA, FeeSide::In)
        };
        Filled { pool, direction, fee: Some((self.fee, side)), ..filled }
    }

    /// What the curve makes of the side that goes in (amm.rs `buy_exact_in`, `sell_exact_in`) or, if
    /// that is not what was moved, of the side that comes out (`buy_exact_out`, `sell_exact_out`):
    /// the event does not say which of the two was asked for. The fee's rate is not in the event:
    /// the fee itself is taken from it.
    fn derived(self) -> Option<(u64, u64)> {
        let [base, quote] = self.moved;
        let (told_in, told_out) = if self.sells { (base, quote) } else { (quote, base) };
        let curve = Order::of(&self)?;
        let out = if self.sells {
            curve.out_for(told_in)?.checked_sub(self.fee)?
        } else {
            curve.out_for(told_in.checked_sub(self.fee)?)?
        };
        if out == told_out {
            return Some((told_in, out));
        }
        let paid = if self.sells {
            curve.in_for(told_out.checked_add(self.fee)?)?
        } else {
            curve.in_for(told_out)?.checked_add(self.fee)?
        };
        Some((paid, told_out))
    }
}

/// The virtual order at the snapshot's price, which is filled first, and the curve behind it: of
/// the token that goes in, then of the one that comes out.
#[derive(Clone, Copy, Debug)]
struct Order {
    snapshot: [u128; 2],
    /// What the order takes and gives.
    size: [u128; 2],
    before: [u128; 2],
}

impl Order {
    /// amm.rs `get_limit_order_size_in_base_and_quote`: so large that the price after it is that of
    /// the snapshot. It is reckoned in quote for a buy and in base for a sale: both go in.
    fn of(swap: &Swapped) -> Option<Self> {
        let in_first = |[base, quote]: [u64; 2]| -> [u128; 2] {
            if swap.sells { [base.into(), quote.into()] } else { [quote.into(), base.into()] }
        };
        let (snapshot, before) = (in_first(swap.snapshot), in_first(swap.before));
        let ([snap_in, snap_out], [r_in, r_out]) = (snapshot, before);
        let (here, there) = (snap_in.checked_mul(r_out)?, snap_out.checked_mul(r_in)?);
        let given = match here.checked_sub(there) {
            Some(gap) if gap > 0 => gap.checked_div(snap_out.checked_mul(2)?)?,
            _ => 0,
        };
        let taken =
            if given == 0 { 0 } else { given.checked_mul(snap_out)?.checked_div(snap_in)? };
        Some(Self { snapshot, size: [given, taken], before })
    }

    /// What comes out for `amount`, fee aside.
    fn out_for(&self, amount: u64) -> Option<u64> {
        let (amount, [size_in, size_out]) = (u128::from(amount), self.size);
        let [snap_in, snap_out] = self.snapshot;
        if size_in >= amount {
            return u64::try_from(amount.checked_mul(snap_out)?.checked_div(snap_in)?).ok();
        }
        let [r_in, r_out] = self.behind()?;
        let rest = r_in.checked_add(amount.checked_sub(size_in)?)?;
        let kept = div_ceil(r_in.checked_mul(r_out)?, rest)?;
        u64::try_from(size_out.checked_add(r_out.checked_sub(kept)?)?).ok()
    }

    /// What must go in for `amount`, fee aside.
    fn in_for(&self, amount: u64) -> Option<u64> {
        let (amount, [size_in, size_out]) = (u128::from(amount), self.size);
        let [snap_in, snap_out] = self.snapshot;
        if size_out >= amount {
            return u64::try_from(div_ceil(amount.checked_mul(snap_in)?, snap_out)?).ok();
        }
        let [r_in, r_out] = self.behind()?;
        let kept = r_out.checked_sub(amount.checked_sub(size_out)?)?;
        let after = div_ceil(r_in.checked_mul(r_out)?, kept)?;
        u64::try_from(size_in.checked_add(after.checked_sub(r_in)?)?).ok()
    }

    /// The reserves once the order is filled.
    fn behind(&self) -> Option<[u128; 2]> {
        let ([r_in, r_out], [given, taken]) = (self.before, self.size);
        Some([r_in.checked_add(given)?, r_out.checked_sub(taken)?])
    }
}

fn rederive(channel: Channel, bytes: &[u8]) -> Rederived {
    let Some(bytes) = told(channel, bytes).filter(|bytes| bytes.starts_with(&[0])) else {
        return Rederived::StateUnknown;
    };
    let Some(swap) = Swapped::read(bytes) else { return Rederived::StateUnknown };
    match swap.derived() {
        Some((amount_in, amount_out)) => Rederived::Both { amount_in, amount_out },
        None => Rederived::Refused,
    }
}

const POOL: [u8; 8] = [116, 210, 187, 119, 196, 196, 52, 137];
const POSITION: [u8; 8] = [101, 177, 26, 44, 161, 242, 87, 136];

fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, Venue::Gavel, out, &mut |key, account, out| {
        if account.data.starts_with(&POSITION) {
            return Ok(());
        }
        if !account.data.starts_with(&POOL) {
            return Err(AccountFault::Discriminator);
        }
        let short = AccountFault::WrongLen;
        let keys = PoolKeys::at(key, Venue::Gavel, &account.data, [24, 96], [56, 128]);
        join::pool(book, clock, &keys.ok_or(short)?, account.slot, out, |pool| {
            fill(pool, &account.data).ok_or(short)?;
            if pool.fee_num >= pool.fee_den || pool.protocol_ppm > 1_000_000 {
                return Err(AccountFault::Fee);
            }
            Ok(Some(Unsupported::WindowPrice))
        });
        Ok(())
    });
}

/// The rates, and the reserves, which lie apart from the fees that the vault of quote holds too.
fn fill(pool: &mut Pool, data: &[u8]) -> Option<()> {
    pool.curve = Curve::Product as u8;
    (pool.fee_num, pool.fee_den) = (u32_at(data, 528)?.into(), 10_000);
    pool.fee_side = join::FEE_IN_B;
    pool.protocol_ppm = u32_at(data, 532)?.saturating_mul(10_000);
    (pool.reserve_a, pool.reserve_b) = (u64_at(data, 592)?, u64_at(data, 600)?);
    // The end of the account.
    u64_at(data, 616).map(|_| ())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::model::{instruction, join, places, pool_book, refused, tagged};
    use super::*;
    use crate::record::Layout;
    use crate::record::PoolStatus;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::Gavel;

    #[test]
    fn swaps_of_both_sides_and_kinds() {
        for (kind, exact) in [(0, Exact::In), (1, Exact::Out)] {
            let Decoded::One(buys) = instruction(VENUE, &tagged(&[0, 0, kind], &[7, 5]), 9) else {
                panic!()
            };
            assert_eq!((buys.exact, buys.amount, buys.limit), (exact, Some(7), Some(5)));
            assert_eq!(buys.direction, Direction::BToA);
            assert_eq!(places(&buys), [2, 3, 5, 4, 6, 7].map(Some));
        }
        let Decoded::One(sells) = instruction(VENUE, &tagged(&[0, 1, 0], &[7, 5]), 9) else {
            panic!()
        };
        assert_eq!(sells.direction, Direction::AToB);
        assert_eq!(places(&sells), [2, 3, 4, 5, 6, 7].map(Some));
        assert_eq!(refused(VENUE, &tagged(&[0, 2, 0], &[7, 5]), 9), Some(IxFault::Flag));
    }

    #[test]
    fn every_instruction_at_every_shorter_length() {
        let whole = [
            (tagged(&[0, 1, 1], &[7, 5]), 9, None),
            (tagged(&[1], &[7, 5]), 10, Some(Action::Add)),
            (tagged(&[2], &[7]), 10, Some(Action::Remove)),
            (tagged(&[4], &[]), 9, Some(Action::Collect)),
            (tagged(&[6], &[25]), 10, Some(Action::Create)),
            (tagged(&[7], &[]), 7, Some(Action::Collect)),
        ];
        for (data, accounts, action) in &whole {
            match (instruction(VENUE, data, *accounts), action) {
                (Decoded::One(_), None) => {}
                (Decoded::Liquidity(change), Some(action)) => {
                    assert_eq!((change.action, change.pool), (*action, Some(&[2; 32])));
                    assert_eq!(change.owner, Some(&[3; 32]));
                }
                other => panic!("{other:?}"),
            }
            for len in 0..data.len() {
                assert_eq!(refused(VENUE, &data[..len], *accounts), Some(IxFault::ShortData));
            }
            for fewer in 0..*accounts {
                assert_eq!(refused(VENUE, data, fewer), Some(IxFault::FewAccounts));
            }
        }
        for tag in [3, 5, LOG, 9] {
            assert!(matches!(instruction(VENUE, &[tag], 0), Decoded::NotSwap));
        }
        for tag in 10..=255 {
            assert_eq!(refused(VENUE, &[tag], 20), Some(IxFault::Unknown));
        }
    }

    /// A swap's event: whether base is sold, reserves, snapshot, what went in and came out, fee.
    type Case = (bool, [u64; 2], [u64; 2], u64, u64, u64);

    fn told_of((sells, before, snapshot, amount_in, amount_out, fee): Case) -> Vec<u8> {
        let mut bytes = vec![0; 204];
        put(&mut bytes, 25, &[6; 32]);
        bytes[147] = u8::from(sells);
        let (base, quote) = if sells { (amount_in, amount_out) } else { (amount_out, amount_in) };
        let fields = [
            (99, before[0]),
            (107, before[1]),
            (131, snapshot[0]),
            (139, snapshot[1]),
            (148, base),
            (156, quote),
            (196, fee),
        ];
        for (at, value) in fields {
            put(&mut bytes, at, &value.to_le_bytes());
        }
        bytes
    }

    const STILL: [u64; 2] = [1_000_000_000_000, 150_000_000_000];
    const FALLEN: [u64; 2] = [1_010_000_000_000, 148_700_000_123];
    const RISEN: [u64; 2] = [987_654_321_000, 152_000_000_777];

    /// Reckoned with amm.rs written once more elsewhere, at 25 bps: exact in and exact out, more and
    /// less than the virtual order holds, which stands on neither, the buyer's and the seller's side.
    const CASES: [Case; 24] = [
        (false, STILL, STILL, 5_000_000_003, 32_180_014_536, 12_500_000),
        (false, STILL, STILL, 70_003, 465_519, 175),
        (false, STILL, STILL, 5_131_753_893, 33_000_000_001, 12_829_384),
        (false, STILL, STILL, 60_152, 400_009, 150),
        (true, STILL, STILL, 33_000_000_001, 4_779_888_674, 11_979_670),
        (true, STILL, STILL, 400_009, 59_851, 150),
        (true, STILL, STILL, 34_572_169_423, 5_000_000_003, 12_531_328),
        (true, STILL, STILL, 467_854, 70_003, 175),
        (false, FALLEN, STILL, 5_000_000_003, 32_691_717_500, 12_500_000),
        (false, FALLEN, STILL, 70_003, 465_520, 175),
        (false, FALLEN, STILL, 5_048_616_085, 33_000_000_001, 12_621_540),
        (false, FALLEN, STILL, 60_152, 400_009, 150),
        (true, FALLEN, STILL, 33_000_000_001, 4_693_031_883, 11_761_984),
        (true, FALLEN, STILL, 400_009, 58_745, 147),
        (true, FALLEN, STILL, 35_233_807_700, 5_000_000_003, 12_531_328),
        (true, FALLEN, STILL, 476_664, 70_003, 175),
        (false, RISEN, STILL, 5_000_000_003, 31_377_822_466, 12_500_000),
        (false, RISEN, STILL, 70_003, 453_722, 175),
        (false, RISEN, STILL, 5_267_426_485, 33_000_000_001, 13_168_566),
        (false, RISEN, STILL, 61_716, 400_009, 154),
        (true, RISEN, STILL, 33_000_000_001, 4_878_041_268, 12_225_666),
        (true, RISEN, STILL, 400_009, 59_851, 150),
        (true, RISEN, STILL, 33_848_981_789, 5_000_000_003, 12_531_328),
        (true, RISEN, STILL, 467_854, 70_003, 175),
    ];

    #[test]
    fn swaps_are_derived_again_and_another_amount_is_not() {
        for case in CASES {
            let (sells, before, snapshot, amount_in, amount_out, fee) = case;
            let bytes = told_of(case);
            let derived = Rederived::Both { amount_in, amount_out };
            assert_eq!(rederive(Channel::Data, &bytes), derived, "{case:?}");
            let sent = [&[LOG][..], &bytes].concat();
            assert_eq!(rederive(Channel::SelfCall, &sent), derived);
            let Event::Swap(filled) = event(Channel::SelfCall, &sent) else { panic!() };
            assert_eq!((filled.amount_in, filled.amount_out), (amount_in, amount_out));
            let side = if sells { FeeSide::Out } else { FeeSide::In };
            assert_eq!((filled.fee, filled.pool), (Some((fee, side)), Some(&[6; 32])));
            // Far from what either order gives.
            let wrong = (sells, before, snapshot, amount_in, amount_out / 2, fee);
            let told = Rederived::Both { amount_in, amount_out: amount_out / 2 };
            assert_ne!(rederive(Channel::Data, &told_of(wrong)), told);
        }
        let empty = (false, [0, 0], [0, 0], 5, 5, 0);
        assert_eq!(rederive(Channel::Data, &told_of(empty)), Rederived::Refused);
        assert_eq!(rederive(Channel::RayLog, &[0; 204]), Rederived::StateUnknown);
    }

    #[test]
    fn other_events_at_every_length() {
        let moved = |kind: u8, len: usize| {
            let mut bytes: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
            bytes[0] = kind;
            match event(Channel::Data, &bytes) {
                Event::Liquidity(Moved { liquidity, amount_a, amount_b, pool }) => {
                    assert!(pool.is_some());
                    Some([liquidity.is_some(), amount_a.is_some(), amount_b.is_some()])
                }
                Event::Unknown => None,
                other => panic!("{other:?}"),
            }
        };
        for (kind, needed, tells) in [
            (1, 179, [true; 3]),
            (2, 179, [true; 3]),
            (4, 99, [false, false, true]),
            (6, 57, [false; 3]),
            (7, 131, [false, false, true]),
        ] {
            (1..200).for_each(|len| {
                assert_eq!(moved(kind, len), (len >= needed).then_some(tells), "{kind} {len}");
            });
        }
        for len in 1..204 {
            assert!(matches!(event(Channel::Data, &vec![0; len]), Event::Unknown));
        }
        for kind in [3, 5, 9] {
            let bytes = [&[kind][..], &[0; 90]].concat();
            assert!(matches!(event(Channel::Data, &bytes), Event::Other));
        }
        assert!(matches!(event(Channel::Data, &[8; 300]), Event::Unknown));
    }

    #[test]
    fn pools_are_read_and_never_quoted() {
        let mut data = vec![0; 624];
        put(&mut data, 0, &POOL);
        for (at, n) in [(24, 4), (56, 2), (96, 5), (128, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 528, &25u32.to_le_bytes());
        put(&mut data, 532, &15u32.to_le_bytes());
        put(&mut data, 592, &60u64.to_le_bytes());
        put(&mut data, 600, &75u64.to_le_bytes());
        let joined = join(&pool_book(VENUE, &data), Clock::default());
        let (pool, unsupported) = joined.pools[0];
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.invalid()), (60, 75, None));
        assert_eq!((pool.fee_num, pool.fee_den, pool.protocol_ppm), (25, 10_000, 150_000));
        assert_eq!(unsupported, Some(Unsupported::WindowPrice));
        assert_eq!(pool.status, PoolStatus::Unsupported as u8);
        let wrong = |data: &[u8]| join(&pool_book(VENUE, data), Clock::default()).wrong[0].1;
        (8..624).for_each(|len| assert_eq!(wrong(&data[..len]), "wrong_len", "{len}"));
        put(&mut data, 528, &10_000u32.to_le_bytes());
        assert_eq!(wrong(&data), "bad_fee");
        assert_eq!(wrong(&[1; 624]), "wrong_discriminator");
        put(&mut data, 0, &POSITION);
        let joined = join(&pool_book(VENUE, &data), Clock::default());
        assert!(joined.pools.is_empty() && joined.wrong.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(kind in 0u8..12, tail: Vec<u8>, case: Case) {
            let data = [&[kind][..], &tail].concat();
            let _ = (refused(VENUE, &data, 10), event(Channel::Data, &data));
            let _ = rederive(Channel::Data, &told_of(case));
        }
    }
}
