//! Pump: bonding curves that sell a new token for SOL or for another token.
//!
//! Source: pump-fun/pump-public-docs @8cda1fa and the program's interface description of October
//! 2026 (facts/dex.md 10). Token a is the coin, token b the quote token; SOL itself, which moves as
//! lamports, stands as wrapped SOL.
//!
//! | instruction | discriminator | data | accounts |
//! |---|---|---|---|
//! | buy | 66063d1201daebea | tokens u64@8, max quote u64@16 | 12 and more |
//! | sell | 33e685a4017f83ad | tokens u64@8, min quote u64@16 | 12 and more |
//! | buy_exact_sol_in | 38fc74089edfcd5f | quote u64@8, min tokens u64@16 | 12 and more |
//! | buy_v2, sell_v2 | b817ee6167c5d33d, 5df6823ce7e940b2 | as buy, sell | 26 and more |
//! | buy_exact_quote_in_v2 | c2ab1c46684d5b2f | as buy_exact_sol_in | 26 and more |
//! | buy_v3, sell_v3 | 07051dc4f5176550, 1c92de7726c469d5 | as buy, sell | 17 |
//! | buy_exact_quote_in_v3 | e1f7501ed5b38488 | as buy_exact_sol_in | 17 |
//! | multi_hop_curve_swap | e19a7516d756f667 | amount_in u64@8, a byte for each hop behind u32@16 | 13, then 5 for each hop |
//!
//! Accounts of a trade: [`FIRST`], [`SECOND`], [`THIRD`]. A hop is base mint, quote mint, curve,
//! base vault, quote vault; all hops of one instruction buy, or all sell.

mod account;
mod event;
pub(super) mod fees;
pub(super) mod quote;
pub(super) mod rates;
#[cfg(test)]
mod tests;

use super::instruction::{Decoded, Hops, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec};
use crate::ids::{Key, Venue, WSOL};
use crate::record::{Action, Direction, Exact};
use crate::wire::sha256::digest_each;
use std::sync::LazyLock;

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Live, fills: Grade::Live, pools: Grade::Source },
    decode,
    event: event::event,
    rederive: event::rederive,
    pools: account::pools,
    swap: quote::swap_curve,
    settle: quote::settle_curve,
    segment: quote::segment,
    ..VenueSpec::of(Venue::Pump)
};

const BUY: [u8; 8] = [0x66, 0x06, 0x3d, 0x12, 0x01, 0xda, 0xeb, 0xea];
const BUY_EXACT_QUOTE_IN_V2: [u8; 8] = [0xc2, 0xab, 0x1c, 0x46, 0x68, 0x4d, 0x5b, 0x2f];
const BUY_EXACT_QUOTE_IN_V3: [u8; 8] = [0xe1, 0xf7, 0x50, 0x1e, 0xd5, 0xb3, 0x84, 0x88];
const BUY_EXACT_SOL_IN: [u8; 8] = [0x38, 0xfc, 0x74, 0x08, 0x9e, 0xdf, 0xcd, 0x5f];
const BUY_V2: [u8; 8] = [0xb8, 0x17, 0xee, 0x61, 0x67, 0xc5, 0xd3, 0x3d];
const BUY_V3: [u8; 8] = [0x07, 0x05, 0x1d, 0xc4, 0xf5, 0x17, 0x65, 0x50];
const CREATE: [u8; 8] = [0x18, 0x1e, 0xc8, 0x28, 0x05, 0x1c, 0x07, 0x77];
const CREATE_V2: [u8; 8] = [0xd6, 0x90, 0x4c, 0xec, 0x5f, 0x8b, 0x31, 0xb4];
const MIGRATE: [u8; 8] = [0x9b, 0xea, 0xe7, 0x92, 0xec, 0x9e, 0xa2, 0x1e];
const MIGRATE_V2: [u8; 8] = [0xbb, 0xcb, 0x12, 0x1f, 0xce, 0xed, 0xfe, 0x29];
const MULTI_HOP_CURVE_SWAP: [u8; 8] = [0xe1, 0x9a, 0x75, 0x16, 0xd7, 0x56, 0xf6, 0x67];
const SELL: [u8; 8] = [0x33, 0xe6, 0x85, 0xa4, 0x01, 0x7f, 0x83, 0xad];
const SELL_V2: [u8; 8] = [0x5d, 0xf6, 0x82, 0x3c, 0xe7, 0xe9, 0x40, 0xb2];
const SELL_V3: [u8; 8] = [0x1c, 0x92, 0xde, 0x77, 0x26, 0xc4, 0x69, 0xd5];
const SET_MAYHEM_VIRTUAL_PARAMS: [u8; 8] = [0x3d, 0xa9, 0xbc, 0xbf, 0x99, 0x95, 0x2a, 0x61];
const SWEEP_CREATOR_FEE: [u8; 8] = [0x20, 0xf6, 0xbf, 0x34, 0x08, 0xc9, 0x49, 0xba];
const SWEEP_PROTOCOL_FEE: [u8; 8] = [0x08, 0x30, 0xbe, 0x07, 0xb6, 0x44, 0xb7, 0xe5];

