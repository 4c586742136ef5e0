//! docs/roles.md does what it says: every command in it is run, in order.

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

/// Alice writes a comment.
fn note(project: &Project) {
    let arguments = ["review", "--rater", "alice", "--pictures", "none"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for_text("y yes");
    terminal.keys("cdoes a toy count?\r");
    terminal.wait_for_text("the comment is recorded");
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// The name of the one note.
fn name(project: &Project) -> String {
    let notes = project.run(&["notes", "--format", "json"]);
    let notes: serde_json::Value = serde_json::from_str(&notes).unwrap();
    notes[0]["note"].as_str().unwrap().to_owned()
}

#[test]
fn every_command_of_the_page_runs() {
    let project = Project::of_drawings();
    note(&project);
    project.write(
        "votes.csv",
        "image,label,rater,answer\ndrawing-00.png,151,alice,yes\ndrawing-00.png,151,bob,no\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/roles.md"));
    let page = page.unwrap();
    let commands: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("$ relabel "))
        .collect();
    assert!(commands.len() > 7, "{commands:?}");
    for command in commands {
        let command = command.replace("3fa9-1", &name(&project));
        // What stands between quotes is one word.
        let quoted = command.split('"').enumerate();
        let arguments: Vec<&str> = quoted
            .flat_map(|(part, text)| match part % 2 {
                0 => text.split_whitespace().collect(),
                _ => vec![text],
            })
            .collect();
        if arguments[0] != "review" {
            project.run(&arguments);
            continue;
        }
        let arguments = [&arguments[..], &["--pictures", "none"]].concat();
        let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
        terminal.wait_for_text("y yes");
        // The expert's first answer, or the decision of what is disputed.
        terminal.keys("1n");
        terminal.wait_for_text("1 n");
        terminal.keys("q");
        terminal.wait_for_text("label sets of");
        terminal.keys("q");
        assert_eq!(terminal.wait_for_end(), 0, "{command}");
    }
    let notes = std::fs::read_to_string(project.path("notes.csv")).unwrap();
    assert!(notes.contains("dora,a toy counts as the thing"), "{notes}");
    let votes = project.run(&["export", "--as", "votes-csv"]);
    for said in ["erin,gold,no", "drawing-00.png,151,dora,decision,no"] {
        assert!(votes.contains(said), "{votes}");
    }
}
