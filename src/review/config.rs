//! The user's config file.

use std::collections::BTreeMap;

use super::keymap::{Keymap, KeymapError};

/// Why a config file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It is no TOML, or says what no config file says.
    #[error("{}", toml_on_a_line(.0))]
    Toml(#[from] toml::de::Error),
    /// Its keys cannot be bound.
    #[error("{0}")]
    Keys(#[from] KeymapError),
}

/// Its words stand below a drawing of the line.
fn toml_on_a_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let place = text.lines().next().unwrap_or_default();
    match place.starts_with("TOML parse error") {
        true => format!("{place}: {}", error.message()),
        false => error.message().to_owned(),
    }
}

#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Keys of actions, in place of the built-in ones.
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
}

/// The key map of a config file: the built-in one with what the file changes.
///
/// # Errors
/// It is no TOML, it says what is unknown, or its keys cannot be bound.
pub fn keymap_of(config: &str) -> Result<Keymap, ConfigError> {
    let config: Config = toml::from_str(config)?;
    Ok(Keymap::with_overrides(&config.keys)?)
}
