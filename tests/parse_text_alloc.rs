//! Text in steady state: no allocation for a transaction, in any encoding, counted by the allocator.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]

#[path = "support/counting.rs"]
mod counting;

use base64::Engine as _;
use mev::parse::input::{Buffered, Found, Text};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

#[test]
fn nothing_is_allocated_for_a_transaction_in_text() {
    // A legacy transaction with one transfer.
    let mut tx = vec![1];
    tx.extend([7; 64]);
    tx.extend([1, 0, 1, 3]);
    tx.extend([[1; 32], [2; 32], [0; 32], [3; 32]].concat());
    tx.extend([1, 2, 2, 0, 1, 12, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    let wire = base64::engine::general_purpose::STANDARD.encode(&tx);
    let key = |byte: u8| mev::bytes::base58::Key(&[byte; 32]).to_string();
    let inner = r#"{"accounts":[0,1],"data":"3Bxs4Bc3VYuGVB19","programIdIndex":2}"#;
    let balance = format!(
        r#"{{"accountIndex":1,"mint":"{}","uiTokenAmount":{{"amount":"5","decimals":6}}}}"#,
        key(5)
    );
    let meta = format!(
        r#""meta":{{"err":null,"innerInstructions":[{{"index":0,"instructions":[{inner},{inner}]}}],"logMessages":["a","b"],"preBalances":[3,4],"postBalances":[1,2],"preTokenBalances":[{balance}]}}"#
    );
    let base64 = format!(r#"{{"blockTime":9,{meta},"slot":5,"transaction":["{wire}","base64"]}}"#);
    let object = format!(
        r#"{{"transaction":{{"signatures":["{}"],"message":{{"accountKeys":["{}","{}","{}"],"header":{{"numRequiredSignatures":1,"numReadonlySignedAccounts":0,"numReadonlyUnsignedAccounts":1}},"recentBlockhash":"{}","instructions":[{inner}]}}}},{meta}}}"#,
        mev::bytes::base58::Signature(&[7; 64]),
        key(1),
        key(2),
        key(0),
        key(3)
    );
    let pieces = [wire, base64, object].join("\n") + "\n";
    let text = pieces.repeat(100);
    let mut reader = Text::new(Buffered::new(text.as_bytes()));
    let mut seen = 0;
    let mut take = |found: Found<'_>| {
        seen += u64::from(matches!(found, Found::Transaction { meta_refused: false, .. }));
        Ok(())
    };
    // The first of each kind reserve what the others use, and so does the buffer of the pipe.
    for _ in 0..150 {
        assert!(reader.next(&mut take).unwrap());
    }
    let before = counting::requests();
    while reader.next(&mut take).unwrap() {}
    assert_eq!((counting::requests() - before, seen), (0, 300));
}
