#![allow(
    clippy::indexing_slicing,
    reason = "node and class positions are made here and stay within the tables; what comes from outside goes through get"
)]

use std::collections::{HashMap, HashSet};

use super::cycle::find_cycle;
use super::headings::{OTHER, large_enough, nearest};
use super::nodes::NodeTexts;
use super::{HierarchyError, Row};
use crate::domain::{ClassIndex, Classes};

/// A hypernym edge: `child` is a kind of `parent`.
///
/// Both are node ids or texts that name a class (see [`Hierarchy::new`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The narrower node.
    pub child: String,
    /// The wider node.
    pub parent: String,
    /// Which of the child's parents this is; the smallest leads along the path. Equal ranks
    /// count in the order of the edges.
    pub rank: u32,
    /// Row of the edge in its file, for messages.
    pub row: Option<u64>,
}

/// The name of a node, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeName {
    /// Node id.
    pub id: String,
    /// All names joined by ", ", the commonest first.
    pub name: String,
}

/// A heading: plain words for everything below a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadingRow {
    /// Node id, or a text that names a class.
    pub node: String,
    /// What raters read; several nodes may share it.
    pub title: String,
    /// Row of the heading in its file, for messages.
    pub row: Option<u64>,
}

/// A node of one [`Hierarchy`]. The order is that of the node ids as texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// The hypernym graph over the classes: a directed graph without cycles, in which every class is
/// a node and a node may have several parents.
#[derive(Debug, Clone)]
pub struct Hierarchy {
    /// Ids in ascending order; a node is a position here.
    ids: Vec<String>,
    /// The first name of every node.
    names: Vec<String>,
    /// The classes at or below every node, ascending.
    below: Vec<Vec<ClassIndex>>,
    /// Ascending; what follows has an entry a class, in this order.
    classes: Vec<ClassIndex>,
    class_nodes: Vec<NodeId>,
    /// Root to class.
    paths: Vec<Vec<NodeId>>,
    tree_ranks: Vec<u32>,
    headings: Vec<String>,
}

/// The edges between numbered nodes.
struct Graph {
    ids: Vec<String>,
    /// Parents of every node, by rank.
    parents: Vec<Vec<u32>>,
    class_nodes: Vec<u32>,
}

impl Hierarchy {
    /// Checks edges, names and headings, and works out paths, order and headings of all classes.
    ///
    /// A class is a node by its WordNet id, else by its name, else (where classes without WordNet
    /// id share a name) by its index; edges and headings may also name it by its full name, one of
    /// its names or its index. Any other text is a node of its own. A class without an edge stands
    /// alone, after the others.
    ///
    /// A parent that is no class and never a child is a root. Where `names` is not empty, it must
    /// be named there, otherwise it is unknown.
    ///
    /// `headings` empty: a class stands under the nearest node with at least max(3, 1 % of the
    /// classes) classes below it, but never the one root.
    ///
    /// # Errors
    /// An unknown child or parent, a text that names several classes, an edge from a node to
    /// itself, an edge given twice, a cycle, a heading of an unknown node, or two of one node.
    pub fn new(
        classes: &Classes,
        edges: Vec<Edge>,
        names: Vec<NodeName>,
        headings: Vec<HeadingRow>,
    ) -> Result<Self, HierarchyError> {
        let named: HashSet<String> = names.iter().map(|name| name.id.clone()).collect();
        let texts = NodeTexts::new(classes, named);
        let graph = connect(&texts, &edges, &names)?;
        if let Some(cycle) = find_cycle(&graph.parents) {
            return Err(cycle_error(&texts, &graph, &edges, &cycle));
        }
        let indices: Vec<ClassIndex> = classes.iter().map(|class| class.index).collect();
        let paths: Vec<Vec<NodeId>> = graph
            .class_nodes
            .iter()
            .map(|&node| path_of(&graph.parents, node))
            .collect();
        let below = classes_at_or_below(&graph, &indices);
        let names = first_names(&graph, classes, names);
        let headings = class_headings(&texts, &graph, &names, &below, &headings)?;
        Ok(Hierarchy {
            tree_ranks: tree_ranks(&graph, &paths),
            class_nodes: graph.class_nodes.iter().map(|&node| NodeId(node)).collect(),
            ids: graph.ids,
            classes: indices,
            names,
            below,
            paths,
            headings,
        })
    }

