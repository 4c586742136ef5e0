//! Raters weighted by their answers to gold questions: a naive Bayes rule.
//!
//! With P(v|t, r) the smoothed share of answer v among rater r's gold votes on questions of truth
//! t, and the prior the share of gold questions that are true,
//!
//! score = sigmoid(logit(prior) + Σ over the votes ln P(v|1, r) / P(v|0, r)),
//!
//! where the original label may be one voter more. [`CalibratedOptions::real`] is the rule behind
//! the labels published with "Are we done with ImageNet?" (Beyer, Hénaff, Kolesnikov, Zhai, van den
//! Oord 2020, arXiv 2006.07159), recovered from its votes.

// Numbers of answers, truths and raters are in range by type or by construction of the table.
#![allow(clippy::indexing_slicing)]

use serde::{Deserialize, Serialize};

use super::rule::ScoreRule;
use super::votes::{answer_of, rater_of};
use super::{
    AnswerCounts, Consensus, ConsensusError, Evidence, LogOdds, Note, Parameters, check_threshold,
};
use crate::domain::{Answer, ClassIndex};

/// How many of the experts must say yes for a gold question to be true.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quorum {
    /// At least this many votes.
    Votes(u32),
    /// At least this share of the votes, in 0..=1.
    Share(f64),
}

impl Quorum {
    /// The truth by these votes; none without votes.
    pub fn of(self, counts: AnswerCounts) -> Option<bool> {
        let total = counts.total();
        (total > 0).then(|| match self {
            Quorum::Votes(votes) => counts.yes >= votes,
            // 0.6 · 5 must not come out above 3 by rounding.
            Quorum::Share(share) => f64::from(counts.yes) >= share * f64::from(total) - 1e-9,
        })
    }
}

/// Classes from `first` to `last`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassRange {
    /// Smallest class index.
    pub first: u32,
    /// Largest class index.
    pub last: u32,
}

/// On which classes the original label counts as one more vote: yes on its own class, no on every
/// other class of the image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginalVoter {
    /// On none: the label sets rest on the raters alone.
    NoClass,
    /// On all.
    EveryClass,
    /// On these.
    Classes(Vec<ClassRange>),
}

impl OriginalVoter {
    /// Whether the original label votes on questions of this class.
    pub fn votes_on(&self, class: ClassIndex) -> bool {
        match self {
            OriginalVoter::NoClass => false,
            OriginalVoter::EveryClass => true,
            OriginalVoter::Classes(ranges) => ranges
                .iter()
                .any(|range| (range.first..=range.last).contains(&class.0)),
        }
    }
}

/// How raters are calibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratedOptions {
    /// When a gold question is true, for the raters and the prior.
    pub truth: Quorum,
    /// When a gold question is true, for the original label as a voter.
    pub original_truth: Quorum,
    /// Added to each answer's count; above 0.
    pub smoothing: f64,
    /// Where the original label votes.
    pub original_voter: OriginalVoter,
    /// A question is in the label set when its score is at least this.
    pub threshold: f64,
}

impl CalibratedOptions {
    /// The rule behind the published ReaL labels; classes 0 to 397 of ILSVRC 2012 are its animals.
    pub fn real() -> CalibratedOptions {
        CalibratedOptions {
            truth: Quorum::Votes(3),
            original_truth: Quorum::Votes(2),
            smoothing: 1.0,
            original_voter: OriginalVoter::Classes(vec![ClassRange {
                first: 0,
                last: 397,
            }]),
            threshold: 0.8,
        }
    }
}

impl Default for CalibratedOptions {
    /// As [`real`](Self::real) for any number of experts, without the original label.
    fn default() -> Self {
        CalibratedOptions {
            truth: Quorum::Share(0.6),
            original_truth: Quorum::Share(0.4),
            smoothing: 1.0,
            original_voter: OriginalVoter::NoClass,
            threshold: 0.8,
        }
    }
}

/// P(answer | truth): first the truth (not in the image, in the image), then the answer (no,
/// maybe, yes). Rows sum to 1.
pub type AnswerProbabilities = [[f64; 3]; 2];

