//! The command line of replay.

use crate::net::frames::parse_mac;
use crate::net::udp::Pace;
use core::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

/// What is played, where to, and how fast.
#[derive(clap::Args, Clone, Debug)]
pub(in crate::capture) struct Send {
    /// Capture or packet records; none or `-` is standard input
    ///
    /// pcap, pcapng, or a stream of records of this toolkit, told apart by their first bytes.
    #[arg(value_name = "FILE")]
    pub(super) file: Option<PathBuf>,

    /// Send to ADDR, such as 127.0.0.1:8001
    ///
    /// Every datagram goes there, whatever its own destination was. With --interface and --to-mac it may
    /// be left out: each goes where it went when it was captured.
    #[arg(long, value_name = "ADDR", required_unless_present = "to_mac")]
    pub(super) to: Option<SocketAddr>,

    /// Send whole frames out of IFACE
    ///
    /// Instead of from a UDP socket: past the kernel's UDP and IP. Needs root, or CAP_NET_RAW and for
    /// xdp and live CAP_BPF and CAP_NET_ADMIN.
    #[arg(long, value_name = "IFACE")]
    pub(super) interface: Option<String>,

    /// What makes frames leave
    ///
    /// For --interface. live keeps no gaps: with --pps of 200000 or more, or --full-rate.
    #[arg(long, value_enum, default_value_t = Backend::Packet, requires = "interface")]
    pub(super) backend: Backend,

    /// The Ethernet address that frames are for
    ///
    /// Without it, what this machine knows of the neighbour that --to names.
    #[arg(long, value_name = "MAC", requires = "interface", value_parser = parse_mac_text)]
    pub(super) to_mac: Option<[u8; 6]>,

    /// Play all of it N times
    ///
    /// FILE must be one that can be read again; --backend live takes a pipe too. Recorded gaps are kept in
    /// each round, and a round begins with the last datagram of the one before it.
    #[arg(long, value_name = "N", default_value_t = NonZeroU32::MIN)]
    pub(super) repeat: NonZeroU32,

    /// Play X times as fast as recorded
    ///
    /// A decimal number such as 2 or 0.5; the default is 1. Gaps between stamps are divided by it.
    #[arg(long, value_name = "X", value_parser = parse_speed, conflicts_with_all = ["pps", "mbps", "full_rate"])]
    pub(super) speed: Option<NonZeroU64>,

    /// Send N datagrams a second, evenly
    ///
    /// The stamps of the capture are ignored.
    #[arg(long, value_name = "N", conflicts_with = "full_rate")]
    pub(super) pps: Option<NonZeroU64>,

    /// Send N million bits of payload a second, evenly
    ///
    /// The stamps of the capture are ignored.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with_all = ["pps", "full_rate"])]
    pub(super) mbps: Option<u32>,

    /// Send as fast as the socket takes them
    ///
    /// The stamps of the capture are ignored. UDP has no back pressure: a receiver that is slower
    /// loses datagrams.
    #[arg(long)]
    pub(super) full_rate: bool,
}

/// What makes frames leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Backend {
    /// An AF_PACKET socket, past the queueing discipline
    Packet,
    /// An AF_XDP socket
    Xdp,
    /// The kernel makes them, millions a second; the capture is in its memory
    Live,
}

impl Send {
    /// How fast datagrams are played.
    pub(super) fn pace(&self) -> Pace {
        if self.full_rate {
            return Pace::Full;
        }
        if let Some(per_second) = self.pps {
            return Pace::Rate { per_second };
        }
        let bits = self.mbps.and_then(|n| NonZeroU64::new(u64::from(n) * 1_000_000));
        if let Some(per_second) = bits {
            return Pace::Bits { per_second };
        }
        let recorded = NonZeroU64::MIN.saturating_add(999_999);
        Pace::Recorded { speed_ppm: self.speed.unwrap_or(recorded) }
    }

    /// Nanoseconds from frame to frame as the kernel keeps them, 0 for none.
    ///
    /// # Errors
    /// What the kernel does not do.
    pub(super) fn interval_ns(&self) -> Result<u64, &'static str> {
        match self.pace() {
            Pace::Full => Ok(0),
            Pace::Rate { per_second } if per_second.get() >= 200_000 => {
                Ok(1_000_000_000 / per_second.get())
            }
            _ => Err("--backend live plays by --full-rate, or by --pps of 200000 or more"),
        }
    }
}

fn parse_mac_text(text: &str) -> Result<[u8; 6], String> {
    parse_mac(text).ok_or_else(|| "an Ethernet address such as 02:00:0a:4e:00:02".to_owned())
}

/// A speed such as `2` or `0.5`, in millionths; at most six digits follow the point.
fn parse_speed(text: &str) -> Result<NonZeroU64, String> {
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
