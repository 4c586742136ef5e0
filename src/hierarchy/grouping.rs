use super::{Hierarchy, NodeId};
use crate::domain::{ClassIndex, Heading, TaskLayout};

/// How labels are grouped into tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupingRule {
    /// Most labels of a task; 0 counts as 1.
    pub max: usize,
    /// A part of the tree with at least so many labels may be a task of its own; a task with
    /// fewer is joined to another where it fits.
    pub min: usize,
    /// The labels at or below each of these nodes stay in one task, even if they are more than
    /// `max`. Nodes that share a label of the image share the task.
    pub keep_together: Vec<NodeId>,
}

impl Default for GroupingRule {
    fn default() -> Self {
        GroupingRule {
            max: 8,
            min: 3,
            keep_together: Vec::new(),
        }
    }
}

/// A label on its way into a task. The order is tree order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Label<'a> {
    tree_rank: u32,
    class: ClassIndex,
    path: &'a [NodeId],
}

/// Labels in tree order.
type Part<'a> = Vec<Label<'a>>;

/// Groups the labels of one image into tasks.
///
/// The labels may come in any order and more than once. Up to `max` labels make one task; more
/// are cut along the hierarchy, so that what looks alike is asked together. Every label stands in
/// exactly one task; tasks and the labels within stand in tree order. The same labels always give
/// the same tasks.
pub fn group(labels: &[ClassIndex], hierarchy: &Hierarchy, rule: &GroupingRule) -> Vec<TaskLayout> {
    let mut labels: Part = labels
        .iter()
        .map(|&class| Label {
            tree_rank: hierarchy.tree_rank(class),
            class,
            path: hierarchy.path(class),
        })
        .collect();
    labels.sort_unstable();
    labels.dedup();
    if labels.is_empty() {
        return Vec::new();
    }
    let max = rule.max.max(1);
    let tasks = if labels.len() <= max {
        vec![labels]
    } else {
        let (mut tasks, rest) = set_kept_aside(labels, hierarchy, &rule.keep_together);
        cut_by_tree(&rest, max, rule.min, &mut tasks);
        join_small(tasks, max, rule.min)
    };
    tasks.iter().map(|task| layout(task, hierarchy)).collect()
}

/// The sets of labels that must stay together, and the labels that are left.
fn set_kept_aside<'a>(
    labels: Part<'a>,
    hierarchy: &Hierarchy,
    keep_together: &[NodeId],
) -> (Vec<Part<'a>>, Part<'a>) {
    let mut kept: Vec<Part<'a>> = Vec::new();
    for &node in keep_together {
        let mut set: Part = labels
            .iter()
            .copied()
            .filter(|label| hierarchy.is_below(label.class, node))
            .collect();
        kept.retain(|other| {
            let overlaps = other.iter().any(|label| set.contains(label));
            if overlaps {
                set.extend(other);
            }
            !overlaps
        });
        set.sort_unstable();
        set.dedup();
        kept.push(set);
    }
    // A single label is together with itself wherever it goes.
    kept.retain(|set| set.len() > 1);
    let mut rest = labels;
    rest.retain(|label| !kept.iter().any(|set| set.contains(label)));
    (kept, rest)
}

/// How many nodes two paths share from the root.
fn shared_depth(a: &[NodeId], b: &[NodeId]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Cuts labels (in tree order) along the tree into tasks of at most `max`.
///
/// Branches are met from the deepest up. In tree order, a label branches off from the one before
/// it at the depth that their paths share, so the branches that are still open form a stack of
/// growing depth, and no depth of hierarchy is too deep.
fn cut_by_tree<'a>(labels: &[Label<'a>], max: usize, min: usize, tasks: &mut Vec<Part<'a>>) {
    let mut branches: Vec<(usize, Vec<Part<'a>>)> = Vec::new();
    let mut open: Option<(Label<'a>, Part<'a>)> = None;
    for &label in labels {
        if let Some((before, mut part)) = open.take() {
            let depth = shared_depth(before.path, label.path);
            while let Some((_, mut parts)) = branches.pop_if(|(deeper, _)| *deeper > depth) {
                parts.push(part);
                part = join_or_close(parts, max, min, tasks);
            }
            match branches.last_mut() {
                Some((same, parts)) if *same == depth => parts.push(part),
                _ => branches.push((depth, vec![part])),
            }
        }
        open = Some((label, vec![label]));
    }
    let Some((_, mut part)) = open else {
        return;
    };
    while let Some((_, mut parts)) = branches.pop() {
        parts.push(part);
        part = join_or_close(parts, max, min, tasks);
    }
    tasks.push(part);
}

