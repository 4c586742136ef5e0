//! The colours that a terminal has, and pictures in them.

use image::{Rgb, RgbImage};
use ratatui::style::Color;

use super::terminal::ColorDepth;

/// The levels of the 6×6×6 cube of the 256 colours.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The usual values of the 16 colours, as xterm has them.
const ANSI: [([u8; 3], Color); 16] = [
    ([0, 0, 0], Color::Black),
    ([205, 0, 0], Color::Red),
    ([0, 205, 0], Color::Green),
    ([205, 205, 0], Color::Yellow),
    ([0, 0, 238], Color::Blue),
    ([205, 0, 205], Color::Magenta),
    ([0, 205, 205], Color::Cyan),
    ([229, 229, 229], Color::Gray),
    ([127, 127, 127], Color::DarkGray),
    ([255, 0, 0], Color::LightRed),
    ([0, 255, 0], Color::LightGreen),
    ([255, 255, 0], Color::LightYellow),
    ([92, 92, 255], Color::LightBlue),
    ([255, 0, 255], Color::LightMagenta),
    ([0, 255, 255], Color::LightCyan),
    ([255, 255, 255], Color::White),
];

/// The colours that a terminal has.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    depth: ColorDepth,
}

impl Palette {
    pub fn of(depth: ColorDepth) -> Palette {
        Palette { depth }
    }

    /// Whether every colour is there.
    pub fn is_full(&self) -> bool {
        self.depth == ColorDepth::True
    }

    /// The colour of those with a number that comes nearest.
    pub fn nearest(&self, rgb: [u8; 3]) -> (Color, [u8; 3]) {
        match self.depth {
            ColorDepth::True | ColorDepth::Indexed => nearest_indexed(rgb),
            ColorDepth::Ansi => ANSI
                .iter()
                .min_by_key(|(known, _)| distance(*known, rgb))
                .map_or((Color::Black, [0; 3]), |(rgb, color)| (*color, *rgb)),
        }
    }

    /// What a colour looks like.
    pub fn rgb(&self, color: Color) -> Option<[u8; 3]> {
        match color {
            Color::Rgb(red, green, blue) => Some([red, green, blue]),
            Color::Indexed(index @ 16..=231) => {
                let cube = usize::from(index - 16);
                let levels = [cube / 36, cube / 6 % 6, cube % 6];
                Some(levels.map(|level| CUBE.get(level).copied().unwrap_or(255)))
            }
            Color::Indexed(index @ 232..) => Some([8 + 10 * (index - 232); 3]),
            other => {
                let known = ANSI.iter().find(|(_, color)| *color == other);
                known.map(|(rgb, _)| *rgb)
            }
        }
    }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
        .sum()
}

fn nearest_indexed(rgb: [u8; 3]) -> (Color, [u8; 3]) {
    let level = |value: u8| {
        let steps = (0u8..).zip(CUBE);
        steps
            .min_by_key(|(_, level)| level.abs_diff(value))
            .unwrap_or((0, 0))
    };
    let [red, green, blue] = rgb.map(level);
    let cube = (
        16 + 36 * red.0 + 6 * green.0 + blue.0,
        [red.1, green.1, blue.1],
    );
    let mean = rgb.iter().map(|value| u32::from(*value)).sum::<u32>() / 3;
    // 24 greys from 8 to 238.
    let step = u8::try_from((mean.saturating_sub(3) / 10).min(23)).unwrap_or(23);
    let grey = (232 + step, [8 + 10 * step; 3]);
    let best = if distance(grey.1, rgb) < distance(cube.1, rgb) {
        grey
    } else {
        cube
    };
    (Color::Indexed(best.0), best.1)
}

/// The picture in the palette's colours; what a pixel is off goes on to its neighbours (Floyd and Steinberg 1976).
pub fn dithered(image: &RgbImage, palette: &Palette) -> RgbImage {
    let (width, height) = image.dimensions();
    let mut made = RgbImage::new(width, height);
    // What falls on this row and on the next, with a pixel of room at both ends.
    let room = width as usize + 2;
    let (mut here, mut below) = (vec![[0.0f32; 3]; room], vec![[0.0f32; 3]; room]);
    for y in 0..height {
        for x in 0..width {
            let at = x as usize + 1;
            let carried = here.get(at).copied().unwrap_or_default();
            let pixel = image.get_pixel(x, y).0;
            let mut wanted = [0.0; 3];
            for ((wanted, value), carried) in wanted.iter_mut().zip(pixel).zip(carried) {
                *wanted = (f32::from(value) + carried).clamp(0.0, 255.0);
            }
            let (_, rgb) = palette.nearest(wanted.map(|value| value.round() as u8));
            made.put_pixel(x, y, Rgb(rgb));
            let carry = |row: &mut Vec<[f32; 3]>, at: usize, share: f32| {
                if let Some(next) = row.get_mut(at) {
                    for ((next, wanted), got) in next.iter_mut().zip(wanted).zip(rgb) {
                        *next += (wanted - f32::from(got)) * share * STRENGTH;
                    }
                }
            };
            carry(&mut here, at + 1, 7.0 / 16.0);
            carry(&mut below, at - 1, 3.0 / 16.0);
            carry(&mut below, at, 5.0 / 16.0);
            carry(&mut below, at + 1, 1.0 / 16.0);
        }
        std::mem::swap(&mut here, &mut below);
        below.fill([0.0; 3]);
    }
    made
}

/// All of it would be too much noise for pixels as large as half a cell.
const STRENGTH: f32 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_as_near_as_the_terminal_can() {
        let indexed = |rgb| Palette::of(ColorDepth::Indexed).nearest(rgb).0;
        assert_eq!(indexed([255, 0, 0]), Color::Indexed(196));
        assert_eq!(indexed([95, 135, 175]), Color::Indexed(67));
        assert_eq!(indexed([118, 118, 118]), Color::Indexed(243));
        let ansi = Palette::of(ColorDepth::Ansi).nearest([250, 10, 10]);
        assert_eq!(ansi, (Color::LightRed, [255, 0, 0]));
    }

    #[test]
    fn colours_with_a_number_look_as_they_were_chosen() {
        for depth in [ColorDepth::Indexed, ColorDepth::Ansi] {
            let palette = Palette::of(depth);
            for rgb in [[1, 2, 3], [200, 30, 90], [118, 119, 117], [255, 255, 250]] {
                let (color, looks) = palette.nearest(rgb);
                assert_eq!(palette.rgb(color), Some(looks));
            }
        }
    }

    #[test]
    fn dithering_keeps_the_mean_colour() {
        let image = RgbImage::from_pixel(40, 40, Rgb([60, 60, 60]));
        let made = dithered(&image, &Palette::of(ColorDepth::Ansi));
        let sum: u64 = made.as_raw().iter().map(|value| u64::from(*value)).sum();
        let mean = sum as f64 / made.as_raw().len() as f64;
        assert!((mean - 60.0).abs() < 12.0, "{mean}");
    }
}
