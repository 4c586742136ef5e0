use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::put;
use crate::review::keymap::{BINDINGS, FIXED_KEYS};
use crate::review::state::State;
use crate::text::{fit, width};

/// What every key does.
pub fn draw(state: &State, scroll: u16, area: Rect, frame: &mut Frame<'_>) {
    let mut rows: Vec<(String, &str)> = BINDINGS
        .iter()
        .map(|binding| (state.keymap.keys_of(binding.action).join(" "), binding.help))
        .collect();
    rows.push((FIXED_KEYS.0.to_owned(), FIXED_KEYS.1));
    let columns = rows.iter().map(|(keys, _)| width(keys)).max().unwrap_or(0);
    let hidden = (rows.len() + 2).saturating_sub(usize::from(area.height));
    let first = usize::from(scroll).min(hidden);
    put(
        frame,
        area,
        0,
        Line::styled(" keys", state.palette.heading()),
    );
    for (row, (keys, help)) in (2..area.height).zip(rows.iter().skip(first)) {
        let gap = " ".repeat(columns.saturating_sub(width(keys)));
        let room = usize::from(area.width).saturating_sub(columns + 5);
        let line = Line::from(vec![
            Span::styled(format!("  {keys}{gap}"), state.palette.key()),
            Span::raw(format!("   {}", fit(help, room))),
        ]);
        put(frame, area, row, line);
    }
}
