//! Over warm QUIC to a server on this machine: from a bundle's record to its bytes on the wire, and
//! there and back.
//!
//! On the wire is when the kernel has taken the datagram that holds the transaction: the client's
//! socket is looked into. The record is in memory; its signature is checked and its request made, as
//! the program does, and the bundle crosses to the thread of the connections. One at a time, 2 ms
//! apart, each waits for its receipt. The floor is the same datagram, sent and sent back by plain
//! sockets.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, reads the clock and stops where it stands"
)]

#[path = "support/paired.rs"]
mod paired;
#[path = "../tests/support/quic_server.rs"]
mod quic_server;

use hdrhistogram::Histogram;
use mev::keys::Signer;
use mev::net::quic::{Client, Identity, Settings};
use mev::record::{Bundle, Outcome};
use mev::send::tpu::{Aim, Leading, Nodes, Road, Setup};
use mev::send::{Desk, Ruling};
use quic_server::{Desk as Does, Manner, Server};
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncUdpSocket, UdpPoller};
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Rounds of everything, the sides in turn.
const ROUNDS: usize = 7;
/// Bundles of a round.
const BUNDLES: u32 = 500;
/// Trips of a round.
const TRIPS: u32 = 10_000;
/// Bytes of a transaction, about those of three hops; with QUIC around it, one datagram.
const LEN: usize = 1000;
/// Time between two bundles.
const APART: Duration = Duration::from_millis(2);

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let mut rounds: [Vec<[u64; 3]>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let (whole, alone) = bundles();
        rounds[0].push(whole);
        rounds[1].push(alone);
        rounds[2].push(quic_trips());
        rounds[3].push(plain_trips());
    }
    println!("<!-- bench -->\n### Over warm QUIC on loopback\n\n{}\n", paired::machine());
    println!(
        "Nanoseconds, a transaction of {LEN} bytes; medians of {ROUNDS} rounds of {BUNDLES} bundles, \
         2 ms apart, and of {TRIPS} trips. No journal is written.\n"
    );
    println!("| what | p50 | p99 | p99.9 |\n|---|---:|---:|---:|");
    let names = [
        "bundle record to its bytes at the kernel, signature checked",
        "the same, from the check on",
        "round trip to an echo server, on a stream of its own",
        "floor: the same bytes there and back by plain UDP",
    ];
    for (what, rounds) in names.iter().zip(&rounds) {
        let [p50, p99, p999] = middle(rounds);
        println!("| {what} | {p50} | {p99} | {p999} |");
    }
    println!("<!-- /bench -->");
}

/// The median of each percentile.
fn middle(rounds: &[[u64; 3]]) -> [u64; 3] {
    std::array::from_fn(|at| {
        let mut column: Vec<_> = rounds.iter().map(|round| round[at]).collect();
        column.sort_unstable();
        column[ROUNDS / 2]
    })
}

fn percentiles(times: &Histogram<u64>) -> [u64; 3] {
    [0.5, 0.99, 0.999].map(|quantile| times.value_at_quantile(quantile))
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 10_000_000_000, 3).unwrap()
}

/// A socket that keeps when it last gave the kernel a datagram of [`LEN`] bytes or more.
#[derive(Debug)]
struct Stamping {
    socket: Arc<dyn AsyncUdpSocket>,
    stamp: Arc<AtomicU64>,
    start: Instant,
}

impl AsyncUdpSocket for Stamping {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.socket).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let sent = self.socket.try_send(transmit);
        if sent.is_ok() && transmit.contents.len() > LEN {
            self.stamp.store(ns(self.start.elapsed()), Ordering::Release);
        }
        sent
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.socket.poll_recv(context, buffers, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.socket.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.socket.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.socket.may_fragment()
    }
}

fn ns(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap()
}

