//! Samples of more than eight bits, as the eight that are shown.

use image::{DynamicImage, RgbImage};

/// Cameras and scanners leave 10, 12 and 14 bits in files of 16: what has no value above this is shown with its own range.
const MOST_OF_FEWER_BITS: u16 = (1 << 14) - 1;

/// The value that is shown as white, in samples of 16 bits of which this is the largest.
pub fn white_of_16_bits(largest: u16) -> u16 {
    match largest {
        0 => u16::MAX,
        1..=MOST_OF_FEWER_BITS => largest,
        _ => u16::MAX,
    }
}

/// Eight bits of a sample.
pub fn to_8_bits(value: u16, white: u16) -> u8 {
    let (value, white) = (u32::from(value), u32::from(white.max(1)));
    u8::try_from((value * 255 + white / 2) / white).unwrap_or(u8::MAX)
}

/// 8-bit RGB on white ground, 16-bit samples with their own range.
pub fn to_rgb(image: DynamicImage) -> RgbImage {
    let mut image = image;
    match &mut image {
        DynamicImage::ImageLuma16(pixels) => stretch(pixels.as_flat_samples_mut().samples, 1, 1),
        DynamicImage::ImageLumaA16(pixels) => stretch(pixels.as_flat_samples_mut().samples, 2, 1),
        DynamicImage::ImageRgb16(pixels) => stretch(pixels.as_flat_samples_mut().samples, 3, 3),
        DynamicImage::ImageRgba16(pixels) => stretch(pixels.as_flat_samples_mut().samples, 4, 3),
        _ => {}
    }
    flatten(image)
}

/// Stretches the first `colors` of each `samples` to 16 bits.
fn stretch(values: &mut [u16], samples: usize, colors: usize) {
    let of_colors = |pixel: &mut [u16], change: &mut dyn FnMut(&mut u16)| {
        pixel.iter_mut().take(colors).for_each(change);
    };
    let mut largest = 0;
    for pixel in values.chunks_mut(samples) {
        of_colors(pixel, &mut |value| largest = largest.max(*value));
    }
    let white = white_of_16_bits(largest);
    if white == u16::MAX {
        return;
    }
    for pixel in values.chunks_mut(samples) {
        of_colors(pixel, &mut |value| {
            *value = u16::from(to_8_bits(*value, white)) * 257
        });
    }
}

/// Transparency on a white ground.
fn flatten(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let mut flat = RgbImage::new(rgba.width(), rgba.height());
    for (ground, pixel) in flat.pixels_mut().zip(rgba.pixels()) {
        let [red, green, blue, alpha] = pixel.0;
        ground.0 = [red, green, blue].map(|value| over_white(value, alpha));
    }
    flat
}

/// A colour of which this much is seen, the rest white.
pub fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    u8::try_from((value * alpha + 255 * (255 - alpha) + 127) / 255).unwrap_or(255)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(values: &[u16]) -> Vec<u8> {
        let width = u32::try_from(values.len()).unwrap();
        let image = image::ImageBuffer::from_raw(width, 1, values.to_vec()).unwrap();
        let rgb = to_rgb(DynamicImage::ImageLuma16(image));
        rgb.pixels().map(|pixel| pixel.0[0]).collect()
    }

    #[test]
    fn fewer_bits_have_their_own_range() {
        assert_eq!(shown(&[0, 2048, 4095]), [0, 128, 255]);
        assert_eq!(shown(&[0, 500, 1000]), [0, 128, 255]);
        assert_eq!(shown(&[0, 1]), [0, 255]);
        assert_eq!(shown(&[0, 0]), [0, 0]);
        assert_eq!(shown(&[0, 4096, 65535]), [0, 16, 255]);
        assert_eq!(shown(&[0, 16384]), [0, 64]);
    }

    #[test]
    fn how_much_is_seen_does_not_count_as_brightness() {
        let pixels = image::ImageBuffer::from_raw(1, 1, vec![4095, 0, 2048, u16::MAX]).unwrap();
        let rgb = to_rgb(DynamicImage::ImageRgba16(pixels));
        assert_eq!(rgb.as_raw(), &[255, 0, 128]);
    }
}
