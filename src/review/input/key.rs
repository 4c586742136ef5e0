//! Keys, from the bytes that a terminal sends for them; the bytes are termina's to read, the key is of crossterm's type.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers};
use termina::event as found;

/// The key of a character, or of ESC and a character.
pub fn of_character(bytes: &[u8]) -> Option<KeyEvent> {
    decode(bytes)
}

/// The key of a control sequence, given without its ESC [; none where the sequence is no key.
pub fn of_control(content: &[u8]) -> Option<KeyEvent> {
    let (last, parameters) = content.split_last()?;
    // R reports where the cursor is. Of what has other parameters the parser would take the rest for keys.
    let is_key = matches!(
        last,
        b'A'..=b'D' | b'F' | b'H' | b'P' | b'Q' | b'S' | b'Z' | b'u' | b'~'
    ) && parameters
        .first()
        .is_none_or(|first| first.is_ascii_digit())
        && parameters
            .iter()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
        && (!parameters.is_empty() || !matches!(last, b'u' | b'~'));
    if !is_key {
        return None;
    }
    decode(&[b"\x1b[", content].concat())
}

/// The key of the bytes behind ESC O.
pub fn of_function(content: &[u8]) -> Option<KeyEvent> {
    match content {
        [b'A'..=b'D' | b'F' | b'H' | b'P'..=b'S'] => decode(&[b"\x1bO", content].concat()),
        _ => None,
    }
}

fn decode(bytes: &[u8]) -> Option<KeyEvent> {
    let mut parser = termina::Parser::default();
    parser.parse(bytes, false);
    match (parser.pop()?, parser.pop()) {
        (termina::Event::Key(key), None) => converted(key),
        _ => None,
    }
}

fn converted(key: found::KeyEvent) -> Option<KeyEvent> {
    let code = match key.code {
        found::KeyCode::Char(character) => KeyCode::Char(character),
        found::KeyCode::Enter => KeyCode::Enter,
        found::KeyCode::Backspace => KeyCode::Backspace,
        found::KeyCode::Tab => KeyCode::Tab,
        found::KeyCode::BackTab => KeyCode::BackTab,
        found::KeyCode::Escape => KeyCode::Esc,
        found::KeyCode::Left => KeyCode::Left,
        found::KeyCode::Right => KeyCode::Right,
        found::KeyCode::Up => KeyCode::Up,
        found::KeyCode::Down => KeyCode::Down,
        found::KeyCode::Home => KeyCode::Home,
        found::KeyCode::End => KeyCode::End,
        found::KeyCode::PageUp => KeyCode::PageUp,
        found::KeyCode::PageDown => KeyCode::PageDown,
        found::KeyCode::Insert => KeyCode::Insert,
        found::KeyCode::Delete => KeyCode::Delete,
        found::KeyCode::Function(number) => KeyCode::F(number),
        // Lock keys, media keys, modifiers by themselves: nothing is bound to them.
        _ => return None,
    };
    let kind = match key.kind {
        found::KeyEventKind::Press => KeyEventKind::Press,
        found::KeyEventKind::Repeat => KeyEventKind::Repeat,
        found::KeyEventKind::Release => KeyEventKind::Release,
    };
    let modifiers = [
        (found::Modifiers::SHIFT, KeyModifiers::SHIFT),
        (found::Modifiers::ALT, KeyModifiers::ALT),
        (found::Modifiers::CONTROL, KeyModifiers::CONTROL),
        (found::Modifiers::SUPER, KeyModifiers::SUPER),
        (found::Modifiers::HYPER, KeyModifiers::HYPER),
        (found::Modifiers::META, KeyModifiers::META),
    ];
    let held = modifiers
        .into_iter()
        .filter(|(known, _)| key.modifiers.contains(*known))
        .fold(KeyModifiers::NONE, |held, (_, modifier)| held | modifier);
    let states = [
        (found::KeyEventState::KEYPAD, KeyEventState::KEYPAD),
        (found::KeyEventState::CAPS_LOCK, KeyEventState::CAPS_LOCK),
        (found::KeyEventState::NUM_LOCK, KeyEventState::NUM_LOCK),
    ];
    let state = states
        .into_iter()
        .filter(|(known, _)| key.state.contains(*known))
        .fold(KeyEventState::NONE, |state, (_, known)| state | known);
    Some(KeyEvent::new_with_kind_and_state(code, held, kind, state))
}
