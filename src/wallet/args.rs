//! The command line, and everything of it that can be checked without input.

use super::learn::Quote;
use super::row::{Flags, parse_number, parse_share};
use super::rows::Form;
use super::store::Sync;
use crate::bytes::base58;
use crate::cli::{Files, parse_duration};
use crate::ids::{Key, WSOL};
use std::path::PathBuf;
use std::time::Duration;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
#[command(arg_required_else_help = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) task: Option<Task>,
}

/// What to do.
#[derive(clap::Subcommand, Clone, Debug)]
pub(super) enum Task {
    /// Makes an empty table
    ///
    /// With room for --capacity wallets; it grows when that is used up. A file that is there is refused.
    Create(Create),
    /// Puts wallets from files into a table, which is made when there is none
    ///
    /// CSV with a header, JSON one object a line, Parquet, or rows of 64 bytes as export -f bin writes
    /// them. Of a wallet that comes twice the last row counts. What is not a row is an error with its line, and nothing is
    /// changed; with --skip-bad it is counted. Where a file brings as much as there is, the table is
    /// written anew and takes the place of the old one at once: all of the file is there or nothing.
    Import(Import),
    /// Writes all wallets: rows of 64 bytes, CSV, JSON or Parquet
    ///
    /// What is written can be imported again and gives the same table. A row that a writer changes
    /// meanwhile may come twice.
    Export(Export),
    /// Shows wallets
    ///
    /// Those named or, without any, those of standard input, one address a line. Status 1 when one is not
    /// in the table.
    Get(Get),
    /// Puts a wallet, or rows from standard input
    ///
    /// Fields that are not named stay as they are. Without an ADDRESS, rows in CSV are read from standard
    /// input, with a header, as they come.
    Put(Put),
    /// Removes wallets
    ///
    /// Those named or, without any, those of standard input, one address a line. Status 1 when one was not
    /// in the table.
    Remove(Remove),
    /// Shows what a table is
    ///
    /// Wallets, room, bytes a wallet, the size of its pages in memory, where its parts lie in the file,
    /// and what log and lots hold. With --schema=numpy: the dtype of a row, for numpy.memmap.
    Stat(Stat),
    /// Looks at every byte of a table, its log and its lots
    ///
    /// Checksums, tags, counts, and whether each wallet is found. Status 1 when there is a fault. Where no
    /// writer is at work, what the last one left undone is done first; where one is, rows are looked at
    /// again that change meanwhile.
    Verify(Stat),
    /// Writes a table anew, without what is dead in it
    ///
    /// Readers go over to the new file by themselves. With --capacity it gets room for as many wallets.
    Compact(Create),
    /// Shows changes as they happen
    ///
    /// Every put and remove of a writer, from now on, until a signal, --duration or --limit; with --all what
    /// the log still holds first. What import writes anew, or a log that was cut before it was read, is
    /// told as a line of its own.
    Follow(Follow),
    /// Puts a verdict before each swap of a stream, by its wallet
    ///
    /// A wallet record goes directly before each swap record. Nothing is dropped unless --drop: mev-arb
    /// applies every swap, and lets nothing follow from one that is stopped. A swap passes when all that
    /// is asked for holds; when nothing is asked for, when its wallet is in the table. Changes that others
    /// make to the table are seen at once.
    Filter(Filter),
    /// Learns from the fills in a stream who gains
    ///
    /// Keeps open lots of each wallet and token, first in first out; a sale of what was seen to be bought
    /// is a trade. Puts trade count, win rate, average profit and a confidence, which is 0 while the sum
    /// of profits is not above 0, and else (wins + 1) / (trades + 2) * trades / (trades + 20). Integers
    /// throughout, rounded when stored. A fill counts once, by its signature and instruction: the same
    /// capture twice gives the same table. Rows with the flag pinned stay as they are. Records of other
    /// kinds are passed over.
    Learn(Learn),
    /// Measures look-ups on this machine
    ///
    /// Of a table made for it in memory, by random keys: throughput of single look-ups and of batches,
    /// and the latency of look-ups that depend on each other, which is not the same.
    Bench(Bench),
}

/// The table that a task is about.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Stat {
    /// The table's file
    ///
    /// Beside it lie DB.log, DB.lock and, once something was learned, DB.lots.
    #[arg(value_name = "DB", required_unless_present = "schema")]
    pub(super) db: Option<PathBuf>,

    /// Ask for large pages in memory
    ///
    /// Where the file system and the kernel have them (a tmpfs mounted with huge=, or
    /// shmem_enabled=advise); stat says which were given.
    #[arg(long)]
    pub(super) huge: bool,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Create {
    /// The table's file
    ///
    /// Beside it lie DB.log, DB.lock and, once something was learned, DB.lots.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// Make room for N wallets
    ///
    /// About 108 bytes each.
    #[arg(long, value_name = "N")]
    pub(super) capacity: Option<u64>,
}

