//! The core: opportunities, slots and pending transactions in, bundles out.

use super::check::{Known, Rule, Rules};
use super::draft::Draft;
use super::meter::{Meter, Unmeasured};
use super::nonce::{Nonce, Nonces};
use super::pending::{PENDING_MAX, Pending};
use super::plan::{Joined, Plan, TXS_MAX};
use super::purse::Purse;
use super::recent::{Blockhash, Seen};
use super::route::Routes;
use super::transaction::{bundle_id, wire};
use super::{Payer, PendingCounts, Policy, Reject, TX_LEN_MAX, TableCounts, Tables};
use crate::dex::AccountBook;
use crate::dex::flash::Lender;
use crate::ids::{Key, LOOKUP_TABLE};
use crate::record::{Bundle, LINE, Opportunity, Record, Slot, Txn};
use crate::stream::{Sink, Stage};
use crate::wire::txn::{Transaction, V1_LEN_MAX};
use xxhash_rust::xxh3::xxh3_64;

/// How many bundles are remembered, to refuse the same one twice.
const SEEN_MAX: usize = 1 << 16;

/// Makes bundles of opportunities.
///
/// The same input gives the same bytes: ed25519 signatures are deterministic, the tip account is
/// chosen by the opportunity, and no clock is read.
pub struct Builder<M = Unmeasured> {
    pub(super) routes: Routes,
    pub(super) tables: Tables,
    no_tables: Tables,
    /// One at least; they take turns.
    pub(super) payers: Vec<Payer>,
    /// Whose turn it is, counted on.
    pub(super) turn: usize,
    pub(super) purse: Purse,
    pub(super) nonces: Nonces,
    pub(super) lender: Option<Lender>,
    pub(super) policy: Policy,
    /// The blockhash the user gave, which is used instead of the stream's.
    pub(super) given: Option<Blockhash>,
    pub(super) newest: Option<Blockhash>,
    pub(super) pending: Pending,
    plan: Plan,
    pub(super) plans: Seen<(u64, u16)>,
    messages: Seen<u64>,
    /// What a bundle that carries somebody's transaction must keep.
    pub(super) rules: Rules,
    pub(super) meter: M,
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
    /// Those that carry the pending transaction behind which they pay.
    pub backruns: u64,
    /// Opportunities that share a bundle with others of their plan.
    pub joined: u64,
    /// Those whose compute units were measured.
    pub measured: u64,
    /// Those whose compute units could not be measured, and stayed the opportunity's.
    pub unmeasured: u64,
    /// Tips of all bundles made, in lamports; what a pending transaction tips is not part of it.
    pub tips_lamports: u64,
    /// Opportunities refused, by [`Reject`].
    pub refused: [u64; Reject::COUNT],
    /// Rules that bundles with a pending transaction would break, by the order of `mev-bundle check`.
    pub broken: [u64; Rule::COUNT],
}

impl Counts {
    const NONE: Self = Self {
        opportunities: 0,
        slots: 0,
        blockhashes: 0,
        bundles: 0,
        signed: 0,
        no_blockhash: 0,
        backruns: 0,
        joined: 0,
        measured: 0,
        unmeasured: 0,
        tips_lamports: 0,
        refused: [0; Reject::COUNT],
        broken: [0; Rule::COUNT],
    };

    /// How many opportunities were refused for `reject`.
    pub fn of(&self, reject: Reject) -> u64 {
        self.refused.get(reject as usize).copied().unwrap_or(0)
    }
}

fn add(count: &mut u64, more: usize) {
    *count = count.saturating_add(u64::try_from(more).unwrap_or(u64::MAX));
}

impl Builder {
    /// Builds on the accounts of `book` for `payer`, within `policy`, with the blockhash `given` or
    /// else the stream's newest.
    pub fn new(book: AccountBook, payer: Payer, policy: Policy, given: Option<Blockhash>) -> Self {
        Self {
            routes: Routes::new(book),
            tables: Tables::default(),
            no_tables: Tables::default(),
            payers: vec![payer],
            turn: 0,
            purse: Purse::default(),
            nonces: Nonces::default(),
            lender: None,
            policy,
            given,
            newest: None,
            pending: Pending::new(PENDING_MAX),
            plan: Plan::default(),
            plans: Seen::new(SEEN_MAX),
            messages: Seen::new(SEEN_MAX),
            rules: Rules::default(),
            meter: Unmeasured,
            counts: Counts::NONE,
        }
    }
}

