//! What the rows of tables that are read say: labels, proposals, predictions, votes, folds as plain records.

use jiff::Timestamp;

use super::table::{Column, Row};
use crate::domain::{Answer, Role};

/// Why a row is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column:?}: {reason}")]
pub struct RecordError {
    /// The column.
    pub column: &'static str,
    /// Why, with the value.
    pub reason: String,
}

const IMAGE: Column = Column::required("image").or(&["file_name", "filename", "file"]);
const LABELS: Column = Column::required("label").or(&["labels", "class", "wnid", "category"]);
const LABEL: Column = Column::required("label").or(&["class", "wnid"]);

/// One label of one image, as the file names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRecord {
    /// Image name.
    pub image: String,
    /// Index, WordNet id or name of the class.
    pub label: String,
}

impl LabelRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[IMAGE, LABEL];

    /// Reads a row.
    ///
    /// # Errors
    /// Never; other records can be refused.
    pub fn from_row(row: &Row) -> Result<LabelRecord, RecordError> {
        Ok(LabelRecord {
            image: row.text(0).to_owned(),
            label: row.text(1).to_owned(),
        })
    }
}

/// The labels of one image: of a cell that holds a JSON list (as Hugging Face's metadata may) all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelsRecord {
    /// Image name.
    pub image: String,
    /// Indices, WordNet ids or names of classes; may be empty where the cell is a list.
    pub labels: Vec<String>,
}

impl LabelsRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[IMAGE, LABELS];

    /// Reads a row.
    ///
    /// # Errors
    /// Never; other records can be refused.
    pub fn from_row(row: &Row) -> Result<LabelsRecord, RecordError> {
        Ok(LabelsRecord {
            image: row.text(0).to_owned(),
            labels: labels_of(row.text(1)),
        })
    }
}

/// A list of numbers and texts, or the text itself.
fn labels_of(text: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Label {
        Index(u32),
        Text(String),
    }
    match serde_json::from_str::<Vec<Label>>(text) {
        Ok(labels) => labels
            .into_iter()
            .map(|label| match label {
                Label::Index(index) => index.to_string(),
                Label::Text(text) => text,
            })
            .collect(),
        Err(_) => vec![text.to_owned()],
    }
}

/// A class that a source puts forward for an image.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposalRecord {
    /// Image and class.
    pub label: LabelRecord,
    /// The model or other source; none where the file has no such column.
    pub source: Option<String>,
    /// The source's score.
    pub score: Option<f64>,
}

impl ProposalRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[
        IMAGE,
        LABELS,
        Column::optional("source").or(&["model"]),
        Column::optional("score"),
    ];

    /// Reads a row.
    ///
    /// # Errors
    /// The score is no finite number.
    pub fn from_row(row: &Row) -> Result<ProposalRecord, RecordError> {
        let score = row.get(3).map(parse_score).transpose()?;
        Ok(ProposalRecord {
            label: LabelRecord::from_row(row)?,
            source: row.get(2).map(str::to_owned),
            score,
        })
    }

    /// Reads a row whose cell may hold several labels: a proposal for each.
    ///
    /// # Errors
    /// The score is no finite number.
    pub fn all_of_row(row: &Row) -> Result<Vec<ProposalRecord>, RecordError> {
        let record = ProposalRecord::from_row(row)?;
        let labels = labels_of(&record.label.label).into_iter();
        let proposal = |label| ProposalRecord {
            label: LabelRecord {
                image: record.label.image.clone(),
                label,
            },
            ..record.clone()
        };
        Ok(labels.map(proposal).collect())
    }
}

/// A model's value for a class of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictionRecord {
    /// Image and class.
    pub label: LabelRecord,
    /// Logit or probability.
    pub score: f64,
    /// The fold that the model was trained without, where the file has it.
    pub fold: Option<u32>,
}

impl PredictionRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[
        IMAGE,
        LABEL,
        Column::required("score").or(&["logit", "probability"]),
        Column::optional("fold"),
    ];

    /// Reads a row.
    ///
    /// # Errors
    /// The score is no finite number, or the fold none.
    pub fn from_row(row: &Row) -> Result<PredictionRecord, RecordError> {
        Ok(PredictionRecord {
            label: LabelRecord::from_row(row)?,
            score: parse_score(row.text(2))?,
            fold: row.get(3).map(parse_fold).transpose()?,
        })
    }
}

/// The fold that an image belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldRecord {
    /// Image name.
    pub image: String,
    /// From 0.
    pub fold: u32,
}

impl FoldRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[IMAGE, Column::required("fold")];

    /// Reads a row.
    ///
    /// # Errors
    /// The fold is no whole number.
    pub fn from_row(row: &Row) -> Result<FoldRecord, RecordError> {
        Ok(FoldRecord {
            image: row.text(0).to_owned(),
            fold: parse_fold(row.text(1))?,
        })
    }
}

fn parse_fold(text: &str) -> Result<u32, RecordError> {
    let fold = text.trim().parse().ok();
    fold.filter(|fold| *fold < MOST_FOLDS)
        .ok_or_else(|| RecordError {
            column: "fold",
            reason: format!("{text:?} is no fold: expected a number from 0, below {MOST_FOLDS}"),
        })
}

