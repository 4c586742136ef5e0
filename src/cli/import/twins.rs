//! Pictures that are there under several names.

use std::collections::{HashMap, HashSet};

use crate::domain::{ClassIndex, Classes, ImageId};
use crate::store::KnownFile;
use crate::text::{count, printable};

/// More pairs would bury what else there is to say.
const LISTED: usize = 5;

/// Says which of the images have the very bytes of another, those first whose labels differ.
pub(super) fn twins(
    files: &[KnownFile],
    among: &HashSet<ImageId>,
    labels: &HashMap<ImageId, ClassIndex>,
    classes: &Classes,
) -> Vec<String> {
    let mut first: HashMap<[u8; 32], &KnownFile> = HashMap::new();
    let mut pairs: Vec<(&KnownFile, &KnownFile)> = Vec::new();
    for file in files {
        let Some(sha256) = file.sha256 else { continue };
        match first.get(&sha256) {
            None => {
                first.insert(sha256, file);
            }
            Some(other) if among.contains(&file.id) || among.contains(&other.id) => {
                pairs.push((other, file));
            }
            Some(_) => {}
        }
    }
    if pairs.is_empty() {
        return Vec::new();
    }
    let label = |file: &KnownFile| labels.get(&file.id).copied();
    let differ = |(one, other): &(&KnownFile, &KnownFile)| label(one) != label(other);
    let differing = pairs.iter().filter(|pair| differ(pair)).count();
    pairs.sort_by_key(|pair| !differ(pair));
    let pictures = count(pairs.len(), "image");
    let mut lines = vec![match differing {
        0 => format!("{pictures} with the same bytes as another:"),
        _ => format!("{pictures} with the same bytes as another, {differing} with another label:"),
    }];
    for pair in pairs.iter().take(LISTED) {
        let named = |file: &KnownFile| match (differ(pair), label(file)) {
            (false, _) => printable(&file.name).into_owned(),
            (true, None) => format!("{} (no label)", printable(&file.name)),
            (true, Some(class)) => {
                format!("{} ({})", printable(&file.name), classes.name_of(class))
            }
        };
        lines.push(format!("  {} = {}", named(pair.0), named(pair.1)));
    }
    if let more @ 1.. = pairs.len().saturating_sub(LISTED) {
        lines.push(format!("  … and {more} more"));
    }
    lines
}
