use proptest::prelude::*;

use super::*;
use crate::domain::{Class, ClassIndex, Classes, TaskLayout};

fn classes(names: &[&str]) -> Classes {
    let class = |(name, index): (&&str, u32)| Class {
        index: ClassIndex(index),
        wnid: None,
        name: (*name).to_owned(),
        gloss: None,
    };
    Classes::new(names.iter().zip(0..).map(class).collect()).unwrap()
}

/// Edges in the order given; a child's first is its first parent.
fn edges(pairs: &[(&str, &str)]) -> Vec<Edge> {
    let edge = |(&(child, parent), row): (&(&str, &str), u64)| Edge {
        child: child.to_owned(),
        parent: parent.to_owned(),
        rank: 0,
        row: Some(row),
    };
    pairs.iter().zip(2..).map(edge).collect()
}

fn hierarchy(names: &[&str], pairs: &[(&str, &str)]) -> Hierarchy {
    Hierarchy::new(&classes(names), edges(pairs), vec![], vec![]).unwrap()
}

fn refusal(names: &[&str], pairs: &[(&str, &str)]) -> String {
    Hierarchy::new(&classes(names), edges(pairs), vec![], vec![])
        .unwrap_err()
        .to_string()
}

fn named(ids: &[&str]) -> Vec<NodeName> {
    let name = |id: &&str| NodeName {
        id: (*id).to_owned(),
        name: format!("{id}, also called so"),
    };
    ids.iter().map(name).collect()
}

fn heading(node: &str, title: &str, row: u64) -> HeadingRow {
    HeadingRow {
        node: node.to_owned(),
        title: title.to_owned(),
        row: Some(row),
    }
}

fn all(n: u32) -> Vec<ClassIndex> {
    (0..n).map(ClassIndex).collect()
}

/// Every task as the indices of its labels.
fn plain(tasks: &[TaskLayout]) -> Vec<Vec<u32>> {
    let labels = |task: &TaskLayout| task.labels().map(|class| class.0).collect();
    tasks.iter().map(labels).collect()
}

fn rule(max: usize, min: usize) -> GroupingRule {
    GroupingRule {
        max,
        min,
        keep_together: vec![],
    }
}

const PETS: [&str; 4] = ["poodle", "tabby", "goldfish", "cup"];
const PET_EDGES: [(&str, &str); 6] = [
    ("poodle", "dog"),
    ("tabby", "cat"),
    ("dog", "animal"),
    ("cat", "animal"),
    ("goldfish", "animal"),
    ("poodle", "pet"),
];

#[test]
fn the_path_follows_the_first_parent_and_below_follows_all() {
    let pets = hierarchy(&PETS, &PET_EDGES);
    let path = |class| {
        let nodes = pets.path(ClassIndex(class)).iter();
        nodes.map(|&node| pets.id_of(node)).collect::<Vec<_>>()
    };
    assert_eq!(path(0), ["animal", "dog", "poodle"]);
    assert_eq!(path(3), ["cup"]);
    assert_eq!(path(99), [""; 0]);
    let below = |id| pets.classes_below(pets.find_node(id).unwrap());
    assert_eq!(below("animal"), all(3));
    assert_eq!(below("pet"), all(1));
    assert!(pets.is_below(ClassIndex(0), pets.find_node("pet").unwrap()));
    assert!(pets.is_below(ClassIndex(0), pets.class_node(ClassIndex(0)).unwrap()));
    assert!(!pets.is_below(ClassIndex(1), pets.find_node("pet").unwrap()));
    assert_eq!(pets.ancestors_line(ClassIndex(0)), "dog › animal");
    assert_eq!(pets.ancestors_line(ClassIndex(3)), "");
}

#[test]
fn rank_counts_before_the_order_of_the_edges() {
    let mut ranked = edges(&[("poodle", "pet"), ("poodle", "dog")]);
    ranked[0].rank = 1;
    let pets = Hierarchy::new(&classes(&PETS), ranked, vec![], vec![]).unwrap();
    assert_eq!(pets.ancestors_line(ClassIndex(0)), "dog");
}

#[test]
fn tree_order_is_the_order_of_the_paths_and_of_the_classes_without() {
    let pets = hierarchy(&PETS, &PET_EDGES);
    let ranks: Vec<u32> = all(4).iter().map(|&class| pets.tree_rank(class)).collect();
    // animal › cat › tabby, animal › dog › poodle, animal › goldfish, cup
    assert_eq!(ranks, [1, 0, 2, 3]);
    assert_eq!(pets.tree_rank(ClassIndex(9)), u32::MAX);
    let flat = hierarchy(&["z", "a", "m"], &[]);
    let ranks: Vec<u32> = all(3).iter().map(|&class| flat.tree_rank(class)).collect();
    assert_eq!(ranks, [0, 1, 2]);
}

