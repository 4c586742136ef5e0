//! An answer is corrected in a later sitting: the task is found again, and nothing but the changed vote is added.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::fmt::Write as _;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{footer, header, image, marks, selected};
use relabel::domain::ClassIndex;
use relabel::store::{PlannedTask, Store};

fn sit_down(project: &Project, arguments: &[&str]) -> Terminal {
    let arguments = [arguments, &["--pictures", "none"]].concat();
    let opening = Opening {
        columns: 120,
        rows: 40,
        ..Opening::default()
    };
    Terminal::open(project.folder(), &arguments, opening)
}

fn open(project: &Project, arguments: &[&str]) -> Terminal {
    let mut terminal = sit_down(project, arguments);
    terminal.wait_until("a task", |terminal| selected(terminal).is_some());
    terminal
}

fn alice(project: &Project) -> Terminal {
    open(project, &["review", "--rater", "alice"])
}

fn leave(mut terminal: Terminal) {
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// Waits for the marks of the task on the screen.
fn recorded(terminal: &mut Terminal, wanted: &str) {
    terminal.wait_until(wanted, |terminal| marks(terminal) == wanted);
}

/// Answers tasks with no, one after the other.
fn no_to(terminal: &mut Terminal, tasks: usize) {
    for _ in 0..tasks {
        let former = image(terminal);
        terminal.keys("N");
        terminal.wait_until("answers", |terminal| !marks(terminal).contains(['·', '…']));
        terminal.keys("\r");
        terminal.wait_until("the next task", |terminal| {
            image(terminal) != former && selected(terminal).is_some()
        });
    }
}

/// The list's rows, without the pointer and the time.
fn rows(terminal: &Terminal) -> Vec<String> {
    let text = terminal.text();
    let rows = text.lines().filter_map(|line| {
        let row = line.trim_start_matches([' ', '▸']);
        let words: Vec<&str> = row.split_whitespace().collect();
        let is_time = |word: &&&str| !word.starts_with("20") && !word.contains(':');
        row.starts_with("task ").then(|| {
            words
                .iter()
                .filter(is_time)
                .copied()
                .collect::<Vec<_>>()
                .join(" ")
        })
    });
    rows.collect()
}

/// Opens the list and types what is looked for.
fn look_for(terminal: &mut Terminal, text: &str, first: &str) {
    terminal.keys("e");
    terminal.wait_for_text("earlier answers");
    terminal.keys(text);
    terminal.wait_until(first, |terminal| {
        rows(terminal)
            .first()
            .is_some_and(|row| row.starts_with(first))
    });
}

/// Every vote row: image, class, rater, round, code.
fn votes(project: &Project) -> Vec<String> {
    let rows = project.sql(
        "SELECT image.name, question.class, rater.name, round.name, ifnull(vote.answer, '-')
         FROM vote JOIN question ON question.id = vote.question JOIN image ON image.id = question.image
         JOIN rater ON rater.id = vote.rater JOIN round ON round.id = vote.round
         ORDER BY vote.at, vote.copy, vote.sequence",
    );
    rows.lines().map(str::to_owned).collect()
}

/// What was added to the votes since.
fn added(project: &Project, before: &[String]) -> Vec<String> {
    let after = votes(project);
    assert_eq!(after[..before.len()], *before, "votes are only ever added");
    after[before.len()..].to_vec()
}

#[test]
fn a_rater_finds_a_task_of_an_earlier_sitting_and_changes_one_answer() {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", "1"]);
    let mut terminal = alice(&project);
    no_to(&mut terminal, 3);
    leave(terminal);
    let before = votes(&project);
    assert_eq!(before.len(), 18);

    let mut terminal = alice(&project);
    assert!(
        header(&terminal).contains("task 4 of 30"),
        "{}",
        header(&terminal)
    );
    assert!(
        footer(&terminal).contains("e earlier"),
        "{}",
        footer(&terminal)
    );
    terminal.keys("e");
    terminal.wait_until("the list", |terminal| rows(terminal).len() == 3);
    assert_eq!(
        rows(&terminal),
        [
            "task 3 image 3 n n n n n n",
            "task 2 image 2 n n n n n n",
            "task 1 image 1 n n n n n n",
        ]
    );
    // By number, and back without a change.
    terminal.keys("2");
    terminal.wait_until("task 2", |terminal| rows(terminal).len() == 1);
    terminal.keys("\r");
    recorded(&mut terminal, "nnnnnn");
    assert_eq!(image(&terminal).unwrap().0, "image 2");
    assert!(
        header(&terminal).contains("earlier task"),
        "{}",
        header(&terminal)
    );
    terminal.keys("\r");
    terminal.wait_until("the task before", |terminal| {
        header(terminal).contains("task 4 of 30") && marks(terminal) == "······"
    });
    // Out of the list.
    terminal.keys("e");
    terminal.wait_until("the list", |terminal| rows(terminal).len() == 3);
    terminal.keys("\x1b[B\x1b[B\r");
    terminal.wait_until("image 1", |terminal| {
        image(terminal).is_some_and(|(image, _)| image == "image 1") && marks(terminal) == "nnnnnn"
    });
    terminal.keys("2y");
    recorded(&mut terminal, "nynnnn");
    terminal.keys("\r");
    terminal.wait_for_text("task 4 of 30");
    assert_eq!(
        added(&project, &before),
        ["drawing-00.png|154|alice|main|2"]
    );
    let claims = "SELECT count(*) FROM claim WHERE task IN (
        SELECT task FROM question JOIN image ON image.id = question.image WHERE image.name < 'drawing-03.png')";
    assert_eq!(project.sql(claims), "0\n", "no place is asked for");
    // The change is taken back as every step is.
    terminal.keys("uu");
    terminal.wait_until("no again", |terminal| marks(terminal) == "nnnnnn");
    leave(terminal);
    assert_eq!(votes(&project).len(), before.len() + 2);
}

