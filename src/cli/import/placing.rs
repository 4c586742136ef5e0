//! Assignment of files to images. A name belongs to the picture that came first. Another picture takes its place only
//! if nobody has voted on the first, or on request.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::names::ends_with;
use crate::domain::{ImageId, image_key};
use crate::store::KnownFile;

/// A file to be placed.
#[derive(Debug, Clone)]
pub(super) struct NewFile {
    /// The name that it goes by.
    pub(super) name: String,
    /// Its path, as the project keeps paths.
    pub(super) path: PathBuf,
    pub(super) sha256: [u8; 32],
}

/// Outcome of placing a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// An image of this name is made.
    New(String),
    /// The image had no file yet.
    First(ImageId),
    /// The image has this file already.
    Known(ImageId),
    /// The image's file lies here now.
    Moved(ImageId),
    /// The image's file is another picture from now on.
    Replaces(ImageId),
    /// The image has votes on another picture.
    Refused(ImageId),
}

/// Rules for placing files.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// Other pictures take the place of those that the project has.
    pub(super) replace: bool,
    /// The folders from the imported one upwards, for names that clash; none for a list, whose names are as its author means them.
    pub(super) folders: Option<Vec<String>>,
}

/// Files on their way to their images.
pub(super) struct Placing<'a> {
    rules: &'a Rules,
    known: Vec<&'a KnownFile>,
    by_name: HashMap<&'a str, usize>,
    by_key: HashMap<String, Vec<usize>>,
    by_path: HashMap<&'a Path, Vec<usize>>,
    /// Images known by name only, by the last part of it.
    without_file: HashMap<String, Vec<usize>>,
    /// The names of all files that are placed.
    own: HashSet<&'a str>,
    placed: HashSet<ImageId>,
    made: HashSet<String>,
}

