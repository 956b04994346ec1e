//! Memory maps of files and advice about memory: the only place that maps.
//!
//! A regular file is read through a private, read-only map. The kernel serves pages as they are
//! touched; [`Map::release`] gives back those that lie behind the reader, so that a capture larger
//! than memory can be read in bounded space. What other processes write at the same time is mapped
//! as [`Shared`], whose words are atomics, or as [`Watched`], which can only be looked at.

mod line;
mod shared;

pub use line::{AtomicLine, Lanes, Line, Lines, pairs_are_whole};
pub use shared::{LINE_WORDS, Shared, Watched};

use std::fs::File;
use std::io::Result;

/// A read-only map of a whole file.
#[derive(Debug)]
pub struct Map(memmap2::Mmap);

impl Map {
    /// Maps the whole of `file`.
    ///
    /// # Errors
    /// Those of the system, which also refuses a file that is no regular one.
    #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
    pub fn open(file: &File) -> Result<Self> {
        // SAFETY: memmap2 requires that the file is not changed in ways that break the borrower
        // while mapped. The bytes are only ever read as plain integers and byte strings, each
        // checked before use, so a changed byte is a wrong value and never an invalid one; a file
        // that is truncated underneath us raises SIGBUS, which ends the process without a result.
        let map = unsafe { memmap2::Mmap::map(file) }?;
        // Advice only: a kernel that declines it still serves the pages.
        let _ = map.advise(memmap2::Advice::Sequential);
        Ok(Self(map))
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Tells the kernel that bytes `[from, to)` will be read next, all of them: it maps their pages at
    /// once instead of a few at each touch. Advice only; kernels before 5.14 do not know it.
    pub fn populate(&self, from: usize, to: usize) {
        if from < to && to <= self.0.len() {
            let _ = self.0.advise_range(memmap2::Advice::PopulateRead, from, to - from);
        }
    }

    /// Tells the kernel that bytes `[from, to)` will not be read again.
    #[expect(unsafe_code, reason = "dropping pages of a map is unsafe for writable ones")]
    pub fn release(&self, from: usize, to: usize) {
        if from < to && to <= self.0.len() {
            // SAFETY: DontNeed may lose changes to a private map; this one is read-only and file
            // backed, so a page touched again is read from the file again.
            let _ = unsafe {
                self.0.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, from, to - from)
            };
        }
    }
}

/// Asks the processor for the cache lines of `bytes` in `[at, at + len)`, as far as they exist,
/// before they are read. Advice only: it changes no result, and does nothing on processors other
/// than x86-64.
#[inline]
pub fn prefetch(bytes: &[u8], at: usize, len: usize) {
    for line in bytes.get(at..).unwrap_or_default().chunks(64).take(len.div_ceil(64)) {
        prefetch_item(line, 0);
    }
}

/// As [`prefetch`], the cache line where item `at` of `list` begins.
#[inline]
#[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "an intrinsic"))]
pub fn prefetch_item<T>(list: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(item) = list.get(at) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction is part of every x86-64, reads nothing and faults on no address;
        // this one is that of `item`.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (list, at);
}

/// Asks the kernel for large pages under `room`, which is best not touched yet: a table read all over
/// then misses fewer translations. Advice only: it changes no result, and a kernel that has none to
/// give serves small ones.
pub fn large_pages<T>(room: &mut [std::mem::MaybeUninit<T>]) {
    #[cfg(target_os = "linux")]
    advise(room, libc::MADV_HUGEPAGE);
    #[cfg(not(target_os = "linux"))]
    let _ = room;
}

/// Asks the kernel for pages of the usual size under `room`, as [`large_pages`] for large ones: for
/// measurements of both.
pub fn small_pages<T>(room: &mut [std::mem::MaybeUninit<T>]) {
    #[cfg(target_os = "linux")]
    advise(room, libc::MADV_NOHUGEPAGE);
    #[cfg(not(target_os = "linux"))]
    let _ = room;
}

/// Advises on the whole large pages in `room`, by `MADV_HUGEPAGE` or `MADV_NOHUGEPAGE`.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "a system call on addresses")]
fn advise<T>(room: &mut [std::mem::MaybeUninit<T>], advice: libc::c_int) {
    const LARGE: usize = 2 << 20;
    let from = room.as_mut_ptr().addr().next_multiple_of(LARGE);
    let end = room.as_mut_ptr_range().end.addr() / LARGE * LARGE;
    let Some(len) = end.checked_sub(from).filter(|len| *len > 0) else { return };
    // SAFETY: the two advices change how the pages of `[from, end)` are backed and nothing of what they
    // hold; the range is inside of `room`, which is ours alone.
    let _ = unsafe { libc::madvise(from as *mut libc::c_void, len, advice) };
}

/// The pages of a map around its reader: those ahead are asked for, those that lie behind are given
/// back, both in steps.
#[derive(Debug, Default)]
pub struct Behind {
    populated: usize,
    released: usize,
}

/// Bytes ahead of the reader that are asked for at a time.
const AHEAD: usize = 1 << 20;

/// Bytes of a step; as many again stay mapped behind the reader.
const STEP: usize = 32 << 20;

impl Behind {
    /// The reader has passed the bytes of `map` before `at`.
    #[inline]
    pub fn passed(&mut self, map: &Map, at: usize) {
        if at.saturating_add(AHEAD) > self.populated {
            let from = self.populated.max(at);
            self.populated = from.saturating_add(AHEAD).min(map.bytes().len());
            map.populate(from, self.populated);
        }
        if at.saturating_sub(self.released) >= 2 * STEP {
            // Some of what was given back before may have been touched again by those who keep parts.
            map.release(self.released.saturating_sub(3 * STEP), self.released + STEP);
            self.released += STEP;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn released_pages_read_the_same() {
        let path = std::env::temp_dir().join(format!("mev-mem-{}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        file.write_all(&[7u8; 3 * 4096]).unwrap();
        let map = Map::open(&File::open(&path).unwrap()).unwrap();
        map.release(0, 8192);
        assert!(map.bytes().iter().all(|b| *b == 7));
        std::fs::remove_file(&path).unwrap();
    }
}
