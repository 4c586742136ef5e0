use std::collections::HashSet;

use rusqlite::{Row, params};

use super::votes::{KNOWN_FROM, NEWEST};
use super::{Store, StoreError};
use crate::domain::{ImageId, QuestionId, RaterId, RoundId, TaskId};

/// A task that a rater has answered, at least in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierRow {
    /// Key of the task; in an audit, place of the label in the draw.
    pub task: TaskId,
    /// From 1, in the order of the rater's first answers.
    pub number: usize,
    /// Its image.
    pub image: ImageId,
    /// The image's name.
    pub name: String,
    /// From 0 within the image.
    pub ordinal: usize,
    /// Time of the first answer, Unix milliseconds, where known.
    pub at: Option<i64>,
}

/// Part of a rater's answered tasks to read, the newest first.
#[derive(Debug, Clone, Copy)]
pub struct EarlierPart<'a> {
    /// First digits of an image's or a task's number; all tasks where empty.
    pub filter: &'a str,
    /// True if the filter may also be a part of an image's name.
    pub by_name: bool,
    /// Number of tasks before this part of the list.
    pub from: usize,
    /// Maximum number of tasks in this part.
    pub most: usize,
}

/// Tasks that a rater answers a second time, in a round of their own.
#[derive(Debug, Clone, Default)]
pub struct Retests {
    /// Tasks that are still open. No answer to them is listed.
    pub open: Vec<TaskId>,
    /// Tasks that are answered. They are listed with the second answers only.
    pub answered: Vec<TaskId>,
}

/// Images that a rater has answered something on.
#[derive(Debug, Clone)]
pub struct AnsweredImages {
    /// The images.
    pub images: HashSet<ImageId>,
    /// Questions on them that the plan asks and the rater has not answered.
    pub unanswered: Vec<(ImageId, QuestionId)>,
}

/// The rater's answered tasks out of a table `pass (task, image, ordinal, first, hidden)`. Parameters 3 to 6 are the part.
fn part_of(passes: &str) -> String {
    format!(
        "WITH pass (task, image, ordinal, first, hidden) AS ({passes}),
         numbered AS (
             SELECT task, image, ordinal, first, hidden,
                    CAST(row_number() OVER (ORDER BY first, task, hidden DESC) AS TEXT) AS number FROM pass),
         listed AS (
             SELECT numbered.task, numbered.number, image.id, image.name, numbered.ordinal, numbered.first,
                    ?3 <> '' AND ?3 IN (number, CAST(image.id AS TEXT)) AS exact
             FROM numbered JOIN image ON image.id = numbered.image
             WHERE NOT hidden AND (
                 substr(CAST(image.id AS TEXT), 1, length(?3)) = ?3 OR substr(number, 1, length(?3)) = ?3
                 OR (?4 AND instr(lower(image.name), lower(?3)))))
         SELECT * FROM listed ORDER BY exact DESC, ?3 = CAST(id AS TEXT) DESC, CAST(number AS INTEGER) DESC LIMIT ?6 OFFSET ?5"
    )
}

fn read(row: &Row<'_>) -> rusqlite::Result<EarlierRow> {
    let at: i64 = row.get(5)?;
    Ok(EarlierRow {
        task: TaskId(row.get(0)?),
        number: row.get::<_, String>(1)?.parse().unwrap_or(0),
        image: ImageId(row.get(2)?),
        name: row.get(3)?,
        ordinal: row.get::<_, i64>(4)?.unsigned_abs() as usize,
        at: (at >= KNOWN_FROM).then_some(at),
    })
}

/// Keys as a list that SQL reads by `json_each`.
pub(super) fn key_list(tasks: &[TaskId]) -> String {
    let keys: Vec<String> = tasks.iter().map(|task| task.0.to_string()).collect();
    format!("[{}]", keys.join(","))
}

