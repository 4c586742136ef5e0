use std::sync::Arc;

use image::{DynamicImage, RgbImage};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Color;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::payload::{self, Place};
use super::scale::{Part, scale};
use super::sent::Sent;
use super::terminal::{ColorDepth, PictureMode, TerminalPictures};
use super::{Form, Picture, Viewport};

/// Makes the picture of a part of an image for a box of cells.
///
/// # Errors
/// The encoder refuses, or pictures are off; in one line.
pub fn encode(
    image: &RgbImage,
    room: (u16, u16),
    viewport: Viewport,
    terminal: &TerminalPictures,
) -> Result<Picture, String> {
    let part = Part::of(image.dimensions(), viewport);
    let (columns, rows) = part.cells(room, terminal.cell);
    let size = Size::new(columns, rows);
    let cells = (
        u32::from(columns) * u32::from(terminal.cell.0),
        u32::from(rows) * u32::from(terminal.cell.1),
    );
    let pixels = match terminal.mode {
        PictureMode::None => return Err("pictures are off".to_owned()),
        PictureMode::Half => (u32::from(columns), 2 * u32::from(rows)),
        PictureMode::Sixel => cells,
        // These terminals scale a picture up themselves.
        PictureMode::Kitty | PictureMode::Iterm2 => part.at_most(cells),
    };
    let scaled = scale(image, part, pixels)?;
    Ok(Picture {
        form: form(scaled, size, terminal)?,
        size,
        pixels: image.dimensions(),
    })
}

fn form(scaled: RgbImage, size: Size, terminal: &TerminalPictures) -> Result<Form, String> {
    let (tmux, budget) = (terminal.tmux, terminal.budget);
    let place = Place { size, tmux };
    Ok(match terminal.mode {
        PictureMode::Kitty => {
            let id = rand::random();
            // It places our picture as it would its own, which is a single pixel.
            let placement = Kitty::new(DynamicImage::new_rgb8(1, 1), size, id, tmux, false)
                .map_err(|error| error.to_string())?;
            Form::Kitty {
                placement: Protocol::Kitty(placement),
                transmission: payload::kitty(&scaled, id, place, budget)?,
                sent: Arc::new(Sent::not_yet(id)),
                tmux,
            }
        }
        PictureMode::Iterm2 => Form::Protocol(Protocol::ITerm2(Iterm2 {
            data: payload::iterm2(&scaled, place, budget)?,
            size,
            is_tmux: tmux,
        })),
        PictureMode::Sixel => Form::Protocol(Protocol::Sixel(Sixel {
            data: payload::sixel(&scaled, place, budget)?,
            size,
            is_tmux: tmux,
        })),
        PictureMode::Half | PictureMode::None => Form::Half(HalfBlocks {
            columns: size.width,
            pixels: scaled,
            depth: terminal.depth,
        }),
    })
}

/// A picture as cells: the upper pixel in the foreground, the lower in the background.
#[derive(Debug, Clone)]
pub struct HalfBlocks {
    columns: u16,
    /// As wide as the columns, twice as high as the rows.
    pixels: RgbImage,
    depth: ColorDepth,
}

impl HalfBlocks {
    /// Draws into the top left corner of the area.
    pub fn render(&self, area: Rect, buffer: &mut Buffer) {
        let rows = u16::try_from(self.pixels.height() / 2).unwrap_or(u16::MAX);
        for row in 0..rows.min(area.height) {
            for column in 0..self.columns.min(area.width) {
                let color = |below: u32| {
                    let place = (u32::from(column), u32::from(row) * 2 + below);
                    let pixel = self.pixels.get_pixel_checked(place.0, place.1);
                    nearest(pixel.map_or([0; 3], |pixel| pixel.0), self.depth)
                };
                if let Some(cell) = buffer.cell_mut((area.x + column, area.y + row)) {
                    cell.set_symbol("▀").set_fg(color(0)).set_bg(color(1));
                }
            }
        }
    }
}

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

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter()
        .zip(b)
        .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2))
        .sum()
}

/// The terminal's colour that comes nearest.
fn nearest(rgb: [u8; 3], depth: ColorDepth) -> Color {
    let [red, green, blue] = rgb;
    match depth {
        ColorDepth::True => Color::Rgb(red, green, blue),
        ColorDepth::Indexed => nearest_indexed(rgb),
        ColorDepth::Ansi => ANSI
            .iter()
            .min_by_key(|(known, _)| distance(*known, rgb))
            .map_or(Color::Black, |(_, color)| *color),
    }
}

fn nearest_indexed(rgb: [u8; 3]) -> Color {
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
        grey.0
    } else {
        cube.0
    };
    Color::Indexed(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_come_as_near_as_the_terminal_can() {
        assert_eq!(nearest([1, 2, 3], ColorDepth::True), Color::Rgb(1, 2, 3));
        assert_eq!(
            nearest([255, 0, 0], ColorDepth::Indexed),
            Color::Indexed(196)
        );
        assert_eq!(
            nearest([95, 135, 175], ColorDepth::Indexed),
            Color::Indexed(67)
        );
        assert_eq!(
            nearest([118, 118, 118], ColorDepth::Indexed),
            Color::Indexed(243)
        );
        assert_eq!(nearest([250, 10, 10], ColorDepth::Ansi), Color::LightRed);
    }
}
