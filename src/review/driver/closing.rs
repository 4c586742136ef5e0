//! What came of a sitting: agreement, label sets, disputes.

use std::collections::{HashMap, HashSet};

use super::Sitting;
use crate::consensus::agreement::{
    Measure, PairCounts, figures, pair_interval, rater_figures, rater_pairs,
};
use crate::consensus::interval::{Bootstrap, Interval};
use crate::consensus::{CalibratedOptions, Consensus, MajorityOptions, Method, VoteTable};
use crate::domain::{ImageId, TaskId};
use crate::review::summary::{
    Change, Dispute, Estimate, FinalLabels, GoldAgreement, PairAgreement, Summary,
};
use crate::store::{Store, StoreError, StoredEvidence};

/// Other raters whose agreement is shown, those with the most questions in common.
const OTHERS: usize = 8;

/// Disputes that are listed.
const LISTED: usize = 200;

/// Enough for a screen; the seed makes the same votes give the same intervals.
const BOOTSTRAP: Bootstrap = Bootstrap {
    replicates: 500,
    level: 0.95,
    seed: 1,
};

/// What came of the votes so far, for a rater who ended tasks of the `touched` images.
pub fn summarise(
    store: &Store,
    sitting: &Sitting,
    touched: &[ImageId],
) -> Result<Summary, StoreError> {
    let stored = store.evidence(&sitting.round_name)?;
    let consensus = majority(&stored)?;
    let (disputes, disputes_total) = disputes(store, sitting, &stored, &consensus)?;
    let me = stored.rater(sitting.rater.id);
    Ok(Summary {
        method: "by majority: in the set when yes, with maybe as a half, has more than half of the votes".to_owned(),
        pairs: me.map_or_else(Vec::new, |me| pairs(&stored, me)),
        gold: me.and_then(|me| gold(&stored, me)),
        label_sets: label_sets(store, sitting, &stored, &consensus, touched)?,
        disputes,
        disputes_total,
    })
}

/// Tasks with disputes by majority, the most disputed first.
pub fn disputed_tasks(store: &Store, round: &str) -> Result<Vec<TaskId>, StoreError> {
    let stored = store.evidence(round)?;
    let consensus = majority(&stored)?;
    let mut seen = HashSet::new();
    let mut tasks = Vec::new();
    for number in by_dispute(&consensus) {
        if let Some(question) = stored.questions.get(number)
            && let Some(task) = store.task_of(*question)?
            && seen.insert(task)
        {
            tasks.push(task);
        }
    }
    Ok(tasks)
}

fn majority(stored: &StoredEvidence) -> Result<Consensus, StoreError> {
    Method::Majority(MajorityOptions::default())
        .run(&stored.evidence())
        .map_err(|error| StoreError::Damaged(error.to_string()))
}

/// Numbers of the disputed questions, the score nearest to a half first.
fn by_dispute(consensus: &Consensus) -> Vec<usize> {
    let far = |number: usize| {
        consensus
            .scores
            .get(number)
            .map_or(1.0, |score| (score - 0.5).abs())
    };
    let disputed = consensus
        .disputed
        .iter()
        .enumerate()
        .filter(|(_, disputed)| **disputed);
    let mut numbers: Vec<usize> = disputed.map(|(number, _)| number).collect();
    numbers.sort_by(|&a, &b| far(a).total_cmp(&far(b)).then(a.cmp(&b)));
    numbers
}

fn disputes(
    store: &Store,
    sitting: &Sitting,
    stored: &StoredEvidence,
    consensus: &Consensus,
) -> Result<(Vec<Dispute>, usize), StoreError> {
    let numbers = by_dispute(consensus);
    let mut listed = Vec::new();
    for &number in numbers.iter().take(LISTED) {
        let (Some(question), Some(key)) = (
            stored.questions.get(number),
            stored.votes.questions().get(number),
        ) else {
            continue;
        };
        // A question that no task asks any more cannot be opened.
        let Some(task) = store.task_of(*question)? else {
            continue;
        };
        let image = stored.images.get(key.image as usize).copied();
        let image = image.map(|image| store.image(image)).transpose()?.flatten();
        listed.push(Dispute {
            task,
            image: image.map_or_else(String::new, |image| image.name),
            label: sitting.classes.name_of(key.class),
            score: consensus.scores.get(number).copied().unwrap_or(0.5),
        });
    }
    Ok((listed, numbers.len()))
}

