//! `review --order value`: the task whose votes are worth most comes first, by everybody's votes up to now.
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
use common::screen::{header, image, is_ready, labels, marks};

/// Votes of a rater on all six labels of some drawings.
fn votes(project: &Project, rater: &str, answers: impl Fn(u32, u32) -> Option<&'static str>) {
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in 0..30 {
        for label in 0..6 {
            if let Some(answer) = answers(drawing, label) {
                let class = 151 + drawing + 3 * label;
                writeln!(votes, "drawing-{drawing:02}.png,{class},{rater},{answer}").unwrap();
            }
        }
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
}

/// Two raters agree on all drawings, but not on 12, and only half on 20.
fn contested() -> Project {
    let project = Project::of_drawings();
    votes(&project, "ann", |_, _| Some("no"));
    votes(&project, "bob", |drawing, label| match drawing {
        12 => Some("yes"),
        20 if label < 3 => Some("yes"),
        _ => Some("no"),
    });
    project
}

fn open(project: &Project, rater: &str) -> Terminal {
    project.join(rater, "rater");
    let arguments = [
        "review",
        "--names",
        "--rater",
        rater,
        "--pictures",
        "none",
        "--order",
        "value",
    ];
    let mut terminal = Terminal::open(project.folder(), &arguments, Opening::default());
    terminal.wait_until("task", is_ready);
    terminal
}

/// Waits until the first task and the three behind it are handed out.
fn wait_for_claims(project: &Project) {
    while project.sql("SELECT count(*) FROM claim") != "4\n" {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// The number of the drawing on the screen.
fn now(terminal: &Terminal) -> Option<u32> {
    let (name, _) = image(terminal)?;
    name.strip_prefix("drawing-")?
        .strip_suffix(".png")?
        .parse()
        .ok()
}

/// Answers the task on the screen with no, and goes on to the next one; the drawing that was answered.
fn answer(terminal: &mut Terminal) -> u32 {
    let former = now(terminal);
    terminal.keys("N");
    terminal.wait_until("answers", |terminal| !marks(terminal).contains('·'));
    terminal.keys("\r");
    terminal.wait_until("what comes next", |terminal| {
        let is_other = now(terminal).is_some_and(|next| Some(next) != former);
        is_other && is_ready(terminal) || terminal.text().contains("this sitting")
    });
    former.unwrap()
}

fn leave(mut terminal: Terminal) {
    terminal.keys("qq");
    assert_eq!(terminal.wait_for_end(), 0);
}

#[test]
fn what_raters_disagree_on_comes_first_and_votes_of_others_change_what_comes_next() {
    let project = contested();
    let mut cem = open(&project, "cem");
    assert!(header(&cem).contains("task 1 of 30"), "{}", header(&cem));
    assert_eq!(now(&cem), Some(12));
    // The next three are made ready.
    wait_for_claims(&project);
    // Meanwhile somebody else contradicts the first two on another drawing.
    votes(&project, "dan", |drawing, _| {
        (drawing == 25).then_some("yes")
    });
    let order: Vec<u32> = (0..6).map(|_| answer(&mut cem)).collect();
    assert_eq!(order, [12, 20, 0, 1, 25, 2]);
    // Every task is asked once all the same.
    let mut all = order;
    while now(&cem).is_some() {
        all.push(answer(&mut cem));
    }
    all.sort_unstable();
    assert_eq!(all, (0..30).collect::<Vec<u32>>());
    cem.keys("q");
    assert_eq!(cem.wait_for_end(), 0);
}

#[test]
fn a_task_whose_last_place_somebody_is_at_is_left_to_them() {
    let project = contested();
    project.run(&["plan", "--raters", "3"]);
    let cem = open(&project, "cem");
    assert_eq!(now(&cem), Some(12));
    // The next three were made ready for cem as well.
    wait_for_claims(&project);
    let dan = open(&project, "dan");
    assert_eq!(now(&dan), Some(2));
    leave(dan);
    leave(cem);
    let dan = open(&project, "dan");
    assert_eq!(now(&dan), Some(12));
    leave(dan);
}

#[test]
fn settled_questions_are_worth_nothing_and_are_not_asked() {
    let project = contested();
    votes(&project, "cem", |drawing, label| match drawing {
        12 if label < 2 => Some("yes"),
        _ => Some("no"),
    });
    project.run(&["plan", "--raters", "6", "--stop", "0.05"]);
    project.run(&["aggregate", "--method", "dawid-skene"]);
    let mut eve = open(&project, "eve");
    // Of all drawings these alone have labels that are not settled.
    let mut asked = Vec::new();
    while let Some(drawing) = now(&eve) {
        asked.push((drawing, labels(&eve).len()));
        answer(&mut eve);
    }
    let expected = project.sql(
        "SELECT image.name, count(*) FROM score JOIN question ON question.id = score.question
         JOIN image ON image.id = question.image
         WHERE score BETWEEN 0.05 AND 0.95 GROUP BY 1 ORDER BY 1",
    );
    assert!(!asked.is_empty());
    asked.sort_unstable();
    let asked = asked
        .iter()
        .map(|(drawing, labels)| format!("drawing-{drawing:02}.png|{labels}\n"));
    assert_eq!(asked.collect::<String>(), expected);
    eve.keys("q");
    assert_eq!(eve.wait_for_end(), 0);
}

#[test]
fn gold_keeps_its_places_among_the_most_valuable() {
    let project = contested();
    let mut gold = "image,label,rater,answer\n".to_owned();
    for drawing in 0..10 {
        for label in 0..6 {
            writeln!(
                gold,
                "drawing-{drawing:02}.png,{},erin,no",
                151 + drawing + 3 * label
            )
            .unwrap();
        }
    }
    project.write("gold.csv", gold);
    project.run(&[
        "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
    project.run(&["plan", "--gold", "0.4"]);
    let mut cem = open(&project, "cem");
    let mut order = Vec::new();
    while now(&cem).is_some() {
        order.push(answer(&mut cem));
    }
    let (gold, ordinary): (Vec<u32>, Vec<u32>) = order.iter().partition(|drawing| **drawing < 10);
    assert_eq!(ordinary[..4], [12, 20, 10, 11]);
    assert_eq!(ordinary.len(), 20);
    assert!(
        gold.len() >= 4 && order[..20].iter().any(|drawing| *drawing < 10),
        "{order:?}"
    );
    cem.keys("q");
    assert_eq!(cem.wait_for_end(), 0);
}
