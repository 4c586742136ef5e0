// Numbers of raters and answers are in range by construction of the table.
#![allow(clippy::indexing_slicing)]

use rayon::prelude::*;

use super::{DawidSkene, DawidSkeneFit, DawidSkeneOptions};
use crate::consensus::{AnswerCounts, VoteTable};
use crate::domain::Answer;

/// Added to each rater's count of each answer.
const SMOOTHING: f64 = 0.01;

/// Where a binary question starts.
pub(super) fn binary_shares(counts: AnswerCounts) -> [f64; 2] {
    let yes = counts.share().unwrap_or(0.5);
    [1.0 - yes, yes]
}

/// Where a ternary question starts.
pub(super) fn ternary_shares(counts: AnswerCounts) -> [f64; 3] {
    let total = f64::from(counts.total().max(1));
    Answer::ALL.map(|answer| f64::from(counts.of(answer)) / total)
}

/// EM over K truths. Counts and logarithms are addressed by the packed vote, rater · 4 + answer.
pub(super) struct Em<'a, const K: usize> {
    votes: &'a VoteTable,
    posteriors: Vec<[f64; K]>,
    /// Votes of each rater and answer.
    counts: Vec<u32>,
    n_answered: f64,
    /// Questions that one task takes. Depends on the votes alone, so that sums, and with them all
    /// results, are the same on any number of threads.
    chunk: usize,
}

/// Sums over some questions of what the next M step needs, and of the log-likelihood.
struct Sums<const K: usize> {
    by_vote: Vec<[f64; K]>,
    prior: [f64; K],
    /// Σ ln Σ_k over the questions, less the part of the first truth.
    log_likelihood: f64,
    change: f64,
}

impl<const K: usize> Sums<K> {
    fn zero(n: usize) -> Sums<K> {
        Sums {
            by_vote: vec![[0.0; K]; n],
            prior: [0.0; K],
            log_likelihood: 0.0,
            change: 0.0,
        }
    }

    fn count(&mut self, entries: &[u32], p: &[f64; K]) {
        add(&mut self.prior, p);
        for &entry in entries {
            add(&mut self.by_vote[entry as usize], p);
        }
    }

    fn add(mut self, other: &Sums<K>) -> Sums<K> {
        for (slot, more) in self.by_vote.iter_mut().zip(&other.by_vote) {
            add(slot, more);
        }
        add(&mut self.prior, &other.prior);
        self.log_likelihood += other.log_likelihood;
        self.change = self.change.max(other.change);
        self
    }
}

fn add<const K: usize>(to: &mut [f64; K], more: &[f64; K]) {
    for (to, more) in to.iter_mut().zip(more) {
        *to += more;
    }
}

/// The M step's result, and its logarithms relative to the first truth.
struct Rates<const K: usize> {
    prior: [f64; K],
    /// P(answer | k, rater) by packed vote.
    given: Vec<[f64; K]>,
    /// ln prior_k - ln prior_0.
    log_prior: [f64; K],
    /// ln P(v|k, r) - ln P(v|0, r) by packed vote.
    log_given: Vec<[f64; K]>,
    /// Log-likelihood if the first truth held everywhere.
    base: f64,
}

impl<'a, const K: usize> Em<'a, K> {
    /// Takes the starting shares for the probabilities.
    pub(super) fn start(votes: &'a VoteTable, shares: impl Fn(AnswerCounts) -> [f64; K]) -> Self {
        let n = votes.n_questions();
        let mut counts = vec![0_u32; votes.n_raters() * 4];
        let mut n_answered = 0.0;
        let mut posteriors = Vec::with_capacity(n);
        for question in 0..n {
            let entries = votes.entries_of(question);
            for &entry in entries {
                counts[entry as usize] += 1;
            }
            n_answered += f64::from(u8::from(!entries.is_empty()));
            posteriors.push(shares(votes.counts(question)));
        }
        // Many raters make the sums of a chunk large; then fewer, longer chunks.
        let chunks = (votes.n_votes() / (counts.len() + 1)).clamp(1, 64);
        let chunk = n.div_ceil(chunks).max(1024);
        Em {
            votes,
            posteriors,
            counts,
            n_answered,
            chunk,
        }
    }

    /// Goes round until the options say stop.
    pub(super) fn run(mut self, options: &DawidSkeneOptions) -> DawidSkene {
        let mut sums = self.first_sums();
        let mut log_likelihood = Vec::new();
        let (mut rates, mut last_change) = (self.rates(&sums), 0.0);
        if self.n_answered > 0.0 {
            for round in 0..options.max_rounds {
                if round > 0 {
                    rates = self.rates(&sums);
                }
                sums = self.step(&rates);
                log_likelihood.push(rates.base + sums.log_likelihood);
                last_change = sums.change;
                if last_change < options.tolerance {
                    break;
                }
            }
        }
        self.finish(options, &rates, log_likelihood, last_change)
    }

