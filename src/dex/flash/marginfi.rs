//! marginfi v2: a loan is a debt that exists between two instructions, within an account of the borrower.
//!
//! | bank account | |
//! |---|---|
//! | discriminator, mint, group | 0, 8, 41 |
//! | liquidity vault | 112 |
//! | origination fee, I80F48 | 480 |
//! | state u8: 1 is operational | 608 |
//!
//! | borrower's account | |
//! |---|---|
//! | discriminator, group, authority | 0, 8, 40 |
//! | 16 balances of 104 bytes, the first byte of which says that it is in use | 72 |
//! | flags u64: 1 disabled, 2 in a flash loan | 1800 |
//!
//! Source: mrgnlabs/marginfi-v2, type-crate/src/types/bank.rs @0354c89 and user_account.rs @0db9c5b;
//! programs/marginfi/src/instructions/marginfi_account/{flashloan @046d5b6, borrow, repay @03823e2}.rs.
//!
//! The end of a loan names bank and oracle of every balance that is left; repaying all leaves none in an
//! account that had none, so only such an account borrows here.

use super::super::accounts::AccountBook;
use super::super::build::{Ix, Metas, derived};
use super::super::token::token_account;
use super::{Loan, LoanFault, data};
use crate::bytes::{array_at, key_at, u64_at};
use crate::ids::{INSTRUCTIONS, Key, TOKEN, TOKEN_2022};

/// The program.
pub(super) const PROGRAM: Key = crate::ids::MARGINFI;
/// sha256("account:Bank")
const BANK: [u8; 8] = [0x8e, 0x31, 0xa6, 0xf2, 0x32, 0x42, 0x61, 0xbc];
/// sha256("account:MarginfiAccount")
const ACCOUNT: [u8; 8] = [0x43, 0xb2, 0x82, 0x6d, 0x7e, 0x72, 0x1c, 0x2a];
/// sha256("global:lending_account_start_flashloan")
const START: [u8; 8] = [0x0e, 0x83, 0x21, 0xdc, 0x51, 0xba, 0xb4, 0x6b];
/// sha256("global:lending_account_end_flashloan")
const END: [u8; 8] = [0x69, 0x7c, 0xc9, 0x6a, 0x99, 0x02, 0x08, 0x9c];
/// sha256("global:lending_account_borrow")
const BORROW: [u8; 8] = [0x04, 0x7e, 0x74, 0x35, 0x30, 0x05, 0xd4, 0x1f];
/// sha256("global:lending_account_repay")
const REPAY: [u8; 8] = [0x4f, 0xd1, 0xac, 0xb1, 0xde, 0x33, 0xad, 0x97];
/// The state of a bank that lends.
const OPERATIONAL: u8 = 1;
/// Flags of an account that cannot begin a flash loan.
const BUSY: u64 = 1 | 2;
const BALANCES_AT: usize = 72;
const BALANCES: usize = 16;
const BALANCE_LEN: usize = 104;
/// Bits of a fee behind the point.
const FRACTION_BITS: u32 = 48;

/// Whether `data` is a bank of `mint`.
pub(super) fn is_of(data: &[u8], mint: &Key) -> bool {
    data.starts_with(&BANK) && key_at(data, 8) == Some(mint)
}

/// A bank.
#[derive(Clone, Debug)]
pub(super) struct Marginfi {
    bank: Key,
    group: Key,
    vault: Key,
    vault_authority: Key,
    /// The mint and its program, which Token-2022 wants named.
    mint: Key,
    token_program: Key,
    fee_bits: u128,
    /// Accounts of the group without a balance, by authority.
    accounts: Vec<(Key, Key)>,
}

