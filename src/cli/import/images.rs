use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::files::{Candidate, PassedOver, of_file, of_folder, of_list};
use super::placing::{NewFile, Place, Placing, Rules};
use super::rows::LeftOut;
use super::twins::twins;
use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::interrupt;
use crate::domain::{ImageId, image_key};
use crate::review::picture::probe;
use crate::store::{ImageFile, KnownFile, Store};
use crate::text::{count, printable, thousands};

/// Options of `import images`.
#[derive(Debug, clap::Args)]
pub struct Images {
    /// A folder, a picture file, or a CSV or JSONL file with image[,path] (paths relative to that file)
    path: PathBuf,
    /// Follow symbolic links
    #[arg(long)]
    follow_links: bool,
    /// Put other pictures in the place of those that the project has under the same names, votes or not
    #[arg(long)]
    replace: bool,
    /// Leave bad files out, count and list them, and import the others
    #[arg(long)]
    skip_bad: bool,
}

impl Images {
    /// Returns the options of a bare `import images PATH`.
    pub fn of(path: PathBuf) -> Images {
        Images {
            path,
            follow_links: false,
            replace: false,
            skip_bad: false,
        }
    }
}

/// Imports the images of a folder or a list, all or none unless bad ones are to be left out.
pub fn import_images(store: &Store, options: &Images, context: &Context) -> Result<(), Failure> {
    let (candidates, passed, folder) = candidates(options, context)?;
    let rules = Rules {
        replace: options.replace,
        folders: folder.as_deref().map(folders_upwards),
    };
    let mut bad = Vec::new();
    let files = read_files(candidates, &mut bad, context)?;
    if !bad.is_empty() && !options.skip_bad {
        let all = count(bad.len() + files.len(), "file");
        let what = format!("{} of {all} cannot be imported", thousands(bad.len()));
        let hint = "nothing was imported; leave them out with --skip-bad";
        return Err(refusal(&options.path, &what, &bad).hint(hint));
    }
    let kept = store.atomically(|store| {
        let mut kept = Kept::default();
        kept.keep(store, &files, &rules)?;
        if !kept.refused.is_empty() && !options.skip_bad {
            let images = count(kept.refused.len(), "image");
            let what = format!("{images} with votes or notes would get another picture");
            return Err(refusal(&options.path, &what, &kept.refused)
                .hint("nothing was imported; --replace puts the new pictures in the place of those that were voted on, --skip-bad leaves them out"));
        }
        let (labels, classes) = (store.original_labels()?, store.classes()?);
        kept.twins = twins(&store.known_files()?, &kept.images, &labels, &classes);
        Ok::<_, Failure>(kept)
    })?;
    passed.say(context);
    bad.extend(kept.refused.iter().cloned());
    LeftOut(bad).say(context);
    kept.say(&options.path, context);
    Ok(())
}

/// The files, what was passed over, and the folder below which they lie where no list names them.
fn candidates(
    options: &Images,
    context: &Context,
) -> Result<(Vec<Candidate>, PassedOver, Option<PathBuf>), Failure> {
    let path = &options.path;
    let metadata = std::fs::metadata(path)
        .map_err(|error| Failure::input(format!("cannot import {}: {error}", shown(path))))?;
    if metadata.is_dir() {
        let (candidates, passed) = of_folder(path, options.follow_links);
        return Ok((candidates, passed, Some(path.clone())));
    }
    if let Some(file) = of_file(path).filter(|_| metadata.is_file()) {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        return Ok((vec![file], PassedOver::default(), Some(folder)));
    }
    let candidates = of_list(path, options.skip_bad, context)?;
    Ok((candidates, PassedOver::default(), None))
}

