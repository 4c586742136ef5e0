use crossterm::event::{KeyCode, KeyEvent};

use super::gate::{may_vote, open_labels};
use super::{closing, earlier, history, next_task, to_next_open, unbound};
use crate::domain::{Answer, ClassIndex, ImageId, NoteId, TaskId};
use crate::review::effect::{Effect, NoteText, StoredAnswer};
use crate::review::keymap::Action;
use crate::review::picture::Viewport;
use crate::review::state::{Asks, Examples, ImageNote, Mode, Sent, SentNote, State, Step};

/// Zoom levels: whole, 2×, 4×, 8×.
const ZOOM_LEVELS: u8 = 4;

/// A key while a task is answered.
pub fn on_key(state: &mut State, event: KeyEvent, action: Option<Action>, at: i64) -> Vec<Effect> {
    let Some(action) = action else {
        on_free_key(state, event);
        return Vec::new();
    };
    if action.votes() {
        match may_vote(state, action, at) {
            Ok(()) => state.refused = None,
            Err(why) => {
                state.say(why.to_string());
                state.refused = Some((at, why));
                return Vec::new();
            }
        }
    }
    match action {
        Action::Yes => answered(state, at, |state| answer(state, Answer::Yes, at)),
        Action::No => answered(state, at, |state| answer(state, Answer::No, at)),
        Action::Maybe => answered(state, at, |state| answer(state, Answer::Maybe, at)),
        Action::NoToAll => answered(state, at, |state| no_to_all(state, at)),
        Action::Done => finish(state, at),
        Action::Undo => history::undo(state, at),
        Action::Earlier => earlier::open(state),
        Action::Up => {
            go_to(state, state.cursor.saturating_sub(1));
            Vec::new()
        }
        Action::Down => {
            go_to(state, state.cursor + 1);
            Vec::new()
        }
        Action::OtherLabel if state.is_audit() => {
            state.say("an audit asks about the label that the image was given; a comment can name another");
            Vec::new()
        }
        Action::OtherLabel => {
            if state.task().is_some() {
                state.mode = Mode::Search(super::super::search::Search::default());
            }
            Vec::new()
        }
        Action::ZoomIn => zoom(state, (state.viewport.zoom + 1) % ZOOM_LEVELS),
        Action::ZoomOut => zoom(state, state.viewport.zoom.saturating_sub(1)),
        Action::PanLeft => pan(state, -1, 0),
        Action::PanRight => pan(state, 1, 0),
        Action::PanUp => pan(state, 0, -1),
        Action::PanDown => pan(state, 0, 1),
        Action::Examples => examples(state),
        Action::Info => {
            state.info_on = !state.info_on;
            Vec::new()
        }
        Action::Flag => flag(state, at),
        Action::Comment => {
            if let Some(image) = state.task().map(|task| task.image) {
                let text = lost_text(state, image, None);
                state.mode = Mode::Comment(text);
            }
            Vec::new()
        }
        Action::Answer => {
            begin_answer(state);
            Vec::new()
        }
        Action::Skip => skip(state, at),
        Action::Help => {
            state.mode = Mode::Help(0);
            Vec::new()
        }
        Action::Leave => closing::open(state),
        Action::Redraw | Action::Suspend | Action::Interrupt => Vec::new(),
    }
}

/// A key that is no action.
fn on_free_key(state: &mut State, event: KeyEvent) {
    let labels = state.task().map_or(0, |task| task.labels.len());
    match event.code {
        KeyCode::Char(digit @ '1'..='9') if digit as usize - '0' as usize <= labels => {
            go_to(state, usize::from(digit as u8 - b'1'));
        }
        _ => {
            if let Some(words) = unbound::no_key(&state.keymap, event) {
                state.say(words);
            }
        }
    }
}

/// Gives answers; an audit asks one thing of an image, and goes on to the next.
fn answered(
    state: &mut State,
    at: i64,
    give: impl FnOnce(&mut State) -> Vec<Effect>,
) -> Vec<Effect> {
    let mut effects = give(state);
    let is_open = state.task().is_none_or(|task| task.next_open(0).is_some());
    if state.is_audit() && !is_open {
        effects.extend(finish(state, at));
    }
    effects
}

/// What was written of a comment (no `to`) or an answer and did not reach the disk.
fn lost_text(state: &mut State, image: ImageId, to: Option<NoteId>) -> String {
    let lost = state.lost_note.take_if(|(on, note)| match (note, to) {
        _ if *on != image => false,
        (NoteText::Comment(_), None) => true,
        (NoteText::Answer { to: lost, .. }, Some(to)) => *lost == to,
        _ => false,
    });
    match lost {
        Some((_, NoteText::Comment(text) | NoteText::Answer { text, .. })) => text,
        _ => String::new(),
    }
}

