//! The smallest sufficient set of models: of all subsets the one with the highest precision among those that still
//! find (nearly) everything, judged on questions that experts settled (arXiv 2006.07159, section 3.1).

mod best_first;
mod exhaustive;
mod frontier;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

pub use frontier::Frontier;

/// Up to so many models all subsets are tried.
pub const EXHAUSTIVE_UP_TO: usize = 30;
/// More models than a search takes: a set of them is one word.
pub const MOST_MODELS: usize = 64;

/// A question whose truth experts settled. Models are numbers from 0 in the order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoldProposal {
    /// The models that propose the class: bit i is model i.
    pub models: u64,
    /// Whether it is proposed whatever the subset, as the original label of its image is.
    pub always: bool,
    /// Whether the class is in the image.
    pub positive: bool,
}

/// Why there is nothing to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// No model or other source proposes anything.
    #[error("there are no models to choose from")]
    NoModels,
    /// More models than a search takes.
    #[error("{0} models are more than the {MOST_MODELS} that a search takes")]
    TooManyModels(usize),
    /// Recall is undefined.
    #[error("no gold question is true: experts said yes to none of them")]
    NoPositives,
}

/// A subset of models, and what it proposes among the gold questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subset {
    /// Bit i is model i.
    pub models: u64,
    /// Proposed questions whose class is in the image.
    pub true_positives: u32,
    /// Proposed questions.
    pub proposals: u32,
}

impl Subset {
    /// Share of its proposals that are true, in 0..=1; none without proposals.
    pub fn precision(&self) -> Option<f64> {
        (self.proposals > 0).then(|| f64::from(self.true_positives) / f64::from(self.proposals))
    }

    /// Compares precisions as fractions, exactly; both have proposals.
    fn cmp_precision(&self, other: &Subset) -> Ordering {
        let cross = |a: &Subset, b: &Subset| u64::from(a.true_positives) * u64::from(b.proposals);
        cross(self, other).cmp(&cross(other, self))
    }

    /// Higher precision, then higher recall, then fewer models, then the first names: less is better.
    fn cmp_quality(&self, other: &Subset) -> Ordering {
        other
            .cmp_precision(self)
            .then(other.true_positives.cmp(&self.true_positives))
            .then_with(|| cmp_models(self.models, other.models))
    }
}

/// Fewer models first, then the first names in order: the lists differ first at the lowest differing bit.
fn cmp_models(one: u64, other: u64) -> Ordering {
    one.count_ones().cmp(&other.count_ones()).then_with(|| {
        let first = (one ^ other).trailing_zeros();
        let has_it = |models: u64| models.checked_shr(first).unwrap_or(0) & 1;
        has_it(other).cmp(&has_it(one))
    })
}

/// What a search needs to know: how many gold questions each combination of models proposes.
#[derive(Debug, Clone)]
pub struct Search {
    n_models: usize,
    /// Combination of models, questions, positive questions.
    combinations: Vec<(u64, u32, u32)>,
    always: (u32, u32),
    positives: u32,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchOutcome {
    /// The best subset with enough recall; none where no subset has it.
    pub best: Option<Subset>,
    /// All models together.
    pub all: Subset,
    /// Each model alone, in order.
    pub each: Vec<Subset>,
    /// Subsets that no other one beats in recall and precision both, from the highest recall down.
    pub frontier: Vec<Subset>,
    /// Gold questions whose class is in the image.
    pub positives: u32,
    /// How many subsets were looked at.
    pub tried: u64,
    /// Whether these were all that there are.
    pub exhaustive: bool,
}

impl SearchOutcome {
    /// Share of what is in the images that a subset proposes, in 0..=1.
    pub fn recall(&self, subset: &Subset) -> f64 {
        f64::from(subset.true_positives) / f64::from(self.positives)
    }
}

impl Search {
    /// Prepares a search.
    ///
    /// # Errors
    /// There are no models, too many, or no gold question is true.
    pub fn new(n_models: usize, gold: &[GoldProposal]) -> Result<Search, SearchError> {
        if n_models == 0 {
            return Err(SearchError::NoModels);
        }
        if n_models > MOST_MODELS {
            return Err(SearchError::TooManyModels(n_models));
        }
        let mut combinations: BTreeMap<u64, (u32, u32)> = BTreeMap::new();
        let (mut always, mut positives) = ((0, 0), 0);
        for question in gold {
            let one = u32::from(question.positive);
            positives += one;
            let counts = match question.always {
                true => &mut always,
                false => combinations.entry(question.models).or_default(),
            };
            counts.0 += 1;
            counts.1 += one;
        }
        if positives == 0 {
            return Err(SearchError::NoPositives);
        }
        Ok(Search {
            n_models,
            combinations: combinations
                .into_iter()
                .map(|(models, (questions, positives))| (models, questions, positives))
                .collect(),
            always,
            positives,
        })
    }

    /// All models together, as a set.
    fn everyone(&self) -> u64 {
        u64::MAX >> (MOST_MODELS - self.n_models)
    }

    /// What a subset proposes.
    pub fn subset(&self, models: u64) -> Subset {
        let mut subset = Subset {
            models,
            proposals: self.always.0,
            true_positives: self.always.1,
        };
        for &(combination, questions, positives) in &self.combinations {
            if combination & models != 0 {
                subset.proposals += questions;
                subset.true_positives += positives;
            }
        }
        subset
    }

    /// Finds the best subset whose recall is at least `min_recall`: all subsets up to [`EXHAUSTIVE_UP_TO`] models, a
    /// best-first search beyond. `progress` hears how many subsets were looked at, from any thread, and can break the
    /// search off, which gives none. The result does not depend on the number of threads.
    pub fn run(
        &self,
        min_recall: f64,
        progress: &(dyn Fn(u64) -> ControlFlow<()> + Sync),
    ) -> Option<SearchOutcome> {
        let exhaustive = self.n_models <= EXHAUSTIVE_UP_TO;
        let (frontier, tried) = if exhaustive {
            let tried = (1_u64 << self.n_models) - 1;
            (self.try_all(exhaustive::BLOCK_BITS, progress)?, tried)
        } else {
            self.try_best_first(min_recall, progress)?
        };
        let each = (0..self.n_models).map(|model| self.subset(1 << model));
        Some(SearchOutcome {
            best: frontier.best(|tp| self.reaches(tp, min_recall)),
            all: self.subset(self.everyone()),
            each: each.collect(),
            frontier: frontier.pareto(),
            positives: self.positives,
            tried,
            exhaustive,
        })
    }

    /// Whether so many true positives are enough. A share such as 97 of 100 and the bound 0.97 are the same number.
    fn reaches(&self, true_positives: u32, min_recall: f64) -> bool {
        f64::from(true_positives) / f64::from(self.positives) >= min_recall
    }
}

#[cfg(test)]
mod tests;
