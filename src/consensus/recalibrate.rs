//! Scores that mean what they say.
//!
//! Raters' errors on one question depend on each other, which neither Dawid–Skene nor the
//! calibrated rule knows: both are too sure of themselves. A logistic regression on gold turns
//! what they say into honest probabilities. Its features: the log odds of binary Dawid–Skene,
//! those of the calibrated rule without the original label, whether the question's class is the
//! original label, and the same for the special classes alone.
//!
//! Cross-fitted by image: the score of a question on a gold image comes from raters calibrated
//! and a regression fitted without the gold of that image's fold.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::calibrated::{
    CalibratedModel, CalibratedOptions, ClassRange, OriginalVoter, Quorum, calibrate_on,
};
use super::dawid_skene::{DawidSkeneFit, DawidSkeneOptions, dawid_skene};
use super::logistic::{fit, linear, sigmoid};
use super::quality::{ScoreQuality, score_quality};
use super::rule::ScoreRule;
use super::{Consensus, ConsensusError, Evidence, Parameters, QuestionKey, check_threshold};

/// How scores are recalibrated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecalibrateOptions {
    /// When a gold question is true.
    pub truth: Quorum,
    /// Smoothing of the raters' gold votes; above 0.
    pub smoothing: f64,
    /// Weight of Σ slope² / 2 against the summed log loss; above 0.
    pub penalty: f64,
    /// Into how many folds the gold images are dealt; at least 2.
    pub folds: usize,
    /// Decides which gold image falls into which fold.
    pub seed: u64,
    /// Classes on which the original label gets a slope of its own.
    pub special_classes: OriginalVoter,
    /// A question is in the label set when its score is at least this.
    pub threshold: f64,
    /// A score strictly between this and its mirror is a dispute.
    pub dispute_threshold: f64,
}

impl Default for RecalibrateOptions {
    fn default() -> Self {
        RecalibrateOptions {
            truth: Quorum::Share(0.6),
            smoothing: 1.0,
            penalty: 1.0,
            folds: 10,
            seed: 0,
            special_classes: OriginalVoter::NoClass,
            threshold: 0.5,
            dispute_threshold: 0.8,
        }
    }
}

impl RecalibrateOptions {
    /// For the votes behind the ReaL labels: the animals (classes 0 to 397) are special.
    pub fn real() -> RecalibrateOptions {
        RecalibrateOptions {
            truth: Quorum::Votes(3),
            special_classes: OriginalVoter::Classes(vec![ClassRange {
                first: 0,
                last: 397,
            }]),
            ..RecalibrateOptions::default()
        }
    }
}

/// Fewest gold questions for a regression of five weights.
pub const LEAST_GOLD: usize = 100;
/// Fewest gold questions of either truth.
pub const LEAST_GOLD_OF_EACH_TRUTH: usize = 20;
/// Fewest gold images: questions of one image depend on each other.
pub const LEAST_GOLD_IMAGES: usize = 20;

/// Why scores are not recalibrated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecalibrateError {
    /// Too little gold: a regression on it would be worse than none.
    #[error("{found} {what} are too few to recalibrate scores: at least {least} are needed")]
    TooLittleGold {
        /// Which bound is missed.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        least: usize,
    },
    /// One of the two methods underneath refuses.
    #[error(transparent)]
    Consensus(#[from] ConsensusError),
}

/// The regression on all gold, with the fits that its features come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecalibratedModel {
    /// As given.
    pub options: RecalibrateOptions,
    /// Log odds where all features are 0.
    pub intercept: f64,
    /// Slopes of the Dawid–Skene log odds, the calibrated log odds, the original label, and the
    /// original label on special classes.
    pub slopes: [f64; 4],
    /// Raters calibrated on all gold, without the original label.
    pub calibrated: CalibratedModel,
    /// Binary Dawid–Skene on all votes.
    pub dawid_skene: DawidSkeneFit,
}

/// Recalibrated scores, and how much better they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalibration {
    /// Probability that the class is in the image, by question.
    pub scores: Vec<f64>,
    /// The regression on all gold.
    pub model: RecalibratedModel,
    /// The gold questions.
    pub gold: Vec<usize>,
    /// Quality of these scores on gold, cross-fitted.
    pub quality: ScoreQuality,
    /// Quality of the Dawid–Skene scores on gold.
    pub dawid_skene_quality: ScoreQuality,
    /// Quality of the calibrated scores on gold, cross-fitted.
    pub calibrated_quality: ScoreQuality,
}

