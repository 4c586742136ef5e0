//! Files that commands write.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::context::{Context, shown};
use super::failure::Failure;
use crate::formats::export::Formulas;

/// How CSV treats what a spreadsheet would run.
#[derive(Debug, clap::Args)]
pub struct CellOptions {
    /// CSV: put an apostrophe before cells that a spreadsheet would run as formulas
    #[arg(long)]
    defuse: bool,
}

impl CellOptions {
    /// For a file that is CSV or not, it is a slip of the pen or not.
    pub fn check(&self, is_csv: bool) -> Result<(), Failure> {
        match self.defuse && !is_csv {
            true => Err(Failure::usage(
                "--defuse is for CSV: nothing else is run by a spreadsheet",
            )),
            false => Ok(()),
        }
    }

    /// What becomes of formulas.
    pub fn formulas(&self) -> Formulas {
        match self.defuse {
            true => Formulas::Defused,
            false => Formulas::Kept,
        }
    }
}

/// Writes a file, which takes its place when it is complete.
pub fn to_file(
    path: &Path,
    context: &Context,
    write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Beside its place first: a failed export leaves the former file as it was.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("cannot write {}: {error}", shown(path)))
    };
    let folder = folder.unwrap_or(Path::new("."));
    // Asked first: the error of the temporary file would name a path that nobody gave.
    std::fs::metadata(folder).map_err(|error| cannot(&error))?;
    let aside = tempfile::NamedTempFile::new_in(folder).map_err(|error| cannot(&error))?;
    let mut out = BufWriter::new(aside.as_file());
    write(&mut out)?;
    out.flush().map_err(|error| cannot(&error))?;
    drop(out);
    let file = aside.persist(path).map_err(|error| cannot(&error))?;
    readable_by_all(&file).map_err(|error| cannot(&error))?;
    context.say(format!("{} is written", shown(path)));
    Ok(())
}

/// Writes a file, or to stdout without one.
pub fn to_file_or_stdout(
    path: Option<&Path>,
    context: &Context,
    write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match path {
        Some(path) => to_file(path, context, |out| write(out)),
        None => {
            let mut out = BufWriter::new(std::io::stdout());
            write(&mut out)?;
            Ok(out.flush()?)
        }
    }
}

/// Temporary files are the user's alone; an export is an ordinary file.
#[cfg(unix)]
fn readable_by_all(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> std::io::Result<()> {
    Ok(())
}
