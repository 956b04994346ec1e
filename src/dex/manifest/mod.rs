//! Manifest: an order book without fees.
//!
//! Source: CKS-Systems/manifest, programs/manifest/src/{program/instruction,program/processor,logs,
//! validation/loaders,state}.rs @95ee542. Not an Anchor program: the first byte of an instruction is
//! its tag. No transaction of mainnet was at hand.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 0 | CreateMarket | | 9 |
//! | 4 | Swap | in u64@1, out u64@9, base_in u8@17, exact_in u8@18 | 8 |
//! | 13 | SwapV2 | the same | 9 |
//! | 6 | BatchUpdate | seat an option of u32@1, then a list of cancels {number u64, place an option of u32}, then one of orders {base u64, price u32 and i8, is_bid u8, slot u32, type u8} | 3 |
//! | 12 | GlobalClean | | 4 |
//! | 1, 2, 3, 5, 7 to 11 | seats, deposits, accounts | | |
//!
//! Accounts of Swap: 0 payer (signs), 1 market, 2 system program, 3 trader base, 4 trader quote,
//! 5 base vault, 6 quote vault, 7 token program of base, then mints, programs and global accounts,
//! each only where it is needed. SwapV2: the same with the owner (signs) at 1 and the rest one
//! further on. The exact side is a wish: a book that ends gives less.
//!
//! A fill is read from transfers: a `FillLog` tells of one maker's order, and a swap has as many as
//! it met. A deposit moves a trader's balance and no order.
//!
//! Market, 256 bytes and blocks of 80: discriminator u64@0, base decimals u8@9, quote decimals u8@10,
//! base mint@16, quote mint@48, base vault@80, quote vault@112, roots of bids u32@156 and of asks
//! u32@164.
//!
//! Bids and asks are trees of blocks, which are named by their offset behind the 256 bytes: left u32@0,
//! right u32@4, price u128@16 (quote atoms of a base atom, 10^-18), base atoms u64@32, sequence u64@40,
//! last slot u32@52 (0 is none), kind u8@57 (lib/src/{hypertree,red_black_tree}.rs,
//! state/{market,resting_order}.rs). An order of kind 3 is filled from its trader's global account, and
//! not at all when too little is there: a book that has one is unsupported.

mod swap;

use super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys, Unsupported};
use super::event::{Channel, Event, Moved, anchor};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use super::{join, levels};
use crate::bytes::{Cursor, key_at, u8_at, u32_at, u64_at, u128_at};
use crate::ids::Venue;
use crate::record::{Action, Curve, Direction, Exact, Level, Pool};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::Source },
    decode,
    event,
    pools,
    swap: swap::swap,
    settle: levels::settle,
    segment: |pool, around, a_to_b, cursor| levels::segment(pool, around, a_to_b, cursor, (0, 1)),
    ..VenueSpec::of(Venue::Manifest)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let mut change = match ix.data.first().ok_or(IxFault::ShortData)? {
        4 => return swap_ix(ix, 0).map(Decoded::One),
        13 => return swap_ix(ix, 1).map(Decoded::One),
        6 => match batch(ix.data)? {
            Some(change) => change,
            None => return Ok(Decoded::NotSwap),
        },
        0 => {
            ix.at_least(9)?;
            let (mint_a, mint_b) = (ix.account(3), ix.account(4));
            LiquidityIx { mint_a, mint_b, ..LiquidityIx::new(Venue::Manifest, Action::Create) }
        }
        12 => LiquidityIx::new(Venue::Manifest, Action::Cancel),
        1..=3 | 5 | 7..=11 => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    ix.at_least(3)?;
    (change.owner, change.pool) = (ix.account(0), ix.account(1));
    Ok(Decoded::Liquidity(change))
}

/// A swap whose market stands `past` places after the second.
fn swap_ix<'a>(ix: &Instruction<'a>, past: usize) -> Result<SwapIx<'a>, IxFault> {
    let (atoms_in, atoms_out) = (ix.u64(1)?, ix.u64(9)?);
    let (base_in, exact_in) = (ix.flag(17)?, ix.flag(18)?);
    let account = |at: usize| ix.account(at.saturating_add(past));
    ix.at_least(8usize.saturating_add(past))?;
    let (exact, amount, limit) =
        if exact_in { (Exact::In, atoms_in, atoms_out) } else { (Exact::Out, atoms_out, atoms_in) };
    let mut swap = SwapIx::new(Venue::Manifest, exact);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.owner, swap.pool) = (account(0), account(1));
    (swap.vault_a, swap.vault_b) = (account(5), account(6));
    let (base, quote) = (account(3), account(4));
    if base_in {
        (swap.direction, swap.user_in, swap.user_out) = (Direction::AToB, base, quote);
    } else {
        (swap.direction, swap.user_in, swap.user_out) = (Direction::BToA, quote, base);
    }
    Ok(swap)
}

