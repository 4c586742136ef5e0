//! A spot check of given labels: which to look at, and what follows from the answers, however often one looks.
//!
//! Imports domain alone; chance comes in as a seed. What is audited is a number of labels, each right or wrong, in one
//! stratum or several; labels are drawn without replacement, and the answers count in the order of the draw.

mod evidence;
pub mod exact;
mod ratio;
mod sample;
mod standing;
mod terms;

pub use evidence::{Against, Answered, Evidence, Side, Totals};
pub use ratio::Prior;
pub use sample::{Place, class_ranges, draw, score_bins};
pub use standing::{Counts, Design, Outlook, Standing, StratumStanding, Verdict};
pub use terms::{Maybe, ParseMaybeError, Terms, TermsError};
