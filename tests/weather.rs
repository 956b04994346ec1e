//! `mev-capture live` in bad weather: overload, threads, interfaces that vanish, full disks, kills.
//!
//! As `tests/live.rs`: on veth pairs of their own, as root: `scripts/test --full`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says why it is skipped"
)]
#![cfg(target_os = "linux")]

use ground::{Ground, Live, read, udp_frame};
use mev::net::interface::Interface;
use mev::net::xdp::{self, Patch};
use mev::record::{GapReason, Packet};
use mev::stream::{Piped, Reader};
use mev::sys::pipe::pause;
use program::{Folder, arg, run};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

#[path = "support/ground.rs"]
mod ground;
#[path = "support/program.rs"]
mod program;

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");
const BACK_ENDS: [&str; 5] =
    ["--backend xdp", "--tee", "--backend packet", "--backend packet --volume", "--backend udp"];

impl Ground {
    /// Sends `count` numbered datagrams from each of `sockets` sockets of `a`, at an easy pace.
    fn send_numbers(&self, sockets: u32, count: u32) {
        self.at("a", || {
            let all: Vec<_> =
                (0..sockets).map(|_| UdpSocket::bind("10.77.0.1:0").unwrap()).collect();
            for number in 0..count {
                for socket in &all {
                    // ENETDOWN and its like: the datagram is not sent.
                    let _ = socket.send_to(&number.to_le_bytes(), "10.77.0.2:8001");
                }
                if number % 16 == 0 {
                    pause(Duration::from_millis(1));
                }
            }
        });
    }

    /// Makes the pair anew, with two queues.
    fn set_two_queues(&self) {
        let two = "numrxqueues 2 numtxqueues 2";
        self.ip("a", "link delete v0");
        let peer = format!("peer name v0 {two} netns {}", self.side("b"));
        self.ip("a", &format!("link add v0 {two} type veth {peer}"));
        for (side, address) in [("a", "10.77.0.1/24"), ("b", "10.77.0.2/24")] {
            self.ip(side, &format!("address add {address} dev v0"));
            self.ip(side, "link set v0 up");
        }
    }

    /// Makes `count` frames in the kernel of `a` as fast as it goes.
    fn flood(&self, count: u32) {
        let mac = self.at("b", || {
            let b = Interface::named("v0").unwrap();
            // Without it, and without a program, veth drops what is redirected to it.
            b.set_gro(true).unwrap();
            b.mac().unwrap()
        });
        let frame = udp_frame(mac, 8001, &[0; 100]);
        self.at("a", || {
            let patch = Patch { sequence_at: Some(42), stamp_at: None };
            let mut live =
                xdp::Live::template(&Interface::named("v0").unwrap(), &frame, patch).unwrap();
            live.play(count).unwrap();
        });
    }

    /// Frames that the interface of `b` dropped before any program or socket saw them, and those that
    /// an AF_XDP socket did not take.
    fn dropped(&self) -> u64 {
        let told: Value = serde_json::from_str(&self.ip("b", "-s -j link show v0")).unwrap();
        told[0]["stats64"]["rx"]["dropped"].as_u64().unwrap()
    }

    fn has_program(&self) -> bool {
        self.ip("b", "link show v0").contains("xdp")
    }
}

fn settle() {
    pause(Duration::from_millis(600));
}

fn count(stats: &Value, name: &str) -> u64 {
    stats.pointer(name).and_then(Value::as_u64).unwrap_or(0)
}

