use crossterm::event::KeyCode;

use super::{blank_closing, history, show_task};
use crate::domain::TaskId;
use crate::review::effect::Effect;
use crate::review::keymap::Action;
use crate::review::layout::most_scroll;
use crate::review::state::{Detour, Mode, State};

/// Opens the closing screen.
pub fn open(state: &mut State) -> Vec<Effect> {
    leave_detour(state);
    state.mode = blank_closing();
    vec![Effect::Summarise]
}

/// Leaves a task that was opened from the closing screen; where it is still open, it comes next.
fn leave_detour(state: &mut State) {
    let Some(detour) = state.detour.take() else {
        return;
    };
    let left = state.current;
    let next = state.queue.pop_front();
    if let (true, Some(task)) = (detour.queued, left) {
        match next {
            Some(_) => state.queue.push_front(task),
            None => return,
        }
    }
    show_task(state, next, None);
}

/// A key on the closing screen.
pub fn on_key(state: &mut State, code: KeyCode, action: Option<Action>, at: i64) -> Vec<Effect> {
    let has_task = state.current.is_some();
    let Mode::Closing(closing) = &mut state.mode else {
        return Vec::new();
    };
    let disputes = closing
        .summary
        .as_ref()
        .map_or(&[][..], |summary| &summary.disputes);
    let opens = match (code, action) {
        (KeyCode::Char(digit @ '1'..='9'), _) => disputes.get(usize::from(digit as u8 - b'1')),
        (KeyCode::Enter, _) => disputes.get(closing.selected),
        _ => None,
    };
    if let Some(task) = opens.map(|dispute| dispute.task) {
        open_dispute(state, task);
        return Vec::new();
    }
    match (code, action) {
        (_, Some(Action::Leave)) => return vec![Effect::Quit],
        (_, Some(Action::Undo)) => return history::undo(state, at),
        (KeyCode::Char('b') | KeyCode::Esc, _) if has_task => {
            state.mode = Mode::Voting;
            state.thinking_since = Some(at);
        }
        (_, Some(Action::Down)) => {
            closing.scroll = 0;
            closing.selected = (closing.selected + 1).min(disputes.len().saturating_sub(1));
        }
        (_, Some(Action::Up)) => {
            closing.scroll = 0;
            closing.selected = closing.selected.saturating_sub(1);
        }
        (KeyCode::PageDown | KeyCode::Char(' '), _) => {
            let most = most_scroll(closing.lines(), state.size);
            closing.scroll = closing.scroll.saturating_add(10).min(most);
        }
        (KeyCode::PageUp, _) => closing.scroll = closing.scroll.saturating_sub(10),
        _ => {}
    }
    Vec::new()
}

/// Puts a disputed task on the screen; afterwards the closing screen is back.
fn open_dispute(state: &mut State, task: TaskId) {
    let was_current = state.current == Some(task);
    let queued = history::take_from_queue(state, task) || was_current;
    if let Some(current) = state.current
        && !was_current
    {
        state.queue.push_front(current);
    }
    state.detour = Some(Detour { queued });
    state.mode = Mode::Voting;
    show_task(state, Some(task), None);
    state.cursor = 0;
}
