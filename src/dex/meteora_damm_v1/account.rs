//! Pool accounts, and the lending vaults that their reserves lie in.
//!
//! | account | bytes | fields |
//! |---|---|---|
//! | Pool | 875, with a stable curve 925 | mint a@40, mint b@72, lending vault a@104, b@136, shares of a@168, of b@200, enabled u8@233, trade fee u64@330 / u64@338, protocol's part u64@346 / u64@354, activation point u64@403, by time u8@475, curve u8@874 (0 product, 1 stable), amp u64@875 |
//! | Vault | 1227 | total u64@11, token account@19, mint@83, share mint@115, locked profit u64@1203, its report u64@1211, release a second u64@1219 (parts of 10^12) |
//!
//! A pool's reserve is what its shares are worth: `shares * unlocked / all shares`, rounded down,
//! where the vault's total is unlocked but for what is left of its last profit. Both shares and
//! worth change with every pool of the same vault, and a swap rounds in shares twice: a record has
//! no place for them, so these pools are unsupported, and the reserves those of the moment.
//!
//! Source: MeteoraAg/damm-v1-sdk programs/{dynamic-amm,dynamic-vault}/src/state.rs,
//! dynamic-amm-quote/src/lib.rs @02c66a3 (facts/dex.md 9).

use crate::bytes::{key_at, u8_at, u64_at};
use crate::ids::{Key, METEORA_VAULT, Venue};
use crate::math::muldiv::mul_div_floor;
use crate::record::{Curve, Pool, PoolStatus};

use super::super::accounts::{
    Account, AccountBook, AccountFault, Clock, Found, Out, Part, PoolKeys, Unsupported,
};
use super::super::join;
use super::names::{ACCOUNTS, POOL_ACCOUNT, VAULT_ACCOUNT};

const VENUE: Venue = Venue::MeteoraDammV1;
const POOL_LEN: usize = 875;
const STABLE_LEN: usize = 925;
const VAULT_LEN: usize = 1227;
/// Parts of what is released of a profit (`LOCKED_PROFIT_DEGRADATION_DENOMINATOR`).
const RELEASE_DEN: u64 = 1_000_000_000_000;

pub(super) fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, VENUE, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        let kind = data.first_chunk().ok_or(short)?;
        if ACCOUNTS.iter().any(|(_, known)| known == kind) {
            return Ok(());
        }
        if *kind != POOL_ACCOUNT {
            return Err(AccountFault::Discriminator);
        }
        let len = match u8_at(data, 874).ok_or(short)? {
            0 => POOL_LEN,
            1 => STABLE_LEN,
            _ => return Err(AccountFault::Value),
        };
        if data.len() < len {
            return Err(short);
        }
        let at = |offset| key_at(data, offset).ok_or(short);
        let a = Side { mint: at(40)?, lending: at(104)?, shares: at(168)? };
        let b = Side { mint: at(72)?, lending: at(136)?, shares: at(200)? };
        joined(book, clock, (key, account), [a, b], out);
        Ok(())
    });
}

/// One token of a pool.
#[derive(Clone, Copy)]
struct Side<'a> {
    mint: &'a Key,
    lending: &'a Key,
    shares: &'a Key,
}

/// What a lending vault tells.
#[derive(Clone, Copy)]
struct Vault<'a> {
    total: u64,
    tokens: &'a Key,
    share_mint: &'a Key,
    /// Locked profit, when it was reported, what is released a second.
    profit: [u64; 3],
}

impl<'a> Vault<'a> {
    fn of(book: &'a AccountBook, side: &Side<'_>) -> Result<Self, AccountFault> {
        let account = book.get(side.lending).ok_or(AccountFault::NotInitialised)?;
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        if account.owner != METEORA_VAULT {
            return Err(AccountFault::Owner);
        }
        if data.first_chunk() != Some(&VAULT_ACCOUNT) {
            return Err(AccountFault::Discriminator);
        }
        if data.len() < VAULT_LEN {
            return Err(short);
        }
        if key_at(data, 83) != Some(side.mint) {
            return Err(AccountFault::VaultMint);
        }
        let word = |at| u64_at(data, at).ok_or(short);
        Ok(Self {
            total: word(11)?,
            tokens: key_at(data, 19).ok_or(short)?,
            share_mint: key_at(data, 115).ok_or(short)?,
            profit: [word(1203)?, word(1211)?, word(1219)?],
        })
    }

