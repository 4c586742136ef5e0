//! A look at a Parquet file's footer before the library (parquet 60.1) reads it: it would pass over a list of flags without taking a byte for
//! each, two thousand million times for the six bytes that claim so many. A field of another type than it should be could hide one.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::metadata::FILE;
use super::thrift::{STRUCT, Thrift, cut};

/// The length of the metadata, and the mark at the end of the file (parquet-format, "File Format").
const TAIL: u64 = 8;

/// Goes over the metadata at the end of a file. What does not end like Parquet is left to the library to refuse.
pub(crate) fn check_footer(file: &File) -> io::Result<()> {
    let mut file = BufReader::new(file);
    let end = file.seek(SeekFrom::End(0))?;
    let Some(tail) = end.checked_sub(TAIL) else {
        return Ok(());
    };
    file.seek(SeekFrom::Start(tail))?;
    let mut bytes = [0; TAIL as usize];
    file.read_exact(&mut bytes)?;
    let [a, b, c, d, mark @ ..] = bytes;
    let length = u64::from(u32::from_le_bytes([a, b, c, d]));
    if &mark != b"PAR1" {
        return Ok(());
    }
    let start = tail.checked_sub(length).ok_or_else(cut)?;
    file.seek(SeekFrom::Start(start))?;
    Thrift::new(file, length).pass_value(FILE, STRUCT, 0)
}
