//! walletdb: import of a million rows, the opening of a table after a crash, and what a verdict costs.
//!
//! Look-ups beside other maps and stores are measured in peers/wallet; `walletdb bench` measures them
//! alone, latency too.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, reads the clock and stops where it stands"
)]

#[path = "support/paired.rs"]
mod paired;

use mev::bytes::base58;
use mev::ids::Key;
use mev::record::{Role, Swap, WalletVerdict};
use mev::wallet::store::log::Change;
use mev::wallet::store::{Options, Sync};
use mev::wallet::{Criteria, Filter, Reader, Row, Writer};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const WALLETDB: &str = env!("CARGO_BIN_EXE_walletdb");
const ROWS: u64 = 1_000_000;
const ROUNDS: usize = 7;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("mev-bench-wallet-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    println!("<!-- bench -->\n### walletdb\n\n{}\n", paired::machine());
    println!("{ROWS} wallets of random keys; medians of {ROUNDS} rounds.\n");
    println!("| what | |\n|---|---:|");
    let csv = csv(&folder);
    let table = folder.join("db");
    let import = median(|| import(&csv, &table));
    println!("| import of CSV, synced | {import:.0} ms |");
    let open = median(|| open_after_a_crash(&table));
    println!(
        "| opening after a power cut: full checksum, replay of 100 000 changes | {open:.0} ms |"
    );
    let verdict = median(|| verdicts(&table));
    println!("| a verdict, the record not moved, 99 % of wallets unknown | {verdict:.1} ns |");
    for (name, sync) in [("always", Sync::Always), ("none", Sync::None)] {
        let put = median(|| puts(&table, sync));
        println!("| a change, groups of 4096, --sync {name} | {put:.0} ns |");
    }
    println!("<!-- /bench -->");
    std::fs::remove_dir_all(folder).unwrap();
}

fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

/// Address number `number` (splitmix64).
fn address(number: u64) -> Key {
    let mut state = number.wrapping_mul(0x2545_f491_4f6c_dd1d);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31).to_le_bytes()
    };
    let words = [next(), next(), next(), next()];
    words.as_flattened().try_into().unwrap()
}

fn csv(folder: &Path) -> PathBuf {
    let mut text =
        String::from("address,confidence,last_activity,flags,win_rate,avg_profit,trade_count\n");
    for number in 0..ROWS {
        let name = base58::Key(&address(number)).to_string();
        text += &format!("{name},0.{:03},1700000000,insider,0.55,1.25,{number}\n", number % 1000);
    }
    let path = folder.join("wallets.csv");
    std::fs::write(&path, text).unwrap();
    path
}

fn remove(table: &Path) {
    for ending in ["", ".log", ".lots", ".lock"] {
        let mut file = table.as_os_str().to_owned();
        file.push(ending);
        let _ = std::fs::remove_file(PathBuf::from(file));
    }
}

/// Milliseconds of the whole program.
fn import(csv: &Path, table: &Path) -> f64 {
    remove(table);
    let clock = Instant::now();
    let done = Command::new(WALLETDB).arg("import").arg(table).arg(csv).status().unwrap();
    assert!(done.success());
    clock.elapsed().as_secs_f64() * 1e3
}

/// Milliseconds to the first change that could be made.
fn open_after_a_crash(table: &Path) -> f64 {
    let mut writer = Writer::open(table, Options::new(Sync::None)).unwrap();
    for number in 0..100_000_u32 {
        let row = Row { trade_count: number, ..Row::new(address(u64::from(number) * 7)) };
        writer.stage(Change::Put(row));
    }
    writer.commit().unwrap();
    drop(writer);
    let clock = Instant::now();
    // Another number of the boot: the table is looked at as after a power cut.
    let options = Options { boot: 1, ..Options::new(Sync::None) };
    let writer = Writer::open(table, options).unwrap();
    let spent = clock.elapsed().as_secs_f64() * 1e3;
    assert!(writer.opening().repaired.is_some() && writer.opening().replayed >= 100_000);
    let mut writer = writer;
    writer.checkpoint().unwrap();
    writer.close().unwrap();
    spent
}

/// Nanoseconds each.
fn verdicts(table: &Path) -> f64 {
    let swaps: Vec<Swap> = (0..1 << 17)
        .map(|number| {
            let mut swap = Swap::new(1);
            swap.role = Role::Fill as u8;
            let known = number % 100 == 0;
            swap.owner = address(if known { number } else { ROWS + number });
            swap.present = Swap::OWNER;
            swap
        })
        .collect();
    let reader = Reader::open(table, false).unwrap();
    let criteria = Criteria { min_confidence: Some(0x3f00_0000), ..Criteria::default() };
    let mut filter = Filter::new(reader, criteria, false);
    let clock = Instant::now();
    let mut passed = 0_u64;
    for swap in &swaps {
        passed += u64::from(filter.judge(swap).verdict == WalletVerdict::Pass as u8);
    }
    std::hint::black_box(passed);
    clock.elapsed().as_secs_f64() * 1e9 / swaps.len() as f64
}

/// Nanoseconds each.
fn puts(table: &Path, sync: Sync) -> f64 {
    let mut writer = Writer::open(table, Options::new(sync)).unwrap();
    let clock = Instant::now();
    let count = 1 << 16;
    for number in 0..count {
        let row = Row { flags: number, ..Row::new(address(u64::from(number) * 13)) };
        writer.stage(Change::Put(row));
        if writer.staged() == 4096 {
            writer.commit().unwrap();
        }
    }
    let spent = clock.elapsed().as_secs_f64() * 1e9 / f64::from(count);
    writer.close().unwrap();
    spent
}
