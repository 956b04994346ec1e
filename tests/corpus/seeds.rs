//! What the bodies begin with: valid inputs of each form, and noise.

use crate::random::Random;
use base64::Engine as _;
use mev::record::{Gap, Packet, Producer, Record, Slot};
use mev::stream::{Arena, Sink, Writer};
use mev::wire::feed::{DexSwapTx, PoolStateUpdate};

/// Bytes that look like nothing in particular.
fn noise(len: usize) -> Vec<u8> {
    let mut random = Random::new(len as u64);
    (0..len).map(|_| random.next().to_le_bytes()[0]).collect()
}

pub(crate) fn streams() -> Vec<Vec<u8>> {
    let mut writer = Writer::new(Vec::new(), Producer::Parse);
    let mut packet = Packet::new(1);
    (packet.head.len, packet.payload_len) = (192, 100);
    let mut arena = Arena::with_room(1024);
    arena.put_parts(&packet, &[5; 100]);
    arena.put(Record::of(&Slot::new(2)));
    arena.put(Record::of(&Gap::new(3)));
    for record in arena.records() {
        writer.put(record).unwrap();
    }
    let stream = writer.finish().unwrap();
    vec![stream.repeat(2), stream, noise(500)]
}

pub(crate) fn captures() -> Vec<Vec<u8>> {
    // Classic pcap, nanoseconds, Ethernet: one UDP packet of four bytes.
    let mut pcap = vec![0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0];
    pcap.extend([0; 8]);
    pcap.extend([0xff, 0xff, 0, 0, 1, 0, 0, 0]);
    let mut frame = vec![0; 12];
    frame.extend([8, 0, 0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame.extend([0, 1, 0, 2, 0, 12, 0, 0, 1, 2, 3, 4]);
    for _ in 0..3 {
        let len = u32::try_from(frame.len()).unwrap().to_le_bytes();
        pcap.extend([1, 0, 0, 0, 2, 0, 0, 0]);
        pcap.extend(len);
        pcap.extend(len);
        pcap.extend(&frame);
    }
    // pcapng: section header, interface, one enhanced packet.
    let mut ng = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let len = u32::try_from(12 + body.len()).unwrap().to_le_bytes();
        ng.extend(kind.to_le_bytes());
        ng.extend(len);
        ng.extend(body);
        ng.extend(len);
    };
    block(
        0x0a0d_0d0a,
        &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255],
    );
    block(1, &[1, 0, 0, 0, 0, 0, 0, 0]);
    let mut packet = vec![0; 12];
    let len = u32::try_from(frame.len()).unwrap().to_le_bytes();
    packet.extend(len);
    packet.extend(len);
    packet.extend(&frame);
    packet.resize(packet.len().next_multiple_of(4), 0);
    block(6, &packet);
    vec![pcap, ng, noise(500)]
}

pub(crate) fn shreds() -> Vec<Vec<u8>> {
    let seeds = [0x86u8, 0x96, 0xb6, 0x46, 0x66, 0x76, 0xa5, 0x5a].map(|variant| {
        let mut shred = vec![0u8; 1228];
        shred[64] = variant;
        shred[65] = 9;
        shred[73] = 5;
        if matches!(variant, 0x46 | 0x66 | 0x76 | 0x5a) {
            shred[83] = 32;
            shred[85] = 32;
        } else {
            shred[83] = 1;
            shred[86] = 88;
            shred[87] = 1;
        }
        shred
    });
    seeds.into()
}

pub(crate) fn deshredders() -> Vec<Vec<u8>> {
    // All shreds in order, each as it was sent, or every third one damaged.
    let program = |how: u8, damage: u8| {
        let steps = (0..384u32).flat_map(|at| {
            let damage = if at % 3 == 2 { damage } else { 0 };
            let [low, high, ..] = at.to_le_bytes();
            [low, (high << 7) | damage, low.wrapping_mul(7), 0x40]
        });
        std::iter::once(how).chain(steps).collect::<Vec<_>>()
    };
    vec![program(5, 4), program(8 + 16 + 32, 6), noise(900)]
}

