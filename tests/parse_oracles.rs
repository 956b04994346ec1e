//! mev-parse on real captures, against the oracles beside them.
//!
//! The captures are in the folder `MEV_SHARED`; where it is absent these tests say so and pass.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The shared data folder; `None`, said aloud, where it is absent.
fn data() -> Option<PathBuf> {
    let root = std::env::var_os("MEV_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let data = root.join("data");
    if !data.is_dir() {
        println!("skipped: no data in {}", root.display());
        return None;
    }
    Some(data)
}

/// What a run printed.
struct Run {
    rows: Vec<Value>,
    stats: Value,
    status: i32,
    stderr: String,
}

/// Runs mev-parse on `input` with JSON output and statistics.
fn parse(input: &Path, options: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .arg(input)
        .args(["-f", "json", "--stats"])
        .args(options)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let rows = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stats = stderr.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    Run { rows, stats, status: output.status.code().unwrap(), stderr }
}

fn capture(name: &str) -> Option<PathBuf> {
    Some(data()?.join("shreds").join(name))
}

/// `fields` of `row`.
fn only(row: &Value, fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), row[*field].clone())).collect()
}

/// Every packet is accounted for.
fn accounted(stats: &Value) {
    let number = |name: &str| stats[name].as_u64().unwrap();
    let refused: u64 =
        stats["refused"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    let taken = ["shreds_data", "shreds_code", "shreds_duplicate", "feed_swaps", "feed_updates"];
    let taken: u64 = taken.into_iter().map(number).sum();
    assert_eq!(number("packets"), taken + refused, "{stats}");
}

/// A copy of a classic Ethernet capture without the packets that `drop` names by kind of shred,
/// slot and index, in the folder for temporary files.
fn without(input: &Path, name: &str, drop: impl Fn(bool, u64, u32) -> bool) -> PathBuf {
    mixed(input, name, drop, 0)
}

/// The same with the packets in an order of its own for each `seed` but 0.
fn mixed(input: &Path, name: &str, drop: impl Fn(bool, u64, u32) -> bool, seed: u64) -> PathBuf {
    let bytes = std::fs::read(input).unwrap();
    let (head, mut rest) = bytes.split_at(24);
    let mut packets = Vec::new();
    while let Some(len) = rest.get(8..12) {
        let len = 16 + u32::from_le_bytes(len.try_into().unwrap()) as usize;
        let (packet, after) = rest.split_at(len);
        rest = after;
        let shred = packet.get(16 + 42..).unwrap();
        let data = shred.get(64).unwrap() & 0xc0 == 0x80;
        let slot = u64::from_le_bytes(shred.get(65..73).unwrap().try_into().unwrap());
        let index = u32::from_le_bytes(shred.get(73..77).unwrap().try_into().unwrap());
        if !drop(data, slot, index) {
            packets.push(packet);
        }
    }
    let mut state = seed;
    for at in (1..packets.len()).rev().filter(|_| seed > 0) {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        packets.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
    }
    let kept = [head, &packets.concat()].concat();
    let path = std::env::temp_dir().join(format!("mev-parse-{}-{name}.pcap", std::process::id()));
    std::fs::write(&path, kept).unwrap();
    path
}

const SLOT: [&str; 9] =
    ["slot", "shreds_data", "batches", "entries", "txns", "complete", "poh", "blockhash", "parent"];

fn mainnet_block() -> Value {
    json!({
        "slot": "102815960", "shreds_data": 1427, "batches": 574, "entries": 881, "txns": 3177,
        "complete": true, "poh": "ok", "parent": "102815959",
        "blockhash": "4F2LmjBhbTdeZENqMwgk2ZFMHdSsrTkLiUTCE2MUGVsS",
    })
}

#[test]
fn a_mainnet_block_is_read_whole() {
    let Some(path) = capture("mainnet-102815960.pcap") else { return };
    let run = parse(&path, &["--only", "slot"]);
    assert_eq!((run.status, run.rows.len()), (0, 1), "{}", run.stderr);
    assert_eq!(only(&run.rows[0], &SLOT), mainnet_block());
    assert_eq!(run.rows[0]["shreds_code"], 620);
    accounted(&run.stats);
    let arrival = parse(&path, &["--only", "slot", "--order", "arrival"]);
    assert_eq!(only(&arrival.rows[0], &SLOT), mainnet_block());
    let unchecked = parse(&path, &["--only", "slot", "--verify", "none"]);
    assert_eq!(unchecked.rows[0]["poh"], "unchecked");
}

#[test]
fn its_swaps_are_one_on_saber_and_two_on_raydium() {
    let Some(path) = capture("mainnet-102815960.pcap") else { return };
    let run = parse(&path, &["--only", "swap"]);
    let fields = [
        "signature",
        "tx_index",
        "ix_outer",
        "venue",
        "role",
        "source",
        "exact",
        "direction",
        "amount_in",
        "amount_out",
        "limit",
        "pool",
        "owner",
        "mint_in",
        "mint_out",
        "failed",
    ];
    let row = |signature, tx_index, amount_in, limit, owner| {
        json!({
            "signature": signature, "tx_index": tx_index, "ix_outer": 2,
            "venue": "raydium_amm_v4", "role": "intent", "source": "instruction", "exact": "in",
            "direction": "unknown", "amount_in": amount_in, "amount_out": null, "limit": limit,
            "pool": "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2", "owner": owner,
            "mint_in": null, "mint_out": null, "failed": false,
        })
    };
    let saber = json!({
        "signature": "55ymgmfZdBSexo9EYNHoG8xp2wCbBiKXHzJYotK9SVwJ4jzWBCrzvp9owtK7MFNBjBjct8ASj2kU8qAm4gYXK3Lh",
        "tx_index": 2227, "ix_outer": 1,
        "venue": "saber", "role": "intent", "source": "instruction", "exact": "in",
        "direction": "unknown", "amount_in": "10155638", "amount_out": null, "limit": "10104859",
        "pool": "AUSejoEUCh2DBs9mof6BNC8Pubs22w4cJa1ccV9h44R",
        "owner": "2yydgk4zArd12Vtrk7NFdpUKGWEgw7sd3Eax9tZTxAVP",
        "mint_in": null, "mint_out": null, "failed": false,
    });
    let expected = [
        saber,
        row(
            "5xdziVVHSBVchwa63nBo1WTrjsWP6EREuYNBgziPbkWygyRA526Kpt9vbG7tq2AojQaxRySMDQUdRsUpgRdzrgUy",
            2386,
            "6721168266",
            "33000000000",
            "3PCRwFhHd8tNADpYrJNXndvzvFjgbCj4WiPiDi2yZftU",
        ),
        row(
            "4RrrNCg8qDwv8XY9bTCR5gQWGhk3K6HBhVEUVP5bTmA3MLj2KmHsa8NmsMRazrw6c9aSWYdbHYyCyqfoer9tFV5F",
            3140,
            "130077381279",
            "26234520267",
            "Dk17gSk4bCrPGLzqa7sCint6b62ZA5SygKpBQK1HiHSe",
        ),
    ];
    let rows: Vec<_> = run.rows.iter().map(|row| only(row, &fields)).collect();
    assert_eq!(rows, expected);
    // Its last set is of 19 and 45 shreds; its 574 batches end where they happen to.
    let notes = json!({
        "mint_unknown": 3, "direction_unknown": 3, "set_not_fixed": 11, "end_not_aligned": 550,
    });
    assert_eq!(run.stats["notes"], notes);
    assert_eq!(run.stats["swaps_refused"], json!({}));
}

#[test]
fn the_block_is_the_same_with_a_third_of_its_data_shreds_removed() {
    let Some(path) = capture("mainnet-102815960.pcap") else { return };
    // Every set but three has at least 11 code shreds for its 32 data shreds; of those three no
    // more is removed than they can recover.
    let lossy = without(&path, "lossy", lossy);
    let (whole, part) = (parse(&path, &[]), parse(&lossy, &[]));
    std::fs::remove_file(&lossy).unwrap();
    assert_eq!(whole.rows.len(), part.rows.len());
    for (mut known, mut row) in whole.rows.into_iter().zip(part.rows) {
        for volatile in ["rx_ns", "shreds_data", "shreds_recovered"] {
            for row in [&mut known, &mut row] {
                row.as_object_mut().unwrap().remove(volatile);
            }
        }
        assert_eq!(known, row);
    }
    accounted(&part.stats);
    let recovered = part.stats["shreds_recovered"].as_u64().unwrap();
    let received = part.stats["shreds_data"].as_u64().unwrap();
    assert!(recovered > 300 && recovered + received == 1427, "{recovered} + {received}");
}

/// Removes data shreds of the block as far as its code shreds can recover them.
fn lossy(data: bool, _: u64, index: u32) -> bool {
    data && index.is_multiple_of(3) && (index % 32 < 24) && !(128..160).contains(&index)
}

#[test]
fn the_block_is_the_same_read_eagerly_in_any_order_and_with_losses() {
    let Some(path) = capture("mainnet-102815960.pcap") else { return };
    let strip = |rows: Vec<Value>| {
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|mut row| {
                for volatile in
                    ["rx_ns", "tx_index", "shreds_data", "shreds_code", "shreds_recovered"]
                {
                    row.as_object_mut().unwrap().remove(volatile);
                }
                row
            })
            .collect();
        rows.sort_by_key(|row| (row["kind"] == "slot", row["batch_start"].as_u64()));
        rows
    };
    let whole = strip(parse(&path, &[]).rows);
    assert_eq!(whole.len(), 5);
    for seed in 0..4 {
        let input = mixed(&path, &format!("eager{seed}"), lossy, seed);
        let run = parse(&input, &["--eager"]);
        std::fs::remove_file(&input).unwrap();
        assert_eq!(strip(run.rows), whole, "seed {seed}");
        accounted(&run.stats);
        let counts = ["batches", "entries", "txns"].map(|name| run.stats[name].as_u64().unwrap());
        assert_eq!(counts, [574, 881, 3177], "seed {seed}");
    }
}

