//! Headers of numpy's arrays (numpy, "NEP 1"): bounded before npyz 0.9 makes room for them and its parser goes into them.

use std::io::{self, Cursor, Read};

use npyz::NpyHeader;

use crate::guard::unless_it_panics;

/// numpy itself reads no longer ones unless it is told to (10,000).
const LONGEST: usize = 1 << 16;
/// A shape or a type stands some levels deep at most; the parser calls itself for each.
const DEEPEST: usize = 16;

/// The header of an array; what follows in the file are its numbers.
pub(super) fn read_header(file: &mut impl Read) -> Result<NpyHeader, String> {
    let mut bytes = vec![0; 6];
    let begins = fill(file, &mut bytes);
    if bytes != b"\x93NUMPY" {
        return Err("it does not begin as one".to_owned());
    }
    begins?;
    let mut version = [0; 2];
    fill(file, &mut version)?;
    bytes.extend(version);
    // The first version has two bytes of length, the others four.
    let mut length = vec![0; if version.first() == Some(&1) { 2 } else { 4 }];
    fill(file, &mut length)?;
    bytes.extend(&length);
    let length = length
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    if length > LONGEST {
        return Err(format!("its header says that it has {length} bytes"));
    }
    let mut text = vec![0; length];
    fill(file, &mut text)?;
    if depth(&text) > DEEPEST {
        return Err(UNREADABLE.to_owned());
    }
    bytes.extend(text);
    // It multiplies the shape's numbers, and panics where that overflows and is checked.
    let header = unless_it_panics(|| NpyHeader::from_reader(Cursor::new(bytes)));
    // The parser's own words draw a picture of several lines.
    header
        .ok_or_else(|| UNREADABLE.to_owned())?
        .map_err(|error| match error.to_string() {
            words if words.contains('\n') => UNREADABLE.to_owned(),
            words => words,
        })
}

const UNREADABLE: &str = "its header cannot be understood";

fn fill(file: &mut impl Read, bytes: &mut [u8]) -> Result<(), String> {
    file.read_exact(bytes).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends within its header".to_owned(),
        _ => error.to_string(),
    })
}

/// How many brackets are open at most.
fn depth(text: &[u8]) -> usize {
    let mut open = 0usize;
    let mut most = 0;
    for byte in text {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}
