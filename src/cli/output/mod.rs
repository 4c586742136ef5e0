//! Files that commands write, and stdout: whole or not at all, never over the project, nothing raw on a terminal.

mod draft;
mod failures;
mod place;
mod safe;

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use super::context::{Context, shown};
use super::failure::Failure;
use crate::formats::export::Formulas;

use draft::Draft;
use failures::cannot;
use place::{Place, refuse_stdout_of_project};
use safe::TerminalSafe;

pub use failures::{in_words, stdout_failure};
pub use place::is_same_file;

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

    /// Returns the treatment of formulas.
    pub fn formulas(&self) -> Formulas {
        match self.defuse {
            true => Formulas::Defused,
            false => Formulas::Kept,
        }
    }
}

/// Kind of content in an output. It decides how a terminal shows the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Lines of text: control characters are shown as escapes.
    Text,
    /// CSV: so are line ends within quotes.
    Csv,
    /// JSON, which has escapes of its own.
    Json,
    /// Nothing for a terminal.
    Bytes,
}

/// Buffered channel for writers.
pub type Sink<'a> = BufWriter<Channel<'a>>;

/// An output that is open.
pub struct Channel<'a> {
    kind: ChannelKind<'a>,
    /// The first error, for the words that name the place.
    failed: Option<io::Error>,
}

enum ChannelKind<'a> {
    Plain(Box<dyn Write + Send + 'a>),
    Terminal(TerminalSafe<Box<dyn Write + Send + 'a>>),
}

impl<'a> Channel<'a> {
    fn plain(out: impl Write + Send + 'a) -> Channel<'a> {
        Channel {
            kind: ChannelKind::Plain(Box::new(out)),
            failed: None,
        }
    }

    /// Wraps a stream that may be a terminal.
    fn shown(out: impl Write + IsTerminal + Send + 'a, contents: Contents) -> Channel<'a> {
        if !out.is_terminal() {
            return Channel::plain(out);
        }
        Channel {
            kind: ChannelKind::Terminal(TerminalSafe::new(Box::new(out), contents)),
            failed: None,
        }
    }

    fn noted<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &outcome
            && error.kind() != io::ErrorKind::Interrupted
            && self.failed.is_none()
        {
            self.failed = Some(match error.raw_os_error() {
                Some(number) => io::Error::from_raw_os_error(number),
                None => io::Error::new(error.kind(), error.to_string()),
            });
        }
        outcome
    }
}

impl Write for Channel<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let outcome = match &mut self.kind {
            ChannelKind::Plain(out) => out.write(bytes),
            ChannelKind::Terminal(out) => out.write(bytes),
        };
        self.noted(outcome)
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = match &mut self.kind {
            ChannelKind::Plain(out) => out.flush(),
            ChannelKind::Terminal(out) => out.flush(),
        };
        self.noted(outcome)
    }
}

/// Writes into a channel to its end. An error of the channel itself is told by `refused`.
fn fill<'a>(
    channel: Channel<'a>,
    context: &Context,
    refused: impl Fn(&io::Error) -> Failure,
    write: impl FnOnce(&mut Sink<'a>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut sink = BufWriter::with_capacity(1 << 16, channel);
    let written = write(&mut sink);
    let flushed = written.and_then(|()| sink.flush().map_err(|error| refused(&error)));
    // Without another flush: what could not be written is not tried again.
    let (channel, _) = sink.into_parts();
    if let Some(error) = &channel.failed {
        return Err(refused(error));
    }
    flushed?;
    if let ChannelKind::Terminal(safe) = channel.kind
        && safe.finish().map_err(|error| refused(&error))?
    {
        context.say("control characters are shown as escapes on a terminal; -o FILE and pipes get them as they are");
    }
    Ok(())
}

