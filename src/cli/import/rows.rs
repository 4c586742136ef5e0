use std::path::Path;

use indicatif::ProgressBar;

use super::unknown::{UnknownImage, UnknownImages};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::cli::suggest::column_hint;
use crate::formats::records::RecordError;
use crate::formats::table::{Column, Row, TableError, open_table};
use crate::text::count;

/// How an import treats rows that are bad.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct BadRows {
    /// Leave bad rows out, count and list them, and import the others
    #[arg(long)]
    pub skip_bad: bool,
    /// Whether the command can leave bad rows out at all.
    #[arg(skip)]
    pub never: bool,
}

impl BadRows {
    /// For commands that take a whole file or nothing.
    pub fn never() -> BadRows {
        BadRows {
            skip_bad: false,
            never: true,
        }
    }
}

/// Why a row does not go in.
#[derive(Debug)]
pub enum RowProblem {
    /// The row is bad; others may be good.
    Bad {
        /// What is wrong with it.
        reason: String,
        /// What to do.
        hints: Vec<String>,
    },
    /// It names an image that the project does not have; all of these are told together.
    Unknown(UnknownImage),
    /// Nothing more can go in.
    Stop(Failure),
}

impl RowProblem {
    /// The row is bad.
    pub fn bad(reason: impl Into<String>) -> RowProblem {
        RowProblem::Bad {
            reason: reason.into(),
            hints: Vec::new(),
        }
    }

    /// The same with something that the user can do.
    pub fn hint(mut self, hint: impl Into<String>) -> RowProblem {
        match &mut self {
            RowProblem::Bad { hints, .. } => hints.push(hint.into()),
            RowProblem::Unknown(image) => image.what_to_do = hint.into(),
            RowProblem::Stop(failure) => failure.hints.push(hint.into()),
        }
        self
    }

    /// The failure that it is by itself; `what` says of the reason what cannot be done, and where.
    pub fn failure(self, what: impl FnOnce(&str) -> String) -> Failure {
        let (reason, hints) = match self {
            RowProblem::Stop(failure) => return failure,
            RowProblem::Bad { reason, hints } => (reason, hints),
            RowProblem::Unknown(image) => (image.reason(), image.hints()),
        };
        let failure = Failure::input(what(&reason));
        hints.into_iter().fold(failure, Failure::hint)
    }
}

impl From<Failure> for RowProblem {
    fn from(failure: Failure) -> RowProblem {
        RowProblem::Stop(failure)
    }
}

impl From<RecordError> for RowProblem {
    fn from(error: RecordError) -> RowProblem {
        RowProblem::bad(error.to_string())
    }
}

/// Rows that were left out, each with its place and reason.
#[derive(Debug, Default)]
pub struct LeftOut(pub Vec<String>);

/// More than these would bury the summary, unless they are asked for.
const LISTED: usize = 20;

impl LeftOut {
    /// Lists what was left out.
    pub fn say(&self, context: &Context) {
        if self.0.is_empty() {
            return;
        }
        context.say(format!("left out {}:", self.0.len()));
        let listed = match context.verbose {
            true => self.0.len(),
            false => LISTED,
        };
        for line in self.0.iter().take(listed) {
            context.say(format!("  {line}"));
        }
        if self.0.len() > listed {
            let more = self.0.len() - listed;
            context.say(format!("  … and {more} more (-v lists them all)"));
        }
    }
}

/// The end of a message that counts the images which an import made; empty where it made none.
pub(super) fn new_images(new: usize) -> String {
    match new {
        0 => String::new(),
        _ => format!("; {}, known by name only", count(new, "new image")),
    }
}

/// What a file holds, on its way in one by one. The first bad one ends it, unless bad ones are to be left out.
pub struct Intake<'a> {
    file: &'a Path,
    /// What one is called: row, entry.
    noun: &'static str,
    bad_rows: BadRows,
    bar: ProgressBar,
    left_out: LeftOut,
    unknown: UnknownImages,
}

