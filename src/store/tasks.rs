use std::collections::HashSet;

use rusqlite::{OptionalExtension, Row};

use super::votes::NEWEST;
use super::{Store, StoreError};
use crate::domain::{
    Answer, ClassIndex, ImageId, Question, QuestionId, RaterId, Role, RoundId, TaskId,
};

/// A task of the plan, for the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskRow {
    /// Key.
    pub id: TaskId,
    /// The image.
    pub image: ImageId,
    /// From 0 within the plan.
    pub position: usize,
}

/// A question as it stands in a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskQuestion {
    /// Key.
    pub id: QuestionId,
    /// The class that is asked about.
    pub class: ClassIndex,
    /// Put forward by a rater, not by the plan.
    pub added: bool,
    /// The rater's own standing answer in the round.
    pub answer: Option<Answer>,
}

/// A question of the plan that a rater has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The task that asks it.
    pub task: TaskId,
    /// Key.
    pub question: QuestionId,
    /// What it asks.
    pub asks: Question,
    /// The original label of the image.
    pub original: Option<ClassIndex>,
}

/// A task with what the rater has answered so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTask {
    /// Where it stands.
    pub task: TaskRow,
    /// From 0 within the image.
    pub ordinal: usize,
    /// Its questions in their order on the screen.
    pub questions: Vec<TaskQuestion>,
}

/// Another rater's standing answer, for those who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherVote {
    /// Rater's name.
    pub rater: String,
    /// What the rater's votes are used for.
    pub role: Role,
    /// What was answered.
    pub answer: Answer,
}

fn read_task(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    Ok(TaskRow {
        id: TaskId(row.get(0)?),
        image: ImageId(row.get(1)?),
        position: row.get::<_, i64>(2)?.unsigned_abs() as usize,
    })
}

