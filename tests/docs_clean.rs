//! docs/clean.md does what it says: every command in it is run, in order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write as _;

use common::Project;
use common::arrays::{write_npy, write_npz};
use common::page::Page;

/// Thirty images of three classes, and a model a fold that takes every fifth image for the next class.
fn files() -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n2,fox\n");
    let mut labels = "image,label\n".to_owned();
    let mut values = Vec::new();
    for image in 0..30 {
        writeln!(labels, "{image:02}.jpg,{}", image % 3).unwrap();
        let seen = if image % 5 == 0 { image + 1 } else { image } % 3;
        values.extend(
            (0..3).map(|class| if class == seen { 4.0 } else { 0.0 } + image as f32 / 100.0),
        );
    }
    project.write("train.csv", labels);
    write_npy(&project.path("own.npy"), &values, 3);
    let arrays = [0, 1, 2].map(|fold| (format!("fold-{fold}"), values.clone()));
    write_npz(&project.path("models.npz"), &arrays, 3);
    project
}

#[test]
fn every_command_of_the_page_runs() {
    let project = files();
    let said = Page::read("clean.md", 10).run(&project, "nn", |_| false);
    assert!(
        said.contains("people voted on 1 of these labels: 1 are in no label set"),
        "{said}"
    );
    let kept = std::fs::read_to_string(project.path("kept.txt")).unwrap();
    assert_eq!(kept.lines().count(), 24);
    assert!(kept.starts_with("dog/01.jpg\nfox/02.jpg\n"), "{kept}");
}
