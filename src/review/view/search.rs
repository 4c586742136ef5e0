use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::put;
use crate::review::search::Search;
use crate::review::state::State;
use crate::text::fit;

/// The classes that fit what was typed; the picture beside them stays in sight.
pub fn draw(state: &State, search: &Search, area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width);
    put(
        frame,
        area,
        0,
        Line::styled("  add a label to this image", state.palette.heading()),
    );
    if search.found.is_empty() {
        let word = match search.query.is_empty() {
            true => "  type some letters of its name",
            false => "  no class has these letters",
        };
        put(
            frame,
            area,
            2,
            Line::styled(fit(word, columns), state.palette.quiet()),
        );
        return;
    }
    let rows = area.height.saturating_sub(2);
    let first = search
        .selected
        .saturating_sub(usize::from(rows.saturating_sub(1)));
    for (row, (at, class)) in (0..rows).zip(search.found.iter().enumerate().skip(first)) {
        let selected = at == search.selected;
        let pointer = if selected { "▸ " } else { "  " };
        let style = if selected {
            state.palette.selected()
        } else {
            Default::default()
        };
        let name = fit(&state.classes.name_of(*class), columns.saturating_sub(2));
        let line = Line::from(vec![
            Span::styled(pointer, style),
            Span::styled(name, style),
        ]);
        put(frame, area, row + 2, line);
    }
}