/// Prior and answer probabilities as counted on gold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalibratedModel {
    /// As given.
    pub options: CalibratedOptions,
    /// How many gold questions there are.
    pub n_gold: usize,
    /// Share of the gold questions that are true, in 0..1.
    pub prior: f64,
    /// By rater number; none without gold votes.
    pub raters: Vec<Option<AnswerProbabilities>>,
    /// Mean of the raters that have gold votes; stands in for the others.
    pub mean_rater: AnswerProbabilities,
    /// The original label as a voter; none if no gold image has an original label.
    pub original: Option<AnswerProbabilities>,
}

/// Counts the raters' answers on gold.
///
/// # Errors
/// Options out of range, tables over different questions, no gold, or no rater with gold votes.
pub fn calibrate(
    evidence: &Evidence<'_>,
    options: &CalibratedOptions,
) -> Result<CalibratedModel, ConsensusError> {
    calibrate_on(evidence, options, 0..evidence.votes.n_questions())
}

/// The same on these of the gold questions alone.
pub(crate) fn calibrate_on(
    evidence: &Evidence<'_>,
    options: &CalibratedOptions,
    questions: impl IntoIterator<Item = usize>,
) -> Result<CalibratedModel, ConsensusError> {
    check(options)?;
    let gold = evidence.gold.ok_or(ConsensusError::NoGold)?;
    if !(evidence.votes.same_questions(gold.experts) && evidence.votes.same_questions(gold.raters))
    {
        return Err(ConsensusError::DifferentQuestions);
    }
    let n_raters = evidence.votes.n_raters().max(gold.raters.n_raters());
    let mut by_rater = vec![[[0_u32; 3]; 2]; n_raters];
    let mut by_original = [[0_u32; 3]; 2];
    let (mut n_gold, mut n_true) = (0_usize, 0_usize);
    for question in questions {
        let experts = gold.experts.counts(question);
        let (Some(key), Some(truth)) = (
            evidence.votes.questions().get(question),
            options.truth.of(experts),
        ) else {
            continue;
        };
        n_gold += 1;
        n_true += usize::from(truth);
        for &entry in gold.raters.entries_of(question) {
            let counts = &mut by_rater[rater_of(entry) as usize];
            counts[usize::from(truth)][code(answer_of(entry))] += 1;
        }
        if let (Some(label), Some(truth)) = (
            evidence.original_label(key.image),
            options.original_truth.of(experts),
        ) {
            by_original[usize::from(truth)][code(original_answer(label, key.class))] += 1;
        }
    }
    if n_gold == 0 {
        return Err(ConsensusError::NoGold);
    }
    let raters: Vec<Option<AnswerProbabilities>> = by_rater
        .iter()
        .map(|counts| smoothed(counts, options.smoothing))
        .collect();
    let mean_rater = mean(&raters).ok_or(ConsensusError::NoGoldVotes)?;
    Ok(CalibratedModel {
        options: options.clone(),
        n_gold,
        prior: prior(n_true, n_gold),
        raters,
        mean_rater,
        original: smoothed(&by_original, options.smoothing),
    })
}

impl CalibratedModel {
    /// What each answer (no, maybe, yes) of a rater adds; unknown raters count as the mean rater.
    pub fn rater_weights(&self, rater: u32) -> [LogOdds; 3] {
        let known = self.raters.get(rater as usize).and_then(Option::as_ref);
        weights(known.unwrap_or(&self.mean_rater))
    }

    /// What the original label adds by its answer, on the classes where it votes.
    pub(crate) fn original_weights(&self) -> Option<[LogOdds; 3]> {
        self.original.as_ref().map(weights)
    }

    /// Scores and label sets.
    pub fn consensus(self, evidence: &Evidence<'_>) -> Consensus {
        let notes = self.notes(evidence);
        let threshold = self.options.threshold;
        let parameters = Parameters::Calibrated(self);
        let rule = ScoreRule::new(&parameters);
        let questions = 0..evidence.votes.n_questions();
        let scores: Vec<f64> = questions
            .map(|question| rule.score(&rule.standing(evidence, question)))
            .collect();
        let in_set = scores.iter().map(|&score| score >= threshold).collect();
        Consensus::new(evidence.votes, scores, in_set, threshold, parameters, notes)
    }

