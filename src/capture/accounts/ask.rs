//! Requests for accounts, and replies as accounts.
//!
//! `getMultipleAccounts` takes a hundred keys; `getProgramAccounts` gives all accounts of a program.
//! Both are asked for base64 and for the slot of the state.
//!
//! Source: solana.com/docs/rpc, methods getMultipleAccounts and getProgramAccounts.

use crate::bytes::base58;
use crate::ids::Key;
use serde_json::{Map, Value, json};

/// Keys of one request, at most.
pub(super) const KEYS_MAX: usize = 100;

/// An account as a reply states it: null where there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fetched {
    pub(super) key: Key,
    pub(super) slot: u64,
    pub(super) account: Value,
}

/// The request for `keys`, at most [`KEYS_MAX`] of them.
pub(super) fn many(keys: &[Key], commitment: &str) -> String {
    let keys: Vec<String> = keys.iter().map(|key| base58::Key(key).to_string()).collect();
    request("getMultipleAccounts", &json!([keys, {"encoding": "base64", "commitment": commitment}]))
}

/// The request for all accounts of `program`.
pub(super) fn program(program: &Key, commitment: &str) -> String {
    let how = json!({"encoding": "base64", "commitment": commitment, "withContext": true});
    request("getProgramAccounts", &json!([base58::Key(program).to_string(), how]))
}

fn request(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// The accounts of a reply to [`many`] for `keys`.
pub(super) fn take_many(reply: &[u8], keys: &[Key]) -> Result<Vec<Fetched>, String> {
    let (slot, list) = parts(reply)?;
    if list.len() != keys.len() {
        return Err(format!("{} accounts were asked for, {} came", keys.len(), list.len()));
    }
    let pairs = keys.iter().zip(list);
    Ok(pairs.map(|(key, account)| Fetched { key: *key, slot, account }).collect())
}

/// The accounts of a reply to [`program`].
pub(super) fn take_program(reply: &[u8]) -> Result<Vec<Fetched>, String> {
    let (slot, list) = parts(reply)?;
    list.into_iter()
        .map(|mut entry| {
            let key = entry.get("pubkey").and_then(Value::as_str).and_then(base58::key);
            let account = entry.get_mut("account").map(Value::take);
            let (key, account) = key.zip(account).ok_or("an account without pubkey")?;
            Ok(Fetched { key, slot, account })
        })
        .collect()
}

/// Slot and list of a reply.
fn parts(reply: &[u8]) -> Result<(u64, Vec<Value>), String> {
    let mut value: Map<String, Value> =
        serde_json::from_slice(reply).map_err(|e| format!("the answer is no JSON object: {e}"))?;
    if let Some(error) = value.get("error") {
        let words = error.get("message").and_then(Value::as_str).unwrap_or("no words");
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        return Err(format!("error {code}: {words}"));
    }
    let Some(mut result) = value.remove("result") else { return Err("no result".to_owned()) };
    let slot = result.pointer("/context/slot").and_then(Value::as_u64);
    let list = result.get_mut("value").map(Value::take);
    match (slot, list) {
        (Some(slot), Some(Value::Array(list))) => Ok((slot, list)),
        _ => Err("a result without slot or list".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn requests_say_what_they_want() {
        let text: Value = serde_json::from_str(&many(&[[1; 32], [2; 32]], "confirmed")).unwrap();
        assert_eq!(text["method"], "getMultipleAccounts");
        assert_eq!(text["params"][0][1], base58::Key(&[2; 32]).to_string());
        assert_eq!(text["params"][1], json!({"encoding": "base64", "commitment": "confirmed"}));
        let text: Value = serde_json::from_str(&program(&[3; 32], "processed")).unwrap();
        assert_eq!(text["params"][0], base58::Key(&[3; 32]).to_string());
        assert_eq!(text["params"][1]["withContext"], true);
    }

    #[test]
    fn replies_are_read_and_others_named() {
        let reply =
            json!({"result": {"context": {"slot": 7}, "value": [null, {"data": ["", "base64"]}]}});
        let reply = reply.to_string();
        let got = take_many(reply.as_bytes(), &[[1; 32], [2; 32]]).unwrap();
        assert_eq!((got[0].slot, got[0].account.is_null(), got[1].key), (7, true, [2; 32]));
        let wrong = |text: &str| take_many(text.as_bytes(), &[[1; 32]]).unwrap_err();
        assert_eq!(wrong(&reply), "1 accounts were asked for, 2 came");
        assert_eq!(wrong(r#"{"error":{"code":-32005,"message":"busy"}}"#), "error -32005: busy");
        assert_eq!(wrong(r#"{"result":[]}"#), "a result without slot or list");
        assert_eq!(wrong("{}"), "no result");
        assert!(wrong("<html>").starts_with("the answer is no JSON object"));
        let key = base58::Key(&[9; 32]).to_string();
        let reply = json!({"result": {"context": {"slot": 8}, "value": [{"pubkey": key, "account": {"lamports": 1}}]}});
        let got = take_program(reply.to_string().as_bytes()).unwrap();
        assert_eq!((got[0].key, got[0].slot), ([9; 32], 8));
        let reply = json!({"result": {"context": {"slot": 8}, "value": [{"pubkey": "0"}]}});
        assert_eq!(
            take_program(reply.to_string().as_bytes()).unwrap_err(),
            "an account without pubkey"
        );
    }
}
