//! A swap: the walk of [`super::super::ranges`], in this program's way.
//!
//! Source: raydium-io/raydium-clmm, programs/amm/src/instructions/{swap.rs, swap_v2.rs} and
//! libraries @03b44b7; jup-ag/byreal-clmm, programs/amm/src/instructions/swap.rs @2badd50, whose walk
//! is the same without fee sides, dynamic fees and orders. PancakeSwap's is closed and taken to be
//! like it.
//!
//! How many tick arrays one instruction can walk is a matter of the accounts that it is given, so
//! the arrays that are known are walked, and the walk is cut where they end. Where all are known and
//! no tick is left, the program finds no liquidity and refuses; so it does when an order without a
//! limit of its own is not used up.
//!
//! Not modelled: orders that wait at a tick, which a swap that comes to it would fill
//! ([`Fault::Unsupported`]). Nor is it followed that Byreal refuses an exact output of a token with a
//! transfer fee where the order has no limit of its own.

use std::ops::RangeInclusive;

use crate::record::Pool;

use super::super::orca_whirlpool::{SQRT_PRICE_MIN, TICK_MAX, TICK_MIN};
use super::super::quote::Fault;
use super::super::ranges::{Edge, Reach, Rule};
use super::super::ticks::TickRange;
use super::tick::{SQRT_PRICE_MAX, sqrt_price_at_tick, tick_at_sqrt_price};

/// Its way of walking, and its forks'.
pub(super) struct Raydium;

impl Rule for Raydium {
    const PRICES: RangeInclusive<u128> = SQRT_PRICE_MIN..=SQRT_PRICE_MAX - 1;
    const LIMITS: RangeInclusive<u128> = SQRT_PRICE_MIN + 1..=SQRT_PRICE_MAX - 1;
    const PART_OF_INPUT: bool = false;
    const BOTH_MOVE: bool = true;
    const NARROW: bool = false;

    #[inline]
    fn price_at(tick: i32) -> Option<u128> {
        sqrt_price_at_tick(tick)
    }

    #[inline]
    fn tick_at(sqrt_price: u128) -> Option<i32> {
        tick_at_sqrt_price(sqrt_price)
    }

    /// All that is known around the price.
    #[inline]
    fn reach(pool: &Pool, ticks: TickRange<'_>, a_to_b: bool) -> Result<Reach, Fault> {
        if !(ticks.first_tick..ticks.end_tick).contains(&pool.tick) {
            return Err(Fault::Ticks);
        }
        let last = ticks.end_tick.saturating_sub(1);
        let (edge, is_end) = if a_to_b {
            (ticks.first_tick.max(TICK_MIN), ticks.first_tick <= TICK_MIN)
        } else {
            (last.min(TICK_MAX), last >= TICK_MAX)
        };
        Ok(Reach { edge, at_edge: if is_end { Edge::End } else { Edge::Unknown }, a_to_b })
    }
}