#[test]
#[ignore = "needs root and namespaces"]
fn several_threads_keep_the_order_of_each_flow_and_lose_nothing() {
    let test = "several_threads_keep_the_order_of_each_flow_and_lose_nothing";
    let Some(ground) = Ground::up(test) else { return };
    ground.set_two_queues();
    let folder = Folder::new("weather-threads");
    for (at, how) in
        ["--backend xdp", "--backend packet", "--backend packet --volume"].iter().enumerate()
    {
        let to = folder.path(&format!("{at}.mev"));
        let live = Live::start(&ground, &format!("{how} --cpu 0 --cpu 1"), &to);
        ground.send_numbers(8, 1000);
        settle();
        let stats = live.stop();
        let bytes = std::fs::read(&to).unwrap();
        let mut reader = Reader::new(Piped::new(bytes.as_slice()));
        let (mut next, mut lanes) = (BTreeMap::new(), BTreeMap::new());
        while let Some(record) = reader.next().unwrap() {
            let Some(packet) = record.typed::<Packet>() else { panic!("{how}: {stats}") };
            let number: [u8; 4] = *record.tail::<Packet>().first_chunk().unwrap();
            let expected = next.entry(packet.source_port).or_insert(0u32);
            assert_eq!(u32::from_le_bytes(number), *expected, "{how}");
            *expected += 1;
            *lanes.entry(packet.lane).or_insert(0u32) += 1;
        }
        assert_eq!(next.len(), 8, "{how}");
        assert!(next.values().all(|count| *count == 1000), "{how}: {next:?}");
        assert!(lanes.keys().all(|lane| *lane < 2), "{how}: {lanes:?}");
        println!("{how}: {lanes:?}");
        let frames = count(&stats, "/frames/taken") + count(&stats, "/frames/delivered");
        assert_eq!(frames, 8000, "{how}: {stats}");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn threads_for_which_there_is_no_queue_are_refused_by_name() {
    let Some(ground) = Ground::up("threads_for_which_there_is_no_queue_are_refused_by_name") else {
        return;
    };
    for (how, code, why) in [
        ("--backend xdp --cpu 0 --cpu 0", 2, "--cpu 2 times for 1 queues"),
        ("--tee --backend xdp --cpu 0 --cpu 0", 2, "tee receives by one thread"),
        ("--backend udp --cpu 0 --cpu 0", 2, "udp receives by one thread"),
    ] {
        let args = format!("live v0 --port 8001 {how} --check");
        let out = ground.command("b", CAPTURE).args(args.split(' ')).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(code), "{said}");
        assert!(said.contains(why) && said.contains("hint: "), "{said}");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn what_a_slow_reader_costs_is_told_to_the_packet() {
    const OFFERED: u32 = 400_000;
    let Some(ground) = Ground::up("what_a_slow_reader_costs_is_told_to_the_packet") else { return };
    for how in ["--backend xdp", "--tee", "--backend packet", "--backend packet --cpu 0 --cpu 1"] {
        let before = ground.dropped();
        // Nobody reads the pipe meanwhile: all that has room is held, the rest is lost.
        let mut live = Live::start(&ground, how, Path::new("-"));
        ground.flood(OFFERED);
        settle();
        let mut out = live.child.stdout.take().unwrap();
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            std::io::Read::read_to_end(&mut out, &mut bytes).unwrap();
            bytes
        });
        settle();
        let stats = live.stop();
        let bytes = reader.join().unwrap();
        let mut reader = Reader::new(Piped::new(bytes.as_slice()));
        let (mut packets, mut gaps) = (0, 0);
        while let Some(record) = reader.next().unwrap() {
            packets += u64::from(record.typed::<Packet>().is_some());
            gaps += record.typed::<mev::record::Gap>().map_or(0, |gap| gap.count);
        }
        let lost = ["fill_empty", "ring_full", "too_long", "dropped"]
            .map(|name| count(&stats, &format!("/lost/{name}")));
        let lost: u64 = lost.iter().sum::<u64>() + count(&stats, "/frames/no_room");
        let unseen = ground.dropped() - before;
        println!("{how}: {packets} and {gaps} lost, {unseen} dropped by the interface: {stats}");
        assert_eq!(gaps, lost, "{how}: every loss is a gap");
        // An AF_XDP socket's losses are the interface's too.
        let also = if how == "--backend xdp" { lost } else { 0 };
        // A socket may have seen a few frames of other protocols, none of which has our port.
        assert_eq!(packets + gaps + unseen - also, u64::from(OFFERED), "{how}: {stats}");
        assert!(gaps > 0, "{how}: nothing was lost, the test shows nothing");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn what_a_socket_drops_is_told_to_the_packet() {
    let Some(ground) = Ground::up("what_a_socket_drops_is_told_to_the_packet") else { return };
    let mut command = ground.command("b", CAPTURE);
    command.args(["udp", "10.77.0.2:8001", "--buffer-len", "1", "-v", "--stats", "-o", "-"]);
    let mut live = Live::spawn(command, "lane 0 listens");
    let before = ground.dropped();
    let offered: u64 = ground.at("a", || {
        let socket = UdpSocket::bind("10.77.0.1:0").unwrap();
        (0..50_000).map(|_| u64::from(socket.send_to(&[7; 100], "10.77.0.2:8001").is_ok())).sum()
    });
    settle();
    let mut out = live.child.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut out, &mut bytes).unwrap();
        bytes
    });
    settle();
    let stats = live.stop();
    let folder = Folder::new("weather-udp");
    let path = folder.write("out.mev", &reader.join().unwrap());
    let (packets, gaps) = read(&path);
    let gaps: u64 = gaps.iter().map(|gap| gap.count).sum();
    assert_eq!(gaps, count(&stats, "/lost/dropped"), "{stats}");
    let unseen = ground.dropped() - before;
    assert_eq!(packets.len() as u64 + gaps + unseen, offered, "{stats}");
    assert!(gaps > 0, "nothing was lost, the test shows nothing");
}

