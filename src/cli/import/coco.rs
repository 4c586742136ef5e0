//! What kind of file it is, and images of COCO's JSON.

use std::path::Path;

use super::rows::{BadRows, Intake, LeftOut, RowProblem};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::formats::coco::{CocoImage, read_coco};
use crate::formats::json::is_object;

/// The kind of a file of labels or proposals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// A folder whose folders name classes.
    Folder,
    /// A JSON object: COCO.
    Coco,
    /// Other JSON: Label Studio.
    Json,
    /// CSV, JSONL or Parquet.
    Table,
}

pub(super) fn kind_of(file: &Path) -> Result<FileKind, Failure> {
    if file.is_dir() {
        return Ok(FileKind::Folder);
    }
    let ending = file.extension();
    if !ending.is_some_and(|ending| ending.eq_ignore_ascii_case("json")) {
        return Ok(FileKind::Table);
    }
    let is_object = is_object(file)
        .map_err(|error| Failure::input(format!("cannot import {}: {error}", shown(file))))?;
    Ok(match is_object {
        true => FileKind::Coco,
        false => FileKind::Json,
    })
}

/// Takes the images of a COCO file one by one.
pub(super) fn take_images(
    file: &Path,
    bad_rows: BadRows,
    context: &Context,
    mut take: impl FnMut(&CocoImage) -> Result<(), RowProblem>,
) -> Result<LeftOut, Failure> {
    let images = read_coco(file).map_err(|error| {
        Failure::input(format!("cannot import {}: {error}", shown(file)))
            .hint("COCO's JSON is an object with images, annotations and categories; Label Studio's is a list, for `import votes` and `import proposals`")
    })?;
    let mut intake = Intake::new(file, "entry", bad_rows, context);
    for (at, image) in images.iter().enumerate() {
        match image {
            Err(error) => intake.note(Err(RowProblem::bad(error.to_string())), || None)?,
            Ok(image) => intake.note(take(image), || Some(format!("images[{at}]")))?,
        }
    }
    intake.finish()
}
