use super::history::take_from_queue;
use super::voting::counts;
use super::{closing, show_task};
use crate::domain::{ClassIndex, ImageId, QuestionId, TaskId};
use crate::review::effect::{Effect, NoteText};
use crate::review::event::StepId;
use crate::review::state::{State, Task};
use crate::review::steps::{Detour, GivenVotes, InFlight, NoteInFlight, Step, time_spent};

/// A task was read.
pub fn task_loaded(state: &mut State, task: Task) {
    let id = task.id;
    state.loading.remove(&id);
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
    let mut steps: Vec<(&StepId, &InFlight)> = state.in_flight.iter().collect();
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
    take_from_queue(state, task);
    state.complain(format!("a task cannot be read: {reason}"));
    if state.current != Some(task) {
        return Vec::new();
    }
    if state.detour.is_some() {
        state.detour = Some(Detour { queued: false });
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
    let Some(InFlight { task, answers, .. }) = state.in_flight.remove(&step) else {
        return Vec::new();
    };
    for (class, answer) in &answers {
        match answer {
            Some(_) => state.voted.insert((task, *class)),
            None => state.voted.remove(&(task, *class)),
        };
    }
    state.progress.votes = state.voted.len();
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
pub fn votes_failed(state: &mut State, step: StepId, reason: &str) -> Vec<Effect> {
    let Some(sent) = state.in_flight.remove(&step) else {
        return Vec::new();
    };
    let mut unseen = false;
    if let Some(task) = state.tasks.get_mut(&sent.task) {
        for (class, _) in &sent.answers {
            match task.label_mut(*class) {
                Some(label) if label.sending.is_some_and(|(sending, _)| sending == step) => {
                    label.sending = None;
                }
                Some(_) => {}
                None => unseen = true,
            }
        }
    }
    let mut effects = Vec::new();
    match sent.undoes {
        Some(given) => {
            put_votes_back(state, step, given);
            // An answer stands on a label that was taken off the screen.
            if unseen && state.loading.insert(sent.task) {
                effects.push(Effect::LoadTask(sent.task));
            }
        }
        None => forget_votes(state, step),
    }
    open_again(state, sent.task);
    state.complain(format!("NOT recorded: {reason}"));
    effects
}

/// Answers that could not be taken back can be taken back once more, but for labels of which the step before is just
/// being taken back too.
fn put_votes_back(state: &mut State, lost: StepId, mut given: GivenVotes) {
    let later = state
        .in_flight
        .iter()
        .filter(|(step, sent)| **step > lost && sent.task == given.task && sent.undoes.is_some());
    let covered: Vec<ClassIndex> = later
        .flat_map(|(_, sent)| sent.answers.iter().map(|(class, _)| *class))
        .collect();
    given.before.retain(|(class, ..)| !covered.contains(class));
    if !given.before.is_empty() {
        state.progress.spent += time_spent(&given.before);
        put_back(state, Step::Votes(given));
    }
}

/// A step that could not be taken back can be taken back once more.
fn put_back(state: &mut State, step: Step) {
    let later = |past: &Step| past.id().is_some_and(|id| Some(id) > step.id());
    let place = state.history.iter().position(later);
    let place = place.unwrap_or(state.history.len());
    state.history.insert(place, step);
}

/// A step that is lost cannot be taken back, and what came after it came after the step before it.
fn forget_votes(state: &mut State, step: StepId) {
    for sent in state.in_flight.values_mut() {
        sent.undoes.take_if(|given| given.step == step);
    }
    let is_it = |past: &Step| matches!(past, Step::Votes(votes) if votes.step == step);
    let Some(place) = state.history.iter().position(is_it) else {
        return;
    };
    let Step::Votes(mut lost) = state.history.remove(place) else {
        return;
    };
    let spent = time_spent(&lost.before);
    state.progress.spent = state.progress.spent.saturating_sub(spent);
    // An answer comes to disk after all when a later one is just being taken back to it.
    let undone = state
        .in_flight
        .values()
        .filter_map(|sent| sent.undoes.as_ref());
    let undone = undone.filter(|given| given.task == lost.task);
    let restored: Vec<ClassIndex> = undone
        .flat_map(|given| given.before.iter().map(|(class, ..)| *class))
        .collect();
    for (class, answer, spent) in &mut lost.before {
        *spent = 0;
        let later = state.history.iter_mut().skip(place);
        let later = later.filter_map(|past| match past {
            Step::Votes(votes) if votes.task == lost.task => Some(votes),
            _ => None,
        });
        let mut later = later.flat_map(|votes| &mut votes.before);
        if !restored.contains(class)
            && let Some((_, before, _)) = later.find(|(of, ..)| of == class)
        {
            *before = *answer;
        }
    }
    lost.before.retain(|(class, ..)| restored.contains(class));
    if !lost.before.is_empty() {
        state.history.insert(place, Step::Votes(lost));
    }
}

/// A task that was ended with answers that are lost is open again.
fn open_again(state: &mut State, id: TaskId) {
    let is_open = |task: &Task| task.next_open(0).is_some();
    if !state.tasks.get(&id).is_some_and(is_open) {
        return;
    }
    let mut counted = false;
    state.history.retain(|past| match past {
        Step::Finished { task, detour } if *task == id => {
            counted |= counts(*detour);
            false
        }
        _ => true,
    });
    if !counted {
        return;
    }
    state.progress.finished = state.progress.finished.saturating_sub(1);
    match state.current {
        Some(current) if current == id => {
            // The rater has it open anyway, as a dispute.
            state.detour = state.detour.map(|_| Detour { queued: true });
        }
        Some(_) => state.queue.push_front(id),
        None => show_task(state, Some(id), None),
    }
}

fn take_note(state: &mut State, image: ImageId) -> Option<NoteInFlight> {
    let place = state
        .notes_in_flight
        .iter()
        .position(|sent| sent.image == image)?;
    state.notes_in_flight.remove(place)
}

/// A note is on disk.
pub fn note_stored(state: &mut State, image: ImageId) {
    let Some(NoteInFlight { note, .. }) = take_note(state, image) else {
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

/// As for votes: the next step came after the one before, unless the flag is just being taken back to the lost one.
fn forget_flag(state: &mut State, lost: StepId) {
    let is_it = |step: &Step| step.id() == Some(lost);
    for sent in &mut state.notes_in_flight {
        sent.undoes.take_if(|step| is_it(step));
    }
    let Some(place) = state.history.iter().position(is_it) else {
        return;
    };
    let Some(Step::Flagged { task, before, .. }) = state.history.get(place).cloned() else {
        return;
    };
    let of_task = |step: &Step| matches!(step, Step::Flagged { task: of, .. } if *of == task);
    let undone = state.notes_in_flight.iter();
    let mut undone = undone.filter_map(|sent| sent.undoes.as_ref());
    if undone.any(of_task) {
        return;
    }
    state.history.remove(place);
    let mut later = state.history.iter_mut().skip(place);
    if let Some(Step::Flagged { before: after, .. }) = later.find(|step| of_task(step)) {
        *after = before;
    }
}

/// A note is lost: its step as well, or the step that it was to take back is there again.
pub fn note_failed(state: &mut State, image: ImageId, reason: &str) {
    let Some(sent) = take_note(state, image) else {
        return;
    };
    match (sent.undoes, sent.step) {
        (Some(step), _) => put_back(state, step),
        (None, Some(step)) => forget_flag(state, step),
        (None, None) => {}
    }
    let hint = match sent.note {
        NoteText::Comment(text) => {
            state.lost_comment = Some((image, text));
            "; c brings the text back"
        }
        NoteText::Flag | NoteText::Unflag => "",
    };
    state.complain(format!("NOT recorded: {reason}{hint}"));
}
