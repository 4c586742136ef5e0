use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rstest::{fixture, rstest};

use super::{Stage, pressed};
use crate::domain::{Answer, ClassIndex, ImageId, TaskId};
use crate::review::effect::Effect;
use crate::review::event::Event;
use crate::review::state::Mode;

/// Five tasks of four labels, the first on the screen.
#[fixture]
fn stage() -> Stage {
    Stage::of(5)
}

const DESKTOP: u32 = 527;
const LAPTOP: u32 = 620;
const NOTEBOOK: u32 = 681;
const DESK: u32 = 526;

fn given(stage: &Stage, task: i64, class: u32) -> Option<Answer> {
    stage.disk.get(&(TaskId(task), ClassIndex(class))).copied()
}

fn is_closing(stage: &Stage) -> bool {
    matches!(stage.state.mode, Mode::Closing(_))
}

// Answering.

#[test]
fn a_whole_sitting_ends_on_the_closing_screen() {
    let mut stage = Stage::of(2);
    stage.press("ynmy⏎");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(2), "····"));
    stage.press("N⏎");
    assert!(is_closing(&stage));
    assert_eq!(stage.current(), None);
    let progress = &stage.state.progress;
    assert_eq!((progress.finished, progress.votes), (2, 8));
    assert_eq!(given(&stage, 1, DESKTOP), Some(Answer::Yes));
    assert_eq!(given(&stage, 1, LAPTOP), Some(Answer::No));
    assert_eq!(given(&stage, 1, NOTEBOOK), Some(Answer::Maybe));
    assert_eq!(given(&stage, 2, DESK), Some(Answer::No));
    assert_eq!(stage.state.touched, [ImageId(10), ImageId(20)]);
    stage.press("q");
    assert_eq!(stage.log.last(), Some(&Effect::Quit));
}

#[rstest]
fn an_answer_is_shown_as_recorded_only_once_it_is_on_disk(mut stage: Stage) {
    stage.held = true;
    stage.press("y");
    assert_eq!(stage.marks(), "…···");
    assert!(!stage.screen().contains("1 y"));
    stage.serve_all();
    assert_eq!(stage.marks(), "y···");
    assert!(stage.screen().contains("1 y"));
}

#[rstest]
fn time_is_counted_from_the_answer_before(mut stage: Stage) {
    stage.press("yn");
    let spent = stage.log.iter().filter_map(|effect| match effect {
        Effect::StoreVotes { answers, .. } => Some(answers[0].spent),
        _ => None,
    });
    assert_eq!(spent.collect::<Vec<_>>(), [None, Some(1_500)]);
    // What passes while the program sleeps is nobody's thinking.
    stage.event(Event::Resumed);
    stage.press("m");
    assert_eq!(stage.state.progress.spent, 1_500);
}

#[rstest]
fn answering_goes_on_to_the_next_open_label_and_back_to_the_top(mut stage: Stage) {
    stage.press("3y");
    assert_eq!(stage.cursor(), DESK);
    stage.press("n");
    assert_eq!(stage.cursor(), DESKTOP);
    stage.press("nn");
    assert_eq!(stage.marks(), "nnyn");
}

#[rstest]
fn an_answer_can_be_changed_but_the_same_again_is_no_news(mut stage: Stage) {
    stage.press("y1y");
    let stored = |stage: &Stage| {
        let votes = stage.log.iter();
        votes
            .filter(|effect| matches!(effect, Effect::StoreVotes { .. }))
            .count()
    };
    assert_eq!(stored(&stage), 1);
    stage.press("1n");
    assert_eq!((stored(&stage), stage.marks().as_str()), (2, "n···"));
    assert_eq!(stage.state.progress.votes, 1);
}

#[rstest]
fn enter_with_open_labels_says_so_and_goes_to_the_first_of_them(mut stage: Stage) {
    stage.press("yn1⏎");
    assert_eq!(stage.current(), Some(1));
    assert_eq!(stage.cursor(), NOTEBOOK);
    assert_eq!(
        stage.message(),
        "2 labels are still open; N answers no to them"
    );
    stage.press("y⏎");
    assert_eq!(stage.message(), "one label is still open");
}

#[rstest]
fn no_to_the_rest_is_one_step(mut stage: Stage) {
    stage.press("2yN");
    assert_eq!(stage.marks(), "nynn");
    stage.press("u");
    assert_eq!(stage.marks(), "·y··");
    stage.press("u");
    assert_eq!(stage.marks(), "····");
}

#[rstest]
fn moving_stops_at_the_ends_and_digits_go_where_they_say(mut stage: Stage) {
    stage.press("↑k");
    assert_eq!(stage.cursor(), DESKTOP);
    stage.press("↓j↓↓↓");
    assert_eq!(stage.cursor(), DESK);
    stage.press("2");
    assert_eq!(stage.cursor(), LAPTOP);
    stage.press("9");
    assert_eq!(stage.cursor(), LAPTOP);
}

