//! The builder against other readers of the same bytes, and every refusal provoked.

use super::testdata::{
    AMM, AMM_2, CPMM, CPMM_BACK, CPMM_OTHER, add_amm_v4, add_cpmm, add_mint, book, key, on_feed,
    opportunity, settle,
};
use super::*;
use crate::dex::{self, AccountBook, Decoded, SwapIx, associated_token};
use crate::ids::{
    COMPUTE_BUDGET, JITO_TIP_ACCOUNTS, Key, LOOKUP_TABLE, RAYDIUM_CPMM, SYSTEM, TOKEN, TOKEN_2022,
    WSOL,
};
use crate::keys::Signer;
use crate::record::{self, Opportunity, Record, Verdict};
use crate::stream::{Arena, Stage};
use crate::wire::txn::Transaction;
use solana_sdk::transaction::VersionedTransaction;

const POLICY: Policy = Policy::DEFAULT;
const SEED: [u8; 32] = [42; 32];
const GIVEN: Blockhash = Blockhash { hash: [0xb5; 32], slot: Some(990) };

fn signer() -> Payer {
    Payer::Signs(Signer::from_seed(&SEED))
}

fn builder(book: AccountBook) -> Builder {
    Builder::new(book, signer(), POLICY, Some(GIVEN))
}

fn builder_with_given() -> Builder {
    builder(book())
}

/// What `builder` makes of `opportunity`.
fn make(builder: &mut Builder, opportunity: &Opportunity) -> Option<(Bundle, Vec<u8>)> {
    let mut arena = Arena::with_room(<Builder>::MAX_OUT);
    builder.step(Record::of(opportunity), &mut arena);
    let mut records = arena.records();
    let made = records.next().map(|record| {
        record::check(record).unwrap();
        assert!(record.bytes().len() <= <Builder>::MAX_OUT);
        let bundle = record.get::<Bundle>().unwrap().unwrap();
        let transactions: Vec<_> = bundle.transactions(record.tail::<Bundle>()).collect();
        assert_eq!(transactions.len(), 1);
        (*bundle, transactions[0].to_vec())
    });
    assert!(records.next().is_none(), "one opportunity, one bundle");
    made
}

/// Why `builder` makes nothing of `opportunity`.
fn refusal(builder: &mut Builder, opportunity: &Opportunity) -> Reject {
    let before = builder.counts().refused;
    assert!(make(builder, opportunity).is_none(), "a bundle was made");
    let mut changed = Reject::ALL.iter().zip(builder.counts().refused.iter().zip(before));
    let (reject, _) = changed.find(|(_, (now, then))| **now == then + 1).unwrap();
    *reject
}

/// The swaps of `tx`, as the venues' own decoders read them.
fn swaps<'a>(tx: &Transaction<'a>) -> Vec<SwapIx<'a>> {
    let decode = |ix: crate::wire::txn::Instruction<'a>| {
        let program = tx.account_key(ix.program_index).unwrap();
        let ix = dex::Instruction {
            program,
            data: ix.data,
            indices: ix.accounts,
            keys: tx.keys(),
            loaded: &[],
        };
        match dex::decode(&ix)? {
            Decoded::One(swap) => Some(swap),
            other => panic!("{other:?}"),
        }
    };
    tx.instructions().filter_map(decode).collect()
}

