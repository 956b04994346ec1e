//! The fields of a row: from where it stands, from the instruction, from what was moved.

use super::Asked;
use super::fill::Fill;
use super::mints::Known;
use crate::dex::{LiquidityIx, Moved, SwapIx};
use crate::ids::Key;
use crate::parse::batch::Place;
use crate::record::{Direction, Exact, LINE, Liquidity, Role, Source, Swap, Txn, TxnState};
use crate::wire::txn::{Transaction, Version};

/// Where a transaction stands.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::parse) struct At {
    /// Its slot; 0 when it is not known.
    pub(in crate::parse) slot: u64,
    /// Data index of the first shred of its batch, and its number within the batch.
    pub(in crate::parse) batch: Option<(u32, u32)>,
    /// Its number within the slot.
    pub(in crate::parse) tx_index: Option<u32>,
    /// When it was received.
    pub(in crate::parse) rx_ns: u64,
}

impl At {
    /// Transaction `batch_tx` of the batch at `place`.
    #[inline]
    pub(in crate::parse) fn batch(place: &Place, batch_tx: u32) -> Self {
        Self {
            slot: place.slot,
            batch: Some((place.batch_start, batch_tx)),
            tx_index: place.tx_index.map(|first| first.saturating_add(batch_tx)),
            rx_ns: place.rx_ns,
        }
    }
}

/// Which instruction of a transaction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) outer: u16,
    pub(super) inner: Option<u16>,
}

impl Position {
    /// A number of its own within the transaction, for a route and its legs.
    #[inline]
    pub(super) fn id(self) -> u64 {
        let inner = self.inner.map_or(0, |inner| u64::from(inner) + 1);
        u64::from(self.outer) << 17 | inner
    }
}

/// The record of `tx` itself, without its bytes.
pub(super) fn txn(tx: &Transaction<'_>, at: &At, state: TxnState) -> Txn {
    let mut made = Txn::new(at.rx_ns);
    let wire_len = tx.bytes().len();
    let len = size_of::<Txn>().saturating_add(wire_len).next_multiple_of(LINE);
    // A transaction is at most 4096 bytes long.
    made.head.len = u32::try_from(len).unwrap_or(u32::MAX);
    made.wire_len = u16::try_from(wire_len).unwrap_or(u16::MAX);
    made.slot = at.slot;
    if let Some((batch_start, batch_tx)) = at.batch {
        (made.batch_start, made.batch_tx) = (batch_start, batch_tx);
        made.present |= Txn::BATCH | Txn::BATCH_TX;
    }
    if let Some(tx_index) = at.tx_index {
        made.tx_index = tx_index;
        made.present |= Txn::TX_INDEX;
    }
    made.format = match tx.version() {
        Version::Legacy => 0,
        Version::V0 => 1,
        Version::V1 => 2,
    };
    made.state = state as u8;
    made.signatures = u8::try_from(tx.signatures().len()).unwrap_or(u8::MAX);
    made.signature = *tx.signature();
    made
}

/// Fills in where the transaction stands.
#[inline]
pub(super) fn place(row: &mut Swap, at: &At) {
    row.slot = at.slot;
    if let Some((batch_start, batch_tx)) = at.batch {
        (row.batch_start, row.batch_tx) = (batch_start, batch_tx);
        row.present |= Swap::BATCH | Swap::BATCH_TX;
    }
    if let Some(tx_index) = at.tx_index {
        row.tx_index = tx_index;
        row.present |= Swap::TX_INDEX;
    }
}

/// Fills in what the instruction says.
#[inline]
pub(super) fn instruction(row: &mut Swap, asked: &Asked<'_>, swap: &SwapIx<'_>, role: Role) {
    row.signature = *asked.tx.signature();
    row.fee_payer = *asked.tx.fee_payer();
    row.program = *asked.ix.program;
    row.ix_outer = asked.position.outer;
    (row.role, row.source) = (role as u8, Source::Instruction as u8);
    (row.venue, row.exact) = (swap.venue as u16, swap.exact as u8);
    row.failed = u8::from(asked.failed);
    row.present |= Swap::SIGNATURE | Swap::PROGRAM | Swap::FEE_PAYER;
    if let Some(inner) = asked.position.inner {
        row.ix_inner = inner;
        row.present |= Swap::IX_INNER;
    }
    let keys: [(Option<&Key>, &mut Key, u32); 5] = [
        (asked.outer_program, &mut row.outer_program, Swap::OUTER_PROGRAM),
        (swap.pool, &mut row.pool, Swap::POOL),
        (swap.owner, &mut row.owner, Swap::OWNER),
        (swap.user_in, &mut row.user_in, Swap::USER_IN),
        (swap.user_out, &mut row.user_out, Swap::USER_OUT),
    ];
    let mut present = row.present;
    for (key, field, bit) in keys {
        if let Some(key) = key {
            *field = *key;
            present |= bit;
        }
    }
    row.present = present;
    if let Some(amount) = swap.amount {
        match swap.exact {
            Exact::In => set(&mut row.amount_in, &mut row.present, Swap::AMOUNT_IN, amount),
            Exact::Out => set(&mut row.amount_out, &mut row.present, Swap::AMOUNT_OUT, amount),
        }
    }
    if let Some(limit) = swap.limit {
        set(&mut row.limit, &mut row.present, Swap::LIMIT, limit);
    }
    if let Some(limit) = swap.sqrt_limit {
        set(&mut row.sqrt_limit, &mut row.present, Swap::SQRT_LIMIT, limit);
    }
}

#[inline]
fn set<T>(field: &mut T, present: &mut u32, bit: u32, value: T) {
    *field = value;
    *present |= bit;
}

