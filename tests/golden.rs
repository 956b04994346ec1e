//! Golden bytes: each kind of record, byte for byte, and the text made of it.
//!
//! `testdata/golden/KIND.vN.bin` is a record whose every shown field holds a value that tells its
//! place; beside it stand its views. The bytes are pinned: a change of layout without a change of
//! version cannot pass here. `UPDATE=1` writes what is missing, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test may stop where it stands")]

use mev::record::{self, Field, Layout, Record, Schema, Show, Slot};
use std::path::{Path, PathBuf};

fn path(schema: &Schema, ending: &str) -> PathBuf {
    let name = format!("testdata/golden/{}.v{}.{ending}", schema.name, schema.version);
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A record with every field filled: bytes count up from the field's offset, names take the last of
/// their table, booleans are true, everything optional is present.
fn filled(schema: &Schema) -> Vec<u8> {
    let mut bytes = vec![0u8; schema.size];
    for field in schema.fields {
        for (at, byte) in value(field, schema).into_iter().enumerate() {
            bytes[field.at + at] = byte;
        }
    }
    bytes
}

fn value(field: &Field, schema: &Schema) -> Vec<u8> {
    let counted = || (0..field.bytes).map(|at| u8::try_from((field.at + at) % 251 + 1).unwrap());
    let number = |number: usize| {
        let unit = number.to_le_bytes()[..field.ty.size()].to_vec();
        unit.repeat(field.bytes / field.ty.size())
    };
    match (field.name, field.show) {
        ("len", _) => number(schema.size),
        ("kind", _) => number(usize::from(schema.kind)),
        ("version", _) => number(usize::from(schema.version)),
        ("flags", _) => number(schema.flags.iter().map(|flag| usize::from(flag.bit)).sum()),
        ("present", _) => {
            let all = schema.fields.iter().fold(0, |bits, field| bits | field.present);
            number(usize::try_from(all).unwrap())
        }
        ("magic", _) => record::MAGIC.to_vec(),
        (_, Show::Zero) => number(0),
        (_, Show::Bool) => number(1),
        (_, Show::Name(names)) => number(names.len() - 1),
        (_, Show::Text) => {
            (0..field.bytes).map(|at| b'a' + u8::try_from(at % 26).unwrap()).collect()
        }
        _ => counted().collect(),
    }
}

/// The bytes where a record may stand: aligned like those of a stream.
fn with_record<T>(bytes: &[u8], view: impl Fn(Record<'_>) -> T) -> T {
    #[repr(C, align(64))]
    struct Aligned([u8; 1024]);
    let mut aligned = Aligned([0; 1024]);
    aligned.0[..bytes.len()].copy_from_slice(bytes);
    view(Record::new(&aligned.0[..bytes.len()]).unwrap())
}

#[test]
fn every_kind_reads_and_shows_as_it_did() {
    for schema in record::ALL {
        let bytes = filled(schema);
        let views = with_record(&bytes, |record| {
            record::check(record).unwrap();
            let mut views = [String::new(), String::new(), String::new()];
            record::json(schema, record, &mut views[0]);
            record::csv_header(schema, &mut views[1]);
            views[1].push('\n');
            record::csv(schema, record, true, &mut views[1]);
            record::text(schema, record, false, &mut views[2]);
            views
        });
        let files = [("json", &views[0]), ("csv", &views[1]), ("txt", &views[2])];
        let files = files.map(|(ending, view)| (ending, format!("{view}\n").into_bytes()));
        for (ending, should) in files.into_iter().chain([("bin", bytes)]) {
            let path = path(schema, ending);
            if !path.exists() && std::env::var_os("UPDATE").is_some() {
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(&path, &should).unwrap();
            }
            let is = std::fs::read(&path).unwrap_or_default();
            assert!(is == should, "{} differs", path.display());
        }
    }
}

#[test]
fn a_slot_written_by_hand_is_the_slot_that_is_written() {
    let mut slot = Slot::new(0x0102_0304_0506_0708);
    slot.slot = 102_815_960;
    (slot.shreds_data, slot.batches, slot.txns) = (1427, 574, 3177);
    (slot.complete, slot.poh) = (1, 1);
    (slot.parent, slot.present) = (102_815_959, Slot::PARENT);
    let bytes = bytemuck::bytes_of(&slot);
    let by_hand: [(usize, &[u8]); 9] = [
        (0, &[0xc0, 0, 0, 0, 0x24, 0, 1, 0]),
        (8, &[8, 7, 6, 5, 4, 3, 2, 1]),
        (16, &[0xd8, 0xd8, 0x20, 0x06, 0, 0, 0, 0]),
        (24, &[0x93, 0x05, 0, 0]),
        (40, &[0x3e, 0x02, 0, 0]),
        (48, &[0x69, 0x0c, 0, 0]),
        (54, &[1, 1, 0, 0]),
        (60, &[2, 0, 0, 0]),
        (96, &[0xd7, 0xd8, 0x20, 0x06, 0, 0, 0, 0]),
    ];
    let mut should = [0u8; 192];
    for (at, part) in by_hand {
        should[at..at + part.len()].copy_from_slice(part);
    }
    assert_eq!(bytes, should);
    assert_eq!(Slot::SCHEMA.size, should.len());
}

#[test]
fn every_field_out_of_range_is_refused() {
    for schema in record::ALL {
        for field in schema.fields {
            let broken: Option<Vec<u8>> = match field.show {
                Show::Zero => Some(vec![1]),
                Show::Bool => Some(vec![2]),
                Show::Name(names) => Some(names.len().to_le_bytes()[..field.ty.size()].to_vec()),
                _ => None,
            };
            let Some(broken) = broken else { continue };
            let mut bytes = filled(schema);
            bytes[field.at..field.at + broken.len()].copy_from_slice(&broken);
            let error =
                with_record(&bytes, |record| record::check(record).unwrap_err().to_string());
            assert!(error.contains(field.name), "{} {}: {error}", schema.name, field.name);
        }
        for field in schema.fields.iter().filter(|field| field.present != 0) {
            let mut bytes = filled(schema);
            let present = schema.field("present").unwrap().at;
            let bits = record_bits(&bytes, present) & !field.present;
            bytes[present..present + 4].copy_from_slice(&bits.to_le_bytes());
            let error =
                with_record(&bytes, |record| record::check(record).unwrap_err().to_string());
            assert!(
                error.contains("is absent but not zero"),
                "{} {}: {error}",
                schema.name,
                field.name
            );
        }
    }
}

fn record_bits(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}
