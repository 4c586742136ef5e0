//! What is not on the screen is not voted on: the program in terminals that are slow, small, or tell tales.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::time::Duration;

use common::Project;
use common::pty::{Answers, Opening, Terminal};
use common::screen::{footer, header, is_ready, labels, marks};

const REVIEW: &[&str] = &["review", "--rater", "alice"];
const WITHOUT: &[&str] = &["review", "--rater", "alice", "--pictures", "none"];
const BEFORE_PICTURE: &str = "not counted: the picture was not on the screen yet";

/// A rater who reads what the screen says before the next key.
const READS: Duration = Duration::from_millis(900);

fn open(project: &Project, arguments: &[&str], opening: Opening<'_>) -> Terminal {
    Terminal::open(project.folder(), arguments, opening)
}

fn votes(project: &Project) -> String {
    project.sql("SELECT group_concat(answer, '') FROM (SELECT answer FROM vote ORDER BY sequence)")
}

#[test]
fn a_window_that_is_too_small_takes_no_vote() {
    let project = Project::of_drawings();
    for (columns, rows) in [(80, 14), (59, 24)] {
        let opening = Opening {
            columns,
            rows,
            ..Opening::default()
        };
        let mut terminal = open(&project, WITHOUT, opening);
        terminal.wait_for_text("relabel needs 60×15");
        terminal.wait_for("why", |text| text.contains("voted on before it is"));
        terminal.keys("ynmN\rsfu");
        terminal.keys("q");
        terminal.keys("q");
        assert_eq!(terminal.wait_for_end(), 0);
        assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");
        assert_eq!(project.sql("SELECT count(*) FROM note"), "0\n");
    }
}

#[test]
fn a_window_that_has_become_too_small_takes_votes_again_once_it_is_larger() {
    let project = Project::of_drawings();
    let mut terminal = open(&project, REVIEW, Opening::default());
    terminal.wait_until("task", is_ready);
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    terminal.resize(80, 14);
    terminal.wait_for_text("relabel needs 60×15");
    terminal.keys("nmN\r");
    terminal.read_for(READS);
    terminal.resize(60, 15);
    terminal.wait_until("task and picture", is_ready);
    assert_eq!(marks(&terminal), "y·····");
    terminal.keys("n");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with("yn"));
    assert_eq!(votes(&project), "20\n");
}

#[test]
fn kitty_has_to_have_the_picture_before_a_vote() {
    let project = Project::of_drawings();
    let opening = Opening {
        answers: Answers::Kitty,
        ..Opening::default()
    };
    let mut terminal = open(&project, REVIEW, opening);
    // The picture is under way, as on a slow line.
    terminal.hold(true);
    terminal.wait_until("picture under way", |terminal| {
        labels(terminal).len() == 6 && terminal.stream().contains("a=t")
    });
    terminal.keys("yN");
    terminal.wait_until("a word", |terminal| {
        footer(terminal).contains(BEFORE_PICTURE)
    });
    terminal.hold(false);
    terminal.read_for(READS);
    assert_eq!(marks(&terminal), "······");
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    assert_eq!(votes(&project), "2\n");
}

#[test]
fn keys_typed_before_the_picture_vote_on_nothing_in_any_protocol() {
    for answers in [Answers::Plain, Answers::Sixel, Answers::Kitty] {
        let project = Project::of_drawings();
        let opening = Opening {
            answers,
            ..Opening::default()
        };
        let mut terminal = open(&project, REVIEW, opening);
        terminal.wait_for_text("relabel");
        terminal.keys("ynNm");
        terminal.wait_until("task", is_ready);
        terminal.read_for(READS);
        assert_eq!(marks(&terminal), "······", "{answers:?}");
        terminal.keys("m");
        terminal.wait_until("answer", |terminal| marks(terminal).starts_with('m'));
        assert_eq!(votes(&project), "1\n", "{answers:?}");
    }
}

#[test]
fn keys_that_run_into_the_next_task_do_not_vote_there() {
    let project = Project::of_drawings();
    let mut terminal = open(&project, REVIEW, Opening::default());
    terminal.wait_until("task", is_ready);
    terminal.keys("N\rN\rN\r");
    terminal.wait_until("the next task", |terminal| {
        header(terminal).contains("task 2 of 30") && is_ready(terminal)
    });
    terminal.read_for(READS);
    assert!(header(&terminal).contains("task 2 of 30"));
    assert!(!marks(&terminal).contains('n'));
    assert_eq!(votes(&project), "000000\n");
}

#[test]
fn a_picture_that_is_broken_is_said_to_be_and_skipped() {
    let project = Project::of_drawings();
    for image in std::fs::read_dir(project.path("images")).unwrap() {
        std::fs::write(image.unwrap().path(), "no picture any more").unwrap();
    }
    let mut terminal = open(&project, REVIEW, Opening::default());
    terminal.wait_for_text("no votes without it: f flags it, s skips it");
    terminal.keys("yN\r");
    terminal.wait_for_text("no votes on a picture that cannot be shown");
    terminal.keys("f");
    terminal.wait_for_text("flagged");
    terminal.keys("s");
    terminal.wait_for("another task", |text| !text.contains("flagged"));
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "0\n");
}

#[test]
fn a_picture_file_that_is_gone_is_known_to_be() {
    let project = Project::of_drawings();
    std::fs::remove_dir_all(project.path("images")).unwrap();
    let mut terminal = open(&project, REVIEW, Opening::default());
    terminal.wait_for_text("the file is missing");
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
}

#[test]
fn letters_of_another_alphabet_are_said_to_be_no_keys() {
    let project = Project::of_drawings();
    let mut terminal = open(&project, WITHOUT, Opening::default());
    terminal.wait_until("task", is_ready);
    for letter in ["н", "τ", "ש"] {
        terminal.keys(letter);
        terminal.wait_for_text(&format!("“{letter}” is no key: switch to Latin letters"));
    }
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    assert_eq!(votes(&project), "2\n");
}

/// The most memory that the program has had, in megabytes.
#[cfg(target_os = "linux")]
fn most_memory(terminal: &Terminal) -> u64 {
    let status = format!("/proc/{}/status", terminal.process_id());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes / 1024
}

#[test]
#[cfg(target_os = "linux")]
fn a_window_of_any_claimed_size_is_bounded_in_memory() {
    let project = Project::of_drawings();
    let opening = Opening {
        columns: u16::MAX,
        rows: u16::MAX,
        ..Opening::default()
    };
    let arguments = [REVIEW, &["--pictures", "half"]].concat();
    let mut terminal = open(&project, &arguments, opening);
    terminal.wait_until("task", is_ready);
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    terminal.resize(80, 24);
    terminal.wait_until("smaller", |terminal| marks(terminal).starts_with('y'));
    let most = most_memory(&terminal);
    assert!(most < 400, "{most} MB");
}