/// The program's other instructions.
const OTHER_INSTRUCTIONS: [(&str, [u8; 8]); 39] = [
    ("add_quote_control_mint", [0x02, 0x0e, 0x3d, 0x8a, 0xaa, 0x8e, 0x0e, 0x5f]),
    ("add_quote_mint", [0x6f, 0x79, 0x15, 0x38, 0x28, 0x18, 0x5e, 0xd1]),
    ("admin_cto", [0x7d, 0x7e, 0xd6, 0x86, 0x4d, 0xe5, 0xbc, 0x59]),
    ("admin_set_idl_authority", [0x08, 0xd9, 0x60, 0xe7, 0x90, 0x68, 0xc0, 0x05]),
    ("admin_update_token_incentives", [0xd1, 0x0b, 0x73, 0x57, 0xd5, 0x17, 0x7c, 0xcc]),
    ("claim_cashback", [0x25, 0x3a, 0x23, 0x7e, 0xbe, 0x35, 0xe4, 0xc5]),
    ("claim_cashback_v2", [0x7a, 0xf3, 0xcc, 0x41, 0x5e, 0x74, 0x1d, 0x37]),
    ("claim_token_incentives", [0x10, 0x04, 0x47, 0x1c, 0xcc, 0x01, 0x28, 0x1b]),
    ("close_user_volume_accumulator", [0xf9, 0x45, 0xa4, 0xda, 0x96, 0x67, 0x54, 0x8a]),
    ("collect_creator_fee", [0x14, 0x16, 0x56, 0x7b, 0xc6, 0x1c, 0xdb, 0x84]),
    ("collect_creator_fee_v2", [0xcf, 0x11, 0x8a, 0xf2, 0x04, 0x22, 0x13, 0x38]),
    ("distribute_creator_fees", [0xa5, 0x72, 0x67, 0x00, 0x79, 0xce, 0xf7, 0x51]),
    ("distribute_creator_fees_v2", [0xff, 0xcb, 0x13, 0x4f, 0xf4, 0x44, 0x08, 0x9f]),
    ("distribute_fee_to_holders", [0x62, 0x36, 0x91, 0x61, 0x02, 0x46, 0xad, 0x2b]),
    ("extend_account", [0xea, 0x66, 0xc2, 0xcb, 0x96, 0x48, 0x3e, 0xe5]),
    ("get_minimum_distributable_fee", [0x75, 0xe1, 0x7f, 0xca, 0x86, 0x5f, 0x44, 0x23]),
    ("init_user_volume_accumulator", [0x5e, 0x06, 0xca, 0x73, 0xff, 0x60, 0xe8, 0xb7]),
    ("initialize", [0xaf, 0xaf, 0x6d, 0x1f, 0x0d, 0x98, 0x9b, 0xed]),
    ("initialize_quote_control", [0xef, 0x49, 0xf5, 0xad, 0xd1, 0xb1, 0x54, 0x42]),
    ("migrate_bonding_curve_creator", [0x57, 0x7c, 0x34, 0xbf, 0x34, 0x26, 0xd6, 0xe8]),
    ("remove_quote_control_mint", [0xdf, 0x07, 0xfd, 0x1a, 0x51, 0xa5, 0xda, 0xa6]),
    ("remove_quote_mint", [0xb1, 0x41, 0xdf, 0x26, 0x58, 0xd1, 0x9e, 0x9b]),
    ("set_creator", [0xfe, 0x94, 0xff, 0x70, 0xcf, 0x8e, 0xaa, 0xa5]),
    ("set_max_curve_depth", [0x20, 0x9a, 0x98, 0xdb, 0x8e, 0x6c, 0xda, 0xa5]),
    ("set_metaplex_creator", [0x8a, 0x60, 0xae, 0xd9, 0x30, 0x55, 0xc5, 0xf6]),
    ("set_params", [0x1b, 0xea, 0xb2, 0x34, 0x93, 0x02, 0xbb, 0x8d]),
    ("set_quote_control_admin", [0x3e, 0x4f, 0xa1, 0xd3, 0xa5, 0xaa, 0xd6, 0xd2]),
    ("set_quote_control_mint_reserves", [0x74, 0xdc, 0x6b, 0x53, 0xbf, 0x2c, 0x20, 0x49]),
    ("set_quote_control_reserves_admin", [0xa1, 0xc3, 0xde, 0xa5, 0xe1, 0x65, 0xc0, 0x3e]),
    ("set_reserved_fee_recipients", [0x6f, 0xac, 0xa2, 0xe8, 0x72, 0x59, 0xd5, 0x8e]),
    ("set_virtual_quote_reserves", [0x65, 0x87, 0xbf, 0x68, 0x09, 0x58, 0x14, 0x60]),
    ("sync_user_volume_accumulator", [0x56, 0x1f, 0xc0, 0x57, 0xa3, 0x57, 0x4f, 0xee]),
    ("toggle_cashback_enabled", [0x73, 0x67, 0xe0, 0xff, 0xbd, 0x59, 0x56, 0xc3]),
    ("toggle_create_v2", [0x1c, 0xff, 0xe6, 0xf0, 0xac, 0x6b, 0xcb, 0xab]),
    ("toggle_mayhem_mode", [0x01, 0x09, 0x6f, 0xd0, 0x64, 0x1f, 0xff, 0xa3]),
    ("update_buyback_config", [0xfb, 0xe0, 0xab, 0x92, 0xa0, 0x1a, 0x71, 0xe9]),
    ("update_creator_fee_config", [0x3d, 0xaf, 0xa0, 0xf9, 0x42, 0x42, 0x88, 0xaf]),
    ("update_global_authority", [0xe3, 0xb5, 0x4a, 0xc4, 0xd0, 0x15, 0x61, 0xd5]),
    ("update_holder_reward_config", [0xe1, 0xfc, 0x42, 0x04, 0xc7, 0x23, 0xec, 0x10]),
];

