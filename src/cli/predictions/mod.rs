//! Files of predictions, whatever their format: what `import predictions` checks is what `propose` reads.

mod identity;
mod opened;
#[cfg(feature = "datafusion")]
pub mod plans;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "datafusion")]
pub use opened::kind_of;
pub use opened::{Opened, arrays};

use super::context::{Context, shown};
use super::failure::Failure;
use super::import::{BadRows, ImageNames, RowProblem, find_class, take_rows};
use crate::domain::{Classes, ImageId};
use crate::formats::matrix::{Matrix, MatrixError};
use crate::formats::records::PredictionRecord;

pub use identity::{Identity, digest, is_as_imported};

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

/// What a table says of one image.
struct Named {
    name: String,
    /// Classes and values.
    values: Vec<(u32, f64)>,
}

/// Reads a table of image, label and score; images in the order of their names as they stand there, by bytes, which no project is needed to know.
/// Where the table says of a row without which fold the model was trained, and `folds` names the image's own, only rows of that fold count.
pub fn read_table(
    path: &Path,
    names: &ImageNames,
    classes: &Classes,
    folds: Option<&HashMap<ImageId, u32>>,
    context: &Context,
) -> Result<Vec<SparseRow>, Failure> {
    let mut by_image: HashMap<ImageId, Named> = HashMap::new();
    take_rows(
        path,
        PredictionRecord::COLUMNS,
        BadRows::never(),
        context,
        PredictionRecord::from_row,
        |record| {
            let class = find_class(classes, &record.label.label)?.index;
            let name = record.label.image;
            let image = names.find_known(&name, IMAGES_FIRST)?;
            let own_fold = folds.and_then(|folds| folds.get(&image));
            if folds.is_some() && record.fold.is_some() && record.fold.as_ref() != own_fold {
                return Ok(());
            }
            let named = by_image.entry(image).or_insert_with(|| Named {
                name: name.clone(),
                values: Vec::new(),
            });
            if named.name != name {
                return Err(two_names(&name, &named.name));
            }
            // -0 is 0.
            named.values.push((class.0, record.score + 0.0));
            Ok(())
        },
    )?;
    let mut rows: Vec<(ImageId, Named)> = by_image.into_iter().collect();
    rows.sort_unstable_by(|(_, one), (_, other)| one.name.cmp(&other.name));
    let row = |(image, Named { name, mut values }): (ImageId, Named)| {
        values.sort_by_key(|(class, _)| *class);
        let mut pairs = values.iter().zip(values.iter().skip(1));
        if let Some(((class, _), _)) = pairs.find(|(one, other)| one.0 == other.0) {
            let failure = Failure::input(format!(
                "cannot import {}: class {class} of an image stands there twice ({name})",
                shown(path),
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
    };
    rows.into_iter().map(row).collect()
}

/// What is wrong where one image goes by two names.
fn two_names(name: &str, other: &str) -> RowProblem {
    // The same words, whichever was read first.
    let (name, other) = (name.max(other), name.min(other));
    RowProblem::bad(format!("image {name:?} is also called {other:?}"))
        .hint("name each image in one way throughout")
}

/// What to do about an image that the project does not have.
pub const IMAGES_FIRST: &str = "predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first";

/// The files that predictions lie in: one, or those of a folder.
#[cfg(feature = "datafusion")]
fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    crate::scale::files_of(path).map_err(io::Error::other)
}

/// The file that predictions lie in; a folder of them is for plans.
#[cfg(not(feature = "datafusion"))]
fn files_of(path: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(vec![path.to_owned()])
}
