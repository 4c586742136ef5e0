//! How many labels are dropped, by class and beside what people said.

use std::collections::BTreeMap;

use super::standing::Standing;
use super::verdict::Reason;

/// How a class came off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassTally {
    /// The label.
    pub class: u32,
    /// Images of that label.
    pub images: usize,
    /// Those that are dropped.
    pub dropped: usize,
    /// The most frequent first choice of those that are dropped, other than the label itself, and how often it is; ties go to
    /// the smaller class.
    pub taken_for: Option<(u32, usize)>,
}

/// By class, ascending.
pub fn by_class(standings: &[Standing], reasons: &[Reason]) -> Vec<ClassTally> {
    let mut classes: BTreeMap<u32, (usize, usize, BTreeMap<u32, usize>)> = BTreeMap::new();
    for (standing, reason) in standings.iter().zip(reasons) {
        let (images, dropped, choices) = classes.entry(standing.label).or_default();
        *images += 1;
        if !reason.keeps() {
            *dropped += 1;
            if standing.first_choice != standing.label {
                *choices.entry(standing.first_choice).or_default() += 1;
            }
        }
    }
    let tally = |(class, (images, dropped, choices)): (_, (_, _, BTreeMap<u32, usize>))| {
        let most = choices.into_iter().rev().max_by_key(|(_, times)| *times);
        ClassTally {
            class,
            images,
            dropped,
            taken_for: most,
        }
    };
    classes.into_iter().map(tally).collect()
}

/// How a rule finds the labels that people say are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Images whose label people judged.
    pub judged: usize,
    /// Those of them whose label is wrong.
    pub wrong: usize,
    /// Judged images that the rule drops.
    pub dropped: usize,
    /// Those of them whose label is wrong.
    pub dropped_wrong: usize,
}

impl Found {
    /// Counts pairs of (dropped by the rule, wrong by people).
    pub fn of(judged: impl Iterator<Item = (bool, bool)>) -> Found {
        judged.fold(Found::default(), |mut found, (dropped, wrong)| {
            found.judged += 1;
            found.wrong += usize::from(wrong);
            found.dropped += usize::from(dropped);
            found.dropped_wrong += usize::from(dropped && wrong);
            found
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_say_what_their_dropped_images_are_taken_for() {
        let standing = |label, first_choice| Standing {
            row: 0,
            label,
            rank: 2,
            probability: 0.1,
            first_choice,
            first_probability: 0.6,
        };
        let dropped = Reason::NotProposed;
        let standings = [
            standing(7, 7),
            standing(7, 3),
            standing(7, 2),
            standing(7, 2),
            standing(7, 3),
            standing(1, 9),
        ];
        let reasons = [
            Reason::FirstChoice,
            dropped,
            dropped,
            dropped,
            dropped,
            Reason::Proposed,
        ];
        let tally = |class, images, dropped, taken_for| ClassTally {
            class,
            images,
            dropped,
            taken_for,
        };
        assert_eq!(
            by_class(&standings, &reasons),
            [tally(1, 1, 0, None), tally(7, 5, 4, Some((2, 2)))]
        );
    }
}
