//! The project file: one SQLite database a project, and all SQL there is.
//!
//! Imports domain, and the tables that consensus takes. Writing functions are cheap alone and safe together inside [`Store::atomically`].

mod audit_names;
mod audits;
mod claims;
mod classes;
mod cleaning;
mod decisions;
mod earlier;
mod evidence;
mod health;
mod identity;
mod images;
mod log;
mod making;
mod merge;
mod models;
mod notes;
mod opening;
mod plan;
mod presence;
mod proposals;
mod raters;
mod removal;
mod runs;
mod safety;
mod schema;
mod settings;
mod stamp;
mod status;
mod tasks;
mod trouble;
mod votes;

use std::path::{Path, PathBuf};

use rusqlite::Connection;

pub use audit_names::RenamedAudit;
pub use audits::{AuditDraw, AuditStratum, StoredAudit};
pub use claims::{Place, Places};
pub use cleaning::{DroppedImage, DroppedTask};
pub use decisions::{DECISION_ROUND, Decision, Ruling};
pub use earlier::{AnsweredImages, EarlierPart, EarlierRow, Retests};
pub use evidence::{GOLD_ROUND, RETEST_SUFFIX, StoredEvidence};
pub use images::{ImageFile, ImageRow, KnownFile, Unseen};
pub use merge::{Counted, Differences, MergeError, Merged, OtherRole, Snapshot};
pub use models::{Model, ProposedBy, Source};
pub use notes::{Note, NoteAnswer, NoteKind};
pub use plan::{PlannedTask, Replanned};
pub use presence::FileChange;
pub use proposals::ProposalRow;
pub use raters::RaterRow;
pub use removal::{Reason, Removed};
pub use runs::{NewRun, QuestionScore, Run, ScoreRow};
pub use status::{RaterProgress, Status};
pub use tasks::{OpenQuestion, OpenTask, OtherVote, TaskQuestion, TaskRow};
pub use trouble::Trouble;
pub use votes::{Mark, NewVote, VoteRow};

/// Why the project file did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no file.
    #[error("there is no project at {}", .0.display())]
    Missing(PathBuf),
    /// A new project would overwrite a file.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// The folder of the file is missing.
    #[error("the folder {} is not there", .0.display())]
    NoFolder(PathBuf),
    /// A folder is in the project's place.
    #[error("{} is a folder, not a project file", .0.display())]
    IsFolder(PathBuf),
    /// The file holds nothing.
    #[error("{} is empty: it holds no project", .0.display())]
    Empty(PathBuf),
    /// The file is another program's.
    #[error("{} is not a relabel project", .0.display())]
    Foreign(PathBuf),
    /// The log beside the file is not its own.
    #[error("the log beside {} belongs to another state of the project, or to another one", .0.display())]
    ForeignLog(PathBuf),
    /// A log or journal lies where a new project is to be made.
    #[error("{} is left from a former project of this name", .0.display())]
    Leftover(PathBuf),
    /// The file cannot be used.
    #[error("cannot open {}: {trouble}", path.display())]
    Unusable {
        /// The project file.
        path: PathBuf,
        /// Why.
        trouble: Trouble,
    },
    /// A new file cannot be written.
    #[error("cannot write {}: {trouble}", path.display())]
    Unwritable {
        /// The project file.
        path: PathBuf,
        /// Why.
        trouble: Trouble,
    },
    /// The file is open to read only.
    #[error("{} cannot be written: {trouble}", path.display())]
    ReadOnly {
        /// The project file.
        path: PathBuf,
        /// Why.
        trouble: Trouble,
    },
    /// The file can only be read from a copy, for which there is no room.
    #[error("cannot copy {} to read it: {trouble}", path.display())]
    NoCopy {
        /// The project file.
        path: PathBuf,
        /// Why.
        trouble: Trouble,
    },
    /// The file at the path is no longer the one that was opened.
    #[error(transparent)]
    Changed(#[from] FileChange),
    /// A newer relabel wrote the file.
    #[error("{} has schema version {found}; this relabel knows up to {known}", path.display())]
    Newer {
        /// The project file.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version that this program knows.
        known: i64,
    },
    /// The copy that is kept before a migration could not be written.
    #[error("cannot copy the project aside before changing its schema: {0}")]
    Backup(String),
    /// The operating system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A row holds what it never should.
    #[error("the project file is damaged: {}", on_a_line(.0))]
    Damaged(String),
    /// SQLite refused.
    #[error("{}", explain(.0))]
    Sqlite(#[from] rusqlite::Error),
}

/// SQLite's word for it, in a reader's words where that helps.
fn explain(error: &rusqlite::Error) -> String {
    use rusqlite::ErrorCode;
    let code = error.sqlite_error_code();
    let error = on_a_line(&error.to_string());
    match code {
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::SystemIoFailure) => {
            "the disk refuses: it is full, it fails, or a limit on the size of files is reached"
                .to_owned()
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process kept the project file busy for too long".to_owned()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "the project file cannot be written: no permission, or the disk is read-only".to_owned()
        }
        Some(ErrorCode::CannotOpen) => {
            "the project file or its log cannot be opened: it is gone, or too many files are open"
                .to_owned()
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!("the project file is damaged: {error}")
        }
        _ => format!("SQLite: {error}"),
    }
}

