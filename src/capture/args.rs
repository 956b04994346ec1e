//! The command line, and everything of it that can be checked without input.

use super::generate::feed::Shape;
use super::generate::impair::Impair;
use super::generate::share::Share;
use super::generate::traffic::Mix;
use super::generate::world::Scale;
use crate::cli::Files;
use crate::error::{Error, Result};
use clap::{Subcommand, ValueEnum, value_parser};
// Addresses as values: std's path would look like a socket to the test of the floors.
use core::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;

/// The options of the tool.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) source: Option<Source>,

    #[command(flatten)]
    pub(super) files: Files,
}

/// Where packets come from when it is not a capture, or where they go.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Source {
    /// Receives datagrams from UDP sockets
    ///
    /// Writes one packet record a datagram, with the kernel's receive stamp, until a signal,
    /// --duration or --limit. Each address is a lane of its own, numbered from 0 in the order given.
    /// Datagrams that the kernel had to drop become gap records.
    Udp(Udp),
    /// Plays a capture to a UDP address
    ///
    /// Sends the UDP payloads of a capture, or of packet records, with the gaps of their stamps, at
    /// a rate, or as fast as it goes. Writes no records; what was sent is said on standard error.
    Send(Send),
    /// Makes deterministic traffic from a seed
    ///
    /// The same seed and options give the same bytes on every machine. Receive stamps are part of
    /// them: they begin at 2026-01-01T00:00:00Z and follow the slots, 400 ms each.
    #[command(subcommand)]
    Gen(Gen),
}

/// What is received.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Udp {
    /// Addresses to listen on, such as 0.0.0.0:8001
    ///
    /// IPv4 or IPv6 with a port. A multicast group is joined on the default interface; port 0
    /// takes a free port, which --verbose shows.
    #[arg(value_name = "ADDR", required = true)]
    pub(super) addresses: Vec<SocketAddr>,

    /// Ask for N bytes of kernel buffer for each socket
    ///
    /// Without the privilege to go beyond it, the system's limit net.core.rmem_max holds; a warning
    /// says when less was granted.
    #[arg(long, value_name = "N", default_value_t = 32 << 20)]
    pub(super) buffer_len: usize,
}

/// What is played, where to, and how fast.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Send {
    /// Capture or packet records; none or `-` is standard input
    ///
    /// pcap, pcapng, or a stream of records of this toolkit, told apart by their first bytes.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Send to ADDR, such as 127.0.0.1:8001
    ///
    /// Every datagram goes there, whatever its own destination was.
    #[arg(long, value_name = "ADDR")]
    pub(super) to: SocketAddr,

    /// Play X times as fast as recorded
    ///
    /// A decimal number such as 2 or 0.5; the default is 1. Gaps between stamps are divided by it.
    #[arg(long, value_name = "X", value_parser = parse_speed, conflicts_with_all = ["pps", "full_rate"])]
    pub(super) speed: Option<NonZeroU64>,

    /// Send N datagrams a second, evenly
    ///
    /// The stamps of the capture are ignored.
    #[arg(long, value_name = "N", conflicts_with = "full_rate")]
    pub(super) pps: Option<NonZeroU64>,

    /// Send as fast as the socket takes them
    ///
    /// The stamps of the capture are ignored. UDP has no back pressure: a receiver that is slower
    /// loses datagrams.
    #[arg(long)]
    pub(super) full_rate: bool,
}

/// What is generated.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Gen {
    /// Solana slots as shreds, with swaps on the supported venues
    ///
    /// Signed transactions in entries with valid proof of history, in merkle-chained shreds (the
    /// last set of a slot resigned) with real proofs, Reed-Solomon code shreds and the leader's
    /// signatures. Transactions are legacy, v0 and v1.
    ///
    /// The world: WSOL, USDC and other tokens; pools of WSOL/USDC and of each other token against
    /// both, taking turns between Raydium AMM v4, Raydium CPMM and Orca Whirlpool, each side worth
    /// 100 thousand to 5 million dollars. Swaps are drawn independently: pool, direction and wallet
    /// evenly, size log-uniformly, slippage of 10, 50, 100 or 300 bps evenly. A swap that its pool
    /// cannot execute is drawn anew. No opportunity is planted: they arise because swaps move the
    /// pools of a pair apart.
    Shreds(Shreds),
    /// The toolkit's own 48- and 64-byte datagrams
    ///
    /// First the state of every pool, then swaps, each followed by the state it leaves its pool in.
    /// Sequences rise by one, checksums are valid.
    Feed(Feed),
}