#[test]
fn a_class_is_named_in_edges_by_wordnet_id_name_or_index() {
    let mut list: Vec<Class> = classes(&["tench, Tinca tinca", "crane", "crane"])
        .iter()
        .cloned()
        .collect();
    list[0].wnid = Some("n01440764".to_owned());
    let list = Classes::new(list).unwrap();
    for text in [
        "n01440764",
        "tench, Tinca tinca",
        "tench",
        "Tinca tinca",
        "0",
    ] {
        let found = Hierarchy::new(&list, edges(&[(text, "fish")]), vec![], vec![]).unwrap();
        assert_eq!(found.ancestors_line(ClassIndex(0)), "fish", "{text}");
    }
    // A shared name is nobody's id; the index is.
    let found = Hierarchy::new(&list, edges(&[("2", "machine")]), vec![], vec![]).unwrap();
    assert_eq!(found.ancestors_line(ClassIndex(2)), "machine");
    assert_eq!(found.ancestors_line(ClassIndex(1)), "");
    let shared = Hierarchy::new(&list, edges(&[("crane", "machine")]), vec![], vec![]);
    assert_eq!(
        shared.unwrap_err().to_string(),
        "row 2: \"crane\" is the name of several classes: 1 or 2"
    );
    let itself = Hierarchy::new(&list, edges(&[("tench", "0")]), vec![], vec![]);
    assert_eq!(
        itself.unwrap_err().to_string(),
        "row 2: \"tench\" stands under itself: \"0\" is the same class"
    );
}

#[test]
fn what_makes_no_hierarchy_is_refused_with_row_and_nodes() {
    let cycle = [("a", "x"), ("x", "y"), ("y", "z"), ("z", "x")];
    assert_eq!(
        refusal(&["a"], &cycle),
        "row 5: cycle in the hierarchy: \"x\" under \"y\" under \"z\" under \"x\""
    );
    assert_eq!(
        refusal(&["a"], &[("a", "x"), ("b", "x")]),
        "row 3: unknown child \"b\": it is neither a class nor the parent of another node"
    );
    assert_eq!(
        refusal(&["a"], &[("a", "x"), ("x", "x")]),
        "row 3: \"x\" stands under itself"
    );
    assert_eq!(
        refusal(&["a"], &[("a", "x"), ("a", "y"), ("a", "x")]),
        "row 4: duplicate edge: \"a\" already stands under \"x\" (row 2)"
    );
    let unknown = Hierarchy::new(
        &classes(&["a"]),
        edges(&[("a", "x"), ("x", "thing"), ("a", "thnig")]),
        named(&["thing"]),
        vec![],
    );
    assert_eq!(
        unknown.unwrap_err().to_string(),
        "row 4: unknown parent \"thnig\": it is neither a class, nor the child of another node, nor a named root"
    );
}

#[test]
fn given_headings_win_nearest_first_and_are_checked() {
    let with = |headings| Hierarchy::new(&classes(&PETS), edges(&PET_EDGES), vec![], headings);
    let pets = with(vec![
        heading("animal", "living thing", 2),
        heading("dog", "man's best friend", 3),
        heading("pet", "pet", 4),
        heading("goldfish", "fish", 5),
    ])
    .unwrap();
    let found: Vec<&str> = all(4).iter().map(|&c| pets.heading_of(c)).collect();
    // "dog" and "pet" are equally near and have one class each: the smaller id.
    assert_eq!(
        found,
        ["man's best friend", "living thing", "fish", "other"]
    );
    assert_eq!(
        with(vec![heading("hound", "dog", 2)])
            .unwrap_err()
            .to_string(),
        "row 2: unknown node \"hound\" of heading \"dog\": it is not in the hierarchy"
    );
    assert_eq!(
        with(vec![heading("dog", "a", 2), heading("dog", "b", 3)])
            .unwrap_err()
            .to_string(),
        "row 3: duplicate heading of \"dog\": \"a\" and \"b\""
    );
}

