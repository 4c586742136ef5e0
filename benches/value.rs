//! How long the first task takes to come in a project of 925,000 votes; how many votes each order of tasks needs for the same label sets, by the real votes of the shared data handed out again; and
//! what keeping the order up costs.
//!
//! `cargo bench --bench value`. Prints figures and ratios against plan and random order of the same run. Asserts nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that cannot go on may stop"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use relabel::consensus::calibrated::Quorum;
use relabel::consensus::{
    CalibratedOptions, DawidSkeneOptions, MajorityOptions, Method, Parameters,
};

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/real_votes.rs"]
mod real_votes;
#[path = "../tests/common/value_replay.rs"]
mod value_replay;

use common::pty::{Opening, Terminal};
use value_replay::{By, Replay};

const SHARES: [f64; 7] = [0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999];

/// Seconds a vote where none are measured, as `plan` assumes.
const SECONDS: f64 = 3.0;

fn main() {
    // `cargo test --benches` only asks whether it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("run with `cargo bench --bench value`");
        return;
    }
    let Some(votes) = real_votes::real_votes() else {
        return;
    };
    opening(&real_votes::folder().unwrap());
    let evidence = votes.evidence();
    let truth: Vec<Option<bool>> = (0..votes.experts.n_questions())
        .map(|question| Quorum::Votes(3).of(votes.experts.counts(question)))
        .collect();
    let methods = [
        (
            "calibrated, preset real, 0.8",
            Method::Calibrated(CalibratedOptions::real()),
        ),
        (
            "Dawid–Skene, 0.8",
            Method::DawidSkene(DawidSkeneOptions::default()),
        ),
        ("majority, ½", Method::Majority(MajorityOptions::default())),
    ];
    for (name, method) in methods {
        let consensus = method.run(&evidence).unwrap();
        replay(name, &evidence, &consensus.parameters, &truth);
    }
}

/// From the start of the process to the first task on the screen, on the real votes with a plan that asks each question.
fn opening(real: &Path) {
    let project = common::Project::new();
    let file = |name: &str| real.join(name).to_str().unwrap().to_owned();
    project.run(&["import", "labels", &file("original_labels.csv")]);
    project.run(&["import", "votes", &file("raters.npz")]);
    let gold = ["--round", "gold", "--role", "expert"];
    project.run(&[&["import", "votes", &file("golden.npz")], &gold[..]].concat());
    project.run(&[
        "import",
        "votes",
        &file("raters_golden.npz"),
        "--round",
        "gold",
    ]);
    project.run(&["export", "--as", "votes-csv", "-o", "votes.csv"]);
    // What was asked is proposed; other columns are passed over.
    project.run(&["import", "proposals", "votes.csv"]);
    // A place more than there are votes.
    project.run(&["plan", "--raters", "6"]);
    project.run(&["aggregate", "--preset", "real"]);
    let mut medians = Vec::new();
    for order in ["plan", "random", "value"] {
        let mut times: Vec<Duration> = (0..TIMES).map(|_| first_task(&project, order)).collect();
        times.sort_unstable();
        println!(
            "start to first task, 924,810 votes, --order {order}: {:.0?}",
            times[TIMES / 2]
        );
        medians.push(times[TIMES / 2]);
    }
    println!(
        "  value / plan = {:.2}",
        medians[2].as_secs_f64() / medians[0].as_secs_f64()
    );
}

fn first_task(project: &common::Project, order: &str) -> Duration {
    let began = Instant::now();
    let arguments = [
        "review",
        "--rater",
        "bench",
        "--pictures",
        "none",
        "--order",
        order,
    ];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_for_text("▸ 1");
    let taken = began.elapsed();
    terminal.keys("\x03");
    terminal.wait_for_end();
    taken
}

/// Sittings of an order that are opened.
const TIMES: usize = 9;

fn replay(
    name: &str,
    evidence: &relabel::consensus::Evidence<'_>,
    parameters: &Parameters,
    truth: &[Option<bool>],
) {
    let replay = Replay::new(*evidence, parameters, truth.to_vec(), |_| true, 1);
    let orders = [
        ("plan, task by task", By::Plan),
        ("plan, rater by rater", By::Passes),
        ("random", By::Random(1)),
        ("value, one vote ahead", By::Value(1)),
        ("value", By::Value(8)),
    ];
    println!("\n{name}: {} tasks", replay.tasks.len());
    let mut of_random = Vec::new();
    for (order, by) in orders {
        let began = Instant::now();
        let course = replay.run(by);
        let took = began.elapsed();
        let needed = SHARES.map(|share| course.votes_for(share));
        let words: Vec<String> = (SHARES.iter().zip(needed))
            .map(|(share, votes)| {
                let hours = votes as f64 * SECONDS / 3600.0;
                format!("{:.1} %: {votes} votes, {hours:.0} h", share * 100.0)
            })
            .collect();
        println!("{order}: {}", words.join("; "));
        if by == By::Random(1) {
            of_random = needed.to_vec();
        }
        if matches!(by, By::Value(_)) {
            let ratios: Vec<String> = (of_random.iter().zip(needed))
                .map(|(random, votes)| format!("{:.2}", votes as f64 / *random as f64))
                .collect();
            println!("  votes / random's: {}", ratios.join(", "));
            let hand_outs = course.steps.len() - 1;
            println!(
                "  {hand_outs} hand-outs in {took:.2?}: {:.1?} each, votes counted and next task chosen",
                took / hand_outs as u32
            );
        }
        let all = course.votes();
        let right: Vec<String> = [0.1, 0.2, 0.3, 0.5, 1.0]
            .iter()
            .map(|share| {
                let right = course.right_after((all as f64 * share) as usize);
                format!("{:.0} % of the votes {:.4}", share * 100.0, right)
            })
            .collect();
        println!(
            "  right on {} gold questions: {}",
            course.gold,
            right.join(", ")
        );
    }
}
