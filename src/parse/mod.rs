//! mev-parse: turns packets into swaps, pools and slots.
//!
//! ```text
//! packet --Shred--> window of slots --FEC sets--> batches --> entries --> transactions --dex--> swap
//!                          \--------------------------------------------------> gap, finding, slot
//! datagram of the feed --directory--> swap, pool          account file --dex--> pool, ticks (first)
//! ```
//!
//! | file | does |
//! |---|---|
//! | `deshred` | shreds into batches: duplicates, recovery, checks, contradictions, bounded memory |
//! | `stage` `decode` | the core: which slot when, rows of a batch, a slot's last words |
//! | `batch` `rows` | a batch's bytes; a transaction into rows |
//! | `crew` | several threads over one input |
//! | `eager` | batches that are read before they are whole |
//! | `poh` | the proof of history of a slot |
//! | `fresh` | account files that grow beside the packets |
//! | `feed` `accounts` | what is not a shred: the toolkit's own datagrams, account files |
//! | `input` | inputs that are no captures: dumps, transactions as text |
//! | `tally` `version` | every packet counted once, by what it was or why it was refused |
//!
//! Invariants:
//! - Every packet is counted once (`tally`), every hole becomes a gap record.
//! - In slot order rows are sorted by (slot, batch, transaction, instruction), and the output does
//!   not depend on the order of the packets, nor on which shreds were recovered, but for `rx_ns`,
//!   the counts of shreds, and findings, which come as they are found and depend on what was first.
//!   The output is the same bytes for any number of threads.
//! - Memory is reserved at construction and bounded by `--slots-max` and `--shreds-max`; after it
//!   nothing is allocated for a packet, a batch or a transaction. Shreds of a mapped capture stay
//!   where they lie.
//! - Nothing is guessed but the start of a batch whose first shreds are missing, and that only
//!   where a FEC set starts and every byte up to the batch's end reads as entries.

#![deny(clippy::indexing_slicing, clippy::float_arithmetic)]

mod accounts;
mod args;
mod batch;
mod crew;
mod decode;
mod deshred;
mod drift;
mod eager;
mod feed;
mod fresh;
pub mod input;
mod poh;
mod rederive;
mod rows;
mod run;
mod stage;
mod table;
mod tally;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_wire;
mod version;

pub use crate::wire::leaders::{Leaders, Schedule};
pub use accounts::Told;
pub use deshred::{Limits, Verify};
pub use drift::{Drift, Unknown};
pub use feed::Feed;
pub use rederive::{Difference, Outcome, Rederivation};
pub use rows::{Executed, Inner, TokenBalance, Wanted, Whole};
pub use stage::{Config, Order, Parser, TxPlace};
pub use table::coverage;
pub use tally::Tally;

