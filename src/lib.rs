//! relabel finds out what is really in the images of a labelled data set: models propose labels,
//! people vote on them in the terminal, votes become label sets.
//!
//! The map of the house, innermost first; a module imports only from lines above its own:
//! - [`domain`]: the plain types everything speaks in
//! - [`store`]: the project file; all SQL
//! - [`formats`]: files to plain records and back
//! - [`review`]: the review screen

pub mod domain;
pub mod formats;
pub mod review;
pub mod store;
