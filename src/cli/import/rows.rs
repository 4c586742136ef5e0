use std::path::Path;

use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::formats::records::RecordError;
use crate::formats::table::{Column, Row, TableError, open_table};

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
            RowProblem::Stop(failure) => failure.hints.push(hint.into()),
        }
        self
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
    let table = open_table(file, columns).map_err(|error| refusal(&what(), &error))?;
    let bar = context.progress("rows", 0);
    let mut left_out = LeftOut::default();
    for row in table {
        bar.inc(1);
        interrupt::check()?;
        let (place, problem) = match row {
            Err(error @ TableError::Row { .. }) => (None, RowProblem::bad(error.to_string())),
            Err(error) => return Err(refusal(&what(), &error)),
            Ok(row) => match parse(&row).map_err(RowProblem::from).and_then(&mut take) {
                Ok(()) => continue,
                Err(problem) => (Some(row.row), problem),
            },
        };
        match problem {
            RowProblem::Stop(failure) => return Err(failure),
            RowProblem::Bad { reason, hints } => {
                let line = match place {
                    Some(row) => format!("row {row}: {reason}"),
                    None => reason,
                };
                if !bad_rows.skip_bad {
                    let failure = Failure::input(format!("{}: {line}", what()));
                    let what_to_do = match bad_rows.never {
                        true => "nothing was imported; mend the row",
                        false => {
                            "nothing was imported; mend the row, or leave bad rows out with --skip-bad"
                        }
                    };
                    let failure = hints.into_iter().fold(failure, Failure::hint);
                    return Err(failure.hint(what_to_do));
                }
                left_out.0.push(line);
            }
        }
    }
    bar.finish_and_clear();
    Ok(left_out)
}

fn refusal(what: &str, error: &TableError) -> Failure {
    let failure = Failure::input(format!("{what}: {error}"));
    match error {
        TableError::Format { ending } if ending == "npz" || ending == "json" => {
            failure.hint(format!(
                "this version reads no {ending} here; write the table as CSV, JSONL or Parquet"
            ))
        }
        TableError::Format { .. } => failure
            .hint("name the file .csv (with a header), .jsonl (an object a line) or .parquet"),
        _ => failure,
    }
}