impl Store {
    /// Tasks of the plan with a standing answer of the rater in the round. The cost grows with the rater's own votes.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn earlier_tasks(
        &self,
        rater: RaterId,
        (round, retest_round): (RoundId, RoundId),
        retests: &Retests,
        part: EarlierPart<'_>,
    ) -> Result<Vec<EarlierRow>, StoreError> {
        let sql = part_of(&format!(
            "SELECT task.id, task.image, task.ordinal, min(own.at),
                    own.again = 0 AND task.id IN (SELECT value FROM json_each(?8) UNION ALL SELECT value FROM json_each(?9))
             FROM (
                 SELECT question.task, vote.round <> ?2 AS again, vote.at, vote.answer IS NOT NULL AND {NEWEST} AS stands
                 FROM vote JOIN question ON question.id = vote.question
                 WHERE vote.rater = ?1 AND question.task IS NOT NULL
                   AND (vote.round = ?2 OR (vote.round = ?7 AND question.task IN (SELECT value FROM json_each(?9))))
             ) AS own
             JOIN task ON task.id = own.task
             GROUP BY own.task, own.again HAVING max(own.stands)"
        ));
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_map(
                params![
                    rater.0,
                    round.0,
                    part.filter,
                    part.by_name,
                    part.from as i64,
                    part.most as i64,
                    retest_round.0,
                    key_list(&retests.open),
                    key_list(&retests.answered),
                ],
                read,
            )?
            .collect::<Result<_, _>>()?)
    }

    /// Labels drawn for an audit, by its identity, with a standing answer of the rater.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn earlier_draws(
        &self,
        rater: RaterId,
        (audit, round): (&str, RoundId),
        part: EarlierPart<'_>,
    ) -> Result<Vec<EarlierRow>, StoreError> {
        let sql = part_of(&format!(
            "SELECT place, image, 0, min(at), 0 FROM (
                 SELECT audit_draw.place, audit_draw.image, vote.at, vote.answer IS NOT NULL AND {NEWEST} AS stands
                 FROM vote
                 JOIN question ON question.id = vote.question
                 JOIN audit_draw ON audit_draw.image = question.image AND audit_draw.class = question.class
                 JOIN audit ON audit.id = audit_draw.audit
                 WHERE vote.rater = ?1 AND vote.round = ?2 AND audit.identity = ?7
             )
             GROUP BY place HAVING max(stands)"
        ));
        Ok(self
            .connection
            .prepare_cached(&sql)?
            .query_map(
                params![
                    rater.0,
                    round.0,
                    part.filter,
                    part.by_name,
                    part.from as i64,
                    part.most as i64,
                    audit,
                ],
                read,
            )?
            .collect::<Result<_, _>>()?)
    }

    /// Images on which the rater's answers stand in the round, but for those with a task in `except`.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn images_with_answers(
        &self,
        rater: RaterId,
        round: RoundId,
        except: &[TaskId],
    ) -> Result<AnsweredImages, StoreError> {
        let own = format!(
            "own (question, image) AS (
                 SELECT question.id, question.image FROM vote JOIN question ON question.id = vote.question
                 WHERE vote.rater = ?1 AND vote.round = ?2 AND vote.answer IS NOT NULL AND {NEWEST})"
        );
        let images = self
            .connection
            .prepare_cached(&format!(
                "WITH {own}
                 SELECT DISTINCT image FROM own
                 WHERE image NOT IN (SELECT image FROM task WHERE id IN (SELECT value FROM json_each(?3)))"
            ))?
            .query_map((rater.0, round.0, key_list(except)), |row| {
                row.get(0).map(ImageId)
            })?
            .collect::<Result<_, _>>()?;
        let unanswered = self
            .connection
            .prepare_cached(&format!(
                "WITH {own}
                 SELECT image, id FROM question
                 WHERE image IN (SELECT image FROM own) AND task IS NOT NULL AND id NOT IN (SELECT question FROM own)"
            ))?
            .query_map((rater.0, round.0), |row| {
                Ok((ImageId(row.get(0)?), QuestionId(row.get(1)?)))
            })?
            .collect::<Result<_, _>>()?;
        Ok(AnsweredImages { images, unanswered })
    }
}
