//! Only what is on the screen is voted on: by what frames hold, read by the test itself.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/played.rs"]
mod played;

use std::collections::HashSet;
use std::sync::Arc;

use image::{Rgb, RgbImage};
use played::*;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use relabel::domain::ClassIndex;
use relabel::review::effect::Effect;
use relabel::review::event::Event;
use relabel::review::layout::areas;
use relabel::review::picture::{
    ColorDepth, Decoded, NoPicture, Picture, PictureMode, PictureRequest, TerminalPictures, encode,
};
use relabel::review::state::{Mode, NotSeen, Shown, State, Task, can_answer, can_vote};
use relabel::review::view::view;

/// The picture of a plain image.
fn picture(request: PictureRequest) -> Arc<Picture> {
    let terminal = TerminalPictures {
        mode: PictureMode::Half,
        cell: (10, 20),
        tmux: false,
        depth: ColorDepth::True,
        budget: None,
    };
    let image = Decoded {
        image: RgbImage::from_pixel(8, 8, Rgb([200, 100, 50])),
        damage: None,
    };
    let room = (request.columns, request.rows);
    Arc::new(encode(&image, room, request.viewport, &terminal).unwrap())
}

/// Every picture that is wanted comes.
fn pictures_come(sitting: &mut Sitting) {
    let requests: Vec<PictureRequest> = sitting.state.pictures.keys().copied().collect();
    for request in requests {
        let picture = picture(request);
        sitting.happens(Event::PictureReady { request, picture });
    }
}

/// No picture can be made, for this reason.
fn pictures_fail(sitting: &mut Sitting, reason: &NoPicture) {
    let requests: Vec<PictureRequest> = sitting.state.pictures.keys().copied().collect();
    for request in requests {
        let reason = reason.clone();
        sitting.happens(Event::PictureFailed { request, reason });
    }
}

/// Draws a frame; the state hears of it.
fn frame(sitting: &mut Sitting) -> Buffer {
    let (columns, rows) = sitting.state.size;
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut shown = Shown::default();
    let draw = |frame: &mut ratatui::Frame<'_>| shown = view(&sitting.state, frame).shown;
    terminal.draw(draw).unwrap();
    sitting.draws(shown);
    terminal.backend().buffer().clone()
}

fn resize(sitting: &mut Sitting, (columns, rows): (u16, u16)) {
    sitting.happens(Event::Resize { columns, rows });
}

/// A task is read and drawn with its picture, in a window of this size.
fn on_screen(tasks: Vec<Task>, size: (u16, u16)) -> Sitting {
    let mut sitting = Sitting::ready(tasks);
    resize(&mut sitting, size);
    pictures_come(&mut sitting);
    frame(&mut sitting);
    sitting
}

const BEFORE_PICTURE: &str = "not counted: the picture was not on the screen yet";
const BEFORE_QUESTION: &str = "not counted: the question was not on the screen yet";

#[test]
fn a_key_before_the_picture_does_not_vote() {
    let mut sitting = Sitting::ready(vec![computers(1)]);
    frame(&mut sitting);
    for key in ["y", "n", "m", "N", "enter"] {
        sitting.press_ahead(key, 1000);
        assert_eq!(sitting.says(), BEFORE_PICTURE, "{key}");
        assert_eq!(sitting.marks(1), "····");
    }
    // It has come, and is not drawn yet.
    pictures_come(&mut sitting);
    sitting.press_ahead("y", 1000);
    assert_eq!(sitting.says(), BEFORE_PICTURE);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000).settle();
    assert_eq!(sitting.marks(1), "y···");
}

#[test]
fn who_types_on_after_a_key_that_did_not_count_votes_on_no_other_label() {
    let mut sitting = Sitting::ready(vec![computers(1)]);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000);
    pictures_come(&mut sitting);
    frame(&mut sitting);
    // These were meant for the second and the third label.
    sitting.press_ahead("n m", 300);
    assert_eq!(sitting.says(), BEFORE_PICTURE);
    assert_eq!(sitting.marks(1), "····");
    sitting.press_ahead("n", 800).settle();
    assert_eq!(sitting.marks(1), "n···");
}

