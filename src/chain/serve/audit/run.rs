//! The log's files: written by the gateway, verified by `mev-send audit verify`.

use super::super::args::Verify;
use super::{Event, Fault, Follower, Newest, Tip, follow};
use crate::cli::{Frame, print};
use crate::error::{Error, Exit, Result};
use crate::keys::Signer;
use crate::time::now_ns;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A log that this process alone writes.
pub(in super::super) struct Log {
    file: File,
    path: PathBuf,
    signer: Signer,
    tip: Tip,
    /// The first entry of the file.
    first_n: u64,
    len: u64,
    rotate_len: u64,
    text: String,
    broken: bool,
    keeper: Arc<Keeper>,
    /// Heads for the thread that keeps them; `None` once the log is closed.
    heads: Option<Sender<Coming>>,
    thread: Option<JoinHandle<()>>,
}

/// A head, and the file that has to be on the disk before it.
type Coming = (Newest, File);

/// Keeps the newest head beside the log.
#[derive(Debug)]
struct Keeper {
    log: PathBuf,
    /// The number of the entry that it signs.
    kept_n: Mutex<u64>,
    has_failed: AtomicBool,
}

impl Keeper {
    /// A keeper for `log`, and the thread that has the time to wait for the disk.
    fn start(log: &Path) -> std::io::Result<(Arc<Self>, Sender<Coming>, JoinHandle<()>)> {
        let (log, has_failed) = (log.to_owned(), AtomicBool::new(false));
        let keeper = Arc::new(Self { log, kept_n: Mutex::new(0), has_failed });
        let (heads, coming) = channel::<Coming>();
        let shared = Arc::clone(&keeper);
        let work = move || {
            while let Ok(first) = coming.recv() {
                // Of those that wait the last one is enough.
                let (newest, file) = coming.try_iter().last().unwrap_or(first);
                if shared.keep(&newest, &file).is_err() {
                    shared.has_failed.store(true, Ordering::Relaxed);
                }
            }
        };
        let thread = std::thread::Builder::new().name("heads".to_owned()).spawn(work)?;
        Ok((keeper, heads, thread))
    }

    /// Puts `newest` beside the log after the disk has what it signs, unless a newer one is there.
    fn keep(&self, newest: &Newest, file: &File) -> Result<()> {
        let mut kept_n = self.kept_n.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.n <= *kept_n {
            return Ok(());
        }
        let refused = |e: std::io::Error| self.refused(&e);
        file.sync_data().map_err(refused)?;
        let (to, part) = (beside(&self.log), with(&self.log, "head.part"));
        let json = serde_json::to_string(newest).unwrap_or_default();
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = options.open(&part).map_err(refused)?;
        file.write_all(format!("{json}\n").as_bytes()).map_err(refused)?;
        file.sync_data().and_then(|()| std::fs::rename(&part, &to)).map_err(refused)?;
        *kept_n = newest.n;
        Ok(())
    }

