//! Look-ups of a million random keys: our table beside maps and stores; import beside SQLite.

use heed::types::Bytes;
use heed::{Database, EnvOpenOptions};
use mev::bytes::base58;
use mev::mem::{Lanes, pairs_are_whole};
use mev::wallet::row::ONE;
use mev::wallet::table::{Edit, Geometry, Head, Heap};
use mev::wallet::{Address, Answer, Row};
use odht::{Config, HashTableOwned};
use redb::{ReadableDatabase, TableDefinition};
use std::collections::HashMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Instant;

const ROWS: u64 = 1_000_000;
const QUERIES: usize = 1 << 17;
const ROUNDS: usize = 11;
const BATCH: usize = 32;

/// What every side holds of a wallet: confidence and flags.
type Decision = [u8; 8];

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let folder = std::env::temp_dir().join(format!("mev-wallet-peers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    println!("<!-- bench -->\n### The wallet table beside other maps and stores\n");
    let huge = std::env::args().any(|arg| arg == "--huge");
    let pages = if huge { "2 MB, where there are" } else { "4 KB" };
    println!(
        "{ROWS} wallets of random keys; ns a look-up; medians of {ROUNDS} rounds, sides in turn; pages of our table: {pages}.\n"
    );
    println!("| what | miss | 99 % miss | hit | hit, hot 4096 |\n|---|---:|---:|---:|---:|");
    lookups(&folder, huge);
    println!("\n### Two cores\n\nMillions of look-ups a second, both together, 99 % miss.\n");
    println!("| what | |\n|---|---:|");
    two_cores(huge);
    println!("\n### Import of {ROWS} CSV rows, synced\n\n| what | ms |\n|---|---:|");
    imports(&folder);
    println!("<!-- /bench -->");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Address number `number` (splitmix64).
fn address(number: u64) -> Address {
    let mut state = number.wrapping_mul(0x2545_f491_4f6c_dd1d);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ z >> 31).to_le_bytes()
    };
    [next(), next(), next(), next()].as_flattened().try_into().unwrap()
}

fn decision(number: u64) -> Decision {
    [&ONE.to_le_bytes()[..], &(number as u32 | 1).to_le_bytes()].concat().try_into().unwrap()
}

/// Numbers of wallets that are asked for: from `ROWS` on they are not there.
fn numbers(of: u64, hits_percent: u64, seed: u64) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let one = |at| if next() % 100 < hits_percent { next() % of } else { ROWS + at };
    (0..QUERIES as u64).map(one).collect()
}

fn mixes() -> [Vec<u64>; 4] {
    [numbers(ROWS, 0, 1), numbers(ROWS, 1, 2), numbers(ROWS, 100, 3), numbers(4096, 100, 4)]
}

fn head() -> Head {
    let geometry = Geometry::for_rows(ROWS).unwrap();
    let seeds = [0x9ae1_6a3b_2f90_404f, 0xd6e8_feb8_6659_fd93];
    Head { geometry, id: 1, seeds, generation: 1, base: 0, whole: pairs_are_whole() }
}

fn ours(huge: bool) -> Heap {
    let heap = Heap::with_pages(head(), huge);
    let mut edit = Edit::counted(heap.lines(), heap.head(), Lanes::best(), [0; 2], ());
    for number in 0..ROWS {
        let flags = number as u32 | 1;
        edit.put(&Row { confidence: ONE, flags, ..Row::new(address(number)) }).unwrap();
    }
    heap
}

struct Table;

impl Config for Table {
    type Key = Address;
    type Value = Decision;
    type EncodedKey = Address;
    type EncodedValue = Decision;
    // Keys are random: their first bytes are a hash, as odht's own users have it.
    type H = odht::FxHashFn;

    fn encode_key(key: &Address) -> Address {
        *key
    }
    fn encode_value(value: &Decision) -> Decision {
        *value
    }
    fn decode_key(key: &Address) -> Address {
        *key
    }
    fn decode_value(value: &Decision) -> Decision {
        *value
    }
}

const REDB: TableDefinition<&[u8; 32], &[u8; 8]> = TableDefinition::new("wallets");

