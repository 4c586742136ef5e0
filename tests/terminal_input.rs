//! The terminal's bytes as keys, pasted text and answers: whatever comes between, in whatever pieces and with whatever
//! pauses, the keys are the ones that somebody pressed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::time::{Duration, Instant};

use common::terminals::{REPORTS, terminals};
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use proptest::prelude::*;
use relabel::review::input::{Answer, Input, Parser};

/// A line, and a clock that only the test moves.
struct Line {
    parser: Parser,
    now: Instant,
    inputs: Vec<Input>,
}

const LONG: Duration = Duration::from_secs(60);

impl Line {
    fn new() -> Line {
        let now = Instant::now();
        Line {
            parser: Parser::new(now),
            now,
            inputs: Vec::new(),
        }
    }

    /// A terminal that was asked and still owes its answers.
    fn asked() -> Line {
        let mut line = Line::new();
        line.parser.expect_answers(Some(line.now + 100 * LONG));
        line
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Line {
        self.inputs
            .extend(self.parser.take(bytes.as_ref(), self.now));
        self
    }

    /// Nothing comes for a time.
    fn pause(&mut self, time: Duration) -> &mut Line {
        let end = self.now + time;
        while let Some(deadline) = self.parser.deadline().filter(|deadline| *deadline <= end) {
            self.now = self.now.max(deadline);
            self.inputs.extend(self.parser.pass_time(self.now));
        }
        self.now = end;
        self
    }

    fn pause_ms(&mut self, time: u64) -> &mut Line {
        self.pause(Duration::from_millis(time))
    }

    fn keys(&self) -> Vec<KeyEvent> {
        let keys = self.inputs.iter().filter_map(|input| match input {
            Input::Key(key) => Some(*key),
            Input::Paste(_) | Input::Answer(_) => None,
        });
        keys.collect()
    }

    /// Keys in short: a character for itself, others by their names.
    fn typed(&self) -> String {
        let short = |key: &KeyEvent| match key.code {
            KeyCode::Char(character) if key.modifiers == KeyModifiers::NONE => {
                character.to_string()
            }
            code if key.modifiers == KeyModifiers::NONE => format!("<{code}>"),
            code => format!("<{}+{code}>", key.modifiers),
        };
        self.keys().iter().map(short).collect()
    }

    fn pasted(&self) -> Vec<&str> {
        let pasted = self.inputs.iter().filter_map(|input| match input {
            Input::Paste(text) => Some(text.as_str()),
            _ => None,
        });
        pasted.collect()
    }

    fn answers(&self) -> Vec<&Answer> {
        let answers = self.inputs.iter().filter_map(|input| match input {
            Input::Answer(answer) => Some(answer),
            _ => None,
        });
        answers.collect()
    }
}

fn plain(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn with(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

/// Keys with their bytes; those that begin with ESC and have no form of their own come last.
fn known_keys() -> Vec<(Vec<u8>, KeyEvent)> {
    let text = |text: &str, key| (text.as_bytes().to_vec(), key);
    vec![
        text("y", plain(KeyCode::Char('y'))),
        text("n", plain(KeyCode::Char('n'))),
        text("m", plain(KeyCode::Char('m'))),
        text("N", with(KeyCode::Char('N'), KeyModifiers::SHIFT)),
        text("[", plain(KeyCode::Char('['))),
        text("\\", plain(KeyCode::Char('\\'))),
        text("_", plain(KeyCode::Char('_'))),
        text("P", with(KeyCode::Char('P'), KeyModifiers::SHIFT)),
        text("é", plain(KeyCode::Char('é'))),
        text("ß", plain(KeyCode::Char('ß'))),
        text("н", plain(KeyCode::Char('н'))),
        text("好", plain(KeyCode::Char('好'))),
        text("🐈", plain(KeyCode::Char('🐈'))),
        text("\r", plain(KeyCode::Enter)),
        text("\t", plain(KeyCode::Tab)),
        text("\x7f", plain(KeyCode::Backspace)),
        text("\x0c", with(KeyCode::Char('l'), KeyModifiers::CONTROL)),
        text("\x1b[A", plain(KeyCode::Up)),
        text("\x1b[B", plain(KeyCode::Down)),
        text("\x1b[1;5C", with(KeyCode::Right, KeyModifiers::CONTROL)),
        text("\x1b[H", plain(KeyCode::Home)),
        text("\x1b[5~", plain(KeyCode::PageUp)),
        text("\x1b[3;2~", with(KeyCode::Delete, KeyModifiers::SHIFT)),
        text("\x1b[Z", with(KeyCode::BackTab, KeyModifiers::SHIFT)),
        text("\x1bOA", plain(KeyCode::Up)),
        text("\x1bOP", plain(KeyCode::F(1))),
        text("\x1b[27u", plain(KeyCode::Esc)),
        text("\x1b[121u", plain(KeyCode::Char('y'))),
        text(
            "\x1b[97;5u",
            with(KeyCode::Char('a'), KeyModifiers::CONTROL),
        ),
        text("\x1b[13u", plain(KeyCode::Enter)),
        text(
            "\x1b[121;1:3u",
            KeyEvent::new_with_kind(
                KeyCode::Char('y'),
                KeyModifiers::NONE,
                KeyEventKind::Release,
            ),
        ),
        text("\x1by", with(KeyCode::Char('y'), KeyModifiers::ALT)),
        text("\x1bé", with(KeyCode::Char('é'), KeyModifiers::ALT)),
    ]
}

/// How many of them, from the end, are a key with alt.
const WITH_ALT: usize = 2;

fn all_answers() -> Vec<&'static str> {
    let asked = terminals().into_iter().flat_map(|(_, answers)| answers);
    asked.chain(REPORTS.iter().copied()).collect()
}

#[derive(Debug, Clone)]
enum Piece {
    Key(usize),
    Answer(usize),
}

fn pieces(keys: usize) -> impl Strategy<Value = Vec<Piece>> {
    let piece = prop_oneof![
        (0..keys).prop_map(Piece::Key),
        (0..all_answers().len()).prop_map(Piece::Answer),
    ];
    proptest::collection::vec(piece, 0..12)
}

/// The bytes, and the keys in them.
fn written(pieces: &[Piece]) -> (Vec<u8>, Vec<KeyEvent>) {
    let (keys, answers) = (known_keys(), all_answers());
    let (mut bytes, mut pressed) = (Vec::new(), Vec::new());
    for piece in pieces {
        match piece {
            Piece::Key(number) => {
                let (text, key) = &keys[*number];
                bytes.extend(text);
                pressed.push(*key);
            }
            Piece::Answer(number) => bytes.extend(answers[*number].as_bytes()),
        }
    }
    (bytes, pressed)
}

fn same_but_for_state(one: &[KeyEvent], other: &[KeyEvent]) -> bool {
    let short = |key: &KeyEvent| (key.code, key.modifiers, key.kind);
    one.iter().map(short).eq(other.iter().map(short))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Cut anywhere, at a human's pace and with pauses of seconds: the keys are exactly the keys.
    #[test]
    fn answers_between_keys_change_nothing(
        pieces in pieces(known_keys().len()),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..90u64), 0..40),
        stalls in proptest::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let (bytes, pressed) = written(&pieces);
        let mut pauses = vec![0; bytes.len() + 1];
        for (at, pause) in cuts {
            pauses[at.index(bytes.len() + 1)] = pause;
        }
        for at in stalls {
            let at = at.index(bytes.len() + 1);
            // A lone ESC has a rule of its own.
            let behind_escape = at > 0 && bytes[at - 1] == 0x1b;
            pauses[at] = if behind_escape { 90 } else { 4_900 };
        }
        let mut line = Line::new();
        for (byte, pause) in bytes.iter().zip(&pauses) {
            if *pause > 0 {
                line.pause_ms(*pause);
            }
            line.send([*byte]);
        }
        line.pause(LONG);
        prop_assert!(
            same_but_for_state(&line.keys(), &pressed),
            "{:?} in place of {:?} from {:?}", line.keys(), pressed, String::from_utf8_lossy(&bytes)
        );
    }

