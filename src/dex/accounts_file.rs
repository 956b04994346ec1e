//! Account files: what `--accounts FILE` holds, as text in memory.
//!
//! A file is a sequence of JSON values, one a line or spread over lines, in any mixture of:
//!
//! ```text
//! {"pubkey":K,"account":A[,"slot":S]}                       an account; also what `solana account --output json` writes
//! {"result":[{"pubkey":K,"account":A},..]}                  a getProgramAccounts reply
//! {"result":{"context":{"slot":S},"value":[..]}}            the same withContext, with its slot
//! {"method":"getMultipleAccounts","params":[[K,..],..]}     a request: names the accounts of the reply that follows
//! {"result":{"context":{"slot":S},"value":[A,..]}}          a getMultipleAccounts reply; `"pubkeys":[K,..]` may stand in it instead
//! ```
//!
//! `A` is the RPC's account object, of which `owner` and `data` (base64) are read, and `lamports` and
//! `executable` where they are there, or null: the cluster has no such account. Without `slot` the age is unknown, which is slot 0.

use super::AccountBook;
use crate::bytes::base58;
use crate::error::{Error, Result};
use crate::ids::Key;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// An account as a file states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its address.
    pub key: Key,
    /// Slot of the state; 0 when the file does not say.
    pub slot: u64,
    /// What it holds; `None` when the cluster has no such account.
    pub contents: Option<Contents>,
}

/// What an account holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The program it belongs to.
    pub owner: Key,
    /// Its data.
    pub data: Vec<u8>,
    /// Its balance; `None` when the file does not say.
    pub lamports: Option<u64>,
    /// It is a program.
    pub executable: bool,
}

/// Hands every account of `text` to `take`, in order, and gives their number. An account may come
/// more than once: the last one is meant.
///
/// # Errors
/// Status 3 when `text` is no account file, or holds an encoding that is not read; status 4 when it
/// is cut off. Each names the line and, within a reply, the account. What came before was taken.
pub fn read(text: &[u8], take: &mut dyn FnMut(Entry)) -> Result<u64> {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
    let mut requested = None;
    let (mut count, mut from) = (0u64, 0);
    while let Some(value) = values.next() {
        let value = value.map_err(|error| broken(&error))?;
        let start = from;
        from = values.byte_offset();
        let mut counted = |entry| {
            count = count.saturating_add(1);
            take(entry);
        };
        document(&value, &mut requested, &mut counted).map_err(|fault| {
            let error = Error::foreign(format!("line {}: {}", line(text, start), fault.what));
            if let Some(hint) = fault.hint { error.hint(hint) } else { error }
        })?;
    }
    Ok(count)
}

/// What is wrong with a document, and what to do about it.
#[derive(Debug)]
struct Fault {
    what: String,
    hint: Option<&'static str>,
}

type Outcome<T> = std::result::Result<T, Fault>;

fn fault<T>(what: impl Into<String>) -> Outcome<T> {
    Err(Fault { what: what.into(), hint: None })
}

fn fault_with<T>(what: impl Into<String>, hint: &'static str) -> Outcome<T> {
    Err(Fault { what: what.into(), hint: Some(hint) })
}

fn broken(error: &serde_json::Error) -> Error {
    let what = error.to_string();
    if error.is_eof() {
        return Error::damaged(format!("the account file is cut off: {what}"));
    }
    Error::foreign(format!("not an account file: {what}")).hint(
        "it holds JSON: a line {\"pubkey\",\"account\"} for each account, or replies of an RPC server; \
         raw accounts are named by their folder",
    )
}

/// Number of the line, from 1, on which the value that follows byte `at` begins.
fn line(text: &[u8], at: usize) -> usize {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, &[]));
    let skipped = after.iter().take_while(|byte| byte.is_ascii_whitespace());
    before.iter().chain(skipped).filter(|byte| **byte == b'\n').count().saturating_add(1)
}

