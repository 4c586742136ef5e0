//! Pictures for iTerm2.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use super::indexed::{Indexed, indexed, png};
use super::{Place, clear, envelope, first_that_fits, shrunk};

/// Quality, and by how much the picture is made smaller.
const QUALITIES: &[(u8, u32)] = &[
    (78, 1),
    (65, 1),
    (50, 1),
    (35, 1),
    (50, 2),
    (35, 2),
    (35, 4),
];

/// A picture for iTerm2, as JPEG or as PNG with a palette, whichever is smaller.
///
/// # Errors
/// The encoder refuses.
pub fn iterm2(image: &RgbImage, place: Place, budget: Option<usize>) -> Result<String, String> {
    first_that_fits(QUALITIES, budget, String::len, |(quality, smaller)| {
        let image = shrunk(image, smaller);
        let mut file = Vec::new();
        let side = |length: u32| u16::try_from(length).map_err(|error| error.to_string());
        let (width, height) = (side(image.width())?, side(image.height())?);
        let mut encoder = Encoder::new(&mut file, quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        // Else each colour is a scan of its own, which not every decoder reads rightly.
        encoder.set_progressive(true);
        encoder.set_optimized_huffman_tables(true);
        encoder
            .encode(image.as_raw(), width, height, ColorType::Rgb)
            .map_err(|error| error.to_string())?;
        let Indexed { palette, indices } = indexed(&image, 256)?;
        let png = png(&palette, &indices, image.width())?;
        if png.len() < file.len() {
            file = png;
        }
        let (start, escape, end) = envelope(place.tmux);
        let mut text = String::from(start);
        clear(&mut text, escape, place.size);
        let _ = write!(
            text,
            "{escape}]1337;File=inline=1;size={};width={};height={};preserveAspectRatio=0;doNotMoveCursor=1:{}\x07{end}",
            file.len(),
            place.size.width,
            place.size.height,
            STANDARD.encode(&file)
        );
        Ok(text)
    })
}
