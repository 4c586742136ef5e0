//! Rows of a Parquet file as texts, like those of the other tables; and as vectors of numbers.

mod footer;
mod metadata;
mod pages;
mod thrift;
mod vectors;

use std::fs::File;

use parquet::basic::Encoding;
use parquet::column::page::Page;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Record};
use parquet::schema::types::{Type, TypePtr};

use super::table::{Column, Row, TableError, places_of};
use crate::guard::unless_it_panics;
use crate::text::printable;
use pages::{check_lengths, check_pages};

pub(crate) use footer::check_footer;
pub(super) use vectors::Vectors;

/// The records of an open file. After the first that cannot be read there are no more: the library stays where it is.
pub(super) struct Records {
    rows: Option<RowIter<'static>>,
    /// Where in a record the wanted columns stand.
    places: Vec<Option<usize>>,
    row: u64,
}

impl Records {
    /// Opens a file; only the wanted columns are read.
    pub(super) fn open(file: File, columns: &[Column]) -> Result<Records, TableError> {
        unless_it_panics(|| open(file, columns)).unwrap_or_else(|| Err(damaged(0, GAVE_UP)))
    }

    /// The next record's values.
    pub(super) fn next(&mut self) -> Option<Result<Row, TableError>> {
        let rows = self.rows.as_mut()?;
        self.row += 1;
        // The library panics on some damaged pages, and on times beyond its calendar (parquet 60.1).
        let values = unless_it_panics(|| Some(rows.next()?.map(texts)));
        let error = match values {
            Some(None) => return None,
            Some(Some(Ok(mut values))) => {
                let mut take = |place: usize| values.get_mut(place).and_then(Option::take);
                return Some(Ok(Row {
                    row: self.row,
                    values: self.places.iter().map(|place| take((*place)?)).collect(),
                }));
            }
            Some(Some(Err(error))) => damaged(self.row, &words(&error)),
            None => damaged(self.row, GAVE_UP),
        };
        self.rows = None;
        Some(Err(error))
    }
}

const GAVE_UP: &str = "its reader gave up";

fn open(file: File, columns: &[Column]) -> Result<Records, TableError> {
    let (rows, (read, wanted)) = rows_of(file, |fields| {
        let wanted = places_of(columns, &names_of(fields))?;
        let mut read: Vec<usize> = wanted.iter().flatten().copied().collect();
        read.sort_unstable();
        read.dedup();
        Ok((read, wanted))
    })?;
    let within = |place: usize| read.iter().position(|other| *other == place);
    Ok(Records {
        rows: Some(rows),
        places: wanted.into_iter().map(|place| within(place?)).collect(),
        row: 0,
    })
}

fn names_of(fields: &[TypePtr]) -> Vec<String> {
    fields.iter().map(|field| field.name().to_owned()).collect()
}

/// The rows of a file with the fields that `choose` wants, by their places, ascending; and what it says beside them.
fn rows_of<T>(
    file: File,
    choose: impl FnOnce(&[TypePtr]) -> Result<(Vec<usize>, T), TableError>,
) -> Result<(RowIter<'static>, (Vec<usize>, T)), TableError> {
    let whole = |error: &ParquetError| damaged(0, &words(error));
    let pages = file.try_clone()?;
    check_footer(&pages).map_err(|error| damaged(0, &format!("its footer: {error}")))?;
    let reader = SerializedFileReader::new(file).map_err(|error| whole(&error))?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let (read, more) = choose(schema.get_fields())?;
    check_columns(&pages, &reader, &read)?;
    let fields = schema.get_fields().iter().enumerate();
    let fields = fields.filter(|(place, _)| read.contains(place));
    let projection = Type::group_type_builder(schema.name())
        .with_fields(fields.map(|(_, field)| field.clone()).collect())
        .build()
        .map_err(|error| whole(&error))?;
    let rows = RowIter::from_file_into(Box::new(reader))
        .project(Some(projection))
        .map_err(|error| whole(&error))?;
    Ok((rows, (read, more)))
}

