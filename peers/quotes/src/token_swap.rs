//! spl-token-swap: the program of token-swap as a crate. Its stable curve is compared with version 2.1.0,
//! from before the division was rounded up, as the pools that trade on it were deployed; the version
//! after stands beside it.

use mev::ids::Venue;
use mev::record::{Curve, Pool};
use spl_token_swap::curve::base::{CurveType, SwapCurve};
use spl_token_swap::curve::calculator::TradeDirection;
use spl_token_swap::curve::constant_price::ConstantPriceCurve;
use spl_token_swap::curve::constant_product::ConstantProductCurve;
use spl_token_swap::curve::fees::Fees;
use spl_token_swap::curve::offset::OffsetCurve;
use spl_token_swap::curve::stable::StableCurve;
use spl_token_swap_2::curve as before;
use std::sync::Arc;

use ruint::aliases::U512;

use crate::ask::{Ask, Places, Rng, order, pool};
use crate::tally::{Answer, Cause, Peer, Right, Said, nothing};

/// Version 3.0.0, all curves but the stable one.
pub struct TokenSwap;
/// Version 2.1.0, the stable curve.
pub struct TokenSwapStable;
/// Version 3.0.0, the stable curve.
pub struct TokenSwapStable3;

/// What `SwapCurve::swap` takes.
pub struct Input<C> {
    a_to_b: bool,
    amount: u64,
    reserves: (u64, u64),
    curve: C,
    fees: [(u64, u64); 2],
}

fn state(rng: &mut Rng, curve: Curve) -> Ask {
    let mut pool = pool(Venue::TokenSwap, curve);
    pool.reserve_a = rng.bits(4, 62);
    let apart = rng.bits(1, 8);
    pool.reserve_b = if rng.one_in(4) { rng.bits(4, 62) } else { (pool.reserve_a / apart).max(1) };
    if rng.one_in(4) {
        (pool.fee_num, pool.fee_den) = (rng.pick(0, 99), rng.pick(100, 100_000));
    } else {
        let (lp, owner) = (rng.pick(0, 300), rng.pick(0, 100));
        pool.lp_bps = u16::try_from(lp).expect("small");
        pool.protocol_bps = u16::try_from(owner).expect("small");
        (pool.fee_num, pool.fee_den) = (lp + owner, 10_000);
        pool.present |= Pool::SPLIT_FEES;
    }
    pool.present |= Pool::RESERVES;
    let mut order = order(rng, 62, false);
    if !rng.one_in(4) {
        let there = if order.a_to_b { pool.reserve_a } else { pool.reserve_b };
        order.amount = (there / rng.bits(1, 30)).max(1);
    }
    Ask { pool, places: Places::None, unix_s: 0, order }
}

fn stable(rng: &mut Rng) -> Ask {
    let mut ask = state(rng, Curve::Stable);
    ask.pool.amp = rng.bits(1, 20);
    (ask.pool.amp_target, ask.pool.present) = (ask.pool.amp, ask.pool.present | Pool::STABLE);
    ask
}

fn put<C>(ask: &Ask, curve: C) -> Input<C> {
    let p = &ask.pool;
    let split = p.present & Pool::SPLIT_FEES != 0;
    let fees = if split {
        [(p.lp_bps.into(), 10_000), (p.protocol_bps.into(), 10_000)]
    } else {
        [(p.fee_num, p.fee_den), (0, 1)]
    };
    let (a, b) = (p.reserve_a, p.reserve_b);
    let reserves = if ask.order.a_to_b { (a, b) } else { (b, a) };
    Input { a_to_b: ask.order.a_to_b, amount: ask.order.amount, reserves, curve, fees }
}

/// What a swap of either version says: paid, received, fees, reserves in and out.
fn said(a_to_b: bool, swap: [u128; 5]) -> Said {
    let mut narrow = [0u64; 5];
    for (to, from) in narrow.iter_mut().zip(swap) {
        *to = u64::try_from(from).map_err(|_| "more than 64 bits")?;
    }
    let [paid, received, fee, r_in, r_out] = narrow;
    Ok(Answer {
        amount_in: Some(paid),
        amount_out: received,
        fee: Some(fee),
        complete: true,
        reserves: Some(if a_to_b { (r_in, r_out) } else { (r_out, r_in) }),
        range: None,
    })
}

