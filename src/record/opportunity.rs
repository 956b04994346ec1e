//! opportunity: a cycle of swaps that pays, with every number that made the decision. arb to bundle.

use super::layout::record;
use super::schema::Show;
use crate::ids::Venue;

/// Why a candidate was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Refusal {
    /// It was taken.
    None = 0,
    /// The product of marginal rates, flash fee included, is not above one.
    NotProfitable = 1,
    /// The largest possible gain does not cover the fixed costs.
    BelowCost = 2,
    /// After tip and every cost, nothing is left.
    BelowMinProfit = 3,
    /// A pool's state is older than what is known to have happened to it.
    Stale = 4,
    /// The pools' states are too many slots apart.
    MixedSlots = 5,
    /// A reserve is below the least depth.
    Dust = 6,
    /// A pool takes no swaps.
    Disabled = 7,
    /// A pool is not open yet.
    NotOpenYet = 8,
    /// The walk reached the end of the loaded tick arrays.
    MissingTicks = 9,
    /// The same pool twice.
    SamePool = 10,
    /// The product of rates is too good to be true.
    AbsurdFactor = 11,
    /// A quote overflowed or its state is not valid.
    BadState = 12,
    /// The optimal size is zero.
    ZeroSize = 13,
    /// The same cycle, with the same amounts, was written before.
    Duplicate = 14,
    /// The flash loan cannot be had in this size.
    FlashLoan = 15,
    /// It does not touch a token that costs can be reckoned in.
    NoBase = 16,
    /// Liquidity was added or taken, or a setting changed, since the pool's state was told.
    VaultChange = 17,
    /// A rule of a pool moves with time, and the moment is not known.
    Moment = 18,
}

impl Refusal {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "none",
        "not_profitable",
        "below_cost",
        "below_min_profit",
        "stale",
        "mixed_slots",
        "dust",
        "disabled",
        "not_open_yet",
        "missing_ticks",
        "same_pool",
        "absurd_factor",
        "bad_state",
        "zero_size",
        "duplicate",
        "flash_loan",
        "no_base",
        "vault_change",
        "moment_unknown",
    ];

    /// The name that is shown.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

/// What led to an opportunity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// A state that was told, or a swap that was executed.
    State = 0,
    /// A swap that is pending: the cycle pays behind it, in one bundle with it.
    Pending = 1,
}

impl Cause {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["state", "pending"];
}

record! {
    /// A cycle through two to four pools that ends in the token it began with, and what it pays.
    ///
    /// `net` = `gross` - `flash_fee` - `base_fee` - `priority_fee` - `tip`, where `gross` is the
    /// last amount less the first. Costs are in lamports and the cycle starts in wrapped SOL.
    pub struct Opportunity = 0x30 "opportunity" version 3, 768 bytes;
    flags {
        /// Not taken, for `reason`; written under --explain only and never consumed further.
        REFUSED = 1 "refused";
        /// A hop stopped at the last loaded tick array: more may have been there.
        INCOMPLETE_TICKS = 2 "incomplete_ticks";
        /// The size is capped by the balance.
        CAPPED_BALANCE = 4 "capped_balance";
        /// The size is capped by what the lender has.
        CAPPED_FLASH = 8 "capped_flash";
    }
    /// Slot of the change that was the trigger.
    16 slot: u64 => Show::Dec;
    /// Oldest slot of the states used.
    24 oldest_slot: u64 => Show::Dec;
    /// Newest slot of the states used.
    32 newest_slot: u64 => Show::Dec;
    /// Number of the input record that was the trigger, from 0, gaps and unknown kinds included.
    40 ordinal: u64 => Show::Dec;
    /// xxh3-64 of the states used, in the order of the hops.
    48 state_hash: u64 => Show::Dec;
    /// Number within its plan, from 0.
    56 plan_index: u16 => Show::Dec;
    /// Hops used.
    58 hops: u8 => Show::Dec;
    /// Why it was refused.
    59 reason: u8 => Show::Name(Refusal::NAMES);
    /// Opportunities that share a pool share this number.
    60 conflict_group: u32 => Show::Dec;
    /// First signature of the transaction that was the trigger.
    64 trigger: [u8; 64] => Show::Signature, if TRIGGER = 1;
    /// The token it starts and ends in.
    128 base_mint: [u8; 32] => Show::Key;
    /// The pool of each hop.
    160 pools: [[u8; 32]; 4] => Show::Key;
    /// The token that goes into each hop.
    288 mints: [[u8; 32]; 4] => Show::Key;
    /// The amount that goes into each hop; the one after the last hop is what comes back.
    416 amounts: [u64; 5] => Show::Dec;
    /// The least each hop must give for the plan to pay.
    456 min_out: [u64; 4] => Show::Dec;
    /// What comes back less what went in.
    488 gross: i64 => Show::Lamports;
    /// The flash loan's fee.
    496 flash_fee: u64 => Show::Lamports;
    /// Base fee of the transaction.
    504 base_fee: u64 => Show::Lamports;
    /// Priority fee.
    512 priority_fee: u64 => Show::Lamports;
    /// Tip.
    520 tip: u64 => Show::Lamports;
    /// What is left.
    528 net: i64 => Show::Lamports;
    /// How much the closed form may miss of the real optimum at most, by rounding.
    536 bound: u64 => Show::Lamports;
    /// Compute units asked for.
    544 compute_units: u32 => Show::Dec;
    /// How far the product of marginal rates is above one: log2 in 2^-20.
    548 excess_q20: i32 => Show::Dec;
    /// The venue of each hop.
    552 venues: [u16; 4] => Show::Name(Venue::NAMES);
    /// The direction of each hop.
    560 directions: [u8; 4] => Show::Dec;
    /// Decimals of the token that goes into each hop.
    564 decimals: [u8; 4] => Show::Dec;
    /// The pool whose change was the trigger.
    568 trigger_pool: [u8; 32] => Show::Key;
    /// Compute unit price in micro-lamports.
    600 cu_price_micro: u64 => Show::Dec;
    /// Which optional fields hold a value.
    608 present: u32 => Show::Hidden;
    /// Ticks, bins and levels that it crosses.
    612 crossings: u16 => Show::Dec;
    /// What led to it: a swap that was executed or a state that changed, or one that is pending.
    614 cause: u8 => Show::Name(Cause::NAMES);
    /// Cycles of its plan; 0 outside of a plan.
    615 plan_count: u8 => Show::Dec;
    /// What any trades in the pools of its plan can gain at most, before costs (weak duality).
    616 plan_bound: u64 => Show::Lamports, if PLAN = 2;
    /// Part of that bound which the plan takes, ppm.
    624 captured_ppm: u32 => Show::Dec, if CAPTURED = 2;
    /// Reserved.
    628 _zero: [u8; 140] => Show::Zero;
}
