//! `mev-capture node` as a program: a host in user space behind a TAP device, and on a veth pair by
//! AF_XDP.
//!
//! Each test makes its own ground with `scripts/tap` or `scripts/veth` and removes it. They need root and
//! take seconds: `scripts/test --full` runs them (`cargo test --test node -- --ignored`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says why it is skipped"
)]
#![cfg(target_os = "linux")]

use etherparse::PacketBuilder;
use ground::Live;
use mev::net::interface::{Interface, enter_namespace};
use mev::net::packet::Sender;
use mev::net::pcap::{Capture, Item};
use mev::record::{Layout, Opportunity, Record};
use mev::stream::{Piped, Reader};
use program::{Folder, arg, run};
use serde_json::Value;
use std::io::Read;
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

#[path = "support/ground.rs"]
mod ground;
#[path = "support/program.rs"]
mod program;

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");

/// A name that no other test has.
fn unique(name: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{name}-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// Where the node is, and where its peer.
struct Ground {
    script: &'static str,
    name: String,
    /// Namespaces of the node and of its peer.
    here: String,
    there: String,
    /// Interfaces of both.
    wire: &'static str,
    peer: &'static str,
    node: &'static str,
    cidr: &'static str,
    /// Where datagrams come from: beyond the node's network where it has a gateway.
    source: &'static str,
    how: &'static [&'static str],
}

impl Ground {
    /// A TAP device; `None`, said aloud, where it cannot be made.
    fn tap(test: &str) -> Option<Self> {
        let name = unique("node-tap");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/tap");
        let (here, there) = (name.clone(), name.clone());
        let (node, cidr) = ("10.78.0.2", "10.78.0.2/24");
        let how = &["--gateway", "10.78.0.1"];
        let (wire, peer, source) = ("tap0", "tap0", "10.99.0.1:0");
        let ground = Self { script, name, here, there, wire, peer, node, cidr, source, how };
        let ground = ground.up(test)?;
        let far = ["-n", &ground.here, "address", "add", "10.99.0.1/32", "dev", "lo"];
        assert!(Command::new("ip").args(far).status().unwrap().success());
        // The kernel asks for the node by the address of the link, as a router would.
        let announce = "net.ipv4.conf.tap0.arp_announce=2";
        let asks = ["netns", "exec", &ground.here, "sysctl", "-qw", announce];
        assert!(Command::new("ip").args(asks).status().unwrap().success());
        Some(ground)
    }

    /// A veth pair, of which the node has one end.
    fn veth(test: &str) -> Option<Self> {
        let name = unique("node-xdp");
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/veth");
        let (here, there) = (format!("{name}-b"), format!("{name}-a"));
        let (node, cidr) = ("10.77.0.9", "10.77.0.9/24");
        let how = &["--backend", "xdp"];
        let (wire, peer, source) = ("v0", "v0", "0.0.0.0:0");
        let ground = Self { script, name, here, there, wire, peer, node, cidr, source, how };
        ground.up(test)
    }

    fn up(self, test: &str) -> Option<Self> {
        let out = Command::new(self.script).args(["up", &self.name]).output().unwrap();
        if !out.status.success() {
            println!("skipped: {test}: {}", String::from_utf8_lossy(&out.stderr).trim());
            return None;
        }
        Some(self)
    }

    /// Starts a node that decides on `pools` and writes to `out`.
    fn start(&self, pools: &str, out: &str) -> Live {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.here, CAPTURE, "node", self.wire]).args(self.how);
        command.args(["--address", self.cidr, "--listen", "8001", "--reply", "-v", "--stats"]);
        command.args(["--pools", pools, "-o", out]);
        Live::spawn(command, "answers by")
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = Command::new(self.script).args(["down", &self.name]).status();
    }
}

