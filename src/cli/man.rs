//! `relabel man`: manual pages.

use std::path::PathBuf;

use clap_mangen::Man as Page;

use super::context::{Context, shown};
use super::failure::Failure;

/// Options of `man`.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// The page of this command, such as `audit plan` [default: of the program]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    of: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Runs the command.
pub fn run(options: &Man, context: &Context) -> Result<(), Failure> {
    let mut program = super::command();
    // Names of pages and usage lines are whole: relabel-audit-plan(1), relabel audit plan.
    program.build();
    if let Some(dir) = &options.dir {
        let written =
            std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(program, dir));
        written.map_err(|error| {
            Failure::failed(format!("cannot write pages into {}: {error}", shown(dir)))
        })?;
        context.say(format!("{}: the pages are written", shown(dir)));
        return Ok(());
    }
    let mut command = &program;
    for name in &options.of {
        command = command.find_subcommand(name).ok_or_else(|| {
            Failure::usage(format!("{} has no command {name:?}", command.get_name()))
                .hint("`relabel --help` names all commands")
        })?;
    }
    let mut page = Vec::new();
    Page::new(command.clone()).render(&mut page)?;
    context.print(String::from_utf8_lossy(&page).trim_end())
}
