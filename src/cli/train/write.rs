//! Files that training leaves.

use std::io::Write;
use std::path::Path;

use super::Train;
use super::material::Known;
use crate::cli::context::{Context, shown};
use crate::cli::export::write_names;
use crate::cli::failure::Failure;
use crate::cli::output::{Contents, to_file};
use crate::domain::ImageId;
use crate::formats::export::{SafeTensor, write_logits_npy, write_safetensors};
use crate::train::Linear;

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
    to_file(path, Contents::Bytes, context, |out| {
        Ok(write_logits_npy(logits, classes, out)?)
    })?;
    if let Some(order) = &options.outputs.write_order {
        let names = images.iter().map(|image| known.name(*image));
        let hint = "give the image another name";
        to_file(order, Contents::Text, context, |out| {
            write_names(names, hint, out)
        })?;
    }
    Ok(())
}

/// The classifier, as a plain linear layer.
pub fn classifier(path: &Path, linear: &Linear, context: &Context) -> Result<(), Failure> {
    let (weights, biases) = linear.unscaled();
    let classes = linear.classes();
    let weight = SafeTensor {
        name: "weight",
        shape: vec![classes, weights.len() / classes.max(1)],
        values: &weights,
    };
    let bias = SafeTensor {
        name: "bias",
        shape: vec![classes],
        values: &biases,
    };
    to_file(path, Contents::Bytes, context, |out| {
        Ok(write_safetensors(&[weight, bias], out)?)
    })
}

/// A plot that was drawn, or why it was not.
pub fn picture(
    path: &Path,
    svg: &Result<String, Box<dyn std::error::Error>>,
    context: &Context,
) -> Result<(), Failure> {
    match svg {
        Ok(svg) => to_file(path, Contents::Text, context, |out| {
            Ok(out.write_all(svg.as_bytes())?)
        }),
        Err(error) => Err(Failure::failed(format!(
            "cannot draw {}: {error}",
            shown(path)
        ))),
    }
}
