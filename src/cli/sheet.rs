//! A Parquet file: typed columns by name, rows in groups, the list of groups at the end.
//!
//! ```text
//! PAR1  group: column chunk ..   group ..   footer: columns, groups, notes  PAR1
//! ```
//!
//! A row is held until its group is whole: 65,536 rows or 32 MiB of text. Nothing can be read of a
//! file without its footer, so a run that ends in an error leaves nothing that looks finished. Text
//! is dictionary-encoded where values repeat; pages are compressed with Snappy, which every reader
//! knows. Writes only; knows no record. Without the feature `parquet` nothing is written and
//! [`Sheet::open`] says so.

use super::Common;
use crate::error::{Error, Result};
use crate::record::{Cell, Column};

#[cfg(feature = "parquet")]
pub(super) use with_parquet::Sheet;

/// A Parquet file, of which a build without the feature has none.
#[cfg(not(feature = "parquet"))]
pub(super) enum Sheet {}

#[cfg(not(feature = "parquet"))]
impl Sheet {
    /// # Errors
    /// Status 2: this build writes no Parquet.
    pub(super) fn open(_: &Common, _: &str, _: &[Column], _: &[(&str, String)]) -> Result<Self> {
        Err(Error::usage("built without the parquet feature")
            .hint("build with `--features parquet`, or use --format csv"))
    }

    pub(super) fn cell(&mut self, _: Cell<'_>) {
        match *self {}
    }

    pub(super) fn end_row(&mut self) -> Result<()> {
        match *self {}
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {}
    }
}

#[cfg(feature = "parquet")]
mod with_parquet {
    use super::super::Target;
    use super::{Cell, Column, Common, Error, Result};
    use crate::record::Holds;
    use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
    use parquet::data_type::{BoolType, ByteArray, ByteArrayType, Int32Type, Int64Type};
    use parquet::errors::ParquetError;
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
    use parquet::schema::types::{Type, TypePtr};
    use std::io::Write;
    use std::sync::Arc;

    const GROUP_ROWS: usize = 64 << 10;
    const GROUP_TEXT_LEN: usize = 32 << 20;

    /// A Parquet file that is being written.
    pub(in super::super) struct Sheet<W: Write + Send = Target> {
        to: SerializedFileWriter<W>,
        columns: Vec<Chunk>,
        /// Cells of the row that is being filled.
        filled: usize,
        /// Whether a cell of this row did not fit its column.
        misfit: bool,
        rows: usize,
        text_len: usize,
        group_rows: usize,
    }

    /// What a group holds of one column so far.
    struct Chunk {
        optional: bool,
        values: Values,
        /// One a row: 1 where there is a value. Empty for a column that always has one.
        present: Vec<i16>,
    }

    /// The values, in the types that Parquet stores.
    enum Values {
        Bool(Vec<bool>),
        Narrow(Vec<i32>),
        Wide(Vec<i64>),
        Text { bytes: Vec<u8>, ends: Vec<usize> },
    }

    impl Sheet {
        /// Opens what `common` asks for. `notes` stand in the footer, by name.
        ///
        /// # Errors
        /// Those of [`Target::open`].
        pub(in super::super) fn open(
            common: &Common,
            name: &str,
            columns: &[Column],
            notes: &[(&str, String)],
        ) -> Result<Self> {
            Self::new(Target::open(common)?, name, columns, notes, GROUP_ROWS)
        }

        /// Writes the last group and the footer, and puts a file in its place.
        ///
        /// # Errors
        /// Status 5 when the system refuses, quiet when the reader is gone.
        pub(in super::super) fn finish(mut self) -> Result<()> {
            self.close()?;
            self.to.inner_mut().finish()
        }
    }

    impl<W: Write + Send> Sheet<W> {
        pub(super) fn new(
            to: W,
            name: &str,
            columns: &[Column],
            notes: &[(&str, String)],
            group_rows: usize,
        ) -> Result<Self> {
            let fields = columns.iter().map(field).collect::<std::result::Result<Vec<_>, _>>();
            let schema = fields.and_then(|fields| {
                Type::group_type_builder(name).with_fields(fields).build().map(Arc::new)
            });
            let notes = notes
                .iter()
                .map(|(name, value)| KeyValue::new((*name).to_owned(), Some(value.clone())));
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_key_value_metadata(Some(notes.collect()))
                .build();
            let to = schema
                .and_then(|schema| SerializedFileWriter::new(to, schema, Arc::new(properties)))
                .map_err(refused)?;
            let columns = columns.iter().map(Chunk::new).collect();
            let (filled, misfit, rows, text_len) = (0, false, 0, 0);
            Ok(Self { to, columns, filled, misfit, rows, text_len, group_rows })
        }

        /// Fills the next cell of the row.
        pub(in super::super) fn cell(&mut self, cell: Cell<'_>) {
            let fits = self.columns.get_mut(self.filled).and_then(|column| column.put(cell));
            self.misfit |= fits.is_none();
            self.text_len += fits.unwrap_or(0);
            self.filled += 1;
        }

