//! TIFF: the library unpacks samples, this module says which colours they are.

use std::io::{self, Cursor};

use image::RgbImage;
use image::metadata::Orientation;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};

use super::directory::{Directory, tag};
use super::markers::Markers;
use super::samples::{Format, Samples, eight_bits, unpacked};
use super::tiff_colors::{Colors, Ink};
use super::{DecodeError, Header, MOST_BYTES, broken, check_bounds, ends_early};

const FORMAT: &str = "TIFF";

/// JPEG inside, of which each strip is a file without its tables.
const JPEG: u64 = 7;

/// Layout of the samples in a file that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    width: u32,
    height: u32,
    bits: u32,
    /// Samples per pixel.
    samples: u32,
    /// Each sample in a plane of its own.
    planar: bool,
    compression: u64,
    format: Format,
    ink: Ink,
}

impl Layout {
    /// Samples that lie together in a row.
    fn together(&self) -> u32 {
        if self.planar { 1 } else { self.samples }
    }

    /// Bytes of a row of so many pixels, or of a tile's.
    fn row_bytes(&self, width: u32) -> u64 {
        (u64::from(width) * u64::from(self.bits) * u64::from(self.together())).div_ceil(8)
    }

    /// True if the library handles samples of this bit depth only as bytes.
    fn is_bytes_to_the_library(&self) -> bool {
        matches!(self.bits, 9..=15)
    }
}

/// Reads the header from the first directory.
///
/// # Errors
/// The file is not of a kind that can be decoded.
pub fn header(file: &[u8]) -> Result<Header, DecodeError> {
    let directory = Directory::of(file).ok_or_else(|| ends_early(FORMAT))?;
    let layout = layout(file, &directory)?;
    let orientation = directory
        .first(file, tag::ORIENTATION)
        .and_then(|number| Orientation::from_exif(u8::try_from(number).ok()?));
    Ok(Header {
        width: layout.width,
        height: layout.height,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    })
}

fn layout(file: &[u8], directory: &Directory) -> Result<Layout, DecodeError> {
    let number = |tag, or| directory.first(file, tag).unwrap_or(or);
    let short = |tag, or| u32::try_from(number(tag, or)).unwrap_or(u32::MAX);
    let not_read = |what: String| Err(DecodeError::NotRead(what));
    let (width, height) = (short(tag::WIDTH, 0), short(tag::HEIGHT, 0));
    let (bits, samples) = (short(tag::BITS, 1), short(tag::SAMPLES, 1));
    let bytes = u64::from(bits.div_ceil(8)) * u64::from(samples);
    let all = u64::from(width).saturating_mul(u64::from(height));
    check_bounds((width, height), all.saturating_mul(bytes))?;
    let compression = number(tag::COMPRESSION, 1);
    if let Some(name) = unknown_compression(compression) {
        return not_read(format!("a TIFF with {name}"));
    }
    let each = directory.numbers(file, tag::BITS).unwrap_or_default();
    if each.iter().any(|one| *one != u64::from(bits)) {
        return not_read("a TIFF of unequal bits per sample".to_owned());
    }
    let format = match number(tag::SAMPLE_FORMAT, 1) {
        2 => Format::Signed,
        3 => Format::Float,
        5 | 6 => return not_read("a TIFF of complex numbers".to_owned()),
        _ => Format::Unsigned,
    };
    match (format, bits) {
        (Format::Unsigned, 1..=16 | 32 | 64)
        | (Format::Signed, 8 | 16 | 32 | 64)
        | (Format::Float, 16 | 32 | 64) => {}
        (Format::Float, _) => {
            return not_read(format!("a TIFF of {bits}-bit floating-point numbers"));
        }
        _ => return not_read(format!("a TIFF of {bits} bits per sample")),
    }
    if number(tag::FILL_ORDER, 1) == 2 {
        return not_read("a TIFF with its bits in reverse order".to_owned());
    }
    let ink = ink(number(tag::PHOTOMETRIC, 1))?;
    let halved = directory
        .numbers(file, tag::CHROMA_SAMPLING)
        .is_none_or(|both| both != [1, 1]);
    if ink == Ink::LumaChroma && compression != JPEG && halved {
        return not_read("a TIFF in YCbCr with halved colour".to_owned());
    }
    if samples < ink.count() {
        return Err(broken(FORMAT, "it has too few samples per pixel"));
    }
    Ok(Layout {
        width,
        height,
        bits,
        samples,
        planar: number(tag::PLANAR, 1) == 2 && samples > 1,
        compression,
        format,
        ink,
    })
}

