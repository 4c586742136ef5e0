//! What people do to the project file while the review screen is open: nothing that was shown as recorded is lost, and no
//! other file is damaged.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{marks, selected};

/// A project in a folder of its own below the one that the program runs in; beside it an older copy, and another project.
struct Site {
    project: Project,
    /// Answers that the screen showed as recorded, by line.
    shown: String,
}

impl Site {
    fn new() -> Site {
        let project = Project::of_drawings();
        fs::create_dir(project.path("team")).unwrap();
        fs::rename(project.database(), project.path("team/relabel.db")).unwrap();
        let site = Site {
            project,
            shown: String::new(),
        };
        site.run(&["rater", "add", "alice"]);
        fs::copy(site.database(), site.backup()).unwrap();
        // The file goes on behind the copy, more than one page of it.
        let mut votes = "image,label,rater,answer\n".to_owned();
        for number in 0..30 {
            for label in 0..6 {
                let class = 151 + number + 3 * label;
                votes.push_str(&format!("drawing-{number:02}.png,{class},bob,yes\n"));
            }
        }
        site.project.write("votes.csv", votes);
        site.run(&["import", "votes", "votes.csv"]);
        site
    }

    fn database(&self) -> PathBuf {
        self.project.path("team/relabel.db")
    }

    fn log(&self) -> PathBuf {
        self.project.path("team/relabel.db-wal")
    }

    fn index(&self) -> PathBuf {
        self.project.path("team/relabel.db-shm")
    }

    fn backup(&self) -> PathBuf {
        self.project.path("backup.db")
    }

    fn aside(&self) -> PathBuf {
        self.project.path("aside.db")
    }

    fn run(&self, arguments: &[&str]) -> String {
        let project = ["--project", "team/relabel.db"];
        self.project.run(&[&project, arguments].concat())
    }

    fn said(&self, arguments: &[&str]) -> String {
        let project = ["--project", "team/relabel.db"];
        self.project.transcript(&[&project, arguments].concat())
    }

    fn open(&self) -> Terminal {
        let arguments = [
            "--project",
            "team/relabel.db",
            "review",
            "--rater",
            "alice",
            "--pictures",
            "none",
        ];
        let opening = Opening {
            columns: 120,
            ..Opening::default()
        };
        let mut terminal = Terminal::open(self.project.folder(), &arguments, opening);
        terminal.wait_until("task", |terminal| selected(terminal).is_some());
        terminal
    }

    /// Answers a line; whether the screen shows it as recorded. If not, it says so.
    fn vote(&mut self, alice: &mut Terminal, line: usize, letter: char) -> bool {
        // Nothing of what was said before is left.
        alice.keys("?");
        alice.wait_for_text("move");
        alice.keys("?");
        alice.wait_until("the task", |terminal| {
            selected(terminal).is_some() && !terminal.text().contains("NOT recorded")
        });
        alice.keys(&format!("{line}{letter}"));
        alice.wait_until("an answer", |terminal| {
            terminal.text().contains("NOT recorded")
                || marks(terminal).chars().nth(line - 1) == Some(letter)
        });
        self.shown = marks(alice);
        marks(alice).chars().nth(line - 1) == Some(letter)
    }