/// The names of a folder and of those that it lies in, innermost first.
fn folders_upwards(folder: &Path) -> Vec<String> {
    let full = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let names = full.components().rev().filter_map(|part| match part {
        std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    names.collect()
}

fn refusal(path: &Path, what: &str, lines: &[String]) -> Failure {
    Failure::input(format!("cannot import {}: {what}:", shown(path))).listing(lines)
}

/// Reads all files, and notes those that are none or that share a name.
fn read_files(
    candidates: Vec<Candidate>,
    bad: &mut Vec<String>,
    context: &Context,
) -> Result<Vec<(String, ImageFile)>, Failure> {
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
    let mut taken: HashMap<String, PathBuf> = HashMap::new();
    for (candidate, file) in candidates.into_iter().zip(read) {
        match (file, taken.get(&candidate.name)) {
            (Err(reason), _) => bad.push(format!("{}: {reason}", candidate.name)),
            // One of the two would be lost without a word.
            (Ok(_), Some(other)) if *other != candidate.path => {
                bad.push(format!("{}: another file has this name", candidate.name));
            }
            // A list says it twice.
            (Ok(_), Some(_)) => {}
            (Ok(file), None) => {
                taken.insert(candidate.name.clone(), candidate.path);
                good.push((candidate.name, file));
            }
        }
    }
    Ok(good)
}

/// Outcome of an import.
#[derive(Debug, Default)]
struct Kept {
    new: usize,
    known: usize,
    moved: usize,
    replaced: usize,
    /// Number of replaced images that have votes or notes.
    replaced_answered: usize,
    /// Files whose images have another name than the one that they go by here.
    renamed: Vec<String>,
    renamed_new: Vec<String>,
    refused: Vec<String>,
    images: HashSet<ImageId>,
    twins: Vec<String>,
}

impl Kept {
    fn keep(
        &mut self,
        store: &Store,
        files: &[(String, ImageFile)],
        rules: &Rules,
    ) -> Result<(), Failure> {
        let known = store.known_files()?;
        let by_id: HashMap<ImageId, &KnownFile> =
            known.iter().map(|image| (image.id, image)).collect();
        let new_files: Vec<NewFile> = files
            .iter()
            .map(|(name, file)| NewFile {
                name: name.clone(),
                path: store.kept_path(&file.path),
                sha256: file.sha256,
            })
            .collect();
        let exists = |path: &Path| store.folder().join(path).is_file();
        let places = Placing::new(&known, &new_files, rules).place_all(&new_files, exists);
        for ((name, file), place) in files.iter().zip(places) {
            let id = match &place {
                Place::New(name) => store.add_image(name)?,
                Place::First(id)
                | Place::Known(id)
                | Place::Moved(id)
                | Place::Replaces(id)
                | Place::Refused(id) => *id,
            };
            let image = by_id.get(&id).copied();
            self.count(name, file, &place, image, store);
            if !matches!(place, Place::Known(_) | Place::Refused(_)) {
                store.set_image_file(id, file)?;
            }
            self.images.insert(id);
        }
        Ok(())
    }

    fn count(
        &mut self,
        name: &str,
        file: &ImageFile,
        place: &Place,
        image: Option<&KnownFile>,
        store: &Store,
    ) {
        match place {
            Place::New(given) => {
                self.new += 1;
                if given != name {
                    self.renamed_new.push(format!("{name} is {given}"));
                }
            }
            Place::First(_) => {
                self.new += 1;
                self.note_name(name, image);
            }
            Place::Known(_) => {
                self.known += 1;
                self.note_name(name, image);
            }
            Place::Moved(_) => self.moved += 1,
            Place::Replaces(_) => {
                self.replaced += 1;
                self.replaced_answered += usize::from(image.is_some_and(|image| image.is_answered));
            }
            Place::Refused(_) => {
                let now = shown(&file.path);
                self.refused
                    .push(match image.and_then(|image| image.path.as_ref()) {
                        Some(path) if *path == store.kept_path(&file.path) => {
                            format!("{name}: {now} has changed since it was imported")
                        }
                        Some(path) => {
                            let path = store.folder().join(path);
                            let before = shown(path.strip_prefix(".").unwrap_or(&path));
                            format!("{name}: {now} is another picture than {before}")
                        }
                        None => format!("{name}: {now} is another picture"),
                    });
            }
        }
    }

    /// Notes a file whose image has another name, and not only another spelling of it.
    fn note_name(&mut self, name: &str, image: Option<&KnownFile>) {
        if let Some(image) = image.filter(|image| image_key(&image.name) != image_key(name)) {
            self.renamed.push(format!("{name} is {}", image.name));
        }
    }

    fn say(&self, path: &Path, context: &Context) {
        let renamed = |names: &[String]| match names {
            [] => String::new(),
            [one] => printable(one).into_owned(),
            [first, more @ ..] => {
                format!("{}, and {} more", printable(first), thousands(more.len()))
            }
        };
        if !self.renamed_new.is_empty() {
            context.say(format!(
                "{} taken by another picture, so the folder's name stands in front: {}",
                count(self.renamed_new.len(), "name"),
                renamed(&self.renamed_new),
            ));
        }
        if !self.renamed.is_empty() {
            context.say(format!(
                "{} known under another name: {}",
                count(self.renamed.len(), "file"),
                renamed(&self.renamed),
            ));
        }
        for line in &self.twins {
            context.say(line);
        }
        let mut parts = vec![
            format!("{} imported", count(self.new, "image")),
            format!("{} known already", thousands(self.known)),
        ];
        if self.moved > 0 {
            parts.push(format!("{} found in another place", thousands(self.moved)));
        }
        if self.replaced > 0 {
            let replaced = count(self.replaced, "picture");
            parts.push(match self.replaced_answered {
                0 => format!("{replaced} replaced (no votes)"),
                answered => format!("{replaced} replaced ({} with votes)", thousands(answered)),
            });
        }
        context.say(format!("{}: {}", shown(path), parts.join(", ")));
    }
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
