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
/// `wanted`, where given, leaves all other tasks aside; in the order of disputes it is also their order. `midnight` is in
/// Unix milliseconds.
pub fn queue(
    store: &Store,
    rater: (RaterId, &str),
    round: RoundId,
    order: Order,
    wanted: Option<Vec<TaskId>>,
    midnight: i64,
) -> Result<Queue, StoreError> {
    let tasks = store.tasks()?;
    let finished: HashMap<TaskId, i64> =
        store.finished_tasks(rater.0, round)?.into_iter().collect();
    let mut all: Vec<TaskId> = tasks.iter().map(|task| task.id).collect();
    let total = match (order, &wanted) {
        (Order::Disputed, Some(disputes)) => {
            let known: HashSet<TaskId> = all.into_iter().collect();
            all = disputes.clone();
            all.retain(|task| known.contains(task));
            all.len()
        }
        // By name: the same rater meets the same order again, in any copy of the project.
        (Order::Random, _) => {
            all.shuffle(&mut ChaCha8Rng::from_seed(seed(rater.1)));
            all.len()
        }
        _ => all.len(),
    };
    let wanted: Option<HashSet<TaskId>> = wanted.map(|wanted| wanted.into_iter().collect());
    all.retain(|task| {
        !finished.contains_key(task) && wanted.as_ref().is_none_or(|wanted| wanted.contains(task))
    });
    Ok(Queue {
        total,
        open: all,
        today: finished.values().filter(|&&at| at >= midnight).count(),
    })
}

fn seed(name: &str) -> [u8; 32] {
    Sha256::digest(name.as_bytes()).into()
}
