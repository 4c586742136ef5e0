use std::collections::HashMap;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A label drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The number of its stratum, from 0.
    pub stratum: usize,
    /// Its number within the stratum, from 0.
    pub label: usize,
    /// The number of its block, from 0. Every stratum that has labels left has its part in a block, in proportion to its
    /// size; with one stratum, each label is a block.
    pub block: usize,
}

/// More labels than about so many are not in a block: an answer tells something once its block is complete.
const LONGEST_BLOCK: usize = 20;

/// Draws labels without replacement from strata of these `sizes`, at most 20 of them, in the order in which they are to be
/// looked at: at least `size`, up to the end of a block, or all.
///
/// Within a stratum the order is a random permutation, and so is the order of strata within a block. A larger size draws the
/// same labels first.
pub fn draw(sizes: &[usize], size: usize, seed: u64) -> Vec<Place> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let shuffle = |(stratum, labels): (usize, &usize)| Shuffle::new(*labels, seed, stratum);
    let mut shuffles: Vec<Shuffle> = sizes.iter().enumerate().map(shuffle).collect();
    let parts = parts(sizes);
    let all: usize = sizes.iter().sum();
    let mut drawn = Vec::with_capacity(size.min(all));
    for block in 0.. {
        if drawn.len() >= size.min(all) {
            break;
        }
        let begins = drawn.len();
        for (stratum, (shuffle, &part)) in shuffles.iter_mut().zip(&parts).enumerate() {
            let labels = shuffle.take(part);
            drawn.extend(labels.map(|label| Place {
                stratum,
                label,
                block,
            }));
        }
        if let Some(block) = drawn.get_mut(begins..) {
            block.shuffle(&mut random);
        }
    }
    drawn
}

/// How many labels of each stratum are in a block: as its size to the smallest one's, in whole numbers, at least one.
fn parts(sizes: &[usize]) -> Vec<usize> {
    let smallest = sizes.iter().copied().filter(|size| *size > 0).min();
    let unit = (sizes.iter().sum::<usize>() / LONGEST_BLOCK).max(smallest.unwrap_or(1));
    let part = |size: &usize| ((*size as f64 / unit as f64).round() as usize).max(1);
    match sizes {
        [_] => vec![1],
        _ => sizes.iter().map(part).collect(),
    }
}

/// Fisher and Yates' shuffle, number by number; only what is out of its place is kept.
struct Shuffle {
    random: ChaCha8Rng,
    next: usize,
    length: usize,
    moved: HashMap<usize, usize>,
}

impl Shuffle {
    fn new(length: usize, seed: u64, stratum: usize) -> Shuffle {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // Stream 0 orders the blocks.
        random.set_stream(stratum as u64 + 1);
        Shuffle {
            random,
            next: 0,
            length,
            moved: HashMap::new(),
        }
    }
}

impl Iterator for Shuffle {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.next >= self.length {
            return None;
        }
        let here = self.next;
        let there = self.random.random_range(here as u64..self.length as u64) as usize;
        self.next += 1;
        let own = self.moved.remove(&here).unwrap_or(here);
        if there == here {
            return Some(own);
        }
        Some(self.moved.insert(there, own).unwrap_or(there))
    }
}

/// No more strata than these.
const MOST_STRATA: usize = 20;

/// Ranges of scores that labels are put into.
const SCORE_BINS: usize = 10;

/// Puts classes that have these numbers of labels into strata: each one its own, or, where they are more than 20, at most
/// 20 ranges of neighbours with about as many labels each. Gives the stratum of each class.
pub fn class_ranges(labels: &[usize]) -> Vec<usize> {
    if labels.len() <= MOST_STRATA {
        return (0..labels.len()).collect();
    }
    let all: usize = labels.iter().sum();
    let (mut before, mut last, mut range) = (0, 0, 0);
    let range_of = |&labels: &usize| {
        let wanted = (2 * before + labels) * MOST_STRATA / (2 * all).max(1);
        range += usize::from(wanted > last);
        last = wanted;
        before += labels;
        range
    };
    labels.iter().map(range_of).collect()
}

