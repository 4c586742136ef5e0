//! How many votes a second raters can cast on one project file, each in a review process of its own.
//!
//! `cargo bench --bench raters`. Beside it what the disk gives: bare commits of one row by one writer, with SQLite's settings of
//! the project. Prints figures and ratios; asserts nothing about time, but that every vote shown as recorded is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may stop"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

#[path = "../tests/common/mod.rs"]
mod common;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{is_ready, labels, marks};

const LASTS: Duration = Duration::from_secs(5);

/// Each figure is the best of so many, in turn: other work on the machine, and on the disk, only ever takes away.
const TIMES: usize = 3;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run with `cargo bench --bench raters`");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut alone = None;
    for processes in [1, 8, 50] {
        let (mut bare, mut votes) = (0.0_f64, 0.0_f64);
        for _ in 0..TIMES {
            bare = bare.max(bare_commits(folder.path()));
            votes = votes.max(review(processes));
        }
        let alone = *alone.get_or_insert(votes);
        println!(
            "{processes} review processes: {votes:.0} votes a second, / one process = {:.2}; bare commits: {bare:.0} a second, votes / commits = {:.2}",
            votes / alone,
            votes / bare
        );
    }
}

/// Commits of one row a second by one writer, who has nobody to wait for.
fn bare_commits(folder: &Path) -> f64 {
    // A new file each time, as the project is one.
    let folder = tempfile::tempdir_in(folder).unwrap();
    let connection = Connection::open(folder.path().join("bare.db")).unwrap();
    for (pragma, value) in [("journal_mode", "wal"), ("synchronous", "full")] {
        connection.pragma_update(None, pragma, value).unwrap();
    }
    let table = "CREATE TABLE row (id INTEGER PRIMARY KEY, at INTEGER) STRICT";
    connection.execute(table, []).unwrap();
    // The log has its full length before the time runs: commits that make a file longer take several times as long.
    let long = "CREATE TABLE long AS SELECT zeroblob(6000000) AS bytes";
    connection.execute(long, []).unwrap();
    connection
        .query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
        .unwrap();
    let mut insert = connection
        .prepare("INSERT INTO row (at) VALUES (?1)")
        .unwrap();
    let begin = Instant::now();
    let mut rows = 0;
    while begin.elapsed() < LASTS {
        insert.execute([rows]).unwrap();
        rows += 1;
    }
    rows as f64 / begin.elapsed().as_secs_f64()
}

/// Votes a second by processes that go on as soon as the screen says that a vote is recorded.
fn review(processes: usize) -> f64 {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", &processes.to_string()]);
    let mut raters: Vec<Rater> = (0..processes)
        .map(|number| Rater::open(&project, number))
        .collect();
    for rater in &mut raters {
        rater.terminal.wait_until("task", is_ready);
    }
    let begin = Instant::now();
    while begin.elapsed() < LASTS {
        let moved = raters.iter_mut().filter_map(Rater::go_on).count();
        if moved == 0 {
            std::thread::sleep(Duration::from_micros(200));
        }
    }
    let lasted = begin.elapsed().as_secs_f64();
    let shown: usize = raters.iter().map(|rater| rater.recorded).sum();
    drop(raters);
    let rows: usize = project
        .sql("SELECT count(*) FROM vote")
        .trim()
        .parse()
        .unwrap();
    assert!(rows >= shown, "{rows} of {shown} votes are there");
    shown as f64 / lasted
}

struct Rater {
    terminal: Terminal,
    /// What was pressed, until the screen says that it is recorded: line and answer.
    waits: Option<(usize, char)>,
    presses: usize,
    recorded: usize,
}

impl Rater {
    fn open(project: &Project, number: usize) -> Rater {
        let name = format!("rater-{number}");
        let arguments = ["review", "--rater", &name, "--pictures", "none"];
        Rater {
            terminal: Terminal::open(project.folder(), &arguments, Opening::default()),
            waits: None,
            presses: 0,
            recorded: 0,
        }
    }

    /// Presses the next key once the last answer is recorded: over the labels of the first task, each time with another answer.
    fn go_on(&mut self) -> Option<()> {
        self.terminal.catch_up();
        if let Some((line, answer)) = self.waits {
            if marks(&self.terminal).chars().nth(line) != Some(answer) {
                return None;
            }
            self.recorded += 1;
        }
        let lines = labels(&self.terminal).len();
        let line = self.presses % lines;
        let answer = ['y', 'n', 'm'][self.presses / lines % 3];
        self.presses += 1;
        self.terminal.keys(&format!("{}{answer}", line + 1));
        self.waits = Some((line, answer));
        Some(())
    }
}
