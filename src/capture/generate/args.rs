//! The command line of the generator.

use super::feed::Shape;
use super::impair::Impair;
use super::share::Share;
use super::traffic::Mix;
use super::world::Scale;
use crate::error::{Error, Result};
use clap::{Subcommand, ValueEnum, value_parser};
use std::num::NonZeroU64;
use std::path::PathBuf;

/// What is generated.
#[derive(Subcommand, Clone, Debug)]
pub(in crate::capture) enum Gen {
    /// Solana slots as shreds, with swaps on the supported venues
    ///
    /// Signed transactions in entries with valid proof of history, in merkle-chained shreds (the
    /// last set of a slot resigned) with real proofs, Reed-Solomon code shreds and the leader's
    /// signatures. Transactions are legacy, v0 and v1.
    ///
    /// The world: WSOL, USDC and other tokens; pools of WSOL/USDC and of each other token against
    /// both, taking turns between Raydium AMM v4, Raydium CPMM and Orca Whirlpool, each side worth
    /// 100 thousand to 5 million dollars. Swaps are drawn independently: pool, direction and
    /// wallet evenly (but see --reverting), size log-uniformly, slippage of 10, 50, 100 or 300 bps
    /// evenly. A swap that its pool cannot execute is drawn anew. No opportunity is planted: they
    /// arise because swaps move the pools of a pair apart.
    Shreds(Shreds),
    /// The toolkit's own 48- and 64-byte datagrams
    ///
    /// First the state of every pool, then swaps, each followed by the state it leaves its pool in.
    /// Sequences rise by one, checksums are valid.
    Feed(Feed),
}

/// Options of `gen shreds`.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::capture) struct Shreds {
    /// Draw everything from seed N
    ///
    /// Keys too: never send money to an address that was made here.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::capture) seed: u64,

    /// Make N slots
    ///
    /// Each builds on the one before.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(in crate::capture) slots: u64,

    /// Put N transactions into each slot
    ///
    /// They are spread evenly over the slot's 64 ticks, in entries of 1 to 16.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = value_parser!(u32).range(..=20_000))]
    pub(in crate::capture) txs_per_slot: u32,

    /// Number the first slot N
    ///
    /// Its parent is the slot before it, and so is the slot of the account file.
    #[arg(long, value_name = "N", default_value_t = 350_000_000, value_parser = value_parser!(u64).range(1..1 << 40))]
    pub(in crate::capture) first_slot: u64,

    /// Make N tokens, WSOL and USDC among them
    ///
    /// Each further token has pools against both.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = value_parser!(u32).range(2..=256))]
    pub(in crate::capture) tokens: u32,

    /// Make N pools of each pair
    ///
    /// They take turns between the venues; beyond three, their fees differ too.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u32).range(1..=9))]
    pub(in crate::capture) pools_per_pair: u32,

    /// Let N wallets trade
    ///
    /// Each has an associated token account for every token.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(1..=10_000))]
    pub(in crate::capture) wallets: u32,

    /// Start prices are off by at most SHARE either way
    ///
    /// Each pool's own, drawn evenly; at most 10%. Less than the fees of two pools leaves no
    /// opportunity at the start.
    #[arg(long, value_name = "SHARE", default_value = "500ppm")]
    pub(in crate::capture) spread: Share,

    /// Of the transactions, SHARE are swaps
    ///
    /// The rest are votes and transfers, evenly.
    #[arg(long, value_name = "SHARE", default_value = "70%")]
    pub(in crate::capture) swaps: Share,

    /// Of the swaps, SHARE go towards their pool's start price
    ///
    /// As those do who know a price from elsewhere. Without any, nothing pulls the pools of a pair
    /// together again, and the longer the run, the further apart they are.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(in crate::capture) reverting: Share,

    /// Of the swaps, SHARE ask for more than they would get
    ///
    /// They fail on chain and move nothing; shreds carry them all the same.
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(in crate::capture) failing: Share,

    /// Least size of a swap, as a share of the pool's depth
    ///
    /// Depth is the reserve on the side that goes in; in a concentrated pool, the reserve that a
    /// constant product of the same depth would have.
    #[arg(long, value_name = "SHARE", default_value = "10ppm")]
    pub(in crate::capture) size_min: Share,

    /// Largest size of a swap, as a share of the pool's depth
    ///
    /// Between the two, every order of magnitude is as frequent as any other.
    #[arg(long, value_name = "SHARE", default_value = "500ppm")]
    pub(in crate::capture) size_max: Share,

    /// Do N hashes a tick
    ///
    /// Mainnet does 62500; fewer are as valid and cost less to make and to verify.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u64).range(2..=1_000_000))]
    pub(in crate::capture) hashes_per_tick: u64,

    /// Stamp shreds with version N
    ///
    /// A cluster's shred version changes with its restarts.
    #[arg(long, value_name = "N", default_value_t = 50_093)]
    pub(in crate::capture) shred_version: u16,

    /// Lose SHARE of the packets
    ///
    /// Each packet on its own. A share is given in percent, such as 2% or 0.5%, or as a number of
    /// parts per million, such as 300 or 300ppm.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(in crate::capture) loss: Share,

    /// Deliver SHARE of the packets twice
    ///
    /// The copy is reordered and corrupted on its own.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(in crate::capture) dup: Share,

    /// Flip one bit in SHARE of the packets
    ///
    /// Byte and bit are drawn evenly.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(in crate::capture) corrupt: Share,

    /// Deliver packets up to N places late
    ///
    /// Each packet's delay is drawn evenly from 0 to N, within its slot.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(in crate::capture) reorder: u32,

    /// Write the accounts at the start to FILE
    ///
    /// One JSON line an account, as mev-parse --accounts and mev-bundle --accounts read them: mints,
    /// pools, vaults, fee configurations, tick arrays, price histories, wallets and their token
    /// accounts.
    #[arg(long, value_name = "FILE")]
    pub(in crate::capture) accounts_out: Option<PathBuf>,

    /// Write the key pair of a wallet to FILE
    ///
    /// As Solana key files are, readable by its owner only: for mev-bundle --keypair. The wallet is
    /// one of the account file's. Whoever knows the seed knows the key: never send money to it.
    #[arg(long, value_name = "FILE")]
    pub(in crate::capture) keypair_out: Option<PathBuf>,

    /// Write the leader's public key to FILE
    ///
    /// One line, base58: what mev-parse --verify leader takes as --leader. One leader signs all.
    #[arg(long, value_name = "FILE")]
    pub(in crate::capture) leader_out: Option<PathBuf>,
}