/// Holds a signed transaction against everything that is known of it.
fn check(made: &(Bundle, Vec<u8>), opportunity: &Opportunity) {
    let (bundle, bytes) = made;
    let tx = Transaction::check(bytes).unwrap();
    let payer = signer().key();
    assert_eq!(tx.fee_payer(), &payer);
    assert_eq!(tx.blockhash(), &bundle.blockhash);
    assert!(bytes.len() <= TX_LEN_MAX && tx.keys().len() <= ACCOUNT_LOCKS_MAX);
    // Signed, by two verifiers that do not know each other.
    let public = ed25519_dalek::VerifyingKey::from_bytes(&payer).unwrap();
    let signature = ed25519_dalek::Signature::from_bytes(tx.signature());
    public.verify_strict(tx.message(), &signature).unwrap();
    let sdk: VersionedTransaction = bincode::deserialize(bytes).unwrap();
    assert_eq!(sdk.verify_with_results(), [true]);
    sdk.sanitize().unwrap();
    assert_eq!(bincode::serialize(&sdk).unwrap(), *bytes);
    assert_eq!(bundle.id, bundle_id([tx.signature()]));
    assert_eq!((bundle.head.flags, bundle.missing), (Bundle::SIGNED, 0));
    // The same swaps, with the same amounts, on the payer's own token accounts.
    let swaps = swaps(&tx);
    let hops = usize::from(opportunity.hops);
    assert_eq!(swaps.len(), hops);
    for (at, swap) in swaps.iter().enumerate() {
        assert_eq!(swap.pool, Some(&opportunity.pools[at]));
        assert_eq!(swap.venue as u16, opportunity.venues[at]);
        assert_eq!((swap.exact, swap.owner), (record::Exact::In, Some(&payer)));
        assert_eq!(swap.amount, Some(opportunity.amounts[at]));
        let limit = if at + 1 == hops { 0 } else { opportunity.amounts[at + 1] };
        assert_eq!(swap.limit, Some(limit.max(opportunity.min_out[at])));
        let next = if at + 1 == hops { WSOL } else { opportunity.mints[at + 1] };
        let account = |mint: &Key| associated_token(&payer, mint, &TOKEN);
        assert_eq!(swap.user_in, Some(&account(&opportunity.mints[at])));
        assert_eq!(swap.user_out, Some(&account(&next)));
        if swap.direction != record::Direction::Unknown {
            assert_eq!(swap.direction as u8, opportunity.directions[at]);
        }
    }
    check_budget_and_tip(&tx, bundle, opportunity);
}

fn check_budget_and_tip(tx: &Transaction<'_>, bundle: &Bundle, opportunity: &Opportunity) {
    let all: Vec<_> = tx.instructions().collect();
    let program = |at: usize| *tx.account_key(all[at].program_index).unwrap();
    assert_eq!([program(0), program(1)], [COMPUTE_BUDGET; 2]);
    assert_eq!(
        (all[0].data[0], &all[0].data[1..]),
        (2, opportunity.compute_units.to_le_bytes().as_slice())
    );
    assert_eq!(
        (all[1].data[0], &all[1].data[1..]),
        (3, opportunity.cu_price_micro.to_le_bytes().as_slice())
    );
    let last = all.len() - 1;
    assert_eq!((program(last), &all[last].data[..4]), (SYSTEM, [2, 0, 0, 0].as_slice()));
    assert_eq!(all[last].data[4..], opportunity.tip.to_le_bytes());
    let to = tx.account_key(all[last].accounts[1]).unwrap();
    assert!(JITO_TIP_ACCOUNTS.contains(to) && tx.is_writable(all[last].accounts[1]));
    assert_eq!((bundle.tip_account, bundle.tip), (*to, opportunity.tip));
}

#[test]
fn a_cycle_becomes_a_signed_transaction_that_others_read_back() {
    let book = book();
    for route in [vec![AMM_2, AMM], vec![AMM_2, CPMM], vec![AMM_2, CPMM_OTHER, CPMM_BACK]] {
        let route: Vec<_> = route.into_iter().map(key).collect();
        let opportunity = opportunity(&book, &route, 5_000_000_000);
        let made = make(&mut builder(book.clone()), &opportunity).unwrap();
        check(&made, &opportunity);
        let bundle = &made.0;
        assert_eq!((bundle.slot, bundle.ordinal, bundle.head.rx_ns), (1000, 5, 77));
        assert_eq!((bundle.net, bundle.compute_units), (opportunity.net, 300_000));
        assert_eq!((bundle.blockhash, bundle.blockhash_slot), (GIVEN.hash, 990));
        assert_eq!(bundle.last_valid_slot, 990 + BLOCKHASH_AGE_MAX);
        assert_eq!(bundle.tip_account, JITO_TIP_ACCOUNTS[0x1234_5678 % 8]);
        // The same input gives the same bytes.
        assert_eq!(make(&mut builder(book.clone()), &opportunity).unwrap(), made);
    }
}