/// A legacy transaction with one transfer.
fn transfer() -> Vec<u8> {
    let mut tx = vec![1];
    tx.extend([7; 64]);
    tx.extend([1, 0, 1, 3]);
    tx.extend([1; 32]);
    tx.extend([2; 32]);
    tx.extend([0; 32]);
    tx.extend([3; 32]);
    tx.extend([1, 2, 2, 0, 1, 12, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    tx
}

pub(crate) fn transactions() -> Vec<Vec<u8>> {
    let mut v0 = transfer();
    v0.insert(65, 0x80);
    v0.extend([1]);
    v0.extend([4; 32]);
    v0.extend([1, 0, 1, 1]);
    vec![transfer(), v0, noise(300)]
}

pub(crate) fn entries() -> Vec<Vec<u8>> {
    let mut batch = 2u64.to_le_bytes().to_vec();
    for _ in 0..2 {
        batch.extend(1u64.to_le_bytes());
        batch.extend([8; 32]);
        batch.extend(1u64.to_le_bytes());
        batch.extend(transfer());
    }
    vec![batch, vec![0; 40], noise(300)]
}

pub(crate) fn datagrams() -> Vec<Vec<u8>> {
    let swap = DexSwapTx { direction: 1, fee_bps: 30, ..bytemuck::Zeroable::zeroed() };
    let mut pool: PoolStateUpdate = zerocopy::FromZeros::new_zeroed();
    (pool.reserve_0, pool.reserve_1) = (1.into(), 2.into());
    vec![swap.bytes().to_vec(), pool.sealed().bytes().to_vec()]
}

/// Which set, which of its shreds came, changes: all the code, a half of each, some damaged.
pub(crate) fn recoveries() -> Vec<Vec<u8>> {
    let code = [[0; 4], [0xff; 4]].concat();
    let seeds = (0..6u8).flat_map(|set| {
        let halves = [&[set][..], &[0x55; 8]].concat();
        let all = [&[set][..], &code, &[0; 8]].concat();
        let damaged = [&[set][..], &[0xff; 8], &[0; 8], &[3, 73, 0, 1, 40, 9, 2, 4]].concat();
        [halves, all, damaged]
    });
    seeds.collect()
}

/// The lines of a file of the shared data, each up to `len_max` bytes; none, said aloud, where the
/// folder is not here.
fn shared(path: &str, len_max: usize) -> Vec<Vec<u8>> {
    let root = std::env::var("MEV_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{root}/{path}")) else {
        println!("skipped: no {path} in MEV_SHARED");
        return vec![];
    };
    let lines = text.lines().filter(|line| line.len() <= len_max);
    lines.map(|line| line.as_bytes().to_vec()).collect()
}

pub(crate) fn account_files() -> Vec<Vec<u8>> {
    let line = br#"{"pubkey":"So11111111111111111111111111111111111111112","account":{"data":["AAEC","base64"],"owner":"11111111111111111111111111111111","lamports":1,"executable":false,"rentEpoch":0,"space":3},"slot":7}"#;
    let reply = [br#"{"jsonrpc":"2.0","result":["#.as_slice(), line, br#"],"id":1}"#].concat();
    let mut seeds = vec![line.to_vec(), reply, [line.as_slice(), b"\n", line].concat()];
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/accounts");
    let folder = std::fs::read_dir(root).unwrap();
    let mut paths: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    seeds.extend(paths.iter().map(|path| std::fs::read(path).unwrap()));
    for pools in
        ["data/pools/raydium-cpmm-sol-usdc.jsonl", "data/pools/orca-whirlpool-sol-usdc.jsonl"]
    {
        let lines = shared(pools, 4000);
        seeds.extend((!lines.is_empty()).then(|| lines.join(&b'\n')));
    }
    seeds
}

pub(crate) fn dumps() -> Vec<Vec<u8>> {
    let mut dump = 3u32.to_le_bytes().to_vec();
    for len in [40u32, 1, 90] {
        dump.extend(len.to_le_bytes());
        dump.extend(noise(len as usize));
    }
    vec![dump.repeat(2), dump, noise(300)]
}

/// What an RPC server says of [`transfer`], in base64 and in JSON.
fn replies() -> [String; 2] {
    let meta = r#""meta":{"err":null,"innerInstructions":[{"index":0,"instructions":[{"accounts":[0,1],"data":"3Bxs4Bc3VYuGVB19","programIdIndex":2,"stackHeight":2}]}],"loadedAddresses":{"readonly":[],"writable":["8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR"]},"logMessages":["a \\"b\\""],"postBalances":[1,2],"preBalances":[3,4],"postTokenBalances":[{"accountIndex":1,"mint":"8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR","uiTokenAmount":{"amount":"5","decimals":6}}],"preTokenBalances":null}"#;
    let key = |byte: u8| mev::bytes::base58::Key(&[byte; 32]).to_string();
    let wire = base64::engine::general_purpose::STANDARD.encode(transfer());
    let signature = mev::bytes::base58::Signature(&[7; 64]);
    let base64 = format!(
        r#"{{"blockTime":9,{meta},"slot":5,"transaction":["{wire}","base64"],"version":"legacy"}}"#
    );
    let keys = [1, 2, 0].map(key).join(r#"",""#);
    let object = format!(
        r#"{{"transaction":{{"signatures":["{signature}"],"message":{{"accountKeys":["{keys}"],"header":{{"numRequiredSignatures":1,"numReadonlySignedAccounts":0,"numReadonlyUnsignedAccounts":1}},"recentBlockhash":"{}","instructions":[{{"programIdIndex":2,"accounts":[0,1],"data":"3Bxs4Bc3VYuGVB19"}}],"addressTableLookups":[{{"accountKey":"{}","writableIndexes":[1],"readonlyIndexes":[]}}]}}}},{meta},"version":0}}"#,
        key(3),
        key(4)
    );
    [base64, object]
}

pub(crate) fn texts() -> Vec<Vec<u8>> {
    let [base64, object] = replies();
    let block = format!(
        r#"{{"method":"getBlock","params":[5]}} {{"result":{{"transactions":[{base64},{object}]}}}}"#
    );
    let wire = base64::engine::general_purpose::STANDARD.encode(transfer());
    let lines = format!("{wire}\n\"{wire}\"\n[{object},\n{base64}]");
    let mut found = 0;
    let mut text = mev::parse::input::Text::new(mev::parse::input::Buffered::new(lines.as_bytes()));
    let mut count = |_: mev::parse::input::Found<'_>| {
        found += 1;
        Ok(())
    };
    while text.next(&mut count).unwrap() {}
    assert_eq!(found, 4, "the seeds are fine");
    let made = [base64, object, block, lines].map(String::into_bytes).into_iter();
    made.chain(shared("data/txs/mainnet-txs.jsonl", 20_000)).collect()
}