impl<M: Meter> Builder<M> {
    /// The same, which looks up accounts in `tables`.
    #[must_use]
    pub fn with_tables(self, tables: Tables) -> Self {
        Self { tables, ..self }
    }

    /// The same, which looks up accounts in the tables of `book`, and knows them when it checks.
    #[must_use]
    pub fn with_alt(self, book: &AccountBook) -> Self {
        let mut rules = Rules::default();
        rules.known = Known::new(book);
        Self { tables: Tables::of(book), rules, ..self }
    }

    /// The same, in which the payer takes turns with `more`, a bundle each.
    #[must_use]
    pub fn with_payers(mut self, more: impl IntoIterator<Item = Payer>) -> Self {
        self.payers.extend(more);
        self
    }

    /// The same, in which every payer keeps `least` lamports of what `balances` say.
    #[must_use]
    pub fn with_least(self, least: u64, balances: impl IntoIterator<Item = (Key, u64)>) -> Self {
        Self { purse: Purse::new(least, balances), ..self }
    }

    /// The same, whose transactions use `nonces` instead of blockhashes, each once.
    #[must_use]
    pub fn with_nonces(self, nonces: Vec<Nonce>) -> Self {
        Self { nonces: Nonces::new(nonces), ..self }
    }

    /// The same, which borrows what goes into each cycle of `lender`.
    #[must_use]
    pub fn with_lender(self, lender: Option<Lender>) -> Self {
        Self { lender, ..self }
    }

    /// The same, whose bundles are measured by `meter`.
    pub fn with_meter<N: Meter>(self, meter: N) -> Builder<N> {
        Builder {
            routes: self.routes,
            tables: self.tables,
            no_tables: self.no_tables,
            payers: self.payers,
            turn: self.turn,
            purse: self.purse,
            nonces: self.nonces,
            lender: self.lender,
            policy: self.policy,
            given: self.given,
            newest: self.newest,
            pending: self.pending,
            plan: self.plan,
            plans: self.plans,
            messages: self.messages,
            rules: self.rules,
            meter,
            counts: self.counts,
        }
    }

    /// What was done so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What became of the stream's pending transactions so far.
    pub fn pending(&self) -> PendingCounts {
        self.pending.counts
    }

    /// What became of the tables.
    pub fn table_counts(&self) -> TableCounts {
        self.tables.counts()
    }

    /// How many pools the account files describe.
    pub fn pool_count(&self) -> usize {
        self.routes.pool_count()
    }

    /// Whether bundles are signed, given a blockhash.
    pub fn can_sign(&self) -> bool {
        self.payers.iter().any(|payer| matches!(payer, Payer::Signs(_)))
    }

    fn slot(&mut self, slot: &Slot) {
        add(&mut self.counts.slots, 1);
        let Some(hash) = Blockhash::of(slot) else { return };
        self.rules.known.slot(slot);
        if self.newest.is_none_or(|newest| hash.slot > newest.slot) {
            self.newest = Some(hash);
            add(&mut self.counts.blockhashes, 1);
            self.purse.advance(slot.slot);
        }
    }

    fn opportunity(&mut self, opportunity: &Opportunity, out: &mut impl Sink) {
        add(&mut self.counts.opportunities, 1);
        if !self.policy.join_plans {
            return self.make(&[*opportunity], out);
        }
        if self.plan.is_over(opportunity) {
            self.make_plan(out);
        }
        match self.plan.join(opportunity) {
            Joined::Alone => self.make(&[*opportunity], out),
            Joined::Waits => {}
            Joined::Whole => self.make_plan(out),
        }
    }

    /// Makes a bundle of the plan that waits, if there is one.
    fn make_plan(&mut self, out: &mut impl Sink) {
        let parts = self.plan.take();
        if !parts.is_empty() {
            self.make(&parts, out);
        }
    }

    /// Makes a bundle of `parts`: of all, or of the first ones, or of none.
    fn make(&mut self, parts: &[Opportunity], out: &mut impl Sink) {
        let (made, why) = match self.draft(parts).and_then(|draft| self.emit(parts, &draft, out)) {
            Ok((made, cut)) => (made, cut.unwrap_or(Reject::BrokenPlan)),
            Err(reject) => (0, reject),
        };
        let refused = parts.len().saturating_sub(made);
        let mut refuse = |reject: Reject, count| {
            if let Some(sum) = self.counts.refused.get_mut(reject as usize) {
                add(sum, count);
            }
        };
        // One has a reason of its own; those behind it are refused because of it.
        refuse(why, refused.min(1));
        refuse(Reject::BrokenPlan, refused.saturating_sub(1));
    }