#[test]
fn without_key_or_blockhash_a_bundle_is_unsigned_and_says_so() {
    let book = book();
    let opportunity = opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    let whole = make(&mut builder(book.clone()), &opportunity).unwrap();
    let named = || Payer::Named(signer().key());
    let cases = [
        (signer(), None, 1, "no_blockhash"),
        (named(), Some(GIVEN), 2, "no_keypair"),
        (named(), None, 3, "no_blockhash_no_keypair"),
    ];
    for (payer, given, missing, name) in cases {
        let mut builder = Builder::new(book.clone(), payer, POLICY, given);
        let (bundle, bytes) = make(&mut builder, &opportunity).unwrap();
        assert_eq!((bundle.missing, bundle.head.flags), (missing, 0));
        assert_eq!(bundle.present & Bundle::ID, 0);
        assert_eq!(bundle.present & Bundle::BLOCKHASH != 0, given.is_some());
        let field = Bundle::SCHEMA.field("missing").unwrap();
        let record::Show::Name(names) = field.show else { panic!("a name") };
        assert_eq!(names[usize::from(missing)], name);
        let tx = Transaction::check(&bytes).unwrap();
        assert_eq!(tx.signatures(), [[0; 64]]);
        assert_eq!(tx.blockhash(), &given.map_or([0; 32], |given| given.hash));
        assert_eq!(swaps(&tx).len(), 2);
        // Everything but signature and blockhash is that of the signed one.
        let signed = Transaction::check(&whole.1).unwrap();
        assert_eq!((tx.keys(), bytes.len()), (signed.keys(), whole.1.len()));
        assert_eq!(builder.counts().signed, 0);
        assert_eq!(builder.counts().no_blockhash, u64::from(given.is_none()));
    }
}

fn slot(number: u64, complete: u8, poh: Verdict) -> Slot {
    let mut slot = Slot::new(0);
    (slot.slot, slot.complete, slot.poh) = (number, complete, poh as u8);
    (slot.blockhash, slot.present) = ([number.to_le_bytes()[0]; 32], Slot::BLOCKHASH);
    slot
}

#[test]
fn the_blockhash_is_that_of_the_newest_complete_slot() {
    let book = book();
    let mut opportunity = opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    let mut builder = Builder::new(book, signer(), POLICY, None);
    let mut arena = Arena::with_room(0);
    let slots = [
        slot(996, 1, Verdict::Ok),
        slot(998, 1, Verdict::Unchecked),
        slot(997, 1, Verdict::Ok),
        slot(1001, 1, Verdict::Bad),
        slot(1002, 0, Verdict::Ok),
    ];
    for slot in &slots {
        builder.step(Record::of(slot), &mut arena);
    }
    assert!(arena.is_empty(), "slots are consumed");
    let (bundle, bytes) = make(&mut builder, &opportunity).unwrap();
    assert_eq!((bundle.blockhash, bundle.blockhash_slot), ([998u64.to_le_bytes()[0]; 32], 998));
    check(&(bundle, bytes), &opportunity);
    assert_eq!((builder.counts().slots, builder.counts().blockhashes), (5, 2));
    // A given one is used instead.
    let mut builder = builder_with_given();
    builder.step(Record::of(&slots[0]), &mut arena);
    opportunity.state_hash += 1;
    assert_eq!(make(&mut builder, &opportunity).unwrap().0.blockhash_slot, 990);
}

#[test]
fn a_fixed_tip_account_and_new_token_accounts_are_in_the_transaction() {
    let book = book();
    let opportunity = opportunity(&book, &[key(AMM_2), key(CPMM)], 5_000_000_000);
    let tip_account = Some(JITO_TIP_ACCOUNTS[7]);
    let policy = Policy { tip_account, create_token_accounts: true, ..POLICY };
    let mut builder = Builder::new(book, signer(), policy, Some(GIVEN));
    let made = make(&mut builder, &opportunity).unwrap();
    check(&made, &opportunity);
    assert_eq!(made.0.tip_account, JITO_TIP_ACCOUNTS[7]);
    let tx = Transaction::check(&made.1).unwrap();
    let all: Vec<_> = tx.instructions().collect();
    for (at, mint) in [(2, WSOL), (3, key(0xf0))] {
        let account = |position: usize| *tx.account_key(all[at].accounts[position]).unwrap();
        let payer = signer().key();
        let expected = [payer, associated_token(&payer, &mint, &TOKEN), payer, mint, SYSTEM, TOKEN];
        assert_eq!([0, 1, 2, 3, 4, 5].map(account), expected);
        assert_eq!(all[at].data, [1]);
    }
}

