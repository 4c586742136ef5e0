//! `team key` and `review --kiosk`: what they take, what they refuse, and what they say.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{header, is_ready};

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIChOLccTrDQZsJN7HiedTVaVphS3jAjComeSsdBpxAnZ";

/// A planned project with the rater alice and her key.
fn project() -> Project {
    let project = Project::of_drawings();
    project.run(&["rater", "add", "alice"]);
    project.write("alice.pub", format!("{KEY} alice@laptop\n"));
    project
}

/// The line of this command, with the program's and the project's places taken out.
fn line(project: &Project, arguments: &[&str]) -> String {
    let line = project.run(&[&["team", "key"], arguments].concat());
    let program = assert_cmd::cargo::cargo_bin!("relabel").to_str().unwrap();
    line.replace(program, "RELABEL")
        .replace(project.folder().to_str().unwrap(), "FOLDER")
        .replace(KEY, "KEY")
}

#[test]
fn one_line_ties_a_key_to_a_rater() {
    let project = project();
    assert_eq!(
        line(&project, &["alice", "alice.pub"]),
        "restrict,pty,command=\"exec RELABEL --project FOLDER/relabel.db review --kiosk --rater alice\" KEY alice\n"
    );
    let options = [
        "--round",
        "gold",
        "--order",
        "random",
        "--pictures",
        "half",
        "--picture-budget",
        "64k",
        "--names",
    ];
    assert_eq!(
        line(&project, &[&["alice", "alice.pub"], &options[..]].concat()),
        "restrict,pty,command=\"exec RELABEL --project FOLDER/relabel.db review --kiosk --rater alice --round gold \
         --order random --pictures half --picture-budget 64000 --names\" KEY alice\n"
    );
    assert_eq!(
        line(&project, &["alice", "alice.pub", "--mosh"]),
        "restrict,pty,command=\"exec env MOSH_SERVER_NETWORK_TMOUT=86400 mosh-server new -s -c 256 -l LANG=C.UTF-8 -- RELABEL --project FOLDER/relabel.db \
         review --kiosk --rater alice\" KEY alice\n"
    );
    project.run(&["rater", "add", "--", "-\"x\" y's"]);
    assert_eq!(
        line(
            &project,
            &[
                "--round",
                "it's",
                "--order=disputed",
                "--",
                "-\"x\" y's",
                "alice.pub"
            ]
        ),
        "restrict,pty,command=\"exec RELABEL --project FOLDER/relabel.db review --kiosk '--rater=-\\\"x\\\" y'\\''s' \
         --round 'it'\\''s' --order disputed\" KEY -\"x\" y's\n"
    );
}

#[test]
fn what_it_says_beside_the_line() {
    let project = project();
    let said = project.transcript(&["team", "key", "alice", "alice.pub"]);
    let said: Vec<&str> = said
        .lines()
        .filter(|line| line.starts_with("stderr"))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    stderr: ssh-ed25519 with the fingerprint SHA256:lxKOwH4kzEgrCmqaMVsUq23WVg6htTfSKF3hXWztraU votes as "alice", rater, and can do nothing else
    stderr: the line belongs into ~/.ssh/authorized_keys of the account that keeps the project; then "alice" comes in with `ssh ACCOUNT@HOST`
    "#);
}

