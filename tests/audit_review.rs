//! `relabel audit review`, as an auditor uses it: one label after the other, until the question is settled.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use common::Project;
use common::audited;
use common::pty::{Opening, Terminal};
use common::screen::{footer, header, image, is_ready, labels, marks};

/// The drawings, each with one label, of which an audit asks whether fewer than `tolerance` are wrong.
fn project(tolerance: &str) -> Project {
    let project = Project::of_drawings();
    let mut labels = "image,label\n".to_owned();
    for number in 0..30 {
        writeln!(labels, "drawing-{number:02}.png,{}", 151 + number).unwrap();
    }
    project.write("labels.csv", labels);
    project.run(&["import", "labels", "labels.csv"]);
    let plan = ["audit", "plan", "--seed", "7", "--tolerance", tolerance];
    project.run(&plan);
    project
}

/// The images in the order of the draw.
fn drawn(project: &Project) -> Vec<String> {
    let drawn = audited::drawn(project, "audit").into_iter();
    drawn.map(|(image, _)| image).collect()
}

fn sit_down(project: &Project, auditor: &str) -> Terminal {
    let arguments = [
        "audit",
        "review",
        "--rater",
        auditor,
        "--pictures",
        "none",
        "--names",
    ];
    Terminal::open(project.folder(), &arguments, Opening::default())
}

fn open(project: &Project, auditor: &str) -> Terminal {
    let mut terminal = sit_down(project, auditor);
    terminal.wait_until("a label", is_ready);
    terminal
}

/// The image on the screen.
fn now(terminal: &Terminal) -> Option<String> {
    image(terminal).map(|(name, _)| name)
}

/// Answers, and waits until something else is on the screen; the image that was answered.
fn answer(terminal: &mut Terminal, key: &str) -> String {
    let former = now(terminal).unwrap();
    terminal.keys(key);
    terminal.wait_until("what comes next", |terminal| {
        let is_closing = terminal.text().contains("this sitting");
        is_closing || (now(terminal).as_ref() != Some(&former) && is_ready(terminal))
    });
    former
}

/// Standing answers of the audit: image and code, in the order in which they were given.
fn answers(project: &Project) -> String {
    project.sql(
        "SELECT image.name, vote.answer FROM vote JOIN question ON question.id = vote.question
         JOIN image ON image.id = question.image JOIN round ON round.id = vote.round
         WHERE round.name = 'audit' AND vote.sequence = (
             SELECT max(sequence) FROM vote AS other WHERE other.question = vote.question AND other.round = vote.round)
         AND vote.answer IS NOT NULL ORDER BY vote.sequence",
    )
}

/// What `audit result` says once so many answers are on disk.
fn said_of(project: &Project, recorded: usize) -> String {
    let end = Instant::now() + Duration::from_secs(20);
    while answers(project).lines().count() != recorded && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    project.run(&["audit", "result"])
}

