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
    _folder: Folder,
}

/// How often a file that changes while it is copied is begun anew.
const TRIES: usize = 20;

impl Snapshot {
    /// Copies a project file into a folder beside another one, and opens it.
    ///
    /// # Errors
    /// There is no such file, it is no project, a newer relabel wrote it, it is damaged, or there is no room for the copy.
    pub fn of(path: &Path, beside: &Path) -> Result<Snapshot, StoreError> {
        let here = |source| StoreError::Io {
            path: path.to_owned(),
            source,
        };
        let found = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing(path.to_owned()));
            }
            Err(error) => return Err(here(error)),
            // A pipe would be waited for without end.
            Ok(found) if !found.is_file() => return Err(StoreError::Foreign(path.to_owned())),
            Ok(found) => found,
        };
        recognise_header(path)?;
        let room = |source| StoreError::Io {
            path: beside.to_owned(),
            source,
        };
        let folder = Folder::beside(beside).map_err(room)?;
        let size = size_by_header(path).map_err(here)?;
        let bytes = size.map_or(found.len(), |size| size.min(found.len()));
        folder.check_room(bytes).map_err(room)?;
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

/// Looks at a file's first bytes, before all of it is copied: what is no database, or another program's, is not ours. While it
/// has a log its own first bytes may be old.
fn recognise_header(path: &Path) -> Result<(), StoreError> {
    let mut header = Vec::with_capacity(100);
    let read = File::open(path).and_then(|file| file.take(100).read_to_end(&mut header));
    read.map_err(|source| StoreError::Io {
        path: path.to_owned(),
        source,
    })?;
    let foreign = || Err(StoreError::Foreign(path.to_owned()));
    let has_log = fs::metadata(log_of(path)).is_ok_and(|log| log.is_file() && log.len() > 0);
    if header.is_empty() && has_log {
        return Ok(());
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return foreign();
    }
    let application = header.get(68..72);
    match application.is_some_and(|bytes| bytes != schema::APPLICATION_ID.to_be_bytes()) {
        true if !has_log => foreign(),
        _ => Ok(()),
    }
}

/// A private folder beside the project. What a killed process left is removed by the next merge: a lock tells which
/// folders are in use.
#[derive(Debug)]
struct Folder {
    folder: tempfile::TempDir,
    _lock: File,
}

/// Prefix of the names of such folders.
const PREFIX: &str = ".relabel-merge-";

impl Folder {
    fn beside(file: &Path) -> io::Result<Folder> {
        let place = match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        remove_leftovers(place);
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
            let lock = File::open(folder.path())?;
            // Where there are no locks nothing is removed either.
            let _ = lock.lock();
            // Another process may have been quicker to lock it, and taken it for a leftover.
            if folder.path().is_dir() {
                return Ok(Folder {
                    folder,
                    _lock: lock,
                });
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Checks that the disk has room for so many bytes.
    #[cfg(unix)]
    fn check_room(&self, bytes: u64) -> io::Result<()> {
        let disk = rustix::fs::statvfs(self.path())?;
        match disk.f_bavail.saturating_mul(disk.f_frsize) < bytes {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }

    #[cfg(not(unix))]
    fn check_room(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

fn remove_leftovers(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours
            && let Ok(lock) = File::open(entry.path())
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(entry.path());
        }
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
        let log = match fs::metadata(log_of(database)).and_then(|found| match found.is_file() {
            true => File::open(log_of(database)),
            false => Err(io::ErrorKind::NotFound.into()),
        }) {
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
        copy_pages(from, to)?;
        match fs::metadata(log_of(from)) {
            // A pipe or a device of this name is no log.
            Ok(log) if log.is_file() => drop(fs::copy(log_of(from), log_of(to))?),
            _ => {
                // Of an earlier try.
                let _ = fs::remove_file(log_of(to));
            }
        }
        if Trace::of(from)? == before {
            writable(to)?;
            return Ok(());
        }
    }
    Err(io::Error::other("it changes faster than it can be read"))
}

/// Copies the pages of a database by its own count of them: what follows, which may be a hole of any size, is none of it.
/// Pages that are to come while it is written are in its log.
fn copy_pages(from: &Path, to: &Path) -> io::Result<()> {
    let bytes = fs::metadata(from)?.len();
    match size_by_header(from)?.filter(|size| *size < bytes) {
        None => drop(fs::copy(from, to)?),
        Some(size) => drop(io::copy(
            &mut File::open(from)?.take(size),
            &mut File::create(to)?,
        )?),
    }
    Ok(())
}

/// The bytes of a database by its header, where that counts.
fn size_by_header(database: &Path) -> io::Result<Option<u64>> {
    let mut header = Vec::with_capacity(100);
    File::open(database)?.take(100).read_to_end(&mut header)?;
    let number = |at: usize| -> Option<u64> {
        let bytes = header.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(bytes)))
    };
    let page = match header.get(16..18) {
        Some([0, 1]) => 65_536,
        Some([high, low]) => u64::from(u16::from_be_bytes([*high, *low])),
        _ => return Ok(None),
    };
    // The count of pages is kept by whoever changed the file last, or it is old.
    let is_kept = number(24).is_some() && number(24) == number(92);
    let pages = number(28).filter(|pages| is_kept && *pages > 0);
    Ok(pages.map(|pages| pages * page))
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
