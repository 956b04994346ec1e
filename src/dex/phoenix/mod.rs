//! Phoenix v1: an order book.
//!
//! Source: Ellipsis-Labs/phoenix-v1, src/program/{instruction,accounts,status,events,
//! event_recorder}.rs, src/state/order_schema/order_packet.rs, src/program/processor @dac82fe. Not an
//! Anchor program: the first byte of an instruction is its tag. No transaction of mainnet was at
//! hand.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 0 | Swap | order packet@1 | 9 |
//! | 1 | SwapWithFreeFunds | order packet@1 | 5 |
//! | 2, 3 | PlaceLimitOrder, .. | order packet@1 | 10, 5 |
//! | 4, 5 | ReduceOrder, .. | side u8@1, price u64@2, number u64@10, base lots u64@18 | 9, 4 |
//! | 6 to 11 | CancelAllOrders, CancelUpTo, CancelMultipleOrdersById, each in two kinds | | 9, 4 |
//! | 12 to 14 | WithdrawFunds, DepositFunds, RequestSeat | | |
//! | 15 | Log, which the program sends to itself | header and events | 1 |
//! | 16, 17 | PlaceMultiplePostOnlyOrders, .. | lists | 10, 5 |
//! | 100 | InitializeMarket | | 10 |
//! | 101 to 106, 109 | authority, status, seats, who receives fees | | |
//! | 107, 108 | ForceCancelOrders, CollectFees | | 11, 7 |
//!
//! Accounts: 0 program, 1 log authority, 2 market, 3 trader (signs); of Swap 4 user base, 5 user
//! quote, 6 base vault, 7 quote vault, 8 token program; of InitializeMarket 4 base mint, 5 quote mint.
//!
//! An order packet: kind u8 (0 post only, 1 limit, 2 immediate or cancel), side u8 (0 buys base), then
//! of 0 and 1 price u64, base lots u64; of 2 price an option of u64, base lots u64, quote lots u64,
//! least base u64, least quote u64; the rest is of no concern. Of a packet of kind 2 the lots that are
//! not 0 are the exact side.
//!
//! Prices and sizes are lots, whose worth the market's account alone tells, and so are those of the
//! Log: an intent names its exact side and no amount, and a fill is read from transfers. A swap with
//! deposited funds makes none.
//!
//! Market: discriminator u64@0, status u64@8, places for bids u64@16 and for asks u64@24, base decimals
//! u32@40, base mint@48, base vault@80, base lot u64@112, quote decimals u32@120, quote mint@128, quote
//! vault@160, quote lot u64@192; header 576 bytes, then the book: base lots of a unit u64@832, tick in
//! quote lots of a unit u64@840, taker fee u64@856 (bps), bids @880, then asks.
//!
//! Bids and asks are red-black trees (Ellipsis-Labs/sokoban src/{red_black_tree,node_allocator}.rs
//! @04a4a33, lib-sokoban 0.3.0): root u64@0, then after 32 bytes nodes of 64, counted from 1: left u32@0,
//! right u32@4, price u64@16 (ticks), sequence u64@24 (of a bid with all bits turned), base lots u64@40,
//! last slot u64@48, last second u64@56 (src/state/markets/fifo.rs). A level that has both limits shows
//! the slot.

mod swap;

use super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys};
use super::event::{Channel, Event, Moved};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use super::{join, levels};
use crate::bytes::{Cursor, key_at, u8_at, u32_at, u64_at};
use crate::ids::Venue;
use crate::record::{Action, Curve, Direction, Exact, Level, Pool, PoolStatus};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::Source },
    decode,
    event,
    pools,
    swap: swap::swap,
    settle: levels::settle,
    segment: |pool, around, a_to_b, cursor| {
        levels::segment(pool, around, a_to_b, cursor, (pool.fee_num, pool.fee_den))
    },
    ..VenueSpec::of(Venue::Phoenix)
};