/// Where a trade's accounts stand.
struct Places {
    base_mint: usize,
    /// Absent where the quote token is SOL.
    quote_mint: Option<usize>,
    curve: usize,
    base_vault: usize,
    quote_vault: Option<usize>,
    user: usize,
    user_base: usize,
    user_quote: Option<usize>,
    /// The fewest accounts there may be.
    least: usize,
}

/// buy, sell, buy_exact_sol_in: 12 accounts at first, up to 18 since.
const FIRST: Places = Places {
    base_mint: 2,
    quote_mint: None,
    curve: 3,
    base_vault: 4,
    quote_vault: None,
    user: 6,
    user_base: 5,
    user_quote: None,
    least: 12,
};

/// The trades `_v2`.
const SECOND: Places = Places {
    base_mint: 1,
    quote_mint: Some(2),
    curve: 10,
    base_vault: 11,
    quote_vault: Some(12),
    user: 13,
    user_base: 14,
    user_quote: Some(15),
    least: 26,
};

/// The trades `_v3`.
const THIRD: Places = Places {
    base_mint: 1,
    quote_mint: Some(2),
    curve: 5,
    base_vault: 6,
    quote_vault: Some(7),
    user: 8,
    user_base: 9,
    user_quote: Some(10),
    least: 17,
};

