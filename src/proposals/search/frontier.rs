use super::{Subset, cmp_models};

/// The best subset for each number of true positives: with the fewest proposals, then the fewest models, then the first
/// names. That is enough to answer for any bound of recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frontier {
    /// Proposals and models, by true positives.
    best: Vec<Option<(u32, u64)>>,
}

impl Frontier {
    pub(super) fn new(positives: u32) -> Frontier {
        Frontier {
            best: vec![None; positives as usize + 1],
        }
    }

    /// Takes a subset in where it is the best of its kind. No models, or no proposals, are no subset.
    #[inline]
    pub(super) fn offer(&mut self, subset: Subset) {
        let Some(slot) = self.best.get_mut(subset.true_positives as usize) else {
            return;
        };
        let better = match *slot {
            None => true,
            Some((proposals, models)) => {
                subset.proposals < proposals
                    || subset.proposals == proposals && cmp_models(subset.models, models).is_lt()
            }
        };
        if better && subset.models != 0 && subset.proposals > 0 {
            *slot = Some((subset.proposals, subset.models));
        }
    }

    pub(super) fn merge(mut self, other: &Frontier) -> Frontier {
        for subset in other.subsets() {
            self.offer(subset);
        }
        self
    }

    /// From the highest recall down.
    fn subsets(&self) -> impl Iterator<Item = Subset> + '_ {
        let by_recall = self.best.iter().enumerate().rev();
        by_recall.filter_map(|(true_positives, best)| {
            let true_positives = u32::try_from(true_positives).ok()?;
            best.map(|(proposals, models)| Subset {
                models,
                true_positives,
                proposals,
            })
        })
    }

    pub(super) fn best(&self, enough: impl Fn(u32) -> bool) -> Option<Subset> {
        self.subsets()
            .filter(|subset| enough(subset.true_positives))
            .min_by(Subset::cmp_quality)
    }

    pub(super) fn pareto(&self) -> Vec<Subset> {
        let mut frontier: Vec<Subset> = Vec::new();
        for subset in self.subsets() {
            if frontier
                .last()
                .is_none_or(|last| subset.cmp_precision(last).is_gt())
            {
                frontier.push(subset);
            }
        }
        frontier
    }
}
