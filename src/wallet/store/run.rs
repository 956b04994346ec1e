//! The one writer of a table.

use super::bulk::{Bulk, too_large};
use super::files::{self, Lock, Paths, refused, sync_folder};
use super::log::{self, Change, Contents, Logged};
use super::{File as Which, Step, Sync};
use crate::error::{Error, Result};
use crate::mem::{AtomicLine, Lanes, Lines, Shared, pairs_are_whole};
use crate::time::Stopwatch;
use crate::wallet::learn::{Lots, Quote};
use crate::wallet::row::Address;
use crate::wallet::table::check::{Repaired, Since};
use crate::wallet::table::edit::{Full, Steps};
use crate::wallet::table::head::set_moving;
use crate::wallet::table::{Edit, Geometry, Head, Heap, Standing, State, Table};
use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of the log at which it is cut; and those up to which a writer that closes leaves it.
const CUT_LEN: u64 = 16 << 20;
const LEAVE_LEN: u64 = 1 << 20;

/// How a table is written.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// When a change counts as written.
    pub sync: Sync,
    /// The number of this run of the machine, by which a power cut is noticed.
    pub boot: u64,
    /// Bytes of the log at which it is cut.
    pub cut_len: u64,
}

impl Options {
    /// As `sync` says, on this machine.
    pub fn new(sync: Sync) -> Self {
        Self { sync, boot: files::boot(), cut_len: CUT_LEN }
    }
}

/// What was found and done when a table was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// What a repair did, if one was due.
    pub repaired: Option<Repaired>,
    /// Changes of the log that were made again.
    pub replayed: u64,
    /// Bytes of a change that was not whole.
    pub cut_len: u64,
}

/// The one writer of a table, of all processes.
#[derive(Debug)]
pub struct Writer<S: Steps + Clone = ()> {
    paths: Paths,
    options: Options,
    shared: Shared,
    head: Head,
    lanes: Lanes,
    /// Wallets and used slots of the table.
    counts: [u64; 2],
    log: Log,
    /// Changes of the next group.
    staged: Vec<Change>,
    /// Changes that the log has and the table has not.
    waiting: Vec<Change>,
    /// Number of the last change that was acknowledged, and of the last that the table has.
    sequence: u64,
    applied: u64,
    synced: Stopwatch,
    lots: Option<Lots>,
    opening: Opening,
    steps: S,
    /// Held until this is dropped.
    _lock: Lock,
}

/// The log's file.
#[derive(Debug)]
struct Log {
    file: File,
    len: u64,
    /// Bytes of it are not on the disk yet.
    dirty: bool,
    /// It holds fills.
    fills: bool,
    /// A write failed and could not be undone.
    broken: bool,
}

impl Writer {
    /// Makes an empty table with room for `rows` wallets at `path`.
    ///
    /// # Errors
    /// Status 2 when a file is there; status 5 when the system refuses.
    pub fn create(path: &Path, rows: u64, options: Options) -> Result<Self> {
        Writer::create_with(path, rows, options, ())
    }

    /// Opens the table at `path`; what the last writer left undone is done first.
    ///
    /// # Errors
    /// Those of [`Head::read`] and [`log::read`]; status 5 when another process writes it, or the system
    /// refuses.
    pub fn open(path: &Path, options: Options) -> Result<Self> {
        Writer::open_with(path, options, ())
    }
}

