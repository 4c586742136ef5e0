//! What the review screen looks like: snapshots of every screen, and sweeps over sizes and hostile texts.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/played.rs"]
mod played;

use played::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};
use relabel::domain::{Answer, TaskId};
use relabel::review::event::Event;
use relabel::review::picture::NoPicture;
use relabel::review::state::{Insight, PictureState, State};
use relabel::review::view::{Palette, view};

fn draw(state: &State, (columns, rows): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    terminal.draw(|frame| drop(view(state, frame))).unwrap();
    terminal.backend().buffer().clone()
}

/// The screen as text, a line a row, without the blanks at its end.
fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip == 0 {
                line.push_str(cell.symbol());
                skip = relabel::text::width(cell.symbol()).max(1);
            }
            skip -= 1;
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn resize(sitting: &mut Sitting, (columns, rows): (u16, u16)) {
    sitting.happens(Event::Resize { columns, rows });
}

/// The sitting of the design's picture: three of four labels answered, the cursor on the third.
fn voting(size: (u16, u16)) -> Sitting {
    let mut sitting = Sitting::ready((1..=5).map(computers).collect());
    resize(&mut sitting, size);
    sitting.state.progress.total = 37_988;
    sitting.state.progress.before = 211;
    sitting.state.progress.today_before = 84;
    sitting.press_and_settle("y 3 n m 3");
    sitting.state.progress.votes = 10;
    sitting.state.progress.spent = 31_000;
    sitting
}

fn shown(sitting: &Sitting) -> String {
    text(&draw(&sitting.state, sitting.state.size))
}

macro_rules! assert_screen {
    ($name:literal, $sitting:expr) => {
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!($name, shown($sitting));
        })
    };
}

#[test]
fn voting_fits_every_size() {
    assert_screen!("voting_60x15", &voting((60, 15)));
    assert_screen!("voting_80x24", &voting((80, 24)));
    assert_screen!("voting_120x40", &voting((120, 40)));
    assert_screen!("voting_200x60", &voting((200, 60)));
    assert_screen!("voting_70x40", &voting((70, 40)));
    assert_screen!("too_small_59x14", &voting((59, 14)));
}

#[test]
fn an_answer_on_its_way_looks_different() {
    let mut sitting = voting((80, 24));
    sitting.press("2 y");
    assert_screen!("sending", &sitting);
}

#[test]
fn other_screens() {
    let size = (80, 24);
    let mut sitting = voting(size);
    sitting.press("/");
    assert_screen!("search_empty", &sitting);
    sitting.types("tabb").press("down");
    assert_screen!("search", &sitting);
    sitting.types("qqqq");
    assert_screen!("search_nothing", &sitting);
    let mut sitting = voting(size);
    sitting.press("?");
    assert_screen!("help", &sitting);
    sitting.press("down down down down down down down down down");
    assert_screen!("help_scrolled", &sitting);
    let mut sitting = voting(size);
    sitting
        .press("c")
        .types("the left one is a dog; the sticker says cat, and that is all one sees");
    assert_screen!("comment", &sitting);
    let mut sitting = voting(size);
    sitting.press("r");
    assert_screen!("examples_looking", &sitting);
    sitting.settle();
    assert_screen!("examples", &sitting);
    let mut sitting = voting(size);
    sitting
        .press("f c")
        .types("blurred")
        .press_and_settle("enter")
        .press("esc");
    assert_screen!("flagged_and_commented", &sitting);
    sitting.press("z");
    assert_screen!("zoomed", &sitting);
}

#[test]
fn classes_of_one_name_are_told_apart_while_one_searches() {
    let mut sitting = voting((80, 24));
    sitting.press("/").types("crane").press("down");
    assert_screen!("search_same_name", &sitting);
}

#[test]
fn notes_are_seen_in_the_smallest_window_and_comments_while_one_comments() {
    let mut sitting = voting((60, 15));
    sitting
        .press("f c")
        .types("the desk is cut off")
        .press_and_settle("enter")
        .press("c");
    assert_screen!("comment_60x15", &sitting);
}

#[test]
fn the_closing_screen() {
    let mut sitting = voting((80, 24));
    sitting.press("q");
    assert_screen!("closing_counting", &sitting);
    sitting.summary = summary(&[TaskId(9), TaskId(2)]);
    sitting.settle();
    assert_screen!("closing", &sitting);
    resize(&mut sitting, (60, 15));
    assert_screen!("closing_60x15", &sitting);
    let mut sitting = Sitting::begin(Vec::new());
    sitting.answer_next(false);
    assert_screen!("closing_failed", &sitting);
}

