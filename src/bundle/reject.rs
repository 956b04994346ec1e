//! Why no bundle was made of an opportunity.

use crate::dex::BuildFault;
use crate::dex::flash::LoanFault;

macro_rules! rejects {
    ($($(#[doc = $doc:literal])+ $Name:ident = $name:literal,)+) => {
        /// Why no bundle was made of an opportunity.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Reject {
            $($(#[doc = $doc])+ $Name,)+
        }

        impl Reject {
            /// Every reason, in order of its number.
            pub const ALL: &'static [Self] = &[$(Self::$Name),+];

            /// Names by number, as `--stats` counts them.
            pub const NAMES: &'static [&'static str] = &[$($name),+];
        }
    };
}

rejects! {
    /// It was refused by who found it.
    NotTaken = "not_taken",
    /// Nobody is named who pays.
    NoPayer = "no_payer",
    /// A bundle was made of the same states and the same place in its plan.
    Duplicate = "duplicate",
    /// The stream has complete slots that are too far ahead of it.
    Stale = "stale",
    /// The blockhash is more than 150 slots older than it.
    BlockhashTooOld = "blockhash_too_old",
    /// It does not start in wrapped SOL, in which its costs are counted.
    BaseMint = "base_mint",
    /// It has fewer than two hops, or more than four.
    Hops = "hops",
    /// The same pool stands in it twice.
    SamePool = "same_pool",
    /// A hop does not take what the hop before it gives, or an amount is zero.
    BrokenCycle = "broken_cycle",
    /// It counts on a flash loan, and there is no --flash.
    FlashLoan = "flash_loan",
    /// It asks for no compute units, or for more than a transaction may have.
    ComputeUnits = "compute_units",
    /// The fees it counts are not those that the transaction pays.
    FeesDiffer = "fees_differ",
    /// The tip is below what the block engine's auction takes.
    TipTooSmall = "tip_too_small",
    /// The tip is above --max-tip-lamports.
    TipOverLimit = "tip_over_limit",
    /// The tip is more than what is left after all other costs.
    TipBeyondProfit = "tip_beyond_profit",
    /// The least that the last hop must give does not cover input, fees and tip.
    Unguarded = "unguarded",
    /// A pool is not in the account files, or its accounts could not be joined.
    NoPool = "no_pool",
    /// A rule of a pool is not modelled.
    UnsupportedPool = "unsupported_pool",
    /// The pool's record names no venue.
    Venue = "venue",
    /// A hop is on a venue that has no program.
    NoProgram = "no_program",
    /// The account of a pool is not in the account files.
    NoPoolAccount = "no_pool_account",
    /// A mint is not in the account files, so its token program is not known.
    NoMintAccount = "no_mint_account",
    /// A pool's record does not say where its vaults are.
    NoVaults = "no_vaults",
    /// The tick or the tick spacing of a pool is out of range.
    BadTick = "bad_tick",
    /// No array of ticks or bins is known in which a swap could begin.
    NoArrays = "no_arrays",
    /// A pool gives its traders back a part of the fee: its instructions are not modelled.
    CashbackPool = "cashback_pool",
    /// Someone besides the payer would have to sign.
    Signers = "signers",
    /// The transaction would lock more than 64 accounts.
    TooManyAccounts = "too_many_accounts",
    /// The transaction would be longer than 1232 bytes.
    TxTooLarge = "tx_too_large",
    /// The transaction would be longer than 1232 bytes without a lookup table that was extended too late
    /// to be in the root bank.
    YoungTable = "young_table",
    /// The same transaction was made before.
    DuplicateTransaction = "duplicate_transaction",
    /// Only back-runs are asked for, and the pending transaction behind which it pays is not in the
    /// stream.
    NoTrigger = "no_trigger",
    /// Only back-runs are asked for, and the transaction behind which it pays stands in a block.
    TriggerLanded = "trigger_landed",
    /// The blockhash of the pending transaction behind which it pays is too old.
    TriggerExpired = "trigger_expired",
    /// With the pending transaction behind which it pays the bundle would break a rule of a block engine.
    TriggerUnfit = "trigger_unfit",
    /// One before it in its plan was refused, or five transactions were full.
    BrokenPlan = "broken_plan",
    /// No payer would keep --min-balance, should all its open bundles land.
    MinBalance = "min_balance",
    /// The account files do not say what a payer has.
    NoBalance = "no_balance",
    /// Every nonce that a payer can use is in a bundle.
    NoNonce = "no_nonce",
    /// The lender has less than goes into it.
    LoanTooLarge = "loan_too_large",
    /// Less goes into it than the lender lends, or than its fee.
    LoanTooSmall = "loan_too_small",
    /// The payer has no empty account with the lender.
    NoLoanAccount = "no_loan_account",
}

impl Reject {
    /// How many reasons there are.
    pub const COUNT: usize = Self::ALL.len();

    /// The name `--stats` counts it under.
    pub fn name(self) -> &'static str {
        Self::NAMES.get(self as usize).copied().unwrap_or("?")
    }
}

impl From<BuildFault> for Reject {
    fn from(fault: BuildFault) -> Self {
        match fault {
            BuildFault::Venue => Self::Venue,
            BuildFault::NoProgram => Self::NoProgram,
            BuildFault::NoPool => Self::NoPoolAccount,
            BuildFault::NoMint => Self::NoMintAccount,
            BuildFault::NoVaults => Self::NoVaults,
            BuildFault::Tick => Self::BadTick,
            BuildFault::NoArrays => Self::NoArrays,
            BuildFault::Cashback => Self::CashbackPool,
        }
    }
}

impl From<LoanFault> for Reject {
    fn from(fault: LoanFault) -> Self {
        match fault {
            LoanFault::TooLarge | LoanFault::FeeOverflow => Self::LoanTooLarge,
            LoanFault::TooSmall => Self::LoanTooSmall,
            LoanFault::NoAccount => Self::NoLoanAccount,
            // A lender that cannot be read is refused before anything is.
            LoanFault::NoReserve
            | LoanFault::NotReserve
            | LoanFault::ManyReserves
            | LoanFault::Disabled => Self::FlashLoan,
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn numbers_names_and_order_agree() {
        assert_eq!(Reject::ALL.len(), Reject::NAMES.len());
        for (at, reject) in Reject::ALL.iter().enumerate() {
            assert_eq!(*reject as usize, at);
            assert_eq!(Reject::NAMES.iter().filter(|name| **name == reject.name()).count(), 1);
        }
    }
}
