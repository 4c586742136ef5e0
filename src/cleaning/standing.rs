//! Where a label stands among a model's predictions.

use crate::proposals::rows::{Look, Stretch, Values};
use crate::proposals::two_part::{Kind, Value};

/// Where an image's label stands among a model's predictions of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Row of the image.
    pub row: u32,
    /// The label: a class.
    pub label: u32,
    /// The label's place by value, the first choice being 1; ties go to the smaller class. A class without a value comes last.
    pub rank: u32,
    /// Probability of the label, in 0..=1; by softmax over the values that there are, where these are logits.
    pub probability: f64,
    /// The class with the largest value.
    pub first_choice: u32,
    /// Its probability.
    pub first_probability: f64,
}

/// Takes a model's predictions in, and keeps where each label stands.
#[derive(Debug, Clone)]
pub struct Standings<'a> {
    labels: &'a [Option<u32>],
    fold_of: Option<&'a [u32]>,
    kind: Kind,
    found: Vec<Standing>,
}

impl<'a> Standings<'a> {
    /// For rows with these labels, which belong to these folds.
    pub fn new(labels: &'a [Option<u32>], fold_of: Option<&'a [u32]>, kind: Kind) -> Standings<'a> {
        Standings {
            labels,
            fold_of,
            kind,
            found: Vec::new(),
        }
    }

    /// By row; rows without a label have none.
    pub fn finish(mut self) -> Vec<Standing> {
        self.found.sort_unstable_by_key(|standing| standing.row);
        self.found
    }

    fn search<T: Value>(&self, stretch: &Stretch<'_>, values: &[T]) -> Vec<Standing> {
        let rows = (stretch.first..).zip(values.chunks(stretch.columns.max(1)));
        rows.filter_map(|(row, values)| {
            let fold = self.fold_of.and_then(|folds| folds.get(row as usize));
            if stretch.fold.is_some() && stretch.fold.as_ref() != fold {
                return None;
            }
            let label = (*self.labels.get(row as usize)?)?;
            standing(row, label, stretch.classes, values, self.kind)
        })
        .collect()
    }
}

impl Look for Standings<'_> {
    type Found = Vec<Standing>;

    fn look(&self, stretch: &Stretch<'_>) -> Vec<Standing> {
        match stretch.values {
            Values::F32(values) => self.search(stretch, values),
            Values::F64(values) => self.search(stretch, values),
        }
    }

    fn keep(&mut self, found: Vec<Standing>) {
        self.found.extend(found);
    }
}

/// Where a label stands in a row; nothing in a row without values. `classes` names the class of each value, ascending.
fn standing<T: Value>(
    row: u32,
    label: u32,
    classes: Option<&[u32]>,
    values: &[T],
    kind: Kind,
) -> Option<Standing> {
    let place = match classes {
        Some(classes) => classes.binary_search(&label).ok(),
        None => Some(label as usize),
    };
    let own = place.and_then(|place| values.get(place).copied());
    let mut first = (0, *values.first()?);
    // Those before the label, by value or, of the same value, by class.
    let mut before = 0;
    for (at, &value) in values.iter().enumerate() {
        if value > first.1 {
            first = (at, value);
        }
        let is_before = own.is_none_or(|own| value > own || (value == own && Some(at) < place));
        before += u32::from(is_before);
    }
    let largest: f64 = first.1.into();
    let sum = match kind {
        Kind::Probabilities => 1.0,
        Kind::Logits => values
            .iter()
            .map(|&value| (value.into() - largest).exp())
            .sum(),
    };
    let probability = |value: f64| match kind {
        Kind::Probabilities => value,
        Kind::Logits => (value - largest).exp() / sum,
    };
    Some(Standing {
        row,
        label,
        rank: before + 1,
        probability: own.map_or(0.0, |own| probability(own.into())),
        first_choice: match classes {
            Some(classes) => *classes.get(first.0)?,
            None => first.0 as u32,
        },
        first_probability: probability(largest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stands_where_its_value_puts_it() {
        let row = |label, kind, values: &[f64]| standing(0, label, None, values, kind).unwrap();
        let logits = [0.0_f64, 3.0_f64.ln(), 0.0];
        let label = row(2, Kind::Logits, &logits);
        assert_eq!((label.rank, label.first_choice), (3, 1));
        assert!((label.probability - 0.2).abs() < 1e-12);
        assert!((label.first_probability - 0.6).abs() < 1e-12);
        // Of the same value the smaller class comes first.
        assert_eq!(row(0, Kind::Logits, &logits).rank, 2);
        let label = row(1, Kind::Probabilities, &[0.25, 0.5, 0.25]);
        assert_eq!((label.rank, label.probability), (1, 0.5));
    }

    #[test]
    fn a_class_that_the_model_does_not_name_comes_last() {
        let values = [0.7_f32, 0.2];
        let label = standing(0, 5, Some(&[3, 9]), &values, Kind::Probabilities).unwrap();
        assert_eq!((label.rank, label.probability), (3, 0.0));
        assert_eq!(label.first_choice, 3);
    }
}
