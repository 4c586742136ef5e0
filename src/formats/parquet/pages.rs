//! Bounds on the pages of a Parquet file, before the library (parquet 60.1) makes room for whatever their headers say: it would ask for
//! 2^60 bytes and end the program, which no caller can catch (parquet-format, "parquet.thrift").

use std::fs::File;
use std::io::{self, BufReader, Seek, SeekFrom};
use std::ops::Range;

use super::metadata::PAGE;
use super::thrift::{STRUCT, Thrift, cut, varint, wrong};

/// A page is unpacked whole; writers end one at 1 MB, or with its first value beyond.
const MOST_BYTES: i64 = 256 << 20;
/// Values are counted before they are read; a page of one value over and over may have as many as there are rows.
const MOST_VALUES: i64 = 1 << 26;
/// Writers end a dictionary at 1 MB.
const MOST_DICTIONARY_VALUES: i64 = 1 << 24;

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
    let mut headers = Thrift::new(file, chunk.end - chunk.start);
    let mut has_lengths = false;
    while headers.left() > 0 {
        let at = chunk.end - headers.left();
        let page = headers.page();
        let page = page.map_err(|error| format!("the page at byte {at}: {error}"))?;
        has_lengths |= matches!(page.encoding, DELTA_LENGTH_BYTE_ARRAY | DELTA_BYTE_ARRAY);
    }
    Ok(has_lengths)
}

impl Thrift<BufReader<&File>> {
    /// Reads a header and passes over its page.
    fn page(&mut self) -> io::Result<Page> {
        let mut page = Page::default();
        self.fields(0, &mut |headers, id, kind| {
            match id {
                2 => page.unpacked = headers.integer(kind)?,
                3 => page.packed = headers.integer(kind)?,
                5 | 7 | 8 if kind == STRUCT => {
                    page.is_dictionary = id == 7;
                    let encoding = if id == 8 { 4 } else { 2 };
                    headers.fields(1, &mut |headers, inner, kind| {
                        match inner {
                            1 => page.values = headers.integer(kind)?,
                            _ if inner == encoding => page.encoding = headers.integer(kind)?,
                            _ => headers.pass_value(PAGE.field(id).field(inner), kind, 2)?,
                        }
                        Ok(())
                    })?;
                }
                _ => headers.pass_value(PAGE.field(id), kind, 1)?,
            }
            Ok(())
        })?;
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
        if packed > self.left() {
            return Err(wrong("it is longer than its column"));
        }
        self.pass_over(packed)?;
        Ok(page)
    }
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
