//! Pictures for kitty: coarse first, then fine in bands from the top, each a picture of its own for the terminal, so that
//! a rater who goes on waits for no more than the band under way.

use std::fmt::Write;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use ratatui::layout::Size;

use super::indexed::{Indexed, indexed, png};
use super::{Place, envelope, first_that_fits, shrunk};

/// Colours, and by how much the picture is made smaller.
const FINE: &[(u16, u32)] = &[
    (256, 1),
    (128, 1),
    (64, 1),
    (256, 2),
    (64, 2),
    (64, 3),
    (32, 4),
];
const COARSE: &[(u16, u32)] = &[
    (64, 3),
    (64, 4),
    (32, 4),
    (32, 5),
    (16, 6),
    (16, 8),
    (16, 12),
    (8, 16),
];

/// Bytes of the first sight, at most.
const PREVIEW: usize = 9_700;

/// Pixels of a band, about: some 16 kB.
pub const BAND: u32 = 28_000;

/// Bytes of base64 that one command may carry.
const CHUNK: usize = 4096;

/// A picture, or a band of one, as the terminal holds it.
#[derive(Debug)]
pub struct Piece {
    /// Its number in the terminal.
    pub id: u32,
    /// Rows of cells above it in the picture.
    pub top: u16,
    /// The cells that it covers.
    pub size: Size,
    /// PNG in base64.
    data: String,
}

/// A picture in pieces.
#[derive(Debug)]
pub struct Pieces {
    /// All of it, coarse; none where the rest is small.
    pub preview: Option<Piece>,
    /// All of it, fine, from the top.
    pub bands: Vec<Piece>,
}

impl Pieces {
    /// Bytes of all transmissions, but for the commands around each chunk.
    pub fn bytes(&self) -> usize {
        let pieces = self.preview.iter().chain(&self.bands);
        pieces.map(Piece::bytes).sum()
    }
}

/// What a piece is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To be placed by a command of its own, once the terminal says that it has it.
    Kept,
    /// To be shown where the cursor is; the terminal says nothing.
    Shown,
    /// To be shown where placeholders stand; the terminal says nothing.
    Placeholders,
}

impl Piece {
    fn new(top: u16, size: Size, png: &[u8]) -> Piece {
        Piece {
            id: rand::random_range(1..=u32::MAX),
            top,
            size,
            data: STANDARD.encode(png),
        }
    }

    /// Bytes of the transmission, but for the commands around each chunk.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    /// The commands that bring it to the terminal.
    pub fn transmission(&self, purpose: Use, tmux: bool) -> String {
        let (start, escape, end) = envelope(tmux);
        let (id, Size { width, height }) = (self.id, self.size);
        let mut keys = match purpose {
            Use::Kept => format!("a=t,i={id},f=100,"),
            Use::Shown => format!("a=T,q=2,i={id},f=100,c={width},r={height},C=1,"),
            Use::Placeholders => format!("a=T,q=2,U=1,i={id},f=100,c={width},r={height},"),
        };
        let mut text = String::with_capacity(self.data.len() + self.data.len() / 100 + 100);
        let mut rest = self.data.as_str();
        loop {
            let (chunk, later) = rest.split_at(rest.len().min(CHUNK));
            rest = later;
            let more = u8::from(!rest.is_empty());
            // Writing into a text cannot fail.
            let _ = write!(
                text,
                "{start}{escape}_G{keys}m={more};{chunk}{escape}\\{end}"
            );
            if more == 0 {
                return text;
            }
            let quiet = if purpose == Use::Kept { "" } else { "q=2," };
            quiet.clone_into(&mut keys);
        }
    }

    /// The command that shows it where the cursor is, on such a layer.
    pub fn placement(&self, layer: i32) -> String {
        let (id, Size { width, height }) = (self.id, self.size);
        format!("\x1b_Ga=p,q=2,i={id},p=1,c={width},r={height},z={layer},C=1\x1b\\")
    }
}

/// A number that placeholders can say with one of 256 colours, and so through a tmux that knows of no more: the lowest byte
/// is the colour, the highest a mark of its own.
fn placeholder_id() -> u32 {
    static NEXT: LazyLock<AtomicU32> =
        LazyLock::new(|| AtomicU32::new(rand::random_range(0..1 << 31)));
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    // The first 16 colours have other names too.
    (1 + next / 240 % 255) << 24 | (16 + next % 240)
}

/// Takes a picture from the screen, but not from the terminal's memory.
pub fn removal(id: u32) -> String {
    format!("\x1b_Ga=d,q=2,d=i,i={id}\x1b\\")
}

/// Frees a picture, with its placements.
pub fn deletion(id: u32, tmux: bool) -> String {
    let (start, escape, end) = envelope(tmux);
    format!("{start}{escape}_Ga=d,q=2,d=I,i={id}{escape}\\{end}")
}