#[test]
#[ignore = "needs root and namespaces"]
fn an_interface_that_goes_down_is_waited_for_by_every_back_end() {
    let test = "an_interface_that_goes_down_is_waited_for_by_every_back_end";
    let Some(ground) = Ground::up(test) else { return };
    let folder = Folder::new("weather-down");
    for (at, how) in BACK_ENDS.iter().enumerate() {
        let to = folder.path(&format!("{at}.mev"));
        let live = Live::start(&ground, how, &to);
        ground.send_numbers(1, 500);
        ground.ip("b", "link set v0 down");
        settle();
        ground.ip("b", "link set v0 up");
        settle();
        ground.send_numbers(1, 500);
        settle();
        let stats = live.stop();
        let (got, gaps) = read(&to);
        // Right after the link is up the first ones wait for the neighbour's address.
        assert!((850..=1000).contains(&got.len()), "{how}: {} of 1000: {stats}", got.len());
        let down = gaps.iter().filter(|gap| gap.reason == GapReason::InterfaceDown as u16).count();
        // AF_PACKET alone is told; the others go on where they were.
        assert_eq!(down, usize::from(how.contains("packet")), "{how}");
        let told = count(&stats, "/frames/taken") + count(&stats, "/frames/delivered");
        assert!(*how == "--backend udp" || told == got.len() as u64, "{how}: {stats}");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn what_was_seen_before_an_interface_vanished_is_accounted_for() {
    let test = "what_was_seen_before_an_interface_vanished_is_accounted_for";
    let folder = Folder::new("weather-gone");
    let threads = "--backend packet --cpu 0 --cpu 1";
    for (at, how) in BACK_ENDS[..4].iter().chain([&threads]).enumerate() {
        let Some(ground) = Ground::up(test) else { return };
        let to = folder.path(&format!("{at}.mev"));
        let mut live = Live::start(&ground, how, &to);
        ground.send_numbers(1, 500);
        ground.ip("a", "link delete v0");
        live.until("waits for it to come back");
        let stats = live.stop();
        let (got, gaps) = read(&to);
        let told = count(&stats, "/frames/taken") + count(&stats, "/frames/delivered");
        assert_eq!((got.len(), told), (500, 500), "{how}: {stats}");
        let down = gaps.iter().filter(|gap| gap.reason == GapReason::InterfaceDown as u16).count();
        assert_eq!(down, 1, "{how}");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn a_killed_capture_leaves_nothing_behind() {
    let Some(ground) = Ground::up("a_killed_capture_leaves_nothing_behind") else { return };
    let folder = Folder::new("weather-killed");
    for (at, how) in ["--backend xdp", "--tee", "--tee --backend xdp --spin"].iter().enumerate() {
        let mut live = Live::start(&ground, how, &folder.path(&format!("{at}.mev")));
        assert!(ground.has_program(), "{how}");
        // A program that somebody holds stays, and who that is is said.
        let out = ground.command("b", CAPTURE).args(["clean", "v0"]).output().unwrap();
        let said = String::from_utf8(out.stdout).unwrap();
        assert_eq!(out.status.code(), Some(1), "{said}");
        let who = format!("mev-capture ({})", live.child.id());
        assert!(said.contains("mev_") && said.contains(&who), "{said}");
        live.child.kill().unwrap();
        live.child.wait().unwrap();
        assert!(!ground.has_program(), "{how}");
        let out = ground.command("b", CAPTURE).args(["clean", "v0"]).output().unwrap();
        assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stdout));
        // And at once again.
        let to = folder.path(&format!("{at}-again.mev"));
        let live = Live::start(&ground, how, &to);
        ground.send_numbers(1, 10);
        settle();
        live.stop();
        assert_eq!(read(&to).0.len(), 10, "{how}");
    }
    let out = ground.command("b", CAPTURE).args(["clean", "nosuch"]).output().unwrap();
    assert_eq!(out.status.code(), Some(5));
}

#[test]
#[ignore = "needs root and namespaces"]
fn a_queue_is_bound_again_fifty_times() {
    let Some(ground) = Ground::up("a_queue_is_bound_again_fifty_times") else { return };
    ground.at("b", || {
        let options = xdp::Options { ring_len: 256, ..xdp::Options::default() };
        for round in 0..50 {
            let opened = xdp::Receiver::open("v0", &options);
            assert!(opened.is_ok(), "round {round}: {:?}", opened.err());
        }
    });
}

#[test]
#[ignore = "needs root and namespaces"]
fn no_interface_and_no_privilege_are_status_5_with_advice() {
    let Some(ground) = Ground::up("no_interface_and_no_privilege_are_status_5_with_advice") else {
        return;
    };
    let out = ground.command("b", CAPTURE).args(["live", "nosuch", "--check"]).output().unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(5), "{said}");
    assert!(said.contains("interface nosuch: No such device") && said.contains("hint: "), "{said}");
    for how in ["", "--tee", "--backend xdp", "--backend packet"] {
        let mut command = ground.command("b", "setpriv");
        command.args(["--bounding-set=-all", "--inh-caps=-all", CAPTURE, "live", "v0", "--check"]);
        let out = command.args(how.split_whitespace()).output().unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        if out.status.code() == Some(127) {
            println!("skipped: setpriv is not there");
            return;
        }
        assert_eq!(out.status.code(), Some(5), "{how}: {said}");
        assert!(said.contains("Operation not permitted") && said.contains("hint: "), "{said}");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn a_full_disk_cuts_the_file_and_the_next_reader_says_so() {
    let Some(ground) = Ground::up("a_full_disk_cuts_the_file_and_the_next_reader_says_so") else {
        return;
    };
    let folder = Folder::new("weather-disk");
    let (disk, kept) = (folder.path("disk"), folder.path("kept.mev"));
    std::fs::create_dir(&disk).unwrap();
    // `ip netns exec` has mounts of its own: what is left is copied from inside.
    let script = format!(
        "mount -t tmpfs -o size=1m tmpfs {0} && \"$@\" -o {0}/out.mev; code=$?; cp {0}/out.mev.part {1}; umount {0}; exit $code",
        arg(&disk),
        arg(&kept)
    );
    for how in ["--backend packet", "--backend packet --cpu 0 --cpu 1"] {
        let mut command = ground.command("b", "sh");
        command.args(["-c", &script, "sh", CAPTURE, "live", "v0", "--port", "8001", "-v"]);
        command.args(how.split(' ')).stdin(Stdio::null()).stdout(Stdio::null());
        let mut live = Live::spawn(command, "receives by");
        ground.send_numbers(8, 2000);
        let mut said = String::new();
        std::io::Read::read_to_string(&mut live.said, &mut said).unwrap();
        assert_eq!(live.child.wait().unwrap().code(), Some(5), "{how}: {said}");
        assert!(said.contains("No space left on device"), "{how}: {said}");
        let next = run(CAPTURE, &[arg(&kept), "-f", "json"], b"");
        assert_eq!(next.code, 4, "{how}: {}", next.err);
        // A packet takes two lines of 64 bytes.
        assert!(next.text().lines().count() > 6000, "{how}: {}", next.err);
    }
}
