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
use common::page::Page;
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
    // The expert's first answer, or the decision of what is disputed.
    Page::read("roles.md", 8).run(&project, "1n", |words| {
        // The note has a name of its own.
        let is_answer = words.starts_with(&["relabel", "notes", "answer"]);
        if is_answer {
            let name = name(&project);
            let words = words[1..].iter().map(|word| match *word {
                "3fa9-1" => name.as_str(),
                word => word,
            });
            project.run(&words.collect::<Vec<_>>());
        }
        is_answer
    });
    let notes = std::fs::read_to_string(project.path("notes.csv")).unwrap();
    assert!(notes.contains("dora,a toy counts as the thing"), "{notes}");
    let votes = project.run(&["export", "--as", "votes-csv"]);
    for said in ["erin,gold,no", "drawing-00.png,151,dora,decision,no"] {
        assert!(votes.contains(said), "{votes}");
    }
}
