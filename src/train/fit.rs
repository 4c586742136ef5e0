//! Mini-batches in a fresh order each epoch, AdamW (Loshchilov and Hutter 2019), a learning rate that falls by half a cosine.

use candle_core::{Device, Tensor, Var};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::linear::Scale;
use super::{Features, Linear, Loss, TrainError};

/// How it is learnt.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Settings {
    /// What is made small.
    pub loss: Loss,
    /// How often each image is looked at, at least 1.
    pub epochs: usize,
    /// Images a step, at least 1.
    pub batch: usize,
    /// The learning rate of the first step.
    pub learning_rate: f64,
    /// Share of the weights that goes at each step, times the learning rate; the bias keeps.
    pub weight_decay: f64,
    /// Same seed, same weights, on the same processor.
    pub seed: u64,
}

impl Settings {
    /// Steps in all, when so many images are learnt from.
    pub fn steps(&self, images: usize) -> usize {
        self.epochs
            .saturating_mul(images.div_ceil(self.batch.max(1)))
    }

    /// The learning rate of a step from 0: η ½ (1 + cos π step / steps).
    fn rate(&self, step: usize, steps: usize) -> f64 {
        let gone = step as f64 / steps.max(1) as f64;
        self.learning_rate * 0.5 * (1.0 + (std::f64::consts::PI * gone).cos())
    }
}

/// What is said on the way.
#[derive(Debug)]
pub enum Moment<'a> {
    /// A step is done.
    Step,
    /// An epoch is done.
    Epoch {
        /// Its number, from 1.
        epoch: usize,
        /// The mean loss of its images, each before the step that it was in.
        loss: f64,
        /// The classifier as it is now.
        linear: &'a Linear,
    },
}

/// Fits a classifier of `classes` classes to `rows` of the features; `targets` are the columns of the classes of every row.
/// Rows that the loss cannot learn from are left out.
///
/// `each` is told how it goes; what it refuses with ends the work.
///
/// # Errors
/// There is nothing to learn from, the loss is finite no more, or what `each` says.
pub fn fit<E: From<TrainError>>(
    features: Features<'_>,
    targets: &[Vec<usize>],
    rows: &[usize],
    classes: usize,
    settings: &Settings,
    mut each: impl FnMut(Moment<'_>) -> Result<(), E>,
) -> Result<Linear, E> {
    let targets_of = |row: usize| targets.get(row).map_or(&[][..], Vec::as_slice);
    let takes = |row: &usize| settings.loss.takes(targets_of(*row));
    let mut rows: Vec<usize> = rows.iter().copied().filter(takes).collect();
    if rows.is_empty() || classes == 0 {
        return Err(TrainError::NothingToLearnFrom.into());
    }
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut learner = Learner::new(features, &rows, classes, settings, &mut random)?;
    let steps = settings.steps(rows.len());
    let mut step = 0;
    for epoch in 1..=settings.epochs {
        rows.shuffle(&mut random);
        let mut sum = 0.0;
        for batch in rows.chunks(settings.batch.max(1)) {
            let loss = learner.step(batch, targets_of, settings.rate(step, steps))?;
            sum += f64::from(loss) * batch.len() as f64;
            step += 1;
            each(Moment::Step)?;
        }
        let loss = sum / rows.len() as f64;
        if !loss.is_finite() {
            return Err(TrainError::Diverged { epoch }.into());
        }
        let linear = &learner.linear()?;
        each(Moment::Epoch {
            epoch,
            loss,
            linear,
        })?;
    }
    Ok(learner.linear()?)
}

/// What changes while it is learnt.
struct Learner<'a> {
    features: Features<'a>,
    scale: Scale,
    loss: Loss,
    classes: usize,
    weights: Var,
    bias: Var,
    of_weights: AdamW,
    of_bias: AdamW,
}

