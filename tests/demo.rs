//! The whole pipe on generated traffic: every number of every opportunity is recomputed by an
//! independent model, every signature is verified, and the pipeline gives the bytes that its stages
//! give one by one.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{Bundle, Direction, Exact, Opportunity, Outcome, Pool, Receipt, Swap, Ticks};
use mev::stream::{Piped, Reader};
use mev::wire::txn::Transaction;
use model::Model;
use num_bigint::BigInt;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "support/model.rs"]
mod model;

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mev-demo-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Runs a line of shell in it and gives what it wrote.
    fn run(&self, line: &str) -> Vec<u8> {
        let programs = Path::new(env!("CARGO_BIN_EXE_mev-parse")).parent().unwrap();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-e", "-o", "pipefail", "-c", line])
            .current_dir(&self.0)
            .env("PATH", path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        output.stdout
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const GENERATE: &str = "mev-capture gen shreds --seed 20261120 --slots 6 --txs-per-slot 150 \
    --loss 4% --dup 1% --reorder 16 --accounts-out pools.jsonl --keypair-out key.json --format pcap -o traffic.pcap";
const PARSE: &str = "mev-parse --order slot --accounts pools.jsonl";
const BUNDLE: &str = "mev-bundle --keypair key.json --accounts pools.jsonl";

/// Runs the stages one by one.
fn staged(folder: &Folder) {
    folder.run(GENERATE);
    folder.run("mev-capture traffic.pcap -o packets.rec");
    folder.run(&format!("{PARSE} packets.rec -o parsed.rec"));
    folder.run("mev-arb parsed.rec -o found.rec");
    folder.run(&format!("{BUNDLE} found.rec -o bundles.rec"));
    folder.run("mev-send bundles.rec -o receipts.rec");
}

/// Whether the pool's program would take the swap: the model is moved only if so.
fn apply(model: &mut Model, swap: &Swap) {
    assert_eq!(swap.exact, Exact::In as u8, "the generator draws exact input");
    let a_to_b = swap.direction == Direction::AToB as u8;
    let mut moved = model.clone();
    let out = moved.swap(a_to_b, swap.amount_in);
    if out >= BigInt::from(swap.limit) && out > BigInt::from(0) {
        *model = moved;
    }
}

/// Recomputes `found` on the state of the moment.
fn recompute(models: &HashMap<[u8; 32], Model>, found: &Opportunity) {
    let hops = usize::from(found.hops);
    assert!((2..=4).contains(&hops));
    let mut amount = found.amounts[0];
    for hop in 0..hops {
        let mut model = models[&found.pools[hop]].clone();
        let mint_in = found.mints[hop];
        let mint_out = if hop + 1 < hops { found.mints[hop + 1] } else { found.base_mint };
        let a_to_b = model.mint_a == mint_in;
        let pair = if a_to_b { (model.mint_a, model.mint_b) } else { (model.mint_b, model.mint_a) };
        assert_eq!(pair, (mint_in, mint_out), "hop {hop} of ordinal {}", found.ordinal);
        let out = model.swap(a_to_b, amount);
        assert_eq!(
            out,
            BigInt::from(found.amounts[hop + 1]),
            "hop {hop} of ordinal {}",
            found.ordinal
        );
        amount = found.amounts[hop + 1];
    }
    assert_eq!(found.mints[0], found.base_mint);
    let gross = i128::from(amount) - i128::from(found.amounts[0]);
    assert_eq!(gross, i128::from(found.gross));
    let costs = [found.flash_fee, found.base_fee, found.priority_fee, found.tip];
    let costs: i128 = costs.into_iter().map(i128::from).sum();
    assert_eq!(i128::from(found.net), gross - costs);
    assert!(found.net > 0);
    assert_eq!(found.base_fee, 5000);
    let priority = u128::from(found.compute_units) * u128::from(found.cu_price_micro);
    assert_eq!(u128::from(found.priority_fee), priority.div_ceil(1_000_000));
}

#[test]
fn every_net_is_that_of_an_independent_model() {
    let folder = Folder::new("model");
    staged(&folder);
    let (parsed, found) = (folder.read("parsed.rec"), folder.read("found.rec"));
    let mut found_reader = Reader::new(Piped::new(found.as_slice()));
    let mut by_ordinal: HashMap<u64, Vec<Opportunity>> = HashMap::new();
    let mut count = 0;
    while let Some(record) = found_reader.next().unwrap() {
        if let Some(one) = record.get::<Opportunity>().unwrap() {
            by_ordinal.entry(one.ordinal).or_default().push(*one);
            count += 1;
        }
    }
    assert!(count > 5, "only {count} opportunities: the test says little");

    let mut models: HashMap<[u8; 32], Model> = HashMap::new();
    let mut reader = Reader::new(Piped::new(parsed.as_slice()));
    let (mut ordinal, mut swaps) = (0, 0);
    while let Some(record) = reader.next().unwrap() {
        if let Some(pool) = record.get::<Pool>().unwrap() {
            models.insert(pool.pool, Model::new(pool));
        } else if let Some(ticks) = record.get::<Ticks>().unwrap() {
            let model = models.get_mut(&ticks.pool).unwrap();
            model.load(ticks.entries(record.tail::<Ticks>()).unwrap());
        } else if let Some(swap) = record.get::<Swap>().unwrap() {
            apply(models.get_mut(&swap.pool).unwrap(), swap);
            swaps += 1;
        }
        for one in by_ordinal.remove(&ordinal).unwrap_or_default() {
            recompute(&models, &one);
        }
        ordinal += 1;
    }
    assert!(by_ordinal.is_empty(), "triggers that are no input: {:?}", by_ordinal.keys());
    assert!(swaps > 300, "only {swaps} swaps");
}

#[test]
fn every_signature_verifies_and_every_receipt_is_a_dry_run() {
    let folder = Folder::new("signatures");
    staged(&folder);
    let (bundles, receipts) = (folder.read("bundles.rec"), folder.read("receipts.rec"));
    let mut reader = Reader::new(Piped::new(bundles.as_slice()));
    let mut signed = 0;
    while let Some(record) = reader.next().unwrap() {
        let Some(bundle) = record.get::<Bundle>().unwrap() else { continue };
        if bundle.head.flags & Bundle::SIGNED == 0 {
            assert_ne!(bundle.missing, 0);
            continue;
        }
        for wire in bundle.transactions(record.tail::<Bundle>()) {
            let tx = Transaction::check(wire).unwrap();
            for (key, signature) in tx.keys().iter().zip(tx.signatures()) {
                let key = ed25519_dalek::VerifyingKey::from_bytes(key).unwrap();
                let signature = ed25519_dalek::Signature::from_bytes(signature);
                key.verify_strict(tx.message(), &signature).unwrap();
            }
            signed += 1;
        }
    }
    assert!(signed > 5, "only {signed} signed transactions");
    let mut reader = Reader::new(Piped::new(receipts.as_slice()));
    let mut shown = 0;
    while let Some(record) = reader.next().unwrap() {
        if let Some(receipt) = record.get::<Receipt>().unwrap() {
            let unfit = receipt.outcome == Outcome::Unfit as u8;
            assert!(unfit || receipt.outcome == Outcome::DryRun as u8);
            shown += u32::from(!unfit);
        }
    }
    assert_eq!(shown, signed, "a bundle is one transaction, and each signed one has a receipt");
}

#[test]
fn one_pipeline_and_stages_through_files_give_the_same_bytes() {
    let folder = Folder::new("pipeline");
    staged(&folder);
    let piped = folder.run(&format!(
        "mev-capture traffic.pcap | {PARSE} | mev-arb | tee piped-found.rec | {BUNDLE} | tee piped-bundles.rec | mev-send"
    ));
    for name in ["found.rec", "bundles.rec"] {
        assert!(folder.read(name) == folder.read(&format!("piped-{name}")), "{name} differs");
    }
    assert!(piped == folder.read("receipts.rec"), "receipts differ");
}

#[test]
fn another_seed_gives_other_traffic_and_the_same_seed_the_same() {
    let folder = Folder::new("seeds");
    let traffic = |seed: u32| {
        folder.run(&format!("mev-capture gen shreds --seed {seed} --slots 2 --txs-per-slot 30"))
    };
    let (one, again, other) = (traffic(1), traffic(1), traffic(2));
    assert!(one == again, "the same seed gave other traffic");
    assert!(one != other, "another seed gave the same traffic");
}
