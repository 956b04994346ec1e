//! A block engine on this machine, made from the public protocol: it takes bundles, says what it
//! has, and what is on chain, as its fate for each bundle wants it.

use super::server::{Request, serve};
use base64::Engine as _;
use mev::bytes::{base58, hex::Hex};
use mev::ids::JITO_TIP_ACCOUNTS;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

/// What an engine does with a bundle.
#[allow(dead_code, reason = "not every test needs every fate")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It lands in slot 1007.
    Land,
    /// It lands there with an error.
    LandBroken,
    /// It is given up.
    Fail,
    /// It is never heard of again.
    Vanish,
    /// The engine says that it landed; the chain has nothing of it.
    Lie,
    /// Refused, in these words.
    Refuse(&'static str),
    /// Too many requests.
    Limit,
    /// Taken, and the answer is no JSON.
    Garbage,
    /// Taken, and no answer.
    Silent,
}

/// What an engine was sent.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// How many times each bundle was sent here, by id.
    pub(crate) sends: BTreeMap<String, u32>,
    /// Those that it took: signatures and fate.
    pub(crate) taken: BTreeMap<String, (Vec<String>, Fate)>,
    /// Heads of all requests, with their methods.
    pub(crate) requests: Vec<(String, String)>,
    /// The most bundles that one call asked for.
    pub(crate) batch: usize,
}

/// An engine.
pub(crate) struct BlockEngine {
    pub(crate) url: String,
    pub(crate) seen: Arc<Mutex<Seen>>,
    /// Held, for the server sends what it was asked.
    _requests: Receiver<Request>,
}

/// Starts an engine at slot `slot` that decides by a bundle's id and by how often it came.
pub(crate) fn engine(
    slot: u64,
    fate: impl Fn(&str, u32) -> Fate + Send + Sync + 'static,
) -> BlockEngine {
    let seen = Arc::new(Mutex::new(Seen::default()));
    let state = seen.clone();
    let (url, requests) =
        serve(move |request| answer(&mut state.lock().unwrap(), request, slot, &fate));
    BlockEngine { url, seen, _requests: requests }
}

/// An engine's answer to a request over JSON-RPC, if it gives one.
pub(crate) fn answer(
    seen: &mut Seen,
    request: &Request,
    slot: u64,
    fate: impl Fn(&str, u32) -> Fate,
) -> Option<(&'static str, String)> {
    let method = request.body["method"].as_str().unwrap().to_owned();
    let path = if method == "sendBundle" { "bundles" } else { method.as_str() };
    assert!(request.head.starts_with(&format!("POST /api/v1/{path} HTTP/1.1\r\n")));
    seen.requests.push((request.head.clone(), method.clone()));
    match method.as_str() {
        "getTipAccounts" => {
            Some(ok(&json!(JITO_TIP_ACCOUNTS.map(|k| base58::Key(&k).to_string()))))
        }
        "sendBundle" => take(seen, request, &fate),
        _ => Some(tell(seen, request, slot, method == "getInflightBundleStatuses")),
    }
}

fn ok(result: &Value) -> (&'static str, String) {
    ("200 OK", json!({"jsonrpc": "2.0", "result": result, "id": 1}).to_string())
}

fn take(
    seen: &mut Seen,
    request: &Request,
    fate: impl Fn(&str, u32) -> Fate,
) -> Option<(&'static str, String)> {
    let standard = base64::engine::general_purpose::STANDARD;
    let texts = request.body["params"][0].as_array().unwrap();
    let wires: Vec<_> =
        texts.iter().map(|t| standard.decode(t.as_str().unwrap()).unwrap()).collect();
    let (id, fate) = decide(seen, &wires, fate);
    match fate {
        Fate::Refuse(words) => {
            let error = json!({"code": -32602, "message": words});
            let body = json!({"jsonrpc": "2.0", "error": error, "id": 1});
            Some(("400 Bad Request", body.to_string()))
        }
        Fate::Limit => {
            let error = json!({"code": -32097, "message": "Retry after 20ms", "data": null});
            let body = json!({"jsonrpc": "2.0", "error": error, "id": null});
            Some(("429 Too Many Requests", body.to_string()))
        }
        Fate::Garbage => Some(("200 OK", "<html>hello</html>".to_owned())),
        Fate::Silent => None,
        _ => Some(ok(&json!(id))),
    }
}

/// Takes a bundle of transactions in their wire form, or not: its id and its fate.
pub(crate) fn decide(
    seen: &mut Seen,
    wires: &[Vec<u8>],
    fate: impl Fn(&str, u32) -> Fate,
) -> (String, Fate) {
    let signatures: Vec<[u8; 64]> =
        wires.iter().map(|wire| wire[1..65].try_into().unwrap()).collect();
    let id = Hex(&mev::wire::bundle_id(&signatures)).to_string();
    let count = seen.sends.entry(id.clone()).or_default();
    *count += 1;
    let fate = fate(&id, *count);
    if !matches!(fate, Fate::Refuse(_) | Fate::Limit) {
        let texts = signatures.iter().map(|s| base58::Signature(s).to_string()).collect();
        seen.taken.insert(id.clone(), (texts, fate));
    }
    (id, fate)
}

fn tell(seen: &mut Seen, request: &Request, slot: u64, inflight: bool) -> (&'static str, String) {
    let ids = request.body["params"][0].as_array().unwrap();
    seen.batch = seen.batch.max(ids.len());
    let mut value = Vec::new();
    for id in ids.iter().map(|id| id.as_str().unwrap()) {
        let taken = seen.taken.get(id);
        let fate = taken.map(|(_, fate)| *fate);
        if inflight {
            let (status, slot) = match fate {
                None => ("Invalid", Value::Null),
                Some(Fate::Land | Fate::LandBroken | Fate::Lie) => ("Landed", json!(1007)),
                Some(Fate::Fail) => ("Failed", Value::Null),
                Some(_) => ("Pending", Value::Null),
            };
            value.push(json!({"bundle_id": id, "status": status, "landed_slot": slot}));
        } else if let Some((signatures, Fate::Land | Fate::LandBroken)) = taken {
            let broken = fate == Some(Fate::LandBroken);
            let err = if broken { json!({"Err": "x"}) } else { json!({"Ok": null}) };
            value.push(json!({"bundle_id": id, "transactions": signatures, "slot": 1007,
                "confirmation_status": "confirmed", "err": err}));
        }
    }
    ok(&json!({"context": {"slot": slot}, "value": value}))
}
