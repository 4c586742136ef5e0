//! Pasted text goes into the line that is being typed, and is no key anywhere.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;
#[path = "common/played.rs"]
mod played;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{labels, marks, selected};
use played::{Sitting, computers};
use relabel::review::effect::NoteText;
use relabel::review::event::Event;
use relabel::review::state::Mode;

/// Words whose letters are nearly all keys.
const WORDS: &str = "any name, yes maybe\rno\r\n";

fn paste(sitting: &mut Sitting, text: &str) {
    sitting.happens(Event::Pasted(text.to_owned()));
    sitting.settle();
}

#[test]
fn nothing_is_done_with_a_paste_while_nothing_is_typed() {
    let mut sitting = Sitting::ready(vec![computers(1), computers(2)]);
    for keys in ["", "?", "? r", "r q"] {
        sitting.press_and_settle(keys);
        paste(&mut sitting, WORDS);
        assert!(
            sitting.says().contains("pasted text is ignored here"),
            "{keys}"
        );
        assert_eq!(sitting.marks(1), "····");
    }
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert!(!sitting.ended && sitting.notes.is_empty());
}

#[test]
fn a_comment_takes_a_paste_on_its_one_line() {
    let mut sitting = Sitting::ready(vec![computers(1)]);
    sitting.press("c").types("see: ");
    paste(&mut sitting, "first\r\nsecond\n\tthird\x1b[31m\u{7}\r");
    assert!(
        matches!(&sitting.state.mode, Mode::Comment(text) if text == "see: first second  third[31m")
    );
    assert_eq!(sitting.marks(1), "····");
    sitting.press_and_settle("enter");
    let text = "see: first second  third[31m".to_owned();
    assert_eq!(sitting.notes.len(), 1);
    assert_eq!(sitting.notes[0].1, NoteText::Comment(text));
    // A book is cut, between characters.
    sitting.press("c");
    paste(&mut sitting, &"ä\u{1F408}".repeat(1000));
    assert!(matches!(&sitting.state.mode, Mode::Comment(text) if (500..504).contains(&text.len())));
}

#[test]
fn the_search_takes_a_paste() {
    let mut sitting = Sitting::ready(vec![computers(1)]);
    sitting.press("/");
    paste(&mut sitting, "tabby\n");
    let Mode::Search(search) = &sitting.state.mode else {
        panic!("{:?}", sitting.state.mode);
    };
    assert_eq!(search.query, "tabby");
    assert_eq!(search.found.first(), Some(&played::TABBY));
}

fn last(stream: &str, sequence: &str) -> Option<usize> {
    stream.rfind(sequence)
}

#[test]
fn a_paste_in_a_terminal_is_no_vote_and_the_terminal_is_given_back() {
    let project = Project::of_drawings();
    let arguments = ["review", "--rater", "ann", "--pictures", "none"];
    for (end, code) in [("\x03", 130), ("qq", 0)] {
        let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
        terminal.wait_until("a label", |terminal| selected(terminal).is_some());
        let stream = terminal.stream();
        assert!(last(&stream, "\x1b[?2004h") > last(&stream, "\x1b[?2004l"));
        for part in ["\x1b[20", "0~", WORDS, WORDS, "\x1b", "[201~"] {
            terminal.keys(part);
            terminal.read_for(std::time::Duration::from_millis(30));
        }
        terminal.wait_for_text("pasted text is ignored here");
        assert_eq!(marks(&terminal), "······");
        terminal.keys("c\x1b[200~many\rnames\x1b[201~");
        terminal.wait_for_text("many names");
        terminal.keys("\x1b");
        terminal.wait_for("labels again", |text| !text.contains("many names"));
        terminal.keys(end);
        assert_eq!(terminal.wait_for_end(), code);
        let stream = terminal.stream();
        assert!(last(&stream, "\x1b[?2004l") > last(&stream, "\x1b[?2004h"));
    }
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");
    assert_eq!(project.sql("SELECT count(*) FROM note"), "0\n");
}

#[test]
fn keys_after_a_paste_count() {
    let project = Project::of_drawings();
    let arguments = ["review", "--rater", "ann", "--pictures", "none"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_until("a label", |terminal| selected(terminal).is_some());
    terminal.keys("y\x1b[200~yes, no\x1b[201~n");
    terminal.wait_until("two votes", |terminal| labels(terminal)[1].mark == 'n');
    assert!(marks(&terminal).starts_with("yn·"));
}
