//! The rates that the pump-fees program keeps for Pump and for PumpSwap.
//!
//! | offset in FeeConfig | field |
//! |---|---|
//! | 41 | flat rates |
//! | 65 | tiers: u32 count, then of each the least market value u128 and its rates |
//! | behind them | tiers of stable quote tokens, likewise |
//! | behind them | rates of any other quote token |
//!
//! Rates are three u64, bps: liquidity providers', protocol's, creator's. A coin's market value is
//! `quote * supply / base` in raw units of the quote token. An older account ends behind the first
//! or the second list. Source: the program's interface description in sol-parser-sdk 0.11.0,
//! idl/pump_fees.json, and facts/dex.md 10 and 11; the list that a quote token goes by:
//! sol-trade-sdk 11.0.1 src/instruction/utils/pumpswap.rs `compute_fee_basis_points_for_pool`.

use super::super::accounts::{AccountBook, AccountFault};
use super::super::join::FEE_IN_B;
use crate::bytes::{u64_at, u128_at};
use crate::ids::{Key, USDC, WSOL};
use crate::record::Pool;
use five8_const::decode_32_const as key;

/// The pump-fees program.
pub(in super::super) const PROGRAM: Key = key("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ");
/// Wrapped SOL as a token of Token-2022.
const WSOL_2022: Key = key("9pan9bMn5HatX4EJdBwg9VgCa7Uz5HL8N1m5D3NdXejP");

const FEE_CONFIG: [u8; 8] = [0x8f, 0x34, 0x92, 0xbb, 0xdb, 0x7b, 0x4c, 0x9b];
const TIER_LEN: usize = 40;
/// Parts of a rate: 100 %.
const BPS: u64 = 10_000;

/// Liquidity providers', protocol's and creator's rate, bps.
pub(in super::super) type Rates = [u64; 3];

/// A FeeConfig account.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct FeeConfig<'a> {
    /// Of pools that no curve became.
    pub(in super::super) flat: Rates,
    tiers: &'a [u8],
    stable: &'a [u8],
    other: Option<Rates>,
}

impl<'a> FeeConfig<'a> {
    /// Reads the data of an account of [`PROGRAM`].
    ///
    /// # Errors
    /// Another account; too short for what it announces.
    pub(in super::super) fn read(data: &'a [u8]) -> Result<Self, AccountFault> {
        if data.first_chunk() != Some(&FEE_CONFIG) {
            return Err(AccountFault::Discriminator);
        }
        Self::fields(data).ok_or(AccountFault::WrongLen)
    }

    fn fields(data: &'a [u8]) -> Option<Self> {
        let flat = rates(data, 41)?;
        let (tiers, rest) = list(data.get(65..)?)?;
        let mut config = Self { flat, tiers, stable: &[], other: None };
        if !rest.is_empty() {
            let (stable, rest) = list(rest)?;
            config.stable = stable;
            if !rest.is_empty() {
                // A schedule of zeros is none.
                config.other = Some(rates(rest, 0)?).filter(|rates| *rates != [0; 3]);
            }
        }
        Some(config)
    }

    /// Whether the rates of a coin that is sold for `quote_mint` follow its market value.
    pub(in super::super) fn has_tiers(quote_mint: &Key) -> bool {
        [WSOL, WSOL_2022, USDC].contains(quote_mint)
    }

    /// The rates of a coin of a curve that is sold for `quote_mint`, at its market value.
    ///
    /// # Errors
    /// The list that the token goes by is empty.
    pub(in super::super) fn rates(
        &self,
        quote_mint: &Key,
        value: u128,
    ) -> Result<Rates, AccountFault> {
        if !Self::has_tiers(quote_mint) {
            return Ok(self.other.unwrap_or(self.flat));
        }
        let stable = *quote_mint == USDC && !self.stable.is_empty();
        let tiers = if stable { self.stable } else { self.tiers };
        let mut tiers = tiers.chunks_exact(TIER_LEN);
        let first = tiers.next().ok_or(AccountFault::Fee)?;
        let mut reached = tiers.filter(|tier| u128_at(tier, 0).is_some_and(|least| least <= value));
        rates(reached.next_back().unwrap_or(first), 16).ok_or(AccountFault::WrongLen)
    }
}

fn rates(data: &[u8], at: usize) -> Option<Rates> {
    let [protocol, creator] = [at.checked_add(8)?, at.checked_add(16)?];
    Some([u64_at(data, at)?, u64_at(data, protocol)?, u64_at(data, creator)?])
}

/// A list's tiers, and what stands behind it.
fn list(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (count, rest) = data.split_first_chunk()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    rest.split_at_checked(count.checked_mul(TIER_LEN)?)
}

