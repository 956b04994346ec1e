//! The sources of packets, as programs: sockets, signals, and generated traffic read back.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{End, Gap, GapReason, Layout, Packet};
use mev::stream::{Piped, Reader};
use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mev-capture-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs the program to its end; gives status, output and messages.
fn run(args: &[&str]) -> (i32, Vec<u8>, String) {
    let output = Command::new(CAPTURE).args(args).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), output.stdout, said)
}

/// Payloads and receive stamps of a stream of packets, and its gaps.
fn packets(stream: &[u8]) -> (Vec<(Vec<u8>, u64)>, Vec<Gap>) {
    let (mut packets, mut gaps) = (Vec::new(), Vec::new());
    let mut reader = Reader::new(Piped::new(stream));
    while let Some(record) = reader.next().unwrap() {
        if let Some(packet) = record.get::<Packet>().unwrap() {
            let payload = record.tail::<Packet>()[..packet.payload_len.into()].to_vec();
            packets.push((payload, packet.head.rx_ns));
        }
        gaps.extend(record.get::<Gap>().unwrap());
    }
    (packets, gaps)
}

/// Starts a receiver on free ports; gives it and the addresses it says it listens on.
fn listen(args: &[&str]) -> (Child, Vec<String>, BufReader<std::process::ChildStderr>) {
    let addresses = args.iter().filter(|arg| arg.ends_with(":0")).count();
    let mut child = Command::new(CAPTURE)
        .args([&["udp", "--verbose"], args].concat())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut found = Vec::new();
    while found.len() < addresses {
        let mut line = String::new();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended before it listened");
        if let Some((_, address)) = line.trim_end().split_once("listens on ") {
            found.push(address.to_owned());
        }
    }
    (child, found, said)
}

#[test]
fn what_is_played_arrives_with_stamps_of_its_own() {
    let folder = Folder::new("play");
    let file = folder.path("sent.pcap");
    let name = file.to_str().unwrap();
    let small = ["gen", "shreds", "--slots", "1", "--txs-per-slot", "30", "--format", "pcap"];
    assert_eq!(run(&[&small[..], &["-o", name]].concat()).0, 0);
    let (sent, _) = packets(&run(&[name]).1);
    let (mut child, at, _said) = listen(&["127.0.0.1:0", "-n", &sent.len().to_string()]);
    let mut stdout = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).unwrap();
        bytes
    });
    let (status, out, said) = run(&["send", name, "--to", &at[0], "--speed", "4", "--stats"]);
    assert_eq!((status, out.len()), (0, 0));
    assert!(said.contains(&format!("sent {} datagrams", sent.len())), "{said}");
    assert!(said.contains("gap_error_ns") && said.contains("gap error p50"), "{said}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let (got, gaps) = packets(&reading.join().unwrap());
    assert!(gaps.is_empty());
    let payloads = |packets: &[(Vec<u8>, u64)]| -> Vec<Vec<u8>> {
        packets.iter().map(|(payload, _)| payload.clone()).collect()
    };
    assert_eq!(payloads(&got), payloads(&sent));
    assert!(got.windows(2).all(|pair| pair[0].1 <= pair[1].1), "kernel stamps rise");
    assert!(got[0].1 > 1_767_225_600_000_000_000, "stamps are those of the arrival");
}

#[test]
fn a_signal_ends_a_receiver_with_a_whole_stream_from_all_lanes() {
    let (mut child, at, _said) = listen(&["127.0.0.1:0", "127.0.0.1:0"]);
    for address in &at {
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[7; 48], address).unwrap();
    }
    let mut stdout = child.stdout.take().unwrap();
    // A head and one record of 128 bytes for each lane: flushed although nothing follows.
    let mut bytes = vec![0; 64 + 2 * 128];
    stdout.read_exact(&mut bytes).unwrap();
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    stdout.read_to_end(&mut bytes).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let (got, _) = packets(&bytes);
    assert_eq!(got.iter().map(|(payload, _)| payload.len()).collect::<Vec<_>>(), [48, 48]);
    assert_eq!(bytes[bytes.len() - 60..][..2], End::SCHEMA.kind.to_le_bytes());
}

#[test]
fn a_receiver_stops_after_its_duration() {
    let (status, out, said) = run(&["udp", "127.0.0.1:0", "--duration", "50ms", "--stats"]);
    assert_eq!(status, 0, "{said}");
    assert_eq!(packets(&out), (vec![], vec![]));
    assert!(said.contains("\"packets\":0"), "{said}");
}