    /// Files of votes that are not in the project, wherever they were written.
    fn rescued(&self) -> Vec<PathBuf> {
        let folders = [
            self.project.folder().to_owned(),
            self.project.path("team"),
            self.project.path("renamed"),
        ];
        let files = folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok());
        let files = files.flatten().map(|entry| entry.unwrap().path());
        let is_rescued = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "jsonl");
        files.filter(is_rescued).collect()
    }

    fn sound(&self) {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        let sound: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok");
    }

    /// Alice's answers to the first image, in the order of the screen.
    fn on_disk(&self) -> String {
        let connection = rusqlite::Connection::open(self.database()).unwrap();
        let mut statement = connection
            .prepare(
                "SELECT CASE (SELECT answer FROM vote JOIN rater ON rater.id = vote.rater
                               WHERE vote.question = question.id AND rater.name = 'alice'
                               ORDER BY at DESC, copy DESC, sequence DESC LIMIT 1)
                        WHEN 0 THEN 'n' WHEN 1 THEN 'm' WHEN 2 THEN 'y' ELSE '·' END
                 FROM question JOIN image ON image.id = question.image
                 WHERE image.name = 'drawing-00.png' AND question.task IS NOT NULL ORDER BY question.position",
            )
            .unwrap();
        let rows = statement
            .query_map([], |row| row.get::<_, String>(0))
            .unwrap();
        rows.map(Result::unwrap).collect()
    }

    /// What the screen showed as recorded is in the project, once what was rescued is imported.
    fn nothing_is_lost(&self) {
        self.sound();
        for file in self.rescued() {
            let said = self.said(&["import", "votes", file.to_str().unwrap()]);
            assert!(!said.contains("exit"), "{said}");
        }
        self.sound();
        let on_disk = self.on_disk();
        for (shown, kept) in self.shown.chars().zip(on_disk.chars()) {
            assert!(
                !"ynm".contains(shown) || shown == kept,
                "shown {}, on disk {on_disk}",
                self.shown
            );
        }
        let doctor = self.said(&["doctor"]);
        assert!(
            doctor.contains("sound") && !doctor.contains("exit"),
            "{doctor}"
        );
    }
}

/// A vote, then harm, then a vote that is not recorded for this reason; then leaving. `after` makes good what nobody could
/// import anything into.
fn harmed(reason: &str, harm: impl Fn(&Site), after: impl Fn(&Site)) {
    let mut site = Site::new();
    let mut alice = site.open();
    assert!(site.vote(&mut alice, 1, 'y'));
    harm(&site);
    assert!(!site.vote(&mut alice, 2, 'n'));
    assert!(alice.text().contains(reason), "{}", alice.text());
    assert_eq!(site.shown, "y·····");
    alice.keys("qq");
    assert_eq!(alice.wait_for_end(), 1);
    let said = alice.text();
    assert!(said.contains("NOT in the project, but in"), "{said}");
    assert_eq!(site.rescued().len(), 1);
    after(&site);
    site.nothing_is_lost();
    assert_eq!(site.on_disk(), "yn····", "what was rescued is imported");
}

/// The same, but the project comes back while the screen is open: the rater goes on, and nothing has to be rescued.
fn healed(reason: &str, harm: impl Fn(&Site), heal: impl Fn(&Site)) {
    let mut site = Site::new();
    let mut alice = site.open();
    assert!(site.vote(&mut alice, 1, 'y'));
    harm(&site);
    assert!(!site.vote(&mut alice, 2, 'n'));
    assert!(alice.text().contains(reason), "{}", alice.text());
    heal(&site);
    assert!(site.vote(&mut alice, 2, 'm'), "{}", alice.text());
    assert!(site.vote(&mut alice, 3, 'n'), "{}", alice.text());
    assert_eq!(site.shown, "ymn···");
    alice.keys("qq");
    assert_eq!(alice.wait_for_end(), 0);
    assert_eq!(site.rescued(), Vec::<PathBuf>::new());
    site.nothing_is_lost();
    assert_eq!(site.on_disk(), "ymn···");
}

fn nothing(_: &Site) {}

