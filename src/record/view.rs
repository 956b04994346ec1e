//! Views of a record: text, CSV, JSON, and of a schema: table, numpy, Arrow.
//!
//! Functions over a schema and bytes; none knows a record. JSON is one object a line, `kind` first,
//! fields in order of offset, integers of 64 bits and wider as strings (readers round them above
//! 2^53), keys and signatures in base58, absent values null. `human` changes text and CSV only.
//! CSV and Parquet are flat: both come from [`flat`] and [`cells`].

use super::Record;
use super::cell::{Cell, Column, Holds, JsonText};
use super::schema::{Field, Schema, Show, Type};
use crate::bytes::base58::{Key, Signature};
use crate::bytes::hex::Hex;
use crate::bytes::{array_at, i32_at, i128_at, u8_at, u16_at, u32_at, u64_at, u128_at};
use crate::error::Escaped;
use std::fmt::{self, Write};
use std::iter;
use std::net::{IpAddr, Ipv6Addr};

/// Appends `record` as one JSON object, without a line end. The tail is not shown.
pub fn json(schema: &Schema, record: Record<'_>, out: &mut String) {
    let bytes = record.bytes();
    let _ = write!(out, "{{\"kind\":\"{}\"", schema.name);
    for flag in schema.flags {
        let _ = write!(out, ",\"{}\":{}", flag.name, record.prefix().flags & flag.bit != 0);
    }
    for field in shown(schema) {
        let _ = write!(out, ",\"{}\":", field.name);
        if absent(schema, field, bytes) {
            out.push_str("null");
        } else if field.units() == 1 {
            json_unit(field, bytes, 0, out);
        } else {
            for unit in 0..field.units() {
                out.push(if unit == 0 { '[' } else { ',' });
                json_unit(field, bytes, unit, out);
            }
            out.push(']');
        }
    }
    out.push('}');
}

/// Appends the CSV header of `schema`, without a line end.
pub fn csv_header(schema: &Schema, out: &mut String) {
    for (number, column) in flat(schema).enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{}", column.name);
    }
}

/// Appends `record` as one CSV row, without a line end; absent values are empty.
pub fn csv(schema: &Schema, record: Record<'_>, human: bool, out: &mut String) {
    let mut comma = "";
    cells(schema, record, human, |cell| {
        out.push_str(comma);
        cell.csv(out);
        comma = ",";
    });
}

/// Appends `record` as one line of text, without a line end: `kind name=value ..`, absent values
/// left out.
pub fn text(schema: &Schema, record: Record<'_>, human: bool, out: &mut String) {
    let bytes = record.bytes();
    out.push_str(schema.name);
    for flag in schema.flags.iter().filter(|flag| record.prefix().flags & flag.bit != 0) {
        let _ = write!(out, " {}", flag.name);
    }
    for field in shown(schema).filter(|field| !absent(schema, field, bytes)) {
        let _ = write!(out, " {}=", field.name);
        for unit in 0..field.units() {
            let comma = if unit == 0 { "" } else { "," };
            let _ = write!(out, "{comma}{}", Unit { field, bytes, unit, human });
        }
    }
}

/// The layout of `schema` as an aligned table: offset, name, type, optional, meaning.
pub fn table(schema: &Schema) -> String {
    let mut out = format!(
        "{} kind 0x{:02x} version {} size {} fingerprint {:016x}\n",
        schema.name,
        schema.kind,
        schema.version,
        schema.size,
        schema.fingerprint()
    );
    for field in schema.fields {
        let optional = if field.present == 0 { "" } else { " optional" };
        let (ty, doc) = (rust_type(field), one_line(field.doc));
        let _ = writeln!(out, "{:>5}  {:<20} {ty:<10}{optional} {doc}", field.at, field.name);
    }
    for flag in schema.flags {
        let _ = writeln!(
            out,
            " flag  {:<20} 0x{:02x}       {}",
            flag.name,
            flag.bit,
            one_line(flag.doc)
        );
    }
    if let Some(tail) = schema.tail {
        let _ = writeln!(out, " tail  {tail}");
    }
    out
}

