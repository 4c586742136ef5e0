//! The table of keys: what there is to do, its built-in keys, and the words for it.

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
    Flag,
    Comment,
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
    bind(Action::Skip, "skip", &["s"], "skip", "puts the task last"),
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

/// The lines of the help screen: a heading, a blank one, then one a row.
pub fn help_lines() -> usize {
    2 + BINDINGS.len() + 1
}

impl Action {
    /// Whether it looks around in a zoomed image, and means nothing else.
    pub(super) fn pans(self) -> bool {
        matches!(
            self,
            Action::PanLeft | Action::PanDown | Action::PanUp | Action::PanRight
        )
    }
}
