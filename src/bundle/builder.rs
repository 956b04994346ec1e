//! The core: opportunities and slots in, bundles out.

use super::recent::{Blockhash, Seen};
use super::route::Routes;
use super::transaction::{
    TX_LEN_MAX, bundle_id, compute_unit_limit, compute_unit_price, message, transfer, wire,
};
use super::{Payer, Policy, Reject, Tables};
use crate::dex::AccountBook;
use crate::ids::{JITO_TIP_ACCOUNTS, Key};
use crate::record::{Bundle, LINE, Opportunity, Record, Slot};
use crate::stream::{Sink, Stage};
use xxhash_rust::xxh3::xxh3_64;

/// How many bundles are remembered, to refuse the same one twice.
const SEEN_MAX: usize = 1 << 16;

/// Makes bundles of opportunities.
///
/// The same input gives the same bytes: ed25519 signatures are deterministic, the tip account is
/// chosen by the opportunity, and no clock is read.
pub struct Builder {
    routes: Routes,
    tables: Tables,
    /// One at least; they take turns.
    payers: Vec<Payer>,
    /// Whose turn it is, counted on.
    turn: usize,
    policy: Policy,
    /// The blockhash the user gave, which is used instead of the stream's.
    given: Option<Blockhash>,
    newest: Option<Blockhash>,
    plans: Seen<(u64, u16)>,
    messages: Seen<u64>,
    counts: Counts,
}

/// What a builder did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Opportunities that came in.
    pub opportunities: u64,
    /// Slots that came in.
    pub slots: u64,
    /// Slots whose blockhash became the newest.
    pub blockhashes: u64,
    /// Bundles made.
    pub bundles: u64,
    /// Those of them that are signed.
    pub signed: u64,
    /// Those that have no blockhash.
    pub no_blockhash: u64,
    /// Tips of all bundles made, in lamports.
    pub tips_lamports: u64,
    /// Opportunities refused, by [`Reject`].
    pub refused: [u64; Reject::COUNT],
}

impl Counts {
    /// How many opportunities were refused for `reject`.
    pub fn of(&self, reject: Reject) -> u64 {
        self.refused.get(reject as usize).copied().unwrap_or(0)
    }
}

/// A transaction before it is signed.
struct Unsigned {
    message: Vec<u8>,
    tip_account: Key,
    blockhash: Option<Blockhash>,
}

impl Builder {
    /// Builds on the accounts of `book` for `payer`, within `policy`, with the blockhash `given` or
    /// else the stream's newest.
    pub fn new(book: AccountBook, payer: Payer, policy: Policy, given: Option<Blockhash>) -> Self {
        let routes = Routes::new(book);
        let counts = Counts {
            opportunities: 0,
            slots: 0,
            blockhashes: 0,
            bundles: 0,
            signed: 0,
            no_blockhash: 0,
            tips_lamports: 0,
            refused: [0; Reject::COUNT],
        };
        let (plans, messages) = (Seen::new(SEEN_MAX), Seen::new(SEEN_MAX));
        let tables = Tables::default();
        let (payers, turn, newest) = (vec![payer], 0, None);
        Self { routes, tables, payers, turn, policy, given, newest, plans, messages, counts }
    }

    /// The same, which looks up accounts in `tables`.
    #[must_use]
    pub fn with_tables(self, tables: Tables) -> Self {
        Self { tables, ..self }
    }

    /// The same, in which the payer takes turns with `more`, a bundle each.
    #[must_use]
    pub fn with_payers(mut self, more: impl IntoIterator<Item = Payer>) -> Self {
        self.payers.extend(more);
        self
    }

    /// Whose turn it is.
    fn payer(&self) -> &Payer {
        let at = self.turn.checked_rem(self.payers.len()).unwrap_or(0);
        self.payers.get(at).unwrap_or(&Payer::Nobody)
    }

    /// What was done so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many pools the account files describe.
    pub fn pool_count(&self) -> usize {
        self.routes.pool_count()
    }

    /// Whether bundles are signed, given a blockhash.
    pub fn can_sign(&self) -> bool {
        matches!(self.payer(), Payer::Signs(_))
    }

    fn slot(&mut self, slot: &Slot) {
        self.counts.slots = self.counts.slots.saturating_add(1);
        let Some(hash) = Blockhash::of(slot) else { return };
        if self.newest.is_none_or(|newest| hash.slot > newest.slot) {
            self.newest = Some(hash);
            self.counts.blockhashes = self.counts.blockhashes.saturating_add(1);
        }
    }

