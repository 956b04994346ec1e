//! Real shreds and transactions for the tests of this module, from the folder `MEV_SHARED`.

use std::path::PathBuf;

/// The bytes of `path` in the shared data folder; `None`, said aloud, where the folder is absent.
pub(crate) fn file(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var_os("MEV_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if !root.join("data").is_dir() {
        println!("skipped: no data in {}", root.display());
        return None;
    }
    Some(std::fs::read(root.join("data").join(path)).unwrap())
}

/// The JSON document `path`.
pub(crate) fn json(path: &str) -> Option<serde_json::Value> {
    file(path).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}

/// The UDP payloads of capture `name`: classic pcap, little-endian, Ethernet, IPv4 without options.
pub(super) fn packets(name: &str) -> Option<Vec<Vec<u8>>> {
    const FRAME: usize = 24;
    const UDP_PAYLOAD: usize = 14 + 20 + 8;
    let bytes = file(&format!("shreds/{name}.pcap"))?;
    let mut rest = bytes.get(FRAME..).unwrap();
    let mut packets = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let len = u32::from_le_bytes(*head.get(8..).unwrap().first_chunk().unwrap()) as usize;
        packets.push(tail.get(UDP_PAYLOAD..len).unwrap().to_vec());
        rest = tail.get(len..).unwrap();
    }
    Some(packets)
}
