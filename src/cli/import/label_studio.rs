//! Annotations and predictions of Label Studio.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use clap::ValueEnum;

use super::rows::{BadRows, Intake, LeftOut, RowProblem};
use super::{names::find_class, proposals, votes};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::domain::{Answer, ClassIndex, ImageId, Role, normal_name};
use crate::formats::json::{JsonError, JsonFileError};
use crate::formats::label_studio::{Annotation, Answers, Given, Options, Part, Task, read_tasks};
use crate::formats::records::{LabelRecord, ProposalRecord, VoteRecord};
use crate::store::Store;
use crate::text::count;

/// How a file of Label Studio is read.
#[derive(Debug, Clone, clap::Args)]
pub struct LabelStudio {
    /// Label Studio: the key of a task's data that holds the image
    #[arg(long, default_value = "image", value_name = "KEY")]
    image_key: String,
    /// Label Studio: take only the choices of this name [default: all]
    #[arg(long, value_name = "NAME")]
    from_name: Option<String>,
}

impl Default for LabelStudio {
    fn default() -> Self {
        LabelStudio {
            image_key: "image".to_owned(),
            from_name: None,
        }
    }
}

/// What a class is that was asked for and not chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NotChosen {
    /// A vote of no
    No,
    /// No vote
    Nothing,
}

/// What `export --as label-studio` calls the scores of a run: they come of votes, and are nobody's proposals.
pub const RUN: &str = "relabel run ";

impl LabelStudio {
    fn read(&self, file: &Path, part: Part) -> Result<Vec<Result<Task, JsonError>>, Failure> {
        let options = Options {
            part,
            image_key: &self.image_key,
            from_name: self.from_name.as_deref(),
        };
        read_tasks(file, options).map_err(|error| refusal(file, &error))
    }

    /// Takes in the annotations of a file.
    pub(super) fn take_votes(
        &self,
        incoming: &mut votes::Incoming<'_>,
        store: &Store,
        file: &Path,
        not_chosen: NotChosen,
        bad_rows: BadRows,
        context: &Context,
    ) -> Result<LeftOut, Failure> {
        let tasks = self.read(file, Part::Votes)?;
        let names = Names::of(&tasks, store)?;
        let mut asked: HashMap<ImageId, Vec<ClassIndex>> = HashMap::new();
        for question in incoming.questions.keys() {
            asked
                .entry(question.image)
                .or_default()
                .push(question.class);
        }
        let mut intake = Intake::new(file, "entry", bad_rows, context);
        let mut cancelled = 0;
        for task in &tasks {
            let task = match task {
                Ok(task) => task,
                Err(error) => {
                    intake.note(Err(bad(error)), || None)?;
                    continue;
                }
            };
            cancelled += task.cancelled;
            let in_project = match incoming.images.find(&task.image) {
                Ok(image) => image.and_then(|image| asked.get(&image)),
                // Said again, with its place, where the image is looked for.
                Err(_) => None,
            };
            let others = match not_chosen {
                NotChosen::No => others(incoming, task, in_project),
                NotChosen::Nothing => Vec::new(),
            };
            for annotation in &task.annotations {
                for record in records(incoming, task, annotation, &names, &others) {
                    let outcome = record.and_then(|record| incoming.take(store, &record));
                    intake.note(outcome, || Some(annotation.place.clone()))?;
                }
            }
        }
        if cancelled > 0 {
            let cancelled = count(cancelled, "cancelled annotation");
            context.say(format!("{cancelled} left out"));
        }
        intake.finish()
    }

    /// Takes in the predictions of a file.
    pub(super) fn take_proposals(
        &self,
        incoming: &mut proposals::Incoming,
        store: &Store,
        file: &Path,
        bad_rows: BadRows,
        context: &Context,
    ) -> Result<LeftOut, Failure> {
        let tasks = self.read(file, Part::Proposals)?;
        let mut intake = Intake::new(file, "entry", bad_rows, context);
        for task in &tasks {
            let task = match task {
                Ok(task) => task,
                Err(error) => {
                    intake.note(Err(bad(error)), || None)?;
                    continue;
                }
            };
            for prediction in &task.predictions {
                if prediction
                    .source
                    .as_ref()
                    .is_some_and(|source| source.starts_with(RUN))
                {
                    continue;
                }
                for predicted in prediction.labels.iter().filter(|predicted| predicted.yes) {
                    let record = ProposalRecord {
                        label: LabelRecord {
                            image: task.image.clone(),
                            label: predicted.label.clone(),
                        },
                        source: prediction.source.clone(),
                        score: predicted.score,
                    };
                    intake.note(incoming.take(store, &record), || {
                        Some(prediction.place.clone())
                    })?;
                }
            }
        }
        intake.finish()
    }
}

