use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rows::RowProblem;
use super::unknown::{LISTED, UnknownImage};
use crate::cli::failure::Failure;
use crate::cli::suggest::{class_hint, closest_image};
use crate::domain::{Class, Classes, ImageId, ImageNameError, image_key, image_name};
use crate::store::Store;

/// How a command treats images that the project does not have.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct NewImages {
    /// Add images that the project does not have, known by name only; without it they are refused once the project has files
    #[arg(long)]
    pub new_images: bool,
}

/// Finds images by their name in any spelling, or by the end of it where that is enough.
pub struct ImageNames {
    images: Vec<Named>,
    by_name: HashMap<Arc<str>, usize>,
    /// Images whose comparison key differs from their name.
    by_key: HashMap<String, Vec<usize>>,
    by_last_part: HashMap<String, Vec<usize>>,
    /// True if unknown names become new images.
    takes_new: bool,
    new: usize,
    /// A suggestion compares a name with all others, which takes a second for a million.
    suggested: AtomicUsize,
}

struct Named {
    id: ImageId,
    name: Arc<str>,
    /// Comparison key, if it differs from the name.
    key: Option<String>,
}

impl Named {
    fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(&self.name)
    }
}

/// The images that a text may mean.
enum Meant {
    None,
    One(ImageId),
    Several,
}

/// The last part of a name that is a path.
fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The ends of a path that begin behind a folder, the longest first.
pub(super) fn ends(path: &str) -> impl Iterator<Item = &str> {
    let slashes = path.match_indices('/');
    slashes.filter_map(|(at, _)| path.get(at + 1..))
}

