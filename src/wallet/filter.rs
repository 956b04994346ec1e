//! The stage: a verdict before each swap, by its wallet.
//!
//! What is asked for is asked all at once: enough confidence, one of some flags, none of others. What
//! cannot be judged, a swap without a wallet or a row that is being written at every look, is stopped
//! whatever is asked for.

use super::learn::owner;
use super::row::{Decision, share_ppm};
use super::store::Reader;
use super::table::Answer;
use crate::record::{
    Gap, GapReason, Layout, Producer, Record, Swap, Wallet, WalletReason, WalletVerdict,
};
use crate::stream::{Sink, Stage};

/// What a wallet has to meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The least confidence, bits of an f32 from 0 to 1.
    pub min_confidence: Option<u32>,
    /// Flags of which it has one.
    pub any_flag: Option<u32>,
    /// Flags of which it has none.
    pub none_flag: Option<u32>,
    /// Who meets them is stopped, and who does not passes.
    pub invert: bool,
}

impl Criteria {
    /// Why a wallet of which this is known meets them or not.
    pub fn judge(&self, known: Option<Decision>) -> WalletReason {
        if self.none_flag.is_some_and(|flags| known.is_some_and(|known| known.flags & flags != 0)) {
            return WalletReason::BarredFlag;
        }
        // A table that is asked nothing is asked whether it has the wallet.
        let asks = self.min_confidence.is_some() || self.any_flag.is_some();
        let Some(known) = known else {
            let fine = !asks && self.none_flag.is_some();
            return if fine { WalletReason::Meets } else { WalletReason::Unknown };
        };
        if self.min_confidence.is_some_and(|least| !known.is_at_least(least)) {
            return WalletReason::LowConfidence;
        }
        if self.any_flag.is_some_and(|flags| known.flags & flags == 0) {
            return WalletReason::WithoutFlag;
        }
        WalletReason::Meets
    }

    /// The verdict that follows from `reason`.
    pub fn verdict(&self, reason: WalletReason) -> WalletVerdict {
        let stopped = match reason {
            WalletReason::NoWallet | WalletReason::Busy => true,
            WalletReason::Meets => self.invert,
            _ => !self.invert,
        };
        if stopped { WalletVerdict::Stop } else { WalletVerdict::Pass }
    }
}

/// The core of `walletdb filter`.
pub struct Filter {
    reader: Reader,
    criteria: Criteria,
    drops: bool,
    /// Verdicts by reason, and those that stopped.
    reasons: [u64; WalletReason::NAMES.len()],
    stopped: u64,
    refreshed: u64,
    /// Swaps until the table's file is looked at again.
    until_look: u32,
}

/// Swaps of a batch, at most: how long a file that was replaced is read on.
const BATCH: u32 = 64;

impl Filter {
    /// Judges by the table of `reader`; `drops` leaves a gap in the place of what is stopped.
    pub fn new(reader: Reader, criteria: Criteria, drops: bool) -> Self {
        let reasons = [0; WalletReason::NAMES.len()];
        Self { reader, criteria, drops, reasons, stopped: 0, refreshed: 0, until_look: 0 }
    }

    /// Verdicts by reason.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, u64)> {
        WalletReason::NAMES.iter().copied().zip(self.reasons)
    }

    /// Swaps that were stopped.
    pub fn stopped(&self) -> u64 {
        self.stopped
    }

    /// How often another file was gone over to.
    pub fn refreshed(&self) -> u64 {
        self.refreshed
    }

    /// Looks whether another file took the place of the table's.
    fn look(&mut self) {
        self.refreshed += u64::from(self.reader.refresh());
        self.until_look = BATCH;
    }

    /// What is known of who makes `swap`, and the verdict.
    #[inline]
    pub fn judge(&mut self, swap: &Swap) -> Wallet {
        if self.until_look == 0 {
            self.look();
        }
        self.until_look -= 1;
        let mut record = Wallet::new(swap.head.rx_ns);
        record.generation = self.reader.head().generation;
        if swap.present & Swap::POOL != 0 {
            (record.pool, record.present) = (swap.pool, Wallet::POOL);
        }
        let reason = match owner(swap) {
            None => WalletReason::NoWallet,
            Some(wallet) => {
                record.wallet = wallet;
                record.present |= Wallet::WALLET;
                match self.reader.table().lookup(&wallet) {
                    Answer::Busy => WalletReason::Busy,
                    Answer::Absent => self.criteria.judge(None),
                    Answer::Known(known) => {
                        record.confidence_ppm = share_ppm(known.confidence);
                        record.marks = known.flags;
                        record.present |= Wallet::CONFIDENCE;
                        self.criteria.judge(Some(known))
                    }
                }
            }
        };
        let verdict = self.criteria.verdict(reason);
        (record.reason, record.verdict) = (reason as u8, verdict as u8);
        if self.criteria.invert {
            record.head.flags |= Wallet::INVERTED;
        }
        if let Some(count) = self.reasons.get_mut(reason as usize) {
            *count += 1;
        }
        self.stopped += u64::from(verdict == WalletVerdict::Stop);
        record
    }
}

