//! What commands write: whole or not at all, never over the project, through pipes and devices, with mode and owner as they were.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::Project;

/// A project of labelled images.
fn project() -> Project {
    let project = Project::new();
    project.write("labels.csv", "image,label\na.jpg,1\nb.jpg,2\n");
    project.run(&["import", "labels", "labels.csv"]);
    project
}

const TABLE: &str = "image,label,name,score,in_set\n";

fn export(project: &Project, output: &str) -> String {
    project.transcript(&["-q", "export", "--as", "csv", "-o", output])
}

fn holds_table(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().starts_with(TABLE)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

/// Names in a folder that only relabel gives.
fn left_behind(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".relabel")).collect()
}

#[test]
fn links_are_followed_and_mode_and_umask_are_kept() {
    let project = project();
    fs::create_dir(project.path("far")).unwrap();
    project.write("far/target.csv", "old");
    fs::set_permissions(
        project.path("far/target.csv"),
        fs::Permissions::from_mode(0o640),
    )
    .unwrap();
    symlink("far/target.csv", project.path("link.csv")).unwrap();
    symlink("link.csv", project.path("link-to-link.csv")).unwrap();
    symlink("far/new.csv", project.path("leads-nowhere-yet.csv")).unwrap();
    assert_eq!(export(&project, "link-to-link.csv"), "");
    assert!(project.path("link.csv").is_symlink() && holds_table(&project.path("far/target.csv")));
    assert_eq!(mode(&project.path("far/target.csv")), 0o640);
    assert_eq!(export(&project, "leads-nowhere-yet.csv"), "");
    assert!(project.path("leads-nowhere-yet.csv").is_symlink());
    assert!(holds_table(&project.path("far/new.csv")));
    symlink("circle.csv", project.path("circle.csv")).unwrap();
    assert!(export(&project, "circle.csv").ends_with("exit 1\n"));
    // What is replaced has other names, which keep what was in it.
    fs::hard_link(
        project.path("far/target.csv"),
        project.path("other-name.csv"),
    )
    .unwrap();
    project.write("far/target.csv", "old");
    let said = project.transcript(&["export", "--as", "csv", "-o", "far/target.csv"]);
    assert!(
        said.contains("far/target.csv was a hard link: its other names keep what was in it"),
        "{said}"
    );
    assert_eq!(
        fs::read_to_string(project.path("other-name.csv")).unwrap(),
        "old"
    );
    // New ones follow the umask.
    for (umask, expected) in [("077", 0o600), ("002", 0o664), ("027", 0o640)] {
        let name = format!("{umask}.csv");
        let program = assert_cmd::cargo::cargo_bin!("relabel");
        let line = format!(
            "umask {umask}; {} -q export --as csv -o {name}",
            program.display()
        );
        let status = Command::new("sh")
            .args(["-c", &line])
            .current_dir(project.folder())
            .status();
        assert!(status.unwrap().success());
        assert_eq!(mode(&project.path(&name)), expected);
    }
    assert_eq!(left_behind(project.folder()), Vec::<String>::new());
}

#[test]
fn pipes_and_devices_are_written_through() {
    let project = project();
    let program = assert_cmd::cargo::cargo_bin!("relabel");
    let bash = |line: &str| {
        let line = line.replace("RELABEL", &program.display().to_string());
        let mut command = Command::new("bash");
        let output = command
            .args(["-c", &line])
            .current_dir(project.folder())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            told,
        )
    };
    let table = bash("RELABEL -q export --as csv").1;
    assert!(table.starts_with(TABLE) && table.lines().count() == 3);
    let done = |stdout: &str| (Some(0), stdout.to_owned(), String::new());
    for line in [
        "RELABEL -q export --as csv -o -",
        "RELABEL -q export --as csv -o /dev/stdout",
        "RELABEL -q export --as csv -o /dev/stdout | cat",
        "RELABEL -q export --as csv -o /proc/self/fd/1",
        "RELABEL -q export --as csv -o >(cat > got.txt); sleep 0.5; cat got.txt",
        "mkfifo pipe; (cat pipe > got.txt &); RELABEL -q export --as csv -o pipe; sleep 0.5; test -p pipe && cat got.txt",
        "RELABEL -q export --as csv -o /dev/fd/7 7>got.txt; cat got.txt",
        "RELABEL -q export --as csv -o /dev/null && test -c /dev/null && cat got.txt",
        "RELABEL -q export --as csv -o /dev/stderr 2>&1",
    ] {
        assert_eq!(bash(line), done(&table), "{line}");
    }
    // What the caller has written to its own file stays before it.
    let both = bash(
        "(echo first; RELABEL -q export --as csv -o /dev/stdout; echo last) > both.csv; cat both.csv",
    );
    assert_eq!(both, done(&format!("first\n{table}last\n")));
    // Somebody who stops reading is no failure; a disk without room is one.
    assert_eq!(
        bash("RELABEL export --as csv -o - | true; echo ${PIPESTATUS[0]}").1,
        "0\n"
    );
    for line in [
        "RELABEL -q export --as csv > /dev/full",
        "RELABEL -q status > /dev/full",
        "RELABEL -q status --format json > /dev/full",
        "RELABEL --help > /dev/full",
        "RELABEL --version > /dev/full",
        "RELABEL completions bash > /dev/full",
    ] {
        let told = "error: cannot write to stdout: the disk is full\nhint: make room, or choose a place on another disk; what was there is there still\n";
        assert_eq!(
            bash(line),
            (Some(1), String::new(), told.to_owned()),
            "{line}"
        );
    }
    let (code, _, told) = bash("RELABEL -q export --as csv -o /dev/full");
    assert_eq!(code, Some(1));
    assert!(
        told.starts_with("error: cannot write /dev/full: the disk is full\n"),
        "{told}"
    );
    // Figures make room for what goes to stdout.
    let (code, page, figures) = bash("RELABEL -q report -o - --format json");
    assert_eq!((code, page.as_str()), (Some(2), ""), "{figures}");
}

