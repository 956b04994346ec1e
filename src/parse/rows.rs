//! A transaction into swap rows: what each top-level instruction asks a venue to do.
//!
//! The program id decides which venue is asked, and only it: discriminators collide. A key that
//! only a lookup table knows is not on the wire; the field stays absent and the row is counted.

use super::batch::Place;
use super::mints::Mints;
use super::tally::{Note, Tally};
use crate::dex::{self, Decoded, Instruction, SwapIx};
use crate::ids::Key;
use crate::record::{Direction, Exact, Record, Role, Source, Swap};
use crate::stream::Sink;
use crate::wire::txn::Transaction;

/// Makes rows; holds what is known of pools.
#[derive(Debug, Default)]
pub(super) struct Rows {
    mints: Mints,
}

/// One instruction of a transaction, and where in it.
struct Found<'a> {
    swap: SwapIx<'a>,
    program: &'a Key,
    ix_outer: u16,
    /// It is one of several rows of its instruction.
    leg: bool,
}

impl Rows {
    pub(super) fn new(mints: Mints) -> Self {
        Self { mints }
    }

    /// Writes the rows of transaction `batch_tx` of its batch and gives how many there were.
    #[inline]
    pub(super) fn write(
        &self,
        tx: &Transaction<'_>,
        place: Place,
        batch_tx: u32,
        tally: &mut Tally,
        out: &mut impl Sink,
    ) -> u32 {
        let mut count = 0;
        // A row waits for the next one, because the last of a transaction says so.
        let mut waiting: Option<Swap> = None;
        for (ix_outer, ix) in (0u16..).zip(tx.instructions()) {
            let Some(program) = tx.account_key(ix.program_index) else { continue };
            let decoded = dex::decode(&Instruction {
                program,
                data: ix.data,
                indices: ix.accounts,
                keys: tx.keys(),
                loaded: &[],
            });
            let Some(decoded) = decoded else { continue };
            if let Decoded::Refused(why) = decoded {
                tally.refuse_swap(why);
            }
            let swaps = decoded.swaps();
            for swap in swaps {
                let found = Found { swap: *swap, program, ix_outer, leg: swaps.len() > 1 };
                let row = self.row(tx, &found, place, batch_tx, tally);
                if let Some(row) = waiting.replace(row) {
                    out.put(Record::of(&row));
                }
                count += 1;
            }
        }
        if let Some(mut row) = waiting {
            row.head.flags |= Swap::LAST_OF_TX;
            out.put(Record::of(&row));
        }
        tally.swaps += u64::from(count);
        count
    }

    fn row(
        &self,
        tx: &Transaction<'_>,
        found: &Found<'_>,
        place: Place,
        batch_tx: u32,
        tally: &mut Tally,
    ) -> Swap {
        let swap = &found.swap;
        let mut row = Swap::new(place.rx_ns);
        row.slot = place.slot;
        (row.batch_start, row.batch_tx) = (place.batch_start, batch_tx);
        row.signature = *tx.signature();
        row.ix_outer = found.ix_outer;
        (row.role, row.source) = (Role::Intent as u8, Source::Instruction as u8);
        (row.venue, row.exact) = (swap.venue as u16, swap.exact as u8);
        row.program = *found.program;
        row.fee_payer = *tx.fee_payer();
        row.present =
            Swap::BATCH | Swap::BATCH_TX | Swap::SIGNATURE | Swap::PROGRAM | Swap::FEE_PAYER;
        if let Some(first) = place.tx_index {
            row.tx_index = first.saturating_add(batch_tx);
            row.present |= Swap::TX_INDEX;
        }
        if found.leg {
            row.route_id = u64::from(found.ix_outer);
            row.present |= Swap::ROUTE;
        }
        amounts(&mut row, swap);
        keys(&mut row, swap);
        if swap.pool.is_none() {
            tally.note(Note::KeyInLookupTable);
        }
        let known = self.mints.of(tx, swap);
        row.direction = known.direction as u8;
        match known.direction {
            Direction::Unknown => tally.note(Note::DirectionUnknown),
            Direction::AToB | Direction::BToA => {}
        }
        if let Some((mint_in, mint_out)) = known.in_out {
            (row.mint_in, row.mint_out) = (mint_in, mint_out);
            row.present |= Swap::MINT_IN | Swap::MINT_OUT;
        } else {
            tally.note(Note::MintUnknown);
        }
        row
    }
}

fn amounts(row: &mut Swap, swap: &SwapIx<'_>) {
    if let Some(amount) = swap.amount {
        match swap.exact {
            Exact::In => (row.amount_in, row.present) = (amount, row.present | Swap::AMOUNT_IN),
            Exact::Out => (row.amount_out, row.present) = (amount, row.present | Swap::AMOUNT_OUT),
        }
    }
    if let Some(limit) = swap.limit {
        (row.limit, row.present) = (limit, row.present | Swap::LIMIT);
    }
    if let Some(limit) = swap.sqrt_limit {
        (row.sqrt_limit, row.present) = (limit, row.present | Swap::SQRT_LIMIT);
    }
}

fn keys(row: &mut Swap, swap: &SwapIx<'_>) {
    let fields: [(Option<&Key>, &mut Key, u32); 4] = [
        (swap.pool, &mut row.pool, Swap::POOL),
        (swap.owner, &mut row.owner, Swap::OWNER),
        (swap.user_in, &mut row.user_in, Swap::USER_IN),
        (swap.user_out, &mut row.user_out, Swap::USER_OUT),
    ];
    for (key, field, bit) in fields {
        if let Some(key) = key {
            *field = *key;
            row.present |= bit;
        }
    }
}
