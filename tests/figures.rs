//! Figures that commands print say what they count, on projects where little is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use relabel::store::Store;

/// Four classes and three images with files.
fn project() -> Project {
    let project = Project::empty();
    project.write(
        "classes.csv",
        "index,name\n0,cat\n1,dog\n2,truck\n3,tiger cat\n",
    );
    for (number, name) in ["cat.png", "dog.png", "truck.png"].iter().enumerate() {
        let path = project.write(&format!("photos/{name}"), "");
        let color = image::Rgb([number as u8 * 50; 3]);
        image::RgbImage::from_pixel(8, 8, color).save(path).unwrap();
    }
    project.run(&["init", "--classes", "classes.csv", "--images", "photos"]);
    project
}

/// The lines of a command's output that hold one of these words.
fn lines(project: &Project, arguments: &[&str], words: &[&str]) -> String {
    let text = project.transcript(arguments);
    let lines = text
        .lines()
        .filter(|line| words.iter().any(|word| line.contains(word)));
    lines.collect::<Vec<_>>().join("\n")
}

fn import(project: &Project, what: &str, text: &str) {
    project.write("file.csv", text);
    project.run(&["import", what, "file.csv"]);
}

#[test]
fn an_image_without_an_original_label_replaces_none() {
    let project = project();
    import(&project, "labels", "image,label\ntruck.png,2\n");
    import(
        &project,
        "proposals",
        "image,label,source\ncat.png,0,m\ncat.png,3,m\ndog.png,1,m\ntruck.png,1,m\n",
    );
    project.run(&["plan"]);
    import(
        &project,
        "votes",
        "image,label,rater,answer\ncat.png,0,ann,yes\ndog.png,1,ann,no\ntruck.png,1,ann,yes\ntruck.png,2,ann,no\n",
    );
    let words = &["scored"];
    // Without a run, by a run, and with votes since.
    insta::assert_snapshot!(lines(&project, &["status"], words), @"3 images scored: 0 unchanged, 0 gained labels, 1 replaced, 1 empty, 1 without an original label; 0 disputed questions");
    insta::assert_snapshot!(lines(&project, &["aggregate"], words), @"3 images scored: 0 unchanged, 0 gained labels, 1 replaced, 1 empty, 1 without an original label");
    import(
        &project,
        "votes",
        "image,label,rater,answer\ndog.png,1,bob,yes\ndog.png,1,cem,yes\n",
    );
    insta::assert_snapshot!(lines(&project, &["status"], words), @"
    3 images scored: 0 unchanged, 0 gained labels, 1 replaced, 1 empty, 1 without an original label; 0 disputed questions
    3 images scored: 0 unchanged, 0 gained labels, 1 replaced, 0 empty, 2 without an original label; 1 disputed question
    ");
    // An original label that nobody voted on is one all the same.
    import(&project, "labels", "image,label\ncat.png,3\n");
    insta::assert_snapshot!(lines(&project, &["aggregate"], words), @"3 images scored: 0 unchanged, 0 gained labels, 2 replaced, 0 empty, 1 without an original label");
    let figures = project.run(&["report", "--format", "json"]);
    let figures: serde_json::Value = serde_json::from_str(&figures).unwrap();
    let changes = &figures["labels"]["changes"];
    assert_eq!(
        (&changes["replaced"], &changes["new"]),
        (&2.into(), &1.into())
    );
    // As the export has it.
    let sets = project.run(&["export", "--as", "jsonl"]);
    assert_eq!(sets.matches("\"labels\":[0]").count(), 1, "{sets}");
}

#[test]
fn a_plan_of_unanimous_images_is_a_plan() {
    let project = project();
    import(&project, "labels", "image,label\ncat.png,0\ndog.png,1\n");
    let words = &[
        "images",
        "unanimous",
        "tasks",
        "proposals",
        "nothing",
        "next",
    ];
    insta::assert_snapshot!(lines(&project, &["plan"], words), @"
     images                2  1 more without a label or a proposal
     unanimous             2  keep their label without a vote
     tasks                 0
    stderr: every labelled image keeps its label: nothing to review
    ");
    insta::assert_snapshot!(lines(&project, &["status"], words), @"
     images           3  3 with a file
     proposals        2  the original labels
     unanimous        2  keep their label without a vote
     tasks            0
     flagged images   0  0 comments
    next: every labelled image keeps its label, so there is nothing to review; more proposals give questions: relabel import predictions FILE --model M, or relabel import proposals FILE
    ");
    // What comes later is planned.
    import(&project, "proposals", "image,label,source\ncat.png,3,m\n");
    insta::assert_snapshot!(lines(&project, &["status"], &["proposals", "next"]), @"
     proposals        3  from 1 source and the original labels
    next: relabel plan
    ");
    project.run(&["plan"]);
    insta::assert_snapshot!(lines(&project, &["status"], &["unanimous", "tasks", "next"]), @"
     unanimous        1  keep their label without a vote
     tasks            1
    next: relabel review --rater NAME
    ");
}

#[test]
fn votes_beyond_what_a_question_needs_help_no_other() {
    let project = project();
    import(
        &project,
        "proposals",
        "image,label,source\ncat.png,0,m\ncat.png,3,m\ndog.png,1,m\n",
    );
    project.run(&["plan", "--raters", "2"]);
    let votes = ["ann", "bob", "cem"].map(|rater| format!("cat.png,0,{rater},yes\n"));
    import(
        &project,
        "votes",
        &format!(
            "image,label,rater,answer\n{}dog.png,1,ann,no\n",
            votes.concat()
        ),
    );
    // A label that nobody planned.
    import(
        &project,
        "votes",
        "image,label,rater,answer\ntruck.png,2,ann,yes\n",
    );
    let status = Store::open(&project.database()).unwrap().status().unwrap();
    assert_eq!(status.answers["main"], [0, 1, 0, 1]);
}

#[test]
fn accuracies_say_on_how_many_images() {
    let project = project();
    import(&project, "labels", "image,label\ncat.png,0\n");
    import(
        &project,
        "proposals",
        "image,label,source\ncat.png,3,m\ndog.png,1,m\n",
    );
    project.run(&["plan"]);
    import(
        &project,
        "votes",
        "image,label,rater,answer\ncat.png,0,ann,yes\ncat.png,3,ann,no\ndog.png,1,ann,no\n",
    );
    project.run(&["aggregate"]);
    project.write("first.csv", "image,label\ncat.png,0\ndog.png,2\n");
    insta::assert_snapshot!(lines(&project, &["eval", "first.csv"], &["first.csv"]), @"
     first.csv       2  100.00 %  100.00 %   20.65–100.00                 0                 0
    first.csv: original on 1 image with an original label, ReaL on 1 image with a label set that is not empty
    first.csv: classes that change most
    ");
}
