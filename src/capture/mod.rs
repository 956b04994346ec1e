//! mev-capture: brings packets in: from captures, from UDP sockets, and from a generator.
//!
//! ```text
//! pcap, pcapng, packet records --run----\
//! an interface   --live--> pump ---------+
//! UDP sockets     --udp--> pump ---------+--> Out --> packet records, a view of them, or a pcap
//! a seed                       --gen----/
//! pcap, packet records        --play--> a UDP address, or frames out of an interface
//! an RPC server           --accounts--> an account file for mev-parse
//! ```
//!
//! Invariants:
//! - Every packet of an input is written, or counted under the name of the reason why not; one
//!   that may have been a datagram leaves a gap record too.
//! - Receive stamps are the capture's or the kernel's; nothing here replaces them.
//! - What is generated depends on the seed and the options only.

pub mod generate;

mod accounts;
mod args;
mod live;
mod out;
mod packets;
mod play;
mod pump;
mod ring;
mod run;
mod udp;

use crate::cli::Tool;
use crate::record::{Layout, Packet, Producer};
use clap::Args as _;

/// The program.
pub const TOOL: &Tool = &Tool {
    name: "mev-capture",
    producer: Producer::Capture,
    about: "Brings packets in: from captures, from UDP sockets, and from a generator",
    reads: &[Packet::SCHEMA],
    writes: &[Packet::SCHEMA],
    keeps: &[],
    augment: args::Args::augment_args,
    run: run::run,
    description: &[
        "Reads captures (pcap and pcapng, from files or standard input) and writes one packet record for each UDP datagram: when it was received, between which addresses, and its payload. Classic pcap of both byte orders with microseconds and nanoseconds is read, and pcapng; over Ethernet (with VLAN tags), raw IP, loopback, and Linux cooked captures of both versions; IPv4 and IPv6. A stream of packet records is read too, so that --format pcap turns one back into a capture.",
        "What is no UDP datagram is counted under its reason (--stats). Where a datagram may have been lost, in a broken packet or at the end of a damaged capture, a gap record says so; a damaged capture ends with status 4 after everything before the damage was written.",
        "mev-capture udp receives live, mev-capture send plays a capture back, and mev-capture gen makes traffic from a seed. A file of one of these names is read as ./udp.",
        "mev-capture node is a host of its own, in user space, that answers ARP, ping, UDP and TCP over a TAP device or an AF_XDP socket: each datagram to its port goes through mev-parse and mev-arb in the same process, what they decide is written, and with --reply the best opportunity goes back to who sent the datagram, without the kernel's network stack on any part of the way.",
        "mev-capture ring makes, shows and removes rings: files in shared memory that take the place of pipes between tools. Every tool writes one with --output ring:PATH and reads it as ring:PATH.",
    ],
    examples: &[
        ("mev-capture shreds.pcap | mev-parse --only swap -f text", "swaps in a capture"),
        ("tcpdump -i eth0 -w - udp port 8001 | mev-capture | mev-parse", "the same, live"),
        ("mev-capture udp 0.0.0.0:8001 --duration 10m -o shreds.mev --stats", "record ten minutes"),
        ("mev-capture shreds.mev --format pcap -o shreds.pcap", "records as a capture again"),
        ("mev-capture send shreds.pcap --to 127.0.0.1:8001 --speed 0.5", "play it at half speed"),
        (
            "mev-capture gen shreds --seed 7 --loss 5% --accounts-out accounts.jsonl | mev-parse --accounts accounts.jsonl",
            "eight slots of made-up swaps over a lossy network",
        ),
        (
            "mev-capture udp 0.0.0.0:8001 -o ring:/dev/shm/packets & mev-parse ring:/dev/shm/packets",
            "over shared memory; mev-capture ring stat /dev/shm/packets shows how far the reader is",
        ),
        (
            "mev-capture node tap0 --address 10.78.0.2/24 --listen 8001 --pools pools.jsonl --reply -f text",
            "decide on each datagram to 10.78.0.2:8001 and answer it",
        ),
        (
            "mev-capture gen feed --mode tight --pools-out pools.jsonl | mev-parse --pools pools.jsonl",
            "swaps that a front-run would break",
        ),
    ],
};