/// The refusals that no record and no account file provokes here: `transaction` tests the first two,
/// the next ones say that a pool of the book is not in the book, and `tests_several` and `tests_flash`
/// provoke the rest.
const UNREACHABLE: [Reject; 19] = [
    Reject::Signers,
    Reject::TooManyAccounts,
    Reject::Venue,
    Reject::NoPoolAccount,
    Reject::NoVaults,
    Reject::BadTick,
    Reject::NoArrays,
    Reject::CashbackPool,
    Reject::NoTrigger,
    Reject::TriggerLanded,
    Reject::TriggerExpired,
    Reject::TriggerUnfit,
    Reject::BrokenPlan,
    Reject::MinBalance,
    Reject::NoBalance,
    Reject::NoNonce,
    Reject::LoanTooLarge,
    Reject::LoanTooSmall,
    Reject::NoLoanAccount,
];

/// A way to spoil an opportunity.
type Change = fn(&mut Opportunity);

#[test]
fn every_refusal_is_provoked_by_name() {
    let book = book();
    let good = opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    let changes: [(Reject, Change); 29] = [
        (Reject::NotTaken, |o| (o.head.flags, o.reason) = (Opportunity::REFUSED, 3)),
        (Reject::BaseMint, |o| o.base_mint = key(0xf0)),
        (Reject::FlashLoan, |o| o.flash_fee = 1),
        (Reject::ComputeUnits, |o| o.compute_units = 0),
        (Reject::ComputeUnits, |o| o.compute_units = COMPUTE_UNITS_MAX + 1),
        (Reject::FeesDiffer, |o| o.base_fee += 1),
        (Reject::FeesDiffer, |o| o.priority_fee -= 1),
        (Reject::FeesDiffer, |o| o.cu_price_micro = u64::MAX),
        (Reject::TipTooSmall, |o| o.tip = TIP_MIN_LAMPORTS - 1),
        (Reject::TipBeyondProfit, |o| o.tip = o.tip * 2 + 2),
        (Reject::TipBeyondProfit, |o| o.gross = i64::MIN),
        (Reject::TipBeyondProfit, |o| o.tip = u64::MAX),
        (Reject::BlockhashTooOld, |o| o.slot = 990 + BLOCKHASH_AGE_MAX + 1),
        (Reject::BlockhashTooOld, |o| o.slot = u64::MAX),
        (Reject::Hops, |o| o.hops = 0),
        (Reject::Hops, |o| o.hops = 1),
        (Reject::Hops, |o| o.hops = 5),
        (Reject::SamePool, |o| o.pools[1] = o.pools[0]),
        (Reject::BrokenCycle, |o| o.amounts[0] = 0),
        (Reject::BrokenCycle, |o| o.amounts[2] = 0),
        (Reject::BrokenCycle, |o| o.mints[0] = key(0xf0)),
        (Reject::BrokenCycle, |o| o.mints[1] = key(0xf1)),
        (Reject::BrokenCycle, |o| o.mints[1] = WSOL),
        (Reject::Unguarded, |o| o.min_out[1] -= 1),
        (Reject::Unguarded, |o| o.amounts[0] = u64::MAX),
        (Reject::NoPool, |o| o.pools[0] = key(0xaa)),
        (Reject::NoProgram, |o| on_feed(o, 0)),
        (Reject::NoProgram, |o| on_feed(o, 1)),
        (Reject::NoPool, |o| o.pools[1] = [0; 32]),
    ];
    let mut provoked = Vec::new();
    for (reject, change) in changes {
        let mut bad = good;
        change(&mut bad);
        assert_eq!(refusal(&mut builder(book.clone()), &bad), reject, "{}", reject.name());
        provoked.push(reject);
    }
    provoked.extend(refused_by_memory_and_limits(&book, &good));
    provoked.extend(refused_by_accounts());
    for reject in Reject::ALL {
        let expected = !UNREACHABLE.contains(reject);
        assert_eq!(provoked.contains(reject), expected, "{}", reject.name());
    }
}