    /// The slot of `opportunity`; of one that does not say it, as behind a transaction whose bytes came
    /// alone, the newest of the stream.
    pub(super) fn slot_said(&self, opportunity: &Opportunity) -> u64 {
        let newest = self.newest.and_then(|newest| newest.slot).unwrap_or(0);
        if opportunity.slot == 0 { newest } else { opportunity.slot }
    }

    /// The slot in which a bundle of `opportunity` is to land at the earliest.
    pub(super) fn slot_of(&self, opportunity: &Opportunity) -> u64 {
        opportunity.slot.max(self.newest.and_then(|newest| newest.slot).unwrap_or(0))
    }

    /// The tables that transactions behind the one that `draft` carries may name: none, when that one
    /// changes tables.
    pub(super) fn tables_beside(&self, draft: &Draft) -> &Tables {
        let carried = draft.carried.as_deref().and_then(|wire| Transaction::check(wire).ok());
        let changes = carried.is_some_and(|tx| {
            let mut programs = tx.programs().filter_map(|at| tx.account_key(at));
            programs.any(|program| *program == LOOKUP_TABLE)
        });
        if changes { &self.no_tables } else { &self.tables }
    }

    /// Whether a transaction of `message` was made before.
    pub(super) fn is_known(&self, message: &[u8]) -> bool {
        self.messages.contains(&xxh3_64(message))
    }

    /// Signs `draft` and puts it out; how many of `parts` are in it, and why the next one is not.
    fn emit(
        &mut self,
        parts: &[Opportunity],
        draft: &Draft,
        out: &mut impl Sink,
    ) -> Result<(usize, Option<Reject>), Reject> {
        let Some(first) = parts.first() else { return Err(Reject::NotTaken) };
        let (wires, whole) = self.signed(draft);
        let mut bundle = Bundle::new(first.head.rx_ns);
        (bundle.slot, bundle.ordinal) = (self.slot_said(first), first.ordinal);
        describe(&mut bundle, parts, draft);
        let tail = wires.concat();
        let len = size_of::<Bundle>().saturating_add(tail.len()).next_multiple_of(LINE);
        bundle.head.len = u32::try_from(len).unwrap_or(u32::MAX);
        bundle.txs = u8::try_from(wires.len()).unwrap_or(u8::MAX);
        for (to, wire) in bundle.tx_len.iter_mut().zip(&wires) {
            *to = u16::try_from(wire.len()).unwrap_or(u16::MAX);
        }
        let checked: Vec<_> = wires.iter().filter_map(|one| Transaction::check(one).ok()).collect();
        if draft.carried.is_some() {
            // What the pending one tips is part of what the auction sees.
            let tips = checked.iter().map(super::check::tips);
            bundle.tip = tips.fold(0, u64::saturating_add);
        }
        if whole {
            bundle.head.flags |= Bundle::SIGNED;
            bundle.present |= Bundle::ID;
            bundle.id = bundle_id(checked.iter().map(Transaction::signature));
        }
        let no_key = !matches!(self.payers.get(draft.chosen.payer), Some(Payer::Signs(_)));
        bundle.missing = u8::from(draft.blockhash.is_none()) | u8::from(no_key) << 1;
        if draft.carried.is_some() {
            self.check(&bundle, &tail)?;
        }
        self.spend(parts, draft);
        self.count(&bundle, draft);
        out.put_parts(&bundle, &tail);
        Ok((draft.messages.len(), draft.cut))
    }

    /// The wire bytes of all transactions of `draft`, and whether every signature is there.
    fn signed(&self, draft: &Draft) -> (Vec<Vec<u8>>, bool) {
        let mut wires: Vec<Vec<u8>> = draft.carried.clone().into_iter().collect();
        let payer = self.payers.get(draft.chosen.payer).filter(|_| draft.blockhash.is_some());
        let nonce = draft.chosen.nonce.and_then(|at| self.nonces.get(at));
        let mut whole = true;
        for message in &draft.messages {
            let own = payer.and_then(|payer| payer.sign(message));
            let mut signatures = vec![own.unwrap_or([0; 64])];
            if draft.chosen.signatures > 1 {
                let other = nonce.filter(|_| own.is_some());
                let other = other.and_then(|nonce| nonce.sign(&draft.payer, message));
                signatures.push(other.unwrap_or([0; 64]));
            }
            whole &= !signatures.contains(&[0; 64]);
            wires.push(wire(message, &signatures));
        }
        (wires, whole)
    }

