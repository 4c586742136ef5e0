//! What each role may do and see: adjudicators decide, experts make gold, auditors count nowhere, and nobody but an
//! adjudicator sees what others said.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{is_ready, labels, marks, selected};
use serde_json::{Value, json};

/// Two drawings with disputes: of drawing 0 the labels 1 and 3 (classes 154 and 160), of drawing 4 label 0 (class 155); all else has
/// two votes of no.
fn disputed() -> Project {
    let project = Project::of_drawings();
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in [0, 4] {
        for label in 0..6 {
            let class = 151 + drawing + 3 * label;
            let is_disputed = [(0, 1), (0, 3), (4, 0)].contains(&(drawing, label));
            let second = if is_disputed { "yes" } else { "no" };
            votes += &format!("drawing-{drawing:02}.png,{class},alice,no\n");
            votes += &format!("drawing-{drawing:02}.png,{class},bob,{second}\n");
        }
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project.write(
        "labels.csv",
        "image,label\ndrawing-00.png,154\ndrawing-04.png,158\n",
    );
    project.run(&["import", "labels", "labels.csv"]);
    project.run(&["aggregate", "--method", "majority"]);
    project.run(&["rater", "add", "dora", "--role", "adjudicator"]);
    project.run(&["rater", "add", "carl", "--role", "adjudicator"]);
    project
}

fn review(project: &Project, arguments: &[&str]) -> Terminal {
    let arguments = [&["review", "--pictures", "none"], arguments].concat();
    let opening = Opening {
        columns: 120,
        rows: 40,
        ..Opening::default()
    };
    Terminal::open(project.folder(), &arguments, opening)
}

fn adjudicate(project: &Project, rater: &str) -> Terminal {
    review(project, &["--rater", rater, "--order", "disputed"])
}

fn on_screen(terminal: &mut Terminal, image: &str) {
    terminal.wait_for(&format!("{image} with its labels"), |screen| {
        screen
            .lines()
            .next()
            .is_some_and(|header| header.contains(image))
            && screen.contains("6 ")
    });
    terminal.wait_until("labels", is_ready);
}

/// Waits until the marks of the labels are these.
fn recorded(terminal: &mut Terminal, wanted: &str) {
    terminal.wait_until(&format!("marks {wanted}"), |terminal| {
        marks(terminal) == wanted
    });
}

fn leave(mut terminal: Terminal) {
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
}

fn json_of(project: &Project, arguments: &[&str]) -> Value {
    let text = project.run(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).unwrap()
}

/// The exported score and membership of a class of drawing 0.
fn exported(project: &Project, class: u32) -> String {
    let table = project.run(&["export", "--as", "csv"]);
    let line = format!("drawing-00.png,{class},");
    let mut lines = table.lines().filter(|text| text.starts_with(&line));
    let cells: Vec<&str> = lines.next().unwrap().rsplit(',').take(2).collect();
    format!("{} {}", cells[1], cells[0])
}

fn label_set(project: &Project, database: &str, image: &str) -> Value {
    let lines = project.run(&["--project", database, "export", "--as", "jsonl"]);
    let mut lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.find(|line| line["image"] == image).unwrap()
}

#[test]
fn an_adjudicator_decides_what_is_disputed_and_label_sets_follow_at_once() {
    let project = disputed();
    let before = json_of(&project, &["status"]);
    assert_eq!(
        (&before["run"]["disputes"], &before["run"]["decided"]),
        (&json!(3), &json!(0))
    );
    assert_eq!(exported(&project, 154), "0.5 0");

    let mut dora = adjudicate(&project, "dora");
    on_screen(&mut dora, "drawing-00.png");
    // What is disputed is asked, and nothing else.
    assert_eq!(selected(&dora).unwrap().number, 2);
    let screen = dora.text();
    for seen in [
        "disputed · original label",
        "score 0.50 · alice no · bob yes",
        "task 1 of 2",
    ] {
        assert!(screen.contains(seen), "{seen}\n{screen}");
    }
    dora.keys("y");
    dora.wait_for_text("decided yes by dora");
    recorded(&mut dora, "·y····");
    assert_eq!(selected(&dora).unwrap().number, 4);
    dora.keys("\r");
    dora.wait_for_text("one label is still open");
    // No to the rest that is disputed.
    dora.keys("N");
    recorded(&mut dora, "·y·n··");
    dora.keys("\r");
    on_screen(&mut dora, "drawing-04.png");
    dora.keys("m");
    dora.wait_for_text("left open by dora");
    dora.keys("\r");
    dora.wait_for_text("1 dispute (share of yes); 2 decided");
    dora.wait_for_text("(decided)");
    let closing = dora.text();
    assert!(
        closing.contains("yes by dora  drawing-00.png") && closing.contains("no by dora"),
        "{closing}"
    );
    leave(dora);

    // Everywhere at once, and no vote of a rater among them.
    assert_eq!(exported(&project, 154), "1 1");
    assert_eq!(exported(&project, 160), "0 0");
    assert_eq!(
        label_set(&project, "relabel.db", "drawing-00.png"),
        json!({"image": "drawing-00.png", "labels": [154], "original": 154, "decided": [
            {"label": 154, "in_set": true, "by": "dora"}, {"label": 160, "in_set": false, "by": "dora"}]})
    );
    let after = json_of(&project, &["status"]);
    assert_eq!(
        (&after["run"]["disputes"], &after["run"]["decided"]),
        (&json!(1), &json!(2))
    );
    assert!(after["since"].is_null(), "decisions are no votes: {after}");
    let said = project.run(&["status"]);
    assert!(
        said.contains("1 disputed question, 2 decided by adjudicators"),
        "{said}"
    );
    let run = project.run(&["aggregate", "--method", "majority"]);
    assert!(
        run.contains("24 votes of 2 raters on 12 questions; 1 disputed, 2 decided by adjudicators"),
        "{run}"
    );
    let agreement = json_of(&project, &["agreement"]);
    let raters: Vec<&Value> = agreement["raters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rater| &rater["rater"])
        .collect();
    assert_eq!(raters, ["alice", "bob"]);
    let shown = project.transcript(&["show", "drawing-00.png", "--pictures", "none"]);
    assert!(shown.contains("decided by dora: yes, Pekinese"), "{shown}");
    project.write("model.csv", "image,label\ndrawing-00.png,154\n");
    let scored = json_of(&project, &["eval", "model.csv"]);
    assert_eq!(
        (&scored["decided"], &scored["files"][0]["real_accuracy"]),
        (&json!(2), &json!(1.0))
    );
    let votes = project.run(&["export", "--as", "votes-csv"]);
    assert!(
        votes.contains("drawing-00.png,154,dora,decision,yes,"),
        "{votes}"
    );
}

#[test]
fn a_decision_is_taken_back_by_u_and_in_a_later_sitting_by_another_answer() {
    let project = disputed();
    let mut dora = adjudicate(&project, "dora");
    on_screen(&mut dora, "drawing-00.png");
    dora.keys("y");
    recorded(&mut dora, "·y····");
    assert_eq!(exported(&project, 154), "1 1");
    dora.keys("u");
    dora.wait_for_text("disputed · original label");
    assert_eq!(exported(&project, 154), "0.5 0");
    dora.keys("y");
    recorded(&mut dora, "·y····");
    leave(dora);

    // What is decided is in no queue, but on the closing screen, from where it is opened.
    let mut dora = adjudicate(&project, "dora");
    on_screen(&mut dora, "drawing-00.png");
    assert_eq!(selected(&dora).unwrap().number, 4);
    dora.keys("q");
    dora.wait_for_text("3 yes by dora  drawing-00.png");
    dora.keys("3");
    on_screen(&mut dora, "drawing-00.png");
    recorded(&mut dora, "·y····");
    dora.keys("2m");
    recorded(&mut dora, "·m····");
    dora.keys("q");
    dora.wait_for_text("3 disputes (share of yes)");
    dora.keys("q");
    dora.wait_for_end();
    assert_eq!(exported(&project, 154), "0.5 0");
    assert_eq!(json_of(&project, &["status"])["run"]["disputes"], 3);
}

#[test]
fn what_is_decided_is_gone_through_once_more() {
    let project = disputed();
    project.write(
        "decided.csv",
        "image,label,rater,answer,at\ndrawing-00.png,154,carl,yes,2026-11-02T09:00:00Z\n\
         drawing-04.png,155,carl,no,2026-11-03T09:00:00Z\n",
    );
    project.run(&["import", "votes", "decided.csv", "--round", "decision"]);
    let mut dora = review(&project, &["--rater", "dora", "--order", "decided"]);
    on_screen(&mut dora, "drawing-04.png");
    dora.wait_for_text("decided no by carl");
    dora.keys("\r");
    on_screen(&mut dora, "drawing-00.png");
    dora.keys("2n");
    dora.wait_for_text("decided no by dora");
    // The other dispute of the image waits; the one that was decided does not.
    dora.keys("\r");
    dora.wait_for_text("one label is still open");
    leave(dora);
    assert_eq!(exported(&project, 154), "0 0");
    let mut alice = Terminal::open(
        project.folder(),
        &["review", "--rater", "alice", "--order", "noted"],
        Opening::default(),
    );
    alice.wait_for_text("--order noted is for adjudicators; \"alice\" is rater");
    assert_eq!(alice.wait_for_end(), 1);
}

#[test]
fn of_two_adjudicators_the_later_one_decides_and_undo_leads_back_to_the_other() {
    let project = disputed();
    let mut dora = adjudicate(&project, "dora");
    on_screen(&mut dora, "drawing-00.png");
    dora.keys("y");
    recorded(&mut dora, "·y····");
    leave(dora);
    let mut carl = adjudicate(&project, "carl");
    on_screen(&mut carl, "drawing-00.png");
    carl.wait_for_text("decided yes by dora");
    assert_eq!(marks(&carl), "······");
    carl.keys("2n");
    carl.wait_for_text("decided no by carl");
    assert_eq!(exported(&project, 154), "0 0");
    carl.keys("u");
    carl.wait_for_text("decided yes by dora");
    assert_eq!(exported(&project, 154), "1 1");
    carl.keys("n");
    carl.wait_for_text("decided no by carl");
    carl.kill();
    // Overruled: her own answer is no decision any more.
    let mut dora = review(&project, &["--rater", "dora"]);
    on_screen(&mut dora, "drawing-00.png");
    dora.wait_for_text("decided no by carl");
    assert_eq!(marks(&dora), "······");
    leave(dora);
}

#[test]
fn an_adjudicator_adds_a_label_and_decides_it() {
    let project = disputed();
    let mut dora = adjudicate(&project, "dora");
    on_screen(&mut dora, "drawing-00.png");
    dora.keys("/tabby\r");
    dora.wait_for_text("+ tabby");
    dora.keys("y");
    dora.wait_until("the added label's mark", |terminal| {
        labels(terminal)
            .iter()
            .any(|label| label.added && label.mark == 'y')
    });
    leave(dora);
    assert_eq!(
        label_set(&project, "relabel.db", "drawing-00.png")["labels"],
        json!([281])
    );
    // Nobody has voted on drawing 7: a decision alone does not take its label from it.
    project.write("more.csv", "image,label\ndrawing-07.png,158\n");
    project.run(&["import", "labels", "more.csv"]);
    project.write(
        "decided.csv",
        "image,label,rater,answer\ndrawing-07.png,161,dora,no\n",
    );
    project.run(&[
        "import",
        "votes",
        "decided.csv",
        "--round",
        "decision",
        "--role",
        "adjudicator",
    ]);
    assert_eq!(
        label_set(&project, "relabel.db", "drawing-07.png")["labels"],
        json!([158])
    );
}

#[test]
fn decisions_of_copies_are_merged_and_the_newest_stands_in_all() {
    let project = disputed();
    let copy = project.path("copy.db");
    std::fs::copy(project.database(), &copy).unwrap();
    let mut dora = adjudicate(&project, "dora");
    on_screen(&mut dora, "drawing-00.png");
    dora.keys("y");
    recorded(&mut dora, "·y····");
    leave(dora);
    let mut carl = review(
        &project,
        &[
            "--project",
            "copy.db",
            "--rater",
            "carl",
            "--order",
            "disputed",
        ],
    );
    on_screen(&mut carl, "drawing-00.png");
    carl.keys("nN");
    recorded(&mut carl, "·n·n··");
    leave(carl);
    project.run(&["merge", "copy.db"]);
    project.run(&["--project", "copy.db", "merge", "relabel.db"]);
    for database in ["relabel.db", "copy.db"] {
        let status = json_of(&project, &["--project", database, "status"]);
        assert_eq!(
            (&status["run"]["disputes"], &status["run"]["decided"]),
            (&json!(1), &json!(2)),
            "{database}"
        );
        let decided = &label_set(&project, database, "drawing-00.png")["decided"];
        let by_carl = |label: u32| json!({"label": label, "in_set": false, "by": "carl"});
        assert_eq!(*decided, json!([by_carl(154), by_carl(160)]));
    }
}

#[test]
fn an_expert_makes_gold_on_the_review_screen() {
    let project = disputed();
    project.run(&["rater", "add", "erin", "--role", "expert"]);
    let mut erin = review(&project, &["--rater", "erin", "--round", "gold"]);
    on_screen(&mut erin, "image 1 ");
    erin.keys("nyN");
    recorded(&mut erin, "nynnnn");
    erin.keys("\r");
    on_screen(&mut erin, "image 2 ");
    erin.keys("y");
    recorded(&mut erin, "y·····");
    erin.keys("u");
    erin.keys("q");
    erin.wait_for_text("your answers are gold, by which raters are measured: 6 questions");
    erin.keys("q");
    erin.wait_for_end();
    assert_eq!(json_of(&project, &["status"])["gold_questions"], 6);
    let agreement = json_of(&project, &["agreement"]);
    let of = |rater: usize| {
        agreement["raters"][rater]["gold_accuracy"]
            .as_f64()
            .unwrap()
    };
    assert_eq!((of(0), of(1)), (5.0 / 6.0, 5.0 / 6.0));
    assert_eq!(agreement["raters"].as_array().unwrap().len(), 2);
    let plan = project.run(&["plan", "--gold", "0.2"]);
    assert!(plan.contains("in 1 task, unmarked"), "{plan}");
    let run = project.run(&["aggregate", "--method", "calibrated"]);
    assert!(run.contains("24 votes of 2 raters"), "{run}");
}

#[test]
fn an_auditors_answers_count_towards_nothing() {
    let project = disputed();
    let before = project.run(&["export", "--as", "csv"]);
    project.run(&["rater", "add", "otto", "--role", "auditor"]);
    let mut otto = review(&project, &["--rater", "otto"]);
    on_screen(&mut otto, "image 1 ");
    otto.keys("yyyyyy");
    recorded(&mut otto, "yyyyyy");
    otto.keys("\rq");
    otto.wait_for_text("an auditor's answers count towards no label set");
    otto.keys("q");
    otto.wait_for_end();
    project.run(&["aggregate", "--method", "majority"]);
    assert_eq!(project.run(&["export", "--as", "csv"]), before);
    let agreement = json_of(&project, &["agreement"]);
    assert_eq!(agreement["votes"], 24);
}

#[test]
fn raters_experts_and_auditors_are_blind_and_gold_looks_like_any_task() {
    let project = disputed();
    // All there is to see: a comment, a flag, gold, a decision, scores, an original label.
    let mut bob = review(&project, &["--rater", "bob", "--order", "random"]);
    bob.wait_until("a task", is_ready);
    leave(bob);
    let store = relabel::store::Store::open(&project.database()).unwrap();
    let (image, rater) = (
        store.images().unwrap()[0].id,
        store.rater("bob").unwrap().unwrap().id,
    );
    let comment = relabel::store::NoteKind::Comment("surely blurred".to_owned());
    for kind in [&relabel::store::NoteKind::Flag, &comment] {
        store.add_note(image, rater, kind, 5_000).unwrap();
    }
    drop(store);
    project.write(
        "more.csv",
        "image,label,rater,answer,round\ndrawing-00.png,154,dora,yes,decision\ndrawing-00.png,160,dora,no,decision\n",
    );
    project.run(&["import", "votes", "more.csv"]);
    project.write(
        "gold.csv",
        "image,label,rater,answer\ndrawing-00.png,154,erin,yes\ndrawing-01.png,152,erin,yes\n",
    );
    project.run(&[
        "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
    project.run(&["rater", "add", "zoe"]);
    project.run(&["rater", "add", "ida", "--role", "expert"]);
    project.run(&["rater", "add", "otto", "--role", "auditor"]);

    let told = [
        "drawing",
        "alice",
        "bob",
        "dora",
        "erin",
        "decided",
        "disputed",
        "original",
        "score",
        "from ",
        "flagged",
        "open note",
        "surely blurred",
        "gold",
    ];
    let blind = |rater: &str| -> Vec<String> {
        let mut terminal = review(&project, &["--rater", rater]);
        let first = match rater {
            "dora" => "drawing-00.png",
            _ => "image 1 ",
        };
        on_screen(&mut terminal, first);
        let screen = terminal.text();
        terminal.kill();
        let found = told.iter().filter(|word| screen.contains(**word));
        found.map(|word| (*word).to_owned()).collect()
    };
    for rater in ["zoe", "ida", "otto"] {
        assert_eq!(blind(rater), Vec::<String>::new(), "{rater}");
    }
    let seen = blind("dora");
    for word in [
        "alice",
        "bob",
        "erin",
        "decided",
        "original",
        "score",
        "from ",
        "open note",
        "surely blurred",
    ] {
        assert!(seen.contains(&word.to_owned()), "{word} in {seen:?}");
    }
}

#[test]
fn the_round_of_decisions_is_nobodys_to_review() {
    let project = disputed();
    insta::assert_snapshot!(project.transcript(&["review", "--rater", "dora", "--round", "decision"]), @r#"
    stderr: error: round "decision" holds what adjudicators decide
    stderr: hint: --round says whose votes an adjudicator looks at: leave it out for round main
    exit 2
    "#);
}
