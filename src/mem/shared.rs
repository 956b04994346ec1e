//! Memory that several processes write at the same time: a file mapped shared, as atomic words.
//!
//! There is no `&[u8]` into it and never will be: a byte that changes under a plain reference is
//! undefined, a word that changes under an atomic is a value. Who needs bytes copies words out.

use super::line::{AtomicLine, Lines};
use memmap2::{Advice, MmapOptions, MmapRaw};
use std::fs::File;
use std::io::{Error, ErrorKind, Result, Write};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// Words of a line of cache.
pub const LINE_WORDS: usize = 8;

/// A file mapped shared and writable, as 64-bit atomic words.
#[derive(Debug)]
pub struct Shared {
    map: MmapRaw,
}

impl Shared {
    /// Maps the whole of `file`, which is open for reading and writing and whose length is above 0.
    ///
    /// The file must not be made shorter while it is mapped: touching what is gone raises SIGBUS,
    /// which ends the process without a result.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(file: &File) -> Result<Self> {
        Ok(Self { map: MmapRaw::map_raw(file)? })
    }

    /// Makes `file` `len` bytes of zeros long, with all of its pages there, so that a full disk is an
    /// error here and no SIGBUS later; then maps it. With `huge`, large pages are asked for first,
    /// which a file on tmpfs gets where the kernel allows it (`shmem_enabled`).
    ///
    /// # Errors
    /// Those of the system.
    pub fn create(mut file: &File, len: usize, huge: bool) -> Result<Self> {
        file.set_len(0)?;
        file.set_len(len as u64)?;
        let made = Self::open(file)?;
        if huge {
            // Advice only: a kernel without large pages for this file serves small ones.
            let _ = made.map.advise(Advice::HugePage);
        }
        match made.map.advise(Advice::PopulateWrite) {
            // Kernels before 5.14 do not know it.
            Err(e) if e.kind() == ErrorKind::InvalidInput => {
                let zeros = [0; 1 << 12];
                let mut left = len;
                while left > 0 {
                    let part = zeros.get(..left.min(zeros.len())).unwrap_or_default();
                    file.write_all(part)?;
                    left -= part.len();
                }
            }
            // What would have been a SIGBUS.
            Err(e) if e.raw_os_error() == Some(libc::EFAULT) => {
                return Err(Error::from(ErrorKind::StorageFull));
            }
            other => other?,
        }
        Ok(made)
    }

    /// Asks for all pages at once, so that none is missing when it is touched first. Advice only.
    pub fn populate(&self) {
        let _ = self.map.advise(Advice::PopulateWrite);
    }

    /// The words, whatever other processes do to them.
    #[inline]
    #[expect(unsafe_code, reason = "a view of mapped memory")]
    pub fn words(&self) -> &[AtomicU64] {
        let count = self.map.len() / size_of::<AtomicU64>();
        // SAFETY: the map is readable and writable for its whole length, which `count` words do not
        // exceed; it begins at a page and so is aligned; it lives as long as `self`, and nothing in
        // this process refers to it in another way. `AtomicU64` has the size of `u64`, any bits are
        // a value of it, and it may be changed through a shared reference: by this process, and by
        // others that map the file, whose stores are to the processor what those of a thread are.
        // A file made shorter underneath raises SIGBUS, which ends the process.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast(), count) }
    }

    /// The words by lines of cache, aligned as such; an incomplete line at the end is left out.
    #[inline]
    #[expect(unsafe_code, reason = "a view of mapped memory")]
    pub fn atomic_lines(&self) -> &[AtomicLine] {
        let count = self.map.len() / size_of::<AtomicLine>();
        // SAFETY: as in `words`; a page is aligned to 64, and an `AtomicLine` is 8 atomic words.
        unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast(), count) }
    }

    /// Writes what was changed to the disk and waits for it.
    ///
    /// # Errors
    /// Those of the system.
    pub fn sync(&self) -> Result<()> {
        self.map.flush()
    }

    /// The address it is mapped at, to find it in `/proc/self/smaps`.
    pub fn address(&self) -> usize {
        self.map.as_ptr().addr()
    }

    /// The words by lines of cache; an incomplete line at the end is left out.
    #[inline]
    pub fn lines(&self) -> &[[AtomicU64; LINE_WORDS]] {
        self.words().as_chunks().0
    }

    /// Sleeps until [`wake`](Self::wake) is called for word `at`, `timeout` has passed or a signal
    /// comes; does not sleep if the low half of the word is not `is`.
    #[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "std has no futex"))]
    pub fn wait(&self, at: usize, is: u32, timeout: Duration) {
        let Some(word) = self.words().get(at) else { return };
        #[cfg(target_os = "linux")]
        {
            let limit = libc::timespec {
                tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: timeout.subsec_nanos().into(),
            };
            // SAFETY: FUTEX_WAIT reads 32 bits at an address that is aligned to 4, here the low half
            // of a word (little-endian, see lib.rs), and the timespec, both alive for the call. It
            // writes nothing. Every answer means the same here: look again.
            let _ = unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    word.as_ptr().cast::<u32>(),
                    libc::FUTEX_WAIT,
                    is,
                    &raw const limit,
                )
            };
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (word, is);
            std::thread::park_timeout(timeout.min(Duration::from_millis(1)));
        }
    }

    /// Wakes all who wait for word `at`, in whatever process.
    #[cfg_attr(target_os = "linux", expect(unsafe_code, reason = "std has no futex"))]
    pub fn wake(&self, at: usize) {
        #[cfg(target_os = "linux")]
        if let Some(word) = self.words().get(at) {
            // SAFETY: FUTEX_WAKE takes the address as a name and follows it at most to find the page;
            // it is that of a live word.
            let _ = unsafe {
                libc::syscall(
                    libc::SYS_futex,
                    word.as_ptr().cast::<u32>(),
                    libc::FUTEX_WAKE,
                    libc::c_int::MAX,
                )
            };
        }
        #[cfg(not(target_os = "linux"))]
        let _ = at;
    }
}

