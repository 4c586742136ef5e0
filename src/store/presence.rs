//! The file behind the project's path: whether it is still the one that is open.
//!
//! SQLite goes on with a file that was moved, removed or overwritten under it, and takes its log along. So each commit looks
//! first: at the path, the file's length, the stamp in it, and the log and its index beside it.

use std::cell::Cell;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::log::{LogHead, head_of, index_of, log_of, resolved, stamps_in};
use super::stamp::{StampPage, StampRow};

/// Change to an open project file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileChange {
    /// There is nothing at its path.
    #[error("the project file was moved or removed")]
    Gone,
    /// Something else is at its path.
    #[error("the project file was replaced")]
    Replaced,
    /// It was overwritten where it is.
    #[error("the project file was replaced by other content")]
    Overwritten,
    /// It has lost its end.
    #[error("the project file was cut off")]
    CutOff,
    /// Its log is not the one that is open.
    #[error("the log of the project file (-wal) was removed or replaced")]
    Log,
    /// The log's index is not the one that is open.
    #[error("the index of the project file's log (-shm) was removed or replaced")]
    Index,
}

/// A file's identity: device and inode.
type FileId = (u64, u64);

#[cfg(unix)]
fn id_of(metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Elsewhere files that are open cannot be moved or removed.
#[cfg(not(unix))]
fn id_of(_: &Metadata) -> FileId {
    (0, 0)
}

/// Files that this process has open, by their identity.
///
/// Closing a file gives up all locks that the process has on it, SQLite's among them: so each file is opened once and closed
/// after the last connection to it.
static OPEN: Mutex<Vec<(FileId, Arc<File>)>> = Mutex::new(Vec::new());

/// A file that is open here, whoever else in this process has it too.
#[derive(Debug)]
pub(super) struct SharedFile {
    id: FileId,
    // None when dropped.
    file: Option<Arc<File>>,
}

impl SharedFile {
    /// Opens a file to read and, where `writable`, to see that it may be written.
    pub fn open(path: &Path, writable: bool) -> io::Result<SharedFile> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let id = id_of(&fs::metadata(path)?);
        if let Some((_, file)) = open.iter().find(|(of, _)| *of == id) {
            let file = Some(Arc::clone(file));
            return Ok(SharedFile { id, file });
        }
        let file = File::options().read(true).write(writable).open(path)?;
        let id = id_of(&file.metadata()?);
        let file = Arc::new(file);
        open.push((id, Arc::clone(&file)));
        let file = Some(file);
        Ok(SharedFile { id, file })
    }

    pub fn bytes(&self) -> io::Result<u64> {
        self.with(|file| Ok(file.metadata()?.len()))
    }

    /// Reads at a place without moving anybody's.
    #[cfg(unix)]
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.with(|file| std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset))
    }

    #[cfg(not(unix))]
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        self.with(|mut file| {
            file.seek(SeekFrom::Start(offset))?;
            file.read_exact(buffer)
        })
    }

    fn with<T>(&self, read: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
        match &self.file {
            Some(file) => read(file),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// The stamp that the file itself has.
    pub fn stamp(&self, page: StampPage) -> Option<StampRow> {
        let mut bytes = vec![0; page.size as usize];
        let offset = u64::from(page.number.checked_sub(1)?) * u64::from(page.size);
        self.read_at(&mut bytes, offset).ok()?;
        StampRow::of(&bytes)
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        self.file = None;
        // The list's own is the last: nobody can take another meanwhile.
        open.retain(|(id, file)| *id != self.id || Arc::strong_count(file) > 1);
    }
}

/// Log and index beside the file.
#[derive(Debug, Clone, Copy, Default)]
struct Companions {
    log: Option<FileId>,
    index: Option<FileId>,
}

impl Companions {
    fn of(path: &Path) -> Companions {
        let database = resolved(path);
        let id = |path: PathBuf| fs::metadata(path).ok().as_ref().map(id_of);
        Companions {
            log: id(log_of(&database)),
            index: id(index_of(&database)),
        }
    }
}

/// An open project file, as it was when it was last looked at.
#[derive(Debug)]
pub(super) struct Presence {
    file: SharedFile,
    companions: Companions,
    page: Option<StampPage>,
    bytes: Cell<u64>,
    stamp: Cell<Option<StampRow>>,
    /// The log's head, which is written anew whenever the log is begun anew.
    log_head: Cell<LogHead>,
    /// Length of the log.
    log_bytes: Cell<u64>,
    /// The newest state that is known to be committed.
    committed: Cell<Option<StampRow>>,
    /// Why the connection must never write again.
    spoiled: Cell<Option<FileChange>>,
}

/// Number of checks until a problem counts: a checkpoint of another process may be under way.
const LOOKS: usize = 3;

impl Presence {
    /// Remembers a file whose connection has read something, so that its log is there. `page` is where its stamp is.
    pub fn of(
        file: SharedFile,
        path: &Path,
        page: Option<StampPage>,
        newest: StampRow,
    ) -> Presence {
        Presence {
            log_bytes: Cell::new(0),
            committed: Cell::new(Some(newest)),
            bytes: Cell::new(file.bytes().unwrap_or(0)),
            stamp: Cell::new(page.and_then(|page| file.stamp(page))),
            companions: Companions::of(path),
            spoiled: Cell::new(None),
            log_head: Cell::new(head_of(&log_of(&resolved(path)))),
            page,
            file,
        }
    }

    /// Checks that the file at the path is the open one, whole, with its log. `newest` is the stamp as SQLite reads
    /// it. No other process may commit meanwhile.
    pub fn check(&self, path: &Path, newest: Option<StampRow>) -> Result<(), FileChange> {
        if let Some(change) = self.spoiled.get() {
            return Err(change);
        }
        self.check_path(path)?;
        self.check_content(path, newest)?;
        self.check_companions(path)
    }

    /// The same where others may commit meanwhile: what looks wrong is looked at again.
    pub fn check_at_rest(&self, path: &Path) -> Result<(), FileChange> {
        let mut found = Ok(());
        for look in 0..LOOKS {
            if look > 0 {
                std::thread::sleep(Duration::from_millis(20));
            }
            found = self.check(path, None);
            if found.is_ok() {
                break;
            }
        }
        found
    }

    /// Remembers a state that is on the disk.
    pub fn committed(&self, state: StampRow) {
        self.committed.set(Some(state));
    }

    /// Says that the file or its log holds other content: the connection, whose view of them is wrong, must never write again.
    pub fn spoil(&self, change: FileChange) {
        self.spoiled.set(Some(change));
    }

    pub fn is_spoiled(&self) -> bool {
        self.spoiled.get().is_some()
    }

    fn check_path(&self, path: &Path) -> Result<(), FileChange> {
        match fs::metadata(path) {
            Err(_) => Err(FileChange::Gone),
            Ok(found) if id_of(&found) != self.file.id => Err(FileChange::Replaced),
            Ok(_) => Ok(()),
        }
    }

    /// Checks that the open file, wherever it is now, holds what it held, or what its log has brought there. Also
    /// checks that the log is the one that leads to `newest`.
    pub fn check_content(&self, path: &Path, newest: Option<StampRow>) -> Result<(), FileChange> {
        let bytes = self.file.bytes().unwrap_or(0);
        if bytes < self.bytes.get() {
            // A file that is merely shorter has the stamp that it had, or none.
            let now = self.page.and_then(|page| self.file.stamp(page));
            return Err(match now.is_some() && now != self.stamp.get() {
                true => FileChange::Overwritten,
                false => FileChange::CutOff,
            });
        }
        if let (Some(page), Some(before)) = (self.page, self.stamp.get()) {
            let now = self.file.stamp(page).ok_or(FileChange::Overwritten)?;
            let log = log_of(&resolved(path));
            let head = head_of(&log);
            let log_bytes = fs::metadata(&log).map_or(0, |log| log.len());
            let is_shorter = log_bytes < self.log_bytes.get();
            if now != before || head != self.log_head.get() || is_shorter {
                let states = stamps_in(&log, page).unwrap_or_default();
                let fits = match states.last() {
                    None => newest.is_none_or(|newest| newest == now),
                    Some(last) => {
                        leads_from(&states, now) && newest.is_none_or(|newest| newest == *last)
                    }
                };
                // What was committed is in the file, which would have changed then, or still in the log.
                let known = self.committed.get().filter(|known| *known != now);
                let is_kept = now != before || known.is_none_or(|known| states.contains(&known));
                match fits && is_kept {
                    true => {}
                    false if now == before => return Err(FileChange::Log),
                    false => return Err(FileChange::Overwritten),
                }
            }
            self.stamp.set(Some(now));
            self.log_head.set(head);
            self.log_bytes.set(log_bytes);
        }
        self.bytes.set(bytes);
        Ok(())
    }

    /// True if the open file is as it was, or as SQLite has it, whatever lies beside it.
    pub fn holds_known_state(&self, newest: Option<StampRow>) -> bool {
        let is_known = |stamp| Some(stamp) == self.stamp.get() || Some(stamp) == newest;
        self.file
            .bytes()
            .is_ok_and(|bytes| bytes >= self.bytes.get())
            && self
                .page
                .is_none_or(|page| self.file.stamp(page).is_some_and(is_known))
    }

    fn check_companions(&self, path: &Path) -> Result<(), FileChange> {
        let now = Companions::of(path);
        match self.companions {
            Companions { log: Some(log), .. } if now.log != Some(log) => Err(FileChange::Log),
            Companions {
                index: Some(index), ..
            } if now.index != Some(index) => Err(FileChange::Index),
            _ => Ok(()),
        }
    }

    /// True if the log beside the path is the open one.
    pub fn has_own_log(&self, path: &Path) -> bool {
        let now = Companions::of(path);
        now.log.is_some() && now.log == self.companions.log
    }

    /// True if the log beside the path continues from another state than that of the open file.
    pub fn has_foreign_log(&self, path: &Path) -> bool {
        let here = self
            .page
            .and_then(|page| Some((page, self.file.stamp(page)?)));
        here.is_some_and(|(page, here)| {
            let log = stamps_in(&log_of(&resolved(path)), page).unwrap_or_default();
            !log.is_empty() && !leads_from(&log, here)
        })
    }

    /// True if the locks are in no other process's index.
    pub fn has_own_index(&self, path: &Path) -> bool {
        let now = Companions::of(path).index;
        now.is_none() || now == self.companions.index
    }
}

/// True if a log with these states continues from a file in this one. The log begins there, or part of it has
/// brought the file there.
pub(super) fn leads_from(log: &[StampRow], file: StampRow) -> bool {
    let begins = log.first().is_some_and(|first| first.previous == file.own);
    begins || log.iter().any(|state| state.own == file.own)
}