/// SQLite's words, which may quote the file's own schema with its line ends, on one line.
pub fn on_a_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An open project file.
#[derive(Debug)]
pub struct Store {
    // Closed before what it is open on goes.
    connection: Connection,
    path: PathBuf,
    /// Key that the rows written here are numbered under.
    copy: i64,
    access: Access,
}

/// Permitted access to the file.
#[derive(Debug)]
enum Access {
    /// Reading and writing, as long as it is there.
    Write(presence::Presence),
    /// Reading, for this reason; perhaps in a copy.
    Read(
        Trouble,
        #[expect(dead_code, reason = "gone when dropped")] Option<tempfile::TempDir>,
    ),
    /// Nobody else knows the file, which is in memory or a copy.
    Private(Option<tempfile::TempDir>),
    /// The file is lost, and nothing is open.
    Lost(FileChange),
}

impl Store {
    fn of(connection: Connection, path: &Path, access: Access) -> Store {
        Store {
            connection,
            path: path.to_owned(),
            copy: identity::draw_copy(),
            access,
        }
    }

    /// The project file's path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that relative image paths start from.
    pub fn folder(&self) -> &Path {
        trouble::folder_of(&self.path)
    }

    /// Runs `change` as one transaction that a failing machine may forget: for what runs out by itself. Nothing before it is lost.
    ///
    /// # Errors
    /// As [`Store::atomically`].
    pub fn fleetingly<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&Store) -> Result<T, E>,
    ) -> Result<T, E> {
        let flush = |level| {
            let set = self.connection.pragma_update(None, "synchronous", level);
            set.map_err(StoreError::from)
        };
        flush("normal")?;
        let outcome = self.atomically(change);
        flush("full")?;
        outcome
    }

    /// Runs `change` as one transaction: all of it is kept, or nothing.
    ///
    /// # Errors
    /// What `change` says, or that the commit failed; the file is then as it was.
    pub fn atomically<T, E: From<StoreError>>(
        &self,
        change: impl FnOnce(&Store) -> Result<T, E>,
    ) -> Result<T, E> {
        self.may_write()?;
        let outcome = self.begin().map_err(E::from).and_then(|()| {
            let kept = change(self)?;
            self.commit()?;
            Ok(kept)
        });
        let Err(error) = outcome else {
            return outcome;
        };
        // A file that was lost meanwhile is the reason for whatever else went wrong.
        let lost = self.look_again();
        if !self.connection.is_autocommit() {
            // The first error is the one to tell; closing the file rolls back as well.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        match lost {
            Ok(()) => Err(error),
            Err(change) => {
                self.save_from(change);
                Err(StoreError::from(change).into())
            }
        }
    }

    fn begin(&self) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        self.look()
    }

    /// Looks at the file once more before the commit: what it would go into may have been replaced.
    fn commit(&self) -> Result<(), StoreError> {
        self.look()?;
        self.restamp()?;
        let state = stamp::stamp_row(&self.connection)?;
        self.connection.execute_batch("COMMIT")?;
        if let Access::Write(presence) = &self.access {
            presence.committed(state);
        }
        Ok(())
    }

    /// Runs `change` in the transaction that is open, or in one of its own.
    fn in_transaction<T>(
        &self,
        change: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.connection.is_autocommit() {
            true => self.atomically(change),
            false => change(self),
        }
    }
}
