//! Pair accounts.
//!
//! LbPair, 904 bytes: base factor u16@8, filter u16@10, decay u16@12, reduction u16@14, control of
//! the variable fee u32@16, highest volatility u32@20, protocol's share u16@32 (bps of the fee),
//! power of the base fee u8@34, function u8@35 (0 undetermined, 1 rewards, 2 limit orders), fee mode
//! u8@36 (0 of the input, 1 of y), volatility u32@40, its reference u32@44, the bin it is measured
//! from i32@48, last change i64@56, kind of pair u8@75, active bin i32@76, bin step u16@80, status
//! u8@82, activation by slot or time u8@86, mint x@88, mint y@120, reserve x@152, reserve y@184,
//! reward mints @264 and @408, oracle@552, bitmap @584, activation point u64@816.
//!
//! The record's fee is the base fee; the variable fee is in its volatility fields: rate =
//! `min(fee_num + ceil(vol_control * (vol_acc * bin_step)^2 / 10^11), 10^8)` parts of 10^9, of which
//! `vol_acc` changes with every bin that a swap walks through.
//!
//! Source: MeteoraAg/dlmm-sdk idls/dlmm.json 0.12.0, commons/src/{quote.rs, constants.rs,
//! extensions/lb_pair.rs, conversions} @fb02e51.

use crate::bytes::{i32_at, key_at, u8_at, u16_at, u32_at, u64_at};
use crate::ids::{Key, METEORA_DLMM, Venue};
use crate::record::{Curve, Pool, PoolStatus};

use super::super::accounts::{AccountBook, AccountFault, Clock, Found, Out, PoolKeys};
use super::super::join::{self, FEE_IN_B};
use super::array::{self, Arrays, Pair};
use super::names::{
    ACCOUNTS, BIN_ARRAY_ACCOUNT, BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT, LB_PAIR_ACCOUNT,
};

const LB_PAIR_LEN: usize = 904;

/// Where a pair's oracle is, and which of the bin arrays around 0 hold liquidity.
pub(super) fn oracle_and_bitmap(data: &[u8]) -> Option<(&Key, &[u8; 128])> {
    LbPair::read(data).ok()?;
    Some((key_at(data, 552)?, data.get(584..)?.first_chunk()?))
}

/// The highest bin, and the lowest below zero (constants.rs).
pub(super) const BIN_MAX: i32 = 443_636;
/// Parts of a fee rate, and the highest of them (constants.rs `MAX_FEE_RATE`).
pub(super) const RATE_DEN: u64 = 1_000_000_000;
pub(super) const RATE_MAX: u64 = 100_000_000;

/// What a swap needs of an LbPair account.
#[derive(Clone, Copy, Debug)]
struct LbPair<'a> {
    base_factor: u16,
    /// Filter, decay: seconds; reduction: bps.
    periods: [u16; 3],
    /// Control, highest accumulator, accumulator, reference.
    volatility: [u32; 4],
    vol_index: i32,
    vol_last_s: u64,
    protocol_bps: u16,
    base_power: u8,
    function: u8,
    fee_mode: u8,
    kind: u8,
    active: i32,
    bin_step_bps: u16,
    status: u8,
    by_time: u8,
    mints: [&'a Key; 2],
    vaults: [&'a Key; 2],
    rewards: [&'a Key; 2],
    bitmap: &'a [u8; 128],
    activation: u64,
}

impl<'a> LbPair<'a> {
    fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&LB_PAIR_ACCOUNT) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() < LB_PAIR_LEN {
            return Err(AccountFault::WrongLen);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)?.checked()
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        Some(Self {
            base_factor: u16_at(data, 8)?,
            periods: [u16_at(data, 10)?, u16_at(data, 12)?, u16_at(data, 14)?],
            volatility: [
                u32_at(data, 16)?,
                u32_at(data, 20)?,
                u32_at(data, 40)?,
                u32_at(data, 44)?,
            ],
            vol_index: i32_at(data, 48)?,
            vol_last_s: u64_at(data, 56)?,
            protocol_bps: u16_at(data, 32)?,
            base_power: u8_at(data, 34)?,
            function: u8_at(data, 35)?,
            fee_mode: u8_at(data, 36)?,
            kind: u8_at(data, 75)?,
            active: i32_at(data, 76)?,
            bin_step_bps: u16_at(data, 80)?,
            status: u8_at(data, 82)?,
            by_time: u8_at(data, 86)?,
            mints: [key_at(data, 88)?, key_at(data, 120)?],
            vaults: [key_at(data, 152)?, key_at(data, 184)?],
            rewards: [key_at(data, 264)?, key_at(data, 408)?],
            bitmap: data.get(584..)?.first_chunk()?,
            activation: u64_at(data, 816)?,
        })
    }

    /// The first broken rule.
    fn checked(self) -> Result<Self, AccountFault> {
        let meant = self.function <= 2
            && self.fee_mode <= 1
            && self.kind <= 3
            && self.status <= 1
            && self.by_time <= 1
            && i64::try_from(self.vol_last_s).is_ok();
        if self.bin_step_bps == 0 {
            Err(AccountFault::TickSpacing)
        } else if self.active.unsigned_abs() > BIN_MAX.unsigned_abs() {
            Err(AccountFault::Tick)
        } else if self.protocol_bps > 10_000 || self.base_fee().is_none() {
            Err(AccountFault::Fee)
        } else if !meant {
            Err(AccountFault::Value)
        } else {
            Ok(self)
        }
    }

    /// lb_pair.rs `get_base_fee`, capped like the whole.
    fn base_fee(&self) -> Option<u64> {
        let scale = 10u128.checked_pow(self.base_power.into())?.checked_mul(10)?;
        let step = u128::from(self.base_factor).checked_mul(self.bin_step_bps.into())?;
        u64::try_from(step.checked_mul(scale)?.min(RATE_MAX.into())).ok()
    }

    /// lb_pair.rs `is_support_limit_order`.
    fn limit_orders(&self) -> bool {
        match self.function {
            0 => self.rewards == [&[0; 32]; 2],
            function => function == 2,
        }
    }
}