/// Refusals that come from what was before, or from an option.
fn refused_by_memory_and_limits(book: &AccountBook, good: &Opportunity) -> Vec<Reject> {
    let mut builder = builder(book.clone());
    assert!(make(&mut builder, good).is_some());
    assert_eq!(refusal(&mut builder, good), Reject::Duplicate);
    let mut again = *good;
    again.state_hash += 8;
    assert_eq!(refusal(&mut builder, &again), Reject::DuplicateTransaction);
    again.amounts[0] -= 1;
    assert!(make(&mut builder, &again).is_some());
    let mut other_plan = *good;
    (other_plan.plan_index, other_plan.amounts[0]) = (1, good.amounts[0] - 2);
    assert!(make(&mut builder, &other_plan).is_some());

    let policy = Policy { tip_max_lamports: Some(good.tip - 1), ..POLICY };
    let mut limited = Builder::new(book.clone(), signer(), policy, Some(GIVEN));
    assert_eq!(refusal(&mut limited, good), Reject::TipOverLimit);
    let policy = Policy { tip_max_lamports: Some(good.tip), ..POLICY };
    assert!(make(&mut Builder::new(book.clone(), signer(), policy, None), good).is_some());

    let mut late = Builder::new(book.clone(), signer(), POLICY, None);
    let mut arena = Arena::with_room(0);
    late.step(Record::of(&slot(1000 + POLICY.age_max_slots + 1, 1, Verdict::Ok)), &mut arena);
    assert_eq!(refusal(&mut late, good), Reject::Stale);
    let mut in_time = *good;
    in_time.slot += 1;
    assert!(make(&mut late, &in_time).is_some());

    let mut nobody = Builder::new(book.clone(), Payer::Nobody, POLICY, Some(GIVEN));
    assert_eq!(refusal(&mut nobody, good), Reject::NoPayer);
    assert_eq!(nobody.counts().of(Reject::NoPayer), 1);
    vec![
        Reject::NoPayer,
        Reject::Duplicate,
        Reject::DuplicateTransaction,
        Reject::TipOverLimit,
        Reject::Stale,
    ]
}

/// Refusals that come from what the account files hold.
fn refused_by_accounts() -> Vec<Reject> {
    let (long_book, long, held) = long_cycle();
    let policy = Policy { create_token_accounts: true, ..POLICY };
    let mut creating = Builder::new(long_book.clone(), signer(), policy, Some(GIVEN));
    assert_eq!(refusal(&mut creating, &long), Reject::TxTooLarge);
    let mut tables = AccountBook::new();
    tables.insert(key(0xa1), LOOKUP_TABLE, tables::tests::account(long.slot, &held), 0);
    let mut young = Builder::new(long_book, signer(), policy, Some(GIVEN));
    young = young.with_tables(Tables::of(&tables));
    assert_eq!(refusal(&mut young, &long), Reject::YoungTable);

    // Without its mint a token's program is not known, but for AMM v4, which takes SPL Token only.
    let (mut book, t) = (AccountBook::new(), key(0xf0));
    add_amm_v4(&mut book, 0x10, [WSOL, t], [1_000_000_000_000, 1_000_000_000_000]);
    add_amm_v4(&mut book, 0x20, [WSOL, t], [1_000_000_000_000, 1_100_000_000_000]);
    add_cpmm(&mut book, 0x30, [WSOL, t], [1_000_000_000_000, 1_000_000_000_000]);
    let plain = opportunity(&book, &[0x20, 0x10].map(key), 1_000_000_000);
    check(&make(&mut builder(book.clone()), &plain).unwrap(), &plain);
    let unknown = opportunity(&book, &[0x20, 0x30].map(key), 1_000_000_000);
    assert_eq!(refusal(&mut builder(book.clone()), &unknown), Reject::NoMintAccount);

    // A token that cannot be transferred: Token-2022, extension 9 of no length.
    let mut pool = book.get(&key(0x30)).unwrap().data.clone();
    pool[264..296].copy_from_slice(&TOKEN_2022);
    book.insert(key(0x30), RAYDIUM_CPMM, pool, 0);
    let vault = book.get(&key(0x32)).unwrap().data.clone();
    book.insert(key(0x32), TOKEN_2022, vault, 0);
    let mut mint = vec![0; 170];
    (mint[45], mint[165], mint[166]) = (1, 1, 9);
    book.insert(t, TOKEN_2022, mint, 0);
    assert_eq!(refusal(&mut builder(book), &unknown), Reject::UnsupportedPool);
    vec![Reject::TxTooLarge, Reject::YoungTable, Reject::NoMintAccount, Reject::UnsupportedPool]
}

