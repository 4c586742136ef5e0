//! Audits of ImageNet's original labels, where the truth is known: the published label sets say what an auditor would.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may stop"
)]

mod common;
#[path = "common/real_votes.rs"]
mod real_votes;

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use common::Project;
use common::audited::{self, figures};
use rayon::prelude::*;
use real_votes::real_votes;
use relabel::audit::{Answered, Evidence, Maybe, Side, Terms, class_ranges, draw};
use relabel::consensus::{CalibratedOptions, Method};
use relabel::domain::ClassIndex;

/// The images that have a label set with something in it, with their original label and whether that is in the set.
fn original_labels() -> Option<Vec<(u32, ClassIndex, bool)>> {
    let votes = real_votes()?;
    let published = Method::Calibrated(CalibratedOptions::real())
        .run(&votes.evidence())
        .unwrap();
    let mut sets: HashMap<u32, Vec<ClassIndex>> = HashMap::new();
    for (key, in_set) in votes.main.questions().iter().zip(&published.in_set) {
        let set = sets.entry(key.image).or_default();
        if *in_set {
            set.push(key.class);
        }
    }
    let labels = (0..).zip(&votes.original).filter_map(|(image, label)| {
        let label = (*label)?;
        // Images that were never put to raters keep their label.
        let Some(set) = sets.get(&image) else {
            return Some((image, label, true));
        };
        (!set.is_empty()).then(|| (image, label, set.contains(&label)))
    });
    Some(labels.collect())
}

fn name(image: u32) -> String {
    format!("ILSVRC2012_val_{:08}.JPEG", image + 1)
}

/// A project with these labels, and the answers of an auditor who knows the label sets.
fn project() -> Option<(Project, HashMap<String, bool>)> {
    let labels = original_labels()?;
    let mut table = "image,label\n".to_owned();
    for (image, label, _) in &labels {
        writeln!(table, "{},{label}", name(*image)).unwrap();
    }
    let project = Project::new();
    project.write("labels.csv", table);
    project.run(&["import", "labels", "labels.csv"]);
    let answers = labels
        .into_iter()
        .map(|(image, _, right)| (name(image), right));
    Some((project, answers.collect()))
}

/// The auditor answers the labels drawn from one place on to before another.
fn answer(
    project: &Project,
    audit: &str,
    places: std::ops::Range<usize>,
    right: &HashMap<String, bool>,
) {
    let places = places.start..places.end.min(audited::drawn(project, audit).len());
    audited::answer(project, audit, "ada", places, |image, _| {
        if right[image] { "yes" } else { "no" }
    });
}

