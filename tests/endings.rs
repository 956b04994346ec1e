//! How things end: a reader that goes away, a disk that is full, a signal, an input cut anywhere.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{Gap, Producer, Record, Slot};
use mev::stream::Writer;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

/// The programs that are filters, which take any record stream.
const FILTERS: [&str; 4] = [
    env!("CARGO_BIN_EXE_mev-parse"),
    env!("CARGO_BIN_EXE_mev-arb"),
    env!("CARGO_BIN_EXE_mev-bundle"),
    env!("CARGO_BIN_EXE_mev-send"),
];

/// A stream of `gaps` gap records: a kind that every filter passes on.
fn stream(gaps: u64) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), Producer::Other);
    for at in 0..gaps {
        let mut gap = Gap::new(at);
        gap.count = at;
        writer.put(Record::of(&gap)).unwrap();
    }
    writer.finish().unwrap()
}

fn spawn(program: &str, args: &[&str], stdout: Stdio) -> Child {
    Command::new(program)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Feeds `input`, ignoring that the program may stop reading, and gives status and messages.
fn feed(mut child: Child, input: &[u8]) -> (Option<i32>, String) {
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(input);
    drop(stdin);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn a_reader_that_went_away_ends_a_filter_quietly() {
    let input = stream(50_000);
    for program in FILTERS {
        // The read end is gone before the program writes its first byte.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, said) = feed(spawn(program, &[], Stdio::from(writer)), &input);
        assert_eq!((code, said.as_str()), (Some(0), ""), "{program}");
    }
}

#[test]
fn a_full_disk_is_status_5_and_says_so() {
    let input = stream(50_000);
    for program in FILTERS {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, said) = feed(spawn(program, &[], Stdio::from(full)), &input);
        assert_eq!(code, Some(5), "{program}: {said}");
        assert!(said.contains("cannot write: No space left on device"), "{program}: {said}");
        assert!(said.contains("hint: make room"), "{program}: {said}");
    }
}

#[test]
fn a_cut_input_is_status_4_after_every_whole_record() {
    let input = stream(3);
    for program in FILTERS {
        for cut in (64..input.len()).step_by(23) {
            let child = spawn(program, &["-f", "json"], Stdio::piped());
            let (mut out, cut_input) = (String::new(), input[..cut].to_vec());
            let mut child = child;
            let mut stdout = child.stdout.take().unwrap();
            let (code, said) = feed(child, &cut_input);
            stdout.read_to_string(&mut out).unwrap();
            assert_eq!(code, Some(4), "{program}, cut at {cut}: {said}");
            let whole = ((cut - 64) / 64).min(3);
            assert_eq!(out.lines().count(), whole, "{program}, cut at {cut}: {out}");
            assert!(said.contains("standard input: byte "), "{program}, cut at {cut}: {said}");
        }
    }
}

#[test]
fn a_filter_that_fails_leaves_its_output_cut() {
    let input = stream(3);
    for program in FILTERS {
        let mut child = spawn(program, &[], Stdio::piped());
        let mut stdout = child.stdout.take().unwrap();
        let (code, _) = feed(child, &input[..input.len() - 64]);
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).unwrap();
        assert_eq!(code, Some(4), "{program}");
        // Head and records, but no end: kind 3 in the last 64 bytes would be one.
        assert_eq!(out.len(), 4 * 64, "{program}");
        assert_ne!(out[out.len() - 60], 3, "{program}");
    }
}

#[test]
fn the_first_signal_lets_a_filter_drain_and_the_second_kills() {
    for program in FILTERS {
        let mut child = spawn(program, &[], Stdio::piped());
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let input = stream(2);
        // Wait until it reads: then its handlers are in place.
        stdin.write_all(&input[..128]).unwrap();
        let mut head = [0u8; 128];
        stdout.read_exact(&mut head).unwrap();
        signal(&child, "INT");
        stdin.write_all(&input[128..]).unwrap();
        drop(stdin);
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{program}");
        assert_eq!([&head[..], &rest].concat().len(), input.len(), "{program}");

        let mut child = spawn(program, &[], Stdio::piped());
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&input[..128]).unwrap();
        child.stdout.take().unwrap().read_exact(&mut head).unwrap();
        // Two that come at once may be one to the kernel: a few are sent, until it is gone.
        let gone = (0..200).find_map(|_| {
            signal(&child, "INT");
            child.try_wait().unwrap()
        });
        let _ = child.kill();
        let gone = gone.unwrap_or_else(|| panic!("{program} outlived its signals"));
        assert_eq!(gone.code(), None, "{program} ended by itself");
        drop(stdin);
    }
}

fn signal(child: &Child, name: &str) {
    // A process that is gone but not waited for can still be signalled.
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn output_files_appear_whole_and_are_not_overwritten() {
    let folder = std::env::temp_dir().join(format!("mev-endings-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let input = stream(3);
    for program in FILTERS {
        let path = folder.join("out.rec");
        let name = path.to_str().unwrap();
        let part = folder.join("out.rec.part");
        let (code, _) = feed(spawn(program, &["-o", name], Stdio::null()), &input[..200]);
        assert_eq!(code, Some(4), "{program}");
        assert!(!path.exists() && part.exists(), "{program}: a cut output was put in place");
        let (code, said) = feed(spawn(program, &["-o", name], Stdio::null()), &input);
        assert_eq!((code, path.exists(), part.exists()), (Some(0), true, false), "{said}");
        let (code, said) = feed(spawn(program, &["-o", name], Stdio::null()), &input);
        assert_eq!(code, Some(2), "{program}");
        assert!(said.contains("hint: add --force"), "{program}: {said}");
        let (code, said) = feed(spawn(program, &["-o", name, "--force"], Stdio::null()), &input);
        assert_eq!(code, Some(0), "{program}: {said}");
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn unknown_kinds_pass_unchanged_and_in_order() {
    let mut odd = Slot::new(7);
    odd.head.kind = 0x7f;
    let mut writer = Writer::new(Vec::new(), Producer::Other);
    writer.put(Record::of(&Gap::new(1))).unwrap();
    writer.put(Record::of(&odd)).unwrap();
    writer.put(Record::of(&Gap::new(2))).unwrap();
    let input = writer.finish().unwrap();
    for program in FILTERS {
        let mut child = spawn(program, &[], Stdio::piped());
        let mut stdout = child.stdout.take().unwrap();
        let (code, said) = feed(child, &input);
        let mut out = Vec::new();
        stdout.read_to_end(&mut out).unwrap();
        assert_eq!(code, Some(0), "{program}: {said}");
        // Everything but the head, whose producer differs.
        assert_eq!(out[64..], input[64..], "{program}");
    }
}
