//! From votes to scores and label sets, and how far the raters agree.
//!
//! Pure: takes slices, returns values. Imports `domain` only; no SQL, path, clock or terminal, and
//! every random choice comes from a seed that is an argument. Questions, raters and images are
//! dense numbers from 0; a caller keeps the names.
//!
//! - [`VoteTable`]: the votes of one round, grouped by question
//! - [`Method`]: majority, [`calibrated`] by gold, [`dawid_skene`]; each gives a [`Consensus`]
//! - [`recalibrate`]: scores that mean what they say; [`quality`]: how well they do it
//! - [`LiveLabels`]: label sets that follow the votes; [`stop`]: when a question needs no more; [`value`]: which vote is
//!   worth most
//! - [`LabelSetChanges`]: label sets against original labels
//! - [`interval`]: bootstrap and Wilson intervals
//! - [`evaluate`]: predictions against original labels and label sets
//! - [`agreement`]: raw, Cohen, Fleiss, Krippendorff, test-retest, per rater

pub mod agreement;
pub mod calibrated;
pub mod dawid_skene;
pub mod evaluate;
mod incremental;
pub mod interval;
mod label_sets;
mod log_odds;
mod logistic;
mod majority;
mod method;
mod note;
pub mod quality;
pub mod recalibrate;
mod rule;
pub mod stop;
pub mod value;
mod votes;

pub use calibrated::{CalibratedModel, CalibratedOptions};
pub use dawid_skene::{DawidSkeneFit, DawidSkeneOptions, Truths};
pub use incremental::{LiveError, LiveLabels};
pub use label_sets::{Change, InSet, LabelSetChanges};
pub use log_odds::LogOdds;
pub use majority::{MajorityOptions, majority};
pub use method::{Choice, Consensus, ConsensusError, Evidence, Gold, Method, Parameters};
pub use note::Note;
pub use recalibrate::{RecalibrateError, RecalibrateOptions, RecalibratedModel, Recalibration};
pub use rule::{ScoreRule, Standing};
pub use votes::{AnswerCounts, QuestionKey, VoteTable, VoteTableBuilder, VotesError};

pub(crate) use method::check_threshold;
