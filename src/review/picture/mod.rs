//! Pictures for the terminal: decoded within bounds, scaled to their box, encoded for the terminal's protocol, kept.
//!
//! Imports domain, text and guard. Everything here may take long and runs off the drawing thread, but for [`Picture`] itself.

mod ask;
mod blocks;
mod decode;
mod encode;
mod examine;
mod inline;
mod layer;
mod palette;
mod payload;
mod pen;
mod scale;
mod terminal;
mod thumbnail;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Color;
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;

pub use ask::{Answers, Inquiry, QUERY, Question};
use blocks::Cells;
pub use decode::{Damage, DecodeError, Decoded, Probe, decode, probe};
pub use encode::encode;
pub use examine::{detect, examine, send};
pub use inline::write_inline;
pub use layer::{Layer, Placed};
use payload::kitty::Pieces;
pub use pen::Pen;
pub use terminal::{ColorDepth, Detected, Environment, PictureMode, TerminalPictures};
pub use thumbnail::{Thumbnail, thumbnail};
pub use worker::{NoPicture, Outcome, PictureWorker, THREAD_PREFIX, Wanted};

use crate::domain::ImageId;

/// Which part of an image is shown, in how much detail.
///
/// `zoom` 0 is the whole image; each further level halves the side of the part that is shown. The centre is in
/// thousandths of the image's width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Viewport {
    /// Level of magnification, 0 to 5.
    pub zoom: u8,
    /// Centre of the part, 0 to 1000 from left to right.
    pub x: u16,
    /// Centre of the part, 0 to 1000 from top to bottom.
    pub y: u16,
}

impl Viewport {
    /// The whole image.
    pub const WHOLE: Viewport = Viewport {
        zoom: 0,
        x: 500,
        y: 500,
    };
}

/// A picture that the screen wants: this part of this image in a box of this many cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PictureRequest {
    /// The image.
    pub image: ImageId,
    /// Columns of the box.
    pub columns: u16,
    /// Rows of the box.
    pub rows: u16,
    /// The part of the image.
    pub viewport: Viewport,
}

impl PictureRequest {
    /// A part of an image that fills an area.
    pub fn filling(area: Rect, image: ImageId, viewport: Viewport) -> PictureRequest {
        PictureRequest {
            image,
            columns: area.width,
            rows: area.height,
            viewport,
        }
    }
}

/// A picture ready to be drawn: encoded, with the cells that it covers.
#[derive(Clone)]
pub struct Picture {
    form: Form,
    size: Size,
    /// Width and height of the upright image file, in pixels.
    pub pixels: (u32, u32),
    /// Width and height of what the terminal gets, in pixels.
    pub sent: (u32, u32),
    /// Bytes that bring it to the terminal, but for where it stands.
    pub bytes: usize,
    /// How long scaling and encoding took.
    pub took: Duration,
    /// A fault of the file, to be said beside the picture.
    pub damage: Option<Damage>,
}

#[derive(Clone)]
enum Form {
    /// Bytes for the terminal, in cells of the buffer.
    Protocol(Protocol),
    /// Sent and placed beside the cells, by a [`Layer`].
    Kitty(Arc<Pieces>),
    /// Sent beside the cells, shown by placeholders in them.
    Placeholders {
        cells: Protocol,
        pieces: Arc<Pieces>,
    },
    /// Characters.
    Cells(Cells),
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Picture")
            .field("size", &self.size)
            .field("pixels", &self.pixels)
            .finish_non_exhaustive()
    }
}

impl Picture {
    /// The cells that the picture covers; at most the box that was asked for.
    pub fn size(&self) -> Size {
        self.size
    }
}

impl Widget for &Picture {
    /// Draws the picture into the top left corner of `area`, as far as it is made of cells.
    fn render(self, area: Rect, buffer: &mut Buffer) {
        match &self.form {
            Form::Protocol(protocol) => Image::new(protocol).render(area, buffer),
            Form::Kitty(_) => {}
            Form::Placeholders { cells, pieces } => {
                Image::new(cells).render(area, buffer);
                without_transmission(area, buffer);
                if let Some(whole) = pieces.bands.first() {
                    color_placeholders(whole.id, area, buffer);
                }
            }
            Form::Cells(cells) => cells.render(area, buffer),
        }
    }
}

/// Says the picture's number by one of 256 colours, which every tmux keeps.
fn color_placeholders(id: u32, area: Rect, buffer: &mut Buffer) {
    let [.., color] = id.to_be_bytes();
    for place in area.positions() {
        if let Some(cell) = buffer.cell_mut(place)
            && cell.symbol().starts_with(PLACEHOLDER)
        {
            cell.set_fg(Color::Indexed(color));
        }
    }
}

/// Takes away what would be sent before the first placeholder: a [`Layer`] sends the picture.
fn without_transmission(area: Rect, buffer: &mut Buffer) {
    if let Some(cell) = buffer.cell_mut((area.x, area.y))
        && let Some((_, placeholders)) = cell.symbol().split_once(PLACEHOLDER)
    {
        let symbol = format!("{PLACEHOLDER}{placeholders}");
        cell.set_symbol(&symbol);
    }
}

/// What stands in the cells of a picture of kitty's.
const PLACEHOLDER: char = '\u{10EEEE}';
