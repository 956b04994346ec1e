//! Bundles that are more than one plain transaction: back-runs, plans, nonces, balances, measured units.
//! Whatever is made, no rule of a block engine is broken.

use super::check::{Known, Rules};
use super::nonce::tests::account as nonce_account;
use super::testdata::{
    AMM, AMM_2, CPMM, CPMM_BACK, CPMM_OTHER, book, ended, key, opportunity, settle,
};
use super::transaction::{message, transfer, wire};
use super::*;
use crate::dex::AccountBook;
use crate::ids::{JITO_TIP_ACCOUNTS, Key, LOOKUP_TABLE, SYSTEM};
use crate::keys::Signer;
use crate::record::{Cause, Opportunity, Record, TxnState};
use crate::stream::{Arena, Sink, Stage};
use crate::wire::txn::Transaction;
use solana_sdk::transaction::VersionedTransaction;

const GIVEN: Blockhash = Blockhash { hash: [0xb5; 32], slot: Some(990) };

fn signer(number: u8) -> Signer {
    Signer::from_seed(&[number; 32])
}

fn builder(policy: Policy) -> Builder {
    Builder::new(book(), Payer::Signs(signer(42)), policy, Some(GIVEN))
}

type Made = (Bundle, Vec<Vec<u8>>);

/// What `builder` makes of `record`; each bundle sound by every rule of a block engine.
fn step(builder: &mut Builder<impl Meter>, record: Record<'_>) -> Vec<Made> {
    let mut arena = Arena::with_room(0);
    builder.step(record, &mut arena);
    taken(&arena)
}

fn taken(arena: &Arena) -> Vec<Made> {
    let of = |record: Record<'_>| {
        crate::record::check(record).unwrap();
        let bundle = *record.get::<Bundle>().unwrap().unwrap();
        let tail = record.tail::<Bundle>();
        let txs: Vec<Vec<u8>> = bundle.transactions(tail).map(<[u8]>::to_vec).collect();
        assert_eq!(txs.len(), usize::from(bundle.txs));
        let mut rules = Rules::default();
        rules.known = Known::new(&AccountBook::new());
        assert_eq!(rules.check(&bundle, tail), [], "a rule is broken");
        for tx in &txs {
            let sdk: VersionedTransaction = bincode::deserialize(tx).unwrap();
            assert!(sdk.verify_with_results().iter().all(|good| *good));
            sdk.sanitize().unwrap();
        }
        (bundle, txs)
    };
    arena.records().map(of).collect()
}

fn offer(builder: &mut Builder<impl Meter>, opportunity: &Opportunity) -> Vec<Made> {
    step(builder, Record::of(opportunity))
}

