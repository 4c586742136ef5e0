//! Projects that cannot be written, and files that are no project: what still works, and what is said.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Project;

/// The drawings with votes of two raters, and a run.
fn voted() -> Project {
    let project = Project::of_drawings();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for rater in ["ann", "bob"] {
        for label in 0..6 {
            votes.push_str(&format!("drawing-00.png,{},{rater},yes\n", 151 + 3 * label));
        }
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    project
}

/// A folder as a medium that nobody can write; gone at the end of the test.
struct Medium(PathBuf);

impl Medium {
    /// None, with a word, for users who may not mount. In CI root must be able to.
    fn of(folder: &Path) -> Option<Medium> {
        let mount = |arguments: &[&str]| {
            let told = Command::new("mount").args(arguments).arg(folder).output();
            told.is_ok_and(|told| told.status.success())
        };
        let text = folder.to_str().unwrap();
        if mount(&["--bind", text]) && mount(&["-o", "remount,bind,ro"]) {
            return Some(Medium(folder.to_owned()));
        }
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        let user = Command::new("id").arg("-u").output().unwrap().stdout;
        assert!(!(ci && user == b"0\n"), "root cannot mount");
        eprintln!("skipped: mount is refused");
        None
    }
}

impl Drop for Medium {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

const LOOKING: &[&[&str]] = &[
    &["status"],
    &["agreement"],
    &["aggregate"],
    &["export", "--as", "csv"],
    &["export", "--as", "votes-csv"],
    &["notes"],
    &["rater", "list"],
    &["report", "--format", "json"],
    &["show", "drawing-00.png", "--pictures", "half"],
    &["doctor"],
];

#[test]
fn a_read_only_medium_can_be_looked_at() {
    let project = voted();
    let bytes = fs::read(project.database()).unwrap();
    let names = || fs::read_dir(project.folder()).unwrap().count();
    let before = names();
    let Some(_medium) = Medium::of(project.folder()) else {
        return;
    };
    for command in LOOKING {
        let said = project.transcript(command);
        assert!(!said.contains("exit"), "{command:?}: {said}");
        if !matches!(command[0], "doctor" | "show") {
            let note = "relabel.db cannot be written (the disk is read-only): it is only read, nothing is kept";
            assert!(said.contains(note), "{command:?}: {said}");
        }
    }
    let said = project.transcript(&["aggregate", "--method", "majority"]);
    assert!(said.contains("not kept: majority"), "{said}");
    let said = project.transcript(&["doctor"]);
    assert!(
        said.contains("not possible") && said.contains("the disk is read-only"),
        "{said}"
    );
    for command in [
        &["plan"][..],
        &["import", "votes", "votes.csv"],
        &["rater", "add", "eve"],
    ] {
        let said = project.transcript(command);
        assert!(
            said.contains("error: relabel.db cannot be written: the disk is read-only"),
            "{said}"
        );
        assert!(
            said.contains("copy the project to a disk that can be written"),
            "{said}"
        );
    }
    assert_eq!(fs::read(project.database()).unwrap(), bytes);
    assert_eq!(names(), before);
}

#[test]
fn what_is_in_the_log_alone_is_seen_too_and_an_old_schema_is_read() {
    let project = voted();
    let copy = Project::empty();
    let connection = rusqlite::Connection::open(project.database()).unwrap();
    connection
        .execute_batch(
            "PRAGMA wal_autocheckpoint = 0;
             INSERT INTO rater (name, role) VALUES ('logged', 'rater'); UPDATE stamp SET previous = own, own = randomblob(16)",
        )
        .unwrap();
    for name in ["relabel.db", "relabel.db-wal"] {
        fs::copy(project.path(name), copy.path(name)).unwrap();
    }
    let old = Project::empty();
    fs::copy(project.database(), old.database()).unwrap();
    drop(connection);
    Project::as_version_8(&old.database());
    let (Some(_one), Some(_other)) = (Medium::of(copy.folder()), Medium::of(old.folder())) else {
        return;
    };
    let said = copy.transcript(&["rater", "list"]);
    assert!(said.contains("logged") && !said.contains("exit"), "{said}");
    let said = old.transcript(&["rater", "list"]);
    assert!(said.contains("ann") && !said.contains("exit"), "{said}");
}

#[test]
fn names_that_mean_more_to_sqlite_are_paths_like_any_other() {
    for name in [
        "file:x.db",
        "file:x.db?mode=ro",
        ":memory:",
        "a?b.db",
        "100%25.db",
        "#1.db",
        "-x.db",
    ] {
        let project = Project::empty();
        let option = format!("--project={name}");
        project.run(&[&option, "init"]);
        project.run(&[&option, "rater", "add", "ann"]);
        let before: Vec<_> = fs::read_dir(project.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(before, [name]);
        // Its copy aside, too.
        Project::as_version_8(&project.folder().join(name));
        assert!(project.run(&[&option, "rater", "list"]).contains("ann"));
        assert!(project.path(&format!("{name}.v8.db")).exists());
        project.run(&["--project=other.db", "init"]);
        let said = project.transcript(&["--project=other.db", "merge", &format!("./{name}")]);
        assert!(said.contains("another project"), "{said}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_called_that() {
    let project = Project::new();
    project.write("empty.db", "");
    project.write(
        "text.db",
        "some text, long enough to be no header of SQLite",
    );
    fs::create_dir(project.path("folder")).unwrap();
    let foreign = rusqlite::Connection::open(project.path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(foreign);
    project.write("fresh.db-wal", [0; 64]);
    for (name, command, error) in [
        (
            "empty.db",
            "status",
            "empty.db is empty: it holds no project",
        ),
        ("text.db", "status", "text.db is not a relabel project"),
        (
            "foreign.db",
            "status",
            "foreign.db is not a relabel project",
        ),
        ("folder", "status", "folder is a folder, not a project file"),
        ("nowhere/x.db", "status", "the folder nowhere is not there"),
        ("nowhere/x.db", "init", "the folder nowhere is not there"),
        ("missing.db", "status", "there is no project at missing.db"),
        (
            "fresh.db",
            "init",
            "fresh.db-wal is left from a former project",
        ),
    ] {
        let said = project.transcript(&["--project", name, command]);
        assert!(said.contains(&format!("stderr: error: {error}")), "{said}");
        assert!(said.contains("hint: ") && said.contains("exit 1"), "{said}");
    }
    let said = project.transcript(&["--project", "new.db", "init", "--images", "typo"]);
    assert!(
        said.contains("exit") && !project.path("new.db").exists(),
        "{said}"
    );
}

#[test]
fn another_user_may_look_and_is_told_why_nothing_is_kept() {
    let user = Command::new("id").arg("-u").output().unwrap().stdout;
    if user != b"0\n" || !common::installed("setpriv") {
        eprintln!("skipped: only root can become another user");
        return;
    }
    use std::os::unix::fs::PermissionsExt;
    let project = voted();
    let mode =
        |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let program = project.path("relabel");
    fs::copy(assert_cmd::cargo::cargo_bin!("relabel"), &program).unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("setpriv")
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(&program)
            .args(arguments)
            .current_dir(project.folder())
            .env("XDG_CONFIG_HOME", project.path("config"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    for (file, folder, why) in [
        (0o444, 0o777, "no permission"),
        (0o666, 0o755, "no permission to write into its folder"),
        (0o444, 0o755, "no permission"),
    ] {
        mode(&project.database(), file);
        mode(project.folder(), folder);
        let (done, said) = run(&["status"]);
        assert!(
            done && said.contains(&format!("cannot be written ({why})")),
            "{said}"
        );
        let (done, said) = run(&["import", "votes", "votes.csv"]);
        assert!(
            !done && said.contains(&format!("cannot be written: {why}")),
            "{said}"
        );
        // Nothing is left that its owner could not write.
        assert!(!project.path("relabel.db-shm").exists());
    }
    mode(&project.database(), 0o600);
    let (done, said) = run(&["status"]);
    assert!(
        !done && said.contains("cannot open relabel.db: no permission"),
        "{said}"
    );
}
