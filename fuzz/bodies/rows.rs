//! Transactions, and what the chain says of them, into rows; the same as text.

use super::{Input, inside, met, program};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mev::bytes::base58;
use mev::dex::{self, Channel, Decoded, Event, Instruction, VenueSpec};
use mev::ids::{Key, LOOKUP_TABLE, TOKEN, TOKEN_2022, WSOL};
use mev::parse::input::{Buffered, Found, Text};
use mev::parse::{Config, Executed, Feed, Limits, Order, Outcome, Parser, Tally};
use mev::parse::{TokenBalance, TxPlace, Verify, Wanted};
use mev::record::{self, Liquidity, Producer, Role, Source, Swap};
use mev::stream::{Arena, Piped, Reader, Writer};
use mev::wire::txn::Transaction;
use std::cell::RefCell;

/// Keys of the message that are plain; token programs, three venues' programs and a mint follow.
const PLAIN_COUNT: u8 = 17;
/// Keys of the message.
const KEY_COUNT: u8 = PLAIN_COUNT + 6;
/// Keys that its lookup table adds, half of them writable.
const LOADED_COUNT: u8 = 8;

/// A parser that makes every kind of row; it learns nothing from executed transactions, so that it
/// serves again.
fn parser() -> Parser<'static> {
    let verify = Verify { merkle: false, leader: None, poh: false };
    let limits = Limits { slots_max: 1, shreds_max: 64 };
    let rows = Wanted { rederived: true, ..Wanted::ALL };
    let config = Config { order: Order::Slot, verify, limits, shred_version: None, rows };
    Parser::new(&config, Feed::default()).expect("there is memory for a small parser")
}

thread_local! {
    static PARSER: RefCell<Parser<'static>> = RefCell::new(parser());
}

/// An executed transaction of instructions, inner instructions, log lines and balances. Every call
/// of a venue is counted once, as what it was decoded as; every row stands at its call, and what a
/// fill states is what an event, the transfers or the balances say.
pub(crate) fn rows(bytes: &[u8]) {
    let mut input = Input(bytes);
    let programs = [input.u8(), input.u8(), input.u8()].map(|number| *program(number));
    let how = input.u8();
    let wire = wire(&mut input, programs);
    let Ok(tx) = Transaction::check(&wire) else { return };
    let mut executed = Executed::default();
    executed.failed = how & 1 != 0;
    if how & 2 == 0 {
        executed.loaded = (0..LOADED_COUNT).map(|n| Some([100 + n; 32])).collect();
    }
    outcome(&mut input, &tx, how & 4 != 0, &mut executed);
    PARSER.with_borrow_mut(|parser| {
        let mut arena = Arena::with_room(1 << 14);
        let place = TxPlace { slot: Some(5), tx_index: Some(6), rx_ns: 7 };
        let before = Counted::of(parser.tally());
        parser.transaction_checked(&tx, place, Some(&executed), &mut arena);
        let counted = Counted::of(parser.tally()).since(&before);
        hold(&tx, Some(&executed), &arena, &counted);
        // A stream has large buffers: it is not looked at each time.
        if how & 0xf0 == 0xf0 {
            hold_stream(&arena);
        }
        let before = Counted::of(parser.tally());
        let mut alone = Arena::with_room(1 << 14);
        parser.transaction_checked(&tx, place, None, &mut alone);
        let counted = Counted::of(parser.tally()).since(&before);
        hold(&tx, None, &alone, &counted);
    });
}

/// A count as messages write it: 7 bits a byte.
fn short(len: usize) -> Vec<u8> {
    let [low, high, ..] = len.to_le_bytes();
    if len < 128 { vec![low] } else { vec![low | 128, high << 1 | low >> 7] }
}

