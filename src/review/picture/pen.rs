//! Writes cells with no more than what changes from one to the next: over a slow line a colour is most of a cell.

use std::fmt::Write;

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

/// The colours and attributes that the terminal writes with now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pen {
    ink: Color,
    ground: Color,
    modifier: Modifier,
}

/// The parameters of the sequence that takes a colour, as foreground or background (ECMA-48, 8.3.117; ISO 8613-6).
pub fn code(color: Color, is_ground: bool) -> String {
    let (base, bright) = if is_ground { (40, 100) } else { (30, 90) };
    let (offset, number) = match color {
        Color::Reset => (base, 9),
        Color::Black => (base, 0),
        Color::Red => (base, 1),
        Color::Green => (base, 2),
        Color::Yellow => (base, 3),
        Color::Blue => (base, 4),
        Color::Magenta => (base, 5),
        Color::Cyan => (base, 6),
        Color::Gray => (base, 7),
        Color::DarkGray => (bright, 0),
        Color::LightRed => (bright, 1),
        Color::LightGreen => (bright, 2),
        Color::LightYellow => (bright, 3),
        Color::LightBlue => (bright, 4),
        Color::LightMagenta => (bright, 5),
        Color::LightCyan => (bright, 6),
        Color::White => (bright, 7),
        Color::Indexed(index) => return format!("{};5;{index}", base + 8),
        Color::Rgb(red, green, blue) => return format!("{};2;{red};{green};{blue}", base + 8),
    };
    (offset + number).to_string()
}

/// Bytes of [`code`].
pub fn code_bytes(color: Color, is_ground: bool) -> usize {
    let digits = |value: u8| match value {
        0..=9 => 1,
        10..=99 => 2,
        100.. => 3,
    };
    match color {
        Color::Rgb(red, green, blue) => 7 + digits(red) + digits(green) + digits(blue),
        Color::Indexed(index) => 5 + digits(index),
        other => code(other, is_ground).len(),
    }
}

const ATTRIBUTES: [(Modifier, u8); 8] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

impl Pen {
    /// Writes a cell where the cursor is.
    pub fn write(&mut self, cell: &Cell, text: &mut String) {
        let mut codes: Vec<String> = Vec::new();
        if cell.modifier != self.modifier {
            *self = Pen {
                modifier: cell.modifier,
                ..Pen::default()
            };
            codes.push("0".to_owned());
            let set = ATTRIBUTES
                .iter()
                .filter(|(is, _)| cell.modifier.contains(*is));
            codes.extend(set.map(|(_, number)| number.to_string()));
        }
        // A blank has no ink.
        let is_blank = cell.symbol() == " " && !cell.modifier.intersects(SHOWS_ON_BLANKS);
        if cell.fg != self.ink && !is_blank {
            self.ink = cell.fg;
            codes.push(code(cell.fg, false));
        }
        if cell.bg != self.ground && cell.symbol() != "█" {
            self.ground = cell.bg;
            codes.push(code(cell.bg, true));
        }
        if !codes.is_empty() {
            // Writing into a text cannot fail.
            let _ = write!(text, "\x1b[{}m", codes.join(";"));
        }
        text.push_str(cell.symbol());
    }

    /// Puts the pen back as it was at first.
    pub fn lay_down(&mut self, text: &mut String) {
        if *self != Pen::default() {
            text.push_str("\x1b[0m");
            *self = Pen::default();
        }
    }
}

/// What a blank shows beside its background.
const SHOWS_ON_BLANKS: Modifier = Modifier::UNDERLINED
    .union(Modifier::CROSSED_OUT)
    .union(Modifier::REVERSED);