/// Fills in what was moved, in the place of what was asked for.
pub(super) fn fill(row: &mut Swap, fill: &Fill<'_>) {
    row.source = fill.source as u8;
    (row.amount_in, row.amount_out) = (fill.amount_in, fill.amount_out);
    row.present |= Swap::AMOUNT_IN | Swap::AMOUNT_OUT;
    if let Some((fee, side)) = fill.fee {
        set(&mut row.fee, &mut row.present, Swap::FEE, fee);
        row.fee_side = side as u8;
    }
    if let Some(fee) = fill.transfer_fee_in {
        set(&mut row.transfer_fee_in, &mut row.present, Swap::TRANSFER_FEE_IN, fee);
    }
    if let Some(fee) = fill.transfer_fee_out {
        set(&mut row.transfer_fee_out, &mut row.present, Swap::TRANSFER_FEE_OUT, fee);
    }
    if row.present & Swap::POOL == 0
        && let Some(pool) = fill.pool
    {
        set(&mut row.pool, &mut row.present, Swap::POOL, *pool);
    }
    if row.present & Swap::USER_IN == 0
        && let Some(account) = fill.user_in
    {
        set(&mut row.user_in, &mut row.present, Swap::USER_IN, *account);
    }
    if row.present & Swap::USER_OUT == 0
        && let Some(account) = fill.user_out
    {
        set(&mut row.user_out, &mut row.present, Swap::USER_OUT, *account);
    }
}

/// Fills in the number that a route and its legs share.
#[inline]
pub(super) fn route(row: &mut Swap, id: Option<u64>) {
    if let Some(id) = id {
        set(&mut row.route_id, &mut row.present, Swap::ROUTE, id);
    }
}

/// Fills in the tokens and the direction.
#[inline]
pub(super) fn tokens(row: &mut Swap, known: &Known) {
    row.direction = known.direction as u8;
    if let Some(mint) = known.mint_in {
        set(&mut row.mint_in, &mut row.present, Swap::MINT_IN, mint);
    }
    if let Some(mint) = known.mint_out {
        set(&mut row.mint_out, &mut row.present, Swap::MINT_OUT, mint);
    }
    if known.direction == Direction::Unknown {
        row.direction = 0;
    }
}

/// Fills in a change that is no swap, as its instruction asks for it.
pub(super) fn change(row: &mut Liquidity, asked: &Asked<'_>, change: &LiquidityIx<'_>) {
    let at = &asked.at;
    row.slot = at.slot;
    if let Some((batch_start, batch_tx)) = at.batch {
        (row.batch_start, row.batch_tx) = (batch_start, batch_tx);
        row.present |= Liquidity::BATCH | Liquidity::BATCH_TX;
    }
    if let Some(tx_index) = at.tx_index {
        set(&mut row.tx_index, &mut row.present, Liquidity::TX_INDEX, tx_index);
    }
    set(&mut row.signature, &mut row.present, Liquidity::SIGNATURE, *asked.tx.signature());
    row.fee_payer = *asked.tx.fee_payer();
    row.program = *asked.ix.program;
    row.ix_outer = asked.position.outer;
    if let Some(inner) = asked.position.inner {
        set(&mut row.ix_inner, &mut row.present, Liquidity::IX_INNER, inner);
    }
    (row.venue, row.action) = (change.venue as u16, change.action as u8);
    (row.role, row.source) = (Role::Intent as u8, Source::Instruction as u8);
    row.failed = u8::from(asked.failed);
    let mut present = row.present;
    for (key, field, bit) in [
        (change.pool, &mut row.pool, Liquidity::POOL),
        (change.owner, &mut row.owner, Liquidity::OWNER),
        (change.mint_a, &mut row.mint_a, Liquidity::MINT_A),
        (change.mint_b, &mut row.mint_b, Liquidity::MINT_B),
    ] {
        if let Some(key) = key {
            set(field, &mut present, bit, *key);
        }
    }
    for (value, field, bit) in [
        (change.amount_a, &mut row.amount_a, Liquidity::AMOUNT_A),
        (change.amount_b, &mut row.amount_b, Liquidity::AMOUNT_B),
        (change.limit_a, &mut row.limit_a, Liquidity::LIMIT_A),
        (change.limit_b, &mut row.limit_b, Liquidity::LIMIT_B),
        (change.value, &mut row.value, Liquidity::VALUE),
    ] {
        if let Some(value) = value {
            set(field, &mut present, bit, value);
        }
    }
    row.present = present;
    if let Some(liquidity) = change.liquidity {
        set(&mut row.liquidity, &mut row.present, Liquidity::LIQUIDITY, liquidity);
    }
    if let Some((lower, upper)) = change.ticks {
        (row.tick_lower, row.tick_upper) = (lower, upper);
        row.present |= Liquidity::TICKS;
    }
}

/// Fills in what a change moved, in the place of what was asked for.
pub(super) fn moved(row: &mut Liquidity, moved: &Moved<'_>) {
    (row.role, row.source) = (Role::Fill as u8, Source::Event as u8);
    if let Some(amount) = moved.amount_a {
        set(&mut row.amount_a, &mut row.present, Liquidity::AMOUNT_A, amount);
    }
    if let Some(amount) = moved.amount_b {
        set(&mut row.amount_b, &mut row.present, Liquidity::AMOUNT_B, amount);
    }
    if let Some(liquidity) = moved.liquidity {
        set(&mut row.liquidity, &mut row.present, Liquidity::LIQUIDITY, liquidity);
    }
    if row.present & Liquidity::POOL == 0
        && let Some(pool) = moved.pool
    {
        set(&mut row.pool, &mut row.present, Liquidity::POOL, *pool);
    }
}
