//! The readers of text as a whole: what a document says, where it ends, what damage costs.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use super::Form::{Base58, Base64, Json, LineBase58, LineBase64};
use super::*;
use crate::bytes::base58::tests::encode;
use crate::error::{Error, Exit};
use crate::parse::{
    Config, Executed, Feed, Limits, Order, Parser, TxPlace, Verify, Wanted, testing,
};
use crate::stream::Arena;
use crate::wire::testdata;
use crate::wire::txn::{Transaction, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};
use solana_sdk::hash::Hash;
use solana_sdk::message::compiled_instruction::CompiledInstruction;
use solana_sdk::message::v0::MessageAddressTableLookup;
use solana_sdk::message::{MessageHeader, VersionedMessage, legacy, v0, v1};
use solana_sdk::pubkey::Pubkey;
use std::io::Read;

/// A transaction as a test sees it.
#[derive(Clone, Debug, PartialEq)]
struct Seen {
    wire: Vec<u8>,
    form: Form,
    place: TxPlace,
    executed: Option<String>,
    meta_refused: bool,
}

/// Everything that a reader gives.
#[derive(Debug, Default)]
struct All {
    seen: Vec<Seen>,
    refused: Vec<String>,
    error: Option<Error>,
    understood: bool,
}

/// A pipe that gives `0.1` bytes a read.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, to: &mut [u8]) -> std::io::Result<usize> {
        let (part, rest) = self.0.split_at(self.1.min(to.len()).min(self.0.len()));
        to[..part.len()].copy_from_slice(part);
        self.0 = rest;
        Ok(part.len())
    }
}

fn read_by(text: &[u8], step: usize) -> All {
    let mut reader = Text::new(Buffered::new(Slow(text, step)));
    let mut all = All::default();
    loop {
        let next = reader.next(&mut |found| {
            match found {
                Found::Refused(refused) => {
                    all.refused.push(format!("{refused} [{}]", refused.why.name()));
                }
                Found::Transaction { wire, form, place, executed, meta_refused } => {
                    let executed = executed.map(shown);
                    all.seen.push(Seen {
                        wire: wire.to_vec(),
                        form,
                        place,
                        executed,
                        meta_refused,
                    });
                }
            }
            Ok(())
        });
        match next {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                all.error = Some(error);
                break;
            }
        }
    }
    all.understood = reader.is_understood();
    all
}

/// Reads `text` at once, and holds that it is the same in pieces.
#[track_caller]
fn read(text: &str) -> All {
    let whole = read_by(text.as_bytes(), usize::MAX);
    for step in [1, 7, 1000] {
        let pieces = read_by(text.as_bytes(), step);
        assert_eq!(pieces.seen, whole.seen, "in steps of {step}");
        assert_eq!(pieces.refused, whole.refused, "in steps of {step}");
        let said = |all: &All| all.error.as_ref().map(ToString::to_string);
        assert_eq!(said(&pieces), said(&whole));
    }
    whole
}

/// What an execution holds, in words.
fn shown(executed: &Executed) -> String {
    let inner = executed.inner().iter().map(|ix| {
        let (accounts, data) = (executed.accounts(ix), executed.data(ix));
        (ix.outer, ix.height, ix.program_index, accounts.to_vec(), data.to_vec())
    });
    let inner: Vec<_> = inner.collect();
    let logs: Vec<_> =
        executed.logs().map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    let Executed { failed, loaded, tokens, lamports, .. } = executed;
    format!("{failed} {loaded:?} {inner:?} {logs:?} {tokens:?} {lamports:?}")
}

fn base64(wire: &[u8]) -> Value {
    json!([STANDARD.encode(wire), "base64"])
}

/// What a test makes a transaction of.
#[derive(Clone, Debug)]
struct Parts {
    version: u8,
    signers: u8,
    keys: u8,
    seed: u8,
    instructions: Vec<(u8, Vec<u8>, Vec<u8>)>,
    lookups: Vec<(Vec<u8>, Vec<u8>)>,
    config: [Option<u32>; 3],
    fee: Option<u64>,
}

