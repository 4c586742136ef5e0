use std::path::Path;

use rusqlite::Connection;

use super::StoreError;

/// "relb": marks the file as ours in SQLite's header.
pub(super) const APPLICATION_ID: u32 = 0x7265_6c62;

/// Each step leads from the version that is its place to the next.
const STEPS: &[&str] = &[
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
    include_str!("schema_7.sql"),
    include_str!("schema_8.sql"),
    include_str!("schema_9.sql"),
];

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
        .map_err(|error| match error.sqlite_error_code() {
            // It begins like a database: cut off, most likely.
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => StoreError::Sqlite(error),
            _ => foreign(),
        })?;
    if application != i64::from(APPLICATION_ID) {
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
    migrate_by(STEPS, connection, path)
}

fn migrate_by(steps: &[&str], connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let newest = steps.len() as i64;
    let found = version(connection)?;
    if found == newest {
        return Ok(());
    }
    if found > 0 {
        let aside = path.with_extension(format!("v{found}.db"));
        connection
            .execute("VACUUM INTO ?1", [aside.to_string_lossy()])
            .map_err(|error| StoreError::Backup(error.to_string()))?;
    }
    // Steps may make tables anew that others point to; what points where is checked at the end.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let run = || -> Result<(), StoreError> {
        // Read again under the lock: another process may have migrated meanwhile.
        let from = usize::try_from(version(connection)?).unwrap_or(0);
        for step in steps.iter().skip(from) {
            connection.execute_batch(step)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        connection.pragma_update(None, "user_version", newest)?;
        if connection.prepare("PRAGMA foreign_key_check")?.exists([])? {
            let why = "rows point to others that are not there (`relabel doctor`)";
            return Err(StoreError::Damaged(why.to_owned()));
        }
        connection.execute_batch("COMMIT")?;
        Ok(())
    };
    let outcome = run().inspect_err(|_| {
        let _ = connection.execute_batch("ROLLBACK");
    });
    connection.pragma_update(None, "foreign_keys", true)?;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(connection: &Connection) -> Vec<String> {
        let mut statement = connection
            .prepare("SELECT name FROM pragma_table_info('kept')")
            .unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn an_older_file_is_copied_aside_and_migrated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.db");
        let connection = Connection::open(&path).unwrap();
        let first = ["CREATE TABLE kept (a INTEGER)"];
        migrate_by(&first, &connection, &path).unwrap();
        connection
            .execute("INSERT INTO kept VALUES (7)", [])
            .unwrap();
        assert!(!folder.path().join("project.v1.db").exists());

        let second = [first[0], "ALTER TABLE kept ADD COLUMN b INTEGER"];
        migrate_by(&second, &connection, &path).unwrap();
        assert_eq!(names(&connection), ["a", "b"]);
        let aside = Connection::open(folder.path().join("project.v1.db")).unwrap();
        assert_eq!(names(&aside), ["a"]);
        let kept: i64 = aside
            .query_row("SELECT a FROM kept", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, 7);
        assert_eq!(version(&connection).unwrap(), 2);
    }

    #[test]
    fn votes_of_version_2_keep_their_order_and_get_the_same_keys_in_every_copy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.db");
        let connection = Connection::open(&path).unwrap();
        migrate_by(&STEPS[..2], &connection, &path).unwrap();
        // The second copy has the lower key, and the last word in the same millisecond.
        connection
            .execute_batch(
                "INSERT INTO copy VALUES (1, 'ffffffff-0102-4d8d-8c22-4bb18e63a884', 'a', 3),
                                         (2, '00000000-ABCD-4d8d-8c22-4bb18e63a884', 'b', 3);
                 INSERT INTO class (idx, name) VALUES (0, 'cat');
                 INSERT INTO image (id, name) VALUES (1, 'a.png');
                 INSERT INTO question (id, image, class) VALUES (1, 1, 0);
                 INSERT INTO rater VALUES (1, 'ann', 'rater');
                 INSERT INTO round VALUES (1, 'main');
                 INSERT INTO vote VALUES (1, 1, 1, 700, 1, 1, 0, NULL), (1, 1, 1, 700, 1, 2, 1, NULL),
                                         (1, 1, 1, 700, 2, 1, 2, 40);
                 INSERT INTO note VALUES (2, 2, 1, 1, 'comment', 'small', 800);
                 INSERT INTO run (id, method, parameters, remarks, at) VALUES (1, 'majority', '{}', '[]', 900);
                 INSERT INTO run_mark VALUES (1, 1, 2), (1, 2, 1);",
            )
            .unwrap();
        migrate(&connection, &path).unwrap();
        let rows = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        assert_eq!(
            rows(
                "SELECT format('%x %d %d %d', copy, sequence, at, answer) FROM vote
                  ORDER BY question, round, rater, at, copy, sequence"
            ),
            [
                "ffffffff0102 1 700 0",
                "ffffffff0102 2 700 1",
                "abcd 1 701 2"
            ]
        );
        assert_eq!(
            rows("SELECT format('%x %d %s', copy, sequence, text) FROM note"),
            ["abcd 2 small"]
        );
        assert_eq!(
            rows("SELECT format('%x %d', id, next) FROM copy ORDER BY id"),
            ["abcd 3", "ffffffff0102 3"]
        );
        assert_eq!(
            rows("SELECT format('%x %d', copy, sequence) FROM run_mark ORDER BY copy"),
            ["abcd 1", "ffffffff0102 2"]
        );
        let enforced: bool = connection
            .pragma_query_value(None, "foreign_keys", |row| row.get(0))
            .unwrap();
        assert!(enforced);
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.db");
        let connection = Connection::open(&path).unwrap();
        let first = ["CREATE TABLE kept (a INTEGER)"];
        migrate_by(&first, &connection, &path).unwrap();
        let broken = [
            first[0],
            "ALTER TABLE kept ADD COLUMN b INTEGER; ALTER TABLE missing ADD COLUMN c",
        ];
        assert!(migrate_by(&broken, &connection, &path).is_err());
        assert_eq!(names(&connection), ["a"]);
        assert_eq!(version(&connection).unwrap(), 1);
    }

    #[test]
    fn newer_and_foreign_files_are_refused_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("project.db");
        let connection = Connection::open(&path).unwrap();
        assert!(matches!(
            recognise(&connection, &path),
            Err(StoreError::Foreign(_))
        ));
        migrate(&connection, &path).unwrap();
        recognise(&connection, &path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        let error = recognise(&connection, &path).unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }),
            "{error}"
        );
    }
}
