//! What the keys do, as data: the key bar, the help screen, the config file and the documentation all come from here.

mod error;
mod key;

use std::collections::BTreeMap;

pub use error::KeymapError;
pub use key::Key;
use key::parse_key;

/// Something that a key does while one votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the table below says what each does")]
pub enum Action {
    Yes,
    No,
    Maybe,
    NoToAll,
    Done,
    Undo,
    Earlier,
    Up,
    Down,
    OtherLabel,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanDown,
    PanUp,
    PanRight,
    Examples,
    Info,
    Flag,
    Comment,
    Answer,
    Skip,
    Help,
    Leave,
    Redraw,
    Suspend,
    Interrupt,
}

/// A line of the table of keys.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What the keys do.
    pub action: Action,
    /// Its name in the config file.
    pub name: &'static str,
    /// The built-in keys.
    pub keys: &'static [&'static str],
    /// One or two words for the key bar; empty: not in the bar.
    pub short: &'static str,
    /// One line for the help screen.
    pub help: &'static str,
}

const fn bind(
    action: Action,
    name: &'static str,
    keys: &'static [&'static str],
    short: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        action,
        name,
        keys,
        short,
        help,
    }
}

/// Every action, in the order of the key bar and of the help screen.
pub const BINDINGS: &[Binding] = &[
    bind(
        Action::Yes,
        "yes",
        &["y"],
        "yes",
        "the class is in the image; moves on",
    ),
    bind(
        Action::No,
        "no",
        &["n"],
        "no",
        "the class is not in the image; moves on",
    ),
    bind(
        Action::Maybe,
        "maybe",
        &["m"],
        "maybe",
        "cannot tell; moves on",
    ),
    bind(
        Action::Done,
        "done",
        &["enter"],
        "done",
        "ends the task once every label is answered",
    ),
    bind(
        Action::Undo,
        "undo",
        &["u"],
        "undo",
        "takes back the last step; any number of steps, across tasks",
    ),
    bind(
        Action::OtherLabel,
        "other-label",
        &["/"],
        "other label",
        "finds another class and adds it to this image",
    ),
    bind(
        Action::ZoomIn,
        "zoom-in",
        &["z"],
        "zoom",
        "zooms in, from the closest back to the whole image",
    ),
    bind(
        Action::Earlier,
        "earlier",
        &["e"],
        "earlier",
        "lists the tasks that you have answered, to change an answer",
    ),
    bind(
        Action::Examples,
        "examples",
        &["r"],
        "examples",
        "other images that carry this class",
    ),
    bind(
        Action::Flag,
        "flag",
        &["f"],
        "flag",
        "flags the image for somebody else to look at, or takes the flag back",
    ),
    bind(
        Action::Comment,
        "comment",
        &["c"],
        "comment",
        "writes a comment on the image",
    ),
    bind(
        Action::Answer,
        "answer",
        &["a"],
        "",
        "an adjudicator answers the first flag or comment that nobody has answered",
    ),
    bind(
        Action::Skip,
        "skip",
        &["s"],
        "skip",
        "puts the task at the end",
    ),
    bind(
        Action::NoToAll,
        "no-to-all",
        &["N"],
        "no to rest",
        "answers no to every label that is still open",
    ),
    bind(
        Action::Help,
        "help",
        &["?"],
        "keys",
        "shows or hides this list",
    ),
    bind(
        Action::Leave,
        "leave",
        &["q"],
        "leave",
        "to the closing screen, and from there out",
    ),
    bind(
        Action::Up,
        "up",
        &["up", "k"],
        "",
        "moves up (k while not zoomed)",
    ),
    bind(
        Action::Down,
        "down",
        &["down", "j"],
        "",
        "moves down (j while not zoomed)",
    ),
    bind(Action::ZoomOut, "zoom-out", &["Z"], "", "zooms out"),
    bind(
        Action::PanLeft,
        "pan-left",
        &["h", "left"],
        "",
        "while zoomed: looks further left",
    ),
    bind(
        Action::PanDown,
        "pan-down",
        &["j"],
        "",
        "while zoomed: looks further down",
    ),
    bind(
        Action::PanUp,
        "pan-up",
        &["k"],
        "",
        "while zoomed: looks further up",
    ),
    bind(
        Action::PanRight,
        "pan-right",
        &["l", "right"],
        "",
        "while zoomed: looks further right",
    ),
    bind(
        Action::Info,
        "info",
        &["i"],
        "",
        "shows or hides what the picture costs: bytes and milliseconds",
    ),
    bind(
        Action::Redraw,
        "redraw",
        &["ctrl-l"],
        "",
        "draws the screen again",
    ),
    bind(
        Action::Suspend,
        "suspend",
        &["ctrl-z"],
        "",
        "stops the program; `fg` brings it back",
    ),
    bind(
        Action::Interrupt,
        "interrupt",
        &["ctrl-c"],
        "",
        "ends at once; recorded votes stay",
    ),
];

/// What the help screen says of keys that are no actions.
pub const FIXED_KEYS: (&str, &str) = ("1…9", "moves to that label");

/// Lines of the help screen: a title, a blank one, every action and the fixed keys.
pub fn help_lines() -> u16 {
    u16::try_from(BINDINGS.len() + 3).unwrap_or(u16::MAX)
}

impl Action {
    /// True if it answers labels or ends their task. The labels have to be on the screen for that.
    pub fn votes(self) -> bool {
        matches!(
            self,
            Action::Yes | Action::No | Action::Maybe | Action::NoToAll | Action::Done
        )
    }

