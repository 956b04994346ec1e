//! What a block engine tells of bundles that it was sent: the requests, and what replies mean.
//!
//! | method | look-back | tells |
//! |---|---|---|
//! | `getInflightBundleStatuses` | 5 minutes | whether the engine has it, gave it up, or saw it land |
//! | `getBundleStatuses` | about 300 slots | in which slot it stands, and how sure that is |
//! | `getTipAccounts` | | whom tips may be paid to |
//!
//! A reply is foreign: whatever in it cannot be read is nothing told, never an answer. Source:
//! docs.jito.wtf, low latency transaction send; its prose says `confirmationStatus`, its example
//! and the wire `confirmation_status`.

use super::jito::{Class, refusal_in, retry_after_ms};
use crate::bytes::hex::Hex;
use crate::bytes::{base58, hex};
use crate::ids::Key;
use crate::wire::bundle_id;
use serde_json::{Map, Value};
use std::fmt::Write;

/// Bundles that a status call may ask for (docs.jito.wtf).
pub const BATCH_MAX: usize = 5;

/// The id of a bundle.
pub type Id = [u8; 32];

/// A status call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// `getInflightBundleStatuses`.
    Inflight,
    /// `getBundleStatuses`.
    Statuses,
    /// `getSignatureStatuses`, of an RPC node.
    Signatures,
}

impl Question {
    /// The JSON-RPC method, which is the last part of its path too.
    pub fn method(self) -> &'static str {
        match self {
            Self::Inflight => "getInflightBundleStatuses",
            Self::Statuses => "getBundleStatuses",
            Self::Signatures => "getSignatureStatuses",
        }
    }

    /// The body that asks for `ids`.
    pub fn body(self, ids: &[Id]) -> String {
        let mut body =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}","params":[["#, self.method());
        for (at, id) in ids.iter().enumerate() {
            // Writing to a String does not fail.
            let _ = write!(body, "{}\"{}\"", if at == 0 { "" } else { "," }, Hex(id));
        }
        body.push_str("]]}");
        body
    }
}

/// The body that asks an RPC node for `signatures`, whatever bundles they are of.
pub fn signatures_body<'s>(signatures: impl IntoIterator<Item = &'s [u8; 64]>) -> String {
    let texts: Vec<_> =
        signatures.into_iter().map(|signature| base58::Signature(signature).to_string()).collect();
    let method = Question::Signatures.method();
    serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": [texts]}).to_string()
}

/// The method that asks for tip accounts, which is the last part of its path too.
pub const TIP_ACCOUNTS: &str = "getTipAccounts";
/// The body that asks for them.
pub const TIP_ACCOUNTS_BODY: &str =
    r#"{"jsonrpc":"2.0","id":1,"method":"getTipAccounts","params":[]}"#;

/// What an engine tells of a bundle in its own system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inflight {
    /// It is not in the system.
    Invalid,
    /// It is neither given up nor landed.
    Pending,
    /// All regions that have it gave it up.
    Failed,
    /// It is on chain.
    Landed(Option<u64>),
}

/// What an engine tells of a bundle on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// In which slot.
    pub slot: u64,
    /// More than one validator's word.
    pub confirmed: bool,
    /// Without an error.
    pub ok: bool,
}

/// What an engine tells of a bundle without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The bundle's id there.
    pub bundle_id: String,
    /// What happened to it.
    pub inflight: Inflight,
    /// Why; may be empty.
    pub words: String,
}

/// Why a reply tells nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Fewer requests are wanted; wait so many milliseconds, where it says.
    RateLimited(Option<u64>),
    /// Refused, or not understood.
    Other,
}

/// The `result` of a reply.
fn result(http_status: u16, body: &[u8]) -> Result<Value, Silence> {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let class = refusal_in(http_status, json.as_ref());
    if class == Some(Class::RateLimited) {
        return Err(Silence::RateLimited(retry_after_ms(&String::from_utf8_lossy(body))));
    }
    let result = json.and_then(|mut json| json.get_mut("result").map(Value::take));
    let good = class.is_none() && matches!(http_status, 200..=299);
    result.filter(|_| good).ok_or(Silence::Other)
}