/// An instruction as the input has it: program, its accounts, data.
fn call<'a>(input: &mut Input<'a>, foreign: bool) -> (u8, Vec<u8>, &'a [u8]) {
    let (program, first) = (input.u8(), input.u8());
    let (step, count) = (input.u8(), input.u8() % 32);
    let raw = foreign && program >= 240;
    let index = |n: u8| first.wrapping_add(n.wrapping_mul(step));
    let accounts = (0..count).map(index);
    let known = |index| if raw { index } else { index % (KEY_COUNT + LOADED_COUNT) };
    let program = if raw { program } else { PLAIN_COUNT + program % (KEY_COUNT - PLAIN_COUNT) };
    (program, accounts.map(known).collect(), input.sized())
}

/// The bytes of a v0 transaction of up to four instructions and one lookup table.
fn wire(input: &mut Input<'_>, programs: [Key; 3]) -> Vec<u8> {
    let mut wire = vec![1];
    wire.extend([7; 64]);
    wire.extend([0x80, 1, 0, 1, KEY_COUNT]);
    wire.extend((0..PLAIN_COUNT).flat_map(|n| [n + 1; 32]));
    wire.extend([TOKEN, TOKEN_2022].concat());
    wire.extend(programs.concat());
    wire.extend(WSOL);
    wire.extend([9; 32]);
    let count = 1 + input.u8() % 4;
    wire.push(count);
    for _ in 0..count {
        let (program, accounts, data) = call(input, false);
        wire.push(program);
        wire.extend(short(accounts.len()));
        wire.extend(accounts);
        wire.extend(short(data.len()));
        wire.extend(data);
    }
    wire.push(1);
    wire.extend([8; 32]);
    wire.extend([4, 0, 1, 2, 3, 4, 4, 5, 6, 7]);
    wire
}

/// What the chain says: inner instructions, with their depths or without, log lines, balances.
fn outcome(input: &mut Input<'_>, tx: &Transaction<'_>, flat: bool, executed: &mut Executed) {
    let count = u8::try_from(tx.instructions().len()).unwrap_or(u8::MAX).max(1);
    for _ in 0..input.u8() % 24 {
        let (outer, height) = (input.u8() % count, 2 + input.u8() % 4);
        let (program, accounts, data) = call(input, true);
        executed.push_inner(outer.into(), if flat { 0 } else { height }, program, &accounts, data);
    }
    for _ in 0..input.u8() % 32 {
        let (kind, number) = (input.u8(), input.u8());
        let key = tx.account_key(PLAIN_COUNT + number % (KEY_COUNT - PLAIN_COUNT));
        let program = base58::Key(key.unwrap_or(&WSOL)).to_string();
        executed.push_log(&match kind % 6 {
            0 => format!("Program {program} invoke [{}]", 1 + number / 6 % 4),
            1 => format!("Program {program} success"),
            2 => format!("Program {program} failed: custom program error: 0x1"),
            3 => format!("Program data: {}", STANDARD.encode(input.sized())),
            4 => format!("Program log: ray_log: {}", STANDARD.encode(input.sized())),
            _ => String::from_utf8_lossy(input.sized()).into_owned(),
        });
    }
    for _ in 0..input.u8() % 8 {
        let (account, mint, owner) = (input.u8(), input.u8(), input.u8());
        let owner = (owner < 240).then_some([1 + owner % PLAIN_COUNT; 32]);
        let token = executed.token(account, [mint; 32], owner, 6);
        (token.before, token.after) = (input.u64(), input.u64());
    }
}

/// What a parser counted of rows.
#[derive(Debug, PartialEq)]
struct Counted {
    swaps: u64,
    liquidity: u64,
    by_role: Vec<u64>,
    by_source: Vec<u64>,
    refused: u64,
    fill_unknown: u64,
    rederived: u64,
}

impl Counted {
    fn of(tally: &Tally) -> Self {
        let counts = |named: &mut dyn Iterator<Item = (&str, u64)>| named.map(|(_, n)| n).collect();
        let notes = tally.notes().find(|(name, _)| *name == "fill_unknown");
        let outcomes = [Outcome::Equal, Outcome::Differs, Outcome::StateUnknown, Outcome::NoEvent];
        Self {
            swaps: tally.swaps,
            liquidity: tally.liquidity,
            by_role: counts(&mut tally.rows()),
            by_source: counts(&mut tally.fill_sources()),
            refused: tally.refused_swaps().map(|(_, count)| count).sum(),
            fill_unknown: notes.map_or(0, |(_, count)| count),
            rederived: outcomes.map(|outcome| tally.rederivation().total(outcome)).iter().sum(),
        }
    }

