//! Two systems' fills of one transaction side by side, and what they disagree on by group.
//!
//! A group is who has the swap, the venue, what is said differently, and what is the matter with
//! the transaction. `causes` says why for each; a group that it does not know is marked, and the
//! run fails.

use crate::causes;
use crate::fixtures::Captured;
use crate::row::{Field, Row};
use crate::{ours, theirs};
use mev::ids::Venue;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What became of a swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pair {
    /// Both have it; what both say and say differently.
    Both(Row, Row, Vec<Field>),
    /// Only ours.
    Ours(Row),
    /// Only theirs.
    Theirs(Row),
}

/// Pairs rows of one transaction: of one venue and pool, those that agree first, then in order. Its
/// events do not say which instruction they are of, so that the order stands for it.
pub fn pairs(ours: &[Row], theirs: &[Row]) -> Vec<Pair> {
    let mut left: Vec<Option<&Row>> = theirs.iter().map(Some).collect();
    let mut found: Vec<Option<Pair>> = vec![None; ours.len()];
    for wants_same in [true, false] {
        for (row, found) in ours.iter().zip(&mut found).filter(|(_, found)| found.is_none()) {
            let other = left.iter_mut().find(|other| {
                other.is_some_and(|other| {
                    row.is_of(other) && (!wants_same || row.differences(other).is_empty())
                })
            });
            if let Some(other) = other.and_then(Option::take) {
                *found = Some(Pair::Both(*row, *other, row.differences(other)));
            }
        }
    }
    let mine = ours.iter().zip(found).map(|(row, pair)| pair.unwrap_or(Pair::Ours(*row)));
    mine.chain(left.into_iter().flatten().map(|row| Pair::Theirs(*row))).collect()
}

/// Who says what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Both have the swap and say it differently.
    Both,
    /// Only mev-parse has it.
    Ours,
    /// Only sol-parser-sdk has it.
    Theirs,
    /// mev-parse refuses the transaction.
    OursRefuses,
    /// sol-parser-sdk refuses it.
    TheirsRefuses,
}

/// Disagreements of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Who says what.
    pub who: Who,
    /// The venue's name; for a refusal, its reason.
    pub about: String,
    /// What is said differently.
    pub fields: Vec<Field>,
    /// Whether the transaction failed.
    pub failed: bool,
    /// Whether it ran on a program that is on no cluster.
    pub patched: bool,
    /// Whether its outcome has inner instructions.
    pub inner: bool,
}

/// What was found in a corpus.
#[derive(Clone, Debug, Default)]
pub struct Found {
    transactions: usize,
    same: BTreeMap<&'static str, usize>,
    groups: BTreeMap<Group, Vec<String>>,
}

/// Runs both over `captured`.
pub fn run(captured: &[Captured]) -> Found {
    let mut found = Found { transactions: captured.len(), ..Found::default() };
    for one in captured {
        let group = |who, about: &str, fields| Group {
            who,
            about: about.to_owned(),
            fields,
            failed: one.failed(),
            patched: one.is_of_patched_program(),
            inner: one.has_inner(),
        };
        let (mine, other) = match (ours::fills(one), theirs::fills(one)) {
            (Ok(mine), Ok(other)) => (mine, other),
            (mine, other) => {
                let refusals = [(Who::OursRefuses, mine.err()), (Who::TheirsRefuses, other.err())];
                for (who, why) in refusals.into_iter().filter_map(|(who, why)| Some((who, why?))) {
                    let why = why.rsplit(": ").next().unwrap_or_default();
                    found.add(group(who, why, vec![]), one.name.clone());
                }
                continue;
            }
        };
        for pair in pairs(&mine, &other) {
            let venue = |row: &Row| Venue::name(row.venue);
            match pair {
                Pair::Both(mine, _, fields) if fields.is_empty() => {
                    *found.same.entry(venue(&mine)).or_default() += 1;
                }
                Pair::Both(mine, other, fields) => {
                    let said =
                        format!("{}: {} against {}", one.name, amounts(&mine), amounts(&other));
                    found.add(group(Who::Both, venue(&mine), fields), said);
                }
                Pair::Ours(row) => {
                    let said = format!("{}: {}", one.name, amounts(&row));
                    found.add(group(Who::Ours, venue(&row), vec![]), said);
                }
                Pair::Theirs(row) => {
                    let said = format!("{}: {}", one.name, amounts(&row));
                    found.add(group(Who::Theirs, venue(&row), vec![]), said);
                }
            }
        }
    }
    found
}

fn amounts(row: &Row) -> String {
    let [gives, gets] = [row.amount_in, row.amount_out]
        .map(|amount| amount.map_or_else(|| "?".to_owned(), |amount| amount.to_string()));
    format!("{gives} -> {gets}")
}

impl Found {
    fn add(&mut self, group: Group, said: String) {
        self.groups.entry(group).or_default().push(said);
    }

    /// Groups of which nobody has said why.
    pub fn unexplained(&self) -> impl Iterator<Item = (&Group, &[String])> {
        let groups = self.groups.iter().map(|(group, said)| (group, said.as_slice()));
        groups.filter(|(group, _)| causes::of(group).is_none())
    }

    /// Two tables: how many agree, and what the others are.
    pub fn report(&self) -> String {
        let same: usize = self.same.values().sum();
        let apart: usize = self.groups.values().map(Vec::len).sum();
        let mut report = format!(
            "{} transactions; {same} swaps that both say alike, {apart} that they do not:\n\n",
            self.transactions
        );
        report += "| cause | who | venues | counted |\n|---|---|---|---:|\n";
        let mut by_cause = BTreeMap::<(&str, Who), (BTreeSet<&str>, usize)>::new();
        for (group, said) in &self.groups {
            let why = causes::of(group).unwrap_or("**not explained**");
            let (venues, count) = by_cause.entry((why, group.who)).or_default();
            venues.insert(&group.about);
            *count += said.len();
        }
        for ((why, who), (venues, count)) in by_cause {
            let venues = venues.into_iter().collect::<Vec<_>>().join(", ");
            let _ = writeln!(report, "| {why} | {who:?} | {venues} | {count} |");
        }
        report += "\nAlike, by venue:";
        for (venue, count) in &self.same {
            let _ = write!(report, " {venue} {count},");
        }
        report.pop();
        report + ".\n"
    }

    /// Every group, with every swap of it.
    pub fn list(&self) -> String {
        let mut list = String::new();
        for (group, said) in &self.groups {
            let _ = writeln!(list, "{} {group:?}", said.len());
            for said in said {
                let _ = writeln!(list, "    {said}");
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(amount_in: u64) -> Row {
        let amount_in = Some(amount_in);
        let [pool, mint_in, mint_out] = [Some([1; 32]), None, None];
        let venue = Venue::Pump;
        Row { venue, pool, a_to_b: None, mint_in, mint_out, amount_in, amount_out: None }
    }

    #[test]
    fn what_agrees_is_paired_first_then_the_order_counts() {
        let found = pairs(&[row(1), row(2), row(3)], &[row(2), row(9)]);
        let differs = Pair::Both(row(1), row(9), vec![Field::AmountIn]);
        let same = Pair::Both(row(2), row(2), vec![]);
        assert_eq!(found, [differs, same, Pair::Ours(row(3))]);
        assert_eq!(pairs(&[], &[row(1)]), [Pair::Theirs(row(1))]);
        let other = Row { pool: Some([2; 32]), ..row(1) };
        assert_eq!(pairs(&[row(1)], &[other]), [Pair::Ours(row(1)), Pair::Theirs(other)]);
    }
}
