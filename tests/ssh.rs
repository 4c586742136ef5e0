//! A team votes through OpenSSH: a key is tied to a rater by the line that `team key` prints, and gives nothing else.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{PATIENCE, Terminal};
use common::screen::{footer, header, is_ready, labels, marks, task_number};
use common::sshd::{Server, installed, new_key};

/// A project with raters, and a server that lets their keys in.
struct Team {
    project: Project,
    server: Server,
}

impl Team {
    /// None where there is no OpenSSH.
    fn of(raters: &[&str]) -> Option<Team> {
        let server = Server::start()?;
        let project = Project::of_drawings();
        let team = Team { project, server };
        let mut lines = String::new();
        for (number, rater) in raters.iter().enumerate() {
            team.project.run(&["rater", "add", "--", rater]);
            lines.push_str(&team.line(rater, &team.key(number), &[]));
        }
        team.server.authorize(&lines);
        Some(team)
    }

    /// The key of the rater of this number, made when there is none.
    fn key(&self, number: usize) -> PathBuf {
        let file = self.server.path(&format!("key-{number}"));
        if !file.exists() {
            new_key(&file);
        }
        file
    }

    /// What `team key` prints.
    fn line(&self, rater: &str, key: &Path, options: &[&str]) -> String {
        let public = key.with_extension("pub");
        let arguments = [&["team", "key"], options].concat();
        let arguments = [&arguments[..], &["--", rater, public.to_str().unwrap()]].concat();
        self.project.run(&arguments)
    }

    /// Logs in with the first rater's key, up to the first task.
    #[track_caller]
    fn log_in(&self, options: &[&str], command: &[&str]) -> Terminal {
        let mut terminal = self.server.log_in(&self.key(0), options, command);
        terminal.wait_until("task", is_ready);
        terminal
    }

    /// Runs a client with the first rater's key and without a terminal.
    #[track_caller]
    fn client(&self, program: &str, arguments: &[&str]) -> Output {
        self.server.client(program, &self.key(0), arguments)
    }

    /// The votes on disk: who, the task's place in the plan, the label's place in it, and the answer's letter.
    fn votes(&self) -> Vec<String> {
        let rows = self.project.sql(
            "SELECT rater.name || ' ' || image.name || ' ' || position || ' ' || substr('nmy', answer + 1, 1)
             FROM vote JOIN rater ON rater.id = rater JOIN question ON question.id = question JOIN image ON image.id = image
             ORDER BY image.name, position, vote.at",
        );
        rows.lines().map(str::to_owned).collect()
    }

    /// The programs of this project that run now.
    #[cfg(target_os = "linux")]
    fn running(&self) -> Vec<PathBuf> {
        let project = self.project.folder().to_str().unwrap().as_bytes().to_vec();
        let processes = std::fs::read_dir("/proc").unwrap().flatten();
        processes
            .map(|process| process.path())
            .filter(|process| {
                // A process may end while it is looked at.
                let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
                let has = |part: &[u8]| words.windows(part.len()).any(|window| window == part);
                has(&project) && has(b"--kiosk")
            })
            .collect()
    }

