use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Row};

use super::decisions::decided;
use super::earlier::key_list;
use super::votes::NEWEST;
use super::{Store, StoreError};
use crate::domain::{ClassIndex, ImageId, RaterId, RoundId, TaskId};

/// What is known of an image's file. The file is referenced, never copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFile {
    /// Full path, or relative to the current folder.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// Upright width, in pixels.
    pub width: u32,
    /// Upright height, in pixels.
    pub height: u32,
}

/// An image of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageRow {
    /// Key.
    pub id: ImageId,
    /// Unique name.
    pub name: String,
    /// Where its file is; none when the image is known by name only.
    pub path: Option<PathBuf>,
    /// The original label.
    pub original_label: Option<ClassIndex>,
}

/// Images that somebody must not see as examples, because they have still to be answered.
#[derive(Debug, Clone, Copy)]
pub enum Unseen<'a> {
    /// None: for those who see everything.
    Nothing,
    /// Images with a question of the plan that the rater has not answered in the round, or with one of these tasks.
    Tasks(RaterId, RoundId, &'a [TaskId]),
    /// Images with a label of the audit that the rater has not answered in the round.
    Audit(RaterId, RoundId, &'a str),
}

/// The file that an image has, as an import of files compares it with others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// Key of the image.
    pub id: ImageId,
    /// Name of the image.
    pub name: String,
    /// Path as [`Store::kept_path`] keeps it; none when the image is known by name only.
    pub path: Option<PathBuf>,
    /// SHA-256 of the bytes.
    pub sha256: Option<[u8; 32]>,
    /// True if the image has votes or notes.
    pub is_answered: bool,
}

const SELECT: &str = "SELECT image.id, image.name, image.path, original_label.class
     FROM image LEFT JOIN original_label ON original_label.image = image.id";

impl Store {
    fn read_image(&self, row: &Row<'_>) -> rusqlite::Result<ImageRow> {
        let path: Option<Vec<u8>> = row.get(2)?;
        Ok(ImageRow {
            id: ImageId(row.get(0)?),
            name: row.get(1)?,
            path: path.map(|bytes| self.folder().join(path_from(bytes))),
            original_label: row.get::<_, Option<u32>>(3)?.map(ClassIndex),
        })
    }

    /// Adds an image by its name alone.
    ///
    /// # Errors
    /// The name is taken, or SQLite refuses.
    pub fn add_image(&self, name: &str) -> Result<ImageId, StoreError> {
        self.connection
            .prepare_cached("INSERT INTO image (name) VALUES (?1)")?
            .execute([name])?;
        Ok(ImageId(self.connection.last_insert_rowid()))
    }