/// The objects of a reply's `value` with the ids they are about, each of those asked for once.
fn values<'a>(
    result: &'a Value,
    asked: &'a [Id],
) -> Result<impl Iterator<Item = (Id, &'a Map<String, Value>)>, Silence> {
    let none: &[Value] = &[];
    let values = match result.get("value") {
        // An engine that knows none of them answers with null or an empty list.
        Some(Value::Null) => none,
        Some(Value::Array(values)) => values,
        _ => return Err(Silence::Other),
    };
    let about = |object: &Map<String, Value>| {
        let id: Id = hex::decode(object.get("bundle_id")?.as_str()?)?.try_into().ok()?;
        asked.contains(&id).then_some(id)
    };
    let objects = values.iter().filter_map(Value::as_object);
    Ok(objects.filter_map(move |object| Some((about(object)?, object))))
}

/// Reads a reply to [`Question::Inflight`] for `asked`; what is told of each, in their order.
///
/// # Errors
/// Why nothing is told.
pub fn inflight(
    http_status: u16,
    body: &[u8],
    asked: &[Id],
) -> Result<Vec<Option<Inflight>>, Silence> {
    let result = result(http_status, body)?;
    let mut told = vec![None; asked.len()];
    for (id, object) in values(&result, asked)? {
        let slot = object.get("landed_slot").and_then(Value::as_u64);
        let status = match object.get("status").and_then(Value::as_str) {
            Some("Invalid") => Inflight::Invalid,
            Some("Pending") => Inflight::Pending,
            Some("Failed") => Inflight::Failed,
            Some("Landed") => Inflight::Landed(slot),
            _ => continue,
        };
        put(&mut told, asked, &id, status);
    }
    Ok(told)
}

/// A reply to [`Question::Statuses`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses {
    /// The slot that the engine is at.
    pub slot: u64,
    /// What is told of each that was asked for, in their order; `None` is: it is not on chain.
    pub told: Vec<Option<Seen>>,
}

/// Reads a reply to [`Question::Statuses`] for `asked`. An entry whose transactions are not those
/// of its id, or that cannot be read, makes the whole reply one that tells nothing: else it would
/// look like a bundle that is not on chain.
///
/// # Errors
/// Why nothing is told.
pub fn statuses(http_status: u16, body: &[u8], asked: &[Id]) -> Result<Statuses, Silence> {
    let result = result(http_status, body)?;
    let slot = result.get("context").and_then(|context| context.get("slot")?.as_u64());
    let slot = slot.ok_or(Silence::Other)?;
    let mut told = vec![None; asked.len()];
    for (id, object) in values(&result, asked)? {
        let seen = seen(&id, object).ok_or(Silence::Other)?;
        put(&mut told, asked, &id, seen);
    }
    Ok(Statuses { slot, told })
}

/// What an RPC node sees of a bundle's transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// None of them.
    None,
    /// So many, the last in this slot.
    Some(usize, u64),
    /// All of them.
    All(Seen),
}

