//! `relabel audit …`: a spot check of given labels that may be looked at as often as one likes.

mod given;
mod names;
mod plan;
mod result;
mod review;

use super::context::Context;
use super::failure::Failure;
use crate::live::audit::LiveAudit;
use crate::store::Store;

/// What to do with an audit.
#[derive(Debug, clap::Subcommand)]
pub enum Audit {
    /// Draw the labels that are to be looked at
    #[command(
        after_help = "Examples:\n  relabel audit plan\n  relabel audit plan --of label-sets --by score --tolerance 0.02 --name sets\n  relabel audit plan --of delivered.csv --seed 7"
    )]
    Plan(plan::Plan),
    /// Look at the labels drawn: is each one right? Ends by itself once the question is settled
    #[command(
        after_help = "Examples:\n  relabel audit review --rater ada\n  relabel audit review --rater ada --name sets"
    )]
    Review(review::AuditReview),
    /// Say what the answers so far are worth, and whether to go on
    #[command(
        after_help = "Examples:\n  relabel audit result\n  relabel audit result --list\n  relabel audit result --format json"
    )]
    Result(result::AuditResult),
    /// List the audits of the project
    #[command(after_help = "Examples:\n  relabel audit list\n  relabel audit list --format json")]
    List,
    /// Give an audit another name
    #[command(
        after_help = "Examples:\n  relabel audit rename audit spring\nAnswers stay with it. Copies learn of the name when they are merged."
    )]
    Rename(names::Rename),
    /// Remove an audit that nobody has answered in
    #[command(
        after_help = "Examples:\n  relabel audit remove spring\nIt comes back with a copy that has it still."
    )]
    Remove(names::Remove),
}

/// Runs the command.
pub fn run(audit: &Audit, context: &Context) -> Result<(), Failure> {
    match audit {
        Audit::Plan(options) => plan::run(options, context),
        Audit::Review(options) => review::run(options, context),
        Audit::Result(options) => result::run(options, context),
        Audit::List => names::list(context),
        Audit::Rename(options) => names::rename(options, context),
        Audit::Remove(options) => names::remove(options, context),
    }
}

/// The audit of this name.
fn open(store: &Store, name: &str) -> Result<LiveAudit, Failure> {
    if let Some(audit) = LiveAudit::open(store, name)? {
        return Ok(audit);
    }
    Err(unknown(store, name)?)
}

/// There is no audit of this name.
fn unknown(store: &Store, name: &str) -> Result<Failure, Failure> {
    let failure = Failure::failed(format!("there is no audit {name:?}"));
    let others = store.audit_names()?;
    Ok(match others.is_empty() {
        true => failure.hint("plan one with `relabel audit plan`"),
        false => failure.hint(format!("--name takes one of: {}", others.join(", "))),
    })
}
