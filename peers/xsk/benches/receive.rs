//! Frames received by ours and by xsk-rs, in turn: see README.md.

use etherparse::PacketBuilder;
use mev::net::interface::{Interface, enter_namespace};
use mev::net::pcap::ethernet;
use mev::net::xdp::{Filter, Live, Mode, Options, Patch, Receiver};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use xsk_rs::config::{BindFlags, FrameSize, QueueSize, SocketConfig, UmemConfig, XdpFlags};
use xsk_rs::{Socket, Umem};

const PORT: u16 = 8001;
const PAYLOAD_LEN: usize = 1232;
const FRAMES: u32 = 1_500_000;
const ROUNDS: usize = 9;
const RING_LEN: u32 = 32_768;
const BATCH: usize = 64;
/// When nothing came for so long, the run is over.
const SETTLED: Duration = Duration::from_millis(50);

/// What reader and maker tell each other.
#[derive(Default)]
struct Signals {
    ready: AtomicBool,
    made: AtomicBool,
}

/// Counts datagrams and measures from the first to the last.
struct Meter {
    count: u64,
    begin: Option<Instant>,
    end: Instant,
}

impl Meter {
    fn new() -> Self {
        Self { count: 0, begin: None, end: Instant::now() }
    }

    fn came(&mut self) {
        self.end = Instant::now();
        self.begin.get_or_insert(self.end);
    }

    #[expect(clippy::cast_precision_loss, reason = "a measurement")]
    fn mpps(&self) -> f64 {
        let elapsed = self.begin.map_or(Duration::MAX, |begin| self.end - begin);
        self.count as f64 / elapsed.as_secs_f64() / 1e6
    }
}

fn ours(signals: &Signals) -> Meter {
    let options = Options {
        filter: Filter { ports: vec![PORT], addresses: vec![] },
        modes: vec![Mode::Driver],
        ring_len: RING_LEN,
        spin: true,
        stamp: false,
        ..Options::default()
    };
    let mut receiver = Receiver::open("v0", &options).expect("ours");
    signals.ready.store(true, Ordering::Release);
    let mut meter = Meter::new();
    loop {
        let count = &mut meter.count;
        let frames = receiver
            .receive(SETTLED, |a| *count += u64::from(!a.datagram.payload.is_empty()))
            .expect("ours");
        if frames > 0 {
            meter.came();
        } else if signals.made.load(Ordering::Acquire) {
            return meter;
        }
    }
}

