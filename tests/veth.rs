//! Capture past the kernel's stack, on real interfaces: two namespaces joined by a veth pair.
//!
//! Each test makes its own pair with `scripts/veth` and removes it. They need root and take seconds:
//! `scripts/test --full` runs them (`cargo test --test veth -- --ignored`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says why it is skipped"
)]
#![cfg(target_os = "linux")]

use ground::{Ground, udp_frame};
use mev::net::interface::{Interface, enter_namespace};
use mev::net::packet;
use mev::net::udp::Arrival;
use mev::net::xdp::{Filter, Live, Mode, Options, Patch, Reason, Receiver, Tee, TeeOptions};
use std::net::UdpSocket;
use std::process::{Command, Stdio};
use std::time::Duration;

#[path = "support/ground.rs"]
mod ground;

const SOON: Duration = Duration::from_secs(5);
/// When nothing came for so long, nothing is on its way over veth.
const SETTLED: Duration = Duration::from_millis(100);
const PORT: u16 = 8001;

impl Ground {
    fn receiver(&self, options: &Options) -> Receiver {
        self.at("b", || Receiver::open("v0", options)).unwrap()
    }

    fn mac(&self, side: &str) -> [u8; 6] {
        self.at(side, || Interface::named("v0").unwrap().mac().unwrap())
    }

    /// Sends `count` numbered copies of a frame from `a`.
    fn play(&self, count: u32) {
        let frame = udp_frame(self.mac("b"), PORT, &[0; 100]);
        let patch = Patch { sequence_at: Some(42), stamp_at: None };
        self.at("a", || {
            let a = Interface::named("v0").unwrap();
            let mut live = Live::template(&a, &frame, patch).unwrap();
            live.play(count).unwrap();
            assert_eq!(live.made().unwrap(), u64::from(count));
        });
    }

    /// Frames that interface `b` dropped: those that a socket did not take, and those that no program
    /// saw, as veth has room for 256 that its softirq has not come to yet.
    fn dropped(&self) -> u64 {
        let told: serde_json::Value =
            serde_json::from_str(&self.ip("b", "-s -j link show v0")).unwrap();
        told[0]["stats64"]["rx"]["dropped"].as_u64().unwrap()
    }
}

fn to_port() -> Options {
    Options { filter: Filter { ports: vec![PORT], addresses: vec![] }, ..Options::default() }
}

/// What a reader saw of numbered datagrams.
#[derive(Debug, Default)]
struct Seen {
    count: u64,
    told_lost: u64,
    backwards: u64,
    next: u64,
}

impl Seen {
    fn see(&mut self, arrival: &Arrival<'_>) {
        let number = u64::from_le_bytes(*arrival.datagram.payload.first_chunk().unwrap());
        self.count += 1;
        self.told_lost += u64::from(arrival.lost);
        self.backwards += u64::from(number < self.next);
        self.next = number + 1;
    }

