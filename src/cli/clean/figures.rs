//! How many labels are kept, by class, and what people said of those that are not.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use super::Judged;
use crate::cleaning::tally::{Found, by_class};
use crate::cleaning::verdict::{Reason, Rule, verdicts};
use crate::cli::table::{table, thousands};
use crate::consensus::interval::{Interval, wilson};
use crate::domain::{ClassIndex, Classes, ImageId};
use crate::store::ImageRow;

/// What is printed.
#[derive(Debug, Serialize)]
pub struct Figures {
    model: String,
    rule: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    /// Pairs that are pooled over all images.
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    folds: Option<usize>,
    /// With a label and a prediction.
    images: usize,
    kept: usize,
    pub dropped: usize,
    kept_share: f64,
    /// Images whose label is the model's first choice, over all.
    pub first_choice_share: f64,
    /// Images by reason.
    reasons: BTreeMap<&'static str, usize>,
    /// Images with a label and no prediction.
    pub not_predicted: usize,
    /// Images with a prediction and no label.
    pub unlabelled: usize,
    classes: Vec<ClassFigures>,
    /// Where people voted on labels: how this rule and the plain one find those that are wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    people: Option<People>,
}

#[derive(Debug, Serialize)]
struct ClassFigures {
    class: u32,
    name: String,
    images: usize,
    kept: usize,
    dropped: usize,
    dropped_share: f64,
    /// The most frequent first choice of those that are dropped.
    taken_for: Option<String>,
    taken_for_images: usize,
}

/// What people's label sets say of the labels that they voted on.
#[derive(Debug, Serialize)]
struct People {
    judged: usize,
    wrong: usize,
    rules: Vec<Detection>,
}

/// How a rule finds labels that are wrong.
#[derive(Debug, Serialize)]
struct Detection {
    rule: &'static str,
    /// Over all images, voted on or not.
    dropped: usize,
    /// Of those voted on.
    dropped_judged: usize,
    dropped_wrong: usize,
    /// Wrong labels among those that are dropped.
    precision: Option<f64>,
    precision_interval: Option<Interval>,
    /// Those that are dropped among wrong labels.
    recall: Option<f64>,
    recall_interval: Option<Interval>,
}

fn word(rule: Rule) -> &'static str {
    match rule {
        Rule::TwoPart => "two-part",
        Rule::FirstChoice => "top1",
        Rule::Threshold(_) => "threshold",
    }
}

impl Figures {
    /// Of labels as they were judged; `by_rule` is what the rule said before people overruled it.
    pub fn of(
        judged: &Judged,
        by_rule: &[Reason],
        people: &HashMap<ImageId, bool>,
        images: &[ImageRow],
        classes: &Classes,
    ) -> Figures {
        let all = judged.read.standings.len();
        let kept = judged
            .reasons
            .iter()
            .filter(|reason| reason.keeps())
            .count();
        let first = judged.read.standings.iter().filter(|label| label.rank == 1);
        let mut reasons = BTreeMap::new();
        for reason in &judged.reasons {
            *reasons.entry(reason.word()).or_default() += 1;
        }
        let predicted: HashSet<ImageId> = judged.read.images.iter().copied().collect();
        let not_predicted =
            |image: &&ImageRow| image.original_label.is_some() && !predicted.contains(&image.id);
        let folds = judged.read.folds.as_ref().map(|folds| {
            let folds: HashSet<&u32> = folds.iter().collect();
            folds.len()
        });
        Figures {
            model: judged.model.name.clone(),
            rule: word(judged.rule),
            threshold: match judged.rule {
                Rule::Threshold(least) => Some(least),
                _ => None,
            },
            pool: judged.read.pool,
            folds,
            images: all,
            kept,
            dropped: all - kept,
            kept_share: share(kept, all).unwrap_or(0.0),
            first_choice_share: share(first.count(), all).unwrap_or(0.0),
            reasons,
            not_predicted: images.iter().filter(not_predicted).count(),
            unlabelled: judged.read.images.len() - all,
            classes: class_figures(judged, classes),
            people: People::of(judged, by_rule, people),
        }
    }

    /// What `status` says of it.
    pub fn kept_line(&self) -> String {
        format!(
            "{} of {} labels kept ({:.1} %), {} dropped, by {} of {:?}",
            thousands(self.kept),
            thousands(self.images),
            self.kept_share * 100.0,
            thousands(self.dropped),
            self.rule,
            self.model
        )
    }

    /// For people.
    pub fn text(&self, top: usize) -> String {
        let mut rule = match (self.threshold, self.pool) {
            (Some(least), _) => format!("threshold {least}"),
            (_, Some(pool)) => format!("two-part, {} pairs pooled", thousands(pool)),
            _ => "first choice".to_owned(),
        };
        if let Some(folds) = self.folds {
            rule += &format!(", {folds} folds");
        }
        let share = |images: usize| {
            let share = share(images, self.images).unwrap_or(0.0);
            format!("{:.2} %", share * 100.0)
        };
        let mut rows = vec![
            vec!["model".to_owned(), self.model.clone(), rule],
            vec!["labels".to_owned(), thousands(self.images), String::new()],
            vec!["kept".to_owned(), thousands(self.kept), share(self.kept)],
            vec![
                "dropped".to_owned(),
                thousands(self.dropped),
                share(self.dropped),
            ],
        ];
        for (reason, images) in &self.reasons {
            rows.push(vec![
                format!("  {reason}"),
                thousands(*images),
                share(*images),
            ]);
        }
        let mut parts = vec![table(&[], &[1], rows)];
        parts.extend(self.class_table(top));
        parts.extend(self.people.as_ref().map(People::text));
        parts.join("\n\n")
    }

