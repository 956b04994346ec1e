//! The two datagrams of the feed: decoding against the usual ways, and datagram to decision.
//!
//! Every decoder gets the same unaligned bytes, reads every field and checks the same rules; the
//! fields are combined so that no read can be left out. bincode and `serde_json` decode the same
//! values into plain structs, as their users do. Their messages carry no checksum: ours, which is
//! verified, is work on top.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

use criterion::{Criterion, criterion_group};
use mev::wire::feed::{DexSwapTx, PoolStateUpdate};
use serde::{Deserialize, Serialize};
use std::hint::black_box;

#[path = "support/paired.rs"]
mod paired;

/// `DexSwapTx` as others would carry it.
#[derive(Clone, Serialize, Deserialize)]
struct Swap {
    pool_id: u64,
    amount_in: u64,
    min_amount_out: u64,
    sequence: u64,
    deadline_slot: u64,
    fee_bps: u16,
    direction: u8,
    flags: u8,
}

impl Swap {
    /// The rules of `DexSwapTx::check`, and every field.
    fn read(&self) -> u64 {
        assert!(self.fee_bps <= 10_000 && self.direction <= 1);
        self.pool_id
            ^ self.amount_in
            ^ self.min_amount_out
            ^ self.sequence
            ^ self.deadline_slot
            ^ u64::from(self.fee_bps)
            ^ u64::from(self.direction)
            ^ u64::from(self.flags)
    }
}

/// `PoolStateUpdate` as others would carry it.
#[derive(Clone, Serialize, Deserialize)]
struct Pool {
    sequence: u64,
    slot: u64,
    pool_id: u64,
    reserve_0: u64,
    reserve_1: u64,
    fee_bps: u16,
    decimals_0: u8,
    decimals_1: u8,
    sent_ns: u64,
}

impl Pool {
    /// The rules of `PoolStateUpdate::check` but the checksum, and every field.
    fn read(&self) -> u64 {
        assert!(self.fee_bps <= 10_000 && self.reserve_0 > 0 && self.reserve_1 > 0);
        self.sequence
            ^ self.slot
            ^ self.pool_id
            ^ self.reserve_0
            ^ self.reserve_1
            ^ u64::from(self.fee_bps)
            ^ u64::from(self.decimals_0)
            ^ u64::from(self.decimals_1)
            ^ self.sent_ns
    }
}

/// Reads every field of a checked swap datagram.
fn read_swap(payload: &[u8]) -> u64 {
    let swap = DexSwapTx::check(payload).unwrap();
    swap.pool_id
        ^ swap.amount_in
        ^ swap.min_amount_out
        ^ swap.sequence
        ^ swap.deadline_slot
        ^ u64::from(swap.fee_bps)
        ^ u64::from(swap.direction)
        ^ u64::from(swap.flags)
}

/// Reads every field of a checked pool datagram, its checksum verified.
fn read_pool(payload: &[u8]) -> u64 {
    let pool = PoolStateUpdate::check(payload).unwrap();
    pool.sequence.get()
        ^ pool.slot.get()
        ^ pool.pool_id.get()
        ^ pool.reserve_0.get()
        ^ pool.reserve_1.get()
        ^ u64::from(pool.fee_bps.get())
        ^ u64::from(pool.decimals_0)
        ^ u64::from(pool.decimals_1)
        ^ pool.sent_ns.get()
}

/// Messages of one form, each beginning one byte past an 8-byte boundary.
struct Messages {
    bytes: Vec<u8>,
    at: Vec<(usize, usize)>,
}

/// Distinct messages of a form: enough to defeat a branch predictor, few enough for the cache.
const COUNT: u64 = 256;

impl Messages {
    fn new(make: impl Fn(u64) -> Vec<u8>) -> Self {
        let (mut bytes, mut at) = (Vec::new(), Vec::new());
        for n in 0..COUNT {
            bytes.resize(bytes.len().next_multiple_of(8) + 1, 0);
            let message = make(n);
            at.push((bytes.len(), bytes.len() + message.len()));
            bytes.extend(message);
        }
        Self { bytes, at }
    }

    /// Decodes `calls` messages, round and round.
    fn each(&self, calls: u64, decode: impl Fn(&[u8]) -> u64) {
        let mut sum = 0u64;
        for (from, to) in self.at.iter().cycle().take(usize::try_from(calls).unwrap()) {
            sum = sum.wrapping_add(decode(black_box(&self.bytes[*from..*to])));
        }
        black_box(sum);
    }
}

/// A spread of 64-bit values (SplitMix64's finaliser).
fn mix(n: u64) -> u64 {
    let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n ^ (n >> 27)
}

fn swap(n: u64) -> Swap {
    Swap {
        pool_id: n % 64,
        amount_in: mix(n) >> 24,
        min_amount_out: mix(n ^ 1) >> 24,
        sequence: n,
        deadline_slot: 300_000_000 + n,
        fee_bps: 25,
        direction: u8::try_from(n % 2).unwrap(),
        flags: 0,
    }
}

