//! The project's models, and files of predictions, by both accuracies.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use super::{Project, step};
use crate::cli::context::Context;
use crate::cli::engine::EngineOptions;
use crate::cli::eval::{first_choices, judge, name_of, sets_of};
use crate::cli::failure::Failure;
use crate::cli::import::{BadRows, ImageNames};
use crate::cli::predictions::is_as_imported;
use crate::cli::propose::{PoolByChoice, of_model};
use crate::consensus::interval::wilson;
use crate::domain::{ClassIndex, ImageId};
use crate::report::ModelFigures;
use crate::store::Model;

/// Figures of models whose files are still there, the others with what is wrong; then of the files given.
pub fn figures(
    project: &Project<'_>,
    models: &[Model],
    files: &[PathBuf],
    context: &Context,
    bar: &ProgressBar,
) -> Result<Vec<ModelFigures>, Failure> {
    let names = ImageNames::of(project.store)?;
    let judge_all = Judge {
        project,
        sets: sets_of(&project.images, &project.scores),
    };
    // The project file is one thread's.
    let classes = &project.classes;
    let mut figures = Vec::new();
    let engine = EngineOptions::default().open(models.iter().map(|model| model.path.as_path()))?;
    for model in models {
        let (choices, unchanged) = rayon::join(
            || {
                let rule = (0, PoolByChoice::Logits);
                of_model(model, rule, &engine, &names, classes, context)
            },
            || is_as_imported(model),
        );
        let choices = unchanged.and_then(|()| choices.map_err(|failure| failure.message));
        figures.push(match choices {
            Ok(pairs) => {
                let choices = pairs.into_iter().map(|(image, class, _)| (image, class));
                judge_all.figures(model.name.clone(), &choices.collect())
            }
            Err(why) => ModelFigures {
                name: model.name.clone(),
                problem: Some(why),
                ..ModelFigures::default()
            },
        });
        step(bar)?;
    }
    for file in files {
        figures.push(of_file(file, &judge_all, context)?);
    }
    Ok(figures)
}

fn of_file(file: &Path, judge: &Judge<'_>, context: &Context) -> Result<ModelFigures, Failure> {
    let project = judge.project;
    let never = BadRows::never();
    let choices = first_choices(file, never, project.store, &project.classes, context)?;
    Ok(judge.figures(name_of(file), &choices))
}

struct Judge<'a> {
    project: &'a Project<'a>,
    sets: HashMap<ImageId, Vec<ClassIndex>>,
}

impl Judge<'_> {
    fn figures(&self, name: String, choices: &HashMap<ImageId, ClassIndex>) -> ModelFigures {
        let (score, _) = judge(choices, &self.project.images, &self.sets);
        // Label sets are what the votes made of them: without a run there are none.
        let has_sets = self.project.run.is_some();
        let interval = |right: usize, all: usize| wilson(right as f64, all as f64, 0.95);
        ModelFigures {
            name,
            problem: None,
            images: choices.len(),
            original_accuracy: score.original_accuracy(),
            original_interval: interval(score.original_right, score.original_images),
            real_accuracy: score.real_accuracy().filter(|_| has_sets),
            real_interval: interval(score.real_right, score.real_images).filter(|_| has_sets),
            errors_now_right: score.errors_now_right,
            right_now_errors: score.right_now_errors,
        }
    }
}
