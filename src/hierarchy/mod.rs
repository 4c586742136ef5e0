//! The hypernym graph over the classes: paths, headings, and the grouping of an image's labels
//! into tasks.
//!
//! Imports `domain` alone. Pure: plain records go in, values come out.

mod cycle;
mod error;
mod graph;
mod grouping;
mod headings;
mod nodes;
#[cfg(test)]
mod tests;

pub use error::{HierarchyError, Row};
pub use graph::{Edge, HeadingRow, Hierarchy, NodeId, NodeName};
pub use grouping::{GroupingRule, group};
pub use headings::OTHER;
