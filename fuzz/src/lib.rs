//! What the targets share: a file in memory, and what must hold for every refusal.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use relabel::formats::table::{Column, Row, TableError, open_table};
use relabel::text::message;

/// A file of these bytes under this name, in memory where the system has such a folder; the next one of the name takes its place.
pub fn file(name: &str, bytes: &[u8]) -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let memory = Path::new("/dev/shm");
        let base = match memory.is_dir() {
            true => memory.to_owned(),
            false => std::env::temp_dir(),
        };
        let folder = base.join(format!("relabel-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the input");
        folder
    });
    let path = PATH.get_or_init(|| folder.join(name));
    std::fs::write(path, bytes).expect("the input is written");
    path
}

/// What is said of a file that is refused: one line, short enough to be read, and nothing that acts on a terminal once it is printed.
pub fn check_refusal(error: &dyn std::fmt::Display) {
    let text = error.to_string();
    assert!(!text.is_empty(), "a refusal says why");
    assert!(
        !text.contains(['\n', '\r']),
        "a refusal is one line: {text:?}"
    );
    let line = format!("cannot import x: {text}");
    let printed = message(&line);
    assert!(!printed.chars().any(char::is_control), "{printed:?}");
    assert!(
        printed.len() < 8_000,
        "a refusal of {} bytes",
        printed.len()
    );
}

/// All rows of a table, and whether it was refused as a whole or in some row, each refusal checked.
pub fn rows(path: &Path, columns: &'static [Column]) -> Vec<Row> {
    let table = match open_table(path, columns) {
        Ok(table) => table,
        Err(error) => {
            check_refusal(&error);
            return Vec::new();
        }
    };
    let mut good = Vec::new();
    let mut last = 0;
    // A page may hold one value a million times in a few bytes.
    for row in table.take(10_000) {
        match row {
            Ok(row) => {
                assert!(row.row > last, "row {} comes after {last}", row.row);
                last = row.row;
                good.push(row);
            }
            Err(error) => {
                check_refusal(&error);
                if let TableError::Row { row, .. } = error {
                    assert!(row > 0, "{error}");
                }
            }
        }
    }
    good
}

/// A table as every command reads it; votes and labels that were understood are written and read again.
pub fn read_as_every_table(path: &Path) {
    use relabel::formats::records::{LabelsRecord, PredictionRecord, ProposalRecord, VoteRecord};
    for row in rows(path, LabelsRecord::COLUMNS) {
        let record = LabelsRecord::from_row(&row).expect("labels are never refused");
        assert!(!record.image.is_empty());
    }
    for row in rows(path, ProposalRecord::COLUMNS) {
        match ProposalRecord::all_of_row(&row) {
            Ok(records) => {
                let scores = records.iter().filter_map(|record| record.score);
                assert!({ scores }.all(f64::is_finite));
            }
            Err(error) => check_refusal(&error),
        }
    }
    for row in rows(path, PredictionRecord::COLUMNS) {
        match PredictionRecord::from_row(&row) {
            Ok(record) => assert!(record.score.is_finite()),
            Err(error) => check_refusal(&error),
        }
    }
    let votes = rows(path, VoteRecord::COLUMNS);
    let votes: Vec<VoteRecord> = votes
        .iter()
        .filter_map(|row| {
            VoteRecord::from_row(row)
                .inspect_err(|error| check_refusal(error))
                .ok()
        })
        .collect();
    come_back(path, &votes);
}

/// Votes through the program's own writer and back; classes must be indices there.
fn come_back(path: &Path, votes: &[relabel::formats::records::VoteRecord]) {
    use relabel::domain::ClassIndex;
    use relabel::formats::export::{Formulas, VoteLine, VotesCsv};
    use relabel::formats::records::VoteRecord;
    let lines: Vec<VoteLine> = votes
        .iter()
        .filter_map(|vote| {
            Some(VoteLine {
                image: vote.label.image.clone(),
                class: ClassIndex(vote.label.label.parse().ok()?),
                rater: vote.rater.clone(),
                round: vote.round.clone()?,
                answer: vote.answer,
                at: vote.at,
            })
        })
        .collect();
    let mut bytes = Vec::new();
    let mut csv = VotesCsv::new(&mut bytes, Formulas::Kept).expect("memory takes a header");
    for line in &lines {
        csv.write(line).expect("memory takes a vote");
    }
    csv.finish().expect("memory takes the end");
    let copy = path.with_file_name("again.csv");
    std::fs::write(&copy, bytes).expect("the copy is written");
    let again = rows(&copy, VoteRecord::COLUMNS);
    assert_eq!(again.len(), lines.len());
    for (row, line) in again.iter().zip(&lines) {
        let vote = VoteRecord::from_row(row).expect("what was written is read");
        assert_eq!(
            (
                &vote.label.image,
                vote.label.label,
                &vote.rater,
                vote.round.as_ref(),
                vote.answer,
                vote.at
            ),
            (
                &line.image,
                line.class.to_string(),
                &line.rater,
                Some(&line.round),
                line.answer,
                line.at
            ),
        );
    }
}
