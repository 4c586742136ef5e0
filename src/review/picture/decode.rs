//! Picture files: refused by their header where they are too large, or of a kind that is not read; else upright pixels.

mod directory;
mod jpeg;
mod kind;
mod markers;
mod orientation;
mod range;
mod samples;
mod tiff;
mod tiff_colors;

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use crate::guard::unless_it_panics;
use kind::{HEAD, Kind};
use orientation::{of_exif, png_exif, turns};

/// Larger images are refused by their header. 120 megapixels are 360 MB as RGB.
const MOST_PIXELS: u64 = 120_000_000;

/// The decoder's own buffer: 16-bit RGBA takes eight bytes a pixel.
const MOST_BYTES: u64 = 500_000_000;

/// Images from this size on are decoded one at a time, so that the bounds above hold for the program.
const LARGE_PIXELS: u64 = 16_000_000;

/// Why a file gives no picture; one line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There is no such file.
    #[error("the file is missing")]
    Missing,
    /// A folder, a pipe, a device.
    #[error("not a regular file")]
    NotRegular,
    /// No byte in it.
    #[error("the file is empty")]
    Empty,
    /// None of the formats that are read.
    #[error("not a picture, or of an unknown format")]
    Unknown,
    /// More pixels than are decoded.
    #[error("too large: {width}×{height} pixels")]
    TooLarge {
        /// As the header says.
        width: u32,
        /// As the header says.
        height: u32,
    },
    /// The decoder says that it would need more memory than it may have.
    #[error("too large to be decoded")]
    BeyondMemory,
    /// The header says that there is nothing to see.
    #[error("no pixels: {width}×{height}")]
    NoPixels {
        /// As the header says.
        width: u32,
        /// As the header says.
        height: u32,
    },
    /// Known, but of a kind that is not decoded: a format, or a variety of one, with its article.
    #[error("this is {0}, which relabel does not read")]
    NotRead(String),
    /// The file breaks its format's rules.
    #[error("broken {format} file: {reason}")]
    Broken {
        /// The format, by the first bytes.
        format: String,
        /// The decoder's words.
        reason: String,
    },
    /// The operating system refuses.
    #[error("cannot be read: {0}")]
    Io(String),
}

impl DecodeError {
    /// What somebody who wants to see the file can do.
    pub fn hint(&self) -> &'static str {
        match self {
            DecodeError::Missing => "it is neither a file nor an image of the project",
            DecodeError::NotRegular | DecodeError::Io(_) => "name a picture file that you may read",
            DecodeError::Empty | DecodeError::Unknown | DecodeError::NoPixels { .. } => {
                "pictures are JPEG, PNG, GIF, WebP, BMP and TIFF files"
            }
            DecodeError::TooLarge { .. } | DecodeError::BeyondMemory => {
                "images of up to 120 megapixels are decoded; make a smaller copy"
            }
            DecodeError::NotRead(_) => "convert it to JPEG or PNG with another program",
            DecodeError::Broken { .. } => {
                "fetch the file anew, or save it again with another program"
            }
        }
    }
}

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Upright width, in pixels.
    pub width: u32,
    /// Upright height, in pixels.
    pub height: u32,
}

/// A decoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// Upright, on white ground.
    pub image: RgbImage,
    /// Set when these are not all the pixels that the file once had.
    pub damage: Option<Damage>,
}

/// A fault of a file that still gives a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It ends in the middle of its only pass.
    Cut,
    /// It ends in a later pass, which would have given details or colours.
    CutInParts,
    /// Only its last bytes are missing.
    CutAtEnd,
    /// Some of its data make no sense.
    Damaged,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Damage::Cut => "file is cut: the lower part is missing",
            Damage::CutInParts => "file is cut: parts or details are missing",
            Damage::CutAtEnd => "file is cut: its last bytes are missing",
            Damage::Damaged => "file is damaged: parts are wrong",
        })
    }
}

/// Contents of a header.
#[derive(Debug, Clone, Copy)]
struct Header {
    /// As stored.
    width: u32,
    /// As stored.
    height: u32,
    orientation: Orientation,
}

impl Header {
    fn upright(&self) -> Probe {
        let (width, height) = match turns(self.orientation) {
            true => (self.height, self.width),
            false => (self.width, self.height),
        };
        Probe { width, height }
    }
}

/// One large image at a time.
static LARGE: Mutex<()> = Mutex::new(());

/// Reads the header: whether the file is a picture within bounds, and its upright measures.
///
/// # Errors
/// It is none, or too large.
pub fn probe(path: &Path) -> Result<Probe, DecodeError> {
    guarded(|| {
        let (kind, file) = read(path)?;
        header(kind, &file).map(|header| header.upright())
    })
}