fn parts() -> impl Strategy<Value = Parts> {
    let bytes = |max| proptest::collection::vec(any::<u8>(), 0..max);
    let instruction = (any::<u8>(), bytes(6), bytes(60));
    let lookup = (bytes(3), proptest::collection::vec(any::<u8>(), 1..3));
    let counts = (0u8..3, 1u8..4, 0u8..12, any::<u8>());
    let config = proptest::array::uniform3(proptest::option::of(any::<u32>()));
    (
        counts,
        proptest::collection::vec(instruction, 0..5),
        proptest::collection::vec(lookup, 0..3),
        config,
        proptest::option::of(any::<u64>()),
    )
        .prop_map(|((version, signers, more, seed), instructions, lookups, config, fee)| {
            Parts {
                version,
                signers,
                keys: signers + 1 + more,
                seed,
                instructions,
                lookups: if version == 1 { lookups } else { vec![] },
                config,
                fee,
            }
        })
}

impl Parts {
    fn key(&self, number: usize) -> [u8; 32] {
        [self.seed.wrapping_add(u8::try_from(number).unwrap()); 32]
    }

    fn signatures(&self) -> Vec<[u8; 64]> {
        (0..self.signers).map(|n| [self.seed ^ n; 64]).collect()
    }

    fn accounts(&self) -> usize {
        let looked: usize = self.lookups.iter().map(|(w, r)| w.len() + r.len()).sum();
        usize::from(self.keys) + looked
    }

    fn instructions(&self) -> Vec<CompiledInstruction> {
        let limit = |index: u8, max: usize| u8::try_from(usize::from(index) % max).unwrap();
        let fit = |(program, accounts, data): &(u8, Vec<u8>, Vec<u8>)| CompiledInstruction {
            program_id_index: 1 + limit(*program, usize::from(self.keys) - 1),
            accounts: accounts.iter().map(|index| limit(*index, self.accounts())).collect(),
            data: data.clone(),
        };
        self.instructions.iter().map(fit).collect()
    }

    fn config(&self) -> v1::TransactionConfig {
        let [compute_unit_limit, loaded_accounts_data_size_limit, heap] = self.config;
        v1::TransactionConfig {
            priority_fee: self.fee,
            compute_unit_limit,
            loaded_accounts_data_size_limit,
            heap_size: heap.map(|heap| (32 + heap % 224) * 1024),
        }
    }

    /// The bytes that the crates of validators write.
    fn wire(&self) -> Vec<u8> {
        let header = MessageHeader {
            num_required_signatures: self.signers,
            num_readonly_signed_accounts: self.signers - 1,
            num_readonly_unsigned_accounts: 1,
        };
        let account_keys: Vec<_> =
            (0..self.keys).map(|n| Pubkey::from(self.key(n.into()))).collect();
        let (recent_blockhash, instructions) = (Hash::from([9; 32]), self.instructions());
        let message = match self.version {
            0 => VersionedMessage::Legacy(legacy::Message {
                header,
                account_keys,
                recent_blockhash,
                instructions,
            }),
            1 => VersionedMessage::V0(v0::Message {
                header,
                account_keys,
                recent_blockhash,
                instructions,
                address_table_lookups: self
                    .lookups
                    .iter()
                    .map(|(writable, readonly)| MessageAddressTableLookup {
                        account_key: Pubkey::from([7; 32]),
                        writable_indexes: writable.clone(),
                        readonly_indexes: readonly.clone(),
                    })
                    .collect(),
            }),
            _ => VersionedMessage::V1(v1::Message {
                header,
                config: self.config(),
                lifetime_specifier: recent_blockhash,
                account_keys,
                instructions,
            }),
        };
        let (message, signatures) = (message.serialize(), self.signatures().concat());
        if self.version == 2 {
            [message, signatures].concat()
        } else {
            [vec![self.signers], signatures, message].concat()
        }
    }
}