    /// Says which file an image has.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn set_image_file(&self, image: ImageId, file: &ImageFile) -> Result<(), StoreError> {
        let path = bytes_from(self.kept_path(&file.path));
        self.connection
            .prepare_cached(
                "UPDATE image SET path = ?2, size = ?3, sha256 = ?4, width = ?5, height = ?6 WHERE id = ?1",
            )?
            .execute((
                image.0,
                path,
                file.size as i64,
                file.sha256.as_slice(),
                file.width,
                file.height,
            ))?;
        Ok(())
    }

    /// The files of all images, in the order of the images' names.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn known_files(&self) -> Result<Vec<KnownFile>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT id, name, path, sha256,
                        EXISTS (SELECT 1 FROM note WHERE note.image = image.id)
                        OR EXISTS (SELECT 1 FROM question JOIN vote ON vote.question = question.id
                                   WHERE question.image = image.id)
                 FROM image ORDER BY name",
            )?
            .query_map([], |row| {
                Ok(KnownFile {
                    id: ImageId(row.get(0)?),
                    name: row.get(1)?,
                    path: row.get::<_, Option<Vec<u8>>>(2)?.map(path_from),
                    sha256: row.get(3)?,
                    is_answered: row.get(4)?,
                })
            })?
            .collect::<Result<_, _>>()?)
    }

    /// A path below the project's folder is kept relative to it, so that the folder can be moved; others in full.
    pub fn kept_path(&self, path: &Path) -> PathBuf {
        let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder =
            std::path::absolute(self.folder()).unwrap_or_else(|_| self.folder().to_owned());
        match full.strip_prefix(&folder) {
            Ok(below) => below.to_owned(),
            Err(_) => full,
        }
    }

    /// One image by its key.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn image(&self, image: ImageId) -> Result<Option<ImageRow>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!("{SELECT} WHERE image.id = ?1"))?
            .query_row([image.0], |row| self.read_image(row))
            .optional()?)
    }

    /// All images in the order of their names.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn images(&self) -> Result<Vec<ImageRow>, StoreError> {
        Ok(self
            .connection
            .prepare_cached(&format!("{SELECT} ORDER BY image.name"))?
            .query_map([], |row| self.read_image(row))?
            .collect::<Result<_, _>>()?)
    }

    /// Sets the original label of an image.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn set_original_label(&self, image: ImageId, class: ClassIndex) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO original_label (image, class) VALUES (?1, ?2)
                 ON CONFLICT (image) DO UPDATE SET class = excluded.class",
            )?
            .execute((image.0, class.0))?;
        Ok(())
    }

    /// The original labels of all images that have one.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn original_labels(&self) -> Result<HashMap<ImageId, ClassIndex>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT image, class FROM original_label")?
            .query_map([], |row| {
                Ok((ImageId(row.get(0)?), ClassIndex(row.get(1)?)))
            })?
            .collect::<Result<_, _>>()?)
    }

    /// Some images that carry the class: as an adjudicator decided, in a label set of the newest run, else by their original label.
    /// Left out are the image `except` and those that are `unseen`.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn examples(
        &self,
        class: ClassIndex,
        except: ImageId,
        unseen: Unseen<'_>,
        most: usize,
    ) -> Result<Vec<ImageRow>, StoreError> {
        let answered = format!(
            "SELECT question FROM vote
             WHERE vote.rater = ?4 AND vote.round = ?5 AND vote.answer IS NOT NULL AND {NEWEST}"
        );
        let (is_unseen, rater, round, among) = match unseen {
            Unseen::Nothing => ("?4 AND ?5 AND ?6".to_owned(), 0, 0, String::new()),
            Unseen::Tasks(rater, round, tasks) => (
                format!(
                    "EXISTS (SELECT 1 FROM question AS asked
                             WHERE asked.image = image.id AND asked.task IS NOT NULL AND asked.id NOT IN ({answered}))
                     OR image.id IN (SELECT image FROM task WHERE id IN (SELECT value FROM json_each(?6)))"
                ),
                rater.0,
                round.0,
                key_list(tasks),
            ),
            Unseen::Audit(rater, round, audit) => (
                format!(
                    "EXISTS (SELECT 1 FROM audit JOIN audit_draw ON audit_draw.audit = audit.id
                             WHERE audit.name = ?6 AND audit_draw.image = image.id AND NOT EXISTS (
                                 SELECT 1 FROM question AS asked WHERE asked.image = audit_draw.image
                                    AND asked.class = audit_draw.class AND asked.id IN ({answered})))"
                ),
                rater.0,
                round.0,
                audit.to_owned(),
            ),
        };
        Ok(self
            .connection
            .prepare_cached(&format!(
                "WITH {}
                 {SELECT}
                 LEFT JOIN question ON question.image = image.id AND question.class = ?1
                 LEFT JOIN score ON score.question = question.id AND score.run = (SELECT max(id) FROM run)
                 LEFT JOIN decided ON decided.question = question.id
                 WHERE image.id <> ?2 AND NOT ({is_unseen})
                   AND iif(decided.answer IS NULL, ifnull(score.in_set, original_label.class = ?1), decided.answer = 2)
                 ORDER BY image.path IS NULL, score.score DESC, image.name LIMIT ?3",
                decided()
            ))?
            .query_map(
                (class.0, except.0, most as i64, rater, round, among),
                |row| self.read_image(row),
            )?
            .collect::<Result<_, _>>()?)
    }
}

#[cfg(unix)]
pub(super) fn path_from(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(unix)]
pub(super) fn bytes_from(path: PathBuf) -> Vec<u8> {
    use std::os::unix::ffi::OsStringExt;
    path.into_os_string().into_vec()
}

#[cfg(not(unix))]
pub(super) fn path_from(bytes: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(not(unix))]
pub(super) fn bytes_from(path: PathBuf) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
