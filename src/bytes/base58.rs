//! Base58 of 32-byte keys and 64-byte signatures (the `five8` crate), as Solana writes them.

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

#[cfg(test)]
mod tests {
    use super::*;

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
