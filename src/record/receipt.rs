//! receipt: what became of a bundle that was sent, or would have been. send to you.

use super::layout::record;
use super::schema::Show;

/// What became of an attempt to send a bundle or, in a final receipt, of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Everything was made and shown, nothing was sent.
    DryRun = 0,
    /// The remote took it and gave an id. Never final.
    Accepted = 1,
    /// The remote refused it, in words; final where no road took it.
    Refused = 2,
    /// The remote asks for fewer requests, or the budget of requests lasted until it was too late.
    RateLimited = 3,
    /// No answer: connection, TLS or time.
    Unreachable = 4,
    /// The answer was not understood; final where nobody could be asked what became of it.
    Unknown = 5,
    /// It was not fit to be sent (unsigned, no blockhash, over the spending cap).
    Unfit = 6,
    /// Every byte was given to a peer that never answers. Never final.
    Written = 7,
    /// Final: it stands in a confirmed slot.
    Landed = 8,
    /// Final: every engine that had it gave it up, or it stands in a slot with an error.
    Failed = 9,
    /// Final: its blockhash is too old by now, and it did not land.
    Expired = 10,
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
        "landed",
        "failed",
        "expired",
    ];
}

/// How a bundle travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Road {
    /// Nowhere: a final receipt of several roads, or of a bundle that was not sent.
    None = 0,
    /// A block engine's JSON-RPC.
    Jito = 1,
    /// To leaders, over QUIC.
    Tpu = 2,
    /// A block engine's gRPC.
    JitoGrpc = 3,
}

impl Road {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &["none", "jito", "tpu", "jito_grpc"];
}

record! {
    /// A receipt: which bundle went where, when, and what came back.
    ///
    /// One for each attempt to send a bundle over a road to an endpoint, and one that is final for
    /// each bundle of which anything was sent.
    pub struct Receipt = 0x50 "receipt" version 2, 320 bytes;
    flags {
        /// The last word about the bundle; there is one for each id.
        FINAL = 1 "final";
    }
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
    /// Slot that it landed in, or failed in.
    96 landed_slot: u64 => Show::Dec, if LANDED_SLOT = 32;
    /// Slots from that of the state to the one it landed in.
    104 slot_delta: i64 => Show::Dec, if SLOT_DELTA = 64;
    /// Which try over this road to this endpoint it was, from 1; 0 where nothing was tried.
    112 attempt: u16 => Show::Dec;
    /// The road.
    114 road: u8 => Show::Name(Road::NAMES);
    /// Reserved.
    115 _zero: [u8; 13] => Show::Zero;
    /// The endpoint: scheme, host and path it went to; never a query.
    128 url: [u8; 64] => Show::Text;
    /// The remote's words, or ours.
    192 text: [u8; 96] => Show::Text;
    /// The leader that it was sent to.
    288 leader: [u8; 32] => Show::Key, if LEADER = 128;
}
