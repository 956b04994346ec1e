//! The captured transactions: those of sol-parser-sdk's own tests, and those of the shared folder.
//!
//! A fixture is any object with `transaction` and `meta`, in base64 or in encoding json. Most stand
//! there in both; they count once, by their wire bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mev::parse::input::{Buffered, Found, Text};
use serde_json::Value;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// A captured transaction.
#[derive(Clone, Debug)]
pub struct Captured {
    /// Where it stands: the file, and the way to it.
    pub name: String,
    /// Its wire bytes.
    pub wire: Vec<u8>,
    /// A result of `getTransaction`, in base64.
    pub rpc: Value,
}

impl Captured {
    /// Whether somebody signed it: fixtures that a bank simulated have zeros instead.
    pub fn is_signed(&self) -> bool {
        let signature = match self.wire.first() {
            Some(0..128) => self.wire.get(1..65),
            _ => self.wire.last_chunk::<64>().map(|bytes| &bytes[..]),
        };
        signature.is_some_and(|bytes| bytes.iter().any(|byte| *byte != 0))
    }

    /// Whether the chain says that it failed.
    pub fn failed(&self) -> bool {
        !self.rpc["meta"]["err"].is_null()
    }

    /// Whether its outcome has inner instructions.
    pub fn has_inner(&self) -> bool {
        self.rpc["meta"]["innerInstructions"].as_array().is_some_and(|inner| !inner.is_empty())
    }

    /// Whether it ran on a program that is on no cluster: a patch that the SDK's author built.
    pub fn is_of_patched_program(&self) -> bool {
        const PATCHED: [&str; 5] =
            ["damm_borrow", "damm_cpi", "damm_dual_claims", "damm_reward", "damm_upstream"];
        PATCHED.iter().any(|file| self.name.starts_with(file))
    }
}

/// The distinct transactions among the fixtures of sol-parser-sdk.
///
/// # Panics
/// A fixture does not read: the crate is pinned, so that nothing of it may surprise.
pub fn of_sdk() -> Vec<Captured> {
    let folder = Path::new(env!("SDK_MANIFEST")).with_file_name("tests/fixtures");
    let mut files = Vec::new();
    list(&folder, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no fixtures in {}", folder.display());
    let (mut captured, mut spelled) = (Vec::new(), Vec::new());
    for file in files {
        let name = file.strip_prefix(&folder).expect("listed below it").display().to_string();
        let text = std::fs::read(&file).expect("a fixture");
        let value: Value = serde_json::from_slice(&text).expect("JSON");
        walk(&value, &name, &mut captured, &mut spelled);
    }
    // The base64 comes first: it is what was captured, where there is both.
    captured.append(&mut spelled);
    distinct(captured)
}

/// The transactions with an outcome of the shared folder, which `MEV_SHARED` names; `None` where
/// there is no such folder.
pub fn of_shared() -> Option<Vec<Captured>> {
    let lines = std::fs::read_to_string(shared()?.join("data/txs/mainnet-txs.jsonl")).ok()?;
    let lines = lines.lines().enumerate().filter(|(_, line)| !line.is_empty());
    let captured = lines.filter_map(|(number, line)| {
        let mut rpc: Value = serde_json::from_str(line).ok()?;
        if rpc["meta"].is_null() {
            return None;
        }
        // The SDK's own types ask for a slot, which a line cut out of a block does not have.
        rpc["slot"] = rpc["slot"].as_u64().unwrap_or(1).into();
        let wire = in_base64(&rpc)?;
        Some(Captured { name: format!("mainnet-txs.jsonl/{}", number + 1), wire, rpc })
    });
    Some(distinct(captured.collect()))
}

/// The shared folder.
pub fn shared() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = std::env::var_os("MEV_SHARED").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}

fn walk(value: &Value, name: &str, captured: &mut Vec<Captured>, spelled: &mut Vec<Captured>) {
    match value {
        Value::Object(fields)
            if fields.contains_key("transaction") && fields.contains_key("meta") =>
        {
            if let Some(wire) = in_base64(value) {
                captured.push(Captured { name: name.to_owned(), wire, rpc: value.clone() });
            } else if let Some(wire) = in_json(value) {
                let mut rpc = value.clone();
                rpc["transaction"] = serde_json::json!([STANDARD.encode(&wire), "base64"]);
                spelled.push(Captured { name: name.to_owned(), wire, rpc });
            }
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| {
                walk(value, &format!("{name}/{key}"), captured, spelled);
            });
        }
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(number, value)| {
                walk(value, &format!("{name}/{number}"), captured, spelled);
            });
        }
        _ => {}
    }
}

/// The wire bytes of a transaction in base64.
fn in_base64(rpc: &Value) -> Option<Vec<u8>> {
    let parts = rpc["transaction"].as_array()?;
    (parts.get(1)? == "base64").then(|| STANDARD.decode(parts[0].as_str()?).ok())?
}

/// The wire bytes of a transaction in encoding json, put together by mev-parse. The fixtures call
/// `config` what Agave calls `transactionConfig`.
fn in_json(rpc: &Value) -> Option<Vec<u8>> {
    let mut rpc = rpc.clone();
    let message = rpc["transaction"]["message"].as_object_mut()?;
    if let Some(config) = message.remove("config") {
        message.insert("transactionConfig".to_owned(), config);
    }
    let document = rpc.to_string();
    let mut text = Text::new(Buffered::new(document.as_bytes()));
    let mut found = None;
    let mut keep = |next: Found<'_>| {
        if let Found::Transaction { wire, .. } = next {
            found = Some(wire.to_vec());
        }
        Ok(())
    };
    while text.next(&mut keep).ok()? {}
    found
}

fn distinct(captured: Vec<Captured>) -> Vec<Captured> {
    let mut seen = HashSet::new();
    captured.into_iter().filter(|captured| seen.insert(captured.wire.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use solana_sdk::transaction::VersionedTransaction;

    #[test]
    fn fixtures_of_the_sdk_are_604_and_what_was_rebuilt_is_signed_for() {
        let captured = of_sdk();
        assert_eq!(captured.len(), 604);
        assert_eq!(captured.iter().filter(|one| one.is_signed()).count(), 112);
        let created = captured.iter().filter(|one| one.name.starts_with("pumpfun_create/"));
        let mut count = 0;
        for one in created {
            let tx: VersionedTransaction = wincode::deserialize(&one.wire).unwrap();
            assert!(tx.verify_with_results().iter().all(|good| *good), "{}", one.name);
            count += 1;
        }
        assert_eq!(count, 13);
    }
}
