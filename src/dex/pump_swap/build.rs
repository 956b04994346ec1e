//! Instructions that swap: buy_exact_quote_in_v2 and sell_v2.
//!
//! Accounts: 0 pool, 1 user (signs, pays), 2 config, 3 base mint, 4 quote mint, 5 user base, 6 user
//! quote, 7 pool base, 8 pool quote, 9 and 10 token programs, 11 System, 12 the user's volume
//! accumulator, 13 fee config, 14 token account of a wallet that buys back, 15 event authority, 16
//! program (pump-fun/pump-public-docs, docs/instructions/PUMP_SWAP_TRADE_V2.md @2293f9a).

use super::super::accounts::AccountBook;
use super::super::build::{Build, BuildFault, Ix, Metas, associated_token, derived};
use super::account::{self, FEE_CONFIG, GLOBAL_CONFIG};
use super::{BUY_EXACT_QUOTE_IN_V2, SELL_V2};
use crate::ids::{Key, SYSTEM, TOKEN, USDC, Venue, WSOL};
use five8_const::decode_32_const as key;

/// Derived of `"__event_authority"`.
const EVENT_AUTHORITY: Key = key("GS4CU59F31iL7aR2Q8zVS8DRrcRnXX1yjQ66TqNVQnaR");

/// What goes in is all spent. The first swap of a user makes its volume accumulator, whose rent the user
/// pays.
pub(super) fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let pool = request.with_vaults()?;
    let [program] = Venue::PumpSwap.programs() else { return Err(BuildFault::NoProgram) };
    let account = book.get(&pool.pool).filter(|account| account.owner == *program);
    let account = account.ok_or(BuildFault::NoPool)?;
    if account::is_cashback(&account.data) {
        // "a v2 trade on one fails with `CashbackCoinNotSupported`"
        return Err(BuildFault::Cashback);
    }
    let program_of = |mint: &Key| {
        let known = book.token_program(mint);
        known.or([WSOL, USDC].contains(mint).then_some(TOKEN)).ok_or(BuildFault::NoMint)
    };
    let (program_a, program_b) = (program_of(&pool.mint_a)?, program_of(&pool.mint_b)?);
    let wallet = account::buyback(book, program).ok_or(BuildFault::NoPool)?;
    let volume = derived(program, &[b"user_volume_accumulator", request.owner]);
    let [base, quote] = request.in_out([request.user_in, request.user_out]);
    let mut metas = Metas::new(*program);
    metas.write(&pool.pool).pay(request.owner).read(&GLOBAL_CONFIG);
    metas.read(&pool.mint_a).read(&pool.mint_b).write(base).write(quote);
    metas.write(&pool.vault_a).write(&pool.vault_b).read(&program_a).read(&program_b);
    metas.read(&SYSTEM).write(&volume).read(&FEE_CONFIG);
    metas.write(&associated_token(&wallet, &pool.mint_b, &program_b));
    metas.read(&EVENT_AUTHORITY).read(program);
    let mut data = if request.a_to_b { SELL_V2 } else { BUY_EXACT_QUOTE_IN_V2 }.to_vec();
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::build::tests::{is_real, real};
    use super::super::super::model;
    use super::super::super::token::tests::mint_bytes;
    use super::super::super::{Decoded, Instruction, build, decode};
    use super::*;
    use crate::bytes::hex;
    use crate::record::{Direction, Exact, Pool};

    /// Real accounts of 2026-10, the program's configuration among them.
    const ACCOUNTS: &str = include_str!("../../../testdata/accounts/pump_swap.jsonl");
    /// buy_exact_quote_in_v2 within 2WCbtfv7GbAeBN7aMYHFH2znDSHbeuPXjmYHZi2kEHzZPketmVUceVGa8Fyyii6tSK9K1ETTNmrPSkkKukoQnbrf
    /// of 2026-10; account 14 is that of one of the eight wallets that buy back.
    const REAL: &str = "CR5dTgvTddGAqDjP8dGHTL51N6PKRaXqxFBp9FQ5PrKn w
        B7bRypKX6rMryqKWQzqfDPYMNs5Nihx9anS8kXMSVUYv ws
        ADyA8hdefvWN2dbGGWFotbzWxrAvLW83WG6QCVXvJKqw r
        HXqxTwCzREUXNK4CbNDgNEUEh2jLzFKdC4tvTuojpump r
        So11111111111111111111111111111111111111112 r
        FEFHrJiwfuB5Kgfxkx69agHpf1TdmzhW6QoSZqY8wWz w
        BecyBAt2KptNW6cs7cQ7jaQqCvhFym3rucB8qCbJjtCh w
        8JyKJmqv5RH1VbraZ81t8LE37DAUb8mndDnDm7jAv2ha w
        2zu4ArjTzmRcGPi2o4Mk8PWTsUZNoW3gwHSK71wnBwob w
        TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb r
        TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA r
        11111111111111111111111111111111 r
        4cBKPJSLLHZA2BJmVYgLVNW3ymVVzL2NRrVJsPrRcNmX w
        5PHirr8joyTMp9JMm6nW7hNDVyEYdkzDqazxPD7RaTjx r
        HjQjngTDqoHE6aaGhUqfz9aQ7WZcBRjy5xB8PScLSr8i w
        GS4CU59F31iL7aR2Q8zVS8DRrcRnXX1yjQ66TqNVQnaR r
        pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA r";

    #[test]
    fn what_is_built_for_a_pool_is_what_mainnet_took() {
        let keys = real(REAL);
        let program = &Venue::PumpSwap.programs()[0];
        // The configuration's eight wallets, with the one that the real swap named put first.
        let mut book = model::book(ACCOUNTS);
        let mut config = book.get(&GLOBAL_CONFIG).unwrap().data.clone();
        let wallets: Vec<Key> = config[643..899].as_chunks().0.to_vec();
        let named = |wallet: &&Key| associated_token(wallet, &WSOL, &TOKEN) == keys[14];
        let wallet = *wallets.iter().find(named).expect("one of the eight");
        config[643..675].copy_from_slice(&wallet);
        book.insert(GLOBAL_CONFIG, *program, config, 1);
        let mut data = vec![0; 301];
        book.insert(keys[0], *program, data.clone(), 0);
        let mut pool = Pool::new(0);
        (pool.venue, pool.present) = (Venue::PumpSwap as u16, Pool::VAULTS);
        (pool.pool, pool.mint_a, pool.mint_b) = (keys[0], keys[3], keys[4]);
        (pool.vault_a, pool.vault_b) = (keys[7], keys[8]);
        let request = Build {
            pool: &pool,
            a_to_b: false,
            amount_in: 0x0106_6ff1,
            min_out: 0x1_41c6_5011,
            owner: &keys[1],
            user_in: &keys[6],
            user_out: &keys[5],
        };
        assert_eq!(build(&book, &request), Err(BuildFault::NoMint));
        book.insert(keys[3], keys[9], mint_bytes(6, &[]), 0);
        let made = build(&book, &request).unwrap();
        is_real(&made, REAL);
        let expected = hex::decode("c2ab1c46684d5b2ff16f0601000000001150c64101000000");
        assert_eq!((Some(made.data), made.accounts.len()), (expected, 17));
        // The other way the same accounts, and what is built is what is read.
        let sale = Build { a_to_b: true, user_in: &keys[5], user_out: &keys[6], ..request };
        let sold = build(&book, &sale).unwrap();
        is_real(&sold, REAL);
        let indices: Vec<u8> = (0..17).collect();
        let data_sold = sold.data.as_slice();
        let ix =
            Instruction { program, data: data_sold, indices: &indices, keys: &keys, loaded: &[] };
        let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
        assert_eq!((swap.exact, swap.direction), (Exact::In, Direction::AToB));
        assert_eq!((swap.amount, swap.limit), (Some(0x0106_6ff1), Some(0x1_41c6_5011)));
        assert_eq!((swap.user_in, swap.user_out), (Some(&keys[5]), Some(&keys[6])));
        assert_eq!(EVENT_AUTHORITY, derived(program, &[b"__event_authority"]));
        // A pool with cashback, and a book without the configuration.
        data[244] = 1;
        book.insert(keys[0], *program, data, 1);
        assert_eq!(build(&book, &request), Err(BuildFault::Cashback));
        assert_eq!(build(&AccountBook::new(), &request), Err(BuildFault::NoPool));
    }
}