    fn since(&self, before: &Self) -> Self {
        let less = |now: &[u64], then: &[u64]| now.iter().zip(then).map(|(a, b)| a - b).collect();
        Self {
            swaps: self.swaps - before.swaps,
            liquidity: self.liquidity - before.liquidity,
            by_role: less(&self.by_role, &before.by_role),
            by_source: less(&self.by_source, &before.by_source),
            refused: self.refused - before.refused,
            fill_unknown: self.fill_unknown - before.fill_unknown,
            rederived: self.rederived - before.rederived,
        }
    }
}

/// A call of a transaction: its place, the venue that is called, what it is.
struct Seen<'a> {
    place: (u16, Option<u16>),
    ix: Instruction<'a>,
    venue: Option<(&'static VenueSpec, Decoded<'a>)>,
}

/// Every call, looked at by itself.
fn seen<'a>(tx: &Transaction<'a>, executed: &'a Executed) -> Vec<Seen<'a>> {
    let (keys, loaded) = (tx.keys(), executed.loaded.as_slice());
    let look = |place, program: u8, indices: &'a [u8], data: &'a [u8]| {
        let bare = Instruction { program: &WSOL, data, indices, keys, loaded };
        let ix = Instruction { program: bare.key(program).unwrap_or(&WSOL), ..bare };
        let venue = dex::venue_of(ix.program).zip(dex::decode(&ix));
        Seen { place, ix, venue }
    };
    let mut seen = Vec::new();
    for (outer, top) in (0u16..).zip(tx.instructions()) {
        seen.push(look((outer, None), top.program_index, top.accounts, top.data));
        let below = executed.inner().iter().filter(|inner| inner.outer == outer);
        for (number, inner) in (0u16..).zip(below) {
            let (accounts, data) = (executed.accounts(inner), executed.data(inner));
            seen.push(look((outer, Some(number)), inner.program_index, accounts, data));
        }
    }
    seen
}

/// Holds the rows of a transaction, and what was counted of them, to its calls.
fn hold(tx: &Transaction<'_>, outcome: Option<&Executed>, arena: &Arena, counted: &Counted) {
    let nothing = Executed::default();
    let executed = outcome.unwrap_or(&nothing);
    let is_silent = outcome.is_none_or(|outcome| outcome.failed);
    let seen = seen(tx, executed);
    let (mut intents, mut routes, mut changes, mut refused) = (0, 0, 0, 0);
    for (_, decoded) in seen.iter().filter_map(|call| call.venue.as_ref()) {
        intents += u64::from(decoded.swap_count());
        routes += u64::from(matches!(decoded, Decoded::Route(_)));
        changes += u64::from(matches!(decoded, Decoded::Liquidity(_)));
        refused += u64::from(matches!(decoded, Decoded::Refused(_)));
    }
    let [asked, fills, wholes] = *counted.by_role.as_slice() else { panic!("three roles") };
    assert_eq!((asked, wholes, counted.refused), (intents, routes, refused), "each call once");
    let told = if is_silent { 0 } else { intents };
    assert_eq!(fills + counted.fill_unknown, told, "a fill for each swap, or none is known");
    assert_eq!(counted.rederived, told);
    let filled: u64 = counted.by_source.iter().sum();
    assert!(fills <= filled && filled <= fills + wholes, "every fill has its source");
    assert!((changes..=2 * changes).contains(&counted.liquidity));
    assert!(!is_silent || counted.liquidity == changes);
    let (mut swaps, mut liquidity, mut last) = (0, 0, None);
    for record in arena.records() {
        assert!(record::check(record).is_ok());
        assert_eq!(last, last.map(|_| 0), "the last row comes last");
        last = Some(record.prefix().flags);
        if let Some(row) = record.typed::<Swap>() {
            swaps += 1;
            hold_swap(row, tx, executed, &seen);
        } else if let Some(row) = record.typed::<Liquidity>() {
            liquidity += 1;
            let inner = (row.present & Liquidity::IX_INNER != 0).then_some(row.ix_inner);
            let call = seen.iter().find(|call| call.place == (row.ix_outer, inner));
            let call = call.expect("a row stands at a call");
            assert_eq!((call.ix.program, tx.signature()), (&row.program, &row.signature));
            assert!(matches!(call.venue, Some((_, Decoded::Liquidity(_)))));
        }
    }
    assert_eq!((swaps, liquidity), (counted.swaps, counted.liquidity));
    assert_eq!(swaps, asked + fills + wholes);
    assert_eq!(last.unwrap_or(Swap::LAST_OF_TX), Swap::LAST_OF_TX);
}

