//! Bounds on the pages of a Parquet file, before the library (parquet 60.1) makes room for whatever their headers say: it would ask for
//! 2^60 bytes and end the program, which no caller can catch. Headers are structs of Thrift's compact protocol (parquet-format,
//! "parquet.thrift").

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::ops::Range;

/// A page is unpacked whole; writers end one at 1 MB, or with its first value beyond.
const MOST_BYTES: i64 = 256 << 20;
/// Values are counted before they are read; a page of one value over and over may have as many as there are rows.
const MOST_VALUES: i64 = 1 << 26;
/// Writers end a dictionary at 1 MB.
const MOST_DICTIONARY_VALUES: i64 = 1 << 24;
/// No header has structs in structs in more levels.
const DEEPEST: u8 = 8;

/// `Encoding` of parquet.thrift: texts whose lengths, and common beginnings, stand in front.
const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
const DELTA_BYTE_ARRAY: i64 = 7;

/// What a page's header says.
#[derive(Debug, Default)]
struct Page {
    unpacked: i64,
    packed: i64,
    values: i64,
    encoding: i64,
    is_dictionary: bool,
}

/// Goes over the headers of a column chunk's pages. Whether texts are packed in a way whose lengths must be looked at too.
pub(super) fn check_pages(file: &File, chunk: Range<u64>) -> Result<bool, String> {
    let n_bytes = file.metadata().map_err(|error| error.to_string())?.len();
    if chunk.end > n_bytes || chunk.start > chunk.end {
        return Err(format!(
            "its bytes {} to {} lie beyond the end",
            chunk.start, chunk.end
        ));
    }
    let mut file = BufReader::new(file);
    let sought = file.seek(SeekFrom::Start(chunk.start));
    sought.map_err(|error| error.to_string())?;
    let mut headers = Headers(file.take(chunk.end - chunk.start));
    let mut has_lengths = false;
    while headers.0.limit() > 0 {
        let at = chunk.end - headers.0.limit();
        let page = headers.page();
        let page = page.map_err(|error| format!("the page at byte {at}: {error}"))?;
        has_lengths |= matches!(page.encoding, DELTA_LENGTH_BYTE_ARRAY | DELTA_BYTE_ARRAY);
    }
    Ok(has_lengths)
}

struct Headers<R>(Take<R>);

impl Headers<BufReader<&File>> {
    /// Reads a header and passes over its page.
    fn page(&mut self) -> io::Result<Page> {
        let mut page = Page::default();
        self.fields(0, &mut |headers, id, kind| {
            match id {
                2 => page.unpacked = headers.integer(kind)?,
                3 => page.packed = headers.integer(kind)?,
                // Data page, dictionary page, data page of the second version.
                5 | 7 | 8 if kind == 12 => {
                    page.is_dictionary = id == 7;
                    let encoding = if id == 8 { 4 } else { 2 };
                    headers.fields(1, &mut |headers, inner, kind| {
                        match inner {
                            1 => page.values = headers.integer(kind)?,
                            _ if inner == encoding => page.encoding = headers.integer(kind)?,
                            _ => headers.skip(kind, 2)?,
                        }
                        Ok(())
                    })?;
                }
                _ => headers.skip(kind, 1)?,
            }
            Ok(())
        })?;
        let left = self.0.limit();
        let packed = u64::try_from(page.packed).unwrap_or(u64::MAX);
        if !(0..=MOST_BYTES).contains(&page.unpacked) {
            return Err(wrong(&format!("{} bytes are too many", page.unpacked)));
        }
        let most = match page.is_dictionary {
            // Each takes a byte at least.
            true => MOST_DICTIONARY_VALUES.min(page.unpacked),
            false => MOST_VALUES,
        };
        if !(0..=most).contains(&page.values) {
            return Err(wrong(&format!("{} values are too many", page.values)));
        }
        if packed > left {
            return Err(wrong("it is longer than its column"));
        }
        self.0.get_mut().seek_relative(page.packed)?;
        self.0.set_limit(left - packed);
        Ok(page)
    }
}