/// At one branch of the tree: joins the parts if they fit into one task, else closes tasks until
/// what is left does. Returns the part that stays open.
fn join_or_close<'a>(
    mut parts: Vec<Part<'a>>,
    max: usize,
    min: usize,
    tasks: &mut Vec<Part<'a>>,
) -> Part<'a> {
    let mut left: usize = parts.iter().map(Vec::len).sum();
    if left > max {
        // Smallest first, so that the largest can be taken from the end.
        parts.sort_by(|a, b| {
            a.len()
                .cmp(&b.len())
                .then_with(|| b.first().cmp(&a.first()))
        });
        while left > max
            && let Some(part) = parts.pop_if(|part| part.len() >= min)
        {
            left -= part.len();
            tasks.push(part);
        }
    }
    let mut rest: Part = parts.concat();
    rest.sort_unstable();
    if left <= max {
        return rest;
    }
    let n_runs = left.div_ceil(max);
    let mut start = 0;
    for run in 1..n_runs {
        let end = left * run / n_runs;
        tasks.push(rest.drain(..end - start).collect());
        start = end;
    }
    rest
}

/// Joins tasks with fewer than `min` labels to their nearest kin, where both fit into one.
fn join_small(mut tasks: Vec<Part<'_>>, max: usize, min: usize) -> Vec<Part<'_>> {
    loop {
        tasks.sort_unstable();
        let joint =
            (0..tasks.len()).find_map(|small| Some((small, partner(&tasks, small, max, min)?)));
        let Some((small, other)) = joint else {
            return tasks;
        };
        let moved = tasks.get_mut(small).map(std::mem::take).unwrap_or_default();
        if let Some(task) = tasks.get_mut(other) {
            task.extend(moved);
            task.sort_unstable();
        }
        tasks.remove(small);
    }
}

/// The task that a small one is joined to: with the deepest common ancestor, then the smaller,
/// then the earlier. None if it is not small, or fits nowhere.
fn partner(tasks: &[Part], small: usize, max: usize, min: usize) -> Option<usize> {
    let labels = tasks.get(small).filter(|task| task.len() < min)?;
    let fits = |(at, task): &(usize, &Part)| *at != small && task.len() + labels.len() <= max;
    let kinship = |task: &Part| {
        let pairs = labels
            .iter()
            .flat_map(|a| task.iter().map(move |b| shared_depth(a.path, b.path)));
        pairs.max()
    };
    tasks
        .iter()
        .enumerate()
        .filter(fits)
        .min_by_key(|&(at, task)| (std::cmp::Reverse(kinship(task)), task.len(), at))
        .map(|(at, _)| at)
}

/// Puts the labels of a task under their headings, in the order of each heading's first label.
fn layout(task: &[Label], hierarchy: &Hierarchy) -> TaskLayout {
    let mut headings: Vec<Heading> = Vec::new();
    for label in task {
        let title = hierarchy.heading_of(label.class);
        match headings.iter_mut().find(|heading| heading.title == title) {
            Some(heading) => heading.labels.push(label.class),
            None => headings.push(Heading {
                title: title.to_owned(),
                labels: vec![label.class],
            }),
        }
    }
    TaskLayout { headings }
}
