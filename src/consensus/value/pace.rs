/// How long a rater takes for the labels of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// Number of labels and median seconds, by number of labels.
    measured: Vec<(usize, f64)>,
}

/// Seconds a label where nothing was measured.
const ASSUMED: f64 = 3.0;

/// A median of fewer tasks says little.
const LEAST: usize = 5;

impl Pace {
    /// By tasks that were answered: how many labels, and the milliseconds spent on them together.
    pub fn of(tasks: impl IntoIterator<Item = (usize, u64)>) -> Pace {
        let mut times: std::collections::BTreeMap<usize, Vec<u64>> = Default::default();
        for (labels, spent) in tasks {
            times.entry(labels).or_default().push(spent);
        }
        let enough = times
            .into_iter()
            .filter(|(labels, times)| *labels > 0 && times.len() >= LEAST);
        let median = |mut times: Vec<u64>| {
            let middle = times.len() / 2;
            *times.select_nth_unstable(middle).1
        };
        let measured = enough
            // A task takes time, if only a tenth of a second.
            .map(|(labels, times)| (labels, median(times).max(100) as f64 / 1000.0));
        Pace {
            measured: measured.collect(),
        }
    }

    /// Seconds that so many labels are expected to take: the median of tasks with as many, else in proportion to those
    /// with nearly as many.
    pub fn seconds(&self, labels: usize) -> f64 {
        let distance = |(measured, _): &&(usize, f64)| measured.abs_diff(labels);
        let (measured, seconds) = self
            .measured
            .iter()
            .min_by_key(distance)
            .copied()
            .unwrap_or((1, ASSUMED));
        seconds * labels as f64 / measured as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_enough_tasks_and_proportions_beside_them() {
        assert_eq!(Pace::of([]).seconds(4), 12.0);
        assert_eq!(Pace::of([(4, 9_000); 4]).seconds(4), 12.0);
        // A pause in one task does not count.
        let tasks = [(1, 2_000); 5]
            .into_iter()
            .chain([(4, 5_000); 5])
            .chain([(4, 900_000)]);
        let pace = Pace::of(tasks);
        assert_eq!(pace.seconds(1), 2.0);
        assert_eq!(pace.seconds(4), 5.0);
        assert_eq!(pace.seconds(8), 10.0);
        assert_eq!(pace.seconds(2), 4.0);
        assert_eq!(Pace::of([(2, 0); 5]).seconds(2), 0.1);
    }
}
