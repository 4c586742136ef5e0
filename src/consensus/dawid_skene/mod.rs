//! Raters weighted by how they agree with each other: the model of Dawid and Skene (1979,
//! "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied
//! Statistics 28, 20–28), fitted by EM.
//!
//! K latent classes, three observed answers. Start: p(q) = the question's vote shares. M step:
//! prior_k = mean of p_k, P(v|k, r) ∝ 0.01 + Σ p_k over rater r's votes v. E step: p_k ∝ prior_k
//! Π P(v|k, r) over the question's votes, in logarithms.

// Numbers of raters and answers are in range by construction of the table.
#![allow(clippy::indexing_slicing)]

mod em;

use serde::{Deserialize, Serialize};

use self::em::{Em, binary_shares, ternary_shares};
use super::{Consensus, ConsensusError, Note, Parameters, VoteTable, check_threshold};
use crate::domain::Answer;

/// What may be true of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Truths {
    /// The class is not, or is, in the image; a maybe is an answer only.
    Binary,
    /// No, maybe or yes: a class can be truly doubtful.
    Ternary,
}

/// How the model is fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DawidSkeneOptions {
    /// What may be true.
    pub truths: Truths,
    /// EM stops when no probability changes by this much.
    pub tolerance: f64,
    /// EM stops after this many rounds in any case; at least 1.
    pub max_rounds: usize,
    /// A question is in the label set when its probability of yes is at least this.
    pub threshold: f64,
}

impl Default for DawidSkeneOptions {
    fn default() -> Self {
        DawidSkeneOptions {
            truths: Truths::Binary,
            tolerance: 1e-10,
            max_rounds: 1000,
            threshold: 0.8,
        }
    }
}

/// What EM came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DawidSkeneFit {
    /// As given.
    pub options: DawidSkeneOptions,
    /// Probability of each truth before any vote, in the order no, (maybe,) yes; sums to 1.
    pub prior: Vec<f64>,
    /// P(answer | truth) by rater number: a row a truth, in it no, maybe, yes. None without votes.
    pub raters: Vec<Option<Vec<[f64; 3]>>>,
    /// Natural log-likelihood at the parameters of each round's M step. With the smoothing counted
    /// as a prior (0.01 · Σ ln P(v|k, r) more) it never falls; by itself it can fall a little
    /// where votes are so few that the smoothing weighs.
    pub log_likelihood: Vec<f64>,
    /// Largest change of a probability in the last round.
    pub last_change: f64,
    /// Whether the tolerance was reached.
    pub converged: bool,
}

impl DawidSkeneFit {
    /// Rounds done.
    pub fn rounds(&self) -> usize {
        self.log_likelihood.len()
    }

    /// Mean of the raters' probabilities, for a rater that the fit has not met.
    pub fn mean_rater(&self) -> Vec<[f64; 3]> {
        let raters: Vec<&Vec<[f64; 3]>> = self.raters.iter().flatten().collect();
        let mean = |truth: usize, answer: usize| {
            let all = raters.iter().map(|given| given[truth][answer]);
            if raters.is_empty() {
                1.0 / 3.0
            } else {
                all.sum::<f64>() / raters.len() as f64
            }
        };
        (0..self.n_truths())
            .map(|truth| [mean(truth, 0), mean(truth, 1), mean(truth, 2)])
            .collect()
    }

    /// How many truths there are: 2 or 3.
    pub fn n_truths(&self) -> usize {
        self.prior.len()
    }
}

/// The fitted model with the probabilities of the questions it was fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct DawidSkene {
    /// Prior and raters.
    pub fit: DawidSkeneFit,
    /// Probability of each truth, question by question: those of question q start at
    /// q · number of truths. A question without votes has the prior.
    pub posteriors: Vec<f64>,
}

impl DawidSkene {
    /// Probability of yes for each question.
    pub fn scores(&self) -> Vec<f64> {
        let rows = self.posteriors.chunks_exact(self.fit.n_truths());
        rows.filter_map(|row| row.last().copied()).collect()
    }

    /// Scores and label sets.
    pub fn consensus(self, votes: &VoteTable) -> Consensus {
        let scores = self.scores();
        let threshold = self.fit.options.threshold;
        let in_set = scores.iter().map(|&score| score >= threshold).collect();
        let notes = notes(&self.fit, votes);
        let parameters = Parameters::DawidSkene(self.fit);
        Consensus::new(votes, scores, in_set, threshold, parameters, notes)
    }
}

/// Fits the model to the votes.
///
/// # Errors
/// Options out of range.
pub fn dawid_skene(
    votes: &VoteTable,
    options: &DawidSkeneOptions,
) -> Result<DawidSkene, ConsensusError> {
    check_threshold(options.threshold)?;
    let refused = |option, value, expected| {
        Err(ConsensusError::Option {
            option,
            value,
            expected,
        })
    };
    if !(options.tolerance >= 0.0 && options.tolerance < 1.0) {
        return refused("tolerance", options.tolerance, "at least 0, below 1");
    }
    if options.max_rounds == 0 {
        return refused("rounds", 0.0, "at least 1");
    }
    Ok(match options.truths {
        Truths::Binary => Em::start(votes, binary_shares).run(options),
        Truths::Ternary => Em::start(votes, ternary_shares).run(options),
    })
}

/// A rater with this many votes is expected to have used every answer.
const VOTES_TO_EXPECT_ALL: u32 = 20;

fn notes(fit: &DawidSkeneFit, votes: &VoteTable) -> Vec<Note> {
    let unanswered_score = fit.prior.last().copied().unwrap_or(0.5);
    let mut notes = Note::on_votes(votes, unanswered_score);
    let by_rater = votes.counts_by_rater();
    for answer in Answer::ALL {
        if by_rater.iter().all(|counts| counts.of(answer) == 0) {
            notes.push(Note::NobodySaid { answer });
            continue;
        }
        for (rater, counts) in (0_u32..).zip(&by_rater) {
            if counts.total() >= VOTES_TO_EXPECT_ALL && counts.of(answer) == 0 {
                notes.push(Note::NeverSaid {
                    rater,
                    votes: counts.total() as usize,
                    answer,
                });
            }
        }
    }
    if !fit.converged {
        notes.push(Note::NotConverged {
            rounds: fit.rounds(),
            change: fit.last_change,
        });
    }
    notes
}
