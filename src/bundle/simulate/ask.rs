//! Requests to a remote that simulates, and its replies as simulations.
//!
//! Sources: `simulateBundle` as jito-solana b64857b5 has it (rpc/src/rpc.rs and
//! rpc-client-api/src/bundles.rs); `simulateTransaction` as solana.com/docs/rpc has it. Both tell
//! balances before and after in newer versions only; without them no gain is known.

use crate::bytes::base58;
use crate::ids::Key;
use crate::sim::{Cause, Change, Fault, Held, Ran, Simulation, Token};
use crate::wire::txn::Transaction;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// JSON-RPC's code for a method that the server does not have.
const NO_SUCH_METHOD: i64 = -32_601;

/// What a server answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reply {
    /// This.
    Made(Simulation),
    /// It does not know the method.
    NoSuchMethod,
    /// An error, or nothing that is understood; in words.
    Not(String),
}

/// The request to simulate `transactions` in sequence. Signatures are verified if all are there;
/// otherwise the blockhash is replaced too, which servers do only without signatures.
pub(super) fn bundle(transactions: &[&[u8]], signed: bool) -> String {
    let encoded: Vec<String> = transactions.iter().map(|wire| STANDARD.encode(wire)).collect();
    // As many as transactions, or the server refuses.
    let none = vec![Value::Null; transactions.len()];
    let how = json!({
        "preExecutionAccountsConfigs": none,
        "postExecutionAccountsConfigs": none,
        "transactionEncoding": "base64",
        "simulationBank": "tip",
        "skipSigVerify": !signed,
        "replaceRecentBlockhash": !signed,
    });
    request("simulateBundle", &json!([{ "encodedTransactions": encoded }, how]))
}

/// The request to simulate one transaction on the newest state.
pub(super) fn transaction(wire: &[u8], signed: bool) -> String {
    let how = json!({
        "encoding": "base64",
        "commitment": "processed",
        "sigVerify": signed,
        "replaceRecentBlockhash": !signed,
    });
    request("simulateTransaction", &json!([STANDARD.encode(wire), how]))
}