impl Recalibration {
    /// Scores and label sets.
    pub fn consensus(self, evidence: &Evidence<'_>) -> Consensus {
        let options = &self.model.options;
        let in_set = self.scores.iter().map(|&score| score >= options.threshold);
        let (in_set, dispute) = (in_set.collect(), options.dispute_threshold);
        let parameters = Parameters::Recalibrated(Box::new(self.model));
        Consensus::new(
            evidence.votes,
            self.scores,
            in_set,
            dispute,
            parameters,
            Vec::new(),
        )
    }
}

/// A row of the regression: 1, then the four features.
type Features = [f64; 5];

/// A gold question.
struct GoldQuestion {
    question: usize,
    fold: usize,
    truth: bool,
}

/// Regression and calibration without one fold (or without none).
struct FoldFit {
    calibrated: CalibratedModel,
    rule: ScoreRule,
    weights: Features,
}

/// Fits binary Dawid–Skene and the calibrated rule, and the regression on what they say to the
/// gold questions.
///
/// # Errors
/// Too little gold (fewer than [`LEAST_GOLD`] questions, [`LEAST_GOLD_OF_EACH_TRUTH`] of either
/// truth or [`LEAST_GOLD_IMAGES`] images), or what the two methods refuse.
pub fn recalibrate(
    evidence: &Evidence<'_>,
    options: &RecalibrateOptions,
) -> Result<Recalibration, RecalibrateError> {
    check(options)?;
    let folds = folds_by_image(evidence, options);
    let gold = gold_questions(evidence, options, &folds);
    check_gold(&gold, folds.len())?;

    let fit = dawid_skene(evidence.votes, &DawidSkeneOptions::default())?.fit;
    let em = ScoreRule::new(&Parameters::DawidSkene(fit.clone()));
    let em: Vec<f64> = log_odds(evidence, &em, 0..evidence.votes.n_questions());
    let without = |fold: Option<usize>| fit_without(evidence, options, &em, &gold, fold);
    let whole = without(None)?;
    let by_fold: Vec<FoldFit> = (0..options.folds)
        .into_par_iter()
        .map(|fold| without(Some(fold)))
        .collect::<Result<_, _>>()?;

    let fit_for = |key: &QuestionKey| {
        let fold = folds.get(&key.image).and_then(|&fold| by_fold.get(fold));
        fold.unwrap_or(&whole)
    };
    let questions = evidence.votes.questions();
    let mut scores = Vec::with_capacity(questions.len());
    let mut calibrated = Vec::with_capacity(questions.len());
    for ((question, key), &em) in questions.iter().enumerate().zip(&em) {
        let fit = fit_for(key);
        let log_odds = fit.rule.log_odds(evidence, question);
        let features = features(evidence, options, key, em, log_odds);
        scores.push(sigmoid(linear(&fit.weights, &features)));
        calibrated.push(sigmoid(log_odds));
    }
    let em: Vec<f64> = em.into_iter().map(sigmoid).collect();
    let quality = |scores: &[f64], threshold| {
        let scored = gold
            .iter()
            .filter_map(|g| Some((*scores.get(g.question)?, g.truth)));
        score_quality(&scored.collect::<Vec<_>>(), threshold).ok_or(ConsensusError::NoGold)
    };
    let [intercept, slopes @ ..] = whole.weights;
    Ok(Recalibration {
        quality: quality(&scores, options.threshold)?,
        dawid_skene_quality: quality(&em, 0.8)?,
        calibrated_quality: quality(&calibrated, 0.8)?,
        scores,
        model: RecalibratedModel {
            options: options.clone(),
            intercept,
            slopes,
            calibrated: whole.calibrated,
            dawid_skene: fit,
        },
        gold: gold.into_iter().map(|gold| gold.question).collect(),
    })
}

