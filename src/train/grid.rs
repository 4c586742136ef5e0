//! The experiment of arXiv 2006.07159, section 6: softmax or sigmoid, on all images or on the clean ones, by a short and by a
//! long schedule, each with several seeds.

use serde::Serialize;

use super::mean::Mean;
use super::{Features, Linear, Loss, Moment, Settings, TrainError, fit};

/// What is compared on what.
#[derive(Debug, Clone, Copy)]
pub struct Experiment<'a> {
    /// What is learnt from.
    pub features: Features<'a>,
    /// Columns of the classes of each of its rows.
    pub targets: &'a [Vec<usize>],
    /// Its rows that are learnt from.
    pub all: &'a [usize],
    /// Those of them that are clean.
    pub clean: &'a [usize],
    /// What is judged by.
    pub validation: Features<'a>,
    /// What each of its rows is.
    pub truths: &'a [Truth],
    /// Classes.
    pub classes: usize,
    /// What all have in common; its loss and epochs do not count, its seed is the first.
    pub settings: Settings,
    /// Epochs of the short and of the long schedule.
    pub epochs: [usize; 2],
    /// How many seeds.
    pub seeds: usize,
}

/// What is in an image that is judged by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// The column of its original label, where it has one.
    pub original: Option<usize>,
    /// The columns of its label set.
    pub label_set: Vec<usize>,
}

/// One way of training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Arm {
    /// The loss.
    pub loss: Loss,
    /// Whether on clean images alone.
    pub clean: bool,
}

/// All ways; the others are compared with the first.
pub const ARMS: [Arm; 4] = [
    Arm {
        loss: Loss::Softmax,
        clean: false,
    },
    Arm {
        loss: Loss::Softmax,
        clean: true,
    },
    Arm {
        loss: Loss::Sigmoid,
        clean: false,
    },
    Arm {
        loss: Loss::Sigmoid,
        clean: true,
    },
];

/// What came of one way by one schedule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    /// The way.
    #[serde(flatten)]
    pub arm: Arm,
    /// Epochs.
    pub epochs: usize,
    /// Images that it learnt from.
    pub images: usize,
    /// Share of the images with an original label whose first choice it is.
    pub original: Option<Figure>,
    /// ReaL accuracy: share of the images with a label set that is not empty whose first choice is in it.
    pub real: Option<Figure>,
}

/// An accuracy over seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Of each seed.
    pub by_seed: Vec<f64>,
    /// Over seeds: how much chance there is in training.
    #[serde(flatten)]
    pub mean: Mean,
    /// What it is more than softmax on all images by the same schedule; none of that itself.
    pub gain: Option<Gain>,
}

/// A difference, paired.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gain {
    /// Over seeds, each against the same seed.
    pub over_seeds: Mean,
    /// Over the images that are judged by, each against itself, as a mean of all seeds: how much chance there is in which
    /// images they are.
    pub over_images: Mean,
    /// How much greater it is than by the short schedule, over seeds; of the long one alone.
    pub over_short: Option<Mean>,
}

/// What is said on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step;

