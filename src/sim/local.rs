//! A Solana VM on this machine: accounts and programs in memory, bundles run on them and put back.
//!
//! The VM is `litesvm`: system programs, SPL Token, Token-2022, Associated Token Account, Memo and
//! Lookup Table are in it. Between the transactions of a bundle only what they write is kept aside,
//! because that is less than the copy of the whole VM. The age of blockhashes is not checked: the state
//! of a file has no queue of them.

use super::{Cause, Change, Fault, Held, Ran, Simulation, Token};
use crate::bytes::{base58, key_at};
use crate::dex::accounts_file::{self, Contents};
use crate::dex::token_account;
use crate::error::{Error, Result};
use crate::ids::{CLOCK, JITO_TIP_ACCOUNTS, Key, LOADERS, NATIVE_LOADER, SYSTEM, WSOL};
use crate::keys::verify;
use crate::wire::txn::{Transaction, Version};
use litesvm::LiteSVM;
#[cfg(test)]
use solana_program_runtime::invoke_context::BuiltinFunctionRegisterer;
use solana_sdk::account::{Account, AccountSharedData, ReadableAccount};
use solana_sdk::clock::Clock;
use solana_sdk::hash::Hash;
use solana_sdk::instruction::InstructionError;
use solana_sdk::message::compiled_instruction::CompiledInstruction;
use solana_sdk::message::v0::MessageAddressTableLookup;
use solana_sdk::message::{MessageHeader, VersionedMessage, legacy, v0};
use solana_sdk::pubkey::Pubkey;
use solana_sdk::signature::Signature;
use solana_sdk::transaction::{TransactionError, VersionedTransaction};
use std::collections::{BTreeMap, HashSet};

/// Slots of an epoch, after the warm-up of the first ones (solana-epoch-schedule).
const SLOTS_PER_EPOCH: u64 = 432_000;
/// Tag of an upgradeable program's account, which names the account of its code
/// (solana-loader-v3-interface `UpgradeableLoaderState::Program`).
const TAG_PROGRAM: u8 = 2;

/// A bank in memory.
pub struct Local {
    svm: LiteSVM,
    /// Accounts that the files name, also those that they say do not exist.
    known: HashSet<Key>,
    /// Programs of the files, until all are read: their code may come later.
    waiting: BTreeMap<Key, Contents>,
    newest_slot: u64,
    has_clock: bool,
    now: (u64, u64),
    /// What the transactions of the bundle changed so far, as it was before.
    undo: Vec<(Pubkey, AccountSharedData)>,
}

impl Default for Local {
    fn default() -> Self {
        Self::new()
    }
}

impl Local {
    /// A bank that holds what `litesvm` brings along, and the tip accounts, which exist on the chain.
    pub fn new() -> Self {
        let svm = LiteSVM::new()
            .with_sigverify(false)
            .with_blockhash_check(false)
            .with_transaction_history(0)
            .with_log_bytes_limit(Some(1 << 20));
        let mut bank = Self {
            svm,
            known: HashSet::new(),
            waiting: BTreeMap::new(),
            newest_slot: 0,
            has_clock: false,
            now: (0, 0),
            undo: Vec::new(),
        };
        for key in JITO_TIP_ACCOUNTS {
            let account = Contents::default();
            // An account without data is no sysvar and no program: it is taken.
            let _ = bank.put(&key, SYSTEM, account);
            bank.known.insert(key);
        }
        bank
    }

    /// Takes in every account of an account file; one that comes again replaces the earlier one. An
    /// account that does not say its balance has just what exempts it from rent.
    ///
    /// # Errors
    /// Those of [`accounts_file::read`]; status 3 when a sysvar is none.
    pub fn read(&mut self, text: &[u8]) -> Result<u64> {
        let mut wrong = None;
        let count = accounts_file::read(text, &mut |entry| {
            self.newest_slot = self.newest_slot.max(entry.slot);
            self.known.insert(entry.key);
            self.waiting.remove(&entry.key);
            let Some(contents) = entry.contents else {
                let _ = self.svm.set_account(address(&entry.key), Account::default());
                return;
            };
            if contents.owner == NATIVE_LOADER {
                // A builtin: it is there already, or cannot be run at all.
                return;
            }
            if contents.executable {
                self.waiting.insert(entry.key, contents);
                return;
            }
            self.has_clock |= entry.key == CLOCK;
            if let Err(words) = self.put(&entry.key, contents.owner, contents) {
                wrong.get_or_insert((entry.key, words));
            }
        })?;
        match wrong {
            None => Ok(count),
            Some((key, words)) => {
                Err(Error::foreign(format!("account {}: {words}", base58::Key(&key))))
            }
        }
    }

