//! Features of images, such as a network's embeddings: npy, an array of an npz, or Parquet. All of them are held in memory.

use std::collections::TryReserveError;
use std::fs::File;
use std::io;
use std::path::Path;

use super::matrix::{Matrix, MatrixError, Rows};
use super::parquet::Vectors;
use super::table::TableError;

/// Features, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureTable {
    /// Numbers a row, at least 1.
    pub columns: usize,
    /// All numbers, finite: [images, columns].
    pub values: Vec<f32>,
    /// The name of each row's image; an array has none.
    pub images: Option<Vec<String>>,
}

/// Why a file holds no features.
#[derive(Debug, thiserror::Error)]
pub enum FeaturesError {
    /// The ending names no format of features.
    #[error("unknown format {0:?}: expected .npy, .npz or .parquet")]
    Format(String),
    /// The array has fewer than two dimensions, nothing in it, or more than is read.
    #[error("the shape is {0:?}; expected [images, features]")]
    Shape(Vec<u64>),
    /// There are more numbers than are read.
    #[error("{0} numbers are too many: up to {MOST_VALUES} are read")]
    TooMany(u64),
    /// The machine has no room for so many.
    #[error("no memory for so many features")]
    Memory(#[from] TryReserveError),
    /// A number of double precision is too large.
    #[error("row {row}, column {column}: {value} does not fit into single precision")]
    TooLarge {
        /// Row from 0.
        row: usize,
        /// Column from 0.
        column: usize,
        /// The value.
        value: f64,
    },
    /// The array cannot be read.
    #[error("{0}")]
    Matrix(MatrixError),
    /// The Parquet file cannot be read.
    #[error("{0}")]
    Table(#[from] TableError),
    /// The file cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
}

impl From<MatrixError> for FeaturesError {
    fn from(error: MatrixError) -> FeaturesError {
        match error {
            MatrixError::Shape(shape) => FeaturesError::Shape(shape),
            MatrixError::Format(ending) => FeaturesError::Format(ending),
            error => FeaturesError::Matrix(error),
        }
    }
}

/// 16 GB of them; a small archive may claim to unpack to any number.
const MOST_VALUES: u64 = 1 << 32;

/// Reads a file; of an npz with several arrays, `array` names one. `look` hears how many rows there are so far, and can end it.
///
/// # Errors
/// The file holds no features, a number is not finite, or what `look` says.
pub fn read_features<E: From<FeaturesError>>(
    path: &Path,
    array: Option<&str>,
    mut look: impl FnMut(usize) -> Result<(), E>,
) -> Result<FeatureTable, E> {
    let ending = path.extension().map(|ending| ending.to_ascii_lowercase());
    if ending.is_some_and(|ending| ending == "parquet") {
        return read_vectors(path, &mut look);
    }
    read_array(path, array, &mut look)
}

fn read_array<E: From<FeaturesError>>(
    path: &Path,
    array: Option<&str>,
    look: &mut impl FnMut(usize) -> Result<(), E>,
) -> Result<FeatureTable, E> {
    let matrix = Matrix::open_flat(path, array).map_err(FeaturesError::from)?;
    let (rows, columns) = matrix.shape();
    let count = rows as u64 * columns as u64;
    if count > MOST_VALUES {
        return Err(FeaturesError::TooMany(count).into());
    }
    let mut values: Vec<f32> = Vec::new();
    let read = matrix.each_block(|block| -> Result<(), Stop<E>> {
        let parts = block.look(|first, rows| singles(first, columns, rows))?;
        for part in parts {
            let part = part?;
            values
                .try_reserve(part.len())
                .map_err(FeaturesError::from)?;
            values.extend(part);
        }
        look(values.len() / columns).map_err(Stop)
    });
    read.map_err(|stop| stop.0)?;
    Ok(FeatureTable {
        columns,
        values,
        images: None,
    })
}

/// What ends the reading, whoever wants it.
struct Stop<E>(E);

impl<E: From<FeaturesError>> From<MatrixError> for Stop<E> {
    fn from(error: MatrixError) -> Stop<E> {
        Stop(FeaturesError::from(error).into())
    }
}

impl<E: From<FeaturesError>> From<FeaturesError> for Stop<E> {
    fn from(error: FeaturesError) -> Stop<E> {
        Stop(error.into())
    }
}

fn singles(first: usize, columns: usize, rows: Rows<'_>) -> Result<Vec<f32>, FeaturesError> {
    match rows {
        Rows::F32(values) => Ok(values.to_vec()),
        Rows::F64(values) => values
            .iter()
            .enumerate()
            .map(|(place, &value)| {
                single(value).ok_or(FeaturesError::TooLarge {
                    row: first + place / columns,
                    column: place % columns,
                    value,
                })
            })
            .collect(),
    }
}

/// A finite number in single precision, if it is finite there too.
fn single(value: f64) -> Option<f32> {
    Some(value as f32).filter(|value| value.is_finite())
}

fn read_vectors<E: From<FeaturesError>>(
    path: &Path,
    look: &mut impl FnMut(usize) -> Result<(), E>,
) -> Result<FeatureTable, E> {
    let open = || -> Result<Vectors, FeaturesError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file").into());
        }
        Ok(Vectors::open(File::open(path)?)?)
    };
    let mut vectors = open()?;
    let mut images = Vec::new();
    let mut values: Vec<f32> = Vec::new();
    let mut columns = 0;
    while let Some(row) = vectors.next() {
        let (image, row) = row.map_err(FeaturesError::from)?;
        if images.is_empty() {
            columns = row.len();
        }
        let refuse = |reason: String| {
            FeaturesError::Table(TableError::Damaged {
                row: Some(images.len() as u64 + 1),
                reason,
            })
        };
        if row.is_empty() || row.len() != columns {
            let expected = match images.len() {
                0 => "at least one".to_owned(),
                _ => format!("{columns} as in the first row"),
            };
            return Err(refuse(format!("{} features; expected {expected}", row.len())).into());
        }
        let count = (images.len() as u64 + 1) * columns as u64;
        if count > MOST_VALUES {
            return Err(FeaturesError::TooMany(count).into());
        }
        values.try_reserve(columns).map_err(FeaturesError::from)?;
        for (column, value) in row.into_iter().enumerate() {
            let value = single(value)
                .ok_or_else(|| refuse(format!("feature {column}: {value} is no finite number")))?;
            values.push(value);
        }
        images.push(image);
        look(images.len())?;
    }
    if images.is_empty() {
        return Err(FeaturesError::Shape(vec![0, 0]).into());
    }
    Ok(FeatureTable {
        columns,
        values,
        images: Some(images),
    })
}
