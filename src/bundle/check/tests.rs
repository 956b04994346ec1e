//! Every rule broken once, by bundles that are sound but for it.

use super::super::tables::tests::account;
use super::super::testdata::ended;
use super::super::transaction::{bundle_id, transfer};
use super::rules::Counts;
use super::*;
use crate::dex::AccountBook;
use crate::ids::{JITO_TIP_ACCOUNTS, Key, LOOKUP_TABLE, SYSTEM};
use crate::keys::Signer;
use crate::record::Bundle;
use solana_sdk::hash::Hash;
use solana_sdk::instruction::{AccountMeta, Instruction};
use solana_sdk::message::{AddressLookupTableAccount, Message, v0};
use solana_sdk::pubkey::Pubkey;

const TIP: Key = JITO_TIP_ACCOUNTS[3];
const TIP_LAMPORTS: u64 = 2000;
const SLOT: u64 = 1100;
const HASH: [u8; 32] = [0xb5; 32];
const TABLE: Key = [0xa1; 32];

fn signer(number: u8) -> Signer {
    Signer::from_seed(&[number; 32])
}

fn address(key: &Key) -> Pubkey {
    Pubkey::new_from_array(*key)
}

/// An instruction that nobody knows, with `data`, which names `accounts`.
fn strange(data: &[u8], accounts: Vec<AccountMeta>) -> Instruction {
    Instruction { program_id: address(&[0xee; 32]), accounts, data: data.to_vec() }
}

/// `message`, signed by those of `signers` who have to.
fn signed(message: Vec<u8>, signers: &[u8]) -> Vec<u8> {
    let mut bytes = vec![u8::try_from(signers.len()).unwrap()];
    // The keys of those come first, behind a version, three counts and the number of keys.
    let keys_at = if message[0] & 0x80 == 0 { 4 } else { 5 };
    for at in 0..signers.len() {
        let key = &message[keys_at + 32 * at..][..32];
        let mut known = signers.iter().map(|number| signer(*number));
        bytes.extend(known.find(|signer| signer.public() == *key).unwrap().sign(&message));
    }
    [bytes, message].concat()
}

/// The transaction of `instructions` that signer 1 pays and `signers` sign.
fn tx_of(instructions: &[Instruction], hash: [u8; 32], signers: &[u8]) -> Vec<u8> {
    let payer = address(&signer(1).public());
    let hash = Hash::new_from_array(hash);
    signed(Message::new_with_blockhash(instructions, Some(&payer), &hash).serialize(), signers)
}

fn tx(instructions: &[Instruction]) -> Vec<u8> {
    tx_of(instructions, HASH, &[1])
}

fn tip(lamports: u64) -> Instruction {
    transfer(&signer(1).public(), &TIP, lamports)
}

/// A v0 transaction of `instructions` that looks up what it can in a table of `keys`.
fn v0_tx(instructions: &[Instruction], keys: &[Key]) -> Vec<u8> {
    let table = AddressLookupTableAccount {
        key: address(&TABLE),
        addresses: keys.iter().map(address).collect(),
    };
    let (payer, hash) = (address(&signer(1).public()), Hash::new_from_array(HASH));
    let message = v0::Message::try_compile(&payer, instructions, &[table], hash).unwrap();
    signed(message.serialize(), &[1])
}

/// The bundle of `txs` as the builder would write it.
fn bundle(txs: &[Vec<u8>]) -> (Bundle, Vec<u8>) {
    let mut made = Bundle::new(0);
    (made.slot, made.tip) = (SLOT, TIP_LAMPORTS);
    made.txs = u8::try_from(txs.len()).unwrap();
    for (len, tx) in made.tx_len.iter_mut().zip(txs) {
        *len = u16::try_from(tx.len()).unwrap();
    }
    let signature = |tx: &Vec<u8>| <[u8; 64]>::try_from(&tx[1..65]).unwrap();
    let signatures: Vec<_> = txs.iter().filter(|tx| tx.len() > 65).map(signature).collect();
    (made.id, made.present) = (bundle_id(&signatures), Bundle::ID);
    (made, txs.concat())
}

/// Rules that know slot 1000, which ended in the blockhash, and a table of `keys`.
fn rules(extended_slot: u64, keys: &[Key]) -> Rules {
    let mut book = AccountBook::new();
    book.insert(TABLE, LOOKUP_TABLE, account(extended_slot, keys), 0);
    let mut rules = Rules { known: Known::new(&book), ..Rules::default() };
    rules.known.slot(&ended(1000, HASH));
    rules
}

