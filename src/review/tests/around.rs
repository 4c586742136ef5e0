use std::collections::BTreeMap;

use rstest::{fixture, rstest};

use super::{Stage, desk, task};
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

fn given(stage: &Stage, task: i64, class: u32) -> Option<Answer> {
    stage.disk.get(&(TaskId(task), ClassIndex(class))).copied()
}

fn is_closing(stage: &Stage) -> bool {
    matches!(stage.state.mode, Mode::Closing(_))
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
