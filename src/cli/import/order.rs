use std::collections::HashMap;
use std::path::Path;

use super::names::ImageNames;
use super::rows::{BadRows, RowProblem, take_rows};
use super::unknown::UnknownImages;
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::input::read_small;
use crate::cli::table::thousands;
use crate::domain::ImageId;
use crate::formats::table::{Column, Row};
use crate::formats::whole::MOST_OF_ORDER;
use crate::store::Store;

/// A file's ending, in small letters.
pub fn ending(file: &Path) -> String {
    let ending = file.extension().unwrap_or_default();
    ending.to_string_lossy().to_lowercase()
}

/// Which image each row of an array is.
#[derive(Debug, Clone, Copy)]
pub struct RowOrder<'a> {
    /// A text file with a name a line, or a table with a column `image`; none: all images of the project in the order of
    /// their names.
    pub file: Option<&'a Path>,
    /// The option that names it.
    pub option: &'static str,
    /// What to do about an image that the project does not have.
    pub images_first: &'static str,
}

impl RowOrder<'_> {
    /// The image of each row.
    pub fn read(
        &self,
        store: &Store,
        names: &ImageNames,
        context: &Context,
    ) -> Result<Vec<ImageId>, Failure> {
        match self.file {
            Some(order) => read_order(order, self.images_first, names, context),
            None => Ok(store.images()?.into_iter().map(|image| image.id).collect()),
        }
    }

    /// Whether an array in `file` has as many rows as there are images.
    pub fn check(&self, file: &Path, rows: usize, images: usize) -> Result<(), Failure> {
        if images == rows {
            return Ok(());
        }
        let order = match self.file {
            Some(order) => format!("{} names {}", shown(order), thousands(images)),
            None => format!("the project has {}", thousands(images)),
        };
        Err(Failure::input(format!(
            "cannot import {}: it has {} rows, but {order} images",
            shown(file),
            thousands(rows)
        ))
        .hint(format!(
            "say with {} FILE which image each row is",
            self.option
        )))
    }
}

const IMAGE: &[Column] =
    &[Column::required("image").or(&["file_name", "filename", "file", "name"])];

/// The image of each row, by the names in a file.
fn read_order(
    order: &Path,
    images_first: &str,
    names: &ImageNames,
    context: &Context,
) -> Result<Vec<ImageId>, Failure> {
    let mut images: Vec<ImageId> = Vec::new();
    let mut rows: HashMap<ImageId, usize> = HashMap::new();
    let mut take = |name: &str| -> Result<(), RowProblem> {
        let image = names.find_known(name, images_first)?;
        images.push(image);
        match rows.insert(image, images.len()) {
            None => Ok(()),
            Some(first) => Err(RowProblem::bad(format!(
                "image {name:?} stands there twice, first as number {first}"
            ))),
        }
    };
    let is_table = ["csv", "jsonl", "parquet"].contains(&ending(order).as_str());
    if is_table {
        let name = |row: &Row| Ok(row.text(0).to_owned());
        let bad_rows = BadRows::never();
        take_rows(order, IMAGE, bad_rows, context, name, |name| take(&name))?;
        return Ok(images);
    }
    let cannot =
        |line: usize, reason: &str| format!("cannot read {}: line {line}: {reason}", shown(order));
    let bytes = read_small(order, MOST_OF_ORDER)?;
    let mut unknown = UnknownImages::default();
    for (line, name) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
        let name = name.strip_suffix(b"\n").unwrap_or(name);
        let name = std::str::from_utf8(name)
            .map_err(|_| Failure::input(cannot(line, "the text is not UTF-8")))?;
        match take(name.trim_end_matches('\r')) {
            Ok(()) => {}
            Err(RowProblem::Unknown(image)) => {
                unknown.add(image, || Some(format!("line {line}")));
            }
            Err(problem) => return Err(problem.failure(|reason| cannot(line, reason))),
        }
    }
    let what = format!("cannot read {}", shown(order));
    unknown.refuse(&what, None)?;
    Ok(images)
}
