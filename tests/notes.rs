//! Flags and comments: listed, answered on the adjudicator's screen and by `notes answer`, exported, merged, and told to those who asked.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{footer, is_ready, marks};
use serde_json::Value;

fn review(project: &Project, arguments: &[&str]) -> Terminal {
    let arguments = [&["review", "--pictures", "none"], arguments].concat();
    let opening = Opening {
        columns: 120,
        rows: 40,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), &arguments, opening);
    terminal.wait_until("labels", is_ready);
    terminal
}

fn leave(mut terminal: Terminal) {
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// Alice flags the first drawing and asks something about it; bob comments on it too.
fn asked() -> Project {
    let project = Project::of_drawings();
    project.run(&["rater", "add", "dora", "--role", "adjudicator"]);
    project.join("alice", "rater");
    project.join("bob", "rater");
    let mut alice = review(&project, &["--rater", "alice"]);
    alice.keys("f");
    alice.wait_for_text("flagged");
    alice.keys("ca toy, or a dog?\r");
    alice.wait_for_text("the comment is recorded");
    leave(alice);
    let mut bob = review(&project, &["--rater", "bob"]);
    bob.keys("cblurred\r");
    bob.wait_for_text("the comment is recorded");
    leave(bob);
    project
}

fn json_of(project: &Project, arguments: &[&str]) -> Value {
    let text = project.run(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).unwrap()
}

/// Names and times are drawn anew each time: N1, N2… and TIME stand for them.
fn redacted(project: &Project, text: &str) -> String {
    let mut text = text.to_owned();
    let notes = json_of(project, &["notes"]);
    for (at, note) in notes.as_array().unwrap().iter().enumerate() {
        text = text.replace(note["note"].as_str().unwrap(), &format!("N{}", at + 1));
        text = text.replace(note["at"].as_str().unwrap(), "TIME");
        for answer in note["answers"].as_array().unwrap() {
            text = text.replace(answer["at"].as_str().unwrap(), "TIME");
        }
    }
    text
}

/// The first column varies in width; blanks say nothing.
fn squeezed(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

fn name(project: &Project, note: usize) -> String {
    let notes = json_of(project, &["notes"]);
    notes[note]["note"].as_str().unwrap().to_owned()
}

#[test]
fn notes_are_listed_filtered_answered_and_exported() {
    let project = asked();
    let status = project.run(&["status"]);
    assert!(
        status.contains("2 comments; 3 notes to answer (`relabel notes --open`)"),
        "{status}"
    );
    insta::assert_snapshot!(squeezed(&redacted(&project, &project.run(&["notes"]))), @r"
    note state image rater at says answers
    N1 open drawing-00.png alice TIME (flag)
    N2 open drawing-00.png alice TIME a toy, or a dog?
    N3 open drawing-00.png bob TIME blurred
    ");
    let said = project.transcript(&[
        "notes",
        "answer",
        &name(&project, 1),
        "a toy: no",
        "--rater",
        "dora",
    ]);
    assert_eq!(
        said,
        "stderr: alice's comment on drawing-00.png is answered\n"
    );
    insta::assert_snapshot!(squeezed(&redacted(&project, &project.run(&["notes", "--rater", "alice"]))), @r"
    note state image rater at says answers
    N1 open drawing-00.png alice TIME (flag)
    N2 answered drawing-00.png alice TIME a toy, or a dog? dora: a toy: no
    ");
    let open = project.run(&["notes", "--open", "--image", "drawing-00.png"]);
    assert!(
        open.contains("(flag)") && open.contains("blurred") && !open.contains("a toy"),
        "{open}"
    );
    assert_eq!(
        project.transcript(&["notes", "--image", "drawing-01.png"]),
        "stderr: there are no such notes\n"
    );
    project.run(&["export", "--as", "notes-csv", "-o", "notes.csv"]);
    let table = std::fs::read_to_string(project.path("notes.csv")).unwrap();
    insta::assert_snapshot!(redacted(&project, &table), @r#"
    note,state,image,rater,kind,text,at,answered_by,answer,answered_at
    N1,open,drawing-00.png,alice,flag,,TIME,,,
    N2,answered,drawing-00.png,alice,comment,"a toy, or a dog?",TIME,dora,a toy: no,TIME
    N3,open,drawing-00.png,bob,comment,blurred,TIME,,,
    "#);
    assert_eq!(json_of(&project, &["status"])["open_notes"], 2);
    // An answer may be answered anew; both stay.
    project.run(&[
        "notes",
        "answer",
        &name(&project, 1),
        "a dog after all",
        "--rater",
        "dora",
    ]);
    let answers = &json_of(&project, &["notes"])[1]["answers"];
    assert_eq!(answers.as_array().unwrap().len(), 2);
    assert_eq!(answers[1]["text"], "a dog after all");
    // A flag that is taken back is no note any more.
    let mut alice = review(&project, &["--rater", "alice"]);
    alice.keys("f");
    alice.wait_for_text("the flag is taken back");
    leave(alice);
    assert!(!project.run(&["notes"]).contains("(flag)"));
    let changed = rusqlite::Connection::open(project.database())
        .unwrap()
        .execute("UPDATE note SET text = 'never asked'", [])
        .unwrap_err();
    assert!(changed.to_string().contains("notes are only ever added"));
}

#[test]
fn only_adjudicators_answer_and_only_what_is_there() {
    let project = asked();
    let first = name(&project, 0);
    let mut said = String::new();
    for arguments in [
        ["answer", first.as_str(), "yes", "--rater", "alice"],
        ["answer", first.as_str(), "yes", "--rater", "nobody"],
        ["answer", first.as_str(), "  ", "--rater", "dora"],
        ["answer", "zzz-1", "yes", "--rater", "dora"],
    ] {
        said.push_str(&project.transcript(&[&["notes"], &arguments[..]].concat()));
    }
    said.push_str(&project.transcript(&["notes", "--image", "drawing"]));
    said.push_str(&project.transcript(&["notes", "--rater", "nobody"]));
    insta::assert_snapshot!(said, @r#"
    stderr: error: adjudicators answer notes; "alice" is rater
    stderr: hint: `relabel rater add NAME --role adjudicator` adds one
    exit 1
    stderr: error: the project has no rater "nobody"
    stderr: hint: `relabel rater add NAME` adds one, `relabel rater list` shows them all
    exit 1
    stderr: error: an answer needs words
    exit 2
    stderr: error: there is no note "zzz-1"
    stderr: hint: `relabel notes` lists them, with their names first
    exit 1
    stderr: error: the project has no image "drawing"
    stderr: hint: give its whole name, as the review screen shows it
    exit 1
    stderr: error: the project has no rater "nobody"
    stderr: hint: `relabel rater add NAME` adds one, `relabel rater list` shows them all
    exit 1
    "#);
}

#[test]
fn an_adjudicator_answers_on_the_screen_and_who_asked_is_told_after_voting() {
    let project = asked();
    let mut dora = review(&project, &["--rater", "dora", "--order", "noted"]);
    let screen = dora.text();
    assert!(screen.contains("task 1 of 1"), "{screen}");
    for seen in [
        "notes, 3 open: a answers",
        "alice flags this image",
        "alice: “a toy, or a dog?”",
        "bob: “blurred”",
        "3 open notes",
    ] {
        assert!(screen.contains(seen), "{seen}\n{screen}");
    }
    dora.keys("a");
    dora.wait_for_text("▸ alice flags this image");
    assert!(footer(&dora).contains("answer: "), "{}", footer(&dora));
    // What is typed is text.
    dora.keys("yes, quite");
    dora.wait_for_text("answer: yes, quite");
    dora.keys("\r");
    dora.wait_for_text("the answer is recorded");
    dora.wait_for_text("notes, 2 open");
    dora.wait_for_text("alice flags this image – dora: “yes,");
    dora.keys("aa toy\r");
    dora.wait_for_text("notes, 1 open");
    dora.keys("a\x1b");
    dora.wait_for_text("y yes");
    assert!(dora.text().contains("notes, 1 open"));
    dora.keys("a");
    dora.wait_for_text("▸ bob: “blurred”");
    dora.keys("it is\r");
    dora.wait_for_text("notes, all answered");
    dora.keys("a");
    dora.wait_for_text("nothing on this image waits for an answer");
    assert_eq!(marks(&dora), "······", "no key of an answer is a vote");
    leave(dora);

    // Alice has not voted yet: nothing is told, on no screen.
    let mut alice = review(&project, &["--rater", "alice"]);
    assert!(!alice.text().contains("dora") && !alice.text().contains("blurred"));
    alice.keys("a");
    alice.wait_for_text("an adjudicator answers flags and comments");
    alice.keys("nn");
    alice.wait_until("two votes", |terminal| marks(terminal) == "nn····");
    alice.keys("q");
    alice.wait_for_text("label sets of");
    assert!(
        !alice.text().contains("answers to your notes"),
        "{}",
        alice.text()
    );
    alice.keys("b");
    alice.wait_for_text("y yes");
    alice.keys("N");
    alice.wait_until("votes", |terminal| marks(terminal) == "nnnnnn");
    alice.keys("\rq");
    alice.wait_for_text("answers to your notes");
    let closing = alice.text();
    for told in [
        "image 1, your flag: dora answered “yes, quite”",
        "image 1, “a toy, or a dog?”: dora answered “a toy”",
    ] {
        assert!(closing.contains(told), "{told}\n{closing}");
    }
    assert!(!closing.contains("blurred"), "{closing}");
    alice.keys("q");
    assert_eq!(alice.wait_for_end(), 0);
}

#[test]
fn an_answer_that_does_not_reach_the_disk_is_brought_back() {
    let project = asked();
    let mut dora = review(&project, &["--rater", "dora"]);
    // Nobody can write now.
    project.sql(
        "CREATE TRIGGER full BEFORE INSERT ON note BEGIN SELECT RAISE(ABORT, 'no more room'); END",
    );
    dora.keys("aquite\r");
    dora.wait_for_text("NOT recorded");
    dora.wait_for_text("a brings the text back");
    project.sql("DROP TRIGGER full");
    dora.keys("a");
    dora.wait_for_text("answer: quite");
    dora.keys(" so\r");
    dora.wait_for_text("the answer is recorded");
    leave(dora);
    assert_eq!(
        json_of(&project, &["notes"])[0]["answers"][0]["text"],
        "quite so"
    );
}

#[test]
fn answers_of_two_copies_are_merged_and_have_the_same_names() {
    let project = asked();
    std::fs::copy(project.database(), project.path("copy.db")).unwrap();
    let first = name(&project, 0);
    project.run(&["notes", "answer", &first, "here", "--rater", "dora"]);
    project.run(&[
        "--project",
        "copy.db",
        "notes",
        "answer",
        &first,
        "there",
        "--rater",
        "dora",
    ]);
    project.run(&["merge", "copy.db"]);
    project.run(&["--project", "copy.db", "merge", "relabel.db"]);
    let ours = json_of(&project, &["notes"]);
    assert_eq!(ours, json_of(&project, &["--project", "copy.db", "notes"]));
    let texts: Vec<&Value> = ours[0]["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| &answer["text"])
        .collect();
    assert_eq!(texts, ["here", "there"]);
    let again = json_of(&project, &["merge", "copy.db"]);
    assert_eq!(again["files"][0]["notes"]["taken"], 0);
    assert_eq!(project.sql("PRAGMA foreign_key_check"), "");
}
