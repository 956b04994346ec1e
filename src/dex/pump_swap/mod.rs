//! PumpSwap: constant product with a virtual quote reserve, fees on the quote token.
//!
//! Source: the program's interface description of October 2026 and pump-fun/pump-public-docs
//! @8cda1fa (facts/dex.md 11). Token a is the base token, token b the quote token.
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | buy | 66063d1201daebea | base out u64@8, max quote u64@16 | 19 and more |
//! | sell | 33e685a4017f83ad | base in u64@8, min quote u64@16 | 19 and more |
//! | buy_exact_quote_in | c62e1552b4d9e870 | quote in u64@8, min base u64@16 | 19 and more |
//! | buy_v2, sell_v2 | b817ee6167c5d33d, 5df6823ce7e940b2 | as buy, sell | 17 |
//! | buy_exact_quote_in_v2 | c2ab1c46684d5b2f | as buy_exact_quote_in | 17 |
//! | multi_hop_swap | 2b644913e9f66f94 | amount_in u64@8, min_out u64@16 | 16, then 5 for each hop |
//! | boost_buy_and_burn | 694406af000723a2 | quote in u64@8, min burned u64@16 | 13 |
//!
//! Accounts of a swap: 0 pool, 1 user (signs), 2 config, 3 base mint, 4 quote mint, 5 user base,
//! 6 user quote, 7 pool base, 8 pool quote. The hops of multi_hop_swap are pools of this program
//! and curves of Pump; the curves are left to the call of Pump that it makes for them.

mod account;
mod build;
mod event;
#[cfg(test)]
mod tests;

use super::instruction::{Decoded, Hops, Instruction, IxFault, LiquidityIx, SwapIx};
use super::pump::{HOP, hop, hops_buy, is_curve_of, quote};
use super::{Coverage, Grade, VenueSpec};
use crate::bytes::u16_at;
use crate::ids::Venue;
use crate::record::{Action, Direction, Exact};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Live },
    decode,
    event: event::event,
    rederive: event::rederive,
    pools: account::pools,
    swap: quote::swap_pool,
    segment: quote::segment,
    build: build::build,
    ..VenueSpec::of(Venue::PumpSwap)
};

