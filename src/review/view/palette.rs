use ratatui::style::{Color, Modifier, Style};

use crate::domain::Answer;

/// How things are set off from each other. Nothing is told by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    color: bool,
}

impl Palette {
    /// With the terminal's own 16 colours, or with bold and reverse alone.
    pub fn new(color: bool) -> Palette {
        Palette { color }
    }

    fn colored(self, color: Color) -> Style {
        match self.color {
            true => Style::new().fg(color),
            false => Style::new(),
        }
    }

    /// Headings and frames.
    pub fn heading(self) -> Style {
        self.colored(Color::Cyan)
    }

    /// What is only there for reference.
    pub fn quiet(self) -> Style {
        match self.color {
            true => Style::new().fg(Color::DarkGray),
            false => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// What the eye should find.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The line under the cursor.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Keys in the bar.
    pub fn key(self) -> Style {
        self.colored(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    /// The key to press next.
    pub fn called_for(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// Something went wrong.
    pub fn error(self) -> Style {
        self.colored(Color::Red)
            .add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// An answer's letter.
    pub fn answer(self, answer: Answer) -> Style {
        let color = match answer {
            Answer::Yes => Color::Green,
            Answer::Maybe => Color::Yellow,
            Answer::No => Color::Red,
        };
        self.colored(color).add_modifier(Modifier::BOLD)
    }
}
