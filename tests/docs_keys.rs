//! docs/keys.md says what the key map says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use std::collections::BTreeMap;

use relabel::review::keymap::{BINDINGS, Keymap};

#[test]
fn the_table_of_keys_is_the_key_map() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md")).unwrap();
    let mut expected: Vec<String> = BINDINGS
        .iter()
        .map(|binding| {
            let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
            format!(
                "| {} | `{}` | {} |",
                keys.join(" "),
                binding.name,
                binding.help
            )
        })
        .collect();
    expected.push("| `1`…`9` | | moves to that label |".to_owned());
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_example_of_the_config_file_is_good() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md")).unwrap();
    let example = page
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let config: BTreeMap<String, BTreeMap<String, Vec<String>>> = toml::from_str(example).unwrap();
    Keymap::with_overrides(&config["keys"]).unwrap();
}
