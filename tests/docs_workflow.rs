//! docs/workflow.md does what it says: every command in it is run, in order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write as _;

use common::page::Page;
use common::{Project, shared};

/// The files that the text speaks of: real models on 1,000 photographs, and made-up votes.
fn files() -> Option<Project> {
    let folder = shared()?.join("data/predictions");
    let project = Project::empty();
    let copy = |from: &str, to: &str| std::fs::copy(folder.join(from), project.path(to)).unwrap();
    copy("labels.csv", "labels.csv");
    copy("labels.csv", "predictions.csv");
    copy("images.txt", "images.txt");
    copy("mobilenet_v2_1.0_224_quant.npy", "mobilenet.npy");
    copy("squeezenet_v1.1.npy", "squeezenet.npy");
    copy("mobilenet_edgetpu_0.75_224_ptq.npy", "edgetpu.npy");
    let labels = std::fs::read_to_string(project.path("labels.csv")).unwrap();
    let header = "image,label,rater,answer\n".to_owned();
    let (mut experts, mut votes) = (header.clone(), header);
    for (number, line) in labels.lines().skip(1).enumerate() {
        let line = line.trim_end();
        let image = line.split(',').next().unwrap();
        let other = (number + 1) % 1000;
        if number < 100 {
            for expert in ["eva", "max", "ida"] {
                writeln!(experts, "{line},{expert},yes\n{image},{other},{expert},no").unwrap();
            }
        }
        for rater in ["alice", "bob", "carol"] {
            let answer = if number % 7 == 0 && rater == "bob" {
                "no"
            } else {
                "yes"
            };
            writeln!(votes, "{line},{rater},{answer}\n{image},{other},{rater},no").unwrap();
        }
    }
    project.write("experts.csv", experts);
    project.write("votes.csv", votes);
    Some(project)
}

#[test]
fn every_command_of_the_workflow_runs() {
    let Some(project) = files() else { return };
    Page::read("workflow.md", 19).run(&project, "n", |_| false);
    let status = project.run(&["status"]);
    assert!(status.contains("run 2 of 2"), "{status}");
    for written in ["models.svg", "scores.csv", "real.json"] {
        assert!(project.path(written).exists(), "{written}");
    }
    assert_eq!(
        project
            .sql("SELECT count(*) > 0 FROM vote JOIN rater ON rater.id = rater WHERE name = 'eva'"),
        "1\n"
    );
}