#[test]
fn an_address_that_is_taken_is_status_5() {
    let held = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = held.local_addr().unwrap().to_string();
    let (status, _, said) = run(&["udp", &address]);
    assert_eq!(status, 5, "{said}");
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_cut_capture_gives_everything_before_the_cut_then_a_gap_and_status_4() {
    let folder = Folder::new("cut");
    let file = folder.path("cut.pcap");
    let small = ["gen", "shreds", "--slots", "1", "--txs-per-slot", "10", "--format", "pcap"];
    let whole = run(&small).1;
    let (all, _) = packets(&run(&small[..6]).1);
    // 24 bytes of file header; 16 of packet header and 42 of Ethernet, IPv4 and UDP before each.
    let mut at = 24;
    for count in 0..3 {
        let next = at + 58 + all[count].0.len();
        for cut in [at + 1, next - 1] {
            std::fs::write(&file, &whole[..cut]).unwrap();
            let (status, out, said) = run(&[file.to_str().unwrap()]);
            assert_eq!(status, 4, "cut at {cut}: {said}");
            assert!(said.contains(&format!("byte {at}:")), "{said}");
            let mut reader = Reader::new(Piped::new(out.as_slice()));
            for (payload, _) in &all[..count] {
                let record = reader.next().unwrap().unwrap();
                assert!(record.tail::<Packet>().starts_with(payload));
            }
            let gap: Gap = *reader.next().unwrap().unwrap().get().unwrap().unwrap();
            assert_eq!((gap.reason, gap.first), (GapReason::CaptureDamaged as u16, at as u64));
            assert!(reader.next().is_err(), "a stage that fails leaves its output cut");
        }
        at = next;
    }
}

#[test]
fn side_files_appear_whole_or_not_at_all_and_are_never_overwritten_unasked() {
    let folder = Folder::new("side");
    let (accounts, leader) = (folder.path("a.jsonl"), folder.path("leader"));
    let small = ["gen", "shreds", "--slots", "1", "--txs-per-slot", "5", "--accounts-out"];
    let args = [&small[..], &[accounts.to_str().unwrap()]].concat();
    let with_leader = [&args[..], &["--leader-out", leader.to_str().unwrap()]].concat();
    assert_eq!(run(&with_leader).0, 0);
    let text = std::fs::read_to_string(&accounts).unwrap();
    assert!(text.lines().count() > 100);
    let keypair = folder.path("key.json");
    let with_key = ["gen", "shreds", "--slots", "1", "--keypair-out", keypair.to_str().unwrap()];
    assert_eq!(run(&with_key).0, 0);
    let signer = mev::keys::Signer::from_file(&keypair).unwrap();
    assert!(text.contains(&mev::bytes::base58::Key(&signer.public()).to_string()));
    let key = std::fs::read_to_string(&leader).unwrap();
    assert!(mev::bytes::base58::key(key.trim_end()).is_some());
    let (status, out, said) = run(&args);
    assert_eq!((status, out.len()), (2, 0), "{said}");
    assert!(said.contains("output file exists") && said.contains("--force"), "{said}");
    assert_eq!(run(&[&args[..], &["--force"]].concat()).0, 0);
    assert_eq!(std::fs::read_to_string(&accounts).unwrap(), text);
    assert!(!Path::new(&format!("{}.part", accounts.display())).exists());
    assert_eq!(run(&[&small[..], &["-"]].concat()).0, 2);
}

#[test]
fn options_that_contradict_each_other_are_refused_before_anything_is_written() {
    for args in [
        &["send", "x.pcap"][..],
        &["send", "x.pcap", "--to", "127.0.0.1:1", "--pps", "5", "--full-rate"],
        &["send", "x.pcap", "--to", "127.0.0.1:1", "--speed", "0"],
        &["udp"],
        &["udp", "localhost"],
        &["gen"],
        &["gen", "shreds", "--loss", "101%"],
        &["gen", "shreds", "--size-min", "2%", "--size-max", "1%"],
        &["gen", "shreds", "--spread", "11%"],
        &["gen", "shreds", "--tokens", "1"],
        &["gen", "feed", "--large", "30%"],
        &["gen", "feed", "--min-amount", "1"],
    ] {
        let (status, out, said) = run(args);
        assert_eq!((status, out.len()), (2, 0), "{args:?}: {said}");
    }
}
