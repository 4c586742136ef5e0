//! Keeps what is recorded when the file is lost under an open project, and keeps its log out of any other file.

use std::fs;
use std::io;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::log::{beside, index_of, log_of, resolved};
use super::stamp::stamp_row;
use super::{Access, FileChange, Store, StoreError, Trouble};

impl Store {
    /// Why nothing can be written, where the file is open to read only.
    pub fn kept_from_writing(&self) -> Option<&Trouble> {
        match &self.access {
            Access::Read(trouble, _) => Some(trouble),
            _ => None,
        }
    }

    /// Checks that the project can be written.
    ///
    /// # Errors
    /// It is open to read only, or lost.
    pub fn may_write(&self) -> Result<(), StoreError> {
        match &self.access {
            Access::Write(_) | Access::Private(_) => Ok(()),
            Access::Read(trouble, _) => Err(StoreError::ReadOnly {
                path: self.path.clone(),
                trouble: trouble.clone(),
            }),
            Access::Lost(change) => Err((*change).into()),
        }
    }

    /// Looks at the file in a transaction that nobody else can commit in.
    pub(super) fn look(&self) -> Result<(), StoreError> {
        let Access::Write(presence) = &self.access else {
            return Ok(());
        };
        let newest = stamp_row(&self.connection);
        presence.check(&self.path, newest.as_ref().ok().copied())?;
        presence.committed(newest?);
        Ok(())
    }

    /// Looks at the file after something went wrong.
    pub(super) fn look_again(&self) -> Result<(), FileChange> {
        match &self.access {
            Access::Write(presence) => presence.check_at_rest(&self.path),
            Access::Lost(change) => Err(*change),
            Access::Read(..) | Access::Private(_) => Ok(()),
        }
    }

    /// Looks whether the file at the path is still the one that is open; where it is not, what was recorded is put into the
    /// open file if that can be, and its log never gets into another.
    ///
    /// # Errors
    /// The change to the file.
    pub fn watch(&self) -> Result<(), FileChange> {
        self.look_again()
            .inspect_err(|change| self.save_from(*change))
    }

    /// Brings the log's votes into the open file, wherever it is now, unless that was overwritten itself.
    pub(super) fn save_from(&self, change: FileChange) {
        let Access::Write(presence) = &self.access else {
            return;
        };
        if presence.is_spoiled() {
            return;
        }
        let owns_log = presence.has_own_log(&self.path);
        let is_whole = match owns_log {
            true => presence.check_content(&self.path, None).is_ok(),
            false => presence.holds_known_state(stamp_row(&self.connection).ok()),
        };
        let may_move = match change {
            FileChange::Gone | FileChange::Replaced => true,
            // What is in it now is not what was written.
            FileChange::Log if owns_log => false,
            // Others that work with another index do not know of the locks here.
            FileChange::Log | FileChange::Index => presence.has_own_index(&self.path),
            FileChange::Overwritten | FileChange::CutOff => false,
        };
        let is_saved = is_whole && may_move && empty_log(&self.connection);
        let is_other_content = match change {
            FileChange::Overwritten | FileChange::CutOff => true,
            FileChange::Log => owns_log,
            FileChange::Gone | FileChange::Replaced | FileChange::Index => false,
        };
        if is_other_content {
            presence.spoil(change);
        }
        // SQLite must find no log beside content that it does not belong to; it is kept under another name.
        let fits_nothing = is_other_content || change == FileChange::Replaced;
        if !is_saved && owns_log && fits_nothing {
            let _ = set_log_aside(&self.path);
            let _ = fs::remove_file(index_of(&resolved(&self.path)));
        } else if is_saved && !owns_log && presence.has_foreign_log(&self.path) {
            let _ = set_log_aside(&self.path);
        }
    }

    /// Opens what is at the path now in place of the file that is lost. What is written from now on is numbered anew.
    ///
    /// # Errors
    /// As [`Store::open`]; and where it can only be read.
    pub fn reopen(&mut self) -> Result<(), StoreError> {
        let change = self.look_again().err().unwrap_or(FileChange::Replaced);
        self.save_from(change);
        let nothing = Connection::open_in_memory()?;
        // Closed before the path is opened again: this process would take its own locks for granted.
        *self = Store::of(nothing, &self.path.clone(), Access::Lost(change));
        let opened = Store::open(&self.path)?;
        opened.may_write()?;
        *self = opened;
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let Err(change) = self.look_again() else {
            return;
        };
        self.save_from(change);
        let log_is_open = matches!(&self.access, Access::Write(presence)
            if change == FileChange::Log && !presence.is_spoiled());
        if !log_is_open {
            // Closing would write the log into whatever the file holds now.
            let no_checkpoint = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
            let _ = self.connection.set_db_config(no_checkpoint, true);
        }
    }
}

/// Writes the whole log into the open file and empties it; false where somebody else is reading or writing.
fn empty_log(connection: &Connection) -> bool {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0)
    });
    busy.is_ok_and(|busy| busy == 0)
}

/// Renames a log: whoever has it open notices by its absence.
fn set_log_aside(path: &Path) -> io::Result<()> {
    let log = log_of(&resolved(path));
    for number in 1..1000 {
        let aside = beside(&log, &format!(".old-{number}"));
        match fs::hard_link(&log, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            linked => {
                linked?;
                break;
            }
        }
    }
    fs::remove_file(&log)
}