/// The transaction in encoding json, as Agave writes it.
fn json_of(tx: &Transaction<'_>) -> (Value, Value) {
    let instructions: Vec<_> = tx
        .instructions()
        .map(|ix| {
            json!({"programIdIndex": ix.program_index, "accounts": ix.accounts,
                   "data": encode(ix.data), "stackHeight": null})
        })
        .collect();
    let at = if tx.version() == Version::V1 { 1 } else { usize::from(tx.version() == Version::V0) };
    let header = &tx.message()[at..at + 3];
    let mut message = json!({
        "accountKeys": tx.keys().iter().map(|key| encode(key)).collect::<Vec<_>>(),
        "header": {"numRequiredSignatures": header[0], "numReadonlySignedAccounts": header[1],
                   "numReadonlyUnsignedAccounts": header[2]},
        "instructions": instructions,
        "recentBlockhash": encode(tx.blockhash()),
    });
    if tx.version() == Version::V0 {
        let lookup = |lookup: crate::wire::txn::Lookup<'_>| {
            json!({"accountKey": encode(lookup.table), "writableIndexes": lookup.writable,
                   "readonlyIndexes": lookup.readonly})
        };
        message["addressTableLookups"] = tx.lookups().map(lookup).collect();
    }
    if tx.version() == Version::V1 {
        let config = tx.config();
        message["transactionConfig"] = json!({
            "priorityFee": config.priority_fee_lamports,
            "computeUnitLimit": config.compute_unit_limit,
            "loadedAccountsDataSizeLimit": config.loaded_data_limit,
            "heapSize": config.heap_len,
        });
    }
    let signatures: Vec<_> = tx.signatures().iter().map(|signature| encode(signature)).collect();
    let version = match tx.version() {
        Version::Legacy => json!("legacy"),
        Version::V0 => json!(0),
        Version::V1 => json!(1),
    };
    (json!({"signatures": signatures, "message": message}), version)
}

proptest! {
    #[test]
    fn every_encoding_gives_the_same_bytes(parts in parts(), named in any::<bool>()) {
        let wire = parts.wire();
        prop_assume!(Transaction::check(&wire).is_ok());
        let (object, version) = json_of(&Transaction::check(&wire).unwrap());
        let (mut doc, mut old) = (json!({"transaction": object, "meta": null}), json!({}));
        if named {
            doc["version"] = version;
        }
        old["transaction"] = json!(encode(&wire));
        let text = [
            doc.to_string(),
            serde_json::to_string_pretty(&doc).unwrap(),
            json!({"transaction": base64(&wire)}).to_string(),
            json!({"result": {"transaction": [encode(&wire), "base58"]}, "id": 1}).to_string(),
            old.to_string(),
            STANDARD.encode(&wire),
            encode(&wire),
        ].join("\n");
        let all = read_by(text.as_bytes(), usize::MAX);
        prop_assert!(all.refused.is_empty() && all.error.is_none(), "{all:?}");
        let forms: Vec<_> = all.seen.iter().map(|seen| seen.form).collect();
        prop_assert_eq!(forms, [Json, Json, Base64, Base58, Base58, LineBase64, LineBase58]);
        prop_assert!(all.seen.iter().all(|seen| seen.wire == wire && seen.executed.is_none()));
    }

    #[test]
    fn json_gives_the_rows_of_base64(amounts in proptest::collection::vec(any::<u64>(), 1..4), seed in any::<u8>()) {
        let wire = testing::swap_tx(seed, &amounts);
        let (object, version) = json_of(&Transaction::check(&wire).unwrap());
        let rows = |transaction: Value| {
            let verify = Verify { merkle: false, leader: None, poh: false };
            let limits = Limits { slots_max: 1, shreds_max: 64 };
            let config = Config { order: Order::Slot, verify, limits, shred_version: None, rows: Wanted::ALL };
            let mut parser = Parser::new(&config, Feed::default()).unwrap();
            let mut arena = Arena::with_room(4096);
            let doc = json!({"transaction": transaction, "version": version, "slot": 5, "blockTime": 2});
            let text = doc.to_string();
            Text::new(Buffered::new(text.as_bytes())).next(&mut |found| {
                let Found::Transaction { wire, place, executed, .. } = found else { panic!("{found:?}") };
                parser.transaction(wire, place, executed, &mut arena);
                Ok(())
            }).unwrap();
            arena.records().map(|record| record.bytes().to_vec()).collect::<Vec<_>>()
        };
        let ours = rows(object);
        prop_assert_eq!(ours.len(), amounts.len());
        prop_assert_eq!(ours, rows(base64(&wire)));
    }
}