    /// Loads the programs of the files that were read, and gives those that cannot be, each with the
    /// reason.
    pub fn load(&mut self) -> Vec<(Key, String)> {
        let mut refused = Vec::new();
        for (key, contents) in std::mem::take(&mut self.waiting) {
            let code = match contents.data.as_slice() {
                [TAG_PROGRAM, 0, 0, 0, ..] => key_at(&contents.data, 4).copied(),
                _ => None,
            };
            let has_code = code.is_none_or(|code| self.account(&code).is_some());
            let put = if has_code {
                self.put(&key, contents.owner, contents)
            } else {
                Err("the account of its code is not in the files".to_owned())
            };
            // What comes along with the VM stays in the place of what does not load.
            if let Err(words) = put
                && !self.is_loaded(&key)
            {
                refused.push((key, words));
            }
        }
        refused
    }

    /// Loads the program `code` as `id`.
    ///
    /// # Errors
    /// Status 3 when it is no program that the VM takes.
    pub fn program(&mut self, id: &Key, code: &[u8]) -> Result<()> {
        self.known.insert(*id);
        self.svm.add_program(address(id), code).map_err(|error| {
            Error::foreign(format!("program {}: {error}", base58::Key(id)))
                .hint("a program is the ELF file that solana program dump writes")
        })
    }

    /// Lets `program` stand for the program `id`, for tests of what its calls must look like.
    #[cfg(test)]
    pub(crate) fn builtin(&mut self, id: &Key, program: BuiltinFunctionRegisterer) {
        self.known.insert(*id);
        self.svm.add_builtin(address(id), program);
    }

    /// Runs what follows in slot `slot`, or in the newest one of the files, at `unix_s` seconds;
    /// where a file brought the cluster's clock, that one stands.
    pub fn at(&mut self, slot: u64, unix_s: u64) {
        let now = (slot.max(self.newest_slot), unix_s);
        if self.has_clock || self.now == now {
            return;
        }
        self.now = now;
        let epoch = now.0.checked_div(SLOTS_PER_EPOCH).unwrap_or(0);
        let seconds = i64::try_from(unix_s).unwrap_or(i64::MAX);
        self.svm.set_sysvar(&Clock {
            slot: now.0,
            epoch_start_timestamp: seconds,
            epoch,
            leader_schedule_epoch: epoch.saturating_add(1),
            unix_timestamp: seconds,
        });
    }

    /// Newest slot of the files; `None` when none says one.
    pub fn slot(&self) -> Option<u64> {
        (self.newest_slot > 0).then_some(self.newest_slot)
    }

