// Answer codes are 0, 1 or 2.
#![allow(clippy::indexing_slicing)]

use crate::consensus::{AnswerCounts, VoteTable};

/// What all coefficients of agreement are made of, added up over questions with at least two
/// votes. Tallies of separate questions add up, so that a bootstrap replicate is a weighted sum.
///
/// Pairs are pairs of votes by different raters on one question, unordered for unlike answers and
/// ordered for like ones, so that with the mirror images all n (n - 1) ordered pairs are there.
/// Six cells: no-no, no-maybe, no-yes, maybe-maybe, maybe-yes, yes-yes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Tally {
    /// Questions with at least two votes.
    pub questions: f64,
    /// Their votes, by answer.
    pub votes: [f64; 3],
    /// Questions with two or more votes that all give this answer.
    pub unanimous: [f64; 3],
    /// Pairs.
    pub pairs: [f64; 6],
    /// Pairs, each divided by its question's n (n - 1): every question has the weight 1 (Fleiss).
    pub shares: [f64; 6],
    /// Pairs, each divided by its question's n - 1: the coincidence matrix (Krippendorff).
    pub coincidences: [f64; 6],
    /// Coincidences with maybe taken as a missing vote: no-no, no-yes, yes-yes.
    pub without_maybe: [f64; 3],
}

impl Tally {
    /// Takes in one question.
    pub fn count(&mut self, counts: AnswerCounts) {
        let n = [counts.no, counts.maybe, counts.yes].map(f64::from);
        let total = n[0] + n[1] + n[2];
        if total < 2.0 {
            return;
        }
        self.questions += 1.0;
        for (answer, n) in n.into_iter().enumerate() {
            self.votes[answer] += n;
            self.unanimous[answer] += f64::from(u8::from(n == total));
        }
        let pairs = [
            n[0] * (n[0] - 1.0),
            n[0] * n[1],
            n[0] * n[2],
            n[1] * (n[1] - 1.0),
            n[1] * n[2],
            n[2] * (n[2] - 1.0),
        ];
        for (cell, pairs) in pairs.into_iter().enumerate() {
            self.pairs[cell] += pairs;
            self.shares[cell] += pairs / (total * (total - 1.0));
            self.coincidences[cell] += pairs / (total - 1.0);
        }
        let sure = n[0] + n[2];
        if sure >= 2.0 {
            for (cell, pairs) in [pairs[0], pairs[2], pairs[5]].into_iter().enumerate() {
                self.without_maybe[cell] += pairs / (sure - 1.0);
            }
        }
    }

    /// Adds another tally, taken `weight` times.
    pub fn add(&mut self, other: &Tally, weight: f64) {
        fn add<const N: usize>(to: &mut [f64; N], from: &[f64; N], weight: f64) {
            for (to, from) in to.iter_mut().zip(from) {
                *to += weight * from;
            }
        }
        self.questions += weight * other.questions;
        add(&mut self.votes, &other.votes, weight);
        add(&mut self.unanimous, &other.unanimous, weight);
        add(&mut self.pairs, &other.pairs, weight);
        add(&mut self.shares, &other.shares, weight);
        add(&mut self.coincidences, &other.coincidences, weight);
        add(&mut self.without_maybe, &other.without_maybe, weight);
    }
}

/// The tally of these questions.
pub fn tally(votes: &VoteTable, questions: impl IntoIterator<Item = usize>) -> Tally {
    let mut tally = Tally::default();
    for question in questions {
        tally.count(votes.counts(question));
    }
    tally
}

/// A tally for each image that has one of these questions with at least two votes: the units of
/// the bootstrap, by image number.
pub fn tally_by_image(votes: &VoteTable, questions: impl IntoIterator<Item = usize>) -> Vec<Tally> {
    let image = |question: usize| votes.questions().get(question).map(|key| key.image);
    let mut by_image: Vec<(u32, usize)> = questions
        .into_iter()
        .filter_map(|question| Some((image(question)?, question)))
        .collect();
    by_image.sort_unstable();
    by_image
        .chunk_by(|a, b| a.0 == b.0)
        .map(|of_image| tally(votes, of_image.iter().map(|&(_, question)| question)))
        .filter(|tally| tally.questions > 0.0)
        .collect()
}
