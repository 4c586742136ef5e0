//! Label sets for the screen: counted beside the sitting, so that no key waits for them.

use std::thread::{self, JoinHandle};

use crate::consensus::stop::settled;
use crate::domain::{QuestionId, Role};
use crate::live::Live;
use crate::store::{Store, StoreError};

/// Label sets that are there, or are being counted.
#[derive(Debug)]
pub struct LiveLabelSets {
    /// The thread that counts them.
    coming: Option<JoinHandle<Result<Live, StoreError>>>,
    /// As of the last look.
    here: Option<Live>,
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
        }
    }

    /// Those that were wanted at once.
    pub fn here(live: Live) -> LiveLabelSets {
        LiveLabelSets {
            coming: None,
            here: Some(live),
        }
    }

    /// The label sets with all votes on disk.
    ///
    /// # Errors
    /// SQLite refuses.
    pub fn now(&mut self, store: &Store, round: &str) -> Result<&mut Live, StoreError> {
        let coming = self.coming.take().and_then(|thread| thread.join().ok());
        let live = match (self.here.take(), coming) {
            (Some(live), _) | (None, Some(Ok(live))) => live,
            _ => Live::newest(store, round)?,
        };
        let live = self.here.insert(live);
        live.catch_up(store)?;
        Ok(live)
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

    /// Whether a question needs no further rater. Shares of votes settle nothing: a first vote would always do.
    pub fn holds(self, live: &Live, question: QuestionId) -> bool {
        live.weighs_raters()
            && live
                .score(question)
                .is_some_and(|score| settled(score.score, self.bound))
    }
}
