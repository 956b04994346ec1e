//! Transactions a second into Agave's own ingress: our road beside the validators' own client
//! (`solana-tpu-client-next`), both staked alike, with the same window, in turn in one process; what
//! arrives is counted behind the ingress.
//!
//! Both get batches of five transactions, the bundles that the road takes; the peer's channels are made
//! long enough that it drops none. Ours also waits for acknowledgements and makes a receipt a bundle;
//! theirs does not.

use mev::keys::Signer as Key;
use mev::net::quic::{INITIAL_WINDOW, Identity, Settings};
use mev::send::tpu::{Aim, Leading, Nodes, Road, Setup};
use solana_keypair::Keypair;
use solana_tpu_client_next::ClientBuilder;
use solana_tpu_client_next::leader_updater::create_pinned_leader_updater;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};
use tpu_peers::{Ingress, bundle};

#[path = "../../../benches/support/paired.rs"]
mod paired;

const ROUNDS: usize = 5;
/// Transactions of a side of a round.
const COUNT: usize = 30_000;
/// Bytes of one.
const LEN: usize = 1000;
/// Transactions of a batch, ours and theirs.
const BATCH: usize = 5;
const SEED: [u8; 32] = [5; 32];

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let key = Key::from_seed(&SEED);
    let ingress = Ingress::start(&[key.public()]);
    let wires: Vec<Vec<u8>> = (0..COUNT as u32)
        .map(|number| {
            let mut wire = vec![7; LEN];
            wire[..4].copy_from_slice(&number.to_le_bytes());
            wire
        })
        .collect();
    let mut rows = Vec::new();
    for _ in 0..ROUNDS {
        let theirs = measured(&ingress, &wires, theirs);
        let ours = measured(&ingress, &wires, ours);
        rows.push((theirs, ours));
    }
    println!("<!-- bench -->\n### TPU to Agave's ingress\n\n{}\n", paired::machine());
    println!(
        "{ROUNDS} rounds in turn of {COUNT} transactions of {LEN} bytes in batches of {BATCH}; \
         solana-streamer and solana-tpu-client-next 4.2.2, Cubic, window {INITIAL_WINDOW} bytes; first \
         to last arrival, counted behind the ingress.\n"
    );
    println!("| round | theirs/s | received | dropped | ours/s | received | dropped | ours/theirs |");
    println!("|---:|---:|---:|---:|---:|---:|---:|---:|");
    let mut ratios = Vec::new();
    for (round, (theirs, ours)) in rows.iter().enumerate() {
        let ratio = ours.rate / theirs.rate;
        ratios.push(ratio);
        println!(
            "| {} | {:.0} | {} | {} | {:.0} | {} | {} | {ratio:.2} |",
            round + 1,
            theirs.rate,
            theirs.received,
            COUNT - theirs.received,
            ours.rate,
            ours.received,
            COUNT - ours.received,
        );
    }
    ratios.sort_by(f64::total_cmp);
    println!("\nMedian: ours takes {:.2} times as many a second.", ratios[ROUNDS / 2]);
    println!("<!-- /bench -->");
}

struct Arrived {
    received: usize,
    rate: f64,
}

/// Lets `send` send `wires` and counts what arrives.
fn measured(ingress: &Ingress, wires: &[Vec<u8>], send: fn(SocketAddr, &[Vec<u8>])) -> Arrived {
    while ingress.packets.try_recv().is_ok() {}
    let packets = ingress.packets.clone();
    let most = wires.len();
    let counting = std::thread::spawn(move || {
        let (mut received, mut first, mut last) = (0, None, Instant::now());
        // The handshake comes before the first.
        let mut patience = Duration::from_secs(10);
        while received < most
            && let Ok(batch) = packets.recv_timeout(patience)
        {
            last = Instant::now();
            first = first.or(Some(last));
            received += batch.len();
            patience = Duration::from_secs(2);
        }
        let time = last - first.unwrap_or(last);
        Arrived { received, rate: received as f64 / time.as_secs_f64() }
    });
    send(ingress.address, wires);
    counting.join().unwrap()
}

fn ours(peer: SocketAddr, wires: &[Vec<u8>]) {
    let mut road = Road::open(Setup {
        settings: Settings::default(),
        identity: Identity::new(Key::from_seed(&SEED)),
        aim: Aim {
            leading: Leading::Unknown,
            nodes: Nodes::default(),
            peers: vec![peer],
            fanout: 1,
        },
        timeout: Duration::from_secs(30),
        rpc: None,
        wrap: None,
    })
    .unwrap();
    let mut on_the_way = 0usize;
    for five in wires.chunks(BATCH) {
        let (bundle, tail) = bundle(five);
        // As many as a connection's queue holds.
        while on_the_way >= 200 {
            match road.ready() {
                Some(_) => on_the_way -= 1,
                None => std::thread::yield_now(),
            }
        }
        road.send(&bundle, &tail);
        on_the_way += 1;
    }
    road.finish(|_| {});
}

fn theirs(peer: SocketAddr, wires: &[Vec<u8>]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (sender, client) = ClientBuilder::new(create_pinned_leader_updater(peer))
            .bind_socket(UdpSocket::bind("127.0.0.1:0").unwrap())
            .identity(&Keypair::new_from_array(SEED))
            .leader_send_fanout(1)
            .worker_channel_size(COUNT)
            .sender_channel_size(64)
            .override_initial_congestion_window(INITIAL_WINDOW)
            .build()
            .unwrap();
        for five in wires.chunks(BATCH) {
            sender.send_transactions_in_batch(five.to_vec()).await.unwrap();
        }
        // It tells nobody when all is sent: the receiver stops counting by itself.
        drop(sender);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let _ = client.shutdown().await;
    });
}
