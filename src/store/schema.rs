use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags};

use super::StoreError;
use super::log::beside;
use super::opening::{as_text, plain};
use super::trouble::{Trouble, explained, folder_of};

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
    include_str!("schema_10.sql"),
];

/// The newest schema version that this program knows.
fn known() -> i64 {
    STEPS.len() as i64
}

pub(super) fn version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// True if the file has an earlier schema than the newest.
pub(super) fn is_older(connection: &Connection) -> Result<bool, rusqlite::Error> {
    Ok(version(connection)? < known())
}

/// Refuses files of other programs and of newer versions, before anything is written.
pub(super) fn recognise(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let application: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(|error| explained(error, path))?;
    if application != i64::from(APPLICATION_ID) {
        return Err(StoreError::Foreign(path.to_owned()));
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
    migrate_by(STEPS, connection, Some(path))
}

/// The same for a file that nobody else knows.
pub(super) fn migrate_copy(connection: &Connection) -> Result<(), StoreError> {
    migrate_by(STEPS, connection, None)
}

fn migrate_by(
    steps: &[&str],
    connection: &Connection,
    aside: Option<&Path>,
) -> Result<(), StoreError> {
    let newest = steps.len() as i64;
    if version(connection)? == newest {
        return Ok(());
    }
    // Steps may make tables anew that others point to; what points where is checked at the end.
    connection.pragma_update(None, "foreign_keys", false)?;
    let run = || -> Result<(), StoreError> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        // Read again under the lock: another process may have migrated meanwhile.
        let found = version(connection)?;
        if found == newest {
            return Ok(connection.execute_batch("ROLLBACK")?);
        }
        if let Some(path) = aside.filter(|_| found > 0) {
            copy_aside(path, found)?;
        }
        for step in steps.iter().skip(usize::try_from(found).unwrap_or(0)) {
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

/// Copies a file of an earlier version to `NAME.vN.db`, or to the next free name. The caller holds the lock: nobody else
/// copies or changes the file meanwhile.
fn copy_aside(path: &Path, version: i64) -> Result<(), StoreError> {
    let unwritten = beside(path, &format!(".v{version}.part"));
    let copied = written_aside(path, version, &unwritten);
    // Of this copy, where it failed.
    remove_part(&unwritten);
    copied
}

fn written_aside(path: &Path, version: i64, unwritten: &Path) -> Result<(), StoreError> {
    let by_sqlite = |error| match explained(error, path) {
        StoreError::Unusable { trouble, .. } => StoreError::Backup(trouble.to_string()),
        error => StoreError::Backup(error.to_string()),
    };
    let by_system = |error: std::io::Error| StoreError::Backup(Trouble::of(&error).to_string());
    // Of a process that was killed.
    remove_part(unwritten);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(plain(path), flags).map_err(by_sqlite)?;
    let name = as_text(&plain(unwritten));
    let name = ToSqlOutput::Borrowed(ValueRef::Text(&name));
    reader
        .execute("VACUUM INTO ?1", [name])
        .map_err(by_sqlite)?;
    drop(reader);
    let file = fs::File::open(unwritten).map_err(by_system)?;
    file.sync_all().map_err(by_system)?;
    for number in 1.. {
        let aside = aside_name(path, version, number);
        match fs::hard_link(unwritten, &aside) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            // A file system without links; the lock is held, so that nobody takes the name meanwhile.
            Err(_) if !aside.exists() => {
                fs::rename(unwritten, &aside).map_err(by_system)?;
                break;
            }
            linked => {
                linked.map_err(by_system)?;
                break;
            }
        }
    }
    sync_folder(path);
    Ok(())
}

fn remove_part(unwritten: &Path) {
    for file in [unwritten.to_owned(), beside(unwritten, "-journal")] {
        let _ = fs::remove_file(file);
    }
}

fn aside_name(path: &Path, version: i64, number: u32) -> PathBuf {
    match number {
        1 => beside(path, &format!(".v{version}.db")),
        _ => beside(path, &format!(".v{version}-{number}.db")),
    }
}

/// Makes a new name in the file's folder outlive the machine, where the system can.
pub(super) fn sync_folder(path: &Path) {
    if let Ok(folder) = fs::File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
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
        migrate_by(&first, &connection, Some(&path)).unwrap();
        connection
            .execute("INSERT INTO kept VALUES (7)", [])
            .unwrap();
        assert!(!folder.path().join("project.db.v1.db").exists());

        let second = [first[0], "ALTER TABLE kept ADD COLUMN b INTEGER"];
        migrate_by(&second, &connection, Some(&path)).unwrap();
        assert_eq!(names(&connection), ["a", "b"]);
        let aside = Connection::open(folder.path().join("project.db.v1.db")).unwrap();
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
        migrate_by(&STEPS[..2], &connection, Some(&path)).unwrap();
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
        migrate_by(&first, &connection, Some(&path)).unwrap();
        let broken = [
            first[0],
            "ALTER TABLE kept ADD COLUMN b INTEGER; ALTER TABLE missing ADD COLUMN c",
        ];
        assert!(migrate_by(&broken, &connection, Some(&path)).is_err());
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