/// A batch places orders, or only takes some out, or does nothing; of a single order `liquidity` is
/// its base.
fn batch(data: &[u8]) -> Result<Option<LiquidityIx<'static>>, IxFault> {
    const ORDER_LEN: usize = 19;
    const SHORT: IxFault = IxFault::ShortData;
    let mut cursor = Cursor::new(data.get(1..).ok_or(SHORT)?);
    option_u32(&mut cursor)?;
    let cancels = cursor.u32().ok_or(SHORT)?;
    for _ in 0..cancels {
        cursor.u64().ok_or(SHORT)?;
        option_u32(&mut cursor)?;
    }
    let orders = cursor.u32().ok_or(SHORT)?;
    let len = usize::try_from(orders).ok().and_then(|count| count.checked_mul(ORDER_LEN));
    let placed = len.and_then(|len| cursor.take(len)).ok_or(SHORT)?;
    let change = |action| LiquidityIx::new(Venue::Manifest, action);
    Ok(match (orders, cancels) {
        (0, 0) => None,
        (0, _) => Some(change(Action::Cancel)),
        (1, 0) => {
            let liquidity = u64_at(placed, 0).map(u128::from);
            Some(LiquidityIx { liquidity, ..change(Action::Place) })
        }
        _ => Some(change(Action::Place)),
    })
}

fn option_u32(cursor: &mut Cursor<'_>) -> Result<(), IxFault> {
    match cursor.u8().ok_or(IxFault::ShortData)? {
        0 => Ok(()),
        1 => cursor.u32().map(|_| ()).ok_or(IxFault::ShortData),
        _ => Err(IxFault::Flag),
    }
}

/// Log lines; each begins with the first 8 bytes of `keccak256(program id, path of the type)`
/// (utils.rs `get_discriminant`).
const CREATE_MARKET_LOG: [u8; 8] = [33, 31, 11, 6, 133, 143, 39, 71];
const PLACE_ORDER_LOG: [u8; 8] = [157, 118, 247, 213, 47, 19, 164, 120];
const PLACE_ORDER_LOG_V2: [u8; 8] = [189, 97, 159, 235, 136, 5, 1, 141];
const CANCEL_ORDER_LOG: [u8; 8] = [22, 65, 71, 33, 244, 235, 255, 215];

/// ClaimSeat, Deposit, Withdraw, Fill; GlobalCreate, GlobalAddTrader, GlobalClaimSeat,
/// GlobalDeposit, GlobalWithdraw, GlobalEvict, GlobalCleanup.
const OTHER_LOGS: [[u8; 8]; 11] = [
    [129, 77, 152, 210, 218, 144, 163, 56],
    [23, 214, 24, 34, 52, 104, 109, 188],
    [112, 218, 111, 63, 18, 95, 136, 35],
    [58, 230, 242, 3, 75, 113, 4, 169],
    [188, 25, 199, 77, 26, 15, 142, 193],
    [129, 246, 90, 94, 87, 186, 242, 7],
    [164, 46, 227, 175, 3, 143, 73, 86],
    [16, 26, 72, 1, 145, 232, 182, 71],
    [206, 118, 67, 64, 124, 109, 157, 201],
    [250, 180, 155, 38, 98, 223, 82, 223],
    [193, 249, 115, 186, 42, 126, 196, 82],
];

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    read(channel, bytes).unwrap_or(Event::Unknown)
}

/// The market stands first in each. A batch writes one line for each of its orders: none tells of
/// the whole.
fn read(channel: Channel, bytes: &[u8]) -> Option<Event<'_>> {
    let bytes = anchor(channel, bytes)?;
    Some(match *bytes.first_chunk()? {
        CREATE_MARKET_LOG | PLACE_ORDER_LOG | PLACE_ORDER_LOG_V2 | CANCEL_ORDER_LOG => {
            Event::Liquidity(Moved { pool: Some(key_at(bytes, 8)?), ..Moved::default() })
        }
        kind if OTHER_LOGS.contains(&kind) => Event::Other,
        _ => return None,
    })
}

