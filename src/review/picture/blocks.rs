//! Pictures of characters, for terminals that show nothing else: each cell is a glyph in two colours.
//!
//! Which glyph and which colours weighs likeness against bytes: a colour that is there already costs nothing.

use image::RgbImage;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::palette::{Palette, dithered};
use super::pen;
use super::terminal::ColorDepth;

/// The characters that a terminal's font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyphs {
    /// Upper and lower half.
    Half,
    /// Quarters too.
    Quadrant,
    /// Sixths too.
    Sextant,
}

/// By the number of their parts that are filled: upper left 1, upper right 2, lower left 4, lower right 8.
const QUADRANTS: [char; 16] = [
    ' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█',
];

/// A character, and which parts of its cell it fills: bit `row * across + column`.
type Glyph = (char, u16);

impl Glyphs {
    /// Parts of a cell, across and down.
    pub fn grid(self) -> (u32, u32) {
        match self {
            Glyphs::Half => (1, 2),
            Glyphs::Quadrant => (2, 2),
            // Where both halves and thirds fall between parts.
            Glyphs::Sextant => (2, 6),
        }
    }

    fn all(self) -> Vec<Glyph> {
        let quadrants = (0u16..).zip(QUADRANTS);
        match self {
            Glyphs::Half => vec![(' ', 0), ('▀', 1), ('▄', 2), ('█', 3)],
            Glyphs::Quadrant => quadrants.map(|(mask, glyph)| (glyph, mask)).collect(),
            Glyphs::Sextant => {
                let spread = |mask: u16, rows: u16, each: u16| {
                    (0..rows * each).fold(0, |parts, row| {
                        let pair = mask >> (2 * (row / each)) & 3;
                        parts | pair << (2 * row)
                    })
                };
                let quadrants = quadrants.map(|(mask, glyph)| (glyph, spread(mask, 2, 3)));
                let sextants =
                    (1..63).filter_map(|mask| Some((sextant(mask)?, spread(mask, 3, 2))));
                quadrants.chain(sextants).collect()
            }
        }
    }
}

/// The character of six parts, but for those that are older than it.
fn sextant(mask: u16) -> Option<char> {
    const LEFT: u16 = 0b01_0101;
    const RIGHT: u16 = 0b10_1010;
    if mask == LEFT || mask == RIGHT {
        return None;
    }
    let before = 1 + u32::from(mask > LEFT) + u32::from(mask > RIGHT);
    char::from_u32(0x1FB00 + u32::from(mask) - before)
}

/// A picture as cells.
#[derive(Debug, Clone)]
pub struct Cells {
    columns: u16,
    /// Bytes that bring it to the terminal, but for where its rows begin.
    pub bytes: usize,
    /// Row by row: character, foreground, background.
    cells: Vec<(char, Color, Color)>,
}

/// How much likeness a byte is worth: the squared distance of the colours of half a cell, from the finest down.
const WORTH: &[f64] = &[0.6, 2.5, 6.0, 15.0, 40.0, 100.0, 300.0, 1000.0, 4000.0];

impl Cells {
    /// Draws a picture that has as many pixels as its cells have parts.
    pub fn of(image: &RgbImage, glyphs: Glyphs, depth: ColorDepth, budget: Option<usize>) -> Cells {
        let palette = Palette::of(depth);
        let image = match depth {
            ColorDepth::True => std::borrow::Cow::Borrowed(image),
            ColorDepth::Indexed | ColorDepth::Ansi => {
                std::borrow::Cow::Owned(dithered(image, &palette))
            }
        };
        let (across, down) = glyphs.grid();
        let columns = u16::try_from(image.width() / across).unwrap_or(u16::MAX);
        let rows = image.height() / down;
        let glyphs = glyphs.all();
        let mut made = Cells {
            columns,
            bytes: 0,
            cells: Vec::new(),
        };
        for worth in WORTH {
            made.cells.clear();
            made.bytes = 0;
            for row in 0..rows {
                let mut pen = (None, None);
                for column in 0..u32::from(columns) {
                    let parts = parts(&image, (column, row), (across, down));
                    let choice = Choice::best(&parts, &glyphs, pen, &palette, *worth);
                    made.bytes += choice.bytes;
                    pen = choice.pen_after(pen);
                    made.cells.push((
                        choice.glyph,
                        pen.0.unwrap_or(Color::Reset),
                        pen.1.unwrap_or(Color::Reset),
                    ));
                }
            }
            if budget.is_none_or(|budget| made.bytes <= budget) {
                break;
            }
        }
        made
    }

    /// Draws into the top left corner of the area.
    pub fn render(&self, area: Rect, buffer: &mut Buffer) {
        let rows = self.cells.chunks(usize::from(self.columns).max(1));
        for (y, row) in (area.y..area.bottom()).zip(rows) {
            for (x, (glyph, ink, ground)) in (area.x..area.right()).zip(row) {
                if let Some(cell) = buffer.cell_mut((x, y)) {
                    cell.set_char(*glyph).set_fg(*ink).set_bg(*ground);
                }
            }
        }
    }
}

fn parts(image: &RgbImage, cell: (u32, u32), (across, down): (u32, u32)) -> Vec<[f64; 3]> {
    let parts = (0..down).flat_map(|y| (0..across).map(move |x| (x, y)));
    parts
        .map(|(x, y)| {
            let pixel = image.get_pixel_checked(cell.0 * across + x, cell.1 * down + y);
            pixel.map_or([0.0; 3], |pixel| pixel.0.map(f64::from))
        })
        .collect()
}

/// The colours that the terminal draws with, as far as they are known.
type Pen = (Option<Color>, Option<Color>);

