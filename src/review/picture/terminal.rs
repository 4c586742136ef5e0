use std::fmt;

use clap::ValueEnum;
use crossterm::terminal::window_size;

use super::ask::Answers;

/// How a picture is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum PictureMode {
    /// kitty's graphics protocol
    Kitty,
    /// iTerm2's inline images
    Iterm2,
    /// Sixel graphics
    Sixel,
    /// Half blocks: two colours a cell
    Half,
    /// Quarter blocks: two colours a cell, in more shapes
    Quadrant,
    /// Sixth blocks: in yet more, where the font has them
    Sextant,
    /// No pictures
    None,
}

impl fmt::Display for PictureMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PictureMode::Kitty => "kitty",
            PictureMode::Iterm2 => "iterm2",
            PictureMode::Sixel => "sixel",
            PictureMode::Half => "half",
            PictureMode::Quadrant => "quadrant",
            PictureMode::Sextant => "sextant",
            PictureMode::None => "none",
        })
    }
}

/// The colours that a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColorDepth {
    /// 16.7 million.
    True,
    /// The palette of 256.
    Indexed,
    /// The terminal's own 16.
    Ansi,
}

/// What is known of the terminal's way with pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TerminalPictures {
    /// How pictures are sent.
    pub mode: PictureMode,
    /// Width and height of a cell in pixels.
    pub cell: (u16, u16),
    /// Whether tmux stands between, which passes pictures on only in an envelope.
    pub tmux: bool,
    /// Colours of characters.
    pub depth: ColorDepth,
    /// Bytes that a picture may take, where that is bounded.
    pub budget: Option<usize>,
}

/// The settings of the environment that say something about pictures.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    term: String,
    /// TERM_PROGRAM, LC_TERMINAL and the like: who the terminal is.
    program: String,
    color_term: String,
    tmux: bool,
}

impl Environment {
    /// Of this process.
    pub fn of_process() -> Environment {
        Environment::from_variables(|name| std::env::var(name).ok())
    }

    pub(super) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Environment {
        let text = |name: &str| variable(name).unwrap_or_default();
        let is_set = |name: &str| !text(name).is_empty();
        let mut program = vec![text("TERM_PROGRAM"), text("LC_TERMINAL")];
        if is_set("WEZTERM_EXECUTABLE") {
            program.push("WezTerm".to_owned());
        }
        if is_set("KONSOLE_VERSION") {
            program.push("Konsole".to_owned());
        }
        let term = text("TERM");
        Environment {
            tmux: is_set("TMUX") || text("TERM_PROGRAM") == "tmux" || term.starts_with("tmux"),
            program: program.join(" "),
            term,
            color_term: text("COLORTERM"),
        }
    }

    /// A terminal with nothing but lines.
    pub(super) fn is_dumb(&self) -> bool {
        self.term == "dumb" || self.term.is_empty()
    }

    /// tmux, or GNU screen, by whose name tmux went too.
    pub(super) fn may_be_multiplexer(&self) -> bool {
        self.tmux || self.term.starts_with("screen")
    }

    /// Prints what it does not understand.
    pub(super) fn is_simple(&self) -> bool {
        self.term == "linux" || self.program.contains("Apple_Terminal")
    }
}

/// Terminals that show iTerm2's images and cannot say so when they are asked.
const ITERM2: &[&str] = &[
    "iTerm",
    "WezTerm",
    "mintty",
    "vscode",
    "Tabby",
    "rio",
    "WarpTerminal",
];
/// Terminals that answer kitty's query and show its pictures wrongly.
const NOT_KITTY: &[&str] = &["WezTerm", "Konsole"];
/// Terminals that draw sixth blocks themselves, whatever the font.
const SEXTANTS: &[&str] = &[
    "kitty",
    "foot",
    "alacritty",
    "ghostty",
    "contour",
    "WezTerm",
];

/// Where nothing is known of cells.
const CELL: (u16, u16) = (10, 20);

/// No cell has more pixels across or down, whatever a terminal claims.
const MOST_CELL: u16 = 256;

/// What was found out of a terminal, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// What was found.
    pub pictures: TerminalPictures,
    /// Why pictures are sent so.
    pub mode_because: &'static str,
    /// Where the cell's measures are from.
    pub cell_because: &'static str,
    /// Where the number of colours is from.
    pub depth_because: &'static str,
    /// What the terminal was asked, and whether it answered.
    pub asked: &'static str,
    /// Name and version, as the terminal says.
    pub version: Option<String>,
}

