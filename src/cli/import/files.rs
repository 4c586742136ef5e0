//! The picture files of a folder or a list, on their way in.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::names::ends;
use super::order::ending;
use super::rows::{BadRows, LeftOut, RowProblem, take_rows};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::domain::{image_key, image_name};
use crate::formats::table::Column;
use crate::text::{count, printable};

/// Endings of the files that a folder is searched for; what a file holds is found out from its bytes.
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff"];

/// Other endings that pictures have; such a file is one if its bytes say so.
const OTHER_ENDINGS: &[&str] = &[
    "apng", "dib", "jfi", "jfif", "jif", "jpe", "mpo", "pjp", "pjpeg",
];

/// Pictures that are not read: what to do about them is known.
const NOT_READ: &[&str] = &[
    "3fr", "arw", "avif", "cr2", "cr3", "dcm", "dng", "exr", "hdr", "heic", "heif", "ico", "j2k",
    "jp2", "jxl", "nef", "nrw", "orf", "pbm", "pef", "pgm", "pnm", "ppm", "psd", "raf", "raw",
    "rw2", "srw", "svg", "tga",
];

/// Folders that other programs keep for themselves.
const GENERATED: &[&str] = &[
    "@eaDir",
    "__MACOSX",
    "$RECYCLE.BIN",
    "#recycle",
    "lost+found",
];

/// A file on its way in.
pub(super) struct Candidate {
    /// The name that it goes by.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

/// Contents of a folder that are not candidates.
#[derive(Debug, Default)]
pub(super) struct PassedOver {
    /// Links and the like, each with its name.
    pub(super) left_out: LeftOut,
    endings: BTreeMap<String, usize>,
    hidden_folders: BTreeMap<String, usize>,
    hidden_pictures: usize,
}

impl PassedOver {
    /// Counts what was passed over.
    pub(super) fn say(&self, context: &Context) {
        let others: usize = self.endings.values().sum();
        if others > 0 {
            let files = count(others, "file");
            let line = format!(
                "passed over {files} by the ending: {}",
                tally(&self.endings)
            );
            let not_read: Vec<String> = self
                .endings
                .keys()
                .filter(|ending| NOT_READ.contains(&ending.trim_start_matches('.')))
                .cloned()
                .collect();
            context.say(match not_read.is_empty() {
                true => line,
                false => format!("{line}; convert {} to JPEG or PNG", not_read.join(" and ")),
            });
        }
        let folders: usize = self.hidden_folders.values().sum();
        let mut hidden = Vec::new();
        if folders > 0 {
            let names = tally(&self.hidden_folders);
            hidden.push(format!("{} ({names})", count(folders, "folder")));
        }
        if self.hidden_pictures > 0 {
            hidden.push(count(self.hidden_pictures, "picture file"));
        }
        if !hidden.is_empty() {
            let hidden = hidden.join(" and ");
            context.say(format!(
                "passed over what is hidden or another program's: {hidden}"
            ));
        }
        self.left_out.say(context);
    }
}

/// More kinds would bury the others.
const KINDS: usize = 8;

/// Counts in words, the largest first.
fn tally(counts: &BTreeMap<String, usize>) -> String {
    let mut kinds: Vec<(&String, &usize)> = counts.iter().collect();
    kinds.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let shown: Vec<String> = kinds
        .iter()
        .take(KINDS)
        .map(|(kind, n)| format!("{n} {}", printable(kind)))
        .collect();
    match kinds.len().saturating_sub(KINDS) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), count(more, "kind")),
    }
}

/// Walks a folder in the order of names.
pub(super) fn of_folder(folder: &Path, follow_links: bool) -> (Vec<Candidate>, PassedOver) {
    let mut candidates = Vec::new();
    let mut passed = PassedOver::default();
    let mut walk = WalkDir::new(folder)
        .follow_links(follow_links)
        .min_depth(1)
        .sort_by_file_name()
        .into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                passed.left_out.0.push(error.to_string());
                continue;
            }
        };
        let is_folder = entry.file_type().is_dir();
        if is_hidden(entry.file_name()) {
            if is_folder {
                let name = entry.file_name().to_string_lossy().into_owned();
                *passed.hidden_folders.entry(name).or_default() += 1;
                walk.skip_current_dir();
            } else if is_picture(ENDINGS, entry.path()) {
                passed.hidden_pictures += 1;
            }
        } else if !is_folder {
            take_file(&entry, folder, &mut candidates, &mut passed);
        }
    }
    (candidates, passed)
}

fn take_file(
    entry: &DirEntry,
    folder: &Path,
    candidates: &mut Vec<Candidate>,
    passed: &mut PassedOver,
) {
    let path = entry.path();
    let kind = entry.file_type();
    let name = name_of(path.strip_prefix(folder).unwrap_or(path));
    let is_known = is_picture(ENDINGS, path);
    if kind.is_symlink() {
        let line = format!("{name}: a symbolic link (--follow-links follows it)");
        passed.left_out.0.push(line);
    } else if !kind.is_file() {
        if is_known {
            passed
                .left_out
                .0
                .push(format!("{name}: not a regular file"));
        }
    } else if is_known || (may_be_picture(path) && begins_as_picture(path)) {
        let path = path.to_owned();
        candidates.push(Candidate { name, path });
    } else {
        let ending = match ending(path).as_str() {
            "" => "without ending".to_owned(),
            ending => format!(".{ending}"),
        };
        *passed.endings.entry(ending).or_default() += 1;
    }
}