/// Reads a reply to [`Question::Signatures`] for the transactions of several bundles, in the order in
/// which they were asked for; the node's slot, and what it sees of each bundle. A reply of another
/// length, or with an entry that cannot be read, tells nothing.
///
/// A node without history looks back about 300 slots (solana.com/docs/rpc/http/getsignaturestatuses).
///
/// # Errors
/// Why nothing is told.
pub fn signatures(
    http_status: u16,
    body: &[u8],
    asked: &[Vec<[u8; 64]>],
) -> Result<(u64, Vec<Parts>), Silence> {
    let result = result(http_status, body)?;
    let slot = result.get("context").and_then(|context| context.get("slot")?.as_u64());
    let value = result.get("value").and_then(Value::as_array);
    let (slot, value) = slot.zip(value).ok_or(Silence::Other)?;
    let count: usize = asked.iter().map(Vec::len).sum();
    if value.len() != count {
        return Err(Silence::Other);
    }
    let (mut rest, mut told) = (value.as_slice(), Vec::with_capacity(asked.len()));
    for signatures in asked {
        let (of_bundle, after) = rest.split_at_checked(signatures.len()).ok_or(Silence::Other)?;
        rest = after;
        let found = of_bundle.iter().filter(|status| !status.is_null());
        let found: Option<Vec<Seen>> = found.map(transaction).collect();
        told.push(parts(&found.ok_or(Silence::Other)?, signatures.len()));
    }
    Ok((slot, told))
}

fn transaction(status: &Value) -> Option<Seen> {
    let confirmed = match status.get("confirmationStatus")?.as_str()? {
        "processed" => false,
        "confirmed" | "finalized" => true,
        _ => return None,
    };
    let ok = status.get("err").is_none_or(Value::is_null);
    Some(Seen { slot: status.get("slot")?.as_u64()?, confirmed, ok })
}

/// What `found` of `count` transactions makes of a bundle: it is as sure as the least sure of them.
fn parts(found: &[Seen], count: usize) -> Parts {
    let Some(slot) = found.iter().map(|seen| seen.slot).max() else { return Parts::None };
    if found.len() < count {
        return Parts::Some(found.len(), slot);
    }
    let all = |is: fn(&Seen) -> bool| found.iter().all(is);
    Parts::All(Seen { slot, confirmed: all(|seen| seen.confirmed), ok: all(|seen| seen.ok) })
}

fn seen(id: &Id, object: &Map<String, Value>) -> Option<Seen> {
    let texts = object.get("transactions")?.as_array()?.iter();
    let signatures: Option<Vec<_>> = texts.map(|t| base58::signature(t.as_str()?)).collect();
    if bundle_id(&signatures?) != *id {
        return None;
    }
    let level = object.get("confirmation_status").or_else(|| object.get("confirmationStatus"))?;
    let confirmed = match level.as_str()? {
        "processed" => false,
        "confirmed" | "finalized" => true,
        _ => return None,
    };
    let ok = match object.get("err") {
        None | Some(Value::Null) => true,
        Some(err) => err.get("Ok").is_some(),
    };
    Some(Seen { slot: object.get("slot")?.as_u64()?, confirmed, ok })
}

fn put<T>(told: &mut [Option<T>], asked: &[Id], id: &Id, what: T) {
    let at = asked.iter().position(|asked| asked == id);
    if let Some(place) = at.and_then(|at| told.get_mut(at)) {
        *place = Some(what);
    }
}

