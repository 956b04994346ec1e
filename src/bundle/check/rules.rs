//! The rules of a block engine, each by name.
//!
//! Source: docs.jito.wtf ("Bundles", "Tips"); jito-solana core/src/bundle_stage/bundle_storage.rs
//! @b64857b5; facts of the chain where a rule is any leader's.

use super::super::nonce;
use super::super::policy::TIP_MIN_LAMPORTS;
use super::super::recent::BLOCKHASH_AGE_MAX;
use super::super::tables::ROOT_LAG_SLOTS;
use super::super::transaction::{ACCOUNT_LOCKS_MAX, bundle_id};
use super::Known;
use super::known::Age;
use crate::bytes::{base58, u32_at, u64_at};
use crate::ids::{JITO_TIP_ACCOUNTS, Key, LOOKUP_TABLE, SYSTEM};
use crate::keys;
use crate::record::Bundle;
use crate::wire::txn::{Instruction, Lookup, Transaction, TxReject};
use std::collections::HashSet;

/// Transactions of a bundle at most.
const TXS_MAX: u8 = 5;
/// How a key begins that no transaction may run before (docs.jito.wtf, "Sandwich mitigation").
const DONT_FRONT: &str = "jitodontfront";

macro_rules! rules {
    ($($(#[doc = $doc:literal])+ $Name:ident = $name:literal,)+) => {
        /// A rule that a bundle can break.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Rule {
            $($(#[doc = $doc])+ $Name,)+
        }

        impl Rule {
            /// Every rule, in order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$Name),+];

            /// Names by number.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// What it says, for people.
            pub fn says(self) -> &'static str {
                match self {
                    $(Self::$Name => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

rules! {
    /// There is no transaction in it.
    Empty = "no_transactions",
    /// It has more than five transactions.
    TooMany = "too_many_transactions",
    /// The record ends before its transactions do.
    CutOff = "cut_off",
    /// Bytes are no transaction.
    NotTransaction = "not_a_transaction",
    /// A transaction is longer than 1232 bytes, as v1 than 4096.
    TooLarge = "tx_too_large",
    /// A signature is missing.
    Unsigned = "unsigned",
    /// A signature is not that of its key over the message.
    BadSignature = "bad_signature",
    /// Two transactions say the same.
    Duplicate = "duplicate_transaction",
    /// A transaction names an account twice.
    DuplicateAccount = "duplicate_account",
    /// A transaction locks more than 64 accounts.
    AccountLocks = "too_many_account_locks",
    /// A transaction has no blockhash.
    NoBlockhash = "no_blockhash",
    /// A blockhash is more than 150 slots old.
    BlockhashTooOld = "blockhash_too_old",
    /// A blockhash is none of the last 150 slots'.
    BlockhashUnknown = "blockhash_unknown",
    /// Two transactions use the same nonce, which is another one after the first.
    NonceTwice = "nonce_used_twice",
    /// No transaction write-locks a tip account.
    NoTip = "no_tip",
    /// A tip account is named, but not to be written.
    TipNotWritten = "tip_account_not_written",
    /// A tip account is reached through a lookup table.
    TipInTable = "tip_account_in_table",
    /// The tips are below 1000 lamports.
    TipTooSmall = "tip_too_small",
    /// The record tells another tip than the transactions pay.
    TipDiffers = "tip_differs",
    /// The record's id is not that of its signatures.
    IdDiffers = "id_differs",
    /// A transaction that nobody may run before does not come first.
    NotInFront = "not_in_front",
    /// Transactions that nobody may run before have no signer in common.
    FrontSigner = "front_without_common_signer",
    /// A key that nobody may run before is to be written.
    FrontWritten = "front_key_written",
    /// A lookup table was extended too late to be in the root bank.
    YoungTable = "young_table",
    /// A lookup table is deactivated.
    DeadTable = "deactivated_table",
    /// A position is looked up that the table does not have.
    TablePosition = "table_too_short",
    /// The bundle itself changes a lookup table that it uses.
    TableChanged = "table_changed",
}

impl Rule {
    /// How many there are.
    pub(in crate::bundle) const COUNT: usize = Self::ALL.len();

    /// The name that rows and counters show.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

/// A rule that a bundle breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule.
    pub rule: Rule,
    /// Which transaction breaks it, from 0; `None` for the bundle as a whole.
    pub tx: Option<u8>,
}

/// What was checked, and what could not be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) bundles: u64,
    pub(super) sound: u64,
    pub(super) broken: [u64; Rule::COUNT],
    /// Transactions whose blockhash's age the stream does not tell.
    pub(super) blockhash_unchecked: u64,
    /// Lookups in tables that are not at hand.
    pub(super) table_unchecked: u64,
    /// Bundles that lock a tip account and pay it, if at all, within a program.
    pub(super) tip_unchecked: u64,
}

/// Checks bundles one after the other.
#[derive(Debug, Default)]
pub struct Rules {
    pub(in crate::bundle) known: Known,
    pub(super) counts: Counts,
}

/// A bundle while it is checked.
struct Case<'a> {
    known: &'a Known,
    bundle: &'a Bundle,
    txs: Vec<(u8, Transaction<'a>)>,
    broken: Vec<Broken>,
    counts: &'a mut Counts,
}

impl Rules {
    /// Bundles that lock a tip account and pay it, if at all, within a program: nobody looked there.
    pub fn tips_unchecked(&self) -> u64 {
        self.counts.tip_unchecked
    }

    /// The rules that `bundle` breaks, whose transactions are in `tail`; of each transaction each once.
    pub fn check(&mut self, bundle: &Bundle, tail: &[u8]) -> Vec<Broken> {
        let Self { known, counts } = self;
        let (txs, broken) = (Vec::new(), Vec::new());
        let mut case = Case { known, bundle, txs, broken, counts: &mut *counts };
        case.read(tail);
        case.signatures();
        case.accounts();
        case.blockhashes();
        case.tips();
        case.front();
        case.tables();
        let broken = case.broken;
        counts.bundles = counts.bundles.saturating_add(1);
        counts.sound = counts.sound.saturating_add(u64::from(broken.is_empty()));
        for broken in &broken {
            if let Some(count) = counts.broken.get_mut(broken.rule as usize) {
                *count = count.saturating_add(1);
            }
        }
        broken
    }
}

impl<'a> Case<'a> {
    fn breaks(&mut self, rule: Rule, tx: Option<u8>) {
        let broken = Broken { rule, tx };
        if !self.broken.contains(&broken) {
            self.broken.push(broken);
        }
    }

    fn read(&mut self, tail: &'a [u8]) {
        match self.bundle.txs {
            0 => self.breaks(Rule::Empty, None),
            count if count > TXS_MAX => self.breaks(Rule::TooMany, None),
            _ => {}
        }
        let bundle = self.bundle;
        let mut count = 0u8;
        for bytes in bundle.transactions(tail) {
            match Transaction::check(bytes) {
                Ok(tx) => self.txs.push((count, tx)),
                Err(TxReject::Long) => self.breaks(Rule::TooLarge, Some(count)),
                Err(_) => self.breaks(Rule::NotTransaction, Some(count)),
            }
            count = count.saturating_add(1);
        }
        if count < bundle.txs.min(TXS_MAX) {
            self.breaks(Rule::CutOff, Some(count));
        }
    }

    fn signatures(&mut self) {
        let mut messages = HashSet::new();
        for (at, tx) in self.txs.clone() {
            for (signature, key) in tx.signatures().iter().zip(tx.keys()) {
                if *signature == [0; 64] {
                    self.breaks(Rule::Unsigned, Some(at));
                } else if !keys::verify(key, tx.message(), signature) {
                    self.breaks(Rule::BadSignature, Some(at));
                }
            }
            if !messages.insert(tx.message()) {
                self.breaks(Rule::Duplicate, Some(at));
            }
        }
        let told = self.bundle.present & Bundle::ID != 0;
        if told && self.bundle.id != bundle_id(self.txs.iter().map(|(_, tx)| tx.signature())) {
            self.breaks(Rule::IdDiffers, None);
        }
    }

    fn accounts(&mut self) {
        for (at, tx) in self.txs.clone() {
            if tx.account_count() > ACCOUNT_LOCKS_MAX {
                self.breaks(Rule::AccountLocks, Some(at));
            }
            let mut keys = HashSet::new();
            let looked_up = self.looked_up(&tx);
            if !tx.keys().iter().chain(&looked_up).all(|key| keys.insert(*key)) {
                self.breaks(Rule::DuplicateAccount, Some(at));
            }
        }
    }

    /// The keys that `tx` looks up in tables that are known.
    fn looked_up(&self, tx: &Transaction<'_>) -> Vec<Key> {
        let known = |lookup: Lookup<'_>| self.known.table(lookup.table)?.keys(&lookup);
        tx.lookups().filter_map(known).flatten().collect()
    }

    fn blockhashes(&mut self) {
        let now = self.bundle.slot.max(self.known.newest().unwrap_or(0));
        let mut nonces = HashSet::new();
        for (at, tx) in self.txs.clone() {
            let nonce = nonce::account_of(&tx);
            if nonce.is_some_and(|account| !nonces.insert(*account)) {
                self.breaks(Rule::NonceTwice, Some(at));
            }
            let told = self.bundle.present & Bundle::BLOCKHASH_SLOT != 0
                && tx.blockhash() == &self.bundle.blockhash;
            let age = match self.known.age(tx.blockhash()) {
                Age::Unknown if told => Age::Slot(self.bundle.blockhash_slot),
                age => age,
            };
            match age {
                _ if *tx.blockhash() == [0; 32] => self.breaks(Rule::NoBlockhash, Some(at)),
                _ if nonce.is_some() => {}
                Age::Slot(slot) if now.saturating_sub(slot) > BLOCKHASH_AGE_MAX => {
                    self.breaks(Rule::BlockhashTooOld, Some(at));
                }
                Age::Slot(_) => {}
                Age::Foreign => self.breaks(Rule::BlockhashUnknown, Some(at)),
                Age::Unknown => {
                    let count = &mut self.counts.blockhash_unchecked;
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    fn tips(&mut self) {
        let (mut tip, mut locked) = (0u64, false);
        for (at, tx) in self.txs.clone() {
            let named = |index: &u8| tx.account_key(*index).is_some_and(is_tip);
            let indexes = (0..=u8::MAX).take(tx.keys().len());
            let (written, read): (Vec<u8>, Vec<u8>) =
                indexes.filter(named).partition(|index| tx.is_writable(*index));
            locked |= !written.is_empty();
            if !read.is_empty() {
                self.breaks(Rule::TipNotWritten, Some(at));
            }
            if self.looked_up(&tx).iter().any(is_tip) {
                self.breaks(Rule::TipInTable, Some(at));
            }
            tip = tip.saturating_add(tips(&tx));
        }
        if self.txs.is_empty() {
            return;
        }
        match tip {
            0 if locked => {
                self.counts.tip_unchecked = self.counts.tip_unchecked.saturating_add(1);
            }
            0 => self.breaks(Rule::NoTip, None),
            tip if tip < TIP_MIN_LAMPORTS => self.breaks(Rule::TipTooSmall, None),
            _ => {}
        }
        if tip > 0 && tip != self.bundle.tip {
            self.breaks(Rule::TipDiffers, None);
        }
    }

    /// A transaction that names such a key comes first, or after such transactions alone; those have a
    /// signer in common.
    fn front(&mut self) {
        let (mut common, mut ended) = (None::<HashSet<Key>>, false);
        for (at, tx) in self.txs.clone() {
            let looked_up = self.looked_up(&tx);
            let marks = |key: &Key| base58::Key(key).to_string().starts_with(DONT_FRONT);
            let indexes = (0..=u8::MAX).take(tx.keys().len());
            let mut marked = indexes.filter(|at| tx.account_key(*at).is_some_and(marks)).peekable();
            if marked.peek().is_none() && !looked_up.iter().any(marks) {
                ended = true;
                continue;
            }
            if ended {
                self.breaks(Rule::NotInFront, Some(at));
            }
            if marked.any(|at| tx.is_writable(at)) {
                self.breaks(Rule::FrontWritten, Some(at));
            }
            let signers: HashSet<Key> =
                tx.keys().iter().take(tx.signatures().len()).copied().collect();
            let both: HashSet<Key> = match &common {
                Some(before) => before.intersection(&signers).copied().collect(),
                None => signers,
            };
            if both.is_empty() {
                self.breaks(Rule::FrontSigner, Some(at));
            }
            common = Some(both);
        }
    }

    fn tables(&mut self) {
        let known = self.known;
        let now = self.bundle.slot.max(known.newest().unwrap_or(0));
        let txs = self.txs.clone();
        let changed: HashSet<Key> = txs
            .iter()
            .flat_map(|(_, tx)| tx.instructions().filter_map(move |ix| changes(tx, &ix)))
            .collect();
        for (at, tx) in txs {
            for lookup in tx.lookups() {
                if changed.contains(lookup.table) {
                    self.breaks(Rule::TableChanged, Some(at));
                }
                let Some(table) = known.table(lookup.table) else {
                    let count = &mut self.counts.table_unchecked;
                    *count = count.saturating_add(1);
                    continue;
                };
                if !table.in_use {
                    self.breaks(Rule::DeadTable, Some(at));
                }
                if table.extended_slot.saturating_add(ROOT_LAG_SLOTS) > now {
                    self.breaks(Rule::YoungTable, Some(at));
                }
                if table.keys(&lookup).is_none() {
                    self.breaks(Rule::TablePosition, Some(at));
                }
            }
        }
    }
}

fn is_tip(key: &Key) -> bool {
    JITO_TIP_ACCOUNTS.contains(key)
}

/// Whether `ix` calls `program`.
fn calls(tx: &Transaction<'_>, ix: &Instruction<'_>, program: &Key) -> bool {
    tx.account_key(ix.program_index) == Some(program)
}

/// The lamports that the top-level instructions of `tx` move to tip accounts.
pub(in crate::bundle) fn tips(tx: &Transaction<'_>) -> u64 {
    tx.instructions().filter_map(|ix| tip_of(tx, &ix)).fold(0, u64::saturating_add)
}

/// The lamports that `ix` moves to a tip account (System, Transfer: tag 2).
fn tip_of(tx: &Transaction<'_>, ix: &Instruction<'_>) -> Option<u64> {
    if !calls(tx, ix, &SYSTEM) || u32_at(ix.data, 0) != Some(2) {
        return None;
    }
    tx.account_key(*ix.accounts.get(1)?).filter(|to| is_tip(to))?;
    u64_at(ix.data, 4)
}

/// The lookup table that `ix` changes: the first account, whatever the program is told to do.
fn changes(tx: &Transaction<'_>, ix: &Instruction<'_>) -> Option<Key> {
    let table = tx.account_key(*ix.accounts.first()?)?;
    calls(tx, ix, &LOOKUP_TABLE).then_some(*table)
}
