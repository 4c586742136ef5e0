//! `relabel train`: a linear classifier on features, for predictions without a network of one's own.

#[cfg(feature = "train")]
mod curve;
#[cfg(feature = "train")]
mod grid;
#[cfg(feature = "train")]
mod held_out;
#[cfg(feature = "train")]
mod material;
#[cfg(feature = "train")]
mod plot;
#[cfg(feature = "train")]
mod single;
#[cfg(feature = "train")]
mod write;

#[cfg(feature = "train")]
use std::path::Path;
use std::path::PathBuf;

use clap::ValueEnum;

use super::context::Context;
use super::failure::Failure;

/// Options of `train`.
#[derive(Debug, clap::Args)]
#[cfg_attr(
    not(feature = "train"),
    allow(dead_code, reason = "parsed in every build, so that its help is there")
)]
pub struct Train {
    /// Features of the images to learn from: npy or npz [images, features], or Parquet with `image` and a list
    /// `features` or `embedding`, or columns of floating-point numbers
    features: PathBuf,
    #[command(flatten)]
    rows: Rows,
    /// What is made small
    #[arg(long, value_enum, default_value = "softmax")]
    loss: LossChoice,
    /// What the images are held to
    #[arg(long, value_enum, default_value = "labels")]
    targets: TargetChoice,
    /// The aggregation to take label sets from [default: the newest]
    #[arg(long, value_name = "N")]
    run: Option<i64>,
    /// Learn from the images alone that this table (image,kept) keeps
    #[arg(long, value_name = "FILE")]
    clean: Option<PathBuf>,
    /// Train once a fold of this table (image,fold), each time without the fold, and predict the fold
    #[arg(long, value_name = "FILE", conflicts_with_all = ["validation", "save"])]
    folds: Option<PathBuf>,
    #[command(flatten)]
    validation: Validation,
    #[command(flatten)]
    schedule: Schedule,
    #[command(flatten)]
    outputs: Outputs,
    #[command(flatten)]
    grid: Grid,
}

/// Which image each row of the features is.
#[derive(Debug, clap::Args)]
#[cfg_attr(not(feature = "train"), allow(dead_code, reason = "as of `Train`"))]
struct Rows {
    /// The image of each row of an array: a text file with a name a line, or a table with a column `image` [default: all
    /// images of the project in the order of their names]
    #[arg(long, value_name = "FILE")]
    images_order: Option<PathBuf>,
    /// Which array of an npz
    #[arg(long, value_name = "NAME")]
    array: Option<String>,
}

/// What the classifier is judged by.
#[derive(Debug, clap::Args)]
#[cfg_attr(not(feature = "train"), allow(dead_code, reason = "as of `Train`"))]
struct Validation {
    /// Features of images to judge by, whose labels and label sets the project has
    #[arg(long, value_name = "FILE")]
    validation: Option<PathBuf>,
    /// Which array of an npz
    #[arg(long, value_name = "NAME", requires = "validation")]
    validation_array: Option<String>,
    /// The image of each row of these, as --images-order
    #[arg(long, value_name = "FILE", requires = "validation")]
    validation_order: Option<PathBuf>,
}

/// How it is learnt.
#[derive(Debug, clap::Args)]
#[cfg_attr(not(feature = "train"), allow(dead_code, reason = "as of `Train`"))]
struct Schedule {
    /// How often each image is looked at
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Images a step
    #[arg(long, default_value_t = 128, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// The learning rate of the first step; it falls to 0 by half a cosine
    #[arg(long, default_value_t = 0.003, value_name = "X", value_parser = positive)]
    learning_rate: f64,
    /// Share of the weights that goes at each step, times the learning rate
    #[arg(long, default_value_t = 0.01, value_name = "X", value_parser = not_negative)]
    weight_decay: f64,
    /// Same seed, same classifier
    #[arg(long, default_value_t = 0, value_name = "N")]
    seed: u64,
}

/// What is written.
#[derive(Debug, clap::Args)]
#[cfg_attr(not(feature = "train"), allow(dead_code, reason = "as of `Train`"))]
struct Outputs {
    /// Write logits, float32 npy [images, classes]: with --folds of all images, each by the classifier that did not see
    /// it; else of the validation images
    #[arg(short, long, value_name = "FILE.npy")]
    output: Option<PathBuf>,
    /// Write the image of each row there, a name a line
    #[arg(long, value_name = "FILE", requires = "output")]
    write_order: Option<PathBuf>,
    /// Write the classifier: safetensors with `weight` [classes, features] and `bias` [classes]
    #[arg(long, value_name = "FILE.safetensors")]
    save: Option<PathBuf>,
    /// Draw the learning curve, or what --grid found
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
}

