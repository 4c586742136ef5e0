//! docs/audit.md does what it says: every command in it is run, in order.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write as _;

use common::Project;
use common::page::Page;
use common::pty::{Opening, Terminal};
use common::screen::{header, is_ready};

/// A thousand images known by name, with label sets for some of them, and the files that the page speaks of.
fn project() -> Project {
    let project = Project::new();
    let mut labels = "image,label\n".to_owned();
    let mut delivered = "image,label,score\n".to_owned();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for number in 0..1000 {
        writeln!(labels, "{number:04}.jpg,{number}").unwrap();
        let score = f64::from(number) / 1000.0;
        writeln!(delivered, "{number:04}.jpg,{number},{score}").unwrap();
        if number % 10 == 0 {
            writeln!(votes, "{number:04}.jpg,{number},carol,yes").unwrap();
        }
    }
    project.write("labels.csv", labels);
    project.write("delivered.csv", delivered);
    let votes = project.write("votes.csv", votes);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    std::fs::remove_file(votes).unwrap();
    project
}

/// Looks at labels until the audit ends by itself: all are right.
fn audit(project: &Project, arguments: &[&str]) {
    let arguments = [arguments, &["--pictures", "none"]].concat();
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_until("label or verdict", |terminal| {
        let text = terminal.text();
        is_ready(terminal) || text.contains("verdict:")
    });
    // The label's number alone: what stands beside it changes once an answer is on disk.
    let place = |terminal: &Terminal| {
        let header = header(terminal);
        let (_, number) = header.rsplit_once("label ")?;
        number.split(' ').next().map(str::to_owned)
    };
    while !terminal.text().contains("verdict:") {
        let before = place(&terminal);
        terminal.keys("y");
        terminal.wait_until("what comes next", |terminal| {
            let is_next = place(terminal) != before && is_ready(terminal);
            is_next || terminal.text().contains("verdict:")
        });
    }
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0, "{arguments:?}");
}

#[test]
fn every_command_of_the_page_runs() {
    let project = project();
    let page = Page::read("audit.md", 13);
    let mut reviewed = 0;
    let said = page.run(&project, "", |words| {
        let is_review = words.contains(&"review");
        if is_review {
            audit(&project, &words[1..]);
            reviewed += 1;
        }
        is_review
    });
    assert_eq!(reviewed, 3);
    // The page shows what is said.
    let plan = page
        .text
        .lines()
        .skip_while(|line| !line.starts_with(" labels    1,000"));
    for line in plan.take(4) {
        assert!(said.contains(line), "{line}");
    }
    assert!(said.contains("clear after 88 labels"), "{said}");
    assert!(project.path("votes.csv").exists());
}
