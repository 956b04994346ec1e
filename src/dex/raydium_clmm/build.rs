//! Instructions that swap.
//!
//! Accounts of swap_v2: 0 payer (signs), 1 config, 2 pool, 3 user in, 4 user out, 5 vault in, 6 vault
//! out, 7 observation, 8 and 9 the two token programs, 10 memo, 11 mint in, 12 mint out, then the
//! extension of the bitmap, where there is one, and the tick arrays in the order of the walk
//! (raydium-io/raydium-clmm, programs/amm/src/instructions/swap_v2.rs @03b44b7).

use super::super::accounts::AccountBook;
use super::super::build::{ARRAYS, Build, BuildFault, Ix, Metas};
use super::account::PoolState;
use super::{SWAP_V2, array};
use crate::ids::{MEMO, TOKEN, TOKEN_2022};

/// swap_v2, which takes both token programs.
pub(super) fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let (pool, a_to_b) = (request.pool, request.a_to_b);
    let account = book.get(&pool.pool).filter(|account| account.owner == pool.program);
    let account = account.ok_or(BuildFault::NoPool)?;
    let state = PoolState::read(&account.data).map_err(|_| BuildFault::NoPool)?;
    let arrays = array::ahead(book, pool, state.bitmap, a_to_b, ARRAYS).ok_or(BuildFault::Tick)?;
    if arrays.is_empty() {
        return Err(BuildFault::NoArrays);
    }
    let ([vault_in, vault_out], [mint_in, mint_out]) =
        (request.in_out(state.vaults), request.in_out(state.mints));
    let mut metas = Metas::new(pool.program);
    metas.sign(request.owner).read(state.config).write(&pool.pool);
    metas.write(request.user_in).write(request.user_out);
    metas.write(vault_in).write(vault_out).write(state.observation);
    metas.read(&TOKEN).read(&TOKEN_2022).read(&MEMO).read(mint_in).read(mint_out);
    if let Some(extension) = array::known_extension(book, pool) {
        metas.write(&extension);
    }
    for array in &arrays {
        metas.write(array);
    }
    let mut data = SWAP_V2.to_vec();
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    data.extend(0u128.to_le_bytes()); // no explicit price limit
    data.push(1); // the amount is the input
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::build::tests::{is_real, real};
    use super::super::super::{Decoded, Instruction, build, decode};
    use super::super::array::tests::{array_start, extension_of, extension_with};
    use super::*;
    use crate::bytes::hex;
    use crate::ids::{Key, USDC, Venue, WSOL};
    use crate::record::{Direction, Pool};

    /// swap_v2 within 4ARos3Yq1SMNE3izDpy9YdKrRgMmD7UCDxvnVrBRaGCJHiifPHSmQWc4DPfjUaEUcxS7puGmEN64K7EZdeXLJaj2
    /// of 2026-10: USDC for SOL.
    const REAL: &str = "46qTwecWoxYdNotxKtZ71wbRVJnZCEaJk4JQtU8iwc2P ws
        3h2e43PunVA5K34vwKCLHWhZF4aZpyaC9RmxvshGAQpL r
        3ucNos4NbumPLZNWztqGHNFFgkHeRMBQAVemeeomsUxv w
        FoUHvBnWMQSdc6U8iDeHvav8yVU9AT8cYuH3DQRSaLr8 w
        GiqNSCLT4PDdHn97zj5uTGBrG5FDD3yTfk5WRFT6VhS6 w
        5it83u57VRrVgc51oNV19TTmAJuffPx5GtGwQr7gQNUo w
        4ct7br2vTPzfdmY3S5HLtTxcGSBfn6pnw98hsS6v359A w
        3Y695CuQ8AP4anbwAqiEBeQF9KxqHFr8piEwvw3UePnQ w
        TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA r
        TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb r
        MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr r
        EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v r
        So11111111111111111111111111111111111111112 r
        4NFvUKqknMpoe6CWTzK758B8ojVLzURL5pC6MtiaJ8TQ w
        5LuEHwAuoPAEJunEvBcDnTwRGnXWtC7JQmAgeXzA44cV w
        7KGRHr8gSwVqmJVv3sdnUEmKM3jRC551SMCt9ZxmCXsb w
        7i3tVrschaU3vghoATjkEiRFjT4HrUzmoTgNzroSvFvt w
        FVGpZaheYCfMD17pAsMzWX5uVuDzbkmMLtTHmzz2ykgi w
        9KnMQWpQ8bA7fydP4jsZN6s4waqA7GtA3Wt36zJuozav w
        AHymjsG8NBbMkHDbubnr4HjtyqpTKp3EJi8TnaQQ6QG w";

    const RAYDIUM_CLMM: Key = Venue::RaydiumClmm.programs()[0];

    /// The pool account that the real instruction's accounts belong to, `numbers` its arrays.
    fn accounts(keys: &[Key], numbers: &[i32]) -> (AccountBook, Pool) {
        let mut data = vec![0; 1544];
        let mut put = |at: usize, bytes: &[u8]| data[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &[0xf7, 0xed, 0xe3, 0xf5, 0xd7, 0xc3, 0xde, 0x46]);
        for (at, key) in [(9, 1), (137, 6), (169, 5), (201, 7)] {
            put(at, &keys[key]);
        }
        put(73, &WSOL);
        put(105, &USDC);
        put(235, &1u16.to_le_bytes());
        put(253, &(1u128 << 64).to_le_bytes());
        let mut book = AccountBook::new();
        book.insert(extension_of(&keys[2]), RAYDIUM_CLMM, extension_with(&keys[2], numbers), 0);
        for number in numbers.iter().filter(|number| (-512..512).contains(*number)) {
            let bit = usize::try_from(number + 512).unwrap();
            data[904 + bit / 8] |= 1 << (bit % 8);
        }
        book.insert(keys[2], RAYDIUM_CLMM, data, 0);
        let mut pool = Pool::new(0);
        (pool.venue, pool.program) = (Venue::RaydiumClmm as u16, RAYDIUM_CLMM);
        (pool.pool, pool.mint_a, pool.mint_b) = (keys[2], WSOL, USDC);
        pool.tick_spacing = 1;
        (book, pool)
    }

    #[test]
    fn what_is_built_for_a_pool_is_what_mainnet_took() {
        let keys = real(REAL);
        // Which arrays those are is not said; the walk to a higher price names them upwards.
        let numbers: Vec<i32> = keys[14..]
            .iter()
            .map(|key| (-800..800).find(|n| array_start(&keys[2], *n) == *key).unwrap())
            .collect();
        assert!(numbers.is_sorted(), "{numbers:?}");
        let (book, mut pool) = accounts(&keys, &numbers);
        pool.tick = numbers[0] * 60 + 7;
        let mut request = Build {
            pool: &pool,
            a_to_b: false,
            amount_in: 382_831_965,
            min_out: 0,
            owner: &keys[0],
            user_in: &keys[3],
            user_out: &keys[4],
        };
        let made = build(&book, &request).unwrap();
        let zeros = "00".repeat(24);
        let data = hex::decode(format!("2b04ed0b1ac91e625d8dd11600000000{zeros}01").as_str());
        assert_eq!(Some(&made.data), data.as_ref());
        assert_eq!(made.accounts.len(), 14 + ARRAYS);
        is_real(&made, REAL);
        // The other way only the first array is one that holds anything.
        (request.a_to_b, request.user_in, request.user_out) = (true, &keys[4], &keys[3]);
        let back = build(&book, &request).unwrap();
        let built: Vec<Key> = back.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect();
        assert_eq!(built[5..7], [keys[6], keys[5]]);
        assert_eq!((built.len(), built[14]), (15, keys[14]));
        // What is built is what is read.
        let indices: Vec<u8> = (0..15).collect();
        let (program, data) = (&RAYDIUM_CLMM, back.data.as_slice());
        let ix = Instruction { program, data, indices: &indices, keys: &built, loaded: &[] };
        let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
        assert_eq!((swap.direction, swap.limit), (Direction::AToB, Some(0)));
        assert_eq!((swap.vault_a, swap.vault_b), (Some(&keys[6]), Some(&keys[5])));
        assert_eq!(build(&AccountBook::new(), &request), Err(BuildFault::NoPool));
        let (book, mut pool) = accounts(&keys, &[]);
        let of = |pool: &Pool| build(&book, &Build { pool, ..request });
        assert_eq!(of(&pool), Err(BuildFault::NoArrays));
        pool.tick_spacing = 0;
        assert_eq!(of(&pool), Err(BuildFault::Tick));
    }
}
