//! Bars and sparklines for figures, where a person looks at them in a terminal; a pipe gets the figures alone.

use super::context::Context;
use super::table::table;
use crate::text::width;

/// Columns of a bar beside a figure.
const BAR: usize = 10;
/// Eighths of a cell, from the left.
const ACROSS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// Eighths of a cell, from below; what is there at all is seen.
const UP: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// The columns that charts may take; none where nobody looks.
#[derive(Debug, Clone, Copy)]
pub struct Room(Option<usize>);

impl Room {
    /// What the terminal has, if stdout is one.
    pub fn of(context: &Context) -> Room {
        Room(context.columns())
    }

    /// Whether anything is to be drawn.
    pub fn is_some(self) -> bool {
        self.0.is_some()
    }

    /// The table, with a bar at the end of each row for its share (0 to 1) if that fits beside the figures.
    pub fn table(
        self,
        header: &[&str],
        right: &[usize],
        rows: Vec<Vec<String>>,
        shares: &[Option<f64>],
    ) -> String {
        let plain = table(header, right, rows.clone());
        let taken = plain.lines().map(width).max().unwrap_or(0);
        if self.0.is_none_or(|columns| taken + 2 + BAR > columns) {
            return plain;
        }
        let mut header = header.to_vec();
        if !header.is_empty() {
            header.push("");
        }
        let rows = rows.into_iter().enumerate().map(|(at, mut row)| {
            let share = shares.get(at).copied().flatten();
            row.push(share.map_or_else(String::new, |share| bar(share, BAR)));
            row
        });
        table(&header, right, rows.collect())
    }
}

/// A bar of at most `columns` cells that is filled for a share from 0 to 1, to an eighth of a cell.
pub fn bar(share: f64, columns: usize) -> String {
    let all = columns * 8;
    let eighths = ((share.clamp(0.0, 1.0) * all as f64).round() as usize).min(all);
    let part = ACROSS.get(eighths % 8).copied().unwrap_or_default();
    format!("{}{part}", "█".repeat(eighths / 8))
}

/// One cell a figure, as high as its share of the greatest; nothing is empty, and little is not nothing.
pub fn sparkline(figures: &[u64]) -> String {
    let most = figures.iter().copied().max().unwrap_or(0).max(1);
    let level = |&figure: &u64| (u128::from(figure) * 8).div_ceil(u128::from(most)) as usize;
    figures
        .iter()
        .map(|figure| UP.get(level(figure)).copied().unwrap_or_default())
        .collect()
}

/// How many of the shares (0 to 1) lie in each of `bins` equal parts; 1 is in the last.
pub fn histogram(shares: impl IntoIterator<Item = f64>, bins: usize) -> Vec<u64> {
    let mut counts = vec![0; bins];
    for share in shares {
        let bin = (share * bins as f64).max(0.0) as usize;
        if let Some(count) = counts.get_mut(bin.min(bins.saturating_sub(1))) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bars_are_filled_to_an_eighth_of_a_cell() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(0.53, 4), "██▏");
        assert_eq!(bar(1.0, 4), "████");
        assert_eq!(bar(f64::NAN, 4), "");
    }

    #[test]
    fn sparklines_show_what_is_little_and_not_what_is_nothing() {
        assert_eq!(sparkline(&[0, 1, 4, 8, 800]), " ▁▁▁█");
        assert_eq!(sparkline(&[1, 2, 3, 4, 5, 6, 7, 8]), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&[]), "");
        assert_eq!(sparkline(&[0, u64::MAX]), " █");
    }

    proptest! {
        #[test]
        fn every_share_is_in_a_bin(shares in proptest::collection::vec(0.0..=1.0, 0..50), bins in 1_usize..30) {
            let n = shares.len() as u64;
            prop_assert_eq!(histogram(shares, bins).iter().sum::<u64>(), n);
        }

        #[test]
        fn bars_keep_their_columns(share in proptest::num::f64::ANY, columns in 0_usize..40) {
            prop_assert!(width(&bar(share, columns)) <= columns);
        }
    }
}