fn check(options: &RecalibrateOptions) -> Result<(), ConsensusError> {
    check_threshold(options.threshold)?;
    check_threshold(options.dispute_threshold)?;
    let refused = |option, value, expected| {
        Err(ConsensusError::Option {
            option,
            value,
            expected,
        })
    };
    if !(options.penalty > 0.0 && options.penalty.is_finite()) {
        return refused("penalty", options.penalty, "a number above 0");
    }
    if options.folds < 2 {
        return refused("folds", options.folds as f64, "at least 2");
    }
    Ok(())
}

/// Deals the gold images into folds by chance, as evenly as can be.
fn folds_by_image(evidence: &Evidence<'_>, options: &RecalibrateOptions) -> BTreeMap<u32, usize> {
    let Some(gold) = evidence.gold else {
        return BTreeMap::new();
    };
    let questions = gold.experts.questions().iter().enumerate();
    let mut images: Vec<u32> = questions
        .filter(|&(question, _)| gold.experts.votes_on(question).len() > 0)
        .map(|(_, key)| key.image)
        .collect();
    images.sort_unstable();
    images.dedup();
    images.shuffle(&mut ChaCha8Rng::seed_from_u64(options.seed));
    let folds = (0..options.folds).cycle();
    images.into_iter().zip(folds).collect()
}

fn gold_questions(
    evidence: &Evidence<'_>,
    options: &RecalibrateOptions,
    folds: &BTreeMap<u32, usize>,
) -> Vec<GoldQuestion> {
    let Some(gold) = evidence.gold else {
        return Vec::new();
    };
    let questions = gold.experts.questions().iter().enumerate();
    questions
        .filter_map(|(question, key)| {
            Some(GoldQuestion {
                question,
                fold: *folds.get(&key.image)?,
                truth: options.truth.of(gold.experts.counts(question))?,
            })
        })
        .collect()
}

fn check_gold(gold: &[GoldQuestion], images: usize) -> Result<(), RecalibrateError> {
    let n_true = gold.iter().filter(|gold| gold.truth).count();
    let each = LEAST_GOLD_OF_EACH_TRUTH;
    for (what, found, least) in [
        ("gold questions", gold.len(), LEAST_GOLD),
        ("gold questions whose class is in the image", n_true, each),
        (
            "gold questions whose class is not in the image",
            gold.len() - n_true,
            each,
        ),
        ("gold images", images, LEAST_GOLD_IMAGES),
    ] {
        if found < least {
            return Err(RecalibrateError::TooLittleGold { what, found, least });
        }
    }
    Ok(())
}

fn fit_without(
    evidence: &Evidence<'_>,
    options: &RecalibrateOptions,
    em: &[f64],
    gold: &[GoldQuestion],
    fold: Option<usize>,
) -> Result<FoldFit, RecalibrateError> {
    let calibrated_options = CalibratedOptions {
        truth: options.truth,
        smoothing: options.smoothing,
        original_voter: OriginalVoter::NoClass,
        ..CalibratedOptions::default()
    };
    let used: Vec<&GoldQuestion> = gold.iter().filter(|gold| Some(gold.fold) != fold).collect();
    let questions = used.iter().map(|gold| gold.question);
    let calibrated = calibrate_on(evidence, &calibrated_options, questions)?;
    let rule = ScoreRule::new(&Parameters::Calibrated(calibrated.clone()));
    let rows: Vec<(Features, bool)> = used
        .iter()
        .filter_map(|gold| {
            let key = evidence.votes.questions().get(gold.question)?;
            let log_odds = rule.log_odds(evidence, gold.question);
            let em = *em.get(gold.question)?;
            Some((features(evidence, options, key, em, log_odds), gold.truth))
        })
        .collect();
    Ok(FoldFit {
        calibrated,
        rule,
        weights: fit(&rows, options.penalty),
    })
}

fn features(
    evidence: &Evidence<'_>,
    options: &RecalibrateOptions,
    key: &QuestionKey,
    em: f64,
    calibrated: f64,
) -> Features {
    let same = evidence.original_label(key.image) == Some(key.class);
    let special = same && options.special_classes.votes_on(key.class);
    let number = |truth: bool| f64::from(u8::from(truth));
    [1.0, em, calibrated, number(same), number(special)]
}

fn log_odds(
    evidence: &Evidence<'_>,
    rule: &ScoreRule,
    questions: impl Iterator<Item = usize>,
) -> Vec<f64> {
    questions
        .map(|question| rule.log_odds(evidence, question))
        .collect()
}
