//! Input of the terminal as a stream of bytes: keys, pasted text, and the terminal's own answers, which are never keys.
//!
//! Everything is pure but [`tty`], the one reader of the terminal. It has the terminal from the first question to the last
//! answer, because an answer may come at any time and in any pieces.
//!
//! - A string (behind ESC P, ESC X, ESC ], ESC ^ or ESC _, or one byte in their place) is one unit up to ST or BEL. So is
//!   every control sequence (ESC [) up to its last byte. Neither is ever taken for keys.
//! - Another sequence, CAN, SUB or ctrl-c ends an unfinished unit; ctrl-c counts as a key.
//! - A unit is given up 5 s after its last byte, a string 20 s after its first one. Then a key counts again as soon as it
//!   comes alone: several characters within 150 ms may be the rest of the unit, and are dropped.
//! - A lone ESC is the Esc key after 0.1 s, or 2 s while the terminal owes an answer. If `[ O P X ] ^ _` is next within 5 s,
//!   it goes on with the sequence that ESC began. Anything else within the 0.1 s is a key with alt, to which nothing is bound.

mod answer;
mod framing;
mod key;
#[cfg(unix)]
pub mod tty;

use std::time::Instant;

use crossterm::event::KeyEvent;

pub use answer::Answer;
use framing::{Frame, Framing};

/// A unit of input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Somebody pressed a key.
    Key(KeyEvent),
    /// Somebody pasted text.
    Paste(String),
    /// The terminal said something.
    Answer(Answer),
}

/// Turns bytes into units of input.
#[derive(Debug)]
pub struct Parser {
    framing: Framing,
}

impl Parser {
    /// A line on which nothing has come.
    pub fn new(now: Instant) -> Parser {
        Parser {
            framing: Framing::new(now),
        }
    }

    /// The terminal owes an answer until then; none if it owes nothing.
    pub fn expect_answers(&mut self, until: Option<Instant>) {
        self.framing.expect_answers(until);
    }

    /// Takes bytes that have come; the units that are whole now.
    pub fn take(&mut self, bytes: &[u8], now: Instant) -> Vec<Input> {
        let frames = self.framing.take(bytes, now);
        frames.into_iter().filter_map(input).collect()
    }

    /// The time, when no bytes have come: the units that are whole for that.
    pub fn pass_time(&mut self, now: Instant) -> Vec<Input> {
        let frames = self.framing.pass_time(now);
        frames.into_iter().filter_map(input).collect()
    }

    /// When [`Parser::pass_time`] will have something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.framing.deadline()
    }
}

fn input(frame: Frame) -> Option<Input> {
    match frame {
        Frame::Character(bytes) => key::of_character(&bytes).map(Input::Key),
        Frame::Function(content) => key::of_function(&content).map(Input::Key),
        Frame::Control(content) => Some(match key::of_control(&content) {
            Some(key) => Input::Key(key),
            None => Input::Answer(Answer::of_control(&content)),
        }),
        Frame::String(kind, content) => Some(Input::Answer(Answer::of_string(kind, &content))),
        Frame::Paste(content) => Some(Input::Paste(String::from_utf8_lossy(&content).into_owned())),
    }
}
