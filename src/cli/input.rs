//! Small files that commands read whole.

use std::io::ErrorKind;
use std::path::Path;

use super::context::shown;
use super::failure::Failure;
use crate::formats::whole::{WholeError, read_whole};

/// Reads a file of at most `most` bytes, which may be a pipe.
pub fn read_small(file: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    read_whole(file, most).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &WholeError) -> Failure {
    let name = shown(file);
    let why = match error {
        WholeError::Io(error) => match error.kind() {
            ErrorKind::NotFound => "there is no such file".to_owned(),
            ErrorKind::PermissionDenied => "it may not be read by you".to_owned(),
            ErrorKind::NotADirectory => "a part of the path is no folder".to_owned(),
            _ => error.to_string(),
        },
        _ => error.to_string(),
    };
    let failure = Failure::input(format!("cannot read {name}: {why}"));
    match error {
        WholeError::TooLarge(_) => {
            failure.hint("is it the file that was meant? docs/formats.md states the bounds")
        }
        WholeError::Kind(_) => failure.hint("name a file, or a pipe such as <(command)"),
        WholeError::Silent => failure.hint("start the command that writes into it first"),
        WholeError::Io(_) => failure,
    }
}
