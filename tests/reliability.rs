//! What the table of docs/reliability.md counts: processes that are killed around a commit, and limits that they run into.
//!
//! `RELABEL_KILLS=200 cargo test --test reliability -- --nocapture` kills as often as CI does, and prints the rows.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::selected;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How often each command is killed.
fn kills() -> u32 {
    let told = std::env::var("RELABEL_KILLS").ok();
    told.map_or(20, |told| told.parse().unwrap())
}

fn program() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("relabel")
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .current_dir(folder)
        .args(arguments)
        .env_remove("RELABEL_PROJECT")
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Everything that the tables hold, but for times, keys that are drawn by chance, and names of states.
fn content(database: &Path) -> String {
    let connection = rusqlite::Connection::open(database).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    let mut text = String::new();
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
        .unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    for table in tables.map(Result::unwrap) {
        let rows: i64 = connection
            .query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| {
                row.get(0)
            })
            .unwrap();
        // Claims are given back and copies numbered as commands come and go.
        if !["claim", "copy", "audit_claim", "round", "stamp"].contains(&table.as_str()) {
            let _ = writeln!(text, "{table} {rows}");
        }
    }
    let settings: String = connection
        .query_row(
            "SELECT ifnull(group_concat(value, ' '), '') FROM setting WHERE key NOT IN ('project', 'created_at')",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let _ = writeln!(text, "settings {settings}");
    let version: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    text + &version.to_string()
}

/// A small project with votes, and the files for more; the folder that it is in is copied for each try.
fn prepared() -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n2,truck\n");
    let mut proposals = "image,label,source\n".to_owned();
    let mut votes = "image,label,rater,answer\n".to_owned();
    let mut labels = "image,label\n".to_owned();
    for number in 0..60 {
        let _ = writeln!(labels, "{number}.jpg,{}", number % 3);
        for label in 0..3 {
            let _ = writeln!(proposals, "{number}.jpg,{label},model");
            for rater in ["ann", "bob", "eve"] {
                let answer = ["yes", "no", "maybe"][(number + label) % 3];
                let _ = writeln!(votes, "{number}.jpg,{label},{rater},{answer}");
            }
        }
    }
    let more = votes.replace(",ann,", ",carol,").replace(",bob,", ",dora,");
    for (name, text) in [
        ("labels.csv", &labels),
        ("proposals.csv", &proposals),
        ("votes.csv", &votes),
        ("more.csv", &more),
    ] {
        project.write(name, text);
    }
    project.run(&["init", "--classes", "classes.csv"]);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["import", "proposals", "proposals.csv"]);
    project.run(&["plan"]);
    fs::copy(project.database(), project.path("other.db")).unwrap();
    project.run(&["--project", "other.db", "import", "votes", "more.csv"]);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["audit", "plan", "--tolerance", "0.3"]);
    project
}

fn copy_of(project: &Project) -> Project {
    let copy = Project::empty();
    for entry in fs::read_dir(project.folder()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(
                entry.path(),
                copy.path(&entry.file_name().to_string_lossy()),
            )
            .unwrap();
        }
    }
    copy
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Kills a command at random moments, more often around its end, where it commits. Afterwards the file is as it was or as the
/// command leaves it, and the command does its work when it is run again.
fn killed(project: &Project, what: &str, arguments: &[&str], made: &[&str]) {
    let mut chance = ChaCha8Rng::seed_from_u64(7);
    let before = project
        .database()
        .exists()
        .then(|| content(&project.database()));
    let whole = copy_of(project);
    let begin = Instant::now();
    assert!(
        command(whole.folder(), arguments)
            .status()
            .unwrap()
            .success()
    );
    let takes = begin.elapsed().as_secs_f64();
    let after = content(&whole.database());
    let (mut unchanged, mut done, mut in_time) = (0, 0, 0);
    for number in 0..kills() {
        let copy = copy_of(project);
        let mut running = command(copy.folder(), arguments).spawn().unwrap();
        let from = if number % 4 == 0 { 0.0 } else { 0.5 };
        let wait = takes * chance.random_range(from..1.15);
        std::thread::sleep(Duration::from_secs_f64(wait));
        in_time += u32::from(running.try_wait().unwrap().is_none());
        running.kill().unwrap();
        running.wait().unwrap();
        let now = copy.database().exists().then(|| content(&copy.database()));
        match now {
            now if now == before => unchanged += 1,
            Some(now) if now == after => done += 1,
            now => {
                panic!("{what}, killed after {wait} s: {now:?}\nbefore: {before:?}\nafter: {after}")
            }
        }
        // What SQLite keeps beside an open file may stay; nothing else may.
        let allowed = names(whole.folder());
        for name in names(copy.folder()) {
            let is_known = allowed.contains(&name)
                || ["relabel.db-wal", "relabel.db-shm", "config"].contains(&name.as_str())
                || made.contains(&name.as_str())
                // What was being written: the next run removes it.
                || (what == "export" && name.starts_with(".relabel-output-"))
                || (what == "merge" && name.starts_with(".relabel-merge-"));
            assert!(is_known, "{what} leaves {name}");
        }
        if copy.database().exists() && before.is_none() {
            continue;
        }
        let output = command(copy.folder(), arguments)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{what} again: {said}");
    }
    println!(
        "| SIGKILL of {what} | {} | {in_time} while it ran; {unchanged} as before, {done} done; 0 lost |",
        kills()
    );
}