    /// Reads until nothing comes.
    fn drain(&mut self, receiver: &mut Receiver) {
        while receiver.receive(SETTLED, |arrival| self.see(&arrival)).unwrap() > 0 {}
    }
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn every_packet_arrives_in_order_in_every_mode() {
    let Some(ground) = Ground::up("every_packet_arrives_in_order_in_every_mode") else { return };
    for (mode, spin, busy_poll) in [
        (Mode::Driver, true, None),
        (Mode::Driver, false, None),
        (Mode::Driver, true, Some(64)),
        (Mode::Generic, false, None),
    ] {
        let mut receiver =
            ground.receiver(&Options { modes: vec![mode], spin, busy_poll, ..to_port() });
        assert_eq!(receiver.mode(), mode);
        let mut seen = Seen::default();
        let (mut taken, dropped) = (0, ground.dropped());
        for round in 1..=10 {
            // Less than the rings hold, so that nothing may be lost however late we run.
            ground.play(20_000);
            while taken + ground.dropped() - dropped < round * 20_000 {
                taken = receiver.counts().unwrap()[Reason::Taken as usize];
            }
            while seen.count < taken {
                let count = receiver.receive(SOON, |arrival| {
                    let datagram = arrival.datagram;
                    assert_eq!((datagram.source_port, datagram.target_port), (9000, PORT));
                    assert!(datagram.rx_ns <= arrival.user_ns, "stamped after it was read");
                    assert!(datagram.rx_ns + 60_000_000_000 > arrival.user_ns, "another clock");
                    seen.see(&arrival);
                });
                assert!(count.unwrap() > 0, "{mode:?}: {seen:?}");
            }
            // The numbers begin anew with each source.
            seen.next = 0;
        }
        assert_eq!((seen.count, seen.told_lost, seen.backwards), (taken, 0, 0), "{mode:?}");
        assert!(taken > 100_000, "{taken}");
        assert_eq!(receiver.losses().unwrap().total(), 0);
        assert_eq!(receiver.skipped().iter().sum::<u64>(), 0);
    }
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn every_datagram_of_a_socket_arrives_in_order() {
    let Some(ground) = Ground::up("every_datagram_of_a_socket_arrives_in_order") else { return };
    let mut receiver = ground.receiver(&to_port());
    let sender = ground.at("a", || UdpSocket::bind("10.77.0.1:0").unwrap());
    let mut seen = Seen::default();
    for number in 0..30_000u64 {
        sender.send_to(&number.to_le_bytes(), "10.77.0.2:8001").unwrap();
        receiver.receive(Duration::ZERO, |arrival| seen.see(&arrival)).unwrap();
    }
    seen.drain(&mut receiver);
    assert_eq!((seen.count, seen.next, seen.backwards), (30_000, 30_000, 0));
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn overload_is_told_to_the_packet() {
    let Some(ground) = Ground::up("overload_is_told_to_the_packet") else { return };
    let mut receiver = ground.receiver(&Options { ring_len: 256, ..to_port() });
    let mut seen = Seen::default();
    for _ in 0..3 {
        // Nobody reads meanwhile: what does not fit is lost.
        ground.play(10_000);
        seen.next = 0;
        seen.drain(&mut receiver);
    }
    let untold: u64 = receiver.untold_losses().unwrap().iter().sum();
    let losses = receiver.losses().unwrap();
    let taken = receiver.counts().unwrap()[Reason::Taken as usize];
    assert_eq!(taken + ground.dropped() - losses.total(), 30_000);
    assert_eq!(seen.count, 3 * 256);
    assert_eq!(seen.backwards, 0);
    assert_eq!(losses.fill_empty, taken - seen.count, "{losses:?}");
    assert_eq!(losses.total(), losses.fill_empty);
    assert_eq!(seen.told_lost + untold, losses.total());
    // With a reader beside it: whatever is lost, the sum is right.
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| ground.play(500_000));
        while !sender.is_finished() {
            receiver.receive(SETTLED, |arrival| seen.see(&arrival)).unwrap();
        }
    });
    seen.drain(&mut receiver);
    let untold: u64 = untold + receiver.untold_losses().unwrap().iter().sum::<u64>();
    let losses = receiver.losses().unwrap();
    let taken = receiver.counts().unwrap()[Reason::Taken as usize];
    assert_eq!(taken + ground.dropped() - losses.total(), 530_000);
    assert_eq!(seen.count + losses.total(), taken, "{losses:?}");
    assert_eq!(seen.told_lost + untold, losses.total());
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn what_is_not_asked_for_reaches_the_kernel() {
    let Some(ground) = Ground::up("what_is_not_asked_for_reaches_the_kernel") else { return };
    let mut receiver = ground.receiver(&to_port());
    let bind = |address: &str| ground.at("b", || UdpSocket::bind(address).unwrap());
    let others = [bind("10.77.0.2:8001"), bind("10.77.0.2:8002"), bind("[fd77::2]:8002")];
    let send = |target: &str, len: usize| {
        ground.at("a", || {
            let any = if target.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
            UdpSocket::bind(any).unwrap().send_to(&vec![5; len], target).unwrap()
        })
    };
    // Taken, over both protocols.
    send("10.77.0.2:8001", 100);
    send("[fd77::2]:8001", 101);
    let mut lens = Vec::new();
    while lens.len() < 2 {
        let count = receiver.receive(SOON, |a| lens.push(a.datagram.payload.len())).unwrap();
        assert!(count > 0, "nothing came: {lens:?}");
    }
    lens.sort_unstable();
    assert_eq!(lens, [100, 101]);
    // To another port, and a fragmented one to this port: the kernel's.
    let cases = [("10.77.0.2:8002", 1), ("[fd77::2]:8002", 2), ("10.77.0.2:8001", 0)];
    for ((target, socket), len) in cases.into_iter().zip([700, 800, 4000]) {
        send(target, len);
        others[socket].set_read_timeout(Some(SOON)).unwrap();
        assert_eq!(others[socket].recv(&mut [0; 9000]).unwrap(), len, "{target}");
    }
    assert_eq!(receiver.receive(SETTLED, |a| panic!("{a:?}")).unwrap(), 0);
    let counts = receiver.counts().unwrap();
    assert_eq!(counts[Reason::Taken as usize], 2);
    assert_eq!(counts[Reason::OtherPort as usize], 2);
    assert_eq!(counts[Reason::Fragment as usize], 3);
}

/// `frame` with its IPv4 packet carried in GRE with a key.
fn in_gre(frame: &[u8]) -> Vec<u8> {
    let (ethernet, inner) = frame.split_at(14);
    let mut gre = vec![0x20, 0, 8, 0, 0, 0, 0, 9];
    gre.extend(inner);
    let mut outer = ethernet.to_vec();
    outer.extend([0x45, 0]);
    outer.extend(u16::try_from(20 + gre.len()).unwrap().to_be_bytes());
    outer.extend([0, 0, 0, 0, 64, 47, 0, 0, 10, 77, 0, 1, 10, 77, 0, 2]);
    outer.extend(gre);
    outer
}

/// `frame` with this VLAN tag in front of what it carries.
fn tagged(frame: &[u8], kind: u16) -> Vec<u8> {
    let (addresses, rest) = frame.split_at(12);
    [addresses, &kind.to_be_bytes(), &[0, 7], rest].concat()
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn a_set_of_frames_is_played_in_turn_with_tags_and_tunnels() {
    let test = "a_set_of_frames_is_played_in_turn_with_tags_and_tunnels";
    let Some(ground) = Ground::up(test) else { return };
    let mut receiver = ground.receiver(&to_port());
    let mac = ground.mac("b");
    let frame = |number: u64, len: usize| {
        udp_frame(mac, PORT, &[&number.to_le_bytes()[..], &vec![7; len]].concat())
    };
    let other = udp_frame(mac, PORT + 1, &[0; 8]);
    let frames = [
        frame(0, 1200),
        tagged(&frame(1, 0), 0x8100),
        tagged(&tagged(&frame(2, 300), 0x8100), 0x88a8),
        in_gre(&frame(3, 900)),
        other,
        tagged(&in_gre(&frame(4, 17)), 0x9100),
    ];
    let frames: Vec<_> = frames.iter().map(Vec::as_slice).collect();
    ground.at("a", || {
        let a = Interface::named("v0").unwrap();
        let mut live = Live::set(&a, &frames).unwrap();
        live.play(6_001).unwrap();
        live.play(5_999).unwrap();
        assert_eq!(live.made().unwrap(), 12_000);
    });
    let mut found = Vec::new();
    while receiver
        .receive(SETTLED, |a| {
            let payload = a.datagram.payload;
            assert!(payload[8..].iter().all(|byte| *byte == 7));
            found.push((payload[0], payload.len() - 8));
        })
        .unwrap()
        > 0
    {}
    let counts = receiver.counts().unwrap();
    assert_eq!(found.len() as u64, counts[Reason::Taken as usize]);
    let came = counts[Reason::Taken as usize] + counts[Reason::OtherPort as usize];
    assert_eq!(came + ground.dropped(), 12_000);
    if ground.dropped() > 0 {
        return;
    }
    let turn = [(0, 1200), (1, 0), (2, 300), (3, 900), (4, 17)];
    assert!(found.chunks(5).all(|chunk| chunk == turn));
    assert_eq!(counts[Reason::OtherPort as usize], 2_000);
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn frames_made_in_the_kernel_are_no_faster_than_their_pace() {
    let test = "frames_made_in_the_kernel_are_no_faster_than_their_pace";
    let Some(ground) = Ground::up(test) else { return };
    let mut receiver = ground.receiver(&to_port());
    let frame = udp_frame(ground.mac("b"), PORT, &[0; 16]);
    let patch = Patch { sequence_at: Some(42), stamp_at: Some(50) };
    ground.at("a", || {
        let mut live = Live::template(&Interface::named("v0").unwrap(), &frame, patch).unwrap();
        assert!(live.set_pace(Live::INTERVAL_MAX_NS + 1).is_err());
        live.set_pace(2_000).unwrap();
        live.play(10_000).unwrap();
    });
    let mut stamps = Vec::new();
    while receiver
        .receive(SETTLED, |arrival| {
            let (number, stamp) = arrival.datagram.payload.split_at(8);
            let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
            stamps.push((word(number), word(stamp)));
        })
        .unwrap()
        > 0
    {}
    let ((first, began), (last, ended)) = (stamps[0], *stamps.last().unwrap());
    assert!(last - first > 5_000, "{first} to {last}");
    // The first of them may have been late by what it waited for a processor.
    assert!(ended - began + 1_000_000 > (last - first) * 2_000, "{} ns", ended - began);
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn the_interface_goes_down_and_comes_back() {
    let Some(ground) = Ground::up("the_interface_goes_down_and_comes_back") else { return };
    let mut receiver = ground.receiver(&to_port());
    let mut seen = Seen::default();
    for _ in 0..3 {
        ground.play(100);
        seen.next = 0;
        seen.drain(&mut receiver);
        ground.ip("b", "link set v0 down");
        assert_eq!(receiver.receive(SETTLED, |a| panic!("{a:?}")).unwrap(), 0);
        ground.ip("b", "link set v0 up");
    }
    assert_eq!(seen.count, 300);
    // Removed: an error, whether we sleep or spin.
    ground.ip("a", "link delete v0");
    assert!(receiver.receive(SOON, |a| panic!("{a:?}")).is_err());
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn a_queue_is_taken_again_at_once() {
    let Some(ground) = Ground::up("a_queue_is_taken_again_at_once") else { return };
    for round in 0..20 {
        let mut receiver = ground.receiver(&to_port());
        ground.play(10);
        let mut seen = Seen::default();
        seen.drain(&mut receiver);
        assert_eq!(seen.count, 10, "round {round}");
    }
    // Two at once cannot be, and the message says so.
    let _first = ground.receiver(&to_port());
    let error = ground.at("b", || Receiver::open("v0", &to_port()).unwrap_err().to_string());
    assert!(error.contains("driver copy: ") && error.contains("busy"), "{error}");
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn modes_that_an_interface_has_not_are_named() {
    let Some(ground) = Ground::up("modes_that_an_interface_has_not_are_named") else { return };
    let receiver = ground.receiver(&to_port());
    assert_eq!(receiver.mode(), Mode::Driver);
    assert!(matches!(receiver.refusals(), [one] if one.starts_with("zero copy: ")));
    // Loopback has neither.
    let lo = ground.at("b", || Receiver::open("lo", &to_port()).unwrap());
    assert_eq!(lo.mode(), Mode::Generic);
    assert_eq!(lo.refusals().len(), 2, "{:?}", lo.refusals());
    let error = ground.at("b", || {
        let modes = vec![Mode::ZeroCopy, Mode::Driver];
        Receiver::open("lo", &Options { modes, ..to_port() }).unwrap_err().to_string()
    });
    assert!(error.contains("zero copy: ") && error.contains("driver copy: "), "{error}");
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn a_tee_copies_and_the_kernel_receives_all_the_same() {
    let Some(ground) = Ground::up("a_tee_copies_and_the_kernel_receives_all_the_same") else {
        return;
    };
    for (mode, spin) in [(Mode::Driver, true), (Mode::Driver, false), (Mode::Generic, false)] {
        let filter = to_port().filter;
        let options = TeeOptions { filter, spin, modes: vec![mode], ..TeeOptions::default() };
        let mut tee = ground.at("b", || Tee::open("v0", &options)).unwrap();
        assert_eq!(tee.mode(), mode);
        let socket = ground.at("b", || UdpSocket::bind("10.77.0.2:8001").unwrap());
        socket.set_read_timeout(Some(SOON)).unwrap();
        let sender = ground.at("a", || UdpSocket::bind("10.77.0.1:0").unwrap());
        let mut lens = Vec::new();
        for round in 0..500u16 {
            let payload = vec![round.to_le_bytes()[0]; usize::from(round) % 1400];
            sender.send_to(&payload, "10.77.0.2:8001").unwrap();
            let mut room = [0; 2000];
            let len = socket.recv(&mut room).unwrap();
            assert_eq!(&room[..len], payload);
            let mut count = 0;
            while count == 0 {
                let read = tee.receive(SOON, |arrival| {
                    assert_eq!(arrival.datagram.payload, payload);
                    assert!(arrival.datagram.rx_ns <= arrival.user_ns);
                    count += 1;
                });
                assert!(read.unwrap() > 0, "nothing was copied");
            }
            lens.push(len);
        }
        assert_eq!(lens.len(), 500);
        assert_eq!(tee.untold_losses().unwrap(), 0);
        assert_eq!(tee.counts().unwrap()[Reason::Taken as usize], 500);
        assert_eq!(tee.skipped().iter().sum::<u64>(), 0);
    }
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn a_tee_that_is_not_read_tells_what_it_did_not_copy() {
    let Some(ground) = Ground::up("a_tee_that_is_not_read_tells_what_it_did_not_copy") else {
        return;
    };
    let options =
        TeeOptions { filter: to_port().filter, ring_len: 1 << 16, ..TeeOptions::default() };
    let mut tee = ground.at("b", || Tee::open("v0", &options)).unwrap();
    ground.play(5_000);
    let mut seen = Seen::default();
    while tee.receive(SETTLED, |arrival| seen.see(&arrival)).unwrap() > 0 {}
    // Places of 256 bytes and their head.
    assert_eq!(seen.count, (1 << 16) / 264);
    seen.next = 0;
    ground.play(1);
    while tee.receive(SETTLED, |arrival| seen.see(&arrival)).unwrap() > 0 {}
    let untold = tee.untold_losses().unwrap();
    assert_eq!(seen.count + seen.told_lost + untold + ground.dropped(), 5_001);
    assert!(seen.told_lost > 0, "the next one tells");
    assert_eq!(tee.untold_losses().unwrap(), 0);
}

/// Makes `socket` send superframes whose datagrams have `len` bytes; 0: none.
#[expect(unsafe_code, reason = "std has no UDP_SEGMENT")]
fn set_segment(socket: &UdpSocket, len: i32) {
    use std::os::fd::AsRawFd;
    let (fd, at) = (socket.as_raw_fd(), (&raw const len).cast());
    // SAFETY: setsockopt reads 4 bytes at the pointer, those of `len`.
    let done = unsafe { libc::setsockopt(fd, libc::SOL_UDP, libc::UDP_SEGMENT, at, 4) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn superframes_are_taken_apart_by_every_ring() {
    let Some(ground) = Ground::up("superframes_are_taken_apart_by_every_ring") else { return };
    let sender = ground.at("a", || UdpSocket::bind("10.77.0.1:0").unwrap());
    for kind in [packet::Kind::Latency, packet::Kind::Volume] {
        for spin in [false, true] {
            let filter = to_port().filter;
            let options = packet::Options { filter, kind, spin, ..packet::Options::default() };
            let mut receiver = ground.at("b", || packet::Receiver::open("v0", &options)).unwrap();
            // Ten superframes of 40 datagrams and a shorter one; plain ones between; another port.
            let mut expect = Vec::new();
            let mut number = 0u32;
            let mut payload = |len: usize| {
                number += 1;
                [&number.to_le_bytes()[..], &vec![3; len - 4]].concat()
            };
            for _ in 0..10 {
                let parts: Vec<_> =
                    (0..41).map(|n| payload(if n < 40 { 1232 } else { 99 })).collect();
                set_segment(&sender, 1232);
                sender.send_to(&parts.concat(), "10.77.0.2:8001").unwrap();
                set_segment(&sender, 0);
                let plain = payload(500);
                sender.send_to(&plain, "10.77.0.2:8001").unwrap();
                sender.send_to(&plain, "10.77.0.2:8002").unwrap();
                expect.extend(parts);
                expect.push(plain);
            }
            let mut found = Vec::new();
            while receiver
                .receive(SETTLED, |arrival| {
                    assert!(!arrival.datagram.truncated);
                    assert!(arrival.datagram.rx_ns <= arrival.user_ns, "stamped after it was read");
                    found.push(arrival.datagram.payload.to_vec());
                })
                .unwrap()
                > 0
            {}
            assert_eq!(found.len(), expect.len(), "{kind:?}");
            assert!(found == expect, "{kind:?}");
            let tally = receiver.tally().unwrap();
            assert_eq!((tally.superframes, tally.filtered), (10, 10), "{tally:?}");
            assert_eq!((tally.delivered, tally.datagrams, tally.dropped), (20, 420, 0));
            let refused: u64 = tally.skipped.iter().sum();
            assert_eq!(tally.frames, tally.delivered + tally.filtered + refused, "{tally:?}");
        }
    }
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn a_full_ring_is_told_to_the_packet() {
    let Some(ground) = Ground::up("a_full_ring_is_told_to_the_packet") else { return };
    for kind in [packet::Kind::Latency, packet::Kind::Volume] {
        let filter = to_port().filter;
        let options = packet::Options { filter, kind, ring_len: 2 << 20, spin: false };
        let mut receiver = ground.at("b", || packet::Receiver::open("v0", &options)).unwrap();
        let frame = udp_frame(ground.mac("b"), PORT, &[0; 1000]);
        let (frames, count) = ([&frame[..]; 50], 100);
        ground.at("a", || {
            let mut sender = packet::Sender::new(&Interface::named("v0").unwrap()).unwrap();
            (0..count).for_each(|_| sender.send(&frames).unwrap());
        });
        let (mut got, mut told) = (0, 0);
        while receiver
            .receive(SETTLED, |arrival| {
                got += 1;
                told += u64::from(arrival.lost);
            })
            .unwrap()
            > 0
        {}
        let told = told + receiver.untold_losses().unwrap();
        let tally = receiver.tally().unwrap();
        let refused: u64 = tally.skipped.iter().sum();
        assert!(tally.dropped > 1000, "{kind:?}: {tally:?}");
        assert_eq!(told, tally.dropped, "{kind:?}");
        assert_eq!(tally.frames, got + refused + tally.dropped, "{kind:?}: {tally:?}");
        // The driver's queue drops what is sent past the queueing discipline, and says so. Of frames that
        // were dropped nobody knows which were the kernel's own, of neighbours and routers.
        assert!(tally.frames - refused <= 5_000 + 50, "{kind:?}: {tally:?}, got {got}");
    }
}

/// Run by the next test in a process of its own, which is killed.
#[test]
#[ignore = "a part of another test"]
fn child_that_receives() {
    let Some(namespace) = std::env::var_os("MEV_VETH_CHILD") else { return };
    enter_namespace(namespace.to_str().unwrap()).unwrap();
    let mut receiver = Receiver::open("v0", &to_port()).unwrap();
    println!("attached");
    while receiver.receive(SOON, |_| {}).is_ok() {}
}

#[test]
#[ignore = "needs root: scripts/test --full"]
fn nothing_is_left_behind_by_a_process_that_is_killed() {
    use std::io::{BufRead, BufReader};
    let Some(ground) = Ground::up("nothing_is_left_behind_by_a_process_that_is_killed") else {
        return;
    };
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_that_receives", "--ignored", "--nocapture"])
        .env("MEV_VETH_CHILD", ground.side("b"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("attached")));
    assert!(ground.ip("b", "link show v0").contains("xdp"));
    child.kill().unwrap();
    child.wait().unwrap();
    // The kernel detaches when it closes the descriptors, which is done before `wait` returns.
    assert!(!ground.ip("b", "link show v0").contains("xdp"), "{}", ground.ip("b", "link show v0"));
    let mut receiver = ground.receiver(&to_port());
    ground.play(10);
    let mut seen = Seen::default();
    seen.drain(&mut receiver);
    assert_eq!(seen.count, 10);
}
