//! docs/ssh.md does what it says: its commands, its settings of the server and of the client let a rater in.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::path::Path;
use std::process::Command;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{is_ready, marks};
use common::sshd::{Server, installed};

const PAGE: &str = include_str!("../docs/ssh.md");

/// The text between a line that opens a block of this language and the line that closes it.
fn block(language: &str) -> &'static str {
    let (_, after) = PAGE.split_once(&format!("```{language}\n")).unwrap();
    after.split_once("```").unwrap().0
}

/// What is typed at a prompt, a command a line.
fn typed(prompt: &str) -> Vec<&'static str> {
    let lines = PAGE.lines();
    lines.filter_map(|line| line.strip_prefix(prompt)).collect()
}

/// Runs commands one after another in a home of their own; what they print.
fn run(home: &Path, commands: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin!("relabel").parent().unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = [program.to_owned()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let output = Command::new("sh")
        .args(["-e", "-c", commands])
        .current_dir(home)
        .env("HOME", home)
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env_remove("RELABEL_PROJECT")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{commands}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_set_up_of_the_page_lets_a_rater_in() {
    let project = Project::of_drawings();
    let keys = project.path("relabel_keys");
    let settings = block("sshdconfig");
    assert!(settings.contains("/etc/ssh/relabel_keys"));
    let settings = settings.replace("/etc/ssh/relabel_keys", keys.to_str().unwrap());
    let Some(server) = Server::start_with(&settings) else {
        return;
    };

    // The rater's machine: a key.
    let home = project.path("alice");
    std::fs::create_dir_all(home.join(".ssh")).unwrap();
    let [keygen, rest @ ..] = &typed("alice$ ")[..] else {
        panic!("no commands of the rater's");
    };
    assert_eq!(
        rest,
        ["ssh -i ~/.ssh/pets relabel@server.example.org", "mosh pets"]
    );
    // It asks for a passphrase otherwise.
    run(&home, &format!("{keygen} -q -N ''"));

    // The account on the server: a project that is planned, and the key that was sent.
    let account = project.path("account");
    std::fs::create_dir_all(&account).unwrap();
    for name in ["relabel.db", "images"] {
        let from = project.path(name);
        std::fs::create_dir_all(account.join("pets")).unwrap();
        std::fs::rename(from, account.join("pets").join(name)).unwrap();
    }
    std::fs::copy(home.join(".ssh/pets.pub"), account.join("pets/alice.pub")).unwrap();
    let commands = typed("relabel$ ");
    assert_eq!(commands.len(), 5, "{commands:?}");
    let printed = run(&account, &commands.join("\n"));
    assert!(printed.contains(" mosh-server new "), "{printed}");
    let line = std::fs::read_to_string(account.join(".ssh/authorized_keys")).unwrap();
    assert_eq!(line.lines().count(), 1);
    std::fs::write(&keys, &line).unwrap();

    // The line is the page's, but for the places.
    let (options, _) = line.split_once(" ssh-ed25519 ").unwrap();
    let program = assert_cmd::cargo::cargo_bin!("relabel").to_str().unwrap();
    let options = options
        .replace(program, "/usr/local/bin/relabel")
        .replace(account.to_str().unwrap(), "/home/relabel");
    assert!(
        PAGE.contains(&format!("{options} ssh-ed25519 AAAA… alice\n")),
        "{options}"
    );

    // And in.
    let account_name = server.host();
    let config = block("sshconfig")
        .replace("server.example.org", "127.0.0.1")
        .replace(
            "User relabel",
            &format!("User {}", account_name.split_once('@').unwrap().0),
        )
        .replace('~', home.to_str().unwrap());
    let config = project.write("config", config);
    let mut arguments = vec!["-F", config.to_str().unwrap()];
    let options = server.client_options(Path::new("unused"));
    arguments.extend(options[4..].iter().map(String::as_str));
    arguments.push("pets");
    let ssh = installed("ssh").unwrap();
    let opening = Opening {
        program: Some(&ssh),
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), &arguments, opening);
    terminal.wait_for_text("· alice ·");
    terminal.wait_until("task", is_ready);
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    let status = run(&account, "cd pets && relabel status --format json");
    assert!(status.contains("alice"), "{status}");
}