impl Store {
    /// How many tasks an image has.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn parts_of(&self, image: ImageId) -> Result<usize, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT count(*) FROM task WHERE image = ?1")?
            .query_row([image.0], |row| {
                Ok(row.get::<_, i64>(0)?.unsigned_abs() as usize)
            })?)
    }

    /// All tasks in plan order.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn tasks(&self) -> Result<Vec<TaskRow>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT id, image, position FROM task ORDER BY position")?
            .query_map([], read_task)?
            .collect::<Result<_, _>>()?)
    }

    /// Tasks whose planned questions the rater has all answered in the round, with the time of the newest vote (Unix
    /// milliseconds). A label that somebody adds later does not bring a task back.
    ///
    /// The cost grows with the rater's own votes, not with the project.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn finished_tasks(
        &self,
        rater: RaterId,
        round: RoundId,
    ) -> Result<Vec<(TaskId, i64)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "WITH mine AS (
                     SELECT question.task, vote.question, vote.at,
                            (SELECT newest.answer FROM vote AS newest
                             WHERE newest.question = vote.question AND newest.round = ?2 AND newest.rater = ?1
                             ORDER BY newest.at DESC, newest.copy DESC, newest.sequence DESC LIMIT 1) AS answer
                     FROM vote JOIN question ON question.id = vote.question
                     WHERE vote.rater = ?1 AND vote.round = ?2 AND question.task IS NOT NULL AND question.added = 0
                 )
                 SELECT task, max(at), count(DISTINCT question) AS answered
                 FROM mine WHERE answer IS NOT NULL GROUP BY task
                 HAVING answered = (SELECT count(*) FROM question WHERE question.task = mine.task AND question.added = 0)",
            )?
            .query_map((rater.0, round.0), |row| {
                Ok((TaskId(row.get(0)?), row.get(1)?))
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Tasks with a question that an expert has answered, in any round.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn gold_tasks(&self) -> Result<HashSet<TaskId>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT DISTINCT question.task
                 FROM vote JOIN question ON question.id = vote.question
                 WHERE vote.rater IN (SELECT id FROM rater WHERE role = ?1)
                   AND question.task IS NOT NULL AND vote.answer IS NOT NULL AND {NEWEST}"
            ))?
            .query_map([Role::Expert.word()], |row| Ok(TaskId(row.get(0)?)))?
            .collect::<Result<_, _>>()?)
    }

    /// Questions that an expert has answered, in any round, by key.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn gold_questions(&self) -> Result<Vec<Question>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT image, class FROM question WHERE id IN (
                     SELECT question FROM vote
                     WHERE rater IN (SELECT id FROM rater WHERE role = ?1) AND answer IS NOT NULL AND {NEWEST})
                 ORDER BY id"
            ))?
            .query_map([Role::Expert.word()], |row| {
                Ok(Question {
                    image: ImageId(row.get(0)?),
                    class: ClassIndex(row.get(1)?),
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Questions of the plan that the rater has not answered in the round.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn open_questions(
        &self,
        rater: RaterId,
        round: RoundId,
    ) -> Result<Vec<OpenQuestion>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT question.task, question.id, question.image, question.class, original_label.class
                 FROM question LEFT JOIN original_label ON original_label.image = question.image
                 WHERE question.task IS NOT NULL AND question.id NOT IN (
                     SELECT question FROM vote
                     WHERE rater = ?1 AND round = ?2 AND answer IS NOT NULL AND {NEWEST})"
            ))?
            .query_map((rater.0, round.0), |row| {
                Ok(OpenQuestion {
                    task: TaskId(row.get(0)?),
                    question: QuestionId(row.get(1)?),
                    asks: Question {
                        image: ImageId(row.get(2)?),
                        class: ClassIndex(row.get(3)?),
                    },
                    original: row.get::<_, Option<u32>>(4)?.map(ClassIndex),
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// How many questions a rater answered of a task, and the milliseconds spent on them together; of all raters without one.
    /// Of very many votes some thousands are looked at.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn timed_tasks(&self, rater: Option<RaterId>) -> Result<Vec<(usize, u64)>, StoreError> {
        let only = match rater {
            Some(_) => "AND rater = ?1",
            None => "",
        };
        Ok(self
            .connection
            .prepare_cached(&format!(
                "SELECT count(DISTINCT question.id), sum(timed.spent)
                 FROM (SELECT question, round, rater, spent FROM vote WHERE spent IS NOT NULL {only} LIMIT 20000) AS timed
                 JOIN question ON question.id = timed.question
                 WHERE question.task IS NOT NULL
                 GROUP BY question.task, timed.round, timed.rater"
            ))?
            .query_map(rusqlite::params_from_iter(rater.map(|rater| rater.0)), |row| {
                let (labels, spent): (i64, i64) = (row.get(0)?, row.get(1)?);
                Ok((labels.unsigned_abs() as usize, spent.unsigned_abs()))
            })?
            .collect::<Result<_, _>>()?)
    }

    /// A task's questions with the rater's standing answers.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn open_task(
        &self,
        task: TaskId,
        rater: RaterId,
        round: RoundId,
    ) -> Result<Option<OpenTask>, StoreError> {
        let row = self
            .connection
            .prepare_cached("SELECT id, image, position, ordinal FROM task WHERE id = ?1")?
            .query_row([task.0], |row| {
                Ok((
                    read_task(row)?,
                    row.get::<_, i64>(3)?.unsigned_abs() as usize,
                ))
            })
            .optional()?;
        let Some((task_row, ordinal)) = row else {
            return Ok(None);
        };
        let questions = self
            .connection
            .prepare_cached(
                "SELECT id, class, added,
                        (SELECT answer FROM vote
                         WHERE vote.question = question.id AND vote.round = ?3 AND vote.rater = ?2
                         ORDER BY at DESC, copy DESC, sequence DESC LIMIT 1)
                 FROM question WHERE task = ?1 ORDER BY position",
            )?
            .query_map((task.0, rater.0, round.0), |row| {
                let code: Option<u8> = row.get(3)?;
                Ok(TaskQuestion {
                    id: QuestionId(row.get(0)?),
                    class: ClassIndex(row.get(1)?),
                    added: row.get(2)?,
                    answer: code.and_then(Answer::from_code),
                })
            })?
            .collect::<Result<_, _>>()?;
        Ok(Some(OpenTask {
            task: task_row,
            ordinal,
            questions,
        }))
    }

    /// The task that asks a question, if one does.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn task_of(&self, question: QuestionId) -> Result<Option<TaskId>, StoreError> {
        let task: Option<Option<i64>> = self
            .connection
            .prepare_cached("SELECT task FROM question WHERE id = ?1")?
            .query_row([question.0], |row| row.get(0))
            .optional()?;
        Ok(task.flatten().map(TaskId))
    }

    /// What others answered to a question in a round, and experts in any.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn other_votes(
        &self,
        question: QuestionId,
        round: RoundId,
        rater: RaterId,
    ) -> Result<Vec<OtherVote>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT rater.name, rater.role, vote.rater, vote.answer
             FROM vote JOIN rater ON rater.id = vote.rater
             WHERE vote.question = ?1 AND (vote.round = ?2 OR rater.role = ?4) AND vote.rater <> ?3
             ORDER BY vote.rater, vote.at, vote.copy, vote.sequence",
        )?;
        let expert = Role::Expert.word();
        let mut rows = statement.query((question.0, round.0, rater.0, expert))?;
        let mut newest: Vec<(i64, String, String, Option<u8>)> = Vec::new();
        while let Some(row) = rows.next()? {
            let vote = (row.get(2)?, row.get(0)?, row.get(1)?, row.get(3)?);
            match newest.last_mut() {
                Some(last) if last.0 == vote.0 => *last = vote,
                _ => newest.push(vote),
            }
        }
        Ok(newest
            .into_iter()
            .filter_map(|(_, rater, role, code)| {
                Some(OtherVote {
                    rater,
                    role: role.parse().ok()?,
                    answer: code.and_then(Answer::from_code)?,
                })
            })
            .collect())
    }
}
