//! Files of predictions, whatever their format: what `import predictions` checks is what `propose` reads.

mod opened;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

pub use opened::{Opened, arrays};

use super::context::{Context, shown};
use super::failure::Failure;
use super::import::{BadRows, ImageNames, find_class, take_rows};
use crate::domain::{Classes, ImageId};
use crate::formats::matrix::{Matrix, MatrixError};
use crate::formats::records::PredictionRecord;

/// Whether a file is a matrix; else it is a table of image, label and score.
pub fn is_matrix(path: &Path) -> bool {
    let is = |ending: &str| {
        path.extension()
            .is_some_and(|found| found.eq_ignore_ascii_case(ending))
    };
    is("npy") || is("npz")
}

/// Opens a matrix whose columns are the project's classes.
pub fn open_matrix(path: &Path, array: Option<&str>, classes: &Classes) -> Result<Matrix, Failure> {
    let matrix = Matrix::open(path, array).map_err(|error| refusal(path, &error))?;
    let (_, columns) = matrix.shape();
    let contiguous = classes
        .iter()
        .zip(0..)
        .all(|(class, index)| class.index.0 == index);
    if columns != classes.len() || !contiguous {
        return Err(Failure::input(format!(
            "cannot read {}: it has {columns} columns, the project {} classes{}",
            shown(path),
            classes.len(),
            if contiguous {
                ""
            } else {
                " with gaps between their indices"
            }
        ))
        .hint(
            "column n is the class of index n; a background class has to be left out of the file",
        ));
    }
    Ok(matrix)
}

/// The failure that a matrix gives.
pub fn refusal(path: &Path, error: &MatrixError) -> Failure {
    let failure = Failure::input(format!("cannot read {}: {error}", shown(path)));
    match error {
        MatrixError::FortranOrder => {
            failure.hint("write it anew: np.save(file, np.ascontiguousarray(predictions))")
        }
        MatrixError::Array { .. } => {
            failure.hint("name one with --array; with --fold-file, `fold-{}` names one a fold")
        }
        MatrixError::Type(_) => {
            failure.hint("write it anew: np.save(file, predictions.astype(np.float32))")
        }
        MatrixError::Format(_) => failure.hint(
            "a matrix is .npy or .npz; a table of image,label,score is .csv, .jsonl or .parquet",
        ),
        _ => failure,
    }
}

/// What a table predicts of one image: classes ascending, with their values.
#[derive(Debug)]
pub struct SparseRow {
    /// The image.
    pub image: ImageId,
    /// Class indices.
    pub classes: Vec<u32>,
    /// Their values.
    pub values: Vec<f64>,
}

/// Reads a table of image, label and score; images in the order of their keys. Where the table says of a row without which
/// fold the model was trained, and `folds` names the image's own, only rows of that fold count.
pub fn read_table(
    path: &Path,
    names: &ImageNames,
    classes: &Classes,
    folds: Option<&HashMap<ImageId, u32>>,
    context: &Context,
) -> Result<Vec<SparseRow>, Failure> {
    let mut by_image: HashMap<ImageId, Vec<(u32, f64)>> = HashMap::new();
    take_rows(
        path,
        PredictionRecord::COLUMNS,
        BadRows::never(),
        context,
        PredictionRecord::from_row,
        |record| {
            let class = find_class(classes, &record.label.label)?.index;
            let name = &record.label.image;
            let image = names.find_known(name, IMAGES_FIRST)?;
            let own_fold = folds.and_then(|folds| folds.get(&image));
            if folds.is_some() && record.fold.is_some() && record.fold.as_ref() != own_fold {
                return Ok(());
            }
            by_image
                .entry(image)
                .or_default()
                .push((class.0, record.score));
            Ok(())
        },
    )?;
    let mut rows: Vec<(ImageId, Vec<(u32, f64)>)> = by_image.into_iter().collect();
    rows.sort_unstable_by_key(|(image, _)| *image);
    rows.into_iter()
        .map(|(image, mut values)| {
            values.sort_by_key(|(class, _)| *class);
            if let Some(pair) = values
                .windows(2)
                .find(|pair| pair.first().map(|v| v.0) == pair.last().map(|v| v.0))
            {
                let class = pair.first().map_or(0, |value| value.0);
                let failure = Failure::input(format!(
                    "cannot import {}: class {class} of an image stands there twice ({})",
                    shown(path),
                    names.name_of(image).unwrap_or_default()
                ));
                return Err(match folds {
                    Some(_) => failure,
                    None => failure.hint("where a column `fold` tells them apart, say with --fold-file which fold is each image's own"),
                });
            }
            let (classes, values) = values.into_iter().unzip();
            Ok(SparseRow {
                image,
                classes,
                values,
            })
        })
        .collect()
}

/// What to do about an image that the project does not have.
pub const IMAGES_FIRST: &str = "predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first";

/// Bytes and SHA-256 of a file.
pub fn digest(path: &Path) -> std::io::Result<(u64, [u8; 32])> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok((size, hash.finalize().into())),
            Ok(read) => {
                hash.update(buffer.get(..read).unwrap_or_default());
                size += read as u64;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
