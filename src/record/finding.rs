//! finding: something in what the chain carries that its reader should know of, with the evidence.
//! parse and arb to you.
//!
//! One layout for all: a finding has two sides, the first and the other (two versions of a shred, a
//! front-run and its back-run), and what does not belong to its `what` is absent.

use super::layout::record;
use super::schema::Show;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum What {
    /// A leader made two versions of one thing.
    Equivocation = 0,
    /// Somebody bought before others and sold to the price that they left.
    Sandwich = 1,
    /// One whose swap stands inside a sandwich.
    Victim = 2,
    /// One transaction whose swaps end in the token that they begin with, and gain.
    AtomicArbitrage = 3,
}

impl What {
    /// Names by number.
    pub const NAMES: &'static [&'static str] =
        &["equivocation", "sandwich", "victim", "atomic_arbitrage"];
}

/// Which rule tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum FindingReason {
    /// Two different shreds were received for one place.
    Shred = 0,
    /// A shred was received that differs from the one that its FEC set recovers at its place.
    Recovered = 1,
    /// Two shreds of one FEC set differ in what all of it share: form, signature, counts.
    FecSet = 2,
    /// Two shreds disagree about which shred is the last of the slot.
    Last = 3,
    /// A FEC set names another root for the set before it than that set has.
    ChainedRoot = 4,
    /// The rules of its `level` hold, or all but the one in `missed`.
    Rules = 5,
    /// Each swap takes in the token that the one before it gives, back to the first.
    ClosedWalk = 6,
    /// The tokens of its swaps lead to each other, and none is left with less.
    Component = 7,
}

impl FindingReason {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "shred",
        "recovered",
        "fec_set",
        "last",
        "chained_root",
        "rules",
        "closed_walk",
        "component",
    ];
}

/// How far the evidence goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Proof {
    /// Who signed was not checked.
    Open = 0,
    /// The leader signed both versions.
    Proven = 1,
    /// One of the two is not the leader's: damaged on its way, or forged.
    Refuted = 2,
}

impl Proof {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["open", "proven", "refuted"];
}

/// Whether the leader signed one of two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Signed {
    /// The leader is not known.
    Unchecked = 0,
    /// It did.
    Ok = 1,
    /// It did not.
    Bad = 2,
}

impl Signed {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["unchecked", "ok", "bad"];
}

/// What a rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum RuleVerdict {
    /// The rule is not about this.
    #[default]
    None = 0,
    /// It holds.
    Passed = 1,
    /// It does not.
    Failed = 2,
    /// The rows do not say.
    Unknown = 3,
}

impl RuleVerdict {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["none", "passed", "failed", "unknown"];
}

/// A rule of a sandwich; each has a field of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Rule {
    /// No rule.
    #[default]
    None = 0,
    /// `rule_pool`.
    Pool = 1,
    /// `rule_wrapper`.
    Wrapper = 2,
    /// `rule_aggregator`.
    Aggregator = 3,
    /// `rule_linked`.
    Linked = 4,
    /// `rule_victim`.
    Victim = 5,
    /// `rule_bought`.
    Bought = 6,
    /// `rule_paid`.
    Paid = 7,
    /// `rule_leader`.
    Leader = 8,
    /// `rule_window`.
    Window = 9,
    /// `rule_exact`.
    Exact = 10,
    /// `rule_owner`.
    Owner = 11,
}

impl Rule {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "none",
        "pool",
        "wrapper",
        "aggregator",
        "linked",
        "victim",
        "bought",
        "paid",
        "leader",
        "window",
        "exact",
        "owner",
    ];
}

/// Which set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum RuleLevel {
    /// None.
    #[default]
    None = 0,
    /// Within the slots of one leader, all legs linked.
    Strict = 1,
    /// Within a window of slots, with amounts or owner that tie the legs.
    Wide = 2,
}

impl RuleLevel {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["none", "strict", "wide"];
}

/// How much speaks for a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Confidence {
    /// Not reckoned.
    #[default]
    None = 0,
    /// A rule is open, or a row is only an intent.
    Low = 1,
    /// The rules hold.
    Medium = 2,
    /// The rules hold and the amounts fit to the unit, or nearly so.
    High = 3,
}

impl Confidence {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["none", "low", "medium", "high"];
}

