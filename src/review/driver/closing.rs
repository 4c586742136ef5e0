//! What came of a sitting: agreement, label sets, disputes.

use std::collections::{HashMap, HashSet};

use super::Sitting;
use crate::consensus::agreement::{
    Measure, PairCounts, figures, pair_interval, rater_figures, rater_pairs,
};
use crate::consensus::interval::{Bootstrap, Interval};
use crate::consensus::{CalibratedOptions, Change, VoteTable};
use crate::domain::{ImageId, Role, TaskId};
use crate::live::Live;
use crate::review::summary::{
    AnsweredNote, Dispute, Estimate, FinalLabels, GoldAgreement, PairAgreement, Summary,
};
use crate::store::{Decision, QuestionScore, Store, StoreError, StoredEvidence};
use crate::text::count;

/// Other raters whose agreement is shown, those with the most questions in common.
const OTHERS: usize = 8;

/// The rater's notes whose answers are shown, the newest.
const ANSWERED: usize = 5;

/// Disputes that are listed.
const LISTED: usize = 200;

/// Enough for a screen; the seed makes the same votes give the same intervals.
const BOOTSTRAP: Bootstrap = Bootstrap {
    replicates: 500,
    level: 0.95,
    seed: 1,
};

/// The images whose label sets and disputes a rater may see: those with an answer of the rater's, and no question that the
/// rater may still be asked. `None`: all, for who decides.
pub fn seen_images(
    store: &Store,
    sitting: &Sitting,
    live: &Live,
    open_retests: &[TaskId],
) -> Result<Option<HashSet<ImageId>>, StoreError> {
    if sitting.decides {
        return Ok(None);
    }
    let (rater, round) = (sitting.rater.id, sitting.round);
    let answered = store.images_with_answers(rater, round, open_retests)?;
    let mut seen = answered.images;
    for (image, question) in answered.unanswered {
        // What `plan --stop` settles is asked no more.
        if !sitting.stop.is_some_and(|stop| stop.holds(live, question)) {
            seen.remove(&image);
        }
    }
    Ok(Some(seen))
}

/// Summarises the votes so far, for a rater who ended tasks of the `touched` images and may see those that are `seen`.
///
/// Label sets follow the votes one by one; agreement looks at the rater's own questions only.
pub fn summarise(
    store: &Store,
    sitting: &Sitting,
    live: &Live,
    touched: &[ImageId],
    seen: Option<&HashSet<ImageId>>,
) -> Result<Summary, StoreError> {
    let is_seen = |image: &ImageId| seen.is_none_or(|seen| seen.contains(image));
    let (mut disputes, disputes_total) = disputes(store, sitting, live, is_seen)?;
    if sitting.decides {
        disputes.extend(decided(store, sitting, live)?);
    }
    let around = store.evidence_around(&sitting.round_name, sitting.rater.id)?;
    let me = around.rater(sitting.rater.id);
    let touched: Vec<ImageId> = touched.iter().copied().filter(is_seen).collect();
    let decisions = live.scores().filter(|score| score.decided);
    Ok(Summary {
        of_own: seen.is_some(),
        method: method(live),
        purpose: purpose(sitting.rater.role, &around, me),
        pairs: me.map_or_else(Vec::new, |me| pairs(&around, me)),
        gold: me.and_then(|me| gold(&around, me)),
        label_sets: label_sets(store, sitting, live, &touched)?,
        disputes,
        disputes_total,
        weighs_raters: live.weighs_raters(),
        decided_total: decisions.filter(|score| is_seen(&score.asks.image)).count(),
        answered_notes: answered_notes(store, sitting, is_seen)?,
        with_others: 0,
    })
}

fn method(live: &Live) -> String {
    match live.run() {
        Some(run) => format!(
            "by run {} ({}) and {} since",
            run.id,
            run.method,
            count(live.votes_since(), "vote")
        ),
        None => "by majority: in the set when yes, with maybe as a half, has more than half of the votes".to_owned(),
    }
}

/// What the answers of somebody who is no rater are for.
fn purpose(role: Role, around: &StoredEvidence, me: Option<u32>) -> Option<String> {
    match role {
        Role::Rater => None,
        Role::Expert => {
            let gold = around.gold.as_ref();
            let own = gold.and_then(|(experts, _)| {
                let counts = experts.counts_by_rater();
                Some(counts.get(me? as usize)?.total())
            });
            let questions = count(own.unwrap_or(0), "question");
            Some(format!(
                "your answers are gold, by which raters are measured: {questions}"
            ))
        }
        Role::Adjudicator => Some(
            "yes and no decide, in place of the score; maybe leaves a question to its score"
                .to_owned(),
        ),
        Role::Auditor => Some("an auditor's answers count towards no label set".to_owned()),
    }
}