#[test]
fn the_project_and_other_databases_are_never_an_output() {
    let project = project();
    let open = relabel::store::Store::open(&project.database()).unwrap();
    open.set_setting("kept", "as it is").unwrap();
    symlink("relabel.db", project.path("link.db")).unwrap();
    fs::hard_link(project.database(), project.path("hard.db")).unwrap();
    fs::create_dir(project.path("sub")).unwrap();
    fs::copy(project.database(), project.path("other.db")).unwrap();
    fs::copy(project.path("relabel.db-wal"), project.path("far-wal")).unwrap();
    let untouched = |name: &str| fs::read(project.path(name)).unwrap_or_default();
    let names = [
        "relabel.db",
        "relabel.db-wal",
        "other.db",
        "far-wal",
        "hard.db",
    ];
    let before = names.map(untouched);
    for output in [
        "relabel.db",
        "./sub/../relabel.db",
        "link.db",
        "hard.db",
        "relabel.db-wal",
        "relabel.db-shm",
        "relabel.db-journal",
        "other.db",
        "other.db-wal",
        "far-wal",
    ] {
        for command in [
            &["export", "--as", "csv", "-o", output][..],
            &[
                "export",
                "--as",
                "soft",
                "-o",
                "soft.npy",
                "--images-order",
                output,
            ],
            &["report", "-o", output],
            &["folds", "--k", "2", "-o", output],
        ] {
            let said = project.transcript(command);
            let told = "error: cannot write";
            assert!(
                said.contains(told) && said.ends_with("exit 2\n"),
                "{command:?}: {said}"
            );
            assert_eq!(names.map(untouched), before, "{command:?}");
        }
    }
    // Stdout that leads there says so as well, where the shell has left anything.
    let program = assert_cmd::cargo::cargo_bin!("relabel");
    let line = format!("{} export --as csv >> relabel.db", program.display());
    let told = Command::new("sh")
        .args(["-c", &line])
        .current_dir(project.folder())
        .output()
        .unwrap();
    assert_eq!(told.status.code(), Some(2));
    assert_eq!(names.map(untouched), before);
    insta::assert_snapshot!(project.transcript(&["export", "--as", "csv", "-o", "relabel.db"]), @"
    stderr: error: cannot write relabel.db: that is the project itself
    stderr: hint: choose another file with -o; the project was not touched
    exit 2
    ");
    insta::assert_snapshot!(project.transcript(&["report", "-o", "other.db"]), @"
    stderr: error: cannot write other.db: an SQLite database is there
    stderr: hint: choose another file; remove the database first if nobody needs it
    exit 2
    ");
}

#[test]
fn places_that_cannot_be_written_are_told_before_the_work() {
    let project = project();
    project.write("file", "");
    project.write("groups.csv", "image,group\na.jpg,1\nb.jpg,1\n");
    fs::create_dir(project.path("folder")).unwrap();
    let mut said = String::new();
    for arguments in [
        &["export", "--as", "csv", "-o", "nowhere/x.csv"][..],
        &["export", "--as", "csv", "-o", "folder"],
        &["export", "--as", "csv", "-o", "new/"],
        &["export", "--as", "csv", "-o", "file/x.csv"],
        &[
            "export",
            "--as",
            "soft",
            "-o",
            "x.npy",
            "--images-order",
            "./x.npy",
        ],
        &[
            "folds",
            "--k",
            "2",
            "--groups",
            "groups.csv",
            "-o",
            "groups.csv",
        ],
    ] {
        said += &format!(
            "$ relabel {}\n{}",
            arguments.join(" "),
            project.transcript(arguments)
        );
    }
    insta::assert_snapshot!(said, @"
    $ relabel export --as csv -o nowhere/x.csv
    stderr: error: cannot write nowhere/x.csv: there is no folder nowhere
    stderr: hint: make it first, or choose another place
    exit 1
    $ relabel export --as csv -o folder
    stderr: error: cannot write folder: it is a folder
    stderr: hint: name a file in it, such as folder/output.csv
    exit 1
    $ relabel export --as csv -o new/
    stderr: error: cannot write new/: there is no folder new/
    stderr: hint: make it first, or choose another place
    exit 1
    $ relabel export --as csv -o file/x.csv
    stderr: error: cannot write file/x.csv: a part of the path is no folder
    stderr: hint: choose another place
    exit 1
    $ relabel export --as soft -o x.npy --images-order ./x.npy
    stderr: error: -o and --images-order lead to the same place, ./x.npy
    stderr: hint: give each a file of its own
    exit 2
    $ relabel folds --k 2 --groups groups.csv -o groups.csv
    stderr: error: -o would replace groups.csv, which this command reads
    stderr: hint: choose another file
    exit 2
    ");
    assert!(!project.path("x.npy").exists());
}

#[test]
fn what_somebody_may_not_write_stays() {
    let project = project();
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !root {
        eprintln!("skipped: only root can be somebody else");
        return;
    }
    const NOBODY: u32 = 65_534;
    let as_nobody = |output: &str| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("relabel"));
        command.args(["-q", "export", "--as", "csv", "-o", output]);
        let output = command
            .uid(NOBODY)
            .gid(NOBODY)
            .current_dir(project.folder())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let all = |name: &str, mode| {
        fs::set_permissions(project.path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    // The project is theirs, so that it is only the output that is in the way.
    let command = Command::new("chown")
        .args(["-R", "65534:65534"])
        .arg(project.folder())
        .status();
    assert!(command.unwrap().success());
    all("", 0o777);
    project.write("protected.csv", "old");
    all("protected.csv", 0o444);
    project.write("sub/open.csv", "old");
    all("sub/open.csv", 0o666);
    all("sub", 0o755);
    if let (Some(126 | 127), _) | (None, _) = as_nobody("new.csv") {
        eprintln!("skipped: the program lies where nobody else may run it");
        return;
    }
    let (code, told) = as_nobody("protected.csv");
    assert_eq!(code, Some(1));
    assert_eq!(
        told,
        format!(
            "error: cannot write protected.csv: {}: it may not be written by you\nhint: choose another file, or change what may be done with it (chmod)\n",
            project
                .path("protected.csv")
                .canonicalize()
                .unwrap()
                .display()
        )
    );
    let (code, told) = as_nobody("sub/open.csv");
    assert_eq!(code, Some(1));
    assert!(told.contains("sub: it may not be written by you\nhint: choose another folder, or write through: `-o - > FILE`"), "{told}");
    for name in ["protected.csv", "sub/open.csv"] {
        assert_eq!(fs::read_to_string(project.path(name)).unwrap(), "old");
    }
    // Root writes over somebody's file: it stays theirs.
    project.write("theirs.csv", "old");
    std::os::unix::fs::chown(project.path("theirs.csv"), Some(NOBODY), Some(NOBODY)).unwrap();
    all("theirs.csv", 0o604);
    assert_eq!(export(&project, "theirs.csv"), "");
    let found = fs::metadata(project.path("theirs.csv")).unwrap();
    assert_eq!(
        (found.uid(), found.gid(), found.mode() & 0o7777),
        (NOBODY, NOBODY, 0o604)
    );
    assert!(holds_table(&project.path("theirs.csv")));
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let project = project();
    let disk = project.path("disk");
    fs::create_dir(&disk).unwrap();
    let mount = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
    let mounted = Command::new("mount").args(mount).arg(&disk).output();
    if !mounted.is_ok_and(|mounted| mounted.status.success()) {
        eprintln!("skipped: mount is refused, so that there is no disk to fill");
        return;
    }
    let labels: String = (0..5_000)
        .map(|n| format!("image-{n:05}.jpg,{}\n", n % 1000))
        .collect();
    project.write("many.csv", format!("image,label\n{labels}"));
    project.run(&["import", "labels", "many.csv"]);
    project.write("disk/old.csv", "old");
    let said = [
        export(&project, "disk/old.csv"),
        export(&project, "disk/new.csv"),
    ]
    .concat();
    let left = left_behind(&disk);
    let old = fs::read_to_string(disk.join("old.csv")).unwrap();
    let new = disk.join("new.csv").exists();
    Command::new("umount")
        .arg("-l")
        .arg(&disk)
        .status()
        .unwrap();
    insta::assert_snapshot!(said, @"
    stderr: error: cannot write disk/old.csv: the disk is full
    stderr: hint: make room, or choose a place on another disk; what was there is there still
    exit 1
    stderr: error: cannot write disk/new.csv: the disk is full
    stderr: hint: make room, or choose a place on another disk; what was there is there still
    exit 1
    ");
    assert_eq!((left, old.as_str(), new), (Vec::new(), "old", false));
}

#[test]
fn leftovers_of_killed_processes_are_removed_and_drafts_of_others_are_not() {
    let project = project();
    let left = project.write(".relabel-output-0123456789abcdef.tmp", "half a table");
    let others = project.write(".relabel-output-fedcba9876543210.tmp", "half a table");
    let open = File::open(&others).unwrap();
    open.lock().unwrap();
    assert_eq!(export(&project, "x.csv"), "");
    assert!(!left.exists() && others.exists());
    drop(open);
    assert_eq!(export(&project, "x.csv"), "");
    assert_eq!(left_behind(project.folder()), Vec::<String>::new());
}

/// How often the program is killed; a longer test may ask for more.
fn kills() -> u32 {
    let asked = std::env::var("RELABEL_KILLS").ok();
    asked.and_then(|asked| asked.parse().ok()).unwrap_or(20)
}

#[test]
fn sigkill_around_an_export_leaves_the_old_file_or_the_new_one_whole() {
    let project = Project::new();
    let labels: String = (0..20_000)
        .map(|n| format!("image-{n:05}.jpg,{}\n", n % 1000))
        .collect();
    project.write("labels.csv", format!("image,label\n{labels}"));
    project.run(&["import", "labels", "labels.csv"]);
    let begin = std::time::Instant::now();
    assert_eq!(export(&project, "whole.csv"), "");
    let took = begin.elapsed();
    let whole = fs::read(project.path("whole.csv")).unwrap();
    let old = b"the old file\n".to_vec();
    let output = project.path("out.csv");
    let (mut kept, mut replaced) = (0, 0);
    for kill in 0..kills() {
        // Half of them replace a file, half make a new one.
        let before = (kill % 2 == 0).then_some(&old);
        match before {
            Some(old) => fs::write(&output, old).unwrap(),
            None => drop(fs::remove_file(&output)),
        }
        let mut child = Command::new(assert_cmd::cargo::cargo_bin!("relabel"))
            .args(["-q", "export", "--as", "csv", "-o", "out.csv"])
            .current_dir(project.folder())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Most of them late, where the file takes its place.
        let share = 0.6 + 0.5 * f64::from(kill) / f64::from(kills());
        std::thread::sleep(Duration::from_secs_f64(took.as_secs_f64() * share));
        child.kill().unwrap();
        child.wait().unwrap();
        match fs::read(&output).ok() {
            found if found.as_ref() == before => kept += 1,
            Some(found) if found == whole => replaced += 1,
            found => panic!("{} bytes", found.map_or(0, |found| found.len())),
        }
    }
    eprintln!("killed {} times: {kept} kept, {replaced} replaced", kills());
    assert_eq!(export(&project, "out.csv"), "");
    assert_eq!(fs::read(&output).unwrap(), whole);
    assert_eq!(left_behind(project.folder()), Vec::<String>::new());
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
}

#[test]
fn pages_of_the_manual_and_the_demo_replace_no_files_of_others() {
    let project = Project::empty();
    project.run(&["-q", "man", "--dir", "man"]);
    let pages = fs::read_dir(project.path("man")).unwrap().count();
    assert!(pages > 40, "{pages}");
    assert!(project.path("man/relabel-audit-rename.1").exists());
    project.write("own/labels.csv", "image,label\nmine.jpg,1\n");
    let said = project.transcript(&["demo", "--dir", "own"]);
    insta::assert_snapshot!(said, @"
    stderr: error: own/labels.csv is there already
    stderr: hint: choose an empty folder with --dir DIR
    exit 1
    ");
    assert!(
        fs::read_to_string(project.path("own/labels.csv"))
            .unwrap()
            .contains("mine.jpg")
    );
}