/// Kinds of feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::capture) enum Mode {
    /// Large, small and tight swaps in the given shares
    Mixed,
    /// Swaps that move the price past the fees of a second pool
    Large,
    /// Swaps below the least amount
    Small,
    /// Swaps whose limit a front-run would break
    Tight,
}

/// Options of `gen feed`.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::capture) struct Feed {
    /// What kind of swaps to draw
    ///
    /// Each kind's sizes have options of their own below.
    #[arg(long, value_enum, value_name = "MODE", default_value_t = Mode::Mixed)]
    pub(in crate::capture) mode: Mode,

    /// Draw everything from seed N
    ///
    /// The same seed and options give the same bytes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::capture) seed: u64,

    /// Make N swaps
    ///
    /// Each is followed by its pool's state, so twice as many datagrams.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(in crate::capture) count: u64,

    /// Number the first slot N
    ///
    /// A slot takes 400 ms.
    #[arg(long, value_name = "N", default_value_t = 350_000_000, value_parser = value_parser!(u64).range(1..1 << 40))]
    pub(in crate::capture) first_slot: u64,

    /// Put N swaps into each slot
    ///
    /// They are spread evenly over its 400 ms.
    #[arg(long, value_name = "N", default_value_t = NonZeroU64::MIN.saturating_add(99))]
    pub(in crate::capture) per_slot: NonZeroU64,

    /// Make N tokens
    ///
    /// Each is traded against the next, around a circle.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(2..=256))]
    pub(in crate::capture) tokens: u32,

    /// Make N pools of each pair
    ///
    /// Their fees are 5, 25, 30 or 100 bps, drawn evenly.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u32).range(2..=64))]
    pub(in crate::capture) pools_per_pair: u32,

    /// Mixed: SHARE of the swaps are large
    ///
    /// The three shares must be 100% together.
    #[arg(long, value_name = "SHARE", default_value = "20%")]
    pub(in crate::capture) large: Share,

    /// Mixed: SHARE of the swaps are small
    ///
    /// The three shares must be 100% together.
    #[arg(long, value_name = "SHARE", default_value = "50%")]
    pub(in crate::capture) small: Share,

    /// Mixed: SHARE of the swaps are tight
    ///
    /// The three shares must be 100% together.
    #[arg(long, value_name = "SHARE", default_value = "30%")]
    pub(in crate::capture) tight: Share,

    /// Large: go beyond the least amount by up to SHARE
    ///
    /// The least amount is the one that moves the pool's price past its own fee and that of the
    /// next pool of the pair; how far beyond is drawn evenly.
    #[arg(long, value_name = "SHARE", default_value = "50%")]
    pub(in crate::capture) beyond: Share,

    /// Small: stay below N raw units
    ///
    /// Drawn log-uniformly from those that give anything.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = value_parser!(u64).range(2..))]
    pub(in crate::capture) min_amount: u64,

    /// Tight: least size, as a share of the reserve
    ///
    /// Of the token that goes in.
    #[arg(long, value_name = "SHARE", default_value = "100ppm")]
    pub(in crate::capture) size_min: Share,

    /// Tight: largest size, as a share of the reserve
    ///
    /// Between the two, every order of magnitude is as frequent as any other.
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub(in crate::capture) size_max: Share,

    /// Tight: a front-run of SHARE of the reserve breaks it
    ///
    /// The limit is one raw unit more than the swap would get behind such a front-run.
    #[arg(long, value_name = "SHARE", default_value = "100ppm")]
    pub(in crate::capture) front_run: Share,

    /// Large and small: allow SHARE of slippage
    ///
    /// The limit is the quote less it.
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub(in crate::capture) slippage: Share,

    /// Write the directory of the pools to FILE
    ///
    /// One JSON line a pool, as mev-parse --pools reads them: pool_id, venue, mints, address.
    #[arg(long, value_name = "FILE")]
    pub(in crate::capture) pools_out: Option<PathBuf>,
}

