//! `relabel rater`: who votes.

use super::context::Context;
use super::failure::Failure;
use super::table::table;
use crate::domain::{Role, normal_name};

/// What to do with raters.
#[derive(Debug, clap::Subcommand)]
pub enum Rater {
    /// Add a rater
    #[command(
        after_help = "Examples:\n  relabel rater add alice\n  relabel rater add dora --role adjudicator"
    )]
    Add {
        /// Unique name
        name: String,
        /// rater, expert (votes make gold), adjudicator (sees all votes and decides disputes) or auditor (counts towards no label set)
        #[arg(long, default_value = "rater")]
        role: Role,
    },
    /// List the raters
    #[command(after_help = "Examples:\n  relabel rater list\n  relabel rater list --format json")]
    List,
}

/// Runs the command.
pub fn run(rater: &Rater, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    match rater {
        Rater::Add { name, role } => {
            let name = normal_name(name);
            if name.is_empty() {
                return Err(Failure::usage("a rater needs a name"));
            }
            if let Some(known) = store.rater_named(&name)? {
                return Err(Failure::failed(format!(
                    "{name:?} is known already, as {}",
                    known.role
                )));
            }
            store.add_rater(&name, *role)?;
            context.say(format!("{name:?} is added as {role}"));
            Ok(())
        }
        Rater::List => {
            let raters = store.raters()?;
            if context.json() {
                let list: Vec<_> = raters
                    .iter()
                    .map(
                        |rater| serde_json::json!({"rater": rater.name, "role": rater.role.word()}),
                    )
                    .collect();
                return context.print_json(&list);
            }
            let rows = raters
                .into_iter()
                .map(|rater| vec![rater.name, rater.role.to_string()])
                .collect();
            context.print(&table(&["rater", "role"], &[], rows))
        }
    }
}
