//! The toolkit's own feed: swaps and pool states as datagrams of 48 and 64 bytes.
//!
//! A datagram names its pool by number; the directory says which pool that is. An update counts
//! only if its sequence is above the pool's last.

use super::tally::{Note, Refusal, Tally};
use crate::bytes::base58;
use crate::error::{Error, Result};
use crate::ids::{Key, Venue};
use crate::record::{Direction, Exact, Pool, Record, Role, Source, Swap};
use crate::stream::Sink;
use crate::wire::feed::{BPS, Datagram, DexSwapTx, PoolStateUpdate};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A pool of the directory, and what its updates said last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    pool: Key,
    mint_a: Key,
    mint_b: Key,
    sequence: Option<u64>,
    slot: u64,
}

/// The feed's pools by number: its directory, and what their updates said last.
#[derive(Debug, Default)]
pub struct Feed {
    pools: HashMap<u64, Known, BuildHasherDefault<Spread>>,
}

/// Spreads pool numbers by a multiplication. They are the operator's own: nobody else chooses which of
/// them meet in a place.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        // 2^64 over the golden ratio: its products differ in the high bits.
        self.0 = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

impl Feed {
    /// Adds the pools of a directory: lines of
    /// `{"pool_id":N,"venue":"..","mint_0":"..","mint_1":"..","pool":".."}`. Empty lines pass.
    ///
    /// # Errors
    /// Status 3 on a line that is no such object, with its number; status 4 on a number that is
    /// given to two pools.
    pub fn read(&mut self, text: &[u8]) -> Result<()> {
        for (line, bytes) in (1u64..).zip(text.split(|byte| *byte == b'\n')) {
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let (pool_id, known) = entry(bytes).map_err(|what| {
                Error::foreign(format!("line {line}: {what}")).hint(
                    "a directory has lines {\"pool_id\",\"venue\",\"mint_0\",\"mint_1\",\"pool\"}",
                )
            })?;
            if self.pools.insert(pool_id, known).is_some_and(|before| before != known) {
                let what = format!("line {line}: pool_id {pool_id} is given to another pool");
                return Err(Error::damaged(what));
            }
        }
        Ok(())
    }

    /// Takes a datagram of 48 or 64 bytes.
    #[inline]
    pub(super) fn take(
        &mut self,
        payload: &[u8],
        rx_ns: u64,
        tally: &mut Tally,
        out: &mut impl Sink,
    ) {
        match Datagram::check(payload) {
            Ok(Datagram::Swap(swap)) => match self.swap(&swap, rx_ns) {
                Ok(row) => {
                    tally.feed_swaps += 1;
                    tally.swaps += 1;
                    out.put(Record::of(&row));
                }
                Err(why) => tally.refuse(why),
            },
            Ok(Datagram::Pool(update)) => match self.update(update, rx_ns) {
                Ok((row, skipped)) => {
                    tally.feed_updates += 1;
                    tally.pools += 1;
                    tally.note_many(Note::FeedSkipped, skipped);
                    out.put(Record::of(&row));
                }
                Err(why) => tally.refuse(why),
            },
            Err(why) => tally.refuse_feed(why),
        }
    }

    fn swap(&self, swap: &DexSwapTx, rx_ns: u64) -> std::result::Result<Swap, Refusal> {
        let known = self.pools.get(&swap.pool_id).ok_or(Refusal::UnknownPool)?;
        let mut row = Swap::new(rx_ns);
        row.head.flags = Swap::LAST_OF_TX;
        row.slot = known.slot;
        (row.amount_in, row.limit) = (swap.amount_in, swap.min_amount_out);
        (row.sequence, row.deadline_slot) = (swap.sequence, swap.deadline_slot);
        (row.venue, row.role, row.source) =
            (Venue::Feed as u16, Role::Intent as u8, Source::Feed as u8);
        row.exact = Exact::In as u8;
        let (direction, mint_in, mint_out) = if swap.direction == 0 {
            (Direction::AToB, known.mint_a, known.mint_b)
        } else {
            (Direction::BToA, known.mint_b, known.mint_a)
        };
        (row.direction, row.mint_in, row.mint_out) = (direction as u8, mint_in, mint_out);
        row.pool = known.pool;
        row.present = Swap::AMOUNT_IN | Swap::LIMIT | Swap::SEQUENCE | Swap::DEADLINE;
        row.present |= Swap::MINT_IN | Swap::MINT_OUT | Swap::POOL;
        Ok(row)
    }

