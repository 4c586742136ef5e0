//! However the review screen ends, the terminal is as it was.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::path::Path;

use common::Project;
use common::pty::{Opening, Process, Terminal, find, send_signal};
use common::screen::{is_ready, labels, marks};

const REVIEW: &[&str] = &["review", "--rater", "alice", "--pictures", "half"];

fn open(project: &Project) -> Terminal {
    let mut terminal = Terminal::open(project.folder(), REVIEW, Opening::default());
    terminal.wait_until("task", is_ready);
    let taken = terminal.modes();
    assert!(
        !taken.contains("ICANON") && !taken.contains("ECHO "),
        "{taken}"
    );
    assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
    terminal
}

/// Lines are edited and echoed again, on the normal screen, with a cursor.
#[track_caller]
fn assert_given_back(terminal: &Terminal) {
    let modes = terminal.modes();
    for mode in ["ICANON", "ECHO ", "ISIG", "ICRNL", "OPOST"] {
        assert!(modes.contains(mode), "no {mode} in {modes}");
    }
    assert!(
        !terminal.screen().alternate_screen(),
        "still on the alternate screen"
    );
    assert!(!terminal.screen().hide_cursor(), "the cursor is hidden");
    let stream = terminal.stream();
    let last = |sequence| stream.rfind(sequence);
    assert!(last("\x1b[?1049l") > last("\x1b[?1049h"));
    assert!(last("\x1b[?25h") > last("\x1b[?25l"));
    assert!(last("\x1b[?2026l") > last("\x1b[?2026h"));
    assert!(last("\x1b[?2004l") > last("\x1b[?2004h"));
}

#[test]
fn leaving_gives_the_terminal_back() {
    let project = Project::of_drawings();
    let mut terminal = open(&project);
    terminal.keys("q");
    terminal.wait_for_text("this sitting");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_given_back(&terminal);
}

#[test]
fn interrupts_give_the_terminal_back() {
    let project = Project::of_drawings();
    for keys in ["\x03", "/not\x03", "c why\x03", "?\x03"] {
        let mut terminal = open(&project);
        terminal.keys(keys);
        assert_eq!(terminal.wait_for_end(), 130, "{keys:?}");
        assert_given_back(&terminal);
    }
}

#[test]
fn signals_give_the_terminal_back_and_lose_no_vote() {
    for (name, code) in [("TERM", 143), ("HUP", 129), ("INT", 130)] {
        let project = Project::of_drawings();
        let mut terminal = open(&project);
        terminal.keys("yn");
        terminal.wait_until("answers", |terminal| marks(terminal).starts_with("yn"));
        terminal.signal(name);
        assert_eq!(terminal.wait_for_end(), code, "SIG{name}");
        assert_given_back(&terminal);
        assert_eq!(
            project.sql("SELECT answer FROM vote ORDER BY sequence"),
            "2\n0\n"
        );
    }
}