impl<S: Steps + Clone> Writer<S> {
    /// As [`Writer::create`], telling `steps` of each step.
    ///
    /// # Errors
    /// As [`Writer::create`].
    pub fn create_with(path: &Path, rows: u64, options: Options, steps: S) -> Result<Self> {
        let paths = Paths::of(path);
        let lock = files::lock(&paths)?;
        if path.exists() {
            return Err(Error::usage("the table exists")
                .input(paths.name())
                .hint("walletdb import adds to it"));
        }
        let [id, one, other] = files::random()?;
        let seeds = [one, other];
        let geometry = Geometry::for_rows(rows).ok_or_else(|| too_large(rows, &paths.name()))?;
        let head = Head { geometry, id, seeds, generation: 1, base: 0, whole: pairs_are_whole() };
        // What is left of a table that was here is not of this one.
        for old in [&paths.log, &paths.lots] {
            match std::fs::remove_file(old) {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(refused("cannot remove an old log", &e, &paths));
                }
                _ => {}
            }
        }
        let heap = Heap::new(head);
        let standing =
            Standing { state: State::Synced, boot: options.boot, live: 0, used: 0, sequence: 0 };
        standing.write(heap.lines());
        put_in_place(&paths, &heap, None, &steps)
            .map_err(|e| refused("cannot create", &e, &paths))?;
        Self::opened(paths, lock, options, steps)
    }

    /// As [`Writer::open`], telling `steps` of each step.
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub fn open_with(path: &Path, options: Options, steps: S) -> Result<Self> {
        let paths = Paths::of(path);
        if !path.exists() {
            let error = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(refused("cannot open", &error, &paths));
        }
        let lock = files::lock(&paths)?;
        Self::opened(paths, lock, options, steps)
    }

    fn opened(paths: Paths, lock: Lock, options: Options, steps: S) -> Result<Self> {
        let (shared, head) = map(&paths)?;
        let standing = Standing::read(Lines::new(shared.atomic_lines()));
        let held = standing.map_or(0, |standing| standing.sequence).max(head.base);
        let (log, contents) = Log::open(&paths, head.id, held, &steps)?;
        let found = log.len_found;
        let log = log.log;
        let lanes = Lanes::best();
        set_moving(shared.atomic_lines(), false);
        let sequence = contents.next() - 1;
        let mut writer = Self {
            paths,
            options,
            shared,
            head,
            lanes,
            counts: [0; 2],
            log,
            staged: Vec::new(),
            waiting: Vec::new(),
            sequence,
            applied: head.base.min(sequence),
            synced: Stopwatch::start(),
            lots: None,
            opening: Opening { cut_len: found, ..Opening::default() },
            steps,
            _lock: lock,
        };
        writer.recover(standing, contents)?;
        Ok(writer)
    }

    /// Makes the table what the log says, unless it is known to be.
    fn recover(&mut self, standing: Option<Standing>, contents: Contents) -> Result<()> {
        let same_boot = |s: &Standing| s.boot == self.options.boot && s.boot != 0;
        let state = standing.filter(same_boot).map(|standing| standing.state);
        let clean = state.is_some_and(|state| state != State::Open)
            && standing.is_some_and(|standing| standing.sequence == self.sequence);
        let logged: HashSet<Address> = if state == Some(State::Open) {
            contents.changes.iter().filter_map(|logged| wallet_of(&logged.change)).collect()
        } else {
            HashSet::new()
        };
        let since = Since::Kill(&|address| logged.contains(address));
        let mut edit = self.edit();
        let repaired = match state {
            _ if clean => None,
            Some(_) => Some(edit.repair(since)),
            None => Some(edit.repair(Since::PowerCut)),
        };
        self.counts = [edit.live(), edit.used()];
        self.opening.repaired = repaired;
        if clean {
            self.applied = self.sequence;
        }
        self.stand(State::Open);
        if !clean {
            self.opening.replayed = contents.changes.len() as u64;
            let base = self.head.base;
            let newer = contents.changes.into_iter().filter(|logged| logged.sequence > base);
            self.waiting = newer.map(|logged| logged.change).collect();
            // What another writer wrote need not be on the disk, and goes there first.
            if self.options.sync == Sync::None {
                self.apply()?;
            } else {
                self.flush()?;
            }
            self.stand(State::Open);
        }
        Ok(())
    }

    /// What was found when it was opened.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The table, as readers see it.
    pub fn table(&self) -> Table<'_> {
        Table::new(Lines::new(self.shared.atomic_lines()), &self.head, self.lanes)
    }

    /// What it is.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// All of its lines.
    pub fn lines(&self) -> Lines<'_> {
        Lines::new(self.shared.atomic_lines())
    }

    /// Wallets in the table.
    pub fn live(&self) -> u64 {
        self.counts[0]
    }

    /// Number of the last change that was acknowledged.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Adds a change to the next group.
    pub fn stage(&mut self, change: Change) {
        self.staged.push(change);
    }

    /// Changes of the next group.
    pub fn staged(&self) -> usize {
        self.staged.len()
    }

    /// Acknowledges the group of changes, by the promise of the options: all of them or, after an error,
    /// none. Gives the number of the last.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn commit(&mut self) -> Result<u64> {
        if self.staged.is_empty() {
            return Ok(self.sequence);
        }
        self.make_room()?;
        let staged = std::mem::take(&mut self.staged);
        let mut bytes = Vec::with_capacity(staged.len() * 96);
        for (sequence, change) in (self.sequence + 1..).zip(&staged) {
            let last = sequence == self.sequence + staged.len() as u64;
            log::append(&mut bytes, self.head.id, &Logged { sequence, change: *change, last });
        }
        self.log.write(&bytes).map_err(|e| refused("cannot write the log", &e, &self.paths))?;
        self.log.fills |= staged.iter().any(|change| matches!(change, Change::Fill(_)));
        self.steps.reached(Step::Written(Which::Log));
        self.sequence += staged.len() as u64;
        self.waiting.extend(staged);
        match self.options.sync {
            Sync::Always => self.flush()?,
            Sync::Interval(interval) if self.synced.elapsed() >= interval => self.flush()?,
            Sync::Interval(_) => {}
            Sync::None => self.apply()?,
        }
        if self.log.len >= self.options.cut_len {
            self.checkpoint()?;
        }
        Ok(self.sequence)
    }

    /// Does what is due while nothing comes: under `interval`, what waits longer than that.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn idle(&mut self) -> Result<()> {
        if let Sync::Interval(interval) = self.options.sync
            && self.log.dirty
            && self.synced.elapsed() >= interval
        {
            self.flush()?;
        }
        Ok(())
    }

    /// Puts the log on the disk, then its changes into the table.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn flush(&mut self) -> Result<()> {
        if self.log.dirty {
            self.log
                .file
                .sync_data()
                .map_err(|e| refused("cannot sync the log", &e, &self.paths))?;
            self.log.dirty = false;
            self.steps.reached(Step::Synced(Which::Log));
        }
        self.synced = Stopwatch::start();
        self.apply()
    }

    /// Puts what waits into the table.
    fn apply(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut at = 0;
        while let Some(rest) = waiting.get(at..).filter(|rest| !rest.is_empty()) {
            let mut edit = self.edit();
            let done: std::result::Result<(), Full> = rest.iter().try_for_each(|change| {
                match change {
                    Change::Put(row) => drop(edit.put(row)?),
                    Change::Remove(address) => drop(edit.remove(address)),
                    Change::Fill(_) => {}
                }
                at += 1;
                Ok(())
            });
            self.counts = [edit.live(), edit.used()];
            if let Err(full) = done {
                // The log has them: an error here loses nothing.
                self.rebuild(self.counts[0] + 1, full == Full::Reach)?;
            }
        }
        self.applied = self.sequence;
        Ok(())
    }

    fn edit(&self) -> Edit<'_, S> {
        let lines = self.shared.atomic_lines();
        let steps = self.steps.clone();
        if self.counts == [0; 2] {
            Edit::with_steps(lines, &self.head, self.lanes, steps)
        } else {
            Edit::counted(lines, &self.head, self.lanes, self.counts, steps)
        }
    }

    /// Makes room for what is staged before it is logged, so that a full disk is known in time.
    fn make_room(&mut self) -> Result<()> {
        let coming = (self.staged.len() + self.waiting.len()) as u64;
        let [live, used] = self.counts;
        if used.saturating_add(coming) > self.head.geometry.used_max() {
            self.flush()?;
            self.rebuild(live + self.staged.len() as u64, false)?;
        }
        Ok(())
    }

    /// Writes the table anew, with room for `rows` wallets, and puts it in the place of this one.
    ///
    /// # Errors
    /// Status 5 when the system refuses: the table is as it was.
    pub fn rebuild(&mut self, rows: u64, reseed: bool) -> Result<()> {
        let most = self.head.geometry.rows_max();
        // What has grown will grow: half as much again.
        let rows = if rows > most { rows.max(most + most / 2) } else { most };
        let mut fresh = self.fresh(rows, reseed)?;
        self.copy_to(&mut fresh)?;
        self.replace(fresh)
    }

    /// Begins to write the table anew, without its rows; see [`replace`](Self::replace).
    ///
    /// # Errors
    /// Status 5 when that many wallets are more than a table holds.
    pub fn bulk(&mut self, rows: u64) -> Result<Bulk> {
        self.flush()?;
        self.fresh(rows, false)
    }

    /// Begins to write the table anew with what it holds, and room for exactly `rows` wallets.
    ///
    /// # Errors
    /// Status 4 when a row is damaged; as [`bulk`](Self::bulk).
    pub fn bulk_of(&mut self, rows: u64) -> Result<Bulk> {
        self.flush()?;
        let mut fresh = self.fresh(rows.max(self.counts[0]), false)?;
        self.copy_to(&mut fresh)?;
        Ok(fresh)
    }

    /// Writes the table anew, without what is dead in it, with room for `rows` wallets or all there are.
    ///
    /// # Errors
    /// As [`bulk_of`](Self::bulk_of) and [`replace`](Self::replace).
    pub fn compact(&mut self, rows: u64) -> Result<()> {
        let fresh = self.bulk_of(rows)?;
        self.replace(fresh)
    }

    fn fresh(&self, rows: u64, reseed: bool) -> Result<Bulk> {
        Bulk::new(&self.head, self.applied, rows, reseed, self.paths.name())
    }

    fn copy_to(&self, fresh: &mut Bulk) -> Result<()> {
        for row in self.table().iter() {
            match row {
                Ok(row) => fresh.put(&row)?,
                Err(place) => return Err(damaged(&self.paths, place.number())),
            }
        }
        Ok(())
    }

    /// Puts `fresh` in the place of the table: written, synced, renamed, and the log cut.
    ///
    /// # Errors
    /// Status 5 when the system refuses: the table is as it was.
    pub fn replace(&mut self, fresh: Bulk) -> Result<()> {
        let (heap, counts) = fresh.finish();
        let standing = Standing {
            state: State::Open,
            boot: self.options.boot,
            live: counts[0],
            used: counts[1],
            sequence: self.applied,
        };
        standing.write(heap.lines());
        let old = Some(self.shared.atomic_lines());
        put_in_place(&self.paths, &heap, old, &self.steps)
            .map_err(|e| refused("cannot write the table anew", &e, &self.paths))?;
        drop(heap);
        (self.shared, self.head) = map(&self.paths)?;
        self.counts = counts;
        Ok(())
    }

    /// Puts table and lots on the disk and begins the log anew.
    ///
    /// # Errors
    /// Status 5 when the system refuses: the log stays.
    pub fn checkpoint(&mut self) -> Result<()> {
        self.flush()?;
        self.save_lots()?;
        self.stand(State::Open);
        let table = self.shared.sync();
        table.map_err(|e| refused("cannot sync the table", &e, &self.paths))?;
        self.steps.reached(Step::Synced(Which::Table));
        let log = Log::begin(&self.paths, self.head.id, self.sequence + 1, &self.steps);
        self.log = log.map_err(|e| refused("cannot begin the log anew", &e, &self.paths))?;
        Ok(())
    }

    /// Closes the table: what was acknowledged is in it, and the next writer need not look.
    ///
    /// # Errors
    /// Status 5 when the system refuses.
    pub fn close(mut self) -> Result<()> {
        if self.options.sync == Sync::None {
            self.apply()?;
        } else {
            self.flush()?;
        }
        if self.log.len > LEAVE_LEN.min(self.options.cut_len) {
            self.checkpoint()?;
            self.stand(State::Synced);
        } else {
            self.stand(State::Closed);
        }
        Ok(())
    }

    fn stand(&self, state: State) {
        let [live, used] = self.counts;
        let standing =
            Standing { state, boot: self.options.boot, live, used, sequence: self.applied };
        standing.write(self.shared.atomic_lines());
        self.steps.stored();
    }

    /// The lots, as the last writer left them or, when there are none, empty ones of `quote`.
    ///
    /// # Errors
    /// Those of [`Lots::read`]; status 2 when they are of another quote token.
    pub fn lots(&mut self, quote: Quote) -> Result<&mut Lots> {
        if self.lots.is_none() && !self.load_lots()? {
            self.lots = Some(Lots::new(self.head.id, quote));
            self.save_lots()?;
        }
        let name = self.paths.name();
        let Some(lots) = &mut self.lots else { return Err(Error::damaged("no lots").input(name)) };
        if *lots.quote() != quote {
            let theirs = crate::bytes::base58::Key(&lots.quote().mint).to_string();
            let what =
                format!("the lots are reckoned in {theirs}, {} decimals", lots.quote().decimals);
            return Err(Error::usage(what)
                .input(name)
                .hint("name that token with --quote and --decimals, or learn into another table"));
        }
        Ok(lots)
    }

    /// Loads the lots and takes the fills of the log; whether there are any.
    fn load_lots(&mut self) -> Result<bool> {
        let bytes = match std::fs::read(&self.paths.lots) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(e) => return Err(refused("cannot read the lots", &e, &self.paths)),
        };
        let named = |e: Error| e.input(self.paths.lots.display().to_string());
        let mut lots = Lots::read(&bytes).map_err(named)?;
        if lots.id() != self.head.id {
            return Err(named(
                Error::foreign("the lots are of another table")
                    .hint("restore them, or remove them and learn anew"),
            ));
        }
        let log = std::fs::read(&self.paths.log);
        let log = log.map_err(|e| refused("cannot read the log", &e, &self.paths))?;
        for logged in log::read(&log)?.changes {
            if let Change::Fill(fill) = logged.change {
                lots.take(&fill);
            }
        }
        self.lots = Some(lots);
        Ok(true)
    }

    /// Writes the lots, if they are loaded or the log holds any of them.
    fn save_lots(&mut self) -> Result<()> {
        if self.lots.is_none() && self.log.fills {
            self.load_lots()?;
        }
        let Some(lots) = &self.lots else { return Ok(()) };
        let bytes = lots.bytes();
        let save = || -> std::io::Result<()> {
            let mut file = Paths::create_beside(&self.paths.lots)?;
            file.write_all(&bytes)?;
            self.steps.reached(Step::Written(Which::New));
            file.sync_all()?;
            self.steps.reached(Step::Synced(Which::New));
            std::fs::rename(Paths::beside(&self.paths.lots), &self.paths.lots)?;
            self.steps.reached(Step::Renamed(Which::Lots));
            sync_folder(&self.paths.lots)?;
            self.steps.reached(Step::FolderSynced);
            Ok(())
        };
        save().map_err(|e| refused("cannot write the lots", &e, &self.paths))
    }
}

