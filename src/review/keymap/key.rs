//! Keys, as the terminal reports them and as the config file writes them.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A key with its modifiers, in the form in which it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    control: bool,
    /// Held with alt, super and the like, to which nothing is bound.
    foreign: bool,
}

impl Key {
    fn new(code: KeyCode, control: bool, foreign: bool) -> Key {
        let code = match code {
            KeyCode::Char(letter) if control => KeyCode::Char(letter.to_ascii_lowercase()),
            other => other,
        };
        Key {
            code,
            control,
            foreign,
        }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Key {
        let holds = |modifiers| event.modifiers.intersects(modifiers);
        let foreign =
            KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
        Key::new(event.code, holds(KeyModifiers::CONTROL), holds(foreign))
    }
}

/// The key that a text of the config file names.
pub(super) fn parse_key(text: &str) -> Option<Key> {
    let (control, name) = match text.strip_prefix("ctrl-") {
        Some(letter) => (true, letter),
        None => (false, text),
    };
    let mut characters = name.chars();
    let code = match (characters.next(), characters.next()) {
        (Some(character), None) if !character.is_control() && character != ' ' => {
            KeyCode::Char(character)
        }
        _ => match name {
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "enter" => KeyCode::Enter,
            "space" => KeyCode::Char(' '),
            "tab" => KeyCode::Tab,
            _ => return None,
        },
    };
    Some(Key::new(code, control, false))
}
