//! The paper's rule for what a model proposes (arXiv 2006.07159, section 3.1): its first choice for every image, and its
//! best (image, class) pairs pooled over all images, so that an image of many things gets more proposals than one of one.

use std::cmp::Ordering;

/// Which values the pooled part compares across images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolBy {
    /// Raw values; of probabilities the same as by probabilities, for the logarithm keeps their order.
    Logits,
    /// Softmax over the classes of each image.
    Probabilities,
    /// The pairs that either of them gives.
    Both,
}

impl PoolBy {
    /// Whether a pool is filled by raw values, and whether one is by softmax.
    pub fn pools(self, kind: Kind) -> (bool, bool) {
        (
            kind == Kind::Probabilities || self != PoolBy::Probabilities,
            kind == Kind::Logits && self != PoolBy::Logits,
        )
    }
}

/// 1 in the fixed point that softmax is summed in. A sum of whole numbers is the same in whatever order, so that each engine that applies the rule
/// gives each class the same probability to the last bit, and ties stay ties. Some 2^20 classes fit into 63 bits.
pub const ONE: f64 = (1_u64 << 42) as f64;

/// exp(value - largest of the image) in fixed point.
fn fixed(exp: f64) -> i64 {
    (exp * ONE + 0.5) as i64
}

/// What a model's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Of any size; exp(logit) is proportional to the probability.
    Logits,
    /// In 0..=1.
    Probabilities,
}

/// A number that a matrix holds. Never not-a-number: readers refuse that.
pub trait Value: Copy + PartialOrd + Into<f64> + Send + Sync {
    /// Smaller than every number that a reader lets through.
    const LEAST: Self;
    /// The number itself, of one that was made wider before.
    fn narrow(wide: f64) -> Self;
}

impl Value for f32 {
    const LEAST: f32 = f32::NEG_INFINITY;
    fn narrow(wide: f64) -> f32 {
        wide as f32
    }
}

impl Value for f64 {
    const LEAST: f64 = f64::NEG_INFINITY;
    fn narrow(wide: f64) -> f64 {
        wide
    }
}

/// A class that a model proposes for an image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proposed {
    /// Row of the image.
    pub row: u32,
    /// Column of the class.
    pub class: u32,
    /// The model's value, as it was given.
    pub score: f64,
}

/// Takes a model's values in, and keeps what it proposes; memory is bounded by the number of images, the size of the pool
/// and what is looked at at once.
///
/// Many threads can look: each takes a [`Scout`] and some rows. What they found is kept one after the other, by ascending
/// rows. Ties go to the earlier row, then the smaller class.
#[derive(Debug, Clone)]
pub struct TwoPartRule {
    raw: Option<Pool>,
    softmax: Option<Pool>,
    first_choices: Vec<Proposed>,
}

impl TwoPartRule {
    /// The rule with a pool of `n` pairs.
    pub fn new(n: usize, by: PoolBy, kind: Kind) -> TwoPartRule {
        let (raw, softmax) = by.pools(kind);
        TwoPartRule {
            raw: raw.then(|| Pool::new(n)),
            softmax: softmax.then(|| Pool::new(n)),
            first_choices: Vec::new(),
        }
    }

    /// What is worth finding now.
    pub fn scout(&self) -> Scout {
        Scout {
            raw: self.raw.as_ref().map(|pool| pool.least),
            softmax: self.softmax.as_ref().map(|pool| pool.least),
        }
    }

    /// Keeps what a scout found in rows behind all former ones.
    pub fn keep(&mut self, found: Found) {
        self.first_choices.extend(found.first_choices);
        if let Some(pool) = &mut self.raw {
            pool.take(found.raw);
        }
        if let Some(pool) = &mut self.softmax {
            pool.take(found.softmax);
        }
    }

    /// What the model proposes, by row and class, no pair twice.
    pub fn finish(self) -> Vec<Proposed> {
        let mut proposed = self.first_choices;
        proposed.extend(self.raw.into_iter().flat_map(Pool::finish));
        proposed.extend(self.softmax.into_iter().flat_map(Pool::finish));
        proposed.sort_unstable_by_key(|proposed| (proposed.row, proposed.class));
        proposed.dedup_by_key(|proposed| (proposed.row, proposed.class));
        proposed
    }
}

/// Values that are looked at together: most hold nothing for the pool, which one comparison with their largest shows.
const LANE: usize = 64;

/// Looks for what may be proposed: first choices, and values above what the pools hold already. A scout of long ago finds
/// more than is needed, and misses nothing.
#[derive(Debug, Clone, Copy)]
pub struct Scout {
    raw: Option<f64>,
    softmax: Option<f64>,
}

/// What a few rows hold for the rule.
#[derive(Debug, Clone, Default)]
pub struct Found {
    first_choices: Vec<Proposed>,
    raw: Vec<Pooled>,
    softmax: Vec<Pooled>,
    probabilities: Vec<f64>,
}

