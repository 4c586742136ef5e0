//! Fuzzy search of classes.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use crate::domain::{ClassIndex, Classes};

/// Looking for a class by some letters of its name, its WordNet id or its index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// What was typed.
    pub query: String,
    /// Classes that fit, the best first.
    pub found: Vec<ClassIndex>,
    /// The one that Enter takes.
    pub selected: usize,
}

/// More would not be looked at.
const FOUND_AT_MOST: usize = 50;

impl Search {
    /// A search for what was typed so far.
    pub fn of(query: String, classes: &Classes) -> Search {
        Search {
            found: find_classes(&query, classes),
            query,
            selected: 0,
        }
    }
}

/// The classes that fit a query, the best first: exact index or WordNet id, then fuzzy by name.
pub fn find_classes(query: &str, classes: &Classes) -> Vec<ClassIndex> {
    let query = query.trim();
    if query.is_empty() {
        return Vec::new();
    }
    let index = query.parse().ok();
    let mut found: Vec<ClassIndex> = classes
        .iter()
        .filter(|class| Some(class.index.0) == index || class.wnid.as_deref() == Some(query))
        .map(|class| class.index)
        .collect();
    let pattern = Pattern::parse(query, CaseMatching::Ignore, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    // A short name that holds all letters is nearer than a long one with the same score.
    let mut scored: Vec<(u32, usize, ClassIndex)> = classes
        .names()
        .filter_map(|(name, class)| {
            let score = pattern.score(Utf32Str::new(name, &mut letters), &mut matcher)?;
            Some((score, name.len(), class.index))
        })
        .collect();
    scored.sort_by_key(|&(score, length, class)| (std::cmp::Reverse(score), length, class));
    for (.., class) in scored {
        if found.len() >= FOUND_AT_MOST {
            break;
        }
        if !found.contains(&class) {
            found.push(class);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_found_by_some_letters_its_wordnet_id_or_its_index() {
        let (classes, _) = crate::formats::classes::ilsvrc2012().unwrap();
        let first = |query| find_classes(query, &classes).first().map(|class| class.0);
        assert_eq!(first("notebook"), Some(681));
        assert_eq!(first("n03832673"), Some(681));
        assert_eq!(first("681"), Some(681));
        assert_eq!(first("schbus"), Some(779));
        assert_eq!(first("tabby"), Some(281));
        assert_eq!(first("  "), None);
        assert_eq!(first("zzzzqqq"), None);
    }
}
