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
mod merge;
mod models;
mod notes;
mod plan;
mod proposals;
mod raters;
mod removal;
mod runs;
mod schema;
mod settings;
mod status;
mod tasks;
mod votes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

pub use audit_names::RenamedAudit;
pub use audits::{AuditDraw, AuditStratum, StoredAudit};
pub use claims::{Place, Places};
pub use cleaning::{DroppedImage, DroppedTask};
pub use decisions::{DECISION_ROUND, Decision, Ruling};
pub use earlier::{EarlierPart, EarlierRow, Retests};
pub use evidence::{GOLD_ROUND, RETEST_SUFFIX, StoredEvidence};
pub use images::{ImageFile, ImageRow, KnownFile, Unseen};
pub use merge::{Counted, Differences, MergeError, Merged, OtherRole, Snapshot};
pub use models::{Model, ProposedBy, Source};
pub use notes::{Note, NoteAnswer, NoteKind};
pub use plan::{PlannedTask, Replanned};
pub use proposals::ProposalRow;
pub use raters::RaterRow;
pub use removal::{Reason, Removed};
pub use runs::{NewRun, QuestionScore, Run, ScoreRow};
pub use status::{RaterProgress, Status};
pub use tasks::{OpenQuestion, OpenTask, OtherVote, TaskQuestion, TaskRow};
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
    /// The file is another program's.
    #[error("{} is not a relabel project", .0.display())]
    Foreign(PathBuf),
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
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process kept the project file busy for too long".to_owned()
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            format!("the project file cannot be written: {error}")
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

/// How long a process waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(30);

/// An open project file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// Key that the rows written here are numbered under.
    copy: i64,
}

impl Store {
    /// Makes a new project file with an empty schema.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn create(path: &Path) -> Result<Store, StoreError> {
        if path.exists() {
            return Err(StoreError::Exists(path.to_owned()));
        }
        let connection = Connection::open(path)?;
        let store = Store::configure(connection, path)?;
        schema::migrate(&store.connection, path)?;
        Ok(store)
    }

    /// Opens a project file; an older schema is copied aside and migrated first.
    ///
    /// # Errors
    /// There is no such file, it is no project, a newer relabel wrote it, or SQLite refuses.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        schema::recognise(&connection, path)?;
        let store = Store::configure(connection, path)?;
        schema::migrate(&store.connection, path)?;
        Ok(store)
    }

    fn configure(connection: Connection, path: &Path) -> Result<Store, StoreError> {
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "journal_mode", "wal")?;
        // A vote must outlive the machine once the screen has shown it, so every commit reaches the disk.
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(Store {
            connection,
            path: path.to_owned(),
            copy: identity::draw_copy(),
        })
    }

    /// The project file's path, as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that relative image paths start from.
    pub fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
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
        self.connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(StoreError::from)?;
        let outcome = change(self).and_then(|kept| {
            self.connection
                .execute_batch("COMMIT")
                .map_err(StoreError::from)?;
            Ok(kept)
        });
        if outcome.is_err() && !self.connection.is_autocommit() {
            // The first error is the one to tell; closing the file rolls back as well.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        outcome
    }
}
