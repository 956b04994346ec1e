//! OpenBook v2: an order book.
//!
//! Source: openbook-dex/openbook-v2, programs/openbook-v2/src/{lib,logs}.rs, accounts_ix,
//! instructions, state/market.rs, state/orderbook/book.rs @f3e1742. No transaction of mainnet was at
//! hand.
//!
//! | instruction | data | accounts |
//! |---|---|---|
//! | place_take_order | side u8@8 (0 buys base), price i64@9, most base i64@17, most quote with fees i64@25, type u8@33, limit u8@34 | 15 |
//! | place_order | side u8@8, price i64@9, most base i64@17, most quote i64@25, client's number u64@33, type u8@41, expiry u64@42, self-trade u8@50, limit u8@51 | 12 |
//! | place_order_pegged | side u8@8, offset i64@9, peg limit i64@17, most base i64@25, .., limit u8@59 | 12 |
//! | edit_order, edit_order_pegged | client's number u64@8, size i64@16, then the order as above @24 | 12 |
//! | place_orders, cancel_all_and_place_orders | lists | 14 |
//! | cancel_order, .._by_client_order_id, cancel_all_orders, prune_orders | | 5 |
//!
//! Accounts of place_take_order: 0 signer, 1 penalty payer, 2 market, 3 authority, 4 bids, 5 asks,
//! 6 base vault, 7 quote vault, 8 event heap, 9 user base, 10 user quote, 11 and 12 oracles, 13 and
//! 14 programs.
//!
//! Prices and sizes are lots, whose worth the market's account alone tells: an intent names its
//! direction and no amount. A fill is read from transfers: `TotalOrderFillEvent` counts the whole
//! taker fee, of which place_take_order pays the makers' part only (instructions/
//! place_take_order.rs), and `FillLog` tells of one maker's order.
//!
//! What moves a trader's deposit and no order (deposit, refill, settle_funds) is no change of the
//! book, nor is consume_events, which settles what was matched before.
//!
//! Market, 848 bytes: base decimals u8@9, quote decimals u8@10, expiry i64@48, open orders admin@88
//! (zero is none), bids@200, asks@232, quote lot i64@448, base lot i64@456, maker fee i64@480 and taker
//! fee i64@488 (ppm), base mint@576, quote mint@608, base vault@640, quote vault@680. A negative maker
//! fee is paid to makers out of the taker's.
//!
//! BookSide, 90952 bytes: root u32@8 and number of leaves u32@12 of the orders of fixed price, of the
//! pegged ones u32@16 and u32@20; 1024 nodes of 88 bytes @840: tag u8@0, key u128@8 (price and sequence;
//! of a bid the sequence has its bits turned); an inner node (1) children u32@24 and u32@28; a leaf (2)
//! seconds in force u16@2, base lots i64@56, time u64@64 (state/orderbook/{bookside,ordertree,nodes}.rs).
//! A pegged order follows an oracle: a book that has one is unsupported.

mod swap;

use super::accounts::{AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported};
use super::change::{self, Name, Row, change};
use super::event::{Channel, Event, Moved, anchor};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use super::{join, levels};
use crate::bytes::{key_at, u8_at, u16_at, u32_at, u64_at};
use crate::ids::{Key, Venue};
use crate::math::muldiv::mul_div_floor;
use crate::record::{Action, Curve, Direction, Exact, Level, Pool, PoolStatus};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::Source },
    decode,
    event,
    pools,
    swap: swap::swap,
    settle: levels::settle,
    segment: swap::segment,
    ..VenueSpec::of(Venue::OpenbookV2)
};

const PLACE_TAKE_ORDER: [u8; 8] = [0x03, 0x2c, 0x47, 0x03, 0x1a, 0xc7, 0xcb, 0x55];

use Action::{Cancel, Collect, Config, Create, Place};

