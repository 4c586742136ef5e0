//! An audit as it stands now: what was planned, the answers since, and what is said of them.

use std::collections::HashMap;

use crate::audit::{Design, Maybe, Outlook, Standing, Terms, Totals, Verdict};
use crate::domain::{Answer, ClassIndex, Classes, ImageId};
use crate::store::{Store, StoreError, StoredAudit};
use crate::text::{count, thousands};

/// An audit of the project.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveAudit {
    /// As it was planned.
    pub planned: StoredAudit,
    /// What follows from answers to it.
    pub design: Design,
}

impl LiveAudit {
    /// The audit of this name.
    ///
    /// # Errors
    /// SQLite refuses, or the audit is damaged.
    pub fn open(store: &Store, name: &str) -> Result<Option<LiveAudit>, StoreError> {
        let Some(planned) = store.audit(name)? else {
            return Ok(None);
        };
        let damaged =
            |error: &dyn std::fmt::Display| StoreError::Damaged(format!("audit {name:?}: {error}"));
        let maybe: Maybe = planned.maybe.parse().map_err(|error| damaged(&error))?;
        let terms = Terms::new(planned.tolerance, planned.confidence, maybe)
            .map_err(|error| damaged(&error))?;
        let draws = planned.draws.iter();
        let design = Design {
            sizes: planned
                .strata
                .iter()
                .map(|stratum| stratum.labels)
                .collect(),
            drawn: draws.map(|draw| (draw.stratum, draw.block)).collect(),
            terms,
        };
        Ok(Some(LiveAudit { planned, design }))
    }

    /// The answers as they stand now, one for each label drawn.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn answers(&self, store: &Store) -> Result<Vec<Option<Answer>>, StoreError> {
        store.audit_answers(&self.planned, None)
    }

    /// What is to be said of it, line by line: what, the figure, and a remark.
    pub fn rows(&self, standing: &Standing) -> Vec<[String; 3]> {
        let terms = &self.design.terms;
        let waiting = match standing.waiting {
            0 => String::new(),
            1 => "; 1 more answer waits for one before it".to_owned(),
            waiting => format!(
                "; {} more answers wait for one before them",
                thousands(waiting)
            ),
        };
        let looked_at = format!("of {} drawn{waiting}", thousands(standing.drawn));
        let rate = standing
            .rate
            .map_or_else(|| "–".to_owned(), |rate| format!("{:.2} %", rate * 100.0));
        let sure = format!("{} sure", percent(terms.confidence()));
        let maybe = format!("each counts as {}", terms.maybe());
        let counts = standing.counts;
        let interval = |what: &str, totals, remark: &str| {
            let remark = format!("{}, {remark}", whole_labels(totals));
            [what.to_owned(), rates(totals, standing.labels), remark]
        };
        let row = |what: &str, figure, remark| [what.to_owned(), figure, remark];
        let mut rows = vec![
            row(
                "labels",
                thousands(standing.labels),
                self.planned.given.clone(),
            ),
            row("question", String::new(), question_words(terms)),
            row("looked at", thousands(counts.looked_at), looked_at),
            row("wrong", thousands(counts.wrong), String::new()),
            row("maybe", thousands(counts.maybe), maybe),
            row("error rate", rate, String::new()),
            interval(&sure, standing.totals, "however often one looks"),
        ];
        rows.extend(
            standing
                .exact
                .map(|exact| interval("one look", exact, "if this is the only look")),
        );
        rows
    }

    /// The labels that are not right, in the order of the draw.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn found(
        &self,
        store: &Store,
        classes: &Classes,
        answers: &[Option<Answer>],
        standing: &Standing,
    ) -> Result<Vec<Found>, StoreError> {
        let images: HashMap<ImageId, String> = (store.images()?.into_iter())
            .map(|image| (image.id, image.name))
            .collect();
        let draws = self.planned.draws.iter().zip(answers).enumerate();
        let found = draws.filter_map(|(place, (draw, answer))| {
            Some(Found {
                image: images.get(&draw.asks.image)?.clone(),
                class: draw.asks.class,
                label: classes.name_of(draw.asks.class),
                answer: answer.filter(|answer| *answer != Answer::Yes)?,
                place,
                counts: place < standing.counts.looked_at,
            })
        });
        Ok(found.collect())
    }
}

/// A label that is wrong, or that nobody can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Image name.
    pub image: String,
    /// The label.
    pub class: ClassIndex,
    /// Its name.
    pub label: String,
    /// No or maybe.
    pub answer: Answer,
    /// From 0, in the order of the draw.
    pub place: usize,
    /// Whether it counts already; else it waits for an answer before it.
    pub counts: bool,
}

impl Found {
    /// What was found, in a word.
    pub fn word(&self) -> &'static str {
        match self.answer {
            Answer::No => "wrong",
            _ => "maybe",
        }
    }
}

/// The question put, in words.
pub fn question_words(terms: &Terms) -> String {
    format!(
        "are fewer than {} wrong? ({} sure; a maybe counts as {})",
        percent(terms.tolerance()),
        percent(terms.confidence()),
        terms.maybe()
    )
}

/// The verdict in a sentence, or what is missing for one.
pub fn verdict_words(terms: &Terms, standing: &Standing, outlook: Outlook) -> String {
    let (tolerance, sure) = (percent(terms.tolerance()), percent(terms.confidence()));
    let looked_at = standing.counts.looked_at;
    match (standing.verdict, outlook) {
        (Verdict::Below(after), _) => format!(
            "verdict: fewer than {tolerance} are wrong ({sure} sure), clear after {}",
            count(after, "label")
        ),
        (Verdict::Above(after), _) => format!(
            "verdict: {tolerance} or more are wrong ({sure} sure), clear after {}",
            count(after, "label")
        ),
        (Verdict::Open, Outlook::More(more)) if looked_at == 0 => format!(
            "no verdict yet: go on; {}, if all are right",
            count(more, "label")
        ),
        (Verdict::Open, Outlook::More(more)) => format!(
            "no verdict yet: go on; about {} more, if they are like these",
            count(more, "label")
        ),
        (Verdict::Open, _) if looked_at < standing.drawn => format!(
            "no verdict yet: go on; if labels are like these, the {} drawn may be too few",
            thousands(standing.drawn)
        ),
        (Verdict::Open, _) => format!(
            "no verdict: all labels drawn are looked at; `relabel audit plan` with the same options and a --size above {} draws more",
            thousands(standing.drawn)
        ),
    }
}

/// Totals as counts of labels, without halves.
fn whole_labels(totals: Totals) -> String {
    let (low, high) = (totals.low.floor() as u64, totals.high.ceil() as u64);
    format!("{}–{} labels", thousands(low), thousands(high))
}

/// Totals as shares of all labels.
pub fn rates(totals: Totals, labels: usize) -> String {
    let number = |total: f64| format!("{:.2}", 100.0 * total / labels.max(1) as f64);
    format!("{}–{} %", number(totals.low), number(totals.high))
}

/// A share in percent, with as many decimals as it needs, at most two.
pub fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}
