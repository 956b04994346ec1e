//! Live capture on a veth pair: AF_XDP and its tee beside AF_PACKET, a UDP socket and tcpdump.
//!
//! Frames of 1232 bytes of payload are made in the kernel on one processor, which also runs the whole
//! receive path of the kernel, as interrupts of a NIC would; the reader runs on another. A receiver that
//! loses any is tried again at a slower pace until every frame of a run is read. Then one
//! datagram in 50 us from a packet socket: from the time in it to the reader's.
//!
//! On a machine that does other things too, `chrt -f 1` in front keeps them off: then the worst of the
//! latencies are the 50 ms of each second that the kernel leaves to the others.
//!
//! Needs root and two processors; makes its own namespaces and removes them. Without: says so.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "support/paired.rs"]
mod paired;

use etherparse::PacketBuilder;
use mev::net::interface::{Interface, enter_namespace};
use mev::net::packet::{self, Kind};
use mev::net::udp;
use mev::net::xdp::{Filter, Live, Mode, Options, Patch, Receiver, Tee, TeeOptions};
use mev::time::now_ns;
use std::fmt::Write as _;
use std::io::Read as _;
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PORT: u16 = 8001;
const PAYLOAD_LEN: usize = 1232;
/// Frames of a run.
const FRAMES: u32 = 1_000_000;
/// Rounds, in each of which every receiver has its turn.
const ROUNDS: usize = 7;
/// How often a receiver that loses is tried again, each time at nine tenths of what it read.
const TRIES: usize = 6;
/// Datagrams of the latency table, and nanoseconds between them.
const PINGS: u64 = 40_000;
const PING_NS: u64 = 50_000;

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let ground = format!("mev-bench-{}", std::process::id());
    if mev::sys::cpu::allowed().len() < 2 || !veth("up", &ground) {
        println!("skipped: this takes root and two processors");
        return;
    }
    let mut report = format!("### Live capture on veth, {PAYLOAD_LEN} bytes\n\n");
    let _ = writeln!(report, "{}\n", paired::machine());
    rates(&mut report, &ground);
    latencies(&mut report, &ground);
    assert!(veth("down", &ground));
    println!("<!-- bench -->\n{report}<!-- /bench -->");
}

fn veth(what: &str, name: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/veth");
    let out = Command::new(script).args([what, name]).output().unwrap();
    out.status.success()
}

/// Waits for at most so long and gives each payload, with when it was read.
type Receive = Box<dyn FnMut(Duration, &mut dyn FnMut(&[u8], u64))>;

/// One way to receive.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    Xdp { mode: Mode, spin: bool, stamp: bool, busy_poll: bool },
    Tee,
    Packet(Kind, bool),
    Udp,
    Tcpdump,
}

impl How {
    fn name(self) -> String {
        match self {
            Self::Xdp { mode, spin, stamp, busy_poll } => format!(
                "AF_XDP, {}, {}{}{}",
                mode.name(),
                if spin { "spinning" } else { "sleeping" },
                if stamp { ", stamped" } else { "" },
                if busy_poll { ", busy poll" } else { "" },
            ),
            Self::Tee => "tee, spinning".into(),
            Self::Packet(Kind::Latency, spin) => {
                format!("AF_PACKET V2, {}", if spin { "spinning" } else { "sleeping" })
            }
            Self::Packet(Kind::Volume, _) => "AF_PACKET V3, sleeping".into(),
            Self::Udp => "UDP socket, recvmmsg, 128 MiB".into(),
            Self::Tcpdump => "tcpdump -w /dev/null -B 131072".into(),
        }
    }

    /// Opens it in this thread's namespace, and a function that receives once, giving each payload
    /// and when it was read.
    fn open(self) -> Receive {
        let filter = Filter { ports: vec![PORT], addresses: vec![] };
        match self {
            Self::Xdp { mode, spin, stamp, busy_poll } => {
                let busy_poll = busy_poll.then_some(64);
                let modes = vec![mode];
                let options =
                    Options { filter, modes, spin, stamp, busy_poll, ..Options::default() };
                let mut receiver = Receiver::open("v0", &options).unwrap();
                Box::new(move |timeout, each| {
                    receiver.receive(timeout, |a| each(a.datagram.payload, a.user_ns)).unwrap();
                })
            }
            Self::Tee => {
                let options =
                    TeeOptions { filter, spin: true, ring_len: 1 << 28, ..TeeOptions::default() };
                let mut tee = Tee::open("v0", &options).unwrap();
                Box::new(move |timeout, each| {
                    tee.receive(timeout, |a| each(a.datagram.payload, a.user_ns)).unwrap();
                })
            }
            Self::Packet(kind, spin) => {
                let options = packet::Options { filter, kind, spin, ring_len: 256 << 20 };
                let mut receiver = packet::Receiver::open("v0", &options).unwrap();
                Box::new(move |timeout, each| {
                    receiver.receive(timeout, |a| each(a.datagram.payload, a.user_ns)).unwrap();
                })
            }
            Self::Udp | Self::Tcpdump => {
                let options = udp::Options { buffer_len: 128 << 20, ..udp::Options::default() };
                let address = format!("10.77.0.2:{PORT}").parse().unwrap();
                let mut receiver = udp::Receiver::bind(&[address], options).unwrap();
                Box::new(move |timeout, each| {
                    receiver.receive(timeout, |a| each(a.datagram.payload, a.user_ns)).unwrap();
                })
            }
        }
    }
}

