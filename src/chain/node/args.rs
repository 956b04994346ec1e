//! The command line of the node.

use std::net::Ipv4Addr;
use std::path::PathBuf;

/// Decides on datagrams as a host of its own, and answers them
///
/// Takes a TAP device, or a queue of an interface by AF_XDP, answers ARP and ping at --address, and gives
/// each datagram to port --listen to mev-parse and mev-arb in this process: what they decide is written.
/// A TCP connection to the port is told what was counted. Needs root, or CAP_NET_ADMIN and for xdp
/// CAP_BPF and CAP_NET_RAW.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Node {
    /// The TAP device or the interface, such as tap0 or eth1
    ///
    /// A TAP device that is not there is made and goes with the program. By xdp the kernel sees nothing
    /// more of what comes to the queue: never the interface that you are logged in over.
    #[arg(value_name = "IFACE")]
    pub(super) interface: String,

    /// What frames go over
    ///
    /// tap: the kernel of this machine is at the other end. xdp: the interface's peer is.
    #[arg(long, value_enum, default_value_t = Backend::Tap)]
    pub(super) backend: Backend,

    /// Take queue N of the interface
    ///
    /// For xdp. Frames of other queues go to the kernel.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) queue: u32,

    /// The node's own address, such as 10.78.0.2/24
    ///
    /// IPv4, with the bits of its network. No other host has it, this machine neither.
    #[arg(long, value_name = "CIDR", value_parser = parse_cidr)]
    pub(super) address: (Ipv4Addr, u8),

    /// Send what goes out of the node's network to ADDR
    ///
    /// Its router, for ping and TCP: a datagram is answered to where its frame came from. Without one only
    /// hosts of its network reach those.
    #[arg(long, value_name = "ADDR")]
    pub(super) gateway: Option<Ipv4Addr>,

    /// Take datagrams to port PORT
    ///
    /// Shreds, and datagrams of the toolkit's own feed.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) listen: u16,

    /// Answer each datagram that a decision was made for
    ///
    /// With the opportunity record of the largest net that it led to: its bytes, as in a stream.
    #[arg(long)]
    pub(super) reply: bool,

    /// Read the directory of the toolkit's own feed
    ///
    /// As mev-parse --pools does.
    #[arg(long, value_name = "FILE")]
    pub(super) pools: Option<PathBuf>,

    /// Read accounts: the pools' state before the datagrams
    ///
    /// As mev-parse --accounts does. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub(super) accounts: Vec<PathBuf>,

    /// Take nothing that nets less than N lamports
    ///
    /// As mev-arb --min-profit does.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) min_profit: u64,

    /// Keep the thread on processor N
    ///
    /// Best one that neither the interface's interrupts nor the next program use.
    #[arg(long, value_name = "N")]
    pub(super) cpu: Option<usize>,

    /// Never sleep
    ///
    /// Takes a whole processor, and saves the 20 to 30 us that waking up takes.
    #[arg(long)]
    pub(super) spin: bool,
}

/// What frames go over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Backend {
    /// A TAP device
    Tap,
    /// An AF_XDP socket
    Xdp,
}

/// An address with the bits of its network.
fn parse_cidr(text: &str) -> Result<(Ipv4Addr, u8), String> {
    let form = || "an IPv4 address with the bits of its network, such as 10.78.0.2/24".to_owned();
    let (address, bits) = text.split_once('/').ok_or_else(form)?;
    let address = address.parse().map_err(|_| form())?;
    let bits = bits.parse().ok().filter(|bits| *bits <= 32).ok_or_else(form)?;
    Ok((address, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_the_bits_of_its_network() {
        assert_eq!(parse_cidr("10.78.0.2/24"), Ok((Ipv4Addr::new(10, 78, 0, 2), 24)));
        for bad in ["10.78.0.2", "10.78.0/24", "10.78.0.2/33", "::1/64", "10.78.0.2/"] {
            assert!(parse_cidr(bad).is_err(), "{bad}");
        }
    }
}
