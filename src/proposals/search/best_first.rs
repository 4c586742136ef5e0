//! For more models than all subsets can be tried of: the most promising subset first.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};
use std::ops::ControlFlow;

use super::{Frontier, Search, Subset};

/// Subsets that are looked at in the end.
const MOST_SUBSETS: u64 = 1_000_000;

/// A subset in the queue: those with enough recall by quality, then the others by recall.
struct Promise {
    reaches: bool,
    subset: Subset,
}

impl Ord for Promise {
    fn cmp(&self, other: &Self) -> Ordering {
        self.reaches.cmp(&other.reaches).then_with(|| {
            let quality = other.subset.cmp_quality(&self.subset);
            match self.reaches {
                true => quality,
                false => (self.subset.true_positives)
                    .cmp(&other.subset.true_positives)
                    .then(quality),
            }
        })
    }
}

impl PartialOrd for Promise {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Promise {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Promise {}

impl Search {
    /// Begins with all models together and each alone; goes on from the most promising subset by adding or leaving out one
    /// model, until a million subsets were looked at.
    pub(super) fn try_best_first(
        &self,
        min_recall: f64,
        progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
    ) -> Option<(Frontier, u64)> {
        let mut frontier = Frontier::new(self.positives);
        let mut queue = BinaryHeap::new();
        let mut seen: HashSet<u64> = HashSet::from([0]);
        let mut tried = 0;
        let singles = (0..self.n_models).map(|model| 1_u64 << model);
        let mut next: Vec<u64> = std::iter::once(self.everyone()).chain(singles).collect();
        loop {
            for models in next.drain(..) {
                if tried < MOST_SUBSETS && seen.insert(models) {
                    tried += 1;
                    let subset = self.subset(models);
                    frontier.offer(subset);
                    let reaches = self.reaches(subset.true_positives, min_recall);
                    queue.push(Promise { reaches, subset });
                }
            }
            let best = queue.pop().filter(|_| tried < MOST_SUBSETS);
            let Some(best) = best else {
                return Some((frontier, tried));
            };
            if progress(self.n_models as u64).is_break() {
                return None;
            }
            next.extend((0..self.n_models).map(|model| best.subset.models ^ (1 << model)));
        }
    }
}
