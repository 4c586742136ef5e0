//! The two-part rule for a model that was trained once a fold, each time without it.

use super::rows::{Look, Stretch, Values};
use super::two_part::{Found, Kind, PoolBy, Proposed, TwoPartRule, Value};

/// The two-part rule of a model that was trained several times, each time without one fold of the images, and predicts
/// that fold. Values of different trainings cannot be compared, so that each fold has a pool of its own, of a size that is
/// its part of all images.
#[derive(Debug, Clone)]
pub struct FoldedRule {
    /// The rule of each row; none: there is one rule.
    rule_of: Option<Vec<u32>>,
    rules: Vec<TwoPartRule>,
    /// The fold that each rule is of.
    folds: Vec<u32>,
}

impl FoldedRule {
    /// One rule for all rows, with a pool of `n` pairs.
    pub fn whole(n: usize, by: PoolBy, kind: Kind) -> FoldedRule {
        FoldedRule {
            rule_of: None,
            rules: vec![TwoPartRule::new(n, by, kind)],
            folds: vec![0],
        }
    }

    /// A rule for each fold; `fold_of` names the fold of each row, and `n` pairs are pooled over all of them.
    pub fn of_folds(n: usize, by: PoolBy, kind: Kind, fold_of: &[u32]) -> FoldedRule {
        let mut folds = fold_of.to_vec();
        folds.sort_unstable();
        let rules = folds.chunk_by(|one, other| one == other).map(|rows| {
            let part = rows.len() as f64 / fold_of.len() as f64;
            TwoPartRule::new((n as f64 * part).round() as usize, by, kind)
        });
        let rules = rules.collect();
        folds.dedup();
        let place = |fold: &u32| folds.binary_search(fold).map_or(0, |place| place as u32);
        FoldedRule {
            rule_of: Some(fold_of.iter().map(place).collect()),
            rules,
            folds,
        }
    }

    /// What the model proposes, by row and class, no pair twice.
    pub fn finish(self) -> Vec<Proposed> {
        let of_rules = self.rules.into_iter().flat_map(TwoPartRule::finish);
        let mut proposed: Vec<Proposed> = of_rules.collect();
        proposed.sort_by_key(|proposed| (proposed.row, proposed.class));
        proposed
    }

    /// What the rows of a stretch hold for the rules of their folds.
    fn search<T: Value>(&self, stretch: &Stretch<'_>, values: &[T]) -> Vec<(usize, Found)> {
        let mut found: Vec<(usize, Found)> = Vec::new();
        for (row, values) in (stretch.first..).zip(values.chunks(stretch.columns.max(1))) {
            let rule = match &self.rule_of {
                Some(rule_of) => rule_of.get(row as usize).map_or(0, |rule| *rule as usize),
                None => 0,
            };
            let fold = self.folds.get(rule);
            if stretch.fold.is_some() && stretch.fold.as_ref() != fold {
                continue;
            }
            let Some(scout) = self.rules.get(rule).map(TwoPartRule::scout) else {
                continue;
            };
            let place = found.iter().position(|(other, _)| *other == rule);
            let place = place.unwrap_or_else(|| {
                found.push((rule, Found::default()));
                found.len() - 1
            });
            if let Some((_, found)) = found.get_mut(place) {
                found.look(row, values, stretch.classes, scout);
            }
        }
        found
    }
}

impl Look for FoldedRule {
    type Found = Vec<(usize, Found)>;

    fn look(&self, stretch: &Stretch<'_>) -> Self::Found {
        match stretch.values {
            Values::F32(values) => self.search(stretch, values),
            Values::F64(values) => self.search(stretch, values),
        }
    }

    fn keep(&mut self, found: Self::Found) {
        for (rule, found) in found {
            if let Some(rule) = self.rules.get_mut(rule) {
                rule.keep(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(rule: FoldedRule) -> Vec<(u32, u32)> {
        let proposed = rule.finish().into_iter();
        proposed.map(|one| (one.row, one.class)).collect()
    }

    fn stretch<'a>(
        first: u32,
        columns: usize,
        fold: Option<u32>,
        values: &'a [f32],
    ) -> Stretch<'a> {
        Stretch {
            first,
            columns,
            classes: None,
            fold,
            values: Values::F32(values),
        }
    }

    proptest! {
        #[test]
        fn each_fold_is_a_model_of_its_own(
            n in 0..40_usize,
            columns in 1..9_usize,
            rows in prop::collection::vec((0..3_u32, prop::collection::vec(0..6_u8, 8)), 1..60),
        ) {
            let folds: Vec<u32> = rows.iter().map(|(fold, _)| fold * 7).collect();
            let values: Vec<f32> = (rows.iter())
                .flat_map(|(_, values)| values[..columns.min(8)].iter().map(|&value| f32::from(value)))
                .collect();
            let columns = columns.min(8);
            let mut all = FoldedRule::of_folds(n, PoolBy::Both, Kind::Logits, &folds);
            all.keep(all.look(&stretch(0, columns, None, &values)));

            // The same from an array a fold, each with every image, read one after the other.
            let mut arrays = FoldedRule::of_folds(n, PoolBy::Both, Kind::Logits, &folds);
            let mut alone: Vec<(u32, u32)> = Vec::new();
            for fold in [0, 7, 14] {
                arrays.keep(arrays.look(&stretch(0, columns, Some(fold), &values)));
                let own: Vec<u32> = (0..).zip(&folds).filter(|(_, of)| **of == fold).map(|(row, _)| row).collect();
                let part = own.len() as f64 / folds.len() as f64;
                let n = (n as f64 * part).round() as usize;
                let mut rule = FoldedRule::whole(n, PoolBy::Both, Kind::Logits);
                for (number, row) in (0..).zip(&own) {
                    let at = *row as usize * columns;
                    rule.keep(rule.look(&stretch(number, columns, None, &values[at..at + columns])));
                }
                alone.extend(pairs(rule).into_iter().map(|(number, class)| (own[number as usize], class)));
            }
            alone.sort_unstable();
            prop_assert_eq!(pairs(all), alone.clone());
            prop_assert_eq!(pairs(arrays), alone);
        }
    }
}
