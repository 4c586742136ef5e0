//! A file that is written whole or not at all.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// Prefix of a named draft. A later run recognises and removes drafts that a killed run left.
const PREFIX: &str = ".relabel-output-";
const SUFFIX: &str = ".tmp";

/// A file beside its place, which it takes when it is complete. Without a name where the file system has such files, so
/// that nothing is left of a process that is killed.
pub struct Draft<'a> {
    file: File,
    place: &'a Path,
    folder: PathBuf,
    /// Metadata of the file in its place now, if there is one.
    before: Option<&'a Metadata>,
    /// Path of the draft, if it has a name.
    name: Option<PathBuf>,
}

impl<'a> Draft<'a> {
    /// An empty draft of a file; what is there now keeps its owner and mode.
    pub fn of(place: &'a Path, before: Option<&'a Metadata>) -> io::Result<Draft<'a>> {
        let folder = folder_of(place).to_owned();
        remove_leftovers(&folder);
        let mode = match before {
            // Of its own owner until it is complete.
            Some(_) => 0o600,
            // What the user's umask leaves of it.
            None => 0o666,
        };
        let (file, name) = match unnamed(&folder, mode) {
            Some(file) => (file, None),
            None => named(&folder, mode).map(|(file, name)| (file, Some(name)))?,
        };
        Ok(Draft {
            file,
            place,
            folder,
            before,
            name,
        })
    }

    /// Returns the file to write to.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Puts the file into its place, on disk.
    pub fn keep(mut self) -> io::Result<()> {
        if let Some(before) = self.before {
            take_after(&self.file, before)?;
        }
        self.file.sync_all()?;
        if self.name.is_none() {
            if self.before.is_none() && link(&self.file, self.place).is_ok() {
                return sync_folder(&self.folder);
            }
            // A link replaces nothing: the file gets a name, and takes the place under that.
            self.name = Some(self.give_name()?);
        }
        if let Some(name) = &self.name {
            fs::rename(name, self.place)?;
            self.name = None;
        }
        sync_folder(&self.folder)
    }

    fn give_name(&mut self) -> io::Result<PathBuf> {
        let name = fresh_name(&self.folder);
        // While it is locked it is nobody's leftover.
        let _ = self.file.try_lock();
        if link(&self.file, &name).is_ok() {
            return Ok(name);
        }
        // No links to files without a name here: it is copied into one with a name.
        let (mut file, name) = named(&self.folder, 0o600)?;
        let copied = (|| {
            io::Seek::rewind(&mut self.file)?;
            io::copy(&mut self.file, &mut file)?;
            take_after(&file, &self.file.metadata()?)?;
            file.sync_all()
        })();
        if let Err(error) = copied {
            let _ = fs::remove_file(&name);
            return Err(error);
        }
        self.file = file;
        Ok(name)
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            let _ = fs::remove_file(name);
        }
    }
}

/// The folder that a file is in.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn fresh_name(folder: &Path) -> PathBuf {
    folder.join(format!("{PREFIX}{:016x}{SUFFIX}", rand::random::<u64>()))
}

/// A new file with a name, locked against being taken for a leftover.
fn named(folder: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    loop {
        let name = fresh_name(folder);
        let mut options = File::options();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        let file = options.open(&name)?;
        // Where there are no locks, age tells leftovers.
        let _ = file.lock();
        // Another process may have been quicker to lock it, and taken it for a leftover.
        if name.exists() {
            return Ok((file, name));
        }
    }
}

/// Removes drafts of processes that were killed.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_draft = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        if is_draft && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            remove_leftover(&entry.path());
        }
    }
}

fn remove_leftover(path: &Path) {
    const A_DAY: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
    let Ok(file) = File::open(path) else {
        return;
    };
    let is_old = || {
        let age = file.metadata().and_then(|found| found.modified());
        age.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > A_DAY))
    };
    let is_left = match file.try_lock() {
        Ok(()) => true,
        Err(fs::TryLockError::WouldBlock) => false,
        // No locks here.
        Err(fs::TryLockError::Error(_)) => is_old(),
    };
    if is_left {
        let _ = fs::remove_file(path);
    }
}

/// A file of the folder without a name, where there are such files.
#[cfg(target_os = "linux")]
fn unnamed(folder: &Path, mode: u32) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    let file = rustix::fs::open(folder, flags, Mode::from_raw_mode(mode)).ok()?;
    Some(File::from(file))
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_: &Path, _: u32) -> Option<File> {
    None
}

/// Gives a file without a name one that nothing has yet.
#[cfg(target_os = "linux")]
fn link(file: &File, name: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    use std::os::fd::AsRawFd;
    let open = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(
        CWD,
        open,
        CWD,
        name,
        AtFlags::SYMLINK_FOLLOW,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn link(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Owner, group and mode of what was there, as far as this user may give them.
#[cfg(unix)]
fn take_after(file: &File, before: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let ours = file.metadata()?;
    let mut mode = before.mode() & 0o7777;
    let same = (ours.uid(), ours.gid()) == (before.uid(), before.gid());
    if !same && fchown(file, Some(before.uid()), Some(before.gid())).is_err() {
        // What another owner or group was allowed is not this one's.
        mode &= 0o777;
        if ours.gid() != before.gid() && fchown(file, None, Some(before.gid())).is_err() {
            mode = mode & 0o707 | (mode & 0o7) << 3;
        }
    }
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn take_after(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// The new name survives the machine as well.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // A folder that may be written but not read, or a file system that has no such thing.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::PermissionDenied
                    | io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        synced => synced,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    /// As where the file system has no files without names.
    fn named_draft(place: &Path) -> Draft<'_> {
        let folder = folder_of(place).to_owned();
        let (file, name) = named(&folder, 0o666).unwrap();
        Draft {
            file,
            place,
            folder,
            before: None,
            name: Some(name),
        }
    }

    #[test]
    fn a_draft_with_a_name_takes_its_place_or_goes() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("table.csv");
        fs::write(&place, "old").unwrap();
        let draft = named_draft(&place);
        draft.file().write_all(b"half").unwrap();
        // Another run does not take it for a leftover.
        remove_leftovers(folder.path());
        assert_eq!(names(folder.path()).len(), 2);
        drop(draft);
        assert_eq!(names(folder.path()), ["table.csv"]);
        assert_eq!(fs::read_to_string(&place).unwrap(), "old");
        let draft = named_draft(&place);
        draft.file().write_all(b"new").unwrap();
        draft.keep().unwrap();
        assert_eq!(names(folder.path()), ["table.csv"]);
        assert_eq!(fs::read_to_string(&place).unwrap(), "new");
    }
}
