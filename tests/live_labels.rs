//! Label sets follow the votes: on the screen, in `status`, and in whom `plan --stop` still asks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::fmt::Write as _;

use common::Project;
use common::pty::{Opening, Terminal};
use common::screen::{is_ready, labels};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use relabel::consensus::LiveLabels;
use relabel::domain::{Answer, Role};
use relabel::live::{Live, parameters_of};
use relabel::store::{DECISION_ROUND, NewVote, QuestionScore, Store};

const RATERS: [&str; 5] = ["ann", "bob", "cem", "dan", "eve"];

/// The class of a label of a drawing.
fn class(drawing: u32, label: u32) -> u32 {
    151 + drawing + 3 * label
}

/// What is in the drawings: every third label.
fn truth(drawing: u32, label: u32) -> &'static str {
    if (drawing + label).is_multiple_of(3) {
        "yes"
    } else {
        "no"
    }
}

/// The drawings with five raters' votes, which are true but for the share of errors. Labels that are `open` have one vote
/// alone, a maybe.
fn voted(errors: f64, open: impl Fn(u32, u32) -> bool) -> Project {
    let project = Project::of_drawings();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut votes = "image,label,rater,answer\n".to_owned();
    for drawing in 0..30 {
        for label in 0..6 {
            let mut vote = |rater: &str, answer: &str| {
                let class = class(drawing, label);
                writeln!(votes, "drawing-{drawing:02}.png,{class},{rater},{answer}").unwrap();
            };
            if open(drawing, label) {
                vote("ann", "maybe");
                continue;
            }
            for rater in RATERS {
                let errs = random.random_bool(errors);
                let answer = match (truth(drawing, label), errs) {
                    ("yes", false) | ("no", true) => "yes",
                    _ => "no",
                };
                vote(rater, answer);
            }
        }
    }
    project.write("votes.csv", votes);
    project.run(&["import", "votes", "votes.csv"]);
    project
}

fn experts(project: &Project) {
    let mut gold = "image,label,rater,answer\n".to_owned();
    for drawing in 0..20 {
        for label in 0..6 {
            let (class, answer) = (class(drawing, label), truth(drawing, label));
            writeln!(gold, "drawing-{drawing:02}.png,{class},eva,{answer}").unwrap();
        }
    }
    project.write("gold.csv", gold);
    project.run(&[
        "import", "votes", "gold.csv", "--round", "gold", "--role", "expert",
    ]);
}

fn sorted(live: &Live) -> Vec<QuestionScore> {
    let mut scores: Vec<QuestionScore> = live.scores().copied().collect();
    scores.sort_by_key(|score| score.question);
    scores
}

/// A few votes of anybody on anything: first ones, others in place of former ones, and some taken back.
fn vote_at_random(store: &Store, random: &mut ChaCha8Rng) {
    let raters = store.raters().unwrap();
    let rounds = ["main", DECISION_ROUND].map(|name| store.round(name).unwrap());
    let questions = store.questions().unwrap();
    let votes: Vec<NewVote> = (0..random.random_range(1..6))
        .map(|_| {
            let rater = &raters[random.random_range(0..raters.len())];
            NewVote {
                question: questions[random.random_range(0..questions.len())].0,
                round: rounds[usize::from(rater.role == Role::Adjudicator)],
                rater: rater.id,
                answer: [
                    None,
                    Some(Answer::No),
                    Some(Answer::Maybe),
                    Some(Answer::Yes),
                ][random.random_range(0..4)],
                at: Some(1_000),
                spent: Some(900),
            }
        })
        .collect();
    store.atomically(|store| store.add_votes(&votes)).unwrap();
}

#[test]
fn taking_votes_in_one_by_one_gives_what_a_full_count_gives() {
    let project = voted(0.05, |drawing, label| drawing > 27 && label < 3);
    experts(&project);
    let store = Store::open(&project.database()).unwrap();
    for name in ["dora", "carl"] {
        store.add_rater(name, Role::Adjudicator).unwrap();
    }
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let runs = [
        vec![],
        vec!["aggregate", "--method", "majority"],
        vec![
            "aggregate",
            "--method",
            "calibrated",
            "--original-voter",
            "all",
        ],
        vec!["aggregate", "--method", "dawid-skene"],
        vec!["aggregate", "--method", "dawid-skene", "--truth", "ternary"],
        vec!["aggregate", "--recalibrate"],
    ];
    for run in runs {
        if !run.is_empty() {
            project.run(&run);
        }
        let mut live = Live::newest(&store, "main").unwrap();
        assert_eq!(live.run().is_some(), !run.is_empty());
        // Somebody new, whom the run has not met.
        let newcomer = format!("newcomer {}", run.join(" "));
        store.add_rater(&newcomer, Role::Rater).unwrap();
        for _ in 0..40 {
            vote_at_random(&store, &mut random);
            live.catch_up(&store).unwrap();
        }
        let again = Live::newest(&store, "main").unwrap();
        assert!(live.votes_since() > 40);
        assert_eq!(sorted(&live), sorted(&again), "{run:?}");
        let decisions = store.decisions().unwrap();
        assert!(decisions.len() > 5);
        for decision in decisions {
            // Every image has votes.
            let score = live.score(decision.question).unwrap();
            let certain = f64::from(u8::from(decision.in_set));
            assert_eq!((score.score, score.in_set), (certain, decision.in_set));
            assert!(score.decided && !score.disputed);
        }

        // Recalibrated scores of gold questions are kept as made without their own gold: no single rule gives them.
        let kept = live.run().filter(|kept| kept.method != "recalibrated");
        let Some(kept) = kept else { continue };
        let stored = store.evidence("main").unwrap();
        let evidence = stored.evidence();
        let full = LiveLabels::new(&evidence, &parameters_of(kept).unwrap());
        let mut compared = 0;
        for (number, question) in stored.questions.iter().enumerate() {
            let counted = evidence.votes.counts(number).total() > 0;
            let expected = full.score(number).filter(|_| counted);
            let found = live.score(*question);
            // What the run kept itself is equal to rounding; what the votes touched, to the bit.
            match (found, expected) {
                (Some(found), _) if found.decided => {}
                (Some(found), Some(expected)) => {
                    let difference = (found.score - expected).abs();
                    assert!(difference < 1e-12, "{run:?}: {difference}");
                    assert_eq!(Some(found.in_set), full.in_set(number));
                    assert_eq!(Some(found.disputed), full.is_disputed(number));
                    compared += 1;
                }
                (found, expected) => assert_eq!(found.is_some(), expected.is_some(), "{run:?}"),
            }
        }
        assert!(compared > 100);
    }
}

