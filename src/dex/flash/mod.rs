//! Flash loans: how each lender keeps a reserve, what it takes for a loan, and how it is asked for one.
//!
//! ```text
//! account files --Lender::read--> Lender --fee--> what comes back besides the principal
//!                                        --borrow, repay--> instructions around the swaps, by their places
//! ```
//!
//! | lender | borrow names | repay names | fee, rounded |
//! |---|---|---|---|
//! | Kamino Lend | nothing | place of the borrow | share of the reserve, half up, at least 1 |
//! | Save | nothing | place of the borrow | share of the reserve, half up, at least 1, with a host 2 |
//! | marginfi | place of the end | nothing | origination fee of the bank, up |
//! | Jupiter Lend | nothing | nothing | bps of the program, up |
//!
//! All four want borrow and repay as top-level instructions of one transaction and look at the others by
//! their places in it, so a place is counted over all instructions, those of the compute budget included.
//! All that an instruction names is read from the reserve's own bytes or derived from it. Each file
//! cites its source.

mod jupiter;
mod kamino;
mod marginfi;
mod save;
#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
pub(crate) mod tests;

use super::accounts::{Account, AccountBook};
use super::build::Ix;
use crate::ids::Key;
use jupiter::Jupiter;
use kamino::Kamino;
use marginfi::Marginfi;
use save::Save;

pub use kamino::fee as kamino_fee;

/// Who lends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Kamino Lend.
    Kamino,
    /// Save, formerly Solend.
    Save,
    /// marginfi v2.
    Marginfi,
    /// Jupiter Lend.
    Jupiter,
}

impl Protocol {
    /// Every one, by the name users give.
    pub const ALL: [(&'static str, Self); 4] = [
        ("kamino", Self::Kamino),
        ("save", Self::Save),
        ("marginfi", Self::Marginfi),
        ("jupiter", Self::Jupiter),
    ];

    /// The name users give.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, protocol)| *protocol == self).map_or("?", |(name, _)| name)
    }
}

/// Why there is no loan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoanFault {
    /// The reserve's account is not in the files.
    NoReserve,
    /// The account is no reserve of this lender, or one of another token.
    NotReserve,
    /// More than one reserve of the token is in the files, and none is named.
    ManyReserves,
    /// The reserve lends nothing, or its program is paused.
    Disabled,
    /// The reserve has less than is asked for.
    TooLarge,
    /// Less is asked for than the lender lends, or than its fee.
    TooSmall,
    /// The fee does not fit into 64 bits.
    FeeOverflow,
    /// The borrower has no account with the lender that has no balance.
    NoAccount,
}

impl LoanFault {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoReserve => "its reserve of wrapped SOL is not in the account files",
            Self::NotReserve => "the account is no reserve of wrapped SOL of it",
            Self::ManyReserves => "several of its reserves are in the account files: name one",
            Self::Disabled => "the reserve gives no flash loans",
            Self::TooLarge => "the reserve has less than is asked for",
            Self::TooSmall => "less is asked for than it lends",
            Self::FeeOverflow => "the fee does not fit into 64 bits",
            Self::NoAccount => "the borrower has no empty account with it",
        }
    }
}

/// A reserve that lends one token, and all that its instructions name.
#[derive(Clone, Debug)]
pub struct Lender {
    kind: Kind,
    /// What it has, as far as the files say.
    available: u64,
}

#[derive(Clone, Debug)]
enum Kind {
    Kamino(Kamino),
    Save(Save),
    Marginfi(Marginfi),
    Jupiter(Jupiter),
}

/// A loan to be built.
#[derive(Clone, Copy, Debug)]
pub struct Loan<'a> {
    /// Who borrows and signs.
    pub borrower: &'a Key,
    /// The borrower's token account, into which the loan comes and out of which it is repaid.
    pub account: &'a Key,
    /// Raw units.
    pub amount: u64,
}

