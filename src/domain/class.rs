use std::collections::HashMap;
use std::fmt;

/// A class by its index in the project's class list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub u32);

impl fmt::Display for ClassIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A label that an image can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Unique number, as prediction matrices and exports use it.
    pub index: ClassIndex,
    /// WordNet id such as `n03832673`, where the class has one.
    pub wnid: Option<String>,
    /// All names joined by ", ", the commonest first; never empty.
    pub name: String,
    /// What the class means, where known.
    pub gloss: Option<String>,
}

impl Class {
    /// The first name: "notebook" of "notebook, notebook computer".
    pub fn short_name(&self) -> &str {
        self.name.split(", ").next().unwrap_or(&self.name)
    }
}

/// Why a list of classes is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClassError {
    /// Two classes share an index.
    #[error("duplicate class index {index}: {first:?} and {second:?}")]
    DuplicateIndex {
        /// The index that stands twice.
        index: ClassIndex,
        /// Name of the class that came first.
        first: String,
        /// Name of the class that came second.
        second: String,
    },
    /// Two classes share a WordNet id.
    #[error("duplicate WordNet id {wnid}: classes {first} and {second}")]
    DuplicateWnid {
        /// The id that stands twice.
        wnid: String,
        /// The class that came first.
        first: ClassIndex,
        /// The class that came second.
        second: ClassIndex,
    },
    /// A class has no name.
    #[error("class {0} has no name")]
    NoName(ClassIndex),
    /// There is no class at all.
    #[error("there is no class")]
    Empty,
}

/// Why a text does not name a class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindClassError {
    /// No class has this index, WordNet id or name.
    #[error("unknown class {text:?}")]
    Unknown {
        /// What was looked for.
        text: String,
    },
    /// Several classes share the name.
    #[error("class name {text:?} is ambiguous: {}", candidates.iter().map(|(i, n)| format!("{i} ({n})")).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// What was looked for.
        text: String,
        /// Index and full name of each class that has the name.
        candidates: Vec<(ClassIndex, String)>,
    },
}

/// The classes of a project, found by index, WordNet id or name.
#[derive(Debug, Clone)]
pub struct Classes {
    /// Ascending by index.
    list: Vec<Class>,
    by_index: HashMap<ClassIndex, usize>,
    by_wnid: HashMap<String, usize>,
    /// Lower-case names, each alone and all of a class together.
    by_name: HashMap<String, Vec<usize>>,
}

