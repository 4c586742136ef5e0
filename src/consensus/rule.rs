// Answer codes are 0, 1 or 2.
#![allow(clippy::indexing_slicing)]

use super::calibrated::{CalibratedModel, OriginalVoter, original_answer};
use super::dawid_skene::DawidSkeneFit;
use super::logistic::sigmoid;
use super::method::is_between;
use super::recalibrate::RecalibratedModel;
use super::value::{Belief, UNKNOWN_RATER};
use super::{AnswerCounts, Evidence, LogOdds, Parameters, QuestionKey};
use crate::domain::{Answer, ClassIndex};

/// How the votes on one question become its score once the raters' reliabilities are settled:
/// each vote adds a fixed weight, so that votes can come and go one by one.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRule {
    kind: Kind,
    threshold: f64,
    dispute: f64,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// The share of yes.
    Share,
    /// Weights are log odds of yes against no.
    Binary(Weights<1>),
    /// Weights are log odds of maybe against no and of yes against no.
    Ternary(Weights<2>),
}

/// What is added up; by answer no, maybe, yes.
#[derive(Debug, Clone, PartialEq)]
struct Weights<const N: usize> {
    start: [LogOdds; N],
    original: Vec<OriginalWeights>,
    by_rater: Vec<[[LogOdds; N]; 3]>,
    /// For raters that the fit has not met: as a rater with the mean probabilities.
    newcomer: [[LogOdds; N]; 3],
}

/// What the original label adds to the log odds of yes, by whether it is the question's class.
#[derive(Debug, Clone, PartialEq)]
struct OriginalWeights {
    on: OriginalVoter,
    other_class: LogOdds,
    same_class: LogOdds,
}

/// Where a question stands: its votes by answer, and their weights added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// The votes so far.
    pub counts: AnswerCounts,
    odds: [LogOdds; 2],
}

impl ScoreRule {
    /// The rule that a method's result stands for. Reliabilities stay as they were found.
    pub fn new(parameters: &Parameters) -> ScoreRule {
        match parameters {
            Parameters::Majority { options } => ScoreRule {
                kind: Kind::Share,
                threshold: options.threshold,
                dispute: options.threshold,
            },
            Parameters::Calibrated(model) => ScoreRule {
                kind: Kind::Binary(calibrated(model)),
                threshold: model.options.threshold,
                dispute: model.options.threshold,
            },
            Parameters::DawidSkene(fit) => ScoreRule {
                kind: if fit.n_truths() == 3 {
                    Kind::Ternary(dawid_skene(fit))
                } else {
                    Kind::Binary(dawid_skene(fit))
                },
                threshold: fit.options.threshold,
                dispute: fit.options.threshold,
            },
            Parameters::Recalibrated(model) => ScoreRule {
                kind: Kind::Binary(recalibrated(model)),
                threshold: model.options.threshold,
                dispute: model.options.dispute_threshold,
            },
        }
    }

    /// A question before any vote; `original` is the original label of its image.
    pub fn start(&self, key: QuestionKey, original: Option<ClassIndex>) -> Standing {
        let odds = match &self.kind {
            Kind::Share => [LogOdds::default(); 2],
            Kind::Binary(weights) => [
                weights.start[0] + weights.of_original(key.class, original),
                LogOdds::default(),
            ],
            Kind::Ternary(weights) => weights.start,
        };
        Standing {
            counts: AnswerCounts::default(),
            odds,
        }
    }

    /// A question with all its votes; nothing for a question that there is not.
    pub fn standing(&self, evidence: &Evidence<'_>, question: usize) -> Standing {
        let Some(&key) = evidence.votes.questions().get(question) else {
            return Standing::default();
        };
        let mut standing = self.start(key, evidence.original_label(key.image));
        for (rater, answer) in evidence.votes.votes_on(question) {
            self.add(&mut standing, rater, answer);
        }
        standing
    }

    /// Natural log odds of yes of a question with all its votes, for rules of two truths.
    pub(crate) fn log_odds(&self, evidence: &Evidence<'_>, question: usize) -> f64 {
        self.standing(evidence, question).odds[0].nats()
    }

    /// Counts a vote.
    pub fn add(&self, standing: &mut Standing, rater: u32, answer: Answer) {
        standing.counts.add(answer);
        for (odds, weight) in standing.odds.iter_mut().zip(self.weights(rater, answer)) {
            *odds += weight;
        }
    }

    /// Takes a vote away; false, with nothing changed, if no such answer was counted.
    pub fn remove(&self, standing: &mut Standing, rater: u32, answer: Answer) -> bool {
        let there = standing.counts.remove(answer);
        if there {
            for (odds, weight) in standing.odds.iter_mut().zip(self.weights(rater, answer)) {
                *odds -= weight;
            }
        }
        there
    }

    /// The score, in 0..=1.
    pub fn score(&self, standing: &Standing) -> f64 {
        match self.kind {
            Kind::Share => standing.counts.share().unwrap_or(0.5),
            Kind::Binary(_) => standing.odds[0].probability(),
            Kind::Ternary(_) => of_three(standing.odds)[2],
        }
    }

    /// Whether a question that stands so is in the label set.
    pub fn in_set(&self, standing: &Standing) -> bool {
        let score = self.score(standing);
        match self.kind {
            Kind::Share => score > self.threshold,
            _ => score >= self.threshold,
        }
    }

    /// Whether a question that stands so is a dispute.
    pub fn is_disputed(&self, standing: &Standing) -> bool {
        standing.counts.total() > 0
            && (is_between(self.score(standing), self.dispute) || standing.counts.is_split())
    }

