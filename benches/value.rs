//! How many votes each order of tasks needs for the same label sets, by the real votes of the shared data handed out again; and
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

use std::time::Instant;

use relabel::consensus::calibrated::Quorum;
use relabel::consensus::{
    CalibratedOptions, DawidSkeneOptions, MajorityOptions, Method, Parameters,
};

#[path = "../tests/common/real_votes.rs"]
mod real_votes;
#[path = "../tests/common/value_replay.rs"]
mod value_replay;

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
