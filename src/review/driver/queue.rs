use std::collections::HashSet;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::Sitting;
use super::mix::mix;
use crate::domain::TaskId;
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
    /// What adjudicators have decided alone, the newest first.
    Decided,
    /// Images with others' notes that nobody has answered alone, the longest open first.
    Noted,
    /// Those first whose votes are expected to remove most error a second; as planned until they are handed out.
    Value,
}

impl Order {
    /// Whether it is an order of certain tasks, and leaves all others aside.
    pub fn is_of_some(self) -> bool {
        matches!(self, Order::Disputed | Order::Decided | Order::Noted)
    }
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
    /// Tasks that every rater gets, whoever else has answered them: gold.
    pub for_all: HashSet<TaskId>,
    /// Open tasks that the rater has finished before and gets once more.
    pub retests: HashSet<TaskId>,
}

/// The tasks that a rater has still to do.
///
/// `wanted`, where given, leaves all other tasks aside; in an order of some tasks it is also their order. `midnight` is in
/// Unix milliseconds.
pub fn queue(
    store: &Store,
    sitting: &Sitting,
    order: Order,
    wanted: Option<Vec<TaskId>>,
    midnight: i64,
) -> Result<Queue, StoreError> {
    let finished = store.finished_tasks(sitting.rater.id, sitting.round)?;
    let done: HashSet<TaskId> = match (order.is_of_some(), sitting.decides) {
        // What was left open is disputed still, and what was decided is not.
        (true, true) => HashSet::new(),
        _ => finished.iter().map(|(task, _)| *task).collect(),
    };
    let mut all: Vec<TaskId> = store.tasks()?.iter().map(|task| task.id).collect();
    match (order, &wanted) {
        (_, Some(wanted)) if order.is_of_some() => {
            let known: HashSet<TaskId> = all.into_iter().collect();
            all = wanted.clone();
            all.retain(|task| known.contains(task));
        }
        // By name: the same rater meets the same order again, in any copy of the project.
        (Order::Random, _) => all.shuffle(&mut chance(&sitting.rater.name)),
        _ => {}
    }
    let for_all = match sitting.shares.gold > 0.0 {
        true => store.gold_tasks()?,
        false => HashSet::new(),
    };
    let (gold, ordinary): (Vec<TaskId>, Vec<TaskId>) =
        all.iter().partition(|task| for_all.contains(task));
    // What others have done is no part of this rater's work.
    let full = match &sitting.places {
        Some(places) => store.full_tasks(places)?,
        None => HashSet::new(),
    };
    let wanted: Option<HashSet<TaskId>> = wanted.map(|wanted| wanted.into_iter().collect());
    let is_wanted = |task: &TaskId| wanted.as_ref().is_none_or(|wanted| wanted.contains(task));
    let (mut open, mut before) = (Vec::with_capacity(ordinary.len()), 0);
    for task in ordinary {
        let needs_rater = is_wanted(&task) && !full.contains(&task);
        if !done.contains(&task) && needs_rater {
            open.push(task);
        } else if done.contains(&task) || !full.contains(&task) {
            before += 1;
        }
    }
    let lacking: Vec<TaskId> = gold
        .iter()
        .filter(|task| is_wanted(task) && !full.contains(task) && !done.contains(task))
        .copied()
        .collect();
    let (mut open, retests) = strew(store, sitting, open, gold, &finished)?;
    // Gold that was not strewn is asked of as many raters as everything else, at the end.
    let strewn: HashSet<TaskId> = open.iter().copied().collect();
    open.extend(lacking.into_iter().filter(|task| !strewn.contains(task)));
    let for_all = for_all.intersection(&strewn).copied().collect();
    Ok(Queue {
        total: before + open.len(),
        open,
        today: finished.iter().filter(|(_, at)| *at >= midnight).count(),
        for_all,
        retests,
    })
}

/// Puts gold and retest tasks among the open ones, as the plan wants it; says which are retests.
fn strew(
    store: &Store,
    sitting: &Sitting,
    open: Vec<TaskId>,
    mut gold: Vec<TaskId>,
    finished: &[(TaskId, i64)],
) -> Result<(Vec<TaskId>, HashSet<TaskId>), StoreError> {
    let done: HashSet<TaskId> = finished.iter().map(|(task, _)| *task).collect();
    // Another chance each time, else a sitting would begin as the one before.
    let mut rng = chance(&format!("{}\n{}", sitting.rater.name, finished.len()));
    gold.retain(|task| !done.contains(task));
    gold.shuffle(&mut rng);
    let mut again = Vec::new();
    if sitting.shares.retest > 0.0 {
        let retested = store.finished_tasks(sitting.rater.id, sitting.retest_round)?;
        let retested: HashSet<TaskId> = retested.into_iter().map(|(task, _)| task).collect();
        again = finished.to_vec();
        again.retain(|(task, _)| !retested.contains(task));
        // The longest ago first: what was answered a minute ago is remembered.
        again.sort_unstable_by_key(|(task, at)| (*at, *task));
    }
    let again: Vec<TaskId> = again.into_iter().map(|(task, _)| task).collect();
    let mut retests: HashSet<TaskId> = again.iter().copied().collect();
    let mixed = mix(open, gold, again, sitting.shares, &mut rng);
    // All others are earlier tasks like any: a corrected answer to one is a vote of the round.
    let asked: HashSet<&TaskId> = mixed.iter().collect();
    retests.retain(|task| asked.contains(task));
    Ok((mixed, retests))
}

/// Chance that is the same for the same text.
fn chance(text: &str) -> ChaCha8Rng {
    ChaCha8Rng::from_seed(Sha256::digest(text.as_bytes()).into())
}
