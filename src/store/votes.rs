use std::collections::HashMap;

use rusqlite::OptionalExtension;

use super::{DECISION_ROUND, Store, StoreError};
use crate::domain::{
    Answer, ClassIndex, ImageId, Question, QuestionId, RaterId, RoundId, TaskId, Vote,
};

/// A vote to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewVote {
    /// What was asked.
    pub question: QuestionId,
    /// In which pass.
    pub round: RoundId,
    /// Who answered.
    pub rater: RaterId,
    /// What was answered; none takes the standing answer back.
    pub answer: Option<Answer>,
    /// Unix milliseconds; none where it is not known.
    pub at: Option<i64>,
    /// Milliseconds that the rater spent on it.
    pub spent: Option<u32>,
}

/// A standing vote in plain words, as exports write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoteRow {
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
    /// Milliseconds that the rater spent on it, where known.
    pub spent: Option<u32>,
}

/// How far the votes and notes of a copy of the project go. A file holds all of a copy's numbers up to its newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Key of the copy.
    pub copy: i64,
    /// Its newest number.
    pub sequence: i64,
}

/// Times before this one only say which vote came first: a second after 1970 nobody voted.
pub(super) const KNOWN_FROM: i64 = 1_000;

/// The newest row of each (question, round, rater), by the clustered key.
pub(super) const NEWEST: &str = "NOT EXISTS (SELECT 1 FROM vote AS newer
        WHERE newer.question = vote.question AND newer.round = vote.round AND newer.rater = vote.rater
          AND (newer.at, newer.copy, newer.sequence) > (vote.at, vote.copy, vote.sequence))";

