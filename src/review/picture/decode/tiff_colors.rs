//! Colours of a TIFF's samples.

use image::RgbImage;
use tiff::decoder::DecodingResult;

use super::jpeg::of_inks;
use super::range::over_white;
use super::{DecodeError, broken};

/// Meaning of a pixel's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    /// The number of a colour.
    Palette,
    Cmyk,
    /// YCbCr.
    LumaChroma,
}

impl Ink {
    /// Samples that make up a colour.
    pub fn count(self) -> u32 {
        match self {
            Ink::WhiteIsZero | Ink::BlackIsZero | Ink::Palette => 1,
            Ink::Rgb | Ink::LumaChroma => 3,
            Ink::Cmyk => 4,
        }
    }
}

/// Kind of opacity sample after the colour samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alpha {
    None,
    /// The colours are dimmed by it already.
    Dimmed,
    Apart,
}

/// Conversion of samples to colours.
#[derive(Debug)]
pub struct Colors {
    ink: Ink,
    alpha: Alpha,
    palette: Vec<[u8; 3]>,
}

impl Colors {
    /// By the tags of a file; none where its palette has too few colours.
    pub fn new(
        ink: Ink,
        map: &[u64],
        extra: Option<u64>,
        samples: u32,
        bits: u32,
    ) -> Option<Colors> {
        let alpha = match extra {
            _ if samples <= ink.count() => Alpha::None,
            Some(1) => Alpha::Dimmed,
            Some(2) => Alpha::Apart,
            // Old files say nothing of it.
            None if ink == Ink::Rgb && samples == 4 => Alpha::Apart,
            _ => Alpha::None,
        };
        let palette = match ink {
            Ink::Palette => palette(map, bits)?,
            _ => Vec::new(),
        };
        Some(Colors {
            ink,
            alpha,
            palette,
        })
    }

    /// A picture of samples of eight bits; `step` from pixel to pixel, and from sample to sample.
    pub fn of_bytes(
        &self,
        bytes: &[u8],
        (pixel, sample): (usize, usize),
        (width, height): (u32, u32),
    ) -> Option<RgbImage> {
        let mut image = RgbImage::new(width, height);
        let count = self.ink.count() as usize;
        for (number, to) in image.pixels_mut().enumerate() {
            let first = number * pixel;
            let mut values = [0; 4];
            for (at, value) in values.iter_mut().enumerate().take(count) {
                *value = *bytes.get(first + at * sample)?;
            }
            let alpha = match self.alpha {
                Alpha::None => u8::MAX,
                _ => *bytes.get(first + count * sample)?,
            };
            let color = self.color(values);
            to.0 = match self.alpha {
                Alpha::None => color,
                Alpha::Apart => color.map(|value| over_white(value, alpha)),
                Alpha::Dimmed => color.map(|value| value.saturating_add(u8::MAX - alpha)),
            };
        }
        Some(image)
    }

    fn color(&self, values: [u8; 4]) -> [u8; 3] {
        let [first, second, third, _] = values;
        match self.ink {
            Ink::WhiteIsZero => [u8::MAX - first; 3],
            Ink::BlackIsZero | Ink::Palette => [first; 3],
            Ink::Rgb => [first, second, third],
            Ink::Cmyk => of_inks(values),
            Ink::LumaChroma => of_luma_chroma([first, second, third]),
        }
    }

    /// A picture of the numbers of colours; what has no colour is black.
    ///
    /// # Errors
    /// They are no whole numbers, or too few.
    pub fn of_numbers(
        &self,
        values: &DecodingResult,
        width: u32,
        height: u32,
    ) -> Result<RgbImage, DecodeError> {
        let color = |number: usize| self.palette.get(number).copied().unwrap_or_default();
        let colors: Vec<u8> = match values {
            DecodingResult::U8(values) => {
                values.iter().flat_map(|n| color(usize::from(*n))).collect()
            }
            DecodingResult::U16(values) => {
                values.iter().flat_map(|n| color(usize::from(*n))).collect()
            }
            _ => {
                return Err(broken(
                    "TIFF",
                    "the numbers of its colours are no such numbers",
                ));
            }
        };
        RgbImage::from_raw(width, height, colors).ok_or_else(|| {
            DecodeError::NotRead("a TIFF of more than one number of a colour per pixel".to_owned())
        })
    }
}

/// All reds, then all greens, then all blues, of 16 bits; of 8 in files of old programs.
fn palette(map: &[u64], bits: u32) -> Option<Vec<[u8; 3]>> {
    let count = 1usize << bits.min(16);
    let old = map.iter().all(|value| *value < 256);
    let eight = |at: usize| {
        let value = *map.get(at)?;
        u8::try_from(if old { value } else { value >> 8 }).ok()
    };
    (0..count)
        .map(|at| Some([eight(at)?, eight(count + at)?, eight(2 * count + at)?]))
        .collect()
}

/// As JPEG has it: all of eight bits, BT.601.
fn of_luma_chroma([luma, blue, red]: [u8; 3]) -> [u8; 3] {
    let (luma, blue, red) = (
        f32::from(luma),
        f32::from(blue) - 128.0,
        f32::from(red) - 128.0,
    );
    // Saturates.
    [
        luma + 1.402 * red,
        luma - 0.344_136 * blue - 0.714_136 * red,
        luma + 1.772 * blue,
    ]
    .map(|value| value.round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palettes_of_old_programs_have_eight_bits() {
        let new: Vec<u64> = vec![0x1234, 0xffff, 0, 0, 0, 0x8000];
        assert_eq!(palette(&new, 1).unwrap(), [[0x12, 0, 0], [0xff, 0, 0x80]]);
        let old: Vec<u64> = vec![18, 255, 0, 0, 0, 128];
        assert_eq!(palette(&old, 1).unwrap(), [[18, 0, 0], [255, 0, 128]]);
        assert_eq!(palette(&old[..5], 1), None);
    }

    #[test]
    fn transparency_lies_on_white_dimmed_or_not() {
        let pixel = [100, 0, 0, 128];
        let shown = |extra| {
            let colors = Colors::new(Ink::Rgb, &[], extra, 4, 8).unwrap();
            colors.of_bytes(&pixel, (4, 1), (1, 1)).unwrap().into_raw()
        };
        assert_eq!(shown(Some(1)), [227, 127, 127]);
        assert_eq!(shown(Some(2)), [177, 127, 127]);
        assert_eq!(shown(None), [177, 127, 127]);
        assert_eq!(shown(Some(0)), [100, 0, 0]);
    }

    #[test]
    fn luma_and_chroma_are_jpegs() {
        assert_eq!(of_luma_chroma([255, 128, 128]), [255; 3]);
        assert_eq!(of_luma_chroma([76, 85, 255]), [254, 0, 0]);
    }
}
