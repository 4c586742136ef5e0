//! Opening a project file: to write, or, where that cannot be, to read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::log::{beside, has_log, index_of, log_of, resolved, stamps_in};
use super::merge::copy_at_rest;
use super::presence::{Presence, SharedFile, leads_from};
use super::stamp::{stamp_page, stamp_row};
use super::trouble::{Trouble, explained, folder_of};
use super::{Access, Store, StoreError, schema};

/// Longest wait for another process's transaction.
const BUSY: Duration = Duration::from_secs(30);

/// Wait of the first transaction before locks are suspected.
const FIRST: Duration = Duration::from_secs(2);

/// A path as SQLite takes it for a path: `file:x.db` and `:memory:` mean something else to it.
pub(super) fn plain(path: &Path) -> PathBuf {
    match path.is_absolute() {
        true => path.to_owned(),
        false => Path::new(".").join(path),
    }
}

/// A path as a text of SQL, byte by byte.
#[cfg(unix)]
pub(super) fn as_text(path: &Path) -> Vec<u8> {
    std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()).to_vec()
}

/// A path as a text of SQL.
#[cfg(not(unix))]
pub(super) fn as_text(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}

/// A URI of a file that nobody writes to: SQLite takes no locks, and looks at no log.
fn unchanging(path: &Path) -> PathBuf {
    use std::fmt::Write;
    let mut uri = "file:".to_owned();
    for byte in as_text(&plain(path)) {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                uri.push(char::from(byte));
            }
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    PathBuf::from(uri)
}

/// Opens a file as it is, without its log, so that nothing is changed.
fn open_unchanging(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(unchanging(path), flags)
}

/// The first bytes of every SQLite database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Opens the file itself and looks at what it is, before SQLite does.
fn found(path: &Path, writable: bool) -> Result<SharedFile, StoreError> {
    let unusable = |error: &io::Error| StoreError::Unusable {
        path: path.to_owned(),
        trouble: Trouble::of(error),
    };
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(missing(path));
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(StoreError::NoFolder(folder_of(path).to_owned()));
        }
        Err(error) => return Err(unusable(&error)),
        Ok(found) if found.is_dir() => return Err(StoreError::IsFolder(path.to_owned())),
        // A pipe would be waited for without end.
        Ok(found) if !found.is_file() => return Err(StoreError::Foreign(path.to_owned())),
        Ok(_) => {}
    }
    let file = SharedFile::open(path, writable).map_err(|error| unusable(&error))?;
    let bytes = file.bytes().map_err(|error| unusable(&error))?;
    let mut head = [0; 16];
    match file.read_at(&mut head, 0) {
        Ok(()) if head == *MAGIC => Ok(file),
        // What a process wrote that was killed at once may be in the log alone.
        _ if bytes == 0 && has_log(&resolved(path)) => Ok(file),
        _ if bytes == 0 => Err(StoreError::Empty(path.to_owned())),
        _ => Err(StoreError::Foreign(path.to_owned())),
    }
}

fn missing(path: &Path) -> StoreError {
    let folder = folder_of(path);
    match folder.is_dir() {
        true => StoreError::Missing(path.to_owned()),
        false => StoreError::NoFolder(folder.to_owned()),
    }
}

