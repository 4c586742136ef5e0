//! Means of a few values, with Student's interval (Student 1908).

use serde::Serialize;

use crate::consensus::interval::Interval;

/// A mean, and between which values that of more of the same kind lies with a confidence of 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub mean: f64,
    /// mean ± t₀.₉₇₅(n − 1) s / √n; none of fewer than two values.
    pub interval: Option<Interval>,
}

impl Mean {
    /// Of some values; none where there are none.
    pub fn of(values: &[f64]) -> Option<Mean> {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        if values.is_empty() {
            return None;
        }
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let interval = (values.len() > 1).then(|| {
            let error = (squares / (n - 1.0) / n).sqrt();
            let half = student_quantile(values.len() - 1) * error;
            Interval {
                low: mean - half,
                high: mean + half,
            }
        });
        Some(Mean { mean, interval })
    }
}

/// The t that a variable of Student's distribution with so many degrees of freedom (1 or more) passes, up or down, with a
/// probability of 5 %.
fn student_quantile(freedom: usize) -> f64 {
    // 12.7 at one degree of freedom, 1.96 at many.
    let (mut low, mut high) = (1.0, 16.0);
    loop {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return middle;
        }
        match within(middle, freedom) < 0.95 {
            true => low = middle,
            false => high = middle,
        }
    }
}

/// P(|T| ≤ t): a finite sum, for whole degrees of freedom (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4).
fn within(t: f64, freedom: usize) -> f64 {
    let angle = (t / (freedom as f64).sqrt()).atan();
    let (sine, cosine) = (angle.sin(), angle.cos());
    // Each term is the one before times cos² and k / (k + 1), for every other k.
    let series = |first: f64, k: usize| {
        let mut term = first;
        let mut sum = 0.0;
        for k in (k..freedom).step_by(2) {
            sum += term;
            term *= cosine * cosine * k as f64 / (k as f64 + 1.0);
        }
        sum
    };
    match freedom % 2 {
        0 => sine * series(1.0, 1),
        _ => (angle + sine * series(cosine, 2)) * std::f64::consts::FRAC_2_PI,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published tables, such as table 26.10 of Abramowitz and Stegun.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (freedom, t) in [
            (1, 12.706),
            (2, 4.303),
            (3, 3.182),
            (4, 2.776),
            (9, 2.262),
            (30, 2.042),
            (120, 1.980),
        ] {
            let found = student_quantile(freedom);
            assert!((found - t).abs() < 5.1e-4, "{freedom}: {found}, not {t}");
        }
        // Many degrees of freedom are as good as a normal distribution.
        assert!((student_quantile(100_000) - 1.959_964).abs() < 3e-5);
    }

    #[test]
    fn a_mean_has_an_interval_from_two_values_on() {
        assert_eq!(Mean::of(&[]), None);
        let one = Mean::of(&[0.5]).unwrap();
        assert_eq!((one.mean, one.interval), (0.5, None));
        // mean 2, deviation 1, of three: 2 ± 4.3027 / √3
        let three = Mean::of(&[1.0, 2.0, 3.0]).unwrap();
        let interval = three.interval.unwrap();
        assert!(
            (interval.high - 2.0 - 2.484_137_711_5).abs() < 1e-8,
            "{interval:?}"
        );
        assert!((interval.low + interval.high - 4.0).abs() < 1e-12);
    }
}
