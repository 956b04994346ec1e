//! Why a caller is refused: every reason by name, with the status that goes with it.

use crate::bundle::Rule;
use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $Name:ident = $status:literal $name:literal,)+) => {
        /// A reason of the gateway's own.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Code {
            $($(#[doc = $doc])+ $Name,)+
        }

        impl Code {
            /// Every reason, in order of its number.
            pub(super) const ALL: &'static [Self] = &[$(Self::$Name),+];

            /// The name that replies and counters show.
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$Name => $name,)+ }
            }

            /// The HTTP status.
            pub(super) const fn status(self) -> u16 {
                match self { $(Self::$Name => $status,)+ }
            }

            /// What it says, for people.
            pub(super) fn says(self) -> &'static str {
                match self { $(Self::$Name => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

codes! {
    /// The body is not what the route takes.
    Malformed = 400 "malformed",
    /// The content type is neither application/json nor application/octet-stream.
    MediaType = 400 "media_type",
    /// The body is not one bundle record of the version that is read here.
    NotARecord = 400 "not_a_bundle_record",
    /// A transaction is neither base64 nor base58 of a transaction's length.
    Encoding = 400 "bad_encoding",
    /// There is no bearer token.
    TokenMissing = 401 "token_missing",
    /// The token is not three parts of base64url with the JSON that is required.
    TokenMalformed = 401 "token_malformed",
    /// The token's algorithm is not EdDSA.
    TokenAlgorithm = 401 "token_algorithm",
    /// No key has the token's kid.
    TokenKey = 401 "token_key_unknown",
    /// The token's signature is not that of its key.
    TokenSignature = 401 "token_signature",
    /// The token comes from another issuer.
    TokenIssuer = 401 "token_issuer",
    /// The token is for another audience.
    TokenAudience = 401 "token_audience",
    /// The token is valid for longer than 24 hours, or for no time.
    TokenLifetime = 401 "token_lifetime",
    /// The token's time is over.
    TokenExpired = 401 "token_expired",
    /// The token's time has not come.
    TokenEarly = 401 "token_not_yet_valid",
    /// The token, its key or its subject is revoked.
    TokenRevoked = 401 "token_revoked",
    /// The token does not have the role that the route asks for.
    Role = 403 "role_missing",
    /// There is no such route.
    NoRoute = 404 "no_route",
    /// No bundle of this id was taken lately.
    UnknownBundle = 404 "unknown_bundle",
    /// The route has other methods.
    Method = 405 "method_not_allowed",
    /// The body did not come in time.
    BodyTimeout = 408 "body_timeout",
    /// The body is larger than is taken.
    BodyTooLarge = 413 "body_too_large",
    /// tip_lamports is not the tip that the transactions pay.
    TipMismatch = 422 "tip_mismatch",
    /// No top-level transfer of the bundle pays a tip account.
    TipNotFound = 422 "tip_not_found",
    /// The record says that it cannot be sent.
    Unfit = 422 "unfit",
    /// The bundle was taken before.
    KnownId = 422 "known_id",
    /// The caller asks more often than it may.
    RateLimited = 429 "rate_limited",
    /// The bundle's tip and fees would exceed what an hour may cost.
    OverCap = 429 "over_spending_cap",
    /// As many bundles wait as may.
    QueueFull = 503 "queue_full",
    /// The bundle waited too long; it may have been taken since: ask for its id.
    QueueTimeout = 503 "queue_timeout",
    /// The gateway is ending.
    Draining = 503 "draining",
    /// The stop file is there.
    Stopped = 503 "stopped",
    /// The journal cannot be written: nothing more is sent.
    JournalFailed = 503 "journal_failed",
    /// The audit log cannot be written: nothing more is taken.
    AuditFailed = 503 "audit_failed",
    /// Nothing here simulates: the build or the configuration has no VM.
    NoSimulation = 503 "simulation_unavailable",
    /// The list of revoked tokens cannot be read: no token is taken.
    Revocations = 503 "revocations_unreadable",
    /// More callers are counted than may be.
    TooManyCallers = 503 "too_many_callers",
}

/// Why a caller is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The gateway's own reason.
    Code(Code),
    /// A rule of a block engine that the bundle breaks.
    Rule(Rule),
}

impl Why {
    /// Every one, in order of its number.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let rules = Rule::ALL.iter().map(|rule| Self::Rule(*rule));
        Code::ALL.iter().map(|code| Self::Code(*code)).chain(rules)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Code(code) => code.name(),
            Self::Rule(rule) => rule.name(),
        }
    }

    /// The HTTP status; a bundle that breaks a rule is well formed and cannot be processed.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Code(code) => code.status(),
            Self::Rule(_) => 422,
        }
    }

    pub(super) fn says(self) -> &'static str {
        match self {
            Self::Code(code) => code.says(),
            Self::Rule(rule) => rule.says(),
        }
    }

    /// Its place among all.
    pub(super) fn number(self) -> usize {
        match self {
            Self::Code(code) => code as usize,
            Self::Rule(rule) => Code::ALL.len().saturating_add(rule as usize),
        }
    }
}

/// A refusal as the caller reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) why: Why,
    /// What the numbers are, where that helps; nothing that the caller did not send or may not know.
    pub(super) detail: String,
    /// Which transaction is at fault, from 0.
    pub(super) tx_index: Option<u8>,
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self { why: Why::Code(code), detail: String::new(), tx_index: None }
    }
}

impl Refusal {
    /// The same with `detail`.
    pub(super) fn with(code: Code, detail: impl fmt::Display) -> Self {
        Self { detail: detail.to_string(), ..Self::from(code) }
    }

    /// The same of transaction `tx`.
    pub(super) fn of(code: Code, tx: usize) -> Self {
        Self { tx_index: u8::try_from(tx).ok(), ..Self::from(code) }
    }

    /// The reply's body.
    pub(super) fn json(&self) -> String {
        let reason = match self.detail.as_str() {
            "" => self.why.says().to_owned(),
            detail => format!("{} ({detail})", self.why.says().trim_end_matches('.')),
        };
        serde_json::json!({
            "code": self.why.name(), "reason": reason, "tx_index": self.tx_index,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_place_and_a_name_of_its_own() {
        let all: Vec<_> = Why::all().collect();
        assert_eq!(all.len(), Code::ALL.len() + Rule::ALL.len());
        for (at, why) in all.iter().enumerate() {
            assert_eq!(why.number(), at, "{}", why.name());
            assert!((400..=503).contains(&why.status()) && why.says().ends_with('.'));
        }
        let names: BTreeSet<_> = all.iter().map(|why| why.name()).collect();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn a_refusal_says_what_why_and_where() {
        let refusal = Refusal { tx_index: Some(2), ..Refusal::with(Code::Encoding, "byte 3") };
        let json: serde_json::Value = serde_json::from_str(&refusal.json()).unwrap();
        assert_eq!((&json["code"], &json["tx_index"]), (&"bad_encoding".into(), &2.into()));
        assert!(json["reason"].as_str().unwrap().ends_with("(byte 3)"));
        let plain: serde_json::Value =
            serde_json::from_str(&Refusal::from(Code::Role).json()).unwrap();
        assert!(plain["tx_index"].is_null());
    }
}