impl Scout {
    /// Looks at whole rows of `n_classes` values, the first of them row `first_row`.
    pub fn look<T: Value>(self, first_row: u32, n_classes: usize, values: &[T]) -> Found {
        let mut found = Found::default();
        for (row, values) in (first_row..).zip(values.chunks(n_classes.max(1))) {
            found.look(row, values, None, self);
        }
        found
    }

    /// Looks at the values that a row has, with their classes ascending; for models that name only some. Softmax is over
    /// these.
    pub fn look_sparse<T: Value>(self, row: u32, classes: &[u32], values: &[T]) -> Found {
        let mut found = Found::default();
        found.look(row, values, Some(classes), self);
        found
    }
}

impl Found {
    /// Adds what a row holds; see [`Scout::look`] and [`Scout::look_sparse`].
    pub(super) fn look<T: Value>(
        &mut self,
        row: u32,
        values: &[T],
        classes: Option<&[u32]>,
        scout: Scout,
    ) {
        let class = |place: usize| match classes {
            Some(classes) => classes.get(place).copied().unwrap_or(u32::MAX),
            None => place as u32,
        };
        let proposed = |place: usize, value: T| Proposed {
            row,
            class: class(place),
            score: value.into(),
        };
        let raw = scout.raw.map(T::narrow);
        let mut largest = T::LEAST;
        let mut largest_lane = 0;
        for (lane, few) in values.chunks(LANE).enumerate() {
            let most = largest_of(few);
            if most > largest {
                (largest, largest_lane) = (most, lane);
            }
            if let Some(least) = raw
                && most > least
            {
                let above = (lane * LANE..)
                    .zip(few)
                    .filter(|(_, value)| **value > least);
                self.raw.extend(above.map(|(place, &by)| Pooled {
                    by: by.into(),
                    proposed: proposed(place, by),
                }));
            }
        }
        let rest = values.get(largest_lane * LANE..).unwrap_or_default();
        let Some(place) = rest.iter().position(|value| *value == largest) else {
            return;
        };
        self.first_choices
            .push(proposed(largest_lane * LANE + place, largest));
        if let Some(least) = scout.softmax {
            let top: f64 = largest.into();
            self.probabilities.clear();
            self.probabilities
                .extend(values.iter().map(|&value| (value.into() - top).exp()));
            let sum: i64 = self.probabilities.iter().map(|&exp| fixed(exp)).sum();
            let sum = sum as f64 / ONE;
            for (place, (&value, exp)) in values.iter().zip(&self.probabilities).enumerate() {
                let probability = exp / sum;
                if probability > least {
                    self.softmax.push(Pooled {
                        by: probability,
                        proposed: proposed(place, value),
                    });
                }
            }
        }
    }
}

/// The largest of a few values, in a form that the compiler turns into vector instructions.
fn largest_of<T: Value>(values: &[T]) -> T {
    let mut largest = [T::LEAST; 8];
    let mut eights = values.chunks_exact(8);
    for eight in &mut eights {
        for (largest, &value) in largest.iter_mut().zip(eight) {
            *largest = if value > *largest { value } else { *largest };
        }
    }
    let rest = eights.remainder().iter().chain(&largest);
    rest.fold(
        T::LEAST,
        |most, &value| if value > most { value } else { most },
    )
}

#[derive(Debug, Clone, Copy)]
struct Pooled {
    by: f64,
    proposed: Proposed,
}

/// The `n` best pairs so far, and some that may be among them.
#[derive(Debug, Clone)]
struct Pool {
    n: usize,
    candidates: Vec<Pooled>,
    /// The n-th best value: an equal one that comes later is no better, for ties go to the earlier.
    least: f64,
}

impl Pool {
    fn new(n: usize) -> Pool {
        Pool {
            n,
            candidates: Vec::new(),
            least: f64::NEG_INFINITY,
        }
    }