/// What a trade does, and which side is exact.
#[derive(Clone, Copy)]
enum Order {
    /// So many tokens for at most so much.
    Buy,
    /// For so much at least so many tokens.
    Spend,
    /// So many tokens for at least so much.
    Sell,
}

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let (places, order) = match ix.discriminator().ok_or(IxFault::ShortData)? {
        BUY => (&FIRST, Order::Buy),
        BUY_V2 => (&SECOND, Order::Buy),
        BUY_V3 => (&THIRD, Order::Buy),
        BUY_EXACT_SOL_IN => (&FIRST, Order::Spend),
        BUY_EXACT_QUOTE_IN_V2 => (&SECOND, Order::Spend),
        BUY_EXACT_QUOTE_IN_V3 => (&THIRD, Order::Spend),
        SELL => (&FIRST, Order::Sell),
        SELL_V2 => (&SECOND, Order::Sell),
        SELL_V3 => (&THIRD, Order::Sell),
        MULTI_HOP_CURVE_SWAP => return hops(ix).map(Decoded::Hops),
        other => return change(ix, other),
    };
    trade(ix, places, order).map(Decoded::One)
}

fn trade<'a>(ix: &Instruction<'a>, places: &Places, order: Order) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) = (ix.u64(8)?, ix.u64(16)?);
    ix.at_least(places.least)?;
    let exact = if let Order::Buy = order { Exact::Out } else { Exact::In };
    let mut swap = SwapIx::new(Venue::Pump, exact);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(places.curve), ix.account(places.user));
    swap.vault_a = ix.account(places.base_vault);
    swap.vault_b = places.quote_vault.and_then(|at| ix.account(at));
    let base = (ix.account(places.base_mint), ix.account(places.user_base));
    let quote_mint = match places.quote_mint {
        Some(at) => ix.account(at),
        None => Some(&WSOL),
    };
    let quote = (quote_mint, places.user_quote.and_then(|at| ix.account(at)));
    let a_to_b = matches!(order, Order::Sell);
    swap.direction = if a_to_b { Direction::AToB } else { Direction::BToA };
    let (paid, got) = if a_to_b { (base, quote) } else { (quote, base) };
    ((swap.mint_in, swap.user_in), (swap.mint_out, swap.user_out)) = (paid, got);
    Ok(swap)
}

/// Accounts of a hop: base mint, quote mint, pool or curve, base vault, quote vault.
pub(super) const HOP: usize = 5;

/// Which way the hops go whose accounts begin at `first`: those that buy come in such an order that
/// one's base is the next one's quote. A single hop does not tell.
pub(super) fn hops_buy(ix: &Instruction<'_>, first: usize) -> Option<bool> {
    let at = |n: usize| ix.indices.get(first.checked_add(n)?);
    let (base, quote) = (at(0)?, at(1)?);
    let (next_base, next_quote) = (at(HOP)?, at(HOP.checked_add(1)?)?);
    match (base == next_quote, quote == next_base) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// The swap over the hop whose accounts begin at `first`.
pub(super) fn hop<'a>(
    venue: Venue,
    ix: &Instruction<'a>,
    first: usize,
    buys: Option<bool>,
) -> SwapIx<'a> {
    let at = |n: usize| ix.account(first.checked_add(n)?);
    let mut swap = SwapIx::new(venue, Exact::In);
    (swap.mint_a, swap.mint_b, swap.pool) = (at(0), at(1), at(2));
    (swap.vault_a, swap.vault_b) = (at(3), at(4));
    match buys {
        Some(true) => {
            swap.direction = Direction::BToA;
            (swap.mint_in, swap.mint_out) = (swap.mint_b, swap.mint_a);
        }
        Some(false) => {
            swap.direction = Direction::AToB;
            (swap.mint_in, swap.mint_out) = (swap.mint_a, swap.mint_b);
        }
        None => {}
    }
    swap
}