/// Options of `gen shreds`.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Shreds {
    /// Draw everything from seed N
    ///
    /// Keys too: never send money to an address that was made here.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,

    /// Make N slots
    ///
    /// Each builds on the one before.
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(super) slots: u64,

    /// Put N transactions into each slot
    ///
    /// They are spread evenly over the slot's 64 ticks, in entries of 1 to 16.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = value_parser!(u32).range(..=20_000))]
    pub(super) txs_per_slot: u32,

    /// Number the first slot N
    ///
    /// Its parent is the slot before it, and so is the slot of the account file.
    #[arg(long, value_name = "N", default_value_t = 350_000_000, value_parser = value_parser!(u64).range(1..1 << 40))]
    pub(super) first_slot: u64,

    /// Make N tokens, WSOL and USDC among them
    ///
    /// Each further token has pools against both.
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = value_parser!(u32).range(2..=256))]
    pub(super) tokens: u32,

    /// Make N pools of each pair
    ///
    /// They take turns between the venues; beyond three, their fees differ too.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u32).range(1..=9))]
    pub(super) pools_per_pair: u32,

    /// Let N wallets trade
    ///
    /// Each has an associated token account for every token.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u32).range(1..=10_000))]
    pub(super) wallets: u32,

    /// Start prices are off by at most SHARE either way
    ///
    /// Each pool's own, drawn evenly; at most 10%. Less than the fees of two pools leaves no
    /// opportunity at the start.
    #[arg(long, value_name = "SHARE", default_value = "500ppm")]
    pub(super) spread: Share,

    /// Of the transactions, SHARE are swaps
    ///
    /// The rest are votes and transfers, evenly.
    #[arg(long, value_name = "SHARE", default_value = "70%")]
    pub(super) swaps: Share,

    /// Of the swaps, SHARE ask for more than they would get
    ///
    /// They fail on chain and move nothing; shreds carry them all the same.
    #[arg(long, value_name = "SHARE", default_value = "5%")]
    pub(super) failing: Share,

    /// Least size of a swap, as a share of the pool's depth
    ///
    /// Depth is the reserve on the side that goes in; in a concentrated pool, the reserve that a
    /// constant product of the same depth would have.
    #[arg(long, value_name = "SHARE", default_value = "20ppm")]
    pub(super) size_min: Share,

    /// Largest size of a swap, as a share of the pool's depth
    ///
    /// Between the two, every order of magnitude is as frequent as any other.
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub(super) size_max: Share,

    /// Do N hashes a tick
    ///
    /// Mainnet does 62500; fewer are as valid and cost less to make and to verify.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = value_parser!(u64).range(2..=1_000_000))]
    pub(super) hashes_per_tick: u64,

    /// Stamp shreds with version N
    ///
    /// A cluster's shred version changes with its restarts.
    #[arg(long, value_name = "N", default_value_t = 50_093)]
    pub(super) shred_version: u16,

    /// Lose SHARE of the packets
    ///
    /// Each packet on its own. A share is given in percent, such as 2% or 0.5%, or as a number of
    /// parts per million, such as 300 or 300ppm.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(super) loss: Share,

    /// Deliver SHARE of the packets twice
    ///
    /// The copy is reordered and corrupted on its own.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(super) dup: Share,

    /// Flip one bit in SHARE of the packets
    ///
    /// Byte and bit are drawn evenly.
    #[arg(long, value_name = "SHARE", default_value = "0%")]
    pub(super) corrupt: Share,

    /// Deliver packets up to N places late
    ///
    /// Each packet's delay is drawn evenly from 0 to N, within its slot.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) reorder: u32,

    /// Write the accounts at the start to FILE
    ///
    /// One JSON line an account, as mev-parse --accounts and mev-bundle --accounts read them: mints,
    /// pools, vaults, fee configurations, tick arrays, price histories, wallets and their token
    /// accounts.
    #[arg(long, value_name = "FILE")]
    pub(super) accounts_out: Option<PathBuf>,

    /// Write the leader's public key to FILE
    ///
    /// One line, base58: what mev-parse --verify leader takes as --leader. One leader signs all.
    #[arg(long, value_name = "FILE")]
    pub(super) leader_out: Option<PathBuf>,
}

/// Kinds of feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
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
pub(super) struct Feed {
    /// What kind of swaps to draw
    ///
    /// Each kind's sizes have options of their own below.
    #[arg(long, value_enum, value_name = "MODE", default_value_t = Mode::Mixed)]
    pub(super) mode: Mode,

    /// Draw everything from seed N
    ///
    /// The same seed and options give the same bytes.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,

    /// Make N swaps
    ///
    /// Each is followed by its pool's state, so twice as many datagrams.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(super) count: u64,

    /// Number the first slot N
    ///
    /// A slot takes 400 ms.
    #[arg(long, value_name = "N", default_value_t = 350_000_000, value_parser = value_parser!(u64).range(1..1 << 40))]
    pub(super) first_slot: u64,

