//! Exact intervals of one look at a sample whose size was fixed beforehand, after Clopper and Pearson (1934). They do not
//! hold when one looks again and again and stops where it suits.

use super::evidence::{Totals, first};

/// Between which error rates the truth lies with probability 1 - `alpha`, when `k` of `n` draws *with* replacement, or
/// from a stock without end, are wrong: each end is the rate at which so many, or so few, would have a probability of α/2.
pub fn clopper_pearson(k: usize, n: usize, alpha: f64) -> (f64, f64) {
    let k = k.min(n);
    let at_most = |k: usize, p: f64| binomial_at_most(k, n, p);
    let low = match k {
        0 => 0.0,
        // P(X ≥ k) grows with p.
        _ => crossing(|p| 1.0 - at_most(k - 1, p) > alpha / 2.0),
    };
    let high = match k {
        _ if k == n => 1.0,
        _ => crossing(|p| at_most(k, p) <= alpha / 2.0),
    };
    (low, high)
}

/// Where in 0..=1 something begins to hold.
fn crossing(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // Halved until floating point has no number between the ends.
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        match holds(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
}

/// P(X ≤ k) of `n` draws with probability `p`, in 0..1.
fn binomial_at_most(k: usize, n: usize, p: f64) -> f64 {
    let odds = (p / (1.0 - p)).ln();
    let next = |x: usize| (((n - x) as f64) / (x as f64 + 1.0)).ln() + odds;
    at_most(k, n as f64 * (-p).ln_1p(), next)
}

/// P(X ≤ k), where ln P(X = 0) is `first` and `next(x)` is ln P(X = x + 1) / P(X = x).
fn at_most(k: usize, first: f64, next: impl Fn(usize) -> f64) -> f64 {
    let mut ln_each = Vec::with_capacity(k + 1);
    let mut ln = first;
    ln_each.push(ln);
    for x in 0..k {
        ln += next(x);
        ln_each.push(ln);
    }
    // The smallest first, so that nothing is lost.
    ln_each.sort_unstable_by(f64::total_cmp);
    ln_each.iter().map(|ln| ln.exp()).sum::<f64>().min(1.0)
}

/// Between which totals of wrong labels among `labels` the truth lies with probability 1 - `alpha`, when `k` of `n` drawn without
/// replacement are wrong: the totals D with P(X ≤ k) > α/2 and P(X ≥ k) > α/2, X hypergeometric.
pub fn hypergeometric(k: usize, n: usize, labels: usize, alpha: f64) -> Totals {
    let n = n.min(labels);
    let k = k.min(n);
    // Drawn wrong labels are wrong, drawn right ones are right.
    let (least, most) = (k, labels - (n - k));
    let few = |total| k > 0 && 1.0 - hypergeometric_at_most(k - 1, n, labels, total) <= alpha / 2.0;
    let many = |total| hypergeometric_at_most(k, n, labels, total) <= alpha / 2.0;
    let low = first(least, most, |total| !few(total));
    let high = first(low, most, |total| many(total + 1));
    Totals {
        low: low as f64,
        high: high as f64,
    }
}

/// P(X ≤ k) of `n` drawn from `labels`, of which `total` are wrong.
fn hypergeometric_at_most(k: usize, n: usize, labels: usize, total: usize) -> f64 {
    // So many must be wrong at least, because there are not enough right ones.
    let least = (n + total).saturating_sub(labels);
    if k < least {
        return 0.0;
    }
    if k >= total.min(n) {
        return 1.0;
    }
    let right = labels - total;
    // ln C(total, least) C(right, n - least) / C(labels, n)
    let first = ln_choose(total, least) + ln_choose(right, n - least) - ln_choose(labels, n);
    let next = |x: usize| {
        let x = x + least;
        let up = (total - x) as f64 * (n - x) as f64;
        let down = (x + 1) as f64 * (right + x + 1 - n) as f64;
        (up / down).ln()
    };
    at_most(k - least, first, next)
}

/// ln C(n, k), summed from its factors.
fn ln_choose(n: usize, k: usize) -> f64 {
    let k = k.min(n - k);
    (0..k).map(|i| ((n - i) as f64 / (i + 1) as f64).ln()).sum()
}

/// The least number of labels, drawn from `labels`, that are all right with a probability of at most `alpha` though
/// `total` are wrong: so many without an error show, in one look, that fewer are. None when that cannot be shown.
pub fn zero_failure_size(labels: usize, total: usize, alpha: f64) -> Option<usize> {
    if total == 0 || total > labels {
        return None;
    }
    let mut ln = 0.0;
    for drawn in 0..=labels - total {
        if ln <= alpha.ln() {
            return Some(drawn);
        }
        ln += ((labels - total - drawn) as f64 / (labels - drawn) as f64).ln();
    }
    Some(labels - total + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Values of scipy 1.17.1.
    #[test]
    fn clopper_pearson_agrees_with_scipy() {
        for (k, n, low, high) in [
            (3, 100, 0.006_229_971_5, 0.085_176_053_0),
            (6, 200, 0.011_087_455_7, 0.064_150_626_7),
            (0, 100, 0.0, 0.036_216_692_6),
        ] {
            let interval = clopper_pearson(k, n, 0.05);
            assert!((interval.0 - low).abs() < 1e-10, "{interval:?}");
            assert!((interval.1 - high).abs() < 1e-10, "{interval:?}");
        }
        assert_eq!(clopper_pearson(10, 10, 0.05).1, 1.0);
    }

    /// Values of scipy 1.17.1.
    #[test]
    fn hypergeometric_totals_agree_with_scipy() {
        let totals = |low, high| Totals { low, high };
        assert_eq!(hypergeometric(6, 200, 5000, 0.05), totals(57.0, 317.0));
        assert_eq!(hypergeometric(8, 200, 1000, 0.05), totals(20.0, 73.0));
    }

    /// From the definition, in numpy.
    #[test]
    fn zero_failure_sizes_are_those_of_the_check_values() {
        assert_eq!(zero_failure_size(5000, 100, 0.05), Some(147));
        assert_eq!(zero_failure_size(184_962, 1850, 0.05), Some(298));
        assert_eq!(zero_failure_size(10, 0, 0.05), None);
        assert_eq!(zero_failure_size(3, 3, 0.05), Some(1));
        assert_eq!(zero_failure_size(100, 1, 0.05), Some(95));
    }

    proptest! {
        #[test]
        fn the_interval_holds_what_a_scan_of_all_totals_holds(
            labels in 1usize..60,
            n in 0usize..60,
            k in 0usize..60,
            alpha in 0.01f64..0.3,
        ) {
            let n = n.min(labels);
            let k = k.min(n);
            let choose = |n: usize, k: usize| -> f64 {
                if k > n { 0.0 } else { (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product() }
            };
            let probability = |total: usize, x: usize| {
                choose(total, x) * choose(labels - total, n - x) / choose(labels, n)
            };
            let kept: Vec<usize> = (k..=labels - (n - k))
                .filter(|&total| {
                    let below: f64 = (0..=k).map(|x| probability(total, x)).sum();
                    let above: f64 = (k..=n).map(|x| probability(total, x)).sum();
                    below > alpha / 2.0 + 1e-12 && above > alpha / 2.0 + 1e-12
                })
                .collect();
            let interval = hypergeometric(k, n, labels, alpha);
            prop_assert_eq!(interval.low as usize, kept[0]);
            prop_assert_eq!(interval.high as usize, kept[kept.len() - 1]);
        }

        #[test]
        fn drawing_without_replacement_says_no_less(n in 1usize..200, k in 0usize..200) {
            let k = k.min(n);
            let labels = 1000;
            let with = clopper_pearson(k, n, 0.05);
            let without = hypergeometric(k, n, labels, 0.05);
            prop_assert!(without.low / labels as f64 >= with.0 - 1.0 / labels as f64);
            prop_assert!(without.high / labels as f64 <= with.1 + 1.0 / labels as f64);
        }
    }
}