/// The layout of `schema` as one JSON object: kind, version, size, fingerprint, fields.
pub fn schema_json(schema: &Schema) -> String {
    let fields = schema.fields.iter().map(|field| {
        format!(
            "{{\"name\":\"{}\",\"at\":{},\"type\":\"{}\",\"optional\":{},\"doc\":\"{}\"}}",
            field.name,
            field.at,
            rust_type(field),
            field.present != 0,
            JsonText(&one_line(field.doc))
        )
    });
    format!(
        "{{\"name\":\"{}\",\"kind\":{},\"version\":{},\"size\":{},\"fingerprint\":\"{:016x}\",\"fields\":[{}]}}",
        schema.name,
        schema.kind,
        schema.version,
        schema.size,
        schema.fingerprint(),
        fields.collect::<Vec<_>>().join(",")
    )
}

/// The numpy dtype of the fixed part, as a Python expression. Keys are `V32`, never `S32`: numpy
/// strips trailing zero bytes of `S`.
pub fn numpy(schema: &Schema) -> String {
    let fields = schema.fields.iter().map(|field| {
        let (name, count) = (field.name, field.bytes / field.ty.size());
        match (field.show.unit(field.ty), field.ty) {
            (0, _) => format!("('{name}', 'V{}')", field.bytes),
            (unit, Type::U8) if unit > 1 && field.units() == 1 => format!("('{name}', 'V{unit}')"),
            (unit, Type::U8) if unit > 1 => format!("('{name}', 'V{unit}', ({},))", field.units()),
            (_, Type::U128 | Type::I128) => format!("('{name}', '<u8', ({},))", 2 * count),
            (_, ty) if count == 1 => format!("('{name}', '{}')", numpy_type(ty)),
            (_, ty) => format!("('{name}', '{}', ({count},))", numpy_type(ty)),
        }
    });
    format!("[{}]", fields.collect::<Vec<_>>().join(", "))
}

/// The Arrow schema, in Arrow's JSON form: integers as they are, keys and other bytes as
/// fixed-size binary, 128-bit integers as fixed-size binary of 16 (Arrow has no such integer),
/// names and flags as utf8 and bool.
pub fn arrow(schema: &Schema) -> String {
    let entry = |name: &str, nullable: bool, ty: &str| {
        format!("{{\"name\":\"{name}\",\"nullable\":{nullable},\"type\":{ty},\"children\":[]}}")
    };
    let flags = schema.flags.iter().map(|flag| entry(flag.name, false, "{\"name\":\"bool\"}"));
    let fields = shown(schema).flat_map(|field| {
        let ty = arrow_type(field);
        (0..field.units()).map(move |unit| entry(&unit_name(field, unit), field.present != 0, &ty))
    });
    let all = flags.chain(fields).collect::<Vec<_>>().join(",");
    format!("{{\"name\":\"{}\",\"fields\":[{all}]}}", schema.name)
}

/// The columns of `schema` in the flat views, CSV and Parquet: the kind, each flag, each unit of
/// each field. [`cells`] gives as many values, in this order.
pub fn flat(schema: &Schema) -> impl Iterator<Item = Column> {
    let kind = Column { name: "kind".to_owned(), holds: Holds::Text, optional: false };
    let flags = schema.flags.iter().map(|flag| Column {
        name: flag.name.to_owned(),
        holds: Holds::Bool,
        optional: false,
    });
    let fields = shown(schema).flat_map(|field| {
        (0..field.units()).map(move |unit| Column {
            name: unit_name(field, unit),
            holds: holds(field),
            optional: field.present != 0,
        })
    });
    iter::once(kind).chain(flags).chain(fields)
}

/// Gives `put` the value of every column of [`flat`], in order. `human` shows times as dates and
/// lamports as SOL, both as text.
pub fn cells(schema: &Schema, record: Record<'_>, human: bool, mut put: impl FnMut(Cell<'_>)) {
    let bytes = record.bytes();
    put(Cell::Text(&schema.name));
    for flag in schema.flags {
        put(Cell::Bool(record.prefix().flags & flag.bit != 0));
    }
    for field in shown(schema) {
        let absent = absent(schema, field, bytes);
        for unit in 0..field.units() {
            let text = Unit { field, bytes, unit, human };
            put(if absent { Cell::Absent } else { text.cell() });
        }
    }
}

