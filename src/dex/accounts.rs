//! Accounts, joined into pools.
//!
//! A pool's state is spread over several accounts: the pool itself, its fee configuration, the two
//! vaults, the mints, the tick arrays. The book holds whatever an account file brought, and each
//! venue joins its own pools from it. A pool with a missing part is named with that part; one with
//! a broken part is refused by name; one with a rule that is not modelled is emitted as
//! unsupported, so that nothing is priced wrongly in silence.

use std::collections::{HashMap, HashSet};

use crate::bytes::u64_at;
use crate::ids::{CLOCK, Key, Venue};
use crate::record::{Bin, LEN_MAX, LINE, Level, Pool, PoolStatus, Tick, TickKind, Ticks};

use super::token;

/// An account as a file or an RPC reply brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The program that owns it.
    pub owner: Key,
    /// Its data.
    pub data: Vec<u8>,
    /// Slot at which it was read; 0 is unknown.
    pub slot: u64,
}

/// What is known of the cluster's clock when accounts are joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// Epoch, which chooses between a mint's two transfer fees; unknown takes the dearer.
    pub epoch: Option<u64>,
    /// Unix seconds, which decide whether a pool is open yet; unknown leaves a pool open, or
    /// waiting where its program marks it so. The opening time is in the record either way.
    pub unix_s: Option<u64>,
}

/// Accounts by key: filled once, then read.
#[derive(Clone, Debug, Default)]
pub struct AccountBook {
    accounts: HashMap<Key, Account>,
    absent: HashSet<Key>,
}

/// What joining the accounts found, pool by pool: venues in order, pools in order of their keys.
#[derive(Clone, Copy, Debug)]
pub enum Found<'a> {
    /// A pool's state. Its `status` is unsupported when `unsupported` says why.
    Pool {
        /// The record, flagged as a snapshot.
        pool: &'a Pool,
        /// The first rule of the pool that is not modelled.
        unsupported: Option<Unsupported>,
    },
    /// A tick array, a bin array or one side of a book, of the pool emitted last: arrays lowest
    /// first, bids before asks.
    Ticks {
        /// The fixed part of the record, count, kind and length filled in.
        ticks: &'a Ticks,
        /// What it holds.
        entries: Entries<'a>,
    },
    /// An account that a pool needs is not in the book.
    Missing {
        /// The pool.
        pool: &'a Key,
        /// Where.
        venue: Venue,
        /// What is missing.
        part: Part,
        /// Under which key it would be.
        key: &'a Key,
    },
    /// An account is not what it should be: the pool itself, or a part of it.
    Refused {
        /// The pool.
        pool: &'a Key,
        /// The account.
        key: &'a Key,
        /// Where.
        venue: Venue,
        /// Why.
        fault: AccountFault,
    },
}

/// What a `ticks` record holds: one kind of entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries<'a> {
    /// Initialised ticks, lowest first.
    Ticks(&'a [Tick]),
    /// Bins that hold liquidity, lowest first.
    Bins(&'a [Bin]),
    /// Orders of one side of a book, best first.
    Levels(&'a [Level]),
}

impl<'a> From<&'a [Tick]> for Entries<'a> {
    fn from(ticks: &'a [Tick]) -> Self {
        Self::Ticks(ticks)
    }
}

impl<'a> From<&'a [Bin]> for Entries<'a> {
    fn from(bins: &'a [Bin]) -> Self {
        Self::Bins(bins)
    }
}

impl<'a> From<&'a [Level]> for Entries<'a> {
    fn from(levels: &'a [Level]) -> Self {
        Self::Levels(levels)
    }
}

impl<'a> Entries<'a> {
    /// The record's tail, without padding.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Ticks(entries) => bytemuck::cast_slice(entries),
            Self::Bins(entries) => bytemuck::cast_slice(entries),
            Self::Levels(entries) => bytemuck::cast_slice(entries),
        }
    }

    /// Number and kind of the entries.
    fn count(self) -> (usize, TickKind) {
        match self {
            Self::Ticks(entries) => (entries.len(), TickKind::Ticks),
            Self::Bins(entries) => (entries.len(), TickKind::Bins),
            Self::Levels(entries) => (entries.len(), TickKind::Levels),
        }
    }

    /// Writes number, kind and length of the entries into `ticks`; `None` when they are more than
    /// one record holds.
    pub(super) fn describe(self, ticks: &mut Ticks) -> Option<()> {
        let (count, what) = self.count();
        let len = size_of::<Ticks>().checked_add(self.bytes().len())?.next_multiple_of(LINE);
        if len > LEN_MAX {
            return None;
        }
        ticks.head.len = u32::try_from(len).ok()?;
        ticks.count = u16::try_from(count).ok()?;
        ticks.what = what as u8;
        Some(())
    }
}

