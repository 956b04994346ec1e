//! Replay out of an interface, beside tcpreplay.
//!
//! A capture of 1232-byte payloads is played as fast as each way can, out of one end of a veth pair and
//! from one processor, which also runs the kernel's receive path of the other end. Frames are counted by
//! that end, where they are for somebody else's Ethernet address: the kernel drops them first thing. The
//! rate is that between the first and the last frame seen, so that no program's start is in it.
//!
//! Needs root, two processors and tcpreplay; makes its own namespaces and removes them. Without: says so.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, stops where it stands, and reads the clock"
)]

#[path = "support/paired.rs"]
mod paired;

use mev::net::interface::enter_namespace;
use mev::net::pcap::{Datagram, Writer};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PAYLOAD_LEN: usize = 1232;
/// Datagrams of the capture, and how often it is played.
const FRAMES: u32 = 100_000;
const REPEAT: u32 = 20;
/// Rounds, in each of which every way has its turn.
const ROUNDS: usize = 7;
/// Nobody's Ethernet address.
const NOBODY: &str = "02:00:00:00:00:99";

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let ground = format!("mev-bench-{}", std::process::id());
    if mev::sys::cpu::allowed().len() < 2 || !veth("up", &ground) {
        println!("skipped: this takes root and two processors");
        return;
    }
    let capture = std::env::temp_dir().join(format!("{ground}.pcap"));
    std::fs::write(&capture, datagrams()).unwrap();
    let ways = ways(&capture);
    let mut rates: Vec<Vec<f64>> = vec![Vec::new(); ways.len()];
    for _ in 0..ROUNDS {
        for ((_, command), rates) in ways.iter().zip(&mut rates) {
            rates.push(play(&ground, command));
        }
    }
    std::fs::remove_file(&capture).unwrap();
    assert!(veth("down", &ground));
    print(&ways, &rates);
}

fn print(ways: &[(&str, Vec<String>)], rates: &[Vec<f64>]) {
    let mut report = format!("### A capture played out of an interface, {PAYLOAD_LEN} bytes\n\n");
    let _ = writeln!(report, "{}\n", paired::machine());
    let _ = writeln!(report, "{ROUNDS} rounds, medians; the ratio is of each round.\n");
    report += "| way | Mpps | least | most | times tcpreplay |\n|---|---:|---:|---:|---:|\n";
    let base = ways.iter().position(|(name, _)| name.starts_with("tcpreplay"));
    for ((name, _), of_it) in ways.iter().zip(rates) {
        let least = of_it.iter().copied().fold(f64::MAX, f64::min);
        let most = of_it.iter().copied().fold(0.0, f64::max);
        let ratio = match base {
            None => "not run: tcpreplay is missing".to_owned(),
            Some(at) => {
                let ratios = of_it.iter().zip(&rates[at]).map(|(ours, theirs)| ours / theirs);
                format!("{:.2}x", paired::median(ratios.collect()))
            }
        };
        let mpps = paired::median(of_it.clone());
        let _ = writeln!(report, "| {name} | {mpps:.2} | {least:.2} | {most:.2} | {ratio} |");
    }
    println!("<!-- bench -->\n{report}<!-- /bench -->");
}

/// Each way to play `capture`, and its command.
fn ways(capture: &Path) -> Vec<(&'static str, Vec<String>)> {
    let file = capture.to_str().unwrap();
    let ours = |backend: &str| {
        let program = env!("CARGO_BIN_EXE_mev-capture");
        let repeat = REPEAT.to_string();
        let words = [program, "send", file, "--interface", "v0", "--to-mac", NOBODY, "--full-rate"];
        let words = words.into_iter().chain(["-q", "--backend", backend, "--repeat", &repeat]);
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut ways = vec![
        ("mev-capture send, live frames of the kernel", ours("live")),
        ("mev-capture send, AF_XDP", ours("xdp")),
        ("mev-capture send, AF_PACKET", ours("packet")),
    ];
    let there = Command::new("tcpreplay")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if there.is_ok() {
        let repeat = REPEAT.to_string();
        let words = ["tcpreplay", "-q", "-i", "v0", "--topspeed", "--preload-pcap", "--loop"];
        let words = words.into_iter().chain([repeat.as_str(), file]);
        ways.push(("tcpreplay --topspeed --preload-pcap", words.map(str::to_owned).collect()));
    }
    ways
}

/// A capture whose frames are for nobody.
fn datagrams() -> Vec<u8> {
    let address = |last| std::net::Ipv4Addr::new(10, 77, 0, last).to_ipv6_mapped().octets();
    let mut to = Writer::new(Vec::new()).unwrap();
    let mut payload = vec![7; PAYLOAD_LEN];
    for number in 0..FRAMES {
        payload[..4].copy_from_slice(&number.to_le_bytes());
        let datagram = Datagram {
            rx_ns: 1_700_000_000_000_000_000 + u64::from(number),
            source: address(1),
            target: address(2),
            source_port: 8000,
            target_port: 8001,
            payload: &payload,
            truncated: false,
            interface: 0,
        };
        to.write(&datagram).unwrap();
    }
    to.into_inner()
}

fn veth(what: &str, name: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/veth");
    Command::new(script).args([what, name]).stdout(Stdio::null()).status().unwrap().success()
}

/// Runs `command` at one end; millions of frames a second that the other sees.
fn play(ground: &str, command: &[String]) -> f64 {
    let cpus = mev::sys::cpu::allowed();
    let (ready, done) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            mev::sys::cpu::pin(cpus[1]);
            enter_namespace(&format!("{ground}-b")).unwrap();
            watch(&ready, &done)
        });
        while !ready.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let ran = Command::new("ip")
            .args(["netns", "exec", &format!("{ground}-a"), "taskset", "-c", &cpus[0].to_string()])
            .args(command)
            .stdout(Stdio::null())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        done.store(true, Ordering::Release);
        let (seen, elapsed) = watch.join().unwrap();
        // The kernel says a word of its own now and then.
        let all = u64::from(FRAMES * REPEAT);
        assert!((all..all + 100).contains(&seen), "{command:?}: {seen} frames of {all}");
        seen as f64 / elapsed.as_secs_f64() / 1e6
    })
}

/// Frames that `v0` of this thread's namespace received, and the time from the first to the last.
fn watch(ready: &AtomicBool, done: &AtomicBool) -> (u64, Duration) {
    let before = received();
    ready.store(true, Ordering::Release);
    let (mut begin, mut end, mut seen) = (None, Instant::now(), before);
    loop {
        let is_over = done.load(Ordering::Acquire);
        let (now, count) = (Instant::now(), received());
        if count > seen {
            (seen, end) = (count, now);
            begin.get_or_insert(now);
        } else if is_over {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    (seen - before, begin.map_or(Duration::ZERO, |begin| end - begin))
}

fn received() -> u64 {
    let table = std::fs::read_to_string(PathBuf::from("/proc/thread-self/net/dev")).unwrap();
    let row = table.lines().find_map(|line| line.trim_start().strip_prefix("v0:")).unwrap();
    // Bytes come first, then packets.
    row.split_whitespace().nth(1).unwrap().parse().unwrap()
}
