use serde::Serialize;

use super::labels::{Confused, ScoreBin};
use crate::consensus::agreement::Figure;
use crate::consensus::interval::Interval;
use crate::consensus::quality::ScoreQuality;
use crate::consensus::{LabelSetChanges, Parameters};
use crate::domain::Answer;

/// Everything that the page says. What is missing is none or empty, and the page says how to get it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The project file, as it was given.
    pub project: String,
    /// When the figures were made: RFC 3339.
    pub at: String,
    /// How much there is of everything.
    pub counts: Counts,
    /// Name of the round whose votes are looked at.
    pub round: String,
    /// The aggregation that label sets and scores are of.
    pub run: Option<RunFigures>,
    /// What came of it.
    pub labels: Option<LabelFigures>,
    /// Whether scores mean what they say.
    pub calibration: Option<Calibration>,
    /// How far the raters agree; none without votes.
    pub agreement: Option<Spread>,
    /// Models, by name.
    pub models: Vec<ModelFigures>,
    /// The most disputed images, the most disputed first.
    pub disputed: Vec<DisputedImage>,
    /// How many images have a disputed question.
    pub disputed_images: usize,
}

/// How much there is of everything.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Classes.
    pub classes: u64,
    /// Images.
    pub images: u64,
    /// Those with an original label.
    pub original_labels: u64,
    /// Questions that raters have answered in the round.
    pub questions: u64,
    /// Raters' votes in the round that stand.
    pub votes: u64,
    /// Raters who cast them.
    pub raters: u64,
    /// Questions that experts have settled.
    pub gold_questions: u64,
}

/// An aggregation, with what it was told.
#[derive(Debug, Clone, Serialize)]
pub struct RunFigures {
    /// Its number, from 1.
    pub number: i64,
    /// The method's word on the command line.
    pub method: String,
    /// What the method was told and found out.
    pub parameters: Vec<Parameter>,
    /// Scores from here on are in the label set.
    pub threshold: f64,
    /// What a reader should know of the outcome.
    pub remarks: Vec<String>,
    /// When it was made: RFC 3339.
    pub at: String,
    /// Votes of the round since then.
    pub votes_since: usize,
    /// Disputed questions.
    pub disputes: usize,
    /// Questions that adjudicators decided, in place of the score.
    pub decided: usize,
}

/// A parameter of a method.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameter {
    /// In words.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// What is said of a method's parameters, those of single raters left out; and its threshold.
pub fn parameters(of: &Parameters) -> (Vec<Parameter>, f64) {
    let say = |name, value: String| Parameter { name, value };
    let threshold = match of {
        Parameters::Majority { options } => options.threshold,
        Parameters::Calibrated(model) => model.options.threshold,
        Parameters::DawidSkene(fit) => fit.options.threshold,
        Parameters::Recalibrated(model) => model.options.threshold,
    };
    let mut list = vec![say("threshold", threshold.to_string())];
    match of {
        Parameters::Majority { .. } => {}
        Parameters::Calibrated(model) => list.extend([
            say("gold questions", crate::text::thousands(model.n_gold)),
            say(
                "share of yes before any vote",
                format!("{:.4}", model.prior),
            ),
            say("smoothing", model.options.smoothing.to_string()),
        ]),
        Parameters::DawidSkene(fit) => list.extend([
            say("rounds of EM", fit.rounds().to_string()),
            say(
                "converged",
                if fit.converged { "yes" } else { "no" }.to_owned(),
            ),
        ]),
        Parameters::Recalibrated(model) => list.extend([
            say("disputed from", model.options.dispute_threshold.to_string()),
            say("folds", model.options.folds.to_string()),
            say("penalty", model.options.penalty.to_string()),
        ]),
    }
    (list, threshold)
}

/// Label sets and scores of a run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LabelFigures {
    /// Against the original labels; none where there are none.
    pub changes: Option<Changes>,
    /// Images that have scores, by the number of labels in their set, from 0.
    pub sizes: Vec<usize>,
    /// Questions by score, in bins of equal width.
    pub scores: Vec<ScoreBin>,
    /// Original labels that are replaced by another class or stand beside it, the most frequent first.
    pub confused: Vec<Confused>,
}

/// How label sets stand to original labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// By images.
    #[serde(flatten)]
    pub counts: LabelSetChanges,
    /// Images that keep their label without a vote.
    pub unasked: u64,
}

