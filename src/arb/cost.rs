//! What a cycle costs besides the swaps' own fees: base fee, priority fee, tip, flash loan.
//!
//! All in lamports, all integer, each rounded against us as the charging program does.

use super::moebius::Rate;
use crate::dex::flash::{LoanFault, kamino_fee};

/// Lamports per signature (solana.com/docs/core/fees).
pub(super) const BASE_FEE_PER_SIGNATURE: u64 = 5000;

/// Where the principal comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flash {
    /// Own funds, free.
    Own,
    /// A loan for `num / den` of the principal, rounded up.
    Share {
        /// Numerator.
        num: u64,
        /// Denominator; never 0.
        den: u64,
    },
    /// A Kamino loan: `fee_sf / 2^60` of the principal by the program's own rounding.
    Klend {
        /// `flash_loan_fee_sf` of the reserve's account; `u64::MAX` says that it lends nothing.
        fee_sf: u64,
    },
}

/// Why a loan cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashFault {
    /// The reserve gives no flash loans.
    Disabled,
    /// The fee would reach the principal.
    BorrowTooSmall,
    /// The rate is not a number, or the fee leaves 64 bits.
    Rate,
}

impl Flash {
    /// The price as a ratio of the principal: what moves the optimal size.
    pub(super) fn rate(self) -> Rate {
        match self {
            Self::Own => Rate::FREE,
            Self::Share { num, den } => Rate { num, den },
            Self::Klend { fee_sf } => Rate { num: fee_sf, den: 1 << 60 },
        }
    }

    /// The fee for borrowing `amount`.
    ///
    /// # Errors
    /// The lender's reason when it would not lend `amount`.
    pub fn fee(self, amount: u64) -> Result<u64, FlashFault> {
        match self {
            Self::Own => Ok(0),
            Self::Share { num, den } => {
                crate::math::muldiv::mul_div_ceil(amount, num, den).ok_or(FlashFault::Rate)
            }
            Self::Klend { fee_sf } => kamino_fee(amount, fee_sf).map_err(|fault| match fault {
                LoanFault::Disabled => FlashFault::Disabled,
                LoanFault::TooSmall => FlashFault::BorrowTooSmall,
                _ => FlashFault::Rate,
            }),
        }
    }
}

/// `ceil(compute_units * price / 10^6)` lamports; `u64::MAX` when it does not fit.
pub fn priority_fee(compute_units: u32, price_micro: u64) -> u64 {
    let micro = u128::from(compute_units).wrapping_mul(u128::from(price_micro)); // 96 bits
    u64::try_from(micro.div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// How a transaction is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostModel {
    /// Signatures of the transaction.
    pub signatures: u32,
    /// Micro-lamports per compute unit.
    pub cu_price_micro: u64,
    /// Share of what is left after the other costs that goes to the validator, bps.
    pub tip_bps: u16,
    /// The least tip, lamports.
    pub min_tip: u64,
}

/// What one transaction pays and what it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Base fee, lamports.
    pub base_fee: u64,
    /// Priority fee, lamports.
    pub priority_fee: u64,
    /// Tip, lamports.
    pub tip: u64,
    /// Gross less all of these and the flash fee, lamports.
    pub net: i64,
}

impl CostModel {
    /// Base and priority fee of a transaction that asks for `compute_units`: what no gain avoids.
    /// `u64::MAX` when it does not fit.
    pub fn fixed(&self, compute_units: u32) -> u64 {
        self.base_fee().saturating_add(priority_fee(compute_units, self.cu_price_micro))
    }

    fn base_fee(&self) -> u64 {
        BASE_FEE_PER_SIGNATURE.saturating_mul(u64::from(self.signatures))
    }

    /// The costs of a cycle that brings back `gross` more than went in and owes `flash_fee`.
    ///
    /// The tip is `max(min_tip, floor(left * tip_bps / 10^4))` of what the other costs leave.
    /// `None` when a number does not fit.
    pub fn costs(&self, gross: i64, flash_fee: u64, compute_units: u32) -> Option<Costs> {
        let (base_fee, priority_fee) =
            (self.base_fee(), priority_fee(compute_units, self.cu_price_micro));
        let left = i128::from(gross)
            .checked_sub(i128::from(base_fee))?
            .checked_sub(i128::from(priority_fee))?
            .checked_sub(i128::from(flash_fee))?;
        let share = left.max(0).checked_mul(i128::from(self.tip_bps))?.checked_div(10_000)?;
        let tip = u64::try_from(share).ok()?.max(self.min_tip);
        let net = i64::try_from(left.checked_sub(i128::from(tip))?).ok()?;
        Some(Costs { base_fee, priority_fee, tip, net })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODEL: CostModel =
        CostModel { signatures: 1, cu_price_micro: 20_001, tip_bps: 5000, min_tip: 10_000 };

    #[test]
    fn worked_example_of_the_facts() {
        // arb.md section 2.3, `net_cost`.
        let costs = MODEL.costs(80_569_587, 0, 250_000).unwrap();
        assert_eq!(
            costs,
            Costs { base_fee: 5000, priority_fee: 5001, tip: 40_279_793, net: 40_279_793 }
        );
    }

    #[test]
    fn small_and_negative_gains_still_owe_the_least_tip() {
        assert_eq!(MODEL.costs(10_001, 0, 250_000).unwrap().net, -10_000);
        assert_eq!(MODEL.costs(-5, 7, 0).unwrap().net, -5 - 7 - 5000 - 10_000);
        assert_eq!(MODEL.costs(i64::MIN, u64::MAX, 0), None);
        assert_eq!(MODEL.costs(i64::MAX, 0, 0).unwrap().tip, (i64::MAX as u64 - 5000) / 2);
    }

    #[test]
    fn hostile_prices_saturate() {
        assert_eq!(priority_fee(u32::MAX, u64::MAX), u64::MAX);
        let model = CostModel { cu_price_micro: u64::MAX, ..MODEL };
        assert_eq!(model.fixed(u32::MAX), u64::MAX);
    }

    #[test]
    fn shares_round_up_and_odd_rates_are_refused() {
        let share = |num, den| Flash::Share { num, den };
        assert_eq!(share(9, 10_000).fee(1), Ok(1));
        assert_eq!(share(9, 10_000).fee(10_000), Ok(9));
        assert_eq!(share(9, 10_000).fee(10_001), Ok(10));
        assert_eq!(share(1, 0).fee(1), Err(FlashFault::Rate));
        assert_eq!(share(u64::MAX, 1).fee(2), Err(FlashFault::Rate));
        assert_eq!(Flash::Own.fee(u64::MAX), Ok(0));
    }

    #[test]
    fn klend_rounds_half_up_and_refuses_what_the_program_refuses() {
        let fee = |amount, fee_sf| Flash::Klend { fee_sf }.fee(amount);
        assert_eq!(fee(149_999, 11_529_215_046_068), Ok(1));
        assert_eq!(fee(6_146_187_988, 11_529_215_046_068), Ok(61_462));
        assert_eq!(fee(1, 11_529_215_046_068), Err(FlashFault::BorrowTooSmall));
        assert_eq!(fee(1, u64::MAX), Err(FlashFault::Disabled));
        assert_eq!(fee(u64::MAX, 0), Ok(0));
        assert_eq!(fee(u64::MAX, 1 << 60), Err(FlashFault::BorrowTooSmall));
        assert_eq!(fee(3, 1 << 59), Ok(2), "1.5 rounds up");
    }
}
