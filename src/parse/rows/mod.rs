//! A transaction into rows: what each instruction asks a venue to do, and what it did.
//!
//! ```text
//! wire            top-level instructions --dex--> intent, route, liquidity
//! wire + outcome  all calls in order     --dex--> the same, and under each
//!                 event, else transfers below it, else balances --> fill, route, liquidity
//! ```
//!
//! | file | does |
//! |---|---|
//! | `row` | fields of a row from an instruction, from a fill |
//! | `mints` `derived` | tokens that an instruction does not name; whose accounts are whose |
//! | `tables` | keys that lookup tables hold |
//! | `executed` `call` | what the chain says of a transaction; its calls in the order of execution |
//! | `lines` `told` | log lines; events, and which call told which |
//! | `transfers` `fill` | token transfers; which of all these tells what a swap moved |
//! | `run` | the rows of an executed transaction, call by call |
//! | `writer` | rows one after another, the last of a transaction flagged |
//!
//! The program id decides which venue is asked, and only it: discriminators collide. Rows of one
//! transaction are in the order of execution; a swap's intent comes before its fill, a route before
//! its legs. A failed transaction has no fills. A key that only an unknown lookup table holds stays
//! absent and is counted.

mod call;
mod derived;
mod executed;
mod fill;
mod lines;
mod mints;
mod row;
mod run;
mod tables;
#[cfg(test)]
mod tests;
mod told;
mod transfers;
mod writer;

pub use executed::{Executed, Inner, TokenBalance};

use super::batch::Place;
use super::tally::Tally;
use crate::bytes::IndexSet;
use crate::dex::{self, AccountBook, Decoded, Instruction, LiquidityIx, SwapIx, VenueSpec};
use crate::ids::{Key, LOOKUP_TABLE};
use crate::record::{Pool, Role, Txn, TxnState};
use crate::stream::Sink;
use crate::wire::txn::Transaction;
use mints::{Mints, Scope};
use row::Position;
use run::Run;
use tables::Tables;
use told::Logged;
use writer::Writer;

pub(super) use row::At;
pub(super) use tables::{Change, Heard};

/// Which transactions are written whole, each before its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// None.
    None,
    /// Those that have a row.
    WithRows,
    /// All.
    All,
}

/// Which rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What instructions ask for.
    pub intents: bool,
    /// What was executed.
    pub fills: bool,
    /// Aggregators' wholes.
    pub routes: bool,
    /// Changes of pools that are no swaps.
    pub liquidity: bool,
    /// Fills are reckoned again with the venues' own formulas.
    pub rederived: bool,
    /// The transactions themselves.
    pub txns: Whole,
}

impl Wanted {
    /// All of them, nothing reckoned again, no transaction whole.
    pub const ALL: Self = Self {
        intents: true,
        fills: true,
        routes: true,
        liquidity: true,
        rederived: false,
        txns: Whole::None,
    };

    /// None: transactions are not looked into.
    pub const NONE: Self = Self {
        intents: false,
        fills: false,
        routes: false,
        liquidity: false,
        rederived: false,
        txns: Whole::None,
    };

    /// Whether transactions are looked at, for a row or to be written themselves.
    pub fn any(self) -> bool {
        self != Self::NONE
    }

    /// Whether nothing but whole transactions is wanted.
    fn is_whole_only(self) -> bool {
        Self { txns: Whole::None, ..self } == Self::NONE
    }
}

impl Default for Wanted {
    fn default() -> Self {
        Self::ALL
    }
}

/// Makes rows; holds what is known of pools and lookup tables.
#[derive(Debug, Default)]
pub(super) struct Rows {
    mints: Mints,
    tables: Tables,
    wanted: Wanted,
}

impl Rows {
    /// Rows of the kinds wanted.
    pub(super) fn new(wanted: Wanted) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Learns a pool's tokens.
    pub(super) fn learn_pool(&mut self, pool: &Pool) {
        self.mints.learn(pool);
    }

    /// Learns the lookup tables among `book`.
    pub(super) fn learn_tables(&mut self, book: &AccountBook) {
        self.tables.read(book);
    }

    /// From now on what the wire tells of lookup tables is noted instead of learned.
    pub(super) fn only_hear(&mut self) {
        self.tables.only_hear();
    }

    /// What was noted, and from now on it is learned.
    pub(super) fn heard(&mut self) -> Heard {
        self.tables.heard()
    }

    /// Learns what another parser noted.
    pub(super) fn learn_changes(&mut self, changes: &[Change]) {
        self.tables.change(changes);
    }

    /// Whether rows made by who noted `heard` are those that would be made here.
    pub(super) fn agrees(&self, heard: &Heard) -> bool {
        self.tables.agrees(heard)
    }

    /// Writes the rows of transaction `batch_tx` of its batch and gives how many swaps there were.
    #[inline]
    pub(super) fn write(
        &mut self,
        tx: &Transaction<'_>,
        place: Place,
        batch_tx: u32,
        tally: &mut Tally,
        out: &mut impl Sink,
    ) -> u32 {
        let at = At::batch(&place, batch_tx);
        self.write_at(tx, at, tally, out)
    }

