//! What happens when something happens: a pure function of state and event.

mod closing;
mod earlier;
mod gate;
mod history;
mod lost;
mod pictures;
mod stored;
mod typing;
mod unbound;
mod voting;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::effect::Effect;
use super::event::Event;
use super::keymap::{Action, Key, help_lines};
use super::layout::{areas, bounded};
use super::picture::Viewport;
use super::state::{AHEAD, Asks, Closing, Mode, Shown, State};
use crate::domain::TaskId;

/// More tasks than these are not kept in memory.
const KEPT_TASKS: usize = 64;

/// What a sitting does first.
pub fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_settled = state.asks == Asks::WhetherRight { settled: true };
    if state.current.is_none() || is_settled {
        effects.extend(closing::open(state));
    }
    follow(state, effects)
}

/// Changes the state as the event says; what is to be done about it comes back.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let effects = match event {
        Event::Key { key, at } => on_key(state, key, at),
        Event::Pasted(text) => {
            typing::on_paste(state, &text);
            Vec::new()
        }
        Event::Resize { columns, rows } => {
            state.size = bounded((columns, rows));
            Vec::new()
        }
        Event::PicturesChanged { shown } => {
            state.pictures_on = shown;
            state.wanted.clear();
            state.pictures.clear();
            Vec::new()
        }
        Event::Drawn(shown) => {
            drawn(state, shown);
            Vec::new()
        }
        Event::PictureArrived(arrival) => {
            state.arrival = arrival;
            Vec::new()
        }
        Event::Resumed => {
            // A terminal may have lost its pictures meanwhile.
            state.wanted.clear();
            state.shown = Shown::default();
            // Nobody knows how long the program slept.
            state.thinking_since = None;
            vec![Effect::Redraw]
        }
        Event::TaskChosen { asked, chosen } => {
            stored::task_chosen(state, asked, chosen);
            Vec::new()
        }
        Event::TaskLoaded(task) => {
            stored::task_loaded(state, task);
            typed_ahead(state)
        }
        Event::TaskSettled(task) => stored::task_settled(state, task),
        Event::TaskFailed { task, reason } => stored::task_failed(state, task, &reason),
        Event::VotesStored { step, questions } => stored::votes_stored(state, step, &questions),
        Event::VotesFailed { step, reason } => stored::votes_failed(state, step, &reason),
        Event::NoteStored { image } => {
            stored::note_stored(state, image);
            Vec::new()
        }
        Event::NoteFailed { image, reason } => {
            stored::note_failed(state, image, &reason);
            Vec::new()
        }
        Event::ExamplesLoaded { class, images } => {
            if let Mode::Examples(examples) = &mut state.mode
                && examples.class == class
            {
                examples.images = Some(images);
            }
            Vec::new()
        }
        Event::EarlierLoaded(part) => {
            let mut effects = earlier::loaded(state, part);
            if !earlier::waits(state) {
                effects.extend(typed_ahead(state));
            }
            effects
        }
        Event::EarlierFailed(reason) => {
            earlier::failed(state, reason);
            Vec::new()
        }
        Event::SummaryReady(summary) => {
            if let Mode::Closing(closing) = &mut state.mode {
                closing.selected = closing
                    .selected
                    .min(summary.disputes.len().saturating_sub(1));
                closing.summary = Some(summary);
            }
            Vec::new()
        }
        Event::AuditSettled => audit_settled(state),
        Event::AuditReady(summary) => {
            if let Mode::Closing(closing) = &mut state.mode {
                closing.audit = Some(summary);
            }
            Vec::new()
        }
        Event::SummaryFailed(reason) => {
            if let Mode::Closing(closing) = &mut state.mode {
                closing.error = Some(reason);
            }
            Vec::new()
        }
        Event::PictureReady { request, picture } => {
            pictures::ready(state, request, picture);
            Vec::new()
        }
        Event::PictureFailed { request, reason } => {
            pictures::failed(state, request, reason);
            Vec::new()
        }
    };
    follow(state, effects)
}

/// A frame holds this of the task.
fn drawn(state: &mut State, shown: Shown) {
    if shown.task == state.current {
        state.seen.extend(shown.labels.iter().copied());
    }
    state.shown = shown;
}

/// The audit ends by itself; who goes on all the same is not stopped again.
fn audit_settled(state: &mut State) -> Vec<Effect> {
    state.asks = Asks::WhetherRight { settled: true };
    match state.mode {
        Mode::Voting => closing::open(state),
        // What is typed is not thrown away.
        _ => {
            state.say("the question of this audit is settled");
            Vec::new()
        }
    }
}

/// Asks for what the new state needs: tasks ahead and pictures.
fn follow(state: &mut State, mut effects: Vec<Effect>) -> Vec<Effect> {
    let near: Vec<TaskId> = state
        .current
        .iter()
        .chain(state.queue.iter().take(AHEAD))
        .copied()
        .collect();
    for &task in &near {
        // What was put last is claimed again only when it is on the screen.
        let is_wanted = state.current == Some(task) || !state.given_back.contains(&task);
        if is_wanted && !state.is_at_hand(task) && state.loading.insert(task) {
            effects.push(Effect::LoadTask(task));
        }
    }
    if state.tasks.len() > KEPT_TASKS {
        let sending: Vec<TaskId> = state.in_flight.values().map(|sent| sent.task).collect();
        state
            .tasks
            .retain(|task, _| near.contains(task) || sending.contains(task));
    }
    effects.extend(pictures::want(state));
    effects
}

