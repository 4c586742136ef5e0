use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{closing, show_task};
use crate::domain::TaskId;
use crate::review::effect::Effect;
use crate::review::keymap::Action;
use crate::review::state::{Detour, Earlier, EarlierTasks, Mode, State};

/// Rows that a page key moves by.
const PAGE: usize = 10;

/// Longer filters are cut here.
const LONGEST: usize = 60;

/// Opens the list of the rater's answered tasks.
pub fn open(state: &mut State) -> Vec<Effect> {
    let from_closing = matches!(state.mode, Mode::Closing(_));
    state.mode = Mode::Earlier(Earlier {
        from_closing,
        reading: true,
        ..Earlier::default()
    });
    vec![Effect::LoadEarlier {
        filter: String::new(),
        from: 0,
    }]
}

/// A part of the list was read; one that was asked for before the filter changed is dropped.
pub fn loaded(state: &mut State, part: EarlierTasks) -> Vec<Effect> {
    let Mode::Earlier(earlier) = &mut state.mode else {
        return Vec::new();
    };
    if part.filter != earlier.list.filter || part.from != earlier.list.tasks.len() {
        return Vec::new();
    }
    earlier.reading = false;
    earlier.list.more = part.more;
    // Answers given elsewhere meanwhile push tasks from one part into the next.
    for task in part.tasks {
        let is_known = |known: &&_| **known == task.task;
        let mut known = earlier.list.tasks.iter().map(|known| &known.task);
        if known.find(is_known).is_none() {
            earlier.list.tasks.push(task);
        }
    }
    let chosen = earlier.list.tasks.first().map(|first| first.task);
    match (earlier.entered.take(), chosen) {
        (Some(at), Some(task)) => open_task(state, task, at),
        (Some(_), None) => {
            // They were meant for the task.
            state.typed_ahead.clear();
            Vec::new()
        }
        (None, _) => Vec::new(),
    }
}

/// The list could not be read.
pub fn failed(state: &mut State, reason: String) {
    if let Mode::Earlier(earlier) = &mut state.mode {
        earlier.reading = false;
        earlier.error = Some(reason);
        earlier.entered = None;
        state.typed_ahead.clear();
    }
}

/// True if keys wait for a task because the list is still being read.
pub fn waits(state: &State) -> bool {
    matches!(&state.mode, Mode::Earlier(earlier) if earlier.entered.is_some())
}

/// A key on the list.
pub fn on_key(state: &mut State, event: KeyEvent, action: Option<Action>, at: i64) -> Vec<Effect> {
    let names = state.names;
    let Mode::Earlier(earlier) = &mut state.mode else {
        return Vec::new();
    };
    let control = event
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    let selected = match event.code {
        KeyCode::Esc => return leave(state, at),
        KeyCode::Enter => {
            let chosen = earlier.list.tasks.get(earlier.selected);
            return match chosen.map(|chosen| chosen.task) {
                Some(task) => open_task(state, task, at),
                None => {
                    earlier.entered = earlier.reading.then_some(at);
                    Vec::new()
                }
            };
        }
        KeyCode::Up => earlier.selected.saturating_sub(1),
        KeyCode::Down => earlier.selected + 1,
        KeyCode::PageUp => earlier.selected.saturating_sub(PAGE),
        KeyCode::PageDown => earlier.selected + PAGE,
        KeyCode::Backspace => {
            earlier.list.filter.pop();
            return read_again(earlier);
        }
        KeyCode::Char('u') if control => {
            earlier.list.filter.clear();
            return read_again(earlier);
        }
        KeyCode::Char(character) if !control && (character.is_ascii_digit() || names) => {
            if earlier.list.filter.len() < LONGEST {
                earlier.list.filter.push(character);
            }
            return read_again(earlier);
        }
        // Numbers are all that is typed here: letters are keys as elsewhere.
        _ => match action {
            Some(Action::Leave | Action::Earlier) => return leave(state, at),
            Some(Action::Up) => earlier.selected.saturating_sub(1),
            Some(Action::Down) => earlier.selected + 1,
            _ => return Vec::new(),
        },
    };
    select(earlier, selected)
}

/// Moves the pointer; near the end of what was read the next part is asked for.
fn select(earlier: &mut Earlier, selected: usize) -> Vec<Effect> {
    let read = earlier.list.tasks.len();
    earlier.selected = selected.min(read.saturating_sub(1));
    if earlier.reading || !earlier.list.more || selected + PAGE < read {
        return Vec::new();
    }
    earlier.reading = true;
    vec![Effect::LoadEarlier {
        filter: earlier.list.filter.clone(),
        from: read,
    }]
}

fn read_again(earlier: &mut Earlier) -> Vec<Effect> {
    earlier.list.tasks.clear();
    earlier.list.more = false;
    earlier.selected = 0;
    earlier.error = None;
    earlier.reading = true;
    vec![Effect::LoadEarlier {
        filter: earlier.list.filter.clone(),
        from: 0,
    }]
}

/// Back to where the list was opened.
fn leave(state: &mut State, at: i64) -> Vec<Effect> {
    if let Mode::Earlier(Earlier {
        from_closing: true, ..
    }) = state.mode
    {
        return closing::open(state);
    }
    state.mode = Mode::Voting;
    state.thinking_since = Some(at);
    Vec::new()
}

/// Puts an answered task on the screen; the one that was there comes next.
fn open_task(state: &mut State, task: TaskId, at: i64) -> Vec<Effect> {
    let to_closing = matches!(&state.mode, Mode::Earlier(earlier) if earlier.from_closing);
    state.mode = Mode::Voting;
    state.thinking_since = Some(at);
    if state.current == Some(task) {
        return Vec::new();
    }
    // A task that is out of its turn itself stands where it stood in the queue, if at all.
    if let Some(current) = state.current
        && !state.detour
    {
        state.queue.push_front(current);
    }
    if !state.detour {
        state.detour_kind = Detour::Earlier { to_closing };
    }
    state.detour = true;
    show_task(state, Some(task), Some(at));
    state.say("an earlier task: arrows or 1–9 choose a label, Enter goes back");
    Vec::new()
}

/// Returns the hint on how to leave a task that is out of turn and has open labels, for the end of a message.
pub fn way_back(state: &State) -> String {
    let keys = state.keymap.keys_of(Action::Skip);
    match (state.detour, keys.first()) {
        (true, Some(key)) => format!("; {key} goes back"),
        _ => String::new(),
    }
}

/// After a task that was out of its turn: what was on the screen before it.
pub fn back_from_detour(state: &mut State, at: Option<i64>) -> Vec<Effect> {
    if state.detour_kind != (Detour::Earlier { to_closing: false }) {
        return closing::open(state);
    }
    state.detour = false;
    let next = state.queue.pop_front();
    show_task(state, next, at);
    match state.current {
        Some(_) => Vec::new(),
        None => closing::open(state),
    }
}
