//! A bundle before it is signed: which transactions, in which order, at which costs.
//!
//! ```text
//! parts of a plan --check--> payer, nonce or blockhash --Routes, Lender--> instructions --tip--> messages
//!        pending transaction, if one is carried, before them      ^---- units as measured, once ----v
//! ```

use super::builder::Builder;
use super::meter::{Meter, with_margin};
use super::plan::TXS_MAX;
use super::recent::Blockhash;
use super::route::Route;
use super::terms::Terms;
use super::transaction::{compute_unit_limit, compute_unit_price, message, transfer, wire};
use super::{BASE_FEE_LAMPORTS, Payer, Reject};
use crate::dex::flash::Loan;
use crate::ids::{JITO_TIP_ACCOUNTS, Key};
use crate::record::Opportunity;
use solana_sdk::instruction::Instruction;

/// Lamports that a token account of 165 bytes lays down: (128 + 165) * 3480 * 2 (solana-rent).
const TOKEN_ACCOUNT_RENT: u64 = 2_039_280;

/// Who pays, and what stands in the place of a blockhash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    /// Which of the payers.
    pub(super) payer: usize,
    /// Which of the nonces, if nonces are used.
    pub(super) nonce: Option<usize>,
    /// Signatures of each of our transactions.
    pub(super) signatures: u8,
}

/// A bundle before it is signed.
pub(super) struct Draft {
    /// The pending transaction that comes first.
    pub(super) carried: Option<Vec<u8>>,
    /// What is to be signed, one for each part that is in it, in order.
    pub(super) messages: Vec<Vec<u8>>,
    /// What each of them pays.
    pub(super) terms: Vec<Terms>,
    pub(super) chosen: Chosen,
    pub(super) payer: Key,
    pub(super) blockhash: Option<Blockhash>,
    pub(super) tip_account: Key,
    /// Why the part behind the last one is not in it.
    pub(super) cut: Option<Reject>,
    /// The compute units are measured.
    pub(super) measured: bool,
}

impl Draft {
    /// What all of its transactions pay as tip.
    pub(super) fn tip(&self) -> u64 {
        self.terms.iter().fold(0, |sum, terms| sum.saturating_add(terms.tip))
    }
}

impl<M: Meter> Builder<M> {
    /// The bundle of `parts`, which are one opportunity or a plan in order: as many of them, from the
    /// first on, as can be made.
    ///
    /// # Errors
    /// Why not even the first can be.
    pub(super) fn draft(&mut self, parts: &[Opportunity]) -> Result<Draft, Reject> {
        let first = parts.first().ok_or(Reject::NotTaken)?;
        let (mut terms, mut cut) = self.terms(parts)?;
        let slot = self.slot_of(first);
        let carried =
            self.pending.of(first, self.policy.backrun, (&self.rules.known.hashes, slot))?;
        let carried = carried.map(<[u8]>::to_vec);
        let room = TXS_MAX.saturating_sub(usize::from(carried.is_some()));
        if terms.len() > room {
            terms.truncate(room);
            cut = Some(Reject::BrokenPlan);
        }
        let chosen = self.choose(parts, &terms)?;
        let payer = self.payers.get(chosen.payer).map_or([0; 32], Payer::key);
        let blockhash = self.blockhash_of(first, chosen)?;
        let tip_account = self.tip_account(first);
        let mut draft = Draft {
            carried,
            messages: Vec::new(),
            terms,
            chosen,
            payer,
            blockhash,
            tip_account,
            cut,
            measured: false,
        };
        self.compile(parts, &mut draft)?;
        if M::MEASURES {
            self.measure(parts, &mut draft)?;
        }
        Ok(draft)
    }

    /// What each of `parts` pays, up to the first that breaks a rule, and which that is.
    fn terms(&self, parts: &[Opportunity]) -> Result<(Vec<Terms>, Option<Reject>), Reject> {
        let (mut all, mut tip) = (Vec::with_capacity(parts.len()), 0u64);
        for part in parts {
            match self.terms_of(part, tip) {
                Ok(terms) => {
                    tip = tip.saturating_add(terms.tip);
                    all.push(terms);
                }
                Err(reject) if all.is_empty() => return Err(reject),
                Err(reject) => return Ok((all, Some(reject))),
            }
        }
        Ok((all, None))
    }

