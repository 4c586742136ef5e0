use std::fs::File;

use parquet::basic::{LogicalType, Type as Physical};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Record};
use parquet::schema::types::Type;

use super::{GAVE_UP, damaged, names_of, rows_of, text, words};
use crate::formats::table::{Column, TableError, places_of};
use crate::guard::unless_it_panics;

const IMAGE: &[Column] =
    &[Column::required("image").or(&["file_name", "filename", "file", "name"])];
const LIST: Column = Column::optional("features").or(&["embedding", "embeddings"]);

/// The images of an open file, each with its numbers: those of a list column, or one of each column of floating-point
/// numbers. Whole numbers are no features: they are rather labels, or folds.
pub(in crate::formats) struct Vectors {
    rows: Option<RowIter<'static>>,
    /// Where in a record the image's name stands.
    image: usize,
    row: u64,
}

impl Vectors {
    /// Opens a file.
    pub(in crate::formats) fn open(file: File) -> Result<Vectors, TableError> {
        unless_it_panics(|| open(file)).unwrap_or_else(|| Err(damaged(0, GAVE_UP)))
    }

    /// The next image's name and numbers. After what cannot be read there is no more.
    pub(in crate::formats) fn next(&mut self) -> Option<Result<(String, Vec<f64>), TableError>> {
        let rows = self.rows.as_mut()?;
        self.row += 1;
        let image = self.image;
        let record = unless_it_panics(|| Some(rows.next()?.map(|record| vector(record, image))));
        let reason = match record {
            Some(None) => return None,
            Some(Some(Ok(Ok(vector)))) => return Some(Ok(vector)),
            Some(Some(Ok(Err(reason)))) => {
                self.rows = None;
                return Some(Err(TableError::Damaged {
                    row: Some(self.row),
                    reason,
                }));
            }
            Some(Some(Err(error))) => words(&error),
            None => GAVE_UP.to_owned(),
        };
        self.rows = None;
        Some(Err(damaged(self.row, &reason)))
    }
}

fn open(file: File) -> Result<Vectors, TableError> {
    let (rows, (read, image)) = rows_of(file, |fields| {
        let header = names_of(fields);
        let image = places_of(IMAGE, &header)?.into_iter().flatten().next();
        let image = image.unwrap_or_default();
        let numbers = match header.iter().position(|name| LIST.is(name)) {
            Some(list) => vec![list],
            None => {
                let floats = fields
                    .iter()
                    .enumerate()
                    .filter(|(_, field)| is_float(field));
                floats.map(|(place, _)| place).collect()
            }
        };
        if numbers.is_empty() {
            return Err(TableError::Column {
                name: LIST.name,
                found: header,
            });
        }
        let mut read = numbers;
        read.push(image);
        read.sort_unstable();
        read.dedup();
        Ok((read, image))
    })?;
    Ok(Vectors {
        rows: Some(rows),
        image: read
            .iter()
            .position(|place| *place == image)
            .unwrap_or_default(),
        row: 0,
    })
}

fn is_float(field: &Type) -> bool {
    if !field.is_primitive() {
        return false;
    }
    match field.get_physical_type() {
        Physical::FLOAT | Physical::DOUBLE => true,
        _ => field.get_basic_info().logical_type_ref() == Some(&LogicalType::Float16),
    }
}

/// The image at this place and the numbers at the others, or why there are none.
fn vector(record: Record, image: usize) -> Result<(String, Vec<f64>), String> {
    let mut name = None;
    let mut numbers = Vec::new();
    for (place, (column, field)) in record.into_columns().into_iter().enumerate() {
        if place == image {
            name = text(field);
            continue;
        }
        match &field {
            Field::ListInternal(list) => {
                for (at, element) in list.elements().iter().enumerate() {
                    let number = number(element);
                    numbers.push(number.ok_or_else(|| {
                        format!("column {column:?}, place {at}: {element} is no number")
                    })?);
                }
            }
            field => {
                let number = number(field);
                numbers.push(number.ok_or_else(|| {
                    format!("column {column:?}: {field} is no number and no list of numbers")
                })?);
            }
        }
    }
    let name = name.ok_or("the image has no name")?;
    Ok((name, numbers))
}

fn number(field: &Field) -> Option<f64> {
    match *field {
        Field::Float16(number) => Some(number.to_f64()),
        Field::Float(number) => Some(number.into()),
        Field::Double(number) => Some(number),
        Field::Byte(number) => Some(number.into()),
        Field::Short(number) => Some(number.into()),
        Field::Int(number) => Some(number.into()),
        Field::Long(number) => Some(number as f64),
        Field::UByte(number) => Some(number.into()),
        Field::UShort(number) => Some(number.into()),
        Field::UInt(number) => Some(number.into()),
        Field::ULong(number) => Some(number as f64),
        _ => None,
    }
}
