//! The review screen's state machine: stories of whole sittings, and random keys with random failures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/played.rs"]
mod played;

use std::collections::{BTreeMap, HashSet};

use played::*;
use proptest::prelude::*;
use relabel::domain::{Answer, ImageId, TaskId};
use relabel::review::effect::{Effect, NoteText};
use relabel::review::event::Event;
use relabel::review::keymap::Keymap;
use relabel::review::picture::NoPicture;
use relabel::review::state::{Mode, PictureState};

fn three() -> Vec<relabel::review::state::Task> {
    vec![computers(1), task(2, &[LAPTOP, NOTEBOOK]), task(3, &[DESK])]
}

fn loads(effects: &[Effect]) -> Vec<i64> {
    let loaded = effects.iter().filter_map(|effect| match effect {
        Effect::LoadTask(task) => Some(task.0),
        _ => None,
    });
    loaded.collect()
}

#[test]
fn a_sitting_goes_through_its_tasks_to_the_closing_screen() {
    let mut sitting = Sitting::ready(three());
    assert_eq!(sitting.current(), Some(1));
    sitting.press_and_settle("y n m y");
    assert_eq!(sitting.marks(1), "ynmy");
    sitting.press_and_settle("enter n y enter");
    assert_eq!(sitting.marks(2), "ny");
    assert_eq!(sitting.current(), Some(3));
    assert_eq!(sitting.state.progress.finished, 2);
    sitting.press_and_settle("y enter");
    let Mode::Closing(closing) = &sitting.state.mode else {
        panic!("the closing screen is not open");
    };
    assert_eq!(closing.summary.as_deref(), Some(&sitting.summary));
    assert_eq!(sitting.current(), None);
    assert_eq!(sitting.state.progress.finished, 3);
    assert_eq!(sitting.state.progress.votes, 7);
    assert_eq!(
        sitting.state.touched,
        [ImageId(10), ImageId(20), ImageId(30)]
    );
    assert!(!sitting.ended);
    assert!(sitting.press("q").ended);
}

#[test]
fn a_sitting_without_tasks_opens_the_closing_screen() {
    let sitting = Sitting::ready(Vec::new());
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert_eq!(sitting.effects, [Effect::Summarise]);
}

#[test]
fn an_answer_is_shown_as_recorded_once_it_is_on_disk() {
    let mut sitting = Sitting::ready(three());
    sitting.press("y");
    assert_eq!(sitting.marks(1), "…···");
    assert_eq!(sitting.task().labels[0].recorded, None);
    assert!(sitting.state.is_sending());
    sitting.settle();
    assert_eq!(sitting.marks(1), "y···");
    assert!(!sitting.state.is_sending());
}

#[test]
fn the_time_of_an_answer_is_the_time_since_the_one_before() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y y N");
    let spent = sitting.effects.iter().filter_map(|effect| match effect {
        Effect::StoreVotes { answers, .. } => Some(answers.iter().map(|a| a.spent).collect()),
        _ => None,
    });
    let spent: Vec<Vec<Option<u32>>> = spent.collect();
    // Nobody knows when the first image was seen; N shares its second between two labels.
    assert_eq!(
        spent,
        [vec![None], vec![Some(1000)], vec![Some(500), Some(500)]]
    );
    assert_eq!(sitting.state.progress.spent, 2000);
}

#[test]
fn an_answer_that_is_not_stored_is_taken_off_the_screen_and_said_so() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y").press("n");
    sitting.answer_next(false);
    assert_eq!(sitting.marks(1), "y···");
    assert_eq!(sitting.says(), "NOT recorded: the disk is full");
    assert!(sitting.state.message.as_ref().unwrap().error);
    assert_eq!(sitting.state.progress.votes, 1);
    // The label can be answered again, and u takes back the one that was stored.
    sitting.press_and_settle("2 n");
    assert_eq!(sitting.marks(1), "yn··");
    sitting.press_and_settle("u u");
    assert_eq!(sitting.marks(1), "····");
}

#[test]
fn a_change_that_is_not_stored_leaves_the_answer_that_was() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y").press("1 n");
    sitting.answer_next(false);
    assert_eq!(sitting.marks(1), "y···");
    assert_eq!(sitting.state.progress.votes, 1);
}