/// A file that others write, mapped to be looked at only.
#[derive(Debug)]
pub struct Watched {
    map: MmapRaw,
}

impl Watched {
    /// Maps the whole of `file`, which is open for reading and whose length is above 0. With `huge`,
    /// large pages are asked for, which is advice only. As with [`Shared::open`], a file made shorter
    /// while it is mapped ends the process.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(file: &File, huge: bool) -> Result<Self> {
        let map = MmapOptions::new().map_raw_read_only(file)?;
        if huge {
            let _ = map.advise(Advice::HugePage);
        }
        Ok(Self { map })
    }

    /// Maps all pages at once, so that none is missing when it is touched first. Advice only.
    pub fn populate(&self) {
        let _ = self.map.advise(Advice::PopulateRead);
    }

    /// The lines; an incomplete one at the end is left out.
    #[inline]
    #[expect(unsafe_code, reason = "a view of mapped memory")]
    pub fn lines(&self) -> Lines<'_> {
        let count = self.map.len() / size_of::<AtomicLine>();
        // SAFETY: the map is readable for its whole length, which `count` lines do not exceed; it
        // begins at a page and so is aligned to 64; it lives as long as `self`. `Lines` only loads, and
        // an atomic load of up to 64 bits from memory that cannot be written is defined for x86-64 and
        // aarch64 (std::sync::atomic, "Atomic accesses to read-only memory").
        Lines::new(unsafe { std::slice::from_raw_parts(self.map.as_ptr().cast(), count) })
    }

    /// The address it is mapped at, to find it in `/proc/self/smaps`.
    pub fn address(&self) -> usize {
        self.map.as_ptr().addr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    fn file(name: &str) -> (std::path::PathBuf, File) {
        let path = std::env::temp_dir().join(format!("mev-shared-{name}-{}", std::process::id()));
        let options = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .unwrap();
        (path, options)
    }

    #[test]
    fn two_maps_of_a_file_are_one_memory() {
        let (path, file) = file("two");
        let one = Shared::create(&file, 8192, true).unwrap();
        let other = Shared::open(&file).unwrap();
        assert_eq!((one.words().len(), one.lines().len()), (1024, 128));
        one.words()[1023].store(7, Ordering::Release);
        assert_eq!(other.words()[1023].load(Ordering::Acquire), 7);
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_written_is_watched() {
        let (path, file) = file("watched");
        let shared = Shared::create(&file, 4096, false).unwrap();
        let watched = Watched::open(&File::open(&path).unwrap(), true).unwrap();
        assert_eq!(watched.lines().len(), 64);
        shared.atomic_lines()[63].store(7, 9);
        assert_eq!(watched.lines().get(63).map(|line| line.word(7)), Some(9));
        assert!(watched.lines().get(64).is_none());
        assert_eq!(watched.lines().part(60, 9).len(), 4);
        assert!(shared.address() != watched.address());
        shared.sync().unwrap();
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_sleeper_is_woken_and_does_not_sleep_in_vain() {
        let (path, file) = file("wake");
        let shared = Shared::create(&file, 4096, false).unwrap();
        // Another value is there: no sleep.
        shared.wait(0, 1, Duration::from_mins(1));
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| {
                while shared.words()[0].load(Ordering::Acquire) == 0 {
                    shared.wait(0, 0, Duration::from_mins(1));
                }
            });
            shared.words()[0].store(1, Ordering::Release);
            while !sleeper.is_finished() {
                shared.wake(0);
            }
        });
        std::fs::remove_file(path).unwrap();
    }
}
