use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::review::state::{Detour, State};
use crate::text::{fit, fit_middle, thousands, width};

/// Program and image on the left, progress on the right.
pub fn draw(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let wish = state.task().map_or(0, |task| width(&task.image_name));
    let right = progress(state, usize::from(area.width), wish.min(LONGEST_WISH));
    let room = usize::from(area.width).saturating_sub(width(&right) + 12);
    let name = state.task().map_or_else(String::new, |task| {
        let (part, parts) = task.part;
        match parts {
            0 | 1 => fit_middle(&task.image_name, room),
            _ => {
                let which = format!(" ({part} of {parts})");
                let cut = fit_middle(&task.image_name, room.saturating_sub(width(&which)));
                fit(&format!("{cut}{which}"), room)
            }
        }
    });
    let left = Line::from(vec![
        Span::styled(" relabel", state.palette.strong()),
        Span::raw("  "),
        Span::raw(name),
    ]);
    frame.render_widget(left, area);
    let columns = u16::try_from(width(&right)).unwrap_or(0).min(area.width);
    let place = Rect::new(area.right() - columns, area.y, columns, 1);
    frame.render_widget(Line::styled(right, state.palette.quiet()), place);
}

/// Longer image names have to do with what progress leaves them.
const LONGEST_WISH: usize = 40;

/// How far the rater is: as much of it as leaves room for the image's name.
fn progress(state: &State, columns: usize, name: usize) -> String {
    let progress = &state.progress;
    let done = progress.before + progress.finished;
    let mut parts = Vec::new();
    if state.detour {
        parts.push(match state.detour_kind {
            Detour::Dispute => "dispute".to_owned(),
            Detour::Earlier { .. } => "earlier task".to_owned(),
        });
    } else if state.current.is_some() {
        let what = if state.is_audit() { "label" } else { "task" };
        parts.push(format!(
            "{what} {} of {}",
            thousands(done + 1),
            thousands(progress.total)
        ));
    } else {
        let what = if state.is_audit() { "labels" } else { "tasks" };
        parts.push(format!("{} {what} done", thousands(done)));
    }
    parts.push(fit(&state.rater, 20));
    parts.push(format!(
        "{} today",
        thousands(progress.today_before + state.finished_on_disk())
    ));
    if progress.votes > 0 && progress.spent > 0 {
        let seconds = progress.spent as f64 / 1000.0 / progress.votes as f64;
        parts.push(format!("{seconds:.1} s each"));
    }
    while parts.len() > 1 && width(&parts.join(" · ")) + name + 13 > columns {
        parts.pop();
    }
    parts.join(" · ") + " "
}
