//! What this build cannot do says which feature it needs.

#![allow(clippy::unwrap_used, reason = "a test that fails may stop")]

mod common;

#[cfg(not(feature = "datafusion"))]
use common::Project;

#[cfg(not(feature = "datafusion"))]
#[test]
fn options_of_other_builds_name_the_feature_that_they_need() {
    let project = Project::new();
    project.write("p.csv", "image,label,source\na.jpg,1,one\n");
    project.run(&["import", "proposals", "p.csv"]);
    std::fs::create_dir(project.path("m")).unwrap();
    let mut said = String::new();
    for line in [
        &["propose", "--cluster", "df://127.0.0.1:50050"][..],
        &["propose", "--engine", "datafusion"],
        &["propose", "--memory", "8G"],
        &["import", "predictions", "m", "--model", "m"],
        &["cluster", "scheduler"],
    ] {
        said += &project.transcript(line);
    }
    insta::assert_snapshot!(said, @r#"
    stderr: error: --cluster: this relabel was built without the feature "cluster"
    stderr: hint: cargo install --path . --features cluster
    exit 2
    stderr: error: --engine datafusion: this relabel was built without the feature "datafusion"
    stderr: hint: cargo install --path . --features datafusion
    exit 2
    stderr: error: --memory: this relabel was built without the feature "datafusion"
    stderr: hint: cargo install --path . --features datafusion
    exit 2
    stderr: error: a folder of Parquet files: this relabel was built without the feature "datafusion"
    stderr: hint: cargo install --path . --features datafusion
    exit 2
    stderr: error: relabel cluster: this relabel was built without the feature "cluster"
    stderr: hint: cargo install --path . --features cluster
    exit 2
    "#);
    // What needs none goes on as ever.
    project.run(&["propose", "--engine", "stream"]);
}