    /// The pool's state, and how many sequence numbers were skipped before it.
    fn update(
        &mut self,
        update: &PoolStateUpdate,
        rx_ns: u64,
    ) -> std::result::Result<(Pool, u64), Refusal> {
        let pool_id = update.pool_id.get();
        let known = self.pools.get_mut(&pool_id).ok_or(Refusal::UnknownPool)?;
        let sequence = update.sequence.get();
        let skipped = match known.sequence {
            Some(last) if sequence <= last => return Err(Refusal::StaleSequence),
            Some(last) => sequence - last - 1,
            None => 0,
        };
        (known.sequence, known.slot) = (Some(sequence), update.slot.get());
        let mut row = Pool::new(rx_ns);
        (row.slot, row.sequence) = (known.slot, sequence);
        (row.pool, row.mint_a, row.mint_b) = (known.pool, known.mint_a, known.mint_b);
        (row.reserve_a, row.reserve_b) = (update.reserve_0.get(), update.reserve_1.get());
        (row.fee_num, row.fee_den) = (update.fee_bps.get().into(), BPS.into());
        (row.decimals_a, row.decimals_b) = (update.decimals_0, update.decimals_1);
        (row.pool_id, row.venue) = (pool_id, Venue::Feed as u16);
        row.present = Pool::RESERVES | Pool::DECIMALS | Pool::POOL_ID;
        Ok((row, skipped))
    }
}