#[rstest]
#[case::held_with_alt(KeyEvent::new(KeyCode::Char('y'), KeyModifiers::ALT))]
#[case::held_with_control(KeyEvent::new(KeyCode::Char('y'), KeyModifiers::CONTROL))]
#[case::released(KeyEvent::new_with_kind(
    KeyCode::Char('y'),
    KeyModifiers::NONE,
    KeyEventKind::Release
))]
#[case::bound_to_nothing(pressed('x'))]
fn other_keys_do_not_vote(mut stage: Stage, #[case] key: KeyEvent) {
    stage.key(key);
    assert_eq!(stage.marks(), "····");
}

// Taking back.

#[rstest]
fn steps_are_taken_back_across_tasks(mut stage: Stage) {
    stage.press("ynmy⏎nn");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(2), "nn··"));
    stage.press("uuu");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(1), "ynmy"));
    assert_eq!(stage.state.progress.finished, 0);
    stage.press("uu");
    assert_eq!((stage.marks().as_str(), stage.cursor()), ("yn··", NOTEBOOK));
    stage.press("nn⏎");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(2), "····"));
    assert_eq!(stage.state.queue.len(), 3);
}

#[rstest]
fn taking_back_a_changed_answer_restores_the_one_before(mut stage: Stage) {
    stage.press("y1m");
    assert_eq!(stage.marks(), "m···");
    stage.press("u");
    assert_eq!(
        (stage.marks().as_str(), given(&stage, 1, DESKTOP)),
        ("y···", Some(Answer::Yes))
    );
}

#[test]
fn steps_of_tasks_that_are_no_longer_kept_are_taken_back_as_well() {
    let mut stage = Stage::of(200);
    stage.press(&"yN⏎".repeat(150));
    assert_eq!((stage.current(), stage.disk.len()), (Some(151), 600));
    assert!(stage.state.tasks.len() < 70);
    stage.press(&"u".repeat(450));
    assert_eq!(stage.message(), "");
    stage.press("u");
    assert_eq!(
        stage.message(),
        "nothing is left to take back in this sitting"
    );
    assert_eq!((stage.current(), stage.disk.len()), (Some(1), 0));
    assert_eq!(stage.state.queue.len(), 199);
}

#[rstest]
fn nothing_to_take_back_leaves_the_closing_screen_alone() {
    let mut stage = Stage::new(Vec::new());
    assert!(is_closing(&stage));
    stage.press("u");
    assert!(is_closing(&stage));
    assert_eq!(
        stage.message(),
        "nothing is left to take back in this sitting"
    );
}

#[rstest]
fn the_end_of_the_last_task_can_be_taken_back_from_the_closing_screen() {
    let mut stage = Stage::of(1);
    stage.press("N⏎");
    assert!(is_closing(&stage));
    stage.press("u");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(1), "nnnn"));
    assert!(!is_closing(&stage));
}

// A disk that fails.

#[rstest]
fn a_vote_that_is_not_stored_loses_its_mark_and_says_so(mut stage: Stage) {
    stage.held = true;
    stage.press("y");
    stage.serve(false);
    assert_eq!(stage.marks(), "····");
    assert_eq!(stage.message(), "NOT recorded: disk is full");
    assert!(stage.screen().contains("NOT recorded: disk is full"));
    assert_eq!(stage.state.progress.votes, 0);
    // And there is nothing to take back.
    stage.press("u");
    assert_eq!(
        stage.message(),
        "nothing is left to take back in this sitting"
    );
}

#[rstest]
fn a_task_that_was_ended_with_a_lost_vote_is_open_again(mut stage: Stage) {
    stage.press("ynm");
    stage.held = true;
    stage.press("y⏎");
    assert_eq!(
        (stage.current(), stage.state.progress.finished),
        (Some(2), 1)
    );
    stage.serve(false);
    assert_eq!(stage.state.progress.finished, 0);
    assert_eq!(stage.state.queue.front(), Some(&TaskId(1)));
    stage.held = false;
    stage.serve_all();
    stage.press("N⏎");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(1), "ynm·"));
}

#[rstest]
fn the_last_task_is_open_again_behind_the_closing_screen() {
    let mut stage = Stage::of(1);
    stage.held = true;
    stage.press("N⏎");
    assert!(is_closing(&stage));
    stage.serve(false);
    assert_eq!(stage.message(), "NOT recorded: disk is full");
    stage.press("b");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(1), "····"));
}

#[rstest]
fn an_undo_that_fails_leaves_the_answer_and_can_be_tried_again(mut stage: Stage) {
    stage.press("y");
    stage.held = true;
    stage.press("u");
    stage.serve(false);
    assert_eq!(stage.marks(), "y···");
    stage.held = false;
    stage.press("u");
    assert_eq!((stage.marks().as_str(), stage.disk.len()), ("····", 0));
}

#[rstest]
fn good_news_does_not_hide_bad_news(mut stage: Stage) {
    stage.held = true;
    stage.press("yf");
    stage.serve(false);
    stage.serve_all();
    assert!(stage.state.task().unwrap().flagged);
    assert_eq!(stage.message(), "NOT recorded: disk is full");
}

#[rstest]
fn a_task_that_cannot_be_read_is_left_out_and_said(mut stage: Stage) {
    stage.plan.remove(&TaskId(5));
    stage.press("N⏎");
    assert!(
        stage
            .message()
            .contains("a task cannot be read: it is gone")
    );
    stage.press("N⏎N⏎N⏎");
    assert!(is_closing(&stage));
}
