//! JPEG: one decoder for the usual files, another for those that it gets wrong, and a mark on what is cut or damaged.

use std::io;

use image::metadata::Orientation;
use image::{DynamicImage, ImageBuffer, RgbImage};
use jpeg_decoder::PixelFormat;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::markers::Markers;
use super::orientation::of_exif;
use super::range::to_rgb;
use super::{Damage, DecodeError, Header, broken, check_bounds, ends_early};
use crate::guard::unless_it_panics;

const FORMAT: &str = "JPEG";

/// More scans are an attack: each makes the decoder go through the whole picture.
const MOST_SCANS: usize = 100;

/// Reads the header from the markers.
///
/// # Errors
/// The file is not of a kind that can be decoded.
pub fn header(file: &[u8]) -> Result<Header, DecodeError> {
    read_markers(file).map(|(_, header)| header)
}

fn read_markers(file: &[u8]) -> Result<(Markers<'_>, Header), DecodeError> {
    let markers = Markers::of(file).ok_or_else(|| match file {
        [.., 0xff, 0xd9] => broken(FORMAT, "it has no picture"),
        _ => ends_early(FORMAT),
    })?;
    let not_read = |what: &str| Err(DecodeError::NotRead(what.to_owned()));
    match (markers.process, markers.precision) {
        _ if markers.is_arithmetic() => return not_read("an arithmetic-coded JPEG"),
        (5..=7, _) => return not_read("a hierarchical JPEG"),
        (0..=2, 8) | (3, 2..=16) => {}
        (0..=2, 12) => return not_read("a 12-bit JPEG"),
        _ => return Err(broken(FORMAT, "its bits per sample are impossible")),
    }
    if !matches!(markers.components.len(), 1 | 3 | 4) {
        let count = markers.components.len();
        return not_read(&format!("a JPEG of {count} components"));
    }
    let (width, height) = (u32::from(markers.width), u32::from(markers.height));
    check_bounds((width, height), u64::from(width) * u64::from(height) * 4)?;
    if markers.scans == 0 {
        return Err(ends_early(FORMAT));
    }
    if markers.scans > MOST_SCANS {
        return Err(broken(FORMAT, "it has too many scans"));
    }
    let orientation = markers.exif.and_then(of_exif);
    let header = Header {
        width,
        height,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    };
    Ok((markers, header))
}

/// The pixels as they are stored, and what is wrong with them.
///
/// # Errors
/// The file gives no pixels.
pub fn decode(file: &[u8]) -> Result<(RgbImage, Option<Damage>), DecodeError> {
    let (markers, header) = read_markers(file)?;
    let size = (header.width, header.height);
    if markers.process == 3 {
        let lossless = guarded(|| unusual(file)).map(|image| (image, None));
        return lossless.map_err(|_| DecodeError::NotRead("a lossless JPEG".to_owned()));
    }
    let strict = match markers.is_usual() {
        true => guarded(|| usual(file, size, true)),
        false => Err(String::new()),
    };
    match strict {
        Ok(image) if markers.ended => return Ok((image, None)),
        // Room that a download left empty decodes as something.
        Ok(image) if file.ends_with(&[0; 16]) => return Ok((image, Some(Damage::Cut))),
        Ok(image) => return Ok((image, Some(Damage::CutAtEnd))),
        Err(_) if markers.ended => {
            if let Ok(image) = guarded(|| unusual(file)) {
                return Ok((image, None));
            }
        }
        Err(_) => {}
    }
    let damage = match markers.ended {
        true => Damage::Damaged,
        false if markers.is_usual() && markers.scans == 1 => Damage::Cut,
        false => Damage::CutInParts,
    };
    let rest = match markers.is_usual() {
        true => guarded(|| usual(file, size, false)),
        // An end where the file ends: what is there is decoded.
        false => guarded(|| unusual(&[file, b"\xff\xd9"].concat())),
    };
    match rest {
        Ok(image) => Ok((image, Some(damage))),
        Err(_) if !markers.ended => Err(ends_early(FORMAT)),
        Err(reason) => Err(broken(FORMAT, &reason)),
    }
}

/// A decoder that gives up with a panic has met a broken file.
fn guarded(decode: impl FnOnce() -> Result<RgbImage, String>) -> Result<RgbImage, String> {
    unless_it_panics(decode).unwrap_or_else(|| Err("the decoder gave up".to_owned()))
}

/// The image library's own decoder: fast, and patient with damage unless it is strict.
fn usual(file: &[u8], (width, height): (u32, u32), strict: bool) -> Result<RgbImage, String> {
    let options = DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .jpeg_set_max_scans(MOST_SCANS)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .set_strict_mode(strict);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(file), options);
    let pixels = decoder
        .decode()
        .map_err(|error: DecodeErrors| error.to_string())?;
    if decoder.dimensions() != Some((width as usize, height as usize)) {
        return Err("its headers contradict each other".to_owned());
    }
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| "it has too few pixels".to_owned())
}

/// Slower, but right where components come in scans of their own, or where the first has fewer samples than another.
fn unusual(file: &[u8]) -> Result<RgbImage, String> {
    let mut decoder = jpeg_decoder::Decoder::new(io::Cursor::new(file));
    let pixels = decoder.decode().map_err(|error| error.to_string())?;
    let info = decoder.info().ok_or("it has no frame")?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let image = match info.pixel_format {
        PixelFormat::L8 => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageLuma8)
        }
        PixelFormat::RGB24 => {
            ImageBuffer::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
        }
        PixelFormat::L16 => {
            let pairs = pixels.as_chunks::<2>().0.iter();
            let samples = pairs.map(|pair| u16::from_ne_bytes(*pair)).collect();
            ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma16)
        }
        PixelFormat::CMYK32 => {
            let inks = pixels.as_chunks::<4>().0.iter();
            let colors = inks.flat_map(|inks| of_inks(*inks)).collect();
            ImageBuffer::from_raw(width, height, colors).map(DynamicImage::ImageRgb8)
        }
    };
    image
        .map(to_rgb)
        .ok_or_else(|| "it has too few pixels".to_owned())
}

/// The colour of cyan, magenta, yellow and black, as it is without a colour profile.
pub fn of_inks([cyan, magenta, yellow, black]: [u8; 4]) -> [u8; 3] {
    [cyan, magenta, yellow].map(|ink| {
        let light = (255 - u32::from(ink)) * (255 - u32::from(black));
        u8::try_from((light + 127) / 255).unwrap_or(255)
    })
}
