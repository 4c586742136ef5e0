//! What the program writes for others: label sets, scores, votes and tasks.

mod arrays;
mod cleaning;
mod csv;
mod parquet;
mod targets;

use std::io::{self, Write};

use serde::Serialize;

use super::records::time_text;
use crate::domain::{Answer, ClassIndex};

pub use arrays::{SafeTensor, write_logits_npy, write_safetensors};
pub use cleaning::{CleanedLine, write_cleaned_csv, write_folds_csv};
pub use csv::{Formulas, VotesCsv, defused, write_notes_csv, write_scores_csv};
pub use parquet::{VotesParquet, write_scores_parquet};
pub use targets::{TargetKind, TargetRow, Targets};

/// A question, or the kept label of an image that was never asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredLabel {
    /// Image name.
    pub image: String,
    /// Class.
    pub class: ClassIndex,
    /// All names of the class.
    pub name: String,
    /// Posterior probability, 1 or 0 where it was decided; none for a label that was kept without a vote.
    pub score: Option<f64>,
    /// Whether the class is in the image's label set.
    pub in_set: bool,
}

/// An image with its label set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelSet {
    /// Image name.
    pub image: String,
    /// Ascending; may be empty.
    pub labels: Vec<u32>,
    /// The original label, where there is one.
    pub original: Option<u32>,
    /// What adjudicators decided, by label.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decided: Vec<DecidedLabel>,
}

/// An image as `metadata.jsonl` of a Hugging Face image folder has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FolderLine {
    /// Image name.
    pub file_name: String,
    /// The label set, ascending.
    pub labels: Vec<u32>,
    /// The score of each label of the set; none for a label that was kept without a vote.
    pub scores: Vec<Option<f64>>,
}

/// A label that an adjudicator put into a label set or kept out of it, whatever its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecidedLabel {
    /// Class.
    pub label: u32,
    /// Whether it is in the set.
    pub in_set: bool,
    /// Name of the adjudicator.
    pub by: String,
}

/// A rater's standing answer in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteLine {
    /// Image name.
    pub image: String,
    /// Class.
    pub class: ClassIndex,
    /// Rater's name.
    pub rater: String,
    /// Round's name.
    pub round: String,
    /// What was answered.
    pub answer: Answer,
    /// Unix milliseconds, where known.
    pub at: Option<i64>,
}

/// A vote as `votes-jsonl` writes it, under the names of the other columns.
#[derive(Debug, Serialize)]
pub struct VoteObject<'a> {
    image: &'a str,
    label: u32,
    rater: &'a str,
    round: &'a str,
    answer: &'static str,
    at: Option<String>,
}

impl VoteObject<'_> {
    /// The words of a vote.
    pub fn of(vote: &VoteLine) -> VoteObject<'_> {
        VoteObject {
            image: &vote.image,
            label: vote.class.0,
            rater: &vote.rater,
            round: &vote.round,
            answer: vote.answer.word(),
            at: vote.at.map(time_text),
        }
    }
}

/// A flag or comment in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoteLine {
    /// Its name.
    pub note: String,
    /// Whether somebody has answered: open or answered.
    pub state: &'static str,
    /// Image name.
    pub image: String,
    /// Rater's name.
    pub rater: String,
    /// Flag or comment.
    pub kind: &'static str,
    /// The comment; none for a flag.
    pub text: Option<String>,
    /// When, by RFC 3339.
    pub at: String,
    /// The newest last.
    pub answers: Vec<AnswerLine>,
}

/// What was said to a flag or comment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerLine {
    /// Name of who answered.
    pub rater: String,
    /// In words.
    pub text: String,
    /// When, by RFC 3339.
    pub at: String,
}

/// A task of the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskLine {
    /// Image name.
    pub image: String,
    /// From 0 within the image.
    pub task: u32,
    /// In their order on the screen.
    pub labels: Vec<u32>,
}

/// `real-json`: a list of class indices an image, in the order of image names, as the ReaL labels were published.
///
/// # Errors
/// Writing fails.
pub fn write_real_json(sets: &[LabelSet], out: &mut impl Write) -> io::Result<()> {
    let lists: Vec<&[u32]> = sets.iter().map(|set| set.labels.as_slice()).collect();
    serde_json::to_writer(&mut *out, &lists)?;
    writeln!(out)
}

/// `jsonl`: image, label set and original label, an object a line.
///
/// # Errors
/// Writing fails.
pub fn write_jsonl<T: Serialize>(lines: &[T], out: &mut impl Write) -> io::Result<()> {
    for line in lines {
        serde_json::to_writer(&mut *out, line)?;
        writeln!(out)?;
    }
    Ok(())
}
