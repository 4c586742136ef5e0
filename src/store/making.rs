//! Making a project file: all of it at once, or nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::log::{beside, log_of};
use super::schema::{self, sync_folder};
use super::trouble::{Trouble, folder_of};
use super::{Store, StoreError};

impl Store {
    /// Makes a new project file with an empty schema.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn create(path: &Path) -> Result<Store, StoreError> {
        Store::create_with(path, |_| Ok(()))
    }

    /// Makes a new project file that holds what `fill` puts into it. The file has its name only once it is whole: where `fill`
    /// fails, or the process is killed, nothing is left.
    ///
    /// # Errors
    /// The file exists, cannot be written, or what `fill` says.
    pub fn create_with<E: From<StoreError>>(
        path: &Path,
        fill: impl FnOnce(&Store) -> Result<(), E>,
    ) -> Result<Store, E> {
        is_free(path)?;
        // Made before the work: where nothing can be written, that is said at once.
        let file = NewFile::beside(path).map_err(|error| unwritable(path, &error))?;
        let connection = Connection::open_in_memory().map_err(StoreError::from)?;
        let mut store = Store::configure(connection, path)?;
        schema::migrate_copy(&store.connection)?;
        fill(&store)?;
        let image = (store.connection.serialize("main")).map_err(StoreError::from)?;
        let written = file.keep(&image, path);
        drop(image);
        written.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => StoreError::Exists(path.to_owned()),
            _ => unwritable(path, &error),
        })?;
        sync_folder(path);
        Ok(Store::open(path)?)
    }
}

fn unwritable(path: &Path, error: &io::Error) -> StoreError {
    let folder = folder_of(path);
    match (folder.is_dir(), Trouble::of(error)) {
        (false, _) => StoreError::NoFolder(folder.to_owned()),
        (true, Trouble::Permission) => StoreError::Unwritable {
            path: path.to_owned(),
            trouble: Trouble::Folder,
        },
        (true, trouble) => StoreError::Unwritable {
            path: path.to_owned(),
            trouble,
        },
    }
}

/// Refuses to make a file where there is one, or where SQLite would find the log of another.
fn is_free(path: &Path) -> Result<(), StoreError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(StoreError::Exists(path.to_owned()));
    }
    for left in [log_of(path), beside(path, "-journal")] {
        if fs::metadata(&left).is_ok_and(|found| found.len() > 0) {
            return Err(StoreError::Leftover(left));
        }
    }
    Ok(())
}

/// A file that has no name yet, so that nothing is left of it where the process is killed.
enum NewFile {
    #[cfg(target_os = "linux")]
    Nameless(File),
    /// File with a name, for systems without nameless files.
    Named(tempfile::NamedTempFile),
}

impl NewFile {
    fn beside(path: &Path) -> io::Result<NewFile> {
        let folder = folder_of(path);
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{Mode, OFlags, open};
            let mode = Mode::from_raw_mode(0o666);
            let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
            if let Ok(file) = open(folder, flags, mode) {
                return Ok(NewFile::Nameless(File::from(file)));
            }
        }
        remove_leftovers(folder);
        let named = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempfile_in(folder)?;
        Ok(NewFile::Named(named))
    }

    /// Writes a database and gives it its name, unless something has it.
    fn keep(self, image: &[u8], path: &Path) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            NewFile::Nameless(mut file) => {
                use rustix::fs::{AtFlags, CWD, linkat};
                use std::os::fd::AsRawFd;
                write_database(&mut file, image)?;
                let own = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
                Ok(linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
            }
            NewFile::Named(mut file) => {
                write_database(file.as_file_mut(), image)?;
                let kept = file.persist_noclobber(path);
                kept.map(drop).map_err(|error| error.error)
            }
        }
    }
}

const PREFIX: &str = ".relabel-new-";

/// Removes what killed processes have left, where files without a name cannot be had: those of an hour ago.
fn remove_leftovers(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().and_then(|found| found.modified());
        let is_old = age.is_ok_and(|at| at.elapsed().is_ok_and(|age| age.as_secs() > 3600));
        if is_ours && is_old {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A database in memory has no log; two bytes of its header say that the file is to have one.
fn write_database(file: &mut File, image: &[u8]) -> io::Result<()> {
    const VERSIONS: usize = 18;
    let short = || io::Error::other("SQLite gave no database");
    let (head, rest) = image.split_at_checked(VERSIONS).ok_or_else(short)?;
    let (_, rest) = rest.split_at_checked(2).ok_or_else(short)?;
    file.write_all(head)?;
    file.write_all(&[2, 2])?;
    file.write_all(rest)?;
    file.sync_all()
}