const BOOST_BUY_AND_BURN: [u8; 8] = [0x69, 0x44, 0x06, 0xaf, 0x00, 0x07, 0x23, 0xa2];
const BUY: [u8; 8] = [0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const BUY_EXACT_QUOTE_IN: [u8; 8] = [0xc6, 0x2e, 0x15, 0x52, 0xb4, 0xd9, 0xe8, 0x70];
const BUY_EXACT_QUOTE_IN_V2: [u8; 8] = [0xc2, 0xab, 0x1c, 0x46, 0x68, 0x4d, 0x5b, 0x2f];
const BUY_V2: [u8; 8] = [0xb8, 0x17, 0xee, 0x61, 0x67, 0xc5, 0xd3, 0x3d];
const CREATE_POOL: [u8; 8] = [0xe9, 0x92, 0xd1, 0x8e, 0xcf, 0x68, 0x40, 0xbc];
const DEPOSIT: [u8; 8] = [0xf2, 0x23, 0xc6, 0x89, 0x52, 0xe1, 0xf2, 0xb6];
const INIT_BOOST: [u8; 8] = [0x8c, 0xe9, 0x21, 0x5e, 0x84, 0x5a, 0xc2, 0x8f];
const MULTI_HOP_SWAP: [u8; 8] = [0x2b, 0x64, 0x49, 0x13, 0xe9, 0xf6, 0x6f, 0x94];
const SELL: [u8; 8] = [0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const SELL_V2: [u8; 8] = [0x5d, 0xf6, 0x82, 0x3c, 0xe7, 0xe9, 0x40, 0xb2];
const SWEEP_CREATOR_FEE: [u8; 8] = [0x20, 0xf6, 0xbf, 0x34, 0x08, 0xc9, 0x49, 0xba];
const SWEEP_PROTOCOL_FEE: [u8; 8] = [0x08, 0x30, 0xbe, 0x07, 0xb6, 0x44, 0xb7, 0xe5];
const WITHDRAW: [u8; 8] = [0xb7, 0x12, 0x46, 0x9c, 0x94, 0x6d, 0xa1, 0x22];

/// The program's other instructions.
const OTHER_INSTRUCTIONS: [(&str, [u8; 8]); 24] = [
    ("admin_cto_pool", [0x2d, 0x3d, 0xa5, 0x97, 0x68, 0x00, 0x31, 0xbd]),
    ("admin_update_token_incentives", [0xd1, 0x0b, 0x73, 0x57, 0xd5, 0x17, 0x7c, 0xcc]),
    ("claim_cashback", [0x25, 0x3a, 0x23, 0x7e, 0xbe, 0x35, 0xe4, 0xc5]),
    ("claim_token_incentives", [0x10, 0x04, 0x47, 0x1c, 0xcc, 0x01, 0x28, 0x1b]),
    ("close_user_volume_accumulator", [0xf9, 0x45, 0xa4, 0xda, 0x96, 0x67, 0x54, 0x8a]),
    ("collect_coin_creator_fee", [0xa0, 0x39, 0x59, 0x2a, 0xb5, 0x8b, 0x2b, 0x42]),
    ("create_config", [0xc9, 0xcf, 0xf3, 0x72, 0x4b, 0x6f, 0x2f, 0xbd]),
    ("disable", [0xb9, 0xad, 0xbb, 0x5a, 0xd8, 0x0f, 0xee, 0xe9]),
    ("extend_account", [0xea, 0x66, 0xc2, 0xcb, 0x96, 0x48, 0x3e, 0xe5]),
    ("init_user_volume_accumulator", [0x5e, 0x06, 0xca, 0x73, 0xff, 0x60, 0xe8, 0xb7]),
    ("migrate_pool_coin_creator", [0xd0, 0x08, 0x9f, 0x04, 0x4a, 0xaf, 0x10, 0x3a]),
    ("set_boost_authority", [0xe3, 0x95, 0x4c, 0x2a, 0x82, 0x27, 0xea, 0xcd]),
    ("set_coin_creator", [0xd2, 0x95, 0x80, 0x2d, 0xbc, 0x3a, 0x4e, 0xaf]),
    ("set_reserved_fee_recipients", [0x6f, 0xac, 0xa2, 0xe8, 0x72, 0x59, 0xd5, 0x8e]),
    ("sync_user_volume_accumulator", [0x56, 0x1f, 0xc0, 0x57, 0xa3, 0x57, 0x4f, 0xee]),
    ("toggle_boost", [0x75, 0xa1, 0xa0, 0x4a, 0xdf, 0x89, 0x76, 0x63]),
    ("toggle_cashback_enabled", [0x73, 0x67, 0xe0, 0xff, 0xbd, 0x59, 0x56, 0xc3]),
    ("toggle_mayhem_mode", [0x01, 0x09, 0x6f, 0xd0, 0x64, 0x1f, 0xff, 0xa3]),
    ("transfer_creator_fees_to_pump", [0x8b, 0x34, 0x86, 0x55, 0xe4, 0xe5, 0x6c, 0xf1]),
    ("transfer_creator_fees_to_pump_v2", [0x01, 0x21, 0x4e, 0xb9, 0x21, 0x43, 0x2c, 0x5c]),
    ("update_admin", [0xa1, 0xb0, 0x28, 0xd5, 0x3c, 0xb8, 0xb3, 0xe4]),
    ("update_buyback_config", [0xfb, 0xe0, 0xab, 0x92, 0xa0, 0x1a, 0x71, 0xe9]),
    ("update_creator_fee_config", [0x3d, 0xaf, 0xa0, 0xf9, 0x42, 0x42, 0x88, 0xaf]),
    ("update_fee_config", [0x68, 0xb8, 0x67, 0xf2, 0x58, 0x97, 0x6b, 0x14]),
];

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (exact, a_to_b, least) = match ix.discriminator().ok_or(IxFault::ShortData)? {
        BUY => (Exact::Out, false, 19),
        BUY_V2 => (Exact::Out, false, 17),
        BUY_EXACT_QUOTE_IN => (Exact::In, false, 19),
        BUY_EXACT_QUOTE_IN_V2 => (Exact::In, false, 17),
        SELL => (Exact::In, true, 19),
        SELL_V2 => (Exact::In, true, 17),
        BOOST_BUY_AND_BURN => return boost(ix).map(Decoded::One),
        MULTI_HOP_SWAP => return hops(ix),
        other => return change(ix, other),
    };
    swap(ix, exact, a_to_b, least).map(Decoded::One)
}

fn swap<'a>(
    ix: &Instruction<'a>,
    exact: Exact,
    a_to_b: bool,
    least: usize,
) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(least)?;
    let mut swap = SwapIx::new(Venue::PumpSwap, exact);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(0), ix.account(1));
    (swap.vault_a, swap.vault_b) = (ix.account(7), ix.account(8));
    let (base, quote) = ((ix.account(3), ix.account(5)), (ix.account(4), ix.account(6)));
    swap.direction = if a_to_b { Direction::AToB } else { Direction::BToA };
    let (paid, got) = if a_to_b { (base, quote) } else { (quote, base) };
    ((swap.mint_in, swap.user_in), (swap.mint_out, swap.user_out)) = (paid, got);
    Ok(swap)
}

