//! relabel finds out what is really in the images of a labelled data set: models propose labels,
//! people vote on them in the terminal, votes become label sets.
//!
//! The map of the house, innermost first; a module imports only from lines above its own:
//! - [`domain`]: the plain types everything speaks in
//! - [`text`]: outside text made safe and fit for a terminal
//! - [`guard`]: a library's panic on a broken file, as an answer
//! - [`hierarchy`]: the hypernym graph, headings, grouping into tasks
//! - [`consensus`]: votes to scores, label sets, agreement
//! - [`proposals`]: what is proposed, and which images people must look at
//! - `train` (feature `train`): a linear classifier on features
//! - [`cleaning`]: which labels of a training set a model bears out, and folds
//! - [`report`]: figures of a project, and the page that shows them
//! - [`audit`]: a spot check of given labels: sample, intervals, stopping rule
//! - [`formats`]: one file a format: bytes to plain records and back
//! - [`store`]: the project file; all SQL
//! - `scale` (feature `datafusion`): the rule and triage over tables that outgrow memory, on this machine or on a cluster
//! - [`live`]: label sets as they stand now: a run and the votes since
//! - [`review`]: the review screen
//! - [`cli`]: one file a command

pub mod audit;
pub mod cleaning;
pub mod cli;
pub mod consensus;
pub mod domain;
pub mod formats;
pub mod guard;
pub mod hierarchy;
pub mod live;
pub mod proposals;
pub mod report;
pub mod review;
#[cfg(feature = "datafusion")]
pub mod scale;
pub mod store;
pub mod text;
#[cfg(feature = "train")]
pub mod train;
