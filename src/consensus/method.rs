use serde::{Deserialize, Serialize};

use super::calibrated::{CalibratedModel, CalibratedOptions, calibrate};
use super::dawid_skene::{DawidSkeneFit, DawidSkeneOptions, dawid_skene};
use super::majority::{MajorityOptions, majority};
use super::recalibrate::RecalibratedModel;
use super::{Note, VoteTable};
use crate::domain::ClassIndex;

/// All that a method may look at.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The votes that are counted (round `main`).
    pub votes: &'a VoteTable,
    /// The gold round, where there is one.
    pub gold: Option<Gold<'a>>,
    /// The original label of each image by its number; a missing one counts as none.
    pub original: &'a [Option<ClassIndex>],
}

impl Evidence<'_> {
    /// The original label of an image.
    pub fn original_label(&self, image: u32) -> Option<ClassIndex> {
        self.original.get(image as usize).copied().flatten()
    }
}

/// Votes on gold questions; both tables are over the same questions as the votes that count.
#[derive(Debug, Clone, Copy)]
pub struct Gold<'a> {
    /// Experts' votes, which say what is true. Experts have numbers of their own.
    pub experts: &'a VoteTable,
    /// The raters' votes on the same questions, which say how well they know it.
    pub raters: &'a VoteTable,
}

/// How votes become scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Method {
    /// The share of yes.
    Majority(MajorityOptions),
    /// Raters weighted by what they said to gold questions.
    Calibrated(CalibratedOptions),
    /// Raters weighted by how they agree with each other.
    DawidSkene(DawidSkeneOptions),
}

/// The method that fits the evidence, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The method with its default options.
    pub method: Method,
    /// One clause that gives the reason.
    pub reason: String,
}

/// Fewest gold questions of either truth for which `auto` trusts the calibration.
const GOLD_OF_EACH_TRUTH: usize = 10;
/// Fewest votes a question, on average, for which `auto` trusts Dawid–Skene.
const VOTES_A_QUESTION: f64 = 2.5;
/// Fewest raters for which `auto` trusts Dawid–Skene.
const RATERS: usize = 3;

impl Method {
    /// The word for the method on the command line.
    pub fn word(&self) -> &'static str {
        match self {
            Method::Majority(_) => "majority",
            Method::Calibrated(_) => "calibrated",
            Method::DawidSkene(_) => "dawid-skene",
        }
    }

    /// The score at which a question enters the label set.
    pub fn threshold(&self) -> f64 {
        match self {
            Method::Majority(options) => options.threshold,
            Method::Calibrated(options) => options.threshold,
            Method::DawidSkene(options) => options.threshold,
        }
    }

    /// Chooses by what there is: calibrated with gold votes of both truths, else Dawid–Skene with
    /// enough raters a question, else majority.
    pub fn auto(evidence: &Evidence<'_>) -> Choice {
        let options = CalibratedOptions::default();
        let (mut in_image, mut not_in_image, mut rater_votes) = (0, 0, 0);
        if let Some(gold) = evidence.gold {
            rater_votes = gold.raters.n_votes();
            for question in 0..gold.experts.n_questions() {
                match options.truth.of(gold.experts.counts(question)) {
                    Some(true) => in_image += 1,
                    Some(false) => not_in_image += 1,
                    None => {}
                }
            }
        }
        if rater_votes > 0 && in_image.min(not_in_image) >= GOLD_OF_EACH_TRUTH {
            let reason = format!(
                "{} gold questions ({in_image} yes, {not_in_image} no) calibrate the raters",
                in_image + not_in_image
            );
            let method = Method::Calibrated(options);
            return Choice { method, reason };
        }
        let without_gold = if in_image + not_in_image == 0 {
            "no gold questions".to_owned()
        } else if rater_votes == 0 {
            "no raters' votes on gold questions".to_owned()
        } else {
            format!("too few gold questions ({in_image} yes, {not_in_image} no)")
        };
        let votes = evidence.votes;
        let answered = (0..votes.n_questions()).filter(|&q| votes.votes_on(q).len() > 0);
        let votes_each = votes.n_votes() as f64 / answered.count().max(1) as f64;
        let raters = votes
            .counts_by_rater()
            .iter()
            .filter(|c| c.total() > 0)
            .count();
        if raters >= RATERS && votes_each >= VOTES_A_QUESTION {
            let reason = format!(
                "{without_gold}; {raters} raters with {votes_each:.1} votes a question show each other's reliability"
            );
            let method = Method::DawidSkene(DawidSkeneOptions::default());
            return Choice { method, reason };
        }
        let too_few = match raters {
            1 => "1 rater".to_owned(),
            _ => format!("{raters} raters with {votes_each:.1} votes a question"),
        };
        let reason = format!("{without_gold}, and too few votes to weigh raters: {too_few}");
        let method = Method::Majority(MajorityOptions::default());
        Choice { method, reason }
    }

    /// Turns the votes into scores and label sets.
    ///
    /// # Errors
    /// Options out of range, tables that are not over the same questions, or no gold where the
    /// method needs it.
    pub fn run(&self, evidence: &Evidence<'_>) -> Result<Consensus, ConsensusError> {
        match self {
            Method::Majority(options) => majority(evidence.votes, *options),
            Method::Calibrated(options) => Ok(calibrate(evidence, options)?.consensus(evidence)),
            Method::DawidSkene(options) => {
                Ok(dawid_skene(evidence.votes, options)?.consensus(evidence.votes))
            }
        }
    }
}