/// The newest answer to each of the rater's notes.
fn answered_notes(
    store: &Store,
    sitting: &Sitting,
    is_seen: impl Fn(&ImageId) -> bool,
) -> Result<Vec<AnsweredNote>, StoreError> {
    let mut answered = Vec::new();
    for mut note in store.answered_notes(sitting.rater.id, sitting.round)? {
        let image = store.image_of_note(note.id)?;
        let Some(answer) = note.answers.pop().filter(|_| is_seen(&image)) else {
            continue;
        };
        answered.push(AnsweredNote {
            image: sitting.shown_image(image, &note.image),
            comment: note.comment,
            by: answer.rater,
            answer: answer.text,
        });
        if answered.len() == ANSWERED {
            break;
        }
    }
    Ok(answered)
}

/// Tasks with disputes, the most disputed first.
pub fn disputed_tasks(store: &Store, live: &Live) -> Result<Vec<TaskId>, StoreError> {
    let mut seen = HashSet::new();
    let mut tasks = Vec::new();
    for score in by_dispute(live) {
        if let Some(task) = store.task_of(score.question)?
            && seen.insert(task)
        {
            tasks.push(task);
        }
    }
    Ok(tasks)
}

/// Tasks with decided questions, the newest decision first.
pub fn decided_tasks(store: &Store, live: &Live) -> Result<Vec<TaskId>, StoreError> {
    let mut seen = HashSet::new();
    let mut tasks = Vec::new();
    for decision in decisions(store, live)? {
        if let Some(task) = store.task_of(decision.question)?
            && seen.insert(task)
        {
            tasks.push(task);
        }
    }
    Ok(tasks)
}

/// The decisions that count in label sets, the newest first.
fn decisions(store: &Store, live: &Live) -> Result<Vec<Decision>, StoreError> {
    let mut decisions = store.decisions()?;
    decisions.retain(|decision| {
        let score = live.score(decision.question);
        score.is_some_and(|score| score.decided)
    });
    decisions.sort_by_key(|decision| std::cmp::Reverse(decision.at));
    Ok(decisions)
}

/// The disputed questions, the score nearest to a half first.
fn by_dispute(live: &Live) -> Vec<&QuestionScore> {
    let mut disputed: Vec<&QuestionScore> = live.scores().filter(|score| score.disputed).collect();
    let far = |score: &QuestionScore| (score.score - 0.5).abs();
    disputed.sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.question.cmp(&b.question)));
    disputed
}

fn disputes(
    store: &Store,
    sitting: &Sitting,
    live: &Live,
    is_seen: impl Fn(&ImageId) -> bool,
) -> Result<(Vec<Dispute>, usize), StoreError> {
    let mut disputed = by_dispute(live);
    disputed.retain(|score| is_seen(&score.asks.image));
    let mut listed = Vec::new();
    for score in disputed.iter().take(LISTED) {
        // A question that no task asks any more cannot be opened.
        let Some(task) = store.task_of(score.question)? else {
            continue;
        };
        let image = store.image(score.asks.image)?;
        listed.push(Dispute {
            task,
            image: image.map_or_else(String::new, |image| {
                sitting.shown_image(image.id, &image.name)
            }),
            label: sitting.classes.name_of(score.asks.class),
            score: score.score,
            decided_by: None,
        });
    }
    Ok((listed, disputed.len()))
}

/// What was decided, the newest first.
fn decided(store: &Store, sitting: &Sitting, live: &Live) -> Result<Vec<Dispute>, StoreError> {
    let mut listed = Vec::new();
    for decision in decisions(store, live)?.into_iter().take(LISTED) {
        let Some(task) = store.task_of(decision.question)? else {
            continue;
        };
        let image = store.image(decision.asks.image)?;
        listed.push(Dispute {
            task,
            image: image.map_or_else(String::new, |image| image.name),
            label: sitting.classes.name_of(decision.asks.class),
            score: f64::from(u8::from(decision.in_set)),
            decided_by: Some(decision.by),
        });
    }
    Ok(listed)
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
    live: &Live,
    touched: &[ImageId],
) -> Result<Vec<FinalLabels>, StoreError> {
    let mut sets: HashMap<ImageId, Vec<&QuestionScore>> =
        touched.iter().map(|image| (*image, Vec::new())).collect();
    for score in live.scores() {
        if let Some(set) = sets.get_mut(&score.asks.image) {
            set.push(score);
        }
    }
    let mut finals = Vec::new();
    for image in touched {
        // An image of several tasks is listed once; one without any vote left is not.
        let scores = sets.remove(image).filter(|scores| !scores.is_empty());
        let (Some(mut scores), Some(row)) = (scores, store.image(*image)?) else {
            continue;
        };
        scores.retain(|score| score.in_set);
        scores.sort_by_key(|score| score.asks.class);
        finals.push(FinalLabels {
            image: *image,
            name: sitting.shown_image(row.id, &row.name),
            labels: scores
                .iter()
                .map(|score| {
                    let name = sitting.classes.name_of(score.asks.class);
                    match score.decided {
                        true => format!("{name} (decided)"),
                        false => name,
                    }
                })
                .collect(),
            original: row
                .original_label
                .map(|class| sitting.classes.name_of(class)),
            change: Change::of(
                scores.len(),
                row.original_label.is_some(),
                scores.iter().any(|score| score.is_original),
            ),
        });
    }
    // What changed comes first.
    finals.sort_by_key(|set| std::cmp::Reverse(set.change));
    Ok(finals)
}