/// Reads a reply to [`TIP_ACCOUNTS`]; the accounts.
///
/// # Errors
/// Why nothing is told; a list that is empty, or of something else, tells nothing.
pub fn tip_accounts(http_status: u16, body: &[u8]) -> Result<Vec<Key>, Silence> {
    let result = result(http_status, body)?;
    let texts = result.as_array().ok_or(Silence::Other)?;
    let keys: Option<Vec<_>> = texts.iter().map(|text| base58::key(text.as_str()?)).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or(Silence::Other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const SIGNATURES: [&str; 2] = [
        "3bC2M9fiACSjkTXZDgeNAuQ4ScTsdKGwR42ytFdhUvikqTmBheUxfsR1fDVsM5ADCMMspuwGkdm1uKbU246x5aE3",
        "8t9hKYEYNbLvNqiSzP96S13XF1C2f1ro271Kdf7bkZ6EpjPLuDff1ywRy4gfaGSTubsM2FeYGDoT64ZwPm1cQUt",
    ];
    const ID: &str = "892b79ed49138bfb3aa5441f0df6e06ef34f9ee8f3976c15b323605bae0cf51d";

    fn id() -> Id {
        hex::decode(ID).unwrap().try_into().unwrap()
    }

    /// The example of the public documentation of `getBundleStatuses`.
    fn example() -> Value {
        json!({"jsonrpc": "2.0", "result": {"context": {"slot": 242_806_119}, "value": [{
            "bundle_id": ID, "transactions": SIGNATURES, "slot": 242_804_011,
            "confirmation_status": "finalized", "err": {"Ok": null}}]}, "id": 1})
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let read = |json: &Value| statuses(200, json.to_string().as_bytes(), &[[1; 32], id()]);
        let seen = Seen { slot: 242_804_011, confirmed: true, ok: true };
        let should = Statuses { slot: 242_806_119, told: vec![None, Some(seen)] };
        assert_eq!(read(&example()), Ok(should.clone()));
        let mut other = example();
        let value = other["result"]["value"][0].as_object_mut().unwrap();
        value.remove("confirmation_status");
        value.insert("confirmationStatus".to_owned(), "confirmed".into());
        assert_eq!(read(&other), Ok(should));
        other["result"]["value"][0]["confirmationStatus"] = "processed".into();
        other["result"]["value"][0]["err"] = json!({"Err": "x"});
        let unsure = Seen { slot: 242_804_011, confirmed: false, ok: false };
        assert_eq!(read(&other).unwrap().told[1], Some(unsure));
        let body: Value = serde_json::from_str(&Question::Statuses.body(&[id()])).unwrap();
        assert_eq!(
            (&body["method"], &body["params"][0][0]),
            (&"getBundleStatuses".into(), &ID.into())
        );
    }

    #[test]
    fn a_reply_about_other_transactions_tells_nothing() {
        let read = |json: &Value| statuses(200, json.to_string().as_bytes(), &[id()]);
        for change in [
            |value: &mut Value| value["transactions"] = json!([SIGNATURES[0]]),
            |value: &mut Value| value["transactions"] = json!([]),
            |value: &mut Value| value["transactions"] = json!(7),
            |value: &mut Value| value["slot"] = json!(-1),
            |value: &mut Value| value["confirmation_status"] = json!("certain"),
        ] {
            let mut json = example();
            change(&mut json["result"]["value"][0]);
            assert_eq!(read(&json), Err(Silence::Other), "{json}");
        }
        // What is about a bundle that was not asked for is not read.
        let mut json = example();
        json["result"]["value"][0]["bundle_id"] = "ab".repeat(32).into();
        assert_eq!(read(&json).unwrap().told, [None]);
        json["result"]["value"] = Value::Null;
        assert_eq!(read(&json).unwrap().told, [None]);
        json["result"]["value"] = "x".into();
        assert_eq!(read(&json), Err(Silence::Other));
        json = example();
        json["result"]["context"] = Value::Null;
        assert_eq!(read(&json), Err(Silence::Other));
    }

    #[test]
    fn inflight_states_are_told_apart() {
        let ids = [[1; 32], [2; 32], [3; 32], [4; 32], [5; 32]];
        let entry = |at: usize, status: &str, slot: Value| json!({"bundle_id": Hex(&ids[at]).to_string(), "status": status, "landed_slot": slot});
        let reply = json!({"result": {"context": {"slot": 5}, "value": [
            entry(0, "Invalid", Value::Null), entry(1, "Pending", Value::Null),
            entry(2, "Failed", Value::Null), entry(3, "Landed", 77.into()),
            entry(4, "Elsewhere", Value::Null), 7, {"bundle_id": 9}]}});
        let told = inflight(200, reply.to_string().as_bytes(), &ids).unwrap();
        assert_eq!(
            told,
            [
                Some(Inflight::Invalid),
                Some(Inflight::Pending),
                Some(Inflight::Failed),
                Some(Inflight::Landed(Some(77))),
                None
            ]
        );
    }

    #[test]
    fn a_node_tells_of_transactions_and_those_make_a_bundle() {
        let status = |slot: u64, level: &str, err: Value| json!({"slot": slot, "confirmations": 1, "err": err, "status": {"Ok": null}, "confirmationStatus": level});
        let asked = [vec![[1; 64], [2; 64]], vec![[3; 64]], vec![[4; 64]], vec![[5; 64]]];
        let reply = |value: Value| {
            let json = json!({"result": {"context": {"slot": 90}, "value": value}});
            signatures(200, json.to_string().as_bytes(), &asked)
        };
        let (none, failed) = (Value::Null, json!({"InstructionError": [0, "Custom"]}));
        let value = json!([
            status(70, "confirmed", none.clone()),
            none.clone(),
            status(71, "finalized", none.clone()),
            none.clone(),
            status(72, "processed", failed)
        ]);
        let (slot, told) = reply(value).unwrap();
        let seen = |slot, confirmed, ok| Parts::All(Seen { slot, confirmed, ok });
        let should =
            [Parts::Some(1, 70), seen(71, true, true), Parts::None, seen(72, false, false)];
        assert_eq!((slot, told.as_slice()), (90, should.as_slice()));
        let both = json!([
            status(70, "confirmed", none.clone()),
            status(73, "processed", none.clone()),
            none.clone(),
            none.clone(),
            none.clone()
        ]);
        assert_eq!(reply(both).unwrap().1[0], seen(73, false, true));
        for bad in [json!([none, none]), json!(7), json!([1, 2, 3, 4, 5])] {
            assert_eq!(reply(bad), Err(Silence::Other));
        }
        let body: Value = serde_json::from_str(&signatures_body(asked.iter().flatten())).unwrap();
        assert_eq!(body["params"][0].as_array().map(Vec::len), Some(5));
        assert_eq!(body["method"], "getSignatureStatuses");
    }

    #[test]
    fn what_is_no_reply_tells_nothing_and_a_limit_is_one() {
        let limited = r#"{"jsonrpc":"2.0","error":{"code":-32097,"message":"Network congested. Endpoint is globally rate limited. Retry after 250ms","data":null},"id":null}"#;
        for (status, body, silence) in [
            (429, "", Silence::RateLimited(None)),
            (429, limited, Silence::RateLimited(Some(250))),
            (200, limited, Silence::RateLimited(Some(250))),
            (200, "<html>", Silence::Other),
            (200, "{}", Silence::Other),
            (200, r#"{"result":null}"#, Silence::Other),
            (500, r#"{"result":{"context":{"slot":1},"value":[]}}"#, Silence::Other),
            (200, r#"{"error":{"code":-32600,"message":"Invalid content type"}}"#, Silence::Other),
        ] {
            let body = body.as_bytes();
            assert_eq!(inflight(status, body, &[id()]), Err(silence));
            assert_eq!(statuses(status, body, &[id()]), Err(silence));
            assert_eq!(tip_accounts(status, body), Err(silence));
        }
        let text = base58::Key(&crate::ids::JITO_TIP_ACCOUNTS[2]).to_string();
        let read = |json: Value| tip_accounts(200, json.to_string().as_bytes());
        assert_eq!(read(json!({"result": [text]})), Ok(vec![crate::ids::JITO_TIP_ACCOUNTS[2]]));
        assert_eq!(read(json!({"result": []})), Err(Silence::Other));
        assert_eq!(read(json!({"result": [text, "x"]})), Err(Silence::Other));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_status_of_nothing(body in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(statuses(200, &body, &[id()]).is_err());
            prop_assert!(inflight(200, &body, &[id()]).is_err());
        }

        #[test]
        fn a_cut_reply_tells_nothing(at in 0usize..300) {
            let text = example().to_string();
            let cut = &text.as_bytes()[..at.min(text.len() - 1)];
            prop_assert!(statuses(200, cut, &[id()]).is_err());
        }
    }
}
