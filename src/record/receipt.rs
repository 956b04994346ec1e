//! receipt: what became of a bundle that was sent, or would have been. send to you.

use super::layout::record;
use super::schema::Show;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Everything was made and shown, nothing was sent.
    DryRun = 0,
    /// The remote took it and gave an id.
    Accepted = 1,
    /// The remote refused it, in words.
    Refused = 2,
    /// The remote asks for fewer requests.
    RateLimited = 3,
    /// No answer: connection, TLS or time.
    Unreachable = 4,
    /// The answer was not understood.
    Unknown = 5,
    /// It was not fit to be sent (unsigned, no blockhash).
    Unfit = 6,
    /// Every byte was given to a peer that never answers.
    Written = 7,
}

impl Outcome {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "dry_run",
        "accepted",
        "refused",
        "rate_limited",
        "unreachable",
        "unknown",
        "unfit",
        "written",
    ];
}

record! {
    /// A receipt: which bundle went where, when, and what came back.
    pub struct Receipt = 0x50 "receipt" version 1, 256 bytes;
    flags {}
    /// Slot of the state the bundle was made for.
    16 slot: u64 => Show::Dec;
    /// When the request was written; absent for a dry run.
    24 sent_ns: u64 => Show::Ns, if SENT = 1;
    /// When the answer was read.
    32 answered_ns: u64 => Show::Ns, if ANSWERED = 2;
    /// Tip.
    40 tip: u64 => Show::Lamports;
    /// The bundle's id as computed here.
    48 id: [u8; 32] => Show::Hex, if ID = 4;
    /// Bytes of the request's body.
    80 body_len: u32 => Show::Dec;
    /// HTTP status of the answer.
    84 http_status: u16 => Show::Dec, if HTTP_STATUS = 8;
    /// What became of it.
    86 outcome: u8 => Show::Name(Outcome::NAMES);
    /// How many transactions the bundle has.
    87 txs: u8 => Show::Dec;
    /// Which optional fields hold a value.
    88 present: u32 => Show::Hidden;
    /// JSON-RPC error code of the answer.
    92 code: i32 => Show::Dec, if CODE = 16;
    /// Scheme, host and path it went to; never a query.
    96 url: [u8; 64] => Show::Text;
    /// The remote's words, or ours.
    160 text: [u8; 96] => Show::Text;
}
