//! What the chain says of a transaction: the RPC's `meta` into [`Executed`].
//!
//! `UiTransactionStatusMeta` of solana-transaction-status-client-types. Of older and other servers:
//! numbers as texts, `loadedWritableAddresses` beside `loadedAddresses`, account indexes in base58,
//! lists that are null or missing.

use super::json::{Elements, Fields, List, Number, Object, is_some, numbers, skip, text, texts};
use super::message::Instruction;
use crate::bytes::base58;
use crate::ids::Key;
use crate::parse::Executed;
use serde::de::{MapAccess, SeqAccess};

/// Reads `meta`; one value reads one after another.
#[derive(Debug, Default)]
pub(super) struct Meta {
    /// What was read last.
    pub(super) executed: Executed,
    /// A part of it cannot be what it is: nothing of it counts.
    pub(super) is_broken: bool,
    instruction: Instruction,
    /// The top-level instruction of the inner ones being read.
    outer: Option<u16>,
}

impl Meta {
    /// Forgets it and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.executed.clear();
        self.is_broken = false;
    }
}

impl<'de> Fields<'de> for Meta {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let executed = &mut self.executed;
        match name {
            "err" => executed.failed = is_some(map)?,
            "innerInstructions" => {
                map.next_value_seed(List(&mut Sets(self)))?;
            }
            "logMessages" => {
                let all = map.next_value_seed(texts(|line| executed.push_log(line)))?;
                self.is_broken |= !all;
            }
            "preTokenBalances" => {
                map.next_value_seed(List(&mut Balances { meta: self, after: false }))?;
            }
            "postTokenBalances" => {
                map.next_value_seed(List(&mut Balances { meta: self, after: true }))?;
            }
            "preBalances" => self.lamports(map, |pair| &mut pair.0)?,
            "postBalances" => self.lamports(map, |pair| &mut pair.1)?,
            "loadedAddresses" => {
                map.next_value_seed(Object(&mut Loaded(self)))?;
            }
            "loadedWritableAddresses" => self.loaded(map, true)?,
            "loadedReadonlyAddresses" => self.loaded(map, false)?,
            _ => skip(map)?,
        }
        Ok(())
    }
}

impl Meta {
    /// Lamports of every account, one side.
    fn lamports<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        side: fn(&mut (u64, u64)) -> &mut u64,
    ) -> Result<(), A::Error> {
        let Self { executed: Executed { lamports, .. }, is_broken, .. } = self;
        let mut at = 0;
        map.next_value_seed(numbers(|number| {
            if at == lamports.len() {
                lamports.push((0, 0));
            }
            match (lamports.get_mut(at), number.0) {
                (Some(pair), Some(amount)) => *side(pair) = amount,
                _ => *is_broken = true,
            }
            at += 1;
        }))?;
        Ok(())
    }

    /// Keys from lookup tables; writable ones go first whatever comes first.
    fn loaded<'de, A: MapAccess<'de>>(
        &mut self,
        map: &mut A,
        writable: bool,
    ) -> Result<(), A::Error> {
        let Self { executed: Executed { loaded, .. }, is_broken, .. } = self;
        let before = loaded.len();
        let all = map.next_value_seed(texts(|text| match base58::key(text) {
            Some(key) => loaded.push(Some(key)),
            None => *is_broken = true,
        }))?;
        if writable {
            loaded.rotate_left(before);
        }
        self.is_broken |= !all;
        Ok(())
    }
}

struct Loaded<'a>(&'a mut Meta);

impl<'de> Fields<'de> for Loaded<'_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "writable" => self.0.loaded(map, true),
            "readonly" => self.0.loaded(map, false),
            _ => skip(map),
        }
    }
}

/// The list of inner instructions: one element for each top-level instruction that called.
struct Sets<'a>(&'a mut Meta);

impl<'de> Elements<'de> for Sets<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<Option<()>, A::Error> {
        let meta = &mut *self.0;
        meta.outer = None;
        let from = meta.executed.inner().len();
        if list.next_element_seed(Object(&mut Set(meta)))?.is_none() {
            return Ok(None);
        }
        match meta.outer {
            // Its number may stand behind its instructions.
            Some(outer) => meta.executed.set_outer(from, outer),
            None => meta.is_broken = true,
        }
        Ok(Some(()))
    }
}

struct Set<'a>(&'a mut Meta);

impl<'de> Fields<'de> for Set<'_> {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "index" => self.0.outer = map.next_value::<Number>()?.fit(),
            "instructions" => {
                map.next_value_seed(List(&mut Inner(self.0)))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

struct Inner<'a>(&'a mut Meta);

impl<'de> Elements<'de> for Inner<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<Option<()>, A::Error> {
        let Meta { executed, instruction: inner, is_broken, .. } = &mut *self.0;
        inner.clear();
        let Some(is_object) = list.next_element_seed(Object(inner))? else { return Ok(None) };
        match inner.program_index {
            Some(program) if is_object && !inner.is_broken => {
                executed.push_inner(0, inner.height, program, &inner.accounts, &inner.data);
            }
            _ => *is_broken = true,
        }
        Ok(Some(()))
    }
}

/// Token balances, before or after.
struct Balances<'a> {
    meta: &'a mut Meta,
    after: bool,
}

impl<'de> Elements<'de> for Balances<'_> {
    fn element<A: SeqAccess<'de>>(&mut self, list: &mut A) -> Result<Option<()>, A::Error> {
        let mut balance = Balance::default();
        if list.next_element_seed(Object(&mut balance))?.is_none() {
            return Ok(None);
        }
        let Balance { account, mint, owner, amount: Amount { amount, decimals } } = balance;
        let parts = account.zip(mint).zip(amount).zip(decimals);
        if let Some((((account, mint), amount), decimals)) = parts {
            let token = self.meta.executed.token(account, mint, owner, decimals);
            *(if self.after { &mut token.after } else { &mut token.before }) = amount;
        } else {
            self.meta.is_broken = true;
        }
        Ok(Some(()))
    }
}

#[derive(Default)]
struct Balance {
    account: Option<u8>,
    mint: Option<Key>,
    owner: Option<Key>,
    amount: Amount,
}

#[derive(Default)]
struct Amount {
    amount: Option<u64>,
    decimals: Option<u8>,
}

impl<'de> Fields<'de> for Balance {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        let to = match name {
            "accountIndex" => {
                self.account = map.next_value::<Number>()?.fit();
                return Ok(());
            }
            "uiTokenAmount" => {
                return map.next_value_seed(Object(&mut self.amount)).map(|_| ());
            }
            "mint" => &mut self.mint,
            "owner" => &mut self.owner,
            _ => return skip(map),
        };
        map.next_value_seed(text(|text| *to = base58::key(text))).map(|_| ())
    }
}

impl<'de> Fields<'de> for Amount {
    fn field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "amount" => self.amount = map.next_value::<Number>()?.0,
            "decimals" => self.decimals = map.next_value::<Number>()?.fit(),
            _ => skip(map)?,
        }
        Ok(())
    }
}