/// Keys that were typed before their task was read are kept: a comment that is begun early is a comment. None of them votes.
const TYPED_AHEAD: usize = 256;

/// Takes the keys that waited for their task, up to one that goes on to a task that is not read yet.
fn typed_ahead(state: &mut State) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (key, at) in std::mem::take(&mut state.typed_ahead) {
        effects.extend(on_key(state, key, at));
    }
    effects
}

fn on_key(state: &mut State, event: KeyEvent, at: i64) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let key = Key::from(event);
    // What is typed is text, whatever else its keys may mean.
    let types = match state.mode {
        Mode::Search(_) | Mode::Comment(_) | Mode::Answer { .. } => true,
        // A part of a name is looked for.
        Mode::Earlier(_) => state.names,
        _ => false,
    };
    let typed = types
        && matches!(event.code, KeyCode::Char(_))
        && !event.modifiers.contains(KeyModifiers::CONTROL);
    let zoomed = state.viewport.zoom > 0 && matches!(state.mode, Mode::Voting);
    let action = state.keymap.action(key, zoomed).filter(|_| !typed);
    // These work whatever is on the screen.
    match action {
        Some(Action::Interrupt) => return vec![Effect::Interrupt],
        Some(Action::Suspend) if state.kiosk => {
            state.say("there is nothing behind this screen; q leaves");
            return Vec::new();
        }
        Some(Action::Suspend) => return vec![Effect::Suspend],
        Some(Action::Redraw) => return vec![Effect::Redraw],
        _ => {}
    }
    let reads =
        matches!(state.mode, Mode::Voting) && state.current.is_some() && state.task().is_none();
    if reads || earlier::waits(state) {
        if state.typed_ahead.len() < TYPED_AHEAD {
            state.typed_ahead.push_back((event, at));
        }
        return Vec::new();
    }
    if areas(state.size).is_none() {
        let is_voting = matches!(state.mode, Mode::Voting);
        // One can leave, and what is being typed goes on. Votes say why they are none.
        let works = |action: Action| action == Action::Leave || (is_voting && action.votes());
        if !typed && !action.is_some_and(works) {
            return Vec::new();
        }
    }
    state.message = None;
    if !typed
        && action.is_none()
        && let Some(words) = unbound::foreign_letter(event)
    {
        state.say(words);
        return Vec::new();
    }
    match &mut state.mode {
        Mode::Voting => voting::on_key(state, event, action, at),
        Mode::Search(_) => typing::on_search_key(state, event),
        Mode::Comment(_) | Mode::Answer { .. } => typing::on_note_key(state, event, at),
        Mode::Help(scroll) => {
            match (action, event.code) {
                (Some(Action::Up), _) => *scroll = scroll.saturating_sub(1),
                (Some(Action::Down), _) => {
                    let rows = areas(state.size).map_or(0, |areas| areas.body.height);
                    *scroll = (*scroll + 1).min(help_lines().saturating_sub(rows));
                }
                (Some(Action::Help | Action::Leave), _) | (_, KeyCode::Esc) => {
                    state.mode = Mode::Voting;
                    state.thinking_since = Some(at);
                }
                _ => {}
            }
            Vec::new()
        }
        Mode::Examples(_) => {
            let leaves = matches!(action, Some(Action::Examples | Action::Leave))
                || event.code == KeyCode::Esc;
            if leaves {
                state.mode = Mode::Voting;
            }
            Vec::new()
        }
        Mode::Earlier(_) => earlier::on_key(state, event, action, at),
        Mode::Closing(_) => closing::on_key(state, event.code, action, at),
    }
}

/// Puts a task on the screen.
fn show_task(state: &mut State, task: Option<TaskId>, at: Option<i64>) {
    state.current = task;
    state.viewport = Viewport::WHOLE;
    state.thinking_since = at;
    state.shown = Shown::default();
    state.seen.clear();
    state.cursor = 0;
    to_next_open(state, 0);
}

/// Moves the cursor to the first open label at or after a line, then from the top; below the labels where none is open.
fn to_next_open(state: &mut State, from: usize) {
    let Some(task) = state.task() else {
        return;
    };
    let (open, labels) = (task.next_open(from), task.labels.len());
    if open.is_none() && state.cursor < labels {
        state.left = state.cursor;
    }
    state.cursor = open.unwrap_or(labels);
}

/// Goes on to the next task, or to the closing screen when none is left.
fn next_task(state: &mut State, at: i64) -> Vec<Effect> {
    let next = state.queue.pop_front();
    show_task(state, next, Some(at));
    match (state.current, state.detour) {
        (Some(_), false) => Vec::new(),
        _ => closing::open(state),
    }
}

/// The closing screen before anything is known.
fn blank_closing() -> Mode {
    Mode::Closing(Closing::default())
}