impl Lender {
    /// The reserve of `protocol` for `mint` among the accounts of `book`: that of key `reserve`, or the
    /// only one there is.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn read(
        book: &AccountBook,
        protocol: Protocol,
        reserve: Option<&Key>,
        mint: &Key,
    ) -> Result<Self, LoanFault> {
        let (kind, available) = match protocol {
            Protocol::Kamino => {
                let (key, found) =
                    one(book, &kamino::PROGRAM, reserve, |data| kamino::is_of(data, mint))?;
                let (lender, available) = Kamino::read(key, &found.data)?;
                (Kind::Kamino(lender), available)
            }
            Protocol::Save => {
                let (key, found) =
                    one(book, &save::PROGRAM, reserve, |data| save::is_of(data, mint))?;
                let (lender, available) = Save::read(key, &found.data)?;
                (Kind::Save(lender), available)
            }
            Protocol::Marginfi => {
                let (key, found) =
                    one(book, &marginfi::PROGRAM, reserve, |data| marginfi::is_of(data, mint))?;
                let (lender, available) = Marginfi::read(book, key, &found.data)?;
                (Kind::Marginfi(lender), available)
            }
            Protocol::Jupiter => {
                let (lender, available) = Jupiter::read(book, mint)?;
                (Kind::Jupiter(lender), available)
            }
        };
        Ok(Self { kind, available })
    }

    /// What comes back besides `amount`, by the program's own rounding.
    ///
    /// # Errors
    /// Why it would not lend `amount`.
    pub fn fee(&self, amount: u64) -> Result<u64, LoanFault> {
        if amount > self.available {
            return Err(LoanFault::TooLarge);
        }
        match &self.kind {
            Kind::Kamino(lender) => kamino::fee(amount, lender.fee_sf),
            Kind::Save(lender) => lender.fee(amount),
            Kind::Marginfi(lender) => lender.fee(amount),
            Kind::Jupiter(lender) => lender.fee(amount),
        }
    }

    /// How many instructions stand before what is done with a loan.
    pub fn borrow_count(&self) -> usize {
        if matches!(self.kind, Kind::Marginfi(_)) { 2 } else { 1 }
    }

    /// The instructions that bring `loan`, the first of which is number `at` of the transaction; `between`
    /// others follow before those of [`repay`](Self::repay).
    ///
    /// # Errors
    /// The borrower lacks what the lender asks for.
    pub fn borrow(&self, loan: &Loan<'_>, at: usize, between: usize) -> Result<Vec<Ix>, LoanFault> {
        Ok(match &self.kind {
            Kind::Kamino(lender) => vec![lender.borrow(loan)],
            Kind::Save(lender) => vec![lender.borrow(loan)],
            Kind::Marginfi(lender) => lender.borrow(loan, at, between)?,
            Kind::Jupiter(lender) => vec![lender.borrow(loan)],
        })
    }

    /// The instructions that give `loan` back with its fee, if the first of [`borrow`](Self::borrow)
    /// is number `at` of the transaction.
    ///
    /// # Errors
    /// The place is beyond what an instruction can name, or the borrower lacks what the lender asks for.
    pub fn repay(&self, loan: &Loan<'_>, at: usize) -> Result<Vec<Ix>, LoanFault> {
        let place = || u8::try_from(at).map_err(|_| LoanFault::TooLarge);
        Ok(match &self.kind {
            Kind::Kamino(lender) => vec![lender.repay(loan, place()?)],
            Kind::Save(lender) => vec![lender.repay(loan, place()?)],
            Kind::Marginfi(lender) => lender.repay(loan)?,
            Kind::Jupiter(lender) => vec![lender.repay(loan)],
        })
    }
}

/// The account `key` of `program`, or the only one of which `is_of` holds.
fn one<'a>(
    book: &'a AccountBook,
    program: &Key,
    key: Option<&Key>,
    is_of: impl Fn(&[u8]) -> bool,
) -> Result<(Key, &'a Account), LoanFault> {
    if let Some(key) = key {
        let account = book.get(key).ok_or(LoanFault::NoReserve)?;
        let right = account.owner == *program && is_of(&account.data);
        return if right { Ok((*key, account)) } else { Err(LoanFault::NotReserve) };
    }
    let owned = book.owned_by(program).into_iter();
    let mut found = owned.filter(|(_, account)| is_of(&account.data));
    let (key, account) = found.next().ok_or(LoanFault::NoReserve)?;
    if found.next().is_some() { Err(LoanFault::ManyReserves) } else { Ok((*key, account)) }
}

/// An instruction's data: its name, then its arguments.
fn data(name: &[u8], arguments: &[&[u8]]) -> Vec<u8> {
    [&[name], arguments].concat().concat()
}
