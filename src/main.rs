//! The `relabel` program: parse, run, exit code.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Err(failure) = relabel::cli::run(&relabel::cli::Cli::of_process()) else {
        return ExitCode::SUCCESS;
    };
    for line in failure.lines() {
        // A stderr that is gone has no reader to tell.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    ExitCode::from(failure.exit_code())
}
