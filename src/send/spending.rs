//! What bundles may cost: the price of each, and the cap of an hour.

use crate::bytes::{u32_at, u64_at};
use crate::ids::{COMPUTE_BUDGET, JITO_TIP_ACCOUNTS, Key, SYSTEM};
use crate::record::Bundle;
use crate::wire::txn::Transaction;
use std::collections::{HashMap, VecDeque};

/// Nanoseconds of the window that the cap counts over.
const HOUR_NS: u64 = 3_600_000_000_000;
/// What was spent is kept by the second: a second counts until its end is an hour ago.
const SECOND_NS: u64 = 1_000_000_000;
/// Lamports a signature costs (solana-fee-structure `FeeStructure::default`).
const SIGNATURE_LAMPORTS: u64 = 5_000;
/// Compute units of a transaction at most, which one without a limit is reckoned with (agave
/// `MAX_COMPUTE_UNIT_LIMIT`).
const UNITS_MAX: u64 = 1_400_000;

/// What `bundle` costs its payers in tips and fees if it lands, at most: the larger of the tip that
/// the record tells and what its `transactions` transfer to tip accounts, and the fees of
/// signatures and of priority. What the swaps themselves lose is not part of it.
pub fn price(bundle: &Bundle, transactions: &[Transaction<'_>]) -> u64 {
    let each = |find: fn(&Transaction<'_>) -> u64| {
        transactions.iter().map(find).fold(0, u64::saturating_add)
    };
    bundle.tip.max(each(tip)).saturating_add(each(fee))
}

/// The tips that top-level instructions of `tx` transfer: to whom, and how many lamports.
pub fn tips<'a>(tx: &'a Transaction<'_>) -> impl Iterator<Item = (Key, u64)> + 'a {
    tx.instructions().filter_map(|call| {
        let system = tx.account_key(call.program_index) == Some(&SYSTEM);
        // SystemInstruction::Transfer is 2, then the lamports; the receiver is the second account.
        let transfer = system && u32_at(call.data, 0) == Some(2);
        let to = tx.account_key(*call.accounts.get(1)?)?;
        (transfer && JITO_TIP_ACCOUNTS.contains(to)).then(|| Some((*to, u64_at(call.data, 4)?)))?
    })
}

/// Lamports of all of them.
fn tip(tx: &Transaction<'_>) -> u64 {
    tips(tx).fold(0, |sum, (_, lamports)| sum.saturating_add(lamports))
}

/// Fees of signatures and of priority.
fn fee(tx: &Transaction<'_>) -> u64 {
    let signatures = u64::try_from(tx.signatures().len()).unwrap_or(u64::MAX);
    let base = signatures.saturating_mul(SIGNATURE_LAMPORTS);
    let (mut units, mut micro_lamports) = (UNITS_MAX, 0);
    let calls = tx.instructions();
    for call in calls.filter(|call| tx.account_key(call.program_index) == Some(&COMPUTE_BUDGET)) {
        // ComputeBudgetInstruction: 2 is SetComputeUnitLimit(u32), 3 SetComputeUnitPrice(u64).
        match call.data.first() {
            Some(2) => units = u32_at(call.data, 1).map_or(UNITS_MAX, u64::from).min(UNITS_MAX),
            Some(3) => micro_lamports = u64_at(call.data, 1).unwrap_or(u64::MAX),
            _ => {}
        }
    }
    let priority = (u128::from(units) * u128::from(micro_lamports)).div_ceil(1_000_000);
    let priority = u64::try_from(priority).unwrap_or(u64::MAX);
    base.saturating_add(priority).saturating_add(tx.config().priority_fee_lamports.unwrap_or(0))
}

/// What was spent within an hour, against its cap.
///
/// A bundle counts from its first attempt, whatever becomes of it, for an hour and the rest of a
/// second: an engine that says it failed could be wrong. Only one that every road refused counts no
/// more. What is kept is bounded by the seconds of an hour and the bundles that are open.
#[derive(Clone, Debug)]
pub struct Spending {
    cap: u64,
    /// Of all seconds.
    sum: u128,
    /// Seconds in the order in which they came, each with its lamports.
    seconds: VecDeque<(u64, u128)>,
    /// Bundles that could still be given back: their second and lamports.
    open: HashMap<[u8; 32], (u64, u64)>,
}

impl Spending {
    /// Nothing spent yet, of `cap` lamports an hour.
    pub fn new(cap: u64) -> Self {
        Self { cap, sum: 0, seconds: VecDeque::new(), open: HashMap::new() }
    }

    /// Counts `lamports` for the bundle `id` at `now_ns`, unless that would exceed the cap.
    pub fn admit(&mut self, now_ns: u64, id: &[u8; 32], lamports: u64) -> bool {
        self.forget(now_ns);
        let fits = self.sum.saturating_add(u128::from(lamports)) <= u128::from(self.cap);
        if fits {
            self.restore(now_ns, id, lamports);
        }
        fits
    }

    /// Counts what was spent before, over the cap or not.
    pub fn restore(&mut self, at_ns: u64, id: &[u8; 32], lamports: u64) {
        let second = at_ns.div_ceil(SECOND_NS);
        self.sum = self.sum.saturating_add(u128::from(lamports));
        match self.seconds.back_mut().filter(|(last, _)| *last == second) {
            Some((_, sum)) => *sum = sum.saturating_add(u128::from(lamports)),
            None => self.seconds.push_back((second, u128::from(lamports))),
        }
        self.open.insert(*id, (second, lamports));
    }

    /// Counts the bundle `id` no more: no road took it.
    pub fn release(&mut self, id: &[u8; 32]) {
        let Some((second, lamports)) = self.open.remove(id) else { return };
        let place = self.seconds.iter_mut().rev().find(|(at, _)| *at == second);
        // A second that is an hour old has gone with all it held.
        if let Some((_, sum)) = place {
            *sum = sum.saturating_sub(u128::from(lamports));
            self.sum = self.sum.saturating_sub(u128::from(lamports));
        }
    }

    /// What the bundle `id` cost stays counted: there is a last word, and somebody may have had it.
    pub fn settle(&mut self, id: &[u8; 32]) {
        self.open.remove(id);
    }

    /// Lamports of the last hour.
    pub fn sum(&self) -> u64 {
        u64::try_from(self.sum).unwrap_or(u64::MAX)
    }

    /// Forgets what is an hour old. What a clock that was set back dates ahead stays.
    fn forget(&mut self, now_ns: u64) {
        let over = |second: u64| now_ns.saturating_sub(second.saturating_mul(SECOND_NS)) >= HOUR_NS;
        // The front is the oldest but after a clock was set back: then what is behind waits for it.
        while let Some((_, lamports)) = self.seconds.front().filter(|(second, _)| over(*second)) {
            self.sum = self.sum.saturating_sub(*lamports);
            self.seconds.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Signer;
    use proptest::prelude::*;
    use solana_sdk::hash::Hash;
    use solana_sdk::instruction::{AccountMeta, Instruction};
    use solana_sdk::message::Message;
    use solana_sdk::pubkey::Pubkey;

    fn wire(instructions: &[Instruction]) -> Vec<u8> {
        let signer = Signer::from_seed(&[7; 32]);
        let payer = Pubkey::new_from_array(signer.public());
        let hash = Hash::new_from_array([1; 32]);
        let message = Message::new_with_blockhash(instructions, Some(&payer), &hash).serialize();
        [&[1], signer.sign(&message).as_slice(), &message].concat()
    }

    fn call(program: [u8; 32], to: [u8; 32], data: &[u8]) -> Instruction {
        let payer = Pubkey::new_from_array(Signer::from_seed(&[7; 32]).public());
        let accounts = vec![
            AccountMeta::new(payer, true),
            AccountMeta::new(Pubkey::new_from_array(to), false),
        ];
        let program_id = Pubkey::new_from_array(program);
        Instruction { program_id, accounts, data: data.to_vec() }
    }

    #[test]
    fn the_price_is_read_from_the_transactions_themselves() {
        let transfer = |lamports: u64| [&[2, 0, 0, 0][..], &lamports.to_le_bytes()].concat();
        let limit = [&[2][..], &100_000u32.to_le_bytes()].concat();
        let unit_price = [&[3][..], &1_000_001u64.to_le_bytes()].concat();
        let cases = [
            (vec![], 5_000),
            (vec![call(SYSTEM, JITO_TIP_ACCOUNTS[3], &transfer(900))], 5_900),
            // To somebody else it is no tip.
            (vec![call(SYSTEM, [9; 32], &transfer(900))], 5_000),
            (vec![call(COMPUTE_BUDGET, [9; 32], &limit)], 5_000),
            (
                vec![
                    call(COMPUTE_BUDGET, [9; 32], &limit),
                    call(COMPUTE_BUDGET, [9; 32], &unit_price),
                ],
                // 100 000.1 lamports are rounded up.
                5_000 + 100_001,
            ),
            // Without a limit, the highest.
            (vec![call(COMPUTE_BUDGET, [9; 32], &unit_price)], 5_000 + 1_400_002),
            (vec![call(SYSTEM, JITO_TIP_ACCOUNTS[0], &[2, 0, 0, 0, 1])], 5_000),
        ];
        let mut bundle = Bundle::new(0);
        for (instructions, should) in cases {
            let wire = wire(&instructions);
            let tx = Transaction::check(&wire).unwrap();
            assert_eq!(price(&bundle, &[tx]), should, "{instructions:?}");
        }
        // A record cannot make it less than it is, nor hide what it tells.
        let wire = wire(&[call(SYSTEM, JITO_TIP_ACCOUNTS[3], &transfer(900))]);
        let tx = Transaction::check(&wire).unwrap();
        bundle.tip = 5;
        assert_eq!(price(&bundle, &[tx]), 5_900);
        bundle.tip = 1_000;
        assert_eq!(price(&bundle, &[tx, tx]), 1_800 + 10_000);
        bundle.tip = u64::MAX;
        assert_eq!(price(&bundle, &[tx]), u64::MAX);
    }

    #[test]
    fn an_hour_passes_and_what_was_refused_is_given_back() {
        let mut spending = Spending::new(100);
        assert!(spending.admit(5, &[1; 32], 60) && !spending.admit(6, &[2; 32], 41));
        assert!(spending.admit(7, &[2; 32], 40));
        spending.release(&[3; 32]);
        assert_eq!(spending.sum(), 100);
        spending.release(&[2; 32]);
        // A second counts until its end is an hour ago.
        let hour_ns = HOUR_NS + SECOND_NS;
        assert!(spending.sum() == 60 && !spending.admit(hour_ns - 1, &[4; 32], 41));
        assert!(spending.admit(hour_ns, &[4; 32], 100));
        // The clock was set back: what is dated ahead still counts.
        assert!(!spending.admit(9, &[5; 32], 1));
        // What had its last word is not given back.
        spending.settle(&[4; 32]);
        spending.release(&[4; 32]);
        assert_eq!(spending.sum(), 100);
        let mut spending = Spending::new(u64::MAX);
        spending.restore(1, &[1; 32], u64::MAX);
        assert!(!spending.admit(2, &[2; 32], 1));
        spending.release(&[1; 32]);
        assert!(spending.admit(2, &[2; 32], 1));
    }

    #[test]
    fn what_is_kept_does_not_grow_with_the_bundles() {
        let mut spending = Spending::new(u64::MAX);
        for number in 0..20_000u64 {
            let mut id = [0; 32];
            id[..8].copy_from_slice(&number.to_le_bytes());
            assert!(spending.admit(number * 1_000_000_000, &id, 1));
            spending.settle(&id);
        }
        assert_eq!((spending.sum(), spending.seconds.len(), spending.open.len()), (3600, 3600, 0));
    }

    proptest! {
        /// Over any hour, what was admitted and not released is within the cap.
        #[test]
        fn no_window_exceeds_the_cap(
            cap in 0u64..1000,
            steps in prop::collection::vec((0u64..HOUR_NS, 0u64..400, any::<bool>()), 1..60),
        ) {
            let mut spending = Spending::new(cap);
            let (mut now_ns, mut kept) = (0u64, Vec::new());
            for (number, (step, lamports, release)) in steps.into_iter().enumerate() {
                now_ns += step;
                let id = [u8::try_from(number).unwrap(); 32];
                let admitted = spending.admit(now_ns, &id, lamports);
                let window = |kept: &[(u64, u64)]| -> u64 {
                    let counts = |at: u64| now_ns.saturating_sub(at.div_ceil(SECOND_NS) * SECOND_NS);
                    kept.iter().filter(|(at, _)| counts(*at) < HOUR_NS).map(|(_, l)| l).sum()
                };
                prop_assert_eq!(admitted, window(&kept) + lamports <= cap);
                if admitted && release {
                    spending.release(&id);
                } else if admitted {
                    kept.push((now_ns, lamports));
                }
                prop_assert_eq!(spending.sum(), window(&kept));
            }
        }
    }
}
