//! Rows as text and back: CSV, JSON one object a line, and the 64 bytes themselves.
//!
//! ```text
//! address,confidence,last_activity,flags,win_rate,avg_profit,trade_count
//! ```
//!
//! What is written is read back to the bit. Nothing is guessed: a column that is not known, a number out
//! of range and an address that is none are errors that say where.

use super::row::{Flags, Row, number_text, parse_number, parse_share};
use crate::bytes::base58;
use serde_json::Value;
use std::fmt::Write as _;

/// The columns, in the order in which they are written.
pub(super) const COLUMNS: [&str; 7] =
    ["address", "confidence", "last_activity", "flags", "win_rate", "avg_profit", "trade_count"];

/// What a file of rows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// Told by how it begins
    Auto,
    /// Comma-separated values with a header
    Csv,
    /// One JSON object a line
    Jsonl,
    /// A Parquet file with the columns of the CSV
    Parquet,
    /// Rows of 64 bytes
    Rows,
}

impl Form {
    /// What a file is that begins with `start`.
    pub(super) fn of(start: &[u8]) -> Self {
        let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
        if start.starts_with(b"PAR1") {
            return Self::Parquet;
        }
        let mut start = start.iter().take(64);
        let first = start.clone().find(|b| !b.is_ascii_whitespace());
        match start.all(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()) {
            true if first == Some(&b'{') => Self::Jsonl,
            true => Self::Csv,
            false => Self::Rows,
        }
    }
}

/// Sets the field of number `column` to what `text` says; nothing is left as it is.
///
/// # Errors
/// What is wrong with it.
pub(super) fn set(row: &mut Row, column: usize, text: &str) -> Result<(), String> {
    let named = |error: String| format!("{}: {error}", COLUMNS.get(column).unwrap_or(&"?"));
    let whole = |text: &str| {
        text.parse().map_err(|_| named(format!("{text:?} is no whole number of 32 bits")))
    };
    if text.is_empty() && column > 0 {
        return Ok(());
    }
    match column {
        0 => {
            row.address = base58::key(text)
                .ok_or_else(|| named(format!("{text:?} is no base58 address of 32 bytes")))?;
        }
        1 => row.confidence = parse_share(text).map_err(named)?,
        2 => row.last_activity = whole(text)?,
        3 => row.flags = Flags::parse(text).map_err(named)?,
        4 => row.win_rate = parse_share(text).map_err(named)?,
        5 => row.avg_profit = parse_number(text).map_err(named)?,
        _ => row.trade_count = whole(text)?,
    }
    Ok(())
}

/// Reads CSV: knows its columns by the header.
#[derive(Debug, Default)]
pub(super) struct Csv {
    columns: Vec<usize>,
}

impl Csv {
    /// Takes the header.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn header(line: &str) -> Result<Self, String> {
        let mut columns = Vec::new();
        for name in line.trim_start_matches('\u{feff}').split(',').map(str::trim) {
            let known = COLUMNS.iter().position(|column| *column == name.trim_matches('"'));
            let all = || COLUMNS.join(",");
            let column = known.ok_or_else(|| {
                format!("the header has a column {name:?}; columns are {}", all())
            })?;
            if columns.contains(&column) {
                return Err(format!("the header has {name} twice"));
            }
            columns.push(column);
        }
        if !columns.contains(&0) {
            return Err("the header has no column address".to_owned());
        }
        Ok(Self { columns })
    }

    /// Takes a line. Fields that it has no column for are zero.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn row(&self, line: &str) -> Result<Row, String> {
        let mut row = Row::new([0; 32]);
        let mut columns = self.columns.iter();
        let mut rest = Some(line);
        while let Some(text) = rest {
            let field;
            (field, rest) = next_field(text)?;
            let column = columns.next().ok_or("more fields than columns")?;
            set(&mut row, *column, field)?;
        }
        match columns.next() {
            Some(_) => Err("fewer fields than columns".to_owned()),
            None => Ok(row),
        }
    }
}

/// The first field of a line, and what follows its comma. A field in quotes may hold commas; none of ours
/// holds a quote.
fn next_field(line: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(quoted) = line.strip_prefix('"') {
        let (field, rest) = quoted.split_once('"').ok_or("a quote is not closed")?;
        return match rest.strip_prefix(',') {
            Some(rest) => Ok((field, Some(rest))),
            None if rest.is_empty() => Ok((field, None)),
            None => Err("there is text behind a quote".to_owned()),
        };
    }
    Ok(match line.split_once(',') {
        Some((field, rest)) => (field.trim(), Some(rest)),
        None => (line.trim(), None),
    })
}