#[test]
fn without_headings_the_nearest_node_with_three_classes_is_one_but_not_the_root() {
    let names = ["a", "b", "c", "d", "e"];
    let groups = [("a", "x"), ("b", "x"), ("c", "x"), ("d", "y")];
    let headings = |pairs: &[(&str, &str)], names_given: Vec<NodeName>| {
        let found = Hierarchy::new(&classes(&names), edges(pairs), names_given, vec![]).unwrap();
        let of = |class: &ClassIndex| found.heading_of(*class).to_owned();
        all(5).iter().map(of).collect::<Vec<_>>()
    };
    let rooted = [&groups[..], &[("x", "root"), ("y", "root")]].concat();
    assert_eq!(headings(&rooted, vec![]), ["x", "x", "x", "other", "other"]);
    // Of several roots each is a group; the first of its names is shown.
    let names_given = named(&["x", "y"]);
    assert_eq!(
        headings(&groups, names_given),
        ["x", "x", "x", "other", "other"]
    );
}

#[test]
fn a_task_is_whole_up_to_max_and_cut_by_the_tree_above() {
    let names = ["a1", "a2", "a3", "b1", "b2", "b3", "c1"];
    let pairs = [
        ("a1", "a"),
        ("a2", "a"),
        ("a3", "a"),
        ("b1", "b"),
        ("b2", "b"),
        ("b3", "b"),
        ("a", "top"),
        ("b", "top"),
        ("c1", "top"),
    ];
    let tree = hierarchy(&names, &pairs);
    assert_eq!(plain(&group(&all(7), &tree, &rule(7, 3))), [all_u32(0..7)]);
    // The larger part closes first, the earlier of two; the rest fits into one task.
    assert_eq!(
        plain(&group(&all(7), &tree, &rule(5, 3))),
        [vec![0, 1, 2], vec![3, 4, 5, 6]]
    );
    // Doubles do not count.
    let doubled = [all(7), all(7)].concat();
    assert_eq!(plain(&group(&doubled, &tree, &rule(7, 3))).len(), 1);
    assert!(group(&[], &tree, &rule(8, 3)).is_empty());
}

fn all_u32(range: std::ops::Range<u32>) -> Vec<u32> {
    range.collect()
}

