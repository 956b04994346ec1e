//! The part of the command line that is about the TPU road.

use super::super::URLS_MAX;
use super::FANOUT_MAX;
use crate::cli::parse_duration;
use crate::error::{Error, Result};
use crate::net::quic::{Congestion, INITIAL_WINDOW, Limits, Settings};
use core::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The smallest and largest window that makes sense: two packets (RFC 9002 section 7.2), and more
/// than any path holds.
const WINDOWS: std::ops::RangeInclusive<u64> = 2400..=1 << 26;

/// Options of the TPU road.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "TPU options")]
#[group(skip)]
pub(in crate::send) struct Args {
    /// Send each transaction to the leaders, over QUIC
    ///
    /// To the current leader and those that follow (--fanout), one stream a transaction, instead of
    /// to a block engine. A leader takes transactions, not bundles: each lands or fails by itself,
    /// whatever becomes of the others. It never answers: a receipt says written, never accepted.
    /// Which slot it is comes from the bundles and slot records of the stream, which pass through,
    /// or from --leader-rpc.
    #[arg(long)]
    pub(in crate::send) tpu: bool,

    /// Send to ADDRESS:PORT, whoever leads
    ///
    /// With --tpu. A validator of one's own, or a peer that forwards. May be repeated.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(super) tpu_peer: Vec<SocketAddr>,

    /// Read who leads which slot
    ///
    /// With --tpu: lines SLOT KEY (as `solana leader-schedule` prints) or FIRST-LAST KEY, or the JSON
    /// reply of getLeaderSchedule, which needs --epoch-start or a field firstSlot beside its result.
    #[arg(long, value_name = "FILE")]
    pub(super) leaders: Option<PathBuf>,

    /// First slot of the epoch of --leaders
    ///
    /// From which the indexes of getLeaderSchedule count: absoluteSlot less slotIndex of
    /// getEpochInfo.
    #[arg(long, value_name = "SLOT")]
    pub(super) epoch_start: Option<u64>,

    /// Read where leaders listen
    ///
    /// With --tpu: lines KEY ADDRESS:PORT, or the JSON reply of getClusterNodes.
    #[arg(long, value_name = "FILE")]
    pub(super) nodes: Option<PathBuf>,

    /// Ask the RPC node whose URL is in FILE for slot, leaders and nodes
    ///
    /// With --tpu and --live: getSlot every 400 ms, getSlotLeaders as they run out, getClusterNodes
    /// every 5 minutes; what --leaders or --nodes tell is not asked for. Refused unless only its
    /// owner can read the file; the URL, which may hold a key, is never shown.
    #[arg(long, value_name = "FILE")]
    pub(super) leader_rpc: Option<PathBuf>,

    /// Connect as the key pair in FILE
    ///
    /// With --tpu: leaders give more streams to an identity with stake. Without it a new one is made
    /// for the run, which has none. Refused unless only its owner can read the file.
    #[arg(long, value_name = "FILE")]
    pub(super) identity: Option<PathBuf>,

    /// Send to N leaders: the current one and those that follow
    ///
    /// With --tpu. Leaders are counted, not slots; in the last slot of a leader it is one more, and
    /// one more again is kept connected.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(super) fanout: u8,

    /// Fit the rate to the path by cubic or bbr
    ///
    /// With --tpu. The library calls its BBR experimental. Most of what it seems to gain on short
    /// bursts is a larger initial window, which --initial-window gives to either.
    #[arg(long, value_name = "HOW", default_value = "cubic", value_parser = ["cubic", "bbr"])]
    pub(super) congestion: String,

    /// Bytes on their way before the first acknowledgement
    ///
    /// With --tpu. The default is 128 packets of 1232 bytes, that of the validators' own client.
    #[arg(long, value_name = "BYTES", default_value_t = INITIAL_WINDOW)]
    pub(super) initial_window: u64,

    /// Send before the handshake is done (0-RTT), to peers that allow it
    ///
    /// With --tpu. Leaders do not: neither Agave nor Firedancer takes early data, and a transaction
    /// sent early to one goes out once more behind the handshake. Of use with peers of one's own.
    /// What became of it is counted in --stats: accepted, rejected, unavailable.
    #[arg(long)]
    pub(super) zero_rtt: bool,

    /// Give up a QUIC handshake after TIME
    ///
    /// With --tpu. A validator gives one up after 2 s. Streams, bytes and acknowledgements wait
    /// no longer than --timeout.
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = parse_duration)]
    pub(super) handshake_timeout: Duration,
}

