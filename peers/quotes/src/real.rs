//! Real accounts: pools of the shared folder, read by mev-tools, put to the peers.

use mev::dex::{AccountBook, Entries, Found, Order, covered};
use mev::record::{Bin, Pool, Tick};
use std::path::{Path, PathBuf};

use crate::ask::{Ask, Places, Rng};

/// The folder with real pools: `data/pools` of `MEV_SHARED`, by default of `../shared` beside the checkout.
pub fn pools() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let root = std::env::var_os("MEV_SHARED").map_or(beside, PathBuf::from);
    Some(root.join("data/pools")).filter(|path| path.is_dir())
}

/// A pool as it was read.
#[derive(Debug)]
pub struct Read {
    /// The record.
    pub pool: Pool,
    /// Its ticks or bins, and the runs that are known.
    pub places: Places,
}

/// Every pool in `book` that can be quoted.
pub fn read(book: &AccountBook) -> Vec<Read> {
    let mut found: Vec<(Pool, Vec<Tick>, Vec<Bin>, Vec<(i32, u32)>)> = Vec::new();
    book.pools(book.clock(), &mut |what| match what {
        Found::Pool { pool, unsupported: None } => {
            found.push((*pool, Vec::new(), Vec::new(), Vec::new()));
        }
        Found::Ticks { ticks, entries } => {
            if let Some(last) = found.last_mut().filter(|last| last.0.pool == ticks.pool) {
                last.3.push((ticks.start_tick, ticks.span_ticks));
                match entries {
                    Entries::Ticks(ticks) => last.1.extend(ticks),
                    Entries::Bins(bins) => last.2.extend(bins),
                    Entries::Levels(_) => {}
                }
            }
        }
        _ => {}
    });
    let place = |(pool, ticks, bins, arrays): (Pool, Vec<Tick>, Vec<Bin>, Vec<(i32, u32)>)| {
        let (first, end) = covered(&arrays, pool.tick)?;
        let places = if bins.is_empty() {
            Places::Ticks(ticks, first, end)
        } else {
            Places::Bins(bins, first, end)
        };
        Some(Read { pool, places })
    };
    found.into_iter().filter_map(place).collect()
}

/// Orders of every size to a real pool, a while after its state.
pub fn asks(read: &Read, seed: u64, count: usize, exact_out: bool) -> Vec<Ask> {
    let mut rng = Rng(seed);
    let mut ask = || {
        let (a_to_b, amount) = (rng.one_in(2), rng.bits(1, 50));
        let out = exact_out && rng.one_in(2);
        let order =
            if out { Order::exact_out(a_to_b, amount) } else { Order::exact_in(a_to_b, amount) };
        let after_s = rng.pick(0, 2_000);
        let (pool, places) = (read.pool, read.places.clone());
        Ask { pool, places, unix_s: pool.vol_last_s.max(1_700_000_000) + after_s, order }
    };
    (0..count).map(|_| ask()).collect()
}