    /// The node with this id.
    pub fn find_node(&self, id: &str) -> Option<NodeId> {
        let at = self.ids.binary_search_by(|known| known.as_str().cmp(id));
        Some(NodeId(u32::try_from(at.ok()?).ok()?))
    }

    /// All nodes, by their ids.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        (0..self.ids.len()).filter_map(|at| Some(NodeId(u32::try_from(at).ok()?)))
    }

    /// The node of a class.
    pub fn class_node(&self, class: ClassIndex) -> Option<NodeId> {
        Some(self.class_nodes[self.position(class)?])
    }

    /// The id of a node: a WordNet id, or the text that stands for it in the edges.
    pub fn id_of(&self, node: NodeId) -> &str {
        self.ids.get(node.0 as usize).map_or("", String::as_str)
    }

    /// The first name of a node; its id where it has no name.
    pub fn name_of(&self, node: NodeId) -> &str {
        self.names.get(node.0 as usize).map_or("", String::as_str)
    }

    /// The nodes from a root to the class, climbing by every node's first hypernym. Empty for a
    /// class that is not in the list.
    pub fn path(&self, class: ClassIndex) -> &[NodeId] {
        self.position(class).map_or(&[], |at| &self.paths[at])
    }

    /// The place of the class in tree order (the lexicographic order of the paths), from 0.
    /// Classes without an edge come last, in class order; a class that is not in the list after
    /// all others.
    pub fn tree_rank(&self, class: ClassIndex) -> u32 {
        self.position(class)
            .map_or(u32::MAX, |at| self.tree_ranks[at])
    }

    /// Under which heading the class stands: plain words; "other" where it has none.
    pub fn heading_of(&self, class: ClassIndex) -> &str {
        self.position(class).map_or(OTHER, |at| &self.headings[at])
    }

    /// Where the class stands among the kinds of things: up to three nodes above it on its path,
    /// the nearest first, such as "computer › machine › device". Empty at a root.
    pub fn ancestors_line(&self, class: ClassIndex) -> String {
        let above = self.path(class).iter().rev().skip(1).take(3);
        let names: Vec<&str> = above.map(|&node| self.name_of(node)).collect();
        names.join(" › ")
    }

    /// Whether the class is the node itself or below it, over all hypernyms.
    pub fn is_below(&self, class: ClassIndex, node: NodeId) -> bool {
        self.classes_below(node).binary_search(&class).is_ok()
    }

    /// The classes that are the node itself or below it, over all hypernyms, ascending.
    pub fn classes_below(&self, node: NodeId) -> &[ClassIndex] {
        self.below.get(node.0 as usize).map_or(&[], Vec::as_slice)
    }

    fn position(&self, class: ClassIndex) -> Option<usize> {
        let at = class.0 as usize;
        if self.classes.get(at) == Some(&class) {
            return Some(at);
        }
        self.classes.binary_search(&class).ok()
    }
}

