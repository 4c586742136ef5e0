//! Pictures that a kitty terminal keeps: when nothing can show one any more, the terminal is told to forget it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::payload::kitty_deletion;

/// Numbers of pictures that were sent and are gone. There is one terminal to a process.
static GONE: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A picture's number in the terminal; the last one to let go of it has the picture deleted there.
#[derive(Debug)]
pub struct Sent {
    id: u32,
    is_sent: AtomicBool,
}

impl Sent {
    /// Not sent yet.
    pub fn not_yet(id: u32) -> Sent {
        Sent {
            id,
            is_sent: AtomicBool::new(false),
        }
    }

    /// The picture is sent now. Gives what goes before it: the deletion of those that are gone.
    pub fn now(&self, tmux: bool) -> String {
        self.is_sent.store(true, Ordering::Relaxed);
        let mut gone = GONE.lock().unwrap_or_else(PoisonError::into_inner);
        gone.drain(..).map(|id| kitty_deletion(id, tmux)).collect()
    }
}

impl Drop for Sent {
    fn drop(&mut self) {
        if *self.is_sent.get_mut() {
            let mut gone = GONE.lock().unwrap_or_else(PoisonError::into_inner);
            gone.push(self.id);
        }
    }
}
