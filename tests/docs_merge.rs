//! docs/merge.md does what it says: every command in it is run, in order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use common::page::Page;

#[test]
fn every_command_of_the_page_runs() {
    let project = Project::of_drawings();
    Page::read("merge.md", 5).run(&project, "n", |_| false);
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "1\n");
}
