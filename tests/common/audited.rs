//! An audit as its tests see it: what was drawn, answers to it, and what is said of it.

use std::fmt::Write as _;

use super::Project;

/// The labels drawn, in their order: image, class.
pub fn drawn(project: &Project, audit: &str) -> Vec<(String, usize)> {
    let rows = project.sql(&format!(
        "SELECT image.name, class FROM audit_draw JOIN image ON image.id = image
         WHERE audit = (SELECT id FROM audit WHERE name = '{audit}') ORDER BY place"
    ));
    let row = |row: &str| {
        let (image, class) = row.split_once('|').unwrap();
        (image.to_owned(), class.parse().unwrap())
    };
    rows.lines().map(row).collect()
}

/// An auditor answers the labels at some places, as `answer` says of image and class.
pub fn answer(
    project: &Project,
    audit: &str,
    auditor: &str,
    places: impl IntoIterator<Item = usize>,
    answer: impl Fn(&str, usize) -> &'static str,
) {
    let drawn = drawn(project, audit);
    let mut votes = "image,label,rater,answer\n".to_owned();
    for place in places {
        let (image, class) = &drawn[place];
        writeln!(votes, "{image},{class},{auditor},{}", answer(image, *class)).unwrap();
    }
    project.write("answers.csv", votes);
    let import = ["import", "votes", "answers.csv", "--role", "auditor"];
    project.run(&[&import[..], &["--round", audit]].concat());
}

/// What `audit result` says, in figures.
pub fn figures(project: &Project, audit: &str) -> serde_json::Value {
    let text = project.run(&["audit", "result", "--name", audit, "--format", "json"]);
    serde_json::from_str(&text).unwrap()
}