const LOG: u8 = 15;

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let tag = *ix.data.first().ok_or(IxFault::ShortData)?;
    let (action, accounts) = match tag {
        0 | 1 => return swap_ix(ix, tag == 0).map(Decoded::One),
        2 | 16 => (Action::Place, 10),
        3 | 17 => (Action::Place, 5),
        4 | 6 | 8 | 10 => (Action::Cancel, 9),
        5 | 7 | 9 | 11 => (Action::Cancel, 4),
        107 => (Action::Cancel, 11),
        100 => (Action::Create, 10),
        103 => (Action::Config, 4),
        108 => (Action::Collect, 7),
        12..=LOG | 101 | 102 | 104..=106 | 109 => return Ok(Decoded::NotSwap),
        _ => return Err(IxFault::Unknown),
    };
    let mut change = LiquidityIx::new(Venue::Phoenix, action);
    match tag {
        2 | 3 => {
            let placed = Packet::read(ix.data)?;
            (change.liquidity, change.value) = (Some(placed.base_lots.into()), placed.price);
        }
        4 | 5 => {
            ix.flag(1)?;
            (change.value, change.liquidity) = (Some(ix.u64(2)?), Some(ix.u64(18)?.into()));
        }
        100 => (change.mint_a, change.mint_b) = (ix.account(4), ix.account(5)),
        _ => {}
    }
    ix.at_least(accounts)?;
    (change.pool, change.owner) = (ix.account(2), ix.account(3));
    Ok(Decoded::Liquidity(change))
}

/// What is read of an order packet.
#[derive(Clone, Copy, Debug)]
struct Packet {
    /// It is immediate or cancel.
    takes: bool,
    sells: bool,
    price: Option<u64>,
    base_lots: u64,
    /// 0 but for an order that takes.
    quote_lots: u64,
}

impl Packet {
    /// The packet of the instruction `data`.
    fn read(data: &[u8]) -> Result<Self, IxFault> {
        const SHORT: IxFault = IxFault::ShortData;
        let mut cursor = Cursor::new(data.get(1..).ok_or(SHORT)?);
        let takes = match cursor.u8().ok_or(SHORT)? {
            0 | 1 => false,
            2 => true,
            _ => return Err(IxFault::Unknown),
        };
        let sells = flag(&mut cursor)?;
        let priced = !takes || flag(&mut cursor)?;
        let price = if priced { Some(cursor.u64().ok_or(SHORT)?) } else { None };
        let base_lots = cursor.u64().ok_or(SHORT)?;
        let quote_lots = if takes {
            let lots = cursor.u64().ok_or(SHORT)?;
            cursor.take(16).ok_or(SHORT)?;
            lots
        } else {
            0
        };
        Ok(Self { takes, sells, price, base_lots, quote_lots })
    }
}

fn flag(cursor: &mut Cursor<'_>) -> Result<bool, IxFault> {
    match cursor.u8().ok_or(IxFault::ShortData)? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(IxFault::Flag),
    }
}

/// A swap from the trader's own accounts, or with funds that lie deposited.
fn swap_ix<'a>(ix: &Instruction<'a>, pays: bool) -> Result<SwapIx<'a>, IxFault> {
    let packet = Packet::read(ix.data)?;
    if !packet.takes {
        return Err(IxFault::Unknown); // the program refuses it
    }
    ix.at_least(if pays { 9 } else { 5 })?;
    let exact_in = if packet.sells { packet.base_lots } else { packet.quote_lots } != 0;
    let mut swap = SwapIx::new(Venue::Phoenix, if exact_in { Exact::In } else { Exact::Out });
    (swap.pool, swap.owner) = (ix.account(2), ix.account(3));
    swap.direction = if packet.sells { Direction::AToB } else { Direction::BToA };
    if pays {
        (swap.vault_a, swap.vault_b) = (ix.account(6), ix.account(7));
        let (base, quote) = (ix.account(4), ix.account(5));
        let sides = if packet.sells { (base, quote) } else { (quote, base) };
        (swap.user_in, swap.user_out) = sides;
    }
    Ok(swap)
}

/// Log: tag u8@0, event kind u8@1 (1, the header), instruction u8@2, sequence u64@3, timestamp
/// i64@11, slot u64@19, market@27, signer@59, count u16@91, then as many events.
fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    read(channel, bytes).unwrap_or(Event::Unknown)
}