fn answer(input: &mut Input<SwapCurve>) -> Said {
    let Input { a_to_b, amount, reserves: (r_in, r_out), ref curve, fees } = *input;
    let fees = Fees {
        trade_fee_numerator: fees[0].0,
        trade_fee_denominator: fees[0].1,
        owner_trade_fee_numerator: fees[1].0,
        owner_trade_fee_denominator: fees[1].1,
        ..Fees::default()
    };
    let direction = if a_to_b { TradeDirection::AtoB } else { TradeDirection::BtoA };
    let swap = curve
        .swap(amount.into(), r_in.into(), r_out.into(), direction, &fees)
        .ok_or("no result")?;
    let fee = swap.trade_fee + swap.owner_fee;
    let after = (swap.new_swap_source_amount, swap.new_swap_destination_amount);
    said(
        a_to_b,
        [swap.source_amount_swapped, swap.destination_amount_swapped, fee, after.0, after.1],
    )
}

/// The stable curve, with what its versions differ in.
#[derive(Clone, Copy)]
struct Version {
    /// Twice a balance, and one more.
    one_more: bool,
    /// Iterations end where nothing changes; else within one.
    to_the_end: bool,
    /// The division of `y` is rounded up.
    up: bool,
}

/// token-swap/program/src/curve/stable.rs from 4915c09 (May 2021) to before d557474 (February 2022), as
/// Orca's own npm package @orca-so/stablecurve 1.0.8 has it.
const ORCA: Version = Version { one_more: true, to_the_end: true, up: false };
/// 2.1.0, of April 2021.
const BEFORE: Version = Version { one_more: false, to_the_end: false, up: false };
/// 3.0.0, of after d557474.
const AFTER: Version = Version { one_more: true, to_the_end: true, up: true };

impl Version {
    fn newton(self, start: U512, step: impl Fn(U512) -> Option<U512>) -> Option<U512> {
        let mut at = start;
        for _ in 0..32 {
            let next = step(at)?;
            let moved = next.abs_diff(std::mem::replace(&mut at, next));
            if moved.is_zero() || (!self.to_the_end && moved == U512::ONE) {
                break;
            }
        }
        Some(at)
    }

    /// What comes out for `net` that reaches the curve.
    fn out(self, amp: u64, r_in: u64, r_out: u64, net: u64) -> Option<u64> {
        if self.up && net == 0 {
            return Some(0);
        }
        let n = U512::from;
        let (two, leverage, sum) = (n(2), n(amp) * n(2), n(r_in) + n(r_out));
        let more = n(u64::from(self.one_more));
        let d = self.newton(sum, |d| {
            let part = (d * d).checked_div(n(r_in) * two + more)?;
            let part = (part * d).checked_div(n(r_out) * two + more)?;
            let below = (leverage - U512::ONE) * d + n(3) * part;
            ((leverage * sum + two * part) * d).checked_div(below)
        })?;
        let x = n(r_in) + n(net);
        let c = (d * d * d).checked_div(n(4) * x * leverage)?;
        let b = x + d.checked_div(leverage)?;
        let y = self.newton(d, |y| {
            let (above, below) = (y * y + c, (two * y + b).checked_sub(d)?);
            let down = above.checked_div(below)?;
            // spl-math's `checked_ceil_div` fails rather than round nothing up to one.
            Some(if self.up { (!down.is_zero()).then(|| above.div_ceil(below))? } else { down })
        })?;
        u64::try_from(n(r_out).checked_sub(y)?).ok()
    }

    /// Whether `said` is what this version gives.
    fn gives(self, ask: &Ask, said: &Said) -> bool {
        let p = &ask.pool;
        let (a, b) = (p.reserve_a, p.reserve_b);
        let (r_in, r_out) = if ask.order.a_to_b { (a, b) } else { (b, a) };
        let amount = ask.order.amount;
        let part = |(num, den): (u64, u64)| match num {
            0 => 0,
            _ => u64::try_from(u128::from(amount) * u128::from(num) / u128::from(den))
                .map_or(0, |n| n.max(1)),
        };
        let fee: u64 = put(ask, ()).fees.into_iter().map(part).sum();
        let out = amount.checked_sub(fee).and_then(|net| self.out(p.amp, r_in, r_out, net));
        match (said, out) {
            (Ok(said), Some(out)) => said.amount_out == out,
            (Err(_), None | Some(0)) => true,
            _ => false,
        }
    }

    /// The difference is that of the versions, if each side gives what its own does.
    fn differs(self, ask: &Ask, ours: &Said, theirs: &Said, text: &'static str) -> Option<Cause> {
        (ORCA.gives(ask, ours) && self.gives(ask, theirs))
            .then_some(Cause { right: Right::Ours, text })
    }
}

impl Peer for TokenSwap {
    const VENUE: &'static str = "token-swap, product, price and offset";
    const CRATE: &'static str = "spl-token-swap 3.0.0";
    const LICENCE: &'static str = "Apache-2.0";
    type Input = Input<SwapCurve>;

