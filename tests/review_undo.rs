//! The review screen's `u` against a disk that fails, and what small things a rater counts on.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

#[path = "common/played.rs"]
mod played;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use played::*;
use proptest::prelude::*;
use relabel::domain::{Answer, ImageId, TaskId};
use relabel::review::effect::{Effect, NoteText};
use relabel::review::event::Event;
use relabel::review::keymap::Keymap;
use relabel::review::state::Mode;

const NOTHING_LEFT: &str = "nothing is left to take back in this sitting";

fn three() -> Vec<relabel::review::state::Task> {
    (1..=3).map(computers).collect()
}

/// Whether the flag of an image stands on disk.
fn flag_stands(sitting: &Sitting, image: ImageId) -> bool {
    let notes = sitting.notes.iter().rev().filter(|(on, _)| *on == image);
    let mut flags = notes.filter(|(_, note)| !matches!(note, NoteText::Comment(_)));
    flags
        .next()
        .is_some_and(|(_, note)| *note == NoteText::Flag)
}

#[test]
fn a_lost_flag_does_not_turn_the_flag_before_it_around() {
    let mut sitting = Sitting::ready(three());
    sitting.press("f f");
    sitting.answer_next(false);
    sitting.settle();
    sitting.press_and_settle("u u");
    assert!(!flag_stands(&sitting, ImageId(10)));
    assert_eq!(sitting.says(), NOTHING_LEFT);
}

#[test]
fn a_flag_that_could_not_be_taken_back_can_be_taken_back_once_more() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("f").press("u");
    sitting.answer_next(false);
    assert!(sitting.task().flagged);
    sitting.press_and_settle("u");
    assert!(!sitting.task().flagged);
}

#[test]
fn an_answer_on_an_added_label_that_could_not_be_taken_back_is_shown_again() {
    let mut sitting = Sitting::ready(three());
    sitting.press("/").types("281").press_and_settle("enter y");
    assert_eq!(sitting.marks(1), "····y");
    sitting.press("u u");
    sitting.answer_next(false);
    sitting.settle();
    assert_eq!(sitting.disk.get(&(TaskId(1), TABBY)), Some(&Answer::Yes));
    assert_eq!(sitting.marks(1), "····y");
    sitting.press_and_settle("u");
    assert!(sitting.disk.is_empty());
}

#[test]
fn keys_that_were_typed_for_a_task_that_cannot_be_read_are_for_no_other_task() {
    let mut sitting = Sitting::begin((1..=6).map(computers).collect());
    sitting.press("y y");
    sitting.answer_next(false);
    sitting.settle();
    assert_eq!((sitting.current(), sitting.disk.len()), (Some(2), 0));
}

#[test]
fn keys_held_with_alt_do_not_vote() {
    let mut sitting = Sitting::ready(three());
    for modifiers in [
        KeyModifiers::ALT,
        KeyModifiers::SUPER,
        KeyModifiers::CONTROL,
    ] {
        let key = KeyEvent::new(KeyCode::Char('y'), modifiers);
        sitting.happens(Event::Key { key, at: 1 });
    }
    assert_eq!(sitting.settle().marks(1), "····");
}

#[test]
fn good_news_does_not_hide_bad_news() {
    let mut sitting = Sitting::ready(three());
    sitting.press("y f");
    sitting.answer_next(false);
    sitting.settle();
    assert!(sitting.task().flagged);
    assert_eq!(sitting.says(), "NOT recorded: the disk is full");
}

#[test]
fn a_comment_that_is_not_stored_is_not_lost() {
    let mut sitting = Sitting::ready(three());
    sitting.press("c").types("two dogs").press("enter");
    sitting.answer_next(false);
    assert_eq!(
        sitting.says(),
        "NOT recorded: the disk is full; c brings the text back"
    );
    sitting.press_and_settle("c enter");
    assert_eq!(sitting.task().comments, ["two dogs"]);
    sitting.press("c");
    assert!(matches!(&sitting.state.mode, Mode::Comment(text) if text.is_empty()));
}

