use super::{Store, StoreError};

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
    /// Images whose only proposal is the original label, after planning.
    pub unanimous: u64,
    /// Tasks of the plan.
    pub tasks: u64,
    /// Questions that tasks ask.
    pub questions: u64,
    /// Rows of votes, those that were replaced or taken back among them.
    pub vote_rows: u64,
    /// Each rater's part.
    pub raters: Vec<RaterProgress>,
    /// Images that somebody's flag stands on.
    pub flagged: u64,
    /// Comments.
    pub comments: u64,
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
    /// Median milliseconds a vote, where measured.
    pub median_spent: Option<u64>,
}

impl Store {
    fn count(&self, sql: &str) -> Result<u64, StoreError> {
        Ok(self
            .connection
            .query_row(sql, [], |row| row.get::<_, i64>(0))?
            .unsigned_abs())
    }

    /// Counts everything there is.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn status(&self) -> Result<Status, StoreError> {
        Ok(Status {
            classes: self.count("SELECT count(*) FROM class")?,
            images: self.count("SELECT count(*) FROM image")?,
            images_with_file: self.count("SELECT count(*) FROM image WHERE path IS NOT NULL")?,
            original_labels: self.count("SELECT count(*) FROM original_label")?,
            proposals: self.count(
                "SELECT count(*) FROM (SELECT image, class FROM proposal UNION SELECT image, class FROM original_label)",
            )?,
            sources: self
                .connection
                .prepare_cached("SELECT name FROM source ORDER BY name")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
            unanimous: self.count(
                "SELECT count(*) FROM original_label
                 WHERE EXISTS (SELECT 1 FROM task)
                   AND NOT EXISTS (SELECT 1 FROM question WHERE question.image = original_label.image)",
            )?,
            tasks: self.count("SELECT count(*) FROM task")?,
            questions: self.count("SELECT count(*) FROM question WHERE task IS NOT NULL")?,
            vote_rows: self.count("SELECT count(*) FROM vote")?,
            raters: self.rater_progress()?,
            flagged: self.count(
                "SELECT count(DISTINCT image) FROM note WHERE kind = 'flag' AND NOT EXISTS (
                     SELECT 1 FROM note AS newer WHERE newer.image = note.image AND newer.rater = note.rater
                        AND newer.kind = 'unflag' AND (newer.at, newer.copy, newer.sequence) > (note.at, note.copy, note.sequence))",
            )?,
            comments: self.count("SELECT count(*) FROM note WHERE kind = 'comment'")?,
        })
    }

    fn rater_progress(&self) -> Result<Vec<RaterProgress>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT rater.name, rater.role, round.name, count(DISTINCT vote.question), rater.id, round.id
             FROM vote JOIN rater ON rater.id = vote.rater JOIN round ON round.id = vote.round
             WHERE vote.answer IS NOT NULL
             GROUP BY vote.rater, vote.round ORDER BY round.id, rater.id",
        )?;
        let rows = statement.query_map([], |row| {
            Ok((
                RaterProgress {
                    rater: row.get(0)?,
                    role: row.get(1)?,
                    round: row.get(2)?,
                    questions: row.get::<_, i64>(3)?.unsigned_abs(),
                    median_spent: None,
                },
                (row.get::<_, i64>(4)?, row.get::<_, i64>(5)?),
            ))
        })?;
        rows.map(|row| {
            let (mut progress, key) = row?;
            progress.median_spent = self.median_spent(key)?;
            Ok(progress)
        })
        .collect()
    }

    fn median_spent(&self, (rater, round): (i64, i64)) -> Result<Option<u64>, StoreError> {
        let mut spent: Vec<u64> = self
            .connection
            .prepare_cached(
                "SELECT spent FROM vote WHERE rater = ?1 AND round = ?2 AND spent IS NOT NULL ORDER BY spent",
            )?
            .query_map((rater, round), |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))?
            .collect::<Result<_, _>>()?;
        let middle = spent.len() / 2;
        Ok((!spent.is_empty()).then(|| spent.swap_remove(middle)))
    }
}