/// One JSON value of the file. `requested` are the accounts that the request before it names.
fn document(
    value: &Value,
    requested: &mut Option<Vec<Key>>,
    take: &mut dyn FnMut(Entry),
) -> Outcome<()> {
    let Value::Object(fields) = value else { return fault("not a JSON object") };
    if fields.contains_key("pubkey") {
        return keyed(fields, slot(fields)?.unwrap_or(0), take);
    }
    if let Some(method) = fields.get("method") {
        *requested = if method == "getMultipleAccounts" {
            Some(keys(fields.get("params").and_then(|params| params.get(0)))?)
        } else {
            None
        };
        return Ok(());
    }
    if let Some(error) = fields.get("error") {
        return fault(format!("the reply is an error: {error}"));
    }
    let Some(result) = fields.get("result") else {
        return fault("neither an account (pubkey) nor a reply (result)");
    };
    let named = match fields.get("pubkeys") {
        Some(list) => Some(keys(Some(list))?),
        None => requested.take(),
    };
    reply(result, named, take)
}

/// The `result` of a reply; `named` are the accounts that were asked for.
fn reply(result: &Value, named: Option<Vec<Key>>, take: &mut dyn FnMut(Entry)) -> Outcome<()> {
    let (context, list) = match result {
        Value::Array(list) => (None, list),
        Value::Object(fields) => match fields.get("value") {
            Some(Value::Array(list)) => (fields.get("context"), list),
            _ => return fault("the reply's result holds no list of accounts"),
        },
        _ => return fault("the reply's result holds no list of accounts"),
    };
    let at = match context {
        Some(Value::Object(context)) => slot(context)?.unwrap_or(0),
        _ => 0,
    };
    let each = |position: usize, fault: Fault| Fault {
        what: format!("account {position} of the reply: {}", fault.what),
        hint: fault.hint,
    };
    if list.iter().all(|entry| entry.get("pubkey").is_some()) {
        for (position, entry) in list.iter().enumerate() {
            let Value::Object(fields) = entry else { return fault("not a JSON object") };
            keyed(fields, at, take).map_err(|fault| each(position, fault))?;
        }
        return Ok(());
    }
    let Some(named) = named else {
        return fault_with(
            "a getMultipleAccounts reply does not say whose accounts it holds",
            "put the request on the line before it, or \"pubkeys\":[..] into it",
        );
    };
    if named.len() != list.len() {
        let (asked, there) = (named.len(), list.len());
        return fault(format!("{asked} accounts were asked for, the reply holds {there}"));
    }
    for (position, (key, account)) in named.into_iter().zip(list).enumerate() {
        let contents = contents(account).map_err(|fault| each(position, fault))?;
        take(Entry { key, slot: at, contents });
    }
    Ok(())
}

/// An object with `pubkey` and `account`, of slot `slot` unless it says another.
fn keyed(fields: &Map<String, Value>, at: u64, take: &mut dyn FnMut(Entry)) -> Outcome<()> {
    let key = key(fields.get("pubkey"), "pubkey")?;
    let Some(account) = fields.get("account") else { return fault("account is missing") };
    let contents = contents(account)?;
    take(Entry { key, slot: slot(fields)?.unwrap_or(at), contents });
    Ok(())
}

/// An account object; null is an account that does not exist.
fn contents(account: &Value) -> Outcome<Option<Contents>> {
    let fields = match account {
        Value::Null => return Ok(None),
        Value::Object(fields) => fields,
        _ => return fault("account is no JSON object"),
    };
    let owner = key(fields.get("owner"), "owner")?;
    let hint = "ask the RPC server with \"encoding\":\"base64\"";
    let (text, encoding) = match fields.get("data") {
        None => return fault("data is missing"),
        Some(Value::Array(pair)) => match pair.as_slice() {
            [Value::String(text), Value::String(encoding)] => (text, encoding.as_str()),
            _ => return fault("data is not [text, encoding]"),
        },
        Some(Value::String(text)) => (text, "base58"),
        Some(_) => return fault_with("data is parsed, not the account's bytes", hint),
    };
    if encoding != "base64" {
        return fault_with(format!("data is encoded as {encoding}, not base64"), hint);
    }
    let lamports = match fields.get("lamports") {
        None => None,
        Some(value) => match value.as_u64() {
            Some(lamports) => Some(lamports),
            None => return fault(format!("lamports is {value}, not a number of 64 bits")),
        },
    };
    let executable = fields.get("executable").and_then(Value::as_bool).unwrap_or(false);
    match STANDARD.decode(text) {
        Ok(data) => Ok(Some(Contents { owner, data, lamports, executable })),
        Err(error) => fault(format!("data is not base64: {error}")),
    }
}