/// Why a victim's loss is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum LossUnknown {
    /// It is not.
    #[default]
    None = 0,
    /// The pool's state before the front-run is not known.
    NoState = 1,
    /// More had happened to the pool than its state held.
    Stale = 2,
    /// A swap up to the victim does not give in the replay what the chain gave.
    Model = 3,
    /// A state, or liquidity, came in between from elsewhere.
    StateReplaced = 4,
    /// The pool's bins or levels before the front-run were not kept.
    Depth = 5,
    /// Without the front-run, a swap would not have executed.
    Refused = 6,
    /// Losses of victims in different tokens have no sum.
    Mixed = 7,
    /// The sandwich holds more victims than are told one by one.
    TooMany = 8,
    /// A swap up to the victim is an intent: what the chain made of it is not told.
    NotExecuted = 9,
}

impl LossUnknown {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "none",
        "no_state",
        "stale",
        "model",
        "state_replaced",
        "depth",
        "refused",
        "mixed",
        "too_many",
        "not_executed",
    ];
}

/// Names of the kinds of shred.
const SHRED_KINDS: &[&str] = &["data", "code"];

record! {
    /// Something found, with the evidence.
    ///
    /// `equivocation`: of two versions, the one that came first and was kept, and the other. Under
    /// `chained_root` the first version is the FEC set before, with its own root, and the other is the
    /// set that follows, with the root that it names for the set before.
    ///
    /// `sandwich`: the first side is the front-run, the other the back-run. `victim`: one swap inside
    /// it, with what it would have been without the front-run; `other_signature` and `first_slot`
    /// name the sandwich by its first front-run. `atomic_arbitrage`: one transaction.
    pub struct Finding = 0x32 "finding" version 2, 576 bytes;
    flags {
        /// Not a finding: all rules of `level` but the one in `missed` hold. Written under --explain.
        NEAR_MISS = 1 "near_miss";
        /// The exact side of the victim's swap is what comes out: `fair_amount` and `loss` are of what goes in.
        EXACT_OUT = 2 "exact_out";
    }
    /// The slot; a sandwich's is that of its last back-run.
    16 slot: u64 => Show::Dec;
    /// What was found.
    24 what: u16 => Show::Name(What::NAMES);
    /// Which rule tells.
    26 reason: u16 => Show::Name(FindingReason::NAMES);
    /// How far the evidence goes.
    28 proof: u8 => Show::Name(Proof::NAMES);
    /// The kind of the shreds.
    29 shred_kind: u8 => Show::Name(SHRED_KINDS), if SHRED_KIND = 1;
    /// Whether the leader signed the first version.
    30 signed: u8 => Show::Name(Signed::NAMES);
    /// Whether the leader signed the other one.
    31 other_signed: u8 => Show::Name(Signed::NAMES);
    /// Index of the first version's shred.
    32 index: u32 => Show::Dec, if INDEX = 2;
    /// Index of the other's, which is another one when what the two share is more than a place.
    36 other_index: u32 => Show::Dec, if OTHER_INDEX = 4;
    /// The FEC set of the other version.
    40 fec_set_index: u32 => Show::Dec, if FEC_SET = 8;
    /// Which optional fields hold a value.
    44 present: u32 => Show::Hidden;
    /// The slot of the first version, when that is another one: the parent. Of a sandwich, the slot of
    /// its first front-run.
    48 first_slot: u64 => Show::Dec, if FIRST_SLOT = 16;
    /// Who should have signed.
    56 leader: [u8; 32] => Show::Key, if LEADER = 32;
    /// Signature of the first version; of the first front-run, of the victim, of the arbitrage.
    88 signature: [u8; 64] => Show::Signature, if SIGNATURE = 64;
    /// Signature of the other one; of the last back-run; of a victim's first front-run.
    152 other_signature: [u8; 64] => Show::Signature, if OTHER_SIGNATURE = 128;
    /// Merkle root of the first version; SHA-256 of what is signed, of a legacy shred.
    216 root: [u8; 32] => Show::Hex, if ROOT = 256;
    /// The same of the other one.
    248 other_root: [u8; 32] => Show::Hex, if OTHER_ROOT = 512;
    /// The pool; the first one of an arbitrage.
    280 pool: [u8; 32] => Show::Key, if POOL = 0x400;
    /// The token that the front-run and the victim give; the one that an arbitrage gains.
    312 mint_in: [u8; 32] => Show::Key, if MINT_IN = 0x800;
    /// The token that they get.
    344 mint_out: [u8; 32] => Show::Key, if MINT_OUT = 0x1000;
    /// Who signs for the first front-run, the victim's swap, or the arbitrage's first swap.
    376 owner: [u8; 32] => Show::Key, if OWNER = 0x2000;
    /// The program of the top-level instruction, when it is not the venue.
    408 outer_program: [u8; 32] => Show::Key, if OUTER_PROGRAM = 0x4000;
    /// Raw units that the front-run gives, in sum.
    440 front_in: u64 => Show::Dec, if FRONT_IN = 0x8000;
    /// Raw units that the front-run gets.
    448 front_out: u64 => Show::Dec, if FRONT_OUT = 0x8000;
    /// Raw units that the back-run gives, in sum.
    456 back_in: u64 => Show::Dec, if BACK_IN = 0x8000;
    /// Raw units that the back-run gets.
    464 back_out: u64 => Show::Dec, if BACK_OUT = 0x8000;
    /// Raw units that the victim gives, or the first swap of an arbitrage.
    472 amount_in: u64 => Show::Dec, if AMOUNT_IN = 0x1_0000;
    /// Raw units that the victim gets, or the last swap of an arbitrage.
    480 amount_out: u64 => Show::Dec, if AMOUNT_OUT = 0x2_0000;
    /// What the victim would have got for as much; under `exact_out`, given for as much.
    488 fair_amount: u64 => Show::Dec, if FAIR_AMOUNT = 0x4_0000;
    /// What comes back less what was given, raw units of `mint_in`.
    496 gross: i64 => Show::Dec, if GROSS = 0x8_0000;
    /// Fees of the attacker's or the arbitrage's transactions, as --tx-fee reckons them, lamports.
    504 tx_fees: u64 => Show::Lamports, if TX_FEES = 0x10_0000;
    /// Gross less fees, where `mint_in` is wrapped SOL, lamports.
    512 net: i64 => Show::Dec, if NET = 0x20_0000;
    /// What the victim lost by the front-run: raw units of `mint_out`, under `exact_out` of `mint_in`;
    /// of a sandwich, the sum of its victims.
    520 loss: i64 => Show::Dec, if LOSS = 0x40_0000;
    /// Number of the transaction of `signature` within its slot, from 0.
    528 tx_index: u32 => Show::Dec, if TX_INDEX = 0x80_0000;
    /// Number of the transaction of `other_signature` within its slot.
    532 other_tx_index: u32 => Show::Dec, if OTHER_TX_INDEX = 0x100_0000;
    /// Slots from the first front-run to the last back-run, both counted.
    536 slots_spanned: u32 => Show::Dec, if SLOTS_SPANNED = 0x200_0000;
    /// Swaps between them in the front-run's direction, by others.
    540 victims: u32 => Show::Dec, if VICTIMS = 0x200_0000;
    /// Swaps of the front-run.
    544 fronts: u16 => Show::Dec, if FRONTS = 0x200_0000;
    /// Swaps of the back-run.
    546 backs: u16 => Show::Dec, if BACKS = 0x200_0000;
    /// Swaps of the arbitrage.
    548 hops: u16 => Show::Dec, if HOPS = 0x400_0000;
    /// The set of rules that holds.
    550 level: u8 => Show::Name(RuleLevel::NAMES);
    /// How much speaks for it.
    551 confidence: u8 => Show::Name(Confidence::NAMES);
    /// The rule of `level` that a near miss misses.
    552 missed: u8 => Show::Name(Rule::NAMES);
    /// Why the loss is absent.
    553 loss_unknown: u8 => Show::Name(LossUnknown::NAMES);
    /// Front-run and back-run are in one pool, in opposite directions.
    554 rule_pool: u8 => Show::Name(RuleVerdict::NAMES);
    /// They come through the same program, or all go to the venue directly.
    555 rule_wrapper: u8 => Show::Name(RuleVerdict::NAMES);
    /// That program is no known aggregator.
    556 rule_aggregator: u8 => Show::Name(RuleVerdict::NAMES);
    /// They share an owner, a fee payer or token accounts; transfers between them are not in the rows.
    557 rule_linked: u8 => Show::Name(RuleVerdict::NAMES);
    /// A swap by somebody else, through another program, stands between them in the front-run's direction.
    558 rule_victim: u8 => Show::Name(RuleVerdict::NAMES);
    /// The back-run gives no more than the front-run got.
    559 rule_bought: u8 => Show::Name(RuleVerdict::NAMES);
    /// The back-run gets no less than the front-run gave.
    560 rule_paid: u8 => Show::Name(RuleVerdict::NAMES);
    /// All are in the four slots of one leader.
    561 rule_leader: u8 => Show::Name(RuleVerdict::NAMES);
    /// All are within --window slots.
    562 rule_window: u8 => Show::Name(RuleVerdict::NAMES);
    /// The back-run gives what the front-run got, within 0.1 %.
    563 rule_exact: u8 => Show::Name(RuleVerdict::NAMES);
    /// All have one owner.
    564 rule_owner: u8 => Show::Name(RuleVerdict::NAMES);
    /// Reserved.
    565 _zero: [u8; 11] => Show::Zero;
}
