//! `relabel man`: manual pages.

use std::path::{Path, PathBuf};

use clap_mangen::Man as Page;

use super::context::{Context, shown};
use super::failure::Failure;
use super::output::{Contents, in_words, put};

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
        std::fs::create_dir_all(dir).map_err(|error| {
            let why = in_words(&error);
            Failure::failed(format!("cannot make the folder {}: {why}", shown(dir)))
                .hint("choose another folder")
        })?;
        let mut program = super::command().disable_help_subcommand(true);
        program.build();
        write_pages(&program, dir, context)?;
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

/// A page for a command and each below it.
fn write_pages(command: &clap::Command, dir: &Path, context: &Context) -> Result<(), Failure> {
    let page = Page::new(command.clone());
    put(
        &dir.join(page.get_filename()),
        Contents::Text,
        context,
        |out| Ok(page.render(out)?),
    )?;
    let below = command.get_subcommands();
    below
        .filter(|command| !command.is_hide_set())
        .try_for_each(|command| write_pages(command, dir, context))
}
