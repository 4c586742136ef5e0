//! Destinations of outputs, and places that are never written to.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use super::draft::folder_of;
use super::failures::{cannot, in_words};
use crate::cli::context::shown;
use crate::cli::failure::Failure;

/// Destination of an output.
#[derive(Debug)]
pub enum Place {
    /// `-` and `/dev/stdout`.
    Stdout,
    /// `/dev/stderr`.
    Stderr,
    /// A device, a pipe, or what this process was given open: written through, never replaced.
    Through(PathBuf),
    /// A file, which is replaced as a whole.
    File {
        /// Behind all links.
        path: PathBuf,
        /// Metadata of the file there now, if there is one.
        before: Option<Metadata>,
    },
}

/// The most links that a path may lead through, as for the system.
const MOST_LINKS: usize = 40;

impl Place {
    /// Resolves a path. Refuses the project's files, any SQLite file, folders, and places that may not be written.
    pub fn of(given: &Path, project: &Path) -> Result<Place, Failure> {
        match opened_number(given) {
            Some(1) => {
                refuse_stdout_of_project(project)?;
                return Ok(Place::Stdout);
            }
            Some(2) => return Ok(Place::Stderr),
            Some(_) => {
                let found = fs::metadata(given).map_err(|error| cannot(given, &error))?;
                refuse_project(given, given, Some(&found), project)?;
                return Ok(Place::Through(given.to_owned()));
            }
            None => {}
        }
        match fs::metadata(given) {
            Ok(found) if found.is_dir() => Err(Failure::failed(format!(
                "cannot write {}: it is a folder",
                shown(given)
            ))
            .hint(format!(
                "name a file in it, such as {}",
                shown(&given.join("output.csv"))
            ))),
            Ok(found) if found.is_file() => {
                let path = given
                    .canonicalize()
                    .map_err(|error| cannot(given, &error))?;
                refuse_project(given, &path, Some(&found), project)?;
                refuse_databases(given, &path)?;
                refuse_protected(given, &path)?;
                Ok(Place::File {
                    path,
                    before: Some(found),
                })
            }
            Ok(_) => Ok(Place::Through(given.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = new_file(given)?;
                refuse_project(given, &path, None, project)?;
                refuse_databases(given, &path)?;
                refuse_protected(given, &path)?;
                Ok(Place::File { path, before: None })
            }
            Err(error) => Err(cannot(given, &error)),
        }
    }

    /// True if both lead to the same destination, which can hold only one output.
    pub fn is_also(&self, other: &Place) -> bool {
        match (self, other) {
            (Place::Stdout, Place::Stdout) | (Place::Stderr, Place::Stderr) => true,
            (Place::File { path, .. }, Place::File { path: other, .. }) => {
                path == other || is_same_file(path, other)
            }
            // A device takes whatever comes; in a pipe one would follow the other.
            (Place::Through(path), Place::Through(other)) => {
                !is_device(path) && is_same_file(path, other)
            }
            _ => false,
        }
    }

    /// True if writing there would replace this file.
    pub fn replaces(&self, file: &Path) -> bool {
        matches!(self, Place::File { path, .. } if is_same_file(path, file))
    }
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_char_device())
}

#[cfg(not(unix))]
fn is_device(_: &Path) -> bool {
    false
}

/// Returns the identity of a file, which is the same under every name.
#[cfg(unix)]
fn identity(found: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// True if two paths lead to one file, also through links and hard links.
pub fn is_same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(found), Ok(known)) if identity(&found).is_some() => {
            identity(&found) == identity(&known)
        }
        _ => match (one.canonicalize(), other.canonicalize()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        },
    }
}

/// The number of a file that this process was given open, where the path is its name.
fn opened_number(given: &Path) -> Option<u32> {
    if given == Path::new("-") {
        return Some(1);
    }
    let mut path = std::path::absolute(given).ok()?;
    for _ in 0..MOST_LINKS {
        let own = format!("/proc/{}/fd", std::process::id());
        for folder in ["/dev/fd", "/proc/self/fd", "/proc/thread-self/fd", &own] {
            if let Ok(number) = path.strip_prefix(folder) {
                return number.to_str()?.parse().ok();
            }
        }
        let link = fs::read_link(&path).ok()?;
        path = without_dots(&folder_of(&path).join(link));
    }
    None
}

/// `a/./b/../c` as `a/c`; right where no part of it is a link, as in the folders of devices.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// The path of a file that is not there, behind links that lead nowhere yet.
fn new_file(given: &Path) -> Result<PathBuf, Failure> {
    let mut path = given.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(link) => path = folder_of(&path).join(link),
            Err(_) => return in_its_folder(given, &path),
        }
    }
    Err(Failure::failed(format!(
        "cannot write {}: its links lead in a circle",
        shown(given)
    ))
    .hint("choose another file"))
}