/// What a flat view calls a unit of a field: `name`, or `name_0` and so on where it has several.
fn unit_name(field: &Field, unit: usize) -> String {
    if field.units() == 1 { field.name.to_owned() } else { format!("{}_{unit}", field.name) }
}

/// What the cells of a field hold.
fn holds(field: &Field) -> Holds {
    let bits = 8 * field.ty.size();
    match (field.show, field.ty) {
        (Show::Bool, _) => Holds::Bool,
        (_, Type::U128 | Type::I128) => Holds::Text,
        (Show::Dec | Show::Ns | Show::Lamports, Type::I32 | Type::I64) => Holds::Signed { bits },
        (Show::Dec | Show::Ns | Show::Lamports, _) => Holds::Unsigned { bits },
        _ => Holds::Text,
    }
}

/// The fields a reader sees, in order of offset.
fn shown(schema: &Schema) -> impl Iterator<Item = &'static Field> {
    schema.fields.iter().filter(|field| !matches!(field.show, Show::Hidden | Show::Zero))
}

fn absent(schema: &Schema, field: &Field, bytes: &[u8]) -> bool {
    field.present != 0
        && schema
            .field("present")
            .and_then(|present| u32_at(bytes, present.at))
            .is_some_and(|bits| bits & field.present == 0)
}

fn json_unit(field: &Field, bytes: &[u8], unit: usize, out: &mut String) {
    let value = Unit { field, bytes, unit, human: false };
    let _ = match (field.show, field.ty) {
        (Show::Bool, _) => write!(out, "{}", u8_at(bytes, field.at + unit) == Some(1)),
        (Show::Dec, Type::U8 | Type::U16 | Type::U32 | Type::I32) => write!(out, "{value}"),
        // Every other value is made of characters that need no escape in JSON: digits, base58,
        // hexadecimal, addresses, names from our tables, and printable ASCII from `Text`.
        _ => write!(out, "\"{}\"", JsonText(&value.to_string())),
    };
}

/// One unit of a field, as a person reads it.
struct Unit<'a> {
    field: &'a Field,
    bytes: &'a [u8],
    unit: usize,
    human: bool,
}

impl fmt::Display for Unit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f).unwrap_or(Err(fmt::Error))
    }
}

impl Unit<'_> {
    /// The value as a cell; absent when the bytes end before the field does.
    fn cell(&self) -> Cell<'_> {
        let field = self.field;
        let at = field.at + self.unit * field.show.unit(field.ty);
        let human = self.human && matches!(field.show, Show::Ns | Show::Lamports);
        if human || holds(field) == Holds::Text {
            let whole = self.bytes.len() >= field.at + field.bytes;
            return if whole { Cell::Text(self) } else { Cell::Absent };
        }
        let number = integer(field.ty, self.bytes, at);
        match holds(field) {
            Holds::Bool => number.map(|number| Cell::Bool(number != 0)),
            Holds::Signed { .. } => number.and_then(|n| i64::try_from(n).ok()).map(Cell::Signed),
            _ => number.and_then(|n| u64::try_from(n).ok()).map(Cell::Unsigned),
        }
        .unwrap_or(Cell::Absent)
    }

    /// `None` when the bytes end before the field does.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        let field = self.field;
        let at = field.at + self.unit * field.show.unit(field.ty);
        let whole = self.bytes.get(field.at..field.at + field.bytes)?;
        Some(match field.show {
            Show::Key => write!(f, "{}", Key(&array_at(self.bytes, at)?)),
            Show::Signature => write!(f, "{}", Signature(&array_at(self.bytes, at)?)),
            Show::Hex => write!(f, "{}", Hex(whole)),
            Show::Text => {
                let end = whole.iter().position(|b| *b == 0).unwrap_or(whole.len());
                let text = String::from_utf8_lossy(whole.get(..end)?).into_owned();
                write!(f, "{}", Escaped(&text))
            }
            Show::Ip => {
                let ip = Ipv6Addr::from(array_at::<16>(self.bytes, at)?);
                write!(f, "{}", ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4))
            }
            Show::Name(names) => {
                let number = integer(field.ty, self.bytes, at)?;
                let name = usize::try_from(number).ok().and_then(|n| names.get(n));
                f.write_str(name.copied().unwrap_or("?"))
            }
            Show::Ns if self.human => f.write_str(&crate::time::rfc3339(u64_at(self.bytes, at)?)),
            Show::Lamports if self.human => sol(integer(field.ty, self.bytes, at)?, f),
            _ if field.ty == Type::U128 => write!(f, "{}", u128_at(self.bytes, at)?),
            _ => write!(f, "{}", integer(field.ty, self.bytes, at)?),
        })
    }
}

