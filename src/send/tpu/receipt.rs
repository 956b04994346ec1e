//! The receipt of a bundle at one leader.

use super::Target;
use crate::bytes::base58;
use crate::record::{Bundle, Outcome, Receipt, Road, fixed_text};
use core::net::SocketAddr;
use std::fmt::Write;

/// What was done at one leader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Attempt {
    /// When the last transaction was written; `None` if none was.
    pub(super) written_ns: Option<u64>,
    /// Transactions that were written whole.
    pub(super) written: u8,
    /// Their bytes.
    pub(super) written_len: u32,
    /// Those that the leader's transport acknowledged whole.
    pub(super) acknowledged: u8,
    /// Why not everything was written, or acknowledged.
    pub(super) fault: Option<&'static str>,
    /// Some bytes of a transaction that was not written whole may have arrived.
    pub(super) cut: bool,
}

/// The receipt of `bundle` at `target`. Written is one whose transactions all were; where only some
/// were, what becomes of the bundle is unknown.
pub(super) fn sent(bundle: &Bundle, target: Target, attempt: &Attempt) -> Receipt {
    let outcome = match attempt.written {
        written if written == bundle.txs => Outcome::Written,
        0 if !attempt.cut => Outcome::Unreachable,
        _ => Outcome::Unknown,
    };
    let mut receipt = begun(bundle, Some(target.peer), outcome);
    receipt.attempt = u16::from(attempt.written > 0 || attempt.cut);
    receipt.body_len = attempt.written_len;
    if let Some(written_ns) = attempt.written_ns {
        (receipt.sent_ns, receipt.present) = (written_ns, receipt.present | Receipt::SENT);
    }
    // Writing to a String does not fail.
    let mut words = String::with_capacity(96);
    let _ = match (outcome, attempt.fault) {
        (Outcome::Written, None) => write!(words, "written: {} acknowledged", attempt.acknowledged),
        (Outcome::Written, Some(fault)) => {
            write!(words, "written: {} acknowledged, {fault}", attempt.acknowledged)
        }
        (_, fault) => {
            let (fault, count) = (fault.unwrap_or("cut"), bundle.txs);
            write!(words, "{fault}: {} of {count} written", attempt.written)
        }
    };
    if let Some(leader) = &target.leader {
        (receipt.leader, receipt.present) = (*leader, receipt.present | Receipt::LEADER);
        let _ = write!(words, "; {}", base58::Key(leader));
    }
    receipt.text = fixed_text(&words);
    receipt
}

/// The receipt of `bundle` that nothing was written of, because of `reason`.
pub(super) fn unsent(bundle: &Bundle, target: Option<Target>, reason: &'static str) -> Receipt {
    if let Some(target) = target {
        return sent(bundle, target, &Attempt { fault: Some(reason), ..Attempt::default() });
    }
    let mut receipt = begun(bundle, None, Outcome::Unreachable);
    receipt.text = fixed_text(reason);
    receipt
}

/// The receipt of `bundle`, of `len` bytes of transactions, which would go to `target`, or nowhere,
/// for want of a leader.
pub(super) fn dry_run(bundle: &Bundle, target: Option<Target>, len: usize) -> Receipt {
    let mut receipt = begun(bundle, target.map(|target| target.peer), Outcome::DryRun);
    receipt.body_len = u32::try_from(len).unwrap_or(u32::MAX);
    receipt.text = match target.map(|target| target.leader) {
        None => fixed_text("no_leader"),
        Some(None) => fixed_text("named peer"),
        Some(Some(leader)) => fixed_text(&format!("leader {}", base58::Key(&leader))),
    };
    receipt
}

/// The receipt of a `bundle` that is not fit to be sent.
pub(super) fn unfit(bundle: &Bundle, reason: &str) -> Receipt {
    let mut receipt = begun(bundle, None, Outcome::Unfit);
    receipt.text = fixed_text(reason);
    receipt
}

