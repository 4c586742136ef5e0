//! Pictures for the terminal: decoded within bounds, scaled to their box, encoded for the terminal's protocol, kept.
//!
//! Imports domain only. Everything here may take long and runs off the drawing thread, but for [`Picture`] itself.

mod decode;
mod encode;
mod inline;
mod payload;
mod scale;
mod sent;
mod terminal;
mod worker;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;

pub use decode::{DecodeError, Probe, decode, probe};
use encode::HalfBlocks;
pub use encode::encode;
pub use inline::write_inline;
use sent::Sent;
pub use terminal::{ColorDepth, Detected, PictureMode, TerminalPictures, detect, examine};
pub use worker::{Outcome, PictureWorker, THREAD_PREFIX, Wanted};

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

/// A picture ready to be drawn: encoded, with the cells that it covers.
#[derive(Clone)]
pub struct Picture {
    form: Form,
    size: Size,
    /// Width and height of the upright image file, in pixels.
    pub pixels: (u32, u32),
}

#[derive(Clone)]
enum Form {
    /// Bytes for the terminal, in cells of the buffer.
    Protocol(Protocol),
    /// Placeholders, before the first of which the picture is sent once.
    Kitty {
        placement: Protocol,
        transmission: String,
        sent: Arc<Sent>,
        tmux: bool,
    },
    /// Characters.
    Half(HalfBlocks),
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
    /// Draws the picture into the top left corner of `area`.
    fn render(self, area: Rect, buffer: &mut Buffer) {
        match &self.form {
            Form::Protocol(protocol) => Image::new(protocol).render(area, buffer),
            Form::Kitty {
                placement,
                transmission,
                sent,
                tmux,
            } => {
                Image::new(placement).render(area, buffer);
                let first = || sent.now(*tmux) + transmission;
                send_instead(first, area, buffer);
            }
            Form::Half(cells) => cells.render(area, buffer),
        }
    }
}

/// Puts a transmission in the place of the one before the first placeholder, where there is one: at the first drawing.
fn send_instead(transmission: impl Fn() -> String, area: Rect, buffer: &mut Buffer) {
    if let Some(cell) = buffer.cell_mut((area.x, area.y))
        && cell.symbol().starts_with('\x1b')
        && let Some(placeholder) = cell.symbol().find(PLACEHOLDER)
    {
        let placeholder = cell.symbol().get(placeholder..).unwrap_or_default();
        let symbol = transmission() + placeholder;
        cell.set_symbol(&symbol);
    }
}

/// What stands in the cells of a picture of kitty's.
const PLACEHOLDER: char = '\u{10EEEE}';
