//! How far raters agree: with each other, with themselves, with gold.

mod measure;
mod pair;
mod rater;
mod tally;

pub use measure::{Figure, Measure, figures, figures_by_group};
pub use pair::{
    PairCounts, RaterPair, pair_interval, rater_pairs, test_retest, test_retest_by_rater,
};
pub use rater::{RaterFigures, rater_figures};
pub use tally::{Tally, tally, tally_by_image};