/// Joins every pair with its reserves, mints and bin arrays.
pub(in super::super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    let venue = Venue::MeteoraDlmm;
    let owned = book.owned_by(&METEORA_DLMM);
    let arrays = Arrays::new(&owned, out);
    for (key, account) in owned {
        let part = |kind: &[u8; 8]| {
            matches!(*kind, BIN_ARRAY_ACCOUNT | BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT)
                || ACCOUNTS.iter().any(|(_, known)| known == kind)
        };
        if account.data.first_chunk().is_some_and(part) {
            continue;
        }
        let state = match LbPair::read(&account.data) {
            Ok(state) => state,
            Err(fault) => {
                out(Found::Refused { pool: key, key, venue, fault });
                continue;
            }
        };
        let keys = PoolKeys {
            pool: key,
            program: METEORA_DLMM,
            venue,
            mints: state.mints,
            vaults: state.vaults,
        };
        let slot = account.slot;
        let joined = join::lean_pool(book, clock, &keys, slot, out, |pool| {
            fill(pool, &state, slot, clock);
            Ok(None)
        });
        if let Some(pool) = joined {
            let orders = state.limit_orders();
            array::emit(&arrays, &Pair { pool: &pool, bitmap: state.bitmap, orders }, out);
        }
    }
}

/// What the pair itself says.
fn fill(pool: &mut Pool, state: &LbPair<'_>, slot: u64, clock: Clock) {
    pool.curve = Curve::Bins as u8;
    (pool.tick, pool.bin_step_bps) = (state.active, state.bin_step_bps);
    (pool.fee_num, pool.fee_den) = (state.base_fee().unwrap_or(RATE_MAX), RATE_DEN);
    pool.fee_side = if state.fee_mode == 0 { 0 } else { FEE_IN_B };
    pool.protocol_ppm = u32::from(state.protocol_bps).saturating_mul(100);
    [pool.vol_filter_s, pool.vol_decay_s, pool.vol_reduction_bps] = state.periods;
    [pool.vol_control, pool.vol_max, pool.vol_acc, pool.vol_ref] = state.volatility;
    (pool.vol_index, pool.vol_last_s, pool.vol_group) = (state.vol_index, state.vol_last_s, 1);
    pool.present |= Pool::TICK | Pool::BIN_STEP | Pool::VOLATILITY;
    // quote.rs `validate_swap_activation`: permission and customizable pairs open at a point.
    if matches!(state.kind, 1 | 2) {
        join::opens(pool, state.by_time == 1, state.activation, slot, clock);
    }
    if state.status != 0 {
        pool.status = PoolStatus::Disabled as u8;
    }
}