/// Looks at the pages of the columns that will be read, before they are.
fn check_columns(
    file: &File,
    reader: &SerializedFileReader<File>,
    read: &[usize],
) -> Result<(), TableError> {
    let fields = reader.metadata().file_metadata().schema().get_fields();
    let names: Vec<&str> = read
        .iter()
        .filter_map(|place| Some(fields.get(*place)?.name()))
        .collect();
    for (group, metadata) in reader.metadata().row_groups().iter().enumerate() {
        for (at, chunk) in metadata.columns().iter().enumerate() {
            // Of columns of one name the library reads the last, wherever it is told to look.
            let name = chunk.column_path().parts().first();
            if !name.is_some_and(|name| names.contains(&name.as_str())) {
                continue;
            }
            let refuse = |reason: &str| {
                let column = chunk.column_path().string();
                damaged(
                    0,
                    &format!("row group {group}, column {column:?}: {reason}"),
                )
            };
            let (start, length) = chunk.byte_range();
            let end = start
                .checked_add(length)
                .ok_or_else(|| refuse("it lies beyond the end"))?;
            if !check_pages(file, start..end).map_err(|reason| refuse(&reason))? {
                continue;
            }
            let pages = reader
                .get_row_group(group)
                .and_then(|group| group.get_column_page_reader(at));
            let has_levels = chunk.column_descr().max_def_level() > 0;
            for page in pages.map_err(|error| refuse(&words(&error)))? {
                let page = page.map_err(|error| refuse(&words(&error)))?;
                check_texts(&page, has_levels).map_err(|reason| refuse(&reason))?;
            }
        }
    }
    Ok(())
}

/// The lengths of a page's texts, where they stand in front of them.
fn check_texts(page: &Page, has_levels: bool) -> Result<(), String> {
    let has_prefixes = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => false,
        Encoding::DELTA_BYTE_ARRAY => true,
        _ => return Ok(()),
    };
    let levels = match page {
        Page::DataPageV2 {
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len),
        _ if has_levels => {
            let length = page.buffer().first_chunk().ok_or("it ends too early")?;
            u64::from(u32::from_le_bytes(*length)) + 4
        }
        _ => 0,
    };
    let levels = usize::try_from(levels).map_err(|error| error.to_string())?;
    let bytes = page.buffer().get(levels..).ok_or("it ends too early")?;
    check_lengths(bytes, u64::from(page.num_values()), has_prefixes)
}

fn texts(record: Record) -> Vec<Option<String>> {
    let columns = record.into_columns().into_iter();
    columns.map(|(_, field)| text(field)).collect()
}

fn text(field: Field) -> Option<String> {
    match field {
        Field::Null => None,
        Field::Str(text) => Some(text),
        Field::Bytes(bytes) => Some(String::from_utf8_lossy(bytes.data()).into_owned()),
        // The shortest text that gives the same number again, made wide first as a computer does it.
        Field::Float(number) => Some(f64::from(number).to_string()),
        Field::Double(number) => Some(number.to_string()),
        Field::Float16(number) => Some(number.to_f64().to_string()),
        Field::TimestampMillis(time) => Some(super::records::time_text(time)),
        Field::TimestampMicros(time) => Some(super::records::time_text(time / 1000)),
        other => Some(other.to_string()),
    }
}

fn words(error: &ParquetError) -> String {
    match error {
        ParquetError::General(reason) | ParquetError::EOF(reason) => reason.clone(),
        other => other.to_string(),
    }
}

/// Row 0 is the file as a whole.
fn damaged(row: u64, reason: &str) -> TableError {
    TableError::Damaged {
        row: (row > 0).then_some(row),
        // The library quotes names of the file.
        reason: format!("not readable as Parquet: {}", printable(reason)),
    }
}
