//! Raters who answer gold questions worse than a bound.

use serde::Serialize;

use super::failure::Failure;
use super::table::count;
use crate::consensus::CalibratedOptions;
use crate::consensus::agreement::rater_figures;
use crate::consensus::interval::Interval;
use crate::domain::Role;
use crate::store::Store;
use crate::text::printable;

/// A rater whose share of right answers to gold questions is below the bound.
#[derive(Debug, Serialize)]
pub struct Doubtful {
    rater: String,
    gold_votes: u32,
    /// A maybe counts a half.
    gold_accuracy: f64,
    /// Wilson, 95 %.
    interval: Interval,
    bound: f64,
    /// Whether the whole interval is below the bound.
    surely: bool,
}

impl Doubtful {
    /// What is to be known of the rater, in a line.
    pub fn warning(&self) -> String {
        let percent = |share: f64| format!("{:.1}", share * 100.0);
        format!(
            "{} {} % right on gold: {} % of {} (95 %: {}–{})",
            printable(&self.rater),
            match self.surely {
                true => format!("is below {}", self.bound * 100.0),
                false => format!("may be below {}", self.bound * 100.0),
            },
            percent(self.gold_accuracy),
            count(self.gold_votes, "answer"),
            percent(self.interval.low),
            percent(self.interval.high),
        )
    }
}

/// The raters below a bound in (0, 1], the worst first.
pub fn below(store: &Store, round: &str, bound: f64) -> Result<Vec<Doubtful>, Failure> {
    let stored = store.evidence(round)?;
    let truth = CalibratedOptions::default().truth;
    let figures = rater_figures(&stored.votes, stored.evidence().gold, truth, &[]);
    let mut doubtful: Vec<Doubtful> = stored
        .raters
        .iter()
        .zip(figures)
        .filter(|(row, _)| row.role == Role::Rater)
        .filter_map(|(row, figures)| {
            let accuracy = figures.gold_accuracy().filter(|share| *share < bound)?;
            let interval = figures.gold_interval(0.95)?;
            Some(Doubtful {
                rater: row.name.clone(),
                gold_votes: figures.gold.iter().map(|counts| counts.total()).sum(),
                gold_accuracy: accuracy,
                interval,
                bound,
                surely: interval.high < bound,
            })
        })
        .collect();
    doubtful.sort_by(|a, b| a.interval.high.total_cmp(&b.interval.high));
    Ok(doubtful)
}
