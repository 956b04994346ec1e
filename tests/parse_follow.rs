//! mev-parse on several files and on files that grow: what is there is handed on, and a slot comes
//! together over all of it.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

#[path = "support/program.rs"]
mod program;

use program::{Folder, arg};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");
const PARSE: &str = env!("CARGO_BIN_EXE_mev-parse");

/// Three slots of generated shreds, as a capture or a record stream.
fn shreds(format: &str) -> Vec<u8> {
    let args =
        ["gen", "shreds", "--seed", "3", "--slots", "3", "--txs-per-slot", "60", "-f", format];
    let ran = program::run(CAPTURE, &args, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.out
}

/// What a whole file gives, a line a row.
fn lines(args: &[&str]) -> Vec<String> {
    let ran = program::run(PARSE, args, b"");
    assert_eq!(ran.code, 0, "{}", ran.err);
    ran.text().lines().map(str::to_owned).collect()
}

/// The packets of a classic capture, cut into two captures behind packet `first`.
fn halves(capture: &[u8], first: usize) -> [Vec<u8>; 2] {
    let (head, rest) = capture.split_at(24);
    let mut at = 0;
    for _ in 0..first {
        let len = u32::from_le_bytes(rest[at + 8..at + 12].try_into().unwrap()) as usize;
        at += 16 + len;
    }
    [[head, &rest[..at]].concat(), [head, &rest[at..]].concat()]
}

#[test]
fn a_slot_that_is_split_over_two_files_comes_together() {
    let folder = Folder::new("parse-two-files");
    let whole = shreds("pcap");
    let known = lines(&[arg(&folder.write("whole.pcap", &whole)), "-f", "json", "--order", "slot"]);
    assert!(known.iter().filter(|line| line.contains("\"complete\":true")).count() == 3);
    for first in [1, 40, 100] {
        let [one, two] =
            halves(&whole, first).map(|half| folder.write(&format!("{}", half.len()), &half));
        let both = lines(&[arg(&one), arg(&two), "-f", "json", "--order", "slot"]);
        assert_eq!(both, known, "cut behind packet {first}");
    }
}

/// Feeds `bytes` to a growing file in three pieces, cut anywhere, and holds that rows of each piece
/// come before the next is written; a `signal` ends the run, or the input's own end.
fn follow(format: &str, signal: bool) {
    let folder = Folder::new(&format!("parse-follow-{format}"));
    let bytes = shreds(format);
    let known = lines(&[arg(&folder.write("whole", &bytes)), "-f", "json", "--order", "arrival"]);
    let path = folder.write("growing", &bytes[..bytes.len() / 3 + 11]);
    let mut child = Command::new(PARSE)
        // So that a row that never comes ends the test and does not hang it.
        .args([arg(&path), "--follow", "--duration", "60s", "-f", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut rows = BufReader::new(child.stdout.take().unwrap());
    let mut seen = vec![line(&mut rows)];
    append(&path, &bytes[bytes.len() / 3 + 11..bytes.len() * 2 / 3 + 7]);
    // A row of the second slot says that the second piece was read.
    while !seen.last().unwrap().contains("\"kind\":\"slot\"") {
        seen.push(line(&mut rows));
    }
    append(&path, &bytes[bytes.len() * 2 / 3 + 7..]);
    if signal {
        while seen.iter().filter(|line| line.contains("\"kind\":\"slot\"")).count() < 3 {
            seen.push(line(&mut rows));
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }
    let mut rest = String::new();
    rows.read_to_string(&mut rest).unwrap();
    seen.extend(rest.lines().map(str::to_owned));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
    assert_eq!(seen, known);
}

fn line(rows: &mut BufReader<impl Read>) -> String {
    let mut line = String::new();
    assert!(rows.read_line(&mut line).unwrap() > 0, "it ended");
    line.trim_end().to_owned()
}

fn append(path: &Path, bytes: &[u8]) {
    let mut file: File = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

#[test]
fn a_capture_that_grows_is_followed_until_a_signal() {
    follow("pcap", true);
}

#[test]
fn a_record_stream_that_grows_is_followed_until_its_end() {
    follow("bin", false);
}