#[test]
fn an_undo_that_is_not_stored_can_be_repeated() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y").press("u");
    assert_eq!(sitting.state.progress.votes, 1, "not on disk yet");
    sitting.answer_next(false);
    assert_eq!(sitting.marks(1), "y···");
    assert_eq!(sitting.state.progress.votes, 1);
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(1), "····");
    assert_eq!(sitting.state.progress.votes, 0);
}

#[test]
fn undo_does_not_bring_back_an_answer_that_was_never_stored() {
    let mut sitting = Sitting::ready(three());
    sitting.press("y 1 n");
    sitting.answer_next(false);
    sitting.settle();
    assert_eq!(sitting.marks(1), "n···");
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(1), "····");
    assert_eq!(sitting.state.progress.votes, 0);
}

#[test]
fn a_task_that_was_ended_with_lost_votes_is_open_again() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y y y").press("y enter");
    assert_eq!(sitting.current(), Some(2));
    assert_eq!(sitting.state.progress.finished, 1);
    sitting.answer_next(false);
    assert_eq!(sitting.queue(), [1, 3]);
    assert_eq!(sitting.state.progress.finished, 0);
    assert_eq!(sitting.says(), "NOT recorded: the disk is full");
    sitting.press_and_settle("y y enter");
    assert_eq!(sitting.current(), Some(1));
    assert_eq!(sitting.marks(1), "yyy·");
    assert_eq!(sitting.state.cursor, 3);
}

#[test]
fn the_last_task_with_lost_votes_can_be_reached_from_the_closing_screen() {
    let mut sitting = Sitting::ready(vec![task(1, &[DESK])]);
    sitting.press("y enter");
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    sitting.answer_next(false);
    sitting.press("b");
    assert!(matches!(sitting.state.mode, Mode::Voting));
    assert_eq!(sitting.current(), Some(1));
    assert_eq!(sitting.marks(1), "·");
    assert_eq!(sitting.state.progress.finished, 0);
}

#[test]
fn undo_takes_back_any_number_of_steps_across_tasks() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y n f s"); // task 1: two answers, a flag, put last
    sitting.press_and_settle("y y 1 m enter"); // task 2: three answers, ended
    assert_eq!(sitting.current(), Some(3));
    sitting.press_and_settle("u");
    assert_eq!(
        (sitting.current(), sitting.state.progress.finished),
        (Some(2), 0)
    );
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(2), "yy");
    sitting.press_and_settle("u u");
    assert_eq!(sitting.marks(2), "··");
    sitting.press_and_settle("u");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![2, 3]));
    assert!(sitting.task().flagged);
    sitting.press_and_settle("u");
    assert!(!sitting.task().flagged);
    sitting.press_and_settle("u u");
    assert_eq!(sitting.marks(1), "····");
    assert_eq!(sitting.state.progress.votes, 0);
    assert_eq!(sitting.state.progress.spent, 0);
    assert!(sitting.disk.is_empty());
    sitting.press_and_settle("u");
    assert_eq!(
        sitting.says(),
        "nothing is left to take back in this sitting"
    );
}

#[test]
fn undo_works_from_the_closing_screen() {
    let mut sitting = Sitting::ready(vec![task(1, &[DESK])]);
    sitting.press_and_settle("y enter u");
    assert!(matches!(sitting.state.mode, Mode::Voting));
    assert_eq!(
        (sitting.current(), sitting.state.progress.finished),
        (Some(1), 0)
    );
    sitting.press_and_settle("u q u");
    // Nothing is left to take back: the closing screen stays, and says so.
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert!(sitting.says().starts_with("nothing is left"));
}

