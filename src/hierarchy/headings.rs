//! Under which heading a class stands.
#![allow(
    clippy::indexing_slicing,
    reason = "node numbers are positions in the tables that are walked"
)]

/// The heading of a class that has none on its way up.
pub const OTHER: &str = "other";

/// The nearest node that may be a heading, breadth-first upwards from `start` (itself included)
/// over all its parents; within a level the one with the fewest classes below it, then the
/// smaller id.
///
/// `parents` and `n_below` hold the parents of node i and the number of classes at or below it.
pub(super) fn nearest(
    start: u32,
    parents: &[Vec<u32>],
    n_below: &[usize],
    may_be: impl Fn(u32) -> bool,
) -> Option<u32> {
    let mut level = vec![start];
    let mut seen = level.clone();
    while !level.is_empty() {
        let found = level.iter().copied().filter(|&node| may_be(node));
        if let Some(best) = found.min_by_key(|&node| (n_below[node as usize], node)) {
            return Some(best);
        }
        let mut above: Vec<u32> = Vec::new();
        for &parent in level.iter().flat_map(|&node| &parents[node as usize]) {
            if !seen.contains(&parent) {
                seen.push(parent);
                above.push(parent);
            }
        }
        level = above;
    }
    None
}

/// Which nodes are headings where no headings are given: those with at least max(3, 1 % of the
/// classes) classes below them. The root is none of them (it would say nothing); where there
/// are several roots, each is a group like any other.
pub(super) fn large_enough(
    parents: &[Vec<u32>],
    n_below: &[usize],
    n_classes: usize,
) -> impl Fn(u32) -> bool {
    let mut has_children = vec![false; parents.len()];
    for &parent in parents.iter().flatten() {
        has_children[parent as usize] = true;
    }
    let is_root = |node: usize| parents[node].is_empty() && has_children[node];
    let roots: Vec<usize> = (0..parents.len()).filter(|&node| is_root(node)).collect();
    let least = n_classes.div_ceil(100).max(3);
    move |node| n_below[node as usize] >= least && roots != [node as usize]
}
