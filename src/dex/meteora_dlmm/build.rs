//! Instructions that swap.

use super::super::accounts::AccountBook;
use super::super::build::{ARRAYS, Build, BuildFault, Ix, Metas};
use super::account::oracle_and_bitmap;
use super::array;
use super::names::{SWAP, SWAP2};
use crate::ids::{Key, MEMO, METEORA_DLMM, TOKEN};
use five8_const::decode_32_const as key;

/// Derived of `"__event_authority"`.
const EVENT_AUTHORITY: Key = key("D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6");

/// swap where both tokens are SPL Token's, which is the smaller; else swap2.
///
/// An optional account that is absent is named by the program itself. Bin arrays that hold nothing are
/// not named: the program steps over them by its bitmap.
pub(super) fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let (pool, a_to_b) = (request.with_vaults()?, request.a_to_b);
    let account = book.get(&pool.pool).filter(|account| account.owner == METEORA_DLMM);
    let account = account.ok_or(BuildFault::NoPool)?;
    let (oracle, bitmap) = oracle_and_bitmap(&account.data).ok_or(BuildFault::NoPool)?;
    let program_of = |mint| book.token_program(mint).ok_or(BuildFault::NoMint);
    let (program_x, program_y) = (program_of(&pool.mint_a)?, program_of(&pool.mint_b)?);
    let walk = (pool.tick, !a_to_b);
    let (arrays, extension) = array::ahead(book, &pool.pool, bitmap, walk, ARRAYS);
    if arrays.is_empty() {
        return Err(BuildFault::NoArrays);
    }
    let plain = program_x == TOKEN && program_y == TOKEN;
    let mut metas = Metas::new(METEORA_DLMM);
    metas.write(&pool.pool);
    match &extension {
        Some(extension) => metas.write(extension),
        None => metas.read(&METEORA_DLMM),
    };
    metas.write(&pool.vault_a).write(&pool.vault_b);
    metas.write(request.user_in).write(request.user_out);
    metas.read(&pool.mint_a).read(&pool.mint_b).write(oracle);
    metas.read(&METEORA_DLMM).sign(request.owner); // nobody hosts
    metas.read(&program_x).read(&program_y);
    if !plain {
        metas.read(&MEMO);
    }
    metas.read(&EVENT_AUTHORITY).read(&METEORA_DLMM);
    for array in &arrays {
        metas.write(array);
    }
    let mut data = if plain { SWAP } else { SWAP2 }.to_vec();
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    if !plain {
        data.extend(0u32.to_le_bytes()); // no accounts of transfer hooks
    }
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::build::derived;
    use super::super::super::build::tests::{is_real, real};
    use super::super::super::token::tests::mint_bytes;
    use super::super::super::{Instruction, build, decode};
    use super::super::Decoded;
    use super::super::names::{BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT, LB_PAIR_ACCOUNT};
    use super::*;
    use crate::bytes::hex;
    use crate::ids::{TOKEN_2022, Venue};
    use crate::record::Pool;

    /// swap within rNMFZpBmbr6R.. of slot 302096845 (shared/data/txs), a walk over three arrays.
    const PLAIN: &str = "GkBsEDBvSBywMzBoVa1ug1V3hRYpzEaaeTBtjYRgjEW9 w
        LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo r
        GKqqPBqza719do4hdojK8WHCXWEPy8yYCUWRyweUdh1W w
        6gYLgky8wa2euDMAZeMkudBHBV3h44Fv2hf4CD4ES6am w
        8ctcHN52LY21FEipCjr1MVWtoZa1irJQTPyAaTj72h7S w
        mj5Fy2PVE288PKnJKthw1v7iqQ1ypUTtxT916d3LTkN w
        DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263 r
        So11111111111111111111111111111111111111112 r
        GpdTY5KTgSwZ3t8w9fAETGLw5iGX54kqWgGiXTetKjqt w
        LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo r
        BQ72nSv9f3PRyRKCBnHLVrerrv37CYTHm5h3s9VSGQDV s
        TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA r
        TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA r
        D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6 r
        LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo r
        4F3iicrV9ftEfKwUxcYUiCFcNWq4CbT4PQvg3EzSm8ZB w
        Bar2vKo5GFCwYBtt7F8SYW6aVySBRZzS7igndhkue7ow w
        HQEypcQs14dynfK7gGss32p9QwuqLXHcJnQ8jbMie34y w";
    /// swap2 within 213kMyMK4VvHXcmSPUgicgZLXMLvLn6CqLKAuN4p8cir2rwjPNSxw4tpJFAxjHqUtexFuPBhgAQzn7mNmmtHi6qt
    /// of 2026-10: a pair of Token-2022 with a bitmap extension.
    const SECOND: &str = "A8Ui81JDgxgux4iL1iFVHma44Boi3Pcu7UD7Xkm1bDVJ w
        4y6YTMJo9mPKksMk1mVkcqkw1fYM15ch1KNZN6D4Xeoz w
        Hfs4eG2i3J8YiiKfjWfQhKmPJtuiVG3s57cWPiJUiU3N w
        GU81zqNoxLQXjDX1g8LKfUynejhD2MCeugvNpfRKKQui w
        DSo21Na98oGk1aTfgY8KFh335xV3r96dhacfYJ1DBKJE w
        6AMWTvaL1pscDo5CAaBhPfv7xnSLjJ3ZXScV9yt5Gr5G w
        AqoPZcUumKUBHrnfBsNtoNuneYEjoimaiWYq8GH8gpX9 r
        So11111111111111111111111111111111111111112 r
        6Ag1LPnj98jzfYc449UBqV25Uvw5Krkicetp4Gwwdvav w
        LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo r
        3LoAYHuSd7Gh8d7RTFnhvYtiTiefdZ5ByamU42vkzd76 s
        TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb r
        TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA r
        MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr r
        D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6 r
        LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo r
        9m1rspPrKNFjPxvNXuEq7hgQTh3wA7okYJyJ1ngVv9zP w
        8DFE8UP8a1AXhB3fGugaY9EJMtZQ1zhVxBnmyW43vZ2c w";

    /// Which arrays of `pair` the accounts `arrays` are.
    fn indices(pair: &Key, arrays: &[Key]) -> Vec<i32> {
        let of = |array: &Key| (-512..512).find(|n| array::array_address(pair, *n) == *array);
        arrays.iter().map(|array| of(array).unwrap()).collect()
    }

    /// The pair that a real instruction's accounts belong to, with liquidity in the arrays `held`.
    fn accounts(keys: &[Key], held: &[i32]) -> (AccountBook, Pool) {
        let mut data = vec![0; 904];
        let mut put = |at: usize, bytes: &[u8]| data[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &LB_PAIR_ACCOUNT);
        put(8, &10_000u16.to_le_bytes());
        put(80, &10u16.to_le_bytes());
        for (at, key) in [(88, 6), (120, 7), (152, 2), (184, 3), (552, 8)] {
            put(at, &keys[key]);
        }
        for index in held {
            let bit = usize::try_from(index + 512).unwrap();
            data[584 + bit / 8] |= 1 << (bit % 8);
        }
        let mut book = AccountBook::new();
        book.insert(keys[0], METEORA_DLMM, data, 0);
        book.insert(keys[6], keys[11], mint_bytes(6, &[]), 0);
        book.insert(keys[7], keys[12], mint_bytes(9, &[]), 0);
        let mut pool = Pool::new(0);
        (pool.venue, pool.present) = (Venue::MeteoraDlmm as u16, Pool::VAULTS);
        (pool.pool, pool.mint_a, pool.mint_b) = (keys[0], keys[6], keys[7]);
        (pool.vault_a, pool.vault_b) = (keys[2], keys[3]);
        (book, pool)
    }

    /// Builds the swap that real accounts were named for, in the direction in which they lie.
    fn made(text: &str, first_array: usize, amounts: [u64; 2]) -> (Ix, bool) {
        let keys = real(text);
        let held = indices(&keys[0], &keys[first_array..]);
        let up = held.is_sorted();
        assert!(up || held.is_sorted_by(|a, b| a > b), "{held:?}");
        let (mut book, mut pool) = accounts(&keys, &held);
        if keys[1] != METEORA_DLMM {
            let mut data = vec![0; 1576];
            data[..8].copy_from_slice(&BIN_ARRAY_BITMAP_EXTENSION_ACCOUNT);
            book.insert(derived(&METEORA_DLMM, &[b"bitmap", &keys[0]]), METEORA_DLMM, data, 0);
        }
        pool.tick = held[0] * 70 + 3;
        let request = Build {
            pool: &pool,
            a_to_b: !up,
            amount_in: amounts[0],
            min_out: amounts[1],
            owner: &keys[10],
            user_in: &keys[4],
            user_out: &keys[5],
        };
        let made = build(&book, &request).unwrap();
        assert_eq!(build(&AccountBook::new(), &request), Err(BuildFault::NoPool));
        let (empty, _) = accounts(&keys, &[]);
        assert_eq!(build(&empty, &request), Err(BuildFault::NoArrays));
        let bare = Pool { present: 0, ..pool };
        let bare = Build { pool: &bare, ..request };
        assert_eq!(build(&book, &bare), Err(BuildFault::NoVaults));
        (made, up)
    }

    #[test]
    fn what_is_built_for_a_pair_is_what_mainnet_took() {
        let (plain, _) = made(PLAIN, 15, [0x0bc5_63fd, 0]);
        is_real(&plain, PLAIN);
        let data = "f8c69e91e17587c8fd63c50b000000000000000000000000";
        assert_eq!((Some(plain.data), plain.accounts.len()), (hex::decode(data), 18));
        let (second, _) = made(SECOND, 16, [0x1a_0c91_5200, 0]);
        is_real(&second, SECOND);
        let data = "414b3f4ceb5b5b880052910c1a000000000000000000000000000000";
        assert_eq!((Some(&second.data), second.accounts.len()), (hex::decode(data).as_ref(), 18));
        assert_eq!(second.accounts[11].pubkey.to_bytes(), TOKEN_2022);
        // What is built is what is read.
        let keys: Vec<Key> = second.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect();
        let (program, data) = (&METEORA_DLMM, second.data.as_slice());
        let indices: Vec<u8> = (0..18).collect();
        let ix = Instruction { program, data, indices: &indices, keys: &keys, loaded: &[] };
        let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
        assert_eq!((swap.amount, swap.limit), (Some(0x1a_0c91_5200), Some(0)));
        assert_eq!((swap.pool, swap.user_in), (Some(&keys[0]), Some(&keys[4])));
        assert_eq!(EVENT_AUTHORITY, derived(&METEORA_DLMM, &[b"__event_authority"]));
    }
}
