//! Whole commands in a temporary project, as a user sees them: from `init` to `export`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::Project;

/// Three images: one that all agree on, one that needs people, one with enough proposals for two tasks.
const LABELS: &str =
    "image,label\nbench.jpg,703\ncat.jpg,n02123159\ndesk.jpg,\"desktop computer\"\n";
const PROPOSALS: &str = "image,label,source,score\n\
    bench.jpg,703,a,0.9\n\
    cat.jpg,281,a,0.5\n\
    cat.jpg,285,b,0.4\n\
    desk.jpg,526,a,\ndesk.jpg,620,a,\ndesk.jpg,681,a,\ndesk.jpg,664,a,\ndesk.jpg,508,b,\n\
    desk.jpg,673,b,\ndesk.jpg,782,b,\ndesk.jpg,504,b,\ndesk.jpg,968,b,\n";
const VOTES: &str = "image,label,rater,answer,at\n\
    cat.jpg,281,ann,yes,2026-11-02T09:30:00Z\n\
    cat.jpg,281,bob,yes,\n\
    cat.jpg,282,ann,no,1793611800\n\
    cat.jpg,282,bob,maybe,\n\
    cat.jpg,285,ann,no,\n\
    cat.jpg,285,bob,no,\n";

/// A project with labels and proposals.
fn proposed() -> Project {
    let project = Project::new();
    project.write("labels.csv", LABELS);
    project.write("proposals.csv", PROPOSALS);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["import", "proposals", "proposals.csv"]);
    project
}

/// The same, planned and with votes.
fn voted() -> Project {
    let project = proposed();
    project.run(&["plan"]);
    project.write("votes.csv", VOTES);
    project.run(&["import", "votes", "votes.csv"]);
    project
}

/// Replaces times, which vary.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.len() >= 20 && word.starts_with("20") && word.ends_with('Z');
    let lines = text.lines().map(|line| {
        let words = line.split(' ').map(|word| {
            let bare = word.trim_matches(['(', ')', '"', ',']);
            match is_time(bare) {
                true => word.replace(bare, "[time]"),
                false => word.to_owned(),
            }
        });
        words.collect::<Vec<_>>().join(" ") + "\n"
    });
    lines.collect()
}

// A new project.

#[test]
fn a_project_is_made_once() {
    let project = Project::empty();
    insta::assert_snapshot!(project.transcript(&["init"]), @r#"
    stderr: relabel.db: a new project with 1000 classes
    stderr: next: `relabel import images|labels|proposals …`, then `relabel plan`
    "#);
    insta::assert_snapshot!(project.transcript(&["init"]), @r#"
    stderr: error: relabel.db exists already
    stderr: hint: choose another file with --project FILE
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["init", "--classes", "no.csv", "--project", "b.db"]), @r#"
    stderr: error: cannot read no.csv: No such file or directory (os error 2)
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["init", "--hierarchy", "h.csv", "--project", "b.db"]), @r#"
    stderr: error: --hierarchy goes with classes of your own
    stderr: hint: the ILSVRC classes bring theirs; give --classes FILE too
    exit 2
    "#);
    assert!(!project.path("b.db").exists());
}

