use serde::Serialize;

/// How label sets stand to the original labels, in images.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LabelSetChanges {
    /// Images that have scores.
    pub scored: usize,
    /// Images whose set is exactly their original label.
    pub kept: usize,
    /// Images whose set holds the original label and others.
    pub extended: usize,
    /// Images whose set holds others, but not the original label.
    pub replaced: usize,
    /// Images with no label at all.
    pub empty: usize,
}

/// How an image's label set stands to its original label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The original label alone.
    Kept,
    /// The original label and others.
    Extended,
    /// Others, not the original label.
    Replaced,
    /// No label at all.
    Empty,
}

impl Change {
    /// Of a set with so many labels, the original one among them or not.
    pub fn of(labels: usize, has_original: bool) -> Change {
        match (labels, has_original) {
            (0, _) => Change::Empty,
            (1, true) => Change::Kept,
            (_, true) => Change::Extended,
            (_, false) => Change::Replaced,
        }
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Change::Kept => "kept",
            Change::Extended => "more",
            Change::Replaced => "changed",
            Change::Empty => "empty",
        }
    }
}

impl LabelSetChanges {
    /// Counts over scored questions in any order: the image by a dense number, whether the class
    /// is its original label, whether the class is in the label set.
    pub fn count(questions: impl IntoIterator<Item = (usize, bool, bool)>) -> LabelSetChanges {
        let mut sets: Vec<Option<(usize, bool)>> = Vec::new();
        for (image, is_original, in_set) in questions {
            if image >= sets.len() {
                sets.resize(image + 1, None);
            }
            if let Some(set) = sets.get_mut(image) {
                let (labels, has_original) = set.get_or_insert((0, false));
                *labels += usize::from(in_set);
                *has_original |= in_set && is_original;
            }
        }
        let mut changes = LabelSetChanges::default();
        for (labels, has_original) in sets.into_iter().flatten() {
            changes.scored += 1;
            match Change::of(labels, has_original) {
                Change::Kept => changes.kept += 1,
                Change::Extended => changes.extended += 1,
                Change::Replaced => changes.replaced += 1,
                Change::Empty => changes.empty += 1,
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_in_which_a_set_can_stand_to_its_label() {
        let questions = [
            (0, true, true),
            (0, false, false),
            (1, true, true),
            (1, false, true),
            (5, true, false),
            (5, false, true),
            (3, true, false),
        ];
        let expected = LabelSetChanges {
            scored: 4,
            kept: 1,
            extended: 1,
            replaced: 1,
            empty: 1,
        };
        assert_eq!(LabelSetChanges::count(questions), expected);
    }
}