#[test]
fn generated_slots_give_the_same_rows_read_eagerly_in_any_order_and_with_losses() {
    let made = std::env::temp_dir().join(format!("mev-parse-{}-made.pcap", std::process::id()));
    let status = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
        .args(["gen", "shreds", "--seed", "9", "--slots", "4", "--txs-per-slot", "300"])
        .args(["-f", "pcap", "-o"])
        .arg(&made)
        .status()
        .unwrap();
    assert!(status.success());
    let rows = |input: &Path, options: &[&str]| {
        let mut rows = parse(input, &[&["--only", "swap"], options].concat()).rows;
        for row in &mut rows {
            let index = row["tx_index"].take();
            assert!(index.is_u64() || (index.is_null() && options.contains(&"--eager")));
            row.as_object_mut().unwrap().remove("rx_ns");
        }
        let place = |row: &Value| {
            let numbers = ["slot", "batch_start", "batch_tx", "ix_outer"];
            numbers.map(|name| row[name].as_str().map_or(row[name].as_u64(), |n| n.parse().ok()))
        };
        rows.sort_by_key(place);
        rows
    };
    let whole = rows(&made, &["--order", "slot"]);
    assert!(whole.len() > 300, "only {} rows", whole.len());
    for seed in 0..4u64 {
        // Every set has 32 code shreds: any 32 of its 64 are enough.
        let drop =
            |data: bool, slot: u64, index: u32| data && (u64::from(index) + slot + seed) % 2 == 1;
        let input = mixed(&made, &format!("made{seed}"), drop, seed);
        for options in [&["--eager"][..], &["--eager", "--verify", "merkle,poh"]] {
            assert!(rows(&input, options) == whole, "seed {seed} {options:?}");
        }
        std::fs::remove_file(&input).unwrap();
    }
    std::fs::remove_file(&made).unwrap();
}

