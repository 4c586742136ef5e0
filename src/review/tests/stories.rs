use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use rstest::{fixture, rstest};

use super::{Stage, desk, pressed, task};
use crate::domain::{Answer, ClassIndex, ImageId, TaskId};
use crate::review::effect::{Effect, NoteText};
use crate::review::event::Event;
use crate::review::keymap::Keymap;
use crate::review::picture::Viewport;
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

// Labels of the rater's own.

#[rstest]
fn a_class_is_found_and_added_under_its_heading(mut stage: Stage) {
    stage.press("/screen, crt");
    assert!(matches!(&stage.state.mode, Mode::Search(search) if search.query == "screen, crt"));
    stage.press("⎋/281");
    stage.press("⏎");
    assert_eq!(stage.cursor(), 281);
    assert_eq!(stage.marks(), "·····");
    assert_eq!(stage.state.label().unwrap().question, None);
    stage.press("y");
    assert_eq!(stage.added.len(), 1);
    assert_eq!(given(&stage, 1, 281), Some(Answer::Yes));
    assert!(stage.screen().contains("+ tabby"));
    // Its answer, then itself.
    stage.press("uu");
    assert_eq!(stage.marks(), "····");
    assert!(stage.added.is_empty());
    assert!(matches!(stage.log.last(), Some(Effect::DropAdded(_))));
}

#[rstest]
fn a_class_that_is_here_already_gets_the_cursor(mut stage: Stage) {
    stage.press("/notebook⏎");
    assert_eq!(
        (stage.cursor(), stage.marks().len()),
        (NOTEBOOK, "····".len())
    );
    assert_eq!(stage.message(), "this label is here already");
}

#[rstest]
fn a_search_can_be_chosen_from_and_left(mut stage: Stage) {
    stage.press("/crane↓");
    stage.control('n');
    stage.control('p');
    assert!(matches!(&stage.state.mode, Mode::Search(search) if search.selected == 1));
    stage.press("⎋y");
    assert_eq!(stage.marks(), "y···");
}

#[rstest]
fn an_added_label_that_is_not_answered_keeps_the_task_open(mut stage: Stage) {
    stage.press("N/281⏎⏎");
    assert_eq!((stage.current(), stage.cursor()), (Some(1), 281));
    assert_eq!(stage.message(), "one label is still open");
}

// Skipping, flags, comments.

#[rstest]
fn skipped_tasks_come_last_in_their_order(mut stage: Stage) {
    stage.press("ss");
    let queue: Vec<i64> = stage.state.queue.iter().map(|task| task.0).collect();
    assert_eq!((stage.current(), queue), (Some(3), vec![4, 5, 1, 2]));
    stage.press("uu");
    let queue: Vec<i64> = stage.state.queue.iter().map(|task| task.0).collect();
    assert_eq!((stage.current(), queue), (Some(1), vec![2, 3, 4, 5]));
}

#[rstest]
fn a_flag_is_set_and_taken_back(mut stage: Stage) {
    stage.press("f");
    assert!(stage.screen().contains(" flagged "));
    assert_eq!(stage.notes, [(ImageId(10), NoteText::Flag)]);
    stage.press("f");
    assert!(!stage.screen().contains(" flagged "));
    stage.press("u");
    assert!(stage.flagged(ImageId(10)));
    stage.press("u");
    assert!(!stage.flagged(ImageId(10)));
}

#[rstest]
fn a_flag_that_failed_is_nothing_to_take_back(mut stage: Stage) {
    stage.held = true;
    stage.press("f");
    stage.serve(false);
    stage.press("u");
    assert_eq!(
        stage.message(),
        "nothing is left to take back in this sitting"
    );
    assert!(stage.waiting.is_empty());
}

#[rstest]
fn a_comment_is_typed_corrected_and_stored(mut stage: Stage) {
    stage.press("cq ynz⌫⌫⌫⌫blurred⏎");
    let comment = NoteText::Comment("qblurred".to_owned());
    assert_eq!(stage.notes, [(ImageId(10), comment)]);
    assert_eq!(stage.marks(), "····");
    assert!(stage.screen().contains("1 comment"));
    stage.press("c");
    assert!(stage.screen().contains("“qblurred”"));
    stage.press("not this⎋c  ⏎");
    assert_eq!(stage.notes.len(), 1);
}