#[test]
fn undo_reaches_tasks_that_are_no_longer_in_memory() {
    let mut sitting = Sitting::ready((1..=80).map(|id| task(id, &[DESK])).collect());
    for _ in 0..75 {
        sitting.press_and_settle("y enter");
    }
    assert!(!sitting.state.tasks.contains_key(&TaskId(1)));
    // Twice for each task, and now and then once more, while a task is read again.
    for _ in 0..300 {
        sitting.press_and_settle("u");
    }
    assert!(sitting.disk.is_empty());
    assert_eq!(sitting.current(), Some(1));
    assert_eq!(sitting.queue(), (2..=80).collect::<Vec<_>>());
    assert_eq!(
        (
            sitting.state.progress.finished,
            sitting.state.progress.votes
        ),
        (0, 0)
    );
}

#[test]
fn no_to_all_is_one_step() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y N");
    assert_eq!(sitting.marks(1), "ynnn");
    let stored = sitting.effects.iter();
    let stored = stored.filter(|effect| matches!(effect, Effect::StoreVotes { .. }));
    assert_eq!(stored.count(), 2);
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(1), "y···");
    sitting.press_and_settle("N N");
    assert_eq!(sitting.says(), "all answered: Enter (next image)");
}

#[test]
fn no_to_all_says_how_many_it_answered() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y N");
    assert_eq!(
        sitting.says(),
        "N: 3 labels answered no · u takes it back · ⏎ next image"
    );
    sitting.press_and_settle("u y y N");
    assert!(sitting.says().starts_with("N: 1 label answered no"));
}

#[test]
fn after_the_last_answer_the_cursor_leaves_the_labels() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y n m n");
    assert_eq!((sitting.state.cursor, sitting.says()), (4, ""));
    for key in ["y", "n", "m", "N"] {
        let effects = sitting.effects.len();
        sitting.press_and_settle(key);
        assert_eq!(sitting.says(), "all answered: Enter (next image)");
        assert_eq!(sitting.effects.len(), effects);
        assert_eq!(sitting.marks(1), "ynmn");
    }
    // Going back to a label, to correct it; then the cursor leaves again.
    for (keys, marks) in [("up y", "ynmy"), ("2 m", "ymmy"), ("k k n", "ymny")] {
        sitting.press_and_settle("down");
        assert_eq!(sitting.state.cursor, 4);
        sitting.press_and_settle(keys);
        assert_eq!(
            (sitting.marks(1).as_str(), sitting.state.cursor),
            (marks, 4)
        );
    }
    sitting.press_and_settle("enter");
    assert_eq!(sitting.current(), Some(2));
    // So is a task that is gone back to: a stray key changes nothing there.
    sitting.press_and_settle("u y");
    assert_eq!(
        (sitting.current(), sitting.marks(1).as_str()),
        (Some(1), "ymny")
    );
    // Taken back, the label is the cursor's.
    sitting.press_and_settle("u");
    assert_eq!(
        (sitting.marks(1).as_str(), sitting.state.cursor),
        ("ymmy", 2)
    );
}

#[test]
fn the_cursor_comes_back_to_a_label_whose_answer_is_lost() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y y y").press("n");
    assert_eq!(sitting.state.cursor, 4);
    sitting.answer_next(false);
    assert_eq!(sitting.state.cursor, 3);
    sitting.press_and_settle("m");
    assert_eq!(sitting.marks(1), "yyym");
}

#[test]
fn enter_is_said_to_do_what_it_does() {
    let mut sitting = Sitting::ready(three());
    assert_eq!(sitting.state.enter_words(), "⏎ next open");
    sitting.press_and_settle("N");
    assert_eq!(sitting.state.enter_words(), "⏎ next image");
    sitting.press_and_settle("enter N enter N");
    assert_eq!(sitting.state.enter_words(), "⏎ closing screen");
    sitting.summary = summary(&[TaskId(1)]);
    sitting.press_and_settle("enter enter");
    assert_eq!(sitting.state.enter_words(), "⏎ back to the list");
    let mut second = computers(2);
    second.image = ImageId(10);
    let mut sitting = Sitting::ready(vec![computers(1), second]);
    sitting.press_and_settle("N");
    assert_eq!(sitting.state.enter_words(), "⏎ more labels");
}

