//! A computed table: rows that are no records, in every form a reader may want.
//!
//! A column is a name and a function from a row to its value, so that columns cannot differ in
//! length or type. Names and order are the same in text, CSV, JSON and Parquet. The whole table is
//! in memory: this is for summaries, not for streams.

use super::sheet::Sheet;
use super::{Common, Format, Frame, aligned};
use crate::error::{Error, Result};
use crate::record::{Cell, Column, Holds};
use std::fmt::Write as _;

/// A table over `rows`: columns in the order they were added.
pub struct Table<'a, T> {
    name: &'static str,
    rows: &'a [T],
    columns: Vec<(&'static str, Get<T>)>,
}

/// How a column gets its value from a row; `None` is absent.
enum Get<T> {
    Unsigned(fn(&T) -> Option<u64>),
    Signed(fn(&T) -> Option<i64>),
    Text(fn(&T) -> Option<String>),
}

impl<T> Get<T> {
    fn give<R>(&self, row: &T, put: impl FnOnce(Cell<'_>) -> R) -> R {
        let text;
        put(match self {
            Self::Unsigned(get) => get(row).map_or(Cell::Absent, Cell::Unsigned),
            Self::Signed(get) => get(row).map_or(Cell::Absent, Cell::Signed),
            Self::Text(get) => {
                text = get(row);
                text.as_ref().map_or(Cell::Absent, |text| Cell::Text(text))
            }
        })
    }
}

impl<'a, T> Table<'a, T> {
    /// A table named `name` (in Parquet's footer) without columns.
    pub fn new(name: &'static str, rows: &'a [T]) -> Self {
        Self { name, rows, columns: Vec::new() }
    }

    /// Adds a column of unsigned integers.
    #[must_use]
    pub fn unsigned(mut self, name: &'static str, get: fn(&T) -> Option<u64>) -> Self {
        self.columns.push((name, Get::Unsigned(get)));
        self
    }

    /// Adds a column of signed integers.
    #[must_use]
    pub fn signed(mut self, name: &'static str, get: fn(&T) -> Option<i64>) -> Self {
        self.columns.push((name, Get::Signed(get)));
        self
    }

    /// Adds a column of text.
    #[must_use]
    pub fn text(mut self, name: &'static str, get: fn(&T) -> Option<String>) -> Self {
        self.columns.push((name, Get::Text(get)));
        self
    }

    /// Writes the table where the common options say, in the form they say: `bin`, the default of
    /// tools, is text here.
    ///
    /// # Errors
    /// Status 2 on `--format pcap`, on Parquet to a terminal or in a build without it, and when a
    /// file exists; status 5 when the system refuses.
    pub fn write(&self, frame: &Frame) -> Result<()> {
        let text = match frame.common.format {
            Format::Bin | Format::Text => self.render_text(),
            Format::Csv => self.render_csv(),
            Format::Json => self.render_json(),
            Format::Parquet => return self.write_parquet(&frame.common),
            Format::Pcap => return Err(Error::usage("a table is no capture")),
        };
        frame.write_text(&text)
    }

    /// The table for people: a head and rows in columns, numbers to the right, `-` where absent.
    pub fn render_text(&self) -> String {
        let head = self.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let rows = self.rows.iter().map(|row| {
            let cells = self.columns.iter().map(|(_, get)| {
                get.give(row, |cell| match cell {
                    Cell::Absent => "-".to_owned(),
                    Cell::Text(text) => text.to_string(),
                    number => {
                        let mut text = String::new();
                        number.csv(&mut text);
                        text
                    }
                })
            });
            cells.collect::<Vec<_>>()
        });
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
        let text = |column| matches!(self.columns.get(column), Some((_, Get::Text(_))));
        aligned(&lines, |column| !text(column))
    }

    /// The table as CSV: a header, then a line a row; absent values are empty.
    pub fn render_csv(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|(name, _)| *name).collect();
        let mut out = names.join(",");
        out.push('\n');
        for row in self.rows {
            for (number, (_, get)) in self.columns.iter().enumerate() {
                out.push_str(if number == 0 { "" } else { "," });
                get.give(row, |cell| cell.csv(&mut out));
            }
            out.push('\n');
        }
        out
    }

    /// The table as one JSON object a line; integers as strings, absent values null.
    pub fn render_json(&self) -> String {
        let mut out = String::new();
        for row in self.rows {
            for (number, (name, get)) in self.columns.iter().enumerate() {
                let _ = write!(out, "{}\"{name}\":", if number == 0 { "{" } else { "," });
                get.give(row, |cell| cell.json(&mut out));
            }
            out.push_str("}\n");
        }
        out
    }

    fn write_parquet(&self, common: &Common) -> Result<()> {
        let columns = self.columns.iter().map(|(name, get)| {
            let holds = match get {
                Get::Unsigned(_) => Holds::Unsigned { bits: 64 },
                Get::Signed(_) => Holds::Signed { bits: 64 },
                Get::Text(_) => Holds::Text,
            };
            Column { name: (*name).to_owned(), holds, optional: true }
        });
        let notes = [("mev.table", self.name.to_owned())];
        let mut sheet = Sheet::open(common, self.name, &columns.collect::<Vec<_>>(), &notes)?;
        for row in self.rows {
            self.columns.iter().for_each(|(_, get)| get.give(row, |cell| sheet.cell(cell)));
            sheet.end_row()?;
        }
        sheet.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair {
        pool: &'static str,
        swaps: u64,
        net: Option<i64>,
    }

    const ROWS: [Pair; 2] = [
        Pair { pool: "a,b", swaps: u64::MAX, net: Some(-5) },
        Pair { pool: "long one", swaps: 7, net: None },
    ];

    fn table(rows: &[Pair]) -> Table<'_, Pair> {
        Table::new("pairs", rows)
            .text("pool", |row| Some(row.pool.to_owned()))
            .unsigned("swaps", |row| Some(row.swaps))
            .signed("net", |row| row.net)
    }

    #[test]
    fn a_table_is_the_same_in_every_form() {
        let table = table(&ROWS);
        assert_eq!(
            table.render_text(),
            "pool                     swaps  net\n\
             a,b       18446744073709551615   -5\n\
             long one                     7    -\n"
        );
        assert_eq!(
            table.render_csv(),
            "pool,swaps,net\n\"a,b\",18446744073709551615,-5\nlong one,7,\n"
        );
        let lines: Vec<serde_json::Value> =
            table.render_json().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let should = [
            serde_json::json!({"pool": "a,b", "swaps": "18446744073709551615", "net": "-5"}),
            serde_json::json!({"pool": "long one", "swaps": "7", "net": null}),
        ];
        assert_eq!(lines, should);
    }

    #[test]
    fn an_empty_table_is_its_head() {
        assert_eq!(table(&[]).render_text(), "pool  swaps  net\n");
        assert_eq!(table(&[]).render_csv(), "pool,swaps,net\n");
        assert_eq!(table(&[]).render_json(), "");
    }
}