#[test]
fn keys_that_run_ahead_vote_on_nothing_and_move_all_the_same() {
    let mut sitting = Sitting::begin(vec![computers(1), computers(2)]);
    sitting.press_ahead("y n j N enter", 100);
    sitting.settle();
    assert_eq!(
        (sitting.marks(1).as_str(), sitting.state.cursor),
        ("····", 1)
    );
    assert_eq!(sitting.says(), BEFORE_QUESTION);
    // What begins as a comment is one.
    let mut sitting = Sitting::begin(vec![computers(1)]);
    sitting.press_ahead("c n o", 100).settle();
    assert!(matches!(&sitting.state.mode, Mode::Comment(text) if text == "no"));
}

#[test]
fn one_key_more_than_a_task_has_labels_does_not_reach_the_next_task() {
    let mut sitting = on_screen(vec![computers(1), computers(2)], (80, 24));
    sitting.press_ahead("y n m n enter y enter", 50).settle();
    assert_eq!(
        (sitting.current(), sitting.marks(2).as_str()),
        (Some(2), "····")
    );
    assert_eq!(sitting.marks(1), "ynmn");
    assert_eq!(sitting.says(), BEFORE_QUESTION);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000).settle();
    assert_eq!(sitting.marks(2), "y···");
}

#[test]
fn no_vote_in_a_window_that_is_too_small_nor_before_the_larger_one_is_drawn() {
    let mut sitting = on_screen(vec![computers(1), computers(2)], (80, 24));
    for size in [(80, 14), (59, 24), (1, 1), (0, 0)] {
        resize(&mut sitting, size);
        frame(&mut sitting);
        sitting
            .press_ahead("y n m N enter s f u / c z ? 2", 1000)
            .settle();
        assert_eq!(
            (sitting.current(), sitting.marks(1).as_str()),
            (Some(1), "····")
        );
        assert!(matches!(sitting.state.mode, Mode::Voting));
        assert!(sitting.notes.is_empty());
        assert_eq!(can_vote(&sitting.state), Err(NotSeen::Window));
    }
    resize(&mut sitting, (60, 15));
    sitting.press_ahead("y", 1000);
    assert_eq!(sitting.says(), BEFORE_QUESTION);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000);
    assert_eq!(sitting.says(), BEFORE_PICTURE);
    pictures_come(&mut sitting);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000).settle();
    assert_eq!(sitting.marks(1), "y···");
    // A comment that is begun is not recorded unseen, and not lost.
    sitting.press_ahead("c n o", 1000);
    resize(&mut sitting, (59, 24));
    sitting.press_ahead("t enter esc", 1000);
    assert!(matches!(&sitting.state.mode, Mode::Comment(text) if text == "not"));
    resize(&mut sitting, (80, 24));
    sitting.press_ahead("enter", 1000).settle();
    assert_eq!(sitting.task().comments, ["not"]);
    // One can leave from there.
    resize(&mut sitting, (10, 3));
    assert!(sitting.press_ahead("q q", 1000).ended);
}

#[test]
fn a_missing_file_and_pictures_that_are_off_are_known_to_the_rater() {
    let mut without = computers(1);
    without.no_picture = Some("no file: cat.jpg is known by name only".to_owned());
    let mut by_name = Sitting::ready(vec![without]);
    let mut off = Sitting::ready(vec![computers(1)]);
    off.happens(Event::PicturesChanged { shown: false });
    let mut gone = Sitting::ready(vec![computers(1)]);
    pictures_fail(&mut gone, &NoPicture::Missing);
    for sitting in [&mut by_name, &mut off, &mut gone] {
        // Known once it is drawn.
        sitting.press_ahead("y", 1000);
        assert_eq!(sitting.marks(1), "····");
        frame(sitting);
        sitting.press_ahead("y N enter", 1000).settle();
        assert_eq!(sitting.marks(1), "ynnn");
        assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    }
}

#[test]
fn a_file_that_gives_no_picture_is_flagged_or_skipped_and_not_voted_on() {
    let mut sitting = Sitting::ready(vec![computers(1), computers(2)]);
    pictures_fail(&mut sitting, &NoPicture::Unusable("cut short".to_owned()));
    frame(&mut sitting);
    sitting.press_ahead("y n m N enter", 1000).settle();
    assert_eq!(sitting.marks(1), "····");
    assert_eq!(
        sitting.says(),
        "no votes on a picture that cannot be shown: flag it, skip it"
    );
    sitting.press_ahead("f", 1000).settle();
    assert!(sitting.task().flagged);
    sitting.press_ahead("s", 1000);
    assert_eq!(sitting.current(), Some(2));
}

