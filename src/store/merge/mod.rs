//! Taking in the votes and notes that were made in other copies of the project.
//!
//! A vote or note is named by (copy, sequence) wherever it goes, and is only ever added, so that merging is the union of
//! two sets: in any order, any number of times. Which of a rater's votes stands is decided by what the rows say alone.
//! Audits that are not here come too; those of one name stay apart. Settings, proposals, the plan and runs stay those of the file that takes in.

mod audits;
mod compare;
mod rows;
mod snapshot;

use super::audit_names::RenamedAudit;
use super::{Store, StoreError};
use crate::domain::Role;

pub use snapshot::Snapshot;
pub(super) use snapshot::copy_at_rest;

/// What came of one kind of thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// Taken in.
    pub taken: usize,
    /// Here already.
    pub known: usize,
}

impl Counted {
    fn count(&mut self, is_new: bool) {
        match is_new {
            true => self.taken += 1,
            false => self.known += 1,
        }
    }
}

/// A rater who is something else in the other copy; here nothing changes.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OtherRole {
    /// Rater's name.
    pub rater: String,
    /// The role that stays.
    #[serde(serialize_with = "as_word")]
    pub here: Role,
    /// The role in the other copy.
    #[serde(serialize_with = "as_word")]
    pub there: Role,
}

fn as_word<S: serde::Serializer>(role: &Role, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(role.word())
}

/// What was taken in of another copy.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Merged {
    /// Rows of votes, those that were replaced or taken back among them.
    pub votes: Counted,
    /// Flags, comments, and flags taken back.
    pub notes: Counted,
    /// Questions that the votes are on, and labels that raters added.
    pub questions: Counted,
    /// Raters, by name.
    pub raters: Counted,
    /// Audits that were planned, or drawn further.
    pub audits: Counted,
    /// Audits that go by another name than before, or than in the other copy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renamed_audits: Vec<RenamedAudit>,
    /// Raters whose role differs.
    pub other_roles: Vec<OtherRole>,
}

/// How two files that should be alike are not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// How many there are.
    pub count: usize,
    /// The first few, in words.
    pub first: Vec<String>,
}

impl Differences {
    /// How many are told.
    const TOLD: usize = 5;

    fn add(&mut self, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Differences::TOLD {
            self.first.push(words());
        }
    }

    fn none_or(self, error: impl FnOnce(Differences) -> MergeError) -> Result<(), MergeError> {
        match self.count {
            0 => Ok(()),
            _ => Err(error(self)),
        }
    }
}

/// Why another file's votes are not taken in.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// The file is a project, but not a copy of this one.
    #[error("it is another project, not a copy of this one")]
    OtherProject,
    /// The classes are not the same.
    #[error("{} of its classes are not those of this project", .0.count)]
    Classes(Differences),
    /// The images are not the same.
    #[error("{} of its images are not those of this project", .0.count)]
    Images(Differences),
    /// The same number of the same copy is two different rows.
    #[error("{} of its votes and notes have the numbers of others that are here", .0.count)]
    Conflicts(Differences),
    /// One of the files could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Takes in what was voted, noted and added in another copy of the project; inside [`Store::atomically`].
    /// `each` hears of every vote of the other's that is looked at.
    ///
    /// # Errors
    /// The other file is no copy of this project, holds other rows under the same numbers, or SQLite refuses.
    pub fn merge(&self, other: &Store, each: &dyn Fn()) -> Result<Merged, MergeError> {
        let images = compare::same_project(self, other)?;
        // Their names decide on the rounds that votes go to.
        let (audits, renamed_audits) = audits::take_in(self, other, &images)?;
        let merged = rows::take_in(self, other, &images, each)?;
        Ok(Merged {
            audits,
            renamed_audits,
            ..merged
        })
    }
}
