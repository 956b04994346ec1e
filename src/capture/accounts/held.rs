//! Accounts as last seen: what a reply changes, and what the pools among them lack.

use super::ask::Fetched;
use crate::bytes::base58;
use crate::dex::{AccountBook, Clock, Found, accounts_file};
use crate::ids::Key;
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64;

/// What is known of the accounts that are followed.
#[derive(Default)]
pub(super) struct Held {
    /// Slot and content of each when it was last written.
    seen: BTreeMap<Key, (u64, u64)>,
    book: AccountBook,
    /// Accounts that were written, and those that came as they were, or older than known.
    pub(super) changed: u64,
    pub(super) unchanged: u64,
    pub(super) older: u64,
}

impl Held {
    /// Takes an account; its line goes to `to` if it is new or has changed.
    ///
    /// # Errors
    /// Why it is no account.
    pub(super) fn take(&mut self, fetched: &Fetched, to: &mut String) -> Result<(), String> {
        let content = xxh3_64(fetched.account.to_string().as_bytes());
        match self.seen.get(&fetched.key) {
            Some((slot, _)) if fetched.slot < *slot => {
                self.older += 1;
                return Ok(());
            }
            Some((_, held)) if *held == content => {
                self.unchanged += 1;
                return Ok(());
            }
            _ => {}
        }
        let key = base58::Key(&fetched.key);
        let Fetched { slot, account, .. } = fetched;
        let line = format!("{{\"pubkey\":\"{key}\",\"slot\":{slot},\"account\":{account}}}\n");
        let book = &mut self.book;
        accounts_file::read(line.as_bytes(), &mut |entry| match entry.contents {
            Some(contents) => book.insert(entry.key, contents.owner, contents.data, entry.slot),
            None => book.insert_absent(entry.key),
        })
        .map_err(|error| format!("account {key}: {error}"))?;
        self.seen.insert(fetched.key, (*slot, content));
        self.changed += 1;
        to.push_str(&line);
        Ok(())
    }

    /// The accounts that the pools among those held need and that were never asked for.
    pub(super) fn missing(&self) -> BTreeSet<Key> {
        let mut missing = BTreeSet::new();
        self.book.pools(Clock::default(), &mut |found| {
            if let Found::Missing { key, .. } = found
                && !self.seen.contains_key(key)
            {
                missing.insert(*key);
            }
        });
        missing
    }

    /// Every account that was ever taken.
    pub(super) fn keys(&self) -> BTreeSet<Key> {
        self.seen.keys().copied().collect()
    }

    /// Pools that are complete.
    pub(super) fn pools(&self) -> u64 {
        let mut pools = 0;
        self.book.pools(Clock::default(), &mut |found| {
            pools += u64::from(matches!(found, Found::Pool { .. }));
        });
        pools
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::capture::generate::{
        self,
        world::{Scale, World},
    };
    use crate::ids::TOKEN;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    fn account(owner: u8, data: &[u8]) -> Value {
        let owner = base58::Key(&[owner; 32]).to_string();
        json!({"owner": owner, "lamports": 1, "data": [STANDARD.encode(data), "base64"]})
    }

    #[test]
    fn only_what_changed_is_written() {
        let (mut held, mut lines) = (Held::default(), String::new());
        let fetched = |slot, account| Fetched { key: [1; 32], slot, account };
        held.take(&fetched(5, account(9, b"a")), &mut lines).unwrap();
        held.take(&fetched(6, account(9, b"a")), &mut lines).unwrap();
        held.take(&fetched(4, account(9, b"b")), &mut lines).unwrap();
        held.take(&fetched(7, account(9, b"c")), &mut lines).unwrap();
        held.take(&fetched(8, Value::Null), &mut lines).unwrap();
        assert_eq!((held.changed, held.unchanged, held.older), (3, 1, 1));
        let slots: Vec<u64> = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["slot"].as_u64().unwrap())
            .collect();
        assert_eq!(slots, [5, 7, 8]);
        let mut count = 0;
        accounts_file::read(lines.as_bytes(), &mut |_| count += 1).unwrap();
        assert_eq!(count, 3, "the lines are an account file");
        let broken = held.take(&fetched(9, json!({"data": 1})), &mut lines).unwrap_err();
        assert!(broken.starts_with("account 4vJ9JU1"), "{broken}");
    }

    #[test]
    fn what_a_pool_lacks_is_named_once() {
        let spread = "0%".parse().unwrap();
        let scale = Scale { tokens: 2, pools_per_pair: 1, wallets: 0, spread };
        let accounts = generate::accounts::all(&World::new(11, &scale));
        let lines: Vec<Value> =
            accounts.iter().map(|one| serde_json::from_str(&one.line(3)).unwrap()).collect();
        let pool = accounts.iter().position(|one| one.owner != TOKEN && one.data.len() > 200);
        let mut held = Held::default();
        let mut written = String::new();
        let take = |held: &mut Held, written: &mut String, line: &Value| {
            let key = base58::key(line["pubkey"].as_str().unwrap()).unwrap();
            let fetched = Fetched { key, slot: 3, account: line["account"].clone() };
            held.take(&fetched, written).unwrap();
        };
        take(&mut held, &mut written, &lines[pool.unwrap()]);
        let (missing, had) = (held.missing(), held.pools());
        assert!(!missing.is_empty() && had == 0, "{missing:?}");
        for _ in 0..4 {
            for line in &lines {
                let key = base58::key(line["pubkey"].as_str().unwrap()).unwrap();
                if held.missing().contains(&key) {
                    take(&mut held, &mut written, line);
                }
            }
        }
        assert_eq!((held.missing().len(), held.pools()), (0, 1));
        assert!(held.keys().len() >= 3);
    }
}
