use std::collections::HashMap;

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

/// Where a question stands in the file.
struct Placed {
    id: i64,
    task: Option<i64>,
    position: i64,
    added: bool,
}

impl Store {
    /// The question of an image and a class, made when there is none.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn question(&self, question: Question) -> Result<QuestionId, StoreError> {
        if let Some(known) = self.known_question(question)? {
            return Ok(known);
        }
        self.connection
            .prepare_cached("INSERT INTO question (image, class) VALUES (?1, ?2)")?
            .execute((question.image.0, question.class.0))?;
        Ok(QuestionId(self.connection.last_insert_rowid()))
    }

    /// The question of an image and a class, if it was ever asked.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn known_question(&self, question: Question) -> Result<Option<QuestionId>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT id FROM question WHERE image = ?1 AND class = ?2")?
            .query_row((question.image.0, question.class.0), |row| {
                row.get(0).map(QuestionId)
            })
            .optional()?)
    }

    /// Puts a plan in place of the former one, in the order given. Every question keeps its key and its votes, a task its key
    /// while its image has as many; labels that raters added stay in the first task of their image. Only what is not as
    /// it was is written.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn replace_plan(&self, tasks: &[PlannedTask]) -> Result<Replanned, StoreError> {
        let mut done = Replanned::default();
        let placed = self.place_tasks(tasks)?;
        let mut former = self.placed_questions()?;
        let mut place = self.connection.prepare_cached(
            "UPDATE question SET task = ?2, position = ?3, added = 0 WHERE id = ?1",
        )?;
        let mut add = self.connection.prepare_cached(
            "INSERT INTO question (image, class, task, position) VALUES (?1, ?2, ?3, ?4)",
        )?;
        for (task, id) in tasks.iter().zip(placed) {
            for (line, class) in (0_i64..).zip(&task.labels) {
                match former.remove(&(task.image.0, class.0)) {
                    Some(question) => {
                        done.kept_questions += 1;
                        if (question.task, question.position, question.added)
                            != (Some(id), line, false)
                        {
                            place.execute((question.id, id, line))?;
                        }
                    }
                    None => {
                        done.new_questions += 1;
                        add.execute((task.image.0, class.0, id, line))?;
                    }
                }
            }
        }
        let mut retire = self
            .connection
            .prepare_cached("UPDATE question SET task = NULL, position = 0 WHERE id = ?1")?;
        for question in former.values().filter(|question| question.task.is_some()) {
            retire.execute([question.id])?;
        }
        self.connection.execute(
            "UPDATE question SET position = 1000 + id,
                    task = (SELECT task.id FROM task WHERE task.image = question.image AND task.ordinal = 0 AND task.position >= 0)
             WHERE added = 1",
            [],
        )?;
        self.connection
            .execute("DELETE FROM task WHERE position < 0", [])?;
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

    /// Gives every task its row, in the order given; rows that are not wanted any more get a negative position.
    fn place_tasks(&self, tasks: &[PlannedTask]) -> Result<Vec<i64>, StoreError> {
        let mut former: HashMap<(i64, u32), (i64, i64)> = self
            .connection
            .prepare_cached("SELECT image, ordinal, id, position FROM task")?
            .query_map([], |row| {
                Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)))
            })?
            .collect::<Result<_, _>>()?;
        let mut add = self
            .connection
            .prepare_cached("INSERT INTO task (image, ordinal, position) VALUES (?1, ?2, ?3)")?;
        let mut put = self
            .connection
            .prepare_cached("UPDATE task SET position = ?2 WHERE id = ?1")?;
        let mut placed = Vec::with_capacity(tasks.len());
        for (position, task) in (0_i64..).zip(tasks) {
            placed.push(match former.remove(&(task.image.0, task.ordinal)) {
                Some((id, there)) => {
                    if there != position {
                        put.execute((id, position))?;
                    }
                    id
                }
                None => {
                    add.execute((task.image.0, task.ordinal, position))?;
                    self.connection.last_insert_rowid()
                }
            });
        }
        for (id, _) in former.values() {
            put.execute((id, -1))?;
        }
        Ok(placed)
    }

    fn placed_questions(&self) -> Result<HashMap<(i64, u32), Placed>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT image, class, id, task, position, added FROM question")?
            .query_map([], |row| {
                let placed = Placed {
                    id: row.get(2)?,
                    task: row.get(3)?,
                    position: row.get(4)?,
                    added: row.get(5)?,
                };
                Ok(((row.get(0)?, row.get(1)?), placed))
            })?
            .collect::<Result<_, _>>()?)
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