/// What changes the book, or the market.
const CHANGES: [Row; 14] = [
    (
        "place_order",
        [0x33, 0xc2, 0x9b, 0xaf, 0x6d, 0x82, 0x60, 0x6a],
        change(Place, 12).pool(4).owner(0).args(|ix, to| placed(ix, 8, to)),
    ),
    (
        "place_order_pegged",
        [0x8d, 0xb9, 0xfb, 0x3f, 0x4a, 0x55, 0xd2, 0x91],
        change(Place, 12).pool(4).owner(0).args(|ix, to| pegged(ix, 8, to)),
    ),
    (
        "edit_order",
        [0xfe, 0xd0, 0x76, 0x1d, 0xad, 0xf8, 0xc8, 0x46],
        change(Place, 12).pool(4).owner(0).args(|ix, to| placed(ix, 24, to)),
    ),
    (
        "edit_order_pegged",
        [0x3e, 0xbb, 0x7d, 0x45, 0x1a, 0xdd, 0x9d, 0x85],
        change(Place, 12).pool(4).owner(0).args(|ix, to| pegged(ix, 24, to)),
    ),
    (
        "place_orders",
        [0x3c, 0x3f, 0x32, 0x7b, 0x0c, 0xc5, 0x3c, 0xbe],
        change(Place, 14).pool(5).owner(0),
    ),
    (
        "cancel_all_and_place_orders",
        [0x80, 0x9b, 0xde, 0x3c, 0xba, 0x28, 0xe1, 0x32],
        change(Place, 14).pool(5).owner(0),
    ),
    (
        "cancel_order",
        [0x5f, 0x81, 0xed, 0xf0, 0x08, 0x31, 0xdf, 0x84],
        change(Cancel, 5).pool(2).owner(0),
    ),
    (
        "cancel_order_by_client_order_id",
        [0x73, 0xb2, 0xc9, 0x08, 0xaf, 0xb7, 0x7b, 0x77],
        change(Cancel, 5).pool(2).owner(0),
    ),
    (
        "cancel_all_orders",
        [0xc4, 0x53, 0xf3, 0xab, 0x11, 0x64, 0xa0, 0x8f],
        change(Cancel, 5).pool(2).owner(0),
    ),
    (
        "prune_orders",
        [0x1b, 0xd5, 0x9f, 0xbf, 0x0c, 0x74, 0x70, 0x79],
        change(Cancel, 5).pool(2).owner(0),
    ),
    (
        "sweep_fees",
        [0xaf, 0xe1, 0x62, 0x47, 0x76, 0x42, 0x22, 0x94],
        change(Collect, 6).pool(1).owner(0),
    ),
    (
        "set_market_expired",
        [0xdb, 0x52, 0xdb, 0xec, 0x3c, 0x73, 0xc5, 0x40],
        change(Config, 2).pool(1).owner(0),
    ),
    (
        "close_market",
        [0x58, 0x9a, 0xf8, 0xba, 0x30, 0x0e, 0x7b, 0xf4],
        change(Config, 7).pool(1).owner(0),
    ),
    (
        "create_market",
        [0x67, 0xe2, 0x61, 0xeb, 0xc8, 0xbc, 0xfb, 0xfe],
        change(Create, 19).pool(0).owner(5).mints(8, 9),
    ),
];