#[test]
fn keys_before_the_end_are_recorded_before_the_end() {
    let project = Project::of_drawings();
    let mut terminal = open(&project);
    terminal.keys("ynmyyn\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    assert_given_back(&terminal);
    assert_eq!(
        project.sql(
            "SELECT group_concat(answer, '') FROM (SELECT answer FROM vote ORDER BY sequence)"
        ),
        "201220\n"
    );
}

#[test]
fn redrawing_brings_the_whole_screen_back() {
    let project = Project::of_drawings();
    let mut terminal = open(&project);
    terminal.wait_for_text("▀▀▀▀");
    let whole = terminal.text();
    let before = terminal.raw().len();
    terminal.keys("\x0c");
    terminal.wait_until("everything drawn anew", |terminal| {
        find(&terminal.raw()[before..], b"\x1b[2J").is_some() && terminal.text() == whole
    });
    // The keyboard goes on, though the terminal was asked nothing that it has not answered.
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
}

fn state_of(process: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, state) = stat.rsplit_once(") ").unwrap();
    state.chars().next().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_z_gives_the_terminal_back_and_going_on_takes_it_again() {
    let project = Project::of_drawings();
    let mut terminal = open(&project);
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    terminal.wait_for("picture", |screen| screen.contains('▀'));
    let whole = terminal.text();
    for _ in 0..2 {
        terminal.keys("\x1a");
        terminal.wait_until("normal screen", |terminal| {
            !terminal.screen().alternate_screen()
        });
        while state_of(terminal.process_id()) != 'T' {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        assert_given_back(&terminal);
        send_signal("CONT", terminal.process_id());
        terminal.wait_until("the screen as it was", |terminal| terminal.text() == whole);
        assert!(terminal.screen().alternate_screen() && terminal.screen().hide_cursor());
        assert!(!terminal.modes().contains("ICANON"));
    }
    terminal.keys("n");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with("yn"));
}

#[test]
fn a_shell_brings_it_to_the_foreground_again() {
    let bash = Path::new("/bin/bash");
    if !bash.exists() {
        eprintln!("skipped: there is no {}", bash.display());
        return;
    }
    let project = Project::of_drawings();
    let relabel = assert_cmd::cargo::cargo_bin!("relabel")
        .display()
        .to_string();
    let mut shell = Terminal::open(
        project.folder(),
        &["--norc", "--noprofile", "--noediting", "-i"],
        Opening {
            program: Some(bash),
            environment: &[("PS1", "at-the-prompt> ")],
            ..Opening::default()
        },
    );
    shell.wait_for_text("at-the-prompt>");
    shell.keys(&format!("'{relabel}' {}\r", REVIEW.join(" ")));
    shell.wait_until("task", is_ready);
    shell.keys("y");
    shell.wait_until("answer", |shell| marks(shell).starts_with('y'));
    shell.keys("\x1a");
    shell.wait_for_text("Stopped");
    assert!(!shell.screen().alternate_screen());
    shell.keys("fg\r");
    shell.wait_until("the screen again", |shell| {
        marks(shell).starts_with('y') && shell.screen().alternate_screen()
    });
    shell.keys("n");
    shell.wait_until("answer", |shell| marks(shell).starts_with("yn"));
    shell.keys("\x03");
    // The third prompt: what is typed before it may still be read by the program that ends.
    shell.wait_for("prompt", |text| text.matches("at-the-prompt>").count() == 3);
    shell.keys("echo \"ended with $?\"; stty -a\r");
    shell.wait_for_text("ended with 130");
    shell.wait_until("lines edited and echoed", |shell| {
        shell.text().contains(" icanon") && shell.text().contains(" echo ")
    });
}

#[test]
fn a_dropped_line_ends_the_program_and_keeps_the_votes() {
    let project = Project::of_drawings();
    let mut terminal = open(&project);
    terminal.keys("ynm");
    terminal.wait_until("answers", |terminal| labels(terminal)[2].mark == 'm');
    let mut process: Process = terminal.hang_up();
    assert_eq!(process.wait_for_end(), 129);
    assert_eq!(
        project.sql("SELECT answer FROM vote ORDER BY sequence"),
        "2\n0\n1\n"
    );
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
}

/// Set in the copy of this test that runs in a terminal of its own.
const PANICS: &str = "RELABEL_TEST_PANICS";

#[test]
fn a_panic_gives_the_terminal_back_before_its_message() {
    if std::env::var_os(PANICS).is_some() {
        let _screen = relabel::review::driver::Screen::open().unwrap();
        panic!("a panic amid the screen");
    }
    let project = Project::empty();
    let itself = std::env::current_exe().unwrap();
    let mut terminal = Terminal::open(
        project.folder(),
        &[
            "--exact",
            "a_panic_gives_the_terminal_back_before_its_message",
            "--nocapture",
        ],
        Opening {
            program: Some(&itself),
            environment: &[(PANICS, "1")],
            ..Opening::default()
        },
    );
    assert_ne!(terminal.wait_for_end(), 0);
    assert_given_back(&terminal);
    let stream = terminal.stream();
    let message = stream.find("a panic amid the screen").unwrap();
    assert!(stream.contains("\x1b[?1049h"));
    assert!(stream.find("\x1b[?1049l").unwrap() < message, "{stream:?}");
}

/// A book pasted, a cat on the keys: what is typed faster than it is worked off waits in the terminal, and frames come all the same.
#[test]
fn a_flood_of_keys_is_worked_off_in_sight_and_a_signal_gets_through() {
    let project = Project::of_drawings();
    let arguments = ["review", "--rater", "alice", "--pictures", "none"];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for_text("y yes");
    let before = terminal.raw().len();
    // More than a terminal and the program together hold: what was typed first has been worked off by then.
    for _ in 0..60 {
        terminal.keys(&"jjk".repeat(100));
        terminal.catch_up();
    }
    terminal.wait_until("frames", |terminal| terminal.raw().len() > before);
    terminal.signal("TERM");
    assert_eq!(terminal.wait_for_end(), 143);
}
