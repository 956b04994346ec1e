//! mev-parse --threads: the same bytes and the same counters, whatever the number of threads.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run wrote: records, and the counters without times.
fn run(input: &Path, piped: bool, options: &[&str], threads: u16) -> (Vec<u8>, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mev-parse"));
    command.args(["--order", "slot", "--stats", "--threads", &threads.to_string()]).args(options);
    if piped {
        command.arg("-").stdin(File::open(input).unwrap());
    } else {
        command.arg(input).stdin(Stdio::null());
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut stats: Value = serde_json::from_slice(&output.stderr).unwrap();
    for time in ["elapsed_ns", "latency_ns"] {
        stats.as_object_mut().unwrap().remove(time).unwrap();
    }
    (output.stdout, stats)
}

/// One, two and three threads write the same.
fn agree(input: &Path, piped: bool, options: &[&str]) -> Value {
    let (bytes, stats) = run(input, piped, options, 1);
    for threads in [2, 3] {
        let (more, counted) = run(input, piped, options, threads);
        let what = format!("{} {options:?}, {threads} threads", input.display());
        assert!(more == bytes, "{what}: other bytes");
        assert_eq!(counted, stats, "{what}");
    }
    stats
}

#[test]
fn generated_slots_with_losses_copies_and_damage() {
    let path = std::env::temp_dir().join(format!("mev-threads-{}.pcap", std::process::id()));
    let made = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
        .args("gen shreds --seed 7 --slots 24 --txs-per-slot 120 --loss 30% --dup 10%".split(' '))
        .args("--corrupt 2% --reorder 64 -f pcap --force -o".split(' '))
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let stats = agree(&path, false, &["--verify", "merkle,poh"]);
    let [recovered, lost] = ["shreds_recovered", "gaps"].map(|name| stats[name].as_u64().unwrap());
    assert!(recovered > 0 && lost > 0, "nothing was lost: {stats}");
    // Bounds that make slots go before they are whole.
    let stats = agree(&path, false, &["--slots-max", "1", "--verify", "none"]);
    assert_ne!(stats["gap_reasons"]["slot_evicted"], Value::Null, "{stats}");
    agree(&path, false, &["--shreds-max", "64"]);
    agree(&path, true, &[]);
    agree(&path, false, &["--no-rows"]);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn real_captures() {
    let root = std::env::var_os("MEV_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let shreds = root.join("data/shreds");
    if !shreds.is_dir() {
        println!("skipped: no data in {}", root.display());
        return;
    }
    for name in ["mainnet-2024-merkle", "mainnet-284737905-recovery", "slot-410010000-fec0"] {
        agree(&shreds.join(format!("{name}.pcap")), false, &[]);
    }
    let stats = agree(&shreds.join("mainnet-102815960.pcap"), false, &["--verify", "none"]);
    assert_eq!(stats["txns"], 3177);
}

#[test]
fn arrival_order_says_that_it_has_one_thread() {
    let output = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .args(["--accounts", "/dev/null", "--order", "arrival", "--threads", "2", "-f", "json"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--threads"));
}
