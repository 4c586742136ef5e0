use super::ClassIndex;

/// A heading of a task with the labels that stand under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Plain words for a subtree of the hierarchy, such as "dog"; "other" where there is none.
    pub title: String,
    /// Labels in tree order.
    pub labels: Vec<ClassIndex>,
}

/// What one screen asks about an image: headings in the order of their first label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskLayout {
    /// At least one heading; no label stands twice.
    pub headings: Vec<Heading>,
}

impl TaskLayout {
    /// The labels from top to bottom of the screen.
    pub fn labels(&self) -> impl Iterator<Item = ClassIndex> + '_ {
        self.headings.iter().flat_map(|h| h.labels.iter().copied())
    }
}
