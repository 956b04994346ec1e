//! Leaders on this machine: Agave's own TPU ingress (`solana-streamer`), and behind it a counter or a
//! bank that executes (`litesvm`).
//!
//! The ingress is configured as a validator's, but for three limits that tests on one address would
//! reach: new connections a minute, streams a millisecond, and room for batches. They hold for every
//! client alike.

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use litesvm::LiteSVM;
use mev::record::Bundle;
use solana_keypair::Keypair;
use solana_perf::packet::PacketBatch;
use solana_pubkey::Pubkey;
use solana_streamer::nonblocking::swqos::SwQosConfig;
use solana_streamer::quic::{QuicStreamerConfig, SpawnServerResult, spawn_stake_weighted_qos_server};
use solana_streamer::streamer::StakedNodes;
use solana_transaction::versioned::VersionedTransaction;
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Stake of every identity that has some.
const STAKE: u64 = 1_000_000_000_000;

/// Agave's ingress at a port of loopback.
pub struct Ingress {
    /// Where it listens.
    pub address: SocketAddr,
    /// What came in.
    pub packets: Receiver<PacketBatch>,
    cancel: CancellationToken,
    server: Option<SpawnServerResult>,
}

impl Ingress {
    /// Starts one that knows the identities in `staked` with a stake each, all the same.
    pub fn start(staked: &[[u8; 32]]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (sender, packets) = bounded(1 << 16);
        let stakes: HashMap<Pubkey, u64> =
            staked.iter().map(|key| (Pubkey::new_from_array(*key), STAKE)).collect();
        let nodes = StakedNodes::new(Arc::new(stakes), HashMap::new());
        let cancel = CancellationToken::new();
        let server = spawn_stake_weighted_qos_server(
            "tpu",
            "tpu",
            [socket.into()],
            &Keypair::new(),
            sender,
            Arc::new(RwLock::new(nodes)),
            QuicStreamerConfig {
                max_connections_per_ipaddr_per_min: 100_000,
                ..QuicStreamerConfig::default()
            },
            SwQosConfig { max_streams_per_ms: 100_000, ..SwQosConfig::default() },
            cancel.clone(),
        )
        .unwrap();
        Self { address, packets, cancel, server: Some(server) }
    }
}

impl Drop for Ingress {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(server) = self.server.take() {
            drop(server.endpoints);
            let _ = server.thread.join();
        }
    }
}

/// A leader that executes what its ingress lets in, until nothing comes for a while.
pub struct Leader {
    thread: JoinHandle<(LiteSVM, usize, Vec<String>)>,
}

impl Leader {
    /// Executes on `svm` what comes into `ingress`, `most` transactions at most.
    pub fn start(ingress: &Ingress, mut svm: LiteSVM, most: usize) -> Self {
        let packets = ingress.packets.clone();
        let thread = std::thread::spawn(move || {
            let (mut executed, mut failed) = (0, Vec::new());
            while executed + failed.len() < most {
                let batch = match packets.recv_timeout(Duration::from_secs(10)) {
                    Ok(batch) => batch,
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                };
                for packet in batch.iter() {
                    let wire = packet.data(..).unwrap_or_default();
                    match bincode::deserialize::<VersionedTransaction>(wire) {
                        Ok(transaction) => match svm.send_transaction(transaction) {
                            Ok(_) => executed += 1,
                            Err(error) => failed.push(format!("{:?}", error.err)),
                        },
                        Err(error) => failed.push(error.to_string()),
                    }
                }
            }
            (svm, executed, failed)
        });
        Self { thread }
    }

    /// The bank behind it, how many it executed, and why others failed.
    pub fn join(self) -> (LiteSVM, usize, Vec<String>) {
        self.thread.join().unwrap()
    }
}

/// A bundle record of `transactions` for slot 1, and its tail.
pub fn bundle(transactions: &[Vec<u8>]) -> (Bundle, Vec<u8>) {
    let mut bundle = Bundle::new(5);
    (bundle.head.flags, bundle.slot) = (Bundle::SIGNED, 1);
    bundle.txs = u8::try_from(transactions.len()).unwrap();
    for (len, transaction) in bundle.tx_len.iter_mut().zip(transactions) {
        *len = u16::try_from(transaction.len()).unwrap();
    }
    let tail = transactions.concat();
    let len = size_of::<Bundle>() + tail.len();
    bundle.head.len = u32::try_from(len.next_multiple_of(64)).unwrap();
    (bundle, tail)
}
