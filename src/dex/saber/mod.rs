//! Saber: stable swap of two tokens of one price.
//!
//! Source: saber-hq/stable-swap, stable-swap-client/src/{instruction,state,fees}.rs,
//! stable-swap-program/program/src/processor @39d5d4e. Not an Anchor program: the first byte of an
//! instruction is its tag.
//!
//! | tag | instruction | data | accounts |
//! |---|---|---|---|
//! | 0 | Initialize | nonce u8@1, amp u64@2, fees@10 | 12 |
//! | 1 | Swap | amount_in u64@1, min_out u64@9 | 9 |
//! | 2 | Deposit | a u64@1, b u64@9, least pool tokens u64@17 | 10 |
//! | 3 | Withdraw | pool tokens u64@1, least a u64@9, least b u64@17 | 12 |
//! | 4 | WithdrawOne | pool tokens u64@1, least u64@9 | 10 |
//! | 100 | RampA | amp u64@1, until i64@9 | 2 |
//! | 101 to 106 | StopRampA, Pause, Unpause, SetFeeAccount, ApplyNewAdmin, CommitNewAdmin | | 2 |
//! | 107 | SetNewFees | fees@1 | 2 |
//!
//! Accounts: 0 pool, 1 authority, 2 user (signs); of a swap 3 user source, 4 pool source, 5 pool
//! destination, 6 user destination, 7 admin's fee account, 8 token program; of Initialize 2 admin,
//! 5 mint a, 7 mint b; of an admin's instruction 0 pool, 1 admin (signs).
//!
//! Direction is not in the instruction: the pool's source account is that of a or of b. The program
//! tells of a swap in log lines for people: fills are read from transfers, of which a swap has
//! three; the last one pays the admin's part of the fee out of the pool.
//!
//! SwapInfo, 395 bytes: initialised u8@0, paused u8@1, nonce u8@2, amp u64@3, amp_target u64@11,
//! ramp i64@19 to i64@27, account a@107, account b@139, pool mint@171, mint a@203, mint b@235, fees
//! as fractions of two u64: the admin's part of a trade's@331, of a withdrawal's@347, trade@363,
//! withdrawal@379. A trade's fee is taken from the output.

mod swap;

use super::accounts::{AccountBook, AccountFault, Clock, Out, PoolKeys, Unsupported};
use super::instruction::{Decoded, Instruction, IxFault, LiquidityIx, SwapIx};
use super::{Coverage, Grade, VenueSpec, join, stable};
use crate::bytes::{u8_at, u64_at};
use crate::ids::Venue;
use crate::math::muldiv::mul_div_floor;
use crate::record::{Action, Curve, Exact, Pool, PoolStatus};

/// The venue's line in the table.
pub(super) const SPEC: VenueSpec = VenueSpec {
    coverage: Coverage { intents: Grade::Source, fills: Grade::None, pools: Grade::Source },
    decode,
    pools,
    swap: swap::swap,
    segment: stable::chord,
    ..VenueSpec::of(Venue::Saber)
};

fn decode<'a>(ix: &Instruction<'a>) -> Result<Decoded<'a>, IxFault> {
    let change = match ix.data.first().ok_or(IxFault::ShortData)? {
        1 => return swap_ix(ix).map(Decoded::One),
        0 => create(ix)?,
        2 => {
            let (amount_a, amount_b) = (Some(ix.u64(1)?), Some(ix.u64(9)?));
            ix.u64(17)?;
            LiquidityIx { amount_a, amount_b, ..changed(ix, Action::Add, 10, 2)? }
        }
        3 => {
            let liquidity = Some(ix.u64(1)?.into());
            let (limit_a, limit_b) = (Some(ix.u64(9)?), Some(ix.u64(17)?));
            LiquidityIx { limit_a, limit_b, liquidity, ..changed(ix, Action::Remove, 12, 2)? }
        }
        4 => {
            let liquidity = Some(ix.u64(1)?.into());
            ix.u64(9)?; // of a or of b: the accounts alone tell
            LiquidityIx { liquidity, ..changed(ix, Action::Remove, 10, 2)? }
        }
        100 => {
            let value = Some(ix.u64(1)?);
            ix.u64(9)?;
            LiquidityIx { value, ..changed(ix, Action::Config, 2, 1)? }
        }
        101..=106 => changed(ix, Action::Config, 2, 1)?,
        107 => {
            ix.u64(57)?; // the last of eight
            changed(ix, Action::Fee, 2, 1)?
        }
        _ => return Err(IxFault::Unknown),
    };
    Ok(Decoded::Liquidity(change))
}