    fn class_table(&self, top: usize) -> Option<String> {
        let with_drops = self.classes.iter().filter(|class| class.dropped > 0);
        let shown: Vec<&ClassFigures> = with_drops.take(top).collect();
        if shown.is_empty() {
            return None;
        }
        let rows = shown.iter().map(|class| {
            vec![
                class.class.to_string(),
                class.name.clone(),
                thousands(class.images),
                thousands(class.kept),
                thousands(class.dropped),
                format!("{:.1} %", class.dropped_share * 100.0),
                class.taken_for.as_ref().map_or_else(String::new, |name| {
                    format!("{name} ({})", thousands(class.taken_for_images))
                }),
            ]
        });
        let header = [
            "",
            "class",
            "labels",
            "kept",
            "dropped",
            "share",
            "taken for",
        ];
        let mut text = table(&header, &[0, 2, 3, 4, 5], rows.collect());
        let more = self
            .classes
            .iter()
            .filter(|class| class.dropped > 0)
            .count()
            - shown.len();
        if more > 0 {
            text += &format!("\n… and {more} more classes (--top N, or --format json)");
        }
        Some(text)
    }
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// The largest share dropped first.
fn class_figures(judged: &Judged, classes: &Classes) -> Vec<ClassFigures> {
    let name = |class: u32| classes.name_of(ClassIndex(class));
    let tallies = by_class(&judged.read.standings, &judged.reasons).into_iter();
    let mut figures: Vec<ClassFigures> = tallies
        .map(|tally| ClassFigures {
            class: tally.class,
            name: name(tally.class),
            images: tally.images,
            kept: tally.images - tally.dropped,
            dropped: tally.dropped,
            dropped_share: share(tally.dropped, tally.images).unwrap_or(0.0),
            taken_for: tally.taken_for.map(|(class, _)| name(class)),
            taken_for_images: tally.taken_for.map_or(0, |(_, images)| images),
        })
        .collect();
    figures.sort_by(|a, b| {
        let by_share = b.dropped_share.total_cmp(&a.dropped_share);
        by_share.then(b.dropped.cmp(&a.dropped))
    });
    figures
}

impl People {
    fn of(judged: &Judged, by_rule: &[Reason], people: &HashMap<ImageId, bool>) -> Option<People> {
        let plain = verdicts(Rule::FirstChoice, &judged.read.standings, &[]);
        let mut rules = vec![(word(judged.rule), by_rule)];
        if judged.rule != Rule::FirstChoice {
            rules.push((word(Rule::FirstChoice), plain.as_slice()));
        }
        let found = |reasons: &[Reason]| {
            let labels = judged.read.standings.iter().zip(reasons);
            Found::of(labels.filter_map(|(standing, reason)| {
                let in_set = people.get(&judged.image(standing)?)?;
                Some((!reason.keeps(), !in_set))
            }))
        };
        let all = found(by_rule);
        (all.judged > 0).then(|| People {
            judged: all.judged,
            wrong: all.wrong,
            rules: rules
                .into_iter()
                .map(|(rule, reasons)| {
                    let dropped = reasons.iter().filter(|reason| !reason.keeps()).count();
                    Detection::of(rule, dropped, found(reasons))
                })
                .collect(),
        })
    }

    fn text(&self) -> String {
        let rows = self.rules.iter().map(|found| {
            vec![
                found.rule.to_owned(),
                thousands(found.dropped),
                thousands(found.dropped_judged),
                thousands(found.dropped_wrong),
                percent(found.precision, found.precision_interval),
                percent(found.recall, found.recall_interval),
            ]
        });
        let header = [
            "rule",
            "dropped",
            "voted on",
            "wrong",
            "precision",
            "recall",
        ];
        format!(
            "people voted on {} of these labels: {} are in no label set\n{}",
            thousands(self.judged),
            thousands(self.wrong),
            table(&header, &[1, 2, 3, 4, 5], rows.collect())
        )
    }
}

impl Detection {
    fn of(rule: &'static str, dropped: usize, found: Found) -> Detection {
        let interval = |part: usize, of: usize| wilson(part as f64, of as f64, 0.95);
        Detection {
            rule,
            dropped,
            dropped_judged: found.dropped,
            dropped_wrong: found.dropped_wrong,
            precision: share(found.dropped_wrong, found.dropped),
            precision_interval: interval(found.dropped_wrong, found.dropped),
            recall: share(found.dropped_wrong, found.wrong),
            recall_interval: interval(found.dropped_wrong, found.wrong),
        }
    }
}

fn percent(share: Option<f64>, interval: Option<Interval>) -> String {
    match (share, interval) {
        (Some(share), Some(Interval { low, high })) => format!(
            "{:.1} % [{:.1}, {:.1}]",
            share * 100.0,
            low * 100.0,
            high * 100.0
        ),
        _ => "–".to_owned(),
    }
}
