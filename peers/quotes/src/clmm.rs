//! solana-clmm-raydium: the program's arithmetic taken out of it, and a walk around it.

use mev::dex::Order;
use mev::ids::Venue;
use mev::record::Exact;
use solana_clmm_raydium::get_sqrt_price_at_tick;
use solana_clmm_raydium::swap_full::{InitializedTick, SwapPool, compute_swap_full};

use crate::ask::{Ask, Places, Rng, ranges};
use crate::tally::{Answer, Cause, Peer, Right, Said};

/// The crate.
pub struct Clmm;

/// What its walk takes.
pub struct Input {
    order: Order,
    pool: SwapPool,
    ticks: Vec<InitializedTick>,
}

impl Peer for Clmm {
    const VENUE: &'static str = "Raydium CLMM";
    const CRATE: &'static str = "solana-clmm-raydium 0.3.0";
    const LICENCE: &'static str = "MIT OR Apache-2.0";
    type Input = Input;

    fn ask(rng: &mut Rng) -> Ask {
        ranges(rng, Venue::RaydiumClmm, 60, &[1, 10, 60, 120], 100_000, |tick| {
            get_sqrt_price_at_tick(tick).expect("in range")
        })
    }

    fn input(ask: &Ask) -> Input {
        let Places::Ticks(ticks, ..) = &ask.places else { panic!("a pool of ranges") };
        let p = &ask.pool;
        let pool = SwapPool {
            sqrt_price_x64: p.sqrt_price,
            liquidity: p.liquidity,
            tick_current: p.tick,
            tick_spacing: p.tick_spacing,
            fee_rate_pips: u32::try_from(p.fee_num).expect("below a million"),
        };
        let tick = |tick: &mev::record::Tick| InitializedTick {
            tick: tick.tick,
            liquidity_net: tick.liquidity_net,
        };
        Input { order: ask.order, pool, ticks: ticks.iter().map(tick).collect() }
    }

    fn answer(input: &mut Input) -> Said {
        let Input { order: Order { a_to_b, exact, amount, .. }, pool, ticks } = input;
        let swap = compute_swap_full(pool, ticks, *amount, 0, *exact == Exact::In, *a_to_b)
            .map_err(|fault| format!("{fault:?}"))?;
        // The program refuses a swap that moves nothing of one side (swap.rs, `require!`).
        if swap.amount_in == 0 || swap.amount_out == 0 {
            return Err("moves nothing of one side".to_owned());
        }
        Ok(Answer {
            amount_in: Some(swap.amount_in),
            amount_out: swap.amount_out,
            fee: Some(swap.fee_amount),
            complete: true,
            reserves: None,
            range: Some((swap.final_sqrt_price_x64, swap.final_liquidity, swap.final_tick)),
        })
    }

    fn cause(ask: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        if let (Err(why), Ok(b)) = (ours, theirs) {
            // The fee is that of 2^64, or some of them, more than the peer says is paid; each step rounds
            // up by itself.
            let (paid, fee) = (u128::from(b.amount_in?), u128::from(b.fee?));
            let of = |n: u128| (paid + (n << 64)) * u128::from(ask.pool.fee_num) / 1_000_000;
            let wrapped = why == "overflow" && (1..=16).any(|n| of(n).abs_diff(fee) < 300);
            return wrapped.then_some(Cause {
                right: Right::Ours,
                text: "amount and fee of a step leave 64 bits together: the peer adds them without a check \
                    and answers what is left of the sum; the program is built with overflow checks and \
                    fails (raydium-io/raydium-clmm Cargo.toml @03b44b7)",
            });
        }
        let (Ok(a), Ok(b)) = (ours, theirs) else { return None };
        let (ours, theirs) = (a.range?, b.range?);
        let on_tick = get_sqrt_price_at_tick(theirs.2) == Ok(theirs.0);
        let rest = Answer { range: b.range, ..*a };
        let same = (ours.0, ours.1, ours.2 + 1) == theirs;
        (ask.order.a_to_b && on_tick && same && rest.agrees(b)).then_some(Cause {
            right: Right::Ours,
            text: "downwards through a tick, then a step that leaves the price as it is: the peer finds the \
                tick anew and stands on it again, so that the next swap would cross it twice; the \
                program does not where the price has not moved (raydium-io/raydium-clmm \
                programs/amm/src/instructions/swap.rs @03b44b7, with just this example)",
        })
    }
}
