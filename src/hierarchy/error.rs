use std::fmt;

use crate::domain::ClassIndex;

/// Where a record stood in its file, if it came from one; shown as `row 17: ` before a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row(pub Option<u64>);

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |row| write!(f, "row {row}: "))
    }
}

/// Why edges, node names and headings make no hierarchy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HierarchyError {
    /// The child of an edge is neither a class nor the parent of anything, so it leads nowhere.
    #[error("{row}unknown child {child:?}: it is neither a class nor the parent of another node")]
    UnknownChild {
        /// Row of the edge.
        row: Row,
        /// The text that names nothing.
        child: String,
    },
    /// The nodes are named and the parent of an edge is not among them.
    #[error(
        "{row}unknown parent {parent:?}: it is neither a class, nor the child of another node, nor a named root"
    )]
    UnknownParent {
        /// Row of the edge.
        row: Row,
        /// The text that names nothing.
        parent: String,
    },
    /// A text that could mean several classes.
    #[error("{row}{text:?} is the name of several classes: {}", candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
    AmbiguousNode {
        /// Row of the edge or heading.
        row: Row,
        /// The shared name.
        text: String,
        /// The classes that have it.
        candidates: Vec<ClassIndex>,
    },
    /// Child and parent of an edge are one node.
    #[error("{row}{child:?} stands under itself{}", if child == parent { String::new() } else { format!(": {parent:?} is the same class") })]
    SelfEdge {
        /// Row of the edge.
        row: Row,
        /// The child as written.
        child: String,
        /// The parent as written.
        parent: String,
    },
    /// An edge stands twice.
    #[error("{row}duplicate edge: {child:?} already stands under {parent:?}{}", first.0.map_or_else(String::new, |first| format!(" (row {first})")))]
    DuplicateEdge {
        /// Row of the second occurrence.
        row: Row,
        /// Row of the first.
        first: Row,
        /// The child as written the second time.
        child: String,
        /// The parent as written the second time.
        parent: String,
    },
    /// Following parents leads back to where one started.
    #[error("{row}cycle in the hierarchy: {}", cycle_text(nodes))]
    Cycle {
        /// The last row that belongs to the cycle.
        row: Row,
        /// The nodes from child to parent, each once, the smallest id first.
        nodes: Vec<String>,
    },
    /// A heading is given for a node that does not exist.
    #[error("{row}unknown node {node:?} of heading {title:?}: it is not in the hierarchy")]
    UnknownHeadingNode {
        /// Row of the heading.
        row: Row,
        /// The text that names nothing.
        node: String,
        /// The heading that was to stand there.
        title: String,
    },
    /// A node has two headings.
    #[error("{row}duplicate heading of {node:?}: {first:?} and {second:?}")]
    DuplicateHeading {
        /// Row of the second heading.
        row: Row,
        /// The node that has both.
        node: String,
        /// The heading that came first.
        first: String,
        /// The heading that came second.
        second: String,
    },
}

/// `"a" under "b" under "a"`.
fn cycle_text(nodes: &[String]) -> String {
    let quoted: Vec<String> = nodes
        .iter()
        .chain(nodes.first())
        .map(|node| format!("{node:?}"))
        .collect();
    quoted.join(" under ")
}
