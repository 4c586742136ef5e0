use std::collections::{BTreeMap, HashSet};

use super::votes::NEWEST;
use super::{Store, StoreError};
use crate::domain::Role;

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// How far the project is, in counts.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Status {
    /// Classes of the project.
    pub classes: u64,
    /// Images known.
    pub images: u64,
    /// Images whose file is known.
    pub images_with_file: u64,
    /// Images with an original label.
    pub original_labels: u64,
    /// Distinct (image, class) pairs put forward, the original labels among them.
    pub proposals: u64,
    /// Names of the sources of proposals.
    pub sources: Vec<String>,
    /// Names of those that the plan uses.
    pub sources_used: Vec<String>,
    /// Names of the models whose predictions lie in a file.
    pub models: Vec<String>,
    /// Names of the models that nothing was proposed by yet.
    pub models_waiting: Vec<String>,
    /// Gold questions: those that experts have voted on.
    pub gold_questions: u64,
    /// Images whose only proposal is the original label, after planning.
    pub unanimous: u64,
    /// True if there is a plan. A plan for unanimous images has no tasks.
    pub planned: bool,
    /// Tasks of the plan.
    pub tasks: u64,
    /// Questions that tasks ask.
    pub questions: u64,
    /// Rows of votes, those that were replaced or taken back among them.
    pub vote_rows: u64,
    /// Each rater's part.
    pub raters: Vec<RaterProgress>,
    /// Standing votes by the day (UTC, counted from 1970-01-01) that they were cast on, where that is known.
    #[serde(skip)]
    pub days: BTreeMap<i64, u64>,
    /// Planned questions of a round by the number of raters who have answered them, from 0.
    #[serde(skip)]
    pub answers: BTreeMap<String, Vec<u64>>,
    /// Images that somebody's flag stands on.
    pub flagged: u64,
    /// Comments.
    pub comments: u64,
    /// Flags that stand and comments that nobody has answered.
    pub open_notes: u64,
}

/// What a rater has done in a round.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct RaterProgress {
    /// Rater's name.
    pub rater: String,
    /// What the votes are used for.
    pub role: String,
    /// Round's name.
    pub round: String,
    /// Questions with a standing answer.
    pub questions: u64,
    /// Median milliseconds a standing vote, where measured.
    pub median_spent: Option<u64>,
}

/// Plans of projects from before the setting have tasks.
const PLANNED: &str = "SELECT EXISTS (SELECT 1 FROM task) OR EXISTS (SELECT 1 FROM setting WHERE key = 'raters_wanted')";