    fn pans(self) -> bool {
        matches!(
            self,
            Action::PanLeft | Action::PanDown | Action::PanUp | Action::PanRight
        )
    }
}

/// Which keys do what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    /// Each key with its text, in the order of [`BINDINGS`].
    keys: Vec<(Key, String, Action)>,
}

impl Default for Keymap {
    fn default() -> Keymap {
        let keys = BINDINGS.iter().flat_map(|binding| {
            let action = binding.action;
            binding
                .keys
                .iter()
                .filter_map(move |text| Some((parse_key(text)?, (*text).to_owned(), action)))
        });
        Keymap {
            keys: keys.collect(),
        }
    }
}

impl Keymap {
    /// The built-in keys, but for the actions that `overrides` names with keys of their own.
    ///
    /// # Errors
    /// An unknown action or key, an action without a key, or a key with two meanings.
    pub fn with_overrides(
        overrides: &BTreeMap<String, Vec<String>>,
    ) -> Result<Keymap, KeymapError> {
        if let Some(name) = overrides
            .keys()
            .find(|name| BINDINGS.iter().all(|b| b.name != **name))
        {
            return Err(KeymapError::UnknownAction(name.clone()));
        }
        let mut keymap = Keymap { keys: Vec::new() };
        for binding in BINDINGS {
            let built_in = || binding.keys.iter().map(|key| (*key).to_owned()).collect();
            let texts: Vec<String> = overrides
                .get(binding.name)
                .cloned()
                .unwrap_or_else(built_in);
            if texts.is_empty() {
                return Err(KeymapError::NoKey(binding.name.to_owned()));
            }
            for text in texts {
                let key = parse_key(&text).ok_or_else(|| KeymapError::UnknownKey {
                    action: binding.name.to_owned(),
                    key: text.clone(),
                })?;
                // Panning keys mean something else while the whole image is shown.
                let other = keymap.keys.iter().find(|(known, _, action)| {
                    *known == key && action.pans() == binding.action.pans()
                });
                if let Some((_, _, action)) = other {
                    return Err(KeymapError::Conflict {
                        key: text,
                        first: name_of(*action).to_owned(),
                        second: binding.name.to_owned(),
                    });
                }
                keymap.keys.push((key, text, binding.action));
            }
        }
        Ok(keymap)
    }

    /// What a key does; panning keys pan while the image is zoomed.
    pub fn action(&self, key: Key, zoomed: bool) -> Option<Action> {
        let bound = |pans: bool| {
            self.keys
                .iter()
                .find(|(known, _, action)| *known == key && action.pans() == pans)
                .map(|(_, _, action)| *action)
        };
        let pan = if zoomed { bound(true) } else { None };
        pan.or_else(|| bound(false))
    }

    /// The keys of an action, as the key bar shows them.
    pub fn keys_of(&self, action: Action) -> Vec<&str> {
        let keys = self.keys.iter().filter(|(_, _, bound)| *bound == action);
        keys.map(|(_, text, _)| if text == "enter" { "⏎" } else { text })
            .collect()
    }
}

fn name_of(action: Action) -> &'static str {
    BINDINGS
        .iter()
        .find(|b| b.action == action)
        .map_or("", |b| b.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn overrides(pairs: &[(&str, &[&str])]) -> Result<Keymap, KeymapError> {
        let owned = pairs.iter().map(|(name, keys)| {
            (
                (*name).to_owned(),
                keys.iter().map(|key| (*key).to_owned()).collect(),
            )
        });
        Keymap::with_overrides(&owned.collect())
    }

    fn action(keymap: &Keymap, text: &str, zoomed: bool) -> Option<Action> {
        keymap.action(parse_key(text).unwrap(), zoomed)
    }

    #[test]
    fn built_in_keys_have_one_meaning_each() {
        assert_eq!(overrides(&[]), Ok(Keymap::default()));
    }

    #[test]
    fn panning_keys_pan_only_while_zoomed() {
        let keymap = Keymap::default();
        assert_eq!(action(&keymap, "j", false), Some(Action::Down));
        assert_eq!(action(&keymap, "j", true), Some(Action::PanDown));
        assert_eq!(action(&keymap, "down", true), Some(Action::Down));
        assert_eq!(action(&keymap, "h", false), None);
    }

    #[test]
    fn keys_can_be_given_other_meanings() {
        let keymap = overrides(&[("yes", &["o", "space"]), ("undo", &["ctrl-u"])]).unwrap();
        assert_eq!(action(&keymap, "o", false), Some(Action::Yes));
        assert_eq!(action(&keymap, "space", false), Some(Action::Yes));
        assert_eq!(action(&keymap, "y", false), None);
        assert_eq!(action(&keymap, "ctrl-u", false), Some(Action::Undo));
        assert_eq!(keymap.keys_of(Action::Yes), ["o", "space"]);
    }

    #[test]
    fn what_cannot_be_bound_is_named() {
        let said = |pairs| overrides(pairs).unwrap_err().to_string();
        assert_eq!(said(&[("si", &["s"])]), "there is no action \"si\"");
        assert_eq!(said(&[("yes", &[])]), "action \"yes\" has no key");
        assert_eq!(
            said(&[("yes", &["n"])]),
            "key \"n\" would mean both \"yes\" and \"no\""
        );
        assert!(
            said(&[("yes", &["hyper-x"])]).starts_with("action \"yes\": \"hyper-x\" is no key")
        );
    }
}
