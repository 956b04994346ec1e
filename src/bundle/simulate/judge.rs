//! From a simulation to a verdict.

use crate::ids::Key;
use crate::record::{Bundle, Simulated, Simulator};
use crate::sim::{Cause, Simulation};

/// What was simulated, and by whom.
#[derive(Clone, Debug)]
pub struct Tried {
    /// What was seen.
    pub made: Simulation,
    /// Who looked.
    pub by: Simulator,
}

/// A verdict, and what the payer gained if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// What a bundle record says of it.
    pub verdict: Simulated,
    /// Lamports that the owners have more; `None` if nobody says.
    pub profit: Option<i64>,
}

/// Judges the simulation of a bundle of `txs` transactions, of which `net` lamports were expected to
/// be left, by what `owners` gained.
pub fn judge(tried: &Tried, txs: usize, net: i64, owners: &[Key]) -> Judged {
    let made = &tried.made;
    let unknown = |verdict| Judged { verdict, profit: None };
    if let Some(fault) = &made.fault {
        return unknown(match fault.cause {
            Cause::Failed => Simulated::Failed,
            Cause::NoProgram => Simulated::NoProgram,
            Cause::NoPayerAccount => Simulated::NoPayerAccount,
            Cause::NoTable => Simulated::NoTable,
            Cause::ChangesProgram => Simulated::ChangesProgram,
            Cause::BadSignature => Simulated::BadSignature,
            Cause::NotTransactions => Simulated::NotTransactions,
            Cause::NoAnswer => Simulated::NoAnswer,
        });
    }
    if txs == 0 || made.transactions.len() != txs {
        return unknown(Simulated::NotTransactions);
    }
    if tried.by == Simulator::Transaction && txs > 1 {
        return unknown(Simulated::OneByOne);
    }
    if !made.has_balances {
        return unknown(Simulated::NoBalances);
    }
    let gain = made.gain(owners);
    let limit = if gain.lamports < 0 { i64::MIN } else { i64::MAX };
    let profit = i64::try_from(gain.lamports).unwrap_or(limit);
    let verdict = if gain.tokens.iter().any(|(_, amount)| *amount < 0) {
        Simulated::TokenLoss
    } else if profit < 0 {
        Simulated::Loss
    } else if profit < net {
        Simulated::BelowNet
    } else {
        Simulated::Profit
    };
    Judged { verdict, profit: Some(profit) }
}

/// Whether a bundle of verdict `verdict` may leave; one that loses or fails only if `allow_loss`.
pub(super) fn may_leave(verdict: Simulated, allow_loss: bool) -> bool {
    match verdict {
        Simulated::Profit | Simulated::BelowNet => true,
        Simulated::Loss | Simulated::TokenLoss | Simulated::Failed => allow_loss,
        _ => false,
    }
}