#[test]
fn labels_are_asked_for_one_after_the_other_until_the_question_is_settled() {
    let project = project("0.4");
    let mut terminal = open(&project, "ada");
    let drawn = drawn(&project);
    assert!(
        header(&terminal).contains("label 1 of 30 · ada"),
        "{}",
        header(&terminal)
    );
    assert!(terminal.text().contains("is this label right?"));
    assert_eq!(
        labels(&terminal).len(),
        1,
        "the label that the image was given alone"
    );
    let bar = footer(&terminal);
    assert!(
        bar.contains("y yes") && !bar.contains("done") && !bar.contains("other label"),
        "{bar}"
    );
    for image in &drawn[..7] {
        assert_eq!(&answer(&mut terminal, "y"), image);
    }
    // All right: with the next one it is clear, and the audit ends by itself.
    terminal.keys("y");
    terminal.wait_for_text("verdict: fewer than 40 % are wrong (95 % sure), clear after 8 labels");
    assert!(
        terminal
            .text()
            .contains("8 labels looked at, 8 votes recorded")
    );
    assert!(
        terminal.text().contains("0.00–38.33 %"),
        "{}",
        terminal.text()
    );
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    let said = said_of(&project, 8);
    assert!(said.ends_with("clear after 8 labels\n"), "{said}");
    assert_eq!(answers(&project).lines().count(), 8);

    // Who comes again sees the verdict first, and may go on.
    let mut terminal = sit_down(&project, "ada");
    terminal.wait_for_text("clear after 8 labels");
    assert!(footer(&terminal).contains("b back"));
    terminal.keys("b");
    terminal.wait_until("a label", is_ready);
    assert!(
        header(&terminal).contains("label 9 of 30 · ada · 8 today"),
        "{}",
        header(&terminal)
    );
    for image in &drawn[8..] {
        assert_eq!(&answer(&mut terminal, "y"), image);
    }
    terminal.wait_for_text("22 labels looked at, 22 votes recorded");
    terminal.wait_for_text("0.00–0.00 %");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn one_undo_takes_an_answer_back() {
    let project = project("0.4");
    let mut terminal = open(&project, "ada");
    let first = answer(&mut terminal, "n");
    let second = answer(&mut terminal, "m");
    terminal.keys("u");
    terminal.wait_until("the second", |terminal| {
        now(terminal).as_ref() == Some(&second) && marks(terminal) == "·"
    });
    terminal.keys("u");
    terminal.wait_until("the first", |terminal| {
        now(terminal).as_ref() == Some(&first) && marks(terminal) == "·"
    });
    assert_eq!(answer(&mut terminal, "y"), first);
    assert_eq!(now(&terminal), Some(second));
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(answers(&project), format!("{first}|2\n"));
}

#[test]
fn auditors_do_not_look_at_the_same_label() {
    let project = project("0.05");
    let drawn = drawn(&project);
    let mut ada = open(&project, "ada");
    // Hers are the label on the screen and those that are made ready.
    project.join("bob", "auditor");
    let mut bob = open(&project, "bob");
    assert_eq!(now(&bob), Some(drawn[4].clone()));
    assert_eq!(answer(&mut bob, "n"), drawn[4]);
    assert_eq!(answer(&mut ada, "y"), drawn[0]);
    let said = said_of(&project, 2);
    assert!(
        said.contains("1 more answer waits for one before it"),
        "{said}"
    );
    ada.keys("qq");
    assert_eq!(ada.wait_for_end(), 0);
    // What she leaves comes to the next auditor.
    project.join("cem", "auditor");
    let mut cem = open(&project, "cem");
    assert_eq!(now(&cem), Some(drawn[1].clone()));
    for place in [1, 2, 3] {
        assert_eq!(answer(&mut cem, "y"), drawn[place]);
    }
    let said = said_of(&project, 5);
    assert!(!said.contains("wait"), "{said}");
    assert!(said.contains("looked at              5"), "{said}");
    // Of three auditors each is one.
    assert_eq!(project.sql("SELECT DISTINCT role FROM rater"), "auditor\n");
}

#[test]
fn an_auditor_looks_at_the_label_and_nothing_else() {
    let project = project("0.05");
    let mut votes = "image,label,rater,answer\n".to_owned();
    for number in 0..30 {
        writeln!(votes, "drawing-{number:02}.png,{},eve,no", 151 + number).unwrap();
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate"]);
    project.join("ada", "auditor");
    let mut terminal = open(&project, "ada");
    let text = terminal.text();
    for secret in ["eve", "score", "model", "original"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // Nothing is added to what is audited.
    terminal.keys("/");
    terminal.wait_for_text("an audit asks about the label that the image was given");
    // What is skipped waits, and what comes after it waits for it.
    let skipped = now(&terminal).unwrap();
    answer(&mut terminal, "s");
    answer(&mut terminal, "y");
    let said = said_of(&project, 1);
    assert!(said.contains("0  of 30 drawn; 1 more"), "{said}");
    for _ in 0..28 {
        answer(&mut terminal, "y");
    }
    assert_eq!(answer(&mut terminal, "y"), skipped);
    terminal.wait_for_text("30 labels looked at");
}

#[test]
fn what_was_shown_as_answered_outlives_a_kill() {
    let project = project("0.05");
    let mut terminal = open(&project, "ada");
    let first = answer(&mut terminal, "y");
    terminal.wait_until("its record", |terminal| {
        header(terminal).contains("1 today")
    });
    terminal.kill();
    assert_eq!(answers(&project), format!("{first}|2\n"));
    // The line was dropped, and her claims with it when they run out; she herself goes on at once.
    let again = open(&project, "ada");
    assert_eq!(now(&again), Some(drawn(&project)[1].clone()));
}

#[test]
fn what_is_missing_is_said() {
    let project = Project::of_drawings();
    insta::assert_snapshot!(project.transcript(&["audit", "review", "--rater", "ada"]), @r#"
    stderr: error: there is no audit "audit"
    stderr: hint: plan one with `relabel audit plan`
    exit 1
    "#);
    let project = self::project("0.05");
    insta::assert_snapshot!(project.transcript(&["audit", "review", "--rater", "ada"]), @"
    stderr: error: the review screen needs a terminal for keys and for the screen
    exit 2
    ");
}
