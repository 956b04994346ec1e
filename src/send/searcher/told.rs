//! What an engine tells over gRPC: its answer to a bundle, and later what happened to it.

use super::messages::{
    Bundle, BundleResult, Dropped, DroppedReason, Meta, Outcome, Packet, Processed, Reason,
    Rejected, SendBundleRequest,
};
use crate::net::grpc::Refusal;
use crate::send::jito::{Class, Verdict, by_words, retry_after_ms};
use crate::send::status::{Inflight, News};
use prost::Message;

/// The request that sends `transactions`, in their wire form and in order.
pub fn send_bundle<'t>(transactions: impl IntoIterator<Item = &'t [u8]>) -> Vec<u8> {
    let packet = |data: &[u8]| {
        let meta = Some(Meta { size: data.len() as u64 });
        Packet { data: data.to_vec(), meta }
    };
    let packets = transactions.into_iter().map(packet).collect();
    SendBundleRequest { bundle: Some(Bundle { packets }) }.encode_to_vec()
}

/// What `status`, a gRPC code, and its `words` mean for a bundle that was sent.
pub fn verdict(code: i32, words: &str) -> Verdict {
    // grpc.io, "Status codes". Those that a server or what stands before it may give after it took the
    // bundle mean nothing.
    let by_code = match code {
        8 => Class::RateLimited,
        7 | 16 => Class::Unauthorized,
        3 | 5 | 6 | 9 | 11 | 12 => Class::OtherRefusal,
        _ => Class::ServerError,
    };
    let class = by_words(words).unwrap_or(by_code);
    let retry_after_ms = retry_after_ms(words);
    Verdict { class, code: Some(code), words: words.to_owned(), retry_after_ms }
}

/// What `result` says of its bundle.
pub fn told(result: BundleResult) -> Option<News> {
    let (inflight, words) = match result.result? {
        Outcome::Accepted(_) => (Inflight::Pending, String::new()),
        Outcome::Processed(Processed { slot, .. }) => (Inflight::Landed(Some(slot)), String::new()),
        Outcome::Finalized(_) => (Inflight::Landed(None), String::new()),
        Outcome::Rejected(rejected) => (Inflight::Failed, why(rejected)),
        Outcome::Dropped(Dropped { reason }) => {
            let name = match DroppedReason::try_from(reason) {
                Ok(DroppedReason::BlockhashExpired) => "dropped: blockhash_expired",
                Ok(DroppedReason::PartiallyProcessed) => "dropped: partially_processed",
                Ok(DroppedReason::NotFinalized) => "dropped: not_finalized",
                Err(_) => "dropped",
            };
            (Inflight::Failed, name.to_owned())
        }
    };
    Some(News { bundle_id: result.bundle_id, inflight, words })
}

/// The name of a rejection's reason, and its words.
fn why(rejected: Rejected) -> String {
    let (name, words) = match rejected.reason {
        None => return "rejected".to_owned(),
        Some(Reason::StateAuction(bid)) => ("state_auction", bid.msg.unwrap_or_default()),
        Some(Reason::WinningBatch(bid)) => ("winning_batch", bid.msg.unwrap_or_default()),
        Some(Reason::Simulation(failure)) => ("simulation", failure.msg.unwrap_or_default()),
        Some(Reason::Internal(words)) => ("internal", words.msg),
        Some(Reason::Dropped(words)) => ("not_forwarded", words.msg),
    };
    if words.is_empty() {
        format!("rejected: {name}")
    } else {
        format!("rejected: {name}: {words}")
    }
}

/// The verdict about a bundle with the id `id` that was answered with `uuid`.
pub fn accepted(uuid: &str, id: &[u8; 32]) -> Verdict {
    let same = crate::bytes::hex::decode(uuid).is_some_and(|bytes| bytes == id);
    let class = if same { Class::Accepted } else { Class::AcceptedOtherId };
    let words = if same { String::new() } else { uuid.to_owned() };
    Verdict { class, code: None, words, retry_after_ms: None }
}