fn request(method: &str, params: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// The reply to [`bundle`].
pub(super) fn take_bundle(body: &[u8], transactions: &[&[u8]]) -> Reply {
    let result = match result(body) {
        Ok(result) => result,
        Err(why) => return not(why),
    };
    let value = result.get("value").unwrap_or(&Value::Null);
    let (summary, results) = (value.get("summary"), value.get("transactionResults"));
    let (Some(summary), Some(Value::Array(results))) = (summary, results) else {
        return Reply::Not("a result without summary or transactions".to_owned());
    };
    let mut made = simulation(&result, results.iter().zip(transactions));
    let failed = summary.get("failed");
    if summary == "succeeded" && made.fault.is_none() && results.len() == transactions.len() {
        return Reply::Made(made);
    }
    if made.fault.is_none() {
        // It failed before it ran: the summary alone says which and why.
        let Some(failed) = failed else {
            return Reply::Not(format!("the summary {summary} goes with no error"));
        };
        let signature = failed.get("tx_signature").and_then(Value::as_str);
        let at = transactions.iter().position(|wire| {
            let tx = Transaction::check(wire).ok();
            let own = tx.map(|tx| base58::Signature(tx.signature()).to_string());
            own.as_deref() == signature
        });
        let words = failed.get("error").unwrap_or(failed).to_string();
        made.fault = Some(Fault::new(Cause::Failed, at.unwrap_or(0), words));
    }
    Reply::Made(made)
}

/// The reply to [`transaction`].
pub(super) fn take_transaction(body: &[u8], wire: &[u8]) -> Reply {
    let result = match result(body) {
        Ok(result) => result,
        Err(why) => return not(why),
    };
    match result.get("value") {
        Some(value @ Value::Object(fields)) if fields.contains_key("err") => {
            Reply::Made(simulation(&result, std::iter::once((value, &wire))))
        }
        _ => Reply::Not("a result without value".to_owned()),
    }
}

/// The `result` of a reply; why there is none, without words if the method is not known.
fn result(body: &[u8]) -> Result<Value, Option<String>> {
    let mut reply: Value = serde_json::from_slice(body)
        .map_err(|error| Some(format!("the answer is no JSON: {error}")))?;
    if let Some(error) = reply.get("error").filter(|error| !error.is_null()) {
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        if code == NO_SUCH_METHOD {
            return Err(None);
        }
        let words = error.get("message").and_then(Value::as_str).unwrap_or("no words");
        return Err(Some(format!("error {code}: {words}")));
    }
    reply.get_mut("result").map(Value::take).ok_or_else(|| Some("no result".to_owned()))
}

fn not(why: Option<String>) -> Reply {
    why.map_or(Reply::NoSuchMethod, Reply::Not)
}

/// The simulation that `results` tell, each with its transaction, up to the first that fails.
fn simulation<'a>(
    result: &Value,
    results: impl Iterator<Item = (&'a Value, &'a &'a [u8])>,
) -> Simulation {
    let slot = result.pointer("/context/slot").and_then(Value::as_u64);
    let mut made = Simulation { has_balances: true, slot, ..Simulation::default() };
    for (tx, (told, wire)) in results.enumerate() {
        let checked = Transaction::check(wire).ok();
        let fault = told.get("err").filter(|err| !err.is_null());
        let changes = match &fault {
            Some(_) => Some(Vec::new()),
            None => checked.as_ref().and_then(|tx| changes(told, tx)),
        };
        made.has_balances &= changes.is_some();
        let lines = told.get("logs").and_then(Value::as_array).into_iter().flatten();
        made.transactions.push(Ran {
            logs: lines.filter_map(Value::as_str).map(str::to_owned).collect(),
            units: number(told, "unitsConsumed").unwrap_or(0),
            fee_lamports: number(told, "fee").unwrap_or(0),
            changes: changes.unwrap_or_default(),
        });
        if let Some(err) = fault {
            made.fault = Some(failed(err, tx, checked.as_ref()));
            break;
        }
    }
    made
}

fn number(told: &Value, name: &str) -> Option<u64> {
    told.get(name).and_then(Value::as_u64)
}

/// The fault that `err`, an RPC server's form of a transaction error, is.
fn failed(err: &Value, at: usize, tx: Option<&Transaction<'_>>) -> Fault {
    let mut fault = Fault::new(Cause::Failed, at, err.to_string());
    let Some(Value::Array(parts)) = err.get("InstructionError") else { return fault };
    let [index, reason] = parts.as_slice() else { return fault };
    fault.instruction = index.as_u64().and_then(|index| u8::try_from(index).ok());
    let code = reason.get("Custom").and_then(Value::as_u64);
    fault.code = code.and_then(|code| u32::try_from(code).ok());
    let ix = fault.instruction.zip(tx);
    let ix = ix.and_then(|(at, tx)| Some((tx.instructions().nth(usize::from(at))?, tx)));
    fault.program = ix.and_then(|(ix, tx)| tx.account_key(ix.program_index)).copied();
    fault
}

/// The balances that a transaction changed; `None` when they are not told.
fn changes(told: &Value, tx: &Transaction<'_>) -> Option<Vec<Change>> {
    let lamports = |name: &str| -> Option<Vec<u64>> {
        told.get(name)?.as_array()?.iter().map(Value::as_u64).collect()
    };
    let mut keys: Vec<Key> = tx.keys().to_vec();
    for side in ["writable", "readonly"] {
        let loaded = told.get("loadedAddresses").and_then(|loaded| loaded.get(side));
        for key in loaded.and_then(Value::as_array).into_iter().flatten() {
            keys.push(base58::key(key.as_str()?)?);
        }
    }
    let (before, after) = (lamports("preBalances")?, lamports("postBalances")?);
    if keys.len() != tx.account_count() || before.len() != keys.len() || after.len() != keys.len() {
        return None;
    }
    let (tokens_before, tokens_after) =
        (tokens(told, "preTokenBalances")?, tokens(told, "postTokenBalances")?);
    let held = |at: usize, lamports: u64, tokens: &[(usize, Token)]| Held {
        lamports,
        token: tokens.iter().find(|(index, _)| *index == at).map(|(_, token)| *token),
    };
    let pairs = keys.into_iter().zip(before.into_iter().zip(after)).enumerate();
    let all = pairs.map(|(at, (key, (before, after)))| Change {
        key,
        before: held(at, before, &tokens_before),
        after: held(at, after, &tokens_after),
    });
    Some(all.filter(|change| change.before != change.after).collect())
}

/// Token balances with the index of their account; `None` when they are not told.
fn tokens(told: &Value, name: &str) -> Option<Vec<(usize, Token)>> {
    let one = |told: &Value| {
        let key = |name: &str| base58::key(told.get(name)?.as_str()?);
        let amount = told.pointer("/uiTokenAmount/amount")?.as_str()?.parse().ok()?;
        let index = usize::try_from(number(told, "accountIndex")?).ok()?;
        Some((index, Token { mint: key("mint")?, owner: key("owner")?, amount }))
    };
    told.get(name)?.as_array()?.iter().map(one).collect()
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;
    use crate::bundle::Tables;
    use crate::bundle::transaction::{message, transfer, wire};

    const PAYER: Key = [7; 32];

    /// A transaction of three accounts: payer, receiver, System program.
    fn tx(number: u8) -> Vec<u8> {
        let bytes = message(
            &[transfer(&PAYER, &[9; 32], 5)],
            &PAYER,
            &[number; 32],
            (&Tables::default(), 0),
            1,
        )
        .unwrap();
        wire(&bytes, &[[number; 64]])
    }

    fn good() -> Value {
        let (mint, owner) = (base58::Key(&[3; 32]).to_string(), base58::Key(&PAYER).to_string());
        let token = |amount: &str| json!([{"accountIndex": 1, "mint": mint, "owner": owner, "uiTokenAmount": {"amount": amount}}]);
        json!({
            "err": null, "logs": ["a", "b"], "unitsConsumed": 150, "fee": 5000,
            "preBalances": [100_000, 50, 1], "postBalances": [94_995, 55, 1],
            "preTokenBalances": token("70"), "postTokenBalances": token("75"),
        })
    }

    fn answer(summary: &Value, results: &[Value]) -> Vec<u8> {
        let value = json!({"summary": summary, "transactionResults": results});
        let result = json!({"context": {"slot": 77}, "value": value});
        json!({"jsonrpc": "2.0", "id": 1, "result": result}).to_string().into_bytes()
    }

    fn made(reply: Reply) -> Simulation {
        match reply {
            Reply::Made(made) => made,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_hold_the_bytes_and_verify_what_is_signed() {
        let (one, two) = (tx(1), tx(2));
        for signed in [true, false] {
            let asked: Value = serde_json::from_str(&bundle(&[&one, &two], signed)).unwrap();
            assert_eq!(asked["method"], "simulateBundle");
            let sent = &asked["params"][0]["encodedTransactions"];
            assert_eq!(*sent, json!([STANDARD.encode(&one), STANDARD.encode(&two)]));
            let how = &asked["params"][1];
            assert_eq!(how["preExecutionAccountsConfigs"], json!([null, null]));
            assert_eq!(how["postExecutionAccountsConfigs"], json!([null, null]));
            assert_eq!(how["skipSigVerify"], !signed);
            assert_eq!(how["replaceRecentBlockhash"], !signed);
            let asked: Value = serde_json::from_str(&transaction(&one, signed)).unwrap();
            assert_eq!(asked["method"], "simulateTransaction");
            assert_eq!(asked["params"][0], STANDARD.encode(&one));
            assert_eq!(asked["params"][1]["sigVerify"], signed);
            assert_eq!(asked["params"][1]["replaceRecentBlockhash"], !signed);
        }
    }

    #[test]
    fn a_success_tells_units_logs_and_what_was_gained() {
        let (one, two) = (tx(1), tx(2));
        let body = answer(&json!("succeeded"), &[good(), good()]);
        let found = made(take_bundle(&body, &[&one, &two]));
        assert_eq!((found.units(), found.slot, found.has_balances), (300, Some(77), true));
        assert_eq!((found.fault.clone(), found.transactions[1].fee_lamports), (None, 5000));
        assert_eq!(found.transactions[0].logs, ["a", "b"]);
        // The token account at index 1 is ours as well.
        let gain = found.gain(&[PAYER]);
        assert_eq!((gain.lamports, gain.tokens), (2 * (5 - 5005), vec![([3; 32], 10)]));
        let result = json!({"context": {"slot": 5}, "value": good()});
        let alone = json!({"result": result}).to_string();
        let found = made(take_transaction(alone.as_bytes(), &one));
        assert_eq!((found.transactions.len(), found.slot, found.has_balances), (1, Some(5), true));
        // Without balances nothing is known of the gain.
        for name in ["preBalances", "postTokenBalances"] {
            let mut without = good();
            without.as_object_mut().unwrap().remove(name);
            let body = answer(&json!("succeeded"), &[without]);
            assert!(!made(take_bundle(&body, &[&one])).has_balances, "{name}");
        }
    }

    #[test]
    fn a_failure_names_transaction_instruction_program_and_code() {
        let (one, two) = (tx(1), tx(2));
        let mut bad = good();
        bad["err"] = json!({"InstructionError": [0, {"Custom": 6001}]});
        let summary = json!({"failed": {"error": {"TransactionFailure": ["x", "y"]}}});
        let fault =
            made(take_bundle(&answer(&summary, &[good(), bad]), &[&one, &two])).fault.unwrap();
        assert_eq!((fault.cause, fault.tx, fault.instruction), (Cause::Failed, 1, Some(0)));
        assert_eq!((fault.code, fault.program), (Some(6001), Some(crate::ids::SYSTEM)));
        // Before it ran, the summary alone names it.
        let signature = base58::Signature(&[2; 64]).to_string();
        let error = json!({"TransactionFailure": [signature, "BlockhashNotFound"]});
        let summary = json!({"failed": {"error": error, "tx_signature": signature}});
        let fault = made(take_bundle(&answer(&summary, &[good()]), &[&one, &two])).fault.unwrap();
        assert!(fault.tx == 1 && fault.words.contains("BlockhashNotFound"), "{fault:?}");
        let mut bad = good();
        bad["err"] = json!("AccountNotFound");
        let alone = json!({"result": {"context": {"slot": 5}, "value": bad}}).to_string();
        let fault = made(take_transaction(alone.as_bytes(), &one)).fault.unwrap();
        assert_eq!((fault.words.as_str(), fault.instruction), ("\"AccountNotFound\"", None));
    }

    #[test]
    fn what_is_no_answer_is_said() {
        let one = tx(1);
        let no = |body: &str| match take_bundle(body.as_bytes(), &[&one]) {
            Reply::Not(words) => words,
            other => panic!("{other:?}"),
        };
        assert!(no("<html>").starts_with("the answer is no JSON"));
        assert_eq!(no("{}"), "no result");
        assert_eq!(no(r#"{"result":{"value":7}}"#), "a result without summary or transactions");
        let refused = r#"{"error":{"code":-32602,"message":"duplicate transactions"}}"#;
        assert_eq!(no(refused), "error -32602: duplicate transactions");
        let none = r#"{"error":{"code":-32601,"message":"Method not found"}}"#;
        assert_eq!(take_bundle(none.as_bytes(), &[&one]), Reply::NoSuchMethod);
        assert_eq!(take_transaction(none.as_bytes(), &one), Reply::NoSuchMethod);
        // A success with fewer results than transactions is none.
        let two = tx(2);
        let short = answer(&json!("succeeded"), &[good()]);
        let found = take_bundle(&short, &[&one, &two]);
        assert!(matches!(&found, Reply::Not(words) if words.contains("succeeded")), "{found:?}");
    }
}