/// The frame, whose UDP checksum is left out, as its payload changes.
fn frame(target: [u8; 6]) -> Vec<u8> {
    let packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], target);
    let packet = packet.ipv4([10, 77, 0, 1], [10, 77, 0, 2], 64).udp(9000, PORT);
    let mut frame = Vec::new();
    packet.write(&mut frame, &[0; PAYLOAD_LEN]).unwrap();
    frame[40..42].fill(0);
    frame
}

/// A run: frames read, of how many made, in which time.
struct Run {
    read: u64,
    made: u64,
    elapsed: Duration,
}

impl Run {
    fn mpps(&self) -> f64 {
        self.read as f64 / self.elapsed.as_secs_f64() / 1e6
    }
}

/// Makes frames at a pace on the first processor, in namespace `a`; the count and the time.
fn make(ground: &str, target: [u8; 6], pace_ns: u64) -> (u64, Duration) {
    mev::sys::cpu::pin(mev::sys::cpu::allowed()[0]);
    enter_namespace(&format!("{ground}-a")).unwrap();
    let interface = Interface::named("v0").unwrap();
    let patch = Patch { sequence_at: Some(42), stamp_at: None };
    let mut live = Live::template(&interface, &frame(target), patch).unwrap();
    live.set_pace(pace_ns).unwrap();
    let start = Instant::now();
    live.play(FRAMES).unwrap();
    (live.made().unwrap(), start.elapsed())
}

fn run(ground: &str, how: How, pace_ns: u64) -> Run {
    if how == How::Tcpdump {
        return run_tcpdump(ground, pace_ns);
    }
    let (ready, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            mev::sys::cpu::pin(mev::sys::cpu::allowed()[1]);
            enter_namespace(&format!("{ground}-b")).unwrap();
            // These leave everything to whom it is for: somebody must be there, or the kernel answers.
            let leaves = matches!(how, How::Tee | How::Packet(..));
            let socket = leaves.then(|| UdpSocket::bind("10.77.0.2:8001").unwrap());
            let mut receive = how.open();
            ready.store(true, Ordering::Release);
            let (mut read, mut begin, mut end) = (0u64, None, Instant::now());
            loop {
                let before = read;
                receive(Duration::from_millis(50), &mut |_, _| read += 1);
                if read > before {
                    end = Instant::now();
                    begin.get_or_insert(end);
                } else if done.load(Ordering::Acquire) {
                    break;
                }
            }
            drop(socket);
            (read, begin.map_or(Duration::ZERO, |begin| end - begin))
        });
        while !ready.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let maker = scope.spawn(|| {
            enter_namespace(&format!("{ground}-b")).unwrap();
            let target = Interface::named("v0").unwrap().mac().unwrap();
            make(ground, target, pace_ns)
        });
        let (made, took) = maker.join().unwrap();
        done.store(true, Ordering::Release);
        let (read, elapsed) = reader.join().unwrap();
        Run { read, made, elapsed: elapsed.max(took / 2) }
    })
}

