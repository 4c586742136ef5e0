// Numbers of raters and answers are in range by construction of the table.
#![allow(clippy::indexing_slicing)]

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::measure::{divide, kappa};
use crate::consensus::VoteTable;
use crate::consensus::interval::{Bootstrap, Interval};
use crate::consensus::votes::{answer_of, rater_of};
use crate::domain::Answer;

/// How often one voter's answer (row: no, maybe, yes) met the other's (column).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PairCounts(pub [[u32; 3]; 3]);

impl PairCounts {
    /// How many answers stand side by side.
    pub fn total(&self) -> u64 {
        self.0.iter().flatten().map(|&n| u64::from(n)).sum()
    }

    /// How many of them are alike.
    pub fn alike(&self) -> u64 {
        (0..3).map(|answer| u64::from(self.0[answer][answer])).sum()
    }

    /// Share of alike answers; none without any.
    pub fn raw(&self) -> Option<f64> {
        divide(self.alike() as f64, self.total() as f64)
    }

    /// Cohen's kappa (Cohen 1960). None without answers, or when both always give the same one.
    pub fn kappa(&self) -> Option<f64> {
        let total = self.total() as f64;
        let row = |a: usize| self.0[a].iter().map(|&n| f64::from(n)).sum::<f64>();
        let column = |a: usize| self.0.iter().map(|row| f64::from(row[a])).sum::<f64>();
        let chance: f64 = (0..3).map(|a| row(a) * column(a)).sum();
        kappa(self.raw()?, chance / (total * total))
    }

    fn count(&mut self, one: u32, other: u32) {
        self.0[one as usize & 3][other as usize & 3] += 1;
    }
}

/// Two raters that have questions in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaterPair {
    /// The rater with the smaller number: rows of the counts.
    pub first: u32,
    /// The other rater: columns of the counts.
    pub second: u32,
    /// Their answers to the common questions.
    pub counts: PairCounts,
}

/// Every pair of raters with at least one question in common, by ascending numbers.
pub fn rater_pairs(votes: &VoteTable) -> Vec<RaterPair> {
    let by_rater = questions_by_rater(votes);
    let pairs_of = |(first, questions): (usize, &Vec<(u32, u32)>)| {
        let mut met: Vec<PairCounts> = vec![PairCounts::default(); votes.n_raters()];
        let mut seconds = Vec::new();
        for &(question, answer) in questions {
            let entries = votes.entries_of(question as usize);
            let later = entries.iter().rev();
            for &entry in later.take_while(|&&entry| rater_of(entry) as usize > first) {
                let second = rater_of(entry) as usize;
                if met[second] == PairCounts::default() {
                    seconds.push(second);
                }
                met[second].count(answer, u32::from(answer_of(entry).code()));
            }
        }
        seconds.sort_unstable();
        let pair = |second: usize| RaterPair {
            first: first as u32,
            second: second as u32,
            counts: met[second],
        };
        seconds.into_iter().map(pair).collect::<Vec<_>>()
    };
    let pairs: Vec<Vec<RaterPair>> = by_rater.par_iter().enumerate().map(pairs_of).collect();
    pairs.into_iter().flatten().collect()
}

/// Each rater's votes as (question, answer code).
fn questions_by_rater(votes: &VoteTable) -> Vec<Vec<(u32, u32)>> {
    let mut by_rater: Vec<Vec<(u32, u32)>> = vec![Vec::new(); votes.n_raters()];
    for question in 0..votes.n_questions() {
        for (rater, answer) in votes.votes_on(question) {
            by_rater[rater as usize].push((question as u32, u32::from(answer.code())));
        }
    }
    by_rater
}

/// Bootstrap interval of Cohen's kappa of two raters, over the images that both have seen.
pub fn pair_interval(
    votes: &VoteTable,
    first: u32,
    second: u32,
    bootstrap: &Bootstrap,
) -> Option<Interval> {
    let mut seen: Vec<(u32, u32, u32)> = Vec::new();
    for (question, key) in votes.questions().iter().enumerate() {
        let answers = (
            votes.answer(question, first),
            votes.answer(question, second),
        );
        if let (Some(one), Some(other)) = answers {
            seen.push((key.image, u32::from(one.code()), u32::from(other.code())));
        }
    }
    seen.sort_unstable();
    let images: Vec<PairCounts> = seen
        .chunk_by(|a, b| a.0 == b.0)
        .map(|of_image| {
            let mut counts = PairCounts::default();
            for &(_, one, other) in of_image {
                counts.count(one, other);
            }
            counts
        })
        .collect();
    let kappas = bootstrap.replicate(images.len(), |weights| {
        let mut drawn = PairCounts::default();
        for (image, &weight) in images.iter().zip(weights) {
            for (to, from) in drawn.0.iter_mut().flatten().zip(image.0.iter().flatten()) {
                *to += weight * from;
            }
        }
        drawn.kappa()
    });
    bootstrap.interval(kappas.into_iter())
}

/// How raters repeat themselves: their answers in one round (rows) against those to the same
/// questions in another (columns). Both tables are over the same questions and raters.
pub fn test_retest(one: &VoteTable, other: &VoteTable) -> PairCounts {
    let mut counts = PairCounts::default();
    each_retest(one, other, |_, answer, again| {
        counts.count(u32::from(answer.code()), u32::from(again.code()));
    });
    counts
}

/// The same for each rater, by number; of those who met a question twice.
pub fn test_retest_by_rater(one: &VoteTable, other: &VoteTable) -> BTreeMap<u32, PairCounts> {
    let mut counts: BTreeMap<u32, PairCounts> = BTreeMap::new();
    each_retest(one, other, |rater, answer, again| {
        let counts = counts.entry(rater).or_default();
        counts.count(u32::from(answer.code()), u32::from(again.code()));
    });
    counts
}

fn each_retest(one: &VoteTable, other: &VoteTable, mut each: impl FnMut(u32, Answer, Answer)) {
    for question in 0..one.n_questions().min(other.n_questions()) {
        for (rater, answer) in one.votes_on(question) {
            if let Some(again) = other.answer(question, rater) {
                each(rater, answer, again);
            }
        }
    }
}