#[rstest]
fn a_comment_that_is_not_stored_is_not_lost(mut stage: Stage) {
    stage.held = true;
    stage.press("ctwo dogs⏎");
    stage.serve(false);
    assert_eq!(
        stage.message(),
        "NOT recorded: disk is full; c brings the text back"
    );
    stage.held = false;
    stage.press("c⏎");
    let comment = NoteText::Comment("two dogs".to_owned());
    assert_eq!(stage.notes, [(ImageId(10), comment)]);
}

// The picture.

#[rstest]
fn the_picture_is_asked_for_with_the_three_that_come_next(mut stage: Stage) {
    let images: Vec<i64> = stage
        .wanted()
        .iter()
        .map(|request| request.image.0)
        .collect();
    assert_eq!(images, [10, 20, 30, 40]);
    assert!(stage.wanted().iter().all(|request| {
        (request.columns, request.rows, request.viewport) == (48, 20, Viewport::WHOLE)
    }));
    let asked = stage.log.len();
    stage.press("↓↓↑");
    assert_eq!(stage.log.len(), asked, "moving asks for nothing");
    stage.event(Event::Resize {
        columns: 120,
        rows: 40,
    });
    assert_eq!(stage.wanted()[0].rows, 36);
}

#[rstest]
fn zooming_goes_in_steps_and_back_to_the_whole(mut stage: Stage) {
    let zoom = |stage: &Stage| stage.wanted()[0].viewport.zoom;
    for level in [1, 2, 3, 0] {
        stage.press("z");
        assert_eq!(zoom(&stage), level);
    }
    assert_eq!(stage.state.viewport, Viewport::WHOLE);
    stage.press("ZZ");
    assert_eq!(zoom(&stage), 2);
    stage.press("N⏎");
    assert_eq!(stage.state.viewport, Viewport::WHOLE);
}

#[rstest]
fn panning_stops_at_the_edges_and_the_arrows_still_move_the_cursor(mut stage: Stage) {
    stage.press("zhhhhhhkkkkkk");
    let viewport = stage.state.viewport;
    assert_eq!((viewport.x, viewport.y), (250, 250));
    stage.press("llllllljjjjjjj");
    let viewport = stage.state.viewport;
    assert_eq!((viewport.x, viewport.y), (750, 750));
    assert_eq!(stage.cursor(), DESKTOP);
    stage.press("↓");
    assert_eq!(stage.cursor(), LAPTOP);
}

#[rstest]
fn examples_are_tiles_in_the_pane_of_the_picture(mut stage: Stage) {
    stage.press("r");
    let tiles = stage
        .wanted()
        .iter()
        .take(4)
        .filter(|r| r.columns < 25 && r.rows < 11)
        .count();
    assert_eq!(tiles, 4);
    assert!(stage.screen().contains("example 1.jpg"));
    stage.press("y");
    assert_eq!(stage.marks(), "····");
    stage.press("r");
    assert!(matches!(stage.state.mode, Mode::Voting));
    assert_eq!(stage.wanted()[0].columns, 48);
}

// The closing screen.

#[rstest]
fn a_dispute_is_opened_with_its_digit_and_leads_back(mut stage: Stage) {
    stage.plan.insert(TaskId(70), desk(70));
    stage.disputes(&[3, 70]);
    stage.press("q2");
    assert_eq!(stage.current(), Some(70));
    assert!(stage.screen().contains("dispute"));
    stage.press("N⏎");
    assert!(is_closing(&stage));
    assert_eq!(
        (stage.current(), stage.state.progress.finished),
        (Some(1), 0)
    );
    // One of the rater's own tasks counts.
    stage.press("⏎");
    assert_eq!(stage.current(), Some(3));
    stage.press("N⏎b");
    let queue: Vec<i64> = stage.state.queue.iter().map(|task| task.0).collect();
    assert_eq!((stage.current(), queue), (Some(1), vec![2, 4, 5]));
    assert_eq!(stage.state.progress.finished, 1);
}

