//! Names of images that the project does not have, told together at the end of a file.

use std::collections::HashSet;

use crate::cli::failure::Failure;
use crate::text::count;

/// A name that is no image's.
#[derive(Debug)]
pub struct UnknownImage {
    /// As it stands in the file.
    pub name: String,
    /// The image that may be meant.
    pub meant: Option<String>,
    /// Hint on how to resolve it.
    pub what_to_do: String,
}

impl UnknownImage {
    /// In words, without a place.
    pub fn reason(&self) -> String {
        format!("unknown image {:?}", self.name)
    }

    /// Two things that the user can do at most.
    pub fn hints(self) -> Vec<String> {
        let meant = self.meant.map(|name| format!("did you mean {name:?}?"));
        meant.into_iter().chain([self.what_to_do]).collect()
    }
}

/// More of them would bury what to do.
pub(super) const LISTED: usize = 5;

/// Unknown images of a file, each name once.
#[derive(Debug, Default)]
pub struct UnknownImages {
    names: HashSet<String>,
    first: Vec<(Option<String>, UnknownImage)>,
}

impl UnknownImages {
    /// Notes one.
    pub fn add(&mut self, image: UnknownImage, place: impl FnOnce() -> Option<String>) {
        if self.names.contains(&image.name) {
            return;
        }
        self.names.insert(image.name.clone());
        if self.first.len() < LISTED {
            self.first.push((place(), image));
        }
    }

    /// Refuses the file if there are any. `what` says what cannot be done, `then` what that means for it.
    pub fn refuse(self, what: &str, then: Option<String>) -> Result<(), Failure> {
        let n = self.names.len();
        let mut first = self.first.into_iter();
        let failure = match (n, first.next()) {
            (_, None) => return Ok(()),
            (1, Some((place, image))) => {
                let failure = Failure::input(format!("{what}: {}", at(place, &image.reason())));
                image.hints().into_iter().fold(failure, Failure::hint)
            }
            (_, Some(one)) => {
                let what_to_do = one.1.what_to_do.clone();
                let lines: Vec<String> = [one].into_iter().chain(first).map(line).collect();
                let names = count(n, "unknown image");
                Failure::input(format!("{what}: {names}:"))
                    .listing_of(&lines, n)
                    .hint(what_to_do)
            }
        };
        Err(then.into_iter().fold(failure, Failure::hint))
    }
}

fn at(place: Option<String>, text: &str) -> String {
    match place {
        Some(place) => format!("{place}: {text}"),
        None => text.to_owned(),
    }
}

fn line((place, image): (Option<String>, UnknownImage)) -> String {
    let meant = match image.meant {
        Some(meant) => format!(" (did you mean {meant:?}?)"),
        None => String::new(),
    };
    format!("{}{meant}", at(place, &format!("{:?}", image.name)))
}
