//! The store: what survives a kill and a power cut at each of its steps, and what it refuses.

#![expect(clippy::cast_possible_truncation, reason = "random numbers are cut to size")]

use super::files::Paths;
use super::log::Change;
use super::{File as Which, Options, Reader, Step, Sync, Writer};
use crate::error::Exit;
use crate::wallet::learn::{Fill, Quote};
use crate::wallet::row::{Address, Row};
use crate::wallet::table::check::check;
use crate::wallet::table::edit::Steps;
use crate::wallet::table::tests::{Random, address, row};
use crate::wallet::table::{Answer, Whole};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let shm = Path::new("/dev/shm");
        let base = if shm.is_dir() { shm.to_owned() } else { std::env::temp_dir() };
        let folder = base.join(format!("mev-wallet-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn table(&self) -> PathBuf {
        self.0.join("db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const BOOT: u64 = 5;

fn options(sync: Sync) -> Options {
    Options { boot: BOOT, ..Options::new(sync) }
}

fn always() -> Options {
    options(Sync::Always)
}

type Model = BTreeMap<Address, Row>;

fn rows<S: Steps + Clone>(writer: &Writer<S>) -> Model {
    let rows = writer.table().iter().map(|row| row.unwrap());
    rows.map(|row| (row.address, Row { address_hash: 0, ..row })).collect()
}

fn assert_sound<S: Steps + Clone>(writer: &Writer<S>) {
    let report = check(writer.lines(), writer.head(), &writer.table());
    assert_eq!(report.faults, []);
}

/// Number of groups, and changes by which wallets, tables and logs come, grow and go.
fn group(random: &mut Random, wallets: u64) -> Vec<Change> {
    let one = |random: &mut Random| {
        let wallet = address(random.below(wallets));
        match random.below(8) {
            0 | 1 => Change::Remove(wallet),
            2 => Change::Fill(Fill {
                key: [random.next(), 0],
                wallet,
                amount: 1,
                paid: 1,
                buy: 1,
                ..bytemuck::Zeroable::zeroed()
            }),
            _ => Change::Put(row(wallet, random)),
        }
    };
    (0..=random.below(3)).map(|_| one(random)).collect()
}

fn make(model: &mut Model, change: &Change) {
    match change {
        Change::Put(row) => drop(model.insert(row.address, *row)),
        Change::Remove(address) => drop(model.remove(address)),
        Change::Fill(_) => {}
    }
}

const QUOTE: Quote = Quote { mint: [3; 32], decimals: 9 };

/// What each file held since it was last synced, and which file each name meant since the folder was.
struct World {
    folder: PathBuf,
    image: PathBuf,
    /// By inode: the last synced content, and those that followed.
    files: BTreeMap<u64, Vec<Vec<u8>>>,
    names: Vec<BTreeMap<String, u64>>,
    random: Random,
    /// Rows and fills after each group.
    states: Vec<(Model, u64)>,
    /// Groups that are promised to survive a power cut, those that were acknowledged, and those begun.
    promised: usize,
    acknowledged: usize,
    begun: usize,
    /// One of so many steps is looked at.
    one_of: u64,
    looks: [u64; 2],
    sync: Sync,
}

impl World {
    fn new(folder: &Folder, image: &Folder, seed: u64, sync: Sync, one_of: u64) -> Self {
        Self {
            folder: folder.0.clone(),
            image: image.0.clone(),
            files: BTreeMap::new(),
            names: vec![BTreeMap::new()],
            random: Random(seed),
            states: vec![(Model::new(), 0)],
            promised: 0,
            acknowledged: 0,
            begun: 0,
            one_of,
            looks: [0; 2],
            sync,
        }
    }

    /// Every name in the folder, with its inode.
    fn names(&self) -> BTreeMap<String, u64> {
        use std::os::unix::fs::MetadataExt;
        let entries = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap());
        entries
            .map(|e| (e.file_name().into_string().unwrap(), e.metadata().unwrap().ino()))
            .filter(|(name, _)| name != "db.lock")
            .collect()
    }

    fn observe(&mut self, step: Option<Step>) {
        let names = self.names();
        for (name, inode) in &names {
            let content = std::fs::read(self.folder.join(name)).unwrap();
            let history = self.files.entry(*inode).or_insert_with(|| vec![Vec::new()]);
            if history.last() != Some(&content) {
                history.push(content);
            }
        }
        if self.names.last() != Some(&names) {
            self.names.push(names.clone());
        }
        let synced = |which| match which {
            Which::Table => names.get("db"),
            Which::Log => names.get("db.log"),
            Which::Lots => names.get("db.lots"),
            Which::New => names
                .iter()
                .find(|(name, _)| Path::new(name).extension().is_some_and(|of| of == "new"))
                .map(|(_, at)| at),
        };
        match step {
            Some(Step::Synced(which)) => {
                let history = self.files.get_mut(synced(which).unwrap()).unwrap();
                history.drain(..history.len() - 1);
            }
            Some(Step::FolderSynced) => drop(self.names.drain(..self.names.len() - 1)),
            _ => {}
        }
        if self.random.below(self.one_of) == 0 {
            self.kill();
            self.cut_power();
        }
    }

    /// The writer is gone here: what it stored is there, and the machine runs on.
    fn kill(&mut self) {
        let Some(names) = self.names.last().cloned() else { return };
        let files = names
            .into_iter()
            .map(|(name, inode)| (name, self.files[&inode].last().cloned().unwrap_or_default()));
        let files: Vec<_> = files.collect();
        // Under every promise, what was acknowledged survives a kill.
        self.open(&files, BOOT, self.acknowledged);
        self.looks[0] += 1;
    }

    /// The power is gone here: of what was not synced, any sector of 512 bytes is there as it was at
    /// any moment since.
    fn cut_power(&mut self) {
        let at = self.random.below(self.names.len() as u64) as usize;
        let names = self.names[at].clone();
        let mut files = Vec::new();
        for (name, inode) in names {
            let history = self.files[&inode].clone();
            let len = history[self.random.below(history.len() as u64) as usize].len();
            // Mostly the system wrote nothing, or all: those are told apart from a mixture.
            let kind = self.random.below(4);
            let mut content = vec![0; len];
            for (number, sector) in content.chunks_mut(512).enumerate() {
                let version = match kind {
                    0 => 0,
                    1 => history.len() - 1,
                    _ => self.random.below(history.len() as u64) as usize,
                };
                let from = history[version].get(number * 512..).unwrap_or_default();
                let count = from.len().min(sector.len());
                sector[..count].copy_from_slice(&from[..count]);
            }
            files.push((name, content));
        }
        self.open(&files, BOOT + 1, if self.sync == Sync::None { 0 } else { self.promised });
        self.looks[1] += 1;
    }

    /// Opens what is left, which holds the rows after some group that is not before `least`.
    fn open(&mut self, files: &[(String, Vec<u8>)], boot: u64, least: usize) {
        if !files.iter().any(|(name, content)| name == "db" && !content.is_empty()) {
            assert_eq!(self.promised, 0, "the table is gone");
            return;
        }
        for entry in std::fs::read_dir(&self.image).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, content) in files {
            std::fs::write(self.image.join(name), content).unwrap();
        }
        let options = Options { sync: self.sync, boot, ..always() };
        let mut writer = match Writer::open(&self.image.join("db"), options) {
            Ok(writer) => writer,
            Err(error) => panic!("{least}..={}: {error}", self.begun),
        };
        assert_sound(&writer);
        let found = rows(&writer);
        let fills = writer.lots(QUOTE).unwrap().fills();
        if self.sync == Sync::None && boot != BOOT {
            return; // nothing is promised but that it can be read
        }
        let fits = (least..=self.begun).any(|at| {
            self.states.get(at).is_some_and(|(model, taken)| *model == found && *taken == fills)
        });
        assert!(
            fits,
            "{} wallets, {fills} fills: not those of {least}..={}",
            found.len(),
            self.begun
        );
        writer.close().unwrap();
    }
}

#[derive(Clone)]
struct Watch(Rc<RefCell<World>>);

impl Steps for Watch {
    fn stored(&self) {
        self.0.borrow_mut().observe(None);
    }

    fn reached(&self, step: Step) {
        self.0.borrow_mut().observe(Some(step));
    }
}

/// A writer whose world ends at every step: by a kill, and by a power cut.
fn ends_of_the_world(sync: Sync, seed: u64, groups: usize, one_of: u64) -> [u64; 2] {
    let name = |what: &str| format!("{what}-{seed}");
    let (folder, image) = (Folder::new(&name("world")), Folder::new(&name("image")));
    let world = Rc::new(RefCell::new(World::new(&folder, &image, seed, sync, one_of)));
    // A small log and a small table: it is cut, and the table grows and is compacted, all the time.
    let options = Options { cut_len: 4096, ..options(sync) };
    let mut writer =
        Writer::create_with(&folder.table(), 10, options, Watch(Rc::clone(&world))).unwrap();
    writer.lots(QUOTE).unwrap();
    let mut random = Random(seed);
    let (mut model, mut fills) = (Model::new(), 0);
    let mut generations = 0;
    for number in 1..=groups {
        let wallets = 20 + number as u64 / 10;
        let changes = group(&mut random, wallets);
        for change in &changes {
            make(&mut model, change);
            if let Change::Fill(fill) = change {
                writer.lots(QUOTE).unwrap().take(fill);
                fills += 1;
            }
            writer.stage(*change);
        }
        {
            let mut world = world.borrow_mut();
            world.states.push((model.clone(), fills));
            world.begun = number;
        }
        assert_eq!(writer.commit().unwrap(), writer.sequence());
        world.borrow_mut().acknowledged = number;
        if sync == Sync::Always {
            world.borrow_mut().promised = number;
        } else if number % 5 == 0 && sync != Sync::None {
            writer.flush().unwrap();
            world.borrow_mut().promised = number;
        }
        generations = writer.head().generation;
    }
    writer.flush().unwrap();
    assert_eq!(rows(&writer), model);
    assert_sound(&writer);
    assert!(generations > 2, "the table was never written anew");
    writer.close().unwrap();
    world.borrow().looks
}

/// `MEV_WALLET_ENDS=200` asks for as many worlds of each kind.
#[test]
fn what_was_promised_survives_every_end() {
    let worlds = std::env::var("MEV_WALLET_ENDS").map_or(1, |n| n.parse::<u64>().unwrap());
    let interval = Sync::Interval(Duration::from_hours(1));
    let mut looks = [0; 2];
    for seed in 0..worlds {
        for (number, sync) in [Sync::Always, interval, Sync::None].into_iter().enumerate() {
            let more = ends_of_the_world(sync, 3 * seed + number as u64, 300, 19);
            looks = [looks[0] + more[0], looks[1] + more[1]];
        }
    }
    assert!(looks[0] > 200 && looks[1] > 200, "{looks:?}");
}

#[test]
fn it_answers_as_a_map_does_through_growth_and_openings() {
    let operations =
        std::env::var("MEV_WALLET_OPERATIONS").map_or(100_000, |n| n.parse::<u64>().unwrap());
    let folder = Folder::new("model");
    let options = Options { cut_len: 1 << 18, ..options(Sync::None) };
    let mut writer = Writer::create(&folder.table(), 10, options).unwrap();
    let mut reader = Reader::open(&folder.table(), false).unwrap();
    let mut random = Random(1);
    let mut model = std::collections::HashMap::new();
    let (mut done, mut went) = (0, 0);
    while done < operations {
        for _ in 0..=random.below(200) {
            // More wallets as time goes on: the table grows again and again.
            let wallet = address(random.below(200 + done / 20));
            let change = if random.below(3) == 0 {
                model.remove(&wallet);
                Change::Remove(wallet)
            } else {
                let row = row(wallet, &mut random);
                model.insert(wallet, row);
                Change::Put(row)
            };
            writer.stage(change);
            done += 1;
        }
        writer.commit().unwrap();
        went += u64::from(reader.refresh());
        for _ in 0..20 {
            let wallet = address(random.below(400 + done / 20));
            let should = model.get(&wallet);
            let decision = should.map_or(Answer::Absent, |row| Answer::Known(row.decision()));
            assert_eq!(reader.table().lookup(&wallet), decision);
            let whole = reader.table().get(&wallet);
            let found = |row: Row| Whole::Known(Row { address_hash: 0, ..row });
            let whole = if let Whole::Known(row) = whole { found(row) } else { whole };
            assert_eq!(whole, should.map_or(Whole::Absent, |row| found(*row)));
        }
        if random.below(50) == 0 {
            // Closed, or dropped as a kill does it.
            if random.below(2) == 0 {
                writer.close().unwrap();
            } else {
                drop(writer);
            }
            writer = Writer::open(&folder.table(), options).unwrap();
        }
    }
    assert!(went > 5 && writer.head().generation > 5);
    assert_eq!(writer.live(), model.len() as u64);
    assert_eq!(rows(&writer), model.into_iter().collect());
    assert_sound(&writer);
}

#[test]
fn a_second_writer_is_refused() {
    let folder = Folder::new("second");
    let first = Writer::create(&folder.table(), 10, always()).unwrap();
    let error = Writer::open(&folder.table(), always()).unwrap_err();
    assert_eq!(error.exit(), Exit::Os);
    assert!(error.to_string().contains("another process writes it") && error.advice().is_some());
    drop(first);
    Writer::open(&folder.table(), always()).unwrap().close().unwrap();
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let (folder, other) = (Folder::new("one"), Folder::new("other"));
    for folder in [&folder, &other] {
        let mut writer = Writer::create(&folder.table(), 10, always()).unwrap();
        writer.stage(Change::Put(Row::new([1; 32])));
        writer.lots(QUOTE).unwrap();
        writer.commit().unwrap();
        writer.close().unwrap();
    }
    let (one, two) = (Paths::of(&folder.table()), Paths::of(&other.table()));
    let refusal = |exit: Exit, what: &str| {
        let opened = Writer::open(&one.table, always()).and_then(|mut w| w.lots(QUOTE).map(drop));
        let error = opened.unwrap_err();
        assert!(error.exit() == exit && error.to_string().contains(what), "{error}");
        assert!(error.advice().is_some(), "{error}");
    };
    let (log, lots) = (std::fs::read(&one.log).unwrap(), std::fs::read(&one.lots).unwrap());
    std::fs::copy(&two.log, &one.log).unwrap();
    refusal(Exit::Foreign, "the log is of another table");
    std::fs::write(&one.log, b"junk").unwrap();
    refusal(Exit::Foreign, "not the log");
    std::fs::write(&one.log, &log).unwrap();
    std::fs::copy(&two.lots, &one.lots).unwrap();
    refusal(Exit::Foreign, "the lots are of another table");
    std::fs::write(&one.lots, &lots[..50]).unwrap();
    refusal(Exit::Damaged, "the lots are damaged");
    std::fs::write(&one.lots, &lots).unwrap();
    let other_quote = Quote { mint: [4; 32], ..QUOTE };
    let mut writer = Writer::open(&one.table, always()).unwrap();
    assert_eq!(writer.lots(other_quote).unwrap_err().exit(), Exit::Usage);
    drop(writer);
    std::fs::remove_file(&one.table).unwrap();
    let error = Writer::open(&one.table, always()).unwrap_err();
    assert!(error.exit() == Exit::Os && error.advice().is_some());
    std::fs::write(&one.table, b"address,confidence\n").unwrap();
    refusal(Exit::Foreign, "not a wallet table");
    assert_eq!(Reader::open(&one.table, false).unwrap_err().exit(), Exit::Foreign);
}

/// A table that is written anew from other rows does not get back what the log still holds.
#[test]
fn what_replaced_the_table_is_not_undone_by_the_log() {
    let folder = Folder::new("bulk");
    let mut writer = Writer::create(&folder.table(), 10, always()).unwrap();
    let wallet = [7; 32];
    writer.stage(Change::Put(Row { flags: 1, ..Row::new(wallet) }));
    writer.commit().unwrap();
    let mut bulk = writer.bulk(1000).unwrap();
    bulk.put(&Row { flags: 2, ..Row::new(wallet) }).unwrap();
    (0..900).for_each(|n| bulk.put(&Row::new(address(n))).unwrap());
    writer.replace(bulk).unwrap();
    writer.stage(Change::Remove(address(5)));
    writer.commit().unwrap();
    drop(writer); // as a kill does it
    let writer = Writer::open(&folder.table(), Options { boot: 99, ..always() }).unwrap();
    assert_eq!((writer.live(), writer.opening().replayed), (900, 2));
    let Answer::Known(known) = writer.table().lookup(&wallet) else { panic!("gone") };
    assert_eq!(known.flags, 2);
    assert_eq!(writer.table().lookup(&address(5)), Answer::Absent);
    assert_sound(&writer);
}

/// Under an interval, readers see a change when it can no longer be lost.
#[test]
fn an_interval_shows_what_is_on_the_disk() {
    let folder = Folder::new("interval");
    let sync = Sync::Interval(Duration::from_hours(1));
    let mut writer = Writer::create(&folder.table(), 10, options(sync)).unwrap();
    writer.stage(Change::Put(Row::new([1; 32])));
    assert_eq!(writer.commit().unwrap(), 1);
    assert_eq!(writer.table().lookup(&[1; 32]), Answer::Absent);
    writer.idle().unwrap();
    assert_eq!(writer.table().lookup(&[1; 32]), Answer::Absent);
    writer.flush().unwrap();
    assert!(matches!(writer.table().lookup(&[1; 32]), Answer::Known(_)));
}