/// Writes `heap` beside the table, syncs it, says in `old` that the table moves, and renames it there.
fn put_in_place(
    paths: &Paths,
    heap: &Heap,
    old: Option<&[AtomicLine]>,
    steps: &impl Steps,
) -> std::io::Result<()> {
    let file = Paths::create_beside(&paths.table)?;
    let written = write_lines(&file, heap.lines()).and_then(|()| {
        steps.reached(Step::Written(Which::New));
        file.sync_all()
    });
    if let Err(error) = written {
        let _ = std::fs::remove_file(Paths::beside(&paths.table));
        return Err(error);
    }
    steps.reached(Step::Synced(Which::New));
    if let Some(old) = old {
        set_moving(old, true);
        steps.stored();
    }
    std::fs::rename(Paths::beside(&paths.table), &paths.table)?;
    steps.reached(Step::Renamed(Which::Table));
    sync_folder(&paths.table)?;
    steps.reached(Step::FolderSynced);
    Ok(())
}

/// Lines that are written at once.
const PART: usize = 1 << 14;

fn write_lines(mut file: &File, lines: &[AtomicLine]) -> std::io::Result<()> {
    let mut part: Vec<[u64; 8]> = Vec::with_capacity(PART);
    for lines in lines.chunks(PART) {
        part.clear();
        part.extend(lines.iter().map(|line| line.look().words()));
        file.write_all(bytemuck::cast_slice(&part))?;
    }
    Ok(())
}

