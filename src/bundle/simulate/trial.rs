//! The stage: bundles in, bundles with verdicts out.

use super::judge::{Judged, Tried, judge, may_leave, write};
use crate::ids::Key;
use crate::record::{Bundle, LEN_MAX, Record, Simulated, Simulator};
use crate::sim::{Cause, Fault, Simulation};
use crate::stream::{Sink, Stage};
use crate::wire::txn::Transaction;

/// Who runs a bundle's transactions.
pub(super) trait Executor {
    /// Runs `transactions`, which are those of `bundle`, and leaves nothing behind.
    fn execute(&mut self, bundle: &Bundle, transactions: &[&[u8]]) -> Tried;
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) bundles: u64,
    pub(super) passed: u64,
    /// Those of them that leave by --allow-loss alone.
    pub(super) allowed: u64,
    /// Bundles of each verdict.
    pub(super) verdicts: [u64; Simulated::ALL.len()],
    /// Bundles of each verdict that did not leave.
    pub(super) refused: [u64; Simulated::ALL.len()],
    /// What the bundles that succeeded gain, and what their opportunities expected, in lamports.
    pub(super) profit_lamports: i128,
    pub(super) net_lamports: i128,
    /// Compute units that all transactions used.
    pub(super) units: u64,
    /// Accounts that bundles name and nobody gave, each as often as a bundle names it.
    pub(super) missing: u64,
}

impl Counts {
    /// How many bundles had `verdict`.
    pub(super) fn of(&self, verdict: Simulated) -> u64 {
        self.verdicts.get(verdict as usize).copied().unwrap_or(0)
    }

    fn count(&mut self, bundle: &Bundle, tried: &Tried, judged: Judged, leaves: bool) {
        let add = |count: &mut u64| *count = count.saturating_add(1);
        let at = judged.verdict as usize;
        add(&mut self.bundles);
        self.verdicts.get_mut(at).into_iter().for_each(add);
        if leaves {
            add(&mut self.passed);
            if !may_leave(judged.verdict, false) {
                add(&mut self.allowed);
            }
        } else {
            self.refused.get_mut(at).into_iter().for_each(add);
        }
        if let Some(profit) = judged.profit {
            self.profit_lamports = self.profit_lamports.saturating_add(i128::from(profit));
            self.net_lamports = self.net_lamports.saturating_add(i128::from(bundle.net));
        }
        self.units = self.units.saturating_add(tried.made.units());
        let missing = u64::try_from(tried.made.missing.len()).unwrap_or(u64::MAX);
        self.missing = self.missing.saturating_add(missing);
    }
}

/// Tries bundles by `E`; shows each to `O` with what came of it.
pub(super) struct Trial<E, O> {
    executor: E,
    observe: O,
    owners: Vec<Key>,
    allow_loss: bool,
    counts: Counts,
}

impl<E: Executor, O: FnMut(&Bundle, &Tried, Judged)> Trial<E, O> {
    /// Tries bundles by what `owners` gain; whoever pays for the last transaction, if there is none.
    pub(super) fn new(executor: E, owners: Vec<Key>, allow_loss: bool, observe: O) -> Self {
        Self { executor, observe, owners, allow_loss, counts: Counts::default() }
    }

    /// What was done so far.
    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    fn bundle(&mut self, bundle: &Bundle, tail: &[u8], out: &mut impl Sink) {
        let transactions: Vec<&[u8]> = bundle.transactions(tail).collect();
        let whole = transactions.len() == usize::from(bundle.txs) && !transactions.is_empty();
        let tried = if whole {
            self.executor.execute(bundle, &transactions)
        } else {
            let words = "the record does not hold the transactions that it counts";
            let fault = Some(Fault::new(Cause::NotTransactions, 0, words));
            Tried { made: Simulation { fault, ..Simulation::default() }, by: Simulator::None }
        };
        let payer = transactions.last().and_then(|wire| Transaction::check(wire).ok());
        let payer = payer.map(|tx| *tx.fee_payer());
        let owners = if self.owners.is_empty() { payer.as_slice() } else { &self.owners };
        let judged = judge(&tried, transactions.len(), bundle.net, owners);
        let leaves = may_leave(judged.verdict, self.allow_loss);
        self.counts.count(bundle, &tried, judged, leaves);
        (self.observe)(bundle, &tried, judged);
        if leaves {
            let mut bundle = *bundle;
            write(&mut bundle, &tried, judged);
            out.put_parts(&bundle, tail);
        }
    }
}

