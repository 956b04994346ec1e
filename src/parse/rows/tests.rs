//! Rows of transactions made by hand, of which nothing but the bytes is known.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use super::super::testing;
use super::*;
use crate::ids::ORCA_WHIRLPOOL;
use crate::record::Pool;
use crate::record::{Direction, Swap};
use crate::stream::Arena;

const PLACE: Place = Place { slot: 9, batch_start: 4, tx_index: Some(10), rx_ns: 3 };

fn rows(mints: Mints, tx: &[u8]) -> (Vec<Swap>, Tally) {
    let (mut tally, mut arena) = (Tally::default(), Arena::with_room(4096));
    let tx = Transaction::check(tx).unwrap();
    let count = Rows { mints, ..Rows::default() }.write(&tx, PLACE, 2, &mut tally, &mut arena);
    let rows: Vec<_> =
        arena.records().map(|record| *record.get::<Swap>().unwrap().unwrap()).collect();
    assert_eq!((rows.len(), tally.swaps), (count as usize, u64::from(count)));
    (rows, tally)
}

fn count(tally: &Tally, note: &str) -> u64 {
    tally.notes().find(|(name, _)| *name == note).unwrap().1
}

#[test]
fn a_row_says_what_the_instruction_says() {
    let (rows, tally) = rows(Mints::default(), &testing::swap_tx(1, &[70, 80]));
    let [first, last] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((first.tx_index, first.batch_tx, first.ix_outer), (12, 2, 0));
    assert_eq!((first.amount_in, first.limit, last.amount_in), (70, 35, 80));
    assert_eq!((first.pool, first.user_in, first.owner), ([2; 32], [6; 32], [1; 32]));
    assert_eq!((first.fee_payer, first.signature), ([1; 32], [1; 64]));
    assert_eq!((first.head.flags, last.head.flags), (0, Swap::LAST_OF_TX));
    assert_eq!(first.present & (Swap::MINT_IN | Swap::MINT_OUT | Swap::AMOUNT_OUT), 0);
    assert_eq!((count(&tally, "mint_unknown"), count(&tally, "direction_unknown")), (2, 2));
}

/// Kinds, and the transaction records with their bytes, of what is written of `txs` with `txns`.
fn whole(
    txns: Whole,
    txs: &[Vec<u8>],
    executed: Option<&Executed>,
) -> (Vec<u16>, Vec<(Txn, Vec<u8>)>) {
    let mut rows = Rows::new(Wanted { txns, ..Wanted::ALL });
    let (mut tally, mut arena) = (Tally::default(), Arena::with_room(4096));
    for tx in txs {
        let tx = Transaction::check(tx).unwrap();
        match executed {
            Some(executed) => {
                let at = At { slot: 9, ..At::default() };
                rows.write_executed(&tx, at, executed, &mut tally, &mut arena)
            }
            None => rows.write(&tx, PLACE, 2, &mut tally, &mut arena),
        };
    }
    let kinds = arena.records().map(|record| record.kind()).collect();
    let of = |record: crate::record::Record<'_>| {
        let txn = record.get::<Txn>().unwrap()?;
        Some((*txn, txn.wire(record.tail::<Txn>()).to_vec()))
    };
    let found: Vec<_> = arena.records().filter_map(of).collect();
    assert_eq!(tally.whole, found.len() as u64);
    (kinds, found)
}

#[test]
fn a_transaction_comes_whole_before_its_rows_when_asked_for() {
    let txs = [testing::swap_tx(1, &[70, 80]), testing::swap_tx(5, &[])];
    assert_eq!(whole(Whole::None, &txs, None).0, [0x20, 0x20]);
    assert_eq!(whole(Whole::WithRows, &txs, None).0, [0x23, 0x20, 0x20]);
    let (kinds, found) = whole(Whole::All, &txs, None);
    assert_eq!(kinds, [0x23, 0x20, 0x20, 0x23]);
    for ((txn, wire), tx) in found.iter().zip(&txs) {
        assert_eq!((wire, usize::from(txn.wire_len)), (tx, tx.len()));
        assert_eq!((txn.slot, txn.tx_index, txn.batch_start, txn.batch_tx), (9, 12, 4, 2));
        assert_eq!((txn.state, txn.format, txn.signatures), (TxnState::InBlock as u8, 0, 1));
        assert_eq!(txn.signature[..], tx[1..65]);
    }
    for (failed, state) in [(false, TxnState::Executed), (true, TxnState::Failed)] {
        let mut executed = Executed::default();
        executed.failed = failed;
        let (kinds, found) = whole(Whole::WithRows, &txs, Some(&executed));
        assert_eq!(kinds, [0x23, 0x20, 0x20]);
        assert_eq!((found[0].0.state, found[0].0.present), (state as u8, 0));
    }
    // Nothing but transactions: their instructions are left alone.
    let mut rows = Rows::new(Wanted { txns: Whole::All, ..Wanted::NONE });
    let (mut tally, mut arena) = (Tally::default(), Arena::with_room(4096));
    let tx = Transaction::check(&txs[0]).unwrap();
    rows.write_at(&tx, At::default(), &mut tally, &mut arena);
    let states: Vec<_> = arena.records().map(|one| one.typed::<Txn>().unwrap().state).collect();
    assert_eq!(states, [TxnState::Pending as u8]);
}

