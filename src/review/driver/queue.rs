use std::collections::{HashMap, HashSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use crate::domain::{RaterId, RoundId, TaskId};
use crate::store::{Store, StoreError};

/// The order of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As planned, image by image.
    Plan,
    /// Shuffled, in each rater's own and lasting way.
    Random,
    /// Disputes alone, the most disputed first.
    Disputed,
}

/// A rater's tasks in a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Those still open, in their order.
    pub open: Vec<TaskId>,
    /// Tasks of the round, open or not.
    pub total: usize,
    /// Tasks that the rater has finished since `midnight`.
    pub today: usize,
}

/// The tasks that a rater has still to do.
///
/// `disputes` gives the most disputed first, by task; it is asked for in that order alone. `midnight` is in Unix milliseconds.
pub fn queue(
    store: &Store,
    rater: (RaterId, &str),
    round: RoundId,
    order: Order,
    disputes: impl FnOnce() -> Result<Vec<TaskId>, StoreError>,
    midnight: i64,
) -> Result<Queue, StoreError> {
    let tasks = store.tasks()?;
    let finished: HashMap<TaskId, i64> =
        store.finished_tasks(rater.0, round)?.into_iter().collect();
    let mut all: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
    match order {
        Order::Plan => {}
        // By name: the same rater meets the same order again, in any copy of the project.
        Order::Random => all.shuffle(&mut ChaCha8Rng::from_seed(seed(rater.1))),
        Order::Disputed => {
            let known: HashSet<TaskId> = all.into_iter().collect();
            all = disputes()?
                .into_iter()
                .filter(|task| known.contains(task))
                .collect();
        }
    }
    Ok(Queue {
        total: all.len(),
        open: all
            .into_iter()
            .filter(|task| !finished.contains_key(task))
            .collect(),
        today: finished.values().filter(|&&at| at >= midnight).count(),
    })
}

fn seed(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