/// Lamports as SOL: `12.345678901 SOL`, exact.
fn sol(lamports: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (sign, whole) = (if lamports < 0 { "-" } else { "" }, lamports.unsigned_abs());
    write!(f, "{sign}{}.{:09} SOL", whole / 1_000_000_000, whole % 1_000_000_000)
}

/// An element that fits into 128 signed bits.
fn integer(ty: Type, bytes: &[u8], at: usize) -> Option<i128> {
    match ty {
        Type::U8 => u8_at(bytes, at).map(i128::from),
        Type::U16 => u16_at(bytes, at).map(i128::from),
        Type::U32 => u32_at(bytes, at).map(i128::from),
        Type::U64 => u64_at(bytes, at).map(i128::from),
        Type::I32 => i32_at(bytes, at).map(i128::from),
        Type::I64 => array_at(bytes, at).map(i64::from_le_bytes).map(i128::from),
        Type::I128 => i128_at(bytes, at),
        Type::U128 => u128_at(bytes, at).and_then(|v| i128::try_from(v).ok()),
        Type::F32 => None, // stands in no record
    }
}

fn rust_type(field: &Field) -> String {
    let (unit, ty) = (field.show.unit(field.ty), field.ty.name());
    let inner = if unit > field.ty.size() { format!("[{ty}; {unit}]") } else { ty.to_owned() };
    match unit {
        0 => format!("[{ty}; {}]", field.bytes / field.ty.size()),
        _ if field.units() == 1 => inner,
        _ => format!("[{inner}; {}]", field.units()),
    }
}

fn numpy_type(ty: Type) -> &'static str {
    match ty {
        Type::U8 => "u1",
        Type::U16 => "<u2",
        Type::U32 => "<u4",
        Type::I32 => "<i4",
        Type::I64 => "<i8",
        Type::U64 | Type::U128 | Type::I128 => "<u8",
        Type::F32 => "<f4",
    }
}

fn arrow_type(field: &Field) -> String {
    let int = |bits: usize, signed: bool| {
        format!("{{\"name\":\"int\",\"bitWidth\":{bits},\"isSigned\":{signed}}}")
    };
    let binary = |width: usize| format!("{{\"name\":\"fixedsizebinary\",\"byteWidth\":{width}}}");
    match (field.show, field.ty) {
        (Show::Bool, _) => "{\"name\":\"bool\"}".to_owned(),
        (Show::Name(_) | Show::Text, _) => "{\"name\":\"utf8\"}".to_owned(),
        (Show::Key | Show::Signature | Show::Ip, ty) => binary(field.show.unit(ty)),
        (Show::Hex, _) => binary(field.bytes),
        (_, Type::U128 | Type::I128) => binary(16),
        (_, Type::F32) => "{\"name\":\"floatingpoint\",\"precision\":\"SINGLE\"}".to_owned(),
        (_, ty @ (Type::I32 | Type::I64)) => int(8 * ty.size(), true),
        (_, ty) => int(8 * ty.size(), false),
    }
}

