//! Audits of one name in several copies: each is its own, whatever it is called where; and they are listed, renamed and removed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;

use std::collections::BTreeSet;

use common::Project;
use common::audited::figures;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use relabel::domain::{Answer, ClassIndex, Question, Role};
use relabel::store::{AuditDraw, AuditStratum, NewVote, Snapshot, Store, StoredAudit};

/// A project of a few labelled images.
fn project() -> Project {
    let project = Project::new();
    let labels: String = (0..20).map(|n| format!("{n:02}.jpg,{n}\n")).collect();
    project.write("labels.csv", format!("image,label\n{labels}"));
    project.run(&["import", "labels", "labels.csv"]);
    project
}

fn in_copy(project: &Project, copy: &str, arguments: &[&str]) -> String {
    project.run(&[&["--project", copy], arguments].concat())
}

fn answer(store: &Store, audit: &StoredAudit, place: usize, rater: &str, answer: Option<Answer>) {
    let rater = match store.rater(rater).unwrap() {
        Some(known) => known.id,
        None => store.add_rater(rater, Role::Auditor).unwrap(),
    };
    let vote = NewVote {
        question: store.question(audit.draws[place].asks).unwrap(),
        round: store.round(&audit.name).unwrap(),
        rater,
        answer,
        at: None,
        spent: None,
    };
    store.atomically(|store| store.add_votes(&[vote])).unwrap();
}

