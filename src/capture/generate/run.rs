//! The I/O of the generator.

use super::super::out::Out;
use super::accounts;
use super::args;
use super::block::{Block, Blocks, Plan};
use super::feed::{Event, Feed};
use super::impair::Impairer;
use super::stamp;
use super::traffic::Traffic;
use super::world::{Token, World};
use crate::bytes::base58;
use crate::cli::{Common, Format, Frame, Progress, Stats, Target};
use crate::error::{Error, Exit, Result};
use crate::sys::signal;
use std::fs::Permissions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A file beside the output, which appears whole.
struct Side {
    to: BufWriter<Target>,
}

impl Side {
    /// Opens `path` under the rules of `--output`, before anything is made.
    fn open(frame: &Frame, path: Option<&Path>) -> Result<Option<Self>> {
        let Some(path) = path else { return Ok(None) };
        if path.as_os_str() == "-" {
            let what = "standard output takes the packets, and no other file";
            return Err(Error::usage(what).hint("name a file"));
        }
        let output = Some(path.to_owned());
        let common =
            Common { output, in_place: false, format: Format::Text, ..frame.common.clone() };
        Target::open(&common).map(|target| Some(Self { to: BufWriter::new(target) }))
    }

    fn put(&mut self, text: &str) -> Result<()> {
        self.to.write_all(text.as_bytes()).map_err(|e| Error::os("cannot write", &e))
    }

    /// Lets nobody but its owner read it.
    fn private(self) -> Result<Self> {
        if let Target::File { file, .. } = self.to.get_ref() {
            let mode = Permissions::from_mode(0o600);
            file.set_permissions(mode).map_err(|e| Error::os("cannot set permissions", &e))?;
        }
        Ok(self)
    }

    /// Writes all of `text`.
    fn whole(mut self, text: &str) -> Result<()> {
        self.put(text)?;
        self.finish()
    }

    fn finish(self) -> Result<()> {
        let target = self.to.into_inner();
        target.map_err(|e| Error::os("cannot write", &e.into_error()))?.finish()
    }
}

/// What was made, for the report.
#[derive(Default)]
struct Made {
    slots: u64,
    batches: u64,
    entries: u64,
    txns: u64,
    swaps: u64,
    failing: u64,
}

impl Made {
    fn count(&mut self, block: &Block) {
        self.slots += 1;
        self.batches += block.batches;
        self.entries += block.entries;
        self.txns += block.txns.len() as u64;
        let swaps = block.txns.iter().filter_map(|txn| txn.swap.as_ref());
        for swap in swaps {
            self.swaps += 1;
            self.failing += u64::from(swap.amount_out.is_none());
        }
    }
}

/// `gen shreds`.
pub(in crate::capture) fn shreds(frame: &Frame, args: &args::Shreds) -> Result<Exit> {
    let (scale, mix) = (args.scale()?, args.mix()?);
    let accounts_file = Side::open(frame, args.accounts_out.as_deref())?;
    let leader_file = Side::open(frame, args.leader_out.as_deref())?;
    let key_file = Side::open(frame, args.keypair_out.as_deref())?;
    let mut out = Out::open(frame)?;
    let world = World::new(args.seed, &scale);
    let accounts = accounts::all(&world);
    let before = args.first_slot.saturating_sub(1);
    if let Some(mut file) = accounts_file {
        accounts.iter().try_for_each(|account| file.put(&account.line(before)))?;
        file.finish()?;
    }
    let plan = Plan {
        first_slot: args.first_slot,
        txs_per_slot: args.txs_per_slot,
        hashes_per_tick: args.hashes_per_tick,
        shred_version: args.shred_version,
    };
    let traffic = Traffic::new(args.seed, world, &accounts, before, mix);
    let mut blocks = Blocks::new(args.seed, traffic, plan);
    if let Some(file) = leader_file {
        file.whole(&format!("{}\n", base58::Key(blocks.leader())))?;
    }
    if let (Some(file), [wallet, ..]) = (key_file, blocks.traffic().wallets()) {
        file.private()?.whole(&wallet.signer.key_file())?;
    }
    let mut impairer = Impairer::new(args.seed, args.impair());
    let mut made = Made::default();
    let progress = Progress::of_items(&frame.common, args.slots);
    for ordinal in 0..args.slots {
        if out.is_full() || signal::stop_requested() {
            break;
        }
        let block = blocks.next_block().map_err(|why| {
            let what =
                format!("slot {} cannot be shredded: {}", args.first_slot + ordinal, why.name());
            Error::usage(what).hint("lower --txs-per-slot")
        })?;
        made.count(&block);
        let packets = impairer.pass(block.packets);
        let count = packets.len() as u64;
        for (index, packet) in (0..).zip(&packets) {
            out.put(&stamp::datagram(stamp::stamp_ns(ordinal, index, count), packet), None)?;
        }
        progress.set(ordinal + 1);
    }
    progress.finish();
    out.finish(frame, |stats| {
        stats.number("seed", args.seed).number("slots", made.slots);
        stats.number("batches", made.batches).number("entries", made.entries);
        stats.number("txns", made.txns).number("swaps", made.swaps);
        stats.number("failing", made.failing);
        let counts = impairer.counts;
        stats.number("sent", counts.sent).number("lost", counts.lost);
        stats.number("duplicated", counts.duplicated).number("corrupted", counts.corrupted);
        stats.number("reordered", counts.reordered);
    })
}

/// `gen feed`.
pub(in crate::capture) fn feed(frame: &Frame, args: &args::Feed) -> Result<Exit> {
    let shape = args.shape()?;
    let directory = Side::open(frame, args.pools_out.as_deref())?;
    let mut out = Out::open(frame)?;
    let tokens = Token::draw_all(args.seed, args.tokens);
    let mut feed = Feed::new(args.seed, &tokens, args.pools_per_pair, shape);
    if let Some(file) = directory {
        file.whole(&feed.directory())?;
    }
    let start_ns = stamp::stamp_ns(0, 0, 1);
    for update in feed.start(args.first_slot - 1, start_ns) {
        out.put(&stamp::datagram(start_ns, update.bytes()), None)?;
    }
    let (mut counts, per_slot) = ([0; 3], args.per_slot.get());
    let progress = Progress::of_items(&frame.common, args.count);
    for number in 0..args.count {
        if out.is_full() || signal::stop_requested() {
            break;
        }
        let (slot, within) = (number / per_slot, number % per_slot);
        // A swap, and half a step later its pool's state.
        let stamp = |half| stamp::stamp_ns(slot, 2 * within + half, per_slot.saturating_mul(2));
        let Some(event) = feed.next(args.first_slot.saturating_add(slot), stamp(1)) else {
            frame.warn("no swap of the asked-for kind is possible any more");
            break;
        };
        let Event { kind, swap, update } = event;
        if let Some(count) = counts.get_mut(kind as usize) {
            *count += 1;
        }
        out.put(&stamp::datagram(stamp(0), swap.bytes()), None)?;
        out.put(&stamp::datagram(stamp(1), update.bytes()), None)?;
        if number.is_multiple_of(1024) {
            progress.set(number);
        }
    }
    progress.finish();
    out.finish(frame, |stats| report(stats, args.seed, counts))
}

fn report(stats: &mut Stats, seed: u64, [large, small, tight]: [u64; 3]) {
    stats.number("seed", seed).number("swaps", large + small + tight);
    stats.counts("kinds", [("large", large), ("small", small), ("tight", tight)]);
}