fn swap_ix<'a>(ix: &Instruction<'a>) -> Result<SwapIx<'a>, IxFault> {
    let (amount, limit) = (ix.u64(1)?, ix.u64(9)?);
    ix.at_least(9)?;
    let mut swap = SwapIx::new(Venue::Saber, Exact::In);
    (swap.amount, swap.limit) = (Some(amount), Some(limit));
    (swap.pool, swap.owner) = (ix.account(0), ix.account(2));
    (swap.user_in, swap.user_out) = (ix.account(3), ix.account(6));
    Ok(swap)
}

fn create<'a>(ix: &Instruction<'a>) -> Result<LiquidityIx<'a>, IxFault> {
    let value = Some(ix.u64(2)?);
    ix.u64(66)?; // the last of the fees
    let (mint_a, mint_b) = (ix.account(5), ix.account(7));
    Ok(LiquidityIx { mint_a, mint_b, value, ..changed(ix, Action::Create, 12, 2)? })
}

fn changed<'a>(
    ix: &Instruction<'a>,
    action: Action,
    accounts: usize,
    owner: usize,
) -> Result<LiquidityIx<'a>, IxFault> {
    ix.at_least(accounts)?;
    let (pool, owner) = (ix.account(0), ix.account(owner));
    Ok(LiquidityIx { pool, owner, ..LiquidityIx::new(Venue::Saber, action) })
}

const SWAP_INFO_LEN: usize = 395;

/// The program has accounts of one kind, which have no discriminator.
fn pools(book: &AccountBook, clock: Clock, out: &mut Out<'_>) {
    join::each(book, Venue::Saber, out, &mut |key, account, out| {
        let (data, short) = (account.data.as_slice(), AccountFault::WrongLen);
        if data.len() < SWAP_INFO_LEN {
            return Err(short);
        }
        if data.first() != Some(&1) {
            return Err(AccountFault::NotInitialised);
        }
        let keys = PoolKeys::at(key, Venue::Saber, data, [203, 235], [107, 139]).ok_or(short)?;
        join::pool(book, clock, &keys, account.slot, out, |pool| {
            fill(pool, data, clock).ok_or(short)?;
            if pool.fee_den == 0 || pool.fee_num >= pool.fee_den {
                return Err(AccountFault::Fee);
            }
            if pool.reserve_a == 0 || pool.reserve_b == 0 {
                return Err(AccountFault::ZeroReserve);
            }
            let (num, den) = (u64_at(data, 331).ok_or(short)?, u64_at(data, 339).ok_or(short)?);
            share(pool, num, den)
        });
        Ok(())
    });
}

/// The admin's part of the fee, in ppm of it; most pools have none or a half.
fn share(pool: &mut Pool, num: u64, den: u64) -> Result<Option<Unsupported>, AccountFault> {
    const PPM: u64 = 1_000_000;
    if den == 0 || num > den {
        return Err(AccountFault::Fee);
    }
    let ppm = mul_div_floor(num, PPM, den).ok_or(AccountFault::Fee)?;
    pool.protocol_ppm = u32::try_from(ppm).map_err(|_| AccountFault::Fee)?;
    let exact = mul_div_floor(ppm, den, PPM) == Some(num);
    Ok((!exact).then_some(Unsupported::FeeShare))
}

