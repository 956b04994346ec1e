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
pub(in crate::dex) fn build(book: &AccountBook, request: &Build<'_>) -> Result<Ix, BuildFault> {
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