/// 0 pool, 1 authority (signs), 2 config, 3 base mint, 4 quote mint, 5 pool base, 6 pool quote,
/// 7 owner of the boost vault, 8 boost vault, which pays; what is bought is burned in the pool.
fn boost<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(13)?;
    let mut swap = SwapIx::new(Venue::PumpSwap, Exact::In);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(0), ix.account(1));
    (swap.mint_out, swap.mint_in) = (ix.account(3), ix.account(4));
    (swap.vault_a, swap.vault_b) = (ix.account(5), ix.account(6));
    swap.user_in = ix.account(8);
    swap.direction = Direction::BToA;
    Ok(swap)
}

/// Accounts before the first hop of multi_hop_swap: 0 user (signs), 1 user in, 2 user out.
const FIRST_HOP: usize = 16;

/// Where the accounts of hop number `n` begin, if it has all of them.
fn place(ix: &Instruction<'_>, n: u8) -> Option<usize> {
    let first = HOP.checked_mul(n.into())?.checked_add(FIRST_HOP)?;
    (first.checked_add(HOP)? <= ix.account_count()).then_some(first)
}

/// Whether the hop whose accounts begin at `first` is one over a curve, not over a pool.
fn is_curve(ix: &Instruction<'_>, first: usize) -> bool {
    let keys = (ix.account(first), first.checked_add(2).and_then(|at| ix.account(at)));
    matches!(keys, (Some(mint), Some(pool)) if is_curve_of(pool, mint))
}

fn hops<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    ix.u64(8)?;
    ix.u64(16)?;
    ix.at_least(FIRST_HOP.saturating_add(HOP))?;
    // An instruction names at most 255 accounts: 47 hops.
    let places = (0..64u8).map_while(|n| Some((n, place(ix, n)?)));
    let pools = places.filter(|(_, first)| !is_curve(ix, *first));
    let own = pools.fold(0u64, |own, (n, _)| own | 1 << n);
    // All curves: whatever happens, happens in Pump.
    Ok(if own == 0 { Decoded::NotSwap } else { Decoded::Hops(Hops::of(own, nth_hop)) })
}

fn nth_hop<'a>(ix: &Instruction<'a>, n: u8) -> Option<SwapIx<'a>> {
    let first = place(ix, n)?;
    let mut swap = hop(Venue::PumpSwap, ix, first, hops_buy(ix, FIRST_HOP));
    swap.owner = ix.account(0);
    if first == FIRST_HOP {
        (swap.amount, swap.user_in) = (ix.u64(8).ok(), ix.account(1));
    }
    if place(ix, n.checked_add(1)?).is_none() {
        (swap.limit, swap.user_out) = (ix.u64(16).ok(), ix.account(2));
    }
    Some(swap)
}

/// Whatever is no swap.
fn change<'a>(ix: &Instruction<'a>, which: [u8; 8]) -> Result<Decoded<'a>, IxFault> {
    let action = match which {
        DEPOSIT => Action::Add,
        WITHDRAW => Action::Remove,
        CREATE_POOL => Action::Create,
        INIT_BOOST => Action::Config,
        SWEEP_CREATOR_FEE | SWEEP_PROTOCOL_FEE => Action::Collect,
        other if OTHER_INSTRUCTIONS.iter().any(|(_, known)| *known == other) => {
            return Ok(Decoded::NotSwap);
        }
        _ => return Err(IxFault::Unknown),
    };
    ix.at_least(9)?;
    let mut change = LiquidityIx::new(Venue::PumpSwap, action);
    if action == Action::Collect {
        // 0 payer, 1 config, 2 pool, 3 quote mint.
        (change.owner, change.pool, change.mint_b) = (ix.account(0), ix.account(2), ix.account(3));
        return Ok(Decoded::Liquidity(change));
    }
    // 0 pool, 1 config, 2 user or creator, 3 base mint, 4 quote mint.
    (change.pool, change.owner) = (ix.account(0), ix.account(2));
    (change.mint_a, change.mint_b) = (ix.account(3), ix.account(4));
    match action {
        Action::Create => {
            u16_at(ix.data, 8).ok_or(IxFault::ShortData)?;
            (change.amount_a, change.amount_b) = (Some(ix.u64(10)?), Some(ix.u64(18)?));
        }
        Action::Add | Action::Remove => {
            change.liquidity = Some(ix.u64(8)?.into());
            (change.limit_a, change.limit_b) = (Some(ix.u64(16)?), Some(ix.u64(24)?));
        }
        _ => {}
    }
    Ok(Decoded::Liquidity(change))
}
