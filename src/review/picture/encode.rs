use std::sync::Arc;
use std::time::Instant;

use image::{DynamicImage, RgbImage};
use ratatui::layout::Size;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::blocks::{Cells, Glyphs};
use super::payload::Place;
use super::payload::iterm2::iterm2;
use super::payload::kitty::{BAND, kitty};
use super::payload::sixel::sixel;
use super::scale::{FilterType, Part, scale};
use super::terminal::{PictureMode, TerminalPictures};
use super::{Decoded, Form, Picture, Viewport};

/// Makes the picture of a part of an image for a box of cells.
///
/// # Errors
/// The encoder refuses, or pictures are off; in one line.
pub fn encode(
    decoded: &Decoded,
    room: (u16, u16),
    viewport: Viewport,
    terminal: &TerminalPictures,
) -> Result<Picture, String> {
    let began = Instant::now();
    let image = &decoded.image;
    let part = Part::of(image.dimensions(), viewport);
    let room = (
        within_bounds(room.0, terminal.cell.0),
        within_bounds(room.1, terminal.cell.1),
    );
    let (columns, rows) = part.cells(room, terminal.cell);
    let size = Size::new(columns, rows);
    let glyphs = match terminal.mode {
        PictureMode::Quadrant => Glyphs::Quadrant,
        PictureMode::Sextant => Glyphs::Sextant,
        _ => Glyphs::Half,
    };
    let times = |(across, down): (u32, u32)| (u32::from(columns) * across, u32::from(rows) * down);
    let cell = (u32::from(terminal.cell.0), u32::from(terminal.cell.1));
    let pixels = match terminal.mode {
        PictureMode::None => return Err("pictures are off".to_owned()),
        PictureMode::Half | PictureMode::Quadrant | PictureMode::Sextant => times(glyphs.grid()),
        PictureMode::Sixel => times(cell),
        // These terminals scale a picture up themselves.
        PictureMode::Kitty => match part.at_most(times(cell)) {
            // In one piece, so it need not be cut where the rows of cells are.
            (width, height) if width * height <= BAND => (width, height),
            _ => part.in_whole_rows(times(cell), u32::from(rows)),
        },
        PictureMode::Iterm2 => part.at_most(times(cell)),
    };
    let filter = match terminal.mode {
        // A part of a cell is as large as what it stands for.
        PictureMode::Half | PictureMode::Quadrant | PictureMode::Sextant => FilterType::Box,
        _ => FilterType::Lanczos3,
    };
    let scaled = scale(image, part, pixels, filter)?;
    let (form, bytes) = match terminal.mode {
        PictureMode::Half | PictureMode::Quadrant | PictureMode::Sextant | PictureMode::None => {
            let cells = Cells::of(&scaled, glyphs, terminal.depth, terminal.budget);
            let bytes = cells.bytes;
            (Form::Cells(cells), bytes)
        }
        _ => graphics(&scaled, size, terminal)?,
    };
    Ok(Picture {
        form,
        size,
        pixels: image.dimensions(),
        sent: pixels,
        bytes,
        took: began.elapsed(),
        damage: decoded.damage,
    })
}

/// No picture is wider or higher in pixels, whatever a terminal claims of its size; a screen of 4K is not so large.
const MOST_PIXELS: u16 = 4096;

/// So many cells, or as many as there may be pixels; at least one.
fn within_bounds(cells: u16, pixels: u16) -> u16 {
    cells.min(MOST_PIXELS / pixels.max(1)).max(1)
}

/// The picture in the terminal's protocol, and its bytes.
fn graphics(
    scaled: &RgbImage,
    size: Size,
    terminal: &TerminalPictures,
) -> Result<(Form, usize), String> {
    let (tmux, budget) = (terminal.tmux, terminal.budget);
    let place = Place { size, tmux };
    if terminal.mode == PictureMode::Iterm2 {
        let data = iterm2(scaled, place, budget)?;
        let bytes = data.len();
        let is_tmux = tmux;
        return Ok((
            Form::Protocol(Protocol::ITerm2(Iterm2 {
                data,
                size,
                is_tmux,
            })),
            bytes,
        ));
    }
    if terminal.mode == PictureMode::Sixel {
        let data = sixel(scaled, place, budget)?;
        let bytes = data.len();
        let is_tmux = tmux;
        return Ok((
            Form::Protocol(Protocol::Sixel(Sixel {
                data,
                size,
                is_tmux,
            })),
            bytes,
        ));
    }
    let pieces = Arc::new(kitty(scaled, place, budget)?);
    let bytes = pieces.bytes();
    match pieces.bands.first() {
        Some(whole) if tmux => {
            // Its placeholders alone are wanted: what it would send is a single pixel.
            let pixel = DynamicImage::new_rgb8(1, 1);
            let cells = Kitty::new(pixel, size, whole.id, tmux, false)
                .map(Protocol::Kitty)
                .map_err(|error| error.to_string())?;
            Ok((Form::Placeholders { cells, pieces }, bytes))
        }
        _ => Ok((Form::Kitty(pieces), bytes)),
    }
}