#[test]
fn a_missing_picture_and_a_picture_that_cannot_be_made_say_why() {
    let mut gone = computers(1);
    gone.no_picture = Some("the file photos/cat.jpg is gone".to_owned());
    let sitting = Sitting::ready(vec![gone]);
    assert_screen!("missing_picture", &sitting);
    let mut sitting = Sitting::ready(vec![computers(1)]);
    let request = *sitting.state.pictures.keys().next().unwrap();
    let reason = NoPicture::Unusable("this is no JPEG: it begins with \u{1b}[2J".to_owned());
    sitting.happens(Event::PictureFailed { request, reason });
    assert_screen!("failed_picture", &sitting);
}

#[test]
fn lost_votes_are_said_so() {
    let mut sitting = voting((80, 24));
    sitting.press("2 y");
    sitting.answer_next(false);
    assert_screen!("not_recorded", &sitting);
}

fn adjudicated() -> Sitting {
    let mut seen = computers(1);
    seen.labels[0].insight = Some(Insight {
        votes: vec![
            ("alice".to_owned(), Answer::Yes),
            ("bob".to_owned(), Answer::No),
        ],
        score: Some(0.52),
        original: true,
        disputed: true,
        ruling: None,
        sources: vec!["resnet50".to_owned()],
    });
    seen.labels[2].insight = Some(Insight {
        votes: Vec::new(),
        score: None,
        original: false,
        disputed: false,
        ruling: Some(("dora".to_owned(), Answer::No)),
        sources: vec!["vit".to_owned(), "bit-l".to_owned()],
    });
    Sitting::ready(vec![seen])
}

#[test]
fn an_adjudicator_sees_votes_scores_and_sources() {
    let mut sitting = adjudicated();
    assert_screen!("insight_80x24", &sitting);
    resize(&mut sitting, (120, 40));
    assert_screen!("insight_120x40", &sitting);
}

#[test]
fn a_rater_votes_blind() {
    let blind = shown(&voting((120, 40)));
    let seen = {
        let mut sitting = adjudicated();
        resize(&mut sitting, (120, 40));
        shown(&sitting)
    };
    for word in ["original", "score", "from ", "bob"] {
        assert!(!blind.contains(word), "{word}");
        assert!(seen.contains(word), "{word}");
    }
}

/// Texts as somebody's files may have them.
const TEXTS: &[(&str, &str)] = &[
    ("escapes", "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J.jpg"),
    ("lines", "one\ntwo\r\tthree\u{0}.jpg"),
    (
        "wide",
        "日本語の写真、とても長い名前のファイル名です。日本語の写真、とても長い.jpg",
    ),
    (
        "right_to_left",
        "שלום עולם \u{202e}gpj.exe مرحبا بالعالم.jpg",
    ),
    ("emoji", "👩‍🚀🏳️‍🌈🇩🇪 a picture 👨‍👩‍👧‍👦 e\u{301}\u{301}\u{301}.jpg"),
];

fn named(name: &str) -> Sitting {
    let mut odd = computers(1);
    odd.image_name = name.to_owned();
    odd.part = (2, 3);
    odd.labels[0].name = format!("{name}, {name}");
    odd.labels[0].gloss = Some(name.to_owned());
    odd.labels[0].heading = name.to_owned();
    odd.labels[0].ancestors = format!("{name} › {name}");
    odd.labels[1].name = name.to_owned();
    odd.labels[1].gloss = None;
    odd.labels[1].heading = name.to_owned();
    odd.labels[1].added = true;
    odd.labels[2].insight = Some(Insight {
        votes: vec![(name.to_owned(), Answer::Maybe)],
        score: Some(f64::NAN),
        original: true,
        disputed: true,
        ruling: None,
        sources: vec![name.to_owned()],
    });
    odd.comments = vec![name.to_owned()];
    let mut sitting = Sitting::ready(vec![odd, computers(2)]);
    sitting.state.rater = name.to_owned();
    sitting.summary = summary(&[TaskId(1)]);
    sitting.summary.method = name.to_owned();
    sitting.summary.pairs[0].rater = name.to_owned();
    sitting.summary.disputes[0].image = name.to_owned();
    sitting.summary.disputes[0].label = name.to_owned();
    sitting.summary.label_sets[0].name = name.to_owned();
    sitting.summary.label_sets[0].labels = vec![name.to_owned()];
    sitting.summary.label_sets[1].original = Some(name.to_owned());
    sitting
}

