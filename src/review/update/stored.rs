use super::lost::{forget_flag, forget_votes, put_flag_back, put_votes_back};
use super::{closing, earlier, show_task, to_next_open};
use crate::domain::{ClassIndex, ImageId, QuestionId, TaskId};
use crate::review::effect::{Effect, NoteText};
use crate::review::event::StepId;
use crate::review::keymap::Action;
use crate::review::state::{Sent, SentNote, State, Step, Task};

/// Another task comes in the place of one that was asked for: they change places.
pub fn task_chosen(state: &mut State, asked: TaskId, chosen: TaskId) {
    state.loading.remove(&asked);
    state.loading.insert(chosen);
    // A task that the rater went to stays on the screen, wherever it stands in the queue.
    let current = state.current.as_mut().filter(|_| !state.detour);
    for task in state.queue.iter_mut().chain(current) {
        if *task == asked {
            *task = chosen;
        } else if *task == chosen {
            *task = asked;
        }
    }
}

/// A task was read.
pub fn task_loaded(state: &mut State, task: Task) {
    let id = task.id;
    state.loading.remove(&id);
    state.given_back.remove(&id);
    let mut task = task;
    // What was added and is not answered yet is on the screen alone.
    if let Some(former) = state.tasks.remove(&id) {
        for label in former.labels.into_iter().filter(|label| label.added) {
            if task.label_mut(label.class).is_none() {
                task.add(label);
            }
        }
    }
    // What was read may be older than what is on its way.
    let mut steps: Vec<(&StepId, &Sent)> = state.in_flight.iter().collect();
    steps.sort_unstable_by_key(|(step, _)| **step);
    for (step, sent) in steps.into_iter().filter(|(_, sent)| sent.task == id) {
        for (class, answer) in &sent.answers {
            if let Some(label) = task.label_mut(*class) {
                label.sending = Some((*step, *answer));
            }
        }
    }
    state.tasks.insert(id, task);
    if state.current == Some(id) {
        let since = state.thinking_since;
        show_task(state, Some(id), since);
    }
}

/// A task could not be read: it is left out of this sitting.
pub fn task_failed(state: &mut State, task: TaskId, reason: &str) -> Vec<Effect> {
    state.loading.remove(&task);
    if state.is_at_hand(task) {
        state.complain(format!("a task cannot be read again: {reason}"));
        return Vec::new();
    }
    state.complain(format!("a task cannot be read: {reason}"));
    leave_out(state, task)
}

/// A task asks nothing any more: it is left out, as if it had never been in the queue.
pub fn task_settled(state: &mut State, task: TaskId) -> Vec<Effect> {
    state.loading.remove(&task);
    if state.is_at_hand(task) {
        return Vec::new();
    }
    if state.given_back.remove(&task) {
        state.tasks.remove(&task);
        state.say("others have the task that was put last");
    }
    if state.unfinished.remove(&task) {
        state.progress.total = state.progress.total.saturating_sub(1);
    }
    leave_out(state, task)
}

/// Goes on without a task.
fn leave_out(state: &mut State, task: TaskId) -> Vec<Effect> {
    state.queue.retain(|other| *other != task);
    if state.current != Some(task) {
        return Vec::new();
    }
    // They were meant for this task.
    state.typed_ahead.clear();
    if state.detour {
        return earlier::back_from_detour(state, None);
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
    for (class, answer) in sent.answers {
        let question = questions
            .iter()
            .find(|(of, _)| *of == class)
            .map(|(_, question)| *question);
        let label = task.label_mut(class);
        // A label that was answered before this sitting is no vote of this sitting.
        let is_first = label.as_ref().is_none_or(|label| label.recorded.is_none());
        match answer {
            Some(_) if is_first => state.voted.insert((sent.task, class)),
            Some(_) => false,
            None => state.voted.remove(&(sent.task, class)),
        };
        let Some(label) = label else {
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
    state.progress.votes = state.voted.len();
    unwanted
}

/// The votes of a step are lost: the screen shows what is on disk, and says why.
pub fn votes_failed(state: &mut State, step: StepId, reason: &str) -> Vec<Effect> {
    let Some(sent) = state.in_flight.remove(&step) else {
        return Vec::new();
    };
    let mut gone = false;
    if let Some(task) = state.tasks.get_mut(&sent.task) {
        for (class, _) in &sent.answers {
            match task.label_mut(*class) {
                Some(label) if label.sending.is_some_and(|(sending, _)| sending == step) => {
                    label.sending = None;
                }
                Some(_) => {}
                None => gone = true,
            }
        }
    }
    let mut effects = Vec::new();
    match sent.takes_back {
        Some(taken) => {
            put_votes_back(state, step, taken);
            // The answer stands, on a label that was taken off the screen since.
            if gone && state.loading.insert(sent.task) {
                effects.push(Effect::LoadTask(sent.task));
            }
        }
        None => forget_votes(state, step),
    }
    let is_open = |task: &Task| task.next_open(0).is_some();
    if state.tasks.get(&sent.task).is_some_and(is_open) {
        open_again(state, sent.task);
    }
    if state.cursor_is_below() {
        let last = state.cursor;
        to_next_open(state, last);
    }
    state.complain(format!("NOT recorded: {reason}"));
    effects
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

fn take_note(state: &mut State, image: ImageId) -> Option<SentNote> {
    let mut notes = state.notes_in_flight.iter();
    let place = notes.position(|sent| sent.image == image)?;
    state.notes_in_flight.remove(place)
}

/// A note is on disk.
pub fn note_stored(state: &mut State, image: ImageId) {
    let Some(SentNote { note, .. }) = take_note(state, image) else {
        return;
    };
    let rater = state.rater.clone();
    for task in state.tasks.values_mut().filter(|task| task.image == image) {
        match &note {
            NoteText::Flag => task.flagged = true,
            NoteText::Unflag => task.flagged = false,
            NoteText::Comment(text) => task.comments.push(text.clone()),
            NoteText::Answer { to, text } => {
                for answered in task.notes.iter_mut().filter(|note| note.id == *to) {
                    answered.answers.push((rater.clone(), text.clone()));
                }
            }
        }
    }
    state.say(match note {
        NoteText::Flag => "flagged",
        NoteText::Unflag => "the flag is taken back",
        NoteText::Comment(_) => "the comment is recorded",
        NoteText::Answer { .. } => "the answer is recorded",
    });
}

/// A note is lost, and its step with it; or the step that it was to take back can be taken back again.
pub fn note_failed(state: &mut State, image: ImageId, reason: &str) {
    let Some(sent) = take_note(state, image) else {
        return;
    };
    match (sent.takes_back, sent.step) {
        (Some(taken), _) => put_flag_back(state, image, taken),
        (None, Some(step)) => forget_flag(state, step),
        (None, None) => {}
    }
    let hint = match sent.note {
        NoteText::Comment(_) | NoteText::Answer { .. } => {
            let key = match sent.note {
                NoteText::Answer { .. } => Action::Answer,
                _ => Action::Comment,
            };
            state.lost_note = Some((image, sent.note));
            let keys = state.keymap.keys_of(key);
            format!("; {} brings the text back", keys.first().unwrap_or(&"–"))
        }
        NoteText::Flag | NoteText::Unflag => String::new(),
    };
    state.complain(format!("NOT recorded: {reason}{hint}"));
}
