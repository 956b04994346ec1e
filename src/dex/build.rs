//! Instructions that swap.

use solana_sdk::instruction::AccountMeta;
use solana_sdk::pubkey::Pubkey;

use crate::ids::{ASSOCIATED_TOKEN, Key, Venue};
use crate::record::Pool;

use super::accounts::AccountBook;

/// A Solana instruction.
pub(super) type Ix = solana_sdk::instruction::Instruction;

/// Arrays of ticks or bins that a swap names at most: what one walk is likely to reach. More of them
/// would take room that the transaction's other swaps need.
pub(super) const ARRAYS: usize = 3;

/// A swap to be built: all of `amount_in`, or the transaction fails.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// The pool's newest state; a concentrated pool's tick chooses the tick arrays.
    pub pool: &'a Pool,
    /// Token a goes in.
    pub a_to_b: bool,
    /// Raw units that go in.
    pub amount_in: u64,
    /// The least that must come out.
    pub min_out: u64,
    /// Who signs.
    pub owner: &'a Key,
    /// Token account that pays.
    pub user_in: &'a Key,
    /// Token account that receives.
    pub user_out: &'a Key,
}

impl<'a> Build<'a> {
    /// The pool, whose record must name its vaults.
    pub(super) fn with_vaults(&self) -> Result<&'a Pool, BuildFault> {
        Some(self.pool).filter(|pool| pool.present & Pool::VAULTS != 0).ok_or(BuildFault::NoVaults)
    }

    /// What belongs to tokens a and b, that of the token which goes in first.
    pub(super) fn in_out<T>(&self, [a, b]: [T; 2]) -> [T; 2] {
        if self.a_to_b { [a, b] } else { [b, a] }
    }
}

/// Why no instruction could be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum BuildFault {
    /// The record names no venue.
    Venue = 0,
    /// The venue has no program: the feed.
    NoProgram = 1,
    /// The pool's account is not in the book, or is not a pool.
    NoPool = 2,
    /// A mint is not in the book, so its token program is not known.
    NoMint = 3,
    /// The pool's tick or tick spacing is out of range.
    Tick = 4,
    /// The record does not name the pool's vaults.
    NoVaults = 5,
    /// No array of ticks or bins is known in which the swap could begin.
    NoArrays = 6,
    /// A pool that gives its traders back a part of the fee: its instructions are not modelled.
    Cashback = 7,
}

impl BuildFault {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "venue",
        "no_program",
        "no_pool_account",
        "no_mint_account",
        "bad_tick",
        "no_vaults",
        "no_arrays",
        "cashback_pool",
    ];

    /// The name counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

/// The instruction that does what `request` says.
///
/// The accounts that a record does not carry (fee configuration, token programs) come from `book`;
/// derived addresses are computed, which takes tens of microseconds each.
///
/// # Errors
/// What is missing to build it.
pub fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let venue = Venue::from_number(request.pool.venue).ok_or(BuildFault::Venue)?;
    (super::spec(venue).build)(book, request)
}

/// The associated token account of `owner` for `mint`, a mint of `token_program`.
pub fn associated_token(owner: &Key, mint: &Key, token_program: &Key) -> Key {
    derived(&ASSOCIATED_TOKEN, &[owner, token_program, mint])
}

/// The address that `program` derives from `seeds`.
pub(super) fn derived(program: &Key, seeds: &[&[u8]]) -> Key {
    Pubkey::find_program_address(seeds, &Pubkey::new_from_array(*program)).0.to_bytes()
}

/// An instruction's accounts, written down in order.
pub(super) struct Metas {
    program: Key,
    metas: Vec<AccountMeta>,
}

impl Metas {
    pub(super) fn new(program: Key) -> Self {
        Self { program, metas: Vec::with_capacity(16) }
    }

    /// An account that is only read.
    pub(super) fn read(&mut self, key: &Key) -> &mut Self {
        self.metas.push(AccountMeta::new_readonly(Pubkey::new_from_array(*key), false));
        self
    }

    /// An account that changes.
    pub(super) fn write(&mut self, key: &Key) -> &mut Self {
        self.metas.push(AccountMeta::new(Pubkey::new_from_array(*key), false));
        self
    }

    /// An account that signs and pays.
    pub(super) fn pay(&mut self, key: &Key) -> &mut Self {
        self.metas.push(AccountMeta::new(Pubkey::new_from_array(*key), true));
        self
    }

    /// An account that signs and does not change.
    pub(super) fn sign(&mut self, key: &Key) -> &mut Self {
        self.metas.push(AccountMeta::new_readonly(Pubkey::new_from_array(*key), true));
        self
    }

    pub(super) fn ix(self, data: Vec<u8>) -> Ix {
        Ix { program_id: Pubkey::new_from_array(self.program), accounts: self.metas, data }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::model::key;
    use super::*;
    use crate::ids::TOKEN;

    /// The accounts of a real instruction: a line is a key and how its transaction locks it.
    pub(in super::super) fn real(text: &str) -> Vec<Key> {
        text.lines().map(|line| key(line.trim().split_once(' ').unwrap().0)).collect()
    }

    /// Holds the accounts of `made` to those of a real instruction that begins so. What a program
    /// has to write or to see signed was writable and signed there.
    pub(in super::super) fn is_real(made: &Ix, text: &str) {
        assert!(made.accounts.len() <= text.lines().count());
        for (at, (meta, line)) in made.accounts.iter().zip(text.lines()).enumerate() {
            let (name, locks) = line.trim().split_once(' ').unwrap();
            assert_eq!(meta.pubkey.to_bytes(), key(name), "account {at}");
            assert!(!meta.is_writable || locks.contains('w'), "account {at} is only read");
            assert_eq!(meta.is_signer, locks.contains('s'), "account {at}");
        }
    }

    #[test]
    fn every_fault_has_a_name() {
        assert_eq!(BuildFault::NAMES.len(), BuildFault::Cashback as usize + 1);
        assert_eq!(BuildFault::NoVaults.name(), "no_vaults");
        assert_eq!(BuildFault::Cashback.name(), "cashback_pool");
    }

    #[test]
    fn a_known_associated_token_account() {
        // The payer of a mainnet swap of slot 292734971 and its account of the token it sold.
        let owner = key("Do3UdALe5F7NRXB4uYcBzZtCbAt8ssu4a5kGZVucKhC5");
        let mint = key("2CrtdajpSb7DpMRLKP4yMtFLbCsWZjMkEvgSTf4Ypump");
        let account = key("D2KYhSJfjgBv92JqJ24VkTsGaEXnyFDe7JBjxuRDdFHZ");
        assert_eq!(associated_token(&owner, &mint, &TOKEN), account);
        assert_ne!(associated_token(&owner, &mint, &crate::ids::TOKEN_2022), account);
    }

    #[test]
    fn the_feed_has_nothing_to_call() {
        let mut pool = Pool::new(0);
        let key = &[1; 32];
        let of = |pool: &Pool| {
            let (a_to_b, amount_in, min_out) = (true, 1, 1);
            let (owner, user_in, user_out) = (key, key, key);
            let request = Build { pool, a_to_b, amount_in, min_out, owner, user_in, user_out };
            build(&AccountBook::new(), &request)
        };
        assert_eq!(of(&pool), Err(BuildFault::Venue));
        pool.venue = Venue::Feed as u16;
        assert_eq!(of(&pool), Err(BuildFault::NoProgram));
    }
}
