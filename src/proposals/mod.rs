//! From what models predict to what people are asked. Imports domain and hierarchy only; pure.
//!
//! - [`rows`]: predictions as they are looked through
//! - [`two_part`]: predictions to proposals; [`folded`]: of a model that was trained once a fold
//! - [`search`]: the smallest sufficient set of models
//! - [`triage()`]: which images people must look at

pub mod folded;
pub mod rows;
pub mod search;
mod triage;
pub mod two_part;

pub use triage::{Triage, triage};
