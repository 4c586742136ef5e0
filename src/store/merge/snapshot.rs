//! Another copy's file as it stood at one moment, read without a trace left beside it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use crate::store::log::log_of;
use crate::store::{Store, StoreError, schema};

/// A copy of a project file in a temporary folder, gone when dropped; an older schema is brought up to date there.
///
/// The file may be open elsewhere, or lie where nothing can be written.
#[derive(Debug)]
pub struct Snapshot {
    // Closed before its folder goes.
    store: Store,
    _folder: tempfile::TempDir,
}

/// How often a file that changes while it is copied is begun anew.
const TRIES: usize = 20;

impl Snapshot {
    /// Copies and opens a project file.
    ///
    /// # Errors
    /// There is no such file, it is no project, a newer relabel wrote it, it is damaged, or there is no room for the copy.
    pub fn of(path: &Path) -> Result<Snapshot, StoreError> {
        let here = |source| StoreError::Io {
            path: path.to_owned(),
            source,
        };
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing(path.to_owned()));
            }
            Err(error) => return Err(here(error)),
            // A pipe would be waited for without end.
            Ok(found) if !found.is_file() => return Err(StoreError::Foreign(path.to_owned())),
            Ok(_) => {}
        }
        let folder = tempfile::tempdir().map_err(here)?;
        let copied = folder.path().join("copy.db");
        copy_at_rest(path, &copied).map_err(here)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&copied, flags)?;
        schema::recognise(&connection, path)?;
        let store = Store::configure(connection, &copied)?;
        // An older file is looked through first: what is damaged would break the steps in ways that say less.
        if let Some(first) = store.damage()?.first() {
            return Err(StoreError::Damaged(first.clone()));
        }
        schema::migrate_copy(&store.connection)?;
        Ok(Snapshot {
            store,
            _folder: folder,
        })
    }

    /// The copy, open.
    pub fn store(&self) -> &Store {
        &self.store
    }
}

/// What tells that a database was written to, or its log begun anew.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    bytes: u64,
    written: Option<SystemTime>,
    /// The log's header holds a number that is drawn whenever it is begun anew; none where there is no log.
    log: Option<Vec<u8>>,
}

impl Trace {
    fn of(database: &Path) -> io::Result<Trace> {
        let metadata = fs::metadata(database)?;
        let log = match File::open(log_of(database)) {
            Ok(log) => {
                let mut header = Vec::with_capacity(32);
                log.take(32).read_to_end(&mut header)?;
                Some(header)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Trace {
            bytes: metadata.len(),
            written: metadata.modified().ok(),
            log,
        })
    }
}

/// Copies a database, then its log. The log holds every page that was written to the database since it was begun, and
/// what is half written at its end does not count: the two make a whole as long as the log was not begun anew meanwhile.
pub(in crate::store) fn copy_at_rest(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..TRIES {
        let before = Trace::of(from)?;
        fs::copy(from, to)?;
        match fs::copy(log_of(from), log_of(to)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // Of an earlier try.
                let _ = fs::remove_file(log_of(to));
            }
            copied => drop(copied?),
        }
        if Trace::of(from)? == before {
            writable(to)?;
            return Ok(());
        }
    }
    Err(io::Error::other("it changes faster than it can be read"))
}

/// A copy of a file that may not be written has its permissions.
fn writable(copied: &Path) -> io::Result<()> {
    for file in [copied.to_owned(), log_of(copied)] {
        if let Ok(metadata) = fs::metadata(&file) {
            let mut permissions = metadata.permissions();
            #[cfg(unix)]
            std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
            #[cfg(not(unix))]
            permissions.set_readonly(false);
            fs::set_permissions(&file, permissions)?;
        }
    }
    Ok(())
}
