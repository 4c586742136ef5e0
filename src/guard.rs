//! A library that panics on a broken file has found it broken, no more: an answer, without a panic's message on the terminal.
//!
//! Imports nothing.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether this thread is inside a library that may panic.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// Whether this thread is inside such a library: a panic there is caught, and nobody's to show.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// What the call gives; none where it panicked. What it worked on must not be used again after that.
pub fn unless_it_panics<T>(call: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let former = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !is_guarded() {
                former(panic);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(call));
    GUARDED.set(outer);
    outcome.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_none_and_the_next_call_goes_on() {
        let inner = || unless_it_panics::<()>(|| panic!("a decoder's own words"));
        assert_eq!(unless_it_panics(inner), Some(None));
        assert_eq!(unless_it_panics::<()>(|| panic!("once more")), None);
        assert_eq!(unless_it_panics(|| 7), Some(7));
    }
}