    fn opportunity(&mut self, opportunity: &Opportunity, out: &mut impl Sink) {
        self.counts.opportunities = self.counts.opportunities.saturating_add(1);
        match self.unsigned(opportunity) {
            Ok(unsigned) => self.emit(opportunity, &unsigned, out),
            Err(reject) => {
                if let Some(count) = self.counts.refused.get_mut(reject as usize) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }

    /// The transaction for `opportunity`, every rule checked.
    fn unsigned(&mut self, opportunity: &Opportunity) -> Result<Unsigned, Reject> {
        self.policy.check(opportunity)?;
        if matches!(self.payer(), Payer::Nobody) {
            return Err(Reject::NoPayer);
        }
        let plan = (opportunity.state_hash, opportunity.plan_index);
        if self.plans.contains(&plan) {
            return Err(Reject::Duplicate);
        }
        let blockhash = self.blockhash(opportunity)?;
        let tip_account = self.tip_account(opportunity);
        let mut instructions = vec![
            compute_unit_limit(opportunity.compute_units),
            compute_unit_price(opportunity.cu_price_micro),
        ];
        let (payer, create) = (self.payer().key(), self.policy.create_token_accounts);
        self.routes.instructions(opportunity, &payer, create, &mut instructions)?;
        // The tip comes last, in the transaction of the swaps: it cannot land without them.
        instructions.push(transfer(&payer, &tip_account, opportunity.tip));
        let hash = blockhash.map_or([0; 32], |blockhash| blockhash.hash);
        let slot = opportunity.slot.max(self.newest.and_then(|newest| newest.slot).unwrap_or(0));
        let message = message(&instructions, &payer, &hash, (&self.tables, slot))?;
        let name = xxh3_64(&message);
        if self.messages.contains(&name) {
            return Err(Reject::DuplicateTransaction);
        }
        self.plans.insert(plan);
        self.messages.insert(name);
        Ok(Unsigned { message, tip_account, blockhash })
    }

    /// The blockhash to use for `opportunity`, if there is one.
    fn blockhash(&self, opportunity: &Opportunity) -> Result<Option<Blockhash>, Reject> {
        let ahead = self.newest.and_then(|newest| newest.slot).unwrap_or(0);
        if ahead.saturating_sub(opportunity.slot) > self.policy.age_max_slots {
            return Err(Reject::Stale);
        }
        let used = self.given.or(self.newest);
        match used {
            Some(hash) if hash.is_too_old(opportunity.slot) => Err(Reject::BlockhashTooOld),
            used => Ok(used),
        }
    }

    fn tip_account(&self, opportunity: &Opportunity) -> Key {
        let [first, ..] = JITO_TIP_ACCOUNTS;
        let choice = opportunity.state_hash.checked_rem(JITO_TIP_ACCOUNTS.len() as u64);
        let chosen = choice.and_then(|at| JITO_TIP_ACCOUNTS.get(usize::try_from(at).ok()?));
        self.policy.tip_account.or(chosen.copied()).unwrap_or(first)
    }

    fn emit(&mut self, opportunity: &Opportunity, unsigned: &Unsigned, out: &mut impl Sink) {
        let signature = unsigned.blockhash.and_then(|_| self.payer().sign(&unsigned.message));
        let transaction = wire(&unsigned.message, &signature.unwrap_or([0; 64]));
        let mut bundle = Bundle::new(opportunity.head.rx_ns);
        let len = size_of::<Bundle>().saturating_add(transaction.len()).next_multiple_of(LINE);
        bundle.head.len = u32::try_from(len).unwrap_or(u32::MAX);
        bundle.slot = opportunity.slot;
        bundle.ordinal = opportunity.ordinal;
        (bundle.tip, bundle.net) = (opportunity.tip, opportunity.net);
        (bundle.txs, bundle.tx_len[0]) = (1, u16::try_from(transaction.len()).unwrap_or(u16::MAX));
        bundle.tip_account = unsigned.tip_account;
        bundle.compute_units = opportunity.compute_units;
        if let Some(blockhash) = unsigned.blockhash {
            bundle.present |= Bundle::BLOCKHASH;
            bundle.blockhash = blockhash.hash;
            if let Some((slot, last)) = blockhash.slot.zip(blockhash.last_valid_slot()) {
                bundle.present |= Bundle::BLOCKHASH_SLOT | Bundle::LAST_VALID;
                (bundle.blockhash_slot, bundle.last_valid_slot) = (slot, last);
            }
        }
        if let Some(signature) = &signature {
            bundle.head.flags |= Bundle::SIGNED;
            bundle.present |= Bundle::ID;
            bundle.id = bundle_id([signature]);
        }
        bundle.missing = u8::from(unsigned.blockhash.is_none()) | u8::from(!self.can_sign()) << 1;
        self.count(&bundle);
        self.turn = self.turn.wrapping_add(1);
        out.put_parts(&bundle, &transaction);
    }

    fn count(&mut self, bundle: &Bundle) {
        let counts = &mut self.counts;
        counts.bundles = counts.bundles.saturating_add(1);
        counts.tips_lamports = counts.tips_lamports.saturating_add(bundle.tip);
        if bundle.present & Bundle::BLOCKHASH == 0 {
            counts.no_blockhash = counts.no_blockhash.saturating_add(1);
        }
        if bundle.head.flags & Bundle::SIGNED != 0 {
            counts.signed = counts.signed.saturating_add(1);
        }
    }
}

impl Stage for Builder {
    const MAX_OUT: usize = (size_of::<Bundle>() + TX_LEN_MAX).next_multiple_of(LINE);

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        if let Some(slot) = input.typed::<Slot>() {
            self.slot(slot);
        } else if let Some(opportunity) = input.typed::<Opportunity>() {
            self.opportunity(opportunity, out);
        }
    }

    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {}

    fn finish(&mut self, _out: &mut impl Sink) {}
}