const MARKET_LEN: usize = 256;

/// `MARKET_FIXED_DISCRIMINANT` and `GLOBAL_FIXED_DISCRIMINANT` (state/constants.rs).
const MARKET: u64 = 4_859_840_929_024_028_656;
const GLOBAL: u64 = 10_787_423_733_276_977_665;

fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, Venue::Manifest, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        match u64_at(data, 0).ok_or(short)? {
            GLOBAL => return Ok(()),
            MARKET => {}
            _ => return Err(AccountFault::Discriminator),
        }
        if data.len() < MARKET_LEN {
            return Err(short);
        }
        let keys = PoolKeys::at(key, Venue::Manifest, data, [16, 48], [80, 112]).ok_or(short)?;
        let (bids, asks) =
            side(data, 156, true).zip(side(data, 164, false)).ok_or(AccountFault::Value)?;
        let global = bids.global || asks.global;
        let joined = join::pool(book, clock, &keys, account.slot, out, |pool| {
            pool.curve = Curve::Book as u8;
            pool.fee_den = 1;
            (pool.lot_a, pool.lot_b, pool.price_step) = (1, 1, 1);
            pool.lots_per_unit = swap::UNIT;
            pool.present |= Pool::LOTS;
            Ok(global.then_some(Unsupported::GlobalOrder))
        });
        if let Some(pool) = joined {
            levels::emit(&pool, (key, account.slot), true, bids.levels, out);
            levels::emit(&pool, (key, account.slot), false, asks.levels, out);
        }
        Ok(())
    });
}

const BLOCK_LEN: usize = 80;
/// hypertree.rs `NIL`.
const NIL: u32 = u32::MAX;
/// resting_order.rs `OrderType::Global`.
const GLOBAL_ORDER: u8 = 3;

/// The orders of one side.
#[derive(Default)]
struct Side {
    levels: Vec<Level>,
    /// One is filled from a global account.
    global: bool,
}