fn refused(builder: &Builder<impl Meter>) -> Vec<(&'static str, u64)> {
    let counts = Reject::ALL.iter().map(|reject| (reject.name(), builder.counts().of(*reject)));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// Somebody's transaction that transfers to `to`, with `hash`, signed if `signed`.
fn theirs(number: u8, to: &Key, hash: [u8; 32], signed: bool) -> Vec<u8> {
    let payer = signer(number).public();
    let message = message(&[transfer(&payer, to, 1500)], &payer, &hash, (&Tables::default(), 0), 1);
    let message = message.unwrap();
    let signature = if signed { signer(number).sign(&message) } else { [0; 64] };
    wire(&message, &[signature])
}

/// Gives `builder` the transaction `wire` as one of state `state`; its signature.
fn tell(builder: &mut Builder<impl Meter>, wire: &[u8], state: TxnState) -> [u8; 64] {
    let tx = Transaction::check(wire).unwrap();
    let mut txn = Txn::new(5);
    (txn.state, txn.signature) = (state as u8, *tx.signature());
    txn.wire_len = u16::try_from(wire.len()).unwrap();
    let len = (size_of::<Txn>() + wire.len()).next_multiple_of(64);
    txn.head.len = u32::try_from(len).unwrap();
    let mut arena = Arena::with_room(0);
    arena.put_parts(&txn, wire);
    for record in arena.records() {
        assert_eq!(step(builder, record), []);
    }
    txn.signature
}

/// A cycle that pays behind the transaction of `trigger`.
fn behind(trigger: [u8; 64]) -> Opportunity {
    let mut made = opportunity(&book(), &[key(AMM_2), key(AMM)], 5_000_000_000);
    made.cause = Cause::Pending as u8;
    (made.trigger, made.present) = (trigger, made.present | Opportunity::TRIGGER);
    made
}

fn tips(tx: &[u8]) -> u64 {
    check::tips(&Transaction::check(tx).unwrap())
}

#[test]
fn a_back_run_comes_behind_the_pending_transaction_and_tips_last() {
    for backrun in [Backrun::Auto, Backrun::Only] {
        let mut builder = builder(Policy { backrun, ..Policy::DEFAULT });
        let pending = theirs(50, &[9; 32], [7; 32], true);
        let found = behind(tell(&mut builder, &pending, TxnState::Pending));
        let [(bundle, txs)] = offer(&mut builder, &found).try_into().unwrap();
        let [first, ours] = txs.try_into().unwrap();
        assert_eq!((&first, tips(&first), tips(&ours)), (&pending, 0, found.tip));
        let ours = Transaction::check(&ours).unwrap();
        assert_eq!(ours.fee_payer(), &signer(42).public());
        assert_eq!((bundle.tip, bundle.net, bundle.missing), (found.tip, found.net, 0));
        assert_eq!((builder.counts().backruns, builder.pending().taken), (1, 1));
        let first = Transaction::check(&first).unwrap();
        assert_eq!(bundle.id, bundle_id([first.signature(), ours.signature()]));
    }
}

#[test]
fn what_the_pending_one_tips_is_in_the_record_and_not_in_our_counts() {
    let mut builder = builder(Policy::DEFAULT);
    let pending = theirs(50, &JITO_TIP_ACCOUNTS[1], [7; 32], true);
    let found = behind(tell(&mut builder, &pending, TxnState::Pending));
    let [(bundle, _)] = offer(&mut builder, &found).try_into().unwrap();
    assert_eq!((bundle.tip, bundle.net), (found.tip + 1500, found.net));
    assert_eq!(builder.counts().tips_lamports, found.tip);
}

#[test]
fn a_trigger_without_a_slot_is_as_new_as_the_stream() {
    let mut builder = Builder::new(book(), Payer::Signs(signer(42)), Policy::DEFAULT, None);
    let pending = theirs(50, &[9; 32], [7; 32], true);
    let trigger = tell(&mut builder, &pending, TxnState::Pending);
    step(&mut builder, Record::of(&ended(2000, [8; 32])));
    let unknown = Opportunity { slot: 0, ..behind(trigger) };
    let [(bundle, txs)] = offer(&mut builder, &unknown).try_into().unwrap();
    assert_eq!((bundle.slot, bundle.blockhash_slot, txs.len()), (2000, 2000, 2));
    let old = Opportunity { slot: 1900, state_hash: 3, ..behind(trigger) };
    assert_eq!(offer(&mut builder, &old), []);
    assert_eq!(refused(&builder), [("stale", 1)]);
}

#[test]
fn what_landed_is_not_carried_and_what_cannot_land_is_refused() {
    let unsigned = theirs(51, &[9; 32], [7; 32], false);
    let good = theirs(50, &[9; 32], [7; 32], true);
    for (backrun, alone, refusal) in [
        (Backrun::Auto, true, Reject::NoTrigger),
        (Backrun::Only, false, Reject::TriggerLanded),
        (Backrun::Never, true, Reject::NoTrigger),
    ] {
        let mut builder = builder(Policy { backrun, ..Policy::DEFAULT });
        let trigger = tell(&mut builder, &good, TxnState::Pending);
        tell(&mut builder, &good, TxnState::InBlock);
        let made = offer(&mut builder, &behind(trigger));
        assert_eq!((made.len() == 1, made.iter().all(|(one, _)| one.txs == 1)), (alone, true));
        assert_eq!(builder.counts().of(refusal), u64::from(!alone));
        assert_eq!((builder.pending().landed, builder.counts().backruns), (1, 0));
        let unknown = behind([3; 64]);
        let mut unknown = Opportunity { state_hash: 77, ..unknown };
        unknown.amounts[0] -= 1;
        assert_eq!(offer(&mut builder, &unknown).len(), usize::from(alone));
        assert_eq!(builder.counts().of(Reject::NoTrigger), u64::from(!alone));
    }
    let mut auto = builder(Policy::DEFAULT);
    let trigger = tell(&mut auto, &unsigned, TxnState::Pending);
    assert_eq!(offer(&mut auto, &behind(trigger)), []);
    assert_eq!(refused(&auto), [("trigger_unfit", 1)]);
    let names = Rule::NAMES.iter().zip(auto.counts().broken);
    let broken: Vec<_> = names.filter(|(_, count)| *count > 0).collect();
    assert_eq!(broken, [(&"unsigned", 1)]);
    // The slot that ended in its blockhash is 151 slots behind.
    let trigger = tell(&mut auto, &good, TxnState::Pending);
    step(&mut auto, Record::of(&ended(1000, [7; 32])));
    let late = Opportunity { slot: 1151, ..behind(trigger) };
    assert_eq!(offer(&mut auto, &late), []);
    assert_eq!(auto.counts().of(Reject::TriggerExpired), 1);
}

#[test]
fn a_back_run_of_who_changes_tables_looks_nothing_up() {
    let payer = signer(50).public();
    let extend = solana_sdk::instruction::Instruction {
        program_id: solana_sdk::pubkey::Pubkey::new_from_array(LOOKUP_TABLE),
        accounts: vec![solana_sdk::instruction::AccountMeta::new(
            solana_sdk::pubkey::Pubkey::new_from_array(key(0xa1)),
            false,
        )],
        data: vec![2, 0, 0, 0],
    };
    let changing = message(&[extend], &payer, &[7; 32], (&Tables::default(), 0), 1).unwrap();
    let changing = wire(&changing, &[signer(50).sign(&changing)]);
    let mut tables = AccountBook::new();
    let held: Vec<Key> = (0x10..=0x60).map(key).collect();
    tables.insert(key(0xa1), LOOKUP_TABLE, tables::tests::account(5, &held), 0);
    let lookups = |pending: &[u8]| {
        let mut builder = builder(Policy::DEFAULT).with_alt(&tables);
        let trigger = tell(&mut builder, pending, TxnState::Pending);
        let mut arena = Arena::with_room(0);
        builder.step(Record::of(&behind(trigger)), &mut arena);
        let record = arena.records().next().unwrap();
        let bundle = record.get::<Bundle>().unwrap().unwrap();
        let ours = bundle.transactions(record.tail::<Bundle>()).nth(1).unwrap();
        Transaction::check(ours).unwrap().lookups().count()
    };
    assert_eq!((lookups(&theirs(50, &[9; 32], [7; 32], true)), lookups(&changing)), (1, 0));
}

/// `count` parts of a plan, each another cycle.
fn plan(count: u8) -> Vec<Opportunity> {
    let routes = [vec![AMM_2, AMM], vec![AMM_2, CPMM], vec![AMM_2, CPMM_OTHER, CPMM_BACK]];
    let part = |index: u8| {
        let route = &routes[usize::from(index) % 3];
        let route: Vec<_> = route.iter().map(|first| key(*first)).collect();
        let mut made = opportunity(&book(), &route, 5_000_000_000 - u64::from(index));
        (made.plan_index, made.plan_count) = (index.into(), count);
        (made.state_hash, made.conflict_group) = (100 + u64::from(index), 4);
        made
    };
    (0..count).map(part).collect()
}

const JOIN: Policy = Policy { join_plans: true, ..Policy::DEFAULT };

#[test]
fn a_plan_is_one_bundle_whose_last_transaction_tips_for_all() {
    for count in 2..=5 {
        let mut builder = builder(JOIN);
        let mut made = Vec::new();
        for part in plan(count) {
            assert_eq!(made, [], "the plan is not whole");
            made = offer(&mut builder, &part);
        }
        let [(bundle, txs)] = made.try_into().unwrap();
        let sum = |of: fn(&Opportunity) -> i64| plan(count).iter().map(of).sum::<i64>();
        let all = u64::try_from(sum(|part| i64::try_from(part.tip).unwrap())).unwrap();
        let parts = usize::from(count);
        assert_eq!((txs.len(), bundle.tip, bundle.net), (parts, all, sum(|part| part.net)));
        let paid: Vec<u64> = txs.iter().map(|tx| tips(tx)).collect();
        let total: u64 = paid.iter().sum();
        assert_eq!((paid.last(), total), (Some(&all), all));
        assert_eq!(i64::from(bundle.compute_units), sum(|part| part.compute_units.into()));
        assert_eq!(builder.counts().joined, u64::from(count));
        // Each alone, without the option.
        let mut apart = self::builder(Policy::DEFAULT);
        let alone: usize = plan(count).iter().map(|part| offer(&mut apart, part).len()).sum();
        assert_eq!(alone, usize::from(count));
    }
}

#[test]
fn a_plan_ends_before_what_cannot_be_made() {
    let parts = plan(4);
    let mut bad = parts.clone();
    bad[2].min_out[2] = 0;
    let mut one = builder(JOIN);
    let made: Vec<Made> = bad.iter().flat_map(|part| offer(&mut one, part)).collect();
    assert_eq!((made.len(), made[0].0.txs), (1, 2));
    assert_eq!(refused(&one), [("unguarded", 1), ("broken_plan", 1)]);
    assert_eq!(tips(&made[0].1[1]), bad[0].tip + bad[1].tip);
    // The sum of the tips has the limit.
    let most = Some(parts[0].tip + parts[1].tip);
    let mut limited = builder(Policy { tip_max_lamports: most, ..JOIN });
    let made: Vec<Made> = parts.iter().flat_map(|part| offer(&mut limited, part)).collect();
    assert_eq!((made.len(), made[0].0.txs), (1, 2));
    assert_eq!(refused(&limited), [("tip_over_limit", 1), ("broken_plan", 1)]);
    // The first cannot be made: none is.
    bad[0].hops = 0;
    let mut none = builder(JOIN);
    assert!(bad.iter().all(|part| offer(&mut none, part).is_empty()));
    assert_eq!(refused(&none), [("hops", 1), ("broken_plan", 3)]);
}

#[test]
fn a_plan_whose_rest_does_not_come_is_made_of_what_came() {
    let parts = plan(3);
    let other = Opportunity { ordinal: 6, state_hash: 9, ..parts[2] };
    let other = Opportunity { plan_count: 0, plan_index: 0, ..other };
    let mut by_other = builder(JOIN);
    offer(&mut by_other, &parts[0]);
    offer(&mut by_other, &parts[1]);
    let counts: Vec<u8> = offer(&mut by_other, &other).iter().map(|(made, _)| made.txs).collect();
    assert_eq!(counts, [2, 1]);
    let mut by_slot = builder(JOIN);
    offer(&mut by_slot, &parts[0]);
    assert_eq!(step(&mut by_slot, Record::of(&ended(1000, [7; 32]))).len(), 1);
    let mut by_end = builder(JOIN);
    offer(&mut by_end, &parts[0]);
    let mut arena = Arena::with_room(0);
    by_end.idle(1, &mut arena);
    assert!(arena.is_empty(), "time does not decide");
    by_end.finish(&mut arena);
    assert_eq!(taken(&arena).len(), 1);
}

#[test]
fn a_plan_behind_a_pending_transaction_has_four_of_ours() {
    let mut builder = builder(JOIN);
    let pending = theirs(50, &[9; 32], [7; 32], true);
    let trigger = tell(&mut builder, &pending, TxnState::Pending);
    let mut made = Vec::new();
    for part in plan(5) {
        let mut part = Opportunity { cause: Cause::Pending as u8, trigger, ..part };
        part.present |= Opportunity::TRIGGER;
        made = offer(&mut builder, &part);
    }
    let [(bundle, txs)] = made.try_into().unwrap();
    assert_eq!((bundle.txs, &txs[0]), (5, &pending));
    assert_eq!(refused(&builder), [("broken_plan", 1)]);
    assert_eq!(tips(&txs[4]), bundle.tip);
}

#[test]
fn a_payer_that_could_fall_below_the_least_is_passed_over() {
    let [first, second] = [42, 43].map(|number| signer(number).public());
    let book = book();
    let mut found = opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    let cost = found.base_fee + found.priority_fee + found.tip;
    let balances = [(first, 1000 + cost), (second, 1000 + 2 * cost)];
    let mut builder =
        builder(Policy::DEFAULT).with_payers([Payer::Signs(signer(43))]).with_least(1000, balances);
    let mut payers = Vec::new();
    for turn in 0..4 {
        found.state_hash = turn;
        let made = offer(&mut builder, &found);
        payers
            .extend(made.iter().map(|(_, txs)| *Transaction::check(&txs[0]).unwrap().fee_payer()));
        found.amounts[0] -= 1;
        settle(&mut found);
        found.tip = cost - found.base_fee - found.priority_fee;
        settle_tip(&mut found);
    }
    assert_eq!(payers, [first, second, second]);
    assert_eq!(refused(&builder), [("min_balance", 1)]);
    // Once the blockhash of the open ones has expired they can spend again.
    step(&mut builder, Record::of(&ended(990 + BLOCKHASH_AGE_MAX + 1, [8; 32])));
    found.slot = 990 + BLOCKHASH_AGE_MAX;
    found.state_hash = 9;
    assert_eq!(offer(&mut builder, &found).len(), 1);
    let mut unknown = self::builder(Policy::DEFAULT).with_least(0, []);
    assert_eq!(
        (offer(&mut unknown, &found).len(), refused(&unknown)),
        (0, vec![("no_balance", 1)])
    );
}

/// Keeps the tip and fits what follows from it.
fn settle_tip(made: &mut Opportunity) {
    let last = usize::from(made.hops) - 1;
    made.min_out[last] = made.amounts[0] + made.base_fee + made.priority_fee + made.tip;
    let costs = i64::try_from(made.base_fee + made.priority_fee + made.tip).unwrap();
    made.net = made.gross - costs;
}

#[test]
fn rent_of_accounts_that_might_be_made_counts() {
    let found = opportunity(&book(), &[key(AMM_2), key(AMM)], 5_000_000_000);
    let cost = found.base_fee + found.priority_fee + found.tip + 2 * 2_039_280;
    for (balance, made) in [(cost, 1), (cost - 1, 0)] {
        let policy = Policy { create_token_accounts: true, ..Policy::DEFAULT };
        let balances = [(signer(42).public(), balance)];
        let mut builder = builder(policy).with_least(0, balances);
        assert_eq!(offer(&mut builder, &found).len(), made);
    }
}

#[test]
fn a_nonce_stands_for_the_blockhash_once() {
    let payer = signer(42).public();
    let read = |number: u8, authority: Key, by: Option<Signer>| {
        let state = nonce_account(authority, [number; 32]);
        Nonce::read([number; 32], &state, by, &[payer]).unwrap()
    };
    let other = || signer(60);
    let nonces = vec![read(0xc1, payer, None), read(0xc2, other().public(), Some(other()))];
    let mut builder = builder(Policy::DEFAULT).with_nonces(nonces);
    let mut found = opportunity(&book(), &[key(AMM_2), key(AMM)], 5_000_000_000);
    for (number, signatures) in [(0xc1, 1), (0xc2, 2)] {
        found.state_hash += 1;
        if signatures == 2 {
            // It counted one signature, and the transaction would have two.
            assert_eq!(offer(&mut builder, &found), []);
            assert_eq!(builder.counts().of(Reject::FeesDiffer), 1);
            found.base_fee *= 2;
            settle_tip(&mut found);
        }
        let [(bundle, txs)] = offer(&mut builder, &found).try_into().unwrap();
        assert_eq!((bundle.blockhash, bundle.missing), ([number; 32], 0));
        assert_eq!(bundle.present & (Bundle::LAST_VALID | Bundle::BLOCKHASH_SLOT), 0);
        let tx = Transaction::check(&txs[0]).unwrap();
        assert_eq!((tx.blockhash(), tx.signatures().len()), (&[number; 32], signatures));
        let first = tx.instructions().next().unwrap();
        assert_eq!(tx.account_key(first.program_index), Some(&SYSTEM));
        assert_eq!((first.data, first.accounts.len()), ([4, 0, 0, 0].as_slice(), 3));
        let account = |at: usize| *tx.account_key(first.accounts[at]).unwrap();
        let authority = if signatures == 1 { payer } else { other().public() };
        assert_eq!((account(0), account(2)), ([number; 32], authority));
        assert!(tx.is_writable(first.accounts[0]) && tx.is_signer(first.accounts[2]));
    }
    found.state_hash += 1;
    assert_eq!(offer(&mut builder, &found), []);
    assert_eq!(builder.counts().of(Reject::NoNonce), 1);
    // However old the stream is, within what an opportunity may be.
    step(&mut builder, Record::of(&ended(1003, [8; 32])));
    assert_eq!(builder.counts().signed, 2);
}

/// Uses `0` units for each transaction, or none where it is `None`.
struct Fixed(Option<u64>);

impl Meter for Fixed {
    const MEASURES: bool = true;

    fn units(&mut self, slot: u64, rx_ns: u64, transactions: &[&[u8]]) -> Option<Vec<u64>> {
        assert_eq!((slot, rx_ns), (1000, 77));
        let count = |tx: &&[u8]| Transaction::check(tx).unwrap().instructions().len();
        assert!(transactions.iter().map(count).sum::<usize>() > 0);
        self.0.map(|units| vec![units; transactions.len()])
    }
}

#[test]
fn measured_units_replace_those_counted_and_move_fee_net_and_guard() {
    let found = opportunity(&book(), &[key(AMM_2), key(AMM)], 5_000_000_000);
    let with = |used, margin_percent| {
        let policy = Policy { margin_percent, ..Policy::DEFAULT };
        let mut builder = builder(policy).with_meter(Fixed(used));
        let made = offer(&mut builder, &found);
        (made, refused(&builder), [builder.counts().measured, builder.counts().unmeasured])
    };
    let limit = |txs: &[Vec<u8>]| {
        let tx = Transaction::check(&txs[0]).unwrap();
        let first = tx.instructions().next().unwrap();
        u32::from_le_bytes(first.data[1..5].try_into().unwrap())
    };
    // 100 000 used of 300 000, a tenth more: a third of the priority fee.
    let (made, _, counts) = with(Some(100_000), 10);
    let fee = priority_fee(found.cu_price_micro, 110_000).unwrap();
    let saved = i64::try_from(found.priority_fee - fee).unwrap();
    assert_eq!((made[0].0.compute_units, limit(&made[0].1), counts), (110_000, 110_000, [1, 0]));
    assert_eq!(made[0].0.net, found.net + saved);
    // More than was counted: the last swap must give what that costs, too.
    let (made, _, _) = with(Some(400_000), 0);
    let more = priority_fee(found.cu_price_micro, 400_000).unwrap() - found.priority_fee;
    assert_eq!(made[0].0.net, found.net - i64::try_from(more).unwrap());
    let tx = Transaction::check(&made[0].1[0]).unwrap();
    let last_swap = tx.instructions().nth(3).unwrap();
    let least = u64::from_le_bytes(last_swap.data[9..17].try_into().unwrap());
    assert_eq!(least, found.min_out[1] + more);
    let (made, _, counts) = with(None, 10);
    assert_eq!((made[0].0.compute_units, counts), (300_000, [0, 1]));
    let (made, why, _) = with(Some(1_400_000), 1);
    assert_eq!((made.len(), why), (0, vec![("compute_units", 1)]));
}