/// What a method found out from the votes, to be kept with the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum Parameters {
    /// Majority has nothing but its options.
    Majority {
        /// As given.
        options: MajorityOptions,
    },
    /// Prior and raters' answer probabilities, counted on gold.
    Calibrated(CalibratedModel),
    /// Prior and raters' answer probabilities, fitted to the votes.
    DawidSkene(DawidSkeneFit),
    /// A regression on both, fitted to gold.
    Recalibrated(Box<RecalibratedModel>),
}

/// Scores and label sets; every list is by dense question number.
#[derive(Debug, Clone, PartialEq)]
pub struct Consensus {
    /// Probability (for majority: share) that the class is in the image, in 0..=1, never
    /// not-a-number.
    pub scores: Vec<f64>,
    /// Whether the question's class is in the label set of its image.
    pub in_set: Vec<bool>,
    /// Whether the question is a dispute: it has votes, and its score lies strictly between
    /// the threshold and 1 - threshold, or its raters split ([`AnswerCounts::is_split`]).
    ///
    /// [`AnswerCounts::is_split`]: super::AnswerCounts::is_split
    pub disputed: Vec<bool>,
    /// What the method found out, with its options.
    pub parameters: Parameters,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

impl Consensus {
    /// Marks the disputes of these scores and puts the result together.
    pub(crate) fn new(
        votes: &VoteTable,
        scores: Vec<f64>,
        in_set: Vec<bool>,
        threshold: f64,
        parameters: Parameters,
        notes: Vec<Note>,
    ) -> Consensus {
        let disputed = (scores.iter().enumerate())
            .map(|(question, &score)| {
                let counts = votes.counts(question);
                counts.total() > 0 && (is_between(score, threshold) || counts.is_split())
            })
            .collect();
        Consensus {
            scores,
            in_set,
            disputed,
            parameters,
            notes,
        }
    }
}

/// Whether a score lies strictly between the threshold and its mirror 1 - threshold.
pub(crate) fn is_between(score: f64, threshold: f64) -> bool {
    let (one, other) = (threshold, 1.0 - threshold);
    one.min(other) < score && score < one.max(other)
}

/// Why there is no consensus.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConsensusError {
    /// The label-set threshold is out of range.
    #[error("threshold {0}: expected above 0 and below 1")]
    Threshold(f64),
    /// Another option is out of range.
    #[error("{option} {value}: expected {expected}")]
    Option {
        /// What the option is for.
        option: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Tables that belong together are over different questions.
    #[error("the votes and the gold votes are over different lists of questions")]
    DifferentQuestions,
    /// The calibrated method finds no expert votes.
    #[error("there are no gold questions: no expert voted on any question")]
    NoGold,
    /// The calibrated method finds no votes of raters on gold questions.
    #[error("none of the raters voted on a gold question")]
    NoGoldVotes,
}

/// Accepts what lies strictly between 0 and 1.
pub(crate) fn check_threshold(threshold: f64) -> Result<(), ConsensusError> {
    if threshold > 0.0 && threshold < 1.0 {
        Ok(())
    } else {
        Err(ConsensusError::Threshold(threshold))
    }
}
