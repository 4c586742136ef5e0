use rusqlite::{OptionalExtension, Row};

use super::{Store, StoreError};
use crate::domain::{ClassIndex, QuestionId};

/// One aggregation of votes into scores, with what it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Number, from 1.
    pub id: i64,
    /// The method's word on the command line.
    pub method: String,
    /// Parameters as JSON.
    pub parameters: String,
    /// What a reader should know of the outcome.
    pub remarks: Vec<String>,
    /// Unix milliseconds.
    pub at: i64,
}

/// What a run says of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// Image name.
    pub image: String,
    /// Class.
    pub class: ClassIndex,
    /// Posterior probability that the class is in the image.
    pub score: f64,
    /// Whether the class is in the image's label set.
    pub in_set: bool,
    /// Whether the question is a dispute.
    pub disputed: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    let remarks: String = row.get(3)?;
    Ok(Run {
        id: row.get(0)?,
        method: row.get(1)?,
        parameters: row.get(2)?,
        remarks: serde_json::from_str(&remarks).unwrap_or_default(),
        at: row.get(4)?,
    })
}

const SELECT: &str = "SELECT id, method, parameters, remarks, at FROM run";

impl Store {
    /// Keeps a run with its scores: (question, score, in the label set, disputed).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_run(
        &self,
        method: &str,
        parameters: &serde_json::Value,
        remarks: &[String],
        at: i64,
        scores: impl IntoIterator<Item = (QuestionId, f64, bool, bool)>,
    ) -> Result<i64, StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO run (method, parameters, remarks, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((
                method,
                parameters.to_string(),
                serde_json::json!(remarks).to_string(),
                at,
            ))?;
        let run = self.connection.last_insert_rowid();
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO score (run, question, score, in_set, disputed) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (question, score, in_set, disputed) in scores {
            insert.execute((run, question.0, score, in_set, disputed))?;
        }
        Ok(run)
    }

    /// All runs, oldest first.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn runs(&self) -> Result<Vec<Run>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!("{SELECT} ORDER BY id"))?
            .query_map([], read)?
            .collect::<Result<_, _>>()?)
    }

    /// The run of this number, or the newest.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn run(&self, id: Option<i64>) -> Result<Option<Run>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "{SELECT} WHERE id = ifnull(?1, (SELECT max(id) FROM run))"
            ))?
            .query_row([id], read)
            .optional()?)
    }

    /// The score of a question in the newest run.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn newest_score(&self, question: QuestionId) -> Result<Option<f64>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT score FROM score WHERE question = ?1 AND run = (SELECT max(id) FROM run)",
            )?
            .query_row([question.0], |row| row.get(0))
            .optional()?)
    }

    /// Scores of a run by image name and class.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn scores(&self, run: i64) -> Result<Vec<ScoreRow>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT image.name, question.class, score.score, score.in_set, score.disputed
                 FROM score JOIN question ON question.id = score.question JOIN image ON image.id = question.image
                 WHERE score.run = ?1 ORDER BY image.name, question.class",
            )?
            .query_map([run], |row| {
                Ok(ScoreRow {
                    image: row.get(0)?,
                    class: ClassIndex(row.get(1)?),
                    score: row.get(2)?,
                    in_set: row.get(3)?,
                    disputed: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }
}
