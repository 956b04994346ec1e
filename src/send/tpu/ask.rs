//! What is asked of an RPC node, and what its replies say.
//!
//! Source: solana.com/docs/rpc, methods getSlot, getSlotLeaders and getClusterNodes.

use super::Nodes;
use crate::bytes::base58;
use crate::ids::Key;
use serde_json::{Value, json};

/// Leaders of one request, at most (getSlotLeaders, `limit`).
const LEADERS_MAX: u64 = 5000;

fn request(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// The request for the slot that the node works on.
pub(super) fn slot() -> String {
    request("getSlot", &json!([{"commitment": "processed"}]))
}

/// The request for the leaders of `count` slots from `first`.
pub(super) fn leaders(first: u64, count: u64) -> String {
    request("getSlotLeaders", &json!([first, count.min(LEADERS_MAX)]))
}

/// The request for all nodes.
pub(super) fn nodes() -> String {
    request("getClusterNodes", &json!([]))
}

/// The slot of a reply to [`slot`].
pub(super) fn take_slot(reply: &[u8]) -> Result<u64, String> {
    let reply = whole(reply)?;
    result(&reply)?.as_u64().ok_or_else(|| "the result is no slot".to_owned())
}

/// The leaders of a reply to [`leaders`], slot by slot.
pub(super) fn take_leaders(reply: &[u8]) -> Result<Vec<Key>, String> {
    let reply = whole(reply)?;
    let list = result(&reply)?.as_array().ok_or("the result is no list of leaders")?;
    if list.is_empty() {
        return Err("the list of leaders is empty".to_owned());
    }
    let key = |entry: &Value| entry.as_str().and_then(base58::key);
    list.iter()
        .map(|entry| key(entry).ok_or_else(|| "a leader that is no key".to_owned()))
        .collect()
}

/// The nodes of a reply to [`nodes`].
pub(super) fn take_nodes(reply: &[u8]) -> Result<Nodes, String> {
    Nodes::from_reply(&whole(reply)?)
}

/// The result of a JSON-RPC reply, or the reply itself, if it is a bare list.
pub(super) fn result(reply: &Value) -> Result<&Value, String> {
    if reply.is_array() {
        return Ok(reply);
    }
    if let Some(error) = reply.get("error").filter(|error| !error.is_null()) {
        let words = error.get("message").and_then(Value::as_str).unwrap_or("no words");
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        return Err(format!("error {code}: {words}"));
    }
    reply.get("result").filter(|result| !result.is_null()).ok_or_else(|| "no result".to_owned())
}

fn whole(reply: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(reply).map_err(|e| format!("the answer is no JSON: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_those_of_the_methods() {
        let value = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let asked = value(leaders(7, 1_000_000));
        assert_eq!(
            (&asked["method"], &asked["params"]),
            (&json!("getSlotLeaders"), &json!([7, 5000]))
        );
        assert_eq!(value(slot())["params"], json!([{"commitment": "processed"}]));
        assert_eq!(value(nodes())["method"], "getClusterNodes");
    }

    #[test]
    fn replies_are_read_or_told_as_wrong() {
        assert_eq!(take_slot(br#"{"result":1234,"id":1}"#), Ok(1234));
        let key = base58::Key(&[3; 32]).to_string();
        let reply = format!(r#"{{"result":["{key}","{key}"]}}"#);
        assert_eq!(take_leaders(reply.as_bytes()), Ok(vec![[3; 32]; 2]));
        let refusal = br#"{"error":{"code":-32602,"message":"Invalid slot range"}}"#;
        assert_eq!(take_leaders(refusal).unwrap_err(), "error -32602: Invalid slot range");
        assert_eq!(take_slot(refusal).unwrap_err(), "error -32602: Invalid slot range");
        for bad in [&b"<html>"[..], b"{}", b"[]", br#"{"result":"x"}"#, br#"{"result":[1]}"#] {
            assert!(take_slot(bad).is_err() && take_leaders(bad).is_err());
        }
        assert!(
            take_leaders(br#"{"result":[]}"#).is_err() && take_slot(br#"{"result":-1}"#).is_err()
        );
        assert!(take_nodes(br#"{"result":[]}"#).unwrap().is_empty());
    }
}
