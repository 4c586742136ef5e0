//! Asks the terminal what it can do, and never waits long for one that does not answer.

use std::time::Duration;
#[cfg(unix)]
use std::{
    io::{self, Write},
    time::Instant,
};

/// What a terminal said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answers {
    /// It knows kitty's graphics protocol.
    pub kitty: bool,
    /// Its primary device attributes name sixel.
    pub sixel: bool,
    /// Width and height of a cell in pixels.
    pub cell: Option<(u16, u16)>,
    /// Its name and version (XTVERSION).
    pub version: Option<String>,
    /// It has 16.7 million colours (XTGETTCAP).
    pub full_color: bool,
    /// It has answered what every terminal answers, and so has said everything.
    pub is_all: bool,
    /// What somebody typed meanwhile, but for keys that are sequences of their own.
    pub typed: String,
}

impl Answers {
    /// Whether it said anything.
    pub fn is_any(&self) -> bool {
        let silence = Answers {
            typed: self.typed.clone(),
            ..Answers::default()
        };
        *self != silence
    }

    /// Reads all that has come so far. Answers that are not whole yet are left for later.
    pub fn read(bytes: &[u8]) -> Answers {
        let text = String::from_utf8_lossy(bytes);
        let mut answers = Answers::default();
        let mut sequences = text.split('\x1b').peekable();
        answers.typed += sequences.next().unwrap_or_default();
        while let Some(sequence) = sequences.next() {
            // Strings end with ESC \.
            let is_ended = sequences.peek().is_some_and(|next| next.starts_with('\\'));
            if let Some(behind) = sequence.strip_prefix('\\') {
                answers.typed += behind;
            }
            if let Some(graphics) = sequence.strip_prefix("_G") {
                answers.kitty |=
                    is_ended && graphics.starts_with("i=31") && graphics.ends_with(";OK");
            } else if let Some(string) = sequence.strip_prefix('P').filter(|_| is_ended) {
                answers.full_color |= string.starts_with("1+r");
                if let Some(version) = string.strip_prefix(">|") {
                    answers.version = Some(version.to_owned());
                }
            } else if let Some(control) = sequence.strip_prefix('[') {
                answers.control(control);
            }
        }
        answers
    }

    fn control(&mut self, control: &str) {
        let Some(end) = control.find(|last: char| ('@'..='~').contains(&last)) else {
            return;
        };
        let (parameters, last) = control.split_at(end);
        let mut behind = last.chars();
        let last = behind.next();
        self.typed += behind.as_str();
        match last {
            Some('c') => {
                self.sixel |= parameters
                    .trim_start_matches('?')
                    .split(';')
                    .any(|attribute| attribute == "4")
            }
            Some('t') => {
                let mut measures = parameters.split(';').map(str::parse);
                if let (Some(Ok(6)), Some(Ok(height)), Some(Ok(width))) =
                    (measures.next(), measures.next(), measures.next())
                    && width > 0
                    && height > 0
                {
                    self.cell = Some((width, height));
                }
            }
            Some('n') => self.is_all |= parameters == "0",
            _ => {}
        }
    }
}

/// What is asked of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Everything.
    Terminal,
    /// What needs no strings: a multiplexer (tmux, screen) would take them for titles, others print them.
    Attributes,
    /// What stands behind tmux, where it passes questions on.
    BehindTmux,
}

/// A picture of a pixel, which is not kept.
const KITTY: &str = "_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA";
/// Primary device attributes; the cell's measures; name and version.
const ATTRIBUTES: &str = "\x1b[c\x1b[16t\x1b[>q";
/// The capabilities `RGB` and `Tc`, in hexadecimal digits.
const COLORS: &str = "\x1bP+q524742;5463\x1b\\";
/// What every terminal answers, and so the end.
const STATUS: &str = "\x1b[5n";

impl Question {
    #[cfg_attr(not(unix), expect(dead_code, reason = "nothing is asked there"))]
    fn text(self) -> String {
        match self {
            Question::Terminal => format!("\x1b{KITTY}\x1b\\{ATTRIBUTES}{COLORS}{STATUS}"),
            Question::Attributes => format!("{ATTRIBUTES}{STATUS}"),
            Question::BehindTmux => {
                format!("\x1bPtmux;\x1b\x1b{KITTY}\x1b\x1b\\\x1b\x1b[5n\x1b\\")
            }
        }
    }
}

/// A terminal that has not answered by then is taken for one that does not.
pub const PATIENCE: Duration = Duration::from_millis(250);

/// Asks everything at once and reads until the last answer, or until that much time is over.
///
/// # Errors
/// The terminal cannot be written to or read from.
#[cfg(unix)]
pub fn ask(question: Question, patience: Duration) -> io::Result<Answers> {
    use crossterm::terminal::{disable_raw_mode, enable_raw_mode, is_raw_mode_enabled};
    let was_raw = is_raw_mode_enabled()?;
    if !was_raw {
        enable_raw_mode()?;
    }
    let answers = ask_raw(question, patience);
    if !was_raw {
        disable_raw_mode()?;
    }
    answers
}

#[cfg(unix)]
fn ask_raw(question: Question, patience: Duration) -> io::Result<Answers> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    {
        // A frame that another thread draws meanwhile holds the same lock.
        let mut out = io::stdout().lock();
        out.write_all(question.text().as_bytes())?;
        out.flush()?;
    }
    let stdin = io::stdin();
    let mut said = Vec::new();
    let end = Instant::now() + patience;
    loop {
        let answers = Answers::read(&said);
        let left = end.saturating_duration_since(Instant::now());
        if answers.is_all || left.is_zero() {
            return Ok(answers);
        }
        let wait = Timespec::try_from(left).ok();
        let mut ready = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut ready, wait.as_ref()) {
            Ok(0) => return Ok(answers),
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        // Straight from the file: a buffered reader would keep keys that are not for us.
        let mut bytes = [0u8; 256];
        let read = rustix::io::read(&stdin, &mut bytes)?;
        if read == 0 {
            return Ok(answers);
        }
        said.extend(bytes.iter().take(read));
    }
}

/// Nothing is asked on other systems: half blocks show everywhere.
#[cfg(not(unix))]
pub fn ask(_: Question, _: Duration) -> std::io::Result<Answers> {
    Ok(Answers::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_they_come() {
        let whole = b"\x1b_Gi=31;OK\x1b\\\x1b[?62;4;22c\x1b[6;18;9t\x1bP>|kitty(0.40)\x1b\\\x1bP1+r524742=38\x1b\\\x1b[0n";
        let all = Answers::read(whole);
        assert_eq!(
            all,
            Answers {
                kitty: true,
                sixel: true,
                cell: Some((9, 18)),
                version: Some("kitty(0.40)".to_owned()),
                full_color: true,
                is_all: true,
                typed: String::new(),
            }
        );
        for cut in 0..whole.len() - 1 {
            assert!(!Answers::read(&whole[..cut]).is_all, "{cut}");
        }
        assert!(!Answers::read(b"\x1b_Gi=31;OK").kitty);
    }

    #[test]
    fn keys_and_refusals_are_no_answers() {
        let said = Answers::read(
            b"yn\x1b[A\x1b_Gi=31;ENOTSUP\x1b\\\x1b[?62;22cm\x1bP0+r524742\x1b\\y\x1b[6;0;0t\r",
        );
        assert!(!said.is_any());
        assert_eq!(said.typed, "ynmy\r");
    }
}
