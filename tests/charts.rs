//! Bars and sparklines: where a person looks at figures in a terminal, and nowhere else.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write;

use common::Project;
use common::pty::{Opening, Terminal};

/// Thirty drawings of six labels; three raters' votes from three days, an expert's answers, an aggregation.
fn voted() -> Project {
    let project = Project::of_drawings();
    let mut votes = "image,label,rater,answer,at\n".to_owned();
    let mut gold = "image,label,rater,answer\n".to_owned();
    for drawing in 0..30 {
        for label in 0..6 {
            let (image, class) = (
                format!("drawing-{drawing:02}.png"),
                151 + drawing + 3 * label,
            );
            let truth = ["yes", "no", "no"][(drawing + label) % 3];
            // ann is right, bob says no, cem is often unsure.
            for (rater, day, answer) in [
                ("ann", 2, truth),
                ("bob", 4, "no"),
                ("cem", 4, if drawing < 10 { truth } else { "maybe" }),
            ] {
                writeln!(
                    votes,
                    "{image},{class},{rater},{answer},2026-11-0{day}T10:00:00Z"
                )
                .unwrap();
            }
            writeln!(gold, "{image},{class},eva,{truth}").unwrap();
        }
    }
    project.write("votes.csv", votes);
    project.write("gold.csv", gold);
    project.run(&["plan", "--raters", "5"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&[
        "import", "votes", "gold.csv", "--role", "expert", "--round", "gold",
    ]);
    project.run(&["aggregate", "--method", "calibrated"]);
    project
}

/// What a command prints in a terminal of so many columns.
fn printed(project: &Project, columns: u16, arguments: &[&str]) -> String {
    let opening = Opening {
        columns,
        rows: 60,
        environment: &[("TERM", "xterm-256color")],
        ..Opening::default()
    };
    let mut terminal = Terminal::open(project.folder(), arguments, opening);
    assert_eq!(terminal.wait_for_end(), 0);
    let text = terminal.text();
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// The lines that begin with one of the words.
fn lines(text: &str, words: &[&str]) -> String {
    let begins = |line: &&str| words.iter().any(|word| line.trim_start().starts_with(word));
    text.lines().filter(begins).collect::<Vec<_>>().join("\n")
}

#[test]
fn status_draws_how_far_the_project_is() {
    let project = voted();
    let text = printed(&project, 120, &["status"]);
    let words = [
        "answered",
        "votes a day",
        "main",
        "unchanged",
        "gained",
        "replaced",
        "empty",
        "without",
        "scores",
    ];
    insta::assert_snapshot!(lines(&text, &words), @"
     answered     ██████████████████  60.0 %: 540 of 900 votes needed
     votes a day  ▄ █                 2026-11-02 to 2026-11-04; at most 360
     main   ann    rater         180          ██████████
     main   bob    rater         180          ██████████
     main   cem    rater         180          ██████████
     unchanged                   0    0.0 %
     gained labels               0    0.0 %
     replaced                    0    0.0 %
     empty                       0    0.0 %
     without an original label  30  100.0 %  ██████████████████████████████
    scores 0 ▕█                  ▄▏ 1
    ");
}

#[test]
fn agreement_draws_shares_beside_the_figures() {
    let project = voted();
    let text = printed(
        &project,
        140,
        &["agreement", "--replicates", "0", "--by", "rater,pair"],
    );
    let words = [
        "raw",
        "ann",
        "bob",
        "cem",
        "accuracy on gold",
        "raw agreement",
        "0.9",
        "0.0",
    ];
    insta::assert_snapshot!(lines(&text, &words), @"
     raw agreement                                0.407                 ████▏
     ann      180   120 0 60  1.000    0.979–1.000          120 0 0            0 0 60    0.222          ██████████
     bob      180    180 0 0  0.667    0.595–0.731          120 0 0            60 0 0    0.111          ██████▋
     cem      180  40 120 20  0.667    0.595–0.731          40 80 0           0 40 20    0.000          ██████▋
    accuracy on gold of all 3: 0 ▕             █     ▄▏ 1
     ann    bob        180  0.667          0.000  ██████▋
     ann    cem        180  0.333          0.182  ███▍
     bob    cem        180  0.222          0.000  ██▎
    raw agreement of all 3: 0 ▕    █ █      █      ▏ 1
     0.0–0.1        120       0.005       0.000    0.000–0.031
     0.9–1.0         60       0.989       1.000    0.940–1.000  ██████████
    ");
}

#[test]
fn a_bar_that_would_not_fit_is_left_out() {
    let project = voted();
    let narrow = printed(&project, 80, &["agreement", "--replicates", "0"]);
    let raters = lines(&narrow, &["ann", "bob", "cem"]);
    assert!(!raters.contains('█'), "{narrow}");
    // The table of measures is narrow, and keeps its bars.
    assert!(lines(&narrow, &["raw"]).contains('█'), "{narrow}");
}

#[test]
fn a_pipe_and_json_get_the_figures_alone() {
    let project = voted();
    let drawn = ['█', '▁', '▕', '▏'];
    for command in ["status", "agreement"] {
        assert!(!project.run(&[command]).contains(drawn), "{command}");
        let json = printed(&project, 120, &[command, "--format", "json"]);
        assert!(!json.contains(drawn), "{command}");
    }
    let status: serde_json::Value =
        serde_json::from_str(&project.run(&["status", "--format", "json"])).unwrap();
    // What is drawn is there as figures.
    assert_eq!(
        status["votes_a_day"],
        serde_json::json!([
            {"day": "2026-11-02", "votes": 180},
            {"day": "2026-11-03", "votes": 0},
            {"day": "2026-11-04", "votes": 360},
        ])
    );
    let histogram = status["run"]["score_histogram"].as_array().unwrap();
    let questions: u64 = histogram.iter().map(|bin| bin.as_u64().unwrap()).sum();
    assert_eq!(questions, 180);
}