#[test]
fn the_chained_captures_are_the_same_read_eagerly_in_any_order() {
    for (name, counts) in [("slot-410010000-fec0", [1, 65, 74]), ("demo-shreds", [1, 64, 1280])] {
        let Some(path) = capture(&format!("{name}.pcap")) else { return };
        for seed in 1..5 {
            let drop = |data, _, index: u32| data && index % 2 == 1;
            let input = mixed(&path, &format!("{name}{seed}"), drop, seed);
            let run = parse(&input, &["--eager", "--verify", "merkle,poh"]);
            std::fs::remove_file(&input).unwrap();
            let found =
                ["batches", "entries", "txns"].map(|name| run.stats[name].as_u64().unwrap());
            assert_eq!(found, counts, "{name} {seed}");
            assert_eq!(run.stats["findings"], 0);
            accounted(&run.stats);
        }
    }
}

#[test]
fn a_chained_set_is_read_and_recovered() {
    let Some(path) = capture("slot-410010000-fec0.pcap") else { return };
    let half = without(&path, "half", |data, _, index| data && index % 2 == 1);
    for (input, recovered) in [(&path, 0), (&half, 16)] {
        let run = parse(input, &["--verify", "merkle,poh"]);
        let fields =
            ["slot", "batches", "entries", "txns", "complete", "poh", "merkle", "shreds_recovered"];
        let expected = json!({
            "slot": "410010000", "batches": 1, "entries": 65, "txns": 74, "complete": false,
            "poh": "partial", "merkle": "partial", "shreds_recovered": recovered,
        });
        assert_eq!(run.rows.len(), 1);
        assert_eq!(only(&run.rows[0], &fields), expected);
        accounted(&run.stats);
    }
    std::fs::remove_file(&half).unwrap();
}