/// A signed bundle of one transaction of [`LEN`] bytes: a legacy message of one instruction.
fn bundle(signer: &Signer, number: u32) -> (Bundle, Vec<u8>) {
    let mut message = vec![1, 0, 1, 2];
    message.extend(signer.public());
    message.extend([9; 32]);
    message.extend([5; 32]);
    message.extend([1, 1, 0]);
    let data = LEN - 65 - message.len() - 2;
    message.extend([u8::try_from(data & 0x7f).unwrap() | 0x80, u8::try_from(data >> 7).unwrap()]);
    message.extend(number.to_le_bytes());
    message.resize(LEN - 65, 7);
    let wire = [&[1], signer.sign(&message).as_slice(), &message].concat();
    let mut bundle = Bundle::new(5);
    (bundle.head.flags, bundle.slot, bundle.txs) = (Bundle::SIGNED, 1000, 1);
    bundle.tx_len[0] = u16::try_from(LEN).unwrap();
    let len = size_of::<Bundle>() + LEN;
    bundle.head.len = u32::try_from(len.next_multiple_of(64)).unwrap();
    (bundle, wire)
}

/// From the record, and from behind its check, to the kernel.
fn bundles() -> ([u64; 3], [u64; 3]) {
    let server = Server::start(Manner::GOOD);
    let (stamp, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let stamped = Arc::clone(&stamp);
    let mut road = Road::open(Setup {
        settings: Settings::default(),
        identity: Identity::random().unwrap(),
        aim: Aim {
            leading: Leading::Unknown,
            nodes: Nodes::default(),
            peers: vec![server.address],
            fanout: 1,
        },
        timeout: Duration::from_secs(5),
        rpc: None,
        wrap: Some(Box::new(move |socket| Arc::new(Stamping { socket, stamp: stamped, start }))),
    })
    .unwrap();
    let (signer, mut desk) = (Signer::from_seed(&[7; 32]), Desk::default());
    let (mut whole, mut alone) = (histogram(), histogram());
    // The first tenth warms the connection: handshake, path MTU, window.
    for number in 0..BUNDLES + BUNDLES / 10 {
        let (bundle, wire) = bundle(&signer, number);
        std::thread::sleep(APART);
        let begun = ns(start.elapsed());
        assert!(matches!(desk.rule(&bundle, &wire), Ruling::Fit(_)));
        let checked = ns(start.elapsed());
        road.send(&bundle, &wire);
        let receipt = loop {
            match road.ready() {
                Some(receipt) => break receipt,
                None => std::thread::sleep(Duration::from_micros(50)),
            }
        };
        assert_eq!(receipt.outcome, Outcome::Written as u8);
        let left = stamp.load(Ordering::Acquire);
        if number >= BUNDLES / 10 {
            assert!(left > begun, "nothing left");
            whole.record(left - begun).unwrap();
            alone.record(left.saturating_sub(checked).max(1)).unwrap();
        }
    }
    road.finish(|_| panic!("a receipt too many"));
    (percentiles(&whole), percentiles(&alone))
}

/// There and back over one connection, a stream of two directions each.
fn quic_trips() -> [u64; 3] {
    let server = Server::start(Manner { desk: Does::Echo, ..Manner::GOOD });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::new(Settings::default(), &Identity::random().unwrap()).unwrap();
        let link = client.connect(server.address).await.unwrap();
        let (mut times, message) = (histogram(), vec![7; LEN]);
        for trip in 0..TRIPS + TRIPS / 10 {
            let start = Instant::now();
            assert_eq!(link.ask(&message, LEN).await.unwrap().len(), LEN);
            if trip >= TRIPS / 10 {
                times.record(ns(start.elapsed())).unwrap();
            }
        }
        percentiles(&times)
    })
}

/// There and back by sockets that block.
fn plain_trips() -> [u64; 3] {
    let (near, far) = (bound(), bound());
    near.connect(far.local_addr().unwrap()).unwrap();
    far.connect(near.local_addr().unwrap()).unwrap();
    let trips = TRIPS + TRIPS / 10;
    let echo = std::thread::spawn(move || {
        let mut bytes = [0; LEN];
        for _ in 0..trips {
            let len = far.recv(&mut bytes).unwrap();
            far.send(&bytes[..len]).unwrap();
        }
    });
    let (mut times, mut bytes) = (histogram(), [7; LEN]);
    for trip in 0..trips {
        let start = Instant::now();
        near.send(&bytes).unwrap();
        assert_eq!(near.recv(&mut bytes).unwrap(), LEN);
        if trip >= TRIPS / 10 {
            times.record(ns(start.elapsed())).unwrap();
        }
    }
    echo.join().unwrap();
    percentiles(&times)
}

fn bound() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    socket
}
