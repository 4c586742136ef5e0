//! Draws the state; the only place that draws. Reads the state and nothing else: never decodes, asks or waits.

mod closing;
mod earlier;
mod footer;
mod header;
mod help;
mod labels;
mod palette;
mod picture;
mod search;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

pub use palette::Palette;

use super::layout::{SMALLEST, areas};
use super::picture::Placed;
use super::state::{Mode, State};

/// Draws the whole screen; gives the pictures that stand on it, for those that are not made of cells.
pub fn view(state: &State, frame: &mut Frame<'_>) -> Vec<Placed> {
    let mut placed = Vec::new();
    let Some(areas) = areas((frame.area().width, frame.area().height)) else {
        too_small(frame);
        return placed;
    };
    header::draw(state, areas.header, frame);
    match &state.mode {
        Mode::Help(scroll) => help::draw(state, *scroll, areas.body, frame),
        Mode::Earlier(list) => earlier::draw(state, list, areas.body, frame),
        Mode::Closing(closing) => closing::draw(state, closing, areas.body, frame),
        _ => {
            if let Some(inside) = areas.frame {
                picture::draw(state, inside, frame, &mut placed);
            }
            match &state.mode {
                Mode::Search(search) => search::draw(state, search, areas.labels, frame),
                _ => labels::draw(state, areas.frame.is_none(), areas.labels, frame),
            }
        }
    }
    footer::draw(state, areas.footer, frame);
    placed
}

fn too_small(frame: &mut Frame<'_>) {
    let area = frame.area();
    let (columns, rows) = SMALLEST;
    let text = format!(
        "relabel needs {columns}×{rows}; this terminal has {}×{}",
        area.width, area.height
    );
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

/// Draws a line at a place of an area, where the area reaches so far.
fn put(frame: &mut Frame<'_>, area: Rect, row: u16, line: Line<'_>) {
    if row < area.height {
        frame.render_widget(line, Rect::new(area.x, area.y + row, area.width, 1));
    }
}
