use super::votes::NEWEST;
use super::{Store, StoreError};
use crate::domain::{Answer, ClassIndex, ImageId, Question, QuestionId, RaterId, Role};

/// The round of what adjudicators decide, whatever round they look at.
pub const DECISION_ROUND: &str = "decision";

/// What an adjudicator decided of a question: it overrides the score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The question's key.
    pub question: QuestionId,
    /// What it asks.
    pub asks: Question,
    /// True if the image has an original label.
    pub is_labelled: bool,
    /// Whether it asks for the image's original label.
    pub is_original: bool,
    /// Whether the class is in the image.
    pub in_set: bool,
    /// Name of the adjudicator.
    pub by: String,
    /// Unix milliseconds; near 0 where it is not known.
    pub at: i64,
}

/// An adjudicator's standing answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Who.
    pub rater: RaterId,
    /// The adjudicator's name.
    pub name: String,
    /// Yes and no decide, maybe leaves open.
    pub answer: Answer,
}

/// A table for WITH, `decided (question, answer, rater, at)`: of the adjudicators' standing answers to a question the newest,
/// where that is no maybe. Read by the index of raters, so that a project without adjudicators pays nothing.
pub(super) fn decided() -> String {
    format!(
        "decided (question, answer, rater, at) AS (
             SELECT question, answer, rater, at FROM (
                 SELECT question, answer, rater, at,
                        row_number() OVER (PARTITION BY question ORDER BY at DESC, copy DESC, sequence DESC) AS place
                 FROM vote
                 WHERE rater IN (SELECT id FROM rater WHERE role = '{adjudicator}')
                   AND round = (SELECT id FROM round WHERE name = '{DECISION_ROUND}')
                   AND answer IS NOT NULL AND {NEWEST})
             WHERE place = 1 AND answer <> {maybe})",
        adjudicator = Role::Adjudicator.word(),
        maybe = Answer::Maybe.code(),
    )
}

impl Store {
    /// Every decision that stands, by question.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn decisions(&self) -> Result<Vec<Decision>, StoreError> {
        let sql = format!(
            "WITH {}
             SELECT question.id, question.image, question.class, ifnull(original_label.class = question.class, 0),
                    decided.answer = ?1, rater.name, decided.at, original_label.image IS NOT NULL
             FROM decided
             JOIN question ON question.id = decided.question
             JOIN rater ON rater.id = decided.rater
             LEFT JOIN original_label ON original_label.image = question.image
             ORDER BY question.id",
            decided()
        );
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_map([Answer::Yes.code()], |row| {
                Ok(Decision {
                    question: QuestionId(row.get(0)?),
                    asks: Question {
                        image: ImageId(row.get(1)?),
                        class: ClassIndex(row.get(2)?),
                    },
                    is_labelled: row.get(7)?,
                    is_original: row.get(3)?,
                    in_set: row.get(4)?,
                    by: row.get(5)?,
                    at: row.get(6)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// The adjudicators' standing answers to a question, the newest last: that one counts.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn rulings(&self, question: QuestionId) -> Result<Vec<Ruling>, StoreError> {
        let sql = format!(
            "SELECT vote.rater, rater.name, vote.answer FROM vote JOIN rater ON rater.id = vote.rater
             WHERE vote.question = ?1 AND rater.role = ?2
               AND vote.round = (SELECT id FROM round WHERE name = ?3)
               AND vote.answer IS NOT NULL AND {NEWEST}
             ORDER BY vote.at, vote.copy, vote.sequence"
        );
        let adjudicator = Role::Adjudicator.word();
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query((question.0, adjudicator, DECISION_ROUND))?;
        let mut rulings = Vec::new();
        while let Some(row) = rows.next()? {
            let (rater, name) = (RaterId(row.get(0)?), row.get(1)?);
            if let Some(answer) = Answer::from_code(row.get(2)?) {
                rulings.push(Ruling {
                    rater,
                    name,
                    answer,
                });
            }
        }
        Ok(rulings)
    }
}
