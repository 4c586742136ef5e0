//! Asks the terminal for commands that show no screen: `show` and `doctor`.

use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use super::ask::{Inquiry, Question};
use super::terminal::{Detected, Environment, PictureMode, TerminalPictures};

/// Finds out how to send pictures: by asking the terminal, within a bounded time; nothing is asked where nobody can answer,
/// or where the answer is `forced` and needs no measures.
pub fn detect(forced: Option<PictureMode>) -> TerminalPictures {
    examine(forced).pictures
}

/// The same, with the reasons.
pub fn examine(forced: Option<PictureMode>) -> Detected {
    let interactive = io::stdin().is_terminal() && io::stdout().is_terminal();
    let (environment, now) = (Environment::of_process(), Instant::now());
    let mut inquiry = Inquiry::new(environment, interactive, forced, now);
    let question = inquiry.begin(now);
    let asked = question.map_or(Ok(()), |question| converse(&mut inquiry, question));
    let found = inquiry.found();
    match asked {
        Ok(()) => found,
        Err(_) => Detected {
            asked: "it could not be asked",
            ..found
        },
    }
}

/// Sends a question.
///
/// # Errors
/// The terminal is gone.
pub fn send(question: Question) -> io::Result<()> {
    // A frame that another thread draws meanwhile holds the same lock.
    let mut out = io::stdout().lock();
    out.write_all(question.text().as_bytes())?;
    out.flush()
}

/// Asks, and waits for the last answer: it must not reach the shell. Ctrl-c ends the program.
#[cfg(unix)]
fn converse(inquiry: &mut Inquiry, question: Question) -> io::Result<()> {
    use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
    enable_raw_mode()?;
    let ended = send(question).and_then(|()| hear(inquiry));
    crate::review::input::tty::discard_input();
    disable_raw_mode()?;
    if ended? == Ended::Interrupted {
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGINT)?;
    }
    Ok(())
}

#[cfg(unix)]
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Answered,
    Interrupted,
}

#[cfg(unix)]
fn hear(inquiry: &mut Inquiry) -> io::Result<Ended> {
    use crate::review::input::{Input, tty::Tty};
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    let mut tty = Tty::new(None);
    while let Some(until) = inquiry.answers_until() {
        let now = Instant::now();
        if until <= now {
            break;
        }
        tty.expect_answers(Some(until));
        for input in tty.read(Some(until))? {
            match input {
                Input::Answer(answer) => {
                    if let Some(next) = inquiry.take(&answer, now) {
                        send(next)?;
                    }
                }
                Input::Key(key) if key == interrupt => return Ok(Ended::Interrupted),
                Input::Key(_) | Input::Paste(_) => {}
            }
        }
    }
    Ok(Ended::Answered)
}

/// Nothing is asked on other systems: half blocks show everywhere.
#[cfg(not(unix))]
fn converse(_: &mut Inquiry, _: Question) -> io::Result<()> {
    Ok(())
}