/// The orders of the tree whose root stands at `at`; `None` when it is none.
fn side(data: &[u8], at: usize, is_bid: bool) -> Option<Side> {
    let blocks = data.get(MARKET_LEN..)?;
    let mut side = Side::default();
    levels::walk(u32_at(data, at)?, NIL, blocks.len().checked_div(BLOCK_LEN)?, |index| {
        let block = blocks.get(usize::try_from(index).ok()?..)?.get(..BLOCK_LEN)?;
        side.levels.push(Level {
            price: u128_at(block, 16)?,
            base: u64_at(block, 32)?,
            sequence: u64_at(block, 40)?,
            expires: u32_at(block, 52)?.into(),
            is_bid: is_bid.into(),
        });
        side.global |= u8_at(block, 57)? == GLOBAL_ORDER;
        Some([u32_at(block, 0)?, u32_at(block, 4)?])
    })?;
    Some(side)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::model::{instruction, join, places, pool_book, refused, tagged};
    use super::*;
    use crate::record::Layout;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::Manifest;

    fn swap_data(tag: u8, flags: [u8; 2]) -> Vec<u8> {
        [tagged(&[tag], &[7, 5]), flags.to_vec()].concat()
    }

    #[test]
    fn swaps_of_both_versions_and_exact_sides() {
        for (tag, past) in [(4, 0), (13, 1)] {
            let read = |flags| match instruction(VENUE, &swap_data(tag, flags), 14) {
                Decoded::One(swap) => swap,
                other => panic!("{other:?}"),
            };
            let sells = read([1, 1]);
            assert_eq!((sells.exact, sells.amount, sells.limit), (Exact::In, Some(7), Some(5)));
            let sides = [1, 0, 3, 4, 5, 6].map(|at: u8| Some(at.strict_add(past)));
            assert_eq!((sells.direction, places(&sells)), (Direction::AToB, sides));
            let buys = read([0, 0]);
            assert_eq!((buys.exact, buys.amount, buys.limit), (Exact::Out, Some(5), Some(7)));
            let sides = [1, 0, 4, 3, 5, 6].map(|at: u8| Some(at.strict_add(past)));
            assert_eq!((buys.direction, places(&buys)), (Direction::BToA, sides));
        }
    }

    /// One cancel with a hint, one without, and `orders` orders of 9, 10 and so on base atoms.
    fn batch_data(cancels: bool, orders: u64) -> Vec<u8> {
        let mut data = vec![6, 1, 1, 2, 3, 4];
        if cancels {
            data.extend([2, 0, 0, 0]);
            data.extend(tagged(&[], &[77]));
            data.extend([1, 9, 9, 9, 9]);
            data.extend(tagged(&[], &[78]));
            data.push(0);
        } else {
            data.extend([0; 4]);
        }
        data.extend(u32::try_from(orders).unwrap().to_le_bytes());
        for order in 0..orders {
            data.extend(order.strict_add(9).to_le_bytes());
            data.extend([1; 11]);
        }
        data
    }

    #[test]
    fn a_batch_places_or_cancels() {
        let read = |data: &[u8]| match instruction(VENUE, data, 3) {
            Decoded::Liquidity(change) => {
                assert_eq!((change.owner, change.pool), (Some(&[0; 32]), Some(&[1; 32])));
                Some((change.action, change.liquidity))
            }
            Decoded::NotSwap => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(read(&batch_data(false, 0)), None);
        assert_eq!(read(&batch_data(false, 1)), Some((Action::Place, Some(9))));
        assert_eq!(read(&batch_data(false, 2)), Some((Action::Place, None)));
        assert_eq!(read(&batch_data(true, 0)), Some((Action::Cancel, None)));
        assert_eq!(read(&batch_data(true, 1)), Some((Action::Place, None)));
        let odd = [6, 2];
        assert_eq!(refused(VENUE, &odd, 3), Some(IxFault::Flag));
        // A count that no data could hold.
        let huge = [&[6, 0][..], &[0xff; 4], &[0; 40]].concat();
        assert_eq!(refused(VENUE, &huge, 3), Some(IxFault::ShortData));
    }

    #[test]
    fn every_instruction_at_every_shorter_length() {
        let whole = [
            (vec![0], 9, Some(Action::Create)),
            (swap_data(4, [1, 1]), 8, None),
            (swap_data(13, [1, 1]), 9, None),
            (batch_data(true, 2), 3, Some(Action::Place)),
            (vec![12], 3, Some(Action::Cancel)),
        ];
        for (data, accounts, action) in &whole {
            match (instruction(VENUE, data, *accounts), action) {
                (Decoded::One(_), None) => {}
                (Decoded::Liquidity(change), Some(action)) => assert_eq!(change.action, *action),
                other => panic!("{other:?}"),
            }
            for len in 0..data.len() {
                assert_eq!(refused(VENUE, &data[..len], *accounts), Some(IxFault::ShortData));
            }
            for fewer in 0..*accounts {
                assert_eq!(refused(VENUE, data, fewer), Some(IxFault::FewAccounts));
            }
        }
        for tag in [1, 2, 3, 5, 7, 8, 9, 10, 11] {
            assert!(matches!(instruction(VENUE, &[tag], 0), Decoded::NotSwap));
        }
        for tag in 14..=255 {
            assert_eq!(refused(VENUE, &[tag], 20), Some(IxFault::Unknown));
        }
    }

    #[test]
    fn a_log_of_an_order_names_its_market_and_a_fill_is_left_to_transfers() {
        let logs = [CREATE_MARKET_LOG, PLACE_ORDER_LOG, PLACE_ORDER_LOG_V2, CANCEL_ORDER_LOG];
        for kind in logs {
            let bytes = [&kind[..], &[6; 32]].concat();
            let Event::Liquidity(moved) = event(Channel::Data, &bytes) else { panic!() };
            assert_eq!(moved, Moved { pool: Some(&[6; 32]), ..Moved::default() });
            for len in 0..40 {
                assert!(matches!(event(Channel::Data, &bytes[..len]), Event::Unknown));
            }
        }
        for kind in OTHER_LOGS {
            assert!(matches!(event(Channel::Data, &kind), Event::Other));
            assert!(!logs.contains(&kind));
        }
        assert!(matches!(event(Channel::Data, &[0; 200]), Event::Unknown));
    }

    #[test]
    fn pools_are_read() {
        let mut data = vec![0; MARKET_LEN];
        put(&mut data, 0, &MARKET.to_le_bytes());
        for (at, n) in [(16, 4), (48, 5), (80, 2), (112, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 156, &[0xff; 12]);
        let (pool, unsupported) = join(&pool_book(VENUE, &data), Clock::default()).pools[0];
        assert_eq!((unsupported, pool.invalid()), (None, None));
        assert_eq!((pool.fee_num, pool.fee_den), (0, 1));
        assert_eq!((pool.curve, pool.reserve_a, pool.reserve_b), (Curve::Book as u8, 70, 80));
        let wrong = |data: &[u8]| join(&pool_book(VENUE, data), Clock::default()).wrong[0].1;
        (1..256).for_each(|len| assert_eq!(wrong(&data[..len]), "wrong_len", "{len}"));
        assert_eq!(wrong(&[1; 256]), "wrong_discriminator");
        put(&mut data, 0, &GLOBAL.to_le_bytes());
        let joined = join(&pool_book(VENUE, &data), Clock::default());
        assert!(joined.pools.is_empty() && joined.wrong.is_empty());
    }

    /// A market with bids of 5 and 7 and an ask of 9, in blocks 0 to 2.
    fn market() -> Vec<u8> {
        let mut data = vec![0; MARKET_LEN + 3 * BLOCK_LEN];
        put(&mut data, 0, &MARKET.to_le_bytes());
        for (at, n) in [(16, 4), (48, 5), (80, 2), (112, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 156, &0u32.to_le_bytes());
        put(&mut data, 164, &160u32.to_le_bytes());
        for (at, right, price, words, slot) in [
            (256, 80, 5u128, [10u64, 8], 0u32),
            (336, NIL, 7, [20, 9], 30),
            (416, NIL, 9, [60, 6], 40),
        ] {
            put(&mut data, at, &NIL.to_le_bytes());
            put(&mut data, at.strict_add(4), &right.to_le_bytes());
            put(&mut data, at.strict_add(16), &price.to_le_bytes());
            put(&mut data, at.strict_add(32), &words[0].to_le_bytes());
            put(&mut data, at.strict_add(40), &words[1].to_le_bytes());
            put(&mut data, at.strict_add(52), &slot.to_le_bytes());
        }
        data
    }

    #[test]
    fn orders_are_read_best_first() {
        let data = market();
        let joined = join(&pool_book(VENUE, &data), Clock::default());
        assert_eq!((joined.wrong.len(), joined.levels.len(), joined.pools[0].1), (0, 2, None));
        let side = |at: usize| {
            let (ticks, levels) = &joined.levels[at];
            assert_eq!((ticks.invalid(), ticks.array, ticks.slot), (None, [1; 32], 9));
            let short = |l: &Level| (l.price, l.base, l.sequence, l.expires, l.is_bid);
            (ticks.start_tick, levels.iter().map(short).collect::<Vec<_>>())
        };
        let bids = vec![(7, 20, 9, 30, 1), (5, 10, 8, 0, 1)];
        assert_eq!([side(0), side(1)], [(-1, bids), (1, vec![(9, 60, 6, 40, 0)])]);
        let mut with = data.clone();
        with[336 + 57] = GLOBAL_ORDER;
        let unsupported = join(&pool_book(VENUE, &with), Clock::default()).pools[0].1;
        assert_eq!(unsupported, Some(Unsupported::GlobalOrder));
        // A root that is no block, a cycle, a block that is cut off.
        for (at, value) in [(156, 161u32), (336, 0), (164, 4000)] {
            let mut broken = data.clone();
            put(&mut broken, at, &value.to_le_bytes());
            let joined = join(&pool_book(VENUE, &broken), Clock::default());
            assert_eq!((joined.pools.len(), &joined.wrong[..]), (0, &[([1; 32], "bad_value")][..]));
        }
    }

    proptest! {
        #[test]
        fn hostile_books_never_panic(tail in proptest::collection::vec(any::<u8>(), 240), near: bool) {
            let mut data = market();
            put(&mut data, 256, &tail);
            if near {
                for at in [256, 260, 336, 340, 416, 420] {
                    put(&mut data, at, &[[0, 80, 160][usize::from(tail[at % 100]) % 3], 0, 0, 0]);
                }
            }
            let _ = join(&pool_book(VENUE, &data), Clock::default());
        }

        #[test]
        fn no_bytes_panic(tag in 0u8..15, tail: Vec<u8>) {
            let data = [&[tag][..], &tail].concat();
            let _ = (refused(VENUE, &data, 14), event(Channel::Data, &tail));
            let _ = join(&pool_book(VENUE, &tail), Clock::default());
        }
    }
}
