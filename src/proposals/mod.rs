//! From what models predict to what people are asked. Imports domain and hierarchy only; pure.
//!
//! - [`two_part`]: predictions to proposals
//! - [`search`]: the smallest sufficient set of models
//! - [`triage()`]: which images people must look at

pub mod search;
mod triage;
pub mod two_part;

pub use triage::{Triage, triage};