impl Classes {
    /// Checks a list of classes and builds the look-ups.
    ///
    /// # Errors
    /// An index or a WordNet id stands twice, a class has no name, or there is none.
    pub fn new(mut list: Vec<Class>) -> Result<Self, ClassError> {
        if list.is_empty() {
            return Err(ClassError::Empty);
        }
        list.sort_by_key(|class| class.index);
        let mut by_index: HashMap<ClassIndex, usize> = HashMap::with_capacity(list.len());
        let mut by_wnid: HashMap<String, usize> = HashMap::new();
        let mut by_name: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, class) in list.iter().enumerate() {
            if class.name.trim().is_empty() {
                return Err(ClassError::NoName(class.index));
            }
            if let Some(first) = by_index.insert(class.index, at) {
                return Err(ClassError::DuplicateIndex {
                    index: class.index,
                    first: list.get(first).map_or_else(String::new, |c| c.name.clone()),
                    second: class.name.clone(),
                });
            }
            if let Some(wnid) = &class.wnid
                && let Some(first) = by_wnid.insert(wnid.clone(), at)
            {
                return Err(ClassError::DuplicateWnid {
                    wnid: wnid.clone(),
                    first: list.get(first).map_or(class.index, |c| c.index),
                    second: class.index,
                });
            }
            let whole = class.name.to_lowercase();
            let mut names: Vec<&str> = whole.split(", ").collect();
            names.push(&whole);
            names.sort_unstable();
            names.dedup();
            for name in names {
                by_name.entry(name.to_owned()).or_default().push(at);
            }
        }
        Ok(Classes {
            list,
            by_index,
            by_wnid,
            by_name,
        })
    }

    /// The class with this index.
    pub fn get(&self, index: ClassIndex) -> Option<&Class> {
        self.list.get(*self.by_index.get(&index)?)
    }

    /// The name to show for an index; the number itself where there is no such class.
    pub fn name_of(&self, index: ClassIndex) -> String {
        self.get(index)
            .map_or_else(|| index.to_string(), |class| class.name.clone())
    }

    /// The class that a text names: by index, WordNet id or name (case does not matter; a single
    /// name, or all names of a class as one text).
    ///
    /// # Errors
    /// No class, or more than one, answers to it.
    pub fn find(&self, text: &str) -> Result<&Class, FindClassError> {
        let text = text.trim();
        let unknown = || FindClassError::Unknown {
            text: text.to_owned(),
        };
        if let Ok(index) = text.parse::<u32>()
            && let Some(class) = self.get(ClassIndex(index))
        {
            return Ok(class);
        }
        if let Some(class) = self.by_wnid.get(text).and_then(|&at| self.list.get(at)) {
            return Ok(class);
        }
        let found = self
            .by_name
            .get(&text.to_lowercase().replace('_', " "))
            .or_else(|| self.by_name.get(&text.to_lowercase()))
            .ok_or_else(unknown)?;
        let mut candidates = found.iter().filter_map(|&at| self.list.get(at));
        match (candidates.next(), found.len()) {
            (Some(class), 1) => Ok(class),
            (Some(_), _) => Err(FindClassError::Ambiguous {
                text: text.to_owned(),
                candidates: found
                    .iter()
                    .filter_map(|&at| self.list.get(at))
                    .map(|class| (class.index, class.name.clone()))
                    .collect(),
            }),
            (None, _) => Err(unknown()),
        }
    }

    /// All single names with their class, for "did you mean" and search.
    pub fn names(&self) -> impl Iterator<Item = (&str, &Class)> {
        self.list
            .iter()
            .flat_map(|class| class.name.split(", ").map(move |name| (name, class)))
    }

    /// The classes in the order of their index.
    pub fn iter(&self) -> std::slice::Iter<'_, Class> {
        self.list.iter()
    }

    /// How many classes there are; at least one.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Never: an empty list is refused.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(index: u32, wnid: Option<&str>, name: &str) -> Class {
        Class {
            index: ClassIndex(index),
            wnid: wnid.map(str::to_owned),
            name: name.to_owned(),
            gloss: None,
        }
    }

    fn some() -> Classes {
        Classes::new(vec![
            class(681, Some("n03832673"), "notebook, notebook computer"),
            class(134, Some("n02012849"), "crane"),
            class(517, Some("n03126707"), "crane"),
        ])
        .unwrap()
    }

    #[test]
    fn a_class_is_found_by_index_wordnet_id_and_any_name() {
        let classes = some();
        for text in [
            "681",
            "n03832673",
            "notebook",
            "Notebook Computer",
            "notebook_computer",
            "notebook, notebook computer",
        ] {
            assert_eq!(
                classes.find(text).unwrap().index,
                ClassIndex(681),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_shared_name_is_refused_with_its_candidates() {
        let error = some().find("crane").unwrap_err();
        assert_eq!(
            error.to_string(),
            "class name \"crane\" is ambiguous: 134 (crane) or 517 (crane)"
        );
    }

    #[test]
    fn doubles_and_blanks_are_refused() {
        let twice = Classes::new(vec![class(1, None, "a"), class(1, None, "b")]).unwrap_err();
        assert_eq!(
            twice.to_string(),
            "duplicate class index 1: \"a\" and \"b\""
        );
        let wnid = Classes::new(vec![class(1, Some("n1"), "a"), class(2, Some("n1"), "b")]);
        assert_eq!(
            wnid.unwrap_err().to_string(),
            "duplicate WordNet id n1: classes 1 and 2"
        );
        assert_eq!(
            Classes::new(vec![class(3, None, " ")]).unwrap_err(),
            ClassError::NoName(ClassIndex(3))
        );
        assert_eq!(Classes::new(vec![]).unwrap_err(), ClassError::Empty);
    }
}
