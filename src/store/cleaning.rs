use super::{Store, StoreError};
use crate::domain::{ClassIndex, ImageId, QuestionId, TaskId};

/// An image whose original label is dropped, with the classes that are proposed in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedImage {
    /// The image.
    pub image: ImageId,
    /// What the model proposes.
    pub alternatives: Vec<ClassIndex>,
}

/// A task of an image whose original label is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DroppedTask {
    /// The task.
    pub task: TaskId,
    /// Whether the original label is in the image, where that was ever asked.
    pub question: Option<QuestionId>,
}

impl Store {
    /// Puts images whose labels are dropped in place of the former ones, the most doubtful first.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn replace_dropped(&self, images: &[DroppedImage]) -> Result<(), StoreError> {
        self.connection.execute("DELETE FROM dropped", [])?;
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO dropped (image, position) VALUES (?1, ?2)")?;
        let mut propose = self
            .connection
            .prepare_cached("INSERT INTO alternative (image, class) VALUES (?1, ?2)")?;
        for (position, dropped) in (0_i64..).zip(images) {
            insert.execute((dropped.image.0, position))?;
            for class in &dropped.alternatives {
                propose.execute((dropped.image.0, class.0))?;
            }
        }
        Ok(())
    }

    /// Images whose labels are dropped, the most doubtful first.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn dropped(&self) -> Result<Vec<DroppedImage>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT dropped.image, alternative.class
             FROM dropped LEFT JOIN alternative ON alternative.image = dropped.image
             ORDER BY dropped.position, alternative.class",
        )?;
        let mut rows = statement.query([])?;
        let mut images: Vec<DroppedImage> = Vec::new();
        while let Some(row) = rows.next()? {
            let image = ImageId(row.get(0)?);
            if images.last().is_none_or(|last| last.image != image) {
                images.push(DroppedImage {
                    image,
                    alternatives: Vec::new(),
                });
            }
            let class: Option<u32> = row.get(1)?;
            if let Some(last) = images.last_mut() {
                last.alternatives.extend(class.map(ClassIndex));
            }
        }
        Ok(images)
    }

    /// Tasks of images whose labels are dropped, the most doubtful first.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn dropped_tasks(&self) -> Result<Vec<DroppedTask>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT task.id, question.id
                 FROM dropped JOIN task ON task.image = dropped.image
                 LEFT JOIN original_label ON original_label.image = dropped.image
                 LEFT JOIN question ON question.image = dropped.image AND question.class = original_label.class
                 ORDER BY dropped.position, task.ordinal",
            )?
            .query_map([], |row| {
                Ok(DroppedTask {
                    task: TaskId(row.get(0)?),
                    question: row.get::<_, Option<i64>>(1)?.map(QuestionId),
                })
            })?
            .collect::<Result<_, _>>()?)
    }
}
