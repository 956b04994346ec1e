//! walletdb: the wallet table that shells, services and the hot path share.
//!
//! ```text
//!            put, import, learn --> log --> table <-- readers: filter, get, export, your program
//!                                            |
//!    swap --filter--> wallet (verdict), swap +
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `row` | a wallet's 64 bytes, the rules of its fields, and what it is decided by |
//! | `table` | where a wallet is, over memory that a writer changes: look-ups, changes, checks |
//! | `store` | the files: log, lock, growth, recovery; [`Reader`] and [`Writer`] |
//! | `learn` | lots, first in first out, and the score that follows |
//! | `filter` | a verdict before each swap |
//! | `rows` | rows as CSV, JSON and bytes |
//! | `import` `follow` `stat` `bench` | the commands that are more than a call |
//!
//! Invariants:
//! - Who reads takes no lock, waits for nobody, allocates nothing, and never sees half of a decision.
//! - What was acknowledged is there after every end that its promise covers (`store`).
//! - Any bits in a file give an answer, in bounded time; `verify` finds those that are wrong.
//! - Floats are bits here: compared as integers, never reckoned with.

mod args;
mod bench;
mod filter;
mod follow;
mod import;
pub mod learn;
pub mod row;
mod rows;
mod run;
mod stat;
pub mod store;
pub mod table;

pub use filter::{Criteria, Filter};
pub use row::{Address, Decision, Flags, Row};
pub use store::{Reader, Writer};
pub use table::{Answer, Table, Whole};

use crate::cli::Tool;
use crate::record::{Gap, Layout, Producer, Swap, Wallet};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "walletdb",
    producer: Producer::Walletdb,
    about: "Keeps a table of wallets that shells, services and the hot path share",
    reads: &[Swap::SCHEMA],
    writes: &[Gap::SCHEMA, Wallet::SCHEMA],
    keeps: &[row::SCHEMA],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[
        "A table holds of each wallet a confidence, flags (insider, blacklist, copy, pinned, bot), when it \
         traded last, its win rate, average profit and number of trades: 64 bytes, by its address. Any \
         number of processes map the file and look wallets up without a lock, while one process changes \
         it. A decision is confidence and flags, and is published by one store of 16 bytes.",
        "One process writes at a time; a second one ends with status 5. Every change is in a log first \
         (DB.log), and when it counts as written is for --sync to say. A writer that is killed, or a power \
         cut, loses nothing that was acknowledged under its promise: the next writer does what the log \
         says. Where the table grows, the new file takes the place of the old one, and readers go over \
         to it by themselves.",
        "walletdb filter puts a wallet record with a verdict before each swap of a stream; mev-arb applies \
         every swap, and lets nothing follow from one that is stopped. walletdb learn makes rows from the \
         fills of a stream.",
        "A table can be read as it is by other programs: stat tells where its rows lie, and stat \
         --schema=numpy what a row is.",
    ],
    examples: &[
        (
            "walletdb import wallets.db insiders.csv",
            "Makes a table of a CSV file with the header \
             address,confidence,last_activity,flags,win_rate,avg_profit,trade_count.",
        ),
        (
            "walletdb put wallets.db 9WzDXwBbmkg8ZTbNMqUxvQRAyrZzDsGYdLVL9zYtAWWM --confidence 0.9 \
             --flags copy,pinned",
            "Puts one wallet, and leaves its other fields as they are.",
        ),
        (
            "mev-parse slot.pcap --accounts pools.jsonl | walletdb filter wallets.db \
             --min-confidence 0.7 --none-flag blacklist | mev-arb -f text",
            "Opportunities that follow from swaps of wallets that are trusted.",
        ),
        (
            "mev-parse slot.pcap --accounts pools.jsonl | walletdb learn wallets.db",
            "Grows a table from a capture; twice gives the same table.",
        ),
        (
            "walletdb get wallets.db -f json < addresses.txt",
            "Looks wallets up, one address a line.",
        ),
        ("walletdb export wallets.db -f csv -o wallets.csv", "Writes all wallets."),
        ("walletdb follow wallets.db -f json", "Shows changes as they happen."),
        ("walletdb verify wallets.db", "Looks at every byte; status 1 when there is a fault."),
    ],
};