/// Accounts before the first hop of multi_hop_curve_swap: 3 user, 5 source, 6 destination.
const FIRST_HOP: usize = 13;

/// multi_hop_curve_swap, which PumpSwap's multi_hop_swap calls for a run of curves.
fn hops(ix: &Instruction<'_>) -> Result<Hops, IxFault> {
    ix.u64(8)?;
    let past = ix.account_count().checked_sub(FIRST_HOP).ok_or(IxFault::FewAccounts)?;
    let count = u8::try_from(past / HOP).map_err(|_| IxFault::AccountCount)?;
    if count == 0 {
        return Err(IxFault::FewAccounts);
    }
    Ok(Hops::first(count, nth_hop))
}

fn nth_hop<'a>(ix: &Instruction<'a>, n: u8) -> Option<SwapIx<'a>> {
    let place = |n: u8| HOP.checked_mul(n.into())?.checked_add(FIRST_HOP);
    let mut swap = hop(Venue::Pump, ix, place(n)?, hops_buy(ix, FIRST_HOP));
    swap.owner = ix.account(3);
    if n == 0 {
        (swap.amount, swap.user_in) = (ix.u64(8).ok(), ix.account(5));
    }
    if place(n.checked_add(2)?)? > ix.account_count() {
        swap.user_out = ix.account(6);
    }
    Some(swap)
}

/// Whatever is no trade.
fn change<'a>(ix: &Instruction<'a>, which: [u8; 8]) -> Result<Decoded<'a>, IxFault> {
    // Places of curve, coin, quote token (absent where it is SOL) and signer.
    let (action, curve, base, quote, owner) = match which {
        CREATE => (Action::Create, 2, 0, None, 7),
        // Another quote token than SOL, its vault and its program come behind the 16.
        CREATE_V2 => (Action::Create, 2, 0, Some(16).filter(|at| *at < ix.account_count()), 5),
        MIGRATE => (Action::Migrate, 3, 2, None, 5),
        MIGRATE_V2 => (Action::Migrate, 4, 2, Some(3), 7),
        SET_MAYHEM_VIRTUAL_PARAMS => (Action::Config, 4, 2, None, 0),
        SWEEP_CREATOR_FEE | SWEEP_PROTOCOL_FEE => (Action::Collect, 7, 2, Some(3), 0),
        other if OTHER_INSTRUCTIONS.iter().any(|(_, known)| *known == other) => {
            return Ok(Decoded::NotSwap);
        }
        _ => return Err(IxFault::Unknown),
    };
    ix.at_least(8)?;
    let mut change = LiquidityIx::new(Venue::Pump, action);
    (change.pool, change.owner) = (ix.account(curve), ix.account(owner));
    change.mint_a = ix.account(base);
    change.mint_b = quote.map_or(Some(&WSOL), |at| ix.account(at));
    Ok(Decoded::Liquidity(change))
}

/// Bump, program and mark.
const TAIL: usize = 1 + 32 + 21;

/// What follows the seeds in what a curve's address is the hash of, for the bumps from 255 on that
/// are tried side by side: each fails with one in two.
static TAILS: LazyLock<[[u8; TAIL]; 16]> = LazyLock::new(|| {
    let mut tails = [[0; TAIL]; 16];
    for (bump, tail) in (0..=u8::MAX).rev().zip(&mut tails) {
        let program = Venue::Pump.programs().iter().take(1).flatten();
        let parts = std::iter::once(&bump).chain(program).chain(b"ProgramDerivedAddress");
        tail.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    }
    tails
});

/// Whether `account` is the curve of `mint`: the address that the program derives of
/// `"bonding-curve"` and the mint. Without heap, unlike the derivation itself.
pub(super) fn is_curve_of(account: &Key, mint: &Key) -> bool {
    let mut seeds = [0; 13 + 32];
    let parts = b"bonding-curve".iter().chain(mint);
    seeds.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    let mut found = false;
    digest_each(&seeds, TAILS.iter().map(<[u8; TAIL]>::as_slice), &mut |derived| {
        found |= derived == *account;
    });
    found
}