fn pool(n: u64) -> Pool {
    Pool {
        sequence: n,
        slot: 300_000_000 + n,
        pool_id: n % 64,
        reserve_0: mix(n) >> 16,
        reserve_1: mix(n ^ 2) >> 16,
        fee_bps: 25,
        decimals_0: 9,
        decimals_1: 6,
        sent_ns: 1_700_000_000_000_000_000 + n,
    }
}

fn swap_bytes(n: u64) -> Vec<u8> {
    let Swap {
        pool_id,
        amount_in,
        min_amount_out,
        sequence,
        deadline_slot,
        fee_bps,
        direction,
        flags,
    } = swap(n);
    DexSwapTx {
        pool_id,
        amount_in,
        min_amount_out,
        sequence,
        deadline_slot,
        fee_bps,
        direction,
        flags,
        zero: 0,
    }
    .bytes()
    .to_vec()
}

fn pool_bytes(n: u64) -> Vec<u8> {
    let pool = pool(n);
    PoolStateUpdate {
        sequence: pool.sequence.into(),
        slot: pool.slot.into(),
        pool_id: pool.pool_id.into(),
        reserve_0: pool.reserve_0.into(),
        reserve_1: pool.reserve_1.into(),
        fee_bps: pool.fee_bps.into(),
        decimals_0: pool.decimals_0,
        decimals_1: pool.decimals_1,
        zero: 0.into(),
        sent_ns: pool.sent_ns.into(),
        checksum: 0.into(),
    }
    .sealed()
    .bytes()
    .to_vec()
}

/// Every form of both messages.
struct Forms {
    swap_ours: Messages,
    swap_bincode: Messages,
    swap_json: Messages,
    pool_ours: Messages,
    pool_bincode: Messages,
    pool_json: Messages,
}

fn forms() -> Forms {
    Forms {
        swap_ours: Messages::new(swap_bytes),
        swap_bincode: Messages::new(|n| bincode::serialize(&swap(n)).unwrap()),
        swap_json: Messages::new(|n| serde_json::to_vec(&swap(n)).unwrap()),
        pool_ours: Messages::new(pool_bytes),
        pool_bincode: Messages::new(|n| bincode::serialize(&pool(n)).unwrap()),
        pool_json: Messages::new(|n| serde_json::to_vec(&pool(n)).unwrap()),
    }
}

fn swap_bincode(bytes: &[u8]) -> u64 {
    bincode::deserialize::<Swap>(bytes).unwrap().read()
}

fn swap_json(bytes: &[u8]) -> u64 {
    serde_json::from_slice::<Swap>(bytes).unwrap().read()
}

fn pool_bincode(bytes: &[u8]) -> u64 {
    bincode::deserialize::<Pool>(bytes).unwrap().read()
}

fn pool_json(bytes: &[u8]) -> u64 {
    serde_json::from_slice::<Pool>(bytes).unwrap().read()
}

/// Decodes a message and reads every field.
type Decode = fn(&[u8]) -> u64;

fn decode(c: &mut Criterion) {
    let forms = forms();
    let sides: [(&str, &Messages, Decode); 6] = [
        ("swap/bytemuck", &forms.swap_ours, read_swap),
        ("swap/bincode", &forms.swap_bincode, swap_bincode),
        ("swap/serde_json", &forms.swap_json, swap_json),
        ("pool/zerocopy+xxh3", &forms.pool_ours, read_pool),
        ("pool/bincode", &forms.pool_bincode, pool_bincode),
        ("pool/serde_json", &forms.pool_json, pool_json),
    ];
    for (name, messages, decode) in sides {
        c.bench_function(name, |b| {
            b.iter_custom(|calls| {
                let start = std::time::Instant::now();
                messages.each(calls, decode);
                start.elapsed()
            });
        });
    }
}

/// The ratios that the README claims.
fn ratios() {
    let f = forms();
    let mut report =
        paired::Report::new("Feed datagrams: decode, check, read every field (ns a message)");
    let mut swap_ours = |calls| f.swap_ours.each(calls, read_swap);
    let mut pool_ours = |calls| f.pool_ours.each(calls, read_pool);
    report.compare(
        "DexSwapTx: serde_json / bytemuck",
        &mut |calls| f.swap_json.each(calls, swap_json),
        &mut swap_ours,
    );
    report.compare(
        "DexSwapTx: bincode / bytemuck",
        &mut |calls| f.swap_bincode.each(calls, swap_bincode),
        &mut swap_ours,
    );
    report.compare(
        "PoolStateUpdate: serde_json / zerocopy with checksum",
        &mut |calls| f.pool_json.each(calls, pool_json),
        &mut pool_ours,
    );
    report.compare(
        "PoolStateUpdate: bincode (no checksum) / zerocopy with checksum",
        &mut |calls| f.pool_bincode.each(calls, pool_bincode),
        &mut pool_ours,
    );
    report.print();
}

criterion_group!(benches, decode);

fn main() {
    benches();
    if std::env::args().any(|arg| arg == "--bench") {
        ratios();
    }
}
