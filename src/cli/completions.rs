//! `relabel completions`: what a shell needs to complete commands and options.

use clap_complete::{Shell, generate};

use super::context::Context;
use super::failure::Failure;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Of which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub fn run(options: &Completions, context: &Context) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(options.shell, &mut super::command(), "relabel", &mut script);
    context.print(String::from_utf8_lossy(&script).trim_end())
}