impl Experiment<'_> {
    fn rows(&self, arm: Arm) -> &[usize] {
        if arm.clean { self.clean } else { self.all }
    }

    /// Steps in all.
    pub fn steps(&self) -> usize {
        let mut steps = 0;
        for (arm, epochs) in self.cells() {
            let takes = |row: &&usize| self.targets.get(**row).is_some_and(|t| arm.loss.takes(t));
            let images = self.rows(arm).iter().filter(takes).count();
            steps += self.seeds
                * Settings {
                    epochs,
                    ..self.settings
                }
                .steps(images);
        }
        steps
    }

    fn cells(&self) -> impl Iterator<Item = (Arm, usize)> {
        let of_schedule = |epochs| ARMS.map(|arm| (arm, epochs));
        self.epochs.into_iter().flat_map(of_schedule)
    }

    /// Trains all, and compares. The cells of the short schedule come first, in the order of [`ARMS`].
    ///
    /// # Errors
    /// As of [`fit()`].
    pub fn run<E: From<TrainError>>(
        &self,
        mut each: impl FnMut(Step) -> Result<(), E>,
    ) -> Result<Vec<Cell>, E> {
        let mut outcomes = Vec::new();
        for (arm, epochs) in self.cells() {
            let mut rights = Vec::with_capacity(self.seeds);
            for seed in (self.settings.seed..).take(self.seeds) {
                let settings = Settings {
                    loss: arm.loss,
                    epochs,
                    seed,
                    ..self.settings
                };
                let step = |moment: Moment<'_>| match moment {
                    Moment::Step => each(Step),
                    Moment::Epoch { .. } => Ok(()),
                };
                let rows = self.rows(arm);
                let linear = fit(
                    self.features,
                    self.targets,
                    rows,
                    self.classes,
                    &settings,
                    step,
                )?;
                rights.push(self.judge(&linear)?);
            }
            outcomes.push(Outcome {
                arm,
                epochs,
                rights,
            });
        }
        Ok(self.compare(&outcomes))
    }

    /// Which choices are right.
    fn judge(&self, linear: &Linear) -> Result<Rights, TrainError> {
        let rows: Vec<usize> = (0..self.validation.rows()).collect();
        let choices = linear.choices(self.validation, &rows)?;
        let pairs = || self.truths.iter().zip(&choices);
        let original = pairs().filter_map(|(truth, choice)| Some(truth.original? == *choice));
        let real = pairs().filter(|(truth, _)| !truth.label_set.is_empty());
        Ok(Rights {
            original: original.collect(),
            real: real
                .map(|(truth, choice)| truth.label_set.contains(choice))
                .collect(),
        })
    }

    fn compare(&self, outcomes: &[Outcome]) -> Vec<Cell> {
        let schedules = outcomes.chunks(ARMS.len());
        let short = outcomes.get(..ARMS.len()).unwrap_or_default();
        let mut cells = Vec::new();
        for (schedule, is_long) in schedules.zip([false, true]) {
            let Some(base) = schedule.first() else {
                continue;
            };
            for (at, outcome) in schedule.iter().enumerate() {
                let pair = short.get(at).zip(short.first()).filter(|_| is_long);
                let figure = |of: fn(&Rights) -> &[bool]| {
                    let against = (at > 0).then(|| base.of(of));
                    let short = pair.map(|(own, base)| (own.of(of), base.of(of)));
                    figure(&outcome.of(of), against.as_deref(), short)
                };
                cells.push(Cell {
                    arm: outcome.arm,
                    epochs: outcome.epochs,
                    images: self.rows(outcome.arm).len(),
                    original: figure(|rights| &rights.original),
                    real: figure(|rights| &rights.real),
                });
            }
        }
        cells
    }
}

/// Of each image that counts, whether the choice is right.
struct Rights {
    original: Vec<bool>,
    real: Vec<bool>,
}

/// What came of one way by one schedule: by seed.
struct Outcome {
    arm: Arm,
    epochs: usize,
    rights: Vec<Rights>,
}

/// Whether choices are right, of each image, by seed.
type BySeed<'a> = Vec<&'a [bool]>;

impl Outcome {
    fn of(&self, of: fn(&Rights) -> &[bool]) -> BySeed<'_> {
        self.rights.iter().map(of).collect()
    }
}

fn accuracies(by_seed: &[&[bool]]) -> Vec<f64> {
    let share = |rights: &&[bool]| {
        rights.iter().filter(|right| **right).count() as f64 / rights.len().max(1) as f64
    };
    by_seed.iter().map(share).collect()
}

fn differences(one: &[f64], other: &[f64]) -> Vec<f64> {
    one.iter()
        .zip(other)
        .map(|(one, other)| one - other)
        .collect()
}

/// How often each image is right, as a share of the seeds.
fn by_image(by_seed: &[&[bool]]) -> Vec<f64> {
    let mut shares = vec![0.0; by_seed.first().map_or(0, |rights| rights.len())];
    for rights in by_seed {
        for (share, right) in shares.iter_mut().zip(rights.iter()) {
            *share += f64::from(u8::from(*right)) / by_seed.len() as f64;
        }
    }
    shares
}

