//! Keys that mean nothing.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::review::keymap::{Action, Key, Keymap};
use crate::text::printable;

/// Letters from here on are of other alphabets than the Latin one.
const BEYOND_LATIN: char = '\u{250}';

fn typed(event: KeyEvent) -> Option<char> {
    let held = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SUPER;
    match event.code {
        KeyCode::Char(character) if !event.modifiers.intersects(held) => Some(character),
        _ => None,
    }
}

/// Returns the message for a letter of another alphabet, in which no key works.
pub fn foreign_letter(event: KeyEvent) -> Option<String> {
    let letter = typed(event)?;
    let is_foreign = letter >= BEYOND_LATIN && letter.is_alphabetic();
    let letter = letter.to_string();
    let letter = printable(&letter);
    is_foreign.then(|| {
        format!("“{letter}” is no key: switch to Latin letters, or set keys in config.toml")
    })
}

/// Returns the message for any other character that no key is bound to.
pub fn no_key(keymap: &Keymap, event: KeyEvent) -> Option<String> {
    let character = typed(event).filter(|character| !character.is_control())?;
    let is_bound = |character| {
        let key = Key::from(KeyEvent::from(KeyCode::Char(character)));
        keymap.action(key, false).is_some()
    };
    let other = character.to_ascii_lowercase();
    let text = character.to_string();
    let text = printable(&text);
    if other != character && is_bound(other) {
        return Some(format!("“{text}” is no key, “{other}” is: Caps Lock?"));
    }
    let help = keymap.keys_of(Action::Help);
    let help = help.first().unwrap_or(&"–");
    Some(format!("“{text}” is no key; {help} shows them"))
}