    /// What `part` pays in a bundle that tips `before` without it.
    fn terms_of(&self, part: &Opportunity, before: u64) -> Result<Terms, Reject> {
        self.policy.check(part, before)?;
        if self.plans.contains(&(part.state_hash, part.plan_index)) {
            return Err(Reject::Duplicate);
        }
        let flash_fee = match &self.lender {
            Some(lender) => {
                let [amount, ..] = part.amounts;
                lender.fee(amount)?
            }
            None if part.flash_fee != 0 => return Err(Reject::FlashLoan),
            None => 0,
        };
        Ok(Terms { flash_fee, ..Terms::of(part) })
    }

    /// What a bundle of `terms` for the first of `parts` could take from its payer's own account, the
    /// rent of every token account that it might create included.
    pub(super) fn cost(&self, parts: &[Opportunity], terms: &[Terms]) -> u64 {
        let hops = parts.iter().take(terms.len()).map(|part| u64::from(part.hops));
        let created = if self.policy.create_token_accounts { hops.sum() } else { 0 };
        let rent = created.saturating_mul(TOKEN_ACCOUNT_RENT);
        terms.iter().fold(rent, |sum, one| sum.saturating_add(one.spent()))
    }

    /// The next payer, in turn, who may pay for all of `terms`, with the nonce to use.
    fn choose(&self, parts: &[Opportunity], terms: &[Terms]) -> Result<Chosen, Reject> {
        let mut why = Reject::NoPayer;
        let cost = self.cost(parts, terms);
        for step in 0..self.payers.len() {
            let at = self.turn.wrapping_add(step).checked_rem(self.payers.len()).unwrap_or(0);
            let Some(payer) = self.payers.get(at).filter(|one| !matches!(one, Payer::Nobody))
            else {
                continue;
            };
            let key = payer.key();
            let nonce = self.nonces.free(&key);
            if self.nonces.any() && nonce.is_none() {
                why = Reject::NoNonce;
                continue;
            }
            if let Err(reject) = self.purse.check(&key, cost) {
                why = reject;
                continue;
            }
            let signatures = nonce.and_then(|at| self.nonces.get(at));
            let signatures = signatures.map_or(1, |nonce| nonce.signatures(&key));
            let base_fee = BASE_FEE_LAMPORTS.saturating_mul(signatures.into());
            if terms.iter().any(|terms| terms.base_fee != base_fee) {
                return Err(Reject::FeesDiffer);
            }
            return Ok(Chosen { payer: at, nonce, signatures });
        }
        Err(why)
    }

    /// What the transactions of `chosen` name as blockhash, if there is anything.
    fn blockhash_of(
        &self,
        opportunity: &Opportunity,
        chosen: Chosen,
    ) -> Result<Option<Blockhash>, Reject> {
        let ahead = self.newest.and_then(|newest| newest.slot).unwrap_or(0);
        let slot = self.slot_said(opportunity);
        if ahead.saturating_sub(slot) > self.policy.age_max_slots {
            return Err(Reject::Stale);
        }
        if let Some(nonce) = chosen.nonce.and_then(|at| self.nonces.get(at)) {
            return Ok(Some(Blockhash { hash: nonce.value(), slot: None }));
        }
        match self.given.or(self.newest) {
            Some(hash) if hash.is_too_old(slot) => Err(Reject::BlockhashTooOld),
            used => Ok(used),
        }
    }

    /// Fills in the messages of `draft`, as many as can be made.
    fn compile(&mut self, parts: &[Opportunity], draft: &mut Draft) -> Result<(), Reject> {
        let mut all = Vec::with_capacity(draft.terms.len());
        for (part, terms) in parts.iter().zip(draft.terms.clone()) {
            match self.instructions(part, &terms, draft) {
                Ok(instructions) => all.push(instructions),
                Err(reject) if all.is_empty() => return Err(reject),
                Err(reject) => {
                    draft.cut = Some(reject);
                    break;
                }
            }
        }
        let slot = parts.first().map_or(0, |first| self.slot_of(first));
        loop {
            draft.terms.truncate(all.len());
            match self.messages(&all, draft, slot) {
                Ok(messages) => {
                    draft.messages = messages;
                    return Ok(());
                }
                // Where the tip has no room, or what comes before was made already, the rest is cut.
                Err((at, reject)) if at > 0 => {
                    all.truncate(at);
                    draft.cut = Some(reject);
                }
                Err((_, reject)) => return Err(reject),
            }
        }
    }

