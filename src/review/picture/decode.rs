use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage};

use crate::guard::unless_it_panics;

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

/// One large image at a time.
static LARGE: Mutex<()> = Mutex::new(());

/// Reads the header: whether the file is a picture within bounds, and its upright measures.
///
/// # Errors
/// It is none, or too large.
pub fn probe(path: &Path) -> Result<Probe, DecodeError> {
    guarded(|| {
        let (format, decoder) = open(path)?;
        let mut decoder = decoder
            .into_decoder()
            .map_err(|error| broken(&format, &error))?;
        let (width, height) = within_bounds(&decoder)?;
        Ok(
            match turns(decoder.orientation().unwrap_or(Orientation::NoTransforms)) {
                true => Probe {
                    width: height,
                    height: width,
                },
                false => Probe { width, height },
            },
        )
    })
}

/// Decodes a file: upright, 8-bit RGB, transparency on white, the first frame of an animation.
///
/// # Errors
/// It is no picture, too large, or broken.
pub fn decode(path: &Path) -> Result<RgbImage, DecodeError> {
    guarded(|| {
        let (format, decoder) = open(path)?;
        let mut decoder = decoder
            .into_decoder()
            .map_err(|error| broken(&format, &error))?;
        let (width, height) = within_bounds(&decoder)?;
        let _one = (u64::from(width) * u64::from(height) >= LARGE_PIXELS)
            .then(|| LARGE.lock().unwrap_or_else(PoisonError::into_inner));
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let image = DynamicImage::from_decoder(decoder).map_err(|error| broken(&format, &error))?;
        let mut image = DynamicImage::ImageRgb8(flatten(image));
        image.apply_orientation(orientation);
        Ok(image.into_rgb8())
    })
}

/// A decoder that gives up with a panic has met a broken file.
fn guarded<T>(read: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    unless_it_panics(read).unwrap_or_else(|| {
        Err(DecodeError::Broken {
            format: "picture".to_owned(),
            reason: "the decoder gave up".to_owned(),
        })
    })
}

fn open(path: &Path) -> Result<(String, ImageReader<BufReader<File>>), DecodeError> {
    let metadata = std::fs::metadata(path).map_err(|error| refused(&error))?;
    // Before opening: a pipe would wait for its other end for ever.
    if !metadata.is_file() {
        return Err(DecodeError::NotRegular);
    }
    if metadata.len() == 0 {
        return Err(DecodeError::Empty);
    }
    let file = File::open(path).map_err(|error| refused(&error))?;
    let mut reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(|error| refused(&error))?;
    let Some(format) = reader.format() else {
        return Err(DecodeError::Unknown);
    };
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_BYTES);
    reader.limits(limits);
    let name = match format {
        ImageFormat::Jpeg => "JPEG".to_owned(),
        other => other
            .extensions_str()
            .first()
            .map_or_else(|| "picture".to_owned(), |ending| ending.to_uppercase()),
    };
    Ok((name, reader))
}

fn refused(error: &io::Error) -> DecodeError {
    match error.kind() {
        io::ErrorKind::NotFound => DecodeError::Missing,
        io::ErrorKind::PermissionDenied => DecodeError::Io("permission denied".to_owned()),
        _ => DecodeError::Io(error.to_string()),
    }
}

const ENDS_EARLY: &str = "it ends too early";

/// Decoders' own words, by a part of them, in ours.
const IN_OTHER_WORDS: [(&str, &str); 4] = [
    ("Not enough bytes", ENDS_EARLY),
    ("unexpected end of file", ENDS_EARLY),
    ("CRC error", "a checksum is wrong"),
    ("width or height is set to zero", "it has no pixels"),
];

fn within_bounds(decoder: &impl ImageDecoder) -> Result<(u32, u32), DecodeError> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(DecodeError::NoPixels { width, height });
    }
    if u64::from(width) * u64::from(height) > MOST_PIXELS || decoder.total_bytes() > MOST_BYTES {
        return Err(DecodeError::TooLarge { width, height });
    }
    Ok((width, height))
}

fn broken(format: &str, error: &ImageError) -> DecodeError {
    let reason = match error {
        ImageError::Limits(_) => return DecodeError::BeyondMemory,
        ImageError::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            ENDS_EARLY.to_owned()
        }
        // Without the frame around it, which names the format once more.
        ImageError::Decoding(error) => error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string),
        other => other.to_string(),
    };
    let known = IN_OTHER_WORDS
        .iter()
        .find(|(theirs, _)| reason.contains(theirs));
    let reason = match known {
        Some((_, ours)) => (*ours).to_owned(),
        None => reason.split_whitespace().collect::<Vec<_>>().join(" "),
    };
    DecodeError::Broken {
        format: format.to_owned(),
        reason: crate::text::fit(&reason, 100),
    }
}

/// Whether width and height change places.
fn turns(orientation: Orientation) -> bool {
    matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    )
}

/// Transparency on a white ground.
fn flatten(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let over_white = |value: u8, alpha: u8| {
        let (value, alpha) = (u32::from(value), u32::from(alpha));
        u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(255)
    };
    let mut flat = RgbImage::new(rgba.width(), rgba.height());
    for (ground, pixel) in flat.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = pixel.0;
        ground.0 = [red, green, blue].map(|value| over_white(value, alpha));
    }
    flat
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
        let flat = decode(file.path()).unwrap();
        assert_eq!(flat.as_raw(), &[10, 20, 30, 255, 255, 255]);
    }
}
