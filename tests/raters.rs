//! Many raters on one project file at once: who gets which task, and that no vote is lost or counted twice.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use common::Project;
use common::pty::{Opening, PATIENCE, Terminal};
use common::screen::{header, image, is_ready, labels, marks};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn sit_down(project: &Project, rater: &str) -> Terminal {
    project.join(rater, "rater");
    let arguments = ["review", "--rater", rater, "--pictures", "none", "--names"];
    Terminal::open(project.folder(), &arguments, Opening::default())
}

fn open(project: &Project, rater: &str) -> Terminal {
    let mut terminal = sit_down(project, rater);
    terminal.wait_until("task", is_ready);
    terminal
}

/// Waits until the tasks behind the one on the screen are claimed too.
fn claimed(project: &Project, tasks: usize) {
    let end = Instant::now() + PATIENCE;
    let count = || {
        project
            .sql("SELECT count(*) FROM claim")
            .trim()
            .parse::<usize>()
    };
    while count() != Ok(tasks) {
        assert!(Instant::now() < end, "{:?} claims", count());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The image of the task on the screen.
fn now(terminal: &Terminal) -> String {
    image(terminal).unwrap().0
}

/// Answers the task on the screen with no, and goes on to the next one; the image that was answered.
fn answer(terminal: &mut Terminal) -> String {
    let former = now(terminal);
    terminal.keys("N");
    terminal.wait_until("answers", |terminal| !marks(terminal).contains('·'));
    terminal.keys("\r");
    terminal.wait_until("what comes next", |terminal| {
        image(terminal).is_none_or(|(image, _)| image != former && is_ready(terminal))
    });
    former
}

fn leave(mut terminal: Terminal) {
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn a_task_that_somebody_is_at_goes_to_nobody_else_when_it_needs_one_rater() {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", "1"]);
    let mut alice = open(&project, "alice");
    assert_eq!(now(&alice), "drawing-00.png");
    // Her task, and those that are made ready for her.
    claimed(&project, 4);
    let mut bob = open(&project, "bob");
    assert_eq!(now(&bob), "drawing-04.png");

    // Who leaves gives back what was not answered.
    answer(&mut alice);
    leave(alice);
    answer(&mut bob);
    leave(bob);
    let cem = open(&project, "cem");
    assert_eq!(now(&cem), "drawing-01.png");
    assert!(
        header(&cem).contains("task 1 of 28"),
        "what others have done is no work of his: {}",
        header(&cem)
    );
    leave(cem);
}

#[test]
fn a_line_that_was_dropped_frees_its_task_at_once_and_a_killed_process_in_ten_minutes() {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", "1"]);
    let alice = open(&project, "alice");
    alice.hang_up().wait_for_end();
    let mut bob = open(&project, "bob");
    assert_eq!(now(&bob), "drawing-00.png");
    claimed(&project, 4);
    bob.kill();

    let cem = open(&project, "cem");
    assert_eq!(now(&cem), "drawing-04.png");
    leave(cem);
    // Whoever was killed finds the task again.
    let mut bob = open(&project, "bob");
    assert_eq!(now(&bob), "drawing-00.png");
    bob.kill();
    let left = project.sql("SELECT max(until) - unixepoch('subsec') * 1000 <= 600000 FROM claim");
    assert_eq!(left, "1\n");
    project.sql("UPDATE claim SET until = unixepoch('subsec') * 1000");
    let cem = open(&project, "cem");
    assert_eq!(now(&cem), "drawing-00.png");
    leave(cem);
}

#[test]
fn a_task_that_is_put_last_goes_to_others_at_once() {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", "1"]);
    let mut alice = open(&project, "alice");
    alice.keys("n");
    alice.wait_until("an answer", |terminal| marks(terminal) == "n·····");
    alice.keys("s");
    alice.wait_until("the next task", |terminal| {
        now(terminal) == "drawing-01.png"
    });
    let bob = open(&project, "bob");
    assert_eq!(now(&bob), "drawing-00.png");
    // Taking it back asks for the place again, which is taken.
    alice.keys("u");
    alice.wait_for_text("others have the task that was put last");
    assert_eq!(now(&alice), "drawing-01.png");
    leave(bob);
    leave(alice);
    let mut alice = open(&project, "alice");
    assert_eq!(now(&alice), "drawing-00.png");
    assert_eq!(marks(&alice), "n·····");
    // Nobody has come: it is back with the answer.
    alice.keys("s");
    alice.wait_until("the next task", |terminal| {
        now(terminal) == "drawing-01.png"
    });
    alice.keys("u");
    alice.wait_until("the task", |terminal| {
        image(terminal).is_some_and(|(image, _)| image == "drawing-00.png") && is_ready(terminal)
    });
    assert_eq!(marks(&alice), "n·····");
    leave(alice);
}

#[test]
fn two_windows_of_one_rater_have_different_tasks() {
    let project = Project::of_drawings();
    let first = open(&project, "alice");
    claimed(&project, 4);
    let second = open(&project, "alice");
    claimed(&project, 8);
    assert_eq!(now(&first), "drawing-00.png");
    assert_eq!(now(&second), "drawing-04.png");
    // Who leaves one of them gives back what was claimed in it alone.
    leave(second);
    let second = open(&project, "alice");
    claimed(&project, 8);
    assert_eq!(now(&second), "drawing-04.png");
    leave(first);
    let first = open(&project, "alice");
    assert_eq!(now(&first), "drawing-00.png");
    leave(first);
    leave(second);
}

#[test]
fn what_others_are_at_is_told_on_the_closing_screen() {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", "1"]);
    let alice = open(&project, "alice");
    let mut bob = open(&project, "bob");
    for _ in 0..25 {
        answer(&mut bob);
    }
    bob.keys("N\r");
    bob.wait_for_text("4 tasks were left out: enough raters are at it now");
    bob.keys("q");
    assert_eq!(bob.wait_for_end(), 0);
    leave(alice);
    let bob = open(&project, "bob");
    assert_eq!(now(&bob), "drawing-00.png");
    leave(bob);
}

#[test]
fn experts_and_those_who_look_at_disputes_are_asked_whoever_has_answered() {
    let project = Project::of_drawings();
    project.run(&["plan", "--raters", "1"]);
    let alice = open(&project, "alice");
    project.run(&["rater", "add", "erin", "--role", "expert"]);
    let erin = open(&project, "erin");
    assert_eq!(now(&erin), "drawing-00.png");
    leave(erin);
    leave(alice);
}

/// Experts' answers to the first drawings.
fn with_gold(project: &Project, drawings: u32) {
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in 0..drawings {
        for label in 0..6 {
            let class = 151 + drawing + 3 * label;
            votes += &format!("drawing-{drawing:02}.png,{class},erin,no\n");
        }
    }
    project.write("gold.csv", votes);
    let import = ["import", "votes", "gold.csv", "--round", "gold"];
    project.run(&[&import[..], &["--role", "expert"]].concat());
}

#[test]
fn gold_is_strewn_among_the_tasks_of_every_rater_and_marked_nowhere() {
    let project = Project::of_drawings();
    with_gold(&project, 10);
    let told = project.run(&["plan", "--raters", "1", "--gold", "0.3"]);
    assert!(
        told.contains("gold") && told.contains("30 %") && told.contains("in 10 tasks, unmarked"),
        "{told}"
    );
    let mut gold_of: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for rater in ["alice", "bob"] {
        let mut terminal = open(&project, rater);
        let begins = header(&terminal);
        while image(&terminal).is_some() {
            let done = answer(&mut terminal);
            if done.as_str() < "drawing-10.png" {
                gold_of.entry(rater).or_default().insert(done);
            }
            if gold_of.get(rater).is_some_and(|gold| gold.len() >= 2) {
                break;
            }
        }
        assert!(!begins.contains("gold"), "{begins}");
        terminal.kill();
    }
    // Both got gold, though each task wants one rater.
    assert!(gold_of.values().all(|gold| gold.len() == 2), "{gold_of:?}");
    let votes = project.sql(
        "SELECT count(*) > 0 FROM vote JOIN question ON question.id = vote.question
         JOIN image ON image.id = question.image JOIN rater ON rater.id = vote.rater
         WHERE rater.name = 'bob' AND image.name < 'drawing-10.png'",
    );
    assert_eq!(votes, "1\n");
    let agreement = project.run(&["agreement", "--format", "json"]);
    let agreement: serde_json::Value = serde_json::from_str(&agreement).unwrap();
    assert!(agreement.to_string().contains("gold"), "{agreement}");
}

#[test]
fn retests_come_in_a_later_sitting_and_measure_a_rater_against_herself() {
    let project = Project::of_drawings();
    project.run(&["plan", "--retest", "0.5"]);
    let mut alice = open(&project, "alice");
    let first: BTreeSet<String> = (0..8).map(|_| answer(&mut alice)).collect();
    leave(alice);
    let mut alice = open(&project, "alice");
    let mut again = Vec::new();
    while again.len() < 3 {
        let former = now(&alice);
        if first.contains(&former) {
            // Blind to what she said before.
            assert_eq!(marks(&alice), "······");
            again.push(former);
        }
        answer(&mut alice);
    }
    leave(alice);
    let rounds = project.sql(
        "SELECT round.name, count(DISTINCT image) >= 3 FROM vote JOIN round ON round.id = vote.round
         JOIN question ON question.id = vote.question GROUP BY round.id ORDER BY round.id",
    );
    assert_eq!(rounds, "main|1\nmain retest|1\n");
    let told = project.run(&["agreement", "--by", "rater"]);
    assert!(told.contains("alike  asked twice"), "{told}");
    assert!(
        told.contains("test-retest: 18 of 18 questions answered alike"),
        "{told}"
    );
}

#[test]
fn status_warns_of_raters_who_fall_below_the_bound_on_gold() {
    let project = Project::of_drawings();
    with_gold(&project, 10);
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in 0..10 {
        for label in 0..6 {
            let class = 151 + drawing + 3 * label;
            for (rater, wrong) in [("alice", 0), ("bob", 4), ("cem", 2)] {
                let answer = ["no", "yes"][usize::from(label < wrong)];
                votes += &format!("drawing-{drawing:02}.png,{class},{rater},{answer}\n");
            }
        }
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    let told = project.run(&["status"]);
    let warnings: Vec<&str> = told
        .lines()
        .filter(|line| line.contains("warning"))
        .collect();
    insta::assert_snapshot!(warnings.join("\n"), @r"
    warning: bob is below 70 % right on gold: 33.3 % of 60 answers (95 %: 22.7–45.9)
    warning: cem may be below 70 % right on gold: 66.7 % of 60 answers (95 %: 54.1–77.3)
    ");
    assert!(
        !project
            .run(&["status", "--gold-bound", "0.3"])
            .contains("warning")
    );
}

/// Processes and seconds; a long run by `RELABEL_STRESS=50x60`.
fn stress() -> (usize, u64) {
    let told = std::env::var("RELABEL_STRESS").unwrap_or_default();
    let told = told.split_once('x');
    told.and_then(|(processes, seconds)| Some((processes.parse().ok()?, seconds.parse().ok()?)))
        .unwrap_or((8, 4))
}

#[test]
fn processes_that_vote_and_are_killed_at_random_lose_no_vote_and_double_none() {
    let (processes, seconds) = stress();
    let project = Project::of_drawings();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let names: Vec<String> = (0..processes).map(|n| format!("rater-{n:02}")).collect();
    project.run(&["plan", "--raters", &processes.to_string()]);
    let mut open: Vec<Option<Terminal>> = names
        .iter()
        .map(|name| Some(sit_down(&project, name)))
        .collect();
    // Per rater and image, the most answers that a frame has shown as recorded.
    let mut shown: BTreeMap<(String, String), usize> = BTreeMap::new();
    // Who is told that a key did not count rests before the next one.
    let mut resting: BTreeMap<String, Instant> = BTreeMap::new();
    let mut killed = 0;
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        for (name, place) in names.iter().zip(&mut open) {
            let terminal = place.get_or_insert_with(|| sit_down(&project, name));
            terminal.catch_up();
            let text = terminal.text();
            assert!(!text.contains("NOT recorded"), "{text}");
            assert!(!text.contains("locked") && !text.contains("busy"), "{text}");
            if let Some((image, _)) = image(terminal)
                && !labels(terminal).is_empty()
            {
                let marks = marks(terminal);
                let recorded = marks.chars().filter(|mark| "ynm".contains(*mark));
                let most = shown.entry((name.clone(), image)).or_default();
                *most = recorded.count().max(*most);
            }
            if random.random_bool(0.004) {
                terminal.kill();
                killed += 1;
                *place = None;
                continue;
            }
            if text.contains("not counted") {
                let rest = Duration::from_millis(750);
                let until = *resting.entry(name.clone()).or_insert(Instant::now() + rest);
                if Instant::now() < until {
                    continue;
                }
            }
            resting.remove(name);
            let key = ["y", "n", "m", "\r", "\r"].choose(&mut random).unwrap();
            terminal.keys(key);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    for terminal in open.iter_mut().flatten() {
        terminal.kill();
    }
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
    let on_disk: BTreeMap<(String, String), usize> = project
        .sql(
            "SELECT rater.name, image.name, count(DISTINCT question.id) FROM vote
             JOIN rater ON rater.id = vote.rater JOIN question ON question.id = vote.question
             JOIN image ON image.id = question.image GROUP BY 1, 2",
        )
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split('|').collect();
            (
                (cells[0].to_owned(), cells[1].to_owned()),
                cells[2].parse().unwrap(),
            )
        })
        .collect();
    for (key, recorded) in &shown {
        let kept = on_disk.get(key).copied().unwrap_or(0);
        assert!(kept >= *recorded, "{key:?}: {kept} of {recorded} on disk");
    }
    let doubled = "SELECT count(*) - count(DISTINCT copy || ' ' || sequence) FROM vote";
    assert_eq!(project.sql(doubled), "0\n");
    let votes: f64 = project
        .sql("SELECT count(*) FROM vote")
        .trim()
        .parse()
        .unwrap();
    assert!(votes > 0.0);
    eprintln!(
        "{processes} processes, {killed} killed: {:.0} votes a second",
        votes / seconds as f64
    );
}

#[test]
fn gold_is_asked_of_as_many_raters_as_everything_else() {
    let project = Project::of_drawings();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in 0..30 {
        votes += &format!("drawing-{drawing:02}.png,{},erin,no\n", 151 + drawing);
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv", "--role", "expert"]);
    project.run(&["plan", "--raters", "1", "--gold", "0.05"]);
    // There is nothing but gold to strew among.
    let mut alice = open(&project, "alice");
    assert!(
        header(&alice).contains("task 1 of 30"),
        "{}",
        header(&alice)
    );
    answer(&mut alice);
    leave(alice);
    let bob = open(&project, "bob");
    assert!(header(&bob).contains("task 1 of 29"), "{}", header(&bob));
    leave(bob);
}