/// Begins to answer the first note on the image that has no answer.
fn begin_answer(state: &mut State) {
    let Some(task) = state.task() else {
        return;
    };
    let waits = |note: &&ImageNote| {
        let mut sent = state.notes_in_flight.iter();
        note.is_open() && !sent.any(|sent| sent.answers(note.id))
    };
    let (image, open) = (task.image, task.notes.iter().find(waits));
    let Some(to) = open.map(|note| note.id) else {
        state.say(match state.asks == Asks::Decision {
            true => "nothing on this image waits for an answer",
            false => "an adjudicator answers flags and comments",
        });
        return;
    };
    let text = lost_text(state, image, Some(to));
    state.mode = Mode::Answer { to, text };
}

fn go_to(state: &mut State, line: usize) {
    if state.task().is_some_and(|task| line < task.labels.len()) {
        state.cursor = line;
    }
}

/// Milliseconds since the rater began to think; unknown right after a task was read.
fn spent(state: &State, at: i64) -> Option<u32> {
    u32::try_from(at - state.thinking_since?).ok()
}

fn answer(state: &mut State, answer: Answer, at: i64) -> Vec<Effect> {
    let cursor = state.cursor;
    let Some(label) = state.label() else {
        if state.is_all_answered() {
            state.say(state.all_answered_words());
        }
        return Vec::new();
    };
    let (class, same) = (label.class, label.answer() == Some(answer));
    let effects = match same {
        // The same answer once more is no news, but moves on like any other.
        true => Vec::new(),
        false => give(state, &[class], answer, at),
    };
    to_next_open(state, cursor + 1);
    effects
}

fn no_to_all(state: &mut State, at: i64) -> Vec<Effect> {
    if state.task().is_none() {
        return Vec::new();
    }
    let open = open_labels(state);
    if open.is_empty() {
        state.say(state.all_answered_words());
        return Vec::new();
    }
    let effects = give(state, &open, Answer::No, at);
    to_next_open(state, 0);
    let labels = match open.len() {
        1 => "1 label".to_owned(),
        count => format!("{count} labels"),
    };
    let key = |action| state.keymap.keys_of(action).first().copied().unwrap_or("–");
    let (all, undo) = (key(Action::NoToAll), key(Action::Undo));
    let on = state.enter_words();
    state.say(format!(
        "{all}: {labels} answered no · {undo} takes it back · {on}"
    ));
    effects
}

/// Gives one answer to some labels of the task as one step.
fn give(state: &mut State, classes: &[ClassIndex], answer: Answer, at: i64) -> Vec<Effect> {
    let step = state.next_step;
    let share =
        spent(state, at).map(|spent| spent / u32::try_from(classes.len().max(1)).unwrap_or(1));
    let Some(task) = state.task_mut() else {
        return Vec::new();
    };
    let (id, image) = (task.id, task.image);
    let mut before = Vec::with_capacity(classes.len());
    let mut answers = Vec::with_capacity(classes.len());
    for &class in classes {
        let Some(label) = task.label_mut(class) else {
            continue;
        };
        before.push((class, label.answer(), share.unwrap_or(0)));
        label.sending = Some((step, Some(answer)));
        answers.push(StoredAnswer {
            class,
            question: label.question,
            answer: Some(answer),
            spent: share,
        });
    }
    state.progress.spent += time_spent(&before);
    state.history.push(Step::Votes {
        step,
        task: id,
        before,
    });
    state.thinking_since = Some(at);
    vec![send(state, (id, image), answers, None, at)]
}

/// Milliseconds that the answers of a step were thought about.
pub fn time_spent(before: &[(ClassIndex, Option<Answer>, u32)]) -> u64 {
    before.iter().map(|(.., spent)| u64::from(*spent)).sum()
}

/// Sends answers to disk as the next step, which may take a former one back.
pub fn send(
    state: &mut State,
    (task, image): (TaskId, ImageId),
    answers: Vec<StoredAnswer>,
    takes_back: Option<Step>,
    at: i64,
) -> Effect {
    let step = state.next_step;
    state.next_step += 1;
    let sent = answers.iter().map(|stored| (stored.class, stored.answer));
    let sent = Sent {
        task,
        answers: sent.collect(),
        takes_back,
    };
    state.in_flight.insert(step, sent);
    Effect::StoreVotes {
        step,
        task,
        image,
        answers,
        at,
    }
}

