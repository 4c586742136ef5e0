use std::collections::{HashMap, HashSet};

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
}

/// What came of asking for a place at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the rater's until the claim runs out.
    Claimed,
    /// The votes that are wanted are there, or the rater's own are.
    Full,
    /// Enough raters are at it now; one of them may yet go.
    Busy,
}

impl Store {
    /// Asks for a place at a task, as of `now`; the claim runs out at `until` (Unix milliseconds).
    ///
    /// A place is taken by a standing vote, or by the claim of somebody who has not voted yet; the question with the fewest of
    /// them decides. Labels that raters added ask for nobody.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn claim(
        &self,
        task: TaskId,
        places: &Places,
        now: i64,
        until: i64,
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
                "INSERT INTO claim (task, round, rater, until) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO UPDATE SET until = excluded.until",
            )?
            .execute((task.0, places.round.0, places.rater.0, until))?;
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

    /// Keeps a rater's claims for longer.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn extend_claims(&self, places: &Places, until: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE claim SET until = ?3 WHERE round = ?1 AND rater = ?2")?
            .execute((places.round.0, places.rater.0, until))?;
        Ok(())
    }

    /// Gives a rater's places back, and forgets claims of anybody that have run out.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn release_claims(&self, places: &Places, now: i64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("DELETE FROM claim WHERE (round = ?1 AND rater = ?2) OR until <= ?3")?
            .execute((places.round.0, places.rater.0, now))?;
        Ok(())
    }

    /// Tasks that need no rater any more: others' votes are as many as are wanted, on each planned question.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn full_tasks(&self, places: &Places) -> Result<HashSet<TaskId>, StoreError> {
        let raters: HashSet<i64> = self
            .raters()?
            .into_iter()
            .filter(|rater| rater.role == Role::Rater && rater.id != places.rater)
            .map(|rater| rater.id.0)
            .collect();
        let mut votes: HashMap<i64, usize> = HashMap::new();
        self.each_standing_vote(None, |vote| {
            if vote.round == places.round.0 && raters.contains(&vote.rater) {
                *votes.entry(vote.question).or_default() += 1;
            }
        })?;
        let mut full: HashMap<TaskId, bool> = HashMap::new();
        let mut planned = self
            .connection
            .prepare_cached("SELECT id, task FROM question WHERE task IS NOT NULL AND added = 0")?;
        let mut rows = planned.query([])?;
        while let Some(row) = rows.next()? {
            let enough = votes.get(&row.get(0)?).copied().unwrap_or(0) >= places.wanted;
            *full.entry(TaskId(row.get(1)?)).or_insert(true) &= enough;
        }
        Ok(full
            .into_iter()
            .filter_map(|(task, full)| full.then_some(task))
            .collect())
    }
}
