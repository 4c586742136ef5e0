//! What is misspelt is said with what may be meant: columns, keys, classes, images, nodes, commands.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::sync::Arc;

use common::Project;
use parquet::data_type::{ByteArray, ByteArrayType};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

/// A table of one row in Parquet, all texts.
fn parquet_table(cells: &[(&str, &str)]) -> Vec<u8> {
    let columns: Vec<String> = cells
        .iter()
        .map(|(name, _)| format!("REQUIRED BYTE_ARRAY {name} (STRING);"))
        .collect();
    let schema = parse_message_type(&format!("message m {{ {} }}", columns.concat())).unwrap();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    for (_, cell) in cells {
        let mut column = group.next_column().unwrap().unwrap();
        let cell = ByteArray::from(*cell);
        column
            .typed::<ByteArrayType>()
            .write_batch(&[cell], None, None)
            .unwrap();
        column.close().unwrap();
    }
    group.close().unwrap();
    file.close().unwrap();
    bytes
}

#[test]
fn a_misspelt_column_or_key() {
    let project = Project::new();
    project.write(
        "votes.csv",
        "imgae,label,rater,answer\na.jpg,281,alice,yes\n",
    );
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.csv"]), @r#"
    stderr: error: cannot import votes.csv: there is no column "image"; the header has: imgae, label, rater, answer
    stderr: hint: did you mean "imgae"? name the column "image"
    exit 3
    "#);
    project.write(
        "votes.jsonl",
        "{\"image\": \"a.jpg\", \"label\": 281, \"rater\": \"alice\", \"anwser\": \"yes\"}\n",
    );
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.jsonl"]), @r#"
    stderr: error: cannot import votes.jsonl: row 1: there is no key "answer"; it has: anwser, image, label, rater
    stderr: hint: did you mean "anwser"? name the column "answer"
    stderr: hint: nothing was imported; fix the row, or leave bad rows out with --skip-bad
    exit 3
    "#);
    project.write(
        "votes.parquet",
        parquet_table(&[
            ("image", "a.jpg"),
            ("label", "281"),
            ("workr", "alice"),
            ("answer", "yes"),
        ]),
    );
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.parquet"]), @r#"
    stderr: error: cannot import votes.parquet: there is no column "rater"; the header has: image, label, workr, answer
    stderr: hint: did you mean "workr"? name the column "rater"
    exit 3
    "#);
}

#[test]
fn a_misspelt_class_in_every_table() {
    let project = Project::new();
    project.write("first.csv", "image,label\na.jpg,1\n");
    project.run(&["import", "labels", "first.csv"]);
    let meant =
        "hint: did you mean \"notebook\" (681)? classes are matched by index, WordNet id or name";
    let files: [(&str, Vec<u8>); 3] = [
        ("t.csv", b"image,label,rater,answer,score\na.jpg,notebok,alice,yes,0.5\n".to_vec()),
        ("t.jsonl", b"{\"image\":\"a.jpg\",\"label\":\"notebok\",\"rater\":\"alice\",\"answer\":\"yes\",\"score\":0.5}\n".to_vec()),
        (
            "t.parquet",
            parquet_table(&[("image", "a.jpg"), ("label", "notebok"), ("rater", "alice"), ("answer", "yes"), ("score", "0.5")]),
        ),
    ];
    project.write(
        "votes.csv",
        "image,label,rater,answer\na.jpg,281,alice,yes\n",
    );
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate"]);
    for (name, bytes) in files {
        project.write(name, bytes);
        for command in [
            &["import", "labels", name][..],
            &["import", "proposals", name],
            &["import", "predictions", name, "--model", "m"],
            &["import", "votes", name],
            &["eval", name],
        ] {
            let said = project.transcript(command);
            assert!(said.contains(meant), "{command:?}: {said}");
        }
    }
}

#[test]
fn a_misspelt_image() {
    let project = Project::of_drawings();
    project.write(
        "predictions.csv",
        "image,label,score\ndrawign-07.png,281,0.5\n",
    );
    let predictions = ["import", "predictions", "predictions.csv", "--model", "m"];
    insta::assert_snapshot!(project.transcript(&predictions), @r#"
    stderr: error: cannot import predictions.csv: row 2: unknown image "drawign-07.png"
    stderr: hint: did you mean "drawing-07.png"?
    stderr: hint: predictions are of images of the project: `relabel import images DIR` or `relabel import labels FILE` first
    stderr: hint: nothing was imported; fix the row
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["show", "drawing-07.jpg"]), @r#"
    stderr: error: cannot show drawing-07.jpg: the file is missing
    stderr: hint: it is neither a file nor an image of the project
    stderr: hint: did you mean "drawing-07.png"?
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["notes", "--image", "Drawing-07.png"]), @r#"
    stderr: error: the project has no image "Drawing-07.png"
    stderr: hint: did you mean "drawing-07.png"?
    stderr: hint: give its whole name, as the review screen shows it
    exit 1
    "#);
    // Another number is another image, however alike the names are.
    insta::assert_snapshot!(project.transcript(&["notes", "--image", "drawing-77.png"]), @r#"
    stderr: error: the project has no image "drawing-77.png"
    stderr: hint: give its whole name, as the review screen shows it
    exit 1
    "#);
}

#[test]
fn a_misspelt_node_command_or_option() {
    let project = Project::of_drawings();
    insta::assert_snapshot!(project.transcript(&["plan", "--keep-together", "canin"]), @r#"
    stderr: error: --keep-together: the hierarchy has no "canin"
    stderr: hint: did you mean n02083346 (canine)? a node is named by its id
    exit 2
    "#);
    insta::assert_snapshot!(project.transcript(&["agregate"]), @r"
    stderr: error: unrecognized subcommand 'agregate'
    stderr: 
    stderr:   tip: some similar subcommands exist: 'agreement', 'aggregate'
    stderr: 
    stderr: Usage: relabel [OPTIONS] <COMMAND>
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    ");
    insta::assert_snapshot!(project.transcript(&["export", "--as", "parket"]), @r"
    stderr: error: invalid value 'parket' for '--as <FORMAT>'
    stderr:   [possible values: real-json, csv, parquet, votes-csv, votes-jsonl, votes-parquet, notes-csv, tasks-jsonl, jsonl, multi-hot, soft, hf, label-studio]
    stderr: 
    stderr:   tip: a similar value exists: 'parquet'
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    ");
}

#[cfg(not(feature = "train"))]
#[test]
fn a_command_that_needs_a_feature_names_it() {
    let project = Project::empty();
    insta::assert_snapshot!(project.transcript(&["train", "features.npy"]), @r#"
    stderr: error: train: this relabel was built without the feature "train"
    stderr: hint: cargo install --path . --features train
    exit 2
    "#);
    assert!(project.run(&["train", "--help"]).contains("--folds"));
}
