//! When a question needs no further rater.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::rule::ScoreRule;
use super::{Evidence, Parameters};
use crate::domain::Answer;

/// Whether a score is so near to 0 or 1 that no further rater need be asked: below `bound` or
/// above 1 - `bound`, where bound lies in 0..0.5.
pub fn settled(score: f64, bound: f64) -> bool {
    score < bound || score > 1.0 - bound
}

/// What asking only until a question is settled would have cost and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// Votes there are.
    pub votes: usize,
    /// Votes that would have been asked for.
    pub used: usize,
    /// Questions with votes.
    pub questions: usize,
    /// Questions in the label set with all votes.
    pub in_set: usize,
    /// Questions that are in the label set by all votes but not by the used ones, or the other
    /// way round.
    pub differing: usize,
}

/// Asks the votes of each question again in random order, at least one, until its score is
/// settled, and compares the label sets. The seed decides the order.
pub fn replay(evidence: &Evidence<'_>, parameters: &Parameters, bound: f64, seed: u64) -> Replay {
    let rule = ScoreRule::new(parameters);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut replay = Replay {
        votes: evidence.votes.n_votes(),
        used: 0,
        questions: 0,
        in_set: 0,
        differing: 0,
    };
    let mut order: Vec<(u32, Answer)> = Vec::new();
    for (question, &key) in evidence.votes.questions().iter().enumerate() {
        order.clear();
        order.extend(evidence.votes.votes_on(question));
        if order.is_empty() {
            continue;
        }
        order.shuffle(&mut random);
        let mut standing = rule.start(key, evidence.original_label(key.image));
        let mut when_settled = None;
        for (asked, &(rater, answer)) in (1..).zip(&order) {
            rule.add(&mut standing, rater, answer);
            if when_settled.is_none() && settled(rule.score(&standing), bound) {
                when_settled = Some((asked, rule.in_set(&standing)));
            }
        }
        let by_all = rule.in_set(&standing);
        let (used, by_used) = when_settled.unwrap_or((order.len(), by_all));
        replay.questions += 1;
        replay.used += used;
        replay.in_set += usize::from(by_all);
        replay.differing += usize::from(by_all != by_used);
    }
    replay
}
