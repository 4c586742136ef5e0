//! docs/merge.md does what it says: every command in it is run, in order.

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

#[test]
fn every_command_of_the_page_runs() {
    let project = Project::of_drawings();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/merge.md"));
    let page = page.unwrap();
    let commands: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert!(commands.len() > 4, "{commands:?}");
    for command in commands {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["cp", from, to] => drop(std::fs::copy(project.path(from), project.path(to)).unwrap()),
            ["relabel", .., "review", "--rater", _] => {
                let arguments = [&words[1..], &["--pictures", "none"]].concat();
                let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
                terminal.wait_for_text("y yes");
                terminal.keys("n");
                terminal.wait_for_text("1 n");
                terminal.keys("q");
                terminal.wait_for_text("label sets of");
                terminal.keys("q");
                assert_eq!(terminal.wait_for_end(), 0, "{command}");
            }
            ["relabel", ..] => drop(project.run(&words[1..])),
            _ => panic!("{command}"),
        }
    }
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "1\n");
}
