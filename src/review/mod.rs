//! The review screen: state, events and effects; `update` is pure, `view` only draws, `driver` alone blocks.
//!
//! May import domain, text, guard, hierarchy and consensus; the driver alone may import the store.

pub mod config;
pub mod driver;
pub mod effect;
pub mod event;
pub mod input;
pub mod keymap;
pub mod layout;
pub mod picture;
pub mod search;
pub mod state;
pub mod summary;
pub mod update;
pub mod view;