/// tcpdump tells how many packets it captured when it is interrupted.
fn run_tcpdump(ground: &str, pace_ns: u64) -> Run {
    let mut child = Command::new("ip")
        .args(["netns", "exec", &format!("{ground}-b"), "taskset", "-c", "1", "tcpdump"])
        .args(["-i", "v0", "-w", "/dev/null", "-B", "131072", "udp", "port", "8001"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(800));
    let socket = std::thread::scope(|scope| {
        let bound = scope.spawn(|| {
            enter_namespace(&format!("{ground}-b")).unwrap();
            let socket = UdpSocket::bind("10.77.0.2:8001").unwrap();
            (socket, Interface::named("v0").unwrap().mac().unwrap())
        });
        bound.join().unwrap()
    });
    let (made, elapsed) =
        std::thread::scope(|scope| scope.spawn(|| make(ground, socket.1, pace_ns)).join().unwrap());
    std::thread::sleep(Duration::from_millis(800));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    let captured = said.lines().find_map(|line| line.strip_suffix(" packets captured"));
    let read = captured.and_then(|count| count.parse().ok()).unwrap_or_default();
    Run { read, made, elapsed }
}

/// A round of one receiver.
struct Round {
    /// Mpps of the fastest run without a loss; 0 if each lost.
    lossless: f64,
    /// Mpps read of frames made as fast as they can be, and the share that was lost.
    flat_out: f64,
    lost: f64,
}

fn round(ground: &str, how: How) -> Round {
    let first = run(ground, how, 0);
    let mut round = Round {
        lossless: 0.0,
        flat_out: first.mpps(),
        lost: 1.0 - first.read as f64 / first.made as f64,
    };
    let mut last = first;
    for _ in 0..TRIES {
        if last.read == last.made {
            round.lossless = last.mpps();
            break;
        }
        // Nanoseconds from frame to frame at nine tenths of the rate.
        let pace_ns = last.elapsed.as_nanos() * 10 / u128::from(last.read.max(1)) / 9;
        let pace_ns = u64::try_from(pace_ns).unwrap_or(u64::MAX);
        last = run(ground, how, pace_ns.min(Live::INTERVAL_MAX_NS));
    }
    round
}

fn rates(report: &mut String, ground: &str) {
    let xdp = |spin, stamp| How::Xdp { mode: Mode::Driver, spin, stamp, busy_poll: false };
    let ways = [
        xdp(true, false),
        xdp(true, true),
        xdp(false, false),
        How::Tee,
        How::Packet(Kind::Volume, false),
        How::Packet(Kind::Latency, false),
        How::Udp,
        How::Tcpdump,
    ];
    let mut rounds: Vec<Vec<Round>> = Vec::new();
    for _ in 0..ROUNDS {
        let of_all: Vec<_> = ways.iter().map(|how| round(ground, *how)).collect();
        let said: Vec<_> = of_all.iter().map(|round| format!("{:.2}", round.lossless)).collect();
        println!("Mpps without loss: {}", said.join("  "));
        rounds.push(of_all);
    }
    let _ = writeln!(report, "{ROUNDS} rounds, medians; the ratio is of each round.\n");
    *report += "AF_XDP takes the frames; with the others a socket is there that they are for.\n\n";
    *report += "| receiver | Mpps without loss | most | Gbit/s of payload | AF_XDP spinning is | \
                flat out: Mpps read | lost |\n|---|---:|---:|---:|---:|---:|---:|\n";
    for (number, how) in ways.into_iter().enumerate() {
        let of_it = || rounds.iter().map(|round| &round[number]);
        let lossless = paired::median(of_it().map(|round| round.lossless).collect());
        let most = of_it().map(|round| round.lossless).fold(0.0, f64::max);
        let ratios = rounds.iter().map(|round| round[0].lossless / round[number].lossless);
        let _ = writeln!(
            report,
            "| {} | {lossless:.2} | {most:.2} | {:.1} | {:.2}x | {:.2} | {:.1} % |",
            how.name(),
            lossless * PAYLOAD_LEN as f64 * 8.0 / 1000.0,
            paired::median(ratios.collect()),
            paired::median(of_it().map(|round| round.flat_out).collect()),
            100.0 * paired::median(of_it().map(|round| round.lost).collect()),
        );
    }
}

fn latencies(report: &mut String, ground: &str) {
    *report += "\n| from the sender's call to the reader, us | p50 | p90 | p99 |\n\
                |---|---:|---:|---:|\n";
    let xdp = |mode, spin, busy_poll| How::Xdp { mode, spin, stamp: false, busy_poll };
    for how in [
        xdp(Mode::Driver, true, false),
        xdp(Mode::Generic, true, false),
        xdp(Mode::Driver, true, true),
        xdp(Mode::Driver, false, false),
        How::Packet(Kind::Latency, true),
        How::Packet(Kind::Volume, false),
        How::Udp,
    ] {
        let mut times = ping(ground, how);
        times.sort_unstable();
        let at = |share: usize| times[times.len() * share / 100] as f64 / 1000.0;
        let (p50, p90, p99) = (at(50), at(90), at(99));
        let row = format!("| {} | {p50:.2} | {p90:.2} | {p99:.2} |", how.name());
        println!("{row}");
        let _ = writeln!(report, "{row}");
    }
}

/// Nanoseconds from the time in a datagram to its reading, of each that came.
fn ping(ground: &str, how: How) -> Vec<u64> {
    let (ready, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            mev::sys::cpu::pin(mev::sys::cpu::allowed()[1]);
            enter_namespace(&format!("{ground}-b")).unwrap();
            let mut receive = how.open();
            ready.store(true, Ordering::Release);
            let mut times = Vec::with_capacity(usize::try_from(PINGS).unwrap());
            while !done.load(Ordering::Acquire) {
                receive(Duration::from_millis(20), &mut |payload, user_ns| {
                    let sent = u64::from_le_bytes(*payload.first_chunk().unwrap());
                    times.push(user_ns.saturating_sub(sent));
                });
            }
            times
        });
        while !ready.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let sender = scope.spawn(|| {
            mev::sys::cpu::pin(mev::sys::cpu::allowed()[0]);
            enter_namespace(&format!("{ground}-b")).unwrap();
            let target = Interface::named("v0").unwrap().mac().unwrap();
            enter_namespace(&format!("{ground}-a")).unwrap();
            let mut sender = packet::Sender::new(&Interface::named("v0").unwrap()).unwrap();
            let mut frame = frame(target);
            let mut due = now_ns();
            for _ in 0..PINGS {
                due += PING_NS;
                while now_ns() < due {
                    std::hint::spin_loop();
                }
                frame[42..50].copy_from_slice(&now_ns().to_le_bytes());
                sender.send(&[&frame]).unwrap();
            }
        });
        sender.join().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        done.store(true, Ordering::Release);
        reader.join().unwrap()
    })
}
