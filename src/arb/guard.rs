//! Reasons not to believe a gain, whatever the arithmetic says.
//!
//! Stale and tiny pools are the documented source of false profits (facts: arb.md sections 0.9 and
//! 2.7); every check has a name, so that what was refused can be counted and explained.

use super::book::{Anchor, Book};
use super::detect::{Candidate, Step};
use crate::dex::Moment;
use crate::ids::Key;
use crate::record::{Pool, PoolStatus, Refusal};

/// `floor(2^20 * log2(100))`: rates whose product is above 100 are not believed.
pub(super) const EXCESS_MAX_Q20: i32 = 6_966_588;

/// What a state must be to be traded on.
#[derive(Clone, Copy, Debug)]
pub struct Guards {
    /// Least reserve of either token, raw units.
    pub min_reserve: u64,
    /// Least reserve of a base token, lamports.
    pub min_depth: u64,
    /// Most slots between the states used.
    pub max_slot_spread: u64,
}

/// How far the stream has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Progress {
    /// Slot of the first swap; 0 before.
    pub(super) first_slot: u64,
    /// Newest slot of any swap or state.
    pub(super) newest_slot: u64,
    /// Receive time of the present record, ns.
    pub(super) rx_ns: u64,
}

impl Progress {
    /// The moment at which a transaction made now would execute.
    pub(super) fn now(self) -> Moment {
        Moment::of(self.newest_slot, self.rx_ns)
    }
}

impl Guards {
    /// Passes `candidate` or names the first reason against it.
    pub(super) fn check(
        &self,
        candidate: &Candidate,
        book: &Book,
        bases: &[Key],
        progress: Progress,
    ) -> Result<(), Refusal> {
        let steps = candidate.steps();
        if repeats(steps) {
            return Err(Refusal::SamePool);
        }
        if candidate.score > EXCESS_MAX_Q20 {
            return Err(Refusal::AbsurdFactor);
        }
        let (mut oldest, mut newest) = (u64::MAX, 0);
        for step in steps {
            let (pool, anchor) = book.state(step.pool).ok_or(Refusal::BadState)?;
            if book.is_stale(anchor) {
                return Err(Refusal::Stale);
            }
            if anchor.moved {
                return Err(Refusal::VaultChange);
            }
            open(pool, progress.rx_ns)?;
            self.deep(pool, bases)?;
            let known = self.known_at(anchor, progress);
            (oldest, newest) = (oldest.min(known), newest.max(known));
        }
        if newest.saturating_sub(oldest) > self.max_slot_spread {
            return Err(Refusal::MixedSlots);
        }
        Ok(())
    }

    /// The slot up to which the state is known. A stream that begins where the state ends (or whose
    /// beginning is unknown) has told everything since.
    fn known_at(&self, anchor: &Anchor, progress: Progress) -> u64 {
        let joined = anchor.slot.saturating_add(self.max_slot_spread) >= progress.first_slot;
        if anchor.slot == 0 || (progress.first_slot != 0 && joined) {
            progress.newest_slot
        } else {
            anchor.slot
        }
    }

    fn deep(&self, pool: &Pool, bases: &[Key]) -> Result<(), Refusal> {
        if pool.present & Pool::RESERVES == 0 {
            return Ok(()); // what is there is told by liquidity and ticks
        }
        for (mint, reserve) in [(&pool.mint_a, pool.reserve_a), (&pool.mint_b, pool.reserve_b)] {
            let least = if bases.contains(mint) { self.min_depth } else { 0 };
            if reserve < self.min_reserve.max(least) {
                return Err(Refusal::Dust);
            }
        }
        Ok(())
    }
}

/// Whether the pool takes swaps at `rx_ns`. A stamp from before Solana's first block is not the time
/// of day (account files have none), and then the pool's own status decides.
fn open(pool: &Pool, rx_ns: u64) -> Result<(), Refusal> {
    if pool.status == PoolStatus::Disabled as u8 || pool.status == PoolStatus::Unsupported as u8 {
        return Err(Refusal::Disabled);
    }
    let now = Moment::of(0, rx_ns).unix_s;
    let waits = if pool.present & Pool::OPEN_TIME != 0 && now != 0 {
        pool.open_time > now
    } else {
        pool.status == PoolStatus::Waiting as u8
    };
    if waits { Err(Refusal::NotOpenYet) } else { Ok(()) }
}

