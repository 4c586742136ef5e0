//! "Did you mean": the nearest class, column, image or node to a text that names none.

use crate::domain::{Class, Classes, FindClassError, image_key};
use crate::formats::table::Column;
use crate::hierarchy::Hierarchy;

/// Below this likeness a suggestion would only confuse.
const ALIKE: f64 = 0.8;

/// Nobody misspells a longer name; likening a cell of a megabyte to a thousand classes would take a quarter of a minute.
const LONGEST: usize = 1_000;

/// What is named by the text that is most like this one, whatever their cases.
fn closest<'a, T>(text: &str, named: impl Iterator<Item = (&'a str, T)>) -> Option<(&'a str, T)> {
    if text.len() > LONGEST {
        return None;
    }
    let text = text.trim().to_lowercase();
    named
        .map(|(name, named)| {
            let name_lower = name.trim().to_lowercase();
            (strsim::jaro_winkler(&name_lower, &text), name, named)
        })
        .filter(|(likeness, ..)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name, named)| (name, named))
}

/// The class whose name is most like the text, with that name.
pub fn closest_class<'a>(classes: &'a Classes, text: &str) -> Option<(&'a str, &'a Class)> {
    closest(text, classes.names())
}

/// What to do about a column, or a key of an object, that is not there: one of those that are may be meant.
pub fn column_hint(columns: &[Column], name: &str, found: &[String]) -> Option<String> {
    let aliases = columns.iter().find(|column| column.name == name)?.aliases;
    let names = [name].into_iter().chain(aliases.iter().copied());
    let meant = names
        .filter_map(|name| closest(name, found.iter().map(|other| (other.as_str(), ()))))
        .map(|(alike, ())| alike)
        // Another column that is read is itself.
        .find(|alike| columns.iter().all(|column| !column.is(alike)))?;
    Some(format!("did you mean {meant:?}? name the column {name:?}"))
}

/// The node of a hierarchy whose id or name is most like the text.
pub fn node_hint(hierarchy: &Hierarchy, text: &str) -> String {
    let nodes = hierarchy.nodes().map(|node| {
        let id = hierarchy.id_of(node);
        (hierarchy.name_of(node), id)
    });
    match closest(text, nodes) {
        Some((name, id)) => format!("did you mean {id} ({name})? a node is named by its id"),
        None => "name a WordNet id such as n00015388 (animal)".to_owned(),
    }
}

/// The image that a name is most like, whatever its case and ending: the very stem, else the stem of the last part, else one with the same numbers in it and at most a quarter of
/// the letters that differ. Files of a data set are all alike but for their numbers.
pub fn closest_image<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > LONGEST {
        return None;
    }
    let text = image_key(text).ok()?;
    let wanted = stem(&text);
    let (wanted_digits, wanted_last) = (digits(&wanted), last_part(&wanted));
    let most = wanted.chars().count() / 4;
    let likeness = |name: &str| {
        let stem = stem(name);
        if stem == wanted {
            return Some((0, 0));
        }
        let last = last_part(&stem);
        if last == wanted_last || is_same_number(last, wanted_last) {
            return Some((1, strsim::osa_distance(&stem, &wanted)));
        }
        if digits(&stem) != wanted_digits {
            return None;
        }
        let distance = strsim::osa_distance(&stem, &wanted);
        (distance <= most).then_some((2, distance))
    };
    names
        .filter_map(|name| Some((likeness(name)?, name)))
        .min()
        .map(|(_, name)| name)
}

/// A name in small letters, without its ending.
fn stem(name: &str) -> String {
    let start = name.len() - last_part(name).len();
    let dot = name.rfind('.').filter(|dot| *dot > start);
    let stem = dot.and_then(|dot| name.get(..dot)).unwrap_or(name);
    stem.to_lowercase()
}

fn last_part(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

fn digits(name: &str) -> String {
    name.chars().filter(char::is_ascii_digit).collect()
}

/// True if two texts are the same number, apart from leading zeros.
fn is_same_number(one: &str, other: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(one)
        && is_number(other)
        && one.trim_start_matches('0') == other.trim_start_matches('0')
}

/// The rater whose name is most like this one.
pub fn closest_rater<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    closest(name, names.map(|name| (name, ()))).map(|(name, ())| name)
}

/// "Did you mean this image?", where one is like it.
pub fn image_hint<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    closest_image(text, names).map(|name| format!("did you mean {name:?}?"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_meant_by_its_numbers() {
        let names = [
            "train/cat_17.JPEG",
            "train/dog_17.JPEG",
            "train/dog_18.JPEG",
        ];
        let meant = |text| closest_image(text, names.into_iter());
        assert_eq!(meant("train/dgo_17.JPEG"), Some("train/dog_17.JPEG"));
        assert_eq!(meant("train/DOG_18.jpg"), Some("train/dog_18.JPEG"));
        // Another number is another image.
        assert_eq!(meant("train/dog_19.JPEG"), None);
        assert_eq!(closest_image("c.jpg", ["a.jpg"].into_iter()), None);
        assert_eq!(meant("val/horse_17.png"), None);
        // Its last part says it: another folder, another case, no ending, zeros in front.
        assert_eq!(meant("C:\\x\\DOG_18"), Some("train/dog_18.JPEG"));
        let numbered = ["12.jpg", "000013.jpg"];
        let meant = |text| closest_image(text, numbered.into_iter());
        assert_eq!(
            (meant("12"), meant("13")),
            (Some("12.jpg"), Some("000013.jpg"))
        );
        assert_eq!(meant("14"), None);
    }

    #[test]
    fn a_column_is_meant_under_any_of_its_names() {
        let columns = [
            Column::required("image").or(&["file_name"]),
            Column::required("label"),
        ];
        let hint = |name, found: &[&str]| {
            let found: Vec<String> = found.iter().map(|name| (*name).to_owned()).collect();
            column_hint(&columns, name, &found)
        };
        assert_eq!(
            hint("image", &["filenam", "label"]).as_deref(),
            Some("did you mean \"filenam\"? name the column \"image\"")
        );
        assert_eq!(hint("label", &["image", "x"]), None);
    }
}