#[test]
fn every_command_says_that_there_is_no_project() {
    let project = Project::empty();
    insta::assert_snapshot!(project.transcript(&["status"]), @r#"
    stderr: error: there is no project at relabel.db
    stderr: hint: make one with `relabel init`, or say where it is with --project FILE or RELABEL_PROJECT
    exit 1
    "#);
    assert!(!project.database().exists());
}

#[test]
fn the_project_is_named_by_option_or_environment() {
    let project = Project::empty();
    project.run(&["init", "--project", "one.db"]);
    project.run(&["rater", "add", "ann", "--project", "one.db"]);
    let mut command = project.command(&["rater", "list"]);
    let output = command.env("RELABEL_PROJECT", "one.db").output().unwrap();
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r#"
    rater  role
    ann    rater
    "#);
    // The option wins.
    let mut command = project.command(&["rater", "list", "--project", "two.db"]);
    let output = command.env("RELABEL_PROJECT", "one.db").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn files_of_newer_versions_and_of_others_are_refused_and_left_alone() {
    let project = Project::new();
    let newest = project.sql("PRAGMA user_version");
    rusqlite::Connection::open(project.database())
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    let before = std::fs::read(project.database()).unwrap();
    let refused = project.transcript(&["status"]);
    let refused = refused.replace(&format!("up to {newest}"), "up to NEWEST\n");
    insta::assert_snapshot!(refused, @r#"
    stderr: error: relabel.db has schema version 99; this relabel knows up to NEWEST
    stderr: hint: install the newest relabel; the file was not touched
    exit 1
    "#);
    assert_eq!(std::fs::read(project.database()).unwrap(), before);

    project.write("notes.txt", "not a database\n");
    insta::assert_snapshot!(project.transcript(&["status", "--project", "notes.txt"]), @r#"
    stderr: error: notes.txt is not a relabel project
    stderr: hint: name a project file with --project FILE
    exit 1
    "#);
    rusqlite::Connection::open(project.path("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    insta::assert_snapshot!(project.transcript(&["status", "--project", "other.db"]), @r#"
    stderr: error: other.db is not a relabel project
    stderr: hint: name a project file with --project FILE
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["init", "--project", "notes.txt"]), @r#"
    stderr: error: notes.txt exists already
    stderr: hint: choose another file with --project FILE
    exit 1
    "#);
    assert_eq!(
        std::fs::read(project.path("notes.txt")).unwrap(),
        b"not a database\n"
    );
}

// Classes of one's own.

#[test]
fn own_classes_and_their_hierarchy() {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n2,truck\n");
    project.write(
        "tree.csv",
        "child,parent\ncat,pet\ndog,pet\npet,animal\ntruck,vehicle\n",
    );
    let init = [
        "init",
        "--classes",
        "classes.csv",
        "--hierarchy",
        "tree.csv",
    ];
    insta::assert_snapshot!(project.transcript(&init), @r#"
    stderr: relabel.db: a new project with 3 classes
    stderr: next: `relabel import images|labels|proposals …`, then `relabel plan`
    "#);
    project.write("labels.csv", "image,label\na.jpg,dog\nb.jpg,2\n");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r#"stderr: labels.csv: 2 original labels imported, 0 known already; 2 images are new, known by name only"#);
}

#[test]
fn bad_classes_and_hierarchies_are_refused_with_their_row() {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n2,truck\n");
    let with_tree = |text: &str| {
        project.write("tree.csv", text);
        project.transcript(&[
            "init",
            "--classes",
            "classes.csv",
            "--hierarchy",
            "tree.csv",
        ])
    };
    // A root that is named makes every other parent a known one or a mistake.
    insta::assert_snapshot!(with_tree("child,parent\nanimal,\ncat,animal\ndog,anmal\n"), @r#"
    stderr: error: cannot use tree.csv: row 4: unknown parent "anmal": it is neither a class, nor the child of another node, nor a named root
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_tree("child,parent\ncat,animal\nwhale,animal\n"), @r#"
    stderr: error: cannot use tree.csv: row 3: unknown child "whale": it is neither a class nor the parent of another node
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_tree("child,parent\ncat,pet\npet,animal\nanimal,cat\n"), @r#"
    stderr: error: cannot use tree.csv: row 4: cycle in the hierarchy: "animal" under "cat" under "pet" under "animal"
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_tree("child,parent\ncat,cat\n"), @r#"
    stderr: error: cannot use tree.csv: row 2: "cat" stands under itself
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_tree("child\ncat\n"), @r#"
    stderr: error: cannot use tree.csv: row 1: no column "parent" in the header "child": expected the columns child,parent[,rank]
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);

    let with_classes = |text: &str| {
        project.write("bad.csv", text);
        project.transcript(&["init", "--classes", "bad.csv"])
    };
    insta::assert_snapshot!(with_classes("index,name\n0,cat\n1,dog\n0,truck\n"), @r#"
    stderr: error: cannot use bad.csv: row 4: duplicate class index 0: "cat" (row 2) and "truck"
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_classes("index,name\nx,cat\n"), @r#"
    stderr: error: cannot use bad.csv: row 2, column "index": "x" is not a class index: a whole number from 0
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_classes("index,name\n"), @r#"
    stderr: error: cannot use bad.csv: there is no class
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    insta::assert_snapshot!(with_classes("name\ncat\n"), @r#"
    stderr: error: cannot use bad.csv: row 1: no column "index" in the header "name": expected the columns index,name[,wnid][,gloss]
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);

    project.write("tree.csv", "child,parent\ncat,animal\n");
    project.write("headings.csv", "wnid,heading\nfish,Fish\n");
    insta::assert_snapshot!(project.transcript(&[
        "init", "--classes", "classes.csv", "--hierarchy", "tree.csv", "--headings", "headings.csv",
    ]), @r#"
    stderr: error: cannot use headings.csv: row 2: unknown node "fish" of heading "Fish": it is not in the hierarchy
    stderr: hint: nothing was made; docs/formats.md shows the columns
    exit 3
    "#);
    assert!(!project.database().exists());
}

// Labels.

#[test]
fn labels_are_found_by_index_wordnet_id_and_name() {
    let project = Project::new();
    project.write("labels.csv", LABELS);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r#"stderr: labels.csv: 3 original labels imported, 0 known already; 3 images are new, known by name only"#);
    insta::assert_snapshot!(project.sql(
        "SELECT image.name, class FROM original_label JOIN image ON image.id = image ORDER BY 1"
    ), @r#"
    bench.jpg|703
    cat.jpg|282
    desk.jpg|527
    "#);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r#"stderr: labels.csv: 0 original labels imported, 3 known already; 0 images are new, known by name only"#);
    project.write(
        "more.jsonl",
        "{\"file_name\": \"cat.jpg\", \"class\": 282}\n",
    );
    insta::assert_snapshot!(project.transcript(&["import", "labels", "more.jsonl"]), @r#"stderr: more.jsonl: 0 original labels imported, 1 known already; 0 images are new, known by name only"#);
}

#[test]
fn a_class_that_is_not_found_is_said_with_the_nearest() {
    let project = Project::new();
    let labels = |text: &str| {
        project.write("labels.csv", format!("image,label\nok.jpg,1\n{text}\n"));
        project.transcript(&["import", "labels", "labels.csv"])
    };
    insta::assert_snapshot!(labels("a.jpg,notebok"), @r#"
    stderr: error: cannot import labels.csv: row 3: unknown class "notebok"
    stderr: hint: did you mean "notebook" (681)? classes are matched by index, WordNet id or name
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    insta::assert_snapshot!(labels("a.jpg,crane"), @r#"
    stderr: error: cannot import labels.csv: row 3: class name "crane" is ambiguous: 134 (crane) or 517 (crane)
    stderr: hint: name it by its index or WordNet id
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    insta::assert_snapshot!(labels("a.jpg,1000"), @r#"
    stderr: error: cannot import labels.csv: row 3: unknown class "1000"
    stderr: hint: classes are matched by index, WordNet id or name
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    insta::assert_snapshot!(labels("a.jpg,"), @r#"
    stderr: error: cannot import labels.csv: row 3: column "label" is empty
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    // All or nothing.
    assert_eq!(project.sql("SELECT count(*) FROM image"), "0\n");
}

#[test]
fn files_that_are_no_tables_are_refused() {
    let project = Project::new();
    for name in ["labels.xml", "labels.parquet", "labels"] {
        project.write(name, "image,label\na.jpg,1\n");
    }
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.xml"]), @r#"
    stderr: error: cannot import labels.xml: unknown format "xml": expected .csv, .jsonl or .parquet
    stderr: hint: name the file .csv (with a header), .jsonl (an object a line) or .parquet
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.parquet"]), @"
    stderr: error: cannot import labels.parquet: not readable as Parquet: Invalid Parquet file. Corrupt footer
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels"]), @r#"
    stderr: error: cannot import labels: unknown format "": expected .csv, .jsonl or .parquet
    stderr: hint: name the file .csv (with a header), .jsonl (an object a line) or .parquet
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "missing.csv"]), @r#"
    stderr: error: cannot import missing.csv: No such file or directory (os error 2)
    exit 3
    "#);
    project.write("labels.csv", "picture,label\na.jpg,1\n");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv"]), @r#"
    stderr: error: cannot import labels.csv: there is no column "image"; the header has: picture, label
    exit 3
    "#);
    project.write("empty.csv", "");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "empty.csv"]), @r#"
    stderr: error: cannot import empty.csv: there is no column "image"; the file is empty
    exit 3
    "#);
    project.write("folder.csv/x", "");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "folder.csv"]), @r#"
    stderr: error: cannot import folder.csv: it is a folder with no picture in it
    exit 3
    "#);
}

#[test]
fn bad_rows_are_left_out_when_that_is_asked_for() {
    let project = Project::new();
    project.write(
        "labels.csv",
        "image,label\na.jpg,1\nb.jpg,notebok\nc.jpg\nd.jpg,crane\n,5\ne.jpg,2\n",
    );
    insta::assert_snapshot!(project.transcript(&["import", "labels", "labels.csv", "--skip-bad"]), @r#"
    stderr: left out 4:
    stderr:   row 3: unknown class "notebok"
    stderr:   row 4: 1 cells where the header has 2
    stderr:   row 5: class name "crane" is ambiguous: 134 (crane) or 517 (crane)
    stderr:   row 6: column "image" is empty
    stderr: labels.csv: 2 original labels imported, 0 known already; 2 images are new, known by name only
    "#);
    assert_eq!(
        project.sql("SELECT name FROM image ORDER BY name"),
        "a.jpg\ne.jpg\n"
    );
}

#[test]
fn labels_that_contradict_each_other_are_refused() {
    let project = Project::new();
    project.write("twice.csv", "image,label\na.jpg,1\na.jpg,2\n");
    insta::assert_snapshot!(project.transcript(&["import", "labels", "twice.csv"]), @r#"
    stderr: error: cannot import twice.csv: row 3: image "a.jpg" has label 1 in an earlier row and 2 here
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    project.write("one.csv", "image,label\na.jpg,1\n");
    project.write("two.csv", "image,label\na.jpg,2\n");
    project.run(&["import", "labels", "one.csv"]);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "two.csv"]), @r#"
    stderr: error: cannot import two.csv: row 2: image "a.jpg" has the original label 1 (goldfish, Carassius auratus), not 2 (great white shark, white shark, man-eater, man-eating shark, Carcharodon carcharias)
    stderr: hint: take the file's labels with --replace
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["import", "labels", "two.csv", "--replace"]), @r#"stderr: two.csv: 1 original labels imported, 0 known already; 0 images are new, known by name only"#);
}

#[test]
fn image_names_match_by_their_last_part_where_that_is_enough() {
    let project = Project::new();
    project.write("deep.csv", "image,label\nx/a.jpg,1\nx/b.jpg,1\ny/b.jpg,1\n");
    project.run(&["import", "labels", "deep.csv"]);
    project.write("flat.csv", "image,label\na.jpg,2\n");
    insta::assert_snapshot!(project.transcript(&["import", "proposals", "flat.csv"]), @r#"
    stderr: flat.csv: 1 proposals imported, 0 known already; sources: 1; 0 images are new, known by name only
    stderr: next: `relabel plan`
    "#);
    project.write("flat.csv", "image,label\nb.jpg,2\n");
    insta::assert_snapshot!(project.transcript(&["import", "proposals", "flat.csv"]), @r#"
    stderr: error: cannot import flat.csv: row 2: image "b.jpg" may be any of several files of that name
    stderr: hint: name it with its folder, as `relabel export --as jsonl` does
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
}

// Proposals, plan, status.

#[test]
fn proposals_once_more_change_nothing() {
    let project = Project::new();
    project.write("proposals.csv", PROPOSALS);
    insta::assert_snapshot!(project.transcript(&["import", "proposals", "proposals.csv"]), @r#"
    stderr: proposals.csv: 12 proposals imported, 0 known already; sources: 2; 3 images are new, known by name only
    stderr: next: `relabel plan`
    "#);
    insta::assert_snapshot!(project.transcript(&["import", "proposals", "proposals.csv"]), @r#"
    stderr: proposals.csv: 0 proposals imported, 12 known already; sources: 2; 0 images are new, known by name only
    stderr: next: `relabel plan`
    "#);
    project.write("bad.csv", "image,label,score\na.jpg,1,high\n");
    insta::assert_snapshot!(project.transcript(&["import", "proposals", "bad.csv"]), @r#"
    stderr: error: cannot import bad.csv: row 2: column "score": "high" is no finite number
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
}

#[test]
fn the_plan_in_words_and_as_json() {
    let project = proposed();
    insta::assert_snapshot!(project.transcript(&["plan"]), @"
     images                3
     unanimous             1  keep their label without a vote
     to review             2
     labels an image    4.67
     tasks                 3
     questions            13  13 new
     retired questions     0  no longer proposed; their votes stay
     votes wanted         65
     hours               0.1  at an assumed 3.0 s a vote
    stderr: next: `relabel review --rater NAME`
    ");
    insta::assert_snapshot!(project.transcript(&["plan", "--format", "json"]), @r#"
    {
      "images": 3,
      "unanimous": 1,
      "to_review": 2,
      "labels_per_image": 4.666666666666667,
      "labels_per_image_before_search": null,
      "search": null,
      "tasks": 3,
      "questions": 13,
      "new_questions": 0,
      "kept_questions": 13,
      "retired_questions": 0,
      "gold_tasks": 0,
      "gold": null,
      "retest": null,
      "votes_wanted": 65,
      "stop": null,
      "seconds_per_vote": 3.0,
      "measured": false,
      "hours": 0.05416666666666667
    }
    "#);
    insta::assert_snapshot!(project.transcript(&["plan", "--keep-together", "n0"]), @r#"
    stderr: error: --keep-together: the hierarchy has no "n0"
    stderr: hint: name a WordNet id such as n00015388 (animal)
    exit 2
    "#);
    insta::assert_snapshot!(project.transcript(&["plan", "--max-labels", "0"]), @r#"
    stderr: error: invalid value '0' for '--max-labels <N>': 0 is not in 1..=100
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    "#);
    insta::assert_snapshot!(Project::new().transcript(&["plan"]), @r#"
    stderr: error: there is nothing to plan: no image has a label or a proposal
    stderr: hint: import some: `relabel import labels FILE`, `relabel import proposals FILE`
    exit 1
    "#);
}

#[test]
fn status_says_what_there_is_and_what_to_do_next() {
    let project = Project::new();
    insta::assert_snapshot!(project.transcript(&["status"]), @"
     classes          1,000
     images               0  0 with a file
     original labels      0
     models               0
     proposals            0  from 0 sources and the original labels
     sources in use       0
     unanimous            0  keep their label without a vote
     tasks                0
     questions            0  0 votes wanted (5 an answer)
     gold questions       0  settled by experts
     flagged images       0  0 comments

    next: relabel import images DIR, or relabel import labels FILE
    ");
    project.write("labels.csv", LABELS);
    project.run(&["import", "labels", "labels.csv"]);
    insta::assert_snapshot!(project.transcript(&["status"]), @"
     classes          1,000
     images               3  0 with a file
     original labels      3
     models               0
     proposals            3  from 0 sources and the original labels
     sources in use       0
     unanimous            0  keep their label without a vote
     tasks                0
     questions            0  0 votes wanted (5 an answer)
     gold questions       0  settled by experts
     flagged images       0  0 comments

    next: relabel import predictions FILE --model M, or relabel import proposals FILE
    ");
    project.write("proposals.csv", PROPOSALS);
    project.run(&["import", "proposals", "proposals.csv"]);
    insta::assert_snapshot!(project.transcript(&["status"]), @"
     classes          1,000
     images               3  0 with a file
     original labels      3
     models               0
     proposals           14  from 2 sources and the original labels
     sources in use       2  all: no search has chosen among them
     unanimous            0  keep their label without a vote
     tasks                0
     questions            0  0 votes wanted (5 an answer)
     gold questions       0  settled by experts
     flagged images       0  0 comments

    next: relabel plan
    ");
    project.run(&["plan"]);
    insta::assert_snapshot!(project.transcript(&["status"]), @"
     classes          1,000
     images               3  0 with a file
     original labels      3
     models               0
     proposals           14  from 2 sources and the original labels
     sources in use       2  all: no search has chosen among them
     unanimous            1  keep their label without a vote
     tasks                3
     questions           13  65 votes wanted (5 an answer)
     gold questions       0  settled by experts
     flagged images       0  0 comments

    next: relabel review --rater NAME
    ");
    project.write("votes.csv", VOTES);
    project.run(&["import", "votes", "votes.csv"]);
    insta::assert_snapshot!(project.transcript(&["status"]), @"
     classes          1,000
     images               3  0 with a file
     original labels      3
     models               0
     proposals           14  from 2 sources and the original labels
     sources in use       2  all: no search has chosen among them
     unanimous            1  keep their label without a vote
     tasks                3
     questions           13  65 votes wanted (5 an answer)
     gold questions       0  settled by experts
     flagged images       0  0 comments

     round  rater  role   questions  s each
     main   ann    rater          3
     main   bob    rater          3

    now, by majority:
    1 images scored: 0 keep exactly their label, 0 gain labels, 1 lose it for others, 0 have none; 0 disputed questions

    next: relabel aggregate
    ");
    project.run(&["aggregate", "--method", "majority"]);
    insta::assert_snapshot!(timeless(&project.transcript(&["status"])), @"
     classes          1,000
     images               3  0 with a file
     original labels      3
     models               0
     proposals           14  from 2 sources and the original labels
     sources in use       2  all: no search has chosen among them
     unanimous            1  keep their label without a vote
     tasks                3
     questions           13  65 votes wanted (5 an answer)
     gold questions       0  settled by experts
     flagged images       0  0 comments

     round  rater  role   questions  s each
     main   ann    rater          3
     main   bob    rater          3

    run 1 of 1: majority ([time])
    1 images scored: 0 keep exactly their label, 0 gain labels, 1 lose it for others, 0 have none; 0 disputed questions

    next: relabel review --order disputed, or relabel export --as csv
    ");
    insta::assert_snapshot!(project.transcript(&["status", "--run", "7"]), @r#"
    stderr: error: there is no run 7
    stderr: hint: `relabel status` says how many there are
    exit 1
    "#);
}

// Votes and raters.

#[test]
fn votes_once_more_change_nothing() {
    let project = voted();
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.csv"]), @r#"stderr: votes.csv: nothing changes, all 6 votes are known already"#);
    let votes = |text: &str| {
        project.write("more.csv", format!("image,label,rater,answer\n{text}\n"));
        project.transcript(&["import", "votes", "more.csv"])
    };
    insta::assert_snapshot!(votes("cat.jpg,281,ann,perhaps"), @r#"
    stderr: error: cannot import more.csv: row 2: column "answer": unknown answer "perhaps": expected no, maybe or yes (n, m, y; 0, 1, 2)
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    insta::assert_snapshot!(votes("cat.jpg,281,cid,yes\ncat.jpg,281,cid,no"), @r#"
    stderr: error: cannot import more.csv: row 3: a second vote of "cid" on image "cat.jpg", class "281" in the same round
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    // A change of mind is one more vote.
    insta::assert_snapshot!(votes("cat.jpg,281,ann,no"), @r#"stderr: more.csv: 1 votes of 1 raters imported, 0 known already"#);
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "7\n");
}

#[test]
fn an_expert_is_no_rater() {
    let project = voted();
    project.write(
        "gold.csv",
        "image,label,rater,answer\ncat.jpg,281,ann,yes\n",
    );
    insta::assert_snapshot!(project.transcript(&["import", "votes", "gold.csv", "--round", "gold", "--role", "expert"]), @r#"
    stderr: error: cannot import gold.csv: row 2: "ann" is known as rater, not expert
    stderr: hint: give experts names of their own
    stderr: hint: nothing was imported; mend the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["import", "votes", "gold.csv", "--role", "boss"]), @r#"
    stderr: error: invalid value 'boss' for '--role <ROLE>': unknown role "boss": expected rater, expert, adjudicator or auditor
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    "#);
}

#[test]
fn raters_are_added_and_listed() {
    let project = Project::new();
    insta::assert_snapshot!(project.transcript(&["rater", "add", "ann"]), @r#"stderr: "ann" is added as rater"#);
    insta::assert_snapshot!(project.transcript(&["rater", "add", "eve", "--role", "expert"]), @r#"stderr: "eve" is added as expert"#);
    insta::assert_snapshot!(project.transcript(&["rater", "add", "ann", "--role", "auditor"]), @r#"
    stderr: error: "ann" is known already, as rater
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["rater", "add", " "]), @r#"
    stderr: error: a rater needs a name
    exit 2
    "#);
    insta::assert_snapshot!(project.transcript(&["rater", "add", "fay", "--role", "boss"]), @r#"
    stderr: error: invalid value 'boss' for '--role <ROLE>': unknown role "boss": expected rater, expert, adjudicator or auditor
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    "#);
    insta::assert_snapshot!(project.transcript(&["rater", "list"]), @r#"
    rater  role
    ann    rater
    eve    expert
    "#);
    insta::assert_snapshot!(project.transcript(&["rater", "list", "--format", "json"]), @r#"
    [
      {
        "rater": "ann",
        "role": "rater"
      },
      {
        "rater": "eve",
        "role": "expert"
      }
    ]
    "#);
}

// What comes out.

#[test]
fn every_export_before_and_after_aggregation() {
    let project = voted();
    insta::assert_snapshot!(project.transcript(&["export", "--as", "real-json"]), @r#"
    [[703],[282],[527]]
    stderr: no votes are aggregated yet (`relabel aggregate`): every image keeps its original label
    "#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "votes-csv"]), @r#"
    image,label,rater,round,answer,at
    cat.jpg,281,ann,main,yes,2026-11-02T09:30:00Z
    cat.jpg,281,bob,main,yes,
    cat.jpg,282,ann,main,no,2026-11-02T09:30:00Z
    cat.jpg,282,bob,main,maybe,
    cat.jpg,285,ann,main,no,
    cat.jpg,285,bob,main,no,
    "#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "tasks-jsonl"]), @r#"
    {"image":"cat.jpg","task":0,"labels":[281,282,285]}
    {"image":"desk.jpg","task":0,"labels":[504,664,526,968]}
    {"image":"desk.jpg","task":1,"labels":[782,673,508,527,620,681]}
    "#);
    insta::assert_snapshot!(project.transcript(&["aggregate", "--method", "majority"]), @r#"
    run 1: majority
    6 votes of 2 raters on 3 questions; 0 disputed
    1 images scored: 0 keep exactly their label, 0 gain labels, 1 lose it for others, 0 have none
    "#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "real-json"]), @r#"[[703],[281],[527]]"#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "csv"]), @r#"
    image,label,name,score,in_set
    bench.jpg,703,park bench,,1
    cat.jpg,281,"tabby, tabby cat",1,1
    cat.jpg,282,tiger cat,0.25,0
    cat.jpg,285,Egyptian cat,0,0
    desk.jpg,527,desktop computer,,1
    "#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "jsonl"]), @r#"
    {"image":"bench.jpg","labels":[703],"original":703}
    {"image":"cat.jpg","labels":[281],"original":282}
    {"image":"desk.jpg","labels":[527],"original":527}
    "#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "csv", "-o", "out.csv"]), @r#"stderr: out.csv is written"#);
    assert_eq!(
        std::fs::read_to_string(project.path("out.csv")).unwrap(),
        project.run(&["export", "--as", "csv"])
    );
    insta::assert_snapshot!(project.transcript(&["export", "--as", "csv", "--run", "9"]), @r#"
    stderr: error: there is no run 9
    stderr: hint: `relabel status` says how many there are
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "csv", "-o", "no/such/out.csv"]), @r#"
    stderr: error: cannot write no/such/out.csv: No such file or directory (os error 2)
    exit 1
    "#);
}

#[test]
fn exported_votes_come_in_again_and_change_nothing() {
    let project = voted();
    project.run(&["export", "--as", "votes-csv", "-o", "again.csv"]);
    insta::assert_snapshot!(project.transcript(&["import", "votes", "again.csv"]), @r#"stderr: again.csv: nothing changes, all 6 votes are known already"#);
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let project = Project::new();
    let rows: String = (0..20_000)
        .map(|n| format!("{n}.jpg,1,ann,yes\n"))
        .collect();
    project.write("votes.csv", format!("image,label,rater,answer\n{rows}"));
    project.run(&["import", "votes", "votes.csv"]);
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("relabel"))
        .current_dir(project.folder())
        .args(["export", "--as", "votes-csv"])
        .env_remove("RELABEL_PROJECT")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    // Dropped at once, as `head -1` does.
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert_eq!(first, "image,label,rater,round,answer,at\n");
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}

#[test]
fn the_review_screen_needs_a_terminal() {
    let project = proposed();
    insta::assert_snapshot!(project.transcript(&["review", "--rater", "ann"]), @r#"
    stderr: error: the review screen needs a terminal for keys and for the screen
    exit 2
    "#);
    insta::assert_snapshot!(project.transcript(&["show", "desk.jpg"]), @r#"
    stderr: desk.jpg
    stderr: original label: desktop computer (527)
    stderr: error: image "desk.jpg" is known by name only: it has no file
    stderr: hint: `relabel import images DIR` says where the files are
    exit 1
    "#);
}
