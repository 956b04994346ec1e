//! The command line of live capture.

use core::net::IpAddr;

/// Where datagrams are taken from, which, and how.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::capture) struct Live {
    /// The interface, such as eth0
    ///
    /// Of the network namespace in which the program runs.
    #[arg(value_name = "IFACE")]
    pub(super) interface: String,

    /// Take datagrams to port PORT
    ///
    /// May be repeated, up to 16 times; without it, every port.
    #[arg(long, value_name = "PORT")]
    pub(super) port: Vec<u16>,

    /// Take datagrams to address ADDR
    ///
    /// May be repeated, up to 16 times; without it, every address.
    #[arg(long, value_name = "ADDR")]
    pub(super) address: Vec<IpAddr>,

    /// Which back end receives
    ///
    /// auto tries xdp, packet and udp, with --tee tee and packet, and says why each was refused that
    /// came before the one it took. tap is never tried: it takes what this machine sends to the device,
    /// the others what it receives. What this machine grants: mev-capture probe IFACE.
    #[arg(long, value_enum, default_value_t = Backend::Auto)]
    pub(super) backend: Backend,

    /// Leave the traffic to the process that owns the port
    ///
    /// Datagrams are copied in the kernel and go on as before. Without this xdp takes them away.
    #[arg(long)]
    pub(super) tee: bool,

    /// Receive from queue N only
    ///
    /// May be repeated; without it, all queues of the interface. For xdp.
    #[arg(long, value_name = "N")]
    pub(super) queue: Vec<u32>,

    /// Receive by a thread on processor N
    ///
    /// Best one that neither the interface's interrupts nor the next program use. May be repeated: each
    /// is a thread of its own, and the queues are dealt out among them (xdp), or the flows (packet).
    /// Each queue or flow stays in order; what several threads receive is not ordered among them.
    #[arg(long, value_name = "N")]
    pub(super) cpu: Vec<usize>,

    /// Never sleep
    ///
    /// Takes a whole processor, and saves the 20 to 30 us that waking up takes.
    #[arg(long)]
    pub(super) spin: bool,

    /// Poll the driver from the receiving thread, N packets at a time
    ///
    /// Instead of being interrupted by it. For xdp.
    #[arg(long, value_name = "N")]
    pub(super) busy_poll: Option<u16>,

    /// Receive by blocks instead of slots
    ///
    /// Cheaper for each packet, and up to 2 ms late. For packet.
    #[arg(long)]
    pub(super) volume: bool,
}

/// How datagrams are received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Backend {
    /// The first that works
    Auto,
    /// AF_XDP sockets, past the kernel's network stack
    Xdp,
    /// An AF_PACKET socket
    Packet,
    /// UDP sockets
    Udp,
    /// The other end of a TAP device, which is made if it is not there
    Tap,
}

/// What is tried out.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::capture) struct Probe {
    /// The interface, such as eth0
    ///
    /// Each back end is opened on it and closed again; no packet is taken for long.
    #[arg(value_name = "IFACE")]
    pub(super) interface: String,
}

/// What is cleaned.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::capture) struct Clean {
    /// The interface, such as eth0
    ///
    /// Of the network namespace in which the program runs.
    #[arg(value_name = "IFACE")]
    pub(super) interface: String,
}
