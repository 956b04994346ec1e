//! `--format parquet`, read back with the parquet crate's own reader and compared with the CSV.

#![cfg(feature = "parquet")]
#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use clap::FromArgMatches;
use mev::cli::{Common, Frame, Output, command};
use mev::record::{self, Record};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const CAPTURE: &str = env!("CARGO_BIN_EXE_mev-capture");

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mev-parquet-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs mev-capture to its end; gives status, output and messages.
fn run(args: &[&str]) -> (i32, Vec<u8>, String) {
    let output = Command::new(CAPTURE).args(args).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), output.stdout, said)
}

/// A cell as CSV shows it, before quoting.
fn shown(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Bool(value) => u8::from(*value).to_string(),
        Field::UByte(value) => value.to_string(),
        Field::UShort(value) => value.to_string(),
        Field::UInt(value) => value.to_string(),
        Field::ULong(value) => value.to_string(),
        Field::Int(value) => value.to_string(),
        Field::Long(value) => value.to_string(),
        Field::Str(value) => value.clone(),
        other => panic!("{other:?} is of a type that no column has"),
    }
}

/// The names of the columns and the rows of a Parquet file.
fn read(path: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let names = schema.columns().iter().map(|column| column.name().to_owned()).collect();
    let rows = reader
        .get_row_iter(None)
        .unwrap()
        .map(|row| row.unwrap().get_column_iter().map(|(_, field)| shown(field)).collect());
    (names, rows.collect())
}

/// Cells of a line of CSV in which nothing is quoted.
fn cells(line: &str) -> Vec<String> {
    assert!(!line.contains('"'), "{line}");
    line.split(',').map(str::to_owned).collect()
}

/// Writes `records` as Parquet the way a tool does.
fn write(path: &str, kind: &str, records: &[Record<'_>]) {
    let tool = mev::TOOLS[0];
    let args = [tool.name, "--format", "parquet", "--only", kind, "-o", path];
    let matches = command(tool).subcommand_required(false).get_matches_from(args);
    let frame = Frame { tool, common: Common::from_arg_matches(&matches).unwrap() };
    let mut output = Output::open(&frame).unwrap();
    for record in records {
        output.put(*record).unwrap();
    }
    output.finish().unwrap();
}

/// The golden record of a kind, and the same with everything optional absent.
fn golden(schema: &record::Schema) -> [Vec<u8>; 2] {
    let name = format!("testdata/golden/{}.v{}.bin", schema.name, schema.version);
    let full = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let mut bare = full.clone();
    bare[7] = 0;
    for field in schema.fields.iter().filter(|field| field.present != 0 || field.name == "present")
    {
        bare[field.at..field.at + field.bytes].fill(0);
    }
    [full, bare]
}

#[test]
fn every_kind_reads_back_as_its_csv() {
    #[repr(C, align(64))]
    struct Aligned([u8; 1024]);
    let folder = Folder::new("kinds");
    for schema in record::ALL {
        let aligned = golden(schema).map(|bytes| {
            let mut aligned = Aligned([0; 1024]);
            aligned.0[..bytes.len()].copy_from_slice(&bytes);
            aligned
        });
        let records = aligned.each_ref().map(|a| Record::new(&a.0[..schema.size]).unwrap());
        let path = folder.path(schema.name);
        write(&path, schema.name, &records);
        let mut header = String::new();
        record::csv_header(schema, &mut header);
        let rows = records.map(|record| {
            let mut row = String::new();
            record::csv(schema, record, false, &mut row);
            cells(&row)
        });
        let (names, read_rows) = read(&path);
        assert_eq!(names, cells(&header), "{}", schema.name);
        assert_eq!(read_rows, rows, "{}", schema.name);
        let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
        let notes = reader.metadata().file_metadata().key_value_metadata().unwrap();
        let note = |key| notes.iter().find(|note| note.key == key).unwrap().value.clone().unwrap();
        assert_eq!(note("mev.kind"), schema.name);
        assert_eq!(note("mev.version"), schema.version.to_string());
        assert_eq!(note("mev.fingerprint"), format!("{:016x}", schema.fingerprint()));
    }
}

#[test]
fn a_pipe_and_a_file_get_the_same_bytes_and_the_rows_of_the_csv() {
    let folder = Folder::new("pipe");
    let (packets, file) = (folder.path("packets.rec"), folder.path("packets.parquet"));
    let gen_args = ["gen", "shreds", "--seed", "1", "--slots", "1", "--txs-per-slot", "5"];
    assert_eq!(run(&[&gen_args[..], &["-o", &packets]].concat()).0, 0);
    // mev-capture makes one kind only, so that nothing needs to be named.
    let (status, _, said) = run(&["-f", "parquet", "--stats", "-o", &file, &packets]);
    assert_eq!(status, 0, "{said}");
    let (status, piped, said) = run(&["-f", "parquet", &packets]);
    assert_eq!(status, 0, "{said}");
    assert!(piped == std::fs::read(&file).unwrap());
    let (_, csv, _) = run(&["-f", "csv", "--only", "packet", &packets]);
    let csv = String::from_utf8(csv).unwrap();
    let (names, rows) = read(&file);
    let mut lines = csv.lines().map(cells);
    assert_eq!(lines.next(), Some(names));
    assert!(rows.len() > 10);
    assert!(lines.eq(rows));
}

#[test]
fn one_file_holds_one_kind() {
    let folder = Folder::new("kind");
    let file = folder.path("x.parquet");
    let refused = |args: &[&str]| {
        let (status, out, said) = run(args);
        assert_eq!((status, out), (2, Vec::new()), "{said}");
        assert!(said.contains("one kind") && said.contains("hint: add --only"), "{said}");
        assert!(!Path::new(&file).exists());
    };
    refused(&["-f", "parquet", "--only", "packet,gap", "-o", &file, "/dev/null"]);
    let parse = Command::new(env!("CARGO_BIN_EXE_mev-parse"))
        .args(["-f", "parquet", "/dev/null"])
        .output()
        .unwrap();
    assert_eq!(parse.status.code(), Some(2));
    let said = String::from_utf8(parse.stderr).unwrap();
    assert!(said.contains("--only") && said.contains("swap"), "{said}");
}

#[test]
fn a_cut_input_leaves_no_finished_file() {
    let folder = Folder::new("cut");
    let (cut, file) = (folder.path("cut.rec"), folder.path("x.parquet"));
    let (_, mut packets, _) =
        run(&["gen", "shreds", "--seed", "1", "--slots", "1", "--txs-per-slot", "5"]);
    packets.truncate(3000);
    std::fs::write(&cut, &packets).unwrap();
    let (status, _, said) = run(&["-f", "parquet", "-o", &file, &cut]);
    assert_eq!(status, 4, "{said}");
    assert!(!Path::new(&file).exists());
    let (status, piped, _) = run(&["-f", "parquet", &cut]);
    assert_eq!(status, 4);
    assert_eq!(piped, b"PAR1", "the start, and no footer");
}
