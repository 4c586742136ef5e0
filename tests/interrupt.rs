//! Ctrl-c while a command works: it stops at once, says so by its exit code, and leaves everything as it was.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fmt::Write as _;
use std::time::Duration;

use common::Project;
use common::pty::{Opening, Terminal};

/// A project with a table of votes that takes a while.
fn project() -> Project {
    let project = Project::new();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for number in 0..400_000 {
        let (image, label) = (number / 100, number % 100);
        writeln!(votes, "{image:06}.jpg,{label},alice,no").unwrap();
    }
    project.write("votes.csv", votes);
    project
}

#[test]
fn an_import_that_is_interrupted_leaves_no_trace() {
    let project = project();
    let before = project.sql("SELECT count(*) FROM image");
    let arguments = ["import", "votes", "votes.csv"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    // A bar on the terminal, with its rate.
    terminal.wait_for("the bar", |text| {
        text.contains("rows") && text.contains("/s")
    });
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    // The bar is wiped away.
    assert!(terminal.raw().ends_with(b"\x1b[2K"), "{}", terminal.text());
    assert_eq!(project.sql("SELECT count(*) FROM image"), before);
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
}

#[test]
fn what_is_no_terminal_gets_no_bar() {
    let project = Project::new();
    project.write("labels.csv", "image,label\na.jpg,1\n");
    let said = project.transcript(&["import", "labels", "labels.csv"]);
    insta::assert_snapshot!(said, @"
    stderr: labels.csv: 1 original label imported, 0 known already; 1 new image, known by name only
    ");
}

#[test]
fn a_command_that_does_not_look_is_ended() {
    let project = project();
    project.run(&["import", "votes", "votes.csv"]);
    let arguments = ["aggregate", "--method", "dawid-skene"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.read_for(Duration::from_millis(300));
    terminal.keys("\x03");
    let code = terminal.wait_for_end();
    // It may have been done by then.
    assert!(code == 130 || code == 0, "{code}");
    // All of a run, or nothing.
    let count = |table| project.sql(&format!("SELECT count(*) FROM {table}"));
    let counts = [count("run"), count("score")];
    let is_nothing = code == 130 && counts == ["0\n", "0\n"];
    assert!(is_nothing || counts == ["1\n", "400000\n"], "{counts:?}");
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
}
