//! exposure: what a pending swap lets others take, and how to ask so that they cannot. arb to you.

use super::layout::record;
use super::schema::Show;
use super::swap::{Direction, Exact};
use crate::ids::Venue;

/// Why a swap's exposure is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Unmeasured {
    /// It was measured.
    None = 0,
    /// The swap would be refused as things are: nobody can take anything.
    WouldRevert = 1,
    /// It is no intent: what was executed, or the sum of other rows.
    NotPending = 2,
    /// The pool is not known.
    UnknownPool = 3,
    /// The direction is not known.
    NoDirection = 4,
    /// The amount is not known.
    NoAmount = 5,
    /// Neither token is one that costs can be reckoned in.
    NoBase = 6,
    /// The pool's state is older than what is known to have happened to it.
    Stale = 7,
    /// The pool's rules are not modelled.
    Unsupported = 8,
    /// The ticks, bins or levels that the swap needs are not loaded.
    MissingTicks = 9,
    /// A rule of the pool moves with time, and the moment is not known.
    Moment = 10,
    /// The state is not valid, or a number leaves its range.
    BadState = 11,
    /// The pool's state holds the swap already, or one of a later slot.
    Happened = 12,
}

impl Unmeasured {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "none",
        "would_revert",
        "not_pending",
        "unknown_pool",
        "no_direction",
        "no_amount",
        "no_base",
        "stale",
        "unsupported",
        "missing_ticks",
        "moment_unknown",
        "bad_state",
        "happened",
    ];

    /// The name that is shown.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

record! {
    /// What a swap that is pending gives away at most, and the limit and the number of parts that keep it.
    ///
    /// Measured by exact quotes on the pool's state before the swap. Amounts are raw units; `gain` and
    /// `loss` are also told in lamports, at the swap's own rate.
    pub struct Exposure = 0x31 "exposure" version 1, 384 bytes;
    flags {
        /// The swap would be refused: its own limit is broken already. Exposure is 0.
        WOULD_REVERT = 1 "would_revert";
        /// The swap has no limit: any price is accepted.
        NO_LIMIT = 2 "no_limit";
        /// At its limit the swap pays an attacker more than the attack costs.
        ATTACKABLE = 4 "attackable";
        /// The largest front-run ends where the loaded ticks, bins or levels end: more may be there.
        INCOMPLETE = 8 "incomplete";
        /// Even the tightest limit pays an attacker: only smaller parts help.
        NO_SAFE_LIMIT = 16 "no_safe_limit";
        /// Not measured, for `reason`; written under --explain only.
        REFUSED = 32 "refused";
    }
    /// Slot of the swap.
    16 slot: u64 => Show::Dec;
    /// Number of the input record, from 0, gaps and unknown kinds included.
    24 ordinal: u64 => Show::Dec;
    /// First signature of the transaction.
    32 signature: [u8; 64] => Show::Signature, if SIGNATURE = 1;
    /// The pool's account.
    96 pool: [u8; 32] => Show::Key;
    /// The token that goes in.
    128 mint_in: [u8; 32] => Show::Key;
    /// The token that comes out.
    160 mint_out: [u8; 32] => Show::Key;
    /// What goes in, if nobody comes before.
    192 amount_in: u64 => Show::Dec;
    /// What comes out, if nobody comes before.
    200 amount_out: u64 => Show::Dec;
    /// The least that must come out (`exact` in) or the most that may go in (`exact` out).
    208 limit: u64 => Show::Dec, if LIMIT = 2;
    /// The most that can be swapped in front, the same way, so that the swap still keeps its limit.
    216 front_max: u64 => Show::Dec;
    /// What comes out (`exact` out: goes in) behind that.
    224 worst: u64 => Show::Dec;
    /// The front-run that gains most.
    232 front_best: u64 => Show::Dec;
    /// What selling all that it bought gives back more than it cost, in the token that goes in.
    240 gain: i64 => Show::Dec;
    /// The same in lamports.
    248 gain_lamports: i64 => Show::Lamports;
    /// What the user loses by it, in lamports.
    256 loss_lamports: u64 => Show::Lamports;
    /// What an attack is taken to cost.
    264 attack_cost: u64 => Show::Lamports;
    /// The loosest limit at which no attack pays.
    272 safe_limit: u64 => Show::Dec, if SAFE_LIMIT = 4;
    /// The tolerance that it is, ppm of what the swap gives now.
    280 safe_ppm: u32 => Show::Dec, if SAFE_PPM = 4;
    /// The tolerance that the swap has, ppm.
    284 tolerance_ppm: u32 => Show::Dec, if TOLERANCE = 2;
    /// How much less comes out than at the price of the first unit, ppm, fee aside.
    288 impact_ppm: u32 => Show::Dec;
    /// How much the rate of the first unit falls by the swap, ppm.
    292 move_ppm: u32 => Show::Dec;
    /// The number of equal parts that cost least, attacks and fees together.
    296 parts: u16 => Show::Dec;
    /// Where.
    298 venue: u16 => Show::Name(Venue::NAMES);
    /// Which of the pool's tokens goes in.
    300 direction: u8 => Show::Name(Direction::NAMES);
    /// Which side is exact.
    301 exact: u8 => Show::Name(Exact::NAMES);
    /// Why it was not measured.
    302 reason: u8 => Show::Name(Unmeasured::NAMES);
    /// Reserved.
    303 _zero: [u8; 1] => Show::Zero;
    /// What attacks on that number of parts take, and the fees of their transactions.
    304 parts_cost: u64 => Show::Lamports;
    /// The same in one part.
    312 whole_cost: u64 => Show::Lamports;
    /// Gross of the best cycle behind the swap that begins with its pool's new price; 0 if none pays.
    320 back_gross: i64 => Show::Lamports;
    /// Net of it.
    328 back_net: i64 => Show::Lamports;
    /// Which optional fields hold a value.
    336 present: u32 => Show::Hidden;
    /// Reserved.
    340 _zero1: [u8; 44] => Show::Zero;
}