/// Takes what joining the accounts finds, one thing after another.
pub type Out<'a> = dyn FnMut(Found<'_>) + 'a;

/// A part of a pool's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Part {
    /// The account with the fee rates.
    Config = 0,
    /// The token account of token a.
    VaultA = 1,
    /// The token account of token b.
    VaultB = 2,
    /// The mint of token a.
    MintA = 3,
    /// The mint of token b.
    MintB = 4,
    /// The tick array that holds the current price.
    TickArray = 5,
    /// A bin array that a swap meets first.
    BinArray = 6,
    /// The lending vault of token a.
    LendingA = 7,
    /// The lending vault of token b.
    LendingB = 8,
    /// The token account with the pool's shares of the lending vault of token a.
    SharesA = 9,
    /// The same of token b.
    SharesB = 10,
    /// The mint of the shares of the lending vault of token a.
    ShareMintA = 11,
    /// The same of token b.
    ShareMintB = 12,
    /// The bids of a book.
    Bids = 13,
    /// The asks of a book.
    Asks = 14,
}

impl Part {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "config",
        "vault_a",
        "vault_b",
        "mint_a",
        "mint_b",
        "tick_array",
        "bin_array",
        "lending_a",
        "lending_b",
        "shares_a",
        "shares_b",
        "share_mint_a",
        "share_mint_b",
        "bids",
        "asks",
    ];

    /// The name counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }

    /// It holds a part of the liquidity alone: the pool's record is there without it.
    pub fn is_array(self) -> bool {
        matches!(self, Self::TickArray | Self::BinArray | Self::Bids | Self::Asks)
    }
}

/// A rule of a pool that is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Unsupported {
    /// The fee follows volatility.
    AdaptiveFee = 0,
    /// A program is called on every transfer of a token.
    TransferHook = 1,
    /// A token cannot be transferred.
    NonTransferable = 2,
    /// A mint has an extension that is not known.
    MintExtension = 3,
    /// The price depends on that at the beginning of a window of slots.
    WindowPrice = 4,
    /// A third party must sign for every swap.
    Permission = 5,
    /// A share of the fee is no whole number of ppm.
    FeeShare = 6,
    /// The fee follows a schedule that is not over, or falls with time, or depends on the amount.
    FeeSchedule = 7,
    /// The reserves lie in vaults that lend them, at a price of their own.
    LendingVault = 8,
    /// An order of the book is filled from an account that is not the book's.
    GlobalOrder = 9,
    /// An order of the book follows the price of an oracle.
    OraclePeg = 10,
    /// The price follows a rule that no record tells, or one that is not known.
    CurveKind = 11,
    /// What the fee is taken of is not known.
    FeeRule = 12,
    /// More than two tokens lie in the pool.
    Tokens = 13,
    /// Amounts are scaled before the price is made, otherwise than by their decimals.
    Scale = 14,
}

impl Unsupported {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "adaptive_fee",
        "transfer_hook",
        "non_transferable",
        "mint_extension",
        "window_price",
        "permission",
        "fee_share",
        "fee_schedule",
        "lending_vault",
        "global_order",
        "oracle_peg",
        "curve_kind",
        "fee_rule",
        "tokens",
        "scale",
    ];

    /// The name counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

/// Why an account was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum AccountFault {
    /// Not as long as its layout.
    WrongLen = 0,
    /// Its first 8 bytes are none of the program's known account types.
    Discriminator = 1,
    /// Another program owns it.
    Owner = 2,
    /// Not initialised.
    NotInitialised = 3,
    /// A broken mint extension.
    Extension = 4,
    /// A fee of 100 % or more, or without a denominator.
    Fee = 5,
    /// A reserve is zero.
    ZeroReserve = 6,
    /// A vault holds less than is owed to others.
    Owed = 7,
    /// A vault holds another token than the pool says.
    VaultMint = 8,
    /// Both tokens are the same.
    SameMint = 9,
    /// The price is out of range.
    SqrtPrice = 10,
    /// A tick is out of range or does not belong where it is.
    Tick = 11,
    /// The tick spacing is zero.
    TickSpacing = 12,
    /// A number without a meaning: status, fee side.
    Value = 13,
}