/// Times each side over each mix, in turn, and prints the medians.
fn lookups(folder: &Path, huge: bool) {
    let mixes = mixes();
    let keys: Vec<Vec<Address>> =
        mixes.iter().map(|mix| mix.iter().map(|number| address(*number)).collect()).collect();
    let names: Vec<Vec<String>> = keys
        .iter()
        .map(|keys| keys.iter().map(|key| base58::Key(key).to_string()).collect())
        .collect();
    let heap = ours(huge);
    let table = heap.table(Lanes::best());
    let all = || (0..ROWS).map(|number| (address(number), decision(number)));
    let brown: hashbrown::HashMap<Address, Decision, ahash::RandomState> = all().collect();
    let locked: Arc<RwLock<HashMap<String, Decision>>> = Arc::new(RwLock::new(
        all().map(|(key, value)| (base58::Key(&key).to_string(), value)).collect(),
    ));
    let papaya: papaya::HashMap<Address, Decision, ahash::RandomState> = all().collect();
    let mut odht = HashTableOwned::<Table>::with_capacity(ROWS as usize, 87);
    all().for_each(|(key, value)| assert!(odht.insert(&key, &value).is_none()));
    let environment = lmdb(&folder.join("lmdb"), all());
    let transaction = environment.0.read_txn().unwrap();
    let redb = redb(&folder.join("redb"), all());
    let reading = redb.begin_read().unwrap();
    let stored = reading.open_table(REDB).unwrap();
    let pin = papaya.pin();

    let sum = |value: Option<&Decision>| value.map_or(0, |value| u64::from(value[4]));
    let flags = |answer: Answer| match answer {
        Answer::Known(known) => u64::from(known.flags),
        Answer::Absent | Answer::Busy => 0,
    };
    let batches = |mix: usize| {
        let mut answers = [Answer::Absent; BATCH];
        for keys in keys[mix].chunks(BATCH) {
            table.lookup_batch(keys, &mut answers);
            black_box(&answers);
        }
        0
    };
    let sides: Vec<(&str, Box<dyn Fn(usize) -> u64 + '_>)> = vec![
        (
            "walletdb, loop",
            Box::new(|mix| keys[mix].iter().map(|key| flags(table.lookup(key))).sum()),
        ),
        ("walletdb, batch of 32", Box::new(batches)),
        (
            "hashbrown + ahash",
            Box::new(|mix| keys[mix].iter().map(|key| sum(brown.get(key))).sum()),
        ),
        (
            "Arc<RwLock<HashMap<String, _>>>",
            Box::new(|mix| {
                names[mix].iter().map(|name| sum(locked.read().unwrap().get(name))).sum()
            }),
        ),
        ("papaya", Box::new(|mix| keys[mix].iter().map(|key| sum(pin.get(key))).sum())),
        ("odht", Box::new(|mix| keys[mix].iter().map(|key| sum(odht.get(key).as_ref())).sum())),
        (
            "heed (LMDB)",
            Box::new(|mix| {
                let get = |key: &Address| environment.1.get(&transaction, key).unwrap();
                keys[mix].iter().map(|key| get(key).map_or(0, |value| u64::from(value[4]))).sum()
            }),
        ),
        (
            "redb",
            Box::new(|mix| {
                let get = |key: &Address| stored.get(key).unwrap().map(|value| *value.value());
                keys[mix].iter().map(|key| sum(get(key).as_ref())).sum()
            }),
        ),
    ];
    let mut times = vec![vec![Vec::new(); mixes.len()]; sides.len()];
    for _ in 0..ROUNDS {
        for (side, (_, work)) in sides.iter().enumerate() {
            for mix in 0..mixes.len() {
                let clock = Instant::now();
                black_box(work(mix));
                times[side][mix].push(clock.elapsed().as_secs_f64() * 1e9 / QUERIES as f64);
            }
        }
    }
    for ((name, _), times) in sides.iter().zip(times) {
        let cells: Vec<String> =
            times.into_iter().map(|times| format!("{:.1}", median(times))).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

fn lmdb(
    path: &Path,
    all: impl Iterator<Item = (Address, Decision)>,
) -> (heed::Env, Database<Bytes, Bytes>) {
    std::fs::create_dir_all(path).unwrap();
    let mut options = EnvOpenOptions::new();
    // SAFETY: the folder is this process's own, and nothing else opens it.
    let environment = unsafe { options.map_size(1 << 30).open(path) }.unwrap();
    let mut writing = environment.write_txn().unwrap();
    let database = environment.create_database(&mut writing, None).unwrap();
    all.for_each(|(key, value)| database.put(&mut writing, &key[..], &value[..]).unwrap());
    writing.commit().unwrap();
    (environment, database)
}

fn redb(path: &Path, all: impl Iterator<Item = (Address, Decision)>) -> redb::Database {
    let database = redb::Database::create(path).unwrap();
    let writing = database.begin_write().unwrap();
    {
        let mut table = writing.open_table(REDB).unwrap();
        all.for_each(|(key, value)| drop(table.insert(&key, &value).unwrap()));
    }
    writing.commit().unwrap();
    database
}

/// Millions a second of two threads that do `work` on `QUERIES` keys over and over.
fn together(work: impl Fn() + Sync) -> f64 {
    const TIMES: usize = 24;
    let gate = std::sync::Barrier::new(3);
    let spent = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                gate.wait();
                (0..TIMES).for_each(|_| work());
                gate.wait();
            });
        }
        gate.wait();
        let clock = Instant::now();
        gate.wait();
        clock.elapsed()
    });
    (2 * TIMES * QUERIES) as f64 / spent.as_secs_f64() / 1e6
}