#[test]
fn keys_that_mean_nothing_say_so() {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let overrides = BTreeMap::from([("maybe".to_owned(), keys(&["ь", "m"]))]);
    let mut sitting = Sitting::with_keys(three(), Keymap::with_overrides(&overrides).unwrap());
    sitting.settle();
    let cases = [
        (
            "н",
            "“н” is no key: switch to Latin letters, or set keys in config.toml",
        ),
        (
            "Υ",
            "“Υ” is no key: switch to Latin letters, or set keys in config.toml",
        ),
        ("é", "“é” is no key; ? shows them"),
        ("x", "“x” is no key; ? shows them"),
        ("7", "“7” is no key; ? shows them"),
        ("Y", "“Y” is no key, “y” is: Caps Lock?"),
        ("esc", ""),
    ];
    for (key, says) in cases {
        sitting.press(key);
        assert_eq!(sitting.says(), says, "{key}");
    }
    // It stays for as long as such keys are pressed.
    sitting.press("н т ь");
    assert_eq!(sitting.says(), "");
    sitting.settle();
    assert_eq!(sitting.marks(1), "m···");
    // They are text where text is typed, and as dead on the other screens.
    sitting.press("c").types("нет").press_and_settle("enter");
    assert_eq!(sitting.task().comments, ["нет"]);
    for screen in ["?", "q"] {
        sitting.press_and_settle(screen).press("й");
        assert!(sitting.says().starts_with("“й” is no key"), "{screen}");
        sitting.press(if screen == "?" { "?" } else { "b" });
    }
}

#[test]
fn enter_with_open_labels_ends_nothing_and_goes_to_the_first() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y 3 y enter");
    assert_eq!((sitting.current(), sitting.state.cursor), (Some(1), 3));
    assert_eq!(
        sitting.says(),
        "2 labels are still open; N answers no to them"
    );
    sitting.press_and_settle("y enter");
    assert_eq!(sitting.says(), "one label is still open");
    assert_eq!(sitting.state.cursor, 1);
    sitting.press_and_settle("y enter");
    assert_eq!(sitting.current(), Some(2));
}

#[test]
fn the_same_answer_again_is_no_step() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y 1 y");
    assert_eq!(sitting.state.cursor, 1);
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(1), "····");
}

#[test]
fn skipped_tasks_come_last_in_their_order() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("s s");
    assert_eq!((sitting.current(), sitting.queue()), (Some(3), vec![1, 2]));
    sitting.press_and_settle("u");
    assert_eq!((sitting.current(), sitting.queue()), (Some(2), vec![3, 1]));
    sitting.press_and_settle("u");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![2, 3]));
    let mut alone = Sitting::ready(vec![computers(1)]);
    alone.press_and_settle("s");
    assert_eq!(alone.says(), "this is the only task left");
    assert_eq!(alone.current(), Some(1));
}

#[test]
fn search_adds_a_label_under_its_heading() {
    let mut sitting = Sitting::ready(vec![task(1, &[DESKTOP, DESK])]);
    let heading = sitting.task().labels[0].heading.clone();
    sitting
        .press("/")
        .types("notebook")
        .press_and_settle("enter");
    let labels = &sitting.task().labels;
    assert_eq!(labels[1].class, NOTEBOOK);
    assert_eq!((&labels[1].heading, labels[1].added), (&heading, true));
    assert_eq!(sitting.state.cursor, 1);
    assert!(sitting.disk.is_empty());
    sitting.press_and_settle("y");
    assert_eq!(sitting.marks(1), "·y·");
    assert!(sitting.task().labels[1].question.is_some());
    // Back: the answer first, then the label, which leaves the project file too.
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(1), "···");
    sitting.press_and_settle("u");
    assert_eq!(sitting.marks(1), "··");
    assert!(matches!(sitting.effects.last(), Some(Effect::DropAdded(_))));
    assert_eq!(sitting.project[&TaskId(1)].labels.len(), 2);
}

#[test]
fn an_added_label_that_goes_before_the_disk_answered_leaves_the_project_file() {
    let mut sitting = Sitting::ready(vec![task(1, &[DESK])]);
    sitting.press("/").types("tabby").press("enter y u u");
    assert_eq!(sitting.task().labels.len(), 1);
    sitting.settle();
    assert!(
        sitting
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::DropAdded(_)))
    );
    assert_eq!(sitting.project[&TaskId(1)].labels.len(), 1);
    assert!(sitting.disk.is_empty());
}

