use super::{closing, show_task};
use crate::domain::{ClassIndex, ImageId, QuestionId, TaskId};
use crate::review::effect::{Effect, NoteText};
use crate::review::event::StepId;
use crate::review::state::{Sent, SentAnswer, State, Step, Task};

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
    if state.detour {
        return closing::open(state);
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
    let Some(sent) = state.in_flight.remove(&step) else {
        return Vec::new();
    };
    let Some(task) = state.tasks.get_mut(&sent.task) else {
        return Vec::new();
    };
    let mut unwanted = Vec::new();
    for SentAnswer { class, answer, .. } in sent.answers {
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
    let Some(sent) = state.in_flight.remove(&step) else {
        return;
    };
    let id = sent.task;
    let mut changed = Vec::new();
    if let Some(task) = state.tasks.get_mut(&id) {
        for lost in &sent.answers {
            if let Some(label) = task.label_mut(lost.class)
                && label.sending.is_some_and(|(sending, _)| sending == step)
            {
                label.sending = None;
                changed.push((lost.answer, label.recorded));
            }
        }
    }
    for &(lost, stands) in &changed {
        state.count_vote(lost, stands);
    }
    correct_history(state, step, sent);
    if changed.iter().any(|(_, stands)| stands.is_none()) {
        open_again(state, id);
    }
    state.complain(format!("NOT recorded: {reason}"));
}

/// Makes the history tell what happened without a step whose votes are lost.
fn correct_history(state: &mut State, step: StepId, sent: Sent) {
    for lost in &sent.answers {
        correct_next(state, step, sent.task, *lost);
    }
    match sent.takes_back {
        // What was to be taken back stands, and can be taken back again.
        Some((place, taken)) => {
            if let Step::Votes { before, .. } = &taken {
                let spent: u64 = before.iter().map(|(.., spent)| u64::from(*spent)).sum();
                state.progress.spent += spent;
            }
            let place = place.min(state.history.len());
            state.history.insert(place, taken);
        }
        None => state.history.retain(|past| match past {
            Step::Votes {
                step: of, before, ..
            } if *of == step => {
                let spent: u64 = before.iter().map(|(.., spent)| u64::from(*spent)).sum();
                state.progress.spent = state.progress.spent.saturating_sub(spent);
                false
            }
            _ => true,
        }),
    }
}

/// The next step on the same label came after the answer that stood before the lost one.
fn correct_next(state: &mut State, step: StepId, id: TaskId, lost: SentAnswer) {
    let in_history = state.history.iter_mut().filter_map(|past| match past {
        Step::Votes {
            step: of,
            task,
            before,
        } if *task == id && *of > step => {
            let entry = before.iter_mut().find(|(class, ..)| *class == lost.class)?;
            Some((*of, &mut entry.1))
        }
        _ => None,
    });
    if let Some((_, before)) = in_history.min_by_key(|(of, _)| *of) {
        *before = lost.before;
    }
    let in_flight = state.in_flight.iter_mut().filter_map(|(of, sent)| {
        let matches = sent.task == id && *of > step;
        let mut answers = sent.answers.iter_mut().filter(|_| matches);
        let entry = answers.find(|later| later.class == lost.class)?;
        Some((*of, &mut entry.before))
    });
    if let Some((_, before)) = in_flight.min_by_key(|(of, _)| *of) {
        *before = lost.before;
    }
}

/// A task that was ended with votes that are lost is open again.
fn open_again(state: &mut State, id: TaskId) {
    let ended = state.history.iter().find_map(|past| match past {
        Step::Finished { task, counted } if *task == id => Some(*counted),
        _ => None,
    });
    let Some(counted) = ended else {
        return;
    };
    state
        .history
        .retain(|past| !matches!(past, Step::Finished { task, .. } if *task == id));
    if counted && state.unfinished.insert(id) {
        state.progress.finished = state.progress.finished.saturating_sub(1);
    }
    match state.current {
        Some(current) if current == id => {}
        Some(_) if state.queue.contains(&id) => {}
        Some(_) => state.queue.push_front(id),
        None => show_task(state, Some(id), None),
    }
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
    let mut notes = state.notes_in_flight.iter();
    let place = notes.position(|(on, _)| *on == image);
    let lost = place.and_then(|place| state.notes_in_flight.remove(place));
    if matches!(lost, Some((_, NoteText::Flag | NoteText::Unflag))) {
        let on_image = |id: &TaskId| state.tasks.get(id).is_some_and(|task| task.image == image);
        let mut past = state.history.iter();
        let step = past.rposition(|step| matches!(step, Step::Flagged { task } if on_image(task)));
        // Taking back what never was would set a flag.
        step.map(|place| state.history.remove(place));
    }
    state.complain(format!("NOT recorded: {reason}"));
}