/// Whether `refusal` says that the caller's token is not good, so that a new one may help.
pub fn is_unauthenticated(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Status { code: 16, .. })
}

#[cfg(test)]
mod tests {
    use super::super::messages::{BidRejected, Empty, SimulationFailure, Words};
    use super::*;

    fn result(result: Option<Outcome>) -> Option<News> {
        told(BundleResult { bundle_id: "ab".to_owned(), result })
    }

    #[test]
    fn a_request_holds_the_transactions_and_their_lengths() {
        let bytes = send_bundle([[1u8; 3].as_slice(), &[2; 200]]);
        // Field 1, then two packets as field 3: data as field 1, meta with size as field 2.
        let first = [&[0x1a, 9, 0x0a, 3, 1, 1, 1, 0x12, 2, 8, 3][..]].concat();
        let second =
            [&[0x1a, 0xd0, 1, 0x0a, 0xc8, 1][..], &[2; 200], &[0x12, 3, 8, 0xc8, 1]].concat();
        let inner = [first, second].concat();
        assert_eq!(bytes, [&[0x0a, 0xde, 1][..], &inner].concat());
    }

    #[test]
    fn codes_and_words_are_told_apart() {
        for (code, words, class) in [
            (8, "exceeded", Class::RateLimited),
            (16, "", Class::Unauthorized),
            (7, "The supplied pubkey is not authorized to generate a token", Class::Unauthorized),
            (3, "bundle contains an expired blockhash", Class::ExpiredBlockhash),
            (3, "whatever", Class::OtherRefusal),
            (14, "Bundle Dropped, no connected leader up soon", Class::NoLeader),
            (13, "whatever", Class::ServerError),
            (99, "", Class::ServerError),
        ] {
            assert_eq!(
                (verdict(code, words).class, verdict(code, words).code),
                (class, Some(code))
            );
        }
        let id = [0xab; 32];
        assert_eq!(accepted(&"ab".repeat(32), &id).class, Class::Accepted);
        let other = accepted("0fd6a6a8-uuid", &id);
        assert_eq!((other.class, other.words.as_str()), (Class::AcceptedOtherId, "0fd6a6a8-uuid"));
    }

    #[test]
    fn each_result_is_a_word_about_its_bundle() {
        assert_eq!(result(None), None);
        let landed =
            result(Some(Outcome::Processed(Processed { slot: 7, ..Processed::default() })));
        assert_eq!(landed.unwrap().inflight, Inflight::Landed(Some(7)));
        let finalized = result(Some(Outcome::Finalized(Empty {}))).unwrap();
        assert_eq!(
            (finalized.inflight, finalized.bundle_id.as_str()),
            (Inflight::Landed(None), "ab")
        );
        let rejected = |reason| result(Some(Outcome::Rejected(Rejected { reason }))).unwrap().words;
        let msg = Some("too small".to_owned());
        let bid = BidRejected { simulated_bid_lamports: 5, msg };
        for (reason, words) in [
            (Reason::StateAuction(bid.clone()), "rejected: state_auction: too small"),
            (Reason::WinningBatch(bid), "rejected: winning_batch: too small"),
            (Reason::Simulation(SimulationFailure::default()), "rejected: simulation"),
            (Reason::Internal(Words { msg: "x".to_owned() }), "rejected: internal: x"),
            (Reason::Dropped(Words::default()), "rejected: not_forwarded"),
        ] {
            assert_eq!(rejected(Some(reason)), words);
        }
        assert_eq!(rejected(None), "rejected");
        for (reason, words) in
            [(0, "dropped: blockhash_expired"), (2, "dropped: not_finalized"), (9, "dropped")]
        {
            let dropped = result(Some(Outcome::Dropped(Dropped { reason }))).unwrap();
            assert_eq!((dropped.inflight, dropped.words.as_str()), (Inflight::Failed, words));
        }
    }
}
