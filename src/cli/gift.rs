//! Pages given to a pipe instead of bytes copied into it (`--give-pages`).
//!
//! A batch is put into pages of our own, which the pipe then refers to: the kernel neither takes new
//! pages nor copies. A page may be written again when it is out of the pipe. A pipe of N bytes holds N
//! bytes' worth of pages at most, each of which was given whole or in part, so that a page that so many
//! others followed is out: it was read. A reader that moves pages on without reading them (splice, tee)
//! may hold them longer; that there is none, only the user knows, which is why this is an option.

use crate::sys::pipe;
use memmap2::MmapMut;
use std::fs::File;
use std::io::{self, Write};

const PAGE_LEN: usize = 4096;
/// Bytes of one gift at most.
const GIFT_MAX: usize = 128 << 10;
/// Fewer bytes are copied: a page of the pipe for each of them would fill it.
const GIFT_MIN: usize = 16 << 10;

/// The writing end of a pipe, and the pages that go into it.
#[derive(Debug)]
pub(crate) struct Gift {
    pipe: File,
    pages: MmapMut,
    /// Where the next page to be given is.
    at: usize,
}

impl Gift {
    /// Gives to `to`, if it is a pipe that tells its size; else it comes back.
    pub(super) fn new(to: File) -> Result<Self, File> {
        let Some(pipe_len) = pipe::len(&to) else { return Err(to) };
        // At the end of a lap up to a gift's pages are skipped, and a gift lies ahead.
        let len = pipe_len.saturating_add(2 * GIFT_MAX).next_multiple_of(2 << 20);
        match MmapMut::map_anon(len) {
            Ok(pages) => {
                // Large pages are found faster; without them it is only slower.
                let _ = pages.advise(memmap2::Advice::HugePage);
                Ok(Self { pipe: to, pages, at: 0 })
            }
            Err(_) => Err(to),
        }
    }

    /// Whether the pipe is still as small as when the pages were counted: a reader may enlarge it.
    fn fits(&self) -> bool {
        let most = self.pages.len().saturating_sub(2 * GIFT_MAX);
        pipe::len(&self.pipe).is_some_and(|len| len <= most)
    }
}

impl Write for Gift {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() < GIFT_MIN || !self.fits() {
            return self.pipe.write(bytes);
        }
        let bytes = bytes.get(..GIFT_MAX).unwrap_or(bytes);
        if self.pages.len().saturating_sub(self.at) < bytes.len() {
            self.at = 0;
        }
        let end = self.at.saturating_add(bytes.len());
        let Some(place) = self.pages.get_mut(self.at..end) else { return self.pipe.write(bytes) };
        place.copy_from_slice(bytes);
        let given = pipe::give(&self.pipe, place)?;
        self.at = self.at.saturating_add(given).next_multiple_of(PAGE_LEN);
        Ok(given)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::fd::OwnedFd;

    /// Writes numbers through a pipe to a reader that is slower, and reads them back; `during` is called
    /// when a part was read.
    fn flows(during: impl Fn(&io::PipeReader)) {
        const COUNT: u64 = 3_000_000;
        let (mut reader, writer) = io::pipe().unwrap();
        pipe::enlarge(&writer);
        let mut gift = Gift::new(File::from(OwnedFd::from(writer))).unwrap();
        let writing = std::thread::spawn(move || {
            let (mut batch, mut number) = (Vec::new(), 0_u64);
            let lens = [1, 40, 70_000, 9000, 200_000, 17, 65_536];
            let mut lens = lens.iter().cycle();
            while number < COUNT {
                let len = *lens.next().unwrap();
                batch.clear();
                while batch.len() < len && number < COUNT {
                    batch.extend_from_slice(&number.to_le_bytes());
                    number += 1;
                }
                gift.write_all(&batch).unwrap();
            }
        });
        let (mut expected, mut bytes) = (0_u64, Vec::new());
        let mut room = vec![0; 50_000];
        loop {
            let len = reader.read(&mut room).unwrap();
            if len == 0 {
                break;
            }
            bytes.extend_from_slice(&room[..len]);
            let whole = bytes.len() / 8 * 8;
            for number in bytes.drain(..whole).as_slice().chunks_exact(8) {
                assert_eq!(number, expected.to_le_bytes(), "number {expected}");
                expected += 1;
            }
            if expected.is_multiple_of(7) {
                std::thread::yield_now();
            }
            during(&reader);
        }
        writing.join().unwrap();
        assert_eq!(expected, COUNT);
    }

    #[test]
    fn what_is_given_is_what_is_read() {
        flows(|_| ());
    }

    #[test]
    fn a_pipe_that_grows_is_copied_into() {
        let limit = std::fs::read_to_string("/proc/sys/fs/pipe-max-size").unwrap();
        if limit.trim().parse::<usize>().unwrap() <= pipe::PIPE_LEN {
            let (_reader, writer) = io::pipe().unwrap();
            let mut gift = Gift::new(File::from(OwnedFd::from(writer))).unwrap();
            assert!(gift.fits());
            gift.pages = MmapMut::map_anon(2 * GIFT_MAX).unwrap();
            assert!(!gift.fits(), "a pipe larger than its pages");
        }
        flows(|reader| {
            pipe::enlarge(reader);
        });
    }

    #[test]
    fn a_file_is_no_pipe() {
        assert!(Gift::new(File::open("/dev/null").unwrap()).is_err());
    }
}
