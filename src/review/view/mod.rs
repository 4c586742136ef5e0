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

use super::keymap::Action;
use super::layout::{SMALLEST, areas};
use super::picture::Placed;
use super::state::{Mode, Shown, State};

/// Contents of a frame.
#[derive(Debug, Default)]
pub struct Drawn {
    /// The pictures on it, for those that are not made of cells.
    pub pictures: Vec<Placed>,
    /// Parts of the task in the frame.
    pub shown: Shown,
}

/// Draws the whole screen.
pub fn view(state: &State, frame: &mut Frame<'_>) -> Drawn {
    let size = (frame.area().width, frame.area().height);
    let mut drawn = Drawn::default();
    drawn.shown.size = size;
    let Some(areas) = areas(size) else {
        too_small(state, frame);
        return drawn;
    };
    header::draw(state, areas.header, frame);
    match &state.mode {
        Mode::Help(scroll) => help::draw(state, *scroll, areas.body, frame),
        Mode::Earlier(list) => earlier::draw(state, list, areas.body, frame),
        Mode::Closing(closing) => closing::draw(state, closing, areas.body, frame),
        _ => {
            let shown = &mut drawn.shown;
            shown.picture = picture::draw(state, areas.frame, frame, &mut drawn.pictures);
            match &state.mode {
                Mode::Search(search) => search::draw(state, search, areas.labels, frame),
                _ => {
                    shown.labels = labels::draw(state, areas.labels, frame);
                    shown.task = state.task().map(|task| task.id);
                }
            }
        }
    }
    footer::draw(state, areas.footer, frame);
    drawn
}

fn too_small(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    let (columns, rows) = SMALLEST;
    let leave = state.keymap.keys_of(Action::Leave);
    let text = format!(
        "relabel needs {columns}×{rows}; this terminal has {}×{}. Nothing is voted on before it is larger; {} leaves.",
        area.width,
        area.height,
        leave.first().unwrap_or(&"–")
    );
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

/// Draws a line at a place of an area, where the area reaches so far.
fn put(frame: &mut Frame<'_>, area: Rect, row: u16, line: Line<'_>) {
    if row < area.height {
        frame.render_widget(line, Rect::new(area.x, area.y + row, area.width, 1));
    }
}