#[test]
fn odd_names_are_shown_and_not_acted_on() {
    for (name, text) in TEXTS {
        let sitting = named(text);
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(format!("odd_{name}"), shown(&sitting));
        });
    }
    let long = "a very long name of a picture ".repeat(10);
    assert_screen!("odd_long", &named(&long));
}

/// A sitting in every mode, with what leads there.
const MODES: &[&str] = &["esc", "/", "c", "?", "r", "q", "z", "f", "y n"];

/// No cell holds what a terminal acts on, and every row is as wide as the screen.
fn check(buffer: &Buffer, about: &str) {
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks(width) {
        for (columns, cell) in row.iter().enumerate() {
            let symbol = cell.symbol();
            let printable = relabel::text::printable(symbol);
            assert_eq!(printable, symbol, "{about}: a terminal would act on this");
            if columns < row.len() && relabel::text::width(symbol) > 1 {
                assert!(
                    columns + relabel::text::width(symbol) <= row.len(),
                    "{about}: cut in half"
                );
            }
        }
    }
}

#[test]
fn every_screen_can_be_drawn_in_every_size_whatever_the_names() {
    let long = "x".repeat(300);
    let texts = TEXTS
        .iter()
        .map(|(_, text)| *text)
        .chain([long.as_str(), ""]);
    for (nth, text) in texts.enumerate() {
        for keys in MODES {
            let mut sitting = named(text);
            sitting.press_and_settle(keys).types(text);
            // Each text in sizes of its own, so that all together are many.
            for columns in (0..=130u16)
                .step_by(26)
                .map(|columns| columns + 3 * nth as u16)
            {
                for rows in (0..=50u16).step_by(10).map(|rows| rows + nth as u16) {
                    resize(&mut sitting, (columns, rows));
                    let about = format!("{text:?} after {keys:?} at {columns}×{rows}");
                    check(&draw(&sitting.state, (columns, rows)), &about);
                }
            }
            // The screen may be drawn before the state has heard of its new size.
            check(&draw(&sitting.state, (80, 24)), text);
        }
    }
}

#[test]
fn every_size_up_to_a_large_terminal_can_be_drawn() {
    let mut sitting = voting((80, 24));
    // Around the smallest size every one, else one in six.
    for (columns, rows) in (58..=82).flat_map(|columns| (13..=25).map(move |rows| (columns, rows)))
    {
        resize(&mut sitting, (columns, rows));
        draw(&sitting.state, (columns, rows));
    }
    for columns in (0..=130).step_by(3) {
        for rows in (0..=50).step_by(2) {
            resize(&mut sitting, (columns, rows));
            draw(&sitting.state, (columns, rows));
        }
    }
}

#[test]
fn without_colour_nothing_is_coloured() {
    for keys in MODES {
        let mut sitting = adjudicated();
        sitting.summary = summary(&[TaskId(1)]);
        sitting.state.palette = Palette::new(false);
        sitting.press_and_settle("y n m").press_and_settle(keys);
        let mut coloured = sitting.state.clone();
        coloured.palette = Palette::new(true);
        let plain = draw(&sitting.state, (80, 24));
        for cell in &plain.content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{keys:?}");
        }
        let colours = draw(&coloured, (80, 24));
        // Nothing is told by colour alone.
        assert_eq!(text(&plain), text(&colours), "{keys:?}");
        assert!(colours.content.iter().any(|cell| cell.fg != Color::Reset));
    }
}

#[test]
fn a_failure_stands_out_without_colour_too() {
    let mut sitting = voting((80, 24));
    sitting.state.palette = Palette::new(false);
    sitting.press("2 y");
    sitting.answer_next(false);
    let buffer = draw(&sitting.state, (80, 24));
    let said = &buffer[(1, 23)];
    assert_eq!(said.symbol(), "N");
    assert!(said.modifier.contains(Modifier::REVERSED));
}

#[test]
fn pictures_that_are_off_or_not_there_yet_leave_the_frame() {
    let mut sitting = voting((80, 24));
    let waiting = sitting.state.pictures.values();
    assert!(
        waiting
            .into_iter()
            .all(|picture| matches!(picture, PictureState::Waiting))
    );
    sitting.state.pictures_on = false;
    assert!(shown(&sitting).contains("pictures are off"));
}
