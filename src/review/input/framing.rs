//! Cuts the bytes of a terminal into whole units: keys, control sequences, strings, pasted text.
//!
//! Bytes may come in any pieces and at any time. The clock is an argument: [`Framing::pass_time`] is told the time whenever
//! nothing has come, so a slow machine does not take its own delay for the line's.

use std::time::{Duration, Instant};

/// A unit of a terminal's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A character, or ESC and a character.
    Character(Vec<u8>),
    /// A function key: the bytes behind ESC O.
    Function(Vec<u8>),
    /// A control sequence: the bytes behind ESC [.
    Control(Vec<u8>),
    /// A string and the letter that its kind begins with: P, X, ], ^ or _.
    String(u8, Vec<u8>),
    /// Pasted text.
    Paste(Vec<u8>),
}

/// A lone ESC is the Esc key after this time.
const ESCAPE: Duration = Duration::from_millis(100);
/// The same while the terminal owes an answer.
const ESCAPE_OF_ANSWER: Duration = Duration::from_secs(2);
/// A unit is given up when nothing more of it comes for this time.
const PAUSE: Duration = Duration::from_secs(5);
/// A string is given up at this age, though bytes still come: they may be keys.
const LONGEST_STRING: Duration = Duration::from_secs(20);
/// After a unit was given up, a key is one that comes alone for this time.
const ALONE: Duration = Duration::from_millis(150);

/// More of a string is not kept.
const STRING_BYTES: usize = 8 * 1024;
/// More of a paste is not kept.
const PASTE_BYTES: usize = 64 * 1024;
/// More of a control sequence is not kept.
const CONTROL_BYTES: usize = 256;
/// More of a sequence's tail is not kept: it is no key.
const HELD_BYTES: usize = 8;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
const CANCEL: u8 = 0x18;
const SUBSTITUTE: u8 = 0x1a;
/// Ends every unfinished unit but a paste, and counts: there must be a way out.
const CTRL_C: u8 = 0x03;
/// The string terminator of one byte.
const ST: u8 = 0x9c;
/// The end of a paste that began with ESC [, with its control of one byte, or with that in UTF-8. Another form is pasted text.
const PASTE_END: &[u8] = b"\x1b[201~";
const PASTE_END_C1: &[u8] = b"\x9b201~";
const PASTE_END_UTF8: &[u8] = b"\xc2\x9b201~";

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Ground,
    /// A character of several bytes.
    Character {
        bytes: Vec<u8>,
        missing: usize,
    },
    /// ESC has come, and was not the Esc key so far; `waited` after a time in which nothing followed.
    Escape {
        waited: bool,
    },
    /// ESC was taken for the Esc key; the rest of a sequence may still come.
    Released,
    Control(Vec<u8>),
    Function(Vec<u8>),
    /// Bytes that belong to the sequence before them: a click, a function key of the Linux console.
    Skip(u8),
    String(StringPart),
    Paste {
        content: Vec<u8>,
        tail: Vec<u8>,
    },
    /// A unit was given up. Its rest may come yet, and must not be taken for keys.
    Recovery(Vec<u8>),
}

#[derive(Debug)]
struct StringPart {
    kind: u8,
    content: Vec<u8>,
    /// The last byte was ESC.
    escape: bool,
    /// Bytes that the character in it still lacks.
    missing: usize,
}

/// Cuts bytes into units.
#[derive(Debug)]
pub struct Framing {
    stage: Stage,
    /// Start of the unit.
    began: Instant,
    /// Time of the last byte.
    last: Instant,
    /// The terminal owes an answer until then.
    answers_until: Option<Instant>,
    /// End of the unit, should it be a paste.
    paste_end: &'static [u8],
    frames: Vec<Frame>,
}

impl Framing {
    /// A line on which nothing has come.
    pub fn new(now: Instant) -> Framing {
        Framing {
            stage: Stage::Ground,
            began: now,
            last: now,
            answers_until: None,
            paste_end: PASTE_END,
            frames: Vec::new(),
        }
    }

    /// The terminal owes an answer until then: a lone ESC may be the beginning of it.
    pub fn expect_answers(&mut self, until: Option<Instant>) {
        self.answers_until = until;
    }

    /// Takes bytes; the units that are whole now.
    pub fn take(&mut self, bytes: &[u8], now: Instant) -> Vec<Frame> {
        for &byte in bytes {
            self.byte(byte, now);
        }
        if !bytes.is_empty() {
            self.last = now;
        }
        std::mem::take(&mut self.frames)
    }