/// The paper's experiment.
#[derive(Debug, clap::Args)]
#[cfg_attr(not(feature = "train"), allow(dead_code, reason = "as of `Train`"))]
struct Grid {
    /// Compare softmax and sigmoid on all and on clean images, by a short and by a long schedule, over seeds
    #[arg(long, requires = "validation", requires = "clean", conflicts_with_all = ["folds", "output", "save", "loss", "epochs"])]
    grid: bool,
    /// Epochs of the short schedule
    #[arg(long, default_value_t = 10, value_name = "N", requires = "grid", value_parser = clap::value_parser!(u32).range(1..))]
    short: u32,
    /// Epochs of the long schedule
    #[arg(long, default_value_t = 100, value_name = "N", requires = "grid", value_parser = clap::value_parser!(u32).range(1..))]
    long: u32,
    /// How many seeds, from --seed on
    #[arg(long, default_value_t = 5, value_name = "N", requires = "grid", value_parser = clap::value_parser!(u32).range(2..))]
    seeds: u32,
}

/// What is made small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LossChoice {
    /// Cross-entropy: the classes share out one image
    Softmax,
    /// Binary cross-entropy of each class by itself: several may be in an image
    Sigmoid,
}

/// What images are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
enum TargetChoice {
    /// Their original labels
    Labels,
    /// Their label sets; images without questions keep their original label
    Sets,
}

fn positive(text: &str) -> Result<f64, String> {
    let number = not_negative(text)?;
    match number > 0.0 {
        true => Ok(number),
        false => Err("expected a number above 0".to_owned()),
    }
}

fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok();
    let number = number.filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "expected a number from 0".to_owned())
}

/// Runs the command.
#[cfg(not(feature = "train"))]
pub fn run(_: &Train, _: &Context) -> Result<(), Failure> {
    Err(super::feature::missing("train", "train"))
}

/// Runs the command.
#[cfg(feature = "train")]
pub fn run(options: &Train, context: &Context) -> Result<(), Failure> {
    options.check()?;
    let context = &options.check_outputs(context)?;
    let store = context.open()?;
    match options {
        options if options.grid.grid => grid::run(options, &store, context),
        Train {
            folds: Some(folds), ..
        } => held_out::run(folds, options, &store, context),
        _ => single::run(options, &store, context),
    }
}

#[cfg(feature = "train")]
impl Train {
    fn check(&self) -> Result<(), Failure> {
        let outputs = &self.outputs;
        let predicts = self.folds.is_some() || self.validation.validation.is_some();
        if outputs.output.is_some() && !predicts {
            return Err(Failure::usage("-o writes predictions of images that were not learnt from")
                .hint("say which with --folds FILE or --validation FILE; the classifier itself goes to --save FILE.safetensors"));
        }
        Ok(())
    }

    /// Before the hour that it may take.
    fn check_outputs(&self, context: &Context) -> Result<Context, Failure> {
        let (outputs, validation) = (&self.outputs, &self.validation);
        let read = [
            &self.rows.images_order,
            &self.clean,
            &self.folds,
            &validation.validation,
            &validation.validation_order,
        ];
        let read = read.into_iter().filter_map(|file| file.as_deref());
        let inputs: Vec<&Path> = [self.features.as_path()].into_iter().chain(read).collect();
        let outputs = crate::cli::output::Outputs {
            places: &[
                ("-o", outputs.output.as_deref()),
                ("--write-order", outputs.write_order.as_deref()),
                ("--save", outputs.save.as_deref()),
                ("--plot", outputs.plot.as_deref()),
            ],
            inputs: &inputs,
            prints_figures: true,
        };
        outputs.check(context)
    }

    fn settings(&self) -> crate::train::Settings {
        use crate::train::{Loss, Settings};
        Settings {
            loss: match self.loss {
                LossChoice::Softmax => Loss::Softmax,
                LossChoice::Sigmoid => Loss::Sigmoid,
            },
            epochs: self.schedule.epochs as usize,
            batch: self.schedule.batch as usize,
            learning_rate: self.schedule.learning_rate,
            weight_decay: self.schedule.weight_decay,
            seed: self.schedule.seed,
        }
    }
}