/// Numbers the nodes in the order of their ids and ties them by the edges.
fn connect(texts: &NodeTexts, edges: &[Edge], names: &[NodeName]) -> Result<Graph, HierarchyError> {
    let mut resolved: Vec<(&str, &str)> = Vec::with_capacity(edges.len());
    for edge in edges {
        let row = Row(edge.row);
        resolved.push((texts.id(&edge.child, row)?, texts.id(&edge.parent, row)?));
    }
    check_known(texts, edges, names, &resolved)?;

    let mut ids: Vec<&str> = texts.class_ids().iter().map(String::as_str).collect();
    ids.extend(resolved.iter().flat_map(|&(child, parent)| [child, parent]));
    ids.sort_unstable();
    ids.dedup();
    let number: HashMap<&str, u32> = ids.iter().copied().zip(0..).collect();

    let mut first_rows: HashMap<(u32, u32), Row> = HashMap::with_capacity(edges.len());
    let mut ranked: Vec<Vec<(u32, u32)>> = vec![Vec::new(); ids.len()];
    for (edge, (child, parent)) in edges.iter().zip(resolved) {
        let (row, from, to) = (Row(edge.row), number[child], number[parent]);
        let (child, parent) = (edge.child.clone(), edge.parent.clone());
        if from == to {
            return Err(HierarchyError::SelfEdge { row, child, parent });
        }
        if let Some(first) = first_rows.insert((from, to), row) {
            return Err(HierarchyError::DuplicateEdge {
                row,
                first,
                child,
                parent,
            });
        }
        ranked[from as usize].push((edge.rank, to));
    }
    let by_rank = |mut parents: Vec<(u32, u32)>| {
        parents.sort_by_key(|&(rank, _)| rank);
        parents.into_iter().map(|(_, parent)| parent).collect()
    };
    Ok(Graph {
        parents: ranked.into_iter().map(by_rank).collect(),
        class_nodes: texts
            .class_ids()
            .iter()
            .map(|id| number[id.as_str()])
            .collect(),
        ids: ids.into_iter().map(str::to_owned).collect(),
    })
}

/// Refuses edges that lead from or to nowhere.
fn check_known(
    texts: &NodeTexts,
    edges: &[Edge],
    names: &[NodeName],
    resolved: &[(&str, &str)],
) -> Result<(), HierarchyError> {
    let classes: HashSet<&str> = texts.class_ids().iter().map(String::as_str).collect();
    let parents: HashSet<&str> = resolved.iter().map(|&(_, parent)| parent).collect();
    let children: HashSet<&str> = resolved.iter().map(|&(child, _)| child).collect();
    let named: HashSet<&str> = names.iter().map(|name| name.id.as_str()).collect();
    for (edge, &(child, parent)) in edges.iter().zip(resolved) {
        if !classes.contains(child) && !parents.contains(child) {
            return Err(HierarchyError::UnknownChild {
                row: Row(edge.row),
                child: edge.child.clone(),
            });
        }
        let known = classes.contains(parent) || children.contains(parent) || named.contains(parent);
        if !names.is_empty() && !known {
            return Err(HierarchyError::UnknownParent {
                row: Row(edge.row),
                parent: edge.parent.clone(),
            });
        }
    }
    Ok(())
}

/// Names the nodes of a cycle and the last row that belongs to it.
fn cycle_error(texts: &NodeTexts, graph: &Graph, edges: &[Edge], cycle: &[u32]) -> HierarchyError {
    let nodes: Vec<String> = cycle
        .iter()
        .map(|&node| graph.ids[node as usize].clone())
        .collect();
    let steps: HashSet<(&str, &str)> = nodes
        .iter()
        .zip(nodes.iter().cycle().skip(1))
        .map(|(child, parent)| (child.as_str(), parent.as_str()))
        .collect();
    let is_step = |edge: &&Edge| {
        let ends = (
            texts.id(&edge.child, Row(None)),
            texts.id(&edge.parent, Row(None)),
        );
        matches!(ends, (Ok(child), Ok(parent)) if steps.contains(&(child, parent)))
    };
    let row = edges.iter().filter(is_step).filter_map(|edge| edge.row);
    HierarchyError::Cycle {
        row: Row(row.max()),
        nodes,
    }
}

/// Root to node, climbing by the first parent.
fn path_of(parents: &[Vec<u32>], node: u32) -> Vec<NodeId> {
    let first_parent = |&node: &u32| parents[node as usize].first().copied();
    let mut path: Vec<NodeId> = std::iter::successors(Some(node), first_parent)
        .map(NodeId)
        .collect();
    path.reverse();
    path
}

