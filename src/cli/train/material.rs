//! What is learnt from and judged by: features, targets, and what the project says of the images.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Serialize;

use super::{TargetChoice, Train};
use crate::cli::context::{Context, shown};
use crate::cli::eval::sets_of;
use crate::cli::failure::Failure;
use crate::cli::import::{ImageNames, RowOrder, RowProblem, read_kept};
use crate::cli::{interrupt, predictions};
use crate::consensus::evaluate::{Predicted, Score, evaluate};
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::formats::features::{FeatureTable, FeaturesError, read_features};
use crate::formats::matrix::MatrixError;
use crate::store::{ImageRow, Store};
use crate::train::{Features, TrainError};

/// Features, and the image of each row.
pub struct Material {
    pub table: FeatureTable,
    pub images: Vec<ImageId>,
}

impl Material {
    pub fn features(&self) -> Features<'_> {
        Features::new(&self.table.values, self.table.columns)
    }
}

/// What the project says of its images.
pub struct Known {
    pub classes: Classes,
    pub names: ImageNames,
    /// The aggregation that label sets are of; none where there is none yet.
    pub run: Option<i64>,
    images: HashMap<ImageId, ImageRow>,
    sets: HashMap<ImageId, Vec<ClassIndex>>,
    /// Images with scores: even an empty label set says something of them.
    asked: HashSet<String>,
    columns: HashMap<ClassIndex, usize>,
}

impl Known {
    pub fn of(store: &Store, run: Option<i64>) -> Result<Known, Failure> {
        let found = store.run(run)?.map(|run| run.id);
        if let (Some(number), None) = (run, found) {
            return Err(Failure::failed(format!("there is no run {number}"))
                .hint("`relabel status` says how many there are"));
        }
        let images = store.images()?;
        let scores = found.map_or_else(|| Ok(Vec::new()), |run| store.scores(run))?;
        let classes = store.classes()?;
        let places = classes.iter().zip(0..);
        Ok(Known {
            columns: places.map(|(class, place)| (class.index, place)).collect(),
            classes,
            names: ImageNames::of(store)?,
            run: found,
            sets: match found {
                Some(_) => sets_of(&images, &scores),
                None => HashMap::new(),
            },
            asked: scores.into_iter().map(|score| score.image).collect(),
            images: images.into_iter().map(|image| (image.id, image)).collect(),
        })
    }

    pub fn name(&self, image: ImageId) -> &str {
        self.images.get(&image).map_or("", |image| &image.name)
    }

    /// The column of an image's original label.
    pub fn original(&self, image: ImageId) -> Option<usize> {
        let label = self.images.get(&image)?.original_label?;
        self.columns.get(&label).copied()
    }

    /// The columns of an image's label set; empty where nothing is in it, and where nothing is aggregated.
    pub fn label_set(&self, image: ImageId) -> Vec<usize> {
        let set = self.sets.get(&image).map_or(&[][..], Vec::as_slice);
        set.iter()
            .filter_map(|class| self.columns.get(class).copied())
            .collect()
    }

    /// What an image is held to; none where nothing is known of it.
    fn target(&self, image: ImageId, choice: TargetChoice) -> Option<Vec<usize>> {
        let asked = self
            .images
            .get(&image)
            .is_some_and(|image| self.asked.contains(&image.name));
        match choice {
            TargetChoice::Sets if asked => Some(self.label_set(image)),
            _ => self.original(image).map(|label| vec![label]),
        }
    }

    /// Choices (columns of classes) for images, judged by both measures.
    pub fn judge(&self, images: impl IntoIterator<Item = (ImageId, usize)>) -> Score {
        let classes: Vec<ClassIndex> = self.classes.iter().map(|class| class.index).collect();
        let predicted = images.into_iter().filter_map(|(image, choice)| {
            Some(Predicted {
                prediction: *classes.get(choice)?,
                original: self.images.get(&image)?.original_label,
                label_set: self.sets.get(&image).map_or(&[][..], Vec::as_slice),
            })
        });
        evaluate(predicted).0
    }
}

/// What is learnt from which rows.
pub struct Lesson {
    /// Columns of classes, for every row.
    pub targets: Vec<Vec<usize>>,
    /// The rows of which anything is known, ascending.
    pub all: Vec<usize>,
    /// Those of them that are kept; the same where nothing is cleaned.
    pub kept: Vec<usize>,
    pub left_out: LeftOut,
}

/// Images with features that are not learnt from.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct LeftOut {
    /// Nothing is known of them.
    pub without_label: usize,
    /// The table of --clean does not keep them.
    pub not_kept: usize,
}

impl Lesson {
    pub fn of(
        material: &Material,
        known: &Known,
        options: &Train,
        context: &Context,
    ) -> Result<Lesson, Failure> {
        if options.targets == TargetChoice::Sets && known.run.is_none() {
            return Err(Failure::failed("there are no label sets yet")
                .hint("make them with `relabel aggregate`"));
        }
        let kept = match &options.clean {
            Some(file) => Some(read_kept(file, &known.names, context)?),
            None => None,
        };
        let is_kept = |image| match &kept {
            Some(kept) => kept.get(image).copied().unwrap_or(false),
            None => true,
        };
        let targets: Vec<Option<Vec<usize>>> = material
            .images
            .iter()
            .map(|image| known.target(*image, options.targets))
            .collect();
        let rows = targets.iter().enumerate();
        let all: Vec<usize> = rows
            .filter_map(|(row, target)| target.as_ref().map(|_| row))
            .collect();
        let of_row = |row: &usize| material.images.get(*row).is_some_and(is_kept);
        let kept: Vec<usize> = all.iter().copied().filter(of_row).collect();
        if all.is_empty() {
            return Err(
                Failure::failed("none of the images with features has a label")
                    .hint("`relabel import labels FILE` takes labels in"),
            );
        }
        if let (true, Some(file)) = (kept.is_empty(), &options.clean) {
            return Err(Failure::failed(format!(
                "{} keeps none of the images with features",
                shown(file)
            )));
        }
        Ok(Lesson {
            left_out: LeftOut {
                without_label: targets.len() - all.len(),
                not_kept: all.len() - kept.len(),
            },
            targets: targets.into_iter().map(Option::unwrap_or_default).collect(),
            all,
            kept,
        })
    }
}

