use std::collections::HashMap;
use std::path::Path;

use super::names::ImageNames;
use super::rows::{BadRows, RowProblem, take_rows};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::ImageId;
use crate::formats::records::RecordError;
use crate::formats::table::{Column, Row};

/// The fold of each image that a table (image,fold) names.
pub fn read_folds(
    path: &Path,
    names: &ImageNames,
    context: &Context,
) -> Result<HashMap<ImageId, u32>, Failure> {
    const COLUMNS: &[Column] = &[Column::required("image"), Column::required("fold")];
    read_once(path, COLUMNS, names, context, |row| {
        row.text(1).trim().parse().map_err(|_| RecordError {
            column: "fold",
            reason: format!("{:?} is no fold", row.text(1)),
        })
    })
}

/// Whether each image that a table (image,kept) names is kept, as `clean` writes it.
pub fn read_kept(
    path: &Path,
    names: &ImageNames,
    context: &Context,
) -> Result<HashMap<ImageId, bool>, Failure> {
    const COLUMNS: &[Column] = &[Column::required("image"), Column::required("kept")];
    read_once(path, COLUMNS, names, context, |row| match row.text(1) {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        text => Err(RecordError {
            column: "kept",
            reason: format!("{text:?} is neither 1 (kept) nor 0 (dropped)"),
        }),
    })
}

fn read_once<T>(
    path: &Path,
    columns: &'static [Column],
    names: &ImageNames,
    context: &Context,
    parse: impl Fn(&Row) -> Result<T, RecordError>,
) -> Result<HashMap<ImageId, T>, Failure> {
    let mut said = HashMap::new();
    take_rows(
        path,
        columns,
        BadRows::never(),
        context,
        |row| Ok((row.text(0).to_owned(), parse(row)?)),
        |(name, what)| {
            let image = names.find_known(&name, "images of the project are wanted")?;
            match said.insert(image, what) {
                None => Ok(()),
                Some(_) => Err(RowProblem::bad(format!(
                    "image {name:?} stands there twice"
                ))),
            }
        },
    )?;
    Ok(said)
}
