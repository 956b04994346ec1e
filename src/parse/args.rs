//! The command line.

use super::deshred::{Limits, Verify};
use super::rows::{Wanted, Whole};
use super::stage::{Config, Order};
use crate::bytes::base58;
use crate::cli::Files;
use crate::error::{Error, Result};
use crate::ids::Key;
use crate::wire::leaders::Leaders;
use clap::{Subcommand, ValueEnum};
use std::path::PathBuf;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) task: Option<Task>,

    #[command(flatten)]
    pub(super) files: Files,

    /// Write rows by slot or as they arrive
    ///
    /// `slot` writes each slot in the order of its transactions, when it is whole and no lower
    /// slot is waited for; the output does not depend on the order of the packets. `arrival`
    /// writes a batch's rows as soon as its last shred came; rows whose number in the slot is not
    /// known yet have no tx_index. The default is arrival for a live record stream (from a pipe, its
    /// first packet less than a minute old) and with --follow, else slot.
    #[arg(long, value_enum, value_name = "ORDER")]
    order: Option<OrderArg>,

    /// Write a transaction's rows before its batch is whole
    ///
    /// As soon as all shreds from the batch's start to the transaction's last byte are there; implies
    /// --order arrival. A row has the receive time of the packet that made it possible, and no
    /// tx_index until every batch before it was read. Of a batch whose end never comes, or turns out
    /// to be damaged, the rows before the hole were written.
    #[arg(long)]
    eager: bool,

    /// What to check: merkle, leader, poh, or none
    ///
    /// `merkle`: each shred's proof leads to the root of its FEC set; one that does not is refused.
    /// Where a chained set names another root for the set before it than that set has, a finding is
    /// written and the slot's verdict is bad. `leader`: the leader has signed the root; needs
    /// --leaders or --leader; one that is not signed is refused. A slot whose leader is not known is
    /// unchecked and counted as leader_unknown.
    /// `poh`: each entry's hash follows from the one before. It costs what the leader spent on
    /// hashing, so leave it out (none) where latency counts. The verdicts are in the slot records;
    /// with --check a bad one gives status 1.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "poh", value_name = "LIST")]
    verify: Vec<VerifyArg>,

    /// Key that must have signed the shreds, base58
    ///
    /// For --verify leader: the identity of the one leader of all slots.
    #[arg(long, value_name = "KEY")]
    leader: Option<String>,

    /// Read who leads which slot
    ///
    /// For --verify leader: lines SLOT KEY (as `solana leader-schedule` prints) or FIRST-LAST KEY, or
    /// the JSON reply of getLeaderSchedule, which needs --epoch-start or a field firstSlot beside its
    /// result.
    #[arg(long, value_name = "FILE")]
    pub(super) leaders: Option<PathBuf>,

    /// First slot of the epoch of --leaders
    ///
    /// From which the indexes of getLeaderSchedule count: absoluteSlot less slotIndex of
    /// getEpochInfo.
    #[arg(long, value_name = "SLOT")]
    pub(super) epoch_start: Option<u64>,

    /// Read accounts: the pools' state before the packets
    ///
    /// Lines {"pubkey","account"[,"slot"]}, or the reply of getProgramAccounts or
    /// getMultipleAccounts, data in base64. Pools and tick arrays are written first, flagged
    /// snapshot, and tell mints and directions that an instruction does not carry. A folder named
    /// after a Meteora DLMM pair holds its accounts as raw bytes: lb_pair.bin, bin_array_1.bin and
    /// so on, reserve_x.bin, reserve_y.bin, token_x_mint.bin, token_y_mint.bin. The clock sysvar, if
    /// it is among them, tells which transfer fee holds and whether a pool is open. With --follow the
    /// lines that are appended to a file later are read too, and what they change is written as
    /// snapshots again (mev-capture accounts --every 1s appends them). May be repeated.
    /// Without FILE, and with a terminal or /dev/null as standard input, accounts are all there is
    /// to read.
    #[arg(long, value_name = "FILE")]
    pub(super) accounts: Vec<PathBuf>,

    /// Read the directory of the toolkit's own feed
    ///
    /// Lines {"pool_id","venue","mint_0","mint_1","pool"}. Datagrams of a pool that it does not
    /// name are refused as unknown_pool.
    #[arg(long, value_name = "FILE")]
    pub(super) pools: Option<PathBuf>,

    /// Accept only shreds of this version
    ///
    /// Without it the version of most recent shreds counts, and others are refused as
    /// shred_version.
    #[arg(long, value_name = "N")]
    shred_version: Option<u16>,

    /// Keep at most N slots in flight
    ///
    /// When a shred of one more slot comes, a slot is given up: its rows are written, then a gap
    /// and its record. In slot order it is the lowest, else the one that was silent longest.
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.slots_max, value_parser = clap::value_parser!(u32).range(1..=4096))]
    slots_max: u32,

    /// Store at most N shreds
    ///
    /// Each takes 40 bytes, and 1280 more for a copy unless a capture file holds it. Both are
    /// reserved at the start and used as they are needed; the default is 330 MiB. When N are stored,
    /// a slot is given up as with --slots-max.
    #[arg(long, value_name = "N", default_value_t = Limits::DEFAULT.shreds_max, value_parser = clap::value_parser!(u32).range(64..=16_777_216))]
    shreds_max: u32,

    /// Write only these rows: intent, fill, route
    ///
    /// `intent` is what an instruction asks for, known before it executes; `fill` what it moved,
    /// from an event, transfers or balances; `route` an aggregator's whole. --only chooses kinds of
    /// records, this chooses among swap records.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "intent,fill,route",
        value_name = "LIST"
    )]
    rows: Vec<RowArg>,

    /// Write transactions themselves, too, each before its rows
    ///
    /// As txn records, with all wire bytes: `rows` those that have a row, `all` votes and others too.
    /// mev-bundle makes back-runs with them. --only with txn among its kinds means all, unless this
    /// says otherwise.
    #[arg(
        long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true,
        default_missing_value = "rows"
    )]
    txns: Option<WholeArg>,

    /// Print what could not be decoded, by venue
    ///
    /// At the end, on standard error: instructions of known programs with an unknown discriminator,
    /// short data or too few accounts, and the unknown discriminators with their counts. A layout
    /// that has changed shows there.
    #[arg(long)]
    pub(super) drift: bool,

    /// Use N threads: one reads, and slots are written by all
    ///
    /// Each gets a processor of its own where there are as many. Output and counters do not depend
    /// on N. In arrival order one thread does everything.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: u16,

    /// Leave instructions alone: write slots and no rows
    ///
    /// Transactions are found, checked and counted, and nothing is looked for in them. The slot
    /// records then count no swaps.
    #[arg(long)]
    no_rows: bool,
}