/// The program's other instructions.
const OTHERS: [Name; 14] = [
    ("create_open_orders_indexer", [0x40, 0x40, 0x99, 0xff, 0xd9, 0x47, 0xf9, 0x85]),
    ("close_open_orders_indexer", [0x67, 0xf9, 0xe5, 0xe7, 0xf7, 0xfd, 0xc5, 0x88]),
    ("create_open_orders_account", [0xcc, 0xb5, 0xaf, 0xde, 0x28, 0x7d, 0xbc, 0x47]),
    ("close_open_orders_account", [0xb0, 0x4a, 0x73, 0xd2, 0x36, 0xb3, 0x5b, 0x67]),
    ("consume_events", [0xdd, 0x91, 0xb1, 0x34, 0x1f, 0x2f, 0x3f, 0xc9]),
    ("consume_given_events", [0xd1, 0xe3, 0x36, 0x04, 0x6d, 0xac, 0x29, 0x47]),
    ("deposit", [0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6]),
    ("refill", [0x80, 0xcf, 0x8e, 0x0b, 0x36, 0xe8, 0x26, 0xc9]),
    ("settle_funds", [0xee, 0x40, 0xa3, 0x60, 0x4b, 0xab, 0x10, 0x21]),
    ("settle_funds_expired", [0x6b, 0x12, 0x38, 0x45, 0xe4, 0x38, 0x37, 0xa4]),
    ("set_delegate", [0xf2, 0x1e, 0x2e, 0x4c, 0x6c, 0xeb, 0x80, 0xb5]),
    ("stub_oracle_create", [0xac, 0x3f, 0x65, 0x53, 0x8d, 0x4c, 0xc7, 0xd8]),
    ("stub_oracle_close", [0x5c, 0x89, 0x2d, 0x03, 0x2d, 0x3c, 0x75, 0xe0]),
    ("stub_oracle_set", [0x6d, 0xc6, 0x4f, 0x79, 0x41, 0xca, 0xa1, 0x8e]),
];

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    match ix.discriminator() {
        Some(PLACE_TAKE_ORDER) => take(ix).map(Decoded::One),
        _ => change::decode(Venue::OpenbookV2, ix, &CHANGES, &OTHERS),
    }
}

/// Both most base and most quote bound what is taken: neither is an exact amount in raw units.
fn take<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    let asks = ix.flag(8)?;
    if ix.data.len() < 35 {
        return Err(IxFault::ShortData);
    }
    ix.at_least(15)?;
    let mut swap = SwapIx::new(Venue::OpenbookV2, Exact::In);
    (swap.owner, swap.pool) = (ix.account(0), ix.account(2));
    (swap.vault_a, swap.vault_b) = (ix.account(6), ix.account(7));
    let (base, quote) = (ix.account(9), ix.account(10));
    if asks {
        (swap.direction, swap.user_in, swap.user_out) = (Direction::AToB, base, quote);
    } else {
        (swap.direction, swap.user_in, swap.user_out) = (Direction::BToA, quote, base);
    }
    Ok(swap)
}

/// An order at `at`: `liquidity` is its base lots, `value` its price, quote lots for a base lot.
fn placed(ix: &Instruction<'_>, at: usize, to: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    to.value = Some(ix.u64(at.saturating_add(1))?);
    order(ix, at, at.saturating_add(9), to)
}

/// An order whose price is an offset from an oracle's.
fn pegged(ix: &Instruction<'_>, at: usize, to: &mut LiquidityIx<'_>) -> Result<(), IxFault> {
    order(ix, at, at.saturating_add(17), to)
}

/// The side of an order is at `at`, its base lots are at `base`, 35 bytes before its end.
fn order(
    ix: &Instruction<'_>,
    at: usize,
    base: usize,
    to: &mut LiquidityIx<'_>,
) -> Result<(), IxFault> {
    ix.flag(at)?;
    to.liquidity = Some(ix.u64(base)?.into());
    ix.data.get(base.saturating_add(34)).map(|_| ()).ok_or(IxFault::ShortData)
}

/// Events that tell of no pool, or of what transfers tell better.
const EVENTS: [Name; 8] = [
    ("DepositLog", [0x8d, 0xba, 0xa8, 0xfc, 0x6c, 0x8d, 0x48, 0x5e]),
    ("FillLog", [0x96, 0x17, 0x29, 0x94, 0x98, 0xa2, 0xd7, 0x40]),
    ("TakerSignatureLog", [0x7d, 0xa7, 0xb6, 0xf6, 0xf9, 0x03, 0x39, 0x4d]),
    ("MarketMetaDataLog", [0xd1, 0x57, 0xd4, 0xec, 0xa4, 0x3a, 0x3c, 0x75]),
    ("TotalOrderFillEvent", [0x08, 0xeb, 0x30, 0x3a, 0xae, 0x4c, 0x9c, 0x69]),
    ("SetDelegateLog", [0x35, 0x82, 0x97, 0x5c, 0x6d, 0x39, 0x91, 0x70]),
    ("SettleFundsLog", [0x0a, 0x32, 0xf0, 0x75, 0xed, 0x43, 0xe6, 0xe9]),
    ("OpenOrdersPositionLog", [0xc4, 0xf9, 0x94, 0x21, 0xa8, 0xe4, 0x49, 0x06]),
];

