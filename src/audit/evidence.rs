use super::ratio::Ratio;
use super::terms::Terms;

/// An answer as it counts, in the order of the draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answered {
    /// The number of its stratum, from 0.
    pub stratum: usize,
    /// The number of the block of labels that it was drawn in; one of every label where there are no strata.
    pub block: usize,
    /// How much of a wrong label it is, in 0..=1.
    pub wrong: f64,
}

/// Why a total cannot be the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// More labels are wrong.
    TooFew,
    /// Fewer labels are wrong.
    TooMany,
}

/// What speaks against a total of wrong labels being the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Against {
    /// After how many answers the total was excluded, which it stays.
    pub excluded_after: Option<usize>,
    /// The natural logarithm of the strongest evidence at any look: a bettor's fortune who began with 1; infinite where
    /// the total is impossible.
    pub peak: f64,
}

impl Against {
    pub(super) const NOTHING: Against = Against {
        excluded_after: None,
        peak: 0.0,
    };

    /// Takes in what there is after so many answers.
    pub(super) fn look(&mut self, answers: usize, evidence: f64, threshold: f64) {
        self.peak = self.peak.max(evidence);
        if evidence >= threshold && self.excluded_after.is_none() {
            self.excluded_after = Some(answers);
        }
    }

    /// A p-value that is valid however often one looks: the probability of ever seeing as much against a true total is
    /// at most this (Ville's inequality).
    pub fn p_value(&self) -> f64 {
        (-self.peak).exp().min(1.0)
    }
}

/// Totals of wrong labels that are not excluded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Totals {
    /// The lowest.
    pub low: f64,
    /// The highest.
    pub high: f64,
}

/// What a confidence sequence makes of the answers so far; as many looks as there are complete blocks of answers.
#[derive(Debug, Clone)]
pub struct Evidence {
    ratio: Ratio,
    /// Labels in all strata.
    labels: usize,
    parts: usize,
}

impl Evidence {
    /// Of answers to labels drawn from strata of these `sizes`, of which the first `complete` are in blocks that are complete.
    pub fn new(sizes: &[usize], answers: &[Answered], complete: usize, terms: &Terms) -> Evidence {
        Evidence {
            ratio: Ratio::new(sizes, (answers, complete), terms.prior(), terms.alpha()),
            labels: sizes.iter().sum(),
            parts: terms.maybe().parts(),
        }
    }

    /// What speaks against a total of wrong labels; a pass over the answers, whatever the number of labels.
    pub fn against(&self, side: Side, total: f64) -> Against {
        self.ratio.against(side, total)
    }

    /// The totals that no look has excluded.
    pub fn totals(&self) -> Totals {
        let total = |parts: usize| parts as f64 / self.parts as f64;
        let most = self.labels * self.parts;
        let excluded = |side, parts| self.against(side, total(parts)).excluded_after.is_some();
        // What speaks for more wrong labels speaks against every lower total the more, and the other way about.
        let low = first(0, most, |parts| !excluded(Side::TooFew, parts));
        let high = first(0, most, |parts| excluded(Side::TooMany, parts + 1));
        Totals {
            low: total(low),
            // Both sides exclude everything only where the sequence misses the truth anyway.
            high: total(high.max(low)),
        }
    }
}

/// The first number from `low` on for which `holds`, which then holds for all after it; `high` where it never does before.
pub(super) fn first(mut low: usize, mut high: usize, holds: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        match holds(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}