impl Shreds {
    /// How large a world is asked for.
    ///
    /// # Errors
    /// Status 2 when the spread leaves no price.
    pub(in crate::capture) fn scale(&self) -> Result<Scale> {
        if self.spread.ppm() > 100_000 {
            return Err(Error::usage("--spread is more than 10%"));
        }
        let (tokens, pools_per_pair) = (self.tokens, self.pools_per_pair);
        Ok(Scale { tokens, pools_per_pair, wallets: self.wallets, spread: self.spread })
    }

    /// What transactions are drawn from.
    ///
    /// # Errors
    /// Status 2 when the sizes are out of order.
    pub(in crate::capture) fn mix(&self) -> Result<Mix> {
        let size = in_order(self.size_min, self.size_max)?;
        let (swaps, reverting, failing) = (self.swaps, self.reverting, self.failing);
        Ok(Mix { swaps, reverting, failing, size })
    }

    /// What happens to packets.
    pub(in crate::capture) fn impair(&self) -> Impair {
        let (loss, dup, corrupt) = (self.loss, self.dup, self.corrupt);
        Impair { loss, dup, corrupt, reorder: self.reorder }
    }
}

impl Feed {
    /// What the feed is drawn from.
    ///
    /// # Errors
    /// Status 2 when shares are not a whole, or sizes are out of order.
    pub(in crate::capture) fn shape(&self) -> Result<Shape> {
        let none = Share::default();
        let shares = match self.mode {
            Mode::Mixed => [self.large, self.small, self.tight],
            Mode::Large => [Share::WHOLE, none, none],
            Mode::Small => [none, Share::WHOLE, none],
            Mode::Tight => [none, none, Share::WHOLE],
        };
        let sum: u32 = shares.iter().map(|share| share.ppm()).sum();
        if sum != Share::WHOLE.ppm() {
            return Err(Error::usage("--large, --small and --tight are not 100% together"));
        }
        Ok(Shape {
            shares,
            beyond: self.beyond,
            min_amount: self.min_amount,
            size: in_order(self.size_min, self.size_max)?,
            front_run: self.front_run,
            slippage: self.slippage,
            valid_slots: 32,
        })
    }
}

fn in_order(low: Share, high: Share) -> Result<(Share, Share)> {
    if low > high {
        return Err(Error::usage("--size-min is more than --size-max"));
    }
    Ok((low, high))
}
