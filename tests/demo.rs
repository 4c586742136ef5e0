//! `relabel demo`: the built-in example, from the first screen to the label sets.

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
use common::screen::is_ready;

#[test]
fn a_newcomer_votes_on_the_demo_and_sees_agreement_and_label_sets() {
    let place = Project::empty();
    let arguments = [
        "demo",
        "--dir",
        "demo",
        "--rater",
        "newcomer",
        "--pictures",
        "half",
    ];
    let mut terminal = Terminal::open(place.folder(), &arguments, Opening::default());
    terminal.wait_for_text("task 1 of 11 · newcomer");
    terminal.wait_for_text("image 1");
    assert!(
        !terminal.text().contains("bottle.jpg"),
        "a name gives away what is asked"
    );
    terminal.wait_until("picture", is_ready);
    // Blind: no other rater and no model is named while one votes.
    assert!(!terminal.text().contains("example"));
    // Water bottle is the fourth label of the first picture.
    terminal.keys("4y");
    terminal.wait_for_text("4 y  water bottle");
    terminal.keys("N");
    terminal.wait_for_text("1 n  beer glass");
    terminal.keys("\r");
    terminal.wait_for_text("task 2 of 11");
    terminal.keys("q");
    terminal.wait_for_text("with example rater 1");
    terminal.wait_for_text("with gold: 100.0 %");
    terminal.wait_for_text("changed image 1: water bottle  (was bucket, pail)");
    terminal.wait_for_text("disputes on images that you have answered");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    // What was said is on the normal screen, where it stays.
    let after = String::from_utf8_lossy(terminal.raw()).into_owned();
    assert!(
        after.contains("the demo project is demo/relabel.db"),
        "{after}"
    );

    let status = place.run(&["--project", "demo/relabel.db", "status"]);
    assert!(status.contains("newcomer"), "{status}");
    let votes = place.run(&[
        "--project",
        "demo/relabel.db",
        "export",
        "--as",
        "votes-csv",
    ]);
    assert!(
        votes
            .lines()
            .any(|line| line.starts_with("bottle.jpg,898,newcomer,main,yes,")),
        "{votes}"
    );
    assert_eq!(
        votes
            .lines()
            .filter(|line| line.contains(",newcomer,"))
            .count(),
        5
    );
}

#[test]
fn every_disputed_question_is_a_keypress_away_from_being_opened() {
    let place = Project::empty();
    place.command(&["demo", "--dir", "demo"]).assert().success();
    place.run(&["--project", "demo/relabel.db", "rater", "add", "newcomer"]);
    let arguments = [
        "--project",
        "demo/relabel.db",
        "review",
        "--rater",
        "newcomer",
        "--pictures",
        "none",
    ];
    let mut terminal = Terminal::open(place.folder(), &arguments, Opening::default());
    terminal.wait_for_text("task 1 of 11");
    terminal.keys("q");
    // Nothing is told of what the newcomer has not answered.
    terminal.wait_for_text("no disputes on images that you have answered");
    terminal.keys("b");
    for next in ["task 2 of 11", "task 3 of 11", "task 4 of 11"] {
        terminal.wait_for_text("y yes");
        terminal.keys("N\r");
        terminal.wait_for_text(next);
    }
    terminal.keys("q");
    terminal.wait_for_text("1 dispute on images that you have answered (share of yes)");
    assert!(
        !terminal.text().contains("no disputes"),
        "{}",
        terminal.text()
    );
    terminal.keys("1");
    terminal.wait_for_text("dispute · newcomer");
    terminal.keys("\r");
    terminal.wait_for_text("this sitting");
    terminal.keys("b");
    terminal.wait_for_text("task 4 of 11 · newcomer · 3 today");
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn without_a_terminal_the_demo_is_written_and_every_command_reads_it() {
    let place = Project::empty();
    let output = place.command(&["demo", "--dir", "demo"]).assert().success();
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(said.contains("no terminal here"), "{said}");
    let run =
        |arguments: &[&str]| place.run(&[&["--project", "demo/relabel.db"], arguments].concat());
    let plan = run(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(
        (&plan["images"], &plan["unanimous"], &plan["tasks"]),
        (&12.into(), &2.into(), &11.into())
    );
    assert!(run(&["aggregate", "--method", "majority"]).contains("10 images scored"));
    assert!(run(&["agreement"]).contains("Krippendorff"));
    let sets = run(&["export", "--as", "jsonl"]);
    assert!(
        sets.contains(r#"{"image":"savanna.jpg","labels":[],"original":352}"#),
        "{sets}"
    );
    assert!(
        sets.contains(r#"{"image":"leaf.jpg","labels":[301],"original":301}"#),
        "{sets}"
    );
    let picture = run(&["show", "cat.jpg", "--pictures", "half", "--cells", "20x10"]);
    assert!(picture.contains('▀'));
    // A demo that is there already is opened again, not overwritten.
    place.command(&["demo", "--dir", "demo"]).assert().success();
    assert!(run(&["rater", "list"]).contains("example rater 3"));
}

#[test]
fn it_opens_where_the_environment_has_no_name_for_the_user() {
    let place = Project::empty();
    let nameless = ["USER", "LOGNAME", "USERNAME"].map(|name| (name, ""));
    let opening = Opening {
        environment: &nameless,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(place.folder(), &["demo", "--dir", "demo"], opening);
    terminal.wait_for_text("task 1 of 11 · you");
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}