pub(super) fn is_tmux(environment: &Environment, answers: &Answers) -> bool {
    let version = answers.version.as_deref().unwrap_or_default();
    environment.tmux || version.starts_with("tmux")
}

/// Decides by what the environment and the terminal say.
pub(super) fn chosen(
    forced: Option<PictureMode>,
    environment: &Environment,
    answers: &Answers,
    interactive: bool,
) -> Detected {
    let version = answers.version.as_deref().unwrap_or_default();
    let names = [
        environment.program.as_str(),
        version,
        environment.term.as_str(),
    ];
    let is_one = |known: &[&str]| {
        known
            .iter()
            .any(|known| names.iter().any(|name| name.contains(known)))
    };
    let multiplexed = environment.may_be_multiplexer();
    let tmux = is_tmux(environment, answers);
    let (depth, depth_because) = depth(environment, answers);
    let (found, because) = if environment.is_dumb() {
        (PictureMode::None, "a dumb terminal shows no pictures")
    } else if !interactive {
        (PictureMode::Half, "half blocks show everywhere")
    } else if is_one(ITERM2) && !multiplexed {
        (PictureMode::Iterm2, "the terminal is known to show them")
    } else if answers.kitty && !is_one(NOT_KITTY) {
        (PictureMode::Kitty, "the terminal answered kitty's query")
    } else if answers.sixel && !is_one(NOT_KITTY) {
        (PictureMode::Sixel, "the terminal's attributes name sixel")
    } else if environment.term == "linux" {
        (PictureMode::Half, "the console's font has no more")
    } else if depth == ColorDepth::Ansi {
        // Finer parts than two a cell cannot each have the colour that dithering gives them.
        (PictureMode::Half, "16 colours mix best in half blocks")
    } else if is_one(SEXTANTS) {
        (
            PictureMode::Sextant,
            "the terminal draws sixth blocks itself",
        )
    } else if tmux {
        (
            PictureMode::Quadrant,
            "tmux shows no pictures and passes none on (`set -g allow-passthrough on`)",
        )
    } else {
        (
            PictureMode::Quadrant,
            "quarter blocks show nearly everywhere",
        )
    };
    let (cell, cell_because) = match (answers.cell, cell_of_window()) {
        (Some(cell), _) => (cell, "the terminal answered"),
        (None, Some(cell)) => (cell, "from the window's size"),
        (None, None) => (CELL, "a guess: nobody says"),
    };
    let cell = (cell.0.min(MOST_CELL), cell.1.min(MOST_CELL));
    let mode = forced.unwrap_or(found);
    Detected {
        pictures: TerminalPictures {
            mode,
            cell,
            // What tmux shows itself needs no passage.
            tmux: tmux && !(mode == PictureMode::Sixel && answers.sixel),
            depth,
            budget: None,
        },
        mode_because: if forced.is_some() {
            "it was asked for"
        } else {
            because
        },
        cell_because,
        depth_because,
        asked: "",
        version: answers.version.clone(),
    }
}

fn depth(environment: &Environment, answers: &Answers) -> (ColorDepth, &'static str) {
    let term = environment.term.as_str();
    if matches!(environment.color_term.as_str(), "truecolor" | "24bit") {
        (ColorDepth::True, "COLORTERM says so")
    } else if answers.full_color {
        (ColorDepth::True, "the terminal answered")
    } else if has_full_color(answers) {
        (ColorDepth::True, "the terminal's version has them")
    } else if term.ends_with("-direct") || term == "xterm-kitty" {
        (ColorDepth::True, "TERM says so")
    } else if term.contains("256color") {
        (ColorDepth::Indexed, "TERM says so")
    } else if !environment.color_term.is_empty() {
        (ColorDepth::Indexed, "COLORTERM is set")
    } else {
        (ColorDepth::Ansi, "neither COLORTERM nor TERM says more")
    }
}

/// xterm shows every colour since patch 331, and says so under no name.
fn has_full_color(answers: &Answers) -> bool {
    let version = answers.version.as_deref().unwrap_or_default();
    let patch = version.strip_prefix("XTerm(");
    let patch = patch.and_then(|rest| rest.strip_suffix(')')?.parse().ok());
    patch.is_some_and(|patch: u32| patch >= 331)
}

