//! Reads the review screen as a rater does: from what stands there.

use ratatui::layout::Rect;
use relabel::review::layout::areas;

use super::pty::Terminal;

/// A label as it stands on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelLine {
    /// Whether the cursor is there.
    pub selected: bool,
    /// Its number, from 1.
    pub number: usize,
    /// `·` open, `…` on its way, or the answer's letter.
    pub mark: char,
    /// Whether it is marked as added by the rater.
    pub added: bool,
    /// Its name, perhaps cut.
    pub name: String,
}

/// The labels on the screen, in their order.
pub fn labels(terminal: &Terminal) -> Vec<LabelLine> {
    let Some(areas) = areas(terminal.size()) else {
        return Vec::new();
    };
    let rows = rows_of(terminal, areas.labels);
    rows.iter().filter_map(|row| label(row)).collect()
}

/// The rows of an area.
fn rows_of(terminal: &Terminal, area: Rect) -> Vec<String> {
    let rows = terminal.screen().rows(area.x, area.width);
    let rows = rows.skip(area.y.into()).take(area.height.into());
    rows.collect()
}

/// Whether a picture is still to come: keys do not vote before it is there.
fn waits_for_picture(terminal: &Terminal) -> bool {
    areas(terminal.size()).is_some_and(|areas| {
        let rows = rows_of(terminal, areas.picture());
        rows.iter().any(|row| row.trim() == "…")
    })
}

fn label(row: &str) -> Option<LabelLine> {
    let characters: Vec<char> = row.chars().collect();
    let (
        &[
            pointer @ (' ' | '▸'),
            ' ',
            number @ '1'..='9',
            ' ',
            mark @ ('·' | '…' | 'y' | 'm' | 'n'),
            ' ',
            ' ',
        ],
        name,
    ) = characters.split_first_chunk()?
    else {
        return None;
    };
    let name: String = name.iter().collect();
    let name = name.trim_end();
    Some(LabelLine {
        selected: pointer == '▸',
        number: number.to_digit(10)? as usize,
        mark,
        added: name.starts_with("+ "),
        name: name.trim_start_matches("+ ").to_owned(),
    })
}

/// Whether labels and picture are there, or the word that there is no picture: a rater answers on seeing both.
pub fn is_ready(terminal: &Terminal) -> bool {
    !labels(terminal).is_empty() && !waits_for_picture(terminal)
}

/// The label under the cursor.
pub fn selected(terminal: &Terminal) -> Option<LabelLine> {
    labels(terminal).into_iter().find(|label| label.selected)
}

/// The marks of the labels, in their order: `y·n`.
pub fn marks(terminal: &Terminal) -> String {
    labels(terminal).iter().map(|label| label.mark).collect()
}

/// The image's name in the header, or `image 212`, and which of its tasks is on the screen, from 0.
pub fn image(terminal: &Terminal) -> Option<(String, usize)> {
    let header = header(terminal);
    let mut words = header.split_whitespace().skip(1);
    let name = match words.next()? {
        "image" => format!("image {}", words.next()?),
        name => name.to_owned(),
    };
    let part = match words.next()?.strip_prefix('(') {
        Some(part) => part.parse::<usize>().ok()? - 1,
        None => 0,
    };
    Some((name, part))
}

/// The number of the task on the screen, in the rater's count.
pub fn task_number(terminal: &Terminal) -> Option<usize> {
    let header = header(terminal);
    let (_, after) = header.split_once("task ")?;
    after
        .split_whitespace()
        .next()?
        .replace(',', "")
        .parse()
        .ok()
}

/// The first row.
pub fn header(terminal: &Terminal) -> String {
    row(terminal, 0)
}

/// The last row: keys, messages, what is typed.
pub fn footer(terminal: &Terminal) -> String {
    let (_, rows) = terminal.size();
    row(terminal, rows - 1)
}

fn row(terminal: &Terminal, number: u16) -> String {
    let (columns, _) = terminal.size();
    let mut rows = terminal.screen().rows(0, columns);
    rows.nth(usize::from(number)).unwrap_or_default()
}

/// The cells of a picture that is made of blocks: row and column.
pub fn picture(terminal: &Terminal) -> Vec<(u16, u16)> {
    let (columns, rows) = terminal.size();
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    places
        .filter(|(row, column)| {
            terminal.screen().cell(*row, *column).is_some_and(|cell| {
                let is_painted = match cell.contents() {
                    "█" => cell.fgcolor() != vt100::Color::Default,
                    "" | " " | "▀" | "▄" | "▌" | "▐" | "▘" | "▝" | "▖" | "▗" | "▚" | "▞" | "▛"
                    | "▜" | "▙" | "▟" => cell.bgcolor() != vt100::Color::Default,
                    _ => false,
                };
                is_painted && !cell.inverse()
            })
        })
        .collect()
}

/// Whether there is a picture made of blocks.
pub fn has_picture(terminal: &Terminal) -> bool {
    picture(terminal).len() > 60
}