/// Decodes a file: upright, 8-bit RGB, transparency on white, the first frame of an animation.
///
/// # Errors
/// It is no picture, too large, of a kind that is not read, or broken.
pub fn decode(path: &Path) -> Result<Decoded, DecodeError> {
    guarded(|| {
        let (kind, file) = read(path)?;
        let header = header(kind, &file)?;
        let _one = (u64::from(header.width) * u64::from(header.height) >= LARGE_PIXELS)
            .then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        let (image, damage) = match kind {
            Kind::Jpeg => jpeg::decode(&file)?,
            Kind::Tiff => (tiff::decode(file)?, None),
            _ => (common(kind, &file)?, None),
        };
        let mut image = DynamicImage::ImageRgb8(image);
        image.apply_orientation(header.orientation);
        let image = image.into_rgb8();
        Ok(Decoded { image, damage })
    })
}

/// A decoder that gives up with a panic has met a broken file.
fn guarded<T>(read: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    unless_it_panics(read).unwrap_or_else(|| Err(broken("picture", "the decoder gave up")))
}

/// The bytes of a file of a kind that is read.
fn read(path: &Path) -> Result<(Kind, Vec<u8>), DecodeError> {
    let metadata = std::fs::metadata(path).map_err(|error| refused(&error))?;
    // Before opening: a pipe would wait for its other end for ever.
    if !metadata.is_file() {
        return Err(DecodeError::NotRegular);
    }
    if metadata.len() == 0 {
        return Err(DecodeError::Empty);
    }
    let mut file = File::open(path).map_err(|error| refused(&error))?;
    let mut bytes = Vec::new();
    let mut take = |most: u64, bytes: &mut Vec<u8>| {
        let part = (&mut file).take(most).read_to_end(bytes);
        part.map_err(|error| refused(&error))
    };
    take(HEAD as u64, &mut bytes)?;
    let kind = Kind::of(&bytes);
    match kind {
        Kind::Unknown => return Err(DecodeError::Unknown),
        Kind::NotRead(name) => return Err(DecodeError::NotRead(name.to_owned())),
        Kind::Jpeg | Kind::Tiff | Kind::Common(_) => {}
    }
    if metadata.len() > MOST_BYTES {
        return Err(DecodeError::BeyondMemory);
    }
    take(MOST_BYTES, &mut bytes)?;
    Ok((kind, bytes))
}

fn header(kind: Kind, file: &[u8]) -> Result<Header, DecodeError> {
    let format = match kind {
        Kind::Jpeg => return jpeg::header(file),
        Kind::Tiff => return tiff::header(file),
        Kind::Common(format) => format,
        Kind::NotRead(_) | Kind::Unknown => return Err(DecodeError::Unknown),
    };
    let mut decoder = decoder(format, file)?;
    let (width, height) = decoder.dimensions();
    check_bounds((width, height), decoder.total_bytes())?;
    let exif = match format {
        ImageFormat::Png => png_exif(file).map(<[u8]>::to_vec),
        _ => decoder.exif_metadata().ok().flatten(),
    };
    let orientation = exif.and_then(|exif| of_exif(&exif));
    Ok(Header {
        width,
        height,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    })
}

/// The image library's decoder.
fn decoder(format: ImageFormat, file: &[u8]) -> Result<impl ImageDecoder, DecodeError> {
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    reader
        .into_decoder()
        .map_err(|error| of_library(format, file, &error))
}

/// The pixels of what the image library decodes by itself.
fn common(kind: Kind, file: &[u8]) -> Result<RgbImage, DecodeError> {
    let Kind::Common(format) = kind else {
        return Err(DecodeError::Unknown);
    };
    let image = DynamicImage::from_decoder(decoder(format, file)?)
        .map_err(|error| of_library(format, file, &error))?;
    Ok(range::to_rgb(image))
}

fn refused(error: &io::Error) -> DecodeError {
    match error.kind() {
        io::ErrorKind::NotFound => DecodeError::Missing,
        io::ErrorKind::PermissionDenied => DecodeError::Io("permission denied".to_owned()),
        _ => DecodeError::Io(error.to_string()),
    }
}

const ENDS_EARLY: &str = "it ends too early";

/// Decoders' own words, by a part of them in small letters, in ours.
const IN_OTHER_WORDS: [(&str, &str); 5] = [
    ("not enough bytes", ENDS_EARLY),
    ("unexpected end of file", ENDS_EARLY),
    ("exhausted data", ENDS_EARLY),
    ("crc error", "a checksum is wrong"),
    ("width or height is set to zero", "it has no pixels"),
];

