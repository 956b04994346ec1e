//! The audit log: what callers asked for and what came of it, in a file that tells when it was changed.
//!
//! ```text
//! {"n":1,"at_ns":"..","what":"opened","prev":"00..",..,"hash":"H1"}
//! {"n":2,"at_ns":"..","what":"accepted","caller":"..","bundle":"..",..,"hash":"H2"}
//! ..
//! {"n":1000,"at_ns":"..","what":"head","key":"..","signature":"..","hash":"H1000"}
//! ```
//!
//! A line is JSON. Its hash is SHA-256 over the hash before it (32 bytes; zeros before the first) and
//! the line's bytes up to `,"hash":`. Every thousandth entry, and the last one of a file and of a clean
//! end, is a head: an Ed25519 signature over `mev-tools audit head 1`, a zero byte, the number of the
//! entry before (u64, little-endian) and its hash. The newest head is beside the log in `FILE.head`,
//! too: whoever keeps a copy elsewhere can tell later that the log was cut.
//!
//! Invariants:
//! - An entry is written by one write(2), before what it tells is told to the caller.
//! - No transaction bytes, no tokens and no URLs with queries are in it.
//! - Where a write fails nothing more is taken.
//!
//! What it cannot tell: entries behind the last head can be changed and chained anew by whoever can
//! write the file. A verification says how many these are.

pub(super) mod run;

use crate::bytes::base58;
use crate::bytes::hex::{self, Hex};
use crate::ids::Key;
use crate::keys::{Signer, verify};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Every so many entries, one is a head.
pub(super) const HEAD_EVERY: u64 = 1000;
/// What a head's signature begins over.
const DOMAIN: &[u8] = b"mev-tools audit head 1\0";
/// What stands between an entry and its hash.
const HASH: &str = ",\"hash\":\"";
/// Bytes of the hash with what is around it: `,"hash":"`, 64 digits, `"}`.
const HASH_LEN: usize = HASH.len() + 64 + 2;

/// A hash of the chain.
pub(super) type Hash = [u8; 32];

/// What is written down. What is absent is left out.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Event<'a> {
    pub(super) what: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) caller: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bundle: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tip_lamports: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) priority: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outcome: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slot: Option<u64>,
    /// How many; of entries that stand for several, and of bytes that were cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) prev: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signature: Option<String>,
}

/// Where a chain ends: the number of its last entry and that one's hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tip {
    pub(super) n: u64,
    pub(super) hash: Hash,
}

impl Tip {
    /// Appends the line of `event` to `text`; where the chain ends with it.
    pub(super) fn line(self, at_ns: u64, event: &Event<'_>, text: &mut String) -> Self {
        let n = self.n.saturating_add(1);
        // A struct of texts and numbers always has a JSON form.
        let json = serde_json::to_string(event).unwrap_or_default();
        let from = text.len();
        let fields = json.trim_start_matches('{').trim_end_matches('}');
        text.push_str(&format!("{{\"n\":{n},\"at_ns\":\"{at_ns}\",{fields}"));
        let hash = chain(&self.hash, text.get(from..).unwrap_or_default().as_bytes());
        text.push_str(&format!("{HASH}{}\"}}\n", Hex(&hash)));
        Self { n, hash }
    }

    /// The event that signs the chain up to here.
    pub(super) fn head(self, signer: &Signer) -> Event<'static> {
        let signature = signer.sign(&self.signed());
        Event {
            what: "head",
            key: Some(base58::Key(&signer.public()).to_string()),
            signature: Some(base58::Signature(&signature).to_string()),
            ..Event::default()
        }
    }

    /// What a head signs.
    fn signed(self) -> Vec<u8> {
        [DOMAIN, self.n.to_le_bytes().as_slice(), &self.hash].concat()
    }

    /// Whether the next entry has to be a head.
    pub(super) fn is_due(self) -> bool {
        self.n.saturating_add(1).is_multiple_of(HEAD_EVERY)
    }
}

fn chain(before: &Hash, bytes: &[u8]) -> Hash {
    Sha256::new().chain_update(before).chain_update(bytes).finalize().into()
}

/// What is read of a line.
#[derive(Deserialize)]
struct Line {
    n: u64,
    what: String,
    prev: Option<String>,
    key: Option<String>,
    signature: Option<String>,
}

/// The newest signed head, as it is kept beside the log and elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Newest {
    pub(super) n: u64,
    pub(super) hash: String,
    pub(super) key: String,
    pub(super) signature: String,
}

impl Newest {
    pub(super) fn new(tip: Tip, signer: &Signer) -> Self {
        let signature = signer.sign(&tip.signed());
        Self {
            n: tip.n,
            hash: Hex(&tip.hash).to_string(),
            key: base58::Key(&signer.public()).to_string(),
            signature: base58::Signature(&signature).to_string(),
        }
    }

