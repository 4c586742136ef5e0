#![no_main]

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use relabel::review::driver::answers::{Answers as Listener, Heard, keys};
use relabel::review::picture::Answers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let said = Answers::read(bytes);
    assert!(!said.typed.contains('\x1b'), "an escape is nobody's key");
    assert!(
        said.cell
            .is_none_or(|(width, height)| width > 0 && height > 0)
    );
    let typed = keys(&said.typed).count();
    assert_eq!(typed, said.typed.chars().count());

    // The same as keys, some with alt held, some late.
    let mut listener = Listener::default();
    let mut now = Instant::now();
    let mut inside = false;
    for byte in bytes {
        let modifiers = match byte & 0x80 {
            0 => KeyModifiers::NONE,
            _ => KeyModifiers::ALT,
        };
        let letter = char::from(byte & 0x7f);
        if letter == '\0' {
            now += Duration::from_millis(300);
        }
        let key = KeyEvent::new(KeyCode::Char(letter), modifiers);
        let heard = listener.hear(key, now);
        if modifiers == KeyModifiers::ALT && letter == '_' {
            inside = true;
            assert_eq!(heard, Heard::Part);
        } else if !inside {
            assert_eq!(
                heard,
                Heard::Pressed,
                "outside of an answer every key is the rater's"
            );
        } else if heard != Heard::Part {
            inside = false;
        } else if modifiers == KeyModifiers::ALT && letter == '\\' {
            inside = false;
        }
    }
});
