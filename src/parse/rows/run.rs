//! The rows of an executed transaction, call by call: what was asked for, then what was moved.

use super::call::Call;
use super::executed::Executed;
use super::fill::{self, Fill};
use super::mints::Scope;
use super::row;
use super::told::{Logged, Told, events};
use super::writer::Writer;
use super::{Asked, Rows};
use crate::dex::{Decoded, Event, LiquidityIx, SwapIx};
use crate::parse::rederive::{Difference, Outcome};
use crate::parse::tally::Note;
use crate::record::Role;
use crate::stream::Sink;

/// An executed transaction.
pub(super) struct Run<'a> {
    rows: &'a Rows,
    executed: &'a Executed,
    calls: &'a [Call<'a>],
    logged: &'a Logged,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        rows: &'a Rows,
        executed: &'a Executed,
        calls: &'a [Call<'a>],
        logged: &'a Logged,
    ) -> Self {
        Self { rows, executed, calls, logged }
    }

    /// Whether it has one swap and no more: then balances tell of it.
    fn is_alone(&self) -> bool {
        let swaps = self.calls.iter().filter(|call| !call.is_event()).filter_map(|call| {
            let decoded = call.spec?.decode(&call.ix);
            Some(usize::from(decoded.swap_count()))
        });
        swaps.sum::<usize>() == 1
    }

    /// Writes the rows of call number `number`.
    pub(super) fn call(
        &self,
        number: usize,
        asked: &Asked<'a>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        match &asked.spec.try_decode(asked.ix) {
            Ok(Decoded::NotSwap) => {}
            Ok(Decoded::Refused(why)) | Err(why) => {
                writer.drift(asked.spec.venue, *why, asked.ix.data);
            }
            Ok(Decoded::Liquidity(change)) => self.change(number, asked, change, writer),
            Ok(Decoded::Route(route)) => self.route(number, asked, route, writer),
            Ok(Decoded::One(swap)) => {
                self.swap(number, asked, swap, (0, 1), self.route_around(number), writer);
            }
            Ok(Decoded::Hops(hops)) => {
                let count = hops.count();
                let own = (count > 1).then_some(asked.position.id());
                let id = self.route_around(number).or(own);
                for n in 0..count {
                    if let Some(swap) = hops.swap(asked.ix, n) {
                        self.swap(number, asked, &swap, (n, count), id, writer);
                    }
                }
            }
        }
    }

    fn scope(&self) -> Scope<'a> {
        Scope::Run { calls: self.calls, executed: self.executed }
    }

    fn events(&self, number: usize) -> impl Iterator<Item = Told<'a>> + Clone + use<'a> {
        events(self.calls, number, self.logged)
    }

    /// The innermost aggregator call around call number `number`.
    fn route_around(&self, number: usize) -> Option<u64> {
        let before = self.calls.get(..number)?;
        before.iter().enumerate().rev().filter(|(_, call)| call.end > number).find_map(
            |(_, call)| {
                let decoded = call.spec?.decode(&call.ix);
                let position = super::Position { outer: call.outer, inner: call.inner };
                matches!(decoded, Decoded::Route(_)).then(|| position.id())
            },
        )
    }

    fn swap(
        &self,
        number: usize,
        asked: &Asked<'a>,
        swap: &SwapIx<'a>,
        (n, count): (u8, u8),
        route_id: Option<u64>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        self.rows.asked(asked, &self.scope(), Role::Intent, swap, route_id, writer);
        if self.executed.failed || !self.rows.wanted.fills {
            return;
        }
        let told = fill::of_events(swap, n.into(), self.events(number));
        if self.rows.wanted.rederived {
            Self::rederive(asked, told.as_ref(), writer);
        }
        let found = told
            .map(|(fill, _)| fill)
            .or_else(|| fill::of_transfers(swap, count == 1, self.calls, number))
            .or_else(|| self.of_balances(asked, swap));
        match found {
            Some(fill) => self.fill(asked, Role::Fill, swap, &fill, route_id, writer),
            None => writer.tally.note(Note::FillUnknown),
        }
    }

    /// Compares what the event of a swap tells with what the venue's formula makes of it.
    fn rederive(
        asked: &Asked<'a>,
        told: Option<&(Fill<'a>, Told<'a>)>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        let (venue, found) = (asked.spec.venue, writer.tally.rederivation_mut());
        let Some((fill, told)) = told else { return found.count(venue, Outcome::NoEvent) };
        let difference = Difference {
            signature: *asked.tx.signature(),
            ix_outer: asked.position.outer,
            ix_inner: asked.position.inner,
            venue,
            told: [fill.amount_in, fill.amount_out],
            derived: None,
        };
        found.compare(difference, asked.spec.rederive(told.channel, told.bytes));
    }

    fn of_balances(&self, asked: &Asked<'a>, swap: &SwapIx<'a>) -> Option<Fill<'a>> {
        let owner = swap.owner.unwrap_or(asked.tx.fee_payer());
        self.is_alone().then(|| fill::of_balances(owner, self.executed))?
    }

    fn route(
        &self,
        number: usize,
        asked: &Asked<'a>,
        route: &SwapIx<'a>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        let id = Some(asked.position.id());
        if !self.executed.failed
            && self.rows.wanted.routes
            && let Some(fill) = fill::of_route(route, self.calls, number, self.events(number))
        {
            self.fill(asked, Role::Route, route, &fill, id, writer);
        } else {
            self.rows.asked(asked, &self.scope(), Role::Route, route, id, writer);
        }
    }

    fn fill(
        &self,
        asked: &Asked<'a>,
        role: Role,
        swap: &SwapIx<'a>,
        fill: &Fill<'a>,
        route_id: Option<u64>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        let known = self.rows.mints.of(&self.scope(), swap, Some(fill));
        known.count(swap, role, writer.tally);
        writer.tally.filled(fill.source);
        let row = writer.swap(asked.at.rx_ns);
        row::place(row, &asked.at);
        row::instruction(row, asked, swap, role);
        row::fill(row, fill);
        row::route(row, route_id);
        row::tokens(row, &known);
    }

    fn change(
        &self,
        number: usize,
        asked: &Asked<'a>,
        change: &LiquidityIx<'a>,
        writer: &mut Writer<'_, impl Sink>,
    ) {
        self.rows.change(asked, change, writer);
        if self.executed.failed || !self.rows.wanted.liquidity {
            return;
        }
        let moved = self.events(number).find_map(|told| match told.event {
            Event::Liquidity(moved) => Some(moved),
            _ => None,
        });
        if let Some(moved) = moved {
            let row = writer.liquidity(asked.at.rx_ns);
            row::change(row, asked, change);
            row::moved(row, &moved);
        }
    }
}