/// Rows come out of a stream as they were put into it.
fn hold_stream(arena: &Arena) {
    let mut writer = Writer::new(Vec::new(), Producer::Parse);
    for record in arena.records() {
        assert!(writer.put(record).is_ok());
    }
    let stream = writer.finish().expect("memory takes what is written");
    let mut reader = Reader::new(Piped::new(stream.as_slice()));
    for record in arena.records() {
        let read = reader.next().expect("a sound stream").expect("as many records as were put");
        assert_eq!(read.bytes(), record.bytes());
    }
    assert!(reader.next().is_ok_and(|record| record.is_none()));
}

/// Holds a row to its call and to what the chain says.
fn hold_swap(row: &Swap, tx: &Transaction<'_>, executed: &Executed, seen: &[Seen<'_>]) {
    let inner = (row.present & Swap::IX_INNER != 0).then_some(row.ix_inner);
    let call = seen.iter().find(|call| call.place == (row.ix_outer, inner));
    let call = call.expect("a row stands at a call");
    assert_eq!((&row.program, &row.signature), (call.ix.program, tx.signature()));
    assert_eq!((&row.fee_payer, row.failed), (tx.fee_payer(), u8::from(executed.failed)));
    assert_eq!((row.slot, row.tx_index, row.head.rx_ns), (5, 6, 7));
    let (spec, decoded) = call.venue.as_ref().expect("a row's program is a venue's");
    assert_eq!(row.venue, spec.venue as u16);
    let is_route = matches!(decoded, Decoded::Route(_));
    assert_eq!(row.role == Role::Route as u8, is_route);
    assert!(is_route || decoded.swap_count() > 0);
    met((row.venue, row.role, row.source, row.direction, row.present & Swap::ROUTE));
    let amounts = (row.amount_in, row.amount_out);
    let is_fill = row.source != Source::Instruction as u8;
    assert!(!is_fill || !executed.failed, "what failed moved nothing");
    assert!(row.role != Role::Fill as u8 || is_fill);
    if row.source == Source::Event as u8 && row.role == Role::Fill as u8 {
        assert!(told(spec, call.ix.program, executed, seen, amounts), "no event says {amounts:?}");
    } else if row.source == Source::Transfers as u8 {
        let most = most(seen);
        assert!(u128::from(amounts.0.max(amounts.1)) <= most, "more than all transfers moved");
        assert!(amounts.0 > 0 && amounts.1 > 0);
    } else if row.source == Source::Balances as u8 {
        let owner = if row.present & Swap::OWNER != 0 { &row.owner } else { tx.fee_payer() };
        assert_eq!(Some(amounts), moved(owner, executed), "not what the balances say");
    }
}

