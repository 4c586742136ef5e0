//! How long the votes of a whole data set take: import, scores, label sets; and how much memory.
//!
//! `cargo bench --bench consensus`, on the 924,810 real votes of the shared data. Prints figures and ratios against baselines
//! of the same run: the sqlite3 shell, numpy, crowd-kit 1.4.2 (installed into a throw-away environment). What is not
//! there is left out, with a word. Asserts nothing about time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may stop"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use relabel::consensus::{CalibratedOptions, DawidSkeneOptions, Method, Truths, VoteTable};
use relabel::store::Store;

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/real_votes.rs"]
mod real_votes;

/// Each figure is the best of so many: other work on the machine only ever adds.
const TIMES: usize = 3;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run with `cargo bench --bench consensus`");
        return;
    }
    let Some(real) = real_votes::folder() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), &real);
    preset(folder.path());
    let votes = Store::open(&folder.path().join("relabel.db"))
        .unwrap()
        .evidence("main")
        .unwrap()
        .votes;
    let python = Python::find(folder.path(), &votes);
    em(&votes, python.as_ref());
}

fn best(mut run: impl FnMut()) -> Duration {
    (0..TIMES)
        .map(|_| {
            let begin = Instant::now();
            run();
            begin.elapsed()
        })
        .min()
        .unwrap()
}

fn against(what: &str, ours: Duration, baseline: &str, theirs: Duration) {
    println!(
        "{what}: {ours:.2?}; {baseline}: {theirs:.2?}; {baseline} / relabel = {:.1}",
        theirs.as_secs_f64() / ours.as_secs_f64()
    );
}

fn relabel(folder: &Path, arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_relabel"))
        .args(arguments)
        .args(["-q", "--project"])
        .arg(folder.join("relabel.db"))
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "relabel {arguments:?}");
}

/// Peak memory of a command in MB, by GNU time where that is installed.
fn peak(folder: &Path, arguments: &[&str]) -> Option<f64> {
    let output = Command::new("time")
        .args(["-f", "%M"])
        .arg(env!("CARGO_BIN_EXE_relabel"))
        .args(arguments)
        .args(["-q", "--project"])
        .arg(folder.join("relabel.db"))
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    Some(text.lines().last()?.parse::<f64>().ok()? / 1024.0)
}

