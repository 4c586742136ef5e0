use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use crate::domain::{ClassIndex, ImageId};

/// A question with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    /// The image that is asked about.
    pub image: ImageId,
    /// The class that is asked for.
    pub class: ClassIndex,
    /// The image's original label.
    pub original: Option<ClassIndex>,
    /// Posterior probability that the class is in the image.
    pub score: f64,
    /// Whether the class is in the label set.
    pub in_set: bool,
    /// Whether the question is a dispute.
    pub disputed: bool,
}

/// The questions whose score lies in one bin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ScoreBin {
    /// Smallest score of the bin.
    pub from: f64,
    /// Scores lie below this (in the last bin, at most at it).
    pub to: f64,
    /// How many questions.
    pub questions: usize,
    /// Those of them that are disputed.
    pub disputed: usize,
}

/// An original label and another class that is in the label sets of its images.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confused {
    /// The original label.
    pub original: u32,
    /// Its name.
    pub original_name: String,
    /// The other class.
    pub other: u32,
    /// Its name.
    pub other_name: String,
    /// Images that have the other class in place of the original label.
    pub replaced: usize,
    /// Images that have both.
    pub together: usize,
}

impl Confused {
    /// Images that have the other class, with or without the original label.
    pub fn images(&self) -> usize {
        self.replaced + self.together
    }
}

/// Images by the number of labels in their set, from 0.
pub fn set_sizes(scored: &[Scored]) -> Vec<usize> {
    let mut of_image: HashMap<ImageId, usize> = HashMap::new();
    for question in scored {
        *of_image.entry(question.image).or_default() += usize::from(question.in_set);
    }
    let mut sizes = vec![0; of_image.values().max().map_or(0, |most| most + 1)];
    for size in of_image.into_values() {
        if let Some(count) = sizes.get_mut(size) {
            *count += 1;
        }
    }
    sizes
}

/// Questions by score, in `bins` bins of equal width from 0 to 1.
pub fn score_bins(scored: &[Scored], bins: usize) -> Vec<ScoreBin> {
    let edge = |bin: usize| bin as f64 / bins as f64;
    let mut histogram: Vec<ScoreBin> = (0..bins)
        .map(|bin| ScoreBin {
            from: edge(bin),
            to: edge(bin + 1),
            questions: 0,
            disputed: 0,
        })
        .collect();
    for question in scored {
        let bin = ((question.score * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some(bin) = histogram.get_mut(bin) {
            bin.questions += 1;
            bin.disputed += usize::from(question.disputed);
        }
    }
    histogram
}

/// Which classes take the place of original labels, or stand beside them; the most frequent first, then by index.
pub fn confused(scored: &[Scored], name: impl Fn(ClassIndex) -> String) -> Vec<Confused> {
    let keeps: HashMap<ImageId, bool> = scored
        .iter()
        .filter(|question| question.original == Some(question.class))
        .map(|question| (question.image, question.in_set))
        .collect();
    let mut pairs: BTreeMap<(ClassIndex, ClassIndex), [usize; 2]> = BTreeMap::new();
    for question in scored.iter().filter(|question| question.in_set) {
        let Some(original) = question.original.filter(|label| *label != question.class) else {
            continue;
        };
        let is_kept = keeps.get(&question.image).copied().unwrap_or(false);
        let [replaced, together] = pairs.entry((original, question.class)).or_default();
        match is_kept {
            true => *together += 1,
            false => *replaced += 1,
        }
    }
    let mut confused: Vec<Confused> = pairs
        .into_iter()
        .map(|((original, other), [replaced, together])| Confused {
            original: original.0,
            original_name: name(original),
            other: other.0,
            other_name: name(other),
            replaced,
            together,
        })
        .collect();
    confused.sort_by_key(|pair| Reverse(pair.images()));
    confused
}

/// Images with a disputed question: the one whose score is nearest to a half first, then the one with more disputes.
pub fn most_disputed(scored: &[Scored]) -> Vec<ImageId> {
    let mut images: BTreeMap<ImageId, (f64, usize)> = BTreeMap::new();
    for question in scored.iter().filter(|question| question.disputed) {
        let (nearest, disputes) = images.entry(question.image).or_insert((1.0, 0));
        *nearest = nearest.min((question.score - 0.5).abs());
        *disputes += 1;
    }
    let mut images: Vec<_> = images.into_iter().collect();
    images.sort_by(|(_, (a, n)), (_, (b, m))| a.total_cmp(b).then(m.cmp(n)));
    images.into_iter().map(|(image, _)| image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Image, class, original label, score; in the set from 0.5 on, disputed between 0.3 and 0.7.
    fn scored(rows: &[(i64, u32, u32, f64)]) -> Vec<Scored> {
        let question = |&(image, class, original, score): &(i64, u32, u32, f64)| Scored {
            image: ImageId(image),
            class: ClassIndex(class),
            original: Some(ClassIndex(original)),
            score,
            in_set: score >= 0.5,
            disputed: (0.3..0.7).contains(&score),
        };
        rows.iter().map(question).collect()
    }

    #[test]
    fn a_worked_example() {
        let all = scored(&[
            (1, 7, 7, 1.0),
            (1, 8, 7, 0.9),
            (2, 7, 7, 0.1),
            (2, 8, 7, 0.5),
            (3, 7, 7, 0.35),
            (3, 9, 7, 0.4),
        ]);
        assert_eq!(set_sizes(&all), [1, 1, 1]);
        let bins: Vec<_> = score_bins(&all, 2)
            .iter()
            .map(|bin| (bin.from, bin.questions, bin.disputed))
            .collect();
        assert_eq!(bins, [(0.0, 3, 2), (0.5, 3, 1)]);
        let pairs: Vec<_> = confused(&all, |class| class.to_string())
            .into_iter()
            .map(|pair| (pair.original, pair.other, pair.replaced, pair.together))
            .collect();
        assert_eq!(pairs, [(7, 8, 1, 1)]);
        assert_eq!(most_disputed(&all), [ImageId(2), ImageId(3)]);
        assert!(set_sizes(&[]).is_empty());
    }
}