fn broken_by(rules: &mut Rules, (made, tail): &(Bundle, Vec<u8>)) -> Vec<(Rule, Option<u8>)> {
    rules.check(made, tail).into_iter().map(|broken| (broken.rule, broken.tx)).collect()
}

fn broken(txs: &[Vec<u8>]) -> Vec<(Rule, Option<u8>)> {
    broken_by(&mut rules(5, &[]), &bundle(txs))
}

fn read(key: Key) -> AccountMeta {
    AccountMeta::new_readonly(address(&key), false)
}

#[test]
fn a_sound_bundle_breaks_nothing() {
    let keys: Vec<Key> = (1..40).map(|n| [n; 32]).collect();
    let named = strange(&[], keys.iter().copied().map(read).collect());
    let sound = [
        vec![tx(&[tip(TIP_LAMPORTS)])],
        vec![tx(&[strange(b"a", vec![])]), tx(&[tip(1500)]), tx(&[tip(500)])],
        vec![v0_tx(&[named, tip(TIP_LAMPORTS)], &keys)],
    ];
    let mut rules = rules(1000, &keys);
    for txs in &sound {
        assert_eq!(broken_by(&mut rules, &bundle(txs)), []);
    }
    let expected = Counts { bundles: 3, sound: 3, ..Counts::default() };
    assert_eq!(rules.counts, expected);
}

#[test]
fn every_rule_can_be_broken() {
    let mut seen = Vec::new();
    for broken in [of_form(), of_accounts(), of_blockhashes(), of_tips(), of_front(), of_tables()] {
        seen.extend(broken);
    }
    for rule in Rule::ALL {
        assert!(seen.contains(rule), "{} was not broken", rule.name());
        assert_eq!(Rule::NAMES.iter().filter(|name| **name == rule.name()).count(), 1);
        assert!(rule.says().ends_with('.'));
    }
    assert_eq!(Rule::ALL.len(), Rule::COUNT);
}

fn of_form() -> Vec<Rule> {
    assert_eq!(broken(&[]), [(Rule::Empty, None)]);
    let one = |n: u8| tx(&[strange(&[n], vec![])]);
    let good = tx(&[tip(TIP_LAMPORTS)]);
    let six = [one(1), one(2), one(3), one(4), good.clone()];
    let (mut made, tail) = bundle(&six);
    assert_eq!(broken_by(&mut rules(5, &[]), &(made, tail.clone())), []);
    made.txs = 6;
    assert_eq!(broken_by(&mut rules(5, &[]), &(made, tail)), [(Rule::TooMany, None)]);
    let (made, mut tail) = bundle(&[good.clone(), one(1)]);
    tail.pop();
    let id = (Rule::IdDiffers, None);
    assert_eq!(broken_by(&mut rules(5, &[]), &(made, tail)), [(Rule::CutOff, Some(1)), id]);
    let damaged = [good.clone(), vec![7; 100]];
    assert_eq!(broken(&damaged), [(Rule::NotTransaction, Some(1)), id]);
    let long = [good.clone(), tx(&[strange(&[0; 1200], vec![])])];
    assert_eq!(broken(&long), [(Rule::TooLarge, Some(1)), id]);
    let mut unsigned = good.clone();
    unsigned[1..65].fill(0);
    assert_eq!(broken(&[unsigned]), [(Rule::Unsigned, Some(0))]);
    let mut forged = good.clone();
    forged[1] ^= 1;
    assert_eq!(broken(&[forged]), [(Rule::BadSignature, Some(0))]);
    let (mut twice, tail) = bundle(&[good.clone(), good]);
    twice.tip = 2 * TIP_LAMPORTS;
    let duplicate = broken_by(&mut rules(5, &[]), &(twice, tail));
    assert_eq!(duplicate, [(Rule::Duplicate, Some(1))]);
    vec![
        Rule::Empty,
        Rule::TooMany,
        Rule::CutOff,
        Rule::IdDiffers,
        Rule::NotTransaction,
        Rule::TooLarge,
        Rule::Unsigned,
        Rule::BadSignature,
        Rule::Duplicate,
    ]
}

