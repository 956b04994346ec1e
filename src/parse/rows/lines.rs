//! The lines of a transaction's log that matter here, told apart by their first words.
//!
//! ```text
//! Program P invoke [2]               a call begins, at its height
//! Program P success                  the last one begun has ended
//! Program P failed: why
//! Program data: BASE64               an event
//! Program log: ray_log: BASE64       an event of Raydium AMM v4
//! ```
//!
//! Source: agave `program-runtime/src/stable_log.rs`.

use crate::bytes::base58;
use crate::dex::Channel;
use crate::ids::Key;

/// A log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// A call of the program that is spelled so, at this height.
    Invoke {
        /// Base58, not yet read.
        program: &'a [u8],
        height: u8,
    },
    /// The call begun last that has not ended yet ends.
    End,
    /// An event in base64.
    Event(Channel, &'a [u8]),
    /// Anything else.
    Other,
}

impl<'a> Line<'a> {
    pub(super) fn read(line: &'a [u8]) -> Self {
        let Some(rest) = line.strip_prefix(b"Program ") else { return Self::Other };
        if let Some(text) = rest.strip_prefix(b"data: ") {
            return Self::Event(Channel::Data, text);
        }
        if let Some(text) = rest.strip_prefix(b"log: ") {
            let ray = text.strip_prefix(b"ray_log: ");
            return ray.map_or(Self::Other, |text| Self::Event(Channel::RayLog, text));
        }
        // A key is at most 44 characters long.
        let Some(space) = rest.iter().take(45).position(|byte| *byte == b' ') else {
            return Self::Other;
        };
        let Some((program, [_, does @ ..])) = rest.split_at_checked(space) else {
            return Self::Other;
        };
        if does == b"success" || does.starts_with(b"failed: ") {
            return Self::End;
        }
        does.strip_prefix(b"invoke [")
            .and_then(|height| height.strip_suffix(b"]"))
            .and_then(|height| std::str::from_utf8(height).ok()?.parse().ok())
            .map_or(Self::Other, |height| Self::Invoke { program, height })
    }
}

/// Programs by how the log spells them: each is read once.
#[derive(Debug, Default)]
pub(super) struct Programs<'a> {
    read: Vec<(&'a [u8], Option<Key>)>,
}

impl<'a> Programs<'a> {
    pub(super) fn key(&mut self, text: &'a [u8]) -> Option<Key> {
        if let Some((_, key)) = self.read.iter().find(|(known, _)| *known == text) {
            return *key;
        }
        let key = std::str::from_utf8(text).ok().and_then(base58::key);
        self.read.push((text, key));
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let key = base58::Key(&[7; 32]).to_string();
        let program = key.as_bytes();
        for (rest, what) in [
            ("P invoke [1]", Line::Invoke { program, height: 1 }),
            ("P invoke [12]", Line::Invoke { program, height: 12 }),
            ("P invoke [x]", Line::Other),
            ("P invoke [256]", Line::Other),
            ("P success", Line::End),
            ("P failed: custom program error: 0x1", Line::End),
            ("P consumed 1 of 2 compute units", Line::Other),
            ("failed to complete: why", Line::Other),
            ("P", Line::Other),
            ("P ", Line::Other),
            ("data: AQ==", Line::Event(Channel::Data, b"AQ==")),
            ("log: ray_log: AQ==", Line::Event(Channel::RayLog, b"AQ==")),
            ("log: P success", Line::Other),
        ] {
            let line = format!("Program {}", rest.replace('P', &key));
            assert_eq!(Line::read(line.as_bytes()), what, "{line}");
        }
        assert_eq!(Line::read(b""), Line::Other);
        assert_eq!(Line::read(b"Log truncated"), Line::Other);
        let mut programs = Programs::default();
        for _ in 0..2 {
            assert_eq!(programs.key(program), Some([7; 32]));
            assert_eq!(programs.key(b"no key"), None);
        }
        assert_eq!(programs.read.len(), 2);
    }
}