impl AccountFault {
    /// Names by number.
    pub const NAMES: &'static [&'static str] = &[
        "wrong_len",
        "wrong_discriminator",
        "wrong_owner",
        "not_initialised",
        "bad_extension",
        "bad_fee",
        "zero_reserve",
        "owed_exceeds_vault",
        "vault_mint",
        "same_mint",
        "bad_sqrt_price",
        "bad_tick",
        "bad_tick_spacing",
        "bad_value",
    ];

    /// The name counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

impl AccountBook {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps an account. Of two with one key the one of the higher slot stays, of equal slots the
    /// later.
    pub fn insert(&mut self, key: Key, owner: Key, data: Vec<u8>, slot: u64) {
        if self.accounts.get(&key).is_some_and(|known| known.slot > slot) {
            return;
        }
        self.absent.remove(&key);
        self.accounts.insert(key, Account { owner, data, slot });
    }

    /// Keeps that the cluster has no account `key`, as an RPC reply says with `null`.
    pub fn insert_absent(&mut self, key: Key) {
        if !self.accounts.contains_key(&key) {
            self.absent.insert(key);
        }
    }

    /// The account under `key`.
    pub fn get(&self, key: &Key) -> Option<&Account> {
        self.accounts.get(key)
    }

    /// Whether the cluster is known to have no account `key`.
    pub fn is_absent(&self, key: &Key) -> bool {
        self.absent.contains(key)
    }

    /// How many accounts are kept.
    pub fn len(&self) -> usize {
        self.accounts.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// The clock that the cluster's own account tells; unknown where it is not in the book.
    pub fn clock(&self) -> Clock {
        // solana-clock `Clock`: slot u64, epoch start i64, epoch u64, leader schedule u64, time i64.
        let number = |at| self.get(&CLOCK).and_then(|account| u64_at(&account.data, at));
        let unix_s = number(32).filter(|now| i64::try_from(*now).is_ok());
        Clock { epoch: number(16).filter(|_| unix_s.is_some()), unix_s }
    }

    /// The token program of `mint`, when the mint's account is here.
    pub fn token_program(&self, mint: &Key) -> Option<Key> {
        self.get(mint).map(|account| account.owner).filter(token::is_token_program)
    }

    /// Joins the accounts of every known program and hands over what it found.
    pub fn pools(&self, clock: Clock, out: &mut Out<'_>) {
        for spec in super::VENUES {
            (spec.pools)(self, clock, out);
        }
    }

    /// Whether any key is known to be absent.
    pub(super) fn knows_absent(&self) -> bool {
        !self.absent.is_empty()
    }

    /// The accounts that `program` owns, in order of their keys.
    pub fn owned_by(&self, program: &Key) -> Vec<(&Key, &Account)> {
        let mut owned: Vec<_> =
            self.accounts.iter().filter(|(_, account)| account.owner == *program).collect();
        owned.sort_unstable_by_key(|(key, _)| **key);
        owned
    }

    /// Names every one of `parts` that is missing; whether all are here.
    pub(super) fn complete(
        &self,
        pool: &Key,
        venue: Venue,
        parts: &[(Part, &Key)],
        out: &mut Out<'_>,
    ) -> bool {
        let mut complete = true;
        for (part, key) in parts.iter().filter(|(_, key)| self.get(key).is_none()) {
            complete = false;
            out(Found::Missing { pool, venue, part: *part, key });
        }
        complete
    }

    /// What the token account `key` holds of `mint`, whether it is frozen, and when that was read.
    pub(super) fn vault(&self, key: &Key, mint: &Key) -> Result<Vault, AccountFault> {
        let account = self.get(key).ok_or(AccountFault::NotInitialised)?;
        let vault = token::token_account(&account.owner, &account.data)?;
        if vault.mint != mint {
            return Err(AccountFault::VaultMint);
        }
        Ok(Vault { amount: vault.amount, frozen: vault.frozen, slot: account.slot })
    }

    /// The mint `key`.
    pub(super) fn mint(&self, key: &Key, clock: Clock) -> Result<token::Mint, AccountFault> {
        let account = self.get(key).ok_or(AccountFault::NotInitialised)?;
        token::mint(&account.owner, &account.data, clock.epoch)
    }
}

/// One side of a pool.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vault {
    pub(super) amount: u64,
    pub(super) frozen: bool,
    pub(super) slot: u64,
}

