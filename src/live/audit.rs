//! An audit as it stands now: what was planned, the answers since, and what is said of them.

use crate::audit::{Design, Maybe, Outlook, Standing, Terms, Totals, Verdict};
use crate::domain::Answer;
use crate::store::{Store, StoreError, StoredAudit};
use crate::text::thousands;

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
        store.audit_answers(&self.planned)
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
            "verdict: fewer than {tolerance} are wrong ({sure} sure), clear after {} labels",
            thousands(after)
        ),
        (Verdict::Above(after), _) => format!(
            "verdict: {tolerance} or more are wrong ({sure} sure), clear after {} labels",
            thousands(after)
        ),
        (Verdict::Open, Outlook::More(more)) if looked_at == 0 => format!(
            "no verdict yet: go on; {} labels, if all are right",
            thousands(more)
        ),
        (Verdict::Open, Outlook::More(more)) => format!(
            "no verdict yet: go on; about {} labels more, if they are like these",
            thousands(more)
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
