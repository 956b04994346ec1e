//! A value in a table, and the column it stands in: what the flat views (CSV, Parquet) are made of.
//!
//! Integers up to 64 bits keep their width and sign; whatever has no such form (128-bit integers,
//! keys, signatures, addresses, names) is text, exactly as CSV shows it. Nothing is rounded.

use std::fmt::{self, Display, Write};

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// True or false; 1 or 0 in CSV.
    Bool,
    /// An unsigned integer of 8, 16, 32 or 64 bits.
    Unsigned {
        /// Its width.
        bits: usize,
    },
    /// A signed integer of 32 or 64 bits.
    Signed {
        /// Its width.
        bits: usize,
    },
    /// Text.
    Text,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, alike in every view.
    pub name: String,
    /// What its cells hold.
    pub holds: Holds,
    /// Whether a cell may be absent.
    pub optional: bool,
}

/// A value in a table.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    /// No value.
    Absent,
    /// True or false.
    Bool(bool),
    /// An unsigned integer.
    Unsigned(u64),
    /// A signed integer.
    Signed(i64),
    /// Whatever shows itself as text.
    Text(&'a dyn Display),
}

impl Cell<'_> {
    /// Appends the value as CSV has it: quoted where it must be, empty when absent.
    pub fn csv(self, out: &mut String) {
        let _ = match self {
            Self::Absent => Ok(()),
            Self::Bool(value) => write!(out, "{}", u8::from(value)),
            Self::Unsigned(value) => write!(out, "{value}"),
            Self::Signed(value) => write!(out, "{value}"),
            Self::Text(value) => {
                let from = out.len();
                let written = write!(out, "{value}");
                let text = out.get(from..).unwrap_or_default();
                if text.contains([',', '"', '\n', '\r']) {
                    let quoted = text.replace('"', "\"\"");
                    out.truncate(from);
                    let _ = write!(out, "\"{quoted}\"");
                }
                written
            }
        };
    }

    /// Appends the value as JSON has it: integers as strings (readers round those above 2^53), null
    /// when absent.
    pub fn json(self, out: &mut String) {
        let _ = match self {
            Self::Absent => write!(out, "null"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Unsigned(value) => write!(out, "\"{value}\""),
            Self::Signed(value) => write!(out, "\"{value}\""),
            Self::Text(value) => write!(out, "\"{}\"", JsonText(&value.to_string())),
        };
    }
}

/// Text inside a JSON string: quotes, backslashes and control characters escaped.
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_escaped_where_it_must_be() {
        let of = |cell: Cell<'_>| {
            let (mut csv, mut json) = (String::from("a,"), String::new());
            cell.csv(&mut csv);
            cell.json(&mut json);
            (csv, json)
        };
        let is = |cell, csv: &str, json: &str| {
            assert_eq!(of(cell), (format!("a,{csv}"), json.to_owned()));
        };
        is(Cell::Absent, "", "null");
        is(Cell::Bool(true), "1", "true");
        is(Cell::Unsigned(u64::MAX), "18446744073709551615", "\"18446744073709551615\"");
        is(Cell::Signed(i64::MIN), "-9223372036854775808", "\"-9223372036854775808\"");
        is(Cell::Text(&"plain"), "plain", "\"plain\"");
        is(Cell::Text(&"a,\"b\"\n"), "\"a,\"\"b\"\"\n\"", "\"a,\\\"b\\\"\\u000a\"");
    }
}