/// `SweepFeesLog`: market@8, amount u64@40 of quote.
const SWEPT: [u8; 8] = [0xd2, 0xf2, 0x1a, 0x4d, 0x5e, 0x30, 0xff, 0x3d];

fn event(channel: Channel, bytes: &[u8]) -> Event<'_> {
    read(channel, bytes).unwrap_or(Event::Unknown)
}

fn read(channel: Channel, bytes: &[u8]) -> Option<Event<'_>> {
    let bytes = anchor(channel, bytes)?;
    let kind = *bytes.first_chunk()?;
    if kind == SWEPT {
        let (pool, amount_b) = (Some(key_at(bytes, 8)?), Some(u64_at(bytes, 40)?));
        return Some(Event::Liquidity(Moved { pool, amount_b, ..Moved::default() }));
    }
    EVENTS.iter().any(|(_, known)| *known == kind).then_some(Event::Other)
}

const MARKET: [u8; 8] = [0xdb, 0xbe, 0xd5, 0x37, 0x00, 0xe3, 0xc6, 0x9a];
const MARKET_LEN: usize = 848;

/// The program's other accounts.
const ACCOUNTS: [Name; 5] = [
    ("BookSide", [0x48, 0x2c, 0xe1, 0x8d, 0xb2, 0x82, 0x61, 0x39]),
    ("EventHeap", [0x77, 0x3b, 0x3d, 0x13, 0xa5, 0x54, 0x39, 0xaf]),
    ("OpenOrdersAccount", [0xff, 0xc2, 0x4e, 0x7b, 0x10, 0x69, 0xd0, 0xa5]),
    ("OpenOrdersIndexer", [0xc3, 0x53, 0x80, 0xd5, 0xcc, 0x5b, 0x13, 0x96]),
    ("StubOracle", [0xe0, 0xfb, 0xfe, 0x63, 0xb1, 0xae, 0x89, 0x04]),
];

fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, Venue::OpenbookV2, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        let kind = data.first_chunk().ok_or(short)?;
        if ACCOUNTS.iter().any(|(_, known)| known == kind) {
            return Ok(());
        }
        if *kind != MARKET {
            return Err(AccountFault::Discriminator);
        }
        if data.len() < MARKET_LEN {
            return Err(short);
        }
        let keys = PoolKeys::at(key, Venue::OpenbookV2, data, [576, 608], [640, 680]);
        let sides = [key_at(data, 200).ok_or(short)?, key_at(data, 232).ok_or(short)?];
        let pegged = |side: &&Key| {
            book.get(side).is_some_and(|side| u32_at(&side.data, 20).is_some_and(|n| n > 0))
        };
        let joined = join::pool(book, clock, &keys.ok_or(short)?, account.slot, out, |pool| {
            let admin: &Key = key_at(data, 88).ok_or(short)?;
            fill(pool, data, clock).ok_or(short)?;
            if pool.fee_num >= pool.fee_den {
                return Err(AccountFault::Fee);
            }
            let permission = (*admin != [0; 32]).then_some(Unsupported::Permission);
            let pegged = sides.iter().any(pegged).then_some(Unsupported::OraclePeg);
            fill_lots(pool, data)?;
            Ok(permission.or(pegged))
        });
        if let Some(pool) = joined {
            emit_sides(book, &pool, sides, out);
        }
        Ok(())
    });
}