    fn notes(&self, evidence: &Evidence<'_>) -> Vec<Note> {
        let mut notes = Note::on_votes(evidence.votes, self.prior);
        let by_rater = evidence.votes.counts_by_rater();
        let unknown = |&(rater, counts): &(usize, &AnswerCounts)| {
            counts.total() > 0 && self.raters.get(rater).is_none_or(Option::is_none)
        };
        let raters: Vec<u32> = (by_rater.iter().enumerate())
            .filter(unknown)
            .map(|(rater, _)| rater as u32)
            .collect();
        if !raters.is_empty() {
            notes.push(Note::NoGoldVotes { raters });
        }
        for (n_true, truth) in [(0, false), (self.n_gold, true)] {
            if self.prior == prior(n_true, self.n_gold) {
                notes.push(Note::OneSidedGold {
                    questions: self.n_gold,
                    truth,
                });
            }
        }
        notes
    }
}

fn check(options: &CalibratedOptions) -> Result<(), ConsensusError> {
    check_threshold(options.threshold)?;
    let out_of_range = |option, value, expected| ConsensusError::Option {
        option,
        value,
        expected,
    };
    let smoothing = options.smoothing;
    if !(smoothing > 0.0 && smoothing.is_finite()) {
        return Err(out_of_range("smoothing", smoothing, "a number above 0"));
    }
    for quorum in [options.truth, options.original_truth] {
        match quorum {
            Quorum::Votes(0) => {
                return Err(out_of_range("experts needed", 0.0, "at least one"));
            }
            Quorum::Share(share) if !(share > 0.0 && share <= 1.0) => {
                return Err(out_of_range(
                    "share of experts",
                    share,
                    "above 0, at most 1",
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

fn code(answer: Answer) -> usize {
    usize::from(answer.code())
}

/// The answer of the original label, taken as a voter.
pub(crate) fn original_answer(label: ClassIndex, class: ClassIndex) -> Answer {
    if label == class {
        Answer::Yes
    } else {
        Answer::No
    }
}

/// The share of true gold questions; half a question is added on either side where all are alike,
/// because the log odds of 0 and 1 are infinite.
fn prior(n_true: usize, n_gold: usize) -> f64 {
    if n_true == 0 || n_true == n_gold {
        (n_true as f64 + 0.5) / (n_gold as f64 + 1.0)
    } else {
        n_true as f64 / n_gold as f64
    }
}

/// (n(t, v) + s) / (n(t) + 3 s); none without any count.
fn smoothed(counts: &[[u32; 3]; 2], smoothing: f64) -> Option<AnswerProbabilities> {
    let total = |row: &[u32; 3]| row.iter().map(|&n| f64::from(n)).sum::<f64>();
    (total(&counts[0]) + total(&counts[1]) > 0.0).then(|| {
        counts.map(|row| {
            let all = total(&row) + 3.0 * smoothing;
            row.map(|n| (f64::from(n) + smoothing) / all)
        })
    })
}

/// Sorted before adding, so that the numbering of the raters does not show.
fn mean(raters: &[Option<AnswerProbabilities>]) -> Option<AnswerProbabilities> {
    let known: Vec<&AnswerProbabilities> = raters.iter().flatten().collect();
    let mut mean = [[0.0; 3]; 2];
    for (truth, row) in mean.iter_mut().enumerate() {
        for (answer, p) in row.iter_mut().enumerate() {
            let mut all: Vec<f64> = known.iter().map(|p| p[truth][answer]).collect();
            all.sort_unstable_by(f64::total_cmp);
            *p = all.iter().sum::<f64>() / known.len() as f64;
        }
    }
    (!known.is_empty()).then_some(mean)
}

fn weights(p: &AnswerProbabilities) -> [LogOdds; 3] {
    [0, 1, 2].map(|v| LogOdds::from_nats((p[1][v] / p[0][v]).ln()))
}
