//! Why a file cannot be used, in words: SQLite says only that it could not be opened.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use rusqlite::{Connection, ErrorCode, ffi};

use super::StoreError;

/// Why a file cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// No room.
    #[error("the disk is full")]
    DiskFull,
    /// The user may not.
    #[error("no permission")]
    Permission,
    /// The user may not write into its folder, where the log has to be.
    #[error("no permission to write into its folder")]
    Folder,
    /// Nobody may write.
    #[error("the disk is read-only")]
    ReadOnlyDisk,
    /// The process or the machine has too many files open.
    #[error("too many files are open")]
    TooManyFiles,
    /// A limit on the size of files.
    #[error("it may not grow further: a limit on the size of files is reached")]
    FileSize,
    /// The file system has no locks.
    #[error("the file system refuses locks")]
    NoLocks,
    /// Another process has it.
    #[error("another process has kept it locked for too long")]
    Busy,
    /// Something else, in the system's words.
    #[error("the disk cannot be read or written ({0})")]
    Other(String),
}

impl Trouble {
    /// True if the file can perhaps be read all the same.
    pub(super) fn leaves_reading(&self) -> bool {
        !matches!(self, Trouble::TooManyFiles | Trouble::Busy)
    }

    /// By the system's error.
    pub fn of(error: &io::Error) -> Trouble {
        match error.raw_os_error() {
            // ENFILE and EMFILE have no kinds of their own.
            Some(23 | 24) if cfg!(unix) => return Trouble::TooManyFiles,
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::DiskFull,
            io::ErrorKind::PermissionDenied => Trouble::Permission,
            io::ErrorKind::ReadOnlyFilesystem => Trouble::ReadOnlyDisk,
            io::ErrorKind::FileTooLarge => Trouble::FileSize,
            _ => Trouble::Other(words(error)),
        }
    }
}

/// The system's words without its number.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// SQLite's error on a file, explained by what the system says where the file is.
pub(super) fn explained(error: rusqlite::Error, path: &Path) -> StoreError {
    let unusable = |trouble| StoreError::Unusable {
        path: path.to_owned(),
        trouble,
    };
    let extended = error.sqlite_extended_error_code();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => unusable(Trouble::DiskFull),
        Some(ErrorCode::NotADatabase) => StoreError::Foreign(path.to_owned()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::FileLockingProtocolFailed) => {
            unusable(match locks_work(path) {
                true => Trouble::Busy,
                false => Trouble::NoLocks,
            })
        }
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied,
        ) => {
            let locking = [
                ffi::SQLITE_IOERR_LOCK,
                ffi::SQLITE_IOERR_SHMLOCK,
                ffi::SQLITE_IOERR_RDLOCK,
                ffi::SQLITE_IOERR_CHECKRESERVEDLOCK,
            ];
            unusable(match extended {
                Some(code) if locking.contains(&code) => Trouble::NoLocks,
                _ => probe(path).unwrap_or_else(|| Trouble::Other(error.to_string())),
            })
        }
        _ => StoreError::Sqlite(error),
    }
}

/// The folder that a path is in.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Tries what SQLite needs beside the file, and gives the first refusal.
fn probe(path: &Path) -> Option<Trouble> {
    #[cfg(unix)]
    if let Err(error) = File::open("/dev/null") {
        return Some(Trouble::of(&error));
    }
    let tried = || -> io::Result<()> {
        let mut file = tempfile::tempfile_in(folder_of(path))?;
        // As much as the log's index takes at first.
        file.write_all(&[0; 1 << 16])?;
        file.sync_all()
    };
    match tried().map_err(|error| Trouble::of(&error)) {
        Err(Trouble::Permission) => Some(Trouble::Folder),
        Err(trouble) => Some(trouble),
        Ok(()) => None,
    }
}

/// True if SQLite can lock a file of its own in the same folder. Locks count as working if no file can be made there.
fn locks_work(path: &Path) -> bool {
    let Ok(folder) = tempfile::tempdir_in(folder_of(path)) else {
        return true;
    };
    let locked = Connection::open(folder.path().join("lock")).and_then(|connection| {
        connection.busy_timeout(std::time::Duration::ZERO)?;
        connection.execute_batch("BEGIN EXCLUSIVE; CREATE TABLE lock (a); COMMIT")
    });
    !locked.is_err_and(|error| {
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::SystemIoFailure)
        )
    })
}