/// A picture in pieces: PNG with a palette.
///
/// # Errors
/// The encoder refuses.
pub fn kitty(image: &RgbImage, place: Place, budget: Option<usize>) -> Result<Pieces, String> {
    if place.tmux {
        // tmux knows of placeholders alone, which show one picture.
        let mut bands = fine(image, place.size, budget, 1)?;
        for whole in &mut bands {
            whole.id = placeholder_id();
        }
        return Ok(Pieces {
            preview: None,
            bands,
        });
    }
    let (width, height) = image.dimensions();
    let bands = (width * height).div_ceil(BAND);
    let most = budget.map_or(PREVIEW, |budget| PREVIEW.min(budget / 5));
    let mut preview = None;
    if bands > 1 {
        let coarse = first_that_fits(COARSE, Some(most), Vec::len, |(colors, smaller)| {
            let image = shrunk(image, smaller);
            let Indexed { palette, indices } = indexed(&image, colors)?;
            let png = png(&palette, &indices, image.width())?;
            Ok(STANDARD.encode(png).into_bytes())
        })?;
        if coarse.len() <= most {
            let data = String::from_utf8(coarse).map_err(|error| error.to_string())?;
            preview = Some(Piece {
                data,
                ..Piece::new(0, place.size, &[])
            });
        }
    }
    let left = budget.map(|budget| budget - preview.as_ref().map_or(0, Piece::bytes));
    let bands = fine(image, place.size, left, bands)?;
    let small = bands.iter().map(Piece::bytes).sum::<usize>() <= 2 * PREVIEW;
    Ok(Pieces {
        preview: preview.filter(|_| !small),
        bands,
    })
}

fn fine(
    image: &RgbImage,
    size: Size,
    budget: Option<usize>,
    bands: u32,
) -> Result<Vec<Piece>, String> {
    let bytes = |bands: &Vec<Piece>| bands.iter().map(Piece::bytes).sum();
    first_that_fits(FINE, budget, bytes, |(colors, smaller)| {
        let image = shrunk(image, smaller);
        let Indexed { palette, indices } = indexed(&image, colors)?;
        let (width, height) = image.dimensions();
        let rows = u32::from(size.height);
        // Rows of cells a band; pixels are cut where the cells are.
        let step = rows.div_ceil(
            bands
                .div_ceil(smaller * smaller)
                .clamp(1, rows.min(height).max(1)),
        );
        let mut pieces = Vec::new();
        let mut top = 0;
        while top < rows {
            let below = (top + step).min(rows);
            let pixel = |row: u32| (height * row / rows) as usize * width as usize;
            let part = indices.get(pixel(top)..pixel(below)).unwrap_or_default();
            let cells = |rows: u32| u16::try_from(rows).unwrap_or(u16::MAX);
            pieces.push(Piece::new(
                cells(top),
                Size::new(size.width, cells(below - top)),
                &png(&palette, part, width)?,
            ));
            top = below;
        }
        Ok(pieces)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawing() -> RgbImage {
        RgbImage::from_fn(480, 400, |x, y| {
            image::Rgb([x as u8, y as u8, (x * y / 7) as u8])
        })
    }

    const PLACE: Place = Place {
        size: Size::new(48, 20),
        tmux: false,
    };

    #[test]
    fn bands_cover_the_picture_from_the_top() {
        let made = kitty(&drawing(), PLACE, None).unwrap();
        let mut row = 0;
        for band in &made.bands {
            assert_eq!((band.top, band.size.width), (row, 48));
            row += band.size.height;
        }
        assert_eq!(row, 20);
        assert!(made.bands.len() > 3, "{}", made.bands.len());
        let preview = made.preview.unwrap();
        assert_eq!((preview.top, preview.size), (0, PLACE.size));
        assert!(preview.bytes() <= PREVIEW);
    }

    #[test]
    fn a_small_picture_comes_at_once() {
        let small = image::imageops::thumbnail(&drawing(), 60, 50);
        let made = kitty(&small, PLACE, None).unwrap();
        assert!(made.preview.is_none());
        assert_eq!(made.bands.len(), 1);
    }

    #[test]
    fn a_transmission_comes_in_chunks_of_which_the_first_has_the_keys() {
        let piece = Piece::new(0, PLACE.size, &[7; 7000]);
        let text = piece.transmission(Use::Shown, false);
        let commands: Vec<&str> = text.split_terminator("\x1b\\").collect();
        assert_eq!(commands.len(), 3);
        assert!(commands[0].starts_with("\x1b_Ga=T,q=2,"), "{}", commands[0]);
        assert!(commands[1].starts_with("\x1b_Gq=2,m=1;"));
        assert!(commands[2].starts_with("\x1b_Gq=2,m=0;"));
        let wrapped = piece.transmission(Use::Placeholders, true);
        assert!(wrapped.starts_with("\x1bPtmux;\x1b\x1b_Ga=T,q=2,U=1"));
    }
}
