//! `relabel import …`: files become images, labels, predictions, proposals and votes; all of a file or nothing.

mod coco;
mod files;
mod folds;
mod images;
mod label_studio;
mod labels;
mod names;
mod order;
mod placing;
mod predictions;
mod proposals;
mod rows;
mod twins;
mod unknown;
mod votes;

use super::context::Context;
use super::failure::Failure;

pub use folds::read_groups;
#[cfg(feature = "train")]
pub use folds::{read_folds, read_kept};
pub use images::{Images, import_images};
pub use label_studio::RUN;
pub use labels::{Labels, import_labels};
pub use names::{ImageNames, find_class};
#[cfg(feature = "train")]
pub use order::RowOrder;
pub use proposals::{Proposals, import_proposals};
pub use rows::{BadRows, RowProblem, take_rows};
pub use votes::{Votes, import_votes};

/// What to import.
#[derive(Debug, clap::Subcommand)]
pub enum Import {
    /// Images of a folder (recursive), one picture file, or those that a CSV or JSONL file lists
    #[command(
        after_help = "Examples:\n  relabel import images photos/\n  relabel import images list.csv   (columns image, path)"
    )]
    Images(images::Images),
    /// Original labels: CSV, JSONL or Parquet with image,label; COCO's JSON; a folder whose folders name classes
    #[command(
        after_help = "Examples:\n  relabel import labels labels.csv\n  relabel import labels photos/             (photos/tabby/a.jpg, photos/n02123045/b.jpg)\n  relabel import labels instances.json\nA label is an index, a WordNet id or a name."
    )]
    Labels(Labels),
    /// A model's predictions: a matrix (npy, npz) or a table image,label,score (CSV, JSONL, Parquet)
    #[command(
        after_help = "Examples:\n  relabel import predictions resnet50.npy --model resnet50 --images-order images.txt\n  relabel import predictions vit.parquet --model vit --kind probabilities\nThe file stays where it is; `relabel propose` reads it again."
    )]
    Predictions(predictions::Predictions),
    /// Proposals that exist already: CSV, JSONL or Parquet with image,label[,source][,score]; Label Studio's or COCO's JSON
    #[command(
        after_help = "Examples:\n  relabel import proposals proposals.csv\n  relabel import proposals one-model.jsonl --source resnet50"
    )]
    Proposals(Proposals),
    /// Votes: CSV, JSONL or Parquet with image,label,rater,answer[,at][,round]; Label Studio's JSON; the npz of the ReaL release
    #[command(
        after_help = "Examples:\n  relabel import votes crowd.csv\n  relabel import votes experts.csv --round gold --role expert\n  relabel import votes label-studio.json --not-chosen nothing"
    )]
    Votes(Votes),
}

/// Runs the command.
pub fn run(import: &Import, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    match import {
        Import::Images(options) => import_images(&store, options, context),
        Import::Labels(options) => import_labels(&store, options, context),
        Import::Predictions(options) => predictions::import_predictions(&store, options, context),
        Import::Proposals(options) => import_proposals(&store, options, context),
        Import::Votes(options) => import_votes(&store, options, context),
    }
}
