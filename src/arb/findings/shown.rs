//! Findings as a table for people: where, who, what it gained and cost whom, and by which rules.

use crate::arb::show::{sol, symbol};
use crate::cli::columns;
use crate::ids::WSOL;
use crate::record::{Confidence, Finding, Rule, RuleLevel, RuleVerdict, What};

/// Columns of the table; the last is the longest.
const COLUMNS: [&str; 10] =
    ["what", "slots", "pool", "by", "gave", "gross", "net", "victims", "loss", "rules"];

/// The table of `found`, one row each; amounts of wrapped SOL in SOL, others in raw units.
pub(in crate::arb) fn table(found: &[Finding]) -> String {
    let head = COLUMNS.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head).chain(found.iter().map(row)).collect();
    columns(&rows, COLUMNS.len())
}

fn row(one: &Finding) -> [String; COLUMNS.len()] {
    let told = |bit, text: String| if one.present & bit != 0 { text } else { "-".to_owned() };
    let is_victim = one.what == What::Victim as u16;
    let is_sandwich = one.what == What::Sandwich as u16;
    let gave = if is_sandwich {
        told(Finding::FRONT_IN, amount(one.front_in.into(), &one.mint_in))
    } else if is_victim {
        told(Finding::AMOUNT_IN, amount(one.amount_in.into(), &one.mint_in))
    } else {
        // Where an arbitrage starts in another token than it gains, the record does not name it.
        "-".to_owned()
    };
    let lost = if one.head.flags & Finding::EXACT_OUT != 0 { &one.mint_in } else { &one.mint_out };
    [
        what(one),
        slots(one),
        told(Finding::POOL, symbol(&one.pool)),
        told(Finding::OWNER, symbol(&one.owner)),
        gave,
        told(Finding::GROSS, amount(one.gross.into(), &one.mint_in)),
        told(Finding::NET, sol(one.net.into())),
        told(Finding::VICTIMS, one.victims.to_string()),
        told(Finding::LOSS, amount(one.loss.into(), lost)),
        if is_sandwich { rules(one) } else { "-".to_owned() },
    ]
}

/// What it is, by which set of rules, and how much speaks for it.
fn what(one: &Finding) -> String {
    let name = |names: &[&'static str], at| names.get(at).copied().unwrap_or("?");
    let what = name(What::NAMES, usize::from(one.what));
    let confidence = name(Confidence::NAMES, usize::from(one.confidence));
    if one.what == What::Victim as u16 {
        return format!("  {what}");
    }
    let level = if one.level == RuleLevel::None as u8 {
        String::new()
    } else {
        format!(" {}", name(RuleLevel::NAMES, usize::from(one.level)))
    };
    if one.head.flags & Finding::NEAR_MISS != 0 {
        format!("near miss{level}")
    } else {
        format!("{what}{level}, {confidence}")
    }
}

/// The slot, or the first and how many are added to it.
fn slots(one: &Finding) -> String {
    let more = one.slot.saturating_sub(one.first_slot);
    let spans = one.what == What::Sandwich as u16 && more > 0;
    if spans { format!("{}+{more}", one.first_slot) } else { one.slot.to_string() }
}

/// Lamports as SOL, else raw units, with the token.
fn amount(raw: i128, mint: &crate::ids::Key) -> String {
    if *mint == WSOL { format!("{} SOL", sol(raw)) } else { format!("{raw} {}", symbol(mint)) }
}

/// Every rule: `+` passed, `-` failed, `?` open.
fn rules(one: &Finding) -> String {
    let verdicts = [
        (Rule::Pool, one.rule_pool),
        (Rule::Wrapper, one.rule_wrapper),
        (Rule::Aggregator, one.rule_aggregator),
        (Rule::Linked, one.rule_linked),
        (Rule::Victim, one.rule_victim),
        (Rule::Bought, one.rule_bought),
        (Rule::Paid, one.rule_paid),
        (Rule::Leader, one.rule_leader),
        (Rule::Window, one.rule_window),
        (Rule::Exact, one.rule_exact),
        (Rule::Owner, one.rule_owner),
    ];
    let all = verdicts.into_iter().filter_map(|(rule, verdict)| {
        let name = Rule::NAMES.get(rule as usize)?;
        let sign = match verdict {
            _ if verdict == RuleVerdict::Passed as u8 => '+',
            _ if verdict == RuleVerdict::Failed as u8 => '-',
            _ if verdict == RuleVerdict::Unknown as u8 => '?',
            _ => return None,
        };
        Some(format!("{sign}{name}"))
    });
    all.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may stop where it is wrong")]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_every_rule() {
        let mut one = Finding::new(0);
        (one.what, one.level, one.confidence) =
            (What::Sandwich as u16, RuleLevel::Wide as u8, Confidence::Medium as u8);
        (one.first_slot, one.slot, one.pool) = (7, 9, [7; 32]);
        (one.mint_in, one.mint_out) = (WSOL, [7; 32]);
        (one.front_in, one.gross, one.net, one.victims, one.loss) = (5, 3, -2, 4, 6);
        one.present = Finding::POOL
            | Finding::FRONT_IN
            | Finding::GROSS
            | Finding::NET
            | Finding::VICTIMS
            | Finding::LOSS;
        (one.rule_pool, one.rule_leader, one.rule_linked) = (1, 2, 3);
        let mut near = one;
        near.head.flags |= Finding::NEAR_MISS;
        let text = table(&[one, near]);
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].starts_with("sandwich wide, medium  7+2    US51..ELFx  -"), "{text}");
        assert!(lines[1].contains("0.000000005 SOL  0.000000003 SOL  -0.000000002  4"), "{text}");
        assert!(lines[1].ends_with("6 US51..ELFx  +pool ?linked -leader"), "{text}");
        assert!(lines[2].starts_with("near miss wide "), "{text}");
        assert_eq!(table(&[]).lines().count(), 1);
    }
}