#[test]
fn a_set_that_lies_inside_its_slot_is_recovered_and_read() {
    let Some(path) = capture("mainnet-284737905-recovery.pcap") else { return };
    let run = parse(&path, &["--verify", "merkle,poh"]);
    assert_eq!(run.rows.len(), 2);
    let gap = only(&run.rows[0], &["kind", "count", "first", "reason"]);
    let expected =
        json!({"kind": "gap", "count": "483", "first": "0", "reason": "fec_unrecoverable"});
    assert_eq!(gap, expected);
    let fields = ["shreds_data", "shreds_code", "shreds_recovered", "batches", "entries", "txns"];
    let expected = json!({
        "shreds_data": 2, "shreds_code": 9, "shreds_recovered": 5, "batches": 1, "entries": 11,
        "txns": 20,
    });
    assert_eq!(only(&run.rows[1], &fields), expected);
    assert_eq!(run.stats["notes"], json!({"start_assumed": 1, "set_not_fixed": 11}));
}

#[test]
fn scattered_shreds_are_all_accounted_for() {
    let Some(path) = capture("mainnet-2024-merkle.pcap") else { return };
    let run = parse(&path, &["--verify", "merkle", "--only", "slot"]);
    assert_eq!((run.stats["packets"].clone(), run.rows.len()), (json!(99), 73));
    assert_eq!(run.stats["refused"], json!({}));
    accounted(&run.stats);
    assert!(run.rows.iter().all(|row| row["merkle"] == "partial" && row["complete"] == false));
    assert!(run.rows.iter().all(|row| row["shred_version"] == 50_093));
}