fn say_peak(what: &str, peak: Option<f64>) {
    match peak {
        Some(peak) => println!("{what}: {peak:.0} MB at most (aim: under 200)"),
        None => println!("{what}: memory not measured, GNU time is not installed"),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The whole import, which also makes the questions and raters, against the shell's import of bare rows.
fn import(folder: &Path, real: &Path) {
    let raters = real.join("raters.npz");
    let prepare = || {
        let _ = std::fs::remove_file(folder.join("relabel.db"));
        relabel(folder, &["init", "--classes", "ilsvrc2012"]);
        let labels = real.join("original_labels.csv");
        relabel(folder, &["import", "labels", text(&labels)]);
    };
    let ours = (0..TIMES)
        .map(|_| {
            prepare();
            let begin = Instant::now();
            relabel(folder, &["import", "votes", text(&raters)]);
            begin.elapsed()
        })
        .min()
        .unwrap();
    match shell_import(folder) {
        Some(theirs) => against(
            "import of 924,810 votes",
            ours,
            "sqlite3's .import into the same table",
            theirs,
        ),
        None => println!("import of 924,810 votes: {ours:.2?}; sqlite3 is not installed"),
    }
    prepare();
    say_peak(
        "import of 924,810 votes",
        peak(folder, &["import", "votes", text(&raters)]),
    );
    let experts = real.join("golden.npz");
    let gold = ["--round", "gold", "--role", "expert"];
    relabel(
        folder,
        &[&["import", "votes", text(&experts)], &gold[..]].concat(),
    );
    let gold = real.join("raters_golden.npz");
    relabel(folder, &["import", "votes", text(&gold), "--round", "gold"]);
}

/// The same rows into the same table of a project where questions, raters and copies are there already.
fn shell_import(folder: &Path) -> Option<Duration> {
    let (base, rows) = (folder.join("base.db"), folder.join("rows.csv"));
    std::fs::copy(folder.join("relabel.db"), &base).ok()?;
    let shell = |file: &Path, commands: &[&str]| {
        let mut shell = Command::new("sqlite3");
        shell.arg("-batch").arg(file).args(commands);
        shell.stderr(Stdio::inherit()).output().ok()
    };
    let select = "SELECT question, round, rater, at, copy, sequence, answer, 0 FROM vote";
    let csv = shell(&base, &[".mode csv", select])?;
    std::fs::write(
        &rows,
        String::from_utf8(csv.stdout).unwrap().replace('\r', ""),
    )
    .unwrap();
    shell(
        &base,
        &[
            "DROP TRIGGER vote_is_never_deleted",
            "DELETE FROM vote",
            "VACUUM",
        ],
    )?;
    let take = format!(".import {} vote", rows.display());
    let times = (0..TIMES).map(|_| {
        let fresh = folder.join("fresh.db");
        std::fs::copy(&base, &fresh).unwrap();
        let begin = Instant::now();
        let commands = [
            "PRAGMA journal_mode=wal",
            "BEGIN",
            ".mode csv",
            &take,
            "COMMIT",
        ];
        shell(&fresh, &commands).unwrap();
        let time = begin.elapsed();
        let counted = shell(&fresh, &["SELECT count(*) FROM vote"]).unwrap();
        assert_eq!(counted.stdout, b"924810\n");
        time
    });
    times.min()
}

fn preset(folder: &Path) {
    let whole = best(|| relabel(folder, &["aggregate", "--preset", "real"]));
    let store = Store::open(&folder.join("relabel.db")).unwrap();
    let read = best(|| {
        store.evidence("main").unwrap();
    });
    let stored = store.evidence("main").unwrap();
    let evidence = stored.evidence();
    let method = Method::Calibrated(CalibratedOptions::real());
    let count = best(|| {
        method.run(&evidence).unwrap();
    });
    println!(
        "preset real from the database: votes to label sets {:.2?} (reading {read:.2?}, counting {count:.2?}; aim: under 250 ms); \
         the whole command, which also keeps 184,962 scores: {whole:.2?}",
        read + count
    );
    say_peak(
        "preset real",
        peak(folder, &["aggregate", "--preset", "real"]),
    );
}

fn em(votes: &VoteTable, python: Option<&Python>) {
    let run = |truths, max_rounds, tolerance| {
        let options = DawidSkeneOptions {
            truths,
            max_rounds,
            tolerance,
            ..DawidSkeneOptions::default()
        };
        let mut rounds = 0;
        let time = best(|| {
            rounds = relabel::consensus::dawid_skene::dawid_skene(votes, &options)
                .unwrap()
                .fit
                .rounds();
        });
        (time, rounds)
    };
    let (binary, rounds) = run(Truths::Binary, 1000, 1e-10);
    println!("binary EM to 1e-10: {rounds} rounds, {binary:.2?}");
    let (ternary, rounds) = run(Truths::Ternary, 20, 0.0);
    println!("ternary EM: {rounds} rounds, {ternary:.2?}");
    let Some(python) = python else {
        println!("no python3: numpy and crowd-kit are not compared");
        return;
    };
    match python.seconds("numpy", NUMPY_EM) {
        Some((seconds, _)) => against("binary EM to 1e-10", binary, "numpy", seconds),
        None => println!("numpy is not compared: it could not be installed or run"),
    }
    match python.seconds("crowdkit", CROWD_KIT) {
        Some((seconds, memory)) => {
            against("ternary EM, 20 rounds", ternary, "crowd-kit 1.4.2", seconds);
            println!("crowd-kit 1.4.2: {memory:.0} MB at most");
        }
        None => println!("crowd-kit is not compared: it could not be installed or run"),
    }
}

/// A Python that has numpy and crowd-kit: `RELABEL_PYTHON`, or an environment of its own in a temporary folder.
struct Python {
    program: PathBuf,
    folder: PathBuf,
}

impl Python {
    fn find(folder: &Path, votes: &VoteTable) -> Option<Python> {
        let mut rows = String::from("task,worker,label\n");
        for question in 0..votes.n_questions() {
            for (rater, answer) in votes.votes_on(question) {
                rows += &format!("{question},{rater},{}\n", answer.code());
            }
        }
        std::fs::write(folder.join("votes.csv"), rows).unwrap();
        let folder = folder.to_owned();
        if let Some(program) = std::env::var_os("RELABEL_PYTHON") {
            let program = PathBuf::from(program);
            return Some(Python { program, folder });
        }
        let run = |program: &Path, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).stdout(Stdio::null());
            command.status().is_ok_and(|status| status.success())
        };
        let place = folder.join("python");
        if !run(Path::new("python3"), &["-m", "venv", text(&place)]) {
            return None;
        }
        let program = place.join("bin/python");
        run(
            &program,
            &["-m", "pip", "install", "-q", "crowd-kit==1.4.2"],
        );
        Some(Python { program, folder })
    }

    /// Seconds and megabytes that a script says of itself.
    fn seconds(&self, name: &str, script: &str) -> Option<(Duration, f64)> {
        let path = self.folder.join(format!("{name}_em.py"));
        std::fs::write(&path, script).unwrap();
        let output = Command::new(&self.program)
            .arg(path)
            .arg(self.folder.join("votes.csv"))
            .stderr(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut words = text.split_whitespace().rev();
        let memory: f64 = words.next()?.parse().ok()?;
        let seconds: f64 = words.next()?.parse().ok()?;
        Some((Duration::from_secs_f64(seconds), memory / 1024.0))
    }
}

const NUMPY_EM: &str = r#"
import sys, time, resource
import numpy as np
votes = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1, dtype=np.int64)
q, r, v = votes.T
Q, R = q.max() + 1, r.max() + 1
began = time.perf_counter()
cell = r * 3 + v
n = np.bincount(q, minlength=Q)
p = np.bincount(q, weights=v / 2, minlength=Q) / n
for rounds in range(1, 1001):
    prior = p.mean()
    yes = np.bincount(cell, weights=p[q], minlength=3 * R).reshape(R, 3) + 0.01
    no = np.bincount(cell, weights=1 - p[q], minlength=3 * R).reshape(R, 3) + 0.01
    yes /= yes.sum(1, keepdims=True)
    no /= no.sum(1, keepdims=True)
    w = np.log(yes / no).ravel()
    new = 1 / (1 + np.exp(-(np.log(prior / (1 - prior)) + np.bincount(q, weights=w[cell], minlength=Q))))
    change = np.abs(new - p).max()
    p = new
    if change < 1e-10:
        break
print(rounds, "rounds")
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"#;

const CROWD_KIT: &str = r#"
import sys, time, resource
import pandas as pd
from crowdkit.aggregation import DawidSkene
votes = pd.read_csv(sys.argv[1])
began = time.perf_counter()
DawidSkene(n_iter=20, tol=float("-inf")).fit(votes)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"#;