impl<'a> Learner<'a> {
    fn new(
        features: Features<'a>,
        rows: &[usize],
        classes: usize,
        settings: &Settings,
        random: &mut ChaCha8Rng,
    ) -> Result<Learner<'a>, TrainError> {
        let columns = features.columns();
        // candle's own chance has no seed on the CPU.
        let bound = 1.0 / (columns as f32).sqrt();
        let first: Vec<f32> = (0..classes * columns)
            .map(|_| random.random_range(-bound..bound))
            .collect();
        let weights = Var::from_vec(first, (classes, columns), &Device::Cpu)?;
        let bias = vec![settings.loss.first_bias(classes); classes];
        let bias = Var::from_vec(bias, classes, &Device::Cpu)?;
        let optimiser = |of: &Var, weight_decay| {
            let parameters = ParamsAdamW {
                lr: settings.learning_rate,
                weight_decay,
                ..ParamsAdamW::default()
            };
            AdamW::new(vec![of.clone()], parameters)
        };
        Ok(Learner {
            of_weights: optimiser(&weights, settings.weight_decay)?,
            of_bias: optimiser(&bias, 0.0)?,
            scale: Scale::of(features, rows),
            loss: settings.loss,
            features,
            classes,
            weights,
            bias,
        })
    }

    /// Learns from a batch; the loss before that.
    fn step<'t>(
        &mut self,
        batch: &[usize],
        targets_of: impl Fn(usize) -> &'t [usize],
        rate: f64,
    ) -> Result<f32, TrainError> {
        let mut targets = vec![0.0; batch.len() * self.classes];
        for (target, &row) in targets.chunks_mut(self.classes).zip(batch) {
            self.loss.target(targets_of(row), target);
        }
        let targets = Tensor::from_vec(targets, (batch.len(), self.classes), &Device::Cpu)?;
        let inputs = self.scale.batch(self.features, batch)?;
        let logits = inputs
            .matmul(&self.weights.t()?)?
            .broadcast_add(&self.bias)?;
        let loss = self.loss.mean(&logits, &targets)?;
        let gradients = loss.backward()?;
        for optimiser in [&mut self.of_weights, &mut self.of_bias] {
            optimiser.set_learning_rate(rate);
            optimiser.step(&gradients)?;
        }
        Ok(loss.to_scalar()?)
    }

    fn linear(&self) -> Result<Linear, TrainError> {
        Ok(Linear {
            weights: self.weights.flatten_all()?.to_vec1()?,
            bias: self.bias.to_vec1()?,
            scale: self.scale.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings = Settings {
        loss: Loss::Softmax,
        epochs: 60,
        batch: 4,
        learning_rate: 0.05,
        weight_decay: 0.0,
        seed: 1,
    };

    /// Three groups in the plane, far from each other.
    fn three_groups() -> (Vec<f32>, Vec<Vec<usize>>) {
        let middles = [(0.0, 0.0), (9.0, 1.0), (2.0, 8.0)];
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut values = Vec::new();
        let mut targets = Vec::new();
        for image in 0..60 {
            let (x, y) = middles[image % 3];
            values.extend([x, y].map(|v: f32| v + random.random_range(-1.5..1.5)));
            targets.push(vec![image % 3]);
        }
        (values, targets)
    }

    fn all_of(features: Features<'_>) -> Vec<usize> {
        (0..features.rows()).collect()
    }

    #[test]
    fn groups_that_lie_apart_are_told_apart_with_either_loss() {
        let (values, targets) = three_groups();
        let features = Features::new(&values, 2);
        let rows = all_of(features);
        for loss in [Loss::Softmax, Loss::Sigmoid] {
            let settings = Settings { loss, ..SETTINGS };
            let mut losses = Vec::new();
            let mut steps = 0;
            let note = |moment: Moment<'_>| -> Result<(), TrainError> {
                match moment {
                    Moment::Step => steps += 1,
                    Moment::Epoch { loss, .. } => losses.push(loss),
                }
                Ok(())
            };
            let linear = fit(features, &targets, &rows, 3, &settings, note).unwrap();
            let choices = linear.choices(features, &rows).unwrap();
            let right = choices.iter().zip(&targets).filter(|(c, t)| **c == t[0]);
            assert_eq!(right.count(), 60, "{loss:?}");
            assert_eq!((losses.len(), steps), (60, settings.steps(60)));
            assert!(losses[59] < losses[0] / 4.0, "{losses:?}");
        }
    }

    /// Half of the images that look alike carry one label of two: the best logits are known. With softmax the shares are
    /// those of the labels; with sigmoid each class's log-odds are.
    #[test]
    fn the_optimum_of_a_convex_case_is_found() {
        let values = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0];
        let features = Features::new(&values, 1);
        let targets: Vec<Vec<usize>> = [0, 0, 0, 1, 1, 1, 1, 0].map(|class| vec![class]).into();
        let rows = all_of(features);
        for loss in [Loss::Softmax, Loss::Sigmoid] {
            let settings = Settings {
                loss,
                epochs: 400,
                batch: 8,
                ..SETTINGS
            };
            let linear = fit(features, &targets, &rows, 2, &settings, |_| {
                Ok::<_, TrainError>(())
            })
            .unwrap();
            let logits = linear.logits(features, &[0]).unwrap();
            let log_odds = 3.0_f32.ln();
            match loss {
                Loss::Softmax => assert!(
                    (logits[0] - logits[1] - log_odds).abs() < 0.02,
                    "{logits:?}"
                ),
                Loss::Sigmoid => {
                    assert!((logits[0] - log_odds).abs() < 0.02, "{logits:?}");
                    assert!((logits[1] + log_odds).abs() < 0.02, "{logits:?}");
                }
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_bits_again_and_another_gives_others() {
        let (values, targets) = three_groups();
        let features = Features::new(&values, 2);
        let rows = all_of(features);
        let of_seed = |seed| {
            let settings = Settings {
                seed,
                epochs: 3,
                ..SETTINGS
            };
            fit(features, &targets, &rows, 3, &settings, |_| {
                Ok::<_, TrainError>(())
            })
            .unwrap()
        };
        let alone = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .unwrap();
        let bits = |linear: Linear| -> Vec<u32> {
            let numbers = linear.weights.iter().chain(&linear.bias);
            numbers.map(|number| number.to_bits()).collect()
        };
        assert_eq!(bits(of_seed(1)), bits(of_seed(1)));
        assert_eq!(bits(of_seed(1)), bits(alone.install(|| of_seed(1))));
        assert_ne!(bits(of_seed(1)), bits(of_seed(2)));
    }

    #[test]
    fn what_cannot_be_learnt_from_is_left_out_and_nothing_left_is_an_error() {
        let features = Features::new(&[0.0, 1.0], 1);
        let nothing = |_: Moment<'_>| Ok::<_, TrainError>(());
        let empty = [vec![], vec![]];
        let learnt = |loss| {
            let settings = Settings {
                loss,
                epochs: 1,
                ..SETTINGS
            };
            fit(features, &empty, &[0, 1], 2, &settings, nothing).map(|_| ())
        };
        assert_eq!(learnt(Loss::Softmax), Err(TrainError::NothingToLearnFrom));
        assert_eq!(learnt(Loss::Sigmoid), Ok(()));
        // Whoever listens can end it.
        let stop = |_: Moment<'_>| Err(TrainError::Library("enough".to_owned()));
        let targets = [vec![0], vec![1]];
        let stopped = fit(features, &targets, &[0, 1], 2, &SETTINGS, stop);
        assert_eq!(stopped, Err(TrainError::Library("enough".to_owned())));
        let settings = Settings {
            learning_rate: f64::INFINITY,
            ..SETTINGS
        };
        let diverged = fit(features, &targets, &[0, 1], 2, &settings, nothing);
        assert!(
            matches!(diverged, Err(TrainError::Diverged { .. })),
            "{diverged:?}"
        );
    }

    #[test]
    fn the_learning_rate_falls_from_all_to_nothing() {
        let rates: Vec<f64> = (0..=10).map(|step| SETTINGS.rate(step, 10)).collect();
        assert_eq!(rates[0], 0.05);
        assert!(rates.windows(2).all(|pair| pair[0] > pair[1]));
        assert!((rates[5] - 0.025).abs() < 1e-12 && rates[10].abs() < 1e-12);
    }
}