/// Reads the configuration `key`, which `owner` must own.
pub(in super::super) fn part<'a, T>(
    book: &'a AccountBook,
    key: &'static Key,
    owner: &Key,
    read: fn(&'a [u8]) -> Result<T, AccountFault>,
) -> Result<T, (&'static Key, AccountFault)> {
    let account = book.get(key).ok_or((key, AccountFault::NotInitialised))?;
    if account.owner != *owner {
        return Err((key, AccountFault::Owner));
    }
    read(&account.data).map_err(|fault| (key, fault))
}

/// Writes the rates down: each by itself in bps, and as the fee on token b with the creator's apart.
/// `None` when they are 100 % or more. The protocol's share in ppm is rounded down; what is exact are
/// the rates in bps.
pub(in super::super) fn charge(pool: &mut Pool, rates: Rates) -> Option<()> {
    let [lp, protocol, creator] = rates;
    let trade = lp.checked_add(protocol)?;
    trade.checked_add(creator).filter(|all| *all < BPS)?;
    [pool.lp_bps, pool.protocol_bps, pool.creator_bps] =
        [lp.try_into().ok()?, protocol.try_into().ok()?, creator.try_into().ok()?];
    pool.present |= Pool::SPLIT_FEES;
    (pool.fee_num, pool.fee_den) = (trade, BPS);
    let share = protocol.checked_mul(1_000_000)?.checked_div(trade).unwrap_or(0);
    pool.protocol_ppm = share.try_into().ok()?;
    pool.creator_ppm = u32::try_from(creator).ok()?.checked_mul(100)?;
    // Both are of token b, whichever way a swap goes.
    (pool.fee_side, pool.creator_side) = (FEE_IN_B, 2);
    Some(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
pub(in super::super) mod tests {
    use super::super::super::instruction::tests::anchor_hash;
    use super::*;

    /// A configuration with flat rates, two lists of tiers and rates of other tokens.
    pub(in super::super::super) fn fee_config(
        flat: Rates,
        lists: [&[(u128, Rates)]; 2],
        other: Rates,
    ) -> Vec<u8> {
        let bytes = |rates: Rates| rates.map(u64::to_le_bytes).concat();
        let mut data = [&FEE_CONFIG[..], &[0; 33], &bytes(flat)].concat();
        for list in lists {
            data.extend(u32::try_from(list.len()).unwrap().to_le_bytes());
            for (least, rates) in list {
                data.extend(least.to_le_bytes());
                data.extend(bytes(*rates));
            }
        }
        data.extend(bytes(other));
        data
    }

    #[test]
    fn the_quote_token_chooses_the_list_and_the_value_the_tier() {
        assert_eq!(FEE_CONFIG, anchor_hash("account", "FeeConfig"));
        let sol = [(0, [2, 93, 30]), (420, [20, 5, 95]), (1470, [20, 5, 90])];
        let data = fee_config([25, 5, 0], [&sol, &[(7, [1, 2, 3]), (9, [4, 5, 6])]], [20, 5, 5]);
        let config = FeeConfig::read(&data).unwrap();
        assert_eq!(config.flat, [25, 5, 0]);
        for (value, tier) in [(0, 0), (419, 0), (420, 1), (1469, 1), (1470, 2), (u128::MAX, 2)] {
            assert_eq!(config.rates(&WSOL, value), Ok(sol[tier].1), "{value}");
            assert_eq!(config.rates(&WSOL_2022, value), Ok(sol[tier].1));
        }
        // Below the first tier the first one holds.
        assert_eq!(config.rates(&USDC, 0), Ok([1, 2, 3]));
        assert_eq!(config.rates(&USDC, 9), Ok([4, 5, 6]));
        assert_eq!(config.rates(&[9; 32], 9), Ok([20, 5, 5]));
        // An older account has no stable tiers; one of zeros has no rates of other tokens.
        let older = FeeConfig::read(&data[..65 + 4 + 120]).unwrap();
        assert_eq!(older.rates(&USDC, 419), Ok([2, 93, 30]));
        assert_eq!(older.rates(&[9; 32], 419), Ok([25, 5, 0]));
        let data = fee_config([25, 5, 0], [&[], &[]], [0; 3]);
        let config = FeeConfig::read(&data).unwrap();
        assert_eq!(config.rates(&WSOL, 1), Err(AccountFault::Fee));
        assert_eq!(config.rates(&[9; 32], 1), Ok([25, 5, 0]));
    }

    #[test]
    fn what_is_cut_is_refused() {
        let data = fee_config([25, 5, 0], [&[(0, [1; 3]); 2], &[(0, [1; 3])]], [20, 5, 5]);
        let whole = [65 + 4 + 80, 65 + 4 + 80 + 4 + 40, data.len()];
        for len in 0..data.len() {
            let read = FeeConfig::read(&data[..len]);
            assert_eq!(read.is_ok(), whole.contains(&len), "{len}");
        }
        assert!(FeeConfig::read(&[&data[..], &[0; 2000]].concat()).is_ok());
        let mut many = data;
        many[65..69].fill(0xff);
        assert!(matches!(FeeConfig::read(&many), Err(AccountFault::WrongLen)));
    }
}
