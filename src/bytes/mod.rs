//! Encodings between bytes and values, without I/O: little-endian reads, a checked cursor,
//! compact-u16, base58, hexadecimal, a set of small numbers.
//!
//! Nothing here panics on any input: a read past the end is `None`.

pub mod base58;
pub mod hex;

mod cursor;
mod set;

pub use cursor::Cursor;
pub use set::IndexSet;

/// `N` bytes of `bytes` from offset `at`; `None` past the end.
#[inline]
pub fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// A 32-byte key borrowed from `bytes` at offset `at`; `None` past the end.
#[inline]
pub fn key_at(bytes: &[u8], at: usize) -> Option<&[u8; 32]> {
    bytes.get(at..)?.first_chunk()
}

/// `u8` at offset `at`.
#[inline]
pub fn u8_at(bytes: &[u8], at: usize) -> Option<u8> {
    bytes.get(at).copied()
}

/// Little-endian `u16` at offset `at`.
#[inline]
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

/// Little-endian `u32` at offset `at`.
#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

/// Little-endian `i32` at offset `at`.
#[inline]
pub fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    array_at(bytes, at).map(i32::from_le_bytes)
}

/// Little-endian `u64` at offset `at`.
#[inline]
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

/// Little-endian `u128` at offset `at`.
#[inline]
pub fn u128_at(bytes: &[u8], at: usize) -> Option<u128> {
    array_at(bytes, at).map(u128::from_le_bytes)
}

/// Little-endian `i128` at offset `at`.
#[inline]
pub fn i128_at(bytes: &[u8], at: usize) -> Option<i128> {
    array_at(bytes, at).map(i128::from_le_bytes)
}

/// The compact-u16 encoding of `value` and its length (1 to 3 bytes): seven bits a byte, lowest
/// first, as counts in Solana transactions are written.
pub fn compact_u16(value: u16) -> ([u8; 3], usize) {
    let low = |v: u16| u8::try_from(v & 0x7f).unwrap_or(0);
    match value {
        0..=0x7f => ([low(value), 0, 0], 1),
        0x80..=0x3fff => ([low(value) | 0x80, low(value >> 7), 0], 2),
        _ => ([low(value) | 0x80, low(value >> 7) | 0x80, low(value >> 14)], 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_stop_at_the_end() {
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        assert_eq!(u64_at(&bytes, 1), Some(0x0908_0706_0504_0302));
        assert_eq!(u64_at(&bytes, 2), None);
        assert_eq!(u64_at(&bytes, usize::MAX), None);
        assert_eq!(u16_at(&bytes, 7), Some(0x0908));
        assert_eq!(u8_at(&bytes, 9), None);
        assert_eq!(key_at(&bytes, 0), None);
    }

    #[test]
    fn compact_u16_round_trips_every_value() {
        for value in 0..=u16::MAX {
            let (bytes, len) = compact_u16(value);
            let mut cursor = Cursor::new(&bytes[..len]);
            assert_eq!(cursor.compact_u16(), Some(value));
            assert!(cursor.is_empty());
            for cut in 0..len {
                assert_eq!(Cursor::new(&bytes[..cut]).compact_u16(), None);
            }
        }
    }

    #[test]
    fn compact_u16_refuses_long_and_large_forms() {
        // solana-short-vec 3.2 `visit_byte`: a trailing zero byte is an alias, bits above 16 overflow.
        for bad in [&[0x80, 0x00][..], &[0x80, 0x80, 0x00], &[0x80, 0x80, 0x04], &[0xff; 3]] {
            assert_eq!(Cursor::new(bad).compact_u16(), None, "{bad:x?}");
        }
    }
}