    /// Runs `transactions` one after the other, and puts everything back. Their signatures are
    /// verified if they are `signed`.
    pub fn run<'a>(
        &mut self,
        transactions: impl IntoIterator<Item = &'a [u8]>,
        signed: bool,
    ) -> Simulation {
        let mut done =
            Simulation { has_balances: true, slot: self.slot(), ..Simulation::default() };
        let mut coming = transactions.into_iter().peekable();
        while let Some(wire) = coming.next() {
            let tx = done.transactions.len();
            let (ran, fault) = self.one(wire, signed, coming.peek().is_some(), &mut done);
            done.transactions.push(ran);
            if let Some(fault) = fault {
                done.fault = Some(Fault { tx, ..fault });
                break;
            }
        }
        // The last change first: an account that was changed twice ends as it was at first.
        while let Some((key, account)) = self.undo.pop() {
            let restored = self.svm.set_account(key, account.into());
            debug_assert!(restored.is_ok(), "what was in the bank goes back into it");
        }
        done
    }

    /// Runs the transaction `wire`, and keeps what it changed if `keep`.
    fn one(
        &mut self,
        wire: &[u8],
        signed: bool,
        keep: bool,
        done: &mut Simulation,
    ) -> (Ran, Option<Fault>) {
        let tx = match Transaction::check(wire) {
            Ok(tx) => tx,
            Err(why) => {
                let fault = Fault::new(Cause::NotTransactions, 0, why.name());
                return (Ran::default(), Some(fault));
            }
        };
        self.note_missing(&tx, done);
        match self.prepared(&tx, signed) {
            Ok(whole) => self.execute(&tx, whole, keep),
            Err(fault) => (Ran::default(), Some(fault)),
        }
    }

    /// `tx` as the VM takes it, if all that can be told before it runs is as it should be.
    fn prepared(
        &self,
        tx: &Transaction<'_>,
        signed: bool,
    ) -> std::result::Result<VersionedTransaction, Fault> {
        let whole = owned(tx)?;
        if signed {
            let mut pairs = tx.keys().iter().zip(tx.signatures());
            if let Some((key, _)) = pairs.find(|(key, by)| !verify(key, tx.message(), by)) {
                let words = format!("the signature of {} does not verify", base58::Key(key));
                return Err(Fault::new(Cause::BadSignature, 0, words));
            }
        }
        self.check_programs(tx)?;
        Ok(whole)
    }

    fn execute(
        &mut self,
        tx: &Transaction<'_>,
        whole: VersionedTransaction,
        keep: bool,
    ) -> (Ran, Option<Fault>) {
        match self.svm.simulate_transaction(whole) {
            Ok(info) => {
                let (meta, posts) = (info.meta, info.post_accounts);
                let mut ran = Ran {
                    logs: meta.logs,
                    units: meta.compute_units_consumed,
                    fee_lamports: meta.fee,
                    changes: Vec::new(),
                };
                let mut posts = posts.into_iter();
                let fault = posts.find_map(|(key, after)| self.take(key, after, keep, &mut ran));
                (ran, fault)
            }
            Err(failed) => {
                let units = failed.meta.compute_units_consumed;
                let ran = Ran { logs: failed.meta.logs, units, ..Ran::default() };
                (ran, Some(self.fault(tx, &failed.err)))
            }
        }
    }

    /// Notes what became of the account `key`, and puts it into the bank if `keep`; a fault if it may
    /// not be.
    fn take(
        &mut self,
        key: Pubkey,
        after: AccountSharedData,
        keep: bool,
        ran: &mut Ran,
    ) -> Option<Fault> {
        let before = self.svm.accounts_db().get_account_ref(&key).cloned().unwrap_or_default();
        if before == after || (before.lamports() == 0 && after.lamports() == 0) {
            return None;
        }
        let change = Change { key: key.to_bytes(), before: held(&before), after: held(&after) };
        if change.before != change.after {
            ran.changes.push(change);
        }
        if !keep {
            return None;
        }
        let is_code =
            |one: &AccountSharedData| one.executable() || LOADERS.contains(&one.owner().to_bytes());
        let changes_program = || Fault {
            program: Some(key.to_bytes()),
            ..Fault::new(Cause::ChangesProgram, 0, "it changes a program")
        };
        if is_code(&before) || is_code(&after) {
            return Some(changes_program());
        }
        self.undo.push((key, before));
        self.svm.set_account(key, after.into()).err().map(|_| changes_program())
    }

    /// Every program that `tx` calls itself is loaded.
    fn check_programs(&self, tx: &Transaction<'_>) -> std::result::Result<(), Fault> {
        for (at, instruction) in tx.instructions().enumerate() {
            let Some(program) = tx.account_key(instruction.program_index) else { continue };
            if !self.is_loaded(program) {
                let instruction = u8::try_from(at).ok();
                return Err(Fault { instruction, ..not_loaded(Some(*program)) });
            }
        }
        Ok(())
    }

    /// Notes which accounts of `tx` nobody gave.
    fn note_missing(&self, tx: &Transaction<'_>, done: &mut Simulation) {
        for key in tx.keys().iter().chain(tx.lookups().map(|lookup| lookup.table)) {
            let there = self.known.contains(key) || self.account(key).is_some();
            if !there && !done.missing.contains(key) {
                done.missing.push(*key);
            }
        }
    }

    /// The fault that `error` of `tx` is.
    fn fault(&self, tx: &Transaction<'_>, error: &TransactionError) -> Fault {
        let words = error.to_string();
        match error {
            TransactionError::AddressLookupTableNotFound
            | TransactionError::InvalidAddressLookupTableOwner
            | TransactionError::InvalidAddressLookupTableData
            | TransactionError::InvalidAddressLookupTableIndex => {
                Fault::new(Cause::NoTable, 0, words)
            }
            TransactionError::AccountNotFound if !self.known.contains(tx.fee_payer()) => {
                let payer = base58::Key(tx.fee_payer());
                let words = format!("the fee payer {payer} is not in the account files");
                Fault::new(Cause::NoPayerAccount, 0, words)
            }
            TransactionError::InstructionError(at, error) => {
                let ix = tx.instructions().nth(usize::from(*at));
                // The runtime alone says so, of a program that another one calls: it is among the
                // accounts of the instruction, and is no program here.
                if *error == InstructionError::UnsupportedProgramId {
                    let accounts = ix.map(|ix| ix.accounts).unwrap_or_default();
                    let mut keys = accounts.iter().filter_map(|at| tx.account_key(*at));
                    let program = keys.find(|key| self.account(key).is_none()).copied();
                    return Fault { instruction: Some(*at), ..not_loaded(program) };
                }
                let program = ix.and_then(|ix| tx.account_key(ix.program_index)).copied();
                let code = match error {
                    InstructionError::Custom(code) => Some(*code),
                    _ => None,
                };
                let instruction = Some(*at);
                Fault { instruction, code, program, ..Fault::new(Cause::Failed, 0, words) }
            }
            _ => Fault::new(Cause::Failed, 0, words),
        }
    }

    fn account(&self, key: &Key) -> Option<&AccountSharedData> {
        self.svm.accounts_db().get_account_ref(&address(key))
    }

    /// Whether `key` is a program that can be run. Every executable account of the bank is one.
    fn is_loaded(&self, key: &Key) -> bool {
        self.account(key).is_some_and(ReadableAccount::executable)
    }

    fn put(
        &mut self,
        key: &Key,
        owner: Key,
        contents: Contents,
    ) -> std::result::Result<(), String> {
        let Contents { data, lamports, executable, .. } = contents;
        let rent = self.svm.minimum_balance_for_rent_exemption(data.len());
        let wrapped = match token_account(&owner, &data) {
            Ok(token) if *token.mint == WSOL => token.amount,
            _ => 0,
        };
        let lamports = lamports.unwrap_or_else(|| rent.saturating_add(wrapped));
        let owner = address(&owner);
        let account = Account { lamports, data, owner, executable, rent_epoch: u64::MAX };
        self.svm.set_account(address(key), account).map_err(|error| error.to_string())
    }
}

