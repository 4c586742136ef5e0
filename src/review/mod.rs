//! The review screen: state, events and effects; `update` is pure, `view` only draws, `driver` alone blocks.
//!
//! May import domain and consensus; the driver alone may import the store.

pub mod picture;