#[test]
fn tokens_and_direction_of_a_known_pool_come_from_token_instructions() {
    let mut pool = Pool::new(0);
    (pool.pool, pool.mint_a, pool.mint_b) = ([2; 32], [3; 32], [9; 32]);
    let tx = testing::swap_tx(1, &[70]);
    let mut mints = Mints::default();
    mints.learn(&pool);
    let (found, _) = rows(mints, &tx);
    assert_eq!((found[0].direction, found[0].present & Swap::MINT_IN), (0, 0));
    // An instruction before the swap says that the source account holds mint 3 (token a): its
    // program is added to the keys.
    let mut tx = tx;
    tx[68] += 1;
    let keys_end = 69 + 9 * 32;
    tx.splice(keys_end..keys_end, crate::ids::TOKEN);
    let first = keys_end + 64 + 1;
    tx[first - 1] = 2;
    tx.splice(first..first, [9, 2, 5, 2, 1, 1]);
    let mut mints = Mints::default();
    mints.learn(&pool);
    let (found, tally) = rows(mints, &tx);
    assert_eq!((found[0].direction, found[0].ix_outer), (Direction::AToB as u8, 1));
    assert_eq!((found[0].mint_in, found[0].mint_out), ([3; 32], [9; 32]));
    assert_eq!(count(&tally, "mint_unknown"), 0);
}

#[test]
fn tokens_and_direction_of_a_known_pool_come_from_the_owners_accounts() {
    let (mint_a, mint_b) = (crate::ids::WSOL, crate::ids::USDC);
    let mut pool = Pool::new(0);
    (pool.pool, pool.mint_a, pool.mint_b) = ([2; 32], mint_a, mint_b);
    let owner = [1; 32];
    for (program, mint, place, direction) in [
        (crate::ids::TOKEN, mint_b, 5, Direction::BToA),
        (crate::ids::TOKEN_2022, mint_a, 5, Direction::AToB),
        (crate::ids::TOKEN, mint_a, 6, Direction::BToA),
    ] {
        let mut tx = testing::swap_tx(1, &[70]);
        let (key, token_program) = (69 + place * 32, 69 + 7 * 32);
        tx[token_program..token_program + 32].copy_from_slice(&program);
        tx[key..key + 32].copy_from_slice(&dex::associated_token(&owner, &mint, &program));
        let mut mints = Mints::default();
        mints.learn(&pool);
        let (found, _) = rows(mints, &tx);
        assert_eq!(found[0].direction, direction as u8);
        let given = if direction == Direction::AToB { mint_a } else { mint_b };
        assert_eq!(found[0].mint_in, given);
    }
}

#[test]
fn a_pool_in_a_lookup_table_is_absent_and_counted() {
    let mut tx = testing::swap_tx(1, &[70]);
    tx.insert(65, 0x80);
    let accounts = tx.len() - 17 - 1 - 8;
    assert_eq!(tx[accounts + 1], 1);
    tx[accounts + 1] = 9;
    tx.extend([1]);
    tx.extend([8; 32]);
    tx.extend([1, 0, 0]);
    let (found, tally) = rows(Mints::default(), &tx);
    assert_eq!((found[0].present & Swap::POOL, found[0].amount_in), (0, 70));
    assert_eq!(count(&tally, "key_in_lookup_table"), 1);
}

#[test]
fn unknown_instructions_of_a_venue_are_counted_by_name() {
    let mut tx = testing::swap_tx(1, &[70]);
    let program = 69 + 8 * 32;
    tx[program..program + 32].copy_from_slice(&ORCA_WHIRLPOOL);
    let (found, tally) = rows(Mints::default(), &tx);
    assert_eq!((found.len(), tally.refused_swaps().map(|(_, count)| count).sum()), (0, 1));
}