    /// Writes the rows of a transaction of which nothing but its bytes is known.
    pub(super) fn write_at(
        &mut self,
        tx: &Transaction<'_>,
        at: At,
        tally: &mut Tally,
        out: &mut impl Sink,
    ) -> u32 {
        // What stands in a batch is in a block.
        let state = if at.batch.is_some() { TxnState::InBlock } else { TxnState::Pending };
        let whole = self.whole(tx, &at, state, tally, out);
        if self.wanted.is_whole_only() {
            return 0;
        }
        let of_interest = |key: &Key| dex::venue_of(key).is_some() || *key == LOOKUP_TABLE;
        let mut programs = IndexSet::default();
        for index in tx.programs() {
            if tx.account_key(index).is_some_and(of_interest) {
                programs.insert(index.into());
            }
        }
        if programs.is_empty() {
            return 0;
        }
        let mut writer = Writer::new(tally, out, whole);
        let mut resolved = false;
        for (outer, ix) in (0u16..).zip(tx.instructions()) {
            if !programs.contains(ix.program_index.into()) {
                continue;
            }
            let Some(program) = tx.account_key(ix.program_index) else { continue };
            let Some(spec) = dex::venue_of(program) else {
                self.tables.learn(program, tx, &ix);
                continue;
            };
            if !resolved {
                self.tables.resolve(tx);
                resolved = true;
            }
            let view = Instruction {
                program,
                data: ix.data,
                indices: ix.accounts,
                keys: tx.keys(),
                loaded: self.tables.loaded(),
            };
            let position = Position { outer, inner: None };
            let asked =
                Asked { tx, at, spec, ix: &view, position, outer_program: None, failed: false };
            self.ask(&asked, &mut writer);
        }
        writer.finish()
    }

    /// Writes `tx` itself, if all are wanted; gives what its first row writes, if only those with one
    /// are.
    #[inline]
    fn whole<'t>(
        &self,
        tx: &Transaction<'t>,
        at: &At,
        state: TxnState,
        tally: &mut Tally,
        out: &mut impl Sink,
    ) -> Option<(Txn, &'t [u8])> {
        match self.wanted.txns {
            Whole::None => None,
            Whole::WithRows => Some((row::txn(tx, at, state), tx.bytes())),
            Whole::All => {
                tally.whole += 1;
                out.put_parts(&row::txn(tx, at, state), tx.bytes());
                None
            }
        }
    }

    /// Writes what a top-level instruction asks for.
    fn ask(&self, asked: &Asked<'_>, writer: &mut Writer<'_, impl Sink>) {
        let scope = Scope::Wire { tx: asked.tx, loaded: asked.ix.loaded };
        let id = asked.position.id();
        if asked.ix.is_event() {
            return;
        }
        match &asked.spec.try_decode(asked.ix) {
            Ok(Decoded::NotSwap) => {}
            Ok(Decoded::Refused(why)) | Err(why) => {
                writer.drift(asked.spec.venue, *why, asked.ix.data);
            }
            Ok(Decoded::Liquidity(change)) => self.change(asked, change, writer),
            Ok(Decoded::Route(route)) => {
                self.asked(asked, &scope, Role::Route, route, Some(id), writer);
            }
            Ok(Decoded::One(swap)) => self.asked(asked, &scope, Role::Intent, swap, None, writer),
            Ok(Decoded::Hops(hops)) => {
                let id = (hops.count() > 1).then_some(id);
                for swap in (0..hops.count()).filter_map(|n| hops.swap(asked.ix, n)) {
                    self.asked(asked, &scope, Role::Intent, &swap, id, writer);
                }
            }
        }
    }

    /// Writes a row of what `swap` asks for.
    fn asked(
        &self,
        asked: &Asked<'_>,
        scope: &Scope<'_>,
        role: Role,
        swap: &SwapIx<'_>,
        route_id: Option<u64>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        let wanted = if role == Role::Route { self.wanted.routes } else { self.wanted.intents };
        if !wanted {
            return;
        }
        let mut known = self.mints.of(scope, swap, None);
        if role == Role::Intent {
            known.both_or_none();
        }
        known.count(swap, role, writer.tally);
        let row = writer.swap(asked.at.rx_ns);
        row::place(row, &asked.at);
        row::instruction(row, asked, swap, role);
        row::route(row, route_id);
        row::tokens(row, &known);
    }

    /// Writes a row of a change that is no swap.
    fn change(
        &self,
        asked: &Asked<'_>,
        change: &LiquidityIx<'_>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        if self.wanted.liquidity {
            row::change(writer.liquidity(asked.at.rx_ns), asked, change);
        }
    }

    /// Writes the rows of a transaction whose outcome is known.
    pub(super) fn write_executed(
        &self,
        tx: &Transaction<'_>,
        at: At,
        executed: &Executed,
        tally: &mut Tally,
        out: &mut impl Sink,
    ) -> u32 {
        let state = if executed.failed { TxnState::Failed } else { TxnState::Executed };
        let whole = self.whole(tx, &at, state, tally, out);
        if self.wanted.is_whole_only() {
            return 0;
        }
        let calls = call::calls(tx, executed);
        let logged =
            if executed.failed { Logged::default() } else { Logged::read(&calls, executed) };
        let run = Run::new(self, executed, &calls, &logged);
        let mut writer = Writer::new(tally, out, whole);
        for (number, call) in calls.iter().enumerate() {
            let Some(spec) = call.spec.filter(|_| !call.is_event()) else { continue };
            let position = Position { outer: call.outer, inner: call.inner };
            let outer = calls.iter().find(|top| top.outer == call.outer);
            let outer_program = outer.filter(|_| call.inner.is_some()).map(|top| top.ix.program);
            let failed = executed.failed;
            let asked = Asked { tx, at, spec, ix: &call.ix, position, outer_program, failed };
            run.call(number, &asked, &mut writer);
        }
        writer.finish()
    }
}

/// An instruction of a venue, and where it stands.
struct Asked<'a> {
    tx: &'a Transaction<'a>,
    at: At,
    spec: &'static VenueSpec,
    ix: &'a Instruction<'a>,
    position: Position,
    /// The program of the top-level instruction, when this one lies below it.
    outer_program: Option<&'a Key>,
    failed: bool,
}
