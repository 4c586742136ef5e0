//! `relabel doctor`: what a terminal and a project file can do, and why.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

#[cfg(target_os = "linux")]
use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{Answers, Opening, Terminal};
#[cfg(target_os = "linux")]
use common::sshd::{Server, new_key};

/// What it says in a terminal.
fn said(answers: Answers, environment: &[(&str, &str)]) -> String {
    let project = Project::new();
    let opening = Opening {
        answers,
        environment,
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), &["doctor"], opening);
    terminal.wait_for_text("sound");
    let text = terminal.text();
    assert_eq!(terminal.wait_for_end(), 0);
    text
}

#[test]
fn it_says_how_pictures_are_sent_and_why() {
    let kitty = said(Answers::Kitty, &[("TERM", "xterm-256color")]);
    assert!(kitty.contains("asked, and it answered"), "{kitty}");
    assert!(kitty.contains("kitty"), "{kitty}");
    assert!(
        kitty.contains("the terminal answered kitty's query"),
        "{kitty}"
    );
    let sixel = said(Answers::Sixel, &[("TERM", "xterm-256color")]);
    assert!(
        sixel.contains("the terminal's attributes name sixel"),
        "{sixel}"
    );
    let plain = said(Answers::Plain, &[("TERM", "xterm-256color")]);
    assert!(
        plain.contains("quarter blocks show nearly everywhere"),
        "{plain}"
    );
    assert!(plain.contains("10×20 pixels"), "{plain}");
    let iterm = said(
        Answers::Plain,
        &[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")],
    );
    assert!(
        iterm.contains("the terminal is known to show them"),
        "{iterm}"
    );
    let dumb = said(Answers::Nothing, &[("TERM", "dumb")]);
    assert!(
        dumb.contains("not asked: TERM says that it is dumb"),
        "{dumb}"
    );
}

#[test]
fn a_terminal_that_never_answers_is_not_waited_for() {
    let begin = Instant::now();
    let silent = said(Answers::Nothing, &[("TERM", "xterm-256color")]);
    assert!(silent.contains("it said nothing in time"), "{silent}");
    // Not a measurement: it would wait for ever.
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn in_a_pipe_nothing_is_asked() {
    let project = Project::new();
    let output = project
        .command(&["doctor"])
        .env("TERM", "xterm-256color")
        .env("COLORTERM", "truecolor")
        .env_remove("TMUX")
        .env_remove("TERM_PROGRAM")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("not asked: input or output is no terminal"),
        "{text}"
    );
    assert!(
        text.contains("16.7 million") && text.contains("wal"),
        "{text}"
    );
    let report = project.run(&["doctor", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["project"]["damage"], serde_json::json!([]));
    let elsewhere = Project::empty().run(&["doctor"]);
    assert!(elsewhere.contains("none here"), "{elsewhere}");
}

#[test]
fn a_damaged_project_is_told() {
    let project = Project::new();
    let connection = rusqlite::Connection::open(project.database()).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = off; INSERT INTO original_label (image, class) VALUES (77, 3);",
        )
        .unwrap();
    drop(connection);
    let said = project.transcript(&["doctor"]);
    assert!(
        said.contains("a row of original_label points to a row of image that is not there"),
        "{said}"
    );
    assert!(
        said.contains("error: relabel.db is damaged") && said.contains("exit 1"),
        "{said}"
    );
}

/// A folder that another machine serves: OpenSSH's, on this one.
#[cfg(target_os = "linux")]
struct NetworkDrive(PathBuf);

#[cfg(target_os = "linux")]
impl NetworkDrive {
    /// None, with a word, where sshfs or the right to mount is missing.
    fn mount(server: &Server, folder: &std::path::Path, at: PathBuf) -> Option<NetworkDrive> {
        if !common::installed("sshfs") {
            return None;
        }
        let key = server.path("key");
        new_key(&key);
        server.authorize(&std::fs::read_to_string(server.path("key.pub")).unwrap());
        std::fs::create_dir(&at).unwrap();
        let mut options = server.client_options(&key).into_iter();
        let mut arguments = vec![format!("IdentityFile={}", key.display())];
        while let Some(option) = options.next() {
            let value = options.next().unwrap();
            if option == "-o" {
                arguments.push(value);
            }
        }
        let told = Command::new("sshfs")
            .arg(format!("{}:{}", server.host(), folder.display()))
            .arg(&at)
            .args(arguments.iter().flat_map(|option| ["-o", option]))
            .output()
            .unwrap();
        if told.status.success() {
            return Some(NetworkDrive(at));
        }
        eprintln!("skipped: sshfs is refused: {told:?}");
        None
    }
}

#[cfg(target_os = "linux")]
impl Drop for NetworkDrive {
    fn drop(&mut self) {
        let _ = Command::new("fusermount3").arg("-uz").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_project_on_a_network_drive_is_told() {
    let Some(server) = Server::start() else {
        return;
    };
    let project = Project::new();
    let at = server.path("drive");
    let Some(drive) = NetworkDrive::mount(&server, project.folder(), at) else {
        return;
    };
    let file = drive.0.join("relabel.db");
    let said = project.transcript(&["doctor", "--project", file.to_str().unwrap()]);
    assert!(said.contains("network drive  FUSE"), "{said}");
    assert!(said.contains("keep the file on a local disk"), "{said}");
    let local = project.run(&["doctor"]);
    assert!(
        local.contains("free disk") && !local.contains("network"),
        "{local}"
    );
}
