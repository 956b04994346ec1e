//! A position in foreign bytes that only moves forward and never past the end.

/// Reads values one after another; every read is checked and `None` leaves nothing half-read that
/// matters, because a caller gives up on `None`.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Starts at the first byte of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Offset of the next unread byte.
    #[inline]
    pub fn at(&self) -> usize {
        self.at
    }

    /// Bytes not read yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Whether every byte was read.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next `count` bytes.
    #[inline]
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// The next `N` bytes, borrowed.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.take(N)?.first_chunk()
    }

    /// The next byte.
    #[inline]
    pub fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|b| b[0])
    }

    /// The next little-endian `u16`.
    #[inline]
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(|b| u16::from_le_bytes(*b))
    }

    /// The next little-endian `u32`.
    #[inline]
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(|b| u32::from_le_bytes(*b))
    }

    /// The next little-endian `u64`.
    #[inline]
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(|b| u64::from_le_bytes(*b))
    }

    /// The next compact-u16: 1 to 3 bytes; overlong and overflowing forms are refused, as
    /// solana-short-vec 3.2 does.
    #[inline]
    pub fn compact_u16(&mut self) -> Option<u16> {
        let first = self.u8()?;
        if first < 0x80 {
            return Some(u16::from(first));
        }
        let second = self.u8()?;
        let low = u16::from(first & 0x7f) | u16::from(second & 0x7f) << 7;
        if second < 0x80 {
            return (second != 0).then_some(low);
        }
        let third = self.u8()?;
        (third != 0 && third < 4).then_some(low | u16::from(third) << 14)
    }
}
