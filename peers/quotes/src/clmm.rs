//! solana-clmm-raydium: the program's arithmetic taken out of it, and a walk around it.

use mev::dex::Order;
use mev::ids::Venue;
use mev::record::Exact;
use solana_clmm_raydium::get_sqrt_price_at_tick;
use solana_clmm_raydium::swap_full::{InitializedTick, SwapPool, compute_swap_full};

use crate::ask::{Ask, Places, Rng, ranges};
use crate::tally::{Answer, Cause, Peer, Said};

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

    fn answer(input: Input) -> Said {
        let Input { order: Order { a_to_b, exact, amount, .. }, pool, ticks } = input;
        let swap = compute_swap_full(&pool, &ticks, amount, 0, exact == Exact::In, a_to_b)
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

    fn cause(_: &Ask, _: &Said, _: &Said) -> Option<Cause> {
        None
    }
}
