//! Arguments of the process, and messages about wrong ones.
//! Arguments are text from outside, which the parser repeats raw.

use std::io::Write;

use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, CommandFactory};

use super::Cli;
use super::failure::Failure;
use super::output::stdout_failure;
use crate::text::{message, printable};

/// The arguments of this process; ends it with a message where they make no sense, and after help.
pub fn of_process() -> ArgMatches {
    let parsed = Cli::command().try_get_matches();
    parsed.unwrap_or_else(|error| end(error))
}

/// Prints what the parser says, and ends the process.
pub fn end(mut error: clap::Error) -> ! {
    let code = error.exit_code();
    if !error.use_stderr() {
        // Help and version.
        let printed = error.print().and_then(|()| std::io::stdout().flush());
        let failure = printed.err().map(|error| stdout_failure(&error));
        std::process::exit(failure.map_or(code, |failure| told(&failure)));
    }
    if std::env::args_os().all(|word| is_plain(&word.to_string_lossy())) {
        error.exit();
    }
    make_printable(&mut error);
    let text = error.render().to_string();
    for line in text.lines() {
        // A stderr that is gone has no reader to tell.
        let _ = writeln!(std::io::stderr(), "{}", message(line));
    }
    std::process::exit(code)
}

/// Prints a failure; its exit code.
fn told(failure: &Failure) -> i32 {
    for line in failure.lines() {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    i32::from(failure.exit_code())
}

fn is_plain(word: &str) -> bool {
    printable(word) == word
}

/// The parser drops escapes from what it prints without colours, so that they are made visible before.
fn make_printable(error: &mut clap::Error) {
    let shown = |text: &String| printable(text).into_owned();
    let told: Vec<(ContextKind, ContextValue)> = error
        .context()
        .filter_map(|(kind, value)| {
            let value = match value {
                ContextValue::String(text) => ContextValue::String(shown(text)),
                ContextValue::Strings(texts) => {
                    ContextValue::Strings(texts.iter().map(shown).collect())
                }
                // Advice that repeats the argument in colours.
                ContextValue::StyledStrs(_) => ContextValue::StyledStrs(Vec::new()),
                _ => return None,
            };
            Some((kind, value))
        })
        .collect();
    for (kind, value) in told {
        error.insert(kind, value);
    }
}
