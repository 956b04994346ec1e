//! stable-swap-math: the crate that Saber's own program is built of.

use mev::ids::Venue;
use mev::record::{Curve, Pool};
use stable_swap_client::fees::Fees;
use stable_swap_math::curve::StableSwap;

use crate::ask::{Ask, Places, Rng, order, pool};
use crate::tally::{Answer, Cause, Peer, Said, nothing};

/// Saber's crate.
pub struct Saber;

/// What its `swap_to` takes.
pub struct Input {
    a_to_b: bool,
    amount: u64,
    reserves: (u64, u64),
    curve: StableSwap,
    fees: Fees,
}

impl Peer for Saber {
    const VENUE: &'static str = "Saber";
    const CRATE: &'static str = "stable-swap-math 1.8.1";
    const LICENCE: &'static str = "Apache-2.0";
    type Input = Input;

    fn ask(rng: &mut Rng) -> Ask {
        let mut pool = pool(Venue::Saber, Curve::Stable);
        pool.reserve_a = rng.bits(4, 60);
        let apart = rng.bits(1, 8);
        pool.reserve_b = if rng.one_in(8) { rng.bits(4, 60) } else { pool.reserve_a / apart };
        (pool.fee_num, pool.fee_den) = (rng.pick(0, 1_000), 100_000);
        pool.protocol_ppm = u32::try_from(rng.pick(0, 1_000_000)).expect("a million");
        pool.amp = rng.bits(1, 20);
        let mut unix_s = 0;
        pool.amp_target = pool.amp;
        if rng.one_in(2) {
            pool.amp_target = rng.bits(1, 20);
            pool.ramp_start_s = 1_700_000_000;
            pool.ramp_stop_s = pool.ramp_start_s + rng.pick(86_400, 864_000);
            unix_s = rng.pick(pool.ramp_start_s, pool.ramp_stop_s + 1_000);
        }
        pool.present = Pool::RESERVES | Pool::STABLE;
        let mut order = order(rng, 60, false);
        if !rng.one_in(4) {
            // Mostly a part of what is there.
            order.amount = (pool.reserve_a / rng.bits(1, 30)).max(1);
        }
        Ask { pool, places: Places::None, unix_s, order }
    }

    fn input(ask: &Ask) -> Input {
        let p = &ask.pool;
        let time = |s: u64| i64::try_from(s).expect("a time");
        let (start, stop) = (time(p.ramp_start_s), time(p.ramp_stop_s));
        let curve = StableSwap::new(p.amp, p.amp_target, time(ask.unix_s), start, stop);
        let fees = Fees {
            admin_trade_fee_numerator: p.protocol_ppm.into(),
            admin_trade_fee_denominator: 1_000_000,
            trade_fee_numerator: p.fee_num,
            trade_fee_denominator: p.fee_den,
            ..Fees::default()
        };
        let a_to_b = ask.order.a_to_b;
        let (a, b) = (p.reserve_a, p.reserve_b);
        let reserves = if a_to_b { (a, b) } else { (b, a) };
        Input { a_to_b, amount: ask.order.amount, reserves, curve, fees }
    }

    fn answer(input: &mut Input) -> Said {
        let Input { a_to_b, amount, reserves: (r_in, r_out), curve, fees } = *input;
        let swap = curve.swap_to(amount, r_in, r_out, &fees).ok_or("no result")?;
        let (a, b) = (swap.new_source_amount, swap.new_destination_amount);
        Ok(Answer {
            amount_in: Some(amount),
            amount_out: swap.amount_swapped,
            fee: None,
            complete: true,
            reserves: Some(if a_to_b { (a, b) } else { (b, a) }),
            range: None,
        })
    }

    fn cause(_: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        nothing(ours, theirs)
    }
}