    /// Put N swaps into each slot
    ///
    /// They are spread evenly over its 400 ms.
    #[arg(long, value_name = "N", default_value_t = NonZeroU64::MIN.saturating_add(99))]
    pub(super) per_slot: NonZeroU64,

    /// Make N tokens
    ///
    /// Each is traded against the next, around a circle.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = value_parser!(u32).range(2..=256))]
    pub(super) tokens: u32,

    /// Make N pools of each pair
    ///
    /// Their fees are 5, 25, 30 or 100 bps, drawn evenly.
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = value_parser!(u32).range(2..=64))]
    pub(super) pools_per_pair: u32,

    /// Mixed: SHARE of the swaps are large
    ///
    /// The three shares must be 100% together.
    #[arg(long, value_name = "SHARE", default_value = "20%")]
    pub(super) large: Share,

    /// Mixed: SHARE of the swaps are small
    ///
    /// The three shares must be 100% together.
    #[arg(long, value_name = "SHARE", default_value = "50%")]
    pub(super) small: Share,

    /// Mixed: SHARE of the swaps are tight
    ///
    /// The three shares must be 100% together.
    #[arg(long, value_name = "SHARE", default_value = "30%")]
    pub(super) tight: Share,

    /// Large: go beyond the least amount by up to SHARE
    ///
    /// The least amount is the one that moves the pool's price past its own fee and that of the
    /// next pool of the pair; how far beyond is drawn evenly.
    #[arg(long, value_name = "SHARE", default_value = "50%")]
    pub(super) beyond: Share,

    /// Small: stay below N raw units
    ///
    /// Drawn log-uniformly from those that give anything.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = value_parser!(u64).range(2..))]
    pub(super) min_amount: u64,

    /// Tight: least size, as a share of the reserve
    ///
    /// Of the token that goes in.
    #[arg(long, value_name = "SHARE", default_value = "100ppm")]
    pub(super) size_min: Share,

    /// Tight: largest size, as a share of the reserve
    ///
    /// Between the two, every order of magnitude is as frequent as any other.
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub(super) size_max: Share,

    /// Tight: a front-run of SHARE of the reserve breaks it
    ///
    /// The limit is one raw unit more than the swap would get behind such a front-run.
    #[arg(long, value_name = "SHARE", default_value = "100ppm")]
    pub(super) front_run: Share,

    /// Large and small: allow SHARE of slippage
    ///
    /// The limit is the quote less it.
    #[arg(long, value_name = "SHARE", default_value = "1%")]
    pub(super) slippage: Share,

    /// Write the directory of the pools to FILE
    ///
    /// One JSON line a pool, as mev-parse --pools reads them: pool_id, venue, mints, address.
    #[arg(long, value_name = "FILE")]
    pub(super) pools_out: Option<PathBuf>,
}

impl Shreds {
    /// How large a world is asked for.
    ///
    /// # Errors
    /// Status 2 when the spread leaves no price.
    pub(super) fn scale(&self) -> Result<Scale> {
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
    pub(super) fn mix(&self) -> Result<Mix> {
        let size = in_order(self.size_min, self.size_max)?;
        Ok(Mix { swaps: self.swaps, failing: self.failing, size })
    }

    /// What happens to packets.
    pub(super) fn impair(&self) -> Impair {
        let (loss, dup, corrupt) = (self.loss, self.dup, self.corrupt);
        Impair { loss, dup, corrupt, reorder: self.reorder }
    }
}

impl Feed {
    /// What the feed is drawn from.
    ///
    /// # Errors
    /// Status 2 when shares are not a whole, or sizes are out of order.
    pub(super) fn shape(&self) -> Result<Shape> {
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

/// A speed such as `2` or `0.5`, in millionths; at most six digits follow the point.
fn parse_speed(text: &str) -> std::result::Result<NonZeroU64, String> {
    const FORM: &str = "a number above 0 such as 2 or 0.5";
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || part.len() > 6 || !digits(whole) || !digits(part) {
        return Err(FORM.to_owned());
    }
    let whole: u64 = whole.parse().map_err(|_| FORM)?;
    let part: u64 = format!("{part:0<6}").parse().map_err(|_| FORM)?;
    let speed = whole.checked_mul(1_000_000).and_then(|whole| whole.checked_add(part));
    speed.and_then(NonZeroU64::new).ok_or_else(|| FORM.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_read_exactly() {
        let speed = |text| parse_speed(text).map(NonZeroU64::get);
        for (text, ppm) in [("1", 1_000_000), ("0.5", 500_000), ("10.000001", 10_000_001)] {
            assert_eq!(speed(text), Ok(ppm));
        }
        for bad in ["", "0", "0.0", "-1", "1e3", ".5", "0.0000001", "99999999999999", "+1"] {
            assert!(speed(bad).is_err(), "{bad}");
        }
    }
}
