//! The whole path: from a datagram's receipt by the kernel to the opportunity that it led to, written.
//!
//! ```text
//! processor 0: the sender, at a pace; the kernel stamps each datagram there, as its receive path runs
//! processor 1: capture, parse and arb: chained in one process, or a process a stage over rings or pipes
//! ```
//!
//! Every form gets the same datagrams at the same pace, in turn. Times are from the kernel's receive
//! stamp, which every record carries (`rx_ns`). In the chain each stage's end is read from the clock, and
//! requests for memory are counted; of processes, stages tell their own (`--stats`), and the last hop is
//! this process's, reading what mev-arb writes. A process a stage is four processes for two processors:
//! such rows are marked.

#![expect(unsafe_code, reason = "an allocator is unsafe by nature")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "../tests/support/counting.rs"]
mod counting;
#[path = "support/market.rs"]
mod market;
#[path = "support/paired.rs"]
mod paired;

use hdrhistogram::Histogram;
use market::Market;
use mev::arb::Engine;
use mev::cli::svg::Plot;
use mev::net::interface::enter_namespace;
use mev::net::pcap::{Capture, Item};
use mev::net::udp::{Arrival, Options, Receiver};
use mev::net::xdp;
use mev::record::{Opportunity, Producer};
use mev::ring::{self, Writer};
use mev::stream::{Arena, Piped, Reader, Stage};
use mev::sys::{cpu, process};
use mev::time::now_ns;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Rounds, in each of which every form has its turn.
const ROUNDS: usize = 5;
/// Swaps of the feed; as many updates.
const SWAPS: u32 = 10_000;
/// What is shown of a histogram.
const SHARES: [f64; 4] = [0.5, 0.9, 0.99, 0.999];

