use crossterm::event::KeyCode;

use super::{blank_closing, earlier, show_task};
use crate::domain::TaskId;
use crate::review::effect::Effect;
use crate::review::keymap::Action;
use crate::review::layout::areas;
use crate::review::state::{Detour, Mode, State};

/// Opens the closing screen.
pub fn open(state: &mut State) -> Vec<Effect> {
    if state.detour {
        state.detour = false;
        let next = state.queue.pop_front();
        show_task(state, next, None);
    }
    state.mode = blank_closing();
    vec![Effect::Summarise]
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
        (_, Some(Action::Earlier)) => return earlier::open(state),
        (_, Some(Action::Undo)) => return super::history::undo(state, at),
        (KeyCode::Char('b') | KeyCode::Esc, _) if has_task => {
            state.mode = Mode::Voting;
            state.thinking_since = Some(at);
        }
        (_, Some(Action::Down)) => {
            closing.selected = (closing.selected + 1).min(disputes.len().saturating_sub(1));
            closing.scroll = 0;
        }
        (_, Some(Action::Up)) => {
            closing.selected = closing.selected.saturating_sub(1);
            closing.scroll = 0;
        }
        (KeyCode::PageDown | KeyCode::Char(' '), _) => {
            let rows = areas(state.size).map_or(0, |areas| usize::from(areas.body.height));
            let most = closing.most_lines().saturating_sub(rows);
            let most = u16::try_from(most).unwrap_or(u16::MAX);
            closing.scroll = closing.scroll.saturating_add(10).min(most);
        }
        (KeyCode::PageUp, _) => closing.scroll = closing.scroll.saturating_sub(10),
        _ => {}
    }
    Vec::new()
}

/// Puts a disputed task on the screen; afterwards the closing screen is back.
fn open_dispute(state: &mut State, task: TaskId) {
    // A dispute may be an open task; that stays one until it is ended.
    if let Some(current) = state.current {
        state.queue.push_front(current);
    }
    state.detour = true;
    state.detour_kind = Detour::Dispute;
    state.mode = Mode::Voting;
    show_task(state, Some(task), None);
}
