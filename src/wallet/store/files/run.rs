//! The file system.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// The files of a table.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The table.
    pub table: PathBuf,
    /// The log.
    pub log: PathBuf,
    /// The lots.
    pub lots: PathBuf,
    /// The lock.
    pub lock: PathBuf,
}

impl Paths {
    /// The files of the table at `path`.
    pub fn of(path: &Path) -> Self {
        Self {
            table: path.to_owned(),
            log: with(path, ".log"),
            lots: with(path, ".lots"),
            lock: with(path, ".lock"),
        }
    }

    /// The name of the table in messages.
    pub fn name(&self) -> String {
        self.table.display().to_string()
    }

    /// Where a file is written that is to take the place of `path`.
    pub fn beside(path: &Path) -> PathBuf {
        with(path, ".new")
    }

    /// Makes an empty file beside `path`.
    ///
    /// # Errors
    /// Those of the system.
    pub fn create_beside(path: &Path) -> std::io::Result<File> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(true);
        // What others may do with the table is for its owner to say, by the mode of the old file.
        let mode = std::fs::metadata(path)
            .ok()
            .map(|old| std::os::unix::fs::PermissionsExt::mode(&old.permissions()) & 0o777);
        let file = options.mode(mode.unwrap_or(0o644)).open(Self::beside(path))?;
        Ok(file)
    }
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The lock of a table. It is gone with its process, however that ends.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a child that another thread is starting may have it open too.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Takes the lock of a table.
///
/// # Errors
/// Status 5 when another process holds it, or the system refuses.
pub fn lock(paths: &Paths) -> Result<Lock> {
    let refused = |e: std::io::Error| refused("cannot lock", &e, paths);
    let mut options = OpenOptions::new();
    let open = options.read(true).write(true).create(true).truncate(false).mode(0o644);
    let file = open.open(&paths.lock).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => {
            let error = std::io::Error::other("another process writes it");
            let hint = "a table has one writer at a time: wait for it, or end it";
            Err(Error::os("cannot lock", &error).input(paths.name()).hint(hint))
        }
        Err(TryLockError::Error(error)) => Err(refused(error)),
    }
}

/// What the system refused, with a hint where the user can act.
pub(in crate::wallet) fn refused(what: &str, error: &std::io::Error, paths: &Paths) -> Error {
    let made = Error::os(what, error).input(paths.name());
    match error.kind() {
        ErrorKind::NotFound => made.hint("walletdb create or walletdb import makes it"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => made.hint(
            "who writes needs the right to write to the table, and to make files in its folder",
        ),
        ErrorKind::StorageFull => {
            made.hint("nothing was changed: make room on that disk and try again")
        }
        _ => made,
    }
}

/// Puts on the disk what the folder of `path` names.
///
/// # Errors
/// Those of the system.
pub fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// A number of this run of the machine, of 48 bits; 0 where the system does not tell.
pub fn boot() -> u64 {
    let text = std::fs::read("/proc/sys/kernel/random/boot_id");
    text.map_or(0, |text| xxh3_64(&text) >> 16)
}

/// Numbers that nobody can guess.
///
/// # Errors
/// Status 5 when the system refuses.
pub fn random<const N: usize>() -> Result<[u64; N]> {
    let mut bytes = [[0; 8]; N];
    let read = File::open("/dev/urandom")
        .and_then(|mut from| bytes.iter_mut().try_for_each(|word| from.read_exact(word)));
    read.map_err(|e| Error::os("cannot read /dev/urandom", &e))?;
    Ok(bytes.map(u64::from_le_bytes))
}