fn check_bounds((width, height): (u32, u32), bytes: u64) -> Result<(), DecodeError> {
    if width == 0 || height == 0 {
        return Err(DecodeError::NoPixels { width, height });
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS || bytes > MOST_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    Ok(())
}

fn ends_early(format: &str) -> DecodeError {
    broken(format, ENDS_EARLY)
}

/// A broken file, in one line of ours.
fn broken(format: &str, reason: &str) -> DecodeError {
    let small = reason.to_ascii_lowercase();
    let known = IN_OTHER_WORDS
        .iter()
        .find(|(theirs, _)| small.contains(theirs));
    let reason = match known {
        Some((_, ours)) => (*ours).to_owned(),
        None => reason.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    DecodeError::Broken {
        format: format.to_owned(),
        reason: crate::text::fit(&reason, 100),
    }
}

/// Converts the image library's error on a file.
fn of_library(format: ImageFormat, file: &[u8], error: &ImageError) -> DecodeError {
    let name = format
        .extensions_str()
        .first()
        .map_or_else(|| "picture".to_owned(), |ending| ending.to_uppercase());
    if format == ImageFormat::WebP && is_cut_riff(file) {
        return ends_early(&name);
    }
    match error {
        ImageError::Limits(_) => DecodeError::BeyondMemory,
        ImageError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            ends_early(&name)
        }
        // Without the frame around it, which names the format once more.
        ImageError::Decoding(error) => {
            let source = error.source();
            broken(
                &name,
                &source.map_or_else(|| error.to_string(), ToString::to_string),
            )
        }
        ImageError::Unsupported(what) => {
            let what = crate::text::fit(&what.to_string(), 80);
            DecodeError::NotRead(format!("a {name} file of an unusual kind ({what})"))
        }
        other => broken(&name, &other.to_string()),
    }
}

/// True if a WebP file is shorter than its header states.
fn is_cut_riff(file: &[u8]) -> bool {
    let length = file.get(4..).and_then(<[u8]>::first_chunk::<4>);
    length.is_some_and(|length| u64::from(u32::from_le_bytes(*length)) + 8 > file.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of these bytes; gone with what is returned.
    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn a_decoder_that_panics_is_an_answer() {
        let outcome = guarded::<()>(|| panic!("a decoder's own words"));
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "broken picture file: the decoder gave up"
        );
    }

    #[test]
    fn every_format_is_refused_by_its_header_when_it_is_too_large() {
        let mut gif = b"GIF89a".to_vec();
        gif.extend([0xff; 4]);
        gif.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
        gif.extend([
            0x2c, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 2, 2, 0x4c, 1, 0, 0x3b,
        ]);
        let mut bmp = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        bmp.extend(60_000u32.to_le_bytes());
        bmp.extend(60_000u32.to_le_bytes());
        bmp.extend([1, 0, 24, 0]);
        bmp.extend([0; 40]);
        let mut tiff = b"II*\0\x08\0\0\0\x09\0".to_vec();
        for (tag, value) in [
            (256u16, 60_000u32),
            (257, 60_000),
            (258, 8),
            (259, 1),
            (262, 1),
            (273, 8),
            (277, 1),
            (278, 60_000),
            (279, 3_600_000_000),
        ] {
            tiff.extend(tag.to_le_bytes());
            tiff.extend([4, 0, 1, 0, 0, 0]);
            tiff.extend(value.to_le_bytes());
        }
        tiff.extend([0; 4]);
        for (name, bytes) in [("gif", gif), ("bmp", bmp), ("tiff", tiff)] {
            let file = file(&bytes);
            for outcome in [
                probe(file.path()).map(|_| ()),
                decode(file.path()).map(|_| ()),
            ] {
                let error = outcome.unwrap_err().to_string();
                assert!(error.starts_with("too large"), "{name}: {error}");
            }
        }
    }

    #[test]
    fn transparency_lies_on_white() {
        let clear = image::RgbaImage::from_fn(2, 1, |x, _| match x {
            0 => image::Rgba([10, 20, 30, 255]),
            _ => image::Rgba([10, 20, 30, 0]),
        });
        let mut bytes = io::Cursor::new(Vec::new());
        clear.write_to(&mut bytes, ImageFormat::Png).unwrap();
        let file = file(bytes.get_ref());
        let flat = decode(file.path()).unwrap().image;
        assert_eq!(flat.as_raw(), &[10, 20, 30, 255, 255, 255]);
    }
}