    /// Sums of the starting shares.
    fn first_sums(&self) -> Sums<K> {
        let mut sums = Sums::zero(self.counts.len());
        for (question, p) in self.posteriors.iter().enumerate() {
            let entries = self.votes.entries_of(question);
            if !entries.is_empty() {
                sums.count(entries, p);
            }
        }
        sums
    }

    /// M step.
    fn rates(&self, sums: &Sums<K>) -> Rates<K> {
        // A truth that no question has keeps a finite logarithm.
        let prior = sums
            .prior
            .map(|sum| (sum / self.n_answered.max(1.0)).max(f64::MIN_POSITIVE));
        let mut given = vec![[0.0; K]; self.counts.len()];
        for (rows, sums) in given.chunks_exact_mut(4).zip(sums.by_vote.chunks_exact(4)) {
            for k in 0..K {
                let total: f64 = sums.iter().take(3).map(|sum| sum[k] + SMOOTHING).sum();
                for (row, sum) in rows.iter_mut().zip(sums).take(3) {
                    row[k] = (sum[k] + SMOOTHING) / total;
                }
            }
        }
        let relative = |p: &[f64; K]| {
            let first = p[0].ln();
            p.map(|p| p.ln() - first)
        };
        let mut base = self.n_answered * prior[0].ln();
        let mut log_given = vec![[0.0; K]; given.len()];
        for ((log, p), &count) in log_given.iter_mut().zip(&given).zip(&self.counts) {
            if count > 0 {
                *log = relative(p);
                base += f64::from(count) * p[0].ln();
            }
        }
        Rates {
            prior,
            log_prior: relative(&prior),
            given,
            log_given,
            base,
        }
    }

    /// E step, with the sums for the next M step.
    fn step(&mut self, rates: &Rates<K>) -> Sums<K> {
        let (votes, chunk, n) = (self.votes, self.chunk, self.counts.len());
        let parts: Vec<Sums<K>> = self
            .posteriors
            .par_chunks_mut(chunk)
            .enumerate()
            .map(|(at, posteriors)| step_chunk(votes, at * chunk, posteriors, rates, n))
            .collect();
        parts.iter().fold(Sums::zero(n), Sums::add)
    }

    fn finish(
        mut self,
        options: &DawidSkeneOptions,
        rates: &Rates<K>,
        log_likelihood: Vec<f64>,
        last_change: f64,
    ) -> DawidSkene {
        let answered = self.n_answered > 0.0;
        let prior = if answered {
            rates.prior
        } else {
            [1.0 / K as f64; K]
        };
        for (question, p) in self.posteriors.iter_mut().enumerate() {
            if self.votes.entries_of(question).is_empty() {
                *p = prior;
            }
        }
        let raters = (self.counts.chunks_exact(4).zip(rates.given.chunks_exact(4)))
            .map(|(counts, given)| {
                let voted = counts.iter().any(|&count| count > 0);
                let row = |k: usize| [given[0][k], given[1][k], given[2][k]];
                voted.then(|| (0..K).map(row).collect())
            })
            .collect();
        DawidSkene {
            fit: DawidSkeneFit {
                options: options.clone(),
                prior: prior.to_vec(),
                raters,
                log_likelihood,
                last_change,
                converged: !answered || last_change < options.tolerance,
            },
            posteriors: self.posteriors.into_flattened(),
        }
    }
}

/// Questions whose normalisers are multiplied before one logarithm is taken: each lies in 1..=3,
/// so that 512 of them stay below 1e245.
const BEFORE_LOGARITHM: usize = 512;

fn step_chunk<const K: usize>(
    votes: &VoteTable,
    first: usize,
    posteriors: &mut [[f64; K]],
    rates: &Rates<K>,
    n: usize,
) -> Sums<K> {
    let mut sums = Sums::zero(n);
    let mut product = 1.0;
    let mut factors = 0;
    for (at, p) in posteriors.iter_mut().enumerate() {
        let entries = votes.entries_of(first + at);
        if entries.is_empty() {
            continue;
        }
        let mut log = rates.log_prior;
        for &entry in entries {
            add(&mut log, &rates.log_given[entry as usize]);
        }
        let largest = log.iter().fold(0.0_f64, |a, &b| a.max(b));
        let odds = log.map(|log| {
            if log == largest {
                1.0
            } else {
                (log - largest).exp()
            }
        });
        let total: f64 = odds.iter().sum();
        for k in 0..K {
            let new = odds[k] / total;
            sums.change = sums.change.max((new - p[k]).abs());
            p[k] = new;
        }
        sums.log_likelihood += largest;
        product *= total;
        factors += 1;
        if factors == BEFORE_LOGARITHM {
            sums.log_likelihood += f64::ln(product);
            (product, factors) = (1.0, 0);
        }
        sums.count(entries, p);
    }
    sums.log_likelihood += f64::ln(product);
    sums
}