    /// Pauses behind ESC, too, on a line whose terminal owes an answer.
    #[test]
    fn a_stalled_line_changes_nothing_while_answers_are_owed(
        pieces in pieces(known_keys().len() - WITH_ALT),
        stalls in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let (bytes, pressed) = written(&pieces);
        let mut line = Line::asked();
        let stalls: Vec<usize> = stalls.iter().map(|at| at.index(bytes.len() + 1)).collect();
        for (at, byte) in bytes.iter().enumerate() {
            if stalls.contains(&at) {
                line.pause_ms(1_900);
            }
            line.send([*byte]);
        }
        line.pause(LONG);
        prop_assert!(same_but_for_state(&line.keys(), &pressed), "{:?} in place of {pressed:?}", line.keys());
    }

    /// The same when it owes nothing: an Esc may be heard where there is none, and nothing else.
    #[test]
    fn a_stalled_line_adds_no_key_but_esc(
        pieces in pieces(known_keys().len() - WITH_ALT),
        stalls in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let (bytes, mut pressed) = written(&pieces);
        let mut line = Line::new();
        let stalls: Vec<usize> = stalls.iter().map(|at| at.index(bytes.len() + 1)).collect();
        for (at, byte) in bytes.iter().enumerate() {
            if stalls.contains(&at) {
                line.pause_ms(4_900);
            }
            line.send([*byte]);
        }
        line.pause(LONG);
        let mut keys = line.keys();
        keys.retain(|key| key.code != KeyCode::Esc);
        pressed.retain(|key| key.code != KeyCode::Esc);
        prop_assert!(same_but_for_state(&keys, &pressed), "{keys:?} in place of {pressed:?}");
    }