fn unknown_compression(compression: u64) -> Option<String> {
    let name = match compression {
        // None, fax group 4, LZW, JPEG, deflate, PackBits, Zstandard.
        1 | 4 | 5 | JPEG | 8 | 32_773 | 32_946 | 50_000 => return None,
        2 | 32_771 => "fax (CCITT RLE)",
        3 => "fax (CCITT group 3)",
        6 => "old-style JPEG",
        9 | 10 | 34_661 => "JBIG",
        33_003 | 33_005 | 34_712 => "JPEG 2000",
        34_676 | 34_677 => "SGI log",
        34_887 => "LERC",
        34_892 => "lossy raw",
        34_925 => "LZMA",
        50_001 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        other => return Some(format!("compression {other}")),
    };
    Some(format!("{name} compression"))
}

fn ink(photometric: u64) -> Result<Ink, DecodeError> {
    Ok(match photometric {
        0 => Ink::WhiteIsZero,
        1 => Ink::BlackIsZero,
        2 => Ink::Rgb,
        3 => Ink::Palette,
        5 => Ink::Cmyk,
        6 => Ink::LumaChroma,
        other => {
            return Err(DecodeError::NotRead(match other {
                4 => "a TIFF that is a transparency mask".to_owned(),
                8..=10 => "a TIFF in CIE L*a*b* colours".to_owned(),
                32_803 | 34_892 => "a raw camera file (TIFF)".to_owned(),
                32_844 | 32_845 => "a TIFF in LogLuv colours".to_owned(),
                _ => format!("a TIFF of colour space {other}"),
            }));
        }
    })
}

/// The pixels as they are stored.
///
/// # Errors
/// The file gives no pixels.
pub fn decode(file: Vec<u8>) -> Result<RgbImage, DecodeError> {
    let mut file = file;
    let directory = Directory::of(&file).ok_or_else(|| ends_early(FORMAT))?;
    let layout = layout(&file, &directory)?;
    if layout.compression == JPEG {
        check_jpegs(&file, &directory, &layout)?;
    }
    let palette = directory.numbers(&file, tag::COLOR_MAP).unwrap_or_default();
    let extra = directory.first(&file, tag::EXTRA_SAMPLES);
    as_grey(&mut file, &directory, &layout);
    let rows = stacked_rows(&file, &directory, &layout);
    if let Some(rows) = rows {
        stack(&mut file, &directory, &layout, rows);
    }
    let mut decoder = Decoder::new(Cursor::new(&file))
        .map_err(|error| refused(&error))?
        .with_limits(limits());
    let mut values = DecodingResult::U8(Vec::new());
    let read = decoder
        .read_image_to_buffer(&mut values)
        .map_err(|error| refused(&error))?;
    if values.as_buffer(0).as_bytes().len() < read.complete_len {
        return Err(DecodeError::BeyondMemory);
    }
    drop(decoder);
    drop(file);
    let samples = Samples {
        bits: layout.bits,
        together: layout.together(),
        width: layout.width,
        samples: layout.samples,
        colors: layout.ink.count(),
        planar: layout.planar,
    };
    let values = unpacked(values, &samples);
    let colors = Colors::new(layout.ink, &palette, extra, layout.samples, layout.bits)
        .ok_or_else(|| broken(FORMAT, "its palette is cut off"))?;
    let bytes = match layout.ink {
        // Numbers of colours, and no brightness.
        Ink::Palette => return colors.of_numbers(&values, layout.width, layout.height),
        _ => eight_bits(values, &samples),
    };
    let plane = layout.width as usize * rows.unwrap_or(layout.height) as usize;
    let step = if layout.planar {
        (1, plane)
    } else {
        (layout.samples as usize, 1)
    };
    colors
        .of_bytes(&bytes, step, (layout.width, layout.height))
        .ok_or_else(|| broken(FORMAT, "it has too few pixels"))
}

