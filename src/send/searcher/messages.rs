//! The messages of a block engine's gRPC API, as far as they are used here.
//!
//! Written by hand from jito-labs/mev-protos at 46ead86 (`auth.proto`, `bundle.proto`, `packet.proto`,
//! `searcher.proto`), so that no build needs protoc. A field that is not here is skipped by the
//! decoder.

use prost::{Enumeration, Message, Oneof};

/// `/searcher.SearcherService/SendBundle`.
pub const SEND_BUNDLE: &str = "/searcher.SearcherService/SendBundle";
/// `/searcher.SearcherService/SubscribeBundleResults`.
pub const SUBSCRIBE_RESULTS: &str = "/searcher.SearcherService/SubscribeBundleResults";
/// `/auth.AuthService/GenerateAuthChallenge`.
pub const CHALLENGE: &str = "/auth.AuthService/GenerateAuthChallenge";
/// `/auth.AuthService/GenerateAuthTokens`.
pub const TOKENS: &str = "/auth.AuthService/GenerateAuthTokens";
/// `/auth.AuthService/RefreshAccessToken`.
pub const REFRESH: &str = "/auth.AuthService/RefreshAccessToken";

/// `searcher.SendBundleRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct SendBundleRequest {
    /// The bundle.
    #[prost(message, optional, tag = "1")]
    pub bundle: Option<Bundle>,
}

/// `searcher.SendBundleResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct SendBundleResponse {
    /// The bundle's id at the engine.
    #[prost(string, tag = "1")]
    pub uuid: String,
}

/// `bundle.Bundle`, without its header.
#[derive(Clone, PartialEq, Message)]
pub struct Bundle {
    /// A packet for each transaction.
    #[prost(message, repeated, tag = "3")]
    pub packets: Vec<Packet>,
}

/// `packet.Packet`.
#[derive(Clone, PartialEq, Message)]
pub struct Packet {
    /// A transaction's wire bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub data: Vec<u8>,
    /// About them.
    #[prost(message, optional, tag = "2")]
    pub meta: Option<Meta>,
}

/// `packet.Meta`.
#[derive(Clone, PartialEq, Message)]
pub struct Meta {
    /// Length of the data.
    #[prost(uint64, tag = "1")]
    pub size: u64,
}

/// A request without fields.
#[derive(Clone, PartialEq, Message)]
pub struct Empty {}

/// `bundle.BundleResult`.
#[derive(Clone, PartialEq, Message)]
pub struct BundleResult {
    /// The bundle's id at the engine.
    #[prost(string, tag = "1")]
    pub bundle_id: String,
    /// What happened to it.
    #[prost(oneof = "Outcome", tags = "2, 3, 4, 5, 6")]
    pub result: Option<Outcome>,
}

/// What happened to a bundle.
#[derive(Clone, PartialEq, Oneof)]
pub enum Outcome {
    /// Forwarded to a validator.
    #[prost(message, tag = "2")]
    Accepted(Accepted),
    /// Not forwarded.
    #[prost(message, tag = "3")]
    Rejected(Rejected),
    /// Finalized.
    #[prost(message, tag = "4")]
    Finalized(Empty),
    /// In a slot that was processed.
    #[prost(message, tag = "5")]
    Processed(Processed),
    /// Forwarded, and never landed.
    #[prost(message, tag = "6")]
    Dropped(Dropped),
}

/// `bundle.Accepted`.
#[derive(Clone, PartialEq, Message)]
pub struct Accepted {
    /// Slot at which it was forwarded.
    #[prost(uint64, tag = "1")]
    pub slot: u64,
    /// To whom.
    #[prost(string, tag = "2")]
    pub validator_identity: String,
}

/// `bundle.Rejected`.
#[derive(Clone, PartialEq, Message)]
pub struct Rejected {
    /// Why.
    #[prost(oneof = "Reason", tags = "1, 2, 3, 4, 5")]
    pub reason: Option<Reason>,
}

/// Why a bundle was not forwarded.
#[derive(Clone, PartialEq, Oneof)]
pub enum Reason {
    /// Too little for its own auction.
    #[prost(message, tag = "1")]
    StateAuction(BidRejected),
    /// Too little beside the winners of other auctions.
    #[prost(message, tag = "2")]
    WinningBatch(BidRejected),
    /// The engine's simulation failed.
    #[prost(message, tag = "3")]
    Simulation(SimulationFailure),
    /// The engine failed.
    #[prost(message, tag = "4")]
    Internal(Words),
    /// For example because no leader comes up.
    #[prost(message, tag = "5")]
    Dropped(Words),
}