    /// However long, and whatever stands in it.
    #[test]
    fn a_string_is_one_unit(
        kind in prop::sample::select(&b"PX]^_"[..]),
        content in proptest::collection::vec(prop_oneof![0x20..0x7fu8, Just(b'y')], 0..200),
        times in 1..100usize,
    ) {
        let mut line = Line::new();
        line.send([0x1b, kind]);
        for _ in 0..times {
            line.send(&content);
        }
        line.send("\x1b\\y");
        prop_assert_eq!(line.typed(), "y");
        prop_assert_eq!(line.answers().len(), 1);
    }

    /// Whatever has come, a minute later a key that comes alone counts, once.
    #[test]
    fn keys_work_again_after_anything(
        bytes in proptest::collection::vec(
            prop_oneof![
                prop::sample::select(&b"\x1b\x1b\x1bPX]^_[O0;?20~\x9b\x90\xc2"[..]),
                any::<u8>(),
            ],
            0..60,
        ),
    ) {
        let mut line = Line::new();
        line.send(&bytes).pause(LONG);
        let before = line.keys().len();
        line.send("y").pause(LONG);
        prop_assert_eq!(&line.keys()[before..], &[plain(KeyCode::Char('y'))]);
    }

    /// Pasted text is one unit, cut anywhere.
    #[test]
    fn a_paste_is_no_key(text in "[ -~äßн\n\r\t]{0,60}", pauses in proptest::collection::vec(0..4_000u64, 80)) {
        let mut line = Line::new();
        let bytes = format!("n\x1b[200~{text}\x1b[201~y");
        for (byte, pause) in bytes.bytes().zip(pauses.iter().cycle()) {
            line.send([byte]);
            // A lone ESC has a rule of its own.
            line.pause_ms(if byte == 0x1b { pause % 90 } else { *pause });
        }
        prop_assert_eq!(line.typed(), "ny");
        prop_assert_eq!(line.pasted(), [text]);
    }
}

