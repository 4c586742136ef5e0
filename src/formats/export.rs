//! What the program writes for others: label sets, scores, votes and tasks.

use std::io::{self, Write};

use serde::Serialize;

use crate::domain::{Answer, ClassIndex};

use super::records::time_text;

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

/// `csv`: a row a question.
///
/// # Errors
/// Writing fails.
pub fn write_scores_csv(labels: &[ScoredLabel], out: &mut impl Write) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(["image", "label", "name", "score", "in_set"])
        .map_err(unwrapped)?;
    for label in labels {
        rows.write_record([
            label.image.as_str(),
            &label.class.to_string(),
            &label.name,
            // The shortest text that reads back as the same number.
            &label
                .score
                .map_or_else(String::new, |score| score.to_string()),
            if label.in_set { "1" } else { "0" },
        ])
        .map_err(unwrapped)?;
    }
    rows.flush()
}

/// The I/O error inside, whose kind tells a reader that is gone from a disk that is full.
fn unwrapped(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// `notes-csv`: a row a flag that stands, or a comment, with its newest answer.
///
/// # Errors
/// Writing fails.
pub fn write_notes_csv(notes: &[NoteLine], out: &mut impl Write) -> io::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record([
        "note",
        "state",
        "image",
        "rater",
        "kind",
        "text",
        "at",
        "answered_by",
        "answer",
        "answered_at",
    ])
    .map_err(unwrapped)?;
    for note in notes {
        let answer = note.answers.last();
        let of_answer = |cell: fn(&AnswerLine) -> &String| answer.map_or("", |answer| cell(answer));
        rows.write_record([
            note.note.as_str(),
            note.state,
            &note.image,
            &note.rater,
            note.kind,
            note.text.as_deref().unwrap_or_default(),
            &note.at,
            of_answer(|answer| &answer.rater),
            of_answer(|answer| &answer.text),
            of_answer(|answer| &answer.at),
        ])
        .map_err(unwrapped)?;
    }
    rows.flush()
}

/// `votes-csv`: a row a standing answer.
#[derive(Debug)]
pub struct VotesCsv<W: Write> {
    rows: csv::Writer<W>,
}

impl<W: Write> VotesCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Writing fails.
    pub fn new(out: W) -> io::Result<Self> {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(["image", "label", "rater", "round", "answer", "at"])
            .map_err(unwrapped)?;
        Ok(VotesCsv { rows })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Writing fails.
    pub fn write(&mut self, vote: &VoteLine) -> io::Result<()> {
        let record = [
            vote.image.as_str(),
            &vote.class.to_string(),
            &vote.rater,
            &vote.round,
            vote.answer.word(),
            &vote.at.map_or_else(String::new, time_text),
        ];
        self.rows.write_record(record).map_err(unwrapped)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(mut self) -> io::Result<()> {
        self.rows.flush()
    }
}
