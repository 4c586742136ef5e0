//! A linear classifier on features: fitted, judged, compared over seeds.
//!
//! Pure: takes slices, returns values; every random choice comes from a seed that is an argument. Imports consensus, for
//! intervals. Tensors and gradients are candle's, on the CPU.
//!
//! - [`Features`]: the features of images, a row each
//! - [`Linear`]: the classifier
//! - [`fit()`]: mini-batches, AdamW, schedule
//! - [`Loss`]: softmax or sigmoid
//! - [`grid`]: loss × cleaning × schedule, over seeds
//! - [`mean`]: means with Student's interval

pub mod fit;
pub mod grid;
mod linear;
mod loss;
pub mod mean;

pub use fit::{Moment, Settings, fit};
pub use linear::{Linear, first_choice};
pub use loss::Loss;

/// Features of images, row by row: [images, columns].
#[derive(Debug, Clone, Copy)]
pub struct Features<'a> {
    values: &'a [f32],
    columns: usize,
}

impl<'a> Features<'a> {
    /// `values` are whole rows of `columns` numbers each; what is less than a row at the end does not count.
    pub fn new(values: &'a [f32], columns: usize) -> Features<'a> {
        Features {
            values,
            columns: columns.max(1),
        }
    }

    /// Features an image.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Images.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// The features of an image; nothing where there is no such row.
    pub fn row(&self, row: usize) -> &'a [f32] {
        let start = row.saturating_mul(self.columns);
        let end = start.saturating_add(self.columns);
        self.values.get(start..end).unwrap_or_default()
    }
}

/// Why nothing was learnt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// No image has a target.
    #[error("there is no image to learn from")]
    NothingToLearnFrom,
    /// The loss is infinite or no number.
    #[error("epoch {epoch}: the loss is no finite number any more")]
    Diverged {
        /// The epoch, from 1.
        epoch: usize,
    },
    /// The tensor library refuses.
    #[error("{0}")]
    Library(String),
}

impl From<candle_core::Error> for TrainError {
    fn from(error: candle_core::Error) -> TrainError {
        // Without a backtrace, on one line.
        let words = error.to_string();
        TrainError::Library(words.lines().next().unwrap_or_default().to_owned())
    }
}