fn rename(from: &Path, to: &Path) {
    fs::rename(from, to).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

/// As `cp FROM TO` does where TO exists: the same file with other bytes.
fn copy_over(from: &Path, to: &Path) {
    fs::write(to, fs::read(from).unwrap()).unwrap();
}

const MOVED: &str = "NOT recorded: the project file was moved or removed";
const REPLACED: &str = "NOT recorded: the project file was replaced";
const CUT_OFF: &str = "NOT recorded: the project file was cut off";
const LOG: &str = "NOT recorded: the log of the project file (-wal) was removed or replaced";
const INDEX: &str = "NOT recorded: the index of the project file's log (-shm) was removed";

#[test]
fn moved_away() {
    harmed(
        MOVED,
        |site| rename(&site.database(), &site.aside()),
        |site| rename(&site.aside(), &site.database()),
    );
}

#[test]
fn moved_away_and_back() {
    healed(
        MOVED,
        |site| rename(&site.database(), &site.aside()),
        |site| rename(&site.aside(), &site.database()),
    );
}

#[test]
fn moved_away_and_copied_back() {
    healed(
        MOVED,
        |site| rename(&site.database(), &site.aside()),
        |site| copy(&site.aside(), &site.database()),
    );
}

#[test]
fn removed_and_a_backup_put_in_its_place() {
    harmed(
        MOVED,
        |site| fs::remove_file(site.database()).unwrap(),
        |site| copy(&site.backup(), &site.database()),
    );
}

#[test]
fn removed_and_a_backup_put_in_its_place_before_the_next_vote() {
    harmed(
        REPLACED,
        |site| {
            fs::remove_file(site.database()).unwrap();
            fs::copy(site.backup(), site.database()).unwrap();
        },
        nothing,
    );
}

#[test]
fn a_backup_is_moved_over_it_and_the_rater_goes_on() {
    healed(
        REPLACED,
        |site| rename(&site.backup(), &site.database()),
        nothing,
    );
}

#[test]
fn a_backup_is_moved_over_it() {
    harmed(
        REPLACED,
        |site| rename(&site.backup(), &site.database()),
        nothing,
    );
}

#[test]
fn a_backup_is_copied_over_it() {
    harmed(
        REPLACED,
        |site| copy_over(&site.backup(), &site.database()),
        nothing,
    );
}

#[test]
fn a_backup_is_copied_over_it_and_the_rater_goes_on() {
    healed(
        REPLACED,
        |site| copy_over(&site.backup(), &site.database()),
        nothing,
    );
}

#[test]
fn a_backup_is_written_into_it_in_place() {
    // As `rsync --inplace` does: blocks that differ, and the length at the end.
    harmed(
        "NOT recorded: the project file was",
        |site| {
            let backup = fs::read(site.backup()).unwrap();
            let file = fs::File::options().write(true).open(site.database());
            let file = file.unwrap();
            for (number, block) in backup.chunks(1000).enumerate() {
                file.write_all_at(block, number as u64 * 1000).unwrap();
            }
            file.set_len(backup.len() as u64).unwrap();
        },
        nothing,
    );
}

#[test]
fn another_project_is_copied_over_it() {
    harmed(
        REPLACED,
        |site| {
            rename(&site.database(), &site.aside());
            fs::copy(site.aside(), site.database()).unwrap();
            let other = Project::of_drawings();
            copy_over(&other.database(), &site.database());
        },
        |site| {
            site.sound();
            copy_over(&site.aside(), &site.database());
        },
    );
}

#[test]
fn another_project_in_its_place_is_not_voted_in() {
    let mut site = Site::new();
    let mut alice = site.open();
    assert!(site.vote(&mut alice, 1, 'y'));
    rename(&site.database(), &site.aside());
    let other = Project::new();
    fs::copy(other.database(), site.database()).unwrap();
    let bytes = fs::read(site.database()).unwrap();
    for line in [2, 3] {
        assert!(!site.vote(&mut alice, line, 'n'));
        assert!(alice.text().contains(REPLACED), "{}", alice.text());
    }
    alice.keys("qq");
    assert_eq!(alice.wait_for_end(), 1);
    assert_eq!(fs::read(site.database()).unwrap(), bytes);
    site.sound();
    rename(&site.aside(), &site.database());
    site.nothing_is_lost();
}

#[test]
fn cut_off() {
    for length in [0, 100_000] {
        harmed(
            CUT_OFF,
            |site| {
                let file = fs::File::options().write(true).open(site.database());
                file.unwrap().set_len(length).unwrap();
            },
            |site| copy_over(&site.backup(), &site.database()),
        );
    }
}

#[test]
fn its_log_is_removed() {
    healed(LOG, |site| fs::remove_file(site.log()).unwrap(), nothing);
}

#[test]
fn its_index_is_removed() {
    healed(
        INDEX,
        |site| fs::remove_file(site.index()).unwrap(),
        nothing,
    );
}

#[test]
fn its_log_and_index_are_removed() {
    healed(
        LOG,
        |site| {
            fs::remove_file(site.log()).unwrap();
            fs::remove_file(site.index()).unwrap();
        },
        nothing,
    );
}

/// A log of another project.
fn foreign_log() -> Vec<u8> {
    let other = Project::of_drawings();
    let connection = rusqlite::Connection::open(other.database()).unwrap();
    connection
        .execute_batch("INSERT INTO rater (name, role) VALUES ('eve', 'rater'); UPDATE stamp SET own = randomblob(16)")
        .unwrap();
    fs::read(other.path("relabel.db-wal")).unwrap()
}

#[test]
fn its_log_is_replaced_by_another_ones() {
    healed(
        LOG,
        |site| {
            fs::remove_file(site.log()).unwrap();
            fs::write(site.log(), foreign_log()).unwrap();
        },
        |_| {},
    );
}

#[test]
fn its_log_is_overwritten() {
    for log in [foreign_log(), Vec::new()] {
        healed(LOG, |site| fs::write(site.log(), &log).unwrap(), nothing);
    }
}

#[test]
fn its_folder_is_renamed() {
    harmed(
        MOVED,
        |site| rename(&site.project.path("team"), &site.project.path("renamed")),
        |site| rename(&site.project.path("renamed"), &site.project.path("team")),
    );
}

#[test]
fn its_folder_is_renamed_and_back() {
    healed(
        MOVED,
        |site| rename(&site.project.path("team"), &site.project.path("renamed")),
        |site| rename(&site.project.path("renamed"), &site.project.path("team")),
    );
}

#[test]
fn its_folder_is_removed() {
    harmed(
        MOVED,
        |site| fs::remove_dir_all(site.project.path("team")).unwrap(),
        |site| {
            fs::create_dir(site.project.path("team")).unwrap();
            fs::copy(site.backup(), site.database()).unwrap();
        },
    );
}

#[test]
fn a_killed_session_leaves_no_log_to_a_file_that_was_put_there_before() {
    let mut site = Site::new();
    let mut alice = site.open();
    assert!(site.vote(&mut alice, 1, 'y'));
    rename(&site.backup(), &site.database());
    // The file is looked at every second, though nothing happens on the screen.
    while fs::metadata(site.log()).is_ok_and(|log| log.len() > 0) {
        std::thread::sleep(Duration::from_millis(20));
    }
    alice.kill();
    site.sound();
    assert!(!site.run(&["rater", "list"]).contains("bob"));
}

#[test]
fn a_log_that_a_killed_session_left_is_not_taken_for_a_backups() {
    let mut site = Site::new();
    let mut alice = site.open();
    assert!(site.vote(&mut alice, 1, 'y'));
    alice.kill();
    // With its log the file is whole; the copy does not go with it.
    rename(&site.database(), &site.aside());
    fs::copy(site.backup(), site.database()).unwrap();
    let log = fs::read(site.log()).unwrap();
    for command in [
        &["status"][..],
        &["plan"],
        &["import", "votes", "votes.csv"],
    ] {
        let said = site.said(command);
        assert!(
            said.contains("belongs to another state of the project"),
            "{said}"
        );
        assert!(
            said.contains("nothing was changed") && said.contains("exit 1"),
            "{said}"
        );
    }
    assert_eq!(fs::read(site.log()).unwrap(), log);
    assert_eq!(
        fs::read(site.database()).unwrap(),
        fs::read(site.backup()).unwrap()
    );
    rename(&site.aside(), &site.database());
    site.nothing_is_lost();
}

#[test]
fn a_command_that_takes_long_does_not_write_into_another_file() {
    let site = Site::new();
    let store = relabel::store::Store::open(&site.database()).unwrap();
    let bytes = fs::read(site.backup()).unwrap();
    let outcome = store.atomically(|store| {
        store.add_rater("carol", relabel::domain::Role::Rater)?;
        rename(&site.backup(), &site.database());
        Ok::<_, relabel::store::StoreError>(())
    });
    let said = outcome.unwrap_err().to_string();
    assert_eq!(said, "the project file was replaced");
    drop(store);
    assert_eq!(fs::read(site.database()).unwrap(), bytes);
    site.sound();
    assert!(!site.run(&["rater", "list"]).contains("carol"));
}