#[test]
fn a_task_is_found_after_a_new_plan_without_what_is_asked_no_more() {
    let project = Project::of_drawings();
    let mut terminal = alice(&project);
    no_to(&mut terminal, 2);
    leave(terminal);
    let before = votes(&project);
    let store = Store::open(&project.database()).unwrap();
    let images = store.images().unwrap();
    let task = |number: usize, labels: &[u32]| PlannedTask {
        image: images[number].id,
        ordinal: 0,
        labels: labels.iter().map(|class| ClassIndex(*class)).collect(),
    };
    // The second drawing is asked no more; of the first one label is, with a new one before it.
    let plan = [task(7, &[158]), task(0, &[281, 160])];
    store.atomically(|store| store.replace_plan(&plan)).unwrap();
    drop(store);

    let mut terminal = alice(&project);
    terminal.keys("e");
    terminal.wait_until("the list", |terminal| !rows(terminal).is_empty());
    assert_eq!(rows(&terminal), ["task 1 image 1 · n"]);
    terminal.keys("\r");
    recorded(&mut terminal, "·n");
    terminal.keys("2m");
    recorded(&mut terminal, "·m");
    // The new label has no answer yet, and need not get one now.
    terminal.keys("\r");
    terminal.wait_for_text("one label is still open; s goes back");
    terminal.keys("s");
    terminal.wait_until("the first task", |terminal| {
        image(terminal).is_some_and(|(image, _)| image == "image 8")
    });
    leave(terminal);
    assert_eq!(
        added(&project, &before),
        ["drawing-00.png|160|alice|main|1"]
    );
}

#[test]
fn the_closing_screen_leads_there_and_back() {
    let project = Project::of_drawings();
    let mut terminal = alice(&project);
    no_to(&mut terminal, 1);
    let before = votes(&project);
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    assert!(
        footer(&terminal).contains("e earlier"),
        "{}",
        footer(&terminal)
    );
    look_for(&mut terminal, "1", "task 1 image 1");
    terminal.keys("\r");
    recorded(&mut terminal, "nnnnnn");
    terminal.keys("6y");
    recorded(&mut terminal, "nnnnny");
    terminal.keys("\r");
    terminal.wait_for_text("label sets of");
    terminal.keys("e");
    terminal.wait_for_text("earlier answers");
    terminal.keys("\x1b");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
    assert_eq!(
        added(&project, &before),
        ["drawing-00.png|166|alice|main|2"]
    );
}

#[test]
fn experts_and_adjudicators_correct_their_own_answers_and_adjudicators_find_them_by_name() {
    let project = Project::of_drawings();
    let mut votes_of = "image,label,rater,answer\n".to_owned();
    for drawing in [0, 4] {
        for (rater, answer) in [("vera", "yes"), ("walt", "no")] {
            writeln!(
                votes_of,
                "drawing-{drawing:02}.png,{},{rater},{answer}",
                151 + drawing
            )
            .unwrap();
        }
    }
    project.write("votes.csv", votes_of);
    project.run(&["import", "votes", "votes.csv"]);
    project.run(&["rater", "add", "erin", "--role", "expert"]);
    project.run(&["rater", "add", "dora", "--role", "adjudicator"]);

    let gold = ["review", "--rater", "erin", "--round", "gold"];
    let mut erin = open(&project, &gold);
    no_to(&mut erin, 2);
    leave(erin);
    let before = votes(&project);
    let mut erin = open(&project, &gold);
    look_for(&mut erin, "1", "task 1 image 1");
    erin.keys("\r");
    recorded(&mut erin, "nnnnnn");
    erin.keys("1y");
    recorded(&mut erin, "ynnnnn");
    leave(erin);
    assert_eq!(added(&project, &before), ["drawing-00.png|151|erin|gold|2"]);

    let decides = ["review", "--rater", "dora", "--order", "disputed"];
    let mut dora = open(&project, &decides);
    dora.keys("y");
    dora.wait_for_text("decided yes by dora");
    leave(dora);
    let before = votes(&project);
    let mut dora = open(&project, &decides);
    look_for(&mut dora, "ing-0", "task 1 drawing-0");
    dora.keys("\r");
    dora.wait_for_text("decided yes by dora");
    dora.keys("1n");
    dora.wait_for_text("decided no by dora");
    leave(dora);
    let decided = added(&project, &before);
    assert_eq!(decided.len(), 1, "{decided:?}");
    assert!(decided[0].ends_with("|dora|decision|0"), "{decided:?}");
}