/// Whether a pool is met twice.
fn repeats(steps: &[Step]) -> bool {
    let mut rest = steps;
    while let Some((first, after)) = rest.split_first() {
        if after.iter().any(|step| step.pool == first.pool) {
            return true;
        }
        rest = after;
    }
    false
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test may stop where it is wrong")]
mod tests {
    use super::super::book::BookRoom;
    use super::super::detect::{Found, Graph, Room};
    use super::*;
    use crate::dex::GENESIS_UNIX_S;
    use crate::ids::{Venue, WSOL};

    const OPENS: u64 = GENESIS_UNIX_S + 9;
    const GUARDS: Guards = Guards { min_reserve: 10, min_depth: 100, max_slot_spread: 5 };

    fn pool(number: u8, slot: u64) -> Pool {
        let mut pool = Pool::new(0);
        pool.venue = Venue::Feed as u16;
        (pool.pool, pool.mint_a, pool.mint_b) = ([number; 32], WSOL, [9; 32]);
        (pool.reserve_a, pool.reserve_b, pool.present) = (1000, 1000, Pool::RESERVES);
        pool.slot = slot;
        pool
    }

    /// Checks the cycle through two pools after `change` of the second.
    fn check(
        progress: Progress,
        slots: [u64; 2],
        change: impl Fn(&mut Pool),
    ) -> Result<(), Refusal> {
        check_scored(progress, slots, change, 1)
    }

    fn check_scored(
        progress: Progress,
        slots: [u64; 2],
        change: impl Fn(&mut Pool),
        score: i32,
    ) -> Result<(), Refusal> {
        let (first, mut second) = (pool(1, slots[0]), pool(2, slots[1]));
        change(&mut second);
        let mut book = Book::new(BookRoom { pools: 2, deep_pools: 0, entries: 0 });
        let mut graph = Graph::new(&[WSOL], Room { tokens: 9, pools: 2, visits: 99 });
        for pool in [first, second] {
            book.put_pool(&pool, |_| graph.add(&pool.mint_a, &pool.mint_b).is_ok());
        }
        graph.set(0, Some(score), None);
        graph.set(1, None, Some(0));
        let mut found = Found::new(8);
        graph.search(0, true, &mut found);
        GUARDS.check(found.list().first().unwrap(), &book, &[WSOL], progress)
    }

    #[test]
    fn a_sound_pair_of_pools_passes() {
        assert_eq!(check(Progress::default(), [0, 0], |_| ()), Ok(()));
    }

    #[test]
    fn each_reason_has_its_name() {
        type Case = (fn(&mut Pool), Refusal);
        let cases: [Case; 6] = [
            (|pool| pool.status = PoolStatus::Disabled as u8, Refusal::Disabled),
            (|pool| pool.status = PoolStatus::Unsupported as u8, Refusal::Disabled),
            (|pool| pool.status = PoolStatus::Waiting as u8, Refusal::NotOpenYet),
            (|pool| (pool.open_time, pool.present) = (OPENS, 8 | 16), Refusal::NotOpenYet),
            (|pool| pool.reserve_a = 99, Refusal::Dust),
            (|pool| pool.reserve_b = 9, Refusal::Dust),
        ];
        for (change, want) in cases {
            assert_eq!(
                check(
                    Progress { rx_ns: OPENS * 1_000_000_000 - 1, ..Progress::default() },
                    [0, 0],
                    change
                ),
                Err(want)
            );
        }
        let late = Progress { rx_ns: OPENS * 1_000_000_000, ..Progress::default() };
        let opened = |pool: &mut Pool| {
            (pool.open_time, pool.present) = (OPENS, 8 | 16);
            pool.status = PoolStatus::Waiting as u8;
        };
        assert_eq!(check(late, [0, 0], opened), Ok(()));
        assert_eq!(check(Progress::default(), [0, 0], opened), Err(Refusal::NotOpenYet));
        let dated = |pool: &mut Pool| (pool.open_time, pool.present) = (OPENS, 8 | 16);
        assert_eq!(check(Progress::default(), [0, 0], dated), Ok(()), "the time is not known");
        let absurd = check_scored(late, [0, 0], |_| (), EXCESS_MAX_Q20 + 1);
        assert_eq!(absurd, Err(Refusal::AbsurdFactor));
    }

    #[test]
    fn states_too_far_apart_are_refused_unless_the_stream_joins_them() {
        let at = |first_slot, newest_slot| Progress { first_slot, newest_slot, rx_ns: 0 };
        assert_eq!(check(at(0, 0), [10, 15], |_| ()), Ok(()));
        assert_eq!(check(at(0, 0), [10, 16], |_| ()), Err(Refusal::MixedSlots));
        assert_eq!(check(at(15, 500), [10, 400], |_| ()), Ok(()), "told since slot 15");
        assert_eq!(check(at(16, 500), [10, 400], |_| ()), Err(Refusal::MixedSlots));
        assert_eq!(check(at(16, 500), [0, 400], |_| ()), Ok(()), "an unknown slot is believed");
    }

    #[test]
    fn the_bound_of_the_factor_is_a_hundred() {
        assert_eq!(super::super::log2::floor_log2_q20(&[100], &[1]), Some(EXCESS_MAX_Q20));
    }
}