#[test]
fn every_answer_cut_at_every_byte_is_one_unit() {
    for answer in all_answers() {
        for cut in 1..answer.len() {
            let (first, rest) = answer.as_bytes().split_at(cut);
            // Within the 2 s behind ESC, else within the 5 s of any unit.
            let stall = if first.ends_with(b"\x1b") {
                1_900
            } else {
                4_900
            };
            let mut line = Line::asked();
            line.send(first).pause_ms(stall).send(rest).pause(LONG);
            let name = answer.escape_debug();
            assert_eq!(line.typed(), "", "{name} cut at {cut}");
            line.send("y");
            assert_eq!(line.typed(), "y", "{name} cut at {cut}");
        }
        let mut line = Line::asked();
        for byte in answer.bytes() {
            line.send([byte]).pause_ms(300);
        }
        assert_eq!(line.typed(), "", "{}", answer.escape_debug());
    }
}

#[test]
fn answers_are_understood() {
    let mut line = Line::new();
    line.send("\x1b_Gi=31;OK\x1b\\\x1b[?62;4;22c\x1b[6;18;9t\x1bP>|kitty(0.40)\x1b\\\x1bP1+r524742=38\x1b\\\x1b[0n");
    let (number, ok) = (31, true);
    assert_eq!(
        line.answers(),
        [
            &Answer::Picture { number, ok },
            &Answer::Attributes { sixel: true },
            &Answer::Cell(9, 18),
            &Answer::Version("kitty(0.40)".to_owned()),
            &Answer::Capabilities { known: true },
            &Answer::Ready,
        ]
    );
    // One byte in place of ESC and a letter, and BEL at the end.
    let mut line = Line::new();
    line.send(b"\x90>|mintty 3.7.0\x9cy\x9fGi=7;OK\x07n\x9b0nm");
    assert_eq!(line.typed(), "ynm");
    let (number, ok) = (7, true);
    assert_eq!(
        line.answers(),
        [
            &Answer::Version("mintty 3.7.0".to_owned()),
            &Answer::Picture { number, ok },
            &Answer::Ready
        ]
    );
}

#[test]
fn a_lone_esc_is_a_key_after_a_moment() {
    let mut line = Line::new();
    line.send("\x1b").pause_ms(99);
    assert_eq!(line.typed(), "");
    line.pause_ms(1);
    assert_eq!(line.typed(), "<Esc>");
    line.pause_ms(50).send("yn");
    assert_eq!(line.typed(), "<Esc>yn");
    // Held: each but the last is followed by another.
    let mut line = Line::new();
    line.send("\x1b\x1b\x1b").pause_ms(100).send("y");
    assert_eq!(line.typed(), "<Esc><Esc><Esc>y");
    // Together with a letter it is that letter with alt, to which nothing is bound.
    let mut line = Line::new();
    line.send("\x1by").pause(LONG).send("n");
    assert_eq!(line.typed(), "<Alt+y>n");
    // There is always a way out.
    let mut line = Line::new();
    line.send("\x1b\x03");
    assert_eq!(line.typed(), "<Esc><Control+c>");
}

#[test]
fn a_lone_esc_waits_longer_while_an_answer_is_owed() {
    let mut line = Line::asked();
    line.send("\x1b").pause_ms(1_999);
    assert_eq!(line.typed(), "");
    line.pause_ms(1);
    assert_eq!(line.typed(), "<Esc>");
    // A key that follows ends the wait.
    let mut line = Line::asked();
    line.send("\x1b").pause_ms(500).send("y");
    assert_eq!(line.typed(), "<Esc>y");
    // So does the end of the answers.
    let mut line = Line::asked();
    line.send("\x1b").pause_ms(500);
    line.parser.expect_answers(None);
    line.pause_ms(1);
    assert_eq!(line.typed(), "<Esc>");
}