/// Hands over both sides of the book, and names the one that is missing or broken.
fn emit_sides(book: &AccountBook, pool: &Pool, sides: [&Key; 2], out: &mut Out<'_>) {
    let (venue, pool_key) = (Venue::OpenbookV2, &pool.pool);
    for (key, (part, is_bid)) in sides.into_iter().zip([(Part::Bids, true), (Part::Asks, false)]) {
        let Some(account) = book.get(key) else {
            out(Found::Missing { pool: pool_key, venue, part, key });
            continue;
        };
        let levels = if venue.programs().contains(&account.owner) {
            side(&account.data, is_bid)
        } else {
            Err(AccountFault::Owner)
        };
        match levels {
            Ok(levels) => levels::emit(pool, (key, account.slot), is_bid, levels, out),
            Err(fault) => out(Found::Refused { pool: pool_key, key, venue, fault }),
        }
    }
}

const SIDE_LEN: usize = 90_952;
const NODE_LEN: usize = 88;

/// The orders of fixed price of a BookSide account.
fn side(data: &[u8], is_bid: bool) -> Result<Vec<Level>, AccountFault> {
    if !ACCOUNTS.iter().any(|(name, kind)| *name == "BookSide" && data.starts_with(kind)) {
        return Err(AccountFault::Discriminator);
    }
    if data.len() < SIDE_LEN {
        return Err(AccountFault::WrongLen);
    }
    orders(data, is_bid).ok_or(AccountFault::Value)
}

fn orders(data: &[u8], is_bid: bool) -> Option<Vec<Level>> {
    // ordertree.rs `OrderTreeRoot::node`: without leaves the root is no node. No node is its own nil.
    const NIL: u32 = u32::MAX;
    let root = if u32_at(data, 12)? == 0 { NIL } else { u32_at(data, 8)? };
    let nodes = data.get(840..SIDE_LEN)?;
    let mut levels = Vec::new();
    levels::walk(root, NIL, nodes.len().checked_div(NODE_LEN)?, |index| {
        let at = usize::try_from(index).ok()?.checked_mul(NODE_LEN)?;
        let node = nodes.get(at..)?.get(..NODE_LEN)?;
        match u8_at(node, 0)? {
            1 => return Some([u32_at(node, 24)?, u32_at(node, 28)?]),
            2 => {}
            _ => return None,
        }
        let (sequence, price) = (u64_at(node, 8)?, u64_at(node, 16)?);
        // nodes.rs `is_expired`: no more at the second `timestamp + time_in_force`.
        let expires = match u16_at(node, 2)? {
            0 => 0,
            seconds => u64_at(node, 64)?.checked_add(u64::from(seconds))?.checked_sub(1)?,
        };
        levels.push(Level {
            price: price.into(),
            base: u64_at(node, 56)?,
            sequence: if is_bid { !sequence } else { sequence },
            expires,
            is_bid: is_bid.into(),
        });
        Some([NIL; 2])
    })?;
    Some(levels)
}

/// The taker's fee, always of quote; a negative one, which the program refuses, is out of range.
fn fill(pool: &mut Pool, data: &[u8], clock: Clock) -> Option<()> {
    pool.curve = Curve::Book as u8;
    (pool.fee_num, pool.fee_den) = (u64_at(data, 488)?, 1_000_000);
    pool.fee_side = join::FEE_IN_B;
    let expiry = u64_at(data, 48)?;
    if expiry != 0 && clock.unix_s.is_some_and(|now| expiry < now) {
        pool.status = PoolStatus::Disabled as u8;
    }
    Some(())
}

