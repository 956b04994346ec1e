//! Tables for people: what is covered, what could not be decoded, what was reckoned again.

use super::drift::Drift;
use super::rederive::{Difference, Outcome, Rederivation};
use crate::bytes::base58::{Key, Signature};
use crate::bytes::hex::Hex;
use crate::cli::columns;
use crate::dex::{Grade, IxFault, VENUES};
use std::fmt::Write;

/// A grade in words.
fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::None => "-",
        Grade::Unverified => "unverified",
        Grade::ThirdParty => "third party",
        Grade::Source => "source",
        Grade::Live => "live",
    }
}

/// The venues and what is covered of each, graded by evidence: a row each, names first.
pub fn coverage() -> Vec<[String; 5]> {
    let mut rows = vec![["venue", "intents", "fills", "pools", "programs"].map(str::to_owned)];
    for spec in VENUES.iter().filter(|spec| !spec.venue.programs().is_empty()) {
        let programs: Vec<_> =
            spec.venue.programs().iter().map(|program| Key(program).to_string()).collect();
        let covered = spec.coverage;
        rows.push([
            spec.venue.name().to_owned(),
            grade(covered.intents).to_owned(),
            match covered.fills {
                Grade::None if covered.intents != Grade::None => "transfers".to_owned(),
                told => grade(told).to_owned(),
            },
            grade(covered.pools).to_owned(),
            programs.join(" "),
        ]);
    }
    rows
}

/// Instructions that could not be decoded, a row a venue, and the unknown ones by their first bytes.
pub(super) fn drift(drift: &Drift) -> String {
    const COLUMNS: usize = IxFault::NAMES.len() + 1;
    let mut head: [String; COLUMNS] = Default::default();
    let names = std::iter::once(&"venue").chain(IxFault::NAMES);
    head.iter_mut().zip(names).for_each(|(to, name)| (*name).clone_into(to));
    let mut rows = vec![head];
    for (venue, counts) in drift.by_venue() {
        let mut row: [String; COLUMNS] = Default::default();
        let values = std::iter::once(venue.to_owned()).chain(counts.iter().map(u64::to_string));
        row.iter_mut().zip(values).for_each(|(to, value)| *to = value);
        rows.push(row);
    }
    let mut text = columns(&rows, 1);
    if drift.unknown().is_empty() {
        return text;
    }
    let mut rows = vec![["venue", "unknown", "count"].map(str::to_owned)];
    for unknown in drift.unknown() {
        let venue = crate::ids::Venue::from_number(unknown.venue).map_or("?", |venue| venue.name());
        let bytes = unknown.bytes.get(..usize::from(unknown.len)).unwrap_or_default();
        rows.push([venue.to_owned(), Hex(bytes).to_string(), unknown.count.to_string()]);
    }
    let _ = write!(text, "\n{}", columns(&rows, 2));
    text
}

/// What reckoning again has found: a row a venue, then the differences.
pub(super) fn rederivation(found: &Rederivation) -> String {
    const COLUMNS: usize = Outcome::NAMES.len() + 1;
    let mut head: [String; COLUMNS] = Default::default();
    let names = std::iter::once(&"venue").chain(Outcome::NAMES);
    head.iter_mut().zip(names).for_each(|(to, name)| (*name).clone_into(to));
    let mut rows = vec![head];
    for (venue, counts) in found.by_venue() {
        let mut row: [String; COLUMNS] = Default::default();
        let values = std::iter::once(venue.to_owned()).chain(counts.iter().map(u64::to_string));
        row.iter_mut().zip(values).for_each(|(to, value)| *to = value);
        rows.push(row);
    }
    let mut text = columns(&rows, 1);
    for difference in found.differences() {
        let Difference { signature, ix_outer, ix_inner, venue, told, derived } = difference;
        let inner = ix_inner.map_or_else(String::new, |inner| format!(".{inner}"));
        let _ = write!(text, "{} {ix_outer}{inner} {}: ", Signature(signature), venue.name());
        let [told_in, told_out] = told;
        let _ = match derived {
            Some([amount_in, amount_out]) => {
                writeln!(text, "event {told_in} -> {told_out}, formula {amount_in} -> {amount_out}")
            }
            None => writeln!(text, "event {told_in} -> {told_out}, formula refuses"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dex::Rederived;
    use crate::ids::Venue;

    #[test]
    fn every_venue_with_a_program_has_its_row() {
        let rows = coverage();
        assert_eq!(rows.len(), Venue::ALL.len(), "all but the feed, and a head");
        assert!(rows.iter().any(|row| row[0] == "raydium_amm_v4" && row[1] == "live"));
    }

    #[test]
    fn drift_shows_venues_and_bytes() {
        let mut counted = Drift::default();
        counted.add(Venue::Pump, IxFault::Unknown, &[0xab, 1]);
        counted.add(Venue::Pump, IxFault::FewAccounts, &[]);
        let text = drift(&counted);
        assert!(text.starts_with("venue  unknown_instruction"), "{text}");
        assert!(text.ends_with("pump   ab01         1\n"), "{text}");
        assert_eq!(drift(&Drift::default()).lines().count(), 1);
    }

    #[test]
    fn differences_are_shown_whole() {
        let mut found = Rederivation::default();
        let (signature, venue) = ([1; 64], Venue::Pump);
        let told = [5, 6];
        let difference =
            Difference { signature, ix_outer: 2, ix_inner: Some(3), venue, told, derived: None };
        found.compare(difference, Rederived::Both { amount_in: 5, amount_out: 7 });
        let text = rederivation(&found);
        assert!(text.ends_with(" 2.3 pump: event 5 -> 6, formula 5 -> 7\n"), "{text}");
    }
}