/// A copy's own name for an audit that is called `spot (…)` there.
fn longer_name(project: &Project, copy: &str) -> String {
    let list = in_copy(project, copy, &["audit", "list", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    let names = list.as_array().unwrap().iter();
    let mut names = names.map(|audit| audit["name"].as_str().unwrap().to_owned());
    names.find(|name| name.starts_with("spot (")).unwrap()
}

#[test]
fn two_audits_of_one_name_keep_their_answers_apart() {
    let project = project();
    std::fs::copy(project.database(), project.path("laptop.db")).unwrap();
    let plan = ["audit", "plan", "--name", "spot", "--size", "10", "--seed"];
    project.run(&[&plan[..], &["1"]].concat());
    in_copy(&project, "laptop.db", &[&plan[..], &["2"]].concat());
    for (copy, rater, answers) in [("relabel.db", "ada", 4), ("laptop.db", "bob", 7)] {
        let store = Store::open(&project.path(copy)).unwrap();
        let audit = store.audit("spot").unwrap().unwrap();
        for place in 0..answers {
            answer(&store, &audit, place, rater, Some(Answer::Yes));
        }
    }
    let said = project.transcript(&["merge", "laptop.db"]);
    let longer = longer_name(&project, "relabel.db");
    insta::assert_snapshot!(said.replace(&longer, "spot (KEY)"), @r#"
     file                  taken in  here already
     laptop.db  votes             7             0
     laptop.db  notes             0             0
     laptop.db  questions         4             3
     laptop.db  raters            1             0
     laptop.db  audits            1             0
    stderr: laptop.db: audit "spot" goes by "spot (KEY)" here
    "#);
    let looked_at = |name: &str| figures(&project, name)["looked_at"].clone();
    assert_eq!(
        (looked_at("spot"), looked_at(&longer)),
        (4.into(), 7.into())
    );
    // There it is the other way round: the elder one comes, and keeps the name everywhere.
    let said = project.transcript(&["--project", "laptop.db", "merge", "relabel.db"]);
    let said = said.replace(&longer, "spot (KEY)");
    assert!(
        said.contains("stderr: audit \"spot\" here goes by \"spot (KEY)\" now\n"),
        "{said}"
    );
    let list = |copy| {
        let list = in_copy(&project, copy, &["audit", "list"]);
        let lines: BTreeSet<String> = list.lines().map(str::to_owned).collect();
        lines
    };
    assert_eq!(list("laptop.db"), list("relabel.db"));
    assert!(
        project
            .transcript(&["merge", "laptop.db"])
            .contains("audits            0             2")
    );
}

#[test]
fn an_audit_is_listed_renamed_and_removed_with_the_round_of_its_answers() {
    let project = project();
    project.run(&[
        "audit", "plan", "--name", "spot", "--size", "10", "--seed", "1",
    ]);
    project.run(&[
        "audit", "plan", "--name", "sets", "--size", "5", "--seed", "2",
    ]);
    // A rater's votes can be aggregated.
    project.run(&["rater", "add", "ada"]);
    {
        let store = Store::open(&project.database()).unwrap();
        let audit = store.audit("spot").unwrap().unwrap();
        answer(&store, &audit, 0, "ada", Some(Answer::Yes));
        answer(&store, &audit, 1, "ada", Some(Answer::No));
    }
    project.run(&["aggregate", "--round", "spot"]);
    let when = regex_free_times(&project.transcript(&["audit", "list"]));
    insta::assert_snapshot!(when, @"
    audit  of               drawn  answered  verdict  planned
    spot   original labels     10         2  above    TIME
    sets   original labels      5         0  open     TIME
    ");
    insta::assert_snapshot!(project.transcript(&["audit", "rename", "spot", "spring"]), @r#"stderr: audit "spot" is now "spring", and so is the round of its answers"#);
    assert_eq!(figures(&project, "spring")["looked_at"], 2);
    assert_eq!(project.sql("SELECT round FROM run"), "spring\n");
    insta::assert_snapshot!(project.transcript(&["audit", "rename", "spring", "sets"]), @r#"
    stderr: error: the name "sets" is taken by another audit or a round of votes
    stderr: hint: choose another name; `relabel audit list` shows those of audits
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["audit", "rename", "spot", "autumn"]), @r#"
    stderr: error: there is no audit "spot"
    stderr: hint: --name takes one of: spring, sets
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["audit", "remove", "spring"]), @r#"
    stderr: error: audit "spring" has answers, which are kept for good
    stderr: hint: to have its name free, give it another one: `relabel audit rename NAME NEW`
    exit 1
    "#);
    insta::assert_snapshot!(project.transcript(&["audit", "remove", "sets"]), @r#"stderr: audit "sets" is removed"#);
    assert!(!project.run(&["audit", "list"]).contains("sets"));
}

/// Times of the list as one word.
fn regex_free_times(list: &str) -> String {
    let line = |line: &str| match line.rsplit_once("  20") {
        Some((head, _)) => format!("{head}  TIME\n"),
        None => format!("{line}\n"),
    };
    list.lines().map(line).collect()
}

#[test]
fn an_audit_on_a_screen_is_not_removed() {
    let project = project();
    project.run(&["audit", "plan", "--name", "spot"]);
    let store = Store::open(&project.database()).unwrap();
    let ada = store.add_rater("ada", Role::Auditor).unwrap();
    let audit = store.audit("spot").unwrap().unwrap();
    let far = i64::MAX / 2;
    store
        .claim_audit_place(&audit.identity, 0, ada, (0, far))
        .unwrap();
    insta::assert_snapshot!(project.transcript(&["audit", "remove", "spot"]), @r#"
    stderr: error: audit "spot" is on the screen of ada
    stderr: hint: remove it when they are done
    exit 1
    "#);
}

#[test]
fn audits_of_older_projects_are_the_same_in_every_copy() {
    let project = project();
    project.run(&[
        "audit", "plan", "--name", "spot", "--size", "10", "--seed", "1",
    ]);
    // As version 8 had it, then copied and drawn further in one of the two.
    Project::as_version_8(&project.database());
    std::fs::copy(project.database(), project.path("laptop.db")).unwrap();
    in_copy(
        &project,
        "laptop.db",
        &[
            "audit", "plan", "--name", "spot", "--size", "15", "--seed", "1",
        ],
    );
    Project::as_version_8(&project.path("laptop.db"));
    let said = project.transcript(&["merge", "laptop.db"]);
    assert!(!said.contains("goes by"), "{said}");
    assert_eq!(figures(&project, "spot")["drawn"], 15);
    assert_eq!(
        project.sql("SELECT count(*), count(DISTINCT identity) FROM audit"),
        "1|1\n"
    );
}

const COPIES: usize = 5;

/// A project of few classes, which is quick to compare.
fn small_project() -> Project {
    let project = Project::empty();
    project.write("classes.csv", "index,name\n3,cat\n7,dog\n");
    let labels: String = (0..6).map(|n| format!("{n}.jpg,7\n")).collect();
    project.write("labels.csv", format!("image,label\n{labels}"));
    project.run(&["init", "--classes", "classes.csv"]);
    project.run(&["import", "labels", "labels.csv"]);
    project
}

/// An audit of a few labels; a larger one begins with the same.
fn audit(store: &Store, name: &str, identity: u64, size: usize, at: i64) -> StoredAudit {
    let images = store.images().unwrap();
    let draws = images.iter().cycle().skip(identity as usize % images.len());
    StoredAudit {
        identity: format!("identity {identity}"),
        name: name.to_owned(),
        given_name: name.to_owned(),
        named_at: at,
        given: "labels".to_owned(),
        drawn_by: "uniform".to_owned(),
        seed: identity,
        tolerance: 0.05,
        confidence: 0.95,
        maybe: "half".to_owned(),
        at,
        strata: vec![AuditStratum {
            name: "labels".to_owned(),
            labels: images.len(),
        }],
        draws: draws
            .take(size)
            .map(|image| AuditDraw {
                asks: Question {
                    image: image.id,
                    class: ClassIndex(7),
                },
                stratum: 0,
                block: 0,
            })
            .collect(),
    }
}

/// One thing that somebody does in a copy.
fn step(copies: &[(std::path::PathBuf, Store)], made: &mut u64, chance: &mut ChaCha8Rng) {
    let (_, store) = copies.choose(chance).unwrap();
    let at = chance.random_range(1_000..1_010);
    let name = *["spot", "sets", "spot two"].choose(chance).unwrap();
    let names = store.audit_names().unwrap();
    let known = names
        .choose(chance)
        .map(|name| store.audit(name).unwrap().unwrap());
    match (chance.random_range(0..12), known) {
        (0..=2, _) => {
            let is_free =
                store.is_free_audit_name(name).unwrap() && !store.has_votes(name).unwrap();
            if is_free {
                *made += 1;
                let planned = audit(store, name, *made, chance.random_range(2..5), at);
                store
                    .atomically(|store| store.keep_audit(&planned))
                    .unwrap();
            }
        }
        (3..=6, Some(known)) => {
            let place = chance.random_range(0..known.draws.len());
            let said = [Some(Answer::Yes), Some(Answer::No), None]
                .choose(chance)
                .copied()
                .unwrap();
            answer(
                store,
                &known,
                place,
                ["ada", "bob"].choose(chance).unwrap(),
                said,
            );
        }
        (7, Some(known)) => {
            let further = StoredAudit {
                at: at + 1,
                draws: audit(store, "", known.seed, known.draws.len() + 1, at).draws,
                ..known.clone()
            };
            store
                .atomically(|store| store.keep_audit(&further))
                .unwrap();
        }
        (8, Some(known)) => {
            let name = format!("{name} {}", chance.random_range(0..3));
            if store.is_free_audit_name(&name).unwrap() && !store.has_votes(&name).unwrap() {
                store
                    .atomically(|store| store.rename_audit(&known, &name, at))
                    .unwrap();
            }
        }
        (9, _) => {
            // Votes in a round that is no audit's here, but may be elsewhere.
            let rater = store.rater("cem").unwrap().map(|known| known.id);
            let rater = rater.unwrap_or_else(|| store.add_rater("cem", Role::Rater).unwrap());
            if !names.iter().any(|known| known == name) {
                let image = store.images().unwrap()[0].id;
                let asks = Question {
                    image,
                    class: ClassIndex(3),
                };
                let vote = NewVote {
                    question: store.question(asks).unwrap(),
                    round: store.round(name).unwrap(),
                    rater,
                    answer: Some(Answer::Yes),
                    at: None,
                    spent: None,
                };
                store.atomically(|store| store.add_votes(&[vote])).unwrap();
            }
        }
        _ => {
            let (from, into) = (
                chance.random_range(0..COPIES),
                chance.random_range(0..COPIES),
            );
            merge(copies, into, from);
        }
    }
}

fn merge(copies: &[(std::path::PathBuf, Store)], into: usize, from: usize) {
    if into == from {
        return;
    }
    let snapshot = Snapshot::of(&copies[from].0, &copies[into].0).unwrap();
    let merged = copies[into]
        .1
        .atomically(|store| store.merge(snapshot.store(), &|| ()));
    merged.unwrap();
}

/// Audits with names, samples and answers, and every vote with its round: all that copies should agree on.
fn everything(store: &Store) -> BTreeSet<String> {
    let images = store.images().unwrap();
    let name = |id| &images.iter().find(|image| image.id == id).unwrap().name;
    let mut all = BTreeSet::new();
    for audit in store.audit_names().unwrap() {
        let audit = store.audit(&audit).unwrap().unwrap();
        let draws: Vec<&String> = audit
            .draws
            .iter()
            .map(|draw| name(draw.asks.image))
            .collect();
        let answers = store.audit_answers(&audit, None).unwrap();
        let StoredAudit {
            identity,
            name,
            given_name,
            named_at,
            at,
            ..
        } = &audit;
        all.insert(format!(
            "{identity} {name} {given_name} {named_at} {at} {draws:?} {answers:?}"
        ));
    }
    let each = |vote| -> Result<(), relabel::store::StoreError> {
        all.insert(format!("{vote:?}"));
        Ok(())
    };
    store.each_vote(each).unwrap();
    all
}

#[test]
fn five_copies_with_audits_of_one_name_end_alike_in_any_order_of_merging() {
    let (mut renamed, mut votes) = (0, 0);
    for seed in 0..16 {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let project = small_project();
        let path = |copy: usize| project.path(&format!("{copy}.db"));
        let copies: Vec<_> = (0..COPIES)
            .map(|copy| {
                std::fs::copy(project.database(), path(copy)).unwrap();
                (path(copy), Store::open(&path(copy)).unwrap())
            })
            .collect();
        let mut made = 0;
        for _ in 0..60 {
            step(&copies, &mut made, &mut chance);
        }
        // One takes in all others; then each takes in one that has all; in orders of chance.
        let mut order: Vec<usize> = (0..COPIES).collect();
        order.shuffle(&mut chance);
        let first = order[0];
        for &from in &order[1..] {
            merge(&copies, first, from);
        }
        for &into in &order[1..] {
            merge(&copies, into, first);
        }
        let all = everything(&copies[first].1);
        renamed += all.iter().filter(|row| row.contains(" (")).count();
        votes += all.iter().filter(|row| row.starts_with("VoteRow")).count();
        for (path, store) in &copies {
            assert_eq!(everything(store), all, "seed {seed}, {}", path.display());
        }
        // Once more changes nothing.
        merge(&copies, order[1], order[2]);
        assert_eq!(everything(&copies[order[1]].1), all, "seed {seed}");
    }
    assert!(
        renamed > 10 && votes > 100,
        "too little happened: {renamed}, {votes}"
    );
}