    /// What is lent and held but for the profit that is still locked; of an unknown time all is.
    fn unlocked(&self, now: Option<u64>) -> Option<u64> {
        let [locked, reported, release] = self.profit;
        let waited = now.unwrap_or(0).saturating_sub(reported);
        let released = waited.saturating_mul(release).min(RELEASE_DEN);
        let left = mul_div_floor(locked, RELEASE_DEN.checked_sub(released)?, RELEASE_DEN)?;
        self.total.checked_sub(left)
    }
}

fn joined(
    book: &AccountBook,
    clock: Clock,
    (key, account): (&Key, &Account),
    [a, b]: [Side<'_>; 2],
    out: &mut Out<'_>,
) {
    let mut parts = vec![
        (Part::LendingA, a.lending),
        (Part::LendingB, b.lending),
        (Part::SharesA, a.shares),
        (Part::SharesB, b.shares),
    ];
    let vaults = [a, b].map(|side| Vault::of(book, &side));
    if let Ok(vault) = vaults[0] {
        parts.push((Part::ShareMintA, vault.share_mint));
    }
    if let Ok(vault) = vaults[1] {
        parts.push((Part::ShareMintB, vault.share_mint));
    }
    if !book.complete(key, VENUE, &parts, out) {
        return;
    }
    let mut refuse = |part: &Key, fault| {
        out(Found::Refused { pool: key, key: part, venue: VENUE, fault });
    };
    let (vault_a, vault_b) = match vaults {
        [Ok(a), Ok(b)] => (a, b),
        [Err(fault), _] => return refuse(a.lending, fault),
        [_, Err(fault)] => return refuse(b.lending, fault),
    };
    let worth = |side: &Side<'_>, vault: &Vault<'_>| {
        let shares = book.vault(side.shares, vault.share_mint).map_err(|f| (*side.shares, f))?;
        let supply = book.mint(vault.share_mint, clock).map_err(|f| (*vault.share_mint, f))?.supply;
        let unlocked = vault.unlocked(clock.unix_s);
        let worth = unlocked.and_then(|all| mul_div_floor(shares.amount, all, supply));
        worth.map(|worth| (worth, shares.slot)).ok_or((*side.lending, AccountFault::Owed))
    };
    let ((reserve_a, slot_a), (reserve_b, slot_b)) =
        match (worth(&a, &vault_a), worth(&b, &vault_b)) {
            (Ok(a), Ok(b)) => (a, b),
            (Err((part, fault)), _) | (_, Err((part, fault))) => return refuse(&part, fault),
        };
    let keys = PoolKeys {
        pool: key,
        program: account.owner,
        venue: VENUE,
        mints: [a.mint, b.mint],
        vaults: [vault_a.tokens, vault_b.tokens],
    };
    let slot = account.slot.min(slot_a).min(slot_b);
    join::lean_pool(book, clock, &keys, slot, out, |pool| {
        (pool.reserve_a, pool.reserve_b) = (reserve_a, reserve_b);
        fill(pool, &account.data, account.slot, clock)?;
        Ok(Some(Unsupported::LendingVault))
    });
}

/// What the pool itself says.
fn fill(pool: &mut Pool, data: &[u8], slot: u64, clock: Clock) -> Result<(), AccountFault> {
    let word = |at| u64_at(data, at).ok_or(AccountFault::WrongLen);
    (pool.fee_num, pool.fee_den) = (word(330)?, word(338)?);
    if pool.fee_num >= pool.fee_den {
        return Err(AccountFault::Fee);
    }
    let protocol = mul_div_floor(word(346)?, 1_000_000, word(354)?);
    let protocol = protocol.and_then(|ppm| u32::try_from(ppm).ok());
    pool.protocol_ppm = protocol.filter(|ppm| *ppm <= 1_000_000).ok_or(AccountFault::Fee)?;
    if u8_at(data, 874) == Some(1) {
        pool.curve = Curve::Stable as u8;
        (pool.amp, pool.amp_target) = (word(875)?, word(875)?);
        pool.present |= Pool::STABLE;
    }
    join::opens(pool, u8_at(data, 475) == Some(1), word(403)?, slot, clock);
    if u8_at(data, 233) != Some(1) {
        pool.status = PoolStatus::Disabled as u8;
    }
    Ok(())
}
