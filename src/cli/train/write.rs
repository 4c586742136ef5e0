//! Files that training leaves.

use std::io::Write;
use std::path::Path;

use super::Train;
use super::material::Known;
use crate::cli::context::{Context, shown};
use crate::cli::export::write_names;
use crate::cli::failure::Failure;
use crate::cli::output::to_file;
use crate::domain::ImageId;
use crate::formats::export::write_logits_npy;

/// Logits of these images, and their names where that is asked for.
pub fn logits(
    path: &Path,
    logits: &[f32],
    known: &Known,
    images: &[ImageId],
    options: &Train,
    context: &Context,
) -> Result<(), Failure> {
    let classes = known.classes.len();
    to_file(path, context, |out| {
        Ok(write_logits_npy(logits, classes, out)?)
    })?;
    if let Some(order) = &options.outputs.write_order {
        let names = images.iter().map(|image| known.name(*image));
        let hint = "give the image another name";
        to_file(order, context, |out| write_names(names, hint, out))?;
    }
    Ok(())
}

/// A plot that was drawn, or why it was not.
pub fn picture(
    path: &Path,
    svg: &Result<String, Box<dyn std::error::Error>>,
    context: &Context,
) -> Result<(), Failure> {
    match svg {
        Ok(svg) => to_file(path, context, |out| Ok(out.write_all(svg.as_bytes())?)),
        Err(error) => Err(Failure::failed(format!(
            "cannot draw {}: {error}",
            shown(path)
        ))),
    }
}
