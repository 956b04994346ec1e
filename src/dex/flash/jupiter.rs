//! Jupiter Lend: one account of the flash loan program holds fee and state for all tokens; the money lies
//! with the liquidity program.
//!
//! | `flashloan_admin` | |
//! |---|---|
//! | discriminator, authority, liquidity program | 0, 8, 40 |
//! | status u8: 1 is active, fee u16, bps | 72, 73 |
//!
//! Source: jup-ag/jupiter-lend @0ab370a target/idl/flashloan.json (accounts, discriminators, layout);
//! addresses: breakAIDev/2026-02-jupiter-lend @5e7bcff ts-sdk/flashloan/pda.ts, fee and amounts:
//! programs/flashloan/src/lib.rs @585e952 (the program's source as published for its audit).

use super::super::accounts::AccountBook;
use super::super::build::{Ix, Metas, associated_token, derived};
use super::super::token::token_account;
use super::{Loan, LoanFault, data};
use crate::bytes::{key_at, u16_at};
use crate::ids::{ASSOCIATED_TOKEN, INSTRUCTIONS, JUPITER_FLASH, Key, SYSTEM, TOKEN};

/// The program.
const PROGRAM: Key = JUPITER_FLASH;
/// sha256("account:FlashloanAdmin")
const ADMIN: [u8; 8] = [0xa2, 0xa1, 0x2d, 0x1c, 0x83, 0x5b, 0xca, 0x58];
/// sha256("global:flashloan_borrow")
const BORROW: [u8; 8] = [0x67, 0x13, 0x4e, 0x18, 0xf0, 0x09, 0x87, 0x3f];
/// sha256("global:flashloan_payback")
const PAYBACK: [u8; 8] = [0xd5, 0x2f, 0x99, 0x89, 0x54, 0xf3, 0x5e, 0xe8];
/// Raw units that are lent at least (`validate_flashloan`).
const LEAST: u64 = 1000;
const BPS: u128 = 10_000;

/// The reserve of a token.
#[derive(Clone, Debug)]
pub(super) struct Jupiter {
    admin: Key,
    mint: Key,
    reserve: Key,
    position: Key,
    rate_model: Key,
    vault: Key,
    liquidity: Key,
    liquidity_program: Key,
    token_program: Key,
    fee_bps: u16,
}

impl Jupiter {
    /// The reserve of `mint`, and what it has.
    pub(super) fn read(book: &AccountBook, mint: &Key) -> Result<(Self, u64), LoanFault> {
        let admin = derived(&PROGRAM, &[b"flashloan_admin"]);
        let account = book.get(&admin).ok_or(LoanFault::NoReserve)?;
        let state = account.data.as_slice();
        if account.owner != PROGRAM || !state.starts_with(&ADMIN) {
            return Err(LoanFault::NotReserve);
        }
        let program = *key_at(state, 40).ok_or(LoanFault::NotReserve)?;
        let fee_bps = u16_at(state, 73).ok_or(LoanFault::NotReserve)?;
        if state.get(72) != Some(&1) {
            return Err(LoanFault::Disabled);
        }
        let token_program = book.token_program(mint).unwrap_or(TOKEN);
        let liquidity = derived(&program, &[b"liquidity"]);
        let vault = associated_token(&liquidity, mint, &token_program);
        let held = book.get(&vault);
        let held = held.and_then(|held| token_account(&held.owner, &held.data).ok());
        let lender = Self {
            admin,
            mint: *mint,
            reserve: derived(&program, &[b"reserve", mint]),
            position: derived(&program, &[b"user_borrow_position", mint, &admin]),
            rate_model: derived(&program, &[b"rate_model", mint]),
            vault,
            liquidity,
            liquidity_program: program,
            token_program,
            fee_bps,
        };
        Ok((lender, held.map_or(u64::MAX, |held| held.amount)))
    }

    /// `ceil(amount * bps / 10^4)` (`calculate_flashloan_fee`).
    pub(super) fn fee(&self, amount: u64) -> Result<u64, LoanFault> {
        if amount < LEAST {
            return Err(LoanFault::TooSmall);
        }
        let product = u128::from(amount).wrapping_mul(u128::from(self.fee_bps)); // 80 bits
        u64::try_from(product.div_ceil(BPS)).map_err(|_| LoanFault::FeeOverflow)
    }

    pub(super) fn borrow(&self, loan: &Loan<'_>) -> Ix {
        self.accounts(loan).ix(data(&BORROW, &[&loan.amount.to_le_bytes()]))
    }

    /// The amount is that of the borrow: the program adds the fee.
    pub(super) fn repay(&self, loan: &Loan<'_>) -> Ix {
        self.accounts(loan).ix(data(&PAYBACK, &[&loan.amount.to_le_bytes()]))
    }

    /// The same fourteen in both.
    fn accounts(&self, loan: &Loan<'_>) -> Metas {
        let mut metas = Metas::new(PROGRAM);
        metas
            .pay(loan.borrower)
            .write(&self.admin)
            .write(loan.account)
            .read(&self.mint)
            .write(&self.reserve)
            .write(&self.position)
            .read(&self.rate_model)
            .write(&self.vault)
            .read(&self.liquidity)
            .read(&self.liquidity_program)
            .read(&self.token_program)
            .read(&ASSOCIATED_TOKEN)
            .read(&SYSTEM)
            .read(&INSTRUCTIONS);
        metas
    }
}