impl<R: Read> Headers<R> {
    /// Calls with the number and the type of each field of a struct; what is called takes its value.
    fn fields(
        &mut self,
        depth: u8,
        each: &mut dyn FnMut(&mut Self, i64, u8) -> io::Result<()>,
    ) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(wrong("its header is too deep"));
        }
        let mut id = 0i64;
        loop {
            let start = self.byte()?;
            if start == 0 {
                return Ok(());
            }
            id = match start >> 4 {
                0 => self.zigzag()?,
                step => id.saturating_add(i64::from(step)),
            };
            each(self, id, start & 0x0f)?;
        }
    }

    fn integer(&mut self, kind: u8) -> io::Result<i64> {
        match kind {
            4..=6 => self.zigzag(),
            _ => Err(wrong("its header has something else than a number")),
        }
    }

    fn skip(&mut self, kind: u8, depth: u8) -> io::Result<()> {
        match kind {
            // Of a flag the type is the value.
            1 | 2 => Ok(()),
            3 => self.byte().map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let length = self.varint()?;
                self.pass(length)
            }
            9 | 10 => self.skip_list(depth),
            12 => self.fields(depth, &mut |headers, _, kind| headers.skip(kind, depth + 1)),
            _ => Err(wrong("its header is damaged")),
        }
    }

    fn skip_list(&mut self, depth: u8) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(wrong("its header is too deep"));
        }
        let start = self.byte()?;
        let length = match start >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        for _ in 0..length {
            match start & 0x0f {
                // Flags of a list have bytes of their own.
                1 | 2 => drop(self.byte()?),
                kind => self.skip(kind, depth + 1)?,
            }
        }
        Ok(())
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

fn varint(mut byte: impl FnMut() -> io::Result<u8>) -> io::Result<u64> {
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

fn wrong(reason: &str) -> io::Error {
    io::Error::other(reason.to_owned())
}

fn cut() -> io::Error {
    wrong("it ends too early")
}

/// Looks at the lengths in front of a page's texts: no more than the page has values. The bytes are those behind the levels.
pub(super) fn check_lengths(
    mut bytes: &[u8],
    n_values: u64,
    has_prefixes: bool,
) -> Result<(), String> {
    let streams = if has_prefixes { 2 } else { 1 };
    for _ in 0..streams {
        bytes = behind_numbers(bytes, n_values).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What follows numbers in DELTA_BINARY_PACKED (parquet-format, "Encodings").
fn behind_numbers(bytes: &[u8], n_values: u64) -> io::Result<&[u8]> {
    let mut input = bytes;
    let block = slice_varint(&mut input)?;
    let n_minis = slice_varint(&mut input)?;
    let total = slice_varint(&mut input)?;
    slice_varint(&mut input)?;
    if total > n_values {
        return Err(wrong(&format!("{total} lengths for {n_values} values")));
    }
    if n_minis == 0 || n_minis > block || block > 1 << 24 {
        return Err(wrong("blocks of numbers that no writer makes"));
    }
    let a_mini = block / n_minis;
    let mut left = total.saturating_sub(1);
    while left > 0 {
        slice_varint(&mut input)?;
        let n_widths = usize::try_from(n_minis).map_err(|_| cut())?;
        let (widths, mut rest) = input.split_at_checked(n_widths).ok_or_else(cut)?;
        for width in widths {
            if left == 0 {
                break;
            }
            let n_bytes = usize::try_from(u64::from(*width) * a_mini / 8).map_err(|_| cut())?;
            // The last one may be cut where its numbers end.
            rest = rest.get(n_bytes..).unwrap_or_default();
            left = left.saturating_sub(a_mini);
        }
        input = rest;
    }
    Ok(input)
}

fn slice_varint(input: &mut &[u8]) -> io::Result<u64> {
    varint(|| {
        let (first, rest) = input.split_first().ok_or_else(cut)?;
        *input = rest;
        Ok(*first)
    })
}
