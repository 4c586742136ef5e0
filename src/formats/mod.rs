//! Files: bytes to plain records and back, one file a format. Imports domain only.

pub mod export;
pub mod records;
pub mod table;