/// `against` and `short` are of softmax on all images, and of this way and that by the short schedule. None where no image counts.
fn figure(
    own: &[&[bool]],
    against: Option<&[&[bool]]>,
    short: Option<(BySeed<'_>, BySeed<'_>)>,
) -> Option<Figure> {
    if own.iter().all(|rights| rights.is_empty()) {
        return None;
    }
    let by_seed = accuracies(own);
    let gain = against.and_then(|base| {
        let gains = differences(&by_seed, &accuracies(base));
        let of_short = short.map(|(own, base)| differences(&accuracies(&own), &accuracies(&base)));
        Some(Gain {
            over_seeds: Mean::of(&gains)?,
            over_images: Mean::of(&differences(&by_image(own), &by_image(base)))?,
            over_short: of_short.and_then(|short| Mean::of(&differences(&gains, &short))),
        })
    });
    Some(Figure {
        mean: Mean::of(&by_seed)?,
        by_seed,
        gain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_paired_by_seed_and_by_image() {
        let base: [&[bool]; 2] = [&[true, false, false, false], &[true, true, false, false]];
        let own: [&[bool]; 2] = [&[true, true, false, false], &[true, true, true, false]];
        let short = (vec![base[0], base[1]], vec![base[0], base[1]]);
        let figure = figure(&own, Some(&base), Some(short)).unwrap();
        assert_eq!(figure.by_seed, [0.5, 0.75]);
        assert_eq!(figure.mean.mean, 0.625);
        let gain = figure.gain.unwrap();
        // A quarter more with each seed: seeds leave no doubt, images do.
        let of_seeds = gain.over_seeds.interval.unwrap();
        assert_eq!(
            (gain.over_seeds.mean, of_seeds.low, of_seeds.high),
            (0.25, 0.25, 0.25)
        );
        let of_images = gain.over_images.interval.unwrap();
        assert_eq!(gain.over_images.mean, 0.25);
        assert!(of_images.low < 0.0 && of_images.high > 0.5);
        assert_eq!(gain.over_short.unwrap().mean, 0.25);
    }

    #[test]
    fn every_way_is_trained_by_both_schedules_and_judged_by_both_measures() {
        let values: Vec<f32> = (0..20).map(|image| (image % 2) as f32).collect();
        let features = Features::new(&values, 1);
        // One label in five is wrong; the clean images are the others.
        let wrong = |image: usize| image.is_multiple_of(5);
        let targets: Vec<Vec<usize>> = (0..20)
            .map(|image| vec![(image + usize::from(wrong(image))) % 2])
            .collect();
        let all: Vec<usize> = (0..20).collect();
        let clean: Vec<usize> = (0..20).filter(|image| !wrong(*image)).collect();
        let truths: Vec<Truth> = (0..20)
            .map(|image| Truth {
                original: targets[image].first().copied(),
                label_set: if image == 0 { vec![] } else { vec![image % 2] },
            })
            .collect();
        let experiment = Experiment {
            features,
            targets: &targets,
            all: &all,
            clean: &clean,
            validation: features,
            truths: &truths,
            classes: 2,
            settings: Settings {
                loss: Loss::Softmax,
                epochs: 0,
                batch: 5,
                learning_rate: 0.1,
                weight_decay: 0.0,
                seed: 3,
            },
            epochs: [5, 20],
            seeds: 3,
        };
        let mut steps = 0;
        let cells = experiment.run(|Step| {
            steps += 1;
            Ok::<_, TrainError>(())
        });
        let cells = cells.unwrap();
        assert_eq!(steps, experiment.steps());
        assert_eq!(cells.len(), 8);
        for (at, cell) in cells.iter().enumerate() {
            assert_eq!(cell.arm, ARMS[at % 4]);
            assert_eq!(cell.epochs, [5, 20][at / 4]);
            assert_eq!(cell.images, if cell.arm.clean { 16 } else { 20 });
            let (original, real) = (cell.original.as_ref().unwrap(), cell.real.as_ref().unwrap());
            assert_eq!(real.mean.mean, 1.0, "{cell:?}");
            assert!((original.mean.mean - 0.8).abs() < 1e-12, "{cell:?}");
            assert_eq!(original.gain.is_some(), at % 4 > 0);
            let over_short = real.gain.and_then(|gain| gain.over_short);
            assert_eq!(over_short.is_some(), at > 4, "{cell:?}");
        }
    }
}