/// One line of a directory.
fn entry(line: &[u8]) -> std::result::Result<(u64, Known), String> {
    let value: serde_json::Value =
        serde_json::from_slice(line).map_err(|_| "is no JSON object".to_owned())?;
    let field = |name: &str| value.get(name).ok_or_else(|| format!("{name} is missing"));
    let key = |name: &str| {
        let text = field(name)?.as_str();
        text.and_then(base58::key).ok_or_else(|| format!("{name} is no base58 key of 32 bytes"))
    };
    let pool_id = field("pool_id")?;
    let pool_id = pool_id
        .as_u64()
        .or_else(|| pool_id.as_str()?.parse().ok())
        .ok_or("pool_id is no unsigned 64-bit integer")?;
    let venue = field("venue")?.as_str().unwrap_or_default();
    if !Venue::ALL.iter().any(|known| known.name() == venue) {
        return Err("venue is none of the known ones".to_owned());
    }
    let (pool, mint_a, mint_b) = (key("pool")?, key("mint_0")?, key("mint_1")?);
    Ok((pool_id, Known { pool, mint_a, mint_b, sequence: None, slot: 0 }))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::error::Exit;
    use crate::stream::Arena;
    use crate::wire::feed::FeedReject;

    const LINE: &str = r#"{"pool_id":7,"venue":"feed","mint_0":"So11111111111111111111111111111111111111112","mint_1":"EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v","pool":"58oQChx4yWmvKdwLLZzBi4ChoCc2fqCUWBkwMihLYQo2"}"#;

    fn feed() -> Feed {
        let mut feed = Feed::default();
        feed.read(format!("{LINE}\n\n{}\n", LINE.replace(":7,", ":\"8\",")).as_bytes()).unwrap();
        feed
    }

    fn update(sequence: u64) -> PoolStateUpdate {
        let mut made = [0; PoolStateUpdate::LEN];
        made[..8].copy_from_slice(&sequence.to_le_bytes());
        made[8] = 33;
        made[16] = 7;
        (made[24], made[32], made[40], made[42], made[43]) = (100, 200, 30, 9, 6);
        let update: PoolStateUpdate = zerocopy::transmute!(made);
        update.sealed()
    }

    fn swap(pool_id: u64, direction: u8) -> DexSwapTx {
        let (amount_in, min_amount_out, sequence, deadline_slot) = (50, 40, 3, 99);
        let (fee_bps, flags, zero) = (30, 0, 0);
        DexSwapTx {
            pool_id,
            amount_in,
            min_amount_out,
            sequence,
            deadline_slot,
            fee_bps,
            direction,
            flags,
            zero,
        }
    }

    fn take(feed: &mut Feed, payloads: &[&[u8]]) -> (Vec<Swap>, Vec<Pool>, Tally) {
        let (mut tally, mut arena) = (Tally::default(), Arena::with_room(4096));
        for payload in payloads {
            feed.take(payload, 5, &mut tally, &mut arena);
        }
        let swaps = arena.records().filter_map(|r| r.get::<Swap>().unwrap()).copied().collect();
        let pools = arena.records().filter_map(|r| r.get::<Pool>().unwrap()).copied().collect();
        (swaps, pools, tally)
    }

    #[test]
    fn an_update_is_the_pools_state() {
        let (_, pools, tally) = take(&mut feed(), &[update(4).bytes(), update(9).bytes()]);
        let pool = pools[1];
        assert_eq!((pool.slot, pool.sequence, pool.pool_id), (33, 9, 7));
        assert_eq!((pool.reserve_a, pool.reserve_b), (100, 200));
        assert_eq!((pool.fee_num, pool.fee_den), (30, 10_000));
        assert_eq!((pool.decimals_a, pool.decimals_b, pool.venue), (9, 6, Venue::Feed as u16));
        assert_eq!((pool.mint_a, pool.mint_b), (crate::ids::WSOL, crate::ids::USDC));
        assert_eq!((pool.head.rx_ns, tally.feed_updates, tally.pools), (5, 2, 2));
        assert_eq!(
            tally.notes().find(|(name, _)| *name == "feed_skipped"),
            Some(("feed_skipped", 4))
        );
    }

    #[test]
    fn a_swap_names_pool_and_tokens_by_the_directory() {
        let mut feed = feed();
        let (one, other) = (swap(7, 0), swap(8, 1));
        let (swaps, _, tally) = take(&mut feed, &[update(1).bytes(), one.bytes(), other.bytes()]);
        let row = swaps[0];
        assert_eq!((row.amount_in, row.limit, row.sequence, row.deadline_slot), (50, 40, 3, 99));
        assert_eq!((row.slot, row.source, row.direction), (33, Source::Feed as u8, 1));
        assert_eq!((row.mint_in, row.mint_out), (crate::ids::WSOL, crate::ids::USDC));
        assert_eq!((swaps[1].mint_in, swaps[1].direction), (crate::ids::USDC, 2));
        assert_eq!((swaps[1].slot, tally.feed_swaps, tally.swaps), (0, 2, 2));
    }

    #[test]
    fn what_cannot_be_believed_is_refused_by_name() {
        let mut bad = update(3);
        bad.slot = 1.into();
        let (new, old, unknown, aslant) = (update(2), update(1), swap(9, 0), swap(7, 2));
        let payloads = [
            new.bytes(),
            new.bytes(),
            old.bytes(),
            bad.bytes(),
            unknown.bytes(),
            aslant.bytes(),
            &[0; 64],
        ];
        let (swaps, pools, tally) = take(&mut feed(), &payloads);
        assert_eq!((swaps.len(), pools.len()), (0, 1));
        assert_eq!(tally.count_of(Refusal::StaleSequence), 2);
        assert_eq!(tally.count_of(Refusal::UnknownPool), 1);
        assert_eq!(tally.refused_count(), 6);
        let checksum = tally.refused().find(|(name, _)| *name == FeedReject::Checksum.name());
        assert_eq!(checksum, Some(("feed_checksum", 1)));
        let (_, pools, tally) = take(&mut Feed::default(), &[update(2).bytes()]);
        assert_eq!((pools.len(), tally.count_of(Refusal::UnknownPool)), (0, 1));
    }

    #[test]
    fn a_directory_is_read_or_refused_with_its_line() {
        let read = |text: &str| Feed::default().read(text.as_bytes());
        assert!(read("").is_ok() && read("\n \n").is_ok());
        assert!(read(&[LINE, LINE].join("\n")).is_ok());
        for bad in [
            "no json".to_owned(),
            "[]".to_owned(),
            LINE.replace("feed", "nowhere"),
            LINE.replace("pool_id", "id"),
            LINE.replace(":7", ":-7"),
            LINE.replace("58oQ", "0"),
        ] {
            let error = read(&[LINE, &bad].join("\n")).unwrap_err();
            assert_eq!(error.exit(), Exit::Foreign, "{bad}");
            assert!(error.to_string().starts_with("line 2: "), "{error}");
        }
        let twice = [LINE, &LINE.replace("58oQ", "9wFF").replace("LYQo2", "LYQo3")].join("\n");
        let error = read(&twice).unwrap_err();
        assert!(matches!(error.exit(), Exit::Damaged | Exit::Foreign), "{error}");
    }
}
