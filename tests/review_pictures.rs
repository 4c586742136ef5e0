//! Pictures of a sitting: each is sent once, and forgotten when nothing shows it any more; a slow line keeps nobody from
//! going on, a silent terminal nobody from beginning, and a long sitting costs no more than a short one.

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
use common::screen::{has_picture, labels, marks, selected};

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
            let next = format!("image {} ", drawing + 2);
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

const REVIEW: &[&str] = &["review", "--rater", "ann"];

#[test]
fn on_a_slow_line_the_next_picture_does_not_wait_for_the_rest_of_the_last() {
    let Some(project) = Project::of_photos() else {
        return;
    };
    let opening = Opening {
        columns: 120,
        rows: 40,
        answers: Answers::Kitty,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), REVIEW, opening);
    terminal.hold(true);
    terminal.wait_until("a first sight", |terminal| {
        terminal.kitty().placements.len() == 1
    });
    let begun = terminal.kitty().sent.len();
    assert!(begun <= 2, "{begun} pieces are under way");
    // Keys work meanwhile, but for votes.
    terminal.keys("2");
    terminal.wait_until("the cursor", |terminal| {
        selected(terminal).is_some_and(|label| label.number == 2)
    });
    terminal.keys("y");
    terminal.wait_for_text("the picture was not on the screen yet");
    let first: BTreeSet<u32> = terminal.kitty().sent.iter().copied().collect();
    terminal.keys("s");
    terminal.wait_until("the next first sight", |terminal| {
        let placed = &terminal.kitty().placements;
        placed.keys().any(|(_, id)| !first.contains(id))
            && placed.keys().all(|(_, id)| !first.contains(id))
    });
    terminal.hold(false);
    let whole = |terminal: &Terminal| {
        let placed = &terminal.kitty().placements;
        let mut rows: Vec<(u16, u16)> = placed.values().map(|place| (place.1, place.3)).collect();
        rows.sort_unstable();
        let are_bands = rows
            .windows(2)
            .all(|pair| pair[0].0 + pair[0].1 == pair[1].0);
        rows.len() > 3 && are_bands
    };
    terminal.wait_until("all of the next picture", whole);
    let sizes = terminal.kitty().bytes.clone();
    assert!(sizes.iter().all(|bytes| *bytes < 40_000), "{sizes:?}");
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn a_terminal_that_is_far_away_gets_its_pictures_once_it_has_answered() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::LateKitty,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), REVIEW, opening);
    terminal.wait_until("blocks meanwhile", has_picture);
    assert!(terminal.kitty().sent.is_empty());
    terminal.keys("\x1b_Gi=31;OK\x1b\\");
    terminal.wait_until("a picture in their place", |terminal| {
        terminal.kitty().placements.len() == 1 && !has_picture(terminal)
    });
    assert_eq!(marks(&terminal), "······", "an answer is no vote");
}

#[test]
fn the_screen_does_not_wait_for_a_silent_terminal_and_keys_are_kept() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Nothing,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), REVIEW, opening);
    terminal.wait_until("labels", |terminal| labels(terminal).len() == 6);
    terminal.keys("j");
    terminal.wait_until("blocks", has_picture);
    terminal.keys("yn");
    terminal.wait_until("answers", |terminal| marks(terminal).starts_with("·yn"));
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(
        project.sql("SELECT answer FROM vote ORDER BY sequence"),
        "2\n0\n"
    );
}

/// Resident memory in kB, and open files.
#[cfg(target_os = "linux")]
fn held(process: u32) -> (usize, usize) {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let memory = line.unwrap().split_whitespace().nth(1).unwrap();
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    (memory.parse().unwrap(), files.count())
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_sitting_holds_no_more_than_a_short_one() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Kitty,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), REVIEW, opening);
    terminal.wait_until("labels", |terminal| labels(terminal).len() == 6);
    let mut sizes = (81u16..111).flat_map(|columns| (24u16..32).map(move |rows| (columns, rows)));
    let mut look = |terminal: &mut Terminal, pictures: usize| {
        let end = terminal.kitty().sent.len() + pictures;
        while terminal.kitty().sent.len() < end {
            let before = terminal.kitty().sent.len();
            let (columns, rows) = sizes.next().unwrap();
            terminal.resize(columns, rows);
            terminal.wait_until("another picture", |terminal| {
                terminal.kitty().sent.len() > before
            });
        }
        held(terminal.process_id())
    };
    let (memory, files) = look(&mut terminal, 60);
    let (later, more) = look(&mut terminal, 140);
    assert_eq!(files, more, "open files");
    assert!(later < memory + 20_000, "{memory} kB, later {later} kB");
}

#[test]
#[cfg(unix)]
fn after_ctrl_z_the_picture_is_sent_again() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Kitty,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), REVIEW, opening);
    let shown = |terminal: &Terminal| terminal.kitty().placements.len() == 1;
    terminal.wait_until("a picture", shown);
    for _ in 0..2 {
        let sent = terminal.kitty().sent.len();
        terminal.keys("\x1a");
        terminal.wait_until("the normal screen without it", |terminal| {
            !terminal.screen().alternate_screen() && terminal.kitty().placements.is_empty()
        });
        // Until it has stopped, the signal would be lost.
        while !terminal.screen().alternate_screen() {
            common::pty::send_signal("CONT", terminal.process_id());
            terminal.read_for(std::time::Duration::from_millis(50));
        }
        terminal.wait_until("the picture again", |terminal| {
            shown(terminal) && terminal.kitty().sent.len() > sent
        });
    }
}