/// Reads a JSON object.
///
/// # Errors
/// What is wrong with it.
pub(super) fn from_json(line: &str) -> Result<Row, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let Value::Object(fields) = value else { return Err("not a JSON object".to_owned()) };
    let mut row = Row::new([0; 32]);
    let mut has_address = false;
    for (name, value) in fields {
        let column = COLUMNS.iter().position(|column| *column == name);
        let column = column.ok_or_else(|| {
            format!("there is a field {name:?}; fields are {}", COLUMNS.join(", "))
        })?;
        has_address |= column == 0;
        let text = match value {
            Value::Null if column > 0 => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            other => return Err(format!("{name}: {other} is neither text nor a number")),
        };
        set(&mut row, column, &text)?;
    }
    if has_address { Ok(row) } else { Err("there is no address".to_owned()) }
}

/// The row of 64 bytes; its hash is not looked at.
///
/// # Errors
/// What is wrong with it.
pub(super) fn from_bytes(bytes: &[u8; 64]) -> Result<Row, String> {
    let row: Row = bytemuck::pod_read_unaligned(bytes);
    match row.invalid() {
        Some(rule) => Err(rule.to_owned()),
        None => Ok(row),
    }
}

/// Fields as text, in the order of the columns.
pub(super) fn texts(row: &Row) -> [String; 7] {
    [
        base58::Key(&row.address).to_string(),
        number_text(row.confidence),
        row.last_activity.to_string(),
        Flags::text(row.flags),
        number_text(row.win_rate),
        number_text(row.avg_profit),
        row.trade_count.to_string(),
    ]
}

/// Appends a line of CSV.
pub(super) fn to_csv(row: &Row, out: &mut String) {
    out.push_str(&texts(row).join(","));
    out.push('\n');
}

/// Appends the fields of a JSON object, without its braces. Flags are text, by their names.
pub(super) fn json_fields(row: &Row, out: &mut String) {
    for (at, (name, text)) in COLUMNS.iter().zip(texts(row)).enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let quote = if at == 0 || at == 3 { "\"" } else { "" };
        let _ = write!(out, "{comma}\"{name}\":{quote}{text}{quote}");
    }
}

/// Appends a line for people: `name=value ..`, zeros left out.
pub(super) fn to_text(row: &Row, out: &mut String) {
    for (at, (name, text)) in COLUMNS.iter().zip(texts(row)).enumerate() {
        if at == 0 {
            out.push_str(&text);
        } else if !text.is_empty() && text != "0" {
            let _ = write!(out, " {name}={text}");
        }
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wallet::table::tests::{Random, address, row};

    #[test]
    fn rows_come_back_to_the_bit() {
        let mut random = Random(3);
        let csv = Csv::header(&COLUMNS.join(",")).unwrap();
        for number in 0..5000 {
            let mut one = row(address(number), &mut random);
            one.win_rate = one.confidence / 2;
            let mut line = String::new();
            to_csv(&one, &mut line);
            assert_eq!(csv.row(line.trim_end()), Ok(one), "{line}");
            line.clear();
            json_fields(&one, &mut line);
            assert_eq!(from_json(&format!("{{{line}}}")), Ok(one), "{line}");
            assert_eq!(from_bytes(&bytemuck::cast(one)), Ok(one));
        }
    }

    #[test]
    fn columns_may_be_left_out_and_stand_in_any_order() {
        let key = base58::Key(&address(1)).to_string();
        let csv = Csv::header("flags, address").unwrap();
        let row = csv.row(&format!("\"insider,copy\",{key}")).unwrap();
        assert_eq!((row.address, row.flags, row.confidence), (address(1), 5, 0));
        assert_eq!(csv.row(&format!(",{key}")).unwrap().flags, 0);
        for bad in ["colour,address", "flags", "address,address", ""] {
            assert!(Csv::header(bad).is_err(), "{bad}");
        }
        for (line, what) in [
            (format!("insider,{key},1"), "more fields"),
            ("insider".to_owned(), "fewer fields"),
            (format!("outsider,{key}"), "flags: \"outsider\""),
            ("copy,0OIl".to_owned(), "address: \"0OIl\""),
            (format!("\"copy,{key}"), "not closed"),
            (format!("\"copy\"x,{key}"), "behind a quote"),
        ] {
            assert!(csv.row(&line).unwrap_err().contains(what), "{line}");
        }
        let json = |fields: &str| from_json(&format!("{{\"address\":\"{key}\"{fields}}}"));
        assert_eq!(json(",\"confidence\":null").unwrap().confidence, 0);
        assert_eq!(json(",\"flags\":9").unwrap().flags, 9);
        assert!(json(",\"x\":1").is_err() && json(",\"confidence\":2").is_err());
        assert!(json(",\"confidence\":[1]").is_err() && from_json("{}").is_err());
        assert!(from_json("[1]").is_err() && from_json("{").is_err());
    }

    #[test]
    fn forms_are_told_by_how_a_file_begins() {
        assert_eq!(Form::of(b"PAR1\x15"), Form::Parquet);
        assert_eq!(Form::of(b" \n{\"address\""), Form::Jsonl);
        assert_eq!(Form::of(b"address,confidence\n"), Form::Csv);
        assert_eq!(Form::of(bytemuck::bytes_of(&Row::new([200; 32]))), Form::Rows);
    }
}
