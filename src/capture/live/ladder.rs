//! Which back ends are tried, in which order, and what cannot be asked of them.

use super::args::{Backend, Live};

/// A back end that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rung {
    /// AF_XDP.
    Xdp,
    /// The copying program.
    Tee,
    /// AF_PACKET.
    Packet,
    /// UDP sockets.
    Udp,
    /// A TAP device.
    Tap,
}

impl Rung {
    /// All, the fastest first.
    pub(super) const ALL: [Self; 5] = [Self::Xdp, Self::Tee, Self::Packet, Self::Udp, Self::Tap];

    /// The name in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Xdp => "xdp",
            Self::Tee => "tee",
            Self::Packet => "packet",
            Self::Udp => "udp",
            Self::Tap => "tap",
        }
    }
}

/// What is tried for `args`, in order.
///
/// # Errors
/// Why the options do not go together.
pub(super) fn rungs(args: &Live) -> Result<Vec<Rung>, &'static str> {
    let rungs: &[Rung] = match (args.backend, args.tee) {
        (Backend::Auto, false) => &[Rung::Xdp, Rung::Packet, Rung::Udp],
        (Backend::Auto, true) => &[Rung::Tee, Rung::Packet],
        (Backend::Xdp, false) => &[Rung::Xdp],
        (Backend::Xdp, true) => &[Rung::Tee],
        (Backend::Packet, _) => &[Rung::Packet],
        (Backend::Udp, false) => &[Rung::Udp],
        (Backend::Tap, false) => &[Rung::Tap],
        (Backend::Udp | Backend::Tap, true) => {
            return Err("udp and tap take their datagrams away: they cannot tee");
        }
    };
    if args.backend == Backend::Udp && args.port.is_empty() {
        return Err("--backend udp needs --port: a socket listens on one");
    }
    let udp = |rung: &Rung| *rung != Rung::Udp || !args.port.is_empty();
    let unfit = |wanted: bool, rung: Rung| wanted && !rungs.contains(&rung);
    if unfit(!args.queue.is_empty() || args.busy_poll.is_some(), Rung::Xdp) {
        return Err("--queue and --busy-poll are for xdp without --tee");
    }
    if unfit(args.volume, Rung::Packet) {
        return Err("--volume is for packet");
    }
    Ok(rungs.iter().copied().filter(udp).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{FromArgMatches, Parser};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        live: Live,
    }

    fn tried(line: &str) -> Result<Vec<Rung>, &'static str> {
        let words = ["live", "eth0"].into_iter().chain(line.split_whitespace());
        let matches = <Line as clap::CommandFactory>::command().get_matches_from(words);
        rungs(&Line::from_arg_matches(&matches).unwrap().live)
    }

    #[test]
    fn the_fastest_comes_first_and_a_tee_takes_nothing_away() {
        assert_eq!(tried("--port 8001"), Ok(vec![Rung::Xdp, Rung::Packet, Rung::Udp]));
        assert_eq!(tried(""), Ok(vec![Rung::Xdp, Rung::Packet]), "no port, no socket");
        assert_eq!(tried("--tee"), Ok(vec![Rung::Tee, Rung::Packet]));
        assert_eq!(tried("--tee --backend xdp"), Ok(vec![Rung::Tee]));
        assert_eq!(tried("--tee --backend packet --volume"), Ok(vec![Rung::Packet]));
        assert_eq!(tried("--backend udp --port 1"), Ok(vec![Rung::Udp]));
        assert_eq!(tried("--backend tap"), Ok(vec![Rung::Tap]));
    }

    #[test]
    fn what_does_not_go_together_is_said() {
        for line in [
            "--tee --backend udp --port 1",
            "--tee --backend tap",
            "--backend udp",
            "--backend packet --queue 0",
            "--tee --busy-poll 8",
            "--backend xdp --volume",
        ] {
            assert!(tried(line).is_err(), "{line}");
        }
    }
}
