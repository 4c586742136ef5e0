// Numbers of raters and answers are in range by construction of the table.
#![allow(clippy::indexing_slicing)]

use super::measure::divide;
use crate::consensus::calibrated::Quorum;
use crate::consensus::interval::{Interval, wilson};
use crate::consensus::{AnswerCounts, Gold, VoteTable};
use crate::domain::Answer;

/// What one rater did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RaterFigures {
    /// Votes that count, by answer.
    pub votes: AnswerCounts,
    /// Gold votes by truth: first on questions whose class is not in the image, then on those
    /// whose class is.
    pub gold: [AnswerCounts; 2],
    /// No on what is in the label set, or yes on what is not.
    pub against_consensus: u32,
}

impl RaterFigures {
    /// Share of the gold votes that are right, in 0..=1; a maybe counts half. None without gold
    /// votes.
    pub fn gold_accuracy(&self) -> Option<f64> {
        divide(self.gold_right(), self.gold_votes())
    }

    /// Wilson interval of the gold accuracy.
    pub fn gold_interval(&self, level: f64) -> Option<Interval> {
        wilson(self.gold_right(), self.gold_votes(), level)
    }

    /// Share of the votes other than maybe that go against the consensus, in 0..=1.
    pub fn against_share(&self) -> Option<f64> {
        let sure = self.votes.no + self.votes.yes;
        divide(f64::from(self.against_consensus), f64::from(sure))
    }

    fn gold_votes(&self) -> f64 {
        f64::from(self.gold[0].total()) + f64::from(self.gold[1].total())
    }

    fn gold_right(&self) -> f64 {
        let maybe = f64::from(self.gold[0].maybe) + f64::from(self.gold[1].maybe);
        f64::from(self.gold[0].no) + f64::from(self.gold[1].yes) + maybe / 2.0
    }
}

/// What each rater did, by rater number. `in_set` is the consensus by question.
pub fn rater_figures(
    votes: &VoteTable,
    gold: Option<Gold<'_>>,
    truth: Quorum,
    in_set: &[bool],
) -> Vec<RaterFigures> {
    let n_raters = gold.map_or(0, |gold| gold.raters.n_raters());
    let mut figures = vec![RaterFigures::default(); votes.n_raters().max(n_raters)];
    for question in 0..votes.n_questions() {
        let consensus = in_set.get(question).copied();
        for (rater, answer) in votes.votes_on(question) {
            let figures = &mut figures[rater as usize];
            figures.votes.add(answer);
            let against = match answer {
                Answer::No => consensus == Some(true),
                Answer::Maybe => false,
                Answer::Yes => consensus == Some(false),
            };
            figures.against_consensus += u32::from(against);
        }
    }
    let Some(gold) = gold else {
        return figures;
    };
    for question in 0..gold.experts.n_questions() {
        if let Some(truth) = truth.of(gold.experts.counts(question)) {
            for (rater, answer) in gold.raters.votes_on(question) {
                figures[rater as usize].gold[usize::from(truth)].add(answer);
            }
        }
    }
    figures
}
