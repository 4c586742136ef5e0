//! `relabel folds`: which images are left out together when models are trained.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::failure::Failure;
use super::import::{ImageNames, read_groups};
use super::output::{Contents, Outputs, to_file_or_stdout};
use super::table::{count, thousands};
use crate::cleaning::folds::{deal, deal_groups};
use crate::domain::ImageId;
use crate::formats::export::{Formulas, write_folds_csv};
use crate::store::{ImageRow, Store};

/// Options of `folds`.
#[derive(Debug, clap::Args)]
pub struct Folds {
    /// How many folds
    #[arg(long, default_value_t = 10, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=1000))]
    k: u32,
    /// Another seed gives other folds, the same seed the same
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
    /// A table image,group: images of a group, such as near-duplicates or a session, stay in one fold
    #[arg(long, value_name = "FILE")]
    groups: Option<PathBuf>,
    /// Where to; - for stdout [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub fn run(options: &Folds, context: &Context) -> Result<(), Failure> {
    let inputs: Vec<&Path> = options.groups.iter().map(PathBuf::as_path).collect();
    let outputs = Outputs {
        places: &[("-o", options.output.as_deref())],
        inputs: &inputs,
        ..Outputs::default()
    };
    let context = &outputs.check(context)?;
    let store = context.open()?;
    let images = store.images()?;
    if images.len() < options.k as usize {
        return Err(Failure::failed(format!(
            "too few images for {} folds: {}",
            options.k,
            thousands(images.len())
        ))
        .hint(
            "`relabel import labels FILE` takes in the images of a training set with their labels",
        ));
    }
    let strata = strata(&images);
    let folds = match groups(options, &store, &images, context)? {
        Some(groups) => deal_groups(&strata, &groups, options.k, options.seed),
        None => deal(&strata, options.k, options.seed),
    };
    let named = || images.iter().map(|image| image.name.as_str());
    let output = options.output.as_deref();
    to_file_or_stdout(output, Contents::Text, context, |out| {
        let lines = named().zip(folds.iter().copied());
        Ok(write_folds_csv(lines, Formulas::Kept, out)?)
    })?;
    say_sizes(&folds, options, context);
    let unlabelled = images.iter().filter(|image| image.original_label.is_none());
    let unlabelled = unlabelled.count();
    if unlabelled > 0 {
        context.say(format!(
            "{} without a label, dealt as a class of their own",
            count(unlabelled, "image")
        ));
    }
    Ok(())
}

/// The class of each image; those without one are together.
fn strata(images: &[ImageRow]) -> Vec<u32> {
    let stratum = |image: &ImageRow| image.original_label.map_or(u32::MAX, |class| class.0);
    images.iter().map(stratum).collect()
}

/// The group of each image, if there are groups; an image that the file does not name is a group alone.
fn groups(
    options: &Folds,
    store: &Store,
    images: &[ImageRow],
    context: &Context,
) -> Result<Option<Vec<u32>>, Failure> {
    let Some(file) = &options.groups else {
        return Ok(None);
    };
    let said: HashMap<ImageId, String> = read_groups(file, &ImageNames::of(store)?, context)?;
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut next = 0;
    let mut number = || {
        next += 1;
        next
    };
    let groups = images.iter().map(|image| match said.get(&image.id) {
        Some(group) => *numbers.entry(group).or_insert_with(&mut number),
        None => number(),
    });
    let groups: Vec<u32> = groups.collect();
    let mut sizes: HashMap<u32, usize> = HashMap::new();
    for group in &groups {
        *sizes.entry(*group).or_default() += 1;
    }
    let largest = sizes.values().copied().max().unwrap_or(0);
    context.say(format!(
        "{}, the largest of {}",
        count(sizes.len(), "group"),
        count(largest, "image")
    ));
    Ok(Some(groups))
}

fn say_sizes(folds: &[u32], options: &Folds, context: &Context) {
    let mut sizes: BTreeMap<u32, usize> = (0..options.k).map(|fold| (fold, 0)).collect();
    for fold in folds {
        *sizes.entry(*fold).or_default() += 1;
    }
    let least = sizes.values().copied().min().unwrap_or(0);
    let most = sizes.values().copied().max().unwrap_or(0);
    let size = match least == most {
        true => thousands(least),
        false => format!("{} to {}", thousands(least), thousands(most)),
    };
    context.say(format!(
        "{} in {} of {size}, seed {}",
        count(folds.len(), "image"),
        count(options.k, "fold"),
        options.seed
    ));
}
