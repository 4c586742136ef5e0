use std::path::Path;

use rusqlite::OptionalExtension;

use super::{Store, StoreError};

/// Consecutive numbers of rows made in this copy of the project.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers {
    /// Key of this copy.
    pub copy: i64,
    /// The first of the numbers.
    pub first: i64,
}

impl Store {
    /// Takes `count` sequence numbers of this copy; inside a transaction.
    ///
    /// A file that was copied to another place is another copy: it must not mint the numbers of its origin again.
    pub(super) fn take_numbers(&self, count: usize) -> Result<Numbers, StoreError> {
        let place = place_of(&self.path)?;
        let known = self
            .connection
            .prepare_cached("SELECT id, next FROM copy WHERE place = ?1")?
            .query_row([&place], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (copy, first): (i64, i64) = match known {
            Some(found) => found,
            None => {
                self.connection
                    .prepare_cached("INSERT INTO copy (uuid, place) VALUES (?1, ?2)")?
                    .execute([&uuid::Uuid::new_v4().to_string(), &place])?;
                (self.connection.last_insert_rowid(), 1)
            }
        };
        self.connection
            .prepare_cached("UPDATE copy SET next = next + ?2 WHERE id = ?1")?
            .execute((copy, count as i64))?;
        Ok(Numbers { copy, first })
    }
}

/// Names the file on its machine: moving it keeps the name, copying does not.
#[cfg(unix)]
fn place_of(path: &Path) -> Result<String, StoreError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).map_err(|source| StoreError::Io {
        path: path.to_owned(),
        source,
    })?;
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    Ok(format!(
        "{}:{}:{}",
        machine.trim(),
        metadata.dev(),
        metadata.ino()
    ))
}

/// Names the file by its full path where there are no inodes.
#[cfg(not(unix))]
fn place_of(path: &Path) -> Result<String, StoreError> {
    std::fs::canonicalize(path)
        .map(|full| full.display().to_string())
        .map_err(|source| StoreError::Io {
            path: path.to_owned(),
            source,
        })
}