/// The features to learn from.
pub fn to_learn_from(
    options: &Train,
    store: &Store,
    known: &Known,
    context: &Context,
) -> Result<Material, Failure> {
    let order = RowOrder {
        file: options.rows.images_order.as_deref(),
        option: "--images-order",
        images_first: IMAGES_FIRST,
    };
    let array = options.rows.array.as_deref();
    read(
        &options.features,
        array,
        "--array",
        order,
        store,
        known,
        context,
    )
}

/// The features to judge by, if there are any; they have as many columns as those that are learnt from.
pub fn to_judge_by(
    options: &Train,
    columns: usize,
    store: &Store,
    known: &Known,
    context: &Context,
) -> Result<Option<Material>, Failure> {
    let validation = &options.validation;
    let Some(file) = &validation.validation else {
        return Ok(None);
    };
    let order = RowOrder {
        file: validation.validation_order.as_deref(),
        option: "--validation-order",
        images_first: IMAGES_FIRST,
    };
    let array = validation.validation_array.as_deref();
    let material = read(
        file,
        array,
        "--validation-array",
        order,
        store,
        known,
        context,
    )?;
    if material.table.columns != columns {
        return Err(Failure::input(format!(
            "cannot judge by {}: it has {} features an image, {} has {columns}",
            shown(file),
            material.table.columns,
            shown(&options.features),
        ))
        .hint("both have to come from the same network"));
    }
    Ok(Some(material))
}

const IMAGES_FIRST: &str = "features are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first";

fn read(
    file: &Path,
    array: Option<&str>,
    array_option: &str,
    order: RowOrder<'_>,
    store: &Store,
    known: &Known,
    context: &Context,
) -> Result<Material, Failure> {
    let bar = context.progress("features", 0);
    let table = read_features(file, array, |rows| {
        bar.set_position(rows as u64);
        interrupt::check().map_err(Refusal::Failure)
    });
    bar.finish_and_clear();
    let table = table.map_err(|refusal| match refusal {
        Refusal::Failure(failure) => failure,
        Refusal::Features(error) => refused(file, &error, array_option),
    })?;
    let rows = table.values.len() / table.columns;
    let images = match &table.images {
        None => {
            let images = order.read(store, &known.names, context)?;
            order.check(file, rows, images.len())?;
            images
        }
        Some(_) if order.file.is_some() || array.is_some() => {
            return Err(Failure::usage(format!(
                "{} and {array_option} are for arrays; Parquet names its images",
                order.option
            )));
        }
        Some(names) => images_of(names, &known.names)
            .map_err(|(row, problem)| not_found(file, row, problem))?,
    };
    Ok(Material { table, images })
}

/// What ends the reading of features.
enum Refusal {
    Features(FeaturesError),
    Failure(Failure),
}

impl From<FeaturesError> for Refusal {
    fn from(error: FeaturesError) -> Refusal {
        Refusal::Features(error)
    }
}

fn refused(file: &Path, error: &FeaturesError, array_option: &str) -> Failure {
    if let FeaturesError::Matrix(error) = error {
        let cannot = || Failure::input(format!("cannot read {}: {error}", shown(file)));
        return match error {
            MatrixError::Array { .. } => cannot().hint(format!("name one with {array_option}")),
            MatrixError::FortranOrder => {
                cannot().hint("write it anew: np.save(file, np.ascontiguousarray(features))")
            }
            MatrixError::Type(_) => {
                cannot().hint("write it anew: np.save(file, features.astype(np.float32))")
            }
            MatrixError::NotFinite { .. } => {
                cannot().hint("leave the image out, or put a number there")
            }
            error => predictions::refusal(file, error),
        };
    }
    Failure::input(format!("cannot read {}: {error}", shown(file)))
}

fn images_of(rows: &[String], names: &ImageNames) -> Result<Vec<ImageId>, (usize, RowProblem)> {
    let mut first: HashMap<ImageId, usize> = HashMap::new();
    let mut images = Vec::with_capacity(rows.len());
    for (name, row) in rows.iter().zip(1..) {
        let image = names
            .find_known(name, IMAGES_FIRST)
            .map_err(|problem| (row, problem))?;
        if let Some(first) = first.insert(image, row) {
            let reason = format!("image {name:?} stands there twice, first in row {first}");
            return Err((row, RowProblem::bad(reason)));
        }
        images.push(image);
    }
    Ok(images)
}

fn not_found(file: &Path, row: usize, problem: RowProblem) -> Failure {
    problem.failure(|reason| format!("cannot read {}: row {row}: {reason}", shown(file)))
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Failure {
        let failure = Failure::failed(format!("cannot train: {error}"));
        match error {
            TrainError::Diverged { .. } => failure.hint("try a smaller --learning-rate"),
            TrainError::NothingToLearnFrom => failure
                .hint("softmax learns from images with a label; sigmoid from empty label sets too"),
            TrainError::Library(_) => failure,
        }
    }
}
