use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use crossterm::terminal::{disable_raw_mode, enable_raw_mode, is_raw_mode_enabled, window_size};
use ratatui_image::picker::cap_parser::{Parser, QueryStdioOptions, Response};

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
    /// Colours of half blocks.
    pub depth: ColorDepth,
    /// Bytes that a picture may take, where that is bounded; half blocks take what they take.
    pub budget: Option<usize>,
}

/// The settings of the environment that say something about pictures.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    term: String,
    term_program: String,
    lc_terminal: String,
    color_term: String,
    tmux: bool,
    wezterm: bool,
    konsole: bool,
}

impl Environment {
    /// As the process has it.
    pub fn of_process() -> Environment {
        Environment::from_variables(|name| std::env::var(name).ok())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Environment {
        let text = |name: &str| variable(name).unwrap_or_default();
        Environment {
            tmux: !text("TMUX").is_empty() || text("TERM_PROGRAM") == "tmux",
            wezterm: !text("WEZTERM_EXECUTABLE").is_empty(),
            konsole: !text("KONSOLE_VERSION").is_empty(),
            term: text("TERM"),
            term_program: text("TERM_PROGRAM"),
            lc_terminal: text("LC_TERMINAL"),
            color_term: text("COLORTERM"),
        }
    }

    /// Colours by COLORTERM, else by TERM.
    pub fn depth(&self) -> ColorDepth {
        if matches!(self.color_term.as_str(), "truecolor" | "24bit")
            || self.term.ends_with("-direct")
            || self.term == "xterm-kitty"
        {
            ColorDepth::True
        } else if self.term.contains("256color") || !self.color_term.is_empty() {
            ColorDepth::Indexed
        } else {
            ColorDepth::Ansi
        }
    }

    /// Terminals that show iTerm2's images and say so in the environment alone.
    fn shows_iterm2(&self) -> bool {
        !self.tmux
            && ([
                "iTerm",
                "WezTerm",
                "mintty",
                "vscode",
                "Tabby",
                "rio",
                "WarpTerminal",
            ]
            .iter()
            .any(|name| self.term_program.contains(name))
                || self.lc_terminal.contains("iTerm"))
    }

    /// Terminals whose kitty or sixel pictures come out wrong.
    fn half_supports(&self) -> bool {
        self.wezterm || self.konsole
    }
}

/// A terminal that has not answered by then is taken for one that does not.
const PATIENCE: Duration = Duration::from_millis(250);

/// Where nothing is known of cells.
const CELL: (u16, u16) = (10, 20);

/// What was found out of a terminal, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// What was found.
    pub pictures: TerminalPictures,
    /// Why pictures are sent so.
    pub mode_because: &'static str,
    /// Where the cell's measures are from.
    pub cell_because: &'static str,
    /// What the terminal was asked, and whether it answered.
    pub asked: &'static str,
}

/// Finds out how to send pictures: by asking the terminal, within a bounded time; nothing is asked where nobody can answer,
/// or where the answer is `forced` and needs no measures.
pub fn detect(forced: Option<PictureMode>) -> TerminalPictures {
    examine(forced).pictures
}

/// The same, with the reasons.
pub fn examine(forced: Option<PictureMode>) -> Detected {
    // NO_COLOR is about words, whose colours are the palette's; a picture is nothing but its colours, and kitty's
    // placeholders name their picture by one.
    crossterm::style::force_color_output(true);
    let environment = Environment::of_process();
    let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
    let dumb = environment.term == "dumb" || environment.term.is_empty();
    let forced_alone = matches!(forced, Some(PictureMode::None | PictureMode::Half));
    let (answers, asked) = if !interactive {
        (Vec::new(), "not asked: input or output is no terminal")
    } else if dumb {
        (Vec::new(), "not asked: TERM says that it is dumb")
    } else if forced_alone {
        (Vec::new(), "not asked: the answer would change nothing")
    } else {
        match ask(&environment) {
            Ok(answers) if !answers.is_empty() => (answers, "asked, and it answered"),
            Ok(_) => (Vec::new(), "asked, and it said nothing of pictures in time"),
            Err(_) => (Vec::new(), "it could not be asked"),
        }
    };
    Detected {
        asked,
        ..chosen(forced, &environment, &answers, dumb)
    }
}