/// Whether `node` answers an echo request: a frame on `peer`, whose answer the kernel counts.
fn ping(peer: &str, node: Ipv4Addr) -> bool {
    let interface = Interface::named(peer).unwrap();
    let ip = |args: &[&str]| {
        let out = Command::new("ip").args(args).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let after = |text: &str, word: &str| -> String {
        text.split_whitespace().skip_while(|other| *other != word).nth(1).unwrap().to_owned()
    };
    let mac = after(&ip(&["neigh", "show", &node.to_string(), "dev", peer]), "lladdr");
    let mac: Vec<u8> = mac.split(':').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    let own = after(&ip(&["-4", "address", "show", "dev", peer]), "inet");
    let own: Ipv4Addr = own.split('/').next().unwrap().parse().unwrap();
    let answers = || -> u64 {
        let all = std::fs::read_to_string("/proc/thread-self/net/snmp").unwrap();
        let mut lines = all.lines().filter_map(|line| line.strip_prefix("Icmp: "));
        let (names, numbers) = (lines.next().unwrap(), lines.next().unwrap());
        let at = names.split(' ').position(|name| name == "InEchoReps").unwrap();
        numbers.split(' ').nth(at).unwrap().parse().unwrap()
    };
    let before = answers();
    let mut frame = Vec::new();
    PacketBuilder::ethernet2(interface.mac().unwrap(), mac.try_into().unwrap())
        .ipv4(own.octets(), node.octets(), 64)
        .icmpv4_echo_request(7, 1)
        .write(&mut frame, b"are you there")
        .unwrap();
    Sender::new(&interface).unwrap().send(&[&frame]).unwrap();
    (0..200).any(|_| {
        mev::sys::pipe::pause(Duration::from_millis(10));
        answers() > before
    })
}

/// What a peer gets from a node on this ground.
fn decides_and_answers(ground: &Ground) {
    let folder = Folder::new(&ground.name);
    let (feed, pools, out) =
        (folder.path("feed.pcap"), folder.path("pools.jsonl"), folder.path("out"));
    let make = ["gen", "feed", "--mode", "large", "--seed", "3", "--count", "200", "-f", "pcap"];
    let more = ["--pools-out", arg(&pools), "-o", arg(&feed)];
    assert_eq!(run(CAPTURE, &[&make[..], &more[..]].concat(), b"").code, 0);
    let capture = std::fs::read(&feed).unwrap();

    let node = ground.start(arg(&pools), arg(&out));
    let (there, at, peer) = (ground.there.clone(), ground.node, ground.peer);
    let source = ground.source;
    // In a thread of its own: it stays in the namespace.
    let replies = std::thread::spawn(move || {
        enter_namespace(&there).unwrap();
        let socket = UdpSocket::bind(source).unwrap();
        socket.connect((at, 8001)).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut replies = Vec::new();
        let mut room = vec![0; 65_536];
        for item in Capture::new(&capture).unwrap() {
            let Item::Datagram(datagram) = item.unwrap() else { panic!("no datagram") };
            socket.send(datagram.payload).unwrap();
            // The first waits for ARP; an update of a pool leads to nothing.
            if datagram.payload.len() == 48
                && let Ok(len) = socket.recv(&mut room)
            {
                replies.push(room[..len].to_vec());
            }
        }
        let mut told = String::new();
        TcpStream::connect((at, 8001)).unwrap().read_to_string(&mut told).unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["replies"], replies.len(), "{told}");
        assert_eq!(told["datagrams"], 408, "{told}");
        assert!(ping(peer, at.parse().unwrap()), "the node answers an echo request");
        replies
    });
    let replies = replies.join().unwrap();
    let stats = node.stop();
    assert!(replies.len() > 150, "{} replies: {stats}", replies.len());
    assert_eq!(stats["datagrams"], 408);
    assert_eq!(stats["replies"], replies.len());
    assert_eq!((&stats["not_replied"], &stats["frames_not_sent"]), (&0.into(), &0.into()));

    // Every reply is the best opportunity of a datagram, as it was written.
    let written = std::fs::read(&out).unwrap();
    let mut reader = Reader::new(Piped::new(written.as_slice()));
    let mut all = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        all.push(record.bytes().to_vec());
    }
    for reply in &replies {
        let record = Record::new(reply).unwrap();
        assert!(record.get::<Opportunity>().unwrap().is_some(), "of {}", Opportunity::SCHEMA.name);
        assert!(all.contains(reply), "what is answered is written");
    }
    assert_eq!(stats["opportunities"], all.len());
}

#[test]
#[ignore = "needs root: scripts/test --full runs it"]
fn a_node_on_a_tap_device_decides_and_answers() {
    let Some(ground) = Ground::tap("a node on a TAP device") else { return };
    decides_and_answers(&ground);
}

#[test]
#[ignore = "needs root: scripts/test --full runs it"]
fn a_node_on_af_xdp_decides_and_answers() {
    let Some(ground) = Ground::veth("a node on AF_XDP") else { return };
    decides_and_answers(&ground);
}

#[test]
#[ignore = "needs root: scripts/test --full runs it"]
fn a_device_that_is_taken_is_refused_with_what_to_do() {
    let Some(ground) = Ground::tap("a device that is taken") else { return };
    let folder = Folder::new("node-taken");
    let (pools, out) = (folder.path("pools.jsonl"), folder.path("out"));
    std::fs::write(&pools, "").unwrap();
    // An address that no host can have, before the device is taken.
    let bad = ["node", "tap0", "--address", "224.0.0.1/24", "--listen", "1"];
    let ran = run("ip", &[&["netns", "exec", &ground.here, CAPTURE][..], &bad[..]].concat(), b"");
    assert_eq!(ran.code, 2, "{}", ran.err);
    let node = ground.start(arg(&pools), arg(&out));
    let second = ["netns", "exec", &ground.here, CAPTURE, "node", "tap0"];
    let how = ["--address", "10.78.0.3/24", "--listen", "1"];
    let ran = run("ip", &[&second[..], &how[..]].concat(), b"");
    assert_eq!(ran.code, 5);
    assert!(ran.err.contains("another process is attached"), "{}", ran.err);
    node.stop();
}

#[test]
#[ignore = "needs root: scripts/test --full runs it"]
fn the_traffic_of_the_compose_file_reaches_the_node() {
    let Some(ground) = Ground::tap("the traffic of the compose file") else { return };
    let folder = Folder::new(&ground.name);
    let market = folder.path("market");
    std::fs::create_dir(&market).unwrap();
    let programs = std::path::Path::new(CAPTURE).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let traffic = |what: &str| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/traffic");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &ground.here, script, what]);
        command.env("PATH", &path).env("MARKET", &market).env("VIA", "none");
        command.env("PCAP_COUNT", "300").env("PCAP_MODE", "mixed").env("REPLAY_MBPS", "2");
        let out = command.output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    };
    traffic("make");
    let node = ground.start(arg(&market.join("pools.jsonl")), arg(&folder.path("out")));
    traffic("play");
    mev::sys::pipe::pause(Duration::from_millis(300));
    let stats = node.stop();
    // Eight states at the start, then each swap and its pool's state.
    assert_eq!(stats["datagrams"], 608, "{stats}");
}
