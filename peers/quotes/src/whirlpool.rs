//! orca_whirlpools_core: Orca's own quotes. 1.0.3 is the last version that its manifest puts under
//! Apache-2.0; it knows no adaptive fees.

use mev::dex::{Order, sqrt_price_at_tick};
use mev::ids::Venue;
use mev::record::Exact;
use orca_whirlpools_core::{
    TICK_ARRAY_SIZE, TickArrayFacade, TickArrays, TickFacade, TransferFee, WhirlpoolFacade,
    swap_quote_by_input_token, swap_quote_by_output_token,
};

use crate::ask::{Ask, Places, Rng, ranges, taxes};
use crate::tally::{Answer, Cause, Peer, Right, Said};

/// Orca's crate.
pub struct Whirlpool;

/// What its quote takes.
pub struct Input {
    order: Order,
    pool: WhirlpoolFacade,
    /// Taken by value.
    arrays: Option<TickArrays>,
    fees: [Option<TransferFee>; 2],
}

fn arrays(ask: &Ask) -> TickArrays {
    let Places::Ticks(ticks, first, end) = &ask.places else { panic!("a pool of ranges") };
    let step = i32::from(ask.pool.tick_spacing);
    let span = step * 88;
    let array = |start: i32| {
        let mut array = TickArrayFacade {
            start_tick_index: start,
            ticks: [TickFacade::default(); TICK_ARRAY_SIZE],
        };
        for tick in ticks.iter().filter(|tick| (start..start + span).contains(&tick.tick)) {
            let at = usize::try_from((tick.tick - start) / step).expect("in the array");
            let net = tick.liquidity_net;
            array.ticks[at].initialized = true;
            array.ticks[at].liquidity_net = net;
            array.ticks[at].liquidity_gross = net.unsigned_abs();
        }
        array
    };
    // An instruction carries three arrays; more here would only be copied.
    let base = ask.pool.tick.div_euclid(span) * span;
    let shift = if ask.order.a_to_b {
        -span
    } else if ask.pool.tick + step >= base + span {
        span
    } else {
        0
    };
    let middle = if ask.order.a_to_b { base + shift } else { base + shift + span };
    let starts = [middle - span, middle, middle + span];
    let known: Vec<_> = starts.into_iter().filter(|start| (*first..*end).contains(start)).collect();
    match known[..] {
        [a, b, c] => TickArrays::Three(array(a), array(b), array(c)),
        [a, b] => TickArrays::Two(array(a), array(b)),
        [a] => TickArrays::One(array(a)),
        _ => panic!("the arrays around the price are known"),
    }
}

impl Peer for Whirlpool {
    const VENUE: &'static str = "Orca Whirlpool";
    const CRATE: &'static str = "orca_whirlpools_core 1.0.3";
    const LICENCE: &'static str = "Apache-2.0";
    type Input = Input;

    fn ask(rng: &mut Rng) -> Ask {
        let mut ask = ranges(rng, Venue::OrcaWhirlpool, 88, &[1, 4, 8, 64, 128], 60_000, |tick| {
            sqrt_price_at_tick(tick).expect("in range")
        });
        taxes(rng, &mut ask.pool);
        ask
    }

    fn input(ask: &Ask) -> Input {
        let p = &ask.pool;
        let pool = WhirlpoolFacade {
            tick_spacing: p.tick_spacing,
            fee_rate: u16::try_from(p.fee_num).expect("at most 60 000"),
            liquidity: p.liquidity,
            sqrt_price: p.sqrt_price,
            tick_current_index: p.tick,
            ..WhirlpoolFacade::default()
        };
        let fee = |bps, max| (bps != 0).then(|| TransferFee::new_with_max(bps, max));
        let fees = [
            fee(p.transfer_fee_bps_a, p.transfer_fee_max_a),
            fee(p.transfer_fee_bps_b, p.transfer_fee_max_b),
        ];
        Input { order: ask.order, pool, arrays: Some(arrays(ask)), fees }
    }

    fn answer(input: &mut Input) -> Said {
        let arrays = input.arrays.take().ok_or("asked before")?;
        let Input { order: Order { a_to_b, exact, amount, .. }, pool, fees: [a, b], .. } = *input;
        let (paid, received, fee) = match exact {
            Exact::In => swap_quote_by_input_token(amount, a_to_b, 0, pool, arrays, a, b)
                .map(|quote| (quote.token_in, quote.token_est_out, quote.trade_fee))?,
            Exact::Out => swap_quote_by_output_token(amount, !a_to_b, 0, pool, arrays, a, b)
                .map(|quote| (quote.token_est_in, quote.token_out, quote.trade_fee))?,
        };
        Ok(Answer {
            amount_in: Some(paid),
            amount_out: received,
            fee: Some(fee),
            complete: true,
            reserves: None,
            range: None,
        })
    }

    fn cause(ask: &Ask, ours: &Said, theirs: &Said) -> Option<Cause> {
        let taxed = ask.pool.transfer_fee_bps_a != 0 || ask.pool.transfer_fee_bps_b != 0;
        if let (Ok(a), Ok(b)) = (ours, theirs) {
            let rest = Answer { amount_in: b.amount_in, ..*a };
            if taxed && ask.order.exact == Exact::In && rest.agrees(b) && b.amount_in < a.amount_in
            {
                return Some(Cause {
                    right: Right::Ours,
                    text: "the peer makes `token_in` anew from what is left after the transfer fee, \
                        which several amounts leave; the program moves the amount that was asked \
                        for (orca-so/whirlpools programs/whirlpool/src/instructions/v2/swap.rs)",
                });
            }
        }
        None
    }
}