    /// Waits until nothing of a login is left.
    #[cfg(target_os = "linux")]
    #[track_caller]
    fn wait_until_alone(&self) {
        let end = Instant::now() + PATIENCE;
        while !self.running().is_empty() {
            assert!(Instant::now() < end, "{:?} goes on", self.running());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn wait_until_alone(&self) {}
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Leaves by the closing screen; the exit code.
#[track_caller]
fn leave(terminal: &mut Terminal) -> u32 {
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    terminal.wait_for_end()
}

#[test]
fn a_rater_votes_through_ssh() {
    let Some(team) = Team::of(&["alice", "bob"]) else {
        return;
    };
    let mut terminal = team.log_in(&[], &[]);
    assert!(header(&terminal).contains("· alice ·"));
    terminal.keys("ynmyyn\r");
    terminal.wait_until("second task", |terminal| {
        task_number(terminal) == Some(2) && is_ready(terminal)
    });
    terminal.keys("m");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('m'));
    assert_eq!(leave(&mut terminal), 0, "{}", terminal.text());
    let first: Vec<String> = "ynmyyn"
        .chars()
        .enumerate()
        .map(|(position, answer)| format!("alice drawing-00.png {position} {answer}"))
        .collect();
    let mut expected = first;
    expected.push("alice drawing-01.png 0 m".to_owned());
    assert_eq!(team.votes(), expected);
    team.wait_until_alone();
    // The other key is another rater, who begins at the beginning.
    let mut terminal = team.server.log_in(&team.key(1), &[], &[]);
    terminal.wait_for_text("· bob ·");
    terminal.wait_until("task", |terminal| marks(terminal) == "······");
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
}

#[test]
fn the_line_grants_options_and_the_login_none() {
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    let options = ["--round", "the \"first\" look", "--pictures", "none"];
    let line = team.line("alice", &team.key(0), &options);
    team.server.authorize(&line);
    let command = ["--rater", "bob", "--round", "gold", "--pictures", "half"];
    let mut terminal = team.log_in(&[], &command);
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    assert_eq!(leave(&mut terminal), 0);
    let rounds = team.project.sql(
        "SELECT rater.name, round.name FROM vote JOIN round ON round.id = round JOIN rater ON rater.id = rater",
    );
    assert_eq!(rounds, "alice|the \"first\" look\n");
}

#[test]
fn names_that_mean_something_to_a_shell_are_names() {
    let raters = [
        "it's \"$(touch pwned)\" `touch pwned`; touch pwned #\\",
        "\\\" name 名前 🦀 é !! %h ~ *",
        "--order=random",
    ];
    let Some(team) = Team::of(&raters) else {
        return;
    };
    for (number, rater) in raters.iter().enumerate() {
        let mut terminal = team.server.log_in(&team.key(number), &[], &[]);
        terminal.wait_until("task", is_ready);
        terminal.keys("n");
        terminal.wait_until("answer", |terminal| marks(terminal).starts_with('n'));
        terminal.keys("\x03");
        assert_eq!(terminal.wait_for_end(), 130);
        assert!(
            team.votes()
                .contains(&format!("{rater} drawing-00.png 0 n")),
            "{:?}",
            team.votes()
        );
    }
    assert_eq!(team.votes().len(), raters.len());
    for folder in [
        std::env::home_dir().unwrap(),
        team.project.folder().to_owned(),
    ] {
        assert!(!folder.join("pwned").exists());
    }
}

#[test]
fn commands_are_not_run() {
    let Some(team) = Team::of(&["alice", "bob"]) else {
        return;
    };
    let host = team.server.host();
    let pwned = team.server.path("pwned");
    let touch = format!("touch {}", pwned.display());
    let bob = format!(
        "{} --project {} review --rater bob",
        assert_cmd::cargo::cargo_bin!("relabel").display(),
        team.project.database().display()
    );
    // Without a terminal: no shell, nothing but a word.
    let input = format!("{touch}\nid\nexit 0\n");
    for arguments in [
        &["-T", &host] as &[&str],
        &[&host, "sh"],
        &[&host, "sh", "-c", "id"],
        &[&host, &touch],
        &[&host, &bob],
        &[&host, "--", "--help"],
        &["-s", &host, "sftp"],
    ] {
        let key = team.key(0);
        let output = team.server.client_with("ssh", &key, arguments, &input);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        // Who asks for a subsystem is not told what its command says.
        let said = text(&output.stderr);
        let why = "error: the review screen needs a terminal";
        assert_eq!(
            said.contains(why),
            arguments[0] != "-s",
            "{arguments:?}: {said}"
        );
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    // With one: the screen, as the rater that the key stands for.
    for command in ["sh", &touch, &bob, "../../bin/sh -i"] {
        let mut terminal = team.log_in(&[], &[command]);
        assert!(header(&terminal).contains("· alice ·"));
        terminal.keys("\x03");
        assert_eq!(terminal.wait_for_end(), 130);
        assert!(!terminal.stream().contains("uid="));
    }
    assert!(!pwned.exists());
    assert_eq!(team.votes(), [""; 0]);
    team.wait_until_alone();
}

#[test]
fn files_do_not_travel() {
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    for program in ["sftp", "scp"] {
        if installed(program).is_none() {
            return;
        }
    }
    let host = team.server.host();
    let here = |name: &str| team.server.path(name).display().to_string();
    let database = team.project.database().display().to_string();
    std::fs::write(team.server.path("evil"), "sh").unwrap();
    std::fs::write(
        team.server.path("batch"),
        format!(
            "get {database} {}\nput {} {}\n",
            here("stolen"),
            here("evil"),
            here("planted")
        ),
    )
    .unwrap();
    let there = |name: &str| format!("{host}:{name}");
    let attempts = |key: &Path| {
        vec![
            team.server.client("sftp", key, &["-b", "batch", &host]),
            team.server
                .client("scp", key, &[&there(&database), &here("stolen")]),
            team.server
                .client("scp", key, &[&here("evil"), &there(&here("planted"))]),
            team.server
                .client("scp", key, &["-O", &there(&database), &here("stolen")]),
            team.server
                .client("scp", key, &["-O", &here("evil"), &there(&here("planted"))]),
        ]
    };
    for output in attempts(&team.key(0)) {
        assert!(!output.status.success());
        assert!(!team.server.path("stolen").exists());
        assert!(!team.server.path("planted").exists());
    }
    // A line without restrictions would have let them.
    team.server.authorize(&free_line(&team.key(0)));
    for output in attempts(&team.key(0)) {
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

/// A line that ties a key to nothing.
fn free_line(key: &Path) -> String {
    std::fs::read_to_string(key.with_extension("pub")).unwrap()
}

#[test]
fn nothing_is_forwarded() {
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    // Something inside that answers whoever reaches it.
    let inside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = inside.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut caller in inside.incoming().flatten() {
            let _ = caller.write_all(b"the secret of the server's own network\n");
        }
    });
    let host = team.server.host();
    let to_inside = format!("127.0.0.1:{port}");
    let back = format!("0:{to_inside}");
    let socket = format!("{}:{to_inside}", team.server.path("socket").display());
    let fails = ["-N", "-o", "ExitOnForwardFailure=yes"];
    let outwards = |key: &Path| team.server.client("ssh", key, &["-W", &to_inside, &host]);
    let refused = outwards(&team.key(0));
    assert_eq!(refused.status.code(), Some(255));
    assert_eq!(text(&refused.stdout), "");
    assert!(text(&refused.stderr).contains("prohibited"));
    for inwards in [&back, &socket] {
        let output = team.client("ssh", &[&fails[..], &["-R", inwards, &host]].concat());
        assert_eq!(output.status.code(), Some(255), "{inwards}");
        assert!(
            text(&output.stderr).contains("forwarding failed"),
            "{inwards}"
        );
    }
    // A login that asks for everything gets the screen without any of it.
    let agent = team.server.path("agent");
    let keys = UnixListener::bind(&agent).unwrap();
    std::thread::spawn(move || keys.incoming().for_each(drop));
    let agent = format!("IdentityAgent={}", agent.display());
    let greedy = ["-A", "-o", &agent, "-o", "ForwardX11=yes"];
    let mut terminal = team.log_in(&greedy, &[]);
    #[cfg(target_os = "linux")]
    {
        let running = team.running();
        let environment = text(&std::fs::read(running[0].join("environ")).unwrap());
        assert!(environment.contains("SSH_CONNECTION="));
        assert!(!environment.contains("SSH_AUTH_SOCK="), "{environment}");
        assert!(!environment.contains("DISPLAY="), "{environment}");
    }
    terminal.keys("\x03");
    terminal.wait_for_end();
    // A line without restrictions would have let them.
    team.server.authorize(&free_line(&team.key(0)));
    let reached = outwards(&team.key(0));
    assert!(text(&reached.stdout).contains("the secret"));
    let key = team.key(0);
    let asked = [&greedy[..3], &[&host, "echo $SSH_AUTH_SOCK"]].concat();
    let reached = team.server.client("ssh", &key, &asked);
    assert!(text(&reached.stdout).contains("agent"), "{reached:?}");
}

#[test]
fn what_a_login_sends_as_environment_does_not_count() {
    let Some(team) = Team::of(&["alice", "bob"]) else {
        return;
    };
    let elsewhere = Project::of_drawings();
    // Keys of the login's own choice.
    elsewhere.write(
        "config/relabel/config.toml",
        "[keys]\nyes = [\"x\"]\nleave = [\"y\"]\n",
    );
    let set = format!(
        "SetEnv=RELABEL_PROJECT={} XDG_CONFIG_HOME={} RELABEL_RATER=bob USER=bob LOGNAME=bob SSH_ORIGINAL_COMMAND=sh",
        elsewhere.database().display(),
        elsewhere.path("config").display()
    );
    let mut terminal = team.log_in(&["-o", &set], &[]);
    #[cfg(target_os = "linux")]
    {
        let environment = text(&std::fs::read(team.running()[0].join("environ")).unwrap());
        assert!(environment.contains("RELABEL_RATER=bob"), "{environment}");
    }
    assert!(header(&terminal).contains("· alice ·"));
    terminal.keys("xy");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    assert_eq!(leave(&mut terminal), 0);
    assert_eq!(team.votes(), ["alice drawing-00.png 0 y"]);
    assert_eq!(elsewhere.sql("SELECT count(*) FROM vote"), "0\n");
}

#[test]
fn no_key_leads_out_of_the_screen_but_to_the_end() {
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    let mut terminal = team.log_in(&[], &[]);
    terminal.keys("\x1a");
    terminal.wait_for_text("there is nothing behind this screen; q leaves");
    // Quit, break, end of file, escapes of editors and of shells: none of it leads anywhere.
    terminal.keys("\x1c\x04\x1d\x1e\x11\x13\x0f\x16!sh\r:!sh\r|id\r`id`\r");
    // What a comment says is text.
    let comment = ":!sh $(id) `id` | id; ~. \\n %s";
    terminal.keys("??");
    terminal.keys("c");
    terminal.wait_until("comment", |terminal| footer(terminal).contains("comment"));
    terminal.keys(&format!("{comment}\r"));
    terminal.wait_until("comment kept", |_| {
        team.project.sql("SELECT text FROM note") == format!("{comment}\n")
    });
    // So is what a class is looked for by.
    terminal.keys("/!sh; id");
    terminal.wait_until("search", |terminal| footer(terminal).contains("/ !sh; id"));
    terminal.keys("\x03");
    assert_eq!(terminal.wait_for_end(), 130);
    // Keys that come after the end reach nobody.
    terminal.keys("id\r");
    assert!(!terminal.stream().contains("uid="));
    assert!(!terminal.stream().contains("stopped"));
    team.wait_until_alone();
}

#[test]
fn votes_outlive_the_line_and_the_program_does_not() {
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    let mut terminal = team.log_in(&[], &[]);
    for (count, key) in ["y", "n", "m"].into_iter().enumerate() {
        terminal.keys(key);
        terminal.wait_until("answer", |terminal| !"·…".contains(mark(terminal, count)));
    }
    terminal.kill();
    assert_eq!(
        team.votes(),
        [
            "alice drawing-00.png 0 y",
            "alice drawing-00.png 1 n",
            "alice drawing-00.png 2 m"
        ]
    );
    team.wait_until_alone();
    // The next login goes on where the line was cut.
    let mut terminal = team.log_in(&[], &[]);
    assert_eq!(marks(&terminal), "ynm···");
    assert_eq!(leave(&mut terminal), 0);
}

fn mark(terminal: &Terminal, place: usize) -> char {
    labels(terminal)[place].mark
}

#[test]
fn a_rater_who_is_gone_is_nobody() {
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    let line = team.server.path("authorized_keys");
    let line = std::fs::read_to_string(line).unwrap();
    team.server
        .authorize(&line.replace("--rater alice", "--rater mallory"));
    let mut terminal = team.server.log_in(&team.key(0), &[], &[]);
    assert_eq!(terminal.wait_for_end(), 1);
    assert!(
        terminal
            .text()
            .contains("error: the project has no rater \"mallory\"")
    );
    assert_eq!(
        team.project
            .run(&["rater", "list"])
            .matches("mallory")
            .count(),
        0
    );
    // A project that is gone is told without its place.
    let missing = line.replace("relabel.db", "other.db");
    team.server.authorize(&missing);
    let mut terminal = team.server.log_in(&team.key(0), &[], &[]);
    assert_eq!(terminal.wait_for_end(), 1);
    assert!(
        terminal
            .text()
            .contains("error: cannot open the project: it is not there")
    );
    assert!(!terminal.text().contains("other.db"));
}

#[test]
fn a_rater_votes_through_mosh() {
    let (Some(mosh), Some(_)) = (installed("mosh"), installed("mosh-server")) else {
        return;
    };
    let Some(team) = Team::of(&["alice"]) else {
        return;
    };
    // A test that fails leaves nothing behind for a day.
    let line = team.line("alice", &team.key(0), &["--mosh"]);
    team.server.authorize(&line.replace("86400", "60"));
    let ssh = format!(
        "--ssh=ssh {}",
        team.server.client_options(&team.key(0)).join(" ")
    );
    let opening = common::pty::Opening {
        program: Some(&mosh),
        environment: &[("LANG", "C.UTF-8"), ("LC_ALL", "C.UTF-8")],
        ..Default::default()
    };
    let host = team.server.host();
    // The shell that is asked for is not what comes.
    let arguments = [&ssh, &host, "--", "sh"];
    let mut terminal = Terminal::open(team.project.folder(), &arguments, opening);
    terminal.wait_for_text("· alice ·");
    terminal.wait_until("task", is_ready);
    terminal.keys("y");
    terminal.wait_until("answer", |terminal| marks(terminal).starts_with('y'));
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(team.votes(), ["alice drawing-00.png 0 y"]);
    team.wait_until_alone();
}