fn estimate(value: Option<f64>, interval: Option<Interval>) -> Estimate {
    Estimate {
        value: value.unwrap_or(f64::NAN),
        interval: interval.map_or((f64::NAN, f64::NAN), |interval| {
            (interval.low, interval.high)
        }),
    }
}

fn pairs(stored: &StoredEvidence, me: u32) -> Vec<PairAgreement> {
    let mut mine: Vec<(u32, PairCounts)> = rater_pairs(&stored.votes)
        .into_iter()
        .filter_map(|pair| match (pair.first, pair.second) {
            (first, other) if first == me => Some((other, pair.counts)),
            (other, second) if second == me => Some((other, pair.counts)),
            _ => None,
        })
        .collect();
    mine.sort_by_key(|(other, counts)| (std::cmp::Reverse(counts.total()), *other));
    mine.truncate(OTHERS);
    mine.into_iter()
        .map(|(other, counts)| {
            let kappa = pair_interval(&stored.votes, me.min(other), me.max(other), &BOOTSTRAP);
            PairAgreement {
                rater: stored.rater_name(other),
                questions: usize::try_from(counts.total()).unwrap_or(usize::MAX),
                raw: estimate(counts.raw(), raw_interval(&stored.votes, me, other)),
                kappa: estimate(counts.kappa(), kappa),
            }
        })
        .collect()
}

/// The raw agreement's interval: the one of all raters, over a table of these two alone.
fn raw_interval(votes: &VoteTable, one: u32, other: u32) -> Option<Interval> {
    let mut table = VoteTable::builder(votes.shared_questions(), 2);
    for question in 0..votes.n_questions() {
        if let (Some(first), Some(second)) =
            (votes.answer(question, one), votes.answer(question, other))
        {
            table.push(question, 0, first).ok()?;
            table.push(question, 1, second).ok()?;
        }
    }
    let table = table.build().ok()?;
    let all = figures(&table, 0..table.n_questions(), Some(&BOOTSTRAP));
    all.into_iter()
        .find(|figure| figure.measure == Measure::Raw)?
        .interval
}

fn gold(stored: &StoredEvidence, me: u32) -> Option<GoldAgreement> {
    let evidence = stored.evidence();
    let all = rater_figures(
        &stored.votes,
        evidence.gold,
        CalibratedOptions::default().truth,
        &[],
    );
    let own = all.get(me as usize)?;
    let questions = own.gold.iter().map(|counts| counts.total() as usize).sum();
    Some(GoldAgreement {
        questions,
        accuracy: estimate(Some(own.gold_accuracy()?), own.gold_interval(0.95)),
    })
}

fn label_sets(
    store: &Store,
    sitting: &Sitting,
    stored: &StoredEvidence,
    consensus: &Consensus,
    touched: &[ImageId],
) -> Result<Vec<FinalLabels>, StoreError> {
    let mut sets: HashMap<u32, Vec<String>> = HashMap::new();
    let mut kept_original: HashSet<u32> = HashSet::new();
    for (key, in_set) in stored.votes.questions().iter().zip(&consensus.in_set) {
        if *in_set {
            sets.entry(key.image)
                .or_default()
                .push(sitting.classes.name_of(key.class));
            if stored.original.get(key.image as usize) == Some(&Some(key.class)) {
                kept_original.insert(key.image);
            }
        }
    }
    let numbers: HashMap<ImageId, u32> = (0u32..)
        .zip(&stored.images)
        .map(|(n, image)| (*image, n))
        .collect();
    let mut seen = HashSet::new();
    let mut finals = Vec::new();
    for image in touched.iter().filter(|image| seen.insert(**image)) {
        let (Some(number), Some(row)) = (numbers.get(image), store.image(*image)?) else {
            continue;
        };
        let labels = sets.remove(number).unwrap_or_default();
        let change = match (labels.len(), kept_original.contains(number)) {
            (0, _) => Change::Empty,
            (1, true) => Change::Kept,
            (_, true) => Change::Extended,
            (_, false) => Change::Replaced,
        };
        finals.push(FinalLabels {
            image: *image,
            name: row.name,
            labels,
            original: row
                .original_label
                .map(|class| sitting.classes.name_of(class)),
            change,
        });
    }
    // What changed comes first.
    finals.sort_by_key(|set| std::cmp::Reverse(set.change));
    Ok(finals)
}
