use std::collections::HashSet;

use proptest::prelude::*;

use super::{Stage, desk, pressed, task};
use crate::domain::TaskId;
use crate::review::event::Event;
use crate::review::state::Mode;

/// What may happen to a screen.
#[derive(Debug, Clone)]
enum Happening {
    Key(char),
    Control(char),
    /// The disk does what it was asked first, or fails to.
    Serve(bool),
    Resize(u16, u16),
    Resumed,
}

fn happening(failures: u32) -> impl Strategy<Value = Happening> {
    let votes = prop::sample::select("ynmyynN⏎⏎⏎uuu↑↓15".chars().collect::<Vec<_>>());
    let all = prop::sample::select(
        "ynmN⏎u↑↓jkhlzZfcs/?qrb⎋⌫⇟⇞ 123456789xdog"
            .chars()
            .collect::<Vec<_>>(),
    );
    let control = prop::sample::select(vec!['n', 'p', 'l', 'z', 'u', 'w']);
    prop_oneof![
        12 => votes.prop_map(Happening::Key),
        8 => all.prop_map(Happening::Key),
        1 => control.prop_map(Happening::Control),
        1 => (0u16..130, 0u16..50).prop_map(|(columns, rows)| Happening::Resize(columns, rows)),
        1 => Just(Happening::Resumed),
        12 => Just(Happening::Serve(true)),
        failures => Just(Happening::Serve(false)),
    ]
}

/// Tasks 1 to 5 are the rater's; 6 and 7 are disputes of others, 99 is a dispute whose task is gone.
fn stage() -> Stage {
    let mut stage = Stage::new((1..=5).map(|id| task(id, &[527, 620, 526])).collect());
    for other in [6, 7] {
        stage.plan.insert(TaskId(other), desk(other));
    }
    stage.disputes(&[6, 2, 99, 4, 7]);
    stage.held = true;
    stage
}

fn play(stage: &mut Stage, happening: Happening) {
    match happening {
        Happening::Key(key) => stage.key(pressed(key)),
        Happening::Control(letter) => stage.control(letter),
        Happening::Serve(works) => {
            stage.serve(works);
        }
        Happening::Resize(columns, rows) => stage.event(Event::Resize { columns, rows }),
        Happening::Resumed => stage.event(Event::Resumed),
    }
}

/// What must hold at every moment.
fn check(stage: &Stage) -> Result<(), TestCaseError> {
    let state = &stage.state;
    for (id, task) in &state.tasks {
        for label in &task.labels {
            let on_disk = stage.disk.get(&(*id, label.class)).copied();
            prop_assert_eq!(label.recorded, on_disk, "{:?} {}", id, &label.name);
        }
        let classes: HashSet<_> = task.labels.iter().map(|label| label.class).collect();
        prop_assert_eq!(classes.len(), task.labels.len(), "a label stands twice");
    }
    let queued: HashSet<_> = state.queue.iter().collect();
    prop_assert_eq!(queued.len(), state.queue.len(), "a task is queued twice");
    if let Some(current) = &state.current {
        prop_assert!(!queued.contains(current), "the current task is queued too");
    }
    let here = state.current.is_some() && state.detour.is_none_or(|detour| detour.queued);
    prop_assert_eq!(
        state.progress.finished + queued.len() + usize::from(here),
        state.progress.total,
        "a task is lost or won: {:?} {:?} {:?}",
        state.current,
        state.detour,
        state.queue
    );
    if let Some(task) = state.task() {
        prop_assert!(state.cursor < task.labels.len());
    }
    let half = 500 >> state.viewport.zoom;
    for place in [state.viewport.x, state.viewport.y] {
        prop_assert!((half..=1000 - half).contains(&place));
    }
    Ok(())
}

/// What must hold once nothing is under way.
fn check_settled(stage: &Stage) -> Result<(), TestCaseError> {
    check(stage)?;
    let state = &stage.state;
    prop_assert!(!state.is_sending());
    for (id, task) in &state.tasks {
        prop_assert!(task.labels.iter().all(|label| label.sending.is_none()));
        prop_assert_eq!(task.flagged, stage.flagged(task.image));
        for ((_, class), answer) in stage.disk.iter().filter(|((of, _), _)| of == id) {
            let shown = task.labels.iter().any(|label| label.class == *class);
            prop_assert!(
                shown,
                "{:?} {} {}: on disk, not on the screen",
                id,
                class,
                answer
            );
        }
    }
    prop_assert_eq!(state.progress.votes, stage.disk.len());
    Ok(())
}

/// Goes back to voting, from wherever the screen is.
fn leave_all(stage: &mut Stage) {
    match stage.state.mode {
        Mode::Voting | Mode::Closing(_) => {}
        _ => stage.press("⎋"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn the_marks_are_what_is_on_disk_and_no_task_is_lost(
        happenings in prop::collection::vec(happening(2), 0..120),
    ) {
        let mut stage = stage();
        for happening in happenings {
            play(&mut stage, happening);
            check(&stage)?;
        }
        stage.serve_all();
        check_settled(&stage)?;
    }

    #[test]
    fn everything_can_be_taken_back(
        happenings in prop::collection::vec(happening(2), 0..120),
    ) {
        let mut stage = stage();
        for happening in happenings {
            play(&mut stage, happening);
        }
        stage.serve_all();
        leave_all(&mut stage);
        stage.held = false;
        for _ in 0..200 {
            stage.press("u");
            check_settled(&stage)?;
        }
        prop_assert_eq!(stage.message(), "nothing is left to take back in this sitting");
        prop_assert!(stage.disk.is_empty(), "{:?}", stage.disk);
        let progress = &stage.state.progress;
        prop_assert_eq!((progress.finished, progress.spent), (0, 0));
        for task in stage.plan.values() {
            prop_assert!(!stage.flagged(task.image));
        }
    }

    #[test]
    fn every_screen_can_be_drawn(
        happenings in prop::collection::vec(happening(1), 0..40),
    ) {
        let mut stage = stage();
        for happening in happenings {
            play(&mut stage, happening);
            stage.screen();
        }
    }
}
