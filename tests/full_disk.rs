//! The disk of the project is full: the screen says that a vote is not recorded, and what it shows as recorded is there.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{image, is_ready, marks};

/// A disk of three megabytes, gone at the end of the test.
struct Disk {
    at: PathBuf,
}

impl Disk {
    /// None, with a word, for users who may not mount. In CI root must be able to.
    fn mount(at: &Path) -> Option<Disk> {
        std::fs::create_dir_all(at).unwrap();
        let arguments = ["-t", "tmpfs", "-o", "size=3m", "tmpfs"];
        let told = Command::new("mount").args(arguments).arg(at).output();
        if told.as_ref().is_ok_and(|told| told.status.success()) {
            return Some(Disk { at: at.to_owned() });
        }
        let user = Command::new("id").arg("-u").output().unwrap().stdout;
        let ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!(ci && user == b"0\n"), "root cannot mount: {told:?}");
        eprintln!("skipped: mount is refused, so that there is no disk to fill");
        None
    }

    fn filler(&self) -> PathBuf {
        self.at.join("filler")
    }

    /// Fills the disk but for so many kilobytes.
    fn fill(&self, left: u64) {
        let mut filler = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.filler())
            .unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
        let size = filler.metadata().unwrap().len();
        filler.set_len(size.saturating_sub(left * 1024)).unwrap();
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that was killed may still hold the project.
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// The drawings on a disk of their own; the program's folder is that disk.
fn project() -> Option<(Project, Disk)> {
    let project = Project::of_drawings();
    let disk = Disk::mount(&project.path("disk"))?;
    std::fs::copy(project.database(), disk.at.join("relabel.db")).unwrap();
    Some((project, disk))
}

fn open(disk: &Disk) -> Terminal {
    let arguments = [
        "review",
        "--rater",
        "alice",
        "--pictures",
        "none",
        "--names",
    ];
    let mut terminal = Terminal::open(&disk.at, &arguments, Opening::default());
    terminal.wait_until("task", is_ready);
    terminal
}

fn sql<T: rusqlite::types::FromSql>(disk: &Disk, query: &str) -> T {
    let connection = rusqlite::Connection::open(disk.at.join("relabel.db")).unwrap();
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

/// The first task and the three behind it are claimed: nothing is written until a key is pressed.
fn wait_for_claims(disk: &Disk) {
    while sql::<i64>(disk, "SELECT count(*) FROM claim") != 4 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_vote_that_finds_no_room_is_not_recorded_and_can_be_given_again() {
    let Some((_project, disk)) = project() else {
        return;
    };
    // Three megabytes are little, as doctor says beforehand.
    let mut doctor = Terminal::open(
        &disk.at,
        &["doctor"],
        Opening {
            columns: 120,
            ..Opening::default()
        },
    );
    doctor.wait_for_text("little: make room");
    assert_eq!(doctor.wait_for_end(), 0);

    let mut alice = open(&disk);
    wait_for_claims(&disk);
    alice.keys("y");
    alice.wait_until("a vote", |terminal| marks(terminal) == "y·····");

    disk.fill(0);
    alice.keys("n");
    alice.wait_for_text("NOT recorded: the disk is full");
    assert_eq!(marks(&alice), "y·····");
    // Nor is it on the second try, nor for all labels at once.
    for key in ["m", "N"] {
        alice.keys("?");
        alice.wait_for_text("move");
        alice.keys("?");
        alice.wait_until("the task", |terminal| marks(terminal) == "y·····");
        alice.keys(key);
        alice.wait_for_text("NOT recorded: the disk is full");
        assert_eq!(marks(&alice), "y·····");
    }
    assert_eq!(sql::<i64>(&disk, "SELECT count(*) FROM vote"), 1);

    disk.make_room();
    alice.keys("N");
    alice.wait_until("votes", |terminal| marks(terminal) == "ynnnnn");
    alice.keys("\r");
    alice.wait_until("the next task", |terminal| {
        image(terminal).is_some_and(|(name, _)| name == "drawing-01.png")
    });
    alice.keys("qq");
    assert_eq!(alice.wait_for_end(), 0);
    assert_eq!(sql::<i64>(&disk, "SELECT count(*) FROM vote"), 6);
    assert_eq!(sql::<String>(&disk, "PRAGMA integrity_check"), "ok");
}

#[test]
fn however_much_room_is_left_what_is_shown_as_recorded_is_there() {
    let Some((_project, disk)) = project() else {
        return;
    };
    let mut recorded = 0;
    for left in [4, 12, 28, 60, 96] {
        let mut alice = open(&disk);
        wait_for_claims(&disk);
        disk.fill(left);
        let mut here = marks(&alice).matches(|mark| mark != '·').count();
        assert!(here == 0 || recorded > 0);
        recorded -= here;
        // Back and forth over six labels: every key is another answer than the one that stands.
        let full = Cell::new(false);
        'voting: for answer in ["y", "n", "m", "y", "n", "m"] {
            for line in 1..=6 {
                alice.keys(&format!("{line}{answer}"));
                alice.wait_until("an answer", |terminal| {
                    let text = terminal.text();
                    full.set(text.contains("NOT recorded: the disk is full"));
                    let mark = marks(terminal).chars().nth(line - 1);
                    full.get() || mark == answer.chars().next()
                });
                if full.get() {
                    break 'voting;
                }
            }
        }
        assert!(full.get() || left > 60, "{left} kB took all votes");
        here = marks(&alice).matches(|mark| "ynm".contains(mark)).count();
        recorded += here;
        alice.kill();
        disk.make_room();
        let standing = "SELECT count(DISTINCT question) FROM vote WHERE answer IS NOT NULL";
        assert_eq!(sql::<i64>(&disk, standing), recorded as i64, "{left} kB");
        assert_eq!(sql::<String>(&disk, "PRAGMA integrity_check"), "ok");
        // A killed process leaves its claims.
        let connection = rusqlite::Connection::open(disk.at.join("relabel.db")).unwrap();
        connection.execute("DELETE FROM claim", []).unwrap();
    }
}