#[test]
fn only_time_spent_on_labels_counts() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y");
    let spent = sitting.state.progress.spent;
    sitting.happens(Event::Resumed);
    sitting.press_and_settle("y");
    assert_eq!(sitting.state.progress.spent, spent, "asleep");
    // One second from `b`, and from leaving the help screen, to the answer; not the ones before.
    sitting.press_and_settle("q down down b y");
    assert_eq!(
        sitting.state.progress.spent,
        spent + 1000,
        "on the closing screen"
    );
    sitting.press_and_settle("? down ? y");
    assert_eq!(
        sitting.state.progress.spent,
        spent + 2000,
        "reading what keys do"
    );
}

#[test]
fn the_closing_screen_scrolls_back_from_its_end_at_once() {
    let mut sitting = Sitting::ready(three());
    sitting.summary = summary(&[TaskId(2); 40]);
    sitting.press_and_settle("q");
    let scroll = |sitting: &Sitting| match &sitting.state.mode {
        Mode::Closing(closing) => closing.scroll,
        _ => panic!("the closing screen is not open"),
    };
    for _ in 0..30 {
        sitting.press("pagedown");
    }
    assert!(scroll(&sitting) < 60, "{}", scroll(&sitting));
}

/// What happens in a random sitting.
#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Answered,
    Lost,
}

fn happening() -> impl Strategy<Value = Happening> {
    let votes = "y n m y y n N enter enter enter u u u up down 1 4 s f q b 1 2 esc";
    let others = "/ t a b y enter esc c f z j k ? r space";
    let votes: Vec<_> = votes.split(' ').collect();
    let others: Vec<_> = others.split(' ').collect();
    prop_oneof![
        12 => prop::sample::select(votes).prop_map(Happening::Key),
        4 => prop::sample::select(others).prop_map(Happening::Key),
        10 => Just(Happening::Answered),
        2 => Just(Happening::Lost),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever was pressed and whatever was lost on the way: `u` leads back to where the sitting began.
    #[test]
    fn everything_can_be_taken_back(happenings in prop::collection::vec(happening(), 0..120)) {
        let mut tasks: Vec<_> = (1..=5).map(computers).collect();
        tasks.extend([computers(8), computers(9)]);
        let open: Vec<_> = (1..=5).map(TaskId).collect();
        let mut sitting = Sitting::with_others(tasks, &open, Keymap::default());
        sitting.summary = summary(&[TaskId(9), TaskId(2), TaskId(8), TaskId(4)]);
        sitting.settle();
        for happening in happenings {
            match happening {
                Happening::Key(key) => {
                    sitting.press(key);
                }
                Happening::Answered => {
                    sitting.answer_next(true);
                }
                // A task that cannot be read is another story.
                Happening::Lost if matches!(sitting.waiting.front(), Some(Effect::LoadTask(_))) => {}
                Happening::Lost => {
                    sitting.answer_next(false);
                }
            }
        }
        sitting.settle();
        if !matches!(sitting.state.mode, Mode::Voting | Mode::Closing(_)) {
            sitting.press_and_settle("esc");
        }
        for task in sitting.state.tasks.values() {
            let on_disk = sitting.disk.keys().filter(|(of, _)| *of == task.id);
            for (_, class) in on_disk {
                let shown = task.labels.iter().any(|label| label.class == *class);
                prop_assert!(shown, "task {} class {class}: on disk, not on the screen", task.id.0);
            }
        }
        for _ in 0..200 {
            sitting.press_and_settle("u");
        }
        prop_assert_eq!(sitting.says(), NOTHING_LEFT);
        prop_assert!(sitting.disk.is_empty(), "{:?}", sitting.disk);
        let progress = &sitting.state.progress;
        prop_assert_eq!((progress.finished, progress.votes, progress.spent), (0, 0, 0));
        for image in (1..=9).map(|id| ImageId(id * 10)) {
            prop_assert!(!flag_stands(&sitting, image));
        }
    }
}
