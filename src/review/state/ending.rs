//! The end of a task: once every label is answered, one key goes on.

use super::{Asks, State};
use crate::review::keymap::Action;

impl State {
    /// True if the task is loaded and none of its labels is open.
    pub fn is_all_answered(&self) -> bool {
        self.task().is_some_and(|task| task.next_open(0).is_none())
    }

    /// Word for what `done` does now.
    pub fn enter_does(&self) -> &'static str {
        let image = self.task().map(|task| task.image);
        let next = self.queue.front();
        let next = next.and_then(|id| self.tasks.get(id));
        match self.queue.is_empty() {
            _ if !self.is_all_answered() => "next open",
            _ if self.detour => "back to the list",
            true => "closing screen",
            false if next.is_some_and(|next| Some(next.image) == image) => "more labels",
            false => "next image",
        }
    }

    /// The same with its key: "⏎ next image".
    pub fn enter_words(&self) -> String {
        let keys = self.keymap.keys_of(Action::Done);
        format!("{} {}", keys.first().unwrap_or(&"–"), self.enter_does())
    }

    /// Words for a task without open labels.
    pub fn answered_words(&self) -> &'static str {
        match self.asks {
            Asks::Decision => "nothing left to decide",
            _ => "all answered",
        }
    }

    /// Returns the message for a key that would answer one label more.
    pub(in crate::review) fn all_answered_words(&self) -> String {
        let keys = self.keymap.keys_of(Action::Done);
        let key = match keys.first() {
            Some(&"⏎") => "Enter",
            Some(key) => key,
            None => "–",
        };
        format!("{}: {key} ({})", self.answered_words(), self.enter_does())
    }
}
