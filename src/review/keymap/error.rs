/// Why keys cannot be bound as the config file says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeymapError {
    /// There is no such action.
    #[error("there is no action {0:?}")]
    UnknownAction(String),
    /// The text names no key.
    #[error(
        "action {action:?}: {key:?} is no key: expected a character, or up, down, left, right, enter, space, tab, or ctrl- before a letter"
    )]
    UnknownKey {
        /// The action.
        action: String,
        /// The text.
        key: String,
    },
    /// An action would have no key.
    #[error("action {0:?} has no key")]
    NoKey(String),
    /// Two actions would share a key.
    #[error("key {key:?} would mean both {first:?} and {second:?}")]
    Conflict {
        /// The key.
        key: String,
        /// An action.
        first: String,
        /// Another.
        second: String,
    },
}
