use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::review::state::State;
use crate::text::{fit, fit_middle, width};

/// Fewer columns than these are no image name.
const NAME: usize = 16;

/// Program and image on the left, progress on the right; on narrow screens progress gives way.
pub fn draw(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width);
    let program = " relabel  ";
    let right = progress(state, columns.saturating_sub(width(program) + NAME + 2));
    let room = columns.saturating_sub(width(&right) + width(program) + 2);
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
        Span::styled(program, state.palette.strong()),
        Span::raw(name),
    ]);
    frame.render_widget(left, area);
    let columns = u16::try_from(width(&right)).unwrap_or(0).min(area.width);
    let place = Rect::new(area.right() - columns, area.y, columns, 1);
    frame.render_widget(Line::styled(right, state.palette.quiet()), place);
}

/// As much of the progress as fits, what matters most first.
fn progress(state: &State, columns: usize) -> String {
    let progress = &state.progress;
    let done = progress.before + progress.finished;
    let mut text = if state.detour.is_some() {
        "dispute".to_owned()
    } else if state.current.is_some() {
        let total = thousands(progress.total);
        format!("task {} of {total}", thousands(done + 1))
    } else {
        format!("{} tasks done", thousands(done))
    };
    let mut parts = vec![fit(&state.rater, 20)];
    let today = progress.today_before + progress.finished;
    parts.push(format!("{} today", thousands(today)));
    if progress.votes > 0 {
        let seconds = progress.spent as f64 / 1000.0 / progress.votes as f64;
        parts.push(format!("{seconds:.1} s each"));
    }
    for part in parts {
        let longer = format!("{text} · {part}");
        if width(&longer) >= columns {
            break;
        }
        text = longer;
    }
    text + " "
}

/// A number with a comma between thousands.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