/// Maps the table for writing.
fn map(paths: &Paths) -> Result<(Shared, Head)> {
    let named = |e: Error| e.input(paths.name());
    let file = OpenOptions::new().read(true).write(true).open(&paths.table);
    let file = file.map_err(|e| refused("cannot open for writing", &e, paths))?;
    let len = file.metadata().map_err(|e| refused("cannot look at", &e, paths))?.len();
    if len < 4096 {
        let none = Head::read(Lines::new(&[]), len).err();
        return Err(named(none.unwrap_or_else(|| Error::foreign("not a wallet table"))));
    }
    let shared = Shared::open(&file).map_err(|e| refused("cannot map", &e, paths))?;
    let head = Head::read(Lines::new(shared.atomic_lines()), len).map_err(named)?;
    Ok((shared, head))
}

/// A log that was opened, and the bytes of what was not whole at its end.
struct OpenedLog {
    log: Log,
    len_found: u64,
}

impl Log {
    /// Opens the log of table `id`, which has the changes up to number `sequence`; makes one when there
    /// is none.
    fn open(
        paths: &Paths,
        id: u64,
        sequence: u64,
        steps: &impl Steps,
    ) -> Result<(OpenedLog, Contents)> {
        let named = |e: Error| e.input(paths.log.display().to_string());
        let no = |e: std::io::Error| refused("cannot open the log", &e, paths);
        let mut file = match OpenOptions::new().read(true).write(true).open(&paths.log) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                let log = Self::begin(paths, id, sequence + 1, steps).map_err(no)?;
                let (first, sound_len) = (sequence + 1, log.len);
                let contents = Contents { id, first, changes: Vec::new(), sound_len };
                return Ok((OpenedLog { log, len_found: 0 }, contents));
            }
            Err(e) => return Err(no(e)),
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(no)?;
        let contents = log::read(&bytes).map_err(named)?;
        if contents.id != id {
            let what = "the log is of another table";
            return Err(named(
                Error::foreign(what).hint("restore the table that it is of, or remove the log"),
            ));
        }
        let (len, found_len) = (contents.sound_len, bytes.len() as u64);
        if found_len > len {
            file.set_len(len).map_err(no)?;
            steps.reached(Step::Written(Which::Log));
        }
        file.seek(SeekFrom::Start(len)).map_err(no)?;
        let fills = contents.changes.iter().any(|one| matches!(one.change, Change::Fill(_)));
        // What another writer wrote need not be on the disk.
        let log = Self { file, len, dirty: true, fills, broken: false };
        Ok((OpenedLog { log, len_found: found_len - len }, contents))
    }

    /// Puts an empty log in the place of the one there is.
    fn begin(paths: &Paths, id: u64, first: u64, steps: &impl Steps) -> std::io::Result<Self> {
        let mut file = Paths::create_beside(&paths.log)?;
        let head = log::head(id, first);
        file.write_all(&head)?;
        steps.reached(Step::Written(Which::New));
        file.sync_all()?;
        steps.reached(Step::Synced(Which::New));
        std::fs::rename(Paths::beside(&paths.log), &paths.log)?;
        steps.reached(Step::Renamed(Which::Log));
        sync_folder(&paths.log)?;
        steps.reached(Step::FolderSynced);
        Ok(Self { file, len: head.len() as u64, dirty: false, fills: false, broken: false })
    }

    /// Appends `bytes`, by one write; after an error they are not there.
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.broken {
            return Err(std::io::Error::other("an earlier write failed and could not be undone"));
        }
        if let Err(error) = self.file.write_all(bytes) {
            let undone = self.file.set_len(self.len);
            let undone = undone.and_then(|()| self.file.seek(SeekFrom::Start(self.len)));
            self.broken = undone.is_err();
            return Err(error);
        }
        self.len += bytes.len() as u64;
        self.dirty = true;
        Ok(())
    }
}

/// The wallet that a change is of.
fn wallet_of(change: &Change) -> Option<Address> {
    match change {
        Change::Put(row) => Some(row.address),
        Change::Remove(address) => Some(*address),
        Change::Fill(_) => None,
    }
}

fn damaged(paths: &Paths, slot: u64) -> Error {
    Error::damaged(format!("the row in slot {slot} is damaged"))
        .input(paths.name())
        .hint("walletdb verify tells all faults; walletdb export --skip-bad keeps the rest")
}
