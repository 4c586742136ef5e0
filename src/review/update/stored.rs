use super::{closing, show_task};
use crate::domain::{ClassIndex, ImageId, QuestionId, TaskId};
use crate::review::effect::{Effect, NoteText};
use crate::review::event::StepId;
use crate::review::state::{InFlight, State, Step, Task};

/// A task was read.
pub fn task_loaded(state: &mut State, task: Task) {
    let id = task.id;
    state.loading.remove(&id);
    state.tasks.insert(id, task);
    if state.current == Some(id) {
        let since = state.thinking_since;
        show_task(state, Some(id), since);
    }
}

/// A task could not be read: it is left out of this sitting.
pub fn task_failed(state: &mut State, task: TaskId, reason: &str) -> Vec<Effect> {
    state.loading.remove(&task);
    state.queue.retain(|other| *other != task);
    state.complain(format!("a task cannot be read: {reason}"));
    if state.current != Some(task) {
        return Vec::new();
    }
    let next = state.queue.pop_front();
    show_task(state, next, None);
    match state.current {
        Some(_) => Vec::new(),
        None => closing::open(state),
    }
}

/// The votes of a step are on disk: now the screen may say so.
pub fn votes_stored(
    state: &mut State,
    step: StepId,
    questions: &[(ClassIndex, QuestionId)],
) -> Vec<Effect> {
    let Some(InFlight { task, answers }) = state.in_flight.remove(&step) else {
        return Vec::new();
    };
    let Some(task) = state.tasks.get_mut(&task) else {
        return Vec::new();
    };
    let mut unwanted = Vec::new();
    for (class, answer) in answers {
        let question = questions
            .iter()
            .find(|(of, _)| *of == class)
            .map(|(_, question)| *question);
        let Some(label) = task.label_mut(class) else {
            // Added, answered, and taken back altogether before the disk had said a word.
            unwanted.extend(question.map(Effect::DropAdded));
            continue;
        };
        label.recorded = answer;
        label.question = label.question.or(question);
        if label.sending.is_some_and(|(sending, _)| sending == step) {
            label.sending = None;
        }
    }
    unwanted
}

/// The votes of a step are lost: the screen shows what is on disk, and says why.
pub fn votes_failed(state: &mut State, step: StepId, reason: &str) {
    let Some(InFlight { task: id, answers }) = state.in_flight.remove(&step) else {
        return;
    };
    state
        .history
        .retain(|past| !matches!(past, Step::Votes { step: of, .. } if *of == step));
    let mut lost = 0;
    if let Some(task) = state.tasks.get_mut(&id) {
        for (class, _) in &answers {
            if let Some(label) = task.label_mut(*class)
                && label.sending.is_some_and(|(sending, _)| sending == step)
            {
                label.sending = None;
                lost += usize::from(label.recorded.is_none());
            }
        }
    }
    state.progress.votes = state.progress.votes.saturating_sub(lost);
    // A task that was ended with these votes is open again.
    if lost > 0 && state.current != Some(id) && !state.queue.contains(&id) {
        state.queue.push_front(id);
        state.progress.finished = state.progress.finished.saturating_sub(1);
    }
    state.complain(format!("NOT recorded: {reason}"));
}

/// A note is on disk.
pub fn note_stored(state: &mut State, image: ImageId) {
    let Some(place) = state
        .notes_in_flight
        .iter()
        .position(|(on, _)| *on == image)
    else {
        return;
    };
    let Some((_, note)) = state.notes_in_flight.remove(place) else {
        return;
    };
    for task in state.tasks.values_mut().filter(|task| task.image == image) {
        match &note {
            NoteText::Flag => task.flagged = true,
            NoteText::Unflag => task.flagged = false,
            NoteText::Comment(text) => task.comments.push(text.clone()),
        }
    }
    state.say(match note {
        NoteText::Flag => "flagged",
        NoteText::Unflag => "the flag is taken back",
        NoteText::Comment(_) => "the comment is recorded",
    });
}

/// A note is lost.
pub fn note_failed(state: &mut State, image: ImageId, reason: &str) {
    if let Some(place) = state
        .notes_in_flight
        .iter()
        .position(|(on, _)| *on == image)
    {
        state.notes_in_flight.remove(place);
    }
    state.complain(format!("NOT recorded: {reason}"));
}