#[test]
fn payers_take_turns_and_each_swaps_on_its_own_accounts() {
    let book = book();
    let other = || Payer::Signs(Signer::from_seed(&[43; 32]));
    let mut builder = builder(book.clone()).with_payers([other()]);
    let mut opportunity = opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    for turn in 0..4u64 {
        opportunity.state_hash = turn;
        let (_, bytes) = make(&mut builder, &opportunity).unwrap();
        // What is refused takes nobody's turn.
        assert_eq!(refusal(&mut builder, &opportunity), Reject::Duplicate);
        let payer = if turn & 1 == 0 { signer() } else { other() }.key();
        let tx = Transaction::check(&bytes).unwrap();
        assert_eq!(tx.fee_payer(), &payer);
        let public = ed25519_dalek::VerifyingKey::from_bytes(&payer).unwrap();
        let signature = ed25519_dalek::Signature::from_bytes(tx.signature());
        public.verify_strict(tx.message(), &signature).unwrap();
        let account = associated_token(&payer, &WSOL, &TOKEN);
        let swaps = swaps(&tx);
        assert_eq!((swaps[0].user_in, swaps[0].owner), (Some(&account), Some(&payer)));
        assert_eq!(swaps[1].user_out, Some(&account));
    }
}

/// A cycle over four CPMM pools that names more accounts than fit into a packet, and those accounts.
fn long_cycle() -> (AccountBook, Opportunity, Vec<Key>) {
    let (mut book, [t, u, v]) = (AccountBook::new(), [0xf0, 0xf1, 0xf2].map(key));
    for mint in [WSOL, t, u, v] {
        add_mint(&mut book, mint);
    }
    add_cpmm(&mut book, 0x10, [WSOL, t], [1_000_000_000_000, 1_000_000_000_000]);
    add_cpmm(&mut book, 0x20, [t, u], [1_000_000_000_000, 1_100_000_000_000]);
    add_cpmm(&mut book, 0x30, [u, v], [1_000_000_000_000, 1_000_000_000_000]);
    add_cpmm(&mut book, 0x40, [WSOL, v], [1_000_000_000_000, 1_000_000_000_000]);
    let opportunity = opportunity(&book, &[0x10, 0x20, 0x30, 0x40].map(key), 1_000_000_000);
    let held = (0x10..=0x44).map(key).chain([WSOL, t, u, v]).chain(JITO_TIP_ACCOUNTS).collect();
    (book, opportunity, held)
}

