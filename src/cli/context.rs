use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use jiff::Timestamp;

use super::failure::Failure;
use super::output::{Contents, to_stdout};
use crate::domain::Classes;
use crate::hierarchy::{Edge, HeadingRow, Hierarchy, NodeName};
use crate::store::Store;
use crate::text::{message, printable, thousands};

/// How figures are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Tables and sentences.
    Text,
    /// One JSON object.
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The options that every command shares.
#[derive(Debug, Clone, clap::Args)]
pub struct Context {
    /// The project file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "RELABEL_PROJECT",
        default_value = "relabel.db",
        hide_env_values = true
    )]
    pub project: PathBuf,
    /// Whether the command line itself names the project file.
    #[arg(skip)]
    pub project_named: bool,
    /// Whether stdout is for an output of the command, so that figures go to stderr.
    #[arg(skip)]
    pub stdout_taken: bool,
    /// How figures are printed
    #[arg(long, global = true, value_enum, default_value = "text")]
    pub format: OutputFormat,
    /// Say nothing but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colour
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        value_name = "WHEN"
    )]
    pub color: ColorChoice,
}

impl Context {
    /// Opens the project. Where it cannot be written, that is said, and it can be read.
    pub fn open(&self) -> Result<Store, Failure> {
        let store = Store::open(&self.project)?;
        if let Some(trouble) = store.kept_from_writing() {
            self.say(format!(
                "{} cannot be written ({trouble}): it is only read, nothing is kept",
                shown(&self.project)
            ));
        }
        Ok(store)
    }

    /// Says something to the user, on stderr, unless told to be quiet.
    pub fn say(&self, line: impl AsRef<str>) {
        if !self.quiet {
            // Nothing can be done about a stderr that is gone.
            let _ = writeln!(std::io::stderr(), "{}", message(line.as_ref()));
        }
    }

    /// Says something that only `-v` asks for.
    pub fn say_more(&self, line: impl AsRef<str>) {
        if self.verbose {
            self.say(line);
        }
    }

    /// Prints lines to stdout.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        if self.stdout_taken {
            text.lines().for_each(|line| self.say(line));
            return Ok(());
        }
        self.put(text, Contents::Text)
    }

    /// Prints an object to stdout.
    pub fn print_json(&self, value: &impl serde::Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Failure::failed(error.to_string()))?;
        self.put(&text, Contents::Json)
    }

    fn put(&self, text: &str, contents: Contents) -> Result<(), Failure> {
        to_stdout(contents, self, |out| Ok(writeln!(out, "{text}")?))
    }

    /// Whether JSON is asked for.
    pub fn json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Whether colour is wanted on the screen.
    pub fn color(&self) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                std::io::stdout().is_terminal()
                    && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }

    /// The columns of the terminal that stdout is, if a person reads it there; no figure of JSON is for that.
    pub fn columns(&self) -> Option<usize> {
        let reads = !self.json()
            && std::io::stdout().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        let (columns, _) = reads.then(crossterm::terminal::size)?.ok()?;
        Some(usize::from(columns))
    }

    /// A sign on stderr that work without countable steps goes on; silent when quiet or not on a terminal.
    pub fn waiting(&self, label: &'static str) -> indicatif::ProgressBar {
        let bar = self.progress(label, 0);
        if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        // A hidden one needs no thread.
        if !bar.is_hidden() {
            bar.enable_steady_tick(std::time::Duration::from_millis(100));
        }
        bar
    }

    /// A bar on stderr for `length` steps (0: unknown), silent when quiet or not on a terminal.
    pub fn progress(&self, label: &'static str, length: u64) -> indicatif::ProgressBar {
        use indicatif::{
            ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressState, ProgressStyle,
        };
        if self.quiet || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let (bar, template) = match length {
            0 => (
                ProgressBar::new_spinner(),
                "{spinner} {msg} {human_pos}, {rate}",
            ),
            _ => (
                ProgressBar::new(length),
                "{msg} {wide_bar} {human_pos} of {human_len}, {rate}, {eta} left",
            ),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{}/s", thousands(state.per_sec().round() as u64));
            };
            bar.set_style(style.with_key("rate", rate));
        }
        // However the work ends.
        let bar = bar
            .with_message(label)
            .with_finish(ProgressFinish::AndClear);
        super::interrupt::clears(&bar);
        bar
    }
}

/// The time now, in Unix milliseconds.
pub fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Bytes, with `k` for thousands, `M` for millions or `G` for thousands of millions of them.
pub fn parse_bytes(text: &str) -> Result<usize, String> {
    let (number, factor) = match text.trim_end_matches(['k', 'K', 'M', 'G']) {
        number if number.len() + 1 < text.len() => ("", 1),
        number if text.ends_with(['k', 'K']) => (number, 1_000),
        number if text.ends_with('M') => (number, 1_000_000),
        number if text.ends_with('G') => (number, 1_000_000_000),
        number => (number, 1),
    };
    let bytes = number
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_mul(factor));
    bytes
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected bytes, such as 64k, 2M or 50000".to_owned())
}

/// A path's text for a message: on one line, whatever it is made of.
pub fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

/// The hierarchy that the project holds.
pub fn load_hierarchy(store: &Store, classes: &Classes) -> Result<Hierarchy, Failure> {
    let edges = store.hypernyms()?.into_iter();
    let names = store.synsets()?.into_iter();
    let headings = store.headings()?.into_iter();
    Hierarchy::new(
        classes,
        edges
            .map(|(child, parent, rank)| Edge {
                child,
                parent,
                rank,
                row: None,
            })
            .collect(),
        names.map(|(id, name)| NodeName { id, name }).collect(),
        headings
            .map(|(node, title)| HeadingRow {
                node,
                title,
                row: None,
            })
            .collect(),
    )
    .map_err(|error| Failure::failed(format!("the project's hierarchy is damaged: {error}")))
}
