//! Inputs without end: devices, pipes and huge files where a small file is expected are refused at once; a pipe that ends is read.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fs::{self, File};
use std::process::Command;

use common::Project;

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4q2cVvmPz0yBv6uGv4S7bQJ4l1vB9w7nJ0n6o7r2Xk alice\n";

/// A project with a rater, a list of classes and a matrix of predictions.
fn project() -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n");
    project.write(
        "hierarchy.csv",
        "child,parent\n0,animal\n1,animal\nanimal,\n",
    );
    project.write("headings.csv", "wnid,heading\nanimal,Animals\n");
    project.write("alice.pub", KEY);
    project.write("order.txt", "a.jpg\nb.jpg\n");
    project.write("labels.csv", "image,label\na.jpg,0\nb.jpg,1\n");
    // Two rows of two classes.
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
    let mut npy = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    npy.extend(format!("{header:<117}\n").as_bytes());
    npy.extend(
        [1f32, 0.0, 0.0, 1.0]
            .iter()
            .flat_map(|value| value.to_le_bytes()),
    );
    project.write("model.npy", npy);
    project.run(&["init", "--classes", "classes.csv"]);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["rater", "add", "alice"]);
    project
}

/// Commands that read a small file, which is called FILE here.
const COMMANDS: &[&str] = &[
    "--project new.db init --classes FILE",
    "--project new.db init --classes classes.csv --hierarchy FILE",
    "--project new.db init --classes classes.csv --hierarchy hierarchy.csv --headings FILE",
    "import predictions model.npy --model m --images-order FILE",
    "team key alice FILE",
    "merge FILE",
    "merge --dry-run FILE",
    "folds --k 2 --groups FILE",
    "import predictions model.npy --model m --fold-file FILE",
];

fn transcript(project: &Project, command: &str, file: &str) -> String {
    let words: Vec<&str> = command.split(' ').collect();
    let words: Vec<&str> = words
        .iter()
        .map(|word| if *word == "FILE" { file } else { word })
        .collect();
    project.transcript(&words)
}

#[test]
fn what_has_no_end_is_refused_at_once_and_leaves_nothing() {
    let project = project();
    for name in ["sparse", "sparse.csv"] {
        File::create(project.path(name))
            .unwrap()
            .set_len(10 << 30)
            .unwrap();
    }
    // A database's first bytes, and nothing else of one.
    project.write("foreign.db", "SQLite format 3\0");
    File::options()
        .write(true)
        .open(project.path("foreign.db"))
        .unwrap()
        .set_len(10 << 30)
        .unwrap();
    for file in [
        "sparse",
        "sparse.csv",
        "foreign.db",
        "/dev/zero",
        "/dev/tty",
        "/dev/urandom",
        ".",
    ] {
        for command in COMMANDS {
            let said = transcript(&project, command, file);
            assert!(
                said.contains("stderr: error: cannot "),
                "{command} {file}: {said}"
            );
            assert!(said.ends_with("exit 3\n"), "{command} {file}: {said}");
            assert!(!project.path("new.db").exists());
            let entries = fs::read_dir(project.folder()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let left: Vec<String> = names.filter(|name| name.starts_with(".relabel")).collect();
            assert_eq!(left, Vec::<String>::new(), "{command} {file}");
        }
    }
    let init = COMMANDS[0];
    insta::assert_snapshot!(transcript(&project, init, "sparse"), @"
    stderr: error: cannot read sparse: it is larger than 64 MB
    stderr: hint: is it the file that was meant? docs/formats.md states the bounds
    exit 3
    ");
    insta::assert_snapshot!(transcript(&project, init, "/dev/zero"), @"
    stderr: error: cannot read /dev/zero: it is a device, not a file
    stderr: hint: name a file, or a pipe such as <(command)
    exit 3
    ");
    insta::assert_snapshot!(transcript(&project, init, "missing.csv"), @"
    stderr: error: cannot read missing.csv: there is no such file
    exit 3
    ");
    insta::assert_snapshot!(transcript(&project, "team key alice FILE", "sparse"), @"
    stderr: error: cannot read sparse: it is larger than 16 KB
    stderr: hint: is it the file that was meant? docs/formats.md states the bounds
    exit 3
    ");
    insta::assert_snapshot!(transcript(&project, "merge FILE", "foreign.db"), @"
    stderr: error: cannot merge foreign.db: it is not a relabel project
    stderr: hint: give the project file of the other copy (its relabel.db)
    stderr: hint: nothing was merged
    exit 3
    ");
}

#[test]
fn a_pipe_that_ends_is_read_where_once_suffices() {
    let project = project();
    let program = assert_cmd::cargo::cargo_bin!("relabel")
        .display()
        .to_string();
    let bash = |line: &str| {
        let line = line.replace("RELABEL", &program);
        let output = Command::new("bash")
            .args(["-c", &line])
            .current_dir(project.folder())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    for line in [
        "RELABEL -q --project 1.db init --classes <(cat classes.csv)",
        "RELABEL -q --project 2.db init --classes <(sleep 1; cat classes.csv) --hierarchy <(cat hierarchy.csv) --headings <(cat headings.csv)",
        "cat classes.csv | RELABEL -q --project 3.db init --classes /dev/stdin",
        "RELABEL -q --project 4.db init --classes /dev/stdin < classes.csv",
        "RELABEL -q import predictions model.npy --model m --images-order <(cat order.txt)",
    ] {
        assert_eq!(bash(line), (Some(0), String::new()), "{line}");
    }
    let (code, told) = bash("RELABEL -q --project 5.db init --classes <(yes)");
    assert_eq!(
        (
            code,
            told.lines()
                .next()
                .unwrap()
                .ends_with(": it is larger than 64 MB")
        ),
        (Some(3), true),
        "{told}"
    );
    let (code, told) = bash("mkfifo pipe; RELABEL -q --project 5.db init --classes pipe");
    assert_eq!(code, Some(3));
    assert_eq!(
        told,
        "error: cannot read pipe: it is a pipe that nobody writes into\nhint: start the command that writes into it first\n"
    );
    // A pipe beside another copy that is called as its log would be is no log.
    fs::copy(project.database(), project.path("laptop.db")).unwrap();
    let (code, told) = bash("mkfifo laptop.db-wal; RELABEL -q merge laptop.db");
    assert_eq!((code, told.as_str()), (Some(0), ""));
}

#[test]
fn a_copy_that_a_killed_merge_left_is_removed_by_the_next_one() {
    let project = project();
    fs::copy(project.database(), project.path("laptop.db")).unwrap();
    let left = project.write(".relabel-merge-aBcDeF/copy.db", "half a copy");
    project.run(&["merge", "laptop.db"]);
    assert!(!left.parent().unwrap().exists());
    // A copy with a hole behind it is copied without the hole.
    let laptop = File::options()
        .write(true)
        .open(project.path("laptop.db"))
        .unwrap();
    laptop.set_len(1 << 40).unwrap();
    project.run(&["merge", "laptop.db"]);
    // One name of the project itself is the project itself.
    fs::hard_link(project.database(), project.path("same.db")).unwrap();
    let said = project.transcript(&["merge", "same.db"]);
    assert_eq!(said, "stderr: same.db is this project itself\n");
}
