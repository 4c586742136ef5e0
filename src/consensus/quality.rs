//! How well scores mean what they say, against gold; and how well one expert does it.

use serde::{Deserialize, Serialize};

use super::VoteTable;
use super::interval::{Interval, wilson};
use crate::domain::Answer;

/// How scores stand to the truth of gold questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreQuality {
    /// How many gold questions; at least one.
    pub questions: usize,
    /// Share of questions on which "score at least the threshold" is the truth, in 0..=1.
    pub accuracy: f64,
    /// Mean of -ln(probability given to the truth); scores are taken to lie within 1e-15 of 0
    /// and 1.
    pub log_loss: f64,
    /// Mean of (score - truth)² (Brier 1950).
    pub brier: f64,
    /// Ten bins of scores, those without questions left out.
    pub reliability: Vec<ReliabilityBin>,
}

impl ScoreQuality {
    /// Expected calibration error: the distance between mean score and share true, a bin's weight its questions, in 0..=1
    /// (Naeini, Cooper and Hauskrecht 2015, equation 3).
    pub fn calibration_error(&self) -> f64 {
        let bins = self.reliability.iter();
        let distance = |bin: &ReliabilityBin| (bin.mean_score - bin.share_true).abs();
        let sum: f64 = bins.map(|bin| bin.questions as f64 * distance(bin)).sum();
        sum / self.questions.max(1) as f64
    }
}

/// The gold questions whose score lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Smallest score of the bin.
    pub from: f64,
    /// Scores lie below this (in the last bin, at most at it).
    pub to: f64,
    /// How many questions.
    pub questions: usize,
    /// Mean score.
    pub mean_score: f64,
    /// Share of the questions that are true: near the mean score if scores mean what they say.
    pub share_true: f64,
    /// Wilson 95 % interval of that share.
    pub interval: Option<Interval>,
}

const BINS: usize = 10;

/// Judges (score, truth) pairs. None without any.
pub fn score_quality(scored: &[(f64, bool)], threshold: f64) -> Option<ScoreQuality> {
    let n = scored.len() as f64;
    if scored.is_empty() {
        return None;
    }
    let mean = |of: &dyn Fn(f64, bool) -> f64| {
        scored
            .iter()
            .map(|&(score, truth)| of(score, truth))
            .sum::<f64>()
            / n
    };
    Some(ScoreQuality {
        questions: scored.len(),
        accuracy: mean(&|score, truth| number((score >= threshold) == truth)),
        log_loss: mean(&|score, truth| {
            let score = score.clamp(1e-15, 1.0 - 1e-15);
            -(if truth { score } else { 1.0 - score }).ln()
        }),
        brier: mean(&|score, truth| (score - number(truth)).powi(2)),
        reliability: (0..BINS)
            .filter_map(|bin| reliability_bin(scored, bin))
            .collect(),
    })
}

fn reliability_bin(scored: &[(f64, bool)], bin: usize) -> Option<ReliabilityBin> {
    let bin_of = |score: f64| ((score * BINS as f64) as usize).min(BINS - 1);
    let inside = || scored.iter().filter(|(score, _)| bin_of(*score) == bin);
    let questions = inside().count();
    let n_true = inside().filter(|(_, truth)| *truth).count() as f64;
    let n = questions as f64;
    (questions > 0).then(|| ReliabilityBin {
        from: bin as f64 / BINS as f64,
        to: (bin + 1) as f64 / BINS as f64,
        questions,
        mean_score: inside().map(|(score, _)| score).sum::<f64>() / n,
        share_true: n_true / n,
        interval: wilson(n_true, n, 0.95),
    })
}

fn number(truth: bool) -> f64 {
    f64::from(u8::from(truth))
}

/// How often one expert says what the majority of the other experts says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ExpertLevel {
    /// Experts' votes that could be judged: not maybe, and the others not tied.
    pub votes: usize,
    /// Those that agree with the majority of the others.
    pub agreeing: usize,
}

impl ExpertLevel {
    /// Share of agreeing votes, in 0..=1: what accuracy against gold can be expected to reach.
    pub fn share(self) -> Option<f64> {
        (self.votes > 0).then(|| self.agreeing as f64 / self.votes as f64)
    }
}

/// Leaves out each expert's vote in turn and compares it with the majority of the others' votes
/// on the question, a maybe counting half for either side.
pub fn expert_level(experts: &VoteTable) -> ExpertLevel {
    let mut level = ExpertLevel::default();
    for question in 0..experts.n_questions() {
        for (_, answer) in experts.votes_on(question) {
            let mut others = experts.counts(question);
            others.remove(answer);
            if answer == Answer::Maybe || others.yes == others.no {
                continue;
            }
            level.votes += 1;
            level.agreeing += usize::from((answer == Answer::Yes) == (others.yes > others.no));
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worked_example_of_score_quality() {
        let scored = [(0.9, true), (0.8, true), (0.3, false), (0.6, false)];
        let quality = score_quality(&scored, 0.5).unwrap();
        assert_eq!(quality.accuracy, 0.75);
        let log_loss = -(0.9_f64.ln() + 0.8_f64.ln() + 0.7_f64.ln() + 0.4_f64.ln()) / 4.0;
        assert!((quality.log_loss - log_loss).abs() < 1e-15);
        assert!((quality.brier - (0.01 + 0.04 + 0.09 + 0.36) / 4.0).abs() < 1e-15);
        assert_eq!(quality.reliability.len(), 4);
        // One question a bin: the mean of 0.1, 0.2, 0.3 and 0.6.
        assert!((quality.calibration_error() - 0.3).abs() < 1e-15);
        assert_eq!(score_quality(&[], 0.5), None);
        assert!(
            score_quality(&[(0.0, true), (1.0, false)], 0.5)
                .unwrap()
                .log_loss
                .is_finite()
        );
    }
}
