use std::borrow::Cow;
use std::io::{self, Write};

use super::super::records::time_text;
use super::{AnswerLine, NoteLine, ScoredLabel, VoteLine};

/// What becomes of cells that a spreadsheet would run as formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// They stay as they are.
    Kept,
    /// They get an apostrophe in front, which makes them text.
    Defused,
}

/// How cells begin that spreadsheets run (OWASP, "CSV Injection").
const STARTS: [char; 11] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
];

/// A cell with an apostrophe before it, where a spreadsheet would run it; numbers stay numbers.
pub fn defused(cell: &str) -> Cow<'_, str> {
    let is_number = || cell.ends_with(|c: char| c.is_ascii_digit()) && cell.parse::<f64>().is_ok();
    match cell.starts_with(STARTS) && !is_number() {
        true => Cow::Owned(format!("'{cell}")),
        false => Cow::Borrowed(cell),
    }
}

/// Rows on their way out.
pub(super) struct Rows<W: Write> {
    rows: ::csv::Writer<W>,
    formulas: Formulas,
}

impl<W: Write> Rows<W> {
    pub(super) fn new(out: W, formulas: Formulas) -> Self {
        let rows = ::csv::Writer::from_writer(out);
        Rows { rows, formulas }
    }

    pub(super) fn write<'a>(&mut self, row: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        for cell in row {
            match self.formulas {
                Formulas::Kept => self.rows.write_field(cell),
                Formulas::Defused => self.rows.write_field(defused(cell).as_ref()),
            }
            .map_err(unwrapped)?;
        }
        self.rows.write_record(None::<&[u8]>).map_err(unwrapped)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.rows.flush()
    }
}

/// `csv`: a row a question.
///
/// # Errors
/// Writing fails.
pub fn write_scores_csv(
    labels: &[ScoredLabel],
    formulas: Formulas,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = Rows::new(out, formulas);
    rows.write(["image", "label", "name", "score", "in_set"])?;
    for label in labels {
        rows.write([
            label.image.as_str(),
            &label.class.to_string(),
            &label.name,
            // The shortest text that reads back as the same number.
            &label
                .score
                .map_or_else(String::new, |score| score.to_string()),
            if label.in_set { "1" } else { "0" },
        ])?;
    }
    rows.finish()
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
pub fn write_notes_csv(
    notes: &[NoteLine],
    formulas: Formulas,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut rows = Rows::new(out, formulas);
    rows.write([
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
    ])?;
    for note in notes {
        let answer = note.answers.last();
        let of_answer = |cell: fn(&AnswerLine) -> &String| answer.map_or("", |answer| cell(answer));
        rows.write([
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
        ])?;
    }
    rows.finish()
}

/// `votes-csv`: a row a standing answer.
pub struct VotesCsv<W: Write> {
    rows: Rows<W>,
}

impl<W: Write> VotesCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Writing fails.
    pub fn new(out: W, formulas: Formulas) -> io::Result<Self> {
        let mut rows = Rows::new(out, formulas);
        rows.write(["image", "label", "rater", "round", "answer", "at"])?;
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
        self.rows.write(record)
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(self) -> io::Result<()> {
        self.rows.finish()
    }
}