fn of_accounts() -> Vec<Rule> {
    // The last static key again: the program's.
    let mut message = Message::new(&[tip(TIP_LAMPORTS)], Some(&address(&signer(1).public())));
    message.recent_blockhash = Hash::new_from_array(HASH);
    message.account_keys.push(address(&SYSTEM));
    message.header.num_readonly_unsigned_accounts = 2;
    let twice = signed(message.serialize(), &[1]);
    assert_eq!(broken(&[twice]), [(Rule::DuplicateAccount, Some(0))]);
    // Payer, tip account, two programs and 61 that are looked up.
    let keys: Vec<Key> = (1..=61).map(|n| [n; 32]).collect();
    let named = strange(&[], keys.iter().copied().map(read).collect());
    let many = bundle(&[v0_tx(&[named, tip(TIP_LAMPORTS)], &keys)]);
    let locks = broken_by(&mut rules(5, &keys), &many);
    assert_eq!(locks, [(Rule::AccountLocks, Some(0))]);
    vec![Rule::DuplicateAccount, Rule::AccountLocks]
}

fn of_blockhashes() -> Vec<Rule> {
    let with = |hash| bundle(&[tx_of(&[tip(TIP_LAMPORTS)], hash, &[1])]);
    let mut known = rules(5, &[]);
    assert_eq!(broken_by(&mut known, &with([0; 32])), [(Rule::NoBlockhash, Some(0))]);
    // No slot of the stream ended in it, but not all are known.
    assert_eq!(broken_by(&mut known, &with([9; 32])), []);
    assert_eq!(known.counts.blockhash_unchecked, 1);
    // The record tells its slot.
    let (mut made, tail) = with([9; 32]);
    (made.blockhash, made.blockhash_slot) = ([9; 32], SLOT - 151);
    made.present |= Bundle::BLOCKHASH_SLOT | Bundle::BLOCKHASH;
    let old = [(Rule::BlockhashTooOld, Some(0))];
    assert_eq!(broken_by(&mut known, &(made, tail.clone())), old);
    made.blockhash_slot += 1;
    assert_eq!(broken_by(&mut known, &(made, tail)), []);
    for slot in 1001..=1151 {
        let mut hash = [1; 32];
        hash[..8].copy_from_slice(&u64::to_le_bytes(slot));
        known.known.slot(&ended(slot, hash));
    }
    assert_eq!(broken_by(&mut known, &with([9; 32])), [(Rule::BlockhashUnknown, Some(0))]);
    assert_eq!(broken_by(&mut known, &with(HASH)), old, "151 slots ago");
    // A nonce has no age.
    let advance = Instruction {
        program_id: address(&SYSTEM),
        accounts: vec![AccountMeta::new(address(&[8; 32]), false)],
        data: vec![4, 0, 0, 0],
    };
    let nonce = tx_of(&[advance.clone(), tip(TIP_LAMPORTS)], [9; 32], &[1]);
    assert_eq!(broken_by(&mut known, &bundle(std::slice::from_ref(&nonce))), []);
    // It is another one after the first transaction that used it.
    let (mut twice, tail) = bundle(&[tx_of(&[advance], [9; 32], &[1]), nonce]);
    twice.tip = TIP_LAMPORTS;
    let again = broken_by(&mut known, &(twice, tail));
    assert_eq!(again, [(Rule::NonceTwice, Some(1))]);
    vec![Rule::NoBlockhash, Rule::BlockhashTooOld, Rule::BlockhashUnknown, Rule::NonceTwice]
}

fn of_tips() -> Vec<Rule> {
    let none = tx(&[transfer(&signer(1).public(), &[9; 32], 5000)]);
    assert_eq!(broken(&[none]), [(Rule::NoTip, None)]);
    let (mut small, tail) = bundle(&[tx(&[tip(999)])]);
    small.tip = 999;
    assert_eq!(broken_by(&mut rules(5, &[]), &(small, tail)), [(Rule::TipTooSmall, None)]);
    assert_eq!(broken(&[tx(&[tip(TIP_LAMPORTS + 1)])]), [(Rule::TipDiffers, None)]);
    let only_read = tx(&[strange(&[], vec![read(TIP)])]);
    let expected = [(Rule::TipNotWritten, Some(0)), (Rule::NoTip, None)];
    assert_eq!(broken(&[only_read]), expected);
    let hidden = bundle(&[v0_tx(&[tip(TIP_LAMPORTS)], &[TIP])]);
    let expected = [(Rule::TipInTable, Some(0)), (Rule::NoTip, None)];
    assert_eq!(broken_by(&mut rules(5, &[TIP]), &hidden), expected);
    // A program may pay what is locked.
    let locked = strange(&[], vec![AccountMeta::new(address(&TIP), false)]);
    let mut known = rules(5, &[]);
    assert_eq!(broken_by(&mut known, &bundle(&[tx(&[locked])])), []);
    assert_eq!(known.counts.tip_unchecked, 1);
    vec![Rule::NoTip, Rule::TipTooSmall, Rule::TipDiffers, Rule::TipNotWritten, Rule::TipInTable]
}

