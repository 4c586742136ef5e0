use candle_core::{Device, Tensor};

use super::{Features, TrainError};

/// A linear classifier: the logit of class c is b_c + Σ_f w_cf (x_f − m_f) s_f.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// w: [classes, columns].
    pub weights: Vec<f32>,
    /// b: \[classes\].
    pub bias: Vec<f32>,
    /// How features are brought to a common scale before.
    pub scale: Scale,
}

/// Brings each feature to mean 0 and standard deviation 1 over the images that are learnt from.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    /// m: the mean of each feature.
    pub means: Vec<f32>,
    /// s: one by the standard deviation of each feature; 0 for one that never varies, so that it says nothing.
    pub factors: Vec<f32>,
}

impl Scale {
    /// Of the features of some rows, in one go and in double precision (Welford 1962).
    pub fn of(features: Features<'_>, rows: &[usize]) -> Scale {
        let mut means = vec![0.0_f64; features.columns()];
        let mut squares = vec![0.0_f64; features.columns()];
        for (&row, n) in rows.iter().zip(1_u32..) {
            let values = features.row(row).iter().map(|&value| f64::from(value));
            for ((value, mean), square) in values.zip(&mut means).zip(&mut squares) {
                let off = value - *mean;
                *mean += off / f64::from(n);
                *square += off * (value - *mean);
            }
        }
        let factor = |square: &f64| {
            let deviation = (square / rows.len().max(1) as f64).sqrt();
            let factor = (1.0 / deviation) as f32;
            if factor.is_finite() { factor } else { 0.0 }
        };
        Scale {
            factors: squares.iter().map(factor).collect(),
            means: means.iter().map(|&mean| mean as f32).collect(),
        }
    }

    /// The scaled features of some rows, as a tensor [rows, columns].
    pub(super) fn batch(
        &self,
        features: Features<'_>,
        rows: &[usize],
    ) -> Result<Tensor, TrainError> {
        let mut values = Vec::with_capacity(rows.len() * features.columns());
        for &row in rows {
            let row = features.row(row).iter();
            let scaled = row.zip(&self.means).zip(&self.factors);
            values.extend(scaled.map(|((value, mean), factor)| (value - mean) * factor));
        }
        let shape = (rows.len(), features.columns());
        Ok(Tensor::from_vec(values, shape, &Device::Cpu)?)
    }
}

/// Numbers of a batch of scaled features: it is the second copy of them, and is to stay in the cache.
const BATCH_VALUES: usize = 1 << 20;

impl Linear {
    /// Classes.
    pub fn classes(&self) -> usize {
        self.bias.len()
    }

    /// Logits of some rows: [rows, classes].
    ///
    /// # Errors
    /// The features have not as many columns as those that were learnt from.
    pub fn logits(&self, features: Features<'_>, rows: &[usize]) -> Result<Vec<f32>, TrainError> {
        let shape = (self.classes(), features.columns());
        let weights = Tensor::from_slice(&self.weights, shape, &Device::Cpu)?.t()?;
        let bias = Tensor::from_slice(&self.bias, self.classes(), &Device::Cpu)?;
        let mut logits = Vec::with_capacity(rows.len() * self.classes());
        for rows in rows.chunks((BATCH_VALUES / features.columns()).max(1)) {
            let batch = self.scale.batch(features, rows)?;
            let of_batch = batch.matmul(&weights)?.broadcast_add(&bias)?;
            logits.extend(of_batch.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(logits)
    }

    /// The column of the largest logit of some rows.
    ///
    /// # Errors
    /// As of [`Linear::logits`].
    pub fn choices(
        &self,
        features: Features<'_>,
        rows: &[usize],
    ) -> Result<Vec<usize>, TrainError> {
        let logits = self.logits(features, rows)?;
        let rows = logits.chunks(self.classes().max(1));
        Ok(rows.map(first_choice).collect())
    }

    /// Weights [classes, columns] and bias \[classes\] for features as they are: the scaling is taken into them.
    pub fn unscaled(&self) -> (Vec<f32>, Vec<f32>) {
        let columns = self.scale.means.len().max(1);
        let mut weights = Vec::with_capacity(self.weights.len());
        let mut bias = Vec::with_capacity(self.bias.len());
        for (row, &first) in self.weights.chunks(columns).zip(&self.bias) {
            let mut sum = f64::from(first);
            for ((&weight, &mean), &factor) in
                row.iter().zip(&self.scale.means).zip(&self.scale.factors)
            {
                let weight = f64::from(weight) * f64::from(factor);
                sum -= weight * f64::from(mean);
                weights.push(weight as f32);
            }
            bias.push(sum as f32);
        }
        (weights, bias)
    }
}

/// The place of the largest number; of equal ones the first.
pub fn first_choice(logits: &[f32]) -> usize {
    let places = logits.iter().enumerate();
    let best = places.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaled_features_have_mean_0_and_deviation_1_and_what_never_varies_says_nothing() {
        let values = [1.0, 5.0, 3.0, 5.0, 100.0, 5.0];
        let features = Features::new(&values, 2);
        assert_eq!(features.rows(), 3);
        let scale = Scale::of(features, &[0, 1]);
        assert_eq!(
            (scale.means.as_slice(), scale.factors.as_slice()),
            (&[2.0, 5.0][..], &[1.0, 0.0][..])
        );
        let batch = scale.batch(features, &[1, 2]).unwrap();
        assert_eq!(batch.to_vec2::<f32>().unwrap(), [[1.0, 0.0], [98.0, 0.0]]);
    }

    #[test]
    fn logits_are_the_same_with_the_scaling_taken_into_the_weights() {
        let values = [1.0, -2.0, 0.5, 4.0, 3.0, 8.0];
        let features = Features::new(&values, 2);
        let linear = Linear {
            weights: vec![0.5, -1.0, 2.0, 0.25, 0.0, 1.0],
            bias: vec![0.1, -0.2, 0.3],
            scale: Scale::of(features, &[0, 1, 2]),
        };
        let logits = linear.logits(features, &[2, 0]).unwrap();
        let (weights, bias) = linear.unscaled();
        for (logits, row) in logits.chunks(3).zip([2, 0]) {
            for ((logit, weights), bias) in logits.iter().zip(weights.chunks(2)).zip(&bias) {
                let sum: f32 = features
                    .row(row)
                    .iter()
                    .zip(weights)
                    .map(|(x, w)| x * w)
                    .sum();
                assert!((logit - sum - bias).abs() < 1e-5, "{logit}");
            }
        }
        assert!(linear.logits(Features::new(&values, 3), &[0]).is_err());
    }

    #[test]
    fn the_first_of_equal_logits_is_chosen() {
        assert_eq!(first_choice(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(first_choice(&[f32::NEG_INFINITY; 2]), 0);
        assert_eq!(first_choice(&[]), 0);
    }
}
