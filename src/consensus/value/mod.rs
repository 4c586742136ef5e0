//! Which vote is worth most: the expected error that it removes from the label sets, a second.
//!
//! A threshold t on the score is the best decision where a wrong label in the set costs t and a missing one 1 − t. So the
//! expected error of a question with score p is e(p) = 2 min((1 − t) p, t (1 − p)): at t = ½ the probability that the
//! decision is wrong. It is concave, so that votes are never expected to add to it (the value of information, Howard 1966).
//!
//! One vote can seldom turn a decision, though several can. So a vote counts for the best average over k = 1, 2, … votes
//! of the same rater's kind: max over k of (e(p) − E e(p after k votes)) / k (the KG(*) policy of Frazier and Powell 2010,
//! "Paradoxes in Learning and the Marginal Value of Information", Decision Analysis 7, 378–403).

mod channel;
mod order;
mod pace;

pub use channel::Channel;
pub(super) use channel::UNKNOWN_RATER;
pub use order::{Asked, ValueOrder};
pub use pace::Pace;

/// The probability of each truth of a question: no, maybe, yes; sums to 1. Where a class is in an image or not, maybe has 0.
pub type Belief = [f64; 3];

/// No more votes ahead are looked at: the ways in which they can come out grow as their square.
pub const LOOK_AHEAD: usize = 8;

/// The expected error of the decision on a question, in 0..=1, with a threshold on the score in 0..1.
pub fn expected_error(belief: &Belief, threshold: f64) -> f64 {
    let [no, maybe, yes] = belief;
    2.0 * ((1.0 - threshold) * yes).min(threshold * (no + maybe))
}

fn times([a, b, c]: &Belief, [x, y, z]: &[f64; 3]) -> Belief {
    [a * x, b * y, c * z]
}

/// What votes of raters of one kind can do to any question.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteValue {
    threshold: f64,
    /// By number of votes less one: each way in which they can come out, by its probability given each truth.
    outcomes: Vec<Vec<[f64; 3]>>,
}

impl VoteValue {
    /// Of votes through this channel, for label sets by this threshold; looks at most so many votes ahead.
    pub fn new(channel: &Channel, threshold: f64, most: usize) -> VoteValue {
        let votes = 1..=most.min(LOOK_AHEAD);
        VoteValue {
            threshold,
            outcomes: votes.map(|votes| channel.outcomes(votes)).collect(),
        }
    }

    /// The expected error that this many votes more remove, in 0..=1.
    pub fn removed(&self, belief: &Belief, votes: usize) -> f64 {
        let Some(outcomes) = votes.checked_sub(1).and_then(|at| self.outcomes.get(at)) else {
            return 0.0;
        };
        // The error after an outcome, times its probability, is the error of the joint probabilities.
        let after = outcomes.iter().map(|given| {
            let joint = times(belief, given);
            expected_error(&joint, self.threshold)
        });
        let removed = expected_error(belief, self.threshold) - after.sum::<f64>();
        // What rounding leaves is nothing.
        if removed > 1e-12 { removed } else { 0.0 }
    }

    /// The value of the next vote on a question that wants so many votes more: the expected error removed a vote, by as many
    /// as are best.
    pub fn of(&self, belief: &Belief, votes_left: usize) -> f64 {
        let each = |votes: usize| self.removed(belief, votes) / votes as f64;
        (1..=votes_left.min(self.outcomes.len()))
            .map(each)
            .fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Right with probability q, never a maybe.
    fn symmetric(q: f64) -> Channel {
        Channel::new([[q, 0.0, 1.0 - q], [q, 0.0, 1.0 - q], [1.0 - q, 0.0, q]])
    }

    fn binary(p: f64) -> Belief {
        [1.0 - p, 0.0, p]
    }

    #[test]
    fn one_vote_on_an_even_question_removes_what_the_rater_knows() {
        let value = VoteValue::new(&symmetric(0.8), 0.5, 5);
        // Wrong half of the time before, 0.2 of the time afterwards.
        assert!((value.removed(&binary(0.5), 1) - 0.3).abs() < 1e-12);
        // A second vote cannot turn the first: they agree, or it is even again.
        assert!((value.removed(&binary(0.5), 2) - 0.3).abs() < 1e-12);
        // Two of three: 0.2³ + 3 · 0.2² · 0.8 = 0.104 wrong.
        assert!((value.removed(&binary(0.5), 3) - 0.396).abs() < 1e-12);
        assert!((value.of(&binary(0.5), 5) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn where_one_vote_turns_nothing_several_count_by_their_mean() {
        let value = VoteValue::new(&symmetric(0.8), 0.5, 5);
        // After two raters' no: 1 : 16. One yes leaves 1 : 4, two yes 1 : 1, three turn it.
        let belief = binary(1.0 / 17.0);
        assert_eq!(value.removed(&belief, 1), 0.0);
        assert_eq!(value.removed(&belief, 2), 0.0);
        // Three times yes: 0.8³ / 17 right, 0.2³ · 16 / 17 wrong.
        let three = (0.512 - 16.0 * 0.008) / 17.0;
        assert!((value.removed(&belief, 3) - three).abs() < 1e-12);
        assert_eq!(value.of(&belief, 2), 0.0);
        assert!((value.of(&belief, 3) - three / 3.0).abs() < 1e-12);
    }

    #[test]
    fn at_a_threshold_of_0_8_a_wrong_label_costs_four_times_a_missing_one() {
        let error = |p: f64| expected_error(&binary(p), 0.8);
        assert!((error(0.8) - 0.32).abs() < 1e-12);
        assert!((error(0.6) - 0.24).abs() < 1e-12);
        assert!((error(0.9) - 0.16).abs() < 1e-12);
        assert_eq!((error(0.0), error(1.0)), (0.0, 0.0));
    }
}
