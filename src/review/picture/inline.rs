use std::io::{self, Write};

use crossterm::queue;
use crossterm::style::{Color, ResetColor, SetBackgroundColor, SetForegroundColor};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::{Form, Picture};

/// Prints a picture where the cursor is, as the review screen would draw it, and leaves the cursor below it.
///
/// # Errors
/// Writing fails.
pub fn write_inline(picture: &Picture, out: &mut impl Write) -> io::Result<()> {
    let size = picture.size();
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buffer = Buffer::empty(area);
    picture.render(area, &mut buffer);
    let in_cells = match &picture.form {
        Form::Half(_) | Form::Kitty { .. } => true,
        Form::Protocol(_) => false,
    };
    if in_cells {
        return write_cells(&buffer, out);
    }
    // Room first, so that a picture at the bottom of the screen is not cut; then the picture from its first cell.
    for _ in 0..size.height {
        writeln!(out)?;
    }
    write!(out, "\x1b[{}A\x1b7", size.height)?;
    if let Some(cell) = buffer.cell((0, 0)) {
        out.write_all(cell.symbol().as_bytes())?;
    }
    writeln!(out, "\x1b8\x1b[{}B", size.height.saturating_sub(1))
}

fn write_cells(buffer: &Buffer, out: &mut impl Write) -> io::Result<()> {
    for row in 0..buffer.area.height {
        let mut colors: (Option<Color>, Option<Color>) = (None, None);
        for column in 0..buffer.area.width {
            let Some(cell) = buffer.cell((column, row)) else {
                continue;
            };
            let wanted: (Color, Color) = (cell.fg.into_crossterm(), cell.bg.into_crossterm());
            if colors.0 != Some(wanted.0) {
                queue!(out, SetForegroundColor(wanted.0))?;
            }
            if colors.1 != Some(wanted.1) {
                queue!(out, SetBackgroundColor(wanted.1))?;
            }
            colors = (Some(wanted.0), Some(wanted.1));
            out.write_all(cell.symbol().as_bytes())?;
        }
        queue!(out, ResetColor)?;
        writeln!(out)?;
    }
    Ok(())
}

use ratatui::backend::IntoCrossterm;
