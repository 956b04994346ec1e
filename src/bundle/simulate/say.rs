//! A simulation as text, for `--logs`.

use super::judge::{Judged, Tried};
use crate::bytes::base58;
use crate::error::Escaped;
use crate::record::{Bundle, Simulator};
use crate::sim::{Change, Fault, Held};
use std::fmt::Write;

/// What became of `bundle`: a line with the verdict, and under it everything that was seen.
pub(super) fn say(bundle: &Bundle, tried: &Tried, judged: Judged) -> String {
    let by = Simulator::NAMES.get(tried.by as usize).copied().unwrap_or("?");
    let mut text = format!(
        "bundle slot={} ordinal={} verdict={} simulator={by} net={}",
        bundle.slot,
        bundle.ordinal,
        judged.verdict.name(),
        bundle.net
    );
    if let Some(profit) = judged.profit {
        let more = i128::from(profit).saturating_sub(i128::from(bundle.net));
        let _ = write!(text, " profit={profit} against_net={more:+}");
    }
    text.push('\n');
    if let Some(fault) = &tried.made.fault {
        text += &said(fault);
    }
    for key in &tried.made.missing {
        let _ = writeln!(text, "  not in the account files: {}", base58::Key(key));
    }
    for (at, ran) in tried.made.transactions.iter().enumerate() {
        let _ = writeln!(text, "  transaction {at}: units={} fee={}", ran.units, ran.fee_lamports);
        for line in &ran.logs {
            let _ = writeln!(text, "    {}", Escaped(line));
        }
        for change in &ran.changes {
            changed(change, &mut text);
        }
    }
    text
}

fn said(fault: &Fault) -> String {
    let mut text = format!("  fault: transaction {}", fault.tx);
    if let Some(instruction) = fault.instruction {
        let _ = write!(text, " instruction {instruction}");
    }
    if let Some(program) = &fault.program {
        let _ = write!(text, " program {}", base58::Key(program));
    }
    if let Some(code) = fault.code {
        let _ = write!(text, " code {code}");
    }
    let _ = writeln!(text, ": {}", Escaped(&fault.words));
    text
}

/// One line for lamports and one for tokens, where they differ.
fn changed(change: &Change, text: &mut String) {
    let Change { key, before, after } = change;
    let key = base58::Key(key);
    if before.lamports != after.lamports {
        let more = i128::from(after.lamports).saturating_sub(i128::from(before.lamports));
        let _ = writeln!(
            text,
            "    {key}: {} -> {} lamports ({more:+})",
            before.lamports, after.lamports
        );
    }
    if before.token != after.token {
        let of = |held: &Held| match &held.token {
            Some(token) => format!(
                "{} of {} owned by {}",
                token.amount,
                base58::Key(&token.mint),
                base58::Key(&token.owner)
            ),
            None => "no token account".to_owned(),
        };
        let _ = writeln!(text, "    {key}: {} -> {}", of(before), of(after));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Simulated;
    use crate::sim::{Cause, Ran, Simulation, Token};

    #[test]
    fn everything_that_was_seen_is_said_and_foreign_text_is_escaped() {
        let token = |amount| Some(Token { mint: [3; 32], owner: [1; 32], amount });
        let change = Change {
            key: [9; 32],
            before: Held { lamports: 100, token: None },
            after: Held { lamports: 90, token: token(7) },
        };
        let ran = Ran {
            logs: vec!["Program log: a\u{1b}[2Jb".to_owned()],
            units: 450,
            fee_lamports: 5000,
            changes: vec![change],
        };
        let fault = Fault {
            instruction: Some(2),
            code: Some(6001),
            program: Some([4; 32]),
            ..Fault::new(Cause::Failed, 1, "custom program error")
        };
        let made = Simulation {
            transactions: vec![ran],
            fault: Some(fault),
            missing: vec![[5; 32]],
            ..Simulation::default()
        };
        let mut bundle = Bundle::new(0);
        (bundle.slot, bundle.ordinal, bundle.net) = (12, 3, 600);
        let tried = Tried { made, by: Simulator::Local };
        let judged = Judged { verdict: Simulated::Failed, profit: Some(-30) };
        let text = say(&bundle, &tried, judged);
        let [first, fault, missing, tx, log, lamports, tokens] =
            text.lines().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(
            first,
            "bundle slot=12 ordinal=3 verdict=failed simulator=local net=600 profit=-30 against_net=-630"
        );
        assert!(fault.starts_with("  fault: transaction 1 instruction 2 program "), "{fault}");
        assert!(fault.ends_with(" code 6001: custom program error"), "{fault}");
        assert!(missing.starts_with("  not in the account files: "), "{missing}");
        assert_eq!(tx, "  transaction 0: units=450 fee=5000");
        assert!(log.contains("Program log: a") && !log.contains('\u{1b}'), "{log}");
        assert!(lamports.ends_with(": 100 -> 90 lamports (-10)"), "{lamports}");
        assert!(tokens.contains(": no token account -> 7 of "), "{tokens}");
    }
}
