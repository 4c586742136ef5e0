use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::voting::send_note;
use crate::domain::ClassIndex;
use crate::review::effect::{Effect, NoteText};
use crate::review::search::Search;
use crate::review::state::{Label, Mode, SentNote, State, Step};
use crate::text::is_active;

/// Longer comments and queries are cut here.
const LONGEST: usize = 500;

/// What a key does to a line that is typed; true when the line changed.
fn edit(line: &mut String, event: KeyEvent) -> bool {
    let control = event
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match event.code {
        KeyCode::Char('u') if control => {
            line.clear();
            true
        }
        KeyCode::Char('w') if control => {
            let kept = line.trim_end().rfind(' ').map_or(0, |space| space + 1);
            line.truncate(kept);
            true
        }
        // Characters that a terminal would act on are no text, wherever they come from.
        KeyCode::Char(character) if !control && line.len() < LONGEST && !is_active(character) => {
            line.push(character);
            true
        }
        KeyCode::Backspace => line.pop().is_some(),
        _ => false,
    }
}

/// Adds pasted text to a line: its line ends and tabs become blanks, its other controls go.
fn add_pasted(line: &mut String, text: &str) {
    let text = text.replace("\r\n", "\n");
    let characters = text.trim_end_matches(['\r', '\n']).chars();
    for character in characters {
        let character = match character {
            '\r' | '\n' | '\t' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
            active if is_active(active) => continue,
            other => other,
        };
        if line.len() >= LONGEST {
            return;
        }
        line.push(character);
    }
}

/// Text that is pasted belongs to the line that is being typed, and is no key anywhere.
pub fn on_paste(state: &mut State, text: &str) {
    match &mut state.mode {
        Mode::Search(search) => {
            add_pasted(&mut search.query, text);
            *search = Search::of(std::mem::take(&mut search.query), &state.classes);
        }
        Mode::Comment(line) | Mode::Answer { text: line, .. } => add_pasted(line, text),
        Mode::Voting | Mode::Help(_) | Mode::Examples(_) | Mode::Earlier(_) | Mode::Closing(_) => {
            state.say("pasted text is ignored here: only a comment and the search take it");
        }
    }
}

/// A key while a class is looked for.
pub fn on_search_key(state: &mut State, event: KeyEvent) -> Vec<Effect> {
    let Mode::Search(search) = &mut state.mode else {
        return Vec::new();
    };
    let control = event.modifiers.contains(KeyModifiers::CONTROL);
    let last = search.found.len().saturating_sub(1);
    match event.code {
        KeyCode::Esc => state.mode = Mode::Voting,
        KeyCode::Down => search.selected = (search.selected + 1).min(last),
        KeyCode::Up => search.selected = search.selected.saturating_sub(1),
        KeyCode::Char('n') if control => search.selected = (search.selected + 1).min(last),
        KeyCode::Char('p') if control => search.selected = search.selected.saturating_sub(1),
        KeyCode::Enter => {
            if let Some(&class) = search.found.get(search.selected) {
                state.mode = Mode::Voting;
                add_label(state, class);
            }
        }
        _ => {
            if edit(&mut search.query, event) {
                *search = Search::of(std::mem::take(&mut search.query), &state.classes);
            }
        }
    }
    Vec::new()
}

/// Adds a class to the task, under its heading; one that is there already gets the cursor.
fn add_label(state: &mut State, class: ClassIndex) {
    let heading = state.hierarchy.heading_of(class).to_owned();
    let ancestors = state.hierarchy.ancestors_line(class);
    let Some(known) = state.classes.get(class) else {
        return;
    };
    let label = Label {
        class,
        question: None,
        name: known.name.clone(),
        gloss: known.gloss.clone(),
        ancestors,
        added: true,
        recorded: None,
        sending: None,
        insight: None,
        heading,
    };
    let Some(task) = state.task_mut() else {
        return;
    };
    if let Some(place) = task.labels.iter().position(|label| label.class == class) {
        state.cursor = place;
        state.say("this label is here already");
        return;
    }
    let task_id = task.id;
    let place = task.add(label);
    state.cursor = place;
    state.history.push(Step::Added {
        task: task_id,
        class,
    });
    state.say("added; now answer it, or u takes it back");
}

/// A key while a comment or an answer is written.
pub fn on_note_key(state: &mut State, event: KeyEvent, at: i64) -> Vec<Effect> {
    let image = state.task().map(|task| task.image);
    let (text, to) = match &mut state.mode {
        Mode::Comment(text) => (text, None),
        Mode::Answer { to, text } => (text, Some(*to)),
        _ => return Vec::new(),
    };
    match event.code {
        KeyCode::Esc => {
            state.mode = Mode::Voting;
            Vec::new()
        }
        KeyCode::Enter => {
            let text = text.trim().to_owned();
            state.mode = Mode::Voting;
            match image {
                Some(image) if !text.is_empty() => {
                    let note = SentNote {
                        image,
                        note: match to {
                            None => NoteText::Comment(text),
                            Some(to) => NoteText::Answer { to, text },
                        },
                        step: None,
                        takes_back: None,
                    };
                    vec![send_note(state, note, at)]
                }
                _ => Vec::new(),
            }
        }
        _ => {
            edit(text, event);
            Vec::new()
        }
    }
}