/// How a cell is drawn.
struct Choice {
    glyph: char,
    ink: Option<Color>,
    ground: Option<Color>,
    bytes: usize,
    cost: f64,
}

impl Choice {
    fn best(
        parts: &[[f64; 3]],
        glyphs: &[Glyph],
        pen: Pen,
        palette: &Palette,
        worth: f64,
    ) -> Choice {
        let mut best = Choice {
            glyph: ' ',
            ink: None,
            ground: None,
            bytes: 0,
            cost: f64::INFINITY,
        };
        for &(glyph, mask) in glyphs {
            let inks = side(parts, |at| mask >> at & 1 == 1);
            let grounds = side(parts, |at| mask >> at & 1 == 0);
            // Distances are of half a cell, whatever the parts.
            let scale = 2.0 / parts.len().max(1) as f64 / worth;
            let (ink, of_ink) = inks.color(pen.0, 0, palette, scale);
            let (ground, of_ground) = grounds.color(pen.1, 1, palette, scale);
            let changes = ink.filter(|ink| Some(*ink) != pen.0).is_some()
                || ground.filter(|ground| Some(*ground) != pen.1).is_some();
            let bytes = glyph.len_utf8() + of_ink.0 + of_ground.0 + if changes { 2 } else { 0 };
            let cost = bytes as f64 + of_ink.1 + of_ground.1;
            if cost < best.cost {
                best = Choice {
                    glyph,
                    ink,
                    ground,
                    bytes,
                    cost,
                };
            }
        }
        best
    }

    fn pen_after(&self, (ink, ground): Pen) -> Pen {
        (self.ink.or(ink), self.ground.or(ground))
    }
}

/// The parts of a cell that share a colour.
struct Side {
    count: f64,
    mean: [f64; 3],
    /// Squared distances of the parts from their mean.
    within: f64,
}

fn side(parts: &[[f64; 3]], is_in: impl Fn(usize) -> bool) -> Side {
    let (mut count, mut sum, mut squares) = (0.0, [0.0; 3], 0.0);
    for (_, part) in parts.iter().enumerate().filter(|(at, _)| is_in(*at)) {
        count += 1.0;
        for (sum, value) in sum.iter_mut().zip(part) {
            *sum += value;
            squares += value * value;
        }
    }
    let mean = sum.map(|sum| sum / f64::max(count, 1.0));
    let of_mean: f64 = mean.iter().map(|mean| mean * mean).sum();
    Side {
        count,
        mean,
        within: f64::max(squares - count * of_mean, 0.0),
    }
}

impl Side {
    /// The colour that costs least, with its bytes and the cost of what it is off; none where there are no parts.
    fn color(
        &self,
        current: Option<Color>,
        layer: usize,
        palette: &Palette,
        scale: f64,
    ) -> (Option<Color>, (usize, f64)) {
        if self.count == 0.0 {
            return (None, (0, 0.0));
        }
        let off = |rgb: [u8; 3]| {
            let channels = rgb.iter().zip(self.mean);
            let distance: f64 = channels
                .map(|(value, mean)| (f64::from(*value) - mean).powi(2))
                .sum();
            (self.within + self.count * distance) * scale
        };
        let exact = self.mean.map(|mean| mean.round() as u8);
        let nearest = palette.nearest(exact);
        let bytes = |color: Color| 1 + pen::code_bytes(color, layer == 1);
        let new = [
            palette.is_full().then_some((Color::from(exact), exact)),
            Some(nearest),
        ];
        let known = current.and_then(|color| Some((color, palette.rgb(color)?)));
        let mut best = (None, (0, f64::INFINITY));
        let options = new
            .into_iter()
            .flatten()
            .map(|(color, rgb)| (color, rgb, bytes(color)));
        let options = options.chain(known.map(|(color, rgb)| (color, rgb, 0)));
        for (color, rgb, bytes) in options {
            let (best_bytes, best_off) = best.1;
            if bytes as f64 + off(rgb) < best_bytes as f64 + best_off {
                best = (Some(color), (bytes, off(rgb)));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(cells: &Cells) -> String {
        cells.cells.iter().map(|(glyph, ..)| glyph).collect()
    }

    #[test]
    fn a_cell_is_the_glyph_that_looks_most_like_it() {
        let black = image::Rgb([0; 3]);
        let white = image::Rgb([255; 3]);
        let quarter = RgbImage::from_fn(2, 2, |x, y| if (x, y) == (1, 0) { white } else { black });
        let glyph =
            |glyphs, image: &RgbImage| symbols(&Cells::of(image, glyphs, ColorDepth::True, None));
        assert!(matches!(
            glyph(Glyphs::Quadrant, &quarter).as_str(),
            "▝" | "▙"
        ));
        let third = RgbImage::from_fn(2, 6, |_, y| if y < 2 { white } else { black });
        assert!(matches!(glyph(Glyphs::Sextant, &third).as_str(), "🬂" | "🬹"));
        let half = RgbImage::from_fn(2, 6, |_, y| if y < 3 { white } else { black });
        assert!(matches!(glyph(Glyphs::Sextant, &half).as_str(), "▀" | "▄"));
        let plain = RgbImage::from_pixel(3, 2, white);
        assert_eq!(glyph(Glyphs::Half, &plain), "   ");
    }

    #[test]
    fn sextants_are_those_of_unicode() {
        assert_eq!(sextant(1), Some('\u{1FB00}'));
        assert_eq!(sextant(20), Some('\u{1FB13}'));
        assert_eq!(sextant(21), None);
        assert_eq!(sextant(22), Some('\u{1FB14}'));
        assert_eq!(sextant(62), Some('\u{1FB3B}'));
    }
}
