//! Files: bytes to plain records and back, one file a format. Imports domain, text, guard, and the hierarchy's records.

pub mod authorized_keys;
pub mod classes;
pub mod coco;
pub mod export;
pub mod features;
pub mod json;
pub mod label_studio;
pub mod matrix;
mod npy;
pub mod npz;
pub(crate) mod parquet;
pub mod public_key;
pub mod records;
pub mod table;
pub mod whole;
