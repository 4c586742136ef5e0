//! relabel finds out what is really in the images of a labelled data set: models propose labels,
//! people vote on them in the terminal, votes become label sets.
//!
//! The map of the house, innermost first; a module imports only from lines above its own:
//! - [`domain`]: the plain types everything speaks in
//! - [`consensus`]: votes to scores and label sets, agreement between raters
//! - [`review`]: the review screen

pub mod consensus;
pub mod domain;
pub mod review;