    /// The time, when nothing has come: units that are whole for that.
    pub fn pass_time(&mut self, now: Instant) -> Vec<Frame> {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.expire(now);
        }
        std::mem::take(&mut self.frames)
    }

    /// When silence will mean something.
    pub fn deadline(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Ground => None,
            Stage::Escape { waited: false } => Some(self.last + ESCAPE),
            Stage::Escape { waited: true } => Some(
                self.answers_until
                    .unwrap_or(self.last)
                    .min(self.last + ESCAPE_OF_ANSWER),
            ),
            Stage::String(_) => Some((self.last + PAUSE).min(self.began + LONGEST_STRING)),
            Stage::Recovery(held) => (!held.is_empty()).then_some(self.last + ALONE),
            Stage::Released
            | Stage::Character { .. }
            | Stage::Control(_)
            | Stage::Function(_)
            | Stage::Skip(_)
            | Stage::Paste { .. } => Some(self.last + PAUSE),
        }
    }

    fn expire(&mut self, now: Instant) {
        self.stage = match std::mem::take(&mut self.stage) {
            Stage::Ground | Stage::Released => Stage::Ground,
            Stage::Escape { waited: false }
                if self.answers_until.is_some_and(|until| now < until) =>
            {
                Stage::Escape { waited: true }
            }
            Stage::Escape { .. } => {
                self.frames.push(Frame::Character(vec![ESC]));
                Stage::Released
            }
            Stage::Paste { mut content, tail } => {
                content.extend(tail);
                self.frames.push(Frame::Paste(content));
                Stage::Recovery(Vec::new())
            }
            Stage::Recovery(held) if is_one_character(&held) => {
                for byte in held {
                    self.ground(byte, now);
                }
                Stage::Ground
            }
            Stage::Recovery(_)
            | Stage::Character { .. }
            | Stage::Control(_)
            | Stage::Function(_)
            | Stage::Skip(_)
            | Stage::String(_) => Stage::Recovery(Vec::new()),
        };
    }

    fn byte(&mut self, byte: u8, now: Instant) {
        match std::mem::take(&mut self.stage) {
            Stage::Ground => self.ground(byte, now),
            Stage::Character { bytes, missing } => self.character(bytes, missing, byte, now),
            Stage::Escape { waited } => self.behind_escape(waited, byte, now),
            Stage::Released => match byte {
                b'[' | b'O' | b'P' | b'X' | b']' | b'^' | b'_' => self.open(byte, now),
                _ => self.ground(byte, now),
            },
            Stage::Paste { content, tail } => self.paste(content, tail, byte),
            Stage::String(part) => self.string(part, byte, now),
            // No other unit holds these.
            _ if byte == CTRL_C => self.ground(byte, now),
            _ if byte == ESC => self.ground(byte, now),
            _ if matches!(byte, CANCEL | SUBSTITUTE) => {}
            Stage::Control(content) => self.control(content, byte, now),
            Stage::Function(content) => self.function(content, byte, now),
            Stage::Skip(left) => {
                if left > 1 {
                    self.stage = Stage::Skip(left - 1);
                }
            }
            Stage::Recovery(mut held) => {
                if byte != BEL {
                    keep(&mut held, byte, HELD_BYTES);
                    self.stage = Stage::Recovery(held);
                }
            }
        }
    }

    fn ground(&mut self, byte: u8, now: Instant) {
        match byte {
            ESC => {
                self.began = now;
                self.paste_end = PASTE_END;
                self.stage = Stage::Escape { waited: false };
            }
            0x00..=0x7f => self.frames.push(Frame::Character(vec![byte])),
            // One byte in place of ESC and a letter.
            0x80..=0x9f => {
                self.paste_end = PASTE_END_C1;
                self.open(byte - 0x40, now);
            }
            _ => self.character(Vec::new(), length(byte), byte, now),
        }
    }

    /// Begins a sequence by the letter that would stand behind ESC.
    fn open(&mut self, letter: u8, now: Instant) {
        self.began = now;
        self.stage = match letter {
            b'[' => Stage::Control(Vec::new()),
            b'O' => Stage::Function(Vec::new()),
            b'P' | b'X' | b']' | b'^' | b'_' => Stage::String(StringPart {
                kind: letter,
                content: Vec::new(),
                escape: false,
                missing: 0,
            }),
            _ => Stage::Ground,
        };
    }

    fn behind_escape(&mut self, waited: bool, byte: u8, now: Instant) {
        let escape = Frame::Character(vec![ESC]);
        match byte {
            b'[' | b'O' | b'P' | b'X' | b']' | b'^' | b'_' => self.open(byte, now),
            ESC | CTRL_C | 0x80..=0x9f => {
                self.frames.push(escape);
                self.ground(byte, now);
            }
            _ if waited => {
                self.frames.push(escape);
                self.ground(byte, now);
            }
            0x00..=0x7f => self.frames.push(Frame::Character(vec![ESC, byte])),
            _ => self.character(vec![ESC], length(byte), byte, now),
        }
    }

    /// A byte of a character in UTF-8 that lacks so many, this one included.
    fn character(&mut self, mut bytes: Vec<u8>, missing: usize, byte: u8, now: Instant) {
        let is_first = matches!(bytes.as_slice(), [] | [ESC]);
        if missing == 0 {
            return;
        }
        if !is_first && !is_continuation(byte) {
            return self.ground(byte, now);
        }
        bytes.push(byte);
        if missing > 1 {
            self.stage = Stage::Character {
                bytes,
                missing: missing - 1,
            };
            return;
        }
        match bytes.as_slice() {
            // The controls of one byte, as UTF-8 writes them.
            [0xc2, control @ 0x80..=0x9f] => {
                self.paste_end = PASTE_END_UTF8;
                self.open(control - 0x40, now);
            }
            _ => self.frames.push(Frame::Character(bytes)),
        }
    }

    fn control(&mut self, mut content: Vec<u8>, byte: u8, now: Instant) {
        match byte {
            0x20..=0x3f => {
                keep(&mut content, byte, CONTROL_BYTES);
                self.stage = Stage::Control(content);
            }
            b'M' if content.is_empty() => self.stage = Stage::Skip(3),
            b'[' if content.is_empty() => self.stage = Stage::Skip(1),
            b'~' if content == b"200" => {
                self.stage = Stage::Paste {
                    content: Vec::new(),
                    tail: Vec::new(),
                };
            }
            0x40..=0x7e => {
                content.push(byte);
                self.frames.push(Frame::Control(content));
            }
            0x80.. => self.ground(byte, now),
            _ => self.stage = Stage::Control(content),
        }
    }

    fn function(&mut self, mut content: Vec<u8>, byte: u8, now: Instant) {
        match byte {
            0x20..=0x3f => {
                keep(&mut content, byte, CONTROL_BYTES);
                self.stage = Stage::Function(content);
            }
            0x40..=0x7e => {
                content.push(byte);
                self.frames.push(Frame::Function(content));
            }
            0x80.. => self.ground(byte, now),
            _ => self.stage = Stage::Function(content),
        }
    }

    fn string(&mut self, mut part: StringPart, byte: u8, now: Instant) {
        if part.escape {
            match byte {
                b'\\' => self.frames.push(Frame::String(part.kind, part.content)),
                // Another unit begins, and the string is nothing.
                ESC | CTRL_C | 0x80..=0x9f => self.ground(byte, now),
                _ => self.behind_escape(false, byte, now),
            }
            return;
        }
        let inside = part.missing > 0 && is_continuation(byte);
        let ends = match byte {
            BEL => true,
            ST if inside => part.missing == 1 && part.content.ends_with(&[0xc2]),
            ST => true,
            _ => false,
        };
        if ends {
            if inside {
                part.content.pop();
            }
            self.frames.push(Frame::String(part.kind, part.content));
            return;
        }
        match byte {
            CTRL_C => return self.ground(byte, now),
            CANCEL | SUBSTITUTE => return,
            ESC => part.escape = true,
            _ => {
                part.missing = match inside {
                    true => part.missing - 1,
                    false => length(byte).saturating_sub(1),
                };
                keep(&mut part.content, byte, STRING_BYTES);
            }
        }
        self.stage = Stage::String(part);
    }

    fn paste(&mut self, mut content: Vec<u8>, mut tail: Vec<u8>, byte: u8) {
        tail.push(byte);
        let end = self.paste_end;
        if tail.ends_with(end) {
            tail.truncate(tail.len() - end.len());
            content.extend(tail);
            self.frames.push(Frame::Paste(content));
            return;
        }
        // As much as the end may have of it.
        if tail.len() == end.len() {
            keep(&mut content, tail.remove(0), PASTE_BYTES);
        }
        self.stage = Stage::Paste { content, tail };
    }
}

fn keep(bytes: &mut Vec<u8>, byte: u8, most: usize) {
    if bytes.len() < most {
        bytes.push(byte);
    }
}

/// Bytes of the character that begins so; 0 where none does.
fn length(first: u8) -> usize {
    match first {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 0,
    }
}

fn is_continuation(byte: u8) -> bool {
    (0x80..=0xbf).contains(&byte)
}

fn is_one_character(bytes: &[u8]) -> bool {
    let mut characters = str::from_utf8(bytes).unwrap_or_default().chars();
    characters.next().is_some() && characters.next().is_none()
}