/// How the chain receives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// A UDP socket on loopback.
    Udp,
    /// AF_XDP on one end of a veth pair, spinning; the sender is at the other.
    Xdp,
}

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    assert!(cpus().len() > 1, "two processors are needed");
    let folder = std::env::temp_dir().join(format!("mev-path-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let has_veth = veth("up");
    println!(
        "<!-- bench -->\n### Datagram received to opportunity written, microseconds\n\n{}\n",
        paired::machine()
    );
    println!("Medians of {ROUNDS} rounds in turn. Times from the kernel's receive stamp.\n");
    if !has_veth {
        println!("skipped: AF_XDP on a veth pair, which takes root\n");
    }
    println!(
        "| traffic, form, until | count | p50 | p90 | p99 | p99.9 |\n|---|---:|---:|---:|---:|---:|"
    );
    for traffic in [feed(&folder), shreds(&folder)] {
        let mut all = vec![Vec::new(); 4];
        for _ in 0..ROUNDS {
            if has_veth {
                all[0].push(chained(&traffic, How::Xdp));
            }
            all[1].push(chained(&traffic, How::Udp));
            all[2].push(processes(&traffic, &folder, true));
            all[3].push(processes(&traffic, &folder, false));
        }
        let forms = [
            "chained in one process, AF_XDP",
            "chained in one process, UDP socket",
            "a process a stage, rings (oversubscribed)",
            "a process a stage, pipes (oversubscribed)",
        ];
        let forms: Vec<(&str, Vec<Line>)> = forms
            .into_iter()
            .zip(&all)
            .filter(|(_, rounds)| !rounds.is_empty())
            .map(|(form, rounds)| (form, median(rounds)))
            .collect();
        for (form, lines) in &forms {
            for line in lines {
                let at = line.ns.iter().map(|ns| format!(" {:.2} |", *ns as f64 / 1000.0));
                let (name, at) = (traffic.name, at.collect::<String>());
                println!("| {name}, {form}, {} | {} |{at}", line.until, line.count);
            }
        }
        draw(&traffic, &forms);
    }
    if has_veth {
        assert!(veth("down"));
    }
    println!("\nRequests for memory in the chain's loop: {}.", REQUESTS.load(Ordering::Relaxed));
    println!("<!-- /bench -->");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The name of the test ground.
fn ground() -> String {
    format!("mev-path-{}", std::process::id())
}

fn veth(what: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/veth");
    let out = Command::new(script).args([what, &ground()]).output().unwrap();
    out.status.success()
}

/// Requests for memory while chains ran.
static REQUESTS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// What is sent, and what parse must know of it.
struct Traffic {
    name: &'static str,
    market: Market,
    pools: PathBuf,
    accounts: Option<PathBuf>,
    /// Nanoseconds from datagram to datagram.
    pace_ns: u64,
}

/// The feed of one pair of pools, in which each swap opens a cycle.
fn feed(folder: &Path) -> Traffic {
    let market = Market::of("large", SWAPS, 2);
    let pools = folder.join("pools");
    std::fs::write(&pools, &market.pools).unwrap();
    let name = "feed, 48 and 64 B, 20 000 a second";
    Traffic { name, market, pools, accounts: None, pace_ns: 50_000 }
}

/// Slots of swaps, as shreds.
fn shreds(folder: &Path) -> Traffic {
    let (capture, accounts, pools) =
        (folder.join("shreds"), folder.join("accounts"), folder.join("no-pools"));
    let made = Command::new(env!("CARGO_BIN_EXE_mev-capture"))
        .args(["gen", "shreds", "--seed", "1", "--slots", "6", "--txs-per-slot", "1000"])
        .args(["--reverting", "60%"])
        .args([Path::new("--accounts-out"), &accounts, Path::new("-f"), Path::new("pcap")])
        .args([Path::new("-o"), &capture])
        .status();
    assert!(made.unwrap().success());
    std::fs::write(&pools, "").unwrap();
    let market = Market { capture: std::fs::read(capture).unwrap(), pools: Vec::new() };
    // 1461 shreds of a slot in 400 ms.
    let name = "shreds, 1232 B, as fast as slots are";
    Traffic { name, market, pools, accounts: Some(accounts), pace_ns: 270_000 }
}

/// Until where, how many, and [`SHARES`] of them in ns.
#[derive(Clone)]
struct Line {
    until: String,
    count: u64,
    ns: [u64; SHARES.len()],
}

impl Line {
    fn of(until: &str, histogram: &Histogram<u64>) -> Self {
        let ns = SHARES.map(|share| histogram.value_at_quantile(share));
        Self { until: until.to_owned(), count: histogram.len(), ns }
    }
}

/// Line by line the median of each share.
fn median(rounds: &[Vec<Line>]) -> Vec<Line> {
    let mut lines = rounds[0].clone();
    for (at, line) in lines.iter_mut().enumerate() {
        for (share, ns) in line.ns.iter_mut().enumerate() {
            let mut all: Vec<u64> = rounds.iter().map(|round| round[at].ns[share]).collect();
            all.sort_unstable();
            *ns = all[all.len() / 2];
        }
    }
    lines
}

/// Processors, asked for once.
fn cpus() -> &'static [usize] {
    static CPUS: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
    CPUS.get_or_init(cpu::allowed)
}

/// Sends all datagrams to `target` at their pace, from processor 0.
fn send(traffic: &Traffic, target: SocketAddr) {
    cpu::pin(cpus()[0]);
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let socket = UdpSocket::bind(any).unwrap();
    socket.connect(target).unwrap();
    let mut due = now_ns();
    for item in Capture::new(&traffic.market.capture).unwrap() {
        let Item::Datagram(datagram) = item.unwrap() else { continue };
        due += traffic.pace_ns;
        while now_ns() < due {
            std::hint::spin_loop();
        }
        socket.send(datagram.payload).unwrap();
    }
}

/// Receives what waits and gives each datagram to a closure.
type Receive = Box<dyn FnMut(&mut dyn FnMut(&Arrival<'_>))>;

impl How {
    /// Opens it, in this thread's place, and says where to send.
    fn open(self) -> (Receive, SocketAddr) {
        match self {
            Self::Udp => {
                let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
                let mut receiver = Receiver::bind(&[any], Options::default()).unwrap();
                let target = receiver.addresses().next().unwrap();
                let receive = move |each: &mut dyn FnMut(&Arrival<'_>)| {
                    receiver.receive(Duration::ZERO, |arrival| each(&arrival)).unwrap();
                };
                (Box::new(receive), target)
            }
            Self::Xdp => {
                enter_namespace(&format!("{}-b", ground())).unwrap();
                let filter = xdp::Filter { ports: vec![8001], addresses: Vec::new() };
                let modes = vec![xdp::Mode::Driver];
                let options = xdp::Options { filter, modes, spin: true, ..xdp::Options::default() };
                let mut receiver = xdp::Receiver::open("v0", &options).unwrap();
                let receive = move |each: &mut dyn FnMut(&Arrival<'_>)| {
                    let wait = Duration::from_millis(1);
                    receiver.receive(wait, |arrival| each(&arrival)).unwrap();
                };
                (Box::new(receive), "10.77.0.2:8001".parse().unwrap())
            }
        }
    }
}

/// Everything in one process, on one thread that spins.
fn chained(traffic: &Traffic, how: How) -> Vec<Line> {
    let path = std::env::temp_dir().join(format!("mev-path-ring-{}", std::process::id()));
    // Nobody reads it, and it holds nobody back.
    let ring = ring::Options { mode: ring::Mode::Lossy, ..ring::Options::default() };
    let writer =
        Writer::create(&path, ring, Producer::Arb, process::own(), process::alive).unwrap();
    let done = &AtomicBool::new(false);
    let (told, target) = std::sync::mpsc::channel();
    let lines = std::thread::scope(|scope| {
        let worker = scope.spawn(move || {
            cpu::pin(cpus()[1]);
            let (receive, at) = how.open();
            decide(traffic, receive, writer, || told.send(at).unwrap(), done)
        });
        // In a thread of its own, which stays in its namespace.
        let sender = scope.spawn(move || {
            let target = target.recv().unwrap();
            if how == How::Xdp {
                enter_namespace(&format!("{}-a", ground())).unwrap();
            }
            std::thread::sleep(Duration::from_millis(100));
            send(traffic, target);
            std::thread::sleep(Duration::from_millis(50));
            done.store(true, Ordering::Release);
        });
        sender.join().unwrap();
        worker.join().unwrap()
    });
    std::fs::remove_file(&path).unwrap();
    lines
}

/// The loop of the chain; `ready` is called before it.
fn decide(
    traffic: &Traffic,
    mut receive: Receive,
    mut writer: Writer,
    ready: impl FnOnce(),
    done: &AtomicBool,
) -> Vec<Line> {
    let mut chain = traffic.market.decider();
    let mut arena = Arena::with_room(Engine::MAX_OUT);
    if let Some(accounts) = &traffic.accounts {
        market::learn(&mut chain, &std::fs::read(accounts).unwrap(), &mut arena);
    }
    let mut steps: [Histogram<u64>; 4] = std::array::from_fn(|_| histogram());
    let mut written = histogram();
    ready();
    std::thread::sleep(Duration::from_millis(50));
    let before = counting::requests();
    while !done.load(Ordering::Acquire) {
        receive(&mut |arrival| {
            let (payload, rx_ns) = (arrival.datagram.payload, arrival.datagram.rx_ns);
            let mut parsed = 0;
            chain.input(
                |parser, out| {
                    parser.datagram(payload, false, rx_ns, out);
                    parsed = now_ns();
                },
                &mut arena,
            );
            let decided = now_ns();
            let mut found = false;
            for record in arena.records() {
                found |= record.typed::<Opportunity>().is_some();
                writer.put(record).unwrap();
            }
            writer.flush().unwrap();
            let out = now_ns();
            arena.clear();
            for (step, end) in steps.iter_mut().zip([arrival.user_ns, parsed, decided, out]) {
                step.saturating_record(end.saturating_sub(rx_ns).max(1));
            }
            if found {
                written.saturating_record(out.saturating_sub(rx_ns).max(1));
            }
        });
    }
    REQUESTS.fetch_add(counting::requests() - before, Ordering::Relaxed);
    let names = ["read", "parsed", "decided", "written"];
    let lines = names.iter().zip(&steps).map(|(name, step)| Line::of(name, step));
    lines.chain([Line::of("**opportunity written**", &written)]).collect()
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 10_000_000_000, 3).unwrap()
}

/// Starts a tool that says its statistics in `folder`.
fn tool(program: &str, args: &[&str], folder: &Path, input: Stdio, output: Stdio) -> Child {
    let name = Path::new(program).file_name().unwrap();
    let said = File::create(folder.join(name)).unwrap();
    let mut command = Command::new(program);
    command.args(args).args(["--stats", "-v"]);
    command.stdin(input).stdout(output).stderr(said).spawn().unwrap()
}

/// What the tool that was started last said.
fn said(program: &str, folder: &Path) -> String {
    std::fs::read_to_string(folder.join(Path::new(program).file_name().unwrap())).unwrap()
}

const TOOLS: [(&str, &str); 3] = [
    ("captured", env!("CARGO_BIN_EXE_mev-capture")),
    ("parsed", env!("CARGO_BIN_EXE_mev-parse")),
    ("decided", env!("CARGO_BIN_EXE_mev-arb")),
];

/// Starts a process a stage, over rings or over pipes.
fn stages(traffic: &Traffic, folder: &Path, rings: bool) -> [Child; 3] {
    let [capture, parse, arb] = TOOLS.map(|(_, program)| program);
    let [a, b, c] = ["a", "b", "c"].map(|name| format!("ring:{}", folder.join(name).display()));
    let pools = traffic.pools.to_str().unwrap();
    let mut parsing = vec!["--eager", "--verify", "none", "--pools", pools];
    if let Some(accounts) = &traffic.accounts {
        parsing.extend(["--accounts", accounts.to_str().unwrap()]);
    }
    let mut receiving = vec!["udp", "127.0.0.1:0"];
    if !rings {
        let mut one = tool(capture, &receiving, folder, Stdio::null(), Stdio::piped());
        let out = one.stdout.take().unwrap();
        let mut two = tool(parse, &parsing, folder, out.into(), Stdio::piped());
        let out = two.stdout.take().unwrap();
        let three = tool(arb, &[], folder, out.into(), Stdio::piped());
        return [one, two, three];
    }
    for ring in [&a, &b, &c] {
        let made = Command::new(capture).args(["ring", "create", ring]).status();
        assert!(made.unwrap().success());
    }
    receiving.extend(["-o", &a]);
    parsing.extend([a.as_str(), "-o", &b]);
    let start = |program, args: &[&str]| tool(program, args, folder, Stdio::null(), Stdio::null());
    [start(capture, &receiving), start(parse, &parsing), start(arb, &[&b, "-o", &c])]
}

/// The address that mev-capture says it listens on.
fn listens(folder: &Path) -> SocketAddr {
    loop {
        let said = said(TOOLS[0].1, folder);
        if let Some(at) = said.lines().find_map(|line| line.split("listens on ").nth(1)) {
            return at.parse().unwrap();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A process a stage, over rings or over pipes.
fn processes(traffic: &Traffic, folder: &Path, rings: bool) -> Vec<Line> {
    let mut children = stages(traffic, folder, rings);
    let target = listens(folder);
    let id = children[0].id().to_string();
    let pipe = children[2].stdout.take();
    let written = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(500));
            send(traffic, target);
            std::thread::sleep(Duration::from_millis(200));
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        });
        // This thread reads, with the stages, on the processor that the sender leaves them.
        if let Some(pipe) = pipe {
            read_pipe(pipe)
        } else {
            let (path, own) = (folder.join("c"), process::own());
            read_ring(ring::Reader::attach(&path, own, process::alive).unwrap())
        }
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let told = TOOLS.iter().filter_map(|(until, program)| {
        let said = said(program, folder);
        let line = said.lines().find(|line| line.starts_with('{')).unwrap();
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        let latency = told.get("latency_ns").filter(|_| told["latency_from"] == "wire")?;
        let ns = ["p50", "p90", "p99", "p999"].map(|name| latency[name].as_u64().unwrap_or(0));
        Some(Line { until: (*until).to_owned(), count: latency["count"].as_u64()?, ns })
    });
    let mut lines: Vec<Line> = told.collect();
    lines.push(Line::of("**opportunity read**", &written));
    for name in ["a", "b", "c"].iter().filter(|_| rings) {
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    lines
}

/// Reads a ring to its end: the age of each opportunity.
fn read_ring(mut reader: ring::Reader) -> Histogram<u64> {
    let (mut ages, mut batch) = (histogram(), ring::Batch::default());
    loop {
        batch.clear();
        let wait = ring::Wait::Park(Duration::from_millis(20));
        let got = reader.fill(&mut batch, 64 << 10, wait).unwrap();
        for record in batch.records() {
            age(&mut ages, record);
        }
        if got.status != ring::Status::Open {
            return ages;
        }
    }
}

fn read_pipe(pipe: impl std::io::Read) -> Histogram<u64> {
    let (mut ages, mut reader) = (histogram(), Reader::new(Piped::new(pipe)));
    while let Some(record) = reader.next().unwrap() {
        age(&mut ages, record);
    }
    ages
}

fn age(ages: &mut Histogram<u64>, record: mev::record::Record<'_>) {
    if record.typed::<Opportunity>().is_some() {
        ages.saturating_record(now_ns().saturating_sub(record.rx_ns()).max(1));
    }
}

/// Prints the picture of `forms`, between marks that `scripts/bench` looks for.
fn draw(traffic: &Traffic, forms: &[(&str, Vec<Line>)]) {
    let label = |y: i128| format!("{:.1} us", (y as f64 / 16.0).exp2() / 1000.0);
    let share = |x: i128| {
        let at = usize::try_from(x - 1).ok().and_then(|at| SHARES.get(at));
        at.map(|at| format!("p{}", at * 100.0)).unwrap_or_default()
    };
    let title = format!("{}: from the kernel's stamp", traffic.name);
    let mut plot = Plot::new(&title, ((0, 5), share), ((height(500), height(2_000_000)), label));
    for (form, lines) in forms {
        // What the path is for, and where the chain spends it.
        let shown = lines.iter().filter(|line| {
            line.until.starts_with('*') || (form.contains("chained") && line.until == "read")
        });
        for line in shown {
            let name = format!("{form}: {}", line.until.replace('*', ""));
            let points = line.ns.iter().enumerate();
            plot.series(&name, points.map(|(at, ns)| (at as i128 + 1, height(*ns))));
        }
    }
    let file = if traffic.accounts.is_some() { "path-shreds" } else { "path-feed" };
    println!("<!-- svg {file} -->\n{}<!-- /svg -->", plot.finish());
}

/// Sixteenths of a power of two, straight between two powers.
fn height(ns: u64) -> i128 {
    let octave = ns.max(1).ilog2();
    i128::from(octave) * 16 + i128::from((ns << 4 >> octave).saturating_sub(16))
}
