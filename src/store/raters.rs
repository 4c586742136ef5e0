use rusqlite::{OptionalExtension, Row};

use super::{Store, StoreError};
use crate::domain::{RaterId, Role, RoundId, normal_name};

/// A rater of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RaterRow {
    /// Key.
    pub id: RaterId,
    /// Unique name.
    pub name: String,
    /// What the votes are used for.
    pub role: Role,
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, String, String)> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
}

fn rater((id, name, role): (i64, String, String)) -> Result<RaterRow, StoreError> {
    Ok(RaterRow {
        id: RaterId(id),
        role: role
            .parse()
            .map_err(|error| StoreError::Damaged(format!("rater {id}: {error}")))?,
        name,
    })
}

/// Keys begin at 1.
const NO_ROUND: RoundId = RoundId(0);

impl Store {
    /// Adds a rater.
    ///
    /// # Errors
    /// The name is taken, or SQLite refuses.
    pub fn add_rater(&self, name: &str, role: Role) -> Result<RaterId, StoreError> {
        self.in_transaction(|store| {
            store
                .connection
                .prepare_cached("INSERT INTO rater (name, role) VALUES (?1, ?2)")?
                .execute([name, role.word()])?;
            Ok(RaterId(store.connection.last_insert_rowid()))
        })
    }

    /// The rater of this name.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn rater(&self, name: &str) -> Result<Option<RaterRow>, StoreError> {
        self.connection
            .prepare_cached("SELECT id, name, role FROM rater WHERE name = ?1")?
            .query_row([name], read)
            .optional()?
            .map(rater)
            .transpose()
    }

    /// The rater of this name as it is written, else the only one whose name has the same normal form.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn rater_named(&self, name: &str) -> Result<Option<RaterRow>, StoreError> {
        if let Some(rater) = self.rater(name)? {
            return Ok(Some(rater));
        }
        let normal = normal_name(name);
        if normal != name
            && let Some(rater) = self.rater(&normal)?
        {
            return Ok(Some(rater));
        }
        // Names from before they were brought into one form.
        let raters = self.raters()?.into_iter();
        let mut alike = raters.filter(|rater| normal_name(&rater.name) == normal);
        Ok(alike.next().filter(|_| alike.next().is_none()))
    }

    /// All raters, in the order in which they came.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn raters(&self) -> Result<Vec<RaterRow>, StoreError> {
        self.connection
            .prepare_cached("SELECT id, name, role FROM rater ORDER BY id")?
            .query_map([], read)?
            .map(|row| rater(row?))
            .collect()
    }

    /// The round of this name, made when there is none. In a project that can only be read it is one without votes.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn round(&self, name: &str) -> Result<RoundId, StoreError> {
        if let Some(known) = self.known_round(name)? {
            return Ok(known);
        }
        if self.kept_from_writing().is_some() {
            return Ok(NO_ROUND);
        }
        self.in_transaction(|store| {
            store
                .connection
                .prepare_cached("INSERT INTO round (name) VALUES (?1) ON CONFLICT DO NOTHING")?
                .execute([name])?;
            Ok(store.known_round(name)?.unwrap_or(NO_ROUND))
        })
    }

    /// Adds a rater and rounds under the keys that they had, unless they are there; inside a transaction.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn put_back(
        &self,
        rater: &RaterRow,
        rounds: &[(RoundId, String)],
    ) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "INSERT INTO rater (id, name, role) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?
            .execute((rater.id.0, &rater.name, rater.role.word()))?;
        let mut round = self.connection.prepare_cached(
            "INSERT INTO round (id, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?;
        for (id, name) in rounds {
            round.execute((id.0, name))?;
        }
        Ok(())
    }

    fn known_round(&self, name: &str) -> Result<Option<RoundId>, StoreError> {
        let id = self
            .connection
            .prepare_cached("SELECT id FROM round WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        Ok(id.map(RoundId))
    }

    /// All rounds with their names, in the order in which they came.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn rounds(&self) -> Result<Vec<(RoundId, String)>, StoreError> {
        Ok(self
            .connection
            .prepare_cached("SELECT id, name FROM round ORDER BY id")?
            .query_map([], |row| Ok((RoundId(row.get(0)?), row.get(1)?)))?
            .collect::<Result<_, _>>()?)
    }
}