/// Amplification and its ramp, which is recorded as over once the clock says so; fee and status.
fn fill(pool: &mut Pool, data: &[u8], clock: Clock) -> Option<()> {
    pool.curve = Curve::Stable as u8;
    (pool.amp, pool.amp_target) = (u64_at(data, 3)?, u64_at(data, 11)?);
    (pool.ramp_start_s, pool.ramp_stop_s) = (u64_at(data, 19)?, u64_at(data, 27)?);
    if clock.unix_s.is_some_and(|now| now >= pool.ramp_stop_s) {
        pool.amp = pool.amp_target;
    }
    pool.present |= Pool::STABLE | Pool::AMP_TARGET | Pool::RAMP_START | Pool::RAMP_STOP;
    (pool.fee_num, pool.fee_den) = (u64_at(data, 363)?, u64_at(data, 371)?);
    pool.fee_side = join::FEE_OF_OUTPUT;
    if u8_at(data, 1)? != 0 {
        pool.status = PoolStatus::Disabled as u8;
    }
    Some(())
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "a test may panic")]
mod tests {
    use super::super::accounts::tests::put;
    use super::super::model::{instruction, join, places, pool_book, refused, tagged};
    use super::*;
    use crate::record::Layout;
    use proptest::prelude::*;

    const VENUE: Venue = Venue::Saber;

    #[test]
    fn a_swap_names_the_users_accounts_and_no_direction() {
        let Decoded::One(swap) = instruction(VENUE, &tagged(&[1], &[7, 5]), 9) else { panic!() };
        assert_eq!((swap.exact, swap.amount, swap.limit), (Exact::In, Some(7), Some(5)));
        assert_eq!(places(&swap), [Some(0), Some(2), Some(3), Some(6), None, None]);
    }

    #[test]
    fn every_instruction_at_every_shorter_length() {
        let whole = [
            (tagged(&[0, 255], &[100, 1, 2, 3, 4, 5, 6, 7, 8]), 12, Some((Action::Create, 2))),
            (tagged(&[1], &[7, 5]), 9, None),
            (tagged(&[2], &[7, 5, 6]), 10, Some((Action::Add, 2))),
            (tagged(&[3], &[7, 5, 6]), 12, Some((Action::Remove, 2))),
            (tagged(&[4], &[7, 5]), 10, Some((Action::Remove, 2))),
            (tagged(&[100], &[7, 5]), 2, Some((Action::Config, 1))),
            (tagged(&[102], &[]), 2, Some((Action::Config, 1))),
            (tagged(&[107], &[1, 2, 3, 4, 5, 6, 7, 8]), 2, Some((Action::Fee, 1))),
        ];
        for (data, accounts, expected) in &whole {
            match (instruction(VENUE, data, *accounts), expected) {
                (Decoded::One(_), None) => {}
                (Decoded::Liquidity(change), Some((action, owner))) => {
                    assert_eq!((change.action, change.pool), (*action, Some(&[0; 32])));
                    assert_eq!(change.owner, Some(&[*owner; 32]));
                }
                other => panic!("{other:?}"),
            }
            for len in 0..data.len() {
                assert_eq!(refused(VENUE, &data[..len], *accounts), Some(IxFault::ShortData));
            }
            for fewer in 0..*accounts {
                assert_eq!(refused(VENUE, data, fewer), Some(IxFault::FewAccounts));
            }
        }
        for tag in (5..100).chain(108..=255) {
            assert_eq!(refused(VENUE, &[tag], 20), Some(IxFault::Unknown));
        }
    }

    #[test]
    fn changes_carry_amounts_and_limits() {
        let change = |data: &[u8]| match instruction(VENUE, data, 12) {
            Decoded::Liquidity(change) => change,
            other => panic!("{other:?}"),
        };
        let added = change(&tagged(&[2], &[7, 5, 6]));
        assert_eq!((added.amount_a, added.amount_b), (Some(7), Some(5)));
        let removed = change(&tagged(&[3], &[7, 5, 6]));
        assert_eq!((removed.liquidity, removed.limit_a), (Some(7), Some(5)));
        assert_eq!(removed.limit_b, Some(6));
        assert_eq!(change(&tagged(&[4], &[7, 5])).liquidity, Some(7));
        assert_eq!(change(&tagged(&[100], &[7, 5])).value, Some(7));
        let made = change(&tagged(&[0, 255], &[100, 1, 2, 3, 4, 5, 6, 7, 8]));
        assert_eq!((made.value, made.mint_a), (Some(100), Some(&[5; 32])));
        assert_eq!(made.mint_b, Some(&[7; 32]));
    }

