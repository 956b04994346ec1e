//! The journal's file.

use super::{ENTRY_LEN, Entry, HEAD_LEN, Recovered, head, recover};
use crate::error::{Error, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// A journal that this process alone writes.
#[derive(Debug)]
pub struct Journal {
    file: File,
    name: String,
    sequence: u64,
    len: u64,
    /// Each entry reaches the disk before it counts as written.
    sync: bool,
    /// A write failed and could not be undone.
    broken: bool,
}

impl Journal {
    /// Opens the journal at `path`, or makes it; cuts off a torn tail. What it holds comes with it.
    ///
    /// # Errors
    /// Those of [`recover`]; status 5 when the system refuses or another process holds it.
    pub fn open(path: &Path, sync: bool) -> Result<(Self, Recovered)> {
        let name = path.display().to_string();
        let refused = |e: std::io::Error| Error::os("cannot open the journal", &e).input(&name);
        let mut options = OpenOptions::new();
        // Its receipts tell what somebody trades: for its owner only.
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(refused)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let error = std::io::Error::other("another process writes it");
                let hint = "one mev-send a journal: give each its own file";
                return Err(refused(error).hint(hint));
            }
            Err(TryLockError::Error(error)) => return Err(refused(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(refused)?;
        let found = recover(&bytes).map_err(|error| error.input(&name))?;
        file.set_len(found.sound_len).map_err(refused)?;
        if found.sound_len > 0 && !bytes.starts_with(&head()) {
            // Of version 1: what follows may say more than its readers know.
            file.write_all_at(&head(), 0).map_err(refused)?;
        }
        file.seek(SeekFrom::End(0)).map_err(refused)?;
        let sequence = u64::try_from(found.entries.len()).unwrap_or(u64::MAX);
        let (len, broken) = (found.sound_len, false);
        let mut journal = Self { file, name, sequence, len, sync, broken };
        if found.sound_len == 0 {
            journal.write(&head(), HEAD_LEN)?;
        }
        Ok((journal, found))
    }

    /// Reads the journal at `path` without holding it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn read(path: &Path) -> Result<Recovered> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|e| Error::os("cannot read", &e).input(&name))?;
        recover(&bytes).map_err(|error| error.input(name))
    }

    /// Appends `entry`, by one write(2).
    ///
    /// # Errors
    /// Status 5 when the system refuses: the entry is not in the journal, and nothing may follow
    /// from it.
    pub fn append(&mut self, entry: &Entry) -> Result<()> {
        let sequence = self.sequence.saturating_add(1);
        let sealed = entry.sealed(sequence);
        self.write(bytemuck::bytes_of(&sealed), ENTRY_LEN)?;
        self.sequence = sequence;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], len: usize) -> Result<()> {
        let broken = || std::io::Error::other("an earlier write failed and could not be undone");
        let mut written = if self.broken { Err(broken()) } else { self.file.write_all(bytes) };
        if self.sync {
            written = written.and_then(|()| self.file.sync_data());
        }
        if let Err(error) = written {
            // What was written of it must not stand before a later entry.
            let undone =
                self.file.set_len(self.len).and_then(|()| self.file.seek(SeekFrom::End(0)));
            self.broken |= undone.is_err();
            return Err(Error::os("cannot write the journal", &error).input(&self.name));
        }
        self.len = self.len.saturating_add(u64::try_from(len).unwrap_or(0));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::error::Exit;
    use crate::record::Receipt;
    use std::path::PathBuf;

    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let name = format!("mev-journal-{}-{name}", std::process::id());
            Self(std::env::temp_dir().join(name))
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn entries_follow_those_of_before_and_a_torn_one_is_cut() {
        let file = Temporary::new("follow");
        for (round, sync) in [(0, false), (1, true), (2, false)] {
            let (mut journal, found) = Journal::open(&file.0, sync).unwrap();
            assert_eq!(
                (found.entries.len(), found.cut_len),
                (round * 2, if round == 0 { 0 } else { 100 })
            );
            for kind in [Kind::Attempt, Kind::Final] {
                journal.append(&Entry::new(kind, 5, Receipt::new(1))).unwrap();
            }
            let second = Journal::open(&file.0, false).unwrap_err();
            assert_eq!(second.exit(), Exit::Os);
            assert!(second.to_string().contains("another process writes it"), "{second}");
            drop(journal);
            assert_eq!(Journal::read(&file.0).unwrap().entries.len(), round * 2 + 2);
            let mut torn = OpenOptions::new().append(true).open(&file.0).unwrap();
            torn.write_all(&[7; 100]).unwrap();
        }
    }

    #[test]
    fn an_entry_that_a_full_disk_refuses_is_not_written() {
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let name = "full".to_owned();
        let mut journal = Journal { file, name, sequence: 0, len: 0, sync: false, broken: false };
        let entry = Entry::new(Kind::Attempt, 5, Receipt::new(1));
        let error = journal.append(&entry).unwrap_err();
        assert_eq!((error.exit(), journal.sequence, journal.len), (Exit::Os, 0, 0));
        assert!(error.to_string().contains("No space left"), "{error}");
        // A device cannot be cut back: nothing more is written to it.
        let error = journal.append(&entry).unwrap_err();
        assert!(error.to_string().contains("an earlier write failed"), "{error}");
    }
}
