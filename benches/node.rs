//! A question and its answer: a datagram to `mev-capture node`, and the decision that comes back.
//!
//! The asker is a socket of the kernel at one end of a veth pair, on one processor; who answers is at the
//! other end, on another. Beside the node, which takes and sends frames by AF_XDP, stand the same decisions
//! behind a spinning UDP socket, and a UDP socket that sleeps and decides nothing: what the kernel's stack
//! alone takes there and back.
//!
//! Needs root and two processors; makes its own namespaces and removes them. Without: says so.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "support/market.rs"]
mod market;
#[path = "support/paired.rs"]
mod paired;

use hdrhistogram::Histogram;
use market::Market;
use mev::net::interface::enter_namespace;
use mev::net::pcap::{Capture, Datagram, Item};
use mev::record::Opportunity;
use mev::stream::Arena;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Swaps that are asked about; an update of the pool follows each, which nobody answers.
const SWAPS: u32 = 5_000;
/// Rounds, in each of which every side has its turn.
const ROUNDS: usize = 5;
const PORT: u16 = 8001;
/// Bytes of an answer.
const ANSWER_LEN: usize = size_of::<Opportunity>();
/// Longest that an answer is waited for: not every swap has one.
const PATIENCE: Duration = Duration::from_millis(2);

/// Who answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Node,
    Socket,
    Echo,
}

const SIDES: [(Who, &str); 3] = [
    (Who::Node, "`mev-capture node --backend xdp --spin`"),
    (Who::Socket, "the same decisions behind a spinning UDP socket"),
    (Who::Echo, "a sleeping UDP socket, nothing decided"),
];

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let ground = format!("mev-bench-{}", std::process::id());
    if mev::sys::cpu::allowed().len() < 2 || !veth("up", &ground) {
        println!("skipped: this takes root and two processors");
        return;
    }
    let market = Market::of("large", SWAPS, 2);
    let mut all = [const { Vec::new() }; SIDES.len()];
    for _ in 0..ROUNDS {
        for ((who, _), rounds) in SIDES.iter().zip(&mut all) {
            rounds.push(round(&ground, *who, &market));
        }
    }
    assert!(veth("down", &ground));
    println!("<!-- bench -->\n### From a question to its answer, microseconds\n");
    println!("{}\n", paired::machine());
    println!("Medians of {ROUNDS} rounds in turn; answers of {ANSWER_LEN} bytes.\n");
    println!("| who answers | answers | p50 | p90 | p99 |\n|---|---:|---:|---:|---:|");
    for ((_, name), rounds) in SIDES.iter().zip(&all) {
        let at = |share: f64| {
            let mut all: Vec<u64> =
                rounds.iter().map(|times| times.value_at_quantile(share)).collect();
            all.sort_unstable();
            all[ROUNDS / 2] as f64 / 1000.0
        };
        let answers = rounds[0].len();
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(at);
        println!("| {name} | {answers} | {p50:.1} | {p90:.1} | {p99:.1} |");
    }
    println!("<!-- /bench -->");
}

fn veth(what: &str, name: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/veth");
    Command::new(script).args([what, name]).stdout(Stdio::null()).status().unwrap().success()
}

fn datagrams(capture: &[u8]) -> impl Iterator<Item = Datagram<'_>> {
    Capture::new(capture).unwrap().map(|item| match item.unwrap() {
        Item::Datagram(datagram) => datagram,
        Item::Skipped(why) => panic!("the capture holds a {}", why.name()),
    })
}

/// Nanoseconds of each question that was answered.
fn round(ground: &str, who: Who, market: &Market) -> Histogram<u64> {
    let (ready, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (address, node) = match who {
            Who::Node => ("10.77.0.9", Some(Node::start(ground, market))),
            Who::Socket | Who::Echo => {
                scope.spawn(|| {
                    mev::sys::cpu::pin(mev::sys::cpu::allowed()[1]);
                    enter_namespace(&format!("{ground}-b")).unwrap();
                    let socket = UdpSocket::bind(("10.77.0.2", PORT)).unwrap();
                    ready.store(true, Ordering::Release);
                    if who == Who::Echo {
                        echo(&socket, &done);
                    } else {
                        decide(&socket, market, &done);
                    }
                });
                while !ready.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
                ("10.77.0.2", None)
            }
        };
        let asker = scope.spawn(|| {
            mev::sys::cpu::pin(mev::sys::cpu::allowed()[0]);
            enter_namespace(&format!("{ground}-a")).unwrap();
            ask(address, &market.capture)
        });
        let times = asker.join().unwrap();
        done.store(true, Ordering::Release);
        drop(node);
        times
    })
}

fn ask(address: &str, capture: &[u8]) -> Histogram<u64> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect((address, PORT)).unwrap();
    socket.set_nonblocking(true).unwrap();
    let (mut times, mut room) = (Histogram::new(3).unwrap(), [0; 2048]);
    for datagram in datagrams(capture) {
        let start = Instant::now();
        socket.send(datagram.payload).unwrap();
        if datagram.payload.len() != 48 {
            continue;
        }
        while start.elapsed() < PATIENCE {
            if let Ok(len) = socket.recv(&mut room) {
                assert_eq!(len, ANSWER_LEN);
                times.record(u64::try_from(start.elapsed().as_nanos()).unwrap()).unwrap();
                break;
            }
        }
    }
    times
}

/// Answers what is as long as a swap.
fn echo(socket: &UdpSocket, done: &AtomicBool) {
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut room = [0; 2048];
    while !done.load(Ordering::Acquire) {
        if let Ok((48, from)) = socket.recv_from(&mut room) {
            socket.send_to(&room[..ANSWER_LEN], from).unwrap();
        }
    }
}

/// Answers by the best opportunity that a datagram led to.
fn decide(socket: &UdpSocket, market: &Market, done: &AtomicBool) {
    socket.set_nonblocking(true).unwrap();
    let (mut decider, mut arena) = (market.decider(), Arena::default());
    let mut room = [0; 2048];
    while !done.load(Ordering::Acquire) {
        let Ok((len, from)) = socket.recv_from(&mut room) else { continue };
        let now_ns = mev::time::now_ns();
        decider.input(|parser, out| parser.datagram(&room[..len], false, now_ns, out), &mut arena);
        // The best comes first.
        let best = arena.records().find_map(|record| record.typed::<Opportunity>());
        if let Some(best) = best {
            socket.send_to(bytemuck::bytes_of(best), from).unwrap();
        }
        arena.clear();
    }
}

/// The program, which is stopped with this.
struct Node {
    child: Child,
    pools: std::path::PathBuf,
}

impl Node {
    fn start(ground: &str, market: &Market) -> Self {
        let pools = std::env::temp_dir().join(format!("{ground}.pools"));
        std::fs::write(&pools, &market.pools).unwrap();
        let cpu = mev::sys::cpu::allowed()[1].to_string();
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &format!("{ground}-b"), env!("CARGO_BIN_EXE_mev-capture")]);
        command.args(["node", "v0", "--backend", "xdp", "--spin", "--cpu", &cpu, "--reply", "-q"]);
        command.args(["--address", "10.77.0.9/24", "--listen", &PORT.to_string(), "--pools"]);
        command.arg(&pools).args(["-o", "/dev/null", "--force"]).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        Self { child, pools }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-INT", &pid]).status().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_file(&self.pools).unwrap();
    }
}