/// A doc comment on one line, without its first blank.
fn one_line(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::{ALL, Layout, Opportunity, Packet, Slot, Swap};
    use super::*;

    #[test]
    fn json_of_a_slot_shows_absent_as_null_and_wide_as_text() {
        let mut slot = Slot::new(7);
        (slot.slot, slot.txns, slot.complete, slot.poh) = (u64::MAX, 9, 1, 1);
        let mut out = String::new();
        json(Slot::SCHEMA, Record::of(&slot), &mut out);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(out.starts_with("{\"kind\":\"slot\","));
        assert_eq!(value["slot"], "18446744073709551615");
        assert_eq!(value["txns"], 9);
        assert_eq!(value["complete"], true);
        assert_eq!(value["poh"], "ok");
        assert!(value["blockhash"].is_null() && value["parent"].is_null());
        assert!(value.get("_zero").is_none() && value.get("present").is_none());
    }

    #[test]
    fn arrays_flags_and_addresses_are_shown() {
        let mut found = Opportunity::new(0);
        found.head.flags = Opportunity::REFUSED;
        found.amounts = [1, 2, 3, 4, 5];
        found.gross = -1_500_000_000;
        let mut out = String::new();
        json(Opportunity::SCHEMA, Record::of(&found), &mut out);
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value["refused"], true);
        assert_eq!(value["amounts"], serde_json::json!(["1", "2", "3", "4", "5"]));
        let mut line = String::new();
        text(Opportunity::SCHEMA, Record::of(&found), true, &mut line);
        assert!(line.contains("gross=-1.500000000 SOL"), "{line}");
        let mut packet = Packet::new(0);
        packet.source[10..].copy_from_slice(&[0xff, 0xff, 10, 0, 0, 1]);
        line.clear();
        csv(Packet::SCHEMA, Record::of(&packet), false, &mut line);
        assert!(line.contains(",10.0.0.1,::,"), "{line}");
    }

    #[test]
    fn csv_rows_have_as_many_columns_as_the_header() {
        for schema in ALL {
            let mut bytes = vec![0u64; schema.size / 8 + 2];
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut bytes);
            let skip = bytes.as_ptr().align_offset(16);
            let bytes = &mut bytes[skip..skip + schema.size];
            bytes[..4].copy_from_slice(&u32::try_from(schema.size).unwrap().to_le_bytes());
            let (mut header, mut row) = (String::new(), String::new());
            csv_header(schema, &mut header);
            csv(schema, Record::new(bytes).unwrap(), true, &mut row);
            assert_eq!(header.matches(',').count(), row.matches(',').count(), "{}", schema.name);
        }
    }

    #[test]
    fn schemas_are_ordered_distinct_and_gapless() {
        assert!(ALL.windows(2).all(|pair| pair[0].kind < pair[1].kind));
        for schema in ALL {
            let mut next = 0;
            for field in schema.fields {
                assert_eq!(field.at, next, "{}.{}", schema.name, field.name);
                next += field.bytes;
            }
            assert_eq!(next, schema.size, "{}", schema.name);
            let arrow: serde_json::Value = serde_json::from_str(&arrow(schema)).unwrap();
            assert_eq!(arrow["name"], schema.name);
            let json: serde_json::Value = serde_json::from_str(&schema_json(schema)).unwrap();
            assert_eq!(json["fields"].as_array().unwrap().len(), schema.fields.len());
        }
    }

    #[test]
    fn a_value_without_its_presence_bit_is_refused() {
        let mut swap = Swap::new(0);
        assert_eq!(swap.invalid(), None);
        swap.limit = 1;
        assert_eq!(swap.invalid(), Some("limit is absent but not zero"));
        swap.present = Swap::LIMIT;
        assert_eq!(swap.invalid(), None);
        swap.venue = 99;
        assert_eq!(swap.invalid(), Some("venue is out of range"));
        swap.venue = 0;
        swap._zero1[15] = 1;
        assert_eq!(swap.invalid(), Some("_zero1 is out of range"));
        swap._zero1[15] = 0;
        swap.head.flags = 0x80;
        assert_eq!(swap.invalid(), Some("flags has an unknown bit"));
    }
}