fn address(key: &Key) -> Pubkey {
    Pubkey::new_from_array(*key)
}

fn not_loaded(program: Option<Key>) -> Fault {
    let words = match &program {
        Some(key) => format!("program {} is not loaded", base58::Key(key)),
        None => "a program that it calls is not loaded".to_owned(),
    };
    Fault { program, ..Fault::new(Cause::NoProgram, 0, words) }
}

/// What `account` holds.
fn held(account: &AccountSharedData) -> Held {
    let token = token_account(&account.owner().to_bytes(), account.data()).ok();
    let token =
        token.map(|token| Token { mint: *token.mint, owner: *token.owner, amount: token.amount });
    Held { lamports: account.lamports(), token }
}

/// `tx` as the VM takes it.
fn owned(tx: &Transaction<'_>) -> std::result::Result<VersionedTransaction, Fault> {
    let count = |count: usize| u8::try_from(count).unwrap_or(u8::MAX);
    let (signers, keys) = (tx.signatures().len(), tx.keys().len());
    let readonly =
        |from: usize, to: usize| count((from..to).filter(|at| !tx.is_writable(count(*at))).count());
    let header = MessageHeader {
        num_required_signatures: count(signers),
        num_readonly_signed_accounts: readonly(0, signers),
        num_readonly_unsigned_accounts: readonly(signers, keys),
    };
    let account_keys: Vec<Pubkey> = tx.keys().iter().map(address).collect();
    let recent_blockhash = Hash::new_from_array(*tx.blockhash());
    let instructions = tx.instructions().map(|ix| CompiledInstruction {
        program_id_index: ix.program_index,
        accounts: ix.accounts.to_vec(),
        data: ix.data.to_vec(),
    });
    let instructions = instructions.collect();
    let message = match tx.version() {
        Version::Legacy => VersionedMessage::Legacy(legacy::Message {
            header,
            account_keys,
            recent_blockhash,
            instructions,
        }),
        Version::V0 => VersionedMessage::V0(v0::Message {
            header,
            account_keys,
            recent_blockhash,
            instructions,
            address_table_lookups: tx
                .lookups()
                .map(|lookup| MessageAddressTableLookup {
                    account_key: address(lookup.table),
                    writable_indexes: lookup.writable.to_vec(),
                    readonly_indexes: lookup.readonly.to_vec(),
                })
                .collect(),
        }),
        Version::V1 => {
            let words = "transactions of version 1 are not simulated";
            return Err(Fault::new(Cause::NotTransactions, 0, words));
        }
    };
    let signatures = tx.signatures().iter().map(|bytes| Signature::from(*bytes)).collect();
    Ok(VersionedTransaction { signatures, message })
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
#[path = "tests.rs"]
mod tests;