/// The error names its place itself.
fn bad(error: &JsonError) -> RowProblem {
    let problem = RowProblem::bad(error.to_string());
    match error.reason.starts_with("there is no \"data\"") {
        true => problem.hint("export from Label Studio as JSON, not as JSON-MIN"),
        false if error.path.ends_with(".data") => {
            problem.hint("say which key holds the image with --image-key KEY")
        }
        false => problem,
    }
}

fn refusal(file: &Path, error: &JsonFileError) -> Failure {
    let failure = Failure::input(format!("cannot import {}: {error}", shown(file)));
    match error {
        JsonFileError::Json(error) if error.is_data() => {
            failure.hint("Label Studio's JSON is a list of tasks; an object a line is .jsonl")
        }
        _ => failure.hint("nothing was imported"),
    }
}

/// Whose annotations are the truth, and under which name.
struct Names {
    /// Raters whose other annotations are votes like any; their truth is another's.
    ordinary: HashSet<String>,
}

impl Names {
    fn of(tasks: &[Result<Task, JsonError>], store: &Store) -> Result<Names, Failure> {
        let known = store.raters()?.into_iter();
        let known = known.filter(|rater| rater.role != Role::Expert);
        let annotations = tasks.iter().flatten().flat_map(|task| &task.annotations);
        let here = annotations.filter(|annotation| !annotation.ground_truth);
        Ok(Names {
            ordinary: known
                .map(|rater| normal_name(&rater.name))
                .chain(here.map(|annotation| normal_name(&annotation.rater)))
                .collect(),
        })
    }

    fn rater(&self, annotation: &Annotation) -> (String, Option<Role>) {
        let name = annotation.rater.clone();
        match annotation.role {
            None if annotation.ground_truth => match self.ordinary.contains(&normal_name(&name)) {
                true => (
                    format!("{} (ground truth)", normal_name(&name)),
                    Some(Role::Expert),
                ),
                false => (name, Some(Role::Expert)),
            },
            role => (name, role),
        }
    }
}

/// The classes that everybody was asked for on an image: the questions of the project, and what anybody chose.
fn others(
    incoming: &votes::Incoming<'_>,
    task: &Task,
    in_project: Option<&Vec<ClassIndex>>,
) -> Vec<ClassIndex> {
    let mut classes = in_project.cloned().unwrap_or_default();
    for annotation in &task.annotations {
        if let Answers::Chosen(labels, _) = &annotation.answers {
            let found = labels
                .iter()
                .filter_map(|label| incoming.classes.find(label).ok());
            classes.extend(found.map(|class| class.index));
        }
    }
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// The votes of an annotation, each or why it is none.
fn records(
    incoming: &votes::Incoming<'_>,
    task: &Task,
    annotation: &Annotation,
    names: &Names,
    others: &[ClassIndex],
) -> Vec<Result<VoteRecord, RowProblem>> {
    let given: Vec<Result<Given, RowProblem>> = match &annotation.answers {
        Answers::Given(given) => given.iter().cloned().map(Ok).collect(),
        Answers::Chosen(labels, at) => {
            let mut chosen = HashSet::new();
            let mut given = Vec::new();
            for label in labels {
                match find_class(&incoming.classes, label) {
                    // Two choices may name one class.
                    Ok(class) if !chosen.insert(class.index) => {}
                    Ok(_) => given.push(Ok(Given {
                        label: label.clone(),
                        answer: Answer::Yes,
                        at: *at,
                    })),
                    Err(problem) => given.push(Err(problem)),
                }
            }
            let rest = others.iter().filter(|class| !chosen.contains(class));
            given.extend(rest.map(|class| {
                Ok(Given {
                    label: class.to_string(),
                    answer: Answer::No,
                    at: *at,
                })
            }));
            given
        }
    };
    let (rater, role) = names.rater(annotation);
    let n = given.len().max(1) as u64;
    let spent = annotation
        .spent
        .and_then(|whole| u32::try_from(whole / n).ok());
    let record = |given: Given| VoteRecord {
        label: LabelRecord {
            image: task.image.clone(),
            label: given.label,
        },
        rater: rater.clone(),
        answer: given.answer,
        round: annotation.round.clone(),
        at: given.at,
        role,
        spent,
    };
    given.into_iter().map(|given| given.map(record)).collect()
}