#[test]
fn the_rest_of_a_sequence_is_none_the_less_for_an_esc_before_it() {
    for pause in [0, 50, 400, 3_000, 4_900] {
        let mut line = Line::new();
        line.send("\x1b").pause_ms(pause);
        line.send("P>|mintty 3.7.0\x1b\\").pause(LONG).send("y");
        assert_eq!(line.typed().trim_start_matches("<Esc>"), "y", "{pause} ms");
        // Cut once more.
        let mut line = Line::new();
        line.send("\x1b").pause_ms(pause).send("P").pause_ms(pause);
        line.send(">|mintty 3.7.0\x1b")
            .pause_ms(pause)
            .send("\\")
            .pause(LONG);
        assert_eq!(line.typed().trim_start_matches("<Esc>"), "", "{pause} ms");
    }
}

#[test]
fn an_unfinished_string_ends_and_never_votes() {
    // Its rest comes too late, in one piece or in several.
    for rest in [
        &["ny, maybe\x1b\\"][..],
        &["ny, maybe\x07"],
        &["ny, ma", "ybe\x1b\\"],
        &["ny, maybe"],
    ] {
        let mut line = Line::new();
        line.send("\x1b_Gi=5;ENOENT: a").pause_ms(5_001);
        for part in rest {
            line.send(part).pause_ms(200);
        }
        assert_eq!(line.typed().replace("<Alt+\\>", ""), "", "{rest:?}");
        line.pause(LONG).send("y").pause(LONG);
        assert_eq!(line.typed().replace("<Alt+\\>", ""), "y", "{rest:?}");
    }
    // Keys that are pressed meanwhile do not keep it alive.
    let mut line = Line::new();
    line.send("\x1bP>|min");
    for _ in 0..40 {
        line.pause_ms(1_000).send("y");
    }
    line.pause_ms(200);
    assert_eq!(line.typed(), "y".repeat(21), "from 20 s on");
    // Another sequence, CAN and SUB end it at once, and so does ctrl-c.
    for (end, typed) in [
        ("\x1b[A", "<Up>"),
        ("\x1b[0n", ""),
        ("\x18", ""),
        ("\x1a", ""),
        ("\x03", "<Control+c>"),
    ] {
        let mut line = Line::new();
        line.send(format!("\x1b]11;rgb:ny{end}y"));
        assert_eq!(line.typed(), format!("{typed}y"), "{end:?}");
    }
    let mut line = Line::new();
    line.send("\x1bP>|min").pause_ms(500).send("\x1b");
    line.pause_ms(500).send("n").pause_ms(500).send("y");
    assert_eq!(line.typed(), "<Alt+n>y", "Esc and a key");
}

#[test]
fn a_paste_ends_in_the_form_in_which_it_began() {
    let forms: [&[u8]; 3] = [b"\x1b[", b"\x9b", b"\xc2\x9b"];
    for own in forms {
        for other in forms.into_iter().filter(|other| !other.ends_with(own)) {
            let mut line = Line::new();
            for part in [own, b"200~", other, b"201~yny", own, b"201~y"] {
                line.send(part);
            }
            assert_eq!(line.typed(), "y", "{own:?} {other:?}");
            assert_eq!(line.pasted().len(), 1);
        }
    }
}

#[test]
fn an_unfinished_paste_goes_where_it_was_meant_to_and_never_votes() {
    let mut line = Line::new();
    line.send("\x1b[200~yes, no").pause_ms(5_001);
    assert_eq!(line.pasted(), ["yes, no"]);
    line.send(", maybe\x1b[201~").pause_ms(200).send("y");
    assert_eq!(line.typed(), "y");
    // A book is cut, and still ends where it ends.
    let mut line = Line::new();
    line.send("\x1b[200~");
    for _ in 0..1000 {
        line.send("yes, no, maybe\r".repeat(10));
    }
    line.send("\x1b[201~y");
    assert_eq!(line.typed(), "y");
    assert!(line.pasted()[0].len() <= 64 * 1024 + 8);
}
