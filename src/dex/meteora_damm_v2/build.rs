//! Instructions that swap.

use super::super::accounts::AccountBook;
use super::super::build::{Build, BuildFault, Ix, Metas};
use super::names::{POOL_ACCOUNT, SWAP2};
use crate::bytes::u8_at;
use crate::ids::{Key, Venue};
use five8_const::decode_32_const as key;

/// Derived of `"pool_authority"`.
const AUTHORITY: Key = key("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC");
/// Derived of `"__event_authority"`.
const EVENT_AUTHORITY: Key = key("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet");
/// The account through which a program sees the transaction's instructions.
const INSTRUCTIONS: Key = key("Sysvar1nstructions1111111111111111111111111");
/// The fee mode whose rate follows the amount: such a pool looks at the other instructions, to see that
/// nobody splits a swap (instructions/swap/ix_swap.rs `validate_single_swap_instruction`).
const RATE_LIMITER: u8 = 2;

/// swap2 in mode 0: all of the input, and nobody referred.
pub(super) fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let pool = request.with_vaults()?;
    let [program] = Venue::MeteoraDammV2.programs() else { return Err(BuildFault::NoProgram) };
    let account = book.get(&pool.pool).filter(|account| account.owner == *program);
    let account = account.filter(|account| account.data.first_chunk() == Some(&POOL_ACCOUNT));
    let account = account.ok_or(BuildFault::NoPool)?;
    let program_of = |mint| book.token_program(mint).ok_or(BuildFault::NoMint);
    let (program_a, program_b) = (program_of(&pool.mint_a)?, program_of(&pool.mint_b)?);
    let mut metas = Metas::new(*program);
    metas.read(&AUTHORITY).write(&pool.pool).write(request.user_in).write(request.user_out);
    metas.write(&pool.vault_a).write(&pool.vault_b).read(&pool.mint_a).read(&pool.mint_b);
    metas.sign(request.owner).read(&program_a).read(&program_b);
    metas.read(program).read(&EVENT_AUTHORITY).read(program);
    if u8_at(&account.data, 16) == Some(RATE_LIMITER) {
        metas.read(&INSTRUCTIONS);
    }
    let mut data = SWAP2.to_vec();
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    data.push(0);
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::build::derived;
    use super::super::super::build::tests::{is_real, real};
    use super::super::super::token::tests::mint_bytes;
    use super::super::super::{Decoded, Instruction, build, decode};
    use super::*;
    use crate::bytes::hex;
    use crate::record::Pool;

    /// swap2 of 2026-10 in a bank with mainnet's program and pool BMGRkQLV..
    const REAL: &str = "HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC r
        BMGRkQLVf2gra7L1foj5g8aRha8FgRr9UZuJuULumZR5 w
        7FoBcypWU4Tkz1QXtQPmtVj8hPoTWRCCKg6AKyRetLwJ w
        BxvUYbipfRYjmHdw8JW3BN8fKcLaDa6V2HhG7D1FABpQ w
        7z2j1bpHSUwPGk5LciKGj67ooTzktMCrR2oaa6eqcHt3 w
        AZAyGaUZJhmcfuXZstbB7MV8SfhjKR5NXQfv5Rae398p w
        4q6zQtCxsNULZJFA3i1vjBofB5gWHMUxcazd97LqCexW r
        So11111111111111111111111111111111111111112 r
        7Dq3HJpJdFJAYy5ca4CM6jQ2fRQii7662kiTTKbCs7M8 s
        TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb r
        TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA r
        cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG r
        3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet r
        cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG r";

    #[test]
    fn what_is_built_for_a_pool_is_what_the_program_took() {
        let keys = real(REAL);
        let program = &Venue::MeteoraDammV2.programs()[0];
        let mut data = vec![0; 1112];
        data[..8].copy_from_slice(&POOL_ACCOUNT);
        let mut book = AccountBook::new();
        book.insert(keys[1], *program, data.clone(), 0);
        book.insert(keys[6], keys[9], mint_bytes(6, &[]), 0);
        let mut pool = Pool::new(0);
        (pool.venue, pool.present) = (Venue::MeteoraDammV2 as u16, Pool::VAULTS);
        (pool.pool, pool.mint_a, pool.mint_b) = (keys[1], keys[6], keys[7]);
        (pool.vault_a, pool.vault_b) = (keys[4], keys[5]);
        let request = Build {
            pool: &pool,
            a_to_b: true,
            amount_in: 10_000,
            min_out: 1,
            owner: &keys[8],
            user_in: &keys[2],
            user_out: &keys[3],
        };
        assert_eq!(build(&book, &request), Err(BuildFault::NoMint));
        book.insert(keys[7], keys[10], mint_bytes(9, &[]), 0);
        let made = build(&book, &request).unwrap();
        is_real(&made, REAL);
        let expected = hex::decode("414b3f4ceb5b5b881027000000000000010000000000000000");
        assert_eq!((Some(&made.data), made.accounts.len()), (expected.as_ref(), 14));
        // What is built is what is read.
        let indices: Vec<u8> = (0..14).collect();
        let ix =
            Instruction { program, data: &made.data, indices: &indices, keys: &keys, loaded: &[] };
        let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
        assert_eq!((swap.amount, swap.limit, swap.owner), (Some(10_000), Some(1), Some(&keys[8])));
        // A pool whose fee follows the amount looks at the other instructions.
        data[16] = RATE_LIMITER;
        book.insert(keys[1], *program, data, 1);
        let limited = build(&book, &request).unwrap();
        assert_eq!(limited.accounts[14].pubkey.to_bytes(), INSTRUCTIONS);
        assert_eq!(build(&AccountBook::new(), &request), Err(BuildFault::NoPool));
        assert_eq!(AUTHORITY, derived(program, &[b"pool_authority"]));
        assert_eq!(EVENT_AUTHORITY, derived(program, &[b"__event_authority"]));
    }
}