fn slot(fields: &Map<String, Value>) -> Outcome<Option<u64>> {
    match fields.get("slot") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_u64() {
            Some(slot) => Ok(Some(slot)),
            None => fault(format!("slot is {value}, not a number of 64 bits")),
        },
    }
}

fn keys(list: Option<&Value>) -> Outcome<Vec<Key>> {
    let Some(Value::Array(list)) = list else { return fault("the request holds no list of keys") };
    list.iter().map(|value| key(Some(value), "requested key")).collect()
}

fn key(value: Option<&Value>, name: &str) -> Outcome<Key> {
    match value {
        Some(Value::String(text)) => match base58::key(text) {
            Some(key) => Ok(key),
            None => fault(format!("{name} is {text:?}, not a base58 key of 32 bytes")),
        },
        Some(_) => fault(format!("{name} is not a string")),
        None => fault(format!("{name} is missing")),
    }
}

impl AccountBook {
    /// Takes in every account of an account file.
    ///
    /// # Errors
    /// Those of [`read`]; what came before is in the book.
    pub fn read(&mut self, text: &[u8]) -> Result<()> {
        let taken = read(text, &mut |entry| match entry.contents {
            Some(contents) => self.insert(entry.key, contents.owner, contents.data, entry.slot),
            None => self.insert_absent(entry.key),
        });
        taken.map(|_| ())
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::error::Exit;
    use crate::ids::{TOKEN, USDC, WSOL};

    const KEY: &str = "So11111111111111111111111111111111111111112";
    const OTHER: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    const TOKENS: &str = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";

    fn account(data: &str) -> String {
        format!(
            r#"{{"data":["{data}","base64"],"executable":false,"lamports":1,"owner":"{TOKENS}","rentEpoch":18446744073709551615,"space":3}}"#
        )
    }

    fn all(text: &str) -> (Vec<Entry>, Result<u64>) {
        let mut got = Vec::new();
        let result = read(text.as_bytes(), &mut |entry| got.push(entry));
        (got, result)
    }

    fn entry(key: Key, slot: u64, data: Option<&[u8]>) -> Entry {
        let contents = data.map(|data| Contents {
            owner: TOKEN,
            data: data.to_vec(),
            lamports: Some(1),
            executable: false,
        });
        Entry { key, slot, contents }
    }

    #[test]
    fn lines_with_and_without_slots_and_absent_accounts() {
        let text = format!(
            "{{\"pubkey\":\"{KEY}\",\"account\":{}}}\n\n{{\"account\":null,\"slot\":7,\"pubkey\":\"{OTHER}\"}}\r\n",
            account("AQID")
        );
        let (got, count) = all(&text);
        assert_eq!(got, [entry(WSOL, 0, Some(&[1, 2, 3])), entry(USDC, 7, None)]);
        assert_eq!(count.unwrap(), 2);
        assert_eq!(all("").1.unwrap(), 0);
    }

    #[test]
    fn replies_of_get_program_accounts_bare_and_with_context() {
        let list = format!(r#"[{{"pubkey":"{KEY}","account":{}}}]"#, account(""));
        let bare = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{list}}}"#);
        assert_eq!(all(&bare).0, [entry(WSOL, 0, Some(&[]))]);
        let with = format!(r#"{{"result":{{"context":{{"slot":99}},"value":{list}}}}}"#);
        assert_eq!(all(&with).0, [entry(WSOL, 99, Some(&[]))]);
        assert_eq!(all(r#"{"result":[]}"#).1.unwrap(), 0);
    }

    #[test]
    fn replies_of_get_multiple_accounts_take_their_keys_from_the_request() {
        let ask = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"getMultipleAccounts","params":[["{KEY}","{OTHER}"],{{"encoding":"base64"}}]}}"#
        );
        let reply = format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"context":{{"apiVersion":"4.1","slot":5}},"value":[null,{}]}}}}"#,
            account("/w==")
        );
        let want = [entry(WSOL, 5, None), entry(USDC, 5, Some(&[255]))];
        assert_eq!(all(&format!("{ask}\n{reply}")).0, want);
        let inside = reply.replacen('{', &format!(r#"{{"pubkeys":["{KEY}","{OTHER}"],"#), 1);
        assert_eq!(all(&inside).0, want);
        // A request answers one reply only, and one of another method none.
        let error = all(&format!("{ask}\n{reply}\n{reply}")).1.unwrap_err();
        assert!(error.to_string().starts_with("line 3: a getMultipleAccounts"), "{error}");
        assert!(error.advice().is_some());
        let short = format!(r#"{ask}{{"result":{{"value":[null]}}}}"#);
        assert!(all(&short).1.unwrap_err().to_string().contains("2 accounts were asked for"));
    }

    #[test]
    fn every_fault_names_its_line_and_what_came_before_was_taken() {
        let good = format!("{{\"pubkey\":\"{KEY}\",\"account\":{}}}", account("AQID"));
        let cases = [
            ("[1]".to_owned(), "line 2: not a JSON object"),
            ("{}".to_owned(), "line 2: neither an account"),
            (r#"{"error":{"code":-32602}}"#.to_owned(), "line 2: the reply is an error"),
            (r#"{"result":7}"#.to_owned(), "holds no list"),
            (good.replace(KEY, "I0"), r#"line 2: pubkey is "I0""#),
            (good.replace(TOKENS, "x"), "owner is"),
            (good.replace("AQID", "A*ID"), "data is not base64"),
            (good.replace("base64", "base64+zstd"), "data is encoded as base64+zstd"),
            (good.replace(r#"["AQID","base64"]"#, r#""3Bxs""#), "encoded as base58"),
            (good.replace(r#"["AQID","base64"]"#, r#"{"parsed":{}}"#), "data is parsed"),
            (good.replace("\"data\"", "\"date\""), "data is missing"),
            (good.replace("account", "acount"), "account is missing"),
            (good.replace("\"account\"", "\"slot\":-1,\"account\""), "slot is -1"),
            (good.replace("\"lamports\":1", "\"lamports\":-1"), "lamports is -1"),
            (format!("{{\"result\":[{good},{}]}}", good.replace(TOKENS, "x")), "account 1 of the"),
            ("pool".to_owned(), "not an account file: expected value at line 2"),
        ];
        for (bad, expected) in cases {
            let (got, result) = all(&format!("{good}\n{bad}\n"));
            let error = result.expect_err(&bad);
            assert!(error.to_string().contains(expected), "{error} lacks {expected}");
            assert_eq!(error.exit(), Exit::Foreign, "{error}");
            assert_eq!(got.first(), Some(&entry(WSOL, 0, Some(&[1, 2, 3]))), "{bad}");
        }
    }

    #[test]
    fn a_file_cut_at_any_byte_never_panics_and_is_damaged_inside_a_value() {
        let text = format!("{{\"pubkey\":\"{KEY}\",\"account\":{}}}", account("AQID"));
        for cut in 1..text.len() {
            let error = all(&text[..cut]).1.expect_err("cut");
            assert_eq!(error.exit(), Exit::Damaged, "cut {cut}: {error}");
        }
    }

    #[test]
    fn the_real_pool_files_are_read() {
        let root = std::env::var("MEV_SHARED").unwrap_or_else(|_| "../shared".to_owned());
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(root).join("data/pools");
        for (name, program) in [
            ("raydium-cpmm-sol-usdc.jsonl", crate::ids::RAYDIUM_CPMM),
            ("orca-whirlpool-sol-usdc.jsonl", crate::ids::ORCA_WHIRLPOOL),
        ] {
            let Ok(text) = std::fs::read(root.join(name)) else {
                println!("skipped: {name} is not in {}", root.display());
                continue;
            };
            let mut owners = Vec::new();
            let count = read(&text, &mut |entry| owners.extend(entry.contents.map(|c| c.owner)));
            let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
            assert_eq!(count.unwrap(), lines as u64);
            assert!(owners.contains(&program) && owners.contains(&TOKEN), "{name}");
        }
    }
}
