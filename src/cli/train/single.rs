//! One classifier.

use super::curve::{Curve, Report};
use super::material::{Known, Lesson, Material, to_judge_by, to_learn_from};
use super::{Train, plot, write};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::consensus::evaluate::Score;
use crate::store::Store;
use crate::train::{Linear, Moment, fit};

pub fn run(options: &Train, store: &Store, context: &Context) -> Result<(), Failure> {
    let known = Known::of(store, options.run)?;
    let material = to_learn_from(options, store, &known, context)?;
    let columns = material.table.columns;
    let validation = to_judge_by(options, columns, store, &known, context)?;
    let lesson = Lesson::of(&material, &known, options, context)?;
    let settings = options.settings();
    let classes = known.classes.len();
    let mut curve = Curve::default();
    let steps = settings.steps(lesson.kept.len()) as u64;
    let bar = context.progress("training", steps);
    let features = material.features();
    let linear = fit(
        features,
        &lesson.targets,
        &lesson.kept,
        classes,
        &settings,
        |moment| {
            match moment {
                Moment::Step => bar.inc(1),
                Moment::Epoch {
                    epoch,
                    loss,
                    linear,
                } => {
                    let score = match &validation {
                        Some(validation) => judge(linear, validation, &known)?,
                        None => Score::default(),
                    };
                    curve.add(epoch, loss, score);
                }
            }
            interrupt::check()
        },
    )?;
    bar.finish_and_clear();
    if let (Some(path), Some(validation)) = (&options.outputs.output, &validation) {
        let logits = linear.logits(validation.features(), &rows_of(validation))?;
        write::logits(path, &logits, &known, &validation.images, options, context)?;
    }
    if let Some(path) = &options.outputs.save {
        write::classifier(path, &linear, context)?;
    }
    let report = Report::new(options, &material, &known, &lesson, &curve, None);
    if let Some(path) = &options.outputs.plot {
        write::picture(path, &plot::curve(report.epochs()), context)?;
    }
    report.print(context)
}

fn rows_of(material: &Material) -> Vec<usize> {
    (0..material.images.len()).collect()
}

fn judge(linear: &Linear, validation: &Material, known: &Known) -> Result<Score, Failure> {
    let choices = linear.choices(validation.features(), &rows_of(validation))?;
    Ok(known.judge(validation.images.iter().copied().zip(choices)))
}
