use super::show_task;
use super::voting::{send, toggle_flag};
use crate::domain::{ClassIndex, TaskId};
use crate::review::effect::{Effect, StoredAnswer};
use crate::review::state::{Mode, State, Step};

/// Takes the last step back.
pub fn undo(state: &mut State, at: i64) -> Vec<Effect> {
    let Some(step) = state.history.pop() else {
        state.say("nothing is left to take back in this sitting");
        return Vec::new();
    };
    match step {
        Step::Votes { task, before, .. } => {
            go_back_to(state, task, at);
            take_back(state, &before, at)
        }
        Step::Added { task, class } => {
            go_back_to(state, task, at);
            remove_added(state, class)
        }
        Step::Flagged { task } => {
            go_back_to(state, task, at);
            toggle_flag(state, at)
        }
        Step::Finished { task, counted } => {
            state.progress.finished = state.progress.finished.saturating_sub(usize::from(counted));
            go_back_to(state, task, at);
            state.say("back in the task before; u again takes its last answer back");
            Vec::new()
        }
        Step::Skipped { task } => {
            if state.queue.back() == Some(&task) {
                state.queue.pop_back();
            }
            go_back_to(state, task, at);
            Vec::new()
        }
    }
}

/// Puts a task of the past on the screen; the one that was there comes next.
fn go_back_to(state: &mut State, task: TaskId, at: i64) {
    state.mode = Mode::Voting;
    if state.current == Some(task) {
        return;
    }
    // A dispute that was opened from the closing screen is no part of the queue.
    let detour = std::mem::take(&mut state.detour);
    if let Some(current) = state.current
        && !detour
    {
        state.queue.push_front(current);
    }
    show_task(state, Some(task), Some(at));
}

fn take_back(
    state: &mut State,
    before: &[(ClassIndex, Option<crate::domain::Answer>, u32)],
    at: i64,
) -> Vec<Effect> {
    let step = state.next_step;
    let Some(task) = state.task_mut() else {
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
    for (_, answer, spent) in before {
        let votes = usize::from(answer.is_none());
        state.progress.votes = state.progress.votes.saturating_sub(votes);
        state.progress.spent = state.progress.spent.saturating_sub(u64::from(*spent));
    }
    if let Some(place) = first {
        state.cursor = place;
    }
    state.thinking_since = Some(at);
    vec![send(state, id, image, answers, at)]
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
    removed
        .question
        .map(Effect::DropAdded)
        .into_iter()
        .collect()
}