fn meta() -> Value {
    json!({
        "err": null,
        "innerInstructions": [
            {"index": 1, "instructions": [
                {"accounts": [0, 2], "data": "3Bxs4Bc3VYuGVB19", "programIdIndex": 4, "stackHeight": 2},
                {"accounts": [], "data": "", "programIdIndex": 5, "stackHeight": null}]},
            {"instructions": [{"accounts": "1", "data": "1", "programIdIndex": 3}], "index": 2}],
        "loadedAddresses": {"readonly": [encode(&[3; 32])], "writable": [encode(&[1; 32]), encode(&[2; 32])]},
        "logMessages": ["Program log: \"quoted\"", "x"],
        "postBalances": [7, 8], "preBalances": [9, "18446744073709551615"],
        "postTokenBalances": [
            {"accountIndex": 1, "mint": encode(&[5; 32]), "owner": encode(&[6; 32]),
             "uiTokenAmount": {"amount": "12", "decimals": 6, "uiAmount": 1.2e-5, "uiAmountString": "0.000012"}}],
        "preTokenBalances": [
            {"accountIndex": 0, "mint": encode(&[5; 32]), "uiTokenAmount": {"amount": "3", "decimals": 6}}],
        "returnData": {"data": ["", "base64"]}, "rewards": [], "status": {"Ok": null}
    })
}

/// What `meta` beside a transaction becomes.
#[track_caller]
fn executed(meta: &Value) -> (Option<String>, bool) {
    let wire = testing::swap_tx(1, &[5]);
    let all = read(&json!({"transaction": base64(&wire), "meta": meta}).to_string());
    let [seen] = all.seen.as_slice() else { panic!("{all:?}") };
    (seen.executed.clone(), seen.meta_refused)
}

#[test]
fn meta_says_what_was_executed() {
    let mut should = Executed::default();
    let data = [2, 0, 0, 0, 0x40, 0x42, 0x0f, 0, 0, 0, 0, 0];
    assert_eq!(encode(&data), "3Bxs4Bc3VYuGVB19");
    should.push_inner(1, 2, 4, &[0, 2], &data);
    should.push_inner(1, 0, 5, &[], &[]);
    should.push_inner(2, 0, 3, &[0], &[0]);
    should.push_log("Program log: \"quoted\"");
    should.push_log("x");
    should.loaded.extend([[1; 32], [2; 32], [3; 32]].map(Some));
    should.token(1, [5; 32], Some([6; 32]), 6).after = 12;
    should.token(0, [5; 32], None, 6).before = 3;
    should.lamports.extend([(9, 7), (u64::MAX, 8)]);
    assert_eq!(executed(&meta()), (Some(shown(&should)), false));
    // Older replies keep the keys beside, in this order.
    let mut old = meta();
    let loaded = old.as_object_mut().unwrap().remove("loadedAddresses").unwrap();
    old["loadedWritableAddresses"] = loaded["writable"].clone();
    old["loadedReadonlyAddresses"] = loaded["readonly"].clone();
    assert_eq!(executed(&old), (Some(shown(&should)), false));
    // The same value is filled again.
    let wire = testing::swap_tx(1, &[5]);
    let twice = json!({"transactions": [
        {"transaction": base64(&wire), "meta": meta()}, {"transaction": base64(&wire), "meta": {}}]});
    let all = read(&twice.to_string());
    assert_eq!(all.seen[0].executed, Some(shown(&should)));
    assert_eq!(all.seen[1].executed, Some(shown(&Executed::default())));
}

