//! docs/keys.md says what the key map says.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

use relabel::review::keymap::BINDINGS;

#[test]
fn the_table_of_keys_is_the_key_map() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md")).unwrap();
    for binding in BINDINGS {
        let keys: Vec<String> = binding.keys.iter().map(|key| format!("`{key}`")).collect();
        let row = format!(
            "| {} | `{}` | {} |",
            keys.join(" "),
            binding.name,
            binding.help
        );
        assert!(page.contains(&row), "docs/keys.md lacks: {row}");
    }
}