    /// The probability of each truth of a question that stands so: no, maybe, yes.
    ///
    /// Shares of votes are no probabilities: there all raters are taken to be equally good.
    pub fn belief(&self, standing: &Standing) -> Belief {
        match self.kind {
            Kind::Share => {
                let ahead = f64::from(standing.counts.yes) - f64::from(standing.counts.no);
                let yes = sigmoid(ahead * (UNKNOWN_RATER / (1.0 - UNKNOWN_RATER)).ln());
                [1.0 - yes, 0.0, yes]
            }
            Kind::Binary(_) => {
                let yes = standing.odds[0].probability();
                [1.0 - yes, 0.0, yes]
            }
            Kind::Ternary(_) => of_three(standing.odds),
        }
    }

    /// The probability of yes from which on the class is in the label set.
    pub fn decides_at(&self) -> f64 {
        match self.kind {
            Kind::Share => 0.5,
            _ => self.threshold,
        }
    }

    /// What a vote adds to the natural log odds of yes against no, for rules of two truths.
    pub(super) fn weight(&self, rater: u32, answer: Answer) -> f64 {
        self.weights(rater, answer)[0].nats()
    }

    fn weights(&self, rater: u32, answer: Answer) -> [LogOdds; 2] {
        let none = LogOdds::default();
        match &self.kind {
            Kind::Share => [none; 2],
            Kind::Binary(weights) => [weights.of_rater(rater, answer)[0], none],
            Kind::Ternary(weights) => weights.of_rater(rater, answer),
        }
    }
}

/// Probabilities of no, maybe and yes, from the log odds of the latter two against no.
fn of_three(odds: [LogOdds; 2]) -> Belief {
    let [maybe, yes] = odds.map(LogOdds::nats);
    let largest = maybe.max(yes).max(0.0);
    let odds = [-largest, maybe - largest, yes - largest].map(f64::exp);
    let sum = odds[0] + odds[1] + odds[2];
    odds.map(|odds| odds / sum)
}

impl<const N: usize> Weights<N> {
    fn of_rater(&self, rater: u32, answer: Answer) -> [LogOdds; N] {
        let known = self.by_rater.get(rater as usize);
        known.unwrap_or(&self.newcomer)[usize::from(answer.code())]
    }

    fn of_original(&self, class: ClassIndex, original: Option<ClassIndex>) -> LogOdds {
        let Some(label) = original else {
            return LogOdds::default();
        };
        let votes = self
            .original
            .iter()
            .filter(|voter| voter.on.votes_on(class));
        let votes = votes.map(|voter| match original_answer(label, class) {
            Answer::Yes => voter.same_class,
            _ => voter.other_class,
        });
        votes.fold(LogOdds::default(), |sum, weight| sum + weight)
    }
}

fn calibrated(model: &CalibratedModel) -> Weights<1> {
    let single = |weights: [LogOdds; 3]| weights.map(|weight| [weight]);
    let original = model.original_weights().map(|weights| OriginalWeights {
        on: model.options.original_voter.clone(),
        other_class: weights[0],
        same_class: weights[2],
    });
    Weights {
        start: [LogOdds::from_probability(model.prior)],
        original: original.into_iter().collect(),
        by_rater: (0..model.raters.len() as u32)
            .map(|rater| single(model.rater_weights(rater)))
            .collect(),
        newcomer: single(model.rater_weights(u32::MAX)),
    }
}

/// N is the number of truths less one.
fn dawid_skene<const N: usize>(fit: &DawidSkeneFit) -> Weights<N> {
    let against_no = |p: &dyn Fn(usize) -> f64| -> [LogOdds; N] {
        std::array::from_fn(|k| LogOdds::from_nats((p(k + 1) / p(0)).ln()))
    };
    let of_rater = |given: &Vec<[f64; 3]>| -> [[LogOdds; N]; 3] {
        std::array::from_fn(|answer| against_no(&|k| given[k][answer]))
    };
    let newcomer = of_rater(&fit.mean_rater());
    let by_rater = fit.raters.iter();
    Weights {
        start: against_no(&|k| fit.prior[k]),
        original: Vec::new(),
        by_rater: by_rater
            .map(|given| given.as_ref().map_or(newcomer, of_rater))
            .collect(),
        newcomer,
    }
}

/// The regression is linear in log odds, and those are sums over votes, so it is one rule too.
fn recalibrated(model: &RecalibratedModel) -> Weights<1> {
    let [em_slope, calibrated_slope, same, same_special] = model.slopes;
    let em: Weights<1> = dawid_skene(&model.dawid_skene);
    let calibrated = calibrated(&model.calibrated);
    let mix = |em: LogOdds, calibrated: LogOdds| {
        LogOdds::from_nats(em_slope * em.nats() + calibrated_slope * calibrated.nats())
    };
    let n_raters = em.by_rater.len().max(calibrated.by_rater.len()) as u32;
    let of_rater = |rater| {
        Answer::ALL.map(|answer| {
            [mix(
                em.of_rater(rater, answer)[0],
                calibrated.of_rater(rater, answer)[0],
            )]
        })
    };
    let original = |on: OriginalVoter, slope| OriginalWeights {
        on,
        other_class: LogOdds::default(),
        same_class: LogOdds::from_nats(slope),
    };
    let start = LogOdds::from_nats(model.intercept) + mix(em.start[0], calibrated.start[0]);
    Weights {
        start: [start],
        original: vec![
            original(OriginalVoter::EveryClass, same),
            original(model.options.special_classes.clone(), same_special),
        ],
        by_rater: (0..n_raters).map(of_rater).collect(),
        newcomer: of_rater(u32::MAX),
    }
}
