//! Instructions that swap.

use crate::ids::{Key, MEMO, ORCA_WHIRLPOOL, TOKEN};

use super::super::accounts::AccountBook;
use super::super::build::{Build, BuildFault, Ix, Metas, derived};
use super::swap::array_starts;
use super::{SWAP, SWAP_V2, sides};

/// The address of the tick array of `pool` that starts at `start_tick`.
pub fn tick_array_address(pool: &Key, start_tick: i32) -> Key {
    derived(&ORCA_WHIRLPOOL, &[b"tick_array", pool, start_tick.to_string().as_bytes()])
}

/// swap where both tokens are SPL Token's, which is the smaller; else swap_v2.
///
/// The tick arrays are those that the walk from the pool's present tick reaches; one that does not
/// exist counts as empty, and where the tick range ends the last one is named again.
pub(in super::super) fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
    let (pool, a_to_b) = (request.with_vaults()?, request.a_to_b);
    let program_of = |mint| book.token_program(mint).ok_or(BuildFault::NoMint);
    let (program_a, program_b) = (program_of(&pool.mint_a)?, program_of(&pool.mint_b)?);
    let arrays = array_starts(pool.tick, pool.tick_spacing, a_to_b).ok_or(BuildFault::Tick)?;
    let [first, second, third] = arrays.0;
    let starts = match arrays.1 {
        1 => [first; 3],
        2 => [first, second, second],
        _ => [first, second, third],
    };
    let oracle = derived(&ORCA_WHIRLPOOL, &[b"oracle", &pool.pool]);
    // The user's accounts of tokens a and b.
    let (user_a, user_b) = sides(a_to_b, request.user_in, request.user_out);
    let plain = program_a == TOKEN && program_b == TOKEN;
    let mut metas = Metas::new(ORCA_WHIRLPOOL);
    if plain {
        metas.read(&TOKEN).sign(request.owner).write(&pool.pool);
    } else {
        metas.read(&program_a).read(&program_b).read(&MEMO).sign(request.owner);
        metas.write(&pool.pool).read(&pool.mint_a).read(&pool.mint_b);
    }
    metas.write(user_a).write(&pool.vault_a).write(user_b).write(&pool.vault_b);
    for start in starts {
        metas.write(&tick_array_address(&pool.pool, start));
    }
    if plain {
        metas.read(&oracle)
    } else {
        metas.write(&oracle)
    };
    let mut data = if plain { SWAP } else { SWAP_V2 }.to_vec();
    data.extend(request.amount_in.to_le_bytes());
    data.extend(request.min_out.to_le_bytes());
    data.extend(0u128.to_le_bytes()); // no explicit price limit
    data.extend([1, u8::from(a_to_b)]); // the amount is the input
    if !plain {
        data.push(0); // no remaining accounts
    }
    Ok(metas.ix(data))
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "test fixtures")]
mod tests {
    use super::super::super::model::{self, join, key, shared};
    use super::super::super::token::tests::mint_bytes;
    use super::super::super::{Clock, Decoded, Instruction, build, decode};
    use super::*;
    use crate::ids::TOKEN_2022;
    use crate::record::{Direction, Exact, Pool};

    #[test]
    fn known_tick_array_addresses() {
        // Accounts of pool HJPjoWUr.. on mainnet.
        let pool = key("HJPjoWUrhoZzkNfRpHuieeFk9WcZWjwy6PBjZ81ngndJ");
        for (start, array) in [
            (-11_264, "81T5kNuPRkyVzhwbe2RpKR7wmQpGJ7RBkGPdTqyfa5vq"),
            (0, "JCpxMSDRDPBMqjoX7LkhMwro2y6r85Q8E6p5zNdBZyWa"),
            (11_264, "2ezvsnoXdukw5dAAZ4EkW67bmUo8PHRPX8ZDqf76BKtV"),
        ] {
            assert_eq!(tick_array_address(&pool, start), key(array), "{start}");
        }
    }