#[test]
fn the_demo_carries_the_signatures_of_its_leader() {
    let Some(path) = capture("demo-shreds.pcap") else { return };
    let leader = "4rBaC4tZ4bd7fDGQpWpesBSmgqYmMzkASuZsZkbHCrBK";
    let run = parse(&path, &["--verify", "merkle,leader", "--leader", leader]);
    let fields =
        ["shreds_data", "shreds_code", "batches", "entries", "txns", "merkle", "leader", "poh"];
    let expected = json!({
        "shreds_data": 256, "shreds_code": 256, "batches": 1, "entries": 64, "txns": 1280,
        "merkle": "ok", "leader": "ok", "poh": "unchecked",
    });
    assert_eq!(only(&run.rows[0], &fields), expected);
    assert_eq!(run.stats["packets"], 512);
    let other = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2";
    let wrong = parse(&path, &["--verify", "leader", "--leader", other, "--check"]);
    assert_eq!((wrong.status, wrong.rows.len()), (1, 0));
    assert_eq!(wrong.stats["refused"], json!({"leader_signature": 512}));
    let right = parse(&path, &["--verify", "leader", "--leader", leader, "--check"]);
    assert_eq!(right.status, 0);
}

#[test]
fn a_changed_copy_of_a_demo_shred_is_a_finding_that_convicts_nobody() {
    let Some(path) = capture("demo-shreds.pcap") else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    let packet = bytes.get(24..24 + 16 + 42 + 1203).unwrap().to_vec();
    let again = bytes.len();
    bytes.extend(packet);
    *bytes.get_mut(again + 16 + 42 + 500).unwrap() ^= 1;
    let input = std::env::temp_dir().join(format!("mev-parse-{}-twice.pcap", std::process::id()));
    std::fs::write(&input, &bytes).unwrap();
    let leader = "4rBaC4tZ4bd7fDGQpWpesBSmgqYmMzkASuZsZkbHCrBK";
    let known = ["--verify", "merkle,leader", "--leader", leader];
    for (options, leader, signed, other) in
        [(&known[..], json!(leader), "ok", "bad"), (&[], Value::Null, "unchecked", "unchecked")]
    {
        let run = parse(&input, &[&["--only", "finding", "--check"], options].concat());
        assert_eq!((run.status, run.rows.len()), (0, 0), "{}", run.stderr);
        let run = parse(&input, &[&["--only", "finding"], options].concat());
        let fields = [
            "slot",
            "what",
            "reason",
            "proof",
            "shred_kind",
            "signed",
            "other_signed",
            "index",
            "other_index",
            "fec_set_index",
            "first_slot",
            "leader",
        ];
        let expected = json!({
            "slot": "0", "what": "equivocation", "reason": "shred", "proof": "refuted",
            "shred_kind": "data", "signed": signed, "other_signed": other, "index": 0,
            "other_index": 0, "fec_set_index": 0, "first_slot": null, "leader": leader,
        });
        assert_eq!(only(&run.rows[0], &fields), expected);
        assert_eq!(run.rows[0]["signature"], run.rows[0]["other_signature"]);
        assert_ne!(run.rows[0]["root"], run.rows[0]["other_root"]);
        assert_eq!((&run.stats["findings"], run.rows.len()), (&json!(1), 1));
        assert_eq!(run.stats["refused"], json!({"shred_conflict": 1}));
        accounted(&run.stats);
    }
    std::fs::remove_file(&input).unwrap();
}