#[test]
fn a_killed_init_leaves_nothing_or_a_project() {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n0,cat\n1,dog\n");
    for number in 0..40u8 {
        let path = project.write(&format!("{number}.png"), "");
        image::RgbImage::from_pixel(64, 64, image::Rgb([number; 3]))
            .save(path)
            .unwrap();
    }
    let arguments = ["init", "--classes", "classes.csv", "--images", "."];
    killed(&project, "init", &arguments, &[]);
}

#[test]
fn killed_commands_do_all_or_nothing() {
    let project = prepared();
    for (what, arguments) in [
        ("import", &["import", "votes", "more.csv"][..]),
        ("aggregate", &["aggregate", "--method", "majority"]),
        ("plan", &["plan", "--raters", "7"]),
        ("merge", &["merge", "other.db"]),
        ("export", &["export", "--as", "votes-csv", "-o", "out.csv"]),
    ] {
        killed(&project, what, arguments, &["out.csv"]);
    }
}

#[test]
fn a_killed_migration_can_be_run_again() {
    let project = prepared();
    Project::as_version_8(&project.database());
    let made = [
        "relabel.db.v8.part-journal",
        "relabel.db.v8.part",
        "relabel.db.v8.db",
        "relabel.db.v8-2.db",
    ];
    killed(&project, "a migration", &["status"], &made);
    // A copy that was put back is migrated too, whatever lies beside it.
    let copy = copy_of(&project);
    copy.write("relabel.v8.db", "of somebody else");
    copy.write("relabel.db.v8.db", "of somebody else");
    copy.write("relabel.db.v8.part", "of a killed process");
    copy.run(&["status"]);
    for name in ["relabel.v8.db", "relabel.db.v8.db"] {
        assert_eq!(fs::read(copy.path(name)).unwrap(), b"of somebody else");
    }
    assert!(!copy.path("relabel.db.v8.part").exists());
    assert!(content(&copy.path("relabel.db.v8-2.db")).ends_with("\n8"));
}

#[test]
fn two_projects_of_one_stem_are_copied_aside_under_names_of_their_own() {
    let project = prepared();
    Project::as_version_8(&project.database());
    for name in ["a.db", "a.x"] {
        fs::copy(project.database(), project.path(name)).unwrap();
        project.run(&["--project", name, "status"]);
    }
    assert!(content(&project.path("a.db.v8.db")).ends_with("\n8"));
    assert!(content(&project.path("a.x.v8.db")).ends_with("\n8"));
}

