//! Pricing.

use crate::math::muldiv::{mul_div_ceil, mul_div_floor};
use crate::record::{Exact, Pool};

use super::super::around::Around;
use super::super::product;
use super::super::quote::{Fault, Order, Quote, State, Swapped};
use super::super::segment::{Cursor, Segment, keeps, product_with, transfer_fees};

/// The rates of a swap in one direction, ppm.
#[derive(Clone, Copy)]
struct Rates {
    /// Trade fee.
    trade: u64,
    /// The creator's fee where it is on the input, else 0.
    creator_in: u64,
    /// The creator's fee where it is on the output, else 0.
    creator_out: u64,
    /// Whether the creator's side is the input, also at a rate of 0.
    on_input: bool,
}

impl Rates {
    /// pool.rs `is_creator_fee_on_input`.
    fn of(pool: &Pool, a_to_b: bool) -> Result<Self, Fault> {
        let on_input = match (pool.creator_side, a_to_b) {
            (0, _) | (1, true) | (2, false) => true,
            (1 | 2, _) => false,
            _ => return Err(Fault::State),
        };
        let creator = u64::from(pool.creator_ppm);
        let total = pool.fee_num.checked_add(creator).ok_or(Fault::Fee)?;
        if total >= PPM || pool.fee_den != PPM {
            return Err(Fault::Fee);
        }
        let (creator_in, creator_out) = if on_input { (creator, 0) } else { (0, creator) };
        Ok(Self { trade: pool.fee_num, creator_in, creator_out, on_input })
    }

    /// All of the fee on the input.
    fn on_in(&self) -> u64 {
        self.trade.saturating_add(self.creator_in)
    }

    /// The creator's part of `total`, the fee taken from the input; 0 when it is on the output.
    fn creator_of(&self, total: u64) -> Result<u64, Fault> {
        if self.on_input {
            // fees.rs `split_creator_fee`: without any rate the program fails on its division.
            mul_div_floor(total, self.creator_in, self.on_in()).ok_or(Fault::Fee)
        } else {
            Ok(0)
        }
    }
}

/// Parts of a rate: 100 %.
const PPM: u64 = 1_000_000;

/// What moved, in the token units of the pool: transfer fees are outside.
struct Moved {
    /// Reached the pool.
    amount_in: u64,
    /// Left the pool for the user.
    amount_out: u64,
    /// Fee on the input, the creator's included.
    fee: u64,
    /// The creator's fee on the output.
    creator_out: u64,
}

/// Answers an order as the program does (instructions/swap_base_input.rs, swap_base_output.rs).
pub(in super::super) fn swap(pool: &Pool, _: Around<'_>, order: &Order) -> Swapped {
    let state = State::of(pool);
    let reserves = state.reserves(order.a_to_b);
    let rates = Rates::of(pool, order.a_to_b)?;
    let (fee_in, fee_out) = transfer_fees(pool, order.a_to_b);
    let (moved, amount_in, amount_out) = match order.exact {
        Exact::In => {
            let reached = fee_in.net(order.amount);
            let moved = base_input(reserves, rates, reached)?;
            let received = fee_out.net(moved.amount_out);
            (moved, order.amount, received)
        }
        Exact::Out => {
            let sent = fee_out.gross(order.amount).ok_or(Fault::Overflow)?;
            let moved = base_output(reserves, rates, sent)?;
            let paid = fee_in.gross(moved.amount_in).ok_or(Fault::Overflow)?;
            (moved, paid, order.amount)
        }
    };
    if amount_out == 0 {
        return Err(Fault::ZeroOut);
    }
    let (r_in, r_out) = after(pool, reserves, rates, &moved)?;
    let quote = Quote { amount_in, amount_out, fee: moved.fee, ticks_crossed: 0, complete: true };
    Ok((quote, state.with_reserves(order.a_to_b, r_in, r_out)))
}

/// curve/calculator.rs `swap_base_input`.
fn base_input((r_in, r_out): (u64, u64), rates: Rates, amount_in: u64) -> Result<Moved, Fault> {
    if amount_in == 0 {
        return Err(Fault::ZeroAmount);
    }
    let fee = mul_div_ceil(amount_in, rates.on_in(), PPM).ok_or(Fault::Overflow)?;
    let net = amount_in.checked_sub(fee).ok_or(Fault::Fee)?;
    let swapped = product::out_for(r_in, r_out, net)?;
    let creator_out = mul_div_ceil(swapped, rates.creator_out, PPM).ok_or(Fault::Overflow)?;
    let amount_out = swapped.checked_sub(creator_out).ok_or(Fault::Fee)?;
    Ok(Moved { amount_in, amount_out, fee, creator_out })
}