        /// Ends the row, and with it the group when it is whole.
        ///
        /// # Errors
        /// Status 4 when a cell did not fit its column; status 5 when the system refuses, quiet
        /// when the reader is gone.
        pub(in super::super) fn end_row(&mut self) -> Result<()> {
            if self.misfit || self.filled != self.columns.len() {
                return Err(Error::damaged("a row does not fit its columns"));
            }
            self.filled = 0;
            self.rows += 1;
            let whole = self.rows >= self.group_rows || self.text_len >= GROUP_TEXT_LEN;
            if whole { self.end_group().map_err(refused) } else { Ok(()) }
        }

        fn end_group(&mut self) -> std::result::Result<(), ParquetError> {
            let mut group = self.to.next_row_group()?;
            for column in &mut self.columns {
                let next = group.next_column()?;
                let mut to = next.ok_or_else(|| ParquetError::General("no column".into()))?;
                column.write(&mut to)?;
                to.close()?;
            }
            group.close()?;
            (self.rows, self.text_len) = (0, 0);
            Ok(())
        }

        pub(super) fn close(&mut self) -> Result<()> {
            if self.rows > 0 {
                self.end_group().map_err(refused)?;
            }
            self.to.finish().map(drop).map_err(refused)
        }

        #[cfg(test)]
        pub(super) fn to(&mut self) -> &mut W {
            self.to.inner_mut()
        }
    }

    /// A column as Parquet describes it. Unsigned integers are stored in the signed type of their
    /// width, or of 32 bits, and marked (parquet-format 2.11, LogicalTypes.md, "Unsigned Integers").
    fn field(column: &Column) -> std::result::Result<TypePtr, ParquetError> {
        let integer = |bits: usize, signed| {
            let physical = if bits == 64 { Physical::INT64 } else { Physical::INT32 };
            let bits = i8::try_from(bits).unwrap_or(64);
            (physical, Some(LogicalType::integer(bits, signed)))
        };
        let (physical, logical) = match column.holds {
            Holds::Bool => (Physical::BOOLEAN, None),
            Holds::Unsigned { bits } => integer(bits, false),
            Holds::Signed { bits } => integer(bits, true),
            Holds::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let repetition = if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
        Type::primitive_type_builder(&column.name, physical)
            .with_logical_type(logical)
            .with_repetition(repetition)
            .build()
            .map(Arc::new)
    }

    impl Chunk {
        fn new(column: &Column) -> Self {
            let values = match column.holds {
                Holds::Bool => Values::Bool(Vec::new()),
                Holds::Unsigned { bits: 64 } | Holds::Signed { bits: 64 } => {
                    Values::Wide(Vec::new())
                }
                Holds::Unsigned { .. } | Holds::Signed { .. } => Values::Narrow(Vec::new()),
                Holds::Text => Values::Text { bytes: Vec::new(), ends: Vec::new() },
            };
            Self { optional: column.optional, values, present: Vec::new() }
        }

        /// Takes a cell and gives the length of its text; `None` when it does not fit.
        fn put(&mut self, cell: Cell<'_>) -> Option<usize> {
            if self.optional {
                self.present.push(i16::from(!matches!(cell, Cell::Absent)));
            }
            match (&mut self.values, cell) {
                (_, Cell::Absent) => return self.optional.then_some(0),
                (Values::Bool(values), Cell::Bool(value)) => values.push(value),
                // The bits of an unsigned value, in the signed type that stores them.
                (Values::Narrow(values), Cell::Unsigned(value)) => {
                    values.push(u32::try_from(value).ok()?.cast_signed());
                }
                (Values::Narrow(values), Cell::Signed(value)) => {
                    values.push(i32::try_from(value).ok()?);
                }
                (Values::Wide(values), Cell::Unsigned(value)) => values.push(value.cast_signed()),
                (Values::Wide(values), Cell::Signed(value)) => values.push(value),
                (Values::Text { bytes, ends }, Cell::Text(value)) => {
                    let from = bytes.len();
                    write!(bytes, "{value}").ok()?;
                    ends.push(bytes.len());
                    return Some(bytes.len() - from);
                }
                _ => return None,
            }
            Some(0)
        }

        /// Writes the values as one column chunk and forgets them.
        fn write(
            &mut self,
            to: &mut SerializedColumnWriter<'_>,
        ) -> std::result::Result<(), ParquetError> {
            let present = self.optional.then_some(self.present.as_slice());
            match &mut self.values {
                Values::Bool(values) => {
                    to.typed::<BoolType>().write_batch(values, present, None)?;
                    values.clear();
                }
                Values::Narrow(values) => {
                    to.typed::<Int32Type>().write_batch(values, present, None)?;
                    values.clear();
                }
                Values::Wide(values) => {
                    to.typed::<Int64Type>().write_batch(values, present, None)?;
                    values.clear();
                }
                Values::Text { bytes, ends } => {
                    let all = ByteArray::from(std::mem::take(bytes));
                    let mut from = 0;
                    let slices = ends.drain(..).map(|end| {
                        let slice = all.slice(from, end - from);
                        from = end;
                        slice
                    });
                    let values: Vec<_> = slices.collect();
                    to.typed::<ByteArrayType>().write_batch(&values, present, None)?;
                }
            }
            self.present.clear();
            Ok(())
        }
    }

    /// The system's own error where there is one: a reader that went away ends a tool quietly.
    fn refused(error: ParquetError) -> Error {
        let error = match error {
            ParquetError::External(inner) => {
                inner.downcast::<std::io::Error>().map_or_else(std::io::Error::other, |e| *e)
            }
            other => std::io::Error::other(other),
        };
        Error::os("cannot write", &error)
    }
}

#[cfg(all(test, feature = "parquet"))]
mod tests {
    use super::*;
    use crate::record::Holds;
    use parquet::file::metadata::RowGroupMetaData;
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    fn column(name: &str, holds: Holds, optional: bool) -> Column {
        Column { name: name.to_owned(), holds, optional }
    }

