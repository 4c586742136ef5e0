//! From what is proposed for images to what people are asked. Imports domain and hierarchy only; pure.

mod triage;

pub use triage::{Triage, triage};