/// Lots, and what of the taker's fee the makers do not get.
fn fill_lots(pool: &mut Pool, data: &[u8]) -> Result<(), AccountFault> {
    let [lot_b, lot_a, maker] =
        [448, 456, 480].map(|at| u64_at(data, at).map_or(0, u64::cast_signed));
    if lot_a <= 0 || lot_b <= 0 {
        return Err(AccountFault::Value);
    }
    (pool.lot_a, pool.lot_b) = (lot_a.unsigned_abs(), lot_b.unsigned_abs());
    (pool.lots_per_unit, pool.price_step) = (1, 1);
    pool.present |= Pool::LOTS;
    let rebate = if maker < 0 { maker.unsigned_abs() } else { 0 };
    let protocol = pool.fee_num.checked_sub(rebate).ok_or(AccountFault::Fee)?;
    // A millionth of a fee below 100 % is less than a millionth: the rebate comes back whole. Without
    // a fee there is no part of it.
    let ppm = mul_div_floor(protocol, swap::PPM, pool.fee_num).unwrap_or(0);
    pool.protocol_ppm = u32::try_from(ppm).map_err(|_| AccountFault::Fee)?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::change::tests::{hold_hashes, hold_names, hold_rows};
    use super::super::model::{instruction, join, places, pool_book, refused, tagged};
    use super::*;
    use crate::record::Layout;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::OpenbookV2;

    #[test]
    fn hashes_are_those_of_the_names() {
        hold_names(&CHANGES, &OTHERS, &[("place_take_order", PLACE_TAKE_ORDER)]);
        hold_hashes("event", &EVENTS);
        hold_hashes("event", &[("SweepFeesLog", SWEPT)]);
        hold_hashes("account", &ACCOUNTS);
        hold_hashes("account", &[("Market", MARKET)]);
    }

    fn take_data(side: u8) -> Vec<u8> {
        let head = [&PLACE_TAKE_ORDER[..], &[side]].concat();
        [tagged(&head, &[500, 9, 4500]), vec![1, 10]].concat()
    }

    #[test]
    fn taking_names_its_direction_and_no_amount() {
        for (side, direction, sides) in
            [(0, Direction::BToA, [2, 0, 10, 9, 6, 7]), (1, Direction::AToB, [2, 0, 9, 10, 6, 7])]
        {
            let Decoded::One(swap) = instruction(VENUE, &take_data(side), 15) else { panic!() };
            assert_eq!((swap.direction, places(&swap)), (direction, sides.map(Some)));
            assert_eq!((swap.amount, swap.limit), (None, None));
        }
        assert_eq!(refused(VENUE, &take_data(2), 15), Some(IxFault::Flag));
    }

    #[test]
    fn orders_carry_lots_and_price() {
        for (name, hash, _) in &CHANGES[..4] {
            let (edits, pegs) = (name.starts_with("edit"), name.ends_with("pegged"));
            let head = if edits { tagged(hash, &[1, 2]) } else { hash.to_vec() };
            let first: &[u64] = if pegs { &[500, 600, 9, 4500] } else { &[500, 9, 4500] };
            // Client's number, type, expiry, self-trade, limit.
            let data = [tagged(&[&head[..], &[0]].concat(), first), vec![0; 19]].concat();
            let Decoded::Liquidity(change) = instruction(VENUE, &data, 12) else { panic!() };
            let price = (!pegs).then_some(500);
            assert_eq!((change.liquidity, change.value), (Some(9), price), "{name}");
            let short = refused(VENUE, &data[..data.len().strict_sub(1)], 12);
            assert_eq!(short, Some(IxFault::ShortData), "{name}");
        }
    }

    #[test]
    fn every_instruction_at_every_shorter_length() {
        hold_rows(VENUE, &CHANGES);
        let take = take_data(1);
        (0..take.len()).for_each(|len| {
            assert_eq!(refused(VENUE, &take[..len], 15), Some(IxFault::ShortData), "{len}");
        });
        (0..15).for_each(|n| assert_eq!(refused(VENUE, &take, n), Some(IxFault::FewAccounts)));
        for (_, hash) in OTHERS {
            assert!(matches!(instruction(VENUE, &hash, 0), Decoded::NotSwap));
        }
        assert_eq!(refused(VENUE, &[0; 60], 20), Some(IxFault::Unknown));
    }

    #[test]
    fn events_of_orders_are_left_to_transfers() {
        for (_, kind) in EVENTS {
            assert!(matches!(event(Channel::Data, &kind), Event::Other));
        }
        let swept = tagged(&[&SWEPT[..], &[6; 32]].concat(), &[7]);
        let Event::Liquidity(moved) = event(Channel::Data, &swept) else { panic!() };
        assert_eq!((moved.pool, moved.amount_b), (Some(&[6; 32]), Some(7)));
        for len in 0..swept.len() {
            assert!(matches!(event(Channel::Data, &swept[..len]), Event::Unknown));
        }
    }

    #[test]
    fn markets_are_read() {
        let mut data = vec![0; MARKET_LEN];
        put(&mut data, 0, &MARKET);
        for (at, n) in [(576, 4), (608, 5), (640, 2), (680, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        put(&mut data, 48, &50u64.to_le_bytes());
        for (at, value) in [(448, 10i64), (456, 1_000), (480, -200), (488, 400)] {
            put(&mut data, at, &value.to_le_bytes());
        }
        let read = |data: &[u8], unix_s| {
            join(&pool_book(VENUE, data), Clock { epoch: None, unix_s }).pools[0]
        };
        let (pool, unsupported) = read(&data, Some(50));
        assert_eq!((unsupported, pool.invalid(), pool.status), (None, None, 0));
        assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (400, 1_000_000, 2));
        assert_eq!((pool.lot_a, pool.lot_b, pool.protocol_ppm), (1_000, 10, 500_000));
        assert_eq!((pool.lots_per_unit, pool.price_step), (1, 1));
        assert_eq!(read(&data, Some(51)).0.status, PoolStatus::Disabled as u8);
        let mut other = data.clone();
        put(&mut other, 480, &300i64.to_le_bytes());
        assert_eq!((read(&other, None).0.protocol_ppm, read(&other, None).1), (1_000_000, None));
        for (maker, taker) in [(-133i64, 400i64), (-133, 133_337), (-1, 999_999), (0, 0)] {
            put(&mut other, 480, &maker.to_le_bytes());
            put(&mut other, 488, &taker.to_le_bytes());
            let read = read(&other, None).0;
            assert_eq!(swap::rebate_ppm(&read), Some(maker.unsigned_abs()), "{maker} of {taker}");
        }
        let wrong = |data: &[u8]| join(&pool_book(VENUE, data), Clock::default()).wrong[0].1;
        put(&mut other, 480, &(-1i64).to_le_bytes());
        assert_eq!(wrong(&other), "bad_fee", "makers get more than takers pay");
        put(&mut other, 456, &[0; 8]);
        assert_eq!(wrong(&other), "bad_value");
        (1..MARKET_LEN).for_each(|len| assert_eq!(wrong(&data[..len]), "wrong_len", "{len}"));
        data[88] = 1;
        assert_eq!(read(&data, None).1, Some(Unsupported::Permission));
        put(&mut data, 488, &(-1i64).to_le_bytes());
        assert_eq!(wrong(&data), "bad_fee");
        assert_eq!(wrong(&[1; MARKET_LEN]), "wrong_discriminator");
        for (_, kind) in ACCOUNTS {
            put(&mut data, 0, &kind);
            let joined = join(&pool_book(VENUE, &data), Clock::default());
            assert!(joined.pools.is_empty() && joined.wrong.is_empty());
        }
    }

    /// One side: an inner node over orders of 5 and 7.
    fn side_bytes(is_bid: bool) -> Vec<u8> {
        let mut data = vec![0; SIDE_LEN];
        put(&mut data, 0, &ACCOUNTS[0].1);
        put(&mut data, 8, &2u32.to_le_bytes());
        put(&mut data, 12, &2u32.to_le_bytes());
        let turned = |sequence: u64| if is_bid { !sequence } else { sequence };
        let inner = 840 + 2 * NODE_LEN;
        data[inner] = 1;
        put(&mut data, inner.strict_add(28), &1u32.to_le_bytes());
        for (at, price, sequence, seconds) in [(840, 5u64, 8u64, 0u16), (840 + NODE_LEN, 7, 9, 30)]
        {
            data[at] = 2;
            put(&mut data, at.strict_add(2), &seconds.to_le_bytes());
            put(&mut data, at.strict_add(8), &turned(sequence).to_le_bytes());
            put(&mut data, at.strict_add(16), &price.to_le_bytes());
            put(&mut data, at.strict_add(56), &price.strict_mul(10).to_le_bytes());
            put(&mut data, at.strict_add(64), &1000u64.to_le_bytes());
        }
        data
    }

    fn market_with(bids: &[u8], asks: Option<&[u8]>) -> AccountBook {
        let mut data = vec![0; MARKET_LEN];
        put(&mut data, 0, &MARKET);
        for (at, n) in [(200, 8), (232, 9), (576, 4), (608, 5), (640, 2), (680, 3)] {
            put(&mut data, at, &[n; 32]);
        }
        (data[448], data[456]) = (1, 1);
        let mut book = pool_book(VENUE, &data);
        book.insert([8; 32], VENUE.programs()[0], bids.to_vec(), 7);
        if let Some(asks) = asks {
            book.insert([9; 32], VENUE.programs()[0], asks.to_vec(), 6);
        }
        book
    }

    #[test]
    fn orders_are_read_best_first() {
        let (bids, asks) = (side_bytes(true), side_bytes(false));
        let joined = join(&market_with(&bids, Some(&asks)), Clock::default());
        assert_eq!((joined.wrong.len(), joined.levels.len(), joined.pools[0].1), (0, 2, None));
        let side = |at: usize| {
            let (ticks, levels) = &joined.levels[at];
            assert_eq!(ticks.invalid(), None);
            let short = |l: &Level| (l.price, l.base, l.sequence, l.expires, l.is_bid);
            (ticks.array[0], ticks.slot, levels.iter().map(short).collect::<Vec<_>>())
        };
        assert_eq!(side(0), (8, 7, vec![(7, 70, 9, 1029, 1), (5, 50, 8, 0, 1)]));
        assert_eq!(side(1), (9, 6, vec![(5, 50, 8, 0, 0), (7, 70, 9, 1029, 0)]));
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bids = bids.clone();
            change(&mut bids);
            let joined = join(&market_with(&bids, None), Clock::default());
            (joined.pools[0].1, joined.wrong.first().map(|(key, name)| (key[0], *name)))
        };
        assert_eq!(with(&|_| {}), (None, Some((9, "asks"))));
        let pegged = with(&|data| put(data, 20, &[1]));
        assert_eq!(pegged, (Some(Unsupported::OraclePeg), Some((9, "asks"))));
        // Without leaves whatever the root says is none.
        assert_eq!(with(&|data| put(data, 8, &[0xff, 0xff, 0, 0, 0])).1, Some((9, "asks")));
        assert_eq!(with(&|data| data[8] = 3).1, Some((8, "bad_value")), "an unused node");
        assert_eq!(with(&|data| data[840 + 2 * NODE_LEN + 28] = 2).1, Some((8, "bad_value")));
        assert_eq!(with(&|data| data[0] ^= 1).1, Some((8, "wrong_discriminator")));
        assert_eq!(with(&|data| data.truncate(SIDE_LEN - 1)).1, Some((8, "wrong_len")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn hostile_books_never_panic(head in proptest::collection::vec(any::<u8>(), 264), near: bool) {
            let mut bids = side_bytes(true);
            put(&mut bids, 840, &head);
            if near {
                for at in [840, 928, 1016] {
                    (bids[at], bids[at.strict_add(24)]) = (head[at % 200] % 3, head[at % 100] % 4);
                    put(&mut bids, at.strict_add(25), &[0; 7]);
                }
            }
            let _ = join(&market_with(&bids, None), Clock::default());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0usize..14, tail: Vec<u8>) {
            let (_, hash, _) = CHANGES[at];
            let _ = refused(VENUE, &[&hash[..], &tail].concat(), 19);
            let _ = refused(VENUE, &[&PLACE_TAKE_ORDER[..], &tail].concat(), 19);
            let _ = event(Channel::Data, &[&SWEPT[..], &tail].concat());
            let _ = join(&pool_book(VENUE, &tail), Clock::default());
        }
    }
}