/// 9.98 % of the original labels are not in the label sets (arXiv 2006.07159: a ReaL accuracy of 90.02 %).
#[test]
fn audits_of_the_original_labels_find_the_error_rate_that_they_have() {
    let Some((project, right)) = project() else {
        return;
    };
    let wrong = right.values().filter(|right| !**right).count();
    let rate = wrong as f64 / right.len() as f64;
    assert_eq!(
        (right.len(), format!("{:.2}", rate * 100.0)),
        (46_837, "9.98".to_owned())
    );
    let mut said = String::new();
    for tolerance in ["0.02", "0.05", "0.08", "0.12", "0.15", "0.2"] {
        for by in ["uniform", "class"] {
            let audit = format!("{by} {tolerance}");
            let plan = [
                "audit",
                "plan",
                "--seed",
                "1",
                "--size",
                "4000",
                "--tolerance",
                tolerance,
                "--name",
                &audit,
            ];
            match by {
                "class" => project.run(&[&plan[..], &["--by", "class"]].concat()),
                _ => project.run(&plan),
            };
            answer(&project, &audit, 0..4000, &right);
            let result = figures(&project, &audit);
            let interval = &result["confidence_sequence"];
            let (low, high) = (
                interval["low"].as_f64().unwrap(),
                interval["high"].as_f64().unwrap(),
            );
            assert!(low <= wrong as f64 && high >= wrong as f64, "{result:#}");
            writeln!(
                said,
                "{audit}: {} after {}",
                result["verdict"], result["settled_after"]
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(said, @r#"
    uniform 0.02: "above" after 68
    class 0.02: "above" after 80
    uniform 0.05: "above" after 131
    class 0.05: "above" after 260
    uniform 0.08: "above" after 419
    class 0.08: "above" after 2080
    uniform 0.12: "below" after 2811
    class 0.12: "below" after 1640
    uniform 0.15: "below" after 945
    class 0.15: "below" after 500
    uniform 0.2: "below" after 53
    class 0.2: "below" after 140
    "#);
}

#[test]
fn the_interval_holds_the_rate_at_every_look_and_gets_narrower() {
    let Some((project, right)) = project() else {
        return;
    };
    project.run(&["audit", "plan", "--seed", "7"]);
    let mut said = String::new();
    let mut before = 0;
    for looked_at in [25, 50, 100, 200, 400, 1000, 2000] {
        answer(&project, "audit", before..looked_at, &right);
        before = looked_at;
        let text = project.run(&["audit", "result"]);
        for line in text
            .lines()
            .filter(|line| line.contains("sure  ") || line.contains("verdict"))
        {
            writeln!(said, "{looked_at}:{line}").unwrap();
        }
    }
    insta::assert_snapshot!(said, @"
    25: 95 % sure   0.13–22.45 %  59–10,514 labels, however often one looks
    25:no verdict yet: go on; if labels are like these, the 2,000 drawn may be too few
    50: 95 % sure   0.84–15.21 %  395–7,124 labels, however often one looks
    50:no verdict yet: go on; if labels are like these, the 2,000 drawn may be too few
    100: 95 % sure   2.54–15.21 %  1,189–7,124 labels, however often one looks
    100:no verdict yet: go on; about 507 labels more, if they are like these
    200: 95 % sure   3.68–14.37 %  1,723–6,731 labels, however often one looks
    200:no verdict yet: go on; about 407 labels more, if they are like these
    400: 95 % sure   6.33–14.37 %  2,966–6,731 labels, however often one looks
    400:verdict: 5 % or more are wrong (95 % sure), clear after 251 labels
    1000: 95 % sure   8.31–14.37 %  3,894–6,731 labels, however often one looks
    1000:verdict: 5 % or more are wrong (95 % sure), clear after 251 labels
    2000: 95 % sure   8.49–12.99 %  3,975–6,086 labels, however often one looks
    2000:verdict: 5 % or more are wrong (95 % sure), clear after 251 labels
    ");
}

/// How many labels an audit takes, of 200 draws: the table of docs/audit.md.
#[test]
fn an_audit_takes_as_many_labels_as_the_page_says() {
    let Some(labels) = original_labels() else {
        return;
    };
    let mut of_class: BTreeMap<ClassIndex, Vec<bool>> = BTreeMap::new();
    for (_, class, right) in &labels {
        of_class.entry(*class).or_default().push(*right);
    }
    let sizes: Vec<usize> = of_class.values().map(Vec::len).collect();
    let mut ranges: Vec<Vec<bool>> = Vec::new();
    for (range, right) in class_ranges(&sizes).into_iter().zip(of_class.into_values()) {
        ranges.resize(ranges.len().max(range + 1), Vec::new());
        ranges[range].extend(right);
    }
    let all = vec![
        labels
            .iter()
            .map(|(.., right)| *right)
            .collect::<Vec<bool>>(),
    ];
    let takes = |strata: &[Vec<bool>], tolerance: f64, seed: u64| {
        let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
        let terms = Terms::new(tolerance, 0.95, Maybe::Half).unwrap();
        let answers: Vec<Answered> = draw(&sizes, 10_000, seed)
            .iter()
            .map(|place| Answered {
                stratum: place.stratum,
                block: place.block,
                wrong: f64::from(u8::from(!strata[place.stratum][place.label])),
            })
            .collect();
        let evidence = Evidence::new(&sizes, &answers, answers.len(), &terms);
        let bound = terms.least_unacceptable(labels.len());
        let below = evidence.against(Side::TooMany, bound).excluded_after;
        let above = evidence.against(Side::TooFew, bound - 0.5).excluded_after;
        let is_right = below.is_none_or(|below| above.is_some_and(|above| above < below))
            == (tolerance < 0.0998);
        let first = below.into_iter().chain(above).min();
        (first.unwrap_or(10_000), is_right)
    };
    let mut table = "tolerance  uniform          by class\n".to_owned();
    for tolerance in [0.02, 0.05, 0.08, 0.12, 0.15, 0.2] {
        write!(table, "{tolerance:<9}").unwrap();
        for strata in [&all, &ranges] {
            let mut took: Vec<(usize, bool)> = (0..200u64)
                .into_par_iter()
                .map(|seed| takes(strata, tolerance, seed))
                .collect();
            took.sort_unstable();
            let right = took.iter().filter(|(_, right)| *right).count();
            assert!(right >= 190, "{tolerance} {right}");
            write!(table, "  {:>5} {:>5} {right}", took[100].0, took[180].0).unwrap();
        }
        table.push('\n');
    }
    insta::assert_snapshot!(table, @"
    tolerance  uniform          by class
    0.02          60   123 200     80   160 200
    0.05         206   470 200    220   540 200
    0.08        1751  3622 200   1740  3520 199
    0.12        2167  4516 200   2300  4620 200
    0.15         327   805 200    400   800 200
    0.2          101   217 200    140   280 200
    ");
}