#[test]
fn another_part_of_the_picture_is_waited_for() {
    let mut sitting = on_screen(vec![computers(1)], (80, 24));
    sitting.press_ahead("z", 1000);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000);
    assert_eq!(sitting.says(), BEFORE_PICTURE);
    pictures_come(&mut sitting);
    frame(&mut sitting);
    sitting.press_ahead("y", 1000).settle();
    assert_eq!(sitting.marks(1), "y···");
}

#[test]
fn after_other_screens_the_task_has_to_be_seen_again() {
    for (there, back) in [("?", "?"), ("r", "r"), ("q", "b"), ("/", "esc")] {
        let mut sitting = on_screen(vec![computers(1)], (80, 24));
        sitting.press_ahead(there, 1000).settle();
        frame(&mut sitting);
        sitting.press_ahead(back, 1000).press_ahead("y", 1000);
        assert_eq!(sitting.marks(1), "····", "{there}");
        assert!(sitting.says().starts_with("not counted"), "{there}");
        frame(&mut sitting);
        sitting.press_ahead("y", 1000).settle();
        assert_eq!(sitting.marks(1), "y···", "{there}");
    }
    let mut sitting = on_screen(vec![computers(1)], (80, 24));
    sitting.happens(Event::Resumed);
    assert_eq!(can_vote(&sitting.state), Err(NotSeen::Question));
}

/// More labels than the smallest screen has rows.
fn many() -> Task {
    let classes: Vec<ClassIndex> = (0..24).map(|class| ClassIndex(class * 7)).collect();
    task(1, &classes)
}

#[test]
fn labels_that_were_not_on_the_screen_get_no_answer() {
    let mut sitting = on_screen(vec![many()], (60, 15));
    sitting.press_ahead("N", 1000);
    assert!(
        sitting
            .says()
            .contains("open labels were not on the screen yet")
    );
    // Faster than frames: no further than the screen reaches.
    let fast = "y ".repeat(24);
    sitting.press_ahead(&fast, 10).settle();
    let answered = sitting.marks(1).matches('y').count();
    assert!((1..12).contains(&answered), "{answered}");
    assert_eq!(
        sitting.says(),
        "not counted: the label was not on the screen yet"
    );
    // Looked through, all of them may be answered at once.
    frame(&mut sitting);
    for _ in answered..24 {
        sitting.press_ahead("down", 100);
        frame(&mut sitting);
    }
    sitting.press_ahead("N", 1000).settle();
    assert!(!sitting.marks(1).contains('·'));
    assert!(
        sitting
            .says()
            .starts_with(&format!("N: {} labels", 24 - answered))
    );
}

#[test]
fn a_label_that_is_just_added_has_to_be_seen() {
    let mut sitting = on_screen(vec![computers(1)], (80, 24));
    sitting.press("/").types("tabby");
    sitting.press_ahead("enter y", 1000).settle();
    assert!(sitting.says().starts_with("not counted"));
    frame(&mut sitting);
    sitting.press_ahead("y", 1000).settle();
    assert_eq!(sitting.marks(1), "····y");
}

/// Whether a frame holds something of the picture, or says why there is none.
fn holds_picture(buffer: &Buffer, state: &State) -> bool {
    let Some(areas) = areas((buffer.area.width, buffer.area.height)) else {
        return false;
    };
    let area = areas.picture();
    let text: String = area
        .positions()
        .map(|at| buffer[at].symbol().to_owned())
        .collect();
    let is_painted =
        |at| matches!(buffer[at].bg, Color::Rgb(..)) || matches!(buffer[at].fg, Color::Rgb(..));
    let examples = matches!(state.mode, Mode::Examples(_));
    let is_known = ["pictures are off", "is missing"]
        .iter()
        .any(|word| text.contains(word));
    !examples && (is_known || area.positions().any(is_painted))
}

/// The labels whose names stand on a frame; their first letters are enough.
fn held_labels(buffer: &Buffer, state: &State) -> HashSet<ClassIndex> {
    let is_task = matches!(
        state.mode,
        Mode::Voting | Mode::Comment(_) | Mode::Answer { .. }
    );
    let (Some(areas), Some(task), true) = (
        areas((buffer.area.width, buffer.area.height)),
        state.task(),
        is_task,
    ) else {
        return HashSet::new();
    };
    let rows: Vec<String> = areas
        .labels
        .rows()
        .map(|row| {
            row.positions()
                .map(|at| buffer[at].symbol().to_owned())
                .collect()
        })
        .collect();
    let stands = |name: &str| {
        let start: String = name.chars().take(12).collect();
        // A label's line begins with a pointer, its number and its mark.
        rows.iter().any(|row| {
            let line: String = row.chars().skip(7).collect();
            line.trim_start_matches("+ ").starts_with(&start)
        })
    };
    let labels = task.labels.iter().filter(|label| stands(&label.name));
    labels.map(|label| label.class).collect()
}