/// Makes the library take the samples for what it unpacks without a thought of colours: shades of grey.
fn as_grey(file: &mut [u8], directory: &Directory, layout: &Layout) {
    directory.put(file, tag::PHOTOMETRIC, 1);
    if layout.format == Format::Unsigned {
        directory.put(file, tag::SAMPLE_FORMAT, 1);
    }
    if !layout.is_bytes_to_the_library() {
        return;
    }
    let bytes = |width| u32::try_from(layout.row_bytes(width)).unwrap_or(u32::MAX);
    if let Some(tile) = directory.first(file, tag::TILE_WIDTH) {
        let tile = u32::try_from(tile).unwrap_or(u32::MAX);
        directory.put(file, tag::TILE_WIDTH, bytes(tile));
    }
    directory.put(file, tag::WIDTH, bytes(layout.width));
    directory.put(file, tag::BITS, 8);
    if !layout.planar {
        directory.put(file, tag::SAMPLES, 1);
        directory.hide(file, tag::EXTRA_SAMPLES);
    }
}

/// Rows of a plane that is made of tiles, the last of which reach beyond the picture.
fn stacked_rows(file: &[u8], directory: &Directory, layout: &Layout) -> Option<u32> {
    if !layout.planar {
        return None;
    }
    let tile = u32::try_from(directory.first(file, tag::TILE_HEIGHT)?).ok()?;
    layout.height.checked_next_multiple_of(tile.max(1))
}

/// The library panics at the tiles of any plane but the first: the planes as one picture, each below the one before.
fn stack(file: &mut [u8], directory: &Directory, layout: &Layout, rows: u32) {
    directory.put(file, tag::HEIGHT, rows.saturating_mul(layout.samples));
    directory.put(file, tag::SAMPLES, 1);
    directory.put(file, tag::PLANAR, 1);
    directory.hide(file, tag::EXTRA_SAMPLES);
    for tag in [tag::BITS, tag::SAMPLE_FORMAT] {
        if let Some(first) = directory.first(file, tag) {
            directory.put(file, tag, u32::try_from(first).unwrap_or(u32::MAX));
        }
    }
}

/// The library believes JPEG data what they say of themselves.
fn check_jpegs(file: &[u8], directory: &Directory, layout: &Layout) -> Result<(), DecodeError> {
    let number = |tag, or: u32| directory.first(file, tag).unwrap_or(u64::from(or));
    let rows = number(tag::ROWS_PER_STRIP, layout.height).min(u64::from(layout.height));
    let (width, height) = (
        number(tag::TILE_WIDTH, layout.width),
        number(tag::TILE_HEIGHT, u32::try_from(rows).unwrap_or(u32::MAX)),
    );
    let list = |strips, tiles| {
        let found = directory.numbers(file, strips);
        found
            .or_else(|| directory.numbers(file, tiles))
            .unwrap_or_default()
    };
    let starts = list(tag::STRIP_OFFSETS, tag::TILE_OFFSETS);
    let lengths = list(tag::STRIP_BYTES, tag::TILE_BYTES);
    for (start, length) in starts.into_iter().zip(lengths) {
        let place = usize::try_from(start)
            .ok()
            .zip(usize::try_from(start.saturating_add(length)).ok());
        let part = place.and_then(|(start, end)| file.get(start..end));
        let Some(markers) = Markers::of(part.ok_or_else(|| ends_early(FORMAT))?) else {
            return Err(broken(FORMAT, "its JPEG data have no picture"));
        };
        if u64::from(markers.width) > width || u64::from(markers.height) > height + 64 {
            return Err(broken(FORMAT, "its JPEG data are larger than it says"));
        }
        let components = markers.components.len();
        let is_read = components == layout.together() as usize && components != 2;
        if !is_read || !markers.is_usual() || markers.precision != 8 || markers.process > 2 {
            let what = "a TIFF with JPEG data of an unusual kind";
            return Err(DecodeError::NotRead(what.to_owned()));
        }
    }
    Ok(())
}

fn limits() -> Limits {
    let most = usize::try_from(MOST_BYTES).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = most;
    limits.intermediate_buffer_size = most;
    limits
}

fn refused(error: &TiffError) -> DecodeError {
    match error {
        TiffError::LimitsExceeded | TiffError::IntSizeError => DecodeError::BeyondMemory,
        TiffError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            ends_early(FORMAT)
        }
        TiffError::UnsupportedError(what) => DecodeError::NotRead(format!(
            "a TIFF of an unusual kind ({})",
            crate::text::fit(&what.to_string(), 80)
        )),
        TiffError::FormatError(what) => broken(FORMAT, &what.to_string()),
        other => broken(FORMAT, &other.to_string()),
    }
}
