#![no_main]

use relabel::review::config::keymap_of;
use relabel::text::message;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Err(error) = keymap_of(text) {
        // TOML shows the place in lines of its own.
        for line in error.to_string().lines() {
            assert!(!message(line).chars().any(char::is_control), "{line:?}");
        }
    }
});
