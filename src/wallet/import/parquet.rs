//! Rows of a Parquet file: columns by the names of the CSV, of whatever type holds the value.

use crate::wallet::row::Row;
use crate::wallet::rows::{COLUMNS, set};
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;

/// The rows of a file, in order.
///
/// # Errors
/// What the file's reader says.
pub(super) fn rows(
    file: impl ChunkReader + 'static,
) -> Result<impl Iterator<Item = Result<Row, String>>, String> {
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    let names = reader.metadata().file_metadata().schema().get_fields().iter();
    let unknown = names.map(|field| field.name()).find(|name| !COLUMNS.contains(name));
    if let Some(name) = unknown {
        return Err(format!("there is a column {name:?}; columns are {}", COLUMNS.join(",")));
    }
    Ok(RowIter::from_file_into(Box::new(reader)).map(|row| {
        let row = row.map_err(|error| error.to_string())?;
        let mut made = Row::new([0; 32]);
        let mut has_address = false;
        for (name, field) in row.get_column_iter() {
            let column = COLUMNS.iter().position(|column| column == name).unwrap_or(0);
            has_address |= column == 0;
            if let Some(text) = text(field) {
                set(&mut made, column, &text)?;
            }
        }
        if has_address { Ok(made) } else { Err("there is no column address".to_owned()) }
    }))
}

/// A value as text; `None` where there is none.
fn text(field: &Field) -> Option<String> {
    Some(match field {
        Field::Null => return None,
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Float(number) => number.to_string(),
        Field::Double(number) => number.to_string(),
        Field::Byte(number) => number.to_string(),
        Field::Short(number) => number.to_string(),
        Field::Int(number) => number.to_string(),
        Field::Long(number) => number.to_string(),
        Field::UByte(number) => number.to_string(),
        Field::UShort(number) => number.to_string(),
        Field::UInt(number) => number.to_string(),
        Field::ULong(number) => number.to_string(),
        other => other.to_string(),
    })
}
