//! Files for other programs, and from them: whole commands, as a user sees them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use insta::assert_snapshot;

const CLASSES: &str = "index,name,gloss\n0,\"cat, tabby\",\n1,\"dog, hound\",a tame canine\n2,truck,\n3,crane,a bird\n4,crane,a machine\n";

const VOTES: &str = "image,label,rater,answer,at\n\
    a.jpg,cat,ann,yes,2026-11-02T09:30:00Z\n\
    a.jpg,cat,bob,yes,\n\
    a.jpg,dog,ann,maybe,2026-11-02T09:30:01.5Z\n\
    a.jpg,dog,bob,no,\n\
    \"b, \"\"2\"\".jpg\",4,ann,yes,\n\
    \"b, \"\"2\"\".jpg\",4,bob,yes,\n";

/// Five classes, votes on two images, and an image that keeps its label.
fn voted() -> Project {
    let project = Project::empty();
    project.write("classes.csv", CLASSES);
    project.write("votes.csv", VOTES);
    project.write(
        "labels.csv",
        "image,label\na.jpg,dog\n=kept.jpg,truck\nunlabelled.jpg,0\n",
    );
    project.run(&["init", "--classes", "classes.csv"]);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    project
}

/// A project of the same classes, with nothing in it.
fn fresh() -> Project {
    let project = Project::empty();
    project.write("classes.csv", CLASSES);
    project.run(&["init", "--classes", "classes.csv"]);
    project
}

/// Writes an export of one project and copies it into another's folder.
fn hand_over(from: &Project, arguments: &[&str], file: &str, to: &Project) {
    from.run(&[&["export", "-o", file], arguments].concat());
    to.write(file, std::fs::read(from.path(file)).unwrap());
}

#[test]
fn votes_go_from_project_to_project_in_each_kind_of_table() {
    let project = voted();
    let votes = project.run(&["export", "--as", "votes-csv"]);
    for (format, file) in [
        ("votes-csv", "v.csv"),
        ("votes-jsonl", "v.jsonl"),
        ("votes-parquet", "v.parquet"),
    ] {
        let other = fresh();
        hand_over(&project, &["--as", format], file, &other);
        let said = other.transcript(&["import", "votes", file]);
        assert_eq!(
            said,
            format!("stderr: {file}: 6 votes of 2 raters imported, 0 known already\n")
        );
        assert_eq!(
            other.run(&["export", "--as", "votes-csv"]),
            votes,
            "{format}"
        );
    }
    assert_snapshot!(project.run(&["export", "--as", "votes-jsonl"]), @r#"
    {"image":"a.jpg","label":0,"rater":"ann","round":"main","answer":"yes","at":"2026-11-02T09:30:00Z"}
    {"image":"a.jpg","label":0,"rater":"bob","round":"main","answer":"yes","at":null}
    {"image":"a.jpg","label":1,"rater":"ann","round":"main","answer":"maybe","at":"2026-11-02T09:30:01.5Z"}
    {"image":"a.jpg","label":1,"rater":"bob","round":"main","answer":"no","at":null}
    {"image":"b, \"2\".jpg","label":4,"rater":"ann","round":"main","answer":"yes","at":null}
    {"image":"b, \"2\".jpg","label":4,"rater":"bob","round":"main","answer":"yes","at":null}
    "#);
}

#[test]
fn scores_in_parquet_are_proposals_for_another_project() {
    let (project, other) = (voted(), fresh());
    hand_over(&project, &["--as", "parquet"], "scores.parquet", &other);
    assert_snapshot!(other.transcript(&["import", "proposals", "scores.parquet"]), @r#"
    stderr: scores.parquet: 5 proposals imported, 0 known already; sources: 1; 4 images are new, known by name only
    stderr: next: `relabel plan`
    "#);
    assert_eq!(
        other.sql("SELECT image.name, class, score FROM proposal JOIN image ON image.id = image WHERE name = 'a.jpg'"),
        "a.jpg|0|1\na.jpg|1|0.25\n"
    );
}