fn chosen(
    forced: Option<PictureMode>,
    environment: &Environment,
    answers: &[Response],
    dumb: bool,
) -> Detected {
    let said = |wanted: fn(&Response) -> bool| answers.iter().any(wanted);
    let is_kitty = |answer: &Response| matches!(answer, Response::Kitty);
    let is_sixel = |answer: &Response| matches!(answer, Response::Sixel);
    let (found, because) = if dumb {
        (PictureMode::None, "a dumb terminal shows no pictures")
    } else if environment.shows_iterm2() {
        (
            PictureMode::Iterm2,
            "the environment names a terminal that shows them",
        )
    } else if said(is_kitty) && !environment.half_supports() {
        (PictureMode::Kitty, "the terminal answered kitty's query")
    } else if said(is_sixel) && !environment.half_supports() {
        (PictureMode::Sixel, "the terminal's attributes name sixel")
    } else if environment.half_supports() {
        (
            PictureMode::Half,
            "this terminal's own pictures come out wrong",
        )
    } else {
        (PictureMode::Half, "characters show everywhere")
    };
    let answered = answers.iter().find_map(|answer| match answer {
        Response::CellSize(Some((width, height))) if *width > 0 && *height > 0 => {
            Some((*width, *height))
        }
        _ => None,
    });
    let (cell, cell_because) = match (answered, cell_of_window()) {
        (Some(cell), _) => (cell, "the terminal answered"),
        (None, Some(cell)) => (cell, "from the window's size"),
        (None, None) => (CELL, "a guess: nobody says"),
    };
    Detected {
        pictures: TerminalPictures {
            mode: forced.unwrap_or(found),
            cell,
            tmux: environment.tmux,
            depth: environment.depth(),
            budget: None,
        },
        mode_because: if forced.is_some() {
            "it was asked for"
        } else {
            because
        },
        cell_because,
        asked: "",
    }
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

/// Asks everything at once and reads until the last answer, which every terminal gives, or until patience ends.
#[cfg(unix)]
fn ask(environment: &Environment) -> io::Result<Vec<Response>> {
    let was_raw = is_raw_mode_enabled()?;
    if !was_raw {
        enable_raw_mode()?;
    }
    let answers = ask_raw(environment);
    if !was_raw {
        disable_raw_mode()?;
    }
    answers
}

#[cfg(unix)]
fn ask_raw(environment: &Environment) -> io::Result<Vec<Response>> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut out = io::stdout();
    out.write_all(Parser::query(environment.tmux, QueryStdioOptions::default()).as_bytes())?;
    out.flush()?;
    let stdin = io::stdin();
    let mut parser = Parser::new();
    let mut answers = Vec::new();
    let end = Instant::now() + PATIENCE;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let wait = Timespec::try_from(left).ok();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        if left.is_zero() || poll(&mut ready, wait.as_ref())? == 0 {
            return Ok(answers);
        }
        // Straight from the file: a buffered reader would keep keys that are not for us.
        let mut bytes = [0u8; 256];
        let read = rustix::io::read(&stdin, &mut bytes)?;
        if read == 0 {
            return Ok(answers);
        }
        for byte in bytes.iter().take(read) {
            for answer in parser.push(char::from(*byte)) {
                match answer {
                    Response::Status => return Ok(answers),
                    other => answers.push(other),
                }
            }
        }
    }
}

/// Nothing is asked on other systems: half blocks show everywhere.
#[cfg(not(unix))]
fn ask(_: &Environment) -> io::Result<Vec<Response>> {
    Ok(Vec::new())
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

    #[test]
    fn what_the_terminal_answers_decides() {
        let plain = environment(&[("TERM", "xterm-256color")]);
        let mode = |answers: &[Response]| chosen(None, &plain, answers, false).pictures.mode;
        assert_eq!(mode(&[]), PictureMode::Half);
        assert_eq!(mode(&[Response::Sixel]), PictureMode::Sixel);
        assert_eq!(
            mode(&[Response::Sixel, Response::Kitty]),
            PictureMode::Kitty
        );
        assert_eq!(
            chosen(None, &plain, &[Response::Kitty], true).pictures.mode,
            PictureMode::None
        );
        let forced = chosen(
            Some(PictureMode::Sixel),
            &plain,
            &[Response::CellSize(Some((9, 18)))],
            false,
        )
        .pictures;
        assert_eq!((forced.mode, forced.cell), (PictureMode::Sixel, (9, 18)));
    }

    #[test]
    fn what_terminals_cannot_say_the_environment_says() {
        let iterm = environment(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")]);
        assert_eq!(
            chosen(None, &iterm, &[], false).pictures.mode,
            PictureMode::Iterm2
        );
        let konsole = environment(&[("TERM", "xterm-256color"), ("KONSOLE_VERSION", "230800")]);
        assert_eq!(
            chosen(None, &konsole, &[Response::Kitty], false)
                .pictures
                .mode,
            PictureMode::Half
        );
    }

    #[test]
    fn colours_are_told_by_the_environment() {
        let depth = |variables| environment(variables).depth();
        assert_eq!(
            depth(&[("TERM", "xterm"), ("COLORTERM", "truecolor")]),
            ColorDepth::True
        );
        assert_eq!(depth(&[("TERM", "screen-256color")]), ColorDepth::Indexed);
        assert_eq!(depth(&[("TERM", "linux")]), ColorDepth::Ansi);
    }
}
