//! The stamp: a name of the file's state that each transaction draws anew. Its table has one row on one page, which can be
//! found in the file and in the log without SQLite, whose own view joins the two.

use rusqlite::{Connection, OptionalExtension};

use super::{Store, StoreError};

/// The page that the row is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StampPage {
    /// From 1.
    pub number: u32,
    /// Bytes of a page.
    pub size: u32,
}

/// Names of the state and of the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StampRow {
    pub previous: [u8; 16],
    pub own: [u8; 16],
}

impl StampRow {
    /// The row on a page, as SQLite writes it: a leaf of a table with one cell, whose record holds NULL (the key) and two
    /// blobs of 16 bytes.
    pub fn of(page: &[u8]) -> Option<StampRow> {
        let is_leaf = page.first() == Some(&13) && page.get(3..5) == Some(&[0, 1]);
        let cell = page.get(8..10).filter(|_| is_leaf)?;
        let cell = usize::from(u16::from_be_bytes(cell.try_into().ok()?));
        let record = page.get(cell..cell + 38)?;
        let (head, blobs) = record.split_first_chunk::<6>()?;
        if *head != [36, 1, 4, 0, 44, 44] {
            return None;
        }
        let (previous, own) = blobs.split_first_chunk::<16>()?;
        Some(StampRow {
            previous: *previous,
            own: own.try_into().ok()?,
        })
    }
}

/// Finds the page that the row is on. None in files of earlier versions.
pub(super) fn stamp_page(connection: &Connection) -> Result<Option<StampPage>, rusqlite::Error> {
    let number = connection
        .prepare_cached(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'stamp' AND type = 'table'",
        )?
        .query_row([], |row| row.get(0))
        .optional()?;
    let size = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    Ok(number.map(|number| StampPage { number, size }))
}

/// The row as SQLite reads it.
pub(super) fn stamp_row(connection: &Connection) -> Result<StampRow, rusqlite::Error> {
    connection
        .prepare_cached("SELECT previous, own FROM stamp")?
        .query_row([], |row| {
            Ok(StampRow {
                previous: row.get(0)?,
                own: row.get(1)?,
            })
        })
}

impl Store {
    /// Draws a new name; inside a transaction.
    pub(super) fn restamp(&self) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE stamp SET previous = own, own = randomblob(16)")?
            .execute([])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_found_on_its_page_without_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.db");
        let store = Store::create(&path).unwrap();
        for _ in 0..3 {
            store.atomically(|_| Ok::<_, StoreError>(())).unwrap();
        }
        let page = stamp_page(&store.connection).unwrap().unwrap();
        let row = stamp_row(&store.connection).unwrap();
        let log = super::super::log::log_of(&path);
        let in_log = super::super::log::stamps_in(&log, page).unwrap();
        assert_eq!(in_log.last(), Some(&row));
        for (before, after) in in_log.iter().zip(in_log.iter().skip(1)) {
            assert_eq!(before.own, after.previous);
        }
        drop(store);
        let bytes = std::fs::read(&path).unwrap();
        let size = page.size as usize;
        let begin = (page.number as usize - 1) * size;
        assert_eq!(StampRow::of(&bytes[begin..begin + size]), Some(row));
        assert_eq!(StampRow::of(&bytes[..size]), None);
    }
}