#[test]
fn search_jumps_to_a_label_that_is_there() {
    let mut sitting = Sitting::ready(vec![computers(1)]);
    sitting
        .press("/")
        .types("n03832673")
        .press_and_settle("enter");
    assert_eq!(sitting.task().labels.len(), 4);
    assert_eq!(sitting.state.cursor, 2);
    assert_eq!(sitting.says(), "this label is here already");
    // Keys that mean something elsewhere are letters here.
    sitting.press("/").types("quNyz?").press("esc");
    assert!(matches!(sitting.state.mode, Mode::Voting));
    assert_eq!(sitting.marks(1), "····");
    sitting
        .press("/")
        .types("desk")
        .press("ctrl-n down up ctrl-p ctrl-w");
    let Mode::Search(search) = &sitting.state.mode else {
        panic!("the search is not open");
    };
    assert_eq!(search.query, "");
}

#[test]
fn flags_and_comments_are_notes_on_the_image() {
    let mut sitting = Sitting::ready(three());
    sitting.press("f");
    assert!(!sitting.task().flagged);
    sitting.settle();
    assert!(sitting.task().flagged);
    assert_eq!(sitting.says(), "flagged");
    sitting
        .press("c")
        .types("a dog, not a cat")
        .press_and_settle("enter");
    assert_eq!(sitting.task().comments, ["a dog, not a cat"]);
    assert_eq!(sitting.says(), "the comment is recorded");
    sitting.press_and_settle("f");
    assert!(!sitting.task().flagged);
    sitting
        .press("c space enter c")
        .types("never mind")
        .press_and_settle("esc");
    assert_eq!(
        sitting.notes,
        [
            (ImageId(10), NoteText::Flag),
            (
                ImageId(10),
                NoteText::Comment("a dog, not a cat".to_owned())
            ),
            (ImageId(10), NoteText::Unflag),
        ]
    );
}

#[test]
fn a_flag_that_is_not_stored_is_no_step() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("y").press("f");
    sitting.answer_next(false);
    assert_eq!(sitting.says(), "NOT recorded: the disk is full");
    sitting.press_and_settle("u");
    assert!(sitting.notes.is_empty());
    assert_eq!(sitting.marks(1), "····");
}

#[test]
fn zooming_goes_round_and_panning_stays_inside() {
    let mut sitting = Sitting::ready(three());
    let place = |sitting: &Sitting| {
        let viewport = sitting.state.viewport;
        (viewport.zoom, viewport.x, viewport.y)
    };
    sitting.press("l");
    assert_eq!(place(&sitting), (0, 500, 500));
    sitting.press("z");
    assert_eq!(sitting.says(), "2×: h j k l look around");
    sitting.press("h h h h k k k k");
    assert_eq!(place(&sitting), (1, 250, 250));
    sitting.press("l l l l l l j j j j j j");
    assert_eq!(place(&sitting), (1, 750, 750));
    sitting.press("z z l l l l l l l l l l l l");
    assert_eq!(place(&sitting), (3, 938, 750));
    sitting.press("Z");
    assert_eq!(place(&sitting), (2, 875, 750));
    sitting.press("z z");
    assert_eq!(place(&sitting), (0, 500, 500));
    // The whole image is the whole image.
    sitting.press("Z");
    assert_eq!(place(&sitting), (0, 500, 500));
}

#[test]
fn j_and_k_look_around_only_while_zoomed_in_on_a_task() {
    let mut sitting = Sitting::ready(three());
    sitting.press("j");
    assert_eq!(sitting.state.cursor, 1);
    sitting.press("z j");
    assert_eq!((sitting.state.cursor, sitting.state.viewport.y), (1, 625));
    sitting.press("down");
    assert_eq!(sitting.state.cursor, 2);
    sitting.press("? j");
    assert!(matches!(sitting.state.mode, Mode::Help(_)));
    assert_eq!(sitting.state.viewport.y, 625);
    sitting.summary = summary(&[TaskId(2), TaskId(3)]);
    sitting.press("q").press_and_settle("q").press("j");
    let Mode::Closing(closing) = &sitting.state.mode else {
        panic!("the closing screen is not open");
    };
    assert_eq!(closing.selected, 1);
}

