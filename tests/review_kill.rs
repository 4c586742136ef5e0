//! What the screen shows as recorded is on disk, however the program ends.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{Opening, PATIENCE, Terminal};
use common::screen::{image, is_ready, labels, marks, selected};

const REVIEW: &[&str] = &[
    "review",
    "--rater",
    "alice",
    "--pictures",
    "half",
    "--names",
];

fn open(project: &Project) -> Terminal {
    let mut terminal = Terminal::open(project.folder(), REVIEW, Opening::default());
    terminal.wait_until("task", is_ready);
    terminal
}

/// The file is sound, and the program goes on with it.
fn assert_sound(project: &Project) {
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
    assert!(project.run(&["status"]).contains("images"));
}

/// The answers on disk to the questions of an image, in the order of the screen, as the screen writes them.
fn marks_on_disk(project: &Project, image: &str) -> String {
    let newest = project.sql(&format!(
        "SELECT CASE (SELECT answer FROM vote WHERE vote.question = question.id ORDER BY at DESC, sequence DESC LIMIT 1)
            WHEN 0 THEN 'n' WHEN 1 THEN 'm' WHEN 2 THEN 'y' ELSE '·' END
         FROM question JOIN image ON image.id = question.image
         WHERE image.name = '{image}' AND question.task IS NOT NULL ORDER BY question.position"
    ));
    newest.replace('\n', "")
}

/// Every answer that was ever recorded to the questions of an image, in the order of the screen: `yn` where y was changed to n.
fn history_on_disk(project: &Project, image: &str) -> Vec<String> {
    let rows = project.sql(&format!(
        "SELECT (SELECT group_concat(substr('nmy', answer + 1, 1), '') FROM vote WHERE vote.question = question.id)
         FROM question JOIN image ON image.id = question.image
         WHERE image.name = '{image}' AND question.task IS NOT NULL ORDER BY question.position"
    ));
    rows.lines().map(str::to_owned).collect()
}

#[test]
fn every_vote_that_was_shown_outlives_the_kill() {
    for count in [1, 2, 5, 13, 26] {
        let project = Project::of_drawings();
        let mut terminal = open(&project);
        let mut keyed = Vec::new();
        for vote in 0..count {
            let letter = ['y', 'n', 'm'][vote % 3];
            let at = selected(&terminal).unwrap();
            assert_eq!(at.mark, '·');
            let place = at.number - 1;
            terminal.keys(&letter.to_string());
            terminal.wait_until("answer", |terminal| labels(terminal)[place].mark == letter);
            keyed.push((image(&terminal).unwrap().0, place, letter));
            if vote + 1 < count && !marks(&terminal).contains('·') {
                let former = image(&terminal);
                terminal.keys("\r");
                terminal.wait_until("next task", |terminal| {
                    image(terminal) != former && is_ready(terminal)
                });
            }
        }
        terminal.kill();
        assert_sound(&project);
        for (image, place, letter) in &keyed {
            let recorded = marks_on_disk(&project, image).chars().nth(*place);
            assert_eq!(
                recorded,
                Some(*letter),
                "vote {place} of {image}, killed after {count}"
            );
        }
        assert_eq!(
            project.sql("SELECT count(*) FROM vote"),
            format!("{count}\n")
        );
    }
}

#[test]
fn what_any_frame_showed_outlives_a_kill_amid_streaming_keys() {
    for votes in [1usize, 8, 20] {
        let project = Project::of_drawings();
        let mut terminal = open(&project);
        let frames = RefCell::new(BTreeSet::new());
        let look = |terminal: &Terminal| {
            if let Some((image, _)) = image(terminal) {
                frames.borrow_mut().insert((image, marks(terminal)));
            }
            let mut best: BTreeMap<String, usize> = BTreeMap::new();
            for (image, marks) in frames.borrow().iter() {
                let seen = marks.chars().filter(|mark| "ynm".contains(*mark)).count();
                best.entry(image.clone())
                    .and_modify(|most| *most = seen.max(*most))
                    .or_insert(seen);
            }
            best.values().sum::<usize>() >= votes
        };
        let end = Instant::now() + PATIENCE;
        // Six answers and the end of the task over and over, in uneven bursts, once the picture is there.
        let keys = ["y", "n", "m", "y", "y", "n", "\r"].into_iter().cycle();
        for (key, pause) in keys.zip([0, 12, 0, 25, 9, 0, 30, 5].into_iter().cycle()) {
            if look(&terminal) {
                break;
            }
            assert!(
                Instant::now() < end,
                "no {votes} answers on the screen:\n{}",
                terminal.text()
            );
            let former = image(&terminal);
            terminal.keys(key);
            match key {
                "\r" => terminal.wait_until("the next task", |terminal| {
                    image(terminal) != former && is_ready(terminal)
                }),
                _ => terminal.read_for(Duration::from_millis(pause)),
            }
        }
        terminal.kill();
        // What had reached the terminal before the end was shown.
        terminal.catch_up();
        look(&terminal);
        assert_sound(&project);
        for (image, marks) in frames.into_inner() {
            let recorded = history_on_disk(&project, &image);
            assert_eq!(marks.chars().count(), recorded.len());
            for (mark, recorded) in marks.chars().zip(recorded) {
                assert!(
                    matches!(mark, '·' | '…') || recorded.contains(mark),
                    "{image} was shown as {marks}; {mark} is not among {recorded:?}"
                );
            }
        }
    }
}

#[test]
fn votes_that_were_killed_with_the_program_are_asked_again() {
    let project = Project::of_drawings();
    let mut terminal = open(&project);
    terminal.keys("yn");
    terminal.wait_until("answers", |terminal| marks(terminal).starts_with("yn"));
    let former = image(&terminal);
    terminal.kill();
    drop(terminal);
    let mut terminal = open(&project);
    terminal.wait_until("the same task", |terminal| image(terminal) == former);
    assert!(marks(&terminal).starts_with("yn····"));
    assert_eq!(selected(&terminal).unwrap().number, 3);
    terminal.keys("mmmm\r");
    terminal.wait_for_text("task 2 of 30");
}