/// Writes what was found into `bundle`; what an earlier simulation wrote is gone.
pub(super) fn write(bundle: &mut Bundle, tried: &Tried, judged: Judged) {
    let fresh = Bundle::new(0);
    let ours = Bundle::FAULT_TX
        | Bundle::FAULT_IX
        | Bundle::PROFIT
        | Bundle::STATE_SLOT
        | Bundle::UNITS
        | Bundle::FAULT_CODE
        | Bundle::FAULT_PROGRAM;
    bundle.present &= !ours;
    (bundle.fault_tx, bundle.fault_ix) = (fresh.fault_tx, fresh.fault_ix);
    (bundle.profit, bundle.state_slot, bundle.units) =
        (fresh.profit, fresh.state_slot, fresh.units);
    (bundle.fault_code, bundle.fault_program) = (fresh.fault_code, fresh.fault_program);
    (bundle.verdict, bundle.simulator) = (judged.verdict as u8, tried.by as u8);
    if let Some(profit) = judged.profit {
        bundle.present |= Bundle::PROFIT;
        bundle.profit = profit;
    }
    if let Some(slot) = tried.made.slot {
        bundle.present |= Bundle::STATE_SLOT;
        bundle.state_slot = slot;
    }
    if !tried.made.transactions.is_empty() {
        bundle.present |= Bundle::UNITS;
    }
    for (units, ran) in bundle.units.iter_mut().zip(&tried.made.transactions) {
        *units = u32::try_from(ran.units).unwrap_or(u32::MAX);
    }
    let Some(fault) = &tried.made.fault else { return };
    bundle.present |= Bundle::FAULT_TX;
    bundle.fault_tx = u8::try_from(fault.tx).unwrap_or(u8::MAX);
    if let Some(instruction) = fault.instruction {
        bundle.present |= Bundle::FAULT_IX;
        bundle.fault_ix = instruction;
    }
    if let Some(code) = fault.code {
        bundle.present |= Bundle::FAULT_CODE;
        bundle.fault_code = code;
    }
    if let Some(program) = fault.program {
        bundle.present |= Bundle::FAULT_PROGRAM;
        bundle.fault_program = program;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Layout;
    use crate::sim::{Change, Fault, Held, Ran, Token};

    const OURS: Key = [1; 32];

    /// A transaction after which we have `lamports` and, of another token, `tokens` more.
    fn gaining(lamports: i64, tokens: i64) -> Simulation {
        const START: u64 = 1 << 40;
        let held = |tokens| Held {
            lamports: 0,
            token: Some(Token { mint: [3; 32], owner: OURS, amount: tokens }),
        };
        let plain = |lamports| Held { lamports, token: None };
        let after = |by| START.checked_add_signed(by).unwrap();
        let changes = vec![
            Change { key: OURS, before: plain(START), after: plain(after(lamports)) },
            Change { key: [9; 32], before: held(START), after: held(after(tokens)) },
        ];
        let ran = Ran { changes, units: 123, ..Ran::default() };
        Simulation {
            transactions: vec![ran],
            has_balances: true,
            slot: Some(5),
            ..Simulation::default()
        }
    }

    fn verdict(made: Simulation, by: Simulator, txs: usize) -> Simulated {
        judge(&Tried { made, by }, txs, 100, &[OURS]).verdict
    }

    #[test]
    fn money_decides_when_all_succeed() {
        for (lamports, tokens, should) in [
            (100, 0, Simulated::Profit),
            (101, 1, Simulated::Profit),
            (99, 0, Simulated::BelowNet),
            (0, 0, Simulated::BelowNet),
            (-1, 0, Simulated::Loss),
            (-1, 5, Simulated::Loss),
            (1000, -1, Simulated::TokenLoss),
        ] {
            let found = verdict(gaining(lamports, tokens), Simulator::Local, 1);
            assert_eq!(found, should, "{lamports} {tokens}");
        }
        let tried = Tried { made: gaining(-7, 0), by: Simulator::Local };
        assert_eq!(judge(&tried, 1, -10, &[OURS]).profit, Some(-7));
        assert_eq!(judge(&tried, 1, 0, &[[2; 32]]).profit, Some(0), "of somebody else");
    }

    #[test]
    fn what_was_not_simulated_whole_is_no_success() {
        let two = || {
            let mut made = gaining(500, 0);
            made.transactions.push(Ran::default());
            made
        };
        assert_eq!(verdict(two(), Simulator::Bundle, 2), Simulated::Profit);
        assert_eq!(verdict(two(), Simulator::Transaction, 2), Simulated::OneByOne);
        assert_eq!(verdict(gaining(500, 0), Simulator::Transaction, 1), Simulated::Profit);
        assert_eq!(verdict(two(), Simulator::Local, 3), Simulated::NotTransactions);
        assert_eq!(verdict(Simulation::default(), Simulator::Local, 0), Simulated::NotTransactions);
        let made = Simulation { has_balances: false, ..gaining(500, 0) };
        assert_eq!(verdict(made, Simulator::Bundle, 1), Simulated::NoBalances);
        for (cause, should) in [
            (Cause::Failed, Simulated::Failed),
            (Cause::NoProgram, Simulated::NoProgram),
            (Cause::NoPayerAccount, Simulated::NoPayerAccount),
            (Cause::NoTable, Simulated::NoTable),
            (Cause::ChangesProgram, Simulated::ChangesProgram),
            (Cause::BadSignature, Simulated::BadSignature),
            (Cause::NotTransactions, Simulated::NotTransactions),
            (Cause::NoAnswer, Simulated::NoAnswer),
        ] {
            let mut made = gaining(500, 0);
            made.fault = Some(Fault::new(cause, 0, ""));
            assert_eq!(verdict(made, Simulator::Local, 1), should);
        }
    }

    #[test]
    fn only_what_was_simulated_leaves_and_losses_on_request() {
        let of = |allow| -> Vec<&str> {
            let all = Simulated::ALL.iter().filter(|verdict| may_leave(**verdict, allow));
            all.map(|verdict| verdict.name()).collect()
        };
        assert_eq!(of(false), ["profit", "below_net"]);
        assert_eq!(of(true), ["profit", "below_net", "loss", "token_loss", "failed"]);
    }

    #[test]
    fn a_record_holds_the_last_verdict_only() {
        let mut bundle = Bundle::new(3);
        let mut made = gaining(7, 0);
        let program = Some([4; 32]);
        let fault = Fault {
            instruction: Some(2),
            code: Some(6001),
            program,
            ..Fault::new(Cause::Failed, 0, "x")
        };
        made.fault = Some(fault);
        let tried = Tried { made, by: Simulator::Local };
        write(&mut bundle, &tried, judge(&tried, 1, 0, &[OURS]));
        assert_eq!((bundle.invalid(), bundle.verdict), (None, Simulated::Failed as u8));
        assert_eq!(
            (bundle.fault_ix, bundle.fault_code, bundle.units),
            (2, 6001, [123, 0, 0, 0, 0])
        );
        assert_eq!((bundle.fault_program, bundle.present & Bundle::PROFIT), ([4; 32], 0));
        let tried = Tried { made: gaining(7, 0), by: Simulator::Bundle };
        write(&mut bundle, &tried, judge(&tried, 1, 0, &[OURS]));
        assert_eq!(bundle.invalid(), None);
        assert_eq!((bundle.fault_program, bundle.fault_code, bundle.profit), ([0; 32], 0, 7));
        assert_eq!(bundle.present, Bundle::PROFIT | Bundle::STATE_SLOT | Bundle::UNITS);
    }
}
