//! Makes the history tell what happened when something did not reach the disk, so that `u` leads back all the same.

use super::voting::time_spent;
use crate::domain::{ClassIndex, ImageId};
use crate::review::event::StepId;
use crate::review::state::{SentNote, State, Step};

/// A step that could not be taken back can be taken back once more.
fn put_back(state: &mut State, step: Step) {
    let later = |past: &Step| past.id().is_some_and(|id| Some(id) > step.id());
    let place = state.history.iter().position(later);
    let place = place.unwrap_or(state.history.len());
    state.history.insert(place, step);
}

/// As `put_back`, but for labels of which the step before is just being taken back too.
pub fn put_votes_back(state: &mut State, lost: StepId, mut taken: Step) {
    let Step::Votes { task, before, .. } = &mut taken else {
        return;
    };
    let later = state
        .in_flight
        .iter()
        .filter(|(step, sent)| **step > lost && sent.task == *task && sent.takes_back.is_some());
    let covered: Vec<ClassIndex> = later
        .flat_map(|(_, sent)| sent.answers.iter().map(|(class, _)| *class))
        .collect();
    before.retain(|(class, ..)| !covered.contains(class));
    if !before.is_empty() {
        state.progress.spent += time_spent(before);
        put_back(state, taken);
    }
}

/// The same for a flag.
pub fn put_flag_back(state: &mut State, image: ImageId, taken: Step) {
    let mut later = state.notes_in_flight.iter();
    let takes_back = |sent: &SentNote| sent.step.is_none() && sent.note.is_about_flag();
    if !later.any(|sent| sent.image == image && takes_back(sent)) {
        put_back(state, taken);
    }
}

/// A step that is lost cannot be taken back, and what came after it came after the step before it.
pub fn forget_votes(state: &mut State, lost: StepId) {
    let is_it = |step: &Step| step.id() == Some(lost);
    // What takes it back has nothing to put back any more, but takes back all the same.
    for taken in state
        .in_flight
        .values_mut()
        .filter_map(|sent| sent.takes_back.as_mut())
    {
        if let Step::Votes { step, before, .. } = taken
            && *step == lost
        {
            before.clear();
        }
    }
    let Some(place) = state.history.iter().position(is_it) else {
        return;
    };
    let mut step = state.history.remove(place);
    let Step::Votes { task, before, .. } = &mut step else {
        return;
    };
    state.progress.spent = state.progress.spent.saturating_sub(time_spent(before));
    // A lost answer comes to disk after all when a later one is just being taken back to it.
    let taken = state
        .in_flight
        .values()
        .filter_map(|sent| sent.takes_back.as_ref());
    let restored = taken.filter_map(|step| match step {
        Step::Votes {
            task: of, before, ..
        } if of == task => Some(before),
        _ => None,
    });
    let restored: Vec<ClassIndex> = restored.flatten().map(|(class, ..)| *class).collect();
    for (class, answer, spent) in before.iter_mut() {
        *spent = 0;
        let later = state.history.iter_mut().skip(place);
        let later = later.filter_map(|step| match step {
            Step::Votes {
                task: of, before, ..
            } if of == task => Some(before),
            _ => None,
        });
        if !restored.contains(class)
            && let Some((_, after, _)) = later.flatten().find(|(of, ..)| of == class)
        {
            *after = *answer;
        }
    }
    before.retain(|(class, ..)| restored.contains(class));
    if !before.is_empty() {
        state.history.insert(place, step);
    }
}

/// The same for a flag.
pub fn forget_flag(state: &mut State, lost: StepId) {
    let is_it = |step: &Step| step.id() == Some(lost);
    for sent in &mut state.notes_in_flight {
        sent.takes_back.take_if(|step| is_it(step));
    }
    let Some(place) = state.history.iter().position(is_it) else {
        return;
    };
    let Some(Step::Flagged { task, before, .. }) = state.history.get(place).cloned() else {
        return;
    };
    let of_task = |step: &Step| matches!(step, Step::Flagged { task: of, .. } if *of == task);
    let mut taken = state.notes_in_flight.iter();
    if taken.any(|sent| sent.takes_back.as_ref().is_some_and(of_task)) {
        return;
    }
    state.history.remove(place);
    let mut later = state.history.iter_mut().skip(place);
    if let Some(Step::Flagged { before: after, .. }) = later.find(|step| of_task(step)) {
        *after = before;
    }
}