#[test]
fn status_says_what_the_votes_since_the_run_have_changed() {
    let project = voted(0.05, |_, _| false);
    project.run(&["aggregate", "--method", "majority"]);
    assert!(!project.run(&["status"]).contains("since"));
    project.write(
        "more.csv",
        "image,label,rater,answer\n\
         drawing-00.png,151,fay,no\ndrawing-00.png,151,gus,no\ndrawing-00.png,154,fay,no\n",
    );
    project.run(&["import", "votes", "more.csv"]);
    let text = project.run(&["status"]);
    assert!(
        text.contains("now, with 3 votes since on 2 questions:"),
        "{text}"
    );
    let report: serde_json::Value =
        serde_json::from_str(&project.run(&["status", "--format", "json"])).unwrap();
    assert_eq!(report["since"]["votes"], 3);
    assert_eq!(report["since"]["label_sets"]["scored"], 30);
    // A new run has seen everything.
    project.run(&["aggregate", "--method", "majority"]);
    assert!(!project.run(&["status"]).contains("since"));
}

fn review(project: &Project, rater: &str) -> Terminal {
    project.join(rater, "rater");
    let arguments = ["review", "--rater", rater, "--pictures", "none", "--names"];
    Terminal::open(project.folder(), &arguments, Opening::default())
}

#[test]
fn a_rater_is_asked_only_what_is_not_settled_yet() {
    // Two labels of drawing 4 and one of drawing 9 are open; all others have five votes that agree.
    let project = voted(0.0, |drawing, label| {
        (drawing, label) == (4, 1) || (drawing, label) == (4, 2) || (drawing, label) == (9, 5)
    });
    project.run(&["aggregate", "--method", "dawid-skene"]);
    let all = project.run(&["plan", "--stop", "0.05"]);
    assert!(
        all.contains("at most: none beyond a score of 0.05 or 0.95"),
        "{all}"
    );
    let mut terminal = review(&project, "zoe");
    terminal.wait_until("the first open task", is_ready);
    let shown: Vec<String> = labels(&terminal)
        .into_iter()
        .map(|line| line.name)
        .collect();
    assert_eq!(shown.len(), 2, "{}", terminal.text());
    terminal.wait_for_text("drawing-04.png");
    terminal.keys("nn\r");
    terminal.wait_for_text("drawing-09.png");
    terminal.wait_until("one label", |terminal| labels(terminal).len() == 1);
    terminal.keys("y\r");
    terminal.wait_for_text("by run 1 (dawid-skene) and 3 votes since");
    terminal.keys("q");
    terminal.wait_for_end();
    assert_eq!(
        project.sql(
            "SELECT count(*) FROM vote JOIN rater ON rater.id = vote.rater WHERE rater.name = 'zoe'"
        ),
        "3\n"
    );

    // Off by default: the next plan asks everything again, of as many raters as it wants.
    project.run(&["plan", "--raters", "7"]);
    let mut terminal = review(&project, "yan");
    terminal.wait_for_text("drawing-00.png");
    terminal.wait_until("all labels", |terminal| labels(terminal).len() == 6);
    terminal.keys("q");
    terminal.wait_for_text("label sets of");
    terminal.keys("q");
    terminal.wait_for_end();
}

#[test]
fn an_expert_is_asked_everything_and_shares_of_votes_settle_nothing() {
    let project = voted(0.05, |_, _| false);
    let plan = ["plan", "--raters", "7", "--stop", "0.01"];
    project.run(&plan);
    let said = project.transcript(&plan);
    assert!(
        said.contains("--stop holds once a run weighs the raters"),
        "{said}"
    );
    let mut terminal = review(&project, "zoe");
    terminal.wait_until("all labels", |terminal| labels(terminal).len() == 6);
    terminal.keys("qq");
    terminal.wait_for_end();
    project.run(&["aggregate", "--method", "dawid-skene"]);
    project.run(&["rater", "add", "max", "--role", "expert"]);
    let mut terminal = review(&project, "max");
    terminal.wait_until("all labels", |terminal| labels(terminal).len() == 6);
    terminal.keys("qq");
    terminal.wait_for_end();
    let refused = project.transcript(&["plan", "--stop", "0.7"]);
    assert!(
        refused.contains("expected a number above 0 and below 0.5") && refused.contains("exit 2"),
        "{refused}"
    );
}
