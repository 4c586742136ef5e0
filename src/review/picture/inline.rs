use std::fmt::Write as _;
use std::io::{self, Write};

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;

use super::payload::kitty::{Pieces, Use, deletion};
use super::{Form, Pen, Picture};

/// Prints a picture where the cursor is, as the review screen would draw it, and leaves the cursor below it.
///
/// # Errors
/// Writing fails.
pub fn write_inline(picture: &Picture, out: &mut impl Write) -> io::Result<()> {
    let size = picture.size();
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buffer = Buffer::empty(area);
    picture.render(area, &mut buffer);
    let text = match &picture.form {
        Form::Cells(_) => in_cells(&buffer),
        Form::Placeholders { pieces, .. } => {
            let send = |pieces: &Pieces| -> String {
                let bands = pieces.bands.iter();
                bands
                    .map(|band| band.transmission(Use::Placeholders, true))
                    .collect()
            };
            send(pieces) + &in_cells(&buffer)
        }
        Form::Kitty(pieces) => in_room(size, &in_pieces(pieces)),
        Form::Protocol(_) => in_room(size, buffer.cell((0, 0)).map_or("", |cell| cell.symbol())),
    };
    out.write_all(text.as_bytes())
}

/// Makes room first, so that a picture at the bottom of the screen is not cut; then the picture, from its first cell.
fn in_room(size: Size, picture: &str) -> String {
    let room = "\n".repeat(usize::from(size.height));
    format!(
        "{room}\x1b[{}A\x1b7{picture}\x1b8\x1b[{}B\n",
        size.height,
        size.height.saturating_sub(1)
    )
}

fn in_pieces(pieces: &Pieces) -> String {
    let mut text = String::new();
    let mut put = |piece: &super::payload::kitty::Piece| {
        if piece.top > 0 {
            // Writing into a text cannot fail.
            let _ = write!(text, "\x1b[{}B", piece.top);
        }
        text += &piece.transmission(Use::Shown, false);
        text += "\x1b8";
    };
    pieces.preview.iter().for_each(&mut put);
    pieces.bands.iter().for_each(&mut put);
    if let Some(preview) = &pieces.preview {
        text += &deletion(preview.id, false);
    }
    text
}

fn in_cells(buffer: &Buffer) -> String {
    let mut text = String::new();
    for row in 0..buffer.area.height {
        let mut pen = Pen::default();
        for column in 0..buffer.area.width {
            if let Some(cell) = buffer.cell((column, row)) {
                pen.write(cell, &mut text);
            }
        }
        pen.lay_down(&mut text);
        text.push('\n');
    }
    text
}
