use rusqlite::OptionalExtension;

use super::{Store, StoreError};
use crate::domain::{ClassIndex, ImageId, Question, QuestionId};

/// A task as the plan wants it: the labels of one image in their order on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedTask {
    /// The image.
    pub image: ImageId,
    /// From 0 within the image.
    pub ordinal: u32,
    /// From top to bottom.
    pub labels: Vec<ClassIndex>,
}

/// What a new plan changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replanned {
    /// Questions that were not asked before.
    pub new_questions: usize,
    /// Questions that stay, with all their votes.
    pub kept_questions: usize,
    /// Questions with votes that no task asks any more; their votes stay.
    pub retired_questions: usize,
}

impl Store {
    /// The question of an image and a class, made when there is none.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn question(&self, question: Question) -> Result<QuestionId, StoreError> {
        let known = self
            .connection
            .prepare_cached("SELECT id FROM question WHERE image = ?1 AND class = ?2")?
            .query_row((question.image.0, question.class.0), |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(QuestionId(id));
        }
        self.connection
            .prepare_cached("INSERT INTO question (image, class) VALUES (?1, ?2)")?
            .execute((question.image.0, question.class.0))?;
        Ok(QuestionId(self.connection.last_insert_rowid()))
    }

    /// Puts a plan in place of the former one, in the order given. Every question keeps its key and its votes;
    /// labels that raters added stay in the first task of their image.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn replace_plan(&self, tasks: &[PlannedTask]) -> Result<Replanned, StoreError> {
        let mut done = Replanned::default();
        self.connection.execute_batch(
            "UPDATE question SET task = NULL, position = 0;
             DELETE FROM task;",
        )?;
        let mut add_task = self
            .connection
            .prepare_cached("INSERT INTO task (image, ordinal, position) VALUES (?1, ?2, ?3)")?;
        let mut place = self.connection.prepare_cached(
            "UPDATE question SET task = ?3, position = ?4, added = 0 WHERE image = ?1 AND class = ?2",
        )?;
        let mut add_question = self.connection.prepare_cached(
            "INSERT INTO question (image, class, task, position) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (position, task) in tasks.iter().enumerate() {
            add_task.execute((task.image.0, task.ordinal, position as i64))?;
            let id = self.connection.last_insert_rowid();
            for (line, class) in task.labels.iter().enumerate() {
                let row = (task.image.0, class.0, id, line as i64);
                if place.execute(row)? > 0 {
                    done.kept_questions += 1;
                } else {
                    add_question.execute(row)?;
                    done.new_questions += 1;
                }
            }
        }
        self.connection.execute(
            "UPDATE question SET position = 1000 + id,
                    task = (SELECT task.id FROM task WHERE task.image = question.image AND task.ordinal = 0)
             WHERE added = 1",
            [],
        )?;
        // Nobody was asked these: they leave no trace.
        self.connection.execute(
            "DELETE FROM question WHERE task IS NULL
                AND NOT EXISTS (SELECT 1 FROM vote WHERE vote.question = question.id)
                AND NOT EXISTS (SELECT 1 FROM score WHERE score.question = question.id)",
            [],
        )?;
        done.retired_questions = self.connection.query_row(
            "SELECT count(*) FROM question WHERE task IS NULL",
            [],
            |row| Ok(row.get::<_, i64>(0)?.unsigned_abs() as usize),
        )?;
        Ok(done)
    }

    /// The plan as it stands, in its order, labels that raters added left out.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn plan(&self) -> Result<Vec<PlannedTask>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT task.image, task.ordinal, question.class
             FROM task JOIN question ON question.task = task.id AND question.added = 0
             ORDER BY task.position, question.position",
        )?;
        let mut rows = statement.query([])?;
        let mut tasks: Vec<PlannedTask> = Vec::new();
        while let Some(row) = rows.next()? {
            let (image, ordinal) = (ImageId(row.get(0)?), row.get(1)?);
            let class = ClassIndex(row.get(2)?);
            match tasks.last_mut() {
                Some(task) if task.image == image && task.ordinal == ordinal => {
                    task.labels.push(class);
                }
                _ => tasks.push(PlannedTask {
                    image,
                    ordinal,
                    labels: vec![class],
                }),
            }
        }
        Ok(tasks)
    }
}