fn is_picture(endings: &[&str], path: &Path) -> bool {
    endings.contains(&ending(path).as_str())
}

/// True if a file without one of the usual endings may be a picture. Its ending is a rarer one, a usual one with a
/// suffix (`jpg_large`), or missing.
fn may_be_picture(path: &Path) -> bool {
    let ending = ending(path);
    let goes_on = |known: &str| {
        let behind = ending.strip_prefix(known);
        behind.is_some_and(|behind| behind.starts_with(['_', '-', ':', '?', '!', '@', '&']))
    };
    ending.is_empty()
        || OTHER_ENDINGS.contains(&ending.as_str())
        || ENDINGS.iter().any(|known| goes_on(known))
}

/// True if the first bytes are those of a picture. TIFF is left out: raw camera files begin with the same bytes.
fn begins_as_picture(path: &Path) -> bool {
    let mut start = [0; 12];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    let start = start.get(..read.unwrap_or(0)).unwrap_or_default();
    let is_webp = start.starts_with(b"RIFF") && start.ends_with(b"WEBP");
    let marks: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"BM"];
    is_webp || marks.iter().any(|mark| start.starts_with(mark))
}

/// True if a file or folder is hidden, or kept by another program for itself.
fn is_hidden(name: &OsStr) -> bool {
    let is_generated = |generated: &&str| name.eq_ignore_ascii_case(generated);
    name.as_encoded_bytes().starts_with(b".") || GENERATED.iter().any(is_generated)
}

/// The name of an image: its path below the folder, with `/`; bytes that are no UTF-8 as `\xE9`.
fn name_of(path: &Path) -> String {
    let mut name = String::new();
    for (at, part) in path.iter().enumerate() {
        if at > 0 {
            name.push('/');
        }
        for chunk in part.as_encoded_bytes().utf8_chunks() {
            name.push_str(chunk.valid());
            for byte in chunk.invalid() {
                name.push_str(&format!("\\x{byte:02X}"));
            }
        }
    }
    name
}

/// One file, where it is a picture and no list.
pub(super) fn of_file(path: &Path) -> Option<Candidate> {
    let is_one = is_picture(ENDINGS, path) || begins_as_picture(path);
    let name = name_of(Path::new(path.file_name()?));
    is_one.then(|| Candidate {
        name,
        path: path.to_owned(),
    })
}

const LIST: &[Column] = &[
    Column::required("image").or(&["name", "file_name", "filename"]),
    Column::optional("path").or(&["file"]),
];

/// The files that a table names one by one.
pub(super) fn of_list(
    list: &Path,
    skip_bad: bool,
    context: &Context,
) -> Result<Vec<Candidate>, Failure> {
    let folder = list.parent().unwrap_or(Path::new(""));
    let mut candidates = Vec::new();
    let left_out = take_rows(
        list,
        LIST,
        BadRows {
            skip_bad,
            never: false,
        },
        context,
        |row| Ok((row.text(0).to_owned(), row.get(1).map(str::to_owned))),
        |(text, path)| {
            let is_own = path.is_none() && is_plain(&text) && folder.join(&text).is_file();
            // A file has its own name, as in a folder.
            let name = match is_own {
                true => text.clone(),
                false => image_name(&text)
                    .map_err(|error| RowProblem::bad(format!("column \"image\": {error}")))?,
            };
            let path = file_at(folder, path.as_deref().unwrap_or(&text));
            candidates.push(Candidate { name, path });
            Ok(())
        },
    )?;
    left_out.say(context);
    Ok(candidates)
}

/// True if a path is relative and has no empty, `.` or `..` part.
fn is_plain(path: &str) -> bool {
    path.split('/').all(|part| !["", ".", ".."].contains(&part))
}

/// The file of a path as a list has it, or as another system writes it; of an absolute path of elsewhere the longest end that is a file here.
fn file_at(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join(text);
    if path.exists() {
        return path;
    }
    let key = image_key(text).unwrap_or_default();
    let is_absolute = text.contains(':') || text.trim_start().starts_with(['/', '\\']);
    let fewer = ends(&key).filter(|_| is_absolute);
    let names = [key.as_str()].into_iter().chain(fewer);
    let mut files = names.map(|name| folder.join(name));
    files.find(|file| file.is_file()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_that_are_worth_a_look() {
        for name in [
            "a.jfif",
            "a.JPE",
            "a.jpg_large",
            "a.jpg:large",
            "a.png?w=2",
            "a",
        ] {
            assert!(may_be_picture(Path::new(name)), "{name}");
        }
        for name in ["a.jpg~", "a.jpgx", "a.bak", "a.cr2", "a.txt", "a.jpg.part"] {
            assert!(!may_be_picture(Path::new(name)), "{name}");
        }
    }
}
