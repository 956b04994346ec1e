//! Our transactions pass Agave's own ingress and are executed behind it.

use litesvm::LiteSVM;
use mev::keys::Signer as Key;
use mev::net::quic::{Identity, Settings};
use mev::record::{Outcome, Receipt};
use mev::send::tpu::{Aim, Leading, Nodes, Road, Setup};
use solana_keypair::Keypair;
use solana_message::{Message, VersionedMessage};
use solana_pubkey::Pubkey;
use solana_signer::Signer;
use solana_system_interface::instruction::transfer;
use solana_transaction::versioned::VersionedTransaction;
use std::net::SocketAddr;
use std::time::Duration;
use tpu_peers::{Ingress, Leader, bundle};

const COUNT: u64 = 60;
const LAMPORTS: u64 = 2_000_000;

fn road(peer: SocketAddr, identity: Identity, early_data: bool) -> Road {
    Road::open(Setup {
        settings: Settings { early_data, ..Settings::default() },
        identity,
        aim: Aim {
            leading: Leading::Unknown,
            nodes: Nodes::default(),
            peers: vec![peer],
            fanout: 1,
        },
        timeout: Duration::from_secs(10),
        rpc: None,
        wrap: None,
    })
    .unwrap()
}

/// Sends [`COUNT`] transfers through an ingress into a bank, as `staked` or not; all must be there.
fn through(staked: bool) {
    let key = Key::from_seed(&[9; 32]);
    let known = if staked { vec![key.public()] } else { Vec::new() };
    let ingress = Ingress::start(&known);
    let (mut svm, payer) = (LiteSVM::new(), Keypair::new());
    svm.airdrop(&payer.pubkey(), 1_000_000_000_000).unwrap();
    let blockhash = svm.latest_blockhash();
    let to: Vec<Pubkey> = (0..COUNT)
        .map(|number| Pubkey::new_from_array([number as u8 + 100; 32]))
        .collect();
    let wires: Vec<Vec<u8>> = to
        .iter()
        .map(|to| {
            let transfer = transfer(&payer.pubkey(), to, LAMPORTS);
            let message = Message::new_with_blockhash(&[transfer], Some(&payer.pubkey()), &blockhash);
            let message = VersionedMessage::Legacy(message);
            let transaction = VersionedTransaction::try_new(message, &[&payer]).unwrap();
            bincode::serialize(&transaction).unwrap()
        })
        .collect();
    let leader = Leader::start(&ingress, svm, wires.len());
    let mut road = road(ingress.address, Identity::new(key), false);
    for five in wires.chunks(5) {
        let (bundle, tail) = bundle(five);
        road.send(&bundle, &tail);
    }
    let mut receipts: Vec<Receipt> = Vec::new();
    road.finish(|receipt| receipts.push(receipt));
    assert_eq!(receipts.len(), wires.len() / 5);
    for receipt in &receipts {
        let words = String::from_utf8_lossy(&receipt.text).into_owned();
        assert_eq!(receipt.outcome, Outcome::Written as u8, "{words}");
        assert!(words.starts_with("written: 5 acknowledged"), "{words}");
    }
    let (svm, executed, failed) = leader.join();
    assert_eq!((executed, failed), (wires.len(), Vec::new()));
    for to in to {
        assert_eq!(svm.get_balance(&to), Some(LAMPORTS));
    }
}

#[test]
fn a_staked_identity_s_transactions_execute() {
    through(true);
}

#[test]
fn those_of_one_without_stake_execute_too() {
    through(false);
}

#[test]
fn a_validator_gives_no_early_data() {
    let ingress = Ingress::start(&[]);
    for _ in 0..2 {
        let mut road = road(ingress.address, Identity::random().unwrap(), true);
        let (bundle, tail) = bundle(&[vec![1; 200]]);
        road.send(&bundle, &tail);
        let mut outcomes = Vec::new();
        road.finish(|receipt| outcomes.push(receipt.outcome));
        assert_eq!(outcomes, [Outcome::Written as u8]);
        let early: Vec<_> = road.counts().early().filter(|(_, count)| *count > 0).collect();
        assert_eq!(early, [("unavailable", 1)]);
    }
}