    /// Where the chain ended, if `key` signed it.
    pub(super) fn tip(&self, key: &Key) -> Option<Tip> {
        let hash = hash_of(&self.hash)?;
        let tip = Tip { n: self.n, hash };
        let signature = base58::signature(&self.signature)?;
        verify(key, &tip.signed(), &signature).then_some(tip)
    }
}

fn hash_of(text: &str) -> Option<Hash> {
    hex::decode(text)?.try_into().ok()
}

/// What is wrong with a log, at the first place where something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The line of its file, from 1.
    pub(super) line: u64,
    pub(super) what: &'static str,
}

/// Follows a chain line by line, over several files.
#[derive(Debug, Default)]
pub(super) struct Follower {
    /// Whose heads are believed; any head's own key without one.
    key: Option<Key>,
    started: bool,
    pub(super) tip: Tip,
    pub(super) heads: u64,
    /// The number of the last entry that a head signs.
    pub(super) signed_n: u64,
    /// A head that is kept elsewhere, until its place in the chain was met.
    kept: Option<Tip>,
}

impl Follower {
    /// Follows a chain whose heads `key` signs; it must hold `kept`, if there is one.
    pub(super) fn new(key: Option<Key>, kept: Option<Tip>) -> Self {
        Self { key, kept, ..Self::default() }
    }

    /// Takes `line`, without its end; what is wrong with it.
    pub(super) fn take(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let len = line.len().checked_sub(HASH_LEN).ok_or("no entry")?;
        let (bytes, rest) = line.split_at_checked(len).ok_or("no entry")?;
        let told = std::str::from_utf8(rest)
            .ok()
            .and_then(|rest| hash_of(rest.strip_prefix(HASH)?.strip_suffix("\"}")?));
        let hash = told.ok_or("no entry")?;
        let entry: Line = serde_json::from_slice(line).map_err(|_| "no entry")?;
        if !self.started {
            self.start(&entry)?;
        }
        if entry.n != self.tip.n.saturating_add(1) {
            return Err("entries are missing, or out of order");
        }
        if chain(&self.tip.hash, bytes) != hash {
            return Err("the entry, or one before it, was changed");
        }
        let prev = entry.prev.as_deref().map(hash_of);
        if prev.is_some_and(|prev| prev != Some(self.tip.hash)) {
            return Err("the file follows another one");
        }
        let is_head = entry.what == "head";
        if is_head {
            self.head(&entry)?;
        }
        if !is_head && entry.n.is_multiple_of(HEAD_EVERY) {
            return Err("a signed head is missing");
        }
        self.tip = Tip { n: entry.n, hash };
        if let Some(kept) = self.kept.filter(|kept| kept.n == entry.n) {
            if kept.hash != hash {
                return Err("the chain is not the one whose head was kept");
            }
            self.kept = None;
        }
        Ok(())
    }

    /// The first line of all: what it follows is told by itself.
    fn start(&mut self, entry: &Line) -> Result<(), &'static str> {
        let prev = entry.prev.as_deref().and_then(hash_of);
        let prev = prev.filter(|_| entry.what == "opened").ok_or("a file begins with opened")?;
        if entry.n == 1 && prev != [0; 32] {
            return Err("the first entry follows nothing");
        }
        self.tip = Tip { n: entry.n.checked_sub(1).ok_or("no entry")?, hash: prev };
        self.started = true;
        // What was kept of the time before cannot be met.
        self.kept = self.kept.filter(|kept| kept.n > self.tip.n);
        Ok(())
    }

    fn head(&mut self, entry: &Line) -> Result<(), &'static str> {
        let by = entry.key.as_deref().and_then(base58::key).ok_or("a head without a key")?;
        if self.key.is_some_and(|key| key != by) {
            return Err("a head is signed by another key");
        }
        let signature = entry.signature.as_deref().and_then(base58::signature);
        let signature = signature.ok_or("a head without a signature")?;
        if !verify(&by, &self.tip.signed(), &signature) {
            return Err("a head's signature is not that of its key");
        }
        (self.heads, self.signed_n) = (self.heads.saturating_add(1), self.tip.n);
        Ok(())
    }

    /// All lines were taken: what is missing at the end.
    pub(super) fn finish(&self) -> Result<(), &'static str> {
        match self.kept {
            Some(kept) if kept.n > self.tip.n => {
                Err("entries are missing at the end: a head that was kept is beyond the last one")
            }
            _ => Ok(()),
        }
    }
}