impl Stage for Filter {
    const MAX_OUT: usize = size_of::<Wallet>() + size_of::<Swap>();

    const AHEAD: usize = 4;

    #[inline]
    fn expect(&mut self, coming: Record<'_>) {
        if let Some(wallet) = coming.typed::<Swap>().and_then(owner) {
            self.reader.table().expect(&wallet);
        }
    }

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        let Some(swap) = input.typed::<Swap>() else {
            out.put(input);
            return;
        };
        let record = self.judge(swap);
        out.put(Record::of(&record));
        if self.drops && record.verdict == WalletVerdict::Stop as u8 {
            let mut gap = Gap::new(swap.head.rx_ns);
            (gap.count, gap.slot, gap.present) = (1, swap.slot, Gap::SLOT);
            gap.reason = GapReason::Filtered as u16;
            gap.producer = Producer::Walletdb as u16;
            out.put(Record::of(&gap));
        } else {
            out.put(input);
        }
    }

    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {
        self.look();
    }

    fn finish(&mut self, _out: &mut impl Sink) {}
}

/// Kinds that the filter takes; all others pass.
pub(super) const CONSUMES: &[u16] = &[Swap::SCHEMA.kind];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::row::{Flags, ONE};

    #[test]
    fn criteria_hold_all_at_once() {
        use WalletReason as R;
        let half = 0x3f00_0000;
        let known = |confidence, flags| Some(Decision { confidence, flags });
        let nothing = Criteria::default();
        let sure = Criteria { min_confidence: Some(half), ..nothing };
        let any = Criteria { any_flag: Some(Flags::INSIDER | Flags::COPY), ..nothing };
        let none = Criteria { none_flag: Some(Flags::BLACKLIST), ..nothing };
        let all = Criteria { min_confidence: Some(half), any_flag: Some(Flags::COPY), ..none };
        for (criteria, of, should) in [
            (nothing, None, R::Unknown),
            (nothing, known(0, 0), R::Meets),
            (sure, None, R::Unknown),
            (sure, known(half - 1, 0), R::LowConfidence),
            (sure, known(half, 0), R::Meets),
            (sure, known(u32::MAX, 0), R::LowConfidence),
            (any, None, R::Unknown),
            (any, known(ONE, Flags::BOT), R::WithoutFlag),
            (any, known(0, Flags::COPY), R::Meets),
            (none, None, R::Meets),
            (none, known(ONE, Flags::BLACKLIST), R::BarredFlag),
            (none, known(0, 0), R::Meets),
            (all, None, R::Unknown),
            (all, known(ONE, Flags::COPY | Flags::BLACKLIST), R::BarredFlag),
            (all, known(ONE, Flags::COPY), R::Meets),
        ] {
            assert_eq!(criteria.judge(of), should, "{criteria:?} {of:?}");
        }
    }

    #[test]
    fn what_cannot_be_judged_is_stopped_either_way() {
        for invert in [false, true] {
            let criteria = Criteria { invert, ..Criteria::default() };
            let passes = |reason| criteria.verdict(reason) == WalletVerdict::Pass;
            assert!(!passes(WalletReason::NoWallet) && !passes(WalletReason::Busy));
            assert_eq!(passes(WalletReason::Meets), !invert);
            assert_eq!(passes(WalletReason::BarredFlag), invert);
        }
    }
}
