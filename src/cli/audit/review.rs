//! `relabel audit review`: the review screen, asking whether given labels are right.

use super::open;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::review::{PictureOptions, review_audit};

/// Options of `audit review`.
#[derive(Debug, clap::Args)]
pub struct AuditReview {
    /// Which audit
    #[arg(long, default_value = "audit", value_name = "NAME")]
    name: String,
    /// Who looks; a new name becomes an auditor [default: the user's name]
    #[arg(long, value_name = "NAME")]
    rater: Option<String>,
    /// Show images with their names, which may give their labels away, and not by number
    #[arg(long)]
    names: bool,
    #[command(flatten)]
    pictures: PictureOptions,
}

/// Runs the command.
pub fn run(options: &AuditReview, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let audit = open(&store, &options.name)?;
    review_audit(
        store,
        audit,
        options.rater.as_deref(),
        options.names,
        &options.pictures,
        context,
    )
}
