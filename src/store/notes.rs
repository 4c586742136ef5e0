use super::{Store, StoreError};
use crate::domain::{ImageId, RaterId};

/// What a note says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// Somebody should look at this image.
    Flag,
    /// The rater's flag is taken back.
    Unflag,
    /// A remark in words.
    Comment(String),
}

/// A rater's note on an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Image name.
    pub image: String,
    /// Rater's name.
    pub rater: String,
    /// What it says.
    pub kind: NoteKind,
    /// Unix milliseconds.
    pub at: i64,
}

impl Store {
    /// Adds a note; notes are never changed. Like votes, a rater's notes on an image keep the order in which they were made.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn add_note(
        &self,
        image: ImageId,
        rater: RaterId,
        kind: &NoteKind,
        at: i64,
    ) -> Result<(), StoreError> {
        let numbers = self.take_numbers(1)?;
        let (word, text) = match kind {
            NoteKind::Flag => ("flag", ""),
            NoteKind::Unflag => ("unflag", ""),
            NoteKind::Comment(text) => ("comment", text.as_str()),
        };
        self.connection
            .prepare_cached(
                "INSERT INTO note (copy, sequence, image, rater, kind, text, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, max(?7, ifnull(
                     (SELECT max(at + (copy <> ?1)) FROM note WHERE image = ?3 AND rater = ?4), 0)))",
            )?
            .execute((numbers.copy, numbers.first, image.0, rater.0, word, text, at))?;
        Ok(())
    }

    /// Notes of one image, or of all, in the order of their time.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn notes(&self, image: Option<ImageId>) -> Result<Vec<Note>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT image.name, rater.name, note.kind, note.text, note.at
                 FROM note JOIN image ON image.id = note.image JOIN rater ON rater.id = note.rater
                 WHERE ?1 IS NULL OR note.image = ?1
                 ORDER BY note.at, note.copy, note.sequence",
            )?
            .query_map([image.map(|image| image.0)], |row| {
                let (kind, text): (String, String) = (row.get(2)?, row.get(3)?);
                Ok(Note {
                    image: row.get(0)?,
                    rater: row.get(1)?,
                    kind: match kind.as_str() {
                        "flag" => NoteKind::Flag,
                        "unflag" => NoteKind::Unflag,
                        _ => NoteKind::Comment(text),
                    },
                    at: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }
}
