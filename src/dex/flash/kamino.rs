//! Kamino Lend.
//!
//! | reserve account | |
//! |---|---|
//! | discriminator, version, last update | 0, 8, 16 |
//! | lending market | 32 |
//! | liquidity: mint, supply vault, fee vault | 128, 160, 192 |
//! | liquidity: what is available u64, token program | 224, 408 |
//! | flash loan fee u64, in 2^-60; the highest number says none is given | 4904 |
//!
//! Source: Kamino-Finance/klend @0055dbe programs/klend/src/state/reserve.rs (`Reserve`, `ReserveLiquidity`,
//! `ReserveConfig`, `calculate_fees`); checks: programs/klend/src/lending_market/flash_ixs.rs @dcc5561.

use super::super::build::{Ix, Metas, derived};
use super::{Loan, LoanFault, data};
use crate::bytes::{key_at, u64_at};
use crate::ids::{INSTRUCTIONS, Key};

/// The program.
pub(super) const PROGRAM: Key = crate::ids::KAMINO_LEND;
/// sha256("account:Reserve")
const RESERVE: [u8; 8] = [0x2b, 0xf2, 0xcc, 0xca, 0x1a, 0xf7, 0x3b, 0x7f];
/// sha256("global:flash_borrow_reserve_liquidity")
const BORROW: [u8; 8] = [0x87, 0xe7, 0x34, 0xa7, 0x07, 0x34, 0xd4, 0xc1];
/// sha256("global:flash_repay_reserve_liquidity")
const REPAY: [u8; 8] = [0xb9, 0x75, 0x00, 0xcb, 0x60, 0xf5, 0xb4, 0xba];

/// Whether `data` is a reserve of `mint`.
pub(super) fn is_of(data: &[u8], mint: &Key) -> bool {
    data.starts_with(&RESERVE) && key_at(data, 128) == Some(mint)
}

/// A reserve.
#[derive(Clone, Debug)]
pub(super) struct Kamino {
    reserve: Key,
    market: Key,
    authority: Key,
    mint: Key,
    supply: Key,
    fee_receiver: Key,
    token_program: Key,
    pub(super) fee_sf: u64,
}

impl Kamino {
    /// The reserve `reserve`, and what it has.
    pub(super) fn read(reserve: Key, data: &[u8]) -> Result<(Self, u64), LoanFault> {
        let key = |at| key_at(data, at).copied().ok_or(LoanFault::NotReserve);
        let number = |at| u64_at(data, at).ok_or(LoanFault::NotReserve);
        let market = key(32)?;
        let lender = Self {
            reserve,
            market,
            authority: derived(&PROGRAM, &[b"lma", &market]),
            mint: key(128)?,
            supply: key(160)?,
            fee_receiver: key(192)?,
            token_program: key(408)?,
            fee_sf: number(4904)?,
        };
        if lender.fee_sf == u64::MAX {
            return Err(LoanFault::Disabled);
        }
        Ok((lender, number(224)?))
    }

    pub(super) fn borrow(&self, loan: &Loan<'_>) -> Ix {
        self.accounts(loan).ix(data(&BORROW, &[&loan.amount.to_le_bytes()]))
    }

    /// The amount is that of the borrow: the program adds the fee.
    pub(super) fn repay(&self, loan: &Loan<'_>, borrow_at: u8) -> Ix {
        self.accounts(loan).ix(data(&REPAY, &[&loan.amount.to_le_bytes(), &[borrow_at]]))
    }

    /// The same twelve in both, in the same order: the program compares them. Who has no referrer names
    /// the program in the two places.
    fn accounts(&self, loan: &Loan<'_>) -> Metas {
        let mut metas = Metas::new(PROGRAM);
        metas
            .sign(loan.borrower)
            .read(&self.authority)
            .read(&self.market)
            .write(&self.reserve)
            .read(&self.mint)
            .write(&self.supply)
            .write(loan.account)
            .write(&self.fee_receiver)
            .read(&PROGRAM)
            .read(&PROGRAM)
            .read(&INSTRUCTIONS)
            .read(&self.token_program);
        metas
    }
}

/// What a reserve of `fee_sf` takes for lending `amount`, without a referrer: `round(max(1, amount *
/// rate))`.
///
/// # Errors
/// It lends nothing, or the fee would reach the amount.
pub fn fee(amount: u64, fee_sf: u64) -> Result<u64, LoanFault> {
    const BITS: u32 = 60;
    if fee_sf == u64::MAX {
        return Err(LoanFault::Disabled);
    }
    if fee_sf == 0 || amount == 0 {
        return Ok(0);
    }
    // Two 64-bit factors fit into 128 bits, and so does a 64-bit number shifted by 60.
    let exact = u128::from(amount).wrapping_mul(u128::from(fee_sf)).max(1 << BITS);
    if exact >= u128::from(amount) << BITS {
        return Err(LoanFault::TooSmall);
    }
    let half = 1_u128 << (BITS - 1);
    let rounded = exact.checked_add(half).ok_or(LoanFault::FeeOverflow)? >> BITS;
    u64::try_from(rounded).map_err(|_| LoanFault::FeeOverflow)
}
