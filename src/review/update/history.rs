use super::voting::{flag_note, send, send_note, time_spent};
use super::{show_task, to_next_open};
use crate::domain::{ClassIndex, TaskId};
use crate::review::effect::{Effect, StoredAnswer};
use crate::review::state::{Mode, SentNote, State, Step};

/// Takes the last step back.
pub fn undo(state: &mut State, at: i64) -> Vec<Effect> {
    let Some(step) = state.history.pop() else {
        state.say("nothing is left to take back in this sitting");
        return Vec::new();
    };
    let (Step::Votes { task, .. }
    | Step::Added { task, .. }
    | Step::Flagged { task, .. }
    | Step::Finished { task, .. }
    | Step::Skipped { task }) = step;
    let needs_labels = !matches!(step, Step::Finished { .. } | Step::Skipped { .. });
    if needs_labels && !state.is_at_hand(task) {
        // Long ago: the task has to be read again first.
        state.history.push(step);
        go_back_to(state, task, at);
        state.say("reading the task again; u once more takes its last step back");
        return Vec::new();
    }
    match step {
        Step::Votes { task, .. } => {
            go_back_to(state, task, at);
            take_back(state, step, at)
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
            let note = SentNote {
                image,
                note: flag_note(before),
                step: None,
                takes_back: Some(step),
            };
            vec![send_note(state, note, at)]
        }
        Step::Finished { task, counted } => {
            let reopens = counted && state.unfinished.insert(task);
            state.progress.finished = state.progress.finished.saturating_sub(usize::from(reopens));
            go_back_to(state, task, at);
            if state.is_audit() {
                // Answering was ending.
                return undo(state, at);
            }
            state.say("back in the task before; u again takes its last answer back");
            Vec::new()
        }
        Step::Skipped { task } => {
            go_back_to(state, task, at);
            Vec::new()
        }
    }
}

/// Puts a task of the past on the screen; the one that was there comes next.
fn go_back_to(state: &mut State, task: TaskId, at: i64) {
    state.mode = Mode::Voting;
    if state.current == Some(task) {
        // A dispute that was ended as a task of the queue, opened once more: now it is that task again.
        if state.unfinished.contains(&task) && !state.queue.contains(&task) {
            state.detour = false;
        }
        return;
    }
    // A dispute that was opened from the closing screen stands where it stood in the queue, if at all.
    if let Some(current) = state.current
        && !state.detour
    {
        state.queue.push_front(current);
    }
    state.queue.retain(|other| *other != task);
    state.detour = !state.unfinished.contains(&task);
    show_task(state, Some(task), Some(at));
}

fn take_back(state: &mut State, taken: Step, at: i64) -> Vec<Effect> {
    let step = state.next_step;
    let (Step::Votes { before, .. }, Some(task)) = (&taken, state.task_mut()) else {
        return Vec::new();
    };
    let (id, image) = (task.id, task.image);
    let mut answers = Vec::with_capacity(before.len());
    let mut first = None;
    for &(class, answer, _) in before {
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
    let spent = time_spent(before);
    state.progress.spent = state.progress.spent.saturating_sub(spent);
    if let Some(place) = first {
        state.cursor = place;
    }
    state.thinking_since = Some(at);
    vec![send(state, (id, image), answers, Some(taken), at)]
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
    if state.is_all_answered() {
        to_next_open(state, 0);
    }
    removed
        .question
        .map(Effect::DropAdded)
        .into_iter()
        .collect()
}
