//! Base58 as Solana writes it: 32-byte keys and 64-byte signatures (the `five8` crate), and, to
//! read, byte strings of any length (instruction data, whole transactions).

use std::fmt;

/// A 32-byte key, displayed in base58.
#[derive(Clone, Copy)]
pub struct Key<'a>(pub &'a [u8; 32]);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; five8::BASE58_ENCODED_32_MAX_LEN];
        let len = five8::encode_32(self.0, &mut text);
        ascii(&text, usize::from(len), f)
    }
}

/// A 64-byte signature, displayed in base58.
#[derive(Clone, Copy)]
pub struct Signature<'a>(pub &'a [u8; 64]);

impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; five8::BASE58_ENCODED_64_MAX_LEN];
        let len = five8::encode_64(self.0, &mut text);
        ascii(&text, usize::from(len), f)
    }
}

fn ascii(text: &[u8], len: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = text.get(..len).and_then(|t| std::str::from_utf8(t).ok()).ok_or(fmt::Error)?;
    f.write_str(text)
}

/// The 32-byte key that `text` spells; `None` if it spells none.
pub fn key(text: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    five8::decode_32(text, &mut key).ok().map(|()| key)
}

/// The 64-byte signature that `text` spells; `None` if it spells none.
pub fn signature(text: &str) -> Option<[u8; 64]> {
    let mut signature = [0; 64];
    five8::decode_64(text, &mut signature).ok().map(|()| signature)
}

/// Reads base58 of any length; what it reckons in is kept and used again.
///
/// The digits are taken ten at a time (58^10 is below 2^64) into a number of 64-bit limbs: time
/// grows with the square of the length, about 0.3 us for 250 bytes.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The number read so far, lowest limb first, no zero limb on top.
    limbs: Vec<u64>,
}

/// Digits taken at once.
const DIGITS: usize = 10;

/// The value of each character; 0xff for those that are no digit.
const VALUES: [u8; 256] = {
    let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut values = [0xff; 256];
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at.to_le_bytes()[0];
        at += 1;
    }
    values
};

impl Decoder {
    /// Appends to `to` the bytes that `text` spells, at most `len_max`; `None`, with `to` as it
    /// was, when a character is no digit or they are more.
    pub fn decode(&mut self, text: &[u8], len_max: usize, to: &mut Vec<u8>) -> Option<()> {
        let zeros = text.iter().take_while(|c| **c == b'1').count();
        let digits = text.get(zeros..)?;
        // A byte takes log(256) / log(58) = 1.366 digits.
        if zeros > len_max || digits.len() > len_max.checked_mul(7)? / 5 + 1 {
            return None;
        }
        self.limbs.clear();
        let (first, rest) = digits.split_at_checked(digits.len() % DIGITS)?;
        for group in std::iter::once(first).chain(rest.chunks(DIGITS)) {
            self.append(group)?;
        }
        let top = self.limbs.last().map_or(0, |limb| limb.leading_zeros() as usize / 8);
        let len = (zeros + self.limbs.len() * 8).checked_sub(top)?;
        if len > len_max {
            return None;
        }
        to.resize(to.len() + zeros, 0);
        let mut skip = top;
        for limb in self.limbs.iter().rev() {
            to.extend(limb.to_be_bytes().get(skip..).unwrap_or_default());
            skip = 0;
        }
        Some(())
    }

    /// Appends the digits of `group`, at most ten, to the number.
    fn append(&mut self, group: &[u8]) -> Option<()> {
        let (mut value, mut power) = (0u64, 1u64);
        for character in group {
            let digit = VALUES.get(usize::from(*character)).filter(|digit| **digit < 58)?;
            value = value.wrapping_mul(58).wrapping_add(u64::from(*digit));
            power = power.wrapping_mul(58);
        }
        let mut carry = value;
        for limb in &mut self.limbs {
            let wide = u128::from(*limb) * u128::from(power) + u128::from(carry);
            [*limb, carry] = halves(wide);
        }
        if carry > 0 {
            self.limbs.push(carry);
        }
        Some(())
    }
}

/// The low and the high half.
fn halves(wide: u128) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, high @ ..] = wide.to_le_bytes();
    [u64::from_le_bytes([a, b, c, d, e, f, g, h]), u64::from_le_bytes(high)]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use num_bigint::BigUint;
    use proptest::prelude::*;

    /// The model: the textbook's division, with big integers.
    pub(crate) fn encode(bytes: &[u8]) -> String {
        let alphabet = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let mut number = BigUint::from_bytes_be(bytes);
        let mut text = Vec::new();
        while number > BigUint::ZERO {
            let digit = u8::try_from(&number % 58u8).unwrap();
            number /= 58u8;
            text.push(alphabet[usize::from(digit)]);
        }
        text.extend(std::iter::repeat_n(b'1', zeros));
        text.reverse();
        String::from_utf8(text).unwrap()
    }

    fn decode(text: &str, len_max: usize) -> Option<Vec<u8>> {
        let mut to = vec![7];
        let done = Decoder::default().decode(text.as_bytes(), len_max, &mut to);
        assert!(to[0] == 7 && (done.is_some() || to.len() == 1));
        done.map(|()| to[1..].to_vec())
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..300), zeros in 0usize..20) {
            let bytes = [vec![0; zeros], bytes].concat();
            let text = encode(&bytes);
            prop_assert_eq!(decode(&text, bytes.len()), Some(bytes.clone()));
            prop_assert_eq!(decode(&text, bytes.len() + 9), Some(bytes.clone()));
            if !bytes.is_empty() {
                prop_assert_eq!(decode(&text, bytes.len() - 1), None);
            }
        }

        #[test]
        fn keys_read_alike_in_both_ways(bytes in any::<[u8; 32]>()) {
            let text = Key(&bytes).to_string();
            prop_assert_eq!(decode(&text, 32), Some(bytes.to_vec()));
        }

        #[test]
        fn any_text_is_bytes_or_nothing(text in "[1-9A-HJ-NP-Za-km-z0OIl+]{0,60}") {
            let fine = !text.contains(['0', 'O', 'I', 'l', '+']);
            prop_assert_eq!(decode(&text, 100).is_some(), fine);
        }
    }

    #[test]
    fn the_longest_instruction_data_is_read_and_a_byte_more_is_not() {
        let bytes: Vec<u8> = (0..=u8::MAX).rev().cycle().take(10 << 10).collect();
        assert_eq!(decode(&encode(&bytes), 10 << 10), Some(bytes.clone()));
        assert_eq!(decode(&encode(&bytes), (10 << 10) - 1), None);
        assert_eq!(decode("", 0), Some(vec![]));
        assert_eq!(decode("1", 0), None);
        // draft-msporny-base58-03, section 5.
        let fox = "USm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z";
        assert_eq!(decode(fox, 100).unwrap(), b"The quick brown fox jumps over the lazy dog.");
        assert_eq!(decode("111233QC4", 7).unwrap(), [0, 0, 0, 0x28, 0x7f, 0xb4, 0xcd]);
    }

    #[test]
    fn keys_and_signatures_round_trip() {
        let wsol = "So11111111111111111111111111111111111111112";
        assert_eq!(Key(&key(wsol).unwrap()).to_string(), wsol);
        assert_eq!(Key(&[0; 32]).to_string(), "1".repeat(32));
        for byte in 0..=255u8 {
            let bytes = [byte; 64];
            assert_eq!(signature(&Signature(&bytes).to_string()), Some(bytes));
        }
        for bad in ["", "0", "So1111111111111111111111111111111111111111", "é"] {
            assert_eq!(key(bad), None, "{bad}");
        }
    }
}
