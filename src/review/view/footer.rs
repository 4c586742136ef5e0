use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use crate::review::keymap::BINDINGS;
use crate::review::state::{Mode, State};
use crate::text::{fit, printable, width};

/// A message, the line that is typed, or the keys.
pub fn draw(state: &State, area: Rect, frame: &mut Frame<'_>) {
    let columns = usize::from(area.width);
    let typed = match &state.mode {
        Mode::Search(search) => Some((
            " / ",
            search.query.as_str(),
            "   ⏎ add  ↑↓ choose  esc back",
        )),
        Mode::Comment(text) => Some((" comment: ", text.as_str(), "   ⏎ record  esc back")),
        _ => None,
    };
    if let Some((prompt, text, keys)) = typed {
        let line = Line::from(vec![
            Span::styled(prompt, state.palette.strong()),
            Span::raw(tail(
                text,
                columns.saturating_sub(width(prompt) + width(keys) + 1),
            )),
            Span::raw("█"),
            Span::styled(keys, state.palette.quiet()),
        ]);
        return frame.render_widget(line, area);
    }
    if let Some(message) = &state.message {
        let style = match message.error {
            true => state.palette.error(),
            false => state.palette.strong(),
        };
        let line = Line::styled(fit(&format!(" {}", message.text), columns), style);
        return frame.render_widget(line, area);
    }
    let keys = match &state.mode {
        Mode::Voting => return frame.render_widget(key_bar(state, columns), area),
        Mode::Help(_) => " ? back  ↑↓ more",
        Mode::Examples(_) => " r back",
        Mode::Closing(_) if state.current.is_some() => {
            " q end  b back to the tasks  u undo  ↑↓ ⏎ 1-9 open a dispute  space more"
        }
        _ => " q end  u undo  ↑↓ ⏎ 1-9 open a dispute  space more",
    };
    frame.render_widget(
        Line::styled(fit(keys, columns), state.palette.quiet()),
        area,
    );
}

/// As many keys as there is room for; the last one, which shows them all, always.
fn key_bar(state: &State, columns: usize) -> Line<'static> {
    let shown: Vec<(String, &str)> = BINDINGS
        .iter()
        .filter(|binding| !binding.short.is_empty())
        .map(|binding| {
            let keys = state.keymap.keys_of(binding.action);
            (
                keys.first()
                    .map_or_else(String::new, |key| (*key).to_owned()),
                binding.short,
            )
        })
        .collect();
    let takes = |(key, word): &(String, &str)| width(key) + width(word) + 3;
    let help = BINDINGS
        .iter()
        .filter(|b| !b.short.is_empty())
        .position(|b| b.name == "help");
    let last = help.and_then(|at| shown.get(at)).cloned();
    let mut room = columns.saturating_sub(last.as_ref().map_or(0, takes));
    let mut spans = Vec::new();
    let mut put = |(key, word): &(String, &str)| {
        spans.push(Span::styled(format!(" {key}"), state.palette.key()));
        spans.push(Span::raw(format!(" {word} ")));
    };
    for (at, entry) in shown.iter().enumerate() {
        if Some(at) == help {
            continue;
        }
        match room.checked_sub(takes(entry)) {
            Some(left) => room = left,
            None => break,
        }
        put(entry);
    }
    if let Some(last) = &last {
        put(last);
    }
    Line::from(spans)
}

/// The end of a line that is typed, where the cursor is.
fn tail(text: &str, columns: usize) -> String {
    let text = printable(text);
    let mut taken = 0;
    let mut start = text.len();
    for (place, grapheme) in text.grapheme_indices(true).rev() {
        taken += width(grapheme);
        if taken > columns {
            break;
        }
        start = place;
    }
    text.get(start..).unwrap_or_default().to_owned()
}
