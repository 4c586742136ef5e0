// Numbers of truths and answers are in range by type.
#![allow(clippy::indexing_slicing)]

use crate::consensus::rule::ScoreRule;
use crate::consensus::{CalibratedModel, Parameters};
use crate::domain::Answer;

/// How a rater answers: P(answer | truth), a row a truth (no, maybe, yes), in it the answers no, maybe, yes. Rows sum to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Channel([[f64; 3]; 3]);

/// Without any word on the raters each of them is taken to be right three times in four.
pub(in crate::consensus) const UNKNOWN_RATER: f64 = 0.75;

impl Channel {
    /// Of these probabilities.
    pub fn new(given: [[f64; 3]; 3]) -> Channel {
        Channel(given)
    }

    /// The probabilities, a row a truth.
    pub fn given(&self) -> &[[f64; 3]; 3] {
        &self.0
    }

    /// Of a rater by a method's result; one whom it has not met answers like the mean of the others.
    pub fn of_rater(parameters: &Parameters, rater: u32) -> Channel {
        match parameters {
            Parameters::Majority { .. } => {
                let (right, wrong) = (UNKNOWN_RATER, 1.0 - UNKNOWN_RATER);
                Channel::binary([right, 0.0, wrong], [wrong, 0.0, right])
            }
            Parameters::Calibrated(model) => Channel::calibrated(model, rater),
            Parameters::DawidSkene(fit) => {
                let known = fit.raters.get(rater as usize).cloned().flatten();
                match known.unwrap_or_else(|| fit.mean_rater()).as_slice() {
                    [no, maybe, yes] => Channel([*no, *maybe, *yes]),
                    [no, yes] => Channel::binary(*no, *yes),
                    // Never: there are two truths or three.
                    _ => Channel([[1.0 / 3.0; 3]; 3]),
                }
            }
            Parameters::Recalibrated(model) => {
                let rule = ScoreRule::new(parameters);
                let weights = Answer::ALL.map(|answer| rule.weight(rater, answer));
                Channel::calibrated(&model.calibrated, rater).with_weights(weights)
            }
        }
    }

    fn binary(no: [f64; 3], yes: [f64; 3]) -> Channel {
        Channel([no, no, yes])
    }

    fn calibrated(model: &CalibratedModel, rater: u32) -> Channel {
        let known = model.raters.get(rater as usize).and_then(Option::as_ref);
        let [no, yes] = *known.unwrap_or(&model.mean_rater);
        Channel::binary(no, yes)
    }

    /// The channel nearby whose answers have these weights (log odds of yes against no), so that what is expected of a vote
    /// agrees with what the vote then does: each answer keeps the geometric mean of its probabilities, up to one factor for
    /// the answers that speak for the class and one for those that speak against it. Where all answers speak for one
    /// side there is none; such a vote tells nothing.
    fn with_weights(&self, weights: [f64; 3]) -> Channel {
        let mean: [f64; 3] = [0, 1, 2].map(|answer| (self.0[0][answer] * self.0[2][answer]).sqrt());
        let pull = |answer: usize| mean[answer] * (weights[answer] / 2.0).sinh();
        let both = [0, 1, 2].map(pull);
        let towards: f64 = both.iter().filter(|pull| **pull > 0.0).sum();
        let against: f64 = -both.iter().filter(|pull| **pull < 0.0).sum::<f64>();
        let factor = |answer: usize| match both[answer] {
            pull if pull > 0.0 => against,
            pull if pull < 0.0 => towards,
            _ => (towards * against).sqrt(),
        };
        let row = |side: f64| {
            let row = [0, 1, 2]
                .map(|answer| factor(answer) * mean[answer] * (side * weights[answer] / 2.0).exp());
            let sum: f64 = row.iter().sum();
            row.map(|p| p / sum)
        };
        let (no, yes) = (row(-1.0), row(1.0));
        if no.iter().chain(&yes).all(|p| p.is_finite()) {
            Channel::binary(no, yes)
        } else {
            Channel([[1.0 / 3.0; 3]; 3])
        }
    }

    /// The ways in which so many votes can come out, as counts of answers, by their probability given each truth.
    pub(super) fn outcomes(&self, votes: usize) -> Vec<[f64; 3]> {
        let mut outcomes = Vec::new();
        for no in 0..=votes {
            for maybe in 0..=votes - no {
                let counts = [no, maybe, votes - no - maybe];
                let ways = choose(votes, no) * choose(votes - no, maybe);
                outcomes.push(self.0.map(|given| {
                    let each = given.iter().zip(counts);
                    ways * each.map(|(p, count)| p.powi(count as i32)).product::<f64>()
                }));
            }
        }
        outcomes
    }
}

/// How many ways there are to choose k of n.
fn choose(n: usize, k: usize) -> f64 {
    (1..=k).map(|i| (n - k + i) as f64 / i as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_the_channel_has_leave_it_as_it_is() {
        let (no, yes) = ([0.7, 0.2, 0.1], [0.1, 0.3, 0.6]);
        let channel = Channel::binary(no, yes);
        let weights = [0, 1, 2].map(|answer: usize| (yes[answer] / no[answer]).ln());
        let same = channel.with_weights(weights);
        for (row, expected) in same.0.iter().zip(channel.0) {
            for (p, expected) in row.iter().zip(expected) {
                assert!((p - expected).abs() < 1e-12, "{same:?}");
            }
        }
    }

    #[test]
    fn other_weights_are_kept_and_rows_still_sum_to_1() {
        let channel = Channel::binary([0.7, 0.2, 0.1], [0.1, 0.3, 0.6]);
        let weights = [-1.2, 0.0, 0.9];
        let Channel([no, _, yes]) = channel.with_weights(weights);
        assert!((no.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((yes.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for (answer, weight) in weights.iter().enumerate() {
            assert!(((yes[answer] / no[answer]).ln() - weight).abs() < 1e-12);
        }
        let one_sided = channel.with_weights([0.1, 0.2, 0.9]);
        assert_eq!(one_sided, Channel([[1.0 / 3.0; 3]; 3]));
    }

    #[test]
    fn outcomes_of_votes_have_probabilities_that_sum_to_1() {
        let channel = Channel([[0.7, 0.2, 0.1], [0.25, 0.5, 0.25], [0.1, 0.3, 0.6]]);
        for votes in 1..=8 {
            let outcomes = channel.outcomes(votes);
            assert_eq!(outcomes.len(), (votes + 1) * (votes + 2) / 2);
            for truth in 0..3 {
                let sum: f64 = outcomes.iter().map(|given| given[truth]).sum();
                assert!((sum - 1.0).abs() < 1e-12);
            }
        }
    }
}