#[test]
fn the_demo_is_led_as_its_schedule_says() {
    let Some(path) = capture("demo-shreds.pcap") else { return };
    let leader = "4rBaC4tZ4bd7fDGQpWpesBSmgqYmMzkASuZsZkbHCrBK";
    let other = "58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2";
    let file = std::env::temp_dir().join(format!("mev-parse-{}-leaders", std::process::id()));
    let verdict = |text: &str, options: &[&str]| {
        std::fs::write(&file, text).unwrap();
        let leaders = ["--verify", "leader", "--leaders", file.to_str().unwrap()];
        parse(&path, &[&leaders, options].concat())
    };
    for (text, options) in [
        (format!("0-3 {leader}\n4-7 {other}\n"), &[][..]),
        (format!("{{\"result\":{{\"{leader}\":[0],\"{other}\":[1]}}}}"), &["--epoch-start", "0"]),
        (format!("{{\"firstSlot\":0,\"result\":{{\"{leader}\":[0]}}}}"), &[]),
    ] {
        let run = verdict(&text, options);
        assert_eq!((run.status, &run.rows[0]["leader"]), (0, &json!("ok")), "{}", run.stderr);
        assert_eq!(run.stats["notes"], json!({}));
    }
    let unknown = verdict(&format!("1 {leader}\n"), &["--check"]);
    assert_eq!((unknown.status, unknown.stats["notes"].clone()), (0, json!({"leader_unknown": 1})));
    let wrong = verdict(&format!("0 {leader}\n# two\n1 {leader} 3"), &[]);
    assert_eq!(wrong.status, 4);
    assert!(wrong.stderr.contains("leaders: line 3: is not SLOT KEY"), "{}", wrong.stderr);
    let bare = verdict(&format!("{{\"{leader}\":[0]}}"), &[]);
    assert!(bare.status == 2 && bare.stderr.contains("--epoch-start SLOT"), "{}", bare.stderr);
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn pools_of_the_account_files_come_first() {
    let Some(data) = data() else { return };
    let accounts = ["raydium-cpmm-sol-usdc", "orca-whirlpool-sol-usdc"]
        .map(|name| data.join("pools").join(format!("{name}.jsonl")).display().to_string());
    let block = data.join("shreds/mainnet-102815960.pcap");
    let run = parse(&block, &["--accounts", &accounts[0], "--accounts", &accounts[1]]);
    let kinds: Vec<_> = run.rows.iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(&kinds[..3], ["pool", "pool", "ticks"]);
    assert_eq!(kinds.iter().filter(|kind| **kind == "ticks").count(), 39);
    assert!(run.rows.iter().take(41).all(|row| row["snapshot"] == true));
    assert_eq!(&kinds[41..], ["liquidity", "swap", "swap", "swap", "slot"]);
    assert_eq!(run.stats["pools"], 2);
    let output = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .args(["--accounts", &accounts[0], "-f", "json"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 1);
}

#[test]
fn a_capture_that_is_cut_gives_all_before_the_cut_and_status_4() {
    let Some(path) = capture("mainnet-102815960.pcap") else { return };
    let bytes = std::fs::read(&path).unwrap();
    let cut = std::env::temp_dir().join(format!("mev-parse-{}-cut.pcap", std::process::id()));
    std::fs::write(&cut, &bytes[..bytes.len() - 700]).unwrap();
    let run = parse(&cut, &[]);
    assert_eq!((run.status, run.rows.len()), (4, 5), "{}", run.stderr);
    assert_eq!(only(&run.rows[4], &SLOT), mainnet_block());
    assert!(run.stderr.contains("byte "), "{}", run.stderr);
    std::fs::write(&cut, b"neither a capture nor a stream").unwrap();
    assert_eq!(parse(&cut, &[]).status, 3);
    std::fs::remove_file(&cut).unwrap();
}

#[test]
fn a_capture_comes_through_a_pipe_too() {
    let Some(path) = capture("mainnet-102815960.pcap") else { return };
    let output = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .args(["-", "-f", "json", "--only", "slot"])
        .stdin(std::fs::File::open(&path).unwrap())
        .output()
        .unwrap();
    let row: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(only(&row, &SLOT), mainnet_block());
}

#[test]
fn a_device_is_written_to_and_stays_what_it_is() {
    use std::os::unix::fs::FileTypeExt;
    // A private copy of the idea: a named pipe, so that no run of this test can hurt a device.
    let path = std::env::temp_dir().join(format!("mev-parse-{}-fifo", std::process::id()));
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let reader = std::thread::spawn({
        let path = path.clone();
        move || std::fs::read(path).unwrap()
    });
    let status = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .args(["--accounts", "/dev/null", "-o"])
        .arg(&path)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(reader.join().unwrap().len(), 128, "a head and an end");
    assert!(std::fs::metadata(&path).unwrap().file_type().is_fifo());
    std::fs::remove_file(&path).unwrap();
}
