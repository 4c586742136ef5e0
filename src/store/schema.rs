use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// "relb": marks the file as ours in SQLite's header.
const APPLICATION_ID: i64 = 0x7265_6c62;

/// Each step leads from the version that is its place to the next.
const STEPS: &[&str] = &[include_str!("schema.sql")];

/// The newest schema version that this program knows.
fn known() -> i64 {
    STEPS.len() as i64
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Refuses files of other programs and of newer versions, before anything is written.
pub(super) fn recognise(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let foreign = || StoreError::Foreign(path.to_owned());
    let application: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|_| foreign())?;
    if application != APPLICATION_ID {
        return Err(foreign());
    }
    let found = version(connection)?;
    if found > known() {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: known(),
        });
    }
    Ok(())
}

/// Brings the schema to the newest version; a file that held something is copied aside first.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found == known() {
        return Ok(());
    }
    if found > 0 {
        let aside = path.with_extension(format!("v{found}.db"));
        connection
            .execute("VACUUM INTO ?1", [aside.to_string_lossy()])
            .map_err(|error| StoreError::Backup(error.to_string()))?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let steps = || -> Result<(), StoreError> {
        // Read again under the lock: another process may have migrated meanwhile.
        let from = usize::try_from(version(connection)?).unwrap_or(0);
        for step in STEPS.iter().skip(from) {
            connection.execute_batch(step)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", known())?;
        connection.execute_batch("COMMIT")?;
        Ok(())
    };
    steps().inspect_err(|_| {
        let _ = connection.execute_batch("ROLLBACK");
    })
}
