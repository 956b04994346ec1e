//! Maps the file.

use super::super::files::Paths;
use crate::error::{Error, Result};
use crate::mem::{Lanes, Lines, Watched, pairs_are_whole};
use crate::wallet::store::files;
use crate::wallet::table::head::is_moving;
use crate::wallet::table::{Head, Standing, Table};
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A table that is read. Takes no lock, and waits for nobody.
#[derive(Debug)]
pub struct Reader {
    paths: Paths,
    huge: bool,
    lanes: Lanes,
    map: Watched,
    head: Head,
    file: (u64, u64),
}

impl Reader {
    /// Maps the table at `path`, on large pages where `huge` asks for them and there are.
    ///
    /// # Errors
    /// Those of [`Head::read`]; status 5 when the system refuses.
    pub fn open(path: &Path, huge: bool) -> Result<Self> {
        let paths = Paths::of(path);
        let (map, head, file) = Self::map(&paths, huge)?;
        Ok(Self { paths, huge, lanes: Lanes::best(), map, head, file })
    }

    fn map(paths: &Paths, huge: bool) -> Result<(Watched, Head, (u64, u64))> {
        let refused = |what: &str, e: std::io::Error| files::refused(what, &e, paths);
        let named = |e: Error| e.input(paths.name());
        let file = File::open(&paths.table).map_err(|e| refused("cannot open", e))?;
        let meta = file.metadata().map_err(|e| refused("cannot look at", e))?;
        if !meta.is_file() || meta.len() < 4096 {
            return Err(named(
                Head::read(Lines::new(&[]), meta.len())
                    .err()
                    .unwrap_or_else(|| Error::foreign("not a wallet table")),
            ));
        }
        let map = Watched::open(&file, huge).map_err(|e| refused("cannot map", e))?;
        let head = Head::read(map.lines(), meta.len()).map_err(named)?;
        if head.whole && !pairs_are_whole() {
            let what = "the table is published by stores of 16 bytes, which this processor has not";
            return Err(named(
                Error::foreign(what).hint("export it where it was made, and import that here"),
            ));
        }
        Ok((map, head, (meta.dev(), meta.ino())))
    }

    /// The table, as it is now and will be.
    #[inline]
    pub fn table(&self) -> Table<'_> {
        Table::new(self.map.lines(), &self.head, self.lanes)
    }

    /// What it is.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How it was left.
    pub fn standing(&self) -> Option<Standing> {
        Standing::read(self.map.lines())
    }

    /// All of its lines.
    pub fn lines(&self) -> Lines<'_> {
        self.map.lines()
    }

    /// The address it is mapped at.
    pub fn address(&self) -> usize {
        self.map.address()
    }

    /// Maps all pages at once.
    pub fn populate(&self) {
        self.map.populate();
    }

    /// Goes over to the file that took the place of this one, if one did; whether it went. To be called
    /// once a batch: it looks at one word, and at the path only while that says that the table moves.
    ///
    /// Where the new file cannot be opened, the old rows are served on.
    #[inline]
    pub fn refresh(&mut self) -> bool {
        is_moving(self.map.lines()) && self.reopen()
    }

    #[cold]
    fn reopen(&mut self) -> bool {
        let there = std::fs::metadata(&self.paths.table).map(|meta| (meta.dev(), meta.ino()));
        if there.is_ok_and(|there| there == self.file) {
            return false;
        }
        let Ok((map, head, file)) = Self::map(&self.paths, self.huge) else { return false };
        (self.map, self.head, self.file) = (map, head, file);
        true
    }
}
