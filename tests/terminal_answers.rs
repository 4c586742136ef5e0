//! Whatever a terminal answers, however late and in whatever pieces, only a rater's own keys vote; and nothing that it
//! answers reaches the shell.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{Answers, Opening, Terminal, find};
use common::screen::{footer, has_picture, marks, selected, task_number};
use common::sshd::{Server, new_key};
use common::terminals::{READY, REPORTS, terminals};

fn silent(environment: &'static [(&'static str, &'static str)]) -> Opening<'static> {
    Opening {
        answers: Answers::Nothing,
        environment,
        ..Opening::default()
    }
}

/// Types an answer that comes after a time, byte by byte, with one longer stop.
fn answer(terminal: &mut Terminal, text: &str, late: Duration, stop: (usize, Duration)) {
    terminal.read_for(late);
    for (at, byte) in text.as_bytes().chunks(1).enumerate() {
        let pause = if at == stop.0 {
            stop.1
        } else {
            Duration::from_millis(2)
        };
        terminal.read_for(pause);
        // Each is ASCII, or a part of a character.
        terminal.bytes(byte);
    }
}

const REVIEW: &[&str] = &["review", "--rater", "ann"];

/// Three ways to vote, with pictures whose arrival every terminal shows.
const KINDS: [&[&str]; 3] = [
    &["review", "--rater", "ann", "--pictures", "half"],
    &[
        "--project",
        "relabel.db",
        "review",
        "--kiosk",
        "--rater",
        "ann",
        "--pictures",
        "half",
    ],
    &["audit", "review", "--rater", "eve", "--pictures", "half"],
];

/// Labels and a picture, which a vote needs.
fn is_seen(terminal: &Terminal) -> bool {
    selected(terminal).is_some() && has_picture(terminal)
}

fn project() -> Project {
    let project = Project::of_drawings();
    project.run(&["rater", "add", "ann"]);
    project.join("eve", "auditor");
    let mut labels = "image,label\n".to_owned();
    for number in 0..30 {
        writeln!(labels, "drawing-{number:02}.png,{}", 151 + number).unwrap();
    }
    project.write("labels.csv", labels);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["audit", "plan", "--seed", "7", "--tolerance", "0.01"]);
    project
}

fn votes_and_notes(project: &Project) -> String {
    project.sql("SELECT (SELECT group_concat(answer) FROM vote), (SELECT count(*) FROM note)")
}

/// Answers come, then one key is pressed: it is the only vote.
fn sit(project: &Project, number: usize, name: &str, answers: &[&str]) {
    let mut terminal = Terminal::open(project.folder(), KINDS[number % 3], silent(&[]));
    terminal.wait_until("questions", |terminal| {
        find(terminal.raw(), b"\x1b[5n").is_some()
    });
    let report = REPORTS[number % REPORTS.len()];
    let said = answers.concat() + report;
    let late = Duration::from_millis([100, 350, 800, 3_000][number % 4]);
    // A place that differs from terminal to terminal; behind ESC no longer than an Esc waits for while answers are owed.
    let place = (7 * number + 3) % said.len();
    let behind_escape = place > 0 && said.as_bytes()[place - 1] == 0x1b;
    let stop = if behind_escape { 600 } else { 3_000 };
    answer(
        &mut terminal,
        &said,
        late,
        (place, Duration::from_millis(stop)),
    );
    terminal.wait_until("a task", is_seen);
    assert!(
        !marks(&terminal).contains(['y', 'n', 'm']),
        "{name}:\n{}",
        terminal.text()
    );
    // What came late may have the picture sent once more: a key meanwhile is told that it does not count.
    let is_told = |terminal: &Terminal| footer(terminal).contains("not counted");
    for tries in 0.. {
        assert!(tries < 10, "{name}:\n{}", terminal.text());
        terminal.keys("y");
        terminal.wait_until("the key's vote, or a word", |terminal| {
            votes_and_notes(project) != "|0\n" || is_told(terminal)
        });
        if votes_and_notes(project) != "|0\n" {
            break;
        }
        terminal.keys("?");
        terminal.wait_for_text("shows or hides this list");
        terminal.keys("?");
        terminal.wait_until("a task", |terminal| is_seen(terminal) && !is_told(terminal));
        // Who types on at once means other labels.
        terminal.read_for(Duration::from_secs(1));
    }
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130, "{name}");
    assert_eq!(votes_and_notes(project), "2|0\n", "{name}");
}

#[test]
fn late_answers_in_pieces_are_no_votes_whoever_votes() {
    std::thread::scope(|scope| {
        for (number, (name, answers)) in terminals().into_iter().enumerate() {
            scope.spawn(move || sit(&project(), number, name, &answers));
        }
    });
}

#[test]
fn an_answer_that_never_ends_is_given_up() {
    let project = Project::of_drawings();
    let mut terminal = Terminal::open(project.folder(), KINDS[0], silent(&[]));
    terminal.wait_until("a task", is_seen);
    terminal.keys("\x1bP>|minty");
    terminal.read_for(Duration::from_secs(7));
    terminal.keys("n");
    terminal.wait_until("a vote", |terminal| marks(terminal).starts_with('n'));
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    assert_eq!(votes_and_notes(&project), "0|0\n");
}