/// Whether some event of `program` says that `amounts` were moved.
fn told(
    spec: &VenueSpec,
    program: &Key,
    executed: &Executed,
    seen: &[Seen<'_>],
    amounts: (u64, u64),
) -> bool {
    let says = |channel, bytes: &[u8]| match spec.event(channel, bytes) {
        Event::Swap(filled) => (filled.amount_in, filled.amount_out) == amounts,
        _ => false,
    };
    let sent = seen.iter().filter(|call| call.ix.program == program);
    let logged = |line: &[u8]| {
        let data = line.strip_prefix(b"Program data: ").map(|text| (Channel::Data, text));
        let ray = line.strip_prefix(b"Program log: ray_log: ");
        let (channel, text) = data.or(ray.map(|text| (Channel::RayLog, text)))?;
        Some((channel, STANDARD.decode(text).ok()?))
    };
    let mut lines = executed.logs().filter_map(logged);
    sent.into_iter().any(|call| says(Channel::SelfCall, call.ix.data))
        || lines.any(|(channel, bytes)| says(channel, &bytes))
}

/// What all token transfers move together.
fn most(seen: &[Seen<'_>]) -> u128 {
    let amount = |data: &[u8], at: usize| {
        data.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes)
    };
    let moved = |call: &Seen<'_>| {
        let data = Some(call.ix.data).filter(|_| [TOKEN, TOKEN_2022].contains(call.ix.program))?;
        match data {
            [3 | 12, ..] => amount(data, 1),
            [26, 1, ..] => amount(data, 2),
            _ => None,
        }
    };
    seen.iter().filter_map(moved).map(u128::from).sum()
}

/// What `owner` gave and received, where one of its balances fell and one rose.
fn moved(owner: &Key, executed: &Executed) -> Option<(u64, u64)> {
    let own = |token: &&TokenBalance| token.owner.as_ref() == Some(owner);
    let (fell, rose): (Vec<&TokenBalance>, Vec<&TokenBalance>) = executed
        .tokens
        .iter()
        .filter(own)
        .filter(|token| token.before != token.after)
        .partition(|token| token.after < token.before);
    match (fell.as_slice(), rose.as_slice()) {
        ([given], [got]) => Some((given.before - given.after, got.after - got.before)),
        _ => None,
    }
}

/// Lines and JSON: what is handed on is a transaction, all that is said of it can be looked at and
/// made into rows, each piece takes bytes, and the reader stops.
pub(crate) fn text(bytes: &[u8]) {
    let mut text = Text::new(Buffered::new(bytes));
    let (mut pieces, mut transactions) = (0usize, 0usize);
    let mut take = |found: Found<'_>| {
        let Found::Transaction { wire, place, executed, .. } = found else { return Ok(()) };
        let tx = Transaction::check(wire).expect("what is handed on is a transaction");
        transactions += 1;
        if let Some(executed) = executed {
            let data = executed
                .inner()
                .iter()
                .map(|inner| executed.accounts(inner).len() + executed.data(inner).len());
            // A character of the document is at most a byte.
            let held = data.sum::<usize>() + executed.logs().map(<[u8]>::len).sum::<usize>();
            assert!(held <= bytes.len());
        }
        // What teaches of lookup tables is left to a parser of its own: this one serves again.
        if !tx.keys().contains(&LOOKUP_TABLE) {
            hold_text(&tx, place, executed);
        }
        Ok(())
    };
    while let Ok(true) = text.next(&mut take) {
        pieces += 1;
        assert!(pieces <= bytes.len());
    }
    assert!(transactions <= bytes.len() && text.position() <= bytes.len() as u64);
}

/// The rows of a transaction from text are sound and stand at its instructions.
fn hold_text(tx: &Transaction<'_>, place: TxPlace, executed: Option<&Executed>) {
    PARSER.with_borrow_mut(|parser| {
        let mut arena = Arena::with_room(1 << 14);
        let before = Counted::of(parser.tally());
        parser.transaction_checked(tx, place, executed, &mut arena);
        let counted = Counted::of(parser.tally()).since(&before);
        let mut swaps = 0;
        for record in arena.records() {
            assert!(record::check(record).is_ok());
            if let Some(row) = record.typed::<Swap>() {
                swaps += 1;
                assert!(usize::from(row.ix_outer) < tx.instructions().len());
                assert_eq!(row.slot, place.slot.unwrap_or(0));
            }
        }
        assert_eq!((swaps, swaps), (counted.swaps, counted.by_role.iter().sum()));
    });
}