#[test]
fn accounts_are_looked_up_where_that_makes_room() {
    let (book, mut opportunity, held) = long_cycle();
    let policy = Policy { create_token_accounts: true, ..POLICY };
    let mut tables = AccountBook::new();
    let data = tables::tests::account(opportunity.slot - 31, &held);
    tables.insert(key(0xa1), LOOKUP_TABLE, data, 0);
    let built = Builder::new(book, signer(), policy, Some(GIVEN));
    let mut built = built.with_tables(Tables::of(&tables));
    assert_eq!(refusal(&mut built, &opportunity), Reject::YoungTable);
    opportunity.slot += 1;
    let (bundle, bytes) = make(&mut built, &opportunity).unwrap();
    let tx = Transaction::check(&bytes).unwrap();
    assert_eq!((tx.version(), tx.lookups().count()), (crate::wire::txn::Version::V0, 1));
    assert!(tx.keys().contains(&bundle.tip_account), "not through the table that holds it");
    let sdk: VersionedTransaction = bincode::deserialize(&bytes).unwrap();
    assert_eq!((sdk.verify_with_results(), sdk.sanitize()), (vec![true], Ok(())));
    // The swaps that are there once the table is looked into.
    let lookup = tx.lookups().next().unwrap();
    let looked_up = lookup.writable.iter().chain(lookup.readonly).map(|at| held[usize::from(*at)]);
    let loaded: Vec<Option<Key>> = looked_up.map(Some).collect();
    let mut pools = Vec::new();
    for ix in tx.instructions() {
        let program = tx.account_key(ix.program_index).unwrap();
        let (data, indices, keys) = (ix.data, ix.accounts, tx.keys());
        let ix = dex::Instruction { program, data, indices, keys, loaded: &loaded };
        if let Some(Decoded::One(swap)) = dex::decode(&ix) {
            pools.push(*swap.pool.unwrap());
        }
    }
    assert_eq!(pools, [0x10, 0x20, 0x30, 0x40].map(key));
}

#[test]
fn a_limit_below_what_the_next_hop_spends_is_raised_to_it() {
    let book = book();
    let mut opportunity = opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000);
    opportunity.min_out[0] -= 1000;
    let made = make(&mut builder(book.clone()), &opportunity).unwrap();
    let tx = Transaction::check(&made.1).unwrap();
    assert_eq!(swaps(&tx)[0].limit, Some(opportunity.amounts[1]));
    opportunity.min_out[0] += 1500;
    let made = make(&mut builder(book), &opportunity).unwrap();
    let tx = Transaction::check(&made.1).unwrap();
    assert_eq!(swaps(&tx)[0].limit, Some(opportunity.min_out[0]));
}

#[test]
fn records_of_other_kinds_lead_to_nothing() {
    let mut builder = builder(book());
    let mut arena = Arena::with_room(0);
    builder.step(Record::of(&record::Gap::new(1)), &mut arena);
    builder.idle(1, &mut arena);
    builder.finish(&mut arena);
    assert!(arena.is_empty());
    assert_eq!((builder.counts().opportunities, builder.pool_count()), (0, 5));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(48))]

    /// Whatever amounts a valid opportunity has, they come back from the signed bytes.
    #[test]
    fn amounts_survive_whatever_they_are(
        amount in 1_000_000_000u64..20_000_000_000, price in 0u64..1_000_000,
        units in 1u32..=COMPUTE_UNITS_MAX, three in proptest::bool::ANY, hash: u64,
    ) {
        let book = book();
        let route = if three { vec![AMM_2, CPMM_OTHER, CPMM_BACK] } else { vec![AMM_2, CPMM] };
        let route: Vec<_> = route.into_iter().map(key).collect();
        let mut opportunity = opportunity(&book, &route, amount);
        (opportunity.cu_price_micro, opportunity.compute_units) = (price, units);
        opportunity.state_hash = hash;
        settle(&mut opportunity);
        let made = make(&mut builder(book), &opportunity).unwrap();
        check(&made, &opportunity);
    }

    /// No opportunity, however wrong, makes the builder panic or write an invalid record.
    #[test]
    fn hostile_opportunities_are_refused_or_built(
        at in 16usize..612, value: u64, width in 1usize..=8,
    ) {
        let book = book();
        let mut bytes = *bytemuck::from_bytes::<[u8; 768]>(bytemuck::bytes_of(
            &opportunity(&book, &[key(AMM_2), key(AMM)], 5_000_000_000),
        ));
        for (to, from) in bytes[at..].iter_mut().zip(&value.to_le_bytes()[..width]) {
            *to = *from;
        }
        let hostile: Opportunity = bytemuck::pod_read_unaligned(&bytes);
        let mut builder = builder(book);
        let made = make(&mut builder, &hostile).is_some();
        let refused: u64 = builder.counts().refused.iter().sum();
        proptest::prop_assert_eq!(u64::from(made) + refused, 1);
        if made {
            proptest::prop_assert!(builder.counts().tips_lamports <= hostile.tip);
        }
    }
}
