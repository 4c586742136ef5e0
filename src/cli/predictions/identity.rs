//! Whether predictions are those that were imported.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use clap::ValueEnum;
use sha2::{Digest, Sha256};

use super::files_of;
use crate::store::Model;

/// What predictions are known again by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Identity {
    /// Every byte: names, sizes and a SHA-256 over all
    #[default]
    Contents,
    /// Names, sizes and the last 64 kB of each file, where Parquet says what it holds: a change that keeps all of these is not noticed
    Footers,
}

/// Bytes of a file's end that stand for it.
const FOOTER: u64 = 1 << 16;

/// Bytes and SHA-256 of a file, or of all Parquet files of a folder with their names.
pub fn digest(path: &Path, identity: Identity) -> io::Result<(u64, [u8; 32])> {
    let is_folder = path.is_dir();
    let mut hash = Sha256::new();
    let mut size = 0;
    if identity == Identity::Footers {
        hash.update(b"footers");
    }
    for file in files_of(path)? {
        let mut open = File::open(&file)?;
        let length = open.metadata()?.len();
        if is_folder || identity == Identity::Footers {
            // Lengths stand before what they measure: no two lists of files read alike.
            let name = file.strip_prefix(path).unwrap_or(&file);
            let name = name.as_os_str().as_encoded_bytes();
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update(length.to_le_bytes());
        }
        if identity == Identity::Footers {
            open.seek(SeekFrom::Start(length.saturating_sub(FOOTER)))?;
        }
        let read = update(&mut hash, &mut open)?;
        size += match identity {
            Identity::Contents => read,
            Identity::Footers => length,
        };
    }
    Ok((size, hash.finalize().into()))
}

fn update(hash: &mut Sha256, file: &mut File) -> io::Result<u64> {
    let mut size = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(size),
            Ok(read) => {
                hash.update(buffer.get(..read).unwrap_or_default());
                size += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Whether the predictions of a model are those that were imported; else what is wrong with them.
pub fn is_as_imported(model: &Model) -> Result<(), String> {
    let kept = (model.size, model.sha256);
    // The project does not say by what they are known; the cheap way is tried first, where it was the user's to choose.
    let ways: &[Identity] = match model.path.is_dir() {
        true => &[Identity::Footers, Identity::Contents],
        false => &[Identity::Contents],
    };
    for &way in ways {
        match digest(&model.path, way) {
            Ok(found) if found == kept => return Ok(()),
            // More or fewer bytes are others.
            Ok((size, _)) if size != model.size => break,
            Ok(_) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    let what = if model.path.is_dir() {
        "folder"
    } else {
        "file"
    };
    Err(format!("it is not the {what} that was imported"))
}