#[rstest]
fn a_dispute_that_is_left_open_comes_next(mut stage: Stage) {
    stage.disputes(&[4]);
    stage.press("q1yqb");
    let queue: Vec<i64> = stage.state.queue.iter().map(|task| task.0).collect();
    assert_eq!((stage.current(), queue), (Some(1), vec![4, 2, 3, 5]));
}

#[rstest]
fn a_dispute_that_cannot_be_read_leads_back(mut stage: Stage) {
    stage.disputes(&[99]);
    stage.press("q1");
    assert!(is_closing(&stage));
    assert_eq!(stage.current(), Some(1));
    assert!(stage.message().contains("it is gone"));
}

#[rstest]
fn the_closing_screen_is_left_for_the_tasks_with_b(mut stage: Stage) {
    stage.press("yq");
    assert!(is_closing(&stage));
    stage.press("b");
    assert_eq!((stage.current(), stage.marks().as_str()), (Some(1), "y···"));
}

// Leaving, and keys of the user's own.

#[rstest]
#[case::voting("")]
#[case::searching("/dog")]
#[case::commenting("chm")]
#[case::reading_keys("?")]
#[case::closing("q")]
fn control_keys_work_everywhere(mut stage: Stage, #[case] keys: &str) {
    stage.press(keys);
    for (letter, effect) in [
        ('l', Effect::Redraw),
        ('z', Effect::Suspend),
        ('c', Effect::Interrupt),
    ] {
        stage.control(letter);
        assert_eq!(stage.log.last(), Some(&effect));
    }
}

fn remapped(pairs: &[(&str, &str)]) -> Stage {
    let overrides: BTreeMap<String, Vec<String>> = pairs
        .iter()
        .map(|(action, key)| ((*action).to_owned(), vec![(*key).to_owned()]))
        .collect();
    let keymap = Keymap::with_overrides(&overrides).unwrap();
    Stage::with((1..=2).map(desk).collect(), keymap)
}

#[test]
fn remapped_keys_do_what_they_say_and_are_shown() {
    let mut stage = remapped(&[("yes", "a"), ("done", "space"), ("no-to-all", "1")]);
    stage.press("ya");
    assert_eq!(stage.marks(), "y···");
    assert!(stage.screen().contains(" a yes "));
    stage.press("1 ");
    assert_eq!(stage.current(), Some(2));
}

#[test]
fn letters_are_typed_even_where_they_are_bound_to_what_works_everywhere() {
    let mut stage = remapped(&[("interrupt", "x"), ("redraw", "e")]);
    stage.press("cexe⏎");
    assert_eq!(
        stage.notes,
        [(ImageId(10), NoteText::Comment("exe".to_owned()))]
    );
    assert!(!stage.log.contains(&Effect::Interrupt));
}

#[test]
fn help_scrolls_no_further_than_its_end() {
    let mut stage = Stage::of(1);
    stage.event(Event::Resize {
        columns: 60,
        rows: 15,
    });
    stage.press("?");
    stage.press(&"↓".repeat(60));
    let end = stage.screen();
    assert!(end.contains("1…9"));
    stage.press("↑");
    assert_ne!(stage.screen(), end);
    stage.press("?y");
    assert_eq!(stage.marks(), "y···");
}

#[test]
fn a_key_costs_nothing_that_grows_with_the_queue() {
    let mut stage = Stage::new((1..=9).map(|id| task(id, &[1])).collect());
    stage.state.queue.extend((10..38_000).map(TaskId));
    let asked = stage.log.len();
    stage.press("y⏎");
    let read = |effect: &&Effect| matches!(effect, Effect::LoadTask(_));
    assert_eq!(stage.log[asked..].iter().filter(read).count(), 1);
    assert_eq!(stage.state.tasks.len(), 5);
}
