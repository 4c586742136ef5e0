//! SQLite's log beside a database (`-wal`): which states it leads from and to, read without SQLite.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use super::stamp::{StampPage, StampRow};

/// The log beside a database: what was committed and is not in the database yet.
pub(super) fn log_of(database: &Path) -> PathBuf {
    beside(database, "-wal")
}

/// The log's index in shared memory, which also holds the locks.
pub(super) fn index_of(database: &Path) -> PathBuf {
    beside(database, "-shm")
}

/// A file beside a database, named after it.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// The database behind links: its log lies there.
pub(super) fn resolved(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// True if the log holds anything.
pub(super) fn has_log(database: &Path) -> bool {
    fs::metadata(log_of(database)).is_ok_and(|log| log.len() > HEADER as u64)
}

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

/// The first bytes of a log; nothing where there are none.
pub(super) type LogHead = Option<[u8; HEADER]>;

/// Reads the head of a log.
pub(super) fn head_of(log: &Path) -> LogHead {
    let mut header = [0; HEADER];
    let mut log = File::open(log).ok()?;
    is_read(&mut log, &mut header).ok()?.then_some(header)
}

/// The states of the stamp's page in the committed part of a log, oldest first.
///
/// Nothing where there is no log, it is another format's, or a page is no stamp: then nothing can be said.
pub(super) fn stamps_in(log: &Path, page: StampPage) -> io::Result<Vec<StampRow>> {
    let file = match File::open(log) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut log = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER];
    if !is_read(&mut log, &mut header)? {
        return Ok(Vec::new());
    }
    let is_log = number(&header, 0).is_some_and(|magic| magic | 1 == 0x377f_0683);
    if !is_log || number(&header, 8) != Some(page.size) {
        return Ok(Vec::new());
    }
    let salts = header.get(16..24).map(<[u8]>::to_vec);
    let (mut committed, mut pending) = (Vec::new(), Vec::new());
    let mut frame = [0; FRAME_HEADER];
    let mut body = vec![0; page.size as usize];
    while is_read(&mut log, &mut frame)? && is_read(&mut log, &mut body)? {
        // Frames behind those of this log are of one before.
        if frame.get(8..16) != salts.as_deref() {
            break;
        }
        if number(&frame, 0) == Some(page.number) {
            let Some(row) = StampRow::of(&body) else {
                return Ok(Vec::new());
            };
            pending.push(row);
        }
        // A frame that ends a transaction says how many pages the database has.
        if number(&frame, 4) != Some(0) {
            committed.append(&mut pending);
        }
    }
    Ok(committed)
}

/// Fills the buffer; false at the end of the file.
fn is_read(from: &mut impl Read, into: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(into) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}
