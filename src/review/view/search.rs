use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::labels::{Meaning, draw_gloss, gloss_rows};
use super::put;
use crate::review::search::Search;
use crate::review::state::State;
use crate::text::{fit, width};

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
    let below = gloss_rows(area);
    let rows = area.height.saturating_sub(2 + below);
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
        // The index tells classes of the same name apart.
        let index = format!("  {class}");
        let room = columns.saturating_sub(width(pointer) + width(&index));
        let line = Line::from(vec![
            Span::styled(pointer, style),
            Span::styled(fit(&state.classes.name_of(*class), room), style),
            Span::styled(index, state.palette.quiet()),
        ]);
        put(frame, area, row + 2, line);
    }
    let selected = search.found.get(search.selected);
    if let Some(class) = selected.and_then(|class| state.classes.get(*class)) {
        let meaning = Meaning {
            name: &class.name,
            gloss: class.gloss.as_deref(),
            ancestors: &state.hierarchy.ancestors_line(class.index),
        };
        let below = Rect {
            y: area.bottom().saturating_sub(below),
            height: below,
            ..area
        };
        draw_gloss(state, meaning, below, frame);
    }
}