#[test]
fn eight_processes_open_an_old_project_at_once() {
    let project = prepared();
    Project::as_version_8(&project.database());
    let before = content(&project.database());
    let running: Vec<_> = (0..8)
        .map(|_| {
            let mut command = command(project.folder(), &["status"]);
            command.stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for process in running {
        let output = process.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
    let aside: Vec<String> = names(project.folder())
        .into_iter()
        .filter(|name| name.contains(".v8"))
        .collect();
    assert_eq!(aside, ["relabel.db.v8.db"]);
    assert_eq!(content(&project.path("relabel.db.v8.db")), before);
}

#[test]
fn a_killed_audit_loses_no_answer() {
    let project = prepared();
    project.join("ada", "auditor");
    let arguments = ["audit", "review", "--rater", "ada", "--pictures", "none"];
    let mut chance = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..kills() {
        let project = copy_of(&project);
        let mut ada = Terminal::open(project.folder(), &arguments, Opening::default());
        ada.wait_until("label", |terminal| selected(terminal).is_some());
        ada.keys("y");
        // The next label comes by itself.
        ada.wait_for_text("1 today");
        ada.keys("y");
        std::thread::sleep(Duration::from_millis(chance.random_range(0..60)));
        ada.kill();
        ada.catch_up();
        let shown = 1 + usize::from(ada.text().contains("2 today"));
        let recorded = "SELECT count(*) FROM vote JOIN rater ON rater.id = vote.rater WHERE rater.name = 'ada'";
        let recorded: usize = project.sql(recorded).trim().parse().unwrap();
        assert!(recorded >= shown, "{shown} shown, {recorded} recorded");
        assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
    }
    println!("| SIGKILL of audit review | {} | 0 lost |", kills());
}

/// Words of the system or a library that say nothing to a user.
const RAW: &[&str] = &[
    "unable to open database file",
    "error: Too many open files",
    "error: File too large",
    "is not a relabel project",
    "disk I/O error",
    "panicked",
];

fn limited(project: &Project, limits: &[&str], arguments: &[&str]) -> Output {
    let mut command = Command::new("prlimit");
    command
        .args(limits)
        .arg(program())
        .args(arguments)
        .current_dir(project.folder())
        .env("XDG_CONFIG_HOME", project.path("config"));
    command.output().unwrap()
}

#[test]
fn limits_on_files_and_memory_are_told_and_lose_nothing() {
    if !common::installed("prlimit") {
        return;
    }
    let project = prepared();
    let before = content(&project.database());
    let (mut refused, mut tries) = (0, 0);
    let mut limits: Vec<String> = (4..16).map(|files| format!("--nofile={files}")).collect();
    limits.extend([0, 1, 40, 200, 400].map(|kilobytes| format!("--fsize={}", kilobytes * 1024)));
    for limit in &limits {
        let copy = copy_of(&project);
        for arguments in [&["import", "votes", "more.csv"][..], &["status"]] {
            let output = limited(&copy, &[limit], arguments);
            let said = String::from_utf8_lossy(&output.stderr);
            tries += 1;
            // Below that the system cannot even load the program.
            if said.contains("error while loading shared libraries") {
                continue;
            }
            assert!(
                output.status.code().is_some(),
                "{limit}: {:?}",
                output.status
            );
            for raw in RAW {
                assert!(!said.contains(raw), "{limit}, {arguments:?}: {said}");
            }
            refused += usize::from(!output.status.success());
        }
        let now = content(&copy.database());
        assert!(now == before || now.contains("vote 900"), "{limit}: {now}");
        copy.run(&["import", "votes", "more.csv"]);
    }
    // Too little memory may end the process, not the project.
    for megabytes in [20, 60, 100, 200] {
        let copy = copy_of(&project);
        let limit = format!("--as={}", megabytes << 20);
        limited(&copy, &[&limit], &["aggregate"]);
        tries += 1;
        content(&copy.database());
        copy.run(&["aggregate"]);
    }
    println!(
        "| limits on open files, sizes of files and memory | {tries} | {refused} refused in words; 0 lost |"
    );
}

#[test]
fn a_file_system_without_locks_is_called_that() {
    if !common::installed("cc") {
        return;
    }
    let project = prepared();
    let before = content(&project.database());
    let source = project.write(
        "locks.c",
        "#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
static int refused(const char *name, int fd, int command, void *argument) {
    if (command == F_SETLK || command == F_SETLKW || command == F_GETLK) { errno = ENOLCK; return -1; }
    int (*real)(int, int, ...) = dlsym(RTLD_NEXT, name);
    return real(fd, command, argument);
}
int fcntl(int fd, int command, ...) {
    va_list list; va_start(list, command); void *argument = va_arg(list, void *); va_end(list);
    return refused(\"fcntl\", fd, command, argument);
}
int fcntl64(int fd, int command, ...) {
    va_list list; va_start(list, command); void *argument = va_arg(list, void *); va_end(list);
    return refused(\"fcntl64\", fd, command, argument);
}
",
    );
    let library = project.path("locks.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .status();
    assert!(built.unwrap().success());
    let run = |arguments: &[&str]| {
        let mut command = command(project.folder(), arguments);
        let output = command
            .env("LD_PRELOAD", &library)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = run(&["import", "votes", "more.csv"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the file system refuses locks"), "{said}");
    assert!(said.contains("keep the project on a local disk"), "{said}");
    let (code, said) = run(&["status"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing is kept"), "{said}");
    assert_eq!(content(&project.database()), before);
    println!("| a file system that refuses locks | 2 | refused in words; 0 lost |");
}
