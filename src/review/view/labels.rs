use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::picture::marks;
use super::put;
use crate::review::state::{Insight, Label, Mode, State, Task};
use crate::text::{fit, printable, width};

/// Rows under the labels at least: a blank one, gloss and ancestors.
pub const GLOSS_ROWS: u16 = 5;

/// The labels under their headings, and what the one under the cursor means.
pub fn draw(state: &State, picture_hidden: bool, area: Rect, frame: &mut Frame<'_>) {
    let Some(task) = state.task() else {
        return;
    };
    let columns = usize::from(area.width);
    let (lines, cursor_line) = lines(state, task, columns);
    // A short list leaves room for a long gloss.
    let free = usize::from(area.height).saturating_sub(lines.len() + usize::from(picture_hidden));
    let gloss_rows = state
        .label()
        .map_or(0, |label| Meaning::of(label).rows(columns));
    let gloss_rows = u16::try_from(gloss_rows.min(free)).unwrap_or(0);
    let mut list = Rect {
        height: area.height.saturating_sub(gloss_rows.max(GLOSS_ROWS)),
        ..area
    };
    if picture_hidden {
        let mut words = marks(task);
        words.push("the picture needs a larger terminal (80×24 shows it)".to_owned());
        let words = format!(" {}", words.join(" · "));
        let line = Line::styled(fit(&words, usize::from(area.width)), state.palette.quiet());
        put(frame, area, 0, line);
        list.y += 1;
        list.height = list.height.saturating_sub(1);
    }
    let first = first_shown(lines.len(), cursor_line, usize::from(list.height));
    for (row, line) in (0..list.height).zip(lines.into_iter().skip(first)) {
        put(frame, list, row, line);
    }
    let below = Rect {
        y: list.bottom(),
        height: area.bottom().saturating_sub(list.bottom()),
        ..area
    };
    match (&state.mode, state.label()) {
        (Mode::Comment(_), _) if !task.comments.is_empty() => {
            draw_comments(state, &task.comments, below, frame);
        }
        (_, Some(label)) => draw_gloss(state, Meaning::of(label), below, frame),
        (_, None) => {}
    }
}

/// The newest comments on the image, while one more is written.
fn draw_comments(state: &State, comments: &[String], area: Rect, frame: &mut Frame<'_>) {
    let rows = usize::from(area.height.saturating_sub(1));
    let newest = comments.iter().skip(comments.len().saturating_sub(rows));
    for (row, comment) in (1..area.height).zip(newest) {
        let text = fit(&format!(" “{comment}”"), usize::from(area.width));
        put(frame, area, row, Line::styled(text, state.palette.quiet()));
    }
}

/// The first line to show so that the cursor and the heading above it are seen.
fn first_shown(lines: usize, cursor: usize, rows: usize) -> usize {
    let most = lines.saturating_sub(rows);
    cursor.saturating_sub(rows / 2).min(most)
}

fn lines<'a>(state: &State, task: &'a Task, columns: usize) -> (Vec<Line<'a>>, usize) {
    let mut lines = Vec::with_capacity(task.labels.len() * 2);
    let mut cursor_line = 0;
    let mut heading: Option<&str> = None;
    for (at, label) in task.labels.iter().enumerate() {
        if heading != Some(&label.heading) {
            heading = Some(&label.heading);
            lines.push(heading_line(state, &label.heading, columns));
        }
        if at == state.cursor {
            cursor_line = lines.len();
        }
        lines.push(label_line(state, at, label, columns));
        if let Some(insight) = &label.insight {
            lines.extend(insight_lines(state, insight, at == state.cursor, columns));
        }
    }
    (lines, cursor_line)
}

fn heading_line(state: &State, title: &str, columns: usize) -> Line<'static> {
    let title = fit(title, columns.saturating_sub(4));
    let rule = "─".repeat(columns.saturating_sub(width(&title) + 2));
    Line::styled(format!(" {title} {rule}"), state.palette.heading())
}