#[test]
fn an_auditor_corrects_an_answer_and_the_audit_goes_on_where_it_was() {
    let project = Project::of_drawings();
    let mut labels = "image,label\n".to_owned();
    for number in 0..30 {
        writeln!(labels, "drawing-{number:02}.png,{}", 151 + number).unwrap();
    }
    project.write("labels.csv", labels);
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["audit", "plan", "--seed", "7", "--tolerance", "0.05"]);
    let audit = ["audit", "review", "--rater", "ada"];
    let mut ada = open(&project, &audit);
    for key in ["y", "y", "n"] {
        let former = image(&ada);
        ada.keys(key);
        ada.wait_until("the next label", |ada| {
            image(ada) != former && selected(ada).is_some()
        });
    }
    leave(ada);
    let before = votes(&project);
    assert_eq!(before.len(), 3);

    let mut ada = open(&project, &audit);
    let next = image(&ada);
    ada.keys("e");
    ada.wait_until("the list", |ada| rows(ada).len() == 3);
    let listed = rows(&ada);
    assert!(
        listed[0].starts_with("task 3 image ") && listed[0].ends_with(" n"),
        "{listed:?}"
    );
    ada.keys("1");
    ada.wait_until("the first", |ada| {
        rows(ada)
            .first()
            .is_some_and(|row| row.starts_with("task 1 "))
    });
    ada.keys("\r");
    recorded(&mut ada, "y");
    // An answer goes back by itself, as it goes on by itself.
    ada.keys("1m");
    ada.wait_until("the label before", |ada| {
        image(ada) == next && marks(ada) == "·"
    });
    leave(ada);
    let changed = added(&project, &before);
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].ends_with("|ada|audit|1"), "{changed:?}");
    let said = project.run(&["audit", "result"]);
    assert!(said.contains(" maybe                  1"), "{said}");
}

#[test]
fn what_is_asked_a_second_time_is_not_listed_until_it_is_answered() {
    let project = Project::of_drawings();
    let mut terminal = alice(&project);
    no_to(&mut terminal, 12);
    leave(terminal);
    project.run(&["plan", "--retest", "0.2"]);
    // Somebody else says yes to the first label of each.
    let mut others = "image,label,rater,answer\n".to_owned();
    for drawing in 0..12 {
        writeln!(
            others,
            "drawing-{drawing:02}.png,{},vera,yes",
            151 + drawing
        )
        .unwrap();
    }
    project.write("votes.csv", others);
    project.run(&["import", "votes", "votes.csv"]);
    let before = votes(&project);
    let mut terminal = alice(&project);
    let total: usize = header(&terminal)
        .split_once(" of ")
        .and_then(|(_, after)| after.split_whitespace().next()?.parse().ok())
        .unwrap();
    let again = total - 30;
    assert!((1..12).contains(&again), "{again} of 12 come a second time");
    // Nor does the closing screen tell what others said of them.
    terminal.keys("q");
    terminal.wait_for_text(&format!(" {} disputes on images that", 12 - again));
    terminal.keys("b");
    terminal.wait_for_text("y yes");
    terminal.keys("e");
    terminal.wait_until("the list", |terminal| !rows(terminal).is_empty());
    let listed = rows(&terminal);
    assert_eq!(listed.len(), 12 - again, "{listed:?}");
    // A corrected answer to one of the others is a vote of the round, not of the second pass.
    terminal.keys("\r");
    recorded(&mut terminal, "nnnnnn");
    terminal.keys("1y");
    recorded(&mut terminal, "ynnnnn");
    terminal.keys("\r");
    recorded(&mut terminal, "······");
    let changed = added(&project, &before);
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert!(changed[0].ends_with("|alice|main|2"), "{changed:?}");
    // Once such a task is answered again it is listed like all others, with the answer just given.
    let mut seen = 0;
    while project.sql("SELECT count(*) FROM vote JOIN round ON round.id = vote.round WHERE round.name = 'main retest'") == "0\n" {
        let former = image(&terminal);
        terminal.keys("ymmmmm");
        recorded(&mut terminal, "ymmmmm");
        seen += 1;
        assert!(seen < 30, "no task came a second time");
        terminal.keys("\r");
        terminal.wait_until("the next task", |terminal| {
            image(terminal) != former && selected(terminal).is_some()
        });
    }
    terminal.keys("e");
    terminal.wait_until("the list", |terminal| {
        rows(terminal).len() == listed.len() + seen
    });
    let now = rows(&terminal);
    assert!(
        now[..seen].iter().all(|row| row.ends_with("y m m m m m")),
        "{now:?}"
    );
    leave_list(terminal);
}

fn leave_list(mut terminal: Terminal) {
    terminal.keys("\x1b");
    terminal.wait_for_text("y yes");
    leave(terminal);
}