/// The classes at or below every node, over all parents.
fn classes_at_or_below(graph: &Graph, indices: &[ClassIndex]) -> Vec<Vec<ClassIndex>> {
    let mut below: Vec<Vec<ClassIndex>> = vec![Vec::new(); graph.parents.len()];
    for (&node, &class) in graph.class_nodes.iter().zip(indices) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            // Classes are added in ascending order: the class itself can only stand last.
            let classes = &mut below[node as usize];
            if classes.last() != Some(&class) {
                classes.push(class);
                open.extend(&graph.parents[node as usize]);
            }
        }
    }
    below
}

/// The first name of every node: as given, else the class's, else the id.
fn first_names(graph: &Graph, classes: &Classes, names: Vec<NodeName>) -> Vec<String> {
    let mut first: Vec<String> = graph.ids.clone();
    for (&node, class) in graph.class_nodes.iter().zip(classes.iter()) {
        first[node as usize] = class.short_name().to_owned();
    }
    for NodeName { id, name } in names {
        let known = graph.ids.binary_search(&id);
        if let (Ok(node), Some(name)) = (known, name.split(", ").next()) {
            first[node] = name.to_owned();
        }
    }
    first
}

/// The place of every class in tree order.
fn tree_ranks(graph: &Graph, paths: &[Vec<NodeId>]) -> Vec<u32> {
    let mut is_parent = vec![false; graph.parents.len()];
    for &parent in graph.parents.iter().flatten() {
        is_parent[parent as usize] = true;
    }
    let key = |at: usize| {
        let node = graph.class_nodes[at] as usize;
        let alone = graph.parents[node].is_empty() && !is_parent[node];
        let path: &[NodeId] = if alone { &[] } else { &paths[at] };
        (alone, path, at)
    };
    let mut order: Vec<usize> = (0..paths.len()).collect();
    order.sort_unstable_by(|&a, &b| key(a).cmp(&key(b)));
    let mut ranks = vec![0; paths.len()];
    for (at, rank) in order.into_iter().zip(0..) {
        ranks[at] = rank;
    }
    ranks
}

/// The heading of every class.
fn class_headings(
    texts: &NodeTexts,
    graph: &Graph,
    names: &[String],
    below: &[Vec<ClassIndex>],
    headings: &[HeadingRow],
) -> Result<Vec<String>, HierarchyError> {
    let n_below: Vec<usize> = below.iter().map(Vec::len).collect();
    let mut titles: HashMap<u32, &str> = HashMap::new();
    for heading in headings {
        let row = Row(heading.row);
        let id = texts.id(&heading.node, row)?;
        let node = graph.ids.binary_search_by(|known| known.as_str().cmp(id));
        let Some(node) = node.ok().and_then(|at| u32::try_from(at).ok()) else {
            return Err(HierarchyError::UnknownHeadingNode {
                row,
                node: heading.node.clone(),
                title: heading.title.clone(),
            });
        };
        if let Some(first) = titles.insert(node, &heading.title) {
            return Err(HierarchyError::DuplicateHeading {
                row,
                node: heading.node.clone(),
                first: first.to_owned(),
                second: heading.title.clone(),
            });
        }
    }
    let is_large = large_enough(&graph.parents, &n_below, graph.class_nodes.len());
    let may_be = |node: u32| {
        if headings.is_empty() {
            is_large(node)
        } else {
            titles.contains_key(&node)
        }
    };
    let title_of = |&class: &u32| {
        let node = nearest(class, &graph.parents, &n_below, may_be);
        node.map_or(OTHER, |node| {
            titles.get(&node).copied().unwrap_or(&names[node as usize])
        })
        .to_owned()
    };
    Ok(graph.class_nodes.iter().map(title_of).collect())
}
