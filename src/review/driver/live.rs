//! Label sets for the screen: counted beside the sitting, so that no key waits for them.

use std::thread::{self, JoinHandle};

use crate::domain::{QuestionId, Role, TaskId};
use crate::live::{Live, LiveOrder};
use crate::store::{Store, StoreError};

/// Label sets that are there, or are being counted.
#[derive(Debug)]
pub struct LiveLabelSets {
    /// The thread that counts them.
    coming: Option<JoinHandle<Result<Live, StoreError>>>,
    /// As of the last look.
    here: Option<Live>,
    /// Tasks by the value of the rater's votes, where that is the order.
    order: Option<LiveOrder>,
}

impl LiveLabelSets {
    /// Counts in a thread with a connection of its own.
    pub fn coming(store: &Store, round: &str) -> LiveLabelSets {
        let (path, round) = (store.path().to_owned(), round.to_owned());
        let count = move || Live::newest(&Store::open(&path)?, &round);
        let thread = thread::Builder::new().name("label sets".to_owned());
        // Without a thread they are counted when they are wanted.
        LiveLabelSets {
            coming: thread.spawn(count).ok(),
            here: None,
            order: None,
        }
    }

    /// Those that were wanted at once, with the order that follows them.
    pub fn here(live: Live, order: Option<LiveOrder>) -> LiveLabelSets {
        LiveLabelSets {
            coming: None,
            here: Some(live),
            order,
        }
    }

    /// The label sets with all votes on disk.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn now(&mut self, store: &Store, round: &str) -> Result<&Live, StoreError> {
        let coming = self.coming.take().and_then(|thread| thread.join().ok());
        let live = match (self.here.take(), coming) {
            (Some(live), _) | (None, Some(Ok(live))) => live,
            _ => Live::newest(store, round)?,
        };
        let live = self.here.insert(live);
        let changed = live.catch_up(store)?;
        if let Some(order) = &mut self.order {
            order.follow(live, &changed);
        }
        Ok(live)
    }

    /// Takes a task out of those that wait for their turn in the order by value, because it is handed out.
    pub fn hand_out(&mut self, task: TaskId) -> TaskId {
        if let Some(order) = &mut self.order {
            order.take(task);
        }
        task
    }

    /// The same with the task that is worth most now, if this one waits for its turn.
    pub fn hand_out_best(&mut self, task: TaskId, store: &Store, round: &str) -> TaskId {
        if !self.order.as_ref().is_some_and(|order| order.waits(task)) {
            return task;
        }
        // Where the newest votes cannot be read, the order is that of a moment ago.
        let _ = self.now(store, round);
        let best = self.order.as_ref().and_then(LiveOrder::best);
        self.hand_out(best.unwrap_or(task))
    }
}

/// When raters are asked no further about a question.
#[derive(Debug, Clone, Copy)]
pub struct Stop {
    bound: f64,
}

impl Stop {
    /// The rule that `plan` was given. It holds for raters alone: experts and adjudicators are asked what others settled.
    pub fn of(bound: Option<f64>, role: Role) -> Option<Stop> {
        let bound = bound.filter(|_| role == Role::Rater)?;
        Some(Stop { bound })
    }

    /// Whether a question needs no further rater.
    pub fn holds(self, live: &Live, question: QuestionId) -> bool {
        live.is_settled(question, self.bound)
    }

    /// The bound, below ½.
    pub fn bound(self) -> f64 {
        self.bound
    }
}
