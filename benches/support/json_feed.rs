//! The feed as others would carry it: a JSON object a datagram, decoded by `serde_json`, to the same rows.

use mev::ids::{Key, Venue};
use mev::net::pcap::{Capture, Item, Writer};
use mev::record::{Direction, Exact, Pool, Record, Role, Source, Swap};
use mev::wire::feed::{BPS, Datagram};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// A message, with the fields of the datagram of the same name.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    Swap {
        pool_id: u64,
        amount_in: u64,
        min_amount_out: u64,
        sequence: u64,
        deadline_slot: u64,
        fee_bps: u16,
        direction: u8,
    },
    Pool {
        sequence: u64,
        slot: u64,
        pool_id: u64,
        reserve_0: u64,
        reserve_1: u64,
        fee_bps: u16,
        decimals_0: u8,
        decimals_1: u8,
        sent_ns: u64,
    },
}

/// The capture of datagrams `capture`, each told as a message.
pub(crate) fn told(capture: &[u8]) -> Vec<u8> {
    let mut to = Writer::new(Vec::new()).unwrap();
    for item in Capture::new(capture).unwrap() {
        let Item::Datagram(mut datagram) = item.unwrap() else { continue };
        let text = serde_json::to_vec(&match Datagram::check(datagram.payload).unwrap() {
            Datagram::Swap(swap) => Message::Swap {
                pool_id: swap.pool_id,
                amount_in: swap.amount_in,
                min_amount_out: swap.min_amount_out,
                sequence: swap.sequence,
                deadline_slot: swap.deadline_slot,
                fee_bps: swap.fee_bps,
                direction: swap.direction,
            },
            Datagram::Pool(pool) => Message::Pool {
                sequence: pool.sequence.get(),
                slot: pool.slot.get(),
                pool_id: pool.pool_id.get(),
                reserve_0: pool.reserve_0.get(),
                reserve_1: pool.reserve_1.get(),
                fee_bps: pool.fee_bps.get(),
                decimals_0: pool.decimals_0,
                decimals_1: pool.decimals_1,
                sent_ns: pool.sent_ns.get(),
            },
        });
        let text = text.unwrap();
        datagram.payload = &text;
        to.write(&datagram).unwrap();
    }
    to.into_inner()
}

/// A pool of the directory, and the slot of its last state.
struct Known {
    pool: Key,
    mints: [Key; 2],
    sequence: u64,
    slot: u64,
}

/// The pools by number.
pub(crate) struct JsonFeed(HashMap<u64, Known>);

impl JsonFeed {
    /// The pools of `directory`.
    pub(crate) fn new(directory: &[u8]) -> Self {
        let lines = directory.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        Self(
            lines
                .map(|line| {
                    let line: serde_json::Value = serde_json::from_slice(line).unwrap();
                    let key =
                        |name: &str| mev::bytes::base58::key(line[name].as_str().unwrap()).unwrap();
                    let mints = [key("mint_0"), key("mint_1")];
                    let known = Known { pool: key("pool"), mints, sequence: 0, slot: 0 };
                    (line["pool_id"].as_str().unwrap().parse().unwrap(), known)
                })
                .collect(),
        )
    }

    /// Gives the row of the message `text` to `each`.
    pub(crate) fn take(&mut self, text: &[u8], rx_ns: u64, each: impl FnOnce(Record<'_>)) {
        match serde_json::from_slice(text).unwrap() {
            Message::Swap {
                pool_id,
                amount_in,
                min_amount_out,
                sequence,
                deadline_slot,
                fee_bps,
                direction,
            } => {
                assert!(fee_bps <= BPS && direction <= 1);
                let known = &self.0[&pool_id];
                let mut row = Swap::new(rx_ns);
                row.head.flags = Swap::LAST_OF_TX;
                row.slot = known.slot;
                (row.amount_in, row.limit) = (amount_in, min_amount_out);
                (row.sequence, row.deadline_slot) = (sequence, deadline_slot);
                (row.venue, row.role) = (Venue::Feed as u16, Role::Intent as u8);
                (row.source, row.exact) = (Source::Feed as u8, Exact::In as u8);
                row.direction = [Direction::AToB, Direction::BToA][usize::from(direction)] as u8;
                row.mint_in = known.mints[usize::from(direction)];
                row.mint_out = known.mints[usize::from(1 - direction)];
                row.pool = known.pool;
                row.present = Swap::AMOUNT_IN | Swap::LIMIT | Swap::SEQUENCE | Swap::DEADLINE;
                row.present |= Swap::MINT_IN | Swap::MINT_OUT | Swap::POOL;
                each(Record::of(&row));
            }
            Message::Pool {
                sequence,
                slot,
                pool_id,
                reserve_0,
                reserve_1,
                fee_bps,
                decimals_0,
                decimals_1,
                sent_ns: _,
            } => {
                assert!(fee_bps <= BPS && reserve_0 > 0 && reserve_1 > 0);
                let known = self.0.get_mut(&pool_id).unwrap();
                assert!(sequence > known.sequence);
                (known.sequence, known.slot) = (sequence, slot);
                let mut row = Pool::new(rx_ns);
                (row.slot, row.sequence) = (slot, sequence);
                (row.pool, row.mint_a, row.mint_b) = (known.pool, known.mints[0], known.mints[1]);
                (row.reserve_a, row.reserve_b) = (reserve_0, reserve_1);
                (row.fee_num, row.fee_den) = (fee_bps.into(), BPS.into());
                (row.decimals_a, row.decimals_b) = (decimals_0, decimals_1);
                (row.pool_id, row.venue) = (pool_id, Venue::Feed as u16);
                row.present = Pool::RESERVES | Pool::DECIMALS | Pool::POOL_ID;
                each(Record::of(&row));
            }
        }
    }
}
