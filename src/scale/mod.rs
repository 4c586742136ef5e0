//! The two-part rule, the checks before it and triage, over tables that outgrow memory: plans of DataFusion, on this machine with bounded memory or on
//! a Ballista cluster. Imports domain, proposals and formats (which columns are meant) only; knows neither the project file nor the command line.
//!
//! - [`Session`]: where plans run, and with how much memory
//! - [`Predictions`]: Parquet files as one table of image, label and score
//! - `check`: what an import looks for; `rule`: what a model proposes; `triage`: which images need people
//! - `cluster`, `servers` (feature `cluster`): the client's side of a cluster, and its scheduler and executors
//!
//! A plan gives the same rows in whatever order its parts run: ties go by image name and class, and sums that decide are of whole numbers.

mod check;
#[cfg(feature = "cluster")]
mod cluster;
mod rule;
#[cfg(feature = "cluster")]
mod servers;
mod session;
mod table;
mod triage;

pub use check::{Place, Seen};
pub use rule::{Part, Rule};
#[cfg(feature = "cluster")]
pub use servers::{Executor, Scheduler};
pub use session::{Limits, ScaleError, Session};
pub use table::{Predictions, files_of};
pub use triage::Sorted;
