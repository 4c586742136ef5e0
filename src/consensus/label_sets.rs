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
    /// Images that have no original label, but labels now.
    pub new: usize,
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
    /// Labels where there was no original label.
    New,
    /// Others, not the original label.
    Replaced,
    /// No label at all.
    Empty,
}

impl Change {
    /// Of a set with so many labels, of an image with an original label or without, the original one among them or not.
    pub fn of(labels: usize, is_labelled: bool, has_original: bool) -> Change {
        match (labels, has_original) {
            (0, _) => Change::Empty,
            (1, true) => Change::Kept,
            (_, true) => Change::Extended,
            (_, false) if is_labelled => Change::Replaced,
            (_, false) => Change::New,
        }
    }

    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Change::Kept => "kept",
            Change::Extended => "more",
            Change::New => "new",
            Change::Replaced => "changed",
            Change::Empty => "empty",
        }
    }
}

impl LabelSetChanges {
    /// Counts over scored questions in any order.
    pub fn count(questions: impl IntoIterator<Item = InSet>) -> LabelSetChanges {
        let mut sets: Vec<Option<(usize, bool, bool)>> = Vec::new();
        for question in questions {
            let image = question.image;
            if image >= sets.len() {
                sets.resize(image + 1, None);
            }
            if let Some(set) = sets.get_mut(image) {
                let (labels, is_labelled, has_original) = set.get_or_insert((0, false, false));
                *labels += usize::from(question.in_set);
                *is_labelled |= question.is_labelled;
                *has_original |= question.in_set && question.is_original;
            }
        }
        let sets = sets.into_iter().flatten();
        sets.map(|(labels, is_labelled, has_original)| {
            Change::of(labels, is_labelled, has_original)
        })
        .collect()
    }

    /// The counts with their words, as they stand in a sentence; images without an original label only where there are any.
    pub fn parts(&self) -> Vec<(usize, &'static str)> {
        let mut parts = vec![
            (self.kept, "unchanged"),
            (self.extended, "gained labels"),
            (self.replaced, "replaced"),
            (self.empty, "empty"),
        ];
        if self.new > 0 {
            parts.push((self.new, "without an original label"));
        }
        parts
    }
}

impl FromIterator<Change> for LabelSetChanges {
    fn from_iter<I: IntoIterator<Item = Change>>(changes: I) -> LabelSetChanges {
        let mut counts = LabelSetChanges::default();
        for change in changes {
            counts.scored += 1;
            *match change {
                Change::Kept => &mut counts.kept,
                Change::Extended => &mut counts.extended,
                Change::New => &mut counts.new,
                Change::Replaced => &mut counts.replaced,
                Change::Empty => &mut counts.empty,
            } += 1;
        }
        counts
    }
}

/// A scored question, as label sets are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InSet {
    /// The image, by a dense number.
    pub image: usize,
    /// True if the image has an original label.
    pub is_labelled: bool,
    /// True if the class is the image's original label.
    pub is_original: bool,
    /// True if the class is in the label set.
    pub in_set: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_in_which_a_set_can_stand_to_its_label() {
        let labelled = [
            (0, true, true),
            (0, false, false),
            (1, true, true),
            (1, false, true),
            (5, true, false),
            (5, false, true),
            (3, true, false),
            // Nobody has voted on the original label.
            (8, false, true),
        ]
        .map(|question| (true, question));
        let without = [(6, false, true), (6, false, true), (7, false, false)]
            .map(|question| (false, question));
        let questions = labelled.into_iter().chain(without);
        let counts = LabelSetChanges::count(questions.map(
            |(is_labelled, (image, is_original, in_set))| InSet {
                image,
                is_labelled,
                is_original,
                in_set,
            },
        ));
        let expected = LabelSetChanges {
            scored: 7,
            kept: 1,
            extended: 1,
            replaced: 2,
            new: 1,
            empty: 2,
        };
        assert_eq!(counts, expected);
        let told: usize = counts.parts().iter().map(|(count, _)| count).sum();
        assert_eq!(told, counts.scored);
    }
}