/// What to do instead of filtering.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Task {
    /// Reckons every fill again with the venue's own formula
    ///
    /// From the state that the fill's event tells. Prints a table by venue, and each difference
    /// with its signature. Status 1 when something differs or nothing could be reckoned again.
    Verify(Files),
    /// Lists the venues and what is covered of each
    ///
    /// Intents, fills and pools, each graded by its evidence: live (checked against mainnet
    /// transactions or accounts), source (read from the program's own), third party, unverified.
    Venues,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RowArg {
    /// What an instruction asks for
    Intent,
    /// What was moved
    Fill,
    /// An aggregator's whole
    Route,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WholeArg {
    /// Those that have a row
    Rows,
    /// All
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OrderArg {
    /// By slot, batch, transaction and instruction
    Slot,
    /// As batches become whole
    Arrival,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum VerifyArg {
    /// Merkle proofs of shreds
    Merkle,
    /// Leader signatures of shreds
    Leader,
    /// Proof of history of entries
    Poh,
    /// Nothing
    None,
}

impl Args {
    /// Whether accounts were named and nothing else, so that standard input may be left alone.
    pub(super) fn only_accounts(&self) -> bool {
        self.files().files.is_empty() && !self.accounts.is_empty()
    }

    /// The inputs, of the subcommand if there is one.
    pub(super) fn files(&self) -> &Files {
        match &self.task {
            Some(Task::Verify(files)) => files,
            Some(Task::Venues) | None => &self.files,
        }
    }

    /// The one leader's key; none when there is a file, or leaders are not checked.
    fn leader(&self) -> Result<Option<Key>> {
        let asked = self.verify.contains(&VerifyArg::Leader);
        match (asked, &self.leader, &self.leaders) {
            (_, Some(_), Some(_)) => {
                return Err(Error::usage("--leader and --leaders both say who leads")
                    .hint("leave one of them out"));
            }
            (true, None, None) => {
                return Err(Error::usage("--verify leader needs to know who leads")
                    .hint("add --leaders FILE, a leader schedule, or --leader KEY"));
            }
            (false, Some(_), _) | (false, _, Some(_)) => {
                let which = if self.leader.is_some() { "--leader" } else { "--leaders" };
                return Err(Error::usage(format!("{which} has nothing to check"))
                    .hint("add leader to --verify, such as --verify leader,poh"));
            }
            _ => {}
        }
        if self.epoch_start.is_some() && self.leaders.is_none() {
            return Err(Error::usage("--epoch-start belongs to --leaders").hint("add --leaders"));
        }
        let key = |text: &String| {
            base58::key(text).ok_or_else(|| Error::usage("--leader: no public key in base58"))
        };
        self.leader.as_ref().map(key).transpose()
    }

    /// The parser's configuration, without the schedule of --leaders; rows are ordered by `default` unless the user said.
    ///
    /// # Errors
    /// Status 2 when options contradict each other or the leader is no key.
    pub(super) fn config(&self, default: Order) -> Result<Config> {
        let asked = |what| self.verify.contains(&what);
        if asked(VerifyArg::None) && self.verify.iter().any(|what| *what != VerifyArg::None) {
            return Err(Error::usage("--verify: none stands alone"));
        }
        let leader = self.leader()?;
        let order = match (self.eager, self.order) {
            (true, Some(OrderArg::Slot)) => {
                return Err(Error::usage("--eager writes rows as they arrive")
                    .hint("leave --order slot or --eager out"));
            }
            (true, _) => Order::Eager,
            (false, Some(OrderArg::Slot)) => Order::Slot,
            (false, Some(OrderArg::Arrival)) => Order::Arrival,
            (false, None) => default,
        };
        let leader = leader.map(Leaders::One);
        let verify =
            Verify { merkle: asked(VerifyArg::Merkle), leader, poh: asked(VerifyArg::Poh) };
        let limits = Limits { slots_max: self.slots_max, shreds_max: self.shreds_max };
        let row = |row| !self.no_rows && self.rows.contains(&row);
        let rows = Wanted {
            intents: row(RowArg::Intent),
            fills: row(RowArg::Fill),
            routes: row(RowArg::Route),
            liquidity: !self.no_rows,
            rederived: matches!(self.task, Some(Task::Verify(_))),
            txns: match self.txns {
                None => Whole::None,
                Some(WholeArg::Rows) => Whole::WithRows,
                Some(WholeArg::All) => Whole::All,
            },
        };
        Ok(Config { order, verify, limits, shred_version: self.shred_version, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Args as _, FromArgMatches};

    fn config(line: &str) -> Result<Config> {
        let command = Args::augment_args(clap::Command::new("mev-parse").no_binary_name(true));
        let matches = command.try_get_matches_from(line.split_whitespace()).unwrap();
        Args::from_arg_matches(&matches).unwrap().config(Order::Slot)
    }

    #[test]
    fn checks_are_those_asked_for() {
        let plain = config("").unwrap();
        assert!(plain.verify.poh && !plain.verify.merkle && plain.order == Order::Slot);
        let none = config("--verify none --order arrival").unwrap();
        assert!(!none.verify.poh && none.order == Order::Arrival);
        let all =
            "--verify merkle,leader,poh --leader 4rBaC4tZ4bd7fDGQpWpesBSmgqYmMzkASuZsZkbHCrBK";
        let all = config(all).unwrap().verify;
        assert!(all.merkle && all.poh && all.leader.is_some());
        let file = config("--verify leader --leaders f --epoch-start 5").unwrap().verify;
        assert!(file.leader.is_none());
        for line in ["--eager", "--eager --order arrival"] {
            assert_eq!(config(line).unwrap().order, Order::Eager);
        }
    }

    #[test]
    fn contradictions_are_refused() {
        for line in [
            "--verify none,poh",
            "--verify leader",
            "--leader 11111111111111111111111111111111",
            "--verify leader --leader nonsense",
            "--leaders file",
            "--epoch-start 7",
            "--verify leader --leader 11111111111111111111111111111111 --epoch-start 7",
            "--verify leader --leader 11111111111111111111111111111111 --leaders file",
            "--eager --order slot",
        ] {
            assert_eq!(config(line).unwrap_err().exit(), crate::error::Exit::Usage, "{line}");
        }
    }
}
