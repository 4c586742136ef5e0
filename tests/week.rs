//! A team's week on photographs: three raters on two copies of a project, an expert, an adjudicator and an auditor, each at a
//! screen of their own; from the first import to what is handed over.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect is its failure"
)]

mod common;

use std::collections::{BTreeMap, HashMap};

use common::pty::{Opening, Terminal};
use common::screen::{image, is_ready, labels, selected};
use common::{Project, shared};
use serde_json::Value;

/// The photographs of the week: few labels each.
const PHOTOS: [&str; 9] = [
    "n01440764_tench.JPEG",
    "n01729977_green_snake.JPEG",
    "n02860847_bobsled.JPEG",
    "n03041632_cleaver.JPEG",
    "n03201208_dining_table.JPEG",
    "n03297495_espresso_maker.JPEG",
    "n03344393_fireboat.JPEG",
    "n04317175_stethoscope.JPEG",
    "n07802026_hay.JPEG",
];

const FIREBOAT: &str = "n03344393_fireboat.JPEG";

/// The team's project, and the class that each photograph was filed under.
struct Week {
    project: Project,
    filed: BTreeMap<String, u32>,
    /// Names of the classes, as they stand on the screen.
    names: HashMap<u32, String>,
}

impl Week {
    fn begin() -> Option<Week> {
        let photos = shared()?.join("data/photos");
        let project = Project::new();
        let rows = |file: &str| {
            let text = std::fs::read_to_string(photos.join(file)).unwrap();
            let (header, rows) = text.split_once('\n').unwrap();
            let ours = rows
                .lines()
                .filter(|row| PHOTOS.contains(&row.split(',').next().unwrap()));
            let ours: Vec<String> = ours.map(str::to_owned).collect();
            format!("{header}\n{}\n", ours.join("\n"))
        };
        for photo in PHOTOS {
            let folder = project.path("photos");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::copy(photos.join("images").join(photo), folder.join(photo)).unwrap();
        }
        project.write("labels.csv", rows("labels.csv"));
        project.write("proposals.csv", rows("proposals.csv"));
        project.run(&["import", "images", "photos"]);
        project.run(&["import", "labels", "labels.csv"]);
        project.run(&["import", "proposals", "proposals.csv"]);
        for (name, role) in [
            ("erin", "expert"),
            ("dora", "adjudicator"),
            ("ada", "auditor"),
        ] {
            project.run(&["rater", "add", name, "--role", role]);
        }
        let filed = project
            .sql("SELECT image.name, class FROM original_label JOIN image ON image.id = image");
        let names = project.sql("SELECT idx, name FROM class");
        let pair = |row: &str| {
            let (one, other) = row.split_once('|').unwrap();
            (one.to_owned(), other.to_owned())
        };
        Some(Week {
            filed: (filed.lines().map(pair))
                .map(|(image, class)| (image, class.parse().unwrap()))
                .collect(),
            names: (names.lines().map(pair))
                .map(|(class, name)| (class.parse().unwrap(), name))
                .collect(),
            project,
        })
    }

    fn open(&self, arguments: &[&str]) -> Terminal {
        let opening = Opening {
            columns: 200,
            rows: 40,
            ..Opening::default()
        };
        let arguments = [arguments, &["--pictures", "half"]].concat();
        let mut terminal = Terminal::open(self.project.folder(), &arguments, opening);
        terminal.wait_until("a task", is_ready);
        terminal
    }

    /// Whether the label under the cursor is the one that the photograph was filed under.
    fn is_filed(&self, terminal: &Terminal) -> bool {
        let (image, _) = image(terminal).unwrap();
        self.names[&self.filed[&image]] == selected(terminal).unwrap().name
    }

    /// Answers so many tasks, or all there are, as `answer` says of the image and of whether the label is the filed one; ends
    /// at the closing screen.
    fn work(
        &self,
        arguments: &[&str],
        tasks: usize,
        answer: impl Fn(&str, bool) -> &'static str,
    ) -> Terminal {
        let mut terminal = self.open(arguments);
        for _ in 0..tasks {
            let Some(now) = image(&terminal).filter(|_| !is_closing(&terminal)) else {
                break;
            };
            for line in 0..labels(&terminal).len() {
                if labels(&terminal)[line].mark != '·' {
                    continue;
                }
                terminal.keys(&(line + 1).to_string());
                terminal.wait_until("the label", |terminal| {
                    selected(terminal).is_some_and(|label| label.number == line + 1)
                });
                let key = answer(&now.0, self.is_filed(&terminal));
                terminal.keys(key);
                terminal.wait_until("its record", |terminal| {
                    labels(terminal)[line].mark == key.chars().next().unwrap()
                });
            }
            terminal.keys("\r");
            terminal.wait_until("what comes next", |terminal| {
                is_closing(terminal)
                    || (image(terminal).as_ref() != Some(&now) && is_ready(terminal))
            });
        }
        if !is_closing(&terminal) {
            terminal.keys("q");
        }
        terminal.wait_for_text("label sets of this sitting's images");
        terminal
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self
            .project
            .run(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&text).unwrap()
    }
}

fn is_closing(terminal: &Terminal) -> bool {
    terminal.text().contains("this sitting")
}

fn end(mut terminal: Terminal) {
    terminal.keys("q");
    assert_eq!(terminal.wait_for_end(), 0);
}

