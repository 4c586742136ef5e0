//! The list of answered tasks, in memory: what the keys do there, and where a task that is chosen leads back to.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

#[path = "common/played.rs"]
mod played;

use played::*;
use relabel::domain::TaskId;
use relabel::review::effect::Effect;
use relabel::review::keymap::Keymap;
use relabel::review::state::{Earlier, Mode};

/// Six tasks; the first five were answered with no, the last is open.
fn answered() -> Sitting {
    let tasks = (1..=6).map(computers).collect();
    let mut sitting = Sitting::with_others(tasks, &[TaskId(6)], Keymap::default());
    for id in 1..=5 {
        for label in &sitting.project[&TaskId(id)].labels.clone() {
            let place = (TaskId(id), label.class);
            sitting.disk.insert(place, relabel::domain::Answer::No);
        }
    }
    sitting.settle();
    sitting
}

fn list(sitting: &Sitting) -> &Earlier {
    let Mode::Earlier(earlier) = &sitting.state.mode else {
        panic!("no list on the screen: {:?}", sitting.state.mode);
    };
    earlier
}

fn listed(sitting: &Sitting) -> Vec<i64> {
    let tasks = list(sitting).list.tasks.iter();
    tasks.map(|task| task.task.0).collect()
}

fn stored(sitting: &Sitting) -> usize {
    let effects = sitting.effects.iter();
    effects
        .filter(|effect| matches!(effect, Effect::StoreVotes { .. }))
        .count()
}

#[test]
fn the_list_is_read_a_part_at_a_time() {
    let mut sitting = answered();
    sitting.press("e");
    assert!(list(&sitting).reading);
    sitting.settle();
    assert_eq!(listed(&sitting), [5, 4]);
    // Near the end of what is there the next part is asked for, once.
    sitting.press("down down down");
    let reads = |sitting: &Sitting| {
        let effects = sitting.effects.iter();
        effects
            .filter(|effect| matches!(effect, Effect::LoadEarlier { .. }))
            .count()
    };
    assert_eq!(reads(&sitting), 2);
    sitting.settle();
    assert_eq!(listed(&sitting), [5, 4, 3, 2]);
    sitting.press_and_settle("down");
    assert_eq!(listed(&sitting), [5, 4, 3, 2, 1]);
    sitting.press_and_settle("down down down down down");
    assert_eq!((list(&sitting).selected, reads(&sitting)), (4, 3));
}

#[test]
fn digits_choose_by_number_and_a_part_that_comes_late_is_dropped() {
    let mut sitting = answered();
    sitting.press("e");
    // The whole list is on its way when a digit is typed.
    sitting.press("3");
    sitting.answer_next(true);
    assert_eq!(listed(&sitting), [0i64; 0]);
    sitting.settle();
    assert_eq!(listed(&sitting), [3]);
    sitting.press_and_settle("backspace");
    assert_eq!(listed(&sitting), [5, 4]);
    // Letters are keys here, as elsewhere, and none of them votes.
    sitting.press_and_settle("y n m N");
    assert_eq!((listed(&sitting), stored(&sitting)), (vec![5, 4], 0));
    sitting.press_and_settle("q");
    assert!(matches!(sitting.state.mode, Mode::Voting));
    assert!(!sitting.ended);
}

#[test]
fn what_is_typed_before_the_list_is_read_is_meant_for_the_task_that_is_found() {
    let mut sitting = answered();
    sitting.press("e 2 enter 3 y").settle();
    // The cursor goes where it was sent; the vote was typed before the task was on the screen.
    assert_eq!((sitting.current(), sitting.state.cursor), (Some(2), 2));
    assert_eq!((sitting.marks(2), stored(&sitting)), ("nnnn".to_owned(), 0));
    assert_eq!(
        sitting.says(),
        "not counted: the question was not on the screen yet"
    );
    // Where nothing is found it is meant for nothing.
    let mut sitting = answered();
    sitting.press("e 9 enter 3 y").settle();
    assert_eq!((listed(&sitting), stored(&sitting)), (vec![], 0));
    assert_eq!(list(&sitting).list.filter, "9");
}

#[test]
fn where_names_are_seen_letters_are_part_of_one() {
    let mut sitting = answered();
    sitting.state.names = true;
    sitting.press_and_settle("e").types("q");
    assert_eq!(list(&sitting).list.filter, "q");
    sitting.settle();
    sitting.press_and_settle("esc");
    assert!(matches!(sitting.state.mode, Mode::Voting));
}

#[test]
fn a_changed_answer_is_the_only_vote_and_enter_goes_back_to_the_task_before() {
    let mut sitting = answered();
    sitting.press_and_settle("e 2 enter");
    assert_eq!(
        (sitting.current(), sitting.marks(2)),
        (Some(2), "nnnn".to_owned())
    );
    assert!(sitting.state.detour);
    sitting.press_and_settle("enter");
    assert_eq!(
        (sitting.current(), sitting.state.detour, stored(&sitting)),
        (Some(6), false, 0)
    );
    sitting.press_and_settle("e 2 enter 3 y enter");
    assert_eq!((sitting.current(), stored(&sitting)), (Some(6), 1));
    assert_eq!(
        sitting.disk[&(TaskId(2), NOTEBOOK)],
        relabel::domain::Answer::Yes
    );
    // No task of the queue is counted by it, nor lost.
    assert_eq!(
        (sitting.state.progress.finished, sitting.queue()),
        (0, vec![])
    );
    sitting.press_and_settle("N enter");
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert_eq!(sitting.state.progress.finished, 1);
}

#[test]
fn one_earlier_task_after_the_other_leads_back_to_the_same_task() {
    let mut sitting = answered();
    sitting.press_and_settle("e 2 enter e 3 enter");
    assert_eq!((sitting.current(), sitting.queue()), (Some(3), vec![6]));
    sitting.press_and_settle("s");
    assert_eq!(
        (sitting.current(), sitting.queue(), stored(&sitting)),
        (Some(6), vec![], 0)
    );
    // From the closing screen: back to it.
    sitting.press_and_settle("q e 4 enter");
    assert_eq!(sitting.current(), Some(4));
    sitting.press_and_settle("enter");
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
    assert_eq!(sitting.current(), Some(6));
    sitting.press_and_settle("e esc");
    assert!(matches!(sitting.state.mode, Mode::Closing(_)));
}

#[test]
fn the_task_on_the_screen_is_chosen_without_a_detour() {
    let mut sitting = answered();
    sitting.press_and_settle("y e 6 enter");
    assert_eq!((sitting.current(), sitting.state.detour), (Some(6), false));
    assert!(matches!(sitting.state.mode, Mode::Voting));
}

#[test]
fn a_list_that_cannot_be_read_says_so() {
    let mut sitting = answered();
    sitting.press("e");
    sitting.answer_next(false);
    assert_eq!(list(&sitting).error.as_deref(), Some("the disk is full"));
    sitting.press_and_settle("1");
    assert_eq!(listed(&sitting), [1]);
}
