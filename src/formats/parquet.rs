//! Rows of a Parquet file as texts, like those of the other tables.

use std::fs::File;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Record};
use parquet::schema::types::Type;

use super::table::{Column, Row, TableError, places_of};

/// Opens a file; only the wanted columns are read. The places are those within its records.
pub(super) fn open_parquet(
    file: File,
    columns: &[Column],
) -> Result<(RowIter<'static>, Vec<Option<usize>>), TableError> {
    let reader = SerializedFileReader::new(file).map_err(|error| broken(0, &error))?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let header: Vec<String> = schema
        .get_fields()
        .iter()
        .map(|field| field.name().to_owned())
        .collect();
    let wanted = places_of(columns, &header)?;
    let mut read: Vec<usize> = wanted.iter().flatten().copied().collect();
    read.sort_unstable();
    read.dedup();
    let fields = schema.get_fields().iter().enumerate();
    let fields = fields.filter(|(place, _)| read.contains(place));
    let projection = Type::group_type_builder(schema.name())
        .with_fields(fields.map(|(_, field)| field.clone()).collect())
        .build()
        .map_err(|error| broken(0, &error))?;
    let rows = RowIter::from_file_into(Box::new(reader))
        .project(Some(projection))
        .map_err(|error| broken(0, &error))?;
    let within = |place: usize| read.iter().position(|other| *other == place);
    let places = wanted.into_iter().map(|place| within(place?)).collect();
    Ok((rows, places))
}

/// The values of a record at these places.
pub(super) fn next_record(
    record: Result<Record, ParquetError>,
    places: &[Option<usize>],
    row: u64,
) -> Result<Row, TableError> {
    let record = record.map_err(|error| broken(row, &error))?;
    let mut values: Vec<Option<String>> = record
        .into_columns()
        .into_iter()
        .map(|(_, field)| text(field))
        .collect();
    let mut take = |place: usize| values.get_mut(place).and_then(Option::take);
    Ok(Row {
        row,
        values: places.iter().map(|place| take((*place)?)).collect(),
    })
}

fn text(field: Field) -> Option<String> {
    match field {
        Field::Null => None,
        Field::Str(text) => Some(text),
        Field::Bytes(bytes) => Some(String::from_utf8_lossy(bytes.data()).into_owned()),
        // The shortest text that gives the same number again.
        Field::Float(number) => Some(number.to_string()),
        Field::Double(number) => Some(number.to_string()),
        Field::Float16(number) => Some(number.to_f32().to_string()),
        Field::TimestampMillis(time) => Some(super::records::time_text(time)),
        Field::TimestampMicros(time) => Some(super::records::time_text(time / 1000)),
        other => Some(other.to_string()),
    }
}

/// Row 0 is the file as a whole.
fn broken(row: u64, error: &ParquetError) -> TableError {
    let reason = match error {
        ParquetError::General(reason) | ParquetError::EOF(reason) => reason.clone(),
        other => other.to_string(),
    };
    let reason = format!("not readable as Parquet: {reason}");
    match row {
        0 => TableError::Io(std::io::Error::other(reason)),
        _ => TableError::Row { row, reason },
    }
}
