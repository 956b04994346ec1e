//! What bundles may cost: the price of each, and the cap of an hour.

use crate::bytes::{u32_at, u64_at};
use crate::ids::{COMPUTE_BUDGET, JITO_TIP_ACCOUNTS, SYSTEM};
use crate::record::Bundle;
use crate::wire::txn::Transaction;
use std::collections::VecDeque;

/// Nanoseconds of the window that the cap counts over.
const HOUR_NS: u64 = 3_600_000_000_000;
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

/// Lamports that top-level instructions of `tx` transfer to tip accounts.
fn tip(tx: &Transaction<'_>) -> u64 {
    let paid = tx.instructions().filter_map(|call| {
        let system = tx.account_key(call.program_index) == Some(&SYSTEM);
        // SystemInstruction::Transfer is 2, then the lamports; the receiver is the second account.
        let transfer = system && u32_at(call.data, 0) == Some(2);
        let to = tx.account_key(*call.accounts.get(1)?)?;
        (transfer && JITO_TIP_ACCOUNTS.contains(to)).then(|| u64_at(call.data, 4))?
    });
    paid.fold(0, u64::saturating_add)
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
/// A bundle counts from its first attempt, whatever becomes of it, for an hour: an engine that says
/// it failed could be wrong. Only one that every road refused counts no more.
#[derive(Clone, Debug)]
pub struct Spending {
    cap: u64,
    sum: u64,
    spent: VecDeque<Spent>,
}

#[derive(Clone, Copy, Debug)]
struct Spent {
    at_ns: u64,
    id: [u8; 32],
    lamports: u64,
}

impl Spending {
    /// Nothing spent yet, of `cap` lamports an hour.
    pub fn new(cap: u64) -> Self {
        Self { cap, sum: 0, spent: VecDeque::new() }
    }

    /// Counts `lamports` for the bundle `id` at `now_ns`, unless that would exceed the cap.
    pub fn admit(&mut self, now_ns: u64, id: &[u8; 32], lamports: u64) -> bool {
        self.forget(now_ns);
        let fits = self.sum.checked_add(lamports).is_some_and(|sum| sum <= self.cap);
        if fits {
            self.restore(now_ns, id, lamports);
        }
        fits
    }

    /// Counts what was spent before, over the cap or not.
    pub fn restore(&mut self, at_ns: u64, id: &[u8; 32], lamports: u64) {
        self.sum = self.sum.saturating_add(lamports);
        self.spent.push_back(Spent { at_ns, id: *id, lamports });
    }

    /// Counts the bundle `id` no more: no road took it.
    pub fn release(&mut self, id: &[u8; 32]) {
        if let Some(at) = self.spent.iter().rposition(|spent| spent.id == *id) {
            self.spent.remove(at);
            self.add_up();
        }
    }

    /// Lamports of the last hour.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// Forgets what is an hour old. What a clock that was set back dates ahead stays.
    fn forget(&mut self, now_ns: u64) {
        let len = self.spent.len();
        self.spent.retain(|spent| now_ns.saturating_sub(spent.at_ns) < HOUR_NS);
        if self.spent.len() != len {
            self.add_up();
        }
    }

    /// The sum anew: one that was saturated cannot be taken back.
    fn add_up(&mut self) {
        self.sum = self.spent.iter().fold(0, |sum, spent| sum.saturating_add(spent.lamports));
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
        assert!(spending.sum() == 60 && !spending.admit(HOUR_NS + 4, &[4; 32], 41));
        assert!(spending.admit(HOUR_NS + 5, &[4; 32], 100));
        // The clock was set back: what is dated ahead still counts.
        assert!(!spending.admit(9, &[5; 32], 1));
        let mut spending = Spending::new(u64::MAX);
        spending.restore(1, &[1; 32], u64::MAX);
        assert!(!spending.admit(2, &[2; 32], 1));
        spending.release(&[1; 32]);
        assert!(spending.admit(2, &[2; 32], 1));
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
                    kept.iter().filter(|(at, _)| now_ns - at < HOUR_NS).map(|(_, l)| l).sum()
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