fn key_of(name: &str) -> String {
    image_key(name).unwrap_or_else(|_| name.to_owned())
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl<'a> Placing<'a> {
    pub(super) fn new(
        known: &'a [KnownFile],
        files: &'a [NewFile],
        rules: &'a Rules,
    ) -> Placing<'a> {
        let mut placing = Placing {
            rules,
            known: known.iter().collect(),
            by_name: HashMap::new(),
            by_key: HashMap::new(),
            by_path: HashMap::new(),
            without_file: HashMap::new(),
            own: files.iter().map(|file| file.name.as_str()).collect(),
            placed: HashSet::new(),
            made: HashSet::new(),
        };
        for (at, image) in known.iter().enumerate() {
            let key = key_of(&image.name);
            placing.by_name.insert(&image.name, at);
            match &image.path {
                Some(path) => placing.by_path.entry(path).or_default().push(at),
                None => {
                    let last = last_part(&key).to_owned();
                    placing.without_file.entry(last).or_default().push(at);
                }
            }
            placing.by_key.entry(key).or_default().push(at);
        }
        placing
    }

    /// The place of every file. `exists` says whether the file of a kept path is there.
    pub(super) fn place_all(
        mut self,
        files: &[NewFile],
        exists: impl Fn(&Path) -> bool,
    ) -> Vec<Place> {
        let ends = self.by_ends(files);
        let mut places = Vec::with_capacity(files.len());
        for (file, end) in files.iter().zip(ends) {
            let place = self.place(file, end, &exists);
            match &place {
                Place::New(name) => {
                    self.made.insert(name.clone());
                }
                Place::First(id)
                | Place::Known(id)
                | Place::Moved(id)
                | Place::Replaces(id)
                | Place::Refused(id) => {
                    self.placed.insert(*id);
                }
            }
            places.push(place);
        }
        places
    }

    fn image(&self, at: usize) -> Option<&'a KnownFile> {
        self.known.get(at).copied()
    }

    /// The image without a file that each file is of by an end of its name, where one file and one image belong together so.
    fn by_ends(&self, files: &[NewFile]) -> Vec<Option<usize>> {
        let alike = |file: &NewFile| -> Vec<usize> {
            let key = key_of(&file.name);
            let images = self.without_file.get(last_part(&key)).into_iter().flatten();
            let is_end = |at: &usize| {
                self.image(*at).is_some_and(|image| {
                    let other = key_of(&image.name);
                    ends_with(&key, &other) || ends_with(&other, &key)
                })
            };
            images.copied().filter(is_end).collect()
        };
        let alike: Vec<Vec<usize>> = files.iter().map(alike).collect();
        let mut times: HashMap<usize, usize> = HashMap::new();
        for at in alike.iter().flatten() {
            *times.entry(*at).or_default() += 1;
        }
        let only = |images: Vec<usize>| match images.as_slice() {
            [at] if times.get(at) == Some(&1) => Some(*at),
            _ => None,
        };
        alike.into_iter().map(only).collect()
    }

    fn place(&self, file: &NewFile, end: Option<usize>, exists: &impl Fn(&Path) -> bool) -> Place {
        let named = self.by_name.get(file.name.as_str()).copied();
        // In a folder the same file is the same image, whatever it is called from here.
        let there = self.by_path.get(file.path.as_path());
        let there = there.filter(|_| self.rules.folders.is_some());
        let same_file = match (there, named) {
            (Some(images), Some(named)) if images.contains(&named) => Some(named),
            (Some(images), _) => images.first().copied(),
            (None, _) => None,
        };
        let found = same_file
            .or(named)
            .or_else(|| self.by_spelling(file))
            .or(end);
        let Some(image) = found.and_then(|at| self.image(at)) else {
            return Place::New(file.name.clone());
        };
        if self.placed.contains(&image.id) {
            return match named {
                None => Place::New(file.name.clone()),
                Some(_) => {
                    let other = self.under_folder(file, true);
                    other.unwrap_or(Place::Refused(image.id))
                }
            };
        }
        let is_here = image.path.as_deref() == Some(&file.path);
        match (&image.path, image.sha256 == Some(file.sha256)) {
            (None, _) => Place::First(image.id),
            (Some(_), true) if is_here => Place::Known(image.id),
            (Some(_), true) => Place::Moved(image.id),
            (Some(_), false) if self.rules.replace => Place::Replaces(image.id),
            (Some(path), false) if !is_here => {
                let other = self.under_folder(file, exists(path));
                other.unwrap_or_else(|| another_picture(image))
            }
            (Some(_), false) => another_picture(image),
        }
    }

    /// The only image whose name is another spelling of the file's, and no other file's own.
    fn by_spelling(&self, file: &NewFile) -> Option<usize> {
        let images = self.by_key.get(&key_of(&file.name))?;
        let mut images = images.iter().copied().filter(|at| {
            let image = self.image(*at);
            image.is_some_and(|image| !self.own.contains(image.name.as_str()))
        });
        images.next().filter(|_| images.next().is_none())
    }

    /// The place of a file whose name is another picture's: the same name with the folder's in front, with more folders where that is another picture's too. A
    /// new image is made only where the other picture is still there.
    fn under_folder(&self, file: &NewFile, is_other_there: bool) -> Option<Place> {
        let mut name = file.name.clone();
        for folder in self.rules.folders.iter().flatten() {
            name = format!("{folder}/{name}");
            let image = self.by_name.get(name.as_str());
            match image.and_then(|at| self.image(*at)) {
                Some(image) if image.sha256 == Some(file.sha256) => {
                    return Some(match image.path.as_deref() == Some(&file.path) {
                        true => Place::Known(image.id),
                        false => Place::Moved(image.id),
                    });
                }
                Some(image) if image.path.is_none() => return Some(Place::First(image.id)),
                None if is_other_there
                    && !self.made.contains(&name)
                    && !self.own.contains(name.as_str()) =>
                {
                    return Some(Place::New(name));
                }
                _ => {}
            }
        }
        None
    }
}

