//! Which texts mean which node.

use std::collections::{HashMap, HashSet};

use super::{HierarchyError, Row};
use crate::domain::{Class, ClassIndex, Classes};

/// The node id of every class, in class order: its WordNet id, else its name, else (where another
/// class has that already) its index.
fn class_ids(classes: &Classes) -> Vec<String> {
    let mut taken: HashSet<&str> = classes.iter().filter_map(|c| c.wnid.as_deref()).collect();
    let mut shared: HashSet<&str> = HashSet::new();
    for class in classes.iter().filter(|class| class.wnid.is_none()) {
        if !taken.insert(&class.name) {
            shared.insert(&class.name);
        }
    }
    let mut made: HashSet<String> = HashSet::new();
    let mut id_of = |class: &Class| match &class.wnid {
        Some(wnid) => wnid.clone(),
        None if !shared.contains(class.name.as_str()) => class.name.clone(),
        None => {
            let mut id = class.index.to_string();
            while taken.contains(id.as_str()) || !made.insert(id.clone()) {
                id.insert(0, '#');
            }
            id
        }
    };
    classes.iter().map(&mut id_of).collect()
}

/// Turns the texts of edges and headings into node ids.
///
/// A text means, in this order: the node with that id (a class or a named node), the class with
/// that full name, the class that has it among its names, the class with that index, and else a
/// node of its own. Case counts: a group "Crane" may stand beside a class "crane".
pub(super) struct NodeTexts {
    ids: Vec<String>,
    indices: Vec<ClassIndex>,
    /// Class position by id.
    by_id: HashMap<String, usize>,
    /// How good a match the text is (0 full name, 1 single name, 2 index) and whose it is.
    by_alias: HashMap<String, (u8, Vec<usize>)>,
    /// Ids that are given names: never taken for the name of a class.
    named: HashSet<String>,
}

impl NodeTexts {
    pub(super) fn new(classes: &Classes, named: HashSet<String>) -> Self {
        let ids = class_ids(classes);
        let mut by_alias: HashMap<String, (u8, Vec<usize>)> = HashMap::new();
        let mut add = |text: &str, grade: u8, at: usize| {
            let (best, found) = by_alias
                .entry(text.to_owned())
                .or_insert_with(|| (grade, Vec::new()));
            if *best == grade && !found.contains(&at) {
                found.push(at);
            }
        };
        for (at, class) in classes.iter().enumerate() {
            add(&class.name, 0, at);
        }
        for (at, class) in classes.iter().enumerate() {
            for name in class.name.split(", ") {
                add(name, 1, at);
            }
        }
        for (at, class) in classes.iter().enumerate() {
            add(&class.index.to_string(), 2, at);
        }
        NodeTexts {
            by_id: ids.iter().cloned().zip(0..).collect(),
            indices: classes.iter().map(|class| class.index).collect(),
            ids,
            by_alias,
            named,
        }
    }

    /// Ids of the classes, in class order.
    pub(super) fn class_ids(&self) -> &[String] {
        &self.ids
    }

    /// The id that the text means; the text itself where it is no class.
    pub(super) fn id<'a>(&'a self, text: &'a str, row: Row) -> Result<&'a str, HierarchyError> {
        if self.by_id.contains_key(text) || self.named.contains(text) {
            return Ok(text);
        }
        match self.by_alias.get(text).map(|(_, found)| found.as_slice()) {
            None | Some([]) => Ok(text),
            Some([at]) => Ok(self.ids.get(*at).map_or(text, String::as_str)),
            Some(several) => Err(HierarchyError::AmbiguousNode {
                row,
                text: text.to_owned(),
                candidates: several
                    .iter()
                    .filter_map(|&at| self.indices.get(at).copied())
                    .collect(),
            }),
        }
    }
}
