//! `relabel doctor`: what this terminal and this project file can do.

mod disk;

use serde::Serialize;

use disk::{Disk, disk_of};

use crate::cli::context::{Context, shown};
use crate::cli::failure::Failure;
use crate::cli::table::table;
use crate::review::picture::{ColorDepth, PictureMode, examine};
use crate::store::Store;
use crate::text::printable;

/// Options of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// As if pictures were to be sent so
    #[arg(long, value_enum, value_name = "MODE")]
    pictures: Option<PictureMode>,
}

#[derive(Debug, Serialize)]
struct Report {
    terminal: Terminal,
    project: Option<Project>,
    /// Where the project file is, or would be.
    disk: Option<Disk>,
}

#[derive(Debug, Serialize)]
struct Terminal {
    asked: &'static str,
    pictures: String,
    pictures_because: &'static str,
    cell: (u16, u16),
    cell_because: &'static str,
    colors: &'static str,
    colors_because: &'static str,
    tmux: bool,
    term: String,
    version: Option<String>,
}

#[derive(Debug, Serialize)]
struct Project {
    file: String,
    bytes: u64,
    /// None where it cannot be written.
    journal: Option<String>,
    /// Why it cannot be written.
    read_only: Option<String>,
    damage: Vec<String>,
}

/// Runs the command; fails where the project is damaged.
pub fn run(options: &Doctor, context: &Context) -> Result<(), Failure> {
    let (project, unusable) = match project(context) {
        Ok(project) => (project, None),
        Err(failure) => (None, Some(failure)),
    };
    let report = Report {
        terminal: terminal(options.pictures),
        project,
        disk: disk_of(&context.project),
    };
    match context.json() {
        true => context.print_json(&report)?,
        false => context.print(&text(&report, unusable.is_some()))?,
    }
    if let Some(failure) = unusable {
        return Err(failure);
    }
    match report.project {
        Some(project) if !project.damage.is_empty() => {
            Err(Failure::failed(format!("{} is damaged", project.file)).hint(RECOVER))
        }
        _ => Ok(()),
    }
}

fn terminal(forced: Option<PictureMode>) -> Terminal {
    let found = examine(forced);
    Terminal {
        asked: found.asked,
        pictures: found.pictures.mode.to_string(),
        pictures_because: found.mode_because,
        cell: found.pictures.cell,
        cell_because: found.cell_because,
        colors: match found.pictures.depth {
            ColorDepth::True => "16.7 million",
            ColorDepth::Indexed => "256",
            ColorDepth::Ansi => "16",
        },
        colors_because: found.depth_because,
        tmux: found.pictures.tmux,
        version: found.version,
        term: std::env::var("TERM").unwrap_or_default(),
    }
}

const RECOVER: &str = "go back to a copy, if there is one. Else the shell of sqlite.org would save the rows that can still be read \
    into a new file and change nothing here: `sqlite3 FILE .recover | sqlite3 NEW.db`. Rows on damaged pages are lost; \
    `relabel --project NEW.db doctor` checks what came of it. Some packaged shells cannot do it: \"SQL logic error\"";

/// Nothing where there is no project.
fn project(context: &Context) -> Result<Option<Project>, Failure> {
    if std::fs::symlink_metadata(&context.project).is_err() {
        return Ok(None);
    }
    let store = Store::open(&context.project)?;
    let _bar = context.waiting("looking at every page of the project");
    Ok(Some(Project {
        file: shown(&context.project),
        bytes: std::fs::metadata(&context.project)?.len(),
        journal: match store.kept_from_writing() {
            Some(_) => None,
            None => Some(store.journal_mode()?),
        },
        read_only: store.kept_from_writing().map(ToString::to_string),
        damage: store.damage()?,
    }))
}

/// Less than this is soon used up by votes, their log, and temporary files.
const LITTLE: u64 = 100_000_000;

const ON_A_NETWORK: &str = "locks and shared memory fail between machines: keep the file on a local disk, and let others log in (docs/ssh.md) or merge copies (docs/merge.md)";

fn room(bytes: u64) -> String {
    match bytes {
        0..10_000_000_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.0} GB", bytes as f64 / 1e9),
    }
}

fn said_of_room(free: u64, project: u64) -> &'static str {
    match free {
        ..LITTLE => {
            "little: make room before anybody votes; a vote that finds none is refused, and said so"
        }
        _ if free < project => {
            "less than a copy of the project takes, which a newer version of relabel makes before it changes the file"
        }
        _ => "enough",
    }
}

fn text(report: &Report, is_unusable: bool) -> String {
    let terminal = &report.terminal;
    let (width, height) = terminal.cell;
    let mut rows = vec![
        ("terminal", terminal.term.clone(), terminal.asked),
        (
            "pictures",
            terminal.pictures.clone(),
            terminal.pictures_because,
        ),
        (
            "cell",
            format!("{width}×{height} pixels"),
            terminal.cell_because,
        ),
        (
            "colours",
            terminal.colors.to_owned(),
            terminal.colors_because,
        ),
    ];
    if let Some(version) = &terminal.version {
        let version = printable(version).into_owned();
        rows.push(("version", version, "the terminal answered"));
    }
    if terminal.tmux {
        rows.push((
            "tmux",
            "between".to_owned(),
            "pictures need `set -g allow-passthrough on` in tmux.conf",
        ));
    }
    let bytes;
    match &report.project {
        None if is_unusable => rows.push((
            "project",
            "cannot be opened".to_owned(),
            "the error below says why",
        )),
        None => rows.push((
            "project",
            "none here".to_owned(),
            "`relabel init` makes one",
        )),
        Some(project) => {
            bytes = format!("{:.1} MB", project.bytes as f64 / 1e6);
            rows.push(("project", project.file.clone(), &bytes));
            if let Some(journal) = &project.journal {
                let because = match journal.as_str() {
                    "wal" => "many can work on it at once, on this machine",
                    _ => "not the usual: is the file on a network drive? keep it on a local disk",
                };
                rows.push(("journal", journal.clone(), because));
            }
            if let Some(trouble) = &project.read_only {
                rows.push(("writing", "not possible".to_owned(), trouble.as_str()));
            }
            for damage in &project.damage {
                rows.push(("damage", damage.clone(), ""));
            }
            if project.damage.is_empty() {
                rows.push((
                    "soundness",
                    "sound".to_owned(),
                    "every page and reference was looked at",
                ));
            }
        }
    }
    if let Some(disk) = &report.disk {
        let project = report.project.as_ref().map_or(0, |project| project.bytes);
        rows.push((
            "free disk",
            room(disk.free),
            said_of_room(disk.free, project),
        ));
        if let Some(protocol) = disk.network {
            rows.push(("network drive", protocol.to_owned(), ON_A_NETWORK));
        }
    }
    let rows = rows
        .into_iter()
        .map(|(what, value, because)| vec![what.to_owned(), value, because.to_owned()]);
    table(&[], &[], rows.collect())
}