fn theirs(signals: &Signals) -> Meter {
    let queue = |len| QueueSize::new(len).expect("a power of two");
    let config = UmemConfig::builder()
        .frame_size(FrameSize::new(2048).expect("a power of two"))
        .fill_queue_size(queue(RING_LEN))
        .comp_queue_size(queue(64))
        .build()
        .expect("a configuration");
    let count = RING_LEN.try_into().expect("not zero");
    let (umem, mut frames) = Umem::new(config, count, false).expect("umem");
    let config = SocketConfig::builder()
        .rx_queue_size(queue(RING_LEN))
        .tx_queue_size(queue(64))
        .xdp_flags(XdpFlags::XDP_FLAGS_DRV_MODE)
        .bind_flags(BindFlags::XDP_COPY | BindFlags::XDP_USE_NEED_WAKEUP)
        .build();
    let name = "v0".parse().expect("a name");
    let start = Instant::now();
    let (_tx, mut rx, rings) = loop {
        // SAFETY: this umem is bound to no other socket.
        match unsafe { Socket::new(config, &umem, &name, 0) } {
            Ok(socket) => break socket,
            // The queue of the run before is taken down late.
            Err(error) => assert!(start.elapsed() < Duration::from_secs(2), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let (mut fill, _completion) = rings.expect("a fill ring");
    // SAFETY: the frames are of this umem and in no other ring.
    unsafe { fill.produce(&frames) };
    signals.ready.store(true, Ordering::Release);
    let (mut meter, mut idle) = (Meter::new(), Instant::now());
    let batch = &mut frames[..BATCH];
    loop {
        // SAFETY: descriptors of this umem, which are overwritten.
        let count = unsafe { rx.consume(batch) };
        for frame in &batch[..count] {
            // SAFETY: the frame has left the receive ring and is in no other.
            let data = unsafe { umem.data(frame) };
            if let Ok(datagram) = ethernet(0, 0, data.contents()) {
                meter.count +=
                    u64::from(!datagram.payload.is_empty() && datagram.target_port == PORT);
            }
        }
        if count > 0 {
            // SAFETY: as many frames as the ring has places, and these are read.
            unsafe { fill.produce(&batch[..count]) };
            meter.came();
            idle = meter.end;
        } else if idle.elapsed() < SETTLED {
            std::hint::spin_loop();
        } else if signals.made.load(Ordering::Acquire) {
            return meter;
        } else {
            idle = Instant::now();
        }
    }
}

fn frame(target: [u8; 6]) -> Vec<u8> {
    let packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], target);
    let packet = packet.ipv4([10, 77, 0, 1], [10, 77, 0, 2], 64).udp(9000, PORT);
    let mut frame = Vec::new();
    packet.write(&mut frame, &[0; PAYLOAD_LEN]).expect("a short frame");
    frame
}

fn run(ground: &str, reader: fn(&Signals) -> Meter) -> Meter {
    let signals = Signals::default();
    let side = |side: &str| enter_namespace(&format!("{ground}-{side}")).expect("a namespace");
    let cpus = mev::sys::cpu::allowed();
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            mev::sys::cpu::pin(cpus[1]);
            side("b");
            reader(&signals)
        });
        while !signals.ready.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        let making = scope.spawn(|| {
            mev::sys::cpu::pin(cpus[0]);
            side("b");
            let target = Interface::named("v0").and_then(|v0| v0.mac()).expect("a veth pair");
            side("a");
            let v0 = Interface::named("v0").expect("a veth pair");
            let patch = Patch { sequence_at: Some(42), stamp_at: None };
            let mut live = Live::template(&v0, &frame(target), patch).expect("frames");
            live.play(FRAMES).expect("frames");
        });
        making.join().expect("frames");
        signals.made.store(true, Ordering::Release);
        reading.join().expect("a reader")
    })
}

fn veth(what: &str, name: &str) -> bool {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/veth");
    Command::new(script).args([what, name]).output().is_ok_and(|out| out.status.success())
}

#[expect(clippy::cast_precision_loss, reason = "a measurement")]
fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let ground = format!("mev-xsk-{}", std::process::id());
    if mev::sys::cpu::allowed().len() < 2 || !veth("up", &ground) {
        println!("skipped: this takes root and two processors");
        return;
    }
    let mut rounds: Vec<[Meter; 2]> = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push([run(&ground, ours), run(&ground, theirs)]);
    }
    assert!(veth("down", &ground));
    println!("<!-- bench -->\n### AF_XDP beside libxdp, {PAYLOAD_LEN} bytes, flat out\n");
    println!("| | Mpps read, median | least | most | frames lost |\n|---|---:|---:|---:|---:|");
    for (number, name) in ["mev::net::xdp", "xsk-rs 0.11.0"].into_iter().enumerate() {
        let mut mpps: Vec<f64> = rounds.iter().map(|round| round[number].mpps()).collect();
        mpps.sort_by(f64::total_cmp);
        let read: u64 = rounds.iter().map(|round| round[number].count).sum();
        let made = u64::from(FRAMES) * ROUNDS as u64;
        let lost = 100.0 * (made - read) as f64 / made as f64;
        let (least, most) = (mpps[0], mpps[ROUNDS - 1]);
        println!("| {name} | {:.2} | {least:.2} | {most:.2} | {lost:.2} % |", mpps[ROUNDS / 2]);
    }
    let mut ratios: Vec<f64> =
        rounds.iter().map(|[ours, theirs]| ours.mpps() / theirs.mpps()).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "\nOurs is {:.2}x, the median of {ROUNDS} rounds.\n<!-- /bench -->",
        ratios[ROUNDS / 2]
    );
}