fn read(channel: Channel, bytes: &[u8]) -> Option<Event<'_>> {
    if channel != Channel::SelfCall || !bytes.starts_with(&[LOG, 1]) {
        return None;
    }
    let pool = Some(key_at(bytes, 27)?);
    bytes.get(91..93)?;
    Some(match u8_at(bytes, 2)? {
        2..=11 | 16 | 17 | 100 | 103 | 107 | 108 => {
            Event::Liquidity(Moved { pool, ..Moved::default() })
        }
        _ => Event::Other,
    })
}

/// `keccak256(program id, "phoenix::program::accounts::MarketHeader")`, the first 8 bytes, and the
/// same of `Seat` (src/program/accounts.rs `get_discriminant`).
const MARKET: u64 = 8_167_313_896_524_341_111;
const SEAT: u64 = 2_002_603_505_298_356_104;

fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, Venue::Phoenix, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        match u64_at(data, 0).ok_or(short)? {
            SEAT => return Ok(()),
            MARKET => {}
            _ => return Err(AccountFault::Discriminator),
        }
        let (status, fee_bps) = u64_at(data, 8).zip(u64_at(data, 856)).ok_or(short)?;
        let trees = trees(data).ok_or(short)?;
        let lots = [112, 192, 832, 840].map(|at| u64_at(data, at).unwrap_or(0));
        if lots.contains(&0) {
            return Err(AccountFault::Value);
        }
        let status = market_status(status)?;
        let keys = PoolKeys::at(key, Venue::Phoenix, data, [48, 128], [80, 160]).ok_or(short)?;
        let joined = join::pool(book, clock, &keys, account.slot, out, |pool| {
            pool.curve = Curve::Book as u8;
            (pool.fee_num, pool.fee_den, pool.fee_side) = (fee_bps, 10_000, join::FEE_IN_B);
            if fee_bps >= pool.fee_den {
                return Err(AccountFault::Fee);
            }
            if status != PoolStatus::Open {
                pool.status = status as u8;
            }
            [pool.lot_a, pool.lot_b, pool.lots_per_unit, pool.price_step] = lots;
            pool.present |= Pool::LOTS;
            Ok(None)
        });
        let Some(pool) = joined else { return Ok(()) };
        for (nodes, is_bid) in trees.into_iter().zip([true, false]) {
            let levels = side(nodes, is_bid).ok_or(AccountFault::Value)?;
            levels::emit(&pool, (key, account.slot), is_bid, levels, out);
        }
        Ok(())
    });
}

const TREE_HEAD: usize = 32;
const NODE_LEN: usize = 64;

/// The trees of bids and of asks: what stands before their nodes, and these.
fn trees(data: &[u8]) -> Option<[&[u8]; 2]> {
    let len = |at| {
        let nodes = usize::try_from(u64_at(data, at)?).ok()?;
        nodes.checked_mul(NODE_LEN)?.checked_add(TREE_HEAD)
    };
    let (bids, rest) = data.get(880..)?.split_at_checked(len(16)?)?;
    Some([bids, rest.get(..len(24)?)?])
}

/// The orders of one tree; `None` when it is none.
fn side(tree: &[u8], is_bid: bool) -> Option<Vec<Level>> {
    let root = u32::try_from(u64_at(tree, 0)?).ok()?;
    let nodes = tree.get(TREE_HEAD..)?;
    let mut levels = Vec::new();
    levels::walk(root, 0, nodes.len().checked_div(NODE_LEN)?, |index| {
        let at = usize::try_from(index).ok()?.checked_sub(1)?.checked_mul(NODE_LEN)?;
        let node = nodes.get(at..)?.get(..NODE_LEN)?;
        let sequence = u64_at(node, 24)?;
        let (slot, second) = (u64_at(node, 48)?, u64_at(node, 56)?);
        levels.push(Level {
            price: u64_at(node, 16)?.into(),
            base: u64_at(node, 40)?,
            sequence: if is_bid { !sequence } else { sequence },
            expires: if slot == 0 { second } else { slot },
            is_bid: is_bid.into(),
        });
        Some([u32_at(node, 0)?, u32_at(node, 4)?])
    })?;
    Some(levels)
}