fn label_line(state: &State, at: usize, label: &Label, columns: usize) -> Line<'static> {
    let selected = at == state.cursor;
    let pointer = if selected { "▸" } else { " " };
    let number = match at {
        0..=8 => (at + 1).to_string(),
        _ => " ".to_owned(),
    };
    let mark = match (label.sending, label.recorded) {
        // Not on disk yet, so not said as if it were.
        (Some((_, Some(_))), _) => Span::styled("…", state.palette.quiet()),
        (Some((_, None)), _) | (None, None) => Span::styled("·", state.palette.quiet()),
        (None, Some(answer)) => {
            Span::styled(answer.letter().to_string(), state.palette.answer(answer))
        }
    };
    let added = if label.added { "+ " } else { "" };
    let name = fit(&format!("{added}{}", label.name), columns.saturating_sub(6));
    let style = if selected {
        state.palette.selected()
    } else {
        Default::default()
    };
    Line::from(vec![
        Span::styled(format!("{pointer}{number} "), style),
        mark,
        Span::raw("  "),
        Span::styled(name, style),
    ])
}

/// What others said: all of it for the label under the cursor, one line for the rest.
fn insight_lines(
    state: &State,
    insight: &Insight,
    selected: bool,
    columns: usize,
) -> Vec<Line<'static>> {
    let votes = insight.votes.iter();
    let mut parts: Vec<String> = votes
        .map(|(rater, answer)| format!("{rater} {answer}"))
        .collect();
    if let Some(score) = insight.score {
        parts.push(format!("score {score:.2}"));
    }
    if insight.original {
        parts.push("original label".to_owned());
    }
    if !insight.sources.is_empty() {
        parts.push(format!("from {}", insight.sources.join(", ")));
    }
    let room = columns.saturating_sub(6);
    let mut rows: Vec<String> = Vec::new();
    for part in &parts {
        match rows.last_mut() {
            Some(row) if !selected || width(row) + width(part) + 3 <= room => {
                row.push_str(" · ");
                row.push_str(part);
            }
            _ => rows.push(part.clone()),
        }
    }
    rows.iter()
        .map(|row| Line::styled(format!("      {}", fit(row, room)), state.palette.quiet()))
        .collect()
}

/// What is said of a class under a list.
#[derive(Debug, Clone, Copy)]
pub struct Meaning<'a> {
    /// All its names.
    pub name: &'a str,
    /// What it means.
    pub gloss: Option<&'a str>,
    /// Its hypernyms.
    pub ancestors: &'a str,
}

impl<'a> Meaning<'a> {
    fn of(label: &'a Label) -> Meaning<'a> {
        Meaning {
            name: &label.name,
            gloss: label.gloss.as_deref(),
            ancestors: &label.ancestors,
        }
    }

    fn text(&self) -> String {
        let short = self.name.split(", ").next().unwrap_or_default();
        let text = match self.gloss {
            Some(gloss) => format!("{short}: {gloss}"),
            None => self.name.to_owned(),
        };
        printable(&text).into_owned()
    }

    /// The rows that it takes, wrapped between words, with a blank one and the ancestors.
    fn rows(&self, columns: usize) -> usize {
        let room = columns.saturating_sub(1).max(1);
        let (mut rows, mut taken) = (1, 0);
        for word in self.text().split(' ') {
            let wide = width(word);
            if taken > 0 && taken + 1 + wide > room {
                (rows, taken) = (rows + 1, 0);
            }
            taken += wide + usize::from(taken > 0);
            rows += (taken - 1.min(taken)) / room;
            taken = if taken > room { taken % room } else { taken };
        }
        rows + 2
    }
}

/// A blank row, the gloss, and the hypernyms in the last row.
pub fn draw_gloss(state: &State, meaning: Meaning<'_>, area: Rect, frame: &mut Frame<'_>) {
    let gloss = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(1),
        height: area.height.saturating_sub(2),
    };
    frame.render_widget(
        Paragraph::new(meaning.text()).wrap(Wrap { trim: true }),
        gloss,
    );
    let ancestors = fit(meaning.ancestors, usize::from(gloss.width));
    let line = Line::styled(format!(" {ancestors}"), state.palette.quiet());
    put(frame, area, area.height.saturating_sub(1), line);
}
