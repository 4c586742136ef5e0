use std::collections::HashMap;

use crate::domain::{ClassIndex, ImageId};

/// Which images people must look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Triage {
    /// Images whose only proposal is their original label: they keep it without a vote.
    pub unanimous: Vec<ImageId>,
    /// The others with their proposals, ascending.
    pub to_review: Vec<(ImageId, Vec<ClassIndex>)>,
}

/// Sorts images by whether their proposals leave anything to ask (arXiv 2006.07159, section 3.1).
///
/// `proposed` holds (image, class) pairs, those of an image together, the original labels among them.
pub fn triage(
    proposed: &[(ImageId, ClassIndex)],
    original_labels: &HashMap<ImageId, ClassIndex>,
) -> Triage {
    let mut sorted = Triage::default();
    for pairs in proposed.chunk_by(|a, b| a.0 == b.0) {
        let Some(&(image, first)) = pairs.first() else {
            continue;
        };
        let mut classes: Vec<ClassIndex> = pairs.iter().map(|pair| pair.1).collect();
        classes.sort_unstable();
        classes.dedup();
        if classes.len() == 1 && original_labels.get(&image) == Some(&first) {
            sorted.unanimous.push(image);
        } else {
            sorted.to_review.push((image, classes));
        }
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_image_whose_sole_proposal_is_its_label_needs_nobody() {
        let pair = |image, class| (ImageId(image), ClassIndex(class));
        let proposed = [pair(1, 7), pair(2, 7), pair(2, 8), pair(3, 9), pair(4, 5)];
        let labels = HashMap::from([pair(1, 7), pair(2, 7), pair(3, 4)]);
        let sorted = triage(&proposed, &labels);
        assert_eq!(sorted.unanimous, [ImageId(1)]);
        // Image 4 has no original label: a single proposal of a model is no agreement.
        let images: Vec<i64> = sorted.to_review.iter().map(|(image, _)| image.0).collect();
        assert_eq!(images, [2, 3, 4]);
    }
}
