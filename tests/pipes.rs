//! Pipelines are the unit: runs every case under `testdata/pipes/` with bash.
//!
//! A case is a folder with `cmd` (shell), and what it must give: `out`, `err` and `code`. It runs in
//! an empty folder of its own, with the programs first in PATH, `set -o pipefail`, `CASE` naming the
//! case's folder and `MEV_SHARED` the shared data. A case with a file `needs-shared` is skipped, by
//! name, where that folder is absent. `UPDATE=1` fills in what is missing or differs: read the
//! difference.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn shared() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::env::var_os("MEV_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from)
}

/// Runs a case in an empty folder.
fn run(case: &Path) -> Output {
    let name = case.file_name().unwrap().to_string_lossy().into_owned();
    let folder = std::env::temp_dir().join(format!("mev-pipes-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_mev-parse")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap_or_default());
    let script = std::fs::read_to_string(case.join("cmd")).unwrap();
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", &script])
        .current_dir(&folder)
        .env("PATH", path)
        .env("CASE", case)
        .env("MEV_SHARED", shared())
        .env("LC_ALL", "C")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    output
}

/// The first line in which two texts differ, for the message.
fn difference(name: &str, should: &[u8], is: &[u8]) -> String {
    let (should, is) = (String::from_utf8_lossy(should), String::from_utf8_lossy(is));
    let lines = should.lines().map(Some).chain(std::iter::repeat(None));
    let line = lines.zip(is.lines().map(Some).chain(std::iter::repeat(None)));
    for (at, (should, is)) in line.enumerate().take(100_000) {
        if should != is {
            return format!("{name}, line {}:\n  should {should:?}\n  is     {is:?}", at + 1);
        }
    }
    format!("{name} differs")
}

#[test]
fn every_case_gives_what_it_should() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pipes");
    let mut cases: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 10, "the cases were not found");
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        if case.join("needs-shared").exists() && !shared().is_dir() {
            println!("skipped: {name}: {} is not there", shared().display());
            continue;
        }
        let output = run(case);
        let code = format!("{}\n", output.status.code().unwrap_or(-1)).into_bytes();
        for (file, is) in [("out", output.stdout), ("err", output.stderr), ("code", code)] {
            let path = case.join(file);
            let should = std::fs::read(&path).unwrap_or_default();
            if should == is && path.exists() {
                continue;
            }
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, &is).unwrap();
            } else {
                wrong.push(difference(&format!("{name}/{file}"), &should, &is));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_tool_has_its_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/pipes");
    let scripts: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path().join("cmd")).unwrap())
        .collect();
    for tool in mev::TOOLS {
        let with = |word: &str| {
            scripts.iter().any(|script| script.contains(tool.name) && script.contains(word))
        };
        for word in ["/dev/null", "foreign", "cut", "-f json", "-f csv", "-f text"] {
            assert!(with(word), "no case runs {} with {word}", tool.name);
        }
    }
}
