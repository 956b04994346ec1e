//! Why the two disagree: one sentence a group, found by looking at its transactions and at what the
//! token balances and transfers in them say.

use crate::differ::{Group, Who};

/// Venues without a published layout: the SDK has no event for them.
const WITHOUT_EVENTS: [&str; 7] =
    ["bisonfi", "goonfi_v2", "obsidian", "quay", "scorch", "solfi", "zerofi"];

/// Why; `None` for a group that nobody has looked at.
pub fn of(group: &Group) -> Option<&'static str> {
    Some(match (group.who, group.about.as_str()) {
        (Who::OursRefuses, "tx_long") => {
            "a bank ran a legacy or v0 transaction of more than 1232 bytes, which no leader can \
             receive: mev-parse refuses it, the SDK reads on"
        }
        (Who::Ours, "pump") => {
            "the trade event of before 2025-05 (129 bytes, no fees): the SDK asks for later fields"
        }
        (Who::Ours, venue) if WITHOUT_EVENTS.contains(&venue) => {
            "a venue that the SDK does not know; mev-parse takes the amounts from its transfers"
        }
        (Who::Both, "raydium_launchlab") => {
            "the event of before its later fields (138 bytes): the SDK gives the instruction's limit, \
             the balance of the user is mev-parse's amount"
        }
        (Who::TheirsRefuses, about) if about.ends_with("expected u64") => {
            "numbers of the outcome written as text, which the SDK's JSON types do not take"
        }
        _ => return None,
    })
}