impl Marginfi {
    /// The bank `bank`, and what its vault has.
    pub(super) fn read(
        book: &AccountBook,
        bank: Key,
        data: &[u8],
    ) -> Result<(Self, u64), LoanFault> {
        let key = |at| key_at(data, at).copied().ok_or(LoanFault::NotReserve);
        let (mint, group, vault) = (key(8)?, key(41)?, key(112)?);
        let fee = array_at::<16>(data, 480).ok_or(LoanFault::NotReserve)?;
        if data.get(608) != Some(&OPERATIONAL) {
            return Err(LoanFault::Disabled);
        }
        // A negative fee is none that the program knows.
        let fee_bits = u128::try_from(i128::from_le_bytes(fee)).map_err(|_| LoanFault::Disabled)?;
        let held = book.get(&vault);
        let token_program = held.map_or(TOKEN, |account| account.owner);
        let available = held.and_then(|held| token_account(&held.owner, &held.data).ok());
        let mut accounts: Vec<(Key, Key)> = book
            .owned_by(&PROGRAM)
            .into_iter()
            .filter_map(|(key, account)| Some((empty(&account.data, &group)?, *key)))
            .collect();
        accounts.sort_unstable();
        let lender = Self {
            bank,
            group,
            vault,
            vault_authority: derived(&PROGRAM, &[b"liquidity_vault_auth", &bank]),
            mint,
            token_program,
            fee_bits,
            accounts,
        };
        Ok((lender, available.map_or(u64::MAX, |token| token.amount)))
    }

    /// The origination fee: the debt is amount and fee to 2^-48, and repaying all takes it rounded up.
    pub(super) fn fee(&self, amount: u64) -> Result<u64, LoanFault> {
        let bits = u128::from(amount).checked_mul(self.fee_bits).ok_or(LoanFault::FeeOverflow)?;
        u64::try_from(bits.div_ceil(1 << FRACTION_BITS)).map_err(|_| LoanFault::FeeOverflow)
    }

    /// Start, which names the place of the end, and borrow.
    pub(super) fn borrow(
        &self,
        loan: &Loan<'_>,
        at: usize,
        between: usize,
    ) -> Result<Vec<Ix>, LoanFault> {
        let account = self.account(loan.borrower)?;
        // Behind start, borrow and repay.
        let end = at.saturating_add(between).saturating_add(3);
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        let mut start = Metas::new(PROGRAM);
        start.write(account).sign(loan.borrower).read(&INSTRUCTIONS);
        let mut borrow = Metas::new(PROGRAM);
        borrow
            .read(&self.group)
            .write(account)
            .sign(loan.borrower)
            .write(&self.bank)
            .write(loan.account)
            .read(&self.vault_authority)
            .write(&self.vault)
            .read(&self.token_program);
        self.name_mint(&mut borrow);
        Ok(vec![
            start.ix(data(&START, &[&end.to_le_bytes()])),
            borrow.ix(data(&BORROW, &[&loan.amount.to_le_bytes()])),
        ])
    }

    /// Repay, all of the debt whatever the amount says, and end.
    pub(super) fn repay(&self, loan: &Loan<'_>) -> Result<Vec<Ix>, LoanFault> {
        let account = self.account(loan.borrower)?;
        let mut repay = Metas::new(PROGRAM);
        repay
            .read(&self.group)
            .write(account)
            .sign(loan.borrower)
            .write(&self.bank)
            .write(loan.account)
            .write(&self.vault)
            .read(&self.token_program);
        self.name_mint(&mut repay);
        let mut end = Metas::new(PROGRAM);
        end.write(account).sign(loan.borrower);
        // Some(true): repay all.
        let all = [1, 1];
        Ok(vec![
            repay.ix(data(&REPAY, &[&loan.amount.to_le_bytes(), &all])),
            end.ix(data(&END, &[])),
        ])
    }

    fn name_mint(&self, metas: &mut Metas) {
        if self.token_program == TOKEN_2022 {
            metas.read(&self.mint);
        }
    }

    /// The first account of `borrower` that has no balance.
    fn account(&self, borrower: &Key) -> Result<&Key, LoanFault> {
        let mut own = self.accounts.iter().filter(|(authority, _)| authority == borrower);
        own.next().map(|(_, account)| account).ok_or(LoanFault::NoAccount)
    }
}

/// The authority of the account `data`, if it is one of `group` that can begin a loan and has no balance.
fn empty(data: &[u8], group: &Key) -> Option<Key> {
    if !data.starts_with(&ACCOUNT) || key_at(data, 8) != Some(group) {
        return None;
    }
    let balances = data.get(BALANCES_AT..)?.get(..BALANCES.checked_mul(BALANCE_LEN)?)?;
    let in_use = balances.chunks_exact(BALANCE_LEN).any(|one| one.first() != Some(&0));
    let busy = u64_at(data, 1800)? & BUSY != 0;
    key_at(data, 40).copied().filter(|_| !in_use && !busy)
}
