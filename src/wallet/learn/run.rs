//! Reads fills and puts what follows from them.

use super::{Fill, Lots, Refused, fill_of, learn};
use crate::cli::{Frame, Named, Progress, Stats};
use crate::error::{Error, Exit, Result};
use crate::record::{self, Layout, Swap};
use crate::stream;
use crate::wallet::args::Learn;
use crate::wallet::row::{Address, Row};
use crate::wallet::run::{ROWS, say_opening};
use crate::wallet::store::log::Change;
use crate::wallet::store::{Options, Writer};
use crate::wallet::table::Whole;
use std::collections::HashMap;
use std::time::Duration;

/// Changes of a group, at most.
const GROUP: usize = 1 << 12;

/// How long one who waits for input waits before it looks what else is due.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Does the work.
pub(in crate::wallet) fn run(frame: &Frame, args: &Learn) -> Result<Exit> {
    let inputs = args.files.named()?;
    let options = Options::new(args.writing.sync);
    let writer = if args.db.exists() {
        Writer::open(&args.db, options)?
    } else {
        Writer::create(&args.db, ROWS, options)?
    };
    say_opening(frame, &writer);
    let mut learner = Learner { writer, args, rows: HashMap::new(), counts: Counts::default() };
    learner.writer.lots(args.quote())?;
    let done = inputs.iter().try_for_each(|named| learner.file(frame, named));
    // What was whole before an error counts.
    learner.writer.commit()?;
    let stats = learner.stats()?;
    learner.writer.close()?;
    done?;
    frame.report(&stats);
    Ok(Exit::Done)
}

#[derive(Default)]
struct Counts {
    swaps: u64,
    fills: u64,
    repeated: u64,
    trades: u64,
    pinned: u64,
    refused: [u64; Refused::NAMES.len()],
}

struct Learner<'a> {
    writer: Writer,
    args: &'a Learn,
    /// Rows that were put and need not be in the table yet.
    rows: HashMap<Address, Row>,
    counts: Counts,
}

impl Learner<'_> {
    /// Takes a stream.
    fn file(&mut self, frame: &Frame, named: &Named) -> Result<()> {
        let opened = named.open(frame)?;
        let mut progress = Progress::new(&frame.common, opened.file_len());
        let (source, pipe) = opened.into_source();
        let mut reader = stream::Reader::new(source);
        if frame.common.follow {
            reader = reader.until_end();
        }
        loop {
            if let Some(ready) = &pipe
                && !reader.is_ready()
            {
                self.writer.commit()?;
                while !ready.wait(LOOK_EVERY)? {
                    self.writer.idle()?;
                }
            }
            progress.at(reader.position());
            let wrong = |e: Error| e.input(named.name());
            let Some(record) = reader.next().map_err(wrong)? else { break };
            if record.kind() == Swap::SCHEMA.kind {
                record::check(record).map_err(wrong)?;
                if let Some(swap) = record.typed::<Swap>() {
                    self.swap(swap)?;
                }
            }
        }
        progress.finish();
        Ok(())
    }

    fn swap(&mut self, swap: &Swap) -> Result<()> {
        self.counts.swaps += 1;
        match fill_of(swap, &self.args.quote()) {
            Ok(fill) => self.fill(&fill),
            Err(reason) => {
                if let Some(count) = self.counts.refused.get_mut(reason as usize) {
                    *count += 1;
                }
                Ok(())
            }
        }
    }

    fn fill(&mut self, fill: &Fill) -> Result<()> {
        self.counts.fills += 1;
        let old = self.rows.get(&fill.wallet).copied();
        let old = old.or_else(|| match self.writer.table().get(&fill.wallet) {
            Whole::Known(row) => Some(row),
            Whole::Absent | Whole::Busy => None,
        });
        let lots = self.writer.lots(self.args.quote())?;
        let before = lots.trades(&fill.wallet).map_or(0, |trades| trades.trades);
        let changes = learn(lots, fill, old, self.args.min_trades);
        let after = lots.trades(&fill.wallet).map_or(0, |trades| trades.trades);
        let traded = after > before;
        self.counts.repeated += u64::from(changes.is_empty());
        self.counts.trades += u64::from(traded);
        self.counts.pinned += u64::from(
            old.is_some_and(|row| traded && row.flags & crate::wallet::row::Flags::PINNED != 0),
        );
        for change in changes {
            if let Change::Put(row) = change {
                self.rows.insert(row.address, row);
            }
            self.writer.stage(change);
        }
        if self.writer.staged() >= GROUP { self.writer.commit().map(drop) } else { Ok(()) }
    }

    fn stats(&mut self) -> Result<Stats> {
        self.writer.flush()?;
        let wallets = self.writer.live();
        let lots: &Lots = self.writer.lots(self.args.quote())?;
        let (open, known) = (lots.open(), lots.fills());
        let counts = &self.counts;
        let mut stats = Stats::default();
        stats
            .number("swaps", counts.swaps)
            .number("fills", counts.fills)
            .number("repeated", counts.repeated)
            .number("trades", counts.trades)
            .number("pinned", counts.pinned)
            .number("fills_known", known)
            .number("lots_open", open)
            .number("wallets", wallets)
            .counts("refused", Refused::NAMES.iter().copied().zip(counts.refused));
        Ok(stats)
    }
}