/// How changes are written.
#[derive(clap::Args, Clone, Copy, Debug)]
pub(super) struct Writing {
    /// When a change counts as written: always, interval[:TIME] or none
    ///
    /// `always`: when it is on the disk; it survives a power cut. `interval`: when the system has it; it
    /// survives a kill, and a power cut takes the last interval at most, 100ms unless TIME says
    /// otherwise. Readers see it when it is on the disk. `none`: no promise.
    #[arg(long, value_name = "WHEN", default_value = "always", value_parser = parse_sync)]
    pub(super) sync: Sync,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Import {
    /// The table's file
    ///
    /// It is made when there is none.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    #[command(flatten)]
    pub(super) files: Files,

    /// What the files are: csv, jsonl, parquet or rows
    ///
    /// `auto` tells by how a file begins.
    #[arg(long, value_enum, default_value_t = Form::Auto, value_name = "FORM")]
    pub(super) from: Form,

    /// Leave out what is not a row, and count it
    ///
    /// Without it the first one is an error, with its line, and nothing is changed.
    #[arg(long)]
    pub(super) skip_bad: bool,

    /// Make room for N wallets
    ///
    /// When the table is made; it grows by itself.
    #[arg(long, value_name = "N")]
    pub(super) capacity: Option<u64>,

    #[command(flatten)]
    pub(super) writing: Writing,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Export {
    /// The table's file
    ///
    /// It may be written meanwhile.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// Leave out rows that are damaged, and count them
    ///
    /// Without it the first one is an error.
    #[arg(long)]
    pub(super) skip_bad: bool,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Get {
    /// The table's file
    ///
    /// It may be written meanwhile.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// Wallets, in base58; none reads standard input
    ///
    /// One a line there; they are looked up in batches.
    #[arg(value_name = "ADDRESS", value_parser = parse_key)]
    pub(super) addresses: Vec<Key>,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Remove {
    /// The table's file
    ///
    /// Beside it lie DB.log, DB.lock and, once something was learned, DB.lots.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// Wallets, in base58; none reads standard input
    ///
    /// One a line there.
    #[arg(value_name = "ADDRESS", value_parser = parse_key)]
    pub(super) addresses: Vec<Key>,

    #[command(flatten)]
    pub(super) writing: Writing,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Put {
    /// The table's file
    ///
    /// Beside it lie DB.log, DB.lock and, once something was learned, DB.lots.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// The wallet, in base58; none reads rows from standard input
    ///
    /// CSV with the header of import, whose columns may be left out and may stand in any order.
    #[arg(value_name = "ADDRESS", value_parser = parse_key)]
    pub(super) address: Option<Key>,

    /// How sure you are of it, from 0 to 1
    ///
    /// Stored as a 32-bit float.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, requires = "address")]
    pub(super) confidence: Option<u32>,

    /// What it is: insider, blacklist, copy, pinned, bot, or a number
    ///
    /// A list separated by commas, which replaces the flags it had; an empty one takes all away.
    #[arg(long, value_name = "FLAG,..", value_parser = Flags::parse, requires = "address")]
    pub(super) flags: Option<u32>,

    /// When it traded last, in seconds since 1970
    ///
    /// 0 for not known.
    #[arg(long, value_name = "SECONDS", requires = "address")]
    pub(super) last_activity: Option<u32>,

    /// Which share of its trades won, from 0 to 1
    ///
    /// Stored as a 32-bit float.
    #[arg(long, value_name = "SHARE", value_parser = parse_share, requires = "address")]
    pub(super) win_rate: Option<u32>,

    /// What a trade gained on average, in the quote token
    ///
    /// Stored as a 32-bit float.
    #[arg(
        long, value_name = "AMOUNT", value_parser = parse_number, requires = "address",
        allow_hyphen_values = true
    )]
    pub(super) avg_profit: Option<u32>,

    /// How many trades it made
    ///
    /// A whole number.
    #[arg(long, value_name = "N", requires = "address")]
    pub(super) trade_count: Option<u32>,

    /// Print the number of each change once it is acknowledged
    ///
    /// As --sync says: what was printed survives. One line a group of changes, with the number of its
    /// last.
    #[arg(long)]
    pub(super) ack: bool,

    #[command(flatten)]
    pub(super) writing: Writing,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Follow {
    /// The table's file
    ///
    /// It need not be written yet.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// Begin with the changes that the log still holds
    ///
    /// Without it, with the next one.
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Filter {
    /// The table's file
    ///
    /// It may be written meanwhile.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    /// Ask for large pages in memory
    ///
    /// As with stat.
    #[arg(long)]
    pub(super) huge: bool,

    #[command(flatten)]
    pub(super) files: Files,

    /// Ask that the table is at least so sure of the wallet, from 0 to 1
    ///
    /// A wallet that is not in the table does not pass.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub(super) min_confidence: Option<u32>,

    /// Ask for at least one of these flags
    ///
    /// A list separated by commas: insider, blacklist, copy, pinned, bot, or numbers.
    #[arg(long, value_name = "FLAG,..", value_parser = Flags::parse)]
    pub(super) any_flag: Option<u32>,

    /// Ask that the wallet has none of these flags
    ///
    /// A list separated by commas. A wallet that is not in the table has none.
    #[arg(long, value_name = "FLAG,..", value_parser = Flags::parse)]
    pub(super) none_flag: Option<u32>,

    /// Turn the verdict around: pass those that do not meet what is asked
    ///
    /// A swap without a wallet, and a wallet whose row was being written at every look, are stopped
    /// all the same.
    #[arg(long)]
    pub(super) invert: bool,

    /// Drop swaps that are stopped
    ///
    /// Each leaves its wallet record and a gap with the reason filtered, by which mev-arb knows that what
    /// it has of that pool is no longer so.
    #[arg(long)]
    pub(super) drop: bool,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Learn {
    /// The table's file
    ///
    /// It is made when there is none.
    #[arg(value_name = "DB")]
    pub(super) db: PathBuf,

    #[command(flatten)]
    pub(super) files: Files,

    /// Reckon in the token with this mint
    ///
    /// Trades against another token are counted and passed over. A table keeps to one; the default is
    /// wrapped SOL.
    #[arg(long, value_name = "KEY", value_parser = parse_key, default_value = WSOL_TEXT)]
    pub(super) quote: Key,

    /// The decimals of that token
    ///
    /// The average profit of a row is in whole tokens.
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u8).range(..19))]
    pub(super) decimals: u8,

    /// Put wallets with at least N trades only
    ///
    /// What others bought is kept until they have as many.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) min_trades: u32,

    #[command(flatten)]
    pub(super) writing: Writing,
}

#[derive(clap::Args, Clone, Debug)]
pub(super) struct Bench {
    /// Wallets in the table
    ///
    /// May be a list separated by commas: a line of results for each.
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_value = "1000000")]
    pub(super) rows: Vec<u64>,

    /// Ask for large pages
    ///
    /// The results say how many bytes are on large pages.
    #[arg(long)]
    pub(super) huge: bool,

    /// Print JSON, one object a regime
    ///
    /// The same as -f json.
    #[arg(long)]
    pub(super) json: bool,
}

/// Wrapped SOL, as the default is written.
const WSOL_TEXT: &str = "So11111111111111111111111111111111111111112";

impl Learn {
    /// What costs and profits are reckoned in.
    pub(super) fn quote(&self) -> Quote {
        Quote { mint: self.quote, decimals: self.decimals }
    }
}

fn parse_key(text: &str) -> Result<Key, String> {
    base58::key(text).ok_or_else(|| "not a base58 address of 32 bytes".to_owned())
}

/// The interval when none is named.
const INTERVAL: Duration = Duration::from_millis(100);

fn parse_sync(text: &str) -> Result<Sync, String> {
    match text.split_once(':') {
        None if text == "always" => Ok(Sync::Always),
        None if text == "interval" => Ok(Sync::Interval(INTERVAL)),
        None if text == "none" => Ok(Sync::None),
        Some(("interval", time)) => parse_duration(time).map(Sync::Interval),
        _ => Err("always, interval, interval:TIME such as interval:50ms, or none".to_owned()),
    }
}

const _: () = assert!(WSOL[0] == 6);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_or_refused() {
        assert_eq!(parse_sync("always"), Ok(Sync::Always));
        assert_eq!(parse_sync("interval"), Ok(Sync::Interval(INTERVAL)));
        assert_eq!(parse_sync("interval:2s"), Ok(Sync::Interval(Duration::from_secs(2))));
        assert_eq!(parse_sync("none"), Ok(Sync::None));
        for bad in ["", "interval:", "interval:2", "never", "always:2s"] {
            assert!(parse_sync(bad).is_err(), "{bad}");
        }
        assert_eq!(parse_key(WSOL_TEXT), Ok(WSOL));
        assert!(parse_key("0OIl").is_err());
    }
}
