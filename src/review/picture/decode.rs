use std::fs::File;
use std::io::{self, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageReader, Limits, RgbImage};

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

/// A decoder that gives up with a panic has met a broken file, no more.
fn guarded<T>(read: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| {
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
    let name = format
        .extensions_str()
        .first()
        .copied()
        .unwrap_or("picture");
    Ok((name.to_uppercase(), reader))
}

fn refused(error: &io::Error) -> DecodeError {
    match error.kind() {
        io::ErrorKind::NotFound => DecodeError::Missing,
        io::ErrorKind::PermissionDenied => DecodeError::Io("permission denied".to_owned()),
        _ => DecodeError::Io(error.to_string()),
    }
}

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
    if let ImageError::IoError(error) = error
        && error.kind() == io::ErrorKind::UnexpectedEof
    {
        return DecodeError::Broken {
            format: format.to_owned(),
            reason: "it ends too early".to_owned(),
        };
    }
    DecodeError::Broken {
        format: format.to_owned(),
        reason: crate::text::fit(&error.to_string().replace(['\n', '\t'], " "), 100),
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
