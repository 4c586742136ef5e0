//! Files: bytes to plain records and back, one file a format. Imports domain, and the hierarchy's records.

pub mod classes;
pub mod export;
pub mod matrix;
pub mod npz;
mod parquet;
pub mod records;
pub mod table;
