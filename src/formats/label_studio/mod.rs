//! Label Studio's JSON: tasks with raters' annotations and models' predictions, of the result type `choices`
//! (labelstud.io/guide/task_format, labelstud.io/guide/predictions).
//!
//! What the program writes has three choices, named `yes`, `maybe` and `no`, each with the classes that got this answer. A file that has
//! other names says only which classes were chosen.

mod read;
mod write;

use crate::domain::{Answer, Class, Classes, Role};

pub use read::{Options, Part, read_tasks};
pub use write::TaskWriter;

/// An image with what is said of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Task {
    /// Image name.
    pub image: String,
    /// The classes that are asked for.
    pub labels: Vec<String>,
    /// What raters said.
    pub annotations: Vec<Annotation>,
    /// What models and runs said.
    pub predictions: Vec<Prediction>,
    /// Annotations that were cancelled, and so are not here.
    pub cancelled: usize,
}

/// What a rater said of an image in a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Where it stands in the file, as in `[3].annotations[0]`; empty for what is to be written.
    pub place: String,
    /// Rater's name.
    pub rater: String,
    /// The rater's role, where the file has it.
    pub role: Option<Role>,
    /// Whether the file holds it for the truth.
    pub ground_truth: bool,
    /// Round's name, where the file has it.
    pub round: Option<String>,
    /// Milliseconds that the rater spent on the whole.
    pub spent: Option<u64>,
    /// The answers.
    pub answers: Answers,
}

/// How the answers of an annotation are known.
#[derive(Debug, Clone, PartialEq)]
pub enum Answers {
    /// Each with its class.
    Given(Vec<Given>),
    /// The classes that were chosen, and when; what of the others is for the reader to say.
    Chosen(Vec<String>, Option<i64>),
}

/// An answer to a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Class, by a text that names it.
    pub label: String,
    /// What was answered.
    pub answer: Answer,
    /// Unix milliseconds, where known.
    pub at: Option<i64>,
}

/// What a model or a run says of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Where it stands in the file; empty for what is to be written.
    pub place: String,
    /// The model or other source, where the file has it.
    pub source: Option<String>,
    /// The classes, in their order.
    pub labels: Vec<Predicted>,
}

/// A class of a prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// Class, by a text that names it.
    pub label: String,
    /// Whether it is put forward, or kept out of a label set.
    pub yes: bool,
    /// Its score.
    pub score: Option<f64>,
}

/// A text that names this class and no other: its name, else its WordNet id, else its index.
pub fn text_of(classes: &Classes, class: &Class) -> String {
    let texts = [Some(class.name.as_str()), class.wnid.as_deref()];
    let names_it = |text: &&str| {
        let found = classes.find(text);
        found.is_ok_and(|found| found.index == class.index)
    };
    let text = texts.into_iter().flatten().find(names_it);
    text.map_or_else(|| class.index.to_string(), str::to_owned)
}

fn word(yes: bool) -> &'static str {
    match yes {
        true => Answer::Yes.word(),
        false => Answer::No.word(),
    }
}
