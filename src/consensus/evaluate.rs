//! Predictions against original labels and against label sets.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::Serialize;

use crate::domain::ClassIndex;

/// An image with what is predicted for it and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Predicted<'a> {
    /// The class that is predicted.
    pub prediction: ClassIndex,
    /// The original label, where there is one.
    pub original: Option<ClassIndex>,
    /// The label set; empty where nothing of the classes is in the image.
    pub label_set: &'a [ClassIndex],
}

/// How often predictions were right, by both measures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Images with an original label.
    pub original_images: usize,
    /// Predictions that equal it.
    pub original_right: usize,
    /// Images with a label set that is not empty.
    pub real_images: usize,
    /// Predictions that are in the set.
    pub real_right: usize,
    /// Errors against the original label that are right by the label set.
    pub errors_now_right: usize,
    /// Right against the original label, but not in the label set (which is not empty).
    pub right_now_errors: usize,
}

impl Score {
    /// Share of predictions that equal the original label; none without images.
    pub fn original_accuracy(&self) -> Option<f64> {
        share(self.original_right, self.original_images)
    }

    /// ReaL accuracy (arXiv 2006.07159): share of the images with a non-empty label set whose prediction is in the set.
    pub fn real_accuracy(&self) -> Option<f64> {
        share(self.real_right, self.real_images)
    }

    fn count(&mut self, image: &Predicted<'_>) {
        let by_original = image.original.map(|label| label == image.prediction);
        let in_set = image.label_set.contains(&image.prediction);
        let by_set = (!image.label_set.is_empty()).then_some(in_set);
        self.original_images += usize::from(by_original.is_some());
        self.original_right += usize::from(by_original == Some(true));
        self.real_images += usize::from(by_set.is_some());
        self.real_right += usize::from(by_set == Some(true));
        self.errors_now_right += usize::from(by_original == Some(false) && by_set == Some(true));
        self.right_now_errors += usize::from(by_original == Some(true) && by_set == Some(false));
    }
}

/// Of other images too.
impl AddAssign for Score {
    fn add_assign(&mut self, other: Score) {
        self.original_images += other.original_images;
        self.original_right += other.original_right;
        self.real_images += other.real_images;
        self.real_right += other.real_right;
        self.errors_now_right += other.errors_now_right;
        self.right_now_errors += other.right_now_errors;
    }
}

fn share(part: usize, all: usize) -> Option<f64> {
    (all > 0).then(|| part as f64 / all as f64)
}

/// Scores of all predictions, and by the class of the original label.
pub fn evaluate<'a>(
    images: impl IntoIterator<Item = Predicted<'a>>,
) -> (Score, BTreeMap<ClassIndex, Score>) {
    let mut all = Score::default();
    let mut by_class: BTreeMap<ClassIndex, Score> = BTreeMap::new();
    for image in images {
        all.count(&image);
        if let Some(label) = image.original {
            by_class.entry(label).or_default().count(&image);
        }
    }
    (all, by_class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_can_become_right_and_the_reverse() {
        let class = ClassIndex;
        let (bus, car, stop) = (class(1), class(2), class(3));
        let set = [bus, stop];
        let of = |prediction, label_set| Predicted {
            prediction,
            original: Some(car),
            label_set,
        };
        let (score, by_class) = evaluate([of(bus, &set[..]), of(car, &set), of(car, &[])]);
        assert_eq!(score.original_accuracy(), Some(2.0 / 3.0));
        // The image without any label counts for the original labels alone.
        assert_eq!(score.real_accuracy(), Some(0.5));
        assert_eq!((score.errors_now_right, score.right_now_errors), (1, 1));
        assert_eq!(by_class.get(&car), Some(&score));
        assert_eq!(evaluate([]).0.real_accuracy(), None);
    }
}
