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

#[test]
fn kitty_is_told_to_forget_pictures_that_are_gone() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Kitty,
        environment: &[("TERM", "xterm-256color")],
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), &["review", "--rater", "ann"], opening);
    let sent = |terminal: &Terminal| terminal.kitty().sent.len();
    terminal.wait_until("the first picture", |terminal| sent(terminal) > 0);
    let mut most = 0;
    // Every drawing as a whole and larger: more pictures than are kept.
    for drawing in 0..30 {
        let before = sent(&terminal);
        terminal.keys("z");
        terminal.wait_until("the larger picture", |terminal| sent(terminal) > before);
        most = most.max(terminal.kitty().images.len());
        if drawing < 29 {
            let next = format!("drawing-{:02}.png", drawing + 1);
            terminal.keys("s");
            terminal.wait_for_text(&next);
        }
    }
    let kitty = terminal.kitty();
    let different: BTreeSet<&u32> = kitty.sent.iter().collect();
    assert_eq!(
        different.len(),
        kitty.sent.len(),
        "each picture is sent once"
    );
    assert!(kitty.sent.len() > 50, "{}", kitty.sent.len());
    // What is kept ready, and what the screen has.
    assert!(
        most <= 40,
        "{most} of {} pictures were held",
        kitty.sent.len()
    );
    assert_eq!(kitty.placements.len(), 1, "one picture is on the screen");
    terminal.keys("qq");
    terminal.wait_for_end();
    let held: Vec<&u32> = terminal.kitty().images.keys().collect();
    assert!(held.is_empty(), "{held:?} are left behind");
}
