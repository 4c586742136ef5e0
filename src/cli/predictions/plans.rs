//! Predictions as plans of DataFusion: what goes in by names, and what is wrong by words.

use std::collections::HashMap;
use std::path::Path;

use super::IMAGES_FIRST;
use crate::cli::context::shown;
use crate::cli::failure::Failure;
use crate::cli::import::{ImageNames, RowProblem, find_class};
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::scale::{Part, Place, Predictions, Rule, ScaleError, Seen, Session};

/// A table that plans can read, and where they run.
pub struct Planned<'a> {
    /// Where.
    pub session: &'a Session,
    /// Of what.
    pub predictions: Predictions,
    /// The file or folder.
    pub path: &'a Path,
    /// Whether plans run elsewhere.
    pub on_cluster: bool,
}

/// A plan that failed, or what was found in its rows.
enum Stop {
    Scale(ScaleError),
    Failure(Failure),
}

impl From<ScaleError> for Stop {
    fn from(error: ScaleError) -> Stop {
        Stop::Scale(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

/// The failure that a plan gives.
pub fn refusal(path: &Path, on_cluster: bool, error: &ScaleError) -> Failure {
    let message = format!("cannot read {}: {error}", shown(path));
    match error {
        ScaleError::Stopped => Failure::interrupted(),
        ScaleError::Memory { .. } => Failure::failed(message)
            .hint("nothing was changed; allow more with --memory, or propose less with --pool"),
        ScaleError::Plan(_) if on_cluster => Failure::failed(message).hint(
            "nothing was changed; the scheduler and its executors must be up, of this relabel's version, and see the files at the same path",
        ),
        ScaleError::Type { .. } => Failure::input(message)
            .hint("write the column anew in that type; a single file is read all the same with --engine stream"),
        _ => Failure::input(message),
    }
}

impl Planned<'_> {
    fn refusal(&self, error: &ScaleError) -> Failure {
        refusal(self.path, self.on_cluster, error)
    }

    fn ended(&self, outcome: Result<(), Stop>) -> Result<(), Failure> {
        outcome.map_err(|stop| match stop {
            Stop::Scale(error) => self.refusal(&error),
            Stop::Failure(failure) => failure,
        })
    }

    /// What is wrong with a row.
    fn bad(&self, place: &Place, problem: RowProblem) -> Failure {
        let image = place.image.as_ref().map(|image| format!("image {image:?}"));
        let label = place.label.as_ref().map(|label| format!("label {label:?}"));
        let at: Vec<String> = image.into_iter().chain(label).collect();
        let at = if at.is_empty() {
            String::new()
        } else {
            format!("{}: ", at.join(", "))
        };
        if let RowProblem::Stop(failure) = problem {
            return failure;
        }
        let failure =
            problem.failure(|reason| format!("cannot read {}: {at}{reason}", shown(self.path)));
        failure.hint("nothing was changed; mend the row")
    }

    /// The class of each label that stands in the files.
    fn classes(&self, classes: &Classes) -> Result<Vec<(String, u32)>, Failure> {
        let refusal = |error| self.refusal(&error);
        let mut found = Vec::new();
        for label in self.session.labels(&self.predictions).map_err(refusal)? {
            // One that is missing is told with its image.
            let Some(label) = label.filter(|label| !label.is_empty()) else {
                continue;
            };
            match find_class(classes, &label) {
                Ok(class) => found.push((label, class.index.0)),
                Err(problem) => {
                    let place = self.session.row_of_label(&self.predictions, &label);
                    let place = Place {
                        label: None,
                        ..place.map_err(refusal)?
                    };
                    return Err(self.bad(&place, problem));
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Looks at every row as an import does: images and classes that the project has, finite scores, no pair twice. `each` takes what the values of an
    /// image are like.
    pub fn check(
        &self,
        names: &ImageNames,
        classes: &Classes,
        mut each: impl FnMut(&Seen),
    ) -> Result<(), Failure> {
        let classes = self.classes(classes)?;
        let mut known = Known::new(names);
        let outcome = self
            .session
            .each_image(&self.predictions, |seen| -> Result<(), Stop> {
                let Some(image) = seen.image.as_deref().filter(|image| !image.is_empty()) else {
                    return Err(self.lacking(None)?.into());
                };
                known
                    .find(image)
                    .map_err(|problem| self.bad(&Place::default(), problem))?;
                if seen.bad > 0 {
                    return Err(self.lacking(Some(image))?.into());
                }
                each(&seen);
                Ok(())
            });
        self.ended(outcome)?;
        let twice = self.session.twice(&self.predictions, &classes);
        match twice.map_err(|error| self.refusal(&error))? {
            None => Ok(()),
            Some((image, class)) => {
                let place = Place {
                    image: Some(image),
                    ..Place::default()
                };
                let problem = RowProblem::bad(format!("class {class} stands there twice"));
                Err(self.bad(&place, problem))
            }
        }
    }

    /// What a row lacks, one of this image or one without an image.
    fn lacking(&self, image: Option<&str>) -> Result<Failure, Stop> {
        let place = self.session.bad_row(&self.predictions, image)?;
        let empty = |text: &Option<String>| text.as_ref().is_none_or(String::is_empty);
        let reason = match place.score {
            _ if empty(&place.image) => "a row has no image".to_owned(),
            _ if empty(&place.label) => "a row has no label".to_owned(),
            None => "it has no score".to_owned(),
            Some(score) => format!("the score {score} is no finite number"),
        };
        Ok(self.bad(&place, RowProblem::bad(reason)))
    }

    /// Where a value of this image lies outside of 0 to 1, and which it is.
    pub fn outside(&self, image: &str) -> Result<(String, f64), Failure> {
        let place = self.session.outside(&self.predictions, image);
        let place = place.map_err(|error| self.refusal(&error))?;
        let class = place.label.unwrap_or_default();
        Ok((
            format!("image {image:?}, class {class}"),
            place.score.unwrap_or(f64::NAN),
        ))
    }

    /// What the model proposes, in no order; pairs may come twice.
    pub fn propose(
        &self,
        rule: Rule,
        names: &ImageNames,
        classes: &Classes,
    ) -> Result<Vec<(ImageId, ClassIndex, f64)>, Failure> {
        let classes = self.classes(classes)?;
        let mut known = Known::new(names);
        let mut pairs = Vec::new();
        let take = |part, image: &str, class, value| -> Result<(), Stop> {
            let found = match part {
                // Every image once.
                Part::FirstChoices => known.find(image),
                Part::Pool => names.find_known(image, IMAGES_FIRST),
            };
            let id = found.map_err(|problem| self.bad(&Place::default(), problem))?;
            pairs.push((id, ClassIndex(class), value));
            Ok(())
        };
        let outcome = self
            .session
            .propose(&self.predictions, &classes, rule, take);
        self.ended(outcome)?;
        Ok(pairs)
    }
}

/// Images by the names that stand in the files, each of which is one image's alone.
struct Known<'a> {
    names: &'a ImageNames,
    taken: HashMap<ImageId, String>,
}

impl<'a> Known<'a> {
    fn new(names: &'a ImageNames) -> Known<'a> {
        Known {
            names,
            taken: HashMap::new(),
        }
    }

    /// The image of a name that was not there before.
    fn find(&mut self, name: &str) -> Result<ImageId, RowProblem> {
        let image = self.names.find_known(name, IMAGES_FIRST)?;
        match self.taken.insert(image, name.to_owned()) {
            None => Ok(image),
            Some(other) => Err(super::two_names(name, &other)),
        }
    }
}