#[test]
fn meta_may_lack_parts_and_be_null_but_not_wrong() {
    let none = Some(shown(&Executed::default()));
    assert_eq!(executed(&json!(null)), (None, false));
    assert_eq!(executed(&json!({})), (none.clone(), false));
    let nulls = json!({"err": null, "innerInstructions": null, "logMessages": null,
        "preTokenBalances": null, "postTokenBalances": null, "loadedAddresses": null});
    assert_eq!(executed(&nulls), (none, false));
    let failed = executed(&json!({"err": {"InstructionError": [2, {"Custom": 1}]}})).0.unwrap();
    assert!(failed.starts_with("true "), "{failed}");
    assert!(executed(&json!({"err": "AccountInUse"})).0.unwrap().starts_with("true "));
    for (path, wrong) in [
        ("/innerInstructions/0/instructions/0/data", json!("0OIl")),
        ("/innerInstructions/0/instructions/0/accounts", json!([256])),
        ("/innerInstructions/0/instructions/0/programIdIndex", json!(-1)),
        ("/innerInstructions/0/instructions/0", json!({"parsed": {}, "programIdIndex": 1})),
        ("/innerInstructions/0/index", json!(null)),
        ("/loadedAddresses/readonly/0", json!("short")),
        ("/logMessages/0", json!(5)),
        ("/preBalances/0", json!(1.5)),
        ("/postTokenBalances/0/mint", json!(null)),
        ("/postTokenBalances/0/uiTokenAmount/amount", json!("1.5")),
        ("/postTokenBalances/0/uiTokenAmount/decimals", json!(256)),
    ] {
        let mut meta = meta();
        *meta.pointer_mut(path).unwrap() = wrong;
        assert_eq!(executed(&meta), (None, true), "{path}");
    }
}

fn place(slot: Option<u64>, tx_index: Option<u32>, seconds: u64) -> TxPlace {
    TxPlace { slot, tx_index, rx_ns: seconds * 1_000_000_000 }
}

fn places(all: &All) -> Vec<TxPlace> {
    all.seen.iter().map(|seen| seen.place).collect()
}