    fn ask(rng: &mut Rng) -> Ask {
        let mut ask = state(rng, Curve::Product);
        let signed = |n: u64| i64::try_from(n).expect("at most 62 bits");
        match rng.pick(0, 2) {
            1 => {
                ask.pool.curve = Curve::Fixed as u8;
                (ask.pool.virtual_a, ask.pool.virtual_b) = (signed(rng.bits(1, 24)), 1);
                ask.pool.present |= Pool::VIRTUAL;
                if !ask.order.a_to_b {
                    ask.order.amount =
                        (ask.order.amount / ask.pool.virtual_a.unsigned_abs()).max(1);
                }
            }
            2 => {
                ask.pool.virtual_b = signed(rng.bits(1, 62));
                ask.pool.present |= Pool::VIRTUAL;
            }
            _ => {}
        }
        ask
    }

    fn input(ask: &Ask) -> Self::Input {
        let p = &ask.pool;
        let raw = |n: i64| n.unsigned_abs();
        let curve = if p.curve == Curve::Fixed as u8 {
            let calculator = Arc::new(ConstantPriceCurve { token_b_price: raw(p.virtual_a) });
            SwapCurve { curve_type: CurveType::ConstantPrice, calculator }
        } else if p.virtual_b != 0 {
            let calculator = Arc::new(OffsetCurve { token_b_offset: raw(p.virtual_b) });
            SwapCurve { curve_type: CurveType::Offset, calculator }
        } else {
            SwapCurve {
                curve_type: CurveType::ConstantProduct,
                calculator: Arc::new(ConstantProductCurve),
            }
        };
        put(ask, curve)
    }

    fn answer(input: &mut Self::Input) -> Said {
        answer(input)
    }

    fn cause(_: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        nothing(ours, theirs)
    }
}

impl Peer for TokenSwapStable {
    const VENUE: &'static str = "token-swap, stable";
    const CRATE: &'static str = "spl-token-swap 2.1.0";
    const LICENCE: &'static str = "Apache-2.0";
    type Input = Input<before::base::SwapCurve>;

    fn ask(rng: &mut Rng) -> Ask {
        stable(rng)
    }

    fn input(ask: &Ask) -> Self::Input {
        let calculator = Box::new(before::stable::StableCurve { amp: ask.pool.amp });
        let curve_type = before::base::CurveType::Stable;
        put(ask, before::base::SwapCurve { curve_type, calculator })
    }

    fn answer(input: &mut Self::Input) -> Said {
        let Input { a_to_b, amount, reserves: (r_in, r_out), ref curve, fees } = *input;
        let fees = before::fees::Fees {
            trade_fee_numerator: fees[0].0,
            trade_fee_denominator: fees[0].1,
            owner_trade_fee_numerator: fees[1].0,
            owner_trade_fee_denominator: fees[1].1,
            ..before::fees::Fees::default()
        };
        use before::calculator::TradeDirection::{AtoB, BtoA};
        let direction = if a_to_b { AtoB } else { BtoA };
        let swap = curve
            .swap(amount.into(), r_in.into(), r_out.into(), direction, &fees)
            .ok_or("no result")?;
        let fee = swap.trade_fee + swap.owner_fee;
        let after = (swap.new_swap_source_amount, swap.new_swap_destination_amount);
        said(
            a_to_b,
            [swap.source_amount_swapped, swap.destination_amount_swapped, fee, after.0, after.1],
        )
    }

    fn cause(ask: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        let text = "the peer is from before 4915c09, which adds one to twice a balance and iterates until \
            nothing changes; the pools of Orca v2 are quoted so by Orca's own @orca-so/stablecurve 1.0.8";
        nothing(ours, theirs).or_else(|| BEFORE.differs(ask, ours, theirs, text))
    }
}

impl Peer for TokenSwapStable3 {
    const VENUE: &'static str = "token-swap, stable, the version after";
    const CRATE: &'static str = "spl-token-swap 3.0.0";
    const LICENCE: &'static str = "Apache-2.0";
    type Input = Input<SwapCurve>;

    fn ask(rng: &mut Rng) -> Ask {
        stable(rng)
    }

    fn input(ask: &Ask) -> Self::Input {
        let calculator = Arc::new(StableCurve { amp: ask.pool.amp });
        put(ask, SwapCurve { curve_type: CurveType::Stable, calculator })
    }

    fn answer(input: &mut Self::Input) -> Said {
        answer(input)
    }

    fn cause(ask: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        let text = "the peer rounds the division of the curve up (d557474, of February 2022); the pools of \
            Orca v2 are quoted without by Orca's own @orca-so/stablecurve 1.0.8";
        nothing(ours, theirs).or_else(|| AFTER.differs(ask, ours, theirs, text))
    }
}