#[test]
fn a_late_name_changes_how_pictures_are_sent() {
    let project = Project::of_drawings();
    let mut terminal = Terminal::open(project.folder(), REVIEW, silent(&[]));
    terminal.wait_until("blocks meanwhile", has_picture);
    terminal.keys("\x1b[?62;c\x1b[6;20;10t\x1bP>|iTerm2 3.5.10\x1b\\\x1b[0n");
    terminal.wait_until("an inline image", |terminal| {
        find(terminal.raw(), b"\x1b]1337;File=").is_some()
    });
    assert_eq!(marks(&terminal), "······");
}

const PROMPT: &str = "at-the-prompt>";

/// A shell in which a command is run, while the terminal answers late; the screen after the next command.
fn at_the_prompt_after(project: &Project, command: &str, late: Duration) -> String {
    let relabel = assert_cmd::cargo::cargo_bin!("relabel").display();
    let opening = Opening {
        program: Some(Path::new("/bin/bash")),
        columns: 200,
        ..silent(&[("PS1", "at-the-prompt> ")])
    };
    let arguments = ["--norc", "--noprofile", "-i"];
    let mut shell = Terminal::open(project.folder(), &arguments, opening);
    shell.wait_for_text(PROMPT);
    shell.keys(&format!("'{relabel}' {command}\r"));
    shell.wait_until("questions", |shell| find(shell.raw(), b"\x1b[5n").is_some());
    if command.starts_with("review") {
        shell.keys("\x03");
    }
    let answers = terminals()[1].1.concat();
    let stop = (answers.len() / 2, Duration::from_millis(300));
    answer(&mut shell, &answers, late, stop);
    shell.wait_for("the next prompt", |text| text.matches(PROMPT).count() == 2);
    shell.keys("echo at the end\r");
    shell.wait_for("the next command", |text| text.contains("\nat the end"));
    shell.text()
}

#[test]
fn no_answer_reaches_the_shell() {
    if !Path::new("/bin/bash").exists() {
        eprintln!("skipped: there is no bash");
        return;
    }
    std::thread::scope(|scope| {
        for command in [
            "doctor",
            "show --cells 10x5 images/drawing-00.png",
            "review --rater ann",
        ] {
            for late in [0, 700, 1_600] {
                scope.spawn(move || {
                    let project = Project::of_drawings();
                    let late = Duration::from_millis(late);
                    let text = at_the_prompt_after(&project, command, late);
                    assert!(
                        text.contains("at-the-prompt> echo at the end\nat the end"),
                        "{command}, {late:?} late:\n{text}"
                    );
                    assert!(!text.contains("Gi=31"), "{command}:\n{text}");
                });
            }
        }
    });
}

#[test]
fn doctor_uses_late_answers_and_ends_with_the_last_of_them() {
    let project = Project::new();
    let mut terminal = Terminal::open(project.folder(), &["doctor"], silent(&[]));
    terminal.wait_until("questions", |terminal| {
        find(terminal.raw(), b"\x1b[5n").is_some()
    });
    let answers = terminals()[1].1.concat();
    let late = Duration::from_millis(1_000);
    answer(&mut terminal, &answers, late, (0, Duration::ZERO));
    terminal.wait_for_text("the terminal answered kitty's query");
    assert_eq!(terminal.wait_for_end(), 0);
    // Ctrl-c is heard while it waits.
    let mut terminal = Terminal::open(project.folder(), &["doctor"], silent(&[]));
    terminal.wait_until("questions", |terminal| {
        find(terminal.raw(), b"\x1b[5n").is_some()
    });
    terminal.keys("\x03");
    assert_ne!(terminal.wait_for_end(), 0);
    assert!(!terminal.text().contains("sound"), "{}", terminal.text());
    assert!(terminal.modes().contains("ICANON"), "{}", terminal.modes());
}

/// 200 kbit/s, and 0.8 s from a question to its answer: 20 tasks, and the votes are the keys.
#[test]
fn on_a_slow_line_the_votes_are_exactly_the_keys() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let project = Project::of_drawings();
    project.run(&["rater", "add", "alice"]);
    let key = server.path("key");
    new_key(&key);
    let public = key.with_extension("pub");
    // One of the terminal's reports says that it is mintty, which shows other pictures than blocks.
    let line = ["team", "key", "--pictures", "half", "--", "alice"];
    server.authorize(&project.run(&[&line[..], &[public.to_str().unwrap()]].concat()));
    server.move_behind(200_000, Duration::from_millis(800));
    let mut terminal = server.log_in(&key, &[], &[]);
    let answers = ["y", "n", "m", "n", "n", "y", "m"];
    let mut given = Vec::new();
    for task in 1..=20 {
        let begin = Instant::now();
        terminal.wait_until("the task", |terminal| {
            task_number(terminal) == Some(task) && is_seen(terminal)
        });
        assert!(begin.elapsed() < common::pty::PATIENCE);
        let keys: Vec<&str> = (0..6).map(|label| answers[(task + label) % 7]).collect();
        terminal.keys(&keys.concat());
        given.extend(keys);
        // Between the tasks what terminals say besides.
        terminal.keys(REPORTS[task % REPORTS.len()]);
        terminal.keys("\r");
    }
    terminal.wait_until("the next task", |terminal| {
        task_number(terminal) == Some(21)
    });
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    let code = |answer: &&str| match *answer {
        "n" => "0",
        "m" => "1",
        _ => "2",
    };
    let given: Vec<&str> = given.iter().map(code).collect();
    let votes = project.sql("SELECT answer FROM vote ORDER BY sequence");
    assert_eq!(votes.lines().collect::<Vec<_>>(), given);
    assert_eq!(project.sql("SELECT count(*) FROM note"), "0\n");
    assert!(!terminal.text().contains(READY.trim_start_matches('\x1b')));
}