/// More than anybody trains models.
const MOST_FOLDS: u32 = 10_000;

/// The group that an image belongs to, such as a session or a set of near-duplicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRecord {
    /// Image name.
    pub image: String,
    /// Whatever the group is called.
    pub group: String,
}

impl GroupRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[IMAGE, Column::required("group").or(&["session"])];

    /// Reads a row.
    ///
    /// # Errors
    /// Never; other records can be refused.
    pub fn from_row(row: &Row) -> Result<GroupRecord, RecordError> {
        Ok(GroupRecord {
            image: row.text(0).to_owned(),
            group: row.text(1).to_owned(),
        })
    }
}

/// Whether an image of a training set is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRecord {
    /// Image name.
    pub image: String,
    /// Whether it is.
    pub kept: bool,
}

impl KeptRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[IMAGE, Column::required("kept")];

    /// Reads a row.
    ///
    /// # Errors
    /// It says neither that the image is kept nor that it is not.
    pub fn from_row(row: &Row) -> Result<KeptRecord, RecordError> {
        let text = row.text(1).trim();
        let kept = match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => true,
            "0" | "false" | "no" => false,
            _ => {
                return Err(RecordError {
                    column: "kept",
                    reason: format!("{text:?} is neither 1 (kept) nor 0 (dropped)"),
                });
            }
        };
        Ok(KeptRecord {
            image: row.text(0).to_owned(),
            kept,
        })
    }
}

fn parse_score(text: &str) -> Result<f64, RecordError> {
    let score = text.trim().parse::<f64>().ok();
    score
        .filter(|score| score.is_finite())
        .ok_or_else(|| RecordError {
            column: "score",
            reason: format!("{text:?} is no finite number"),
        })
}

/// A rater's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteRecord {
    /// Image and class.
    pub label: LabelRecord,
    /// Rater's name.
    pub rater: String,
    /// What was answered.
    pub answer: Answer,
    /// Round's name, where the file has it.
    pub round: Option<String>,
    /// Unix milliseconds, where the file has it.
    pub at: Option<i64>,
    /// The rater's role, where the file has it.
    pub role: Option<Role>,
    /// Milliseconds that the rater spent on it, where the file has it.
    pub spent: Option<u32>,
}

impl VoteRecord {
    /// The columns of such a table.
    pub const COLUMNS: &'static [Column] = &[
        IMAGE,
        LABEL,
        Column::required("rater").or(&["worker", "annotator"]),
        Column::required("answer").or(&["vote"]),
        Column::optional("at").or(&["time", "timestamp"]),
        Column::optional("round"),
    ];

    /// Reads a row.
    ///
    /// # Errors
    /// The answer or the time cannot be understood.
    pub fn from_row(row: &Row) -> Result<VoteRecord, RecordError> {
        let answer = row.text(3).parse::<Answer>().map_err(|error| RecordError {
            column: "answer",
            reason: error.to_string(),
        })?;
        Ok(VoteRecord {
            label: LabelRecord::from_row(row)?,
            rater: row.text(2).to_owned(),
            answer,
            round: row.get(5).map(str::to_owned),
            at: row.get(4).map(parse_time).transpose()?,
            role: None,
            spent: None,
        })
    }
}

/// RFC 3339, or seconds since 1970.
pub(super) fn parse_time(text: &str) -> Result<i64, RecordError> {
    let unknown = || RecordError {
        column: "at",
        reason: format!(
            "{text:?} is no time: expected RFC 3339 (2026-11-02T09:30:00Z) or seconds since 1970"
        ),
    };
    if let Ok(seconds) = text.parse::<f64>() {
        let milliseconds = (seconds * 1000.0).round();
        // Beyond the year 9999 it is no time that anybody meant.
        return (0.0..=253_402_300_799_000.0)
            .contains(&milliseconds)
            .then_some(milliseconds as i64)
            .ok_or_else(unknown);
    }
    text.parse::<Timestamp>()
        .map(Timestamp::as_millisecond)
        .map_err(|_| unknown())
}

/// Unix milliseconds as RFC 3339 in UTC, to the millisecond.
pub fn time_text(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds)
        .map_or_else(|_| String::new(), |time| time.to_string())
}

/// A day, counted from 1970-01-01, as `2026-11-02`; empty beyond what a calendar holds.
pub fn day_text(days: i64) -> String {
    let time = Timestamp::from_second(days.saturating_mul(86_400));
    time.map_or_else(|_| String::new(), |time| time.strftime("%F").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_forms_and_written_in_one() {
        for text in [
            "2026-11-02T09:30:00.25Z",
            "1793611800.25",
            "2026-11-02T10:30:00.25+01:00",
        ] {
            let at = parse_time(text).unwrap();
            assert_eq!(time_text(at), "2026-11-02T09:30:00.25Z", "{text}");
        }
        assert!(parse_time("yesterday").is_err());
        assert!(parse_time("1e300").is_err());
    }
}
