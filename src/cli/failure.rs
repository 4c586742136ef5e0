use std::io;

use crate::store::{StoreError, Trouble};
use crate::text::{message, thousands};

/// Lines that a listing shows at most.
const LISTED: usize = 20;

/// What kind of failure it is; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command could not do its work: 1.
    Failed,
    /// The command was called wrongly: 2.
    Usage,
    /// The input file is bad: 3.
    Input,
    /// The user stopped it: 130.
    Interrupted,
    /// A signal ended it: 128 + its number.
    Signal(i32),
    /// Nobody reads the output any more: 0, nothing to say.
    BrokenPipe,
}

/// A command that did not do its work: what, where, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Decides the exit code.
    pub kind: Kind,
    /// Problem, place and reason. One line, whatever it quotes.
    pub message: String,
    /// Lines below it, such as the first few of what is wrong.
    pub details: Vec<String>,
    /// What the user can do.
    pub hints: Vec<String>,
}

impl Failure {
    fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
            details: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// The command could not do its work.
    pub fn failed(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Failed, message)
    }

    /// The command was called wrongly.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Usage, message)
    }

    /// The input file is bad.
    pub fn input(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Input, message)
    }

    /// The user stopped it.
    pub fn interrupted() -> Failure {
        Failure::new(Kind::Interrupted, "interrupted")
    }

    /// A signal ended it.
    pub fn signal(number: i32) -> Failure {
        Failure::new(Kind::Signal(number), format!("ended by signal {number}"))
    }

    /// The same with something that the user can do.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// The same with a line below the message.
    pub fn detail(mut self, line: impl Into<String>) -> Failure {
        self.details.push(line.into());
        self
    }

    /// The same with these lines below the message, or the first of them and how many more there are.
    pub fn listing(self, lines: &[String]) -> Failure {
        self.listing_of(lines, lines.len())
    }

    /// The same where only the first of `all` lines are at hand.
    pub fn listing_of(self, lines: &[String], all: usize) -> Failure {
        let listed = lines.iter().take(LISTED);
        let failure = listed.fold(self, |failure, line| failure.detail(line.as_str()));
        match all.saturating_sub(lines.len().min(LISTED)) {
            0 => failure,
            more => failure.detail(format!("… and {} more", thousands(more))),
        }
    }

    /// The process's exit code.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Failed => 1,
            Kind::Usage => 2,
            Kind::Input => 3,
            Kind::Interrupted => 130,
            Kind::Signal(number) => u8::try_from(128 + number).unwrap_or(1),
            Kind::BrokenPipe => 0,
        }
    }

    /// The lines for stderr; outside text in them is made safe for the terminal.
    pub fn lines(&self) -> Vec<String> {
        if matches!(self.kind, Kind::BrokenPipe | Kind::Interrupted) {
            return Vec::new();
        }
        // A name or a path may have line ends, which would begin lines that nobody wrote.
        let error = [format!("error: {}", message(&self.message))].into_iter();
        let details = self
            .details
            .iter()
            .map(|line| format!("  {}", message(line)));
        let hints = self
            .hints
            .iter()
            .map(|hint| format!("hint: {}", message(hint)));
        error.chain(details).chain(hints).collect()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        let failure = Failure::failed(error.to_string());
        match error {
            StoreError::Missing(_) => failure
                .hint("make one with `relabel init`, or say where it is with --project FILE or RELABEL_PROJECT"),
            StoreError::Exists(_) => failure.hint("choose another file with --project FILE"),
            StoreError::Newer { .. } => failure.hint("install the newest relabel; the file was not touched"),
            StoreError::NoFolder(_) => {
                failure.hint("make the folder first, or choose another with --project FILE")
            }
            StoreError::IsFolder(folder) => failure.hint(format!(
                "name the file in it: --project {}",
                folder.join("relabel.db").display()
            )),
            StoreError::Empty(_) => {
                failure.hint("put a copy of the project in its place, or remove it and run `relabel init`")
            }
            StoreError::Foreign(_) => failure.hint("name a project file with --project FILE"),
            StoreError::ForeignLog(path) => {
                let path = path.display();
                failure.hint(format!(
                    "nothing was changed. {path}-wal holds the newest votes of the file that was there before; \
                     to go on without them, move {path}-wal and {path}-shm away while nobody has the project open"
                ))
            }
            StoreError::Leftover(_) => {
                failure.hint("move it away, or choose another file with --project FILE")
            }
            StoreError::Unusable { trouble, .. } | StoreError::Unwritable { trouble, .. } => {
                with_remedy(failure, &trouble)
            }
            StoreError::ReadOnly { trouble, .. } => with_remedy(failure, &trouble)
                .hint("a copy of the project elsewhere can be written: name it with --project FILE"),
            StoreError::NoCopy { .. } => failure.hint("TMPDIR names a folder with room for a copy"),
            StoreError::Changed(_) => {
                failure.hint("nothing of this command was kept; run it again on the file that is there now")
            }
            StoreError::Damaged(_) | StoreError::Sqlite(_) | StoreError::Io { .. } | StoreError::Backup(_) => failure,
        }
    }
}

/// Adds the hint that helps against the trouble.
fn with_remedy(failure: Failure, trouble: &Trouble) -> Failure {
    let remedy = match trouble {
        Trouble::DiskFull => "make room on the disk; `relabel doctor` shows how much is free",
        Trouble::Permission => "ask the owner of the file for the right to read and write it",
        Trouble::Folder => {
            "SQLite keeps a log beside the project: ask for the right to write into its folder"
        }
        Trouble::ReadOnlyDisk => "copy the project to a disk that can be written",
        Trouble::TooManyFiles => "close other programs, or raise the limit (`ulimit -n`)",
        Trouble::FileSize => "raise the limit on the size of files (`ulimit -f`)",
        Trouble::NoLocks => {
            "keep the project on a local disk: many can vote over SSH (docs/ssh.md) or in copies (docs/merge.md)"
        }
        Trouble::Busy => "wait until it is done, or end it; then try again",
        Trouble::Other(_) => "`relabel doctor` checks the file and its disk",
    };
    failure.hint(remedy)
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::new(Kind::BrokenPipe, "");
        }
        match Trouble::of(&error) {
            // Its words speak of a project's disk.
            Trouble::Other(_) => Failure::failed(error.to_string()),
            trouble => with_remedy(Failure::failed(trouble.to_string()), &trouble),
        }
    }
}