#[test]
fn a_block_has_the_slot_that_was_asked_for_or_that_it_says() {
    let tx = |seed| json!({"transaction": base64(&testing::swap_tx(seed, &[5])), "meta": null});
    let block =
        json!({"blockTime": 3, "blockhash": "x", "parentSlot": 8, "transactions": [tx(1), tx(2)]});
    let reply = json!({"id": 1, "jsonrpc": "2.0", "result": block}).to_string();
    let request =
        r#"{"jsonrpc":"2.0","id":1,"method":"getBlock","params":[9,{"encoding":"json"}]}"#;
    let other = r#"{"method":"getTransaction","params":["sig"]}"#;
    let known = [place(Some(9), Some(0), 3), place(Some(9), Some(1), 3)];
    let unknown = [place(None, Some(0), 3), place(None, Some(1), 3)];
    assert_eq!(places(&read(&format!("{request}\n{reply}"))), known);
    // A request counts for one reply, and the last one counts.
    let all = read(&[request, &reply, &reply].join("\n"));
    assert_eq!(places(&all), [known, unknown].concat());
    assert_eq!(places(&read(&[request, other, &reply].join("\n"))), unknown);
    let error = r#"{"error":{"code":-32007,"message":"Slot 9 was skipped"},"id":1}"#;
    assert_eq!(places(&read(&[request, error, &reply].join("\n"))), unknown);
    // A field wins, wherever it stands; so does a time behind the transactions.
    let list = json!([tx(1), tx(2)]);
    let behind = format!(r#"{{"result":{{"transactions":{list},"blockTime":3,"slot":9}}}}"#);
    assert_eq!(places(&read(&behind)), known);
    assert_eq!(
        places(&read(&format!(r#"{{"slot":"9","transactions":{list},"blockTime":3}}"#))),
        known
    );
}

#[test]
fn a_transaction_alone_says_its_slot_and_time() {
    let wire = base64(&testing::swap_tx(1, &[5]));
    let all =
        read(&json!({"slot": 5, "blockTime": 6, "transaction": wire, "meta": null}).to_string());
    assert_eq!(places(&all), [place(Some(5), None, 6)]);
    let all = read(&json!({"slot": null, "blockTime": -1, "transaction": wire}).to_string());
    assert_eq!(places(&all), [TxPlace::default()]);
}

#[test]
fn each_refusal_has_its_name_and_place() {
    let wire = testing::swap_tx(1, &[5]);
    let good = json!({"transaction": base64(&wire), "meta": null});
    let (mut parsed, _) = json_of(&Transaction::check(&wire).unwrap());
    let mut broken = parsed.clone();
    broken["message"]["header"]["numRequiredSignatures"] = json!(null);
    parsed["message"]["accountKeys"][0] = json!({"pubkey": "x", "signer": true});
    let docs = [
        json!({"transactions": [good, {"transaction": base64(&wire[1..])}, good]}).to_string(),
        json!({"transaction": parsed}).to_string(),
        json!({"transaction": broken}).to_string(),
        json!({"transaction": {"signatures": [], "accountKeys": []}}).to_string(),
        json!({"transaction": ["KLUv/QBY", "base64+zstd"]}).to_string(),
        json!({"transaction": base64(&wire), "version": 2}).to_string(),
        json!({"transaction": null}).to_string(),
        json!({"result": null, "id": 1}).to_string(),
        json!({"error": {"code": -1, "message": "no"}, "id": 1}).to_string(),
        json!({"blockhash": "x", "signatures": ["y"]}).to_string(),
        json!({"pubkey": "x", "account": {}}).to_string(),
        json!({"result": 7}).to_string(),
        r#"{"transaction":[1 2]}"#.to_owned(),
        "neither this".to_owned(),
        "A".repeat(9000),
        STANDARD.encode(&wire),
    ];
    let all = read(&docs.join("\n"));
    assert_eq!((all.seen.len(), all.error.is_none()), (3, true));
    let what = "neither a transaction, nor a block, nor a request or reply";
    let parsed = "encoding jsonParsed, which has lost the bytes";
    assert_eq!(
        all.refused,
        [
            "line 1: transaction 1: the bytes are no transaction: tx_signatures [tx_signatures]"
                .to_owned(),
            format!("line 2: {parsed} [json_parsed]"),
            "line 3: a message that cannot be put together [json_message]".to_owned(),
            "line 4: without its message [json_details]".to_owned(),
            "line 5: an encoding that is not base64, base58 or json [json_encoding]".to_owned(),
            "line 6: the bytes are no transaction: tx_version [tx_version]".to_owned(),
            format!("line 7: {what} [json_shape]"),
            "line 8: the server does not have it (null) [json_null]".to_owned(),
            "line 9: the reply is an error: no [json_error]".to_owned(),
            "line 10: without its message [json_details]".to_owned(),
            format!("line 11: {what} [json_shape]"),
            format!("line 12: {what} [json_shape]"),
            "line 13: broken JSON: expected `,` or `]` at line 13 column 19 [json_syntax]"
                .to_owned(),
            "line 14: neither base64 nor base58 [line_encoding]".to_owned(),
            "line 15: longer than a transaction [line_long]".to_owned(),
        ]
    );
}

#[test]
fn documents_and_lines_stand_in_any_order_and_shape() {
    let wire = testing::swap_tx(1, &[5]);
    let line = STANDARD.encode(&wire);
    let doc = json!({"transaction": base64(&wire), "meta": {"err": null}});
    let pretty = serde_json::to_string_pretty(&doc).unwrap();
    let flat = pretty.replace("  ", "");
    for text in [
        format!("{doc}{doc}\n\n{line}\r\n  {line}\n{pretty}"),
        format!("[{doc},\n{doc}, {pretty}]\n[\"{line}\",\"{line}\"]"),
        format!("[\n\"{line}\",\n\"{line}\"\n]\n'{line}'\n{flat}\n{doc}\n"),
    ] {
        let all = read(&text);
        assert_eq!((all.seen.len(), all.refused.len()), (5, 0), "{text}: {all:?}");
        assert!(all.error.is_none() && all.seen.iter().all(|seen| seen.wire == wire));
    }
    let empty = read("\n \n");
    assert!(!empty.understood && empty.error.is_none());
    assert!(read(r#"{"blockhash":"x","transactions":[]}"#).understood);
    assert!(!read(r#"{"method":"getBlock","params":[1]}"#).understood);
}

#[test]
fn a_document_cut_short_costs_itself_alone() {
    let wire = testing::swap_tx(1, &[5]);
    let doc =
        json!({"meta": {"err": null, "logMessages": ["a\\\"b"]}, "transaction": base64(&wire)});
    let doc = doc.to_string();
    for cut in 1..doc.len() {
        let text = format!("{doc}\n{}\n{doc}\n{doc}\n", &doc[..cut]);
        let all = read_by(text.as_bytes(), usize::MAX);
        assert_eq!((all.seen.len(), all.refused.len()), (3, 1), "cut at {cut}: {all:?}");
        assert!(all.error.is_none() && all.refused[0].starts_with("line 2: "), "{all:?}");
    }
}

#[test]
fn cut_at_every_byte_it_gives_what_was_whole_and_says_so() {
    let tx = |seed| json!({"transaction": base64(&testing::swap_tx(seed, &[5])), "meta": meta()});
    let first = tx(9).to_string() + "\n";
    let block = json!({"blockTime": 3, "transactions": [tx(1), tx(2), tx(3)]}).to_string();
    let ends = [1, 2, 3].map(|seed| {
        let tx = tx(seed).to_string();
        block.find(&tx).unwrap() + tx.len()
    });
    for cut in 1..block.len() {
        let text = [first.as_bytes(), &block.as_bytes()[..cut]].concat();
        let all = read_by(&text, usize::MAX);
        let whole = 1 + ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(all.seen.len(), whole, "cut at {cut}");
        let error = all.error.unwrap();
        assert_eq!(error.exit(), Exit::Damaged);
        let said = "input ends inside the document that begins on line 2";
        assert_eq!(error.to_string(), format!("byte {}: {said}", first.len()));
    }
    let open = read(&format!("[{}", tx(1)));
    assert_eq!((open.seen.len(), open.error.unwrap().exit()), (1, Exit::Damaged));
}

#[test]
fn mainnet_transactions_read_the_same_in_every_encoding() {
    let Some(lines) = testdata::file("txs/mainnet-txs.jsonl") else { return };
    let text = String::from_utf8(lines).unwrap();
    let all = read_by(text.as_bytes(), usize::MAX);
    assert!(all.refused.is_empty() && all.error.is_none(), "{:?}", all.refused);
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all.seen.len(), rows.len());
    let mut inner = 0;
    for (row, seen) in rows.iter().zip(&all.seen) {
        assert_eq!(base64(&seen.wire), row["transaction"]);
        assert_eq!(seen.executed.is_some(), row["meta"].is_object());
        let number = |value: &Value| value.as_u64().or_else(|| value.as_str()?.parse().ok());
        assert_eq!(seen.place.slot, number(&row["slot"]));
        let (object, version) = json_of(&Transaction::check(&seen.wire).unwrap());
        assert_eq!(version, row["version"]);
        let mut again = row.clone();
        again["transaction"] = object;
        let again = read_by(again.to_string().as_bytes(), usize::MAX);
        assert_eq!(again.seen, [Seen { form: Json, ..seen.clone() }]);
        inner += row["meta"]["innerInstructions"].as_array().map_or(0, Vec::len);
    }
    assert!(inner > 30, "{inner}");
}

#[test]
fn transactions_found_inside_shreds_are_read_as_lines() {
    let Some(rows) = testdata::json("txs/embedded_verified_txs.json") else { return };
    let rows = rows.as_array().unwrap();
    let wires = rows.iter().map(|row| crate::bytes::hex::decode(row["raw"].as_str().unwrap()));
    let wires: Vec<_> = wires.map(Option::unwrap).collect();
    for form in [LineBase64, LineBase58] {
        let lines = wires.iter().map(|wire| match form {
            LineBase64 => STANDARD.encode(wire),
            _ => encode(wire),
        });
        let all = read_by(lines.collect::<Vec<_>>().join("\n").as_bytes(), usize::MAX);
        assert!(all.seen.iter().all(|seen| seen.form == form));
        assert_eq!(all.seen.into_iter().map(|seen| seen.wire).collect::<Vec<_>>(), wires);
    }
}