    fn take(&mut self, found: Vec<Pooled>) {
        let least = self.least;
        self.candidates
            .extend(found.into_iter().filter(|pooled| pooled.by > least));
        if self.candidates.len() > 2 * self.n {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.n == 0 {
            self.candidates.clear();
            self.least = f64::INFINITY;
        } else if self.candidates.len() > self.n {
            let (_, nth, _) = self.candidates.select_nth_unstable_by(self.n - 1, order);
            self.least = nth.by;
            self.candidates.truncate(self.n);
        }
    }

    fn finish(mut self) -> impl Iterator<Item = Proposed> {
        self.cut();
        self.candidates.into_iter().map(|pooled| pooled.proposed)
    }
}

/// The best first.
fn order(one: &Pooled, other: &Pooled) -> Ordering {
    let place = |pooled: &Pooled| (pooled.proposed.row, pooled.proposed.class);
    let by_value = other.by.total_cmp(&one.by);
    by_value.then_with(|| place(one).cmp(&place(other)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Row, class, value, softmax.
    type Cell = (u32, u32, f64, f64);

    /// The rule as it reads, by sorting everything.
    fn naive(
        n: usize,
        by: PoolBy,
        kind: Kind,
        n_classes: usize,
        values: &[f32],
    ) -> Vec<(u32, u32)> {
        let cells: Vec<Cell> = values
            .chunks(n_classes)
            .enumerate()
            .flat_map(|(row, values)| {
                let top = values.iter().copied().fold(f32::MIN, f32::max);
                let exp = values.iter().map(|v| f64::from(*v) - f64::from(top));
                let exp: Vec<f64> = exp.map(f64::exp).collect();
                let sum: i64 = exp.iter().rev().map(|&e| (e * ONE + 0.5) as i64).sum();
                let sum = sum as f64 / ONE;
                let cell = |(class, (&v, e)): (usize, (&f32, &f64))| {
                    (row as u32, class as u32, f64::from(v), e / sum)
                };
                values
                    .iter()
                    .zip(&exp)
                    .enumerate()
                    .map(cell)
                    .collect::<Vec<_>>()
            })
            .collect();
        let mut proposed = Vec::new();
        for row in cells.chunks(n_classes) {
            let mut row = row.to_vec();
            row.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.1.cmp(&b.1)));
            proposed.push((row[0].0, row[0].1));
        }
        let mut pool = |by: &dyn Fn(&Cell) -> f64| {
            let mut sorted = cells.clone();
            sorted.sort_by(|a, b| by(b).total_cmp(&by(a)).then((a.0, a.1).cmp(&(b.0, b.1))));
            proposed.extend(sorted.iter().take(n).map(|cell| (cell.0, cell.1)));
        };
        if by != PoolBy::Probabilities || kind == Kind::Probabilities {
            pool(&|cell| cell.2);
        }
        if by != PoolBy::Logits && kind == Kind::Logits {
            pool(&|cell| cell.3);
        }
        proposed.sort_unstable();
        proposed.dedup();
        proposed
    }

    proptest! {
        #[test]
        fn blocks_threads_and_ties_change_nothing(
            n in 0..60_usize,
            by in prop::sample::select(vec![PoolBy::Logits, PoolBy::Probabilities, PoolBy::Both]),
            kind in prop::sample::select(vec![Kind::Logits, Kind::Probabilities]),
            n_classes in 1..150_usize,
            rows_a_block in 1..50_usize,
            // Few different values: ties everywhere.
            levels in prop::collection::vec(0..6_u8, 1..4000),
        ) {
            let whole = levels.len() / n_classes * n_classes;
            let values: Vec<f32> = levels[..whole].iter().map(|&level| f32::from(level) / 8.0).collect();
            let mut rule = TwoPartRule::new(n, by, kind);
            // Scouts of a few blocks ago, as threads have them.
            let mut scout = rule.scout();
            for (block, rows) in values.chunks(rows_a_block * n_classes).enumerate() {
                if block % 3 == 0 {
                    scout = rule.scout();
                }
                rule.keep(scout.look((block * rows_a_block) as u32, n_classes, rows));
            }
            let proposed = rule.finish();
            for found in &proposed {
                let at = found.row as usize * n_classes + found.class as usize;
                prop_assert_eq!(found.score, f64::from(values[at]));
            }
            let found: Vec<(u32, u32)> = proposed.iter().map(|p| (p.row, p.class)).collect();
            if !values.is_empty() {
                prop_assert_eq!(&found, &naive(n, by, kind, n_classes, &values));
            }

            let mut sparse = TwoPartRule::new(n, by, kind);
            let classes: Vec<u32> = (0..n_classes as u32).collect();
            for (row, values) in values.chunks(n_classes).enumerate() {
                sparse.keep(sparse.scout().look_sparse(row as u32, &classes, values));
            }
            prop_assert_eq!(sparse.finish(), proposed);
        }
    }

    #[test]
    fn an_image_of_many_things_gets_more_proposals() {
        let values = [5.0_f32, 4.0, 4.5, 9.0, 0.0, 1.0, 2.0, 0.5, 0.25];
        let mut rule = TwoPartRule::new(4, PoolBy::Logits, Kind::Logits);
        rule.keep(rule.scout().look(0, 3, &values));
        let found: Vec<(u32, u32)> = rule.finish().iter().map(|p| (p.row, p.class)).collect();
        assert_eq!(found, [(0, 0), (0, 1), (0, 2), (1, 0), (2, 0)]);
        // Softmax makes the sure image win: its one class is all that it has.
        let mut rule = TwoPartRule::new(1, PoolBy::Probabilities, Kind::Logits);
        rule.keep(rule.scout().look(0, 3, &values));
        let found: Vec<(u32, u32)> = rule.finish().iter().map(|p| (p.row, p.class)).collect();
        assert_eq!(found, [(0, 0), (1, 0), (2, 0)]);
    }
}