/// `bundle.StateAuctionBidRejected`, and `bundle.WinningBatchBidRejected`, which is the same.
#[derive(Clone, PartialEq, Message)]
pub struct BidRejected {
    /// What the engine's simulation found that it pays.
    #[prost(uint64, tag = "2")]
    pub simulated_bid_lamports: u64,
    /// Words.
    #[prost(string, optional, tag = "3")]
    pub msg: Option<String>,
}

/// `bundle.SimulationFailure`.
#[derive(Clone, PartialEq, Message)]
pub struct SimulationFailure {
    /// Signature of the transaction that failed.
    #[prost(string, tag = "1")]
    pub tx_signature: String,
    /// Words.
    #[prost(string, optional, tag = "2")]
    pub msg: Option<String>,
}

/// `bundle.InternalError`, and `bundle.DroppedBundle`, which is the same.
#[derive(Clone, PartialEq, Message)]
pub struct Words {
    /// Words.
    #[prost(string, tag = "1")]
    pub msg: String,
}

/// `bundle.Processed`.
#[derive(Clone, PartialEq, Message)]
pub struct Processed {
    /// Whose slot.
    #[prost(string, tag = "1")]
    pub validator_identity: String,
    /// The slot.
    #[prost(uint64, tag = "2")]
    pub slot: u64,
}

/// `bundle.Dropped`.
#[derive(Clone, PartialEq, Message)]
pub struct Dropped {
    /// Why.
    #[prost(enumeration = "DroppedReason", tag = "1")]
    pub reason: i32,
}

/// `bundle.DroppedReason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enumeration)]
#[repr(i32)]
pub enum DroppedReason {
    /// Its blockhash was too old.
    BlockhashExpired = 0,
    /// Some of its transactions had landed before.
    PartiallyProcessed = 1,
    /// It was processed on a fork that was left.
    NotFinalized = 2,
}

/// `auth.Role`: that of a searcher.
pub const SEARCHER: i32 = 1;

/// `auth.GenerateAuthChallengeRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct ChallengeRequest {
    /// `auth.Role`, an enumeration.
    #[prost(int32, tag = "1")]
    pub role: i32,
    /// The client's public key.
    #[prost(bytes = "vec", tag = "2")]
    pub pubkey: Vec<u8>,
}

/// `auth.GenerateAuthChallengeResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct ChallengeResponse {
    /// What is to be signed, after the public key and a hyphen.
    #[prost(string, tag = "1")]
    pub challenge: String,
}

/// `auth.GenerateAuthTokensRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct TokensRequest {
    /// The text that was signed.
    #[prost(string, tag = "1")]
    pub challenge: String,
    /// The client's public key.
    #[prost(bytes = "vec", tag = "2")]
    pub client_pubkey: Vec<u8>,
    /// Its signature.
    #[prost(bytes = "vec", tag = "3")]
    pub signed_challenge: Vec<u8>,
}

/// `auth.GenerateAuthTokensResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct TokensResponse {
    /// For calls.
    #[prost(message, optional, tag = "1")]
    pub access_token: Option<Token>,
    /// For a new one of those.
    #[prost(message, optional, tag = "2")]
    pub refresh_token: Option<Token>,
}

/// `auth.RefreshAccessTokenRequest`.
#[derive(Clone, PartialEq, Message)]
pub struct RefreshRequest {
    /// A refresh token that has not expired.
    #[prost(string, tag = "1")]
    pub refresh_token: String,
}

/// `auth.RefreshAccessTokenResponse`.
#[derive(Clone, PartialEq, Message)]
pub struct RefreshResponse {
    /// For calls.
    #[prost(message, optional, tag = "1")]
    pub access_token: Option<Token>,
}

/// `auth.Token`. It is a secret: nothing shows it.
#[derive(Clone, PartialEq, Message)]
#[prost(skip_debug)]
pub struct Token {
    /// The token.
    #[prost(string, tag = "1")]
    pub value: String,
    /// When it expires.
    #[prost(message, optional, tag = "2")]
    pub expires_at_utc: Option<Timestamp>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token").finish_non_exhaustive()
    }
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Timestamp {
    /// Unix seconds.
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    /// And nanoseconds.
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}