/// Yes to what the photograph was filed under, no to everything else.
fn as_filed(is_filed: bool) -> &'static str {
    if is_filed { "y" } else { "n" }
}

#[test]
fn a_week() {
    let Some(week) = Week::begin() else { return };
    let project = &week.project;

    // Monday: the plan, and an expert who says of two photographs what is true.
    let planned = project.run(&["plan", "--raters", "3", "--gold", "0.2"]);
    assert!(planned.contains("tasks"), "{planned}");
    let erin = ["review", "--names", "--rater", "erin", "--round", "gold"];
    end(week.work(&erin, 2, |_, filed| as_filed(filed)));
    assert_eq!(week.json(&["status"])["gold_questions"], 8);

    project.join("alice", "rater");
    project.join("bob", "rater");

    // Tuesday: alice at her desk; then a copy for carol, who is away.
    let alice = week.work(
        &["review", "--names", "--rater", "alice"],
        99,
        |_, filed| as_filed(filed),
    );
    assert!(
        alice
            .text()
            .contains("with gold: 100.0 % (67.6–100.0) right of 8 questions")
    );
    end(alice);
    std::fs::copy(project.database(), project.path("laptop.db")).unwrap();

    // Wednesday: bob here, who takes no boat for a fireboat; carol there, who cannot tell and says why.
    end(week.work(
        &["review", "--names", "--rater", "bob"],
        99,
        |image, filed| match image {
            FIREBOAT => "n",
            _ => as_filed(filed),
        },
    ));
    project.run(&["--project", "laptop.db", "rater", "add", "carol"]);
    let carol = [
        "--project",
        "laptop.db",
        "review",
        "--names",
        "--rater",
        "carol",
    ];
    let mut carol = week.work(&carol, 99, |image, filed| match (image, filed) {
        (FIREBOAT, true) => "m",
        _ => as_filed(filed),
    });
    // Back to the last task, by undo.
    carol.keys("u");
    carol.wait_until("the last task", is_ready);
    carol.keys("c");
    carol.wait_for_text("comment:");
    carol.keys("is this how you want it?\r");
    carol.wait_for_text("the comment is recorded");
    carol.keys("\r");
    carol.wait_for_text("label sets of this sitting's images");
    end(carol);

    // Thursday: everything in one file, from either side the same; what is disputed goes to the adjudicator.
    let merged = project.run(&["merge", "laptop.db"]);
    assert!(
        merged.contains("laptop.db  votes            18"),
        "{merged}"
    );
    project.run(&["--project", "laptop.db", "merge", "relabel.db"]);
    let votes = ["export", "--as", "votes-csv"];
    let there = [&["--project", "laptop.db"], &votes[..]].concat();
    assert_eq!(project.run(&votes), project.run(&there));
    let run = week.json(&["aggregate", "--method", "majority"]);
    assert_eq!(
        (&run["questions"], &run["disputes"]),
        (&18.into(), &1.into()),
        "{run:#}"
    );
    let mut dora = week.open(&["review", "--rater", "dora", "--order", "disputed"]);
    assert_eq!(image(&dora).unwrap().0, FIREBOAT);
    assert!(
        dora.text().contains("alice yes · bob no ·"),
        "{}",
        dora.text()
    );
    dora.keys("y");
    dora.wait_for_text("decided yes by dora");
    assert!(
        dora.text().contains("carol: “is this how you want it?”"),
        "{}",
        dora.text()
    );
    dora.keys("a");
    dora.wait_for_text("answer");
    dora.keys("yes: say maybe when you cannot tell\r");
    dora.wait_for_text("recorded");
    dora.keys("\r");
    dora.wait_for_text("no disputes");
    end(dora);
    assert_eq!(week.json(&["status"])["run"]["disputes"], 0);

    assert!(project.run(&["notes", "--open"]).trim().lines().count() <= 1);
    let note = &week.json(&["notes", "--rater", "carol"])[0];
    assert_eq!(
        note["answers"][0]["text"], "yes: say maybe when you cannot tell",
        "{note:#}"
    );

    // Friday: somebody else looks whether the labels that are handed over are right.
    project.run(&[
        "audit",
        "plan",
        "--of",
        "label-sets",
        "--tolerance",
        "0.4",
        "--seed",
        "1",
    ]);
    let mut ada = week.open(&["audit", "review", "--names", "--rater", "ada"]);
    while !is_closing(&ada) {
        let now = image(&ada);
        assert!(week.is_filed(&ada));
        ada.keys("y");
        ada.wait_until("what comes next", |terminal| {
            is_closing(terminal) || (image(terminal) != now && is_ready(terminal))
        });
    }
    ada.wait_for_text("verdict: fewer than 40 % are wrong");
    end(ada);
    let result = week.json(&["audit", "result"]);
    assert_eq!(
        (&result["labels"], &result["wrong"]),
        (&9.into(), &0.into())
    );
    // What is handed over: each photograph has the label that it was filed under, the one that was decided too.
    let sets: Vec<Vec<u32>> =
        serde_json::from_str(&project.run(&["export", "--as", "real-json"])).unwrap();
    let filed: Vec<Vec<u32>> = week.filed.values().map(|class| vec![*class]).collect();
    assert_eq!(sets, filed);
    assert_eq!(project.sql("PRAGMA integrity_check"), "ok\n");
}