/// The cell's measures from the window's, where the system knows them.
fn cell_of_window() -> Option<(u16, u16)> {
    let size = window_size().ok()?;
    let cell = (
        size.width.checked_div(size.columns)?,
        size.height.checked_div(size.rows)?,
    );
    (cell.0 > 0 && cell.1 > 0).then_some(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::from_variables(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn mode(variables: &[(&str, &str)], answers: &Answers) -> PictureMode {
        chosen(None, &environment(variables), answers, true)
            .pictures
            .mode
    }

    const XTERM: &[(&str, &str)] = &[("TERM", "xterm-256color")];

    fn version(text: &str) -> Answers {
        Answers {
            version: Some(text.to_owned()),
            ..Answers::default()
        }
    }

    #[test]
    fn what_the_terminal_answers_decides() {
        let nothing = Answers::default();
        let sixel = Answers {
            sixel: true,
            ..Answers::default()
        };
        let both = Answers {
            kitty: true,
            ..sixel.clone()
        };
        assert_eq!(mode(XTERM, &nothing), PictureMode::Quadrant);
        assert_eq!(mode(XTERM, &sixel), PictureMode::Sixel);
        assert_eq!(mode(XTERM, &both), PictureMode::Kitty);
        assert_eq!(mode(&[("TERM", "dumb")], &both), PictureMode::None);
        assert_eq!(mode(XTERM, &version("iTerm2 3.5.0")), PictureMode::Iterm2);
        assert_eq!(mode(XTERM, &version("foot(1.16)")), PictureMode::Sextant);
        let wide = Answers {
            cell: Some((9, 18)),
            ..Answers::default()
        };
        let forced = chosen(Some(PictureMode::Sixel), &environment(XTERM), &wide, true).pictures;
        assert_eq!((forced.mode, forced.cell), (PictureMode::Sixel, (9, 18)));
    }

    #[test]
    fn what_terminals_cannot_say_the_environment_says() {
        let nothing = Answers::default();
        let iterm = [("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")];
        assert_eq!(mode(&iterm, &nothing), PictureMode::Iterm2);
        let konsole = [("TERM", "xterm-256color"), ("KONSOLE_VERSION", "230800")];
        let kitty = Answers {
            kitty: true,
            ..Answers::default()
        };
        assert_eq!(mode(&konsole, &kitty), PictureMode::Quadrant);
        assert_eq!(mode(&[("TERM", "linux")], &nothing), PictureMode::Half);
        assert_eq!(mode(&[("TERM", "xterm")], &nothing), PictureMode::Half);
    }

    #[test]
    fn tmux_decides_by_what_it_shows_or_passes_on() {
        let tmux = [
            ("TERM", "tmux-256color"),
            ("TMUX", "/tmp/x,1,0"),
            ("LC_TERMINAL", "iTerm2"),
        ];
        let found = |answers: &Answers| {
            let pictures = chosen(None, &environment(&tmux), answers, true).pictures;
            (pictures.mode, pictures.tmux)
        };
        assert_eq!(found(&version("tmux 3.5")), (PictureMode::Quadrant, true));
        let passes = Answers {
            kitty: true,
            ..version("tmux 3.5")
        };
        assert_eq!(found(&passes), (PictureMode::Kitty, true));
        let sixel = Answers {
            sixel: true,
            ..version("tmux 3.5")
        };
        assert_eq!(found(&sixel), (PictureMode::Sixel, false));
        // Another machine's tmux, by its answer.
        let remote = chosen(
            None,
            &environment(&[("TERM", "screen-256color")]),
            &version("tmux 3.3a"),
            true,
        );
        assert!(remote.pictures.tmux);
    }

    #[test]
    fn colours_are_told_by_the_environment_or_the_terminal() {
        let found = |variables, answers: &Answers| depth(&environment(variables), answers).0;
        let nothing = Answers::default();
        assert_eq!(
            found(&[("TERM", "xterm"), ("COLORTERM", "truecolor")], &nothing),
            ColorDepth::True
        );
        assert_eq!(
            found(&[("TERM", "screen-256color")], &nothing),
            ColorDepth::Indexed
        );
        assert_eq!(found(&[("TERM", "linux")], &nothing), ColorDepth::Ansi);
        let full = Answers {
            full_color: true,
            ..Answers::default()
        };
        assert_eq!(found(XTERM, &full), ColorDepth::True);
        let xterm = |patch| found(&[("TERM", "xterm")], &version(patch));
        assert_eq!(xterm("XTerm(379)"), ColorDepth::True);
        assert_eq!(xterm("XTerm(330)"), ColorDepth::Ansi);
    }
}
