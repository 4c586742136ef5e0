use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};

use super::rows::RowProblem;
use crate::cli::failure::Failure;
use crate::cli::suggest::{class_hint, image_hint};
use crate::domain::{Class, Classes, ImageId};
use crate::store::Store;

/// Finds images by their name, or by the last part of it where that is enough.
pub struct ImageNames {
    by_name: HashMap<String, ImageId>,
    /// None: several images share the last part.
    by_last_part: HashMap<String, Option<ImageId>>,
    /// Known by name only.
    without_file: HashSet<ImageId>,
    /// Whether a name was likened to all others, which takes a second for a million: the first that is unknown ends an import.
    has_suggested: AtomicBool,
}

/// The last part of a name that is a path.
fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl ImageNames {
    /// The names of the project's images.
    pub fn of(store: &Store) -> Result<ImageNames, Failure> {
        let mut names = ImageNames {
            by_name: HashMap::new(),
            by_last_part: HashMap::new(),
            without_file: HashSet::new(),
            has_suggested: AtomicBool::new(false),
        };
        for image in store.images()? {
            if image.path.is_none() {
                names.without_file.insert(image.id);
            }
            names.add(image.name, image.id);
        }
        Ok(names)
    }

    fn add(&mut self, name: String, id: ImageId) {
        self.by_last_part
            .entry(last_part(&name).to_owned())
            .and_modify(|one| *one = None)
            .or_insert(Some(id));
        self.by_name.insert(name, id);
    }

    /// The image of this name; a name without folders also stands for the only image whose last part it is, and the
    /// other way about.
    pub fn find(&self, name: &str) -> Result<Option<ImageId>, RowProblem> {
        if let Some(&id) = self.by_name.get(name) {
            return Ok(Some(id));
        }
        let alike = match last_part(name) {
            part if part == name => self.by_last_part.get(part),
            _ => {
                // The longest end of the path that is a name.
                let mut ends = name
                    .match_indices('/')
                    .filter_map(|(at, _)| name.get(at + 1..));
                return Ok(ends.find_map(|end| self.by_name.get(end).copied()));
            }
        };
        match alike {
            Some(None) => Err(RowProblem::bad(format!(
                "image {name:?} may be any of several files of that name"
            ))
            .hint("name it with its folder, as `relabel export --as jsonl` does")),
            Some(Some(id)) => Ok(Some(*id)),
            None => Ok(None),
        }
    }

    /// The image of this name, which must be there; else what to do.
    pub fn find_known(&self, name: &str, what_to_do: &str) -> Result<ImageId, RowProblem> {
        if let Some(id) = self.find(name)? {
            return Ok(id);
        }
        let problem = RowProblem::bad(format!("unknown image {name:?}"));
        let meant = match self.has_suggested.swap(true, Ordering::Relaxed) {
            true => None,
            false => image_hint(name, self.by_name.keys().map(String::as_str)),
        };
        let problem = meant.into_iter().fold(problem, RowProblem::hint);
        Err(problem.hint(what_to_do))
    }

    /// The name of an image; the search for it goes through all.
    pub fn name_of(&self, image: ImageId) -> Option<&str> {
        let mut names = self.by_name.iter();
        names.find_map(|(name, id)| (*id == image).then_some(name.as_str()))
    }

    /// The image that a file is of: the one of its name, else one that is known by the last part of it alone, made
    /// when there is neither.
    pub fn of_file(&mut self, store: &Store, name: &str) -> Result<ImageId, Failure> {
        let by_last_part = || {
            self.by_name
                .get(last_part(name))
                .filter(|id| self.without_file.contains(id))
        };
        if let Some(&id) = self.by_name.get(name).or_else(by_last_part) {
            self.without_file.remove(&id);
            return Ok(id);
        }
        let id = store.add_image(name)?;
        self.add(name.to_owned(), id);
        Ok(id)
    }

    /// The image of this name, made when it is new.
    pub fn find_or_add(
        &mut self,
        store: &Store,
        name: &str,
    ) -> Result<(ImageId, bool), RowProblem> {
        if let Some(id) = self.find(name)? {
            return Ok((id, false));
        }
        let id = store.add_image(name).map_err(Failure::from)?;
        self.add(name.to_owned(), id);
        Ok((id, true))
    }
}

/// The class that a row names.
pub fn find_class<'a>(classes: &'a Classes, text: &str) -> Result<&'a Class, RowProblem> {
    classes
        .find(text)
        .map_err(|error| RowProblem::bad(error.to_string()).hint(class_hint(classes, &error)))
}
