//! relabel finds out what is really in the images of a labelled data set: models propose labels,
//! people vote on them in the terminal, votes become label sets.
//!
//! The map of the house, outermost last; arrows point upwards only:
//! - [`domain`]: the plain types everything speaks in

pub mod domain;
