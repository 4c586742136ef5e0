use super::{Store, StoreError};

impl Store {
    /// Looks through the whole file; gives what is wrong with it, nothing for a sound one.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn damage(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        let mut statement = self.connection.prepare("PRAGMA integrity_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            // What is wrong with a tree comes as several lines under a heading.
            let text: String = row.get(0)?;
            let lines = text
                .lines()
                .filter(|line| *line != "ok" && !line.starts_with("***"));
            found.extend(lines.map(str::to_owned));
        }
        let mut statement = self.connection.prepare("PRAGMA foreign_key_check")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            found.push(format!(
                "a row of {table} points to a row of {parent} that is not there"
            ));
        }
        Ok(found)
    }

    /// How commits reach the disk; `wal` is what many processes at once need.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn journal_mode(&self) -> Result<String, StoreError> {
        Ok(self
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))?)
    }
}
