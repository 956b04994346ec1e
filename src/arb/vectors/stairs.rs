//! Bins and book levels as the file gives them: prices one after the other, the fee on the input.

use serde_json::Value;

use super::super::size::Hop;
use super::{Odd, number};
use crate::dex::{Fault, Ratio, Segment};
use crate::math::muldiv::{mul_div_ceil_u128, mul_div_floor_u128};

/// One price: `num` of what comes out for `den` of what goes in, until `out` is sold.
struct Step {
    num: u128,
    den: u128,
    out: u64,
}

/// How the fee is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fee {
    /// Of the whole input, once.
    Once,
    /// In every step, of what goes into it (Meteora DLMM).
    EachStep,
}

/// The hop.
pub(super) struct Stairs {
    steps: Vec<Step>,
    fee: Fee,
    fee_num: u64,
    fee_den: u64,
}

impl Stairs {
    /// The bins of a DLMM pair, `price_q64` of b for one a; b goes in.
    pub(super) fn bins(value: &Value) -> Result<Self, Odd> {
        if value.get("x_to_y").and_then(Value::as_bool) != Some(false) {
            return Err("x_to_y is not false: only b goes in here".to_owned());
        }
        let bin = |bin: &Value| {
            let (den, out) = (number(bin, "price_q64")?, number(bin, "liquidity_out")?);
            Ok(Step { num: 1 << 64, den, out })
        };
        let steps = list(value, "bins")?.iter().map(bin).collect::<Result<_, Odd>>()?;
        let fee_num = number(value, "fee_1e9")?;
        Ok(Self { steps, fee: Fee::EachStep, fee_num, fee_den: 1_000_000_000 })
    }

    /// The asks of a book, `num / den` of what goes in for one that comes out.
    pub(super) fn asks(value: &Value) -> Result<Self, Odd> {
        let ask = |ask: &Value| {
            let (num, den) = (number(ask, "den")?, number(ask, "num")?);
            Ok(Step { num, den, out: number(ask, "size_out")? })
        };
        let steps = list(value, "asks")?.iter().map(ask).collect::<Result<_, Odd>>()?;
        let (fee_num, fee_den) = (number(value, "fee")?, number(value, "den")?);
        Ok(Self { steps, fee: Fee::Once, fee_num, fee_den })
    }

    fn fee_of(&self, amount: u64) -> Result<u64, Fault> {
        crate::math::muldiv::mul_div_ceil(amount, self.fee_num, self.fee_den).ok_or(Fault::Fee)
    }

    /// What has to go into a step, its fee included, to buy all of it.
    fn whole(&self, step: &Step) -> Result<u64, Fault> {
        let net = mul_div_ceil_u128(u128::from(step.out), step.den, step.num)
            .and_then(|net| u64::try_from(net).ok())
            .ok_or(Fault::Overflow)?;
        if self.fee == Fee::Once {
            return Ok(net);
        }
        let kept = self.fee_den.checked_sub(self.fee_num).ok_or(Fault::Fee)?;
        let fee = crate::math::muldiv::mul_div_ceil(net, self.fee_num, kept).ok_or(Fault::Fee)?;
        net.checked_add(fee).ok_or(Fault::Overflow)
    }
}

fn list<'a>(value: &'a Value, field: &str) -> Result<&'a Vec<Value>, Odd> {
    value.get(field).and_then(Value::as_array).ok_or_else(|| format!("{field} is no list"))
}

impl Hop for Stairs {
    type Cursor = usize;

    fn start(&self) -> usize {
        0
    }

    fn segment(&self, next: &mut usize) -> Option<Segment> {
        let step = self.steps.get(*next)?;
        *next = next.saturating_add(1);
        let keep_in = Ratio { num: self.fee_den.checked_sub(self.fee_num)?, den: self.fee_den };
        let Step { num, den, out } = *step;
        Some(Segment::Price { num, den, out, keep_in, keep_out: Ratio::ONE })
    }

    fn out(&self, amount_in: u64) -> Result<u64, Fault> {
        let mut left = amount_in;
        if self.fee == Fee::Once {
            left = left.checked_sub(self.fee_of(left)?).ok_or(Fault::Fee)?;
        }
        let mut sum = 0_u64;
        for step in &self.steps {
            let whole = self.whole(step)?;
            let got = if left >= whole {
                left = left.saturating_sub(whole);
                step.out
            } else {
                let fee = if self.fee == Fee::EachStep { self.fee_of(left)? } else { 0 };
                let net = left.checked_sub(fee).ok_or(Fault::Fee)?;
                left = 0;
                let out = mul_div_floor_u128(u128::from(net), step.num, step.den);
                out.and_then(|out| u64::try_from(out).ok()).ok_or(Fault::Overflow)?.min(step.out)
            };
            sum = sum.checked_add(got).ok_or(Fault::Overflow)?;
            if left == 0 {
                return Ok(sum);
            }
        }
        Err(Fault::Incomplete)
    }

    fn min_in(&self, amount_out: u64) -> Result<u64, Fault> {
        super::least_input(amount_out, |amount| self.out(amount))
    }
}
