//! Files: bytes to plain records and back, one file a format. Imports domain, and the hierarchy's records.

pub mod classes;
pub mod export;
pub mod npz;
pub mod records;
pub mod table;
