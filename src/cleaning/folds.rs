//! Which images are left out together when models are trained without what they predict.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Deals images into `k` folds so that each fold has its part of every stratum (class); gives each image's fold, from 0.
///
/// Counts of a stratum, and sizes of folds, differ by one at most. The same seed gives the same folds.
pub fn deal(strata: &[u32], k: u32, seed: u64) -> Vec<u32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut fold_of = vec![0; strata.len()];
    // One after the other through all strata: what one leaves uneven the next one evens out.
    let mut folds = (0..k).cycle();
    for mut images in members(strata).into_values() {
        images.shuffle(&mut rng);
        for (image, fold) in images.into_iter().zip(&mut folds) {
            if let Some(place) = fold_of.get_mut(image) {
                *place = fold;
            }
        }
    }
    fold_of
}

/// The same with groups of images that stay together, such as near-duplicates or sessions.
///
/// Greedy, the largest groups first, each into the fold where its strata are rarest: the fold that adds least to the sum of
/// squared counts, a stratum weighed by its size (the idea of scikit-learn's `StratifiedGroupKFold`). Ties go to the
/// smaller fold, then the earlier.
pub fn deal_groups(strata: &[u32], groups: &[u32], k: u32, seed: u64) -> Vec<u32> {
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    for stratum in strata {
        *sizes.entry(*stratum).or_default() += 1;
    }
    let mut order: Vec<Vec<usize>> = members(groups).into_values().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    order.sort_by_key(|images| std::cmp::Reverse(images.len()));

    let mut folds: Vec<Fold> = (0..k).map(|_| Fold::default()).collect();
    let mut fold_of = vec![0; strata.len()];
    for images in order {
        let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
        for stratum in images.iter().filter_map(|image| strata.get(*image)) {
            *counts.entry(*stratum).or_default() += 1;
        }
        let cost = |fold: &Fold| fold.cost(&counts, &sizes, images.len(), strata.len());
        let best = folds
            .iter()
            .enumerate()
            .min_by(|(_, one), (_, other)| {
                cost(one)
                    .total_cmp(&cost(other))
                    .then(one.images.cmp(&other.images))
            })
            .map_or(0, |(place, _)| place);
        if let Some(fold) = folds.get_mut(best) {
            fold.images += images.len();
            for (stratum, count) in counts {
                *fold.counts.entry(stratum).or_default() += count;
            }
        }
        for image in images {
            if let Some(place) = fold_of.get_mut(image) {
                *place = best as u32;
            }
        }
    }
    fold_of
}

/// A fold that is being filled.
#[derive(Debug, Default)]
struct Fold {
    images: usize,
    counts: BTreeMap<u32, usize>,
}

impl Fold {
    /// How much more uneven a group would make it: what the squares of its counts grow by, each over the stratum's size, and
    /// that of all its images over all.
    fn cost(
        &self,
        group: &BTreeMap<u32, usize>,
        sizes: &BTreeMap<u32, usize>,
        images: usize,
        all: usize,
    ) -> f64 {
        let growth = |there: usize, more: usize, of: usize| {
            (more * (2 * there + more)) as f64 / of.max(1) as f64
        };
        let of_strata = group.iter().map(|(stratum, &more)| {
            let there = self.counts.get(stratum).copied().unwrap_or(0);
            growth(there, more, sizes.get(stratum).copied().unwrap_or(1))
        });
        of_strata.sum::<f64>() + growth(self.images, images, all)
    }
}

/// The members of each kind, ascending.
fn members(kinds: &[u32]) -> BTreeMap<u32, Vec<usize>> {
    let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (member, kind) in kinds.iter().enumerate() {
        members.entry(*kind).or_default().push(member);
    }
    members
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spread(fold_of: &[u32], k: u32, of: impl Fn(usize) -> bool) -> usize {
        let counts: Vec<usize> = (0..k)
            .map(|fold| {
                let members = fold_of.iter().enumerate();
                members
                    .filter(|(image, f)| **f == fold && of(*image))
                    .count()
            })
            .collect();
        counts.iter().max().unwrap() - counts.iter().min().unwrap()
    }

    proptest! {
        #[test]
        fn every_fold_has_its_part_of_every_class(
            strata in prop::collection::vec(0..6_u32, 0..300), k in 2..12_u32, seed: u64,
        ) {
            let fold_of = deal(&strata, k, seed);
            prop_assert_eq!(fold_of.len(), strata.len());
            prop_assert!(fold_of.iter().all(|fold| *fold < k));
            prop_assert!(spread(&fold_of, k, |_| true) <= 1);
            for class in 0..6 {
                prop_assert!(spread(&fold_of, k, |image| strata[image] == class) <= 1);
            }
            prop_assert_eq!(deal(&strata, k, seed), fold_of);
        }

        #[test]
        fn groups_stay_together_and_folds_stay_even(
            images in prop::collection::vec((0..4_u32, 0..40_u32), 1..300), k in 2..6_u32, seed: u64,
        ) {
            let (strata, groups): (Vec<u32>, Vec<u32>) = images.into_iter().unzip();
            let fold_of = deal_groups(&strata, &groups, k, seed);
            let mut fold_of_group = BTreeMap::new();
            for (group, fold) in groups.iter().zip(&fold_of) {
                prop_assert_eq!(*fold_of_group.entry(group).or_insert(fold), fold);
            }
            prop_assert!(fold_of.iter().all(|fold| *fold < k));
            prop_assert_eq!(deal_groups(&strata, &groups, k, seed), fold_of);
        }
    }

    #[test]
    fn groups_of_one_image_are_dealt_evenly() {
        let strata: Vec<u32> = (0..200).map(|image| image % 7).collect();
        let groups: Vec<u32> = (0..200).collect();
        let fold_of = deal_groups(&strata, &groups, 5, 3);
        for class in 0..7 {
            assert!(spread(&fold_of, 5, |image| strata[image] == class) <= 1);
        }
        assert!(spread(&fold_of, 5, |_| true) <= 7);
    }
}
