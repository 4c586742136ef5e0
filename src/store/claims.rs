use std::collections::HashSet;

use rusqlite::OptionalExtension;

use super::{Store, StoreError};
use crate::domain::{RaterId, Role, RoundId, TaskId};

/// Who works on a round's tasks, and how many raters each task needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The round.
    pub round: RoundId,
    /// Who asks for a place.
    pub rater: RaterId,
    /// Answers that each question wants.
    pub wanted: usize,
    /// The process that asks, by the system's number.
    pub process: u32,
}

/// What came of asking for a place at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the rater's until the claim runs out.
    Claimed,
    /// The votes that are wanted are there, or the rater's own are.
    Full,
    /// Enough raters are at it now, or the rater is in another window; one of them may yet go.
    Busy,
}

impl Store {
    /// Asks for a place at a task, as of `now`; the claim runs out at `until` (Unix milliseconds).
    ///
    /// A place is taken by a standing vote, or by the claim of somebody who has not voted yet; the question with the fewest of
    /// them decides. Labels that raters added ask for nobody. The rater's own claim from another process holds while that one
    /// is running.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn claim(
        &self,
        task: TaskId,
        places: &Places,
        (now, until): (i64, i64),
        is_running: impl Fn(u32) -> bool,
    ) -> Result<Place, StoreError> {
        let answered = self.answered_by(task, places.round)?;
        let mine = |raters: &HashSet<RaterId>| raters.contains(&places.rater);
        if answered.iter().all(mine) {
            return Ok(Place::Full);
        }
        let others = |raters: &HashSet<RaterId>| raters.len() - usize::from(mine(raters));
        if answered.iter().map(others).min().unwrap_or(0) >= places.wanted {
            return Ok(Place::Full);
        }
        let holder: Option<u32> = self
            .connection
            .prepare_cached(
                "SELECT process FROM claim WHERE task = ?1 AND round = ?2 AND rater = ?3 AND until > ?4",
            )?
            .query_row((task.0, places.round.0, places.rater.0, now), |row| row.get(0))
            .optional()?;
        if holder.is_some_and(|holder| holder != places.process && is_running(holder)) {
            return Ok(Place::Busy);
        }
        let claimed: HashSet<RaterId> = self
            .connection
            .prepare_cached(
                "SELECT rater FROM claim WHERE task = ?1 AND round = ?2 AND rater <> ?3 AND until > ?4",
            )?
            .query_map((task.0, places.round.0, places.rater.0, now), |row| {
                Ok(RaterId(row.get(0)?))
            })?
            .collect::<Result<_, _>>()?;
        let taken = answered.iter().map(|raters| {
            let mut all = raters.union(&claimed);
            all.by_ref().filter(|rater| **rater != places.rater).count()
        });
        if taken.min().unwrap_or(0) >= places.wanted {
            return Ok(Place::Busy);
        }
        self.connection
            .prepare_cached(
                "INSERT INTO claim (task, round, rater, until, process) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET until = excluded.until, process = excluded.process",
            )?
            .execute((
                task.0,
                places.round.0,
                places.rater.0,
                until,
                places.process,
            ))?;
        Ok(Place::Claimed)
    }

    /// The raters with a standing answer to each planned question of a task; those of other roles take no place.
    fn answered_by(
        &self,
        task: TaskId,
        round: RoundId,
    ) -> Result<Vec<HashSet<RaterId>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT question.id, vote.rater, vote.answer
             FROM question
             LEFT JOIN vote ON vote.question = question.id AND vote.round = ?2
                 AND vote.rater IN (SELECT id FROM rater WHERE role = ?3)
             WHERE question.task = ?1 AND question.added = 0
             ORDER BY question.id, vote.rater, vote.at, vote.copy, vote.sequence",
        )?;
        let mut rows = statement.query((task.0, round.0, Role::Rater.word()))?;
        let mut answered: Vec<HashSet<RaterId>> = Vec::new();
        let mut last: Option<i64> = None;
        while let Some(row) = rows.next()? {
            let question: i64 = row.get(0)?;
            if last.replace(question) != Some(question) {
                answered.push(HashSet::new());
            }
            let (rater, answer): (Option<i64>, Option<u8>) = (row.get(1)?, row.get(2)?);
            if let (Some(raters), Some(rater)) = (answered.last_mut(), rater.map(RaterId)) {
                // The last row of a rater stands.
                match answer {
                    Some(_) => raters.insert(rater),
                    None => raters.remove(&rater),
                };
            }
        }
        Ok(answered)
    }

    /// Keeps the claims of a rater's process for longer.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn extend_claims(&self, places: &Places, until: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE claim SET until = ?4 WHERE round = ?1 AND rater = ?2 AND process = ?3",
            )?
            .execute((places.round.0, places.rater.0, places.process, until))?;
        Ok(())
    }

    /// Gives a rater's place at a task back.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn release_claim(&self, task: TaskId, places: &Places) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "DELETE FROM claim WHERE task = ?1 AND round = ?2 AND rater = ?3 AND process = ?4",
            )?
            .execute((task.0, places.round.0, places.rater.0, places.process))?;
        Ok(())
    }

    /// Gives all places of a rater's process back, and forgets claims of anybody that have run out.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn release_claims(&self, places: &Places, now: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "DELETE FROM claim WHERE (round = ?1 AND rater = ?2 AND process = ?3) OR until <= ?4",
            )?
            .execute((places.round.0, places.rater.0, places.process, now))?;
        Ok(())
    }

    /// Tasks that need no rater any more: others' votes are as many as are wanted, on each planned question.
    ///
    /// One pass over the votes of the round, which may be a million: what is looked up for each of them lies in a list.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn full_tasks(&self, places: &Places) -> Result<HashSet<TaskId>, StoreError> {
        let enough = self.enough_votes(places)?;
        let mut open: Vec<bool> = Vec::new();
        let mut full: Vec<TaskId> = Vec::new();
        // +: nearly all questions are planned, and looking each of them up by the index takes three times as long.
        let mut planned = self.connection.prepare_cached(
            "SELECT id, task FROM question WHERE +task IS NOT NULL AND added = 0",
        )?;
        let mut rows = planned.query([])?;
        while let Some(row) = rows.next()? {
            let (question, task): (i64, i64) = (row.get(0)?, row.get(1)?);
            if !is_marked(&enough, question) {
                mark(&mut open, task);
            }
            if full.last() != Some(&TaskId(task)) {
                full.push(TaskId(task));
            }
        }
        full.retain(|task| !is_marked(&open, task.0));
        Ok(full.into_iter().collect())
    }

    /// Marks the questions, by key, that as many others as are wanted have answered.
    fn enough_votes(&self, places: &Places) -> Result<Vec<bool>, StoreError> {
        let mut counts: Vec<bool> = Vec::new();
        for rater in self.raters()? {
            if rater.role == Role::Rater && rater.id != places.rater {
                mark(&mut counts, rater.id.0);
            }
        }
        let mut enough: Vec<bool> = Vec::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT question, rater, answer IS NOT NULL FROM vote WHERE round = ?1
             ORDER BY question, round, rater, at, copy, sequence",
        )?;
        let mut rows = statement.query([places.round.0])?;
        let (mut question, mut votes) = (0, 0);
        // Whose row was the last one, and whether it counts if no later one of the same rater follows.
        let (mut rater, mut stands) = (0, false);
        loop {
            let next: Option<(i64, i64, bool)> = match rows.next()? {
                Some(row) => Some((row.get(0)?, row.get(1)?, row.get(2)?)),
                None => None,
            };
            let same_question = next.is_some_and(|(other, ..)| other == question);
            if stands && !(same_question && next.is_some_and(|(_, other, _)| other == rater)) {
                votes += 1;
            }
            if !same_question {
                if votes >= places.wanted {
                    mark(&mut enough, question);
                }
                votes = 0;
            }
            let Some((of, by, is_answer)) = next else {
                return Ok(enough);
            };
            (question, rater) = (of, by);
            stands = is_answer && is_marked(&counts, by);
        }
    }
}

/// Keys of rows count up from 1.
fn mark(marks: &mut Vec<bool>, key: i64) {
    let place = usize::try_from(key).unwrap_or(0);
    if place >= marks.len() {
        marks.resize(place + 1, false);
    }
    if let Some(slot) = marks.get_mut(place) {
        *slot = true;
    }
}

fn is_marked(marks: &[bool], key: i64) -> bool {
    let place = usize::try_from(key).ok();
    place
        .and_then(|place| marks.get(place))
        .copied()
        .unwrap_or(false)
}
