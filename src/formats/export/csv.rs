use std::io::{self, Write};

use super::super::records::time_text;
use super::{AnswerLine, NoteLine, ScoredLabel, VoteLine};

/// `csv`: a row a question.
///
/// # Errors
/// Writing fails.
pub fn write_scores_csv(labels: &[ScoredLabel], out: &mut impl Write) -> io::Result<()> {
    let mut rows = ::csv::Writer::from_writer(out);
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
fn unwrapped(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// `notes-csv`: a row a flag that stands, or a comment, with its newest answer.
///
/// # Errors
/// Writing fails.
pub fn write_notes_csv(notes: &[NoteLine], out: &mut impl Write) -> io::Result<()> {
    let mut rows = ::csv::Writer::from_writer(out);
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
    rows: ::csv::Writer<W>,
}

impl<W: Write> VotesCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Writing fails.
    pub fn new(out: W) -> io::Result<Self> {
        let mut rows = ::csv::Writer::from_writer(out);
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