/// Takes the lines of `text`, a whole file; the bytes of a last line that has no end.
pub(super) fn follow(follower: &mut Follower, text: &[u8]) -> Result<usize, Fault> {
    let mut rest = text;
    let mut line = 0u64;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        line = line.saturating_add(1);
        let (one, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        follower.take(one).map_err(|what| Fault { line, what })?;
        rest = after.get(1..).unwrap_or_default();
    }
    Ok(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signer() -> Signer {
        Signer::from_seed(&[3; 32])
    }

    /// A log of `count` entries, heads included, and where it ends.
    fn log(count: u64) -> (String, Tip) {
        let (mut text, mut tip) = (String::new(), Tip::default());
        let prev = Some("00".repeat(32));
        tip = tip.line(5, &Event { what: "opened", prev, ..Event::default() }, &mut text);
        while tip.n < count {
            let event = if tip.is_due() {
                tip.head(&signer())
            } else {
                Event { what: "accepted", caller: Some("a\"}b"), ..Event::default() }
            };
            tip = tip.line(6 + tip.n, &event, &mut text);
        }
        (text, tip)
    }

    fn verified(text: &str, kept: Option<Tip>) -> Result<(u64, u64, usize), &'static str> {
        let mut follower = Follower::new(Some(signer().public()), kept);
        let torn = follow(&mut follower, text.as_bytes()).map_err(|fault| fault.what)?;
        follower.finish()?;
        Ok((follower.tip.n, follower.signed_n, torn))
    }

    #[test]
    fn a_whole_log_is_whole_and_says_what_is_signed() {
        let (text, _) = log(2345);
        assert_eq!(verified(&text, None), Ok((2345, 1999, 0)));
        let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((&first["n"], &first["what"]), (&1.into(), &"opened".into()));
        // Over several files, each verifies alone, too.
        let cut = text.lines().take(1500).map(str::len).sum::<usize>() + 1500;
        assert_eq!(verified(&text[..cut], None), Ok((1500, 999, 0)));
        assert!(verified(&text[cut..], None).is_err(), "it does not begin with opened");
    }

    #[test]
    fn every_change_of_a_byte_and_every_move_of_a_line_is_found() {
        let (text, _) = log(40);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let mut follower = Follower::new(None, None);
            let found = follow(&mut follower, &changed);
            assert!(!matches!(found, Ok(0)), "byte {at}: {found:?}");
        }
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() - 1 {
            let mut moved = lines.clone();
            moved.swap(at, at + 1);
            assert!(verified(&(moved.join("\n") + "\n"), None).is_err(), "swap {at}");
            let mut without = lines.clone();
            without.remove(at);
            assert!(verified(&(without.join("\n") + "\n"), None).is_err(), "without {at}");
        }
    }

    #[test]
    fn a_log_that_was_made_anew_lacks_the_signatures() {
        let other = Signer::from_seed(&[4; 32]);
        let (mut text, mut tip) = (String::new(), Tip::default());
        let prev = Some("00".repeat(32));
        tip = tip.line(5, &Event { what: "opened", prev, ..Event::default() }, &mut text);
        while tip.n < 1001 {
            let event = if tip.is_due() {
                tip.head(&other)
            } else {
                Event { what: "accepted", ..Event::default() }
            };
            tip = tip.line(6, &event, &mut text);
        }
        assert_eq!(verified(&text, None), Err("a head is signed by another key"));
        let plain = Event { what: "accepted", ..Event::default() };
        let (mut text, mut tip) = (log(999).0, log(999).1);
        tip = tip.line(6, &plain, &mut text);
        assert_eq!((tip.n, verified(&text, None)), (1000, Err("a signed head is missing")));
    }

    #[test]
    fn a_cut_is_found_by_a_head_that_was_kept() {
        let (text, _) = log(2345);
        let lines: Vec<&str> = text.lines().collect();
        let upto = |count: usize| lines[..count].join("\n") + "\n";
        let mut follower = Follower::new(None, None);
        follow(&mut follower, upto(1999).as_bytes()).unwrap();
        let newest = Newest::new(follower.tip, &signer());
        let kept = newest.tip(&signer().public());
        assert_eq!(kept, Some(follower.tip));
        assert_eq!(newest.tip(&[9; 32]), None, "another's signature");
        assert_eq!(verified(&text, kept), Ok((2345, 1999, 0)));
        let missing = "entries are missing at the end: a head that was kept is beyond the last one";
        assert_eq!(verified(&upto(1998), kept), Err(missing));
        // Another chain of the same length is not the one.
        let other = Some(Tip { hash: [1; 32], ..follower.tip });
        let wrong = "the chain is not the one whose head was kept";
        assert_eq!(verified(&text, other), Err(wrong));
    }

    proptest! {
        #[test]
        fn a_log_cut_at_any_byte_has_a_torn_line_or_none(at in 0usize..20_000) {
            let (text, _) = log(80);
            let at = at.min(text.len());
            let (_, _, torn) = verified(&text[..at], None).unwrap();
            prop_assert_eq!(torn, at - text[..at].rfind('\n').map_or(0, |end| end + 1));
        }

        #[test]
        fn no_bytes_are_taken_for_entries(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut follower = Follower::new(None, None);
            let text = [bytes.as_slice(), b"\n"].concat();
            prop_assert!(follow(&mut follower, &text).is_err());
        }
    }
}
