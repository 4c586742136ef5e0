use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::put;
use crate::domain::{Answer, ClassIndex};
use crate::review::keymap::Action;
use crate::review::state::{ImageNote, Insight, Label, Mode, State, Task};
use crate::text::{fill, fit, width};

/// Rows under the labels: a blank one, gloss and ancestors; more where there is room.
pub fn gloss_rows(area: Rect) -> u16 {
    (area.height / 3).clamp(5, 8)
}

/// The labels under their headings, and what the one under the cursor means; gives the labels that are there.
pub fn draw(state: &State, area: Rect, frame: &mut Frame<'_>) -> Vec<ClassIndex> {
    let Some(task) = state.task() else {
        return Vec::new();
    };
    let mut list = Rect {
        height: area.height.saturating_sub(gloss_rows(area)),
        ..area
    };
    if !task.notes.is_empty() {
        let notes = note_lines(state, task, usize::from(area.width));
        // The labels keep most of the room, unless a note is to be read in full.
        let most = match state.mode {
            Mode::Answer { .. } => list.height,
            _ => (list.height / 2).max(2),
        };
        let taken = u16::try_from(notes.len()).map_or(most, |lines| lines.min(most));
        for (row, line) in (0..taken).zip(notes) {
            put(frame, list, row, line);
        }
        list.y += taken;
        list.height = list.height.saturating_sub(taken);
    }
    let (lines, cursor_line) = lines(state, task, usize::from(area.width));
    let first = first_shown(lines.len(), cursor_line, usize::from(list.height));
    let mut shown = Vec::with_capacity(task.labels.len());
    for (row, (line, class)) in (0..list.height).zip(lines.into_iter().skip(first)) {
        put(frame, list, row, line);
        shown.extend(class);
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
        (_, None) => draw_end(state, below, frame),
    }
    shown
}

/// The way on once every label is answered, in place of a gloss.
fn draw_end(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let back = "↑ 1…9 correct an answer";
    let lines = [
        (state.answered_words(), state.palette.strong()),
        (&state.enter_words(), state.palette.strong()),
        (back, state.palette.quiet()),
    ];
    for (row, (words, style)) in (1..).zip(lines) {
        put(frame, area, row, Line::styled(format!("  {words}"), style));
    }
}

/// The newest comments on the image, while one more is written.
fn draw_comments(state: &State, comments: &[String], area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width.saturating_sub(2));
    let rows = usize::from(area.height.saturating_sub(1));
    let mut lines: Vec<String> = Vec::new();
    for comment in comments {
        lines.extend(fill(&format!("“{comment}”"), " ", columns, rows));
    }
    let newest = lines.iter().skip(lines.len().saturating_sub(rows));
    for (row, line) in (1..).zip(newest) {
        let line = Line::styled(format!("  {line}"), state.palette.quiet());
        put(frame, area, row, line);
    }
}

/// What others noted on the image, and what was said to it.
fn note_lines(state: &State, task: &Task, columns: usize) -> Vec<Line<'static>> {
    let keys = state.keymap.keys_of(Action::Answer);
    let title = match task.notes.iter().filter(|note| note.is_open()).count() {
        0 => "notes, all answered".to_owned(),
        open => format!(
            "notes, {open} open: {} answers",
            keys.first().unwrap_or(&"–")
        ),
    };
    let mut lines = vec![heading_line(state, &title, columns)];
    let answered_now = match state.mode {
        Mode::Answer { to, .. } => Some(to),
        _ => None,
    };
    let shown = |note: &&ImageNote| answered_now.is_none_or(|to| to == note.id);
    for note in task.notes.iter().filter(shown) {
        let (pointer, style, most) = match (answered_now, note.is_open()) {
            (Some(_), _) => ("▸ ", state.palette.selected(), usize::MAX),
            (None, true) => ("  ", state.palette.strong(), 3),
            (None, false) => ("  ", state.palette.quiet(), 3),
        };
        let mut text = match &note.comment {
            Some(comment) => format!("{}: “{comment}”", note.rater),
            None => format!("{} flags this image", note.rater),
        };
        for (rater, answer) in &note.answers {
            text.push_str(&format!(" – {rater}: “{answer}”"));
        }
        let filled = fill(&text, " ", columns.saturating_sub(4), most);
        lines.extend((filled.into_iter().enumerate()).map(|(row, line)| {
            let begin = if row == 0 { pointer } else { "  " };
            Line::styled(format!("{begin}{line}"), style)
        }));
    }
    lines
}

/// A line of the list, and the class where it is a label's.
type ListLine<'a> = (Line<'a>, Option<ClassIndex>);

/// The first line to show so that the cursor and the heading above it are seen.
fn first_shown(lines: usize, cursor: usize, rows: usize) -> usize {
    let most = lines.saturating_sub(rows);
    cursor.saturating_sub(rows / 2).min(most)
}

