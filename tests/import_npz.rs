//! `relabel import votes` with the npz of the ReaL release: what is read, and what is refused with its place.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::io::{Cursor, Write};

use common::Project;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// An npy file of version 1.
fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

/// Votes as (rater, question, cell); two raters, questions as given.
fn npz(questions: &[(&str, &str)], cells: &[[f64; 3]]) -> Vec<u8> {
    let mut text = Vec::new();
    for word in questions.iter().flat_map(|(image, class)| [image, class]) {
        let mut letters: Vec<u32> = word.chars().map(u32::from).collect();
        letters.resize(28, 0);
        text.extend(letters.into_iter().flat_map(u32::to_le_bytes));
    }
    let tensor: Vec<u8> = cells
        .iter()
        .flatten()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let n = questions.len();
    let arrays = [
        ("tensor.npy", npy("<f8", &format!("(2, {n}, 3)"), &tensor)),
        ("info.npy", npy("<U28", &format!("({n}, 2)"), &text)),
        (
            "ids.npy",
            npy(
                "<i8",
                "(2,)",
                &[7i64.to_le_bytes(), 9i64.to_le_bytes()].concat(),
            ),
        ),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        // As np.savez does it.
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        archive.start_file(name, stored).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

const NO: [f64; 3] = [1.0, 0.0, 0.0];
const YES: [f64; 3] = [0.0, 0.0, 1.0];
const NONE: [f64; 3] = [0.0; 3];

#[test]
fn votes_are_taken_in_once_and_nothing_changes_the_second_time() {
    let project = Project::new();
    project.write(
        "votes.npz",
        npz(&[("a.jpg", "526"), ("b.jpg", "5")], &[YES, NONE, NO, YES]),
    );
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.npz"]), @"stderr: votes.npz: 3 votes of 2 raters imported, 0 known already; 2 new images, known by name only");
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.npz"]), @"stderr: votes.npz: nothing changes: 3 votes known already");
    insta::assert_snapshot!(project.run(&["export", "--as", "votes-csv"]), @r"
    image,label,rater,round,answer,at
    a.jpg,526,rater 7,main,yes,
    a.jpg,526,rater 9,main,no,
    b.jpg,5,rater 9,main,yes,
    ");
}

#[test]
fn a_damaged_archive_is_refused() {
    let project = Project::new();
    let mut bytes = npz(&[("a.jpg", "526")], &[YES, NO]);
    // Rater 7 would become rater 6.
    let seven = 7i64.to_le_bytes();
    let place = bytes.windows(8).position(|window| window == seven);
    bytes[place.unwrap()] ^= 1;
    project.write("votes.npz", bytes);
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.npz"]), @r#"
    stderr: error: cannot import votes.npz: array "ids": Invalid checksum
    stderr: hint: nothing was imported
    exit 3
    "#);
}

#[test]
fn experts_are_other_people_than_raters_of_the_same_number() {
    let project = Project::new();
    project.write("votes.npz", npz(&[("a.jpg", "526")], &[YES, NO]));
    project.run(&[
        "import",
        "votes",
        "votes.npz",
        "--round",
        "gold",
        "--role",
        "expert",
    ]);
    project.run(&["import", "votes", "votes.npz", "--round", "gold"]);
    assert_eq!(
        project.sql("SELECT name, role FROM rater ORDER BY id"),
        "expert 7|expert\nexpert 9|expert\nrater 7|rater\nrater 9|rater\n"
    );
}

#[test]
fn what_is_wrong_is_refused_with_its_place_and_nothing_goes_in() {
    let project = Project::new();
    let refused = |bytes: Vec<u8>| {
        project.write("votes.npz", bytes);
        let said = project.transcript(&["import", "votes", "votes.npz"]);
        assert_eq!(
            project.sql("SELECT (SELECT count(*) FROM vote) + (SELECT count(*) FROM image)"),
            "0\n"
        );
        said
    };
    insta::assert_snapshot!(refused(npz(&[("a.jpg", "526"), ("b.jpg", "5")], &[YES, NONE, [0.0, 1.0, 1.0], YES])), @"
    stderr: error: cannot import votes.npz: tensor[1, 0] = [0.0, 1.0, 1.0] is neither one-hot nor all zero
    stderr: hint: nothing was imported
    exit 3
    ");
    insta::assert_snapshot!(refused(npz(&[("a.jpg", "notebok")], &[YES, NO])), @r#"
    stderr: error: cannot import votes.npz: info[0]: unknown class "notebok"
    stderr: hint: did you mean "notebook" (681)? classes are matched by index, WordNet id or name
    stderr: hint: nothing was imported
    exit 3
    "#);
    insta::assert_snapshot!(refused(npz(&[("a.jpg", "5"), ("a.jpg", "5")], &[YES, NO, NO, NO])), @r#"
    stderr: error: cannot import votes.npz: info[1]: question "a.jpg", class "5" stands twice
    stderr: hint: nothing was imported
    exit 3
    "#);
    insta::assert_snapshot!(refused(npz(&[("a.jpg", "5")], &[YES])), @r#"
    stderr: error: cannot import votes.npz: array "tensor": it ends too early
    stderr: hint: nothing was imported
    exit 3
    "#);
    insta::assert_snapshot!(refused(b"no archive".to_vec()), @"
    stderr: error: cannot import votes.npz: not an npz file: invalid Zip archive: Could not find EOCD
    stderr: hint: nothing was imported
    exit 3
    ");
}
