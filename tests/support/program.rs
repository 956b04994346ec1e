//! What the tests of the programs share: a folder of their own, running a program, and input made
//! from nothing.

#![allow(dead_code, reason = "each test uses a part of it")]

use base64::Engine as _;
use mev::ids::{Key, RAYDIUM_AMM_V4, TOKEN, Venue, WSOL};
use mev::record::{Opportunity, Producer, Record, Slot, Verdict};
use mev::stream::Writer;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder that is removed with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A folder named after `test`.
    pub(crate) fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mev-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Writes the file `name`, readable by its owner only.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The path of `name` in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What became of a program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
}

impl Ran {
    /// Its output, as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }

    /// Its output, as a JSON object a line.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What `--stats` printed.
    pub(crate) fn stats(&self) -> serde_json::Value {
        let line = self.err.lines().find(|line| line.starts_with('{')).unwrap();
        serde_json::from_str(line).unwrap()
    }
}

/// Runs `program` with `args` on `input`.
pub(crate) fn run(program: &str, args: &[&str], input: &[u8]) -> Ran {
    let mut child = Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that refuses its command line never reads: that is no fault of the test.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let out = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let err = String::from_utf8(out.stderr).unwrap();
    Ran { code: out.status.code().unwrap(), out: out.stdout, err }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A token that is not SOL.
pub(crate) const OTHER: Key = [0xf0; 32];
/// The pools of [`accounts`].
pub(crate) const POOLS: [Key; 2] = [[0x10; 32], [0x20; 32]];

/// An account file with two AMM v4 pools of SOL and [`OTHER`].
pub(crate) fn accounts() -> String {
    let mut text = String::new();
    let key = |key: &Key| mev::bytes::base58::Key(key).to_string();
    let mut add = |at: &Key, owner: &Key, data: &[u8]| {
        let data = base64::engine::general_purpose::STANDARD.encode(data);
        text += &format!(
            "{{\"pubkey\":\"{}\",\"account\":{{\"owner\":\"{}\",\"data\":[\"{data}\",\"base64\"]}}}}\n",
            key(at),
            key(owner)
        );
    };
    for pool in POOLS {
        let vaults = [[pool[0] + 1; 32], [pool[0] + 2; 32]];
        let mut data = [0; 752];
        (data[0], data[32], data[40], data[176]) = (6, 9, 6, 25);
        data[184..186].copy_from_slice(&10_000u16.to_le_bytes());
        for (at, part) in [(336, vaults[0]), (368, vaults[1]), (400, WSOL), (432, OTHER)] {
            data[at..at + 32].copy_from_slice(&part);
        }
        add(&pool, &RAYDIUM_AMM_V4, &data);
        for (vault, mint) in vaults.iter().zip([WSOL, OTHER]) {
            let mut data = [0; 165];
            data[..32].copy_from_slice(&mint);
            data[64..72].copy_from_slice(&1_000_000_000_000u64.to_le_bytes());
            data[108] = 1;
            add(vault, &TOKEN, &data);
        }
    }
    text
}

/// A cycle of 1 SOL through both pools that pays 1 100 000 lamports, of slot `slot`.
pub(crate) fn opportunity(slot: u64) -> Opportunity {
    let mut made = Opportunity::new(77);
    (made.slot, made.state_hash, made.hops, made.base_mint) = (slot, slot, 2, WSOL);
    made.pools[..2].copy_from_slice(&POOLS);
    made.mints[..2].copy_from_slice(&[WSOL, OTHER]);
    made.amounts[..3].copy_from_slice(&[1_000_000_000, 900_000_000, 1_001_105_000]);
    made.venues[..2].copy_from_slice(&[Venue::RaydiumAmmV4 as u16; 2]);
    (made.directions[0], made.directions[1], made.compute_units) = (1, 2, 200_000);
    (made.gross, made.base_fee, made.tip, made.net) = (1_105_000, 5000, 500_000, 600_000);
    (made.min_out[0], made.min_out[1]) = (900_000_000, 1_000_505_000);
    made
}

/// A complete slot with a blockhash of its number.
pub(crate) fn slot(number: u64) -> Slot {
    let mut slot = Slot::new(0);
    (slot.slot, slot.complete, slot.poh) = (number, 1, Verdict::Ok as u8);
    (slot.blockhash, slot.present) = ([number.to_le_bytes()[0]; 32], Slot::BLOCKHASH);
    slot
}

/// A stream of `records`.
pub(crate) fn stream(records: &[Record<'_>]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), Producer::Arb);
    for record in records {
        writer.put(*record).unwrap();
    }
    writer.finish().unwrap()
}

/// A key pair file as solana-keygen writes it, and its public key.
pub(crate) fn keypair() -> (String, Key) {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[42; 32]);
    let bytes: Vec<_> = secret.to_keypair_bytes().iter().map(u8::to_string).collect();
    (format!("[{}]\n", bytes.join(",")), secret.verifying_key().to_bytes())
}