    /// Amplification 100 to 200 from second 10 to 20, fee 4 of 10 000, of which the admin has a half.
    fn swap_info() -> Vec<u8> {
        let mut data = vec![0; SWAP_INFO_LEN];
        data[0] = 1;
        for (at, value) in [
            (3, 100u64),
            (11, 200),
            (19, 10),
            (27, 20),
            (331, 50),
            (339, 100),
            (363, 4),
            (371, 10_000),
        ] {
            put(&mut data, at, &value.to_le_bytes());
        }
        for (at, n) in [(107, 2), (139, 3), (203, 4), (235, 5)] {
            put(&mut data, at, &[n; 32]);
        }
        data
    }

    #[test]
    fn pools_with_their_ramp() {
        let read = |unix_s| {
            let clock = Clock { epoch: None, unix_s };
            join(&pool_book(VENUE, &swap_info()), clock).pools[0]
        };
        let (pool, unsupported) = read(None);
        assert_eq!((unsupported, pool.invalid()), (None, None));
        assert_eq!((pool.reserve_a, pool.reserve_b, pool.status), (70, 80, 0));
        assert_eq!((pool.fee_num, pool.fee_den, pool.fee_side), (4, 10_000, 3));
        assert_eq!((pool.amp, pool.amp_target, pool.protocol_ppm), (100, 200, 500_000));
        assert_eq!((pool.ramp_start_s, pool.ramp_stop_s), (10, 20));
        assert_eq!((pool.curve, pool.decimals_a), (Curve::Stable as u8, 9));
        assert_eq!(read(Some(19)).0.amp, 100);
        assert_eq!(read(Some(20)).0.amp, 200);
    }

    #[test]
    fn what_is_off_broken_or_not_modelled_is_named() {
        let whole = swap_info();
        let wrong = |data: &[u8]| join(&pool_book(VENUE, data), Clock::default()).wrong[0].1;
        (1..395).for_each(|len| assert_eq!(wrong(&whole[..len]), "wrong_len", "{len}"));
        let changed = |at: usize, bytes: &[u8]| {
            let mut data = whole.clone();
            put(&mut data, at, bytes);
            data
        };
        assert_eq!(wrong(&changed(0, &[0])), "not_initialised");
        assert_eq!(wrong(&changed(371, &4u64.to_le_bytes())), "bad_fee");
        assert_eq!(wrong(&changed(339, &[0; 8])), "bad_fee");
        assert_eq!(wrong(&changed(235, &[4; 32])), "same_mint");
        let joined = |data: &[u8]| join(&pool_book(VENUE, data), Clock::default()).pools[0];
        assert_eq!(joined(&changed(1, &[1])).0.status, PoolStatus::Disabled as u8);
        let third = joined(&changed(339, &150u64.to_le_bytes()));
        assert_eq!(third.1, Some(Unsupported::FeeShare));
        let mut book = pool_book(VENUE, &whole);
        book.insert([3; 32], crate::ids::TOKEN, vec![0; 165], 99);
        assert_eq!(join(&book, Clock::default()).wrong, [([3; 32], "not_initialised")]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(tag: u8, tail: Vec<u8>, mut data in prop::collection::vec(any::<u8>(), 0..500)) {
            let _ = refused(VENUE, &[&[tag][..], &tail].concat(), 12);
            if data.len() >= 267 {
                let whole = swap_info();
                data[0] = 1;
                for at in [107, 139, 203, 235] {
                    put(&mut data, at, &whole[at..at.strict_add(32)]);
                }
            }
            for (pool, _) in join(&pool_book(VENUE, &data), Clock::default()).pools {
                prop_assert_eq!(pool.invalid(), None);
            }
        }
    }
}