    fn refused(&self, error: &std::io::Error) -> Error {
        Error::os("cannot write the audit log", error).input(self.log.display().to_string())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.heads = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Log {
    /// Opens the log at `path`, or makes it, and goes on where it ends: it is followed from its start,
    /// so that nothing is chained to what was changed. A last line without an end is cut off, and an
    /// entry says so.
    ///
    /// # Errors
    /// Status 4 when its chain does not hold; status 5 when the system refuses or another process holds it.
    pub(in super::super) fn open(path: &Path, signer: Signer, rotate_len: u64) -> Result<Self> {
        let name = path.display().to_string();
        let refused = |e: std::io::Error| Error::os("cannot open the audit log", &e).input(&name);
        let file = lock(path).map_err(refused)?;
        let text = std::fs::read(path).map_err(refused)?;
        let key = signer.public();
        // Of another key nobody could verify the whole.
        let mut follower = Follower::new(Some(key), None);
        let torn = follow(&mut follower, &text).map_err(|fault| damaged(&name, &fault))?;
        let whole = text.len().saturating_sub(torn);
        let len = u64::try_from(whole).unwrap_or(u64::MAX);
        let kept = newest(&beside(path)).and_then(|newest| newest.tip(&key));
        let (mut tip, is_new) = (follower.tip, whole == 0);
        if is_new {
            // Rotated, and ended before the next file was begun: the chain goes on behind its head.
            tip = kept.unwrap_or_default();
        } else if kept.is_some_and(|kept| kept.n > tip.n) {
            let what = "the audit log ends before its newest signed head: entries are missing";
            let hint = "keep it as it is for whoever looks into it, and begin a new file";
            return Err(Error::damaged(what).input(name).hint(hint));
        }
        file.set_len(len).map_err(refused)?;
        let (path, text, first_n) = (path.to_owned(), String::new(), first_n(&text).unwrap_or(0));
        let (keeper, heads, thread) = Keeper::start(&path).map_err(refused)?;
        let mut log = Self {
            file,
            path,
            signer,
            tip,
            first_n,
            len,
            rotate_len,
            text,
            broken: false,
            keeper,
            heads: Some(heads),
            thread: Some(thread),
        };
        if is_new {
            log.begin()?;
        } else {
            log.append(&Event { what: "started", ..Event::default() })?;
        }
        if torn > 0 {
            let count = u64::try_from(torn).ok();
            log.append(&Event { what: "cut", count, ..Event::default() })?;
        }
        Ok(log)
    }

    /// Appends what `event` tells.
    ///
    /// # Errors
    /// Status 5 when the system refuses: then nothing more can be appended.
    pub(in super::super) fn append(&mut self, event: &Event<'_>) -> Result<()> {
        if self.keeper.has_failed.load(Ordering::Relaxed) {
            let why = std::io::Error::other("the newest head could not be kept");
            return Err(self.keeper.refused(&why));
        }
        if self.tip.is_due() {
            self.sign_soon()?;
        }
        self.write(event)?;
        if self.len >= self.rotate_len { self.rotate() } else { Ok(()) }
    }

    /// Signs the chain up to here; that head is beside the log when this returns.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub(in super::super) fn sign(&mut self) -> Result<()> {
        self.write(&self.tip.head(&self.signer))?;
        // Over the head's own entry, so that nothing can be cut off behind it.
        self.keeper.keep(&Newest::new(self.tip, &self.signer), &self.file)
    }

    /// The same, but the head comes beside the log when the disk has the entries before it: nobody waits
    /// for that.
    fn sign_soon(&mut self) -> Result<()> {
        self.write(&self.tip.head(&self.signer))?;
        let refused = |e: std::io::Error| self.keeper.refused(&e);
        let file = self.file.try_clone().map_err(refused)?;
        let newest = Newest::new(self.tip, &self.signer);
        let sent = self.heads.as_ref().is_some_and(|heads| heads.send((newest, file)).is_ok());
        let gone = || std::io::Error::other("the thread that keeps heads has ended");
        if sent { Ok(()) } else { Err(self.keeper.refused(&gone())) }
    }

    /// How many entries the chain has.
    pub(in super::super) fn entries(&self) -> u64 {
        self.tip.n
    }

    fn begin(&mut self) -> Result<()> {
        self.first_n = self.tip.n.saturating_add(1);
        let prev = Some(crate::bytes::hex::Hex(&self.tip.hash).to_string());
        self.append(&Event { what: "opened", prev, ..Event::default() })
    }

    /// Signs, names the file after its first entry, and begins the next one.
    fn rotate(&mut self) -> Result<()> {
        self.sign()?;
        if self.tip.is_due() {
            // The next file begins with no head.
            self.sign()?;
        }
        let name = self.path.display().to_string();
        let refused = |e: std::io::Error| Error::os("cannot rotate the audit log", &e).input(&name);
        let to = with(&self.path, &format!("{:020}", self.first_n));
        std::fs::rename(&self.path, to).map_err(refused)?;
        self.file = lock(&self.path).map_err(refused)?;
        self.len = 0;
        self.begin()
    }

    fn write(&mut self, event: &Event<'_>) -> Result<()> {
        let name = || self.path.display().to_string();
        if self.broken {
            let why = std::io::Error::other("an earlier write failed");
            return Err(Error::os("cannot write the audit log", &why).input(name()));
        }
        self.text.clear();
        let tip = self.tip.line(now_ns(), event, &mut self.text);
        if let Err(error) = self.file.write_all(self.text.as_bytes()) {
            // What was written of the line is cut off by the next start, and said.
            self.broken = true;
            return Err(Error::os("cannot write the audit log", &error).input(name()));
        }
        let len = u64::try_from(self.text.len()).unwrap_or(u64::MAX);
        (self.tip, self.len) = (tip, self.len.saturating_add(len));
        Ok(())
    }
}

/// Opens the file at `path` for this process alone, for its owner only.
fn lock(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options.append(true).create(true).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(std::io::Error::other("another process writes it")),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file beside `path` that `suffix` names.
fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{suffix}"));
    PathBuf::from(name)
}

/// Where the newest head is kept.
fn beside(path: &Path) -> PathBuf {
    with(path, "head")
}

fn newest(path: &Path) -> Option<Newest> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

fn first_n(text: &[u8]) -> Option<u64> {
    let line = text.split(|byte| *byte == b'\n').next()?;
    serde_json::from_slice::<super::Line>(line).ok().map(|line| line.n)
}

fn damaged(name: &str, fault: &Fault) -> Error {
    Error::damaged(format!("line {}: {}", fault.line, fault.what))
        .input(name)
        .hint("mev-send audit verify says what holds; keep the file, and begin a new one")
}

/// `mev-send audit verify`: says whether the logs hold.
pub(in super::super) fn verify(frame: &Frame, args: &Verify) -> Result<Exit> {
    let last = args.files.last().ok_or_else(|| Error::usage("no FILE"))?;
    let place = args.newest.clone().unwrap_or_else(|| beside(last));
    let kept = kept(args, &place)?;
    let mut follower = Follower::new(Some(args.head), kept);
    let mut torn = 0;
    for (at, path) in args.files.iter().enumerate() {
        let name = path.display().to_string();
        let text = std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(&name))?;
        if at == 0 && !text.starts_with(b"{\"n\":") {
            return Err(Error::foreign("not an audit log of mev-send").input(name));
        }
        let is_last = at.saturating_add(1) == args.files.len();
        let found = follow(&mut follower, &text).and_then(|torn| match torn {
            0 => Ok(0),
            torn if is_last => Ok(torn),
            _ => Err(Fault { line: 0, what: "a file before the last one ends in a torn line" }),
        });
        match found {
            Ok(len) => torn = len,
            Err(fault) => {
                print(&format!("broken: {name}: line {}: {}\n", fault.line, fault.what))?;
                return Ok(Exit::No);
            }
        }
    }
    if let Err(what) = follower.finish() {
        print(&format!("broken: {}: {what}\n", last.display()))?;
        return Ok(Exit::No);
    }
    let Follower { tip, heads, signed_n, .. } = &follower;
    let unsigned = tip.n.saturating_sub(*signed_n).saturating_sub(u64::from(*heads > 0));
    print(&format!(
        "sound: entries up to {}, {heads} signed heads, the last over entry {signed_n}, {unsigned} \
         entries behind it\n",
        tip.n
    ))?;
    if kept.is_none() {
        frame.warn("no head was kept elsewhere: entries cut off the end would not be missed");
    }
    if torn > 0 {
        let name = last.display().to_string();
        let what =
            format!("the last {torn} bytes are no whole entry: cut off while it was written");
        return Err(Error::damaged(what).input(name));
    }
    Ok(Exit::Done)
}