    /// Holds a bundle with somebody else's transaction against the rules of a block engine.
    fn check(&mut self, bundle: &Bundle, tail: &[u8]) -> Result<(), Reject> {
        let unsigned = bundle.head.flags & Bundle::SIGNED == 0;
        let mut fit = true;
        for broken in self.rules.check(bundle, tail) {
            // What `missing` says of ours is not the pending one's fault.
            let is_ours = unsigned && broken.tx != Some(0);
            if is_ours && matches!(broken.rule, Rule::Unsigned | Rule::NoBlockhash) {
                continue;
            }
            fit = false;
            if let Some(count) = self.counts.broken.get_mut(broken.rule as usize) {
                add(count, 1);
            }
        }
        if fit { Ok(()) } else { Err(Reject::TriggerUnfit) }
    }

    /// Remembers what `draft` used up.
    fn spend(&mut self, parts: &[Opportunity], draft: &Draft) {
        for (part, message) in parts.iter().zip(&draft.messages) {
            self.plans.insert((part.state_hash, part.plan_index));
            self.messages.insert(xxh3_64(message));
        }
        if let Some(nonce) = draft.chosen.nonce {
            self.nonces.spend(nonce);
        }
        let last_valid = draft.blockhash.and_then(|blockhash| blockhash.last_valid_slot());
        self.purse.spend(draft.payer, self.cost(parts, &draft.terms), last_valid);
        self.turn = draft.chosen.payer.wrapping_add(1);
    }

    fn count(&mut self, bundle: &Bundle, draft: &Draft) {
        let counts = &mut self.counts;
        let parts = draft.messages.len();
        add(&mut counts.bundles, 1);
        add(&mut counts.no_blockhash, usize::from(draft.blockhash.is_none()));
        add(&mut counts.signed, usize::from(bundle.head.flags & Bundle::SIGNED != 0));
        add(&mut counts.backruns, usize::from(draft.carried.is_some()));
        add(&mut counts.joined, if parts > 1 { parts } else { 0 });
        if M::MEASURES {
            let measured =
                if draft.measured { &mut counts.measured } else { &mut counts.unmeasured };
            add(measured, parts);
        }
        counts.tips_lamports = counts.tips_lamports.saturating_add(draft.tip());
    }
}

/// Writes into `bundle` what `draft` says of those of `parts` that are in it.
fn describe(bundle: &mut Bundle, parts: &[Opportunity], draft: &Draft) {
    bundle.tip = draft.tip();
    for (part, terms) in parts.iter().zip(&draft.terms) {
        bundle.net = bundle.net.saturating_add(terms.net(part.gross));
        bundle.compute_units = bundle.compute_units.saturating_add(terms.units);
    }
    bundle.tip_account = draft.tip_account;
    if let Some(blockhash) = draft.blockhash {
        bundle.present |= Bundle::BLOCKHASH;
        bundle.blockhash = blockhash.hash;
        if let Some((slot, last)) = blockhash.slot.zip(blockhash.last_valid_slot()) {
            bundle.present |= Bundle::BLOCKHASH_SLOT | Bundle::LAST_VALID;
            (bundle.blockhash_slot, bundle.last_valid_slot) = (slot, last);
        }
    }
}

impl<M: Meter> Stage for Builder<M> {
    /// A plan that is given up, and a bundle of the opportunity that shows it.
    const MAX_OUT: usize =
        2 * (size_of::<Bundle>() + V1_LEN_MAX + TXS_MAX * TX_LEN_MAX).next_multiple_of(LINE);

    fn step(&mut self, input: Record<'_>, out: &mut impl Sink) {
        if let Some(slot) = input.typed::<Slot>() {
            self.make_plan(out);
            self.slot(slot);
        } else if let Some(opportunity) = input.typed::<Opportunity>() {
            self.opportunity(opportunity, out);
        } else if let Some(txn) = input.typed::<Txn>() {
            self.pending.take(txn, txn.wire(input.tail::<Txn>()));
        }
    }

    fn idle(&mut self, _now_ns: u64, _out: &mut impl Sink) {}

    fn finish(&mut self, out: &mut impl Sink) {
        self.make_plan(out);
    }
}
