use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::review::keymap::{Action, BINDINGS};
use crate::review::state::{Mode, State};
use crate::text::{fit, tail, width};

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
        Mode::Answer { text, .. } => Some((" answer: ", text.as_str(), "   ⏎ record  esc back")),
        Mode::Earlier(earlier) => Some((
            match state.names {
                true => " number or name: ",
                false => " number: ",
            },
            earlier.list.filter.as_str(),
            "   ⏎ open  ↑↓ choose  esc back",
        )),
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
        Mode::Help(_) => format!(" {} back  ↑↓ more", key_of(state, Action::Help)),
        Mode::Examples(_) => format!(" {} back", key_of(state, Action::Examples)),
        _ => closing_keys(state),
    };
    frame.render_widget(
        Line::styled(fit(&keys, columns), state.palette.quiet()),
        area,
    );
}

fn key_of(state: &State, action: Action) -> &str {
    state
        .keymap
        .keys_of(action)
        .first()
        .copied()
        .unwrap_or_default()
}

fn closing_keys(state: &State) -> String {
    let mut keys = format!(" {} end", key_of(state, Action::Leave));
    if state.current.is_some() {
        keys.push_str("  b back");
    }
    keys.push_str(&format!(
        "  {} undo  {} earlier",
        key_of(state, Action::Undo),
        key_of(state, Action::Earlier)
    ));
    if let Mode::Closing(closing) = &state.mode
        && let Some(summary) = &closing.summary
        && !summary.disputes.is_empty()
    {
        keys.push_str("  ↑↓ ⏎ 1-9 open a dispute");
    }
    keys + "  space more"
}

/// Keys that an audit has no use for.
const BESIDE_AUDITS: [Action; 3] = [Action::Done, Action::NoToAll, Action::OtherLabel];

/// As many keys as there is room for; the last one, which shows them all, always. Once every label is answered, the key that goes
/// on stands first.
fn key_bar(state: &State, columns: usize) -> Line<'static> {
    let ends = state.is_all_answered();
    let shown: Vec<(String, &str)> = BINDINGS
        .iter()
        .filter(|binding| !binding.short.is_empty())
        .filter(|binding| !(ends && binding.action == Action::Done))
        // An audit asks one thing of an image, whose answer ends it.
        .filter(|binding| !(state.is_audit() && BESIDE_AUDITS.contains(&binding.action)))
        .map(|binding| {
            let word = match binding.action {
                Action::Done => state.enter_does(),
                _ => binding.short,
            };
            (key_of(state, binding.action).to_owned(), word)
        })
        .collect();
    let takes = |(key, word): &(String, &str)| width(key) + width(word) + 3;
    let help_word = BINDINGS.iter().find(|b| b.action == Action::Help);
    let help = shown
        .iter()
        .position(|(_, word)| help_word.is_some_and(|b| b.short == *word));
    let last = help.and_then(|at| shown.get(at)).cloned();
    let mut room = columns.saturating_sub(last.as_ref().map_or(0, takes));
    let mut spans = Vec::new();
    if ends {
        let words = format!(" {} ", state.enter_words());
        room = room.saturating_sub(width(&words));
        spans.push(Span::styled(words, state.palette.called_for()));
    }
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