    fn number() -> [Column; 1] {
        [column("n", Holds::Unsigned { bits: 8 }, false)]
    }

    #[test]
    fn groups_are_bounded_and_every_width_keeps_its_extremes() {
        let columns = [
            column("small", Holds::Unsigned { bits: 8 }, false),
            column("narrow", Holds::Unsigned { bits: 32 }, false),
            column("wide", Holds::Unsigned { bits: 64 }, true),
            column("signed", Holds::Signed { bits: 32 }, false),
            column("long", Holds::Signed { bits: 64 }, false),
            column("flag", Holds::Bool, false),
            column("text", Holds::Text, true),
        ];
        let notes = [("mev.kind", "test".to_owned())];
        let mut sheet = Sheet::new(Vec::new(), "test", &columns, &notes, 2).unwrap();
        for row in 0..5 {
            let odd = row % 2 == 1;
            sheet.cell(Cell::Unsigned(255));
            sheet.cell(Cell::Unsigned(u64::from(u32::MAX)));
            sheet.cell(if odd { Cell::Absent } else { Cell::Unsigned(u64::MAX) });
            sheet.cell(Cell::Signed(i64::from(i32::MIN)));
            sheet.cell(Cell::Signed(i64::MIN));
            sheet.cell(Cell::Bool(odd));
            sheet.cell(if odd { Cell::Text(&row) } else { Cell::Absent });
            sheet.end_row().unwrap();
        }
        sheet.close().unwrap();
        let bytes = std::mem::take(sheet.to());
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        let groups = reader.metadata().row_groups();
        assert_eq!(groups.iter().map(RowGroupMetaData::num_rows).collect::<Vec<_>>(), [2, 2, 1]);
        let notes = reader.metadata().file_metadata().key_value_metadata().unwrap();
        assert!(notes.iter().any(|note| note.value.as_deref() == Some("test")));
        for (row, values) in reader.get_row_iter(None).unwrap().enumerate() {
            let values: Vec<_> =
                values.unwrap().get_column_iter().map(|(_, field)| field.clone()).collect();
            let odd = row % 2 == 1;
            let wide = if odd { Field::Null } else { Field::ULong(u64::MAX) };
            let text = if odd { Field::Str(row.to_string()) } else { Field::Null };
            assert_eq!(
                values,
                [
                    Field::UByte(255),
                    Field::UInt(u32::MAX),
                    wide,
                    Field::Int(i32::MIN),
                    Field::Long(i64::MIN),
                    Field::Bool(odd),
                    text,
                ]
            );
        }
    }

    #[test]
    fn a_cell_that_does_not_fit_is_refused() {
        for cell in [Cell::Absent, Cell::Bool(true), Cell::Text(&"x"), Cell::Unsigned(1 << 40)] {
            let mut sheet = Sheet::new(Vec::new(), "test", &number(), &[], 2).unwrap();
            sheet.cell(cell);
            assert_eq!(sheet.end_row().unwrap_err().exit(), crate::error::Exit::Damaged);
        }
        let mut sheet = Sheet::new(Vec::new(), "test", &number(), &[], 2).unwrap();
        assert!(sheet.end_row().is_err(), "a row without its cell");
    }

    #[test]
    fn a_reader_that_went_away_is_a_quiet_end() {
        struct Gone;
        impl std::io::Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut sheet = Sheet::new(Gone, "test", &number(), &[], 2).unwrap();
        assert!(sheet.close().unwrap_err().is_broken_pipe());
    }
}

#[cfg(all(test, not(feature = "parquet")))]
mod tests {
    use super::*;
    use clap::{Args, Command, FromArgMatches};

    #[test]
    fn a_build_without_parquet_says_so() {
        let matches = Common::augment_args(Command::new("x")).get_matches_from(["x"]);
        let common = Common::from_arg_matches(&matches).unwrap();
        let error = Sheet::open(&common, "x", &[], &[]).err().unwrap();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        assert!(error.to_string().contains("parquet"));
        assert!(error.advice().unwrap().contains("--features parquet"));
    }
}
