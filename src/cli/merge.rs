//! `relabel merge`: the votes and notes of other copies of the project.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::context::{Context, shown};
use super::failure::Failure;
use super::output::{in_words, is_same_file};
use super::table::{table, thousands};
use crate::store::{
    Counted, Differences, MergeError, Merged, RenamedAudit, Snapshot, StoreError, on_a_line,
};

/// Options of `merge`.
#[derive(Debug, clap::Args)]
pub struct Merge {
    /// Copies of this project; they are only read, and may be open
    #[arg(required = true, value_name = "OTHER.db")]
    others: Vec<PathBuf>,
    /// Say what would come, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What `merge` says.
#[derive(Debug, Serialize)]
struct Report {
    project: String,
    dry_run: bool,
    files: Vec<FileReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    #[serde(flatten)]
    merged: Merged,
}

/// Why the transaction did not end in a commit.
enum NotKept {
    /// It was not meant to.
    DryRun(Vec<FileReport>),
    Failed(Failure),
}

impl From<StoreError> for NotKept {
    fn from(error: StoreError) -> NotKept {
        NotKept::Failed(error.into())
    }
}

/// Runs the command.
pub fn run(options: &Merge, context: &Context) -> Result<(), Failure> {
    let store = context.open()?;
    let mut snapshots = Vec::new();
    for other in &options.others {
        if is_same_file(other, &context.project) {
            context.say(format!("{} is this project itself", shown(other)));
            continue;
        }
        let snapshot =
            Snapshot::of(other, &context.project).map_err(|error| unreadable(other, &error))?;
        snapshots.push((other, snapshot));
    }
    let mut votes = 0;
    for (_, snapshot) in &snapshots {
        votes += snapshot.store().n_vote_rows()?;
    }
    let bar = context.progress("votes", votes);
    let outcome = store.atomically(|store| -> Result<Vec<FileReport>, NotKept> {
        let mut files = Vec::new();
        for (other, snapshot) in &snapshots {
            let merged = store.merge(snapshot.store(), &|| bar.inc(1));
            let merged = merged.map_err(|error| NotKept::Failed(refusal(other, &error)))?;
            files.push(FileReport {
                file: shown(other),
                merged,
            });
        }
        match options.dry_run {
            true => Err(NotKept::DryRun(files)),
            false => Ok(files),
        }
    });
    bar.finish_and_clear();
    let files = match outcome {
        Ok(files) | Err(NotKept::DryRun(files)) => files,
        Err(NotKept::Failed(failure)) => return Err(failure),
    };
    let report = Report {
        project: shown(&context.project),
        dry_run: options.dry_run,
        files,
    };
    say_what_is_odd(&report, context);
    if context.json() {
        return context.print_json(&report);
    }
    if report.files.is_empty() {
        return Ok(());
    }
    context.print(&text(&report))
}

/// The other file is bad, which is not the same as this project's being bad.
fn unreadable(other: &Path, error: &StoreError) -> Failure {
    let file = shown(other);
    match error {
        StoreError::Missing(_) => {
            Failure::input(format!("cannot merge {file}: there is no such file"))
        }
        StoreError::Foreign(_) => {
            Failure::input(format!("cannot merge {file}: it is not a relabel project"))
                .hint("give the project file of the other copy (its relabel.db)")
        }
        StoreError::Newer { found, known, .. } => Failure::input(format!(
            "cannot merge {file}: it has schema version {found}; this relabel knows up to {known}"
        ))
        .hint("install the newest relabel here too"),
        StoreError::Io { path, source } if path != other => {
            let why = in_words(source);
            Failure::failed(format!(
                "cannot merge {file}: no copy of it can be made beside the project: {why}"
            ))
            .hint("the copy is of the same size, and goes again")
        }
        StoreError::Io { source, .. } => {
            Failure::input(format!("cannot merge {file}: {}", in_words(source)))
        }
        StoreError::Damaged(_) | StoreError::Sqlite(_) | StoreError::Backup(_) => {
            Failure::input(format!(
                "cannot merge {file}: it is cut off or damaged: {}",
                why(error)
            ))
            .hint("copy it anew, when nobody has it open")
        }
        StoreError::Unusable { trouble, .. } | StoreError::NoCopy { trouble, .. } => {
            Failure::input(format!("cannot merge {file}: {trouble}"))
        }
        _ => Failure::input(format!("cannot merge {file}: {error}")),
    }
    .hint("nothing was merged")
}

/// The reason without the words that speak of this project.
fn why(error: &StoreError) -> String {
    match error {
        StoreError::Damaged(why) | StoreError::Backup(why) => on_a_line(why),
        StoreError::Sqlite(error) => on_a_line(&error.to_string()),
        _ => error.to_string(),
    }
}

fn refusal(other: &Path, error: &MergeError) -> Failure {
    let file = shown(other);
    let told = |differences: &Differences| {
        Failure::input(format!("cannot merge {file}: {error}"))
            .listing_of(&differences.first, differences.count)
    };
    match error {
        MergeError::OtherProject => Failure::input(format!("cannot merge {file}: {error}"))
            .hint("copies are made by copying the project file; another project's votes come by `export --as votes-csv` there and `import votes` here"),
        MergeError::Classes(differences) => told(differences)
            .hint("a project keeps its classes; another one's votes come by `export --as votes-csv` there and `import votes` here"),
        MergeError::Images(differences) => told(differences)
            .hint("give both copies the same images (`relabel import images`, `import labels`), then merge again"),
        MergeError::Conflicts(differences) => told(differences)
            .hint("one of the two was copied while it was being written, or changed by another program")
            .hint(format!(
                "to take its standing votes in as new ones: `relabel --project {file} export --as votes-csv -o votes.csv`, then `relabel import votes votes.csv`"
            )),
        MergeError::Store(StoreError::Damaged(why)) => {
            Failure::input(format!("cannot merge {file}: it is damaged: {why}"))
        }
        MergeError::Store(_) => Failure::failed(format!("cannot merge {file}: {error}")),
    }
    .hint("nothing was merged")
}

fn say_what_is_odd(report: &Report, context: &Context) {
    for file in &report.files {
        for odd in &file.merged.other_roles {
            context.say(format!(
                "{}: {:?} is {} there and stays {} here",
                file.file, odd.rater, odd.there, odd.here
            ));
        }
        for RenamedAudit { was, is, came } in &file.merged.renamed_audits {
            context.say(match came {
                true => format!("{}: audit {was:?} goes by {is:?} here", file.file),
                false => format!("audit {was:?} here goes by {is:?} now"),
            });
        }
    }
    if report.dry_run {
        context.say("a dry run: nothing was merged");
    }
}

fn text(report: &Report) -> String {
    let taken = match report.dry_run {
        true => "would come",
        false => "taken in",
    };
    let rows = report.files.iter().flat_map(|file| {
        let merged = &file.merged;
        let kinds = [
            ("votes", merged.votes),
            ("notes", merged.notes),
            ("questions", merged.questions),
            ("raters", merged.raters),
        ];
        // Few projects have audits.
        let audits = [("audits", merged.audits)];
        let audits = audits
            .into_iter()
            .filter(|(_, audits)| *audits != Counted::default());
        kinds.into_iter().chain(audits).map(|(kind, counted)| {
            vec![
                file.file.clone(),
                kind.to_owned(),
                thousands(counted.taken),
                thousands(counted.known),
            ]
        })
    });
    table(
        &["file", "", taken, "here already"],
        &[2, 3],
        rows.collect(),
    )
}