    /// The transaction of `part` without the tip.
    fn instructions(
        &mut self,
        part: &Opportunity,
        terms: &Terms,
        draft: &Draft,
    ) -> Result<Vec<Instruction>, Reject> {
        let payer = &draft.payer;
        let nonce = draft.chosen.nonce.and_then(|at| self.nonces.get(at));
        // A nonce is advanced by the first instruction, or it is none.
        let mut to: Vec<Instruction> =
            nonce.map(super::nonce::Nonce::advance).into_iter().collect();
        to.extend([compute_unit_limit(terms.units), compute_unit_price(part.cu_price_micro)]);
        let (route, create) = (Route::of(part, terms)?, self.policy.create_token_accounts);
        let account = self.routes.accounts(&route, payer, create, &mut to)?;
        let Some(lender) = &self.lender else {
            self.routes.swaps(&route, payer, &mut to)?;
            return Ok(to);
        };
        let [amount, ..] = part.amounts;
        let loan = Loan { borrower: payer, account: &account, amount };
        let at = to.len();
        to.extend(lender.borrow(&loan, at, route.len())?);
        self.routes.swaps(&route, payer, &mut to)?;
        to.extend(lender.repay(&loan, at)?);
        Ok(to)
    }

    /// The messages of `all`, the whole tip in the last; which one cannot be made, and why.
    fn messages(
        &self,
        all: &[Vec<Instruction>],
        draft: &Draft,
        slot: u64,
    ) -> Result<Vec<Vec<u8>>, (usize, Reject)> {
        let hash = draft.blockhash.map_or([0; 32], |blockhash| blockhash.hash);
        let mut messages: Vec<Vec<u8>> = Vec::with_capacity(all.len());
        for (at, instructions) in all.iter().enumerate() {
            let mut instructions = instructions.clone();
            if at.saturating_add(1) == all.len() {
                // The tip comes last, in a transaction of swaps: it cannot land without them.
                instructions.push(transfer(&draft.payer, &draft.tip_account, draft.tip()));
            }
            let tables = (self.tables_beside(draft), slot);
            let signatures = usize::from(draft.chosen.signatures);
            let message = message(&instructions, &draft.payer, &hash, tables, signatures)
                .map_err(|reject| (at, reject))?;
            if self.is_known(&message) || messages.contains(&message) {
                return Err((at, Reject::DuplicateTransaction));
            }
            messages.push(message);
        }
        Ok(messages)
    }

    /// Runs the transactions of `draft` and makes them again with the units that they used and the
    /// margin; where that is not known they stay as they are.
    fn measure(&mut self, parts: &[Opportunity], draft: &mut Draft) -> Result<(), Reject> {
        let Some(first) = parts.first() else { return Ok(()) };
        let unsigned = vec![[0; 64]; usize::from(draft.chosen.signatures)];
        let ours: Vec<_> = draft.messages.iter().map(|message| wire(message, &unsigned)).collect();
        let carried = draft.carried.as_deref();
        let wires: Vec<&[u8]> = carried.into_iter().chain(ours.iter().map(Vec::as_slice)).collect();
        let slot = self.slot_said(first);
        let Some(used) = self.meter.units(slot, first.head.rx_ns, &wires) else {
            return Ok(());
        };
        let used = used.into_iter().skip(usize::from(carried.is_some()));
        let margin = self.policy.margin_percent;
        for ((terms, part), units) in draft.terms.iter_mut().zip(parts).zip(used) {
            *terms = terms.with_units(with_margin(units, margin), part.cu_price_micro)?;
        }
        draft.measured = true;
        self.compile(parts, draft)
    }

    fn tip_account(&self, opportunity: &Opportunity) -> Key {
        let [first, ..] = JITO_TIP_ACCOUNTS;
        let choice = opportunity.state_hash.checked_rem(JITO_TIP_ACCOUNTS.len() as u64);
        let chosen = choice.and_then(|at| JITO_TIP_ACCOUNTS.get(usize::try_from(at).ok()?));
        self.policy.tip_account.or(chosen.copied()).unwrap_or(first)
    }
}