impl Args {
    /// Checks what can be checked without touching anything; `live`: something will be sent, `urls`:
    /// block engines are named too.
    ///
    /// # Errors
    /// Status 2 when an option has no use, or when there is nowhere to send to.
    pub(in crate::send) fn check(&self, live: bool, urls: bool) -> Result<()> {
        if !self.tpu {
            return match self.idle() {
                Some(name) => Err(Error::usage(format!("{name} belongs to --tpu"))
                    .hint("add --tpu, or leave it out")),
                None => Ok(()),
            };
        }
        if urls {
            return Err(Error::usage("--tpu and --url are two roads")
                .hint("run mev-send once for each: tee the bundles"));
        }
        let leaders = self.leaders.is_some() && self.nodes.is_some();
        if live && self.tpu_peer.is_empty() && !leaders && self.leader_rpc.is_none() {
            return Err(Error::usage("--tpu --live knows no leader")
                .hint("add --leader-rpc FILE, or --leaders FILE and --nodes FILE, or --tpu-peer"));
        }
        if self.epoch_start.is_some() && self.leaders.is_none() {
            return Err(Error::usage("--epoch-start belongs to --leaders").hint("add --leaders"));
        }
        if !(1..=FANOUT_MAX).contains(&self.fanout) {
            return Err(Error::usage(format!("--fanout is not within 1 and {FANOUT_MAX}")));
        }
        if !WINDOWS.contains(&self.initial_window) {
            let (low, high) = (WINDOWS.start(), WINDOWS.end());
            return Err(Error::usage(format!("--initial-window is not within {low} and {high}")));
        }
        if self.handshake_timeout.is_zero() {
            return Err(Error::usage("--handshake-timeout is zero"));
        }
        if self.tpu_peer.len() > URLS_MAX {
            return Err(Error::usage(format!("more than {URLS_MAX} times --tpu-peer")));
        }
        if self.tpu_peer.iter().any(|peer| peer.port() == 0) {
            return Err(Error::usage("--tpu-peer has port 0"));
        }
        Ok(())
    }

    /// An option of the road that was given without it.
    fn idle(&self) -> Option<&'static str> {
        let given = [
            ("--tpu-peer", !self.tpu_peer.is_empty()),
            ("--leaders", self.leaders.is_some()),
            ("--epoch-start", self.epoch_start.is_some()),
            ("--nodes", self.nodes.is_some()),
            ("--leader-rpc", self.leader_rpc.is_some()),
            ("--identity", self.identity.is_some()),
            ("--zero-rtt", self.zero_rtt),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }

    /// What the client is made with; `timeout` bounds every wait but the handshake's.
    pub(super) fn settings(&self, timeout: Duration) -> Settings {
        Settings {
            congestion: match self.congestion.as_str() {
                "bbr" => Congestion::Bbr,
                _ => Congestion::Cubic,
            },
            initial_window: self.initial_window,
            early_data: self.zero_rtt,
            limits: Limits { handshake: self.handshake_timeout, ..Limits::all(timeout) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn checked(line: &str, live: bool) -> std::result::Result<Args, String> {
        let words = ["x"].into_iter().chain(line.split_whitespace());
        let args = Line::try_parse_from(words).map_err(|e| e.to_string())?.args;
        args.check(live, false).map_err(|e| e.to_string())?;
        Ok(args)
    }

    #[test]
    fn the_road_needs_somewhere_to_go_only_when_live() {
        checked("", true).unwrap();
        checked("--tpu", false).unwrap();
        for line in ["--tpu-peer 1.2.3.4:5", "--leaders a --nodes b", "--leader-rpc f"] {
            checked(&format!("--tpu {line}"), true).unwrap();
            let error = checked(line, true).unwrap_err();
            assert!(error.ends_with("belongs to --tpu"), "{error}");
        }
        for (line, says) in [
            ("--tpu", "knows no leader"),
            ("--tpu --leaders a", "knows no leader"),
            ("--tpu --tpu-peer 1.2.3.4:5 --fanout 0", "--fanout is not within 1 and 16"),
            ("--tpu --tpu-peer 1.2.3.4:5 --fanout 17", "--fanout is not within"),
            ("--tpu --tpu-peer 1.2.3.4:5 --initial-window 99", "within 2400 and 67108864"),
            ("--tpu --tpu-peer 1.2.3.4:5 --handshake-timeout 0s", "--handshake-timeout is zero"),
            ("--tpu --tpu-peer 1.2.3.4:5 --epoch-start 5", "--epoch-start belongs to --leaders"),
            ("--tpu --tpu-peer 1.2.3.4:0", "has port 0"),
            ("--tpu --congestion reno", "invalid value 'reno'"),
            ("--zero-rtt", "--zero-rtt belongs to --tpu"),
        ] {
            let error = checked(line, true).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }

    #[test]
    fn settings_are_those_that_were_asked_for() {
        let made = checked("--tpu --tpu-peer [::1]:9 --congestion bbr --zero-rtt", true).unwrap();
        let made = made.settings(Duration::from_secs(3));
        assert_eq!((made.congestion, made.initial_window), (Congestion::Bbr, 128 * 1232));
        assert!(made.early_data);
        let limits = made.limits;
        assert_eq!((limits.handshake.as_secs(), limits.stream.as_secs()), (2, 3));
    }
}