/// The file of an image is another picture than before.
fn another_picture(image: &KnownFile) -> Place {
    match image.is_answered {
        true => Place::Refused(image.id),
        false => Place::Replaces(image.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(id: i64, name: &str, file: Option<(&str, u8)>, is_answered: bool) -> KnownFile {
        KnownFile {
            id: ImageId(id),
            name: name.to_owned(),
            path: file.map(|(path, _)| path.into()),
            sha256: file.map(|(_, byte)| [byte; 32]),
            is_answered,
        }
    }

    fn file(name: &str, path: &str, byte: u8) -> NewFile {
        NewFile {
            name: name.to_owned(),
            path: path.into(),
            sha256: [byte; 32],
        }
    }

    fn folders(of: &[&str]) -> Rules {
        Rules {
            replace: false,
            folders: Some(of.iter().map(|&folder| folder.to_owned()).collect()),
        }
    }

    fn placed(known: &[KnownFile], files: &[NewFile], rules: &Rules) -> Vec<Place> {
        Placing::new(known, files, rules).place_all(files, |_| true)
    }

    #[test]
    fn a_picture_under_votes_gives_way_only_when_asked() {
        let image = [known(1, "a.jpg", Some(("one/a.jpg", 7)), true)];
        let changed = [file("a.jpg", "one/a.jpg", 8)];
        let one = folders(&["one"]);
        assert_eq!(placed(&image, &changed, &one), [Place::Refused(ImageId(1))]);
        let replace = Rules {
            replace: true,
            ..one
        };
        assert_eq!(
            placed(&image, &changed, &replace),
            [Place::Replaces(ImageId(1))]
        );
        let list = Rules {
            replace: false,
            folders: None,
        };
        assert_eq!(
            placed(&image, &[file("a.jpg", "two/a.jpg", 8)], &list),
            [Place::Refused(ImageId(1))]
        );
        let unanswered = [known(1, "a.jpg", Some(("one/a.jpg", 7)), false)];
        assert_eq!(
            placed(&unanswered, &changed, &list),
            [Place::Replaces(ImageId(1))]
        );
    }

    #[test]
    fn names_that_clash_get_the_folders_in_front_and_stay_so() {
        let mut images = vec![known(1, "a.jpg", Some(("x/cam/a.jpg", 1)), true)];
        let second = [file("a.jpg", "y/cam/a.jpg", 2)];
        let rules = folders(&["cam", "y"]);
        assert_eq!(
            placed(&images, &second, &rules),
            [Place::New("cam/a.jpg".to_owned())]
        );
        images.push(known(2, "cam/a.jpg", Some(("y/cam/a.jpg", 2)), false));
        assert_eq!(placed(&images, &second, &rules), [Place::Known(ImageId(2))]);
        // A third one, and the second after both have moved to another disk.
        let third = [file("a.jpg", "z/cam/a.jpg", 3)];
        let of_third = folders(&["cam", "z"]);
        assert_eq!(
            placed(&images, &third, &of_third),
            [Place::New("z/cam/a.jpg".to_owned())]
        );
        let moved = [file("a.jpg", "disk/cam/a.jpg", 2)];
        let places = Placing::new(&images, &moved, &rules).place_all(&moved, |_| false);
        assert_eq!(places, [Place::Moved(ImageId(2))]);
        // The first one is gone, and nobody knows this picture.
        let other = [file("a.jpg", "disk/cam/a.jpg", 9)];
        let places = Placing::new(&images, &other, &rules).place_all(&other, |_| false);
        assert_eq!(places, [Place::Refused(ImageId(1))]);
    }

    #[test]
    fn files_find_images_that_are_known_by_name_only() {
        let rules = folders(&["photos"]);
        let images = [
            known(1, "caf\u{e9}.jpg", None, true),
            known(2, "b.jpg", None, false),
            known(3, "sets/photos/c/d.jpg", None, false),
            known(4, "e.jpg", None, false),
        ];
        let files = [
            file("cafe\u{301}.jpg", "photos/1", 1),
            file("x/b.jpg", "photos/2", 2),
            file("c/d.jpg", "photos/3", 3),
            // Either may be meant.
            file("x/e.jpg", "photos/4", 4),
            file("y/e.jpg", "photos/5", 5),
        ];
        let first = |id| Place::First(ImageId(id));
        let new = |name: &str| Place::New(name.to_owned());
        assert_eq!(
            placed(&images, &files, &rules),
            [first(1), first(2), first(3), new("x/e.jpg"), new("y/e.jpg")]
        );
    }

    #[test]
    fn the_same_file_under_another_folder_is_the_same_image() {
        let images = [known(1, "sub/a.jpg", Some(("set/sub/a.jpg", 1)), false)];
        let files = [file("a.jpg", "set/sub/a.jpg", 1)];
        assert_eq!(
            placed(&images, &files, &folders(&["sub"])),
            [Place::Known(ImageId(1))]
        );
        let list = Rules {
            replace: false,
            folders: None,
        };
        assert_eq!(
            placed(&images, &files, &list),
            [Place::New("a.jpg".to_owned())]
        );
    }

    #[test]
    fn no_two_files_of_an_import_are_one_image() {
        let images = [known(1, "sub/a.jpg", Some(("set/sub/a.jpg", 1)), true)];
        let files = [
            file("a.jpg", "set/sub/a.jpg", 1),
            file("sub/a.jpg", "set/sub/sub/a.jpg", 2),
        ];
        assert_eq!(
            placed(&images, &files, &folders(&["sub", "set"])),
            [
                Place::Known(ImageId(1)),
                Place::New("sub/sub/a.jpg".to_owned())
            ]
        );
    }

    #[test]
    fn two_spellings_in_one_folder_are_two_files() {
        let files = [
            file("caf\u{e9}.jpg", "1", 1),
            file("cafe\u{301}.jpg", "2", 2),
        ];
        let new = |file: &NewFile| Place::New(file.name.clone());
        let rules = folders(&["photos"]);
        assert_eq!(placed(&[], &files, &rules), files.each_ref().map(new));
        let images = [
            known(1, "caf\u{e9}.jpg", Some(("1", 1)), false),
            known(2, "cafe\u{301}.jpg", Some(("2", 2)), false),
        ];
        assert_eq!(
            placed(&images, &files, &rules),
            [Place::Known(ImageId(1)), Place::Known(ImageId(2))]
        );
    }
}