#[test]
fn without_a_tree_labels_are_cut_into_even_runs() {
    let names: Vec<String> = (0..20).map(|i| format!("c{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let flat = hierarchy(&names, &[]);
    assert_eq!(
        plain(&group(&all(20), &flat, &rule(8, 3))),
        [all_u32(0..6), all_u32(6..13), all_u32(13..20)]
    );
    // Labels that are no classes of the list are grouped too.
    let strangers: Vec<ClassIndex> = (90..100).map(ClassIndex).collect();
    assert_eq!(
        plain(&group(&strangers, &flat, &rule(8, 3))),
        [all_u32(90..95), all_u32(95..100)]
    );
}

#[test]
fn labels_kept_together_stay_in_one_task_above_max() {
    let names = ["a1", "a2", "a3", "a4", "b1", "b2", "b3"];
    let mut pairs: Vec<(&str, &str)> = names[..4].iter().map(|&name| (name, "a")).collect();
    pairs.extend(names[4..].iter().map(|&name| (name, "b")));
    pairs.push(("a4", "b"));
    let tree = hierarchy(&names, &pairs);
    let keep = |ids: &[&str]| GroupingRule {
        keep_together: ids.iter().map(|id| tree.find_node(id).unwrap()).collect(),
        ..rule(3, 2)
    };
    assert_eq!(
        plain(&group(&all(7), &tree, &keep(&["a"]))),
        [vec![0, 1, 2, 3], vec![4, 5, 6]]
    );
    // The class a4 is below both: one task satisfies both.
    let both = group(&all(7), &tree, &keep(&["a", "b"]));
    assert_eq!(plain(&both), [all_u32(0..7)]);
    assert_eq!(both, group(&all(7), &tree, &keep(&["b", "a"])));
}

#[test]
fn a_chain_of_many_nodes_is_no_danger_to_the_stack() {
    let names: Vec<String> = (0..3000).map(|i| format!("c{i:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let pairs: Vec<(&str, &str)> = names.windows(2).map(|pair| (pair[1], pair[0])).collect();
    let chain = hierarchy(&names, &pairs);
    let tasks = group(&all(3000), &chain, &rule(8, 3));
    assert_eq!(
        tasks.iter().map(|t| t.labels().count()).sum::<usize>(),
        3000
    );
    let mut round = pairs;
    round.push((names[0], names[2999]));
    assert!(refusal(&names, &round).starts_with("row 3001: cycle in the hierarchy: \"c0000\""));
}

/// A hierarchy of up to 40 classes over up to 25 further nodes, every edge leading to a node
/// with a greater number: never a cycle.
fn any_hierarchy() -> impl Strategy<Value = (Hierarchy, Vec<u32>)> {
    let pairs = prop::collection::vec((0usize..64, 1usize..64), 0..160);
    let ask = prop::collection::vec(0u32..45, 0..60);
    (1usize..40, pairs, ask).prop_map(|(n, pairs, ask)| {
        let names: Vec<String> = (0..n).map(|i| format!("c{i}")).collect();
        let text = |i: usize| names.get(i).cloned().unwrap_or_else(|| format!("n{i}"));
        let mut pairs: Vec<(usize, usize)> = pairs
            .into_iter()
            .filter_map(|(child, up)| Some((child, child + up)).filter(|&(_, p)| p < 65))
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        // In ascending order of the child, so that those that lead nowhere go one after another.
        let mut known: Vec<usize> = (0..n).collect();
        pairs.retain(|&(child, parent)| {
            let keeps = known.contains(&child);
            if keeps {
                known.push(parent);
            }
            keeps
        });
        let texts: Vec<(String, String)> = pairs.iter().map(|&(c, p)| (text(c), text(p))).collect();
        let pairs: Vec<(&str, &str)> = texts.iter().map(|(c, p)| (&c[..], &p[..])).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        (hierarchy(&names, &pairs), ask)
    })
}

proptest! {
    #[test]
    fn every_label_stands_once_and_no_task_is_too_long(
        (tree, ask) in any_hierarchy(), max in 0usize..10, min in 0usize..6,
    ) {
        let labels: Vec<ClassIndex> = ask.iter().copied().map(ClassIndex).collect();
        let tasks = plain(&group(&labels, &tree, &rule(max, min)));
        prop_assert!(tasks.iter().all(|task| !task.is_empty() && task.len() <= max.max(1)));
        let mut found: Vec<u32> = tasks.concat();
        found.sort_unstable();
        let mut expected = ask;
        expected.sort_unstable();
        expected.dedup();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_order_of_the_labels_does_not_matter_and_a_task_stays_whole(
        (tree, ask) in any_hierarchy(), seed in prop::num::usize::ANY, keep in 0usize..65,
    ) {
        let keep = tree.find_node(&format!("n{keep}"));
        let kept = GroupingRule { keep_together: keep.into_iter().collect(), ..rule(8, 3) };
        let labels: Vec<ClassIndex> = ask.into_iter().map(ClassIndex).collect();
        let tasks = group(&labels, &tree, &kept);
        let mut turned = labels.clone();
        turned.reverse();
        turned.rotate_left(seed % labels.len().max(1));
        prop_assert_eq!(&group(&turned, &tree, &kept), &tasks);
        // Planning again what was planned: the same tasks, and a task alone is one task.
        let again: Vec<ClassIndex> = tasks.iter().flat_map(TaskLayout::labels).collect();
        prop_assert_eq!(&group(&again, &tree, &kept), &tasks);
        for task in &tasks {
            let alone: Vec<ClassIndex> = task.labels().collect();
            if alone.len() <= 8 {
                prop_assert_eq!(group(&alone, &tree, &kept), vec![task.clone()]);
            }
        }
        if let Some(node) = keep {
            let has_kept = |task: &&TaskLayout| task.labels().any(|c| tree.is_below(c, node));
            prop_assert!(tasks.iter().filter(has_kept).count() <= 1);
        }
    }

    #[test]
    fn any_edges_make_a_hierarchy_or_an_error(
        pairs in prop::collection::vec((0usize..12, 0usize..12), 0..40),
        heads in prop::collection::vec(0usize..12, 0..4),
        names_given in any::<bool>(),
    ) {
        let text = |i: usize| format!("c{i}");
        let edges: Vec<Edge> = pairs
            .iter()
            .map(|&(c, p)| Edge { child: text(c), parent: text(p), rank: (p % 3) as u32, row: None })
            .collect();
        let names = if names_given { named(&["c7", "c9"]) } else { vec![] };
        let heads = heads.into_iter().map(|i| heading(&text(i), "head", 1)).collect();
        let list = classes(&["c0", "c1", "c2", "c3"]);
        if let Ok(tree) = Hierarchy::new(&list, edges, names, heads) {
            for class in list.iter() {
                let node = tree.class_node(class.index).unwrap();
                prop_assert_eq!(tree.path(class.index).last(), Some(&node));
                for &above in tree.path(class.index) {
                    prop_assert!(tree.is_below(class.index, above));
                }
            }
        }
    }
}