/// curve/calculator.rs `swap_base_output`.
fn base_output((r_in, r_out): (u64, u64), rates: Rates, amount_out: u64) -> Result<Moved, Fault> {
    // fees.rs `calculate_pre_fee_amount`
    let before_fee = |amount: u64, rate: u64| {
        let kept = PPM.checked_sub(rate)?;
        mul_div_ceil(amount, PPM, kept)
    };
    let swapped = before_fee(amount_out, rates.creator_out).ok_or(Fault::Overflow)?;
    let creator_out = swapped.checked_sub(amount_out).ok_or(Fault::Fee)?;
    let net = product::in_for(r_in, r_out, swapped)?;
    let amount_in = before_fee(net, rates.on_in()).ok_or(Fault::Overflow)?;
    let fee = amount_in.checked_sub(net).ok_or(Fault::Fee)?;
    Ok(Moved { amount_in, amount_out, fee, creator_out })
}

/// The reserves after a swap: protocol, fund and creator fees lie in the vaults but are owed.
fn after(
    pool: &Pool,
    (r_in, r_out): (u64, u64),
    rates: Rates,
    moved: &Moved,
) -> Result<(u64, u64), Fault> {
    let creator_in = rates.creator_of(moved.fee)?;
    let trade = moved.fee.checked_sub(creator_in).ok_or(Fault::Fee)?;
    let part = |ppm: u32| mul_div_floor(trade, u64::from(ppm), PPM).ok_or(Fault::Overflow);
    let grown = r_in.checked_add(moved.amount_in).ok_or(Fault::Overflow)?;
    let owed = [part(pool.protocol_ppm)?, part(pool.fund_ppm)?, creator_in];
    let r_in = owed.iter().try_fold(grown, |left, owed| left.checked_sub(*owed));
    let r_out = r_out.checked_sub(moved.amount_out).and_then(|r| r.checked_sub(moved.creator_out));
    Ok((r_in.ok_or(Fault::Fee)?, r_out.ok_or(Fault::Reserve)?))
}

/// The one piece of the curve.
pub(in super::super) fn segment(
    pool: &Pool,
    _: Around<'_>,
    a_to_b: bool,
    cursor: &mut Cursor,
) -> Option<Segment> {
    let rates = Rates::of(pool, a_to_b).ok()?;
    let keep = keeps(pool, a_to_b, (rates.on_in(), PPM), rates.creator_out)?;
    product_with(pool, a_to_b, cursor, keep)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "test fixtures")]
mod tests {
    use super::super::super::model::{cpmm, narrow, product_pool};
    use super::super::super::quote::{apply, min_in, quote_in, quote_out};
    use super::*;
    use crate::ids::Venue;
    use proptest::prelude::*;

    const NONE: Around<'static> = Around::NONE;

    fn pool(a: u64, b: u64) -> Pool {
        product_pool(Venue::RaydiumCpmm, a, b, 2500, PPM)
    }

    #[test]
    fn golden_numbers() {
        // facts/dex.md 22
        let pool = pool(123_456_789_012_345, 987_654_321_098_765);
        let quote = quote_in(&pool, NONE, true, 1_000_003).unwrap();
        assert_eq!((quote.fee, quote.amount_out), (2501, 7_980_016));
    }

    /// fl(5000 * 9975/10000 ..) by hand: 1 % creator fee beside 0.25 %, on either side.
    #[test]
    fn the_creator_fee_is_taken_on_its_side() {
        let mut pool = pool(1_000_000, 2_000_000);
        pool.creator_ppm = 10_000;
        let quote = |pool: &Pool, a_to_b| quote_in(pool, NONE, a_to_b, 100_000).unwrap();
        // input side: ceil(100000 * 1.25 %) = 1250; 2000000 * 98750 / 1098750 = 179749.7
        assert_eq!((quote(&pool, true).fee, quote(&pool, true).amount_out), (1250, 179_749));
        pool.creator_side = 1; // a only, and a goes in
        assert_eq!(quote(&pool, true).amount_out, 179_749);
        pool.creator_side = 2; // b only, and b comes out: 2000000 * 99750 / 1099750 = 181404.8,
        // less ceil(181404 * 1 %) = 1815
        assert_eq!((quote(&pool, true).fee, quote(&pool, true).amount_out), (250, 179_589));
        pool.creator_side = 3;
        assert_eq!(quote_in(&pool, NONE, true, 1), Err(Fault::State));
    }