impl<E: Executor, O: FnMut(&Bundle, &Tried, Judged)> Stage for Trial<E, O> {
    const MAX_OUT: usize = LEN_MAX;

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        if let Some(bundle) = input.typed::<Bundle>() {
            self.bundle(bundle, input.tail::<Bundle>(), out);
        }
    }

    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {}

    fn finish(&mut self, _out: &mut impl Sink) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Layout;
    use crate::record::Simulated::{Failed, NoProgram, NotTransactions, Profit};
    use crate::sim::Ran;
    use crate::stream::Arena;

    /// Gives each bundle the fault that its ordinal says.
    struct Faults;

    impl Executor for Faults {
        fn execute(&mut self, bundle: &Bundle, transactions: &[&[u8]]) -> Tried {
            let fault = match bundle.ordinal {
                0 => None,
                1 => Some(Fault::new(Cause::Failed, 0, "no")),
                _ => Some(Fault::new(Cause::NoProgram, 0, "no")),
            };
            let ran = Ran { units: 10, ..Ran::default() };
            let made = Simulation {
                transactions: vec![ran; transactions.len()],
                fault,
                missing: vec![[1; 32]],
                has_balances: true,
                slot: None,
            };
            Tried { made, by: Simulator::Local }
        }
    }

    fn input(ordinal: u64, txs: u8) -> (Bundle, Vec<u8>) {
        let mut bundle = Bundle::new(9);
        (bundle.ordinal, bundle.txs, bundle.tx_len) = (ordinal, txs, [40, 20, 0, 0, 0]);
        let tail = vec![7; 64];
        bundle.head.len = 256 + 64;
        (bundle, tail)
    }

    fn feed(trial: &mut Trial<Faults, impl FnMut(&Bundle, &Tried, Judged)>, out: &mut Arena) {
        for (ordinal, txs) in [(0, 2), (1, 2), (2, 1), (0, 0), (0, 6)] {
            let (bundle, tail) = input(ordinal, txs);
            let mut arena = Arena::with_room(0);
            arena.put_parts(&bundle, &tail);
            arena.records().for_each(|record| trial.step(record, out));
        }
    }

    #[test]
    fn what_leaves_has_its_verdict_and_its_bytes_and_the_rest_is_counted() {
        let mut seen = Vec::new();
        let mut trial =
            Trial::new(Faults, Vec::new(), false, |_, _, judged| seen.push(judged.verdict));
        let mut out = Arena::with_room(0);
        feed(&mut trial, &mut out);
        let counts = trial.counts().clone();
        drop(trial);
        let left: Vec<(Bundle, Vec<u8>)> = out
            .records()
            .map(|record| (*record.typed::<Bundle>().unwrap(), record.tail::<Bundle>().to_vec()))
            .collect();
        let [(bundle, tail)] = left.as_slice() else { panic!("{left:?}") };
        assert_eq!((bundle.verdict, bundle.invalid()), (Profit as u8, None));
        assert_eq!((bundle.units, tail), ([10, 10, 0, 0, 0], &vec![7; 64]));
        assert_eq!(seen, [Profit, Failed, NoProgram, NotTransactions, NotTransactions]);
        assert_eq!((counts.bundles, counts.passed, counts.allowed), (5, 1, 0));
        assert_eq!(counts.refused.iter().sum::<u64>(), 4);
        assert_eq!((counts.of(NotTransactions), counts.units, counts.missing), (2, 50, 3));
    }

    #[test]
    fn losses_leave_on_request_but_never_what_was_not_simulated() {
        let mut trial = Trial::new(Faults, Vec::new(), true, |_, _, _| {});
        let mut out = Arena::with_room(0);
        feed(&mut trial, &mut out);
        let left: Vec<u8> =
            out.records().map(|record| record.typed::<Bundle>().unwrap().verdict).collect();
        assert_eq!(left, [Profit as u8, Failed as u8]);
        assert_eq!((trial.counts().passed, trial.counts().allowed), (2, 1));
    }
}
