use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::put;
use crate::domain::Answer;
use crate::review::state::{Earlier, EarlierTask, State};
use crate::text::{fit, fit_middle, width};

/// Columns that an image gets at most.
const LONGEST_IMAGE: usize = 40;

/// The tasks that the rater has answered, the newest first.
pub fn draw(state: &State, earlier: &Earlier, area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width);
    put(
        frame,
        area,
        0,
        Line::styled(
            " earlier answers, the newest first",
            state.palette.heading(),
        ),
    );
    let tasks = &earlier.list.tasks;
    let word = match (&earlier.error, tasks.is_empty()) {
        (Some(error), _) => Some((error.as_str(), state.palette.error())),
        (None, true) if earlier.reading => Some(("reading…", state.palette.quiet())),
        (None, true) if earlier.list.filter.is_empty() => {
            Some(("no earlier answers to show", state.palette.quiet()))
        }
        (None, true) => Some(("no such task among them", state.palette.quiet())),
        (None, false) => None,
    };
    if let Some((word, style)) = word {
        let line = Line::styled(fit(&format!("   {word}"), columns), style);
        return put(frame, area, 2, line);
    }
    let rows = usize::from(area.height.saturating_sub(2));
    let first = (earlier.selected + 1).saturating_sub(rows);
    let widest = |text: fn(&EarlierTask) -> String, most: usize| {
        let widths = tasks.iter().map(|task| width(&text(task)));
        widths.max().unwrap_or(0).min(most)
    };
    let widths = (
        widest(number, columns),
        widest(image, LONGEST_IMAGE.min(columns / 2)),
        widest(|task| task.at.clone(), columns),
    );
    for (row, (at, task)) in (2..area.height).zip(tasks.iter().enumerate().skip(first)) {
        let line = task_line(state, task, at == earlier.selected, widths, columns);
        put(frame, area, row, line);
    }
}

fn number(task: &EarlierTask) -> String {
    format!("task {}", task.number)
}

fn image(task: &EarlierTask) -> String {
    match task.part {
        (_, 0 | 1) => task.image.clone(),
        (part, parts) => format!("{} ({part} of {parts})", task.image),
    }
}

fn task_line(
    state: &State,
    task: &EarlierTask,
    selected: bool,
    (numbers, images, times): (usize, usize, usize),
    columns: usize,
) -> Line<'static> {
    let (pointer, style) = match selected {
        true => (" ▸ ", state.palette.selected()),
        false => ("   ", Default::default()),
    };
    let filled = |text: String, columns: usize| {
        let gap = " ".repeat(columns.saturating_sub(width(&text)));
        format!("{text}{gap}  ")
    };
    let begin = [
        pointer.to_owned(),
        filled(number(task), numbers),
        filled(fit_middle(&image(task), images), images),
        filled(task.at.clone(), times),
    ];
    let begin = fit(&begin.concat(), columns);
    let room = columns.saturating_sub(width(&begin)) / 2;
    let mut spans = vec![Span::styled(begin, style)];
    for answer in task.answers.iter().take(room) {
        spans.push(match answer {
            Some(answer) => mark(state, *answer),
            None => Span::styled("·", state.palette.quiet()),
        });
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

fn mark(state: &State, answer: Answer) -> Span<'static> {
    Span::styled(answer.letter().to_string(), state.palette.answer(answer))
}