#[test]
fn a_key_is_one_public_key_of_a_rater_who_exists() {
    let project = project();
    project.write(
        "private",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAA\n",
    );
    project.write("two.pub", format!("{KEY}\n{KEY}\n"));
    project.write("options.pub", format!("command=\"sh\" {KEY}\n"));
    project.write("cut.pub", &KEY[..40]);
    project.write("words.pub", "hello\x1b[2J world\n");
    project.run(&["rater", "add", "two\nlines"]);
    let mut said = String::new();
    for (rater, key) in [
        ("bob", "alice.pub"),
        ("alice", "none.pub"),
        ("alice", "private"),
        ("alice", "two.pub"),
        ("alice", "options.pub"),
        ("alice", "cut.pub"),
        ("alice", "words.pub"),
        ("two\nlines", "alice.pub"),
    ] {
        let transcript = project.transcript(&["team", "key", rater, key]);
        assert!(
            transcript
                .lines()
                .all(|line| line.starts_with("stderr: ") || line.starts_with("exit "))
        );
        said.push_str(&transcript);
    }
    insta::assert_snapshot!(said, @r#"
    stderr: error: the project has no rater "bob"
    stderr: hint: `relabel rater add NAME` adds one, `relabel rater list` shows them all
    exit 1
    stderr: error: cannot read none.pub: there is no such file
    exit 3
    stderr: error: cannot use private: this is a private key, which must never leave its owner's machine
    stderr: hint: the public key is in the file that ends in .pub
    stderr: hint: where somebody sent you this file, the key is a secret no more: ask for a new one
    exit 3
    stderr: error: cannot use two.pub: it has more than one line; a key goes to one rater
    stderr: hint: put each key into a file of its own
    exit 3
    stderr: error: cannot use options.pub: something stands before the key; a line that begins with its type is expected
    stderr: hint: what a key may do is decided here, not in the key's file
    exit 3
    stderr: error: cannot use cut.pub: the key is cut or changed: it does not hold what ssh-ed25519 says
    stderr: hint: ask for the file itself in place of what was pasted
    exit 3
    stderr: error: cannot use words.pub: it is no line of text
    stderr: hint: a public key file is one line, such as: ssh-ed25519 AAAA… alice@laptop
    exit 3
    stderr: error: cannot write the line: two\nlines has a character that cannot stand on a line of authorized_keys
    exit 1
    "#);
}

#[test]
fn a_kiosk_needs_a_project_a_rater_and_a_terminal() {
    let project = project();
    let database = project.database();
    let database = database.to_str().unwrap();
    let mut said = String::new();
    for arguments in [
        &["review", "--kiosk", "--rater", "alice"] as &[&str],
        &[
            "review",
            "--kiosk",
            "--rater",
            "alice",
            "--project",
            database,
        ],
        &["demo", "--kiosk"],
    ] {
        said.push_str(&project.transcript(arguments));
    }
    insta::assert_snapshot!(said, @"
    stderr: error: --kiosk needs --project FILE
    stderr: hint: it takes neither RELABEL_PROJECT nor the folder's relabel.db
    exit 2
    stderr: error: the review screen needs a terminal for keys and for the screen
    stderr: hint: over SSH, `ssh -t` asks for one
    exit 2
    stderr: error: unexpected argument '--kiosk' found
    stderr: 
    stderr: Usage: relabel demo [OPTIONS]
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    ");
    let mut command = project.command(&["review", "--kiosk", "--rater", "alice"]);
    let output = command.env("RELABEL_PROJECT", database).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let ends = |arguments: &[&str], environment: &[(&str, &str)]| {
        let opening = Opening {
            environment,
            ..Opening::default()
        };
        let mut terminal = Terminal::open(project.folder(), arguments, opening);
        let code = terminal.wait_for_end();
        (code, terminal.text())
    };
    let kiosk = ["--project", "relabel.db", "review", "--kiosk"];
    let (code, text) = ends(&kiosk, &[("USER", "alice"), ("LOGNAME", "alice")]);
    assert_eq!(code, 2);
    assert!(text.contains("error: --kiosk needs --rater NAME"), "{text}");
    let (code, text) = ends(&[&kiosk[..], &["--rater", "bob"]].concat(), &[]);
    assert_eq!(code, 1);
    assert!(
        text.contains("error: the project has no rater \"bob\""),
        "{text}"
    );
    assert!(!project.run(&["rater", "list"]).contains("bob"));
}

#[test]
fn a_kiosk_does_not_stop_and_has_the_built_in_keys() {
    let project = project();
    project.write(
        "config/relabel/config.toml",
        "[keys]\nyes = [\"x\"]\nleave = [\"y\"]\n",
    );
    let arguments = [
        "review",
        "--project",
        "relabel.db",
        "--kiosk",
        "--rater",
        "alice",
    ];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_until("task", is_ready);
    assert!(header(&terminal).contains("· alice ·"));
    terminal.keys("\x1a");
    terminal.wait_for_text("there is nothing behind this screen; q leaves");
    terminal.keys("xy");
    terminal.wait_for_text("1 y");
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("\x1aq");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(project.sql("SELECT answer FROM vote"), "2\n");
}
