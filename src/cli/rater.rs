//! `relabel rater`: who votes.

use comfy_table::{Table, presets};

use super::context::Context;
use super::failure::Failure;
use crate::domain::Role;
use crate::text::printable;

/// What to do with raters.
#[derive(Debug, clap::Subcommand)]
pub enum Rater {
    /// Adds a rater
    Add {
        /// Unique name
        name: String,
        /// rater, expert (votes make gold), adjudicator (sees all votes) or auditor
        #[arg(long, default_value = "rater")]
        role: Role,
    },
    /// Lists the raters
    List,
}

/// Runs the command.
pub fn run(rater: &Rater, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    match rater {
        Rater::Add { name, role } => {
            if let Some(known) = store.rater(name)? {
                return Err(Failure::failed(format!("{name:?} is known already, as {}", known.role)));
            }
            store.add_rater(name, *role)?;
            context.say(format!("{name:?} is added as {role}"));
            Ok(())
        }
        Rater::List => {
            let raters = store.raters()?;
            if context.json() {
                let list: Vec<_> = raters
                    .iter()
                    .map(|rater| serde_json::json!({"rater": rater.name, "role": rater.role.word()}))
                    .collect();
                return context.print_json(&list);
            }
            let mut table = Table::new();
            table.load_preset(presets::NOTHING).set_header(["rater", "role"]);
            for rater in raters {
                table.add_row([printable(&rater.name).as_ref(), rater.role.word()]);
            }
            context.print(&table.to_string())
        }
    }
}
