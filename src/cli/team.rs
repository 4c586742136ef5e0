//! `relabel team`: logins for people who vote over SSH.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::context::{Context, shown};
use super::failure::Failure;
use super::input::read_small;
use super::review::{ScreenOptions, unknown_rater};
use crate::formats::authorized_keys;
use crate::formats::public_key::{LONGEST, PublicKey, PublicKeyError};

/// What to do for a team.
#[derive(Debug, clap::Subcommand)]
pub enum Team {
    /// Print the line of OpenSSH's authorized_keys that ties a key to a rater: whoever logs in with the key votes under
    /// that name, and can do nothing else
    #[command(
        after_help = "Examples:\n  relabel team key alice alice.pub >> ~/.ssh/authorized_keys\n  relabel team key alice alice.pub --round gold --order random --picture-budget 64k\n\nThe options are the rater's for good: the login cannot change them."
    )]
    Key(TeamKey),
}

/// Options of `team key`.
#[derive(Debug, clap::Args)]
pub struct TeamKey {
    /// A rater of the project
    #[arg(value_name = "NAME")]
    rater: String,
    /// The rater's public key, such as id_ed25519.pub
    #[arg(value_name = "KEYFILE")]
    key: PathBuf,
    #[command(flatten)]
    screen: ScreenOptions,
    /// For a key that logs in by mosh in place of ssh
    #[arg(long)]
    mosh: bool,
}

/// What starts the review screen for mosh, whose client has no say in it here. Without the bound, in seconds, a screen whose
/// rater never comes back stays for good; without a locale of UTF-8, which is not sent, the server refuses to start.
const MOSH: &[&str] = &[
    "env",
    "MOSH_SERVER_NETWORK_TMOUT=86400",
    "mosh-server",
    "new",
    "-s",
    "-c",
    "256",
    "-l",
    "LANG=C.UTF-8",
    "--",
];

/// Runs the command.
pub fn run(team: &Team, context: &Context) -> Result<(), Failure> {
    match team {
        Team::Key(options) => key(options, context),
    }
}

fn key(options: &TeamKey, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let named = store.rater_named(&options.rater)?;
    let rater = named.ok_or_else(|| unknown_rater(&options.rater))?;
    let name = &rater.name;
    let key = read_key(&options.key)?;
    let mut words = Vec::new();
    if options.mosh {
        words.extend(MOSH.iter().map(|&word| word.to_owned()));
    }
    words.extend(review_words(options, name, &context.project)?);
    let line = authorized_keys::line(&words, &key, name)
        .map_err(|error| Failure::failed(format!("cannot write the line: {error}")))?;
    context.print(&line)?;
    context.say(format!(
        "{} with the fingerprint {} votes as {name:?}, {}, and can do nothing else",
        key.type_name(),
        key.fingerprint(),
        rater.role
    ));
    let how = match options.mosh {
        true => "mosh",
        false => "ssh",
    };
    context.say(format!(
        "the line belongs into ~/.ssh/authorized_keys of the account that keeps the project; then {name:?} comes in with `{how} ACCOUNT@HOST`"
    ));
    Ok(())
}

/// The review screen's command, word by word.
fn review_words(options: &TeamKey, rater: &str, project: &Path) -> Result<Vec<String>, Failure> {
    let unknown = |error: std::io::Error| {
        Failure::failed(format!(
            "cannot tell where relabel or the project is: {error}"
        ))
    };
    let program = std::env::current_exe().map_err(unknown)?;
    let project = std::path::absolute(project).map_err(unknown)?;
    let mut words = vec![
        text(program.as_os_str())?,
        "--project".to_owned(),
        text(project.as_os_str())?,
        "review".to_owned(),
        "--kiosk".to_owned(),
    ];
    words.extend(option("--rater", rater));
    for (name, value) in options.screen.given() {
        match value {
            Some(value) => words.extend(option(name, &value)),
            None => words.push(name.to_owned()),
        }
    }
    Ok(words)
}

/// An option's words; one that begins like an option stays with its name.
fn option(name: &str, value: &str) -> Vec<String> {
    match value.starts_with('-') {
        true => vec![format!("{name}={value}")],
        false => vec![name.to_owned(), value.to_owned()],
    }
}

fn text(path: &OsStr) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::failed(format!(
            "{} is no text, which a line of authorized_keys must be",
            shown(Path::new(path))
        ))
    })
}

fn read_key(path: &Path) -> Result<PublicKey, Failure> {
    let bytes = read_small(path, LONGEST as u64)?;
    PublicKey::read(&bytes).map_err(|error| {
        let failure = Failure::input(format!("cannot use {}: {error}", shown(path)));
        match error {
            PublicKeyError::Private => failure
                .hint("the public key is in the file that ends in .pub")
                .hint("where somebody sent you this file, the key is a secret no more: ask for a new one"),
            PublicKeyError::OtherFormat => {
                failure.hint("`ssh-keygen -i -f FILE` writes it as OpenSSH does")
            }
            PublicKeyError::Several => failure.hint("put each key into a file of its own"),
            PublicKeyError::Options => {
                failure.hint("what a key may do is decided here, not in the key's file")
            }
            PublicKeyError::UnknownType(_) | PublicKeyError::Weak(_) => {
                failure.hint("`ssh-keygen -t ed25519` makes a good one")
            }
            PublicKeyError::NotBase64(_) | PublicKeyError::Damaged(_) => {
                failure.hint("ask for the file itself in place of what was pasted")
            }
            _ => failure.hint("a public key file is one line, such as: ssh-ed25519 AAAA… alice@laptop"),
        }
    })
}
