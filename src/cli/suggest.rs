//! "Did you mean": the nearest class to a text that names none.

use crate::domain::{Class, Classes, FindClassError};

/// Below this likeness a suggestion would only confuse.
pub const ALIKE: f64 = 0.8;

/// The class whose name is most like the text, with that name.
pub fn closest_class<'a>(classes: &'a Classes, text: &str) -> Option<(&'a str, &'a Class)> {
    let text = text.to_lowercase();
    classes
        .names()
        .map(|(name, class)| {
            (
                strsim::jaro_winkler(&name.to_lowercase(), &text),
                name,
                class,
            )
        })
        .filter(|(likeness, ..)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name, class)| (name, class))
}

/// What to do about a class that was not found.
pub fn class_hint(classes: &Classes, error: &FindClassError) -> String {
    let how = "classes are matched by index, WordNet id or name";
    match error {
        FindClassError::Ambiguous { .. } => "name it by its index or WordNet id".to_owned(),
        FindClassError::Unknown { text } => match closest_class(classes, text) {
            Some((name, class)) => {
                format!("did you mean {name:?} ({})? {how}", class.index)
            }
            None => how.to_owned(),
        },
    }
}