/// Writes a file, which takes its place when it is complete; pipes and devices are written through, `-` is stdout.
pub fn to_file(
    path: &Path,
    contents: Contents,
    context: &Context,
    write: impl FnOnce(&mut Sink<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    match put(path, contents, context, write)? {
        Place::Stdout | Place::Stderr => {}
        Place::File { .. } | Place::Through(_) => {
            context.say(format!("{} is written", shown(path)));
        }
    }
    Ok(())
}

/// As [`to_file`], without a word of it.
pub fn put(
    path: &Path,
    contents: Contents,
    context: &Context,
    write: impl FnOnce(&mut Sink<'_>) -> Result<(), Failure>,
) -> Result<Place, Failure> {
    let place = Place::of(path, &context.project)?;
    let refused = |error: &io::Error| cannot(path, error);
    match &place {
        Place::Stdout => to_stdout(contents, context, write)?,
        Place::Stderr => fill(
            Channel::shown(io::stderr(), contents),
            context,
            refused,
            write,
        )?,
        Place::Through(_) => {
            let channel = through(path, contents)?;
            fill(channel, context, refused, write)?;
        }
        Place::File { path: real, before } => {
            let draft = Draft::of(real, before.as_ref()).map_err(|error| cannot(path, &error))?;
            fill(Channel::plain(draft.file()), context, refused, write)?;
            draft.keep().map_err(|error| cannot(path, &error))?;
            say_hard_links(path, before.as_ref(), context);
        }
    }
    Ok(place)
}

/// Writes to stdout. A terminal is shown what it would act on, and gets no bytes.
pub fn to_stdout(
    contents: Contents,
    context: &Context,
    write: impl FnOnce(&mut Sink<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    refuse_stdout_of_project(&context.project)?;
    refuse_bytes(&io::stdout(), contents)?;
    let channel = Channel::shown(io::stdout(), contents);
    fill(channel, context, stdout_failure, write)
}

/// Writes a file, or to stdout without one.
pub fn to_file_or_stdout(
    path: Option<&Path>,
    contents: Contents,
    context: &Context,
    write: impl FnOnce(&mut Sink<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    to_file(path.unwrap_or(Path::new("-")), contents, context, write)
}

/// Bytes of an image or a table of numbers would be noise.
fn refuse_bytes(out: &impl IsTerminal, contents: Contents) -> Result<(), Failure> {
    match contents == Contents::Bytes && out.is_terminal() {
        true => Err(
            Failure::usage("bytes of this format are not for a terminal")
                .hint("name a file with -o FILE"),
        ),
        false => Ok(()),
    }
}

/// Opens a pipe, a device or a socket, or what this process was given open.
fn through(path: &Path, contents: Contents) -> Result<Channel<'static>, Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let found = std::fs::metadata(path).map_err(|error| cannot(path, &error))?;
        if found.file_type().is_socket() && !path.starts_with("/dev/fd") {
            let socket = std::os::unix::net::UnixStream::connect(path);
            return Ok(Channel::plain(
                socket.map_err(|error| cannot(path, &error))?,
            ));
        }
    }
    // Nothing is cut off: what was given open may hold something already.
    let file = File::options().append(true).open(path);
    let file = file.map_err(|error| cannot(path, &error))?;
    refuse_bytes(&file, contents)?;
    Ok(Channel::shown(file, contents))
}

/// The former file is left to its other names.
#[cfg(unix)]
fn say_hard_links(path: &Path, before: Option<&std::fs::Metadata>, context: &Context) {
    use std::os::unix::fs::MetadataExt;
    if before.is_some_and(|before| before.nlink() > 1) {
        context.say(format!(
            "{} was a hard link: its other names keep what was in it",
            shown(path)
        ));
    }
}

#[cfg(not(unix))]
fn say_hard_links(_: &Path, _: Option<&std::fs::Metadata>, _: &Context) {}

/// Planned outputs of a command, to be checked before its work.
#[derive(Debug, Default)]
pub struct Outputs<'a> {
    /// Each by the option that names it.
    pub places: &'a [(&'static str, Option<&'a Path>)],
    /// Files that the command reads.
    pub inputs: &'a [&'a Path],
    /// True if the command also prints figures.
    pub prints_figures: bool,
}

impl Outputs<'_> {
    /// Refuses places that cannot be written, one place for two outputs, and inputs of the same command. Figures of
    /// people's format make room for an output on stdout: the context that is given back prints them to stderr.
    pub fn check(&self, context: &Context) -> Result<Context, Failure> {
        let mut known: Vec<(&str, Place)> = Vec::new();
        for (option, path) in self.places {
            let Some(path) = path else {
                continue;
            };
            let place = Place::of(path, &context.project)?;
            if let Some((other, _)) = known.iter().find(|(_, other)| other.is_also(&place)) {
                return Err(Failure::usage(format!(
                    "{other} and {option} lead to the same place, {}",
                    shown(path)
                ))
                .hint("give each a file of its own"));
            }
            if self.inputs.iter().any(|input| place.replaces(input)) {
                return Err(Failure::usage(format!(
                    "{option} would replace {}, which this command reads",
                    shown(path)
                ))
                .hint("choose another file"));
            }
            known.push((option, place));
        }
        let is_stdout = |(_, place): &(_, Place)| matches!(place, Place::Stdout);
        let stdout_taken = known.iter().any(is_stdout);
        if stdout_taken && self.prints_figures && context.json() {
            return Err(
                Failure::usage("stdout cannot hold both the output and the figures")
                    .hint("name a file with -o FILE, or leave out --format json"),
            );
        }
        Ok(Context {
            stdout_taken,
            ..context.clone()
        })
    }
}
