use std::path::Path;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::Viewport;
use super::decode::decode;
use super::scale::{FilterType, Part, scale};

/// A small copy of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// The file.
    pub jpeg: Vec<u8>,
}

const QUALITY: u8 = 75;

/// A small copy of a picture file, as JPEG: upright, no side longer than `longest` pixels, never enlarged.
///
/// # Errors
/// The file gives no picture, or the encoder refuses; in one line.
pub fn thumbnail(path: &Path, longest: u32) -> Result<Thumbnail, String> {
    let image = decode(path).map_err(|error| error.to_string())?.image;
    let (width, height) = image.dimensions();
    let share = (f64::from(longest) / f64::from(width.max(height))).min(1.0);
    let side = |length: u32| ((f64::from(length) * share).round() as u32).max(1);
    let (width, height) = (side(width), side(height));
    let part = Part::of(image.dimensions(), Viewport::WHOLE);
    let small = scale(&image, part, (width, height), FilterType::Lanczos3)?;
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_optimized_huffman_tables(true);
    let short = |length: u32| u16::try_from(length).map_err(|error| error.to_string());
    encoder
        .encode(
            small.as_raw(),
            short(width)?,
            short(height)?,
            ColorType::Rgb,
        )
        .map_err(|error| error.to_string())?;
    Ok(Thumbnail {
        width,
        height,
        jpeg,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_is_cut_down_and_small_pictures_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wide.png");
        for (size, small) in [
            ((1000, 10), (240, 2)),
            ((1, 900), (1, 240)),
            ((20, 30), (20, 30)),
        ] {
            image::RgbImage::new(size.0, size.1).save(&path).unwrap();
            let thumbnail = thumbnail(&path, 240).unwrap();
            assert_eq!((thumbnail.width, thumbnail.height), small);
            let read = image::load_from_memory(&thumbnail.jpeg).unwrap();
            assert_eq!((read.width(), read.height()), small);
        }
        std::fs::write(&path, "no picture").unwrap();
        let why = thumbnail(&path, 240).unwrap_err();
        assert_eq!(why, "not a picture, or of an unknown format");
    }
}
