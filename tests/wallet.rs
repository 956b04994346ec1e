//! walletdb as its users run it: files in and out, refusals, verdicts in the pipe, kills, and readers of
//! other processes beside a writer.
//!
//! `MEV_WALLET_KILLS=1000` asks for as many kills, `MEV_WALLET_SECONDS=60` for as long a look by eight
//! readers (`scripts/test --full` does).

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::bytes::base58;
use mev::record::{Gap, Record, Role, Swap, Wallet};
use mev::time::Stopwatch;
use mev::wallet::row::ONE;
use mev::wallet::store::log::Change;
use mev::wallet::store::{Options, Sync};
use mev::wallet::{Address, Answer, Reader, Row, Whole, Writer};
use program::{Folder, Ran, arg, run, stream};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

#[path = "support/program.rs"]
mod program;

const WALLETDB: &str = env!("CARGO_BIN_EXE_walletdb");
const HEADER: &str = "address,confidence,last_activity,flags,win_rate,avg_profit,trade_count\n";

fn walletdb(args: &[&str]) -> Ran {
    run(WALLETDB, args, b"")
}

fn fine(args: &[&str]) -> Ran {
    let ran = walletdb(args);
    assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
    ran
}

/// Address number `number` of a set.
fn address(number: u64) -> Address {
    let word =
        |n: u64| n.wrapping_add(0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes();
    let words = [word(number), word(number ^ 0x5555), word(number << 7), word(!number)];
    words.as_flattened().try_into().unwrap()
}

fn name(number: u64) -> String {
    base58::Key(&address(number)).to_string()
}

/// A CSV file of `count` wallets.
fn csv(count: u64) -> String {
    let flags = ["", "insider", "blacklist|copy", "pinned|0x100"];
    let row = |n: u64| {
        let flags = flags[usize::try_from(n % 4).unwrap()];
        format!("{},0.{n}7,{},{flags},0.5,-{n}.25,{n}\n", name(n), 1_700_000_000 + n)
    };
    (0..count).fold(HEADER.to_owned(), |text, n| text + &row(n))
}

/// Checks that two texts have the same lines, in any order.
fn same(is: &str, should: &str) {
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (is, should) = (sorted(is), sorted(should));
    assert_eq!(is.len(), should.len());
    assert_eq!(is.iter().zip(&should).find(|(is, should)| is != should), None);
}

#[test]
fn what_is_imported_is_exported_in_every_form() {
    let folder = Folder::new("wallet-forms");
    let table = folder.path("db");
    let file = folder.write("a.csv", csv(3000).as_bytes());
    let stats = fine(&["import", arg(&table), arg(&file), "--stats"]).stats();
    assert_eq!((&stats["rows"], &stats["bad"]), (&3000.into(), &0.into()));
    let text = fine(&["export", arg(&table), "-f", "csv"]);
    same(text.text(), &csv(3000));
    for (form, ending) in
        [("csv", "csv"), ("json", "jsonl"), ("bin", "rows"), ("parquet", "parquet")]
    {
        let out = folder.path(&format!("out.{ending}"));
        fine(&["export", arg(&table), "-f", form, "-o", arg(&out)]);
        let again = folder.path(&format!("db-{ending}"));
        fine(&["import", arg(&again), arg(&out)]);
        let back = fine(&["export", arg(&again), "-f", "csv"]);
        same(back.text(), &csv(3000));
        assert_eq!(fine(&["verify", arg(&again)]).text(), "3000 wallets, no fault\n");
    }
    // From a pipe, over what is there, through the log: the same table.
    let few = csv(100);
    let ran = run(WALLETDB, &["import", arg(&table), "-"], few.as_bytes());
    assert_eq!(ran.code, 0, "{}", ran.err);
    same(fine(&["export", arg(&table), "-f", "csv"]).text(), &csv(3000));
    let stat = &fine(&["stat", arg(&table), "-f", "json"]).json()[0];
    assert_eq!((&stat["wallets"], &stat["row_len"]), (&"3000".into(), &"64".into()));
}

#[test]
fn faults_are_told_with_their_line_and_change_nothing() {
    let folder = Folder::new("wallet-faults");
    let table = folder.path("db");
    let good = csv(3);
    let cases = [
        ("0OIl,0.5,0,,0,0,0", "address"),
        (&format!("{},1.5,0,,0,0,0", name(9)), "not from 0 to 1"),
        (&format!("{},NaN,0,,0,0,0", name(9)), "not finite"),
        (&format!("{},0.5,0,,0,inf,0", name(9)), "not finite"),
        (&format!("{},0.5,-1,,0,0,0", name(9)), "last_activity"),
        (&format!("{},0.5,0,outsider,0,0,0", name(9)), "outsider"),
        (&format!("{},0.5", name(9)), "fewer fields"),
    ];
    for (line, what) in cases {
        let file = folder.write("bad.csv", format!("{good}{line}\n").as_bytes());
        let ran = walletdb(&["import", arg(&table), arg(&file)]);
        assert_eq!(ran.code, 4, "{line}");
        assert!(ran.err.contains("line 5: ") && ran.err.contains(what), "{}", ran.err);
        assert!(ran.err.contains("--skip-bad"), "{}", ran.err);
        assert!(!table.exists(), "{line}: a table was left");
        let other = folder.path("other");
        let ran = walletdb(&["import", arg(&other), arg(&file), "--skip-bad", "--stats"]);
        assert_eq!((ran.code, &ran.stats()["bad"]), (0, &1.into()), "{}", ran.err);
        assert!(ran.err.contains("line 5: "), "{}", ran.err);
        let _ = std::fs::remove_file(other);
    }
    fine(&["import", arg(&table), arg(&folder.write("good.csv", good.as_bytes()))]);
    let before = fine(&["export", arg(&table)]).out;
    let ran = walletdb(&["import", arg(&table), arg(&folder.path("bad.csv"))]);
    assert_eq!((ran.code, fine(&["export", arg(&table)]).out == before), (4, true));
}

#[test]
fn single_wallets_are_put_shown_and_removed() {
    let folder = Folder::new("wallet-single");
    let table = folder.path("db");
    let (table, one) = (arg(&table), &name(1));
    fine(&["create", table, "--capacity", "100"]);
    assert_eq!(walletdb(&["create", table]).code, 2);
    assert_eq!(walletdb(&["get", table, one]).code, 1);
    let ran = fine(&["put", table, one, "--confidence", "0.7", "--flags", "copy,bot", "--ack"]);
    assert_eq!(ran.text(), "1\n");
    fine(&["put", table, one, "--avg-profit", "-2.5", "--trade-count", "7"]);
    let shown = fine(&["get", table, one]);
    let should = format!("{one} confidence=0.7 flags=copy|bot avg_profit=-2.5 trade_count=7\n");
    assert_eq!(shown.text(), should);
    let rows = format!("address,flags\n{},insider\n{},\n", name(2), name(3));
    let ran = run(WALLETDB, &["put", table, "--ack"], rows.as_bytes());
    assert_eq!((ran.code, ran.text().lines().last()), (0, Some("4")), "{}", ran.err);
    let wanted = format!("{}\n{}\n{}\n", name(3), name(4), name(2));
    let ran = run(WALLETDB, &["get", table, "-f", "json"], wanted.as_bytes());
    let found: Vec<_> = ran.json().iter().map(|row| row["address"].clone()).collect();
    assert_eq!((ran.code, found), (1, vec![name(3).into(), name(2).into()]));
    fine(&["remove", table, one]);
    assert_eq!(walletdb(&["remove", table, one]).code, 1);
    fine(&["compact", table, "--capacity", "5000"]);
    assert_eq!(fine(&["verify", table]).text(), "2 wallets, no fault\n");
    assert_eq!(walletdb(&["put", table, one, "--confidence", "1.1"]).code, 2);
    assert_eq!(walletdb(&["get", table, "0OIl"]).code, 2);
}

#[test]
fn refusals_have_their_status_and_a_hint() {
    let folder = Folder::new("wallet-refusals");
    let path = folder.path("db");
    let table = arg(&path);
    let refused = |args: &[&str], code: i32, what: &str| {
        let ran = walletdb(args);
        assert!(ran.code == code && ran.err.contains(what), "{args:?}: {} {}", ran.code, ran.err);
        assert!(ran.err.contains("hint: "), "{args:?}: {}", ran.err);
    };
    refused(&["get", table, &name(1)], 5, "cannot open");
    fine(&["import", table, arg(&folder.write("a.csv", csv(50).as_bytes()))]);
    // A second writer.
    let first = Writer::open(&path, Options::new(Sync::Always)).unwrap();
    refused(&["put", table, &name(1), "--flags", ""], 5, "another process writes it");
    assert_eq!(fine(&["verify", table]).text(), "50 wallets, no fault\n");
    first.close().unwrap();
    // Another version, another order of bytes, another format, and a file that was cut.
    let whole = std::fs::read(&path).unwrap();
    let with = |at: usize, byte: u8| {
        let mut other = whole.clone();
        other[at] = byte;
        arg(&folder.write("other", &other)).to_owned()
    };
    refused(&["stat", &with(8, 9)], 3, "layout version 9");
    refused(&["verify", &with(0, b'X')], 3, "not a wallet table");
    refused(&["stat", &with(30, 1)], 4, "checksum");
    let mut swapped = whole.clone();
    swapped[..128].as_chunks_mut::<8>().0.iter_mut().for_each(|word| word.reverse());
    refused(&["stat", arg(&folder.write("swapped", &swapped))], 3, "other order of bytes");
    refused(&["stat", arg(&folder.write("cut", &whole[..8192]))], 4, "its head says");
    refused(&["export", arg(&folder.path("a.csv"))], 3, "not a wallet table");
    // A flipped bit in a row.
    let ran = walletdb(&["verify", &with(10_000, whole[10_000] ^ 4)]);
    assert!(ran.code == 1 && ran.text().contains("slot "), "{} {}", ran.code, ran.text());
    // A full disk.
    let ran = walletdb(&["export", table, "-o", "/dev/full"]);
    assert!(ran.code == 5 && ran.err.contains("No space left"), "{}", ran.err);
}

#[test]
fn a_file_that_cannot_be_written_is_read() {
    let folder = Folder::new("wallet-read-only");
    let path = folder.path("db");
    fine(&["import", arg(&path), arg(&folder.write("a.csv", csv(50).as_bytes()))]);
    let mut mode = std::fs::metadata(&path).unwrap().permissions();
    mode.set_readonly(true);
    std::fs::set_permissions(&path, mode).unwrap();
    fine(&["get", arg(&path), &name(7)]);
    fine(&["verify", arg(&path)]);
    // Root may write whatever the mode says.
    if std::fs::OpenOptions::new().write(true).open(&path).is_err() {
        let ran = walletdb(&["put", arg(&path), &name(7), "--flags", ""]);
        assert!(ran.code == 5 && ran.err.contains("hint: "), "{}", ran.err);
    }
}

/// A fill of wallet `wallet`: SOL for a token, or back.
fn swap(number: u8, wallet: u64, buy: bool, token: u64, sol: u64) -> Swap {
    let mut swap = Swap::new(u64::from(number) * 1_000_000_000);
    swap.role = Role::Fill as u8;
    swap.signature = [number; 64];
    (swap.pool, swap.owner) = ([7; 32], address(wallet));
    let [token, sol] = [([5; 32], token), (mev::ids::WSOL, sol)];
    let (from, to) = if buy { (sol, token) } else { (token, sol) };
    (swap.mint_in, swap.amount_in) = from;
    (swap.mint_out, swap.amount_out) = to;
    swap.present = Swap::SIGNATURE
        | Swap::AMOUNT_IN
        | Swap::AMOUNT_OUT
        | Swap::MINT_IN
        | Swap::MINT_OUT
        | Swap::POOL
        | Swap::OWNER;
    swap
}

#[test]
fn a_verdict_stands_before_each_swap() {
    let folder = Folder::new("wallet-filter");
    let table = folder.path("db");
    let rows = format!("address,confidence,flags\n{},0.9,\n{},0.9,blacklist\n", name(1), name(2));
    fine(&["import", arg(&table), arg(&folder.write("a.csv", rows.as_bytes()))]);
    let swaps = [1, 2, 3].map(|wallet| swap(1, wallet, true, 5, 5));
    let mut nobody = swaps[0];
    (nobody.owner, nobody.present) = ([0; 32], nobody.present & !Swap::OWNER);
    let gap = Gap::new(3);
    let input = stream(&[
        Record::of(&swaps[0]),
        Record::of(&gap),
        Record::of(&swaps[1]),
        Record::of(&swaps[2]),
        Record::of(&nobody),
    ]);
    let verdicts = |options: &[&str]| {
        let args = [&["filter", arg(&table), "-f", "json", "--stats"], options].concat();
        let ran = run(WALLETDB, &args, &input);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let rows = ran.json();
        let kinds: Vec<_> =
            rows.iter().map(|row| row["kind"].as_str().unwrap().to_owned()).collect();
        let said = rows.iter().filter(|row| row["kind"] == "wallet").map(|row| {
            format!("{} {}", row["verdict"].as_str().unwrap(), row["reason"].as_str().unwrap())
        });
        (kinds.join(" "), said.collect::<Vec<_>>())
    };
    let all = "wallet swap gap wallet swap wallet swap wallet swap".to_owned();
    let said = |four: [&str; 4]| four.map(str::to_owned).to_vec();
    assert_eq!(
        verdicts(&["--min-confidence", "0.7", "--none-flag", "blacklist"]),
        (all.clone(), said(["pass meets", "stop barred_flag", "stop unknown", "stop no_wallet"]))
    );
    assert_eq!(
        verdicts(&["--any-flag", "blacklist,insider", "--invert"]),
        (all.clone(), said(["pass without_flag", "stop meets", "pass unknown", "stop no_wallet"]))
    );
    assert_eq!(
        verdicts(&[]),
        (all, said(["pass meets", "pass meets", "stop unknown", "stop no_wallet"]))
    );
    let (kinds, _) = verdicts(&["--none-flag", "blacklist", "--drop"]);
    assert_eq!(kinds, "wallet swap gap wallet gap wallet swap wallet gap");
}

/// A program that is fed while it runs.
struct Live(Child);

impl Live {
    fn start(args: &[&str]) -> Self {
        let child =
            Command::new(WALLETDB).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        Self(child.unwrap())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The next wallet record that a filter writes.
fn next_verdict(from: &mut impl Read) -> (u8, u64) {
    loop {
        let mut record = [0; 64];
        from.read_exact(&mut record).unwrap();
        let len = u32::from_le_bytes(record[..4].try_into().unwrap()) as usize;
        let mut rest = vec![0; len - 64];
        from.read_exact(&mut rest).unwrap();
        let whole = [&record[..], &rest].concat();
        if whole[4..6] == 0x28_u16.to_le_bytes() {
            let generation = u64::from_le_bytes(whole[96..104].try_into().unwrap());
            return (whole[88], generation);
        }
    }
}

#[test]
fn a_filter_sees_what_others_change() {
    let folder = Folder::new("wallet-live");
    let table = folder.path("db");
    fine(&["create", arg(&table), "--capacity", "100"]);
    let mut filter = Live::start(&["filter", arg(&table), "--any-flag", "copy"]);
    let mut to = filter.0.stdin.take().unwrap();
    let mut from = BufReader::new(filter.0.stdout.take().unwrap());
    let head = stream(&[]);
    to.write_all(&head[..64]).unwrap();
    let one = swap(1, 1, true, 5, 5);
    let mut ask = || {
        to.write_all(Record::of(&one).bytes()).unwrap();
        next_verdict(&mut from)
    };
    assert_eq!(ask(), (1, 1));
    fine(&["put", arg(&table), &name(1), "--flags", "copy"]);
    assert_eq!(ask(), (0, 1));
    // Another file takes the place of the table.
    fine(&["compact", arg(&table), "--capacity", "10000"]);
    fine(&["put", arg(&table), &name(1), "--flags", "bot"]);
    assert_eq!(ask(), (1, 2));
}

#[test]
fn changes_are_followed_as_they_happen() {
    let folder = Folder::new("wallet-follow");
    let table = folder.path("db");
    fine(&["create", arg(&table)]);
    fine(&["put", arg(&table), &name(1), "--flags", "copy"]);
    let mut follow = Live::start(&["follow", arg(&table), "--all", "-n", "3", "-f", "json"]);
    let lines = BufReader::new(follow.0.stdout.take().unwrap()).lines();
    let mut lines =
        lines.map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap());
    let first = lines.next().unwrap();
    assert_eq!((&first["change"], &first["sequence"]), (&"put".into(), &"1".into()));
    fine(&["put", arg(&table), &name(2), "--confidence", "0.5"]);
    let second = lines.next().unwrap();
    assert_eq!((&second["address"], &second["confidence"]), (&name(2).into(), &0.5.into()));
    fine(&["remove", arg(&table), &name(1)]);
    let third = lines.next().unwrap();
    assert_eq!((&third["change"], &third["address"]), (&"remove".into(), &name(1).into()));
    assert!(lines.next().is_none());
}

#[test]
fn the_same_capture_twice_teaches_once() {
    let folder = Folder::new("wallet-learn");
    let table = folder.path("db");
    let swaps = [
        swap(1, 1, true, 100, 2_000_000_000),
        swap(2, 1, false, 50, 1_500_000_000),
        swap(3, 1, false, 50, 500_000_000),
        swap(4, 2, true, 10, 1_000_000_000),
        swap(5, 2, false, 10, 3_000_000_000),
        swap(6, 3, true, 10, 1_000_000_000),
    ];
    let records: Vec<_> = swaps.iter().map(Record::of).collect();
    let file = folder.write("swaps.rec", &stream(&records));
    fine(&["create", arg(&table)]);
    fine(&["put", arg(&table), &name(2), "--confidence", "0.25", "--flags", "pinned"]);
    let first = fine(&["learn", arg(&table), arg(&file), "--stats"]).stats();
    assert_eq!((&first["fills"], &first["trades"]), (&6.into(), &3.into()));
    assert_eq!((&first["pinned"], &first["lots_open"]), (&1.into(), &1.into()));
    let once = fine(&["export", arg(&table), "-f", "csv"]).out;
    let second = fine(&["learn", arg(&table), arg(&file), "--stats"]).stats();
    assert_eq!((&second["repeated"], &second["trades"]), (&6.into(), &0.into()));
    assert!(fine(&["export", arg(&table), "-f", "csv"]).out == once);
    // 1.5 and 0.5 SOL for what cost 1 each: profits of 0.5 and -0.5 SOL.
    let row = &fine(&["get", arg(&table), &name(1), "-f", "json"]).json()[0];
    assert_eq!((&row["trade_count"], &row["win_rate"]), (&2.into(), &0.5.into()));
    assert_eq!((&row["avg_profit"], &row["confidence"]), (&0.into(), &0.into()));
    assert_eq!(row["last_activity"], 3);
    let row = &fine(&["get", arg(&table), &name(2), "-f", "json"]).json()[0];
    assert_eq!((&row["confidence"], &row["trade_count"]), (&0.25.into(), &0.into()));
    assert_eq!(walletdb(&["get", arg(&table), &name(3)]).code, 1);
    // A cut stream: what was whole counts, and the status tells.
    let cut = &stream(&[Record::of(&swap(7, 3, false, 10, 2_000_000_000))])[..64 + 512];
    assert_eq!(run(WALLETDB, &["learn", arg(&table)], cut).code, 4);
    let row = &fine(&["get", arg(&table), &name(3), "-f", "json"]).json()[0];
    assert_eq!((&row["avg_profit"], &row["win_rate"]), (&1.into(), &1.into()));
    assert_eq!(fine(&["verify", arg(&table)]).text(), "3 wallets, no fault\n");
}

/// Writers killed at any moment, their changes acknowledged one by one: what was acknowledged is there, and
/// each row is one that was sent.
#[test]
fn what_was_acknowledged_survives_a_kill() {
    let kills = std::env::var("MEV_WALLET_KILLS").map_or(20, |count| count.parse::<u64>().unwrap());
    let folder = Folder::new("wallet-kills");
    let table = folder.path("db");
    fine(&["create", arg(&table), "--capacity", "10"]);
    // By wallet: the last value that was acknowledged, and the last that was sent.
    let mut sent = vec![[0_u32; 2]; 300];
    let (mut value, mut acknowledged) = (0, 0);
    for kill in 0..kills {
        let sync = ["always", "interval:5ms"][usize::try_from(kill % 2).unwrap()];
        let mut writer = Live::start(&["put", arg(&table), "--ack", "--sync", sync]);
        let mut to = writer.0.stdin.take().unwrap();
        let mut from = BufReader::new(writer.0.stdout.take().unwrap());
        to.write_all(b"address,trade_count,flags\n").unwrap();
        // One moment among those of a few changes; growth is among what happens meanwhile.
        let moment = kill * 7 % 23;
        for step in 0..=moment {
            let mut group = Vec::new();
            let mut rows = String::new();
            for _ in 0..=(kill + step) % 9 {
                value += 1;
                let wallet = u64::from(value) * 2_654_435_761 % 300;
                let wallet = usize::try_from(wallet).unwrap();
                sent[wallet][1] = value;
                group.push((wallet, value));
                rows += &format!("{},{value},{value}\n", name(wallet as u64));
            }
            if to.write_all(rows.as_bytes()).is_err() || step == moment {
                break;
            }
            // The acknowledgements of the group: as many lines as it was cut into.
            let last = group.len() as u64 + acknowledged;
            while acknowledged < last {
                let mut line = String::new();
                from.read_line(&mut line).unwrap();
                acknowledged = line.trim().parse().unwrap();
            }
            for (wallet, value) in group {
                sent[wallet][0] = value;
            }
        }
        writer.0.kill().unwrap();
        writer.0.wait().unwrap();
        let reader = Reader::open(&table, false).unwrap();
        for (wallet, [_, sent]) in sent.iter().enumerate() {
            if let Whole::Known(row) = reader.table().get(&address(wallet as u64)) {
                assert_eq!(row.trade_count, row.flags, "torn before it is recovered");
                assert!(row.trade_count <= *sent);
            }
        }
        assert!(fine(&["verify", arg(&table)]).text().ends_with("no fault\n"));
        let writer = Writer::open(&table, Options::new(Sync::Always)).unwrap();
        for (wallet, [acknowledged, sent]) in sent.iter_mut().enumerate() {
            let found = match writer.table().get(&address(wallet as u64)) {
                Whole::Known(row) => row.trade_count,
                Whole::Absent => 0,
                Whole::Busy => panic!("busy after it was recovered"),
            };
            assert!(
                found >= *acknowledged && found <= *sent,
                "kill {kill}, wallet {wallet}: {found}"
            );
            // What is there now was sent, acknowledged or not.
            *acknowledged = found;
        }
        acknowledged = writer.sequence();
        writer.close().unwrap();
    }
}

const TABLE: &str = "MEV_TEST_WALLET";

/// A reader process: looks until the table says it is over.
#[test]
#[ignore = "run by another test, as a process of its own"]
fn the_child() {
    let Some(path) = std::env::var_os(TABLE) else { return };
    let mut reader = Reader::open(Path::new(&path), false).unwrap();
    let keys: Vec<Address> = (0..500).map(address).collect();
    let mut answers = vec![Answer::Absent; keys.len()];
    let mut newest = vec![0; keys.len()];
    loop {
        reader.refresh();
        let table = reader.table();
        table.lookup_batch(&keys, &mut answers);
        for (answer, key) in answers.iter().zip(&keys) {
            let Answer::Known(known) = answer else { panic!("lost: {answer:?} {key:?}") };
            assert_eq!(known.flags, !known.confidence, "torn");
        }
        for (key, newest) in keys.iter().zip(&mut newest) {
            let Whole::Known(row) = table.get(key) else { continue };
            assert_eq!(row.last_activity, !row.trade_count, "torn row");
            assert_eq!(row.confidence, row.trade_count % ONE, "torn row");
            assert!(row.trade_count >= *newest, "an older row after a newer one");
            *newest = row.trade_count;
        }
        if table.lookup(&[255; 32]) != Answer::Absent {
            return;
        }
    }
}

/// Eight processes read while one writes, compacts and grows: nothing is torn, nothing is lost.
#[test]
fn eight_readers_see_whole_rows_and_lose_none() {
    let seconds =
        std::env::var("MEV_WALLET_SECONDS").map_or(2, |count| count.parse::<u64>().unwrap());
    let shm = Path::new("/dev/shm");
    let base = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() };
    let path = base.join(format!("mev-wallet-readers-{}", std::process::id()));
    let mut writer = Writer::create(&path, 10, Options::new(Sync::None)).unwrap();
    let row = |wallet: u64, count: u32| Row {
        confidence: count % ONE,
        flags: !(count % ONE),
        last_activity: !count,
        trade_count: count,
        ..Row::new(address(wallet))
    };
    for wallet in 0..500 {
        writer.stage(Change::Put(row(wallet, 0)));
    }
    writer.commit().unwrap();
    let child = || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_child", "--ignored", "--nocapture"])
            .env(TABLE, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let readers: Vec<Child> = (0..8).map(|_| child()).collect();
    let clock = Stopwatch::start();
    let (mut count, mut more) = (0_u32, 500);
    while clock.elapsed().as_secs() < seconds {
        for _ in 0..100 {
            count += 1;
            writer.stage(Change::Put(row(u64::from(count) * 7919 % 500, count)));
        }
        // Others come, so that the table grows; and it is written anew now and then.
        if count.is_multiple_of(5000) && more < 20_000 {
            for _ in 0..200 {
                writer.stage(Change::Put(row(more, count)));
                more += 1;
            }
        }
        writer.commit().unwrap();
        if count.is_multiple_of(70_000) {
            writer.compact(0).unwrap();
        }
    }
    let generations = writer.head().generation;
    writer.stage(Change::Put(Row::new([255; 32])));
    writer.commit().unwrap();
    for mut reader in readers {
        assert!(reader.wait().unwrap().success(), "a reader saw what it must not see");
    }
    assert!(generations > 3, "the table was not written anew");
    writer.close().unwrap();
    for ending in ["", ".log", ".lock"] {
        let mut file = path.clone().into_os_string();
        file.push(ending);
        std::fs::remove_file(PathBuf::from(file)).unwrap();
    }
}

/// What the README shows, where numpy is installed.
#[test]
fn numpy_reads_a_table_in_place() {
    let python = |code: &str| Command::new("python3").args(["-c", code]).output();
    if !python("import numpy").is_ok_and(|ran| ran.status.success()) {
        println!("skipped: there is no numpy");
        return;
    }
    let folder = Folder::new("wallet-numpy");
    let table = folder.path("db");
    fine(&["import", arg(&table), arg(&folder.write("a.csv", csv(1000).as_bytes()))]);
    let script = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"));
    let script = script.unwrap();
    let (_, script) = script.split_once("    import json, numpy, subprocess\n").unwrap();
    let lines = script.lines().take_while(|line| line.starts_with("    "));
    let mut code = String::from("import json, numpy, subprocess\n");
    lines.for_each(|line| code += &format!("{}\n", &line[4..]));
    let code = code.replace("\"walletdb\"", &format!("{WALLETDB:?}"));
    let code = code.replace("wallets.db", arg(&table));
    let code = code
        + "print(len(wallets), int(wallets['trade_count'].sum()), "
        + "float(wallets['confidence'].max()) < 1)\n";
    let ran = python(&code).unwrap();
    let out = String::from_utf8_lossy(&ran.stdout).into_owned();
    let sum: u64 = (0..1000).sum();
    assert_eq!(
        out.lines().last(),
        Some(format!("1000 {sum} True").as_str()),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

/// The layouts that other programs rely on.
#[test]
fn a_wallet_record_is_where_it_is_said_to_be() {
    assert_eq!(size_of::<Wallet>(), 128);
    let shown = fine(&["stat", "--schema=numpy"]);
    let row = shown.text().lines().next().unwrap().to_owned();
    assert!(
        row.starts_with("row = [('address_hash', '<u8'), ('confidence', '<f4'), ('flags', '<u4')")
    );
    assert!(row.contains("('full_address', 'V32')"));
}