/// Puts labels into ten bins of about as many each by their scores, from the lowest; those without a score into a bin of
/// their own, the last. Gives the bin of each label and the lowest and highest score of each bin; equal scores share a bin.
pub fn score_bins(scores: &[Option<f64>]) -> (Vec<usize>, Vec<Option<(f64, f64)>>) {
    let mut ascending: Vec<f64> = scores.iter().flatten().copied().collect();
    ascending.sort_unstable_by(f64::total_cmp);
    let cut = |bin: usize| ascending.get(bin * ascending.len() / SCORE_BINS).copied();
    let mut starts: Vec<f64> = (0..SCORE_BINS).filter_map(cut).collect();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| {
        let before = ascending.partition_point(|score| score < next);
        ascending.get(before.saturating_sub(1)).copied()
    });
    let last = std::iter::once(ascending.last().copied());
    let mut ranges: Vec<Option<(f64, f64)>> = (starts.iter().zip(ends.chain(last)))
        .map(|(start, end)| Some((*start, end?)))
        .collect();
    let without = ranges.len();
    let bin_of = |score: &Option<f64>| match score {
        Some(score) => starts.partition_point(|start| start <= score) - 1,
        None => without,
    };
    let of: Vec<usize> = scores.iter().map(bin_of).collect();
    if of.contains(&without) {
        ranges.push(None);
    }
    (of, ranges)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_stratum_has_its_part_in_a_block() {
        assert_eq!(parts(&[600, 300, 100]), [6, 3, 1]);
        assert_eq!(parts(&[50_000, 49_999, 50_001]), [1, 1, 1]);
        assert_eq!(parts(&[1000, 3, 900]), [11, 1, 9]);
        assert_eq!(parts(&[1000]), [1]);
        let drawn = draw(&[600, 300, 100], 95, 7);
        let count = |stratum| drawn.iter().filter(|p| p.stratum == stratum).count();
        assert_eq!([count(0), count(1), count(2)], [60, 30, 10]);
        assert_eq!(drawn[9].block, 0);
        assert_eq!(drawn[10].block, 1);
    }

    /// Every order of three labels comes up about as often: a sixth of 6,000, within five standard deviations.
    #[test]
    fn every_order_is_as_likely() {
        let mut counts = HashMap::new();
        for seed in 0..6000 {
            let drawn = draw(&[3], 3, seed);
            let order: Vec<usize> = drawn.iter().map(|place| place.label).collect();
            *counts.entry(order).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|n| (855..=1145).contains(n)),
            "{counts:?}"
        );
    }

    #[test]
    fn scores_are_put_into_bins_of_about_as_many() {
        let mut scores: Vec<Option<f64>> = (0..30).rev().map(|n| Some(f64::from(n))).collect();
        scores.push(None);
        let (of, ranges) = score_bins(&scores);
        assert_eq!((of[0], of[29], of[30]), (9, 0, 10));
        assert_eq!(ranges[0], Some((0.0, 2.0)));
        assert_eq!(ranges[9..], [Some((27.0, 29.0)), None]);
        let (of, ranges) = score_bins(&[Some(1.0), Some(1.0), Some(0.5)]);
        assert_eq!((of, ranges.len()), (vec![1, 1, 0], 2));
        assert_eq!(score_bins(&[None, None]), (vec![0, 0], vec![None]));
    }

    #[test]
    fn many_classes_share_strata_with_their_neighbours() {
        assert_eq!(class_ranges(&[5, 0, 900]), [0, 1, 2]);
        let ranges = class_ranges(&[50; 1000]);
        assert_eq!(
            (ranges[0], ranges[49], ranges[50], ranges[999]),
            (0, 0, 1, 19)
        );
        let mut uneven = vec![1; 30];
        uneven[7] = 1000;
        let ranges = class_ranges(&uneven);
        assert!(
            ranges
                .windows(2)
                .all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1)
        );
        assert_eq!((ranges[0], ranges[29]), (0, 2));
    }

    proptest! {
        #[test]
        fn nothing_is_drawn_twice_and_a_larger_size_goes_on_from_a_smaller(
            sizes in prop::collection::vec(0usize..40, 1..6),
            size in 0usize..80,
            seed: u64,
        ) {
            let all: usize = sizes.iter().sum();
            let whole = draw(&sizes, all, seed);
            let distinct: std::collections::HashSet<_> =
                whole.iter().map(|place| (place.stratum, place.label)).collect();
            prop_assert_eq!(distinct.len(), all);
            prop_assert!(whole.iter().all(|place| place.label < sizes[place.stratum]));
            let part = draw(&sizes, size, seed);
            prop_assert!(part.len() >= size.min(all));
            prop_assert_eq!(&part[..], &whole[..part.len()]);
            // It ends with a block.
            prop_assert!(whole.get(part.len()).is_none_or(|next| part.last().is_none_or(|last| last.block < next.block)));
            // What is left of a stratum has its part in every block.
            let mut left = sizes.clone();
            for block in whole.chunk_by(|a, b| a.block == b.block) {
                for (stratum, left) in left.iter_mut().enumerate() {
                    let drawn = block.iter().filter(|place| place.stratum == stratum).count();
                    prop_assert!(drawn > 0 || *left == 0);
                    *left -= drawn;
                }
            }
        }
    }
}
