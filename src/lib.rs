//! relabel finds out what is really in the images of a labelled data set: models propose labels,
//! people vote on them in the terminal, votes become label sets.
//!
//! The map of the house, innermost first; a module imports only from lines above its own:
//! - [`domain`]: the plain types everything speaks in
//! - [`hierarchy`]: the hypernym graph, headings, grouping into tasks
//! - [`formats`]: one file a format: bytes to plain records and back
//! - [`review`]: the review screen

pub mod domain;
pub mod formats;
pub mod hierarchy;
pub mod review;
