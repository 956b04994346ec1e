//! mev-parse, as a library.

use crate::fixtures::Captured;
use crate::row::Row;
use mev::ids::Venue;
use mev::parse::input::{Buffered, Found, Text};
use mev::parse::{Config, Executed, Feed, Limits, Order, Parser, TxPlace, Verify, Wanted};
use mev::record::{Direction, Role, Swap};
use mev::stream::{Arena, Stage as _};

/// A parser that writes the rows `wanted`.
pub fn parser(wanted: Wanted) -> Parser<'static> {
    let config = Config {
        order: Order::Arrival,
        verify: Verify { merkle: false, leader: None, poh: false },
        limits: Limits { slots_max: 1, ..Limits::DEFAULT },
        shred_version: None,
        rows: wanted,
    };
    Parser::new(&config, Feed::default()).expect("memory for one slot")
}

/// Room for the rows of a transaction.
pub fn arena() -> Arena {
    Arena::with_room(Parser::MAX_OUT)
}

/// What the chain says a transaction swapped: its fills.
pub fn fills(captured: &Captured) -> Result<Vec<Row>, String> {
    let (mut parser, mut arena) = (parser(Wanted::ALL), arena());
    let document = captured.rpc.to_string();
    let mut text = Text::new(Buffered::new(document.as_bytes()));
    let mut refused = None;
    let mut take = |found: Found<'_>| {
        match found {
            Found::Transaction { wire, place, executed, .. } => {
                parser.transaction(wire, place, executed, &mut arena);
            }
            Found::Refused(why) => refused = Some(why.to_string()),
        }
        Ok(())
    };
    while text.next(&mut take).map_err(|error| error.to_string())? {}
    refused.map_or_else(|| Ok(rows(&arena, Role::Fill)), Err)
}

/// What a transaction asks for: its intents.
pub fn intents(wire: &[u8]) -> Vec<Row> {
    let (mut parser, mut arena) = (parser(Wanted::ALL), arena());
    parser.transaction(wire, TxPlace::default(), None, &mut arena);
    rows(&arena, Role::Intent)
}

/// The rows of one role in `arena`.
pub fn rows(arena: &Arena, role: Role) -> Vec<Row> {
    let swaps = arena.records().filter_map(|record| record.typed::<Swap>().copied());
    swaps.filter(|swap| swap.role == role as u8).map(|swap| row(&swap)).collect()
}

fn row(swap: &Swap) -> Row {
    let has = |flag: u32| swap.present & flag != 0;
    Row {
        venue: Venue::from_number(swap.venue).expect("a venue of the table"),
        pool: has(Swap::POOL).then_some(swap.pool),
        a_to_b: match Direction::from_number(swap.direction) {
            Direction::Unknown => None,
            direction => Some(direction == Direction::AToB),
        },
        mint_in: has(Swap::MINT_IN).then_some(swap.mint_in),
        mint_out: has(Swap::MINT_OUT).then_some(swap.mint_out),
        amount_in: has(Swap::AMOUNT_IN).then_some(swap.amount_in),
        amount_out: has(Swap::AMOUNT_OUT).then_some(swap.amount_out),
    }
}

/// What the chain says of a transaction, in the form in which the parser takes it.
pub fn executed(captured: &Captured) -> Option<Executed> {
    let document = captured.rpc.to_string();
    let mut text = Text::new(Buffered::new(document.as_bytes()));
    let mut kept = None;
    let mut take = |found: Found<'_>| {
        if let Found::Transaction { executed: Some(executed), .. } = found {
            kept = Some(copy(executed));
        }
        Ok(())
    };
    while text.next(&mut take).ok()? {}
    kept
}

/// A reader fills one value again and again.
fn copy(from: &Executed) -> Executed {
    let mut to = Executed::default();
    to.failed = from.failed;
    to.loaded.clone_from(&from.loaded);
    to.lamports.clone_from(&from.lamports);
    to.tokens.clone_from(&from.tokens);
    for inner in from.inner() {
        let (accounts, data) = (from.accounts(inner), from.data(inner));
        to.push_inner(inner.outer, inner.height, inner.program_index, accounts, data);
    }
    for line in from.logs() {
        to.push_log(std::str::from_utf8(line).expect("logged as text"));
    }
    to
}
