//! Save, formerly Solend: SPL Token only.
//!
//! | reserve account | |
//! |---|---|
//! | version u8: 1 | 0 |
//! | lending market | 10 |
//! | liquidity: mint, supply | 42, 75 |
//! | liquidity: what is available u64 | 171 |
//! | flash loan fee u64, in 10^-18; the highest number says none is given | 314 |
//! | share of the fee for a host, percent u8 | 322 |
//! | fee receiver | 339 |
//!
//! Source: solendprotocol/solana-program-library @009e13a token-lending/sdk/src/state/reserve.rs (`Reserve`,
//! `ReserveFees`) and token-lending/sdk/src/instruction.rs (`FlashBorrowReserveLiquidity`,
//! `FlashRepayReserveLiquidity`).

use super::super::build::{Ix, Metas, derived};
use super::{Loan, LoanFault, data};
use crate::bytes::{key_at, u64_at};
use crate::ids::{INSTRUCTIONS, Key, TOKEN};

/// The program.
pub(super) const PROGRAM: Key = crate::ids::SAVE;
/// Tags of the two instructions.
const BORROW: [u8; 1] = [19];
const REPAY: [u8; 1] = [20];
/// One, in units of the fee.
const WAD: u128 = 1_000_000_000_000_000_000;
/// Bytes of a reserve account (`RESERVE_LEN`): the program's other accounts are of other lengths.
const RESERVE_LEN: usize = 1219;

/// Whether `data` is a reserve of `mint`.
pub(super) fn is_of(data: &[u8], mint: &Key) -> bool {
    data.len() == RESERVE_LEN && data.first() == Some(&1) && key_at(data, 42) == Some(mint)
}

/// A reserve.
#[derive(Clone, Debug)]
pub(super) struct Save {
    reserve: Key,
    market: Key,
    authority: Key,
    supply: Key,
    fee_receiver: Key,
    fee_wad: u64,
    has_host: bool,
}

impl Save {
    /// The reserve `reserve`, and what it has.
    pub(super) fn read(reserve: Key, data: &[u8]) -> Result<(Self, u64), LoanFault> {
        let key = |at| key_at(data, at).copied().ok_or(LoanFault::NotReserve);
        let number = |at| u64_at(data, at).ok_or(LoanFault::NotReserve);
        let market = key(10)?;
        let lender = Self {
            reserve,
            market,
            authority: derived(&PROGRAM, &[&market]),
            supply: key(75)?,
            fee_receiver: key(339)?,
            fee_wad: number(314)?,
            has_host: *data.get(322).ok_or(LoanFault::NotReserve)? > 0,
        };
        if lender.fee_wad == u64::MAX {
            return Err(LoanFault::Disabled);
        }
        Ok((lender, number(171)?))
    }

    /// `round(max(least, amount * rate))`, which the owner and the host share; refused when that is not
    /// below the amount (`calculate_fees`, exclusive).
    pub(super) fn fee(&self, amount: u64) -> Result<u64, LoanFault> {
        if self.fee_wad == 0 || amount == 0 {
            return Ok(0);
        }
        // Two 64-bit factors fit into 128 bits; so does a 64-bit number of wads.
        let exact = u128::from(amount).wrapping_mul(u128::from(self.fee_wad));
        let least = if self.has_host { WAD.wrapping_mul(2) } else { WAD };
        let exact = exact.max(least);
        if exact >= u128::from(amount).wrapping_mul(WAD) {
            return Err(LoanFault::TooSmall);
        }
        let half = WAD / 2;
        let sum = exact.checked_add(half).ok_or(LoanFault::FeeOverflow)?;
        let rounded = sum.checked_div(WAD).ok_or(LoanFault::FeeOverflow)?;
        u64::try_from(rounded).map_err(|_| LoanFault::FeeOverflow)
    }

    pub(super) fn borrow(&self, loan: &Loan<'_>) -> Ix {
        let mut metas = Metas::new(PROGRAM);
        metas
            .write(&self.supply)
            .write(loan.account)
            .write(&self.reserve)
            .read(&self.market)
            .read(&self.authority)
            .read(&INSTRUCTIONS)
            .read(&TOKEN);
        metas.ix(data(&BORROW, &[&loan.amount.to_le_bytes()]))
    }

    /// The amount is that of the borrow: the program adds the fee. Of the host's share the owner's
    /// receiver is the receiver too: there is no host.
    pub(super) fn repay(&self, loan: &Loan<'_>, borrow_at: u8) -> Ix {
        let mut metas = Metas::new(PROGRAM);
        metas
            .write(loan.account)
            .write(&self.supply)
            .write(&self.fee_receiver)
            .write(&self.fee_receiver)
            .write(&self.reserve)
            .read(&self.market)
            .sign(loan.borrower)
            .read(&INSTRUCTIONS)
            .read(&TOKEN);
        metas.ix(data(&REPAY, &[&loan.amount.to_le_bytes(), &[borrow_at]]))
    }
}