fn in_its_folder(given: &Path, path: &Path) -> Result<PathBuf, Failure> {
    let refused = |why: String| Failure::failed(format!("cannot write {}: {why}", shown(given)));
    let ends_as_folder = given.as_os_str().to_string_lossy().ends_with('/');
    let folder = match ends_as_folder {
        true => path,
        false => folder_of(path),
    };
    match fs::metadata(folder) {
        Ok(found) if !found.is_dir() => {
            return Err(
                refused(format!("{} is no folder", shown(folder))).hint("choose another place")
            );
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(refused(format!("there is no folder {}", shown(folder)))
                .hint("make it first, or choose another place"));
        }
        Err(error) => return Err(refused(in_words(&error)).hint("choose another place")),
    }
    let name = path
        .file_name()
        .ok_or_else(|| refused("it is no name of a file".to_owned()))?;
    let folder = folder
        .canonicalize()
        .map_err(|error| refused(in_words(&error)))?;
    Ok(folder.join(name))
}

/// Endings that SQLite adds to the name of a database.
const BESIDE_A_DATABASE: [&str; 3] = ["-wal", "-shm", "-journal"];

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn refuse_project(
    given: &Path,
    path: &Path,
    found: Option<&Metadata>,
    project: &Path,
) -> Result<(), Failure> {
    let project = project
        .canonicalize()
        .unwrap_or_else(|_| project.to_owned());
    let is_it = |file: &Path| {
        let known = fs::metadata(file).ok();
        let same = match (found.and_then(identity), known.as_ref().and_then(identity)) {
            (Some(found), Some(known)) => found == known,
            _ => false,
        };
        same || path == file
    };
    let files = BESIDE_A_DATABASE.map(|ending| with_ending(&project, ending));
    if is_it(&project) || files.iter().any(|file| is_it(file)) {
        return Err(Failure::usage(format!(
            "cannot write {}: that is the project itself",
            shown(given)
        ))
        .hint("choose another file with -o; the project was not touched"));
    }
    Ok(())
}

/// `>> relabel.db` would end it as surely.
#[cfg(unix)]
pub fn refuse_stdout_of_project(project: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt;
    let Ok(stdout) = rustix::fs::fstat(io::stdout()) else {
        return Ok(());
    };
    match fs::metadata(project) {
        Ok(found) if (found.dev(), found.ino()) == (stdout.st_dev, stdout.st_ino) => {
            Err(Failure::usage("stdout leads into the project itself")
                .hint("choose another file; nothing was written"))
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
pub fn refuse_stdout_of_project(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Databases are overwritten by nobody's wish.
fn refuse_databases(given: &Path, path: &Path) -> Result<(), Failure> {
    let text = path.as_os_str().to_string_lossy();
    let of_database = BESIDE_A_DATABASE.iter().any(|ending| {
        let database = text.strip_suffix(ending);
        database.is_some_and(|database| is_database(Path::new(database)))
    });
    match of_database || is_database(path) {
        true => Err(Failure::usage(format!(
            "cannot write {}: an SQLite database is there",
            shown(given)
        ))
        .hint("choose another file; remove the database first if nobody needs it")),
        false => Ok(()),
    }
}

/// True if a file begins like an SQLite database or its log.
fn is_database(path: &Path) -> bool {
    const BEGINNINGS: [&[u8]; 4] = [
        b"SQLite format 3\0",
        b"\x37\x7f\x06\x82",
        b"\x37\x7f\x06\x83",
        b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",
    ];
    if !fs::metadata(path).is_ok_and(|found| found.is_file()) {
        return false;
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut bytes));
    read.is_ok() && BEGINNINGS.iter().any(|begin| bytes.starts_with(begin))
}

/// A file that is protected stays; one is replaced only where its folder may be written.
#[cfg(unix)]
fn refuse_protected(given: &Path, path: &Path) -> Result<(), Failure> {
    use rustix::fs::{Access, access};
    let refused = |what: &Path, error: rustix::io::Errno| {
        let why = in_words(&io::Error::from(error));
        Failure::failed(format!(
            "cannot write {}: {}: {why}",
            shown(given),
            shown(what)
        ))
    };
    if path.exists() {
        access(path, Access::WRITE_OK).map_err(|error| {
            refused(path, error)
                .hint("choose another file, or change what may be done with it (chmod)")
        })?;
    }
    let folder = folder_of(path);
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|error| {
        refused(folder, error).hint("choose another folder, or write through: `-o - > FILE`")
    })
}

#[cfg(not(unix))]
fn refuse_protected(_: &Path, _: &Path) -> Result<(), Failure> {
    Ok(())
}
