use super::show_task;
use super::voting::{counts, flag_note, send, send_note};
use crate::domain::{ClassIndex, TaskId};
use crate::review::effect::{Effect, StoredAnswer};
use crate::review::state::{Mode, State};
use crate::review::steps::{Detour, GivenVotes, NoteInFlight, Step, time_spent};

/// Takes the last step back.
pub fn undo(state: &mut State, at: i64) -> Vec<Effect> {
    let Some(step) = state.history.pop() else {
        state.say("nothing is left to take back in this sitting");
        return Vec::new();
    };
    match step {
        Step::Finished { task, detour } => {
            let counted = usize::from(counts(detour));
            state.progress.finished = state.progress.finished.saturating_sub(counted);
            let image = state.tasks.get(&task).map(|task| task.image);
            if let Some(place) = state.touched.iter().rposition(|on| Some(*on) == image) {
                state.touched.remove(place);
            }
            go_back_to(state, task, at);
            state.detour = detour;
            state.say("back in the task before; u again takes its last answer back");
            Vec::new()
        }
        Step::Skipped { task } => {
            go_back_to(state, task, at);
            Vec::new()
        }
        Step::Votes(GivenVotes { task, .. })
        | Step::Added { task, .. }
        | Step::Flagged { task, .. }
            if !state.tasks.contains_key(&task) =>
        {
            // Long ago, and read anew: the step is taken back once it can be seen.
            state.history.push(step);
            go_back_to(state, task, at);
            state.say("reading the task; u again takes its last step back");
            Vec::new()
        }
        Step::Votes(given) => {
            go_back_to(state, given.task, at);
            take_back(state, given, at)
        }
        Step::Added { task, class } => {
            go_back_to(state, task, at);
            remove_added(state, class)
        }
        Step::Flagged { task, before, .. } => {
            go_back_to(state, task, at);
            let Some(image) = state.task().map(|task| task.image) else {
                return Vec::new();
            };
            let note = NoteInFlight {
                image,
                note: flag_note(before),
                step: None,
                undoes: Some(step),
            };
            vec![send_note(state, note, at)]
        }
    }
}

/// Puts a task of the past on the screen; the one that was there comes next.
fn go_back_to(state: &mut State, task: TaskId, at: i64) {
    state.mode = Mode::Voting;
    if state.current == Some(task) {
        return;
    }
    // A dispute that is no open task of this rater is just left.
    if let Some(current) = state.current
        && counts(state.detour)
    {
        state.queue.push_front(current);
    }
    let queued = take_from_queue(state, task);
    state.detour = (!queued).then_some(Detour { queued });
    show_task(state, Some(task), Some(at));
}

/// Takes a task out of the queue, where it is one of it: mostly the first or the last.
pub fn take_from_queue(state: &mut State, task: TaskId) -> bool {
    if state.queue.back() == Some(&task) {
        state.queue.pop_back();
        return true;
    }
    let place = state.queue.iter().position(|other| *other == task);
    place.and_then(|place| state.queue.remove(place)).is_some()
}

fn take_back(state: &mut State, given: GivenVotes, at: i64) -> Vec<Effect> {
    let step = state.next_step;
    let Some(task) = state.task_mut() else {
        return Vec::new();
    };
    let whose = (task.id, task.image);
    let mut answers = Vec::with_capacity(given.before.len());
    let mut first = None;
    for &(class, answer, _) in &given.before {
        let place = task.labels.iter().position(|label| label.class == class);
        let Some(label) = place.and_then(|place| task.labels.get_mut(place)) else {
            continue;
        };
        first = first.or(place);
        label.sending = Some((step, answer));
        answers.push(StoredAnswer {
            class,
            question: label.question,
            answer,
            spent: None,
        });
    }
    let spent = time_spent(&given.before);
    state.progress.spent = state.progress.spent.saturating_sub(spent);
    if let Some(place) = first {
        state.cursor = place;
    }
    state.thinking_since = Some(at);
    vec![send(state, whose, answers, Some(given), at)]
}

fn remove_added(state: &mut State, class: ClassIndex) -> Vec<Effect> {
    let Some(task) = state.task_mut() else {
        return Vec::new();
    };
    let Some(place) = task.labels.iter().position(|label| label.class == class) else {
        return Vec::new();
    };
    let removed = task.labels.remove(place);
    let last = task.labels.len().saturating_sub(1);
    state.cursor = state.cursor.min(last);
    let question = removed.question.map(Effect::DropAdded);
    question.into_iter().collect()
}
