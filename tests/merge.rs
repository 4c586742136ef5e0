//! `relabel merge`: what comes from other copies, what is refused, and what a merge that is cut off leaves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::marks;
use relabel::domain::{ClassIndex, Question};
use relabel::store::{NoteKind, Store};

/// A project with alice's votes, and a copy of it, `laptop.db`, both to be voted in.
fn two_copies() -> Project {
    let project = Project::of_drawings();
    vote(&project, "relabel.db", "alice", 0..2, "yes");
    std::fs::copy(project.database(), project.path("laptop.db")).unwrap();
    project
}

/// A rater's answer to the first label of some drawings.
fn vote(project: &Project, file: &str, rater: &str, drawings: std::ops::Range<u32>, answer: &str) {
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in drawings {
        let class = 151 + drawing;
        writeln!(votes, "drawing-{drawing:02}.png,{class},{rater},{answer}").unwrap();
    }
    project.write("votes.csv", votes);
    project.run(&["--project", file, "import", "votes", "votes.csv"]);
}

fn votes_of(project: &Project, file: &str) -> String {
    project.run(&["--project", file, "export", "--as", "votes-csv"])
}

/// All files below the folder with their bytes, but for those of the project itself.
fn others(project: &Project) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(project.folder()).unwrap();
    files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.to_str().unwrap().contains("relabel.db"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

/// Changes a file as no relabel would.
fn meddle(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn the_votes_of_both_sides_meet_and_a_second_time_changes_nothing() {
    let project = two_copies();
    vote(&project, "relabel.db", "bob", 1..4, "no");
    vote(&project, "laptop.db", "carol", 0..5, "maybe");
    vote(&project, "laptop.db", "alice", 1..3, "no");
    let before = others(&project);

    insta::assert_snapshot!(project.transcript(&["merge", "laptop.db", "--dry-run"]), @r"
     file                  would come  here already
     laptop.db  votes               7             2
     laptop.db  notes               0             0
     laptop.db  questions           0             5
     laptop.db  raters              1             1
    stderr: a dry run: nothing was merged
    ");
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "5\n");
    insta::assert_snapshot!(project.transcript(&["merge", "laptop.db"]), @r"
    file                  taken in  here already
    laptop.db  votes             7             2
    laptop.db  notes             0             0
    laptop.db  questions         0             5
    laptop.db  raters            1             1
    ");
    assert_eq!(others(&project), before, "the other copy is only read");
    insta::assert_snapshot!(votes_of(&project, "relabel.db"), @r"
    image,label,rater,round,answer,at
    drawing-00.png,151,alice,main,yes,
    drawing-00.png,151,carol,main,maybe,
    drawing-01.png,152,alice,main,no,
    drawing-01.png,152,bob,main,no,
    drawing-01.png,152,carol,main,maybe,
    drawing-02.png,153,alice,main,no,
    drawing-02.png,153,bob,main,no,
    drawing-02.png,153,carol,main,maybe,
    drawing-03.png,154,bob,main,no,
    drawing-03.png,154,carol,main,maybe,
    drawing-04.png,155,carol,main,maybe,
    ");
    insta::assert_snapshot!(project.transcript(&["merge", "laptop.db"]), @r"
    file                  taken in  here already
    laptop.db  votes             0             9
    laptop.db  notes             0             0
    laptop.db  questions         0             5
    laptop.db  raters            0             2
    ");

    // The other way round it is the same, though alice changed her mind there alone.
    let merged = votes_of(&project, "relabel.db");
    project.run(&["--project", "laptop.db", "merge", "relabel.db"]);
    let other = votes_of(&project, "laptop.db");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&other), sorted(&merged));
}

#[test]
fn json_says_the_same_and_the_project_itself_is_left_out() {
    let project = two_copies();
    vote(&project, "laptop.db", "carol", 0..3, "no");
    project.run(&["rater", "add", "dora"]);
    project.run(&[
        "--project",
        "laptop.db",
        "rater",
        "add",
        "dora",
        "--role",
        "expert",
    ]);
    insta::assert_snapshot!(project.transcript(&["merge", "laptop.db", "relabel.db", "--format", "json"]), @r#"
    {
      "project": "relabel.db",
      "dry_run": false,
      "files": [
        {
          "file": "laptop.db",
          "votes": {
            "taken": 3,
            "known": 2
          },
          "notes": {
            "taken": 0,
            "known": 0
          },
          "questions": {
            "taken": 0,
            "known": 3
          },
          "raters": {
            "taken": 1,
            "known": 2
          },
          "audits": {
            "taken": 0,
            "known": 0
          },
          "other_roles": [
            {
              "rater": "dora",
              "here": "rater",
              "there": "expert"
            }
          ]
        }
      ]
    }
    stderr: relabel.db is this project itself
    stderr: laptop.db: "dora" is expert there and stays rater here
    "#);
    assert_eq!(
        project.sql("SELECT role FROM rater WHERE name = 'dora'"),
        "rater\n"
    );
}

#[test]
fn labels_that_raters_added_notes_and_what_this_plan_lacks_come_along() {
    let project = two_copies();
    {
        let laptop = Store::open(&project.path("laptop.db")).unwrap();
        let carol = laptop
            .add_rater("carol", relabel::domain::Role::Rater)
            .unwrap();
        let image = laptop.images().unwrap()[4].id;
        let task = laptop.tasks().unwrap()[4].id;
        let added = Question {
            image,
            class: ClassIndex(980),
        };
        laptop.add_label(task, added).unwrap();
        laptop
            .add_note(image, carol, &NoteKind::Flag, 5_000)
            .unwrap();
        let words = NoteKind::Comment("two dogs".to_owned());
        laptop.add_note(image, carol, &words, 6_000).unwrap();
    }
    // Voted on there, planned nowhere here.
    project.write(
        "votes.csv",
        "image,label,rater,answer,round\ndrawing-07.png,999,carol,yes,second\ndrawing-04.png,980,carol,yes,main\n",
    );
    project.run(&["--project", "laptop.db", "import", "votes", "votes.csv"]);
    insta::assert_snapshot!(project.transcript(&["merge", "laptop.db"]), @r"
    file                  taken in  here already
    laptop.db  votes             2             2
    laptop.db  notes             2             0
    laptop.db  questions         2             2
    laptop.db  raters            1             1
    ");
    let new = "SELECT image.name, class, task IS NOT NULL, added FROM question JOIN image ON image.id = image
               WHERE class IN (980, 999) ORDER BY class";
    assert_eq!(
        project.sql(new),
        "drawing-04.png|980|1|1\ndrawing-07.png|999|0|0\n"
    );
    let notes = "SELECT kind, text, at FROM note ORDER BY at";
    assert_eq!(project.sql(notes), "flag||5000\ncomment|two dogs|6000\n");
    let round =
        "SELECT answer FROM vote WHERE round = (SELECT id FROM round WHERE name = 'second')";
    assert_eq!(project.sql(round), "2\n");

    // Taken back there: no task asks it here any more.
    {
        let laptop = Store::open(&project.path("laptop.db")).unwrap();
        let asked = laptop.questions().unwrap();
        let added = asked
            .iter()
            .find(|(_, asked)| asked.class.0 == 980)
            .unwrap()
            .0;
        let back = relabel::store::NewVote {
            question: added,
            round: laptop.round("main").unwrap(),
            rater: laptop.rater("carol").unwrap().unwrap().id,
            answer: None,
            at: Some(9_000),
            spent: None,
        };
        laptop
            .atomically(|laptop| laptop.add_votes(&[back]))
            .unwrap();
        laptop.drop_added_label(added).unwrap();
    }
    project.run(&["merge", "laptop.db"]);
    assert_eq!(
        project.sql(new),
        "drawing-04.png|980|0|1\ndrawing-07.png|999|0|0\n"
    );
}

#[test]
fn label_sets_and_status_follow_what_was_merged() {
    let project = two_copies();
    project.run(&["aggregate", "--method", "majority"]);
    let disputes = |project: &Project| {
        let status: serde_json::Value =
            serde_json::from_str(&project.run(&["status", "--format", "json"])).unwrap();
        let now = match status["since"].is_null() {
            true => &status["run"],
            false => &status["since"],
        };
        (
            now["label_sets"]["scored"].as_u64(),
            status["since"]["votes"].as_u64(),
        )
    };
    assert_eq!(disputes(&project), (Some(2), None));
    vote(&project, "laptop.db", "carol", 0..5, "no");
    vote(&project, "laptop.db", "bob", 0..5, "no");
    project.run(&["merge", "laptop.db"]);
    assert_eq!(disputes(&project), (Some(5), Some(10)));
    project.run(&["merge", "laptop.db"]);
    assert_eq!(disputes(&project), (Some(5), Some(10)));
    // The run knows nothing of it, a new one everything.
    project.run(&["aggregate", "--method", "majority"]);
    assert_eq!(disputes(&project), (Some(5), None));
}

#[test]
fn what_is_no_copy_of_this_project_is_refused_with_what_differs() {
    let project = two_copies();
    let stranger = Project::of_drawings();
    stranger.run(&["--project", "other.db", "init"]);
    std::fs::copy(stranger.path("other.db"), project.path("other.db")).unwrap();
    let copy = |name: &str, sql: &str| {
        std::fs::copy(project.path("laptop.db"), project.path(name)).unwrap();
        meddle(&project.path(name), sql);
    };
    copy(
        "classes.db",
        "UPDATE class SET name = 'cat' WHERE idx IN (0, 3); INSERT INTO class (idx, name) VALUES (1000, 'new')",
    );
    copy(
        "images.db",
        "UPDATE image SET sha256 = zeroblob(32) WHERE name < 'drawing-06.png'; INSERT INTO image (name) VALUES ('zebra.png')",
    );
    copy("newer.db", "PRAGMA user_version = 99");
    vote(&project, "laptop.db", "carol", 0..3, "no");
    let before = votes_of(&project, "relabel.db");
    for name in ["other.db", "classes.db", "images.db", "newer.db"] {
        let failed = project.transcript(&["merge", "laptop.db", name]);
        assert!(failed.ends_with("exit 3\n"), "{failed}");
        // All files or none.
        assert_eq!(votes_of(&project, "relabel.db"), before);
    }
    insta::assert_snapshot!(project.transcript(&["merge", "other.db"]), @r"
    stderr: error: cannot merge other.db: it is another project, not a copy of this one
    stderr: hint: copies are made by copying the project file; another project's votes come by `export --as votes-csv` there and `import votes` here
    stderr: hint: nothing was merged
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["merge", "classes.db"]), @r#"
    stderr: error: cannot merge classes.db: 3 of its classes are not those of this project
    stderr:   class 0: "tench, Tinca tinca" (n01440764) here, "cat" (n01440764) there
    stderr:   class 3: "tiger shark, Galeocerdo cuvieri" (n01491361) here, "cat" (n01491361) there
    stderr:   class 1000: missing here, "new" there
    stderr: hint: a project keeps its classes; another one's votes come by `export --as votes-csv` there and `import votes` here
    stderr: hint: nothing was merged
    exit 3
    "#);
    insta::assert_snapshot!(project.transcript(&["merge", "images.db"]), @r"
    stderr: error: cannot merge images.db: 7 of its images are not those of this project
    stderr:   drawing-00.png: another file here than there
    stderr:   drawing-01.png: another file here than there
    stderr:   drawing-02.png: another file here than there
    stderr:   drawing-03.png: another file here than there
    stderr:   drawing-04.png: another file here than there
    stderr:   … and 2 more
    stderr: hint: give both copies the same images (`relabel import images`, `import labels`), then merge again
    stderr: hint: nothing was merged
    exit 3
    ");
    let newest = format!("up to {}", project.sql("PRAGMA user_version"));
    let refused = project.transcript(&["merge", "newer.db"]);
    insta::assert_snapshot!(refused.replace(&newest, "up to NEWEST\n"), @r"
    stderr: error: cannot merge newer.db: it has schema version 99; this relabel knows up to NEWEST
    stderr: hint: install the newest relabel here too
    stderr: hint: nothing was merged
    exit 3
    ");
}

#[test]
fn a_file_that_is_no_project_or_broken_is_refused() {
    let project = two_copies();
    project.write("text.db", "image,label\n".repeat(1000));
    project.write("empty.db", "");
    let whole = std::fs::read(project.path("laptop.db")).unwrap();
    project.write("cut.db", &whole[..whole.len() / 2]);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 3;
    damaged[middle..middle + 40_000].fill(0xA5);
    project.write("damaged.db", damaged);
    insta::assert_snapshot!(project.transcript(&["merge", "nothing.db"]), @r"
    stderr: error: cannot merge nothing.db: there is no such file
    stderr: hint: nothing was merged
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["merge", "text.db"]), @r"
    stderr: error: cannot merge text.db: it is not a relabel project
    stderr: hint: give the project file of the other copy (its relabel.db)
    stderr: hint: nothing was merged
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["merge", "empty.db"]), @r"
    stderr: error: cannot merge empty.db: it is not a relabel project
    stderr: hint: give the project file of the other copy (its relabel.db)
    stderr: hint: nothing was merged
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["merge", "images"]), @r"
    stderr: error: cannot merge images: it is not a relabel project
    stderr: hint: give the project file of the other copy (its relabel.db)
    stderr: hint: nothing was merged
    exit 3
    ");
    insta::assert_snapshot!(project.transcript(&["merge", "cut.db"]), @r"
    stderr: error: cannot merge cut.db: it is cut off or damaged: database disk image is malformed
    stderr: hint: copy it anew, when nobody has it open
    stderr: hint: nothing was merged
    exit 3
    ");
    let failed = project.transcript(&["merge", "damaged.db"]);
    assert!(
        failed.contains("cannot merge damaged.db: it is cut off or damaged: "),
        "{failed}"
    );
    assert!(
        failed.ends_with("hint: nothing was merged\nexit 3\n"),
        "{failed}"
    );
    insta::assert_snapshot!(project.transcript(&["merge"]), @r"
    stderr: error: the following required arguments were not provided:
    stderr:   <OTHER.db>...
    stderr: 
    stderr: Usage: relabel merge <OTHER.db>...
    stderr: 
    stderr: For more information, try '--help'.
    exit 2
    ");
}

#[test]
fn two_rows_under_one_number_are_refused_and_their_votes_can_still_come() {
    let project = two_copies();
    vote(&project, "relabel.db", "bob", 1..4, "no");
    std::fs::copy(project.database(), project.path("laptop.db")).unwrap();
    // As after a machine was cloned while somebody voted: the same numbers go to other votes.
    let other_votes = "DROP TRIGGER vote_is_never_changed;
        UPDATE vote SET answer = 2, spent = 700 WHERE rater = (SELECT id FROM rater WHERE name = 'bob') AND sequence < 3;
        CREATE TRIGGER vote_is_never_changed BEFORE UPDATE ON vote BEGIN SELECT RAISE(ABORT, 'votes are only ever added'); END;";
    meddle(&project.path("laptop.db"), other_votes);
    insta::assert_snapshot!(project.transcript(&["merge", "laptop.db"]), @r"
    stderr: error: cannot merge laptop.db: 2 of its votes and notes have the numbers of others that are here
    stderr:   number 1: bob's no on drawing-01.png, class 152 here, bob's yes on drawing-01.png, class 152 there
    stderr:   number 2: bob's no on drawing-02.png, class 153 here, bob's yes on drawing-02.png, class 153 there
    stderr: hint: one of the two was copied while it was being written, or changed by another program
    stderr: hint: to take its standing votes in as new ones: `relabel --project laptop.db export --as votes-csv -o votes.csv`, then `relabel import votes votes.csv`
    stderr: hint: nothing was merged
    exit 3
    ");
    // What the hint says.
    project.run(&[
        "--project",
        "laptop.db",
        "export",
        "--as",
        "votes-csv",
        "-o",
        "votes.csv",
    ]);
    insta::assert_snapshot!(project.transcript(&["import", "votes", "votes.csv"]), @"stderr: votes.csv: 2 votes of 2 raters imported, 3 known already");
    assert_eq!(
        votes_of(&project, "relabel.db")
            .matches("bob,main,yes")
            .count(),
        2
    );
}

/// The project as the version before would have it.
fn as_version_2(project: &Project, name: &str) {
    let path = project.path(name);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../src/store/schema.sql"))
        .unwrap();
    old.execute_batch(include_str!("../src/store/schema_2.sql"))
        .unwrap();
    let now = project.database();
    old.execute("ATTACH ?1 AS now", [now.to_str().unwrap()])
        .unwrap();
    old.execute_batch(
        "INSERT INTO setting SELECT * FROM now.setting;
         INSERT INTO class SELECT * FROM now.class;
         INSERT INTO image SELECT * FROM now.image;
         INSERT INTO rater SELECT * FROM now.rater;
         INSERT INTO round SELECT * FROM now.round;
         INSERT INTO task SELECT id, image, ordinal, position FROM now.task;
         INSERT INTO question SELECT id, image, class, task, position, added FROM now.question;
         CREATE TEMP TABLE key AS SELECT row_number() OVER () AS former, id, next FROM now.copy;
         INSERT INTO copy SELECT former, substr(printf('%012x', id), 1, 8) || '-' || substr(printf('%012x', id), 9) ||
             '-4d8d-8c22-4bb18e63a884', 'a machine', next FROM key;
         INSERT INTO vote SELECT question, round, rater, at, former, sequence, answer, spent
             FROM now.vote JOIN key ON key.id = copy;
         INSERT INTO note SELECT former, sequence, image, rater, kind, text, at FROM now.note JOIN key ON key.id = copy;
         PRAGMA application_id = 0x72656c62;
         PRAGMA user_version = 2;",
    )
    .unwrap();
}

#[test]
fn an_older_file_is_read_and_left_as_it_is() {
    let project = two_copies();
    vote(&project, "relabel.db", "bob", 1..4, "no");
    as_version_2(&project, "old.db");
    let before = others(&project);
    insta::assert_snapshot!(project.transcript(&["merge", "old.db"]), @r"
    file               taken in  here already
    old.db  votes             0             5
    old.db  notes             0             0
    old.db  questions         0             4
    old.db  raters            0             2
    ");
    insta::assert_snapshot!(project.transcript(&["--project", "laptop.db", "merge", "old.db"]), @r"
    file               taken in  here already
    old.db  votes             3             2
    old.db  notes             0             0
    old.db  questions         0             4
    old.db  raters            1             1
    ");
    assert_eq!(
        others(&project)[&project.path("old.db")],
        before[&project.path("old.db")]
    );
    assert!(!project.path("old.db.v2.db").exists());
    // Opened, it is brought up to date, and is still the same votes.
    project.run(&["--project", "old.db", "status"]);
    assert!(project.path("old.db.v2.db").exists());
    let again = project.run(&[
        "--project",
        "old.db",
        "merge",
        "relabel.db",
        "--format",
        "json",
    ]);
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(again["files"][0]["votes"]["taken"], 0);
    assert_eq!(again["files"][0]["votes"]["known"], 5);
}

#[test]
fn a_copy_that_somebody_votes_in_meanwhile_gives_what_was_recorded() {
    let project = two_copies();
    let arguments = [
        "--project",
        "laptop.db",
        "review",
        "--rater",
        "carol",
        "--pictures",
        "none",
    ];
    let mut carol = Terminal::open(project.folder(), &arguments, Opening::default());
    carol.wait_for_text("y yes");
    carol.keys("ynm");
    carol.wait_until("three answers", |screen| marks(screen).starts_with("ynm"));
    let merged = project.transcript(&["merge", "laptop.db"]);
    assert!(
        merged.contains(" votes             3             2\n"),
        "{merged}"
    );
    carol.keys("y");
    carol.wait_until("four answers", |screen| marks(screen).starts_with("ynmy"));
    let merged = project.transcript(&["merge", "laptop.db"]);
    assert!(
        merged.contains(" votes             1             5\n"),
        "{merged}"
    );
    carol.keys("q");
    carol.wait_for_text("label sets of");
    carol.keys("q");
    assert_eq!(carol.wait_for_end(), 0);
}

#[test]
fn a_merge_that_is_killed_changes_nothing() {
    let project = two_copies();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for rater in 0..120 {
        for drawing in 0..30 {
            for label in 0..6 {
                let class = 151 + drawing + 3 * label;
                writeln!(votes, "drawing-{drawing:02}.png,{class},r{rater},no").unwrap();
            }
        }
    }
    project.write("votes.csv", votes);
    project.run(&["--project", "laptop.db", "import", "votes", "votes.csv"]);
    let log = project.path("relabel.db-wal");
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let mut cut_off = 0;
    for _ in 0..4 {
        let mut merge = std::process::Command::new(assert_cmd::cargo::cargo_bin!("relabel"))
            .args(["merge", "laptop.db"])
            .current_dir(project.folder())
            .env("TMPDIR", project.folder())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // What does not fit into memory spills into the log: then it is in the middle.
        while bytes(&log) == 0 && merge.try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        merge.kill().unwrap();
        merge.wait().unwrap();
        let votes = project.sql("SELECT count(*) FROM vote");
        assert!(
            votes == "2\n" || votes == "21602\n",
            "half a merge: {votes}"
        );
        cut_off += usize::from(votes == "2\n");
    }
    assert!(cut_off > 0, "no merge was cut off");
    let raters = project.sql("SELECT count(*) FROM rater WHERE name LIKE 'r%'");
    assert!(raters == "0\n" || raters == "120\n", "{raters}");
    assert!(project.run(&["doctor"]).contains("sound"));
    project.run(&["merge", "laptop.db"]);
    assert_eq!(project.sql("SELECT count(*) FROM vote"), "21602\n");
}
