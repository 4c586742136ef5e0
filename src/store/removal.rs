use super::{Store, StoreError};
use crate::domain::ImageId;

/// Why an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// So many votes are on it.
    Votes(usize),
    /// So many flags, comments and answers are on it.
    Notes(usize),
    /// This audit has drawn it.
    Audit(String),
    /// It is a row of this model's predictions, or in one of its folds.
    Model(String),
    /// A rater has it on the screen.
    OnScreen,
}

/// Numbers of rows removed with an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    /// Original labels.
    pub labels: usize,
    /// Proposals.
    pub proposals: usize,
    /// Tasks of the plan.
    pub tasks: usize,
}

impl Store {
    /// Why an image cannot be removed at a time (Unix milliseconds); nothing where it can.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn reason_to_keep(&self, image: ImageId, now: i64) -> Result<Option<Reason>, StoreError> {
        let counted = |sql: &str| -> Result<usize, StoreError> {
            let n: i64 = self
                .connection
                .prepare_cached(sql)?
                .query_row([image.0], |row| row.get(0))?;
            Ok(usize::try_from(n).unwrap_or(0))
        };
        let votes = counted(
            "SELECT count(*) FROM vote JOIN question ON question.id = vote.question WHERE question.image = ?1",
        )?;
        if votes > 0 {
            return Ok(Some(Reason::Votes(votes)));
        }
        let notes = counted("SELECT count(*) FROM note WHERE image = ?1")?;
        if notes > 0 {
            return Ok(Some(Reason::Notes(notes)));
        }
        let audits: Vec<String> = self
            .connection
            .prepare_cached(
                "SELECT DISTINCT name FROM audit JOIN audit_draw ON audit_draw.audit = audit.id WHERE image = ?1 ORDER BY name",
            )?
            .query_map([image.0], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        if let Some(audit) = audits.into_iter().next() {
            return Ok(Some(Reason::Audit(audit)));
        }
        let is_claimed = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM claim JOIN task ON task.id = claim.task WHERE task.image = ?1 AND claim.until > ?2",
            )?
            .exists((image.0, now))?;
        if is_claimed {
            return Ok(Some(Reason::OnScreen));
        }
        let models = self.models()?.into_iter();
        let mut models = models.filter(|model| {
            let order = model.image_order.as_ref();
            let folds = model.folds.as_ref();
            order.is_some_and(|order| order.contains(&image))
                || folds.is_some_and(|folds| folds.contains_key(&image))
        });
        Ok(models.next().map(|model| Reason::Model(model.name)))
    }

    /// Removes an image that nothing keeps, with its label, proposals, questions and tasks.
    ///
    /// # Errors
    /// SQLite refuses, as it does where something points to the image.
    pub fn remove_image(&self, image: ImageId) -> Result<Removed, StoreError> {
        let delete = |sql: &str| -> Result<usize, StoreError> {
            Ok(self.connection.prepare_cached(sql)?.execute([image.0])?)
        };
        delete("DELETE FROM score WHERE question IN (SELECT id FROM question WHERE image = ?1)")?;
        delete("DELETE FROM question WHERE image = ?1")?;
        let tasks = delete("DELETE FROM task WHERE image = ?1")?;
        let proposals = delete("DELETE FROM proposal WHERE image = ?1")?;
        let labels = delete("DELETE FROM original_label WHERE image = ?1")?;
        delete("DELETE FROM dropped WHERE image = ?1")?;
        delete("DELETE FROM image WHERE id = ?1")?;
        Ok(Removed {
            labels,
            proposals,
            tasks,
        })
    }
}
