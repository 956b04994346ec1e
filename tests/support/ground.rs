//! Two network namespaces joined by a veth pair, made by `scripts/veth` and removed with the test.

#![allow(dead_code, reason = "each test uses a part of it")]

use etherparse::PacketBuilder;
use mev::net::interface::{Interface, enter_namespace};
use mev::record::{Gap, Packet};
use mev::stream::{Piped, Reader};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Namespaces `a` (10.77.0.1) and `b` (10.77.0.2) of one test; traffic goes from `a` to `b`.
pub(crate) struct Ground(String);

impl Ground {
    /// `None`, said aloud, where namespaces cannot be made.
    pub(crate) fn up(test: &str) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("mev-{}-{number}", std::process::id());
        let out = script("up", &name);
        if !out.status.success() {
            println!("skipped: {test}: {}", String::from_utf8_lossy(&out.stderr).trim());
            return None;
        }
        let ground = Self(name);
        // Where ethtool is not there the script leaves GRO as it is.
        for side in ["a", "b"] {
            ground.at(side, || Interface::named("v0").and_then(|v0| v0.set_gro(true)).unwrap());
        }
        Some(ground)
    }

    /// The name of a namespace.
    pub(crate) fn side(&self, side: &str) -> String {
        format!("{}-{side}", self.0)
    }

    /// Does `work` in namespace `side`, on a thread of its own.
    pub(crate) fn at<T: Send>(&self, side: &str, work: impl FnOnce() -> T + Send) -> T {
        let namespace = self.side(side);
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                enter_namespace(&namespace).unwrap();
                work()
            });
            thread.join().unwrap()
        })
    }

    /// A command in namespace `side`; its process is the program's own.
    pub(crate) fn command(&self, side: &str, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.side(side), program]);
        command
    }

    /// What `ip` answers about namespace `side`.
    pub(crate) fn ip(&self, side: &str, args: &str) -> String {
        let all = format!("-n {} {args}", self.side(side));
        let out = Command::new("ip").args(all.split(' ')).output().unwrap();
        assert!(out.status.success(), "ip {all}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        let out = script("down", &self.0);
        let gone = !Path::new("/run/netns").join(self.side("a")).exists();
        assert!(std::thread::panicking() || (out.status.success() && gone), "left behind");
    }
}

fn script(what: &str, name: &str) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/veth");
    Command::new(script).args([what, name]).output().unwrap()
}

/// A capture that runs, and what it says.
pub(crate) struct Live {
    pub(crate) child: Child,
    pub(crate) said: BufReader<ChildStderr>,
}

impl Live {
    /// Captures in `b` until [`Live::stop`].
    pub(crate) fn start(ground: &Ground, how: &str, to: &Path) -> Self {
        let mut command = ground.command("b", env!("CARGO_BIN_EXE_mev-capture"));
        command.args(["live", "v0", "--port", "8001", "-v", "--stats", "-o", to.to_str().unwrap()]);
        command.args(how.split_whitespace());
        Self::spawn(command, "receives by")
    }

    /// Starts `command` and waits until it has said `words`.
    pub(crate) fn spawn(mut command: Command, words: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut live = Self { said: BufReader::new(child.stderr.take().unwrap()), child };
        live.until(words);
        live
    }

    /// Reads what it says until a line has `words`.
    pub(crate) fn until(&mut self, words: &str) {
        let (mut line, mut all) = (String::new(), String::new());
        while !line.contains(words) {
            line.clear();
            let len = self.said.read_line(&mut line).unwrap();
            all += &line;
            assert_ne!(len, 0, "it ended before {words:?}: {all}");
        }
    }

    /// Interrupts it; what its statistics say.
    pub(crate) fn stop(mut self) -> Value {
        // `ip netns exec` becomes the program: the number is the program's own.
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{said}");
        let line = said.lines().find(|line| line.starts_with('{')).unwrap();
        serde_json::from_str(line).unwrap()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Payloads of a stream in order, and its gaps.
pub(crate) fn read(path: &Path) -> (Vec<Vec<u8>>, Vec<Gap>) {
    let bytes = std::fs::read(path).unwrap();
    let mut reader = Reader::new(Piped::new(bytes.as_slice()));
    let (mut payloads, mut gaps) = (Vec::new(), Vec::new());
    while let Some(record) = reader.next().unwrap() {
        if let Some(packet) = record.typed::<Packet>() {
            payloads.push(record.tail::<Packet>()[..packet.payload_len.into()].to_vec());
        }
        gaps.extend(record.typed::<Gap>());
    }
    (payloads, gaps)
}

/// A frame from `a` to `target` of `b`.
pub(crate) fn udp_frame(target: [u8; 6], port: u16, payload: &[u8]) -> Vec<u8> {
    let packet = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], target);
    let mut frame = Vec::new();
    let packet = packet.ipv4([10, 77, 0, 1], [10, 77, 0, 2], 64);
    packet.udp(9000, port).write(&mut frame, payload).unwrap();
    frame
}
