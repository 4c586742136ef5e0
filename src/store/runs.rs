use rusqlite::{OptionalExtension, Row};

use super::decisions::decided;
use super::{Mark, Store, StoreError};
use crate::domain::{ClassIndex, ImageId, Question, QuestionId};

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
    /// Name of the round whose votes it counted.
    pub round: String,
}

/// A run to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// The method's word on the command line.
    pub method: &'a str,
    /// What the method found out.
    pub parameters: &'a serde_json::Value,
    /// What a reader should know of the outcome.
    pub remarks: &'a [String],
    /// Unix milliseconds.
    pub at: i64,
    /// Name of the round whose votes were counted.
    pub round: &'a str,
    /// How far the votes went, taken before they were read.
    pub marks: &'a [Mark],
}

/// What a run says of a question, in words.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRow {
    /// Image name.
    pub image: String,
    /// Class.
    pub class: ClassIndex,
    /// Posterior probability that the class is in the image; 1 or 0 where it was decided.
    pub score: f64,
    /// Whether the class is in the image's label set.
    pub in_set: bool,
    /// Whether the question is a dispute.
    pub disputed: bool,
    /// Name of the adjudicator who decided it, if one did.
    pub decided_by: Option<String>,
}

/// What is said of a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QuestionScore {
    /// Its key.
    pub question: QuestionId,
    /// What it asks.
    pub asks: Question,
    /// True if the image has an original label.
    pub is_labelled: bool,
    /// Whether it asks for the image's original label.
    pub is_original: bool,
    /// Posterior probability that the class is in the image; 1 or 0 where it was decided.
    pub score: f64,
    /// Whether the class is in the image's label set.
    pub in_set: bool,
    /// Whether the question is a dispute.
    pub disputed: bool,
    /// Whether an adjudicator decided it.
    pub decided: bool,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    let remarks: String = row.get(3)?;
    Ok(Run {
        id: row.get(0)?,
        method: row.get(1)?,
        parameters: row.get(2)?,
        remarks: serde_json::from_str(&remarks).unwrap_or_default(),
        at: row.get(4)?,
        round: row.get(5)?,
    })
}

const SELECT: &str = "SELECT id, method, parameters, remarks, at, round FROM run";

/// The questions of a run (?1) and what adjudicators decided.
const SCORED: &str = "question
             LEFT JOIN score ON score.run = ?1 AND score.question = question.id
             LEFT JOIN decided ON decided.question = question.id";

/// Score, membership and dispute: a decision is certain, and disputed no more.
const OVERRIDDEN: &str =
    "iif(decided.answer IS NULL, score.score, iif(decided.answer = 2, 1.0, 0.0)),
                    iif(decided.answer IS NULL, score.in_set, decided.answer = 2),
                    iif(decided.answer IS NULL, score.disputed, 0)";

/// A decision alone makes no label set: where nobody has voted, the original label stays.
const IN_RUN: &str = "(score.question IS NOT NULL OR (decided.question IS NOT NULL AND question.image IN (
                 SELECT voted.image FROM score JOIN question AS voted ON voted.id = score.question WHERE score.run = ?1)))";

impl Store {
    /// Keeps a run with its scores: (question, score, in the label set, disputed).
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_run(
        &self,
        run: &NewRun<'_>,
        scores: impl IntoIterator<Item = (QuestionId, f64, bool, bool)>,
    ) -> Result<i64, StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO run (method, parameters, remarks, at, round) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((
                run.method,
                run.parameters.to_string(),
                serde_json::json!(run.remarks).to_string(),
                run.at,
                run.round,
            ))?;
        let id = self.connection.last_insert_rowid();
        let mut mark = self
            .connection
            .prepare_cached("INSERT INTO run_mark (run, copy, sequence) VALUES (?1, ?2, ?3)")?;
        for seen in run.marks {
            mark.execute((id, seen.copy, seen.sequence))?;
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO score (run, question, score, in_set, disputed) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        for (question, score, in_set, disputed) in scores {
            insert.execute((id, question.0, score, in_set, disputed))?;
        }
        Ok(id)
    }

    /// How far the votes went that a run counted.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn run_marks(&self, run: i64) -> Result<Vec<Mark>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT copy, sequence FROM run_mark WHERE run = ?1")?
            .query_map([run], |row| {
                Ok(Mark {
                    copy: row.get(0)?,
                    sequence: row.get(1)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// How many runs there are.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn n_runs(&self) -> Result<usize, StoreError> {
        let count: i64 = self
            .connection
            .query_row("SELECT count(*) FROM run", [], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or(0))
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

    /// The newest run over a round.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn newest_run_of(&self, round: &str) -> Result<Option<Run>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "{SELECT} WHERE id = (SELECT max(id) FROM run WHERE round = ?1)"
            ))?
            .query_row([round], read)
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

    /// Scores of a run by image name and class, with what adjudicators decided in their place.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn scores(&self, run: i64) -> Result<Vec<ScoreRow>, StoreError> {
        let sql = format!(
            "WITH {}
             SELECT image.name, question.class, {OVERRIDDEN}, rater.name
             FROM {SCORED}
             JOIN image ON image.id = question.image
             LEFT JOIN rater ON rater.id = decided.rater
             WHERE {IN_RUN} ORDER BY image.name, question.class",
            decided()
        );
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_map([run], |row| {
                Ok(ScoreRow {
                    image: row.get(0)?,
                    class: ClassIndex(row.get(1)?),
                    score: row.get(2)?,
                    in_set: row.get(3)?,
                    disputed: row.get(4)?,
                    decided_by: row.get(5)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Scores of a run by question, with what adjudicators decided in their place.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn question_scores(&self, run: i64) -> Result<Vec<QuestionScore>, StoreError> {
        let sql = format!(
            "WITH {}
             SELECT question.id, question.image, question.class, ifnull(original_label.class = question.class, 0),
                    {OVERRIDDEN}, decided.question IS NOT NULL, original_label.image IS NOT NULL
             FROM {SCORED}
             LEFT JOIN original_label ON original_label.image = question.image
             WHERE {IN_RUN} ORDER BY question.id",
            decided()
        );
        self.read_scores(&sql, run)
    }

    /// Scores of a run by question, as its method gave them.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn method_scores(&self, run: i64) -> Result<Vec<QuestionScore>, StoreError> {
        let sql = "SELECT question.id, question.image, question.class, ifnull(original_label.class = question.class, 0),
                          score.score, score.in_set, score.disputed, 0, original_label.image IS NOT NULL
                   FROM score
                   JOIN question ON question.id = score.question
                   LEFT JOIN original_label ON original_label.image = question.image
                   WHERE score.run = ?1 ORDER BY score.question";
        self.read_scores(sql, run)
    }

    fn read_scores(&self, sql: &str, run: i64) -> Result<Vec<QuestionScore>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_map([run], |row| {
                Ok(QuestionScore {
                    question: QuestionId(row.get(0)?),
                    asks: Question {
                        image: ImageId(row.get(1)?),
                        class: ClassIndex(row.get(2)?),
                    },
                    is_labelled: row.get(8)?,
                    is_original: row.get(3)?,
                    score: row.get(4)?,
                    in_set: row.get(5)?,
                    disputed: row.get(6)?,
                    decided: row.get(7)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }
}
