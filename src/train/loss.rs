use candle_core::{D, Result, Tensor};

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// Cross-entropy of one distribution over the classes.
    Softmax,
    /// Binary cross-entropy of each class by itself, summed over the classes (arXiv 2006.07159, section 6).
    Sigmoid,
}

impl Loss {
    /// What the loss holds an image to: a number a class, from the columns of its classes. Softmax shares 1 out among them;
    /// an image of no class has no such target.
    pub(super) fn target(self, classes: &[usize], target: &mut [f32]) {
        target.fill(0.0);
        let value = match self {
            Loss::Softmax => 1.0 / classes.len().max(1) as f32,
            Loss::Sigmoid => 1.0,
        };
        for class in classes {
            if let Some(target) = target.get_mut(*class) {
                *target = value;
            }
        }
    }

    /// Whether an image of these classes can be learnt from: that nothing is in it, sigmoid alone can say.
    pub fn takes(self, classes: &[usize]) -> bool {
        self == Loss::Sigmoid || !classes.is_empty()
    }

    /// The bias that a class begins with: of softmax all alike, of sigmoid the log-odds of one class among all, so that the
    /// first steps need not unlearn that half of the classes are in each image.
    pub(super) fn first_bias(self, classes: usize) -> f32 {
        match self {
            Loss::Softmax => 0.0,
            Loss::Sigmoid => -(classes.saturating_sub(1).max(1) as f32).ln(),
        }
    }

    /// The mean over images of the loss at logits z [images, classes], with targets t of the same shape:
    /// softmax Σ_c t_c (ln Σ_k exp z_k − z_c), sigmoid Σ_c softplus(z_c) − t_c z_c.
    ///
    /// # Errors
    /// The shapes differ.
    pub(super) fn mean(self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let of_each = match self {
            Loss::Softmax => {
                // exp never overflows; a constant, so that no gradient goes through the maximum.
                let largest = logits.max_keepdim(D::Minus1)?.detach();
                let below = logits.broadcast_sub(&largest)?;
                let all = below.exp()?.sum_keepdim(D::Minus1)?.log()?;
                (targets * all.broadcast_sub(&below)?)?
            }
            Loss::Sigmoid => (softplus(logits)? - (targets * logits)?)?,
        };
        of_each.sum(D::Minus1)?.mean_all()
    }
}

/// ln(1 + exp z) = max(z, 0) + ln(1 + exp −|z|), which no z overflows.
fn softplus(z: &Tensor) -> Result<Tensor> {
    z.relu()? + (z.abs()?.neg()?.exp()? + 1.0)?.log()?
}

#[cfg(test)]
mod tests {
    use super::*;
    use candle_core::{Device, Var};
    use proptest::prelude::*;

    /// The loss and its gradient by the logits, as candle works them out.
    fn by_candle(loss: Loss, logits: &[f32], targets: &[f32]) -> (f32, Vec<f32>) {
        let shape = (1, logits.len());
        let logits = Var::from_slice(logits, shape, &Device::Cpu).unwrap();
        let targets = Tensor::from_slice(targets, shape, &Device::Cpu).unwrap();
        let mean = loss.mean(&logits, &targets).unwrap();
        let gradients = mean.backward().unwrap();
        let gradient = gradients.get(&logits).unwrap().flatten_all().unwrap();
        (mean.to_scalar().unwrap(), gradient.to_vec1().unwrap())
    }

    /// The same in closed form, in double precision: the gradient is p − t.
    fn in_closed_form(loss: Loss, logits: &[f32], targets: &[f32]) -> (f64, Vec<f64>) {
        let z: Vec<f64> = logits.iter().map(|&z| z.into()).collect();
        let t: Vec<f64> = targets.iter().map(|&t| t.into()).collect();
        let largest = z.iter().copied().fold(f64::MIN, f64::max);
        let all = largest + z.iter().map(|z| (z - largest).exp()).sum::<f64>().ln();
        let pairs = || z.iter().zip(&t);
        match loss {
            Loss::Softmax => (
                pairs().map(|(z, t)| t * (all - z)).sum(),
                pairs().map(|(z, t)| (z - all).exp() - t).collect(),
            ),
            Loss::Sigmoid => (
                pairs()
                    .map(|(z, t)| z.max(0.0) + (-z.abs()).exp().ln_1p() - t * z)
                    .sum(),
                pairs().map(|(z, t)| 1.0 / (1.0 + (-z).exp()) - t).collect(),
            ),
        }
    }

    fn agree(loss: Loss, logits: &[f32], classes: &[usize]) {
        let mut targets = vec![0.0; logits.len()];
        loss.target(classes, &mut targets);
        let (value, gradient) = by_candle(loss, logits, &targets);
        let (expected, expected_gradient) = in_closed_form(loss, logits, &targets);
        let near = |a: f32, b: f64| (f64::from(a) - b).abs() <= 2e-5 * (1.0 + b.abs());
        assert!(
            near(value, expected),
            "{loss:?} {logits:?}: {value}, not {expected}"
        );
        for (a, b) in gradient.iter().zip(expected_gradient) {
            assert!(near(*a, b), "{loss:?} {logits:?}: {a}, not {b}");
        }
    }

    #[test]
    fn large_logits_overflow_nothing() {
        for loss in [Loss::Softmax, Loss::Sigmoid] {
            agree(loss, &[0.0, 0.0, 0.0], &[1]);
            agree(loss, &[3e4, -3e4, 0.0], &[1]);
            agree(loss, &[1e4, 1e4, -1e4], &[0, 2]);
        }
    }

    #[test]
    fn a_label_set_is_shared_out_by_softmax_and_taken_whole_by_sigmoid() {
        let mut target = [9.0; 4];
        Loss::Softmax.target(&[0, 2], &mut target);
        assert_eq!(target, [0.5, 0.0, 0.5, 0.0]);
        Loss::Sigmoid.target(&[0, 2], &mut target);
        assert_eq!(target, [1.0, 0.0, 1.0, 0.0]);
        assert!(Loss::Sigmoid.takes(&[]) && !Loss::Softmax.takes(&[]));
    }

    proptest! {
        #[test]
        fn values_and_gradients_are_those_of_the_formulas(
            logits in proptest::collection::vec(-50.0_f32..50.0, 2..8),
            picks in proptest::collection::vec(0_usize..8, 1..4),
        ) {
            let mut classes: Vec<usize> = picks.iter().map(|pick| pick % logits.len()).collect();
            classes.sort_unstable();
            classes.dedup();
            agree(Loss::Softmax, &logits, &classes);
            agree(Loss::Sigmoid, &logits, &classes);
        }
    }
}
