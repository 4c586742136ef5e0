//! A classifier a fold, that has not seen it: predictions of images by what others' labels taught.

use std::collections::BTreeMap;
use std::path::Path;

use indicatif::ProgressBar;

use super::curve::{Curve, Report};
use super::material::{Known, Lesson, Material, to_learn_from};
use super::{Train, plot, write};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::import::read_folds;
use crate::cli::interrupt;
use crate::cli::table::thousands;
use crate::domain::ImageId;
use crate::store::Store;
use crate::train::{Moment, Settings, fit};

pub fn run(file: &Path, options: &Train, store: &Store, context: &Context) -> Result<(), Failure> {
    let known = Known::of(store, options.run)?;
    let material = to_learn_from(options, store, &known, context)?;
    let fold_of = folds_of(file, &material, &known, context)?;
    let mut rows_of: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, fold) in fold_of.iter().enumerate() {
        rows_of.entry(*fold).or_default().push(row);
    }
    if rows_of.len() < 2 {
        return Err(Failure::input(format!(
            "cannot train by {}: the images with features are all in one fold",
            shown(file)
        ))
        .hint("the classifier of a fold learns from the others: two folds at least"));
    }
    let lesson = Lesson::of(&material, &known, options, context)?;
    let others = |fold: &u32| -> Vec<usize> {
        let is_other = |row: &usize| fold_of.get(*row).is_some_and(|other| other != fold);
        lesson.kept.iter().copied().filter(is_other).collect()
    };
    let settings = options.settings();
    let steps = rows_of
        .keys()
        .map(|fold| settings.steps(others(fold).len()));
    let bar = context.progress("training", steps.sum::<usize>() as u64);
    let classes = known.classes.len();
    let mut curve = Curve::default();
    let mut logits = vec![0.0; material.images.len() * classes];
    for (fold, rows) in &rows_of {
        let held_out = HeldOut {
            rows,
            material: &material,
            known: &known,
            bar: &bar,
        };
        let of_fold = held_out.logits(&others(fold), &lesson, &settings, &mut curve)?;
        for (row, of_row) in rows.iter().zip(of_fold.chunks(classes)) {
            if let Some(place) = logits.get_mut(row * classes..(row + 1) * classes) {
                place.copy_from_slice(of_row);
            }
        }
    }
    bar.finish_and_clear();
    if let Some(path) = &options.outputs.output {
        write::logits(path, &logits, &known, &material.images, options, context)?;
    }
    let folds = Some(rows_of.len());
    let report = Report::new(options, &material, &known, &lesson, &curve, folds);
    if let Some(path) = &options.outputs.plot {
        write::picture(path, &plot::curve(report.epochs()), context)?;
    }
    report.print(context)
}

/// A fold, to be predicted by a classifier that learns from others.
struct HeldOut<'a> {
    rows: &'a [usize],
    material: &'a Material,
    known: &'a Known,
    bar: &'a ProgressBar,
}

impl HeldOut<'_> {
    /// Its logits, by what the others teach: [rows, classes].
    fn logits(
        &self,
        others: &[usize],
        lesson: &Lesson,
        settings: &Settings,
        curve: &mut Curve,
    ) -> Result<Vec<f32>, Failure> {
        let features = self.material.features();
        let classes = self.known.classes.len();
        let each = |moment: Moment<'_>| -> Result<(), Failure> {
            match moment {
                Moment::Step => self.bar.inc(1),
                Moment::Epoch {
                    epoch,
                    loss,
                    linear,
                } => {
                    let choices = linear.choices(features, self.rows)?;
                    let image = |row: &usize| self.material.images.get(*row).copied();
                    let images = self.rows.iter().filter_map(image);
                    curve.add(epoch, loss, self.known.judge(images.zip(choices)));
                }
            }
            interrupt::check()
        };
        let linear = fit(features, &lesson.targets, others, classes, settings, each)?;
        Ok(linear.logits(features, self.rows)?)
    }
}

/// The fold of each row: every image with features must have one.
fn folds_of(
    file: &Path,
    material: &Material,
    known: &Known,
    context: &Context,
) -> Result<Vec<u32>, Failure> {
    let folds = read_folds(file, &known.names, context)?;
    let fold = |image| folds.get(image).copied().ok_or(*image);
    let all: Result<Vec<u32>, ImageId> = material.images.iter().map(fold).collect();
    all.map_err(|image| {
        let without = material.images.iter().filter(|image| !folds.contains_key(image));
        Failure::input(format!(
            "cannot train by {}: image {:?} has no fold ({} of {} with features have none)",
            shown(file),
            known.name(image),
            thousands(without.count()),
            thousands(material.images.len()),
        ))
        .hint("every image with features belongs to one fold: `relabel folds` deals all of the project")
    })
}
