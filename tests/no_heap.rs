//! Nothing is allocated between a datagram and a decision: parse and arb in one process, on the
//! feed and on slots, and the filter by wallets, counted by the allocator.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "support/counting.rs"]
mod counting;

use mev::arb::{Economics, Engine, Exposer, Findings, FindingsOptions, Options};
use mev::chain::Chain;
use mev::parse::{Config, Feed, Limits, Order, Parser, Verify, Wanted};
use mev::record::{Finding, Opportunity, Pool, Record, Role, Swap};
use mev::stream::{Arena, Piped, Reader, Stage};
use mev::wallet::store::log::Change;
use mev::wallet::store::{self, Sync};
use mev::wallet::{Criteria, Filter, Row, Writer};
use std::path::Path;
use std::process::Command;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Runs a line of shell in an empty folder and gives the files `names` that it made there.
fn made(name: &str, line: &str, names: &[&str]) -> Vec<Vec<u8>> {
    let folder = std::env::temp_dir().join(format!("mev-no-heap-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_mev-parse")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-ec", line]).current_dir(&folder).env("PATH", path);
    assert!(bash.status().unwrap().success(), "{line}");
    let files = names.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect();
    std::fs::remove_dir_all(&folder).unwrap();
    files
}

/// A pool of the feed, and sandwiches in it: a front-run, a victim, a back-run that gets it back.
fn sandwiches(count: u64) -> (Pool, Vec<Swap>) {
    let mut pool = Pool::new(1);
    (pool.pool, pool.mint_a, pool.mint_b) = ([1; 32], [2; 32], [3; 32]);
    (pool.venue, pool.slot, pool.present) = (mev::ids::Venue::Feed as u16, 5, Pool::RESERVES);
    (pool.reserve_a, pool.reserve_b, pool.fee_num, pool.fee_den) = (1 << 50, 1 << 50, 0, 10_000);
    let rows = (0..3 * count).map(|number| {
        let mut row = Swap::new(number);
        let buys = number % 3 < 2;
        row.head.flags = Swap::LAST_OF_TX;
        (row.slot, row.pool, row.role) = (10 + number / 300, [1; 32], Role::Fill as u8);
        (row.mint_in, row.mint_out) = if buys { ([2; 32], [3; 32]) } else { ([3; 32], [2; 32]) };
        row.direction = if buys { 1 } else { 2 };
        (row.amount_in, row.amount_out) = (1000 + number / 3, 1000 + number / 3);
        row.signature[..8].copy_from_slice(&(number + 1).to_le_bytes());
        row.owner = [if number % 3 == 1 { 8 } else { 9 }; 32];
        row.present = Swap::SIGNATURE | Swap::POOL | Swap::MINT_IN | Swap::MINT_OUT;
        row.present |= Swap::AMOUNT_IN | Swap::AMOUNT_OUT | Swap::OWNER;
        row
    });
    (pool, rows.collect())
}

/// Steps the search for findings through sandwiches; requests for memory, and findings.
fn requests_of_findings() -> (u64, u64) {
    let (pool, rows) = sandwiches(3000);
    let mut stage = Findings::new(FindingsOptions { explain: true, ..FindingsOptions::default() });
    let mut arena = Arena::with_room(Findings::MAX_OUT);
    stage.step(Record::of(&pool), &mut arena);
    let (mut requests, mut found) = (0, 0);
    for row in &rows {
        let before = counting::requests();
        stage.step(Record::of(row), &mut arena);
        requests += counting::requests() - before;
        found += arena.records().filter(|r| r.typed::<Finding>().is_some()).count() as u64;
        arena.clear();
    }
    (requests, found)
}

/// Steps the filter by wallets through swaps, half of whose owners are in the table; requests for memory,
/// and verdicts that let a swap pass.
fn requests_of_filter() -> (u64, u64) {
    let (_, mut rows) = sandwiches(1000);
    let path = std::env::temp_dir().join(format!("mev-no-heap-wallets-{}", std::process::id()));
    let mut writer = Writer::create(&path, 5000, store::Options::new(Sync::None)).unwrap();
    for (number, row) in (0_u64..).zip(&mut rows) {
        row.owner[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
        if number % 2 == 0 {
            writer.stage(Change::Put(Row::new(row.owner)));
        }
    }
    writer.commit().unwrap();
    writer.close().unwrap();
    let reader = mev::wallet::Reader::open(&path, false).unwrap();
    let mut stage = Filter::new(reader, Criteria::default(), true);
    let mut arena = Arena::with_room(Filter::MAX_OUT);
    let (mut requests, mut passed) = (0, 0);
    for row in &rows {
        let before = counting::requests();
        stage.expect(Record::of(row));
        stage.step(Record::of(row), &mut arena);
        stage.idle(0, &mut arena);
        requests += counting::requests() - before;
        passed += arena.records().filter(|r| r.typed::<Swap>().is_some()).count() as u64;
        arena.clear();
    }
    for ending in ["", ".log", ".lock"] {
        let mut file = path.clone().into_os_string();
        file.push(ending);
        std::fs::remove_file(file).unwrap();
    }
    (requests, passed)
}

/// Steps `stage` through a stream; requests for memory during the steps, and opportunities.
fn requests(stage: &mut impl Stage, stream: &[u8], room: usize) -> (u64, u64) {
    let mut arena = Arena::with_room(room);
    let mut reader = Reader::new(Piped::new(stream));
    let (mut requests, mut found) = (0, 0);
    while let Some(record) = reader.next().unwrap() {
        let before = counting::requests();
        stage.step(record, &mut arena);
        stage.idle(0, &mut arena);
        requests += counting::requests() - before;
        found += arena.records().filter(|r| r.typed::<Opportunity>().is_some()).count() as u64;
        arena.clear();
    }
    (requests, found)
}

fn config(order: Order) -> Config {
    let verify = Verify { merkle: false, leader: None, poh: false };
    Config { order, verify, limits: Limits::DEFAULT, shred_version: None, rows: Wanted::ALL }
}

// One test: another one in the same process would allocate while this one counts.
#[test]
fn nothing_is_allocated_between_a_datagram_and_a_decision() {
    let line = "mev-capture gen feed --mode mixed --seed 5 --count 3000 --pools-out pools -o feed";
    let files = made("feed", line, &["feed", "pools"]);
    let mut feed = Feed::default();
    feed.read(&files[1]).unwrap();
    let parser = Parser::new(&config(Order::Arrival), feed).unwrap();
    let kinds: &[u16] = &[0x20, 0x21, 0x22];
    let mut chain = Chain::new(parser, Engine::new(Options::default()), kinds);
    let (asked, found) = requests(&mut chain, &files[0], Engine::MAX_OUT);
    assert!(found > 100, "only {found} opportunities: the test says little");
    assert_eq!(asked, 0, "requests for memory on the feed");

    let line = "mev-capture gen shreds --seed 5 --slots 6 --txs-per-slot 300 --accounts-out pools |
        mev-parse --order slot --accounts pools -o parsed";
    let files = made("slots", line, &["parsed"]);
    let mut engine = Engine::new(Options::default());
    let (asked, found) = requests(&mut engine, &files[0], Engine::MAX_OUT);
    assert!(found > 100, "only {found} opportunities: the test says little");
    assert_eq!(asked, 0, "requests for memory on slots");

    let options = Options { plan: 5, ref_size: 50_000_000, ..Options::default() };
    let mut planner = Engine::new(options);
    let (asked, found) = requests(&mut planner, &files[0], Engine::MAX_OUT);
    assert!(found > 100, "only {found} opportunities: the test says little");
    assert_eq!(asked, 0, "requests for memory with plans and both weights");

    let economics = Economics { attack_cost: 150_000, part_cost: 5000, most_parts: 4 };
    let mut exposer = Exposer::new(Options::default(), economics);
    let (asked, _) = requests(&mut exposer, &files[0], Exposer::MAX_OUT);
    assert!(exposer.measured().0 > 100, "only {:?} swaps measured", exposer.measured());
    assert_eq!(asked, 0, "requests for memory for exposure");

    let (asked, found) = requests_of_findings();
    assert!(found > 100, "only {found} findings: the test says little");
    assert_eq!(asked, 0, "requests for memory on findings");

    let (asked, passed) = requests_of_filter();
    assert_eq!(passed, 1500, "half of the swaps pass");
    assert_eq!(asked, 0, "requests for memory for verdicts");
}