impl<'a> Intake<'a> {
    /// Begins.
    pub fn new(
        file: &'a Path,
        noun: &'static str,
        bad_rows: BadRows,
        context: &Context,
    ) -> Intake<'a> {
        Intake {
            file,
            noun,
            bad_rows,
            bar: context.progress("rows", 0),
            left_out: LeftOut::default(),
            unknown: UnknownImages::default(),
        }
    }

    /// Says what became of one; where it stands is asked for only if it is bad.
    pub fn note(
        &mut self,
        outcome: Result<(), RowProblem>,
        place: impl FnOnce() -> Option<String>,
    ) -> Result<(), Failure> {
        self.bar.inc(1);
        interrupt::check()?;
        let problem = match outcome {
            Ok(()) => return Ok(()),
            Err(RowProblem::Unknown(image)) if !self.bad_rows.skip_bad => {
                self.unknown.add(image, place);
                return Ok(());
            }
            Err(problem) => problem,
        };
        let at = |reason: &str| match place() {
            Some(place) => format!("{place}: {reason}"),
            None => reason.to_owned(),
        };
        if self.bad_rows.skip_bad {
            let line = match problem {
                RowProblem::Stop(failure) => return Err(failure),
                RowProblem::Bad { reason, .. } => at(&reason),
                RowProblem::Unknown(image) => at(&image.reason()),
            };
            self.left_out.0.push(line);
            return Ok(());
        }
        if let RowProblem::Stop(failure) = problem {
            return Err(failure);
        }
        let failure =
            problem.failure(|reason| format!("cannot import {}: {}", shown(self.file), at(reason)));
        Err(failure.hint(self.what_to_do()))
    }

    fn what_to_do(&self) -> String {
        match (self.bad_rows.never, self.noun) {
            (true, noun) => format!("nothing was imported; fix the {noun}"),
            (false, "row") => {
                "nothing was imported; fix the row, or leave bad rows out with --skip-bad"
                    .to_owned()
            }
            (false, _) => {
                "nothing was imported; fix it, or leave out what is bad with --skip-bad".to_owned()
            }
        }
    }

    /// Ends; gives what was left out. Refuses a file that names images which the project does not have.
    pub fn finish(self) -> Result<LeftOut, Failure> {
        self.bar.finish_and_clear();
        let what = format!("cannot import {}", shown(self.file));
        let then = self.what_to_do();
        self.unknown.refuse(&what, Some(then))?;
        Ok(self.left_out)
    }
}

/// Takes a table row by row. The first bad row ends it, unless bad rows are to be left out.
pub fn take_rows<T>(
    file: &Path,
    columns: &'static [Column],
    bad_rows: BadRows,
    context: &Context,
    parse: impl Fn(&Row) -> Result<T, RecordError>,
    mut take: impl FnMut(T) -> Result<(), RowProblem>,
) -> Result<LeftOut, Failure> {
    let what = || format!("cannot import {}", shown(file));
    let table = open_table(file, columns).map_err(|error| refusal(&what(), columns, &error))?;
    let mut intake = Intake::new(file, "row", bad_rows, context);
    for row in table {
        match row {
            // It names its row itself.
            Err(error) if error.is_of_one_row() => {
                let problem = RowProblem::bad(error.to_string());
                let problem = match &error {
                    TableError::Key { name, found, .. } => {
                        let hint = column_hint(columns, name, found).into_iter();
                        hint.fold(problem, RowProblem::hint)
                    }
                    _ => problem,
                };
                intake.note(Err(problem), || None)?;
            }
            Err(error) => return Err(refusal(&what(), columns, &error)),
            Ok(row) => {
                let outcome = parse(&row).map_err(RowProblem::from).and_then(&mut take);
                intake.note(outcome, || Some(format!("row {}", row.row)))?;
            }
        }
    }
    intake.finish()
}

fn refusal(what: &str, columns: &[Column], error: &TableError) -> Failure {
    let failure = Failure::input(format!("{what}: {error}"));
    match error {
        TableError::Format { ending } if ending == "npz" => failure.hint(format!(
            "this version reads no {ending} here; write the table as CSV, JSONL or Parquet"
        )),
        TableError::Column { name, found } => match column_hint(columns, name, found) {
            Some(hint) => failure.hint(hint),
            None => failure,
        },
        TableError::Format { .. } => failure
            .hint("name the file .csv (with a header), .jsonl (an object a line) or .parquet"),
        _ => failure,
    }
}
