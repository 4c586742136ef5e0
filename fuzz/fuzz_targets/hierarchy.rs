#![no_main]

use std::sync::OnceLock;

use relabel::domain::{ClassIndex, Classes};
use relabel::formats::classes::{read_classes, read_headings, read_hierarchy, read_node_names};
use relabel::hierarchy::{GroupingRule, Hierarchy, group};
use relabel_fuzz::check_refusal;

const CLASSES: &str =
    "index,name,wnid\n0,a,n1\n1,b,n2\n2,c,\n3,d,\n4,e,\n5,f,\n6,g,\n7,h,\n8,i,\n9,j,\n";

/// Edges, and behind a line of dashes names, and behind another headings.
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    static KNOWN: OnceLock<Classes> = OnceLock::new();
    let classes = KNOWN.get_or_init(|| {
        let list = read_classes(CLASSES.as_bytes()).expect("classes");
        Classes::new(list).expect("a list of classes")
    });
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("\n---\n");
    let (edges, names, headings) = (parts.next(), parts.next(), parts.next());
    let rows = match read_hierarchy(edges.unwrap_or_default().as_bytes()) {
        Ok(rows) => rows,
        Err(error) => return check_refusal(&error),
    };
    let mut nodes = rows.roots;
    match names
        .map(|names| read_node_names(names.as_bytes()))
        .transpose()
    {
        Ok(names) => nodes.extend(names.unwrap_or_default()),
        Err(error) => return check_refusal(&error),
    }
    let headings = match headings
        .map(|headings| read_headings(headings.as_bytes()))
        .transpose()
    {
        Ok(headings) => headings.unwrap_or_default(),
        Err(error) => return check_refusal(&error),
    };
    let hierarchy = match Hierarchy::new(classes, rows.edges, nodes, headings) {
        Ok(hierarchy) => hierarchy,
        Err(error) => return check_refusal(&error),
    };
    let all: Vec<ClassIndex> = classes.iter().map(|class| class.index).collect();
    let tasks = group(
        &all,
        &hierarchy,
        &GroupingRule {
            max: 4,
            ..GroupingRule::default()
        },
    );
    let mut asked: Vec<ClassIndex> = tasks.iter().flat_map(|task| task.labels()).collect();
    asked.sort_unstable();
    assert_eq!(asked, all, "every label stands in one task");
    for class in all {
        let _ = (hierarchy.ancestors_line(class), hierarchy.heading_of(class));
    }
});
