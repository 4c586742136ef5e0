//! Gold and retest tasks among a rater's own, unmarked.

use rand::{Rng, RngExt};

use crate::domain::TaskId;

/// Parts of a rater's tasks, in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Shares {
    /// Tasks whose truth experts have settled.
    pub gold: f64,
    /// Tasks that the rater has answered before.
    pub retest: f64,
}

/// Ordinary tasks in their order, with gold and retest tasks strewn in: each next task is one of these with the
/// probability of its share, while there are any. Ends with the last ordinary task, so that nobody meets a run of gold.
pub fn mix(
    ordinary: Vec<TaskId>,
    gold: Vec<TaskId>,
    retest: Vec<TaskId>,
    shares: Shares,
    rng: &mut impl Rng,
) -> Vec<TaskId> {
    let mut mixed = Vec::with_capacity(ordinary.len());
    let (mut gold, mut retest) = (gold.into_iter(), retest.into_iter());
    for task in ordinary {
        loop {
            let drawn: f64 = rng.random();
            let strewn = if drawn < shares.gold {
                gold.next()
            } else if drawn < shares.gold + shares.retest {
                retest.next()
            } else {
                None
            };
            match strewn {
                Some(task) => mixed.push(task),
                None => break,
            }
        }
        mixed.push(task);
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn tasks(ids: std::ops::Range<i64>) -> Vec<TaskId> {
        ids.map(TaskId).collect()
    }

    #[test]
    fn the_shares_hold_and_the_order_stays() {
        let shares = Shares {
            gold: 0.05,
            retest: 0.02,
        };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mixed = mix(
            tasks(0..10_000),
            tasks(20_000..30_000),
            tasks(40_000..50_000),
            shares,
            &mut rng,
        );
        let count = |from: i64| {
            let within = |task: &&TaskId| (from..from + 10_000).contains(&task.0);
            mixed.iter().filter(within).count() as f64 / mixed.len() as f64
        };
        assert!((count(20_000) - 0.05).abs() < 0.007, "{}", count(20_000));
        assert!((count(40_000) - 0.02).abs() < 0.005, "{}", count(40_000));
        let ordinary: Vec<TaskId> = mixed.into_iter().filter(|task| task.0 < 10_000).collect();
        assert_eq!(ordinary, tasks(0..10_000));
    }

    #[test]
    fn without_shares_or_tasks_nothing_is_strewn() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let none = Shares::default();
        let plain = mix(tasks(0..9), tasks(20..30), tasks(40..50), none, &mut rng);
        assert_eq!(plain, tasks(0..9));
        let all = Shares {
            gold: 0.5,
            retest: 0.5,
        };
        assert_eq!(mix(tasks(0..9), vec![], vec![], all, &mut rng), tasks(0..9));
        assert_eq!(mix(vec![], tasks(20..30), vec![], all, &mut rng), vec![]);
    }
}