    fn request(pool: &Pool, a_to_b: bool) -> Build<'_> {
        let (owner, user_in, user_out) = (&[9; 32], &[10; 32], &[11; 32]);
        Build { pool, a_to_b, amount_in: 7, min_out: 5, owner, user_in, user_out }
    }

    fn keys(ix: &Ix) -> Vec<Key> {
        ix.accounts.iter().map(|meta| meta.pubkey.to_bytes()).collect()
    }

    #[test]
    fn an_instruction_for_the_real_pool() {
        let Some(text) = shared("data/pools/orca-whirlpool-sol-usdc.jsonl") else { return };
        let book = model::book(&text);
        let pool = join(&book, Clock::default()).pools[0].0;
        for a_to_b in [true, false] {
            let made = build(&book, &request(&pool, a_to_b)).unwrap();
            let keys = keys(&made);
            assert_eq!(keys.len(), 11);
            let starts =
                if a_to_b { [-39_424, -45_056, -50_688] } else { [-39_424, -33_792, -28_160] };
            for (at, start) in starts.into_iter().enumerate() {
                assert_eq!(keys[7 + at], tick_array_address(&pool.pool, start));
                assert!(book.get(&keys[7 + at]).is_some(), "the array is in the file");
            }
            let writable: Vec<bool> = made.accounts.iter().map(|meta| meta.is_writable).collect();
            assert!(writable.iter().enumerate().all(|(at, w)| *w == (2..10).contains(&at)));
            assert!(made.accounts.iter().enumerate().all(|(at, meta)| meta.is_signer == (at == 1)));
            // What is built is what is read.
            let indices: Vec<u8> = (0..11).collect();
            let (program, data) = (&ORCA_WHIRLPOOL, &made.data);
            let ix = Instruction { program, data, indices: &indices, keys: &keys, loaded: &[] };
            let Some(Decoded::One(swap)) = decode(&ix) else { panic!() };
            let direction = if a_to_b { Direction::AToB } else { Direction::BToA };
            assert_eq!((swap.exact, swap.direction, swap.sqrt_limit), (Exact::In, direction, None));
            assert_eq!((swap.amount, swap.limit), (Some(7), Some(5)));
            assert_eq!((swap.user_in, swap.user_out), (Some(&[10; 32]), Some(&[11; 32])));
            assert_eq!((swap.pool, swap.vault_a), (Some(&pool.pool), Some(&pool.vault_a)));
        }
    }

    #[test]
    fn token_2022_takes_the_second_version_and_edges_repeat_an_array() {
        let mut book = AccountBook::new();
        book.insert([3; 32], TOKEN, mint_bytes(9, &[]), 0);
        let mut pool = Pool::new(0);
        pool.venue = crate::ids::Venue::OrcaWhirlpool as u16;
        (pool.pool, pool.mint_a, pool.mint_b) = ([1; 32], [3; 32], [5; 32]);
        (pool.tick, pool.tick_spacing) = (super::super::TICK_MIN, 1);
        assert_eq!(build(&book, &request(&pool, true)), Err(BuildFault::NoVaults));
        pool.present = Pool::VAULTS;
        assert_eq!(build(&book, &request(&pool, true)), Err(BuildFault::NoMint));
        book.insert([5; 32], TOKEN_2022, mint_bytes(6, &[]), 0);
        let made = build(&book, &request(&pool, true)).unwrap();
        let keys = keys(&made);
        assert_eq!((keys.len(), made.data.len()), (15, 43));
        assert_eq!(keys[..4], [TOKEN, TOKEN_2022, MEMO, [9; 32]]);
        assert_eq!(keys[5..7], [[3; 32], [5; 32]]);
        let lowest = tick_array_address(&pool.pool, -443_696);
        assert_eq!(keys[11..14], [lowest; 3], "there is no array below");
        assert!(made.accounts[14].is_writable);
        pool.tick_spacing = 0;
        assert_eq!(build(&book, &request(&pool, true)), Err(BuildFault::Tick));
    }
}
