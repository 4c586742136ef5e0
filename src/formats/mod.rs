//! File formats: bytes to plain records and back, one file a format.
//!
//! Imports `domain`, and `hierarchy` for its records. Opens no file: readers come in.

pub mod classes;