use crate::cli::Tool;
use crate::record::{Finding, Layout, Liquidity, Packet, Pool, Producer, Slot, Swap, Ticks, Txn};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-parse",
    producer: Producer::Parse,
    about: "Turns packets into swaps, pools and slots",
    reads: &[Packet::SCHEMA],
    writes: &[
        Swap::SCHEMA,
        Pool::SCHEMA,
        Ticks::SCHEMA,
        Txn::SCHEMA,
        Slot::SCHEMA,
        Liquidity::SCHEMA,
        Finding::SCHEMA,
    ],
    keeps: &[],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[
        "Reads packets, as records or as captures (pcap, pcapng), puts shreds together into slots, \
         recovers what was lost from code shreds, and writes what every transaction asks of the \
         venues it knows; mev-parse venues lists them, with the evidence for each. After the rows of \
         a slot comes its record: what was there, whether it is complete, the verdicts of the checks.",
        "Rows of swaps have one of three roles, in the column role. An intent is what an instruction \
         asks for: the exact amount and the limit. A fill is what was moved, with its source: the \
         program's own event, else the token transfers below the instruction, else the owner's \
         balances before and after where the transaction has one swap. A route is an aggregator's \
         whole; its legs carry its route_id. Amounts of different roles do not add up: --rows chooses \
         what is written. Adds and removes, creations, fees and changes of configuration are \
         liquidity records.",
        "With --txns a transaction itself is written before its rows, as a txn record: its wire bytes, where \
         it stands, and whether it is pending (its bytes came alone), in a block (it came in shreds), \
         executed or failed. mev-bundle makes back-runs with it.",
        "With --accounts the pools' state comes first: pool records, with mints, vaults, balances and \
         fees joined, and ticks records with the ticks, bins or levels beside the price. A pool of \
         which an account is missing is left out, named on standard error with the role and key of \
         that account, and counted in --stats as pool_part_missing. A pool with a rule that is not modelled is written with status \
         unsupported. Lookup tables among the accounts give swaps the keys that only they hold; \
         tables that transactions create or extend are learned as they come.",
        "Inputs are told apart by their first bytes, each by itself, and there may be several: record \
         streams; captures; dumps of the ShredStream proxy (borsh packets, without times); and text, \
         in which each line or JSON document is told apart by itself. Text is a transaction in \
         base64 or base58 a line; a result of getTransaction, alone or in its reply, in encoding \
         base64, base58 or json; a reply of getBlock. A block does not say its own slot: put the \
         request before it, as in the examples, or a field slot into it. What a text does not say \
         is absent: slot is then 0, rx_ns is the block's time or 0. What the chain says of a \
         transaction (meta) makes its rows fills. A bad line or document is refused, counted \
         under inputs_refused and warned of with its line, and reading goes on; with --check it \
         is fault. Text rows keep their own order.",
        "A transaction in a shred is an intent: it may still fail on chain, and the amounts are \
         those of its instruction. Keys that come from address lookup tables are not on the wire; \
         without the table such fields are absent and counted in --stats.",
        "What a venue's decoder cannot read is counted by program and discriminator, with the reason: \
         --drift prints the table, so that a changed program shows the same hour. mev-parse verify \
         takes executed transactions and reckons each fill again with the venue's own integer formula \
         from the state that its event tells; it lists what differs, and its status is 1 when \
         something does.",
        "A leader that makes two versions of one thing is reported as a finding: two shreds for one \
         place, two signatures or forms of one FEC set, two ends of a slot, and with --verify merkle a \
         set that names another root for the set before it. The first version stays, the other is \
         refused (shred_conflict, set_conflict, last_conflict); a finding holds both signatures and \
         roots. It is proven when --verify leader finds both signed, and refuted when one of the two \
         cannot be the leader's: a damaged copy. There is one a place, and at most 64 a slot.",
        "Ledgers of before SIMD-0317 and SIMD-0337 do not follow their rules, so that these refuse \
         nothing: --stats counts shreds that break them under notes, as set_not_fixed and \
         end_not_aligned.",
        "Every packet is counted once: packets is the sum of shreds_data, shreds_code, \
         shreds_duplicate, feed_swaps, feed_updates and the counts under refused.",
    ],
    examples: &[
        ("mev-parse block.pcap --only slot -f json", "what a capture holds, slot by slot"),
        (
            "mev-capture udp 0.0.0.0:8001 | mev-parse --accounts pools.jsonl | mev-arb",
            "live, with the pools' state from an RPC reply",
        ),
        (
            "mev-parse serialized_shreds.bin --only slot -f json",
            "a dump of the ShredStream proxy, told by its first bytes",
        ),
        ("mev-parse lines --only swap -f json", "transactions one a line, in base64 or base58"),
        (
            "mev-parse txs.jsonl --only swap -f json",
            "replies of getTransaction, or their results, one after another",
        ),
        (
            "mev-parse txs.jsonl --rows fill --only swap -f csv --human",
            "what was really moved, and nothing else",
        ),
        (
            "mev-parse lines --txns --only txn,swap -f json",
            "each transaction that swaps, whole, and then what it asks for",
        ),
        ("mev-parse verify txs.jsonl", "each fill reckoned again with its venue's own formula"),
        (
            "mev-parse --accounts accounts.jsonl --only pool,ticks -f json",
            "pools and ticks out of accounts, as getProgramAccounts gives them",
        ),
        ("mev-parse block.pcap --only slot --drift", "what no decoder could read, by program"),
        (
            "cat request.json reply.json | mev-parse --only swap -f json",
            "a block: the request of getBlock, which names the slot, and its reply",
        ),
        (
            "mev-parse packets.rec lines packets.pcap - --stats",
            "several inputs at once, standard input (-) the last",
        ),
        (
            "mev-parse --follow -n 2 --only swap -f json grows",
            "a file that is still being written, until two rows came",
        ),
        (
            "mev-parse demo.pcap --verify merkle,leader,poh --leader KEY --check",
            "prove a capture: status 0 when every check holds",
        ),
        (
            "mev-parse *.pcap --verify merkle,leader --leaders schedule.txt --only finding -f json",
            "who equivocated, with the evidence; schedule.txt is what solana leader-schedule prints",
        ),
    ],
};