fn two_cores(huge: bool) {
    let keys: Vec<Address> = numbers(ROWS, 1, 2).into_iter().map(address).collect();
    let names: Vec<String> = keys.iter().map(|key| base58::Key(key).to_string()).collect();
    let heap = ours(huge);
    let table = heap.table(Lanes::best());
    let locked: RwLock<HashMap<String, Decision>> = RwLock::new(
        (0..ROWS).map(|n| (base58::Key(&address(n)).to_string(), decision(n))).collect(),
    );
    let known = |key| u64::from(matches!(table.lookup(key), Answer::Known(_)));
    let ours = || {
        (0..ROUNDS).map(|_| {
            together(|| {
                black_box(keys.iter().map(known).sum::<u64>());
            })
        })
    };
    println!("| walletdb, loop | {:.0} |", median(ours().collect()));
    let get = |name: &String| u64::from(locked.read().unwrap().contains_key(name));
    let theirs = || {
        (0..3).map(|_| {
            together(|| {
                black_box(names.iter().map(get).sum::<u64>());
            })
        })
    };
    println!("| RwLock<HashMap<String, _>> | {:.0} |", median(theirs().collect()));
}

/// The time of each import, from the CSV file to the disk.
fn imports(folder: &Path) {
    let csv = folder.join("wallets.csv");
    let mut text =
        String::from("address,confidence,last_activity,flags,win_rate,avg_profit,trade_count\n");
    for number in 0..ROWS {
        let name = base58::Key(&address(number)).to_string();
        text += &format!("{name},0.{:03},1700000000,insider,0.55,1.25,{number}\n", number % 1000);
    }
    std::fs::write(&csv, text).unwrap();
    let walletdb = std::env::var_os("WALLETDB").map(PathBuf::from).filter(|of| of.is_file());
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..3 {
        if let Some(program) = &walletdb {
            let table = folder.join(format!("ours-{round}"));
            let clock = Instant::now();
            let mut import = std::process::Command::new(program);
            assert!(import.arg("import").arg(&table).arg(&csv).status().unwrap().success());
            ours.push(clock.elapsed().as_secs_f64() * 1e3);
        }
        let clock = Instant::now();
        sqlite(&folder.join(format!("sqlite-{round}")), &csv);
        theirs.push(clock.elapsed().as_secs_f64() * 1e3);
    }
    if ours.is_empty() {
        println!(
            "| walletdb import | see `scripts/bench wallet`, or name the program in WALLETDB |"
        );
    } else {
        println!("| walletdb import | {:.0} |", median(ours));
    }
    println!(
        "| SQLite, one transaction, the key as 32 bytes, WITHOUT ROWID | {:.0} |",
        median(theirs)
    );
}

fn sqlite(path: &Path, csv: &Path) {
    let mut to = rusqlite::Connection::open(path).unwrap();
    to.execute_batch(
        "PRAGMA synchronous = FULL; CREATE TABLE wallets (address BLOB PRIMARY KEY, confidence REAL, \
         last_activity INTEGER, flags INTEGER, win_rate REAL, avg_profit REAL, trade_count INTEGER) \
         WITHOUT ROWID",
    )
    .unwrap();
    let text = std::fs::read_to_string(csv).unwrap();
    let transaction = to.transaction().unwrap();
    {
        let mut insert =
            transaction.prepare("INSERT OR REPLACE INTO wallets VALUES (?,?,?,?,?,?,?)").unwrap();
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let key = base58::key(fields[0]).unwrap();
            let number = |at: usize| fields[at].parse::<f64>().unwrap();
            let whole = |at: usize| fields[at].parse::<i64>().unwrap();
            let flags = i64::from(mev::wallet::Flags::parse(fields[3]).unwrap());
            insert
                .execute(rusqlite::params![
                    key,
                    number(1),
                    whole(2),
                    flags,
                    number(4),
                    number(5),
                    whole(6)
                ])
                .unwrap();
        }
    }
    transaction.commit().unwrap();
}
