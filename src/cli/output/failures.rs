//! Why an output could not be written, in words.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::cli::context::shown;
use crate::cli::failure::{Failure, Kind};

/// Describes a system error in words.
pub fn in_words(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull => "the disk is full".to_owned(),
        ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        ErrorKind::PermissionDenied => "it may not be written by you".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "it is on a medium that cannot be written".to_owned(),
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::NotADirectory => "a part of the path is no folder".to_owned(),
        ErrorKind::FileTooLarge => "it would be larger than a file may be here".to_owned(),
        ErrorKind::ResourceBusy => "it is in use, as a mount point for example".to_owned(),
        ErrorKind::InvalidFilename => "the name is too long".to_owned(),
        _ => {
            let text = error.to_string();
            // The number says nothing that the words do not.
            match text.find(" (os error") {
                Some(end) => text.chars().take(end).collect(),
                None => text,
            }
        }
    }
}

/// A file that cannot be written; what was there is there still.
pub fn cannot(path: &Path, error: &io::Error) -> Failure {
    refused(&format!("cannot write {}", shown(path)), error)
}

/// Stdout that cannot be written.
pub fn stdout_failure(error: &io::Error) -> Failure {
    refused("cannot write to stdout", error)
}

fn refused(what: &str, error: &io::Error) -> Failure {
    if error.kind() == ErrorKind::BrokenPipe {
        return Failure {
            kind: Kind::BrokenPipe,
            ..Failure::failed("")
        };
    }
    let failure = Failure::failed(format!("{what}: {}", in_words(error)));
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => failure
            .hint("make room, or choose a place on another disk; what was there is there still"),
        _ => failure.hint("choose another place"),
    }
}
