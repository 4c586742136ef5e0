//! Pictures of a long sitting in a kitty terminal: each is sent once, and forgotten when nothing shows it any more.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::BTreeSet;

use common::Project;
use common::pty::{Answers, Opening, Terminal};

/// Numbers behind a key in the graphics commands, in their order.
fn numbers(stream: &str, command: &str) -> Vec<u32> {
    stream
        .split("\x1b_G")
        .filter(|part| part.split(';').next().unwrap().contains(command))
        .map(|part| {
            let keys = part.split([';', '\x1b']).next().unwrap();
            let id = keys.split(',').find_map(|key| key.strip_prefix("i="));
            id.unwrap().parse().unwrap()
        })
        .collect()
}

#[test]
fn kitty_is_told_to_forget_pictures_that_are_gone() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Kitty,
        environment: &[("TERM", "xterm-256color")],
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), &["review", "--rater", "ann"], opening);
    let sent = |terminal: &Terminal| numbers(&terminal.stream(), "a=T").len();
    terminal.wait_until("the first picture", |terminal| sent(terminal) > 0);
    // Every drawing as a whole and larger: more pictures than are kept.
    for drawing in 0..30 {
        let before = sent(&terminal);
        terminal.keys("z");
        terminal.wait_until("the larger picture", |terminal| sent(terminal) > before);
        if drawing < 29 {
            let next = format!("drawing-{:02}.png", drawing + 1);
            terminal.keys("s");
            terminal.wait_for_text(&next);
        }
    }
    let stream = terminal.stream();
    let sent = numbers(&stream, "a=T");
    let deleted = numbers(&stream, "a=d,d=I");
    let different: BTreeSet<&u32> = sent.iter().collect();
    assert_eq!(different.len(), sent.len(), "each picture is sent once");
    assert!(sent.len() > 50, "{}", sent.len());
    assert!(deleted.iter().all(|id| sent.contains(id)));
    // What is kept ready, and what the screen has.
    let alive = sent.len() - deleted.len();
    assert!(alive <= 40, "{alive} of {} pictures are alive", sent.len());
    // None is deleted before the one after it is there.
    assert!(!deleted.contains(sent.last().unwrap()));
    terminal.keys("qq");
    terminal.wait_for_end();
}
