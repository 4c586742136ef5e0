//! Goes over the structs in which a Parquet file describes itself, without making anything of them (Thrift, "compact protocol").

use std::io::{self, BufReader, Read, Seek, Take};

use super::metadata::Kind;

/// The type of a struct.
pub(super) const STRUCT: u8 = 12;

/// Structs in structs, as deep as the library follows them.
const DEEPEST: u8 = 64;

/// What is left of a part of a file.
pub(super) struct Thrift<R>(Take<R>);

impl<R: Read + Seek> Thrift<BufReader<R>> {
    /// Passes over bytes without reading them; there are as many left.
    pub(super) fn pass_over(&mut self, n_bytes: u64) -> io::Result<()> {
        let offset = i64::try_from(n_bytes).map_err(|_| cut())?;
        self.0.get_mut().seek_relative(offset)?;
        self.0.set_limit(self.left().saturating_sub(n_bytes));
        Ok(())
    }
}

impl<R: Read> Thrift<R> {
    /// The next bytes of a file.
    pub(super) fn new(file: R, n_bytes: u64) -> Thrift<R> {
        Thrift(file.take(n_bytes))
    }

    pub(super) fn left(&self) -> u64 {
        self.0.limit()
    }

    /// Calls with the number and the type of each field of a struct; what is called takes its value.
    pub(super) fn fields(
        &mut self,
        depth: u8,
        each: &mut dyn FnMut(&mut Self, i16, u8) -> io::Result<()>,
    ) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(wrong("it is nested too deep"));
        }
        let mut id = 0i16;
        loop {
            let start = self.byte()?;
            if start == 0 {
                return Ok(());
            }
            let next = match start >> 4 {
                0 => i16::try_from(self.zigzag()?).ok(),
                step => id.checked_add(i16::from(step)),
            };
            id = next.ok_or_else(|| wrong("it is damaged"))?;
            each(self, id, start & 0x0f)?;
        }
    }

    pub(super) fn integer(&mut self, kind: u8) -> io::Result<i64> {
        match kind {
            4..=6 => self.zigzag(),
            _ => Err(wrong("something else stands where a number belongs")),
        }
    }

    /// Passes over a value, which must be of a type that its kind is written as.
    pub(super) fn pass_value(&mut self, kind: Kind, found: u8, depth: u8) -> io::Result<()> {
        if !kind.types().contains(&found) {
            return Err(wrong("a field is of another type than it should be"));
        }
        match found {
            // Of a flag the type is the value.
            1 | 2 => Ok(()),
            3 => self.byte().map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => self.pass_list(kind.item(), depth),
            STRUCT => self.fields(depth, &mut |inner, id, found| {
                inner.pass_value(kind.field(id), found, depth + 1)
            }),
            _ => Err(wrong("it is damaged")),
        }
    }

    fn pass_list(&mut self, item: Kind, depth: u8) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(wrong("it is nested too deep"));
        }
        let start = self.byte()?;
        let length = match start >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        match start & 0x0f {
            // Flags in a list have bytes of their own, which the library does not take: what follows them would be read as something else.
            1 | 2 if length > 0 => Err(wrong("there is a list of flags, where Parquet has none")),
            found => (0..length).try_for_each(|_| self.pass_value(item, found, depth + 1)),
        }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.0.read_exact(&mut byte).map_err(|_| cut())?;
        let [byte] = byte;
        Ok(byte)
    }

    fn varint(&mut self) -> io::Result<u64> {
        varint(|| self.byte())
    }

    fn zigzag(&mut self) -> io::Result<i64> {
        self.varint().map(zigzag)
    }

    fn pass(&mut self, length: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.0).take(length), &mut io::sink())?;
        match passed == length {
            true => Ok(()),
            false => Err(cut()),
        }
    }
}

pub(super) fn varint(mut byte: impl FnMut() -> io::Result<u8>) -> io::Result<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let next = byte()?;
        value |= u64::from(next & 0x7f) << shift;
        if next < 0x80 {
            return Ok(value);
        }
    }
    Err(wrong("a number is too long"))
}

fn zigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

pub(super) fn wrong(reason: &str) -> io::Error {
    io::Error::other(reason.to_owned())
}

pub(super) fn cut() -> io::Error {
    wrong("it ends too early")
}