/// Refuses what may not be written. The log and its index have to be made beside the file.
#[cfg(unix)]
fn may_be_written(path: &Path) -> Result<(), Trouble> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    let may = |file: &Path, access| {
        accessat(CWD, file, access, AtFlags::EACCESS)
            .map_err(|error| Trouble::of(&io::Error::from(error)))
    };
    let database = resolved(path);
    for file in [log_of(&database), index_of(&database)] {
        match fs::symlink_metadata(&file) {
            Ok(_) => may(&file, Access::WRITE_OK | Access::READ_OK)?,
            Err(_) => may(folder_of(&database), Access::WRITE_OK | Access::EXEC_OK).map_err(
                |trouble| match trouble {
                    Trouble::Permission => Trouble::Folder,
                    other => other,
                },
            )?,
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn may_be_written(_: &Path) -> Result<(), Trouble> {
    Ok(())
}

/// Refuses a log of another file: SQLite would put its pages among those of this one.
///
/// Only a log that carries stamps can be told from another. Other processes may write meanwhile: a log that does not fit is
/// looked at again until it and the file stay as they are.
fn refuse_foreign_log(path: &Path, file: &SharedFile) -> Result<(), StoreError> {
    let database = resolved(path);
    if !has_log(&database) {
        return Ok(());
    }
    let page = open_unchanging(&database).and_then(|connection| stamp_page(&connection));
    let Ok(Some(page)) = page else {
        return Ok(());
    };
    let mut before = None;
    for _ in 0..50 {
        let Some(here) = file.stamp(page) else {
            return Ok(());
        };
        let log = stamps_in(&log_of(&database), page).unwrap_or_default();
        if log.is_empty() || leads_from(&log, here) {
            return Ok(());
        }
        let now = Some((here, log));
        if now == before {
            return Err(StoreError::ForeignLog(path.to_owned()));
        }
        before = now;
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

impl Store {
    /// Opens a project file; an older schema is copied aside and migrated first. A file that cannot be written is opened to
    /// read ([`Store::kept_from_writing`]).
    ///
    /// # Errors
    /// There is no such file, it is no project, a newer relabel wrote it, its log is another file's, or it cannot be read.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        match Store::open_to_write(path) {
            Err(StoreError::Unusable { trouble, .. }) if trouble.leaves_reading() => {
                Store::open_to_read(path, trouble)
            }
            opened => opened,
        }
    }

    fn open_to_write(path: &Path) -> Result<Store, StoreError> {
        let file = found(path, true)?;
        may_be_written(path).map_err(|trouble| StoreError::Unusable {
            path: path.to_owned(),
            trouble,
        })?;
        refuse_foreign_log(path, &file)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let explain = |error| explained(error, path);
        let connection = Connection::open_with_flags(plain(path), flags).map_err(explain)?;
        connection.busy_timeout(FIRST)?;
        match schema::version(&connection).map_err(explain) {
            // It is waited for below.
            Err(StoreError::Unusable {
                trouble: Trouble::Busy,
                ..
            }) => {}
            read => drop(read?),
        }
        connection.busy_timeout(BUSY)?;
        schema::recognise(&connection, path)?;
        let mut store = Store::configure(connection, path)?;
        schema::migrate(&store.connection, path)?;
        let page = stamp_page(&store.connection)?;
        // Read once, so that the log is there.
        let newest = stamp_row(&store.connection).map_err(explain)?;
        store.access = Access::Write(Presence::of(file, path, page, newest));
        Ok(store)
    }

    fn open_to_read(path: &Path, trouble: Trouble) -> Result<Store, StoreError> {
        let file = found(path, false)?;
        refuse_foreign_log(path, &file)?;
        let database = resolved(path);
        if has_log(&database) || has_journal(&database) {
            return Store::open_copy(path, trouble);
        }
        let connection = open_unchanging(path).map_err(|error| explained(error, path))?;
        schema::recognise(&connection, path)?;
        if schema::is_older(&connection)? {
            drop(connection);
            return Store::open_copy(path, trouble);
        }
        drop(file);
        Ok(Store::of(connection, path, Access::Read(trouble, None)))
    }

    /// Reads a private copy.
    fn open_copy(path: &Path, trouble: Trouble) -> Result<Store, StoreError> {
        let mut store = Store::scratch(path)?;
        store.access = match std::mem::replace(&mut store.access, Access::Private(None)) {
            Access::Private(folder) => Access::Read(trouble, folder),
            other => other,
        };
        Ok(store)
    }

    /// A private copy of a project, which can be written and is gone when dropped: what the log holds goes into it, and an
    /// older schema is migrated there.
    ///
    /// # Errors
    /// There is no room for the copy, or it is no project.
    pub fn scratch(path: &Path) -> Result<Store, StoreError> {
        let no_room = |source: io::Error| StoreError::NoCopy {
            path: path.to_owned(),
            trouble: Trouble::of(&source),
        };
        let folder = tempfile::tempdir().map_err(no_room)?;
        let copied = folder.path().join("copy.db");
        copy_at_rest(&resolved(path), &copied).map_err(no_room)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&copied, flags)?;
        schema::recognise(&connection, path)?;
        let mut store = Store::configure(connection, path)?;
        schema::migrate_copy(&store.connection)?;
        store.access = Access::Private(Some(folder));
        Ok(store)
    }

    pub(super) fn configure(connection: Connection, path: &Path) -> Result<Store, StoreError> {
        let explain = |error| explained(error, path);
        connection.set_prepared_statement_cache_capacity(64);
        connection
            .pragma_update(None, "journal_mode", "wal")
            .map_err(explain)?;
        // A vote must outlive the machine once the screen has shown it, so every commit reaches the disk.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(Store::of(connection, path, Access::Private(None)))
    }
}

/// True if there is a journal, which SQLite would roll back first.
fn has_journal(database: &Path) -> bool {
    fs::metadata(beside(database, "-journal")).is_ok_and(|journal| journal.len() > 0)
}
