use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use super::names::ImageNames;
use super::rows::{BadRows, LeftOut, take_rows};
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::formats::table::Column;
use crate::review::picture::probe;
use crate::store::{ImageFile, Store};

/// Options of `import images`.
#[derive(Debug, clap::Args)]
pub struct Images {
    /// A folder, or a CSV or JSONL file with image[,path] (paths relative to that file)
    path: PathBuf,
    /// Follow symbolic links
    #[arg(long)]
    follow_links: bool,
    #[command(flatten)]
    bad_rows: BadRows,
}

/// Endings of the files that a folder is searched for; what a file holds is found out from its bytes.
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "gif", "webp", "bmp", "tif", "tiff"];

/// A file on its way in.
pub(super) struct Candidate {
    pub(super) name: String,
    path: PathBuf,
}

/// Runs the command.
pub fn run(store: &Store, options: &Images, context: &Context) -> Result<(), Failure> {
    import_images(
        store,
        &options.path,
        options.follow_links,
        options.bad_rows.skip_bad,
        context,
    )
}

/// Takes in the images of a folder or a list, all or none unless bad ones are to be left out.
pub fn import_images(
    store: &Store,
    path: &Path,
    follow_links: bool,
    skip_bad: bool,
    context: &Context,
) -> Result<(), Failure> {
    let metadata = std::fs::metadata(path)
        .map_err(|error| Failure::input(format!("cannot import {}: {error}", shown(path))))?;
    let mut left_out = LeftOut::default();
    let candidates = if metadata.is_dir() {
        of_folder(path, follow_links, &mut left_out)
    } else {
        of_list(path, skip_bad, context)?
    };
    let bar = context.progress("images", candidates.len() as u64);
    let read: Vec<Result<ImageFile, String>> = candidates
        .par_iter()
        .map(|candidate| {
            bar.inc(1);
            match interrupt::is_asked() {
                true => Err("interrupted".to_owned()),
                false => read_file(&candidate.path),
            }
        })
        .collect();
    bar.finish_and_clear();
    interrupt::check()?;
    let mut good = Vec::with_capacity(read.len());
    let mut bad = Vec::new();
    let mut taken: HashMap<String, PathBuf> = HashMap::new();
    for (candidate, file) in candidates.into_iter().zip(read) {
        let other = taken.get(&candidate.name);
        match file {
            // One of the two would be lost without a word.
            Ok(_) if other.is_some_and(|other| *other != candidate.path) => {
                bad.push(format!("{}: another file has this name", candidate.name));
            }
            Ok(file) => {
                taken.insert(candidate.name.clone(), candidate.path);
                good.push((candidate.name, file));
            }
            Err(reason) => bad.push(format!("{}: {reason}", candidate.name)),
        }
    }
    if !bad.is_empty() && !skip_bad {
        let failure = Failure::input(format!(
            "cannot import {}: {} of {} files cannot be taken in:",
            shown(path),
            bad.len(),
            bad.len() + good.len(),
        ));
        let first = bad.iter().take(20);
        let failure = first.fold(failure, |failure, line| failure.detail(line.as_str()));
        let failure = match bad.len().saturating_sub(20) {
            0 => failure,
            more => failure.detail(format!("… and {more} more")),
        };
        return Err(failure.hint("nothing was imported; leave them out with --skip-bad"));
    }
    left_out.0.extend(bad);
    let (new, known) = keep(store, &good)?;
    left_out.say(context);
    context.say(format!(
        "{}: {new} images imported, {known} known already",
        shown(path)
    ));
    Ok(())
}

fn keep(store: &Store, files: &[(String, ImageFile)]) -> Result<(usize, usize), Failure> {
    store.atomically(|store| {
        let mut names = ImageNames::of(store)?;
        let (mut new, mut known) = (0, 0);
        for (name, file) in files {
            let image = names.of_file(store, name)?;
            if store.set_image_file(image, file)? {
                new += 1;
            } else {
                known += 1;
            }
        }
        Ok((new, known))
    })
}

/// Walks a folder in the order of names. Links, pipes and the like are left out and said.
pub(super) fn of_folder(
    folder: &Path,
    follow_links: bool,
    left_out: &mut LeftOut,
) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for entry in WalkDir::new(folder)
        .follow_links(follow_links)
        .sort_by_file_name()
    {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                left_out.0.push(error.to_string());
                continue;
            }
        };
        let wanted = entry.path().extension().is_some_and(|ending| {
            ENDINGS
                .iter()
                .any(|known| ending.eq_ignore_ascii_case(known))
        });
        if entry.file_type().is_dir() || (!wanted && !entry.file_type().is_symlink()) {
            continue;
        }
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name = name_of(below);
        if entry.file_type().is_symlink() {
            left_out.0.push(format!(
                "{name}: a symbolic link (--follow-links follows it)"
            ));
        } else if entry.file_type().is_file() {
            candidates.push(Candidate {
                name,
                path: entry.path().to_owned(),
            });
        } else {
            left_out.0.push(format!("{name}: not a regular file"));
        }
    }
    candidates
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

const LIST: &[Column] = &[
    Column::required("image").or(&["name", "file_name", "filename"]),
    Column::optional("path").or(&["file"]),
];

fn of_list(list: &Path, skip_bad: bool, context: &Context) -> Result<Vec<Candidate>, Failure> {
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
        |(name, path)| {
            let path = folder.join(path.as_deref().unwrap_or(&name));
            candidates.push(Candidate { name, path });
            Ok(())
        },
    )?;
    left_out.say(context);
    Ok(candidates)
}

/// Size, hash and upright measures of a picture file, or why it is none.
fn read_file(path: &Path) -> Result<ImageFile, String> {
    let found = probe(path).map_err(|error| error.to_string())?;
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut hash = Sha256::new();
    let mut size = 0;
    let mut block = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut block).map_err(|error| error.to_string())?;
        if read == 0 {
            break;
        }
        size += read as u64;
        hash.update(block.get(..read).unwrap_or_default());
    }
    Ok(ImageFile {
        path: path.to_owned(),
        size,
        sha256: hash.finalize().into(),
        width: found.width,
        height: found.height,
    })
}
