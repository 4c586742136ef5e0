use rusqlite::OptionalExtension;

use super::{Store, StoreError};

/// Settings of the project: small texts under a name.
impl Store {
    /// The text kept under `key`.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
            .query_row([key], |row| row.get(0))
            .optional()?)
    }

    /// Keeps a text under `key`, in place of an earlier one.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn set_setting(&self, key: &str, value: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO setting (key, value) VALUES (?1, ?2)
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )?
            .execute([key, value])?;
        Ok(())
    }
}
