//! Where the project file chooses which task comes next, and says so while keys go on: no task is lost, none comes twice.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "common/played.rs"]
mod played;

use std::collections::BTreeSet;

use played::*;
use proptest::prelude::*;
use relabel::domain::TaskId;
use relabel::review::effect::Effect;
use relabel::review::event::Event;

const TASKS: i64 = 9;

/// A sitting, and the tasks that wait for their turn.
struct Chosen {
    sitting: Sitting,
    waiting: BTreeSet<TaskId>,
}

impl Chosen {
    fn begin() -> Chosen {
        Chosen {
            sitting: Sitting::begin((1..=TASKS).map(|id| task(id, &[LAPTOP, DESK])).collect()),
            waiting: (1..=TASKS).map(TaskId).collect(),
        }
    }

    /// Does what the oldest waiting effect asks for; a task that waits for its turn gives it to the one at this place.
    fn answer_next(&mut self, place: usize) -> bool {
        if let Some(Effect::LoadTask(asked)) = self.sitting.waiting.front().cloned()
            && self.waiting.contains(&asked)
        {
            let chosen = *self.waiting.iter().nth(place % self.waiting.len()).unwrap();
            self.waiting.remove(&chosen);
            self.sitting.waiting[0] = Effect::LoadTask(chosen);
            if chosen != asked {
                self.sitting.happens(Event::TaskChosen { asked, chosen });
            }
        }
        self.sitting.answer_next(true)
    }
}

#[test]
fn the_task_that_is_chosen_comes_and_the_other_one_has_its_place() {
    let mut chosen = Chosen::begin();
    // The fourth for the first, then the first of those that wait: three for the second place, where the first one was asked.
    for place in [5, 0, 0, 0] {
        chosen.answer_next(place);
    }
    assert_eq!(chosen.sitting.current(), Some(6));
    assert_eq!(chosen.sitting.queue(), [1, 2, 3, 5, 4, 7, 8, 9]);
    assert_eq!(chosen.sitting.task().id, TaskId(6));
}

#[derive(Debug, Clone)]
enum Happens {
    Key(&'static str),
    Answer(usize),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => prop::sample::select(vec!["N", "enter", "N", "enter", "u", "s"]).prop_map(Happens::Key),
        5 => (0..TASKS as usize).prop_map(Happens::Answer),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_task_comes_once_whatever_is_chosen_and_however_fast_keys_are(
        story in prop::collection::vec(happens(), 0..120), last in 0..TASKS as usize
    ) {
        let mut chosen = Chosen::begin();
        for happens in story {
            match happens {
                Happens::Key(key) => {
                    chosen.sitting.press(key);
                }
                Happens::Answer(place) => {
                    chosen.answer_next(place);
                }
            }
            let mut all = chosen.sitting.queue();
            all.extend(chosen.sitting.current());
            let distinct: BTreeSet<i64> = all.iter().copied().collect();
            prop_assert_eq!(distinct.len(), all.len(), "a task comes twice: {:?}", all);
        }
        for _ in 0..TASKS {
            while chosen.answer_next(last) {}
            chosen.sitting.press("N");
            chosen.sitting.press("enter");
        }
        while chosen.answer_next(last) {}
        prop_assert_eq!(chosen.sitting.current(), None);
        prop_assert_eq!(chosen.sitting.disk.len(), 2 * TASKS as usize);
        prop_assert_eq!(chosen.sitting.state.progress.finished, TASKS as usize);
    }
}