/// How well the scores of a run say what is true on gold, beside the experts' own level.
#[derive(Debug, Clone, Serialize)]
pub struct ScoresReport {
    /// The run's number.
    pub run: i64,
    /// The method's word on the command line.
    pub method: String,
    /// Whether each score was made without the gold of its own image.
    pub cross_fitted: bool,
    /// Against the truth.
    pub quality: ScoreQuality,
    /// Share of an expert's votes that the majority of the other experts shares.
    pub one_expert: Option<f64>,
}

/// Whether scores mean what they say.
#[derive(Debug, Clone, Serialize)]
pub struct Calibration {
    /// By gold questions.
    #[serde(flatten)]
    pub scores: ScoresReport,
    /// Mean distance between score and share true, weighted by questions.
    pub calibration_error: f64,
}

/// How far the raters agree.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Spread {
    /// Bootstrap replicates of the intervals; 0: none.
    pub replicates: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
    /// Over all questions.
    pub all: Vec<Figure>,
    /// By heading of the hierarchy.
    pub subtrees: Vec<Group>,
    /// By class.
    pub classes: Vec<Group>,
    /// By rater.
    pub raters: Vec<RaterLine>,
}

/// Agreement on the questions that share a name.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Heading, or class.
    pub name: String,
    /// Questions with votes.
    pub questions: usize,
    /// All measures.
    pub figures: Vec<Figure>,
}

/// What one rater did.
#[derive(Debug, Clone, Serialize)]
pub struct RaterLine {
    /// Name.
    pub rater: String,
    /// Votes that count.
    pub votes: usize,
    /// Those that say no.
    pub no: u32,
    /// Those that say maybe.
    pub maybe: u32,
    /// Those that say yes.
    pub yes: u32,
    /// Answers to gold questions.
    pub gold_votes: u32,
    /// Share of these that are right; a maybe counts half.
    pub gold_accuracy: Option<f64>,
    /// Wilson, 95 %.
    pub gold_interval: Option<Interval>,
    /// Rows: truth no, truth yes; columns: no, maybe, yes.
    pub confusion: [[u32; 3]; 2],
    /// Share of the votes other than maybe that go against the majority.
    pub against_consensus: Option<f64>,
    /// A vote, where measured.
    pub median_milliseconds: Option<u64>,
}

/// A model by both measures.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModelFigures {
    /// Name.
    pub name: String,
    /// Why there is nothing more to say of it.
    pub problem: Option<String>,
    /// Images that it predicts.
    pub images: usize,
    /// Share of its first choices that are the original label.
    pub original_accuracy: Option<f64>,
    /// Wilson, 95 %.
    pub original_interval: Option<Interval>,
    /// Share of its first choices that are in the label set, where that is not empty.
    pub real_accuracy: Option<f64>,
    /// Wilson, 95 %.
    pub real_interval: Option<Interval>,
    /// Errors by the original label that are right by the label set.
    pub errors_now_right: usize,
    /// The reverse.
    pub right_now_errors: usize,
}

/// An image with a disputed question.
#[derive(Debug, Clone, Serialize)]
pub struct DisputedImage {
    /// Name.
    pub name: String,
    /// Its file, small.
    pub picture: Picture,
    /// What was asked of it, the highest score first.
    pub labels: Vec<DisputedLabel>,
    /// Comments on it.
    pub notes: Vec<NoteLine>,
}

/// A class that was asked of a disputed image.
#[derive(Debug, Clone, Serialize)]
pub struct DisputedLabel {
    /// Index.
    pub class: u32,
    /// Name.
    pub name: String,
    /// Posterior probability that it is in the image.
    pub score: f64,
    /// Whether it is in the label set.
    pub in_set: bool,
    /// Whether it is disputed.
    pub disputed: bool,
    /// Whether it is the image's original label.
    pub is_original: bool,
    /// Who said what.
    pub votes: Vec<VoteLine>,
}

/// A vote on the page.
#[derive(Debug, Clone, Serialize)]
pub struct VoteLine {
    /// Rater's name, or a number in its place.
    pub rater: String,
    /// What was answered.
    #[serde(serialize_with = "word")]
    pub answer: Answer,
}

fn word<S: serde::Serializer>(answer: &Answer, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(answer.word())
}

/// A comment on the page.
#[derive(Debug, Clone, Serialize)]
pub struct NoteLine {
    /// Rater's name, or a number in its place.
    pub rater: String,
    /// The comment.
    pub text: String,
}

/// A picture for the page.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Picture {
    /// A small copy.
    Thumbnail {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// The file.
        #[serde(skip)]
        jpeg: Vec<u8>,
    },
    /// Why there is none.
    Missing(String),
}
