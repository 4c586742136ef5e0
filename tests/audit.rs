//! `relabel audit`: a spot check of given labels, from the draw to the verdict.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write as _;

use common::Project;
use common::audited::{self, drawn, figures};

/// A project of a thousand images known by name, with their labels: image n has label n, but for every tenth, which has 999.
fn project() -> Project {
    let project = Project::new();
    let mut labels = "image,label\n".to_owned();
    for image in 0..1000 {
        let label = if image % 10 == 3 { 999 } else { image };
        writeln!(labels, "{image:04}.jpg,{label}").unwrap();
    }
    project.write("labels.csv", labels);
    project.run(&["import", "labels", "labels.csv"]);
    project
}

/// Answers of an auditor to the labels at some places: 999 is wrong, a label below 20 cannot be told.
fn answer(project: &Project, audit: &str, auditor: &str, places: impl IntoIterator<Item = usize>) {
    audited::answer(project, audit, auditor, places, |_, class| match class {
        999 => "no",
        0..20 => "maybe",
        _ => "yes",
    });
}

#[test]
fn a_spot_check_from_the_draw_to_the_verdict() {
    let project = project();
    insta::assert_snapshot!(project.transcript(&["audit", "plan", "--seed", "7"]), @r#"
     labels    1,000  original labels
     drawn     1,000  of all alike, seed 7
     question         are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     at least     88  labels until "below 5 %", if all are right (one look at the end: 57)
    stderr: next: `relabel audit review --rater NAME`
    "#);
    insta::assert_snapshot!(project.transcript(&["audit", "result"]), @"
     labels              1,000  original labels
     question                   are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     looked at               0  of 1,000 drawn
     wrong                   0
     maybe                   0  each counts as half
     error rate              –
     95 % sure   0.00–100.00 %  0–1,000 labels, however often one looks
     one look    0.00–100.00 %  0–1,000 labels, if this is the only look

    no verdict yet: go on; 88 labels, if all are right
    ");
    answer(&project, "audit", "ada", 0..60);
    insta::assert_snapshot!(project.transcript(&["audit", "result"]), @"
     labels             1,000  original labels
     question                  are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     looked at             60  of 1,000 drawn
     wrong                  4
     maybe                  2  each counts as half
     error rate        8.33 %
     95 % sure   2.50–20.25 %  25–203 labels, however often one looks
     one look    2.00–20.10 %  20–201 labels, if this is the only look

    no verdict yet: go on; about 234 labels more, if they are like these
    ");
    answer(&project, "audit", "ada", 60..400);
    insta::assert_snapshot!(project.transcript(&["audit", "result"]), @"
     labels             1,000  original labels
     question                  are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     looked at            400  of 1,000 drawn
     wrong                 35
     maybe                  8  each counts as half
     error rate        9.75 %
     95 % sure   6.85–13.45 %  68–135 labels, however often one looks
     one look    6.80–13.40 %  68–134 labels, if this is the only look

    verdict: 5 % or more are wrong (95 % sure), clear after 220 labels
    ");
    // The answers are votes like any others.
    let votes = project.run(&["export", "--as", "votes-csv"]);
    assert_eq!(votes.matches(",ada,audit,").count(), 400);
    // Everything looked at: no doubt is left, and the truth is known.
    answer(&project, "audit", "ada", 400..1000);
    let result = figures(&project, "audit");
    let interval = &result["confidence_sequence"];
    assert_eq!(
        (&interval["low"], &interval["high"]),
        (&110.0.into(), &110.0.into())
    );
    assert_eq!(result["wrong"], 101);
    assert_eq!(result["maybe"], 18);
}

#[test]
fn answers_count_in_the_order_of_the_draw() {
    let project = project();
    project.run(&["audit", "plan", "--seed", "1", "--size", "50"]);
    answer(&project, "audit", "ada", (0..10).chain(12..20));
    let result = figures(&project, "audit");
    assert_eq!(
        (&result["looked_at"], &result["waiting"]),
        (&10.into(), &8.into())
    );
    insta::assert_snapshot!(project.run(&["audit", "result"]).lines().nth(2).unwrap(), @" looked at             10  of 50 drawn; 8 more answers wait for one before them");
    answer(&project, "audit", "bob", 10..12);
    let result = figures(&project, "audit");
    assert_eq!(
        (&result["looked_at"], &result["waiting"]),
        (&20.into(), &0.into())
    );
    // Who contradicts another auditor leaves a maybe; who agrees changes nothing.
    let (image, class) = drawn(&project, "audit")[4].clone();
    let again =
        format!("image,label,rater,answer\n{image},{class},bob,no\n{image},{class},eve,no\n");
    project.write("again.csv", again);
    project.run(&["import", "votes", "again.csv", "--round", "audit"]);
    let after = figures(&project, "audit");
    assert_eq!(
        after["maybe"].as_u64(),
        result["maybe"].as_u64().map(|maybe| maybe + 1)
    );
    assert_eq!(after["wrong"], result["wrong"]);
}

#[test]
fn what_a_maybe_counts_as_is_said_beforehand() {
    let project = project();
    let mut said = String::new();
    for maybe in ["half", "wrong", "right"] {
        project.run(&[
            "audit", "plan", "--seed", "1", "--maybe", maybe, "--name", maybe,
        ]);
        answer(&project, maybe, "ada", 0..1000);
        let result = figures(&project, maybe);
        writeln!(
            said,
            "{maybe}: {}, {}",
            result["error_rate"], result["confidence_sequence"]["low"]
        )
        .unwrap();
    }
    insta::assert_snapshot!(said, @"
    half: 0.11, 110.0
    wrong: 0.119, 119.0
    right: 0.101, 101.0
    ");
}

#[test]
fn every_stratum_gets_its_part_and_is_shown() {
    let project = project();
    insta::assert_snapshot!(
        project.transcript(&["audit", "plan", "--seed", "7", "--by", "class", "--size", "200"]),
        @r#"
         labels    1,000  original labels
         drawn       200  by class, of 19 strata, seed 7
         question         are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
         at least    100  labels until "below 5 %", if all are right (one look at the end: 57)

         stratum                                 labels  drawn
         tench … green snake                         50     10
         king snake … flatworm                       50     10
         nematode … Walker hound                     50     10
         English foxhound … Irish water spaniel      50     10
         kuvasz … red fox                            50     10
         kit fox … Angora                            50     10
         porcupine … giant panda                     50     10
         barracouta … bicycle-built-for-two          50     10
         bikini … cleaver                            50     10
         cliff dwelling … fire engine                50     10
         fire screen … jersey                        50     10
         jigsaw puzzle … mortar                      50     10
         mortarboard … pillow                        50     10
         ping-pong ball … scabbard                   50     10
         scale … stupa                               50     10
         suit … viaduct                              50     10
         violin … artichoke                          50     10
         bell pepper … ear                           49     10
         toilet tissue                              101     20
        stderr: next: `relabel audit review --rater NAME`
        "#
    );
    answer(&project, "audit", "ada", 0..200);
    insta::assert_snapshot!(project.transcript(&["audit", "result"]), @"
     labels             1,000  original labels
     question                  are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     looked at            200  of 200 drawn
     wrong                 20
     maybe                  4  each counts as half
     error rate       11.10 %
     95 % sure   6.50–17.25 %  65–173 labels, however often one looks

     stratum                                 labels  looked at  wrong  maybe  error rate  by itself within
     tench … green snake                         50         10      0      4      20.0 %      4.00–43.00 %
     king snake … flatworm                       50         10      0      0       0.0 %      0.00–26.00 %
     nematode … Walker hound                     50         10      0      0       0.0 %      0.00–26.00 %
     English foxhound … Irish water spaniel      50         10      0      0       0.0 %      0.00–26.00 %
     kuvasz … red fox                            50         10      0      0       0.0 %      0.00–26.00 %
     kit fox … Angora                            50         10      0      0       0.0 %      0.00–26.00 %
     porcupine … giant panda                     50         10      0      0       0.0 %      0.00–26.00 %
     barracouta … bicycle-built-for-two          50         10      0      0       0.0 %      0.00–26.00 %
     bikini … cleaver                            50         10      0      0       0.0 %      0.00–26.00 %
     cliff dwelling … fire engine                50         10      0      0       0.0 %      0.00–26.00 %
     fire screen … jersey                        50         10      0      0       0.0 %      0.00–26.00 %
     jigsaw puzzle … mortar                      50         10      0      0       0.0 %      0.00–26.00 %
     mortarboard … pillow                        50         10      0      0       0.0 %      0.00–26.00 %
     ping-pong ball … scabbard                   50         10      0      0       0.0 %      0.00–26.00 %
     scale … stupa                               50         10      0      0       0.0 %      0.00–26.00 %
     suit … viaduct                              50         10      0      0       0.0 %      0.00–26.00 %
     violin … artichoke                          50         10      0      0       0.0 %      0.00–26.00 %
     bell pepper … ear                           49         10      0      0       0.0 %      0.00–25.51 %
     toilet tissue                              101         20     20      0     100.0 %    32.67–100.00 %

    verdict: 5 % or more are wrong (95 % sure), clear after 120 labels
    ");
    let mut table = "image,label,score\n".to_owned();
    for image in 0..1000 {
        let score = f64::from(image) / 1000.0;
        match image % 4 {
            0 => writeln!(table, "{image:04}.jpg,{image},").unwrap(),
            _ => writeln!(table, "{image:04}.jpg,{image},{score}").unwrap(),
        }
    }
    project.write("delivered.csv", table);
    let plan = [
        "audit",
        "plan",
        "--of",
        "delivered.csv",
        "--by",
        "score",
        "--seed",
        "2",
        "--name",
        "delivered",
    ];
    insta::assert_snapshot!(project.transcript(&plan), @r#"
     labels    1,000  labels of delivered.csv
     drawn     1,000  by score, of 11 strata, seed 2
     question         are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     at least    104  labels until "below 5 %", if all are right (one look at the end: 57)

     stratum               labels  drawn
     score 0.001 to 0.099      75     75
     score 0.101 to 0.199      75     75
     score 0.201 to 0.299      75     75
     score 0.301 to 0.399      75     75
     score 0.401 to 0.499      75     75
     score 0.501 to 0.599      75     75
     score 0.601 to 0.699      75     75
     score 0.701 to 0.799      75     75
     score 0.801 to 0.899      75     75
     score 0.901 to 0.999      75     75
     no score                 250    250
    stderr: next: `relabel audit review --rater NAME --name delivered`
    "#);
}

#[test]
fn label_sets_are_audited_label_by_label() {
    let place = Project::empty();
    place.command(&["demo", "--dir", "."]).assert().success();
    insta::assert_snapshot!(
        place.transcript(&["audit", "plan", "--of", "label-sets", "--by", "score", "--seed", "3"]),
        @r#"
         labels    32  labels of the label sets of run 1
         drawn     32  by score, of 4 strata, seed 3
         question      are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
         at least  32  labels until "below 5 %", if all are right (one look at the end: 25)

         stratum               labels  drawn
         score 0.667 to 0.667       7      7
         score 0.833 to 0.833       3      3
         score 1.000 to 1.000      20     20
         no score                   2      2
        stderr: next: `relabel audit review --rater NAME`
        "#
    );
    // All of them are drawn: 30 labels of ten images with votes, two that kept their own.
    let sets = place.run(&["export", "--as", "jsonl"]);
    let labels = |line: &str| {
        let set: serde_json::Value = serde_json::from_str(line).unwrap();
        set["labels"].as_array().unwrap().len()
    };
    assert_eq!(
        drawn(&place, "audit").len(),
        sets.lines().map(labels).sum::<usize>()
    );
}

#[test]
fn what_was_found_wrong_is_listed() {
    let project = project();
    project.run(&["audit", "plan", "--seed", "7", "--size", "30"]);
    answer(&project, "audit", "ada", (0..12).chain(20..30));
    insta::assert_snapshot!(project.run(&["audit", "result", "--list"]), @"
     labels             1,000  original labels
     question                  are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     looked at             12  of 30 drawn; 10 more answers wait for one before them
     wrong                  1
     maybe                  1  each counts as half
     error rate       12.50 %
     95 % sure   0.85–44.40 %  8–444 labels, however often one looks
     one look    0.30–48.20 %  3–482 labels, if this is the only look

    no verdict yet: go on; if labels are like these, the 30 drawn may be too few

     place  image     label  name                                          answer
         2  0010.jpg     10  brambling, Fringilla montifringilla           maybe
         7  0523.jpg    999  toilet tissue, toilet paper, bathroom tissue  wrong
        22  0011.jpg     11  goldfinch, Carduelis carduelis                maybe (waits)
        28  0353.jpg    999  toilet tissue, toilet paper, bathroom tissue  wrong (waits)
    ");
}

#[test]
fn an_audit_with_answers_is_drawn_further_or_left_alone() {
    let project = project();
    project.run(&["audit", "plan", "--size", "20", "--seed", "5"]);
    let first = drawn(&project, "audit");
    // Nothing is answered: it may be drawn anew.
    project.run(&["audit", "plan", "--size", "20", "--seed", "6"]);
    assert_ne!(drawn(&project, "audit"), first);
    answer(&project, "audit", "ada", 0..20);
    insta::assert_snapshot!(project.transcript(&["audit", "result"]).lines().last().unwrap(), @"no verdict: all labels drawn are looked at; `relabel audit plan` with the same options and a --size above 20 draws more");
    let mut said = String::new();
    for change in [
        &["--seed", "5", "--size", "40"][..],
        &["--size", "10"],
        &["--size", "40", "--tolerance", "0.02"],
        &["--size", "40", "--maybe", "wrong"],
        &["--size", "40", "--by", "class"],
    ] {
        said.push_str(&project.transcript(&[&["audit", "plan"], change].concat()));
    }
    insta::assert_snapshot!(said, @r#"
    stderr: error: audit "audit" has answers already, and would not be the same audit
    stderr: hint: plan another one with --name
    stderr: hint: more labels are drawn by the same options with a larger --size than 20; `relabel audit result` says what there is
    exit 1
    stderr: error: audit "audit" has answers already, and would not be the same audit
    stderr: hint: plan another one with --name
    stderr: hint: more labels are drawn by the same options with a larger --size than 20; `relabel audit result` says what there is
    exit 1
    stderr: error: audit "audit" has answers already, and would not be the same audit
    stderr: hint: plan another one with --name
    stderr: hint: more labels are drawn by the same options with a larger --size than 20; `relabel audit result` says what there is
    exit 1
    stderr: error: audit "audit" has answers already, and would not be the same audit
    stderr: hint: plan another one with --name
    stderr: hint: more labels are drawn by the same options with a larger --size than 20; `relabel audit result` says what there is
    exit 1
    stderr: error: audit "audit" has answers already, and would not be the same audit
    stderr: hint: plan another one with --name
    stderr: hint: more labels are drawn by the same options with a larger --size than 20; `relabel audit result` says what there is
    exit 1
    "#);
    let before = drawn(&project, "audit");
    insta::assert_snapshot!(project.transcript(&["audit", "plan", "--size", "40"]), @r#"
     labels      1,000  original labels
     drawn          40  of all alike, seed 6; the answers that are there stay
     question           are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     at least  over 40  labels until "below 5 %", if all are right (one look at the end: 57)
    stderr: next: `relabel audit review --rater NAME`
    "#);
    let after = drawn(&project, "audit");
    assert_eq!((after.len(), &after[..20]), (40, &before[..]));
    assert_eq!(figures(&project, "audit")["looked_at"], 20);
}

#[test]
fn audits_that_cannot_be_are_refused() {
    let project = Project::new();
    let mut said = String::new();
    project.write("labels.csv", "image,label\na.jpg,1\nb.jpg,2\n");
    project.write("unknown.csv", "image,label\nc.jpg,1\n");
    project.write("twice.csv", "image,label\na.jpg,1\na.jpg,1\n");
    project.write("votes.csv", "image,label,rater,answer\na.jpg,1,bob,yes\n");
    for arguments in [
        &["audit", "plan"][..],
        &["audit", "result"],
        &["import", "labels", "labels.csv"],
        &["import", "votes", "votes.csv"],
        &["import", "votes", "votes.csv", "--round", "second"],
        &["audit", "plan", "--of", "label-sets"],
        &["audit", "plan", "--of", "unknown.csv"],
        &["audit", "plan", "--of", "twice.csv"],
        &["audit", "plan", "--of", "missing.csv"],
        &["audit", "plan", "--by", "score"],
        &["audit", "plan", "--name", "main"],
        &["audit", "plan", "--name", "second"],
        &["audit", "plan", "--tolerance", "5"],
        &["audit", "plan", "--confidence", "95"],
        &["audit", "plan", "--name", " "],
        &["audit", "plan", "--maybe", "perhaps"],
        &["audit", "plan", "-q", "--seed", "1"],
        &["audit", "result", "--name", "other"],
    ] {
        write!(
            said,
            "$ relabel {}\n{}",
            arguments.join(" "),
            project.transcript(arguments)
        )
        .unwrap();
    }
    insta::assert_snapshot!(said, @r#"
    $ relabel audit plan
    stderr: error: there are no original labels to audit
    stderr: hint: `relabel import labels FILE` takes in original labels; --of FILE audits those of a table
    exit 1
    $ relabel audit result
    stderr: error: there is no audit "audit"
    stderr: hint: plan one with `relabel audit plan`
    exit 1
    $ relabel import labels labels.csv
    stderr: labels.csv: 2 original labels imported, 0 known already; 2 new images, known by name only
    $ relabel import votes votes.csv
    stderr: votes.csv: 1 vote of 1 rater imported, 0 known already
    $ relabel import votes votes.csv --round second
    stderr: votes.csv: 1 vote of 1 rater imported, 0 known already
    $ relabel audit plan --of label-sets
    stderr: error: there are no label sets yet
    stderr: hint: make them with `relabel aggregate`, or audit the original labels with --of original
    exit 1
    $ relabel audit plan --of unknown.csv
    stderr: error: cannot import unknown.csv: row 2: unknown image "c.jpg"
    stderr: hint: `relabel import images` and `relabel import labels` take images in
    stderr: hint: nothing was imported; fix the row
    exit 3
    $ relabel audit plan --of twice.csv
    stderr: error: cannot import twice.csv: row 3: image "a.jpg" has the label 1 in an earlier row too
    stderr: hint: nothing was imported; fix the row
    exit 3
    $ relabel audit plan --of missing.csv
    stderr: error: cannot import missing.csv: No such file or directory (os error 2)
    exit 3
    $ relabel audit plan --by score
    stderr: error: --by score: the labels have no scores, or all the same one
    stderr: hint: scores come from the table of --of, column score, from `relabel aggregate`, or from proposals
    exit 1
    $ relabel audit plan --name main
    stderr: error: round "main" is for votes that are no audit's
    stderr: hint: choose another name
    exit 2
    $ relabel audit plan --name second
    stderr: error: round "second" has votes that are no answers of an audit
    stderr: hint: choose another name with --name
    exit 1
    $ relabel audit plan --tolerance 5
    stderr: error: a tolerance of 5 cannot be asked about: it lies above 0 and below 1
    exit 2
    $ relabel audit plan --confidence 95
    stderr: error: a confidence of 95 cannot be had: it lies from 0.5 to 0.9999
    exit 2
    $ relabel audit plan --name  
    stderr: error: an audit needs a name
    exit 2
    $ relabel audit plan --maybe perhaps
    stderr: error: invalid value 'perhaps' for '--maybe <half|wrong|right>': unknown "perhaps": a maybe counts as wrong, right or half
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    $ relabel audit plan -q --seed 1
     labels    2  original labels
     drawn     2  of all alike, seed 1
     question     are fewer than 5 % wrong? (95 % sure; a maybe counts as half)
     at least  2  labels until "below 5 %", if all are right (one look at the end: 2)
    $ relabel audit result --name other
    stderr: error: there is no audit "other"
    stderr: hint: --name takes one of: audit
    exit 1
    "#);
}

#[test]
fn audits_come_along_when_copies_are_merged() {
    let project = project();
    project.run(&["audit", "plan", "--seed", "7", "--size", "20"]);
    std::fs::copy(project.database(), project.path("copy.db")).unwrap();
    let copy =
        |arguments: &[&str]| project.transcript(&[&["--project", "copy.db"], arguments].concat());
    // Here the first ten are answered; there the next ten, and more are drawn, and another audit is planned.
    answer(&project, "audit", "ada", 0..10);
    let drawn = drawn(&project, "audit");
    let mut votes = "image,label,rater,answer\n".to_owned();
    for (image, class) in &drawn[10..20] {
        writeln!(votes, "{image},{class},bob,yes").unwrap();
    }
    project.write("answers.csv", votes);
    copy(&[
        "import",
        "votes",
        "answers.csv",
        "--round",
        "audit",
        "--role",
        "auditor",
    ]);
    copy(&["audit", "plan", "--size", "30"]);
    copy(&[
        "audit", "plan", "--name", "second", "--by", "class", "--size", "40",
    ]);
    insta::assert_snapshot!(project.transcript(&["merge", "copy.db"]), @"
    file                taken in  here already
    copy.db  votes            10             0
    copy.db  notes             0             0
    copy.db  questions        10             0
    copy.db  raters            1             0
    copy.db  audits            2             0
    ");
    let result = figures(&project, "audit");
    assert_eq!(
        (&result["looked_at"], &result["drawn"]),
        (&20.into(), &30.into())
    );
    assert_eq!(figures(&project, "second")["drawn"], 40);
    let before = project.sql("SELECT * FROM audit_draw");
    project.run(&["merge", "copy.db"]);
    assert_eq!(project.sql("SELECT * FROM audit_draw"), before);
    // Another audit of the same name comes under another one: tests/audit_names.rs.
    project.run(&["audit", "plan", "--name", "third", "--seed", "1"]);
    copy(&["audit", "plan", "--name", "third", "--seed", "2"]);
    let said = project.transcript(&["merge", "copy.db"]);
    assert!(said.contains("audit \"third\" goes by \"third ("), "{said}");
    assert_eq!(figures(&project, "third")["seed"], 1);
}