/// The head that was kept, if there is a file of one; it must be the key's.
fn kept(args: &Verify, place: &Path) -> Result<Option<Tip>> {
    if args.newest.is_none() && !place.exists() {
        return Ok(None);
    }
    let name = place.display().to_string();
    let kept = newest(place).and_then(|newest| newest.tip(&args.head));
    match kept {
        Some(tip) => Ok(Some(tip)),
        None => Err(Error::damaged("not a head that the key of --head signed").input(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path =
                std::env::temp_dir().join(format!("mev-audit-{}-{name}", std::process::id()));
            let _ = std::fs::remove_dir_all(&path);
            std::fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn signer() -> Signer {
        Signer::from_seed(&[3; 32])
    }

    fn open(path: &Path, rotate_len: u64) -> Log {
        Log::open(path, signer(), rotate_len).unwrap()
    }

    fn accepted() -> Event<'static> {
        Event { what: "accepted", caller: Some("alice"), ..Event::default() }
    }

    fn followed(paths: &[PathBuf]) -> Follower {
        let mut follower = Follower::new(Some(signer().public()), None);
        for path in paths {
            assert_eq!(follow(&mut follower, &std::fs::read(path).unwrap()), Ok(0));
        }
        follower
    }

    #[test]
    fn a_log_goes_on_over_restarts_and_a_torn_line_is_cut_and_said() {
        let folder = Folder::new("restart");
        let path = folder.0.join("audit.log");
        for round in 0..3u64 {
            let mut log = open(&path, 1 << 20);
            assert!(Log::open(&path, signer(), 1 << 20).is_err(), "two writers");
            log.append(&accepted()).unwrap();
            log.sign().unwrap();
            drop(log);
            assert_eq!(followed(std::slice::from_ref(&path)).heads, round + 1);
            let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
            torn.write_all(b"{\"n\":99,\"at").unwrap();
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches("\"what\":\"cut\",\"count\":11").count(), 2);
        assert_eq!(text.matches("\"what\":\"started\"").count(), 2);
    }

    #[test]
    fn heads_come_every_thousand_and_files_follow_each_other() {
        let folder = Folder::new("rotate");
        let path = folder.0.join("audit.log");
        let mut log = open(&path, 100_000);
        (0..2500).for_each(|_| log.append(&accepted()).unwrap());
        let entries = log.entries();
        drop(log);
        let names = std::fs::read_dir(&folder.0).unwrap();
        let mut files: Vec<_> = names.map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_none_or(|end| end != "head"));
        // The one in use sorts before those that are named after their first entry.
        files.sort();
        files.rotate_left(1);
        assert!(files.len() > 3, "{files:?}");
        let whole = followed(&files);
        assert_eq!(whole.tip.n, entries);
        assert_eq!(followed(&files[1..]).tip.n, entries, "a part verifies, too");
        // Ended between two files: the chain goes on.
        std::fs::remove_file(&path).unwrap();
        let before = followed(&files[..files.len() - 1]).tip.n;
        let log = open(&path, 100_000);
        assert_eq!(log.entries(), before + 1);
        drop(log);
        followed(&files);
    }

    #[test]
    fn a_log_that_was_changed_or_cut_is_not_gone_on_with() {
        let folder = Folder::new("changed");
        let path = folder.0.join("audit.log");
        let mut log = open(&path, 1 << 20);
        (0..5).for_each(|_| log.append(&accepted()).unwrap());
        log.sign().unwrap();
        drop(log);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("alice", "mally", 1)).unwrap();
        let error = Log::open(&path, signer(), 1 << 20).err().unwrap();
        assert_eq!(error.exit(), Exit::Damaged);
        assert!(error.to_string().contains("line 2: "), "{error}");
        let lines: Vec<_> = text.lines().collect();
        std::fs::write(&path, lines[..4].join("\n") + "\n").unwrap();
        let error = Log::open(&path, signer(), 1 << 20).err().unwrap();
        assert!(error.to_string().contains("newest signed head"), "{error}");
    }

    #[test]
    fn where_the_disk_is_full_nothing_more_is_appended() {
        let (path, signer) = (PathBuf::from("/dev/full"), signer());
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        let (tip, text) = (Tip::default(), String::new());
        let (first_n, len, rotate_len) = (1, 0, 1 << 20);
        let (keeper, heads, thread) = Keeper::start(&path).unwrap();
        let (heads, thread, broken) = (Some(heads), Some(thread), false);
        let mut log = Log {
            file,
            path,
            signer,
            tip,
            first_n,
            len,
            rotate_len,
            text,
            broken,
            keeper,
            heads,
            thread,
        };
        assert_eq!(log.append(&accepted()).unwrap_err().exit(), Exit::Os);
        assert_eq!(log.entries(), 0);
        let error = log.append(&accepted()).unwrap_err();
        assert!(error.to_string().contains("an earlier write failed"), "{error}");
    }
}