#[test]
fn a_new_task_is_shown_whole() {
    let mut sitting = Sitting::ready(three());
    sitting.press_and_settle("z h N enter");
    assert_eq!(sitting.current(), Some(2));
    assert_eq!(sitting.state.viewport.zoom, 0);
}

#[test]
fn keys_can_be_given_other_meanings() {
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
    let overrides = BTreeMap::from([
        ("yes".to_owned(), keys(&["o", "space"])),
        ("done".to_owned(), keys(&["tab", "ctrl-d"])),
        ("redraw".to_owned(), keys(&["R"])),
    ]);
    let keymap = Keymap::with_overrides(&overrides).unwrap();
    let mut sitting = Sitting::with_keys(three(), keymap);
    sitting.settle();
    sitting.press_and_settle("y o space n m");
    assert_eq!(sitting.marks(1), "yynm");
    sitting.press_and_settle("enter");
    assert_eq!(sitting.current(), Some(1));
    sitting.press_and_settle("ctrl-d");
    assert_eq!(sitting.current(), Some(2));
    // A letter is a letter while one types.
    sitting
        .press("R c")
        .types("Really a laptop")
        .press_and_settle("enter");
    assert_eq!(sitting.task().comments, ["Really a laptop"]);
}

#[test]
fn a_dispute_is_opened_from_the_closing_screen_and_back() {
    let mut old = computers(9);
    for label in &mut old.labels {
        label.recorded = Some(Answer::No);
    }
    let mut tasks = three();
    tasks.push(old);
    let open = [TaskId(1), TaskId(2), TaskId(3)];
    let mut sitting = Sitting::with_others(tasks, &open, Keymap::default());
    sitting.settle();
    sitting.summary = summary(&[TaskId(9)]);
    sitting.press_and_settle("y q 1");
    assert!(matches!(sitting.state.mode, Mode::Voting));
    assert_eq!((sitting.current(), sitting.state.detour), (Some(9), true));
    sitting.press_and_settle("3 y enter");
    assert_eq!(sitting.marks(9), "nnyn");
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert_eq!(sitting.state.progress.finished, 0);
    sitting.press("b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![2, 3]));
    assert_eq!(sitting.marks(1), "y···");
    // Taken back: the dispute is a dispute again, and none of the tasks of the queue.
    sitting.press_and_settle("u");
    assert_eq!((sitting.current(), sitting.state.detour), (Some(9), true));
    sitting.press_and_settle("enter");
    assert_eq!(sitting.state.progress.finished, 0);
    sitting.press_and_settle("b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![2, 3]));
}

#[test]
fn a_dispute_on_an_open_task_counts_when_it_is_ended_and_stays_open_when_it_is_not() {
    let mut sitting = Sitting::ready(three());
    sitting.summary = summary(&[TaskId(2), TaskId(1)]);
    sitting.press_and_settle("q enter q b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![2, 3]));
    sitting.press_and_settle("q 1 N enter b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![3]));
    assert_eq!(sitting.state.progress.finished, 1);
    sitting.press_and_settle("q 2 N enter b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(3), vec![]));
    assert_eq!(sitting.state.progress.finished, 2);
    // Opened once more and taken back, it is a task of the queue again.
    sitting.press_and_settle("q 2 u q b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![3]));
    assert_eq!(sitting.state.progress.finished, 1);
}

#[test]
fn a_dispute_that_cannot_be_read_leads_back_to_the_closing_screen() {
    let mut sitting = Sitting::ready(three());
    sitting.summary = summary(&[TaskId(9)]);
    sitting.press_and_settle("q").press("enter");
    sitting.answer_next(false);
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert!(!sitting.state.detour);
    assert_eq!(sitting.says(), "a task cannot be read: the disk is full");
    sitting.press_and_settle("b");
    assert_eq!((sitting.current(), sitting.queue()), (Some(1), vec![2, 3]));
}

#[test]
fn tasks_that_cannot_be_read_are_left_out() {
    let mut sitting = Sitting::begin(three());
    sitting.answer_next(false);
    assert_eq!((sitting.current(), sitting.queue()), (Some(2), vec![3]));
    sitting.answer_next(false);
    sitting.answer_next(false);
    assert_eq!(sitting.current(), None);
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
}

#[test]
fn the_next_three_tasks_are_read_ahead_once_each() {
    let mut sitting = Sitting::begin((1..=6).map(computers).collect());
    assert_eq!(loads(&sitting.effects), [1, 2, 3, 4]);
    sitting.press("y j"); // nothing to answer yet
    sitting.settle();
    assert_eq!(loads(&sitting.effects), [1, 2, 3, 4]);
    sitting.press("N enter");
    assert_eq!(loads(&sitting.effects), [1, 2, 3, 4, 5]);
    sitting.press_and_settle("u N enter");
    assert_eq!(loads(&sitting.effects), [1, 2, 3, 4, 5]);
    sitting.press_and_settle("N enter N enter N enter");
    assert_eq!(loads(&sitting.effects), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn pictures_of_this_task_and_the_next_are_wanted() {
    let wanted = |sitting: &Sitting| {
        let last = sitting
            .effects
            .iter()
            .rev()
            .find_map(|effect| match effect {
                Effect::WantPictures(wanted) => Some(wanted.clone()),
                _ => None,
            });
        last.unwrap()
    };
    let images = |sitting: &Sitting| -> Vec<i64> {
        wanted(sitting)
            .iter()
            .map(|request| request.image.0)
            .collect()
    };
    let mut tasks: Vec<_> = (1..=6).map(computers).collect();
    tasks[2].no_picture = Some("the file is gone".to_owned());
    let mut sitting = Sitting::ready(tasks);
    assert_eq!(images(&sitting), [10, 20, 40]);
    assert_eq!(
        (wanted(&sitting)[0].columns, wanted(&sitting)[0].rows),
        (48, 20)
    );
    sitting.press("z");
    assert_eq!(images(&sitting), [10, 20, 40]);
    assert_eq!(wanted(&sitting)[0].viewport.zoom, 1);
    assert_eq!(wanted(&sitting)[1].viewport.zoom, 0);
    let count = sitting.effects.len();
    sitting.press("down down");
    assert_eq!(sitting.effects.len(), count);
    sitting.press_and_settle("N enter");
    assert_eq!(images(&sitting), [20, 40, 50]);
    sitting.press_and_settle("r");
    assert_eq!(images(&sitting), [990, 20, 40, 50]);
    sitting.happens(Event::Resize {
        columns: 60,
        rows: 14,
    });
    assert_eq!(images(&sitting), Vec::<i64>::new());
    let count = sitting.effects.len();
    sitting.happens(Event::Resize {
        columns: 120,
        rows: 40,
    });
    assert_eq!(sitting.effects.len(), count + 1);
    let request = wanted(&sitting)[0];
    sitting.happens(Event::PictureFailed {
        request,
        reason: NoPicture::Unusable("not an image".to_owned()),
    });
    assert!(matches!(
        sitting.state.pictures[&request],
        PictureState::Failed(_)
    ));
    sitting.happens(Event::Resumed);
    assert!(sitting.effects.contains(&Effect::Redraw));
}

#[test]
fn interrupt_suspend_and_redraw_work_everywhere() {
    for opened in ["esc", "/", "c", "?", "r", "q"] {
        let mut sitting = Sitting::ready(three());
        sitting.press(opened).press("ctrl-z ctrl-l");
        assert!(!sitting.ended, "{opened}");
        assert!(sitting.effects.contains(&Effect::Suspend), "{opened}");
        assert!(sitting.effects.contains(&Effect::Redraw), "{opened}");
        assert!(sitting.press("ctrl-c").ended, "{opened}");
    }
}

/// What happens in a random sitting.
#[derive(Debug, Clone)]
enum Happening {
    Key(&'static str),
    Answered,
    Lost,
    Resized(u16, u16),
}

const KEYS: &[&str] = &[
    "y",
    "n",
    "m",
    "N",
    "enter",
    "enter",
    "u",
    "u",
    "u",
    "s",
    "f",
    "c",
    "/",
    "z",
    "Z",
    "h",
    "j",
    "k",
    "l",
    "up",
    "down",
    "1",
    "2",
    "5",
    "q",
    "b",
    "esc",
    "?",
    "r",
    "space",
    "pagedown",
    "backspace",
    "a",
    "t",
    "ctrl-u",
    "ctrl-l",
];

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        12 => prop::sample::select(KEYS).prop_map(Happening::Key),
        5 => Just(Happening::Answered),
        1 => Just(Happening::Lost),
        1 => (0u16..130, 0u16..50).prop_map(|(columns, rows)| Happening::Resized(columns, rows)),
    ]
}

/// What holds at every moment, however the disk behaves.
fn check(sitting: &Sitting) -> Result<(), TestCaseError> {
    let state = &sitting.state;
    for task in state.tasks.values() {
        for label in &task.labels {
            let on_disk = sitting.disk.get(&(task.id, label.class)).copied();
            prop_assert_eq!(
                label.recorded,
                on_disk,
                "task {} class {}",
                task.id.0,
                label.class
            );
        }
    }
    let progress = &state.progress;
    prop_assert!(progress.finished <= progress.total, "{progress:?}");
    let queued: HashSet<_> = state.queue.iter().collect();
    prop_assert_eq!(
        queued.len(),
        state.queue.len(),
        "a task stands twice in the queue"
    );
    if let (Some(current), false) = (&state.current, state.detour) {
        prop_assert!(
            !queued.contains(current),
            "the task on the screen is in the queue"
        );
    }
    if let Some(task) = state.task() {
        let is_below = state.cursor == task.labels.len();
        prop_assert!(state.cursor < task.labels.len() || is_below && task.next_open(0).is_none());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_screen_tells_the_truth_whatever_is_pressed_and_lost(
        happenings in prop::collection::vec(happening(), 0..120),
    ) {
        let mut tasks = three();
        tasks.push(computers(9));
        tasks[3].labels[0].recorded = Some(Answer::Maybe);
        let open = [TaskId(1), TaskId(2), TaskId(3)];
        let mut sitting = Sitting::with_others(tasks, &open, Keymap::default());
        sitting.summary = summary(&[TaskId(9), TaskId(2)]);
        let on_disk_before = sitting.disk.len();
        let mut lost_tasks = false;
        for happening in happenings {
            match happening {
                Happening::Key(key) => {
                    sitting.press(key);
                }
                Happening::Answered => {
                    sitting.answer_next(true);
                }
                Happening::Lost => {
                    lost_tasks |= matches!(sitting.waiting.front(), Some(Effect::LoadTask(_)));
                    sitting.answer_next(false);
                }
                Happening::Resized(columns, rows) => {
                    sitting.happens(Event::Resize { columns, rows });
                }
            }
            check(&sitting)?;
        }
        sitting.settle();
        check(&sitting)?;
        prop_assert!(!sitting.state.is_sending());
        for task in sitting.state.tasks.values() {
            prop_assert!(task.labels.iter().all(|label| label.sending.is_none()));
        }
        // Each vote of the sitting that stands is one more answer on disk.
        let votes = sitting.state.progress.votes;
        prop_assert_eq!(votes, sitting.disk.len() - on_disk_before);
        // Nothing is lost: every open task is ended, or on the screen, or to come.
        if !lost_tasks {
            let state = &sitting.state;
            let mut left: HashSet<i64> = state.queue.iter().map(|task| task.0).collect();
            // A dispute may be a task that was ended before; an open one is in the queue as well.
            left.extend(state.current.filter(|_| !state.detour).map(|task| task.0));
            left.remove(&9);
            prop_assert_eq!(left.len() + state.progress.finished, 3, "{:?}", left);
        }
        // A label that was added and taken back is no part of its task any more.
        for question in sitting.effects.iter().filter_map(|effect| match effect {
            Effect::DropAdded(question) => Some(*question),
            _ => None,
        }) {
            prop_assert!(question.0 >= 1_000_000, "{question:?} was planned, not added");
        }
    }
}
