//! What came of a sitting, for the closing screen.

use crate::consensus::Change;
use crate::domain::{ImageId, TaskId};

/// A share with its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The share or coefficient; not a number where nothing can be said.
    pub value: f64,
    /// Lower and upper end.
    pub interval: (f64, f64),
}

/// Agreement with another rater on the questions that both answered.
#[derive(Debug, Clone, PartialEq)]
pub struct PairAgreement {
    /// The other's name.
    pub rater: String,
    /// Questions in common; at least one.
    pub questions: usize,
    /// Share of equal answers.
    pub raw: Estimate,
    /// Cohen's kappa.
    pub kappa: Estimate,
}

/// Agreement with the experts' answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GoldAgreement {
    /// Gold questions that the rater answered yes or no.
    pub questions: usize,
    /// Share of them answered as the experts did.
    pub accuracy: Estimate,
}

/// An image's label set as it came out, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinalLabels {
    /// The image.
    pub image: ImageId,
    /// Its number in words, or its name.
    pub name: String,
    /// Names of the labels in the set.
    pub labels: Vec<String>,
    /// Name of the original label.
    pub original: Option<String>,
    /// How the set stands to the original label.
    pub change: Change,
}

/// A question on which the raters do not agree, or that an adjudicator has decided.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispute {
    /// The task that asks it.
    pub task: TaskId,
    /// The image's number in words, or its name.
    pub image: String,
    /// Name of the class.
    pub label: String,
    /// The score of the question, in 0..=1.
    pub score: f64,
    /// Name of the adjudicator who decided it.
    pub decided_by: Option<String>,
}

/// What somebody answered to the rater's flag or comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnsweredNote {
    /// The image's number in words, or its name.
    pub image: String,
    /// The comment; none for a flag.
    pub comment: Option<String>,
    /// Who answered.
    pub by: String,
    /// What was answered.
    pub answer: String,
}

/// What came of the votes so far, for the closing screen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// How the label sets were made, in a sentence.
    pub method: String,
    /// What the answers are for, where they are no rater's, who would be compared with others.
    pub purpose: Option<String>,
    /// Agreement with each other rater of the round.
    pub pairs: Vec<PairAgreement>,
    /// Agreement with gold, where the rater answered gold questions.
    pub gold: Option<GoldAgreement>,
    /// Label sets of the images of this sitting.
    pub label_sets: Vec<FinalLabels>,
    /// True if only images are covered on which the rater has answered every question. All others stay blind.
    pub of_own: bool,
    /// Disputes that are left, the most disputed first; for an adjudicator then what is decided, the newest first. A bounded
    /// number of either.
    pub disputes: Vec<Dispute>,
    /// All these disputes, listed or not.
    pub disputes_total: usize,
    /// Scores are probabilities that weigh the raters, and not plain shares of yes.
    pub weighs_raters: bool,
    /// Questions that adjudicators have decided.
    pub decided_total: usize,
    /// What was answered to the rater's notes, the newest first; a bounded number.
    pub answered_notes: Vec<AnsweredNote>,
    /// Tasks left out because as many raters as they need were at them.
    pub with_others: usize,
}

/// Where an audit stands, for the closing screen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditSummary {
    /// Line by line: what, the figure, and a remark.
    pub rows: Vec<[String; 3]>,
    /// What the answers say to the question put.
    pub verdict: String,
    /// Labels that the auditor found wrong, or could not tell: image, label, and which of the two.
    pub found: Vec<(String, String, &'static str)>,
    /// Labels left out because other auditors were at them.
    pub with_others: usize,
}