impl Store {
    fn count(&self, sql: &str) -> Result<u64, StoreError> {
        Ok(self
            .connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))?
            .unsigned_abs())
    }

    fn names(&self, sql: &str) -> Result<Vec<String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(sql)?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?)
    }

    /// Counts everything there is.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn status(&self) -> Result<Status, StoreError> {
        let Progress {
            raters,
            days,
            answers,
        } = self.progress()?;
        Ok(Status {
            classes: self.count("SELECT count(*) FROM class")?,
            images: self.count("SELECT count(*) FROM image")?,
            images_with_file: self.count("SELECT count(*) FROM image WHERE path IS NOT NULL")?,
            original_labels: self.count("SELECT count(*) FROM original_label")?,
            proposals: self.count(
                "SELECT count(*) FROM (SELECT image, class FROM proposal UNION SELECT image, class FROM original_label)",
            )?,
            sources: self.names("SELECT name FROM source ORDER BY name")?,
            sources_used: self.names("SELECT name FROM source WHERE used = 1 ORDER BY name")?,
            models: self.names(
                "SELECT name FROM source JOIN model ON model.source = source.id ORDER BY name",
            )?,
            models_waiting: self.names(
                "SELECT name FROM source JOIN model ON model.source = source.id
                 WHERE NOT EXISTS (SELECT 1 FROM proposal WHERE proposal.source = source.id) ORDER BY name",
            )?,
            gold_questions: self.count(&format!(
                "SELECT count(DISTINCT question) FROM vote
                 WHERE rater IN (SELECT id FROM rater WHERE role = 'expert') AND answer IS NOT NULL AND {NEWEST}"
            ))?,
            planned: self.count(PLANNED)? > 0,
            unanimous: self.count(&format!(
                "SELECT count(*) FROM original_label
                 WHERE ({PLANNED})
                   AND NOT EXISTS (SELECT 1 FROM question WHERE question.image = original_label.image AND task IS NOT NULL)",
            ))?,
            tasks: self.count("SELECT count(*) FROM task")?,
            questions: self.count("SELECT count(*) FROM question WHERE task IS NOT NULL")?,
            vote_rows: self.n_vote_rows()?,
            raters,
            days,
            answers,
            flagged: self.count(
                "SELECT count(DISTINCT image) FROM note WHERE kind = 'flag' AND NOT EXISTS (
                     SELECT 1 FROM note AS newer WHERE newer.image = note.image AND newer.rater = note.rater
                        AND newer.kind = 'unflag' AND (newer.at, newer.copy, newer.sequence) > (note.at, note.copy, note.sequence))",
            )?,
            comments: self.count("SELECT count(*) FROM note WHERE kind = 'comment'")?,
            open_notes: self.notes(None)?.iter().filter(|note| note.is_open()).count() as u64,
        })
    }

    /// Rows of votes, those that were replaced or taken back among them.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn n_vote_rows(&self) -> Result<u64, StoreError> {
        self.count("SELECT count(*) FROM vote")
    }

    /// Median milliseconds of all votes that were measured.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn median_spent(&self) -> Result<Option<u32>, StoreError> {
        let mut spent: Vec<u32> = self
            .connection
            .prepare_cached("SELECT spent FROM vote WHERE spent IS NOT NULL")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let middle = spent.len() / 2;
        Ok(match spent.is_empty() {
            true => None,
            false => Some(*spent.select_nth_unstable(middle).1),
        })
    }

    /// One pass over all votes, for their index does not hold answers.
    fn progress(&self) -> Result<Progress, StoreError> {
        let raters = self.raters()?;
        let rounds = self.rounds()?;
        let planned: HashSet<i64> = self
            .connection
            .prepare_cached("SELECT id FROM question WHERE task IS NOT NULL")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let is_rater = |id: i64| {
            let found = raters.iter().find(|row| row.id.0 == id);
            found.is_some_and(|row| row.role == Role::Rater)
        };
        // By round, then rater: as they came.
        let mut counted: BTreeMap<(i64, i64), (u64, Vec<u32>)> = BTreeMap::new();
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        let mut by_round: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        // Votes come by question, then round.
        let mut last = None;
        self.each_standing_vote(None, |vote| {
            let (questions, spent) = counted.entry((vote.round, vote.rater)).or_default();
            *questions += 1;
            spent.extend(vote.spent);
            // Votes from tables without times are as old as time.
            if vote.at > 0 {
                *days.entry(vote.at.div_euclid(DAY)).or_default() += 1;
            }
            if !planned.contains(&vote.question) || !is_rater(vote.rater) {
                return;
            }
            let question = (vote.question, vote.round);
            let answers = match last {
                Some((former, answers)) if former == question => answers + 1,
                _ => 1usize,
            };
            last = Some((question, answers));
            let counts = by_round.entry(vote.round).or_default();
            if counts.len() <= answers {
                counts.resize(answers + 1, 0);
            }
            if let Some([before, now]) = counts.get_mut(answers - 1..=answers) {
                *before = before.saturating_sub(u64::from(answers > 1));
                *now += 1;
            }
        })?;
        let name = |id: i64| {
            let found = rounds.iter().find(|(round, _)| round.0 == id);
            found.map(|(_, name)| name.clone())
        };
        let answers = by_round.into_iter();
        let answers = answers
            .filter_map(|(round, counts)| Some((name(round)?, counts)))
            .collect();
        let progress = counted
            .into_iter()
            .filter_map(|((round, rater), (questions, spent))| {
                let rater = raters.iter().find(|row| row.id.0 == rater)?;
                Some(RaterProgress {
                    rater: rater.name.clone(),
                    role: rater.role.word().to_owned(),
                    round: name(round)?,
                    questions,
                    median_spent: median(spent),
                })
            });
        Ok(Progress {
            raters: progress.collect(),
            days,
            answers,
        })
    }
}

/// Progress of the project, according to its votes.
struct Progress {
    /// Each rater's standing votes in each round.
    raters: Vec<RaterProgress>,
    /// Standing votes by day.
    days: BTreeMap<i64, u64>,
    /// Planned questions by the number of their answers, by round.
    answers: BTreeMap<String, Vec<u64>>,
}

fn median(mut values: Vec<u32>) -> Option<u64> {
    let middle = values.len() / 2;
    match values.is_empty() {
        true => None,
        false => Some(u64::from(*values.select_nth_unstable(middle).1)),
    }
}
