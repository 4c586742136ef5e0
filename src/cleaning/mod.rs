//! Which labels of a training set a model bears out that never saw them (arXiv 2006.07159, section 6). Imports domain and
//! proposals only; pure.
//!
//! - [`folds`]: which images are left out together
//! - [`standing`]: where a label stands among a model's predictions
//! - [`verdict`]: kept or dropped, and why
//! - [`tally`]: how many, by class, and beside what people said

pub mod folds;
pub mod standing;
pub mod tally;
pub mod verdict;
