//! The command line, and everything of it that can be checked without input.

use super::generate::args::Gen;
use super::live::args::{Clean, Live, Probe};
use super::play::args::Send;
use crate::bytes::base58;
use crate::cli::{Files, parse_duration};
use crate::ids::Key;
use crate::ring::{Mode, Options};
use clap::Subcommand;
// Addresses as values: std's path would look like a socket to the test of the floors.
use core::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Receives datagrams from an interface, by the fastest back end that the system grants
    ///
    /// AF_XDP past the kernel's network stack, AF_PACKET, or UDP sockets; with --tee without taking the
    /// traffic away from the process that owns the port. What is lost becomes gap records, and --stats
    /// accounts for every frame. An interface that goes down is waited for. Lanes are queues (xdp and
    /// tee), threads (packet) or sockets (udp).
    ///
    /// The receive stamp is the kernel's. The NIC's stands beside it where xdp runs in the driver and
    /// the driver has one of the frame, by the NIC's own clock; one that is more than 2 s off is left
    /// out. AF_PACKET and UDP sockets give the kernel's only.
    Live(Live),
    /// Tries each back end of live on an interface and prints what came of it
    ///
    /// Opens and closes them one after the other; takes no traffic away. Status 1 when none works.
    Probe(Probe),
    /// Removes XDP programs that were left at an interface
    ///
    /// A program of this toolkit goes when its process ends, however it does; this is for what older
    /// tools left. Prints each program and what became of it: only those with a name of this toolkit
    /// are removed, with --force any. One that a running process holds by a link stays, and the
    /// process is named. Status 1 when any stays.
    Clean(Clean),
    /// Plays a capture to a UDP address, or out of an interface
    ///
    /// Sends the datagrams of a capture, or of packet records, with the gaps of their stamps, at
    /// a rate, or as fast as it goes: from a UDP socket, or with --interface as whole frames, by AF_PACKET,
    /// AF_XDP, or made in the kernel. Writes no records; what was sent is said on standard error.
    Send(Send),
    /// Fetches accounts by JSON-RPC, and keeps them fresh
    ///
    /// Writes the lines that mev-parse --accounts reads: {"pubkey","slot","account"}. What the pools
    /// among them need (vaults, mints, configurations, tick arrays) is fetched too. With --every only
    /// what has changed is written again, until a signal or --duration; a file is then written in
    /// place, and mev-parse --accounts FILE --follow reads it as it grows.
    Accounts(Accounts),
    /// Makes deterministic traffic from a seed
    ///
    /// The same seed and options give the same bytes on every machine. Receive stamps are part of
    /// them: they begin at 2026-01-01T00:00:00Z and follow the slots, 400 ms each.
    #[command(subcommand)]
    Gen(Gen),
    /// Makes, shows and removes rings in shared memory
    ///
    /// Every tool reads ring:PATH and writes with --output ring:PATH: one writer, up to 30 readers,
    /// and no system call between them. PATH is best on a tmpfs such as /dev/shm.
    #[command(subcommand)]
    Ring(Ring),
}

/// What is done about rings.
#[derive(Subcommand, Clone, Debug)]
pub(super) enum Ring {
    /// Makes a ring for a writer to come
    ///
    /// Readers may come before it, and the ring has the size and the mode that are given here. A
    /// writer that finds no ring makes one with the defaults.
    Create(Create),
    /// Shows a ring, its writer and its readers
    ///
    /// One row for the ring and one for each reader, with the records that wait for it.
    Stat {
        /// The ring, with or without ring: before its path
        ///
        /// A file that is no ring is refused.
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
    /// Removes a ring that is not being written
    ///
    /// Nothing else is removed. Who has it open keeps it; --force removes one that is written.
    Rm {
        /// The ring, with or without ring: before its path
        ///
        /// A file that is no ring is refused.
        #[arg(value_name = "PATH")]
        path: PathBuf,
    },
}

/// The ring that is made.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Create {
    /// The ring, with or without ring: before its path
    ///
    /// What is there is never replaced.
    #[arg(value_name = "PATH")]
    pub(super) path: PathBuf,

    /// Hold N bytes of records longer than 64 bytes
    ///
    /// A power of two, 4096 at least. A single record takes half of it at most.
    #[arg(long, value_name = "N", default_value_t = Options::default().payload_len)]
    pub(super) payload_len: usize,

    /// Hold N records
    ///
    /// A power of two, 256 at least. A record of 64 bytes takes a cell only.
    #[arg(long, value_name = "N", default_value_t = Options::default().cells)]
    pub(super) cells: usize,

    /// Let the writer overtake readers that are slow
    ///
    /// Such a reader gets a gap record that says how many it lost. Without it, the slowest reader
    /// holds the writer back, and the first record waits for the first reader.
    #[arg(long)]
    pub(super) lossy: bool,

    /// Ask for large pages
    ///
    /// A file on tmpfs gets them where the kernel allows it: see `shmem_enabled` in the
    /// transparent_hugepage folder of /sys.
    #[arg(long)]
    pub(super) huge: bool,
}

impl Create {
    /// As the ring takes them.
    pub(super) fn options(&self) -> Options {
        let mode = if self.lossy { Mode::Lossy } else { Mode::Reliable };
        Options { payload_len: self.payload_len, cells: self.cells, mode, huge: self.huge }
    }
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

/// Which accounts, from where, how often.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Accounts {
    /// Take the server's URL from FILE
    ///
    /// One line, http or https. It may hold a token: the file must be readable by its owner only, and
    /// no message shows the URL.
    #[arg(long, value_name = "FILE")]
    pub(super) rpc: PathBuf,

    /// Fetch all accounts of program ID
    ///
    /// May be repeated. Many servers refuse this for programs with many accounts.
    #[arg(long, value_name = "ID", value_parser = parse_key)]
    pub(super) program: Vec<Key>,

    /// Fetch the accounts that FILE lists
    ///
    /// An address a line; what follows # is a comment.
    #[arg(long, value_name = "FILE")]
    pub(super) pubkeys: Option<PathBuf>,

    /// Fetch account KEY
    ///
    /// May be repeated.
    #[arg(long, value_name = "KEY", value_parser = parse_key)]
    pub(super) pubkey: Vec<Key>,

    /// Fetch nothing else
    ///
    /// Without this, what the pools among the accounts need is fetched too.
    #[arg(long)]
    pub(super) only_named: bool,

    /// Fetch again every TIME
    ///
    /// A time such as 500ms or 10s.
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) every: Option<Duration>,

    /// How settled the states must be
    ///
    /// Newer states may be undone: of a processed block one in many is.
    #[arg(long, value_enum, default_value_t = Commitment::Confirmed)]
    pub(super) commitment: Commitment,

    /// Give up on a request after TIME
    ///
    /// With --every the next turn tries again; without, that is the end, with status 6.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10s")]
    pub(super) timeout: Duration,
}

/// How settled a state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Commitment {
    /// Of the newest block that the server has executed
    Processed,
    /// Of a block that two thirds of the stake have voted for
    Confirmed,
    /// Of a block that cannot be undone any more
    Finalized,
}

impl Commitment {
    /// The name that RPC servers know.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Confirmed => "confirmed",
            Self::Finalized => "finalized",
        }
    }
}

fn parse_key(text: &str) -> Result<Key, String> {
    base58::key(text).ok_or_else(|| "not an address in base58".to_owned())
}