/// The lines of the list, those of labels with their classes, and which of them has to be seen.
fn lines<'a>(state: &State, task: &'a Task, columns: usize) -> (Vec<ListLine<'a>>, usize) {
    let mut lines: Vec<ListLine<'_>> = Vec::with_capacity(task.labels.len() * 2);
    let mut cursor_line = 0;
    let looked_at = match state.cursor < task.labels.len() {
        true => state.cursor,
        false => state.left,
    };
    let mut heading: Option<&str> = None;
    for (at, label) in task.labels.iter().enumerate() {
        if heading != Some(&label.heading) {
            heading = Some(&label.heading);
            let title = match state.is_audit() {
                true => "is this label right?",
                false => &label.heading,
            };
            lines.push((heading_line(state, title, columns), None));
        }
        if at == looked_at {
            cursor_line = lines.len();
        }
        lines.push((label_line(state, at, label, columns), Some(label.class)));
        if let Some(insight) = &label.insight {
            // What is looked at is told in full.
            let most = if at == state.cursor { 8 } else { 4 };
            let insight = insight_lines(state, label, insight, columns, most);
            lines.extend(insight.into_iter().map(|line| (line, None)));
        }
    }
    (lines, cursor_line)
}

fn heading_line(state: &State, title: &str, columns: usize) -> Line<'static> {
    let title = fit(title, columns.saturating_sub(5));
    let rule = "─".repeat(columns.saturating_sub(width(&title) + 3));
    Line::styled(format!("  {title} {rule}"), state.palette.heading())
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
    let name = fit(&format!("{added}{}", label.name), columns.saturating_sub(7));
    let style = if selected {
        state.palette.selected()
    } else {
        Default::default()
    };
    Line::from(vec![
        Span::styled(format!("{pointer} {number} "), style),
        mark,
        Span::raw("  "),
        Span::styled(name, style),
    ])
}

/// What an adjudicator said of a question.
fn ruling(name: &str, answer: Answer) -> String {
    match answer {
        Answer::Maybe => format!("left open by {name}"),
        _ => format!("decided {answer} by {name}"),
    }
}

fn insight_lines(
    state: &State,
    label: &Label,
    insight: &Insight,
    columns: usize,
    most: usize,
) -> Vec<Line<'static>> {
    let mut parts = Vec::new();
    match (label.recorded, &insight.ruling) {
        (Some(own), _) => parts.push(ruling(&state.rater, own)),
        (None, Some((name, answer))) => parts.push(ruling(name, *answer)),
        (None, None) if insight.disputed => parts.push("disputed".to_owned()),
        (None, None) => {}
    }
    if insight.original {
        parts.push("original label".to_owned());
    }
    if let Some(score) = insight.score {
        parts.push(format!("score {score:.2}"));
    }
    let votes = insight
        .votes
        .iter()
        .map(|(rater, answer)| format!("{rater} {answer}"));
    parts.extend(votes);
    if !insight.sources.is_empty() {
        parts.push(format!("from {}", insight.sources.join(", ")));
    }
    let filled = fill(&parts.join(" · "), " · ", columns.saturating_sub(7), most);
    let line = |text| Line::styled(format!("       {text}"), state.palette.quiet());
    filled.into_iter().map(line).collect()
}

/// What is said of a class under a list.
#[derive(Debug, Clone, Copy)]
pub struct Meaning<'a> {
    /// All its names.
    pub name: &'a str,
    /// What it means.
    pub gloss: Option<&'a str>,
    /// Its nearest hypernyms.
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
}

/// A blank row, the gloss, and the hypernyms at the bottom.
pub fn draw_gloss(state: &State, label: Meaning<'_>, area: Rect, frame: &mut Frame<'_>) {
    // The list cuts long names; here they are whole.
    let cut = width(label.name) + 9 > usize::from(area.width);
    let short = label.name.split(", ").next().unwrap_or_default();
    let text = match label.gloss {
        Some(gloss) if cut => format!("{}: {gloss}", label.name),
        Some(gloss) => format!("{short}: {gloss}"),
        None => label.name.to_owned(),
    };
    let columns = usize::from(area.width.saturating_sub(2));
    let rows = usize::from(area.height);
    let above = fill(label.ancestors, " › ", columns, (rows / 3).max(1));
    let room = rows.saturating_sub(above.len() + 1);
    let gloss = fill(&text, " ", columns, room);
    for (row, line) in (1..).zip(gloss) {
        put(frame, area, row, Line::raw(format!("  {line}")));
    }
    let first = area
        .height
        .saturating_sub(u16::try_from(above.len()).unwrap_or(0));
    for (row, line) in (first..).zip(above) {
        let line = Line::styled(format!("  {line}"), state.palette.quiet());
        put(frame, area, row, line);
    }
}