/// True if a path ends with another path, at a folder boundary.
pub(super) fn ends_with(path: &str, end: &str) -> bool {
    let before = path.strip_suffix(end);
    before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

impl ImageNames {
    /// The names of the project's images. New ones come in as long as no image has a file.
    pub fn of(store: &Store) -> Result<ImageNames, Failure> {
        let mut names = ImageNames {
            images: Vec::new(),
            by_name: HashMap::new(),
            by_key: HashMap::new(),
            by_last_part: HashMap::new(),
            takes_new: true,
            new: 0,
            suggested: AtomicUsize::new(0),
        };
        for image in store.images()? {
            names.takes_new &= image.path.is_none();
            names.add(&image.name, image.id);
        }
        Ok(names)
    }

    /// The same, and new images come in where they are asked for.
    pub fn with_new(mut self, new: NewImages) -> ImageNames {
        self.takes_new |= new.new_images;
        self
    }

    /// Returns the number of images that were added.
    pub fn n_new(&self) -> usize {
        self.new
    }

    fn add(&mut self, name: &str, id: ImageId) {
        let at = self.images.len();
        let name: Arc<str> = name.into();
        let key = image_key(&name).ok().filter(|key| *key != *name);
        let named = Named {
            id,
            name: Arc::clone(&name),
            key,
        };
        if let Some(key) = &named.key {
            self.by_key.entry(key.clone()).or_default().push(at);
        }
        let last = last_part(named.key()).to_owned();
        self.by_last_part.entry(last).or_default().push(at);
        self.images.push(named);
        self.by_name.insert(name, at);
    }

    fn meant(&self, mut candidates: impl Iterator<Item = usize>) -> Meant {
        let id = |at: usize| self.images.get(at).map(|image| image.id);
        match (candidates.next().and_then(id), candidates.next()) {
            (None, _) => Meant::None,
            (Some(id), None) => Meant::One(id),
            (Some(_), Some(_)) => Meant::Several,
        }
    }

    fn of_key(&self, key: &str) -> Meant {
        let is_plain = |at: &usize| {
            self.images
                .get(*at)
                .is_some_and(|image| image.key.is_none())
        };
        let plain = self.by_name.get(key).copied().filter(is_plain);
        let others = self.by_key.get(key).into_iter().flatten().copied();
        self.meant(plain.into_iter().chain(others))
    }

    /// Images whose names end in the key.
    fn of_end(&self, key: &str) -> Meant {
        let alike = self.by_last_part.get(last_part(key)).into_iter().flatten();
        let is_end = |at: &usize| {
            let image = self.images.get(*at);
            image.is_some_and(|image| ends_with(image.key(), key))
        };
        self.meant(alike.copied().filter(is_end))
    }

    /// The image of this name as it is written, else in normal form; else the only image whose name ends in this one; else the image whose name is the longest end of this one.
    pub fn find(&self, name: &str) -> Result<Option<ImageId>, RowProblem> {
        if let Some(image) = self.by_name.get(name).and_then(|at| self.images.get(*at)) {
            return Ok(Some(image.id));
        }
        let key = image_key(name).map_err(|error| no_name(name, error))?;
        let ways = [self.of_key(&key), self.of_end(&key)].into_iter();
        for meant in ways.chain(ends(&key).map(|end| self.of_key(end))) {
            match meant {
                Meant::None => {}
                Meant::One(id) => return Ok(Some(id)),
                Meant::Several => {
                    return Err(RowProblem::bad(format!(
                        "image {name:?} may be any of several files of that name"
                    ))
                    .hint("name it with its folder, as `relabel export --as jsonl` does"));
                }
            }
        }
        Ok(None)
    }

    /// The image of this very name, in whatever spelling.
    pub fn find_whole(&self, name: &str) -> Result<ImageId, RowProblem> {
        let exact = self.by_name.get(name).and_then(|at| self.images.get(*at));
        if let Some(image) = exact {
            return Ok(image.id);
        }
        let key = image_key(name).map_err(|error| no_name(name, error))?;
        match self.of_key(&key) {
            Meant::One(id) => Ok(id),
            Meant::None | Meant::Several => {
                Err(self.unknown(name, "`relabel export --as jsonl` lists the images"))
            }
        }
    }

    /// The image of this name, which must be there; else what to do.
    pub fn find_known(&self, name: &str, what_to_do: &str) -> Result<ImageId, RowProblem> {
        let found = self.find(name)?;
        found.ok_or_else(|| self.unknown(name, what_to_do))
    }

    fn unknown(&self, name: &str, what_to_do: &str) -> RowProblem {
        let names = self.images.iter().map(|image| &*image.name);
        let meant = match self.suggested.fetch_add(1, Ordering::Relaxed) < LISTED {
            true => closest_image(name, names).map(str::to_owned),
            false => None,
        };
        RowProblem::Unknown(UnknownImage {
            name: name.to_owned(),
            meant,
            what_to_do: what_to_do.to_owned(),
        })
    }

    /// The name of an image; the search for it goes through all.
    pub fn name_of(&self, image: ImageId) -> Option<&str> {
        let named = self.images.iter().find(|named| named.id == image);
        named.map(|named| &*named.name)
    }

    /// The image of this name, made when it is new and new ones come in.
    pub fn find_or_add(&mut self, store: &Store, name: &str) -> Result<ImageId, RowProblem> {
        if let Some(id) = self.find(name)? {
            return Ok(id);
        }
        if !self.takes_new {
            return Err(self.unknown(name, NEW_IMAGES));
        }
        let name = image_name(name).map_err(|error| no_name(name, error))?;
        let id = store.add_image(&name).map_err(Failure::from)?;
        self.add(&name, id);
        self.new += 1;
        Ok(id)
    }
}

const NEW_IMAGES: &str = "correct the name, or `relabel import images DIR` first; --new-images adds images that are known by name only";

fn no_name(name: &str, error: ImageNameError) -> RowProblem {
    match error {
        ImageNameError::Embedded => RowProblem::bad(format!("the image has no name: {error}"))
            .hint("export with the names of the files: the pictures come in by `relabel import images DIR`"),
        ImageNameError::Empty => RowProblem::bad(format!("image {name:?}: {error}")),
    }
}

/// The class that a row names.
pub fn find_class<'a>(classes: &'a Classes, text: &str) -> Result<&'a Class, RowProblem> {
    classes
        .find(text)
        .map_err(|error| RowProblem::bad(error.to_string()).hint(class_hint(classes, &error)))
}
