//! Rules for keys that may vote.

use crate::domain::ClassIndex;
use crate::review::keymap::Action;
use crate::review::state::{NotSeen, State, can_answer};

/// Milliseconds: who types on so soon after a key that did not count means the labels that come after its own.
const BURST: i64 = 700;

/// Checks that a key may vote now: only on what the rater sees.
pub fn may_vote(state: &State, action: Action, at: i64) -> Result<(), NotSeen> {
    match action {
        Action::NoToAll => can_answer(state, &open_labels(state)),
        _ => can_answer(state, state.label().map(|label| label.class).as_slice()),
    }?;
    match &state.refused {
        // It may be pressed again at once: the labels that it waits for are a key away.
        None | Some((_, NotSeen::Labels(_))) => Ok(()),
        Some((last, why)) if at - last < BURST => Err(why.clone()),
        Some(_) => Ok(()),
    }
}

/// The labels of the task that are open.
pub fn open_labels(state: &State) -> Vec<ClassIndex> {
    let labels = state.task().map_or(&[][..], |task| &task.labels);
    let open = labels.iter().filter(|label| label.is_open());
    open.map(|label| label.class).collect()
}