fn of_front() -> Vec<Rule> {
    let key = crate::bytes::base58::key("jitodontfront111111111111111111111111111111").unwrap();
    let marked = |data: &[u8]| strange(data, vec![read(key)]);
    let other = tx(&[strange(b"x", vec![])]);
    let tipped = tx(&[marked(b"c"), tip(TIP_LAMPORTS)]);
    let in_order = [tx(&[marked(b"a")]), tipped.clone(), other.clone()];
    assert_eq!(broken(&in_order), []);
    assert_eq!(broken(&[other, tipped.clone()]), [(Rule::NotInFront, Some(1))]);
    let written = strange(b"a", vec![AccountMeta::new(address(&key), false)]);
    let bad = [tx(&[written, tip(TIP_LAMPORTS)])];
    assert_eq!(broken(&bad), [(Rule::FrontWritten, Some(0))]);
    // Somebody else's transaction before it.
    let payer = address(&signer(2).public());
    let hash = Hash::new_from_array(HASH);
    let foreign = Message::new_with_blockhash(&[marked(b"a")], Some(&payer), &hash);
    let foreign = signed(foreign.serialize(), &[2]);
    assert_eq!(broken(&[foreign, tipped]), [(Rule::FrontSigner, Some(1))]);
    vec![Rule::NotInFront, Rule::FrontWritten, Rule::FrontSigner]
}

fn of_tables() -> Vec<Rule> {
    let keys: Vec<Key> = (1..9).map(|n| [n; 32]).collect();
    let named = strange(&[], keys.iter().copied().map(read).collect());
    let one = [v0_tx(&[named, tip(TIP_LAMPORTS)], &keys)];
    let made = bundle(&one);
    let of = |slot, keys: &[Key]| broken_by(&mut rules(slot, keys), &made);
    assert_eq!(of(SLOT - 32, &keys), []);
    assert_eq!(of(SLOT - 31, &keys), [(Rule::YoungTable, Some(0))]);
    assert_eq!(of(5, &keys[..7]), [(Rule::TablePosition, Some(0))]);
    let mut book = AccountBook::new();
    let mut dead = account(5, &keys);
    dead[4..12].copy_from_slice(&900u64.to_le_bytes());
    book.insert(TABLE, LOOKUP_TABLE, dead, 0);
    let mut known = Rules { known: Known::new(&book), ..Rules::default() };
    assert_eq!(broken_by(&mut known, &made), [(Rule::DeadTable, Some(0))]);
    // Not at hand.
    let mut unknown = Rules::default();
    assert_eq!(broken_by(&mut unknown, &made), []);
    assert_eq!(unknown.counts.table_unchecked, 1);
    let extend = Instruction {
        program_id: address(&LOOKUP_TABLE),
        accounts: vec![AccountMeta::new(address(&TABLE), false)],
        data: vec![2, 0, 0, 0],
    };
    let both = bundle(&[tx(&[extend]), one[0].clone()]);
    let changed = broken_by(&mut rules(5, &keys), &both);
    assert_eq!(changed, [(Rule::TableChanged, Some(1))]);
    vec![Rule::YoungTable, Rule::TablePosition, Rule::DeadTable, Rule::TableChanged]
}

proptest::proptest! {
    /// Whatever a record and its bytes say, a check ends and names no rule twice for a transaction.
    #[test]
    fn hostile_bundles_are_checked(
        at in 0usize..600, value: u64, txs: u8, lens in proptest::array::uniform5(0u16..700),
    ) {
        let (mut made, mut tail) = bundle(&[tx(&[strange(b"a", vec![])]), tx(&[tip(TIP_LAMPORTS)])]);
        let from = at.min(tail.len());
        for (to, from) in tail[from..].iter_mut().zip(value.to_le_bytes()) {
            *to ^= from;
        }
        if value & 1 == 0 {
            (made.txs, made.tx_len) = (txs, lens);
        }
        let mut rules = rules(5, &[]);
        let found = broken_by(&mut rules, &(made, tail));
        let once = found.iter().enumerate().all(|(at, broken)| !found[..at].contains(broken));
        proptest::prop_assert!(once, "{:?}", found);
        proptest::prop_assert_eq!(rules.counts.bundles, 1);
    }
}
