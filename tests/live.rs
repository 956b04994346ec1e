//! `mev-capture live` as a program, between two namespaces joined by a veth pair.
//!
//! Each test makes its own pair with `scripts/veth` and removes it. They need root and take seconds:
//! `scripts/test --full` runs them (`cargo test --test live -- --ignored`).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test may stop where it stands, and says why it is skipped"
)]
#![cfg(target_os = "linux")]

use ground::{Ground, Live, read};
use mev::record::GapReason;
use program::{Folder, arg, run};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;

#[path = "support/ground.rs"]
mod ground;
#[path = "support/program.rs"]
mod program;

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");

impl Ground {
    fn link(&self, to: &str) {
        self.ip("b", &format!("link set v0 {to}"));
    }

    /// Plays `file` from `a` to port 8001 of `b`.
    fn send(&self, file: &Path) {
        let how = ["send", arg(file), "--to", "10.77.0.2:8001", "--pps", "20000", "-q"];
        assert!(self.command("a", CAPTURE).args(how).status().unwrap().success());
    }
}

fn feed(folder: &Folder) -> std::path::PathBuf {
    let path = folder.path("feed.mev");
    let ran =
        run(CAPTURE, &["gen", "feed", "--count", "2000", "--seed", "5", "-o", arg(&path)], b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    path
}

#[test]
#[ignore = "needs root and namespaces"]
fn every_back_end_delivers_what_was_sent_in_order() {
    let Some(ground) = Ground::up("every_back_end_delivers_what_was_sent_in_order") else { return };
    let folder = Folder::new("live-back-ends");
    let feed = feed(&folder);
    let (sent, _) = read(&feed);
    for (at, how) in ["", "--tee", "--backend packet", "--backend packet --volume", "--backend udp"]
        .iter()
        .enumerate()
    {
        let to = folder.path(&format!("{at}.mev"));
        let live = Live::start(&ground, how, &to);
        ground.send(&feed);
        // What came last has been delivered when a second has passed without anything.
        mev::sys::pipe::pause(std::time::Duration::from_secs(1));
        let stats = live.stop();
        let (got, gaps) = read(&to);
        assert_eq!((got.len(), gaps.len()), (sent.len(), 0), "{how}: {stats}");
        assert!(got == sent, "{how}: other payloads, or another order");
        let frames = &stats["frames"];
        let taken = frames.get("taken").or(frames.get("delivered")).and_then(Value::as_u64);
        let merged = how.contains("udp");
        assert!(merged || taken == Some(sent.len() as u64), "{how}: {stats}");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn a_tee_leaves_the_traffic_to_its_owner() {
    let Some(ground) = Ground::up("a_tee_leaves_the_traffic_to_its_owner") else { return };
    let folder = Folder::new("live-tee");
    let feed = feed(&folder);
    let (sent, _) = read(&feed);
    let (owned, teed) = (folder.path("owned.mev"), folder.path("teed.mev"));
    let owner = Live::start(&ground, "--backend udp", &owned);
    let tee = Live::start(&ground, "--tee", &teed);
    ground.send(&feed);
    mev::sys::pipe::pause(std::time::Duration::from_secs(1));
    tee.stop();
    owner.stop();
    assert_eq!((read(&owned).0.len(), read(&teed).0.len()), (sent.len(), sent.len()));
}

#[test]
#[ignore = "needs root and namespaces"]
fn an_interface_that_comes_back_is_received_from_again() {
    let Some(ground) = Ground::up("an_interface_that_comes_back_is_received_from_again") else {
        return;
    };
    let folder = Folder::new("live-down");
    let feed = feed(&folder);
    let (sent, _) = read(&feed);
    let to = folder.path("out.mev");
    let mut live = Live::start(&ground, "--backend packet", &to);
    ground.send(&feed);
    ground.link("down");
    live.until("waits for it to come back");
    ground.link("up");
    live.until("is back");
    ground.send(&feed);
    mev::sys::pipe::pause(std::time::Duration::from_secs(1));
    live.stop();
    let (got, gaps) = read(&to);
    let down = gaps.iter().filter(|gap| gap.reason == GapReason::InterfaceDown as u16).count();
    assert_eq!(down, 1);
    // Right after the link is up the first datagrams wait for the neighbour's address.
    assert!(
        got.len() > sent.len() + sent.len() / 2 && got.len() <= 2 * sent.len(),
        "{}",
        got.len()
    );
}

#[test]
#[ignore = "needs root and namespaces"]
fn a_probe_says_what_works() {
    let Some(ground) = Ground::up("a_probe_says_what_works") else { return };
    let out = ground.command("b", CAPTURE).args(["probe", "v0"]).output().unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    for back_end in ["xdp       yes", "tee       yes", "packet    yes", "udp       yes"] {
        assert!(said.contains(back_end), "{said}");
    }
    let out = ground.command("b", CAPTURE).args(["probe", "nosuch"]).output().unwrap();
    assert_eq!(out.status.code(), Some(5));
}

#[test]
#[ignore = "needs root and namespaces"]
fn every_way_to_send_arrives_whole_and_in_order() {
    let Some(ground) = Ground::up("every_way_to_send_arrives_whole_and_in_order") else { return };
    let folder = Folder::new("live-send");
    let feed = feed(&folder);
    let (sent, _) = read(&feed);
    let shown = ground.command("b", "ip").args(["link", "show", "v0"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let mac = shown.split_whitespace().skip_while(|word| *word != "link/ether").nth(1).unwrap();
    for (at, (how, times)) in [
        ("--backend packet --pps 20000", 1),
        ("--backend packet --mbps 10 --repeat 2", 2),
        ("--backend xdp --pps 20000", 1),
        ("--backend xdp --full-rate", 1),
        ("--backend live --full-rate --repeat 3", 3),
        ("--backend live --pps 200000", 1),
    ]
    .iter()
    .enumerate()
    {
        let to = folder.path(&format!("{at}.mev"));
        let live = Live::start(&ground, "--backend xdp", &to);
        let what = ["send", arg(&feed), "--interface", "v0", "--to-mac", mac, "--to"];
        let mut send = ground.command("a", CAPTURE);
        let send = send.args(what).arg("10.77.0.2:8001").args(how.split_whitespace());
        let ran = send.output().unwrap();
        assert!(ran.status.success(), "{how}: {}", String::from_utf8_lossy(&ran.stderr));
        mev::sys::pipe::pause(std::time::Duration::from_secs(1));
        let stats = live.stop();
        let (got, gaps) = read(&to);
        assert_eq!((got.len(), gaps.len()), (sent.len() * times, 0), "{how}: {stats}");
        assert!(got.chunks(sent.len()).all(|round| round == sent), "{how}: other payloads");
    }
}

#[test]
#[ignore = "needs root and namespaces"]
fn all_that_the_generator_makes_is_sent_from_a_pipe() {
    let Some(ground) = Ground::up("all_that_the_generator_makes_is_sent_from_a_pipe") else {
        return;
    };
    let folder = Folder::new("live-generated");
    let modes = ["feed --mode tight --count 500", "shreds --slots 2 --txs-per-slot 50 --loss 5%"];
    for (at, mode) in modes.iter().enumerate() {
        let (made, to) = (folder.path(&format!("{at}.made")), folder.path(&format!("{at}.mev")));
        let gen_args = [&["gen"][..], &mode.split_whitespace().collect::<Vec<_>>()].concat();
        let records = run(CAPTURE, &gen_args, b"");
        assert_eq!(records.code, 0, "{}", records.err);
        std::fs::write(&made, &records.out).unwrap();
        let (sent, _) = read(&made);
        let live = Live::start(&ground, "", &to);
        // The first datagram makes the neighbour known.
        ground.send(&made);
        mev::sys::pipe::pause(std::time::Duration::from_millis(500));
        let how = ["send", "-", "--interface", "v0", "--to", "10.77.0.2:8001", "--pps", "20000"];
        let mut send = ground.command("a", CAPTURE);
        let mut send = send.args(how).stdin(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut send.stdin.take().unwrap(), &records.out).unwrap();
        assert!(send.wait().unwrap().success(), "{mode}");
        mev::sys::pipe::pause(std::time::Duration::from_secs(1));
        live.stop();
        let (got, _) = read(&to);
        assert_eq!(got.len(), 2 * sent.len(), "{mode}");
        assert!(got.chunks(sent.len()).all(|round| round == sent), "{mode}: other payloads");
    }
}
