//! A dump of the ShredStream proxy: datagrams one after another, without addresses or stamps.
//!
//! ```text
//! count u32 | count x (len u32 | len bytes)     borsh of struct { packets: Vec<Vec<u8>> }
//! ```
//!
//! Little-endian; jito-labs/shredstream-proxy at d8b44814, `proxy/src/deshred.rs`. Dumps may follow
//! one another. A dump has no stamps: its packets were received at 0, which is absent, in the order
//! of the file.

use crate::bytes::u32_at;
use crate::error::{Error, Result};
use crate::stream::Source;

/// Bytes of a UDP datagram at most.
const DATAGRAM_MAX: u32 = 65_535;

/// Bytes of a count or a length.
const WORD: usize = size_of::<u32>();

/// Reads a dump packet by packet.
#[derive(Debug)]
pub struct Dump<S> {
    source: S,
    /// Packets of the current dump that were not read yet.
    left: u32,
    /// Bytes passed, the current packet included.
    passed: u64,
    /// Packets given so far.
    packets: u64,
    /// Bytes of the packet given last, still waiting in the source.
    given: usize,
}

impl<S: Source> Dump<S> {
    /// Reads from `source`, which stands at a count.
    pub fn new(source: S) -> Self {
        Self { source, left: 0, passed: 0, packets: 0, given: 0 }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.passed
    }

    /// Whether a whole packet waits, so that [`next`](Self::next) will not ask the system.
    pub fn is_ready(&self) -> bool {
        let waiting = self.source.waiting().get(self.given..).unwrap_or_default();
        let at = if self.left == 0 { WORD } else { 0 };
        let len = u32_at(waiting, at).and_then(|len| usize::try_from(len).ok());
        len.is_some_and(|len| waiting.len().saturating_sub(at + WORD) >= len)
    }

    /// The next packet; `None` after the last one of the last dump.
    ///
    /// # Errors
    /// Status 4, with byte and packet, when the input ends inside a dump or a length is longer
    /// than a datagram; status 5 when the system refuses the read.
    #[expect(clippy::should_implement_trait, reason = "the packet borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<&[u8]>> {
        self.source.take(std::mem::take(&mut self.given));
        while self.left == 0 {
            if !self.wait(1)? {
                return Ok(None);
            }
            self.left = self.word("count")?;
            self.source.take(WORD);
            self.passed += WORD as u64;
        }
        let len = self.word("length of a packet")?;
        if len > DATAGRAM_MAX {
            return Err(self.damaged(format!("a packet of {len} bytes, more than a datagram has")));
        }
        let whole = WORD + len as usize;
        if !self.wait(whole)? {
            let has = self.source.waiting().len();
            return Err(self.damaged(format!("input ends inside a packet: {has} of {whole} bytes")));
        }
        self.left -= 1;
        self.given = whole;
        self.passed += whole as u64;
        self.packets += 1;
        Ok(self.source.waiting().get(WORD..whole))
    }

    /// The word that waits, which is the `what`.
    fn word(&mut self, what: &str) -> Result<u32> {
        if self.wait(WORD)?
            && let Some(word) = u32_at(self.source.waiting(), 0)
        {
            return Ok(word);
        }
        let left = self.left;
        let missing = if left > 0 { format!(", {left} packets missing") } else { String::new() };
        Err(self.damaged(format!("input ends before the {what}{missing}")))
    }

    /// Waits for `len` bytes; whether they came.
    fn wait(&mut self, len: usize) -> Result<bool> {
        while self.source.waiting().len() < len {
            if self.source.more().map_err(|e| Error::os("cannot read", &e))? == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn damaged(&self, what: String) -> Error {
        Error::damaged(what).at(self.passed, self.packets)
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::Buffered;
    use super::*;
    use crate::error::Exit;

    fn dump(packets: &[&[u8]]) -> Vec<u8> {
        let mut bytes = u32::try_from(packets.len()).unwrap().to_le_bytes().to_vec();
        for packet in packets {
            bytes.extend(u32::try_from(packet.len()).unwrap().to_le_bytes());
            bytes.extend(*packet);
        }
        bytes
    }

    fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Option<Error>) {
        let mut reader = Dump::new(Buffered::new(bytes));
        let mut packets = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(packet)) => packets.push(packet.to_vec()),
                Ok(None) => {
                    assert_eq!(reader.position(), bytes.len() as u64);
                    return (packets, None);
                }
                Err(error) => return (packets, Some(error)),
            }
        }
    }

    #[test]
    fn packets_come_in_order_and_dumps_may_follow_one_another() {
        let one: [&[u8]; 3] = [&[1; 1203], &[], &[2; 3]];
        assert_eq!(read(&dump(&one)).0, one);
        let two = [dump(&one), dump(&[]), dump(&one)].concat();
        let (packets, error) = read(&two);
        assert!(error.is_none());
        assert_eq!(packets, [one, one].concat());
    }

    #[test]
    fn cut_at_every_byte_it_gives_what_was_whole() {
        let packets: [&[u8]; 3] = [&[1; 20], &[2; 7], &[3; 40]];
        let bytes = dump(&packets);
        for cut in 1..bytes.len() {
            let (whole, error) = read(&bytes[..cut]);
            let error = error.unwrap();
            let ends = [28, 39, 83];
            assert_eq!(whole.len(), ends.iter().filter(|end| **end <= cut).count());
            assert_eq!(whole, packets[..whole.len()]);
            assert_eq!(error.exit(), Exit::Damaged);
            let starts = [4, 28, 39, 83];
            let at = if cut < 4 { 0 } else { starts[whole.len()] };
            let place = format!("byte {at} (record {}): input ends ", whole.len());
            assert!(error.to_string().starts_with(&place), "{error}");
        }
    }

    #[test]
    fn a_length_that_no_datagram_has_is_damage() {
        let mut bytes = dump(&[&[1; 20], &[2; 7]]);
        bytes[28..32].copy_from_slice(&65_536u32.to_le_bytes());
        let (whole, error) = read(&bytes);
        let said = "byte 28 (record 1): a packet of 65536 bytes, more than a datagram has";
        assert_eq!((whole.len(), error.unwrap().to_string().as_str()), (1, said));
    }

    #[test]
    fn ready_means_that_a_packet_waits() {
        let bytes = dump(&[&[1; 20], &[2; 7]]);
        let mut reader = Dump::new(Buffered::new(&bytes[..38]));
        assert!(!reader.is_ready());
        reader.source.more().unwrap();
        assert!(reader.is_ready());
        reader.next().unwrap();
        assert!(!reader.is_ready());
    }
}