    #[test]
    fn what_the_program_refuses_is_refused_by_name() {
        assert_eq!(quote_in(&pool(0, 5), NONE, true, 1), Err(Fault::ZeroReserve));
        assert_eq!(quote_in(&pool(900, 9), NONE, true, 1), Err(Fault::ZeroOut));
        assert_eq!(quote_out(&pool(9, 9), NONE, true, 9), Err(Fault::Reserve));
        let mut odd = pool(900, 900);
        odd.creator_ppm = 997_500;
        assert_eq!(quote_in(&odd, NONE, true, 50), Err(Fault::Fee));
        (odd.creator_ppm, odd.fee_num) = (0, 0);
        assert_eq!(quote_in(&odd, NONE, true, 50), Err(Fault::Fee), "its division by the rates");
        odd.fee_den = 10_000;
        assert_eq!(quote_in(&odd, NONE, true, 50), Err(Fault::Fee));
        let mut taxed = pool(900, 900);
        (taxed.transfer_fee_bps_a, taxed.transfer_fee_max_a) = (10_000, 1000);
        assert_eq!(quote_in(&taxed, NONE, true, 1000), Err(Fault::ZeroAmount));
        assert!(quote_in(&taxed, NONE, true, 1100).is_ok());
        (taxed.transfer_fee_bps_b, taxed.transfer_fee_max_b) = (10_000, 1000);
        assert_eq!(quote_in(&taxed, NONE, true, 1100), Err(Fault::ZeroOut));
    }

    #[derive(Debug, Clone)]
    struct Case {
        pool: Pool,
        a_to_b: bool,
        amount: u64,
    }

    fn cases() -> impl Strategy<Value = Case> {
        let sized = || (1u64.., 0u32..64).prop_map(|(n, cut)| (n >> cut).max(1));
        let rates = (1u64..300_000, 0u32..300_000, 0u32..500_000, 0u32..400_000, 0u8..3);
        let taxes = (0u16..=10_000, sized(), 0u16..=10_000, sized(), 0u8..4);
        (sized(), sized(), sized(), rates, taxes, any::<bool>()).prop_map(
            |(a, b, amount, rates, taxes, a_to_b)| {
                let mut pool = pool(a, b);
                let Pool { fee_num, creator_ppm, protocol_ppm, fund_ppm, creator_side, .. } =
                    &mut pool;
                (*fee_num, *creator_ppm, *protocol_ppm, *fund_ppm, *creator_side) = rates;
                if taxes.4 & 1 != 0 {
                    (pool.transfer_fee_bps_a, pool.transfer_fee_max_a) = (taxes.0, taxes.1);
                }
                if taxes.4 & 2 != 0 {
                    (pool.transfer_fee_bps_b, pool.transfer_fee_max_b) = (taxes.2, taxes.3);
                }
                Case { pool, a_to_b, amount }
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(768))]
        #[test]
        fn quotes_equal_the_big_model(case in cases(), exact_in: bool) {
            let Case { mut pool, a_to_b, amount } = case;
            let (before, order) = (pool, if exact_in {
                Order::exact_in(a_to_b, amount)
            } else {
                Order::exact_out(a_to_b, amount)
            });
            let (r_in, r_out) = State::of(&pool).reserves(a_to_b);
            match apply(&mut pool, NONE, &order) {
                Ok(quote) => {
                    let model = cpmm(&before, a_to_b, exact_in, amount);
                    prop_assert_eq!(Some(quote.amount_in), narrow(&model.0));
                    prop_assert_eq!(Some(quote.amount_out), narrow(&model.1));
                    prop_assert_eq!(Some(quote.fee), narrow(&model.2));
                    let (after_in, after_out) = State::of(&pool).reserves(a_to_b);
                    prop_assert_eq!(Some(after_in), narrow(&model.3));
                    prop_assert_eq!(Some(after_out), narrow(&model.4));
                    prop_assert!(quote.amount_out < r_out && after_in >= r_in);
                    let again = if exact_in {
                        quote_in(&before, NONE, a_to_b, amount)
                    } else {
                        quote_out(&before, NONE, a_to_b, amount)
                    };
                    prop_assert_eq!(again, Ok(quote), "a quote is what apply does");
                    // The smallest input for this output is no larger, and one less is too little.
                    let least = min_in(&before, NONE, a_to_b, quote.amount_out).unwrap();
                    prop_assert!(least <= quote.amount_in);
                    let got = |amount| quote_in(&before, NONE, a_to_b, amount).map_or(0, |q| q.amount_out);
                    prop_assert!(got(least) >= quote.amount_out);
                    prop_assert!(least == 1 || got(least - 1) < quote.amount_out);
                    prop_assert!(exact_in || least == quote.amount_in, "exact out is the least");
                }
                Err(fault) => {
                    prop_assert_eq!(pool, before);
                    if exact_in && amount.checked_add(r_in).is_some() {
                        prop_assert!(matches!(fault, Fault::ZeroOut | Fault::ZeroAmount), "{:?}", fault);
                    } else if !exact_in {
                        let grossed = fault == Fault::Overflow || fault == Fault::Reserve;
                        prop_assert!(grossed, "{:?}", fault);
                    }
                }
            }
        }
    }
}