#[derive(Debug, Clone)]
enum Happening {
    Keys(Vec<&'static str>, i64),
    Frame,
    PicturesCome,
    PicturesFail(bool),
    Resized(u16, u16),
    PicturesChanged(bool),
    Answered,
    Lost,
}

const KEYS: &[&str] = &[
    "y", "y", "n", "m", "N", "enter", "enter", "u", "s", "f", "c", "/", "a", "t", "esc", "z", "Z",
    "j", "k", "down", "up", "2", "9", "?", "r", "q", "b",
];

fn happening() -> impl Strategy<Value = Happening> {
    let keys = prop::collection::vec(prop::sample::select(KEYS), 1..5);
    prop_oneof![
        8 => (keys, 1i64..1500).prop_map(|(keys, apart)| Happening::Keys(keys, apart)),
        8 => Just(Happening::Frame),
        6 => Just(Happening::PicturesCome),
        1 => any::<bool>().prop_map(Happening::PicturesFail),
        2 => (58u16..84, 13u16..28).prop_map(|(columns, rows)| Happening::Resized(columns, rows)),
        1 => any::<bool>().prop_map(Happening::PicturesChanged),
        6 => Just(Happening::Answered),
        1 => Just(Happening::Lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_vote_is_ever_stored_on_what_the_rater_has_not_seen(
        happenings in prop::collection::vec(happening(), 0..80),
    ) {
        let tasks = vec![many(), task(2, &[LAPTOP, NOTEBOOK]), computers(3), computers(4)];
        let mut sitting = Sitting::begin(tasks);
        sitting.summary = summary(&[relabel::domain::TaskId(2)]);
        // What the newest frame held: task, size, picture; and the labels since this task came.
        let mut held = (None, (0, 0), false);
        let (mut labels_of, mut labels) = (None, HashSet::new());
        for happening in happenings {
            match happening {
                Happening::Frame => {
                    let buffer = frame(&mut sitting);
                    let now = held_labels(&buffer, &sitting.state);
                    let task = sitting.state.current.filter(|_| !now.is_empty());
                    if task.is_some() && task != labels_of {
                        (labels_of, labels) = (task, HashSet::new());
                    }
                    labels.extend(now);
                    held = (task, sitting.state.size, holds_picture(&buffer, &sitting.state));
                }
                Happening::Keys(keys, apart) => for key in keys {
                    let before = sitting.effects.len();
                    let (current, size) = (sitting.state.current, sitting.state.size);
                    let seen = can_vote(&sitting.state);
                    let cursor = sitting.state.label().map(|label| label.class);
                    let may_answer = can_answer(&sitting.state, cursor.as_slice());
                    sitting.press_ahead(key, apart);
                    for effect in &sitting.effects[before..] {
                        let Effect::StoreVotes { task, answers, .. } = effect else { continue };
                        // Taking back needs no second look.
                        if key == "u" { continue; }
                        prop_assert_eq!(&seen, &Ok(()));
                        prop_assert!(key == "N" || may_answer == Ok(()));
                        prop_assert_eq!(Some(*task), current);
                        prop_assert_eq!(held, (current, size, true), "{:?}", key);
                        for answer in answers {
                            prop_assert!(labels.contains(&answer.class), "{:?}", answer);
                        }
                    }
                    let is_ended = key == "enter" && sitting.state.current != current;
                    if is_ended && matches!(sitting.state.mode, Mode::Voting) && !sitting.state.detour {
                        prop_assert_eq!(seen, Ok(()), "a task was ended unseen");
                    }
                },
                Happening::PicturesCome => pictures_come(&mut sitting),
                Happening::PicturesFail(true) => pictures_fail(&mut sitting, &NoPicture::Missing),
                Happening::PicturesFail(false) => {
                    pictures_fail(&mut sitting, &NoPicture::Unusable("broken".to_owned()));
                }
                Happening::Resized(columns, rows) => resize(&mut sitting, (columns, rows)),
                Happening::PicturesChanged(shown) => sitting.happens(Event::PicturesChanged { shown }),
                Happening::Answered => { sitting.answer_next(true); }
                Happening::Lost => { sitting.answer_next(false); }
            }
        }
    }
}