/// What every receipt has.
fn begun(bundle: &Bundle, peer: Option<SocketAddr>, outcome: Outcome) -> Receipt {
    let mut receipt = Receipt::new(bundle.head.rx_ns);
    (receipt.slot, receipt.tip, receipt.txs) = (bundle.slot, bundle.tip, bundle.txs);
    if bundle.present & Bundle::ID != 0 {
        receipt.id = bundle.id;
        receipt.present |= Receipt::ID;
    }
    receipt.outcome = outcome as u8;
    receipt.road = if peer.is_some() { Road::Tpu } else { Road::None } as u8;
    receipt.url = fixed_text(&shown(peer));
    receipt
}

/// How receipts show `peer`, or that there is none.
pub fn shown(peer: Option<SocketAddr>) -> String {
    peer.map_or_else(|| "quic:".to_owned(), |peer| format!("quic://{peer}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Layout;

    fn bundle() -> Bundle {
        let mut bundle = Bundle::new(99);
        (bundle.slot, bundle.tip, bundle.txs) = (7, 10_000, 3);
        (bundle.id, bundle.present) = ([0xab; 32], Bundle::ID);
        bundle
    }

    fn target() -> Target {
        Target { peer: "[2001:db8::1]:8009".parse().unwrap(), leader: Some([255; 32]) }
    }

    fn text(field: &[u8]) -> &str {
        std::str::from_utf8(field).unwrap().trim_end_matches('\0')
    }

    #[test]
    fn only_a_bundle_written_whole_is_written() {
        let key = base58::Key(&[255; 32]).to_string();
        let all = Attempt {
            written_ns: Some(5),
            written: 3,
            written_len: 900,
            acknowledged: 3,
            fault: None,
            cut: false,
        };
        for (attempt, outcome, words) in [
            (all, Outcome::Written, "written: 3 acknowledged; "),
            (
                Attempt { acknowledged: 1, fault: Some("no_acknowledgement"), ..all },
                Outcome::Written,
                "written: 1 acknowledged, no_acknowledgement; ",
            ),
            (
                Attempt { written: 2, fault: Some("closed_too_many"), ..all },
                Outcome::Unknown,
                "closed_too_many: 2 of 3 written; ",
            ),
            (
                Attempt { fault: Some("no_stream"), ..Attempt::default() },
                Outcome::Unreachable,
                "no_stream: 0 of 3 written; ",
            ),
            (
                Attempt { fault: Some("write_timeout"), cut: true, ..Attempt::default() },
                Outcome::Unknown,
                "write_timeout: 0 of 3 written; ",
            ),
        ] {
            let receipt = sent(&bundle(), target(), &attempt);
            assert_eq!(receipt.invalid(), None);
            assert_eq!(receipt.outcome, outcome as u8, "{words}");
            assert_eq!(text(&receipt.text), format!("{words}{key}"));
            assert_eq!(text(&receipt.url), "quic://[2001:db8::1]:8009");
            assert_eq!(receipt.present & Receipt::SENT != 0, attempt.written > 0);
            // A leader never answers.
            assert_eq!(receipt.present & (Receipt::ANSWERED | Receipt::HTTP_STATUS), 0);
            assert_ne!(receipt.outcome, Outcome::Accepted as u8);
        }
    }

    #[test]
    fn what_is_not_sent_says_why() {
        let receipt = unsent(&bundle(), None, "no_leader");
        assert_eq!((receipt.invalid(), receipt.outcome), (None, Outcome::Unreachable as u8));
        assert_eq!((text(&receipt.url), text(&receipt.text)), ("quic:", "no_leader"));
        let receipt = dry_run(&bundle(), Some(target()), 55);
        assert_eq!((receipt.outcome, receipt.body_len), (Outcome::DryRun as u8, 55));
        assert!(text(&receipt.text).starts_with("leader "));
        assert_eq!(text(&dry_run(&bundle(), None, 5).text), "no_leader");
        assert_eq!(unfit(&bundle(), "not_signed").outcome, Outcome::Unfit as u8);
    }
}