fn finish(state: &mut State, at: i64) -> Vec<Effect> {
    let Some(task) = state.task() else {
        return Vec::new();
    };
    if let Some(open) = task.next_open(state.cursor) {
        let count = task.labels.iter().filter(|label| label.is_open()).count();
        state.cursor = open;
        let back = earlier::way_back(state);
        state.say(match count {
            1 => format!("one label is still open{back}"),
            _ => format!("{count} labels are still open; N answers no to them{back}"),
        });
        return Vec::new();
    }
    let (id, image) = (task.id, task.image);
    // A dispute may be a task of the queue or one that was ended long ago.
    let counted = state.unfinished.remove(&id);
    if state.detour {
        state.queue.retain(|other| *other != id);
    }
    state.progress.finished += usize::from(counted);
    state.history.push(Step::Finished { task: id, counted });
    if !state.touched.contains(&image) {
        state.touched.push(image);
    }
    next_task_or_back(state, at)
}

/// After a task that was out of its turn, what was on the screen before it is back.
fn next_task_or_back(state: &mut State, at: i64) -> Vec<Effect> {
    if state.detour {
        return earlier::back_from_detour(state, Some(at));
    }
    next_task(state, at)
}

fn skip(state: &mut State, at: i64) -> Vec<Effect> {
    let Some(task) = state.current else {
        return Vec::new();
    };
    if state.detour {
        return earlier::back_from_detour(state, Some(at));
    }
    if state.queue.is_empty() {
        state.say("this is the only task left");
        return Vec::new();
    }
    state.queue.push_back(task);
    state.given_back.insert(task);
    state.history.push(Step::Skipped { task });
    let mut effects = vec![Effect::GiveBack(task)];
    effects.extend(next_task(state, at));
    effects
}

fn zoom(state: &mut State, zoom: u8) -> Vec<Effect> {
    state.viewport = within(Viewport {
        zoom,
        ..state.viewport
    });
    if zoom > 0 {
        let pans = [
            Action::PanLeft,
            Action::PanDown,
            Action::PanUp,
            Action::PanRight,
        ];
        let keys = pans.map(|pan| state.keymap.keys_of(pan).first().copied().unwrap_or("–"));
        state.say(format!("{}×: {} look around", 1 << zoom, keys.join(" ")));
    }
    Vec::new()
}

fn pan(state: &mut State, right: i32, down: i32) -> Vec<Effect> {
    let step = 1000 / (1 << state.viewport.zoom) / 4;
    let moved = |place: u16, by: i32| {
        u16::try_from((i32::from(place) + by * step).clamp(0, 1000)).unwrap_or(place)
    };
    state.viewport = within(Viewport {
        x: moved(state.viewport.x, right),
        y: moved(state.viewport.y, down),
        ..state.viewport
    });
    Vec::new()
}

/// Keeps the part that is shown inside the image.
fn within(viewport: Viewport) -> Viewport {
    let half = 500 >> viewport.zoom;
    Viewport {
        x: viewport.x.clamp(half, 1000 - half),
        y: viewport.y.clamp(half, 1000 - half),
        ..viewport
    }
}

fn examples(state: &mut State) -> Vec<Effect> {
    let (Some(task), Some(label)) = (state.task(), state.label()) else {
        return Vec::new();
    };
    let (class, except) = (label.class, task.image);
    state.mode = Mode::Examples(Examples {
        class,
        images: None,
    });
    vec![Effect::LoadExamples { class, except }]
}

fn flag(state: &mut State, at: i64) -> Vec<Effect> {
    let Some(task) = state.task() else {
        return Vec::new();
    };
    let (id, image) = (task.id, task.image);
    let mut waiting = state.notes_in_flight.iter().rev();
    let waiting = waiting.find_map(|sent| match &sent.note {
        NoteText::Flag if sent.image == image => Some(true),
        NoteText::Unflag if sent.image == image => Some(false),
        _ => None,
    });
    let before = waiting.unwrap_or(task.flagged);
    let step = state.next_step;
    state.next_step += 1;
    state.history.push(Step::Flagged {
        step,
        task: id,
        before,
    });
    let note = SentNote {
        image,
        note: flag_note(!before),
        step: Some(step),
        takes_back: None,
    };
    vec![send_note(state, note, at)]
}

/// What is noted so that the flag stands, or does not.
pub fn flag_note(stands: bool) -> NoteText {
    match stands {
        true => NoteText::Flag,
        false => NoteText::Unflag,
    }
}

/// Sends a note to disk.
pub fn send_note(state: &mut State, note: SentNote, at: i64) -> Effect {
    let effect = Effect::StoreNote {
        image: note.image,
        note: note.note.clone(),
        at,
    };
    state.notes_in_flight.push_back(note);
    effect
}
