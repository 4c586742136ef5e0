use std::collections::HashMap;
use std::path::Path;

use super::names::ImageNames;
use super::rows::{BadRows, RowProblem, take_rows};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::ImageId;
use crate::formats::records::{FoldRecord, GroupRecord, KeptRecord, RecordError};
use crate::formats::table::{Column, Row};

/// The fold of each image that a table (image,fold) names.
pub fn read_folds(
    path: &Path,
    names: &ImageNames,
    context: &Context,
) -> Result<HashMap<ImageId, u32>, Failure> {
    let parse = |row: &Row| FoldRecord::from_row(row).map(|record| (record.image, record.fold));
    read_once(path, FoldRecord::COLUMNS, names, context, parse)
}

/// The group of each image that a table (image,group) names.
pub fn read_groups(
    path: &Path,
    names: &ImageNames,
    context: &Context,
) -> Result<HashMap<ImageId, String>, Failure> {
    let parse = |row: &Row| GroupRecord::from_row(row).map(|record| (record.image, record.group));
    read_once(path, GroupRecord::COLUMNS, names, context, parse)
}

/// Whether each image that a table (image,kept) names is kept, as `clean` writes it.
#[cfg_attr(
    not(feature = "train"),
    allow(dead_code, reason = "`train` alone reads what `clean` wrote")
)]
pub fn read_kept(
    path: &Path,
    names: &ImageNames,
    context: &Context,
) -> Result<HashMap<ImageId, bool>, Failure> {
    let parse = |row: &Row| KeptRecord::from_row(row).map(|record| (record.image, record.kept));
    read_once(path, KeptRecord::COLUMNS, names, context, parse)
}

/// A table that says one thing of each image.
fn read_once<T>(
    path: &Path,
    columns: &'static [Column],
    names: &ImageNames,
    context: &Context,
    parse: impl Fn(&Row) -> Result<(String, T), RecordError>,
) -> Result<HashMap<ImageId, T>, Failure> {
    let mut said = HashMap::new();
    take_rows(
        path,
        columns,
        BadRows::never(),
        context,
        parse,
        |(name, what)| {
            let image = names.find_known(&name, IMAGES_OF_PROJECT)?;
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

const IMAGES_OF_PROJECT: &str = "images of the project are wanted: `relabel import images DIR` or `relabel import labels FILE` first";