/// status.rs: only an active market (1) lets orders cross; 2 takes orders that rest, 3 to 5 none.
fn market_status(status: u64) -> Result<PoolStatus, AccountFault> {
    match status {
        1 => Ok(PoolStatus::Open),
        2..=5 => Ok(PoolStatus::Disabled),
        0 => Err(AccountFault::NotInitialised),
        _ => Err(AccountFault::Value),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::model::{instruction, join, places, pool_book, refused, tagged};
    use super::*;
    use crate::record::Layout;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::Phoenix;

    /// An order that takes: side, price, base lots, quote lots.
    fn takes(tag: u8, side: u8, price: Option<u64>, base: u64, quote: u64) -> Vec<u8> {
        let mut data = vec![tag, 2, side, u8::from(price.is_some())];
        data.extend(tagged(&[], price.as_slice()));
        data.extend(tagged(&[], &[base, quote, 1, 2]));
        data
    }

    #[test]
    fn swaps_name_their_exact_side_and_no_amount() {
        let read = |data: &[u8]| match instruction(VENUE, data, 9) {
            Decoded::One(swap) => {
                assert_eq!((swap.amount, swap.limit), (None, None));
                (swap.exact, swap.direction, places(&swap))
            }
            other => panic!("{other:?}"),
        };
        let (sells, buys) = (Direction::AToB, Direction::BToA);
        let (base_in, quote_in) = ([2, 3, 4, 5, 6, 7].map(Some), [2, 3, 5, 4, 6, 7].map(Some));
        assert_eq!(read(&takes(0, 0, None, 0, 9)), (Exact::In, buys, quote_in));
        assert_eq!(read(&takes(0, 0, Some(5), 9, 0)), (Exact::Out, buys, quote_in));
        assert_eq!(read(&takes(0, 1, None, 9, 0)), (Exact::In, sells, base_in));
        assert_eq!(read(&takes(0, 1, Some(5), 0, 9)), (Exact::Out, sells, base_in));
        let deposited = [Some(2), Some(3), None, None, None, None];
        assert_eq!(read(&takes(1, 1, None, 9, 0)), (Exact::In, sells, deposited));
    }

    #[test]
    fn orders_that_rest_carry_lots_and_price() {
        let read = |data: &[u8]| match instruction(VENUE, data, 11) {
            Decoded::Liquidity(change) => {
                assert_eq!((change.pool, change.owner), (Some(&[2; 32]), Some(&[3; 32])));
                (change.action, change.liquidity, change.value)
            }
            other => panic!("{other:?}"),
        };
        for (tag, kind) in [(2, 0), (2, 1), (3, 0), (3, 1)] {
            let placed = read(&tagged(&[tag, kind, 1], &[500, 9]));
            assert_eq!(placed, (Action::Place, Some(9), Some(500)));
        }
        for tag in [4, 5] {
            let reduced = read(&tagged(&[tag, 0], &[500, 77, 9]));
            assert_eq!(reduced, (Action::Cancel, Some(9), Some(500)));
        }
        assert_eq!(read(&[108]), (Action::Collect, None, None));
    }

    #[test]
    fn every_instruction_at_every_shorter_length() {
        let swap = takes(0, 1, Some(5), 9, 0);
        let with_free_funds = takes(1, 0, None, 9, 0);
        let mut whole = vec![
            (swap, 9),
            (with_free_funds, 5),
            (tagged(&[2, 0, 1], &[500, 9]), 10),
            (tagged(&[3, 1, 1], &[500, 9]), 5),
            (tagged(&[4, 0], &[500, 77, 9]), 9),
            (tagged(&[5, 0], &[500, 77, 9]), 4),
        ];
        for (tag, accounts) in [(6, 9), (7, 4), (8, 9), (9, 4), (10, 9), (11, 4), (16, 10)] {
            whole.push((vec![tag], accounts));
        }
        whole.extend([(vec![17], 5), (vec![100], 10), (vec![103], 4), (vec![107], 11)]);
        whole.push((vec![108], 7));
        for (data, accounts) in &whole {
            assert_eq!(refused(VENUE, data, *accounts), None);
            for len in 0..data.len() {
                assert_eq!(refused(VENUE, &data[..len], *accounts), Some(IxFault::ShortData));
            }
            for fewer in 0..*accounts {
                assert_eq!(refused(VENUE, data, fewer), Some(IxFault::FewAccounts));
            }
        }
        for tag in [12, 13, 14, LOG, 101, 102, 104, 105, 106, 109] {
            assert!(matches!(instruction(VENUE, &[tag], 0), Decoded::NotSwap));
        }
        for tag in (18..100).chain(110..=255) {
            assert_eq!(refused(VENUE, &[tag], 20), Some(IxFault::Unknown));
        }
        assert_eq!(refused(VENUE, &takes(0, 2, None, 9, 0), 9), Some(IxFault::Flag));
        assert_eq!(refused(VENUE, &tagged(&[0, 0, 1], &[5, 9]), 9), Some(IxFault::Unknown));
        assert_eq!(refused(VENUE, &[2, 3, 1], 10), Some(IxFault::Unknown));
    }

    #[test]
    fn a_log_names_its_market_and_a_fill_is_left_to_transfers() {
        let log = |instruction: u8| {
            let mut bytes = vec![0; 93];
            bytes[..3].copy_from_slice(&[LOG, 1, instruction]);
            put(&mut bytes, 27, &[6; 32]);
            bytes
        };
        for instruction in [2, 4, 11, 16, 108] {
            let bytes = log(instruction);
            let Event::Liquidity(moved) = event(Channel::SelfCall, &bytes) else { panic!() };
            assert_eq!(moved, Moved { pool: Some(&[6; 32]), ..Moved::default() });
            for len in 0..bytes.len() {
                assert!(matches!(event(Channel::SelfCall, &bytes[..len]), Event::Unknown));
            }
        }
        for instruction in [0, 1, 13] {
            assert!(matches!(event(Channel::SelfCall, &log(instruction)), Event::Other));
        }
        assert!(matches!(event(Channel::Data, &log(2)), Event::Unknown));
    }

    #[test]
    fn markets_are_read_by_their_status() {
        let mut data = vec![0; 944];
        put(&mut data, 0, &MARKET.to_le_bytes());
        for (at, n) in [(48, 4), (80, 2), (128, 5), (160, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        for (at, value) in [(112, 1_000u64), (192, 2), (832, 3), (840, 4), (856, 5)] {
            put(&mut data, at, &value.to_le_bytes());
        }
        for (status, expected) in [(1, PoolStatus::Open), (2, PoolStatus::Disabled)] {
            data[8] = status;
            let (pool, unsupported) = join(&pool_book(VENUE, &data), Clock::default()).pools[0];
            assert_eq!((unsupported, pool.invalid()), (None, None));
            assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (5, 10_000, 2));
            assert_eq!((pool.status, pool.curve), (expected as u8, Curve::Book as u8));
            assert_eq!((pool.lot_a, pool.lot_b), (1_000, 2));
            assert_eq!((pool.lots_per_unit, pool.price_step), (3, 4));
        }
        let wrong = |data: &[u8]| join(&pool_book(VENUE, data), Clock::default()).wrong[0].1;
        (1..944).for_each(|len| assert_eq!(wrong(&data[..len]), "wrong_len", "{len}"));
        for (status, name) in [(0, "not_initialised"), (6, "bad_value")] {
            data[8] = status;
            assert_eq!(wrong(&data), name);
        }
        data[8] = 1;
        for at in [112, 192, 832, 840] {
            let mut none = data.clone();
            put(&mut none, at, &[0; 8]);
            assert_eq!(wrong(&none), "bad_value", "a lot of nothing");
        }
        put(&mut data, 856, &10_000u64.to_le_bytes());
        assert_eq!(wrong(&data), "bad_fee");
        put(&mut data, 0, &SEAT.to_le_bytes());
        let joined = join(&pool_book(VENUE, &data), Clock::default());
        assert!(joined.pools.is_empty() && joined.wrong.is_empty());
        assert_eq!(wrong(&[1; 944]), "wrong_discriminator");
    }

    /// A market with three places for bids and two for asks: bids of 5, 7 and 5 ticks, an ask of 9.
    fn market() -> Vec<u8> {
        let mut data = vec![0; 880 + (32 + 3 * 64) + (32 + 2 * 64)];
        put(&mut data, 0, &MARKET.to_le_bytes());
        for (at, n) in [(48, 4), (80, 2), (128, 5), (160, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        let lots = [(112, 1_000_000u64), (192, 1), (832, 1_000), (840, 100)];
        let heads = [(8, 1), (16, 3), (24, 2), (880, 1), (880 + 224, 2)];
        for (at, value) in lots.into_iter().chain(heads) {
            put(&mut data, at, &value.to_le_bytes());
        }
        let mut node = |at: usize, children: [u32; 2], words: [u64; 6]| {
            put(&mut data, at, &children[0].to_le_bytes());
            put(&mut data, at.strict_add(4), &children[1].to_le_bytes());
            for (n, word) in words.into_iter().enumerate() {
                put(&mut data, at.strict_add(16).strict_add(n.strict_mul(8)), &word.to_le_bytes());
            }
        };
        // Price, sequence, trader, lots, slot, second.
        node(912, [2, 3], [5, !8, 1, 10, 0, 0]);
        node(912 + 64, [0, 0], [7, !9, 1, 20, 30, 0]);
        node(912 + 128, [0, 0], [5, !4, 1, 40, 0, 50]);
        node(912 + 224 + 64, [0, 0], [9, 6, 1, 60, 30, 50]);
        data
    }

    #[test]
    fn orders_are_read_best_first() {
        let data = market();
        let joined = join(&pool_book(VENUE, &data), Clock::default());
        assert_eq!((joined.wrong.len(), joined.levels.len()), (0, 2));
        let side = |at: usize| {
            let (ticks, levels) = &joined.levels[at];
            assert_eq!((ticks.invalid(), ticks.array, ticks.slot), (None, [1; 32], 9));
            let short = |l: &Level| (l.price, l.base, l.sequence, l.expires, l.is_bid);
            (ticks.start_tick, levels.iter().map(short).collect::<Vec<_>>())
        };
        let bids = vec![(7, 20, 9, 30, 1), (5, 40, 4, 50, 1), (5, 10, 8, 0, 1)];
        assert_eq!([side(0), side(1)], [(-1, bids), (1, vec![(9, 60, 6, 30, 0)])]);
        // A child that is no node, a cycle, more places than there are bytes.
        for (at, value) in [(912, 4u32), (912 + 64, 1), (880, 9)] {
            let mut broken = data.clone();
            put(&mut broken, at, &value.to_le_bytes());
            let joined = join(&pool_book(VENUE, &broken), Clock::default());
            assert_eq!(joined.wrong, [([1; 32], "bad_value")], "{at}");
        }
        for at in [16, 24] {
            let mut broken = data.clone();
            put(&mut broken, at, &u64::MAX.to_le_bytes());
            let joined = join(&pool_book(VENUE, &broken), Clock::default());
            assert_eq!(joined.wrong, [([1; 32], "wrong_len")]);
        }
    }

    proptest! {
        #[test]
        fn hostile_books_never_panic(tail in proptest::collection::vec(any::<u8>(), 384), near: bool) {
            let mut data = market();
            put(&mut data, 880, &tail);
            if near {
                for at in [880, 912, 916, 976, 980, 880 + 224] {
                    put(&mut data, at, &[tail[at % 300] % 5, 0, 0, 0]);
                }
            }
            let _ = join(&pool_book(VENUE, &data), Clock::default());
        }

        #[test]
        fn no_bytes_panic(tag in 0u8..120, tail: Vec<u8>) {
            let data = [&[tag][..], &tail].concat();
            let _ = (refused(VENUE, &data, 11), event(Channel::SelfCall, &data));
            let _ = join(&pool_book(VENUE, &tail), Clock::default());
        }
    }
}