impl Store {
    /// Adds votes, in their order; inside [`Store::atomically`] they are kept together or not at all.
    ///
    /// A rater's vote on a question is never older than the one before it, whatever the clock says, and later than one
    /// of another copy: the newest vote is always the last one made. In round `decision` that holds across raters.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_votes(&self, votes: &[NewVote]) -> Result<(), StoreError> {
        self.insert_votes(
            &format!(
                "max(?4, ifnull((SELECT at + (copy <> ?5) FROM vote WHERE question = ?1 AND round = ?2
                                    AND (rater = ?3 OR (SELECT name = '{DECISION_ROUND}' FROM round WHERE id = ?2))
                                 ORDER BY at DESC, copy DESC, sequence DESC LIMIT 1), 0))"
            ),
            votes,
        )
    }

    /// `at` is the time of a vote in SQL, made of the time given (?4).
    fn insert_votes(&self, at: &str, votes: &[NewVote]) -> Result<(), StoreError> {
        if votes.is_empty() {
            return Ok(());
        }
        let numbers = self.take_numbers(votes.len())?;
        let mut insert = self.connection.prepare_cached(&format!(
            "INSERT INTO vote (question, round, rater, at, copy, sequence, answer, spent)
             VALUES (?1, ?2, ?3, {at}, ?5, ?6, ?7, ?8)"
        ))?;
        for (sequence, vote) in (numbers.first..).zip(votes) {
            insert.execute((
                vote.question.0,
                vote.round.0,
                vote.rater.0,
                vote.at.unwrap_or(0),
                numbers.copy,
                sequence,
                vote.answer.map(Answer::code),
                vote.spent,
            ))?;
        }
        Ok(())
    }

    /// Takes in votes that were made elsewhere, but for those that stand already: (added, known). Reorders them, so
    /// that the file is written from front to back. At most one vote a question, round and rater.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn import_votes(&self, votes: &mut Vec<NewVote>) -> Result<(usize, usize), StoreError> {
        votes.sort_unstable_by_key(|vote| (vote.question, vote.round, vote.rater));
        let all = votes.len();
        let mut rounds: Vec<RoundId> = votes.iter().map(|vote| vote.round).collect();
        rounds.sort_unstable();
        rounds.dedup();
        let mut standing: HashMap<(QuestionId, RoundId, RaterId), Answer> = HashMap::new();
        for round in rounds {
            let known = self.votes(round)?.into_iter();
            standing.extend(known.map(|vote| ((vote.question, round, vote.rater), vote.answer)));
        }
        let stands = |vote: &NewVote| {
            standing
                .get(&(vote.question, vote.round, vote.rater))
                .copied()
        };
        votes.retain(|vote| vote.answer != stands(vote));
        // What nobody has answered yet needs no look at the votes before it.
        let (first, again): (Vec<NewVote>, Vec<NewVote>) = votes
            .iter()
            .partition(|vote| standing.is_empty() && vote.answer.is_some());
        self.insert_votes("?4", &first)?;
        self.add_votes(&again)?;
        Ok((votes.len(), all - votes.len()))
    }

    /// A rater's standing answer to a question in a round.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn standing_answer(
        &self,
        question: QuestionId,
        round: RoundId,
        rater: RaterId,
    ) -> Result<Option<Answer>, StoreError> {
        let code: Option<Option<u8>> = self
            .connection
            .prepare_cached(
                "SELECT answer FROM vote WHERE question = ?1 AND round = ?2 AND rater = ?3
                 ORDER BY at DESC, copy DESC, sequence DESC LIMIT 1",
            )?
            .query_row((question.0, round.0, rater.0), |row| row.get(0))
            .optional()?;
        Ok(code.flatten().and_then(Answer::from_code))
    }

    /// The standing votes of a round, by question and rater.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn votes(&self, round: RoundId) -> Result<Vec<Vote>, StoreError> {
        // One pass in the order of the key: the last row of a (question, rater) group stands.
        let mut statement = self.connection.prepare_cached(
            "SELECT question, rater, answer FROM vote WHERE round = ?1
             ORDER BY question, round, rater, at, copy, sequence",
        )?;
        let mut rows = statement.query([round.0])?;
        let mut votes: Vec<Vote> = Vec::new();
        let mut last: Option<(i64, i64, Option<u8>)> = None;
        loop {
            let next: Option<(i64, i64, Option<u8>)> = match rows.next()? {
                Some(row) => Some((row.get(0)?, row.get(1)?, row.get(2)?)),
                None => None,
            };
            if let Some((question, rater, code)) = last
                && next.is_none_or(|(q, r, _)| (q, r) != (question, rater))
                && let Some(answer) = code.and_then(Answer::from_code)
            {
                votes.push(Vote {
                    question: QuestionId(question),
                    rater: RaterId(rater),
                    answer,
                });
            }
            if next.is_none() {
                return Ok(votes);
            }
            last = next;
        }
    }

    /// How far the votes and notes go now, by copy.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn marks(&self) -> Result<Vec<Mark>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT id, next - 1 FROM copy")?
            .query_map([], |row| {
                Ok(Mark {
                    copy: row.get(0)?,
                    sequence: row.get(1)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// The votes of a round since these marks: how many rows, and on which questions, by key. The cost grows with these
    /// rows alone.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn voted_since(
        &self,
        marks: &[Mark],
        round: RoundId,
    ) -> Result<(usize, Vec<QuestionId>), StoreError> {
        let mut rows = 0;
        let mut questions: Vec<QuestionId> = Vec::new();
        let seen: HashMap<i64, i64> = marks
            .iter()
            .map(|mark| (mark.copy, mark.sequence))
            .collect();
        for now in self.marks()? {
            let after = seen.get(&now.copy).copied().unwrap_or(0);
            if after == now.sequence {
                continue;
            }
            let mut statement = self.connection.prepare_cached(
                "SELECT question FROM vote WHERE copy = ?1 AND sequence > ?2 AND round = ?3",
            )?;
            for question in statement.query_map((now.copy, after, round.0), |row| row.get(0))? {
                rows += 1;
                questions.push(QuestionId(question?));
            }
        }
        questions.sort_unstable();
        questions.dedup();
        Ok((rows, questions))
    }

    /// The standing votes on a question in a round, by rater.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn standing_votes(
        &self,
        question: QuestionId,
        round: RoundId,
    ) -> Result<Vec<(RaterId, Answer)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT rater, answer FROM vote WHERE question = ?1 AND round = ?2
             ORDER BY rater, at, copy, sequence",
        )?;
        let mut rows = statement.query((question.0, round.0))?;
        let mut newest: Vec<(RaterId, Option<u8>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let vote = (RaterId(row.get(0)?), row.get(1)?);
            match newest.last_mut() {
                Some(last) if last.0 == vote.0 => *last = vote,
                _ => newest.push(vote),
            }
        }
        let standing = newest
            .into_iter()
            .filter_map(|(rater, code)| Some((rater, code.and_then(Answer::from_code)?)));
        Ok(standing.collect())
    }

    /// What a question asks, and whether that is the image's original label.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn asked_by(
        &self,
        question: QuestionId,
    ) -> Result<Option<(Question, Option<ClassIndex>)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT question.image, question.class, original_label.class
                 FROM question LEFT JOIN original_label ON original_label.image = question.image
                 WHERE question.id = ?1",
            )?
            .query_row([question.0], |row| {
                let asks = Question {
                    image: ImageId(row.get(0)?),
                    class: ClassIndex(row.get(1)?),
                };
                Ok((asks, row.get::<_, Option<u32>>(2)?.map(ClassIndex)))
            })
            .optional()?)
    }

    /// Every standing vote in words, by image, class, round and rater.
    ///
    /// # Errors
    /// SQLite refuses, or what `each` says.
    pub fn each_vote<E: From<StoreError>>(
        &self,
        mut each: impl FnMut(VoteRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT image.name, question.class, rater.name, round.name, vote.answer, vote.at, vote.spent
             FROM vote
             JOIN question ON question.id = vote.question
             JOIN image ON image.id = question.image
             JOIN rater ON rater.id = vote.rater
             JOIN round ON round.id = vote.round
             WHERE vote.answer IS NOT NULL AND {NEWEST}
             ORDER BY image.name, question.class, round.name, rater.name"
        );
        let mut statement = self
            .connection
            .prepare_cached(&sql)
            .map_err(StoreError::from)?;
        let mut rows = statement.query([]).map_err(StoreError::from)?;
        while let Some(row) = rows.next().map_err(StoreError::from)? {
            each(vote_row(row).map_err(StoreError::from)?)?;
        }
        Ok(())
    }

    /// Keeps a label that a rater put forward as a question of the image, at the end of the task.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_label(&self, task: TaskId, question: Question) -> Result<QuestionId, StoreError> {
        let id = self.question(question)?;
        self.connection
            .prepare_cached(
                "UPDATE question SET task = ?2, added = 1, position = 1000 + id
                 WHERE id = ?1 AND task IS NULL",
            )?
            .execute((id.0, task.0))?;
        Ok(id)
    }

    /// Takes an added label out of its task again, unless somebody's answer to it stands.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn drop_added_label(&self, question: QuestionId) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(&format!(
                "UPDATE question SET task = NULL WHERE id = ?1 AND added = 1
                    AND NOT EXISTS (SELECT 1 FROM vote WHERE vote.question = ?1 AND vote.answer IS NOT NULL AND {NEWEST})"
            ))?
            .execute([question.0])?;
        Ok(())
    }

    /// Every question as (key, image, class), by key.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn questions(&self) -> Result<Vec<(QuestionId, Question)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT id, image, class FROM question ORDER BY id")?
            .query_map([], |row| {
                let question = Question {
                    image: ImageId(row.get(1)?),
                    class: ClassIndex(row.get(2)?),
                };
                Ok((QuestionId(row.get(0)?), question))
            })?
            .collect::<Result<_, _>>()?)
    }
}

fn vote_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<VoteRow> {
    let code: u8 = row.get(4)?;
    let at: i64 = row.get(5)?;
    Ok(VoteRow {
        image: row.get(0)?,
        class: ClassIndex(row.get(1)?),
        rater: row.get(2)?,
        round: row.get(3)?,
        answer: Answer::from_code(code).unwrap_or(Answer::No),
        at: (at >= KNOWN_FROM).then_some(at),
        spent: row.get(6)?,
    })
}
