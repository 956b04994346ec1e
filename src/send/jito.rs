//! Jito's `sendBundle` over JSON-RPC: the request, and what an answer to it means.
//!
//! There is no official table of errors. Answers are told apart by HTTP status, JSON-RPC code and
//! the words of the message, as seen in the logs and issues of jito-rust-rpc, jito-ts and
//! jito-js-rpc; what fits nothing is unknown and keeps its words.

use crate::bytes::hex;
use crate::record::Outcome;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::fmt::Write;

/// Writes the body of a `sendBundle` request for `transactions`, in their wire form and in order,
/// into `body`, which is emptied first and keeps its memory.
///
/// The encoding is named, because the default is base58 and a body without the option object is
/// refused with "transaction #0 could not be decoded" (docs.jito.wtf, low latency transaction
/// send).
pub fn send_bundle<'t>(
    id: u64,
    transactions: impl IntoIterator<Item = &'t [u8]>,
    body: &mut String,
) {
    body.clear();
    // Writing to a String does not fail.
    let _ = write!(body, r#"{{"jsonrpc":"2.0","id":{id},"method":"sendBundle","params":[["#);
    for (index, transaction) in transactions.into_iter().enumerate() {
        body.push_str(if index == 0 { "\"" } else { ",\"" });
        STANDARD.encode_string(transaction, body);
        body.push('"');
    }
    body.push_str(r#"],{"encoding":"base64"}]}"#);
}

/// What an answer means, in detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Class {
    /// Taken, under the id computed here.
    Accepted = 0,
    /// Taken, under another id, which the words give.
    AcceptedOtherId = 1,
    /// Too many requests: by default one a second, for each address and region.
    RateLimited = 2,
    /// The blockhash is too old or not known.
    ExpiredBlockhash = 3,
    /// A transaction of the bundle has landed before: probably this bundle did.
    AlreadyProcessed = 4,
    /// A transaction could not be decoded.
    Undecodable = 5,
    /// No tip account is write-locked.
    NoTipLock = 6,
    /// More than five transactions.
    TooManyTransactions = 7,
    /// A transaction locks too many accounts.
    TooManyLocks = 8,
    /// The same transaction twice, or one without its signatures.
    DuplicateOrUnsigned = 9,
    /// No leader that runs Jito comes up soon.
    NoLeader = 10,
    /// The request is not that of a known client.
    Unauthorized = 11,
    /// Not sent as JSON.
    ContentType = 12,
    /// Refused for a reason that is not known here.
    OtherRefusal = 13,
    /// The server failed; whether it took the bundle is not known.
    ServerError = 14,
    /// The answer is not one of JSON-RPC.
    NotUnderstood = 15,
}

impl Class {
    /// Names by number.
    pub const NAMES: [&'static str; 16] = [
        "accepted",
        "accepted_other_id",
        "rate_limited",
        "expired_blockhash",
        "already_processed",
        "undecodable",
        "no_tip_lock",
        "too_many_transactions",
        "too_many_locks",
        "duplicate_or_unsigned",
        "no_leader",
        "unauthorized",
        "content_type",
        "other_refusal",
        "server_error",
        "not_understood",
    ];

    /// The name that receipts and statistics show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or_default()
    }

    /// What a receipt records of it.
    pub fn outcome(self) -> Outcome {
        match self {
            Self::Accepted | Self::AcceptedOtherId => Outcome::Accepted,
            Self::RateLimited => Outcome::RateLimited,
            Self::ServerError | Self::NotUnderstood => Outcome::Unknown,
            _ => Outcome::Refused,
        }
    }
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it means.
    pub class: Class,
    /// JSON-RPC error code.
    pub code: Option<i32>,
    /// The remote's words; may be empty.
    pub words: String,
    /// How long it asks us to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

/// Reads the answer to a `sendBundle` of the bundle `id`: its HTTP status and its body.
pub fn verdict(http_status: u16, body: &[u8], id: &[u8; 32]) -> Verdict {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let member =
        |name: &str| json.as_ref().and_then(|json| json.get(name)).filter(|v| !v.is_null());
    if let Some(error) = member("error") {
        // JSON-RPC 2.0 section 5.1 makes it an object; some proxies answer with a bare text.
        let message = error.get("message").unwrap_or(error);
        let words = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        let code = error.get("code").and_then(Value::as_i64).and_then(|c| i32::try_from(c).ok());
        let retry_after_ms = retry_after_ms(&words);
        return Verdict { class: refusal(http_status, code, &words), code, words, retry_after_ms };
    }
    let result = member("result").filter(|_| matches!(http_status, 200..=299));
    let (class, words) = match (http_status, result) {
        (_, Some(Value::String(theirs))) => match hex::decode(theirs) {
            Some(bytes) if bytes == id => (Class::Accepted, String::new()),
            _ => (Class::AcceptedOtherId, theirs.clone()),
        },
        (429, _) => (Class::RateLimited, lossy(body)),
        (401 | 403, _) => (Class::Unauthorized, lossy(body)),
        (400..=499, _) => (Class::OtherRefusal, lossy(body)),
        (500..=599, _) => (Class::ServerError, lossy(body)),
        _ => (Class::NotUnderstood, lossy(body)),
    };
    let retry_after_ms = retry_after_ms(&words);
    Verdict { class, code: None, words, retry_after_ms }
}

/// Fragments of messages, in lower case, and what they mean.
const MESSAGES: [(&str, Class); 16] = [
    ("rate limit", Class::RateLimited),
    ("retry after", Class::RateLimited),
    ("max usage reached", Class::RateLimited),
    ("already processed", Class::AlreadyProcessed),
    ("expired blockhash", Class::ExpiredBlockhash),
    ("invalid blockhash", Class::ExpiredBlockhash),
    ("could not be decoded", Class::Undecodable),
    ("write lock at least one tip account", Class::NoTipLock),
    ("does not lock any of the tip", Class::NoTipLock),
    ("maximum number of transactions", Class::TooManyTransactions),
    ("exceeds max transaction length", Class::TooManyTransactions),
    ("too many account locks", Class::TooManyLocks),
    ("duplicate transactions", Class::DuplicateOrUnsigned),
    ("no connected leader", Class::NoLeader),
    ("not authorized", Class::Unauthorized),
    ("invalid content type", Class::ContentType),
];

/// What a message means, by its words alone.
pub(super) fn by_words(words: &str) -> Option<Class> {
    let words = words.to_ascii_lowercase();
    let found = MESSAGES.iter().find(|(fragment, _)| words.contains(fragment));
    found.map(|(_, class)| *class)
}

/// What a JSON-RPC error means: by its words, then its code, then the HTTP status.
fn refusal(http_status: u16, code: Option<i32>, words: &str) -> Class {
    match (by_words(words), code, http_status) {
        (Some(class), _, _) => class,
        (None, Some(-32097 | -32429), _) | (None, _, 429) => Class::RateLimited,
        (None, _, 401 | 403) => Class::Unauthorized,
        (None, _, 500..=599) => Class::ServerError,
        (None, _, _) => Class::OtherRefusal,
    }
}

/// What the error in `json`, a whole answer, means; `None` if it is none.
pub(super) fn refusal_in(http_status: u16, json: Option<&Value>) -> Option<Class> {
    match json.and_then(|json| json.get("error")).filter(|error| !error.is_null()) {
        Some(error) => {
            let message = error.get("message").unwrap_or(error);
            let code = error.get("code").and_then(Value::as_i64);
            let code = code.and_then(|code| i32::try_from(code).ok());
            Some(refusal(http_status, code, message.as_str().unwrap_or_default()))
        }
        None if http_status == 429 => Some(Class::RateLimited),
        None => None,
    }
}

/// The milliseconds in "Retry after 250ms" or "retry after 2s".
pub(super) fn retry_after_ms(words: &str) -> Option<u64> {
    let words = words.to_ascii_lowercase();
    let (_, after) = words.split_once("retry after ")?;
    let unit_at = after.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = after.split_at_checked(unit_at)?;
    let number: u64 = digits.parse().ok()?;
    match unit.trim_start() {
        unit if unit.starts_with("ms") || unit.starts_with("milli") => Some(number),
        unit if unit.starts_with('s') => number.checked_mul(1000),
        _ => None,
    }
}

/// A body that is no JSON-RPC, on one line.
fn lossy(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn body_is_the_documented_request() {
        let mut body = "stale".to_owned();
        send_bundle(7, [&[0xfb, 0xff][..], &[1, 2, 3]], &mut body);
        assert_eq!(
            body,
            r#"{"jsonrpc":"2.0","id":7,"method":"sendBundle","params":[["+/8=","AQID"],{"encoding":"base64"}]}"#
        );
        let json: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(json["params"][1]["encoding"], "base64");
        // The memory is used again.
        let (capacity, at) = (body.capacity(), body.as_ptr());
        send_bundle(8, [&[0xfb, 0xff][..]], &mut body);
        assert_eq!((body.capacity(), body.as_ptr()), (capacity, at));
    }

    fn error(code: i32, message: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","error":{{"code":{code},"message":"{message}"}},"id":1}}"#)
    }

    #[test]
    fn ids_are_compared() {
        let id = [0xab; 32];
        let answer = |text: &str| {
            let body = format!(r#"{{"jsonrpc":"2.0","result":"{text}","id":1}}"#);
            verdict(200, body.as_bytes(), &id)
        };
        let same = answer(&"ab".repeat(32));
        assert_eq!((same.class, same.words.as_str()), (Class::Accepted, ""));
        assert_eq!(answer(&"AB".repeat(32)).class, Class::Accepted);
        // The documentation's sample answers with base58.
        for other in ["cd".repeat(32), "2id3YC2jK9G5Wo2phDx4gJVAew8DcY5NAojnVuao8rkx".to_owned()] {
            let verdict = answer(&other);
            assert_eq!((verdict.class, &verdict.words), (Class::AcceptedOtherId, &other));
            assert_eq!(verdict.class.outcome(), Outcome::Accepted);
        }
    }

    #[test]
    fn observed_errors_have_their_class() {
        // facts/send.md 1.2: messages from the logs and issues of the clients.
        let limited = r#"{"jsonrpc":"2.0","error":{"code":-32097,"message":"Network congested. Endpoint is globally rate limited.","data":null},"id":null}"#;
        let verdict_of = |status, body: &str| verdict(status, body.as_bytes(), &[0; 32]);
        let first = verdict_of(429, limited);
        assert_eq!((first.class, first.code), (Class::RateLimited, Some(-32097)));
        assert_eq!(first.words, "Network congested. Endpoint is globally rate limited.");
        for (code, message, class) in [
            (-32097, "Network congested", Class::RateLimited),
            (-32429, "max usage reached", Class::RateLimited),
            (-32602, "bundle contains an expired blockhash", Class::ExpiredBlockhash),
            (-32602, "bundle contains an invalid blockhash", Class::ExpiredBlockhash),
            (-32602, "bundle contains an already processed transaction", Class::AlreadyProcessed),
            (-32602, "transaction #0 could not be decoded", Class::Undecodable),
            (
                -32602,
                "Bundles must write lock at least one tip account to be eligible for the auction.",
                Class::NoTipLock,
            ),
            (-32602, "bundle does not lock any of the tip PDAs", Class::NoTipLock),
            (-32602, "exceeded maximum number of transactions", Class::TooManyTransactions),
            (-32602, "bundle exceeds max transaction length", Class::TooManyTransactions),
            (-32603, "transaction has too many account locks", Class::TooManyLocks),
            (
                -32602,
                "bundles must not contain any duplicate transactions and every transaction must be signed",
                Class::DuplicateOrUnsigned,
            ),
            (-32603, "Bundle Dropped, no connected leader up soon", Class::NoLeader),
            (
                -32603,
                "The supplied pubkey is not authorized to generate a token",
                Class::Unauthorized,
            ),
            (-32600, "Invalid content type", Class::ContentType),
            (-32602, "something else", Class::OtherRefusal),
        ] {
            for status in [200, 400] {
                let found = verdict_of(status, &error(code, message));
                assert_eq!((found.class, found.code), (class, Some(code)), "{message}");
                assert_eq!(found.words, message);
            }
        }
        assert_eq!(Class::AlreadyProcessed.outcome(), Outcome::Refused);
        assert_eq!(Class::RateLimited.outcome(), Outcome::RateLimited);
    }

    #[test]
    fn what_is_no_json_rpc_is_told_by_its_status() {
        for (status, body, class, words) in [
            (200, "", Class::NotUnderstood, ""),
            (200, "<html>\n ok </html>", Class::NotUnderstood, "<html> ok </html>"),
            (200, "{}", Class::NotUnderstood, "{}"),
            (200, r#"{"result":7}"#, Class::NotUnderstood, r#"{"result":7}"#),
            (
                200,
                r#"{"result":null,"error":null}"#,
                Class::NotUnderstood,
                r#"{"result":null,"error":null}"#,
            ),
            (301, "moved", Class::NotUnderstood, "moved"),
            (400, "bad", Class::OtherRefusal, "bad"),
            (403, "no", Class::Unauthorized, "no"),
            (429, "slow down", Class::RateLimited, "slow down"),
            (502, "Bad Gateway", Class::ServerError, "Bad Gateway"),
            (503, r#"{"error":"overloaded"}"#, Class::ServerError, "overloaded"),
            (400, r#"{"error":{"code":0.5}}"#, Class::OtherRefusal, r#"{"code":0.5}"#),
            // A result with a status that says no is no acceptance.
            (500, r#"{"result":"ab"}"#, Class::ServerError, r#"{"result":"ab"}"#),
        ] {
            let found = verdict(status, body.as_bytes(), &[0; 32]);
            assert_eq!((found.class, found.words.as_str()), (class, words), "{status} {body}");
            assert_eq!(found.code, None);
        }
        assert_eq!(verdict(200, &[0xff, 0xfe], &[0; 32]).class, Class::NotUnderstood);
        assert_eq!(Class::NAMES.len(), Class::NotUnderstood as usize + 1);
        assert_eq!(Class::ServerError.outcome(), Outcome::Unknown);
    }

    #[test]
    fn the_wait_asked_for_is_read() {
        for (words, expect) in [
            ("Retry after 250ms", Some(250)),
            ("please retry after 2s.", Some(2000)),
            ("retry after 3 seconds", Some(3000)),
            ("retry after soon", None),
            ("retry after 5", None),
            ("retry after 99999999999999999999ms", None),
            ("rate limited", None),
        ] {
            assert_eq!(retry_after_ms(words), expect, "{words}");
        }
        let body = error(-32097, "Retry after 250ms");
        assert_eq!(verdict(429, body.as_bytes(), &[0; 32]).retry_after_ms, Some(250));
    }
}
