//! How long the program takes to begin: `--help`, and `status` of the demo's project, beside ripgrep's `--help` in the same run.
//!
//! `cargo bench --bench startup`. Prints medians, and ratios to ripgrep. Asserts nothing.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on may stop")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 200;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run with `cargo bench --bench startup`");
        return;
    }
    let relabel = env!("CARGO_BIN_EXE_relabel");
    let folder = tempfile::tempdir().unwrap();
    let demo = ["demo", "--dir", "demo", "--quiet"];
    run(folder.path(), relabel, &demo);
    let project = ["--project", "demo/relabel.db"];
    let status = [project.as_slice(), &["status"]].concat();
    let commands: [(&str, &str, &[&str]); 5] = [
        ("rg --help", "rg", &["--help"]),
        ("relabel --help", relabel, &["--help"]),
        ("relabel -h", relabel, &["-h"]),
        ("relabel status (demo)", relabel, &status),
        ("true", "true", &[]),
    ];
    let commands: Vec<_> = commands
        .into_iter()
        .filter(|(_, program, arguments)| {
            let found = command(folder.path(), program, arguments).status();
            found.is_ok_and(|status| status.success())
        })
        .collect();
    // Turn by turn, so that what else the machine does falls on all alike.
    let mut times = vec![Vec::with_capacity(ROUNDS); commands.len()];
    for _ in 0..ROUNDS {
        for ((_, program, arguments), times) in commands.iter().zip(&mut times) {
            times.push(run(folder.path(), program, arguments));
        }
    }
    let medians: Vec<Duration> = times.into_iter().map(median).collect();
    let ripgrep = commands
        .iter()
        .zip(&medians)
        .find(|((name, ..), _)| name.starts_with("rg"));
    if ripgrep.is_none() {
        println!("ripgrep is not installed: no ratios");
    }
    let size = std::fs::metadata(relabel).unwrap().len();
    println!("{:.1} MB, {ROUNDS} rounds, medians", size as f64 / 1e6);
    for ((name, ..), median) in commands.iter().zip(&medians) {
        let ratio = ripgrep.map_or_else(String::new, |(_, rg)| {
            format!(
                "{:5.2} of ripgrep's",
                median.as_secs_f64() / rg.as_secs_f64()
            )
        });
        println!("{name:24} {:6.2} ms  {ratio}", median.as_secs_f64() * 1e3);
    }
}

fn command(folder: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// From the start of a process to its end.
fn run(folder: &Path, program: &str, arguments: &[&str]) -> Duration {
    let begin = Instant::now();
    command(folder, program, arguments).status().unwrap();
    begin.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
