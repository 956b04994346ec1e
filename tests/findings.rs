//! The sandwich cases of the shared vectors through the pipe: each becomes `swap` records, and
//! `mev-arb findings` says of them what the case expects.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{Finding, Rule, What};
use mev::stream::{Piped, Reader};
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ARB: &str = env!("CARGO_BIN_EXE_mev-arb");

/// What `mev-arb findings` with `options` says of `swaps`.
fn findings(swaps: &[u8], options: &[&str]) -> Vec<Finding> {
    let mut child = Command::new(ARB)
        .arg("findings")
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(swaps).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let mut found = Vec::new();
    let mut reader = Reader::new(Piped::new(output.stdout.as_slice()));
    while let Some(record) = reader.next().unwrap() {
        found.extend(record.get::<Finding>().unwrap().copied());
    }
    found
}

/// A number of the case, written as text or as such.
fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap()
}

/// The rule that a case's `why` speaks of.
fn rule(why: &str) -> Rule {
    match why {
        "no victim" | "victim direction" | "victim not in the same pool" => Rule::Victim,
        "back.in > front.out" => Rule::Bought,
        "back.out < front.in" => Rule::Paid,
        "front/back through a known aggregator" => Rule::Aggregator,
        "wrapper differs" => Rule::Wrapper,
        _ => panic!("a case of another kind: {why}"),
    }
}

#[test]
fn the_cases_of_the_vectors_go_through_the_pipe() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared =
        std::env::var_os("MEV_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let path = shared.join("vectors/arb.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: {} is not there", path.display());
        return;
    };
    let vectors: Value = serde_json::from_str(&text).unwrap();
    let cases = vectors["sandwich_detect"]["cases"].as_array().unwrap();
    let mut real = 0;
    for case in cases {
        let (name, expect) = (case["name"].as_str().unwrap(), &case["expect"]);
        let made = Command::new(ARB)
            .args(["verify", "--vectors", path.to_str().unwrap(), "--swaps", name])
            .output()
            .unwrap();
        assert!(made.status.success(), "{name}");
        // The real one spans three of a leader's four slots: both sets of rules hold.
        for level in ["strict", "wide", "both"] {
            let options = ["--explain", "--tx-fee", "6200", "--level", level];
            check(name, expect, &findings(&made.stdout, &options));
        }
        real += u32::from(expect["sandwich"].as_bool().unwrap());
    }
    assert_eq!((real, cases.len()), (1, 8));
}

/// Whether `found` is what the case expects.
fn check(name: &str, expect: &Value, found: &[Finding]) {
    let (near, found): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().partition(|one| one.head.flags & Finding::NEAR_MISS != 0);
    if expect["sandwich"].as_bool().unwrap() {
        let [one, victims @ ..] = found.as_slice() else { panic!("{name}: nothing") };
        assert_eq!(one.what, What::Sandwich as u16, "{name}");
        assert!(victims.iter().all(|victim| victim.what == What::Victim as u16), "{name}");
        assert_eq!(i64::try_from(victims.len()).unwrap(), number(&expect["victims"]), "{name}");
        assert_eq!(i64::from(one.victims), number(&expect["victims"]), "{name}");
        assert_eq!(one.gross, number(&expect["gross"]), "{name}");
        assert_eq!(i64::try_from(one.tx_fees).unwrap(), number(&expect["tx_fees"]), "{name}");
        assert_eq!(one.net, number(&expect["net"]), "{name}");
        assert_eq!(i64::from(one.slots_spanned), number(&expect["slots_spanned"]), "{name}");
    } else {
        assert!(found.is_empty(), "{name}: {found:?}");
        let [one] = near.as_slice() else { panic!("{name}: {} near misses", near.len()) };
        assert_eq!(one.missed, rule(expect["why"].as_str().unwrap()) as u8, "{name}");
    }
}
