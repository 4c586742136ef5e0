// Loops over the fixed dimension D.
#![allow(clippy::indexing_slicing, clippy::needless_range_loop)]

/// Fits P(true) = sigmoid(w · x) by Newton's method: the w that makes
/// Σ log loss + penalty / 2 · Σ w² smallest, where the first weight (the intercept, whose x is 1)
/// goes unpenalised. With a penalty above 0 there is exactly one such w.
pub(crate) fn fit<const D: usize>(rows: &[([f64; D], bool)], penalty: f64) -> [f64; D] {
    let mut weights = [0.0; D];
    let mut loss = objective(rows, penalty, &weights);
    for _ in 0..MAX_STEPS {
        let step = newton_step(rows, penalty, &weights);
        let mut scale = 1.0;
        let better = loop {
            let mut next = weights;
            for d in 0..D {
                next[d] -= scale * step[d];
            }
            let next_loss = objective(rows, penalty, &next);
            if next_loss <= loss {
                break Some((next, next_loss));
            }
            scale /= 2.0;
            if scale < 1e-6 {
                break None;
            }
        };
        let Some((next, next_loss)) = better else {
            break;
        };
        weights = next;
        loss = next_loss;
        if step.iter().all(|s| s.abs() < 1e-12) {
            break;
        }
    }
    weights
}

const MAX_STEPS: usize = 100;

/// w · x.
pub(crate) fn linear<const D: usize>(weights: &[f64; D], x: &[f64; D]) -> f64 {
    weights.iter().zip(x).map(|(w, x)| w * x).sum()
}

pub(crate) fn sigmoid(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

fn objective<const D: usize>(rows: &[([f64; D], bool)], penalty: f64, weights: &[f64; D]) -> f64 {
    let loss = rows.iter().map(|(x, truth)| {
        let log_odds = linear(weights, x);
        let against = if *truth { -log_odds } else { log_odds };
        // ln(1 + e^against)
        against.max(0.0) + (-against.abs()).exp().ln_1p()
    });
    let size: f64 = weights.iter().skip(1).map(|w| w * w).sum();
    loss.sum::<f64>() + penalty / 2.0 * size
}

fn newton_step<const D: usize>(
    rows: &[([f64; D], bool)],
    penalty: f64,
    weights: &[f64; D],
) -> [f64; D] {
    let mut gradient = [0.0; D];
    let mut curvature = [[0.0; D]; D];
    for d in 1..D {
        gradient[d] = penalty * weights[d];
        curvature[d][d] = penalty;
    }
    // Keeps the intercept's row solvable where every p is 0 or 1 to rounding.
    curvature[0][0] = 1e-12;
    for (x, truth) in rows {
        let p = sigmoid(linear(weights, x));
        let error = p - f64::from(u8::from(*truth));
        for i in 0..D {
            gradient[i] += error * x[i];
            for j in 0..D {
                curvature[i][j] += p * (1.0 - p) * x[i] * x[j];
            }
        }
    }
    solve(curvature, gradient)
}

/// Solves a · x = b for a symmetric positive definite a by elimination.
fn solve<const D: usize>(mut a: [[f64; D]; D], mut b: [f64; D]) -> [f64; D] {
    for pivot in 0..D {
        for row in pivot + 1..D {
            let factor = a[row][pivot] / a[pivot][pivot];
            for column in pivot..D {
                a[row][column] -= factor * a[pivot][column];
            }
            b[row] -= factor * b[pivot];
        }
    }
    for row in (0..D).rev() {
        for column in row + 1..D {
            b[row] -= a[row][column] * b[column];
        }
        b[row] /= a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// scikit-learn 1.9.1, `LogisticRegression(C=1, tol=1e-14)` (L-BFGS) on the same rows.
    #[test]
    fn weights_agree_with_scikit_learn() {
        let rows: Vec<([f64; 3], bool)> = [
            (0.5, 1.0, true),
            (-1.0, 0.0, false),
            (2.0, 0.0, true),
            (0.3, 1.0, false),
            (-0.2, 0.0, false),
            (1.5, 1.0, true),
        ]
        .map(|(a, b, truth)| ([1.0, a, b], truth))
        .to_vec();
        let weights = fit(&rows, 1.0);
        let expected = [-0.680_971_078, 1.053_962_299, 0.247_129_858];
        for (found, expected) in weights.iter().zip(expected) {
            assert!((found - expected).abs() < 2e-9, "{weights:?}");
        }
    }

    #[test]
    fn separable_and_one_sided_rows_stay_finite() {
        let separable = [([1.0, -2.0], false), ([1.0, 2.0], true)];
        assert!(fit(&separable, 1.0).iter().all(|w| w.is_finite()));
        let one_sided = [([1.0, 0.5], true), ([1.0, 700.0], true)];
        assert!(fit(&one_sided, 1.0).iter().all(|w| w.is_finite()));
    }
}