/// The keys that every pool has.
pub(super) struct PoolKeys<'a> {
    pub(super) pool: &'a Key,
    pub(super) program: Key,
    pub(super) venue: Venue,
    pub(super) mints: [&'a Key; 2],
    pub(super) vaults: [&'a Key; 2],
}

impl PoolKeys<'_> {
    /// A snapshot record with keys and slot filled in: open, with reserves `[a, b]`.
    ///
    /// The slot is that of the oldest part, so that no later swap is taken for an earlier one.
    pub(super) fn record(&self, slots: [u64; 3], reserves: [u64; 2]) -> Pool {
        let mut pool = Pool::new(0);
        pool.head.flags = Pool::SNAPSHOT;
        pool.slot = slots.into_iter().min().unwrap_or(0);
        pool.pool = *self.pool;
        pool.program = self.program;
        pool.venue = self.venue as u16;
        [pool.mint_a, pool.mint_b] = self.mints.map(|key| *key);
        [pool.vault_a, pool.vault_b] = self.vaults.map(|key| *key);
        [pool.reserve_a, pool.reserve_b] = reserves;
        pool.status = PoolStatus::Open as u8;
        pool.present = Pool::VAULTS | Pool::VAULT_B | Pool::RESERVES | Pool::RESERVE_B;
        pool
    }
}

/// Fills in what the mints say: decimals, transfer fees, pauses, what is not modelled.
pub(super) fn with_mints(
    pool: &mut Pool,
    mints: [Option<token::Mint>; 2],
    unsupported: Option<Unsupported>,
) -> Option<Unsupported> {
    if let Some(mint) = mints[0] {
        pool.transfer_fee_bps_a = mint.fee.bps;
        pool.transfer_fee_max_a = mint.fee.max;
    }
    if let Some(mint) = mints[1] {
        pool.transfer_fee_bps_b = mint.fee.bps;
        pool.transfer_fee_max_b = mint.fee.max;
    }
    let mut mints = mints.into_iter().flatten();
    if mints.clone().any(|mint| mint.paused) {
        pool.status = PoolStatus::Disabled as u8;
    }
    let unsupported = unsupported.or_else(|| mints.find_map(|mint| mint.unsupported));
    if unsupported.is_some() {
        pool.status = PoolStatus::Unsupported as u8;
    }
    unsupported
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Writes `bytes` into an account's data at `at`.
    pub(in super::super) fn put(data: &mut [u8], at: usize, bytes: &[u8]) {
        data.get_mut(at..).unwrap().get_mut(..bytes.len()).unwrap().copy_from_slice(bytes);
    }
    use crate::ids::{TOKEN, TOKEN_2022};

    #[test]
    fn the_newer_account_stays_and_the_later_of_equal_slots() {
        let mut book = AccountBook::new();
        let key = [1; 32];
        book.insert_absent(key);
        assert!(book.is_absent(&key) && book.is_empty());
        book.insert(key, TOKEN, vec![1], 5);
        assert!(!book.is_absent(&key));
        book.insert(key, TOKEN, vec![2], 4);
        assert_eq!(book.get(&key).unwrap().data, [1]);
        book.insert(key, TOKEN_2022, vec![3], 5);
        assert_eq!(book.get(&key).unwrap().data, [3]);
        book.insert_absent(key);
        assert!(!book.is_absent(&key));
        assert_eq!(book.len(), 1);
        assert_eq!(book.token_program(&key), Some(TOKEN_2022));
        book.insert(key, [9; 32], vec![], 6);
        assert_eq!(book.token_program(&key), None);
    }

    #[test]
    fn the_clock_is_that_of_the_sysvar() {
        let mut book = AccountBook::new();
        assert_eq!(book.clock(), Clock::default());
        // Slot 458 965 734, epoch 1062, 1 792 441 691.
        let words = [458_965_734u64, 1_792_402_215, 1062, 1063, 1_792_441_691];
        let data: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        book.insert(CLOCK, [8; 32], data.clone(), 1);
        let clock = Clock { epoch: Some(1062), unix_s: Some(1_792_441_691) };
        assert_eq!(book.clock(), clock);
        for len in 0..40 {
            let mut book = AccountBook::new();
            book.insert(CLOCK, [8; 32], data.get(..len).unwrap().to_vec(), 1);
            assert_eq!(book.clock(), Clock::default(), "{len}");
        }
    }

    #[test]
    fn every_number_has_a_name() {
        assert_eq!(AccountFault::NAMES.len(), AccountFault::Value as usize + 1);
        assert_eq!(Unsupported::NAMES.len(), Unsupported::Scale as usize + 1);
        assert_eq!(Part::NAMES.len(), Part::Asks as usize + 1);
        assert_eq!(AccountFault::Value.name(), "bad_value");
        assert_eq!(Unsupported::Scale.name(), "scale");
        assert_eq!(Part::Asks.name(), "asks");
    }
}
