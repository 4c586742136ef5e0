//! The first directory of a TIFF: numbers by tag, and numbers put in the place of others, so that the library reads kinds
//! that it knows as what it can unpack.

use std::ops::Range;

/// Tags that are read here.
pub mod tag {
    pub const WIDTH: u16 = 256;
    pub const HEIGHT: u16 = 257;
    pub const BITS: u16 = 258;
    pub const COMPRESSION: u16 = 259;
    pub const PHOTOMETRIC: u16 = 262;
    pub const FILL_ORDER: u16 = 266;
    pub const STRIP_OFFSETS: u16 = 273;
    pub const ORIENTATION: u16 = 274;
    pub const SAMPLES: u16 = 277;
    pub const ROWS_PER_STRIP: u16 = 278;
    pub const STRIP_BYTES: u16 = 279;
    pub const PLANAR: u16 = 284;
    pub const COLOR_MAP: u16 = 320;
    pub const TILE_WIDTH: u16 = 322;
    pub const TILE_HEIGHT: u16 = 323;
    pub const TILE_OFFSETS: u16 = 324;
    pub const TILE_BYTES: u16 = 325;
    pub const EXTRA_SAMPLES: u16 = 338;
    pub const SAMPLE_FORMAT: u16 = 339;
    pub const CHROMA_SAMPLING: u16 = 530;
}

/// Longer lists are attacks.
const MOST_VALUES: usize = 1 << 22;

/// Type of four bytes without a sign.
const LONG: u16 = 4;

/// Entries of a file's first directory, with their positions.
#[derive(Debug)]
pub struct Directory {
    little: bool,
    big: bool,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u16,
    kind: u16,
    count: usize,
    /// Of the entry in the file.
    at: usize,
}

impl Directory {
    /// Reads it; none where the file does not have it.
    pub fn of(file: &[u8]) -> Option<Directory> {
        let little = file.starts_with(b"II");
        let big = matches!(file.get(2..4)?, [43, 0] | [0, 43]);
        let mut directory = Directory {
            little,
            big,
            entries: Vec::new(),
        };
        let start = match big {
            true => directory.number(file, 8, 8)?,
            false => directory.number(file, 4, 4)?,
        };
        let start = usize::try_from(start).ok()?;
        let (head, step) = if big { (8, 20) } else { (2, 12) };
        let count = directory.number(file, start, head)?;
        for number in 0..usize::try_from(count).ok()?.min(1 << 12) {
            let at = start.checked_add(head + number * step)?;
            let count = directory.number(file, at.checked_add(4)?, if big { 8 } else { 4 })?;
            directory.entries.push(Entry {
                tag: u16::try_from(directory.number(file, at, 2)?).ok()?,
                kind: u16::try_from(directory.number(file, at.checked_add(2)?, 2)?).ok()?,
                count: usize::try_from(count).ok()?,
                at,
            });
        }
        Some(directory)
    }

    /// A number of so many bytes.
    fn number(&self, file: &[u8], at: usize, bytes: usize) -> Option<u64> {
        let bytes = file.get(at..at.checked_add(bytes)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self.little {
            true => bytes.iter().rev().fold(0, add),
            false => bytes.iter().fold(0, add),
        })
    }

    fn entry(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    /// Bytes of each value of an entry, and where the values stand: in the entry, or where it points.
    fn place(&self, file: &[u8], entry: &Entry) -> Option<(usize, Range<usize>)> {
        let each = match entry.kind {
            1 | 2 | 6 | 7 => 1,
            3 | 8 => 2,
            4 | 9 | 11 | 13 => 4,
            5 | 10 | 12 | 16..=18 => 8,
            _ => return None,
        };
        let room = if self.big { 8 } else { 4 };
        let length = entry.count.checked_mul(each)?;
        let own = entry.at.checked_add(if self.big { 12 } else { 8 })?;
        let start = match length <= room {
            true => own,
            false => usize::try_from(self.number(file, own, room)?).ok()?,
        };
        Some((each, start..start.checked_add(length)?))
    }

    /// All whole numbers of a tag; none where there is no such tag.
    pub fn numbers(&self, file: &[u8], tag: u16) -> Option<Vec<u64>> {
        let entry = self.entry(tag)?;
        let (each, place) = self.place(file, entry)?;
        if entry.count > MOST_VALUES || file.get(place.clone()).is_none() {
            return None;
        }
        place
            .step_by(each)
            .map(|at| self.number(file, at, each))
            .collect()
    }

    /// The first number of a tag.
    pub fn first(&self, file: &[u8], tag: u16) -> Option<u64> {
        let entry = self.entry(tag)?;
        let (each, place) = self.place(file, entry)?;
        if place.is_empty() {
            return None;
        }
        self.number(file, place.start, each)
    }

    /// Puts one number in the place of a tag's own, where the file has the tag.
    pub fn put(&self, file: &mut [u8], tag: u16, value: u32) {
        let Some(entry) = self.entry(tag) else { return };
        let wide = if self.big { 8 } else { 4 };
        self.write(file, entry.at + 2, 2, u64::from(LONG));
        self.write(file, entry.at + 4, wide, 1);
        self.write(file, entry.at + 4 + wide, wide, 0);
        self.write(file, entry.at + 4 + wide, 4, u64::from(value));
    }

    /// Hides a tag behind a number that means nothing.
    pub fn hide(&self, file: &mut [u8], tag: u16) {
        if let Some(entry) = self.entry(tag) {
            self.write(file, entry.at, 2, 65_000);
        }
    }

    fn write(&self, file: &mut [u8], at: usize, bytes: usize, value: u64) {
        let all = value.to_le_bytes();
        let value = all.get(..bytes).unwrap_or_default();
        let Some(place) = at.checked_add(bytes).and_then(|end| file.get_mut(at..end)) else {
            return;
        };
        place.copy_from_slice(value);
        if !self.little {
            place.reverse();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A classic directory of these entries: tag, type, count, value.
    fn file(entries: &[(u16, u16, u32, u32)]) -> Vec<u8> {
        let mut file = b"II*\0\x08\0\0\0".to_vec();
        file.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
        for (tag, kind, count, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(count.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file.extend([0; 4]);
        file
    }

    #[test]
    fn numbers_stand_in_the_entry_or_where_it_points() {
        let mut file = file(&[(tag::WIDTH, 3, 1, 640), (tag::BITS, 3, 3, 38)]);
        file.extend([8, 0, 9, 0, 10, 0]);
        let directory = Directory::of(&file).unwrap();
        assert_eq!(directory.first(&file, tag::WIDTH), Some(640));
        assert_eq!(directory.numbers(&file, tag::BITS), Some(vec![8, 9, 10]));
        assert_eq!(directory.first(&file, tag::HEIGHT), None);
        directory.put(&mut file, tag::BITS, 8);
        directory.hide(&mut file, tag::WIDTH);
        let directory = Directory::of(&file).unwrap();
        assert_eq!(directory.numbers(&file, tag::BITS), Some(vec![8]));
        assert_eq!(directory.first(&file, tag::WIDTH), None);
    }

    #[test]
    fn lists_beyond_the_file_are_none() {
        let file = file(&[(tag::STRIP_OFFSETS, 4, u32::MAX, 38), (tag::BITS, 3, 4, 99)]);
        let directory = Directory::of(&file).unwrap();
        assert_eq!(directory.numbers(&file, tag::STRIP_OFFSETS), None);
        assert_eq!(directory.numbers(&file, tag::BITS), None);
        for length in 0..file.len() {
            let _ = Directory::of(&file[..length]);
        }
    }
}
